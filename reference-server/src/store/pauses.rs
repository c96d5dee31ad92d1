//! Rows of what of a city stands still: begun once, ended once.

use super::{
    Read, StoreError, Tx,
    engine::{Row, params},
};

/// One pause, from its beginning to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PauseRow {
    /// Its number, from 1.
    pub pause: i64,
    /// The city's slug.
    pub city: String,
    /// `quiz`, `claims`, `payouts` or `referral`.
    pub subject: String,
    /// The sentence people read.
    pub sentence: String,
    /// Why.
    pub reason: String,
    /// Who paused.
    pub begun_by: String,
    /// When.
    pub begun_ms: i64,
    /// How it ended, if it has.
    pub end: Option<EndRow>,
}

/// How a pause ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndRow {
    /// `lifted`, or `reworded` when another sentence took its place.
    pub ended: String,
    /// Who ended it.
    pub by: String,
    /// Who proposed it, where it wants two persons.
    pub proposed_by: Option<String>,
    /// Why.
    pub reason: String,
    /// When.
    pub at_ms: i64,
}

const COLUMNS: &str =
    "SELECT pause, city, subject, sentence, reason, begun_by, begun_ms, ended, ended_by,
     ended_proposed_by, ended_reason, ended_ms FROM pause";

/// The sentence of what is paused in a city, if it is.
pub fn sentence(read: &Read<'_>, city: &str, subject: &str) -> Result<Option<String>, StoreError> {
    // store::pauses::sentence
    read.connection.row(
        "SELECT sentence FROM pause WHERE city = ?1 AND subject = ?2 AND ended_ms IS NULL",
        params![city, subject],
        |row| row.get(0),
    )
}

/// Whether the payouts of an award's city are paused.
pub fn holds_back(read: &Read<'_>, award: &str) -> Result<bool, StoreError> {
    // store::pauses::holds_back
    let n: i64 = read.connection.one(
        "SELECT COUNT(*) FROM award JOIN pause ON pause.city = award.city
         WHERE award.award = ?1 AND pause.subject = 'payouts' AND pause.ended_ms IS NULL",
        params![award],
        |row| row.get(0),
    )?;
    Ok(n > 0)
}

/// A city's pauses that run now, the oldest first.
pub fn running(read: &Read<'_>, city: &str) -> Result<Vec<PauseRow>, StoreError> {
    // store::pauses::running
    read.connection.rows(
        &format!("{COLUMNS} WHERE city = ?1 AND ended_ms IS NULL ORDER BY pause"),
        params![city],
        pause_row,
    )
}

/// Every city's pause of this subject that runs now.
pub fn running_everywhere(read: &Read<'_>, subject: &str) -> Result<Vec<PauseRow>, StoreError> {
    // store::pauses::running_everywhere
    read.connection.rows(
        &format!("{COLUMNS} WHERE subject = ?1 AND ended_ms IS NULL ORDER BY pause"),
        params![subject],
        pause_row,
    )
}

/// A city's latest pauses, the newest first.
pub fn latest(read: &Read<'_>, city: &str, n_rows_max: i64) -> Result<Vec<PauseRow>, StoreError> {
    // store::pauses::latest
    read.connection.rows(
        &format!("{COLUMNS} WHERE city = ?1 ORDER BY begun_ms DESC, pause DESC LIMIT ?2"),
        params![city, n_rows_max],
        pause_row,
    )
}

/// Writes a pause that begins, under the next number, which is returned; its number and end in
/// the row are not looked at. A second one of the same subject of a city is a duplicate.
pub fn insert(tx: &Tx<'_>, row: &PauseRow) -> Result<i64, StoreError> {
    // store::pauses::insert
    let number: i64 = tx.connection.one(
        "SELECT COALESCE(MAX(pause), 0) + 1 FROM pause",
        params![],
        |row| row.get(0),
    )?;
    tx.connection.execute(
        "INSERT INTO pause (pause, city, subject, sentence, reason, begun_by, begun_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            number,
            row.city,
            row.subject,
            row.sentence,
            row.reason,
            row.begun_by,
            row.begun_ms,
        ],
    )?;
    Ok(number)
}

/// Ends a pause that runs; `false` when it does not.
pub fn end(tx: &Tx<'_>, pause: i64, end: &EndRow) -> Result<bool, StoreError> {
    // store::pauses::end
    let n_rows = tx.connection.execute(
        "UPDATE pause SET ended = ?2, ended_by = ?3, ended_proposed_by = ?4, ended_reason = ?5,
             ended_ms = CASE WHEN begun_ms > ?6 THEN begun_ms ELSE ?6 END
         WHERE pause = ?1 AND ended_ms IS NULL",
        params![
            pause,
            end.ended,
            end.by,
            end.proposed_by,
            end.reason,
            end.at_ms
        ],
    )?;
    Ok(n_rows > 0)
}

fn pause_row(row: &Row<'_>) -> Result<PauseRow, StoreError> {
    let ended: Option<String> = row.get(7)?;
    let end = match ended {
        Some(ended) => Some(EndRow {
            ended,
            by: row.get(8)?,
            proposed_by: row.get(9)?,
            reason: row.get(10)?,
            at_ms: row.get(11)?,
        }),
        None => None,
    };
    Ok(PauseRow {
        pause: row.get(0)?,
        city: row.get(1)?,
        subject: row.get(2)?,
        sentence: row.get(3)?,
        reason: row.get(4)?,
        begun_by: row.get(5)?,
        begun_ms: row.get(6)?,
        end,
    })
}
