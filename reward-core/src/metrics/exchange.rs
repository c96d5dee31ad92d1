//! Tests of the claim that the order of a deck is of no matter.
//!
//! Under exchangeability every permutation of a deck is as likely as the deck itself, so each test below compares the
//! deck with its own permutations and needs no model of the amounts.

use std::num::NonZeroU32;

use super::{MetricsError, count, kolmogorov_p, real};
use crate::WordStream;

/// What is looked at in an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Feature {
    /// The amount itself: do some places get more?
    Level,
    /// Its distance from the deck's mean: do some places risk more? (Levene 1960)
    Spread,
}

impl Feature {
    fn of(self, deck: &[f64]) -> Vec<f64> {
        let mean = deck.iter().sum::<f64>() / count(deck).max(1.0);
        deck.iter()
            .map(|x| match self {
                Self::Level => *x,
                Self::Spread => (x - mean).abs(),
            })
            .collect()
    }
}

/// Does the feature rise or fall with the rank? One number per deck, with its exact permutation moments.
///
/// The statistic of a deck is `sum (k - k_mean) y_k`.
/// Over all permutations of the deck its mean is 0 and its variance `sum (k - k_mean)^2 sum (y - y_mean)^2 / (n - 1)`,
/// so the sum over decks divided by its standard deviation is nearly standard normal.
/// Linear in all packets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SlopeTest {
    feature: Feature,
    sum: f64,
    variance: f64,
}

impl SlopeTest {
    /// Starts without decks.
    #[must_use]
    pub const fn new(feature: Feature) -> Self {
        Self {
            feature,
            sum: 0.0,
            variance: 0.0,
        }
    }

    /// Counts one deck, in the order of the queue; decks may differ in length.
    pub fn add(&mut self, deck: &[f64]) {
        let n = count(deck);
        if n < 2.0 {
            return;
        }
        let values = self.feature.of(deck);
        let mean = values.iter().sum::<f64>() / n;
        let mut rank = -(n - 1.0) / 2.0;
        let (mut slope, mut ranks, mut squares) = (0.0, 0.0, 0.0);
        for y in &values {
            slope += rank * (y - mean);
            ranks += rank * rank;
            squares += (y - mean) * (y - mean);
            rank += 1.0;
        }
        self.sum += slope;
        self.variance += ranks * squares / (n - 1.0);
    }

    /// Returns the statistic in standard deviations, 0 without decks; positive if late places have more of the feature.
    #[must_use]
    pub fn z(&self) -> f64 {
        if self.variance > 0.0 {
            self.sum / self.variance.sqrt()
        } else {
            0.0
        }
    }
}

/// Permutation test of `max_k |mean of the feature at place k - mean of all|` over decks of one length.
///
/// Each round permutes every deck by itself; the result is `(1 + rounds at least as extreme) / (1 + rounds)`, an exact
/// p-value under exchangeability (Phipson and Smyth 2010).
/// Finds any pattern over the places, at `rounds` times the cost of one pass.
///
/// # Errors
///
/// [`MetricsError::Empty`], [`MetricsError::Length`].
pub fn permutation_p(
    decks: &[Vec<f64>],
    feature: Feature,
    rounds: u32,
    words: &mut WordStream,
) -> Result<f64, MetricsError> {
    let expected = decks.first().ok_or(MetricsError::Empty)?.len();
    if let Some(other) = decks.iter().find(|deck| deck.len() != expected) {
        let found = other.len();
        return Err(MetricsError::Length { expected, found });
    }
    let mut values: Vec<Vec<f64>> = decks.iter().map(|deck| feature.of(deck)).collect();
    let observed = greatest_departure(&values, expected);
    let mut extreme = 0_u32;
    for _ in 0..rounds {
        for deck in &mut values {
            shuffle(deck, words);
        }
        // Rounding in the sums must not make a tie look smaller.
        if greatest_departure(&values, expected) >= observed * (1.0 - 1e-12) {
            extreme = extreme.saturating_add(1);
        }
    }
    Ok((1.0 + f64::from(extreme)) / (1.0 + f64::from(rounds)))
}

fn greatest_departure(values: &[Vec<f64>], places: usize) -> f64 {
    let mut sums = vec![0.0; places];
    for deck in values {
        for (sum, y) in sums.iter_mut().zip(deck) {
            *sum += y;
        }
    }
    let mean = sums.iter().sum::<f64>() / count(&sums).max(1.0);
    sums.iter()
        .map(|sum| (sum - mean).abs())
        .fold(0.0, f64::max)
}

/// Fisher and Yates, from the last place down.
fn shuffle(deck: &mut [f64], words: &mut WordStream) {
    for last in (1..deck.len()).rev() {
        let places = u32::try_from(last).unwrap_or(u32::MAX).saturating_add(1);
        let places = NonZeroU32::new(places).unwrap_or(NonZeroU32::MIN);
        let chosen = usize::try_from(words.below(places)).unwrap_or(0);
        deck.swap(last, chosen.min(last));
    }
}

/// Kolmogorov and Smirnov's two-sample test between the first and the last halves of all decks; the middle of an odd
/// deck is left out.
///
/// The law of the statistic is that of independent samples; the parts of one deck are not quite, which makes the test
/// slightly too shy on short decks.
///
/// # Errors
///
/// [`MetricsError::Empty`] if no deck has two packets.
pub fn halves_ks_p(decks: &[Vec<f64>]) -> Result<f64, MetricsError> {
    let (mut first, mut last) = (Vec::new(), Vec::new());
    for deck in decks {
        let half = deck.len() / 2;
        first.extend(deck.iter().take(half));
        last.extend(deck.iter().rev().take(half));
    }
    if first.is_empty() {
        return Err(MetricsError::Empty);
    }
    first.sort_unstable_by(f64::total_cmp);
    last.sort_unstable_by(f64::total_cmp);
    let n = count(&first);
    let (mut left, mut right) = (first.iter().peekable(), last.iter().peekable());
    let (mut below_left, mut below_right, mut greatest) = (0.0_f64, 0.0_f64, 0.0_f64);
    while let (Some(&&a), Some(&&b)) = (left.peek(), right.peek()) {
        let at = a.min(b);
        while left.next_if(|x| **x <= at).is_some() {
            below_left += 1.0;
        }
        while right.next_if(|x| **x <= at).is_some() {
            below_right += 1.0;
        }
        greatest = greatest.max((below_left - below_right).abs() / n);
    }
    Ok(kolmogorov_p(greatest * (n / 2.0).sqrt()))
}

/// A bet against exchangeability that can be watched while decks come in, and stopped at any time.
///
/// Each deck is folded: its first place meets its last, its second the last but one.
/// Under exchangeability the later of the two has more of the feature as often as less, so a bet on it is fair and the
/// wealth a martingale; by Ville's inequality it ever reaches `1/p` with probability at most `p`.
/// Pairs within a deck are bet on together, so that their dependence does no harm: the stake of a deck is fixed before
/// it is opened, and the deck's gain, in `-1..=1`, is the mean over its pairs.
/// The stake is `gains / (1 + sum of squared gains)` of the wealth, at most a half: nearly the growth-optimal one for
/// the gains seen so far.
/// After testing exchangeability by pairwise betting, Saha and Ramdas (2023).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SwapBet {
    feature: Feature,
    log_wealth: f64,
    gains: f64,
    squares: f64,
}

impl SwapBet {
    /// Starts with a wealth of one.
    #[must_use]
    pub const fn new(feature: Feature) -> Self {
        Self {
            feature,
            log_wealth: 0.0,
            gains: 0.0,
            squares: 0.0,
        }
    }

    /// Bets on one deck.
    pub fn add(&mut self, deck: &[f64]) {
        let values = self.feature.of(deck);
        let pairs = values.len() / 2;
        if pairs == 0 {
            return;
        }
        let won: f64 = values
            .iter()
            .zip(values.iter().rev())
            .take(pairs)
            .map(|(early, late)| {
                if late > early {
                    1.0
                } else if late < early {
                    -1.0
                } else {
                    0.0
                }
            })
            .sum();
        let gain = won / real(u64::try_from(pairs).unwrap_or(u64::MAX));
        // The growth-optimal share of what was seen so far, held back to a half.
        let stake = (self.gains / (self.squares + 1.0)).clamp(-0.5, 0.5);
        self.log_wealth += (stake * gain).ln_1p();
        self.gains += gain;
        self.squares += gain * gain;
    }

    /// Returns the wealth, 1 at the start; `1 / wealth` bounds the p-value at whatever moment one looks.
    #[must_use]
    pub fn wealth(&self) -> f64 {
        self.log_wealth.exp()
    }
}
