//! Rows of submitted attempts. Written once, never changed.

use super::{
    Read, StoreError, Tx,
    engine::{Given, Header, Kind, Row, params},
};

/// A submitted attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptRow {
    /// The nonce of the attempt's token.
    pub attempt: String,
    /// Who answered.
    pub person: String,
    /// The city's slug.
    pub city: String,
    /// The city's window, repeated.
    pub opens_ms: i64,
    /// The city's window, repeated.
    pub closes_ms: i64,
    /// When the questions were drawn.
    pub started_ms: i64,
    /// The decision instant of the submission.
    pub submitted_ms: i64,
    /// The answers, as `1=A,2=C,…`.
    pub answers: String,
    /// Right answers.
    pub score: i64,
    /// Questions.
    pub n_questions: i64,
    /// Right answers needed to pass.
    pub pass_mark: i64,
    /// Whether the attempt passed.
    pub passed: bool,
}

/// A person's attempts in a few numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AttemptCounts {
    /// Submitted attempts.
    pub n_attempts: i64,
    /// The best score of them.
    pub best_score: i64,
}

/// What one city's attempts add up to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptSums {
    /// The city's slug.
    pub city: String,
    /// Submitted attempts.
    pub n_attempts: i64,
    /// People behind them.
    pub n_people: i64,
    /// Those that passed.
    pub n_passes: i64,
}

const NEW_ATTEMPT: Header = &[
    ("attempt", Kind::Text),
    ("person", Kind::Text),
    ("city", Kind::Text),
    ("opens_ms", Kind::Integer),
    ("closes_ms", Kind::Integer),
    ("started_ms", Kind::Integer),
    ("submitted_ms", Kind::Integer),
    ("answers", Kind::Text),
    ("score", Kind::Integer),
    ("n_questions", Kind::Integer),
    ("pass_mark", Kind::Integer),
    ("passed", Kind::Integer),
];

/// Writes submitted attempts.
pub fn insert_all(tx: &Tx<'_>, attempts: &[AttemptRow]) -> Result<(), StoreError> {
    // store::attempts::insert_all
    let mut given = Given::new(NEW_ATTEMPT, attempts.len());
    for attempt in attempts {
        given.add(params![
            attempt.attempt,
            attempt.person,
            attempt.city,
            attempt.opens_ms,
            attempt.closes_ms,
            attempt.started_ms,
            attempt.submitted_ms,
            attempt.answers,
            attempt.score,
            attempt.n_questions,
            attempt.pass_mark,
            attempt.passed,
        ]);
    }
    tx.connection.insert("attempt", &given)
}

const ASKED: Header = &[("attempt", Kind::Text)];

/// Whether each of these attempts was submitted before.
pub fn are_submitted(read: &Read<'_>, attempts: &[&str]) -> Result<Vec<bool>, StoreError> {
    // store::attempts::are_submitted
    let mut given = Given::new(ASKED, attempts.len());
    for attempt in attempts {
        given.add(params![*attempt]);
    }
    let mut found = vec![false; attempts.len()];
    read.connection.each_of(
        &given,
        "SELECT given.nth FROM given JOIN attempt ON attempt.attempt = given.attempt",
        |row| {
            if let Some(found) = found.get_mut(row.nth()?) {
                *found = true;
            }
            Ok(())
        },
    )?;
    Ok(found)
}

/// What is asked about a person before his next submission.
#[derive(Debug, Clone, Copy)]
pub struct Earlier<'a> {
    /// The person.
    pub person: &'a str,
    /// The city he submits in.
    pub city: &'a str,
    /// Submissions after this instant are counted.
    pub since_ms: i64,
    /// The beginning of the day.
    pub day_ms: i64,
}

/// What a person submitted before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Before {
    /// Submissions after the instant asked for.
    pub n_since: i64,
    /// Whether there is one in that city since the beginning of the day.
    pub on_day: bool,
    /// Whether there is one in that city.
    pub in_city: bool,
}

const EARLIER: Header = &[
    ("person", Kind::Text),
    ("city", Kind::Text),
    ("since_ms", Kind::Integer),
    ("day_ms", Kind::Integer),
];

/// What each of these people submitted before.
///
/// Cost: a person's attempts.
pub fn before(read: &Read<'_>, asked: &[Earlier<'_>]) -> Result<Vec<Before>, StoreError> {
    // store::attempts::before
    let mut given = Given::new(EARLIER, asked.len());
    for one in asked {
        given.add(params![one.person, one.city, one.since_ms, one.day_ms]);
    }
    let mut found = vec![Before::default(); asked.len()];
    read.connection.each_of(
        &given,
        "SELECT given.nth,
             (SELECT COUNT(*) FROM attempt
              WHERE attempt.person = given.person AND attempt.submitted_ms > given.since_ms),
             CASE WHEN EXISTS (SELECT 1 FROM attempt
                  WHERE attempt.person = given.person AND attempt.submitted_ms >= given.day_ms
                    AND attempt.city = given.city) THEN 1 ELSE 0 END,
             CASE WHEN EXISTS (SELECT 1 FROM attempt
                  WHERE attempt.person = given.person AND attempt.city = given.city)
             THEN 1 ELSE 0 END
         FROM given",
        |row| {
            if let Some(found) = found.get_mut(row.nth()?) {
                *found = Before {
                    n_since: row.get(1)?,
                    on_day: row.get(2)?,
                    in_city: row.get(3)?,
                };
            }
            Ok(())
        },
    )?;
    Ok(found)
}

pub(super) const COLUMNS: &str =
    "attempt, person, city, opens_ms, closes_ms, started_ms, submitted_ms,
     answers, score, n_questions, pass_mark, passed";

/// One submitted attempt.
pub fn attempt(read: &Read<'_>, attempt: &str) -> Result<Option<AttemptRow>, StoreError> {
    // store::attempts::attempt
    read.connection.row(
        &format!("SELECT {COLUMNS} FROM attempt WHERE attempt = ?1"),
        params![attempt],
        attempt_row,
    )
}

/// A person's latest attempts, newest first.
pub fn latest(
    read: &Read<'_>,
    person: &str,
    n_rows_max: i64,
) -> Result<Vec<AttemptRow>, StoreError> {
    // store::attempts::latest
    read.connection.rows(&format!(
        "SELECT {COLUMNS} FROM attempt WHERE person = ?1 ORDER BY submitted_ms DESC, attempt DESC LIMIT ?2"
    ), params![person, n_rows_max], attempt_row)
}

/// How often a person submitted, and how well.
pub fn counts(read: &Read<'_>, person: &str) -> Result<AttemptCounts, StoreError> {
    // store::attempts::counts
    read.connection.one(
        "SELECT COUNT(*), COALESCE(MAX(score), 0) FROM attempt WHERE person = ?1",
        params![person],
        |row| {
            Ok(AttemptCounts {
                n_attempts: row.get(0)?,
                best_score: row.get(1)?,
            })
        },
    )
}

/// Every city's attempts, summed up; reads them all.
pub fn sums_by_city(read: &Read<'_>) -> Result<Vec<AttemptSums>, StoreError> {
    // store::attempts::sums_by_city
    read.connection.rows(
        "SELECT city, COUNT(*), COUNT(DISTINCT person), CAST(SUM(passed) AS BIGINT)
         FROM attempt GROUP BY city",
        params![],
        |row| {
            Ok(AttemptSums {
                city: row.get(0)?,
                n_attempts: row.get(1)?,
                n_people: row.get(2)?,
                n_passes: row.get(3)?,
            })
        },
    )
}

/// Whether a person has a passing attempt of a city that no award has used.
pub fn has_unused_pass(read: &Read<'_>, person: &str, city: &str) -> Result<bool, StoreError> {
    // store::attempts::has_unused_pass
    let found = read.connection.row(
        "SELECT 1 FROM attempt
         WHERE person = ?1 AND city = ?2 AND passed = 1
           AND NOT EXISTS (SELECT 1 FROM award WHERE award.attempt = attempt.attempt)
         UNION ALL SELECT 1 FROM rescore
         WHERE person = ?1 AND city = ?2 AND gained = 1
           AND NOT EXISTS (SELECT 1 FROM award WHERE award.attempt = rescore.attempt)
         LIMIT 1",
        params![person, city],
        |_row| Ok(()),
    )?;
    Ok(found.is_some())
}

pub(super) fn attempt_row(row: &Row<'_>) -> Result<AttemptRow, StoreError> {
    Ok(AttemptRow {
        attempt: row.get(0)?,
        person: row.get(1)?,
        city: row.get(2)?,
        opens_ms: row.get(3)?,
        closes_ms: row.get(4)?,
        started_ms: row.get(5)?,
        submitted_ms: row.get(6)?,
        answers: row.get(7)?,
        score: row.get(8)?,
        n_questions: row.get(9)?,
        pass_mark: row.get(10)?,
        passed: row.get(11)?,
    })
}
