//! `rehearse`: a city or a season with simulated citizens, then the audit.

use std::{
    io::{self, Write as _},
    ops::Range,
    process::ExitCode,
};

use chrono::{DateTime, Utc};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use schedule_core::CHINA_STANDARD_TIME;

use super::{EXIT_FINDINGS, Format, RehearseArguments, place::Place};
use crate::{
    config::LogFormat,
    contest::audit::Violation,
    rehearsal::{Faults, Options, Rehearsal, Report, Seasons, Watcher},
};

/// Every so many seasons one is played twice, and must be the same.
const TWICE: u64 = 20;
/// Steps between two drawings of the progress line.
const STEPS_PER_DRAWING: u64 = 64;

/// Reads `0..100`.
pub(super) fn seeds(text: &str) -> Result<Range<u64>, String> {
    let (first, last) = text.split_once("..").ok_or("write it as 0..100")?;
    let number = |text: &str| {
        text.trim()
            .parse::<u64>()
            .map_err(|error| error.to_string())
    };
    let seeds = number(first)?..number(last)?;
    if seeds.is_empty() {
        return Err("there is no seed between them".to_owned());
    }
    Ok(seeds)
}

pub(super) fn run(arguments: RehearseArguments) -> anyhow::Result<ExitCode> {
    super::log("off", LogFormat::Text);
    if let Some(seeds) = arguments.seeds.clone() {
        return many(&arguments, seeds);
    }
    if arguments.faults == Faults::Hostile && arguments.place.is_lasting() {
        anyhow::bail!("a hostile season is thrown away; --data is for a mild one");
    }
    let report = one(&arguments, arguments.seed)?;
    let text = match arguments.format {
        Format::Table => report.to_table(),
        Format::Json => report.to_json()?,
    };
    print(&text)?;
    Ok(exit_code(report.is_clean()))
}

/// Plays every seed in a place of its own; every twentieth twice.
fn many(arguments: &RehearseArguments, seeds: Range<u64>) -> anyhow::Result<ExitCode> {
    if arguments.faults != Faults::Hostile {
        anyhow::bail!("--seeds is for --faults hostile");
    }
    if arguments.place.is_lasting() {
        anyhow::bail!("many seasons are thrown away; --data is for a single mild one");
    }
    let mut seasons = Seasons::default();
    for seed in seeds {
        match one(arguments, seed) {
            Ok(report) => {
                if seed.is_multiple_of(TWICE) {
                    seasons.compare(&report, &one(arguments, seed)?);
                }
                seasons.add(&report);
                if !report.is_clean() {
                    // Standard error is for the person at the terminal.
                    drop(writeln!(io::stderr(), "seed {seed}: violations"));
                }
            }
            Err(error) => seasons.failed(seed, format!("{error:#}")),
        }
    }
    print(&seasons.to_text(|seed| again(arguments, seed)))?;
    Ok(exit_code(seasons.is_clean()))
}

/// The command that plays a seed again.
fn again(arguments: &RehearseArguments, seed: u64) -> String {
    let place = arguments.place.to_text();
    format!("reference-server rehearse --faults hostile --seed {seed}{place}")
}

fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

fn exit_code(is_clean: bool) -> ExitCode {
    if is_clean {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(EXIT_FINDINGS)
    }
}

/// Plays one rehearsal to its end.
fn one(arguments: &RehearseArguments, seed: u64) -> anyhow::Result<Report> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let place = Place::open(&arguments.place)?;
    if let Some(schema) = place.schema().filter(|_| arguments.seeds.is_none()) {
        // Standard error is for the person at the terminal; the report is on standard output.
        drop(writeln!(io::stderr(), "{schema}"));
    }
    let outcome = runtime.block_on(async {
        tokio::select! {
            outcome = rehearse(arguments, seed, &place) => outcome,
            _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("interrupted")),
        }
    });
    drop(runtime);
    place.close()?;
    outcome
}

async fn rehearse(
    arguments: &RehearseArguments,
    seed: u64,
    place: &Place,
) -> anyhow::Result<Report> {
    let mut rehearsal = Rehearsal::prepare(Options {
        seed,
        people: arguments.people,
        city: if arguments.season {
            None
        } else {
            arguments.city.clone()
        },
        edition: arguments.edition,
        rail: arguments.rail,
        data_dir: place.folder().to_owned(),
        database: place.database(),
        n_instances: arguments.instances,
        faults: arguments.faults,
        outage: arguments.outage,
        lasting: place.is_lasting(),
        stops_at_failure: arguments.stop_at_failure,
        office_program: std::env::current_exe()?,
    })
    .await?;
    let mut progress = Progress::new();
    let report = rehearsal.play(&mut progress).await?;
    progress.bar.finish_and_clear();
    Ok(report)
}

/// The progress line on standard error; invisible when that is no terminal.
#[derive(Debug)]
struct Progress {
    bar: ProgressBar,
}

impl Progress {
    fn new() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{elapsed_precise} {msg} {pos} steps, {per_sec}");
        if let Ok(style) = style {
            bar.set_style(style);
        }
        Self { bar }
    }
}

impl Watcher for Progress {
    fn progress(&mut self, n_done: u64, _n_left: u64, now: DateTime<Utc>) {
        if n_done.is_multiple_of(STEPS_PER_DRAWING) {
            let now = now.with_timezone(&CHINA_STANDARD_TIME);
            self.bar
                .set_message(now.format("%Y-%m-%d %H:%M").to_string());
            self.bar.set_position(n_done);
        }
    }

    fn resumed(&mut self, n_acknowledged: usize, violations: &[Violation]) {
        let verdict = match violations.first() {
            None => "all in the database, nobody paid twice".to_owned(),
            Some(first) => format!(
                "{} violations, the first: {}: {}",
                violations.len(),
                first.invariant,
                first.detail
            ),
        };
        let line = format!("goes on: {n_acknowledged} acknowledged awards, {verdict}");
        // Standard error is for the person at the terminal; when it is gone, so is he.
        drop(writeln!(io::stderr(), "{line}"));
    }
}
