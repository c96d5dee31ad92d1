//! A PostgreSQL of the run's own: started in a folder of its own, with every sync, and stopped after it.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context as _, ensure};

use benches::machine;

/// How long pgbench inserts in a round.
const SECONDS: &str = "3";
/// A claim stripped to what any of them must write: the claim under its unique key, a line of
/// the ledger, an order to pay.
const TABLES: &str = "CREATE TABLE claim (id BIGSERIAL PRIMARY KEY, person BIGINT NOT NULL, \
     chance BIGINT NOT NULL, amount_fen BIGINT NOT NULL, UNIQUE (person, chance)); \
     CREATE TABLE ledger (id BIGSERIAL PRIMARY KEY, person BIGINT NOT NULL, amount_fen BIGINT NOT NULL); \
     CREATE TABLE outbox (id BIGSERIAL PRIMARY KEY, person BIGINT NOT NULL, amount_fen BIGINT NOT NULL);";
const THREE_INSERTS: &str = "\\set person random(1, 1000000000)
\\set chance random(1, 1000000000)
BEGIN;
INSERT INTO claim (person, chance, amount_fen) VALUES (:person, :chance, 143);
INSERT INTO ledger (person, amount_fen) VALUES (:person, 143);
INSERT INTO outbox (person, amount_fen) VALUES (:person, 143);
COMMIT;
";

/// A running server.
pub(crate) struct Cluster {
    programs: PathBuf,
    folder: tempfile::TempDir,
    owner: Option<&'static str>,
    postmaster: u32,
}

impl Cluster {
    /// Starts a server; `None` where its programs are not installed.
    pub(crate) fn start() -> anyhow::Result<Option<Self>> {
        let Some(programs) = programs() else {
            return Ok(None);
        };
        let folder = tempfile::tempdir()?;
        // PostgreSQL refuses to run as root.
        let is_root = rustix::process::geteuid().is_root();
        let owner = is_root.then_some("postgres");
        if let Some(owner) = owner {
            let mut command = Command::new("chown");
            succeed(command.arg(owner).arg(folder.path()))?;
        }
        let mut cluster = Self {
            programs,
            folder,
            owner,
            postmaster: 0,
        };
        let data = cluster.folder.path().join("data");
        let mut command = cluster.as_owner("initdb");
        command.args([
            "-U",
            "contest",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "-D",
        ]);
        succeed(command.arg(&data))?;
        let mut command = cluster.as_owner("pg_ctl");
        command.arg("-D").arg(&data).arg("-l");
        command.arg(cluster.folder.path().join("log"));
        let place = cluster.folder.path().display();
        let options = format!("-k {place} -c listen_addresses='' -c max_connections=300");
        succeed(command.args(["-w", "-o", &options, "start"]))?;
        let file = std::fs::read_to_string(data.join("postmaster.pid"))?;
        cluster.postmaster = file.lines().next().context("no process")?.trim().parse()?;
        cluster.sql("postgres", "CREATE DATABASE yardstick")?;
        cluster.sql("yardstick", TABLES)?;
        Ok(Some(cluster))
    }

    fn as_owner(&self, program: &str) -> Command {
        let program = self.programs.join(program);
        match self.owner {
            Some(owner) => {
                let mut command = Command::new("runuser");
                command.args(["-u", owner, "--"]).arg(program);
                command.current_dir("/");
                command
            }
            None => Command::new(program),
        }
    }

    fn client(&self, program: &str, database: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.arg("-h").arg(self.folder.path());
        command.args(["-U", "contest"]);
        command.env("PGDATABASE", database);
        command
    }

    /// Runs statements in one of its databases.
    pub(crate) fn sql(&self, database: &str, sql: &str) -> anyhow::Result<()> {
        let mut command = self.client("psql", database);
        succeed(command.args(["-q", "-v", "ON_ERROR_STOP=1", "-c", sql]))
    }

    /// A new database for a contest; its address.
    pub(crate) fn database(&self) -> anyhow::Result<String> {
        self.sql("postgres", "DROP DATABASE IF EXISTS contest WITH (FORCE)")?;
        self.sql("postgres", "CREATE DATABASE contest")?;
        let folder = self.folder.path().display();
        Ok(format!("postgres:///contest?user=contest&host={folder}"))
    }

    /// Processor time of all its processes that are there now.
    pub(crate) fn cpu(&self) -> anyhow::Result<Duration> {
        let mut used = machine::cpu_of(self.postmaster)?;
        for child in machine::children_of(self.postmaster)? {
            // A process may end meanwhile.
            used += machine::cpu_of(child).unwrap_or_default();
        }
        Ok(used)
    }

    /// The yardstick: three inserts a transaction, 64 clients, no row that two of them share.
    pub(crate) fn three_inserts(&self) -> anyhow::Result<f64> {
        let script = self.folder.path().join("three-inserts.sql");
        std::fs::write(&script, THREE_INSERTS)?;
        let mut command = self.client("pgbench", "yardstick");
        command.args([
            "-n", "-M", "prepared", "-c", "64", "-j", "2", "-T", SECONDS, "-f",
        ]);
        let output = command.arg(&script).output()?;
        ensure!(output.status.success(), "pgbench: {}", text(&output.stderr));
        let said = text(&output.stdout);
        let (_before, rate) = said.split_once("tps = ").context("pgbench told no rate")?;
        Ok(rate.split(' ').next().unwrap_or_default().parse()?)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let data = self.folder.path().join("data");
        let mut command = self.as_owner("pg_ctl");
        drop(
            command
                .arg("-D")
                .arg(data)
                .args(["-m", "immediate", "-w", "stop"])
                .output(),
        );
    }
}

/// The folder of the newest server's programs.
fn programs() -> Option<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .chain(std::env::split_paths(&std::env::var_os("PATH")?))
        .filter(|folder| has_all(folder))
        .collect();
    found.sort();
    found.pop()
}

fn has_all(folder: &Path) -> bool {
    ["initdb", "pg_ctl", "psql", "pgbench"]
        .iter()
        .all(|program| folder.join(program).exists())
}

fn succeed(command: &mut Command) -> anyhow::Result<()> {
    let output = command.output()?;
    ensure!(
        output.status.success(),
        "{command:?}: {}{}",
        text(&output.stdout),
        text(&output.stderr)
    );
    Ok(())
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
