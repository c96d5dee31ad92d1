//! The overview: counted as it happens, equal to the rows, followed by a stream that ends with its session.

use std::sync::Arc;

use chrono::TimeDelta;
use http::Method;
use http_body_util::BodyExt as _;
use reference_server::{
    clock::{Clock as _, ShiftedClock, SystemClock},
    contest::{audit, organiser::Role, overview},
    store::DecisionClock,
    web,
};
use schedule_core::ShanghaiDay;
use tower::ServiceExt as _;

use super::{colleague, send, signed_in, signed_in_as};
use crate::{
    app::{FIRST_CITY, SECOND_CITY, TestApp, shanghai},
    bill::{Bill, Line, import},
    engine::is_server,
    web::browser::Browser,
};

#[tokio::test]
async fn the_counters_are_what_the_attempts_add_up_to() {
    let test = TestApp::new().await;
    let people = test.followers(3).await;
    for (person, n_right) in [(0, 5), (0, 2), (1, 9), (1, 10), (1, 0)] {
        test.answer(&people[person], n_right).await;
    }
    let same_hour = overview::snapshot(&test.app, FIRST_CITY).await.unwrap();
    assert_eq!(
        (
            same_hour.n_people_of_day,
            same_hour.n_people,
            same_hour.n_attempts,
            same_hour.n_passes
        ),
        (2, 2, 5, 3)
    );
    assert_eq!(
        same_hour.n_people_of_day_before, None,
        "it is the first day"
    );
    assert_eq!(same_hour.hours.last(), Some(&(12, 5, 0)));
    assert_eq!(
        (same_hour.n_new_followers, same_hour.n_without_district),
        (3, 3)
    );
    test.claim(&people[0]).await.unwrap();
    test.sleep_until(shanghai("2020-04-23 09:30:00"));
    for person in [0, 2] {
        test.answer(&people[person], 5).await;
    }
    test.unfollow(&people[2]).await;
    let next_day = overview::snapshot(&test.app, FIRST_CITY).await.unwrap();
    assert_eq!(
        (
            next_day.n_people_of_day,
            next_day.n_people,
            next_day.n_attempts
        ),
        (2, 3, 7)
    );
    assert_eq!(
        next_day.n_people_of_day_before,
        Some(0),
        "yesterday they came at noon"
    );
    assert_eq!((next_day.day, next_day.hours.len()), (2, 10));
    assert_eq!((next_day.n_new_followers, next_day.n_new_following), (3, 2));
    let money = next_day.money.unwrap();
    assert_eq!(
        money.used_fen,
        test.number("SELECT SUM(amount_fen) FROM award")
    );
    assert_eq!(money.used_of_day_fen, 0);
    assert_eq!(next_day.latest.len(), 1);
    let found = audit::violations(&test.app, None).await.unwrap();
    assert_eq!(found, []);
    test.raw()
        .run("UPDATE attempt_tally SET n_attempts = n_attempts + 1");
    let found = audit::violations(&test.app, None).await.unwrap();
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found.iter().all(|one| one.invariant == "M29 attempt tally"),
        "{found:?}"
    );
}

#[tokio::test]
async fn the_page_shows_the_city_to_whoever_sees_it() {
    let test = TestApp::new().await;
    let person = test.follower("person").await;
    test.answer(&person, 5).await;
    test.claim(&person).await.unwrap();
    let mut browser = signed_in_as(&test, "admin", Role::ProvinceAdmin).await;
    let page = browser.get(&format!("/console/cities/{FIRST_CITY}")).await;
    page.assert_page(
        200,
        &["盐城市", "今日参与人数", "最近的红包", "总额 1,404.00"],
    );
    let wall = browser
        .get(&format!("/console/cities/{FIRST_CITY}/wall"))
        .await;
    wall.assert_page(200, &["大屏", "今日参与人数"]);
    browser
        .get("/console")
        .await
        .assert_leads("/console/cities/yancheng");
    let to = format!("/console/switch?page=/console/cities/{{city}}&city={SECOND_CITY}");
    let to = to.replace('{', "%7B").replace('}', "%7D");
    browser
        .get(&to)
        .await
        .assert_leads("/console/cities/suzhou");
    let later = browser.get("/console/cities/suzhou").await;
    later.assert_page(200, &["开赛", "还没有人拆红包"]);
    let elsewhere = browser.get("/console/cities/nanjing").await;
    elsewhere.assert_page(200, &["题库未就绪"]);
}

#[tokio::test]
async fn a_stream_brings_the_numbers_and_ends_with_the_session() {
    let test = TestApp::new().await;
    let wang = colleague(&test, "wang", Role::Auditor).await;
    let mut browser = signed_in(&test, &wang).await;
    let path = format!("/console/cities/{FIRST_CITY}/live");
    let open = |browser: &Browser| {
        let request = browser.request(Method::GET, &path);
        let request = request.body(axum::body::Body::empty()).unwrap();
        web::router(test.app.clone()).oneshot(request)
    };
    let response = open(&browser).await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut body = response.into_body();
    let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
    let first = String::from_utf8(first.to_vec()).unwrap();
    assert!(
        first.contains("event: live") && first.contains("今日参与人数"),
        "{first}"
    );
    // Somebody else looks at the same numbers, made once.
    let mut other = open(&browser).await.unwrap().into_body();
    let second = other.frame().await.unwrap().unwrap().into_data().unwrap();
    assert!(
        String::from_utf8(second.to_vec())
            .unwrap()
            .contains("event: live")
    );
    drop((body, other));
    send(&mut browser, "/console/sign-out", "").await;
    let late = open(&browser).await.unwrap();
    assert_eq!(late.status(), http::StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_stream_of_an_ended_session_brings_nothing() {
    let test = TestApp::new().await;
    let wang = colleague(&test, "wang", Role::Auditor).await;
    let browser = signed_in(&test, &wang).await;
    let path = format!("/console/cities/{FIRST_CITY}/live");
    let request = browser.request(Method::GET, &path);
    let request = request.body(axum::body::Body::empty()).unwrap();
    let response = web::router(test.app.clone())
        .oneshot(request)
        .await
        .unwrap();
    // The session runs out between the answer's head and its first event.
    test.clock.advance_by(TimeDelta::hours(9));
    let rest = response.into_body().collect().await.unwrap().to_bytes();
    assert!(rest.is_empty(), "{rest:?}");
}

/// The value of one sample.
fn sample(text: &str, name: &str) -> Option<i64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().parse().ok()
}

#[tokio::test]
async fn what_the_overview_warns_of_is_what_the_metrics_say() {
    let test = TestApp::new().await;
    let (_person, mut phone) = Browser::of_follower(&test, "person").await;
    for _paper in 0..3 {
        phone.draw().await;
    }
    let mut admin = signed_in_as(&test, "admin", Role::ProvinceAdmin).await;
    let page = format!("/console/cities/{FIRST_CITY}");
    let call = format!("/api/v1{page}/overview");
    let before = admin.get(&page).await;
    before.assert_page(200, &["正在答题", "p99 ≤", "份新题", "无数据，还没有账单"]);
    assert!(!before.body.contains("余额可能不够"));
    let mut finance = signed_in_as(&test, "finance", Role::FinanceOperator).await;
    // Two days of 200 yuan are to come; the bill of yesterday says that 399.99 are there.
    let yesterday = |fen| Bill {
        day: ShanghaiDay::from_instant(shanghai("2020-04-21 12:00:00")),
        opening_fen: 0,
        lines: vec![Line {
            at: shanghai("2020-04-21 12:00:00"),
            flow_number: "F1".to_owned(),
            bill_number: "TOPUP".to_owned(),
            business: "充值",
            is_income: true,
            fen,
        }],
    };
    for (fen, is_short) in [(39_999, true), (40_000, false)] {
        import(&test, &yesterday(fen)).await.unwrap();
        let seen = admin.get(&page).await;
        let alarm = "按 2020-04-21 的账单，商户号余额可能不够今明两天要发的 400.00 元";
        assert_eq!(seen.body.contains(alarm), is_short, "{fen}");
        let told = admin.get(&call).await.json();
        assert_eq!(told["merchant_balance_is_short"], is_short);
        // How much it is, finance sees and whoever looks at a wall does not.
        let yuan = format!("{}.{:02}", fen / 100, fen % 100);
        assert!(!seen.body.contains(&format!("约 {yuan}")));
        let budget = finance.get("/console/budget").await;
        budget.assert_page(200, &["商户号余额", &format!("约 {yuan} 元")]);
    }
    // An award costs as much of the balance as of the days to come: it stays enough.
    let (_winner, packet) = test.winner("winner").await;
    let spent = i64::try_from(packet.amount.get()).unwrap();
    assert!(!admin.get(&page).await.body.contains("余额可能不够"));
    let told = admin.get(&call).await.json();
    let metrics = reference_server::metrics::text(&test.app).await.unwrap();
    for (field, name, value) in [
        (
            "next_days_cost_fen",
            "contest_next_days_cost_fen",
            40_000 - spent,
        ),
        ("recent_papers", "contest_recent_papers", 3),
    ] {
        assert_eq!(told[field], value, "{field}");
        assert_eq!(sample(&metrics, name), Some(value), "{name}");
    }
    let left = sample(&metrics, "contest_merchant_balance_fen");
    assert_eq!(left, Some(40_000 - spent));
    for (field, name) in [
        ("recent_requests", "contest_recent_requests"),
        ("recent_p99_ms", "contest_recent_p99_milliseconds"),
    ] {
        assert_eq!(told[field].as_i64(), sample(&metrics, name), "{field}");
    }
    assert_eq!(told["clock_off_ms"], serde_json::Value::Null);
    assert_eq!(sample(&metrics, "contest_clock_off_milliseconds"), Some(0));
}

#[tokio::test]
async fn an_instance_whose_clock_is_off_says_so_on_its_overview() {
    if !is_server() {
        println!("SKIPPED: a file has no clock of its own");
        return;
    }
    let test = TestApp::new().await;
    let mut admin = signed_in_as(&test, "admin", Role::ProvinceAdmin).await;
    let ahead = test.app.now() - SystemClock::new().now();
    let ahead_ms = ahead.num_milliseconds();
    let store = test.another_store(DecisionClock::Shifted { ahead_ms });
    let clock = ShiftedClock::new(SystemClock::new(), ahead + TimeDelta::minutes(5));
    let app = test.instance(31, store, Arc::new(clock));
    let mut there = Browser::over(Arc::clone(&app));
    there.cookies = std::mem::take(&mut admin.cookies);
    let page = there.get(&format!("/console/cities/{FIRST_CITY}")).await;
    page.assert_page(200, &["这台服务器的时钟比数据库快", "启用 NTP 对时"]);
    let metrics = reference_server::metrics::text(&app).await.unwrap();
    let off_ms = sample(&metrics, "contest_clock_off_milliseconds").unwrap();
    assert!((-310_000..-290_000).contains(&off_ms), "{off_ms}");
}
