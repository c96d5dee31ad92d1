//! Rows of a season: its cities, their days, sealed packets and frozen banks.

use rusqlite::{OptionalExtension, Row, params};

use super::{Read, StoreError, Tx};

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
    /// The sentence people see while the city is paused.
    pub paused_sentence: Option<String>,
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
    let mut statement = read
        .connection
        .prepare_cached("SELECT season, edition, rules FROM season")?;
    Ok(statement
        .query_row([], |row| {
            Ok(SeasonRow {
                season: row.get(0)?,
                edition: row.get(1)?,
                rules: row.get(2)?,
            })
        })
        .optional()?)
}

/// Writes the season; a database holds one.
pub fn insert_season(tx: &Tx<'_>, season: &SeasonRow, now_ms: i64) -> Result<(), StoreError> {
    // store::season::insert_season
    tx.connection
        .prepare_cached(
            "INSERT INTO season (season, edition, rules, created_ms) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![season.season, season.edition, season.rules, now_ms])?;
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
    tx.connection
        .prepare_cached(
            "INSERT INTO bank (digest, city, content_sealed, frozen_ms) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (digest) DO NOTHING",
        )?
        .execute(params![digest, city, content_sealed, now_ms])?;
    Ok(())
}

/// The sealed content of a frozen bank.
pub fn bank_content(read: &Read<'_>, digest: &str) -> Result<Option<String>, StoreError> {
    // store::season::bank_content
    Ok(read
        .connection
        .prepare_cached("SELECT content_sealed FROM bank WHERE digest = ?1")?
        .query_row([digest], |row| row.get(0))
        .optional()?)
}

/// Writes a city with all its days and sealed packets.
pub fn insert_city(
    tx: &Tx<'_>,
    city: &CityRow,
    days: &[DayRow],
    packets: &[PacketRow],
) -> Result<(), StoreError> {
    // store::season::insert_city
    tx.connection
        .prepare_cached(
            "INSERT INTO city (city, ordinal, opens_ms, closes_ms, pool_fen, used_fen, top_awarded,
                 last_decision_ms, bank, plan_commitment, plan_root, plan_seed_sealed, paused_sentence)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        )?
        .execute(params![
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
            city.paused_sentence,
        ])?;
    let mut statement = tx.connection.prepare_cached(
        "INSERT INTO budget_day (city, day, cap_fen, used_fen, deck, taken, top_taken)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for day in days {
        statement.execute(params![
            city.city,
            day.day,
            day.cap_fen,
            day.used_fen,
            day.deck,
            day.taken,
            day.top_taken,
        ])?;
    }
    let mut statement = tx.connection.prepare_cached(
        "INSERT INTO packet (city, day, deck, sequence, amount_fen) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for packet in packets {
        statement.execute(params![
            city.city,
            packet.day,
            packet.deck,
            packet.sequence,
            packet.amount_fen,
        ])?;
    }
    Ok(())
}

/// One city.
pub fn city(read: &Read<'_>, city: &str) -> Result<Option<CityRow>, StoreError> {
    // store::season::city
    Ok(read
        .connection
        .prepare_cached(
            "SELECT city, ordinal, opens_ms, closes_ms, pool_fen, used_fen, top_awarded,
                 last_decision_ms, bank, plan_commitment, plan_root, plan_seed_sealed, paused_sentence
             FROM city WHERE city = ?1",
        )?
        .query_row([city], city_row)
        .optional()?)
}

/// Every planned city, in the order of play.
pub fn cities(read: &Read<'_>) -> Result<Vec<CityRow>, StoreError> {
    // store::season::cities
    let mut statement = read.connection.prepare_cached(
        "SELECT city, ordinal, opens_ms, closes_ms, pool_fen, used_fen, top_awarded,
             last_decision_ms, bank, plan_commitment, plan_root, plan_seed_sealed, paused_sentence
         FROM city ORDER BY ordinal",
    )?;
    let rows = statement.query_map([], city_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// One day of a city.
pub fn day(read: &Read<'_>, city: &str, day: i64) -> Result<Option<DayRow>, StoreError> {
    // store::season::day
    Ok(read
        .connection
        .prepare_cached(
            "SELECT day, cap_fen, used_fen, deck, taken, top_taken FROM budget_day
             WHERE city = ?1 AND day = ?2",
        )?
        .query_row(params![city, day], day_row)
        .optional()?)
}

/// Every day of a city, in order.
pub fn days(read: &Read<'_>, city: &str) -> Result<Vec<DayRow>, StoreError> {
    // store::season::days
    let mut statement = read.connection.prepare_cached(
        "SELECT day, cap_fen, used_fen, deck, taken, top_taken FROM budget_day
         WHERE city = ?1 ORDER BY day",
    )?;
    let rows = statement.query_map([city], day_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The amount of one sealed packet.
pub fn packet_amount_fen(
    read: &Read<'_>,
    city: &str,
    day: i64,
    deck: &str,
    sequence: i64,
) -> Result<Option<i64>, StoreError> {
    // store::season::packet_amount_fen
    Ok(read
        .connection
        .prepare_cached(
            "SELECT amount_fen FROM packet
             WHERE city = ?1 AND day = ?2 AND deck = ?3 AND sequence = ?4",
        )?
        .query_row(params![city, day, deck, sequence], |row| row.get(0))
        .optional()?)
}

/// A city's sealed packets as day, deck, sequence and amount, in that order.
pub fn packets(read: &Read<'_>, city: &str) -> Result<Vec<(i64, String, i64, i64)>, StoreError> {
    // store::season::packets
    let mut statement = read.connection.prepare_cached(
        "SELECT day, deck, sequence, amount_fen FROM packet
         WHERE city = ?1 ORDER BY day, deck, sequence",
    )?;
    let rows = statement.query_map([city], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Raises the latch of every open city to `now_ms`, so that a clock that falls
/// back cannot reopen a city. Returns how many cities are open.
pub fn heartbeat(tx: &Tx<'_>, now_ms: i64) -> Result<usize, StoreError> {
    // store::season::heartbeat
    Ok(tx
        .connection
        .prepare_cached(
            "UPDATE city SET last_decision_ms = ?1
             WHERE opens_ms <= ?1 AND last_decision_ms < ?1 AND last_decision_ms < closes_ms",
        )?
        .execute([now_ms])?)
}

/// The latest decision of any city.
pub fn latest_decision_ms(read: &Read<'_>) -> Result<Option<i64>, StoreError> {
    // store::season::latest_decision_ms
    Ok(read
        .connection
        .prepare_cached("SELECT MAX(last_decision_ms) FROM city")?
        .query_row([], |row| row.get(0))?)
}

/// Takes the decision instant of a city: never earlier than any before it.
pub fn latch(tx: &Tx<'_>, city: &str, now_ms: i64) -> Result<i64, StoreError> {
    // store::season::latch
    Ok(tx
        .connection
        .prepare_cached(
            "UPDATE city
             SET last_decision_ms = CASE WHEN last_decision_ms < ?2 THEN ?2 ELSE last_decision_ms END
             WHERE city = ?1 RETURNING last_decision_ms",
        )?
        .query_row(params![city, now_ms], |row| row.get(0))?)
}

/// Pauses a city with a sentence for people, or lifts the pause.
pub fn set_pause(tx: &Tx<'_>, city: &str, sentence: Option<&str>) -> Result<usize, StoreError> {
    // store::season::set_pause
    Ok(tx
        .connection
        .prepare_cached("UPDATE city SET paused_sentence = ?2 WHERE city = ?1")?
        .execute(params![city, sentence])?)
}

fn city_row(row: &Row<'_>) -> rusqlite::Result<CityRow> {
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
        paused_sentence: row.get(12)?,
    })
}

fn day_row(row: &Row<'_>) -> rusqlite::Result<DayRow> {
    Ok(DayRow {
        day: row.get(0)?,
        cap_fen: row.get(1)?,
        used_fen: row.get(2)?,
        deck: row.get(3)?,
        taken: row.get(4)?,
        top_taken: row.get(5)?,
    })
}
