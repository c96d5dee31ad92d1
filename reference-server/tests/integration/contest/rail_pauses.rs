//! All sending stopped by one person, and let go again by two.

use chrono::TimeDelta;
use reference_server::contest::{
    decision::{self, Asked, Id},
    organiser::{Error, Organiser, Refused, Role, Roles},
    rail_pause,
};
use wechat_adapter::simulator::Fault;

use crate::app::TestApp;

/// Somebody of finance.
pub(super) fn finance(name: &str, role: Role) -> Organiser {
    Organiser {
        name: name.to_owned(),
        display_name: name.to_owned(),
        roles: Roles::new([role], None).unwrap(),
        city: None,
        session: String::new(),
        is_stepped_up: true,
    }
}

#[track_caller]
fn assert_refused<T: std::fmt::Debug>(outcome: Result<T, Error>, expected: &Refused) {
    match outcome {
        Err(Error::Refused(refused)) => assert_eq!(&refused, expected),
        other => panic!("not refused with {expected:?}: {other:?}"),
    }
}

#[tokio::test]
async fn one_person_stops_all_sending_and_two_let_it_go_again() {
    let test = TestApp::new().await;
    let operator = finance("wang", Role::FinanceOperator);
    let approver = finance("li", Role::FinanceApprover);
    let early = rail_pause::propose_resuming(&test.app, &operator, "nothing is paused").await;
    assert_refused(early, &Refused::RailNotPaused);
    let silent = rail_pause::pause(&test.app, &operator, "  ").await;
    assert_refused(silent, &Refused::ReasonMissing);
    rail_pause::pause(&test.app, &operator, "something looks wrong")
        .await
        .unwrap();
    let (person, packet) = test.winner("winner").await;
    test.settle_for(TimeDelta::hours(2)).await;
    assert_eq!(test.payment_state(&packet.award), "reserved");
    assert!(test.simulator.ledger().bills.is_empty());
    rail_pause::propose_resuming(&test.app, &operator, "it was nothing")
        .await
        .unwrap();
    let waiting = decision::waiting(&test.app).await.unwrap();
    assert_eq!(waiting.len(), 1);
    let (id, digest) = (waiting[0].id, waiting[0].digest.as_str());
    assert!(
        matches!(&waiting[0].asked, Asked::Resume { paused, .. } if paused.contains("looks wrong"))
    );
    let approve = async |by: &Organiser, digest: &str| {
        decision::approve(&test.app, by, id, digest, "agreed").await
    };
    assert_refused(approve(&operator, digest).await, &Refused::SamePerson);
    assert_refused(approve(&approver, "another").await, &Refused::OtherContent);
    test.settle().await;
    assert_eq!(test.payment_state(&packet.award), "reserved");
    approve(&approver, digest).await.unwrap();
    assert_refused(approve(&approver, digest).await, &Refused::NotWaiting);
    test.settle().await;
    assert_eq!(test.open_packets(&person), 1);
    assert_eq!(rail_pause::state(&test.app).await.unwrap(), None);
    assert_eq!(
        test.raw().texts(
            "SELECT action || ' ' || actor FROM audit_event
             WHERE action LIKE 'rail.%' OR action LIKE 'proposal.%' ORDER BY number"
        ),
        [
            "rail.paused wang",
            "proposal.made wang",
            "proposal.approved li",
            "rail.resumed li"
        ]
    );
    test.assert_sound().await;
}

#[tokio::test]
async fn a_fault_neither_shortens_nor_replaces_the_pause_of_a_person() {
    let test = TestApp::new().await;
    let (_person, packet) = test.winner("first").await;
    test.fault_once(Fault::NotEnough);
    test.settle().await;
    let fault = rail_pause::state(&test.app).await.unwrap().unwrap();
    assert!(fault.until.is_some());
    let operator = finance("wang", Role::FinanceOperator);
    let resumed = rail_pause::propose_resuming(&test.app, &operator, "why").await;
    assert_refused(resumed, &Refused::RailNotPaused);
    rail_pause::pause(&test.app, &operator, "the balance is checked first")
        .await
        .unwrap();
    let now_ms = test.app.now().timestamp_millis();
    test.app
        .store
        .write(move |tx| {
            use reference_server::store::payments::pause_rail_for_fault;
            pause_rail_for_fault(tx, "red-packet", "BalanceTooLow", now_ms + 1_000, now_ms)
        })
        .await
        .unwrap();
    test.settle_for(TimeDelta::hours(1)).await;
    assert_eq!(test.payment_state(&packet.award), "deferred");
    let paused = rail_pause::state(&test.app).await.unwrap().unwrap();
    assert_eq!(paused.until, None);
    assert!(paused.reason.contains("the balance is checked first"));
}

#[tokio::test]
async fn a_resumption_is_not_approved_for_a_pause_that_came_after_it() {
    let test = TestApp::new().await;
    let operator = finance("wang", Role::FinanceOperator);
    let approver = finance("li", Role::FinanceApprover);
    rail_pause::pause(&test.app, &operator, "first")
        .await
        .unwrap();
    let number = rail_pause::propose_resuming(&test.app, &operator, "over").await;
    let number = number.unwrap();
    rail_pause::pause(&test.app, &approver, "second")
        .await
        .unwrap();
    let waiting = decision::waiting(&test.app).await.unwrap();
    assert_eq!(waiting[0].id, Id::Proposal(number));
    let late = decision::approve(
        &test.app,
        &approver,
        waiting[0].id,
        &waiting[0].digest,
        "yes",
    );
    assert_refused(late.await, &Refused::OtherContent);
    let paused = rail_pause::state(&test.app).await.unwrap().unwrap();
    assert!(paused.reason.contains("second"));
    // What was refused is not half decided: it waits still, and its maker takes it back.
    assert_eq!(decision::waiting(&test.app).await.unwrap(), waiting);
    let word = (waiting[0].digest.as_str(), "paused anew");
    decision::refuse(&test.app, &operator, waiting[0].id, word, true)
        .await
        .unwrap();
    assert_eq!(decision::waiting(&test.app).await.unwrap(), []);
}
