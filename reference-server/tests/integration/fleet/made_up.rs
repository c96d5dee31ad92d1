//! A demo and a rehearsal on a database server: in a schema of their own, which is gone with them.

use std::process::Command;

use super::processes::{Running, program};
use crate::engine::{Raw, address};

fn schemas(raw: &mut Raw) -> Vec<String> {
    raw.texts("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'made_up_contest_%'")
}

fn n_tables(raw: &mut Raw, schema: &str) -> i64 {
    raw.number(&format!(
        "SELECT COUNT(*) FROM pg_tables WHERE schemaname = '{schema}'"
    ))
}

#[test]
fn a_demo_and_a_rehearsal_leave_nothing_on_the_server() {
    let Some(address) = address() else {
        println!("SKIPPED: a file is in the folder and goes with it");
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let mut raw = Raw::server(&address);
    let mut demo = program();
    demo.args(["demo", "--listen", "127.0.0.1:0", "--database", &address]);
    let mut running = Running::start(&mut demo, "made_up_contest_", &dir.path().join("log"));
    let (_, name) = running.ready.split_once("made_up_contest_").unwrap();
    let schema = format!("made_up_contest_{}", name.split(' ').next().unwrap());
    assert!(n_tables(&mut raw, &schema) > 10);
    running.terminate();
    assert!(running.ended().success());
    assert!(!schemas(&mut raw).contains(&schema));

    let mut rehearse: Command = program();
    rehearse.args(["rehearse", "--city", "nanjing", "--people", "6"]);
    rehearse.args(["--instances", "2", "--outage", "--database", &address]);
    let output = rehearse.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    let (_, name) = said.split_once("the schema ").unwrap();
    let schema = name.split(',').next().unwrap().to_owned();
    assert!(schema.starts_with("made_up_contest_"), "{said}");
    assert!(!schemas(&mut raw).contains(&schema));
}
