//! Zones: how far civil time is ahead of UTC, all year.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};

use crate::day::{CivilDay, CivilTimeError};

/// The zones in civil use lie between 12 hours behind UTC and 14 hours ahead of it (tz database, 2020 to 2025).
const MOST_BEHIND: i32 = -12 * 60;
const MOST_AHEAD: i32 = 14 * 60;

/// Civil time at a fixed distance from UTC, in whole minutes from −12:00 to +14:00.
///
/// There is no daylight saving: a day has 24 hours, and midnight exists on every day.
/// A region that changes its clocks during a season needs two editions or another crate.
///
/// ```
/// use schedule_core::{CivilDay, Zone};
///
/// let tokyo: Zone = "+09:00".parse()?;
/// let day = CivilDay::from_ymd(2027, 5, 1)?;
/// assert_eq!(tokyo.start_of(day).to_rfc3339(), "2027-04-30T15:00:00+00:00");
/// assert_eq!(tokyo.day_of(tokyo.end_of(day)), CivilDay::from_ymd(2027, 5, 2)?);
/// # Ok::<(), schedule_core::CivilTimeError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
pub struct Zone {
    minutes: i32,
}

impl Zone {
    /// China Standard Time, UTC+8: the zone of every province, without daylight saving since 1991.
    pub const CHINA: Self = Self { minutes: 8 * 60 };

    /// UTC itself.
    pub const UTC: Self = Self { minutes: 0 };

    /// Returns the zone that is some minutes ahead of UTC; negative minutes are behind.
    ///
    /// # Errors
    ///
    /// [`CivilTimeError::NoSuchZone`] below −720 and above 840 minutes.
    pub const fn ahead_of_utc(minutes: i32) -> Result<Self, CivilTimeError> {
        if minutes < MOST_BEHIND || MOST_AHEAD < minutes {
            return Err(CivilTimeError::NoSuchZone { minutes });
        }
        Ok(Self { minutes })
    }

    /// Returns how many minutes the zone is ahead of UTC.
    #[must_use]
    pub const fn minutes_ahead(self) -> i32 {
        self.minutes
    }

    /// Returns the zone in chrono's terms.
    ///
    /// Total: the range of a zone is inside that of chrono.
    #[must_use]
    pub fn offset(self) -> FixedOffset {
        let seconds = self.minutes.saturating_mul(60);
        FixedOffset::east_opt(seconds).unwrap_or(crate::shanghai::CHINA_STANDARD_TIME)
    }

    /// Returns the day an instant falls on.
    ///
    /// Total: instants whose civil time chrono cannot hold count to its first or last day.
    #[must_use]
    pub fn day_of(self, instant: DateTime<Utc>) -> CivilDay {
        CivilDay(self.civil(instant).date())
    }

    /// Returns 00:00 of a day, its first instant.
    #[must_use]
    pub fn start_of(self, day: CivilDay) -> DateTime<Utc> {
        self.instant(day.0.and_time(NaiveTime::MIN))
    }

    /// Returns 24:00 of a day, which is 00:00 of the next and no longer part of it.
    #[must_use]
    pub fn end_of(self, day: CivilDay) -> DateTime<Utc> {
        day.next()
            .map_or(DateTime::<Utc>::MAX_UTC, |next| self.start_of(next))
    }

    /// Returns the instant of a time of day; 24:00 is the next day's 00:00.
    ///
    /// # Errors
    ///
    /// [`CivilTimeError::NoSuchTime`] for hours over 24, minutes over 59, and minutes after 24:00.
    pub fn at(
        self,
        day: CivilDay,
        hour: u32,
        minute: u32,
    ) -> Result<DateTime<Utc>, CivilTimeError> {
        if (hour, minute) == (24, 0) {
            return Ok(self.end_of(day));
        }
        let time = NaiveTime::from_hms_opt(hour, minute, 0)
            .ok_or(CivilTimeError::NoSuchTime { hour, minute })?;
        Ok(self.instant(day.0.and_time(time)))
    }

    /// Returns the civil time of an instant.
    pub(crate) fn civil(self, instant: DateTime<Utc>) -> NaiveDateTime {
        let utc = instant.naive_utc();
        utc.checked_add_signed(self.ahead())
            .unwrap_or(match self.minutes {
                ..0 => NaiveDate::MIN.and_time(NaiveTime::MIN),
                _ => NaiveDateTime::MAX,
            })
    }

    /// Returns the instant of a civil time.
    pub(crate) fn instant(self, civil: NaiveDateTime) -> DateTime<Utc> {
        match civil.checked_sub_signed(self.ahead()) {
            Some(utc) => utc.and_utc(),
            None if self.minutes < 0 => DateTime::<Utc>::MAX_UTC,
            None => DateTime::<Utc>::MIN_UTC,
        }
    }

    fn ahead(self) -> TimeDelta {
        TimeDelta::minutes(self.minutes.into())
    }
}

/// Writes `+hh:mm` or `-hh:mm`.
impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.minutes < 0 { '-' } else { '+' };
        let minutes = self.minutes.unsigned_abs();
        write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }
}

/// Reads exactly what [`Display`](fmt::Display) writes.
impl FromStr for Zone {
    type Err = CivilTimeError;

    fn from_str(text: &str) -> Result<Self, CivilTimeError> {
        let not_an_offset = || CivilTimeError::NotAnOffset { text: text.into() };
        let (hours, minutes) = text.split_once(':').ok_or_else(not_an_offset)?;
        let number = |digits: &str| digits.parse::<i32>().map_err(|_| not_an_offset());
        let (hours, minutes) = (number(hours)?, number(minutes)?);
        let sign = if text.starts_with('-') { -1_i32 } else { 1 };
        let zone = Self::ahead_of_utc(
            hours
                .saturating_mul(60)
                .saturating_add(minutes.saturating_mul(sign)),
        )?;
        if zone.to_string() == text {
            Ok(zone)
        } else {
            Err(not_an_offset())
        }
    }
}

impl TryFrom<String> for Zone {
    type Error = CivilTimeError;

    fn try_from(text: String) -> Result<Self, CivilTimeError> {
        text.parse()
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.to_string()
    }
}
