//! A browser with cookies over the router, within the process.

use std::{collections::BTreeMap, sync::Arc};

use axum::{Router, body::Body};
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use reference_server::{app::App, web};
use serde_json::{Value, json};
use tower::ServiceExt as _;
use wechat_adapter::simulator::Push;

use crate::{
    app::{Person, TestApp},
    engine::Raw,
};

/// What a form is sent as.
pub(super) const FORM: &str = "application/x-www-form-urlencoded";
/// What JSON is sent as.
pub(super) const JSON: &str = "application/json";

/// What the server answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    pub(super) fn location(&self) -> &str {
        self.header("location")
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Asserts the status alone.
    pub(super) fn assert_status(&self, status: u16) {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
    }

    /// The answer is a problem document of this status and type.
    pub(super) fn assert_problem(&self, status: u16, code: &str) {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["type"], format!("/problems/{code}"));
        assert_eq!(problem["status"], status);
        let title = problem["title"].as_str().unwrap();
        assert!(title.chars().any(is_han), "not Chinese: {title}");
    }

    /// The answer is a page of this status that says these words.
    pub(super) fn assert_page(&self, status: u16, words: &[&str]) {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        assert_eq!(self.header("content-type"), "text/html; charset=utf-8");
        for word in words {
            assert!(self.body.contains(word), "no {word} in {}", self.body);
        }
    }

    /// The answer leads to another page whose path begins so; its whole address.
    pub(super) fn assert_leads(&self, to: &str) -> String {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{self:?}");
        assert!(self.location().starts_with(to), "{}", self.location());
        self.location().to_owned()
    }
}

pub(super) fn is_han(character: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&character)
}

/// A browser of one person.
pub(super) struct Browser {
    router: Router,
    url: String,
    pub(super) cookies: BTreeMap<String, String>,
}

impl Browser {
    pub(super) fn new(test: &TestApp) -> Self {
        Self::over(test.app.clone())
    }

    /// A browser over another instance of the server.
    pub(super) fn over(app: Arc<App>) -> Self {
        Self {
            url: app.public_url.clone(),
            router: web::router(app),
            cookies: BTreeMap::new(),
        }
    }

    /// A browser of a person who has logged in over HTTP.
    pub(super) async fn of(test: &TestApp, person: &Person) -> Self {
        let mut browser = Self::new(test);
        let back = browser.authorized("/", &person.openid).await;
        browser.get(&back).await.assert_leads("/");
        browser
    }

    /// A browser of a person who follows and has agreed to the privacy notice.
    pub(super) async fn of_follower(test: &TestApp, name: &str) -> (Person, Self) {
        let person = test.follower(name).await;
        let mut browser = Self::of(test, &person).await;
        browser.form("/consent", "").await.assert_leads("/quiz/");
        (person, browser)
    }

    /// Goes to WeChat as this person; the address that WeChat sends back to.
    pub(super) async fn authorized(&mut self, next: &str, openid: &str) -> String {
        let away = self.get(&format!("/login?next={next}")).await;
        let page = away.assert_leads(&format!("{}/simulator/wechat/", self.url));
        let page = page.trim_end_matches("#wechat_redirect");
        // WeChat is another site: it gets none of our cookies.
        let mut wechat = Self {
            router: self.router.clone(),
            url: self.url.clone(),
            cookies: BTreeMap::new(),
        };
        let back = wechat.get(&format!("{page}&as={openid}")).await;
        back.assert_leads(&format!("{}/login/return?", self.url))
    }

    pub(super) async fn get(&mut self, target: &str) -> Answer {
        self.send(self.request(Method::GET, target), "").await
    }

    /// The head of an answer whose body never ends.
    pub(super) async fn head_of(&mut self, target: &str) -> Answer {
        let request = self.request(Method::GET, target).body(Body::empty());
        let response = self.router.clone().oneshot(request.unwrap()).await.unwrap();
        Answer {
            status: response.status(),
            headers: response.headers().clone(),
            body: String::new(),
        }
    }

    /// Sends a form as a page of our own does.
    pub(super) async fn form(&mut self, target: &str, fields: &str) -> Answer {
        let request = self.request(Method::POST, target);
        let request = request
            .header(header::CONTENT_TYPE, FORM)
            .header(header::ORIGIN, &self.url)
            .header("sec-fetch-site", "same-origin");
        self.send(request, fields.to_owned()).await
    }

    /// Calls the JSON interface as a script does.
    pub(super) async fn call(&mut self, target: &str, body: &Value) -> Answer {
        let request = self.request(Method::POST, target);
        let request = request.header(header::CONTENT_TYPE, JSON);
        self.send(request, body.to_string()).await
    }

    /// Claims over the JSON interface under a request key.
    pub(super) async fn claim(&mut self, attempt: &str, key: &str) -> Answer {
        let request = self.request(Method::POST, "/api/v1/claims");
        let request = request
            .header(header::CONTENT_TYPE, JSON)
            .header("idempotency-key", key);
        let body = json!({ "attempt_id": attempt });
        self.send(request, body.to_string()).await
    }

    /// A request with the cookies of this browser.
    pub(super) fn request(&self, method: Method, target: &str) -> http::request::Builder {
        let path = target.strip_prefix(&self.url).unwrap_or(target);
        let host = self.url.trim_start_matches("http://");
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, host)
            .header(header::COOKIE, cookies.join("; "))
    }

    pub(super) async fn send(
        &mut self,
        request: http::request::Builder,
        body: impl Into<Body>,
    ) -> Answer {
        let request = request.body(body.into()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        for set in parts.headers.get_all(header::SET_COOKIE) {
            self.keep(set.to_str().unwrap());
        }
        let body = body.collect().await.unwrap().to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            // A picture is no text; whoever asks for one looks at its headers.
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    /// A file as it is sent, byte for byte.
    pub(super) async fn bytes(&mut self, target: &str) -> Vec<u8> {
        let request = self.request(Method::GET, target).body(Body::empty());
        let response = self.router.clone().oneshot(request.unwrap()).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{target}");
        let body = response.into_body().collect().await.unwrap();
        body.to_bytes().to_vec()
    }

    fn keep(&mut self, set: &str) {
        let (pair, attributes) = set.split_once(';').unwrap();
        let (name, value) = pair.split_once('=').unwrap();
        if attributes.contains("Max-Age=0") {
            self.cookies.remove(name);
        } else {
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }

    /// Draws a paper over the JSON interface.
    pub(super) async fn draw(&mut self) -> Value {
        let drawn = self.call("/api/v1/attempts", &json!({})).await;
        assert_eq!(drawn.status, StatusCode::CREATED, "{drawn:?}");
        drawn.json()
    }

    /// Hands a drawn paper in with so many right answers.
    pub(super) async fn hand_in(&mut self, test: &TestApp, paper: &Value, n: usize) -> Answer {
        let id = paper["attempt_id"].as_str().unwrap();
        let target = format!("/api/v1/attempts/{id}/submission");
        self.call(&target, &answers(test, paper, n)).await
    }

    /// Draws a paper and hands it in; the marked attempt's identifier.
    pub(super) async fn answer(&mut self, test: &TestApp, n_right: usize) -> String {
        let paper = self.draw().await;
        let marked = self.hand_in(test, &paper, n_right).await;
        assert_eq!(marked.status, StatusCode::OK, "{marked:?}");
        assert_eq!(marked.json()["score"], n_right);
        marked.json()["attempt_id"].as_str().unwrap().to_owned()
    }

    /// Hands a push of WeChat to the callback.
    pub(super) async fn push(&mut self, push: &Push) -> Answer {
        let target = push.request.uri().path_and_query().unwrap().as_str();
        let request = Request::builder().method(Method::POST).uri(target);
        self.send(request, push.request.body().clone()).await
    }
}

/// The body that answers a paper of the JSON interface, the first `n_right` right and the rest wrong.
pub(super) fn answers(test: &TestApp, paper: &Value, n_right: usize) -> Value {
    let items = paper["items"].as_array().unwrap();
    let answers: BTreeMap<String, Value> = items
        .iter()
        .enumerate()
        .map(|(index, item)| {
            let right = test.right(item["stem"].as_str().unwrap());
            let options = item["options"].as_array().unwrap();
            let chosen = options
                .iter()
                .find(|option| (option["text"] == right) == (index < n_right))
                .unwrap();
            (item["ordinal"].to_string(), chosen["position"].clone())
        })
        .collect();
    json!({ "answers": answers })
}

/// One question as a quiz page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) number: String,
    pub(super) stem: String,
    pub(super) options: Vec<(String, String)>,
}

/// The questions of a quiz page.
pub(super) fn shown(page: &str) -> Vec<Shown> {
    page.split("<fieldset")
        .skip(1)
        .map(|item| {
            let legend = between(item, "<legend>", "</legend>");
            let (_tag, legend) = legend.split_once("</span>").unwrap();
            let (number, stem) = legend.split_once(". ").unwrap();
            let options = item
                .split("<label")
                .skip(1)
                .map(|option| {
                    let letter = between(option, "value=\"", "\"");
                    (letter, between(option, "</i>", "</span>"))
                })
                .collect();
            Shown {
                number: number.to_owned(),
                stem: stem.to_owned(),
                options,
            }
        })
        .collect()
}

/// The form that answers a quiz page, the first `n_right` right and the rest wrong.
pub(super) fn filled_in(test: &TestApp, page: &str, n_right: usize) -> String {
    let fields: Vec<String> = shown(page)
        .iter()
        .enumerate()
        .map(|(index, item)| {
            let right = test.right(&item.stem);
            let is_wanted = |text: &str| (text == right) == (index < n_right);
            let chosen = item.options.iter().find(|(_, text)| is_wanted(text));
            format!("{}={}", item.number, chosen.unwrap().0)
        })
        .collect();
    fields.join("&")
}

/// What stands between two marks.
pub(super) fn between(text: &str, before: &str, after: &str) -> String {
    let (_, rest) = text.split_once(before).unwrap();
    rest.split_once(after).unwrap().0.to_owned()
}

/// Watches the database for any commit.
pub(super) struct Watch(Raw);

impl Watch {
    pub(super) fn new(test: &TestApp) -> Self {
        Self(test.raw())
    }

    /// A number that changes with every commit of somebody else.
    pub(super) fn version(&mut self) -> i64 {
        self.0.version()
    }
}
