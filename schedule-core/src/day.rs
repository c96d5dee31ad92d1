//! Civil days in Asia/Shanghai, which keeps UTC+8 all year.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Days, FixedOffset, NaiveDate, NaiveTime, TimeDelta, Utc};

/// China Standard Time: UTC+8, 28 800 seconds, without daylight saving since 1991.
///
/// A constant of this crate; no time-zone setting of the machine is ever read.
pub const CHINA_STANDARD_TIME: FixedOffset = china_standard_time();

/// What China Standard Time is ahead of UTC, as a length of time.
pub(crate) const CHINA_STANDARD_OFFSET: TimeDelta = TimeDelta::hours(8);

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

/// Why a date or a time of day does not exist.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CivilTimeError {
    /// The calendar has no such day, or chrono cannot represent it.
    #[error("there is no day {year:04}-{month:02}-{day:02}")]
    NoSuchDay {
        /// Year, astronomical numbering.
        year: i32,
        /// Month, 1 to 12 if it exists.
        month: u32,
        /// Day of the month, 1 to 31 if it exists.
        day: u32,
    },
    /// The day number is outside chrono's calendar.
    #[error("there is no day with epoch day number {number}")]
    NoSuchDayNumber {
        /// The refused number.
        number: i32,
    },
    /// The text is not a date written as `yyyy-mm-dd`.
    #[error("not a date written as yyyy-mm-dd: {text:?}")]
    NotADate {
        /// The refused text.
        text: String,
    },
    /// The time of day is outside 00:00 to 24:00.
    #[error("there is no time of day {hour:02}:{minute:02}")]
    NoSuchTime {
        /// Hour, 0 to 24 if it exists.
        hour: u32,
        /// Minute, 0 to 59 if it exists.
        minute: u32,
    },
}

/// One civil day in Asia/Shanghai: the half-open 24 hours from 00:00 to the next 00:00, UTC+8.
///
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
#[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
pub struct ShanghaiDay(NaiveDate);

impl ShanghaiDay {
    /// Returns the day of a civil date.
    ///
    /// # Errors
    ///
    /// [`CivilTimeError::NoSuchDay`] when the Gregorian calendar has no such day.
    pub const fn from_ymd(year: i32, month: u32, day: u32) -> Result<Self, CivilTimeError> {
        match NaiveDate::from_ymd_opt(year, month, day) {
            Some(date) => Ok(Self(date)),
            None => Err(CivilTimeError::NoSuchDay { year, month, day }),
        }
    }

    /// A day of 2020 in this crate's own tables.
    #[expect(
        clippy::panic,
        reason = "evaluated by the compiler only, for the dates of the tables"
    )]
    pub(crate) const fn of_2020(month: u32, day: u32) -> Self {
        match NaiveDate::from_ymd_opt(2020, month, day) {
            Some(date) => Self(date),
            None => panic!("2020 has no such day"),
        }
    }

    /// Returns the day an instant falls on in Asia/Shanghai.
    ///
    /// Total: the last eight hours chrono can represent, in the year 262 142, count as its last day.
    #[must_use]
    pub fn from_instant(instant: DateTime<Utc>) -> Self {
        let civil = instant
            .naive_utc()
            .checked_add_signed(CHINA_STANDARD_OFFSET);
        Self(civil.map_or(NaiveDate::MAX, |civil| civil.date()))
    }

    /// Returns the day with an epoch day number; 0 is 1 January 1970 in Asia/Shanghai.
    ///
    /// # Errors
    ///
    /// [`CivilTimeError::NoSuchDayNumber`] when chrono's calendar ends before that day.
    pub fn from_number(number: i32) -> Result<Self, CivilTimeError> {
        NaiveDate::from_epoch_days(number)
            .map(Self)
            .ok_or(CivilTimeError::NoSuchDayNumber { number })
    }

    /// Returns the epoch day number: whole days since 1 January 1970 in Asia/Shanghai.
    #[must_use]
    pub const fn number(self) -> i32 {
        self.0.to_epoch_days()
    }

    /// Returns 00:00 of the day, its first instant.
    #[must_use]
    pub fn start(self) -> DateTime<Utc> {
        let midnight = self.0.and_time(NaiveTime::MIN);
        let start = midnight.checked_sub_signed(CHINA_STANDARD_OFFSET);
        start.map_or(DateTime::<Utc>::MIN_UTC, |start| start.and_utc())
    }

    /// Returns 24:00 of the day, which is 00:00 of the next and no longer part of this one.
    #[must_use]
    pub fn end(self) -> DateTime<Utc> {
        self.next().map_or(DateTime::<Utc>::MAX_UTC, Self::start)
    }

    /// Returns the instant of a time of day; 24:00 is the next day's 00:00.
    ///
    /// # Errors
    ///
    /// [`CivilTimeError::NoSuchTime`] for hours over 24, minutes over 59, and minutes after 24:00.
    pub fn at(self, hour: u32, minute: u32) -> Result<DateTime<Utc>, CivilTimeError> {
        if (hour, minute) == (24, 0) {
            return Ok(self.end());
        }
        let time = NaiveTime::from_hms_opt(hour, minute, 0)
            .ok_or(CivilTimeError::NoSuchTime { hour, minute })?;
        let instant = self
            .0
            .and_time(time)
            .checked_sub_signed(CHINA_STANDARD_OFFSET);
        Ok(instant.map_or(DateTime::<Utc>::MIN_UTC, |instant| instant.and_utc()))
    }

    /// Returns the following day, or `None` on chrono's last.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        self.0.succ_opt().map(Self)
    }

    /// Returns the preceding day, or `None` on chrono's first.
    #[must_use]
    pub fn previous(self) -> Option<Self> {
        self.0.pred_opt().map(Self)
    }

    /// Returns the day `n_days` later, or `None` past chrono's last.
    #[must_use]
    pub fn checked_add_days(self, n_days: u32) -> Option<Self> {
        self.0.checked_add_days(Days::new(n_days.into())).map(Self)
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
        // chrono also reads "2020-2-1" and " 2020-02-01"; one spelling per day is enough for a record.
        text.parse()
            .ok()
            .map(Self)
            .filter(|day| day.to_string() == text)
            .ok_or_else(|| CivilTimeError::NotADate { text: text.into() })
    }
}

impl TryFrom<String> for ShanghaiDay {
    type Error = CivilTimeError;

    fn try_from(text: String) -> Result<Self, CivilTimeError> {
        text.parse()
    }
}

impl From<ShanghaiDay> for String {
    fn from(day: ShanghaiDay) -> Self {
        day.to_string()
    }
}
