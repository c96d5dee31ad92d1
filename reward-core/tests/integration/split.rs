//! Every split keeps its sum and bounds, and every engine draws the uniform law.

use std::collections::BTreeMap;

use proptest::prelude::*;
use reward_core::{Engine, Fen, Infeasible, PacketBounds, Split, SplitSpec, Uniform, WordStream};

fn bounds(min: u64, max: u64) -> PacketBounds {
    PacketBounds::new(Fen::new(min), Fen::new(max)).unwrap()
}

fn spec(parts: u32, total: u64, min: u64, max: u64) -> SplitSpec {
    SplitSpec::new(parts, Fen::new(total), bounds(min, max)).unwrap()
}

fn counting_key() -> [u8; 32] {
    let mut key = [0; 32];
    for (byte, value) in key.iter_mut().zip(0..) {
        *byte = value;
    }
    key
}

fn amounts(deck: &[Fen]) -> Vec<u64> {
    deck.iter().map(|amount| amount.get()).collect()
}

/// Every division that the problem allows.
fn enumerate(spec: &SplitSpec) -> Vec<Vec<u64>> {
    fn extend(prefix: &mut Vec<u64>, left: u64, spec: &SplitSpec, found: &mut Vec<Vec<u64>>) {
        if prefix.len() == usize::try_from(spec.parts()).unwrap() {
            if left == 0 {
                found.push(prefix.clone());
            }
            return;
        }
        for part in spec.bounds().min().get()..=spec.bounds().max().get().min(left) {
            prefix.push(part);
            extend(prefix, left - part, spec, found);
            prefix.pop();
        }
    }
    let mut found = Vec::new();
    extend(&mut Vec::new(), spec.total().get(), spec, &mut found);
    found
}

/// Pearson's statistic of `draws` decks against equal probabilities, and its 1 - 1e-6 quantile (Wilson and Hilferty).
fn chi_square(spec: &SplitSpec, draws: u32, mut draw: impl FnMut() -> Vec<u64>) -> (f64, f64) {
    let mut counts: BTreeMap<Vec<u64>, u32> =
        enumerate(spec).into_iter().map(|deck| (deck, 0)).collect();
    for _ in 0..draws {
        let deck = draw();
        *counts
            .get_mut(&deck)
            .unwrap_or_else(|| panic!("{deck:?} is not a division of {spec:?}")) += 1;
    }
    let cells = f64::from(u32::try_from(counts.len()).unwrap());
    let expected = f64::from(draws) / cells;
    let statistic = counts
        .values()
        .map(|&count| (f64::from(count) - expected).powi(2) / expected)
        .sum();
    let spread = 2.0 / (9.0 * (cells - 1.0));
    let limit = (cells - 1.0) * (1.0 - spread + 4.753_4 * spread.sqrt()).powi(3);
    (statistic, limit)
}

fn check_uniform(spec: &SplitSpec, engine: Engine) {
    let law = Uniform::with_engine(*spec, engine);
    let mut words = WordStream::new([17; 32]);
    let (statistic, limit) = chi_square(spec, 20_000, || amounts(&law.draw(&mut words)));
    assert!(
        statistic < limit,
        "{engine:?} on {spec:?}: {statistic} against {limit}"
    );
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
        check_uniform(&spec, Engine::Bars);
    }
}

#[test]
fn every_division_is_equally_likely_with_a_tilt() {
    for spec in small_problems() {
        check_uniform(&spec, Engine::Tilted);
    }
}

/// The popular "cut the line at random points" is caught by the same test, so the test has power.
#[test]
fn cutting_a_line_at_points_that_may_coincide_is_not_uniform() {
    let spec = spec(3, 12, 1, 10);
    let mut words = WordStream::new([17; 32]);
    let (statistic, limit) = chi_square(&spec, 20_000, || {
        let mut cut = || u64::from(words.below(std::num::NonZeroU32::new(10).unwrap()));
        let (a, b) = (cut(), cut());
        let (low, high) = (a.min(b), a.max(b));
        vec![low + 1, high - low + 1, 9 - high + 1]
    });
    assert!(statistic > 5.0 * limit, "{statistic} against {limit}");
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
    let (parts, span, sum, draws) = (16_u32, 30_usize, 150_usize, 6_000_u32);
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

/// Computed by an independent program from the documentation of [`Uniform`].
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
        [2878, 3875, 3433, 4067, 4075, 901, 3710, 652],
        3_152_093,
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
        [121, 150, 57, 140, 84, 132, 135, 62],
        46_888,
    );
    check(
        spec(100, 14_300, 10, 200),
        tilted,
        [184, 189, 140, 125, 136, 15, 180, 119],
        725_314,
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
        [25, 21, 10, 20, 12, 22, 26, 17],
        401_363,
    );
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
