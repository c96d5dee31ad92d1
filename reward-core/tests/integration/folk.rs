//! The folk laws keep the sum and show the biases that theory predicts.

use proptest::prelude::*;
use reward_core::{Fen, FolkLaw, PacketBounds, SplitSpec, WordStream};

fn spec(parts: u32, total: u64, min: u64) -> SplitSpec {
    let bounds = PacketBounds::new(Fen::new(min), Fen::new(total)).unwrap();
    SplitSpec::new(parts, Fen::new(total), bounds).unwrap()
}

fn decks(law: FolkLaw, spec: &SplitSpec, decks: u32) -> Vec<Vec<f64>> {
    let mut words = WordStream::new([31; 32]);
    (0..decks)
        .map(|_| {
            law.draw(spec, &mut words)
                .iter()
                .map(|amount| f64::from(u32::try_from(amount.get()).unwrap()))
                .collect()
        })
        .collect()
}

fn mean_at(decks: &[Vec<f64>], place: usize) -> f64 {
    let n = f64::from(u32::try_from(decks.len()).unwrap());
    decks.iter().map(|deck| deck[place]).sum::<f64>() / n
}

fn variance_at(decks: &[Vec<f64>], place: usize) -> f64 {
    let n = f64::from(u32::try_from(decks.len()).unwrap());
    let mean = mean_at(decks, place);
    decks
        .iter()
        .map(|deck| (deck[place] - mean).powi(2))
        .sum::<f64>()
        / n
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever their bias, no fen appears or disappears and no packet is below the floor.
    #[test]
    fn every_folk_deck_sums_to_its_total_above_its_floor(
        parts in 1_u32..200, surplus in 0_u64..100_000, min in 1_u64..50, seed in any::<[u8; 32]>(),
    ) {
        let spec = spec(parts, u64::from(parts) * min + surplus, min);
        for law in FolkLaw::ALL {
            let deck = law.draw(&spec, &mut WordStream::new(seed));
            prop_assert_eq!(deck.len(), usize::try_from(parts).unwrap());
            prop_assert!(deck.iter().all(|amount| amount.get() >= min), "{:?}", law);
            prop_assert_eq!(Fen::checked_sum(deck), Some(spec.total()), "{:?}", law);
        }
    }
}

/// Theory: `Var(X_k) / mean^2 = (4/3) prod (1 + 1/(3 j^2)) - 1` over `j` from `n - k + 1` to `n - 1`; 1/3 first, .5892 last.
#[test]
fn double_mean_favours_nobody_on_average_but_scatters_the_last() {
    let decks = decks(FolkLaw::DoubleMean, &spec(10, 1_000_010, 1), 20_000);
    for place in [0, 4, 9] {
        let ratio = mean_at(&decks, place) / 100_001.0;
        assert!((ratio - 1.0).abs() < 0.03, "place {place}: {ratio}");
    }
    let relative = |place| variance_at(&decks, place) / 1e10;
    assert!((relative(0) - 0.3333).abs() < 0.02, "{}", relative(0));
    assert!((relative(9) - 0.5892).abs() < 0.04, "{}", relative(9));
}

/// Theory: the mean of place `k` is `t / 2^k`.
#[test]
fn remaining_random_halves_the_mean_from_place_to_place() {
    let decks = decks(FolkLaw::RemainingRandom, &spec(10, 1_000_010, 1), 20_000);
    for (place, expect) in [(0, 500_000.0), (1, 250_000.0), (3, 62_500.0)] {
        let ratio = mean_at(&decks, place) / expect;
        assert!((ratio - 1.0).abs() < 0.06, "place {place}: {ratio}");
    }
}

/// Theory: `n Gamma(n - 1/2) / (Gamma(1/2) Gamma(n))`, for ten parts 1.8547.
#[test]
fn safe_total_leaves_the_last_nearly_twice_the_mean() {
    let decks = decks(FolkLaw::SafeTotal, &spec(10, 1_000_010, 1), 20_000);
    let ratio = mean_at(&decks, 9) / 100_001.0;
    assert!((ratio - 1.8547).abs() < 0.04, "{ratio}");
}

/// Theory: the greatest of `n` pieces is `H_n` times the mean, for ten parts 2.929.
#[test]
fn the_greatest_piece_of_a_broken_stick_is_a_harmonic_number() {
    let decks = decks(FolkLaw::BrokenStick, &spec(10, 1_000_010, 1), 20_000);
    let sum: f64 = decks
        .iter()
        .map(|deck| deck.iter().copied().fold(0.0, f64::max))
        .sum();
    let ratio = sum / 20_000.0 / 100_001.0;
    assert!((ratio - 2.929).abs() < 0.03, "{ratio}");
}

/// Theory: the squared coefficient of variation is `(n - 1) / (a n + 1)`.
#[test]
fn the_dirichlet_law_scatters_as_its_shape_says() {
    for (shape_permille, expect) in [(500, 9.0 / 6.0), (1_000, 9.0 / 11.0), (4_000, 9.0 / 41.0)] {
        let law = FolkLaw::Dirichlet {
            shape_permille: std::num::NonZeroU32::new(shape_permille).unwrap(),
        };
        let decks = decks(law, &spec(10, 1_000_010, 1), 20_000);
        for place in [0, 9] {
            let ratio = variance_at(&decks, place) / 1e10 / expect;
            assert!(
                (ratio - 1.0).abs() < 0.06,
                "{shape_permille}, place {place}: {ratio}"
            );
        }
    }
}

#[test]
fn equal_parts_differ_by_one_fen_at_most_and_never_overspend() {
    let deck = FolkLaw::Equal.draw(&spec(18, 100, 1), &mut WordStream::new([0; 32]));
    let amounts: Vec<u64> = deck.iter().map(|amount| amount.get()).collect();
    assert_eq!(amounts[..10], [6; 10]);
    assert_eq!(amounts[10..], [5; 8]);
}

/// Computed by an independent program from the documentation of [`FolkLaw`].
#[test]
fn value_stability_of_the_integer_folk_laws() {
    let head = |law: FolkLaw| {
        let deck = law.draw(&spec(6, 6_006, 1), &mut WordStream::new([5; 32]));
        deck.iter().map(|amount| amount.get()).collect::<Vec<_>>()
    };
    assert_eq!(head(FolkLaw::DoubleMean), [699, 1965, 470, 1402, 1380, 90]);
    assert_eq!(head(FolkLaw::RemainingRandom), [2095, 3619, 82, 153, 53, 4]);
    assert_eq!(head(FolkLaw::SafeTotal), [420, 1293, 402, 1426, 2314, 151]);
    assert_eq!(head(FolkLaw::BrokenStick), [1687, 409, 2304, 1161, 79, 366]);
}
