//! `migrate`: the tables of a season, made or brought up to date by whoever owns them.

use std::{io::Write as _, path::Path, process::ExitCode};

use crate::{config::Config, setup};

pub(super) fn run(
    path: &Path,
    user: Option<&str>,
    password_file: Option<&Path>,
) -> anyhow::Result<ExitCode> {
    let config = Config::read(path)?;
    setup::migrate(&config, user, password_file)?;
    writeln!(std::io::stdout().lock(), "the tables are up to date")?;
    Ok(ExitCode::SUCCESS)
}
