//! Why a timetable is not an edition.

use chrono::{DateTime, Utc};

use crate::builder::MAX_PHASES;
use crate::phase::Phase;
use crate::slug::{CitySlug, EditionSlug};
use crate::window::Window;
use crate::zone::Zone;

/// Why a timetable is not an edition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EditionError {
    /// The title is empty or only white space.
    #[error("edition {slug} has a blank title")]
    BlankTitle {
        /// Slug of the edition.
        slug: EditionSlug,
    },
    /// There are more than [`MAX_PHASES`] phases.
    #[error("an edition has at most {MAX_PHASES} phases, this one has {n_phases}")]
    TooManyPhases {
        /// The refused number.
        n_phases: usize,
    },
    /// No row holds a contest.
    #[error("edition {slug} has no contest")]
    NoContest {
        /// Slug of the edition.
        slug: EditionSlug,
    },
    /// A row holds no phase.
    #[error("row {label:?} holds no phase")]
    EmptyRow {
        /// Label of the row.
        label: String,
    },
    /// A row names a city that the province does not have.
    #[error("row {label:?} names {city}, which is no city of the province")]
    UnknownCity {
        /// Label of the row.
        label: String,
        /// The stranger.
        city: CitySlug,
    },
    /// A row starts before the row printed above it.
    #[error("row {label:?} starts before row {above:?} printed above it")]
    RowsOutOfOrder {
        /// Label of the row above.
        above: String,
        /// Label of the row that starts too early.
        label: String,
    },
    /// Two windows count their days in different zones.
    #[error("one window is in zone {first}, another in {other}")]
    MixedZones {
        /// Label of the row of the other window; `None` for a stage declared outside the table.
        label: Option<String>,
        /// Zone of the first row.
        first: Zone,
        /// The other zone.
        other: Zone,
    },
    /// Two contests share instants.
    #[error("row {label:?}: the contests of {first} and {second} overlap in {overlap}")]
    ContestsOverlap {
        /// City of the contest that starts first.
        first: CitySlug,
        /// City of the other contest.
        second: CitySlug,
        /// Label of the other contest's row.
        label: String,
        /// What the two share.
        overlap: Window,
    },
    /// One city has two contests.
    #[error("rows {first_label:?} and {second_label:?} both hold the contest of {city}")]
    RepeatedContest {
        /// The city.
        city: CitySlug,
        /// Label of the first row.
        first_label: String,
        /// Label of the second row.
        second_label: String,
    },
    /// One city has two preheats.
    #[error("rows {first_label:?} and {second_label:?} both hold the preheat of {city}")]
    RepeatedPreheat {
        /// The city.
        city: CitySlug,
        /// Label of the first row.
        first_label: String,
        /// Label of the second row.
        second_label: String,
    },
    /// A city is in preheat for a contest that never comes.
    #[error("row {label:?} holds the preheat of {city}, which has no contest")]
    PreheatWithoutContest {
        /// The city.
        city: CitySlug,
        /// Label of the row.
        label: String,
    },
    /// A city's preheat goes on after its contest has opened.
    #[error(
        "row {label:?}: the preheat of {city}, {preheat}, ends after its contest opens at {opening}"
    )]
    PreheatAfterOpening {
        /// The city.
        city: CitySlug,
        /// Label of the row of the preheat.
        label: String,
        /// Window of the preheat.
        preheat: Window,
        /// Opening of the contest.
        opening: DateTime<Utc>,
    },
    /// A row prints a stage outside the window declared for that stage.
    #[error("row {label:?} prints {phase} outside its declared window {declared}")]
    RowOutsideStage {
        /// Publicity or summary.
        phase: Phase,
        /// Label of the row.
        label: String,
        /// Window declared for the stage.
        declared: Window,
    },
    /// Publicity starts when the first contest is already open.
    #[error("publicity {publicity} starts no earlier than the first contest, at {opening}")]
    PublicityAfterOpening {
        /// Window of the publicity.
        publicity: Window,
        /// Opening of the first contest.
        opening: DateTime<Utc>,
    },
    /// The summary starts before the last contest has closed.
    #[error("summary {summary} starts before the last contest closes at {closing}")]
    SummaryBeforeClosing {
        /// Window of the summary.
        summary: Window,
        /// Closing of the last contest.
        closing: DateTime<Utc>,
    },
}

impl EditionError {
    /// Returns the label of the printed row that has the fault, if one row has it.
    #[must_use]
    pub fn row_label(&self) -> Option<&str> {
        match self {
            Self::EmptyRow { label }
            | Self::UnknownCity { label, .. }
            | Self::RowsOutOfOrder { label, .. }
            | Self::ContestsOverlap { label, .. }
            | Self::RepeatedContest {
                second_label: label,
                ..
            }
            | Self::RepeatedPreheat {
                second_label: label,
                ..
            }
            | Self::PreheatWithoutContest { label, .. }
            | Self::PreheatAfterOpening { label, .. }
            | Self::RowOutsideStage { label, .. } => Some(label),
            Self::MixedZones { label, .. } => label.as_deref(),
            Self::BlankTitle { .. }
            | Self::TooManyPhases { .. }
            | Self::NoContest { .. }
            | Self::PublicityAfterOpening { .. }
            | Self::SummaryBeforeClosing { .. } => None,
        }
    }
}
