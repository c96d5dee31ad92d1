//! Rows of a season: its cities, their days, sealed packets and frozen banks.

use super::{
    Read, StoreError, Tx,
    engine::{Bind as _, Row, params},
};
use crate::crash_point::{Point, reach};

/// Packets that one statement writes: five values each, far below what an engine binds.
const PACKETS_PER_STATEMENT: usize = 256;

/// How far the caller's clock may be off the one that decides.
const SKEW_MAX_MS: i64 = 2_000;

/// The season this database holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeasonRow {
    /// The season's name.
    pub season: String,
    /// The slug of the edition in force.
    pub edition: String,
    /// The reward rules, as JSON.
    pub rules: String,
}

/// One city's round and money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CityRow {
    /// The city's slug.
    pub city: String,
    /// 1-based place in the rotation.
    pub ordinal: i64,
    /// Start of the contest window.
    pub opens_ms: i64,
    /// End of the contest window, exclusive.
    pub closes_ms: i64,
    /// The city's pool.
    pub pool_fen: i64,
    /// What is awarded of it, gross.
    pub used_fen: i64,
    /// Whether the city's top packet is awarded.
    pub top_awarded: bool,
    /// The latest instant at which this city decided anything.
    pub last_decision_ms: i64,
    /// Digest of the frozen bank.
    pub bank: String,
    /// Commitment to the packet plan.
    pub plan_commitment: String,
    /// Root over the plan's packets.
    pub plan_root: String,
    /// The plan's seed, sealed.
    pub plan_seed_sealed: String,
    /// The sentence people read while its quiz is paused.
    pub quiz_paused: Option<String>,
    /// The sentence people read while its claims are paused.
    pub claims_paused: Option<String>,
    /// The sentence people read while its payouts are paused.
    pub payouts_paused: Option<String>,
    /// How many corrections its bank has.
    pub n_corrections: i64,
}

impl CityRow {
    /// Whether anything was decided at or after its opening: from then on its bank is the one it has.
    #[must_use]
    pub const fn is_begun(&self) -> bool {
        self.last_decision_ms >= self.opens_ms
    }
}

/// One day's cap and what is taken of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayRow {
    /// Shanghai day number.
    pub day: i64,
    /// The day's cap.
    pub cap_fen: i64,
    /// What is awarded of it, gross.
    pub used_fen: i64,
    /// The deck in play, chosen at the day's first award.
    pub deck: Option<String>,
    /// Packets taken, in order or out of it.
    pub taken: i64,
    /// Whether this day's top packet is among them.
    pub top_taken: bool,
}

/// A sealed packet as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PacketRow {
    /// Shanghai day number.
    pub day: i64,
    /// `plain` or `top`.
    pub deck: &'static str,
    /// 0-based rank in the deck.
    pub sequence: i64,
    /// The amount.
    pub amount_fen: i64,
}

/// The season of this database, if it has one.
pub fn season(read: &Read<'_>) -> Result<Option<SeasonRow>, StoreError> {
    // store::season::season
    read.connection.row(
        "SELECT season, edition, rules FROM season",
        params![],
        |row| {
            Ok(SeasonRow {
                season: row.get(0)?,
                edition: row.get(1)?,
                rules: row.get(2)?,
            })
        },
    )
}

/// Writes the season; a database holds one.
pub fn insert_season(tx: &Tx<'_>, season: &SeasonRow, now_ms: i64) -> Result<(), StoreError> {
    // store::season::insert_season
    tx.connection.execute(
        "INSERT INTO season (season, edition, rules, created_ms) VALUES (?1, ?2, ?3, ?4)",
        params![season.season, season.edition, season.rules, now_ms],
    )?;
    Ok(())
}

/// Writes a frozen bank; the same bank may be written again.
pub fn insert_bank(
    tx: &Tx<'_>,
    digest: &str,
    city: &str,
    content_sealed: &str,
    now_ms: i64,
) -> Result<(), StoreError> {
    // store::season::insert_bank
    tx.connection.execute(
        "INSERT INTO bank (digest, city, content_sealed, frozen_ms) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (digest) DO NOTHING",
        params![digest, city, content_sealed, now_ms],
    )?;
    Ok(())
}

/// The sealed content of a frozen bank.
pub fn bank_content(read: &Read<'_>, digest: &str) -> Result<Option<String>, StoreError> {
    // store::season::bank_content
    read.connection.row(
        "SELECT content_sealed FROM bank WHERE digest = ?1",
        params![digest],
        |row| row.get(0),
    )
}

/// Writes a city with all its days and sealed packets; what of it is paused stands elsewhere.
pub fn insert_city(
    tx: &Tx<'_>,
    city: &CityRow,
    days: &[DayRow],
    packets: &[PacketRow],
) -> Result<(), StoreError> {
    // store::season::insert_city
    tx.connection.execute(
        "INSERT INTO city (city, ordinal, opens_ms, closes_ms, pool_fen, used_fen, top_awarded,
             last_decision_ms, bank, plan_commitment, plan_root, plan_seed_sealed)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        params![
            city.city,
            city.ordinal,
            city.opens_ms,
            city.closes_ms,
            city.pool_fen,
            city.used_fen,
            city.top_awarded,
            city.last_decision_ms,
            city.bank,
            city.plan_commitment,
            city.plan_root,
            city.plan_seed_sealed,
        ],
    )?;
    for day in days {
        tx.connection.execute(
            "INSERT INTO budget_day (city, day, cap_fen, used_fen, deck, taken, top_taken)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                city.city,
                day.day,
                day.cap_fen,
                day.used_fen,
                day.deck,
                day.taken,
                day.top_taken,
            ],
        )?;
    }
    reach(Point::Sealing);
    insert_packets(tx, &city.city, packets)
}

/// Writes a week's packets, many in one statement: an engine may be a network away.
fn insert_packets(tx: &Tx<'_>, city: &str, packets: &[PacketRow]) -> Result<(), StoreError> {
    for chunk in packets.chunks(PACKETS_PER_STATEMENT) {
        // store::season::insert_packets
        let mut sql =
            "INSERT INTO packet (city, day, deck, sequence, amount_fen) VALUES ".to_owned();
        let mut values = Vec::with_capacity(chunk.len().saturating_mul(4).saturating_add(1));
        values.push(city.bind());
        for (number, packet) in chunk.iter().enumerate() {
            let first = number.saturating_mul(4).saturating_add(2);
            let separator = if number == 0 { "" } else { ", " };
            sql.push_str(&format!(
                "{separator}(?1, ?{first}, ?{}, ?{}, ?{})",
                first.saturating_add(1),
                first.saturating_add(2),
                first.saturating_add(3),
            ));
            values.extend([
                packet.day.bind(),
                packet.deck.bind(),
                packet.sequence.bind(),
                packet.amount_fen.bind(),
            ]);
        }
        tx.connection.execute(&sql, &values)?;
    }
    Ok(())
}

const CITY: &str = "city, ordinal, opens_ms, closes_ms, pool_fen, used_fen, top_awarded,
     last_decision_ms, bank, plan_commitment, plan_root, plan_seed_sealed,
     (SELECT sentence FROM pause WHERE pause.city = city.city AND subject = 'quiz'
        AND ended_ms IS NULL),
     (SELECT sentence FROM pause WHERE pause.city = city.city AND subject = 'claims'
        AND ended_ms IS NULL),
     (SELECT sentence FROM pause WHERE pause.city = city.city AND subject = 'payouts'
        AND ended_ms IS NULL),
     n_corrections";

/// One city.
pub fn city(read: &Read<'_>, city: &str) -> Result<Option<CityRow>, StoreError> {
    // store::season::city
    read.connection.row(
        &format!("SELECT {CITY} FROM city WHERE city = ?1"),
        params![city],
        city_row,
    )
}

/// Every planned city, in the order of play.
pub fn cities(read: &Read<'_>) -> Result<Vec<CityRow>, StoreError> {
    // store::season::cities
    read.connection.rows(
        &format!("SELECT {CITY} FROM city ORDER BY ordinal"),
        params![],
        city_row,
    )
}

/// One day of a city.
pub fn day(read: &Read<'_>, city: &str, day: i64) -> Result<Option<DayRow>, StoreError> {
    // store::season::day
    read.connection.row(
        "SELECT day, cap_fen, used_fen, deck, taken, top_taken FROM budget_day
         WHERE city = ?1 AND day = ?2",
        params![city, day],
        day_row,
    )
}

/// Every day of a city, in order.
pub fn days(read: &Read<'_>, city: &str) -> Result<Vec<DayRow>, StoreError> {
    // store::season::days
    read.connection.rows(
        "SELECT day, cap_fen, used_fen, deck, taken, top_taken FROM budget_day
         WHERE city = ?1 ORDER BY day",
        params![city],
        day_row,
    )
}

/// What the days between these two may still award, both included, over all cities.
pub fn left_of_days_fen(read: &Read<'_>, first: i64, last: i64) -> Result<i64, StoreError> {
    // store::season::left_of_days_fen
    read.connection.one(
        "SELECT CAST(COALESCE(SUM(cap_fen - used_fen), 0) AS BIGINT) FROM budget_day
         WHERE day BETWEEN ?1 AND ?2",
        params![first, last],
        |row| row.get(0),
    )
}

/// What was awarded on the days after this one, over all cities.
pub fn used_after_fen(read: &Read<'_>, day: i64) -> Result<i64, StoreError> {
    // store::season::used_after_fen
    read.connection.one(
        "SELECT CAST(COALESCE(SUM(used_fen), 0) AS BIGINT) FROM budget_day WHERE day > ?1",
        params![day],
        |row| row.get(0),
    )
}

/// A city's sealed packets as day, deck, sequence and amount, in that order.
pub fn packets(read: &Read<'_>, city: &str) -> Result<Vec<(i64, String, i64, i64)>, StoreError> {
    // store::season::packets
    read.connection.rows(
        "SELECT day, deck, sequence, amount_fen FROM packet
         WHERE city = ?1 ORDER BY day, deck, sequence",
        params![city],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
    )
}

/// Raises the latch of every open city to the present instant, so that a clock that falls
/// back cannot reopen a city. Returns how many cities are open.
///
/// A caller whose clock is too far off the one that decides raises nothing.
pub fn heartbeat(tx: &Tx<'_>, now_ms: i64) -> Result<usize, StoreError> {
    // store::season::heartbeat
    let instant = tx.connection.instant("?1");
    tx.connection.execute(
        &format!(
            "UPDATE city SET last_decision_ms = {instant}
             WHERE opens_ms <= {instant} AND last_decision_ms < {instant}
               AND last_decision_ms < closes_ms AND ABS({instant} - CAST(?1 AS BIGINT)) <= ?2"
        ),
        params![now_ms, SKEW_MAX_MS],
    )
}

/// The latest decision of any city.
pub fn latest_decision_ms(read: &Read<'_>) -> Result<Option<i64>, StoreError> {
    // store::season::latest_decision_ms
    read.connection
        .one("SELECT MAX(last_decision_ms) FROM city", params![], |row| {
            row.get(0)
        })
}

/// Takes the decision instant of a city, never earlier than any before it, and gives the city
/// with that instant as its latest; `None` when there is no such city.
///
/// # Errors
/// [`StoreError::ClocksDiffer`] when the caller's clock is too far off the one that decides.
pub fn latch(tx: &Tx<'_>, city: &str, now_ms: i64) -> Result<Option<CityRow>, StoreError> {
    // store::season::latch
    let instant = tx.connection.instant("?2");
    let latched: Option<(CityRow, i64)> = tx.connection.row(
        &format!(
            "UPDATE city SET last_decision_ms =
                 CASE WHEN last_decision_ms < {instant} THEN {instant} ELSE last_decision_ms END
             WHERE city = ?1 RETURNING {CITY}, {instant} - CAST(?2 AS BIGINT)"
        ),
        params![city, now_ms],
        |row| Ok((city_row(row)?, row.get(16)?)),
    )?;
    match latched {
        Some((_city, by_ms)) if by_ms.abs() > SKEW_MAX_MS => {
            Err(StoreError::ClocksDiffer { by_ms })
        }
        latched => Ok(latched.map(|(city, _by_ms)| city)),
    }
}

/// How far the clock that decides is ahead of the caller's, when that is too far to decide anything.
pub fn clock_far_off_ms(read: &Read<'_>, now_ms: i64) -> Result<Option<i64>, StoreError> {
    // store::season::clock_far_off_ms
    let instant = read.connection.instant("?1");
    let by_ms: i64 = read.connection.one(
        &format!("SELECT {instant} - CAST(?1 AS BIGINT)"),
        params![now_ms],
        |row| row.get(0),
    )?;
    Ok((by_ms.abs() > SKEW_MAX_MS).then_some(by_ms))
}

fn city_row(row: &Row<'_>) -> Result<CityRow, StoreError> {
    Ok(CityRow {
        city: row.get(0)?,
        ordinal: row.get(1)?,
        opens_ms: row.get(2)?,
        closes_ms: row.get(3)?,
        pool_fen: row.get(4)?,
        used_fen: row.get(5)?,
        top_awarded: row.get(6)?,
        last_decision_ms: row.get(7)?,
        bank: row.get(8)?,
        plan_commitment: row.get(9)?,
        plan_root: row.get(10)?,
        plan_seed_sealed: row.get(11)?,
        quiz_paused: row.get(12)?,
        claims_paused: row.get(13)?,
        payouts_paused: row.get(14)?,
        n_corrections: row.get(15)?,
    })
}

fn day_row(row: &Row<'_>) -> Result<DayRow, StoreError> {
    Ok(DayRow {
        day: row.get(0)?,
        cap_fen: row.get(1)?,
        used_fen: row.get(2)?,
        deck: row.get(3)?,
        taken: row.get(4)?,
        top_taken: row.get(5)?,
    })
}
