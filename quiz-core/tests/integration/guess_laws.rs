//! Laws of the guess floor: exact for mixed numbers of options under every rule, against a sum over every draw.

use quiz_core::{
    DrawRule, PassMark, Position, Question, QuestionBank, draw::Bands, lint::GuessFloor,
};

use crate::sample::{bank_of, question};

const TEXTS: [&str; 6] = ["甲", "乙", "丙", "丁", "戊", "己"];

fn with_options(number: usize, n_options: usize) -> Question {
    question(&format!("第{number}问"), &TEXTS[..n_options], Position::A)
}

/// Two halves whose questions have these numbers of options.
fn bank(province: &[usize], city: &[usize]) -> QuestionBank {
    let of = |from: usize, half: &[usize]| {
        let numbered = half.iter().enumerate();
        numbered.map(|(i, n)| with_options(from + i, *n)).collect()
    };
    bank_of(of(0, province), of(province.len(), city))
}

/// Probability of at least `pass` right guesses in items of these numbers of options, over every outcome.
fn passes(items: &[usize], pass: u32) -> f64 {
    (0..1_u32 << items.len())
        .filter(|outcome| outcome.count_ones() >= pass)
        .map(|outcome| {
            let chance = |(i, n): (usize, &usize)| {
                let guess = 1.0 / f64::from(u32::try_from(*n).unwrap());
                if outcome >> i & 1 == 1 {
                    guess
                } else {
                    1.0 - guess
                }
            };
            items.iter().enumerate().map(chance).product::<f64>()
        })
        .sum()
}

/// Every choice of `n` of the items.
fn choices(items: &[usize], n: usize) -> Vec<Vec<usize>> {
    (0..1_u32 << items.len())
        .filter(|set| usize::try_from(set.count_ones()).unwrap() == n)
        .map(|set| {
            let is_in = |i: &usize| set >> i & 1 == 1;
            (0..items.len()).filter(is_in).map(|i| items[i]).collect()
        })
        .collect()
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let n = f64::from(u32::try_from(values.len()).unwrap());
    values.sum::<f64>() / n
}

fn assert_millionths(floor: GuessFloor, expected: f64) {
    let difference = f64::from(floor.millionths()) - expected * 1e6;
    assert!(
        difference.abs() <= 0.5 + 1e-6,
        "{floor:?} beside {expected}"
    );
}

const PROVINCE: [usize; 4] = [2, 4, 3, 4];
const CITY: [usize; 3] = [6, 2, 5];

#[test]
fn the_floor_of_a_simple_draw_is_the_mean_over_every_draw() {
    let all = [PROVINCE.as_slice(), &CITY].concat();
    for n in 1..=7_u16 {
        for pass in 1..=n {
            let expected = mean(
                choices(&all, n.into())
                    .iter()
                    .map(|items| passes(items, pass.into())),
            );
            let rule = DrawRule::Simple { n };
            let floor = GuessFloor::of(&bank(&PROVINCE, &CITY), rule, PassMark::new(pass).unwrap());
            assert_millionths(floor.unwrap(), expected);
        }
    }
}

#[test]
fn the_floor_of_a_stratified_draw_is_the_mean_over_every_draw() {
    for (province, city) in [(2_u16, 1_u16), (1, 3), (4, 0), (0, 2)] {
        let pass = 1 + (province + city) / 2;
        let of_city = choices(&CITY, city.into());
        let joined: Vec<Vec<usize>> = choices(&PROVINCE, province.into())
            .iter()
            .flat_map(|p| {
                of_city
                    .iter()
                    .map(|c| [p.as_slice(), c].concat())
                    .collect::<Vec<_>>()
            })
            .collect();
        let expected = mean(joined.iter().map(|items| passes(items, pass.into())));
        let rule = DrawRule::Stratified { province, city };
        let floor = GuessFloor::of(&bank(&PROVINCE, &CITY), rule, PassMark::new(pass).unwrap());
        assert_millionths(floor.unwrap(), expected);
    }
}

/// Bands of 4 and 3 of 7 questions, 3 drawn: starts 0 to 6 mark 2 and 1, or 1 and 2, of them.
#[test]
fn the_floor_of_a_balanced_draw_is_the_mean_over_every_start() {
    let bank = bank(&PROVINCE, &CITY);
    let bands = Bands::by_level(&bank, &[1, 1, 1, 1, 2, 2, 2]).unwrap();
    let mut expected = Vec::new();
    for start in 0..7_usize {
        let in_first = (0..3).filter(|i| (start + i * 7) / 3 < 4).count();
        let of_city = choices(&CITY, 3 - in_first);
        let joined: Vec<Vec<usize>> = choices(&PROVINCE, in_first)
            .iter()
            .flat_map(|p| {
                of_city
                    .iter()
                    .map(|c| [p.as_slice(), c].concat())
                    .collect::<Vec<_>>()
            })
            .collect();
        expected.push(mean(joined.iter().map(|items| passes(items, 2))));
    }
    let floor = GuessFloor::of_balanced(&bank, &bands, 3, PassMark::new(2).unwrap()).unwrap();
    assert_millionths(floor, mean(expected.into_iter()));
}
