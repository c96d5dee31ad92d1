//! Laws of the second rail: a transfer waits for its person, and ends in the books as it ends at WeChat.

use std::sync::Arc;

use chrono::TimeDelta;
use reference_server::{
    app::Season,
    contest::{
        claim::PacketState,
        payout::{self, NotificationRefusal},
        records,
    },
    rail::Rail,
};
use wechat_adapter::simulator::{Fault, FaultRule, Notice, Operation, TransferStage};

use crate::app::{Behaviour, Person, Setting, TestApp};

/// A contest that pays by transfers.
async fn contest() -> TestApp {
    TestApp::with(Setting {
        rail: Rail::Transfer,
        ..Setting::usual()
    })
    .await
}

fn creating(fault: Fault) -> FaultRule {
    FaultRule::always(fault).on(Operation::CreateTransfer)
}

/// The notifications that are due now; the test delivers them as it likes.
fn notices(test: &TestApp) -> Vec<Notice> {
    test.simulator.due_notices(test.app.now())
}

/// Hands a notification to the server, and tells WeChat what became of it.
async fn tell(test: &TestApp, notice: &Notice) -> Result<(), NotificationRefusal> {
    let request = &notice.request;
    let taken = payout::receive_notification(&test.app, request.headers(), request.body()).await;
    let status = if taken.is_ok() { 204 } else { 401 };
    test.simulator
        .record_notice(notice, Some(status), test.app.now());
    taken
}

async fn shown(test: &TestApp, person: &Person, award: &str) -> (PacketState, Option<String>) {
    let packet = records::packet(&test.app, &person.id, award).await.unwrap();
    (packet.state, packet.confirmation.map(|call| call.package))
}

/// The person confirms on the page that the server's own page opened.
pub(super) async fn confirm(test: &TestApp, person: &Person, award: &str) {
    let (state, package) = shown(test, person, award).await;
    assert_eq!(state, PacketState::AwaitingConfirmation);
    test.simulator
        .confirm_transfer(&person.openid, &package.unwrap(), test.app.now())
        .unwrap();
}

#[tokio::test]
async fn a_transfer_goes_from_granted_over_the_persons_confirmation_to_received() {
    let test = contest().await;
    let (person, packet) = test.winner("winner").await;
    assert_eq!(packet.state, PacketState::Granted);
    test.settle().await;
    let page = records::packet(&test.app, &person.id, &packet.award)
        .await
        .unwrap();
    assert_eq!(page.state, PacketState::AwaitingConfirmation);
    let call = page.confirmation.unwrap();
    assert_eq!(call.mch_id, test.app.wechat.merchant_id);
    assert_eq!(&call.app_id, test.app.wechat.official.app_id());
    confirm(&test, &person, &packet.award).await;
    test.settle_for(TimeDelta::minutes(1)).await;
    assert_eq!(test.payment_state(&packet.award), "received");
    assert_eq!(
        shown(&test, &person, &packet.award).await,
        (PacketState::Received, None)
    );
    let ledger = test.simulator.ledger();
    assert_eq!((ledger.bills.len(), ledger.transfers.len()), (0, 1));
    assert_eq!(ledger.totals.received_fen, packet.amount.get());
    test.assert_sound().await;
}

#[tokio::test]
async fn what_opens_the_confirm_page_is_sealed_and_gone_when_it_is_of_no_use() {
    let test = contest().await;
    let (person, packet) = test.winner("winner").await;
    test.settle().await;
    let (_state, package) = shown(&test, &person, &packet.award).await;
    let sealed = test.raw().text("SELECT package_sealed FROM payment");
    assert!(!sealed.contains(&package.unwrap()));
    confirm(&test, &person, &packet.award).await;
    test.settle_for(TimeDelta::minutes(1)).await;
    let kept = "SELECT COUNT(*) FROM payment WHERE package_sealed IS NOT NULL";
    assert_eq!(test.number(kept), 0);
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_until_the_person_can_confirm() {
    for fault in [
        Fault::ExecuteThenDrop,
        Fault::ExecuteThenStatus500,
        Fault::GarbledBody,
        Fault::WrongAnswerSignature,
        Fault::ProbeSignature,
        Fault::Processing { seconds: 30 },
    ] {
        let test = contest().await;
        let (person, packet) = test.winner("winner").await;
        let once = FaultRule {
            remaining: Some(1),
            ..creating(fault.clone())
        };
        test.simulator.set_faults(vec![once]);
        test.settle().await;
        assert_eq!(test.payment_state(&packet.award), "unknown", "{fault:?}");
        test.settle_for(TimeDelta::minutes(5)).await;
        confirm(&test, &person, &packet.award).await;
        test.settle_for(TimeDelta::hours(2)).await;
        assert_eq!(test.payment_state(&packet.award), "received", "{fault:?}");
        let ledger = test.simulator.ledger();
        assert_eq!(ledger.transfers.len(), 1, "{fault:?}");
        assert_eq!(ledger.totals.received_fen, packet.amount.get());
        test.assert_sound().await;
    }
}

#[tokio::test]
async fn a_sending_that_never_arrived_goes_again_under_its_number() {
    for fault in [Fault::DropBeforeExecute, Fault::Status500, Fault::FreqLimit] {
        let test = contest().await;
        let (person, packet) = test.winner("winner").await;
        test.fault_once(fault.clone());
        test.settle_for(TimeDelta::minutes(30)).await;
        confirm(&test, &person, &packet.award).await;
        test.settle_for(TimeDelta::hours(2)).await;
        assert_eq!(test.payment_state(&packet.award), "received", "{fault:?}");
        assert_eq!(test.number("SELECT COUNT(*) FROM payment"), 1);
        test.assert_sound().await;
    }
}

#[tokio::test]
async fn a_transfer_nobody_confirms_comes_back_and_stays_counted() {
    let test = contest().await;
    let (person, packet) = test.winner("sleeper").await;
    test.settle().await;
    // WeChat closes it late; the button is gone at once.
    test.settle_for(TimeDelta::hours(24)).await;
    let (state, package) = shown(&test, &person, &packet.award).await;
    assert_eq!((state, package), (PacketState::Returning, None));
    test.settle_for(TimeDelta::hours(4)).await;
    assert_eq!(test.payment_state(&packet.award), "refunded");
    let (state, _package) = shown(&test, &person, &packet.award).await;
    assert_eq!(state, PacketState::Returned);
    let amount = i64::try_from(packet.amount.get()).unwrap();
    let used = test.number("SELECT used_fen FROM city WHERE ordinal = 1");
    assert_eq!(used, amount);
    test.assert_sound().await;
}

#[tokio::test]
async fn a_transfer_that_fails_after_the_confirmation_dies_with_its_money_left() {
    for (reason, n_pages) in [("REAL_NAME_CHECK_FAIL", 0), ("PRODUCT_AUTH_CHECK_FAIL", 1)] {
        let test = contest().await;
        let (person, packet) = test.winner("unlucky").await;
        test.simulator
            .set_faults(vec![creating(Fault::TransferFails {
                fail_reason: reason.to_owned(),
            })]);
        test.settle().await;
        confirm(&test, &person, &packet.award).await;
        test.settle_for(TimeDelta::minutes(1)).await;
        assert_eq!(test.payment_state(&packet.award), "dead", "{reason}");
        let pages = test.number("SELECT COUNT(*) FROM audit_event WHERE action = 'page'");
        assert_eq!(pages, n_pages, "{reason}");
        assert_eq!(test.simulator.ledger().totals.received_fen, 0);
        test.assert_sound().await;
    }
}

#[tokio::test]
async fn a_shortage_or_a_missing_permission_pauses_the_rail_and_is_paid_once() {
    for (status, code) in [(403, "NOT_ENOUGH"), (403, "NO_AUTH"), (401, "SIGN_ERROR")] {
        let test = contest().await;
        let (first, first_packet) = test.winner("first").await;
        let (second, second_packet) = test.winner("second").await;
        let code = code.to_owned();
        test.simulator
            .set_faults(vec![creating(Fault::V3Error { status, code })]);
        let round = test.settle().await;
        assert_eq!((round.n_sent, round.n_waiting), (1, 1), "{status}");
        test.no_faults();
        test.settle_for(TimeDelta::minutes(10)).await;
        for (person, packet) in [(&first, &first_packet), (&second, &second_packet)] {
            confirm(&test, person, &packet.award).await;
        }
        test.settle_for(TimeDelta::hours(2)).await;
        assert_eq!(test.payment_state(&first_packet.award), "received");
        assert_eq!(test.payment_state(&second_packet.award), "received");
        test.assert_sound().await;
    }
}

#[tokio::test]
async fn an_order_wechat_cannot_execute_waits_for_tomorrow_and_holds_nobody_up() {
    let test = contest().await;
    let (_first, first_packet) = test.winner("first").await;
    test.sleep(TimeDelta::seconds(1));
    let (_second, second_packet) = test.winner("second").await;
    let invalid = FaultRule {
        remaining: Some(1),
        ..creating(Fault::V3Error {
            status: 400,
            code: "INVALID_REQUEST".to_owned(),
        })
    };
    test.simulator.set_faults(vec![invalid]);
    test.settle().await;
    assert_eq!(test.payment_state(&first_packet.award), "deferred");
    assert_eq!(test.payment_state(&second_packet.award), "sent");
    assert_eq!(
        test.number("SELECT COUNT(*) FROM audit_event WHERE action = 'page'"),
        1
    );
    test.settle_for(TimeDelta::hours(13)).await;
    assert_eq!(test.payment_state(&first_packet.award), "sent");
    test.assert_sound().await;
}

#[tokio::test]
async fn a_notification_makes_the_worker_ask_and_is_not_believed() {
    let test = contest().await;
    let (person, packet) = test.winner("winner").await;
    test.settle_for(TimeDelta::hours(2)).await;
    confirm(&test, &person, &packet.award).await;
    test.sleep(TimeDelta::seconds(3));
    let notice = &notices(&test)[0];
    tell(&test, notice).await.unwrap();
    // The word alone moves nothing.
    assert_eq!(test.payment_state(&packet.award), "sent");
    let round = test.settle().await;
    assert_eq!(round.n_queried, 1);
    assert_eq!(test.payment_state(&packet.award), "received");
    // The same word again is taken and changes nothing.
    tell(&test, notice).await.unwrap();
    assert_eq!(test.settle().await.n_queried, 0);
    test.assert_sound().await;
}

#[tokio::test]
async fn news_that_a_query_does_not_confirm_is_asked_about_once() {
    let test = contest().await;
    let (person, packet) = test.winner("winner").await;
    test.settle_for(TimeDelta::hours(2)).await;
    confirm(&test, &person, &packet.award).await;
    test.sleep(TimeDelta::seconds(3));
    let notice = &notices(&test)[0];
    tell(&test, notice).await.unwrap();
    test.simulator.set_faults(vec![
        FaultRule::always(Fault::Status500).on(Operation::QueryTransfer),
    ]);
    assert_eq!(test.settle().await.n_queried, 1);
    assert_eq!(test.settle().await.n_queried, 0);
    assert_eq!(test.payment_state(&packet.award), "sent");
    test.no_faults();
    test.settle_for(TimeDelta::minutes(1)).await;
    assert_eq!(test.payment_state(&packet.award), "received");
    test.assert_sound().await;
}

#[tokio::test]
async fn a_forged_notification_or_a_probe_stores_nothing() {
    for (fault, is_probe) in [
        (Fault::WrongAnswerSignature, false),
        (Fault::WrongSerial, false),
        (Fault::ClockSkew { seconds: -600 }, false),
        (Fault::ProbeSignature, true),
    ] {
        let test = contest().await;
        let (person, packet) = test.winner("winner").await;
        test.settle().await;
        confirm(&test, &person, &packet.award).await;
        test.simulator.set_faults(vec![
            FaultRule::always(fault.clone()).on(Operation::TransferNotice),
        ]);
        test.sleep(TimeDelta::seconds(3));
        let notice = &notices(&test)[0];
        let refusal = tell(&test, notice).await.unwrap_err();
        assert_eq!(refusal.is_probe(), is_probe, "{fault:?}");
        assert_eq!(refusal.response().unwrap().status(), 401, "{fault:?}");
        assert_eq!(
            test.number("SELECT COUNT(*) FROM payment_event WHERE event = 'told'"),
            0
        );
        assert_eq!(
            test.number("SELECT COUNT(*) FROM callback_seen WHERE callback LIKE 'pay/%'"),
            0
        );
    }
}

#[tokio::test]
async fn a_notification_of_a_number_that_is_not_ours_calls_a_person() {
    let test = contest().await;
    let (person, packet) = test.winner("winner").await;
    test.settle().await;
    confirm(&test, &person, &packet.award).await;
    test.sleep(TimeDelta::seconds(3));
    let notice = &notices(&test)[0];
    // Another contest of the same merchant, whose database knows nothing of it.
    let other = contest().await;
    tell(&other, notice).await.unwrap();
    assert_eq!(
        other.number("SELECT COUNT(*) FROM audit_event WHERE action = 'page'"),
        1
    );
}

#[tokio::test]
async fn a_query_that_names_another_amount_is_no_evidence() {
    let test = contest().await;
    let (person, packet) = test.winner("winner").await;
    test.settle().await;
    confirm(&test, &person, &packet.award).await;
    test.pay.behave(Behaviour::OtherAmount);
    test.settle_for(TimeDelta::minutes(10)).await;
    // The signature no longer fits what was altered on the way.
    assert_eq!(test.payment_state(&packet.award), "sent");
    test.pay.behave(Behaviour::Deliver);
    test.settle_for(TimeDelta::hours(2)).await;
    assert_eq!(test.payment_state(&packet.award), "received");
    test.assert_sound().await;
}

#[tokio::test]
async fn a_transfer_the_merchant_withdrew_dies() {
    use wechat_adapter::{
        Nonce, OpenId,
        pay::v3::{CancelTransfer, Freshness},
    };
    let test = contest().await;
    let (person, packet) = test.winner("winner").await;
    test.settle().await;
    let wechat = &test.app.wechat;
    let bill = test.simulator.transfers_to(&person.openid).remove(0);
    let order = wechat.transfers.as_ref().unwrap().order(
        bill.bill_number.parse().unwrap(),
        wechat.merchant_id.clone(),
        wechat.official.app_id().clone(),
        OpenId::new(bill.openid.as_str()).unwrap(),
        u32::try_from(bill.amount_fen).unwrap(),
    );
    let v3 = wechat.pay_v3.as_ref().unwrap();
    let fresh = Freshness {
        now: test.app.now(),
        nonce: Nonce::new("0123456789abcdef").unwrap(),
    };
    let request = CancelTransfer::of(&order)
        .request(&v3.credentials, &v3.keys, &fresh)
        .unwrap();
    wechat.pay_http.send(request).await.unwrap();
    test.settle_for(TimeDelta::minutes(30)).await;
    assert_eq!(test.payment_state(&packet.award), "dead");
    test.assert_sound().await;
}

#[tokio::test]
async fn a_season_that_takes_the_other_rail_brings_what_began_on_the_first_to_its_end() {
    let mut test = TestApp::new().await;
    let (first, first_packet) = test.winner("first").await;
    test.settle().await;
    let (_lost, lost_packet) = test.winner("lost").await;
    test.fault_once(Fault::NotEnough);
    test.settle().await;
    let app = Arc::get_mut(&mut test.app).unwrap();
    app.season = Arc::new(Season {
        rail: Rail::Transfer,
        channel: Rail::Transfer.channel(),
        payout: Rail::Transfer.policy(),
        ..Season::clone(&app.season)
    });
    let (second, second_packet) = test.winner("second").await;
    test.settle_for(TimeDelta::minutes(10)).await;
    assert_eq!(test.open_packets(&first), 1);
    confirm(&test, &second, &second_packet.award).await;
    assert_eq!(test.payment_state(&lost_packet.award), "sent");
    test.settle_for(TimeDelta::hours(2)).await;
    assert_eq!(test.payment_state(&first_packet.award), "received");
    assert_eq!(test.payment_state(&second_packet.award), "received");
    let ledger = test.simulator.ledger();
    assert_eq!((ledger.bills.len(), ledger.transfers.len()), (2, 1));
    assert_eq!(
        ledger.transfers.values().next().unwrap().stage,
        TransferStage::Success
    );
    test.assert_sound().await;
}
