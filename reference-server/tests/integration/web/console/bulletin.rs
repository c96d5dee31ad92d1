//! Daily bulletins: counted once a night, equal to the books, signed by a name, corrected by a new version.

use chrono::TimeDelta;
use reference_server::contest::{
    audit,
    bulletin::{self, Difference},
    organiser::Role,
};

use super::{send, signed_in_as, step_up};
use crate::app::{FIRST_CITY, TestApp, shanghai};

const DAY: &str = "2020-04-22";

/// A first day with six people, one of whom has a packet.
async fn first_day() -> TestApp {
    let test = TestApp::new().await;
    let people = test.followers(6).await;
    for person in &people {
        test.answer(person, 6).await;
        test.clock.advance_by(TimeDelta::seconds(1));
    }
    test.claim(&people[0]).await.unwrap();
    test
}

#[tokio::test]
async fn yesterday_is_counted_at_ten_past_midnight_and_only_once() {
    let test = first_day().await;
    assert_eq!(bulletin::draft_if_due(&test.app).await.unwrap(), 0);
    test.sleep_until(shanghai("2020-04-23 00:09:59"));
    assert_eq!(bulletin::draft_if_due(&test.app).await.unwrap(), 0);
    test.sleep_until(shanghai("2020-04-23 00:10:00"));
    assert_eq!(bulletin::draft_if_due(&test.app).await.unwrap(), 1);
    assert_eq!(bulletin::draft_if_due(&test.app).await.unwrap(), 0);
    let day = bulletin::day_of(DAY).unwrap();
    assert_eq!(bulletin::date_of(day), DAY);
    let found = bulletin::bulletin(&test.app, FIRST_CITY, day, None)
        .await
        .unwrap()
        .unwrap();
    let figures = found.draft.figures;
    assert!(
        figures.is_whole && figures.differences.is_empty(),
        "{figures:?}"
    );
    assert_eq!((figures.of_day.n_people, figures.of_day.n_attempts), (6, 6));
    assert_eq!(
        (figures.of_day.n_new_followers, figures.of_day.n_awards),
        (6, 1)
    );
    let awarded = test.number("SELECT SUM(amount_fen) FROM award");
    assert_eq!(figures.of_day.awarded_fen, awarded);
    let held = &figures.ledger;
    assert_eq!(held.pool_fen, figures.so_far.pool_fen - awarded);
    let all = held.pool_fen + held.reserved_fen + held.sent_fen + held.received_fen + held.left_fen;
    assert_eq!(all, figures.so_far.pool_fen);
    assert_eq!(figures.hours.len(), 24);
    let head =
        "SELECT COUNT(*) FROM audit_event WHERE hash = (SELECT audit_hash FROM bulletin_draft)";
    assert_eq!(
        test.number(head),
        1,
        "the head of the chain stands in the chain"
    );
    // The newest day is today, which has begun; the seventh has not.
    let days = bulletin::days(&test.app, FIRST_CITY).await.unwrap();
    assert_eq!(days.len(), 2);
    assert_eq!(audit::violations(&test.app, None).await.unwrap(), []);
}

#[tokio::test]
async fn whoever_signs_stands_on_it_and_a_correction_is_a_new_version() {
    let test = first_day().await;
    let mut admin = signed_in_as(&test, "admin", Role::ProvinceAdmin).await;
    let at = |rest: &str| format!("/console/cities/{FIRST_CITY}/bulletin{rest}");
    let page = format!("{}?day={DAY}", at(""));
    admin
        .get(&page)
        .await
        .assert_page(200, &["还没有起草", "生成通报"]);
    send(&mut admin, &at("/count"), "")
        .await
        .assert_leads(&page);
    let draft = admin.get(&page).await;
    draft.assert_page(
        200,
        &[
            "草稿，未签发",
            "这一天还没有结束",
            "账目自核",
            "0 差异",
            "签发",
        ],
    );
    step_up(&test, &mut admin, "admin").await;
    let fields = format!("day={DAY}&draft=1&situation=%E9%A1%BA%E5%88%A9&outlook=&correction=");
    let signed = send(&mut admin, &at("/sign"), &fields).await;
    signed.assert_leads(&format!("{page}&version=1"));
    let first = admin.get(&format!("{page}&version=1")).await;
    first.assert_page(
        200,
        &["第 1 版", "顺利", "同事 admin", "通报指纹", "第 2 天"],
    );
    // The same count is not signed twice, and a correction says what it corrects.
    send(&mut admin, &at("/sign"), &fields)
        .await
        .assert_page(409, &["内容已经不是您看到的那一份"]);
    send(&mut admin, &at("/count"), &format!("day={DAY}"))
        .await
        .assert_leads(&page);
    let fields = format!("day={DAY}&draft=2&situation=&outlook=");
    send(&mut admin, &at("/sign"), &fields)
        .await
        .assert_page(422, &["请写明理由"]);
    let fields = format!("{fields}&correction=%E8%A1%A5%E9%BD%90");
    let signed = send(&mut admin, &at("/sign"), &fields).await;
    signed.assert_leads(&format!("{page}&version=2"));
    let old = admin.get(&format!("{page}&version=1")).await;
    old.assert_page(200, &["这一版已经更正", "看第 2 版", "顺利"]);
    let list = admin
        .get(&format!("/console/cities/{FIRST_CITY}/bulletins"))
        .await;
    list.assert_page(200, &["第 2 版", "第 1 版，已更正"]);
    assert_eq!(test.number("SELECT COUNT(*) FROM bulletin"), 2);
    let events =
        "SELECT COUNT(*) FROM audit_event WHERE action = 'bulletin.signed' AND actor = 'admin'";
    assert_eq!(test.number(events), 2);
    let picture = admin
        .get(&format!("{}?day={DAY}&version=2", at("/picture")))
        .await;
    assert_eq!(picture.header("content-type"), "image/svg+xml");
    assert!(
        picture.body.contains("第 2 版") && picture.body.contains("补齐"),
        "{}",
        picture.body
    );
    let workbook = admin.get(&format!("{}?day={DAY}", at("/workbook"))).await;
    assert!(workbook.header("content-type").contains("spreadsheetml"));
}

#[tokio::test]
async fn books_that_disagree_are_told_and_not_signed() {
    let test = first_day().await;
    let mut admin = signed_in_as(&test, "admin", Role::ProvinceAdmin).await;
    // A transfer that no award has: the ledger says more than the awards.
    test.raw().run(
        "INSERT INTO transfer SELECT city, number + 1000, debit, credit, amount_fen, bill_number, at_ms
         FROM transfer WHERE debit = 'pool'",
    );
    let day = bulletin::day_of(DAY).unwrap();
    bulletin::count(&test.app, FIRST_CITY, day, "admin")
        .await
        .unwrap();
    let found = bulletin::bulletin(&test.app, FIRST_CITY, day, None)
        .await
        .unwrap()
        .unwrap();
    let differences = &found.draft.figures.differences;
    assert_eq!(
        differences,
        &[Difference::LedgerOfDay, Difference::LedgerOfCity]
    );
    let page = format!("/console/cities/{FIRST_CITY}/bulletin?day={DAY}");
    let shown = admin.get(&page).await;
    shown.assert_page(200, &["账目对不上", "当日分录与当日红包合计不一致"]);
    assert!(
        !shown.body.contains("/bulletin/sign"),
        "there is nothing to sign"
    );
    step_up(&test, &mut admin, "admin").await;
    let sign = format!("/console/cities/{FIRST_CITY}/bulletin/sign");
    let answer = send(&mut admin, &sign, &format!("day={DAY}&draft=1")).await;
    answer.assert_page(409, &["账目对不上，不能签发"]);
    assert_eq!(test.number("SELECT COUNT(*) FROM bulletin"), 0);
    let forced =
        "INSERT INTO bulletin VALUES ('yancheng', 18374, 1, 1, 0, '', '', '', 'd', 'x', 'X', 1)";
    assert!(test.raw().try_run(forced).is_err(), "nor by hand");
}
