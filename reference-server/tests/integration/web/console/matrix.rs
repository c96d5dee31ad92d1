//! Every role at every route, over HTTP; the matrix is the one in the documents.

use http::StatusCode;
use reference_server::{contest::organiser::Role, web};
use serde_json::json;

use super::{colleague, money::decided, send, signed_in_as, step_up};
use crate::{
    app::{FIRST_CITY, SECOND_CITY, TestApp},
    web::{
        browser::{Answer, Browser},
        headers::{assert_clean, assert_guarded},
    },
};

const DOCUMENT: &str = include_str!("../../../../CONSOLE.md");

/// A row of the matrix.
struct Row {
    is_post: bool,
    path: String,
    is_of_city: bool,
    marks: Vec<String>,
}

fn rows() -> Vec<Row> {
    let matrix = web::console_matrix();
    matrix
        .lines()
        .skip(2)
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            let [method, path, belongs_to, _again, marks @ ..] = cells.as_slice() else {
                panic!("no row: {line}");
            };
            assert_eq!(marks.len(), Role::ALL.len(), "{line}");
            Row {
                is_post: *method == "POST",
                path: path.trim_matches('`').to_owned(),
                is_of_city: *belongs_to == "a city",
                marks: marks.iter().map(|mark| (*mark).to_owned()).collect(),
            }
        })
        .collect()
}

async fn ask(browser: &mut Browser, row: &Row, city: &str, number: &str) -> Answer {
    let path = row
        .path
        .replace("{city}", city)
        .replace("{name}", "victim")
        .replace("{payment}", number)
        .replace("{decision}", "proposal-1")
        .replace("{incident}", "1")
        .replace("{day}", "2020-04-22")
        .replace("{token}", "nothing")
        .replace("{picture}", "0123456789abcdef.jpg")
        .replace("{number}", "100")
        .replace("{item}", "0-1")
        .replace("{proposal}", "1");
    if path.ends_with("/live") {
        return browser.head_of(&path).await;
    }
    match (row.is_post, path.contains("/api/")) {
        (false, _) => browser.get(&path).await,
        (true, true) => browser.call(&path, &json!({})).await,
        (true, false) => send(browser, &path, "").await,
    }
}

#[test]
fn the_matrix_in_the_documents_is_the_one_the_router_is_made_from() {
    let matrix = web::console_matrix();
    assert!(
        DOCUMENT.contains(&matrix),
        "CONSOLE.md has another matrix than:\n{matrix}"
    );
}

#[tokio::test]
async fn every_role_gets_at_every_route_what_the_matrix_says() {
    let test = TestApp::new().await;
    colleague(&test, "victim", Role::Auditor).await;
    let number = decided(&test).await;
    for city in [FIRST_CITY, SECOND_CITY] {
        test.raw().run(&format!(
            "INSERT INTO page_picture VALUES ('{city}', '0123456789abcdef', 'AAAA', 1, 1, 'x', 0)"
        ));
    }
    let rows = rows();
    for (nth, role) in Role::ALL.into_iter().enumerate() {
        let name = format!("person-{nth}");
        let mut browser = signed_in_as(&test, &name, role).await;
        step_up(&test, &mut browser, &name).await;
        // Whoever signs out sees nothing more; that is another test's.
        for row in rows.iter().filter(|row| !row.path.ends_with("/sign-out")) {
            let is_allowed = !row.marks[nth].is_empty();
            for city in [SECOND_CITY, FIRST_CITY, "atlantis"] {
                let answer = ask(&mut browser, row, city, &number).await;
                let told = format!("{role:?} at {} of {city}: {answer:?}", row.path);
                assert_guarded(&row.path, &answer);
                let is_page = answer.header("content-type").starts_with("text/html");
                if is_page && !row.path.ends_with("/live") {
                    assert_clean(&row.path, &answer);
                }
                let is_foreign = row.is_of_city
                    && (city == "atlantis" || (role == Role::CityEditor && city != SECOND_CITY));
                if !is_allowed {
                    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{told}");
                } else if is_foreign {
                    assert_eq!(answer.status, StatusCode::NOT_FOUND, "{told}");
                } else {
                    let refused = [StatusCode::FORBIDDEN, StatusCode::UNAUTHORIZED];
                    let is_door = row.path.ends_with("sign-in") || row.path.ends_with("step-up");
                    assert!(is_door || !refused.contains(&answer.status), "{told}");
                    // There is no such item in a draft that nobody has begun.
                    let may_miss = row.path == "/console/switch" || row.path.contains("{item}");
                    assert!(answer.status != StatusCode::NOT_FOUND || may_miss, "{told}");
                    assert!(!answer.status.is_server_error(), "{told}");
                    assert!(!answer.location().starts_with("/console/sign-in"), "{told}");
                }
                if !row.is_of_city {
                    break;
                }
            }
        }
    }
}

#[tokio::test]
async fn whoever_is_not_signed_in_gets_no_further_than_the_door() {
    let test = TestApp::new().await;
    colleague(&test, "victim", Role::Auditor).await;
    for row in rows().iter().filter(|row| row.marks[0] != "anybody") {
        let mut stranger = Browser::new(&test);
        let path = row
            .path
            .replace("{city}", FIRST_CITY)
            .replace("{name}", "victim")
            .replace("{payment}", "nothing")
            .replace("{decision}", "proposal-1")
            .replace("{incident}", "1")
            .replace("{day}", "2020-04-22")
            .replace("{number}", "100")
            .replace("{item}", "0-1")
            .replace("{proposal}", "1");
        let answer = match (row.is_post, path.contains("/api/")) {
            (false, _) => stranger.get(&path).await,
            (true, true) => stranger.call(&path, &json!({})).await,
            (true, false) => stranger.form(&path, "reason=x").await,
        };
        if path.contains("/api/") {
            answer.assert_problem(401, "sign-in-required");
        } else {
            answer.assert_leads("/console/sign-in?next=%2Fconsole");
        }
    }
}

#[tokio::test]
async fn a_form_without_the_token_of_its_session_changes_nothing() {
    let test = TestApp::new().await;
    colleague(&test, "victim", Role::Auditor).await;
    let mut browser = signed_in_as(&test, "security", Role::SecurityAdmin).await;
    step_up(&test, &mut browser, "security").await;
    let mut other = signed_in_as(&test, "security-2", Role::SecurityAdmin).await;
    let page = other.get("/console/account").await;
    let (_before, rest) = page
        .body
        .split_once("name=\"form_token\" value=\"")
        .unwrap();
    let foreign = &rest[..32];
    let target = "/console/accounts/victim/disable";
    for fields in [
        "reason=x".to_owned(),
        "form_token=&reason=x".to_owned(),
        format!("form_token={foreign}&reason=x"),
    ] {
        let answer = browser.form(target, &fields).await;
        answer.assert_page(403, &["这张表不是从本次登录的页面交来的"]);
    }
    let disabled = "SELECT COUNT(*) FROM organiser WHERE disabled_ms IS NOT NULL";
    assert_eq!(test.number(disabled), 0);
    let answer = send(&mut browser, target, "reason=x").await;
    answer.assert_leads("/console/accounts");
    assert_eq!(test.number(disabled), 1);
}

#[tokio::test]
async fn what_wants_the_second_factor_again_gets_it_and_only_for_five_minutes() {
    let test = TestApp::new().await;
    colleague(&test, "victim", Role::Auditor).await;
    let mut browser = signed_in_as(&test, "security", Role::SecurityAdmin).await;
    let asked = browser.get("/console/accounts/new").await;
    asked.assert_leads("/console/step-up?next=%2Fconsole%2Faccounts%2Fnew");
    let api = "/api/v1/console/accounts/victim/disable";
    let body = json!({ "reason": "he left" });
    browser
        .call(api, &body)
        .await
        .assert_problem(403, "step-up-required");
    step_up(&test, &mut browser, "security").await;
    browser
        .get("/console/accounts/new")
        .await
        .assert_page(200, &["新建账号"]);
    test.clock.advance_by(chrono::TimeDelta::minutes(5));
    browser
        .call(api, &body)
        .await
        .assert_problem(403, "step-up-required");
    step_up(&test, &mut browser, "security").await;
    assert_eq!(
        browser.call(api, &body).await.status,
        StatusCode::NO_CONTENT
    );
    let audited = "SELECT COUNT(*) FROM audit_event WHERE action = 'organiser.disabled'
                   AND actor = 'security' AND detail = 'organiser=victim reason=he left'";
    assert_eq!(test.number(audited), 1);
}
