//! What differs between two editions, and whether it may still be changed.

mod letter;
mod postponement;

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

pub use postponement::PostponementError;

use crate::city::City;
use crate::edition::Edition;
use crate::printing::chinese_days;
use crate::round::Round;
use crate::slug::CitySlug;
use crate::table::Table;
use crate::window::Window;

/// What becomes of one city's turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Alteration {
    /// Contest and preheat stay.
    Unchanged,
    /// The contest stays, the preheat does not.
    PreheatOnly,
    /// The contest keeps its length and opens later, or earlier if `by` is negative.
    Moved {
        /// How much later.
        by: TimeDelta,
    },
    /// The contest is longer or shorter than before, wherever it begins.
    Resized,
    /// The city did not play before.
    New,
    /// The city plays no more.
    Cancelled,
}

/// One city's turn before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoundChange {
    city: City,
    before: Option<Round>,
    after: Option<Round>,
}

impl RoundChange {
    /// Returns the city.
    #[must_use]
    pub const fn city(&self) -> &City {
        &self.city
    }

    /// Returns the turn as it was, or `None` for a new one.
    #[must_use]
    pub const fn before(&self) -> Option<&Round> {
        self.before.as_ref()
    }

    /// Returns the turn as it shall be, or `None` for a cancelled one.
    #[must_use]
    pub const fn after(&self) -> Option<&Round> {
        self.after.as_ref()
    }

    /// Returns what becomes of the turn.
    #[must_use]
    pub fn alteration(&self) -> Alteration {
        let (before, after) = match (&self.before, &self.after) {
            (Some(before), Some(after)) => (before, after),
            (None, _) => return Alteration::New,
            (Some(_), None) => return Alteration::Cancelled,
        };
        let (old, new) = (before.window(), after.window());
        if old.duration() != new.duration() {
            Alteration::Resized
        } else if old.start() != new.start() {
            let by = new.start().signed_duration_since(old.start());
            Alteration::Moved { by }
        } else if before.preheat() != after.preheat() {
            Alteration::PreheatOnly
        } else {
            Alteration::Unchanged
        }
    }

    /// The windows of the contest before and after.
    fn windows(&self) -> (Option<Window>, Option<Window>) {
        let window = |round: &Option<Round>| round.as_ref().map(Round::window);
        (window(&self.before), window(&self.after))
    }
}

/// Why a change comes too late.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeRefusal {
    /// The contest to be changed is open: people are playing by its announced end.
    #[error("the contest of {city} is running, {window}")]
    Running {
        /// The city.
        city: CitySlug,
        /// Its window as announced.
        window: Window,
    },
    /// The contest to be changed is over: its packets are paid.
    #[error("the contest of {city} is over, {window}")]
    Past {
        /// The city.
        city: CitySlug,
        /// Its window as announced.
        window: Window,
    },
    /// The changed contest would have opened already.
    #[error("the contest of {city} would have opened already, {window}")]
    OpensInThePast {
        /// The city.
        city: CitySlug,
        /// The window it was to get.
        window: Window,
    },
}

/// Two editions of one season side by side, city by city.
///
/// ```
/// use schedule_core::published::{original_2020, postponed_2020};
/// use schedule_core::{Alteration, EditionChange};
///
/// let change = EditionChange::between(&original_2020(), &postponed_2020());
/// let moved = Alteration::Moved { by: chrono::TimeDelta::days(60) };
/// assert!(change.rounds().iter().all(|round| round.alteration() == moved));
/// assert!(change.table().text().starts_with("场次  城市"));
///
/// let in_march = "2020-03-01T00:00:00Z".parse()?;
/// let refusal = change.permitted_at(in_march).unwrap_err();
/// assert!(refusal.to_string().starts_with("the contest of yancheng is over"));
/// # Ok::<(), chrono::ParseError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditionChange {
    title: String,
    season_before: Window,
    season_after: Window,
    same_order: bool,
    rounds: Vec<RoundChange>,
}

impl EditionChange {
    /// Compares two editions, in O(n log n) for n rounds.
    ///
    /// Cities are matched by their slug; labels, titles and rows do not count.
    #[must_use]
    pub fn between(before: &Edition, after: &Edition) -> Self {
        let kept = after.rounds().iter().map(|round| RoundChange {
            city: round.city().clone(),
            before: before.round_of(round.city().slug()).cloned(),
            after: Some(round.clone()),
        });
        let is_cancelled = |round: &&Round| after.round_of(round.city().slug()).is_none();
        let cancelled = before.rounds().iter().filter(is_cancelled);
        let cancelled = cancelled.map(|round| RoundChange {
            city: round.city().clone(),
            before: Some(round.clone()),
            after: None,
        });
        let rounds: Vec<RoundChange> = kept.chain(cancelled).collect();
        let both = rounds
            .iter()
            .filter_map(|change| Some(change.before()?.index()));
        let order: Vec<u32> = both.collect();
        Self {
            title: after.title().into(),
            season_before: before.season(),
            season_after: after.season(),
            same_order: order.is_sorted(),
            rounds,
        }
    }

    /// Returns every turn: those of the new edition in its order, then the cancelled ones.
    #[must_use]
    pub fn rounds(&self) -> &[RoundChange] {
        &self.rounds
    }

    /// Returns whether the two editions have the same contests and preheats.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.altered().next().is_none()
    }

    /// Returns how much later all contests are, if all are moved alike and none is new or cancelled.
    #[must_use]
    pub fn moved_as_a_whole(&self) -> Option<TimeDelta> {
        let alterations: BTreeSet<Alteration> =
            self.rounds.iter().map(RoundChange::alteration).collect();
        match alterations.first() {
            Some(&Alteration::Moved { by }) if alterations.len() == 1 => Some(by),
            Some(_) | None => None,
        }
    }

    /// Says whether the change may still be made at an instant.
    ///
    /// A preheat may be changed at any time before its contest opens.
    ///
    /// # Errors
    ///
    /// The first [`ChangeRefusal`], by the order of [`rounds`](Self::rounds): a changed contest that is running or over, or one that would have opened already.
    pub fn permitted_at(&self, now: DateTime<Utc>) -> Result<(), ChangeRefusal> {
        for change in self.altered() {
            let city = || change.city.slug().clone();
            let (before, after) = change.windows();
            if let Some(window) = before.filter(|window| window.start() <= now) {
                let city = city();
                return Err(if window.contains(now) {
                    ChangeRefusal::Running { city, window }
                } else {
                    ChangeRefusal::Past { city, window }
                });
            }
            if let Some(window) = after.filter(|window| window.start() <= now) {
                let city = city();
                return Err(ChangeRefusal::OpensInThePast { city, window });
            }
        }
        Ok(())
    }

    /// Returns the change as a table to be attached to a letter.
    #[must_use]
    pub fn table(&self) -> Table {
        let year = Some(self.season_before.first_day().year());
        let row = |change: &RoundChange| {
            let days = |window: Option<Window>| {
                window.map_or("—".into(), |window| chinese_days(&window, year))
            };
            let (before, after) = change.windows();
            let preheat = change.after().and_then(Round::preheat);
            [
                change.after().map_or("—".into(), |r| r.index().to_string()),
                change.city.name().into(),
                days(before),
                days(after),
                letter::chinese_alteration(change.alteration()),
                days(preheat),
            ]
        };
        let heading = [
            "场次",
            "城市",
            "原竞赛时段",
            "调整后竞赛时段",
            "变化",
            "调整后预热时段",
        ];
        Table::new(heading, self.rounds.iter().map(row))
    }

    fn altered(&self) -> impl Iterator<Item = &RoundChange> {
        let rounds = self.rounds.iter();
        rounds.filter(|change| change.alteration() != Alteration::Unchanged)
    }
}
