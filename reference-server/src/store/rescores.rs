//! Rows of corrected questions, of attempts scored again, and of how far that has come.

use super::{
    Read, StoreError, Tx,
    attempts::{AttemptRow, COLUMNS, attempt_row},
    engine::{Given, Header, Kind, Row, params},
};

/// What is wrong with one question of a city's bank; written once, never changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorrectionRow {
    /// The city's slug.
    pub city: String,
    /// Its number in the city, from 1.
    pub version: i64,
    /// Digest of the bank.
    pub bank: String,
    /// The question's number in the bank, from 0.
    pub question: i64,
    /// Letters of the options that count beside the key, in order; nothing for a void question.
    pub accepted: String,
    /// Why, as everybody may read it.
    pub reason: String,
    /// The proposal that was approved.
    pub proposal: i64,
    /// When.
    pub decided_ms: i64,
}

/// An attempt scored again; written once, never changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RescoreRow {
    /// The attempt.
    pub attempt: String,
    /// By the city's corrections up to this number.
    pub version: i64,
    /// Who answered.
    pub person: String,
    /// The city's slug.
    pub city: String,
    /// The city's window, repeated.
    pub opens_ms: i64,
    /// The city's window, repeated.
    pub closes_ms: i64,
    /// When it was submitted, repeated.
    pub submitted_ms: i64,
    /// Right answers by the keys, as the attempt has them.
    pub score_by_keys: i64,
    /// Whether that was a pass.
    pub passed: bool,
    /// Right answers with the corrections; more than by the keys.
    pub score: i64,
    /// Right answers needed to pass, repeated.
    pub pass_mark: i64,
    /// Whether the attempt passes from here on and did not before.
    pub gained: bool,
    /// When it was scored again.
    pub rescored_ms: i64,
}

/// How far a city's attempts are scored again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RescoringRow {
    /// The city's slug.
    pub city: String,
    /// By the city's corrections up to this number.
    pub version: i64,
    /// The last attempt that was looked at.
    pub after: String,
    /// How many were looked at.
    pub n_attempts: i64,
    /// Whether there are no more.
    pub is_done: bool,
}

/// An attempt that gained its pass, and whether an award has used it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GainRow {
    /// The attempt.
    pub attempt: String,
    /// The person.
    pub person: String,
    /// When it was submitted.
    pub submitted_ms: i64,
    /// Right answers by the keys.
    pub score_by_keys: i64,
    /// Right answers with the corrections.
    pub score: i64,
    /// By the city's corrections up to this number.
    pub version: i64,
    /// Whether an award has used it.
    pub is_used: bool,
}

/// Takes the city for a change of its corrections, and gives how many there are; `None` when
/// there is no such city. Submissions and claims of the city wait until the end.
pub fn lock(tx: &Tx<'_>, city: &str) -> Result<Option<i64>, StoreError> {
    // store::rescores::lock
    tx.connection.row(
        "UPDATE city SET n_corrections = n_corrections WHERE city = ?1 RETURNING n_corrections",
        params![city],
        |row| row.get(0),
    )
}

/// Writes a correction as the city's newest, and has its attempts scored again from the first.
pub fn correct(tx: &Tx<'_>, row: &CorrectionRow) -> Result<(), StoreError> {
    // store::rescores::correct
    tx.connection.execute(
        "INSERT INTO question_correction (city, version, bank, question, accepted, reason,
             proposal, decided_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            row.city,
            row.version,
            row.bank,
            row.question,
            row.accepted,
            row.reason,
            row.proposal,
            row.decided_ms,
        ],
    )?;
    tx.connection.execute(
        "UPDATE city SET n_corrections = ?2 WHERE city = ?1",
        params![row.city, row.version],
    )?;
    tx.connection.execute(
        "INSERT INTO rescoring (city, version, after, n_attempts, is_done, changed_ms)
         VALUES (?1, ?2, '', 0, 0, ?3)
         ON CONFLICT (city) DO UPDATE SET version = excluded.version, after = '', n_attempts = 0,
             is_done = 0, changed_ms = excluded.changed_ms",
        params![row.city, row.version, row.decided_ms],
    )?;
    Ok(())
}

/// A city's corrections, in order.
pub fn corrections(read: &Read<'_>, city: &str) -> Result<Vec<CorrectionRow>, StoreError> {
    // store::rescores::corrections
    read.connection.rows(
        "SELECT city, version, bank, question, accepted, reason, proposal, decided_ms
         FROM question_correction WHERE city = ?1 ORDER BY version",
        params![city],
        correction_row,
    )
}

const NEW_RESCORE: Header = &[
    ("attempt", Kind::Text),
    ("version", Kind::Integer),
    ("person", Kind::Text),
    ("city", Kind::Text),
    ("opens_ms", Kind::Integer),
    ("closes_ms", Kind::Integer),
    ("submitted_ms", Kind::Integer),
    ("score_by_keys", Kind::Integer),
    ("passed", Kind::Integer),
    ("score", Kind::Integer),
    ("pass_mark", Kind::Integer),
    ("gained", Kind::Integer),
    ("rescored_ms", Kind::Integer),
];

/// Writes attempts scored again.
pub fn insert_all(tx: &Tx<'_>, rows: &[RescoreRow]) -> Result<(), StoreError> {
    // store::rescores::insert_all
    if rows.is_empty() {
        return Ok(());
    }
    let mut given = Given::new(NEW_RESCORE, rows.len());
    let marks: Vec<_> = rows.iter().map(|row| row.gained.then_some(true)).collect();
    for (row, gained) in rows.iter().zip(&marks) {
        given.add(params![
            row.attempt,
            row.version,
            row.person,
            row.city,
            row.opens_ms,
            row.closes_ms,
            row.submitted_ms,
            row.score_by_keys,
            row.passed,
            row.score,
            row.pass_mark,
            *gained,
            row.rescored_ms,
        ]);
    }
    tx.connection.insert("rescore", &given)
}

const RESCORE: &str = "SELECT attempt, version, person, city, opens_ms, closes_ms, submitted_ms,
     score_by_keys, passed, score, pass_mark, gained, rescored_ms FROM rescore";

/// How an attempt was scored again, the highest score first.
pub fn of_attempt(read: &Read<'_>, attempt: &str) -> Result<Vec<RescoreRow>, StoreError> {
    // store::rescores::of_attempt
    read.connection.rows(
        &format!("{RESCORE} WHERE attempt = ?1 ORDER BY version DESC"),
        params![attempt],
        rescore_row,
    )
}

/// How a person's attempts were scored again, for each the highest score last.
pub fn of_person(read: &Read<'_>, person: &str) -> Result<Vec<RescoreRow>, StoreError> {
    // store::rescores::of_person
    read.connection.rows(
        &format!("{RESCORE} WHERE person = ?1 ORDER BY version"),
        params![person],
        rescore_row,
    )
}

/// Cities whose attempts are being scored again.
pub fn unfinished(read: &Read<'_>) -> Result<Vec<RescoringRow>, StoreError> {
    // store::rescores::unfinished
    read.connection.rows(
        "SELECT city, version, after, n_attempts, is_done FROM rescoring
         WHERE is_done = 0 ORDER BY city",
        params![],
        rescoring_row,
    )
}

/// How far a city's attempts are scored again; `None` when nothing of it was corrected.
pub fn progress(read: &Read<'_>, city: &str) -> Result<Option<RescoringRow>, StoreError> {
    // store::rescores::progress
    read.connection.row(
        "SELECT city, version, after, n_attempts, is_done FROM rescoring WHERE city = ?1",
        params![city],
        rescoring_row,
    )
}

/// A city's next attempts behind one, by their identifiers, which grow with the time of the draw;
/// `until` ends the city's time.
///
/// Cost: that many rows by the primary key.
pub fn next_attempts(
    read: &Read<'_>,
    city: &str,
    (after, until): (&str, &str),
    n_max: i64,
) -> Result<Vec<AttemptRow>, StoreError> {
    // store::rescores::next_attempts
    read.connection.rows(
        &format!(
            "SELECT {COLUMNS} FROM attempt WHERE attempt > ?2 AND attempt < ?3 AND city = ?1
             ORDER BY attempt LIMIT ?4"
        ),
        params![city, after, until, n_max],
        attempt_row,
    )
}

/// Notes that a page of attempts is done; `false` when somebody else was faster, or a newer
/// correction has come.
pub fn advance(
    tx: &Tx<'_>,
    seen: &RescoringRow,
    next: &RescoringRow,
    now_ms: i64,
) -> Result<bool, StoreError> {
    // store::rescores::advance
    let n_rows = tx.connection.execute(
        "UPDATE rescoring SET after = ?4, n_attempts = ?5, is_done = ?6, changed_ms = ?7
         WHERE city = ?1 AND version = ?2 AND after = ?3 AND is_done = 0",
        params![
            seen.city,
            seen.version,
            seen.after,
            next.after,
            next.n_attempts,
            next.is_done,
            now_ms,
        ],
    )?;
    Ok(n_rows == 1)
}

/// How many attempts of a city were raised, and how many of them gained their pass.
pub fn n_gains(read: &Read<'_>, city: &str) -> Result<i64, StoreError> {
    // store::rescores::n_gains
    read.connection.one(
        "SELECT COUNT(*) FROM rescore WHERE city = ?1 AND gained = 1",
        params![city],
        |row| row.get(0),
    )
}

/// A city's attempts that gained their pass, the oldest first, behind the one named.
pub fn gains(
    read: &Read<'_>,
    city: &str,
    after: Option<(i64, &str)>,
    n_max: i64,
) -> Result<Vec<GainRow>, StoreError> {
    // store::rescores::gains
    let (after_ms, after) = after.unwrap_or((-1, ""));
    read.connection.rows(
        "SELECT rescore.attempt, rescore.person, rescore.submitted_ms, rescore.score_by_keys,
                rescore.score, rescore.version,
                CASE WHEN EXISTS (SELECT 1 FROM award WHERE award.attempt = rescore.attempt)
                     THEN 1 ELSE 0 END
         FROM rescore
         WHERE rescore.city = ?1 AND rescore.gained = 1
           AND (rescore.submitted_ms > ?2 OR (rescore.submitted_ms = ?2 AND rescore.attempt > ?3))
         ORDER BY rescore.submitted_ms, rescore.attempt LIMIT ?4",
        params![city, after_ms, after, n_max],
        |row| {
            Ok(GainRow {
                attempt: row.get(0)?,
                person: row.get(1)?,
                submitted_ms: row.get(2)?,
                score_by_keys: row.get(3)?,
                score: row.get(4)?,
                version: row.get(5)?,
                is_used: row.get(6)?,
            })
        },
    )
}

fn correction_row(row: &Row<'_>) -> Result<CorrectionRow, StoreError> {
    Ok(CorrectionRow {
        city: row.get(0)?,
        version: row.get(1)?,
        bank: row.get(2)?,
        question: row.get(3)?,
        accepted: row.get(4)?,
        reason: row.get(5)?,
        proposal: row.get(6)?,
        decided_ms: row.get(7)?,
    })
}

fn rescore_row(row: &Row<'_>) -> Result<RescoreRow, StoreError> {
    Ok(RescoreRow {
        attempt: row.get(0)?,
        version: row.get(1)?,
        person: row.get(2)?,
        city: row.get(3)?,
        opens_ms: row.get(4)?,
        closes_ms: row.get(5)?,
        submitted_ms: row.get(6)?,
        score_by_keys: row.get(7)?,
        passed: row.get(8)?,
        score: row.get(9)?,
        pass_mark: row.get(10)?,
        gained: row.get::<Option<bool>>(11)?.unwrap_or(false),
        rescored_ms: row.get(12)?,
    })
}

fn rescoring_row(row: &Row<'_>) -> Result<RescoringRow, StoreError> {
    Ok(RescoringRow {
        city: row.get(0)?,
        version: row.get(1)?,
        after: row.get(2)?,
        n_attempts: row.get(3)?,
        is_done: row.get(4)?,
    })
}
