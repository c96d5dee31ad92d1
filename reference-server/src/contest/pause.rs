//! What of a city stands still, the sentence people read meanwhile, and who lets it go on.
//!
//! | subject | while it is paused | what goes on |
//! |---|---|---|
//! | quiz | no paper is drawn | papers that were drawn are marked |
//! | claims | no packet is awarded | passes and chances are kept |
//! | payouts | nothing of the city's awards is sent | awards; questions about what was sent |
//! | referral | a new follower earns nobody a chance, then or later | the follow itself counts |
//!
//! One person stops anything, at once. Letting money out again takes two: one proposes, another
//! approves. A pause moves no window: what is not used by a city's end lapses as ever.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    Refusal,
    organiser::{
        Error, Organiser, Refused,
        proposal::{self, Draft, Word},
        reason,
    },
    season,
};
use crate::{
    app::App,
    store::{
        Read, Tx, audit,
        pauses::{self as rows, EndRow, PauseRow},
        proposals::{self, ProposalRow},
        season::{self as cities, CityRow},
    },
};

/// The kind of a proposal to let a city's payouts go on.
pub const LIFT_PAYOUTS: &str = "payouts.resume";
/// The shortest and the longest sentence, in characters.
const SENTENCE_CHARACTERS: std::ops::RangeInclusive<usize> = 4..=100;
/// The words of an end.
const LIFTED: &str = "lifted";
const REWORDED: &str = "reworded";
/// Pauses of a city's list.
const N_LATEST: i64 = 50;

/// What can be paused by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a subject that a page forgets would be paused without a sentence"
)]
pub enum Subject {
    /// Drawing papers.
    Quiz,
    /// Awarding packets.
    Claims,
    /// Sending what was awarded.
    Payouts,
    /// Crediting whoever brought a new follower.
    Referral,
}

impl Subject {
    /// Every subject, in the order in which they are shown.
    pub const ALL: [Self; 4] = [Self::Quiz, Self::Claims, Self::Payouts, Self::Referral];

    /// The stable word in rows and in the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Quiz => "quiz",
            Self::Claims => "claims",
            Self::Payouts => "payouts",
            Self::Referral => "referral",
        }
    }

    /// The subject of this word.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|subject| subject.name() == name)
    }
}

/// What is paused in a city, in the words people read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paused {
    /// What.
    pub subject: Subject,
    /// The organiser's own sentence.
    pub sentence: String,
}

/// What somebody wants to stop.
#[derive(Debug, Clone)]
pub struct Stop {
    /// What.
    pub subject: Subject,
    /// The sentence people read.
    pub sentence: String,
    /// Why, for the audit log.
    pub reason: String,
    /// In every city of the timetable where it is not paused yet, and not only in the one named.
    pub everywhere: bool,
}

/// What a proposal to resume says: exactly the pauses that were looked at.
#[derive(Serialize, Deserialize)]
struct Content {
    subject: String,
    pause: i64,
}

/// A pause, from its beginning to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    /// Its number.
    pub number: i64,
    /// What.
    pub subject: Subject,
    /// The sentence people read.
    pub sentence: String,
    /// Why.
    pub reason: String,
    /// Who paused.
    pub by: String,
    /// When.
    pub begun: DateTime<Utc>,
    /// How it ended; nothing while it runs.
    pub end: Option<End>,
}

/// How a pause ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// Whether another sentence took its place, and nothing went on.
    pub is_reworded: bool,
    /// Who ended it.
    pub by: String,
    /// Who proposed it, where it took two persons.
    pub proposed_by: Option<String>,
    /// Why.
    pub reason: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// A proposal to let payouts go on that waits for somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Its number.
    pub proposal: i64,
    /// The digest that a decision names.
    pub digest: String,
    /// Why.
    pub reason: String,
    /// Who proposes.
    pub maker: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// A city's pauses as its page shows them.
#[derive(Debug)]
pub struct Board {
    /// The latest, the newest first, and every one that runs.
    pub pauses: Vec<Pause>,
    /// The proposal to let payouts go on that waits for somebody.
    pub waiting: Option<Waiting>,
}

impl Board {
    /// The pause of a subject that runs now.
    #[must_use]
    pub fn running(&self, subject: Subject) -> Option<&Pause> {
        let mut pauses = self.pauses.iter();
        pauses.find(|pause| pause.end.is_none() && pause.subject == subject)
    }
}

/// A city's pauses.
///
/// # Errors
/// Refuses with [`Refused::NotFound`] for a city that the timetable does not have.
pub async fn board(app: &App, city: &str) -> Result<Board, Error> {
    known(app, city)?;
    let city = city.to_owned();
    app.store
        .read(move |read| {
            let waiting = waiting(read, &city)?;
            Ok(Board {
                pauses: latest(read, &city)?,
                waiting: waiting.map(|row| Waiting {
                    proposal: row.proposal,
                    digest: row.digest,
                    reason: row.reason,
                    maker: row.maker,
                    at: season::instant(row.proposed_ms),
                }),
            })
        })
        .await
}

/// The latest pauses with every running one, however long ago it began.
fn latest(read: &Read<'_>, city: &str) -> Result<Vec<Pause>, Error> {
    let mut latest = rows::latest(read, city, N_LATEST)?;
    for running in rows::running(read, city)? {
        if !latest.contains(&running) {
            latest.push(running);
        }
    }
    Ok(latest.into_iter().filter_map(pause_of).collect())
}

fn pause_of(row: PauseRow) -> Option<Pause> {
    Some(Pause {
        number: row.pause,
        subject: Subject::of_name(&row.subject)?,
        sentence: row.sentence,
        reason: row.reason,
        by: row.begun_by,
        begun: season::instant(row.begun_ms),
        end: row.end.map(|end| End {
            is_reworded: end.ended == REWORDED,
            by: end.by,
            proposed_by: end.proposed_by,
            reason: end.reason,
            at: season::instant(end.at_ms),
        }),
    })
}

/// Stops something at once; a subject that is paused already gets the new sentence.
///
/// # Errors
/// Refuses with [`Refused::SentenceForm`], [`Refused::ReasonMissing`] and [`Refused::NotFound`].
pub async fn begin(app: &App, city: &str, stop: Stop, by: &str) -> Result<(), Error> {
    known(app, city)?;
    let sentence = sentence(&stop.sentence)?;
    let reason = reason(&stop.reason)?;
    let edition = app.season.edition();
    let rounds = edition.rounds().iter();
    let others = rounds
        .map(|round| round.city().slug().as_str())
        .filter(|slug| stop.everywhere && *slug != city)
        .map(str::to_owned)
        .collect::<Vec<_>>();
    let (city, by, now) = (city.to_owned(), by.to_owned(), app.now());
    app.store
        .write(move |tx| {
            let row = |city: String| PauseRow {
                pause: 0,
                city,
                subject: stop.subject.name().to_owned(),
                sentence: sentence.clone(),
                reason: reason.clone(),
                begun_by: by.clone(),
                begun_ms: 0,
                end: None,
            };
            begin_one(tx, row(city.clone()), now)?;
            for other in &others {
                if rows::sentence(&tx.read(), other, stop.subject.name())?.is_none() {
                    begin_one(tx, row(other.clone()), now)?;
                }
            }
            Ok(())
        })
        .await
}

fn begin_one(tx: &Tx<'_>, row: PauseRow, now: DateTime<Utc>) -> Result<(), Error> {
    let at_ms = instant(tx, &row.city, now)?;
    let row = PauseRow {
        begun_ms: at_ms,
        ..row
    };
    if let Some(running) = running(&tx.read(), &row.city, &row.subject)? {
        let end = EndRow {
            ended: REWORDED.to_owned(),
            by: row.begun_by.clone(),
            proposed_by: None,
            reason: row.reason.clone(),
            at_ms,
        };
        rows::end(tx, running.pause, &end)?;
    }
    let number = rows::insert(tx, &row)?;
    let detail = format!(
        "pause={number} city={} subject={} sentence={} reason={}",
        row.city, row.subject, row.sentence, row.reason
    );
    Ok(audit::append(
        tx,
        at_ms,
        &row.begun_by,
        "city.paused",
        &detail,
    )?)
}

/// Lets a city's quiz, claims or referral go on.
///
/// # Errors
/// Refuses with [`Refused::TwoPersons`] for payouts, [`Refused::NotPaused`],
/// [`Refused::ReasonMissing`] and [`Refused::NotFound`].
pub async fn lift(
    app: &App,
    city: &str,
    subject: Subject,
    why: &str,
    by: &str,
) -> Result<(), Error> {
    known(app, city)?;
    if subject == Subject::Payouts {
        return Err(Refused::TwoPersons.into());
    }
    let end = EndRow {
        ended: LIFTED.to_owned(),
        by: by.to_owned(),
        proposed_by: None,
        reason: reason(why)?,
        at_ms: 0,
    };
    let (city, now) = (city.to_owned(), app.now());
    app.store
        .write(move |tx| {
            let pause = running(&tx.read(), &city, subject.name())?.ok_or(Refused::NotPaused)?;
            end_one(tx, &pause, end, now)
        })
        .await
}

fn end_one(tx: &Tx<'_>, pause: &PauseRow, end: EndRow, now: DateTime<Utc>) -> Result<(), Error> {
    let at_ms = instant(tx, &pause.city, now)?;
    let end = EndRow { at_ms, ..end };
    if !rows::end(tx, pause.pause, &end)? {
        return Err(Refused::NotPaused.into());
    }
    let proposed_by = end.proposed_by.as_deref().unwrap_or("-");
    let detail = format!(
        "pause={} city={} subject={} proposed_by={proposed_by} reason={}",
        pause.pause, pause.city, pause.subject, end.reason
    );
    Ok(audit::append(tx, at_ms, &end.by, "city.resumed", &detail)?)
}

/// Proposes to let a city's payouts go on; the proposal's number.
///
/// # Errors
/// Refuses with [`Refused::NotPaused`], [`Refused::AlreadyProposed`], [`Refused::ReasonMissing`]
/// and [`Refused::NotFound`].
pub async fn propose_payouts(
    app: &App,
    city: &str,
    why: &str,
    maker: &Organiser,
) -> Result<i64, Error> {
    known(app, city)?;
    let (city, why, maker, now) = (city.to_owned(), why.to_owned(), maker.clone(), app.now());
    app.store
        .write(move |tx| {
            let subject = Subject::Payouts.name();
            let pause = running(&tx.read(), &city, subject)?.ok_or(Refused::NotPaused)?;
            if waiting(&tx.read(), &city)?.is_some() {
                return Err(Refused::AlreadyProposed.into());
            }
            let content = Content {
                subject: subject.to_owned(),
                pause: pause.pause,
            };
            let content = serde_json::to_string(&content).map_err(super::Failure::defect)?;
            let draft = Draft {
                kind: LIFT_PAYOUTS,
                subject: &city,
                city: Some(&city),
                content: &content,
                reason: &why,
            };
            proposal::propose(tx, &maker, &draft, now)
        })
        .await
}

/// What somebody says about a proposal to let payouts go on.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// The proposal.
    pub proposal: i64,
    /// The digest of what was looked at.
    pub digest: String,
    /// Whether payouts go on.
    pub approves: bool,
    /// Why.
    pub reason: String,
}

/// Decides about a proposal of somebody else; approved, payouts go on in the same transaction.
///
/// # Errors
/// Refuses with [`Refused::SamePerson`], [`Refused::NotWaiting`], [`Refused::OtherContent`] when
/// the pause is another by now, [`Refused::ReasonMissing`] and [`Refused::NotFound`].
pub async fn decide_payouts(
    app: &App,
    city: &str,
    verdict: Verdict,
    checker: &Organiser,
) -> Result<(), Error> {
    known(app, city)?;
    let (city, checker, now) = (city.to_owned(), checker.clone(), app.now());
    app.store
        .write(move |tx| {
            let read = tx.read();
            let waiting = waiting(&read, &city)?.ok_or(Refused::NotWaiting)?;
            if waiting.proposal != verdict.proposal {
                return Err(Refused::NotWaiting.into());
            }
            let word = Word {
                proposal: verdict.proposal,
                digest: &verdict.digest,
                reason: &verdict.reason,
            };
            if !verdict.approves {
                return proposal::reject(tx, &checker, word, now).map(drop);
            }
            let proposal = proposal::approve(tx, &checker, word, now)?;
            let content: Content =
                serde_json::from_str(&proposal.content).map_err(|_error| unreadable())?;
            let pause = running(&read, &city, &content.subject)?;
            let pause = pause
                .filter(|pause| pause.pause == content.pause)
                .ok_or(Refused::OtherContent)?;
            let end = EndRow {
                ended: LIFTED.to_owned(),
                by: checker.name.clone(),
                proposed_by: Some(proposal.maker),
                reason: reason(&verdict.reason)?,
                at_ms: 0,
            };
            end_one(tx, &pause, end, now)
        })
        .await
}

/// What is paused in a city now.
pub(super) fn paused(read: &Read<'_>, city: &str) -> Result<Vec<Paused>, super::Error> {
    let mut paused: Vec<Paused> = rows::running(read, city)?
        .into_iter()
        .filter_map(|row| {
            Some(Paused {
                subject: Subject::of_name(&row.subject)?,
                sentence: row.sentence,
            })
        })
        .collect();
    paused.sort_by_key(|paused| paused.subject);
    Ok(paused)
}

/// A refusal of reward-core as people are told it: while claims are paused, in the organiser's words.
pub(super) fn told(city: &CityRow, refusal: reward_core::Refusal) -> Refusal {
    match (&city.claims_paused, refusal) {
        (Some(sentence), reward_core::Refusal::Paused) => Refusal::Paused {
            subject: Subject::Claims,
            sentence: sentence.clone(),
        },
        _ => Refusal::Claim(refusal),
    }
}

/// The instant in the order of the city's decisions: what was awarded before it, was awarded before the pause.
fn instant(tx: &Tx<'_>, city: &str, now: DateTime<Utc>) -> Result<i64, Error> {
    let now_ms = now.timestamp_millis();
    let city = cities::latch(tx, city, now_ms)?;
    Ok(city.map_or(now_ms, |city| city.last_decision_ms))
}

fn running(read: &Read<'_>, city: &str, subject: &str) -> Result<Option<PauseRow>, Error> {
    let running = rows::running(read, city)?;
    Ok(running.into_iter().find(|pause| pause.subject == subject))
}

/// The waiting proposal about the pause that runs; one about a pause with an older sentence waits for nobody.
fn waiting(read: &Read<'_>, city: &str) -> Result<Option<ProposalRow>, Error> {
    let Some(pause) = running(read, city, Subject::Payouts.name())? else {
        return Ok(None);
    };
    let proposals = proposals::waiting(read, Some(city))?;
    Ok(proposals
        .into_iter()
        .find(|proposal| is_about(proposal, &pause)))
}

/// Whether a proposal asks to end this very pause.
fn is_about(proposal: &ProposalRow, pause: &PauseRow) -> bool {
    proposal.kind == LIFT_PAYOUTS
        && serde_json::from_str(&proposal.content)
            .is_ok_and(|content: Content| content.pause == pause.pause)
}

/// The pause that a waiting proposal asks to end; nothing once it has another sentence.
pub(super) fn asked_to_end<'a>(
    proposal: &ProposalRow,
    running: &'a [PauseRow],
) -> Option<&'a PauseRow> {
    running.iter().find(|pause| is_about(proposal, pause))
}

/// Every pause of payouts that runs, for whoever looks at what waits about money.
pub(super) fn running_payouts(read: &Read<'_>) -> Result<Vec<PauseRow>, super::Error> {
    Ok(rows::running_everywhere(read, Subject::Payouts.name())?)
}

fn known(app: &App, city: &str) -> Result<(), Refused> {
    let edition = app.season.edition();
    let mut rounds = edition.rounds().iter();
    let is_known = rounds.any(|round| round.city().slug().as_str() == city);
    if is_known {
        Ok(())
    } else {
        Err(Refused::NotFound)
    }
}

/// A sentence for people: one line, neither a word nor a letter.
fn sentence(text: &str) -> Result<String, Refused> {
    let text = text.trim();
    let is_line = !text.chars().any(char::is_control);
    if is_line && SENTENCE_CHARACTERS.contains(&text.chars().count()) {
        Ok(text.to_owned())
    } else {
        Err(Refused::SentenceForm)
    }
}

fn unreadable() -> super::Failure {
    super::Failure::Unreadable {
        what: "proposal.content",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_one_line_of_four_to_a_hundred_characters() {
        for good in ["系统维护", "  系统维护，今晚八点恢复。 ", &"字".repeat(100)]
        {
            assert_eq!(sentence(good).as_deref(), Ok(good.trim()));
        }
        for bad in ["", "   ", "维护中", "第一行\n第二行", &"字".repeat(101)] {
            assert_eq!(sentence(bad), Err(Refused::SentenceForm), "{bad:?}");
        }
    }

    #[test]
    fn a_subject_reads_back_from_its_word() {
        for subject in Subject::ALL {
            assert_eq!(Subject::of_name(subject.name()), Some(subject));
        }
        assert_eq!(Subject::of_name("everything"), None);
    }
}
