//! The calls about bills, incidents, seals and taxes: every answer is as documented.

use chrono::TimeDelta;
use reference_server::contest::organiser::Role;
use serde_json::{Value, json};

use super::{signed_in_as, step_up};
use crate::{
    app::{FIRST_CITY, TestApp},
    bill::{Bill, day},
    web::{browser::Browser, document::Document},
};

const PREFIX: &str = "/api/v1/console";

fn of_day(call: &str) -> String {
    format!("{PREFIX}/books/{{day}}{call}")
}

fn of_incident(call: &str) -> String {
    format!("{PREFIX}/incidents/{{incident}}{call}")
}

/// Asks every call about the books in every way that has an answer of its own.
pub(super) async fn assert_described(test: &TestApp, document: &mut Document) {
    test.winner("counted").await;
    test.settle_for(TimeDelta::hours(60)).await;
    let mut nobody = Browser::new(test);
    let mut operator = signed_in_as(test, "bookkeeper", Role::FinanceOperator).await;
    let mut security = signed_in_as(test, "security-again", Role::SecurityAdmin).await;
    step_up(test, &mut security, "security-again").await;
    let bills = format!("{PREFIX}/bills");
    let reconcile = format!("{PREFIX}/reconcile");
    let mut first = Bill::of(test, day("2020-04-22"));
    first.add("SOMEBODYELSES", false, 100);
    let handed = json!({ "name": "bill.csv", "content": first.text(), "day": null });
    let cut = json!({ "name": "bill.csv", "content": "nothing", "day": null });
    let too_long = json!("x".repeat(33 * 1024 * 1024));
    for body in [json!(7), too_long, cut, handed] {
        document.assert_describes("post", &bills, &operator.call(&bills, &body).await);
    }
    for browser in [&mut nobody, &mut security, &mut operator] {
        document.assert_describes(
            "post",
            &reconcile,
            &browser.call(&reconcile, &json!({})).await,
        );
        for path in ["/books", "/incidents", "/tax", "/tax?city=atlantis"] {
            let answer = browser.get(&format!("{PREFIX}{path}")).await;
            let path = path.split('?').next().unwrap();
            document.assert_describes("get", &format!("{PREFIX}{path}"), &answer);
        }
        for text in ["2020-04-22", "2019-01-01", "someday"] {
            let (shown, closed) = (of_day(""), of_day("/close"));
            let answer = browser.get(&shown.replace("{day}", text)).await;
            document.assert_describes("get", &shown, &answer);
            let answer = browser
                .call(&closed.replace("{day}", text), &json!({}))
                .await;
            document.assert_describes("post", &closed, &answer);
        }
        for text in ["1", "99"] {
            let (shown, taken) = (of_incident(""), of_incident("/take"));
            let answer = browser.get(&shown.replace("{incident}", text)).await;
            document.assert_describes("get", &shown, &answer);
            let answer = browser
                .call(&taken.replace("{incident}", text), &json!({}))
                .await;
            document.assert_describes("post", &taken, &answer);
        }
        document.assert_describes("post", &bills, &browser.call(&bills, &json!({})).await);
        let seal = format!("{PREFIX}/cities/{{city}}/seal");
        for city in [FIRST_CITY, "atlantis"] {
            let target = seal.replace("{city}", city);
            document.assert_describes("get", &seal, &browser.get(&target).await);
            for body in bodies() {
                document.assert_describes("post", &seal, &browser.call(&target, &body).await);
            }
        }
        let propose = of_incident("/propose");
        for text in ["1", "99"] {
            for body in bodies() {
                let target = propose.replace("{incident}", text);
                document.assert_describes("post", &propose, &browser.call(&target, &body).await);
            }
        }
    }
    ended(test, document, &mut operator).await;
}

fn bodies() -> [Value; 5] {
    let said = |action: &str, reason: &str| json!({ "action": action, "reason": reason, "evidence": "ticket" });
    [
        json!(7),
        json!("x".repeat(2 * 1024 * 1024 + 1)),
        said("explained", ""),
        said("dead", "only a held payment dies"),
        said("explained", "another office's"),
    ]
}

/// The incident is over, the books are sealed, and the second factor is shown: what is answered then.
async fn ended(test: &TestApp, document: &mut Document, operator: &mut Browser) {
    let mut approver = signed_in_as(test, "second", Role::FinanceApprover).await;
    step_up(test, &mut approver, "second").await;
    let decisions = format!("{PREFIX}/decisions");
    for one in approver.get(&decisions).await.json().as_array().unwrap() {
        let path = format!("{decisions}/{}/approve", one["decision"].as_str().unwrap());
        let said = json!({ "digest": one["digest"], "reason": "seen" });
        approver.call(&path, &said).await;
    }
    let taken = of_incident("/take");
    let late = operator
        .call(&taken.replace("{incident}", "1"), &json!({}))
        .await;
    document.assert_describes("post", &taken, &late);
    let end = crate::app::shanghai("2020-05-03 12:00:00");
    test.settle_for(end - test.app.now()).await;
    let mut operator = signed_in_as(test, "bookkeeper-2", Role::FinanceOperator).await;
    step_up(test, &mut operator, "bookkeeper-2").await;
    for number in 0..12 {
        let day = schedule_core::ShanghaiDay::from_number(day("2020-04-22").number() + number);
        let mut bill = Bill::of(test, day.unwrap());
        if number == 0 {
            bill.add("SOMEBODYELSES", false, 100);
        }
        let text = bill.day.to_string();
        let body = json!({ "name": "bill.csv", "content": bill.text(), "day": text });
        let path = format!("{PREFIX}/bills");
        document.assert_describes("post", &path, &operator.call(&path, &body).await);
    }
    let close = of_day("/close");
    for _twice in 0..2 {
        let target = close.replace("{day}", "2020-04-23");
        document.assert_describes("post", &close, &operator.call(&target, &json!({})).await);
    }
    let seal = format!("{PREFIX}/cities/{{city}}/seal");
    let target = seal.replace("{city}", FIRST_CITY);
    let said = json!({ "reason": "everything is at its end" });
    document.assert_describes("post", &seal, &operator.call(&target, &said).await);
    for city in ["", "?city=atlantis"] {
        let path = format!("{PREFIX}/tax");
        document.assert_describes("get", &path, &operator.get(&format!("{path}{city}")).await);
    }
}
