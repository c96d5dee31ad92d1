//! Independent parts tilted to the wanted mean, drawn exactly from a table that is consulted lazily.
//!
//! Part `x` has weight `w(x) * lambda^x` on `0..=k`, where `w` is 1 for the uniform law.
//! A draw compares a uniform number, revealed word by word, with the true cumulative probabilities; a further word is
//! read only where those before cannot tell.
//! So the answer is that of real numbers, on every machine, although the table holds rounded ones.

use super::{
    fixed::{ONE_62, log_2, low_32, low_64},
    wide::Wide,
};
use crate::WordStream;

/// Cumulative probabilities in the table are off by less than this many units of `2^-64`.
const SLACK: u64 = 64;
/// The table ends where less than `2^-60` is left.
const TABLE_END: u64 = u64::MAX - (1 << 4);
/// Exponents `1 - 1/d` to which the ratio is raised when tails are bounded.
const TAIL_RATIOS: usize = 8;

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
    /// Cumulative probabilities in units of `2^-64`, each off by less than [`SLACK`].
    cumulative: Vec<u64>,
    /// Their first 32 bits, exactly; the last is set to the greatest word.
    first_words: Vec<u32>,
    /// For the leading bits of a word, what the table says.
    cells: Vec<Cell>,
    cell_shift: u32,
    /// Skip the table and decide everything with the exact sums.
    deepest: bool,
}

/// What a word with certain leading bits draws: `part` up to `edge`, the next part beyond it.
#[derive(Debug, Clone, Copy)]
struct Cell {
    /// With [`CROWDED`] set if there are several edges, which must be searched.
    part: u32,
    /// The only first word of a cumulative probability within the cell, or [`PURE`] if there is none.
    edge: u32,
}

/// Parts up to this cumulative probability get cells of their own: all but one in 64.
const COMMON: u32 = u32::MAX - (1 << 26);
/// Beyond every part.
const CROWDED: u32 = 1 << 31;
/// The greatest word, for which the search is asked in any case.
const PURE: u32 = u32::MAX;

/// Bounds for the tail of a sum, by another tilt: `P(sum >= h) <= 2^(parts * rate - h * slope)`, both in `2^-48`.
#[derive(Debug, Clone, Copy)]
pub(super) struct TailBound {
    pub(super) slope: i64,
    pub(super) rate: i64,
}

impl Proposal {
    /// Prepares the law whose mean is about `sum / parts`; at most the mean without a tilt.
    pub(super) fn new(weights: Weights, span: u32, parts: u32, sum: u32, deepest: bool) -> Self {
        let ratio = matching_ratio(&weights, span, parts, sum);
        let mut proposal = Self {
            weights,
            span,
            ratio,
            total: Wide::ZERO,
            cumulative: Vec::new(),
            first_words: Vec::new(),
            cells: Vec::new(),
            cell_shift: 31,
            deepest,
        };
        proposal.total = proposal
            .walk()
            .last()
            .map_or(Wide::ONE, |(_, _, total)| total);
        if !deepest {
            proposal.fill_table();
        }
        proposal
    }

    pub(super) const fn span(&self) -> u32 {
        self.span
    }

    pub(super) const fn is_deepest(&self) -> bool {
        self.deepest
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

    fn fill_table(&mut self) {
        let zeros = self.total.leading_zeros();
        let total = self.total.bits_from(zeros);
        let inverse = (u128::MAX >> 1).checked_div(u128::from(total)).unwrap_or(0);
        let (mut cumulative, mut first_words) = (Vec::new(), Vec::new());
        for (part, _, sum) in self.walk() {
            let product = u128::from(sum.bits_from(zeros)).wrapping_mul(inverse) >> 63;
            let mut rounded = low_64(product.min(u128::from(u64::MAX)));
            // The first word must be exact: where rounding could touch it, more bits decide.
            let low = low_32(rounded);
            if u64::from(low).wrapping_add(SLACK) >= 1 << 32 || u64::from(low) < SLACK {
                let exact = sum.over(self.total, 96) >> 32;
                rounded = low_64(exact.min(u128::from(u64::MAX)));
            }
            let ends = part == self.span || rounded >= TABLE_END;
            cumulative.push(rounded);
            first_words.push(if ends {
                u32::MAX
            } else {
                low_32(rounded >> 32)
            });
            if ends {
                break;
            }
        }
        // Four cells for each part that is not rare.
        let common = first_words.partition_point(|&first| first < COMMON);
        let bits = (usize::BITS.saturating_sub(common.leading_zeros()))
            .saturating_add(2)
            .clamp(8, 15);
        self.cell_shift = 32_u32.saturating_sub(bits);
        self.cells = cells(&first_words, self.cell_shift);
        (self.cumulative, self.first_words) = (cumulative, first_words);
    }

    /// Draws one part.
    #[inline]
    pub(super) fn draw(&self, words: &mut WordStream) -> u32 {
        let word = words.next_word();
        let index = usize::try_from(word >> self.cell_shift).unwrap_or(0);
        if let Some(cell) = self.cells.get(index)
            && word != cell.edge
            && cell.part < CROWDED
        {
            return cell.part.wrapping_add(u32::from(word > cell.edge));
        }
        self.search(word, words)
    }

    /// The cell of the word has several edges, or the word is one of them, or there is no table.
    #[inline(never)]
    fn search(&self, word: u32, words: &mut WordStream) -> u32 {
        let index = usize::try_from(word >> self.cell_shift).unwrap_or(0);
        let start = self.cells.get(index).map_or(0, |cell| cell.part & !CROWDED);
        let mut part = start;
        let from = usize::try_from(start).unwrap_or(0);
        for &first in self.first_words.iter().skip(from) {
            if first > word || part == self.span {
                return part;
            }
            if first == word {
                break;
            }
            part = part.wrapping_add(1);
        }
        self.draw_lazily(word, part, words)
    }

    /// The first word equals that of a cumulative probability from `from` on, or there is no table.
    #[cold]
    fn draw_lazily(&self, word: u32, from: u32, words: &mut WordStream) -> u32 {
        if self.deepest {
            return self.draw_exactly(0, word, None, words);
        }
        let second = words.next_word();
        let drawn = (u64::from(word) << 32) | u64::from(second);
        let mut part = from;
        for &boundary in self
            .cumulative
            .iter()
            .skip(usize::try_from(from).unwrap_or(usize::MAX))
        {
            let doubtful = drawn.abs_diff(boundary) <= SLACK || boundary >= TABLE_END;
            if doubtful {
                break;
            }
            if drawn < boundary {
                return part;
            }
            part = part.saturating_add(1);
        }
        self.draw_exactly(part, word, Some(second), words)
    }

    /// Compares word by word with the exact cumulative probabilities from part `from` on.
    ///
    /// The third word decides even if it is equal, which happens once in `2^96` draws.
    fn draw_exactly(
        &self,
        from: u32,
        first: u32,
        mut second: Option<u32>,
        words: &mut WordStream,
    ) -> u32 {
        let mut third = None;
        for (part, _, sum) in self.walk() {
            if part < from {
                continue;
            }
            let boundary = sum.over(self.total, 96);
            let boundary_first = low_64(boundary >> 64);
            if boundary_first != u64::from(first) {
                if boundary_first > u64::from(first) {
                    return part;
                }
                continue;
            }
            let second = *second.get_or_insert_with(|| words.next_word());
            let boundary_second = low_32(low_64(boundary >> 32));
            if boundary_second != second {
                if boundary_second > second {
                    return part;
                }
                continue;
            }
            let third = *third.get_or_insert_with(|| words.next_word());
            if low_32(low_64(boundary)) > third {
                return part;
            }
        }
        self.span
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
            return (super::fixed::ONE_120, super::fixed::ONE_120);
        };
        let ratio = i128::from(ratio) << 56;
        let base = super::fixed::Complex120 { re: ratio, im: 0 };
        (base.power(exponent).re, ratio)
    }

    /// For `c` growing by a fifth up to the span: half the mean square difference of two parts of at most `c`, in `2^-32`.
    ///
    /// Not above the true value, because every probability is rounded down.
    pub(super) fn spreads(&self) -> Vec<(u64, u128)> {
        let zeros = self.total.leading_zeros();
        let total = self.total.bits_from(zeros);
        let inverse = (u128::MAX >> 1).checked_div(u128::from(total)).unwrap_or(0);
        let (mut mass, mut first, mut second) = (0_u128, 0_u128, 0_u128);
        let mut spreads = Vec::new();
        let mut next = 1_u32;
        for (part, weight, _) in self.walk() {
            let probability = u128::from(weight.bits_from(zeros)).wrapping_mul(inverse) >> 95;
            let size = u128::from(part);
            mass = mass.wrapping_add(probability);
            first = first.wrapping_add(probability.wrapping_mul(size));
            second = second.wrapping_add(probability.wrapping_mul(size.wrapping_mul(size)));
            if part >= next || part == self.span {
                next = part.saturating_add(part / 5).saturating_add(1);
                let spread = mass
                    .saturating_mul(second)
                    .saturating_sub(first.saturating_mul(first));
                spreads.push((u64::from(part), spread >> 32));
            }
        }
        spreads
    }

    /// Bounds for the tails of sums of parts, from coarse to fine; none without a tilt.
    pub(super) fn tail_bounds(&self) -> Vec<TailBound> {
        let Some(ratio) = self.ratio else {
            return Vec::new();
        };
        let log_total = self.total.log_2();
        let mut greater = ratio;
        let mut bounds = Vec::with_capacity(TAIL_RATIOS);
        for _ in 0..TAIL_RATIOS {
            greater = low_64((u128::from(greater) << 64).isqrt());
            let slope = log_2(greater)
                .saturating_sub(log_2(ratio))
                .saturating_sub(4);
            if slope <= 0 {
                break;
            }
            let rate = sum_above(&self.weights, self.span, greater)
                .saturating_sub(log_total)
                .saturating_add(8);
            bounds.push(TailBound { slope, rate });
        }
        bounds
    }
}

/// Binary logarithm, in `2^-48`, of a number not below the sum of the weights tilted by a ratio.
fn sum_above(weights: &Weights, span: u32, ratio: u64) -> i64 {
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

/// For each leading pattern of a word, the parts it can draw.
fn cells(first_words: &[u32], shift: u32) -> Vec<Cell> {
    let count = 1_u64 << 32_u32.saturating_sub(shift);
    let mut part = 0_u32;
    let mut edges = first_words.iter().peekable();
    (0..count)
        .map(|cell| {
            let beyond = cell.wrapping_add(1) << shift;
            let first_part = part;
            let mut edge = PURE;
            let mut crowded = 0;
            while let Some(&next) = edges.next_if(|&&next| u64::from(next) < beyond) {
                if edge != PURE {
                    crowded = CROWDED;
                }
                edge = next;
                part = part.saturating_add(1);
            }
            Cell {
                part: first_part | crowded,
                edge,
            }
        })
        .collect()
}
