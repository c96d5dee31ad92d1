//! Laws of the OpenAPI document: it names every call, every status and every field that is really answered.

use std::collections::BTreeSet;

use http::{Method, StatusCode};
use reference_server::contest::pause::Subject;
use serde_json::{Value, json};

use super::{
    browser::{Answer, Browser},
    routes::POSTS,
};
use crate::app::{SECOND_CITY, TestApp, shanghai};

/// The document, and what was seen of it.
pub(super) struct Document {
    document: Value,
    pub(super) seen: BTreeSet<String>,
}

impl Document {
    pub(super) async fn of(test: &TestApp) -> Self {
        let answer = Browser::new(test).get("/api/v1/openapi.json").await;
        assert_eq!(answer.header("content-type"), "application/json");
        Self {
            document: answer.json(),
            seen: BTreeSet::new(),
        }
    }

    /// Every answer of the document to citizens, or to organisers, failures of the server apart.
    pub(super) fn documented(&self, is_console: bool) -> BTreeSet<String> {
        let mut all = BTreeSet::new();
        let paths = self.document["paths"].as_object().unwrap().iter();
        for (path, calls) in
            paths.filter(|(path, _calls)| path.starts_with("/api/v1/console/") == is_console)
        {
            for (method, call) in calls.as_object().unwrap() {
                let statuses = call["responses"].as_object().unwrap().keys();
                let own = statuses.filter(|status| !status.starts_with('5'));
                all.extend(own.map(|status| format!("{method} {path} {status}")));
            }
        }
        all
    }

    /// The status is documented for the call, and the body is what stands there.
    pub(super) fn assert_describes(&mut self, method: &str, path: &str, answer: &Answer) {
        let status = answer.status.as_u16().to_string();
        let responses = &self.document["paths"][path][method]["responses"];
        let response = &responses[&status];
        assert!(
            response.is_object(),
            "{method} {path} {status} is not documented: {responses}"
        );
        match response["content"].as_object() {
            Some(content) => {
                let schema = content.values().next().unwrap();
                self.assert_fits(&schema["schema"], &answer.json(), path);
            }
            None => assert_eq!(answer.body, "", "{method} {path} {status} has a body"),
        }
        self.seen.insert(format!("{method} {path} {status}"));
    }

    /// The value has every required field, no field that is not documented, and each of its type.
    fn assert_fits(&self, schema: &Value, value: &Value, place: &str) {
        if let Some(name) = schema["$ref"].as_str() {
            let name = name.rsplit('/').next().unwrap();
            let schema = &self.document["components"]["schemas"][name];
            assert!(schema.is_object(), "{place}: no schema {name}");
            return self.assert_fits(schema, value, place);
        }
        if let Some(choices) = schema["oneOf"].as_array() {
            let choice = choices
                .iter()
                .find(|choice| (choice["type"] == "null") == value.is_null());
            return self.assert_fits(choice.unwrap(), value, place);
        }
        let types: Vec<&str> = match &schema["type"] {
            Value::String(one) => vec![one],
            Value::Array(many) => many.iter().map(|one| one.as_str().unwrap()).collect(),
            other => panic!("{place}: no type: {other}"),
        };
        let actual = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(number) if number.is_f64() => "number",
            Value::Number(_) => "integer",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        assert!(types.contains(&actual), "{place}: {value} is no {types:?}");
        for (index, item) in value.as_array().into_iter().flatten().enumerate() {
            self.assert_fits(&schema["items"], item, &format!("{place}/{index}"));
        }
        let Some(fields) = value.as_object() else {
            return;
        };
        for (name, field) in fields {
            let schema = &schema["properties"][name];
            assert!(schema.is_object(), "{place}: {name} is not documented");
            self.assert_fits(schema, field, &format!("{place}/{name}"));
        }
        for name in schema["required"].as_array().into_iter().flatten() {
            assert!(
                fields.contains_key(name.as_str().unwrap()),
                "{place}: no {name}"
            );
        }
    }
}

#[tokio::test]
async fn the_document_names_every_call_and_no_other() {
    let test = TestApp::new().await;
    let document = Document::of(&test).await.document;
    let paths = document["paths"].as_object().unwrap();
    let mut posts = BTreeSet::new();
    for (path, calls) in paths {
        for method in calls.as_object().unwrap().keys() {
            let target = path
                .replace("{id}", "nothing")
                .replace("{name}", "nothing")
                .replace("{payment}", "nothing")
                .replace("{decision}", "nothing")
                .replace("{incident}", "1")
                .replace("{day}", "2020-04-22")
                .replace("{city}", "yancheng")
                .replace("{item}", "0-1")
                .replace("{proposal}", "1");
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let mut browser = Browser::new(&test);
            let request = browser.request(method.clone(), &target);
            let answer = browser.send(request, "").await;
            let missing = [StatusCode::NOT_FOUND, StatusCode::METHOD_NOT_ALLOWED];
            assert!(!missing.contains(&answer.status), "{method} {path}");
            if method == Method::POST {
                posts.insert(target);
            }
        }
    }
    let routed = POSTS.into_iter().filter(|path| path.starts_with("/api/"));
    assert_eq!(posts, routed.map(str::to_owned).collect());
}

const ATTEMPTS: &str = "/api/v1/attempts";
const SUBMISSION: &str = "/api/v1/attempts/{id}/submission";
const CLAIMS: &str = "/api/v1/claims";
const POSTER: &str = "/api/v1/poster";
const ME: &str = "/api/v1/me";

#[tokio::test]
async fn every_answer_of_a_journey_is_as_documented() {
    let test = TestApp::new().await;
    let mut document = Document::of(&test).await;
    let mut nobody = Browser::new(&test);
    document.assert_describes(
        "get",
        "/api/v1/contest",
        &nobody.get("/api/v1/contest").await,
    );
    document.assert_describes("get", ME, &nobody.get(ME).await);
    for path in [ATTEMPTS, SUBMISSION, CLAIMS, POSTER] {
        let target = path.replace("{id}", "x");
        let refused = nobody.call(&target, &json!({})).await;
        refused.assert_problem(401, "login-required");
        document.assert_describes("post", path, &refused);
    }
    let stranger = test.stranger("stranger").await;
    let mut stranger = Browser::of(&test, &stranger).await;
    for path in [ATTEMPTS, CLAIMS, POSTER] {
        let refused = stranger.call(path, &json!({})).await;
        refused.assert_problem(403, "not-following");
        document.assert_describes("post", path, &refused);
    }
    answers_of_a_follower(&test, &mut document).await;
    assert_eq!(document.seen, document.documented(false));
}

async fn answers_of_a_follower(test: &TestApp, document: &mut Document) {
    let (_person, mut browser) = Browser::of_follower(test, "person").await;
    let drawn = browser.call(ATTEMPTS, &json!({})).await;
    document.assert_describes("post", ATTEMPTS, &drawn);
    let paper = drawn.json();
    let target = SUBMISSION.replace("{id}", paper["attempt_id"].as_str().unwrap());
    let long = json!({ "x": "x".repeat(16 * 1024) });
    let bodies = [json!(7), json!({ "answers": { "1": "Z" } }), long.clone()];
    for body in bodies {
        document.assert_describes("post", SUBMISSION, &browser.call(&target, &body).await);
    }
    let unknown = SUBMISSION.replace("{id}", "x");
    let empty = json!({ "answers": {} });
    document.assert_describes("post", SUBMISSION, &browser.call(&unknown, &empty).await);
    let marked = browser.hand_in(test, &paper, 5).await;
    document.assert_describes("post", SUBMISSION, &marked);
    let pass = marked.json()["attempt_id"].as_str().unwrap().to_owned();
    let other = browser.answer(test, 5).await;
    for body in [json!(7), long, json!({ "attempt_id": "x" })] {
        document.assert_describes("post", CLAIMS, &browser.call(CLAIMS, &body).await);
    }
    for (attempt, key) in [(&pass, "a"), (&other, "a"), (&other, "b")] {
        document.assert_describes("post", CLAIMS, &browser.claim(attempt, key).await);
    }
    document.assert_describes("get", ME, &browser.get(ME).await);
    document.assert_describes("post", POSTER, &browser.call(POSTER, &json!({})).await);
    let again = browser.hand_in(test, &paper, 5).await;
    document.assert_describes("post", SUBMISSION, &again);
    let late = browser.draw().await;
    loop {
        let paper = browser.draw().await;
        let target = SUBMISSION.replace("{id}", paper["attempt_id"].as_str().unwrap());
        let hasty = browser.call(&target, &empty).await;
        document.assert_describes("post", SUBMISSION, &hasty);
        if hasty.status != StatusCode::OK {
            hasty.assert_problem(429, "too-fast");
            assert_eq!(hasty.header("retry-after"), "60");
            break;
        }
    }
    test.sleep_until(shanghai("2020-04-29 00:00:00"));
    let closed = browser.hand_in(test, &late, 5).await;
    document.assert_describes("post", SUBMISSION, &closed);
    test.pause(SECOND_CITY, Subject::Quiz, "活动暂停").await;
    let paused = browser.call(ATTEMPTS, &json!({})).await;
    document.assert_describes("post", ATTEMPTS, &paused);
}
