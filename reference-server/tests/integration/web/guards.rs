//! Laws against hostile requests: other sites, long bodies, broken bodies, GETs that change something.

use http::{Method, StatusCode, header};
use serde_json::json;

use super::{
    browser::{Answer, Browser, FORM, JSON, Watch},
    routes::{GETS, POSTS},
};
use crate::app::TestApp;

/// A body that this route takes.
fn kind(path: &str) -> &'static str {
    if path.contains("/api/") { JSON } else { FORM }
}

async fn post_from(browser: &mut Browser, path: &str, marks: &[(&str, &str)]) -> Answer {
    let mut request = browser.request(Method::POST, path);
    request = request.header(header::CONTENT_TYPE, kind(path));
    for (name, value) in marks {
        request = request.header(*name, *value);
    }
    browser.send(request, "").await
}

#[tokio::test]
async fn no_route_takes_a_post_of_another_site() {
    let test = TestApp::new().await;
    let (_person, mut browser) = Browser::of_follower(&test, "victim").await;
    let pass = browser.answer(&test, 5).await;
    let cookies = browser.cookies.clone();
    let mut watch = Watch::new(&test);
    let before = (
        watch.version(),
        test.app.now(),
        test.simulator.people_count(),
    );
    let foreign: [&[(&str, &str)]; 5] = [
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[
            ("origin", "https://evil.example"),
            ("sec-fetch-site", "cross-site"),
        ],
    ];
    for path in POSTS {
        for marks in foreign {
            let answer = post_from(&mut browser, path, marks).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} {marks:?}");
            if path.contains("/api/") {
                answer.assert_problem(403, "cross-site-request");
            }
        }
    }
    let claim = browser.request(Method::POST, "/claims");
    let claim = claim
        .header(header::CONTENT_TYPE, FORM)
        .header(header::ORIGIN, "https://evil.example");
    let claim = browser.send(claim, format!("attempt={pass}")).await;
    claim.assert_page(403, &["这次操作没有从本站发出"]);
    let after = (
        watch.version(),
        test.app.now(),
        test.simulator.people_count(),
    );
    assert_eq!(after, before);
    assert_eq!(browser.cookies, cookies);
    let own = browser.form("/claims", &format!("attempt={pass}")).await;
    own.assert_leads("/packet/");
}

#[tokio::test]
async fn no_route_refuses_its_own_site_as_another() {
    let test = TestApp::new().await;
    let own: [&[(&str, &str)]; 3] = [
        &[("origin", "http://127.0.0.1:8080")],
        &[("sec-fetch-site", "same-origin")],
        &[],
    ];
    for path in POSTS {
        for marks in own {
            let answer = post_from(&mut Browser::new(&test), path, marks).await;
            // What is not WeChat's own is refused there whoever sends it.
            let is_callback = path == "/wechat/callback";
            assert_eq!(
                answer.status == StatusCode::FORBIDDEN,
                is_callback,
                "{path} {marks:?}: {answer:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_get_changes_nothing() {
    let test = TestApp::new().await;
    let (_person, mut browser) = Browser::of_follower(&test, "reader").await;
    let pass = browser.answer(&test, 5).await;
    let token = browser.draw().await["attempt_id"]
        .as_str()
        .unwrap()
        .to_owned();
    // The poster's code and WeChat's token are made when somebody first looks.
    browser.get("/poster").await.assert_page(200, &[]);
    browser
        .get("/share-signature?url=http://127.0.0.1:8080/")
        .await;
    browser.get("/simulator").await.assert_page(200, &[]);
    let mut watch = Watch::new(&test);
    let mut state = || {
        (
            watch.version(),
            test.app.now(),
            test.simulator.people_count(),
        )
    };
    let before = state();
    let own = [format!("/result/{pass}"), format!("/quiz/{token}")];
    let paths = GETS.into_iter().chain(own.iter().map(String::as_str));
    for path in paths {
        browser.get(path).await;
        assert_eq!(state(), before, "{path}");
    }
    for path in ["/logout", "/simulator/act", "/api/v1/claims"] {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
    }
    assert_eq!(state(), before);
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused_with_413() {
    let test = TestApp::new().await;
    let (_person, mut browser) = Browser::of_follower(&test, "verbose").await;
    let token = browser.draw().await["attempt_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut watch = Watch::new(&test);
    let before = watch.version();
    let long = json!({ "attempt_id": "x".repeat(16 * 1024) });
    let calls = [
        "/api/v1/claims".to_owned(),
        format!("/api/v1/attempts/{token}/submission"),
    ];
    for path in calls {
        let refused = browser.call(&path, &long).await;
        refused.assert_problem(413, "body-too-large");
    }
    let long = format!("attempt={}", "x".repeat(64 * 1024));
    for path in [
        "/claims".to_owned(),
        "/quiz".to_owned(),
        format!("/quiz/{token}"),
    ] {
        let refused = browser.form(&path, &long).await;
        refused.assert_page(413, &["发来的内容太长了"]);
    }
    assert_eq!(watch.version(), before);
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_refused_with_a_problem_in_chinese() {
    let test = TestApp::new().await;
    let (_person, mut browser) = Browser::of_follower(&test, "garbled").await;
    let token = browser.draw().await["attempt_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let submission = format!("/api/v1/attempts/{token}/submission");
    let broken = [
        "{",
        "[7]",
        "{\"answers\":7}",
        "{\"answers\":{}}x",
        "{\"more\":1}",
        "\u{0}",
    ];
    for path in [submission.as_str(), "/api/v1/claims"] {
        for body in broken {
            let request = browser.request(Method::POST, path);
            let request = request.header(header::CONTENT_TYPE, JSON);
            let answer = browser.send(request, body).await;
            answer.assert_problem(400, "malformed-request");
        }
    }
    for (ordinal, letter) in [("11", "A"), ("0", "A"), ("1", "E"), ("x", "A"), ("1", "")] {
        let body = json!({ "answers": { ordinal: letter } });
        let answer = browser.call(&submission, &body).await;
        answer.assert_problem(422, "unknown-answer");
    }
    assert_eq!(test.number("SELECT COUNT(*) FROM attempt"), 0);
}

#[tokio::test]
async fn an_address_that_leads_nowhere_says_so_to_people_and_to_programs() {
    let test = TestApp::new().await;
    let (_person, mut browser) = Browser::of_follower(&test, "lost").await;
    for path in [
        "/nowhere",
        "/city/atlantis",
        "/result/x",
        "/packet/x",
        "/quiz/x",
        "/quiz/x.y",
    ] {
        let page = browser.get(path).await;
        page.assert_page(404, &["回到首页"]);
        assert_eq!(page.header("cache-control"), "private, no-store");
    }
    browser
        .get("/api/v1/nowhere")
        .await
        .assert_problem(404, "not-found");
    let wrong = browser.get("/api/v1/claims").await;
    wrong.assert_problem(405, "method-not-allowed");
    let stranger = Browser::new(&test).get("/api/v1/me").await;
    stranger.assert_problem(401, "login-required");
}
