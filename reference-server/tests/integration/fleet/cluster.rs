//! A database server of the test's own, which it may kill.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use tempfile::TempDir;

/// A server in a folder of its own, stopped with its test.
#[derive(Debug)]
pub(super) struct Cluster {
    folder: TempDir,
    programs: PathBuf,
    /// Who runs it: never the superuser of the machine.
    owner: Option<&'static str>,
}

impl Cluster {
    /// Starts a server; `None` where its programs are not installed.
    pub(super) fn start() -> Option<Self> {
        Self::start_with("")
    }

    /// Starts a server with more settings.
    pub(super) fn start_with(settings: &str) -> Option<Self> {
        let programs = programs()?;
        let is_root = rustix::process::geteuid().is_root();
        let owner = is_root.then_some("postgres");
        let folder = TempDir::new().unwrap();
        if let Some(owner) = owner {
            run(Command::new("chown").arg(owner).arg(folder.path()));
        }
        let cluster = Self {
            folder,
            programs,
            owner,
        };
        let mut initdb = cluster.program("initdb");
        initdb
            .args(["-U", "contest", "-A", "trust", "-E", "UTF8"])
            .args(["--locale=C.UTF-8", "--no-sync", "-D"])
            .arg(cluster.data());
        run(&mut initdb);
        let file = cluster.data().join("postgresql.conf");
        let mut text = std::fs::read_to_string(&file).unwrap();
        text.push_str(settings);
        std::fs::write(file, text).unwrap();
        cluster.up();
        Some(cluster)
    }

    /// A server on a folder that is there already, started as it is, with a socket of its own.
    pub(super) fn beside(&self, data: &Path) -> Self {
        let folder = TempDir::new().unwrap();
        std::fs::rename(data, folder.path().join("data")).unwrap();
        let cluster = Self {
            folder,
            programs: self.programs.clone(),
            owner: self.owner,
        };
        cluster.give(cluster.folder.path());
        cluster.up();
        cluster
    }

    /// Gives a folder and all in it to whoever runs the server.
    pub(super) fn give(&self, folder: &Path) {
        if let Some(owner) = self.owner {
            run(Command::new("chown").args(["-R", owner]).arg(folder));
        }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn program(&self, name: &str) -> Command {
        self.as_owner(&self.programs.join(name))
    }

    /// A command of whoever runs the server.
    pub(super) fn as_owner(&self, path: &Path) -> Command {
        let mut command = match self.owner {
            Some(owner) => {
                let mut command = Command::new("runuser");
                command.args(["-u", owner, "--"]).arg(path);
                command
            }
            None => Command::new(path),
        };
        command.current_dir(self.folder.path());
        command
    }

    fn up(&self) {
        let folder = self.folder.path().display();
        let options = format!("-k {folder} -c listen_addresses='' -c max_connections=100");
        run(self
            .program("pg_ctl")
            .args(["start", "-w", "-o", &options, "-D"])
            .arg(self.data())
            .arg("-l")
            .arg(self.folder.path().join("log")));
    }

    /// Kills every process of the server at once, as a crash does.
    pub(super) fn crash(&self) {
        run(self
            .program("pg_ctl")
            .args(["stop", "-m", "immediate", "-w", "-D"])
            .arg(self.data()));
    }

    /// Kills the server and starts it again.
    pub(super) fn crash_and_recover(&self) {
        self.crash();
        self.up();
    }

    /// Its address, as a user with every right.
    pub(super) fn address(&self) -> String {
        let folder = self.folder.path().display();
        format!("postgres:///postgres?user=contest&host={folder}")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let mut stop = self.program("pg_ctl");
        stop.args(["stop", "-m", "immediate", "-D"])
            .arg(self.data());
        drop(stop.stdout(Stdio::null()).stderr(Stdio::null()).status());
    }
}

/// The newest installed programs.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut found: Vec<PathBuf> = versions
        .filter_map(|version| Some(version.ok()?.path().join("bin")))
        .filter(|folder| folder.join("initdb").exists())
        .collect();
    found.sort_by_key(|folder| number(folder));
    found.pop()
}

fn number(programs: &Path) -> Option<u32> {
    programs.parent()?.file_name()?.to_str()?.parse().ok()
}

fn run(command: &mut Command) {
    // A server that goes on in the background keeps what it inherits open.
    let status = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success(), "{command:?}: {status}");
}
