//! Laws of payments that stopped: all of them are named with a way on, and none goes on by one person alone.

use chrono::TimeDelta;
use reference_server::contest::{
    correction,
    dead_letter::{self, Act, DeadLetter, DeadLetterRefusal},
};
use wechat_adapter::simulator::{Fault, FaultRule, Operation};

use crate::app::{Person, TestApp};

async fn letters(test: &TestApp) -> Vec<DeadLetter> {
    dead_letter::list(&test.app).await.unwrap().0
}

fn number_of(test: &TestApp, award: &str) -> String {
    test.raw().text(&format!(
        "SELECT bill_number FROM payment WHERE award = '{award}' ORDER BY attempt_number DESC"
    ))
}

fn sendings_fail(test: &TestApp, fault: Fault) {
    let rule = FaultRule::always(fault).on(Operation::SendRedPacket);
    test.simulator.set_faults(vec![rule]);
}

/// A winner whose number died because the person has no real name; award and number.
async fn dead(test: &TestApp) -> (Person, String, String) {
    let (person, packet) = test.winner("nameless").await;
    sendings_fail(test, Fault::NoAuth);
    test.settle().await;
    test.settle_for(TimeDelta::hours(2)).await;
    test.no_faults();
    assert_eq!(test.payment_state(&packet.award), "dead");
    let number = number_of(test, &packet.award);
    (person, packet.award, number)
}

#[tokio::test]
async fn a_payment_that_goes_its_way_is_no_dead_letter() {
    let test = TestApp::new().await;
    let (person, _packet) = test.winner("winner").await;
    assert_eq!(letters(&test).await, []);
    test.settle().await;
    test.open_packets(&person);
    test.settle_for(TimeDelta::hours(1)).await;
    assert_eq!(letters(&test).await, []);
}

#[tokio::test]
async fn an_award_refused_for_its_person_is_paid_under_a_new_number_that_two_persons_decide() {
    let test = TestApp::new().await;
    let (person, award, number) = dead(&test).await;
    let found = letters(&test).await;
    assert_eq!(found.len(), 1);
    assert_eq!((&found[0].bill_number, &found[0].award), (&number, &award));
    assert_eq!(found[0].acts, [Act::Ask, Act::Renew]);
    assert!(!found[0].reason.is_empty() && !found[0].next_step.is_empty());
    let propose = async |reason, evidence, by| {
        dead_letter::propose_renewal(&test.app, &number, reason, evidence, by).await
    };
    for (reason, evidence, by) in [
        (" ", "ticket", "Wang"),
        ("why", "", "Wang"),
        ("why", "t", ""),
    ] {
        let missing = propose(reason, evidence, by).await;
        assert!(
            matches!(missing, Err(DeadLetterRefusal::Missing(_))),
            "{missing:?}"
        );
    }
    let proposal = propose("has a real name now", "ticket 4711", "Wang")
        .await
        .unwrap();
    let (_letters, waiting) = dead_letter::list(&test.app).await.unwrap();
    assert_eq!(waiting.len(), 1);
    let approve = async |by| dead_letter::approve_renewal(&test.app, proposal, by).await;
    let alone = approve(" wang ").await;
    assert!(
        matches!(alone, Err(DeadLetterRefusal::SamePerson { .. })),
        "{alone:?}"
    );
    assert_eq!(test.number("SELECT COUNT(*) FROM payment"), 1);
    approve("Li").await.unwrap();
    assert_eq!(letters(&test).await, []);
    let again = approve("Li").await;
    assert!(
        matches!(again, Err(DeadLetterRefusal::NotNow { .. })),
        "{again:?}"
    );
    test.settle().await;
    assert_eq!(test.open_packets(&person), 1);
    test.settle_for(TimeDelta::hours(1)).await;
    assert_eq!(
        test.raw()
            .texts("SELECT state FROM payment ORDER BY attempt_number"),
        ["dead", "received"]
    );
    assert_eq!(test.simulator.ledger().totals.packets, 1);
    assert_eq!(
        test.raw().texts(
            "SELECT action || ' ' || actor FROM audit_event WHERE action LIKE 'renewal.%'
             ORDER BY number"
        ),
        ["renewal.proposed Wang", "renewal.approved Li"]
    );
    test.assert_sound().await;
}

#[tokio::test]
async fn a_payment_that_one_person_stopped_goes_on_under_its_number_when_two_agree() {
    let test = TestApp::new().await;
    let (person, packet) = test.winner("winner").await;
    let number = number_of(&test, &packet.award);
    dead_letter::hold(&test.app, &number, "looks wrong", "Wang")
        .await
        .unwrap();
    test.settle_for(TimeDelta::hours(30)).await;
    assert!(test.simulator.ledger().bills.is_empty(), "it was sent");
    let found = letters(&test).await;
    assert_eq!(found[0].acts, [Act::Ask, Act::SendAgain]);
    assert_eq!(found[0].state, "held");
    let twice = dead_letter::hold(&test.app, &number, "again", "Wang").await;
    assert!(
        matches!(twice, Err(DeadLetterRefusal::NotNow { .. })),
        "{twice:?}"
    );
    let proposed = dead_letter::propose_sending_again(&test.app, &number, "fine", "call", "Wang");
    let proposal = proposed.await.unwrap();
    let alone = correction::approve(&test.app, proposal, "WANG").await;
    assert!(alone.is_err(), "{alone:?}");
    correction::approve(&test.app, proposal, "Li")
        .await
        .unwrap();
    test.settle().await;
    assert_eq!(test.open_packets(&person), 1);
    test.settle_for(TimeDelta::hours(1)).await;
    assert_eq!(test.payment_state(&packet.award), "received");
    assert_eq!(number_of(&test, &packet.award), number);
    let event = "SELECT evidence FROM payment_event WHERE event = 'hold'";
    assert_eq!(test.raw().text(event), "Wang: looks wrong");
    test.assert_sound().await;
}

#[tokio::test]
async fn an_outcome_that_stays_unknown_is_a_dead_letter_until_an_answer_proves_it() {
    let test = TestApp::new().await;
    let (person, packet) = test.winner("winner").await;
    test.simulator.set_faults(vec![
        FaultRule::always(Fault::ExecuteThenDrop).on(Operation::SendRedPacket),
        FaultRule::always(Fault::Status500).on(Operation::QueryRedPacket),
    ]);
    test.settle_for(TimeDelta::hours(19)).await;
    assert_eq!(letters(&test).await, []);
    test.settle_for(TimeDelta::hours(3)).await;
    let found = letters(&test).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].acts, [Act::Ask, Act::Hold]);
    let number = found[0].bill_number.clone();
    let nothing = dead_letter::ask(&test.app, &number, "Wang").await.unwrap();
    assert_eq!(nothing, ("unknown".to_owned(), false));
    test.no_faults();
    assert_eq!(test.open_packets(&person), 1);
    let answered = dead_letter::ask(&test.app, &number, "Wang").await.unwrap();
    assert_eq!(answered, ("received".to_owned(), true));
    assert_eq!(letters(&test).await, []);
    assert_eq!(test.payment_state(&packet.award), "received");
    let asked = "SELECT COUNT(*) FROM audit_event WHERE action = 'payment.asked'";
    assert_eq!(test.number(asked), 2);
    test.assert_sound().await;
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_with_a_reason() {
    let test = TestApp::new().await;
    let (person, packet) = test.winner("winner").await;
    let number = number_of(&test, &packet.award);
    let nobody = dead_letter::ask(&test.app, "NOBODYS", "Wang").await;
    assert!(matches!(nobody, Err(DeadLetterRefusal::NoPayment { .. })));
    let renew =
        async || dead_letter::propose_renewal(&test.app, &number, "why", "ticket", "Wang").await;
    let resend = async || {
        dead_letter::propose_sending_again(&test.app, &number, "why", "ticket", "Wang").await
    };
    for state in ["reserved", "sent", "received"] {
        assert_eq!(test.payment_state(&packet.award), state);
        for outcome in [renew().await, resend().await] {
            assert!(
                matches!(outcome, Err(DeadLetterRefusal::NotNow { .. })),
                "{outcome:?}"
            );
        }
        match state {
            "reserved" => drop(test.settle().await),
            _ => {
                test.open_packets(&person);
                test.settle_for(TimeDelta::hours(1)).await;
            }
        }
    }
    let ended = dead_letter::hold(&test.app, &number, "why", "Wang").await;
    assert!(
        matches!(ended, Err(DeadLetterRefusal::NotNow { .. })),
        "{ended:?}"
    );
    let nobody = dead_letter::approve_renewal(&test.app, 9, "Li").await;
    assert!(matches!(
        nobody,
        Err(DeadLetterRefusal::NoProposal { proposal: 9 })
    ));
}
