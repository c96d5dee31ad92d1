//! `keys`: the keys of a season made, looked at, changed for newer ones, and at last destroyed.

use std::{io::Write as _, path::PathBuf, process::ExitCode};

use clap::Subcommand;

use super::EXIT_FINDINGS;
use crate::{
    config::Config,
    contest::{
        custody::{self, Decision},
        edition,
    },
    privacy::{self, Suite},
    setup,
};

#[derive(Debug, Subcommand)]
pub(super) enum KeysCommand {
    /// Make every key file that the configuration names and that is not there yet.
    #[command(
        after_help = "Example:\n  reference-server keys new --config /etc/contest/contest.toml\n\nA key is a file of mode 0400, named by its ring and version, wrapped by the master key."
    )]
    New {
        /// The configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// The ciphers of the new keys.
        #[arg(long, value_enum, default_value = "aes-sha2")]
        suite: Suite,
    },
    /// Say which keys are in hand, and how many values each of them sealed.
    #[command(
        after_help = "Example:\n  reference-server keys status --config /etc/contest/contest.toml\n\nExit code 0: every value opens; 3: some do not."
    )]
    Status {
        /// The configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Seal every value anew with the first key of its ring, beside running servers.
    #[command(
        after_help = "Example:\n  reference-server keys rotate --config /etc/contest/contest.toml\n\nEvery instance must list the new key first before this is run.\nExit code 0: no value is left under an older key; 3: some are, run it again or look at `keys status`."
    )]
    Rotate {
        /// The configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Rows in one transaction.
        #[arg(long, value_name = "N", default_value_t = 500)]
        batch: u16,
    },
    /// Destroy the keys of what names persons, for ever: 180 days after the season's last movement, by two persons.
    #[command(
        after_help = "Example:\n  reference-server keys destroy --config /etc/contest/contest.toml --by 'Zhang San' --and 'Li Si'\n\nStop every instance first. Run it on each machine that has a copy of the key files, and destroy their offline copies.\nIt refuses before its time, and while a payment is open. Exit code 3: refused."
    )]
    Destroy {
        /// The configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Who decides it.
        #[arg(long, value_name = "NAME")]
        by: String,
        /// Who else decides it; another person.
        #[arg(long, value_name = "NAME")]
        and: String,
    },
}

pub(super) fn run(command: KeysCommand) -> anyhow::Result<ExitCode> {
    match command {
        KeysCommand::New { config, suite } => new(&Config::read(&config)?, suite),
        KeysCommand::Status { config } => status(&Config::read(&config)?),
        KeysCommand::Rotate { config, batch } => rotate(&Config::read(&config)?, batch),
        KeysCommand::Destroy { config, by, and } => destroy(&Config::read(&config)?, &by, &and),
    }
}

fn new(config: &Config, suite: Suite) -> anyhow::Result<ExitCode> {
    let made = setup::make_keys(config, suite)?;
    let mut out = std::io::stdout().lock();
    for path in &made {
        writeln!(out, "made {}", path.display())?;
    }
    if made.is_empty() {
        writeln!(out, "every key file is there already")?;
    }
    Ok(ExitCode::SUCCESS)
}

fn status(config: &Config) -> anyhow::Result<ExitCode> {
    let app = setup::real(config, std::env::current_exe()?)?;
    let runtime = tokio::runtime::Runtime::new()?;
    let columns = runtime.block_on(async {
        custody::expect_keys(&app).await?;
        custody::columns(&app).await
    })?;
    let mut out = std::io::stdout().lock();
    for key in app.keys.names() {
        writeln!(out, "{}-{}  {}", key.ring, key.version, key.fingerprint)?;
    }
    if app.keys.people_are_forgotten() {
        writeln!(out, "the keys of what names persons are destroyed")?;
    }
    let mut n_unreadable = 0_i64;
    for column in &columns {
        write!(out, "{}:", column.column)?;
        for (version, n_values) in &column.by_version {
            write!(out, "  {n_values} under version {version}")?;
        }
        if column.n_unreadable > 0 {
            write!(out, "  {} UNREADABLE", column.n_unreadable)?;
            n_unreadable = n_unreadable.saturating_add(column.n_unreadable);
        }
        writeln!(out)?;
    }
    Ok(exit(n_unreadable == 0 || app.keys.people_are_forgotten()))
}

fn rotate(config: &Config, batch: u16) -> anyhow::Result<ExitCode> {
    let app = setup::real(config, std::env::current_exe()?)?;
    let runtime = tokio::runtime::Runtime::new()?;
    let (done, columns) = runtime.block_on(async {
        custody::expect_keys(&app).await?;
        let done = custody::rotate(&app, batch).await?;
        Ok::<_, crate::contest::Error>((done, custody::columns(&app).await?))
    })?;
    let older = |column: &custody::ColumnState| -> i64 {
        let older = column.by_version.iter().skip(1);
        older.map(|(_version, n_values)| n_values).sum()
    };
    let n_older: i64 = columns.iter().map(older).sum();
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{} values moved; {n_older} left under an older key; {} do not open",
        done.n_moved, done.n_unreadable
    )?;
    Ok(exit(n_older == 0 && done.n_unreadable == 0))
}

fn destroy(config: &Config, by: &str, and: &str) -> anyhow::Result<ExitCode> {
    let app = setup::real(config, std::env::current_exe()?)?;
    let runtime = tokio::runtime::Runtime::new()?;
    let mut out = std::io::stdout().lock();
    runtime.block_on(edition::refresh(&app))?;
    let decision = match runtime.block_on(custody::decide_to_destroy(&app, by, and))? {
        Decision::Taken => true,
        Decision::Refused(reason) => {
            writeln!(out, "refused: {reason}")?;
            false
        }
    };
    if !decision {
        return Ok(exit(false));
    }
    let files = config.key_files();
    for path in files.people.iter().chain([&files.index]) {
        privacy::destroy(path)?;
        writeln!(out, "destroyed {}", path.display())?;
    }
    runtime.block_on(custody::note_destroyed(&app))?;
    writeln!(
        out,
        "\nDo the same on every other machine that has these files, and destroy their offline copies;\n\
         from then on no backup of the database gives an openid back."
    )?;
    Ok(ExitCode::SUCCESS)
}

fn exit(is_good: bool) -> ExitCode {
    if is_good {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(EXIT_FINDINGS)
    }
}
