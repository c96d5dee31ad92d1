//! Ten questions are drawn, answered and marked.
//!
//! An attempt is a signed token until it is submitted: nothing is stored before.
//! The paper is drawn from a keyed seed over the token's nonce, the person, the city
//! and the bank's digest, so every instance derives the same paper and the phone
//! carries neither keys nor question identifiers. The nonce becomes the primary key
//! of the submission, so a replay meets the first one.

use std::{collections::BTreeMap, sync::Arc};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use quiz_core::{
    Attempt, Item, Ordinal, Origin, Position, PresentedItem, QuestionBank, Quiz, Submitted,
};
use rand::{SeedableRng, rngs::ChaCha12Rng};

use super::{
    Error, Failure, PersonId, Refusal,
    claim::{self, Offer},
    grant::Means,
    pause::Subject,
    question_correction::{self, InForce},
    rescore, sealed, season,
    submission::{Recorded, Submission},
};
use crate::{
    app::App,
    id,
    store::{
        Outcomes, Read, ReadTogether, Together,
        attempts::{self, AttemptRow},
        people,
        rescores::{self, RescoreRow},
        season::{self as season_rows, CityRow},
    },
};

const TOKEN_VERSION: u8 = 1;
const NONCE_DIGITS: usize = 32;
const TAG_BYTES: usize = 16;

/// A drawn paper as a phone may see it: no key, no explanation, no stable identifier.
#[derive(Debug, Clone)]
pub struct Paper {
    /// The signed token; the only thing the phone has to send back.
    pub attempt: String,
    /// The attempt's public identifier.
    pub id: String,
    /// The city's slug.
    pub city_slug: String,
    /// The city's name.
    pub city_name: String,
    /// When the city closes, exclusive.
    pub closes: DateTime<Utc>,
    /// The items, in order.
    pub items: Vec<PresentedItem>,
    /// Those of them that are void: each counts as right, whatever is answered.
    pub void: Vec<VoidItem>,
}

/// An item of a paper whose question turned out to be no good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoidItem {
    /// 1-based number.
    pub ordinal: u16,
    /// Why, as everybody may read it.
    pub reason: String,
}

/// What an attempt token leads to.
#[derive(Debug, Clone)]
pub enum Opened {
    /// The paper, to be answered.
    Paper(Paper),
    /// It was submitted under this identifier.
    Submitted(String),
}

/// A marked attempt with its review.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The attempt's public identifier.
    pub id: String,
    /// The city's slug.
    pub city_slug: String,
    /// The city's name.
    pub city_name: String,
    /// Right answers, with those that a correction counts as right.
    pub score: u16,
    /// Right answers by the keys of the bank.
    pub score_by_keys: u16,
    /// Questions.
    pub of: u16,
    /// Whether the attempt passes by that score.
    pub passed: bool,
    /// When it was submitted.
    pub submitted: DateTime<Utc>,
    /// Each item with its key and explanation.
    pub review: Vec<ReviewItem>,
    /// Whether this attempt can open a red packet now, and if not, why.
    pub offer: Offer,
}

/// One item of a marked attempt.
#[derive(Debug, Clone)]
pub struct ReviewItem {
    /// 1-based number.
    pub ordinal: u16,
    /// Which half of the bank it is from.
    pub origin: Origin,
    /// The stem.
    pub stem: String,
    /// The options as they were shown.
    pub options: Vec<(char, String)>,
    /// The letter that was chosen, if one was.
    pub chosen: Option<char>,
    /// The letter of the right option.
    pub key: char,
    /// Whether the answer counts as right.
    pub right: bool,
    /// Whether it is right by the key.
    pub right_by_key: bool,
    /// What was wrong with the question, if anything was.
    pub correction: Option<ItemCorrection>,
    /// Why the key is right.
    pub explanation: Option<String>,
    /// What the question rests on.
    pub source: Option<String>,
}

/// What was wrong with the question of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemCorrection {
    /// Letters of the options that count beside the key; none when the question is void.
    pub accepted: Vec<char>,
    /// Why, as everybody may read it.
    pub reason: String,
}

impl ItemCorrection {
    /// Whether the question is void.
    #[must_use]
    pub fn is_void(&self) -> bool {
        self.accepted.is_empty()
    }
}

/// The facts inside a token.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Token {
    id: String,
    city: String,
    started_ms: i64,
}

/// Draws a new paper of the city that is open now.
///
/// # Errors
/// Refuses with [`Refusal::NoCityOpen`], [`Refusal::Paused`] or [`Refusal::NotFollowing`].
pub async fn start(app: &App, person: &PersonId) -> Result<Paper, Error> {
    let now = app.now();
    let opening = Opening {
        city: season::slug_at(&app.season, now)?,
        person: person.clone(),
    };
    let (city, following) = app
        .store
        .read_together(&app.memory.openings, opening)
        .await?;
    let none_open = || season::none_open(&app.season, now);
    let city = city
        .filter(|city| season::is_open(city))
        .ok_or_else(none_open)?;
    let city = begun(app, city).await?.ok_or_else(none_open)?;
    if let Some(sentence) = &city.quiz_paused {
        return Err(Refusal::Paused {
            subject: Subject::Quiz,
            sentence: sentence.clone(),
        }
        .into());
    }
    if !following {
        return Err(Refusal::NotFollowing.into());
    }
    let token = Token {
        id: id::time_ordered(now, app.entropy.as_ref()),
        city: city.city.clone(),
        started_ms: now.timestamp_millis(),
    };
    let bank = sealed::bank(app, &city.bank).await?;
    let in_force = question_correction::in_force(app, &city, &bank).await?;
    paper_of(app, person, &token, (&city, &bank), in_force.as_deref())
}

/// The city once its bank cannot be exchanged any more; `None` before its opening by the clock that decides.
///
/// Its first paper decides that it has begun: whatever was approved before is in the row that this gives back.
async fn begun(app: &App, city: Arc<CityRow>) -> Result<Option<Arc<CityRow>>, Error> {
    if city.is_begun() {
        return Ok(Some(city));
    }
    let (slug, now_ms) = (city.city.clone(), app.now().timestamp_millis());
    let latched = app
        .store
        .write(move |tx| Ok::<_, Error>(season_rows::latch(tx, &slug, now_ms)?))
        .await?;
    Ok(latched.filter(CityRow::is_begun).map(Arc::new))
}

/// Who asks for a paper of which city.
pub(crate) struct Opening {
    city: String,
    person: PersonId,
}

impl Together for Opening {
    /// The city, if there is one, and whether the person follows.
    type Answer = (Option<Arc<CityRow>>, bool);
    type Error = Error;
}

impl ReadTogether for Opening {
    fn read(read: &Read<'_>, group: &[Self]) -> Result<Outcomes<Self>, Error> {
        let people: Vec<&str> = group.iter().map(|one| one.person.as_str()).collect();
        let following = people::are_following(read, &people)?;
        let mut cities: BTreeMap<&str, Option<Arc<CityRow>>> = BTreeMap::new();
        for one in group {
            if !cities.contains_key(one.city.as_str()) {
                let city = season_rows::city(read, &one.city)?;
                cities.insert(&one.city, city.map(Arc::new));
            }
        }
        let city = |one: &Self| cities.get(one.city.as_str()).cloned().flatten();
        Ok(group
            .iter()
            .zip(following)
            .map(|(one, following)| Ok((city(one), following)))
            .collect())
    }
}

/// The paper of a token, or the identifier under which it was submitted.
///
/// # Errors
/// Refuses with [`Refusal::UnknownAttempt`] when the token is not this person's.
pub async fn paper(app: &App, person: &PersonId, token: &str) -> Result<Opened, Error> {
    let token = verify(app, person, token)?;
    let (city_slug, attempt_id) = (token.city.clone(), token.id.clone());
    let (city, submitted) = app
        .store
        .read(move |read| {
            Ok::<_, Error>((
                season_rows::city(read, &city_slug)?,
                attempts::attempt(read, &attempt_id)?.is_some(),
            ))
        })
        .await?;
    if submitted {
        return Ok(Opened::Submitted(token.id));
    }
    let city = city.ok_or(Refusal::UnknownAttempt)?;
    let bank = sealed::bank(app, &city.bank).await?;
    let in_force = question_correction::in_force(app, &city, &bank).await?;
    paper_of(app, person, &token, (&city, &bank), in_force.as_deref()).map(Opened::Paper)
}

/// Marks a paper; the same token again gives the first result.
///
/// Answers map the question's number to the option's letter; a missing number is a
/// question left open, which counts as wrong.
///
/// # Errors
/// Refuses with [`Refusal::UnknownAttempt`], [`Refusal::UnknownAnswer`],
/// [`Refusal::CityClosed`] or [`Refusal::TooFast`].
pub async fn submit(
    app: &App,
    person: &PersonId,
    token: &str,
    answers: &BTreeMap<String, String>,
) -> Result<Outcome, Error> {
    let token = verify(app, person, token)?;
    let bank = sealed::bank_of(app, &token.city)
        .await?
        .ok_or(Refusal::UnknownAttempt)?;
    let quiz = quiz_of(app, person, &token, &bank)?;
    let mut attempt = Attempt::new(quiz);
    for (ordinal, letter) in answers {
        let unknown = || Refusal::UnknownAnswer {
            ordinal: ordinal.chars().take(8).collect(),
        };
        let place: Ordinal = ordinal.parse().map_err(|_error| unknown())?;
        let position: Position = letter.parse().map_err(|_error| unknown())?;
        attempt
            .answer(place, position)
            .map_err(|_error| unknown())?;
    }
    let submitted = attempt.submit(&bank).map_err(Failure::defect)?;
    let score = submitted.score();
    let row = AttemptRow {
        attempt: token.id.clone(),
        person: person.as_str().to_owned(),
        city: token.city,
        opens_ms: 0,
        closes_ms: 0,
        started_ms: token.started_ms,
        submitted_ms: 0,
        answers: written_answers(submitted.answers()),
        score: score.right().into(),
        n_questions: score.of().into(),
        pass_mark: app.season.pass_mark.right().into(),
        passed: app.season.pass_mark.passed(score),
    };
    let submitted = Arc::new(submitted);
    let submission = Submission {
        row,
        submitted: Arc::clone(&submitted),
        bank: Arc::clone(&bank),
        means: Means::of(app),
    };
    let recorded = app
        .store
        .write_together(&app.memory.submissions, submission)
        .await?;
    let Some(recorded) = recorded else {
        return outcome(app, person, &token.id).await;
    };
    let Recorded {
        row,
        offer,
        rescore,
        in_force,
    } = recorded;
    let review = reviewed(&submitted, &bank, in_force.as_deref())?;
    let offer = offer.map_or(Offer::NotPassed, claim::offered);
    Ok(outcome_of(app, row, rescore.as_slice(), review, offer))
}

/// Hands a paper in with every answer right; only in a contest whose WeChat is simulated.
///
/// # Errors
/// Refuses with [`Refusal::NotFound`] in a real season, and otherwise as [`submit`].
pub async fn submit_rightly(app: &App, person: &PersonId, token: &str) -> Result<Outcome, Error> {
    if app.simulator.is_none() {
        return Err(Refusal::NotFound.into());
    }
    let facts = verify(app, person, token)?;
    let slug = facts.city.clone();
    let city = app
        .store
        .read(move |read| Ok::<_, Error>(season_rows::city(read, &slug)?))
        .await?
        .ok_or(Refusal::UnknownAttempt)?;
    let bank = sealed::bank(app, &city.bank).await?;
    // A paper without answers is marked, because the marking names every key.
    let blank = Attempt::new(quiz_of(app, person, &facts, &bank)?);
    let marked = blank.submit(&bank).map_err(Failure::defect)?;
    let answers = marked
        .marking()
        .items
        .iter()
        .map(|item| {
            (
                item.ordinal.number().to_string(),
                item.key.letter().to_string(),
            )
        })
        .collect();
    submit(app, person, token, &answers).await
}

/// A submitted attempt of this person, marked and explained.
///
/// # Errors
/// Refuses with [`Refusal::NotFound`] when there is none, or it is somebody else's.
pub async fn outcome(app: &App, person: &PersonId, id: &str) -> Result<Outcome, Error> {
    let wanted = id.to_owned();
    let found = app
        .store
        .read(move |read| {
            let Some(row) = attempts::attempt(read, &wanted)? else {
                return Ok::<_, Error>(None);
            };
            let city = season_rows::city(read, &row.city)?;
            let rescores = rescores::of_attempt(read, &wanted)?;
            Ok(city.map(|city| (row, city, rescores)))
        })
        .await?;
    let (row, city, rescores) = found
        .filter(|(row, _city, _rescores)| row.person == person.as_str())
        .ok_or(Refusal::NotFound)?;
    let bank = sealed::bank(app, &city.bank).await?;
    let in_force = question_correction::in_force(app, &city, &bank).await?;
    let review = review(app, person, &row, &bank, in_force.as_deref())?;
    let (_score, passed) = rescore::counted(&row, &rescores);
    let offer = if passed {
        claim::offer(app, person, &row, &city).await?
    } else {
        Offer::NotPassed
    };
    Ok(outcome_of(app, row, &rescores, review, offer))
}

fn outcome_of(
    app: &App,
    row: AttemptRow,
    rescores: &[RescoreRow],
    review: Vec<ReviewItem>,
    offer: Offer,
) -> Outcome {
    let (score, passed) = rescore::counted(&row, rescores);
    Outcome {
        city_name: app.season.city_name(&row.city),
        score: u16::try_from(score).unwrap_or_default(),
        score_by_keys: u16::try_from(row.score).unwrap_or_default(),
        of: u16::try_from(row.n_questions).unwrap_or_default(),
        passed,
        submitted: season::instant(row.submitted_ms),
        id: row.attempt,
        city_slug: row.city,
        review,
        offer,
    }
}

fn paper_of(
    app: &App,
    person: &PersonId,
    token: &Token,
    (city, bank): (&CityRow, &QuestionBank),
    in_force: Option<&InForce>,
) -> Result<Paper, Error> {
    let quiz = quiz_of(app, person, token, bank)?;
    // What is void may be told before it is answered; which options count may not.
    let void = |in_force: &InForce| {
        let numbered = quiz.ordinals().zip(quiz.items());
        numbered
            .filter(|(_ordinal, item)| in_force.rules.is_void(item.question))
            .map(|(ordinal, item)| VoidItem {
                ordinal: ordinal.number(),
                reason: in_force
                    .reason(item.question)
                    .unwrap_or_default()
                    .to_owned(),
            })
            .collect()
    };
    let void = in_force.map(void).unwrap_or_default();
    let items = quiz
        .ordinals()
        .map(|ordinal| quiz.present(bank, ordinal))
        .collect::<Result<Vec<_>, _>>()
        .map_err(Failure::defect)?;
    Ok(Paper {
        attempt: sign(app, person, token),
        id: token.id.clone(),
        city_slug: city.city.clone(),
        city_name: app.season.city_name(&city.city),
        closes: season::instant(city.closes_ms),
        items,
        void,
    })
}

fn quiz_of(
    app: &App,
    person: &PersonId,
    token: &Token,
    bank: &QuestionBank,
) -> Result<Quiz, Error> {
    let digest = bank.digest().to_string();
    let seed = app
        .keys
        .paper_seed(&[&token.id, person.as_str(), &token.city, &digest]);
    let mut words = ChaCha12Rng::from_seed(seed);
    Ok(Quiz::draw(bank, app.season.draw, &mut words).map_err(Failure::defect)?)
}

/// Draws a submitted paper again, and marks and explains every item of it.
pub(crate) fn review(
    app: &App,
    person: &PersonId,
    row: &AttemptRow,
    bank: &QuestionBank,
    in_force: Option<&InForce>,
) -> Result<Vec<ReviewItem>, Error> {
    let submitted = handed_in(app, person, &HandedIn::of(row), bank)?;
    reviewed(&submitted, bank, in_force)
}

/// What is kept of a submitted paper.
pub(super) struct HandedIn<'a> {
    /// The nonce of the attempt's token.
    pub(super) attempt: &'a str,
    /// The city's slug.
    pub(super) city: &'a str,
    /// When the questions were drawn.
    pub(super) started_ms: i64,
    /// The answers, as `1=A,2=C,…`.
    pub(super) answers: &'a str,
}

impl<'a> HandedIn<'a> {
    /// That of a stored attempt.
    pub(super) fn of(row: &'a AttemptRow) -> Self {
        Self {
            attempt: &row.attempt,
            city: &row.city,
            started_ms: row.started_ms,
            answers: &row.answers,
        }
    }
}

/// Draws a submitted paper again and marks it.
pub(super) fn handed_in(
    app: &App,
    person: &PersonId,
    paper: &HandedIn<'_>,
    bank: &QuestionBank,
) -> Result<Submitted, Error> {
    let token = Token {
        id: paper.attempt.to_owned(),
        city: paper.city.to_owned(),
        started_ms: paper.started_ms,
    };
    let mut attempt = Attempt::new(quiz_of(app, person, &token, bank)?);
    for (ordinal, position) in read_answers(paper.answers)? {
        attempt.answer(ordinal, position).map_err(Failure::defect)?;
    }
    Ok(attempt.submit(bank).map_err(Failure::defect)?)
}

/// Explains every item of a marked paper.
fn reviewed(
    submitted: &Submitted,
    bank: &QuestionBank,
    in_force: Option<&InForce>,
) -> Result<Vec<ReviewItem>, Error> {
    let quiz = submitted.quiz();
    let raised = match in_force {
        Some(in_force) => rescore::rescored(in_force, bank, submitted)?.raised,
        None => Vec::new(),
    };
    submitted
        .marking()
        .items
        .iter()
        .zip(quiz.items())
        .map(|(marked, item)| {
            let shown = quiz
                .present(bank, marked.ordinal)
                .map_err(Failure::defect)?;
            let question = quiz
                .question(bank, marked.ordinal)
                .map_err(Failure::defect)?;
            Ok(ReviewItem {
                ordinal: marked.ordinal.number(),
                origin: shown.origin,
                stem: shown.stem,
                options: shown
                    .options
                    .into_iter()
                    .map(|(position, text)| (position.letter(), text))
                    .collect(),
                chosen: marked.chosen.map(Position::letter),
                key: marked.key.letter(),
                right: marked.right || raised.contains(&marked.ordinal),
                right_by_key: marked.right,
                correction: in_force.and_then(|in_force| correction_of(in_force, item)),
                explanation: question.explanation().map(str::to_owned),
                source: question.source().map(str::to_owned),
            })
        })
        .collect()
}

/// What was wrong with an item's question, its options by their places on this paper.
fn correction_of(in_force: &InForce, item: &Item) -> Option<ItemCorrection> {
    let reason = in_force.reason(item.question)?.to_owned();
    let mut accepted: Vec<char> = if in_force.rules.is_void(item.question) {
        Vec::new()
    } else {
        in_force
            .rules
            .accepted(item.question)
            .filter_map(|written| item.option_order.shown(written))
            .map(Position::letter)
            .collect()
    };
    accepted.sort_unstable();
    Some(ItemCorrection { accepted, reason })
}

fn written_answers(answers: &quiz_core::Answers) -> String {
    let pairs: Vec<String> = answers
        .iter()
        .map(|(ordinal, position)| format!("{}={}", ordinal.number(), position.letter()))
        .collect();
    pairs.join(",")
}

fn read_answers(text: &str) -> Result<Vec<(Ordinal, Position)>, Error> {
    let unreadable = || Failure::Unreadable {
        what: "attempt.answers",
    };
    text.split(',')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (ordinal, letter) = pair.split_once('=').ok_or_else(unreadable)?;
            Ok((
                ordinal.parse().map_err(|_error| unreadable())?,
                letter.parse().map_err(|_error| unreadable())?,
            ))
        })
        .collect()
}

fn sign(app: &App, person: &PersonId, token: &Token) -> String {
    let payload = payload(token);
    let tag = app.keys.attempt_tag(&tagged(&payload, person));
    URL_SAFE_NO_PAD.encode([payload.as_slice(), &tag].concat())
}

fn verify(app: &App, person: &PersonId, token: &str) -> Result<Token, Refusal> {
    let bytes = URL_SAFE_NO_PAD
        .decode(token)
        .map_err(|_error| Refusal::UnknownAttempt)?;
    let (payload, tag) = bytes
        .len()
        .checked_sub(TAG_BYTES)
        .and_then(|length| bytes.split_at_checked(length))
        .ok_or(Refusal::UnknownAttempt)?;
    if !app.keys.is_attempt_tag(&tagged(payload, person), tag) {
        return Err(Refusal::UnknownAttempt);
    }
    parse_payload(payload).ok_or(Refusal::UnknownAttempt)
}

/// The person stands in the tag and not in the token: a token is worth nothing in another hand.
fn tagged(payload: &[u8], person: &PersonId) -> Vec<u8> {
    [payload, b"\0", person.as_str().as_bytes()].concat()
}

fn payload(token: &Token) -> Vec<u8> {
    let mut bytes = vec![TOKEN_VERSION];
    bytes.extend(token.started_ms.to_be_bytes());
    bytes.extend(token.id.as_bytes());
    bytes.extend(token.city.as_bytes());
    bytes
}

fn parse_payload(bytes: &[u8]) -> Option<Token> {
    let (&version, rest) = bytes.split_first()?;
    let (started, rest) = rest.split_first_chunk::<8>()?;
    let (nonce, city) = rest.split_at_checked(NONCE_DIGITS)?;
    (version == TOKEN_VERSION).then_some(Token {
        id: String::from_utf8(nonce.to_vec()).ok()?,
        city: String::from_utf8(city.to_vec()).ok()?,
        started_ms: i64::from_be_bytes(*started),
    })
}
