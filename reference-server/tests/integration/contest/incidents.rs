//! Each class of difference, injected and found, and how two persons end what needs them.

use chrono::TimeDelta;
use reference_server::contest::{
    books::{self, Reconciled},
    correction::{self, Action, Proposal},
    incident::{self, IncidentRefusal},
};
use reward_core::BillClass;
use wechat_adapter::simulator::{Fault, FaultRule, Operation};

use crate::{
    app::{Person, TestApp},
    bill::{Bill, day, import, import_all},
};

/// One received packet, two and a half days old; its bills are not imported.
async fn scene() -> (TestApp, Person, String) {
    let test = TestApp::new().await;
    let (person, packet) = test.winner("winner").await;
    test.settle().await;
    test.open_packets(&person);
    test.settle_for(TimeDelta::hours(60)).await;
    let number = number_of(&test, &packet.award);
    (test, person, number)
}

fn number_of(test: &TestApp, award: &str) -> String {
    test.raw().text(&format!(
        "SELECT MIN(bill_number) FROM payment WHERE award = '{award}' AND attempt_number = 1"
    ))
}

async fn reconcile(test: &TestApp) -> Reconciled {
    books::reconcile(&test.app).await.unwrap()
}

/// Imports the first three days with a lie on the first one.
async fn import_with(test: &TestApp, lie: impl FnOnce(&mut Bill)) {
    let mut first = Bill::of(test, day("2020-04-22"));
    lie(&mut first);
    import(test, &first).await.unwrap();
    for text in ["2020-04-23", "2020-04-24"] {
        import(test, &Bill::of(test, day(text))).await.unwrap();
    }
}

fn classes(reconciled: &Reconciled) -> Vec<&'static str> {
    let orders = reconciled.comparison.orders.iter();
    orders
        .map(|order| order.class.map_or("–", BillClass::code))
        .collect()
}

/// Every incident as class and how many of it are open.
async fn open(test: &TestApp) -> Vec<String> {
    let (incidents, _proposals) = incident::list(&test.app).await.unwrap();
    let open = incidents.into_iter().filter(|row| row.ended.is_none());
    open.map(|row| row.class).collect()
}

fn proposal(incident: i64, action: &str) -> Proposal {
    Proposal {
        incident,
        action: action.parse().unwrap(),
        reason: "the merchant's console shows it".to_owned(),
        evidence: "screenshot 1".to_owned(),
        maker: "Wang".to_owned(),
    }
}

fn holds(test: &TestApp, account: &str) -> i64 {
    test.number(&format!(
        "SELECT COALESCE(SUM(CASE WHEN credit = '{account}' THEN amount_fen ELSE 0 END), 0)
              - COALESCE(SUM(CASE WHEN debit = '{account}' THEN amount_fen ELSE 0 END), 0)
         FROM transfer"
    ))
}

#[tokio::test]
async fn r0_a_sound_season_asks_nobody_and_opens_nothing() {
    let (test, ..) = scene().await;
    import_all(&test, 3).await;
    let found = reconcile(&test).await;
    assert_eq!(classes(&found), ["R0"]);
    assert_eq!(
        (
            found.n_asked,
            found.n_findings(),
            found.comparison.difference_fen()
        ),
        (0, 0, 0)
    );
    assert_eq!(open(&test).await, [""; 0]);
    test.assert_sound().await;
}

#[tokio::test]
async fn r1_what_wechat_has_returned_is_asked_about_and_brought_up_to_date() {
    let test = TestApp::new().await;
    let (_person, packet) = test.winner("winner").await;
    test.settle().await;
    // WeChat takes it back while our worker sleeps.
    test.sleep(TimeDelta::hours(60));
    assert_eq!(test.payment_state(&packet.award), "sent");
    import_all(&test, 3).await;
    let found = reconcile(&test).await;
    assert_eq!(found.n_asked, 1);
    assert_eq!(test.payment_state(&packet.award), "refunded");
    assert_eq!(classes(&found), ["R0"]);
    assert_eq!(open(&test).await, [""; 0]);
    test.assert_sound().await;
}

#[tokio::test]
async fn r2_an_unknown_outcome_that_is_on_the_bill_is_recovered() {
    let test = TestApp::new().await;
    let (_person, packet) = test.winner("winner").await;
    let fault = FaultRule::always(Fault::ExecuteThenDrop).on(Operation::SendRedPacket);
    test.simulator.set_faults(vec![fault]);
    test.settle().await;
    test.no_faults();
    assert_eq!(test.payment_state(&packet.award), "unknown");
    test.sleep(TimeDelta::hours(60));
    import_all(&test, 3).await;
    let found = reconcile(&test).await;
    assert_eq!(found.n_asked, 1);
    assert_eq!(test.payment_state(&packet.award), "refunded");
    assert_eq!(classes(&found), ["R0"]);
    test.assert_sound().await;
}

#[tokio::test]
async fn r3_a_payment_missing_from_the_bill_is_an_incident_until_a_later_bill_has_it() {
    let (test, _person, number) = scene().await;
    import_with(&test, |bill| bill.forget(&number)).await;
    let found = reconcile(&test).await;
    assert_eq!(classes(&found), ["R3"]);
    assert_eq!(found.n_asked, 1);
    assert_eq!(found.changes.n_opened, 1);
    assert!(found.comparison.difference_fen() > 0);
    // Nobody else is paid twice by it, so the person is not frozen, and no money moved.
    assert_eq!(holds(&test, "suspense"), 0);
    test.assert_sound().await;
    // Again finds it again and opens nothing new.
    assert_eq!(reconcile(&test).await.changes.n_opened, 0);
    import(&test, &Bill::of(&test, day("2020-04-22")))
        .await
        .unwrap();
    let found = reconcile(&test).await;
    assert_eq!(classes(&found), ["R0"]);
    assert_eq!(
        (found.changes.n_settled, found.comparison.difference_fen()),
        (1, 0)
    );
    assert_eq!(open(&test).await, [""; 0]);
    test.assert_sound().await;
}

/// Refused for the person, proved absent, and on the bill all the same.
async fn dead_but_paid() -> (TestApp, Person, String) {
    let test = TestApp::new().await;
    let (person, packet) = test.winner("winner").await;
    let fault = FaultRule::always(Fault::NoAuth).on(Operation::SendRedPacket);
    test.simulator.set_faults(vec![fault]);
    test.settle().await;
    test.settle_for(TimeDelta::hours(2)).await;
    test.no_faults();
    assert_eq!(test.payment_state(&packet.award), "dead");
    let number = number_of(&test, &packet.award);
    test.settle_for(TimeDelta::hours(60)).await;
    let fen = test.number("SELECT MIN(amount_fen) FROM award");
    import_with(&test, |bill| bill.add(&number, false, fen)).await;
    (test, person, number)
}

#[tokio::test]
async fn r4_a_dead_payment_that_was_paid_goes_to_suspense_and_freezes_its_person() {
    let (test, person, _number) = dead_but_paid().await;
    let fen = test.number("SELECT MIN(amount_fen) FROM award");
    let found = reconcile(&test).await;
    assert_eq!(classes(&found), ["R4"]);
    assert_eq!(found.comparison.difference_fen(), fen);
    assert_eq!((holds(&test, "suspense"), holds(&test, "left")), (fen, 0));
    test.assert_sound().await;
    let again = reconcile(&test).await;
    assert_eq!((again.changes.n_opened, holds(&test, "suspense")), (0, fen));
    // The person wins once more; nothing is sent to him, while others are paid.
    let code = test.code_of(&person).await;
    let friend = test.stranger("friend").await;
    test.follow(&friend, Some(&code)).await;
    test.answer(&person, 5).await;
    let more = test.claim(&person).await.unwrap();
    let (_other, others) = test.winner("other").await;
    test.settle().await;
    assert_eq!(test.payment_state(&more.award), "reserved");
    assert_eq!(test.payment_state(&others.award), "sent");
    // Two persons find that he has the money.
    let action = format!("yancheng:suspense:received:{fen}");
    let number = correction::propose(&test.app, proposal(1, &action))
        .await
        .unwrap();
    for one_person in ["Wang", " wang"] {
        let refused = correction::approve(&test.app, number, one_person).await;
        assert!(matches!(refused, Err(IncidentRefusal::SamePerson { .. })));
    }
    assert_eq!(holds(&test, "received"), 0);
    correction::approve(&test.app, number, "Li").await.unwrap();
    assert_eq!(
        (holds(&test, "suspense"), holds(&test, "received")),
        (0, fen)
    );
    let refused = correction::approve(&test.app, number, "Li").await;
    assert!(matches!(
        refused,
        Err(IncidentRefusal::Ended { incident: 1 })
    ));
    let found = reconcile(&test).await;
    assert_eq!(
        (found.comparison.difference_fen(), found.changes.n_opened),
        (0, 0)
    );
    assert_eq!(found.comparison.account.unwrap().difference_fen(), 0);
    test.settle().await;
    assert_eq!(test.payment_state(&more.award), "sent");
    assert_eq!(test.violations().await, Vec::<String>::new());
    assert_eq!(test.found_by_sql().await, Vec::<String>::new());
}

#[tokio::test]
async fn r4_a_received_packet_that_came_back_on_the_bill_is_found() {
    let (test, _person, number) = scene().await;
    let fen = test.number("SELECT MIN(amount_fen) FROM award");
    import_with(&test, |bill| bill.add(&number, true, fen)).await;
    let found = reconcile(&test).await;
    assert_eq!(classes(&found), ["R4"]);
    assert_eq!(
        (holds(&test, "suspense"), holds(&test, "received")),
        (fen, 0)
    );
    test.assert_sound().await;
}

#[tokio::test]
async fn r5_a_number_that_is_not_ours_is_explained_by_two_persons_or_stays_open() {
    let (test, ..) = scene().await;
    import_with(&test, |bill| bill.add("SOMEBODYELSE", false, 120)).await;
    let found = reconcile(&test).await;
    assert_eq!(classes(&found), ["R0", "R5"]);
    assert_eq!(found.comparison.difference_fen(), 120);
    assert_eq!(found.comparison.account.unwrap().difference_fen(), -120);
    test.assert_sound().await;
    let number = correction::propose(&test.app, proposal(1, "explained"))
        .await
        .unwrap();
    assert_eq!(open(&test).await, ["R5"]);
    correction::approve(&test.app, number, "Li").await.unwrap();
    let found = reconcile(&test).await;
    assert_eq!(
        (found.n_findings(), found.comparison.difference_fen()),
        (0, 0)
    );
    assert_eq!(found.comparison.account.unwrap().difference_fen(), 0);
    // What was explained was 120 fen; another amount is another difference.
    let mut first = Bill::of(&test, day("2020-04-22"));
    first.add("SOMEBODYELSE", false, 121);
    import(&test, &first).await.unwrap();
    let found = reconcile(&test).await;
    assert_eq!(
        (found.changes.n_opened, found.comparison.difference_fen()),
        (1, 121)
    );
    assert_eq!(open(&test).await, ["R5"]);
}

#[tokio::test]
async fn r5_top_ups_withdrawals_and_fees_are_the_merchants_own() {
    let (test, ..) = scene().await;
    import_with(&test, |bill| {
        for (business, is_income) in [("充值", true), ("提现", false), ("手续费", false)] {
            bill.add("", is_income, 5_000);
            bill.lines.last_mut().unwrap().business = business;
        }
    })
    .await;
    let found = reconcile(&test).await;
    assert_eq!(classes(&found), ["R0"]);
    assert_eq!(found.comparison.account.unwrap().difference_fen(), 0);
}

#[tokio::test]
async fn r6_one_fen_too_much_is_found_and_freezes() {
    let (test, _person, number) = scene().await;
    import_with(&test, |bill| {
        for line in bill.lines_of(&number) {
            line.fen += 1;
        }
    })
    .await;
    let found = reconcile(&test).await;
    assert_eq!(classes(&found), ["R6"]);
    assert_eq!(found.comparison.difference_fen(), 1);
    assert_eq!(open(&test).await, ["R6"]);
    test.assert_sound().await;
}

#[tokio::test]
async fn r7_two_numbers_of_one_award_that_were_both_paid_are_found() {
    let test = TestApp::new().await;
    let (person, packet) = test.winner("winner").await;
    let fault = FaultRule::always(Fault::NotEnough).on(Operation::SendRedPacket);
    test.simulator.set_faults(vec![fault]);
    test.settle().await;
    test.sleep(TimeDelta::hours(20));
    test.settle_for(TimeDelta::hours(1)).await;
    test.no_faults();
    test.settle_for(TimeDelta::minutes(10)).await;
    test.open_packets(&person);
    test.settle_for(TimeDelta::hours(90)).await;
    let older = number_of(&test, &packet.award);
    let fen = test.number("SELECT MIN(amount_fen) FROM award");
    let mut first = Bill::of(&test, day("2020-04-22"));
    first.add(&older, false, fen);
    import(&test, &first).await.unwrap();
    for text in ["2020-04-23", "2020-04-24", "2020-04-25"] {
        import(&test, &Bill::of(&test, day(text))).await.unwrap();
    }
    let found = reconcile(&test).await;
    assert_eq!(classes(&found), ["R7", "R7"]);
    // The award cost twice its amount: suspense is short of it until somebody gives it back.
    assert_eq!(
        (holds(&test, "received"), holds(&test, "suspense")),
        (2 * fen, -fen)
    );
    test.assert_sound().await;
}

#[tokio::test]
async fn a_held_payment_goes_where_two_persons_send_it() {
    let test = TestApp::new().await;
    let (_person, packet) = test.winner("winner").await;
    let fault = Fault::PayError {
        err_code: "FATAL_ERROR".to_owned(),
    };
    let fault = FaultRule::always(fault).on(Operation::SendRedPacket);
    test.simulator.set_faults(vec![fault]);
    test.settle().await;
    test.no_faults();
    assert_eq!(test.payment_state(&packet.award), "held");
    reconcile(&test).await;
    assert_eq!(open(&test).await, ["held"]);
    let wrong = correction::propose(&test.app, proposal(1, "explained")).await;
    assert!(matches!(wrong, Err(IncidentRefusal::NotForThis { .. })));
    let number = correction::propose(&test.app, proposal(1, "dead"))
        .await
        .unwrap();
    assert!(
        correction::approve(&test.app, number, "WANG")
            .await
            .is_err()
    );
    assert_eq!(test.payment_state(&packet.award), "held");
    correction::approve(&test.app, number, "Li").await.unwrap();
    assert_eq!(test.payment_state(&packet.award), "dead");
    assert_eq!(open(&test).await, [""; 0]);
    test.assert_sound().await;
}

#[tokio::test]
async fn a_correction_takes_no_account_below_zero_and_nothing_out_of_the_pool() {
    let (test, ..) = scene().await;
    import_with(&test, |bill| bill.add("SOMEBODYELSE", false, 120)).await;
    reconcile(&test).await;
    let over = proposal(1, "yancheng:left:received:1000000");
    let number = correction::propose(&test.app, over).await.unwrap();
    let refused = correction::approve(&test.app, number, "Li").await;
    assert!(matches!(refused, Err(IncidentRefusal::Overdrawn { .. })));
    assert_eq!(open(&test).await, ["R5"]);
    for text in [
        "yancheng:pool:left:1",
        "yancheng:left:left:1",
        "yancheng:left:received:0",
        "paid",
    ] {
        assert!(text.parse::<Action>().is_err(), "{text}");
    }
    for (incident, maker) in [(1, " "), (9, "Wang")] {
        let wrong = Proposal {
            maker: maker.to_owned(),
            ..proposal(incident, "explained")
        };
        assert!(correction::propose(&test.app, wrong).await.is_err());
    }
    assert!(incident::take(&test.app, 1, "Zhao").await.is_ok());
    assert!(incident::take(&test.app, 9, "Zhao").await.is_err());
    assert_eq!(test.raw().text("SELECT owner FROM incident"), "Zhao");
}
