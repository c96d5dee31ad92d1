//! Options that keep their places by statement.

use std::collections::BTreeSet;

use quiz_core::{DrawRule, Ordinal, Position, Question, QuestionError, Quiz};
use rand::{SeedableRng as _, rngs::ChaCha12Rng};

use crate::sample::{bank_of, question};

fn pinned(choices: &[&str], places: &[Position]) -> Question {
    question("问", choices, Position::A)
        .with_pinned(places)
        .unwrap()
}

/// Every order in which the options were shown in 400 draws.
fn orders(question: &Question) -> BTreeSet<String> {
    let bank = bank_of(vec![question.clone()], Vec::new());
    let mut rng = ChaCha12Rng::from_seed([5; 32]);
    let shown = |_| {
        let quiz = Quiz::draw(&bank, DrawRule::Simple { n: 1 }, &mut rng).unwrap();
        let item = quiz.present(&bank, Ordinal::new(1).unwrap()).unwrap();
        item.options
            .iter()
            .map(|(_, text)| text.as_str())
            .collect::<String>()
    };
    (0..400).map(shown).collect()
}

#[test]
fn a_pinned_option_keeps_its_place_and_the_others_take_every_order() {
    let shown = orders(&pinned(&["甲", "乙", "丙", "丁"], &[Position::B]));
    assert!(shown.iter().all(|order| order.chars().nth(1) == Some('乙')));
    assert_eq!(shown.len(), 6);
    let all: Vec<Position> = Position::ALL.into_iter().take(4).collect();
    assert_eq!(orders(&pinned(&["甲", "乙", "丙", "丁"], &all)).len(), 1);
    assert_eq!(orders(&pinned(&["甲", "乙", "丙", "丁"], &[])).len(), 24);
}

#[test]
fn options_about_all_others_stay_last_beside_a_pinned_one() {
    let shown = orders(&pinned(&["甲", "乙", "丙", "以上都对"], &[Position::A]));
    assert_eq!(
        shown.into_iter().collect::<Vec<_>>(),
        ["甲丙乙以上都对", "甲乙丙以上都对"]
    );
    let early = orders(&pinned(&["以上都对", "乙", "丙", "丁"], &[Position::D]));
    assert_eq!(early.into_iter().collect::<Vec<_>>(), ["以上都对乙丙丁"]);
}

#[test]
fn places_are_sorted_and_those_outside_the_options_refused() {
    let made = pinned(&["甲", "乙"], &[Position::B, Position::A, Position::B]);
    assert_eq!(made.pinned(), [Position::A, Position::B]);
    assert_eq!(
        question("问", &["甲", "乙"], Position::A).with_pinned(&[Position::C]),
        Err(QuestionError::PinOutsideChoices {
            pinned: Position::C,
            n_choices: 2
        })
    );
}

#[test]
fn a_statement_changes_the_digest_and_none_leaves_it() {
    let digest = |places: &[Position]| {
        bank_of(vec![pinned(&["甲", "乙", "丙"], places)], Vec::new()).digest()
    };
    let plain = bank_of(
        vec![question("问", &["甲", "乙", "丙"], Position::A)],
        Vec::new(),
    );
    assert_eq!(digest(&[]), plain.digest());
    assert_ne!(digest(&[Position::A]), plain.digest());
    assert_ne!(digest(&[Position::A]), digest(&[Position::B]));
}

/// Recomputed from the documented canonical form by another program.
#[test]
fn value_stability_of_the_digest_of_a_pinned_option() {
    let bank = bank_of(
        vec![pinned(&["甲", "乙", "丙"], &[Position::C, Position::A])],
        Vec::new(),
    );
    assert_eq!(
        bank.digest().to_string(),
        "a3c22dae638642f083a73939537103bbf11e17e60f42c9640cfddc457c186c3a"
    );
}
