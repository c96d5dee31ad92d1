//! Whether the parts not drawn yet may be left with a given sum: an exact decision about a probability.
//!
//! With `p` the law of the sum of `B` parts, a remainder `r` is accepted with probability `p(r) / c`, where `c` is
//! not below the greatest `p`.
//! By the inversion formula `N p(r) = 1 + 2 sum Re(f^B e^(-i t r))` over `t = 2 pi j / N`, `0 < j < N / 2`, with `f` the
//! characteristic function of a part, if the sum stays below `N`.
//! A first evaluation in 64 bits carries a bound of its error and decides all but about one case in `2^32`; those it
//! leaves open are decided by one in 120 bits.

use super::{
    fixed::{Complex62, Complex120, ONE_62, ONE_120, log_2, low_32, low_64, mul_120},
    proposal::{Proposal, Weights},
};
use crate::WordStream;

/// What the first evaluation neglects, in bits: tails of the sum and of the characteristic function.
///
/// The first word leaves one case in `2^32` open anyway.
const NEGLECTED_BITS: u32 = 34;
/// What the second evaluation neglects.
const NEGLECTED_BITS_DEEP: u32 = 100;
/// Fraction bits of the sum in the first evaluation, which leaves room for `2^15` terms.
const SUM_BITS: u32 = 48;
/// Fraction bits of the sum in the second.
const SUM_BITS_DEEP: u32 = 108;

/// The acceptance test for the sum of some number of independent parts.
#[derive(Debug, Clone)]
pub(super) struct Remainder {
    parts: u32,
    /// The sum is within but for a probability of `2^-73`, and there are `N` numbers, which is odd.
    window: Window,
    /// `f^B` at the points `j = 1, 2, ...`, in `2^-48`.
    nodes: Vec<Complex62>,
    /// `c * N` in `2^-48`.
    ceiling: u64,
    /// Bound for the error of the first evaluation of `N p(r)`, in `2^-48`.
    slack: i64,
    /// Decide everything with the second evaluation.
    deepest: bool,
}

/// From the least to the greatest sum that matters.
#[derive(Debug, Clone, Copy)]
struct Window {
    least: u64,
    period: u64,
}

impl Window {
    /// A sum's place on the circle of so many points, or `None` outside.
    fn turn(self, sum: u64) -> Option<u64> {
        let within = sum.checked_sub(self.least)? < self.period;
        within.then(|| sum.checked_rem(self.period).unwrap_or(0))
    }
}

impl Remainder {
    pub(super) fn new(proposal: &Proposal, tools: &Tools, parts: u32, deepest: bool) -> Self {
        let (window, count) = tools.points(proposal, parts, NEGLECTED_BITS);
        let mut nodes = tools.characteristic(proposal, window.period, count);
        for node in &mut nodes {
            let power = node.power(parts);
            let shift = 62_u32.saturating_sub(SUM_BITS);
            *node = Complex62 {
                re: power.re >> shift,
                im: power.im >> shift,
            };
        }
        // Of each node: the power doubles the error of `f` once for each part; of their sum: rounding in Horner's
        // scheme, and the error of the point itself, which grows with the node's number.
        let count = i64::try_from(nodes.len()).unwrap_or(i64::MAX);
        let per_node = (i64::from(parts).saturating_mul(tools.error_units) >> 14).saturating_add(8);
        let slack = count
            .saturating_mul(per_node)
            .saturating_add(count.saturating_mul(count) >> 8)
            .saturating_add(1 << SUM_BITS.saturating_sub(NEGLECTED_BITS))
            .saturating_mul(2);
        let sizes = nodes.iter().fold(0_u64, |sum, node| {
            sum.saturating_add(size_above(node)).saturating_add(8)
        });
        let ceiling = (1_u64 << SUM_BITS)
            .saturating_add(sizes.saturating_mul(2))
            .saturating_add(slack.unsigned_abs());
        Self {
            parts,
            window,
            nodes,
            ceiling,
            slack,
            deepest,
        }
    }

    /// True with probability `p(sum) / c`.
    ///
    /// Reads words until the number they spell differs from the probability; the third word decides in any case.
    pub(super) fn accepts(&self, sum: u32, proposal: &Proposal, words: &mut WordStream) -> bool {
        let most = u64::from(self.parts).saturating_mul(u64::from(proposal.span()));
        if u64::from(sum) > most {
            return false;
        }
        let first = words.next_word();
        if !self.deepest {
            let value = i128::from(self.evaluate(sum));
            let slack = i128::from(self.slack);
            let (low, high) = (
                value.saturating_sub(slack) << 32,
                value.saturating_add(slack) << 32,
            );
            let ceiling = i128::from(self.ceiling);
            let reached = ceiling.saturating_mul(i128::from(first));
            if reached.saturating_add(ceiling) <= low {
                return true;
            }
            if reached > high {
                return false;
            }
        }
        let chance = self.chance_96(sum, proposal);
        compare_lazily(chance, first, words)
    }

    /// `N p(sum)` in `2^-48`, off by at most `slack`.
    fn evaluate(&self, sum: u32) -> i64 {
        let Some(turn) = self.window.turn(u64::from(sum)) else {
            return 0;
        };
        let point = Complex62::root(turn, self.window.period);
        let step = Complex62 {
            re: point.re,
            im: point.im.wrapping_neg(),
        };
        let series = horner(&self.nodes, step);
        (1_i64 << SUM_BITS).saturating_add(series.re.saturating_mul(2))
    }

    /// `p(sum) / c` in `2^-96`, rounded down, from an evaluation in 120 bits.
    fn chance_96(&self, sum: u32, proposal: &Proposal) -> u128 {
        // Found again, not kept: this happens less than once in a thousand million packets.
        let tools = Tools::new(proposal);
        let (window, count) = tools.points(proposal, self.parts, NEGLECTED_BITS_DEEP);
        let Some(turn) = window.turn(u64::from(sum)) else {
            return 0;
        };
        let period = window.period;
        let probabilities = proposal.probabilities_120();
        let first = Complex120::root(1, period);
        let back = Complex120::root(period.saturating_sub(turn), period);
        let (mut point, mut turn) = (first, back);
        let mut series = ONE_120 >> 13;
        for _ in 0..count {
            let transform = probabilities.iter().rev().fold(
                Complex120 { re: 0, im: 0 },
                |sum, &probability| {
                    let turned = sum.times(point);
                    Complex120 {
                        re: turned.re.wrapping_add(probability),
                        im: turned.im,
                    }
                },
            );
            let term = transform.power(self.parts).times(turn);
            series = series.wrapping_add(term.re >> 12);
            point = point.times(first);
            turn = turn.times(back);
        }
        let value = u128::try_from(series).unwrap_or(0) << 1;
        // The ceiling counts 2^-48 of the same quantity, so the quotient comes out in 2^-60.
        debug_assert_eq!(SUM_BITS_DEEP, SUM_BITS + 60);
        let adjusted = scale_to_period(value, period, self.window.period);
        let ceiling = u128::from(self.ceiling);
        let whole = adjusted.checked_div(ceiling).unwrap_or(0);
        let rest = adjusted.checked_rem(ceiling).unwrap_or(0);
        let low = (rest << 36).checked_div(ceiling).unwrap_or(0);
        ((whole << 36) | low).min((1 << 96) - 1)
    }
}

/// Turns `from * p` into `to * p`, rounded down.
fn scale_to_period(value: u128, from: u64, to: u64) -> u128 {
    let (from, to) = (u128::from(from.max(1)), u128::from(to));
    let whole = value.checked_div(from).unwrap_or(0);
    let rest = value.checked_rem(from).unwrap_or(0);
    whole
        .saturating_mul(to)
        .saturating_add(rest.saturating_mul(to).checked_div(from).unwrap_or(0))
}

/// Whether a uniform number, of which `first` are the leading bits, lies below a chance in `2^-96`.
pub(super) fn compare_lazily(chance: u128, first: u32, words: &mut WordStream) -> bool {
    let mut word = first;
    for shift in [64_u32, 32, 0] {
        let wanted = low_32(low_64(chance >> shift));
        if word != wanted || shift == 0 {
            return word < wanted;
        }
        word = words.next_word();
    }
    false
}

/// `sum z_j w^j` over `j = 1, 2, ...`, by Horner's scheme on two interleaved halves.
fn horner(nodes: &[Complex62], step: Complex62) -> Complex62 {
    let zero = Complex62 { re: 0, im: 0 };
    let square = step.times(step);
    let plus = |a: Complex62, b: Complex62| Complex62 {
        re: a.re.wrapping_add(b.re),
        im: a.im.wrapping_add(b.im),
    };
    let (pairs, rest) = nodes.as_chunks::<2>();
    let last = rest.first().copied().unwrap_or(zero);
    let (odd, even) = pairs
        .iter()
        .rev()
        .fold((last, zero), |(odd, even), &[first, second]| {
            (
                plus(odd.times(square), first),
                plus(even.times(square), second),
            )
        });
    plus(odd.times(step), even.times(square))
}

/// A number not below the size of a node, in its own units.
fn size_above(node: &Complex62) -> u64 {
    let coarse = |part: i64| (part.unsigned_abs() >> 17).wrapping_add(1);
    let (re, im) = (coarse(node.re), coarse(node.im));
    let square = re.wrapping_mul(re).wrapping_add(im.wrapping_mul(im));
    square.isqrt().wrapping_add(1) << 17
}

/// What is needed of a proposal to place the points of all its sums.
#[derive(Debug)]
pub(super) struct Tools {
    tails: Vec<super::proposal::TailBound>,
    /// Binary logarithm of the total variation of the law of a part, in `2^-48`, not below it.
    log_variation: i64,
    /// For growing `c`, half the mean square difference of two parts of at most `c`, in `2^-32`, not above it.
    spreads: Vec<(u64, u128)>,
    /// For a table: the law of a part in `Q62`.
    probabilities: Vec<i64>,
    /// Bound for the error of the characteristic function and of one squaring, in `Q62` units.
    error_units: i64,
}

impl Tools {
    pub(super) fn new(proposal: &Proposal) -> Self {
        let (probabilities, variation, error_units) = match proposal.weights() {
            Weights::Flat => (Vec::new(), proposal.flat_variation(), 32),
            Weights::Table(_) => {
                let probabilities = proposal.probabilities_62();
                let (mut before, mut variation) = (0_i64, 0_i128);
                for &probability in probabilities.iter().chain([&0]) {
                    let step = probability.abs_diff(before);
                    variation = variation.saturating_add(i128::from(step)).saturating_add(1);
                    before = probability;
                }
                let errors = i64::try_from(probabilities.len()).unwrap_or(i64::MAX);
                (
                    probabilities,
                    variation,
                    errors.saturating_mul(20).saturating_add(32),
                )
            }
        };
        let variation = u64::try_from(variation).unwrap_or(u64::MAX);
        Self {
            tails: proposal.tail_bounds(),
            spreads: proposal.spreads(),
            log_variation: log_2(variation).saturating_sub(62 << 48).saturating_add(4),
            probabilities,
            error_units,
        }
    }

    /// Variance of a part in `2^-32`, not above it.
    pub(super) fn variance(&self) -> u128 {
        self.spreads.last().map_or(0, |&(_, spread)| spread)
    }

    /// Window and number of points by which the law of a sum of parts is known to `2^-bits`.
    ///
    /// The sum is outside of the window with at most that probability, divided by `2^39`.
    /// Beyond the last point `|f|^B` summed up is below `2^-bits`, by bounds that fall from point to point:
    /// `|f| <= V / (2 sin(t / 2))` with `V` the total variation of the law of a part (or less, for a geometric series), and for `t <= pi / c`
    /// `|f|^2 <= 1 - (4 / pi^2) t^2 s` with `s` half the mean square difference of two parts of at most `c`.
    fn points(&self, proposal: &Proposal, parts: u32, bits: u32) -> (Window, u64) {
        let (mut least, mut most) = (
            0,
            u64::from(parts).saturating_mul(u64::from(proposal.span())),
        );
        let wanted = i128::from(bits.saturating_add(40)) << 48;
        for tail in &self.tails {
            let exponent = i128::from(tail.rate)
                .saturating_mul(i128::from(parts))
                .saturating_add(wanted);
            let height = if tail.above {
                exponent
            } else {
                exponent.saturating_neg()
            };
            let height = height
                .max(0)
                .checked_div(i128::from(tail.slope))
                .unwrap_or(0);
            let height = u64::try_from(height).unwrap_or(u64::MAX);
            if tail.above {
                most = most.min(height.saturating_add(1));
            } else {
                least = least.max(height);
            }
        }
        let period = most.saturating_sub(least).saturating_add(1) | 1;
        let serves = |point: u64| {
            let half_angle = Complex62::root(point, period.saturating_mul(2));
            let sine = u64::try_from(half_angle.im.saturating_sub(32)).unwrap_or(0);
            if sine == 0 {
                return false;
            }
            let log_double_sine = log_2(sine).saturating_sub(61 << 48);
            let log_bound = self.log_variation.saturating_sub(log_double_sine);
            i128::from(log_bound)
                .saturating_mul(i128::from(parts))
                .saturating_add(i128::from(log_2(period)))
                .saturating_add(i128::from(bits) << 48)
                .saturating_add(8)
                <= 0
        };
        let (mut low, mut high) = (1_u64, period >> 1);
        while low < high {
            let middle = u64::midpoint(low, high);
            if serves(middle) {
                high = middle;
            } else {
                low = middle.saturating_add(1);
            }
        }
        let mut last = low.min(period >> 1);
        // (1 - y)^(B/2) <= e^(-y B/2): the second bound serves from `j^2 = ln 2 * w * N^2 / (8 s B)` on.
        let log_period = u128::from(64_u32.saturating_sub(period.leading_zeros()));
        let wanted = u128::from(bits).saturating_add(log_period);
        let square = u128::from(period).saturating_mul(u128::from(period));
        for &(size, spread) in &self.spreads {
            let reach = period.checked_div(size.saturating_mul(2)).unwrap_or(0);
            let needed = (wanted.saturating_mul(45_427).saturating_mul(square) << 13)
                .checked_div(spread.saturating_mul(u128::from(parts)));
            if let Some(needed) = needed
                && last <= reach
            {
                let from = u64::try_from(needed.isqrt()).unwrap_or(u64::MAX);
                last = last.min(from.saturating_add(1));
            }
        }
        (Window { least, period }, last)
    }

    /// The characteristic function of a part at `2 pi j / period` for `j = 1..=count`.
    fn characteristic(&self, proposal: &Proposal, period: u64, count: u64) -> Vec<Complex62> {
        if !self.probabilities.is_empty() {
            return (1..=count)
                .map(|point| {
                    let root = Complex62::root(point, period);
                    let zero = Complex62 { re: 0, im: 0 };
                    self.probabilities
                        .iter()
                        .rev()
                        .fold(zero, |sum, &probability| {
                            let turned = sum.times(root);
                            Complex62 {
                                re: turned.re.wrapping_add(probability).min(ONE_62),
                                im: turned.im,
                            }
                        })
                })
                .collect();
        }
        // A geometric series: (1 - lambda^(k+1) e^(i t (k+1))) / (1 - lambda e^(i t)) times the first probability.
        let values = proposal.span().saturating_add(1);
        let (ratio_power, ratio) = proposal.ratio_powers(values);
        let zero = proposal.probability_of_zero();
        let step = Complex120::root(1, period);
        let turns = u64::from(values).checked_rem(period).unwrap_or(0);
        let values_step = Complex120::root(turns, period);
        let (mut point, mut values_point) = (Complex120::ONE, Complex120::ONE);
        let one_less = |factor: i128, z: Complex120| Complex120 {
            re: ONE_120.wrapping_sub(mul_120(factor, z.re)),
            im: mul_120(factor, z.im).wrapping_neg(),
        };
        (0..count)
            .map(|_| {
                point = point.times(step);
                values_point = values_point.times(values_step);
                let numerator = one_less(ratio_power, values_point);
                let numerator = Complex120 {
                    re: mul_120(zero, numerator.re),
                    im: mul_120(zero, numerator.im),
                };
                numerator.over(one_less(ratio, point))
            })
            .collect()
    }
}
