//! What operators ask: metrics equal to the books, readiness, a preflight that fails loudly.

use std::sync::Arc;

use chrono::TimeDelta;
use http::StatusCode;
use reference_server::{
    app::{App, Season},
    clock::{Clock as _, ShiftedClock, SystemClock},
    contest::preflight::{self, Check, Verdict},
    metrics,
    settings::Settings,
    store::DecisionClock,
    web,
};
use reward_core::{ChannelProfile, Fen, PacketBounds, RewardTerms};
use schedule_core::ShanghaiDay;
use tower::ServiceExt as _;

use crate::{
    app::{FIRST_CITY, SMALL, Setting, TestApp, shanghai},
    bill::{Bill, Line, import},
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

/// What a check found; whatever is not in order says what comes next.
fn verdict(checks: &[Check], name: &str) -> (Verdict, String) {
    let found = checks.iter().find(|check| check.name == name);
    let found = found.unwrap_or_else(|| panic!("no {name} in {checks:?}"));
    let is_over = found.detail.starts_with("这一站已经结束");
    assert_eq!(
        found.next.is_empty(),
        found.verdict == Verdict::Good || is_over,
        "{found:?}"
    );
    (found.verdict, found.detail.clone())
}

#[tokio::test]
async fn a_preflight_asks_wechat_and_finds_what_stands_against_the_season() {
    let test = TestApp::starting("2020-04-20 12:00:00").await;
    let orders = test.number("SELECT COUNT(*) FROM payment");
    let checks = preflight::checks(&test.app).await.unwrap();
    for fault in ["test-flags", "public-address"] {
        assert_eq!(verdict(&checks, fault).0, Verdict::Fault, "{fault}");
    }
    let referral = verdict(&checks, "referral");
    assert_eq!(referral.0, Verdict::Doubt);
    // The tests' cities are samples, or have no page.
    let disclosure = verdict(&checks, "disclosure");
    assert_eq!(disclosure.0, Verdict::Doubt);
    assert!(disclosure.1.contains("南京市没有页面"), "{}", disclosure.1);
    let accounts = verdict(&checks, "accounts");
    assert_eq!(accounts.0, Verdict::Doubt);
    assert!(accounts.1.contains("财务经办、财务复核"), "{}", accounts.1);
    for unknown in ["merchant-age", "merchant-balance", "quiet-hours"] {
        assert_eq!(verdict(&checks, unknown).0, Verdict::Unknown, "{unknown}");
    }
    for good in [
        "least-packet",
        "wechat-token",
        "merchant.red-packet",
        "merchant.transfer",
        "books",
        "clock",
        "guess-floor",
    ] {
        let (found, detail) = verdict(&checks, good);
        assert_eq!(found, Verdict::Good, "{good}: {detail}");
    }
    let bank = verdict(&checks, &format!("bank.{FIRST_CITY}"));
    assert_eq!(bank.0, Verdict::Good);
    assert!(bank.1.starts_with("已冻结，"), "{}", bank.1);
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
        let found = verdict(&checks, "bank.nanjing");
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

#[tokio::test]
async fn the_merchants_age_and_the_leasts_of_channel_and_rule_are_looked_at() {
    let test = TestApp::starting("2020-04-20 12:00:00").await;
    // The first city opens on 22 April: 90 days before is 23 January.
    for (opened, expected) in [
        ("2019-06-01", Verdict::Good),
        ("2020-01-23", Verdict::Good),
        ("2020-01-24", Verdict::Fault),
    ] {
        let app = Arc::try_unwrap(test.another_instance(3)).unwrap();
        let app = App {
            settings: Arc::new(Settings {
                merchant_opened: Some(opened.parse().unwrap()),
                ..Settings::default()
            }),
            ..app
        };
        let checks = preflight::checks(&app).await.unwrap();
        assert_eq!(verdict(&checks, "merchant-age").0, expected, "{opened}");
    }
    let bounds = PacketBounds::new(Fen::new(100), Fen::new(10_000)).unwrap();
    let test = TestApp::with(Setting {
        terms: RewardTerms { bounds, ..SMALL },
        ..Setting::usual()
    })
    .await;
    let app = Arc::try_unwrap(test.another_instance(4)).unwrap();
    let season = Season {
        channel: ChannelProfile::red_packet_default(),
        ..Season::clone(&app.season)
    };
    let app = App {
        season: Arc::new(season),
        ..app
    };
    let checks = preflight::checks(&app).await.unwrap();
    let (found, detail) = verdict(&checks, "least-packet");
    assert_eq!(found, Verdict::Doubt);
    assert!(
        detail.contains("1.00") && detail.contains("0.10"),
        "{detail}"
    );
}

#[tokio::test]
async fn what_the_account_holds_is_the_newest_bill_less_what_was_awarded_since() {
    let test = TestApp::new().await;
    let day = |text: &str| ShanghaiDay::from_instant(shanghai(text));
    let bill = |fen| Bill {
        day: day("2020-04-21 12:00:00"),
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
    // Two days of 200 yuan each, and the next city's pool of 1,404 yuan and a tenth of it.
    let needed = 140_400 * 110 / 100;
    for (fen, expected) in [(needed - 1, Verdict::Fault), (needed, Verdict::Good)] {
        import(&test, &bill(fen)).await.unwrap();
        let checks = preflight::checks(&test.app).await.unwrap();
        let (found, detail) = verdict(&checks, "merchant-balance");
        assert_eq!(found, expected, "{detail}");
        assert!(detail.contains("2020-04-21"), "{detail}");
    }
    let (_person, packet) = test.winner("甲").await;
    let checks = preflight::checks(&test.app).await.unwrap();
    let (found, detail) = verdict(&checks, "merchant-balance");
    assert_eq!(found, Verdict::Fault, "{detail}");
    let left = needed - i64::try_from(packet.amount.get()).unwrap();
    let left = format!("{}.{:02}", left / 100, left % 100);
    assert!(detail.contains(&left), "{left}: {detail}");
}
