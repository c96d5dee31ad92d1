//! A new edition as somebody writes it: a turn for each city, what stands against it, and what it changes.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use schedule_core::{
    Alteration, CitySlug, CivilDay, Edition, EditionBuilder, EditionChange, EditionError,
    EditionSlug, ExposureReport, Phase, Provenance, Round, Window,
    holidays::{DayKind, Holidays},
};
use serde::{Deserialize, Serialize};

use crate::{app::Season, contest::Failure, store::season::CityRow};

/// A city's turn as it is written down: whole days, the first and the last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// The city's slug.
    pub city: String,
    /// Its contest.
    pub contest: Days,
    /// Its preheat, if it has one.
    pub preheat: Option<Days>,
}

/// Days in a row, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Days {
    /// The first.
    pub first: CivilDay,
    /// The last.
    pub last: CivilDay,
}

impl Days {
    fn of(window: Window) -> Self {
        Self {
            first: window.first_day(),
            last: window.last_day(),
        }
    }

    /// How many they are; none when the last is before the first.
    #[must_use]
    pub fn n(self) -> i32 {
        let between = self.first.days_until(self.last);
        between.saturating_add(1).max(0)
    }
}

/// What stands against an edition; cities by their names.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// The province has no city of this slug.
    UnknownCity(String),
    /// A city stands there twice.
    Twice(String),
    /// The last day is before the first.
    Reversed(String),
    /// The contest has another number of days than the rules pay for.
    Length {
        /// The city.
        city: String,
        /// The days it has.
        n_days: i32,
        /// The days it must have.
        wanted: u32,
    },
    /// Two contests share days.
    Overlap {
        /// The one that begins first.
        first: String,
        /// The other.
        second: String,
    },
    /// The preheat ends after the contest has opened.
    PreheatTooLong(String),
    /// No city plays at all.
    Empty,
    /// The publicity would begin after the first opening.
    BeforePublicity,
    /// The contest is open.
    Running(String),
    /// The contest is over.
    Over(String),
    /// The packets are sealed for the days that were announced.
    Sealed(String),
    /// A sealed city would get another place in the order of play.
    Order(String),
    /// The city would have to be sealed already.
    TooSoon {
        /// The city.
        city: String,
        /// From when its packets would be sealed, or its turn begins.
        by: DateTime<Utc>,
    },
    /// Nothing differs from the edition in force.
    NothingChanged,
    /// It cannot be an edition for another reason.
    Other(String),
}

/// What somebody who approves an edition should know; nothing of it stands against it. Cities by their names.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// Days between two contests on which no city is open.
    Gap {
        /// The city before.
        after: String,
        /// The city after.
        before: String,
        /// How many days.
        n_days: u32,
    },
    /// A city is not called upon before it opens.
    NoPreheat(String),
    /// A public holiday falls into a contest that is new there.
    Holiday {
        /// The city.
        city: String,
        /// The holiday's name.
        name: String,
    },
    /// The calendar of holidays does not know days of a contest.
    CalendarEnds(String),
}

/// The turns of an edition, in the order of play.
#[must_use]
pub fn turns_of(edition: &Edition) -> Vec<Turn> {
    let rounds = edition.rounds().iter();
    rounds
        .map(|round| Turn {
            city: round.city().slug().as_str().to_owned(),
            contest: Days::of(round.window()),
            preheat: round.preheat().map(Days::of),
        })
        .collect()
}

/// The edition that these turns make, the `ordinal`-th of the season that began with `first`.
///
/// Title, province and publicity stay; the summary begins when the last contest has ended.
///
/// # Errors
/// Every [`Problem`] of the turns themselves.
pub(super) fn built(
    first: &Edition,
    ordinal: u32,
    turns: &[Turn],
) -> Result<Edition, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut rows: BTreeMap<Days, Vec<Phase>> = BTreeMap::new();
    for turn in turns {
        let known = CitySlug::new(turn.city.as_str()).ok();
        let known = known.and_then(|city| first.province().city(&city));
        let Some(known) = known else {
            problems.push(Problem::UnknownCity(turn.city.clone()));
            continue;
        };
        let city = known.slug().clone();
        let windows = [Some(turn.contest), turn.preheat];
        if windows.into_iter().flatten().any(|days| days.n() == 0) {
            problems.push(Problem::Reversed(known.name().to_owned()));
            continue;
        }
        let phase = Phase::Contest(city.clone());
        rows.entry(turn.contest).or_default().insert(0, phase);
        if let Some(preheat) = turn.preheat {
            rows.entry(preheat).or_default().push(Phase::Preheat(city));
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let slug = format!("{}-{ordinal}", first.slug().as_str());
    let slug = EditionSlug::new(slug).map_err(|error| vec![Problem::Other(error.to_string())])?;
    let mut builder = EditionBuilder::new(slug, first.title(), first.province().clone());
    let other = |error: schedule_core::WindowError| vec![Problem::Other(error.to_string())];
    let mut season: Option<Window> = None;
    for (label, (days, phases)) in (1..).zip(rows) {
        let window = Window::of_days_in(first.zone(), days.first..=days.last).map_err(other)?;
        if phases
            .iter()
            .any(|phase| matches!(phase, Phase::Contest(_)))
        {
            season = Some(season.map_or(window, |season| season.hull(&window)));
        }
        builder = builder.row(format!("{label}"), window, phases);
    }
    for stage in first.phases() {
        let window = stage.window();
        match stage.phase() {
            Phase::Publicity => builder = builder.publicity(window, stage.provenance()),
            Phase::Summary => {
                let (window, provenance) = summary(first, window, season, stage.provenance());
                builder = builder.summary(window, provenance);
            }
            Phase::Preheat(_) | Phase::Contest(_) => {}
        }
    }
    let faults = builder.faults();
    if faults.is_empty() {
        let built = builder.build();
        return built.map_err(|error| vec![Problem::Other(error.to_string())]);
    }
    let faults = faults.into_iter();
    Err(faults.map(|error| fault(first, error)).collect())
}

/// The summary of the first edition, moved with the end of the season.
fn summary(
    first: &Edition,
    window: Window,
    season: Option<Window>,
    provenance: Provenance,
) -> (Window, Provenance) {
    let before = first.season().last_day();
    let n_days = season.map_or(0, |season| before.days_until(season.last_day()));
    match window.moved(n_days) {
        Ok(moved) if n_days != 0 => (moved, Provenance::Derived),
        Ok(_) | Err(_) => (window, provenance),
    }
}

fn fault(first: &Edition, error: EditionError) -> Problem {
    let name = |slug: &CitySlug| {
        let city = first.province().city(slug);
        city.map_or_else(|| slug.to_string(), |city| city.name().to_owned())
    };
    match error {
        EditionError::NoContest { .. } => Problem::Empty,
        EditionError::ContestsOverlap { first, second, .. } => Problem::Overlap {
            first: name(&first),
            second: name(&second),
        },
        EditionError::RepeatedContest { city, .. } | EditionError::RepeatedPreheat { city, .. } => {
            Problem::Twice(name(&city))
        }
        EditionError::PreheatAfterOpening { city, .. } => Problem::PreheatTooLong(name(&city)),
        EditionError::PublicityAfterOpening { .. } => Problem::BeforePublicity,
        other => Problem::Other(other.to_string()),
    }
}

/// What stands against putting `after` in the place of `before` at an instant, when these cities are sealed.
#[must_use]
pub(super) fn problems(
    season: &Season,
    (before, after): (&Edition, &Edition),
    sealed: &[CityRow],
    now: DateTime<Utc>,
) -> Vec<Problem> {
    let change = EditionChange::between(before, after);
    let is_sealed = |slug: &str| sealed.iter().any(|row| row.city == slug);
    let mut problems = Vec::new();
    for round in change.rounds() {
        let slug = round.city().slug().as_str();
        let city = || round.city().name().to_owned();
        let moves = round.alteration() != Alteration::Unchanged;
        let place = |round: Option<&Round>| round.map(Round::index);
        let is_displaced = place(round.before()) != place(round.after());
        match round.before().map(Round::window) {
            Some(window) if moves && now >= window.end() => problems.push(Problem::Over(city())),
            Some(window) if moves && now >= window.start() => {
                problems.push(Problem::Running(city()));
            }
            _ if moves && is_sealed(slug) => problems.push(Problem::Sealed(city())),
            _ if is_displaced && is_sealed(slug) => problems.push(Problem::Order(city())),
            _ => {}
        }
        let Some(turn) = round.after().filter(|_turn| moves) else {
            continue;
        };
        let wanted = u32::from(season.rules.days());
        let n_days = turn.window().n_days();
        if n_days != wanted {
            problems.push(Problem::Length {
                city: city(),
                n_days: i32::try_from(n_days).unwrap_or(i32::MAX),
                wanted,
            });
        }
        let by = season.bound_from(turn);
        if by <= now && !is_sealed(slug) {
            problems.push(Problem::TooSoon { city: city(), by });
        }
    }
    if change.is_empty() {
        problems.push(Problem::NothingChanged);
    }
    problems
}

/// What whoever approves should know of an edition that takes another one's place.
#[must_use]
pub(super) fn notes(before: &Edition, after: &Edition, holidays: &Holidays) -> Vec<Note> {
    let name = |round: &Round| round.city().name().to_owned();
    let gaps = after.gaps().map(|gap| Note::Gap {
        after: name(gap.after()),
        before: name(gap.before()),
        n_days: gap.window().n_days(),
    });
    let mut notes: Vec<Note> = gaps.collect();
    let change = EditionChange::between(before, after);
    let report = ExposureReport::new(after, holidays);
    for round in change.rounds() {
        let Some(turn) = round.after() else { continue };
        if round.alteration() == Alteration::Unchanged {
            continue;
        }
        if turn.preheat().is_none() {
            notes.push(Note::NoPreheat(name(turn)));
        }
        let window = turn.window();
        let days = window.first_day().through(window.last_day());
        let off = days.filter(|day| holidays.kind(*day).is_some_and(DayKind::is_off));
        let names: BTreeSet<&str> = off.filter_map(|day| holidays.name(day)).collect();
        notes.extend(names.into_iter().map(|holiday| Note::Holiday {
            city: turn.city().name().to_owned(),
            name: holiday.to_owned(),
        }));
        let mut exposures = report.cities().iter();
        let exposure = exposures.find(|exposure| &exposure.city == turn.city().slug());
        if exposure.is_some_and(|exposure| exposure.unknown_days > 0) {
            notes.push(Note::CalendarEnds(name(turn)));
        }
    }
    notes
}

/// An edition as a proposal says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Said {
    /// Which of the season's editions it is, from 2: the first is the configuration's.
    pub(super) ordinal: u32,
    /// The proposal in force when it was written; 0 for the configuration's edition.
    pub(super) based_on: i64,
    /// Its turns.
    pub(super) turns: Vec<Turn>,
}

impl Said {
    pub(super) fn read(content: &str) -> Result<Self, Failure> {
        serde_json::from_str(content).map_err(|_error| unreadable())
    }
}

pub(super) const fn unreadable() -> Failure {
    Failure::Unreadable {
        what: "proposal.content",
    }
}
