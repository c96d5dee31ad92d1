//! Secrets of the account and the merchant: given at the console, sealed, and never shown again.
//!
//! The files of the configuration stay what a server starts with. A value that is given here stands
//! in for the file's very value from the next start on; a file that is changed afterwards counts again.
//! What moves money takes two persons: one gives the value, another agrees to its fingerprint.

use chrono::{DateTime, Utc};
use zeroize::Zeroizing;

use super::{
    Error as Refusing, Failure,
    organiser::{
        Error, Organiser, Refused,
        proposal::{self, Draft, Word},
        reason,
    },
    season,
};
use crate::{
    app::App,
    privacy::Field,
    settings::{Given, GivenSecret, SecretName, SecretSlot},
    store::{
        Read, Tx, audit, proposals,
        secrets::{self as rows, SecretRow},
    },
};

/// The kind of a proposal about a secret.
pub const KIND: &str = "secret.change";
const WAITING: &str = "waiting";
const KEPT: &str = "kept";

/// A value that was given and is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// What tells it from others.
    pub fingerprint: String,
    /// Who gave it.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Whether a server that starts now takes it: the file has not changed since.
    pub counts: bool,
}

/// A value that waits for another person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Which secret.
    pub name: SecretName,
    /// The proposal's number.
    pub proposal: i64,
    /// The digest that a decision names.
    pub digest: String,
    /// What tells the value from others.
    pub fingerprint: String,
    /// Why.
    pub reason: String,
    /// Who gave it.
    pub maker: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// A secret with what was given in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// The secret, as this process runs with it.
    pub slot: SecretSlot,
    /// What is kept of it here.
    pub kept: Option<Kept>,
}

impl Slot {
    /// Whether this process runs with another value than it would take now.
    #[must_use]
    pub fn wants_restart(&self) -> bool {
        let next = self.kept.as_ref().filter(|kept| kept.counts);
        let next = next
            .map(|kept| &kept.fingerprint)
            .or(self.slot.of_file.as_ref());
        next != self.slot.in_use.as_ref()
    }
}

/// All secrets, as people may look at them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Board {
    /// Every secret that the configuration wants.
    pub slots: Vec<Slot>,
    /// What waits for another person.
    pub waiting: Vec<Waiting>,
}

/// The secrets of this server.
///
/// # Errors
/// Fails when the database does.
pub async fn board(app: &App) -> Result<Board, Error> {
    let (in_hand, proposals) = app
        .store
        .read(|read| Ok::<_, Error>((rows::in_hand(read)?, proposals::of_kind(read, KIND)?)))
        .await?;
    let slots = app.settings.secrets.iter().map(|slot| {
        let kept = in_hand
            .iter()
            .find(|row| row.name == slot.name.name() && row.state == KEPT);
        Slot {
            kept: kept.map(|row| Kept {
                fingerprint: row.fingerprint.clone(),
                by: row.given_by.clone(),
                at: season::instant(row.given_ms),
                counts: row.replaces == slot.of_file.clone().unwrap_or_default(),
            }),
            slot: slot.clone(),
        }
    });
    let slots = slots.collect();
    let waiting = in_hand.into_iter().filter_map(|row| {
        let proposal = row.proposal.filter(|_number| row.state == WAITING)?;
        let proposed = proposals.iter().find(|found| found.proposal == proposal)?;
        Some(Waiting {
            name: SecretName::of_name(&row.name)?,
            proposal,
            digest: proposed.digest.clone(),
            fingerprint: row.fingerprint,
            reason: proposed.reason.clone(),
            maker: row.given_by,
            at: season::instant(row.given_ms),
        })
    });
    Ok(Board {
        slots,
        waiting: waiting.collect(),
    })
}

/// Takes a value; a payment's waits for another person, whose proposal has this number.
///
/// # Errors
/// Refuses with [`Refused::NotFound`] for a secret that the configuration does not want,
/// [`Refused::SecretForm`], [`Refused::AlreadyProposed`] and [`Refused::ReasonMissing`].
pub async fn give(
    app: &App,
    name: SecretName,
    value: Zeroizing<String>,
    why: &str,
    by: &Organiser,
) -> Result<Option<i64>, Error> {
    let slot = app.settings.secret(name).ok_or(Refused::NotFound)?;
    let value = Zeroizing::new(value.trim().to_owned());
    if !name.fits(&value) {
        return Err(Refused::SecretForm(name).into());
    }
    let (why, now) = (reason(why)?, app.now());
    let replaces = slot.of_file.clone().unwrap_or_default();
    let fingerprint = app.keys.secret_fingerprint(name.name(), &value);
    let n_given = app
        .store
        .read(move |read| Ok::<_, Error>(rows::n_given(read, name.name())?))
        .await?;
    let secret = format!("{}-{}", name.name(), n_given.saturating_add(1));
    let place = Field::GivenSecret.of(&secret);
    let sealed = app
        .keys
        .seal(&place, value.as_bytes(), app.entropy.as_ref());
    let row = SecretRow {
        secret,
        name: name.name().to_owned(),
        value_sealed: sealed.map_err(Refusing::from)?,
        fingerprint,
        replaces,
        state: KEPT.to_owned(),
        proposal: None,
        given_by: by.name.clone(),
        given_ms: now.timestamp_millis(),
    };
    let by = by.clone();
    app.store
        .write(move |tx| {
            if name.is_of_payment() {
                propose(tx, row, &by, &why, now).map(Some)
            } else {
                rows::end_kept(tx, &row.name)?;
                rows::insert(tx, &row)?;
                noted(tx, &row, &by.name, "secret.changed", &why, now)?;
                Ok(None)
            }
        })
        .await
}

fn propose(
    tx: &Tx<'_>,
    row: SecretRow,
    by: &Organiser,
    why: &str,
    now: DateTime<Utc>,
) -> Result<i64, Error> {
    let in_hand = rows::in_hand(&tx.read())?;
    let mut waiting = in_hand.iter().filter(|other| other.state == WAITING);
    if waiting.any(|other| other.name == row.name) {
        return Err(Refused::AlreadyProposed.into());
    }
    let content = format!("{} {}", row.secret, row.fingerprint);
    let draft = Draft {
        kind: KIND,
        subject: &row.name,
        city: None,
        content: &content,
        reason: why,
    };
    let number = proposal::propose(tx, by, &draft, now)?;
    rows::insert(
        tx,
        &SecretRow {
            state: WAITING.to_owned(),
            proposal: Some(number),
            ..row
        },
    )?;
    Ok(number)
}

fn noted(
    tx: &Tx<'_>,
    row: &SecretRow,
    by: &str,
    action: &str,
    why: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let detail = format!(
        "secret={} fingerprint={} given_by={} reason={why}",
        row.secret, row.fingerprint, row.given_by
    );
    Ok(audit::append(
        tx,
        now.timestamp_millis(),
        by,
        action,
        &detail,
    )?)
}

/// What somebody says about a value that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Another person agrees: it is taken at the next start.
    Approve,
    /// Another person does not.
    Reject,
    /// Whoever gave it takes it back.
    Withdraw,
}

impl Verdict {
    /// The verdict of this word.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        match name {
            "approve" => Some(Self::Approve),
            "reject" => Some(Self::Reject),
            "withdraw" => Some(Self::Withdraw),
            _ => None,
        }
    }
}

/// Decides about a value that waits; the word is its proposal's number, the digest of what was looked at, and why.
///
/// # Errors
/// Refuses with [`Refused::SamePerson`], [`Refused::NotTheMaker`], [`Refused::NotWaiting`],
/// [`Refused::OtherContent`] and [`Refused::ReasonMissing`].
pub async fn decide(
    app: &App,
    (number, digest, why): (i64, &str, &str),
    verdict: Verdict,
    by: &Organiser,
) -> Result<(), Error> {
    let (digest, why, by, now) = (digest.to_owned(), why.to_owned(), by.clone(), app.now());
    app.store
        .write(move |tx| {
            let row = waiting(&tx.read(), number)?;
            let word = Word {
                proposal: number,
                digest: &digest,
                reason: &why,
            };
            match verdict {
                Verdict::Approve => {
                    proposal::approve(tx, &by, word, now)?;
                    rows::end_kept(tx, &row.name)?;
                    rows::keep(tx, &row.secret)?;
                    noted(tx, &row, &by.name, "secret.changed", &why, now)
                }
                Verdict::Reject => {
                    proposal::reject(tx, &by, word, now)?;
                    Ok(rows::end(tx, &row.secret)?)
                }
                Verdict::Withdraw => {
                    proposal::withdraw(tx, &by, word, now)?;
                    Ok(rows::end(tx, &row.secret)?)
                }
            }
        })
        .await
}

fn waiting(read: &Read<'_>, proposal: i64) -> Result<SecretRow, Error> {
    let row = rows::of_proposal(read, proposal)?;
    let row = row.filter(|row| row.state == WAITING);
    row.ok_or_else(|| Refused::NotWaiting.into())
}

/// Every value that is kept, opened; for a server that starts, and for nobody else.
///
/// # Errors
/// Fails when the database does, and when a value was not sealed with this season's keys.
pub async fn given(app: &App) -> Result<Given, Refusing> {
    let in_hand = app
        .store
        .read(|read| Ok::<_, Refusing>(rows::in_hand(read)?))
        .await?;
    let mut given = Given::new();
    for row in in_hand.into_iter().filter(|row| row.state == KEPT) {
        let unreadable = || Failure::Unreadable {
            what: "secret.value",
        };
        let name = SecretName::of_name(&row.name).ok_or_else(unreadable)?;
        let place = Field::GivenSecret.of(&row.secret);
        let opened = app.keys.open(&place, &row.value_sealed);
        let opened = opened.map_err(|_unsealable| unreadable())?;
        let value = String::from_utf8(opened).map_err(|_no_text| unreadable())?;
        let (replaces, value) = (row.replaces, Zeroizing::new(value));
        given.insert(name, GivenSecret { replaces, value });
    }
    Ok(given)
}
