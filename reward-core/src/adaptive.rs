//! Amounts without a deck: every claim is paid at once, from the money left and the passes still expected.

use crate::{Fen, Infeasible, Online, PacketBounds, SplitSpec, WordStream};

/// A day whose packets are sized as it goes: a claim draws the first packet of the money left, divided evenly among the
/// passes still expected.
///
/// Nobody waits and nobody is early, so nothing is gained by speed; in exchange amounts follow the forecast, and only
/// the seed can be published beforehand.
/// If the forecast is too low, packets end with the money; if it is too high, money is left over.
/// The cap holds whatever is forecast, because every packet is taken out of what is left.
///
/// ```
/// use reward_core::{AdaptiveDay, Fen, PacketBounds, WordStream};
///
/// let bounds = PacketBounds::new(Fen::new(10), Fen::new(10_000))?;
/// let mut day = AdaptiveDay::new(Fen::new(142_800), bounds);
/// let mut words = WordStream::new([7; 32]);
/// let first = day.award(1_000, &mut words).expect("money is left");
/// assert!(bounds.contains(first));
/// assert_eq!(day.left().checked_add(first), Some(Fen::new(142_800)));
/// # Ok::<(), reward_core::RulesError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AdaptiveDay {
    left: Fen,
    bounds: PacketBounds,
}

impl AdaptiveDay {
    /// Starts a day with its cap.
    #[must_use]
    pub const fn new(cap: Fen, bounds: PacketBounds) -> Self {
        Self { left: cap, bounds }
    }

    /// Returns the money left.
    #[must_use]
    pub const fn left(&self) -> Fen {
        self.left
    }

    /// Draws the packet of one claim, when `expected` passes are still expected, this one included; `None` if less than
    /// the least packet is left.
    ///
    /// A forecast that the bounds do not allow is read as the nearest they do; money that so many packets cannot hold
    /// stays.
    pub fn award(&mut self, expected: u32, words: &mut WordStream) -> Option<Fen> {
        let spec = self.spec(expected).ok()?;
        let amount = Online::new(spec).draw(words)?;
        self.left = self.left.checked_sub(amount)?;
        Some(amount)
    }

    fn spec(&self, expected: u32) -> Result<SplitSpec, Infeasible> {
        let (min, max) = (self.bounds.min().get(), self.bounds.max().get());
        let left = self.left.get();
        let most = left.checked_div(min).unwrap_or(0);
        let least = left.div_ceil(max.max(1)).min(most);
        let count = u64::from(expected).clamp(least, most);
        let total = left.min(count.saturating_mul(max));
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        SplitSpec::new(count, Fen::new(total), self.bounds)
    }
}
