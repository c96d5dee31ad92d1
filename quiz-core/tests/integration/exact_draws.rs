//! Exact laws of every draw rule on small banks: all sequences of words are played.

use std::{collections::BTreeMap, convert::Infallible};

use quiz_core::{
    DrawRule, Position, Question, QuestionBank, Quiz,
    draw::{Bands, Shown},
};
use rand::TryRng;

use crate::sample::{bank_of, question};

/// Gives words out of `n_letters` that fall on every answer of `below(n)` equally often, for every `n` that divides it.
struct Script {
    n_letters: u32,
    letters: Vec<u32>,
    n_taken: usize,
}

impl TryRng for Script {
    type Error = Infallible;

    /// The word just above `letter / n_letters` of all words: its low half is never so small as to be rejected.
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let letter = self.letters.get(self.n_taken).copied().unwrap_or(0);
        self.n_taken += 1;
        let word = (u64::from(letter) << 32).div_ceil(u64::from(self.n_letters)) + 1;
        Ok(u32::try_from(word).unwrap())
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        unreachable!("a draw takes words of 32 bits")
    }

    fn try_fill_bytes(&mut self, _: &mut [u8]) -> Result<(), Infallible> {
        unreachable!("a draw takes words of 32 bits")
    }
}

/// Plays every sequence of words; outcomes with the probability of each in units of `1 / n_letters^depth`.
fn outcomes<T: Ord>(
    n_letters: u32,
    depth: u32,
    play: impl Fn(&mut Script) -> T,
) -> BTreeMap<T, u64> {
    let mut found = BTreeMap::new();
    let mut open = vec![Vec::new()];
    while let Some(letters) = open.pop() {
        let n_given = letters.len();
        let mut script = Script {
            n_letters,
            letters,
            n_taken: 0,
        };
        let outcome = play(&mut script);
        if script.n_taken > n_given {
            open.extend((0..n_letters).map(|letter| {
                let mut longer = script.letters.clone();
                longer.push(letter);
                longer
            }));
        } else {
            let n_left = depth - u32::try_from(n_given).unwrap();
            *found.entry(outcome).or_default() += u64::from(n_letters).pow(n_left);
        }
    }
    assert_eq!(found.values().sum::<u64>(), u64::from(n_letters).pow(depth));
    found
}

/// A question whose options keep their order, so that it takes no word.
fn fixed(number: usize) -> Question {
    question(&format!("第{number}问"), &["甲", "仅A"], Position::A)
}

fn bank(province: usize, city: usize) -> QuestionBank {
    bank_of(
        (0..province).map(fixed).collect(),
        (province..province + city).map(fixed).collect(),
    )
}

fn ids(quiz: &Quiz) -> Vec<u16> {
    quiz.items()
        .iter()
        .map(|item| item.question.get())
        .collect()
}

/// Asserts that every question has the same probability, `n` of the `of` questions of its list.
fn assert_each_is_drawn(orders: &BTreeMap<Vec<u16>, u64>, list: std::ops::Range<u16>, n: u64) {
    let total: u64 = orders.values().sum();
    for id in list.clone() {
        let weight: u64 = orders
            .iter()
            .filter(|(ids, _)| ids.contains(&id))
            .map(|(_, w)| w)
            .sum();
        assert_eq!(
            weight * u64::try_from(list.len()).unwrap(),
            total * n,
            "question {id}"
        );
    }
}

fn assert_all_equal(orders: &BTreeMap<Vec<u16>, u64>, n_orders: usize) {
    assert_eq!(orders.len(), n_orders);
    let weights: std::collections::BTreeSet<&u64> = orders.values().collect();
    assert_eq!(weights.len(), 1, "{orders:?}");
}

#[test]
fn a_simple_draw_gives_every_ordered_choice_exactly_equally_often() {
    for (n, n_orders) in [(1, 4), (2, 12), (3, 24), (4, 24)] {
        let rule = DrawRule::Simple { n };
        let orders = outcomes(12, 3, |script| {
            ids(&Quiz::draw(&bank(2, 2), rule, script).unwrap())
        });
        assert_all_equal(&orders, n_orders);
        assert_each_is_drawn(&orders, 0..4, u64::from(n));
    }
}

/// 2 of 3 in any order beside 1 of 3, mixed: 3 sets times 3 times 3! orders.
#[test]
fn a_stratified_draw_gives_every_ordered_choice_exactly_equally_often() {
    let rule = DrawRule::Stratified {
        province: 2,
        city: 1,
    };
    let orders = outcomes(6, 5, |script| {
        ids(&Quiz::draw(&bank(3, 3), rule, script).unwrap())
    });
    assert_all_equal(&orders, 54);
    assert_each_is_drawn(&orders, 0..3, 2);
    assert_each_is_drawn(&orders, 3..6, 1);
}

/// Whatever the bands, each of 4 questions is in exactly half of the draws of 2.
#[test]
fn a_balanced_draw_gives_every_question_exactly_equally_often() {
    let bank = bank(2, 2);
    for (levels, n_sets) in [
        ([1, 1, 2, 2], 4),
        ([1, 2, 2, 2], 6),
        ([1, 1, 1, 2], 6),
        ([1, 2, 3, 4], 2),
        ([1, 1, 1, 1], 6),
    ] {
        let bands = Bands::by_level(&bank, &levels).unwrap();
        let orders = outcomes(12, 4, |script| {
            ids(&Quiz::draw_balanced(&bank, &bands, 2, script).unwrap())
        });
        assert_each_is_drawn(&orders, 0..4, 2);
        let mut sets: BTreeMap<Vec<u16>, u64> = BTreeMap::new();
        for (ids, weight) in &orders {
            let mut set = ids.clone();
            set.sort_unstable();
            *sets.entry(set).or_default() += weight;
            let mut turned = ids.clone();
            turned.reverse();
            assert_eq!(orders.get(&turned), Some(weight), "both orders of {ids:?}");
        }
        assert_eq!(sets.len(), n_sets, "{levels:?}");
        if [2, 4].contains(&bands.bands()[0].len()) {
            assert_all_equal(&sets, n_sets);
        }
    }
}

/// In each of three quizzes in a row every question has probability exactly 2/3, and no number runs ahead by two.
#[test]
fn a_fresh_draw_gives_every_question_exactly_equally_often_in_every_quiz_of_a_row() {
    let bank = bank(3, 0);
    let rows = outcomes(6, 7, |script| {
        let mut shown = Shown::nothing(&bank);
        let mut row = Vec::new();
        for _ in 0..3 {
            let quiz = Quiz::draw_fresh(&bank, DrawRule::Simple { n: 2 }, &shown, script).unwrap();
            shown.record(&quiz).unwrap();
            row.push(ids(&quiz));
            let times: Vec<u32> = bank.questions().map(|(id, _)| shown.times(id)).collect();
            assert!(times.iter().max().unwrap() - times.iter().min().unwrap() <= 1);
        }
        row
    });
    for at in 0..3 {
        let mut orders = BTreeMap::new();
        for (row, weight) in &rows {
            *orders.entry(row[at].clone()).or_default() += weight;
        }
        assert_all_equal(&orders, 6);
        assert_each_is_drawn(&orders, 0..3, 2);
    }
}

fn option_orders(choices: &[&str]) -> BTreeMap<Vec<u16>, u64> {
    let bank = bank_of(vec![question("问", choices, Position::A)], Vec::new());
    outcomes(12, 3, |script| {
        let quiz = Quiz::draw(&bank, DrawRule::Simple { n: 1 }, script).unwrap();
        let places = quiz.items()[0].option_order;
        let index = |place: &Position| u16::try_from(place.index()).unwrap();
        places.iter().map(|place| index(&place)).collect()
    })
}

#[test]
fn options_come_in_every_order_exactly_equally_often_and_pinned_ones_last() {
    assert_all_equal(&option_orders(&["甲", "乙", "丙", "丁"]), 24);
    let pinned = option_orders(&["甲", "以上都对", "丙", "丁"]);
    assert_all_equal(&pinned, 6);
    assert!(pinned.keys().all(|order| order.last() == Some(&1)));
    let two_pinned = option_orders(&["以上都对", "甲", "以上都不对", "丁"]);
    assert_all_equal(&two_pinned, 2);
    assert!(two_pinned.keys().all(|order| order.ends_with(&[0, 2])));
    assert_all_equal(&option_orders(&["甲", "乙", "A和B"]), 1);
}
