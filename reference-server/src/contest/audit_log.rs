//! The audit log as organisers read it: searched, checked as far as one has come, given out whole.
//!
//! The chain is the one that payments, awards and accounts write; who, when, what, and in the
//! detail before, after and why. Whoever has the file needs neither the server nor its database
//! to check it: [`verify`] is all there is to it.

use std::io::{self, BufRead};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{organiser::Error, season};
use crate::{
    app::App,
    store::audit::{self as rows, EventRow, Search},
};

/// Events of a page.
const PAGE: usize = 50;
/// Events of a list as a file.
pub const FILE: usize = 5_000;
/// Events that one search looks at; further ones are the next page's.
const REACH: i64 = 50_000;
/// Events that one look at the log checks, at most.
const CHECKED_AT_ONCE: usize = 20_000;

/// An event of the chain, as a line of the file has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// Its number, from 1.
    pub number: i64,
    /// When, in Unix milliseconds.
    pub at_ms: i64,
    /// Who: an organiser's name, or a part of the server.
    pub actor: String,
    /// What, as a stable word.
    pub action: String,
    /// The particulars.
    pub detail: String,
    /// The hash of the event before; `genesis` for the first.
    pub previous_hash: String,
    /// SHA-256 over number, instant, and each text with its length in front, in hexadecimal.
    pub hash: String,
}

impl Event {
    /// When.
    #[must_use]
    pub fn at(&self) -> DateTime<Utc> {
        season::instant(self.at_ms)
    }
}

impl From<EventRow> for Event {
    fn from(row: EventRow) -> Self {
        Self {
            number: row.number,
            at_ms: row.at_ms,
            actor: row.actor,
            action: row.action,
            detail: row.detail,
            previous_hash: row.previous_hash,
            hash: row.hash,
        }
    }
}

/// What is looked for; empty texts look for nothing in particular.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wanted {
    /// Only events before this one.
    pub before: Option<i64>,
    /// Whether events of the server's own parts are left out.
    pub is_of_people: bool,
    /// Exactly this actor.
    pub actor: String,
    /// Actions that begin so.
    pub action: String,
    /// Details in which this stands.
    pub text: String,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The newest first.
    pub events: Vec<Event>,
    /// Where further events may be, if there are any.
    pub before: Option<i64>,
}

/// Looks for events, the newest first, fifty at a time or `n_max`.
///
/// Cost: at most 50,000 events are looked at; what lies before is the next search's.
///
/// # Errors
/// Fails when the database does.
pub async fn search(app: &App, wanted: Wanted, n_max: Option<usize>) -> Result<Found, Error> {
    let n_max = n_max.unwrap_or(PAGE);
    app.store
        .read(move |read| {
            let newest = rows::head(read)?.map_or(0, |(number, _hash)| number);
            let before = wanted
                .before
                .unwrap_or(i64::MAX)
                .min(newest.saturating_add(1));
            let from = if wanted.is_of_people && wanted.actor.is_empty() {
                // These have an index of their own.
                1
            } else {
                before.saturating_sub(REACH).max(1)
            };
            let found = rows::search(
                read,
                &Search {
                    from,
                    before,
                    is_of_people: wanted.is_of_people,
                    actor: &wanted.actor,
                    action: &wanted.action,
                    text: &wanted.text,
                    n_max: i64::try_from(n_max).unwrap_or(i64::MAX),
                },
            )?;
            let events: Vec<Event> = found.into_iter().map(Event::from).collect();
            let further = match events.last() {
                Some(last) if events.len() == n_max => last.number,
                _ => from,
            };
            Ok(Found {
                events,
                before: (further > 1).then_some(further),
            })
        })
        .await
}

/// Some events in order, from the one after `after`.
///
/// # Errors
/// Fails when the database does.
pub async fn after(app: &App, after: i64, n_max: usize) -> Result<Vec<Event>, Error> {
    let n_max = i64::try_from(n_max).unwrap_or(i64::MAX);
    let rows = app
        .store
        .read(move |read| Ok::<_, Error>(rows::after(read, after, n_max)?))
        .await?;
    Ok(rows.into_iter().map(Event::from).collect())
}

/// How far a chain has been checked, and whether it holds so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The latest event that was looked at; 0 before any.
    pub number: i64,
    /// The hash it must link to.
    pub hash: String,
    /// The first event whose hash, link or number is wrong.
    pub broken: Option<i64>,
}

impl Default for Checked {
    fn default() -> Self {
        Self {
            number: 0,
            hash: rows::GENESIS.to_owned(),
            broken: None,
        }
    }
}

impl Checked {
    /// Checks the next event; after a broken one nothing counts any more.
    fn check(&mut self, event: &Event) {
        if self.broken.is_some() {
            return;
        }
        let texts = [&event.actor, &event.action, &event.detail, &self.hash];
        let right = rows::event_hash(event.number, event.at_ms, texts.map(String::as_str));
        let is_next = event.number == self.number.saturating_add(1);
        if !is_next || event.previous_hash != self.hash || event.hash != right {
            self.broken = Some(event.number);
            return;
        }
        self.number = event.number;
        self.hash.clone_from(&event.hash);
    }
}

/// The chain's state as far as this process has checked it, a little further each time.
///
/// # Errors
/// Fails when the database does.
pub async fn state(app: &App) -> Result<(Checked, i64), Error> {
    let mut checked = app.checked_chain();
    let next = after(app, checked.number, CHECKED_AT_ONCE).await?;
    for event in &next {
        checked.check(event);
    }
    app.keep_checked_chain(&checked);
    let newest = app
        .store
        .read(|read| Ok::<_, Error>(rows::head(read)?))
        .await?;
    Ok((checked, newest.map_or(0, |(number, _hash)| number)))
}

/// A line of the file that is no event.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A line is no event.
    #[error("line {line}: {source}")]
    Line {
        /// Counted from 1.
        line: usize,
        /// Why.
        source: serde_json::Error,
    },
}

/// Checks a file of events, a JSON object a line, from the first event on.
///
/// # Errors
/// [`ReadError`] when it is no such file.
pub fn verify(file: impl BufRead) -> Result<Checked, ReadError> {
    let mut checked = Checked::default();
    for (line, text) in (1..).zip(file.lines()) {
        let event: Event =
            serde_json::from_str(&text?).map_err(|source| ReadError::Line { line, source })?;
        checked.check(&event);
    }
    Ok(checked)
}
