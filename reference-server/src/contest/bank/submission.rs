//! A draft becomes a bank: submitted by one person, approved by another, in force at once, frozen
//! when the city opens.
//!
//! What is submitted is frozen and sealed with its proposal, so nobody approves what changes
//! afterwards; the proposal names the bank by its digest and never says a word of it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use quiz_core::{
    Difference, Halves, Origin, QuestionBank, differences,
    life::{DraftHalf, Editor},
};

use super::{
    desk::{self, Standing},
    examination::{FileReport, report},
};
use crate::{
    app::App,
    contest::{
        self, Failure,
        city_page::Verdict,
        edition,
        organiser::{
            Error, Organiser, Refused,
            proposal::{self, Draft, Word},
        },
        planning::{self, Planned},
        sealed, season,
    },
    store::{
        Read, Tx, audit,
        banks::{self as rows},
        proposals::{self, ProposalRow},
        season::{self as cities},
    },
};

/// The kind of a proposal about a city's bank.
pub(crate) const KIND: &str = "bank";
/// What the content of such a proposal begins with; the bank's digest follows.
const CONTENT: &str = "bank=";

/// A bank that waits for somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Submission {
    /// The proposal's number.
    pub(crate) proposal: i64,
    /// The digest that a decision names.
    pub(crate) digest: String,
    /// The bank's digest.
    pub(crate) bank: String,
    /// Why.
    pub(crate) reason: String,
    /// Who submits it.
    pub(crate) maker: String,
    /// When.
    pub(crate) at: DateTime<Utc>,
}

/// What was submitted for a city and waits, if anything does.
pub(super) fn waiting(read: &Read<'_>, city: &str) -> Result<Option<Submission>, Error> {
    let waiting = proposals::waiting(read, Some(city))?;
    let row = waiting.into_iter().find(|row| row.kind == KIND);
    row.map(|row| submission_of(row).map_err(Error::from))
        .transpose()
}

/// The cities for which something was submitted that waits.
pub(super) fn cities_waiting(read: &Read<'_>) -> Result<Vec<String>, Error> {
    let waiting = proposals::waiting(read, None)?.into_iter();
    let banks = waiting.filter(|row| row.kind == KIND);
    Ok(banks.map(|row| row.subject).collect())
}

/// The digest of the bank that was approved last for a city, if one was.
pub(in crate::contest) fn approved(read: &Read<'_>, city: &str) -> Result<Option<String>, Failure> {
    let row = proposals::approved(read, KIND, city)?;
    row.map(|row| Ok(submission_of(row)?.bank)).transpose()
}

/// The bank that was approved last for a city, if one was.
pub(in crate::contest) async fn approved_bank(
    app: &App,
    slug: &str,
) -> Result<Option<Arc<QuestionBank>>, contest::Error> {
    let wanted = slug.to_owned();
    let digest = app
        .store
        .read(move |read| Ok::<_, contest::Error>(approved(read, &wanted)?))
        .await?;
    Ok(match digest {
        Some(digest) => Some(sealed::bank(app, &digest).await?),
        None => None,
    })
}

fn submission_of(row: ProposalRow) -> Result<Submission, Failure> {
    let bank = row.content.strip_prefix(CONTENT);
    let bank = bank.ok_or(Failure::Unreadable {
        what: "proposal.content",
    })?;
    Ok(Submission {
        proposal: row.proposal,
        bank: bank.to_owned(),
        digest: row.digest,
        reason: row.reason,
        maker: row.maker,
        at: season::instant(row.proposed_ms),
    })
}

/// Submits the version of the draft that was seen; its proposal's number.
///
/// # Errors
/// Refuses with [`Refused::BankNotReady`], [`Refused::BankSame`], [`Refused::AlreadyProposed`],
/// [`Refused::DraftChanged`], [`Refused::ReasonMissing`], and as [`Standing::refusal`] says.
pub(crate) async fn submit(
    app: &App,
    maker: &Organiser,
    slug: &str,
    seen: i64,
    why: &str,
) -> Result<i64, Error> {
    let desk = desk::desk(app, slug).await?;
    if let Some(refused) = desk.standing.refusal() {
        return Err(refused.into());
    }
    if desk.version != seen {
        return Err(Refused::DraftChanged.into());
    }
    let not_ready = |reasons| Error::from(Refused::BankNotReady { reasons });
    if !desk.obstacles.is_empty() {
        return Err(not_ready(desk.obstacles));
    }
    let province = desk::province(app, desk.standing.digest()).await?;
    let province = province.map_err(|problem| not_ready(vec![problem]))?;
    let author = Editor::new(&maker.name).ok_or_else(|| Failure::defect("nobody submits"))?;
    let half = DraftHalf::new(Origin::City, desk.reading.questions());
    let half = half.submit(author, app.season.bank_size);
    let half = half.map_err(|refused| not_ready(vec![refused.reason.to_string()]))?;
    let halves = Halves {
        province: province.to_vec(),
        city: half.half().questions().to_vec(),
    };
    let frozen = sealed::freeze(app, halves)?;
    let frozen = frozen.map_err(|refused| not_ready(vec![refused.to_string()]))?;
    if desk.standing.digest() == Some(&frozen.digest) {
        return Err(Refused::BankSame.into());
    }
    let (maker, slug, why) = (maker.clone(), slug.to_owned(), why.to_owned());
    let content = format!("{CONTENT}{}", frozen.digest);
    let now = app.now();
    app.store
        .write(move |tx| {
            let read = tx.read();
            let draft = rows::draft(&read, &slug)?;
            if draft.is_none_or(|draft| draft.version != seen) {
                return Err(Refused::DraftChanged.into());
            }
            if waiting(&read, &slug)?.is_some() {
                return Err(Refused::AlreadyProposed.into());
            }
            let now_ms = now.timestamp_millis();
            cities::insert_bank(tx, &frozen.digest, &slug, &frozen.content_sealed, now_ms)?;
            let draft = Draft {
                kind: KIND,
                subject: &slug,
                city: Some(&slug),
                content: &content,
                reason: &why,
            };
            proposal::propose(tx, &maker, &draft, now)
        })
        .await
}

/// Decides about what was submitted: approved, the city is to be played with it, and a city that
/// had no bank is planned in the same transaction.
///
/// # Errors
/// As [`proposal::approve`]; [`Refused::BankFrozen`] from the opening on, by the clock that decides;
/// [`Refused::BankCorrected`].
pub(crate) async fn decide(
    app: &App,
    slug: &str,
    verdict: Verdict,
    (number, digest): (i64, &str),
    why: &str,
    by: &Organiser,
) -> Result<(), Error> {
    let in_force = edition::refresh(app).await?;
    let (ordinal, round) = desk::turn_of(&in_force.edition, slug)?;
    let (wanted, now) = (slug.to_owned(), app.now());
    let waiting_now = app
        .store
        .read(move |read| waiting(read, &wanted))
        .await?
        .filter(|waiting| waiting.proposal == number)
        .ok_or(Refused::NotWaiting)?;
    let decided = Decided {
        is_due: app.season.is_sealing_due(round, now),
        planned: planning::planned(app, ordinal, round, &waiting_now.bank)?,
        edition: in_force.proposal,
        season: app.season.name.clone(),
        closes_ms: round.window().end().timestamp_millis(),
        bank: waiting_now.bank,
        city: slug.to_owned(),
        by: by.name.clone(),
    };
    let (digest, why) = (digest.to_owned(), why.to_owned());
    let by = by.clone();
    app.store
        .write(move |tx| {
            let word = Word {
                proposal: number,
                digest: &digest,
                reason: &why,
            };
            match verdict {
                Verdict::Approve => {
                    proposal::approve(tx, &by, word, now)?;
                    decided.put_in_force(tx, now.timestamp_millis())
                }
                Verdict::Reject => proposal::reject(tx, &by, word, now).map(drop),
                Verdict::Withdraw => proposal::withdraw(tx, &by, word, now).map(drop),
            }
        })
        .await
}

/// A bank that two persons have made, and the city as it would be sealed with it.
struct Decided {
    city: String,
    bank: String,
    by: String,
    /// Whether the city is to be sealed by now, if it is not yet.
    is_due: bool,
    planned: Planned,
    /// The edition by which that is.
    edition: i64,
    season: String,
    closes_ms: i64,
}

impl Decided {
    /// Gives the city its bank, at the instant of the clock that decides.
    fn put_in_force(&self, tx: &Tx<'_>, now_ms: i64) -> Result<(), Error> {
        let before = match cities::latch(tx, &self.city, now_ms)? {
            None if now_ms >= self.closes_ms => return Err(Refused::BankFrozen.into()),
            None => "-".to_owned(),
            Some(city) if city.is_begun() => return Err(Refused::BankFrozen.into()),
            Some(city) if city.n_corrections > 0 => return Err(Refused::BankCorrected.into()),
            Some(city) => {
                rows::put_in_force(tx, &self.city, &self.bank)?;
                city.bank
            }
        };
        let detail = format!("city={} before={before} bank={}", self.city, self.bank);
        audit::append(tx, now_ms, &self.by, "bank.in_force", &detail)?;
        let read = tx.read();
        let is_planned = cities::city(&read, &self.city)?.is_some();
        // By another edition its turn is another: whoever looks for cities that are due seals it.
        let is_current = edition::number_in_force(&read, &self.season)? == self.edition;
        if self.is_due && is_current && !is_planned {
            self.planned.write(tx, &self.by, now_ms)?;
        }
        Ok(())
    }
}

/// What somebody looks at before deciding.
pub(crate) struct Review {
    /// What was submitted.
    pub(crate) submission: Submission,
    /// The bank.
    pub(crate) bank: Arc<QuestionBank>,
    /// The bank in force, if there is one.
    pub(crate) before: Option<Arc<QuestionBank>>,
    /// What differs between the two; everything is new without one.
    pub(crate) differences: Vec<Difference>,
    /// What is found in the city's half.
    pub(crate) report: FileReport,
    /// Where the city's bank stands.
    pub(crate) standing: Standing,
    /// When the city opens.
    pub(crate) opens: DateTime<Utc>,
}

/// What was submitted for a city, with what differs from the bank in force; `None` when nothing waits.
///
/// # Errors
/// Refuses with [`Refused::NotFound`] for a city that has no turn.
pub(crate) async fn review(app: &App, slug: &str) -> Result<Option<Review>, Error> {
    let found = desk::found(app, slug).await?;
    let Some(submission) = found.waiting else {
        return Ok(None);
    };
    let bank = sealed::bank(app, &submission.bank).await?;
    let before = match found.standing.digest() {
        Some(digest) => Some(sealed::bank(app, digest).await?),
        None => None,
    };
    let differences = match &before {
        Some(before) => differences(before, &bank),
        None => bank
            .questions()
            .map(|(new, _question)| Difference::Added { new })
            .collect(),
    };
    let province = desk::placed(&desk::half_of(&bank, Origin::Province));
    let mut import = quiz_core::import::Import::default();
    import.questions = desk::numbered(&desk::half_of(&bank, Origin::City), "市库");
    let terms = desk::terms(app, found.opens);
    let report = report("市库".to_owned(), import, Some(&province), &terms);
    Ok(Some(Review {
        submission,
        bank,
        before,
        differences,
        report,
        standing: found.standing,
        opens: found.opens,
    }))
}
