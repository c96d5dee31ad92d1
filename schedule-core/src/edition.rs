//! One published timetable, checked, and what is on at an instant.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::city::Province;
use crate::openings::Openings;
use crate::phase::{Phase, Provenance, ScheduledPhase};
use crate::round::Round;
use crate::slug::{CitySlug, EditionSlug};
use crate::timeline::Timeline;
use crate::window::{ContestDay, Window};
use crate::zone::Zone;

/// One row of a timetable as it is printed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Row {
    pub(crate) label: String,
    pub(crate) window: Window,
    pub(crate) phases: Vec<Phase>,
}

impl Row {
    /// Returns the printed label, usually a number; it identifies nothing and may skip or repeat.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Returns the printed dates as a half-open window.
    #[must_use]
    pub const fn window(&self) -> Window {
        self.window
    }

    /// Returns what the row prints, in the order of its columns.
    #[must_use]
    pub fn phases(&self) -> &[Phase] {
        &self.phases
    }
}

/// A timetable that keeps its promises: contests in order, never two at once, every city known.
///
/// Made by [`EditionBuilder`](crate::EditionBuilder) or taken from [`published`](crate::published).
/// A postponement is a new edition with dates of its own, not an old one shifted.
///
/// Every question below is a function of the instant alone, so an instance of a server that slept through midnight answers right on its first request.
/// With n phases a question costs O(log n), and an iterator one step more per item.
///
/// ```
/// use schedule_core::{ShanghaiDay, published};
///
/// let edition = published::postponed_2020();
/// let midnight = ShanghaiDay::from_ymd(2020, 5, 6)?.start();
/// let round = edition.contest_at(midnight).map(|round| (round.index(), round.label(), round.city().name()));
/// assert_eq!(round, Some((3, "5", "南京市")));
/// # Ok::<(), schedule_core::CivilTimeError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(
        try_from = "crate::builder::EditionBuilder",
        into = "crate::builder::EditionBuilder"
    )
)]
pub struct Edition {
    pub(crate) slug: EditionSlug,
    pub(crate) title: String,
    pub(crate) province: Province,
    pub(crate) rows: Vec<Row>,
    pub(crate) publicity: Option<(Window, Provenance)>,
    pub(crate) summary: Option<(Window, Provenance)>,
    /// Hull of all contests.
    pub(crate) season: Window,
    /// Sorted by start.
    pub(crate) phases: Vec<ScheduledPhase>,
    /// Sorted by start; pairwise disjoint.
    pub(crate) rounds: Vec<Round>,
    pub(crate) openings: Openings,
    /// Positions in `rounds`.
    pub(crate) round_by_city: BTreeMap<CitySlug, usize>,
    pub(crate) timeline: Timeline,
}

impl Edition {
    /// Returns the slug, unique among the editions of a deployment.
    #[must_use]
    pub const fn slug(&self) -> &EditionSlug {
        &self.slug
    }

    /// Returns the title as shown to people.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Returns the province whose cities take part.
    #[must_use]
    pub const fn province(&self) -> &Province {
        &self.province
    }

    /// Returns the printed rows, in print order.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Returns every phase by start; a stage declared outside the table replaces the rows that print it.
    #[must_use]
    pub fn phases(&self) -> &[ScheduledPhase] {
        &self.phases
    }

    /// Returns the rounds in order of play; there is at least one.
    #[must_use]
    pub fn rounds(&self) -> &[Round] {
        &self.rounds
    }

    /// Returns the window from the opening of the first contest to the closing of the last.
    #[must_use]
    pub const fn season(&self) -> Window {
        self.season
    }

    /// Returns the zone whose midnights the edition's days begin at; all its windows share it.
    #[must_use]
    pub const fn zone(&self) -> Zone {
        self.season.zone()
    }

    /// Returns the one round whose contest is open at an instant, if any.
    #[must_use]
    pub fn contest_at(&self, instant: DateTime<Utc>) -> Option<&Round> {
        self.rounds.get(self.openings.open_at(instant)?)
    }

    /// Returns which day of which city's contest an instant falls on, while a contest is open.
    #[must_use]
    pub fn contest_day(&self, instant: DateTime<Utc>) -> Option<(&Round, ContestDay)> {
        let round = self.contest_at(instant)?;
        Some((round, round.contest_day(instant)?))
    }

    /// Returns the round whose city is in preheat at an instant, if any.
    ///
    /// Where several cities are in preheat at once, the one that plays first; [`phases_at`](Self::phases_at) gives all.
    #[must_use]
    pub fn preheat_at(&self, instant: DateTime<Utc>) -> Option<&Round> {
        self.phases_at(instant)
            .filter(|scheduled| matches!(scheduled.phase, Phase::Preheat(_)))
            .filter_map(|scheduled| self.round_of(scheduled.phase.city()?))
            .min_by_key(|round| round.index)
    }

    /// Returns the phases on at an instant, by start, in O(log n) for each.
    pub fn phases_at(&self, instant: DateTime<Utc>) -> impl Iterator<Item = &ScheduledPhase> {
        let positions = self.timeline.active_at(instant);
        positions.filter_map(|position| self.phases.get(position))
    }

    /// Returns the first round that opens strictly after an instant.
    #[must_use]
    pub fn next_opening(&self, instant: DateTime<Utc>) -> Option<&Round> {
        self.rounds.get(self.openings.n_opened(instant))
    }

    /// Returns the round that closed last, at or before an instant.
    #[must_use]
    pub fn last_closed(&self, instant: DateTime<Utc>) -> Option<&Round> {
        self.rounds
            .get(self.openings.n_closed(instant).checked_sub(1)?)
    }

    /// Returns the first instant strictly after another at which some phase begins or ends.
    #[must_use]
    pub fn next_change(&self, instant: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.timeline.next_change(instant)
    }

    /// Returns the round of a city, if the city takes part.
    #[must_use]
    pub fn round_of(&self, city: &CitySlug) -> Option<&Round> {
        self.rounds.get(*self.round_by_city.get(city)?)
    }

    /// Returns the round played after a city's, or `None` for the last city and for strangers.
    #[must_use]
    pub fn next_round(&self, city: &CitySlug) -> Option<&Round> {
        let position = *self.round_by_city.get(city)?;
        self.rounds.get(position.checked_add(1)?)
    }

    /// Returns the round played before a city's, or `None` for the first city and for strangers.
    #[must_use]
    pub fn previous_round(&self, city: &CitySlug) -> Option<&Round> {
        let position = *self.round_by_city.get(city)?;
        self.rounds.get(position.checked_sub(1)?)
    }

    /// Returns the stretches between two consecutive contests in which no city is open.
    ///
    /// Gaps are allowed, for a rest or a holiday; a contiguous timetable has none.
    pub fn gaps(&self) -> impl Iterator<Item = Gap<'_>> {
        let pairs = self.rounds.iter().zip(self.rounds.iter().skip(1));
        pairs.filter_map(|(after, before)| {
            let window = Window::new(after.window.end(), before.window.start()).ok()?;
            let window = window.in_zone(self.zone());
            Some(Gap {
                after,
                before,
                window,
            })
        })
    }
}

/// A stretch between two consecutive contests in which no city is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap<'e> {
    after: &'e Round,
    before: &'e Round,
    window: Window,
}

impl<'e> Gap<'e> {
    /// Returns the round after whose closing the gap begins.
    #[must_use]
    pub const fn after(&self) -> &'e Round {
        self.after
    }

    /// Returns the round with whose opening the gap ends.
    #[must_use]
    pub const fn before(&self) -> &'e Round {
        self.before
    }

    /// Returns the gap itself, half-open.
    #[must_use]
    pub const fn window(&self) -> Window {
        self.window
    }
}
