//! Laws of the comparison of two versions of a bank.

use proptest::prelude::*;
use quiz_core::{
    Difference::{Added, Kept, Removed},
    Position, Question, QuestionBank, QuestionDraft, QuestionId,
    QuestionPart::{ChoiceOrder, Choices, Explanation, Key, LawAsOf, Pinned, Source, Stem},
    differences,
};

use crate::sample::{bank_of, jiangsu, numbered, question};

fn id(index: u16) -> QuestionId {
    QuestionId::new(index)
}

fn province(questions: Vec<Question>) -> QuestionBank {
    bank_of(questions, Vec::new())
}

fn numbers(numbers: &[usize]) -> QuestionBank {
    province(numbers.iter().map(|n| numbered(*n)).collect())
}

#[test]
fn a_bank_does_not_differ_from_itself() {
    assert_eq!(differences(&jiangsu(), &jiangsu()), []);
}

#[test]
fn a_question_put_in_moves_no_other() {
    let found = differences(&numbers(&[10, 20, 30]), &numbers(&[10, 77, 20, 30]));
    assert_eq!(found, [Added { new: id(1) }]);
    let found = differences(&numbers(&[10, 20, 30]), &numbers(&[10, 30]));
    assert_eq!(found, [Removed { old: id(1) }]);
}

#[test]
fn the_fewest_questions_have_moved() {
    let found = differences(&numbers(&[10, 20, 30, 40]), &numbers(&[40, 10, 20, 30]));
    let moved = Kept {
        old: id(3),
        new: id(0),
        parts: Vec::new(),
        moved: true,
    };
    assert_eq!(found, [moved]);
}

#[test]
fn a_question_that_changed_its_half_has_moved() {
    let old = bank_of(vec![numbered(10)], vec![numbered(20)]);
    let new = bank_of(vec![numbered(10), numbered(20)], Vec::new());
    let moved = Kept {
        old: id(1),
        new: id(1),
        parts: Vec::new(),
        moved: true,
    };
    assert_eq!(differences(&old, &new), [moved]);
}

fn base() -> Question {
    let choices = &["三年", "五年", "十年"];
    question("失信信息的公示期最长为（ ）。", choices, Position::A)
}

fn with_choices(texts: [&str; 3], key: Position) -> Question {
    made(QuestionDraft {
        choices: texts.map(str::to_owned).to_vec(),
        key,
        ..base().to_draft()
    })
}

fn made(draft: QuestionDraft) -> Question {
    Question::new(draft).unwrap()
}

#[test]
fn what_was_reworded_is_named_part_by_part() {
    let base = base();
    let draft = || base.to_draft();
    let some = || Some("因".to_owned());
    for (new, parts) in [
        (
            made(QuestionDraft {
                stem: "失信信息公示期最长为（ ）".to_owned(),
                ..draft()
            }),
            vec![Stem],
        ),
        (
            with_choices(["三年", "五年", "八年"], Position::A),
            vec![Choices],
        ),
        (
            with_choices(["五年", "三年", "十年"], Position::B),
            vec![ChoiceOrder],
        ),
        (
            with_choices(["五年", "三年", "十年"], Position::A),
            vec![ChoiceOrder, Key],
        ),
        (
            with_choices(["三年", "五年", "十年"], Position::B),
            vec![Key],
        ),
        (
            made(QuestionDraft {
                explanation: some(),
                ..draft()
            }),
            vec![Explanation],
        ),
        (
            made(QuestionDraft {
                source: some(),
                ..draft()
            }),
            vec![Source],
        ),
        (
            made(QuestionDraft {
                law_as_of: chrono::NaiveDate::from_ymd_opt(2020, 4, 22),
                ..draft()
            }),
            vec![LawAsOf],
        ),
        (
            base.clone().with_pinned(&[Position::A]).unwrap(),
            vec![Pinned],
        ),
    ] {
        let old = province(vec![numbered(1), base.clone()]);
        let found = differences(&old, &province(vec![numbered(1), new]));
        let kept = Kept {
            old: id(1),
            new: id(1),
            parts,
            moved: false,
        };
        assert_eq!(found, [kept]);
    }
}

#[test]
fn a_question_with_nothing_in_common_is_another() {
    let found = differences(
        &province(vec![question(
            "统一社会信用代码共几位",
            &["16", "18"],
            Position::B,
        )]),
        &province(vec![question(
            "红名单的有效期为",
            &["一年", "两年"],
            Position::A,
        )]),
    );
    assert_eq!(found, [Added { new: id(0) }, Removed { old: id(0) }]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// From the old bank, the differences lead to the new one: nothing else was added, removed or reworded.
    #[test]
    fn every_question_is_accounted_for_once(
        old in proptest::sample::subsequence((0_usize..24).collect::<Vec<_>>(), 0..20).prop_shuffle(),
        new in proptest::sample::subsequence((0_usize..24).collect::<Vec<_>>(), 0..20).prop_shuffle(),
    ) {
        // Stems and options without a character in common, so that only equal ones match.
        let asked = |n: usize| {
            let at = u32::try_from(n).unwrap() * 4;
            let text = |i: u32| char::from_u32(0x4E00 + at + i).unwrap().to_string();
            question(&text(0), &[&text(1), &text(2)], Position::A)
        };
        let bank = |numbers: &[usize]| province(numbers.iter().map(|n| asked(*n)).collect());
        let found = differences(&bank(&old), &bank(&new));
        let added = found.iter().filter(|d| matches!(d, Added { .. })).count();
        let removed = found.iter().filter(|d| matches!(d, Removed { .. })).count();
        prop_assert_eq!(added, new.iter().filter(|n| !old.contains(n)).count());
        prop_assert_eq!(removed, old.iter().filter(|n| !new.contains(n)).count());
        let mut moved = Vec::new();
        for difference in &found {
            if let Kept { old: from, new: to, parts, moved: is_moved } = difference {
                prop_assert!(parts.is_empty() && *is_moved);
                prop_assert_eq!(old[usize::from(from.get())], new[usize::from(to.get())]);
                moved.push(new[usize::from(to.get())]);
            }
        }
        let stays = |numbers: &[usize], others: &[usize]| -> Vec<usize> {
            numbers.iter().copied().filter(|n| others.contains(n) && !moved.contains(n)).collect()
        };
        prop_assert_eq!(stays(&old, &new), stays(&new, &old), "what stays is in the old order");
    }
}
