//! A morning's bills, the nightly audit, the seal of a city, and the list for the tax office.

use chrono::TimeDelta;
use reference_server::contest::{
    books::{self, FetchError},
    books_seal::{self, SealRefusal},
    correction::{self, Proposal},
    duty::{self, Done},
    tax::{self, TaxRefusal, TwoPersons},
};
use reward_core::BillClass;

use crate::{
    app::{FIRST_CITY, TestApp, shanghai},
    bill::{Bill, day, import, two_winners},
};

/// Until some days after the end of the first city, with every payment driven.
async fn long_after(test: &TestApp) {
    let end = shanghai("2020-05-03 12:00:00");
    test.settle_for(end - test.app.now()).await;
}

async fn reasons(test: &TestApp) -> Vec<String> {
    match books_seal::seal(&test.app, FIRST_CITY, "Wang", "Li").await {
        Err(SealRefusal::Open { reasons }) => reasons.iter().map(ToString::to_string).collect(),
        other => panic!("not open: {other:?}"),
    }
}

#[tokio::test]
async fn a_morning_fetches_every_missing_bill_and_agrees_to_the_fen() {
    let test = two_winners(30).await;
    let morning = books::morning(&test.app).await.unwrap();
    // The second day is not over, so there is one bill; its packets may still be on the next.
    assert_eq!(morning.imported.len(), 1);
    test.settle_for(TimeDelta::days(3)).await;
    let morning = books::morning(&test.app).await.unwrap();
    assert!(morning.unfetched.is_empty(), "{morning:?}");
    assert_eq!(morning.n_findings(), 0);
    let agrees = [Some(BillClass::Agrees); 2];
    let orders = morning.comparison.orders.iter();
    assert_eq!(orders.map(|order| order.class).collect::<Vec<_>>(), agrees);
    assert_eq!(morning.comparison.account.unwrap().difference_fen(), 0);
    // Again: the latest two days are read again, and nothing is new.
    let n_bills = test.number("SELECT COUNT(*) FROM fund_flow_bill");
    books::morning(&test.app).await.unwrap();
    assert_eq!(test.number("SELECT COUNT(*) FROM fund_flow_bill"), n_bills);
    test.assert_sound().await;
}

#[tokio::test]
async fn a_bill_that_is_late_is_waited_for_and_a_day_without_movements_has_an_empty_one() {
    let test = two_winners(30).await;
    // Before nine there is no bill of yesterday, and we know that orders were accepted then.
    test.sleep_until(shanghai("2020-04-24 08:00:00"));
    let morning = books::morning(&test.app).await.unwrap();
    assert_eq!(morning.imported.len(), 2);
    test.settle_for(TimeDelta::days(3)).await;
    books::morning(&test.app).await.unwrap();
    let (test, early) = (TestApp::new().await, shanghai("2020-04-23 08:30:00"));
    test.winner("winner").await;
    test.settle().await;
    test.sleep_until(early);
    let morning = books::morning(&test.app).await.unwrap();
    assert!(matches!(
        morning.unfetched[..],
        [(_, FetchError::NotThereYet)]
    ));
    test.sleep_until(shanghai("2020-04-23 10:05:00"));
    let morning = books::morning(&test.app).await.unwrap();
    assert_eq!((morning.imported.len(), morning.unfetched.len()), (1, 0));
}

#[tokio::test]
async fn the_duties_of_a_day_are_done_once_at_their_hours() {
    let test = two_winners(30).await;
    test.settle_for(TimeDelta::days(2)).await;
    test.sleep_until(shanghai("2020-04-26 00:29:59"));
    assert_eq!(duty::audit_if_due(&test.app).await.unwrap(), Done::NotDue);
    test.sleep_until(shanghai("2020-04-26 00:30:00"));
    assert_eq!(duty::audit_if_due(&test.app).await.unwrap(), Done::Today(0));
    assert_eq!(duty::audit_if_due(&test.app).await.unwrap(), Done::NotDue);
    // Another instance sees that it is done.
    let other = test.another_instance(9);
    assert_eq!(duty::audit_if_due(&other).await.unwrap(), Done::NotDue);
    test.sleep_until(shanghai("2020-04-26 10:04:59"));
    assert_eq!(
        duty::reconcile_if_due(&test.app).await.unwrap(),
        Done::NotDue
    );
    test.sleep_until(shanghai("2020-04-26 10:05:00"));
    assert_eq!(
        duty::reconcile_if_due(&test.app).await.unwrap(),
        Done::Today(0)
    );
    assert_eq!(
        duty::reconcile_if_due(&test.app).await.unwrap(),
        Done::NotDue
    );
    let metrics = reference_server::metrics::text(&test.app).await.unwrap();
    assert!(
        metrics.contains("contest_duty_findings{duty=\"audit\"} 0"),
        "{metrics}"
    );
}

#[tokio::test]
async fn the_nightly_audit_counts_what_does_not_hold() {
    let test = two_winners(30).await;
    super::auditor::damage(
        &test,
        "UPDATE city SET used_fen = used_fen - 1 WHERE used_fen > 0",
    );
    test.sleep_until(shanghai("2020-04-26 03:00:00"));
    let Done::Today(n_violations) = duty::audit_if_due(&test.app).await.unwrap() else {
        panic!("it was due");
    };
    assert!(n_violations > 0);
    let kept = test.number("SELECT n_findings FROM duty WHERE duty = 'audit'");
    assert_eq!(usize::try_from(kept).unwrap(), n_violations);
}

#[tokio::test]
async fn a_city_is_sealed_when_nothing_is_open_and_every_open_thing_is_named() {
    let test = two_winners(30).await;
    assert_eq!(
        reasons(&test).await,
        ["the books of yancheng are open until 2020-05-02"]
    );
    long_after(&test).await;
    let said = reasons(&test).await;
    assert!(
        said.contains(&"there is no bill of 2020-04-22".to_owned()),
        "{said:?}"
    );
    assert!(
        said.iter()
            .any(|line| line.starts_with("2 payments wait for a bill")),
        "{said:?}"
    );
    books::morning(&test.app).await.unwrap();
    for text in ["2020-04-24", "2020-04-25"] {
        import(&test, &Bill::of(&test, day(text))).await.unwrap();
    }
    let mut stray = Bill::of(&test, day("2020-04-25"));
    stray.add("SOMEBODYELSE", false, 120);
    import(&test, &stray).await.unwrap();
    books::reconcile(&test.app).await.unwrap();
    let said = reasons(&test).await;
    assert_eq!(said, ["incident 1 is open: R5 about …ELSE"]);
    let explained = Proposal {
        incident: 1,
        action: "explained".parse().unwrap(),
        reason: "another office's packet".to_owned(),
        evidence: "letter".to_owned(),
        maker: "Wang".to_owned(),
    };
    let number = correction::propose(&test.app, explained).await.unwrap();
    correction::approve(&test.app, number, "Li").await.unwrap();
    let sealed = books_seal::seal(&test.app, FIRST_CITY, "Wang", "Li")
        .await
        .unwrap();
    let seal = &sealed.seal;
    let fen = |state: &str| {
        test.number(&format!(
            "SELECT SUM(amount_fen) FROM payment WHERE state = '{state}'"
        ))
    };
    assert_eq!(
        (seal.received_fen, seal.left_fen),
        (fen("received"), fen("refunded"))
    );
    assert_eq!(
        seal.undrawn_fen + seal.received_fen + seal.left_fen,
        seal.pool_fen
    );
    assert_eq!(seal.n_awards, 2);
    assert_eq!(
        sealed.ledger.lines().count(),
        usize::try_from(seal.n_transfers).unwrap() + 1
    );
    test.assert_sound().await;
    // Sealed again it says the same.
    let again = books_seal::seal(&test.app, FIRST_CITY, "Zhao", "Li")
        .await
        .unwrap();
    assert_eq!(again, sealed);
    let unknown = books_seal::seal(&test.app, "atlantis", "Wang", "Li").await;
    assert!(matches!(unknown, Err(SealRefusal::UnknownCity { .. })));
}

#[tokio::test]
async fn a_bill_that_contradicts_sealed_books_is_an_incident_and_only_a_correction_moves_money() {
    let test = two_winners(30).await;
    long_after(&test).await;
    books::morning(&test.app).await.unwrap();
    let sealed = books_seal::seal(&test.app, FIRST_CITY, "Wang", "Li")
        .await
        .unwrap();
    let received = test
        .raw()
        .text("SELECT bill_number FROM payment WHERE state = 'received'");
    let fen = sealed.seal.received_fen;
    let mut late = Bill::of(&test, day("2020-04-24"));
    late.add(&received, true, fen);
    import(&test, &late).await.unwrap();
    books::reconcile(&test.app).await.unwrap();
    let n_transfers = test.number("SELECT COUNT(*) FROM transfer");
    assert_eq!(n_transfers, sealed.seal.n_transfers);
    test.assert_sound().await;
    let action = format!("{FIRST_CITY}:received:left:{fen}");
    let back = Proposal {
        incident: 1,
        action: action.parse().unwrap(),
        reason: "it came back".to_owned(),
        evidence: "bill".to_owned(),
        maker: "Wang".to_owned(),
    };
    let number = correction::propose(&test.app, back).await.unwrap();
    correction::approve(&test.app, number, "Li").await.unwrap();
    let now = books_seal::sealed(&test.app, FIRST_CITY)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((now.n_later, &now.ledger), (1, &sealed.ledger));
    test.assert_sound().await;
    super::auditor::damage(
        &test,
        "UPDATE transfer SET amount_fen = amount_fen + 1 WHERE number = 1",
    );
    let found = test.violations().await;
    assert!(
        found.iter().any(|found| found.starts_with("M23 seal")),
        "{found:?}"
    );
}

#[tokio::test]
async fn a_tax_list_counts_received_packets_and_names_nobody_unless_two_persons_ask() {
    let test = two_winners(30).await;
    let list = tax::list(&test.app, None, None).await.unwrap();
    let received = test.number("SELECT SUM(amount_fen) FROM payment WHERE state = 'received'");
    assert_eq!((list.recipients.len(), list.received_fen()), (1, received));
    assert_eq!(list.cities[0].city, FIRST_CITY);
    assert_eq!(list.recipients[0].openid, None);
    assert_eq!(list.recipients[0].first, day("2020-04-22"));
    let two = |maker: &str, checker: &str| {
        Some(TwoPersons {
            maker: maker.to_owned(),
            checker: checker.to_owned(),
        })
    };
    let events = "SELECT COUNT(*) FROM audit_event WHERE action = 'tax.exported-openids'";
    for (maker, checker) in [("Wang", "wang "), ("", "Li"), ("Wang", "")] {
        let refused = tax::list(&test.app, None, two(maker, checker)).await;
        assert!(matches!(refused, Err(TaxRefusal::SamePerson { .. })));
    }
    assert_eq!(test.number(events), 0);
    let named = tax::list(&test.app, Some(FIRST_CITY), two("Wang", "Li"))
        .await
        .unwrap();
    let openid = named.recipients[0].openid.as_deref().unwrap();
    assert_eq!(
        test.app.keys.openid_index(openid).unwrap(),
        named.recipients[0].person
    );
    assert_eq!(test.number(events), 1);
    let elsewhere = tax::list(&test.app, Some("suzhou"), None).await.unwrap();
    assert_eq!(elsewhere.recipients, []);
    let unknown = tax::list(&test.app, Some("atlantis"), None).await;
    assert!(matches!(unknown, Err(TaxRefusal::UnknownCity { .. })));
}
