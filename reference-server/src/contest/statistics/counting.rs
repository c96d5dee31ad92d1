//! Attempts are counted behind a mark, after they were stored and without slowing them.
//!
//! Decision instants of a city never run backwards, so nothing can come any more before the
//! latest one: what was decided before it is counted once, from mark to mark. The mark moves in
//! the transaction that counts, and only from where it was seen, so instances share the work.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use quiz_core::QuestionBank;

use super::super::{
    Error, Failure, PersonId,
    attempt::{self, HandedIn},
    sealed,
};
use crate::{
    app::App,
    store::{
        Tx,
        statistics::{self as rows, AnswerRow, MarkRow, ParticipantRow, PeopleTally, UncountedRow},
    },
};

/// Attempts counted in one transaction.
const BATCH: i64 = 500;

/// Counts the attempts of one step; how many there were, so that zero says that all are counted.
///
/// # Errors
/// Fails when the database does.
pub async fn count_some(app: &App) -> Result<usize, Error> {
    let marks = app
        .store
        .read(|read| Ok::<_, Error>(rows::marks(read)?))
        .await?;
    for mark in marks {
        if mark.counted_ms < mark.settled_ms {
            let n_counted = count_city(app, mark).await?;
            if n_counted > 0 {
                return Ok(n_counted);
            }
        }
    }
    Ok(0)
}

/// Counts all attempts that can be counted; how many there were.
///
/// # Errors
/// As [`count_some`].
pub async fn count_all(app: &App) -> Result<usize, Error> {
    let mut n_all = 0_usize;
    loop {
        let n_counted = count_some(app).await?;
        if n_counted == 0 {
            return Ok(n_all);
        }
        n_all = n_all.saturating_add(n_counted);
    }
}

/// What one step found: up to where, the attempts, and who of their people is counted already.
struct Step {
    to_ms: i64,
    attempts: Vec<UncountedRow>,
    known: Vec<ParticipantRow>,
}

async fn count_city(app: &App, mark: MarkRow) -> Result<usize, Error> {
    let seen = mark.clone();
    let step = app
        .store
        .read(move |read| {
            let (city, from_ms) = (seen.city.as_str(), seen.counted_ms);
            let mut attempts = rows::uncounted(read, city, from_ms, seen.settled_ms, BATCH)?;
            let is_cut = i64::try_from(attempts.len()).is_ok_and(|n| n >= BATCH);
            let mut to_ms = seen.settled_ms;
            if let Some(last) = attempts.last().filter(|_last| is_cut) {
                // Whoever shares the last instant may stand beyond the cut.
                to_ms = last.submitted_ms.saturating_add(1);
                let last_ms = last.submitted_ms;
                attempts.retain(|row| row.submitted_ms < last_ms);
                attempts.extend(rows::uncounted(read, city, last_ms, to_ms, i64::MAX)?);
            }
            let people: BTreeSet<&str> = attempts.iter().map(|row| row.person.as_str()).collect();
            let people: Vec<&str> = people.into_iter().collect();
            Ok::<_, Error>(Step {
                known: rows::participants(read, &people)?,
                to_ms,
                attempts,
            })
        })
        .await?;
    let n_attempts = step.attempts.len();
    if n_attempts == 0 {
        return Ok(0);
    }
    let bank = sealed::bank(app, &mark.bank).await?;
    let counts = Counts::of(app, &mark.city, &bank, step)?;
    app.store
        .write(move |tx| counts.write(tx, &mark))
        .await
        .map(|is_mine| if is_mine { n_attempts } else { 0 })
}

/// What a step adds.
struct Counts {
    to_ms: i64,
    newcomers: Vec<ParticipantRow>,
    /// People counted before who passed now for the first time.
    passed: Vec<String>,
    answers: Vec<AnswerRow>,
}

impl Counts {
    fn of(app: &App, city: &str, bank: &QuestionBank, step: Step) -> Result<Self, Error> {
        let mut here: HashMap<&str, &ParticipantRow> = HashMap::new();
        let mut elsewhere = BTreeSet::new();
        for row in &step.known {
            if row.city == city {
                here.insert(&row.person, row);
            } else {
                elsewhere.insert(row.person.as_str());
            }
        }
        let mut newcomers: BTreeMap<&str, ParticipantRow> = BTreeMap::new();
        let mut passed: BTreeSet<&str> = BTreeSet::new();
        let mut answers: BTreeMap<(i64, String, i64), i64> = BTreeMap::new();
        for row in &step.attempts {
            let person = row.person.as_str();
            if let Some(known) = here.get(person) {
                if row.passed && !known.has_passed {
                    passed.insert(person);
                }
            } else if let Some(newcomer) = newcomers.get_mut(person) {
                newcomer.has_passed |= row.passed;
            } else {
                newcomers.insert(
                    person,
                    ParticipantRow {
                        person: row.person.clone(),
                        city: city.to_owned(),
                        is_new: !elsewhere.contains(person),
                        has_passed: row.passed,
                        declared: String::new(),
                        scanned: String::new(),
                    },
                );
                for answer in answered(app, city, bank, row)? {
                    let n = answers.entry(answer).or_default();
                    *n = n.saturating_add(1);
                }
            }
        }
        let answers = answers.into_iter();
        Ok(Self {
            to_ms: step.to_ms,
            newcomers: newcomers.into_values().collect(),
            passed: passed.into_iter().map(str::to_owned).collect(),
            answers: answers
                .map(|((item, choice, score), n)| AnswerRow {
                    item,
                    choice,
                    score,
                    n,
                })
                .collect(),
        })
    }

    /// Writes them, unless somebody else has counted the same in the meantime.
    fn write(mut self, tx: &Tx<'_>, mark: &MarkRow) -> Result<bool, Error> {
        if !rows::move_mark(tx, &mark.city, mark.counted_ms, self.to_ms)? {
            return Ok(false);
        }
        let names: Vec<&str> = self
            .newcomers
            .iter()
            .map(|row| row.person.as_str())
            .collect();
        let districts = rows::districts(&tx.read(), &names)?;
        for (row, (declared, scanned)) in self.newcomers.iter_mut().zip(districts) {
            row.declared = declared;
            row.scanned = scanned;
        }
        rows::insert_participants(tx, &self.newcomers)?;
        let passed: Vec<&str> = self.passed.iter().map(String::as_str).collect();
        // Where they are counted now: a district may have changed since they were read.
        let counted = rows::participants(&tx.read(), &passed)?.into_iter();
        let counted: Vec<ParticipantRow> = counted
            .filter(|row| row.city == mark.city)
            .map(|row| ParticipantRow {
                has_passed: true,
                ..row
            })
            .collect();
        rows::set_passed(tx, &counted)?;
        rows::add_passed(tx, &mark.city, &tallies(&counted))?;
        rows::add_people(tx, &mark.city, &tallies(&self.newcomers))?;
        rows::add_answers(tx, &mark.city, &self.answers)?;
        Ok(true)
    }
}

/// People by their districts.
fn tallies(people: &[ParticipantRow]) -> Vec<PeopleTally> {
    let mut tallies: BTreeMap<(&str, &str), PeopleTally> = BTreeMap::new();
    for row in people {
        let tally = tallies
            .entry((row.declared.as_str(), row.scanned.as_str()))
            .or_insert_with(|| PeopleTally {
                declared: row.declared.clone(),
                scanned: row.scanned.clone(),
                ..PeopleTally::default()
            });
        let add = |number: &mut i64, more: bool| *number = number.saturating_add(more.into());
        add(&mut tally.n_people, true);
        add(&mut tally.n_new, row.is_new);
        add(&mut tally.n_passed, row.has_passed);
    }
    tallies.into_values().collect()
}

/// The answers of an attempt: question, letter of the option in the bank, score of the attempt.
fn answered(
    app: &App,
    city: &str,
    bank: &QuestionBank,
    row: &UncountedRow,
) -> Result<Vec<(i64, String, i64)>, Error> {
    let paper = HandedIn {
        attempt: &row.attempt,
        city,
        started_ms: row.started_ms,
        answers: &row.answers,
    };
    let submitted = attempt::handed_in(app, &PersonId::new(row.person.clone()), &paper, bank)?;
    let score = i64::from(submitted.score().right());
    let quiz = submitted.quiz();
    let answers = quiz.ordinals().zip(quiz.items()).map(|(ordinal, item)| {
        let shown = submitted.answers().get(ordinal);
        let written = shown.and_then(|shown| item.option_order.written(shown));
        let letter = written.map_or_else(String::new, |place| place.letter().to_string());
        (i64::from(item.question.get()), letter, score)
    });
    Ok(answers.collect())
}

/// Counts a person under the districts of now, in every city where he is counted.
///
/// # Errors
/// Fails when the database does.
pub(crate) fn recount(tx: &Tx<'_>, person: &str) -> Result<(), Error> {
    let read = tx.read();
    let counted = rows::participants(&read, &[person])?;
    if counted.is_empty() {
        return Ok(());
    }
    let now = rows::districts(&read, &[person])?;
    let (declared, scanned) = now
        .into_iter()
        .next()
        .ok_or_else(|| Failure::defect("somebody who is counted is nobody"))?;
    for row in counted {
        if row.declared == declared && row.scanned == scanned {
            continue;
        }
        rows::take_person(tx, &row)?;
        rows::set_districts(tx, &row, &declared, &scanned)?;
        let more = PeopleTally {
            declared: declared.clone(),
            scanned: scanned.clone(),
            n_people: 1,
            n_new: row.is_new.into(),
            n_passed: row.has_passed.into(),
        };
        rows::add_people(tx, &row.city, &[more])?;
    }
    Ok(())
}
