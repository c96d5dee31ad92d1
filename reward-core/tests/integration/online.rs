//! Drawing one packet after the other has the law of the deck, and the policies built on it keep every cap.

use std::collections::BTreeMap;

use proptest::prelude::*;
use reward_core::{AdaptiveDay, Fen, Infeasible, Online, SplitSpec, WordStream, slot_lottery};

use crate::divisions::{amounts, bounds, chi_square, enumerate, spec};

fn counting_key() -> [u8; 32] {
    let mut key = [0; 32];
    for (byte, value) in key.iter_mut().zip(0..) {
        *byte = value;
    }
    key
}

fn drain(spec: SplitSpec, words: &mut WordStream) -> Vec<Fen> {
    let mut left = Online::new(spec);
    std::iter::from_fn(|| left.draw(words)).collect()
}

/// Places asked one by one, whole runs at a time, a tight greatest packet, one that is rarely met, above the middle.
#[test]
fn packets_drawn_one_by_one_are_a_deck_drawn_at_once() {
    for (seed, spec) in (1..).zip([
        spec(4, 9, 1, 9),
        spec(3, 40, 1, 40),
        spec(2, 90, 1, 90),
        spec(3, 40, 1, 18),
        spec(4, 22, 1, 17),
        spec(4, 20, 1, 6),
    ]) {
        let mut words = WordStream::new([seed; 32]);
        let deviate = chi_square(
            &enumerate(&spec),
            |_| 1.0,
            12_000,
            || amounts(&drain(spec, &mut words)),
        );
        assert!(deviate.normal() < 4.75, "{spec:?}: {}", deviate.statistic);
    }
}

/// The first packet's law from counting, where a greatest packet would be passed once in two to two hundred decks.
#[cfg(feature = "exact-reference")]
#[test]
fn a_greatest_packet_that_is_seldom_met_is_kept_to_exactly() {
    use reward_core::Counting;
    for (seed, spec) in (1..).zip([
        spec(14, 32, 1, 13),
        spec(10, 38, 1, 17),
        spec(10, 38, 1, 14),
        spec(20, 60, 1, 15),
    ]) {
        let all = Counting::new(spec).unwrap().divisions();
        let mut words = WordStream::new([seed; 32]);
        let draws = 40_000_u32;
        let mut seen: BTreeMap<u64, u32> = BTreeMap::new();
        for _ in 0..draws {
            let first = Online::new(spec).draw(&mut words).unwrap();
            *seen.entry(first.get()).or_default() += 1;
        }
        let (mut statistic, mut rare, mut rare_seen) = (0.0, 0.0, 0.0);
        for amount in 1..=spec.bounds().max().get() {
            let rest = SplitSpec::new(
                spec.parts() - 1,
                Fen::new(spec.total().get() - amount),
                spec.bounds(),
            );
            let rest = rest.map_or(0, |rest| Counting::new(rest).unwrap().divisions());
            #[expect(clippy::as_conversions, reason = "a quotient for a statistic")]
            let expected = f64::from(draws) * (rest as f64 / all as f64);
            let n = f64::from(seen.get(&amount).copied().unwrap_or(0));
            if expected < 5.0 {
                rare += expected;
                rare_seen += n;
            } else {
                statistic += (n - expected).powi(2) / expected;
            }
        }
        if rare > 0.0 {
            statistic += (rare_seen - rare).powi(2) / rare.max(1.0);
        }
        // Beyond the 1 - 1e-6 quantile for 17 degrees of freedom.
        assert!(statistic < 61.0, "{spec:?}: {statistic}");
    }
}

/// Theory: the first of 1,000 has the mean and the spread of every place of the deck, 142.8 and 133.17 fen.
#[test]
fn the_first_packet_of_a_contest_day_has_the_mean_and_spread_of_the_deck() {
    let spec = spec(1_000, 142_800, 10, 10_000);
    let mut words = WordStream::new([8; 32]);
    let drawn: Vec<f64> = (0..40_000)
        .map(|_| {
            let first = Online::new(spec).draw(&mut words).unwrap();
            f64::from(u32::try_from(first.get()).unwrap())
        })
        .collect();
    let mean = drawn.iter().sum::<f64>() / 40_000.0;
    let variance = drawn.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 40_000.0;
    assert!((mean - 142.8).abs() < 3.4, "{mean}");
    assert!(
        (variance.sqrt() - 133.17).abs() < 5.0,
        "{}",
        variance.sqrt()
    );
}

#[test]
fn value_stability_of_packets_drawn_one_by_one() {
    let head = |spec: SplitSpec| {
        let deck = drain(spec, &mut WordStream::new(counting_key()));
        amounts(&deck[..8])
    };
    assert_eq!(
        head(spec(1_000, 142_800, 10, 10_000)),
        [39, 71, 138, 211, 70, 81, 176, 85]
    );
    assert_eq!(
        head(spec(100, 14_300, 10, 200)),
        [186, 173, 119, 182, 163, 199, 166, 153]
    );
    let day: Vec<u64> = {
        let mut day = AdaptiveDay::new(Fen::new(142_800), bounds(10, 10_000));
        let mut words = WordStream::new(counting_key());
        (0..6)
            .map(|taken| day.award(50 - taken, &mut words).unwrap().get())
            .collect()
    };
    assert_eq!(day, [9_994, 97, 450, 3_106, 1_925, 1_900]);
    assert_eq!(
        slot_lottery(12, 5, &mut WordStream::new(counting_key())),
        [11, 5, 3, 8, 4]
    );
}

#[test]
fn a_state_that_cannot_be_paid_out_is_not_resumed() {
    let bounds = bounds(10, 100);
    assert!(Online::resume(3, Fen::new(30), bounds).is_ok());
    assert!(matches!(
        Online::resume(3, Fen::new(29), bounds),
        Err(Infeasible::TotalBelowMinimum { .. })
    ));
    let mut end = Online::resume(0, Fen::ZERO, bounds).unwrap();
    assert_eq!(end.draw(&mut WordStream::new([0; 32])), None);
    assert!(Online::resume(0, Fen::new(1), bounds).is_err());
}

/// 20 of 6 * 5 * 4 ordered choices of 3 among 6 would be 200 each in 24,000; five standard deviations are 70.
#[test]
fn every_ordered_choice_of_a_slot_is_equally_likely() {
    let mut words = WordStream::new([5; 32]);
    let mut seen: BTreeMap<Vec<u32>, i32> = BTreeMap::new();
    for _ in 0..24_000 {
        *seen.entry(slot_lottery(6, 3, &mut words)).or_default() += 1;
    }
    assert_eq!(seen.len(), 120);
    assert!(
        seen.values().all(|count| (count - 200).abs() < 70),
        "{seen:?}"
    );
    let mut all = slot_lottery(4, 9, &mut words);
    all.sort_unstable();
    assert_eq!(all, [0, 1, 2, 3]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// The state never becomes unpayable, whatever was drawn: sum and bounds hold to the end.
    #[test]
    fn packets_drawn_one_by_one_sum_to_the_total_within_bounds(
        parts in 1_u32..60, range in 0_u64..300, permille in 0_u64..=1_000, seed in any::<[u8; 32]>(),
    ) {
        let total = u64::from(parts) * 7 + u64::from(parts) * range * permille / 1_000;
        let spec = spec(parts, total, 7, 7 + range);
        let deck = drain(spec, &mut WordStream::new(seed));
        prop_assert_eq!(deck.len(), usize::try_from(parts).unwrap());
        prop_assert!(deck.iter().all(|&amount| spec.bounds().contains(amount)));
        prop_assert_eq!(Fen::checked_sum(deck), Some(spec.total()));
    }

    /// Whatever is forecast, an adaptive day stays within its bounds and its cap, and ends only without money.
    #[test]
    fn an_adaptive_day_keeps_its_cap_whatever_is_forecast(
        cap in 0_u64..20_000, min in 1_u64..40, range in 0_u64..400, forecasts in proptest::collection::vec(0_u32..600, 1..200),
        seed in any::<[u8; 32]>(),
    ) {
        let bounds = bounds(min, min + range);
        let mut day = AdaptiveDay::new(Fen::new(cap), bounds);
        let mut words = WordStream::new(seed);
        let mut paid = Fen::ZERO;
        for forecast in forecasts {
            match day.award(forecast, &mut words) {
                Some(amount) => {
                    prop_assert!(bounds.contains(amount));
                    paid = paid.checked_add(amount).unwrap();
                }
                None => prop_assert!(day.left() < bounds.min()),
            }
            prop_assert_eq!(paid.checked_add(day.left()), Some(Fen::new(cap)));
        }
    }
}
