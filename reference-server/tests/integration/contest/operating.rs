//! What operators ask: metrics equal to the books, readiness, a preflight that fails loudly.

use std::sync::Arc;

use chrono::TimeDelta;
use http::StatusCode;
use reference_server::{
    clock::{Clock as _, ShiftedClock, SystemClock},
    contest::preflight::{self, Check, Verdict},
    metrics,
    store::DecisionClock,
    web,
};
use tower::ServiceExt as _;

use crate::{
    app::{FIRST_CITY, TestApp, shanghai},
    engine::is_server,
};

async fn get(router: axum::Router, path: &str) -> (StatusCode, String) {
    let request = http::Request::get(path)
        .body(axum::body::Body::empty())
        .unwrap();
    let response = router.oneshot(request).await.unwrap();
    let status = response.status();
    let body = axum::body::to_bytes(response.into_body(), 1 << 20)
        .await
        .unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

/// The value of one sample.
fn sample<'t>(text: &'t str, name: &str) -> &'t str {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.unwrap_or_else(|| panic!("no {name} in\n{text}"))
        .trim()
}

#[tokio::test]
async fn the_metrics_are_those_of_the_books() {
    let test = TestApp::new().await;
    let (_, first) = test.winner("甲").await;
    let (_, second) = test.winner("乙").await;
    test.settle().await;
    let awarded = first.amount.get() + second.amount.get();
    let (status, text) = get(web::private_router(test.app.clone()), "/metrics").await;
    assert_eq!(status, StatusCode::OK);
    let city = format!("{{city=\"{FIRST_CITY}\"}}");
    assert_eq!(sample(&text, &format!("contest_awards{city}")), "2");
    assert_eq!(
        sample(&text, &format!("contest_granted_fen{city}")),
        awarded.to_string()
    );
    assert_eq!(
        sample(&text, &format!("contest_budget_left_fen{city}")),
        (140_400 - awarded).to_string()
    );
    assert_eq!(
        sample(&text, &format!("contest_budget_today_left_fen{city}")),
        (20_000 - awarded).to_string()
    );
    assert_eq!(sample(&text, "contest_payouts{state=\"sent\"}"), "2");
    assert!(text.ends_with("# EOF\n"));
}

#[tokio::test]
async fn requests_are_counted_by_route_and_name_nobody() {
    let test = TestApp::new().await;
    let (person, packet) = test.winner("甲").await;
    let router = web::router(test.app.clone());
    for path in [
        "/rules".to_owned(),
        format!("/packet/{}", packet.award),
        format!("/packet/{}?openid={}", packet.award, person.openid),
        "/nowhere/at/all".to_owned(),
    ] {
        get(router.clone(), &path).await;
    }
    let text = metrics::text(&test.app).await.unwrap();
    let of = |route: &str, status: u16| {
        format!(
            "contest_http_requests_total{{route=\"{route}\",method=\"GET\",status=\"{status}\"}}"
        )
    };
    assert_eq!(sample(&text, &of("/rules", 200)), "1");
    assert_eq!(sample(&text, &of("/packet/{award}", 303)), "2");
    assert_eq!(sample(&text, &of("-", 404)), "1");
    assert_eq!(
        sample(
            &text,
            "contest_http_request_duration_seconds_count{route=\"/rules\"}"
        ),
        "1"
    );
    for secret in [
        person.openid.as_str(),
        person.id.as_str(),
        packet.award.as_str(),
    ] {
        assert!(!text.contains(secret));
    }
}

#[tokio::test]
async fn the_metrics_are_on_the_private_listener_only() {
    let test = TestApp::new().await;
    let (public, _) = get(web::router(test.app.clone()), "/metrics").await;
    assert_eq!(public, StatusCode::NOT_FOUND);
    for path in ["/livez", "/readyz"] {
        let (status, body) = get(web::private_router(test.app.clone()), path).await;
        assert_eq!((status, body.as_str()), (StatusCode::OK, "ok"), "{path}");
    }
}

#[tokio::test]
async fn a_process_about_to_stop_is_alive_and_not_ready() {
    let test = TestApp::new().await;
    test.app.drain();
    let router = web::private_router(test.app.clone());
    let (status, body) = get(router.clone(), "/readyz").await;
    assert_eq!(
        (status, body.as_str()),
        (StatusCode::SERVICE_UNAVAILABLE, "stopping")
    );
    assert_eq!(get(router, "/livez").await.0, StatusCode::OK);
    // Requests that come all the same are answered.
    assert_eq!(
        get(web::router(test.app.clone()), "/rules").await.0,
        StatusCode::OK
    );
}

#[tokio::test]
async fn an_instance_whose_clock_is_off_is_not_ready_and_its_preflight_says_so() {
    let test = TestApp::new().await;
    let ahead = test.app.now() - SystemClock::new().now();
    let ahead_ms = ahead.num_milliseconds();
    for (skew_ms, is_near) in [(0, true), (1_000, true), (-1_000, true), (300_000, false)] {
        let store = test.another_store(DecisionClock::Shifted { ahead_ms });
        let clock = ShiftedClock::new(SystemClock::new(), ahead + TimeDelta::milliseconds(skew_ms));
        let app = test.instance(31, store, Arc::new(clock));
        // A file has no clock of its own.
        let is_ready = is_near || !is_server();
        let (status, body) = get(web::private_router(Arc::clone(&app)), "/readyz").await;
        assert_eq!(status == StatusCode::OK, is_ready, "{skew_ms}: {body}");
        let checks = preflight::checks(&app).await.unwrap();
        let (found, detail) = verdict(&checks, "clock");
        assert_eq!(found == Verdict::Good, is_ready, "{skew_ms}: {detail}");
    }
}

fn verdict(checks: &[Check], subject: &str) -> (Verdict, String) {
    let found = checks.iter().find(|check| check.subject == subject);
    let found = found.unwrap_or_else(|| panic!("no {subject} in {checks:?}"));
    (found.verdict, found.detail.clone())
}

#[tokio::test]
async fn a_preflight_asks_wechat_and_finds_what_stands_against_the_season() {
    let test = TestApp::starting("2020-04-20 12:00:00").await;
    let orders = test.number("SELECT COUNT(*) FROM payment");
    let checks = preflight::checks(&test.app).await.unwrap();
    assert_eq!(verdict(&checks, "WeChat").0, Verdict::Fault);
    assert_eq!(verdict(&checks, "public address").0, Verdict::Fault);
    assert_eq!(verdict(&checks, "least packet").0, Verdict::Good);
    let referral = verdict(&checks, "chances for bringing friends");
    assert_eq!(referral.0, Verdict::Doubt);
    assert!(referral.1.contains("season.strict"));
    for good in [
        "account credentials",
        "merchant credentials, red-packet",
        "merchant credentials, transfer",
        "books",
        "clock",
    ] {
        assert_eq!(verdict(&checks, good).0, Verdict::Good, "{good}");
    }
    let bank = verdict(&checks, &format!("city {FIRST_CITY}"));
    assert_eq!(bank.0, Verdict::Good);
    assert!(
        bank.1
            .starts_with("bank frozen; whoever only guesses passes"),
        "{}",
        bank.1
    );
    // Nobody was paid to find that out.
    assert_eq!(test.number("SELECT COUNT(*) FROM payment"), orders);
}

#[tokio::test]
async fn a_bank_that_is_missing_stands_against_a_city_that_opens_within_a_week() {
    // Only the first two cities of the tests have a bank; 南京 is the third, from 6 May.
    for (now, expected) in [
        ("2020-04-28 23:59:59.999", Verdict::Doubt),
        ("2020-04-29 00:00:00", Verdict::Fault),
        ("2020-05-12 23:59:59.999", Verdict::Fault),
        ("2020-05-13 00:00:00", Verdict::Doubt),
    ] {
        let test = TestApp::starting(now).await;
        let checks = preflight::checks(&test.app).await.unwrap();
        let found = verdict(&checks, "city nanjing");
        assert_eq!(found.0, expected, "{now}: {}", found.1);
        assert!(found.1.contains("nanjing.*"), "{}", found.1);
    }
}

#[tokio::test]
async fn a_clock_behind_the_last_decision_and_broken_books_are_faults() {
    let test = TestApp::new().await;
    test.winner("甲").await;
    test.raw()
        .run("UPDATE city SET last_decision_ms = last_decision_ms + 86400000");
    let checks = preflight::checks(&test.app).await.unwrap();
    assert_eq!(verdict(&checks, "clock").0, Verdict::Fault);
    test.sleep_until(shanghai("2020-04-27 00:00:00"));
    let checks = preflight::checks(&test.app).await.unwrap();
    assert_eq!(verdict(&checks, "clock").0, Verdict::Good);
}
