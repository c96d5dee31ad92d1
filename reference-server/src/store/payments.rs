//! Rows of payments, their events, the rails they go over and the ledger they move.

use std::{collections::BTreeMap, slice};

use super::{
    Read, StoreError, Tx,
    engine::{Given, Header, Kind, Row, params},
};

/// One attempt to pay one award.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentRow {
    /// The order number: made once, used for ever.
    pub bill_number: String,
    /// The award it pays.
    pub award: String,
    /// 1, 2 or 3.
    pub attempt_number: i64,
    /// The award's amount.
    pub amount_fen: i64,
    /// The rail it goes over, for ever.
    pub rail: String,
    /// The request as it first left, sealed; empty until then, and once its person is erased.
    pub request_sealed: String,
    /// What opens WeChat's confirm page, sealed; only while the person has to confirm.
    pub package_sealed: Option<String>,
    /// The state's name.
    pub state: String,
    /// When something is to be done next.
    pub due_ms: Option<i64>,
    /// The state machine's value, as JSON.
    pub machine: String,
    /// Counts the row's changes.
    pub version: i64,
}

/// What a step of the state machine changes in a payment's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentStep<'a> {
    /// The order number.
    pub bill_number: &'a str,
    /// The version the step was computed from.
    pub version_seen: i64,
    /// The state machine's value it was computed from, as JSON.
    ///
    /// A database that fails over may forget rows and count the same versions again.
    pub machine_seen: &'a str,
    /// The state before.
    pub state_before: &'a str,
    /// The state after.
    pub state_after: &'a str,
    /// When something is to be done next.
    pub due_ms: Option<i64>,
    /// The state machine's new value, as JSON.
    pub machine: &'a str,
    /// The request, sealed; kept by a row that has none yet.
    pub request_sealed: &'a str,
    /// What opens WeChat's confirm page from now on, sealed.
    pub package_sealed: Option<&'a str>,
    /// What happened, in the machine's word.
    pub event: &'a str,
    /// The raw answer it rests on.
    pub evidence: Option<&'a str>,
    /// When.
    pub at_ms: i64,
}

/// A movement between two accounts of a city.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransferRow<'a> {
    /// The city's slug.
    pub city: &'a str,
    /// The account that gives.
    pub debit: &'a str,
    /// The account that gets.
    pub credit: &'a str,
    /// The amount.
    pub amount_fen: i64,
    /// The payment it belongs to.
    pub bill_number: &'a str,
    /// When.
    pub at_ms: i64,
}

const NEW_PAYMENT: Header = &[
    ("bill_number", Kind::Text),
    ("award", Kind::Text),
    ("attempt_number", Kind::Integer),
    ("amount_fen", Kind::Integer),
    ("rail", Kind::Text),
    ("request_sealed", Kind::Text),
    ("state", Kind::Text),
    ("due_ms", Kind::Integer),
    ("machine", Kind::Text),
    ("version", Kind::Integer),
    ("changed_ms", Kind::Integer),
];

/// Writes a new payment.
pub fn insert(tx: &Tx<'_>, payment: &PaymentRow, now_ms: i64) -> Result<(), StoreError> {
    insert_all(tx, slice::from_ref(payment), &[now_ms])
}

/// Writes new payments, each with its instant.
///
/// A payment begins reserved, at version 0; its events begin with what happens to it then.
pub fn insert_all(tx: &Tx<'_>, payments: &[PaymentRow], at_ms: &[i64]) -> Result<(), StoreError> {
    // store::payments::insert_all
    let mut given = Given::new(NEW_PAYMENT, payments.len());
    for (payment, at_ms) in payments.iter().zip(at_ms) {
        given.add(params![
            payment.bill_number,
            payment.award,
            payment.attempt_number,
            payment.amount_fen,
            payment.rail,
            payment.request_sealed,
            payment.state,
            payment.due_ms,
            payment.machine,
            payment.version,
            *at_ms,
        ]);
    }
    tx.connection.insert("payment", &given)
}

const COLUMNS: &str = "SELECT payment.bill_number, payment.award, payment.attempt_number,
     payment.amount_fen, payment.rail, payment.request_sealed, payment.package_sealed,
     payment.state, payment.due_ms, payment.machine, payment.version FROM payment";

/// One payment.
pub fn payment(read: &Read<'_>, bill_number: &str) -> Result<Option<PaymentRow>, StoreError> {
    // store::payments::payment
    read.connection.row(
        &format!("{COLUMNS} WHERE bill_number = ?1"),
        params![bill_number],
        payment_row,
    )
}

/// Nothing is sent to a person whom an open incident of R4 to R7 names.
const NOT_FROZEN: &str = "NOT EXISTS (SELECT 1 FROM award
     JOIN incident ON incident.person = award.person
     WHERE award.award = payment.award AND incident.class IN ('R4', 'R5', 'R6', 'R7')
       AND NOT EXISTS (SELECT 1 FROM correction_approval
                       WHERE correction_approval.incident = incident.incident)
       AND NOT EXISTS (SELECT 1 FROM incident_settled
                       WHERE incident_settled.incident = incident.incident))";

/// Nothing is sent of a city whose payouts are paused.
const NOT_PAUSED: &str = "NOT EXISTS (SELECT 1 FROM award
     JOIN pause ON pause.city = award.city AND pause.subject = 'payouts'
       AND pause.ended_ms IS NULL
     WHERE award.award = payment.award)";

/// The payments in a state before sending, `reserved` or `deferred`, whose order may leave now.
///
/// Apart from [`due_questions`], so that a paused rail with a long queue does not keep
/// anybody from asking about orders that are out.
pub fn due_sendings(
    read: &Read<'_>,
    state: &str,
    now_ms: i64,
    n_rows_max: i64,
) -> Result<Vec<PaymentRow>, StoreError> {
    // store::payments::due_sendings
    read.connection.rows(
        &format!(
            "{COLUMNS} WHERE due_ms IS NOT NULL AND due_ms <= ?1 AND state = ?2
               AND {NOT_PAUSED} AND {NOT_FROZEN}
             ORDER BY due_ms, bill_number LIMIT ?3"
        ),
        params![now_ms, state, n_rows_max],
        payment_row,
    )
}

/// The payments whose order is out and is to be asked about now, the longest waiting first.
pub fn due_questions(
    read: &Read<'_>,
    now_ms: i64,
    n_rows_max: i64,
) -> Result<Vec<PaymentRow>, StoreError> {
    // store::payments::due_questions
    read.connection.rows(
        &format!(
            "{COLUMNS} WHERE due_ms IS NOT NULL AND due_ms <= ?1
               AND state NOT IN ('reserved', 'deferred')
             ORDER BY due_ms, bill_number LIMIT ?2"
        ),
        params![now_ms, n_rows_max],
        payment_row,
    )
}

/// A person's payments that wait in WeChat and were not touched since an instant.
pub fn awaiting_person(
    read: &Read<'_>,
    person: &str,
    untouched_since_ms: i64,
    n_rows_max: i64,
) -> Result<Vec<PaymentRow>, StoreError> {
    // store::payments::awaiting_person
    read.connection.rows(
        &format!(
            "{COLUMNS} JOIN award ON award.award = payment.award
             WHERE award.person = ?1 AND payment.state = 'sent' AND payment.changed_ms <= ?2
             ORDER BY award.decided_ms DESC LIMIT ?3"
        ),
        params![person, untouched_since_ms, n_rows_max],
        payment_row,
    )
}

/// A payment that may have stopped, with what its award says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoppedRow {
    /// The payment.
    pub payment: PaymentRow,
    /// The award's city.
    pub city: String,
    /// When it was awarded.
    pub decided_ms: i64,
    /// When the payment changed last.
    pub changed_ms: i64,
}

/// Payments whose outcome is not known, that are held, or that died, of cities whose books are open; the oldest award first.
pub fn stopped(read: &Read<'_>) -> Result<Vec<StoppedRow>, StoreError> {
    // store::payments::stopped
    let columns = COLUMNS.replace(
        " FROM payment",
        ", award.city, award.decided_ms, payment.changed_ms FROM payment",
    );
    read.connection.rows(
        &format!(
            "{columns} JOIN award ON award.award = payment.award
             WHERE payment.state IN ('unknown', 'held', 'dead')
               AND NOT EXISTS (SELECT 1 FROM books_seal WHERE books_seal.city = award.city)
             ORDER BY award.decided_ms, payment.amount_fen DESC, payment.bill_number"
        ),
        params![],
        |row| {
            Ok(StoppedRow {
                payment: payment_row(row)?,
                city: row.get(11)?,
                decided_ms: row.get(12)?,
                changed_ms: row.get(13)?,
            })
        },
    )
}

/// When the next payment is due.
pub fn next_due_ms(read: &Read<'_>) -> Result<Option<i64>, StoreError> {
    // store::payments::next_due_ms
    read.connection.one(
        "SELECT MIN(due_ms) FROM payment WHERE due_ms IS NOT NULL",
        params![],
        |row| row.get(0),
    )
}

/// How many other numbers of a person were handed to the rail since the day began, and how many since the second began.
pub fn n_others_sent(
    read: &Read<'_>,
    person: &str,
    bill_number: &str,
    day_ms: i64,
    second_ms: i64,
) -> Result<(i64, i64), StoreError> {
    // store::payments::n_others_sent
    read.connection.one(
        "SELECT COUNT(DISTINCT payment_event.bill_number),
                COUNT(DISTINCT CASE WHEN payment_event.at_ms >= ?4
                               THEN payment_event.bill_number END)
         FROM payment_event
         JOIN payment ON payment.bill_number = payment_event.bill_number
         JOIN award ON award.award = payment.award
         WHERE award.person = ?1 AND payment_event.bill_number <> ?2
           AND payment_event.at_ms >= ?3 AND payment_event.state_after = 'in_flight'",
        params![person, bill_number, day_ms, second_ms],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// The person an award belongs to.
pub fn person_of_award(read: &Read<'_>, award: &str) -> Result<(String, String), StoreError> {
    // store::payments::person_of_award
    read.connection.one(
        "SELECT person, city FROM award WHERE award = ?1",
        params![award],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// Writes a step and its event; `false` when the row has moved on since it was read.
pub fn advance(tx: &Tx<'_>, step: &PaymentStep<'_>) -> Result<bool, StoreError> {
    // store::payments::advance
    let n_rows = tx.connection.execute(
        "UPDATE payment SET state = ?3, due_ms = ?4, machine = ?5, version = version + 1,
             changed_ms = ?6, package_sealed = ?7,
             request_sealed = CASE WHEN request_sealed = '' THEN ?8 ELSE request_sealed END
         WHERE bill_number = ?1 AND version = ?2 AND machine = ?9",
        params![
            step.bill_number,
            step.version_seen,
            step.state_after,
            step.due_ms,
            step.machine,
            step.at_ms,
            step.package_sealed,
            step.request_sealed,
            step.machine_seen,
        ],
    )?;
    if n_rows == 0 {
        return Ok(false);
    }
    tx.connection.execute(
        "INSERT INTO payment_event (bill_number, version, at_ms, event, evidence,
             state_before, state_after)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            step.bill_number,
            step.version_seen.saturating_add(1),
            step.at_ms,
            step.event,
            step.evidence,
            step.state_before,
            step.state_after,
        ],
    )?;
    Ok(true)
}

/// How many payments are neither received, refunded nor dead.
pub fn n_open(read: &Read<'_>) -> Result<i64, StoreError> {
    // store::payments::n_open
    read.connection.one(
        "SELECT COUNT(*) FROM payment WHERE state NOT IN ('received', 'refunded', 'dead')",
        params![],
        |row| row.get(0),
    )
}

/// When a payment changed last.
pub fn last_change_ms(read: &Read<'_>) -> Result<Option<i64>, StoreError> {
    // store::payments::last_change_ms
    read.connection
        .one("SELECT MAX(changed_ms) FROM payment", params![], |row| {
            row.get(0)
        })
}

/// Empties the requests of an erased person's settled payments: they name the payee.
pub fn empty_requests(tx: &Tx<'_>, person: &str) -> Result<(), StoreError> {
    // store::payments::empty_requests
    tx.connection.execute(
        "UPDATE payment SET request_sealed = ''
         WHERE state IN ('received', 'refunded', 'dead') AND request_sealed <> ''
           AND award IN (SELECT award FROM award WHERE person = ?1)",
        params![person],
    )?;
    Ok(())
}

const NEW_TRANSFER: Header = &[
    ("city", Kind::Text),
    ("number", Kind::Integer),
    ("debit", Kind::Text),
    ("credit", Kind::Text),
    ("amount_fen", Kind::Integer),
    ("bill_number", Kind::Text),
    ("at_ms", Kind::Integer),
];

/// Writes a transfer under the city's next number.
pub fn insert_transfer(tx: &Tx<'_>, transfer: &TransferRow<'_>) -> Result<(), StoreError> {
    insert_transfers(tx, slice::from_ref(transfer))
}

/// Writes transfers in their order, each under its city's next number.
pub fn insert_transfers(tx: &Tx<'_>, transfers: &[TransferRow<'_>]) -> Result<(), StoreError> {
    // store::payments::insert_transfers
    let mut latest: BTreeMap<&str, i64> = BTreeMap::new();
    let mut numbers = Vec::with_capacity(transfers.len());
    for transfer in transfers {
        let number = match latest.get(transfer.city) {
            Some(number) => *number,
            None => tx.connection.one(
                "SELECT COALESCE(MAX(number), 0) FROM transfer WHERE city = ?1",
                params![transfer.city],
                |row| row.get(0),
            )?,
        };
        let number = number.saturating_add(1);
        latest.insert(transfer.city, number);
        numbers.push(number);
    }
    let mut given = Given::new(NEW_TRANSFER, transfers.len());
    for (transfer, number) in transfers.iter().zip(&numbers) {
        given.add(params![
            transfer.city,
            *number,
            transfer.debit,
            transfer.credit,
            transfer.amount_fen,
            transfer.bill_number,
            transfer.at_ms,
        ]);
    }
    tx.connection.insert("transfer", &given)
}

/// A rail as every instance sees it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RailRow {
    /// Why it is paused, if it is.
    pub paused_reason: Option<String>,
    /// Until when it is paused; without end when absent.
    pub paused_until_ms: Option<i64>,
    /// The second, since 1970, in which an order left last.
    pub sending_second: i64,
    /// How many left in that second.
    pub n_in_second: i64,
}

/// A rail; as if nothing had happened on it while it has no row.
pub fn rail(read: &Read<'_>, rail: &str) -> Result<RailRow, StoreError> {
    // store::payments::rail
    let row = read.connection.row(
        "SELECT paused_reason, paused_until_ms, sending_second, n_in_second FROM rail
         WHERE rail = ?1",
        params![rail],
        |row| {
            Ok(RailRow {
                paused_reason: row.get(0)?,
                paused_until_ms: row.get(1)?,
                sending_second: row.get(2)?,
                n_in_second: row.get(3)?,
            })
        },
    )?;
    Ok(row.unwrap_or_default())
}

/// Takes one of the sendings of a second, over all instances; `false` when they are used up.
pub fn take_sending(
    tx: &Tx<'_>,
    rail: &str,
    second: i64,
    n_max: u32,
    now_ms: i64,
) -> Result<bool, StoreError> {
    // store::payments::take_sending
    let n_rows = tx.connection.execute(
        "INSERT INTO rail (rail, changed_ms, sending_second, n_in_second) VALUES (?1, ?4, ?2, 1)
         ON CONFLICT (rail) DO UPDATE SET
             n_in_second = CASE WHEN rail.sending_second = excluded.sending_second
                                THEN rail.n_in_second + 1 ELSE 1 END,
             sending_second = excluded.sending_second
         WHERE rail.sending_second <> excluded.sending_second OR rail.n_in_second < ?3",
        params![rail, second, i64::from(n_max), now_ms],
    )?;
    Ok(n_rows > 0)
}

/// Pauses a rail with a reason, or resumes it.
pub fn set_rail_pause(
    tx: &Tx<'_>,
    rail: &str,
    reason: Option<&str>,
    until_ms: Option<i64>,
    now_ms: i64,
) -> Result<(), StoreError> {
    // store::payments::set_rail_pause
    tx.connection.execute(
        "INSERT INTO rail (rail, paused_reason, paused_until_ms, changed_ms)
         VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (rail) DO UPDATE SET paused_reason = excluded.paused_reason,
             paused_until_ms = excluded.paused_until_ms, changed_ms = excluded.changed_ms",
        params![rail, reason, until_ms, now_ms],
    )?;
    Ok(())
}

/// Pauses a rail for a fault until an instant, unless a person has paused it for longer.
pub fn pause_rail_for_fault(
    tx: &Tx<'_>,
    rail: &str,
    reason: &str,
    until_ms: i64,
    now_ms: i64,
) -> Result<(), StoreError> {
    // store::payments::pause_rail_for_fault
    tx.connection.execute(
        "INSERT INTO rail (rail, paused_reason, paused_until_ms, changed_ms)
         VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (rail) DO UPDATE SET paused_reason = excluded.paused_reason,
             paused_until_ms = excluded.paused_until_ms, changed_ms = excluded.changed_ms
         WHERE rail.paused_reason IS NULL OR rail.paused_until_ms IS NOT NULL",
        params![rail, reason, until_ms, now_ms],
    )?;
    Ok(())
}

fn payment_row(row: &Row<'_>) -> Result<PaymentRow, StoreError> {
    Ok(PaymentRow {
        bill_number: row.get(0)?,
        award: row.get(1)?,
        attempt_number: row.get(2)?,
        amount_fen: row.get(3)?,
        rail: row.get(4)?,
        request_sealed: row.get(5)?,
        package_sealed: row.get(6)?,
        state: row.get(7)?,
        due_ms: row.get(8)?,
        machine: row.get(9)?,
        version: row.get(10)?,
    })
}
