//! Rows of awards, and the counters an award moves.

use super::{
    Read, StoreError, Tx,
    engine::{Given, Header, Kind, Row, params},
};

/// An award: one chance and one passing attempt became one packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwardRow {
    /// The award's content-derived number.
    pub award: String,
    /// Who gets it.
    pub person: String,
    /// The city's slug.
    pub city: String,
    /// The city's window, repeated.
    pub opens_ms: i64,
    /// The city's window, repeated.
    pub closes_ms: i64,
    /// `base` or `referral`.
    pub kind: &'static str,
    /// What "once" is counted in: the season's or the city's name.
    pub scope: String,
    /// The friend behind a referral chance.
    pub friend: Option<String>,
    /// The passing attempt it used.
    pub attempt: String,
    /// Whether the attempt gained its pass by a correction.
    pub gained: bool,
    /// Shanghai day number of the decision.
    pub day: i64,
    /// `plain` or `top`.
    pub deck: String,
    /// 0-based rank in the deck.
    pub sequence: i64,
    /// The amount.
    pub amount_fen: i64,
    /// What its day has awarded, this award included.
    pub day_total_fen: i64,
    /// The decision instant.
    pub decided_ms: i64,
    /// The caller's own key of this request.
    pub request_key: Option<String>,
}

/// An award with the state of its latest payment, as a person sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PacketView {
    /// The award's number.
    pub award: String,
    /// The city's slug.
    pub city: String,
    /// `base` or `referral`.
    pub kind: String,
    /// The friend behind a referral chance.
    pub friend: Option<String>,
    /// The passing attempt it used.
    pub attempt: String,
    /// The amount.
    pub amount_fen: i64,
    /// The decision instant.
    pub decided_ms: i64,
    /// The payment's order number.
    pub bill_number: String,
    /// The payment's state.
    pub state: String,
    /// The payment's state machine, as JSON.
    pub machine: String,
    /// The rail the payment goes over.
    pub rail: String,
    /// What opens WeChat's confirm page, sealed; only while the person has to confirm.
    pub package_sealed: Option<String>,
    /// When the payment is looked at next; none once it has ended.
    pub due_ms: Option<i64>,
    /// The sentence people read while the city's payouts are paused.
    pub payouts_paused: Option<String>,
}

/// A referral chance of a person that no award has used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferralChance {
    /// The friend who followed.
    pub friend: String,
    /// The city in which the chance can be used.
    pub city: String,
    /// When it was credited.
    pub credited_ms: i64,
    /// Whether an award has used it.
    pub used: bool,
}

/// What awards take out of their day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayMove<'a> {
    /// The city's slug.
    pub city: &'a str,
    /// Shanghai day number.
    pub day: i64,
    /// The deck in play.
    pub deck: &'a str,
    /// How many packets are taken.
    pub n_packets: i64,
    /// What they add up to.
    pub amount_fen: i64,
    /// Whether the top packet is among them.
    pub takes_top: bool,
    /// How many packets were taken before; the move fails when others came between.
    pub taken_before: i64,
}

/// Counts packets in their city, then in their day, under both ceilings; `false` when they do not fit.
pub fn raise_counters(tx: &Tx<'_>, step: &DayMove<'_>) -> Result<bool, StoreError> {
    // store::awards::raise_counters
    let n_cities = tx.connection.execute(
        "UPDATE city
         SET used_fen = used_fen + ?2,
             top_awarded = CASE WHEN ?3 = 1 THEN 1 ELSE top_awarded END
         WHERE city = ?1 AND used_fen + ?2 <= pool_fen",
        params![step.city, step.amount_fen, step.takes_top],
    )?;
    let n_days = tx.connection.execute(
        "UPDATE budget_day
         SET used_fen = used_fen + ?3, taken = taken + ?7, deck = ?4,
             top_taken = CASE WHEN ?5 = 1 THEN 1 ELSE top_taken END
         WHERE city = ?1 AND day = ?2 AND taken = ?6 AND used_fen + ?3 <= cap_fen
           AND (deck IS NULL OR deck = ?4)",
        params![
            step.city,
            step.day,
            step.amount_fen,
            step.deck,
            step.takes_top,
            step.taken_before,
            step.n_packets,
        ],
    )?;
    Ok(n_days == 1 && n_cities == 1)
}

const NEW_AWARD: Header = &[
    ("award", Kind::Text),
    ("person", Kind::Text),
    ("city", Kind::Text),
    ("opens_ms", Kind::Integer),
    ("closes_ms", Kind::Integer),
    ("kind", Kind::Text),
    ("scope", Kind::Text),
    ("friend", Kind::Text),
    ("attempt", Kind::Text),
    ("passed", Kind::Integer),
    ("gained", Kind::Integer),
    ("day", Kind::Integer),
    ("deck", Kind::Text),
    ("sequence", Kind::Integer),
    ("amount_fen", Kind::Integer),
    ("day_total_fen", Kind::Integer),
    ("decided_ms", Kind::Integer),
    ("request_key", Kind::Text),
];

/// Writes awards in their order; their counters must have been raised before.
pub fn insert_all(tx: &Tx<'_>, awards: &[AwardRow]) -> Result<(), StoreError> {
    // store::awards::insert_all
    let mut given = Given::new(NEW_AWARD, awards.len());
    // Which of the two stands there says what the award refers to.
    let marks: Vec<_> = awards
        .iter()
        .map(|award| {
            let mark = |stands: bool| stands.then_some(true);
            (mark(!award.gained), mark(award.gained))
        })
        .collect();
    for (award, (passed, gained)) in awards.iter().zip(&marks) {
        given.add(params![
            award.award,
            award.person,
            award.city,
            award.opens_ms,
            award.closes_ms,
            award.kind,
            award.scope,
            award.friend,
            award.attempt,
            *passed,
            *gained,
            award.day,
            award.deck,
            award.sequence,
            award.amount_fen,
            award.day_total_fen,
            award.decided_ms,
            award.request_key,
        ]);
    }
    tx.connection.insert("award", &given)
}

const VIEW: &str = "SELECT award.award, award.city, award.kind, award.attempt, award.amount_fen,
     award.decided_ms, payment.bill_number, payment.state, payment.machine, award.friend,
     payment.rail, payment.package_sealed, payment.due_ms,
     (SELECT sentence FROM pause WHERE pause.city = award.city AND pause.subject = 'payouts'
        AND pause.ended_ms IS NULL)
     FROM award JOIN payment ON payment.award = award.award
       AND payment.attempt_number =
           (SELECT MAX(attempt_number) FROM payment AS later WHERE later.award = award.award)";

/// The award that used an attempt, if one did.
pub fn of_attempt(
    read: &Read<'_>,
    person: &str,
    attempt: &str,
) -> Result<Option<PacketView>, StoreError> {
    // store::awards::of_attempt
    read.connection.row(
        &format!("{VIEW} WHERE award.person = ?1 AND award.attempt = ?2"),
        params![person, attempt],
        view_row,
    )
}

/// One award of a person.
pub fn award(read: &Read<'_>, person: &str, award: &str) -> Result<Option<PacketView>, StoreError> {
    // store::awards::award
    read.connection.row(
        &format!("{VIEW} WHERE award.person = ?1 AND award.award = ?2"),
        params![person, award],
        view_row,
    )
}

/// A person's awards, newest first.
pub fn of_person(read: &Read<'_>, person: &str) -> Result<Vec<PacketView>, StoreError> {
    // store::awards::of_person
    read.connection.rows(
        &format!("{VIEW} WHERE award.person = ?1 ORDER BY award.decided_ms DESC, award.award"),
        params![person],
        view_row,
    )
}

/// One line of a city's public log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRow {
    /// Who got it.
    pub person: String,
    /// `plain` or `top`.
    pub deck: String,
    /// 0-based rank in the deck.
    pub sequence: i64,
    /// The amount.
    pub amount_fen: i64,
    /// The decision instant.
    pub decided_ms: i64,
}

/// The awards a city decided before an instant, oldest first; those of one millisecond in no order.
pub fn log(read: &Read<'_>, city: &str, before_ms: i64) -> Result<Vec<LogRow>, StoreError> {
    // store::awards::log
    read.connection.rows(
        "SELECT person, deck, sequence, amount_fen, decided_ms
         FROM award WHERE city = ?1 AND decided_ms < ?2 ORDER BY decided_ms",
        params![city, before_ms],
        |row| {
            Ok(LogRow {
                person: row.get(0)?,
                deck: row.get(1)?,
                sequence: row.get(2)?,
                amount_fen: row.get(3)?,
                decided_ms: row.get(4)?,
            })
        },
    )
}

/// Where the packet of an award lay in its city's plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceRow {
    /// The city's slug.
    pub city: String,
    /// Shanghai day number.
    pub day: i64,
    /// `plain` or `top`.
    pub deck: String,
    /// 0-based rank in the deck.
    pub sequence: i64,
}

/// Where the packet of one of a person's awards lay.
pub fn place(read: &Read<'_>, person: &str, award: &str) -> Result<Option<PlaceRow>, StoreError> {
    // store::awards::place
    read.connection.row(
        "SELECT city, day, deck, sequence FROM award WHERE person = ?1 AND award = ?2",
        params![person, award],
        |row| {
            Ok(PlaceRow {
                city: row.get(0)?,
                day: row.get(1)?,
                deck: row.get(2)?,
                sequence: row.get(3)?,
            })
        },
    )
}

/// A person's referral chances, oldest first.
pub fn referral_chances(read: &Read<'_>, person: &str) -> Result<Vec<ReferralChance>, StoreError> {
    // store::awards::referral_chances
    read.connection.rows(
        "SELECT referral.friend, referral.city, referral.credited_ms,
                CASE WHEN award.award IS NULL THEN 0 ELSE 1 END
         FROM referral
         LEFT JOIN award ON award.friend = referral.friend AND award.kind = 'referral'
         WHERE referral.sharer = ?1
         ORDER BY referral.credited_ms, referral.friend",
        params![person],
        |row| {
            Ok(ReferralChance {
                friend: row.get(0)?,
                city: row.get(1)?,
                credited_ms: row.get(2)?,
                used: row.get(3)?,
            })
        },
    )
}

fn view_row(row: &Row<'_>) -> Result<PacketView, StoreError> {
    Ok(PacketView {
        award: row.get(0)?,
        city: row.get(1)?,
        kind: row.get(2)?,
        attempt: row.get(3)?,
        amount_fen: row.get(4)?,
        decided_ms: row.get(5)?,
        bill_number: row.get(6)?,
        state: row.get(7)?,
        machine: row.get(8)?,
        friend: row.get(9)?,
        rail: row.get(10)?,
        package_sealed: row.get(11)?,
        due_ms: row.get(12)?,
        payouts_paused: row.get(13)?,
    })
}

/// What one city's awards add up to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwardSums {
    /// The city's slug.
    pub city: String,
    /// Awards.
    pub n_awards: i64,
    /// What they add up to, in fen.
    pub amount_fen: i64,
}

/// Every city's awards, summed up; reads them all.
pub fn sums_by_city(read: &Read<'_>) -> Result<Vec<AwardSums>, StoreError> {
    // store::awards::sums_by_city
    read.connection.rows(
        "SELECT city, COUNT(*), CAST(SUM(amount_fen) AS BIGINT) FROM award GROUP BY city",
        params![],
        |row| {
            Ok(AwardSums {
                city: row.get(0)?,
                n_awards: row.get(1)?,
                amount_fen: row.get(2)?,
            })
        },
    )
}
