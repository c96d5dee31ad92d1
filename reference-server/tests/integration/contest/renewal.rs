//! Laws of numbers and limits: when an award is paid under a new number, and when its first one only waits.

use chrono::TimeDelta;
use reference_server::contest::{claim::PacketState, records};
use reward_core::RewardTerms;
use wechat_adapter::simulator::{Fault, FaultRule, Operation, PacketState as AtWeChat};

use crate::app::{Person, SMALL, Setting, TestApp, shanghai};

/// From now on every sending is answered with this.
fn sendings_fail(test: &TestApp, fault: Fault) {
    let rule = FaultRule::always(fault).on(Operation::SendRedPacket);
    test.simulator.set_faults(vec![rule]);
}

/// The merchant has money again.
fn rail_is_well(test: &TestApp) {
    test.simulator.top_up(1_000_000, test.app.now());
    test.no_faults();
}

/// The state of every number of an award, the oldest first.
fn numbers(test: &TestApp, award: &str) -> Vec<String> {
    test.raw().texts(&format!(
        "SELECT state FROM payment WHERE award = '{award}' ORDER BY attempt_number"
    ))
}

/// What an account of the first city holds after every transfer.
fn holds(test: &TestApp, account: &str) -> i64 {
    test.number(&format!(
        "SELECT COALESCE(SUM(CASE WHEN credit = '{account}' THEN amount_fen ELSE 0 END), 0)
              - COALESCE(SUM(CASE WHEN debit = '{account}' THEN amount_fen ELSE 0 END), 0)
         FROM transfer"
    ))
}

/// How many numbers have left for WeChat at least once.
fn n_tried(test: &TestApp) -> i64 {
    test.number(
        "SELECT COUNT(DISTINCT bill_number) FROM payment_event WHERE state_after = 'in_flight'",
    )
}

/// Meets the broken rail once, and lets the number grow too old to be sent again.
async fn grow_old(test: &TestApp) {
    test.settle().await;
    test.sleep(TimeDelta::hours(20));
    test.settle_for(TimeDelta::hours(1)).await;
}

/// The winner's first number grew old on a broken rail; he has his money once, by the second.
async fn assert_paid_under_the_second_number(test: &TestApp, person: &Person, award: &str) {
    let amount = test.number("SELECT SUM(amount_fen) FROM award");
    assert!(test.simulator.ledger().bills.is_empty());
    assert_eq!(numbers(test, award)[0], "dead");
    // Money on its way under a new number has not left.
    assert_eq!((holds(test, "reserved"), holds(test, "left")), (amount, 0));
    rail_is_well(test);
    test.settle_for(TimeDelta::minutes(10)).await;
    assert_eq!(numbers(test, award), ["dead", "sent"]);
    let shown = records::packet(&test.app, &person.id, award).await.unwrap();
    assert_eq!(shown.state, PacketState::AwaitingCollection);
    assert_eq!(test.open_packets(person), 1);
    test.settle_for(TimeDelta::hours(1)).await;
    assert_eq!(numbers(test, award), ["dead", "received"]);
    let ledger = test.simulator.ledger();
    assert_eq!(ledger.bills.len(), 1);
    assert_eq!(i64::try_from(ledger.totals.received_fen).unwrap(), amount);
    let accounts = ["received", "reserved", "sent", "left"];
    assert_eq!(accounts.map(|name| holds(test, name)), [amount, 0, 0, 0]);
    assert_eq!(
        test.number("SELECT COUNT(*) FROM audit_event WHERE action = 'payment.renewed'"),
        1
    );
    test.assert_sound().await;
}

#[tokio::test]
async fn a_number_that_grew_old_on_a_broken_rail_is_replaced_and_paid_once() {
    let test = TestApp::new().await;
    let (person, packet) = test.winner("winner").await;
    sendings_fail(&test, Fault::NotEnough);
    grow_old(&test).await;
    assert_paid_under_the_second_number(&test, &person, &packet.award).await;
}

#[tokio::test]
async fn a_number_is_replaced_after_its_city_has_closed_as_well() {
    let test = TestApp::starting("2020-04-28 20:00:00").await;
    let (person, packet) = test.winner("winner").await;
    sendings_fail(&test, Fault::NotEnough);
    grow_old(&test).await;
    assert!(test.app.now() > shanghai("2020-04-29 00:00:00"));
    assert_paid_under_the_second_number(&test, &person, &packet.award).await;
}

#[tokio::test]
async fn an_old_number_is_not_replaced_before_wechat_has_denied_it_three_times() {
    let test = TestApp::new().await;
    let (_person, packet) = test.winner("winner").await;
    sendings_fail(&test, Fault::NotEnough);
    test.settle().await;
    test.sleep(TimeDelta::hours(20));
    for n_minutes_waited in [0, 15, 29] {
        let since = TimeDelta::minutes(n_minutes_waited);
        test.sleep_until(packet.decided + TimeDelta::hours(20) + since);
        test.settle().await;
        assert_eq!(numbers(&test, &packet.award), ["unknown"]);
    }
    test.settle_for(TimeDelta::minutes(2)).await;
    assert_eq!(numbers(&test, &packet.award)[0], "dead");
    assert_eq!(numbers(&test, &packet.award).len(), 2);
    test.assert_sound().await;
}

#[tokio::test]
async fn a_refusal_for_the_person_is_not_replaced() {
    let test = TestApp::new().await;
    let (_person, packet) = test.winner("refused").await;
    sendings_fail(&test, Fault::NoAuth);
    test.settle_for(TimeDelta::hours(2)).await;
    assert_eq!(numbers(&test, &packet.award), ["dead"]);
    test.no_faults();
    test.settle_for(TimeDelta::hours(48)).await;
    assert_eq!(numbers(&test, &packet.award), ["dead"]);
    assert!(test.simulator.ledger().bills.is_empty());
    test.assert_sound().await;
}

#[tokio::test]
async fn an_award_has_three_numbers_at_most() {
    let test = TestApp::new().await;
    let (_person, packet) = test.winner("winner").await;
    sendings_fail(&test, Fault::NotEnough);
    for n_numbers in [2, 3, 3] {
        grow_old(&test).await;
        assert_eq!(numbers(&test, &packet.award).len(), n_numbers);
    }
    assert_eq!(numbers(&test, &packet.award), ["dead", "dead", "dead"]);
    assert_eq!(holds(&test, "reserved"), 0);
    rail_is_well(&test);
    test.settle_for(TimeDelta::hours(48)).await;
    assert_eq!(numbers(&test, &packet.award).len(), 3);
    assert!(test.simulator.ledger().bills.is_empty());
    test.assert_sound().await;
}

#[tokio::test]
async fn a_packet_nobody_opened_is_not_paid_under_a_new_number() {
    let test = TestApp::new().await;
    let (_person, packet) = test.winner("sleeper").await;
    test.settle_for(TimeDelta::hours(50)).await;
    assert_eq!(numbers(&test, &packet.award), ["refunded"]);
    assert_eq!(test.simulator.ledger().bills.len(), 1);
    test.assert_sound().await;
}

#[tokio::test]
async fn a_rail_broken_for_a_day_is_probed_with_two_numbers_and_no_other_grows_old() {
    let test = TestApp::new().await;
    let mut winners = Vec::new();
    for number in 0..8 {
        winners.push(test.winner(&format!("winner {number}")).await);
    }
    sendings_fail(&test, Fault::NotEnough);
    for _ in 0..48 {
        let sent = test.settle().await.n_sent;
        assert!(sent <= 1, "{sent} orders left for a rail that is broken");
        test.sleep(TimeDelta::minutes(30));
    }
    // The first number was renewed; the second one is young and will be paid.
    assert_eq!(n_tried(&test), 2);
    let reserved = "SELECT COUNT(*) FROM payment WHERE state = 'reserved' AND attempt_number = 1";
    assert_eq!(test.number(reserved), 6);
    rail_is_well(&test);
    test.settle_for(TimeDelta::minutes(10)).await;
    for (person, _packet) in &winners {
        assert_eq!(test.open_packets(person), 1);
    }
    test.settle_for(TimeDelta::hours(2)).await;
    let received = "SELECT COUNT(*) FROM payment WHERE state = 'received' AND attempt_number = 1";
    assert_eq!(test.number(received), 7);
    assert_eq!(test.number("SELECT COUNT(*) FROM payment"), 9);
    let ledger = test.simulator.ledger();
    assert_eq!(
        (ledger.bills.len(), ledger.totals.received_fen),
        (8, 20_000)
    );
    test.assert_sound().await;
}

/// A sharer who used his base chance and eleven chances of friends within a day.
async fn twelve_packets(test: &TestApp) -> Person {
    let (sharer, _packet) = test.winner("sharer").await;
    let code = test.code_of(&sharer).await;
    for number in 1..12 {
        let friend = test.stranger(&format!("friend {number}")).await;
        test.follow(&friend, Some(&code)).await;
        test.answer(&sharer, 5).await;
        test.claim(&sharer).await.unwrap();
    }
    sharer
}

#[tokio::test]
async fn more_packets_than_a_person_may_get_in_a_day_wait_for_the_next_under_their_first_number() {
    let test = TestApp::with(Setting {
        terms: RewardTerms {
            packets_per_day: 16,
            ..SMALL
        },
        ..Setting::usual()
    })
    .await;
    let sharer = twelve_packets(&test).await;
    let (other, _packet) = test.winner("other").await;
    test.settle_for(TimeDelta::minutes(1)).await;
    assert_eq!(test.open_packets(&other), 1);
    assert_eq!(test.open_packets(&sharer), 10);
    let after_midnight = shanghai("2020-04-23 00:05:00");
    test.settle_for(after_midnight - test.app.now() - TimeDelta::seconds(1))
        .await;
    let waiting = "SELECT COUNT(*) FROM payment WHERE state = 'reserved' AND attempt_number = 1";
    assert_eq!(test.number(waiting), 2);
    assert_eq!(n_tried(&test), 11);
    test.sleep_until(after_midnight);
    // One person gets one order in a second.
    test.settle().await;
    assert_eq!(test.open_packets(&sharer), 1);
    test.settle_for(TimeDelta::seconds(1)).await;
    assert_eq!(test.open_packets(&sharer), 1);
    test.settle_for(TimeDelta::hours(2)).await;
    let received = "SELECT COUNT(*) FROM payment WHERE state = 'received' AND attempt_number = 1";
    assert_eq!(test.number(received), 13);
    assert_eq!(test.number("SELECT COUNT(*) FROM payment"), 13);
    let ledger = test.simulator.ledger();
    assert_eq!(ledger.bills.len(), 13);
    assert!(
        ledger
            .bills
            .values()
            .all(|bill| bill.state == AtWeChat::Received)
    );
    test.assert_sound().await;
}
