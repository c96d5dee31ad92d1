//! Laws of `/wechat/callback`: what WeChat did not sign, or sends again, stores nothing.

use http::{Method, StatusCode};
use serde_json::json;
use wechat_adapter::simulator::{Fault, FaultRule, Operation, Push};

use super::browser::{Browser, Watch};
use crate::app::TestApp;

const CALLBACK: &str = "/wechat/callback";

/// The push of a new follower, and its query.
async fn push(test: &TestApp) -> (Push, String) {
    let person = test.stranger("friend").await;
    let pushes = test
        .simulator
        .follow(&person.openid, None, test.app.now())
        .unwrap();
    let push = pushes.into_iter().next().unwrap();
    let query = push.request.uri().query().unwrap().to_owned();
    (push, query)
}

/// The callback answers so, and nothing is stored.
async fn assert_refused(test: &TestApp, query: &str, body: Vec<u8>, status: StatusCode) {
    let mut watch = Watch::new(test);
    let before = watch.version();
    let mut wechat = Browser::new(test);
    let request = wechat.request(Method::POST, &format!("{CALLBACK}?{query}"));
    let answer = wechat.send(request, body).await;
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(watch.version(), before);
    assert_eq!(test.number("SELECT COUNT(*) FROM follow"), 0);
    assert_eq!(test.number("SELECT COUNT(*) FROM callback_seen"), 0);
}

#[tokio::test]
async fn a_signed_push_is_taken() {
    let test = TestApp::new().await;
    let (push, _query) = push(&test).await;
    let answer = Browser::new(&test).push(&push).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(test.number("SELECT following FROM follow"), 1);
}

#[tokio::test]
async fn a_wrong_signature_is_refused_and_nothing_is_stored() {
    let test = TestApp::new().await;
    let rule = FaultRule::always(Fault::WrongCallbackSignature).on(Operation::Callback);
    test.simulator.set_faults(vec![rule]);
    let (push, query) = push(&test).await;
    let body = push.request.body().clone();
    assert_refused(&test, &query, body.clone(), StatusCode::FORBIDDEN).await;
    assert_refused(&test, "", body, StatusCode::FORBIDDEN).await;
}

#[tokio::test]
async fn a_clear_message_is_refused_and_nothing_is_stored() {
    let test = TestApp::new().await;
    let (push, query) = push(&test).await;
    let clear: Vec<&str> = query
        .split('&')
        .filter(|pair| !pair.starts_with("encrypt_type=") && !pair.starts_with("msg_signature="))
        .collect();
    let message = push.message().as_bytes().to_vec();
    assert_refused(
        &test,
        &clear.join("&"),
        message.clone(),
        StatusCode::FORBIDDEN,
    )
    .await;
    assert_refused(&test, &query, message, StatusCode::FORBIDDEN).await;
}

#[tokio::test]
async fn an_oversized_push_is_refused_unread() {
    let test = TestApp::new().await;
    let (_push, query) = push(&test).await;
    let body = vec![b' '; 64 * 1024 + 1];
    assert_refused(&test, &query, body, StatusCode::PAYLOAD_TOO_LARGE).await;
}

#[tokio::test]
async fn a_push_that_is_sent_again_is_acknowledged_and_changes_nothing() {
    let test = TestApp::new().await;
    let (push, _query) = push(&test).await;
    let mut wechat = Browser::new(&test);
    wechat.push(&push).await;
    let rows = |table| test.number(&format!("SELECT COUNT(*) FROM {table}"));
    let before = ["follow", "callback_seen", "person", "audit_event"].map(rows);
    for _ in 0..3 {
        let again = wechat.push(&push).await;
        assert_eq!(
            (again.status, again.body.as_str()),
            (StatusCode::OK, "success")
        );
    }
    assert_eq!(
        ["follow", "callback_seen", "person", "audit_event"].map(rows),
        before
    );
}

#[tokio::test]
async fn the_address_is_proved_only_to_whoever_signs() {
    let test = TestApp::new().await;
    let mut stranger = Browser::new(&test);
    for query in ["", "?signature=0&timestamp=1&nonce=2&echostr=hello"] {
        let answer = stranger.get(&format!("{CALLBACK}{query}")).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert!(!answer.body.contains("hello"));
    }
}

#[tokio::test]
async fn a_written_word_is_answered_by_the_way_to_its_page() {
    let test = TestApp::new().await;
    let person = test.follower("writer").await;
    let mut browser = Browser::new(&test);
    let phone = format!("/simulator/api/people/{}", person.openid);
    for (word, part) in [
        ("规则", "/rules"),
        ("我的红包", "/me"),
        ("排名", "/summary"),
        ("错题", "/me/mistakes"),
        ("你好", "盐城市正在竞答：每次 10 题，答对 5 题即可拆红包"),
    ] {
        let said = browser
            .call(&format!("{phone}/say"), &json!({ "text": word }))
            .await;
        assert!(said.status.is_success(), "{said:?}");
        let dialogue = browser.get(&phone).await.body;
        assert!(dialogue.contains(part), "no {part} in {dialogue}");
    }
}
