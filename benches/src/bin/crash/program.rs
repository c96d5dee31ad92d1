//! The server's own program, playing a rehearsal in a folder that lasts; started again after each crash.
//!
//! Citizens and the simulated WeChat live in the same process and write down what they were told before they go on,
//! so whatever the program forgets is found at its next start, when its auditor compares everything.

use std::{
    env,
    ffi::OsStr,
    fs::{self, File},
    io::{BufRead as _, BufReader},
    os::unix::process::ExitStatusExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use rusqlite::{Connection, OpenFlags};

/// Words of the line that the program writes when it goes on, and of those it adds when all is well.
const GOES_ON: &str = "goes on: ";
const ALL_IS_WELL: &str = "all in the database, nobody paid twice";
/// No start and no season takes longer, however busy the machine.
const PATIENCE: Duration = Duration::from_secs(180);

/// The program, and what it plays.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    path: PathBuf,
    people: u32,
    rail: &'static str,
    /// A PostgreSQL server; a file in the folder otherwise.
    database: Option<String>,
}

/// How an incarnation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// The season is over, and its report is clean.
    Over,
    /// By a signal: of the test, or of the program's own crash point.
    Killed,
    /// It gave up with an error, and said so.
    GaveUp(String),
    /// It broke a promise.
    Broken(String),
}

/// A season in a folder.
#[derive(Debug)]
pub(crate) struct Season<'a> {
    program: &'a Program,
    seed: u64,
    folder: PathBuf,
    n_starts: u64,
}

/// A running incarnation.
#[derive(Debug)]
pub(crate) struct Incarnation {
    child: Child,
    began: Instant,
    lines: Receiver<String>,
    said: Vec<String>,
    /// How long it took until the auditor had compared everything; `None` at a first start.
    pub(crate) went_on_after: Option<Duration>,
    out: PathBuf,
}

impl Program {
    /// Builds the program with its crash points, unless a path is given.
    pub(crate) fn make(path: Option<PathBuf>, people: u32) -> Result<Self, String> {
        let path = match path {
            Some(path) => path,
            None => build()?,
        };
        Ok(Self {
            path,
            people,
            rail: "red-packet",
            database: None,
        })
    }

    /// The same over a database server.
    pub(crate) fn on_server(&self, address: &str) -> Self {
        Self {
            database: Some(address.to_owned()),
            ..self.clone()
        }
    }

    /// The same with the other way to pay.
    pub(crate) fn by_transfers(&self) -> Self {
        Self {
            rail: "transfer",
            ..self.clone()
        }
    }

    /// The instants at which this build can end itself.
    pub(crate) fn points(&self) -> Result<Vec<String>, String> {
        let output = Command::new(&self.path)
            .arg("crash-points")
            .output()
            .map_err(|error| format!("{}: {error}", self.path.display()))?;
        if !output.status.success() {
            return Err(format!(
                "{} has no crash points; build it with --features crash-points",
                self.path.display()
            ));
        }
        let text = String::from_utf8_lossy(&output.stdout);
        Ok(text.lines().map(str::to_owned).collect())
    }

    pub(crate) fn season(&self, folder: &Path, seed: u64) -> Season<'_> {
        Season {
            program: self,
            seed,
            folder: folder.to_owned(),
            n_starts: 0,
        }
    }
}

/// Builds the server beside this program, with assertions: no other build takes the feature.
fn build() -> Result<PathBuf, String> {
    let here = env::current_exe().map_err(|error| error.to_string())?;
    let folder = here.parent().ok_or("this program lies nowhere")?;
    let profile = match folder.file_name().and_then(OsStr::to_str) {
        Some("debug") | None => "test",
        Some(name) => name,
    };
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["build", "--quiet", "--package", "reference-server"])
        .args(["--features", "crash-points", "--profile", profile])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()
        .map_err(|error| format!("cargo: {error}"))?;
    if !status.success() {
        return Err("the server could not be built".to_owned());
    }
    Ok(folder.join("reference-server"))
}

impl Season<'_> {
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    /// Whether it was started before.
    pub(crate) fn was_started(&self) -> bool {
        self.n_starts > 0
    }

    /// Starts the program in the season's folder; `crash_at` names a point and how often it is reached before.
    pub(crate) fn start(&mut self, crash_at: Option<(&str, u64)>) -> Result<Incarnation, String> {
        self.n_starts += 1;
        let program = self.program;
        let out = self.folder.join("report.json");
        let file = |path: &Path| File::create(path).map_err(|error| error.to_string());
        let mut command = Command::new(&program.path);
        command
            .args(["rehearse", "--city", "nanjing", "--stop-at-failure"])
            .args(["--seed", &self.seed.to_string()])
            .args(["--people", &program.people.to_string()])
            .args(["--rail", program.rail, "--format", "json", "--data"])
            .arg(&self.folder)
            .stdin(Stdio::null())
            .stdout(file(&out)?)
            .stderr(Stdio::piped())
            .env_remove("CONTEST_CRASH_AT");
        if let Some(address) = &program.database {
            command.args(["--database", address]);
        }
        if let Some((point, nth)) = crash_at {
            command.env("CONTEST_CRASH_AT", format!("{point}:{nth}"));
        }
        let mut child = command
            .spawn()
            .map_err(|error| format!("{}: {error}", program.path.display()))?;
        let (sender, lines) = mpsc::channel();
        if let Some(stderr) = child.stderr.take() {
            thread::spawn(move || {
                for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                    if sender.send(line).is_err() {
                        break;
                    }
                }
            });
        }
        Ok(Incarnation {
            child,
            began: Instant::now(),
            lines,
            said: Vec::new(),
            went_on_after: None,
            out,
        })
    }

    /// Plays on until the season is over or something ends it.
    pub(crate) fn play_on(
        &mut self,
        crash_at: Option<(&str, u64)>,
    ) -> Result<(End, Incarnation), String> {
        let mut incarnation = self.start(crash_at)?;
        let end = incarnation.wait()?;
        Ok((end, incarnation))
    }

    /// Whether the file of the database is whole; a server looks after its own.
    pub(crate) fn integrity(&self) -> Result<(), String> {
        match self.program.database {
            None => integrity(&self.folder.join("contest.db")),
            Some(_) => Ok(()),
        }
    }

    /// Awards that citizens were told of so far.
    pub(crate) fn n_acknowledged(&self) -> usize {
        let told = fs::read_to_string(self.folder.join("acknowledged.jsonl")).unwrap_or_default();
        told.lines().count()
    }
}

/// Whether a database file is whole, its write-ahead log included.
pub(crate) fn integrity(path: &Path) -> Result<(), String> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let verdict = Connection::open_with_flags(path, flags)
        .and_then(|database| database.query_row("PRAGMA integrity_check", [], |row| row.get(0)))
        .unwrap_or_else(|error| error.to_string());
    if verdict == "ok" {
        return Ok(());
    }
    Err(format!("the database is damaged: {verdict}"))
}

impl Incarnation {
    /// Listens for so long, or until the program has ended; whether it has.
    pub(crate) fn listen(&mut self, for_so_long: Duration) -> bool {
        let until = Instant::now() + for_so_long;
        loop {
            match self
                .lines
                .recv_timeout(until.saturating_duration_since(Instant::now()))
            {
                Ok(line) => self.hear(line),
                Err(RecvTimeoutError::Timeout) => return false,
                Err(RecvTimeoutError::Disconnected) => return true,
            }
        }
    }

    /// Listens until it has compared everything and goes on; whether it has ended before.
    pub(crate) fn listen_until_it_goes_on(&mut self) -> bool {
        let until = Instant::now() + PATIENCE;
        while self.went_on_after.is_none() {
            match self
                .lines
                .recv_timeout(until.saturating_duration_since(Instant::now()))
            {
                Ok(line) => self.hear(line),
                Err(RecvTimeoutError::Timeout) => return false,
                Err(RecvTimeoutError::Disconnected) => return true,
            }
        }
        false
    }

    fn hear(&mut self, line: String) {
        if line.contains(GOES_ON) {
            self.went_on_after = Some(self.began.elapsed());
        }
        self.said.push(line);
    }

    /// Kills it without warning; how it ended, if it had before.
    pub(crate) fn kill(&mut self) -> Result<End, String> {
        // It may be gone already.
        drop(self.child.kill());
        self.wait()
    }

    /// Waits for its end.
    pub(crate) fn wait(&mut self) -> Result<End, String> {
        if !self.listen(PATIENCE) {
            drop(self.child.kill());
            drop(self.child.wait());
            return Ok(End::Broken("it hung".to_owned()));
        }
        let status = self.child.wait().map_err(|error| error.to_string())?;
        Ok(self.end(status))
    }

    fn end(&self, status: ExitStatus) -> End {
        let complaint = self
            .said
            .iter()
            .find(|line| line.contains(GOES_ON) && !line.contains(ALL_IS_WELL));
        if let Some(line) = complaint {
            return End::Broken(line.clone());
        }
        let panicked = self.said.iter().find(|line| line.contains("panicked at"));
        if let Some(line) = panicked {
            return End::Broken(line.clone());
        }
        match (status.code(), status.signal()) {
            (Some(0), _) => End::Over,
            // 3: findings; they are in the report.
            (Some(3), _) => End::Broken(self.findings()),
            (Some(_), _) => End::GaveUp(self.said.last().cloned().unwrap_or_default()),
            (None, Some(9)) => End::Killed,
            (None, signal) => End::Broken(format!("it died of signal {signal:?}")),
        }
    }

    fn findings(&self) -> String {
        let report = fs::read_to_string(&self.out).unwrap_or_default();
        let from = report.find("\"violations\"").unwrap_or(0);
        report.chars().skip(from).take(600).collect()
    }
}
