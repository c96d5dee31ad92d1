//! What a person should know about a timetable that was read, and where it stands.

use std::fmt;

use chrono::Weekday;

use crate::day::CivilDay;
use crate::error::EditionError;

/// Where something stands: line and column, both from 1.
///
/// In text the column counts characters; in rows of cells it is the cell's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    pub(super) line: u32,
    pub(super) column: u32,
}

impl Place {
    /// The first character, for what stands nowhere in particular.
    pub(super) const START: Self = Self { line: 1, column: 1 };

    /// Returns the line, or the row of a sheet, from 1.
    #[must_use]
    pub const fn line(self) -> u32 {
        self.line
    }

    /// Returns the column: of the character in a text, of the cell in a sheet, from 1.
    #[must_use]
    pub const fn column(self) -> u32 {
        self.column
    }
}

/// Writes `line 5, column 3`.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// Whether a finding keeps the timetable from being an edition.
#[expect(
    clippy::exhaustive_enums,
    reason = "a finding either keeps the table from being used or does not"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Somebody should look; the table can be used as printed.
    Warning,
    /// The table cannot be used.
    Error,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Matter {
    /// Nothing in the input looks like a timetable.
    #[error("there is no table with dates and cities")]
    NoTable,
    /// A second heading begins another table.
    #[error("a second table begins here; give one at a time")]
    SecondTable,
    /// Two columns of the heading mean the same.
    #[error("two columns mean the same: {name:?}")]
    DuplicateColumn {
        /// Heading of the second one.
        name: String,
    },
    /// A row has cities and no dates.
    #[error("the row has no dates")]
    MissingDates,
    /// A cell is not a range of dates.
    #[error("not a range of dates: {text:?}")]
    UnreadableDates {
        /// The cell.
        text: String,
    },
    /// The calendar has no such day.
    #[error("there is no day {year:04}-{month:02}-{day:02}")]
    NoSuchDay {
        /// The year, printed or taken from the edition.
        year: i32,
        /// The month.
        month: u32,
        /// The day of the month.
        day: u32,
    },
    /// The time of day is outside 00:00 to 24:00.
    #[error("there is no time of day {hour:02}:{minute:02}")]
    NoSuchTime {
        /// The hour.
        hour: u32,
        /// The minute.
        minute: u32,
    },
    /// The range ends before it begins.
    #[error("the range ends before it begins: {text:?}")]
    Reversed {
        /// The cell.
        text: String,
    },
    /// A cell names neither a city of the province nor a stage.
    #[error("neither a city of the province nor a stage: {text:?}")]
    UnknownCity {
        /// The refused name.
        text: String,
    },
    /// The rows can be read and are no edition.
    #[error(transparent)]
    Unsound(#[from] EditionError),
    /// Row numbers skip; they are kept as printed.
    #[error("row numbers skip from {after} to {before}; kept as printed")]
    NumbersMissing {
        /// The number above.
        after: u32,
        /// The number here.
        before: u32,
    },
    /// A row number is not larger than the one above; it is kept as printed.
    #[error("row number {label:?} does not follow {above:?}; kept as printed")]
    NumberOutOfOrder {
        /// The label above.
        above: String,
        /// The label here.
        label: String,
    },
    /// A row has no number.
    #[error("the row has no number")]
    NumberBlank,
    /// A printed day exists in leap years only.
    #[error("{day} exists in leap years only")]
    LeapDay {
        /// The day.
        day: CivilDay,
    },
    /// A date without a year was taken to lie in another year than the date before it.
    #[error("taken to lie in {year}, since no year is printed")]
    YearTurned {
        /// The year.
        year: i32,
    },
    /// The printed weekday is not that of the day, so perhaps the year is wrong.
    #[error("{day} is a {}, not a {printed}", day.weekday())]
    WeekdayDisagrees {
        /// The day.
        day: CivilDay,
        /// The printed weekday.
        printed: Weekday,
    },
    /// A range is printed to end at 23:59, so that the last minute of the day is in no window.
    #[error("ends at 23:59 as printed; the last minute of {day} is outside")]
    EndsBeforeMidnight {
        /// The day.
        day: CivilDay,
    },
    /// No city is open between two contests.
    #[error("no city is open for the {n_days} days before this contest")]
    Gap {
        /// Length in days, started ones counted whole.
        n_days: u32,
    },
    /// A city plays without having been in preheat.
    #[error("{city} has no preheat")]
    NoPreheat {
        /// Name of the city.
        city: String,
    },
    /// A column or a line was left out.
    #[error("not read: {text:?}")]
    NotRead {
        /// What was left out.
        text: String,
    },
}

impl Matter {
    /// Returns whether the matter keeps the table from being used.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        match self {
            Self::NoTable
            | Self::SecondTable
            | Self::DuplicateColumn { .. }
            | Self::MissingDates
            | Self::UnreadableDates { .. }
            | Self::NoSuchDay { .. }
            | Self::NoSuchTime { .. }
            | Self::Reversed { .. }
            | Self::UnknownCity { .. }
            | Self::Unsound(_) => Severity::Error,
            Self::NumbersMissing { .. }
            | Self::NumberOutOfOrder { .. }
            | Self::NumberBlank
            | Self::LeapDay { .. }
            | Self::YearTurned { .. }
            | Self::WeekdayDisagrees { .. }
            | Self::EndsBeforeMidnight { .. }
            | Self::Gap { .. }
            | Self::NoPreheat { .. }
            | Self::NotRead { .. } => Severity::Warning,
        }
    }
}

/// One finding: what, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub(super) place: Place,
    pub(super) matter: Matter,
}

impl Finding {
    /// Returns where it stands.
    #[must_use]
    pub const fn place(&self) -> Place {
        self.place
    }

    /// Returns what was found.
    #[must_use]
    pub const fn matter(&self) -> &Matter {
        &self.matter
    }

    /// Returns whether it keeps the table from being used.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        self.matter.severity()
    }
}

/// Writes `line 5, column 3: not a range of dates: "soon"`.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.matter)
    }
}
