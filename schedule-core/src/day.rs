//! Civil days: dates of the Gregorian calendar, without a zone.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike as _, Days, NaiveDate, Weekday};

/// Why a date, a time of day or an offset does not exist.
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
    /// No place keeps a time that far from UTC.
    #[error("no zone is {minutes} minutes ahead of UTC")]
    NoSuchZone {
        /// Minutes ahead of UTC, negative when behind.
        minutes: i32,
    },
    /// The text is not an offset written as `+hh:mm`.
    #[error("not an offset written as +hh:mm or -hh:mm: {text:?}")]
    NotAnOffset {
        /// The refused text.
        text: String,
    },
}

/// A date of the proleptic Gregorian calendar.
///
/// Which instants it holds depends on the [`Zone`](crate::Zone) that asks.
///
/// ```
/// use schedule_core::{CivilDay, Zone};
///
/// let opening = CivilDay::from_ymd(2020, 4, 22)?;
/// assert_eq!(Zone::CHINA.start_of(opening).to_rfc3339(), "2020-04-21T16:00:00+00:00");
/// assert_eq!(opening.days_until(CivilDay::from_ymd(2020, 7, 22)?), 91);
/// # Ok::<(), schedule_core::CivilTimeError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
pub struct CivilDay(pub(crate) NaiveDate);

impl CivilDay {
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

    /// Returns the day with an epoch day number; 0 is 1 January 1970.
    ///
    /// # Errors
    ///
    /// [`CivilTimeError::NoSuchDayNumber`] when chrono's calendar ends before that day.
    pub fn from_number(number: i32) -> Result<Self, CivilTimeError> {
        NaiveDate::from_epoch_days(number)
            .map(Self)
            .ok_or(CivilTimeError::NoSuchDayNumber { number })
    }

    /// Returns the epoch day number: whole days since 1 January 1970.
    #[must_use]
    pub const fn number(self) -> i32 {
        self.0.to_epoch_days()
    }

    /// Returns the year, astronomical numbering.
    #[must_use]
    pub fn year(self) -> i32 {
        self.0.year()
    }

    /// Returns the month, 1 to 12.
    #[must_use]
    pub fn month(self) -> u32 {
        self.0.month()
    }

    /// Returns the day of the month, 1 to 31.
    #[must_use]
    pub fn day_of_month(self) -> u32 {
        self.0.day()
    }

    /// Returns the weekday.
    #[must_use]
    pub fn weekday(self) -> Weekday {
        self.0.weekday()
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

    /// Returns how many days later another day is; negative when it is earlier.
    #[must_use]
    pub fn days_until(self, later: Self) -> i32 {
        // chrono's whole calendar is under 2^28 days, so nothing is ever cut off.
        later.number().saturating_sub(self.number())
    }

    /// Returns every day from this one to another, both included; none when the other is earlier.
    pub fn through(self, last: Self) -> impl Iterator<Item = Self> + use<> {
        (self.number()..=last.number()).filter_map(|number| Self::from_number(number).ok())
    }
}

/// Writes `yyyy-mm-dd`; years past 9999 or before 0 carry a sign.
impl fmt::Display for CivilDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Reads exactly what [`Display`](fmt::Display) writes.
impl FromStr for CivilDay {
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

impl TryFrom<String> for CivilDay {
    type Error = CivilTimeError;

    fn try_from(text: String) -> Result<Self, CivilTimeError> {
        text.parse()
    }
}

impl From<CivilDay> for String {
    fn from(day: CivilDay) -> Self {
        day.to_string()
    }
}
