//! Laws of the bills: read whole or not at all, kept for ever, joined to payments by number.

use chrono::TimeDelta;
use reference_server::contest::{
    bills::{self, ImportError, News},
    reconcile::{self, Answers, Comparison},
};
use reward_core::BillClass;

use crate::{
    app::{Person, TestApp, shanghai},
    bill::{Bill, day, import, import_all, two_winners},
};

async fn compare(test: &TestApp) -> Comparison {
    reconcile::compare(&test.app, Answers::new()).await.unwrap()
}

fn classes(comparison: &Comparison) -> Vec<Option<BillClass>> {
    comparison.orders.iter().map(|order| order.class).collect()
}

async fn refused(test: &TestApp, text: &str) -> String {
    let day = Some(day("2020-04-22"));
    let before = test.number("SELECT COUNT(*) FROM fund_flow");
    let error = bills::import(&test.app, "0422.csv", text.as_bytes(), day)
        .await
        .unwrap_err();
    assert_eq!(test.number("SELECT COUNT(*) FROM fund_flow"), before);
    error.to_string()
}

#[tokio::test]
async fn a_sound_city_agrees_with_its_bills_to_the_fen() {
    let test = two_winners(60).await;
    assert_eq!(classes(&compare(&test).await), [None, None]);
    import_all(&test, 3).await;
    let comparison = compare(&test).await;
    assert_eq!(classes(&comparison), [Some(BillClass::Agrees); 2]);
    assert!(
        comparison.days.iter().all(|day| day.is_clean()),
        "{comparison:?}"
    );
    assert_eq!(comparison.account.unwrap().difference_fen(), 0);
    assert_eq!(comparison.unbilled_days, [0; 0]);
    test.assert_sound().await;
}

#[tokio::test]
async fn a_bill_imported_again_changes_nothing() {
    let test = two_winners(60).await;
    let bill = Bill::of(&test, day("2020-04-22"));
    let first = import(&test, &bill).await.unwrap();
    assert_eq!((first.version, first.news), (1, News::First));
    let n_events = test.number("SELECT COUNT(*) FROM audit_event");
    let again = import(&test, &bill).await.unwrap();
    assert_eq!((again.version, again.news), (1, News::Known));
    assert_eq!(test.number("SELECT COUNT(*) FROM fund_flow_bill"), 1);
    assert_eq!(test.number("SELECT COUNT(*) FROM audit_event"), n_events);
}

#[tokio::test]
async fn another_bill_of_the_day_stands_beside_the_first_and_is_in_force() {
    let test = two_winners(60).await;
    let mut bill = Bill::of(&test, day("2020-04-22"));
    let whole = bill.clone();
    bill.lines.pop();
    import(&test, &bill).await.unwrap();
    let changed = import(&test, &whole).await.unwrap();
    assert_eq!((changed.version, changed.news), (2, News::Changed));
    assert_eq!(test.number("SELECT COUNT(*) FROM fund_flow_bill"), 2);
    for offset in 1..3 {
        let day = schedule_core::ShanghaiDay::from_number(bill.day.number() + offset).unwrap();
        import(&test, &Bill::of(&test, day)).await.unwrap();
    }
    let comparison = compare(&test).await;
    assert_eq!(classes(&comparison), [Some(BillClass::Agrees); 2]);
}

/// Sent at 23:59:59, and booked by WeChat on the next day, as a bill cut at midnight has it.
#[tokio::test]
async fn a_payment_is_found_on_whichever_side_of_midnight_its_bill_has_it() {
    let test = TestApp::starting("2020-04-22 23:59:50").await;
    let (person, _packet): (Person, _) = test.winner("late").await;
    test.sleep_until(shanghai("2020-04-22 23:59:59"));
    test.settle().await;
    test.open_packets(&person);
    test.settle_for(TimeDelta::hours(60)).await;
    let (first, second) = (day("2020-04-22"), day("2020-04-23"));
    let mut before = Bill::of(&test, first);
    let mut after = Bill::of(&test, second);
    let mut cut = before.lines.pop().unwrap();
    cut.at = shanghai("2020-04-23 00:00:02");
    after.opening_fen += cut.fen;
    after.lines.insert(0, cut.clone());
    import(&test, &before).await.unwrap();
    // On the evening's bill it is not, and the next one is not at hand: nothing is said.
    assert_eq!(classes(&compare(&test).await), [None]);
    import(&test, &after).await.unwrap();
    let comparison = compare(&test).await;
    assert_eq!(classes(&comparison), [Some(BillClass::Agrees)]);
    // A later version has the movement on both sides; it is one movement.
    cut.at = shanghai("2020-04-22 23:59:59");
    before.lines.push(cut);
    assert_eq!(import(&test, &before).await.unwrap().news, News::Changed);
    let comparison = compare(&test).await;
    assert_eq!(classes(&comparison), [Some(BillClass::Agrees)]);
    assert_eq!(comparison.account.unwrap().difference_fen(), 0);
}

#[tokio::test]
async fn a_bill_that_is_none_is_refused_with_its_file_and_line_and_nothing_is_stored() {
    let test = two_winners(60).await;
    let bill = Bill::of(&test, day("2020-04-22"));
    import(&test, &bill).await.unwrap();
    let text = bill.text();
    let half = &text[..text.len() / 2];
    let cut_at_a_line = text.rsplit_once("资金流水总笔数").unwrap().0;
    let amount = text.replacen("`支出,`", "`支出,`x", 1);
    let sums = text.replacen("`2,`0,", "`3,`1,", 1);
    for (text, words) in [
        (
            "",
            "0422.csv: bill does not begin with the heading of a fund-flow bill",
        ),
        (cut_at_a_line, "0422.csv: bill ends without its sums"),
        (&amount, "0422.csv: line 2 has the impossible value"),
        (&sums, "0422.csv: bill states"),
        (
            "\u{feff}时间,单号\r\n",
            "0422.csv: bill does not begin with the heading",
        ),
    ] {
        let said = refused(&test, text).await;
        assert!(said.contains(words), "{said}");
    }
    let said = refused(&test, half).await;
    assert!(said.starts_with("0422.csv: "), "{said}");
    let comparison = compare(&test).await;
    assert_eq!(comparison.days[0].bill, Some((1, 2)));
}

#[tokio::test]
async fn a_bill_of_another_day_or_of_a_day_that_runs_is_refused() {
    let test = two_winners(60).await;
    let mut bill = Bill::of(&test, day("2020-04-22"));
    bill.lines[1].at += TimeDelta::days(2);
    let said = refused(&test, &bill.text()).await;
    assert_eq!(
        said,
        "0422.csv: line 3 was booked on 2020-04-24, this is the bill of 2020-04-22"
    );
    let today = Bill {
        day: day("2020-04-25"),
        opening_fen: 0,
        lines: Vec::new(),
    };
    let said = import(&test, &today).await.unwrap_err().to_string();
    assert_eq!(said, "bill.csv: 2020-04-25 is not over yet");
    test.sleep_until(shanghai("2020-04-26 00:00:00"));
    assert_eq!(import(&test, &today).await.unwrap().n_lines, 0);
    // Without a movement the file does not tell its day, and with one it does.
    let nothing = bills::import(&test.app, "empty.csv", today.text().as_bytes(), None).await;
    assert!(matches!(nothing, Err(ImportError::DayUnknown { .. })));
    let told = Bill::of(&test, day("2020-04-22")).text();
    let told = bills::import(&test.app, "told.csv", told.as_bytes(), None).await;
    assert_eq!(told.unwrap().day, day("2020-04-22"));
}

#[tokio::test]
async fn a_movement_that_two_bills_tell_differently_is_refused() {
    let test = two_winners(60).await;
    let bill = Bill::of(&test, day("2020-04-22"));
    import(&test, &bill).await.unwrap();
    let mut next = Bill::of(&test, day("2020-04-23"));
    let mut line = bill.lines[1].clone();
    (line.at, line.fen) = (next.day.start(), line.fen + 1);
    next.lines.insert(0, line);
    let said = import(&test, &next).await.unwrap_err().to_string();
    assert_eq!(
        said,
        "bill.csv: movement 1, F2, stands otherwise on the bill of 2020-04-22"
    );
    let mut twice = Bill::of(&test, day("2020-04-23"));
    twice.lines.extend(twice.lines.clone());
    let said = import(&test, &twice).await.unwrap_err().to_string();
    assert!(said.contains("repeats the movement"), "{said}");
    assert_eq!(test.number("SELECT COUNT(*) FROM fund_flow_bill"), 1);
}

#[tokio::test]
async fn a_day_between_two_bills_that_has_none_is_named() {
    let test = two_winners(60).await;
    for text in ["2020-04-22", "2020-04-24"] {
        import(&test, &Bill::of(&test, day(text))).await.unwrap();
    }
    let missing = i64::from(day("2020-04-23").number());
    assert_eq!(compare(&test).await.unbilled_days, [missing]);
}
