//! Laws of crashes: a process that ends between any two of its commits loses nothing and repeats nothing.

use std::sync::Arc;

use chrono::TimeDelta;
use reference_server::worker;

use crate::app::{Behaviour, Person, TestApp};

/// Whatever happened, the winner has his money once and the books agree.
async fn assert_paid_once(test: &TestApp, person: &Person, award: &str, case: &str) {
    for _ in 0..4 {
        test.settle_for(TimeDelta::hours(1)).await;
        test.open_packets(person);
    }
    test.settle_for(TimeDelta::hours(26)).await;
    assert_eq!(test.payment_state(award), "received", "{case}");
    let ledger = test.simulator.ledger();
    assert_eq!(ledger.bills.len(), 1, "{case}");
    assert_eq!(test.number("SELECT COUNT(*) FROM award"), 1, "{case}");
    assert_eq!(test.number("SELECT COUNT(*) FROM payment"), 1, "{case}");
    assert_eq!(test.violations().await, Vec::<String>::new(), "{case}");
}

#[tokio::test]
async fn a_crash_between_the_award_and_its_sending_loses_nothing() {
    let mut test = TestApp::new().await;
    let (person, packet) = test.winner("winner").await;
    test.crash(101);
    assert_paid_once(&test, &person, &packet.award, "after the award").await;
}

/// Runs payments until a call or an answer is kept for ever, then ends the process there.
///
/// `false` when everything was done without so many calls.
async fn crash_in_call(test: &mut TestApp, behaviour: Behaviour, seed: u64) -> bool {
    test.pay.behave(behaviour);
    let (app, pay) = (Arc::clone(&test.app), Arc::clone(&test.pay));
    for _ in 0..40 {
        let reached = tokio::select! {
            outcome = worker::settle_due(&app, 64) => {
                outcome.unwrap();
                false
            }
            () = pay.has_kept() => true,
        };
        if reached {
            drop(app);
            test.crash(seed);
            return true;
        }
        test.sleep(TimeDelta::minutes(2));
    }
    false
}

#[tokio::test]
async fn a_crash_around_any_call_to_wechat_pays_once() {
    let mut n_crashes = 0;
    for number in 0..3_u32 {
        for behaviour in [Behaviour::KeepCall(number), Behaviour::KeepAnswer(number)] {
            let case = format!("{behaviour:?}");
            let mut test = TestApp::new().await;
            let (person, packet) = test.winner("winner").await;
            assert!(crash_in_call(&mut test, behaviour, 102).await, "{case}");
            n_crashes += 1;
            assert_paid_once(&test, &person, &packet.award, &case).await;
        }
    }
    assert_eq!(n_crashes, 6);
}

#[tokio::test]
async fn a_process_that_crashes_in_every_sending_pays_once() {
    let mut test = TestApp::new().await;
    let (person, packet) = test.winner("winner").await;
    // Every incarnation ends in its first call: the sending, then query after query.
    for incarnation in 0..6_u64 {
        let behaviour = if incarnation.is_multiple_of(2) {
            Behaviour::KeepAnswer(0)
        } else {
            Behaviour::KeepCall(0)
        };
        assert!(
            crash_in_call(&mut test, behaviour, 200 + incarnation).await,
            "incarnation {incarnation}"
        );
    }
    assert_paid_once(&test, &person, &packet.award, "six crashes").await;
}

#[tokio::test]
async fn a_crash_with_orders_of_many_people_under_way_pays_each_once() {
    let mut test = TestApp::new().await;
    let mut winners = Vec::new();
    for number in 0..8 {
        winners.push(test.winner(&format!("winner {number}")).await);
    }
    for (crash, behaviour) in [
        Behaviour::KeepAnswer(2),
        Behaviour::KeepCall(2),
        Behaviour::KeepAnswer(1),
    ]
    .into_iter()
    .enumerate()
    {
        let seed = 300 + u64::try_from(crash).unwrap();
        assert!(
            crash_in_call(&mut test, behaviour, seed).await,
            "{behaviour:?}"
        );
        test.sleep(TimeDelta::seconds(20));
    }
    for _ in 0..4 {
        test.settle_for(TimeDelta::hours(1)).await;
        for (person, _packet) in &winners {
            test.open_packets(person);
        }
    }
    test.settle_for(TimeDelta::hours(26)).await;
    for (_person, packet) in &winners {
        assert_eq!(test.payment_state(&packet.award), "received");
    }
    assert_eq!(test.simulator.ledger().bills.len(), 8);
    assert_eq!(test.simulator.ledger().totals.received_fen, 20_000);
    test.assert_sound().await;
}

#[tokio::test]
async fn a_caller_who_gives_up_at_any_moment_gets_one_packet_in_the_end() {
    for n_polls in 0..8_u32 {
        let mut test = TestApp::new().await;
        let person = test.follower("impatient").await;
        let outcome = test.answer(&person, 5).await;
        {
            let mut claim = Box::pin(test.claim_with(&person, &outcome.id));
            for _ in 0..n_polls {
                // One look at the claim; it may have been answered already.
                let looked = tokio::select! {
                    biased;
                    packet = &mut claim => Some(packet),
                    () = tokio::task::yield_now() => None,
                };
                if let Some(packet) = looked {
                    packet.unwrap();
                    break;
                }
            }
        }
        test.crash(400 + u64::from(n_polls));
        let packet = test.claim_with(&person, &outcome.id).await.unwrap();
        assert_paid_once(&test, &person, &packet.award, &format!("{n_polls} polls")).await;
    }
}

#[tokio::test]
async fn a_late_answer_of_a_dead_process_changes_nothing() {
    let mut test = TestApp::new().await;
    let (person, packet) = test.winner("winner").await;
    let slow = Arc::clone(&test.app);
    test.pay.behave(Behaviour::KeepAnswer(0));
    let sending = tokio::spawn(async move { worker::settle_due(&slow, 64).await });
    test.pay.has_kept().await;
    // A second process takes over while the first still waits for its answer.
    test.app = test.another_instance(500);
    test.pay.behave(Behaviour::Deliver);
    assert_paid_once(&test, &person, &packet.award, "take-over").await;
    sending.abort();
    test.assert_sound().await;
}
