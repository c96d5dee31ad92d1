//! The auditor: what citizens were told, against the database and WeChat's own record.
//!
//! It believes the citizens and WeChat; the server has to agree with both.
//! The predicates over the database alone are `contest::audit`'s.

use std::collections::{BTreeMap, BTreeSet};

use reward_core::ClaimScope;
use schedule_core::{Edition, ShanghaiDay};
use wechat_adapter::simulator::OracleLedger;

use super::books::{Acknowledged, Books};
use crate::{
    app::App,
    contest::{
        Error,
        audit::{Fate, Violation, bills_of},
        season,
    },
    store::facts::{self, AwardFacts, PaymentFacts},
};

/// A season's limits as the auditor knows them, from the rules and not from rows.
struct Limits {
    min_fen: u64,
    max_fen: u64,
    day_fen: u64,
    city_fen: u64,
}

/// Everything that does not hold; `is_over` when every payment must have come to its end.
///
/// Cost: a scan of the whole database and of WeChat's record.
pub(super) async fn violations(
    app: &App,
    books: &Books,
    wechat: &OracleLedger,
    is_over: bool,
) -> Result<Vec<Violation>, Error> {
    let mut found = books.complaints().to_vec();
    found.extend(crate::contest::audit::violations(app, Some(wechat)).await?);
    let (awards, payments) = app
        .store
        .read(|read| Ok::<_, Error>((facts::awards(read)?, facts::payments(read)?)))
        .await?;
    check_told(app, books, &awards, is_over, &mut found);
    check_limits(app, books, &mut found);
    check_people(app, books, &mut found);
    check_landed(books, &payments, wechat, &mut found);
    if is_over {
        check_ended(&payments, wechat, &mut found);
    }
    Ok(found)
}

/// Every acknowledged award is there as it was told, and nobody has one he was not told of.
fn check_told(
    app: &App,
    books: &Books,
    awards: &[AwardFacts],
    is_over: bool,
    found: &mut Vec<Violation>,
) {
    let stored: BTreeMap<&str, &AwardFacts> =
        awards.iter().map(|row| (row.award.as_str(), row)).collect();
    for (award, told) in books.acknowledged() {
        let Some(row) = stored.get(award.as_str()) else {
            push(
                found,
                "citizens: an acknowledged award is lost",
                award.clone(),
            );
            continue;
        };
        let is_same = u64::try_from(row.amount_fen) == Ok(told.amount_fen)
            && app.keys.openid_index(&told.openid).as_ref() == Ok(&row.person)
            && row.city == told.city
            && row.kind == told.kind;
        if !is_same {
            let detail = format!(
                "{award}: {} fen were told, {} are stored",
                told.amount_fen, row.amount_fen
            );
            push(found, "citizens: an award is not what was told", detail);
        }
    }
    // Before the end, the person behind an award may still be on the way to his answer.
    for row in awards.iter().filter(|_| is_over) {
        if !books.acknowledged().contains_key(&row.award) {
            push(
                found,
                "citizens: an award nobody was told of",
                row.award.clone(),
            );
        }
    }
}

/// Windows, bounds, day caps and pools, from the citizens' own sums.
fn check_limits(app: &App, books: &Books, found: &mut Vec<Violation>) {
    let rules = &app.season.rules;
    let limits = Limits {
        min_fen: rules.bounds().min().get(),
        max_fen: rules.bounds().max().get(),
        day_fen: rules.daily_cap().get(),
        city_fen: rules.pool().get(),
    };
    let (mut cities, mut days) = (BTreeMap::new(), BTreeMap::new());
    for told in books.acknowledged().values() {
        if told.amount_fen < limits.min_fen || told.amount_fen > limits.max_fen {
            push(found, "citizens: amount out of bounds", told.award.clone());
        }
        if !is_within(&app.season.edition(), told) {
            push(
                found,
                "citizens: an award outside the window",
                told.award.clone(),
            );
        }
        let city: &mut u64 = cities.entry(told.city.as_str()).or_default();
        *city = city.saturating_add(told.amount_fen);
        let day = ShanghaiDay::from_instant(told.at).number();
        let day: &mut u64 = days.entry((told.city.as_str(), day)).or_default();
        *day = day.saturating_add(told.amount_fen);
    }
    for (city, sum) in cities.into_iter().filter(|(_, sum)| *sum > limits.city_fen) {
        push(found, "citizens: pool passed", format!("{city}: {sum} fen"));
    }
    for ((city, day), sum) in days.into_iter().filter(|(_, sum)| *sum > limits.day_fen) {
        push(
            found,
            "citizens: day cap passed",
            format!("{city} day {day}: {sum} fen"),
        );
    }
}

fn is_within(edition: &Edition, told: &Acknowledged) -> bool {
    edition
        .rounds()
        .iter()
        .find(|round| round.city().slug().as_str() == told.city)
        .is_some_and(|round| round.window().contains(told.at))
}

/// One base packet a person, and referral packets for new friends only.
fn check_people(app: &App, books: &Books, found: &mut Vec<Violation>) {
    let mut counts: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    let mut cities: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for told in books.acknowledged().values() {
        let of_person = cities.entry(told.openid.as_str()).or_default();
        of_person.insert(told.city.as_str());
        let (n_base, n_referral) = counts.entry(told.openid.as_str()).or_default();
        let count = if told.kind == "base" {
            n_base
        } else {
            n_referral
        };
        *count = count.saturating_add(1);
    }
    for (openid, (n_base, n_referral)) in counts {
        let n_cities = cities.get(openid).map_or(0, BTreeSet::len);
        let n_allowed = match app.season.rules.claim_scope() {
            ClaimScope::Season => 1,
            ClaimScope::City => u64::try_from(n_cities).unwrap_or(1),
        };
        if n_base > n_allowed {
            push(
                found,
                "citizens: two base packets",
                format!("{openid}: {n_base}"),
            );
        }
        let n_friends = books.n_brought(openid);
        if n_referral > n_friends {
            let detail = format!("{openid}: {n_referral} packets for {n_friends} friends");
            push(
                found,
                "citizens: more referral packets than friends",
                detail,
            );
        }
    }
}

/// WeChat paid each person what he was told, and no more.
fn check_landed(
    books: &Books,
    payments: &[PaymentFacts],
    wechat: &OracleLedger,
    found: &mut Vec<Violation>,
) {
    let award_of: BTreeMap<&str, &str> = payments
        .iter()
        .map(|payment| (payment.bill_number.as_str(), payment.award.as_str()))
        .collect();
    for (bill_number, bill) in bills_of(wechat) {
        let told = award_of
            .get(bill_number)
            .and_then(|award| books.acknowledged().get(*award));
        if let Some(told) = told
            && (told.openid != bill.openid || told.amount_fen != bill.amount_fen)
        {
            let detail = format!("{bill_number}: {} fen to {}", bill.amount_fen, bill.openid);
            push(
                found,
                "WeChat: another person or amount than was told",
                detail,
            );
        }
    }
}

/// Nothing is open, and both records end with the same sums.
fn check_ended(payments: &[PaymentFacts], wechat: &OracleLedger, found: &mut Vec<Violation>) {
    // What only a person moves is named, and nothing is claimed of it.
    let held: BTreeSet<&str> = payments
        .iter()
        .filter(|payment| payment.state == "held")
        .map(|payment| payment.bill_number.as_str())
        .collect();
    for payment in payments {
        if !matches!(
            payment.state.as_str(),
            "received" | "refunded" | "dead" | "held"
        ) {
            let detail = format!("{}: {}", payment.bill_number, payment.state);
            push(found, "M21 a payment has not ended", detail);
        }
    }
    let bills = bills_of(wechat);
    for (bill_number, bill) in &bills {
        if bill.fate == Fate::Under {
            let number = (*bill_number).to_owned();
            push(found, "WeChat: a packet has not ended", number);
        }
    }
    let ours = |states: &[&str]| -> u64 {
        payments
            .iter()
            .filter(|payment| states.contains(&payment.state.as_str()))
            .filter(|payment| bills.contains_key(payment.bill_number.as_str()))
            .filter_map(|payment| u64::try_from(payment.amount_fen).ok())
            .sum()
    };
    let theirs = |wanted: Fate| -> u64 {
        let bills = bills.iter();
        bills
            .filter(|(number, bill)| bill.fate == wanted && !held.contains(*number))
            .map(|(_number, bill)| bill.amount_fen)
            .sum()
    };
    for (name, states, fate) in [
        ("received", &["received"][..], Fate::Received),
        ("returned", &["refunded", "dead"][..], Fate::Back),
    ] {
        let (left, right) = (ours(states), theirs(fate));
        if left != right {
            push(
                found,
                "M22 sums differ",
                format!("{name}: ours {left}, WeChat's {right} fen"),
            );
        }
    }
}

/// The instant at which a city's top packet was won.
pub(super) fn top_won(
    app: &App,
    awards: &[AwardFacts],
    city: &str,
) -> Option<chrono::DateTime<chrono::Utc>> {
    let top_fen = season::fen_column(app.season.rules.top_packet());
    awards
        .iter()
        .find(|award| award.city == city && award.amount_fen == top_fen)
        .map(|award| season::instant(award.decided_ms))
}

fn push(found: &mut Vec<Violation>, invariant: &str, detail: String) {
    found.push(Violation {
        invariant: invariant.to_owned(),
        detail,
    });
}
