//! The console as JSON: every answer is as documented.

use reference_server::contest::{organiser::Role, rescore};
use serde_json::json;

use super::{bank_draft_calls, books_calls, colleague, money_calls, signed_in_as, step_up};
use crate::{
    app::{FIRST_CITY, SECOND_CITY, TestApp},
    web::{browser::Browser, document::Document},
};

const ME: &str = "/api/v1/console/me";
const ACCOUNTS: &str = "/api/v1/console/accounts";
const OVERVIEW: &str = "/api/v1/console/cities/{city}/overview";
const STATISTICS: &str = "/api/v1/console/cities/{city}/statistics";
const ITEMS: &str = "/api/v1/console/cities/{city}/items";
const AWARD: &str = "/api/v1/console/award";
const AWARD_FORMULA: &str = "/api/v1/console/award/formula";
const AWARD_RESULT: &str = "/api/v1/console/award/result";
const AWARD_DECIDE: &str = "/api/v1/console/award/decide";
const BULLETINS: &str = "/api/v1/console/cities/{city}/bulletins";
const BULLETIN: &str = "/api/v1/console/cities/{city}/bulletin";
const BULLETIN_COUNT: &str = "/api/v1/console/cities/{city}/bulletin/count";
const BULLETIN_SIGN: &str = "/api/v1/console/cities/{city}/bulletin/sign";
const CODES: &str = "/api/v1/console/cities/{city}/district-codes";
const SEASON: &str = "/api/v1/console/season";
const LOG: &str = "/api/v1/console/audit-log";
const DISABLE: &str = "/api/v1/console/accounts/{name}/disable";
const RESET: &str = "/api/v1/console/accounts/{name}/reset";

#[tokio::test]
async fn every_answer_to_an_organiser_is_as_documented() {
    let test = TestApp::new().await;
    let mut document = Document::of(&test).await;
    colleague(&test, "victim", Role::Auditor).await;
    let mut nobody = Browser::new(&test);
    let mut admin = signed_in_as(&test, "admin", Role::ProvinceAdmin).await;
    let mut editor = signed_in_as(&test, "editor", Role::CityEditor).await;
    let mut security = signed_in_as(&test, "security", Role::SecurityAdmin).await;
    step_up(&test, &mut security, "security").await;
    for browser in [&mut nobody, &mut admin] {
        document.assert_describes("get", ME, &browser.get(ME).await);
    }
    for browser in [&mut nobody, &mut admin, &mut editor, &mut security] {
        document.assert_describes("get", ACCOUNTS, &browser.get(ACCOUNTS).await);
    }
    for city in [FIRST_CITY, SECOND_CITY] {
        let target = OVERVIEW.replace("{city}", city);
        for browser in [&mut nobody, &mut admin, &mut editor] {
            document.assert_describes("get", OVERVIEW, &browser.get(&target).await);
        }
    }
    step_up(&test, &mut admin, "admin").await;
    bulletins(
        &mut document,
        [&mut nobody, &mut admin, &mut editor, &mut security],
    )
    .await;
    award(&mut document).await;
    statistics(
        &mut document,
        [&mut nobody, &mut admin, &mut editor, &mut security],
    )
    .await;
    for browser in [&mut nobody, &mut admin, &mut editor] {
        document.assert_describes("get", LOG, &browser.get(LOG).await);
    }
    accounts(&mut document, [&mut nobody, &mut admin], &mut security).await;
    super::pauses::describe(&test, &mut document).await;
    super::preflight::describe(&test, &mut document).await;
    super::settings::describe(&test, &mut document).await;
    super::schedule::describe(&test, &mut document).await;
    super::editions::describe(&mut document).await;
    money_calls::assert_described(&test, &mut document).await;
    books_calls::assert_described(&TestApp::new().await, &mut document).await;
    super::city_pages::describe(&test, &mut document).await;
    answers_about_corrections(&test, &mut document).await;
    bank_draft_calls::describe(&mut document).await;
    let unseen: Vec<String> = document
        .documented(true)
        .difference(&document.seen)
        .cloned()
        .collect();
    assert_eq!(unseen, Vec::<String>::new());
    assert_eq!(document.seen, document.documented(true));
}

/// Making, disabling and resetting accounts, by who may and who may not.
async fn accounts(document: &mut Document, others: [&mut Browser; 2], security: &mut Browser) {
    let account = |name: &str, role: &str, city: Option<&str>| json!({ "name": name, "display_name": "王芳", "roles": [role], "city": city });
    let too_long = json!("x".repeat(170_000));
    for body in [
        json!(7),
        too_long.clone(),
        account("wang.fang", "auditor", None),
        account("wang.fang", "auditor", None),
        account("li.lei", "city_editor", Some("atlantis")),
        account("li.lei", "emperor", None),
    ] {
        document.assert_describes("post", ACCOUNTS, &security.call(ACCOUNTS, &body).await);
    }
    for browser in others {
        for call in [ACCOUNTS, DISABLE, RESET] {
            let target = call.replace("{name}", "victim");
            document.assert_describes("post", call, &browser.call(&target, &json!({})).await);
        }
    }
    for call in [RESET, DISABLE] {
        for (name, body) in [
            ("victim", json!(7)),
            ("victim", too_long.clone()),
            ("victim", json!({ "reason": "" })),
            ("nobody", json!({ "reason": "why" })),
            ("victim", json!({ "reason": "why" })),
        ] {
            let target = call.replace("{name}", name);
            document.assert_describes("post", call, &security.call(&target, &body).await);
        }
    }
}

/// The calls of the organisation award, in a season that begins and ends.
async fn award(document: &mut Document) {
    let test = TestApp::starting("2020-04-21 09:00:00").await;
    let mut nobody = Browser::new(&test);
    let mut admin = signed_in_as(&test, "admin", Role::ProvinceAdmin).await;
    let mut second = signed_in_as(&test, "second", Role::ContentApprover).await;
    let mut editor = signed_in_as(&test, "editor", Role::CityEditor).await;
    for browser in [&mut nobody, &mut admin, &mut editor] {
        document.assert_describes("get", AWARD, &browser.get(AWARD).await);
    }
    step_up(&test, &mut second, "second").await;
    let mut asked = json!({ "formula": "people", "n_winners": 1, "reason": "x",
        "proposal": 1, "digest": "x", "verdict": "approve" });
    let too_long = json!("x".repeat(170_000));
    for call in [AWARD_FORMULA, AWARD_RESULT, AWARD_DECIDE] {
        let may = if call == AWARD_DECIDE {
            &mut second
        } else {
            &mut admin
        };
        for body in [json!(7), too_long.clone(), asked.clone()] {
            document.assert_describes("post", call, &may.call(call, &body).await);
        }
        for browser in [&mut nobody, &mut editor] {
            document.assert_describes("post", call, &browser.call(call, &asked).await);
        }
    }
    asked["digest"] = test.raw().text("SELECT digest FROM proposal").into();
    let answer = second.call(AWARD_DECIDE, &asked).await;
    document.assert_describes("post", AWARD_DECIDE, &answer);
    let last = test
        .app
        .season
        .edition()
        .rounds()
        .last()
        .unwrap()
        .window()
        .end();
    test.sleep_until(last + chrono::TimeDelta::minutes(2));
    let mut late = signed_in_as(&test, "late", Role::ProvinceAdmin).await;
    for call in [AWARD_FORMULA, AWARD_RESULT] {
        document.assert_describes("post", call, &late.call(call, &asked).await);
    }
}

/// The calls of the bulletins, by somebody who has shown the second factor again and others.
async fn bulletins(document: &mut Document, browsers: [&mut Browser; 4]) {
    let [nobody, admin, editor, security] = browsers;
    for city in [FIRST_CITY, SECOND_CITY] {
        for call in [BULLETINS, BULLETIN] {
            let target = call.replace("{city}", city);
            for browser in [&mut *nobody, &mut *admin, &mut *editor] {
                document.assert_describes("get", call, &browser.get(&target).await);
            }
        }
    }
    let day = json!({ "day": "2020-04-22", "draft": 1 });
    let too_long = json!("x".repeat(170_000));
    for call in [BULLETIN_COUNT, BULLETIN_SIGN] {
        let target = call.replace("{city}", FIRST_CITY);
        for browser in [&mut *nobody, &mut *security, &mut *editor] {
            document.assert_describes("post", call, &browser.call(&target, &day).await);
        }
        for body in [json!(7), too_long.clone(), day.clone(), day.clone()] {
            document.assert_describes("post", call, &admin.call(&target, &body).await);
        }
        let never = json!({ "day": "2021-04-22", "draft": 1 });
        document.assert_describes("post", call, &admin.call(&target, &never).await);
    }
    let sign = BULLETIN_SIGN.replace("{city}", FIRST_CITY);
    for situation in ["x".repeat(2_001), "quiet".to_owned()] {
        let newest = json!({ "day": "2020-04-22", "draft": 2, "situation": situation });
        let answer = admin.call(&sign, &newest).await;
        document.assert_describes("post", BULLETIN_SIGN, &answer);
    }
    let target = BULLETIN.replace("{city}", FIRST_CITY);
    document.assert_describes("get", BULLETIN, &admin.get(&target).await);
}

/// The calls of the statistics.
async fn statistics(document: &mut Document, browsers: [&mut Browser; 4]) {
    let [nobody, admin, editor, security] = browsers;
    for city in [FIRST_CITY, SECOND_CITY] {
        let target = STATISTICS.replace("{city}", city);
        for browser in [&mut *nobody, &mut *admin, &mut *editor] {
            document.assert_describes("get", STATISTICS, &browser.get(&target).await);
        }
        let target = ITEMS.replace("{city}", city);
        for browser in [&mut *nobody, &mut *admin, &mut *editor, &mut *security] {
            document.assert_describes("get", ITEMS, &browser.get(&target).await);
        }
    }
    for city in [FIRST_CITY, SECOND_CITY] {
        let target = CODES.replace("{city}", city);
        for browser in [&mut *nobody, &mut *admin, &mut *editor] {
            document.assert_describes("get", CODES, &browser.get(&target).await);
        }
        for browser in [&mut *nobody, &mut *security, &mut *editor] {
            document.assert_describes("post", CODES, &browser.call(&target, &json!({})).await);
        }
    }
    for browser in [&mut *nobody, &mut *admin, &mut *editor] {
        document.assert_describes("get", SEASON, &browser.get(SEASON).await);
    }
}

const CORRECTIONS: &str = "/api/v1/console/cities/{city}/corrections";
const GAINS: &str = "/api/v1/console/cities/{city}/gains";
const DECISIONS: [&str; 3] = ["approve", "reject", "withdraw"];

async fn answers_about_corrections(test: &TestApp, document: &mut Document) {
    let mut nobody = Browser::new(test);
    let mut maker = signed_in_as(test, "bank-maker", Role::ProvinceAdmin).await;
    let mut checker = signed_in_as(test, "bank-checker", Role::ContentApprover).await;
    let mut finance = signed_in_as(test, "bank-finance", Role::FinanceOperator).await;
    let of = |path: &str, city: &str| path.replace("{city}", city);
    for path in [CORRECTIONS, GAINS] {
        for browser in [&mut nobody, &mut maker, &mut finance] {
            let answer = browser.get(&of(path, FIRST_CITY)).await;
            document.assert_describes("get", path, &answer);
        }
        let elsewhere = maker.get(&of(path, "atlantis")).await;
        document.assert_describes("get", path, &elsewhere);
    }
    let target = of(CORRECTIONS, FIRST_CITY);
    let wish = |question: u16, accepted: &[&str], reason: &str| json!({ "question": question, "accepted": accepted, "reason": reason });
    for body in [
        json!(7),
        wish(1, &[], "why"),
        wish(1, &[], "why"),
        wish(2, &[], ""),
        wish(2, &["Z"], "why"),
        wish(2, &[], "why"),
        wish(3, &[], "why"),
        wish(4, &[], "why"),
    ] {
        document.assert_describes("post", CORRECTIONS, &maker.call(&target, &body).await);
    }
    for browser in [&mut nobody, &mut finance] {
        let answer = browser.call(&target, &wish(5, &[], "why")).await;
        document.assert_describes("post", CORRECTIONS, &answer);
    }
    let waiting = maker.get(&target).await.json();
    let waiting = waiting["waiting"].as_array().unwrap().clone();
    for (decision, proposal) in DECISIONS.iter().zip(&waiting) {
        let path = format!("{CORRECTIONS}/{{proposal}}/{decision}");
        let number = proposal["proposal"].to_string();
        let target = path.replace("{proposal}", &number);
        let word = |reason: &str| json!({ "digest": proposal["digest"], "reason": reason });
        let (right, wrong) = if *decision == "withdraw" {
            (&mut maker, &mut finance)
        } else {
            (&mut checker, &mut finance)
        };
        for (city, body) in [
            ("atlantis", word("why")),
            (FIRST_CITY, json!(7)),
            (FIRST_CITY, word("")),
        ] {
            let answer = right.call(&of(&target, city), &body).await;
            document.assert_describes("post", &path, &answer);
        }
        for browser in [wrong, &mut nobody] {
            let answer = browser.call(&of(&target, FIRST_CITY), &word("why")).await;
            document.assert_describes("post", &path, &answer);
        }
        for _time in 0..2 {
            let answer = right.call(&of(&target, FIRST_CITY), &word("why")).await;
            document.assert_describes("post", &path, &answer);
        }
    }
    rescore::do_due(&test.app).await.unwrap();
    let gains = maker.get(&of(GAINS, FIRST_CITY)).await;
    document.assert_describes("get", GAINS, &gains);
    assert_eq!(gains.json()["done"], true);
}
