//! Laws of payments: whatever WeChat does, an award is paid once or not at all, and the books say which.

use chrono::TimeDelta;
use reference_server::{
    contest::{claim::PacketState, payout, records},
    store::{
        StoreError, Tx,
        payments::{self, PaymentRow, PaymentStep},
    },
};
use wechat_adapter::simulator::{Fault, FaultRule, Operation, PacketState as AtWeChat};

use super::auditor::damage;
use crate::app::{Behaviour, Person, TestApp};

/// How many packets landed at WeChat for a person and were not returned or failed.
fn n_landed(test: &TestApp, person: &Person) -> usize {
    test.simulator
        .ledger()
        .bills
        .values()
        .filter(|bill| bill.openid == person.openid)
        .filter(|bill| !matches!(bill.state, AtWeChat::Failed | AtWeChat::Refunded))
        .count()
}

/// A person wins while sendings go wrong like this for the first hour; then WeChat is well
/// again, and the packet is opened as soon as it is there.
async fn paid_despite(fault: Fault) {
    let test = TestApp::new().await;
    let (person, packet) = test.winner("winner").await;
    test.fault_once(fault.clone());
    test.settle_for(TimeDelta::hours(1)).await;
    assert!(n_landed(&test, &person) <= 1, "{fault:?}");
    test.no_faults();
    test.settle_for(TimeDelta::hours(1)).await;
    assert_eq!(test.open_packets(&person), 1, "{fault:?}");
    test.settle_for(TimeDelta::hours(26)).await;
    assert_eq!(test.payment_state(&packet.award), "received", "{fault:?}");
    assert_eq!(n_landed(&test, &person), 1, "{fault:?}");
    let ledger = test.simulator.ledger();
    assert_eq!(ledger.bills.len(), 1, "{fault:?}");
    assert_eq!(ledger.totals.received_fen, packet.amount.get(), "{fault:?}");
    test.assert_sound().await;
}

fn sending(fault: Fault) -> FaultRule {
    FaultRule::always(fault).on(Operation::SendRedPacket)
}

#[tokio::test]
async fn a_smooth_payment_goes_from_granted_to_received() {
    let test = TestApp::new().await;
    let (person, packet) = test.winner("winner").await;
    assert_eq!(packet.state, PacketState::Granted);
    test.settle().await;
    let shown = records::packet(&test.app, &person.id, &packet.award)
        .await
        .unwrap();
    assert_eq!(shown.state, PacketState::AwaitingCollection);
    assert_eq!(
        shown.collect_until,
        Some(test.app.now() + TimeDelta::hours(24))
    );
    test.open_packets(&person);
    test.settle_for(TimeDelta::minutes(1)).await;
    let shown = records::packet(&test.app, &person.id, &packet.award)
        .await
        .unwrap();
    assert_eq!(shown.state, PacketState::Received);
    test.assert_sound().await;
}

#[tokio::test]
async fn a_sending_cut_before_wechat_acted_is_paid_once() {
    paid_despite(Fault::DropBeforeExecute).await;
}

#[tokio::test]
async fn a_sending_cut_after_wechat_acted_is_paid_once() {
    paid_despite(Fault::ExecuteThenDrop).await;
}

#[tokio::test]
async fn a_system_error_without_effect_is_paid_once() {
    paid_despite(Fault::SystemErrorThenSuccess).await;
}

#[tokio::test]
async fn a_system_error_after_the_effect_is_paid_once() {
    paid_despite(Fault::SystemErrorExecuted).await;
}

#[tokio::test]
async fn a_sending_in_processing_is_paid_once() {
    paid_despite(Fault::Processing { seconds: 600 }).await;
}

#[tokio::test]
async fn an_answer_that_came_too_late_is_paid_once() {
    paid_despite(Fault::Delay {
        milliseconds: 30_000,
    })
    .await;
}

#[tokio::test]
async fn an_unreadable_answer_is_paid_once() {
    paid_despite(Fault::GarbledBody).await;
}

#[tokio::test]
async fn an_internal_error_without_effect_is_paid_once() {
    paid_despite(Fault::Status500).await;
}

#[tokio::test]
async fn an_internal_error_after_the_effect_is_paid_once() {
    paid_despite(Fault::ExecuteThenStatus500).await;
}

#[tokio::test]
async fn a_code_nobody_knows_is_paid_once() {
    paid_despite(Fault::UnknownErrCode).await;
}

#[tokio::test]
async fn a_rail_that_is_too_fast_is_paid_once() {
    paid_despite(Fault::FreqLimit).await;
}

#[tokio::test]
async fn a_refused_certificate_pauses_the_rail_and_is_paid_once() {
    paid_despite(Fault::CertificateError).await;
}

#[tokio::test]
async fn every_call_failing_for_an_hour_pays_once_in_the_end() {
    for fault in [
        Fault::ExecuteThenDrop,
        Fault::DropBeforeExecute,
        Fault::GarbledBody,
    ] {
        let test = TestApp::new().await;
        let (person, packet) = test.winner("winner").await;
        test.fault(fault.clone());
        test.settle_for(TimeDelta::hours(1)).await;
        assert!(n_landed(&test, &person) <= 1);
        test.no_faults();
        test.settle_for(TimeDelta::hours(1)).await;
        assert_eq!(test.open_packets(&person), 1, "{fault:?}");
        test.settle_for(TimeDelta::hours(26)).await;
        assert_eq!(test.payment_state(&packet.award), "received", "{fault:?}");
        test.assert_sound().await;
    }
}

#[tokio::test]
async fn an_empty_balance_pauses_everybody_and_costs_nobody_a_packet() {
    let test = TestApp::new().await;
    let (first, first_packet) = test.winner("first").await;
    let (second, second_packet) = test.winner("second").await;
    test.simulator.set_faults(vec![sending(Fault::NotEnough)]);
    let round = test.settle().await;
    // The first order met the empty balance, and the second was not even tried.
    assert_eq!((round.n_sent, round.n_waiting), (1, 1));
    test.settle_for(TimeDelta::hours(3)).await;
    assert!(test.simulator.ledger().bills.is_empty());
    test.simulator.top_up(1_000_000, test.app.now());
    test.no_faults();
    test.settle_for(TimeDelta::minutes(10)).await;
    for (person, packet) in [(&first, &first_packet), (&second, &second_packet)] {
        assert_eq!(test.open_packets(person), 1);
        assert_eq!(test.payment_state(&packet.award), "sent");
    }
    test.settle_for(TimeDelta::hours(2)).await;
    assert_eq!(test.payment_state(&first_packet.award), "received");
    assert_eq!(test.payment_state(&second_packet.award), "received");
    test.assert_sound().await;
}

#[tokio::test]
async fn a_person_wechat_refuses_is_proved_unpaid_before_the_payment_dies() {
    let test = TestApp::new().await;
    let (person, packet) = test.winner("refused").await;
    test.simulator.set_faults(vec![sending(Fault::NoAuth)]);
    test.settle().await;
    assert_eq!(test.payment_state(&packet.award), "unknown");
    test.settle_for(TimeDelta::minutes(10)).await;
    assert_eq!(test.payment_state(&packet.award), "unknown");
    test.settle_for(TimeDelta::hours(2)).await;
    assert_eq!(test.payment_state(&packet.award), "dead");
    assert_eq!(n_landed(&test, &person), 0);
    assert_eq!(
        test.number("SELECT SUM(amount_fen) FROM transfer WHERE credit = 'left'"),
        i64::try_from(packet.amount.get()).unwrap()
    );
    // The money stays counted: nobody gets it a second time.
    assert_eq!(
        test.number("SELECT used_fen FROM city WHERE ordinal = 1"),
        i64::try_from(packet.amount.get()).unwrap()
    );
    test.assert_sound().await;
}

#[tokio::test]
async fn a_person_over_the_limit_of_a_day_is_paid_the_next_day() {
    let test = TestApp::new().await;
    let (person, packet) = test.winner("collector").await;
    test.simulator
        .set_faults(vec![sending(Fault::SendNumLimit)]);
    test.settle().await;
    assert_eq!(test.payment_state(&packet.award), "deferred");
    test.settle_for(TimeDelta::hours(11)).await;
    assert_eq!(test.payment_state(&packet.award), "deferred");
    test.no_faults();
    test.settle_for(TimeDelta::hours(2)).await;
    assert_eq!(test.payment_state(&packet.award), "sent");
    assert_eq!(n_landed(&test, &person), 1);
    test.assert_sound().await;
}

#[tokio::test]
async fn a_packet_nobody_opens_comes_back_and_stays_counted() {
    let test = TestApp::new().await;
    let (person, packet) = test.winner("sleeper").await;
    test.settle_for(TimeDelta::hours(30)).await;
    assert_eq!(test.payment_state(&packet.award), "refunded");
    assert_eq!(n_landed(&test, &person), 0);
    let shown = records::packet(&test.app, &person.id, &packet.award)
        .await
        .unwrap();
    assert_eq!(shown.state, PacketState::Returned);
    assert_eq!(
        test.number("SELECT used_fen FROM city WHERE ordinal = 1"),
        i64::try_from(packet.amount.get()).unwrap()
    );
    test.assert_sound().await;
}

#[tokio::test]
async fn an_answer_with_another_amount_is_held_for_a_person() {
    let test = TestApp::new().await;
    let (person, packet) = test.winner("winner").await;
    test.pay.behave(Behaviour::OtherAmount);
    test.settle_for(TimeDelta::hours(2)).await;
    assert_eq!(test.payment_state(&packet.award), "held");
    assert_eq!(n_landed(&test, &person), 1);
    let shown = records::packet(&test.app, &person.id, &packet.award)
        .await
        .unwrap();
    assert_eq!(shown.state, PacketState::OnHold);
    assert_eq!(
        test.number("SELECT COUNT(*) FROM audit_event WHERE action = 'page'"),
        1
    );
    test.assert_sound().await;
}

#[tokio::test]
async fn an_order_that_fails_on_the_way_dies_with_its_money_left() {
    let test = TestApp::new().await;
    let (person, packet) = test.winner("unlucky").await;
    test.simulator
        .set_faults(vec![sending(Fault::SendingThenFailed)]);
    test.settle_for(TimeDelta::hours(30)).await;
    assert_eq!(test.payment_state(&packet.award), "dead");
    assert_eq!(n_landed(&test, &person), 0);
    test.assert_sound().await;
}

#[tokio::test]
async fn no_more_orders_leave_in_a_second_than_the_channel_takes() {
    let test = TestApp::new().await;
    for number in 0..8 {
        test.winner(&format!("winner {number}")).await;
    }
    test.sleep(TimeDelta::days(1));
    let mut people = Vec::new();
    for number in 8..16 {
        people.push(test.winner(&format!("winner {number}")).await);
    }
    test.sleep(TimeDelta::days(1));
    for number in 16..24 {
        people.push(test.winner(&format!("winner {number}")).await);
    }
    test.sleep(TimeDelta::days(1));
    for number in 24..32 {
        people.push(test.winner(&format!("winner {number}")).await);
    }
    let round = test.settle().await;
    assert_eq!((round.n_sent, round.n_waiting), (25, 7));
    test.sleep(TimeDelta::seconds(1));
    assert_eq!(test.settle().await.n_sent, 7);
    assert_eq!(test.simulator.ledger().bills.len(), 32);
    test.assert_sound().await;
}

#[tokio::test]
async fn a_mixture_of_faults_never_pays_anybody_twice() {
    for seed in 1..=4_u64 {
        let test = TestApp::with(crate::app::Setting {
            seed,
            ..crate::app::Setting::usual()
        })
        .await;
        let mix = [
            Fault::ExecuteThenDrop,
            Fault::DropBeforeExecute,
            Fault::SystemErrorExecuted,
            Fault::GarbledBody,
            Fault::Status500,
            Fault::UnknownErrCode,
            Fault::FreqLimit,
        ];
        test.simulator.set_faults(
            mix.into_iter()
                .flat_map(|fault| {
                    [Operation::SendRedPacket, Operation::QueryRedPacket].map(|operation| {
                        FaultRule {
                            per_mille: 120,
                            ..FaultRule::always(fault.clone()).on(operation)
                        }
                    })
                })
                .collect(),
        );
        let mut winners = Vec::new();
        for number in 0..8 {
            winners.push(test.winner(&format!("winner {number}")).await);
            test.settle_for(TimeDelta::seconds(30)).await;
        }
        for _ in 0..6 {
            test.settle_for(TimeDelta::minutes(30)).await;
            for (person, _packet) in &winners {
                test.open_packets(person);
            }
        }
        test.no_faults();
        test.settle_for(TimeDelta::hours(4)).await;
        for (person, _packet) in &winners {
            test.open_packets(person);
        }
        test.settle_for(TimeDelta::hours(27)).await;
        for (person, packet) in &winners {
            assert_eq!(test.payment_state(&packet.award), "received", "seed {seed}");
            assert_eq!(n_landed(&test, person), 1, "seed {seed}");
        }
        assert_eq!(test.simulator.ledger().totals.received_fen, 20_000);
        test.assert_sound().await;
    }
}

#[tokio::test]
async fn one_payment_that_cannot_be_read_does_not_stop_the_others() {
    for broken in ["machine = '{'", "request_sealed = 'nothing'"] {
        let test = TestApp::new().await;
        let (_first, first_packet) = test.winner("first").await;
        test.sleep(TimeDelta::seconds(1));
        let (second, second_packet) = test.winner("second").await;
        damage(
            &test,
            &format!(
                "UPDATE payment SET {broken} WHERE award = '{}'",
                first_packet.award
            ),
        );
        test.settle().await;
        assert_eq!(test.payment_state(&second_packet.award), "sent", "{broken}");
        assert_eq!(test.open_packets(&second), 1, "{broken}");
        test.sleep(TimeDelta::seconds(20));
        test.settle().await;
        assert_eq!(test.payment_state(&second_packet.award), "received");
        // Nothing left under a number whose order or state nobody can read.
        assert_eq!(test.payment_state(&first_packet.award), "reserved");
        assert_eq!(test.simulator.ledger().bills.len(), 1);
    }
}

/// How often somebody's looking led to a question to WeChat.
fn n_looks(test: &TestApp) -> i64 {
    test.number("SELECT COUNT(*) FROM payment_event WHERE event = 'person-looks'")
}

#[tokio::test]
async fn a_packet_opened_in_wechat_shows_as_received_at_the_next_look() {
    let test = TestApp::new().await;
    let (person, packet) = test.winner("winner").await;
    test.settle().await;
    test.open_packets(&person);
    test.sleep(TimeDelta::milliseconds(4_999));
    let shown = records::records(&test.app, &person.id).await.unwrap();
    assert_eq!(shown.packets[0].state, PacketState::AwaitingCollection);
    test.sleep(TimeDelta::milliseconds(1));
    let next = payout::next_due(&test.app).await.unwrap().unwrap();
    assert!(next > test.app.now(), "the schedule asks later");
    let shown = records::records(&test.app, &person.id).await.unwrap();
    assert_eq!(shown.packets[0].state, PacketState::Received);
    assert_eq!(test.payment_state(&packet.award), "received");
    test.assert_sound().await;
}

#[tokio::test]
async fn looking_again_and_again_asks_wechat_once_in_five_seconds() {
    let test = TestApp::new().await;
    let (person, packet) = test.winner("winner").await;
    let (stranger, _packet) = test.winner("stranger").await;
    test.settle().await;
    let scheduled = payout::next_due(&test.app).await.unwrap();
    for n_asked in 1..=3 {
        test.sleep(TimeDelta::seconds(5));
        for _ in 0..4 {
            payout::refresh(&test.app, &person.id).await.unwrap();
            records::packet(&test.app, &person.id, &packet.award)
                .await
                .unwrap();
        }
        assert_eq!(n_looks(&test), n_asked);
    }
    // Looking neither moves the schedule nor asks about somebody else's packet.
    assert_eq!(payout::next_due(&test.app).await.unwrap(), scheduled);
    assert_eq!(test.settle().await.n_queried, 0);
    payout::refresh(&test.app, &stranger.id).await.unwrap();
    assert_eq!(n_looks(&test), 4);
    test.assert_sound().await;
}

#[tokio::test]
async fn looking_while_wechat_does_not_answer_shows_what_is_known() {
    let test = TestApp::new().await;
    let (person, packet) = test.winner("winner").await;
    test.settle().await;
    test.open_packets(&person);
    test.sleep(TimeDelta::seconds(5));
    test.fault(Fault::DropBeforeExecute);
    let look = || records::packet(&test.app, &person.id, &packet.award);
    assert_eq!(look().await.unwrap().state, PacketState::AwaitingCollection);
    test.no_faults();
    test.sleep(TimeDelta::seconds(5));
    assert_eq!(look().await.unwrap().state, PacketState::Received);
    test.assert_sound().await;
}

/// Moves a payment's row to another value of its machine, as a step does; nothing else is done.
fn moved(
    tx: &Tx<'_>,
    seen: &PaymentRow,
    machine: &str,
    at_ms: i64,
) -> Result<Option<PaymentRow>, StoreError> {
    let moved = payments::advance(
        tx,
        &PaymentStep {
            bill_number: &seen.bill_number,
            version_seen: seen.version,
            machine_seen: &seen.machine,
            state_before: &seen.state,
            state_after: &seen.state,
            due_ms: seen.due_ms,
            machine,
            request_sealed: &seen.request_sealed,
            package_sealed: None,
            event: "told",
            evidence: None,
            at_ms,
        },
    )?;
    Ok(moved
        .then(|| payments::payment(&tx.read(), &seen.bill_number))
        .transpose()?
        .flatten())
}

/// A database that fails over forgets its newest rows and counts the same versions again, for another history.
#[tokio::test]
async fn a_step_computed_from_a_forgotten_history_changes_nothing() {
    let test = TestApp::new().await;
    test.winner("winner").await;
    let number = test
        .raw()
        .texts("SELECT bill_number FROM payment")
        .remove(0);
    let now_ms = test.app.now().timestamp_millis();
    let counted = test
        .app
        .store
        .write(move |tx| {
            let seen = payments::payment(&tx.read(), &number)?.unwrap();
            let live = moved(tx, &seen, "\"live\"", now_ms)?.unwrap();
            // As another instance still knows it: the same version, of a commit that was lost.
            let forgotten = PaymentRow {
                machine: "\"forgotten\"".to_owned(),
                ..live.clone()
            };
            let by_forgotten = moved(tx, &forgotten, "\"next\"", now_ms)?;
            let kept = payments::payment(&tx.read(), &number)?.unwrap();
            let by_live = moved(tx, &live, "\"next\"", now_ms)?;
            Ok::<_, StoreError>((by_forgotten, kept == live, by_live.map(|row| row.version)))
        })
        .await
        .unwrap();
    assert_eq!(counted.0, None);
    assert!(counted.1, "the row is as the live history left it");
    assert!(counted.2.is_some());
}
