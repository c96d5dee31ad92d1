//! Which phases are on at an instant, and when that changes.

use chrono::{DateTime, Utc};

use crate::phase::ScheduledPhase;

/// The phases of an edition, arranged for questions about an instant.
///
/// A tree of maxima over the ends of the phases, which are sorted by start: level 0 holds the ends, and each entry above holds the later of two below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Timeline {
    /// Every start and end; sorted, distinct.
    changes: Vec<DateTime<Utc>>,
    /// Sorted.
    starts: Vec<DateTime<Utc>>,
    /// Never empty; the last level has at most one entry.
    latest_ends: Vec<Vec<DateTime<Utc>>>,
}

impl Timeline {
    /// Arranges phases that are sorted by start, in O(n log n) for n phases.
    pub(crate) fn new(phases: &[ScheduledPhase]) -> Self {
        let starts: Vec<_> = phases.iter().map(|phase| phase.window.start()).collect();
        let ends: Vec<_> = phases.iter().map(|phase| phase.window.end()).collect();
        let mut changes: Vec<_> = starts.iter().chain(&ends).copied().collect();
        changes.sort_unstable();
        changes.dedup();
        let mut latest_ends = Vec::new();
        let mut level = ends;
        while level.len() > 1 {
            let later = |pair: &[DateTime<Utc>]| pair.iter().max().copied();
            let above = level.chunks(2).filter_map(later).collect();
            latest_ends.push(std::mem::replace(&mut level, above));
        }
        latest_ends.push(level);
        Self {
            changes,
            starts,
            latest_ends,
        }
    }

    /// Positions of the phases on at an instant, ascending; O(log n) for each.
    pub(crate) fn active_at(&self, instant: DateTime<Utc>) -> impl Iterator<Item = usize> {
        let n_started = self.starts.partition_point(|start| *start <= instant);
        let mut from = 0_usize;
        std::iter::from_fn(move || {
            let position = self.first_ending_after(instant, from, n_started)?;
            from = position.checked_add(1)?;
            Some(position)
        })
    }

    /// The first position in `from..limit` whose phase ends after an instant.
    fn first_ending_after(
        &self,
        instant: DateTime<Utc>,
        from: usize,
        limit: usize,
    ) -> Option<usize> {
        let (mut level, mut position) = (0_usize, from);
        loop {
            let latest = self.latest_ends.get(level)?.get(position)?;
            let leftmost = position.checked_shl(u32::try_from(level).ok()?)?;
            if leftmost >= limit {
                return None;
            }
            if *latest <= instant {
                // Nothing below ends later: go on to the right, as high up as possible.
                position = position.checked_add(1)?;
                while position.is_multiple_of(2) && level < self.latest_ends.len() {
                    position /= 2;
                    level = level.checked_add(1)?;
                }
            } else if level == 0 {
                return Some(position);
            } else {
                level = level.checked_sub(1)?;
                position = position.checked_mul(2)?;
            }
        }
    }

    /// The first change strictly after an instant.
    pub(crate) fn next_change(&self, instant: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let n_past = self.changes.partition_point(|change| *change <= instant);
        self.changes.get(n_past).copied()
    }
}
