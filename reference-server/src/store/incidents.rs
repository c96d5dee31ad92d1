//! Rows of incidents, of what settled them, and of corrections by two persons.

use super::{
    Read, StoreError, Tx,
    engine::{Row, params},
};

/// Something a person has to explain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncidentRow {
    /// Its number, from 1.
    pub incident: i64,
    /// `R3` to `R7`, or `held`.
    pub class: String,
    /// The order number it is about.
    pub bill_number: String,
    /// Which incident of this class and number, from 1.
    pub occurrence: i64,
    /// The city of the award, if there is one.
    pub city: Option<String>,
    /// The person of the award, if there is one.
    pub person: Option<String>,
    /// Shanghai day number of the bill, or of the payment when no bill has it.
    pub day: i64,
    /// What our books say is out.
    pub ours_fen: i64,
    /// What the bills say is out.
    pub bill_fen: i64,
    /// What was seen.
    pub evidence: String,
    /// When it was opened.
    pub opened_ms: i64,
    /// Who looks after it.
    pub owner: Option<String>,
    /// How it ended, if it has.
    pub ended: Option<Ended>,
}

/// How an incident ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// A later bill, or the end of the payment, settled it.
    Settled,
    /// Two persons explained or corrected it.
    Explained,
}

/// What one person proposes about an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorrectionRow {
    /// Its number, from 1.
    pub correction: i64,
    /// The incident.
    pub incident: i64,
    /// `explained`, `transfer`, or where a held payment goes.
    pub action: String,
    /// The transfer it asks for.
    pub transfer: Option<CorrectionTransfer>,
    /// Why.
    pub reason: String,
    /// What it rests on.
    pub evidence: String,
    /// Who proposes.
    pub maker: String,
    /// When.
    pub proposed_ms: i64,
}

/// The transfer that a correction asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorrectionTransfer {
    /// The city whose ledger it is.
    pub city: String,
    /// The account that gives.
    pub debit: String,
    /// The account that gets.
    pub credit: String,
    /// How much.
    pub amount_fen: i64,
}

/// The approval of a correction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApprovalRow<'a> {
    /// The correction.
    pub correction: i64,
    /// Its incident.
    pub incident: i64,
    /// Who proposed it.
    pub maker: &'a str,
    /// Who approves it.
    pub checker: &'a str,
    /// City and number of the transfer it makes, if it makes one.
    pub transfer: Option<(&'a str, i64)>,
    /// When.
    pub approved_ms: i64,
}

const COLUMNS: &str = "SELECT incident.incident, incident.class, incident.bill_number,
     incident.occurrence, incident.city, incident.person, incident.day, incident.ours_fen,
     incident.bill_fen, incident.evidence, incident.opened_ms, incident.owner,
     CASE WHEN correction_approval.incident IS NOT NULL THEN 2
          WHEN incident_settled.incident IS NOT NULL THEN 1 ELSE 0 END
     FROM incident
     LEFT JOIN correction_approval ON correction_approval.incident = incident.incident
     LEFT JOIN incident_settled ON incident_settled.incident = incident.incident";

/// Every incident, in order.
pub fn incidents(read: &Read<'_>) -> Result<Vec<IncidentRow>, StoreError> {
    // store::incidents::incidents
    read.connection.rows(
        &format!("{COLUMNS} ORDER BY incident.incident"),
        params![],
        incident_row,
    )
}

/// One incident.
pub fn incident(read: &Read<'_>, incident: i64) -> Result<Option<IncidentRow>, StoreError> {
    // store::incidents::incident
    read.connection.row(
        &format!("{COLUMNS} WHERE incident.incident = ?1"),
        params![incident],
        incident_row,
    )
}

/// Every incident about an order number, in order.
pub fn about(read: &Read<'_>, bill_number: &str) -> Result<Vec<IncidentRow>, StoreError> {
    // store::incidents::about
    read.connection.rows(
        &format!(
            "{COLUMNS} WHERE incident.class IN ('R3', 'R4', 'R5', 'R6', 'R7', 'held')
               AND incident.bill_number = ?1 ORDER BY incident.incident"
        ),
        params![bill_number],
        incident_row,
    )
}

/// The latest incident of a class about an order number.
pub fn latest(
    read: &Read<'_>,
    class: &str,
    bill_number: &str,
) -> Result<Option<IncidentRow>, StoreError> {
    // store::incidents::latest
    read.connection.row(
        &format!(
            "{COLUMNS} WHERE incident.class = ?1 AND incident.bill_number = ?2
             ORDER BY incident.occurrence DESC LIMIT 1"
        ),
        params![class, bill_number],
        incident_row,
    )
}

/// Opens an incident under the next number, which is returned; its number in the row is not looked at.
pub fn open(tx: &Tx<'_>, row: &IncidentRow) -> Result<i64, StoreError> {
    // store::incidents::open
    let number: i64 = tx.connection.one(
        "SELECT COALESCE(MAX(incident), 0) + 1 FROM incident",
        params![],
        |row| row.get(0),
    )?;
    tx.connection.execute(
        "INSERT INTO incident (incident, class, bill_number, occurrence, city, person, day,
             ours_fen, bill_fen, evidence, opened_ms, owner)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        params![
            number,
            row.class,
            row.bill_number,
            row.occurrence,
            row.city,
            row.person,
            row.day,
            row.ours_fen,
            row.bill_fen,
            row.evidence,
            row.opened_ms,
            row.owner,
        ],
    )?;
    Ok(number)
}

/// Gives an incident to somebody; how many there were.
pub fn set_owner(tx: &Tx<'_>, incident: i64, owner: &str) -> Result<usize, StoreError> {
    // store::incidents::set_owner
    tx.connection.execute(
        "UPDATE incident SET owner = ?2 WHERE incident = ?1",
        params![incident, owner],
    )
}

/// Notes that an incident has settled itself.
pub fn settle(
    tx: &Tx<'_>,
    incident: i64,
    evidence: &str,
    settled_ms: i64,
) -> Result<(), StoreError> {
    // store::incidents::settle
    tx.connection.execute(
        "INSERT INTO incident_settled (incident, evidence, settled_ms) VALUES (?1, ?2, ?3)",
        params![incident, evidence, settled_ms],
    )?;
    Ok(())
}

/// Writes a proposal under the next number, which is returned; its number in the row is not looked at.
pub fn propose(tx: &Tx<'_>, row: &CorrectionRow) -> Result<i64, StoreError> {
    // store::incidents::propose
    let number: i64 = tx.connection.one(
        "SELECT COALESCE(MAX(correction), 0) + 1 FROM correction",
        params![],
        |row| row.get(0),
    )?;
    let transfer = row.transfer.as_ref();
    tx.connection.execute(
        "INSERT INTO correction (correction, incident, action, city, debit, credit, amount_fen,
             reason, evidence, maker, proposed_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        params![
            number,
            row.incident,
            row.action,
            transfer.map(|transfer| &transfer.city),
            transfer.map(|transfer| &transfer.debit),
            transfer.map(|transfer| &transfer.credit),
            transfer.map(|transfer| transfer.amount_fen),
            row.reason,
            row.evidence,
            row.maker,
            row.proposed_ms,
        ],
    )?;
    Ok(number)
}

/// One proposal.
pub fn correction(read: &Read<'_>, correction: i64) -> Result<Option<CorrectionRow>, StoreError> {
    // store::incidents::correction
    read.connection.row(
        "SELECT correction, incident, action, city, debit, credit, amount_fen, reason, evidence,
                maker, proposed_ms
         FROM correction WHERE correction = ?1",
        params![correction],
        correction_row,
    )
}

/// Proposals that nobody has decided about and no bill has settled.
const WAITING: &str = "FROM correction
         WHERE NOT EXISTS (SELECT 1 FROM correction_approval
                           WHERE correction_approval.incident = correction.incident)
           AND NOT EXISTS (SELECT 1 FROM incident_settled
                           WHERE incident_settled.incident = correction.incident)
           AND NOT EXISTS (SELECT 1 FROM correction_refusal
                           WHERE correction_refusal.correction = correction.correction)";

/// Every proposal that waits for another person, in order.
pub fn waiting_corrections(read: &Read<'_>) -> Result<Vec<CorrectionRow>, StoreError> {
    // store::incidents::waiting_corrections
    read.connection.rows(
        &format!(
            "SELECT correction.correction, correction.incident, action, correction.city, debit,
                    credit, amount_fen, reason, correction.evidence, maker, proposed_ms
             {WAITING} ORDER BY correction.correction"
        ),
        params![],
        correction_row,
    )
}

/// The incidents that the waiting proposals are about.
pub fn with_waiting_correction(read: &Read<'_>) -> Result<Vec<IncidentRow>, StoreError> {
    // store::incidents::with_waiting_correction
    read.connection.rows(
        &format!(
            "{COLUMNS} WHERE incident.incident IN (SELECT correction.incident {WAITING})
             ORDER BY incident.incident"
        ),
        params![],
        incident_row,
    )
}

/// Writes an approval.
pub fn approve(tx: &Tx<'_>, row: &ApprovalRow<'_>) -> Result<(), StoreError> {
    // store::incidents::approve
    tx.connection.execute(
        "INSERT INTO correction_approval (correction, incident, maker, checker, city,
             transfer_number, approved_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            row.correction,
            row.incident,
            row.maker,
            row.checker,
            row.transfer.map(|(city, _number)| city),
            row.transfer.map(|(_city, number)| number),
            row.approved_ms,
        ],
    )?;
    Ok(())
}

/// How two persons ended an incident, if they did: the correction, who approved it and when.
pub fn approved(
    read: &Read<'_>,
    incident: i64,
) -> Result<Option<(CorrectionRow, String, i64)>, StoreError> {
    // store::incidents::approved
    read.connection.row(
        "SELECT correction.correction, correction.incident, action, correction.city, debit, credit,
                amount_fen, reason, correction.evidence, correction.maker, proposed_ms,
                correction_approval.checker, correction_approval.approved_ms
         FROM correction_approval
         JOIN correction ON correction.correction = correction_approval.correction
         WHERE correction_approval.incident = ?1",
        params![incident],
        |row| Ok((correction_row(row)?, row.get(11)?, row.get(12)?)),
    )
}

/// Whether a proposal was rejected or taken back.
pub fn is_refused(read: &Read<'_>, correction: i64) -> Result<bool, StoreError> {
    // store::incidents::is_refused
    let n: i64 = read.connection.one(
        "SELECT COUNT(*) FROM correction_refusal WHERE correction = ?1",
        params![correction],
        |row| row.get(0),
    )?;
    Ok(n > 0)
}

/// Writes that a proposal is rejected or taken back.
pub fn refuse(
    tx: &Tx<'_>,
    row: &CorrectionRow,
    refused_by: &str,
    reason: &str,
    refused_ms: i64,
) -> Result<(), StoreError> {
    // store::incidents::refuse
    tx.connection.execute(
        "INSERT INTO correction_refusal (correction, incident, maker, refused_by, reason, refused_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            row.correction,
            row.incident,
            row.maker,
            refused_by,
            reason,
            refused_ms
        ],
    )?;
    Ok(())
}

/// Every open incident by class, how many.
pub fn open_by_class(read: &Read<'_>) -> Result<Vec<(String, i64)>, StoreError> {
    // store::incidents::open_by_class
    read.connection.rows(
        "SELECT class, COUNT(*) FROM incident
         WHERE NOT EXISTS (SELECT 1 FROM correction_approval
                           WHERE correction_approval.incident = incident.incident)
           AND NOT EXISTS (SELECT 1 FROM incident_settled
                           WHERE incident_settled.incident = incident.incident)
         GROUP BY class ORDER BY class",
        params![],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

fn incident_row(row: &Row<'_>) -> Result<IncidentRow, StoreError> {
    let ended: i64 = row.get(12)?;
    Ok(IncidentRow {
        incident: row.get(0)?,
        class: row.get(1)?,
        bill_number: row.get(2)?,
        occurrence: row.get(3)?,
        city: row.get(4)?,
        person: row.get(5)?,
        day: row.get(6)?,
        ours_fen: row.get(7)?,
        bill_fen: row.get(8)?,
        evidence: row.get(9)?,
        opened_ms: row.get(10)?,
        owner: row.get(11)?,
        ended: match ended {
            0 => None,
            1 => Some(Ended::Settled),
            _ => Some(Ended::Explained),
        },
    })
}

fn correction_row(row: &Row<'_>) -> Result<CorrectionRow, StoreError> {
    let city: Option<String> = row.get(3)?;
    let (debit, credit): (Option<String>, Option<String>) = (row.get(4)?, row.get(5)?);
    let amount_fen: Option<i64> = row.get(6)?;
    let transfer = match (city, debit, credit, amount_fen) {
        (Some(city), Some(debit), Some(credit), Some(amount_fen)) => Some(CorrectionTransfer {
            city,
            debit,
            credit,
            amount_fen,
        }),
        _ => None,
    };
    Ok(CorrectionRow {
        correction: row.get(0)?,
        incident: row.get(1)?,
        action: row.get(2)?,
        transfer,
        reason: row.get(7)?,
        evidence: row.get(8)?,
        maker: row.get(9)?,
        proposed_ms: row.get(10)?,
    })
}
