//! The preflight at the console: the command's words, for whoever answers for the season.

use axum::serve;
use http::StatusCode;
use reference_server::{contest::organiser::Role, setup::Wire, web};
use serde_json::json;
use tokio::net::TcpListener;

use super::{send, signed_in_as};
use crate::{
    app::{Setting, TestApp},
    web::{browser::Browser, document::Document},
};

const PAGE: &str = "/console/preflight";
const API: &str = "/api/v1/console/preflight";

/// Asks the calls for every answer that they document.
pub(super) async fn describe(test: &TestApp, document: &mut Document) {
    let mut nobody = Browser::new(test);
    let mut finance = signed_in_as(test, "pre-finance", Role::FinanceOperator).await;
    let mut chief = signed_in_as(test, "pre-chief", Role::ProvinceAdmin).await;
    for browser in [&mut nobody, &mut finance, &mut chief] {
        document.assert_describes("get", API, &browser.get(API).await);
        document.assert_describes("post", API, &browser.call(API, &json!({})).await);
    }
}

#[tokio::test]
async fn a_report_says_the_worst_first_and_what_comes_next() {
    let test = TestApp::new().await;
    let mut security = signed_in_as(&test, "security", Role::SecurityAdmin).await;
    let page = security.get(PAGE).await;
    page.assert_page(
        200,
        &[
            "项不能这样开赛，请先处理",
            "微信是模拟的，谁也收不到钱。",
            "去掉配置里的 trial",
            "公众号令牌",
            "现在重新检查",
        ],
    );
    let at = |word: &str| page.body.find(word).unwrap();
    assert!(at("测试开关") < at("邀请机会与平台规则"));
    assert!(at("邀请机会与平台规则") < at("公众号令牌"));
    let first = security.get(API).await.json();
    assert_eq!(first["may_open"], false);
    // Looking again asks nobody again; asking for it does, and stands in the log.
    test.clock.advance_by(chrono::TimeDelta::seconds(9));
    assert_eq!(security.get(API).await.json(), first);
    send(&mut security, PAGE, "").await.assert_leads(PAGE);
    assert_ne!(security.get(API).await.json()["at"], first["at"]);
    let audited = "SELECT COUNT(*) FROM audit_event WHERE action = 'preflight.made'
                   AND actor = 'security' AND detail LIKE 'fail=% warn=% unknown=% ok=%'";
    assert_eq!(test.number(audited), 1);
    let mut auditor = signed_in_as(&test, "auditor", Role::Auditor).await;
    let seen = auditor.get(PAGE).await;
    seen.assert_page(200, &["公众号令牌"]);
    assert!(!seen.body.contains("现在重新检查"));
    let refused = auditor.call(API, &json!({})).await;
    refused.assert_problem(403, "role-forbidden");
}

#[tokio::test]
async fn our_own_address_is_asked_over_the_network() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let test = TestApp::with(Setting {
        wire: (Wire::Loopback, port),
        ..Setting::usual()
    })
    .await;
    let mut chief = signed_in_as(&test, "chief", Role::ProvinceAdmin).await;
    let verdicts = async |chief: &mut Browser| {
        let report = chief.call(API, &json!({})).await;
        assert_eq!(report.status, StatusCode::OK);
        let report = report.json();
        ["callback-domain", "callback-signature", "wechat-token"].map(|name| {
            let mut checks = report["checks"].as_array().unwrap().iter();
            let check = checks.find(|check| check["name"] == name).unwrap();
            check["verdict"].as_str().unwrap().to_owned()
        })
    };
    // Somebody else's server stands at the address, which answers everything with nothing.
    let other = axum::Router::new().fallback(|| async { StatusCode::OK });
    let other = tokio::spawn(serve(listener, other).into_future());
    assert_eq!(verdicts(&mut chief).await, ["fail", "fail", "fail"]);
    other.abort();
    drop(other.await);
    // Nobody does.
    assert_eq!(verdicts(&mut chief).await, ["warn", "warn", "fail"]);
    let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    tokio::spawn(serve(listener, web::router(test.app.clone())).into_future());
    assert_eq!(verdicts(&mut chief).await, ["ok", "ok", "ok"]);
}
