//! A city's page at the console: written by its editor, looked at as on a phone, approved by somebody else.

use reference_server::contest::organiser::Role;
use serde_json::{Value, json};

use super::{send, signed_in_as};
use crate::{
    app::{FIRST_CITY, SECOND_CITY, TestApp},
    web::{
        browser::{Browser, between},
        document::Document,
    },
};

const PAGE: &str = "/console/cities/suzhou/page";
const CALL: &str = "/api/v1/console/cities/{city}/page";
const DECIDE: &str = "/api/v1/console/cities/{city}/page/decide";

fn form(fields: &[(&str, &str)]) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    for (name, value) in fields {
        form.append_pair(name, value);
    }
    form.finish()
}

/// Asks every call for every answer that it documents.
pub(super) async fn describe(test: &TestApp, document: &mut Document) {
    let mut nobody = Browser::new(test);
    let mut editor = signed_in_as(test, "writer", Role::CityEditor).await;
    let mut approver = signed_in_as(test, "reader", Role::ContentApprover).await;
    let at = |call: &str, city: &str| call.replace("{city}", city);
    let (own, other) = (at(CALL, SECOND_CITY), at(CALL, FIRST_CITY));
    for (browser, target) in [(&mut nobody, &own), (&mut editor, &other)] {
        document.assert_describes("get", CALL, &browser.get(target).await);
    }
    let text = |markdown: &str, reason: &str| json!({ "markdown": markdown, "reason": reason });
    let too_long = json!("x".repeat(70_000));
    for body in [
        json!(7),
        too_long.clone(),
        text("", "why"),
        text("## 苏州", ""),
        text("## 苏州", "why"),
        text("## 苏州", "again"),
    ] {
        document.assert_describes("post", CALL, &editor.call(&own, &body).await);
    }
    document.assert_describes("post", CALL, &editor.call(&other, &text("a", "b")).await);
    document.assert_describes("post", CALL, &nobody.call(&own, &json!({})).await);
    document.assert_describes("post", CALL, &approver.call(&own, &json!({})).await);
    let board = approver.get(&own).await;
    document.assert_describes("get", CALL, &board);
    let waiting = board.json()["waiting"].clone();
    let word = |digest: &Value, verdict: &str, reason: &str| {
        json!({ "proposal": waiting["proposal"], "digest": digest, "verdict": verdict,
            "reason": reason })
    };
    let decide = at(DECIDE, SECOND_CITY);
    document.assert_describes("post", DECIDE, &nobody.call(&decide, &json!({})).await);
    document.assert_describes("post", DECIDE, &editor.call(&decide, &json!({})).await);
    let unknown = at(DECIDE, "atlantis");
    document.assert_describes("post", DECIDE, &approver.call(&unknown, &json!({})).await);
    for body in [
        json!(7),
        too_long,
        word(&waiting["digest"], "perhaps", "why"),
        word(&json!("0"), "approve", "why"),
        word(&waiting["digest"], "approve", ""),
        word(&waiting["digest"], "approve", "well written"),
    ] {
        document.assert_describes("post", DECIDE, &approver.call(&decide, &body).await);
    }
}

#[tokio::test]
async fn a_version_is_shown_to_everybody_once_somebody_else_has_approved_it() {
    let test = TestApp::new().await;
    let mut editor = signed_in_as(&test, "writer", Role::CityEditor).await;
    let mut approver = signed_in_as(&test, "reader", Role::ContentApprover).await;
    let before = Browser::new(&test).get("/city/suzhou").await;
    assert!(!before.body.contains("诚信之城"));
    let written = [
        (
            "markdown",
            "## 诚信之城\n\n一诺千金。<script>alert(1)</script>",
        ),
        ("links", "苏州市人民政府 https://www.suzhou.gov.cn"),
        ("reason", "新的介绍"),
    ];
    let fields = form(&written);
    // A look changes nothing.
    let look = send(&mut editor, &format!("{PAGE}/preview"), &fields).await;
    look.assert_page(
        200,
        &["预览：还没有提交", "<h2>诚信之城</h2>", "www.suzhou.gov.cn"],
    );
    assert!(!look.body.contains("<script>alert"));
    assert_eq!(test.number("SELECT COUNT(*) FROM proposal"), 0);
    let bad = form(&[
        ("markdown", "字"),
        ("links", "坏 http://a.cn"),
        ("reason", "why"),
    ]);
    for path in [PAGE.to_owned(), format!("{PAGE}/preview")] {
        let refused = send(&mut editor, &path, &bad).await;
        refused.assert_page(422, &["这一版还不能用", "坏 http://a.cn"]);
    }
    send(&mut editor, PAGE, &fields).await.assert_leads(PAGE);
    let waits = editor.get(PAGE).await;
    waits.assert_page(200, &["等待审核的一版", "writer", "撤回，继续修改"]);
    assert!(!waits.body.contains("批准，立即公布"));
    let again = send(&mut editor, PAGE, &fields).await;
    again.assert_page(409, &["已经有人提出"]);
    let shown = Browser::new(&test).get("/city/suzhou").await;
    assert!(!shown.body.contains("诚信之城"));

    let asked = approver.get(PAGE).await;
    asked.assert_page(200, &["批准，立即公布", "<h2>诚信之城</h2>"]);
    let value = |name: &str| between(&asked.body, &format!("name=\"{name}\" value=\""), "\"");
    let word = [
        ("proposal", value("proposal")),
        ("digest", value("digest")),
        ("verdict", "approve".to_owned()),
        ("reason", "写得好".to_owned()),
    ];
    let word: Vec<(&str, &str)> = word
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let decided = send(&mut approver, &format!("{PAGE}/decide"), &form(&word)).await;
    decided.assert_leads(PAGE);
    let shown = Browser::new(&test).get("/city/suzhou").await;
    shown.assert_page(
        200,
        &["<h2>诚信之城</h2>", "href=\"https://www.suzhou.gov.cn\""],
    );
    assert!(!shown.body.contains("<script>alert"));
    let late = send(&mut approver, &format!("{PAGE}/decide"), &form(&word)).await;
    late.assert_page(409, &["已经处理过了"]);
    let page = approver.get(PAGE).await;
    page.assert_page(200, &["现在公布的是 writer 提交的一版"]);
}

#[tokio::test]
async fn a_version_that_was_taken_back_or_rejected_changes_nothing() {
    let test = TestApp::new().await;
    let mut editor = signed_in_as(&test, "writer", Role::CityEditor).await;
    let mut approver = signed_in_as(&test, "reader", Role::ContentApprover).await;
    let before = Browser::new(&test).get("/city/suzhou").await.body;
    for (verdict, path) in [("withdraw", "withdraw"), ("reject", "decide")] {
        let fields = form(&[("markdown", "## 不该出现"), ("reason", "试一试")]);
        send(&mut editor, PAGE, &fields).await.assert_leads(PAGE);
        let browser = if verdict == "withdraw" {
            &mut editor
        } else {
            &mut approver
        };
        let asked = browser.get(PAGE).await;
        let value = |name: &str| between(&asked.body, &format!("name=\"{name}\" value=\""), "\"");
        let (proposal, digest) = (value("proposal"), value("digest"));
        let word = form(&[
            ("proposal", &proposal),
            ("digest", &digest),
            ("verdict", verdict),
            ("reason", "不合适"),
        ]);
        let path = format!("{PAGE}/{path}");
        send(browser, &path, &word).await.assert_leads(PAGE);
    }
    assert_eq!(Browser::new(&test).get("/city/suzhou").await.body, before);
    assert_eq!(test.number("SELECT COUNT(*) FROM proposal_decision"), 2);
}
