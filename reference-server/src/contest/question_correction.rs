//! What is wrong with a frozen bank that is in use: proposed by one person with a sentence for
//! everybody, approved by another, in force in the same transaction.
//!
//! The bank itself never changes. A question is void, or further options count beside its key;
//! quiz-core says what that does to a score, and it only ever raises one. A question of the
//! province's half stands in the banks of all cities, so it is corrected in all of them at once.

use std::{
    collections::{BTreeSet, HashMap},
    fmt::Write as _,
    sync::{Arc, PoisonError, RwLock},
};

use chrono::{DateTime, Utc};
use quiz_core::{Corrections, Origin, Position, QuestionBank, QuestionId};

use super::{
    Failure,
    organiser::{
        Error, Organiser, Refused,
        proposal::{self, Draft, Word},
    },
    sealed, season,
};
use crate::{
    app::App,
    store::{
        Read, Tx, audit,
        proposals::{self, ProposalRow},
        rescores::{self as rows, CorrectionRow},
        season::{self as cities, CityRow},
    },
};

/// What a proposal of this module is called.
const KIND: &str = "question.correct";

/// What is wrong with a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The question's number in the bank, from 1.
    pub number: u16,
    /// Options that count beside the key, by their places in the bank; none when the question is void.
    pub accepted: BTreeSet<Position>,
}

impl Fault {
    /// Whether the question is void.
    #[must_use]
    pub fn is_void(&self) -> bool {
        self.accepted.is_empty()
    }

    fn question(&self) -> Option<QuestionId> {
        self.number.checked_sub(1).map(QuestionId::new)
    }

    fn letters(&self) -> String {
        self.accepted.iter().map(|place| place.letter()).collect()
    }

    /// What is decided about: the bank by its digest, and never a word of it.
    fn content(&self, bank: &str) -> String {
        let letters = self.letters();
        let accepted = if letters.is_empty() { "-" } else { &letters };
        format!("bank={bank} question={} accepted={accepted}", self.number)
    }

    fn of_content(content: &str) -> Option<Self> {
        let mut parts = content.split(' ').filter_map(|part| part.split_once('='));
        let mut part = |wanted: &str| {
            parts
                .find(|(name, _value)| *name == wanted)
                .map(|(_name, value)| value)
        };
        let number = part("question")?.parse().ok()?;
        let letters = part("accepted")?.chars().filter(|letter| *letter != '-');
        Some(Self {
            number,
            accepted: letters.map(Position::from_letter).collect::<Option<_>>()?,
        })
    }
}

/// Whether a proposal is about the bank of this digest: a city that has not opened may have got another one since.
fn is_about(content: &str, bank: &str) -> bool {
    let own = content.strip_prefix("bank=");
    own.and_then(|rest| rest.strip_prefix(bank))
        .is_some_and(|rest| rest.starts_with(' '))
}

/// A correction that is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// Its number in the city, from 1.
    pub version: i64,
    /// What is wrong.
    pub fault: Fault,
    /// Why, as everybody may read it.
    pub reason: String,
    /// Since when it is in force.
    pub since: DateTime<Utc>,
}

/// A correction that waits for a second person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The proposal's number.
    pub proposal: i64,
    /// What is decided about.
    pub digest: String,
    /// What is wrong.
    pub fault: Fault,
    /// Why, as everybody may read it.
    pub reason: String,
    /// Who proposes it.
    pub maker: String,
    /// When.
    pub proposed: DateTime<Utc>,
}

/// All corrections of a city's bank, as scores are raised by them.
#[derive(Debug)]
pub(crate) struct InForce {
    /// How many there are.
    pub(crate) version: i64,
    pub(crate) rules: Corrections,
    reasons: HashMap<QuestionId, String>,
}

impl InForce {
    fn of(bank: &QuestionBank, stored: &[CorrectionRow]) -> Result<Self, Failure> {
        let mut rules = Corrections::none(bank);
        let mut reasons = HashMap::new();
        for row in stored {
            let unreadable = || Failure::Unreadable {
                what: "question_correction",
            };
            let question = u16::try_from(row.question).map_err(|_range| unreadable())?;
            let question = QuestionId::new(question);
            if row.accepted.is_empty() {
                rules.void(question).map_err(Failure::defect)?;
                // Why it is void says more than what was accepted before.
                reasons.insert(question, row.reason.clone());
            }
            for letter in row.accepted.chars() {
                let place = Position::from_letter(letter).ok_or_else(unreadable)?;
                rules.accept(question, place).map_err(Failure::defect)?;
                reasons
                    .entry(question)
                    .or_insert_with(|| row.reason.clone());
            }
        }
        Ok(Self {
            version: stored.last().map_or(0, |row| row.version),
            rules,
            reasons,
        })
    }

    /// Why a question was corrected, if it was.
    pub(crate) fn reason(&self, question: QuestionId) -> Option<&str> {
        self.reasons.get(&question).map(String::as_str)
    }
}

/// The corrections that this process has read; a newer one is noticed by its number in the city's row.
#[derive(Debug, Default)]
pub(crate) struct Known(RwLock<HashMap<String, Arc<InForce>>>);

impl Known {
    fn get(&self, city: &str) -> Option<Arc<InForce>> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.get(city).cloned()
    }

    fn keep(&self, city: &str, read: &Arc<InForce>) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let is_newer = known
            .get(city)
            .is_none_or(|kept| kept.version < read.version);
        if is_newer {
            known.insert(city.to_owned(), Arc::clone(read));
        }
    }

    /// The corrections of a city in a transaction or a snapshot that has read its row; nothing
    /// when there are none, which costs nothing.
    pub(crate) fn of(
        &self,
        read: &Read<'_>,
        city: &CityRow,
        bank: &QuestionBank,
    ) -> Result<Option<Arc<InForce>>, Failure> {
        if city.n_corrections == 0 {
            return Ok(None);
        }
        if let Some(known) = self.get(&city.city)
            && known.version == city.n_corrections
        {
            return Ok(Some(known));
        }
        let mut stored = rows::corrections(read, &city.city)?;
        // Of a write that may come to nothing, only what the city's row counts.
        stored.retain(|row| row.version <= city.n_corrections);
        let read = Arc::new(InForce::of(bank, &stored)?);
        self.keep(&city.city, &read);
        Ok(Some(read))
    }
}

/// The corrections of a city; nothing when there are none.
pub(crate) async fn in_force(
    app: &App,
    city: &CityRow,
    bank: &Arc<QuestionBank>,
) -> Result<Option<Arc<InForce>>, super::Error> {
    if city.n_corrections == 0 {
        return Ok(None);
    }
    let (known, city, bank) = (
        Arc::clone(&app.memory.corrections),
        city.clone(),
        Arc::clone(bank),
    );
    app.store
        .read(move |read| Ok(known.of(read, &city, &bank)?))
        .await
}

/// A city's bank with what is wrong with it.
#[derive(Debug, Clone)]
pub struct CityBank {
    /// The frozen bank.
    pub bank: Arc<QuestionBank>,
    /// When the city opens.
    pub opens: DateTime<Utc>,
    /// When it closes, exclusive.
    pub closes: DateTime<Utc>,
    /// Corrections in force, in order.
    pub corrections: Vec<Correction>,
    /// Corrections that wait for a second person, oldest first.
    pub waiting: Vec<Waiting>,
}

/// A city's bank and its corrections; `None` until it is frozen.
///
/// # Errors
/// Fails when the database does.
pub async fn city_bank(app: &App, slug: &str) -> Result<Option<CityBank>, Error> {
    let wanted = slug.to_owned();
    let (city, stored, waiting) = app
        .store
        .read(move |read| {
            Ok::<_, Error>((
                cities::city(read, &wanted)?,
                rows::corrections(read, &wanted)?,
                proposals::waiting(read, Some(&wanted))?,
            ))
        })
        .await?;
    let Some(city) = city else {
        return Ok(None);
    };
    let waiting = waiting.iter().filter(|row| row.kind == KIND);
    Ok(Some(CityBank {
        bank: sealed::bank(app, &city.bank).await?,
        opens: season::instant(city.opens_ms),
        closes: season::instant(city.closes_ms),
        corrections: stored.iter().map(correction).collect::<Result<_, _>>()?,
        waiting: waiting.map(waits).collect::<Result<_, _>>()?,
    }))
}

/// The corrections that everybody may read, by city: those of cities that have opened.
///
/// # Errors
/// Fails when the database does.
pub(crate) async fn public(
    app: &App,
    city: &CityRow,
    now: DateTime<Utc>,
) -> Result<Vec<PublicCorrection>, super::Error> {
    if city.n_corrections == 0 || now.timestamp_millis() < city.opens_ms {
        return Ok(Vec::new());
    }
    let slug = city.city.clone();
    let stored = app
        .store
        .read(move |read| Ok::<_, super::Error>(rows::corrections(read, &slug)?))
        .await?;
    let bank = sealed::bank(app, &city.bank).await?;
    stored
        .iter()
        .map(|row| {
            let said = correction(row)?;
            let question = said.fault.question().and_then(|id| bank.question(id));
            let question = question.ok_or(Failure::Unreadable {
                what: "question_correction.question",
            })?;
            Ok(PublicCorrection {
                stem: question.stem().to_owned(),
                is_void: said.fault.is_void(),
                reason: said.reason,
                since: said.since,
            })
        })
        .collect()
}

/// A correction as everybody may read it: which options are right is not told.
#[derive(Debug, Clone)]
pub struct PublicCorrection {
    /// The question.
    pub stem: String,
    /// Whether it is void; otherwise further options count.
    pub is_void: bool,
    /// Why.
    pub reason: String,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// Proposes a correction; its proposal's number.
///
/// # Errors
/// Refuses with [`Refused::NotFound`] what the bank does not have or another city's,
/// [`Refused::NotYours`] a question of the province to a city's editor,
/// [`Refused::NothingToCorrect`] what is in force or waits already, [`Refused::ReasonMissing`].
pub async fn propose(
    app: &App,
    maker: &Organiser,
    slug: &str,
    fault: &Fault,
    reason: &str,
) -> Result<i64, Error> {
    let known = city_bank(app, slug).await?.ok_or(Refused::NotFound)?;
    let id = fault.question().ok_or(Refused::NotFound)?;
    let question = known.bank.question(id).ok_or(Refused::NotFound)?;
    let has = |place: &Position| question.choice(*place).is_some();
    if !maker.sees(slug) || !fault.accepted.iter().all(has) {
        return Err(Refused::NotFound.into());
    }
    if known.bank.origin(id) == Some(Origin::Province) && maker.city.is_some() {
        return Err(Refused::NotYours.into());
    }
    let is_key = fault.accepted.contains(&question.key());
    let waits = known.waiting.iter().any(|other| other.fault == *fault);
    let in_force = known.corrections.iter();
    if is_key || waits || in_force.clone().any(|other| covers(&other.fault, fault)) {
        return Err(Refused::NothingToCorrect.into());
    }
    let (maker, slug, reason) = (maker.clone(), slug.to_owned(), reason.to_owned());
    let content = fault.content(&known.bank.digest().to_string());
    let now = app.now();
    app.store
        .write(move |tx| {
            let draft = Draft {
                kind: KIND,
                subject: &slug,
                city: Some(&slug),
                content: &content,
                reason: &reason,
            };
            proposal::propose(tx, &maker, &draft, now)
        })
        .await
}

/// Whether a correction in force leaves nothing for another to raise.
fn covers(in_force: &Fault, other: &Fault) -> bool {
    in_force.number == other.number
        && (in_force.is_void()
            || (!other.is_void() && other.accepted.is_subset(&in_force.accepted)))
}

/// Approves a correction of somebody else: it is in force at once, in every bank that has the
/// question, and their attempts are scored again.
///
/// # Errors
/// As [`proposal::approve`]; [`Refused::NothingToCorrect`] when it is in force already.
pub async fn approve(
    app: &App,
    checker: &Organiser,
    slug: &str,
    word: Word<'_>,
) -> Result<(), Error> {
    let number = word.proposal;
    let wanted = app
        .store
        .read(move |read| Ok::<_, Error>(proposals::proposal(read, number)?))
        .await?
        .filter(|row| row.kind == KIND && row.subject == slug)
        .ok_or(Refused::NotWaiting)?;
    let fault = fault_of(&wanted)?;
    let known = city_bank(app, slug).await?.ok_or(Refused::NotFound)?;
    if !is_about(&wanted.content, &known.bank.digest().to_string()) {
        return Err(Refused::OtherContent.into());
    }
    let targets = targets(app, slug, &fault).await?;
    let (checker, digest, reason) = (
        checker.clone(),
        word.digest.to_owned(),
        word.reason.to_owned(),
    );
    let now = app.now();
    app.store
        .write(move |tx| {
            let word = Word {
                proposal: number,
                digest: &digest,
                reason: &reason,
            };
            let approved = proposal::approve(tx, &checker, word, now)?;
            put_in_force(tx, &approved, &fault, &targets, now)?;
            let mut detail = format!("proposal={number} {}", approved.content);
            for (city, _question) in &targets {
                let _infallible = write!(detail, " city={city}");
            }
            let at_ms = now.timestamp_millis();
            audit::append(tx, at_ms, &checker.name, "question.corrected", &detail)?;
            Ok(())
        })
        .await
}

/// The cities in whose banks the question stands, by name, with its place there.
async fn targets(app: &App, slug: &str, fault: &Fault) -> Result<Vec<(String, QuestionId)>, Error> {
    let planned = app
        .store
        .read(|read| Ok::<_, Error>(cities::cities(read)?))
        .await?;
    let own = planned
        .iter()
        .find(|city| city.city == slug)
        .ok_or(Refused::NotFound)?;
    let bank = sealed::bank(app, &own.bank).await?;
    let id = fault.question().ok_or(Refused::NotFound)?;
    let question = bank.question(id).ok_or(Refused::NotFound)?;
    if bank.origin(id) == Some(Origin::City) {
        return Ok(vec![(slug.to_owned(), id)]);
    }
    let mut targets = Vec::with_capacity(planned.len());
    for city in &planned {
        let other = sealed::bank(app, &city.bank).await?;
        let same = other.questions().find(|(_id, other)| *other == question);
        targets.extend(same.map(|(id, _question)| (city.city.clone(), id)));
    }
    // One order for everybody who takes several cities.
    targets.sort_unstable();
    Ok(targets)
}

/// Corrects a question of the province in the banks that were frozen after it had been corrected
/// elsewhere; returns how many corrections were taken over.
///
/// Running it again changes nothing. Cost: nothing but the cities while nothing is corrected.
///
/// # Errors
/// Fails when the database does.
pub async fn inherit(app: &App) -> Result<usize, Error> {
    let now = app.now();
    let planned = app
        .store
        .read(|read| Ok::<_, Error>(cities::cities(read)?))
        .await?;
    let is_over = |slug: &str| {
        let mut cities = planned.iter();
        cities.any(|city| city.city == slug && city.closes_ms <= now.timestamp_millis())
    };
    let mut n_taken = 0_usize;
    for source in planned.iter().filter(|city| city.n_corrections > 0) {
        let bank = sealed::bank(app, &source.bank).await?;
        let slug = source.city.clone();
        let made = app
            .store
            .read(move |read| Ok::<_, Error>(rows::corrections(read, &slug)?))
            .await?;
        for row in made {
            let fault = correction(&row)?.fault;
            let origin = fault.question().and_then(|id| bank.origin(id));
            if origin != Some(Origin::Province) {
                continue;
            }
            let mut targets = targets(app, &source.city, &fault).await?;
            targets.retain(|(city, _id)| *city != source.city && !is_over(city));
            let taken = app
                .store
                .write(move |tx| take_over(tx, row.proposal, &fault, targets, now))
                .await?;
            n_taken = n_taken.saturating_add(taken);
        }
    }
    Ok(n_taken)
}

/// Puts an approved correction in force where it is lacking; how many cities those are.
fn take_over(
    tx: &Tx<'_>,
    proposal: i64,
    fault: &Fault,
    mut targets: Vec<(String, QuestionId)>,
    now: DateTime<Utc>,
) -> Result<usize, Error> {
    let read = tx.read();
    let mut lacking = Vec::new();
    for (city, question) in targets.drain(..) {
        let there = Fault {
            number: question.get().saturating_add(1),
            ..fault.clone()
        };
        let stored = rows::corrections(&read, &city)?;
        let stored: Vec<Correction> = stored.iter().map(correction).collect::<Result<_, _>>()?;
        if !stored.iter().any(|other| covers(&other.fault, &there)) {
            lacking.push((city, question));
        }
    }
    if lacking.is_empty() {
        return Ok(0);
    }
    let approved = proposals::proposal(&read, proposal)?.ok_or(Refused::NotFound)?;
    put_in_force(tx, &approved, fault, &lacking, now)?;
    let mut detail = format!("proposal={proposal}");
    for (city, _question) in &lacking {
        let _infallible = write!(detail, " city={city}");
    }
    let at_ms = now.timestamp_millis();
    audit::append(tx, at_ms, "server", "question.inherited", &detail)?;
    Ok(lacking.len())
}

fn put_in_force(
    tx: &Tx<'_>,
    approved: &ProposalRow,
    fault: &Fault,
    targets: &[(String, QuestionId)],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let accepted = fault.letters();
    let mut n_changed = 0_usize;
    for (slug, question) in targets {
        // Whoever submits in the city waits here, and is marked with the correction afterwards.
        let Some(n_before) = rows::lock(tx, slug)? else {
            continue;
        };
        let number = question.get().saturating_add(1);
        let there = Fault {
            number,
            ..fault.clone()
        };
        let stored = rows::corrections(&tx.read(), slug)?;
        let stored: Vec<Correction> = stored.iter().map(correction).collect::<Result<_, _>>()?;
        if stored.iter().any(|other| covers(&other.fault, &there)) {
            continue;
        }
        let city = cities::city(&tx.read(), slug)?.ok_or(Refused::NotFound)?;
        n_changed = n_changed.saturating_add(1);
        rows::correct(
            tx,
            &CorrectionRow {
                city: slug.clone(),
                version: n_before.saturating_add(1),
                bank: city.bank,
                question: i64::from(question.get()),
                accepted: accepted.clone(),
                reason: approved.reason.clone(),
                proposal: approved.proposal,
                decided_ms: now.timestamp_millis(),
            },
        )?;
    }
    if n_changed == 0 {
        return Err(Refused::NothingToCorrect.into());
    }
    Ok(())
}

/// Rejects a correction of somebody else.
///
/// # Errors
/// As [`proposal::reject`].
pub async fn reject(
    app: &App,
    checker: &Organiser,
    slug: &str,
    word: Word<'_>,
) -> Result<(), Error> {
    end(app, checker, slug, word, proposal::reject).await
}

/// Takes one's own correction back before anybody has decided.
///
/// # Errors
/// As [`proposal::withdraw`].
pub async fn withdraw(
    app: &App,
    maker: &Organiser,
    slug: &str,
    word: Word<'_>,
) -> Result<(), Error> {
    end(app, maker, slug, word, proposal::withdraw).await
}

type Verdict = fn(&Tx<'_>, &Organiser, Word<'_>, DateTime<Utc>) -> Result<ProposalRow, Error>;

async fn end(
    app: &App,
    by: &Organiser,
    slug: &str,
    word: Word<'_>,
    verdict: Verdict,
) -> Result<(), Error> {
    let (by, slug, number) = (by.clone(), slug.to_owned(), word.proposal);
    let (digest, reason) = (word.digest.to_owned(), word.reason.to_owned());
    let now = app.now();
    app.store
        .write(move |tx| {
            let word = Word {
                proposal: number,
                digest: &digest,
                reason: &reason,
            };
            let row = verdict(tx, &by, word, now)?;
            if row.kind != KIND || row.subject != slug {
                return Err(Refused::NotWaiting.into());
            }
            Ok(())
        })
        .await
}

fn fault_of(row: &ProposalRow) -> Result<Fault, Failure> {
    Fault::of_content(&row.content).ok_or(Failure::Unreadable {
        what: "proposal.content",
    })
}

fn waits(row: &ProposalRow) -> Result<Waiting, Failure> {
    Ok(Waiting {
        proposal: row.proposal,
        digest: row.digest.clone(),
        fault: fault_of(row)?,
        reason: row.reason.clone(),
        maker: row.maker.clone(),
        proposed: season::instant(row.proposed_ms),
    })
}

fn correction(row: &CorrectionRow) -> Result<Correction, Failure> {
    let unreadable = || Failure::Unreadable {
        what: "question_correction",
    };
    let number = u16::try_from(row.question.saturating_add(1)).map_err(|_range| unreadable())?;
    let accepted = row.accepted.chars().map(Position::from_letter);
    Ok(Correction {
        version: row.version,
        fault: Fault {
            number,
            accepted: accepted.collect::<Option<_>>().ok_or_else(unreadable)?,
        },
        reason: row.reason.clone(),
        since: season::instant(row.decided_ms),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(number: u16, letters: &str) -> Fault {
        let accepted = letters.chars().filter_map(Position::from_letter).collect();
        Fault { number, accepted }
    }

    #[test]
    fn what_is_proposed_reads_back_and_anything_else_does_not() {
        for proposed in [fault(1, ""), fault(100, "BD")] {
            let content = proposed.content("digest");
            assert_eq!(Fault::of_content(&content), Some(proposed));
        }
        for bad in [
            "",
            "bank=x",
            "bank=x question=no accepted=-",
            "bank=x question=1 accepted=9",
        ] {
            assert_eq!(Fault::of_content(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_void_question_covers_everything_and_accepted_options_cover_their_own() {
        assert!(covers(&fault(3, ""), &fault(3, "")));
        assert!(covers(&fault(3, ""), &fault(3, "AB")));
        assert!(covers(&fault(3, "AB"), &fault(3, "B")));
        assert!(!covers(&fault(3, "AB"), &fault(3, "BC")));
        assert!(!covers(&fault(3, "AB"), &fault(3, "")));
        assert!(!covers(&fault(3, ""), &fault(4, "")));
    }
}
