//! Rows about closed books: seals, daily duties, and what a seal and a tax list read.

use super::{
    Read, StoreError, Tx,
    engine::{Row, params},
};

/// The seal of a city's books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealRow {
    /// The city's slug.
    pub city: String,
    /// Start of its window.
    pub opens_ms: i64,
    /// End of its window.
    pub closes_ms: i64,
    /// What it opened with.
    pub pool_fen: i64,
    /// What was never awarded.
    pub undrawn_fen: i64,
    /// What people received.
    pub received_fen: i64,
    /// What was awarded and came back, or was never paid.
    pub left_fen: i64,
    /// What is in suspense.
    pub suspense_fen: i64,
    /// How many awards it made.
    pub n_awards: i64,
    /// How many transfers its ledger had.
    pub n_transfers: i64,
    /// SHA-256 of the exported ledger, in hexadecimal.
    pub ledger_sha256: String,
    /// The head of the audit chain before the seal.
    pub audit_number: i64,
    /// Its hash.
    pub audit_hash: String,
    /// Who proposed to seal.
    pub sealed_by: String,
    /// When.
    pub sealed_ms: i64,
    /// Who approved; nobody in seals older than that column.
    pub checked_by: Option<String>,
}

/// A transfer as the exported ledger has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerRow {
    /// Its number in the city, from 1.
    pub number: i64,
    /// When.
    pub at_ms: i64,
    /// The account that gives.
    pub debit: String,
    /// The account that gets.
    pub credit: String,
    /// How much.
    pub amount_fen: i64,
    /// The payment it belongs to.
    pub bill_number: String,
}

/// A received packet as a tax list counts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedRow {
    /// Who received it.
    pub person: String,
    /// His openid, sealed; empty once it is erased.
    pub openid_sealed: String,
    /// The city's slug.
    pub city: String,
    /// The amount.
    pub amount_fen: i64,
    /// When it was known to be received.
    pub received_ms: i64,
}

/// What a daily duty came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DutyRow {
    /// `audit` or `reconcile`.
    pub duty: String,
    /// The Shanghai day it was done on, as a number.
    pub day: i64,
    /// How much was found.
    pub n_findings: i64,
    /// What, in words.
    pub detail: String,
    /// When it was done.
    pub done_ms: i64,
}

const SEAL_COLUMNS: &str = "SELECT city, opens_ms, closes_ms, pool_fen, undrawn_fen, received_fen,
     left_fen, suspense_fen, n_awards, n_transfers, ledger_sha256, audit_number, audit_hash,
     sealed_by, sealed_ms, checked_by FROM books_seal";

/// The seal of a city, if its books are sealed.
pub fn seal(read: &Read<'_>, city: &str) -> Result<Option<SealRow>, StoreError> {
    // store::books::seal
    read.connection.row(
        &format!("{SEAL_COLUMNS} WHERE city = ?1"),
        params![city],
        seal_row,
    )
}

/// Every seal, in the order of sealing.
pub fn seals(read: &Read<'_>) -> Result<Vec<SealRow>, StoreError> {
    // store::books::seals
    read.connection.rows(
        &format!("{SEAL_COLUMNS} ORDER BY sealed_ms, city"),
        params![],
        seal_row,
    )
}

/// Seals a city.
pub fn insert_seal(tx: &Tx<'_>, row: &SealRow) -> Result<(), StoreError> {
    // store::books::insert_seal
    tx.connection.execute(
        "INSERT INTO books_seal (city, opens_ms, closes_ms, pool_fen, undrawn_fen, received_fen,
             left_fen, suspense_fen, n_awards, n_transfers, ledger_sha256, audit_number,
             audit_hash, sealed_by, sealed_ms, checked_by)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
        params![
            row.city,
            row.opens_ms,
            row.closes_ms,
            row.pool_fen,
            row.undrawn_fen,
            row.received_fen,
            row.left_fen,
            row.suspense_fen,
            row.n_awards,
            row.n_transfers,
            row.ledger_sha256,
            row.audit_number,
            row.audit_hash,
            row.sealed_by,
            row.sealed_ms,
            row.checked_by,
        ],
    )?;
    Ok(())
}

/// A city's transfers in the order of their numbers.
pub fn ledger(read: &Read<'_>, city: &str) -> Result<Vec<LedgerRow>, StoreError> {
    // store::books::ledger
    read.connection.rows(
        "SELECT number, at_ms, debit, credit, amount_fen, bill_number
         FROM transfer WHERE city = ?1 ORDER BY number",
        params![city],
        ledger_row,
    )
}

/// What has moved from one account of a city to another since a transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovedRow {
    /// The account that gave.
    pub debit: String,
    /// The account that got.
    pub credit: String,
    /// How much, in all.
    pub amount_fen: i64,
    /// How many transfers.
    pub n_transfers: i64,
    /// The number of the last of them.
    pub last: i64,
}

/// What has moved in a city after the transfer of this number, by both accounts.
///
/// Cost: the transfers after it, by index.
pub fn moved_after(read: &Read<'_>, city: &str, number: i64) -> Result<Vec<MovedRow>, StoreError> {
    // store::books::moved_after
    read.connection.rows(
        "SELECT debit, credit, CAST(SUM(amount_fen) AS BIGINT), COUNT(*), MAX(number)
         FROM transfer WHERE city = ?1 AND number > ?2
         GROUP BY debit, credit ORDER BY debit, credit",
        params![city, number],
        |row| {
            Ok(MovedRow {
                debit: row.get(0)?,
                credit: row.get(1)?,
                amount_fen: row.get(2)?,
                n_transfers: row.get(3)?,
                last: row.get(4)?,
            })
        },
    )
}

/// Which of a city's transfers are looked for; empty texts look for nothing in particular.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PostingSearch<'a> {
    /// The city's slug.
    pub city: &'a str,
    /// An account that gives or gets.
    pub account: &'a str,
    /// An order number.
    pub bill_number: &'a str,
    /// From this instant on.
    pub from_ms: i64,
    /// Before this instant.
    pub to_ms: i64,
    /// Only those before this number.
    pub before: i64,
    /// The most to find.
    pub n_max: i64,
}

/// Transfers of a city that fit, the newest first.
///
/// Cost: at most the city's transfers, by index.
pub fn postings(read: &Read<'_>, wanted: &PostingSearch<'_>) -> Result<Vec<LedgerRow>, StoreError> {
    // store::books::postings
    read.connection.rows(
        "SELECT number, at_ms, debit, credit, amount_fen, bill_number
         FROM transfer
         WHERE city = ?1 AND number < ?2 AND at_ms >= ?3 AND at_ms < ?4
           AND (?5 = '' OR debit = ?5 OR credit = ?5)
           AND (?6 = '' OR bill_number = ?6)
         ORDER BY number DESC LIMIT ?7",
        params![
            wanted.city,
            wanted.before,
            wanted.from_ms,
            wanted.to_ms,
            wanted.account,
            wanted.bill_number,
            wanted.n_max,
        ],
        ledger_row,
    )
}

/// The number that a city's next transfer gets.
pub fn next_transfer(read: &Read<'_>, city: &str) -> Result<i64, StoreError> {
    // store::books::next_transfer
    read.connection.one(
        "SELECT COALESCE(MAX(number), 0) + 1 FROM transfer WHERE city = ?1",
        params![city],
        |row| row.get(0),
    )
}

/// Every packet that is received, in the order of persons and awards; of one city, or of all.
pub fn received(read: &Read<'_>, city: Option<&str>) -> Result<Vec<ReceivedRow>, StoreError> {
    // store::books::received
    read.connection.rows(
        "SELECT award.person, person.openid_sealed, award.city, payment.amount_fen,
                payment.changed_ms
         FROM payment JOIN award ON award.award = payment.award
         JOIN person ON person.person = award.person
         WHERE payment.state = 'received' AND (CAST(?1 AS TEXT) IS NULL OR award.city = ?1)
         ORDER BY award.person, award.decided_ms, award.award",
        params![city],
        |row| {
            Ok(ReceivedRow {
                person: row.get(0)?,
                openid_sealed: row.get(1)?,
                city: row.get(2)?,
                amount_fen: row.get(3)?,
                received_ms: row.get(4)?,
            })
        },
    )
}

/// The first day on which something was awarded and the last on which a payment changed, in milliseconds.
pub fn money_span(read: &Read<'_>) -> Result<Option<(i64, i64)>, StoreError> {
    // store::books::money_span
    let (first, last): (Option<i64>, Option<i64>) = read.connection.one(
        "SELECT (SELECT MIN(decided_ms) FROM award), (SELECT MAX(changed_ms) FROM payment)",
        params![],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    Ok(first.zip(last))
}

/// Whether some order is known to have been accepted by WeChat within a span, half-open.
pub fn accepted_within(read: &Read<'_>, from_ms: i64, to_ms: i64) -> Result<bool, StoreError> {
    // store::books::accepted_within
    read.connection.one(
        "SELECT CASE WHEN EXISTS (SELECT 1 FROM payment_event
             WHERE state_after IN ('sent', 'received') AND at_ms >= ?1 AND at_ms < ?2)
         THEN 1 ELSE 0 END",
        params![from_ms, to_ms],
        |row| row.get(0),
    )
}

/// The latest outcome of a duty.
pub fn latest_duty(read: &Read<'_>, duty: &str) -> Result<Option<DutyRow>, StoreError> {
    // store::books::latest_duty
    read.connection.row(
        "SELECT duty, day, n_findings, detail, done_ms FROM duty
         WHERE duty = ?1 ORDER BY day DESC LIMIT 1",
        params![duty],
        |row| {
            Ok(DutyRow {
                duty: row.get(0)?,
                day: row.get(1)?,
                n_findings: row.get(2)?,
                detail: row.get(3)?,
                done_ms: row.get(4)?,
            })
        },
    )
}

/// Keeps the outcome of a duty; of two instances that did it on the same day, the first is kept.
pub fn keep_duty(tx: &Tx<'_>, row: &DutyRow) -> Result<(), StoreError> {
    // store::books::keep_duty
    tx.connection.execute(
        "INSERT INTO duty (duty, day, n_findings, detail, done_ms) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (duty, day) DO NOTHING",
        params![row.duty, row.day, row.n_findings, row.detail, row.done_ms],
    )?;
    Ok(())
}

fn seal_row(row: &Row<'_>) -> Result<SealRow, StoreError> {
    Ok(SealRow {
        city: row.get(0)?,
        opens_ms: row.get(1)?,
        closes_ms: row.get(2)?,
        pool_fen: row.get(3)?,
        undrawn_fen: row.get(4)?,
        received_fen: row.get(5)?,
        left_fen: row.get(6)?,
        suspense_fen: row.get(7)?,
        n_awards: row.get(8)?,
        n_transfers: row.get(9)?,
        ledger_sha256: row.get(10)?,
        audit_number: row.get(11)?,
        audit_hash: row.get(12)?,
        sealed_by: row.get(13)?,
        sealed_ms: row.get(14)?,
        checked_by: row.get(15)?,
    })
}

fn ledger_row(row: &Row<'_>) -> Result<LedgerRow, StoreError> {
    Ok(LedgerRow {
        number: row.get(0)?,
        at_ms: row.get(1)?,
        debit: row.get(2)?,
        credit: row.get(3)?,
        amount_fen: row.get(4)?,
        bill_number: row.get(5)?,
    })
}
