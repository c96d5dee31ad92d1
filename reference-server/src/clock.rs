//! The one place that reads a clock.

use std::{
    fmt::Debug,
    sync::atomic::{AtomicI64, Ordering},
    time::Instant,
};

use chrono::{DateTime, TimeDelta, Utc};

/// Where the contest gets its instants from.
pub trait Clock: Debug + Send + Sync {
    /// The present instant, whole milliseconds.
    fn now(&self) -> DateTime<Utc>;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
    fn now(&self) -> DateTime<Utc> {
        whole_milliseconds(Utc::now())
    }
}

/// A clock of its own: starts where it is told, runs or stands, and only ever goes forward.
#[derive(Debug)]
pub struct SimulatedClock {
    base_ms: AtomicI64,
    /// `None` for a clock that stands until it is moved.
    running_since: Option<Instant>,
}

impl SimulatedClock {
    /// A clock that runs from `start` at the speed of the machine's.
    #[must_use]
    pub fn running_from(start: DateTime<Utc>) -> Self {
        Self {
            base_ms: AtomicI64::new(start.timestamp_millis()),
            running_since: Some(Instant::now()),
        }
    }

    /// A clock that stands at `start` until it is moved.
    #[must_use]
    pub fn standing_at(start: DateTime<Utc>) -> Self {
        Self {
            base_ms: AtomicI64::new(start.timestamp_millis()),
            running_since: None,
        }
    }

    /// Moves the clock forward to `instant`; an instant in the past changes nothing.
    ///
    /// Returns whether the clock moved.
    pub fn advance_to(&self, instant: DateTime<Utc>) -> bool {
        let target = instant
            .timestamp_millis()
            .saturating_sub(self.elapsed_ms());
        self.base_ms.fetch_max(target, Ordering::SeqCst) < target
    }

    /// Moves the clock forward by a span; a negative one changes nothing.
    pub fn advance_by(&self, span: TimeDelta) -> bool {
        self.advance_to(self.now().checked_add_signed(span).unwrap_or_else(|| self.now()))
    }

    fn elapsed_ms(&self) -> i64 {
        self.running_since.map_or(0, |since| {
            i64::try_from(since.elapsed().as_millis()).unwrap_or(i64::MAX)
        })
    }
}

impl Clock for SimulatedClock {
    fn now(&self) -> DateTime<Utc> {
        let ms = self
            .base_ms
            .load(Ordering::SeqCst)
            .saturating_add(self.elapsed_ms());
        DateTime::from_timestamp_millis(ms).unwrap_or(DateTime::UNIX_EPOCH)
    }
}

fn whole_milliseconds(instant: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(instant.timestamp_millis()).unwrap_or(instant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_simulated_clock_never_goes_back() {
        let start = DateTime::from_timestamp_millis(1_588_700_000_000).expect("in range");
        let clock = SimulatedClock::standing_at(start);
        assert!(!clock.advance_to(start - TimeDelta::milliseconds(1)));
        assert_eq!(clock.now(), start);
        assert!(clock.advance_by(TimeDelta::milliseconds(1)));
        assert_eq!(clock.now(), start + TimeDelta::milliseconds(1));
    }
}
