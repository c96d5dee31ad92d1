//! The problem of a split, checked once: so many parts, one total, bounds for each part.

use crate::{Fen, PacketBounds};

/// Largest surplus over the floor in one split, in fen: positions must fit a word of the stream.
const MAX_SURPLUS_FEN: u64 = 4_000_000_000;
/// Largest difference between two packets of one split, in fen: the tilt must fit a word of the stream.
const MAX_SPAN_FEN: u64 = 1 << 24;
/// Most packets in one split.
const MAX_PARTS: u32 = 1 << 24;

/// A split that can be made: `parts` packets within `bounds` that sum to `total`.
///
/// A value that exists is feasible: `parts * min <= total <= parts * max`.
///
/// ```
/// use reward_core::{Fen, Infeasible, PacketBounds, SplitSpec};
///
/// let bounds = PacketBounds::new(Fen::new(10), Fen::new(10_000))?;
/// assert!(SplitSpec::new(1_000, Fen::new(142_800), bounds).is_ok());
/// assert!(matches!(
///     SplitSpec::new(14, Fen::new(142_800), bounds),
///     Err(Infeasible::TotalAboveMaximum { .. })
/// ));
/// # Ok::<(), reward_core::RulesError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SplitSpec {
    parts: u32,
    total: Fen,
    bounds: PacketBounds,
    /// `total - parts * min`: what is left to distribute above the floor.
    surplus: u32,
    /// `min(max - min, surplus)`: how far one part can rise above the floor.
    span: u32,
}

impl SplitSpec {
    /// Checks that the total can be divided.
    ///
    /// # Errors
    ///
    /// [`Infeasible`] names the first inequality that fails, in the order of its variants.
    pub const fn new(parts: u32, total: Fen, bounds: PacketBounds) -> Result<Self, Infeasible> {
        if parts == 0 {
            return Err(Infeasible::NoParts);
        }
        if parts > MAX_PARTS {
            return Err(Infeasible::TooManyParts {
                parts,
                limit: MAX_PARTS,
            });
        }
        let count = widen(parts);
        let (min, max) = (bounds.min(), bounds.max());
        let surplus = match min.checked_mul(count) {
            Some(least) => match total.checked_sub(least) {
                Some(surplus) => surplus,
                None => return Err(Infeasible::TotalBelowMinimum { total, parts, min }),
            },
            None => return Err(Infeasible::TotalBelowMinimum { total, parts, min }),
        };
        if let Some(most) = max.checked_mul(count)
            && total.get() > most.get()
        {
            return Err(Infeasible::TotalAboveMaximum { total, parts, max });
        }
        let surplus_limit = Fen::new(MAX_SURPLUS_FEN);
        let Some(surplus) = narrow(surplus.get(), MAX_SURPLUS_FEN) else {
            return Err(Infeasible::SurplusTooLarge {
                surplus,
                limit: surplus_limit,
            });
        };
        let range = max.get().saturating_sub(min.get());
        let span = if range < widen(surplus) {
            range
        } else {
            widen(surplus)
        };
        let Some(span) = narrow(span, MAX_SPAN_FEN) else {
            let (span, limit) = (Fen::new(span), Fen::new(MAX_SPAN_FEN));
            return Err(Infeasible::SpanTooLarge { span, limit });
        };
        Ok(Self {
            parts,
            total,
            bounds,
            surplus,
            span,
        })
    }

    /// Returns the number of packets, at least 1.
    #[must_use]
    pub const fn parts(&self) -> u32 {
        self.parts
    }

    /// Returns the sum of all packets.
    #[must_use]
    pub const fn total(&self) -> Fen {
        self.total
    }

    /// Returns the bounds of each packet.
    #[must_use]
    pub const fn bounds(&self) -> PacketBounds {
        self.bounds
    }

    /// Fen to distribute above the floor.
    pub(super) const fn surplus(&self) -> u32 {
        self.surplus
    }

    /// Most fen one part can have above the floor, never more than the surplus.
    pub(super) const fn span(&self) -> u32 {
        self.span
    }
}

/// Why a total cannot be divided as asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Infeasible {
    /// `parts >= 1` fails.
    #[error("a split needs at least one part")]
    NoParts,
    /// `parts <= limit` fails.
    #[error("{parts} parts exceed the limit of {limit}")]
    TooManyParts {
        /// Parts asked for.
        parts: u32,
        /// Most parts of one split.
        limit: u32,
    },
    /// `parts * min <= total` fails.
    #[error("a total of {total} is less than {parts} parts of at least {min}")]
    TotalBelowMinimum {
        /// Sum asked for.
        total: Fen,
        /// Parts asked for.
        parts: u32,
        /// Least amount of a part.
        min: Fen,
    },
    /// `total <= parts * max` fails.
    #[error("a total of {total} is more than {parts} parts of at most {max}")]
    TotalAboveMaximum {
        /// Sum asked for.
        total: Fen,
        /// Parts asked for.
        parts: u32,
        /// Greatest amount of a part.
        max: Fen,
    },
    /// `total - parts * min <= limit` fails.
    #[error("a surplus of {surplus} over the floor exceeds the limit of {limit}")]
    SurplusTooLarge {
        /// The surplus found.
        surplus: Fen,
        /// The greatest surplus of one split.
        limit: Fen,
    },
    /// `min(max - min, surplus) <= limit` fails.
    #[error("packets that may differ by {span} exceed the limit of {limit}")]
    SpanTooLarge {
        /// The difference found.
        span: Fen,
        /// The greatest difference within one split.
        limit: Fen,
    },
}

#[expect(
    clippy::as_conversions,
    reason = "u64::from is not const; u32 to u64 loses nothing"
)]
const fn widen(value: u32) -> u64 {
    value as u64
}

/// The value as `u32` if it is at most `limit`, which itself fits.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "u32::try_from is not const; the guard keeps the value within u32"
)]
const fn narrow(value: u64, limit: u64) -> Option<u32> {
    if value <= limit && value <= widen(u32::MAX) {
        Some(value as u32)
    } else {
        None
    }
}
