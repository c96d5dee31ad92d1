//! A rehearsal killed without warning goes on where it was: nothing acknowledged is lost, nobody is paid twice.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::{Child, Command, Output, Stdio},
    thread,
    time::Duration,
};

use reference_server::rehearsal::Acknowledged;
use serde_json::Value;

use crate::engine::{TestDatabase, address};

/// Looks at the file before a test gives up.
const N_LOOKS_MAX: u32 = 20_000;
const BETWEEN_LOOKS: Duration = Duration::from_millis(3);

fn rehearse(dir: &Path) -> Command {
    rehearse_by("red-packet", dir)
}

fn rehearse_by(rail: &str, dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reference-server"));
    command
        .args(["rehearse", "--city", "nanjing", "--people", "60"])
        .args(["--rail", rail])
        .args(["--format", "json", "--data"])
        .arg(dir)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if let Some(address) = address() {
        command.args(["--database", &address]);
    }
    command
}

fn acknowledged(dir: &Path) -> Vec<Acknowledged> {
    let text = fs::read_to_string(dir.join("acknowledged.jsonl")).unwrap_or_default();
    text.split_inclusive('\n')
        .filter(|line| line.ends_with('\n'))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Runs until so many awards are acknowledged, then kills; `None` when it ended before.
fn kill_at(rail: &str, dir: &Path, n_awards: usize) -> Option<Output> {
    let mut child: Child = rehearse_by(rail, dir).spawn().unwrap();
    for _ in 0..N_LOOKS_MAX {
        if acknowledged(dir).len() >= n_awards {
            child.kill().unwrap();
            return Some(child.wait_with_output().unwrap());
        }
        if child.try_wait().unwrap().is_some() {
            return None;
        }
        thread::park_timeout(BETWEEN_LOOKS);
    }
    child.kill().unwrap();
    panic!("{n_awards} awards were not reached");
}

#[test]
fn a_rehearsal_that_is_killed_four_times_ends_without_a_violation() {
    let dir = tempfile::tempdir().unwrap();
    for n_awards in [1, 9, 20, 33] {
        let killed = kill_at("red-packet", dir.path(), n_awards);
        let output = killed.expect("there are more awards than that");
        assert!(!output.status.success());
        assert!(
            output.stdout.is_empty(),
            "a report of an unfinished rehearsal"
        );
    }
    let seen_before_kills = acknowledged(dir.path());
    let output = rehearse(dir.path()).output().unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{complaints}");
    assert!(
        complaints.contains("all in the database, nobody paid twice"),
        "{complaints}"
    );
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["violations"], Value::Array(Vec::new()));
    assert_eq!(report["wechat"]["difference_fen"], 0);

    let told = acknowledged(dir.path());
    assert_eq!(told[..seen_before_kills.len()], seen_before_kills[..]);
    let stored = stored_awards(&TestDatabase::kept_for(dir.path()));
    let amounts: BTreeMap<&str, u64> = told
        .iter()
        .map(|told| (told.award.as_str(), told.amount_fen))
        .collect();
    assert_eq!(amounts.len(), told.len(), "an award was written down twice");
    let stored_amounts: BTreeMap<&str, u64> = stored
        .iter()
        .map(|(award, amount_fen)| (award.as_str(), *amount_fen))
        .collect();
    assert_eq!(amounts, stored_amounts);
    assert_eq!(report["wechat"]["n_packets"], told.len());
    let base: Vec<&str> = told
        .iter()
        .filter(|told| told.kind == "base")
        .map(|told| told.openid.as_str())
        .collect();
    let people: BTreeSet<&&str> = base.iter().collect();
    assert_eq!(people.len(), base.len(), "somebody has two base packets");
}

#[test]
fn a_rehearsal_by_transfers_that_is_killed_ends_without_a_violation() {
    let dir = tempfile::tempdir().unwrap();
    for n_awards in [2, 25] {
        let killed = kill_at("transfer", dir.path(), n_awards);
        assert!(
            !killed
                .expect("there are more awards than that")
                .status
                .success()
        );
    }
    let output = rehearse_by("transfer", dir.path()).output().unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{complaints}");
    assert!(
        complaints.contains("all in the database, nobody paid twice"),
        "{complaints}"
    );
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["violations"], Value::Array(Vec::new()));
    assert_eq!(report["wechat"]["difference_fen"], 0);
    assert_eq!(
        report["wechat"]["n_packets"],
        acknowledged(dir.path()).len()
    );
}

#[test]
fn a_finished_folder_tells_the_same_again_and_takes_no_other_options() {
    let dir = tempfile::tempdir().unwrap();
    let first = rehearse(dir.path()).output().unwrap();
    assert_eq!(first.status.code(), Some(0));
    let again = rehearse(dir.path()).output().unwrap();
    assert_eq!(again.status.code(), Some(0));
    let report = |output: &Output| {
        let mut report: Value = serde_json::from_slice(&output.stdout).unwrap();
        // Calls, and faults of those that only ask, are not remembered over a restart.
        for counted in ["faults", "calls"] {
            report.as_object_mut().unwrap().remove(counted);
        }
        report
    };
    assert_eq!(report(&first), report(&again));
    // Removed with the test.
    let _database = TestDatabase::kept_for(dir.path());
    let other = rehearse(dir.path()).args(["--seed", "8"]).output().unwrap();
    assert_eq!(other.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&other.stderr).contains("the folder holds the rehearsal"));
}

fn stored_awards(database: &TestDatabase) -> Vec<(String, u64)> {
    let rows = database.raw().rows("SELECT award, amount_fen FROM award");
    rows.into_iter()
        .map(|row| (row[0].clone(), row[1].parse().unwrap()))
        .collect()
}
