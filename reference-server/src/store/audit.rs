//! The audit chain: each event carries the hash of the one before it.

use sha2::{Digest, Sha256};

use super::{
    Read, StoreError, Tx,
    engine::{Row, params},
};
use crate::crash_point::{Point, reach};

/// The previous hash of the first event.
pub const GENESIS: &str = "genesis";

/// An event of the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow {
    /// Its number, from 1.
    pub number: i64,
    /// When.
    pub at_ms: i64,
    /// Who.
    pub actor: String,
    /// What, as a stable word.
    pub action: String,
    /// The particulars.
    pub detail: String,
    /// The hash of the event before.
    pub previous_hash: String,
    /// Its own hash.
    pub hash: String,
}

/// Appends an event in the same transaction as what it records.
pub fn append(
    tx: &Tx<'_>,
    at_ms: i64,
    actor: &str,
    action: &str,
    detail: &str,
) -> Result<(), StoreError> {
    // store::audit::append
    let (number, previous) = head(&tx.read())?.unwrap_or_else(|| (0, GENESIS.to_owned()));
    let number = number.saturating_add(1);
    let hash = event_hash(number, at_ms, [actor, action, detail, &previous]);
    tx.connection.execute(
        "INSERT INTO audit_event (number, at_ms, actor, action, detail, previous_hash, hash)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![number, at_ms, actor, action, detail, previous, hash],
    )?;
    reach(Point::Auditing);
    Ok(())
}

/// Number and hash of the latest event, if there is one.
pub fn head(read: &Read<'_>) -> Result<Option<(i64, String)>, StoreError> {
    // store::audit::head
    read.connection.row(
        "SELECT number, hash FROM audit_event ORDER BY number DESC LIMIT 1",
        params![],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// The number of the first event whose hash or link is wrong; `None` when the chain holds.
pub fn first_broken_link(read: &Read<'_>) -> Result<Option<i64>, StoreError> {
    // store::audit::first_broken_link
    let (mut expected_number, mut previous) = (1_i64, GENESIS.to_owned());
    let mut broken = None;
    read.connection.each(
        "SELECT number, at_ms, actor, action, detail, previous_hash, hash
         FROM audit_event ORDER BY number",
        params![],
        |row| {
            let number: i64 = row.get(0)?;
            let (actor, action, detail): (String, String, String) =
                (row.get(2)?, row.get(3)?, row.get(4)?);
            let (link, hash): (String, String) = (row.get(5)?, row.get(6)?);
            let right = event_hash(number, row.get(1)?, [&actor, &action, &detail, &previous]);
            if number != expected_number || link != previous || hash != right {
                broken = Some(number);
                return Ok(false);
            }
            expected_number = expected_number.saturating_add(1);
            previous = hash;
            Ok(true)
        },
    )?;
    Ok(broken)
}

/// What is looked for in the chain; empty texts look for nothing in particular.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Search<'a> {
    /// The first number looked at.
    pub from: i64,
    /// The number before which the search begins, towards the past.
    pub before: i64,
    /// Whether events of the server's own parts are left out.
    pub is_of_people: bool,
    /// Exactly this actor.
    pub actor: &'a str,
    /// Actions that begin so.
    pub action: &'a str,
    /// Details in which this stands.
    pub text: &'a str,
    /// The most events to find.
    pub n_max: i64,
}

/// Events that fit, the newest first.
pub fn search(read: &Read<'_>, wanted: &Search<'_>) -> Result<Vec<EventRow>, StoreError> {
    // store::audit::search
    // The words of the index of people's events, so that it serves.
    let of_people = if wanted.is_of_people {
        "AND actor NOT IN ('server', 'worker', 'books')"
    } else {
        ""
    };
    read.connection.rows(
        &format!(
            "SELECT {EVENT} FROM audit_event
             WHERE number >= ?1 AND number < ?2 {of_people}
               AND (?3 = '' OR actor = ?3)
               AND (?4 = '' OR action LIKE ?4 || '%' ESCAPE '!')
               AND (?5 = '' OR detail LIKE '%' || ?5 || '%' ESCAPE '!')
             ORDER BY number DESC LIMIT ?6"
        ),
        params![
            wanted.from,
            wanted.before,
            wanted.actor,
            plain(wanted.action),
            plain(wanted.text),
            wanted.n_max,
        ],
        event_row,
    )
}

/// Events after a number, in order.
pub fn after(read: &Read<'_>, number: i64, n_max: i64) -> Result<Vec<EventRow>, StoreError> {
    // store::audit::after
    read.connection.rows(
        &format!("SELECT {EVENT} FROM audit_event WHERE number > ?1 ORDER BY number LIMIT ?2"),
        params![number, n_max],
        event_row,
    )
}

/// A text that stands for nothing but itself in a pattern.
fn plain(text: &str) -> String {
    text.replace('!', "!!")
        .replace('%', "!%")
        .replace('_', "!_")
}

const EVENT: &str = "number, at_ms, actor, action, detail, previous_hash, hash";

fn event_row(row: &Row<'_>) -> Result<EventRow, StoreError> {
    Ok(EventRow {
        number: row.get(0)?,
        at_ms: row.get(1)?,
        actor: row.get(2)?,
        action: row.get(3)?,
        detail: row.get(4)?,
        previous_hash: row.get(5)?,
        hash: row.get(6)?,
    })
}

/// SHA-256 over the event's parts, each with its length in front.
#[must_use]
pub fn event_hash(number: i64, at_ms: i64, texts: [&str; 4]) -> String {
    let mut hasher = Sha256::new();
    hasher.update(number.to_be_bytes());
    hasher.update(at_ms.to_be_bytes());
    for text in texts {
        hasher.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
        hasher.update(text.as_bytes());
    }
    hex::encode(hasher.finalize())
}
