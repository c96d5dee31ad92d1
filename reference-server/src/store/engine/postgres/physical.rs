//! A whole server copied by its own programs, and started from the copy where nobody else reaches it.
//!
//! The copy is `pg_basebackup`'s, and not a dump: only that can be brought to an instant by the archived log.

use std::{
    ffi::OsStr,
    fs, io,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::Duration,
};

use tempfile::TempDir;

use super::{Connection, SESSION, Target};
use crate::store::engine::{NotCopied, Replay};

/// What `pg_basebackup` leaves in a folder.
const BASE: &str = "base.tar";
const LOG: &str = "pg_wal.tar";
const MANIFEST: &str = "backup_manifest";
/// Settings of the machine it comes from, which may not fit this one.
const OWN_SETTINGS: &str = "postgresql.auto.conf";
/// The port of a socket in a folder of its own.
const PORT: u16 = 5432;
/// Where distributions put the programs of a major version.
const FOLDERS: [(&str, &str); 2] = [("/usr/lib/postgresql/", "/bin"), ("/usr/pgsql-", "/bin")];
/// How often, and how many times, the copy is looked at while it applies the log: two hours.
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);
const LOOKS_MAX: u32 = 72_000;
/// Lines of a program's complaint that are told.
const LINES_TOLD: usize = 3;

/// Copies a server into an empty folder while it goes on.
pub(in crate::store::engine) fn copy(target: &Target, folder: &Path) -> Result<(), NotCopied> {
    let major = {
        let connection = Connection::open(target, SESSION.to_owned())?;
        let mut link = connection.0.borrow_mut();
        link.number("SELECT current_setting('server_version_num')::integer / 10000")?
    };
    // Outside of what is copied.
    let aside = TempDir::new().map_err(|error| NotCopied::file(folder, error))?;
    let mut command = Command::new(program(&major.to_string(), "pg_basebackup"));
    for (name, value) in target.environment(aside.path())? {
        command.env(name, value);
    }
    command
        .args(["--format=tar", "--wal-method=stream", "--checkpoint=fast"])
        .args([
            "--manifest-checksums=SHA256",
            "--no-password",
            "--label=contest",
            "--pgdata",
        ])
        .arg(folder);
    run(command)?;
    for entry in fs::read_dir(folder).map_err(|error| NotCopied::file(folder, error))? {
        let name = entry
            .map_err(|error| NotCopied::file(folder, error))?
            .file_name();
        if ![BASE, LOG, MANIFEST]
            .map(OsStr::new)
            .contains(&name.as_os_str())
        {
            return Err(NotCopied::Tablespace);
        }
    }
    Ok(())
}

/// A server out of a backup, on a socket that nobody else knows.
#[derive(Debug)]
pub(in crate::store::engine) struct Cluster {
    data: PathBuf,
    /// The socket, the settings and the log.
    aside: TempDir,
    major: String,
    is_up: bool,
}

impl Cluster {
    /// Makes the server's folder out of a copy, compares it with the engine's own manifest, and starts it; with
    /// `replay` the archived log is applied, up to its instant or to its end.
    pub(in crate::store::engine) fn start(
        folder: &Path,
        replay: Option<&Replay<'_>>,
    ) -> Result<Self, NotCopied> {
        let data = folder.join("data");
        unpack(&folder.join(BASE), &data)?;
        unpack(&folder.join(LOG), &data.join("pg_wal"))?;
        let moved = fs::rename(folder.join(MANIFEST), data.join(MANIFEST));
        moved.map_err(|error| NotCopied::file(&data, error))?;
        let major = read(&data.join("PG_VERSION"))?.trim().to_owned();
        let mut verify = Command::new(program(&major, "pg_verifybackup"));
        verify.arg("--quiet").arg(&data);
        run(verify)?;
        let aside = TempDir::new().map_err(|error| NotCopied::file(&data, error))?;
        let mut cluster = Self {
            data,
            aside,
            major,
            is_up: false,
        };
        cluster.prepare(replay)?;
        cluster.up()?;
        Ok(cluster)
    }

    /// Settings of our own in place of those that came along.
    fn prepare(&self, replay: Option<&Replay<'_>>) -> Result<(), NotCopied> {
        let aside = self.aside.path();
        let (own, kept) = (self.data.join(OWN_SETTINGS), aside.join(OWN_SETTINGS));
        if own.exists() {
            // Another disk cannot be renamed to.
            let copied = fs::copy(&own, kept).and_then(|_bytes| fs::write(&own, ""));
            copied.map_err(|error| NotCopied::file(&own, error))?;
        }
        let mut settings = format!(
            "listen_addresses = ''\nport = {PORT}\nunix_socket_directories = {}\nhba_file = {}\n\
             hot_standby = off\narchive_mode = off\nlogging_collector = off\nmax_connections = 20\n",
            quoted(aside)?,
            quoted(&aside.join("hba"))?,
        );
        write(&aside.join("hba"), "local all all trust\n")?;
        if let Some(replay) = replay {
            settings.push_str(&format!(
                "restore_command = '{}'\nrecovery_target_action = promote\n",
                replay.command.replace('\'', "''")
            ));
            if let Some(until) = replay.until {
                settings.push_str(&format!(
                    "recovery_target_time = '{}'\n",
                    until.to_rfc3339()
                ));
            }
            write(&self.data.join("recovery.signal"), "")?;
        }
        write(&aside.join("settings"), &settings)
    }

    fn up(&mut self) -> Result<(), NotCopied> {
        let aside = self.aside.path();
        let options = format!("-c config_file={}", quoted(&aside.join("settings"))?);
        let mut command = self.control();
        command
            .args(["start", "-w", "-o", &options, "-l"])
            .arg(aside.join("log"));
        self.is_up = true;
        let started = run(command).and_then(|()| self.wait_until_ready());
        started.map_err(|error| match (error, read(&aside.join("log"))) {
            (NotCopied::Program { name, .. }, Ok(log)) => NotCopied::Program {
                name,
                words: cause(&log),
            },
            (error, _) => error,
        })
    }

    /// Waits until the log is applied; until then `pg_ctl` takes the server for a standby that is up.
    fn wait_until_ready(&self) -> Result<(), NotCopied> {
        for _ in 0..LOOKS_MAX {
            // The eighth line of this file is the server's own word for how far it is; it goes with the server.
            let Ok(state) = fs::read_to_string(self.data.join("postmaster.pid")) else {
                break;
            };
            if state.lines().nth(7).map(str::trim) == Some("ready") {
                return Ok(());
            }
            std::thread::sleep(BETWEEN_LOOKS);
        }
        Err(NotCopied::Program {
            name: "postgres".to_owned(),
            words: "the copy did not become ready".to_owned(),
        })
    }

    fn control(&self) -> Command {
        let mut command = Command::new(program(&self.major, "pg_ctl"));
        command.arg("-D").arg(&self.data);
        command
    }

    /// The contest's database in it, as `like` names it, opened by whoever owns its tables.
    pub(in crate::store::engine) fn target(&self, like: &Target) -> Result<Target, NotCopied> {
        let mut target = like.at_socket(self.aside.path(), PORT);
        let connection = Connection::open(&target, SESSION.to_owned())?;
        let mut link = connection.0.borrow_mut();
        let owner = link.text(
            "SELECT tableowner FROM pg_tables
             WHERE schemaname = current_schema() AND tablename = 'schema_version'",
        )?;
        target.set_user(&owner);
        Ok(target)
    }

    /// What `pg_amcheck` finds in the contest's database.
    pub(in crate::store::engine) fn faults(&self, like: &Target) -> Result<Vec<String>, NotCopied> {
        let mut target = like.at_socket(self.aside.path(), PORT);
        let superuser = {
            let connection = Connection::open(&target, SESSION.to_owned())?;
            let mut link = connection.0.borrow_mut();
            link.text("SELECT CAST(rolname AS text) FROM pg_roles WHERE oid = 10")?
        };
        target.set_user(&superuser);
        let connection = Connection::open(&target, SESSION.to_owned())?;
        let mut link = connection.0.borrow_mut();
        let was_there =
            link.text("SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'amcheck')")? == "t";
        let mut command = Command::new(program(&self.major, "pg_amcheck"));
        for (name, value) in target.environment(self.aside.path())? {
            command.env(name, value);
        }
        command.args(["--no-password", "--install-missing", "--heapallindexed"]);
        let output = output(&mut command)?;
        if !was_there {
            link.run("DROP EXTENSION IF EXISTS amcheck")?;
        }
        // It complains on standard output about what is damaged, and fails for other reasons on standard error.
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        match output.status.success() {
            true => Ok(Vec::new()),
            false if said.trim().is_empty() => Err(failed(&command, &output)),
            false => Ok(said.lines().map(str::to_owned).collect()),
        }
    }

    /// Stops it and puts its folder where it is to be started from.
    pub(in crate::store::engine) fn place(mut self, folder: &Path) -> Result<(), NotCopied> {
        let mut stop = self.control();
        stop.args(["stop", "-m", "fast", "-w"]);
        run(stop)?;
        self.is_up = false;
        let kept = self.aside.path().join(OWN_SETTINGS);
        let back = match kept.exists() {
            true => fs::copy(kept, self.data.join(OWN_SETTINGS)).map(drop),
            false => Ok(()),
        };
        let failed = |error| NotCopied::file(folder, error);
        back.map_err(failed)?;
        fs::rename(&self.data, folder).map_err(failed)?;
        let within = folder.parent().unwrap_or_else(|| Path::new("."));
        fs::File::open(within)
            .and_then(|within| within.sync_all())
            .map_err(failed)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if self.is_up {
            let mut stop = self.control();
            stop.args(["stop", "-m", "immediate", "-w"]);
            drop(output(&mut stop));
        }
    }
}

/// Lays an archive of the engine's own into a folder that only its owner enters.
fn unpack(archive: &Path, folder: &Path) -> Result<(), NotCopied> {
    let unpacked = fs::File::open(archive).and_then(|file| {
        let mut packed = tar::Archive::new(io::BufReader::new(file));
        packed.set_preserve_permissions(true);
        fs::create_dir_all(folder)?;
        packed.unpack(folder)?;
        fs::remove_file(archive)
    });
    unpacked.map_err(|error| NotCopied::file(archive, error))?;
    private(folder)
}

#[cfg(unix)]
fn private(folder: &Path) -> Result<(), NotCopied> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
        .map_err(|error| NotCopied::file(folder, error))
}

#[cfg(not(unix))]
fn private(_folder: &Path) -> Result<(), NotCopied> {
    Ok(())
}

fn read(path: &Path) -> Result<String, NotCopied> {
    fs::read_to_string(path).map_err(|error| NotCopied::file(path, error))
}

fn write(path: &Path, text: &str) -> Result<(), NotCopied> {
    fs::write(path, text).map_err(|error| NotCopied::file(path, error))
}

/// A path within quotes of a setting and of a shell.
fn quoted(path: &Path) -> Result<String, NotCopied> {
    let text = path.to_string_lossy();
    if text.contains(['\'', '\\', '\n']) {
        let source = io::Error::new(io::ErrorKind::InvalidFilename, "a quote in the path");
        return Err(NotCopied::file(path, source));
    }
    Ok(format!("'{text}'"))
}

/// Where a program of this major version is; on the search path if nowhere else.
fn program(major: &str, name: &str) -> PathBuf {
    let places = FOLDERS.iter();
    let mut places =
        places.map(|(before, after)| PathBuf::from(format!("{before}{major}{after}")).join(name));
    places
        .find(|place| place.exists())
        .unwrap_or_else(|| PathBuf::from(name))
}

fn run(mut command: Command) -> Result<(), NotCopied> {
    let output = output(&mut command)?;
    match output.status.success() {
        true => Ok(()),
        false => Err(failed(&command, &output)),
    }
}

fn output(command: &mut Command) -> Result<Output, NotCopied> {
    // A server that goes on in the background would keep a pipe open, so what is said goes to files.
    let said = tempfile::tempfile().and_then(|out| Ok((out, tempfile::tempfile()?)));
    let name = PathBuf::from(command.get_program());
    let ran = said.and_then(|(out, error)| {
        let status = command
            .stdin(Stdio::null())
            .stdout(out.try_clone()?)
            .stderr(error.try_clone()?)
            .status()?;
        Ok(Output {
            status,
            stdout: all(out)?,
            stderr: all(error)?,
        })
    });
    ran.map_err(|source| NotCopied::file(&name, source))
}

fn all(mut file: fs::File) -> io::Result<Vec<u8>> {
    use io::{Read as _, Seek as _};
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn failed(command: &Command, output: &Output) -> NotCopied {
    let name = Path::new(command.get_program())
        .file_name()
        .unwrap_or_default();
    NotCopied::Program {
        name: name.to_string_lossy().into_owned(),
        words: last_words(&String::from_utf8_lossy(&output.stderr)),
    }
}

/// Why a server ended, by its log.
fn cause(log: &str) -> String {
    let mut fatal = log.lines().filter_map(|line| line.split_once("FATAL:"));
    match fatal.next_back() {
        Some((_instant, words)) => words.trim().to_owned(),
        None => last_words(log),
    }
}

/// The end of what a program said, on one line.
fn last_words(said: &str) -> String {
    let lines: Vec<&str> = said
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let from = lines.len().saturating_sub(LINES_TOLD);
    lines.get(from..).unwrap_or_default().join("; ")
}
