//! Laws of the doors that are not WeChat's: other browsers, calendars, and a season without rewards for friends.

use std::sync::Arc;

use http::{Method, StatusCode, header};
use reference_server::app::{App, WeChat};
use reward_core::{ReferralPolicy, RewardTerms};

use super::browser::{Browser, filled_in};
use crate::app::{FIRST_CITY, SECOND_CITY, SMALL, Setting, TestApp};

/// The server as it runs in a season: beside the real WeChat.
fn without_simulator(test: &TestApp) -> Arc<App> {
    let app = Arc::try_unwrap(test.another_instance(9)).unwrap();
    let wechat = WeChat {
        is_simulated: false,
        ..WeChat::clone(&app.wechat)
    };
    Arc::new(App {
        simulator: None,
        wechat: Arc::new(wechat),
        ..app
    })
}

#[tokio::test]
async fn outside_wechat_the_page_shows_the_code_that_opens_it_there() {
    let test = TestApp::new().await;
    let app = without_simulator(&test);
    let mut desk = Browser::over(Arc::clone(&app));
    let door = desk.get("/").await;
    door.assert_page(
        200,
        &["竞赛进行中", "请用微信扫码打开", "<svg class=\"code\""],
    );
    assert!(!door.body.contains("开始答题</button>"));
    let login = desk.get("/login?next=/me").await;
    login.assert_page(200, &["请用微信扫码打开", "http://127.0.0.1:8080/me"]);
    let phone = desk
        .request(Method::GET, "/login?next=/me")
        .header(header::USER_AGENT, "Mozilla/5.0 MicroMessenger/8.0.49");
    let away = desk.send(phone, "").await;
    assert_eq!(away.status, StatusCode::SEE_OTHER, "{away:?}");
    let phone = desk
        .request(Method::GET, "/")
        .header(header::USER_AGENT, "Mozilla/5.0 MicroMessenger/8.0.49");
    let door = desk.send(phone, "").await;
    door.assert_page(200, &["开始答题</button>"]);
}

#[tokio::test]
async fn a_city_ahead_can_be_put_into_a_calendar() {
    let test = TestApp::starting("2020-04-21 12:00:00").await;
    let mut browser = Browser::new(&test);
    let door = browser.get("/").await;
    let href = format!("/city/{FIRST_CITY}/reminder.ics");
    door.assert_page(200, &["开赛提醒", &href]);
    let file = browser.get(&href).await;
    assert_eq!(file.status, StatusCode::OK);
    assert_eq!(file.header("content-type"), "text/calendar; charset=utf-8");
    for line in [
        "DTSTART:20200421T160000Z",
        "TRIGGER;RELATED=START:PT540M",
        "SUMMARY:盐城",
    ] {
        assert!(file.body.contains(line), "no {line} in {}", file.body);
    }
    let page = browser.get(&format!("/city/{SECOND_CITY}")).await;
    page.assert_page(200, &["开赛提醒"]);
    let nowhere = browser.get("/city/atlantis/reminder.ics").await;
    assert_eq!(nowhere.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn where_friends_earn_nothing_no_page_speaks_of_them() {
    let test = TestApp::with(Setting {
        terms: RewardTerms {
            referral: ReferralPolicy::Off,
            ..SMALL
        },
        ..Setting::usual()
    })
    .await;
    let person = test.follower("strict").await;
    let mut browser = Browser::of(&test, &person).await;
    let mut pages = vec![browser.get("/consent").await];
    let paper = browser.form("/consent", "").await.assert_leads("/quiz/");
    let quiz = browser.get(&paper).await;
    let filled = filled_in(&test, &quiz.body, 10);
    let result = browser.form(&paper, &filled).await.assert_leads("/result/");
    pages.extend([quiz, browser.get(&result).await]);
    let claim = browser.form("/claims", "").await;
    let packet = claim.assert_leads("/packet/");
    for path in [&packet, &result, "/", "/me", "/poster", "/rules", "/follow"] {
        pages.push(browser.get(path).await);
    }
    for page in &pages {
        page.assert_page(200, &["<main"]);
        for word in ["邀请", "好友", "新朋友"] {
            assert!(!page.body.contains(word), "{word} in {}", page.body);
        }
    }
}
