//! What a restored database does before it pays again, and what is known of backups.
//!
//! A database out of a backup has forgotten what was awarded and sent after it. Its numbers follow from their content,
//! so WeChat pays none of them twice; but what WeChat did meanwhile has to be compared before more is sent.
//! So all sending stops, on every rail, until two persons let it go again.

use chrono::{DateTime, TimeDelta, Utc};
use schedule_core::CHINA_STANDARD_TIME;

use super::{
    Error,
    audit::{self, Violation},
    custody, season,
};
use crate::{
    app::App,
    rail::Rail,
    store::{
        audit as events, payments,
        safekeeping::{self as rows, SafekeepingRow},
    },
};

/// What an audit event of these commands has for an actor.
const OPERATOR: &str = "operator";

/// What can be done about a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "whoever shows one shows each")]
pub enum Event {
    /// One was taken.
    Taken,
    /// One was put back into a scratch place and looked at.
    Drilled,
    /// One took the database's place.
    Restored,
}

impl Event {
    /// The stable word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::Drilled => "drilled",
            Self::Restored => "restored",
        }
    }
}

/// What was done about a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// What.
    pub event: Event,
    /// The backup's file.
    pub backup: String,
    /// The instant the backup is of.
    pub of: DateTime<Utc>,
    /// What did not hold.
    pub n_findings: usize,
    /// How long it took.
    pub took: TimeDelta,
}

/// What was last done, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Last {
    /// When.
    pub at: DateTime<Utc>,
    /// The instant the backup is of.
    pub of: DateTime<Utc>,
    /// What did not hold.
    pub n_findings: i64,
    /// How long it took.
    pub took: TimeDelta,
}

/// Writes down what was done about a backup.
///
/// # Errors
/// Fails when the database does.
pub async fn note(app: &App, note: Note) -> Result<(), Error> {
    let row = note_row(app, note);
    app.store
        .write(move |tx| Ok::<_, Error>(rows::insert(tx, &row)?))
        .await
}

fn note_row(app: &App, note: Note) -> SafekeepingRow {
    SafekeepingRow {
        event: note.event.name().to_owned(),
        backup: note.backup,
        of_ms: note.of.timestamp_millis(),
        n_findings: i64::try_from(note.n_findings).unwrap_or(i64::MAX),
        took_ms: note.took.num_milliseconds().max(0),
        at_ms: app.wall.now().timestamp_millis(),
    }
}

/// When this was last done, if ever.
///
/// # Errors
/// Fails when the database does.
pub async fn last(app: &App, event: Event) -> Result<Option<Last>, Error> {
    let row = app
        .store
        .read(move |read| Ok::<_, Error>(rows::latest(read, event.name())?))
        .await?;
    Ok(row.map(|row| Last {
        at: season::instant(row.at_ms),
        of: season::instant(row.of_ms),
        n_findings: row.n_findings,
        took: TimeDelta::milliseconds(row.took_ms),
    }))
}

/// Looks at a database out of a backup as the nightly audit does, by both checkers: keys, every predicate, the audit chain.
///
/// # Errors
/// Fails when the keys are others, or the database does.
pub async fn examine(app: &App) -> Result<Vec<Violation>, Error> {
    custody::expect_keys(app).await?;
    let mut violations = audit::violations(app, None).await?;
    violations.extend(audit::found_by_sql(app).await?);
    Ok(violations)
}

/// Stops all sending on every rail because the database was restored, and writes that down.
///
/// # Errors
/// Fails when the database does.
pub async fn hold_payouts(app: &App, restored: Note) -> Result<(), Error> {
    let now_ms = app.now().timestamp_millis();
    let why = reason(restored.of);
    let detail = format!(
        "backup={} of={} violations={}",
        restored.backup,
        restored.of.to_rfc3339(),
        restored.n_findings
    );
    let row = note_row(app, restored);
    app.store
        .write(move |tx| {
            for rail in Rail::ALL {
                payments::set_rail_pause(tx, rail.name(), Some(&why), None, now_ms)?;
            }
            rows::insert(tx, &row)?;
            Ok::<_, Error>(events::append(
                tx,
                now_ms,
                OPERATOR,
                "database.restored",
                &detail,
            )?)
        })
        .await
}

/// What people read at the console while nothing is sent.
fn reason(of: DateTime<Utc>) -> String {
    let of = of.with_timezone(&CHINA_STANDARD_TIME);
    format!(
        "数据库已由 {} 的备份恢复：先与微信账单核对，再由两人恢复发放",
        of.format("%Y-%m-%d %H:%M:%S")
    )
}
