//! Laws of the commands about keys and persons, as an operator runs them on a whole configuration.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use tempfile::TempDir;
use wechat_adapter::simulator::SimulatorConfig;

use super::setup::config;

/// A season whose configuration is complete; the wall clock is long past it.
pub(crate) fn season() -> TempDir {
    let dir = TempDir::new().unwrap();
    drop(config(&dir, "江苏省信用办"));
    // A certificate of nobody with its key; made with `openssl req -x509` for these tests.
    let identity = include_str!("identity.pem");
    for (name, text) in [
        ("app-secret", "5f1e2d3c4b5a69788796a5b4c3d2e1f0"),
        ("callback-token", "token"),
        ("encoding-aes-key", SimulatorConfig::REHEARSAL_AES_KEY),
        ("merchant-key", "0123456789abcdef0123456789abcdef"),
        ("identity.pem", identity),
        ("who", "oNOBODY0000000000000000000000"),
    ] {
        fs::write(dir.path().join(name), text).unwrap();
    }
    dir
}

/// Only its owner may read a key.
pub(crate) fn keep_private(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o400)).unwrap();
}

fn run(dir: &TempDir, words: &[&str]) -> Output {
    let (command, options) = words.split_at(2);
    Command::new(env!("CARGO_BIN_EXE_reference-server"))
        .args(command)
        .arg("--config")
        .arg(dir.path().join("contest.toml"))
        .args(options)
        .current_dir(dir.path())
        .output()
        .unwrap()
}

/// The command ended so, and said this.
pub(super) fn assert_ends(output: &Output, code: i32, words: &[&str]) {
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    let said = String::from_utf8_lossy(&output.stdout);
    for word in words {
        assert!(said.contains(word), "no {word} in {output:?}");
    }
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

#[test]
fn keys_are_made_and_changed_by_commands() {
    let dir = season();
    assert_ends(
        &run(&dir, &["keys", "new"]),
        0,
        &["master.key", "contest-1.key", "people-1.key", "index-1.key"],
    );
    assert_ends(&run(&dir, &["keys", "new"]), 0, &["is there already"]);
    assert_ends(
        &run(&dir, &["keys", "status"]),
        0,
        &[
            "season-1 ",
            "contest-1 ",
            "people-1 ",
            "person.openid:  0 under version 1",
        ],
    );
    // A second version: listed, made, listed first, moved to.
    let path = dir.path().join("contest.toml");
    let settings = text(&path);
    let listing = |people: &str| {
        let keys = format!(
            "[keys]\ncontest = [\"data/contest-1.key\"]\npeople = {people}\nindex = \"data/index-1.key\"\n\n[season]"
        );
        fs::write(&path, settings.replacen("[season]", &keys, 1)).unwrap();
    };
    listing(r#"["data/people-1.key", "data/people-2.key"]"#);
    let lost = run(&dir, &["keys", "status"]);
    assert_eq!(lost.status.code(), Some(1), "{lost:?}");
    assert!(String::from_utf8_lossy(&lost.stderr).contains("people-2.key"));
    assert_ends(&run(&dir, &["keys", "new"]), 0, &["people-2.key"]);
    listing(r#"["data/people-2.key", "data/people-1.key"]"#);
    assert_ends(
        &run(&dir, &["keys", "rotate"]),
        0,
        &["0 values moved; 0 left under an older key"],
    );
    assert_ends(
        &run(&dir, &["keys", "status"]),
        0,
        &[
            "people-2 ",
            "person.openid:  0 under version 2  0 under version 1",
        ],
    );
}

#[test]
fn two_persons_destroy_the_keys_by_a_command_and_the_books_stay_sound() {
    let dir = season();
    let data = dir.path().join("data");
    assert_ends(&run(&dir, &["keys", "status"]), 0, &["people-1 "]);
    for (by, and) in [("Zhang", "Zhang"), ("Zhang", " ")] {
        assert_ends(
            &run(&dir, &["keys", "destroy", "--by", by, "--and", and]),
            3,
            &["refused: two different persons"],
        );
    }
    assert!(text(&data.join("people-1.key")).contains("aes-sha2"));
    for _ in 0..2 {
        assert_ends(
            &run(&dir, &["keys", "destroy", "--by", "Zhang", "--and", "Li"]),
            0,
            &["people-1.key", "index-1.key", "offline copies"],
        );
    }
    for name in ["people-1", "index-1"] {
        let left = text(&data.join(format!("{name}.key")));
        assert_eq!(
            left,
            format!("contest-key {} destroyed\n", name.replace('-', " "))
        );
    }
    assert_ends(&run(&dir, &["keys", "status"]), 0, &["are destroyed"]);
    let config = dir.path().join("contest.toml");
    let audit = Command::new(env!("CARGO_BIN_EXE_reference-server"))
        .args(["audit", "--config"])
        .arg(config)
        .output()
        .unwrap();
    assert_ends(&audit, 0, &["0 violations"]);
    assert_ends(
        &run(&dir, &["person", "erase", "--openid-file", "who"]),
        3,
        &["refused: records-destroyed"],
    );
}

#[test]
fn a_person_nobody_knows_is_neither_given_out_nor_erased() {
    let dir = season();
    for whom in [["--openid-file", "who"], ["--person", "NOBODY"]] {
        let export = [&["person", "export", "--out", "out.json"][..], &whom].concat();
        assert_ends(&run(&dir, &export), 3, &["refused: not-found"]);
        let erase = [&["person", "erase"][..], &whom].concat();
        assert_ends(&run(&dir, &erase), 3, &["refused: not-found"]);
    }
    assert!(!dir.path().join("out.json").exists());
    let both = run(
        &dir,
        &["person", "erase", "--person", "A", "--openid-file", "who"],
    );
    assert_eq!(both.status.code(), Some(2), "{both:?}");
}
