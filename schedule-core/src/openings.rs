//! How many rounds have opened by an instant.

use chrono::{DateTime, Utc};

use crate::round::Round;

/// The openings and closings of rounds, small and apart from them, so that a search touches little memory.
///
/// The season is cut into as many equal stretches as there are rounds; a search begins in the stretch of its instant.
/// With rounds of like lengths it ends there at once, with any others it is a binary search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Openings {
    /// Sorted.
    openings: Vec<DateTime<Utc>>,
    /// Sorted, because rounds are disjoint.
    closings: Vec<DateTime<Utc>>,
    /// Where the first stretch begins, in whole seconds since the Unix epoch.
    origin_s: i64,
    /// Length of a stretch, at least 1.
    stretch_s: i64,
    /// For each stretch, and for the end of the last, how many rounds open before it begins.
    n_before: Vec<usize>,
}

impl Openings {
    /// Arranges rounds that are sorted and disjoint, in O(n).
    pub(crate) fn new(rounds: &[Round]) -> Self {
        let openings: Vec<_> = rounds.iter().map(|round| round.window().start()).collect();
        let closings = rounds.iter().map(|round| round.window().end()).collect();
        let second = |opening: Option<&DateTime<Utc>>| opening.map_or(0, DateTime::timestamp);
        let origin_s = second(openings.first());
        let length_s = second(openings.last()).saturating_sub(origin_s);
        let n_stretches = i64::try_from(openings.len()).unwrap_or(i64::MAX).max(1);
        let stretch_s = length_s
            .checked_div(n_stretches)
            .unwrap_or(0)
            .saturating_add(1);
        let mut n_before = Vec::with_capacity(openings.len().saturating_add(1));
        let mut begins_s = origin_s;
        for (n_opened, opening) in openings.iter().enumerate() {
            while begins_s <= opening.timestamp() {
                n_before.push(n_opened);
                begins_s = begins_s.saturating_add(stretch_s);
            }
        }
        n_before.push(openings.len());
        Self {
            openings,
            closings,
            origin_s,
            stretch_s,
            n_before,
        }
    }

    /// How many rounds open at or before an instant.
    pub(crate) fn n_opened(&self, instant: DateTime<Utc>) -> usize {
        let Some(elapsed_s) = instant
            .timestamp()
            .checked_sub(self.origin_s)
            .filter(|elapsed_s| *elapsed_s >= 0)
        else {
            return 0;
        };
        let stretch = elapsed_s.checked_div(self.stretch_s).unwrap_or(0);
        let stretch = usize::try_from(stretch).unwrap_or(usize::MAX);
        let from = self.n_before.get(stretch).copied();
        let from = from.unwrap_or(self.openings.len());
        let to = self.n_before.get(stretch.saturating_add(1)).copied();
        let to = to.unwrap_or(self.openings.len());
        let within = self.openings.get(from..to).unwrap_or(&[]);
        let n_within = within.partition_point(|opening| *opening <= instant);
        from.saturating_add(n_within)
    }

    /// The position of the round that is open at an instant.
    pub(crate) fn open_at(&self, instant: DateTime<Utc>) -> Option<usize> {
        let position = self.n_opened(instant).checked_sub(1)?;
        (instant < *self.closings.get(position)?).then_some(position)
    }

    /// How many rounds close at or before an instant.
    pub(crate) fn n_closed(&self, instant: DateTime<Utc>) -> usize {
        self.closings.partition_point(|closing| *closing <= instant)
    }
}
