//! Half-open windows of instants and the contest days inside them.

use std::fmt;
use std::num::NonZeroU32;
use std::ops::RangeInclusive;

use chrono::{DateTime, TimeDelta, Utc};

use crate::day::CivilDay;
use crate::zone::Zone;

/// Why two instants or two days are not a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WindowError {
    /// The window would hold no instant: its end is not after its start.
    #[error("window ends at {end}, not after its start at {start}")]
    Empty {
        /// The refused start.
        start: DateTime<Utc>,
        /// The refused end.
        end: DateTime<Utc>,
    },
    /// The last day stands before the first.
    #[error("last day {last} is before first day {first}")]
    DaysReversed {
        /// The refused first day.
        first: CivilDay,
        /// The refused last day.
        last: CivilDay,
    },
    /// The window would leave chrono's calendar.
    #[error("a window cannot be moved by {n_days} days")]
    TooFar {
        /// The refused number of days.
        n_days: i32,
    },
}

/// The ordinal of a civil day within a contest window: 1 on the first day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct ContestDay(NonZeroU32);

impl ContestDay {
    /// The first day of every contest.
    pub const FIRST: Self = Self(NonZeroU32::MIN);

    /// Returns the contest day of an ordinal, or `None` for 0.
    #[must_use]
    pub const fn new(ordinal: u32) -> Option<Self> {
        match NonZeroU32::new(ordinal) {
            Some(ordinal) => Some(Self(ordinal)),
            None => None,
        }
    }

    /// Returns the ordinal, 1 on the first day.
    #[must_use]
    pub const fn ordinal(self) -> u32 {
        self.0.get()
    }

    /// Returns the 0-based index, for addressing a list of days.
    #[must_use]
    pub const fn index(self) -> u32 {
        self.0.get().saturating_sub(1)
    }
}

impl fmt::Display for ContestDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A half-open, non-empty interval of instants: `start` is inside, `end` is not.
///
/// "From 00:00 on the first day to 24:00 on the seventh" is therefore seven days and ends where the next window begins.
/// At the instant between two adjoining windows exactly one of them is open.
/// Its days are those of its [`Zone`], China's unless another one is given; equal windows have equal zones.
///
/// ```
/// use schedule_core::{ShanghaiDay, Window};
///
/// let nanjing = Window::of_days(ShanghaiDay::from_ymd(2020, 5, 6)?..=ShanghaiDay::from_ymd(2020, 5, 12)?)?;
/// let last_evening = ShanghaiDay::from_ymd(2020, 5, 12)?.at(23, 59)?;
/// assert_eq!(nanjing.n_days(), 7);
/// assert_eq!(nanjing.contest_day(last_evening).map(|day| day.ordinal()), Some(7));
/// assert!(!nanjing.contains(ShanghaiDay::from_ymd(2020, 5, 12)?.at(24, 0)?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(try_from = "WindowRecord", into = "WindowRecord")
)]
pub struct Window {
    start: DateTime<Utc>,
    end: DateTime<Utc>,
    zone: Zone,
}

impl Window {
    /// Makes the window from `start`, inclusive, to `end`, exclusive, with the days of China.
    ///
    /// # Errors
    ///
    /// [`WindowError::Empty`] when `end` is not after `start`.
    pub fn new(start: DateTime<Utc>, end: DateTime<Utc>) -> Result<Self, WindowError> {
        if end <= start {
            return Err(WindowError::Empty { start, end });
        }
        let zone = Zone::CHINA;
        Ok(Self { start, end, zone })
    }

    /// Makes the window of whole civil days of China as offices print them: both days included.
    ///
    /// # Errors
    ///
    /// As [`of_days_in`](Self::of_days_in).
    pub fn of_days<D: Into<CivilDay>>(days: RangeInclusive<D>) -> Result<Self, WindowError> {
        Self::of_days_in(Zone::CHINA, days)
    }

    /// Makes the window of whole civil days of a zone, both days included.
    ///
    /// # Errors
    ///
    /// - [`WindowError::DaysReversed`] when the last day is before the first;
    /// - [`WindowError::Empty`] at the very ends of chrono's calendar.
    pub fn of_days_in<D: Into<CivilDay>>(
        zone: Zone,
        days: RangeInclusive<D>,
    ) -> Result<Self, WindowError> {
        let (first, last) = days.into_inner();
        let (first, last) = (first.into(), last.into());
        if last < first {
            return Err(WindowError::DaysReversed { first, last });
        }
        Self::new(zone.start_of(first), zone.end_of(last)).map(|window| window.in_zone(zone))
    }

    /// The window of a printed row of this crate's own tables, whose order the tests establish.
    pub(crate) fn of_preset((first, last): (CivilDay, CivilDay)) -> Self {
        let zone = Zone::CHINA;
        Self {
            start: zone.start_of(first),
            end: zone.end_of(last),
            zone,
        }
    }

    /// Returns the same instants with the days of another zone.
    #[must_use]
    pub const fn in_zone(mut self, zone: Zone) -> Self {
        self.zone = zone;
        self
    }

    /// Returns the window some days later; negative days are earlier.
    ///
    /// # Errors
    ///
    /// [`WindowError::TooFar`] when chrono's calendar ends before that.
    pub fn moved(&self, n_days: i32) -> Result<Self, WindowError> {
        let too_far = WindowError::TooFar { n_days };
        let by = TimeDelta::days(n_days.into());
        Ok(Self {
            start: self.start.checked_add_signed(by).ok_or(too_far)?,
            end: self.end.checked_add_signed(by).ok_or(too_far)?,
            zone: self.zone,
        })
    }

    /// Returns the first instant inside.
    #[must_use]
    pub const fn start(&self) -> DateTime<Utc> {
        self.start
    }

    /// Returns the first instant after the window.
    #[must_use]
    pub const fn end(&self) -> DateTime<Utc> {
        self.end
    }

    /// Returns the zone whose days the window counts.
    #[must_use]
    pub const fn zone(&self) -> Zone {
        self.zone
    }

    /// Returns the length, always positive.
    #[must_use]
    pub fn duration(&self) -> TimeDelta {
        self.end.signed_duration_since(self.start)
    }

    /// Says whether `start <= instant < end`.
    #[must_use]
    pub fn contains(&self, instant: DateTime<Utc>) -> bool {
        self.start <= instant && instant < self.end
    }

    /// Says whether every instant of `other` is inside.
    #[must_use]
    pub fn encloses(&self, other: &Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// Returns what two windows share, or `None` when they share no instant; with the days of this one.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Option<Self> {
        Self::new(self.start.max(other.start), self.end.min(other.end))
            .ok()
            .map(|shared| shared.in_zone(self.zone))
    }

    /// Returns the smallest window that encloses both, with the days of this one.
    #[must_use]
    pub fn hull(&self, other: &Self) -> Self {
        Self {
            start: self.start.min(other.start),
            end: self.end.max(other.end),
            zone: self.zone,
        }
    }

    /// Returns the civil day of the first instant.
    #[must_use]
    pub fn first_day(&self) -> CivilDay {
        self.zone.day_of(self.start)
    }

    /// Returns the civil day of the last instant; an end at 00:00 belongs to the day before.
    #[must_use]
    pub fn last_day(&self) -> CivilDay {
        let after = self.zone.day_of(self.end);
        if self.zone.start_of(after) < self.end {
            return after;
        }
        after.previous().unwrap_or(after)
    }

    /// Returns how many civil days the window touches, at least 1.
    #[must_use]
    pub fn n_days(&self) -> u32 {
        days_between(self.first_day(), self.last_day()).saturating_add(1)
    }

    /// Returns which civil day of the window an instant falls on, or `None` outside.
    ///
    /// Days change at 00:00 in the window's zone, whatever time of day the window opens.
    #[must_use]
    pub fn contest_day(&self, instant: DateTime<Utc>) -> Option<ContestDay> {
        if !self.contains(instant) {
            return None;
        }
        let elapsed = days_between(self.first_day(), self.zone.day_of(instant));
        ContestDay::new(elapsed.saturating_add(1))
    }

    /// Returns the civil day that a contest day is, or `None` past the last.
    #[must_use]
    pub fn civil_day(&self, day: ContestDay) -> Option<CivilDay> {
        let civil = self.first_day().checked_add_days(day.index())?;
        (civil <= self.last_day()).then_some(civil)
    }

    /// Returns the part of the window on a contest day, or `None` past the last.
    ///
    /// A whole civil day, unless the window opens or closes inside it.
    #[must_use]
    pub fn day_window(&self, day: ContestDay) -> Option<Self> {
        let civil = self.civil_day(day)?;
        let whole = Self::new(self.zone.start_of(civil), self.zone.end_of(civil)).ok()?;
        self.intersection(&whole)
    }

    /// Returns every contest day of the window in order.
    pub fn contest_days(&self) -> impl Iterator<Item = ContestDay> + use<> {
        (1..=self.n_days()).filter_map(ContestDay::new)
    }
}

/// Writes `[start, end)` in the window's zone; an instant whose civil time chrono cannot hold is written in UTC.
impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        write_instant(f, self.start, self.zone)?;
        f.write_str(", ")?;
        write_instant(f, self.end, self.zone)?;
        f.write_str(")")
    }
}

fn write_instant(f: &mut fmt::Formatter<'_>, instant: DateTime<Utc>, zone: Zone) -> fmt::Result {
    // chrono's own writer panics when the shifted time leaves its calendar.
    let utc = instant.naive_utc();
    let ahead = TimeDelta::minutes(zone.minutes_ahead().into());
    match utc.checked_add_signed(ahead) {
        Some(civil) => write!(f, "{}{zone}", civil.format("%Y-%m-%dT%H:%M:%S%.f")),
        None => write!(f, "{}Z", utc.format("%Y-%m-%dT%H:%M:%S%.f")),
    }
}

fn days_between(earlier: CivilDay, later: CivilDay) -> u32 {
    u32::try_from(earlier.days_until(later)).unwrap_or(0)
}

/// How a window is written; a zone that is not written is China's.
#[cfg(feature = "serde")]
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct WindowRecord {
    start: DateTime<Utc>,
    end: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    zone: Option<Zone>,
}

#[cfg(feature = "serde")]
impl From<Window> for WindowRecord {
    fn from(window: Window) -> Self {
        Self {
            start: window.start,
            end: window.end,
            zone: Some(window.zone).filter(|zone| *zone != Zone::CHINA),
        }
    }
}

#[cfg(feature = "serde")]
impl TryFrom<WindowRecord> for Window {
    type Error = WindowError;

    fn try_from(record: WindowRecord) -> Result<Self, WindowError> {
        let window = Self::new(record.start, record.end)?;
        Ok(window.in_zone(record.zone.unwrap_or(Zone::CHINA)))
    }
}
