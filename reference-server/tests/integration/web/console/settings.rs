//! The settings at the console: secrets go in and never come out, and everybody reads only what his role may.

use std::sync::Arc;

use http::StatusCode;
use reference_server::{
    app::App,
    config::{Origin, Stated},
    contest::organiser::Role,
    settings::{SecretName, SecretSlot, Settings},
};
use serde_json::{Value, json};

use super::{send, signed_in_as, step_up};
use crate::{
    app::TestApp,
    web::{
        browser::{Answer, Browser, between},
        document::Document,
    },
};

const PAGE: &str = "/console/settings";
const API: &str = "/api/v1/console/settings";
const TRY: &str = "/api/v1/console/settings/try";
const GIVE: &str = "/api/v1/console/settings/secrets";
const DECIDE: &str = "/api/v1/console/settings/secrets/decide";
/// A key of version 2 that nobody may ever read again.
const KEY: &str = "c0ffee00c0ffee11c0ffee22c0ffee33";

/// An instance that was configured with the secrets of red packets.
pub(in crate::web) fn configured(test: &TestApp) -> Arc<App> {
    let slot = |name: SecretName| SecretSlot {
        name,
        of_file: Some("0a0b0c0d".to_owned()),
        file_changed: Some(test.app.now()),
        in_use: Some("0a0b0c0d".to_owned()),
        is_given: false,
    };
    let secrets = [
        SecretName::AppSecret,
        SecretName::CallbackToken,
        SecretName::EncodingAesKey,
        SecretName::RedPacketKey,
        SecretName::RedPacketIdentity,
    ];
    let app = Arc::try_unwrap(test.another_instance(41)).unwrap();
    Arc::new(App {
        settings: Arc::new(Settings {
            secrets: secrets.map(slot).into(),
            stated: vec![Stated {
                key: "season.name".to_owned(),
                value: "jiangsu-2020".to_owned(),
                origin: Origin::File,
            }],
            certificate_ends: Some(test.app.now() + chrono::TimeDelta::days(40)),
            ..Settings::default()
        }),
        ..app
    })
}

/// Somebody of this role at that instance, who has shown the second factor again.
pub(in crate::web) async fn at(test: &TestApp, app: &Arc<App>, name: &str, role: Role) -> Browser {
    let mut browser = signed_in_as(test, name, role).await;
    step_up(test, &mut browser, name).await;
    let mut there = Browser::over(Arc::clone(app));
    there.cookies = browser.cookies;
    there
}

/// Asks the calls for every answer that they document.
pub(super) async fn describe(test: &TestApp, document: &mut Document) {
    let app = configured(test);
    let mut nobody = Browser::over(Arc::clone(&app));
    let mut finance = at(test, &app, "set-finance", Role::FinanceOperator).await;
    let mut security = at(test, &app, "set-security", Role::SecurityAdmin).await;
    let mut chief = at(test, &app, "set-chief", Role::ProvinceAdmin).await;
    let given = |name: &str, value: &str| json!({ "name": name, "value": value, "reason": "why" });
    let mut seen =
        |call: &'static str, answer: &Answer| document.assert_describes("post", call, answer);
    let too_long = json!("x".repeat(170_000));
    for body in [
        json!({ "part": "token" }),
        json!({ "part": "moon" }),
        json!(7),
        too_long.clone(),
    ] {
        seen(TRY, &chief.call(TRY, &body).await);
    }
    for body in [
        given("moon", KEY),
        given("api-v3-key", KEY),
        given("red-packet-key", "short"),
        given("red-packet-key", KEY),
        given("red-packet-key", KEY),
        json!(KEY),
        too_long.clone(),
    ] {
        let answer = security.call(GIVE, &body).await;
        assert!(!answer.body.contains(KEY), "{}", answer.body);
        seen(GIVE, &answer);
    }
    let word = |proposal: i64, digest: &Value, reason: &str| json!({ "proposal": proposal, "digest": digest, "verdict": "approve", "reason": reason });
    let board = chief.get(API).await.json();
    let (number, digest) = (
        &board["waiting"][0]["proposal"],
        &board["waiting"][0]["digest"],
    );
    let number = number.as_i64().unwrap();
    for body in [
        word(number, digest, ""),
        word(number, digest, "seen"),
        word(number, digest, "seen"),
        json!({ "proposal": 1, "digest": "x", "verdict": "perhaps", "reason": "x" }),
        too_long,
    ] {
        seen(DECIDE, &chief.call(DECIDE, &body).await);
    }
    for browser in [&mut nobody, &mut finance] {
        for call in [TRY, GIVE, DECIDE] {
            seen(call, &browser.call(call, &json!({})).await);
        }
    }
    for browser in [&mut nobody, &mut finance, &mut chief] {
        document.assert_describes("get", API, &browser.get(API).await);
    }
}

fn fields(of: &[(&str, &str)]) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    for (name, value) in of {
        form.append_pair(name, value);
    }
    form.finish()
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story, told in its order")]
async fn a_secret_goes_in_by_two_persons_and_never_comes_out() {
    let test = TestApp::new().await;
    let app = configured(&test);
    let mut security = at(&test, &app, "security", Role::SecurityAdmin).await;
    let mut chief = at(&test, &app, "chief", Role::ProvinceAdmin).await;
    let page = security.get(PAGE).await;
    page.assert_page(
        200,
        &[
            "商户 APIv2 密钥",
            "文件里的，在用",
            "0a0b0c0d",
            "还有几天",
            "测试令牌",
            "season.name",
            "配置文件",
        ],
    );
    let give = format!("{PAGE}/secrets");
    let handed = |value: &str| {
        fields(&[
            ("name", "red-packet-key"),
            ("value", value),
            ("reason", "new key"),
        ])
    };
    // What has not the form is refused, and not said back.
    let bad = send(&mut security, &give, &handed("c0ffee-is-no-key")).await;
    bad.assert_page(422, &["商户 APIv2 密钥的写法不对", "32 个字母和数字"]);
    assert!(!bad.body.contains("c0ffee-is-no-key"));
    send(&mut security, &give, &handed(KEY))
        .await
        .assert_leads(PAGE);
    let own = security.get(PAGE).await;
    own.assert_page(200, &["等另一人批准：更换商户 APIv2 密钥", "撤回"]);
    assert!(!own.body.contains("批准，重启后生效"));
    let asked = chief.get(PAGE).await;
    asked.assert_page(200, &["批准，重启后生效", "new key"]);
    let value = |name: &str| between(&asked.body, &format!("name=\"{name}\" value=\""), "\"");
    let decision = fields(&[
        ("proposal", &value("proposal")),
        ("digest", &value("digest")),
        ("verdict", "approve"),
        ("reason", "compared by telephone"),
    ]);
    let decide = format!("{PAGE}/secrets/decide");
    send(&mut chief, &decide, &decision)
        .await
        .assert_leads(PAGE);
    send(&mut chief, &decide, &decision)
        .await
        .assert_page(409, &["这一项已经处理过了"]);
    let after = chief.get(PAGE).await;
    after.assert_page(
        200,
        &[
            "换过，等重启",
            "逐台重启服务器后生效",
            "security 在后台填的",
        ],
    );
    let called = chief.get(API).await;
    assert_eq!(called.json()["secrets"][3]["wants_restart"], true);
    let mut auditor = at(&test, &app, "auditor", Role::Auditor).await;
    let seen = auditor.get(PAGE).await;
    seen.assert_page(200, &["商户 APIv2 密钥"]);
    assert!(
        !seen
            .body
            .contains("<form method=\"post\" action=\"/console/settings")
    );
    let log = auditor.get("/console/audit-log").await;
    log.assert_page(200, &["更换密钥", "red-packet-key-1"]);
    for answer in [&page, &own, &asked, &after, &called, &seen, &log] {
        assert!(!answer.body.contains(KEY));
    }
}

#[tokio::test]
async fn the_accounts_secret_takes_one_person_and_the_second_factor() {
    let test = TestApp::new().await;
    let app = configured(&test);
    let mut security = at(&test, &app, "security", Role::SecurityAdmin).await;
    let mut chief = at(&test, &app, "chief", Role::ProvinceAdmin).await;
    let body = json!({ "name": "app-secret", "value": KEY, "reason": "it leaked" });
    chief
        .call(GIVE, &body)
        .await
        .assert_problem(403, "role-forbidden");
    test.clock.advance_by(chrono::TimeDelta::minutes(6));
    security
        .call(GIVE, &body)
        .await
        .assert_problem(403, "step-up-required");
    step_up(&test, &mut security, "security").await;
    let given = security.call(GIVE, &body).await;
    assert_eq!(
        (given.status, given.json()),
        (StatusCode::OK, json!({ "proposal": null }))
    );
    let audited = "SELECT COUNT(*) FROM audit_event WHERE action = 'secret.changed'
                   AND actor = 'security' AND detail LIKE 'secret=app-secret-1 fingerprint=________ %'";
    assert_eq!(test.number(audited), 1);
    // The demo's own secrets are nobody's to change.
    let mut here = Browser::new(&test);
    here.cookies = security.cookies;
    here.call(GIVE, &body)
        .await
        .assert_problem(404, "not-found");
    here.get(PAGE)
        .await
        .assert_page(200, &["演示和演练用的密钥是程序自带的"]);
}

#[tokio::test]
async fn a_button_tells_what_it_found() {
    let test = TestApp::new().await;
    let app = configured(&test);
    let mut chief = at(&test, &app, "chief", Role::ProvinceAdmin).await;
    for (part, words) in [
        ("token", ["测试“令牌”", "微信给出了令牌"]),
        ("payment", ["测试“支付证书”：要看看", "到期，还有 39 天"]),
        ("callback", ["测试“回调签名”", "自己加密签名的推送能认出来"]),
        ("echo", ["测试“回显”", "/wechat/callback"]),
    ] {
        let target = format!("{PAGE}/try");
        let answer = send(&mut chief, &target, &fields(&[("part", part)])).await;
        answer.assert_page(200, &words);
    }
    let none = send(&mut chief, &format!("{PAGE}/try"), "part=moon").await;
    none.assert_page(422, &["没有说明是哪一项"]);
    let tried =
        "SELECT COUNT(*) FROM audit_event WHERE action = 'settings.tried' AND actor = 'chief'";
    assert_eq!(test.number(tried), 4);
}
