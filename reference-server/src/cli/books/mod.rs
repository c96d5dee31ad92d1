//! `reconcile`, `incident`, `seal` and `tax-list`: what finance does, at the terminal until there is a console.
//!
//! The program takes a name at its word: whoever may run it on the host answers for the names he gives.

mod tables;
mod tax;

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use schedule_core::{CivilDay, ShanghaiDay};

use super::{EXIT_FINDINGS, Format};
use crate::{
    app::App,
    config::Config,
    contest::{
        bills::{self, Imported, News},
        books::{self, Reconciled},
        books_seal::{self, SealRefusal},
        correction::{self, Action, Proposal},
        incident,
    },
};

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  reference-server reconcile --config contest.toml\n  reference-server reconcile --config contest.toml --file fundflow-2020-05-06.csv\n\nExit code 0: everything agrees to the fen; 3: something is open. Running it again changes nothing."
)]
pub(crate) struct ReconcileArguments {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Import these bills, downloaded from the merchant's console, and ask WeChat for none.
    #[arg(long, value_name = "BILL")]
    file: Vec<PathBuf>,
    /// Print this day alone; also the day of a bill file without movements.
    #[arg(long, value_name = "YYYY-MM-DD")]
    day: Option<CivilDay>,
    /// How the days are printed.
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

#[derive(Debug, Subcommand)]
pub(crate) enum IncidentCommand {
    /// Print what is open and what waits for a second person.
    List {
        /// The configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Print ended incidents too.
        #[arg(long)]
        all: bool,
    },
    /// Become the owner of an incident.
    Take {
        /// The configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Its number.
        incident: i64,
        /// Who looks after it.
        #[arg(long, value_name = "NAME")]
        by: String,
    },
    /// Propose how an incident ends; nothing happens until somebody else approves.
    #[command(
        after_help = "Examples:\n  incident propose 3 --action explained --reason '...' --evidence 'ticket 4711' --by Wang --config contest.toml\n  incident propose 4 --action nanjing:suspense:received:120 ...   # money in fen between two accounts\n  incident propose 5 --action dead ...   # a held payment: deferred, unknown, dead, received or refunded"
    )]
    Propose {
        /// The configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Its number.
        incident: i64,
        /// `explained`, the end of a held payment, or `CITY:FROM:TO:FEN`.
        #[arg(long)]
        action: Action,
        /// Why.
        #[arg(long)]
        reason: String,
        /// What it rests on.
        #[arg(long)]
        evidence: String,
        /// Who proposes.
        #[arg(long, value_name = "NAME")]
        by: String,
    },
    /// Approve what somebody else proposed; it is done at once.
    Approve {
        /// The configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// The proposal's number.
        proposal: i64,
        /// Who approves.
        #[arg(long, value_name = "NAME")]
        by: String,
    },
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  reference-server seal nanjing --by Wang --checker Li --out sealed --config contest.toml\n\nExit code 0: sealed, now or before; 3: something is open, each on a line."
)]
pub(crate) struct SealArguments {
    /// The city's slug.
    city: String,
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Who seals.
    #[arg(long, value_name = "NAME")]
    by: String,
    /// Who agrees: another person.
    #[arg(long, value_name = "NAME")]
    checker: String,
    /// Write the ledger into this folder.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(super) use tables::yuan;
pub(crate) use tax::{TaxListArguments, run as tax_list};

/// The app of a configuration, and something to run it on.
fn open(config: &Path) -> anyhow::Result<(Arc<App>, tokio::runtime::Runtime)> {
    let config = Config::read(config)?;
    super::log("error", config.log);
    let runtime = tokio::runtime::Runtime::new()?;
    let app = runtime.block_on(super::configured(&config))?;
    Ok((app, runtime))
}

pub(super) fn reconcile(arguments: &ReconcileArguments) -> anyhow::Result<ExitCode> {
    let (app, runtime) = open(&arguments.config)?;
    let day = arguments.day.map(ShanghaiDay::from);
    let reconciled = runtime.block_on(compared(&app, &arguments.file, day))?;
    let mut out = io::stdout().lock();
    match arguments.format {
        Format::Json => writeln!(out, "{}", tables::json(&reconciled, day)?)?,
        Format::Table => write!(out, "{}", tables::days(&reconciled, day))?,
    }
    Ok(exit(reconciled.n_findings() == 0))
}

async fn compared(
    app: &App,
    files: &[PathBuf],
    day: Option<ShanghaiDay>,
) -> anyhow::Result<Reconciled> {
    if files.is_empty() {
        return Ok(books::morning(app).await?);
    }
    let mut imported: Vec<Imported> = Vec::new();
    for file in files {
        let content = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        let name = file.display().to_string();
        imported.push(bills::import(app, &name, &content, day).await?);
    }
    Ok(Reconciled {
        imported,
        ..books::reconcile(app).await?
    })
}

pub(super) fn incident(command: IncidentCommand) -> anyhow::Result<ExitCode> {
    let mut out = io::stdout().lock();
    match command {
        IncidentCommand::List { config, all } => {
            let (app, runtime) = open(&config)?;
            let (incidents, proposals) = runtime.block_on(incident::list(&app))?;
            write!(out, "{}", tables::incidents(&incidents, &proposals, all))?;
            let is_clean = incidents.iter().all(|incident| incident.ended.is_some());
            return Ok(exit(is_clean));
        }
        IncidentCommand::Take {
            config,
            incident,
            by,
        } => {
            let (app, runtime) = open(&config)?;
            runtime.block_on(incident::take(&app, incident, &by))?;
            writeln!(out, "事项 {incident} 由 {by} 负责")?;
        }
        IncidentCommand::Propose {
            config,
            incident,
            action,
            reason,
            evidence,
            by,
        } => {
            let (app, runtime) = open(&config)?;
            let proposal = Proposal {
                incident,
                action,
                reason,
                evidence,
                maker: by,
            };
            let number = runtime.block_on(correction::propose(&app, proposal))?;
            writeln!(out, "提议 {number} 已记录，须由另一人批准")?;
        }
        IncidentCommand::Approve {
            config,
            proposal,
            by,
        } => {
            let (app, runtime) = open(&config)?;
            runtime.block_on(correction::approve(&app, proposal, &by))?;
            writeln!(out, "提议 {proposal} 已由 {by} 批准并执行")?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn seal(arguments: &SealArguments) -> anyhow::Result<ExitCode> {
    let (app, runtime) = open(&arguments.config)?;
    let mut out = io::stdout().lock();
    let sealing = books_seal::seal(&app, &arguments.city, &arguments.by, &arguments.checker);
    let sealed = match runtime.block_on(sealing) {
        Ok(sealed) => sealed,
        Err(SealRefusal::Open { reasons }) => {
            writeln!(out, "尚不能封账：")?;
            for reason in reasons {
                writeln!(out, "  {reason}")?;
            }
            return Ok(ExitCode::from(EXIT_FINDINGS));
        }
        Err(refusal) => bail!(refusal),
    };
    write!(out, "{}", tables::seal(&sealed))?;
    if let Some(folder) = &arguments.out {
        let path = folder.join(format!("{}-ledger.csv", arguments.city));
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(&path, &sealed.ledger))
            .with_context(|| format!("cannot write {}", path.display()))?;
        writeln!(out, "账簿已写入 {}", path.display())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn exit(is_clean: bool) -> ExitCode {
    if is_clean {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(EXIT_FINDINGS)
    }
}

/// What an import says of itself.
fn news(imported: &Imported) -> &'static str {
    match imported.news {
        News::First => "新账单",
        News::Known => "已有，无变化",
        News::Changed => "微信更改了账单，旧版保留",
    }
}
