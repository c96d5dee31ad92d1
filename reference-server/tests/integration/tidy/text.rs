//! First lines, lengths, unfinished work, and traces of the machine a file was written on.
//!
//! Words that must stand nowhere are put together from halves, so that they stand not here either.

use super::{
    assert_none, faults,
    tree::{File, files, rust_files},
};

/// The longest Rust file, in lines.
const MOST_LINES: usize = 800;

/// Work that was put off, and lints that were switched off without a reason.
const UNFINISHED: [&str; 8] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X:"),
    concat!("todo", "!("),
    concat!("unimplemented", "!("),
    concat!("#[ig", "nore"),
    concat!("#[al", "low("),
    concat!("#![al", "low("),
];

/// Waiting for time to pass instead of for a fact.
const SLEEPS: [&str; 2] = [concat!("thread::", "sleep"), concat!("time::", "sleep")];

/// Folders in which only one machine's or one person's files lie.
const OWN_FOLDERS: [&str; 6] = [
    concat!("/wo", "rk/"),
    concat!("/tm", "p/"),
    concat!("/ho", "me/"),
    concat!("/ro", "ot/"),
    concat!("/Us", "ers/"),
    concat!("C:", "\\"),
];

/// Where packages are fetched from is each machine's own affair.
const REGISTRIES: [&str; 7] = [
    concat!("index.crates", ".io"),
    concat!("static.crates", ".io"),
    concat!("sparse+", "http"),
    concat!("registry.", "npmjs"),
    concat!("pypi", ".org"),
    concat!("files.python", "hosted"),
    concat!("proxy.go", "lang"),
];

/// The one source of packages that a lock file names, whatever mirror served them.
const LOCKED_SOURCE: &str = "registry+https://github.com/rust-lang/crates.io-index";

fn first_line(file: &File) -> Vec<String> {
    let begins_well =
        file.text.starts_with("//! ") || file.text.starts_with("#![doc = include_str!(");
    (!begins_well)
        .then(|| "the first line does not say what the file is for".to_owned())
        .into_iter()
        .collect()
}

fn length(file: &File) -> Vec<String> {
    let n_lines = file.text.lines().count();
    (n_lines >= MOST_LINES)
        .then(|| format!("{n_lines} lines, {MOST_LINES} or more"))
        .into_iter()
        .collect()
}

fn unfinished(file: &File) -> Vec<String> {
    containing(file, &UNFINISHED)
}

fn sleeps(file: &File) -> Vec<String> {
    containing(file, &SLEEPS)
}

fn traces(file: &File) -> Vec<String> {
    let mut found = containing(file, &REGISTRIES);
    for (number, line) in (1..).zip(file.text.lines()) {
        if OWN_FOLDERS.iter().any(|folder| names_folder(line, folder)) {
            found.push(format!("line {number} names a folder of one machine"));
        }
        if file.path == "Cargo.lock" && line.starts_with("source") && !line.contains(LOCKED_SOURCE)
        {
            found.push(format!("line {number} names another source of packages"));
        }
    }
    found
}

/// Whether a path begins with the folder; within an address or a longer path it does not.
fn names_folder(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        line[..at]
            .chars()
            .next_back()
            .is_none_or(|before| !before.is_alphanumeric() && !"/._-}".contains(before))
    })
}

fn containing(file: &File, words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for (number, line) in (1..).zip(file.text.lines()) {
        for word in words.iter().filter(|word| line.contains(**word)) {
            found.push(format!("line {number} has {word:?}"));
        }
    }
    found
}

#[test]
fn every_rust_file_begins_with_its_purpose() {
    assert_none(&faults(&rust_files(), first_line));
    assert_eq!(
        first_line(&File::sample("a.rs", "use std::fmt;\n")).len(),
        1
    );
    assert_eq!(first_line(&File::sample("a.rs", "")).len(), 1);
}

#[test]
fn no_rust_file_is_longer_than_one_can_read() {
    assert_none(&faults(&rust_files(), length));
    assert_eq!(length(&File::sample("a.rs", &"\n".repeat(799))).len(), 0);
    assert_eq!(length(&File::sample("a.rs", &"\n".repeat(800))).len(), 1);
}

#[test]
fn nothing_is_left_unfinished_or_switched_off() {
    assert_none(&faults(&files(), unfinished));
    for word in UNFINISHED {
        let sample = File::sample("a.rs", &format!("fn a() {{}}\n    {word}dead_code)]\n"));
        assert_eq!(unfinished(&sample), [format!("line 2 has {word:?}")]);
    }
}

#[test]
fn no_test_sleeps() {
    let tests: Vec<File> = rust_files()
        .into_iter()
        .filter(|file| file.path.contains("/tests/"))
        .collect();
    assert!(tests.len() > 20, "only {} files of tests", tests.len());
    assert_none(&faults(&tests, sleeps));
    for word in SLEEPS {
        assert_eq!(
            sleeps(&File::sample("a.rs", &format!("std::{word}(d);"))).len(),
            1
        );
    }
}

#[test]
fn no_file_carries_a_trace_of_the_machine_it_was_written_on() {
    assert_none(&faults(&files(), traces));
    for folder in OWN_FOLDERS {
        assert_eq!(
            traces(&File::sample("a.md", &format!("see {folder}x"))).len(),
            1
        );
        assert_eq!(
            traces(&File::sample("a.md", &format!("{folder}x"))).len(),
            1
        );
    }
    for registry in REGISTRIES {
        assert_eq!(traces(&File::sample("a.toml", registry)).len(), 1);
    }
    let address = concat!("https://example.invalid/ho", "me/x");
    assert_eq!(traces(&File::sample("a.md", address)).len(), 0);
    let lock = "source = \"registry+https://mirror.invalid/index\"";
    assert_eq!(traces(&File::sample("Cargo.lock", lock)).len(), 1);
}
