//! The edition of the timetable that is in force, and how two persons put another in its place.
//!
//! The first edition is the configuration's. Every later one is an approved proposal, so who
//! wrote it, who approved it and why stand in rows that are never changed; the newest is in
//! force. A process remembers it and looks once a second whether there is a newer one.
//!
//! | file | what happens there |
//! |---|---|
//! | `draft` | turns become an edition; what stands against it, what it changes |
//! | `file` | turns from an office's file |

mod draft;
mod file;

use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, Utc};
use schedule_core::{Edition, EditionChange, holidays::Holidays};

use self::draft::{Said, built, notes, problems, unreadable};
pub use self::{
    draft::{Days, Note, Problem, Turn, turns_of},
    file::{ReadFile, read_file},
};
use super::{
    organiser::{
        Error, Organiser, Refused,
        proposal::{self, Draft, Word},
    },
    season,
};
use crate::{
    app::App,
    store::{
        Read,
        proposals::{self as rows, DecisionRow, ProposalRow},
        season as season_rows,
    },
};

/// The kind of a proposal about the timetable.
pub const KIND: &str = "season.edition";

/// The edition that holds, as far as a process knows.
#[derive(Debug, Clone)]
pub struct InForce {
    /// The proposal it was approved by; 0 for the configuration's.
    pub proposal: i64,
    /// Which of the season's editions it is, from 1.
    pub ordinal: u32,
    /// Since when; nothing for the configuration's.
    pub since: Option<DateTime<Utc>>,
    /// The timetable.
    pub edition: Arc<Edition>,
}

/// The season's first edition, and the one in force.
#[derive(Debug)]
pub struct Editions {
    first: Arc<Edition>,
    in_force: RwLock<InForce>,
}

impl Editions {
    /// Until another one is approved, the first is in force.
    #[must_use]
    pub fn new(first: Edition) -> Self {
        let first = Arc::new(first);
        let in_force = InForce {
            proposal: 0,
            ordinal: 1,
            since: None,
            edition: Arc::clone(&first),
        };
        Self {
            first,
            in_force: RwLock::new(in_force),
        }
    }

    /// The configuration's edition.
    #[must_use]
    pub fn first(&self) -> &Edition {
        &self.first
    }

    /// The edition in force.
    #[must_use]
    pub fn in_force(&self) -> InForce {
        let in_force = self.in_force.read();
        in_force.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes an edition that is newer than the one in force.
    fn take(&self, newer: InForce) {
        let in_force = self.in_force.write();
        let mut in_force = in_force.unwrap_or_else(PoisonError::into_inner);
        if newer.proposal > in_force.proposal {
            *in_force = newer;
        }
    }
}

/// Each copy learns of newer editions by itself, as each process does.
impl Clone for Editions {
    fn clone(&self) -> Self {
        Self {
            first: Arc::clone(&self.first),
            in_force: RwLock::new(self.in_force()),
        }
    }
}

/// An edition that somebody proposes or that held once.
#[derive(Debug, Clone)]
pub struct Version {
    /// The proposal's number.
    pub proposal: i64,
    /// The digest that a decision names.
    pub digest: String,
    /// Which of the season's editions it is, from 2.
    pub ordinal: u32,
    /// Its turns, as they were written.
    pub turns: Vec<Turn>,
    /// Why.
    pub reason: String,
    /// Who proposed it.
    pub maker: String,
    /// When.
    pub at: DateTime<Utc>,
    /// What became of it; nothing while it waits.
    pub decision: Option<DecisionRow>,
}

/// An edition somebody looks at before it holds.
#[derive(Debug)]
pub struct Look {
    /// The edition in force.
    pub before: InForce,
    /// What would take its place, if it can be an edition.
    pub after: Option<Edition>,
    /// City by city what would change.
    pub change: Option<EditionChange>,
    /// What stands against it.
    pub problems: Vec<Problem>,
    /// What whoever decides should know.
    pub notes: Vec<Note>,
}

/// The editions of the season, as their screen shows them.
#[derive(Debug)]
pub struct Board {
    /// The one in force.
    pub in_force: InForce,
    /// The one that waits for somebody, and what it would change.
    pub waiting: Option<(Version, Look)>,
    /// Every edition that was proposed, the newest first.
    pub history: Vec<Version>,
}

/// Looks whether a newer edition is in force, and takes it.
///
/// Cost: one row by index, and the edition's making when there is a newer one.
///
/// # Errors
/// Fails when the database does, or holds an edition that cannot be one.
pub async fn refresh(app: &App) -> Result<InForce, super::Error> {
    let subject = app.season.name.clone();
    let newest = app
        .store
        .read(move |read| Ok::<_, super::Error>(newest(read, &subject)?))
        .await?;
    if let Some((row, decided_ms)) = newest
        && row.proposal > app.season.editions.in_force().proposal
    {
        let said = Said::read(&row.content)?;
        let edition = built(app.season.editions.first(), said.ordinal, &said.turns);
        app.season.editions.take(InForce {
            proposal: row.proposal,
            ordinal: said.ordinal,
            since: Some(season::instant(decided_ms)),
            edition: Arc::new(edition.map_err(|_problems| unreadable())?),
        });
    }
    Ok(app.season.editions.in_force())
}

/// The newest approved edition and when it was approved.
fn newest(
    read: &Read<'_>,
    subject: &str,
) -> Result<Option<(ProposalRow, i64)>, crate::store::StoreError> {
    let Some(row) = rows::approved(read, KIND, subject)? else {
        return Ok(None);
    };
    let decision = rows::decision(read, row.proposal)?;
    Ok(decision.map(|decision| (row, decision.decided_ms)))
}

/// The proposal by which the edition in force was approved, read within a write; 0 for the configuration's.
pub(super) fn number_in_force(
    read: &Read<'_>,
    subject: &str,
) -> Result<i64, crate::store::StoreError> {
    Ok(newest(read, subject)?.map_or(0, |(row, _decided_ms)| row.proposal))
}

/// What these turns would change, and what stands against them.
///
/// # Errors
/// Fails when the database does.
pub async fn look(app: &App, turns: &[Turn]) -> Result<Look, Error> {
    let before = refresh(app).await?;
    let after = built(
        app.season.editions.first(),
        before.ordinal.saturating_add(1),
        turns,
    );
    let after = match after {
        Ok(after) => after,
        Err(problems) => {
            return Ok(Look {
                before,
                after: None,
                change: None,
                problems,
                notes: Vec::new(),
            });
        }
    };
    let sealed = app
        .store
        .read(|read| Ok::<_, Error>(season_rows::cities(read)?))
        .await?;
    let pair = (before.edition.as_ref(), &after);
    Ok(Look {
        problems: problems(&app.season, pair, &sealed, app.now()),
        notes: notes(pair.0, pair.1, &Holidays::china_2020()),
        change: Some(EditionChange::between(pair.0, pair.1)),
        after: Some(after),
        before,
    })
}

/// Proposes an edition in the place of the one in force; its number.
///
/// # Errors
/// Refuses with [`Refused::ScheduleUnfit`], with [`Refused::Superseded`] when another edition
/// has come into force since `based_on`, with [`Refused::AlreadyProposed`] and
/// [`Refused::ReasonMissing`].
pub async fn propose(
    app: &App,
    turns: Vec<Turn>,
    based_on: i64,
    why: &str,
    maker: &Organiser,
) -> Result<i64, Error> {
    let before = refresh(app).await?;
    if before.proposal != based_on {
        return Err(Refused::Superseded.into());
    }
    let said = Said {
        ordinal: before.ordinal.saturating_add(1),
        based_on,
        turns,
    };
    let content = serde_json::to_string(&said).map_err(super::Failure::defect)?;
    let (why, maker, now) = (why.to_owned(), maker.clone(), app.now());
    let terms = Arc::clone(&app.season);
    app.store
        .write(move |tx| {
            let read = tx.read();
            if waiting(&read)?.is_some() {
                return Err(Refused::AlreadyProposed.into());
            }
            fit(&terms, &read, &before, &said, now)?;
            let draft = Draft {
                kind: KIND,
                subject: &terms.name,
                city: None,
                content: &content,
                reason: &why,
            };
            proposal::propose(tx, &maker, &draft, now)
        })
        .await
}

/// That an edition may take the place of the one in force, within the transaction that writes.
fn fit(
    terms: &crate::app::Season,
    read: &Read<'_>,
    before: &InForce,
    said: &Said,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    if number_in_force(read, &terms.name)? != said.based_on || before.proposal != said.based_on {
        return Err(Refused::Superseded.into());
    }
    let after = built(terms.editions.first(), said.ordinal, &said.turns);
    let found = match &after {
        Ok(after) => {
            let sealed = season_rows::cities(read)?;
            problems(terms, (&before.edition, after), &sealed, now)
        }
        Err(problems) => problems.clone(),
    };
    if found.is_empty() {
        return Ok(());
    }
    Err(Refused::ScheduleUnfit { problems: found }.into())
}

/// What becomes of an edition that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever decides does one of these and nothing else"
)]
pub enum Verdict {
    /// It is in force from now on.
    Approve,
    /// It is not.
    Reject,
    /// Its maker takes it back.
    Withdraw,
}

/// Decides about the edition that waits: approved, it is in force at once.
///
/// # Errors
/// Refuses with [`Refused::ScheduleUnfit`] when a city was sealed meanwhile, with
/// [`Refused::Superseded`], [`Refused::SamePerson`], [`Refused::NotTheMaker`],
/// [`Refused::NotWaiting`], [`Refused::OtherContent`] and [`Refused::ReasonMissing`].
pub async fn decide(
    app: &App,
    verdict: Verdict,
    (number, digest): (i64, &str),
    why: &str,
    by: &Organiser,
) -> Result<(), Error> {
    let before = refresh(app).await?;
    let (digest, why) = (digest.to_owned(), why.to_owned());
    let (terms, by, now) = (Arc::clone(&app.season), by.clone(), app.now());
    app.store
        .write(move |tx| {
            let waiting = waiting(&tx.read())?.ok_or(Refused::NotWaiting)?;
            if waiting.proposal != number {
                return Err(Refused::NotWaiting.into());
            }
            let word = Word {
                proposal: number,
                digest: &digest,
                reason: &why,
            };
            match verdict {
                Verdict::Approve => {
                    // Sealing writes under the same lock: a city is sealed before this or after.
                    fit(
                        &terms,
                        &tx.read(),
                        &before,
                        &Said::read(&waiting.content)?,
                        now,
                    )?;
                    proposal::approve(tx, &by, word, now)
                }
                Verdict::Reject => proposal::reject(tx, &by, word, now),
                Verdict::Withdraw => proposal::withdraw(tx, &by, word, now),
            }
            .map(drop)
        })
        .await?;
    refresh(app).await?;
    Ok(())
}

fn waiting(read: &Read<'_>) -> Result<Option<ProposalRow>, Error> {
    let waiting = rows::waiting(read, None)?;
    Ok(waiting.into_iter().find(|row| row.kind == KIND))
}

/// The editions of the season: in force, waiting, and all that were ever proposed.
///
/// # Errors
/// Fails when the database does.
pub async fn board(app: &App) -> Result<Board, Error> {
    let in_force = refresh(app).await?;
    let rows = app
        .store
        .read(|read| {
            let rows = rows::of_kind(read, KIND)?.into_iter();
            let decided = rows.map(|row| {
                let decision = rows::decision(read, row.proposal)?;
                Ok::<_, Error>((row, decision))
            });
            decided.collect::<Result<Vec<_>, _>>()
        })
        .await?;
    let mut history = Vec::with_capacity(rows.len());
    for (row, decision) in rows.into_iter().rev() {
        history.push(version(row, decision)?);
    }
    let waiting = history.iter().find(|version| version.decision.is_none());
    let waiting = match waiting.cloned() {
        Some(waiting) => {
            let look = look(app, &waiting.turns).await?;
            Some((waiting, look))
        }
        None => None,
    };
    Ok(Board {
        in_force,
        waiting,
        history,
    })
}

fn version(row: ProposalRow, decision: Option<DecisionRow>) -> Result<Version, Error> {
    let said = Said::read(&row.content)?;
    Ok(Version {
        proposal: row.proposal,
        digest: row.digest,
        ordinal: said.ordinal,
        turns: said.turns,
        reason: row.reason,
        maker: row.maker,
        at: season::instant(row.proposed_ms),
        decision,
    })
}
