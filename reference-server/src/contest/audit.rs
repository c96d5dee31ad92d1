//! The predicates that must hold, over the whole database and WeChat's own record.
//!
//! One list for tests, rehearsals and operators; the names are those of the invariants
//! in `ARCHITECTURE.md`. It recounts everything from single rows and trusts no counter.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use reward_core::{Account, Payout};
use wechat_adapter::simulator::{OracleLedger, PacketState, TransferStage};

use super::{
    Error, Failure, Refusal, books_seal, planning, publication,
    reconcile::{self, Answers, Comparison},
    rescore, sealed, season,
};
use crate::{
    app::App,
    store::{
        Read, audit,
        facts::{self, AccountFacts, CityFacts, CorrectionFacts, DayFacts, PaymentFacts},
        overview, season as rows, statistics,
    },
};

/// A predicate that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Violation {
    /// The invariant.
    pub invariant: String,
    /// Where and how it is broken.
    pub detail: String,
}

/// Everything the auditor reads, in one snapshot.
struct Books {
    cities: Vec<CityFacts>,
    days: Vec<DayFacts>,
    payments: Vec<PaymentFacts>,
    accounts: Vec<AccountFacts>,
    corrections: Vec<CorrectionFacts>,
    broken_seals: Vec<String>,
    bad: Vec<(String, String)>,
    broken_link: Option<i64>,
    rescue_due: BTreeMap<String, DateTime<Utc>>,
}

/// Every violation in the database, and against WeChat's record when there is one.
///
/// Cost: a scan of every packet, award, payment, transfer and audit event.
///
/// # Errors
/// Fails when the database does.
pub async fn violations(app: &App, wechat: Option<&OracleLedger>) -> Result<Vec<Violation>, Error> {
    let rescue_due = rescue_instants(app).await?;
    let top_fen = season::fen_column(app.season.rules.top_packet());
    let bounds = app.season.rules.bounds();
    let (min_fen, max_fen) = (
        season::fen_column(bounds.min()),
        season::fen_column(bounds.max()),
    );
    let books = app
        .store
        .read(move |read| books(read, top_fen, min_fen, max_fen, rescue_due))
        .await?;
    let mut found = Vec::new();
    for (rule, key) in &books.bad {
        push(&mut found, rule, key.clone());
    }
    check_counters(&books, &mut found);
    check_top(&books, app.now(), &mut found);
    check_ledger(&books, &mut found);
    check_corrections(&books, &mut found);
    for broken in &books.broken_seals {
        push(&mut found, "M23 seal", broken.clone());
    }
    match reconcile::compare(app, Answers::new()).await {
        Ok(comparison) => check_bills(&comparison, &mut found),
        // A payment that cannot be read is told by the check of its machine.
        Err(Error::Failed(Failure::Unreadable { .. })) => {}
        Err(error) => return Err(error),
    }
    check_plans(app, &mut found).await?;
    for attempt in rescore::wrong(app).await? {
        push(&mut found, "M32 not what the corrections give", attempt);
    }
    check_published(app, &mut found).await?;
    if let Some(number) = books.broken_link {
        push(
            &mut found,
            "M20 audit chain",
            format!("broken at event {number}"),
        );
    }
    if let Some(wechat) = wechat {
        check_wechat(&books, wechat, &mut found);
    }
    Ok(found)
}

/// What a second checker, written in SQL alone, finds in the same database.
///
/// # Errors
/// Fails when the database does.
pub async fn found_by_sql(app: &App) -> Result<Vec<Violation>, Error> {
    let rows = app
        .store
        .read(|read| Ok::<_, Error>(facts::found_by_sql(read)?))
        .await?;
    let violations = rows.into_iter();
    Ok(violations
        .map(|(invariant, detail)| Violation { invariant, detail })
        .collect())
}

fn books(
    read: &Read<'_>,
    top_fen: i64,
    min_fen: i64,
    max_fen: i64,
    rescue_due: BTreeMap<String, DateTime<Utc>>,
) -> Result<Books, Error> {
    let mut bad = facts::bad_awards(read, min_fen, max_fen)?;
    bad.extend(facts::used_twice(read)?);
    bad.extend(facts::steps_without_evidence(read)?);
    let wrong = overview::wrong_tallies(read)?.into_iter();
    bad.extend(wrong.map(|hour| ("M29 attempt tally".to_owned(), hour)));
    let wrong = statistics::wrong_counts(read)?.into_iter();
    bad.extend(wrong.map(|what| ("M30 statistics".to_owned(), what)));
    Ok(Books {
        cities: facts::cities(read, top_fen)?,
        days: facts::days(read)?,
        payments: facts::payments(read)?,
        accounts: facts::accounts(read)?,
        corrections: facts::corrections(read)?,
        broken_seals: books_seal::broken_seals(read)?,
        bad,
        broken_link: audit::first_broken_link(read)?,
        rescue_due,
    })
}

/// The stored packets of every city are those of its sealed plan.
async fn check_plans(app: &App, found: &mut Vec<Violation>) -> Result<(), Error> {
    let stored = app
        .store
        .read(|read| {
            let mut stored = Vec::new();
            for city in rows::cities(read)? {
                let days = rows::days(read, &city.city)?;
                let packets = rows::packets(read, &city.city)?;
                stored.push((city, days, packets));
            }
            Ok::<_, Error>(stored)
        })
        .await?;
    for (city, days, packets) in stored {
        let plan = sealed::plan(app, &city)?;
        let mut planned: Vec<_> = planning::packet_rows(plan.plan(), &days)
            .into_iter()
            .map(|row| (row.day, row.deck.to_owned(), row.sequence, row.amount_fen))
            .collect();
        planned.sort_unstable();
        if planned != packets {
            push(found, "M3 not the sealed plan", city.city);
        }
    }
    Ok(())
}

/// What the public can download of every finished city passes the audit that anybody can make.
async fn check_published(app: &App, found: &mut Vec<Violation>) -> Result<(), Error> {
    let cities = app
        .store
        .read(|read| Ok::<_, Error>(rows::cities(read)?))
        .await?;
    for city in cities {
        let fault = match publication::city_file(app, &city.city).await {
            Ok(file) => file.audit().err().map(|fault| fault.to_string()),
            Err(Error::Refused(Refusal::NotDisclosed { .. })) => None,
            Err(Error::Failed(Failure::Defect { what })) => Some(what),
            Err(error) => return Err(error),
        };
        if let Some(fault) = fault {
            push(found, "M3 public audit", format!("{}: {fault}", city.city));
        }
    }
    Ok(())
}

/// The instant of each city from which the next claim gets the top packet, whatever came before.
async fn rescue_instants(app: &App) -> Result<BTreeMap<String, DateTime<Utc>>, Error> {
    let cities = app
        .store
        .read(|read| Ok::<_, Error>(rows::cities(read)?))
        .await?;
    cities
        .into_iter()
        .map(|city| {
            let plan = sealed::plan(app, &city)?;
            let last_day_ms = city.closes_ms.saturating_sub(86_400_000);
            let offset_ms = i64::from(plan.plan().rescue_offset().ms());
            let due = season::instant(last_day_ms.saturating_add(offset_ms));
            Ok((city.city, due))
        })
        .collect()
}

fn check_counters(books: &Books, found: &mut Vec<Violation>) {
    for city in &books.cities {
        if city.awarded_fen > city.pool_fen {
            let (sum, pool) = (city.awarded_fen, city.pool_fen);
            push(
                found,
                "M1 pool",
                format!("{}: {sum} of {pool} fen", city.city),
            );
        }
        if city.awarded_fen != city.used_fen {
            push(
                found,
                "M1 counter",
                format!(
                    "{}: {} against {} fen",
                    city.city, city.used_fen, city.awarded_fen
                ),
            );
        }
    }
    for day in &books.days {
        if day.awarded_fen > day.cap_fen {
            let (sum, cap) = (day.awarded_fen, day.cap_fen);
            push(
                found,
                "M2 cap",
                format!("{} day {}: {sum} of {cap} fen", day.city, day.day),
            );
        }
        if day.awarded_fen != day.used_fen {
            push(
                found,
                "M2 counter",
                format!(
                    "{} day {}: {} against {} fen",
                    day.city, day.day, day.used_fen, day.awarded_fen
                ),
            );
        }
    }
}

fn check_top(books: &Books, now: DateTime<Utc>, found: &mut Vec<Violation>) {
    for city in &books.cities {
        if city.n_top > 1 {
            push(
                found,
                "M4 top packet",
                format!("{}: {} times", city.city, city.n_top),
            );
        }
        if city.top_awarded != (city.n_top > 0) {
            push(
                found,
                "M4 top packet",
                format!("{}: its row says otherwise", city.city),
            );
        }
        let closed = now >= season::instant(city.closes_ms);
        let won_after_due = city
            .last_award_ms
            .zip(books.rescue_due.get(&city.city))
            .is_some_and(|(last_ms, due)| season::instant(last_ms) >= *due);
        if closed && won_after_due && city.n_top == 0 {
            push(
                found,
                "M4 top packet",
                format!(
                    "{}: not awarded although somebody won after it was due",
                    city.city
                ),
            );
        }
    }
}

/// The accounts of the transfers equal what the payments' states say.
fn check_ledger(books: &Books, found: &mut Vec<Violation>) {
    let mut expected: BTreeMap<(&str, &str), i64> = BTreeMap::new();
    for payment in &books.payments {
        let Ok(payout) = serde_json::from_str::<Payout>(&payment.machine) else {
            push(
                found,
                "M15 machine",
                format!("{}: unreadable", payment.bill_number),
            );
            continue;
        };
        if payout.state().name() != payment.state {
            let said = payout.state().name();
            let detail = format!("{}: {} against {said}", payment.bill_number, payment.state);
            push(found, "M15 machine", detail);
        }
        for account in Account::ALL {
            let holds = i64::try_from(payout.position_fen(account)).unwrap_or(i64::MAX);
            *expected.entry((&payment.city, account.name())).or_default() += holds;
        }
        // Only the first attempt takes its amount out of the pool; a newer one carries it on.
        if payment.attempt_number == 1 {
            *expected
                .entry((&payment.city, Account::Pool.name()))
                .or_default() -= payment.amount_fen;
        }
    }
    for fix in &books.corrections {
        let Some((city, debit, credit, amount_fen)) = fix.moved() else {
            continue;
        };
        *expected.entry((city, debit)).or_default() -= amount_fen;
        *expected.entry((city, credit)).or_default() += amount_fen;
    }
    let stored: BTreeMap<(&str, &str), i64> = books
        .accounts
        .iter()
        .map(|row| ((row.city.as_str(), row.account.as_str()), row.balance_fen))
        .collect();
    for key in expected.keys().chain(stored.keys()) {
        let left = expected.get(key).copied().unwrap_or(0);
        let right = stored.get(key).copied().unwrap_or(0);
        if left != right {
            push(
                found,
                "M18 ledger",
                format!(
                    "{} {}: transfers {right}, payments {left} fen",
                    key.0, key.1
                ),
            );
        }
    }
    found.dedup();
}

/// Two persons stand behind each approval, and its transfer is in the ledger as it was proposed.
fn check_corrections(books: &Books, found: &mut Vec<Violation>) {
    for fix in &books.corrections {
        let plain = |name: &str| name.trim().to_lowercase();
        if plain(&fix.maker) == plain(&fix.checker) {
            push(
                found,
                "M27 one person",
                format!("correction {}", fix.correction),
            );
        }
        if fix.is_transfer && fix.moved().is_none() {
            push(
                found,
                "M27 not as approved",
                format!("correction {}", fix.correction),
            );
        }
    }
}

/// Every difference from the bills that needs a person has an incident, open or ended.
fn check_bills(comparison: &Comparison, found: &mut Vec<Violation>) {
    for order in &comparison.orders {
        let Some(class) = order.class.filter(|class| class.needs_person()) else {
            continue;
        };
        if !order.has_incident {
            push(
                found,
                "M22 unexplained",
                format!("{} {}", class.code(), order.bill_number),
            );
        }
    }
    for day in &comparison.unbilled_days {
        push(found, "M22 day without a bill", day.to_string());
    }
}

/// Where the money of a number is, by WeChat's record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Neither at the person nor back.
    Under,
    /// The person has it.
    Received,
    /// The merchant has it back.
    Back,
}

/// A number in WeChat's record, whichever the rail.
pub(crate) struct Bill<'a> {
    pub(crate) openid: &'a str,
    pub(crate) amount_fen: u64,
    pub(crate) fate: Fate,
}

/// Every number in WeChat's record.
pub(crate) fn bills_of(wechat: &OracleLedger) -> BTreeMap<&str, Bill<'_>> {
    let packets = wechat.bills.iter().map(|(number, bill)| {
        let fate = match bill.state {
            PacketState::Received => Fate::Received,
            PacketState::Failed | PacketState::Refunded => Fate::Back,
            _ => Fate::Under,
        };
        (number.as_str(), &bill.openid, bill.amount_fen, fate)
    });
    let transfers = wechat.transfers.iter().map(|(number, bill)| {
        let fate = match bill.stage {
            TransferStage::Success => Fate::Received,
            TransferStage::Failed | TransferStage::Cancelled => Fate::Back,
            _ => Fate::Under,
        };
        (number.as_str(), &bill.openid, bill.amount_fen, fate)
    });
    let all = packets.chain(transfers);
    all.map(|(number, openid, amount_fen, fate)| {
        let bill = Bill {
            openid,
            amount_fen,
            fate,
        };
        (number, bill)
    })
    .collect()
}

/// Nobody was paid without an award, with another amount, or twice.
fn check_wechat(books: &Books, wechat: &OracleLedger, found: &mut Vec<Violation>) {
    if !wechat.is_balanced() {
        push(found, "WeChat's record", "is not balanced".to_owned());
    }
    let ours: BTreeMap<&str, &PaymentFacts> = books
        .payments
        .iter()
        .map(|payment| (payment.bill_number.as_str(), payment))
        .collect();
    let theirs = bills_of(wechat);
    let mut landed: BTreeMap<&str, u32> = BTreeMap::new();
    for (bill_number, bill) in &theirs {
        let Some(payment) = ours.get(bill_number) else {
            push(
                found,
                "M22 paid without an award",
                (*bill_number).to_owned(),
            );
            continue;
        };
        if i64::try_from(bill.amount_fen) != Ok(payment.amount_fen) {
            push(found, "M12 amount differs", (*bill_number).to_owned());
        }
        let is_out = bill.fate != Fate::Back;
        if is_out {
            *landed.entry(payment.award.as_str()).or_default() += 1;
        }
        let contradicts = match payment.state.as_str() {
            "received" => bill.fate != Fate::Received,
            "refunded" | "dead" => is_out,
            _ => false,
        };
        if contradicts {
            push(
                found,
                "M22 state differs",
                format!(
                    "{bill_number}: ours {}, WeChat's {:?}",
                    payment.state, bill.fate
                ),
            );
        }
    }
    for payment in &books.payments {
        let claims_landing = matches!(payment.state.as_str(), "sent" | "received" | "refunded");
        if claims_landing && !theirs.contains_key(payment.bill_number.as_str()) {
            push(found, "M22 not at WeChat", payment.bill_number.clone());
        }
    }
    for (award, n_landed) in landed {
        if n_landed > 1 {
            push(
                found,
                "M12 paid twice",
                format!("{award}: {n_landed} times"),
            );
        }
    }
}

fn push(found: &mut Vec<Violation>, invariant: &str, detail: String) {
    found.push(Violation {
        invariant: invariant.to_owned(),
        detail,
    });
}
