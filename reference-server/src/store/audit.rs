//! The audit chain: each event carries the hash of the one before it.

use sha2::{Digest, Sha256};

use super::{
    Read, StoreError, Tx,
    engine::{Given, Header, Kind, params},
};

/// The previous hash of the first event.
const GENESIS: &str = "genesis";

/// Appends an event in the same transaction as what it records.
pub fn append(
    tx: &Tx<'_>,
    at_ms: i64,
    actor: &str,
    action: &str,
    detail: &str,
) -> Result<(), StoreError> {
    append_all(tx, actor, action, &[(at_ms, detail.to_owned())])
}

const COLUMNS: Header = &[
    ("number", Kind::Integer),
    ("at_ms", Kind::Integer),
    ("actor", Kind::Text),
    ("action", Kind::Text),
    ("detail", Kind::Text),
    ("previous_hash", Kind::Text),
    ("hash", Kind::Text),
];

/// Appends events of one kind, each an instant and a detail, in their order.
pub fn append_all(
    tx: &Tx<'_>,
    actor: &str,
    action: &str,
    events: &[(i64, String)],
) -> Result<(), StoreError> {
    // store::audit::append_all
    let (mut number, first_link) = head(&tx.read())?.unwrap_or_else(|| (0, GENESIS.to_owned()));
    let mut links = vec![first_link];
    let mut numbers = Vec::with_capacity(events.len());
    for (at_ms, detail) in events {
        number = number.saturating_add(1);
        let previous = links.last().map_or(GENESIS, String::as_str);
        let hash = event_hash(number, *at_ms, [actor, action, detail, previous]);
        numbers.push(number);
        links.push(hash);
    }
    let mut given = Given::new(COLUMNS, events.len());
    for ((number, (at_ms, detail)), link) in numbers.iter().zip(events).zip(links.windows(2)) {
        if let [previous, hash] = link {
            given.add(params![
                *number, *at_ms, actor, action, *detail, *previous, *hash
            ]);
        }
    }
    tx.connection.insert("audit_event", &given)
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

/// SHA-256 over the event's parts, each with its length in front.
fn event_hash(number: i64, at_ms: i64, texts: [&str; 4]) -> String {
    let mut hasher = Sha256::new();
    hasher.update(number.to_be_bytes());
    hasher.update(at_ms.to_be_bytes());
    for text in texts {
        hasher.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
        hasher.update(text.as_bytes());
    }
    hex::encode(hasher.finalize())
}
