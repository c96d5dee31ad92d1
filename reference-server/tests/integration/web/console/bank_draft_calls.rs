//! The calls about a draft of a bank: every answer is as documented.

use reference_server::contest::organiser::Role;
use serde_json::{Value, json};

use super::{
    bank_drafts::{BARE, draft, submission, table},
    signed_in_as,
};
use crate::{
    app::TestApp,
    web::{browser::Browser, document::Document},
};

/// Asks every call about a draft in every way that has an answer of its own.
#[expect(
    clippy::too_many_lines,
    reason = "a list of calls, one after the other"
)]
pub(super) async fn describe(document: &mut Document) {
    let test = TestApp::new().await;
    let mut nobody = Browser::new(&test);
    let mut maker = signed_in_as(&test, "draft-maker", Role::ProvinceAdmin).await;
    let mut editor = signed_in_as(&test, "draft-editor", Role::CityEditor).await;
    let mut checker = signed_in_as(&test, "draft-checker", Role::ContentApprover).await;
    let mut finance = signed_in_as(&test, "draft-finance", Role::FinanceOperator).await;
    let (of_draft, of_submission) = (draft("{city}"), submission("{city}"));
    let gets = [
        of_draft.clone(),
        format!("{of_draft}/preview"),
        of_submission.clone(),
    ];
    let at = |path: &str, city: &str| path.replace("{city}", city).replace("{item}", "0-2");
    for path in &gets {
        for browser in [&mut nobody, &mut maker, &mut editor, &mut finance] {
            let answer = browser.get(&at(path, BARE)).await;
            document.assert_describes("get", path, &answer);
        }
    }
    let question = json!({ "version": 1, "stem": "甲", "choices": ["一", "二"], "key": "A" });
    let unfit = json!({ "version": 2, "stem": "甲", "choices": ["一"], "key": "A" });
    let item = format!("{of_draft}/questions/{{item}}");
    let file =
        |version: i64, text: &str| json!({ "version": version, "name": "a.csv", "text": text });
    let whole = table("紫金", 50);
    let seen = |version: i64| json!({ "version": version });
    let acts: Vec<(String, Vec<Value>)> = vec![
        (
            of_draft.clone(),
            vec![file(0, &whole), file(1, "天气"), file(0, &whole)],
        ),
        (
            format!("{of_draft}/columns"),
            vec![
                json!({ "version": 1, "columns": {} }),
                json!({ "version": 1, "columns": {} }),
            ],
        ),
        (
            format!("{of_draft}/questions"),
            vec![
                json!({ "version": 2, "stem": "甲", "choices": ["一", "二"], "key": "A" }),
                json!({ "version": 3, "stem": "甲", "choices": ["一"], "key": "A" }),
                question.clone(),
            ],
        ),
        (
            item.clone(),
            vec![
                json!({ "version": 3, "stem": "乙", "choices": ["一", "二"], "key": "A" }),
                json!({ "version": 4, "stem": "乙", "choices": ["一"], "key": "A" }),
                unfit,
            ],
        ),
        (format!("{item}/leave"), vec![seen(4), seen(4)]),
        (format!("{item}/take-back"), vec![seen(5), seen(5)]),
        (
            format!("{of_draft}/questions/{{item}}/leave"),
            vec![seen(6)],
        ),
        (
            format!("{of_draft}/submit"),
            vec![
                json!({ "version": 7, "reason": "" }),
                json!({ "version": 7, "reason": "写好了" }),
                json!({ "version": 7, "reason": "写好了" }),
            ],
        ),
    ];
    let too_long = json!("x".repeat(33 * 1024 * 1024));
    for (path, bodies) in acts {
        for body in &bodies {
            let answer = maker.call(&at(&path, BARE), body).await;
            document.assert_describes("post", &path, &answer);
        }
        for body in [json!(7), too_long.clone()] {
            let answer = maker.call(&at(&path, BARE), &body).await;
            document.assert_describes("post", &path, &answer);
        }
        for browser in [&mut nobody, &mut editor, &mut finance] {
            let answer = browser.call(&at(&path, BARE), &bodies[0]).await;
            document.assert_describes("post", &path, &answer);
        }
    }
    let review = maker.get(&submission(BARE)).await;
    document.assert_describes("get", &of_submission, &review);
    let review = review.json();
    let word = |reason: &str| {
        json!({ "proposal": review["submission"]["proposal"],
        "digest": review["submission"]["digest"], "verdict": "reject", "reason": reason })
    };
    for (act, own) in [("decide", false), ("withdraw", true)] {
        if own {
            let body = json!({ "version": 7, "reason": "再交一次" });
            maker.call(&format!("{}/submit", draft(BARE)), &body).await;
        }
        let path = format!("{of_submission}/{act}");
        let right = if own { &mut maker } else { &mut checker };
        let current = right.get(&submission(BARE)).await.json();
        let with = |reason: &str| {
            let mut word = word(reason);
            word["proposal"] = current["submission"]["proposal"].clone();
            word["digest"] = current["submission"]["digest"].clone();
            word
        };
        for body in [
            json!(7),
            too_long.clone(),
            with(""),
            with("看过"),
            with("看过"),
        ] {
            let answer = right.call(&at(&path, BARE), &body).await;
            document.assert_describes("post", &path, &answer);
        }
        let elsewhere = right.call(&at(&path, "atlantis"), &with("看过")).await;
        document.assert_describes("post", &path, &elsewhere);
        for browser in [&mut nobody, &mut finance] {
            let answer = browser.call(&at(&path, BARE), &with("看过")).await;
            document.assert_describes("post", &path, &answer);
        }
    }
}
