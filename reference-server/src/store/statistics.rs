//! Rows of the statistics: who took part, what was answered, and how far attempts are counted.

use super::{
    Read, StoreError, Tx,
    engine::{Given, Header, Kind, Row, params},
};

/// How far a city is counted, and how far it can be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarkRow {
    /// The city's slug.
    pub city: String,
    /// Digest of its bank.
    pub bank: String,
    /// Attempts decided before this instant are counted.
    pub counted_ms: i64,
    /// No attempt decided before this instant can come any more.
    pub settled_ms: i64,
}

/// An attempt that is not counted yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UncountedRow {
    /// The nonce of the attempt's token.
    pub attempt: String,
    /// Who answered.
    pub person: String,
    /// When the questions were drawn.
    pub started_ms: i64,
    /// The decision instant.
    pub submitted_ms: i64,
    /// The answers, as `1=A,2=C,…`.
    pub answers: String,
    /// Whether it passed.
    pub passed: bool,
}

/// Somebody who has submitted in a city, as counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParticipantRow {
    /// The person.
    pub person: String,
    /// The city's slug.
    pub city: String,
    /// Whether the person had submitted in no city before.
    pub is_new: bool,
    /// Whether an attempt there passed.
    pub has_passed: bool,
    /// The district declared; empty for none.
    pub declared: String,
    /// The district whose code was scanned; empty for none.
    pub scanned: String,
}

/// People of one pair of districts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PeopleTally {
    /// The district declared; empty for none.
    pub declared: String,
    /// The district whose code was scanned; empty for none.
    pub scanned: String,
    /// People.
    pub n_people: i64,
    /// Those who had submitted in no city before.
    pub n_new: i64,
    /// Those who passed.
    pub n_passed: i64,
}

/// How often a question was answered so.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AnswerRow {
    /// The question's place in the bank, from 0.
    pub item: i64,
    /// The option's letter in the bank; empty for none.
    pub choice: String,
    /// Right answers of the attempt.
    pub score: i64,
    /// First attempts.
    pub n: i64,
}

/// Two counts of one pair of districts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairRow {
    /// The district declared; empty for none.
    pub declared: String,
    /// The district whose code was scanned; empty for none.
    pub scanned: String,
    /// All of them.
    pub n_all: i64,
    /// Those that are more besides: who follow still, whose packet has arrived.
    pub n_more: i64,
}

/// Every sealed city with how far it is counted, in the order of play.
pub fn marks(read: &Read<'_>) -> Result<Vec<MarkRow>, StoreError> {
    // store::statistics::marks
    read.connection.rows(
        "SELECT city.city, city.bank, COALESCE(statistics_mark.until_ms, city.opens_ms),
             CASE WHEN city.last_decision_ms < city.closes_ms THEN city.last_decision_ms
                  ELSE city.closes_ms END
         FROM city LEFT JOIN statistics_mark ON statistics_mark.city = city.city
         ORDER BY city.ordinal",
        params![],
        |row| {
            Ok(MarkRow {
                city: row.get(0)?,
                bank: row.get(1)?,
                counted_ms: row.get(2)?,
                settled_ms: row.get(3)?,
            })
        },
    )
}

/// Moves a city's mark; `false` when somebody else moved it in the meantime.
pub fn move_mark(tx: &Tx<'_>, city: &str, from_ms: i64, to_ms: i64) -> Result<bool, StoreError> {
    // store::statistics::move_mark
    let n_rows = tx.connection.execute(
        "INSERT INTO statistics_mark (city, until_ms) VALUES (?1, ?3)
         ON CONFLICT (city) DO UPDATE SET until_ms = excluded.until_ms
         WHERE statistics_mark.until_ms = ?2",
        params![city, from_ms, to_ms],
    )?;
    Ok(n_rows == 1)
}

/// A city's attempts decided from one instant to before another, in order; at most so many.
///
/// Cost: those rows, by the index over the city as an expression.
pub fn uncounted(
    read: &Read<'_>,
    city: &str,
    from_ms: i64,
    to_ms: i64,
    n_max: i64,
) -> Result<Vec<UncountedRow>, StoreError> {
    // store::statistics::uncounted
    read.connection.rows(
        "SELECT attempt, person, started_ms, submitted_ms, answers, passed FROM attempt
         WHERE city || '' = ?1 AND submitted_ms >= ?2 AND submitted_ms < ?3
         ORDER BY submitted_ms, attempt LIMIT ?4",
        params![city, from_ms, to_ms, n_max],
        |row| {
            Ok(UncountedRow {
                attempt: row.get(0)?,
                person: row.get(1)?,
                started_ms: row.get(2)?,
                submitted_ms: row.get(3)?,
                answers: row.get(4)?,
                passed: row.get(5)?,
            })
        },
    )
}

const PEOPLE: Header = &[("person", Kind::Text)];

/// What is counted of these people, in every city.
pub fn participants(read: &Read<'_>, people: &[&str]) -> Result<Vec<ParticipantRow>, StoreError> {
    // store::statistics::participants
    let mut given = Given::new(PEOPLE, people.len());
    for person in people {
        given.add(params![*person]);
    }
    let mut found = Vec::new();
    read.connection.each_of(
        &given,
        "SELECT participant.person, participant.city, participant.is_new,
             participant.has_passed, participant.declared, participant.scanned
         FROM given JOIN participant ON participant.person = given.person",
        |row| {
            found.push(participant_row(row)?);
            Ok(())
        },
    )?;
    Ok(found)
}

/// The districts of each of these people: declared, and scanned; empty for none.
pub fn districts(read: &Read<'_>, people: &[&str]) -> Result<Vec<(String, String)>, StoreError> {
    // store::statistics::districts
    let mut given = Given::new(PEOPLE, people.len());
    for person in people {
        given.add(params![*person]);
    }
    let mut found = vec![(String::new(), String::new()); people.len()];
    read.connection.each_of(
        &given,
        "SELECT given.nth, COALESCE(person.district, ''),
             COALESCE(district_code.city || '/' || district_code.district, '')
         FROM given JOIN person ON person.person = given.person
         LEFT JOIN district_scan ON district_scan.person = given.person
         LEFT JOIN district_code ON district_code.code = district_scan.code",
        |row| {
            if let Some(found) = found.get_mut(row.nth()?) {
                *found = (row.get(1)?, row.get(2)?);
            }
            Ok(())
        },
    )?;
    Ok(found)
}

const NEW_PARTICIPANT: Header = &[
    ("person", Kind::Text),
    ("city", Kind::Text),
    ("is_new", Kind::Integer),
    ("has_passed", Kind::Integer),
    ("declared", Kind::Text),
    ("scanned", Kind::Text),
];

/// Writes people who have submitted in a city for the first time.
pub fn insert_participants(tx: &Tx<'_>, rows: &[ParticipantRow]) -> Result<(), StoreError> {
    // store::statistics::insert_participants
    let mut given = Given::new(NEW_PARTICIPANT, rows.len());
    for row in rows {
        given.add(params![
            row.person,
            row.city,
            row.is_new,
            row.has_passed,
            row.declared,
            row.scanned,
        ]);
    }
    tx.connection.insert("participant", &given)
}

const PASSED: Header = &[("person", Kind::Text), ("city", Kind::Text)];

/// Records that people who are counted in a city have passed there, which none of them had.
pub fn set_passed(tx: &Tx<'_>, people: &[ParticipantRow]) -> Result<(), StoreError> {
    // store::statistics::set_passed
    let mut given = Given::new(PASSED, people.len());
    for row in people {
        given.add(params![row.person, row.city]);
    }
    tx.connection.each_of(
        &given,
        "UPDATE participant SET has_passed = 1 FROM given
         WHERE participant.person = given.person AND participant.city = given.city RETURNING 1",
        |_row| Ok(()),
    )
}

const MORE_PASSED: Header = &[
    ("city", Kind::Text),
    ("declared", Kind::Text),
    ("scanned", Kind::Text),
    ("n", Kind::Integer),
];

/// Adds people who have passed now to the counts; each of the rows is of other districts.
pub fn add_passed(tx: &Tx<'_>, city: &str, more: &[PeopleTally]) -> Result<(), StoreError> {
    // store::statistics::add_passed
    let mut given = Given::new(MORE_PASSED, more.len());
    for row in more {
        given.add(params![city, row.declared, row.scanned, row.n_passed]);
    }
    tx.connection.each_of(
        &given,
        "UPDATE participant_tally SET n_passed = participant_tally.n_passed + given.n FROM given
         WHERE participant_tally.city = given.city AND participant_tally.declared = given.declared
           AND participant_tally.scanned = given.scanned RETURNING 1",
        |_row| Ok(()),
    )
}

const MORE_PEOPLE: Header = &[
    ("city", Kind::Text),
    ("declared", Kind::Text),
    ("scanned", Kind::Text),
    ("n_people", Kind::Integer),
    ("n_new", Kind::Integer),
    ("n_passed", Kind::Integer),
];

/// Adds to the counts of people; each of the rows is of other districts.
pub fn add_people(tx: &Tx<'_>, city: &str, more: &[PeopleTally]) -> Result<(), StoreError> {
    // store::statistics::add_people
    let mut given = Given::new(MORE_PEOPLE, more.len());
    for row in more {
        given.add(params![
            city,
            row.declared,
            row.scanned,
            row.n_people,
            row.n_new,
            row.n_passed,
        ]);
    }
    tx.connection.each_of(
        &given,
        "INSERT INTO participant_tally (city, declared, scanned, n_people, n_new, n_passed)
         SELECT city, declared, scanned, n_people, n_new, n_passed FROM given WHERE TRUE
         ON CONFLICT (city, declared, scanned) DO UPDATE SET
             n_people = participant_tally.n_people + excluded.n_people,
             n_new = participant_tally.n_new + excluded.n_new,
             n_passed = participant_tally.n_passed + excluded.n_passed
         RETURNING 1",
        |_row| Ok(()),
    )
}

const MORE_ANSWERS: Header = &[
    ("city", Kind::Text),
    ("item", Kind::Integer),
    ("choice", Kind::Text),
    ("score", Kind::Integer),
    ("n", Kind::Integer),
];

/// Adds to the counts of answers; each of the rows is another one.
pub fn add_answers(tx: &Tx<'_>, city: &str, more: &[AnswerRow]) -> Result<(), StoreError> {
    // store::statistics::add_answers
    let mut given = Given::new(MORE_ANSWERS, more.len());
    for row in more {
        given.add(params![city, row.item, row.choice, row.score, row.n]);
    }
    tx.connection.each_of(
        &given,
        "INSERT INTO answer_tally (city, item, choice, score, n)
         SELECT city, item, choice, score, n FROM given WHERE TRUE
         ON CONFLICT (city, item, choice, score) DO UPDATE SET n = answer_tally.n + excluded.n
         RETURNING 1",
        |_row| Ok(()),
    )
}

/// Keeps the districts that a person is counted under in a city.
pub fn set_districts(
    tx: &Tx<'_>,
    seen: &ParticipantRow,
    declared: &str,
    scanned: &str,
) -> Result<(), StoreError> {
    // store::statistics::set_districts
    tx.connection.execute(
        "UPDATE participant SET declared = ?3, scanned = ?4 WHERE person = ?1 AND city = ?2",
        params![seen.person, seen.city, declared, scanned],
    )?;
    Ok(())
}

/// A district's code: what it stands for, and what its QR encodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DistrictCode {
    /// The scene of the QR.
    pub code: String,
    /// The city's slug.
    pub city: String,
    /// The district's slug.
    pub district: String,
    /// What the QR encodes.
    pub qr_url: String,
    /// Who had it made.
    pub created_by: String,
    /// When.
    pub created_ms: i64,
}

/// Writes a district's code, unless there is one; returns whether a row was written.
pub fn insert_district_code(tx: &Tx<'_>, row: &DistrictCode) -> Result<bool, StoreError> {
    // store::statistics::insert_district_code
    let n_rows = tx.connection.execute(
        "INSERT INTO district_code (code, city, district, qr_url, created_by, created_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
        params![
            row.code,
            row.city,
            row.district,
            row.qr_url,
            row.created_by,
            row.created_ms,
        ],
    )?;
    Ok(n_rows == 1)
}

/// The codes of a city's districts.
pub fn district_codes(read: &Read<'_>, city: &str) -> Result<Vec<DistrictCode>, StoreError> {
    // store::statistics::district_codes
    read.connection.rows(
        "SELECT code, city, district, qr_url, created_by, created_ms FROM district_code
         WHERE city = ?1 ORDER BY district",
        params![city],
        |row| {
            Ok(DistrictCode {
                code: row.get(0)?,
                city: row.get(1)?,
                district: row.get(2)?,
                qr_url: row.get(3)?,
                created_by: row.get(4)?,
                created_ms: row.get(5)?,
            })
        },
    )
}

/// Remembers by which district's code a person came, the first time; `false` when it is no
/// district's code, or the person came by one before.
pub fn insert_scan(tx: &Tx<'_>, person: &str, code: &str, at_ms: i64) -> Result<bool, StoreError> {
    // store::statistics::insert_scan
    let n_rows = tx.connection.execute(
        "INSERT INTO district_scan (person, code, at_ms)
         SELECT ?1, code, CAST(?3 AS BIGINT) FROM district_code WHERE code = ?2
         ON CONFLICT (person) DO NOTHING",
        params![person, code, at_ms],
    )?;
    Ok(n_rows == 1)
}

/// Removes by which district's code a person came.
pub fn erase_scan(tx: &Tx<'_>, person: &str) -> Result<(), StoreError> {
    // store::statistics::erase_scan
    tx.connection.execute(
        "UPDATE district_scan SET code = NULL WHERE person = ?1",
        params![person],
    )?;
    Ok(())
}

/// Takes one person off the counts of a city's districts, who is counted elsewhere now.
pub fn take_person(tx: &Tx<'_>, seen: &ParticipantRow) -> Result<(), StoreError> {
    // store::statistics::take_person
    tx.connection.execute(
        "UPDATE participant_tally SET n_people = n_people - 1, n_new = n_new - ?4,
             n_passed = n_passed - ?5
         WHERE city = ?1 AND declared = ?2 AND scanned = ?3",
        params![
            seen.city,
            seen.declared,
            seen.scanned,
            seen.is_new,
            seen.has_passed,
        ],
    )?;
    Ok(())
}

/// The counted people of a city by their districts.
pub fn people(read: &Read<'_>, city: &str) -> Result<Vec<PeopleTally>, StoreError> {
    // store::statistics::people
    read.connection.rows(
        "SELECT declared, scanned, n_people, n_new, n_passed FROM participant_tally
         WHERE city = ?1 AND n_people > 0 ORDER BY declared, scanned",
        params![city],
        |row| {
            Ok(PeopleTally {
                declared: row.get(0)?,
                scanned: row.get(1)?,
                n_people: row.get(2)?,
                n_new: row.get(3)?,
                n_passed: row.get(4)?,
            })
        },
    )
}

/// The counted answers of a city.
pub fn answers(read: &Read<'_>, city: &str) -> Result<Vec<AnswerRow>, StoreError> {
    // store::statistics::answers
    read.connection.rows(
        "SELECT item, choice, score, n FROM answer_tally
         WHERE city = ?1 ORDER BY item, choice, score",
        params![city],
        |row| {
            Ok(AnswerRow {
                item: row.get(0)?,
                choice: row.get(1)?,
                score: row.get(2)?,
                n: row.get(3)?,
            })
        },
    )
}

/// Who first followed in a window, by their districts, and who of them follows still.
///
/// Cost: the followers of that window, by index.
pub fn followers(read: &Read<'_>, from_ms: i64, to_ms: i64) -> Result<Vec<PairRow>, StoreError> {
    // store::statistics::followers
    read.connection.rows(
        "SELECT COALESCE(person.district, ''),
             COALESCE(district_code.city || '/' || district_code.district, ''),
             COUNT(*), CAST(SUM(follow.following) AS BIGINT)
         FROM follow JOIN person ON person.person = follow.person
         LEFT JOIN district_scan ON district_scan.person = follow.person
         LEFT JOIN district_code ON district_code.code = district_scan.code
         WHERE follow.first_ms >= ?1 AND follow.first_ms < ?2
         GROUP BY 1, 2 ORDER BY 1, 2",
        params![from_ms, to_ms],
        pair_row,
    )
}

/// How many first followed in a window, and how many of them follow still.
///
/// Cost: the followers of that window, by index.
pub fn n_followers(read: &Read<'_>, from_ms: i64, to_ms: i64) -> Result<(i64, i64), StoreError> {
    // store::statistics::n_followers
    read.connection.one(
        "SELECT COUNT(*), CAST(COALESCE(SUM(following), 0) AS BIGINT) FROM follow
         WHERE first_ms >= ?1 AND first_ms < ?2",
        params![from_ms, to_ms],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// People who were awarded something in a city, by their districts, and those to whom a packet has arrived.
///
/// Cost: the city's awards, by index; its pool bounds them.
pub fn winners(read: &Read<'_>, city: &str) -> Result<Vec<PairRow>, StoreError> {
    // store::statistics::winners
    read.connection.rows(
        "SELECT COALESCE(person.district, ''),
             COALESCE(district_code.city || '/' || district_code.district, ''),
             COUNT(*), CAST(SUM(won.has_received) AS BIGINT)
         FROM (SELECT award.person, MAX(CASE WHEN payment.state = 'received' THEN 1 ELSE 0 END)
                   AS has_received
               FROM award JOIN payment ON payment.award = award.award
               WHERE award.city = ?1 GROUP BY award.person) AS won
         JOIN person ON person.person = won.person
         LEFT JOIN district_scan ON district_scan.person = won.person
         LEFT JOIN district_code ON district_code.code = district_scan.code
         GROUP BY 1, 2 ORDER BY 1, 2",
        params![city],
        pair_row,
    )
}

/// Cities whose counts are not what the rows add up to, with what is wrong.
///
/// Cost: a scan of every counted attempt; for the auditor only.
pub fn wrong_counts(read: &Read<'_>) -> Result<Vec<String>, StoreError> {
    // store::statistics::wrong_counts
    read.connection.rows(
        "SELECT counted.city || ' people' FROM (
             SELECT attempt.city, COUNT(DISTINCT attempt.person) AS n_people,
                    COUNT(DISTINCT CASE WHEN attempt.passed = 1 THEN attempt.person END) AS n_passed
             FROM attempt JOIN statistics_mark ON statistics_mark.city = attempt.city
             WHERE attempt.submitted_ms < statistics_mark.until_ms GROUP BY attempt.city) AS counted
         LEFT JOIN (SELECT city, SUM(n_people) AS n_people, SUM(n_passed) AS n_passed
                    FROM participant_tally GROUP BY city) AS told ON told.city = counted.city
         WHERE told.city IS NULL OR told.n_people <> counted.n_people
            OR told.n_passed <> counted.n_passed
         UNION ALL
         SELECT rows_of.city || ' ' || rows_of.declared || ' ' || rows_of.scanned FROM (
             SELECT city, declared, scanned, COUNT(*) AS n_people, SUM(is_new) AS n_new,
                    SUM(has_passed) AS n_passed
             FROM participant GROUP BY city, declared, scanned) AS rows_of
         LEFT JOIN participant_tally ON participant_tally.city = rows_of.city
             AND participant_tally.declared = rows_of.declared
             AND participant_tally.scanned = rows_of.scanned
         WHERE participant_tally.city IS NULL OR participant_tally.n_people <> rows_of.n_people
            OR participant_tally.n_new <> rows_of.n_new
            OR participant_tally.n_passed <> rows_of.n_passed
         UNION ALL
         SELECT firsts.city || ' answers' FROM (
             SELECT attempt.city, SUM(attempt.n_questions) AS n_answers
             FROM attempt JOIN statistics_mark ON statistics_mark.city = attempt.city
             WHERE attempt.submitted_ms < statistics_mark.until_ms
               AND NOT EXISTS (SELECT 1 FROM attempt AS earlier
                   WHERE earlier.person = attempt.person AND earlier.city = attempt.city
                     AND (earlier.submitted_ms < attempt.submitted_ms
                       OR (earlier.submitted_ms = attempt.submitted_ms
                           AND earlier.attempt < attempt.attempt)))
             GROUP BY attempt.city) AS firsts
         LEFT JOIN (SELECT city, SUM(n) AS n_answers FROM answer_tally GROUP BY city) AS told
             ON told.city = firsts.city
         WHERE told.city IS NULL OR told.n_answers <> firsts.n_answers
         ORDER BY 1",
        params![],
        |row| row.get(0),
    )
}

fn participant_row(row: &Row<'_>) -> Result<ParticipantRow, StoreError> {
    Ok(ParticipantRow {
        person: row.get(0)?,
        city: row.get(1)?,
        is_new: row.get(2)?,
        has_passed: row.get(3)?,
        declared: row.get(4)?,
        scanned: row.get(5)?,
    })
}

fn pair_row(row: &Row<'_>) -> Result<PairRow, StoreError> {
    Ok(PairRow {
        declared: row.get(0)?,
        scanned: row.get(1)?,
        n_all: row.get(2)?,
        n_more: row.get(3)?,
    })
}
