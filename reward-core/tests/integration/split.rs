//! Every split keeps its sum and bounds, and every engine draws the uniform law.

use proptest::prelude::*;
use reward_core::{
    Engine, Fen, Infeasible, Jackpot, Split, SplitSpec, Uniform, WeightTable, Weighted,
    WeightsError, WordStream,
};

use crate::divisions::{amounts, bounds, chi_square, enumerate, spec, uniformity};

fn counting_key() -> [u8; 32] {
    let mut key = [0; 32];
    for (byte, value) in key.iter_mut().zip(0..) {
        *byte = value;
    }
    key
}

/// Bars drawn, stars drawn, turned over, two values per part, and the exact middle.
fn small_problems() -> [SplitSpec; 6] {
    [
        spec(4, 11, 1, 6),
        spec(5, 8, 1, 4),
        spec(4, 15, 1, 5),
        spec(6, 9, 1, 2),
        spec(4, 12, 1, 5),
        spec(3, 20, 2, 13),
    ]
}

#[test]
fn every_division_is_equally_likely_with_bars() {
    for spec in small_problems() {
        let law = Uniform::with_engine(spec, Engine::Bars);
        assert!(uniformity(&law, 20_000, 17).normal() < 4.75, "{spec:?}");
    }
}

#[test]
fn every_division_is_equally_likely_with_a_tilt() {
    for spec in small_problems() {
        let law = Uniform::with_engine(spec, Engine::Tilted);
        assert!(uniformity(&law, 20_000, 17).normal() < 4.75, "{spec:?}");
    }
}

/// The popular "cut the line at random points" is caught by the same test, so the test has power.
#[test]
fn cutting_a_line_at_points_that_may_coincide_is_not_uniform() {
    let spec = spec(3, 12, 1, 10);
    let mut words = WordStream::new([17; 32]);
    let deviate = chi_square(
        &enumerate(&spec),
        |_| 1.0,
        20_000,
        || {
            let mut cut = || u64::from(words.below(std::num::NonZeroU32::new(10).unwrap()));
            let (a, b) = (cut(), cut());
            let (low, high) = (a.min(b), a.max(b));
            vec![low + 1, high - low + 1, 9 - high + 1]
        },
    );
    assert!(deviate.normal() > 20.0, "{}", deviate.normal());
}

/// Numbers of divisions of every sum into `parts` parts of `0..=span`.
fn counts(parts: u32, span: usize, sum: usize) -> Vec<f64> {
    let mut counts = vec![0.0; sum + 1];
    counts[0] = 1.0;
    for _ in 0..parts {
        counts = (0..=sum)
            .map(|t| counts[t.saturating_sub(span)..=t].iter().sum())
            .collect();
    }
    counts
}

/// Too many divisions to enumerate, but the exact law of a single part follows from counting the rest.
#[test]
fn first_and_last_part_follow_the_law_that_counting_gives() {
    let (parts, span, sum, draws) = (20_u32, 30_usize, 150_usize, 6_000_u32);
    let spec = spec(parts, u64::from(parts) + 150, 1, 31);
    let rest = counts(parts - 1, span, sum);
    let all = counts(parts, span, sum)[sum];
    for engine in [Engine::Bars, Engine::Tilted] {
        let law = Uniform::with_engine(spec, engine);
        let mut words = WordStream::new([23; 32]);
        let mut seen = [vec![0_u32; span + 1], vec![0_u32; span + 1]];
        for _ in 0..draws {
            let deck = amounts(&law.draw(&mut words));
            for (seen, amount) in seen.iter_mut().zip([deck[0], deck[deck.len() - 1]]) {
                seen[usize::try_from(amount - 1).unwrap()] += 1;
            }
        }
        for seen in seen {
            let expected = (0..=span).map(|part| f64::from(draws) * rest[sum - part] / all);
            let statistic: f64 = seen
                .iter()
                .zip(expected)
                .map(|(&n, expected)| (f64::from(n) - expected).powi(2) / expected)
                .sum();
            // The 1 - 1e-6 quantile with 30 degrees of freedom, by the same approximation as above.
            assert!(statistic < 83.0, "{engine:?}: {statistic}");
        }
    }
}

#[test]
fn the_contest_day_is_drawn_with_bars_and_a_tight_maximum_with_a_tilt() {
    assert_eq!(
        Uniform::new(spec(1_000, 142_800, 10, 9_999)).engine(),
        Engine::Bars
    );
    assert_eq!(
        Uniform::new(spec(100, 142_800, 10, 10_000)).engine(),
        Engine::Bars
    );
    assert_eq!(
        Uniform::new(spec(40, 142_800, 10, 10_000)).engine(),
        Engine::Tilted
    );
    assert_eq!(
        Uniform::new(spec(1_000, 142_800, 10, 300)).engine(),
        Engine::Tilted
    );
}

/// A proposal that missed the mean of so few values would need more attempts than anybody can wait for.
#[test]
fn a_long_deck_of_two_values_is_drawn_in_reasonable_time() {
    let law = Uniform::new(spec(3_000, 30_600, 10, 11));
    assert_eq!(law.engine(), Engine::Tilted);
    let deck = amounts(&law.draw(&mut WordStream::new([3; 32])));
    assert_eq!(deck.iter().filter(|&&amount| amount == 11).count(), 600);
}

#[test]
fn corners_leave_nothing_to_chance() {
    let check = |spec: SplitSpec, expect: Vec<u64>| {
        for engine in [Engine::Bars, Engine::Tilted] {
            let deck = Uniform::with_engine(spec, engine).draw(&mut WordStream::new([1; 32]));
            assert_eq!(amounts(&deck), expect, "{engine:?}");
        }
    };
    check(spec(1, 77, 10, 100), vec![77]);
    check(spec(1, 10, 10, 10), vec![10]);
    check(spec(4, 40, 10, 100), vec![10; 4]);
    check(spec(4, 400, 10, 100), vec![100; 4]);
    check(spec(3, 21, 7, 7), vec![7; 3]);
}

#[test]
fn one_fen_from_a_corner_reaches_every_place() {
    for (total, odd) in [(41, 11), (399, 99)] {
        let law = Uniform::new(spec(4, total, 10, 100));
        let mut words = WordStream::new([2; 32]);
        let mut places = [false; 4];
        for _ in 0..100 {
            let deck = amounts(&law.draw(&mut words));
            places[deck.iter().position(|&amount| amount == odd).unwrap()] = true;
        }
        assert_eq!(places, [true; 4]);
    }
}

#[test]
fn limits_of_one_split_are_named() {
    let check =
        |parts, total, max| SplitSpec::new(parts, Fen::new(total), bounds(1, max)).unwrap_err();
    assert_eq!(check(0, 1, 1), Infeasible::NoParts);
    assert!(matches!(
        check(u32::MAX, u64::MAX, u64::MAX),
        Infeasible::TooManyParts { .. }
    ));
    assert!(matches!(
        check(2, 5_000_000_000, u64::MAX),
        Infeasible::SurplusTooLarge { .. }
    ));
    assert!(matches!(
        check(2, 500_000_000, u64::MAX),
        Infeasible::SpanTooLarge { .. }
    ));
    assert!(matches!(
        check(2, u64::MAX, u64::MAX),
        Infeasible::SurplusTooLarge { .. }
    ));
}

/// Those of bars were computed by an independent program from the documentation; those of the tilt are recorded.
#[test]
fn value_stability_of_both_engines() {
    let check = |spec: SplitSpec, engine: Engine, head: [u64; 8], weighted_sum: u64| {
        let law = Uniform::new(spec);
        assert_eq!(law.engine(), engine);
        let deck = amounts(&law.draw(&mut WordStream::new(counting_key())));
        assert_eq!(deck[..8], head, "{spec:?}");
        assert_eq!(
            (1..)
                .zip(&deck)
                .map(|(place, amount)| place * amount)
                .sum::<u64>(),
            weighted_sum
        );
    };
    let five = Uniform::new(spec(5, 40, 1, 20)).draw(&mut WordStream::new(counting_key()));
    assert_eq!(amounts(&five), [6, 9, 11, 13, 1]);
    let tilted = Engine::Tilted;
    check(
        spec(40, 142_800, 10, 10_000),
        tilted,
        [9998, 2051, 739, 4487, 605, 5272, 5636, 1081],
        3_034_410,
    );
    check(
        spec(20, 142_800, 10, 10_000),
        Engine::Bars,
        [8056, 9687, 7261, 7987, 8531, 6391, 3747, 9374],
        1_471_957,
    );
    check(
        spec(30, 3_000, 10, 300),
        tilted,
        [33, 300, 77, 58, 12, 27, 222, 119],
        46_423,
    );
    check(
        spec(100, 14_300, 10, 200),
        tilted,
        [186, 10, 158, 170, 199, 190, 64, 131],
        710_855,
    );
    check(
        spec(12, 60, 1, 6),
        Engine::Bars,
        [6, 5, 6, 6, 4, 6, 1, 6],
        377,
    );
    check(
        spec(200, 4_000, 10, 30),
        tilted,
        [14, 30, 20, 17, 10, 13, 29, 23],
        409_627,
    );
    check(
        spec(5_000, 714_000, 10, 10_000),
        tilted,
        [38, 1235, 97, 71, 12, 31, 336, 155],
        1_790_215_094,
    );
}

#[test]
fn value_stability_of_weighted_decks_and_their_tables() {
    let bounds = bounds(10, 1_000);
    let check = |table: Result<WeightTable, WeightsError>,
                 some_weights: [u32; 6],
                 head: [u64; 8],
                 weighted_sum: u64| {
        let table = table.unwrap();
        let weights = [0, 40, 90, 140, 500, 990].map(|place| table.weights()[place]);
        assert_eq!(weights, some_weights);
        let spec = SplitSpec::new(100, Fen::new(14_280), bounds).unwrap();
        let law = Weighted::new(spec, &table).unwrap();
        let deck = amounts(&law.draw(&mut WordStream::new(counting_key())));
        assert_eq!(deck[..8], head);
        let sum: u64 = (1..).zip(&deck).map(|(place, amount)| place * amount).sum();
        assert_eq!(sum, weighted_sum);
    };
    // The weights agree with the formulas in floating point to 4 in 2^24.
    check(
        WeightTable::log_normal(bounds, Fen::new(100), 800),
        [266_578, 2_305_344, 1_677_721, 983_667, 41_354, 2_665],
        [209, 10, 108, 136, 537, 243, 35, 74],
        682_529,
    );
    check(
        WeightTable::normal(bounds, Fen::new(150), Fen::new(60)),
        [1_102_741, 4_183_435, 11_855_590, 16_777_216, 1, 1],
        [92, 365, 139, 122, 32, 81, 223, 167],
        736_834,
    );
    check(
        WeightTable::flat_up_to(bounds, Fen::new(286)),
        [16_777_216, 16_777_216, 16_777_216, 16_777_216, 1, 1],
        [82, 241, 36, 212, 235, 40, 225, 112],
        740_490,
    );
}

#[test]
fn value_stability_of_decks_with_a_jackpot() {
    let spec = spec(8, 8_000, 10, 3_000);
    let draw = |law: &Jackpot| amounts(&law.draw(&mut WordStream::new(counting_key())));
    assert_eq!(
        draw(&Jackpot::exactly(spec, 2).unwrap()),
        [248, 59, 3000, 1014, 146, 66, 467, 3000]
    );
    assert_eq!(
        draw(&Jackpot::at_least_one(spec).unwrap()),
        [614, 136, 1105, 1464, 357, 154, 1170, 3000]
    );
}

#[test]
fn weights_that_are_no_table_are_named() {
    let bounds = bounds(10, 13);
    let check = |weights: &[u32]| WeightTable::new(bounds, weights.to_vec()).unwrap_err();
    assert_eq!(
        check(&[1, 1, 1]),
        WeightsError::Length { found: 3, sizes: 4 }
    );
    let amount = Fen::new(12);
    assert_eq!(check(&[1, 1, 0, 1]), WeightsError::Zero { amount });
    assert!(matches!(
        WeightTable::new(crate::divisions::bounds(1, 6), vec![9, 1, 9, 1, 9, 1]),
        Err(WeightsError::TooRough {
            variation: 50,
            greatest: 9
        })
    ));
    let table = WeightTable::new(bounds, vec![1, 2, 3, 4]).unwrap();
    assert!(matches!(
        Weighted::new(spec(4, 48, 10, 14), &table),
        Err(WeightsError::OtherBounds)
    ));
}

#[test]
fn a_jackpot_that_does_not_fit_is_refused() {
    let check = |total, count| Jackpot::exactly(spec(3, total, 10, 50), count).map(|_| ());
    assert_eq!(check(70, 1), Ok(()));
    assert!(matches!(
        check(69, 1),
        Err(Infeasible::TotalBelowMinimum { .. })
    ));
    assert_eq!(check(148, 1), Ok(()));
    assert!(matches!(
        check(149, 1),
        Err(Infeasible::TotalAboveMaximum { .. })
    ));
    assert_eq!(check(150, 3), Ok(()));
    assert!(matches!(
        check(150, 2),
        Err(Infeasible::TotalAboveMaximum { .. })
    ));
    assert!(matches!(
        check(150, 4),
        Err(Infeasible::TotalBelowMinimum { .. })
    ));
    assert!(Jackpot::at_least_one(spec(3, 69, 10, 50)).is_err());
}

/// The extremes of a hundred thousand parts: nothing above the floor, nothing below the ceiling, and between.
#[test]
fn a_hundred_thousand_parts_keep_sum_and_bounds_in_every_corner() {
    let parts = 100_000_u32;
    for (above_floor, range) in [
        (0, 90),
        (1, 90),
        (4_500_000, 90),
        (8_999_999, 90),
        (9_000_000, 90),
        (0, 0),
        (50_000, 1),
    ] {
        let spec = spec(parts, 1_000_000 + above_floor, 10, 10 + range);
        let deck = Uniform::new(spec).draw(&mut WordStream::new([4; 32]));
        assert_eq!(deck.len(), 100_000);
        assert!(deck.iter().all(|&amount| spec.bounds().contains(amount)));
        assert_eq!(Fen::checked_sum(deck), Some(spec.total()));
    }
}

fn feasible_specs() -> impl Strategy<Value = SplitSpec> {
    (1_u32..120, 1_u64..60, 0_u64..400, 0_u64..=1_000).prop_map(|(parts, min, range, permille)| {
        let above_floor = u64::from(parts) * range * permille / 1_000;
        spec(
            parts,
            u64::from(parts) * min + above_floor,
            min,
            min + range,
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// The sum is exact, every part is within the bounds, none is missing.
    #[test]
    fn every_split_sums_to_its_total_within_its_bounds(spec in feasible_specs(), seed in any::<[u8; 32]>()) {
        for law in [Uniform::new(spec), Uniform::with_engine(spec, Engine::Tilted)] {
            let deck = law.draw(&mut WordStream::new(seed));
            prop_assert_eq!(deck.len(), usize::try_from(spec.parts()).unwrap());
            prop_assert!(deck.iter().all(|&amount| spec.bounds().contains(amount)));
            prop_assert_eq!(Fen::checked_sum(deck), Some(spec.total()));
        }
    }

    /// The same with weights, and with a jackpot wherever one fits; every prefix stays within the total.
    #[test]
    fn every_other_law_keeps_sum_and_bounds_too(
        parts in 1_u32..40, range in 0_u64..60, permille in 0_u64..=1_000, peak in 0_u64..60, jackpots in 0_u32..4,
        seed in any::<[u8; 32]>(),
    ) {
        let total = u64::from(parts) * 5 + u64::from(parts) * range * permille / 1_000;
        let spec = spec(parts, total, 5, 5 + range);
        let mut words = WordStream::new(seed);
        let table = WeightTable::normal(spec.bounds(), Fen::new(peak), Fen::new(12)).unwrap();
        let mut decks = vec![Weighted::new(spec, &table).unwrap().draw(&mut words)];
        if let Ok(law) = Jackpot::exactly(spec, jackpots) {
            let deck = law.draw(&mut words);
            let tops = deck.iter().filter(|&&amount| amount == spec.bounds().max()).count();
            prop_assert_eq!(tops, usize::try_from(jackpots).unwrap());
            decks.push(deck);
        }
        if let Ok(law) = Jackpot::at_least_one(spec) {
            let deck = law.draw(&mut words);
            prop_assert!(deck.contains(&spec.bounds().max()));
            decks.push(deck);
        }
        for deck in decks {
            prop_assert_eq!(deck.len(), usize::try_from(parts).unwrap());
            let mut handed_out = Fen::ZERO;
            for amount in deck {
                prop_assert!(spec.bounds().contains(amount));
                handed_out = handed_out.checked_add(amount).unwrap();
                prop_assert!(handed_out <= spec.total());
            }
            prop_assert_eq!(handed_out, spec.total());
        }
    }

    /// A problem is accepted exactly if `parts * min <= total <= parts * max`.
    #[test]
    fn infeasible_means_that_an_inequality_fails(
        parts in 1_u32..50, total in 0_u64..3_000, min in 1_u64..60, range in 0_u64..60,
    ) {
        let (least, most) = (u64::from(parts) * min, u64::from(parts) * (min + range));
        let answer = SplitSpec::new(parts, Fen::new(total), bounds(min, min + range));
        match answer {
            Ok(_) => prop_assert!((least..=most).contains(&total)),
            Err(Infeasible::TotalBelowMinimum { .. }) => prop_assert!(total < least),
            Err(Infeasible::TotalAboveMaximum { .. }) => prop_assert!(total > most),
            Err(other) => prop_assert!(false, "{other}"),
        }
    }

    /// No specification, however absurd, makes the check panic.
    #[test]
    fn checking_a_split_never_panics(parts in any::<u32>(), total in any::<u64>(), a in 1_u64.., b in 1_u64..) {
        let _ = SplitSpec::new(parts, Fen::new(total), bounds(a.min(b), a.max(b)));
    }
}
