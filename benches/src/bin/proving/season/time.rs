//! The world's clock in milliseconds, and the dice that everything hostile is thrown with.

use chrono::{DateTime, Utc};
use rand::{Rng, SeedableRng, rngs::ChaCha8Rng};

/// Milliseconds since 1970, in the world's own true time.
pub(crate) type Ms = i64;

pub(crate) const SECOND: Ms = 1_000;
pub(crate) const MINUTE: Ms = 60 * SECOND;
pub(crate) const HOUR: Ms = 60 * MINUTE;
pub(crate) const DAY: Ms = 24 * HOUR;

/// 22 April 2020, 00:00 in Shanghai: the first midnight of every season.
pub(crate) const START: Ms = 1_587_484_800_000;

/// Asia/Shanghai is ahead of UTC by eight hours, in all years of interest.
const AHEAD: Ms = 8 * HOUR;

/// The instant as the cores take it.
pub(crate) fn instant(at: Ms) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(at).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// The Shanghai day of an instant, counted from 1970: the auditor's own arithmetic, not the core's.
pub(crate) const fn day_of(at: Ms) -> i64 {
    (at + AHEAD).div_euclid(DAY)
}

/// The first instant of a Shanghai day.
pub(crate) const fn start_of(day: i64) -> Ms {
    day * DAY - AHEAD
}

/// A half-open interval of true time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    pub(crate) from: Ms,
    pub(crate) until: Ms,
}

impl Window {
    pub(crate) const fn contains(self, at: Ms) -> bool {
        self.from <= at && at < self.until
    }
}

/// Whether an instant falls into one of these.
pub(crate) fn within(windows: &[Window], at: Ms) -> bool {
    windows.iter().any(|window| window.contains(at))
}

/// A generator of its own for every season.
#[derive(Debug)]
pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(stream);
        Self(random)
    }

    /// A whole number in `0..n`; 0 for `n = 0`. The bias is far below what anybody could see.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        let wide = u128::from(self.0.next_u64()) * u128::from(n);
        u64::try_from(wide >> 64).unwrap_or(0)
    }

    pub(crate) fn index(&mut self, n: usize) -> usize {
        let n = u64::try_from(n).unwrap_or(u64::MAX);
        usize::try_from(self.below(n)).unwrap_or(0)
    }

    /// An instant or a length in `from..until`.
    pub(crate) fn between(&mut self, from: Ms, until: Ms) -> Ms {
        let width = u64::try_from(until - from).unwrap_or(0);
        from + Ms::try_from(self.below(width)).unwrap_or(0)
    }

    /// True with this probability in parts of a hundred thousand.
    pub(crate) fn hits(&mut self, per_100_000: u32) -> bool {
        per_100_000 > 0 && self.below(100_000) < u64::from(per_100_000)
    }

    pub(crate) fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// One of a list that is not empty.
    pub(crate) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.index(of.len())]
    }

    pub(crate) fn permille(&mut self) -> u16 {
        u16::try_from(self.below(1_001)).unwrap_or(0)
    }
}
