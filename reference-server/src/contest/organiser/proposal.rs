//! What one person proposes and another decides: money, rules and approvals.
//!
//! A use case that wants two persons writes a proposal whose content says all of it, and does
//! it in the transaction in which [`approve`] has said yes. The digest binds the decision to
//! what was looked at; the rows are never changed, so whoever reads them later sees both.

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};

use super::{Error, Organiser, Refused, reason};
use crate::{
    app::App,
    store::{
        Tx, audit,
        proposals::{self as rows, DecisionRow, ProposalRow},
    },
};

/// What is proposed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft<'a> {
    /// What is to be done, as a stable word such as `pause.lift`.
    pub kind: &'a str,
    /// What it is about.
    pub subject: &'a str,
    /// The city it belongs to, if it belongs to one.
    pub city: Option<&'a str>,
    /// All that it says; whoever approves reads this and nothing else.
    pub content: &'a str,
    /// Why.
    pub reason: &'a str,
}

impl Draft<'_> {
    /// The digest that a decision is about: SHA-256 over the parts with their lengths, in hexadecimal.
    #[must_use]
    pub fn digest(&self) -> String {
        let mut hasher = Sha256::new();
        for part in [
            self.kind,
            self.subject,
            self.city.unwrap_or_default(),
            self.content,
        ] {
            let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
            hasher.update(length.to_be_bytes());
            hasher.update(part.as_bytes());
        }
        hex::encode(hasher.finalize())
    }
}

/// Somebody's word about a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word<'a> {
    /// Which proposal.
    pub proposal: i64,
    /// The digest of what was looked at.
    pub digest: &'a str,
    /// Why.
    pub reason: &'a str,
}

/// Writes a proposal and its audit event; its number.
///
/// # Errors
/// Refuses with [`Refused::ReasonMissing`].
pub fn propose(
    tx: &Tx<'_>,
    maker: &Organiser,
    draft: &Draft<'_>,
    now: DateTime<Utc>,
) -> Result<i64, Error> {
    let proposed_ms = now.timestamp_millis();
    let row = ProposalRow {
        proposal: 0,
        kind: draft.kind.to_owned(),
        subject: draft.subject.to_owned(),
        city: draft.city.map(str::to_owned),
        content: draft.content.to_owned(),
        digest: draft.digest(),
        reason: reason(draft.reason)?,
        maker: maker.name.clone(),
        proposed_ms,
    };
    let number = rows::insert(tx, &row)?;
    let detail = format!(
        "proposal={number} kind={} subject={} digest={} reason={}",
        row.kind, row.subject, row.digest, row.reason
    );
    audit::append(tx, proposed_ms, &maker.name, "proposal.made", &detail)?;
    Ok(number)
}

/// Approves a proposal of somebody else; what it asks for is done by the caller in the same transaction.
///
/// # Errors
/// Refuses with [`Refused::SamePerson`], [`Refused::NotWaiting`], [`Refused::OtherContent`],
/// [`Refused::ReasonMissing`], and with [`Refused::NotFound`] for another city's.
pub fn approve(
    tx: &Tx<'_>,
    checker: &Organiser,
    word: Word<'_>,
    now: DateTime<Utc>,
) -> Result<ProposalRow, Error> {
    decide(tx, checker, word, "approved", now)
}

/// Rejects a proposal of somebody else.
///
/// # Errors
/// As [`approve`].
pub fn reject(
    tx: &Tx<'_>,
    checker: &Organiser,
    word: Word<'_>,
    now: DateTime<Utc>,
) -> Result<ProposalRow, Error> {
    decide(tx, checker, word, "rejected", now)
}

/// Takes one's own proposal back.
///
/// # Errors
/// Refuses with [`Refused::NotTheMaker`], otherwise as [`approve`].
pub fn withdraw(
    tx: &Tx<'_>,
    maker: &Organiser,
    word: Word<'_>,
    now: DateTime<Utc>,
) -> Result<ProposalRow, Error> {
    decide(tx, maker, word, "withdrawn", now)
}

fn decide(
    tx: &Tx<'_>,
    by: &Organiser,
    word: Word<'_>,
    verdict: &str,
    now: DateTime<Utc>,
) -> Result<ProposalRow, Error> {
    let read = tx.read();
    let proposal = rows::proposal(&read, word.proposal)?.ok_or(Refused::NotWaiting)?;
    if proposal.city.as_deref().is_some_and(|city| !by.sees(city)) {
        return Err(Refused::NotFound.into());
    }
    if rows::decision(&read, word.proposal)?.is_some() {
        return Err(Refused::NotWaiting.into());
    }
    match (verdict == "withdrawn", proposal.maker == by.name) {
        (true, false) => return Err(Refused::NotTheMaker.into()),
        (false, true) => return Err(Refused::SamePerson.into()),
        (true, true) | (false, false) => {}
    }
    if proposal.digest != word.digest {
        return Err(Refused::OtherContent.into());
    }
    let decided_ms = now.timestamp_millis();
    let row = DecisionRow {
        proposal: proposal.proposal,
        digest: proposal.digest.clone(),
        maker: proposal.maker.clone(),
        checker: by.name.clone(),
        verdict: verdict.to_owned(),
        reason: reason(word.reason)?,
        decided_ms,
    };
    rows::decide(tx, &row)?;
    let detail = format!(
        "proposal={} kind={} subject={} digest={} maker={} reason={}",
        row.proposal, proposal.kind, proposal.subject, row.digest, row.maker, row.reason
    );
    let action = format!("proposal.{verdict}");
    audit::append(tx, decided_ms, &by.name, &action, &detail)?;
    Ok(proposal)
}

/// Proposals that wait for somebody, as far as this organiser sees their cities, oldest first.
///
/// # Errors
/// Fails when the database does.
pub async fn waiting(app: &App, organiser: &Organiser) -> Result<Vec<ProposalRow>, Error> {
    let city = organiser.city.clone();
    app.store
        .read(move |read| Ok(rows::waiting(read, city.as_deref())?))
        .await
}
