//! Rows of what comparisons came to, and of closed days. Written once, never changed.

use super::{
    Read, StoreError, Tx,
    engine::{Row, params},
};

/// What one comparison came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReconciliationRow {
    /// Its number, from 1; given when it is written.
    pub reconciliation: i64,
    /// When.
    pub done_ms: i64,
    /// Numbers that differ without an explanation, and days without a bill.
    pub n_findings: i64,
    /// What differs and is not explained.
    pub difference_fen: i64,
    /// Days, cities and differing numbers, as JSON.
    pub content: String,
}

/// A closed day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedDayRow {
    /// Shanghai day number.
    pub day: i64,
    /// The version of its bill that was in force.
    pub bill_version: i64,
    /// The comparison it rests on.
    pub reconciliation: i64,
    /// What the bill paid out to people.
    pub paid_fen: i64,
    /// What came back from them.
    pub returned_fen: i64,
    /// How many order numbers it has.
    pub n_orders: i64,
    /// Who closed it.
    pub closed_by: String,
    /// When.
    pub closed_ms: i64,
}

/// Writes what a comparison came to under the next number, which is returned.
pub fn insert(tx: &Tx<'_>, row: &ReconciliationRow) -> Result<i64, StoreError> {
    // store::reconciliations::insert
    let number: i64 = tx.connection.one(
        "SELECT COALESCE(MAX(reconciliation), 0) + 1 FROM reconciliation",
        params![],
        |row| row.get(0),
    )?;
    tx.connection.execute(
        "INSERT INTO reconciliation (reconciliation, done_ms, n_findings, difference_fen, content)
         VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            number,
            row.done_ms,
            row.n_findings,
            row.difference_fen,
            row.content
        ],
    )?;
    Ok(number)
}

/// The newest comparison, if there was one.
pub fn latest(read: &Read<'_>) -> Result<Option<ReconciliationRow>, StoreError> {
    // store::reconciliations::latest
    read.connection.row(
        "SELECT reconciliation, done_ms, n_findings, difference_fen, content
         FROM reconciliation ORDER BY reconciliation DESC LIMIT 1",
        params![],
        |row| {
            Ok(ReconciliationRow {
                reconciliation: row.get(0)?,
                done_ms: row.get(1)?,
                n_findings: row.get(2)?,
                difference_fen: row.get(3)?,
                content: row.get(4)?,
            })
        },
    )
}

/// Every closed day, in order.
pub fn closed_days(read: &Read<'_>) -> Result<Vec<ClosedDayRow>, StoreError> {
    // store::reconciliations::closed_days
    read.connection.rows(
        "SELECT day, bill_version, reconciliation, paid_fen, returned_fen, n_orders, closed_by,
                closed_ms
         FROM closed_day ORDER BY day",
        params![],
        closed_day_row,
    )
}

/// Closes a day; a second time is a duplicate.
pub fn close_day(tx: &Tx<'_>, row: &ClosedDayRow) -> Result<(), StoreError> {
    // store::reconciliations::close_day
    tx.connection.execute(
        "INSERT INTO closed_day (day, bill_version, reconciliation, paid_fen, returned_fen,
             n_orders, closed_by, closed_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            row.day,
            row.bill_version,
            row.reconciliation,
            row.paid_fen,
            row.returned_fen,
            row.n_orders,
            row.closed_by,
            row.closed_ms,
        ],
    )?;
    Ok(())
}

/// How many incidents of a day are open.
pub fn n_open_incidents(read: &Read<'_>, day: i64) -> Result<i64, StoreError> {
    // store::reconciliations::n_open_incidents
    read.connection.one(
        "SELECT COUNT(*) FROM incident
         WHERE incident.day = ?1
           AND NOT EXISTS (SELECT 1 FROM correction_approval
                           WHERE correction_approval.incident = incident.incident)
           AND NOT EXISTS (SELECT 1 FROM incident_settled
                           WHERE incident_settled.incident = incident.incident)",
        params![day],
        |row| row.get(0),
    )
}

fn closed_day_row(row: &Row<'_>) -> Result<ClosedDayRow, StoreError> {
    Ok(ClosedDayRow {
        day: row.get(0)?,
        bill_version: row.get(1)?,
        reconciliation: row.get(2)?,
        paid_fen: row.get(3)?,
        returned_fen: row.get(4)?,
        n_orders: row.get(5)?,
        closed_by: row.get(6)?,
        closed_ms: row.get(7)?,
    })
}
