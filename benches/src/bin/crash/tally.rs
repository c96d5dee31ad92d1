//! What a run of crashes came to.

use std::{
    fmt,
    time::{Duration, Instant},
};

/// Crashes of one kind.
#[derive(Debug)]
pub(crate) struct Tally {
    what: String,
    seed: u64,
    began: Instant,
    /// Whether a broken season's folder stays: not where it is to break.
    pub(crate) keeps_folders: bool,
    /// Crashes that happened.
    pub(crate) n_crashes: u64,
    /// Seasons played to their end.
    pub(crate) n_seasons: u64,
    /// Awards that citizens were told of.
    pub(crate) n_acknowledged: u64,
    /// How long each start took until everything was compared, in milliseconds.
    restarts_ms: Vec<u64>,
    /// Promises broken, with the folder in which it happened.
    pub(crate) broken: Vec<String>,
    /// Further counts by name.
    pub(crate) counts: Vec<(String, u64)>,
}

impl Tally {
    pub(crate) fn new(what: impl Into<String>, seed: u64) -> Self {
        Self {
            what: what.into(),
            seed,
            began: Instant::now(),
            keeps_folders: true,
            n_crashes: 0,
            n_seasons: 0,
            n_acknowledged: 0,
            restarts_ms: Vec::new(),
            broken: Vec::new(),
            counts: Vec::new(),
        }
    }

    pub(crate) fn restarted(&mut self, after: Option<Duration>) {
        self.restarts_ms
            .extend(after.and_then(|after| u64::try_from(after.as_millis()).ok()));
    }

    pub(crate) fn count(&mut self, name: &str) {
        match self.counts.iter_mut().find(|(known, _)| known == name) {
            Some((_, n)) => *n += 1,
            None => self.counts.push((name.to_owned(), 1)),
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut restarts = self.restarts_ms.clone();
        restarts.sort_unstable();
        let middle = restarts.get(restarts.len() / 2).copied().unwrap_or(0);
        let longest = restarts.last().copied().unwrap_or(0);
        write!(
            out,
            "{}, seed {}: {} crashes in {} seasons, {} awards told, {} promises broken; \
             start with the audit {middle} ms in the middle, {longest} ms at most; {:.0} s",
            self.what,
            self.seed,
            self.n_crashes,
            self.n_seasons,
            self.n_acknowledged,
            self.broken.len(),
            self.began.elapsed().as_secs_f64(),
        )?;
        if self.broken.is_empty() && self.n_crashes > 0 {
            let n = u32::try_from(self.n_crashes).map_or(f64::INFINITY, f64::from);
            let bound = 3.0 / n;
            write!(out, "; with 95 % confidence fewer than {bound:.1e} a crash")?;
        }
        for (name, n) in &self.counts {
            write!(out, "\n  {n:>6}  {name}")?;
        }
        for broken in &self.broken {
            write!(out, "\n  BROKEN {broken}")?;
        }
        Ok(())
    }
}
