//! What a hostile season has really met: a thing that never happened was not tested.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The failures of the catalogue that a rehearsal can make happen, in the words of `RELIABILITY.md`.
pub(super) const FAILURES: [&str; 19] = [
    "F1 crash between WeChat's success and our commit",
    "F2 crash before the request left",
    "F3 time-out, and the request lands later",
    "F4 two workers after a lease has ended",
    "F6 callback repeated, out of order, lost or forged",
    "F7 instance's clock off the one that decides",
    "F8 deciding clock falls back",
    "F9 deciding clock jumps ahead",
    "F10 requests within three seconds of 00:00 or 24:00",
    "F12 every instance and the database's connections start again",
    "F16 WeChat Pay away for an hour or more",
    "F17 calls while it is away",
    "F18 merchant's balance runs out",
    "F19 person over the packets of a day",
    "F20 amount refused",
    "F21 unfollow, and follow again",
    "F23 person refused",
    "F24 not opened within 24 h",
    "F30 link banned",
];
/// The rows of the payout table that every long run reaches; a rehearsal's operators decide nothing.
const ROWS: [u8; 20] = [
    1, 2, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 23,
];
/// Where a process can die.
const CRASHES: [&str; 10] = [
    "worker, before a call",
    "worker, after a call",
    "worker, before a commit",
    "worker, after a commit",
    "claim, before a commit",
    "claim, after a commit",
    "submission, before a commit",
    "submission, after a commit",
    "arrival, before a commit",
    "arrival, after a commit",
];
const LINES: [&str; 4] = ["cut", "half-open", "loss", "slow"];
const FORGERIES: [&str; 4] = [
    "message with a wrong signature",
    "message played again",
    "notice with a wrong signature",
    "notice played again",
];

/// Counts by group and name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage(BTreeMap<String, BTreeMap<String, u64>>);

impl Coverage {
    pub(super) fn count(&mut self, group: &str, name: &str) {
        self.add_to(group, name, 1);
    }

    pub(super) fn add_to(&mut self, group: &str, name: &str, n: u64) {
        if n == 0 {
            return;
        }
        let group = self.0.entry(group.to_owned()).or_default();
        let count = group.entry(name.to_owned()).or_default();
        *count = count.saturating_add(n);
    }

    /// Counts a failure of the catalogue by its number.
    pub(super) fn failure(&mut self, number: &str) {
        let known = FAILURES.iter().copied();
        let mut known = known.filter(|name| name.split(' ').next() == Some(number));
        if let Some(name) = known.next() {
            self.count("failure", name);
        }
    }

    /// Adds what another season has met.
    pub fn add(&mut self, other: &Self) {
        for (group, name, n) in other.all() {
            self.add_to(group, name, n);
        }
    }

    /// Every count with its group and name, in order.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str, u64)> {
        self.0.iter().flat_map(|(group, names)| {
            let names = names.iter();
            names.map(move |(name, n)| (group.as_str(), name.as_str(), *n))
        })
    }

    /// What a run of many seasons must have met, and this one has not.
    #[must_use]
    pub fn missing(&self) -> Vec<(String, String)> {
        let named = |group: &str, names: &[&str]| -> Vec<(String, String)> {
            let names = names.iter();
            names
                .map(|name| (group.to_owned(), (*name).to_owned()))
                .collect()
        };
        let mut required = named("failure", &FAILURES);
        required.extend(named("crash", &CRASHES));
        required.extend(named("line", &LINES));
        required.extend(named("forgery", &FORGERIES));
        let rows = ROWS.iter();
        required.extend(rows.map(|row| ("row of the table".to_owned(), row.to_string())));
        required.extend(named("reply", &super::climate::codes()));
        required
            .into_iter()
            .filter(|(group, name)| {
                let names = self.0.get(group);
                names.is_none_or(|names| !names.contains_key(name))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_counted_by_its_whole_number() {
        let mut coverage = Coverage::default();
        coverage.failure("F1");
        assert_eq!(
            coverage.all().collect::<Vec<_>>(),
            [("failure", FAILURES[0], 1)]
        );
        assert!(
            !coverage
                .missing()
                .iter()
                .any(|(_, name)| name == FAILURES[0])
        );
        assert!(
            coverage
                .missing()
                .iter()
                .any(|(_, name)| name == FAILURES[8])
        );
    }
}
