//! `backup`, `restore`, `drill` and `database-log`: a copy taken beside the running server, put back, and tried.

use std::{
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Instant,
};

use anyhow::Context as _;
use chrono::{DateTime, FixedOffset, TimeDelta, Utc};
use clap::Subcommand;
use schedule_core::CHINA_STANDARD_TIME;
use wechat_adapter::WeChatHttp;

use super::EXIT_FINDINGS;
use crate::{
    app::App,
    backup::{self, Manifest, Restoring, Shelf, Source},
    clock::SystemClock,
    config::{self, BackupConfig, Config},
    contest::{
        audit::Violation,
        edition,
        safekeeping::{self, Event, Note},
    },
    entropy::SystemEntropy,
    privacy::BackupKey,
    setup,
    store::{Database, Replay},
    trial,
};

/// A database server gives up at such a code, where another one would mean that the log ends here.
const EXIT_UNUSABLE: u8 = 200;
/// So many violations are printed; the command `audit` lists them all.
const SHOWN: usize = 10;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  reference-server backup --config /etc/contest/contest.toml\n\nThe settings under [backup] say where backups lie, what seals them and how many are kept; `keys new` makes the key."
)]
pub(super) struct BackupArguments {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The folder of the backups; the configuration's unless stated.
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  reference-server restore --config /etc/contest/contest.toml\n  reference-server restore --config /etc/contest/contest.toml --from /backup/jiangsu-2020-20200510T190000.000Z.backup\n\nNothing is ever written over a database. Afterwards nothing is paid until two persons let payments go again.\nExit code 0: restored, and everything holds; 3: restored, and the audit found violations; 1: nothing was restored."
)]
pub(super) struct RestoreArguments {
    /// The configuration file; its key files are needed, its database must not be there.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The backup; the newest of the configuration's folder unless stated.
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// The folder the database is put into; the configuration's data folder unless stated. For a database server,
    /// its data folder, which must be stated.
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
    /// Bring a database server to this instant by its archived log; to the log's end unless stated.
    #[arg(long, value_name = "RFC3339")]
    until: Option<DateTime<FixedOffset>>,
}

/// What a database server calls for its archived log.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "In the database server's own settings, as one line each:\n  archive_command = 'reference-server database-log store --key-file /etc/contest/backup.key --dir /backup/log %p'\n  archive_timeout = 60\n\n`restore` and `drill` fetch by themselves."
)]
pub(super) enum LogCommand {
    /// Archive one file of the log, sealed; exit code 0 once it is on the disk.
    Store {
        #[command(flatten)]
        archive: ArchiveArguments,
        /// The file, as the server names it.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Lay one archived file where the server wants it; exit code 1: there is none; 200: it cannot be used.
    Fetch {
        #[command(flatten)]
        archive: ArchiveArguments,
        /// The file's name.
        #[arg(value_name = "NAME")]
        name: String,
        /// Where it belongs.
        #[arg(value_name = "FILE")]
        to: PathBuf,
    },
}

#[derive(Debug, clap::Args)]
pub(super) struct ArchiveArguments {
    /// The key of the backups.
    #[arg(long, value_name = "FILE")]
    key_file: PathBuf,
    /// The folder of the archived log.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  reference-server drill --config /etc/contest/contest.toml\n  reference-server drill --config /etc/contest/contest.toml --fresh\n\nIt runs beside the server and changes nothing but one row that says how it went.\nExit code 0: the backup would save the contest; 3: something does not hold; 1: it could not be tried."
)]
pub(super) struct DrillArguments {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Take a new backup first, instead of trying the newest.
    #[arg(long)]
    fresh: bool,
    /// A folder, on a disk with room, in which the copy is made and removed again; the data folder unless stated.
    #[arg(long, value_name = "DIR")]
    scratch: Option<PathBuf>,
}

/// What the configuration says of backups, and the database they are of.
struct Settings {
    config: Config,
    shelf: Shelf,
    key: BackupKey,
    database: Database,
    copied_as: Database,
    season: String,
}

impl Settings {
    fn read(path: &Path, folder: Option<&Path>) -> anyhow::Result<Self> {
        let config = Config::read(path)?;
        let BackupConfig {
            dir,
            key_file,
            keep,
            user,
            password_file,
            log_dir: _,
        } = config.backup.as_ref().context(
            "the configuration has no [backup]: it needs `dir`, the folder of the backups, and `key_file`, \
             the key that seals them",
        )?;
        let database = setup::database_of(&config)?;
        let mut copied_as = database.clone();
        if let Some(user) = user {
            copied_as = copied_as.as_user(user);
        }
        if let Some(file) = password_file {
            copied_as = copied_as.with_password(&config::secret(file)?);
        }
        Ok(Self {
            shelf: Shelf::new(folder.unwrap_or(dir), usize::from(*keep)),
            key: BackupKey::read(key_file)?,
            database,
            copied_as,
            season: trial::season_name(&config)?,
            config,
        })
    }

    /// The folder of the archived log, if there is one.
    fn log_dir(&self) -> Option<&Path> {
        self.config.backup.as_ref()?.log_dir.as_deref()
    }

    /// The command by which a server out of a backup gets its archived log.
    fn fetching(&self) -> anyhow::Result<Option<String>> {
        let (Some(folder), Some(backup)) = (self.log_dir(), &self.config.backup) else {
            return Ok(None);
        };
        let quoted = |path: &Path| -> anyhow::Result<String> {
            let path = std::path::absolute(path)?;
            let text = path.to_string_lossy().into_owned();
            let is_plain = !text.contains(['"', '\\', '$', '`', '%', '\n']);
            anyhow::ensure!(
                is_plain,
                "{text} has a letter that a shell understands otherwise"
            );
            Ok(format!("\"{text}\""))
        };
        Ok(Some(format!(
            "{} database-log fetch --key-file {} --dir {} %f \"%p\"",
            quoted(&std::env::current_exe()?)?,
            quoted(&backup.key_file)?,
            quoted(folder)?
        )))
    }
}

impl Settings {
    /// Makes a database of a backup, brought to an instant or to the end of the archived log, where there is one.
    fn begin(
        &self,
        from: &Path,
        to: &Path,
        until: Option<DateTime<Utc>>,
    ) -> anyhow::Result<Restoring> {
        let fetching = self.fetching()?;
        if until.is_some() && fetching.is_none() {
            anyhow::bail!(
                "a backup is brought to an instant by the archived log, and the configuration has no backup.log_dir"
            );
        }
        let replay = fetching.as_deref().map(|command| Replay { command, until });
        let (season, like) = (&self.season, &self.database);
        Ok(backup::begin(
            from,
            &self.key,
            season,
            like,
            to,
            replay.as_ref(),
        )?)
    }
}

pub(super) fn log(command: &LogCommand) -> anyhow::Result<ExitCode> {
    match command {
        LogCommand::Store { archive, file } => {
            let key = BackupKey::read(&archive.key_file)?;
            backup::store(file, &archive.dir, &key, &SystemEntropy)?;
            Ok(ExitCode::SUCCESS)
        }
        LogCommand::Fetch { archive, name, to } => {
            let fetched = BackupKey::read(&archive.key_file)
                .map_err(backup::BackupError::from)
                .and_then(|key| backup::fetch(name, &archive.dir, &key, to));
            Ok(match fetched {
                Ok(true) => ExitCode::SUCCESS,
                Ok(false) => ExitCode::FAILURE,
                Err(error) => {
                    writeln!(io::stderr(), "{error}")?;
                    ExitCode::from(EXIT_UNUSABLE)
                }
            })
        }
    }
}

pub(super) fn back_up(arguments: &BackupArguments) -> anyhow::Result<ExitCode> {
    let settings = Settings::read(&arguments.config, arguments.to.as_deref())?;
    let runtime = tokio::runtime::Runtime::new()?;
    let app = runtime.block_on(super::configured(&settings.config))?;
    take(&settings, &runtime, &app)?;
    Ok(ExitCode::SUCCESS)
}

/// Takes a backup, says so, and writes it down in the live database.
fn take(
    settings: &Settings,
    runtime: &tokio::runtime::Runtime,
    app: &App,
) -> anyhow::Result<backup::Generation> {
    let begun = Instant::now();
    let source = Source {
        database: &settings.database,
        copied_as: &settings.copied_as,
        season: &settings.season,
        keys: app.keys.names(),
        scratch: &settings.config.data_dir,
    };
    let now = app.wall.now();
    let taken = backup::take(&source, &settings.shelf, &settings.key, now, &SystemEntropy)?;
    let took = took(begun);
    runtime.block_on(safekeeping::note(
        app,
        Note {
            event: Event::Taken,
            backup: taken.generation.name(),
            of: taken.manifest.of,
            n_findings: 0,
            took,
        },
    ))?;
    let mut out = io::stdout().lock();
    writeln!(out, "backup {}", taken.generation.path.display())?;
    writeln!(out, "  {}", told(&taken.manifest))?;
    writeln!(
        out,
        "  {} MB in {}, sealed by key {}",
        megabytes(taken.bytes),
        seconds(took),
        settings.key.fingerprint()
    )?;
    for old in &taken.removed {
        writeln!(out, "  removed {}", old.display())?;
    }
    if let (Some(log), Some(oldest)) = (
        settings.log_dir(),
        settings.shelf.generations(&settings.season)?.last(),
    ) {
        let n_removed = backup::remove_old(log, oldest)?;
        writeln!(
            out,
            "  removed {n_removed} files of the log that no backup needs"
        )?;
    }
    Ok(taken.generation)
}

pub(super) fn restore(arguments: &RestoreArguments) -> anyhow::Result<ExitCode> {
    let settings = Settings::read(&arguments.config, None)?;
    let from = match &arguments.from {
        Some(from) => from.clone(),
        None => settings.shelf.newest(&settings.season)?.path,
    };
    let to = match &arguments.to {
        Some(to) => to,
        None if settings.config.database.is_none() => &settings.config.data_dir,
        None => anyhow::bail!(
            "--to is missing: the data folder that the database server is to be started with"
        ),
    };
    let until = arguments.until.map(|until| until.with_timezone(&Utc));
    let begun = Instant::now();
    let restoring = settings.begin(&from, to, until)?;
    let mut out = io::stdout().lock();
    say_whole(&mut out, &from, &restoring)?;
    let runtime = tokio::runtime::Runtime::new()?;
    let app = runtime.block_on(copy_app(&settings.config, &restoring.database()?))?;
    let violations = runtime.block_on(async {
        let violations = safekeeping::examine(&app).await?;
        let note = Note {
            event: Event::Restored,
            backup: name_of(&from),
            of: until.unwrap_or(restoring.manifest.of),
            n_findings: violations.len(),
            took: took(begun),
        };
        safekeeping::hold_payouts(&app, note).await?;
        Ok::<_, crate::contest::Error>(violations)
    })?;
    close(app)?;
    let of = match (until, settings.log_dir()) {
        (Some(until), _) => local(until),
        (None, Some(_)) => "the end of the archived log".to_owned(),
        (None, None) => local(restoring.manifest.of),
    };
    let place = restoring.place(to)?;
    writeln!(out, "  audit: {} violations", violations.len())?;
    list(&mut out, &violations)?;
    let (place, took) = (place.display(), seconds(took(begun)));
    writeln!(out, "restored to {place} in {took}")?;
    writeln!(
        out,
        "\nThis database knows nothing of what came after {of}.\n\
         Nothing is paid until two persons let it go, at /console/payments. Before they do:\n\
         1. start one server, and fetch the bills: reference-server reconcile --config FILE\n\
         2. look at the days since {of}: what WeChat paid and this database does not know is R5, without an owner\n\
         3. take care of the incidents; whoever claims again gets the same order number, which WeChat pays once"
    )?;
    Ok(exit(violations.is_empty()))
}

/// What was found out about a backup before anything was made of it.
fn say_whole(out: &mut impl io::Write, from: &Path, restoring: &Restoring) -> io::Result<()> {
    writeln!(out, "backup {}", from.display())?;
    writeln!(out, "  {}", told(&restoring.manifest))?;
    writeln!(
        out,
        "  whole: every SHA-256 and every row count is as the manifest says"
    )?;
    if restoring.contents.audit_head != restoring.manifest.audit_head {
        let events = n_events(restoring.contents.audit_head.as_ref());
        writeln!(out, "  brought to {events} audit events by the log")?;
    }
    Ok(())
}

pub(super) fn drill(arguments: &DrillArguments) -> anyhow::Result<ExitCode> {
    let settings = Settings::read(&arguments.config, None)?;
    let runtime = tokio::runtime::Runtime::new()?;
    let live = runtime.block_on(super::configured(&settings.config))?;
    let generation = match arguments.fresh {
        true => take(&settings, &runtime, &live)?,
        false => settings.shelf.newest(&settings.season)?,
    };
    let data_dir = &settings.config.data_dir;
    let within = arguments.scratch.as_ref().unwrap_or(data_dir);
    let scratch = tempfile::Builder::new()
        .prefix("drill-")
        .tempdir_in(within)
        .with_context(|| format!("cannot make a folder in {}", within.display()))?;
    let begun = Instant::now();
    let restoring = settings.begin(&generation.path, &scratch.path().join("copy"), None)?;
    let copy = runtime.block_on(copy_app(&settings.config, &restoring.database()?))?;
    let violations = runtime.block_on(safekeeping::examine(&copy))?;
    close(copy)?;
    let ready_after = took(begun);
    let compared = backup::compared(&restoring.contents, &settings.database)?;
    let n_findings = violations.len().saturating_add(compared.findings.len());
    let reaches = match settings.log_dir() {
        Some(folder) => backup::newest(folder)?.unwrap_or(generation.of),
        None => generation.of,
    };
    let age = live.wall.now() - reaches;
    let note = Note {
        event: Event::Drilled,
        backup: generation.name(),
        of: generation.of,
        n_findings,
        took: ready_after,
    };
    runtime.block_on(safekeeping::note(&live, note))?;
    let mut out = io::stdout().lock();
    say_whole(&mut out, &generation.path, &restoring)?;
    writeln!(out, "  audit of the copy: {} violations", violations.len())?;
    list(&mut out, &violations)?;
    writeln!(
        out,
        "  against the live database: {} differences; {} audit events came after it",
        compared.findings.len(),
        compared.n_events_since
    )?;
    for finding in compared.findings.iter().take(SHOWN) {
        writeln!(out, "    {finding}")?;
    }
    let verdict = match n_findings {
        0 => "the backup is good",
        _ => "THE BACKUP IS NOT GOOD",
    };
    let (back, without) = (seconds(ready_after), words_of(age));
    writeln!(
        out,
        "\nhad the live database been lost now:\n  back after {back} (RTO)\n  without the last {without} (RPO)\n{verdict}",
    )?;
    Ok(exit(n_findings == 0))
}

/// The app on a copy: nobody but this process knows of it.
async fn copy_app(config: &Config, database: &Database) -> anyhow::Result<Arc<App>> {
    let program = std::env::current_exe()?;
    let ahead = match &config.trial {
        Some(trial) => Some(trial::ahead(trial, &WeChatHttp::new()?, &SystemClock::new()).await?),
        None => None,
    };
    let app = setup::on_copy(config, program, database, ahead)?;
    edition::refresh(&app).await?;
    Ok(app)
}

/// Closes the database of an app that nobody else has.
fn close(app: Arc<App>) -> anyhow::Result<()> {
    let app = Arc::into_inner(app).context("the restored database is still in use")?;
    Ok(app.store.close()?)
}

fn list(out: &mut impl io::Write, violations: &[Violation]) -> io::Result<()> {
    for violation in violations.iter().take(SHOWN) {
        writeln!(out, "    {}: {}", violation.invariant, violation.detail)?;
    }
    Ok(())
}

fn n_events(head: Option<&(i64, String)>) -> i64 {
    head.map_or(0, |(number, _hash)| *number)
}

/// One line about what is in a backup.
fn told(manifest: &Manifest) -> String {
    let n_rows: i64 = manifest.n_rows.values().sum();
    let events = n_events(manifest.audit_head.as_ref());
    format!(
        "{} as of {}: {n_rows} rows in {} tables, {events} audit events, schema {}",
        manifest.season,
        local(manifest.of),
        manifest.n_rows.len(),
        manifest.schema_version
    )
}

fn local(of: DateTime<Utc>) -> String {
    let of = of.with_timezone(&CHINA_STANDARD_TIME);
    of.format("%Y-%m-%d %H:%M:%S").to_string()
}

fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

fn took(begun: Instant) -> TimeDelta {
    TimeDelta::from_std(begun.elapsed()).unwrap_or(TimeDelta::MAX)
}

fn seconds(span: TimeDelta) -> String {
    let ms = span.num_milliseconds();
    format!("{}.{} s", ms / 1_000, ms.rem_euclid(1_000) / 100)
}

/// An age as people say it.
fn words_of(age: TimeDelta) -> String {
    let minutes = age.num_minutes();
    match minutes {
        ..2 => format!("{} seconds", age.num_seconds()),
        2..120 => format!("{minutes} minutes"),
        _ => format!("{} hours", age.num_hours()),
    }
}

fn megabytes(bytes: u64) -> String {
    // Tenths of a megabyte, rounded up.
    let tenths = bytes.div_ceil(100_000);
    format!("{}.{}", tenths / 10, tenths % 10)
}

fn exit(is_good: bool) -> ExitCode {
    if is_good {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(EXIT_FINDINGS)
    }
}
