//! `rehearse`: a city or a season with simulated citizens, then the audit.

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use chrono::{DateTime, Utc};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use schedule_core::CHINA_STANDARD_TIME;

use super::{EXIT_FINDINGS, Format, RehearseArguments, place::Place};
use crate::{
    config::LogFormat,
    contest::audit::Violation,
    rehearsal::{Options, Rehearsal, Watcher},
};

/// Steps between two drawings of the progress line.
const STEPS_PER_DRAWING: u64 = 64;

pub(super) fn run(arguments: RehearseArguments) -> anyhow::Result<ExitCode> {
    super::log("off", LogFormat::Text);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let place = Place::open(&arguments.place)?;
    if let Some(schema) = place.schema() {
        // Standard error is for the person at the terminal; the report is on standard output.
        drop(writeln!(io::stderr(), "{schema}"));
    }
    let outcome = runtime.block_on(async {
        tokio::select! {
            outcome = rehearse(arguments, &place) => outcome,
            _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("interrupted")),
        }
    });
    place.close()?;
    outcome
}

async fn rehearse(arguments: RehearseArguments, place: &Place) -> anyhow::Result<ExitCode> {
    let mut rehearsal = Rehearsal::prepare(Options {
        seed: arguments.seed,
        people: arguments.people,
        city: if arguments.season {
            None
        } else {
            arguments.city
        },
        edition: arguments.edition,
        rail: arguments.rail,
        data_dir: place.folder().to_owned(),
        database: place.database(),
        n_instances: arguments.instances,
        outage: arguments.outage,
        lasting: place.is_lasting(),
        office_program: std::env::current_exe()?,
    })
    .await?;
    let mut progress = Progress::new();
    let report = rehearsal.play(&mut progress).await?;
    progress.bar.finish_and_clear();
    let text = match arguments.format {
        Format::Table => report.to_table(),
        Format::Json => report.to_json()?,
    };
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(if report.is_clean() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(EXIT_FINDINGS)
    })
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
