//! Laws of questions and of frozen banks.

use quiz_core::{
    BankDigest, BankError, BankSize, Halves, Origin, Position, Question, QuestionBank,
    QuestionDraft, QuestionError, QuestionId,
};

use crate::sample::{bank_of, draft, jiangsu, numbered, question};

fn refusal(stem: &str, choices: &[&str], key: Position) -> QuestionError {
    Question::new(draft(stem, choices, key)).unwrap_err()
}

#[test]
fn a_draft_that_is_not_a_question_is_refused_with_the_reason() {
    assert_eq!(
        refusal(" \u{3000}", &["甲", "乙"], Position::A),
        QuestionError::EmptyStem
    );
    assert_eq!(
        refusal("问", &["甲"], Position::A),
        QuestionError::ChoiceCount { found: 1 }
    );
    assert_eq!(
        refusal("问", &["1", "2", "3", "4", "5", "6", "7"], Position::A),
        QuestionError::ChoiceCount { found: 7 }
    );
    assert_eq!(
        refusal("问", &["甲", " "], Position::A),
        QuestionError::EmptyChoice {
            position: Position::B
        }
    );
    assert_eq!(
        refusal("问", &["10日", "5日", "１０ 日"], Position::A),
        QuestionError::SameChoice {
            first: Position::A,
            second: Position::C
        }
    );
    assert_eq!(
        refusal("问", &["甲", "乙"], Position::C),
        QuestionError::KeyOutsideChoices {
            key: Position::C,
            n_choices: 2
        }
    );
}

#[test]
fn grades_that_differ_in_length_are_different_options() {
    assert_eq!(
        question("等级", &["AAA", "AA", "A", "a"], Position::A)
            .choices()
            .len(),
        4
    );
}

#[test]
fn blank_explanations_and_sources_are_none_and_texts_lose_outer_space() {
    let made = Question::new(QuestionDraft {
        explanation: Some(" ".to_owned()),
        source: Some(" 条例 ".to_owned()),
        ..draft(" 问 ", &[" 甲", "乙"], Position::A)
    })
    .unwrap();
    assert_eq!(
        (made.stem(), made.explanation(), made.source()),
        ("问", None, Some("条例"))
    );
    assert_eq!(made.choice(Position::A).unwrap().text(), "甲");
    assert_eq!(Question::new(made.to_draft()).unwrap(), made);
}

#[test]
fn debug_output_of_a_question_does_not_depend_on_its_key() {
    let [a, b] = [Position::A, Position::B].map(|key| question("问", &["甲", "乙"], key));
    assert_eq!(format!("{a:?}"), format!("{b:?}"));
    assert_eq!(format!("{:?}", a.to_draft()), format!("{:?}", b.to_draft()));
}

#[test]
fn a_half_of_another_size_is_refused() {
    let freeze = |province: usize, city: usize| {
        let halves = Halves {
            province: (0..province).map(numbered).collect(),
            city: (100..100 + city).map(numbered).collect(),
        };
        QuestionBank::freeze(BankSize::JIANGSU_2020, halves).map(|bank| bank.len())
    };
    assert_eq!(freeze(50, 50), Ok(100));
    assert_eq!(
        freeze(49, 50),
        Err(BankError::WrongSize {
            origin: Origin::Province,
            expected: 50,
            found: 49
        })
    );
    assert_eq!(
        freeze(50, 51),
        Err(BankError::WrongSize {
            origin: Origin::City,
            expected: 50,
            found: 51
        })
    );
    let huge = BankSize {
        province: 60_000,
        city: 60_000,
    };
    let none = Halves {
        province: Vec::new(),
        city: Vec::new(),
    };
    let refused = QuestionBank::freeze(huge, none).map(|bank| bank.len());
    assert_eq!(
        refused,
        Err(BankError::TooLarge {
            province: 60_000,
            city: 60_000
        })
    );
}

#[test]
fn a_question_repeated_in_other_width_or_order_is_refused() {
    let province = vec![question("信用代码共（ ）位。", &["16", "18"], Position::B)];
    let city = vec![question("信用代码共( )位.", &["１８", "16"], Position::A)];
    let refused = QuestionBank::freeze(
        BankSize {
            province: 1,
            city: 1,
        },
        Halves { province, city },
    );
    let expected = BankError::Duplicate {
        first: QuestionId::new(0),
        second: QuestionId::new(1),
    };
    assert_eq!(refused.map(|bank| bank.len()), Err(expected));
}

#[test]
fn the_same_stem_with_other_options_is_another_question() {
    let province = vec![question("下列正确的是（ ）", &["甲", "乙"], Position::A)];
    let city = vec![question("下列正确的是（ ）", &["丙", "丁"], Position::A)];
    assert_eq!(bank_of(province, city).len(), 2);
}

#[test]
fn the_province_half_comes_first() {
    let bank = jiangsu();
    let origin = |index| bank.origin(QuestionId::new(index));
    assert_eq!(origin(0), Some(Origin::Province));
    assert_eq!(origin(49), Some(Origin::Province));
    assert_eq!(origin(50), Some(Origin::City));
    assert_eq!(origin(99), Some(Origin::City));
    assert_eq!(origin(100), None);
    assert_eq!(bank.question(QuestionId::new(99)), Some(&numbered(99)));
    assert_eq!(bank.questions().count(), 100);
}

/// Whatever a phone may be shown or marked by is part of the name of the bank.
#[test]
fn every_part_of_a_question_changes_the_digest() {
    let base = draft("问", &["甲", "乙"], Position::A);
    let day = chrono::NaiveDate::from_ymd_opt(2020, 4, 22);
    let variants = [
        base.clone(),
        draft("问？", &["甲", "乙"], Position::A),
        draft("问", &["乙", "甲"], Position::A),
        draft("问", &["甲", "乙"], Position::B),
        QuestionDraft {
            explanation: Some("因".to_owned()),
            ..base.clone()
        },
        QuestionDraft {
            source: Some("因".to_owned()),
            ..base.clone()
        },
        QuestionDraft {
            law_as_of: day,
            ..base
        },
    ];
    let digests: std::collections::BTreeSet<BankDigest> = variants
        .iter()
        .map(|v| bank_of(vec![Question::new(v.clone()).unwrap()], Vec::new()).digest())
        .collect();
    assert_eq!(digests.len(), variants.len());
    let as_city = bank_of(Vec::new(), vec![question("问", &["甲", "乙"], Position::A)]);
    assert!(!digests.contains(&as_city.digest()));
}

#[test]
fn a_digest_reads_back_and_other_text_is_refused() {
    let digest = jiangsu().digest();
    assert_eq!(digest.to_string().parse(), Ok(digest));
    assert_eq!(BankDigest::from_bytes(*digest.as_bytes()), digest);
    for text in ["", "00", &"g".repeat(64), &"é".repeat(32)] {
        assert!(text.parse::<BankDigest>().is_err(), "{text}");
    }
}
