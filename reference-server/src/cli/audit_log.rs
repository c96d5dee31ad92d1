//! `audit-log`: the chain of events written to a file, and checked from one without server or database.

use std::{
    fs::File,
    io::{BufReader, BufWriter, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context as _;

use super::EXIT_FINDINGS;
use crate::{config::Config, contest::audit_log};

/// What is done with the audit log.
#[derive(Debug, clap::Subcommand)]
pub(super) enum AuditLogCommand {
    /// Write every event to a file, a JSON object a line. It may run beside the server.
    #[command(
        after_help = "Example:\n  reference-server audit-log export --out audit.jsonl --config contest.toml"
    )]
    Export {
        /// The file to write.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// The configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Check an exported file: every hash and every link, with no database and no network.
    #[command(
        after_help = "Example:\n  reference-server audit-log verify audit.jsonl --head 5f7a…\n\nExit code 0: it holds; 3: it does not, or ends elsewhere than stated; 1: the file cannot be read."
    )]
    Verify {
        /// The file.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The hash its last event must have, as a bulletin or a colleague has it.
        #[arg(long, value_name = "HASH")]
        head: Option<String>,
    },
}

pub(super) fn run(command: &AuditLogCommand) -> anyhow::Result<ExitCode> {
    match command {
        AuditLogCommand::Export { out, config } => {
            tokio::runtime::Runtime::new()?.block_on(export(out, config))
        }
        AuditLogCommand::Verify { file, head } => verify(file, head.as_deref()),
    }
}

async fn export(out: &Path, config: &Path) -> anyhow::Result<ExitCode> {
    let app = super::configured(&Config::read(config)?).await?;
    let file = File::create(out).with_context(|| format!("cannot write {}", out.display()))?;
    let mut file = BufWriter::new(file);
    let (mut number, mut head) = (0, String::new());
    loop {
        let events = audit_log::after(&app, number, audit_log::FILE).await?;
        let Some(last) = events.last() else {
            break;
        };
        number = last.number;
        head.clone_from(&last.hash);
        for event in &events {
            serde_json::to_writer(&mut file, event)?;
            file.write_all(b"\n")?;
        }
    }
    file.flush()?;
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "events: {number}\nhead:   {head}")?;
    Ok(ExitCode::SUCCESS)
}

fn verify(path: &Path, head: Option<&str>) -> anyhow::Result<ExitCode> {
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let checked = audit_log::verify(BufReader::new(file))
        .with_context(|| format!("{} is no audit log", path.display()))?;
    let mut stdout = std::io::stdout().lock();
    if let Some(broken) = checked.broken {
        writeln!(
            stdout,
            "BROKEN at event {broken}: what stands from there on proves nothing"
        )?;
        return Ok(ExitCode::from(EXIT_FINDINGS));
    }
    writeln!(
        stdout,
        "events: {}\nhead:   {}",
        checked.number, checked.hash
    )?;
    match head {
        Some(head) if head != checked.hash => {
            writeln!(stdout, "ANOTHER HEAD than {head}: the file ends elsewhere")?;
            Ok(ExitCode::from(EXIT_FINDINGS))
        }
        _ => {
            writeln!(stdout, "every hash and every link holds")?;
            Ok(ExitCode::SUCCESS)
        }
    }
}
