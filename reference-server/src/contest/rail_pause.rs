//! All sending stopped: one person pauses the season's rail, two let it go again.
//!
//! A pause for a fault lapses by itself after five minutes, when the next order probes the rail;
//! a person's pause has no end and is not shortened by a fault.

use chrono::{DateTime, Utc};

use super::{
    organiser::{
        Error, Organiser, Refused,
        proposal::{self, Draft, Word},
        reason,
    },
    season,
};
use crate::{
    app::App,
    rail::Rail,
    store::{
        Tx, audit,
        payments::{self, RailRow},
    },
};

/// What a proposal to resume is called.
pub const RESUME: &str = "rail.resume";

/// A rail that is paused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paused {
    /// Why.
    pub reason: String,
    /// When it lapses by itself; a person's pause never does.
    pub until: Option<DateTime<Utc>>,
}

impl Paused {
    fn of(row: RailRow, now: DateTime<Utc>) -> Option<Self> {
        let until = row.paused_until_ms.map(season::instant);
        let reason = row.paused_reason?;
        until
            .is_none_or(|until| now < until)
            .then_some(Self { reason, until })
    }
}

/// Why the season's rail is paused, if it is.
///
/// # Errors
/// Fails when the database does.
pub async fn state(app: &App) -> Result<Option<Paused>, Error> {
    let rail = app.season.rail.name();
    let now = app.now();
    let read = app
        .store
        .read(move |read| Ok::<_, Error>(payments::rail(read, rail)?));
    Ok(Paused::of(read.await?, now))
}

/// Stops all sending at once; what is under way is still asked about.
///
/// # Errors
/// Refuses with [`Refused::ReasonMissing`].
pub async fn pause(app: &App, by: &Organiser, why: &str) -> Result<(), Error> {
    let (rail, now_ms) = (app.season.rail.name(), app.now().timestamp_millis());
    let (why, actor) = (reason(why)?, by.name.clone());
    app.store
        .write(move |tx| {
            let told = format!("{actor}：{why}");
            payments::set_rail_pause(tx, rail, Some(&told), None, now_ms)?;
            let detail = format!("rail={rail} reason={why}");
            Ok(audit::append(tx, now_ms, &actor, "rail.paused", &detail)?)
        })
        .await
}

/// Proposes that sending goes on; the proposal's number.
///
/// # Errors
/// Refuses with [`Refused::RailNotPaused`] and [`Refused::ReasonMissing`].
pub async fn propose_resuming(app: &App, maker: &Organiser, why: &str) -> Result<i64, Error> {
    let (rail, now) = (app.season.rail.name(), app.now());
    let (maker, why) = (maker.clone(), why.to_owned());
    app.store
        .write(move |tx| {
            let row = payments::rail(&tx.read(), rail)?;
            let paused = Paused::of(row, now).filter(|paused| paused.until.is_none());
            let paused = paused.ok_or(Refused::RailNotPaused)?;
            let draft = Draft {
                kind: RESUME,
                subject: rail,
                city: None,
                content: &paused.reason,
                reason: &why,
            };
            proposal::propose(tx, &maker, &draft, now)
        })
        .await
}

/// Lets payments out again, because another person agrees.
///
/// # Errors
/// As [`proposal::approve`], and [`Refused::OtherContent`] when it was paused anew meanwhile.
pub(super) fn resume(
    tx: &Tx<'_>,
    checker: &Organiser,
    word: Word<'_>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let proposal = proposal::approve(tx, checker, word, now)?;
    let rail = proposal.subject.as_str();
    let row = payments::rail(&tx.read(), rail)?;
    if row.paused_reason.as_ref() != Some(&proposal.content) {
        return Err(Refused::OtherContent.into());
    }
    let now_ms = now.timestamp_millis();
    // After a restore every rail stands still for one reason, and one decision ends it.
    for other in Rail::ALL.map(Rail::name) {
        let row = payments::rail(&tx.read(), other)?;
        if row.paused_reason.as_ref() == Some(&proposal.content) && row.paused_until_ms.is_none() {
            payments::set_rail_pause(tx, other, None, None, now_ms)?;
        }
    }
    let detail = format!("rail={rail} proposal={}", proposal.proposal);
    Ok(audit::append(
        tx,
        now_ms,
        &checker.name,
        "rail.resumed",
        &detail,
    )?)
}
