//! Rows of what one person proposes and what another decides. Written once, never changed.

use super::{
    Read, StoreError, Tx,
    engine::{Row, params},
};

/// What one person proposes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposalRow {
    /// Its number, from 1.
    pub proposal: i64,
    /// What is to be done, as a stable word.
    pub kind: String,
    /// What it is about: a city, a payment, a bank.
    pub subject: String,
    /// The city it belongs to, if it belongs to one.
    pub city: Option<String>,
    /// All that it says.
    pub content: String,
    /// The digest of kind, subject, city and content.
    pub digest: String,
    /// Why.
    pub reason: String,
    /// Who proposes.
    pub maker: String,
    /// When.
    pub proposed_ms: i64,
}

/// What became of a proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionRow {
    /// The proposal.
    pub proposal: i64,
    /// The digest that was decided about.
    pub digest: String,
    /// Who proposed it.
    pub maker: String,
    /// Who decided.
    pub checker: String,
    /// `approved`, `rejected` or `withdrawn`.
    pub verdict: String,
    /// Why.
    pub reason: String,
    /// When.
    pub decided_ms: i64,
}

const COLUMNS: &str = "SELECT proposal.proposal, proposal.kind, proposal.subject, proposal.city,
     proposal.content, proposal.digest, proposal.reason, proposal.maker, proposal.proposed_ms
     FROM proposal";

/// What a version with an hour must not have against it: a newer one was approved before its hour had come,
/// so it is never shown.
pub(super) const NOT_REPLACED: &str = "NOT EXISTS (
    SELECT 1 FROM proposal AS newer
    JOIN proposal_decision AS word ON word.proposal = newer.proposal AND word.verdict = 'approved'
    WHERE newer.kind = proposal.kind AND newer.subject = proposal.subject
      AND newer.proposal > proposal.proposal AND word.decided_ms < page_hour.publish_ms)";

/// Writes a proposal under the next number, which is returned; its number in the row is not looked at.
pub fn insert(tx: &Tx<'_>, row: &ProposalRow) -> Result<i64, StoreError> {
    // store::proposals::insert
    let number: i64 = tx.connection.one(
        "SELECT COALESCE(MAX(proposal), 0) + 1 FROM proposal",
        params![],
        |row| row.get(0),
    )?;
    tx.connection.execute(
        "INSERT INTO proposal (proposal, kind, subject, city, content, digest, reason, maker,
             proposed_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            number,
            row.kind,
            row.subject,
            row.city,
            row.content,
            row.digest,
            row.reason,
            row.maker,
            row.proposed_ms,
        ],
    )?;
    Ok(number)
}

/// One proposal.
pub fn proposal(read: &Read<'_>, proposal: i64) -> Result<Option<ProposalRow>, StoreError> {
    // store::proposals::proposal
    read.connection.row(
        &format!("{COLUMNS} WHERE proposal.proposal = ?1"),
        params![proposal],
        proposal_row,
    )
}

/// What became of a proposal, if anything has.
pub fn decision(read: &Read<'_>, proposal: i64) -> Result<Option<DecisionRow>, StoreError> {
    // store::proposals::decision
    read.connection.row(
        "SELECT proposal, digest, maker, checker, verdict, reason, decided_ms
         FROM proposal_decision WHERE proposal = ?1",
        params![proposal],
        |row| {
            Ok(DecisionRow {
                proposal: row.get(0)?,
                digest: row.get(1)?,
                maker: row.get(2)?,
                checker: row.get(3)?,
                verdict: row.get(4)?,
                reason: row.get(5)?,
                decided_ms: row.get(6)?,
            })
        },
    )
}

/// Proposals nobody has decided about, oldest first: of one city, or of all without one.
pub fn waiting(read: &Read<'_>, city: Option<&str>) -> Result<Vec<ProposalRow>, StoreError> {
    // store::proposals::waiting
    read.connection.rows(
        &format!(
            "{COLUMNS} WHERE NOT EXISTS (SELECT 1 FROM proposal_decision
                              WHERE proposal_decision.proposal = proposal.proposal)
               AND (CAST(?1 AS TEXT) IS NULL OR proposal.city = ?1)
             ORDER BY proposal.proposal"
        ),
        params![city],
        proposal_row,
    )
}

/// Every proposal of a kind, the oldest first.
pub fn of_kind(read: &Read<'_>, kind: &str) -> Result<Vec<ProposalRow>, StoreError> {
    // store::proposals::of_kind
    read.connection.rows(
        &format!("{COLUMNS} WHERE proposal.kind = ?1 ORDER BY proposal.proposal"),
        params![kind],
        proposal_row,
    )
}

/// The newest proposal of a kind about a subject that was approved.
pub fn approved(
    read: &Read<'_>,
    kind: &str,
    subject: &str,
) -> Result<Option<ProposalRow>, StoreError> {
    // store::proposals::approved
    read.connection.row(
        &format!(
            "{COLUMNS} JOIN proposal_decision
                 ON proposal_decision.proposal = proposal.proposal
                AND proposal_decision.verdict = 'approved'
             WHERE proposal.kind = ?1 AND proposal.subject = ?2
             ORDER BY proposal.proposal DESC LIMIT 1"
        ),
        params![kind, subject],
        proposal_row,
    )
}

/// The newest approved proposal of a kind about a subject whose hour has come by the clock that decides
/// before a newer one was approved, and the hour of the newest that still waits for its own.
pub fn shown(
    read: &Read<'_>,
    kind: &str,
    subject: &str,
    now_ms: i64,
) -> Result<(Option<ProposalRow>, Option<i64>), StoreError> {
    // store::proposals::shown
    let instant = read.connection.instant("?3");
    let shown = read.connection.row(
        &format!(
            "{COLUMNS} JOIN proposal_decision
                 ON proposal_decision.proposal = proposal.proposal
                AND proposal_decision.verdict = 'approved'
             LEFT JOIN page_hour ON page_hour.proposal = proposal.proposal
             WHERE proposal.kind = ?1 AND proposal.subject = ?2
               AND COALESCE(page_hour.publish_ms, 0) <= {instant} + 0 * CAST(?3 AS BIGINT)
               AND {NOT_REPLACED}
             ORDER BY proposal.proposal DESC LIMIT 1"
        ),
        params![kind, subject, now_ms],
        proposal_row,
    )?;
    let number = shown.as_ref().map_or(0, |row| row.proposal);
    let hour = read.connection.row(
        "SELECT page_hour.publish_ms FROM page_hour
         JOIN proposal ON proposal.proposal = page_hour.proposal
         JOIN proposal_decision ON proposal_decision.proposal = proposal.proposal
          AND proposal_decision.verdict = 'approved'
         WHERE proposal.kind = ?1 AND proposal.subject = ?2 AND proposal.proposal > ?3
         ORDER BY proposal.proposal DESC LIMIT 1",
        params![kind, subject, number],
        |row| row.get(0),
    )?;
    Ok((shown, hour))
}

/// Writes a decision; a second one about the same proposal is a duplicate.
pub fn decide(tx: &Tx<'_>, row: &DecisionRow) -> Result<(), StoreError> {
    // store::proposals::decide
    tx.connection.execute(
        "INSERT INTO proposal_decision (proposal, digest, maker, checker, verdict, reason,
             decided_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            row.proposal,
            row.digest,
            row.maker,
            row.checker,
            row.verdict,
            row.reason,
            row.decided_ms,
        ],
    )?;
    Ok(())
}

fn proposal_row(row: &Row<'_>) -> Result<ProposalRow, StoreError> {
    Ok(ProposalRow {
        proposal: row.get(0)?,
        kind: row.get(1)?,
        subject: row.get(2)?,
        city: row.get(3)?,
        content: row.get(4)?,
        digest: row.get(5)?,
        reason: row.get(6)?,
        maker: row.get(7)?,
        proposed_ms: row.get(8)?,
    })
}
