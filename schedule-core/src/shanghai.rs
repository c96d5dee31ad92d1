//! Civil days in Asia/Shanghai, the days of a Chinese season's books.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, FixedOffset, NaiveDate, Utc};

use crate::day::{CivilDay, CivilTimeError};
use crate::zone::Zone;

/// China Standard Time: UTC+8, 28 800 seconds, without daylight saving since 1991.
///
/// A constant of this crate; no time-zone setting of the machine is ever read.
pub const CHINA_STANDARD_TIME: FixedOffset = china_standard_time();

#[expect(
    clippy::panic,
    reason = "evaluated by the compiler only; 28 800 is inside chrono's range"
)]
const fn china_standard_time() -> FixedOffset {
    match FixedOffset::east_opt(28_800) {
        Some(offset) => offset,
        None => panic!("28 800 seconds is a valid offset"),
    }
}

/// One civil day in Asia/Shanghai: the half-open 24 hours from 00:00 to the next 00:00, UTC+8.
///
/// A [`CivilDay`] that knows its zone, so that it has a first and a last instant.
/// Its [number](Self::number) is ⌊(ms + 28 800 000) / 86 400 000⌋ for every instant `ms` of the day, in milliseconds since the Unix epoch.
///
/// ```
/// use schedule_core::ShanghaiDay;
///
/// let opening = ShanghaiDay::from_ymd(2020, 4, 22)?;
/// assert_eq!(opening.start().to_rfc3339(), "2020-04-21T16:00:00+00:00");
/// assert_eq!(ShanghaiDay::from_instant(opening.start()), opening);
/// assert_eq!(opening.at(24, 0)?, ShanghaiDay::from_ymd(2020, 4, 23)?.start());
/// # Ok::<(), schedule_core::CivilTimeError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct ShanghaiDay(CivilDay);

impl ShanghaiDay {
    /// Returns the day of a civil date.
    ///
    /// # Errors
    ///
    /// [`CivilTimeError::NoSuchDay`] when the Gregorian calendar has no such day.
    pub const fn from_ymd(year: i32, month: u32, day: u32) -> Result<Self, CivilTimeError> {
        match NaiveDate::from_ymd_opt(year, month, day) {
            Some(date) => Ok(Self(CivilDay(date))),
            None => Err(CivilTimeError::NoSuchDay { year, month, day }),
        }
    }

    /// Returns the day an instant falls on in Asia/Shanghai.
    ///
    /// Total: the last eight hours chrono can represent, in the year 262 142, count as its last day.
    #[must_use]
    pub fn from_instant(instant: DateTime<Utc>) -> Self {
        Self(Zone::CHINA.day_of(instant))
    }

    /// Returns the day with an epoch day number; 0 is 1 January 1970 in Asia/Shanghai.
    ///
    /// # Errors
    ///
    /// [`CivilTimeError::NoSuchDayNumber`] when chrono's calendar ends before that day.
    pub fn from_number(number: i32) -> Result<Self, CivilTimeError> {
        CivilDay::from_number(number).map(Self)
    }

    /// Returns the epoch day number: whole days since 1 January 1970 in Asia/Shanghai.
    #[must_use]
    pub const fn number(self) -> i32 {
        self.0.number()
    }

    /// Returns 00:00 of the day, its first instant.
    #[must_use]
    pub fn start(self) -> DateTime<Utc> {
        Zone::CHINA.start_of(self.0)
    }

    /// Returns 24:00 of the day, which is 00:00 of the next and no longer part of this one.
    #[must_use]
    pub fn end(self) -> DateTime<Utc> {
        Zone::CHINA.end_of(self.0)
    }

    /// Returns the instant of a time of day; 24:00 is the next day's 00:00.
    ///
    /// # Errors
    ///
    /// [`CivilTimeError::NoSuchTime`] for hours over 24, minutes over 59, and minutes after 24:00.
    pub fn at(self, hour: u32, minute: u32) -> Result<DateTime<Utc>, CivilTimeError> {
        Zone::CHINA.at(self.0, hour, minute)
    }

    /// Returns the following day, or `None` on chrono's last.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        self.0.next().map(Self)
    }

    /// Returns the preceding day, or `None` on chrono's first.
    #[must_use]
    pub fn previous(self) -> Option<Self> {
        self.0.previous().map(Self)
    }

    /// Returns the day `n_days` later, or `None` past chrono's last.
    #[must_use]
    pub fn checked_add_days(self, n_days: u32) -> Option<Self> {
        self.0.checked_add_days(n_days).map(Self)
    }
}

/// Says that a date is meant as a day in Asia/Shanghai.
impl From<CivilDay> for ShanghaiDay {
    fn from(day: CivilDay) -> Self {
        Self(day)
    }
}

impl From<ShanghaiDay> for CivilDay {
    fn from(day: ShanghaiDay) -> Self {
        day.0
    }
}

impl PartialEq<CivilDay> for ShanghaiDay {
    fn eq(&self, day: &CivilDay) -> bool {
        self.0 == *day
    }
}

impl PartialEq<ShanghaiDay> for CivilDay {
    fn eq(&self, day: &ShanghaiDay) -> bool {
        *self == day.0
    }
}

/// Writes `yyyy-mm-dd`; years past 9999 or before 0 carry a sign.
impl fmt::Display for ShanghaiDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Reads exactly what [`Display`](fmt::Display) writes.
impl FromStr for ShanghaiDay {
    type Err = CivilTimeError;

    fn from_str(text: &str) -> Result<Self, CivilTimeError> {
        text.parse().map(Self)
    }
}
