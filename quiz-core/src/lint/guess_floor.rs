//! The probability that a pure guesser passes, exact for every draw rule.

use std::collections::BTreeMap;

use crate::{
    DrawError, DrawRule, MAX_CHOICES, Origin, PassMark, QuestionBank, QuestionId,
    draw::{self, Bands},
};

/// Probability that somebody who only guesses passes, in millionths, rounded to the nearest.
///
/// ```text
/// 10 of 100 four-option questions, 5 right: 78 127 (40961 of 524288)
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct GuessFloor(u32);

impl GuessFloor {
    /// Guess floor of a bank under a rule and a pass mark.
    ///
    /// Exact but for rounding: the draw is followed question by question, keeping the probability of every pair of
    /// number drawn and number guessed right.
    /// Costs the size of the bank times the square of the number drawn.
    ///
    /// # Errors
    ///
    /// [`DrawError`] if the rule cannot be followed on the bank.
    pub fn of(bank: &QuestionBank, rule: DrawRule, pass_mark: PassMark) -> Result<Self, DrawError> {
        draw::check(bank, rule)?;
        let options = |origin: Option<Origin>| -> Vec<usize> {
            bank.questions()
                .filter(|(id, _)| origin.is_none_or(|o| bank.origin(*id) == Some(o)))
                .map(|(id, _)| n_options(bank, id))
                .collect()
        };
        let right = match rule {
            DrawRule::Simple { n } => right_guesses(&options(None), n),
            DrawRule::Stratified { province, city } => convolve(
                &right_guesses(&options(Some(Origin::Province)), province),
                &right_guesses(&options(Some(Origin::City)), city),
            ),
        };
        Ok(Self(millionths(
            right.iter().skip(usize::from(pass_mark.right())),
        )))
    }

    /// Guess floor of a bank under a balanced draw of `n`.
    ///
    /// The mean over all starts of the draw, each of which fixes how many questions come from each band.
    /// Under a fresh draw a person's first quiz has the floor of its rule; later ones depend on the history.
    /// Costs as [`of`](Self::of), for each way in which the numbers can fall on the bands.
    ///
    /// # Errors
    ///
    /// As [`Quiz::draw_balanced`](crate::Quiz::draw_balanced).
    #[expect(
        clippy::float_arithmetic,
        reason = "a probability to be shown; no draw and no money depends on it"
    )]
    pub fn of_balanced(
        bank: &QuestionBank,
        bands: &Bands,
        n: u16,
        pass_mark: PassMark,
    ) -> Result<Self, DrawError> {
        draw::check_balanced(bank, bands, n)?;
        let sizes: Vec<usize> = bands.bands().iter().map(Vec::len).collect();
        let mut starts_by_counts = BTreeMap::<Vec<usize>, u32>::new();
        let n_starts = u32::try_from(bank.len()).unwrap_or(u32::MAX);
        for start in 0..n_starts {
            let starts = starts_by_counts
                .entry(draw::counts_by_band(&sizes, n, start))
                .or_default();
            *starts = starts.saturating_add(1);
        }
        let mut passing = Vec::with_capacity(starts_by_counts.len());
        for (counts, starts) in starts_by_counts {
            let mut right = vec![1.0];
            for (band, count) in bands.bands().iter().zip(counts) {
                let options: Vec<usize> = band.iter().map(|id| n_options(bank, *id)).collect();
                let count = u16::try_from(count).unwrap_or(u16::MAX);
                right = convolve(&right, &right_guesses(&options, count));
            }
            let tail: f64 = right.iter().skip(usize::from(pass_mark.right())).sum();
            passing.push(tail * f64::from(starts) / f64::from(n_starts));
        }
        Ok(Self(millionths(passing.iter())))
    }

    /// The probability in millionths.
    #[must_use]
    pub const fn millionths(self) -> u32 {
        self.0
    }
}

fn n_options(bank: &QuestionBank, id: QuestionId) -> usize {
    bank.question(id)
        .map_or(MAX_CHOICES, |question| question.choices().len())
}

/// Probability of each number of right guesses when `n` of the questions are drawn.
///
/// Selection sampling: with `left` questions to come and `k` still to be drawn, the next is drawn with probability
/// `k / left`, and then guessed with probability one over its number of options.
#[expect(
    clippy::float_arithmetic,
    reason = "a probability to be shown; no draw and no money depends on it"
)]
fn right_guesses(n_options: &[usize], n: u16) -> Vec<f64> {
    let drawn_max = usize::from(n);
    let width = drawn_max.saturating_add(1);
    // weights[drawn][right]
    let mut weights = vec![vec![0.0_f64; width]; width];
    if let Some(start) = weights.first_mut().and_then(|row| row.first_mut()) {
        *start = 1.0;
    }
    for (index, options) in n_options.iter().enumerate() {
        let left = real(n_options.len().saturating_sub(index));
        let guess = 1.0 / real((*options).clamp(1, MAX_CHOICES));
        let mut next = vec![vec![0.0_f64; width]; width];
        for (drawn, row) in weights.iter().enumerate() {
            let taken = real(drawn_max.saturating_sub(drawn)) / left;
            for (right, weight) in row.iter().enumerate().filter(|(_, weight)| **weight > 0.0) {
                add(&mut next, drawn, right, weight * (1.0 - taken));
                add(
                    &mut next,
                    drawn.saturating_add(1),
                    right,
                    weight * taken * (1.0 - guess),
                );
                add(
                    &mut next,
                    drawn.saturating_add(1),
                    right.saturating_add(1),
                    weight * taken * guess,
                );
            }
        }
        weights = next;
    }
    weights.pop().unwrap_or_default()
}

#[expect(
    clippy::float_arithmetic,
    reason = "a probability to be shown; no draw and no money depends on it"
)]
fn add(weights: &mut [Vec<f64>], drawn: usize, right: usize, weight: f64) {
    if let Some(cell) = weights.get_mut(drawn).and_then(|row| row.get_mut(right)) {
        *cell += weight;
    }
}

/// Probability of each sum of two independent counts.
#[expect(
    clippy::float_arithmetic,
    reason = "a probability to be shown; no draw and no money depends on it"
)]
fn convolve(first: &[f64], second: &[f64]) -> Vec<f64> {
    let mut sums = vec![0.0_f64; first.len().saturating_add(second.len()).saturating_sub(1)];
    for (i, a) in first.iter().enumerate() {
        for (sum, b) in sums.iter_mut().skip(i).zip(second) {
            *sum += a * b;
        }
    }
    sums
}

fn real(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[expect(
    clippy::float_arithmetic,
    clippy::as_conversions,
    reason = "a probability between 0 and 1 in millionths, rounded and clamped, fits in 32 bits"
)]
fn millionths<'a>(probabilities: impl Iterator<Item = &'a f64>) -> u32 {
    let sum: f64 = probabilities.sum();
    (sum * 1_000_000.0).round().clamp(0.0, 1_000_000.0) as u32
}
