//! Rows of WeChat's bills: which days are at hand, in which version, and what their lines say.

use super::{
    Read, StoreError, Tx,
    engine::{Row, params},
};

/// A day's bill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillRow {
    /// Shanghai day number.
    pub day: i64,
    /// From 1; the greatest of a day is in force.
    pub version: i64,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
    /// `wechat` or `file`.
    pub source: String,
    /// How many lines it has.
    pub n_lines: i64,
    /// What its incomes sum to.
    pub income_fen: i64,
    /// What its expenses sum to.
    pub expense_fen: i64,
    /// When it was imported.
    pub imported_ms: i64,
}

/// One movement on a bill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowRow {
    /// Place in the file, from 1.
    pub line: i64,
    /// WeChat's number of the movement.
    pub flow_number: String,
    /// The order number, or whatever else names the business.
    pub bill_number: String,
    /// The business in WeChat's words.
    pub business: String,
    /// Whether it looks like a payout; a top-up, a withdrawal or a fee does not.
    pub is_payout: bool,
    /// Whether the money came in.
    pub is_income: bool,
    /// How much.
    pub amount_fen: i64,
    /// What was left on the account.
    pub balance_fen: i64,
    /// When it was booked.
    pub booked_ms: i64,
}

/// A movement and the day whose bill in force has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatedFlow {
    /// Shanghai day number of the bill.
    pub day: i64,
    /// The movement.
    pub flow: FlowRow,
}

/// The bill of a day that has this content, if it was imported.
pub fn version_of(read: &Read<'_>, day: i64, sha256: &str) -> Result<Option<i64>, StoreError> {
    // store::bills::version_of
    read.connection.row(
        "SELECT version FROM fund_flow_bill WHERE day = ?1 AND sha256 = ?2",
        params![day, sha256],
        |row| row.get(0),
    )
}

/// The version in force of a day, if it has a bill.
pub fn version_in_force(read: &Read<'_>, day: i64) -> Result<Option<i64>, StoreError> {
    // store::bills::version_in_force
    read.connection.one(
        "SELECT MAX(version) FROM fund_flow_bill WHERE day = ?1",
        params![day],
        |row| row.get(0),
    )
}

/// Day and version of the newest bill in force that has a line.
pub fn newest(read: &Read<'_>) -> Result<Option<(i64, i64)>, StoreError> {
    // store::bills::newest
    read.connection.row(
        "SELECT day, version FROM fund_flow_bill
         WHERE n_lines > 0
           AND version = (SELECT MAX(newer.version) FROM fund_flow_bill AS newer
                          WHERE newer.day = fund_flow_bill.day)
         ORDER BY day DESC LIMIT 1",
        params![],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// What a bill says was left on the merchant's account at its end.
pub fn last_balance_fen(read: &Read<'_>, day: i64, version: i64) -> Result<i64, StoreError> {
    // store::bills::last_balance_fen
    read.connection.one(
        "SELECT balance_fen FROM fund_flow WHERE day = ?1 AND version = ?2
         ORDER BY booked_ms DESC, line DESC LIMIT 1",
        params![day, version],
        |row| row.get(0),
    )
}

/// What the payments come to that have not certainly left, of awards up to a day.
pub fn not_sent_fen(read: &Read<'_>, day: i64) -> Result<i64, StoreError> {
    // store::bills::not_sent_fen
    read.connection.one(
        "SELECT CAST(COALESCE(SUM(payment.amount_fen), 0) AS BIGINT) FROM payment
         JOIN award ON award.award = payment.award
         WHERE payment.due_ms IS NOT NULL AND award.day <= ?1
           AND payment.state IN ('reserved', 'in_flight', 'unknown', 'deferred')",
        params![day],
        |row| row.get(0),
    )
}

/// Adds a bill with its lines.
pub fn insert(tx: &Tx<'_>, bill: &BillRow, flows: &[FlowRow]) -> Result<(), StoreError> {
    // store::bills::insert
    tx.connection.execute(
        "INSERT INTO fund_flow_bill (day, version, sha256, source, n_lines, income_fen,
             expense_fen, imported_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            bill.day,
            bill.version,
            bill.sha256,
            bill.source,
            bill.n_lines,
            bill.income_fen,
            bill.expense_fen,
            bill.imported_ms,
        ],
    )?;
    for flow in flows {
        // store::bills::insert, its lines
        tx.connection.execute(
            "INSERT INTO fund_flow (day, version, n_lines, line, flow_number, bill_number, business,
                 kind, direction, amount_fen, balance_fen, booked_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            params![
                bill.day,
                bill.version,
                bill.n_lines,
                flow.line,
                flow.flow_number,
                flow.bill_number,
                flow.business,
                if flow.is_payout { "payout" } else { "own" },
                if flow.is_income { "income" } else { "expense" },
                flow.amount_fen,
                flow.balance_fen,
                flow.booked_ms,
            ],
        )?;
    }
    Ok(())
}

/// The bill in force of every day that has one, in order of days.
pub fn in_force(read: &Read<'_>) -> Result<Vec<BillRow>, StoreError> {
    // store::bills::in_force
    read.connection.rows(
        "SELECT day, version, sha256, source, n_lines, income_fen, expense_fen, imported_ms
         FROM fund_flow_bill
         WHERE version = (SELECT MAX(newest.version) FROM fund_flow_bill AS newest
                          WHERE newest.day = fund_flow_bill.day)
         ORDER BY day",
        params![],
        |row| {
            Ok(BillRow {
                day: row.get(0)?,
                version: row.get(1)?,
                sha256: row.get(2)?,
                source: row.get(3)?,
                n_lines: row.get(4)?,
                income_fen: row.get(5)?,
                expense_fen: row.get(6)?,
                imported_ms: row.get(7)?,
            })
        },
    )
}

/// Every line of the bills in force, in order of days and lines.
pub fn flows_in_force(read: &Read<'_>) -> Result<Vec<DatedFlow>, StoreError> {
    // store::bills::flows_in_force
    read.connection.rows(
        "SELECT fund_flow.day, fund_flow.line, fund_flow.flow_number, fund_flow.bill_number,
                fund_flow.business, fund_flow.kind, fund_flow.direction, fund_flow.amount_fen,
                fund_flow.balance_fen, fund_flow.booked_ms
         FROM fund_flow
         WHERE fund_flow.version = (SELECT MAX(version) FROM fund_flow_bill
                                    WHERE fund_flow_bill.day = fund_flow.day)
         ORDER BY fund_flow.day, fund_flow.line",
        params![],
        |row| {
            Ok(DatedFlow {
                day: row.get(0)?,
                flow: flow_row(row, 1)?,
            })
        },
    )
}

/// What the bills in force say of one order number, in order of days and lines.
pub fn flows_of(read: &Read<'_>, bill_number: &str) -> Result<Vec<DatedFlow>, StoreError> {
    // store::bills::flows_of
    read.connection.rows(
        "SELECT fund_flow.day, fund_flow.line, fund_flow.flow_number, fund_flow.bill_number,
                fund_flow.business, fund_flow.kind, fund_flow.direction, fund_flow.amount_fen,
                fund_flow.balance_fen, fund_flow.booked_ms
         FROM fund_flow
         WHERE fund_flow.bill_number = ?1
           AND fund_flow.version = (SELECT MAX(version) FROM fund_flow_bill
                                    WHERE fund_flow_bill.day = fund_flow.day)
         ORDER BY fund_flow.day, fund_flow.line",
        params![bill_number],
        |row| {
            Ok(DatedFlow {
                day: row.get(0)?,
                flow: flow_row(row, 1)?,
            })
        },
    )
}

/// The first line of a bill whose movement stands on another day's bill in force with other words:
/// its place, its number and that day.
pub fn contradicted_line(
    read: &Read<'_>,
    day: i64,
    version: i64,
) -> Result<Option<(i64, String, i64)>, StoreError> {
    // store::bills::contradicted_line
    read.connection.row(
        "SELECT mine.line, mine.flow_number, other.day
         FROM fund_flow AS mine
         JOIN fund_flow AS other ON other.flow_number = mine.flow_number AND other.day <> mine.day
          AND other.version = (SELECT MAX(version) FROM fund_flow_bill
                               WHERE fund_flow_bill.day = other.day)
         WHERE mine.day = ?1 AND mine.version = ?2
           AND (other.bill_number <> mine.bill_number OR other.direction <> mine.direction
                OR other.amount_fen <> mine.amount_fen)
         ORDER BY mine.line LIMIT 1",
        params![day, version],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )
}

fn flow_row(row: &Row<'_>, first: usize) -> Result<FlowRow, StoreError> {
    let column = |offset: usize| first.saturating_add(offset);
    let kind: String = row.get(column(4))?;
    let direction: String = row.get(column(5))?;
    Ok(FlowRow {
        line: row.get(first)?,
        flow_number: row.get(column(1))?,
        bill_number: row.get(column(2))?,
        business: row.get(column(3))?,
        is_payout: kind == "payout",
        is_income: direction == "income",
        amount_fen: row.get(column(6))?,
        balance_fen: row.get(column(7))?,
        booked_ms: row.get(column(8))?,
    })
}
