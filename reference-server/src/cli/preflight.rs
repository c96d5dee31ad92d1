//! `config check` and `preflight`: what would stand against a season, before it does.

use std::{io::Write as _, path::Path, process::ExitCode};

use super::EXIT_FINDINGS;
use crate::{
    config::Config,
    contest::preflight::{self, Verdict},
    setup,
};

/// Prints every value in force and tries the credentials' form; opens no database and no connection.
pub(super) fn check_config(path: &Path) -> anyhow::Result<ExitCode> {
    let config = Config::read(path)?;
    let mut out = std::io::stdout().lock();
    for line in config.lines() {
        writeln!(out, "{line}")?;
    }
    out.flush()?;
    setup::try_config(&config)?;
    writeln!(out, "\nthe configuration can be used")?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn run(path: &Path) -> anyhow::Result<ExitCode> {
    let config = Config::read(path)?;
    let runtime = tokio::runtime::Runtime::new()?;
    let app = runtime.block_on(super::configured(&config))?;
    let checks = runtime.block_on(preflight::checks(&app))?;
    let mut out = std::io::stdout().lock();
    for check in &checks {
        let word = check.verdict.name();
        writeln!(
            out,
            "{word:<8}{}: {}：{}",
            check.name, check.title, check.detail
        )?;
        if !check.next.is_empty() {
            writeln!(out, "        → {}", check.next)?;
        }
    }
    let count = |verdict| {
        checks
            .iter()
            .filter(|check| check.verdict == verdict)
            .count()
    };
    let faults = count(Verdict::Fault);
    writeln!(
        out,
        "\n{faults} fail, {} warn, {} unknown, {} ok",
        count(Verdict::Doubt),
        count(Verdict::Unknown),
        count(Verdict::Good)
    )?;
    Ok(if faults == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(EXIT_FINDINGS)
    })
}
