//! `rehearse`.

use std::process::ExitCode;

use super::RehearseArguments;

pub(super) fn run(_arguments: RehearseArguments) -> anyhow::Result<ExitCode> {
    Ok(ExitCode::SUCCESS)
}
