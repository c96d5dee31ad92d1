//! Laws of headers and markup: what a browser may run, frame, keep and hand on.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{Method, StatusCode, header};
use sha2::{Digest as _, Sha256};

use super::{
    browser::{Answer, Browser, between},
    routes::{GETS, POSTS},
};
use crate::app::TestApp;

pub(super) fn assert_guarded(path: &str, answer: &Answer) {
    assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
    assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}");
    assert_eq!(
        answer.header("cross-origin-opener-policy"),
        "same-origin",
        "{path}"
    );
    assert_eq!(answer.header("x-request-id").len(), 7, "{path}");
    let policy = answer.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
    assert!(
        !policy.contains("unsafe-eval") && !policy.contains('*'),
        "{path}: {policy}"
    );
    if path.ends_with("hero.svg") {
        // A picture with a style of its own, in a box where no script runs.
        assert!(
            policy.ends_with("sandbox") && !policy.contains("script-src"),
            "{policy}"
        );
        return;
    }
    assert!(!policy.contains("unsafe-inline"), "{path}: {policy}");
    for part in [
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'self'",
    ] {
        assert!(policy.contains(part), "{path}: {policy}");
    }
}

/// Nothing that the policy would block, and nothing from another host.
pub(super) fn assert_clean(path: &str, page: &Answer) {
    let policy = page.header("content-security-policy");
    let mut markup = page.body.clone();
    for kind in ["style", "script"] {
        let (opens, closes) = (format!("<{kind}>"), format!("</{kind}>"));
        while let Some((before, rest)) = markup.split_once(&opens) {
            let (inline, after) = rest.split_once(&closes).unwrap();
            let digest = STANDARD.encode(Sha256::digest(inline));
            assert!(
                policy.contains(&format!("'sha256-{digest}'")),
                "{path}: a {kind} that the policy does not name"
            );
            markup = format!("{before}{after}");
        }
    }
    let tags = markup
        .split('<')
        .skip(1)
        .map(|tag| tag.split('>').next().unwrap());
    for tag in tags {
        assert!(!tag.starts_with("style"), "{path}: <{tag}>");
        assert!(!tag.contains(" style="), "{path}: <{tag}>");
        assert!(!has_handler(tag), "{path}: <{tag}>");
        assert!(
            !tag.to_lowercase().contains("javascript:"),
            "{path}: <{tag}>"
        );
        if tag.starts_with("script") {
            assert!(tag.contains("src=\"/s/"), "{path}: <{tag}>");
        }
        if tag.starts_with("link") {
            assert!(tag.contains("href=\"/s/"), "{path}: <{tag}>");
        }
    }
    assert!(page.body.starts_with("<!DOCTYPE html>"), "{path}");
    assert!(page.body.contains("lang=\"zh-CN\""), "{path}");
}

/// Whether a tag has an attribute such as `onclick=`.
fn has_handler(tag: &str) -> bool {
    tag.split_ascii_whitespace().skip(1).any(|attribute| {
        let name = attribute.split('=').next().unwrap();
        attribute.contains('=') && name.len() > 2 && name.starts_with("on")
    })
}

#[test]
fn an_inline_handler_would_be_seen() {
    assert!(has_handler("a href=\"/\" onclick=\"x()\""));
    assert!(!has_handler("a class=\"on\" href=\"/\""));
}

#[tokio::test]
async fn every_answer_has_the_security_headers_and_no_code_beyond_the_policy() {
    let test = TestApp::new().await;
    let (_person, mut browser) = Browser::of_follower(&test, "person").await;
    let pass = browser.answer(&test, 5).await;
    let opened = browser.form("/claims", &format!("attempt={pass}")).await;
    let token = browser
        .form("/quiz", "fresh=1")
        .await
        .assert_leads("/quiz/");
    let own = [
        format!("/result/{pass}"),
        token,
        opened.location().to_owned(),
    ];
    for path in GETS.into_iter().chain(own.iter().map(String::as_str)) {
        for browser in [&mut browser, &mut Browser::new(&test)] {
            let answer = browser.get(path).await;
            assert_guarded(path, &answer);
            if answer.header("content-type").starts_with("text/html") {
                assert_clean(path, &answer);
            }
        }
    }
    for path in POSTS {
        assert_guarded(path, &Browser::new(&test).form(path, "").await);
    }
}

#[tokio::test]
async fn a_citys_page_runs_nothing_and_loads_nothing_from_elsewhere() {
    let test = TestApp::new().await;
    let mut browser = Browser::new(&test);
    let page = browser.get("/city/yancheng").await;
    page.assert_page(200, &["欢迎来盐城。"]);
    assert_clean("/city/yancheng", &page);
    for word in ["alert(1)", "evil.example/pixel", "position:fixed"] {
        assert!(!page.body.contains(word), "{word} in {}", page.body);
    }
    let hero = browser.get("/city/yancheng/hero.svg").await;
    assert_eq!(hero.status, StatusCode::OK);
    assert_guarded("/city/yancheng/hero.svg", &hero);
}

#[tokio::test]
async fn what_belongs_to_a_person_is_kept_nowhere() {
    let test = TestApp::new().await;
    let (_person, mut browser) = Browser::of_follower(&test, "person").await;
    let pass = browser.answer(&test, 5).await;
    let opened = browser.form("/claims", &format!("attempt={pass}")).await;
    let token = browser
        .form("/quiz", "fresh=1")
        .await
        .assert_leads("/quiz/");
    let own = [
        format!("/result/{pass}"),
        token,
        opened.location().to_owned(),
    ];
    let fixed = [
        "/",
        "/me",
        "/me/export",
        "/poster",
        "/quiz",
        "/follow",
        "/consent",
        "/simulator",
    ];
    for path in fixed.into_iter().chain(own.iter().map(String::as_str)) {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(
            answer.header("cache-control"),
            "private, no-store",
            "{path}"
        );
    }
    for path in ["/api/v1/me", "/api/v1/contest"] {
        let caching = browser.get(path).await;
        assert!(
            caching.header("cache-control").contains("no-store"),
            "{path}"
        );
    }
    let call = browser
        .call("/api/v1/attempts", &serde_json::json!({}))
        .await;
    assert!(call.header("cache-control").contains("no-store"));
}

#[tokio::test]
async fn assets_never_change_under_their_address() {
    let test = TestApp::new().await;
    let mut browser = Browser::new(&test);
    let page = browser.get("/").await.body;
    let assets = [
        between(&page, "rel=\"stylesheet\" href=\"", "\""),
        between(&page, "<script src=\"", "\""),
        between(&page, "rel=\"icon\" href=\"", "\""),
    ];
    for path in assets {
        let asset = browser.get(&path).await;
        assert_eq!(asset.status, StatusCode::OK, "{path}");
        assert_guarded(&path, &asset);
        assert_eq!(
            asset.header("cache-control"),
            "public, max-age=31536000, immutable"
        );
        let tag = asset.header("etag").to_owned();
        let request = browser.request(Method::GET, &path);
        let known = browser
            .send(request.header(header::IF_NONE_MATCH, &tag), "")
            .await;
        assert_eq!(
            (known.status, known.body.as_str()),
            (StatusCode::NOT_MODIFIED, "")
        );
        let (stem, rest) = path.split_once('.').unwrap();
        let (_digest, ending) = rest.split_once('.').unwrap();
        let other = browser.get(&format!("{stem}.000000000000.{ending}")).await;
        assert_eq!(other.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn cookies_are_closed_to_scripts_and_to_other_sites() {
    let test = TestApp::new().await;
    let (person, mut browser) = Browser::of_follower(&test, "person").await;
    let answers = [
        browser.get("/login").await,
        browser.get("/text-size/large").await,
        browser.form("/quiz", "fresh=1").await,
        browser.form("/logout", "").await,
    ];
    for answer in answers {
        let set: Vec<_> = answer.headers.get_all(header::SET_COOKIE).iter().collect();
        assert!(!set.is_empty());
        for cookie in set {
            let cookie = cookie.to_str().unwrap();
            for attribute in ["Path=/", "HttpOnly", "SameSite=Lax"] {
                assert!(cookie.contains(attribute), "{cookie}");
            }
            assert!(!cookie.contains(&person.openid) && !cookie.contains(person.id.as_str()));
        }
    }
}
