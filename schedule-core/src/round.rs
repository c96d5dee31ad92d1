//! One city's turn in an edition.

use chrono::{DateTime, Utc};

use crate::city::City;
use crate::window::{ContestDay, Window};

/// One city's turn: its contest window, its preheat, and its place in the order of play.
///
/// The index comes from the order of the contests, never from the printed row labels: those of the postponed timetable of 2020 skip 4.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Round {
    pub(crate) index: u32,
    pub(crate) label: String,
    pub(crate) city: City,
    pub(crate) window: Window,
    pub(crate) preheat: Option<Window>,
}

impl Round {
    /// Returns the place in the order of play, 1 for the first city.
    #[must_use]
    pub const fn index(&self) -> u32 {
        self.index
    }

    /// Returns the label of the printed row that holds the contest.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Returns the city whose turn it is.
    #[must_use]
    pub const fn city(&self) -> &City {
        &self.city
    }

    /// Returns the contest window, half-open.
    #[must_use]
    pub const fn window(&self) -> Window {
        self.window
    }

    /// Returns the preheat window, half-open, if the timetable has one; it ends no later than the contest begins.
    #[must_use]
    pub const fn preheat(&self) -> Option<Window> {
        self.preheat
    }

    /// Returns which day of the contest an instant falls on, or `None` while the contest is not open.
    #[must_use]
    pub fn contest_day(&self, instant: DateTime<Utc>) -> Option<ContestDay> {
        self.window.contest_day(instant)
    }
}
