//! Plants each bug of reward-core under the real server, and plays hostile rehearsals until the auditor sees it.
//!
//! `cargo build -p reference-server`, then
//! `cargo run -p benches --features planted --example rehearsed_bugs -- target/debug/reference-server`.
//! The program named is only used to open the cities' office files.
//! A third argument is the most seasons a bug gets (24), a fourth the bugs whose name holds it.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::{
    env,
    path::{Path, PathBuf},
};

use chrono::{DateTime, Utc};
use reference_server::{
    config::EditionName,
    contest::audit::Violation,
    rail::Rail,
    rehearsal::{Faults, Options, Rehearsal, Watcher},
};
use reward_core::planted::{self, Bug};

/// Nobody watches.
#[derive(Debug)]
struct Nobody;

impl Watcher for Nobody {
    fn progress(&mut self, _n_done: u64, _n_left: u64, _now: DateTime<Utc>) {}
    fn resumed(&mut self, _n_acknowledged: usize, _violations: &[Violation]) {}
}

/// The first thing that a season of this seed breaks.
fn broken(seed: u64, office_program: &Path) -> anyhow::Result<Option<String>> {
    let dir = tempfile::tempdir()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let played = runtime.block_on(async {
        let mut rehearsal = Rehearsal::prepare(Options {
            seed,
            people: 0,
            city: None,
            edition: EditionName::Postponed,
            rail: Rail::RedPacket,
            data_dir: dir.path().to_owned(),
            database: None,
            n_instances: 1,
            faults: Faults::Hostile,
            outage: false,
            lasting: false,
            stops_at_failure: false,
            office_program: office_program.to_owned(),
        })
        .await?;
        rehearsal.play(&mut Nobody).await
    });
    Ok(match played {
        Ok(report) => report
            .violations
            .first()
            .map(|violation| violation.invariant.clone()),
        Err(error) => Some(format!("the season ended: {error}")),
    })
}

fn main() -> anyhow::Result<()> {
    let mut arguments = env::args().skip(1);
    let office_program = arguments
        .next()
        .map_or_else(|| "target/debug/reference-server".into(), PathBuf::from);
    let most: u64 = arguments.next().map_or(Ok(24), |most| most.parse())?;
    let filter = arguments.next().unwrap_or_default();
    println!("| bug | caught by | seed |");
    println!("| --- | --- | --- |");
    let (mut n_caught, mut n_missed) = (0, 0);
    for &bug in Bug::ALL.iter().filter(|bug| bug.name().contains(&filter)) {
        let mut found = None;
        for seed in 0..most {
            planted::plant(Some(bug));
            let broken = broken(seed, &office_program);
            planted::plant(None);
            if let Some(what) = broken? {
                found = Some((what, seed));
                break;
            }
        }
        let name = bug.name();
        match found {
            Some((what, seed)) => {
                n_caught += 1;
                println!("| {name} | {what} | {seed} |");
            }
            None => {
                n_missed += 1;
                println!("| {name} | not in {most} seasons | |");
            }
        }
    }
    println!("\n{n_caught} bugs caught, {n_missed} not");
    Ok(())
}
