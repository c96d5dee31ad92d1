//! Links, named files, commands and the example configuration of the documents.

use std::{fs, path::Path};

use reference_server::config::Config;

use super::{
    assert_none, faults,
    tree::{File, files, top},
};

/// Endings of files that a document may name by their path.
const NAMED_ENDINGS: [&str; 5] = [".rs", ".sql", ".md", ".toml", ".svg"];

fn documents() -> Vec<File> {
    let documents: Vec<File> = files()
        .into_iter()
        .filter(|file| file.path.ends_with(".md") && !file.path.contains("/content/"))
        .collect();
    assert!(documents.len() >= 12, "only {} documents", documents.len());
    documents
}

fn document(path: &str) -> File {
    let found = files().into_iter().find(|file| file.path == path);
    found.unwrap_or_else(|| panic!("no file {path}"))
}

/// Relative links that lead nowhere.
fn dead_links(file: &File) -> Vec<String> {
    let folder = Path::new(&file.path).parent().unwrap_or(Path::new(""));
    let mut found = Vec::new();
    for (at, _) in file.text.match_indices("](") {
        let target: String = file.text[at + 2..]
            .chars()
            .take_while(|letter| *letter != ')')
            .collect();
        let (path, anchor) = target.split_once('#').unwrap_or((&target, ""));
        let is_elsewhere = target.contains("://") || target.contains("::");
        if path.is_empty() || is_elsewhere {
            continue;
        }
        let goal = top().join(folder).join(path);
        let is_dead = match fs::read_to_string(&goal) {
            Ok(text) if !anchor.is_empty() => !headings(&text).any(|heading| heading == anchor),
            _ => !goal.exists(),
        };
        if is_dead {
            found.push(format!("the link {target} leads nowhere"));
        }
    }
    found
}

/// The headings of a document as links name them.
fn headings(text: &str) -> impl Iterator<Item = String> {
    prose(text)
        .filter(|line| line.starts_with('#'))
        .map(|line| {
            line.trim_start_matches('#')
                .trim()
                .chars()
                .filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter))
                .map(|letter| if letter == ' ' { '-' } else { letter })
                .flat_map(char::to_lowercase)
                .collect()
        })
}

/// Paths in backticks, counted from the top, of files that are not there.
fn lost_files(file: &File) -> Vec<String> {
    let mut found = Vec::new();
    for line in prose(&file.text) {
        for quoted in line.split('`').skip(1).step_by(2) {
            let is_path = quoted.contains('/')
                && NAMED_ENDINGS.iter().any(|ending| quoted.ends_with(ending))
                && !quoted.contains([' ', '<', '{', '*', ':'])
                && !quoted.starts_with('/');
            if is_path && !top().join(quoted).exists() {
                found.push(format!("there is no {quoted}"));
            }
        }
    }
    found
}

/// The lines outside fenced blocks.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut is_fenced = false;
    text.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        is_fenced ^= is_fence;
        !is_fence && !is_fenced
    })
}

/// The first fenced block of a language.
fn block<'text>(text: &'text str, language: &str) -> Option<&'text str> {
    let (_, rest) = text.split_once(&format!("```{language}\n"))?;
    rest.split_once("```").map(|(block, _)| block)
}

#[test]
fn every_relative_link_leads_to_a_file() {
    assert_none(&faults(&documents(), dead_links));
    let sample = File::sample(
        "README.md",
        "[a](nowhere.md) [b](https://example.invalid/x)",
    );
    assert_eq!(dead_links(&sample), ["the link nowhere.md leads nowhere"]);
    let text = "[a](ARCHITECTURE.md#glossary) [b](ARCHITECTURE.md#no-such-part)";
    let sample = File::sample("README.md", text);
    assert_eq!(
        dead_links(&sample),
        ["the link ARCHITECTURE.md#no-such-part leads nowhere"]
    );
}

#[test]
fn every_file_that_the_map_of_the_project_names_is_there() {
    let named: Vec<File> = documents()
        .into_iter()
        .filter(|file| !file.path.contains('/'))
        .collect();
    assert_none(&faults(&named, lost_files));
    let sample = File::sample("A.md", "`quiz-core/src/lib.rs` and `quiz-core/src/gone.rs`");
    assert_eq!(lost_files(&sample), ["there is no quiz-core/src/gone.rs"]);
}

#[test]
fn the_example_configuration_is_one() {
    let operations = document("reference-server/OPERATIONS.md");
    let example = block(&operations.text, "toml").expect("the example is there");
    let config: Config = toml::from_str(example).expect("the server reads its own example");
    assert_eq!(config.season.name, "jiangsu-2020");
    let altered = example.replace("listen =", "listens =");
    assert!(
        toml::from_str::<Config>(&altered).is_err(),
        "an unknown key is refused"
    );
}

#[test]
fn the_test_command_of_the_front_page_is_what_the_checks_run() {
    const TESTS: &str = "cargo test --workspace";
    assert!(document("README.md").text.contains(TESTS));
    assert!(document(".ci/run").text.contains(TESTS));
}
