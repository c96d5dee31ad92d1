//! How unequally a sum is divided: indices over a set of amounts.

use super::{count, real};
use crate::Fen;

/// Amounts whose inequality is measured: at least one, none negative, not all zero.
///
/// The order is of no matter; all indices but the absolute [`mean`](Self::mean) are unchanged by a common factor, and
/// all are 0 (Jain: 1) for equal amounts.
///
/// ```
/// use reward_core::metrics::Amounts;
///
/// let amounts = Amounts::new([1.0, 2.0, 3.0, 4.0])?;
/// assert!((amounts.gini() - 0.25).abs() < 1e-12);
/// assert!((amounts.jain() - 100.0 / 120.0).abs() < 1e-12);
/// # Ok::<(), reward_core::metrics::MetricsError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Amounts {
    /// Ascending.
    sorted: Vec<f64>,
    sum: f64,
}

impl Amounts {
    /// Takes amounts in any unit; cost of sorting.
    ///
    /// # Errors
    ///
    /// [`MetricsError::Empty`], [`MetricsError::NotAnAmount`] for a negative or non-finite value,
    /// [`MetricsError::AllZero`].
    pub fn new(amounts: impl IntoIterator<Item = f64>) -> Result<Self, MetricsError> {
        let mut sorted: Vec<f64> = amounts.into_iter().collect();
        if sorted.is_empty() {
            return Err(MetricsError::Empty);
        }
        if let Some(&found) = sorted.iter().find(|x| !x.is_finite() || **x < 0.0) {
            return Err(MetricsError::NotAnAmount { found });
        }
        sorted.sort_unstable_by(f64::total_cmp);
        let sum = sorted.iter().sum();
        if sum <= 0.0 {
            return Err(MetricsError::AllZero);
        }
        Ok(Self { sorted, sum })
    }

    /// Takes amounts in fen; cost of sorting.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn of_fen(amounts: impl IntoIterator<Item = Fen>) -> Result<Self, MetricsError> {
        Self::new(amounts.into_iter().map(|amount| real(amount.get())))
    }

    /// Returns the arithmetic mean.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.sum / count(&self.sorted)
    }

    /// Returns Gini's index `sum_i (2i - n - 1) x_(i) / (n sum x)`, in `0..=(n-1)/n`.
    ///
    /// Half the mean difference of two amounts drawn with replacement, over the mean (Gini 1912).
    #[must_use]
    pub fn gini(&self) -> f64 {
        let n = count(&self.sorted);
        let mut weight = 1.0 - n;
        let mut weighted = 0.0;
        for x in &self.sorted {
            weighted += weight * x;
            weight += 2.0;
        }
        weighted / (n * self.sum)
    }

    /// Returns Jain's index `(sum x)^2 / (n sum x^2) = 1 / (1 + CV^2)`, in `1/n..=1` (DEC TR-301, 1984).
    #[must_use]
    pub fn jain(&self) -> f64 {
        let squares: f64 = self.sorted.iter().map(|x| x * x).sum();
        self.sum * self.sum / (count(&self.sorted) * squares)
    }

    /// Returns the coefficient of variation: standard deviation (over `n`) by mean.
    #[must_use]
    pub fn coefficient_of_variation(&self) -> f64 {
        (1.0 / self.jain() - 1.0).max(0.0).sqrt()
    }

    /// Returns Theil's T, `mean(x/m ln(x/m))` with `0 ln 0 = 0`, in `0..=ln n` (Theil 1967).
    #[must_use]
    pub fn theil(&self) -> f64 {
        let mean = self.mean();
        let terms = self.sorted.iter().filter(|x| **x > 0.0);
        let sum: f64 = terms.map(|x| x / mean * (x / mean).ln()).sum();
        sum / count(&self.sorted)
    }

    /// Returns Atkinson's index with aversion `epsilon >= 0`, in `0..=1` (Atkinson 1970).
    ///
    /// `1 - (mean x^(1-e))^(1/(1-e)) / m`, and `1 - geometric mean / m` for `e = 1`.
    /// With `e >= 1` a single zero makes it 1.
    #[must_use]
    pub fn atkinson(&self, epsilon: f64) -> f64 {
        let n = count(&self.sorted);
        let mean = self.mean();
        let power = 1.0 - epsilon;
        let equivalent = if power.abs() < 1e-9 {
            (self.sorted.iter().map(|x| x.ln()).sum::<f64>() / n).exp()
        } else {
            (self.sorted.iter().map(|x| x.powf(power)).sum::<f64>() / n).powf(1.0 / power)
        };
        1.0 - equivalent / mean
    }

    /// Returns the share of the sum that the largest `fraction` of amounts hold; the last one counts in part.
    #[must_use]
    pub fn top_share(&self, fraction: f64) -> f64 {
        let mut wanted = fraction.clamp(0.0, 1.0) * count(&self.sorted);
        let mut held = 0.0;
        for x in self.sorted.iter().rev() {
            held += x * wanted.clamp(0.0, 1.0);
            wanted -= 1.0;
        }
        held / self.sum
    }

    /// Returns the largest amount over the mean, in `1..=n`.
    #[must_use]
    pub fn max_over_mean(&self) -> f64 {
        self.sorted.last().copied().unwrap_or(0.0) / self.mean()
    }
}

/// Why values are no amounts.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MetricsError {
    /// There is none.
    #[error("nothing to measure")]
    Empty,
    /// Negative, infinite or not a number.
    #[error("{found} is not an amount")]
    NotAnAmount {
        /// The first such value.
        found: f64,
    },
    /// An index of shares needs something to share.
    #[error("all amounts are zero")]
    AllZero,
    /// A deck of another length than those before.
    #[error("a deck of {found} packets among decks of {expected}")]
    Length {
        /// Packets of the first deck.
        expected: usize,
        /// Packets of this one.
        found: usize,
    },
}
