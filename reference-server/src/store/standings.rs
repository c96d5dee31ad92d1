//! What a claim looks at, read for many people at once: two statements however many they are,
//! and a third when somebody has no pass by the keys.

use super::{
    Read, StoreError,
    engine::{Given, Header, Kind, Row, params},
};

/// Whose standing is asked for, and for which claim.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The person.
    pub person: &'a str,
    /// The attempt the claim is to use; the oldest unused pass when absent.
    pub attempt: Option<&'a str>,
    /// The city of a claim that names no attempt.
    pub city: Option<&'a str>,
}

/// How a person stands with regard to a claim.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Standing {
    /// The openid, sealed; empty once the person had it erased.
    pub openid_sealed: String,
    /// Whether the person follows now.
    pub following: bool,
    /// The city of the named attempt, if that is the person's.
    pub attempt_city: Option<String>,
    /// The pass that the claim would use: the named one, or the oldest that no award has used.
    pub unused_pass: Option<String>,
    /// Whether that attempt gained its pass by a correction.
    pub is_gained: bool,
    /// The friend behind the oldest referral chance of the city that no award has used.
    pub open_friend: Option<String>,
    /// The person's awards, newest first.
    pub awards: Vec<PastAward>,
}

/// An award as far as the next claim asks about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastAward {
    /// The award's number.
    pub award: String,
    /// The city's slug.
    pub city: String,
    /// `base` or `referral`.
    pub kind: String,
    /// The passing attempt it used.
    pub attempt: String,
    /// The caller's own key of the request that was granted.
    pub request_key: Option<String>,
    /// The decision instant.
    pub decided_ms: i64,
}

const ASKED: Header = &[
    ("person", Kind::Text),
    ("attempt", Kind::Text),
    ("city", Kind::Text),
];

const STANDING: &str = "SELECT given.nth, person.openid_sealed, follow.following, wanted.city,
     CASE WHEN given.attempt IS NULL THEN
         (SELECT attempt.attempt FROM attempt
          WHERE attempt.person = given.person AND attempt.city = given.city AND attempt.passed = 1
            AND NOT EXISTS (SELECT 1 FROM award WHERE award.attempt = attempt.attempt)
          ORDER BY attempt.submitted_ms, attempt.attempt LIMIT 1)
     WHEN wanted.passed = 1
       AND NOT EXISTS (SELECT 1 FROM award WHERE award.attempt = wanted.attempt) THEN wanted.attempt
     END,
     (SELECT referral.friend FROM referral
      WHERE referral.sharer = given.person AND referral.city = COALESCE(wanted.city, given.city)
        AND NOT EXISTS (SELECT 1 FROM award
                        WHERE award.friend = referral.friend AND award.kind = 'referral')
      ORDER BY referral.credited_ms, referral.friend LIMIT 1)
     FROM given
     JOIN person ON person.person = given.person
     LEFT JOIN follow ON follow.person = given.person
     LEFT JOIN attempt AS wanted ON wanted.attempt = given.attempt AND wanted.person = given.person";

/// The pass that a correction has given: of the named attempt, or the oldest that no award has used.
const GAINED: &str = "SELECT given.nth,
     (SELECT rescore.attempt FROM rescore
      WHERE rescore.person = given.person AND rescore.gained = 1
        AND (rescore.attempt = given.attempt OR (given.attempt IS NULL AND rescore.city = given.city))
        AND NOT EXISTS (SELECT 1 FROM award WHERE award.attempt = rescore.attempt)
      ORDER BY rescore.submitted_ms, rescore.attempt LIMIT 1)
     FROM given";

const AWARDS: &str = "SELECT given.nth, award.award, award.city, award.kind, award.attempt,
     award.request_key, award.decided_ms
     FROM given JOIN award ON award.person = given.person";

/// How each of these people stands, in their order; nobody is where no person is.
///
/// Cost: an index lookup for each fact, and one row for each award of a person.
pub fn standings(read: &Read<'_>, asked: &[Asked<'_>]) -> Result<Vec<Standing>, StoreError> {
    // store::standings::standings
    let mut given = Given::new(ASKED, asked.len());
    for one in asked {
        given.add(params![one.person, one.attempt, one.city]);
    }
    let mut standings = vec![Standing::default(); asked.len()];
    read.connection.each_of(&given, STANDING, |row| {
        *of_row(&mut standings, row)? = Standing {
            openid_sealed: row.get(1)?,
            following: row.get::<Option<bool>>(2)?.unwrap_or(false),
            attempt_city: row.get(3)?,
            unused_pass: row.get(4)?,
            is_gained: false,
            open_friend: row.get(5)?,
            awards: Vec::new(),
        };
        Ok(())
    })?;
    if standings
        .iter()
        .any(|standing| standing.unused_pass.is_none())
    {
        read.connection.each_of(&given, GAINED, |row| {
            let (standing, gained) = (of_row(&mut standings, row)?, row.get(1)?);
            if standing.unused_pass.is_none() {
                standing.unused_pass = gained;
                standing.is_gained = standing.unused_pass.is_some();
            }
            Ok(())
        })?;
    }
    read.connection.each_of(&given, AWARDS, |row| {
        let award = PastAward {
            award: row.get(1)?,
            city: row.get(2)?,
            kind: row.get(3)?,
            attempt: row.get(4)?,
            request_key: row.get(5)?,
            decided_ms: row.get(6)?,
        };
        of_row(&mut standings, row)?.awards.push(award);
        Ok(())
    })?;
    for standing in &mut standings {
        // Here and not in the statement, which would set up a sorter for each person.
        standing.awards.sort_by(|one, other| {
            let later = other.decided_ms.cmp(&one.decided_ms);
            later.then_with(|| one.award.cmp(&other.award))
        });
    }
    Ok(standings)
}

fn of_row<'a>(
    standings: &'a mut [Standing],
    row: &Row<'_>,
) -> Result<&'a mut Standing, StoreError> {
    let nth = row.nth()?;
    standings.get_mut(nth).ok_or(StoreError::Inconsistent {
        table: "given",
        id: nth.to_string(),
    })
}
