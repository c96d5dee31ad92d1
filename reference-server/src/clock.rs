//! The one place that reads a clock.

use std::{
    fmt::Debug,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, Utc};

/// Where the contest gets its instants from.
pub trait Clock: Debug + Send + Sync {
    /// The present instant, whole milliseconds.
    fn now(&self) -> DateTime<Utc>;
}

/// The machine's clock, with a guard against jumps.
///
/// A clock that jumps forward would close cities for ever, because a city never takes
/// back an instant. So an instant that is more than two seconds off what the machine's
/// steady clock expects is not believed until it has stood for a minute.
#[derive(Debug)]
pub struct SystemClock(Mutex<Believed>);

/// What the clock said when it was last believed.
#[derive(Debug)]
struct Believed {
    wall: DateTime<Utc>,
    at: Instant,
    doubted_since: Option<Instant>,
}

/// How far the wall clock may be off what the steady clock expects.
const TOLERANCE: TimeDelta = TimeDelta::seconds(2);
/// How long a different wall clock must stand before it is believed.
const PROBATION: Duration = Duration::from_secs(60);

impl SystemClock {
    /// The machine's clock as it stands now.
    #[must_use]
    pub fn new() -> Self {
        Self(Mutex::new(Believed {
            wall: wall_clock(),
            at: Instant::now(),
            doubted_since: None,
        }))
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        let mut believed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        whole_milliseconds(believed.next(wall_clock(), Instant::now()))
    }
}

impl Believed {
    /// The instant to go by, when the wall clock says `wall` at the steady instant `at`.
    fn next(&mut self, wall: DateTime<Utc>, at: Instant) -> DateTime<Utc> {
        let elapsed = TimeDelta::from_std(at.duration_since(self.at)).unwrap_or(TimeDelta::MAX);
        let expected = self.wall.checked_add_signed(elapsed).unwrap_or(self.wall);
        let is_near = (wall - expected).abs() <= TOLERANCE;
        let has_stood = self
            .doubted_since
            .is_some_and(|since| at.duration_since(since) >= PROBATION);
        if is_near || has_stood {
            *self = Self {
                wall,
                at,
                doubted_since: None,
            };
            return wall;
        }
        if self.doubted_since.is_none() {
            tracing::error!(%wall, %expected, "the machine's clock jumped and is not believed yet");
            self.doubted_since = Some(at);
        }
        expected
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that reads the clock"
)]
fn wall_clock() -> DateTime<Utc> {
    Utc::now()
}

/// A clock that is a fixed span ahead of another, or behind it.
#[derive(Debug)]
pub struct ShiftedClock<C> {
    inner: C,
    ahead: TimeDelta,
}

impl<C: Clock> ShiftedClock<C> {
    /// A clock that is `ahead` of `inner`; a negative span is behind.
    #[must_use]
    pub const fn new(inner: C, ahead: TimeDelta) -> Self {
        Self { inner, ahead }
    }
}

impl<C: Clock> Clock for ShiftedClock<C> {
    fn now(&self) -> DateTime<Utc> {
        let now = self.inner.now();
        whole_milliseconds(now.checked_add_signed(self.ahead).unwrap_or(now))
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
        let target = instant.timestamp_millis().saturating_sub(self.elapsed_ms());
        self.base_ms.fetch_max(target, Ordering::SeqCst) < target
    }

    /// Moves the clock forward by a span; a negative one changes nothing.
    pub fn advance_by(&self, span: TimeDelta) -> bool {
        self.advance_to(
            self.now()
                .checked_add_signed(span)
                .unwrap_or_else(|| self.now()),
        )
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
    fn a_jumped_clock_is_believed_after_a_minute_only() {
        let start = DateTime::from_timestamp_millis(1_588_700_000_000).expect("in range");
        let at = Instant::now();
        let mut believed = Believed {
            wall: start,
            at,
            doubted_since: None,
        };
        let later = |seconds| at + Duration::from_secs(seconds);
        let year = TimeDelta::days(365);
        assert_eq!(
            believed.next(start + TimeDelta::seconds(1), later(1)),
            start + TimeDelta::seconds(1)
        );
        assert_eq!(
            believed.next(start + year, later(2)),
            start + TimeDelta::seconds(2)
        );
        assert_eq!(
            believed.next(start + year, later(61)),
            start + TimeDelta::seconds(61)
        );
        assert_eq!(believed.next(start + year, later(62)), start + year);
        let mut believed = Believed {
            wall: start,
            at,
            doubted_since: None,
        };
        assert_eq!(
            believed.next(start + year, later(2)),
            start + TimeDelta::seconds(2)
        );
        let back = start + TimeDelta::seconds(3);
        assert_eq!(
            believed.next(back, later(3)),
            back,
            "a jump that passes leaves no trace"
        );
        assert_eq!(believed.doubted_since, None);
    }

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
