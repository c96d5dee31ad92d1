//! Attempts are scored again by the corrections of their bank; a score only ever rises.
//!
//! What is submitted after a correction is scored again in its own transaction. What was submitted
//! before is gone through by the worker, page by page, behind a mark that is moved in the
//! transaction that writes the page's new scores: stopped anywhere, it goes on there, and two
//! workers do nothing twice. An attempt is one or the other, because approving a correction and
//! submitting take the city's row in turn.

use chrono::{DateTime, Utc};
use quiz_core::{QuestionBank, Rescored, Submitted};

use super::{
    Error, Failure, PersonId,
    attempt::{self, HandedIn},
    question_correction::{self, InForce},
    sealed, season,
};
use crate::{
    app::App,
    store::{
        attempts::AttemptRow,
        rescores::{self as rows, GainRow, RescoreRow, RescoringRow},
        season::{self as cities, CityRow},
    },
};

/// Attempts in one page: a few milliseconds of drawing papers again.
const PAGE: i64 = 500;
/// Pages in one turn of the worker.
const PAGES_PER_TURN: u32 = 40;
/// The clocks of instances differ by less than this.
const SLACK_MS: i64 = 3_600_000;

/// Scores a marked paper again.
pub(crate) fn rescored(
    in_force: &InForce,
    bank: &QuestionBank,
    paper: &Submitted,
) -> Result<Rescored, Failure> {
    let rescored = in_force.rules.rescore(bank, paper.quiz(), paper.answers());
    rescored.map_err(Failure::defect)
}

/// The row of an attempt that is raised beyond every time before; nothing for any other.
pub(crate) fn row_of(
    attempt: &AttemptRow,
    (version, score): (i64, u16),
    earlier: &[RescoreRow],
    now: DateTime<Utc>,
) -> Option<RescoreRow> {
    let score = i64::from(score);
    let best = earlier.iter().map(|row| row.score).max();
    let newest = earlier.iter().map(|row| row.version).max();
    if score <= best.unwrap_or(attempt.score) || newest.is_some_and(|newest| newest >= version) {
        return None;
    }
    let has_passed = attempt.passed || earlier.iter().any(|row| row.gained);
    Some(RescoreRow {
        attempt: attempt.attempt.clone(),
        version,
        person: attempt.person.clone(),
        city: attempt.city.clone(),
        opens_ms: attempt.opens_ms,
        closes_ms: attempt.closes_ms,
        submitted_ms: attempt.submitted_ms,
        score_by_keys: attempt.score,
        passed: attempt.passed,
        score,
        pass_mark: attempt.pass_mark,
        gained: !has_passed && score >= attempt.pass_mark,
        rescored_ms: now.timestamp_millis(),
    })
}

/// The score that counts, and whether it passes.
pub(crate) fn counted(attempt: &AttemptRow, rescores: &[RescoreRow]) -> (i64, bool) {
    let own = rescores.iter().filter(|row| row.attempt == attempt.attempt);
    let score = own.map(|row| row.score).max().unwrap_or(attempt.score);
    (score, score >= attempt.pass_mark)
}

/// Scores attempts again that a correction has come after, a turn's worth; how many were looked at.
///
/// # Errors
/// Fails when the database does.
pub async fn do_due(app: &App) -> Result<u64, Error> {
    let mut n_attempts = 0_u64;
    for _page in 0..PAGES_PER_TURN {
        let unfinished = app
            .store
            .read(|read| {
                let mut unfinished = Vec::new();
                for seen in rows::unfinished(read)? {
                    let city = cities::city(read, &seen.city)?;
                    unfinished.extend(city.map(|city| (seen, city)));
                }
                Ok::<_, Error>(unfinished)
            })
            .await?;
        if unfinished.is_empty() {
            break;
        }
        for (seen, city) in unfinished {
            n_attempts = n_attempts.saturating_add(page(app, &seen, &city).await?);
        }
    }
    Ok(n_attempts)
}

/// Does one page of a city's attempts; how many there were.
async fn page(app: &App, seen: &RescoringRow, city: &CityRow) -> Result<u64, Error> {
    let bank = sealed::bank(app, &city.bank).await?;
    let Some(in_force) = question_correction::in_force(app, city, &bank).await? else {
        return Err(Failure::defect("a city without corrections is scored again").into());
    };
    let attempts = next_attempts(app, city, &seen.after).await?;
    let mut raised = Vec::new();
    for attempt in &attempts {
        let person = PersonId::new(attempt.person.clone());
        let score = score_of(app, &person, attempt, (&bank, &in_force))?;
        if i64::from(score) > attempt.score {
            raised.push((attempt.clone(), score));
        }
    }
    let n_attempts = attempts.len();
    let next = RescoringRow {
        after: attempts
            .last()
            .map_or_else(|| seen.after.clone(), |last| last.attempt.clone()),
        n_attempts: seen
            .n_attempts
            .saturating_add(i64::try_from(n_attempts).unwrap_or(i64::MAX)),
        is_done: i64::try_from(n_attempts).unwrap_or(i64::MAX) < PAGE,
        ..seen.clone()
    };
    let (seen, now, version) = (seen.clone(), app.now(), in_force.version);
    app.store
        .write(move |tx| {
            if version != seen.version || !rows::advance(tx, &seen, &next, now.timestamp_millis())?
            {
                return Ok::<_, Error>(());
            }
            let mut better = Vec::with_capacity(raised.len());
            for (attempt, score) in &raised {
                let earlier = rows::of_attempt(&tx.read(), &attempt.attempt)?;
                better.extend(row_of(attempt, (version, *score), &earlier, now));
            }
            Ok(rows::insert_all(tx, &better)?)
        })
        .await?;
    Ok(u64::try_from(n_attempts).unwrap_or(u64::MAX))
}

/// A page of a city's attempts behind one of them.
async fn next_attempts(app: &App, city: &CityRow, after: &str) -> Result<Vec<AttemptRow>, Error> {
    let from = time_mark(city.opens_ms.saturating_sub(SLACK_MS));
    let until = time_mark(city.closes_ms.saturating_add(SLACK_MS));
    let (slug, after) = (city.city.clone(), after.to_owned().max(from));
    app.store
        .read(move |read| {
            let range = (after.as_str(), until.as_str());
            Ok(rows::next_attempts(read, &slug, range, PAGE)?)
        })
        .await
}

/// What a stored attempt scores with the corrections of its bank.
fn score_of(
    app: &App,
    person: &PersonId,
    attempt: &AttemptRow,
    (bank, in_force): (&QuestionBank, &InForce),
) -> Result<u16, Error> {
    let paper = attempt::handed_in(app, person, &HandedIn::of(attempt), bank)?;
    Ok(rescored(in_force, bank, &paper)?.after.right())
}

/// Attempts whose stored score is not what the corrections in force give, in cities whose
/// attempts have all been scored again; for the auditor.
///
/// Cost: every paper of those cities is drawn again.
pub(crate) async fn wrong(app: &App) -> Result<Vec<String>, Error> {
    let corrected = app
        .store
        .read(|read| {
            let mut corrected = Vec::new();
            for city in cities::cities(read)? {
                let progress = rows::progress(read, &city.city)?;
                corrected.extend(progress.filter(|at| at.is_done).map(|_done| city));
            }
            Ok::<_, Error>(corrected)
        })
        .await?;
    let mut wrong = Vec::new();
    for city in corrected {
        let bank = sealed::bank(app, &city.bank).await?;
        let Some(in_force) = question_correction::in_force(app, &city, &bank).await? else {
            wrong.push(format!("{}: scored again without a correction", city.city));
            continue;
        };
        let mut after = String::new();
        loop {
            let attempts = next_attempts(app, &city, &after).await?;
            let Some(last) = attempts.last() else {
                break;
            };
            after.clone_from(&last.attempt);
            let ids: Vec<String> = attempts.iter().map(|row| row.attempt.clone()).collect();
            let stored = app
                .store
                .read(move |read| {
                    let of = |id: &String| rows::of_attempt(read, id);
                    Ok::<_, Error>(ids.iter().map(of).collect::<Result<Vec<_>, _>>()?)
                })
                .await?;
            for (attempt, rescores) in attempts.iter().zip(&stored) {
                let person = PersonId::new(attempt.person.clone());
                let score = score_of(app, &person, attempt, (&bank, &in_force))?;
                if counted(attempt, rescores).0 != i64::from(score) {
                    wrong.push(attempt.attempt.clone());
                }
            }
        }
    }
    Ok(wrong)
}

/// Where the identifiers made from an instant on begin: they are time-ordered, the milliseconds
/// in twelve hexadecimal digits.
fn time_mark(at_ms: i64) -> String {
    format!("{:012x}", at_ms.max(0))
}

/// Who gains by the corrections of a city.
#[derive(Debug, Clone)]
pub struct Gains {
    /// Whether every attempt has been scored again; nothing when nothing was corrected.
    pub is_done: Option<bool>,
    /// Attempts looked at since the latest correction.
    pub n_attempts: i64,
    /// Attempts that pass only by a correction.
    pub n_gained: i64,
    /// Those of them that were asked for, the oldest first.
    pub gains: Vec<Gain>,
}

/// An attempt that passes only by a correction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gain {
    /// The attempt.
    pub attempt: String,
    /// The person, by our identifier.
    pub person: String,
    /// When it was submitted.
    pub submitted: DateTime<Utc>,
    /// Right answers by the keys.
    pub score_by_keys: i64,
    /// Right answers with the corrections.
    pub score: i64,
    /// Which correction gave the pass, by its number in the city.
    pub version: i64,
    /// Whether an award has used it.
    pub is_used: bool,
}

impl From<GainRow> for Gain {
    fn from(row: GainRow) -> Self {
        Self {
            submitted: season::instant(row.submitted_ms),
            attempt: row.attempt,
            person: row.person,
            score_by_keys: row.score_by_keys,
            score: row.score,
            version: row.version,
            is_used: row.is_used,
        }
    }
}

/// Attempts on a page of the list.
pub const GAINS_SHOWN: i64 = 100;
/// Attempts in a file.
pub const GAINS_IN_FILE: i64 = 100_000;

/// Who gains by the corrections of a city, behind the attempt named by its instant and identifier.
///
/// # Errors
/// Fails when the database does.
pub async fn gains(
    app: &App,
    slug: &str,
    after: Option<(DateTime<Utc>, String)>,
    n_max: i64,
) -> Result<Gains, Error> {
    let slug = slug.to_owned();
    app.store
        .read(move |read| {
            let progress = rows::progress(read, &slug)?;
            let after = after
                .as_ref()
                .map(|(at, attempt)| (at.timestamp_millis(), attempt.as_str()));
            Ok(Gains {
                is_done: progress.as_ref().map(|progress| progress.is_done),
                n_attempts: progress.map_or(0, |progress| progress.n_attempts),
                n_gained: rows::n_gains(read, &slug)?,
                gains: rows::gains(read, &slug, after, n_max)?
                    .into_iter()
                    .map(Gain::from)
                    .collect(),
            })
        })
        .await
}
