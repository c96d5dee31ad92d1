//! Crashes of the real program over a real database: kills, named points, power cuts, failing disks.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program on the command line talks to its user"
)]

mod disk;
mod disks;
mod kills;
mod program;
mod tally;

use std::{env, path::PathBuf, process::ExitCode};

use clap::{Parser, ValueEnum};

use program::Program;
use tally::Tally;

/// Crashes the real server while it plays a rehearsal, starts it again, and looks for a promise that was broken.
#[derive(Debug, Parser)]
#[command(
    after_help = "Run it with `cargo run -p benches --features crash --bin crash -- t0`; it builds the server with its crash points by itself.\n\
    With --database, or under `.ci/with-postgres`, kills and points are tried on PostgreSQL as well; whoever gives a server of his own finds one schema for each season on it.\n\
    Power cuts and failing calls need Linux, /dev/fuse and the right to mount.\n\
    Exit code 1: a promise was broken, or something was never tried; the folders of broken seasons stay."
)]
struct Request {
    /// What is done: a tier, or one kind of crash alone.
    #[arg(value_enum)]
    what: What,
    /// How many kills, crashes at each point, cuts, or calls that fail in turn; a tier has its own numbers.
    #[arg(long, default_value_t = 20)]
    count: u64,
    /// Seasons and instants follow from it, as far as the machine's own timing lets them.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Citizens of a season.
    #[arg(long, default_value_t = 40)]
    people: u32,
    /// A PostgreSQL server.
    #[arg(long, value_name = "URL", env = "TEST_POSTGRES_URL")]
    database: Option<String>,
    /// The server's program with the feature `crash-points`; built if not given.
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// Every run of the checks: a few of each.
    T0,
    /// Before money code is merged: 2,000 kills, 20 crashes at each point, 500 cuts, 200 failing calls.
    T1,
    /// Before a release: five times as many.
    T2,
    /// Kills at random instants.
    Kills,
    /// Crashes at each named point.
    Points,
    /// Power cuts under the database's file.
    Cuts,
    /// Calls of the disk that fail, the first, the second, and so on.
    Errors,
    /// Power cuts on a disk that keeps nothing it is asked to keep: they must be found.
    Lies,
}

/// How many of each kind.
#[derive(Debug, Default, Clone, Copy)]
struct Numbers {
    kills: u64,
    points: u64,
    cuts: u64,
    errors: u64,
    lies: u64,
}

impl Request {
    fn numbers(&self) -> Numbers {
        let none = Numbers::default();
        let count = self.count;
        match self.what {
            What::T0 => Numbers {
                kills: 15,
                points: 1,
                cuts: 20,
                errors: 3,
                lies: 20,
            },
            What::T1 => Numbers {
                kills: 2_000,
                points: 20,
                cuts: 500,
                errors: 200,
                lies: 20,
            },
            What::T2 => Numbers {
                kills: 10_000,
                points: 100,
                cuts: 2_500,
                errors: 1_000,
                lies: 20,
            },
            What::Kills => Numbers {
                kills: count,
                ..none
            },
            What::Points => Numbers {
                points: count,
                ..none
            },
            What::Cuts => Numbers {
                cuts: count,
                ..none
            },
            What::Errors => Numbers {
                errors: count,
                ..none
            },
            What::Lies => Numbers {
                lies: count,
                ..none
            },
        }
    }
}

fn main() -> ExitCode {
    match run(&Request::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Does what was asked for; whether everything held.
fn run(request: &Request) -> Result<bool, String> {
    let numbers = request.numbers();
    let wants_disks = numbers.cuts + numbers.errors + numbers.lies > 0;
    // Where the checks run, a test that cannot be done fails; elsewhere it says so.
    let disks = disks::can_mount();
    if let Err(what) = &disks
        && wants_disks
        && (env::var_os("CI").is_some() || numbers.kills == 0)
    {
        return Err(what.clone());
    }
    let program = Program::make(request.program.clone(), request.people)?;
    let transfers = program.by_transfers();
    let mut worlds = vec![("SQLite", program.clone())];
    if let Some(address) = &request.database {
        worlds.push(("PostgreSQL", program.on_server(address)));
    }
    let seed = request.seed;
    let mut holds = true;
    for (engine, program) in &worlds {
        if numbers.kills > 0 {
            holds &= told(&kills::at_random(program, engine, numbers.kills, seed)?);
        }
        if numbers.points > 0 {
            holds &= told(&kills::at_points(program, engine, numbers.points, seed)?);
        }
    }
    if numbers.kills > 0 {
        let n_kills = numbers.kills.div_ceil(5);
        holds &= told(&kills::at_random(
            &transfers,
            "SQLite, transfers",
            n_kills,
            seed,
        )?);
    }
    if let Err(what) = &disks
        && wants_disks
    {
        println!("SKIPPED power cuts and failing calls: {what}");
        return Ok(holds);
    }
    if numbers.cuts > 0 {
        holds &= told(&disks::cuts(&program, numbers.cuts, seed, false)?);
    }
    if numbers.errors > 0 {
        holds &= told(&disks::errors(&program, numbers.errors, seed)?);
    }
    if numbers.lies > 0 {
        holds &= found(&disks::cuts(&program, numbers.lies, seed, true)?);
    }
    Ok(holds)
}

fn told(tally: &Tally) -> bool {
    println!("{tally}");
    tally.broken.is_empty()
}

/// A disk that lies must be found out, or nothing else was tested.
fn found(tally: &Tally) -> bool {
    match tally.broken.first() {
        Some(what) => println!(
            "a disk that lies is found out after {} cuts: {what}",
            tally.n_crashes
        ),
        None => println!(
            "BROKEN {} cuts on a disk that lies went unnoticed",
            tally.n_crashes
        ),
    }
    !tally.broken.is_empty()
}
