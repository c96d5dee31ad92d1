//! How much of a day's deck is released by a given moment of the day.

use chrono::{DateTime, Utc};

use crate::planted::{self, Bug};

/// Milliseconds in a contest day; Asia/Shanghai keeps UTC+8 all year, so every day has 24 hours.
pub const DAY_MS: u32 = 86_400_000;

/// China Standard Time is ahead of UTC by eight hours.
const CHINA_STANDARD_TIME_MS: i64 = 28_800_000;

/// A moment of a contest day: whole milliseconds since 00:00 Asia/Shanghai, in `0..86_400_000`.
///
/// ```
/// use reward_core::DayOffset;
///
/// let six_in_the_evening = DayOffset::from_ms(64_800_000).expect("within the day");
/// assert_eq!(six_in_the_evening.to_string(), "18:00:00.000");
/// assert_eq!(DayOffset::from_ms(86_400_000), None); // 24:00 belongs to the next day
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "u32", into = "u32"))]
pub struct DayOffset(u32);

impl DayOffset {
    /// 00:00, the first moment of the day.
    pub const MIDNIGHT: Self = Self(0);

    /// Makes a moment from milliseconds since 00:00, or `None` from 24:00 on.
    #[must_use]
    pub const fn from_ms(offset_ms: u32) -> Option<Self> {
        if offset_ms < DAY_MS {
            Some(Self(offset_ms))
        } else {
            None
        }
    }

    /// Returns the moment of the Asia/Shanghai day in which an instant falls; parts of a millisecond are dropped.
    #[must_use]
    pub fn of(instant: DateTime<Utc>) -> Self {
        let ahead_ms = if planted::is(Bug::DayOfAnotherZone) {
            0
        } else {
            CHINA_STANDARD_TIME_MS
        };
        let local_ms = instant.timestamp_millis().saturating_add(ahead_ms);
        Self(u32::try_from(local_ms.rem_euclid(i64::from(DAY_MS))).unwrap_or(0))
    }

    /// Returns the milliseconds since 00:00.
    #[must_use]
    pub const fn ms(self) -> u32 {
        self.0
    }
}

/// Writes `hh:mm:ss.mmm`.
impl std::fmt::Display for DayOffset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (seconds, ms) = (self.0 / 1_000, self.0 % 1_000);
        let (minutes, seconds) = (seconds / 60, seconds % 60);
        write!(
            f,
            "{:02}:{:02}:{:02}.{:03}",
            minutes / 60,
            minutes % 60,
            seconds,
            ms
        )
    }
}

impl From<DayOffset> for u32 {
    fn from(offset: DayOffset) -> Self {
        offset.0
    }
}

impl TryFrom<u32> for DayOffset {
    type Error = NotWithinADay;

    fn try_from(offset_ms: u32) -> Result<Self, NotWithinADay> {
        Self::from_ms(offset_ms).ok_or(NotWithinADay { offset_ms })
    }
}

/// Milliseconds that reach beyond the day they count from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{offset_ms} ms since 00:00 is not within a day of {DAY_MS} ms")]
#[non_exhaustive]
pub struct NotWithinADay {
    /// The value refused.
    pub offset_ms: u32,
}

/// When the packets of a day's deck become available, in deck order.
///
/// All arithmetic is exact in whole packets and milliseconds, so every server and every auditor
/// computes the same moment.
/// The founding document does not say when a day's money is handed out: releasing it all at 00:00 gives most of
/// it to whoever keeps a script awake, so the preset opens with a tenth and has released everything by 20:00.
///
/// ```
/// use reward_core::{DayOffset, Release};
///
/// let curve = Release::Curve { head_permille: 100, full_at_ms: 72_000_000 };
/// assert_eq!(curve.released(1_000, DayOffset::MIDNIGHT), 100);
/// assert_eq!(curve.next_release_at(1_000, 100).map(DayOffset::ms), Some(80_000));
/// assert_eq!(curve.next_release_at(1_000, 999).map(DayOffset::ms), Some(72_000_000));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Release {
    /// The whole deck at 00:00.
    Immediate,
    /// Packet `k` of `n` at `k/n` of the day, the first at 00:00.
    Linear,
    /// A head start at 00:00, the rest evenly until a stated moment.
    Curve {
        /// Thousandths of the deck released at 00:00, rounded down to whole packets; `0..=1000`.
        head_permille: u16,
        /// Milliseconds since 00:00 at which the last packet is released; `1..86_400_000`.
        full_at_ms: u32,
    },
}

impl Release {
    /// Returns how many packets of a deck of `packets` are released at a moment of the day.
    ///
    /// Never decreases during the day and never exceeds `packets`.
    /// A curve with values outside their ranges is read as the nearest one inside;
    /// [`RewardRules`](crate::RewardRules) refuses such a curve.
    #[must_use]
    pub fn released(&self, packets: u32, now: DayOffset) -> u32 {
        let elapsed_ms = u64::from(now.0);
        match *self {
            Self::Immediate => packets,
            Self::Linear => proportion(u64::from(packets), elapsed_ms, u64::from(DAY_MS))
                .saturating_add(1)
                .min(packets),
            Self::Curve {
                head_permille,
                full_at_ms,
            } => {
                if now.0 >= full_at_ms {
                    return packets;
                }
                let head = head(packets, head_permille);
                let rest = u64::from(packets.saturating_sub(head));
                head.saturating_add(proportion(rest, elapsed_ms, u64::from(full_at_ms)))
                    .min(packets)
            }
        }
    }

    /// Returns the first moment at which more than `k` packets are released, or `None` if the deck has no packet `k`.
    ///
    /// `k` counts from 0: it is the number of packets taken so far.
    #[must_use]
    pub fn next_release_at(&self, packets: u32, k: u32) -> Option<DayOffset> {
        if k >= packets {
            return None;
        }
        let offset_ms = match *self {
            Self::Immediate => 0,
            Self::Linear => proportion_up(u64::from(k), u64::from(DAY_MS), u64::from(packets)),
            Self::Curve {
                head_permille,
                full_at_ms,
            } => {
                let head = head(packets, head_permille);
                match k.checked_sub(head) {
                    None => 0,
                    Some(beyond) => {
                        let ordinal = u64::from(beyond).saturating_add(1);
                        let rest = u64::from(packets.saturating_sub(head));
                        proportion_up(ordinal, u64::from(full_at_ms), rest)
                    }
                }
            }
        };
        DayOffset::from_ms(offset_ms)
    }
}

/// Whole packets of the head start.
fn head(packets: u32, head_permille: u16) -> u32 {
    proportion(
        u64::from(packets),
        u64::from(head_permille.min(1_000)),
        1_000,
    )
}

/// `of * part / whole` rounded down; all three below 2^32, so the product fits.
fn proportion(of: u64, part: u64, whole: u64) -> u32 {
    let quotient = of.saturating_mul(part).checked_div(whole).unwrap_or(0);
    u32::try_from(quotient).unwrap_or(u32::MAX)
}

/// `of * part / whole` rounded up; all three below 2^32, so the product fits.
fn proportion_up(of: u64, part: u64, whole: u64) -> u32 {
    let product = of.saturating_mul(part);
    if whole == 0 {
        return 0;
    }
    u32::try_from(product.div_ceil(whole)).unwrap_or(u32::MAX)
}
