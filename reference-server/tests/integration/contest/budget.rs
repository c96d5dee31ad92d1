//! The balance sheet of a city: it adds up at every moment, and every number is its postings.

use chrono::TimeDelta;
use reference_server::contest::{
    budget::{self, Sheet, Wanted},
    organiser::{Error, Refused},
    payment_list,
};
use wechat_adapter::simulator::{Fault, FaultRule, Operation};

use crate::app::{FIRST_CITY, SECOND_CITY, TestApp};

async fn sheet(test: &TestApp) -> Sheet {
    let sheet = budget::sheet(&test.app, FIRST_CITY).await.unwrap();
    let sheet = sheet.expect("the city is planned");
    assert_eq!(sheet.imbalance_fen(), 0, "{sheet:?}");
    sheet
}

async fn assert_every_number_is_its_postings(test: &TestApp) {
    let sheet = sheet(test).await;
    for (account, fen) in [
        ("pool", sheet.undrawn_fen - sheet.pool_fen),
        ("reserved", sheet.reserved_fen),
        ("sent", sheet.sent_fen),
        ("received", sheet.received_fen),
        ("left", sheet.left_fen),
        ("suspense", sheet.suspense_fen),
    ] {
        let mut sum_fen = 0;
        let mut before = None;
        loop {
            let wanted = Wanted {
                account: account.to_owned(),
                before,
                ..Wanted::default()
            };
            // Two at a time, so that several pages are read.
            let page = budget::postings(&test.app, FIRST_CITY, wanted, Some(2)).await;
            let (postings, further) = page.unwrap();
            for posting in postings {
                let sign = if posting.credit == account { 1 } else { -1 };
                sum_fen += sign * posting.amount_fen;
            }
            before = further;
            if before.is_none() {
                break;
            }
        }
        assert_eq!(sum_fen, fen, "{account}");
    }
}

#[tokio::test]
async fn a_balance_sheet_adds_up_at_every_step_and_every_number_is_its_postings() {
    let test = TestApp::new().await;
    let untouched = sheet(&test).await;
    assert_eq!(untouched.undrawn_fen, untouched.pool_fen);
    assert_eq!((untouched.n_transfers, untouched.days.len()), (0, 7));
    let (first, packet) = test.winner("first").await;
    let fen = i64::try_from(packet.amount.get()).unwrap();
    let awarded = sheet(&test).await;
    assert_eq!((awarded.reserved_fen, awarded.awarded_fen), (fen, fen));
    assert_eq!(awarded.undrawn_fen, awarded.pool_fen - fen);
    test.settle().await;
    assert_eq!(sheet(&test).await.sent_fen, fen);
    test.open_packets(&first);
    let rule = FaultRule::always(Fault::NoAuth).on(Operation::SendRedPacket);
    test.simulator.set_faults(vec![rule]);
    test.winner("refused").await;
    test.settle_for(TimeDelta::hours(2)).await;
    test.no_faults();
    test.winner("third").await;
    let now = sheet(&test).await;
    assert_eq!(now.received_fen, fen);
    assert!(now.left_fen > 0 && now.reserved_fen > 0, "{now:?}");
    assert_eq!(
        now.days.iter().map(|day| day.used_fen).sum::<i64>(),
        now.awarded_fen
    );
    assert_eq!(now.days.iter().map(|day| day.n_awards).sum::<i64>(), 3);
    assert_every_number_is_its_postings(&test).await;
    // Another instance has added up nothing yet, and comes to the same.
    let other = test.another_instance(7);
    let theirs = budget::sheet(&other, FIRST_CITY).await.unwrap();
    assert_eq!(theirs, Some(now));
    let all = budget::all(&test.app).await.unwrap();
    let cities: Vec<&str> = all.iter().map(|sheet| sheet.city.as_str()).collect();
    assert_eq!(cities, [FIRST_CITY, SECOND_CITY]);
    test.assert_sound().await;
}

#[tokio::test]
async fn a_name_that_is_no_account_finds_nothing() {
    let test = TestApp::new().await;
    let wanted = Wanted {
        account: "purse".to_owned(),
        ..Wanted::default()
    };
    let found = budget::postings(&test.app, FIRST_CITY, wanted, None).await;
    assert!(matches!(found, Err(Error::Refused(Refused::NotFound))));
    let nobodys = payment_list::detail(&test.app, "NOBODYS").await;
    assert!(matches!(nobodys, Err(Error::Refused(Refused::NotFound))));
}

#[tokio::test]
async fn the_payments_of_a_city_come_in_pages_without_gaps_and_by_their_filters() {
    let test = TestApp::new().await;
    for name in ["a", "b", "c", "d", "e"] {
        test.winner(name).await;
    }
    test.settle().await;
    test.winner("f").await;
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let wanted = payment_list::Wanted {
            after,
            ..payment_list::Wanted::default()
        };
        let page = payment_list::search(&test.app, FIRST_CITY, wanted, Some(2)).await;
        let (payments, further) = page.unwrap();
        seen.extend(payments.into_iter().map(|payment| payment.bill_number));
        after = further;
        if after.is_none() {
            break;
        }
    }
    let latest_first = "SELECT payment.bill_number FROM payment JOIN award
         ON award.award = payment.award ORDER BY award.day DESC, award.day_total_fen DESC";
    assert_eq!(seen, test.raw().texts(latest_first));
    let find = async |state: &str, city: &str| {
        let wanted = payment_list::Wanted {
            state: state.to_owned(),
            ..payment_list::Wanted::default()
        };
        let found = payment_list::search(&test.app, city, wanted, None).await;
        found.unwrap().0.len()
    };
    assert_eq!(find("reserved", FIRST_CITY).await, 1);
    assert_eq!(find("sent", FIRST_CITY).await, 5);
    assert_eq!(find("held", FIRST_CITY).await, 0);
    assert_eq!(find("", SECOND_CITY).await, 0);
}

#[tokio::test]
async fn a_payment_shows_its_whole_way_and_nobodys_openid() {
    let test = TestApp::new().await;
    let (person, packet) = test.winner("somebody-with-a-long-name").await;
    test.settle().await;
    test.open_packets(&person);
    test.settle_for(TimeDelta::hours(1)).await;
    let sql = format!(
        "SELECT bill_number FROM payment WHERE award = '{}'",
        packet.award
    );
    let number = test.raw().text(&sql);
    let detail = payment_list::detail(&test.app, &number).await.unwrap();
    assert_eq!(detail.payment.state, "received");
    let n_events = test.number("SELECT COUNT(*) FROM payment_event");
    assert_eq!(i64::try_from(detail.events.len()).unwrap(), n_events);
    assert_eq!(detail.events.last().unwrap().after, "received");
    let ways: Vec<(&str, &str)> = detail
        .postings
        .iter()
        .map(|posting| (posting.debit.as_str(), posting.credit.as_str()))
        .collect();
    assert_eq!(
        ways,
        [
            ("pool", "reserved"),
            ("reserved", "sent"),
            ("sent", "received")
        ]
    );
    let payee = detail.request.iter().find(|(field, _)| field == "openid");
    let masked = &payee.unwrap().1;
    assert!(
        masked.contains('…') && masked.chars().count() <= 5,
        "{masked}"
    );
    assert!(!format!("{detail:?}").contains(person.openid.as_str()));
}
