//! Who may name whom inside the server, and where SQL may stand.
//!
//! The arrows are `web → contest → store` and `worker → contest`; an arrow that is not
//! there is stated as a module or a crate that the folder never names.

use std::collections::BTreeSet;

use super::{
    assert_none, faults,
    tree::{File, rust_files},
};

const SRC: &str = "reference-server/src/";
const STORE: &str = "reference-server/src/store/";
const ENGINE: &str = "reference-server/src/store/engine/";

/// What the files of one folder never name.
struct Never {
    folder: &'static str,
    modules: &'static [&'static str],
    crates: &'static [&'static str],
}

const ARROWS: [Never; 6] = [
    Never {
        folder: "reference-server/src/web/",
        modules: &["store", "cli", "rehearsal", "setup"],
        crates: &["rusqlite"],
    },
    Never {
        folder: "reference-server/src/contest/",
        modules: &["web", "worker", "cli", "rehearsal", "setup"],
        crates: &["axum", "axum_extra", "tower", "tower_http", "rusqlite"],
    },
    Never {
        folder: STORE,
        modules: &[
            "app",
            "contest",
            "web",
            "worker",
            "cli",
            "rehearsal",
            "setup",
        ],
        crates: &["axum", "tower_http", "wechat_adapter"],
    },
    Never {
        folder: "reference-server/src/worker/",
        modules: &["web", "cli", "rehearsal", "setup"],
        crates: &["axum", "rusqlite"],
    },
    Never {
        folder: "reference-server/src/office/",
        modules: &["app", "contest", "store", "web", "worker"],
        crates: &["axum", "rusqlite", "wechat_adapter"],
    },
    Never {
        folder: "reference-server/src/rehearsal/",
        modules: &["cli"],
        crates: &["rusqlite"],
    },
];

/// Beginnings of statements, in the capitals in which this project writes them.
const SQL: [&str; 7] = [
    "SELECT ",
    "INSERT INTO ",
    "UPDATE ",
    "DELETE FROM ",
    "CREATE TABLE ",
    "CREATE INDEX ",
    "PRAGMA ",
];

/// Names of engines, in lower case.
const ENGINES: [&str; 3] = ["sqlite", "postgres", "mysql"];

/// Names that a file must not have under the arrows of its folder.
fn arrows(file: &File) -> Vec<String> {
    let mut found = Vec::new();
    for never in ARROWS.iter().filter(|never| file.is_under(never.folder)) {
        let named = modules(&file.text);
        for module in never
            .modules
            .iter()
            .filter(|module| named.contains(**module))
        {
            found.push(format!("names crate::{module}"));
        }
        for name in never
            .crates
            .iter()
            .filter(|name| names_crate(&file.text, name))
        {
            found.push(format!("names the crate {name}"));
        }
    }
    if file.is_under(SRC) && !file.is_under(ENGINE) && names_crate(&file.text, "rusqlite") {
        found.push("names the crate rusqlite outside the engines' folder".to_owned());
    }
    found
}

/// Statements outside the store, and engines outside its one folder about engines.
fn sql(file: &File) -> Vec<String> {
    let mut found = Vec::new();
    if !file.is_under(SRC) {
        return found;
    }
    for (number, line) in (1..).zip(file.text.lines()) {
        let begins = SQL.iter().any(|statement| line.contains(statement));
        if begins && !file.is_under(STORE) {
            found.push(format!("line {number} has SQL"));
        }
        let lower = line.to_lowercase().replace("rusqlite", "");
        let engine = ENGINES.iter().any(|engine| lower.contains(engine));
        if engine && !file.is_under(ENGINE) {
            found.push(format!("line {number} names an engine"));
        }
    }
    found
}

/// The modules of this crate that a file names, by `crate::a`, `super::super::a` or in a group.
fn modules(text: &str) -> BTreeSet<String> {
    let code = without_comments(text);
    let mut named = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(group) => named.extend(first_names(group)),
            None => named.extend(first_name(rest)),
        }
    }
    for (at, path) in code.match_indices("super::super::") {
        named.extend(first_name(&code[at + path.len()..]));
    }
    for (at, path) in code.match_indices("super::") {
        let rest = &code[at + path.len()..];
        if let Some(name) = first_name(rest).filter(|name| name != "super") {
            named.insert(name);
        }
    }
    named
}

/// The first names of a group's members, up to its closing brace.
fn first_names(group: &str) -> Vec<String> {
    let mut depth = 0_usize;
    let mut names = Vec::new();
    let mut at_start = true;
    for (at, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => at_start = true,
            _ if letter.is_whitespace() => {}
            _ if at_start && depth == 0 => {
                names.extend(first_name(&group[at..]));
                at_start = false;
            }
            _ => {}
        }
    }
    names
}

fn first_name(text: &str) -> Option<String> {
    let name: String = text
        .chars()
        .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
        .collect();
    (!name.is_empty()).then_some(name)
}

/// Whether a path begins with the crate's name.
fn names_crate(text: &str, name: &str) -> bool {
    let code = without_comments(text);
    code.match_indices(&format!("{name}::")).any(|(at, _)| {
        code[..at]
            .chars()
            .next_back()
            .is_none_or(|before| !before.is_alphanumeric() && !"_:".contains(before))
    })
}

fn without_comments(text: &str) -> String {
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .flat_map(|line| [line, "\n"])
        .collect()
}

#[test]
fn every_arrow_of_the_server_points_the_right_way() {
    let files = rust_files();
    for never in ARROWS {
        let n_files = files
            .iter()
            .filter(|file| file.is_under(never.folder))
            .count();
        assert!(n_files > 0, "no file under {}", never.folder);
    }
    assert_none(&faults(&files, arrows));
}

#[test]
fn an_arrow_that_points_back_is_a_fault() {
    let bad = [
        ("web/me.rs", "use crate::store::Store;"),
        (
            "web/me.rs",
            "use crate::{\n    app::App,\n    store::{Read, Tx},\n};",
        ),
        ("web/api/me.rs", "fn f(s: &crate::store::Store) {}"),
        ("web/me.rs", "use super::super::store::Store;"),
        ("web/mod.rs", "use super::store::Store;"),
        ("contest/claim.rs", "use axum::Json;"),
        ("contest/claim.rs", "fn f(c: &rusqlite::Connection) {}"),
        ("contest/claim.rs", "use crate::{app::App, web::router};"),
        ("store/awards.rs", "use wechat_adapter::OpenId;"),
        ("store/awards.rs", "use crate::contest::PersonId;"),
        ("worker/mod.rs", "use crate::web;"),
        ("privacy.rs", "use rusqlite::Connection;"),
        ("store/awards.rs", "use rusqlite::params;"),
    ];
    for (path, text) in bad {
        let file = File::sample(&format!("{SRC}{path}"), text);
        assert!(!arrows(&file).is_empty(), "{path}: {text}");
    }
}

#[test]
fn an_arrow_that_points_forward_is_none() {
    let good = [
        (
            "web/me.rs",
            "use crate::{app::App, contest::{claim, store_front}};",
        ),
        (
            "web/me.rs",
            "//! Nothing of `crate::store` is used here.\nuse axum::Json;",
        ),
        ("contest/claim.rs", "use crate::store::{Read, Tx, awards};"),
        (
            "store/engine/mod.rs",
            "use rusqlite::Connection;\nuse super::StoreError;",
        ),
        ("worker/mod.rs", "use crate::{app::App, contest::payout};"),
    ];
    for (path, text) in good {
        let file = File::sample(&format!("{SRC}{path}"), text);
        assert_eq!(arrows(&file), Vec::<String>::new(), "{path}: {text}");
    }
}

#[test]
fn sql_stands_in_the_store_only_and_engines_in_one_folder_of_it_only() {
    assert_none(&faults(&rust_files(), sql));
    let statement = "let text = \"SELECT person FROM person\";";
    let engine = "//! What SQLite does.";
    let at = |path: &str, text: &str| sql(&File::sample(&format!("{SRC}{path}"), text)).len();
    assert_eq!(at("contest/claim.rs", statement), 1);
    assert_eq!(at("store/people.rs", statement), 0);
    assert_eq!(at("store/people.rs", engine), 1);
    assert_eq!(at("setup.rs", engine), 1);
    assert_eq!(at("store/people.rs", "use rusqlite::params;"), 0);
    assert_eq!(at("store/engine/mod.rs", engine), 0);
}
