//! Half-open windows of instants and the contest days inside them.

use std::fmt;
use std::num::NonZeroU32;
use std::ops::RangeInclusive;

use chrono::{DateTime, TimeDelta, Utc};

use crate::day::{CHINA_STANDARD_OFFSET, ShanghaiDay};

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
        first: ShanghaiDay,
        /// The refused last day.
        last: ShanghaiDay,
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
#[cfg_attr(feature = "serde", serde(try_from = "WindowRecord"))]
pub struct Window {
    start: DateTime<Utc>,
    end: DateTime<Utc>,
}

impl Window {
    /// Makes the window from `start`, inclusive, to `end`, exclusive.
    ///
    /// # Errors
    ///
    /// [`WindowError::Empty`] when `end` is not after `start`.
    pub fn new(start: DateTime<Utc>, end: DateTime<Utc>) -> Result<Self, WindowError> {
        if end <= start {
            return Err(WindowError::Empty { start, end });
        }
        Ok(Self { start, end })
    }

    /// Makes the window of whole civil days as offices print them: both days included.
    ///
    /// # Errors
    ///
    /// - [`WindowError::DaysReversed`] when the last day is before the first;
    /// - [`WindowError::Empty`] at the very end of chrono's calendar.
    pub fn of_days(days: RangeInclusive<ShanghaiDay>) -> Result<Self, WindowError> {
        let (first, last) = days.into_inner();
        if last < first {
            return Err(WindowError::DaysReversed { first, last });
        }
        Self::new(first.start(), last.end())
    }

    /// The window of a printed row of this crate's own tables, whose order the tests establish.
    pub(crate) fn of_preset((first, last): (ShanghaiDay, ShanghaiDay)) -> Self {
        Self {
            start: first.start(),
            end: last.end(),
        }
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

    /// Returns what two windows share, or `None` when they share no instant.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Option<Self> {
        Self::new(self.start.max(other.start), self.end.min(other.end)).ok()
    }

    /// Returns the smallest window that encloses both.
    #[must_use]
    pub fn hull(&self, other: &Self) -> Self {
        Self {
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }

    /// Returns the civil day of the first instant.
    #[must_use]
    pub fn first_day(&self) -> ShanghaiDay {
        ShanghaiDay::from_instant(self.start)
    }

    /// Returns the civil day of the last instant; an end at 00:00 belongs to the day before.
    #[must_use]
    pub fn last_day(&self) -> ShanghaiDay {
        let after = ShanghaiDay::from_instant(self.end);
        if after.start() < self.end {
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
    /// Days change at 00:00 in Asia/Shanghai, whatever time of day the window opens.
    #[must_use]
    pub fn contest_day(&self, instant: DateTime<Utc>) -> Option<ContestDay> {
        if !self.contains(instant) {
            return None;
        }
        let elapsed = days_between(self.first_day(), ShanghaiDay::from_instant(instant));
        ContestDay::new(elapsed.saturating_add(1))
    }

    /// Returns the civil day that a contest day is, or `None` past the last.
    #[must_use]
    pub fn civil_day(&self, day: ContestDay) -> Option<ShanghaiDay> {
        let civil = self.first_day().checked_add_days(day.index())?;
        (civil <= self.last_day()).then_some(civil)
    }

    /// Returns the part of the window on a contest day, or `None` past the last.
    ///
    /// A whole civil day, unless the window opens or closes inside it.
    #[must_use]
    pub fn day_window(&self, day: ContestDay) -> Option<Self> {
        let civil = self.civil_day(day)?;
        Self::new(civil.start(), civil.end())
            .ok()?
            .intersection(self)
    }

    /// Returns every contest day of the window in order.
    pub fn contest_days(&self) -> impl Iterator<Item = ContestDay> + use<> {
        (1..=self.n_days()).filter_map(ContestDay::new)
    }
}

/// Writes `[start, end)` in Asia/Shanghai; an instant whose civil time chrono cannot hold is written in UTC.
impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        write_instant(f, self.start)?;
        f.write_str(", ")?;
        write_instant(f, self.end)?;
        f.write_str(")")
    }
}

fn write_instant(f: &mut fmt::Formatter<'_>, instant: DateTime<Utc>) -> fmt::Result {
    // chrono's own writer panics when the shifted time leaves its calendar.
    let utc = instant.naive_utc();
    match utc.checked_add_signed(CHINA_STANDARD_OFFSET) {
        Some(civil) => write!(f, "{}+08:00", civil.format("%Y-%m-%dT%H:%M:%S%.f")),
        None => write!(f, "{}Z", utc.format("%Y-%m-%dT%H:%M:%S%.f")),
    }
}

fn days_between(earlier: ShanghaiDay, later: ShanghaiDay) -> u32 {
    let difference = i64::from(later.number()).saturating_sub(i64::from(earlier.number()));
    // chrono's whole calendar is under 2^28 days, so the conversion always succeeds for ordered days.
    u32::try_from(difference).unwrap_or(0)
}

#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct WindowRecord {
    start: DateTime<Utc>,
    end: DateTime<Utc>,
}

#[cfg(feature = "serde")]
impl TryFrom<WindowRecord> for Window {
    type Error = WindowError;

    fn try_from(record: WindowRecord) -> Result<Self, WindowError> {
        Self::new(record.start, record.end)
    }
}
