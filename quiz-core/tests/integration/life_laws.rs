//! Laws of the life of a bank: whose signature stands under what, and what opens.

use quiz_core::{
    BankError, BankSize, Origin, Question, QuestionId,
    life::{ApprovedHalf, DraftHalf, Editor, FrozenBank, Half, LifeError, Stage, Step},
};

use crate::sample::numbered;

const SIZE: BankSize = BankSize {
    province: 2,
    city: 2,
};

fn editor(name: &str) -> Editor {
    Editor::new(name).unwrap()
}

fn numbers(range: std::ops::Range<usize>) -> Vec<Question> {
    range.map(numbered).collect()
}

fn approved(origin: Origin, questions: Vec<Question>) -> ApprovedHalf {
    let submitted = DraftHalf::new(origin, questions)
        .submit(editor("甲"), SIZE)
        .unwrap();
    let seen = submitted.digest();
    submitted.approve(editor("乙"), seen).unwrap()
}

#[test]
fn a_blank_name_is_nobody() {
    assert_eq!(Editor::new(" \u{3000}"), None);
    assert_eq!(editor(" 甲 "), editor("甲"));
}

#[test]
fn two_approved_halves_freeze_into_a_bank_with_four_signatures() {
    let (province, city) = (
        approved(Origin::Province, numbers(0..2)),
        approved(Origin::City, numbers(2..4)),
    );
    let frozen = FrozenBank::freeze(SIZE, &province, &city).unwrap();
    assert_eq!(frozen.bank.len(), 4);
    assert_eq!(
        (frozen.city.author.name(), frozen.city.approver.name()),
        ("甲", "乙")
    );
    assert_eq!(frozen.province.digest, province.half().digest());
    assert_ne!(frozen.province.digest, frozen.city.digest);
}

#[test]
fn nobody_approves_what_he_wrote() {
    let submitted = DraftHalf::new(Origin::City, numbers(0..2))
        .submit(editor("甲"), SIZE)
        .unwrap();
    let seen = submitted.digest();
    let refused = submitted.clone().approve(editor(" 甲"), seen).unwrap_err();
    assert_eq!(
        refused.reason,
        LifeError::OwnWork {
            editor: editor("甲")
        }
    );
    assert_eq!(*refused.unchanged, submitted);
    assert!(submitted.approve(editor("乙"), seen).is_ok());
}

#[test]
fn nobody_approves_what_he_has_not_seen() {
    let submitted = DraftHalf::new(Origin::City, numbers(0..2))
        .submit(editor("甲"), SIZE)
        .unwrap();
    let seen = DraftHalf::new(Origin::City, numbers(0..3)).digest();
    let refused = submitted.clone().approve(editor("乙"), seen).unwrap_err();
    let submitted = submitted.digest();
    assert_eq!(refused.reason, LifeError::OtherContent { seen, submitted });
    // The same questions as the other half are another content.
    assert_ne!(
        submitted,
        DraftHalf::new(Origin::Province, numbers(0..2)).digest()
    );
}

#[test]
fn too_few_questions_are_not_submitted_and_too_many_are_not_frozen() {
    let submit =
        |n: usize| DraftHalf::new(Origin::City, numbers(10..10 + n)).submit(editor("甲"), SIZE);
    let too_few = LifeError::TooFew {
        origin: Origin::City,
        required: 2,
        found: 1,
    };
    assert_eq!(submit(1).unwrap_err().reason, too_few);
    assert!(submit(2).is_ok() && submit(3).is_ok());
    let province = approved(Origin::Province, numbers(0..2));
    let refused = FrozenBank::freeze(SIZE, &province, &approved(Origin::City, numbers(10..13)));
    let too_many = BankError::WrongSize {
        origin: Origin::City,
        expected: 2,
        found: 3,
    };
    assert_eq!(refused.unwrap_err(), LifeError::Bank(too_many));
}

#[test]
fn a_repeated_question_is_refused_within_a_half_and_across_halves() {
    let twice = DraftHalf::new(Origin::City, [numbers(0..2), numbers(0..1)].concat());
    let duplicate = |second| {
        LifeError::Bank(BankError::Duplicate {
            first: QuestionId::new(0),
            second: QuestionId::new(second),
        })
    };
    assert_eq!(
        twice.submit(editor("甲"), SIZE).unwrap_err().reason,
        duplicate(2)
    );
    let (province, city) = (
        approved(Origin::Province, numbers(0..2)),
        approved(Origin::City, [numbers(5..6), numbers(0..1)].concat()),
    );
    assert_eq!(
        FrozenBank::freeze(SIZE, &province, &city).unwrap_err(),
        duplicate(3)
    );
}

#[test]
fn two_halves_of_the_same_office_are_no_bank() {
    let (one, other) = (
        approved(Origin::City, numbers(0..2)),
        approved(Origin::City, numbers(2..4)),
    );
    let wrong = LifeError::WrongHalf {
        expected: Origin::Province,
        found: Origin::City,
    };
    assert_eq!(FrozenBank::freeze(SIZE, &one, &other).unwrap_err(), wrong);
}

/// Each step in each stage: the four that lead on, and the five that are refused and change nothing.
#[test]
fn a_half_goes_only_from_draft_to_submitted_to_approved_and_back() {
    let draft = DraftHalf::new(Origin::City, numbers(0..2));
    let seen = draft.digest();
    let submit = || Step::Submit {
        author: editor("甲"),
    };
    let approve = || Step::Approve {
        approver: editor("乙"),
        seen,
    };
    let draft = Half::Draft(draft);
    let submitted = draft.clone().step(submit(), SIZE).unwrap();
    let approved = submitted.clone().step(approve(), SIZE).unwrap();
    let stages = [&draft, &submitted, &approved].map(Half::stage);
    assert_eq!(stages, [Stage::Draft, Stage::Submitted, Stage::Approved]);
    for half in [&submitted, &approved] {
        assert_eq!(half.clone().step(Step::SendBack, SIZE), Ok(draft.clone()));
    }
    for (half, step, named) in [
        (&draft, approve(), "approved"),
        (&draft, Step::SendBack, "sent back"),
        (&submitted, submit(), "submitted"),
        (&approved, submit(), "submitted"),
        (&approved, approve(), "approved"),
    ] {
        let refused = half.clone().step(step, SIZE).unwrap_err();
        assert_eq!(*refused.unchanged, *half);
        let stage = half.stage();
        assert_eq!(refused.reason, LifeError::WrongStage { stage, step: named });
    }
    let own = Step::Approve {
        approver: editor("甲"),
        seen,
    };
    assert_eq!(
        *submitted.clone().step(own, SIZE).unwrap_err().unchanged,
        submitted
    );
    let small = BankSize { city: 3, ..SIZE };
    assert_eq!(
        *draft.clone().step(submit(), small).unwrap_err().unchanged,
        draft
    );
}
