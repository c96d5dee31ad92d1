//! The calls about money: every answer is as documented.

use reference_server::contest::organiser::Role;
use serde_json::{Value, json};

use super::{money::dead_payment, signed_in_as, step_up};
use crate::{
    app::{FIRST_CITY, TestApp},
    web::{browser::Browser, document::Document},
};

const PREFIX: &str = "/api/v1/console";
const CITY_CALLS: [&str; 3] = [
    "/cities/{city}/budget",
    "/cities/{city}/postings",
    "/cities/{city}/payments",
];
const LISTS: [&str; 2] = ["/payments", "/decisions"];
const ACTS: [&str; 3] = ["hold", "resend", "renew"];
const WORDS: [&str; 3] = ["approve", "reject", "withdraw"];

/// Asks every call about money in every way that has an answer of its own.
pub(super) async fn assert_described(test: &TestApp, document: &mut Document) {
    let number = dead_payment(test).await;
    let mut nobody = Browser::new(test);
    let mut editor = signed_in_as(test, "an-editor", Role::CityEditor).await;
    let mut operator = signed_in_as(test, "an-operator", Role::FinanceOperator).await;
    let mut approver = signed_in_as(test, "an-approver", Role::FinanceApprover).await;
    let mut security = signed_in_as(test, "security-too", Role::SecurityAdmin).await;
    step_up(test, &mut approver, "an-approver").await;
    let all = [&mut nobody, &mut editor, &mut operator, &mut security];
    for browser in all {
        for call in CITY_CALLS {
            for city in [FIRST_CITY, "atlantis"] {
                let path = format!("{PREFIX}{call}");
                let answer = browser.get(&path.replace("{city}", city)).await;
                document.assert_describes("get", &path, &answer);
            }
        }
        for call in LISTS {
            let path = format!("{PREFIX}{call}");
            document.assert_describes("get", &path, &browser.get(&path).await);
        }
        let path = format!("{PREFIX}/payments/{{payment}}");
        for payment in [number.as_str(), "nothing"] {
            let answer = browser.get(&path.replace("{payment}", payment)).await;
            document.assert_describes("get", &path, &answer);
            let query = format!("{path}/query");
            let answer = browser
                .call(&query.replace("{payment}", payment), &json!({}))
                .await;
            document.assert_describes("post", &query, &answer);
        }
    }
    for browser in [&mut nobody, &mut security] {
        for act in ACTS {
            let path = format!("{PREFIX}/payments/{{payment}}/{act}");
            let answer = browser
                .call(&path.replace("{payment}", &number), &json!({}))
                .await;
            document.assert_describes("post", &path, &answer);
        }
        for word in WORDS {
            let path = format!("{PREFIX}/decisions/{{decision}}/{word}");
            let target = path.replace("{decision}", "proposal-1");
            document.assert_describes("post", &path, &browser.call(&target, &json!({})).await);
        }
        for word in ["pause", "resume"] {
            let path = format!("{PREFIX}/rail/{word}");
            document.assert_describes("post", &path, &browser.call(&path, &json!({})).await);
        }
    }
    test.winner("stopped").await;
    let reserved = test
        .raw()
        .text("SELECT bill_number FROM payment WHERE state = 'reserved'");
    acts(document, &mut operator, [&number, &reserved]).await;
    words(document, [&mut operator, &mut approver]).await;
}

fn bodies() -> [Value; 4] {
    [
        json!(7),
        json!("x".repeat(170_000)),
        json!({ "reason": "", "evidence": "", "digest": "" }),
        json!({ "reason": "why", "evidence": "ticket", "digest": "another" }),
    ]
}

async fn acts(document: &mut Document, operator: &mut Browser, [dead, reserved]: [&str; 2]) {
    // A dead payment can be renewed, and neither held nor sent again; with the other it is the other way round.
    for act in ACTS {
        let path = format!("{PREFIX}/payments/{{payment}}/{act}");
        for payment in [dead, reserved, "nothing"] {
            for body in bodies() {
                let answer = operator
                    .call(&path.replace("{payment}", payment), &body)
                    .await;
                document.assert_describes("post", &path, &answer);
            }
        }
    }
    let resume = format!("{PREFIX}/rail/resume");
    let pause = format!("{PREFIX}/rail/pause");
    for path in [&resume, &pause, &resume] {
        for body in bodies() {
            document.assert_describes("post", path, &operator.call(path, &body).await);
        }
    }
}

async fn words(document: &mut Document, [operator, approver]: [&mut Browser; 2]) {
    let list = format!("{PREFIX}/decisions");
    let answer = approver.get(&list).await;
    document.assert_describes("get", &list, &answer);
    let waiting = answer.json();
    let waiting = waiting.as_array().unwrap();
    let of_kind = |kind: &str| waiting.iter().find(|one| one["kind"] == kind).unwrap();
    let (renewal, resume) = (of_kind("renewal"), of_kind("rail.resume"));
    // A resumption of its own for each word: the second is proposed while the first waits.
    let said = |one: &Value| json!({ "digest": one["digest"], "reason": "looked at" });
    for (word, browser, one) in [
        ("reject", &mut *approver, renewal),
        ("withdraw", &mut *operator, resume),
    ] {
        let path = format!("{PREFIX}/decisions/{{decision}}/{word}");
        let target = path.replace("{decision}", one["decision"].as_str().unwrap());
        for body in bodies().into_iter().chain([said(one), said(one)]) {
            document.assert_describes("post", &path, &browser.call(&target, &body).await);
        }
        let nowhere = path.replace("{decision}", "nothing");
        document.assert_describes("post", &path, &browser.call(&nowhere, &said(one)).await);
    }
    let again = operator
        .call(
            &format!("{PREFIX}/rail/resume"),
            &json!({ "reason": "again" }),
        )
        .await
        .json();
    let id = again["decision"].as_str().unwrap();
    let all = approver.get(&list).await.json();
    let all = all.as_array().unwrap();
    let one = all.iter().find(|one| one["decision"] == id).unwrap();
    let path = format!("{PREFIX}/decisions/{{decision}}/approve");
    for target in [id, "nothing"] {
        let target = path.replace("{decision}", target);
        for body in bodies().into_iter().chain([said(one), said(one)]) {
            document.assert_describes("post", &path, &approver.call(&target, &body).await);
        }
    }
}
