//! A city's books are closed: three days after its end, with nothing open, for good.
//!
//! The seal keeps the totals, the head of the audit chain and the digest of the exported
//! ledger; from then on the database takes approved corrections of the city and nothing else.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use reward_core::{Account, BillClass};
use schedule_core::ShanghaiDay;
use sha2::{Digest as _, Sha256};

use super::{
    Error, Failure, audit as auditor,
    bills::Day,
    dual_control::{Missing, given, same_person},
    organiser::{
        self, Organiser, Refused,
        proposal::{self, Draft, Word},
    },
    payout::tail,
    reconcile::{self, Answers, Comparison},
    season,
};
use crate::{
    app::App,
    store::{
        Read, StoreError, Tx, audit,
        books::{self, LedgerRow, SealRow},
        facts::{self, PaymentFacts},
        incidents,
        season::{self as rows, CityRow},
    },
};

/// How long after its end a city's books stay open: every packet has come to its end by then.
pub const OPEN_AFTER_CLOSE: TimeDelta = TimeDelta::days(3);
/// What a proposal to seal is called.
pub const PROPOSAL: &str = "books.seal";
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

/// Something that stands against sealing a city.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever says what is open says each of these"
)]
pub enum OpenItem {
    /// The books stay open until this day.
    TooEarly {
        /// The city's slug.
        city: String,
        /// The day.
        day: ShanghaiDay,
    },
    /// A day has no bill.
    NoBill {
        /// The day.
        day: Day,
    },
    /// Payments have not ended.
    Unended {
        /// Their state.
        state: &'static str,
        /// How many.
        n: usize,
        /// The endings of the first numbers.
        examples: String,
    },
    /// Payments are on no bill yet.
    Waiting {
        /// How many.
        n: usize,
        /// The endings of the first numbers.
        examples: String,
    },
    /// Payments differ from the bills.
    Different {
        /// Their class.
        class: BillClass,
        /// How many.
        n: usize,
        /// The endings of the first numbers.
        examples: String,
    },
    /// An incident is open.
    Incident {
        /// Its number.
        incident: i64,
        /// Its class.
        class: String,
        /// The ending of the order number.
        tail: String,
    },
    /// An auditor found a violation.
    Violation {
        /// The invariant's name.
        invariant: String,
        /// What was found.
        detail: String,
    },
}

impl fmt::Display for OpenItem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooEarly { city, day } => {
                write!(formatter, "the books of {city} are open until {day}")
            }
            Self::NoBill { day } => write!(formatter, "there is no bill of {day}"),
            Self::Unended { state, n, examples } => {
                write!(formatter, "{n} payments are {state}: {examples}")
            }
            Self::Waiting { n, examples } => {
                write!(formatter, "{n} payments wait for a bill: {examples}")
            }
            Self::Different { class, n, examples } => {
                write!(formatter, "{n} payments are {}: {examples}", class.code())
            }
            Self::Incident {
                incident,
                class,
                tail,
            } => {
                write!(
                    formatter,
                    "incident {incident} is open: {class} about …{tail}"
                )
            }
            Self::Violation { invariant, detail } => write!(formatter, "{invariant}: {detail}"),
        }
    }
}

fn in_lines(items: &[OpenItem]) -> String {
    let lines: Vec<String> = items.iter().map(ToString::to_string).collect();
    lines.join("\n")
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
    /// Somebody is not named.
    #[error(transparent)]
    Missing(#[from] Missing),
    /// Whoever proposes the seal does not approve it.
    #[error("{name} proposed it; another person has to approve")]
    SamePerson {
        /// The person.
        name: String,
    },
    /// Something is open; each line says what.
    #[error("{}", in_lines(reasons))]
    Open {
        /// What is open.
        reasons: Vec<OpenItem>,
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

/// Seals a city's books by two persons, or shows those that are sealed already.
///
/// Cost: both auditors, and a comparison of everything with the bills.
///
/// # Errors
/// [`SealRefusal::Open`] with everything that stands against it, [`SealRefusal::SamePerson`],
/// [`SealRefusal::Missing`].
pub async fn seal(
    app: &App,
    city: &str,
    maker: &str,
    checker: &str,
) -> Result<SealedBooks, SealRefusal> {
    if let Some(sealed) = sealed(app, city).await? {
        return Ok(sealed);
    }
    let (maker, checker) = (given("who seals", maker)?, given("who approves", checker)?);
    if same_person(&maker, &checker) {
        return Err(SealRefusal::SamePerson { name: checker });
    }
    let row = expect_clean(app, city).await?;
    let now = app.now();
    app.store
        .write(move |tx| {
            let seal = drawn_up(&tx.read(), &row, (maker, checker), now)?;
            write(tx, &seal)
        })
        .await?;
    written(app, city).await
}

/// Proposes to seal a city's books as they stand; the proposal's number.
///
/// Cost: as [`seal`].
///
/// # Errors
/// Refuses with [`Refused::BooksOpen`], [`Refused::BooksSealed`], [`Refused::ReasonMissing`], and
/// with [`Refused::NotFound`] for a city that is not planned.
pub async fn propose(
    app: &App,
    city: &str,
    maker: &Organiser,
    why: &str,
) -> Result<i64, organiser::Error> {
    let why = organiser::reason(why)?;
    if sealed(app, city).await?.is_some() {
        return Err(Refused::BooksSealed.into());
    }
    let row = expect_clean(app, city).await?;
    let (now, maker) = (app.now(), maker.clone());
    app.store
        .write(move |tx| {
            let persons = (maker.name.clone(), String::new());
            let seal = drawn_up(&tx.read(), &row, persons, now)?;
            let draft = Draft {
                kind: PROPOSAL,
                subject: &seal.city,
                city: Some(&seal.city),
                content: &told(&seal),
                reason: &why,
            };
            proposal::propose(tx, &maker, &draft, now)
        })
        .await
}

/// Seals what another person proposed to seal, if the books are still the same.
///
/// # Errors
/// As [`proposal::approve`] and [`propose`]; [`Refused::OtherContent`] when a transfer was added meanwhile.
pub(super) async fn approve(
    app: &App,
    city: &str,
    checker: &Organiser,
    (number, digest, why): (i64, &str, &str),
) -> Result<(), organiser::Error> {
    if sealed(app, city).await?.is_some() {
        return Err(Refused::BooksSealed.into());
    }
    let row = expect_clean(app, city).await?;
    let (now, checker) = (app.now(), checker.clone());
    let (digest, why) = (digest.to_owned(), why.to_owned());
    app.store
        .write(move |tx| {
            let word = Word {
                proposal: number,
                digest: &digest,
                reason: &why,
            };
            let proposal = proposal::approve(tx, &checker, word, now)?;
            let persons = (proposal.maker, checker.name.clone());
            let seal = drawn_up(&tx.read(), &row, persons, now)?;
            if told(&seal) != proposal.content {
                return Err(Refused::OtherContent.into());
            }
            Ok(write(tx, &seal)?)
        })
        .await
}

/// The city's row, once nothing in its books is open.
async fn expect_clean(app: &App, city: &str) -> Result<CityRow, SealRefusal> {
    let slug = city.to_owned();
    let row = app
        .store
        .read(move |read| Ok::<_, Error>(rows::city(read, &slug)?))
        .await?
        .ok_or_else(|| SealRefusal::UnknownCity {
            city: city.to_owned(),
        })?;
    let reasons = open_items(app, &row, app.now()).await?;
    if reasons.is_empty() {
        Ok(row)
    } else {
        Err(SealRefusal::Open { reasons })
    }
}

/// What a seal says, but for its instant and the audit chain's head.
fn told(seal: &SealRow) -> String {
    format!(
        "city={} pool_fen={} undrawn_fen={} received_fen={} left_fen={} suspense_fen={} awards={} transfers={} ledger={}",
        seal.city,
        seal.pool_fen,
        seal.undrawn_fen,
        seal.received_fen,
        seal.left_fen,
        seal.suspense_fen,
        seal.n_awards,
        seal.n_transfers,
        seal.ledger_sha256
    )
}

fn write(tx: &Tx<'_>, seal: &SealRow) -> Result<(), Error> {
    books::insert_seal(tx, seal)?;
    let checker = seal.checked_by.as_deref().unwrap_or_default();
    let detail = format!(
        "city={} received_fen={} left_fen={} transfers={} ledger={} checker={checker}",
        seal.city, seal.received_fen, seal.left_fen, seal.n_transfers, seal.ledger_sha256
    );
    Ok(audit::append(
        tx,
        seal.sealed_ms,
        &seal.sealed_by,
        "books.sealed",
        &detail,
    )?)
}

async fn written(app: &App, city: &str) -> Result<SealedBooks, SealRefusal> {
    let written = sealed(app, city).await?;
    let missing = || Error::from(Failure::defect("a seal that was written is not there"));
    Ok(written.ok_or_else(missing)?)
}

impl From<SealRefusal> for organiser::Error {
    fn from(refusal: SealRefusal) -> Self {
        match refusal {
            SealRefusal::UnknownCity { .. } => Refused::NotFound.into(),
            SealRefusal::Missing(_) => Refused::ReasonMissing.into(),
            SealRefusal::SamePerson { .. } => Refused::SamePerson.into(),
            SealRefusal::Open { reasons } => Refused::BooksOpen { reasons }.into(),
            SealRefusal::Failed(error) => error.into(),
        }
    }
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
    (sealed_by, checked_by): (String, String),
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
        checked_by: Some(checked_by),
        sealed_ms: now.timestamp_millis(),
    })
}

/// Everything that stands against sealing, a line each.
async fn open_items(app: &App, city: &CityRow, now: DateTime<Utc>) -> Result<Vec<OpenItem>, Error> {
    let from = season::instant(city.closes_ms) + OPEN_AFTER_CLOSE;
    let mut reasons = Vec::new();
    if now < from {
        let day = ShanghaiDay::from_instant(from);
        let city = city.city.clone();
        reasons.push(OpenItem::TooEarly { city, day });
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
        reasons.push(OpenItem::Incident {
            incident: incident.incident,
            class: incident.class,
            tail: tail(&incident.bill_number).to_owned(),
        });
    }
    let mut violations = auditor::violations(app, None).await?;
    violations.extend(auditor::found_by_sql(app).await?);
    for violation in violations.into_iter().take(EXAMPLES) {
        reasons.push(OpenItem::Violation {
            invariant: violation.invariant.to_string(),
            detail: violation.detail,
        });
    }
    Ok(reasons)
}

fn unended(payments: &[PaymentFacts]) -> Vec<OpenItem> {
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
        Some(OpenItem::Unended {
            state,
            n: tails.len(),
            examples: examples(&tails)?,
        })
    });
    lines.collect()
}

/// Days of the city, up to the last movement of its payments, that have no bill.
fn unbilled(comparison: &Comparison, city: &CityRow, payments: &[PaymentFacts]) -> Vec<OpenItem> {
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
        .map(|day| OpenItem::NoBill {
            day: Day::of_column(day),
        })
        .collect()
}

fn unexplained(comparison: &Comparison, city: &CityRow) -> Vec<OpenItem> {
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
        lines.push(OpenItem::Waiting {
            n: waiting.len(),
            examples,
        });
    }
    for class in BillClass::ALL {
        let different: Vec<&str> = orders()
            .filter(|order| order.class == Some(class) && class != BillClass::Agrees)
            .filter(|order| !order.is_explained)
            .map(|order| tail(&order.bill_number))
            .collect();
        if let Some(examples) = examples(&different) {
            lines.push(OpenItem::Different {
                class,
                n: different.len(),
                examples,
            });
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
