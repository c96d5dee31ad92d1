//! All engines draw the same law, which is the one that counting gives, and the last evaluation agrees with the first.

use proptest::prelude::*;
use reward_core::{
    Counting, Engine, Fen, Jackpot, Split, SplitSpec, Uniform, WeightTable, Weighted, WordStream,
};

use crate::divisions::{amounts, bounds, chi_square, enumerate, spec, uniformity};

/// Bars drawn, stars drawn, turned over, two and three values, the exact middle, one part, almost no surplus.
fn small_problems() -> Vec<SplitSpec> {
    vec![
        spec(2, 9, 1, 6),
        spec(2, 20, 3, 14),
        spec(3, 20, 2, 13),
        spec(3, 30, 2, 13),
        spec(4, 11, 1, 6),
        spec(4, 15, 1, 5),
        spec(4, 12, 1, 5),
        spec(5, 8, 1, 4),
        spec(5, 17, 1, 4),
        spec(6, 9, 1, 2),
        spec(6, 11, 1, 3),
        spec(7, 13, 1, 3),
        spec(8, 10, 1, 9),
        spec(10, 14, 1, 2),
        spec(4, 22, 1, 19),
    ]
}

#[test]
fn counting_finds_as_many_divisions_as_there_are() {
    for spec in small_problems() {
        let counted = Counting::new(spec).unwrap().divisions();
        assert_eq!(counted, u128::try_from(enumerate(&spec).len()).unwrap());
    }
    // The thirtieth central binomial coefficient, and too many for 127 bits.
    assert_eq!(
        Counting::new(spec(60, 90, 1, 2)).unwrap().divisions(),
        118_264_581_564_861_424
    );
    assert!(Counting::new(spec(40, 10_000, 1, 10_000)).is_none());
}

/// Every engine on every problem; and the p-values together are as even as those of a true law (Kolmogorov).
#[test]
fn every_engine_draws_every_division_equally_often() {
    let mut p_values = Vec::new();
    for (seed, spec) in (1..).zip(small_problems()) {
        let deviates = [
            uniformity(&Uniform::with_engine(spec, Engine::Bars), 6_000, seed),
            uniformity(
                &Uniform::with_engine(spec, Engine::Tilted),
                6_000,
                seed + 50,
            ),
            uniformity(&Uniform::tilted_throughout(spec, false), 6_000, seed + 100),
            uniformity(&Uniform::tilted_anew(spec), 6_000, seed + 200),
            uniformity(&Counting::new(spec).unwrap(), 6_000, seed + 150),
        ];
        for (engine, deviate) in deviates.iter().enumerate() {
            assert!(
                deviate.normal() < 4.75,
                "engine {engine} on {spec:?}: {}",
                deviate.statistic
            );
            p_values.push(deviate.p_value());
        }
    }
    p_values.sort_by(f64::total_cmp);
    let count = f64::from(u32::try_from(p_values.len()).unwrap());
    let distance = (1_u32..)
        .zip(&p_values)
        .map(|(rank, p)| {
            let above = f64::from(rank) / count;
            (above - p).abs().max((p - (above - 1.0 / count)).abs())
        })
        .fold(0.0, f64::max);
    // The limit at one in a thousand.
    assert!(distance < 1.95 / count.sqrt(), "{distance}: {p_values:?}");
}

/// The probability of each size of one part follows from counting the divisions of the rest.
#[test]
fn a_part_of_a_long_deck_follows_the_law_that_counting_gives() {
    // Low, high, near the middle: cut three times each.
    for (seed, spec) in (1..).zip([
        spec(34, 100, 1, 9),
        spec(34, 240, 1, 9),
        spec(48, 170, 1, 6),
    ]) {
        let all = Counting::new(spec).unwrap().divisions();
        let law = Uniform::with_engine(spec, Engine::Tilted);
        let mut words = WordStream::new([seed; 32]);
        let draws = 6_000_u32;
        let places = [0_usize, 20, usize::try_from(spec.parts()).unwrap() - 1];
        let most = usize::try_from(spec.bounds().max().get()).unwrap();
        let mut seen = vec![vec![0_u32; most]; places.len()];
        for _ in 0..draws {
            let deck = amounts(&law.draw(&mut words));
            for (seen, &place) in seen.iter_mut().zip(&places) {
                seen[usize::try_from(deck[place] - 1).unwrap()] += 1;
            }
        }
        let expected: Vec<f64> = (1..=spec.bounds().max().get())
            .map(|amount| {
                let rest = SplitSpec::new(
                    spec.parts() - 1,
                    Fen::new(spec.total().get() - amount),
                    spec.bounds(),
                );
                let rest = rest.map_or(0, |rest| Counting::new(rest).unwrap().divisions());
                // Both counts are far above 2^53, but their quotient needs no more than a double.
                #[expect(clippy::as_conversions, reason = "a quotient for a statistic")]
                let probability = rest as f64 / all as f64;
                f64::from(draws) * probability
            })
            .collect();
        for seen in seen {
            let statistic: f64 = seen
                .iter()
                .zip(&expected)
                .map(|(&n, expected)| (f64::from(n) - expected).powi(2) / expected)
                .sum();
            // Beyond the 1 - 1e-6 quantile for 5 and for 8 degrees of freedom.
            assert!(statistic < 44.0, "{spec:?}: {statistic}");
        }
    }
}

/// The same decks from the same words, to the last word read.
fn agrees<L: Split>(first: &L, deepest: &L, seed: [u8; 32], decks: u32) {
    let (mut left, mut right) = (WordStream::new(seed), WordStream::new(seed));
    for _ in 0..decks {
        assert_eq!(first.draw(&mut left), deepest.draw(&mut right));
        assert_eq!(left.next_word(), right.next_word());
    }
}

#[test]
fn the_last_evaluation_decides_as_the_first() {
    for spec in [
        spec(3, 20, 2, 13),
        spec(9, 60, 1, 20),
        spec(20, 400, 10, 60),
        spec(40, 900, 10, 40),
        spec(60, 700, 10, 12),
        spec(33, 1_000, 10, 300),
        spec(64, 450, 1, 9),
    ] {
        let first = Uniform::tilted_throughout(spec, false);
        agrees(&first, &Uniform::tilted_throughout(spec, true), [7; 32], 3);
    }
    // So many sizes that a whole word is the first digit of each part.
    let spec = spec(4, 12_000, 10, 5_000);
    let first = Uniform::tilted_throughout(spec, false);
    agrees(&first, &Uniform::tilted_throughout(spec, true), [7; 32], 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_last_evaluation_decides_as_the_first_whatever_the_problem(
        parts in 1_u32..40, range in 0_u64..40, permille in 0_u64..=1_000, seed in any::<[u8; 32]>(),
    ) {
        let total = u64::from(parts) + u64::from(parts) * range * permille / 1_000;
        let spec = spec(parts, total, 1, 1 + range);
        let first = Uniform::tilted_throughout(spec, false);
        agrees(&first, &Uniform::tilted_throughout(spec, true), seed, 2);
    }
}

/// Weights rising, falling and humped; sums below and above the mean of the table, so that both directions occur.
#[test]
fn a_deck_comes_up_in_proportion_to_the_product_of_its_weights() {
    let shapes: [&[u32]; 4] = [
        &[1, 2, 3, 4, 5, 6],
        &[60, 30, 10, 4, 2, 1],
        &[1, 5, 20, 20, 5, 1],
        &[9, 4, 1, 1, 4, 9],
    ];
    for (seed, shape) in (1..).zip(shapes) {
        for total in [9, 14, 19] {
            let spec = spec(4, total, 1, 6);
            let table = WeightTable::new(spec.bounds(), shape.to_vec()).unwrap();
            let weight = |deck: &[u64]| {
                deck.iter()
                    .map(|&amount| f64::from(shape[usize::try_from(amount - 1).unwrap()]))
                    .product()
            };
            let divisions = enumerate(&spec);
            for (law, draws) in [
                (Weighted::new(spec, &table).unwrap(), 6_000),
                (Weighted::deepest(spec, &table).unwrap(), 1_500),
            ] {
                let mut words = WordStream::new([seed; 32]);
                let deviate =
                    chi_square(&divisions, weight, draws, || amounts(&law.draw(&mut words)));
                assert!(
                    deviate.normal() < 4.75,
                    "{shape:?} {total}: {}",
                    deviate.statistic
                );
            }
        }
    }
}

/// A long weighted deck, cut several times: the law of a part by convolving the table in floating point.
#[test]
fn a_part_of_a_long_weighted_deck_follows_the_convolved_table() {
    let bounds = bounds(1, 40);
    let table = WeightTable::log_normal(bounds, Fen::new(8), 700).unwrap();
    let weights: Vec<f64> = table
        .weights()
        .iter()
        .map(|&weight| f64::from(weight))
        .collect();
    let parts = 70_u32;
    for total in [500_u64, 900, 2_000] {
        let spec = SplitSpec::new(parts, Fen::new(total), bounds).unwrap();
        let surplus = usize::try_from(total - u64::from(parts)).unwrap();
        let mut rest = vec![0.0_f64; surplus + 1];
        rest[0] = 1.0;
        for _ in 1..parts {
            let greatest = rest.iter().copied().fold(0.0, f64::max);
            rest = (0..=surplus)
                .map(|sum| {
                    weights
                        .iter()
                        .take(sum + 1)
                        .enumerate()
                        .map(|(part, weight)| weight * rest[sum - part] / greatest)
                        .sum()
                })
                .collect();
        }
        let law: Vec<f64> = weights
            .iter()
            .enumerate()
            .map(|(part, weight)| weight * rest[surplus - part])
            .collect();
        let mass: f64 = law.iter().sum();
        let weighted = Weighted::new(spec, &table).unwrap();
        let mut words = WordStream::new([19; 32]);
        let mut seen = [[0_u32; 40]; 2];
        for _ in 0..4_000 {
            let deck = amounts(&weighted.draw(&mut words));
            for (seen, amount) in seen.iter_mut().zip([deck[0], deck[69]]) {
                seen[usize::try_from(amount - 1).unwrap()] += 1;
            }
        }
        for seen in seen {
            // Sizes expected less than five times are counted together.
            let (mut statistic, mut rare, mut rare_seen) = (0.0, 0.0, 0.0);
            for (&n, part) in seen.iter().zip(&law) {
                let (n, expected) = (f64::from(n), 4_000.0 * part / mass);
                if expected < 5.0 {
                    rare += expected;
                    rare_seen += n;
                } else {
                    statistic += (n - expected).powi(2) / expected;
                }
            }
            if rare > 1.0 {
                statistic += (rare_seen - rare).powi(2) / rare;
            }
            // The 1 - 1e-6 quantile with 39 degrees of freedom.
            assert!(statistic < 97.0, "{total}: {statistic}");
        }
    }
}

#[test]
fn decks_with_so_many_greatest_packets_are_equally_likely() {
    for (count, spec) in [
        (1, spec(4, 14, 1, 6)),
        (2, spec(5, 20, 1, 6)),
        (0, spec(4, 10, 1, 4)),
    ] {
        let max = spec.bounds().max().get();
        let divisions: Vec<Vec<u64>> = enumerate(&spec)
            .into_iter()
            .filter(|deck| deck.iter().filter(|&&amount| amount == max).count() == count)
            .collect();
        let law = Jackpot::exactly(spec, u32::try_from(count).unwrap()).unwrap();
        let mut words = WordStream::new([29; 32]);
        let deviate = chi_square(
            &divisions,
            |_| 1.0,
            8_000,
            || amounts(&law.draw(&mut words)),
        );
        assert!(deviate.normal() < 4.75, "{spec:?}: {}", deviate.statistic);
    }
}

#[test]
fn decks_with_at_least_one_greatest_packet_are_equally_likely() {
    for spec in [spec(4, 16, 1, 6), spec(5, 9, 1, 3), spec(3, 18, 1, 6)] {
        let max = spec.bounds().max().get();
        let divisions: Vec<Vec<u64>> = enumerate(&spec)
            .into_iter()
            .filter(|deck| deck.contains(&max))
            .collect();
        let law = Jackpot::at_least_one(spec).unwrap();
        let mut words = WordStream::new([31; 32]);
        let deck = |words: &mut WordStream| amounts(&law.draw(words));
        if divisions.len() == 1 {
            assert_eq!(deck(&mut words), divisions[0]);
            continue;
        }
        let deviate = chi_square(&divisions, |_| 1.0, 8_000, || deck(&mut words));
        assert!(deviate.normal() < 4.75, "{spec:?}: {}", deviate.statistic);
    }
}
