//! What waits for a second person: one list, decided once, and never by its maker.

use chrono::TimeDelta;
use reference_server::contest::{
    correction, dead_letter,
    decision::{self, Asked, Waiting},
    organiser::{Error, Organiser, Refused, Role},
};
use wechat_adapter::simulator::{Fault, FaultRule, Operation};

use super::rail_pauses::finance;
use crate::app::TestApp;

/// A payment that is dead, and one that is held; their numbers.
async fn scene() -> (TestApp, String, String) {
    let test = TestApp::new().await;
    let (_person, dead) = test.winner("nameless").await;
    let rule = FaultRule::always(Fault::NoAuth).on(Operation::SendRedPacket);
    test.simulator.set_faults(vec![rule]);
    test.settle().await;
    test.settle_for(TimeDelta::hours(2)).await;
    test.no_faults();
    let (_other, held) = test.winner("other").await;
    let number = |award: &str| {
        let sql = format!("SELECT bill_number FROM payment WHERE award = '{award}'");
        test.raw().text(&sql)
    };
    let (dead, held) = (number(&dead.award), number(&held.award));
    dead_letter::hold(&test.app, &held, "looks wrong", "wang")
        .await
        .unwrap();
    (test, dead, held)
}

async fn waiting(test: &TestApp) -> Vec<Waiting> {
    decision::waiting(&test.app).await.unwrap()
}

async fn approve(test: &TestApp, by: &Organiser, waiting: &Waiting) -> Result<(), Error> {
    decision::approve(&test.app, by, waiting.id, &waiting.digest, "agreed").await
}

async fn refuse(
    test: &TestApp,
    by: &Organiser,
    waiting: &Waiting,
    takes_back: bool,
) -> Result<(), Error> {
    let word = (waiting.digest.as_str(), "not like this");
    decision::refuse(&test.app, by, waiting.id, word, takes_back).await
}

#[track_caller]
fn assert_refused(outcome: Result<(), Error>, expected: &Refused) {
    match outcome {
        Err(Error::Refused(refused)) => assert_eq!(&refused, expected),
        other => panic!("not refused with {expected:?}: {other:?}"),
    }
}

/// Who said no stands in the chain, by what was said.
#[track_caller]
fn assert_audited(test: &TestApp) {
    assert_eq!(
        test.raw().texts(
            "SELECT action FROM audit_event
             WHERE action LIKE '%.rejected' OR action LIKE '%.withdrawn' ORDER BY number"
        ),
        [
            "correction.rejected",
            "renewal.rejected",
            "correction.withdrawn",
            "renewal.withdrawn"
        ]
    );
}

#[tokio::test]
async fn a_rejected_proposal_is_over_and_another_takes_its_place() {
    let (test, dead, held) = scene().await;
    let operator = finance("wang", Role::FinanceOperator);
    let approver = finance("li", Role::FinanceApprover);
    let propose = async || {
        dead_letter::propose_renewal(&test.app, &dead, "named now", "ticket 1", "wang")
            .await
            .unwrap();
        dead_letter::propose_sending_again(&test.app, &held, "it was right", "call", "wang")
            .await
            .unwrap();
    };
    propose().await;
    let first = waiting(&test).await;
    assert_eq!(first.len(), 2);
    // Proposed at one instant, they stand by what they are.
    assert!(matches!(&first[1].asked, Asked::Renewal { bill_number } if *bill_number == dead));
    for one in &first {
        assert_refused(
            refuse(&test, &operator, one, false).await,
            &Refused::SamePerson,
        );
        assert_refused(
            refuse(&test, &approver, one, true).await,
            &Refused::NotTheMaker,
        );
        assert_refused(approve(&test, &operator, one).await, &Refused::SamePerson);
        refuse(&test, &approver, one, false).await.unwrap();
        assert_refused(
            refuse(&test, &approver, one, false).await,
            &Refused::NotWaiting,
        );
        assert_refused(approve(&test, &approver, one).await, &Refused::NotWaiting);
    }
    assert_eq!(waiting(&test).await, []);
    propose().await;
    for one in &waiting(&test).await {
        refuse(&test, &operator, one, true).await.unwrap();
    }
    assert_eq!(waiting(&test).await, []);
    // What was refused in the console is over for the commands too.
    assert!(correction::approve(&test.app, 1, "zhou").await.is_err());
    assert!(
        dead_letter::approve_renewal(&test.app, 1, "zhou")
            .await
            .is_err()
    );
    propose().await;
    for one in &waiting(&test).await {
        approve(&test, &approver, one).await.unwrap();
    }
    test.settle_for(TimeDelta::hours(1)).await;
    assert_eq!(
        test.raw()
            .texts("SELECT state FROM payment ORDER BY award, attempt_number")
            .len(),
        3
    );
    assert_eq!(
        test.number("SELECT COUNT(*) FROM payment WHERE state = 'sent'"),
        2
    );
    assert_audited(&test);
    test.assert_sound().await;
}

#[tokio::test]
async fn what_a_command_proposes_the_console_decides_and_the_other_way_round() {
    let (test, dead, _held) = scene().await;
    // Proposed at the terminal by a name with capitals: the same person is not another one.
    dead_letter::propose_renewal(&test.app, &dead, "named now", "ticket 1", "Wang")
        .await
        .unwrap();
    let one = waiting(&test).await.remove(0);
    let same = finance("wang", Role::FinanceApprover);
    assert_refused(approve(&test, &same, &one).await, &Refused::SamePerson);
    assert_refused(
        decision::approve(&test.app, &same, one.id, "another", "yes").await,
        &Refused::OtherContent,
    );
    dead_letter::approve_renewal(&test.app, 1, "li")
        .await
        .unwrap();
    assert_refused(
        refuse(&test, &finance("zhou", Role::FinanceApprover), &one, false).await,
        &Refused::NotWaiting,
    );
}
