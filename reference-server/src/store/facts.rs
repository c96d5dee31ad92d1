//! Whole-database reads for the auditor and the reports; never on a request's path.

use super::{
    Read, StoreError,
    engine::{Row, params},
};

/// What a city has awarded, counted from its awards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CityFacts {
    /// The city's slug.
    pub city: String,
    /// End of its window.
    pub closes_ms: i64,
    /// Its pool.
    pub pool_fen: i64,
    /// What its counter says.
    pub used_fen: i64,
    /// Whether its row says that the top packet is awarded.
    pub top_awarded: bool,
    /// What its awards sum to.
    pub awarded_fen: i64,
    /// How many awards it has.
    pub n_awards: i64,
    /// Awards of the top amount.
    pub n_top: i64,
    /// The latest award.
    pub last_award_ms: Option<i64>,
}

/// What a day has awarded, counted from its awards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayFacts {
    /// The city's slug.
    pub city: String,
    /// Shanghai day number.
    pub day: i64,
    /// Its cap.
    pub cap_fen: i64,
    /// What its counter says.
    pub used_fen: i64,
    /// What its awards sum to.
    pub awarded_fen: i64,
    /// How many awards it has.
    pub n_awards: i64,
}

/// What a city's people did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CityActivity {
    /// The city's slug.
    pub city: String,
    /// People who submitted.
    pub n_people: i64,
    /// Submitted attempts.
    pub n_attempts: i64,
    /// Passing ones of them.
    pub n_passed: i64,
    /// Credited referrals.
    pub n_referrals: i64,
}

/// One payment with its award, as the auditor compares it with WeChat's own record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentFacts {
    /// The order number.
    pub bill_number: String,
    /// The award.
    pub award: String,
    /// Whose award it is.
    pub person: String,
    /// The city's slug.
    pub city: String,
    /// The amount.
    pub amount_fen: i64,
    /// The state's name.
    pub state: String,
    /// When its row changed last.
    pub changed_ms: i64,
    /// Which attempt to pay the award it is, from 1.
    pub attempt_number: i64,
    /// The state machine, as JSON.
    pub machine: String,
}

/// One award, as a report counts it and an auditor compares it with what its person was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwardFacts {
    /// The award's number.
    pub award: String,
    /// Who got it.
    pub person: String,
    /// The city's slug.
    pub city: String,
    /// `base` or `referral`.
    pub kind: String,
    /// The amount.
    pub amount_fen: i64,
    /// The decision instant.
    pub decided_ms: i64,
}

/// The sum of a city's transfers into and out of one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountFacts {
    /// The city's slug.
    pub city: String,
    /// The account's name.
    pub account: String,
    /// Credits less debits.
    pub balance_fen: i64,
}

/// An approved correction beside the transfer it made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorrectionFacts {
    /// Its number.
    pub correction: i64,
    /// Who proposed it.
    pub maker: String,
    /// Who approved it.
    pub checker: String,
    /// Whether it moves money.
    pub is_transfer: bool,
    /// City, debit, credit and amount in the ledger, when they are those that were proposed.
    ledger: Option<(String, String, String, i64)>,
}

impl CorrectionFacts {
    /// City, debit, credit and amount of its transfer; `None` when the ledger does not have it as proposed.
    #[must_use]
    pub fn moved(&self) -> Option<(&str, &str, &str, i64)> {
        let (city, debit, credit, amount_fen) = self.ledger.as_ref()?;
        Some((city, debit, credit, *amount_fen))
    }
}

/// Every city's money.
pub fn cities(read: &Read<'_>, top_fen: i64) -> Result<Vec<CityFacts>, StoreError> {
    // store::facts::cities
    read.connection.rows(
        "SELECT city.city, city.closes_ms, city.pool_fen, city.used_fen, city.top_awarded,
                CAST(COALESCE(SUM(award.amount_fen), 0) AS BIGINT), COUNT(award.award),
                COALESCE(SUM(CASE WHEN award.amount_fen = ?1 THEN 1 ELSE 0 END), 0),
                MAX(award.decided_ms)
         FROM city LEFT JOIN award ON award.city = city.city
         GROUP BY city.city, city.closes_ms, city.pool_fen, city.used_fen, city.top_awarded,
                  city.ordinal
         ORDER BY city.ordinal",
        params![top_fen],
        |row| {
            Ok(CityFacts {
                city: row.get(0)?,
                closes_ms: row.get(1)?,
                pool_fen: row.get(2)?,
                used_fen: row.get(3)?,
                top_awarded: row.get(4)?,
                awarded_fen: row.get(5)?,
                n_awards: row.get(6)?,
                n_top: row.get(7)?,
                last_award_ms: row.get(8)?,
            })
        },
    )
}

/// Every day's money, in order.
pub fn days(read: &Read<'_>) -> Result<Vec<DayFacts>, StoreError> {
    // store::facts::days
    read.connection.rows(
        "SELECT budget_day.city, budget_day.day, budget_day.cap_fen, budget_day.used_fen,
                CAST(COALESCE(SUM(award.amount_fen), 0) AS BIGINT), COUNT(award.award)
         FROM budget_day
         LEFT JOIN award ON award.city = budget_day.city AND award.day = budget_day.day
         GROUP BY budget_day.city, budget_day.day, budget_day.cap_fen, budget_day.used_fen
         ORDER BY budget_day.day, budget_day.city",
        params![],
        |row| {
            Ok(DayFacts {
                city: row.get(0)?,
                day: row.get(1)?,
                cap_fen: row.get(2)?,
                used_fen: row.get(3)?,
                awarded_fen: row.get(4)?,
                n_awards: row.get(5)?,
            })
        },
    )
}

/// What people did in every city.
pub fn activity(read: &Read<'_>) -> Result<Vec<CityActivity>, StoreError> {
    // store::facts::activity
    read.connection.rows(
        "SELECT city.city,
                (SELECT COUNT(DISTINCT person) FROM attempt WHERE attempt.city = city.city),
                (SELECT COUNT(*) FROM attempt WHERE attempt.city = city.city),
                (SELECT COUNT(*) FROM attempt WHERE attempt.city = city.city AND passed = 1),
                (SELECT COUNT(*) FROM referral WHERE referral.city = city.city)
         FROM city ORDER BY city.ordinal",
        params![],
        |row| {
            Ok(CityActivity {
                city: row.get(0)?,
                n_people: row.get(1)?,
                n_attempts: row.get(2)?,
                n_passed: row.get(3)?,
                n_referrals: row.get(4)?,
            })
        },
    )
}

/// How many payments are in each state.
pub fn payments_by_state(read: &Read<'_>) -> Result<Vec<(String, i64)>, StoreError> {
    // store::facts::payments_by_state
    read.connection.rows(
        "SELECT state, COUNT(*) FROM payment GROUP BY state ORDER BY state",
        params![],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// Every payment, by order number.
pub fn payments(read: &Read<'_>) -> Result<Vec<PaymentFacts>, StoreError> {
    // store::facts::payments
    read.connection.rows(
        "SELECT payment.bill_number, payment.award, award.city, payment.amount_fen, payment.state,
                payment.attempt_number, payment.machine, award.person, payment.changed_ms
         FROM payment JOIN award ON award.award = payment.award ORDER BY payment.bill_number",
        params![],
        |row| {
            Ok(PaymentFacts {
                bill_number: row.get(0)?,
                award: row.get(1)?,
                city: row.get(2)?,
                amount_fen: row.get(3)?,
                state: row.get(4)?,
                attempt_number: row.get(5)?,
                machine: row.get(6)?,
                person: row.get(7)?,
                changed_ms: row.get(8)?,
            })
        },
    )
}

/// Every award, in the order of decision.
pub fn awards(read: &Read<'_>) -> Result<Vec<AwardFacts>, StoreError> {
    // store::facts::awards
    read.connection.rows(
        "SELECT award, person, city, kind, amount_fen, decided_ms
         FROM award ORDER BY decided_ms, award",
        params![],
        |row| {
            Ok(AwardFacts {
                award: row.get(0)?,
                person: row.get(1)?,
                city: row.get(2)?,
                kind: row.get(3)?,
                amount_fen: row.get(4)?,
                decided_ms: row.get(5)?,
            })
        },
    )
}

/// Every account of every city, from the transfers alone.
pub fn accounts(read: &Read<'_>) -> Result<Vec<AccountFacts>, StoreError> {
    // store::facts::accounts
    read.connection.rows(
        "SELECT city, account, CAST(SUM(amount_fen) AS BIGINT) FROM (
             SELECT city, credit AS account, amount_fen FROM transfer
             UNION ALL
             SELECT city, debit AS account, -amount_fen AS amount_fen FROM transfer
         ) AS movement GROUP BY city, account ORDER BY city, account",
        params![],
        |row| {
            Ok(AccountFacts {
                city: row.get(0)?,
                account: row.get(1)?,
                balance_fen: row.get(2)?,
            })
        },
    )
}

/// Every approved correction.
pub fn corrections(read: &Read<'_>) -> Result<Vec<CorrectionFacts>, StoreError> {
    // store::facts::corrections
    read.connection.rows(
        "SELECT correction_approval.correction, correction_approval.maker,
                correction_approval.checker, correction.action, transfer.city, transfer.debit,
                transfer.credit, transfer.amount_fen
         FROM correction_approval
         JOIN correction ON correction.correction = correction_approval.correction
         LEFT JOIN transfer ON transfer.city = correction_approval.city
          AND transfer.number = correction_approval.transfer_number
          AND transfer.debit = correction.debit AND transfer.credit = correction.credit
          AND transfer.amount_fen = correction.amount_fen
         ORDER BY correction_approval.correction",
        params![],
        |row| {
            let action: String = row.get(3)?;
            let (city, debit, credit): (Option<String>, Option<String>, Option<String>) =
                (row.get(4)?, row.get(5)?, row.get(6)?);
            let amount_fen: Option<i64> = row.get(7)?;
            Ok(CorrectionFacts {
                correction: row.get(0)?,
                maker: row.get(1)?,
                checker: row.get(2)?,
                is_transfer: action == "transfer",
                ledger: match (city, debit, credit, amount_fen) {
                    (Some(city), Some(debit), Some(credit), Some(amount_fen)) => {
                        Some((city, debit, credit, amount_fen))
                    }
                    _ => None,
                },
            })
        },
    )
}

/// Awards that break a rule about a single award; the rule's name and the award's number.
pub fn bad_awards(
    read: &Read<'_>,
    min_fen: i64,
    max_fen: i64,
) -> Result<Vec<(String, String)>, StoreError> {
    // store::facts::bad_awards
    read.connection.rows(
        "SELECT 'M3 amount out of bounds', award FROM award
             WHERE amount_fen < ?1 OR amount_fen > ?2
         UNION ALL SELECT 'M3 not the planned amount', award.award FROM award
             LEFT JOIN packet ON packet.city = award.city AND packet.day = award.day
               AND packet.deck = award.deck AND packet.sequence = award.sequence
             WHERE packet.amount_fen IS NULL OR packet.amount_fen <> award.amount_fen
         UNION ALL SELECT 'M6 not a passing attempt of this person and city', award.award
             FROM award LEFT JOIN attempt ON attempt.attempt = award.attempt
             WHERE attempt.attempt IS NULL OR attempt.person <> award.person
               OR attempt.city <> award.city
               OR (award.gained IS NULL AND attempt.score < attempt.pass_mark)
               OR (award.gained IS NOT NULL AND NOT EXISTS (
                   SELECT 1 FROM rescore WHERE rescore.attempt = award.attempt
                     AND rescore.gained = 1 AND rescore.score >= attempt.pass_mark))
         UNION ALL SELECT 'M32 a score that fell, or that no attempt has', rescore.attempt
             FROM rescore LEFT JOIN attempt ON attempt.attempt = rescore.attempt
               AND attempt.person = rescore.person AND attempt.city = rescore.city
             WHERE attempt.attempt IS NULL OR attempt.score <> rescore.score_by_keys
               OR rescore.score <= attempt.score OR rescore.score > attempt.n_questions
               OR EXISTS (SELECT 1 FROM rescore AS later WHERE later.attempt = rescore.attempt
                          AND later.version > rescore.version AND later.score <= rescore.score)
         UNION ALL SELECT 'M8 not a friend of this sharer', award.award
             FROM award LEFT JOIN referral ON referral.friend = award.friend
             WHERE award.kind = 'referral'
               AND (referral.friend IS NULL OR referral.sharer <> award.person)
         UNION ALL SELECT 'M9 outside the window', award.award
             FROM award JOIN city ON city.city = award.city
             WHERE award.decided_ms < city.opens_ms OR award.decided_ms >= city.closes_ms
         UNION ALL SELECT 'M31 awarded while claims were paused', award.award
             FROM award JOIN pause ON pause.city = award.city AND pause.subject = 'claims'
             WHERE award.decided_ms > pause.begun_ms
               AND (pause.ended_ms IS NULL OR award.decided_ms < pause.ended_ms)
         UNION ALL SELECT 'M11 no live or settled payment', award.award FROM award
             WHERE (SELECT COUNT(*) FROM payment WHERE payment.award = award.award) = 0",
        params![min_fen, max_fen],
        pair,
    )
}

/// Chances, attempts, packets or payments that were used twice; the rule's name and the key.
pub fn used_twice(read: &Read<'_>) -> Result<Vec<(String, String)>, StoreError> {
    // store::facts::used_twice
    read.connection.rows(
        "SELECT 'M5 base chance used twice', person FROM award WHERE kind = 'base'
             GROUP BY person, scope HAVING COUNT(*) > 1
         UNION ALL SELECT 'M5 referral chance used twice', friend FROM award
             WHERE kind = 'referral' GROUP BY friend HAVING COUNT(*) > 1
         UNION ALL SELECT 'M6 attempt used twice', attempt FROM award
             GROUP BY attempt HAVING COUNT(*) > 1
         UNION ALL SELECT 'M8 friend credited twice', friend FROM referral
             GROUP BY friend HAVING COUNT(*) > 1
         UNION ALL SELECT 'packet given twice', city FROM award
             GROUP BY city, day, deck, sequence HAVING COUNT(*) > 1
         UNION ALL SELECT 'M11 two live payments', award FROM payment
             WHERE state NOT IN ('dead', 'refunded') GROUP BY award HAVING COUNT(*) > 1",
        params![],
        pair,
    )
}

/// Steps of payments that no evidence allows; the rule's name and the order number.
pub fn steps_without_evidence(read: &Read<'_>) -> Result<Vec<(String, String)>, StoreError> {
    // store::facts::steps_without_evidence
    read.connection.rows(
        "SELECT 'M15 an end without an answer', bill_number FROM payment_event
             WHERE state_after IN ('received', 'refunded', 'dead') AND state_before <> state_after
               AND event NOT IN ('query_result', 'operator')
         UNION ALL SELECT 'M15 no question after a lease', bill_number FROM payment_event
             WHERE event = 'lease_expired' AND state_after NOT IN ('unknown', 'held')",
        params![],
        pair,
    )
}

/// What the checker that is written in SQL alone finds; the invariant's name and where.
///
/// It shares nothing with the other reads of this file, so that a mistake here is not made there.
pub fn found_by_sql(read: &Read<'_>) -> Result<Vec<(String, String)>, StoreError> {
    // store::facts::found_by_sql
    let sql = include_str!("../../checks/books.sql").trim_end();
    read.connection
        .rows(sql.trim_end_matches(';'), params![], pair)
}

fn pair(row: &Row<'_>) -> Result<(String, String), StoreError> {
    Ok((row.get(0)?, row.get(1)?))
}
