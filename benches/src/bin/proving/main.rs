//! The proving ground: hostile seasons over the real rules and the real payout machine, planted bugs, model checking.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program on the command line talks to its user"
)]

#[cfg(feature = "planted")]
mod exam;
mod model;
mod run;
mod season;

use std::{env, process::ExitCode, thread, time::Instant};

#[cfg(feature = "planted")]
use exam::plant_by_name;
use season::Manner;

const HELP: &str = "\
Plays hostile seasons over the real rules and the real payout machine, and judges them.

Usage: proving COMMAND [--seasons N] [--from SEED] [--jobs N] [--bug NAME] [--limit S] [--long] [--counts]

  seasons        N seasons from a seed on; every row, code, failure and crash point must happen in 1,000 or more
  replay SEED    one season with its trace; with --bug, with that bug planted (feature `planted`)
  model          every state of three small models, and wrong variants that must be refuted; --long for all of it
  t0             what every run of the checks does: 1,000 seasons, every planted bug, a million states
  t1             before money code is merged: 20,000 seasons, every planted bug, more than five million states
  t2             before a release: 200,000 seasons and the rest of t1
  planted        every planted bug must be found within 60 CPU-seconds (feature `planted`)

  --seasons N    how many [default: 1000]
  --from SEED    the first seed [default: 0]
  --jobs N       threads [default: one a core]
  --bug NAME     replay: plant this; planted: only those whose name holds this
  --limit S      processor time for each planted bug [default: 60]
  --long         model: more than five million states instead of one
  --counts       print how often everything happened

Run it with `cargo run --profile proving -p benches --bin proving -- COMMAND`.
";

/// Seasons from which on everything must have happened.
const ENOUGH: u64 = 1_000;
/// Failures after which a run stops.
const MOST_FAILURES: usize = 5;

/// What the command line asks for.
#[derive(Debug, Clone)]
struct Request {
    command: String,
    seed: u64,
    seasons: u64,
    from: u64,
    jobs: usize,
    bug: Option<String>,
    /// Processor time for each planted bug, in seconds.
    limit: u32,
    counts: bool,
    long: bool,
}

fn request(arguments: impl Iterator<Item = String>) -> Result<Option<Request>, String> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let mut request = Request {
        command: String::new(),
        seed: 0,
        seasons: 1_000,
        from: 0,
        jobs: cores,
        bug: None,
        limit: 60,
        counts: false,
        long: false,
    };
    let mut arguments = arguments;
    let mut words = Vec::new();
    while let Some(argument) = arguments.next() {
        let mut value = |name: &str| arguments.next().ok_or(format!("{name} needs a value"));
        match argument.as_str() {
            "--help" | "-h" => return Ok(None),
            "--seasons" => request.seasons = number(&value("--seasons")?)?,
            "--from" => request.from = number(&value("--from")?)?,
            "--jobs" => {
                request.jobs = usize::try_from(number(&value("--jobs")?)?).unwrap_or(cores);
            }
            "--limit" => {
                request.limit = u32::try_from(number(&value("--limit")?)?).unwrap_or(60);
            }
            "--bug" => request.bug = Some(value("--bug")?),
            "--long" => request.long = true,
            "--counts" => request.counts = true,
            word => words.push(word.to_owned()),
        }
    }
    match words.as_slice() {
        [] => Ok(None),
        [command, seed] if command == "replay" => {
            request.seed = number(seed)?;
            request.command.clone_from(command);
            Ok(Some(request))
        }
        [command]
            if ["seasons", "planted", "model", "t0", "t1", "t2"].contains(&command.as_str()) =>
        {
            request.command.clone_from(command);
            Ok(Some(request))
        }
        other => Err(format!("{:?} is no command; see --help", other.join(" "))),
    }
}

fn number(text: &str) -> Result<u64, String> {
    text.parse()
        .map_err(|_| format!("{text:?} is no whole number"))
}

fn main() -> ExitCode {
    match request(env::args().skip(1)) {
        Ok(None) => {
            print!("{HELP}");
            ExitCode::SUCCESS
        }
        Ok(Some(request)) => {
            let done = match request.command.as_str() {
                "replay" => replay(&request),
                "planted" => examine(&request),
                "model" => explore(&request),
                "t0" => tier(&request, 1_000, false),
                "t1" => tier(&request, 20_000, true),
                "t2" => tier(&request, 200_000, true),
                _ => many(&request),
            };
            match done {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => {
                    eprintln!("error: {error}");
                    ExitCode::FAILURE
                }
            }
        }
        Err(refusal) => {
            eprintln!("error: {refusal}");
            ExitCode::from(2)
        }
    }
}

/// Many seasons, and whether they were hostile enough.
fn many(request: &Request) -> Result<(), String> {
    let start = Instant::now();
    let manner = Manner {
        by_the_table: true,
        ..Manner::default()
    };
    let sum = run::seasons(
        request.from,
        request.seasons,
        request.jobs,
        manner,
        MOST_FAILURES,
    );
    if request.counts {
        for (group, name, n) in sum.coverage.all() {
            println!("{group:<22} {n:>12}  {name}");
        }
    }
    println!(
        "{} seasons from seed {}: {} events, {} awards, {} calls to the rail; {} played twice; {:.0} CPU-s, {:.0} s",
        sum.seasons,
        request.from,
        sum.events,
        sum.awards,
        sum.calls,
        sum.twice,
        run::cpu_seconds(),
        start.elapsed().as_secs_f64()
    );
    for failure in &sum.failures {
        let run::Failure { seed, violation } = failure;
        println!(
            "seed {seed} broke \"{}\": {}",
            violation.predicate, violation.what
        );
        println!(
            "  again, with its trace: cargo run --profile proving -p benches --bin proving -- replay {seed}"
        );
    }
    if !sum.failures.is_empty() {
        return Err(format!("{} seasons broke a law", sum.failures.len()));
    }
    let missing = sum.coverage.missing();
    if sum.seasons >= ENOUGH && !missing.is_empty() {
        for (group, name) in &missing {
            println!("never happened: {group} {name}");
        }
        return Err(format!(
            "{} things never happened, and were not tested",
            missing.len()
        ));
    }
    println!("0 violations; {}", bound(sum.seasons));
    Ok(())
}

/// One tier of the programme: seasons, models and the examination.
fn tier(request: &Request, seasons: u64, long: bool) -> Result<(), String> {
    let request = Request {
        seasons,
        long,
        ..request.clone()
    };
    many(&request)?;
    explore(&request)?;
    examine(&request)
}

/// Explores the models; each wrong variant must be refuted, and no right one.
fn explore(request: &Request) -> Result<(), String> {
    let reach = if request.long {
        model::Reach::Long
    } else {
        model::Reach::Short
    };
    let all = model::explore(reach, request.jobs);
    println!("| model | states | depth | s | whole | result |");
    println!("| --- | --- | --- | --- | --- | --- |");
    let (mut states, mut wrong) = (0, 0);
    for explored in &all {
        let result = explored.refuted.map_or_else(
            || "holds".to_owned(),
            |(property, length)| format!("refuted in {length} steps: {property}"),
        );
        let verdict = if explored.as_it_should {
            ""
        } else {
            " (**it should not**)"
        };
        let whole = match (explored.refuted, explored.whole) {
            (Some(_), _) => "-",
            (None, true) => "yes",
            (None, false) => "no",
        };
        println!(
            "| {} | {} | {} | {:.1} | {whole} | {result}{verdict} |",
            explored.name, explored.states, explored.depth, explored.seconds
        );
        states += explored.states;
        wrong += usize::from(!explored.as_it_should);
    }
    println!("{states} states; {:.0} CPU-s", run::cpu_seconds());
    if wrong > 0 {
        return Err(format!("{wrong} models did not come out as they should"));
    }
    Ok(())
}

/// What a zero means: the rule of three.
fn bound(n: u64) -> String {
    let n = u32::try_from(n).map(f64::from).unwrap_or(f64::INFINITY);
    format!(
        "with 95 % confidence fewer than {:.1e} of such seasons break a law",
        3.0 / n
    )
}

fn replay(request: &Request) -> Result<(), String> {
    let manner = match &request.bug {
        None => Manner {
            by_the_table: true,
            ..Manner::default()
        },
        Some(name) => plant_by_name(name)?,
    };
    let outcome = run::play(
        request.seed,
        Manner {
            traced: true,
            ..manner
        },
    );
    for line in &outcome.trace {
        println!("{line}");
    }
    println!("hash {:016x}, {} events", outcome.hash, outcome.events);
    match outcome.violation {
        None => Ok(()),
        Some(violation) => Err(format!("\"{}\": {}", violation.predicate, violation.what)),
    }
}

#[cfg(feature = "planted")]
fn examine(request: &Request) -> Result<(), String> {
    let filter = request.bug.as_deref().unwrap_or("");
    let (caught, missed) = exam::examine(request.jobs, filter, f64::from(request.limit));
    println!(
        "{caught} bugs caught, {missed} not; {:.0} CPU-s",
        run::cpu_seconds()
    );
    if missed > 0 {
        return Err(format!("{missed} planted bugs were not caught"));
    }
    Ok(())
}

#[cfg(not(feature = "planted"))]
const UNPLANTED: &str = "this build has no planted bugs; build it with --features planted";

#[cfg(not(feature = "planted"))]
fn examine(_request: &Request) -> Result<(), String> {
    Err(UNPLANTED.to_owned())
}

#[cfg(not(feature = "planted"))]
fn plant_by_name(_name: &str) -> Result<Manner, String> {
    Err(UNPLANTED.to_owned())
}
