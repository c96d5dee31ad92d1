//! `verify`: a city's published file, checked with no database and no network.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context as _;
use reward_core::{Assurance, AuditReport, CityFile, Fen, PlanRoot, SeedCommitment};

use super::EXIT_FINDINGS;

#[derive(Debug, clap::Args)]
pub(super) struct VerifyArguments {
    /// The city's file, as `/verify/CITY.json` gives it.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The commitment you noted before the city opened.
    #[arg(long, value_name = "HEX")]
    commitment: Option<SeedCommitment>,
    /// The root you noted before the city opened.
    #[arg(long, value_name = "HEX")]
    root: Option<PlanRoot>,
    /// A receipt to check as well.
    #[arg(long, value_name = "FILE")]
    receipt: Vec<PathBuf>,
}

pub(super) fn run(arguments: VerifyArguments) -> anyhow::Result<ExitCode> {
    let mut city = read(&arguments.file)?;
    for path in &arguments.receipt {
        let receipt =
            fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        city.receipts.push(receipt);
    }
    let mut out = std::io::stdout().lock();
    match check(&city, &arguments) {
        Ok(report) => {
            out.write_all(text(&city, &arguments, &report).as_bytes())?;
            Ok(ExitCode::SUCCESS)
        }
        Err(fault) => {
            writeln!(out, "DOES NOT HOLD: {fault}")?;
            Ok(ExitCode::from(EXIT_FINDINGS))
        }
    }
}

fn read(path: &Path) -> anyhow::Result<CityFile> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_slice(&bytes)
        .with_context(|| format!("{} is not a city's file", path.display()))
}

fn check(city: &CityFile, noted: &VerifyArguments) -> Result<AuditReport, String> {
    let report = city.audit().map_err(|fault| fault.to_string())?;
    let differs = |name: &str, noted: String, found: &str| {
        if noted == found {
            Ok(())
        } else {
            Err(format!(
                "you noted the {name} {noted}, the file has {found}"
            ))
        }
    };
    if let Some(commitment) = noted.commitment {
        differs("commitment", commitment.to_string(), &city.commitment)?;
    }
    if let Some(root) = noted.root {
        differs("root", root.to_string(), &city.root)?;
    }
    Ok(report)
}

fn text(city: &CityFile, noted: &VerifyArguments, report: &AuditReport) -> String {
    let total = report
        .awarded_by_day
        .iter()
        .fold(0_u64, |total, day| total.saturating_add(day.get()));
    let total = Fen::new(total);
    let mut lines = vec![
        format!("city        {}", city.city),
        format!("awards      {}, {total} yuan in all", report.awards),
    ];
    for (day, sum) in (1..).zip(&report.awarded_by_day) {
        lines.push(format!("  day {day:<5} {:>9} yuan", sum.to_string()));
    }
    lines.push(match report.top_packet {
        Some(entry) => format!("top packet  awarded by entry {entry}"),
        None => "top packet  not awarded".to_owned(),
    });
    let by_reader = |is_noted: bool| if is_noted { ", as you noted" } else { "" };
    lines.push(format!(
        "commitment  {} fits the seed and the rules{}",
        city.commitment,
        by_reader(noted.commitment.is_some())
    ));
    lines.push(format!(
        "root        {} fits every packet{}",
        city.root,
        by_reader(noted.root.is_some())
    ));
    lines.push(format!("heads       {} fit the log", city.heads.len()));
    if !city.receipts.is_empty() {
        lines.push(format!("receipts    {} fit the root", city.receipts.len()));
    }
    lines.push(String::new());
    lines.push(
        "EVERYTHING FITS. No packet was kept back, handed out of turn, changed or given twice."
            .to_owned(),
    );
    lines.push(
        match report.assurance {
            Assurance::Committed => {
                "The draw was not changed after the commitment; seeds may have been tried before it."
            }
            Assurance::Mixed => {
                "The draw was not changed after the commitment, and depends on the announced public value."
            }
        }
        .to_owned(),
    );
    if noted.commitment.is_none() || noted.root.is_none() {
        lines.push(
            "Compare commitment, root and heads with those published before: a file wrong throughout fits itself."
                .to_owned(),
        );
    }
    lines.push(String::new());
    lines.join("\n")
}
