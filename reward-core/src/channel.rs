//! What a payment rail can pay, how fast, when, and for how long its numbers live.

use chrono::{DateTime, Utc};

use crate::{
    Fen,
    instant::{next_shanghai_second, shanghai_second_of_day},
};

/// The limits of one payment rail as data; the payout machine and the plan read them, nothing else knows a rail.
///
/// The named profiles carry the figures of the vendor's pages on cash red packets (dated 2025-08-22)
/// and on merchant transfers (read 2026-08); a merchant whose console shows others writes its own.
///
/// ```
/// use reward_core::{ChannelProfile, Fen};
///
/// let channel = ChannelProfile::red_packet_default();
/// assert!(channel.pays(Fen::new(1_428)).is_ok());
/// assert!(channel.pays(Fen::new(99)).is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(
    clippy::exhaustive_structs,
    reason = "a profile is written out in full by whoever knows the merchant; a new limit must be answered by each"
)]
pub struct ChannelProfile {
    /// Smallest amount the rail pays.
    pub floor: Fen,
    /// Largest amount the rail pays.
    pub ceiling: Fen,
    /// Sendings per second and merchant, kept below the rail's own limit.
    pub sends_per_second: u32,
    /// Packets one person may receive on one Shanghai day.
    pub packets_per_person_per_day: u32,
    /// Shortest time in seconds between two sendings of one number.
    pub resend_interval_seconds: u32,
    /// Hours in which the rail refuses to pay, if any.
    pub quiet_hours: Option<QuietHours>,
    /// Time in seconds after which the rail takes back what nobody opened.
    pub refund_after_seconds: u32,
    /// Time in seconds for which the rail still answers queries about a number.
    pub query_window_seconds: u32,
    /// Time in seconds after the first sending for which a number may be sent again.
    ///
    /// Shorter than the 24 hours after which the rail is reported to call a number expired.
    pub number_reuse_seconds: u32,
}

impl ChannelProfile {
    /// Returns the profile of cash red packets with the lottery scene: amounts from 0.10 yuan.
    ///
    /// The vendor asks for a scene outside 1.00 to 200.00 yuan; scene 2 is promotion by lottery.
    #[must_use]
    pub const fn red_packet_with_scene() -> Self {
        Self {
            floor: Fen::new(10),
            ..Self::red_packet_default()
        }
    }

    /// Returns the profile of cash red packets without a scene: amounts from 1.00 to 200.00 yuan.
    ///
    /// 25 sendings a second of the 30 allowed, 10 packets a person and day, returned after 24 hours,
    /// queries for 30 days, numbers sent again for 20 hours.
    /// No quiet hours: the contest opens at 00:00, and the merchant asks for them to be lifted.
    #[must_use]
    pub const fn red_packet_default() -> Self {
        Self {
            floor: Fen::new(100),
            ceiling: Fen::new(20_000),
            sends_per_second: 25,
            packets_per_person_per_day: 10,
            resend_interval_seconds: 1,
            quiet_hours: None,
            refund_after_seconds: 24 * 3_600,
            query_window_seconds: 30 * 86_400,
            number_reuse_seconds: 20 * 3_600,
        }
    }

    /// Returns the profile of merchant transfers that the person confirms: amounts from 0.10 to 200.00 yuan.
    ///
    /// 80 sendings a second of the 100 allowed, no published limit of a person's day, closed after 24 hours
    /// without confirmation, queries for 30 days, numbers sent again for 20 hours.
    #[must_use]
    pub const fn merchant_transfer() -> Self {
        Self {
            floor: Fen::new(10),
            sends_per_second: 80,
            packets_per_person_per_day: u32::MAX,
            ..Self::red_packet_default()
        }
    }

    /// Checks that the rail can pay `amount`; it is never rounded into the range.
    ///
    /// # Errors
    ///
    /// [`ChannelError::BelowFloor`] or [`ChannelError::AboveCeiling`].
    pub fn pays(&self, amount: Fen) -> Result<(), ChannelError> {
        if amount < self.floor {
            return Err(ChannelError::BelowFloor {
                amount,
                floor: self.floor,
            });
        }
        if amount > self.ceiling {
            return Err(ChannelError::AboveCeiling {
                amount,
                ceiling: self.ceiling,
            });
        }
        Ok(())
    }

    /// Returns the end of the quiet hours that `now` falls into, or `None` if the rail pays now.
    #[must_use]
    pub fn quiet_until(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.quiet_hours.and_then(|quiet| quiet.ends_after(now))
    }
}

/// A daily interval of Shanghai minutes `[from, until)` in which the rail does not pay.
///
/// It may run over midnight: `[1320, 480)` is 22:00 to 08:00.
/// Older pages of the vendor block 00:00 to 08:00 unless the merchant asks otherwise.
///
/// ```
/// use reward_core::QuietHours;
///
/// let night = QuietHours::new(0, 8 * 60)?;
/// assert!(night.contains("2020-05-05T23:59:59Z".parse()?)); // 07:59:59 in Shanghai
/// assert!(!night.contains("2020-05-06T00:00:00Z".parse()?)); // 08:00:00
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "(u16, u16)", into = "(u16, u16)")
)]
pub struct QuietHours {
    from_minute: u16,
    until_minute: u16,
}

impl QuietHours {
    /// Makes the interval from one minute of the Shanghai day to another, each `0..1440`.
    ///
    /// # Errors
    ///
    /// [`ChannelError::NotAMinuteOfTheDay`] for a minute from 1440 on,
    /// [`ChannelError::EmptyQuietHours`] if both are equal.
    pub fn new(from_minute: u16, until_minute: u16) -> Result<Self, ChannelError> {
        for minute in [from_minute, until_minute] {
            if minute >= 1_440 {
                return Err(ChannelError::NotAMinuteOfTheDay { minute });
            }
        }
        if from_minute == until_minute {
            return Err(ChannelError::EmptyQuietHours {
                minute: from_minute,
            });
        }
        Ok(Self {
            from_minute,
            until_minute,
        })
    }

    /// Returns the first and the first-excluded minute of the Shanghai day.
    #[must_use]
    pub const fn minutes(self) -> (u16, u16) {
        (self.from_minute, self.until_minute)
    }

    /// Returns whether `now` is inside the interval.
    #[must_use]
    pub fn contains(self, now: DateTime<Utc>) -> bool {
        let second = shanghai_second_of_day(now);
        let from = second_of(self.from_minute);
        let until = second_of(self.until_minute);
        if from < until {
            (from..until).contains(&second)
        } else {
            second >= from || second < until
        }
    }

    fn ends_after(self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.contains(now)
            .then(|| next_shanghai_second(now, second_of(self.until_minute)))
    }
}

impl TryFrom<(u16, u16)> for QuietHours {
    type Error = ChannelError;

    fn try_from((from_minute, until_minute): (u16, u16)) -> Result<Self, Self::Error> {
        Self::new(from_minute, until_minute)
    }
}

impl From<QuietHours> for (u16, u16) {
    fn from(quiet: QuietHours) -> Self {
        quiet.minutes()
    }
}

fn second_of(minute: u16) -> u32 {
    u32::from(minute).saturating_mul(60)
}

/// Why a channel profile refuses an amount or cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChannelError {
    /// The amount is smaller than the rail pays.
    #[error("{amount} yuan is below the channel's floor of {floor} yuan")]
    BelowFloor {
        /// The amount asked for.
        amount: Fen,
        /// The smallest amount the rail pays.
        floor: Fen,
    },
    /// The amount is larger than the rail pays.
    #[error("{amount} yuan is above the channel's ceiling of {ceiling} yuan")]
    AboveCeiling {
        /// The amount asked for.
        amount: Fen,
        /// The largest amount the rail pays.
        ceiling: Fen,
    },
    /// A day has the minutes `0..1440`.
    #[error("{minute} is not a minute of the day")]
    NotAMinuteOfTheDay {
        /// The number given.
        minute: u16,
    },
    /// Quiet hours that start when they end are no interval.
    #[error("quiet hours start and end at minute {minute}")]
    EmptyQuietHours {
        /// The minute given twice.
        minute: u16,
    },
}
