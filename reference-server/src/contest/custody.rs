//! The keys of the season: the database knows them again, values move to newer ones, and
//! what names persons is forgotten by destroying theirs.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Error, Failure, season};
use crate::{
    app::App,
    privacy::{Field, RingName, version_of},
    store::{
        Tx, audit,
        keys::{self as rows, KeyRow, SealedRow},
        payments,
    },
};

/// How long after the last movement of money and the last seal what names persons is kept.
pub const RETENTION: TimeDelta = TimeDelta::days(180);

/// How far the values of one column have moved to the newest key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnState {
    /// Table and column.
    pub column: &'static str,
    /// Versions that open its values, with how many they sealed; the sealing version first.
    pub by_version: Vec<(u32, i64)>,
    /// Values that no key in hand opens.
    pub n_unreadable: i64,
}

/// What a rotation did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rotation {
    /// Values that moved to the newest key.
    pub n_moved: u64,
    /// Values that changed while they were moved; another run finds them.
    pub n_overtaken: u64,
    /// Values that no key in hand opens.
    pub n_unreadable: u64,
}

/// Lets the database know the keys, and refuses others than it knows.
///
/// # Errors
/// [`Failure::Key`] for another key under a known name, and for one that was destroyed.
pub async fn expect_keys(app: &App) -> Result<(), Error> {
    let (keys, now_ms) = (app.keys.names(), app.now().timestamp_millis());
    app.store
        .write(move |tx| {
            let known = rows::keys(&tx.read())?;
            let mut added = Vec::new();
            for key in keys {
                let name = format!("{}-{}", key.ring, key.version);
                let version = i64::from(key.version);
                let same = known
                    .iter()
                    .find(|row| row.ring == key.ring && row.version == version);
                match same {
                    Some(row) => expect_same(row, &key.fingerprint, &name)?,
                    None => {
                        rows::insert_key(tx, key.ring, version, &key.fingerprint, now_ms)?;
                        added.push(format!("{name}={}", key.fingerprint));
                    }
                }
            }
            if added.is_empty() {
                return Ok(());
            }
            Ok(audit::append(
                tx,
                now_ms,
                "server",
                "keys.added",
                &added.join(" "),
            )?)
        })
        .await
}

fn expect_same(row: &KeyRow, fingerprint: &str, name: &str) -> Result<(), Failure> {
    let problem = if row.fingerprint != fingerprint {
        "is another one than this database was sealed with: restore the one that belongs to it"
    } else if row.destroyed_ms.is_some() {
        "was destroyed, and this is a copy of it: destroy it too, with `keys destroy`"
    } else {
        return Ok(());
    };
    Err(Failure::Key {
        key: name.to_owned(),
        problem,
    })
}

/// Which keys sealed the values of every column.
///
/// Reads every row of the sealed columns.
///
/// # Errors
/// Fails when the database does.
pub async fn columns(app: &App) -> Result<Vec<ColumnState>, Error> {
    let mut states = Vec::new();
    for field in Field::ALL {
        let tags = app.keys.tags(field);
        let state = app
            .store
            .read(move |read| {
                let mut n_unreadable = rows::count_sealed(read, field, "")?;
                let mut by_version = Vec::new();
                for (version, tag) in tags {
                    let n = rows::count_sealed(read, field, &tag)?;
                    n_unreadable = n_unreadable.saturating_sub(n);
                    by_version.push((version, n));
                }
                Ok::<_, Error>(ColumnState {
                    column: field.name(),
                    by_version,
                    n_unreadable,
                })
            })
            .await?;
        states.push(state);
    }
    Ok(states)
}

/// Moves every value to the first key of its ring, `n_batch` rows in a transaction, beside running servers.
///
/// Every instance must be able to read the new key first, and seal with it: values that an
/// instance still seals with an older key wait for another run.
///
/// # Errors
/// Fails when the database does; what was moved stays moved, and another run goes on.
pub async fn rotate(app: &App, n_batch: u16) -> Result<Rotation, Error> {
    let mut sum = Rotation::default();
    for field in Field::ALL {
        let Some((_version, tag)) = app.keys.tags(field).into_iter().next() else {
            continue;
        };
        let mut last = String::new();
        loop {
            let (after, not) = (last, tag.clone());
            let batch = app
                .store
                .read(move |read| {
                    Ok::<_, Error>(rows::sealed_after(
                        read,
                        field,
                        &after,
                        &not,
                        i64::from(n_batch.max(1)),
                    )?)
                })
                .await?;
            let Some(end) = batch.last() else {
                break;
            };
            last = end.row.clone();
            let done = move_batch(app, field, batch).await?;
            sum.n_moved = sum.n_moved.saturating_add(done.n_moved);
            sum.n_overtaken = sum.n_overtaken.saturating_add(done.n_overtaken);
            sum.n_unreadable = sum.n_unreadable.saturating_add(done.n_unreadable);
        }
    }
    if sum.n_moved > 0 {
        let now_ms = app.now().timestamp_millis();
        let detail = format!("values={}", sum.n_moved);
        app.store
            .write(move |tx| {
                let event = ("operator", "keys.rotated");
                Ok::<_, Error>(audit::append(tx, now_ms, event.0, event.1, &detail)?)
            })
            .await?;
    }
    Ok(sum)
}

async fn move_batch(app: &App, field: Field, batch: Vec<SealedRow>) -> Result<Rotation, Error> {
    let mut done = Rotation::default();
    let mut moves = Vec::with_capacity(batch.len());
    for old in batch {
        let place = field.of(&old.row);
        match app.keys.open(&place, &old.sealed) {
            Ok(plain) => {
                let plain = zeroize::Zeroizing::new(plain);
                let sealed = app.keys.seal(&place, &plain, app.entropy.as_ref())?;
                moves.push((old, sealed));
            }
            Err(_unsealable) => {
                tracing::error!(
                    column = field.name(),
                    version = version_of(&old.sealed),
                    "a value does not open"
                );
                done.n_unreadable = done.n_unreadable.saturating_add(1);
            }
        }
    }
    let n_read = moves.len();
    let n_moved = app
        .store
        .write(move |tx| replace_all(tx, field, &moves))
        .await?;
    done.n_moved = u64::try_from(n_moved).unwrap_or(u64::MAX);
    done.n_overtaken = u64::try_from(n_read.saturating_sub(n_moved)).unwrap_or(u64::MAX);
    Ok(done)
}

fn replace_all(tx: &Tx<'_>, field: Field, moves: &[(SealedRow, String)]) -> Result<usize, Error> {
    let mut n_moved = 0_usize;
    for (old, sealed) in moves {
        if rows::replace_sealed(tx, field, old, sealed)? {
            n_moved = n_moved.saturating_add(1);
        }
    }
    Ok(n_moved)
}

/// Whether the keys of what names persons may be destroyed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a caller that took one for the other would destroy what is needed"
)]
pub enum Decision {
    /// They may: it stands in the audit chain, with both names.
    Taken,
    /// They must not, for now.
    Refused(NotYet),
}

/// Why the keys of what names persons are kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotYet {
    /// A name is missing, or both are the same.
    #[error("two different persons must be named")]
    TwoPersons,
    /// Payments may still have to be sent, asked about or explained.
    #[error("{n} payments are open")]
    PaymentsOpen {
        /// How many.
        n: i64,
    },
    /// The season, or its last payment, is not over for long enough.
    #[error("they are kept until {from}")]
    TooEarly {
        /// From when they may be destroyed.
        from: DateTime<Utc>,
    },
}

/// Decides whether the keys of what names persons are destroyed now, and writes that down before it is done.
///
/// They are kept for [`RETENTION`] after the end of the last city, the last movement of a payment and the last seal.
///
/// # Errors
/// Fails when the database does.
pub async fn decide_to_destroy(app: &App, by: &str, and: &str) -> Result<Decision, Error> {
    let (by, and) = (by.trim().to_owned(), and.trim().to_owned());
    if by.is_empty() || and.is_empty() || by.to_lowercase() == and.to_lowercase() {
        return Ok(Decision::Refused(NotYet::TwoPersons));
    }
    let edition = app.season.edition();
    let rounds = edition.rounds();
    let closed = rounds.iter().map(|round| round.window().end()).max();
    let now = app.now();
    let names: Vec<String> = app
        .keys
        .names()
        .into_iter()
        .filter(|key| key.ring == RingName::People.name() || key.ring == RingName::Index.name())
        .map(|key| format!("{}-{}={}", key.ring, key.version, key.fingerprint))
        .collect();
    app.store
        .write(move |tx| {
            let n = payments::n_open(&tx.read())?;
            if n > 0 {
                return Ok(Decision::Refused(NotYet::PaymentsOpen { n }));
            }
            let moved = payments::last_change_ms(&tx.read())?.map(season::instant);
            let sealed = rows::last_seal_ms(&tx.read())?.map(season::instant);
            let from = closed.max(moved).max(sealed).map(|last| last + RETENTION);
            if let Some(from) = from.filter(|from| now < *from) {
                return Ok(Decision::Refused(NotYet::TooEarly { from }));
            }
            let actor = format!("{by}, {and}");
            let (now_ms, keys) = (now.timestamp_millis(), names.join(" "));
            audit::append(tx, now_ms, &actor, "keys.destruction_decided", &keys)?;
            Ok::<_, Error>(Decision::Taken)
        })
        .await
}

/// Notes that this machine's copies are destroyed; another copy is refused from now on.
///
/// # Errors
/// Fails when the database does.
pub async fn note_destroyed(app: &App) -> Result<(), Error> {
    let now_ms = app.now().timestamp_millis();
    app.store
        .write(move |tx| {
            rows::set_destroyed(tx, now_ms)?;
            Ok(audit::append(
                tx,
                now_ms,
                "operator",
                "keys.destroyed",
                "-",
            )?)
        })
        .await
}
