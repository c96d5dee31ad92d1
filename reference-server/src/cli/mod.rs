//! The commands.

mod account;
mod announcement;
mod audit;
mod audit_log;
mod backup;
pub mod bank;
mod books;
mod demo;
mod keys;
mod migrate;
mod payment;
mod person;
mod place;
mod preflight;
mod rehearse;
mod serve;
mod simulator;
mod timetable;
mod trial_files;
mod verify;

use std::{net::SocketAddr, path::PathBuf, process::ExitCode, sync::Arc};

use chrono::{DateTime, FixedOffset};
use clap::{Parser, Subcommand};
use wechat_adapter::WeChatHttp;

pub use self::bank::ReportFormat as Format;
use crate::{
    app::App,
    clock::SystemClock,
    config::{Config, EditionName, LogFormat},
    contest::edition,
    office,
    rail::Rail,
    rehearsal::Faults,
    setup, trial,
};

/// Exit code when somebody has something to decide: findings, violations, a file that does not hold.
pub const EXIT_FINDINGS: u8 = 3;

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
    /// Make the tables of a season, or bring them up to date; as their owner on a database server.
    #[command(
        after_help = "Example:\n  reference-server migrate --config /etc/contest/contest.toml --user contest_owner\n\nMigrations only add, so servers of the version before may go on meanwhile."
    )]
    Migrate {
        /// The configuration file of the servers.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// The user of the database server who owns the tables; the configuration's own unless stated.
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
        /// File with that user's password, when the database server wants one.
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
    },
    /// Look at a configuration without starting anything.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Check everything a season needs before it opens, the way to WeChat included.
    #[command(
        after_help = "Example:\n  reference-server preflight --config /etc/contest/contest.toml\n\nExit code 0: nothing stands against opening; 3: something does."
    )]
    Preflight {
        /// The configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Recount the whole database from single rows and say what does not hold.
    #[command(
        after_help = "Example:\n  reference-server audit --config /etc/contest/contest.toml\n\nExit code 0: everything holds; 3: violations. It may run beside the server."
    )]
    Audit {
        /// The configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// How the violations are printed.
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
    /// Take a backup beside the running server: sealed, checked, kept in generations.
    Backup(backup::BackupArguments),
    /// Put a backup in the place of a database that is gone; nothing is paid until two persons let it.
    Restore(backup::RestoreArguments),
    /// Try whether the newest backup would save the contest: restore it aside, audit it, compare it with what is live.
    Drill(backup::DrillArguments),
    /// Archive the log of a database server, and give it back; the server itself calls this.
    #[command(subcommand)]
    DatabaseLog(backup::LogCommand),
    /// Write the chain of events to a file, and check such a file anywhere.
    #[command(subcommand)]
    AuditLog(audit_log::AuditLogCommand),
    /// Make, look at, rotate and destroy the keys of a season.
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Give one person's data out, or erase them.
    #[command(subcommand)]
    Person(person::PersonCommand),
    /// Make, list, switch off and reset the accounts of the console.
    #[command(subcommand)]
    Account(account::AccountCommand),
    /// Read and release what every follower is told when a city opens.
    #[command(subcommand)]
    Announcement(announcement::AnnouncementCommand),
    /// Compare every payment with WeChat's bills, fetched or handed in, and say what differs.
    Reconcile(books::ReconcileArguments),
    /// Look after what differs: own it, propose how it ends, approve what somebody else proposed.
    #[command(subcommand)]
    Incident(books::IncidentCommand),
    /// Look after payments that stopped for a person: ask, stop, send again, give a new number.
    #[command(subcommand)]
    Payment(payment::PaymentCommand),
    /// Close a city's books three days after its end, if nothing is open.
    Seal(books::SealArguments),
    /// Write who received how much, for the tax office.
    TaxList(books::TaxListArguments),
    /// Run the simulated WeChat alone, for programs in any language: no contest, no database.
    #[command(
        after_help = "Example:\n  reference-server simulator --listen 127.0.0.1:9000\n  reference-server simulator --callback http://127.0.0.1:8000/wechat --mode encrypted --body json\n  reference-server simulator --trial http://127.0.0.1:8080 --now 2020-05-09T21:00:00+08:00\n\nThe file of --config, every key of it optional:\n  app_id = \"wx...\"            # app_secret, callback_token, encoding_aes_key, web_auth_domain\n  merchant_id = \"1900000109\"  # merchant_key, balance_fen\n  channel.per_person_per_day = 10\n  transfers.merchant_public_key_file = \"mine.pem\"  # with merchant_serial; api_key, min_fen, max_fen\n  [[people]]\n  name = \"Zhang San\"\n  [[faults]]\n  operation = \"send_red_packet\"\n  nth = 2\n  fault.kind = \"execute_then_drop\""
    )]
    Simulator(simulator::SimulatorArguments),
    /// Work with question files.
    #[command(subcommand)]
    Bank(BankCommand),
    /// Show, check, compare and export timetables.
    #[command(subcommand)]
    Timetable(timetable::TimetableCommand),
    /// Play a city or a whole season with simulated citizens, then audit every fen.
    #[command(
        after_help = "Example:\n  reference-server rehearse --seed 7 --people 500 --city nanjing\n  reference-server rehearse --seed 7 --people 5000 --season --format json\n  reference-server rehearse --faults hostile --seed 17\n  reference-server rehearse --faults hostile --seeds 0..100"
    )]
    Rehearse(RehearseArguments),
    /// Check a city's published file: every draw, amount and award, with no database and no network.
    #[command(
        after_help = "Example:\n  reference-server verify nanjing.json --root d94d55b7…\n\nExit code 0: everything fits; 3: it does not; 1: the file cannot be read.\nThe format is described in reward-core/VERIFYING.md, with a verifier in Python."
    )]
    Verify(verify::VerifyArguments),
    /// Prints the name of every instant at which this build can end itself.
    #[cfg(feature = "crash-points")]
    CrashPoints,
    /// Reads one office file from standard input in a limited process; used by the server itself.
    #[command(hide = true)]
    OfficeReader {
        /// What the file is.
        #[arg(long, value_enum)]
        kind: office::child::Kind,
    },
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Print every value in force, the environment's included, and say what cannot be used.
    #[command(after_help = "Example:\n  reference-server config check --config contest.toml")]
    Check {
        /// The configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
}

#[derive(Debug, clap::Args)]
struct DemoArguments {
    #[command(flatten)]
    place: place::PlaceArguments,
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
    /// How packets are paid: red packets lie in the dialogue, transfers are confirmed on the packet's page.
    #[arg(long, value_enum, default_value = "red-packet")]
    rail: Rail,
}

#[derive(Debug, Subcommand)]
enum BankCommand {
    /// Read question files, and say what is wrong in which row and column.
    #[command(
        after_help = "Example:\n  reference-server bank check questions.xlsx\n  reference-server bank check province.xlsx nanjing.docx --format json\n  reference-server bank check nanjing.docx --annotate checked\n\nExit code 0: no error or warning; 3: findings; 1: a file cannot be read."
    )]
    Check {
        /// The files: .xlsx, .xls, .ods, .docx, .csv, .tsv, .txt, .gift, .aiken, .xml (Moodle, QTI) or .zip (QTI).
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// How the findings are printed.
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
        /// Also write each file's rows as a workbook with a column of problems, into this folder.
        #[arg(long, value_name = "DIR")]
        annotate: Option<PathBuf>,
        /// The day on which the questions are to be used, so that old law is found.
        #[arg(long, value_name = "YYYY-MM-DD")]
        on: Option<chrono::NaiveDate>,
    },
    /// Write the questions of a file in another format.
    #[command(
        after_help = "Example:\n  reference-server bank convert nanjing.docx --to gift --out nanjing.gift\n  reference-server bank convert moodle.xml --to xlsx --out bank.xlsx\n\nA question that the format cannot say is refused by name, and nothing is written."
    )]
    Convert {
        /// The file, in any format that `bank check` reads; it must have no error.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The format.
        #[arg(long, value_enum)]
        to: bank::Target,
        /// The file to write.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct RehearseArguments {
    /// The same seed gives the same report, byte for byte.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// How much goes wrong. A hostile season is small, and takes its cities, rules, people, instances
    /// and rail from the seed.
    #[arg(long, value_enum, default_value = "mild")]
    faults: Faults,
    /// Play many hostile seasons and print what they came to: all seeds from the first to before the last.
    #[arg(long, value_name = "FIRST..LAST", value_parser = rehearse::seeds, conflicts_with_all = ["seed", "season", "city", "format"])]
    seeds: Option<std::ops::Range<u64>>,
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
    /// How packets are paid: red packets lie in the dialogue, transfers are confirmed on the packet's page.
    #[arg(long, value_enum, default_value = "red-packet")]
    rail: Rail,
    #[command(flatten)]
    place: place::PlaceArguments,
    /// WeChat Pay is away for the last six hours of each city's second day.
    #[arg(long)]
    outage: bool,
    /// Instances of the server side by side on one database; citizens and payments go to each in turn.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=16))]
    instances: u16,
    /// End at the server's first failure, as a kill would end it; the same command goes on in the folder.
    #[arg(long, requires = "data")]
    stop_at_failure: bool,
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
        Command::Migrate {
            config,
            user,
            password_file,
        } => migrate::run(&config, user.as_deref(), password_file.as_deref()),
        Command::Config(ConfigCommand::Check { config }) => preflight::check_config(&config),
        Command::Preflight { config } => preflight::run(&config),
        Command::Audit { config, format } => audit::run(&config, format),
        Command::Backup(arguments) => backup::back_up(&arguments),
        Command::Restore(arguments) => backup::restore(&arguments),
        Command::Drill(arguments) => backup::drill(&arguments),
        Command::DatabaseLog(command) => backup::log(&command),
        Command::AuditLog(command) => audit_log::run(&command),
        Command::Keys(command) => keys::run(command),
        Command::Person(command) => person::run(command),
        Command::Account(command) => account::run(command),
        Command::Announcement(command) => announcement::run(&command),
        Command::Reconcile(arguments) => books::reconcile(&arguments),
        Command::Incident(command) => books::incident(command),
        Command::Payment(command) => payment::run(command),
        Command::Seal(arguments) => books::seal(&arguments),
        Command::TaxList(arguments) => books::tax_list(&arguments),
        Command::Simulator(arguments) => simulator::run(&arguments),
        Command::Bank(BankCommand::Check {
            files,
            format,
            annotate,
            on,
        }) => {
            let reader = office_reader()?;
            Ok(bank::check(
                &files,
                format,
                annotate.as_deref(),
                on,
                &reader,
            ))
        }
        Command::Bank(BankCommand::Convert { file, to, out }) => {
            let reader = office_reader()?;
            bank::convert(&file, to, &out, &reader)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Timetable(command) => timetable::run(command, &office_reader()?),
        Command::Rehearse(arguments) => rehearse::run(arguments),
        Command::Verify(arguments) => verify::run(arguments),
        #[cfg(feature = "crash-points")]
        Command::CrashPoints => crash_points(),
        Command::OfficeReader { kind } => Ok(office::child::run(kind)),
    }
}

#[cfg(feature = "crash-points")]
fn crash_points() -> anyhow::Result<ExitCode> {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    for (_point, name) in crate::crash_point::Point::ALL {
        writeln!(out, "{name}")?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The reader of office files that starts this very program.
fn office_reader() -> std::io::Result<office::OfficeReader> {
    Ok(office::OfficeReader::new(std::env::current_exe()?))
}

/// The app that a configuration describes: of a season, or of a trial beside a simulated WeChat.
async fn configured(config: &Config) -> anyhow::Result<Arc<App>> {
    let program = std::env::current_exe()?;
    let Some(trial) = &config.trial else {
        return in_force(setup::real(config, program)?, config).await;
    };
    // A configuration that cannot be used is told before anybody is asked for the time.
    setup::try_config(config)?;
    let ahead = trial::ahead(trial, &WeChatHttp::new()?, &SystemClock::new()).await?;
    in_force(setup::trial(config, program, ahead)?, config).await
}

/// The same with the secrets that were given at the console, and with the edition of the timetable that is in force.
async fn in_force(app: Arc<App>, config: &Config) -> anyhow::Result<Arc<App>> {
    let app = setup::with_given(app, config).await?;
    edition::refresh(&app).await?;
    Ok(app)
}

/// Logs to standard error; `RUST_LOG` chooses what.
fn log(default: &str, format: LogFormat) {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_error| tracing_subscriber::EnvFilter::new(default));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false);
    match format {
        LogFormat::Text => lines.init(),
        LogFormat::Json => lines.json().flatten_event(true).init(),
    }
}
