//! Many hostile seasons, and what they came to together.

use std::collections::BTreeMap;

use super::{Coverage, Report};

/// From so many seasons on, everything on the list must have been met.
const N_SEASONS_OF_A_RUN: u64 = 100;

/// What a run of seasons came to.
#[derive(Debug, Default)]
pub struct Seasons {
    n_seasons: u64,
    n_twice: u64,
    n_awards: i64,
    n_calls: u64,
    n_faults: u64,
    payments: BTreeMap<String, u64>,
    coverage: Coverage,
    broken: Vec<(u64, String)>,
}

impl Seasons {
    /// Adds a season that was played to its end.
    pub fn add(&mut self, report: &Report) {
        self.n_seasons = self.n_seasons.saturating_add(1);
        for city in &report.cities {
            self.n_awards = self.n_awards.saturating_add(city.n_awards);
        }
        self.n_calls = self.n_calls.saturating_add(report.calls.n_made);
        for n_hits in report.faults.values() {
            self.n_faults = self.n_faults.saturating_add(*n_hits);
        }
        for (state, n_payments) in &report.payouts {
            let sum = self.payments.entry(state.clone()).or_default();
            *sum = sum.saturating_add(*n_payments);
        }
        if let Some(coverage) = &report.coverage {
            self.coverage.add(coverage);
        }
        for violation in &report.violations {
            let what = format!("{}: {}", violation.invariant, violation.detail);
            self.broken.push((report.seed, what));
        }
    }

    /// Compares a season with the same one played again.
    pub fn compare(&mut self, first: &Report, again: &Report) {
        self.n_twice = self.n_twice.saturating_add(1);
        if first != again {
            let what = "the same seed gave another season".to_owned();
            self.broken.push((first.seed, what));
        }
    }

    /// Notes a season that could not be played to its end.
    pub fn failed(&mut self, seed: u64, why: String) {
        self.n_seasons = self.n_seasons.saturating_add(1);
        self.broken.push((seed, why));
    }

    /// Whether nothing was violated, and a long run has met everything it should.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.broken.is_empty() && self.missing().is_empty()
    }

    /// What a long run has not met; nothing is asked of a short one.
    fn missing(&self) -> Vec<(String, String)> {
        match self.n_seasons >= N_SEASONS_OF_A_RUN {
            true => self.coverage.missing(),
            false => Vec::new(),
        }
    }

    /// The summary for people; `again` gives the command that plays a seed again.
    #[must_use]
    pub fn to_text(&self, again: impl Fn(u64) -> String) -> String {
        let mut text = format!(
            "{} seasons, {} of them twice: {} awards, {} calls of WeChat Pay, {} faults\n",
            self.n_seasons, self.n_twice, self.n_awards, self.n_calls, self.n_faults
        );
        let states = self.payments.iter();
        let states: Vec<String> = states.map(|(state, n)| format!("{n} {state}")).collect();
        text += &format!("payments: {}\n\nmet:\n", states.join(", "));
        for (group, name, n) in self.coverage.all() {
            text += &format!("  {group}: {name}: {n}\n");
        }
        let missing = self.missing();
        for (group, name) in &missing {
            text += &format!("never met: {group}: {name}\n");
        }
        let n_broken = self.broken.len();
        text += &format!("\nviolations: {n_broken}\n");
        for (seed, what) in &self.broken {
            text += &format!("  seed {seed}: {what}\n    again: {}\n", again(*seed));
        }
        text
    }
}
