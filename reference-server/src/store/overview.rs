//! What the console looks at: counters and short index ranges, never a whole season.

use super::{
    Read, StoreError, Tx,
    engine::{Row, params},
};

/// Submitted attempts of a city in one Shanghai hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TallyRow {
    /// Shanghai hour number.
    pub hour: i64,
    /// Submitted attempts.
    pub n_attempts: i64,
    /// Passing ones.
    pub n_passes: i64,
    /// First ones of a person on that day.
    pub n_of_day: i64,
    /// First ones of a person in that city.
    pub n_of_city: i64,
}

/// An award and where its payment stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LatestAward {
    /// The person.
    pub person: String,
    /// The amount.
    pub amount_fen: i64,
    /// When it was decided.
    pub decided_ms: i64,
    /// The order number of its latest payment.
    pub bill_number: String,
    /// That payment's state.
    pub state: String,
}

/// New followers of one declared district.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DistrictFollowers {
    /// `city/district` or another answer; nothing for none.
    pub district: Option<String>,
    /// Who first followed in the window.
    pub n_new: i64,
    /// Who of them follows still.
    pub n_following: i64,
}

/// Adds to the counters of a city's hour.
pub fn count_attempts(tx: &Tx<'_>, city: &str, more: &TallyRow) -> Result<(), StoreError> {
    // store::overview::count_attempts
    tx.connection.execute(
        "INSERT INTO attempt_tally (city, hour, n_attempts, n_passes, n_of_day, n_of_city)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (city, hour) DO UPDATE SET
             n_attempts = attempt_tally.n_attempts + excluded.n_attempts,
             n_passes = attempt_tally.n_passes + excluded.n_passes,
             n_of_day = attempt_tally.n_of_day + excluded.n_of_day,
             n_of_city = attempt_tally.n_of_city + excluded.n_of_city",
        params![
            city,
            more.hour,
            more.n_attempts,
            more.n_passes,
            more.n_of_day,
            more.n_of_city,
        ],
    )?;
    Ok(())
}

/// Every counted hour of a city, in order.
pub fn tally(read: &Read<'_>, city: &str) -> Result<Vec<TallyRow>, StoreError> {
    // store::overview::tally
    read.connection.rows(
        "SELECT hour, n_attempts, n_passes, n_of_day, n_of_city FROM attempt_tally
         WHERE city = ?1 ORDER BY hour",
        params![city],
        |row| {
            Ok(TallyRow {
                hour: row.get(0)?,
                n_attempts: row.get(1)?,
                n_passes: row.get(2)?,
                n_of_day: row.get(3)?,
                n_of_city: row.get(4)?,
            })
        },
    )
}

/// Packets awarded in each Shanghai hour of a day, a Shanghai day number.
///
/// Cost: the city's awards of that day, by index.
pub fn awards_by_hour(
    read: &Read<'_>,
    city: &str,
    day: i64,
) -> Result<Vec<(i64, i64)>, StoreError> {
    // store::overview::awards_by_hour
    read.connection.rows(
        "SELECT (decided_ms + 28800000) / 3600000, COUNT(*) FROM award
         WHERE city = ?1 AND day = ?2 GROUP BY 1 ORDER BY 1",
        params![city, day],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// A city's latest awards, the newest first: the running total of a day is the order of decision.
///
/// Cost: that many awards, by index.
pub fn latest_awards(
    read: &Read<'_>,
    city: &str,
    n_max: i64,
) -> Result<Vec<LatestAward>, StoreError> {
    // store::overview::latest_awards
    read.connection.rows(
        "SELECT award.person, award.amount_fen, award.decided_ms, payment.bill_number, payment.state
         FROM award JOIN payment ON payment.award = award.award
         WHERE award.city = ?1
           AND payment.attempt_number = (SELECT MAX(latest.attempt_number) FROM payment AS latest
                                         WHERE latest.award = award.award)
         ORDER BY award.day DESC, award.day_total_fen DESC LIMIT ?2",
        params![city, n_max],
        |row| {
            Ok(LatestAward {
                person: row.get(0)?,
                amount_fen: row.get(1)?,
                decided_ms: row.get(2)?,
                bill_number: row.get(3)?,
                state: row.get(4)?,
            })
        },
    )
}

/// Who first followed from `from_ms` to before `to_ms`, by the district declared.
///
/// Cost: the followers of that window, by index.
pub fn new_followers(
    read: &Read<'_>,
    from_ms: i64,
    to_ms: i64,
) -> Result<Vec<DistrictFollowers>, StoreError> {
    // store::overview::new_followers
    read.connection.rows(
        "SELECT person.district, COUNT(*), CAST(SUM(follow.following) AS BIGINT)
         FROM follow JOIN person ON person.person = follow.person
         WHERE follow.first_ms >= ?1 AND follow.first_ms < ?2
         GROUP BY person.district ORDER BY person.district",
        params![from_ms, to_ms],
        followers_row,
    )
}

/// Payments that are under way, by the name of their state.
///
/// Cost: the payments that are due some time, by index.
pub fn payments_under_way(read: &Read<'_>) -> Result<Vec<(String, i64)>, StoreError> {
    // store::overview::payments_under_way
    read.connection.rows(
        "SELECT state, COUNT(*) FROM payment WHERE due_ms IS NOT NULL GROUP BY state ORDER BY state",
        params![],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// Hours whose counters are not what the attempts add up to, as city and hour.
///
/// Cost: a scan of every attempt; for the auditor only.
pub fn wrong_tallies(read: &Read<'_>) -> Result<Vec<String>, StoreError> {
    // store::overview::wrong_tallies
    read.connection.rows(
        "SELECT counted.city || ' hour ' || CAST(counted.hour AS TEXT)
         FROM (SELECT city, hour, COUNT(*) AS n_attempts, SUM(passed) AS n_passes,
                      SUM(CASE WHEN nth_of_day = 1 THEN 1 ELSE 0 END) AS n_of_day,
                      SUM(CASE WHEN nth_of_city = 1 THEN 1 ELSE 0 END) AS n_of_city
               FROM (SELECT city, passed, (submitted_ms + 28800000) / 3600000 AS hour,
                            ROW_NUMBER() OVER (PARTITION BY city, person,
                                (submitted_ms + 28800000) / 86400000
                                ORDER BY submitted_ms, attempt) AS nth_of_day,
                            ROW_NUMBER() OVER (PARTITION BY city, person
                                ORDER BY submitted_ms, attempt) AS nth_of_city
                     FROM attempt) AS numbered
               GROUP BY city, hour) AS counted
         LEFT JOIN attempt_tally ON attempt_tally.city = counted.city
               AND attempt_tally.hour = counted.hour
         WHERE attempt_tally.city IS NULL OR attempt_tally.n_attempts <> counted.n_attempts
            OR attempt_tally.n_passes <> counted.n_passes
            OR attempt_tally.n_of_day <> counted.n_of_day
            OR attempt_tally.n_of_city <> counted.n_of_city
         ORDER BY 1",
        params![],
        |row| row.get(0),
    )
}

fn followers_row(row: &Row<'_>) -> Result<DistrictFollowers, StoreError> {
    Ok(DistrictFollowers {
        district: row.get(0)?,
        n_new: row.get(1)?,
        n_following: row.get(2)?,
    })
}
