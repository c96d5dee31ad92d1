//! The files of the project, and what may lie at its top.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// What a build, a demo or git itself leaves at the top; never part of the project.
const LEFT_BY_TOOLS: [&str; 3] = [".git", "target", "data"];

/// The top of the project: six members, their manifest, and what a reader looks for.
const TOP: [&str; 23] = [
    ".ci",
    ".gitignore",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "DESIGN.md",
    "LICENSE",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "README.zh-CN.md",
    "RELIABILITY.md",
    "SECURITY.md",
    "benches",
    "clippy.toml",
    "quiz-core",
    "reference-server",
    "reward-core",
    "rustfmt.toml",
    "schedule-core",
    "wechat-adapter",
];

/// A text file of the project.
#[derive(Debug, Clone)]
pub(super) struct File {
    /// Path from the top, with `/` between the parts.
    pub(super) path: String,
    /// Content.
    pub(super) text: String,
}

impl File {
    /// A file that exists only for the sake of a check.
    pub(super) fn sample(path: &str, text: &str) -> Self {
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    /// Whether it is Rust.
    pub(super) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Whether it lies in a folder, given from the top with a `/` at its end.
    pub(super) fn is_under(&self, folder: &str) -> bool {
        self.path.starts_with(folder)
    }
}

/// The top of the project.
pub(super) fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every text file of the project, sorted by path; files that are not UTF-8 are left out.
pub(super) fn files() -> Vec<File> {
    let mut files = Vec::new();
    collect(&top(), "", &mut files);
    files.sort_by(|left, right| left.path.cmp(&right.path));
    assert!(files.len() > 100, "the walk found {} files", files.len());
    files
}

/// The Rust files among them.
pub(super) fn rust_files() -> Vec<File> {
    files().into_iter().filter(File::is_rust).collect()
}

fn collect(folder: &Path, prefix: &str, files: &mut Vec<File>) {
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let entry = entry.expect("the folder can be read");
        let name = entry.file_name().into_string().expect("names are UTF-8");
        if prefix.is_empty() && LEFT_BY_TOOLS.contains(&name.as_str()) {
            continue;
        }
        let path = format!("{prefix}{name}");
        if entry.file_type().expect("the entry can be read").is_dir() {
            collect(&entry.path(), &format!("{path}/"), files);
        } else if let Ok(text) = fs::read_to_string(entry.path()) {
            files.push(File { path, text });
        }
    }
}

/// Names that do not belong at the top, and those that are missing there.
fn misplaced(names: &BTreeSet<String>) -> Vec<String> {
    let expected: BTreeSet<String> = TOP.iter().map(|name| (*name).to_owned()).collect();
    let strangers = names
        .difference(&expected)
        .map(|name| format!("{name} does not belong at the top"));
    let missing = expected
        .difference(names)
        .map(|name| format!("{name} is missing at the top"));
    strangers.chain(missing).collect()
}

#[test]
fn the_top_holds_what_it_should_and_nothing_else() {
    let names = fs::read_dir(top())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !LEFT_BY_TOOLS.contains(&name.as_str()))
        .collect();
    super::assert_none(&misplaced(&names));
}

#[test]
fn a_stranger_at_the_top_and_a_missing_file_are_faults() {
    let mut names: BTreeSet<String> = TOP.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(misplaced(&names), Vec::<String>::new());
    names.insert("scripts".to_owned());
    names.remove("LICENSE");
    assert_eq!(
        misplaced(&names),
        [
            "scripts does not belong at the top",
            "LICENSE is missing at the top"
        ]
    );
}
