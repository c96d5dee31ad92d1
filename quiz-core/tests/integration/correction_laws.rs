//! Laws of corrections in a live week: they only raise, and only what they name.

use proptest::prelude::*;
use quiz_core::{
    Answers, Attempt, CorrectionError, Corrections, DrawRule, Position, QuestionBank, QuestionId,
    Quiz, QuizError,
};
use rand::{SeedableRng as _, rngs::ChaCha12Rng};

use crate::sample::{bank_of, jiangsu, numbered};

fn answered(bank: &QuestionBank, seed: u8, chosen: &[Option<usize>]) -> (Quiz, Answers) {
    let mut rng = ChaCha12Rng::from_seed([seed; 32]);
    let quiz = Quiz::draw(bank, DrawRule::JIANGSU_2020, &mut rng).unwrap();
    let mut attempt = Attempt::new(quiz.clone());
    for (ordinal, chosen) in quiz.ordinals().zip(chosen) {
        if let Some(index) = chosen {
            attempt
                .answer(ordinal, Position::from_index(*index).unwrap())
                .unwrap();
        }
    }
    (quiz, attempt.answers().clone())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Whatever is corrected: no score falls, more corrections never lower it, items not named are marked as before,
    /// and the score is what a marker by hand would give.
    #[test]
    fn a_correction_only_raises_a_score_and_only_by_what_it_names(
        seed in any::<u8>(),
        chosen in proptest::collection::vec(proptest::option::of(0_usize..4), 10),
        void in proptest::collection::vec(0_u16..100, 0..40),
        accepted in proptest::collection::vec((0_u16..100, 0_usize..4), 0..60),
    ) {
        let bank = jiangsu();
        let (quiz, answers) = answered(&bank, seed, &chosen);
        let mut corrections = Corrections::none(&bank);
        let mut last = corrections.rescore(&bank, &quiz, &answers).unwrap();
        prop_assert_eq!(last.before, last.after);
        prop_assert_eq!(last.before, quiz.score(&bank, &answers).unwrap());
        let voids = void.iter().map(|id| (*id, None));
        for (id, option) in voids.chain(accepted.iter().map(|(id, option)| (*id, Some(*option)))) {
            match option {
                None => corrections.void(QuestionId::new(id)).unwrap(),
                Some(option) => corrections.accept(QuestionId::new(id), Position::from_index(option).unwrap()).unwrap(),
            }
            let next = corrections.rescore(&bank, &quiz, &answers).unwrap();
            prop_assert_eq!(next.before, last.before);
            prop_assert!(next.after.right() >= last.after.right());
            prop_assert_eq!(next.after.of(), next.before.of());
            last = next;
        }
        let by_hand = quiz.ordinals().zip(quiz.items()).filter(|(ordinal, item)| {
            let written = answers.get(*ordinal).and_then(|shown| item.option_order.written(shown));
            let id = item.question.get();
            let key = bank.question(item.question).unwrap().key();
            void.contains(&id)
                || written == Some(key)
                || written.is_some_and(|written| accepted.contains(&(id, written.index())))
        });
        prop_assert_eq!(usize::from(last.after.right()), by_hand.count());
        prop_assert_eq!(usize::from(last.after.right() - last.before.right()), last.raised.len());
    }
}

#[test]
fn a_void_question_counts_for_those_who_left_it_open_too() {
    let bank = jiangsu();
    let (quiz, answers) = answered(&bank, 1, &[]);
    let mut corrections = Corrections::none(&bank);
    let item = quiz.items()[2];
    corrections.void(item.question).unwrap();
    let rescored = corrections.rescore(&bank, &quiz, &answers).unwrap();
    assert_eq!((rescored.before.right(), rescored.after.right()), (0, 1));
    assert_eq!(rescored.raised, [quiz.ordinals().nth(2).unwrap()]);
    assert!(corrections.is_void(item.question));
}

/// A wrong key put right: those who chose the right option gain, those who followed the key keep.
#[test]
fn either_key_is_accepted_after_a_wrong_one() {
    let bank = bank_of(vec![numbered(0)], Vec::new());
    let mut corrections = Corrections::none(&bank);
    corrections.accept(QuestionId::new(0), Position::C).unwrap();
    assert_eq!(
        corrections.accepted(QuestionId::new(0)).collect::<Vec<_>>(),
        [Position::C]
    );
    let mut rng = ChaCha12Rng::from_seed([3; 32]);
    let quiz = Quiz::draw(&bank, DrawRule::Simple { n: 1 }, &mut rng).unwrap();
    let right = |written| {
        let mut attempt = Attempt::new(quiz.clone());
        let shown = quiz.items()[0].option_order.shown(written).unwrap();
        attempt
            .answer(quiz.ordinals().next().unwrap(), shown)
            .unwrap();
        let rescored = corrections
            .rescore(&bank, &quiz, attempt.answers())
            .unwrap();
        (rescored.before.right(), rescored.after.right())
    };
    assert_eq!(right(Position::A), (1, 1));
    assert_eq!(right(Position::C), (0, 1));
    assert_eq!(right(Position::B), (0, 0));
}

#[test]
fn what_the_bank_does_not_have_cannot_be_corrected() {
    let (bank, other) = (jiangsu(), bank_of(vec![numbered(0)], Vec::new()));
    let mut corrections = Corrections::none(&bank);
    let question = QuestionId::new(100);
    let missing = Err(CorrectionError::NoSuchQuestion { question });
    assert_eq!(corrections.void(question), missing);
    assert_eq!(corrections.accept(question, Position::A), missing);
    let question = QuestionId::new(99);
    let no_option = CorrectionError::NoSuchOption {
        question,
        option: Position::E,
        n_options: 4,
    };
    assert_eq!(corrections.accept(question, Position::E), Err(no_option));
    assert_eq!(corrections, Corrections::none(&bank));
    let (quiz, answers) = answered(&bank, 1, &[]);
    let mismatch = QuizError::OtherBank {
        drawn_from: bank.digest(),
        given: other.digest(),
    };
    assert_eq!(corrections.rescore(&other, &quiz, &answers), Err(mismatch));
    let corrections = Corrections::none(&other);
    assert!(corrections.rescore(&bank, &quiz, &answers).is_err());
}
