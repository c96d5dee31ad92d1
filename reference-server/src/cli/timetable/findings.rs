//! `timetable check`: what was found in a timetable, in sentences for the office that sent it.

use std::{
    io::{self, Write as _},
    path::Path,
    process::ExitCode,
};

use schedule_core::timetable::{Reading, Severity};
use serde::Serialize;

use super::{EXIT_FINDINGS, dated, source, titled};
use crate::{
    cli::Format,
    office::{OfficeReader, timetable::sentence},
};

#[derive(Serialize)]
struct Report {
    file: String,
    n_rows: usize,
    n_contests: usize,
    first_day: Option<String>,
    last_day: Option<String>,
    findings: Vec<Found>,
}

#[derive(Serialize)]
struct Found {
    severity: &'static str,
    line: u32,
    column: u32,
    message: String,
    message_zh: String,
}

/// Reads a file and says what is odd or wrong in it.
pub(super) fn check(
    path: &Path,
    year: i32,
    format: Format,
    reader: &OfficeReader,
) -> anyhow::Result<ExitCode> {
    let reading = source::file(path, year, reader)?;
    let mut output = io::stdout().lock();
    match format {
        Format::Table => output.write_all(table(path, &reading).as_bytes())?,
        Format::Json => {
            serde_json::to_writer_pretty(&mut output, &report(path, &reading))?;
            output.write_all(b"\n")?;
        }
    }
    output.flush()?;
    Ok(if reading.findings().is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(EXIT_FINDINGS)
    })
}

fn table(path: &Path, reading: &Reading) -> String {
    let mut text = String::new();
    if let Some(edition) = reading.edition() {
        text.push_str(&titled(&dated(edition), &edition.plan()));
        text.push('\n');
    }
    for finding in reading.findings() {
        text.push_str(&sentence(finding));
        text.push('\n');
    }
    let count = |severity: Severity| {
        let findings = reading.findings().iter();
        findings
            .filter(|finding| finding.severity() == severity)
            .count()
    };
    text.push_str(&format!(
        "{}：表中 {} 行 / 竞赛 {} 场 / 错误 {} / 需确认 {}\n",
        path.display(),
        reading.n_rows(),
        n_contests(reading),
        count(Severity::Error),
        count(Severity::Warning)
    ));
    text
}

fn report(path: &Path, reading: &Reading) -> Report {
    let season = reading.edition().map(schedule_core::Edition::season);
    Report {
        file: path.display().to_string(),
        n_rows: reading.n_rows(),
        n_contests: n_contests(reading),
        first_day: season.map(|season| season.first_day().to_string()),
        last_day: season.map(|season| season.last_day().to_string()),
        findings: reading
            .findings()
            .iter()
            .map(|finding| Found {
                severity: match finding.severity() {
                    Severity::Error => "error",
                    Severity::Warning => "warning",
                },
                line: finding.place().line(),
                column: finding.place().column(),
                message: finding.to_string(),
                message_zh: sentence(finding),
            })
            .collect(),
    }
}

fn n_contests(reading: &Reading) -> usize {
    reading
        .edition()
        .map_or(0, |edition| edition.rounds().len())
}
