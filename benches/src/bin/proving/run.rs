//! Many seasons at once, in the order of their seeds; a failure is handed back with the seed that makes it again.

use std::{
    panic::{self, AssertUnwindSafe},
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

use rustix::time::{ClockId, clock_gettime};

use crate::season::{self, Manner, Outcome, Violation, coverage::Coverage};

/// Every so many seasons one is played twice, and must be the same.
const TWICE: u64 = 20;

/// A season that broke a law.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) seed: u64,
    pub(crate) violation: Violation,
}

/// What a run of seasons came to.
#[derive(Debug, Default)]
pub(crate) struct Sum {
    pub(crate) seasons: u64,
    pub(crate) events: u64,
    pub(crate) awards: u64,
    pub(crate) calls: u64,
    pub(crate) useful: u64,
    pub(crate) twice: u64,
    pub(crate) failures: Vec<Failure>,
    pub(crate) coverage: Coverage,
}

/// Processor time of this process so far, in seconds.
pub(crate) fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let (seconds, nanos) = (time.tv_sec, time.tv_nsec);
    let seconds = u32::try_from(seconds).map(f64::from).unwrap_or(0.0);
    seconds + u32::try_from(nanos).map(f64::from).unwrap_or(0.0) / 1e9
}

/// Plays one season; a panic is a violation like any other (P2).
pub(crate) fn play(seed: u64, manner: Manner) -> Outcome {
    panic::catch_unwind(AssertUnwindSafe(|| season::play(seed, manner))).unwrap_or_else(|panic| {
        let what = panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Outcome::broken(Violation {
            predicate: "P2 nothing panics",
            what: what.unwrap_or_default(),
        })
    })
}

/// Plays the seasons `from..from + count` on so many threads; stops early after the first failures if asked.
pub(crate) fn seasons(from: u64, count: u64, jobs: usize, manner: Manner, most: usize) -> Sum {
    let next = AtomicU64::new(from);
    let until = from + count;
    let n_failed = AtomicU64::new(0);
    let most_failed = u64::try_from(most).unwrap_or(u64::MAX);
    let work = || {
        let mut sum = Sum::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= until || n_failed.load(Ordering::Relaxed) >= most_failed {
                return sum;
            }
            let outcome = play(seed, manner);
            let mut violation = outcome.violation.clone();
            if violation.is_none() && seed.is_multiple_of(TWICE) {
                sum.twice += 1;
                let again = play(seed, manner);
                if again.hash != outcome.hash {
                    violation = Some(Violation {
                        predicate: "P9 the same seed, the same season",
                        what: format!("{:x} and then {:x}", outcome.hash, again.hash),
                    });
                }
            }
            sum.count(&outcome);
            if let Some(violation) = violation {
                n_failed.fetch_add(1, Ordering::Relaxed);
                sum.failures.push(Failure { seed, violation });
            }
        }
    };
    let mut all = Sum::default();
    thread::scope(|scope| {
        let threads: Vec<_> = (0..jobs.max(1)).map(|_| scope.spawn(work)).collect();
        for thread in threads {
            if let Ok(sum) = thread.join() {
                all.add(sum);
            }
        }
    });
    all.failures.sort_by_key(|failure| failure.seed);
    all
}

impl Sum {
    fn count(&mut self, outcome: &Outcome) {
        self.seasons += 1;
        self.events += outcome.events;
        self.awards += u64::try_from(outcome.awards).unwrap_or(0);
        self.calls += outcome.calls;
        self.useful += outcome.useful;
        self.coverage.add(&outcome.coverage);
    }

    fn add(&mut self, other: Self) {
        self.seasons += other.seasons;
        self.events += other.events;
        self.awards += other.awards;
        self.calls += other.calls;
        self.useful += other.useful;
        self.twice += other.twice;
        self.failures.extend(other.failures);
        self.coverage.add(&other.coverage);
    }
}
