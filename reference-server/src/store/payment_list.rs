//! Payments as people look at them: lists of a city, one with its whole timeline, how many stopped.

use super::{
    Read, StoreError,
    engine::{Row, params},
};

/// A payment and the award it pays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedRow {
    /// The order number.
    pub bill_number: String,
    /// The award it pays.
    pub award: String,
    /// Whose award it is.
    pub person: String,
    /// The award's city.
    pub city: String,
    /// The award's Shanghai day number.
    pub day: i64,
    /// What that day had awarded with it; the order of awards within a day.
    pub day_total_fen: i64,
    /// The amount.
    pub amount_fen: i64,
    /// Which number of the award it is, from 1.
    pub attempt_number: i64,
    /// The rail it goes over.
    pub rail: String,
    /// The state's name.
    pub state: String,
    /// When it was awarded.
    pub decided_ms: i64,
    /// When the payment changed last.
    pub changed_ms: i64,
    /// When something is to be done next.
    pub due_ms: Option<i64>,
}

/// Which payments of a city are looked for; empty texts look for nothing in particular.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Search<'a> {
    /// The city's slug.
    pub city: &'a str,
    /// A state's name.
    pub state: &'a str,
    /// A rail's name.
    pub rail: &'a str,
    /// The Shanghai day of the award.
    pub day: Option<i64>,
    /// Only what was awarded before this day and running total.
    pub before: (i64, i64),
    /// The most to find.
    pub n_max: i64,
}

/// One event of a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow {
    /// The version it made.
    pub version: i64,
    /// When.
    pub at_ms: i64,
    /// What happened, in the machine's word.
    pub event: String,
    /// What it rests on.
    pub evidence: Option<String>,
    /// The state before.
    pub state_before: String,
    /// The state after.
    pub state_after: String,
}

const COLUMNS: &str =
    "SELECT payment.bill_number, payment.award, award.person, award.city, award.day,
     COALESCE(award.day_total_fen, 0), payment.amount_fen, payment.attempt_number, payment.rail,
     payment.state, award.decided_ms, payment.changed_ms, payment.due_ms
     FROM award JOIN payment ON payment.award = award.award";

/// Payments of a city that fit, the latest award first.
///
/// Cost: at most the city's awards, by index.
pub fn search(read: &Read<'_>, wanted: &Search<'_>) -> Result<Vec<ListedRow>, StoreError> {
    // store::payment_list::search
    let (before_day, before_total_fen) = wanted.before;
    read.connection.rows(
        &format!(
            "{COLUMNS} WHERE award.city = ?1
               AND (CAST(?2 AS BIGINT) IS NULL OR award.day = ?2)
               AND (award.day < ?3 OR (award.day = ?3 AND award.day_total_fen < ?4))
               AND (?5 = '' OR payment.state = ?5) AND (?6 = '' OR payment.rail = ?6)
             ORDER BY award.day DESC, award.day_total_fen DESC, payment.attempt_number DESC LIMIT ?7"
        ),
        params![
            wanted.city,
            wanted.day,
            before_day,
            before_total_fen,
            wanted.state,
            wanted.rail,
            wanted.n_max,
        ],
        listed_row,
    )
}

/// Every number of the award that a number pays, in order.
pub fn of_award(read: &Read<'_>, bill_number: &str) -> Result<Vec<ListedRow>, StoreError> {
    // store::payment_list::of_award
    read.connection.rows(
        &format!(
            "{COLUMNS} WHERE award.award = (SELECT award FROM payment WHERE bill_number = ?1)
             ORDER BY payment.attempt_number"
        ),
        params![bill_number],
        listed_row,
    )
}

/// Everything that happened to a payment, in order.
pub fn events(read: &Read<'_>, bill_number: &str) -> Result<Vec<EventRow>, StoreError> {
    // store::payment_list::events
    read.connection.rows(
        "SELECT version, at_ms, event, evidence, state_before, state_after FROM payment_event
         WHERE bill_number = ?1 ORDER BY version",
        params![bill_number],
        |row| {
            Ok(EventRow {
                version: row.get(0)?,
                at_ms: row.get(1)?,
                event: row.get(2)?,
                evidence: row.get(3)?,
                state_before: row.get(4)?,
                state_after: row.get(5)?,
            })
        },
    )
}

/// How many payments are held.
///
/// Cost: the payments that stopped, by index.
pub fn n_held(read: &Read<'_>) -> Result<i64, StoreError> {
    // store::payment_list::n_held
    read.connection.one(
        "SELECT COUNT(*) FROM payment
         WHERE state IN ('unknown', 'held', 'dead') AND state = 'held'",
        params![],
        |row| row.get(0),
    )
}

fn listed_row(row: &Row<'_>) -> Result<ListedRow, StoreError> {
    Ok(ListedRow {
        bill_number: row.get(0)?,
        award: row.get(1)?,
        person: row.get(2)?,
        city: row.get(3)?,
        day: row.get(4)?,
        day_total_fen: row.get(5)?,
        amount_fen: row.get(6)?,
        attempt_number: row.get(7)?,
        rail: row.get(8)?,
        state: row.get(9)?,
        decided_ms: row.get(10)?,
        changed_ms: row.get(11)?,
        due_ms: row.get(12)?,
    })
}
