//! A city's books are closed: three days after its end, with nothing open, for good.
//!
//! The seal keeps the totals, the head of the audit chain and the digest of the exported
//! ledger; from then on the database takes approved corrections of the city and nothing else.

use chrono::{DateTime, TimeDelta, Utc};
use reward_core::{Account, BillClass};
use schedule_core::ShanghaiDay;
use sha2::{Digest as _, Sha256};

use super::{
    Error, Failure, audit as auditor,
    bills::Day,
    payout::tail,
    reconcile::{self, Answers, Comparison},
    season,
};
use crate::{
    app::App,
    store::{
        Read, StoreError, audit,
        books::{self, LedgerRow, SealRow},
        facts::{self, PaymentFacts},
        incidents,
        season::{self as rows, CityRow},
    },
};

/// How long after its end a city's books stay open: every packet has come to its end by then.
pub const OPEN_AFTER_CLOSE: TimeDelta = TimeDelta::days(3);
/// So many examples of one kind are named.
const EXAMPLES: usize = 5;

/// Sealed books and their ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedBooks {
    /// The seal.
    pub seal: SealRow,
    /// The ledger as it was sealed, in the form whose digest the seal keeps.
    pub ledger: String,
    /// Approved corrections since.
    pub n_later: usize,
}

/// Why a city's books are not sealed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealRefusal {
    /// There is no such city in the database.
    #[error("there is no city {city:?}")]
    UnknownCity {
        /// The slug given.
        city: String,
    },
    /// Nobody is named.
    #[error("say who seals")]
    Nobody,
    /// Something is open; each line says what.
    #[error("{}", reasons.join("\n"))]
    Open {
        /// What is open.
        reasons: Vec<String>,
    },
    /// Something below failed.
    #[error(transparent)]
    Failed(#[from] Error),
}

impl From<StoreError> for SealRefusal {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

/// Seals a city's books, or shows those that are sealed already.
///
/// Cost: both auditors, and a comparison of everything with the bills.
///
/// # Errors
/// [`SealRefusal::Open`] with everything that stands against it.
pub async fn seal(app: &App, city: &str, sealed_by: &str) -> Result<SealedBooks, SealRefusal> {
    if let Some(sealed) = sealed(app, city).await? {
        return Ok(sealed);
    }
    let sealed_by = sealed_by.trim().to_owned();
    if sealed_by.is_empty() {
        return Err(SealRefusal::Nobody);
    }
    let slug = city.to_owned();
    let row = app
        .store
        .read(move |read| Ok::<_, Error>(rows::city(read, &slug)?))
        .await?
        .ok_or_else(|| SealRefusal::UnknownCity {
            city: city.to_owned(),
        })?;
    let now = app.now();
    let reasons = open_items(app, &row, now).await?;
    if !reasons.is_empty() {
        return Err(SealRefusal::Open { reasons });
    }
    app.store
        .write(move |tx| {
            let seal = drawn_up(&tx.read(), &row, sealed_by, now)?;
            books::insert_seal(tx, &seal)?;
            let detail = format!(
                "city={} received_fen={} left_fen={} transfers={} ledger={}",
                seal.city, seal.received_fen, seal.left_fen, seal.n_transfers, seal.ledger_sha256
            );
            audit::append(tx, seal.sealed_ms, &seal.sealed_by, "books.sealed", &detail)?;
            Ok::<_, Error>(())
        })
        .await?;
    let written = sealed(app, city).await?;
    let missing = || Error::from(Failure::defect("a seal that was written is not there"));
    Ok(written.ok_or_else(missing)?)
}

/// The sealed books of a city, if they are sealed.
///
/// # Errors
/// Fails when the database does.
pub async fn sealed(app: &App, city: &str) -> Result<Option<SealedBooks>, Error> {
    let slug = city.to_owned();
    let found = app
        .store
        .read(move |read| {
            let Some(seal) = books::seal(read, &slug)? else {
                return Ok(None);
            };
            Ok::<_, Error>(Some((seal, books::ledger(read, &slug)?)))
        })
        .await?;
    Ok(found.map(|(seal, rows)| {
        let n_sealed = usize::try_from(seal.n_transfers).unwrap_or(usize::MAX);
        SealedBooks {
            ledger: ledger_text(rows.iter().take(n_sealed)),
            n_later: rows.len().saturating_sub(n_sealed),
            seal,
        }
    }))
}

/// Seals that the rows do not bear out any more: the city, and what differs.
///
/// # Errors
/// Fails when the database does.
pub(super) fn broken_seals(read: &Read<'_>) -> Result<Vec<String>, Error> {
    let mut broken = Vec::new();
    for seal in books::seals(read)? {
        let rows = books::ledger(read, &seal.city)?;
        let n_sealed = usize::try_from(seal.n_transfers).unwrap_or(usize::MAX);
        let sealed: Vec<&LedgerRow> = rows.iter().take(n_sealed).collect();
        let digest = digest_of(&ledger_text(sealed.iter().copied()));
        if sealed.len() != n_sealed || digest != seal.ledger_sha256 {
            broken.push(format!("{}: the sealed ledger has changed", seal.city));
        }
        let sums = [
            (
                Account::Pool,
                seal.undrawn_fen.saturating_sub(seal.pool_fen),
            ),
            (Account::Reserved, 0),
            (Account::Sent, 0),
            (Account::Received, seal.received_fen),
            (Account::Left, seal.left_fen),
            (Account::Suspense, seal.suspense_fen),
        ];
        for (account, fen) in sums {
            if balance_fen(sealed.iter().copied(), account) != fen {
                broken.push(format!(
                    "{}: {} is not as sealed",
                    seal.city,
                    account.name()
                ));
            }
        }
    }
    Ok(broken)
}

/// The ledger as it is exported and digested: a heading, then a line for each transfer, in order.
fn ledger_text<'a>(rows: impl Iterator<Item = &'a LedgerRow>) -> String {
    let mut text = "number,at_ms,debit,credit,amount_fen,bill_number\n".to_owned();
    for row in rows {
        text += &format!(
            "{},{},{},{},{},{}\n",
            row.number, row.at_ms, row.debit, row.credit, row.amount_fen, row.bill_number
        );
    }
    text
}

fn digest_of(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

fn balance_fen<'a>(rows: impl Iterator<Item = &'a LedgerRow>, account: Account) -> i64 {
    rows.fold(0, |sum: i64, row| {
        let credit = if row.credit == account.name() {
            row.amount_fen
        } else {
            0
        };
        let debit = if row.debit == account.name() {
            row.amount_fen
        } else {
            0
        };
        sum.saturating_add(credit).saturating_sub(debit)
    })
}

/// The seal as the rows of this moment make it.
fn drawn_up(
    read: &Read<'_>,
    city: &CityRow,
    sealed_by: String,
    now: DateTime<Utc>,
) -> Result<SealRow, Error> {
    let ledger = books::ledger(read, &city.city)?;
    let sum = |account| balance_fen(ledger.iter(), account);
    let n_awards = facts::awards(read)?
        .iter()
        .filter(|award| award.city == city.city)
        .count();
    let column = |n: usize| i64::try_from(n).map_err(Failure::defect);
    let (audit_number, audit_hash) =
        audit::head(read)?.ok_or_else(|| Failure::defect("a season without an audit event"))?;
    Ok(SealRow {
        city: city.city.clone(),
        opens_ms: city.opens_ms,
        closes_ms: city.closes_ms,
        pool_fen: city.pool_fen,
        undrawn_fen: city.pool_fen.saturating_add(sum(Account::Pool)),
        received_fen: sum(Account::Received),
        left_fen: sum(Account::Left),
        suspense_fen: sum(Account::Suspense),
        n_awards: column(n_awards)?,
        n_transfers: column(ledger.len())?,
        ledger_sha256: digest_of(&ledger_text(ledger.iter())),
        audit_number,
        audit_hash,
        sealed_by,
        sealed_ms: now.timestamp_millis(),
    })
}

/// Everything that stands against sealing, a line each.
async fn open_items(app: &App, city: &CityRow, now: DateTime<Utc>) -> Result<Vec<String>, Error> {
    let from = season::instant(city.closes_ms) + OPEN_AFTER_CLOSE;
    let mut reasons = Vec::new();
    if now < from {
        let day = ShanghaiDay::from_instant(from);
        reasons.push(format!("the books of {} are open until {day}", city.city));
        // Most of the rest would only be early.
        return Ok(reasons);
    }
    let slug = city.city.clone();
    let (payments, incidents) = app
        .store
        .read(move |read| {
            let mut payments = facts::payments(read)?;
            payments.retain(|payment| payment.city == slug);
            let mut incidents = incidents::incidents(read)?;
            incidents.retain(|row| {
                row.ended.is_none() && row.city.as_ref().is_none_or(|city| *city == slug)
            });
            Ok::<_, Error>((payments, incidents))
        })
        .await?;
    let comparison = reconcile::compare(app, Answers::new()).await?;
    reasons.extend(unended(&payments));
    reasons.extend(unbilled(&comparison, city, &payments));
    reasons.extend(unexplained(&comparison, city));
    for incident in incidents {
        reasons.push(format!(
            "incident {} is open: {} about …{}",
            incident.incident,
            incident.class,
            tail(&incident.bill_number)
        ));
    }
    let mut violations = auditor::violations(app, None).await?;
    violations.extend(auditor::found_by_sql(app).await?);
    for violation in violations.into_iter().take(EXAMPLES) {
        reasons.push(format!("{}: {}", violation.invariant, violation.detail));
    }
    Ok(reasons)
}

fn unended(payments: &[PaymentFacts]) -> Vec<String> {
    let states = [
        "reserved",
        "in_flight",
        "unknown",
        "deferred",
        "sent",
        "refunding",
        "held",
    ];
    let lines = states.into_iter().filter_map(|state| {
        let open = payments.iter().filter(|payment| payment.state == state);
        let tails: Vec<&str> = open.map(|payment| tail(&payment.bill_number)).collect();
        let examples = examples(&tails)?;
        Some(format!("{} payments are {state}: {examples}", tails.len()))
    });
    lines.collect()
}

/// Days of the city, up to the last movement of its payments, that have no bill.
fn unbilled(comparison: &Comparison, city: &CityRow, payments: &[PaymentFacts]) -> Vec<String> {
    let number = |ms| i64::from(ShanghaiDay::from_instant(season::instant(ms)).number());
    let Some(last_ms) = payments.iter().map(|payment| payment.changed_ms).max() else {
        return Vec::new();
    };
    let has_bill = |day: i64| {
        let mut days = comparison.days.iter();
        days.any(|row| row.day == day && row.bill.is_some())
    };
    (number(city.opens_ms)..=number(last_ms))
        .filter(|day| !has_bill(*day))
        .map(|day| format!("there is no bill of {}", Day::of_column(day)))
        .collect()
}

fn unexplained(comparison: &Comparison, city: &CityRow) -> Vec<String> {
    let orders = || {
        comparison.orders.iter().filter(|order| {
            order
                .ours
                .as_ref()
                .is_some_and(|ours| ours.city == city.city)
        })
    };
    let mut lines = Vec::new();
    let waiting: Vec<&str> = orders()
        .filter(|order| order.class.is_none())
        .map(|order| tail(&order.bill_number))
        .collect();
    if let Some(examples) = examples(&waiting) {
        lines.push(format!(
            "{} payments wait for a bill: {examples}",
            waiting.len()
        ));
    }
    for class in BillClass::ALL {
        let different: Vec<&str> = orders()
            .filter(|order| order.class == Some(class) && class != BillClass::Agrees)
            .filter(|order| !order.is_explained)
            .map(|order| tail(&order.bill_number))
            .collect();
        if let Some(examples) = examples(&different) {
            let (n, code) = (different.len(), class.code());
            lines.push(format!("{n} payments are {code}: {examples}"));
        }
    }
    lines
}

/// The first few endings of numbers; `None` when there are none.
fn examples(tails: &[&str]) -> Option<String> {
    let first: Vec<String> = tails
        .iter()
        .take(EXAMPLES)
        .map(|tail| format!("…{tail}"))
        .collect();
    (!first.is_empty()).then(|| first.join(" "))
}
