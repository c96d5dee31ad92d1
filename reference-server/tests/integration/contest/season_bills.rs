//! Thirteen cities, seven days, ten lies a day: every one is found, and nothing else.

use std::{collections::BTreeMap, fmt::Write as _};

use chrono::{DateTime, TimeDelta, Utc};
use reference_server::contest::{
    bills,
    reconcile::{self, Answers, Comparison},
};
use reward_core::{
    BillClass, ChannelProfile, Event, Fen, Jitter, Payout, PayoutPolicy, Permit, PersonRefusal,
    QueryClass, ReplyClass, WorkerId,
};
use schedule_core::ShanghaiDay;

use crate::{
    app::TestApp,
    bill::{Bill, Line, day},
    engine::is_server,
};

/// Payments of one city's day.
const A_DAY: usize = 40;
/// The second of the last sending of a day: fifteen seconds before midnight.
const LATE: i64 = 86_385;

/// How a payment ended here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Sent,
    Received,
    Refunded,
    Dead,
}

/// One payment and what WeChat's bill rightly says of it.
struct Payment {
    number: String,
    day: ShanghaiDay,
    at: DateTime<Utc>,
    fen: i64,
    end: End,
}

/// Drives a payout by the events that lead to an end.
fn machine(payment: &Payment) -> String {
    let (channel, policy) = (
        ChannelProfile::red_packet_with_scene(),
        PayoutPolicy::PUBLISHED,
    );
    let worker = WorkerId::new(1);
    let amount = Fen::new(u64::try_from(payment.fen).unwrap());
    let (mut payout, _award) = Payout::reserve(amount, payment.at).unwrap();
    let mut now = payment.at;
    let mut feed = |payout: &mut Payout, event: Event, seconds: i64| {
        now += TimeDelta::seconds(seconds);
        let stepped = payout.step(event, now, &channel, &policy, Jitter::NONE);
        *payout = stepped.unwrap().next;
    };
    let permit = Permit::Granted;
    feed(&mut payout, Event::Due { worker, permit }, 1);
    let class = match payment.end {
        End::Sent | End::Received | End::Refunded => ReplyClass::Accepted { echo_equal: true },
        End::Dead => ReplyClass::RefusedForPerson(PersonRefusal::NotAuthorised),
    };
    let version = payout.version();
    feed(
        &mut payout,
        Event::Reply {
            worker,
            version,
            class,
        },
        1,
    );
    let answer = |class, at| Event::QueryResult {
        class,
        issued_at: at,
    };
    let later = |hours| payment.at + TimeDelta::hours(hours);
    match payment.end {
        End::Sent => {}
        End::Received => feed(&mut payout, answer(QueryClass::Received, later(1)), 60),
        End::Refunded => feed(&mut payout, answer(QueryClass::Refunded, later(25)), 90_000),
        End::Dead => {
            for hours in 1..=3 {
                feed(
                    &mut payout,
                    answer(QueryClass::NotFound, later(hours)),
                    3_600,
                );
            }
        }
    }
    assert_eq!(payout.state().name(), name(payment.end));
    serde_json::to_string(&payout).unwrap()
}

fn name(end: End) -> &'static str {
    match end {
        End::Sent => "sent",
        End::Received => "received",
        End::Refunded => "refunded",
        End::Dead => "dead",
    }
}

/// A season's payments, most of them received, some returned, a few dead.
fn season(n_days: i32) -> Vec<Payment> {
    let mut payments = Vec::new();
    for offset in 0..n_days {
        let day = ShanghaiDay::from_number(day("2020-04-22").number() + offset).unwrap();
        for index in 0..A_DAY {
            let second = LATE * i64::try_from(index).unwrap() / i64::try_from(A_DAY - 1).unwrap();
            payments.push(Payment {
                number: format!("N{offset}x{index}"),
                day,
                at: day.start() + TimeDelta::seconds(second),
                fen: 10 + i64::try_from(index).unwrap() * 7,
                end: match index % 10 {
                    3 => End::Refunded,
                    5 => End::Sent,
                    7 => End::Dead,
                    _ => End::Received,
                },
            });
        }
    }
    payments
}

/// Writes the payments' rows with every guard away: they are made by hand.
fn store(test: &TestApp, payments: &[Payment]) {
    let mut raw = test.raw();
    raw.disarm();
    let mut sql = String::new();
    for (sequence, payment) in payments.iter().enumerate() {
        let Payment { number, fen, .. } = payment;
        let changed = match payment.end {
            End::Refunded => payment.at + TimeDelta::hours(25),
            _ => payment.at + TimeDelta::hours(3),
        };
        writeln!(
            sql,
            "INSERT INTO award (award, person, city, opens_ms, closes_ms, kind, scope, friend, attempt, passed, day,
                 deck, sequence, amount_fen, day_total_fen, decided_ms, request_key)
             SELECT '{number}', '{number}', city, opens_ms, closes_ms,
                 'referral', '{number}', '{number}', '{number}', 1, 1, 'plain', {sequence}, {fen}, {sequence}, {}, NULL
             FROM city WHERE city = 'yancheng';
             INSERT INTO payment (bill_number, award, attempt_number, amount_fen, request_sealed, state, due_ms,
                 machine, version, changed_ms)
             VALUES ('{number}', '{number}', 1, {fen}, '', '{}', NULL, '{}', 3, {});",
            payment.at.timestamp_millis(),
            name(payment.end),
            machine(payment),
            changed.timestamp_millis()
        )
        .unwrap();
    }
    raw.run(&sql);
}

/// The bills of all days as WeChat would write them, cut at midnight by booking three seconds later.
fn right_bills(payments: &[Payment], n_days: i32) -> Vec<Bill> {
    let mut bills: Vec<Bill> = (0..n_days + 3)
        .map(|offset| Bill {
            day: ShanghaiDay::from_number(day("2020-04-22").number() + offset).unwrap(),
            opening_fen: 0,
            lines: Vec::new(),
        })
        .collect();
    for (index, payment) in payments.iter().enumerate() {
        let mut movements = Vec::new();
        if payment.end != End::Dead {
            movements.push((payment.at + TimeDelta::seconds(18), false));
        }
        if payment.end == End::Refunded {
            movements.push((payment.at + TimeDelta::hours(24), true));
        }
        for (at, is_income) in movements {
            let day = ShanghaiDay::from_instant(at);
            let bill = bills.iter_mut().find(|bill| bill.day == day).unwrap();
            bill.lines.push(Line {
                at,
                flow_number: format!("F{index}-{is_income}"),
                bill_number: payment.number.clone(),
                business: "现金红包",
                is_income,
                fen: payment.fen,
            });
        }
    }
    let mut balance_fen = 100_000_000;
    for bill in &mut bills {
        bill.lines.sort_by_key(|line| line.at);
        bill.opening_fen = balance_fen;
        let moved = bill.lines.iter();
        balance_fen += moved
            .map(|line| if line.is_income { line.fen } else { -line.fen })
            .sum::<i64>();
    }
    bills
}

/// Ten lies about each day's payments, and the class that each must get.
fn lie(payments: &[Payment], bills: &mut [Bill]) -> BTreeMap<String, BillClass> {
    let mut lies = BTreeMap::new();
    let mut days: Vec<ShanghaiDay> = payments.iter().map(|payment| payment.day).collect();
    days.dedup();
    for day in days {
        let of_day = |end: End| {
            let payments = payments.iter();
            payments.filter(move |payment| payment.day == day && payment.end == end)
        };
        let index = bills.iter().position(|bill| bill.day == day).unwrap();
        let mut received = of_day(End::Received);
        for payment in received.by_ref().take(2) {
            bills[index].forget(&payment.number);
            lies.insert(payment.number.clone(), BillClass::Missing);
        }
        for payment in received.by_ref().take(2) {
            for line in bills[index].lines_of(&payment.number) {
                line.fen += 1;
            }
            lies.insert(payment.number.clone(), BillClass::Differs);
        }
        for payment in received.by_ref().take(1) {
            bills[index].add(&payment.number, true, payment.fen);
            lies.insert(payment.number.clone(), BillClass::Contradicted);
        }
        for payment in of_day(End::Dead).take(2) {
            bills[index].add(&payment.number, false, payment.fen);
            lies.insert(payment.number.clone(), BillClass::Contradicted);
        }
        for number in ["one", "other"].map(|which| format!("{which}{}", day.number())) {
            bills[index].add(&number, false, 88);
            lies.insert(number, BillClass::Orphan);
        }
        for payment in of_day(End::Sent).take(1) {
            bills[index].add(&payment.number, true, payment.fen);
            lies.insert(payment.number.clone(), BillClass::Behind);
        }
    }
    lies
}

async fn import(test: &TestApp, bills: &[Bill]) {
    for bill in bills {
        let text = bill.text();
        let imported = bills::import(&test.app, "bill.csv", text.as_bytes(), Some(bill.day)).await;
        imported.unwrap();
    }
}

async fn compare(test: &TestApp) -> Comparison {
    reconcile::compare(&test.app, Answers::new()).await.unwrap()
}

/// Every number that is not in order, with its class.
fn found(comparison: &Comparison) -> BTreeMap<String, BillClass> {
    let orders = comparison.orders.iter();
    orders
        .filter(|order| order.class != Some(BillClass::Agrees))
        .map(|order| (order.bill_number.clone(), order.class.unwrap()))
        .collect()
}

#[tokio::test]
async fn ten_lies_a_day_in_thirteen_weeks_are_all_found_and_nothing_else_is() {
    let n_days = if is_server() { 7 } else { 13 * 7 };
    let test = TestApp::new().await;
    let payments = season(n_days);
    store(&test, &payments);
    test.sleep(TimeDelta::days(200));
    let mut bills = right_bills(&payments, n_days);
    import(&test, &bills).await;
    // Without a lie nothing is found, also of the payments that midnight cut off.
    let sound = compare(&test).await;
    assert_eq!(found(&sound), BTreeMap::new());
    assert_eq!(sound.difference_fen(), 0);
    assert_eq!(sound.account.unwrap().difference_fen(), 0);
    let lies = lie(&payments, &mut bills);
    assert_eq!(lies.len(), 10 * usize::try_from(n_days).unwrap());
    import(&test, &bills).await;
    let lied = compare(&test).await;
    assert_eq!(found(&lied), lies);
    assert_ne!(lied.difference_fen(), 0);
}
