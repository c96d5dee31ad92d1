//! Nothing of the key, the explanation or the source leaves the server before a paper is handed in.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

use super::browser::{Answer, Browser, Shown, shown};
use crate::app::{TestApp, explanation, source};

/// Whatever would help to answer, in any banks of the test.
struct Secrets(Vec<String>);

impl Secrets {
    fn of(test: &TestApp) -> Self {
        let mut all: Vec<String> = test
            .stems()
            .flat_map(|stem| [explanation(stem), source(stem)])
            .collect();
        all.extend(test.raw().texts("SELECT digest FROM bank"));
        Self(all)
    }

    fn assert_absent(&self, text: &str) {
        for secret in &self.0 {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }

    /// Nothing in body or headers, and nothing that a cookie shows when decoded.
    fn assert_kept(&self, answer: &Answer) {
        assert!(answer.status.as_u16() < 400, "{answer:?}");
        self.assert_absent(&answer.body);
        for value in answer.headers.values() {
            self.assert_absent(value.to_str().unwrap());
        }
    }
}

/// Every name of a field in a document.
fn names(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                found.insert(name.clone());
                names(value, found);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| names(value, found)),
        _ => {}
    }
}

#[tokio::test]
async fn nothing_leaks_on_the_way_to_a_paper_and_everything_is_explained_after_it() {
    let test = TestApp::new().await;
    let secrets = Secrets::of(&test);
    assert_eq!(secrets.0.len(), 3 * 50 * 2 + 2);
    let (_person, mut browser) = Browser::of_follower(&test, "curious").await;
    let paths = [
        "/",
        "/status",
        "/city/yancheng",
        "/consent",
        "/follow",
        "/me",
        "/me/export",
        "/poster",
        "/quiz",
        "/simulator",
        "/api/v1/contest",
        "/api/v1/me",
        "/api/v1/openapi.json",
    ];
    for path in paths {
        secrets.assert_kept(&browser.get(path).await);
    }
    let drawn = browser.form("/quiz", "fresh=1").await;
    secrets.assert_kept(&drawn);
    let page = browser.get(drawn.location()).await;
    secrets.assert_kept(&page);
    assert_eq!(shown(&page.body).len(), 10);
    let paper = browser.draw().await;
    secrets.assert_absent(&paper.to_string());
    let marked = browser.hand_in(&test, &paper, 5).await.json();
    for item in marked["review"].as_array().unwrap() {
        let stem = item["stem"].as_str().unwrap();
        assert_eq!(item["explanation"], explanation(stem));
        assert_eq!(item["source"], source(stem));
    }
    // Knowing one paper's explanations tells nothing about the next paper's.
    secrets.assert_absent(&browser.draw().await.to_string());
}

#[tokio::test]
async fn a_paper_has_no_field_but_what_a_person_must_see() {
    let test = TestApp::new().await;
    let (_person, mut browser) = Browser::of_follower(&test, "curious").await;
    let mut found = BTreeSet::new();
    names(&browser.draw().await, &mut found);
    let wanted = [
        "attempt_id",
        "city",
        "city_name",
        "closes",
        "items",
        "options",
        "ordinal",
        "origin",
        "position",
        "stem",
        "text",
        "void",
    ];
    assert_eq!(found, wanted.map(str::to_owned).into());
}

#[tokio::test]
async fn a_quiz_page_marks_the_right_option_in_no_way() {
    let test = TestApp::new().await;
    let (_person, mut browser) = Browser::of_follower(&test, "curious").await;
    let paper = browser
        .form("/quiz", "fresh=1")
        .await
        .assert_leads("/quiz/");
    let page = browser.get(&paper).await.body;
    let mut markup = BTreeSet::new();
    for (item, code) in shown(&page).iter().zip(page.split("<fieldset").skip(1)) {
        for ((letter, text), label) in item.options.iter().zip(code.split("<label").skip(1)) {
            let label = label.split("</label>").next().unwrap();
            let bare = label
                .replace(text, "TEXT")
                .replace(&format!("name=\"{}\"", item.number), "NAME")
                .replace(&format!("\"{letter}\""), "LETTER")
                .replace(&format!(">{letter}<"), ">LETTER<");
            markup.insert(bare);
        }
    }
    assert_eq!(markup.len(), 1, "{markup:?}");
    for word in ["explanation", "correct", "data-key", "digest", "<!--"] {
        assert!(!page.contains(word), "{word}");
    }
}

#[tokio::test]
async fn papers_differ_in_their_questions_their_options_and_their_names() {
    let test = TestApp::new().await;
    let (_person, mut browser) = Browser::of_follower(&test, "persistent").await;
    let mut names = BTreeSet::new();
    let mut orders: BTreeMap<String, BTreeSet<Vec<String>>> = BTreeMap::new();
    let mut stems = BTreeSet::new();
    let mut right_letters: BTreeMap<String, u32> = BTreeMap::new();
    for _ in 0..30 {
        let paper = browser
            .form("/quiz", "fresh=1")
            .await
            .assert_leads("/quiz/");
        let items: Vec<Shown> = shown(&browser.get(&paper).await.body);
        names.insert(paper);
        stems.insert(
            items
                .iter()
                .map(|item| item.stem.clone())
                .collect::<Vec<_>>(),
        );
        for item in items {
            let right = test.right(&item.stem);
            let letter = item.options.iter().find(|(_, text)| text == right);
            *right_letters.entry(letter.unwrap().0.clone()).or_default() += 1;
            let texts = item.options.into_iter().map(|(_, text)| text).collect();
            orders.entry(item.stem).or_default().insert(texts);
        }
    }
    assert_eq!((names.len(), stems.len()), (30, 30));
    assert!(orders.values().filter(|orders| orders.len() > 1).count() > 50);
    // 75 each are expected of 300; six standard deviations are 45.
    for letter in ["A", "B", "C", "D"] {
        assert!(
            (30..=120).contains(&right_letters[letter]),
            "{right_letters:?}"
        );
    }
}

#[tokio::test]
async fn the_name_of_a_paper_holds_neither_questions_nor_the_bank() {
    let test = TestApp::new().await;
    let secrets = Secrets::of(&test);
    let (_person, mut browser) = Browser::of_follower(&test, "curious").await;
    let mut lengths = BTreeSet::new();
    for _ in 0..5 {
        let paper = browser.draw().await;
        let name = paper["attempt_id"].as_str().unwrap();
        lengths.insert(name.len());
        for part in name.split('.') {
            if let Ok(bytes) = URL_SAFE_NO_PAD.decode(part) {
                secrets.assert_absent(&String::from_utf8_lossy(&bytes));
            }
        }
        for item in paper["items"].as_array().unwrap() {
            assert!(!name.contains(item["stem"].as_str().unwrap()));
        }
    }
    assert_eq!(
        lengths.len(),
        1,
        "the name's length tells something: {lengths:?}"
    );
}
