//! Laws of logging in: back to this server only, a state is used once, nobody forges a session.

use http::StatusCode;
use wechat_adapter::simulator::NewPerson;

use super::browser::Browser;
use crate::app::TestApp;

const SESSION: &str = "contest-session";

async fn is_logged_in(browser: &mut Browser) -> bool {
    browser.get("/api/v1/me").await.status == StatusCode::OK
}

#[tokio::test]
async fn a_login_leads_back_to_this_server_only() {
    let test = TestApp::new().await;
    let person = test.stranger("person").await;
    let wanted = [
        ("/me", "/me"),
        ("//evil.example", "/"),
        ("https://evil.example", "/"),
        ("https:%2F%2Fevil.example", "/"),
        ("%2F%2Fevil.example", "/"),
        ("/%5Cevil.example", "/"),
        ("%5C%5Cevil.example", "/"),
        ("/%0d%0aSet-Cookie:x=1", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ];
    for (next, to) in wanted {
        let mut browser = Browser::new(&test);
        let back = browser.authorized(next, &person.openid).await;
        let answer = browser.get(&back).await;
        assert_eq!((answer.location(), answer.header("x")), (to, ""), "{next}");
        assert!(is_logged_in(&mut browser).await);
    }
    for back in ["//evil.example", "https://evil.example", "/%5Cevil.example"] {
        let answer = Browser::new(&test)
            .get(&format!("/text-size/large?back={back}"))
            .await;
        assert_eq!(answer.location(), "/", "{back}");
    }
}

#[tokio::test]
async fn who_has_no_session_is_sent_to_log_in_and_back() {
    let test = TestApp::new().await;
    for path in [
        "/me",
        "/poster",
        "/quiz",
        "/me/export",
        "/result/x",
        "/packet/x",
        "/quiz/x",
    ] {
        let answer = Browser::new(&test).get(path).await;
        assert_eq!(answer.assert_leads("/login"), format!("/login?next={path}"));
    }
}

#[tokio::test]
async fn a_state_that_is_wrong_missing_or_of_another_browser_is_refused() {
    let test = TestApp::new().await;
    let person = test.stranger("person").await;
    let mut browser = Browser::new(&test);
    let back = browser.authorized("/", &person.openid).await;
    let (start, _state) = back.split_once("&state=").unwrap();
    for bad in [
        format!("{start}&state=wrong"),
        start.to_owned(),
        format!("{start}&state="),
    ] {
        browser
            .get(&bad)
            .await
            .assert_page(401, &["需要微信授权才能记录成绩"]);
    }
    // An attacker's own way back, opened in a victim's browser.
    let mut victim = Browser::new(&test);
    victim.get(&back).await.assert_page(401, &["重新进入"]);
    victim.get("/login").await;
    victim.get(&back).await.assert_page(401, &["重新进入"]);
    assert!(!is_logged_in(&mut victim).await && !is_logged_in(&mut browser).await);
    // None of it used the way back up.
    browser.get(&back).await.assert_leads("/");
    assert!(is_logged_in(&mut browser).await);
}

#[tokio::test]
async fn a_way_back_works_once() {
    let test = TestApp::new().await;
    let person = test.stranger("person").await;
    let mut browser = Browser::new(&test);
    let back = browser.authorized("/", &person.openid).await;
    let before = browser.cookies.clone();
    browser.get(&back).await.assert_leads("/");
    browser.form("/logout", "").await.assert_leads("/");
    browser.get(&back).await.assert_page(401, &[]);
    // Whoever kept the old cookies meets WeChat, which takes a code once.
    browser.cookies = before;
    browser.get(&back).await.assert_page(401, &[]);
    assert!(!is_logged_in(&mut browser).await);
}

#[tokio::test]
async fn a_login_that_took_too_long_is_refused() {
    let test = TestApp::new().await;
    let person = test.stranger("person").await;
    let mut browser = Browser::new(&test);
    let back = browser.authorized("/", &person.openid).await;
    test.sleep(chrono::TimeDelta::minutes(10));
    browser.get(&back).await.assert_page(401, &[]);
}

#[tokio::test]
async fn who_declines_at_wechat_is_told_why_it_is_needed() {
    let test = TestApp::new().await;
    let mut browser = Browser::new(&test);
    let away = browser.get("/login").await;
    let (_url, query) = away.location().split_once('?').unwrap();
    let state = query.split("state=").nth(1).unwrap();
    let state = state.split(['&', '#']).next().unwrap();
    let declined = browser.get(&format!("/login/return?state={state}")).await;
    declined.assert_page(401, &["需要微信授权才能记录成绩", "/login?next=/"]);
    assert_eq!(test.number("SELECT COUNT(*) FROM person"), 0);
}

#[tokio::test]
async fn a_visitor_of_a_snapshot_page_gets_no_session() {
    let test = TestApp::new().await;
    let person = NewPerson {
        snapshot_user: true,
        ..NewPerson::named("preview")
    };
    let person = test
        .simulator
        .create_person(person, test.app.now())
        .unwrap();
    let mut browser = Browser::new(&test);
    let back = browser.authorized("/", &person.openid).await;
    browser
        .get(&back)
        .await
        .assert_page(403, &["您正在预览页面", "使用完整服务"]);
    assert!(!is_logged_in(&mut browser).await);
    assert_eq!(test.number("SELECT COUNT(*) FROM person"), 0);
}

#[tokio::test]
async fn logging_out_forgets_the_session_and_the_paper() {
    let test = TestApp::new().await;
    let (_person, mut browser) = Browser::of_follower(&test, "person").await;
    assert!(is_logged_in(&mut browser).await);
    assert!(browser.cookies.contains_key("contest-attempt"));
    browser.form("/logout", "").await.assert_leads("/");
    assert_eq!(browser.cookies.len(), 0, "{:?}", browser.cookies);
    assert!(!is_logged_in(&mut browser).await);
}

#[tokio::test]
async fn a_cookie_that_was_touched_is_no_session() {
    let test = TestApp::new().await;
    let (person, mut browser) = Browser::of_follower(&test, "person").await;
    let good = browser.cookies[SESSION].clone();
    let mut end = good.clone();
    let last = if end.pop() == Some('A') { 'B' } else { 'A' };
    // Two letters, because the last one may carry padding bits alone.
    let middle = good.len() / 2;
    let other = if good.as_bytes()[middle] == b'A' {
        'B'
    } else {
        'A'
    };
    let changed = format!("{}{other}{}", &good[..middle], &good[middle + 1..]);
    let now = test.app.now().timestamp_millis();
    let forged = format!("{now}.{}", person.id.as_str());
    let login = browser.get("/login").await;
    assert_eq!(login.status, StatusCode::SEE_OTHER);
    // A cookie of ours under the name of another.
    let swapped = browser.cookies["contest-login"].clone();
    for bad in [
        changed,
        format!("{end}{last}{last}"),
        forged,
        swapped,
        String::new(),
    ] {
        browser.cookies.insert(SESSION.to_owned(), bad.clone());
        assert!(!is_logged_in(&mut browser).await, "{bad}");
    }
    browser.cookies.insert(SESSION.to_owned(), good);
    assert!(is_logged_in(&mut browser).await);
}

#[tokio::test]
async fn a_session_ends_by_itself() {
    let test = TestApp::new().await;
    let (_person, mut browser) = Browser::of_follower(&test, "person").await;
    test.sleep(chrono::TimeDelta::days(8) - chrono::TimeDelta::milliseconds(1));
    assert!(is_logged_in(&mut browser).await);
    test.sleep(chrono::TimeDelta::milliseconds(1));
    assert!(!is_logged_in(&mut browser).await);
}
