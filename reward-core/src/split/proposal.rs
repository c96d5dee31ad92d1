//! Independent parts tilted to the wanted mean: part `x` has weight `w(x) * lambda^x` on `0..=k`, where `w` is 1 for
//! the uniform law.

use super::{
    fixed::{Complex120, ONE_62, ONE_120, log_2, low_64},
    wide::Wide,
};

/// Exponents `1 - 1/d` and `1 + 1/d`, `d = 2, 4, 8, ...`, to which the ratio is raised when tails are bounded.
const TAIL_RATIOS: usize = 12;
/// Exponents 2, 3, 5, 9, ... for tails from below, which serve if the ratio is hardly below 1.
const TAIL_POWERS: usize = 5;
/// So many if every bound walks over a table of weights.
const TAIL_RATIOS_OF_TABLE: usize = 6;

/// One in `2^-60`.
const ONE_60: i128 = 1 << 60;

/// How often a part of each size is wanted, before the tilt.
#[derive(Debug, Clone)]
pub(super) enum Weights {
    /// All sizes alike.
    Flat,
    /// One weight for each size from 0 to the span.
    Table(Vec<u32>),
}

impl Weights {
    pub(super) fn of(&self, part: u32) -> u32 {
        match self {
            Self::Flat => 1,
            Self::Table(weights) => usize::try_from(part)
                .ok()
                .and_then(|index| weights.get(index).copied())
                .unwrap_or(0),
        }
    }
}

/// The law of one independent part.
#[derive(Debug, Clone)]
pub(super) struct Proposal {
    weights: Weights,
    /// Greatest part.
    span: u32,
    /// `lambda` in units of `2^-64`, exactly; `None` is 1.
    ratio: Option<u64>,
    /// Sum of all weights after the tilt.
    total: Wide,
}

/// Bounds for the tail of a sum, by another tilt, both numbers in `2^-48`.
///
/// From above `P(sum >= h) <= 2^(parts * rate - h * slope)`, from below `P(sum <= h) <= 2^(parts * rate + h * slope)`.
#[derive(Debug, Clone, Copy)]
pub(super) struct TailBound {
    pub(super) above: bool,
    pub(super) slope: i64,
    pub(super) rate: i64,
}

impl Proposal {
    /// Prepares the law whose mean is about `sum / parts`; at most the mean without a tilt.
    pub(super) fn new(weights: Weights, span: u32, parts: u32, sum: u32) -> Self {
        let ratio = matching_ratio(&weights, span, parts, sum);
        let mut proposal = Self {
            weights,
            span,
            ratio,
            total: Wide::ZERO,
        };
        proposal.total = proposal
            .walk()
            .last()
            .map_or(Wide::ONE, |(_, _, total)| total);
        proposal
    }

    pub(super) const fn span(&self) -> u32 {
        self.span
    }

    /// Sum of all weights after the tilt.
    pub(super) const fn total(&self) -> Wide {
        self.total
    }

    pub(super) const fn weights(&self) -> &Weights {
        &self.weights
    }

    /// Every part with its weight after the tilt and the sum up to it; exact to `2^-130` of the total.
    pub(super) fn walk(&self) -> impl Iterator<Item = (u32, Wide, Wide)> {
        let (mut power, mut sum) = (Wide::ONE, Wide::ZERO);
        (0..=self.span).map(move |part| {
            let weight = power.times(self.weights.of(part));
            sum = sum.plus(weight);
            power = self
                .ratio
                .map_or(power, |ratio| power.times_fraction(ratio));
            (part, weight, sum)
        })
    }

    /// Probability of each part in `Q62`, rounded down, as far as it is not zero; at least that of part 0.
    pub(super) fn probabilities_62(&self) -> Vec<i64> {
        let zeros = self.total.leading_zeros();
        let total = self.total.bits_from(zeros);
        let inverse = (u128::MAX >> 1).checked_div(u128::from(total)).unwrap_or(0);
        let mut probabilities: Vec<i64> = self
            .walk()
            .map(|(_, weight, _)| {
                let product = u128::from(weight.bits_from(zeros)).wrapping_mul(inverse) >> 65;
                i64::try_from(product).unwrap_or(ONE_62)
            })
            .collect();
        let used = probabilities
            .iter()
            .rposition(|&probability| probability > 0)
            .map_or(1, |last| last.saturating_add(1));
        probabilities.truncate(used);
        probabilities
    }

    /// Probability of each part in `Q120`, rounded down.
    pub(super) fn probabilities_120(&self) -> Vec<i128> {
        self.walk()
            .map(|(_, weight, _)| i128::try_from(weight.over(self.total, 120)).unwrap_or(0))
            .collect()
    }

    /// Weight of one part after the tilt, exact to `2^-130`; logarithmic in the part.
    pub(super) fn weight(&self, part: u32) -> Wide {
        let weight = self.weights.of(part);
        let power = self.ratio.map_or(Wide::ONE, |ratio| {
            (0..part).fold(Wide::ONE, |power, _| power.times_fraction(ratio))
        });
        power.times(weight)
    }

    /// For a geometric series, `V` in `Q62` such that the characteristic function at `t` is at most `V / (2 sin(t/2))`.
    ///
    /// The total variation is `2 p` with `p` the probability of part 0; from the closed form, since
    /// `|1 - lambda e^(it)| >= 2 sqrt(lambda) sin(t/2)`, also `p (1 + lambda^(k+1)) / sqrt(lambda)` serves.
    pub(super) fn flat_variation(&self) -> i128 {
        let zero = (self.probability_of_zero() >> 58).saturating_add(1);
        let (power, _) = self.ratio_powers(self.span.saturating_add(1));
        let root = self
            .ratio
            .map_or(1 << 32, |ratio| u128::from(ratio).isqrt());
        let root = i128::try_from(root).unwrap_or(1).max(1);
        let numerator = (power >> 60).saturating_add(ONE_60).saturating_add(1);
        let closed = (zero.saturating_mul(numerator) >> 28)
            .checked_div(root)
            .unwrap_or(i128::MAX)
            .saturating_add(2);
        zero.saturating_mul(2).min(closed)
    }

    /// Probability of part 0 in `Q120`.
    pub(super) fn probability_of_zero(&self) -> i128 {
        let zero = Wide::ONE.times(self.weights.of(0));
        i128::try_from(zero.over(self.total, 120)).unwrap_or(0)
    }

    /// `lambda^exponent` in `Q120`, and `lambda` itself.
    pub(super) fn ratio_powers(&self, exponent: u32) -> (i128, i128) {
        let Some(ratio) = self.ratio else {
            return (ONE_120, ONE_120);
        };
        (power_120(ratio, exponent), i128::from(ratio) << 56)
    }

    /// For `c` growing by a fifth up to the span: half the mean square difference of two parts of at most `c`, in `2^-32`.
    ///
    /// Not above the true value, because every probability is rounded down.
    pub(super) fn spreads(&self) -> Vec<(u64, u128)> {
        let zeros = self.total.leading_zeros();
        let total = self.total.bits_from(zeros);
        let inverse = (u128::MAX >> 1).checked_div(u128::from(total)).unwrap_or(0);
        let probability = |bits: u64| u128::from(bits).wrapping_mul(inverse) >> 95;
        match (&self.weights, self.ratio) {
            (Weights::Flat, Some(ratio)) => {
                // What is rounded down at every step stays below.
                let one = Wide::ONE.bits_from(zeros);
                let powers = std::iter::successors(Some(one), |&power| {
                    Some(low_64(
                        u128::from(power).wrapping_mul(u128::from(ratio)) >> 64,
                    ))
                });
                spreads_of((0..=self.span).zip(powers.map(probability)))
            }
            _ => spreads_of(
                self.walk()
                    .map(|(part, weight, _)| (part, probability(weight.bits_from(zeros)))),
            ),
        }
    }

    /// Bounds for the tails of sums of parts, from coarse to fine; none without a tilt.
    pub(super) fn tail_bounds(&self) -> Vec<TailBound> {
        let Some(ratio) = self.ratio else {
            return Vec::new();
        };
        let count = match self.weights {
            Weights::Flat => TAIL_RATIOS,
            Weights::Table(_) => TAIL_RATIOS_OF_TABLE,
        };
        let log_total = self.total.log_2();
        let rate = |tilt: u64| {
            sum_above(&self.weights, self.span, tilt)
                .saturating_sub(log_total)
                .saturating_add(8)
        };
        let product = |root: u64| low_64((u128::from(ratio).wrapping_mul(u128::from(root))) >> 64);
        let below = |less: u64| {
            let slope = log_2(ratio).saturating_sub(log_2(less)).saturating_add(4);
            let (above, rate) = (false, rate(less));
            (less > 0 && less < ratio).then_some(TailBound { above, slope, rate })
        };
        let mut bounds = Vec::with_capacity(count.saturating_mul(2));
        let mut power = ratio;
        for _ in 0..TAIL_POWERS {
            bounds.extend(below(product(power)));
            power = low_64((u128::from(power).wrapping_mul(u128::from(power))) >> 64);
        }
        let mut root = ratio;
        for _ in 0..count {
            root = low_64((u128::from(root) << 64).isqrt());
            let greater = (u128::from(ratio) << 64)
                .checked_div(u128::from(root))
                .and_then(|greater| u64::try_from(greater).ok())
                .filter(|&greater| greater > ratio);
            if let Some(greater) = greater {
                let slope = log_2(greater)
                    .saturating_sub(log_2(ratio))
                    .saturating_sub(4);
                if slope > 0 {
                    let (above, rate) = (true, rate(greater));
                    bounds.push(TailBound { above, slope, rate });
                }
            }
            bounds.extend(below(product(root)));
        }
        bounds
    }
}

/// The same for parts with their probabilities in `2^-32`.
fn spreads_of(probabilities: impl Iterator<Item = (u32, u128)>) -> Vec<(u64, u128)> {
    let (mut mass, mut first, mut second) = (0_u128, 0_u128, 0_u128);
    let mut spreads = Vec::new();
    let mut next = 1_u32;
    let mut probabilities = probabilities.peekable();
    while let Some((part, probability)) = probabilities.next() {
        let size = u128::from(part);
        mass = mass.wrapping_add(probability);
        first = first.wrapping_add(probability.wrapping_mul(size));
        second = second.wrapping_add(probability.wrapping_mul(size.wrapping_mul(size)));
        if part >= next || probabilities.peek().is_none() {
            next = part.saturating_add(part / 5).saturating_add(1);
            let spread = mass
                .saturating_mul(second)
                .saturating_sub(first.saturating_mul(first));
            spreads.push((u64::from(part), spread >> 32));
        }
    }
    spreads
}

/// Binary logarithm, in `2^-48`, of a number not below the sum of the weights tilted by a ratio.
fn sum_above(weights: &Weights, span: u32, ratio: u64) -> i64 {
    if matches!(weights, Weights::Flat) {
        return flat_sum_above(span, ratio);
    }
    let (mut power, mut sum) = (u64::MAX, 0_u128);
    for part in 0..=span {
        // One more than the rounded power is above the true one.
        let above = u128::from(power)
            .saturating_add(u128::from(part))
            .saturating_add(1);
        sum = sum.saturating_add(above.saturating_mul(u128::from(weights.of(part))));
        power = low_64((u128::from(power).wrapping_mul(u128::from(ratio))) >> 64);
    }
    let shift = 64_u32.saturating_sub(sum.leading_zeros());
    let mantissa = low_64(sum >> shift).saturating_add(1);
    log_2(mantissa)
        .saturating_add(i64::from(shift) << 48)
        .saturating_sub(64 << 48)
        .saturating_add(4)
}

/// The same for equal weights, from `(1 - ratio^(k+1)) / (1 - ratio)`.
fn flat_sum_above(span: u32, ratio: u64) -> i64 {
    // The power may be off by 2^4 units for each of at most 2^24 factors.
    let numerator = ONE_120
        .saturating_sub(power_120(ratio, span.saturating_add(1)))
        .saturating_add(1 << 29)
        .unsigned_abs();
    let shift = 128_u32
        .saturating_sub(numerator.leading_zeros())
        .saturating_sub(63);
    let mantissa = low_64(numerator >> shift).saturating_add(1);
    log_2(mantissa)
        .saturating_add(i64::from(shift) << 48)
        .saturating_sub(log_2(0_u64.wrapping_sub(ratio)))
        .saturating_sub(56 << 48)
        .saturating_add(4)
}

/// `ratio^exponent` in `Q120`.
fn power_120(ratio: u64, exponent: u32) -> i128 {
    let base = Complex120 {
        re: i128::from(ratio) << 56,
        im: 0,
    };
    base.power(exponent).re
}

/// The ratio below 1 whose mean is about `sum / parts`, or `None` if the untilted mean is not above it.
fn matching_ratio(weights: &Weights, span: u32, parts: u32, sum: u32) -> Option<u64> {
    if mean_is_at_most(weights, span, u64::MAX, parts, sum) {
        return None;
    }
    // The complement `1 - lambda` in units of 2^-64: first its size, then its leading bits.
    let complement_serves = |complement: u64| {
        let ratio = 0_u64.wrapping_sub(complement);
        mean_is_at_most(weights, span, ratio, parts, sum)
    };
    let (mut low, mut high) = (0_u32, 63_u32);
    while low < high {
        let middle = u32::midpoint(low, high);
        if complement_serves(1 << middle) {
            high = middle;
        } else {
            low = middle.saturating_add(1);
        }
    }
    let mut complement = 1_u64 << low;
    if complement_serves(complement) {
        complement >>= 1;
    }
    let base = complement.max(1);
    let mut bit = base >> 1;
    let mut steps = 0_u32;
    while bit > 0 && steps < 18 {
        let candidate = complement.wrapping_add(bit);
        if !complement_serves(candidate) {
            complement = candidate;
        }
        bit >>= 1;
        steps = steps.wrapping_add(1);
    }
    Some(0_u64.wrapping_sub(complement.max(1)))
}

/// Whether the mean under a ratio is at most `sum / parts`, to about 40 bits.
fn mean_is_at_most(weights: &Weights, span: u32, ratio: u64, parts: u32, sum: u32) -> bool {
    if matches!(weights, Weights::Flat) {
        return flat_mean_is_at_most(span, ratio, parts, sum);
    }
    let (mut power, mut mass, mut moment) = (u64::MAX, 0_u128, 0_u128);
    for part in 0..=span {
        let weight = u128::from(power >> 16).wrapping_mul(u128::from(weights.of(part)));
        mass = mass.wrapping_add(weight);
        moment = moment.wrapping_add(weight.wrapping_mul(u128::from(part)));
        if ratio < u64::MAX {
            power = low_64((u128::from(power).wrapping_mul(u128::from(ratio))) >> 64);
            if power == 0 {
                break;
            }
        }
    }
    let shift = 64_u32.saturating_sub((mass | moment).leading_zeros());
    let (mass, moment) = (mass >> shift, moment >> shift);
    moment.saturating_mul(u128::from(parts)) <= mass.saturating_mul(u128::from(sum))
}

/// The same for equal weights, and for no tilt if the ratio is `u64::MAX`, from the closed form `lambda / (1 - lambda) - v lambda^v / (1 - lambda^v)`, `v = span + 1`.
fn flat_mean_is_at_most(span: u32, ratio: u64, parts: u32, sum: u32) -> bool {
    if ratio == u64::MAX {
        let twice = u64::from(span).saturating_mul(u64::from(parts));
        return twice <= u64::from(sum).saturating_mul(2);
    }
    let complement = u128::from(0_u64.wrapping_sub(ratio));
    let values = span.saturating_add(1);
    let power = power_120(ratio, values).unsigned_abs();
    let power_complement = ONE_120.unsigned_abs().saturating_sub(power).max(1);
    // Both terms in 2^-48; the second by long division, eight bits at a time.
    let first = (u128::from(ratio) << 48)
        .checked_div(complement)
        .unwrap_or(0);
    let (mut second, mut rest) = (0_u128, power);
    for _ in 0..=6 {
        second = (second << 8).saturating_add(rest.checked_div(power_complement).unwrap_or(0));
        rest = rest.checked_rem(power_complement).unwrap_or(0) << 8;
    }
    let mean = first.saturating_sub(second.saturating_mul(u128::from(values)));
    mean.saturating_mul(u128::from(parts)) <= u128::from(sum) << 48
}
