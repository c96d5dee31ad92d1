//! Laws that favour some sizes of packet over others and still no place in the deck.

use super::{
    Exchangeable, Split, SplitSpec,
    fixed::log_2,
    proposal::Weights,
    reduced::Reduced,
    sealed::Sealed,
    tilted::{Effort, Tilted},
};
use crate::{Fen, PacketBounds, WordStream};

/// How rough a table may be: its total rise and fall, in multiples of its greatest weight.
const MOST_ROUGHNESS: u64 = 4;
/// Greatest weight of the shapes made here.
const SCALE: u64 = 1 << 24;

/// A whole-number weight for every amount between the bounds.
///
/// The numbers themselves are the law, so whoever has the table can check it; no formula has to be trusted.
/// The shapes are computed with integers only and are the same on every machine.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct WeightTable {
    bounds: PacketBounds,
    weights: Vec<u32>,
}

impl WeightTable {
    /// Takes one weight for each amount from the least to the greatest.
    ///
    /// # Errors
    ///
    /// [`WeightsError`] names the first condition that fails.
    pub fn new(bounds: PacketBounds, weights: Vec<u32>) -> Result<Self, WeightsError> {
        let sizes = bounds
            .max()
            .get()
            .saturating_sub(bounds.min().get())
            .saturating_add(1);
        let found = u64::try_from(weights.len()).unwrap_or(u64::MAX);
        if found != sizes {
            return Err(WeightsError::Length { found, sizes });
        }
        if let Some(place) = weights.iter().position(|&weight| weight == 0) {
            let above = u64::try_from(place).unwrap_or(u64::MAX);
            let amount = Fen::new(bounds.min().get().saturating_add(above));
            return Err(WeightsError::Zero { amount });
        }
        let greatest = u64::from(weights.iter().copied().max().unwrap_or(0));
        let mut before = 0_u32;
        let mut variation = 0_u64;
        for &weight in weights.iter().chain([&0]) {
            variation = variation.saturating_add(u64::from(weight.abs_diff(before)));
            before = weight;
        }
        if variation > greatest.saturating_mul(MOST_ROUGHNESS) {
            return Err(WeightsError::TooRough {
                variation,
                greatest,
            });
        }
        Ok(Self { bounds, weights })
    }

    /// All amounts alike up to a ceiling, and as rare as the scale allows above it: the range of the popular "up to
    /// twice the mean", without its bias.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn flat_up_to(bounds: PacketBounds, ceiling: Fen) -> Result<Self, WeightsError> {
        Self::shaped(
            bounds,
            |amount| if amount <= ceiling.get() { SCALE } else { 1 },
        )
    }

    /// The bell of a normal law cut to the bounds: weight `e^(-(x - mean)^2 / (2 deviation^2))`.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn normal(bounds: PacketBounds, mean: Fen, deviation: Fen) -> Result<Self, WeightsError> {
        let square =
            u128::from(deviation.get().max(1)).saturating_mul(u128::from(deviation.get().max(1)));
        Self::shaped(bounds, |amount| {
            let distance = u128::from(amount.abs_diff(mean.get()));
            let exponent = (distance.saturating_mul(distance) << 31)
                .checked_div(square)
                .unwrap_or(0);
            exponential(exponent)
        })
    }

    /// A log-normal law cut to the bounds: weight `e^(-ln(x / median)^2 / (2 s^2)) / x`, relative to its greatest.
    ///
    /// `spread_permille` is `1000 s`; 1000 makes packets `e` times the median as far out as those of a normal law one
    /// standard deviation above the mean.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn log_normal(
        bounds: PacketBounds,
        median: Fen,
        spread_permille: u32,
    ) -> Result<Self, WeightsError> {
        let least = bounds.min().get().max(1);
        let spread = u128::from(spread_permille.max(1));
        Self::shaped(bounds, |amount| {
            // Binary logarithms in 2^-32; the square of a natural one is 2_063_529_982 / 2^32 of theirs.
            let log = u128::from(log_2(amount.max(1)).abs_diff(log_2(median.get().max(1)))) >> 16;
            let exponent = (log.saturating_mul(log) >> 32)
                .saturating_mul(2_063_529_982)
                .saturating_mul(1_000_000)
                .checked_div(spread.saturating_mul(spread))
                .unwrap_or(u128::MAX)
                >> 33;
            exponential(exponent)
                .saturating_mul(least)
                .checked_div(amount.max(1))
                .unwrap_or(0)
        })
    }

    fn shaped(bounds: PacketBounds, weight: impl Fn(u64) -> u64) -> Result<Self, WeightsError> {
        let weights = (bounds.min().get()..=bounds.max().get())
            .map(|amount| u32::try_from(weight(amount).clamp(1, SCALE)).unwrap_or(1))
            .collect();
        Self::new(bounds, weights)
    }

    /// Returns the bounds of the amounts.
    #[must_use]
    pub const fn bounds(&self) -> PacketBounds {
        self.bounds
    }

    /// Returns the weights, from the least amount to the greatest.
    #[must_use]
    pub fn weights(&self) -> &[u32] {
        &self.weights
    }
}

/// `2^24 e^(-exponent / 2^32)` rounded down, from square roots of one half only.
fn exponential(exponent: u128) -> u64 {
    // log2(e) = 6_196_328_019 / 2^32.
    let halvings = exponent.saturating_mul(6_196_328_019) >> 32;
    let whole = u32::try_from(halvings >> 32).unwrap_or(u32::MAX);
    if whole >= 24 {
        return 0;
    }
    let (mut value, mut root) = (1_u128 << 60, 1_u128 << 59);
    for place in (0..32_u32).rev() {
        root = (root << 60).isqrt();
        if (halvings >> place) & 1 == 1 {
            value = value.saturating_mul(root) >> 60;
        }
    }
    u64::try_from(value >> 36_u32.saturating_add(whole)).unwrap_or(0)
}

/// Why weights are not a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WeightsError {
    /// There is not one weight for each amount.
    #[error("{found} weights for {sizes} amounts")]
    Length {
        /// Weights given.
        found: u64,
        /// Amounts between the bounds.
        sizes: u64,
    },
    /// `weight >= 1` fails, so that a total might not be reached at all.
    #[error("the amount {amount} has no weight")]
    Zero {
        /// The first such amount.
        amount: Fen,
    },
    /// `variation <= 4 * greatest` fails: the weights rise and fall so often that preparing a draw would take too long.
    #[error(
        "the weights rise and fall by {variation} in all, more than four times the greatest, {greatest}"
    )]
    TooRough {
        /// Sum of all steps, up and down, from nothing and back to nothing.
        variation: u64,
        /// Greatest weight.
        greatest: u64,
    },
    /// The table and the problem have different bounds.
    #[error("the weights are for other bounds")]
    OtherBounds,
    /// `parts * (max - min) < 2^32` fails.
    #[error("{parts} parts that may differ by {span} fen are too many for weights")]
    TooLarge {
        /// Parts of the problem.
        parts: u32,
        /// Greatest difference of two parts, in fen.
        span: u32,
    },
}

/// The law under which a deck is as likely as the product of its packets' weights.
///
/// Formally: independent amounts with the probabilities of the table, on condition that they sum to the total.
/// Sum and bounds are exact, and every place has the same law.
///
/// ```
/// use reward_core::{Fen, PacketBounds, Split, SplitSpec, WeightTable, Weighted, WordStream};
///
/// let bounds = PacketBounds::new(Fen::new(10), Fen::new(1_000)).expect("in order");
/// let spec = SplitSpec::new(100, Fen::new(14_280), bounds).expect("feasible");
/// let lucky = WeightTable::log_normal(bounds, Fen::new(100), 800)?;
/// let deck = Weighted::new(spec, &lucky)?.draw(&mut WordStream::new([7; 32]));
/// assert_eq!(Fen::checked_sum(deck), Some(Fen::new(14_280)));
/// # Ok::<(), reward_core::WeightsError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Weighted {
    spec: SplitSpec,
    tilted: Tilted,
}

impl Weighted {
    /// Prepares the law for one problem; some milliseconds for ten thousand amounts.
    ///
    /// # Errors
    ///
    /// [`WeightsError::OtherBounds`] or [`WeightsError::TooLarge`].
    pub fn new(spec: SplitSpec, table: &WeightTable) -> Result<Self, WeightsError> {
        Self::with_effort(spec, table, Effort::Least)
    }

    /// Prepares the law so that every comparison is made by the most exact evaluation; the decks must be the same.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    #[cfg(feature = "exact-reference")]
    pub fn deepest(spec: SplitSpec, table: &WeightTable) -> Result<Self, WeightsError> {
        Self::with_effort(spec, table, Effort::Deepest)
    }

    fn with_effort(
        spec: SplitSpec,
        table: &WeightTable,
        effort: Effort,
    ) -> Result<Self, WeightsError> {
        if spec.bounds() != table.bounds {
            return Err(WeightsError::OtherBounds);
        }
        let (parts, surplus, span) = (spec.parts(), spec.surplus(), spec.span());
        let most = u64::from(parts).saturating_mul(u64::from(span));
        if u32::try_from(most).is_err() {
            return Err(WeightsError::TooLarge { parts, span });
        }
        let sizes = usize::try_from(span)
            .unwrap_or(usize::MAX)
            .saturating_add(1);
        let mut weights: Vec<u32> = table.weights.iter().copied().take(sizes).collect();
        let (mut mass, mut moment) = (0_u128, 0_u128);
        for (part, &weight) in (0_u32..).zip(&weights) {
            mass = mass.saturating_add(u128::from(weight));
            moment = moment.saturating_add(u128::from(weight).saturating_mul(u128::from(part)));
        }
        // A tilt only lowers the mean, so a sum above the mean is drawn upside down.
        let above =
            mass.saturating_mul(u128::from(surplus)) > moment.saturating_mul(u128::from(parts));
        let problem = if above {
            weights.reverse();
            Reduced::turned(parts, surplus, span)
        } else {
            Reduced::upright(parts, surplus, span)
        };
        Ok(Self {
            spec,
            tilted: Tilted::new(problem, Weights::Table(weights), effort),
        })
    }
}

impl Split for Weighted {
    fn spec(&self) -> &SplitSpec {
        &self.spec
    }

    fn draw(&self, words: &mut WordStream) -> Vec<Fen> {
        let min = self.spec.bounds().min().get();
        self.tilted
            .draw(words, |part| Fen::new(min.saturating_add(u64::from(part))))
    }
}

impl Sealed for Weighted {}

/// A product of weights does not change with the order of its factors.
impl Exchangeable for Weighted {}
