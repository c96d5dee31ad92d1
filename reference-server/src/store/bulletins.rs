//! Rows of daily bulletins: what was counted, and what was signed. Written once, never changed.

use super::{
    Read, StoreError, Tx,
    engine::{Row, params},
};

/// What a city's day came to when it was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftRow {
    /// The city's slug.
    pub city: String,
    /// Shanghai day number.
    pub day: i64,
    /// Which count of that day, from 1.
    pub draft: i64,
    /// The numbers.
    pub figures: String,
    /// How many of our own books disagree.
    pub n_differences: i64,
    /// Number of the newest event of the audit chain.
    pub audit_number: i64,
    /// Its hash.
    pub audit_hash: String,
    /// Who counted.
    pub counted_by: String,
    /// When.
    pub counted_ms: i64,
}

/// A bulletin that was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BulletinRow {
    /// The city's slug.
    pub city: String,
    /// Shanghai day number.
    pub day: i64,
    /// From 1.
    pub version: i64,
    /// The count it tells.
    pub draft: i64,
    /// What happened, in the signer's words.
    pub situation: String,
    /// What comes, in the signer's words.
    pub outlook: String,
    /// What it corrects; empty for the first.
    pub correction: String,
    /// The digest over all of it.
    pub digest: String,
    /// Who signed, by the name of the account.
    pub signed_by: String,
    /// The signer's name as people know it.
    pub signed_name: String,
    /// When.
    pub signed_ms: i64,
}

/// Writes a count of a day under the next number, which is returned; the row's own is not looked at.
pub fn insert_draft(tx: &Tx<'_>, row: &DraftRow) -> Result<i64, StoreError> {
    // store::bulletins::insert_draft
    let number: i64 = tx.connection.one(
        "SELECT COALESCE(MAX(draft), 0) + 1 FROM bulletin_draft WHERE city = ?1 AND day = ?2",
        params![row.city, row.day],
        |row| row.get(0),
    )?;
    tx.connection.execute(
        "INSERT INTO bulletin_draft (city, day, draft, figures, n_differences, audit_number,
             audit_hash, counted_by, counted_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            row.city,
            row.day,
            number,
            row.figures,
            row.n_differences,
            row.audit_number,
            row.audit_hash,
            row.counted_by,
            row.counted_ms,
        ],
    )?;
    Ok(number)
}

const DRAFT: &str = "SELECT city, day, draft, figures, n_differences, audit_number, audit_hash,
     counted_by, counted_ms FROM bulletin_draft";

/// One count of a day.
pub fn draft(
    read: &Read<'_>,
    city: &str,
    day: i64,
    draft: i64,
) -> Result<Option<DraftRow>, StoreError> {
    // store::bulletins::draft
    read.connection.row(
        &format!("{DRAFT} WHERE city = ?1 AND day = ?2 AND draft = ?3"),
        params![city, day, draft],
        draft_row,
    )
}

/// The newest count of a day.
pub fn latest_draft(read: &Read<'_>, city: &str, day: i64) -> Result<Option<DraftRow>, StoreError> {
    // store::bulletins::latest_draft
    read.connection.row(
        &format!("{DRAFT} WHERE city = ?1 AND day = ?2 ORDER BY draft DESC LIMIT 1"),
        params![city, day],
        draft_row,
    )
}

/// The days of a city that were counted, with the number of the newest count.
pub fn drafted_days(read: &Read<'_>, city: &str) -> Result<Vec<(i64, i64)>, StoreError> {
    // store::bulletins::drafted_days
    read.connection.rows(
        "SELECT day, MAX(draft) FROM bulletin_draft WHERE city = ?1 GROUP BY day ORDER BY day",
        params![city],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// Writes a signed bulletin.
pub fn insert_bulletin(tx: &Tx<'_>, row: &BulletinRow) -> Result<(), StoreError> {
    // store::bulletins::insert_bulletin
    tx.connection.execute(
        "INSERT INTO bulletin (city, day, version, draft, n_differences, situation, outlook,
             correction, digest, signed_by, signed_name, signed_ms)
         VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        params![
            row.city,
            row.day,
            row.version,
            row.draft,
            row.situation,
            row.outlook,
            row.correction,
            row.digest,
            row.signed_by,
            row.signed_name,
            row.signed_ms,
        ],
    )?;
    Ok(())
}

/// Every signed bulletin of a city, by day and version.
pub fn bulletins(read: &Read<'_>, city: &str) -> Result<Vec<BulletinRow>, StoreError> {
    // store::bulletins::bulletins
    read.connection.rows(
        "SELECT city, day, version, draft, situation, outlook, correction, digest, signed_by,
             signed_name, signed_ms
         FROM bulletin WHERE city = ?1 ORDER BY day, version",
        params![city],
        |row| {
            Ok(BulletinRow {
                city: row.get(0)?,
                day: row.get(1)?,
                version: row.get(2)?,
                draft: row.get(3)?,
                situation: row.get(4)?,
                outlook: row.get(5)?,
                correction: row.get(6)?,
                digest: row.get(7)?,
                signed_by: row.get(8)?,
                signed_name: row.get(9)?,
                signed_ms: row.get(10)?,
            })
        },
    )
}

/// What a city's ledger says at an instant.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LedgerSums {
    /// Every account that has moved, and what it holds beside the pool it began with.
    pub accounts: Vec<(String, i64)>,
    /// What left the pool from the first to before the second instant.
    pub left_pool_fen: i64,
}

/// What a city's ledger says, and what left its pool within a span.
///
/// Cost: the city's transfers; its pool bounds them.
pub fn ledger_sums(
    read: &Read<'_>,
    city: &str,
    from_ms: i64,
    to_ms: i64,
) -> Result<LedgerSums, StoreError> {
    // store::bulletins::ledger_sums
    let accounts = read.connection.rows(
        "SELECT account, CAST(SUM(amount_fen) AS BIGINT) FROM (
             SELECT credit AS account, amount_fen FROM transfer WHERE city = ?1
             UNION ALL
             SELECT debit AS account, -amount_fen AS amount_fen FROM transfer WHERE city = ?1
         ) AS movement GROUP BY account ORDER BY account",
        params![city],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let left_pool_fen = read.connection.one(
        "SELECT CAST(COALESCE(SUM(amount_fen), 0) AS BIGINT) FROM transfer
         WHERE city = ?1 AND debit = 'pool' AND credit = 'reserved'
           AND at_ms >= ?2 AND at_ms < ?3",
        params![city, from_ms, to_ms],
        |row| row.get(0),
    )?;
    Ok(LedgerSums {
        accounts,
        left_pool_fen,
    })
}

/// How many packets a city has awarded and what they add up to; on one day, or on all.
///
/// Cost: those awards, by index.
pub fn awarded(read: &Read<'_>, city: &str, day: Option<i64>) -> Result<(i64, i64), StoreError> {
    // store::bulletins::awarded
    read.connection.one(
        "SELECT COUNT(*), CAST(COALESCE(SUM(amount_fen), 0) AS BIGINT) FROM award
         WHERE city = ?1 AND day >= ?2 AND day <= ?3",
        params![city, day.unwrap_or(0), day.unwrap_or(i64::MAX)],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

fn draft_row(row: &Row<'_>) -> Result<DraftRow, StoreError> {
    Ok(DraftRow {
        city: row.get(0)?,
        day: row.get(1)?,
        draft: row.get(2)?,
        figures: row.get(3)?,
        n_differences: row.get(4)?,
        audit_number: row.get(5)?,
        audit_hash: row.get(6)?,
        counted_by: row.get(7)?,
        counted_ms: row.get(8)?,
    })
}
