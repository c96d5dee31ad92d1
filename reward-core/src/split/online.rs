//! The next packet from what is left, with the law that a sealed deck of the rest would have.

use std::num::NonZeroU32;

use super::{
    Infeasible, Split, SplitSpec, Uniform, bars,
    fixed::{ONE_62, exp_minus_62, exp_minus_120},
    reduced::Reduced,
    remainder::compare_lazily,
    wide::Wide,
};
use crate::{Fen, PacketBounds, WordStream, sampling::Range};

/// Below this many places for each bar, places are asked one by one.
const PLACES_PER_BAR: u32 = 8;
/// `ln 2` in `Q62`.
const LN_2_62: u64 = 3_196_577_161_300_663_914;
/// `ln 2` in `Q120`.
const LN_2_120: i128 = 921_350_637_599_661_305_226_344_307_672_478_454;
/// Bound for the error of a first evaluation of `2^(-r/m)`, in `2^-62`: that of `r/m` is `2^-32`.
const HALVING_SLACK: u64 = 1 << 31;
/// Bound for the error of a first evaluation of `1 - 2^(-1/m)`, in `2^-62`.
const HAZARD_SLACK: u64 = 64;

/// What is left to hand out: so many packets with a sum, within bounds.
///
/// Drawing them one by one gives exactly the law of [`Uniform`], so no turn is better than another; the state is the two
/// numbers that every implementation of red packets keeps, and no deck has to be stored.
/// Nothing but the seed can be committed beforehand, however, and every draw needs the balance: contest days use decks.
///
/// A draw costs some ten nanoseconds, whatever is left, as long as the greatest packet is far above the mean.
/// If it is tight, a whole deck of the rest is drawn for its first packet.
///
/// ```
/// use reward_core::{Fen, Online, PacketBounds, SplitSpec, WordStream};
///
/// let bounds = PacketBounds::new(Fen::new(10), Fen::new(10_000))?;
/// let mut left = Online::new(SplitSpec::new(1_000, Fen::new(142_800), bounds).expect("feasible"));
/// let mut words = WordStream::new([7; 32]);
/// let mut paid = 0;
/// while let Some(amount) = left.draw(&mut words) {
///     paid += amount.get();
/// }
/// assert_eq!(paid, 142_800);
/// # Ok::<(), reward_core::RulesError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Online {
    bounds: PacketBounds,
    count: u32,
    balance: Fen,
}

impl Online {
    /// Starts with everything left.
    #[must_use]
    pub const fn new(spec: SplitSpec) -> Self {
        Self {
            bounds: spec.bounds(),
            count: spec.parts(),
            balance: spec.total(),
        }
    }

    /// Takes up a state that was stored.
    ///
    /// # Errors
    ///
    /// [`Infeasible`] if the packets left cannot have the balance as their sum; a count of 0 with a balance of 0 is
    /// the end, and allowed.
    pub fn resume(count: u32, balance: Fen, bounds: PacketBounds) -> Result<Self, Infeasible> {
        if count == 0 && balance == Fen::ZERO {
            return Ok(Self {
                bounds,
                count,
                balance,
            });
        }
        SplitSpec::new(count, balance, bounds).map(Self::new)
    }

    /// Returns the number of packets left.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// Returns the sum of the packets left.
    #[must_use]
    pub const fn balance(&self) -> Fen {
        self.balance
    }

    /// Draws the next packet, or `None` if none is left.
    pub fn draw(&mut self, words: &mut WordStream) -> Option<Fen> {
        // A state that exists is feasible, so only the count of 0 is refused here.
        let spec = SplitSpec::new(self.count, self.balance, self.bounds).ok()?;
        let above_floor = first_part(&spec, words);
        let amount = match above_floor {
            Some(part) => Fen::new(self.bounds.min().get().saturating_add(u64::from(part))),
            None => Uniform::new(spec).draw(words).first().copied()?,
        };
        self.balance = self.balance.checked_sub(amount)?;
        self.count = self.count.saturating_sub(1);
        Some(amount)
    }
}

/// The first part above the floor, or `None` if the greatest part is too tight for this way.
///
/// Without a greatest part, the first part is the number of places before the first of `n - 1` bars.
/// With one, such a part is kept if it and a division of the rest without a greatest part keep to it.
fn first_part(spec: &SplitSpec, words: &mut WordStream) -> Option<u32> {
    let (parts, surplus, span) = (spec.parts(), spec.surplus(), spec.span());
    let rest = parts.saturating_sub(1);
    if rest == 0 {
        return Some(surplus);
    }
    // The chance to be refused is greatest if the whole surplus is left to the rest.
    if span < surplus && refusal_halvings(rest, surplus, span) == 0 {
        return None;
    }
    loop {
        let part = first_gap(rest, surplus.saturating_add(rest), words);
        if part <= span && !rest_is_refused(rest, surplus.saturating_sub(part), span, words) {
            return Some(part);
        }
    }
}

/// The number of places before the first of `bars` different places, drawn evenly from `places`.
///
/// At each place the bar is found with probability `bars / (places left)`, which rises slowly.
/// So candidates are drawn with a somewhat greater constant probability `1 - 2^(-1/m)`, whole runs at a time, and each
/// is kept with the quotient of the two; after an eighth of the places the constant is chosen anew.
fn first_gap(bars: u32, places: u32, words: &mut WordStream) -> u32 {
    let mut place = 0_u32;
    loop {
        let left = places.saturating_sub(place);
        let Some(range) = NonZeroU32::new(left) else {
            return place;
        };
        if left.checked_div(PLACES_PER_BAR).unwrap_or(0) < bars {
            if Range::new(range).draw(words) < bars {
                return place;
            }
            place = place.saturating_add(1);
            continue;
        }
        let horizon = place.saturating_add(left / 8);
        let least_left = u64::from(places.saturating_sub(horizon));
        // 45_426 / 2^16 < ln 2, and one less makes up for the curvature of 2^(-1/m).
        let run = (least_left.saturating_mul(45_426) >> 16)
            .checked_div(u64::from(bars))
            .unwrap_or(0)
            .saturating_sub(1);
        let run =
            NonZeroU32::new(u32::try_from(run).unwrap_or(u32::MAX)).unwrap_or(NonZeroU32::MIN);
        let hazard = Hazard::new(run);
        while place < horizon {
            let gap = hazard.gap(words);
            let candidate = u64::from(place).saturating_add(gap);
            match u32::try_from(candidate) {
                Ok(candidate) if candidate < horizon => {
                    if hazard.keeps(bars, places.saturating_sub(candidate), words) {
                        return candidate;
                    }
                    place = candidate.saturating_add(1);
                }
                Ok(_) | Err(_) => place = horizon,
            }
        }
    }
}

/// The constant probability `1 - 2^(-1/m)` of a candidate at each place.
struct Hazard {
    run: Range,
    m: u32,
    /// `1 - 2^(-1/m)` in `2^-62`, off by less than [`HAZARD_SLACK`].
    hazard: u64,
}

impl Hazard {
    fn new(run: NonZeroU32) -> Self {
        let m = run.get();
        let exponent = LN_2_62.checked_div(u64::from(m)).unwrap_or(LN_2_62);
        let survival = exp_minus_62(i64::try_from(exponent).unwrap_or(i64::MAX));
        Self {
            run: Range::new(run),
            m,
            hazard: ONE_62.saturating_sub(survival).unsigned_abs(),
        }
    }

    /// Places before the next candidate: at least `g` with probability `2^(-g/m)`.
    ///
    /// `m` times the zeros before the first one of fair bits, and a rest `r < m` of weight `2^(-r/m)`.
    fn gap(&self, words: &mut WordStream) -> u64 {
        let mut halvings = 0_u64;
        loop {
            let word = words.next_word();
            halvings = halvings.saturating_add(u64::from(word.leading_zeros()));
            if word != 0 {
                break;
            }
        }
        let rest = loop {
            let candidate = self.run.draw(words);
            if self.weighs(candidate, words) {
                break candidate;
            }
        };
        halvings
            .saturating_mul(u64::from(self.m))
            .saturating_add(u64::from(rest))
    }

    /// True with probability `2^(-rest/m)`.
    fn weighs(&self, rest: u32, words: &mut WordStream) -> bool {
        let quotient = (u64::from(rest) << 32)
            .checked_div(u64::from(self.m))
            .unwrap_or(0);
        let exponent = u128::from(LN_2_62).wrapping_mul(u128::from(quotient)) >> 32;
        let value = exp_minus_62(i64::try_from(exponent).unwrap_or(i64::MAX)).unsigned_abs();
        let first = words.next_word();
        let reached = u64::from(first) << 30;
        if reached
            .saturating_add(1 << 30)
            .saturating_add(HALVING_SLACK)
            <= value
        {
            return true;
        }
        if reached > value.saturating_add(HALVING_SLACK) {
            return false;
        }
        compare_lazily(halving_96(rest, self.m), first, words)
    }

    /// True with probability `bars / left`, divided by the constant one.
    fn keeps(&self, bars: u32, left: u32, words: &mut WordStream) -> bool {
        let first = words.next_word();
        let wanted = u128::from(bars) << 94;
        let product = |word: u64, hazard: u64| {
            u128::from(word)
                .saturating_mul(u128::from(hazard))
                .saturating_mul(u128::from(left))
        };
        let word = u64::from(first);
        if product(
            word.saturating_add(1),
            self.hazard.saturating_add(HAZARD_SLACK),
        ) <= wanted
        {
            return true;
        }
        if product(word, self.hazard.saturating_sub(HAZARD_SLACK)) > wanted {
            return false;
        }
        compare_lazily(kept_96(bars, left, self.m), first, words)
    }
}

/// `2^(-rest/m)` in `2^-96`, off by less than 2.
fn halving_96(rest: u32, m: u32) -> u128 {
    let (rest, m) = (i128::from(rest), i128::from(m.max(1)));
    let whole = LN_2_120.checked_div(m).unwrap_or(0);
    let remainder = LN_2_120.checked_rem(m).unwrap_or(0);
    let exponent = whole
        .saturating_mul(rest)
        .saturating_add(remainder.saturating_mul(rest).checked_div(m).unwrap_or(0));
    u128::try_from(exp_minus_120(exponent) >> 24).unwrap_or(0)
}

/// `bars / (left * (1 - 2^(-1/m)))` in `2^-96`.
fn kept_96(bars: u32, left: u32, m: u32) -> u128 {
    let hazard = (1_u128 << 96).saturating_sub(halving_96(1, m));
    let divisor = hazard.saturating_mul(u128::from(left));
    let (mut rest, mut quotient) = (u128::from(bars) << 96, 0_u128);
    for _ in 0..96 {
        rest <<= 1;
        quotient <<= 1;
        if rest >= divisor {
            rest = rest.saturating_sub(divisor);
            quotient |= 1;
        }
    }
    quotient
}

/// Whether an even division of `surplus` into `parts` without a greatest part would have one above `span`.
///
/// True with exactly that probability, which is at most `2^-h` with `h` the halvings below.
/// So `h` fair bits must all be zero before anything is computed.
/// Then a deck with a part above `span` is drawn for each part in turn, which counts decks with `j` such parts `j`
/// times, and kept with probability `1 / j`.
fn rest_is_refused(parts: u32, surplus: u32, span: u32, words: &mut WordStream) -> bool {
    if surplus <= span {
        return false;
    }
    let halvings = refusal_halvings(parts, surplus, span);
    let mut bits = halvings;
    while bits > 0 {
        let taken = bits.min(32);
        if words.next_word() >> 32_u32.saturating_sub(taken) != 0 {
            return false;
        }
        bits = bits.saturating_sub(taken);
    }
    if parts == 1 {
        return true;
    }
    let chance = refusals_96(parts, surplus, span, halvings);
    let first = words.next_word();
    if chance >> 96 == 0 && !compare_lazily(chance, first, words) {
        return false;
    }
    let beyond = surplus.saturating_sub(span).saturating_sub(1);
    let free = Reduced::upright(parts, beyond, beyond);
    let deck = bars::draw(&free, words, |part| part);
    let raised = Range::new(NonZeroU32::new(parts).unwrap_or(NonZeroU32::MIN)).draw(words);
    let above = (0_u32..)
        .zip(&deck)
        .filter(|&(place, &part)| place != raised && part > span)
        .count();
    let above = u32::try_from(above).unwrap_or(u32::MAX);
    words.below(NonZeroU32::MIN.saturating_add(above)) == 0
}

/// The greatest `h <= 64` for which `parts * (1 - (k+1)/(s+n-1))^(n-1) <= 2^-h` is certain; 0 also if none is.
fn refusal_halvings(parts: u32, surplus: u32, span: u32) -> u32 {
    let others = u64::from(parts.saturating_sub(1));
    let places = u64::from(surplus).saturating_add(others);
    // 94_540 / 2^16 < log2(e).
    let exponent = u128::from(span.saturating_add(1))
        .saturating_mul(u128::from(others))
        .saturating_mul(94_540)
        .checked_div(u128::from(places) << 16)
        .unwrap_or(0);
    let spent = u128::from(32_u32.saturating_sub(parts.leading_zeros()));
    u32::try_from(exponent.saturating_sub(spent).min(64)).unwrap_or(0)
}

/// `parts * C(s - k - 1 + n - 1, n - 1) / C(s + n - 1, n - 1) * 2^halvings` in `2^-96`, rounded down.
fn refusals_96(parts: u32, surplus: u32, span: u32, halvings: u32) -> u128 {
    let beyond = surplus.saturating_sub(span).saturating_sub(1);
    let mut product = Wide::ONE.times(parts);
    let mut doublings = halvings;
    for i in 1..parts {
        product = product
            .times(beyond.saturating_add(i))
            .divided_by(surplus.saturating_add(i));
        // Doubling early keeps the bits; the product stays below 2^32.
        while doublings > 0 && product < Wide::ONE {
            product = product.plus(product);
            doublings = doublings.saturating_sub(1);
        }
    }
    for _ in 0..doublings {
        product = product.plus(product);
    }
    product.over(Wide::ONE, 96)
}
