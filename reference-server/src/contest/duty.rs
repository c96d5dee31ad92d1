//! What is done once a day without a request: the audit at 00:30, the books at 10:05.
//!
//! The database keeps each outcome, so that a restart repeats nothing and several instances
//! share the work; two that do the same thing at once do no harm.

use chrono::{DateTime, Utc};
use schedule_core::ShanghaiDay;

use super::{
    Error, audit,
    books::{self, FetchError},
};
use crate::{
    app::App,
    store::books::{self as rows, DutyRow},
};

/// The audit of a night; before it every payment of the evening has left.
const AUDIT_AT: (u32, u32) = (0, 30);
/// WeChat makes the bills of a day until ten of the next one.
const RECONCILE_AT: (u32, u32) = (10, 5);
/// From then on a bill that is still missing is a finding, and the day is done.
const WAITED_ENOUGH_AT: (u32, u32) = (12, 0);
/// So many violations are logged; the command `audit` lists them all.
const LOGGED: usize = 5;

/// What became of a duty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// Its hour has not come, or it was done today.
    NotDue,
    /// It is done for today; so much was found.
    Today(usize),
    /// Something it needs is not there yet; it is tried again in some minutes.
    Again,
}

/// Audits the whole database if that is due, and keeps what was found.
///
/// # Errors
/// Fails when the database does.
pub async fn audit_if_due(app: &App) -> Result<Done, Error> {
    if !is_due(app, "audit", AUDIT_AT).await? {
        return Ok(Done::NotDue);
    }
    let mut violations = audit::violations(app, None).await?;
    violations.extend(audit::found_by_sql(app).await?);
    for violation in violations.iter().take(LOGGED) {
        tracing::error!(
            invariant = violation.invariant,
            detail = violation.detail,
            "the nightly audit found a violation"
        );
    }
    let first = violations.first();
    let detail = first.map_or_else(String::new, |found| {
        format!("{}: {}", found.invariant, found.detail)
    });
    tracing::info!(n_violations = violations.len(), "the nightly audit is done");
    keep(app, "audit", violations.len(), detail).await?;
    Ok(Done::Today(violations.len()))
}

/// Fetches and compares WeChat's bills if that is due, and keeps what was found.
///
/// # Errors
/// Fails when the database does.
pub async fn reconcile_if_due(app: &App) -> Result<Done, Error> {
    if !is_due(app, "reconcile", RECONCILE_AT).await? {
        return Ok(Done::NotDue);
    }
    let morning = books::morning(app).await?;
    let may_come =
        |(_day, problem): &(ShanghaiDay, FetchError)| !matches!(problem, FetchError::NoCredentials);
    let may_help = morning.unfetched.iter().any(may_come);
    if may_help && !has_come(app.now(), WAITED_ENOUGH_AT) {
        return Ok(Done::Again);
    }
    let n_findings = morning.n_findings();
    let detail = format!(
        "{} bills, {} fen unexplained, {} incidents opened",
        morning.imported.len(),
        morning.comparison.difference_fen(),
        morning.changes.n_opened
    );
    tracing::info!(n_findings, detail, "the bills are compared");
    keep(app, "reconcile", n_findings, detail).await?;
    Ok(Done::Today(n_findings))
}

fn has_come(now: DateTime<Utc>, (hour, minute): (u32, u32)) -> bool {
    let today = ShanghaiDay::from_instant(now);
    today.at(hour, minute).is_ok_and(|from| now >= from)
}

async fn is_due(app: &App, duty: &'static str, from: (u32, u32)) -> Result<bool, Error> {
    let now = app.now();
    if !has_come(now, from) {
        return Ok(false);
    }
    let latest = app
        .store
        .read(move |read| Ok::<_, Error>(rows::latest_duty(read, duty)?))
        .await?;
    let today = i64::from(ShanghaiDay::from_instant(now).number());
    Ok(latest.is_none_or(|latest| latest.day < today))
}

async fn keep(
    app: &App,
    duty: &'static str,
    n_findings: usize,
    detail: String,
) -> Result<(), Error> {
    let now = app.now();
    let row = DutyRow {
        duty: duty.to_owned(),
        day: i64::from(ShanghaiDay::from_instant(now).number()),
        n_findings: i64::try_from(n_findings).unwrap_or(i64::MAX),
        detail,
        done_ms: now.timestamp_millis(),
    };
    app.store
        .write(move |tx| Ok::<_, Error>(rows::keep_duty(tx, &row)?))
        .await
}
