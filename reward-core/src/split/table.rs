//! Draws of independent parts from a table that is consulted lazily.
//!
//! A draw compares a uniform number, revealed digit by digit, with the true cumulative probabilities; a further digit
//! is read only where those before cannot tell.
//! So the answer is that of real numbers, on every machine, although the table holds rounded ones.

use super::{
    fixed::{low_32, low_64},
    proposal::Proposal,
};
use crate::WordStream;

/// Cumulative probabilities in the table are off by less than this many units of `2^-64`.
const SLACK: u64 = 64;
/// The table ends where less than `2^-60` is left.
const TABLE_END: u64 = u64::MAX - (1 << 4);
/// A first digit of half a word is used if at most so many of its values leave the part open: one in 32.
const OPEN_HALVES: usize = 2_048;
/// And if it has at most so many parts, so that their number fits beside the edge of a cell.
const HALVES_PARTS: usize = 1 << 15;
/// Most parts of a run, which reads all first digits before any further one.
pub(super) const RUN: usize = 64;
/// Leading bits of a half that find its cell.
const HALF_CELL_BITS: u32 = 12;
const HALF_CELLS: usize = 1 << HALF_CELL_BITS;
const HALF_SHIFT: u32 = 16 - HALF_CELL_BITS;
const HALVES_OF_CELL: usize = 1 << HALF_SHIFT;
/// Beyond every part; set if a half is the first digit of a cumulative probability.
const OPEN: u16 = 1 << 15;
const LOW_HALF: u32 = 0xffff;
/// Of two numbers in one.
const LOW_HALVES: u64 = 0x0000_ffff_0000_ffff;
/// The bits above them.
const CARRIES: u64 = 0x0001_0000_0001_0000;
/// Parts up to this cumulative probability get cells of their own: all but one in 64.
const COMMON: u32 = u32::MAX - (1 << 26);
/// Beyond every part; set if a cell has several edges, which must be searched.
const CROWDED: u32 = 1 << 31;
/// The greatest word, for which the search is asked in any case.
const PURE: u32 = u32::MAX;

/// What finds the part of a uniform number.
#[derive(Debug, Clone)]
pub(super) struct Table {
    /// Cumulative probabilities in units of `2^-64`, each off by less than [`SLACK`].
    cumulative: Vec<u64>,
    /// Their first digits, exactly; the last is set to the greatest digit.
    firsts: Vec<u32>,
    cells: Cells,
    /// Decide everything with the exact sums.
    deepest: bool,
}

/// What the leading bits of the first digit say.
#[derive(Debug, Clone)]
enum Cells {
    /// The first digit is half a word: two parts are drawn from each word.
    Halves(Halves),
    /// The first digit is a word.
    Words { cells: Vec<Cell>, shift: u32 },
}

impl Table {
    /// The table of a law; with `deepest` it only tells the size of the first digit.
    pub(super) fn new(law: &Proposal, deepest: bool) -> Self {
        let (cumulative, mut firsts) = rounded_sums(law);
        let halves: Vec<u32> = firsts.iter().map(|first| first >> 16).collect();
        let open = halves.chunk_by(u32::eq).count();
        let cells = if open <= OPEN_HALVES && halves.len() <= HALVES_PARTS {
            firsts = halves;
            Cells::Halves(Halves::new(&firsts, deepest))
        } else {
            // Four cells for each part that is not rare.
            let common = firsts.partition_point(|&first| first < COMMON);
            let bits = (usize::BITS.saturating_sub(common.leading_zeros()))
                .saturating_add(2)
                .clamp(8, 15);
            let shift = 32_u32.saturating_sub(bits);
            Cells::Words {
                cells: cells(&firsts, shift, bits, deepest).collect(),
                shift,
            }
        };
        Self {
            cumulative,
            firsts,
            cells,
            deepest,
        }
    }

    /// Draws a run of parts, at most [`RUN`] of them.
    ///
    /// First the first digits of all parts are read, then, part by part, whatever further words are needed.
    /// If the first digit is half a word, a word serves two parts, the low half first; of an odd number of parts the
    /// last leaves the high half unused.
    #[inline]
    pub(super) fn draw(
        &self,
        run: &mut [u32; RUN],
        count: usize,
        law: &Proposal,
        words: &mut WordStream,
    ) {
        match &self.cells {
            Cells::Halves(halves) => self.draw_by_halves(halves, run, count, law, words),
            Cells::Words { cells, shift } => {
                let run = run.get_mut(..count).unwrap_or_default();
                self.draw_by_words(cells, *shift, run, law, words);
            }
        }
    }

    #[inline]
    fn draw_by_halves(
        &self,
        halves: &Halves,
        run: &mut [u32; RUN],
        count: usize,
        law: &Proposal,
        words: &mut WordStream,
    ) {
        let mut digits = [0; RUN / 2];
        words.fill(digits.get_mut(..count.div_ceil(2)).unwrap_or_default());
        // Pairs with a part that its half may leave open: listed without a branch.
        let (mut open, mut listed) = ([0_u8; RUN / 2], 0_usize);
        let (pairs, _) = run.as_chunks_mut::<2>();
        for ((pair, &word), place) in pairs.iter_mut().zip(&digits).zip(0_u8..) {
            let sums = halves.pair(word);
            *pair = [low_32(sums), low_32(sums >> 32)];
            if let Some(slot) = open.get_mut(listed & (RUN / 2 - 1)) {
                *slot = place;
            }
            listed = listed.wrapping_add(usize::from(Halves::leaves_open(sums)));
        }
        for slot in run.iter_mut() {
            *slot >>= 16;
        }
        for &place in open.iter().take(listed) {
            let first = usize::from(place) << 1;
            let word = digits.get(first >> 1).copied().unwrap_or(0);
            for (place, half) in [(first, word & LOW_HALF), (first | 1, word >> 16)] {
                if place < count
                    && let Some(slot) = run.get_mut(place)
                {
                    *slot = match halves.settle(half) {
                        Ok(part) => part,
                        Err(from) => self.search(half, from, law, words),
                    };
                }
            }
        }
    }

    #[inline]
    fn draw_by_words(
        &self,
        cells: &[Cell],
        shift: u32,
        run: &mut [u32],
        law: &Proposal,
        words: &mut WordStream,
    ) {
        words.fill(run);
        let mut open = 0_u64;
        for (part, place) in run.iter_mut().zip(0..) {
            let word = *part;
            let index = usize::try_from(word >> shift).unwrap_or(0);
            match cells.get(index) {
                Some(cell) if word != cell.edge && cell.part < CROWDED => {
                    *part = cell.part.wrapping_add(u32::from(word > cell.edge));
                }
                // Left as it is, to be searched.
                _ => open |= 1 << place,
            }
        }
        while open != 0 {
            let place = usize::try_from(open.trailing_zeros()).unwrap_or(0);
            if let Some(part) = run.get_mut(place) {
                let index = usize::try_from(*part >> shift).unwrap_or(0);
                let from = cells.get(index).map_or(0, |cell| cell.part & !CROWDED);
                *part = self.search(*part, from, law, words);
            }
            open &= open.wrapping_sub(1);
        }
    }

    /// The part of a first digit that its cell does not decide, which is not before `from`.
    #[inline(never)]
    fn search(&self, digit: u32, from: u32, law: &Proposal, words: &mut WordStream) -> u32 {
        let bits = match self.cells {
            Cells::Halves(_) => 16,
            Cells::Words { .. } => 32,
        };
        let mut digits = Digits::new(digit, bits);
        if self.deepest {
            return digits.find(0, law, words);
        }
        let mut part = from;
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        for &first in self.firsts.iter().skip(from) {
            if first > digit || part == law.span() {
                return part;
            }
            if first == digit {
                break;
            }
            part = part.wrapping_add(1);
        }
        // The first digit is that of a cumulative probability: the second may tell more.
        digits.read(words);
        let (low, high) = digits.bounds_64();
        let from = usize::try_from(part).unwrap_or(usize::MAX);
        for &boundary in self.cumulative.iter().skip(from) {
            if boundary >= TABLE_END {
                break;
            }
            if high <= u128::from(boundary.saturating_sub(SLACK)) {
                return part;
            }
            if low < u128::from(boundary.saturating_add(SLACK)) {
                break;
            }
            part = part.saturating_add(1);
        }
        digits.find(part, law, words)
    }
}

/// Every cumulative probability in `2^-64` until next to nothing is left, and its first 32 bits, exactly.
fn rounded_sums(law: &Proposal) -> (Vec<u64>, Vec<u32>) {
    let total = law.total();
    let zeros = total.leading_zeros();
    let inverse = (u128::MAX >> 1)
        .checked_div(u128::from(total.bits_from(zeros)))
        .unwrap_or(0);
    let (mut cumulative, mut firsts) = (Vec::new(), Vec::new());
    for (part, _, sum) in law.walk() {
        let product = u128::from(sum.bits_from(zeros)).wrapping_mul(inverse) >> 63;
        let mut rounded = low_64(product.min(u128::from(u64::MAX)));
        // The first word must be exact: where rounding could touch it, more bits decide.
        let low = low_32(rounded);
        if u64::from(low).wrapping_add(SLACK) >= 1 << 32 || u64::from(low) < SLACK {
            let exact = sum.over(total, 96) >> 32;
            rounded = low_64(exact.min(u128::from(u64::MAX)));
        }
        let ends = part == law.span() || rounded >= TABLE_END;
        cumulative.push(rounded);
        firsts.push(if ends {
            u32::MAX
        } else {
            low_32(rounded >> 32)
        });
        if ends {
            break;
        }
    }
    (cumulative, firsts)
}

/// The leading bits of a uniform number.
struct Digits {
    spelt: u128,
    bits: u32,
    /// So many bits are the last: 112 after half a word, 96 after a word.
    most: u32,
}

impl Digits {
    fn new(first: u32, bits: u32) -> Self {
        Self {
            spelt: u128::from(first),
            bits,
            most: if bits == 16 { 112 } else { 96 },
        }
    }

    fn read(&mut self, words: &mut WordStream) {
        self.spelt = (self.spelt << 32) | u128::from(words.next_word());
        self.bits = self.bits.saturating_add(32);
    }

    /// The number is at least the first and below the second, in units of `2^-64`; for at most 64 bits.
    fn bounds_64(&self) -> (u128, u128) {
        let shift = 64_u32.saturating_sub(self.bits);
        (self.spelt << shift, self.spelt.saturating_add(1) << shift)
    }

    /// The first part, from one on, whose cumulative probability is above the number, compared digit by digit.
    ///
    /// The last digit decides even if it is equal, which happens once in `2^96` draws or less.
    fn find(&mut self, from: u32, law: &Proposal, words: &mut WordStream) -> u32 {
        for (part, _, sum) in law.walk() {
            if part < from {
                continue;
            }
            let boundary = sum.over(law.total(), self.most);
            loop {
                let known = boundary >> self.most.saturating_sub(self.bits);
                if known > self.spelt {
                    return part;
                }
                if known < self.spelt || self.bits == self.most {
                    break;
                }
                self.read(words);
            }
        }
        law.span()
    }
}

/// What a digit with certain leading bits draws: `part` up to `edge`, the next part beyond it.
#[derive(Debug, Clone, Copy)]
struct Cell {
    /// With [`CROWDED`] set if there are several edges.
    part: u32,
    /// The only first digit of a cumulative probability within the cell, or [`PURE`] if there is none.
    edge: u32,
}

/// What halves draw.
#[derive(Debug, Clone)]
struct Halves {
    /// For each leading pattern, `part << 16 | 0xffff - edge`: adding a half beyond the edge carries into the part.
    ///
    /// A pattern with several edges has [`CROWDED`] and the number of its block instead of the part.
    cells: Box<[u32; HALF_CELLS]>,
    /// Of every crowded pattern, the first part that each half can draw; with [`OPEN`] if there are others.
    blocks: Vec<[u16; HALVES_OF_CELL]>,
}

impl Halves {
    fn new(firsts: &[u32], deepest: bool) -> Self {
        let mut packed = Box::new([0_u32; HALF_CELLS]);
        let mut blocks = Vec::new();
        let cells = cells(firsts, HALF_SHIFT, HALF_CELL_BITS, deepest);
        for ((packed, cell), halves) in packed
            .iter_mut()
            .zip(cells)
            .zip((0_u32..).step_by(HALVES_OF_CELL))
        {
            *packed = if cell.part >= CROWDED {
                let number = u32::try_from(blocks.len()).unwrap_or(0);
                blocks.push(block(firsts, cell.part & !CROWDED, halves, deepest));
                CROWDED | (number << 16)
            } else {
                // The last cell holds the greatest half, which is always an edge.
                (cell.part << 16) | LOW_HALF.saturating_sub(cell.edge)
            };
        }
        Self {
            cells: packed,
            blocks,
        }
    }

    #[inline]
    fn cell(&self, half: u16) -> u32 {
        let index = usize::from(half >> HALF_SHIFT);
        self.cells.get(index).copied().unwrap_or(CROWDED)
    }

    /// The halves of a word added to their cells, the low half below.
    #[inline]
    fn pair(&self, word: u32) -> u64 {
        let (low, high) = (low_half(word), low_half(word >> 16));
        let cells = u64::from(self.cell(low)) | (u64::from(self.cell(high)) << 32);
        let halves = u64::from(low) | (u64::from(high) << 32);
        cells.wrapping_add(halves)
    }

    /// Whether one of two sums is of an edge or of a crowded cell.
    #[inline]
    const fn leaves_open(pair: u64) -> bool {
        let edges = (pair & LOW_HALVES).wrapping_add(CARRIES >> 16);
        (edges | (pair >> 15)) & CARRIES != 0
    }

    /// The part of a half, or the first that it can draw if there are others.
    #[inline]
    fn settle(&self, half: u32) -> Result<u32, u32> {
        let half = low_half(half);
        let cell = self.cell(half);
        let sum = cell.wrapping_add(u32::from(half));
        let (part, open) = if cell < CROWDED {
            (sum >> 16, sum & LOW_HALF == LOW_HALF)
        } else {
            let block = usize::try_from((cell & !CROWDED) >> 16).unwrap_or(usize::MAX);
            let place = usize::from(half) & (HALVES_OF_CELL - 1);
            let of_half = self.blocks.get(block).and_then(|block| block.get(place));
            let of_half = of_half.copied().unwrap_or(OPEN);
            (u32::from(of_half & !OPEN), of_half & OPEN != 0)
        };
        if open { Err(part) } else { Ok(part) }
    }
}

#[inline]
fn low_half(word: u32) -> u16 {
    let [low, high, ..] = word.to_le_bytes();
    u16::from_le_bytes([low, high])
}

/// The first parts that the halves of a crowded cell can draw.
fn block(firsts: &[u32], start: u32, halves: u32, deepest: bool) -> [u16; HALVES_OF_CELL] {
    let mut from = usize::try_from(start).unwrap_or(usize::MAX);
    let mut block = [0; HALVES_OF_CELL];
    for (slot, half) in block.iter_mut().zip(halves..) {
        while firsts.get(from).is_some_and(|&first| first < half) {
            from = from.saturating_add(1);
        }
        let open = deepest || firsts.get(from) == Some(&half);
        *slot = u16::try_from(from).unwrap_or(OPEN) | if open { OPEN } else { 0 };
    }
    block
}

/// For each leading pattern of a digit, the parts it can draw; with `deepest` all of them are left open.
fn cells(firsts: &[u32], shift: u32, bits: u32, deepest: bool) -> impl Iterator<Item = Cell> {
    let mut part = 0_u32;
    let mut edges = firsts.iter().peekable();
    (0..1_u64 << bits).map(move |cell| {
        let beyond = cell.wrapping_add(1) << shift;
        let first_part = part;
        let mut edge = PURE;
        let mut crowded = if deepest { CROWDED } else { 0 };
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
}

#[cfg(test)]
mod tests {
    use super::{super::proposal::Weights, Cells, Halves, Proposal, Table, low_32};

    /// All 65,536 halves of a law with pure, simple and crowded cells: the table decides exactly where the real
    /// cumulative probabilities do, and names the first part that is left where they do not.
    #[test]
    fn every_half_draws_the_part_that_the_exact_sums_give() {
        for (span, parts, sum) in [(290, 1_000, 133_000), (9_990, 1_000, 132_800), (3, 10, 12)] {
            let law = Proposal::new(Weights::Flat, span, parts, sum);
            let table = Table::new(&law, false);
            let Cells::Halves(halves) = &table.cells else {
                panic!("a law of {span} is drawn by halves");
            };
            let first_digits: Vec<u128> = law
                .walk()
                .map(|(_, _, sum)| sum.over(law.total(), 16))
                .collect();
            for half in 0..1_u32 << 16 {
                // The first part whose cumulative probability is not below the half; open if it begins with it.
                let part = first_digits.partition_point(|&first| first < u128::from(half));
                let open = first_digits[part] == u128::from(half);
                let part = u32::try_from(part).expect("small");
                let settled = halves.settle(half);
                // What the table leaves open beyond its end is open for the exact sums too.
                if half == 0xffff {
                    assert!(settled.is_err_and(|from| from <= part));
                } else {
                    assert_eq!(settled, if open { Err(part) } else { Ok(part) }, "{half}");
                }
                let pair = halves.pair(half | (half << 16));
                if !Halves::leaves_open(pair) {
                    assert_eq!(
                        [low_32(pair) >> 16, low_32(pair >> 48)],
                        [part; 2],
                        "{half}"
                    );
                }
            }
        }
    }
}
