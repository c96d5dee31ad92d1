//! Rows of what two persons decided about payments that ended without paying.

use super::{
    Read, StoreError, Tx,
    engine::{Row, params},
};

/// What one person proposes: a new number for the award of a payment that has ended without paying.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenewalRow {
    /// Its number, from 1; given when it is written.
    pub proposal: i64,
    /// The payment that has ended.
    pub bill_number: String,
    /// Why.
    pub reason: String,
    /// What it rests on.
    pub evidence: String,
    /// Who proposes.
    pub maker: String,
    /// When.
    pub proposed_ms: i64,
}

const COLUMNS: &str = "SELECT proposal, bill_number, reason, evidence, maker, proposed_ms
     FROM renewal_proposal";

/// Writes a proposal under the next number, and gives that.
pub fn propose(tx: &Tx<'_>, row: &RenewalRow) -> Result<i64, StoreError> {
    // store::renewals::propose
    let number: i64 = tx.connection.one(
        "SELECT COALESCE(MAX(proposal), 0) + 1 FROM renewal_proposal",
        params![],
        |row| row.get(0),
    )?;
    tx.connection.execute(
        "INSERT INTO renewal_proposal (proposal, bill_number, reason, evidence, maker, proposed_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            number,
            row.bill_number,
            row.reason,
            row.evidence,
            row.maker,
            row.proposed_ms
        ],
    )?;
    Ok(number)
}

/// One proposal.
pub fn proposal(read: &Read<'_>, proposal: i64) -> Result<Option<RenewalRow>, StoreError> {
    // store::renewals::proposal
    read.connection.row(
        &format!("{COLUMNS} WHERE proposal = ?1"),
        params![proposal],
        renewal_row,
    )
}

/// Whether another person has approved a proposal.
pub fn is_approved(read: &Read<'_>, proposal: i64) -> Result<bool, StoreError> {
    // store::renewals::is_approved
    let n: i64 = read.connection.one(
        "SELECT COUNT(*) FROM renewal_approval WHERE proposal = ?1",
        params![proposal],
        |row| row.get(0),
    )?;
    Ok(n > 0)
}

/// Whether a proposal was rejected or taken back.
pub fn is_refused(read: &Read<'_>, proposal: i64) -> Result<bool, StoreError> {
    // store::renewals::is_refused
    let n: i64 = read.connection.one(
        "SELECT COUNT(*) FROM renewal_refusal WHERE proposal = ?1",
        params![proposal],
        |row| row.get(0),
    )?;
    Ok(n > 0)
}

/// Every proposal about a payment that has not been renewed, and that nobody has rejected or taken back.
pub fn waiting(read: &Read<'_>) -> Result<Vec<RenewalRow>, StoreError> {
    // store::renewals::waiting
    read.connection.rows(
        &format!(
            "{COLUMNS} WHERE bill_number NOT IN (SELECT bill_number FROM renewal_approval)
               AND proposal NOT IN (SELECT proposal FROM renewal_refusal)
             ORDER BY proposal"
        ),
        params![],
        renewal_row,
    )
}

/// Writes that another person approves.
pub fn approve(
    tx: &Tx<'_>,
    row: &RenewalRow,
    checker: &str,
    approved_ms: i64,
) -> Result<(), StoreError> {
    // store::renewals::approve
    tx.connection.execute(
        "INSERT INTO renewal_approval (proposal, bill_number, maker, checker, approved_ms)
         VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            row.proposal,
            row.bill_number,
            row.maker,
            checker,
            approved_ms
        ],
    )?;
    Ok(())
}

/// Writes that a proposal is rejected or taken back.
pub fn refuse(
    tx: &Tx<'_>,
    row: &RenewalRow,
    refused_by: &str,
    reason: &str,
    refused_ms: i64,
) -> Result<(), StoreError> {
    // store::renewals::refuse
    tx.connection.execute(
        "INSERT INTO renewal_refusal (proposal, bill_number, maker, refused_by, reason, refused_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            row.proposal,
            row.bill_number,
            row.maker,
            refused_by,
            reason,
            refused_ms
        ],
    )?;
    Ok(())
}

fn renewal_row(row: &Row<'_>) -> Result<RenewalRow, StoreError> {
    Ok(RenewalRow {
        proposal: row.get(0)?,
        bill_number: row.get(1)?,
        reason: row.get(2)?,
        evidence: row.get(3)?,
        maker: row.get(4)?,
        proposed_ms: row.get(5)?,
    })
}
