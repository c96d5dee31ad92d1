//! Decks with the greatest packet in them: exactly so often, or at least once.

use std::num::NonZeroU32;

use super::{
    Exchangeable, Infeasible, Split, SplitSpec, Uniform, bars::distinct_places, sealed::Sealed,
};
use crate::{Fen, PacketBounds, WordStream};

/// The uniform law over the decks that contain the greatest packet as often as asked.
///
/// ```
/// use reward_core::{Fen, Jackpot, PacketBounds, Split, SplitSpec, WordStream};
///
/// let top = Fen::new(10_000);
/// let bounds = PacketBounds::new(Fen::new(10), top)?;
/// let spec = SplitSpec::new(1_000, Fen::new(142_800), bounds).expect("feasible");
/// let law = Jackpot::exactly(spec, 2).expect("feasible");
/// let deck = law.draw(&mut WordStream::new([7; 32]));
/// assert_eq!(deck.iter().filter(|&&amount| amount == top).count(), 2);
/// # Ok::<(), reward_core::RulesError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Jackpot {
    spec: SplitSpec,
    placed: u32,
    /// The other packets; `None` if there are none.
    others: Option<Uniform>,
    /// Whether the others may be the greatest packet too.
    or_more: bool,
}

impl Jackpot {
    /// Prepares the law of decks with exactly `count` packets of `spec.bounds().max()`.
    ///
    /// A random set of places takes them; the others are divided uniformly below the greatest packet.
    ///
    /// # Errors
    ///
    /// [`Infeasible`] if the other packets cannot make up the rest; so also [`Infeasible::TotalBelowMinimum`] if
    /// `count` greatest packets exceed the total, and [`Infeasible::TotalAboveMaximum`] if least and greatest packet
    /// are the same and `count` is not all of them.
    pub fn exactly(spec: SplitSpec, count: u32) -> Result<Self, Infeasible> {
        Self::placing(spec, count, false)
    }

    /// Prepares the law of decks with at least one packet of `spec.bounds().max()`.
    ///
    /// One is placed at random and the others are divided uniformly; a deck with `j` greatest packets comes up `j`
    /// times as often that way, so it is kept with probability `1 / j`.
    ///
    /// # Errors
    ///
    /// [`Infeasible`] if the other packets cannot make up the rest.
    pub fn at_least_one(spec: SplitSpec) -> Result<Self, Infeasible> {
        Self::placing(spec, 1, true)
    }

    fn placing(spec: SplitSpec, placed: u32, or_more: bool) -> Result<Self, Infeasible> {
        let (parts, total) = (spec.parts(), spec.total());
        let (min, max) = (spec.bounds().min(), spec.bounds().max());
        let below = Infeasible::TotalBelowMinimum {
            total,
            parts: placed,
            min: max,
        };
        let placed_sum = max.checked_mul(u64::from(placed)).ok_or(below)?;
        let rest = total.checked_sub(placed_sum).ok_or(below)?;
        let others = parts.checked_sub(placed).ok_or(below)?;
        let ceiling = match max.checked_sub(Fen::new(1)) {
            Some(lower) if !or_more => lower,
            Some(_) | None => max,
        };
        let others = if others == 0 && rest == Fen::ZERO {
            None
        } else {
            let bounds = PacketBounds::new(min, ceiling).map_err(|_reversed| {
                Infeasible::TotalAboveMaximum {
                    total: rest,
                    parts: others,
                    max: ceiling,
                }
            })?;
            Some(Uniform::new(SplitSpec::new(others, rest, bounds)?))
        };
        Ok(Self {
            spec,
            placed,
            others,
            or_more,
        })
    }
}

impl Split for Jackpot {
    fn spec(&self) -> &SplitSpec {
        &self.spec
    }

    /// First the places, by `below(parts)` until enough different ones have come up, then the other packets; with
    /// [`at_least_one`](Jackpot::at_least_one), then `below(j)`, and all again unless it is 0.
    fn draw(&self, words: &mut WordStream) -> Vec<Fen> {
        let max = self.spec.bounds().max();
        loop {
            let places = distinct_places(self.placed, self.spec.parts(), words);
            let others = self
                .others
                .as_ref()
                .map_or_else(Vec::new, |law| law.draw(words));
            if self.or_more {
                let more = others.iter().filter(|&&amount| amount == max).count();
                let more = u32::try_from(more).unwrap_or(u32::MAX);
                if words.below(NonZeroU32::MIN.saturating_add(more)) > 0 {
                    continue;
                }
            }
            let (mut places, mut others) = (places.into_iter().peekable(), others.into_iter());
            return (0..self.spec.parts())
                .map(|place| match places.next_if_eq(&place) {
                    Some(_) => max,
                    None => others.next().unwrap_or(max),
                })
                .collect();
        }
    }
}

impl Sealed for Jackpot {}

/// The places are a uniform set, and the others uniform whatever the set is.
impl Exchangeable for Jackpot {}
