//! Independent geometric parts, tilted to the wanted mean, accepted so that the sum is exact.
//!
//! If every part has weight `e^(-x/tau)` on `0..=k`, a vector with sum `t` has weight `e^(-t/tau)` whatever its parts:
//! conditioned on the sum the law is uniform for every `tau`, which only decides how often an attempt succeeds.
//! All but the last part are drawn; the last is what the sum lacks, accepted with its own weight.
//! The exponential weights are compared exactly by von Neumann's alternating-series game (Canonne, Kamath and Steinke,
//! "The Discrete Gaussian for Differential Privacy", 2020, algorithms 1 and 2), which needs integers only.

use std::num::NonZeroU32;

use super::uniform::Reduced;
use crate::WordStream;

/// One, in the fixed-point arithmetic that chooses the tilt.
const ONE: u128 = 1 << 30;
/// Below this reduced distance from the middle the untilted proposal serves: `y < 2^-10`.
const NEAR_MIDDLE: u128 = 1 << 20;
/// Below this span the lattice shows, and the approximation for a continuous part would miss the mean.
const SMALL_SPAN: u32 = 256;

/// The proposal of one problem.
#[derive(Debug, Clone)]
pub(super) struct Tilt {
    /// Parts drawn freely: all but one.
    free_parts: u32,
    surplus: u32,
    /// Values of a part: `span + 1`.
    values: NonZeroU32,
    /// `None` proposes every value equally.
    decay: Option<Decay>,
}

/// The weight `e^(-x * step / scale)` of a part `x`.
#[derive(Debug, Clone, Copy)]
struct Decay {
    scale: NonZeroU32,
    step: NonZeroU32,
}

impl Tilt {
    pub(super) fn new(problem: &Reduced) -> Self {
        Self {
            free_parts: problem.parts.saturating_sub(1),
            surplus: problem.surplus,
            values: NonZeroU32::MIN.saturating_add(problem.span),
            decay: Decay::matching_mean(problem),
        }
    }

    /// Proposes until a vector is accepted; about `sqrt(parts)` proposals.
    pub(super) fn draw(&self, words: &mut WordStream) -> Vec<u32> {
        loop {
            if let Some(parts) = self.attempt(words) {
                return parts;
            }
        }
    }

    /// One proposal, given up as soon as the parts exceed the surplus.
    fn attempt(&self, words: &mut WordStream) -> Option<Vec<u32>> {
        let mut parts = Vec::with_capacity(
            usize::try_from(self.values.get().min(self.free_parts)).unwrap_or(0),
        );
        let mut lacking = self.surplus;
        for _ in 0..self.free_parts {
            let part = self.part(words);
            lacking = lacking.checked_sub(part)?;
            parts.push(part);
        }
        let fits = lacking < self.values.get();
        let accepted = fits && self.decay.is_none_or(|decay| decay.accepts(lacking, words));
        accepted.then(|| {
            parts.push(lacking);
            parts
        })
    }

    fn part(&self, words: &mut WordStream) -> u32 {
        let Some(decay) = self.decay else {
            return words.below(self.values);
        };
        loop {
            let part = decay.geometric(words);
            if part < u64::from(self.values.get()) {
                return u32::try_from(part).unwrap_or(u32::MAX);
            }
        }
    }
}

impl Decay {
    /// The decay whose mean part is about `t / n`, or `None` near the middle of the range.
    ///
    /// With `y = (n*k - 2t) / (n*(k+1))` the wanted `(k+1)/tau` is twice the inverse Langevin function of `y`, taken by
    /// Kröger's rational approximation (J. Non-Newton. Fluid Mech. 223, 2015):
    /// `y * (15 - 6y^2 - y^4 + 2y^6) / (5 * (1 - y^2))`, in units of `2^-30`, every quotient rounded down.
    /// For `k < 256` the scale is searched with the exact mean instead.
    fn matching_mean(problem: &Reduced) -> Option<Self> {
        let (parts, span) = (u128::from(problem.parts), u128::from(problem.span));
        let values = span.saturating_add(1);
        let twice_surplus = u128::from(problem.surplus).saturating_mul(2);
        let y = parts
            .saturating_mul(span)
            .saturating_sub(twice_surplus)
            .saturating_mul(ONE)
            .checked_div(parts.saturating_mul(values))?;
        if y < NEAR_MIDDLE {
            return None;
        }
        let square = times(y, y);
        let fourth = times(square, square);
        let sixth = times(fourth, square);
        let polynomial = ONE
            .saturating_mul(15)
            .saturating_sub(square.saturating_mul(6))
            .saturating_sub(fourth)
            .saturating_add(sixth.saturating_mul(2));
        let numerator = times(y, polynomial).saturating_mul(2);
        let denominator = ONE.saturating_sub(square).saturating_mul(5);
        // The step makes the scale fine enough when a part has few values.
        let step = (1_u128 << 16).checked_div(values)?.saturating_add(1);
        let scale = if problem.span < SMALL_SPAN {
            scale_by_search(problem, step)
        } else {
            step.saturating_mul(values)
                .saturating_mul(denominator)
                .checked_div(numerator)?
        };
        Some(Self {
            scale: NonZeroU32::new(u32::try_from(scale).unwrap_or(u32::MAX))?,
            step: NonZeroU32::new(u32::try_from(step).unwrap_or(u32::MAX))?,
        })
    }

    /// A part with weight `e^(-x * step / scale)` on all `x >= 0`.
    fn geometric(self, words: &mut WordStream) -> u64 {
        let remainder = loop {
            let candidate = words.below(self.scale);
            if happens_exp(candidate, self.scale, words) {
                break candidate;
            }
        };
        let mut whole = 0_u64;
        while happens_exp_of_one(words) {
            whole = whole.saturating_add(1);
        }
        let fine = whole
            .saturating_mul(u64::from(self.scale.get()))
            .saturating_add(u64::from(remainder));
        fine.checked_div(u64::from(self.step.get())).unwrap_or(fine)
    }

    /// True with probability `e^(-part * step / scale)`.
    fn accepts(self, part: u32, words: &mut WordStream) -> bool {
        let exponent = u64::from(part).saturating_mul(u64::from(self.step.get()));
        let scale = u64::from(self.scale.get());
        let whole = exponent.checked_div(scale).unwrap_or(0);
        let remainder = exponent
            .checked_rem(scale)
            .and_then(|fine| u32::try_from(fine).ok())
            .unwrap_or(0);
        (0..whole).all(|_| happens_exp_of_one(words)) && happens_exp(remainder, self.scale, words)
    }
}

/// The least scale below `2^32` whose mean part is at least `t / n`; the mean rises with the scale.
fn scale_by_search(problem: &Reduced, step: u128) -> u128 {
    let (mut low, mut high) = (1_u128, u128::from(u32::MAX));
    while low < high {
        let middle = u128::midpoint(low, high);
        if mean_is_reached(problem, step, middle) {
            high = middle;
        } else {
            low = middle.saturating_add(1);
        }
    }
    low
}

/// Whether the weights `e^(-x * step / scale)` on `0..=k` have a mean of at least `t / n`, in units of `2^-60`.
///
/// The ratio of neighbours is `1 - h + h^2/2` for `h = step / scale / 2^16`, squared sixteen times.
fn mean_is_reached(problem: &Reduced, step: u128, scale: u128) -> bool {
    let h = (step << 44).checked_div(scale).unwrap_or(0);
    let mut ratio = (1_u128 << 60)
        .saturating_sub(h)
        .saturating_add(h.saturating_mul(h) >> 61);
    for _ in 0..16 {
        ratio = ratio.saturating_mul(ratio) >> 60;
    }
    let (mut weight, mut weights, mut moment) = (1_u128 << 60, 0_u128, 0_u128);
    for part in 0..=problem.span {
        weights = weights.saturating_add(weight);
        moment = moment.saturating_add(weight.saturating_mul(u128::from(part)));
        weight = weight.saturating_mul(ratio) >> 60;
    }
    moment.saturating_mul(u128::from(problem.parts))
        >= weights.saturating_mul(u128::from(problem.surplus))
}

/// Product of two fixed-point numbers, rounded down.
fn times(a: u128, b: u128) -> u128 {
    a.saturating_mul(b) >> 30
}

/// True with probability `e^(-numerator / scale)`, for `numerator <= scale`.
///
/// Rounds `1, 2, 3, ...` each succeed with probability `numerator / scale / round`; the result is whether the first to
/// fail is odd, because `1 - g + g^2/2! - ...` sums those cases.
fn happens_exp(numerator: u32, scale: NonZeroU32, words: &mut WordStream) -> bool {
    let mut round = NonZeroU32::MIN;
    while words.below(scale) < numerator && words.below(round) == 0 {
        round = round.saturating_add(1);
    }
    round.get() % 2 == 1
}

/// True with probability `1/e`.
fn happens_exp_of_one(words: &mut WordStream) -> bool {
    let mut round = NonZeroU32::MIN;
    while words.below(round) == 0 {
        round = round.saturating_add(1);
    }
    round.get() % 2 == 1
}
