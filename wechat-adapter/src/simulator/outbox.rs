//! Pushes that are not on their way yet: reports of deliveries, and pushes that a fault holds back.

use chrono::{DateTime, Utc};

use super::push::Push;
use super::push_message::Incident;

/// What will be pushed, and when.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    reports: Vec<(DateTime<Utc>, String, Incident)>,
    held: Vec<(DateTime<Utc>, Push)>,
}

impl Outbox {
    /// Plans to tell of `incident` at `due`.
    pub(super) fn report(&mut self, openid: String, incident: Incident, due: DateTime<Utc>) {
        self.reports.push((due, openid, incident));
    }

    /// Holds a push back until another one overtakes it, or `due`.
    pub(super) fn hold(&mut self, push: Push, due: DateTime<Utc>) {
        self.held.push((due, push));
    }

    /// Every push that is held back: another one has overtaken them.
    pub(super) fn take_held(&mut self) -> Vec<Push> {
        let held = std::mem::take(&mut self.held);
        held.into_iter().map(|(_, push)| push).collect()
    }

    /// The pushes that have been held back long enough.
    pub(super) fn take_held_until(&mut self, now: DateTime<Utc>) -> Vec<Push> {
        let (due, held) = std::mem::take(&mut self.held)
            .into_iter()
            .partition(|(due, _)| *due <= now);
        self.held = held;
        let due: Vec<(DateTime<Utc>, Push)> = due;
        due.into_iter().map(|(_, push)| push).collect()
    }

    /// Who is told what by `now`, in the order of planning.
    pub(super) fn take_reports(&mut self, now: DateTime<Utc>) -> Vec<(String, Incident)> {
        let (due, reports): (Vec<_>, Vec<_>) = std::mem::take(&mut self.reports)
            .into_iter()
            .partition(|(due, _, _)| *due <= now);
        self.reports = reports;
        due.into_iter()
            .map(|(_, openid, incident)| (openid, incident))
            .collect()
    }
}
