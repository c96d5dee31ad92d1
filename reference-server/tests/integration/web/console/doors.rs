//! Signing in: links used once, tries that wait, codes used once, sessions that end.

use chrono::TimeDelta;
use http::StatusCode;
use reference_server::clock::Clock as _;
use reference_server::contest::organiser::{
    Error, Refused, Role,
    roster::{self, AccountState},
};

use super::{Colleague, colleague, fresh_code, knock, present_code, send, signed_in, signed_in_as};
use crate::{
    app::TestApp,
    web::browser::{Browser, between},
};

/// The digits that an authenticator shows for a typed secret, by an independent reading of RFC 6238.
fn authenticator(secret: &str, at: i64) -> String {
    let mut bits = String::new();
    for letter in secret.chars() {
        let value = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(letter).unwrap();
        bits.push_str(&format!("{value:05b}"));
    }
    let key: Vec<u8> = bits
        .as_bytes()
        .chunks_exact(8)
        .map(|byte| u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 2).unwrap())
        .collect();
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &key);
    let tag = aws_lc_rs::hmac::sign(&key, &(at / 30).to_be_bytes());
    let tag = tag.as_ref();
    let offset = usize::from(tag[19] & 15);
    let number: [u8; 4] = tag[offset..offset + 4].try_into().unwrap();
    format!(
        "{:06}",
        (u32::from_be_bytes(number) & 0x7fff_ffff) % 1_000_000
    )
}

#[tokio::test]
async fn the_first_start_gives_one_link_that_leads_in_once() {
    let test = TestApp::new().await;
    let link = roster::first_link(&test.app).await.unwrap().unwrap();
    let again = roster::first_link(&test.another_instance(9)).await.unwrap();
    assert!(again.is_none(), "another instance gives no second one");
    let address = link.address("");
    let mut browser = Browser::new(&test);
    let page = browser.get(&address).await;
    page.assert_page(200, &["设置您的账号", roster::FIRST]);
    let secret = between(&page.body, "<code class=\"secret\">", "</code>");
    let now = || authenticator(&secret, test.clock.now().timestamp());
    let fields = |password: &str, again: &str, code: &str| {
        format!("password={password}&again={again}&code={code}")
    };
    for (sent, words) in [
        (
            fields("a+long+password", "another+password", &now()),
            "不一样",
        ),
        (fields("short", "short", &now()), "12 到 128"),
        (
            fields("admin-password", "admin-password", &now()),
            "太容易猜",
        ),
        (
            fields("a+long+password", "a+long+password", "000000"),
            "验证码不对",
        ),
    ] {
        let refused = browser.form(&address, &sent).await;
        assert!(refused.status.is_client_error(), "{refused:?}");
        assert!(refused.body.contains(words), "{words}: {}", refused.body);
    }
    let good = fields("a+long+password", "a+long+password", &now());
    let done = browser.form(&address, &good).await;
    done.assert_page(200, &["请记下恢复码"]);
    let recovery = between(&done.body, "<li><code>", "</code>");
    browser.get(&address).await.assert_page(410, &["已经失效"]);
    browser
        .form(&address, &good)
        .await
        .assert_page(410, &["已经失效"]);
    assert!(roster::first_link(&test.app).await.unwrap().is_none());
    // The code that set the account up is used; the next one and a recovery code lead in, once.
    let used = knock(&mut browser, "admin", "a long password", &now()).await;
    assert_eq!(used.status, StatusCode::UNAUTHORIZED);
    test.clock.advance_by(TimeDelta::seconds(30));
    let next = now();
    for (code, is_let_in) in [
        (&next, true),
        (&next, false),
        (&recovery, true),
        (&recovery, false),
    ] {
        let answer = knock(&mut Browser::new(&test), "admin", "a long password", code).await;
        let expected = if is_let_in {
            StatusCode::SEE_OTHER
        } else {
            StatusCode::UNAUTHORIZED
        };
        assert_eq!(answer.status, expected, "{code}");
    }
    let kept = String::from_utf8_lossy(&test.stored()).into_owned();
    for secret in [
        secret.as_str(),
        recovery.as_str(),
        "a long password",
        address.as_str(),
    ] {
        assert!(!kept.contains(secret), "{secret} is kept as it is");
    }
}

#[tokio::test]
async fn a_link_ends_after_a_day_and_a_new_start_gives_another() {
    let test = TestApp::new().await;
    let link = roster::first_link(&test.app).await.unwrap().unwrap();
    test.clock.advance_by(TimeDelta::hours(24));
    let mut browser = Browser::new(&test);
    browser
        .get(&link.address(""))
        .await
        .assert_page(410, &["已经失效"]);
    let next = roster::first_link(&test.app).await.unwrap().unwrap();
    let page = browser.get(&next.address("")).await;
    page.assert_page(200, &["设置您的账号"]);
}

#[tokio::test]
async fn five_tries_in_vain_and_then_a_wait_whatever_server_is_asked() {
    let test = TestApp::new().await;
    let Colleague { name, password } = colleague(&test, "wang", Role::Auditor).await;
    let other = test.another_instance(9);
    for nth in 0..5 {
        let mut browser = if nth % 2 == 0 {
            Browser::new(&test)
        } else {
            Browser::over(other.clone())
        };
        let answer = knock(&mut browser, &name, "a wrong password", "123456").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        answer.assert_page(401, &["名称、密码或验证码不对"]);
    }
    let code = fresh_code(&test, &name).await;
    let mut browser = Browser::over(other.clone());
    let waits = knock(&mut browser, &name, &password, &code).await;
    waits.assert_page(429, &["试得太多了", "30 秒"]);
    // Another name is not held up, and one that does not exist is no different.
    for nth in 0..6 {
        let answer = knock(&mut browser, "nobody", "a wrong password", "123456").await;
        let expected = if nth < 5 { 401 } else { 429 };
        assert_eq!(answer.status.as_u16(), expected);
    }
    test.clock.advance_by(TimeDelta::seconds(30));
    let code = present_code(&test, &name).await;
    knock(&mut browser, &name, &password, &code)
        .await
        .assert_leads("/console");
    // Whoever got in has his five tries again.
    for _ in 0..5 {
        let answer = knock(&mut Browser::new(&test), &name, "wrong", "123456").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn tries_at_once_are_counted_like_tries_one_after_the_other() {
    let test = TestApp::new().await;
    colleague(&test, "wang", Role::Auditor).await;
    let tries = (0..12).map(|_| async {
        let mut browser = Browser::new(&test);
        knock(&mut browser, "wang", "a wrong password", "123456")
            .await
            .status
    });
    let answers = futures_util::future::join_all(tries).await;
    let refused = answers
        .iter()
        .filter(|status| **status == StatusCode::UNAUTHORIZED)
        .count();
    assert_eq!(refused, 5, "{answers:?}");
}

#[tokio::test]
async fn a_session_ends_idle_after_a_working_day_and_when_it_is_told_to() {
    let test = TestApp::new().await;
    let wang = colleague(&test, "wang", Role::Auditor).await;
    let mut idle = signed_in(&test, &wang).await;
    let set = idle.get("/console/account").await;
    set.assert_page(200, &["wang", "审计（只读）"]);
    assert_eq!(set.header("cache-control"), "private, no-store");
    test.clock.advance_by(TimeDelta::minutes(29));
    idle.get("/console/account").await.assert_page(200, &[]);
    test.clock.advance_by(TimeDelta::minutes(30));
    let ended = idle.get("/console/account").await;
    ended.assert_leads("/console/sign-in?next=%2Fconsole%2Faccount");

    let mut busy = signed_in(&test, &wang).await;
    for _ in 0..23 {
        test.clock.advance_by(TimeDelta::minutes(20));
        busy.get("/console/account").await.assert_page(200, &[]);
    }
    test.clock.advance_by(TimeDelta::minutes(20));
    let ended = busy.get("/console/account").await;
    ended.assert_leads("/console/sign-in");

    let mut leaving = signed_in(&test, &wang).await;
    let kept = leaving.cookies.clone();
    send(&mut leaving, "/console/sign-out", "")
        .await
        .assert_leads("/console/sign-in");
    assert!(leaving.cookies.is_empty());
    leaving.cookies = kept;
    let ended = leaving.get("/console/account").await;
    ended.assert_leads("/console/sign-in");

    let mut switched_off = signed_in(&test, &wang).await;
    roster::disable(&test.app, "wang", "gone", "security")
        .await
        .unwrap();
    let ended = switched_off.get("/console/account").await;
    ended.assert_leads("/console/sign-in");
    let known = roster::accounts(&test.app).await.unwrap();
    assert_eq!(known[0].state, AccountState::Disabled);
    let code = fresh_code(&test, "wang").await;
    let refused = knock(&mut Browser::new(&test), "wang", &wang.password, &code).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_cookie_is_for_this_host_and_no_other_site() {
    let test = TestApp::new().await;
    let wang = colleague(&test, "wang", Role::Auditor).await;
    let code = fresh_code(&test, "wang").await;
    let answer = knock(&mut Browser::new(&test), "wang", &wang.password, &code).await;
    let set = answer.header("set-cookie");
    assert!(set.starts_with("contest-organiser="), "{set}");
    for part in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(set.contains(part), "{set}");
    }
    let value = between(set, "=", ";");
    assert_eq!(value.len(), 43);
    let kept = String::from_utf8_lossy(&test.stored()).into_owned();
    assert!(!kept.contains(&value), "the token is kept as it is");
}

#[tokio::test]
async fn an_account_that_is_reset_waits_for_its_link() {
    let test = TestApp::new().await;
    let mut browser = signed_in_as(&test, "wang", Role::ProvinceAdmin).await;
    let link = roster::reset(&test.app, "wang", "lost phone", "command-line")
        .await
        .unwrap();
    let ended = browser.get("/console/account").await;
    ended.assert_leads("/console/sign-in");
    assert!(matches!(
        roster::reset(&test.app, "nobody", "lost phone", "command-line").await,
        Err(Error::Refused(Refused::NotFound))
    ));
    assert!(matches!(
        roster::reset(&test.app, "wang", " ", "command-line").await,
        Err(Error::Refused(Refused::ReasonMissing))
    ));
    let page = browser.get(&link.address("")).await;
    page.assert_page(200, &["设置您的账号", "wang"]);
    let known = roster::accounts(&test.app).await.unwrap();
    assert_eq!(known[0].state, AccountState::Invited);
    assert_eq!(code_count(&test), 0);
}

fn code_count(test: &TestApp) -> i64 {
    test.number("SELECT COUNT(*) FROM recovery_code WHERE ended_ms IS NULL")
}
