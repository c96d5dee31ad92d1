//! `audit`: the whole database recounted from single rows, by two checkers that share nothing.

use std::{io::Write as _, path::Path, process::ExitCode};

use super::{EXIT_FINDINGS, Format};
use crate::{
    config::Config,
    contest::{Error, audit},
};

pub(super) fn run(path: &Path, format: Format) -> anyhow::Result<ExitCode> {
    let config = Config::read(path)?;
    let runtime = tokio::runtime::Runtime::new()?;
    let app = runtime.block_on(super::configured(&config))?;
    let violations = runtime.block_on(async {
        let mut violations = audit::violations(&app, None).await?;
        violations.extend(audit::found_by_sql(&app).await?);
        Ok::<_, Error>(violations)
    })?;
    let mut out = std::io::stdout().lock();
    match format {
        Format::Json => writeln!(out, "{}", serde_json::to_string_pretty(&violations)?)?,
        Format::Table => {
            for violation in &violations {
                writeln!(out, "{}: {}", violation.invariant, violation.detail)?;
            }
            writeln!(out, "{} violations", violations.len())?;
        }
    }
    Ok(if violations.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(EXIT_FINDINGS)
    })
}
