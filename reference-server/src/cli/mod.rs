//! The commands.

pub mod bank;
mod demo;
mod rehearse;
mod serve;

use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

use chrono::{DateTime, FixedOffset};
use clap::{Parser, Subcommand};

pub use self::bank::ReportFormat as Format;
use crate::{config::EditionName, office};

/// A province-wide WeChat knowledge contest with cash red packets.
#[derive(Debug, Parser)]
#[command(name = "reference-server", version, about, long_about = None)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the whole contest on this machine with a simulated WeChat: nothing to set up.
    #[command(
        after_help = "Example:\n  reference-server demo\n  reference-server demo --data ./my-demo --now 2020-05-12T23:55:00+08:00"
    )]
    Demo(DemoArguments),
    /// Run a real season from a configuration file.
    #[command(after_help = "Example:\n  reference-server serve --config /etc/contest/contest.toml")]
    Serve {
        /// The configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Work with question files.
    #[command(subcommand)]
    Bank(BankCommand),
    /// Play a city or a whole season with simulated citizens, then audit every fen.
    #[command(
        after_help = "Example:\n  reference-server rehearse --seed 7 --people 500 --city nanjing\n  reference-server rehearse --seed 7 --people 5000 --season --format json"
    )]
    Rehearse(RehearseArguments),
    /// Reads one office file from standard input in a limited process; used by the server itself.
    #[command(hide = true)]
    OfficeReader {
        /// What the file is.
        #[arg(long, value_enum)]
        kind: office::child::Kind,
    },
}

#[derive(Debug, clap::Args)]
struct DemoArguments {
    /// Keep everything in this folder; without it the demo forgets all when it ends.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Where to listen.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// The address browsers use, when it is not the one listened on.
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// The instant the contest's clock starts from; the middle of 南京's week unless stated.
    #[arg(long, value_name = "RFC3339")]
    now: Option<DateTime<FixedOffset>>,
    /// Which published timetable is played.
    #[arg(long, value_enum, default_value = "postponed")]
    edition: EditionName,
}

#[derive(Debug, Subcommand)]
enum BankCommand {
    /// Read question files, and say what is wrong in which row and column.
    #[command(
        after_help = "Example:\n  reference-server bank check questions.xlsx\n  reference-server bank check province.xlsx nanjing.docx --format json\n\nExit code 0: no error or warning; 3: findings; 1: a file cannot be read."
    )]
    Check {
        /// The files: .xlsx, .xls, .ods, .docx, .csv, .tsv or .txt.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// How the findings are printed.
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct RehearseArguments {
    /// The same seed gives the same report, byte for byte.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Participants in each city.
    #[arg(long, default_value_t = 500)]
    people: u32,
    /// Play one city.
    #[arg(long, value_name = "SLUG", conflicts_with = "season")]
    city: Option<String>,
    /// Play all cities, one after the other.
    #[arg(long)]
    season: bool,
    /// Which published timetable is played.
    #[arg(long, value_enum, default_value = "postponed")]
    edition: EditionName,
    /// Keep the database and WeChat's record in this folder; a killed rehearsal goes on there.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// How the report is printed.
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

/// Parses the command line and runs its command.
///
/// # Errors
/// Whatever ends a command early, in words for the person who called it.
pub fn run() -> anyhow::Result<ExitCode> {
    match Arguments::parse().command {
        Command::Demo(arguments) => demo::run(arguments),
        Command::Serve { config } => serve::run(&config),
        Command::Bank(BankCommand::Check { files, format }) => {
            let reader = office::OfficeReader::new(std::env::current_exe()?);
            Ok(bank::check(&files, format, &reader))
        }
        Command::Rehearse(arguments) => rehearse::run(arguments),
        Command::OfficeReader { kind } => Ok(office::child::run(kind)),
    }
}

/// Logs to standard error; `RUST_LOG` chooses what.
fn log(default: &str) {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_error| tracing_subscriber::EnvFilter::new(default));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        .init();
}
