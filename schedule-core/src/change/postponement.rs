//! Postponement: a city opens on a given day, and all that follows moves along.

use crate::builder::EditionBuilder;
use crate::day::CivilDay;
use crate::edition::Edition;
use crate::error::EditionError;
use crate::phase::{Phase, Provenance};
use crate::slug::{CitySlug, EditionSlug};
use crate::window::{Window, WindowError};

/// Why an edition cannot be postponed that way.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PostponementError {
    /// The city does not take part.
    #[error("{city} does not take part")]
    NoSuchRound {
        /// The stranger.
        city: CitySlug,
    },
    /// The calendar ends before the new dates.
    #[error(transparent)]
    TooFar(#[from] WindowError),
    /// The moved contests would meet those that stay.
    #[error(transparent)]
    Unsound(#[from] EditionError),
}

impl Edition {
    /// Returns a new edition in which a city's contest opens on a given day and everything from it on moves by as many days.
    ///
    /// The contests before the city stay, and so do their preheats; with the first city the whole edition moves, publicity included.
    /// Times of day, lengths, order and printed labels stay; a row that holds a contest which stays and a preheat which moves becomes two rows of one label.
    /// A moved stage is marked [`Provenance::Derived`]: nobody has published it yet.
    /// Whether the change still comes in time is for [`EditionChange::permitted_at`](crate::EditionChange::permitted_at) to say.
    ///
    /// # Errors
    ///
    /// - [`PostponementError::NoSuchRound`] when the city does not take part;
    /// - [`PostponementError::TooFar`] when chrono's calendar ends before;
    /// - [`PostponementError::Unsound`] when a city is moved forward into a contest that stays.
    pub fn postponed(
        &self,
        slug: EditionSlug,
        from: &CitySlug,
        opening: CivilDay,
    ) -> Result<Self, PostponementError> {
        let city = || from.clone();
        let first = self
            .round_of(from)
            .ok_or_else(|| PostponementError::NoSuchRound { city: city() })?;
        let n_days = first.window().first_day().days_until(opening);
        let is_whole = first.index() == 1;
        let moves = |phase: &Phase| match phase {
            Phase::Publicity => is_whole,
            Phase::Summary => true,
            Phase::Preheat(city) | Phase::Contest(city) => self
                .round_of(city)
                .is_some_and(|round| round.index() >= first.index()),
        };
        let mut rows: Vec<(String, Window, Vec<Phase>)> = Vec::new();
        for row in self.rows() {
            let (moved, kept): (Vec<Phase>, Vec<Phase>) =
                row.phases().iter().cloned().partition(moves);
            if !kept.is_empty() {
                rows.push((row.label().into(), row.window(), kept));
            }
            if !moved.is_empty() {
                rows.push((row.label().into(), row.window().moved(n_days)?, moved));
            }
        }
        rows.sort_by_key(|(_, window, _)| window.start());
        let builder = EditionBuilder::new(slug, self.title(), self.province().clone());
        let mut builder = rows
            .into_iter()
            .fold(builder, |builder, (label, window, phases)| {
                builder.row(label, window, phases)
            });
        let stage = |(window, provenance): (Window, Provenance), phase: &Phase| {
            if moves(phase) && n_days != 0 {
                window
                    .moved(n_days)
                    .map(|window| (window, Provenance::Derived))
            } else {
                Ok((window, provenance))
            }
        };
        if let Some(publicity) = self.publicity {
            let (window, provenance) = stage(publicity, &Phase::Publicity)?;
            builder = builder.publicity(window, provenance);
        }
        if let Some(summary) = self.summary {
            let (window, provenance) = stage(summary, &Phase::Summary)?;
            builder = builder.summary(window, provenance);
        }
        Ok(builder.build()?)
    }
}
