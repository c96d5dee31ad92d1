//! The program itself, as operators start it: the simulator alone, and `serve` beside it in a trial.

use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader, Lines},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio},
};

use reference_server::rail::Rail;
use rustix::process::{Pid, Signal, kill_process};

/// The evening of the first city's second day: everything of the day is released.
const EVENING: &str = "2020-04-23T21:00:00+08:00";

/// A running command, killed with its test.
#[derive(Debug)]
pub(super) struct Running {
    child: Child,
    /// Kept open: whoever writes into a closed pipe dies of it.
    _said: Lines<BufReader<ChildStdout>>,
    /// The line that it said when it was ready.
    pub(super) ready: String,
}

impl Running {
    /// Starts a command and waits until it says a line with `word`; its complaints go to a file.
    pub(super) fn start(command: &mut Command, word: &str, complaints: &Path) -> Self {
        let log = File::options()
            .create(true)
            .append(true)
            .open(complaints)
            .unwrap();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = lines.find_map(|line| line.ok().filter(|line| line.contains(word)));
        let ready = ready.unwrap_or_else(|| {
            let complaints = fs::read_to_string(complaints).unwrap();
            panic!("{command:?} ended before it said {word:?}:\n{complaints}")
        });
        Self {
            child,
            _said: lines,
            ready,
        }
    }

    /// The process's number.
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks the process to stop, as a supervisor does.
    pub(super) fn terminate(&self) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
    }

    /// Waits until it has ended.
    pub(super) fn ended(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

pub(super) fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_reference-server"))
}

/// A folder with a simulator's files, and the simulator beside it.
#[derive(Debug)]
pub(super) struct Trial {
    folder: PathBuf,
    _simulator: Running,
    /// Address of the simulated WeChat.
    pub(super) wechat: String,
}

impl Trial {
    /// Starts the simulator for a contest that people reach at this address and that pays by this rail, and completes
    /// its configuration.
    pub(super) fn begin(
        folder: &Path,
        public: &str,
        content: &Path,
        database: Option<&str>,
        rail: Rail,
    ) -> Self {
        let mut command = program();
        command
            .args(["simulator", "--listen", "127.0.0.1:0", "--now", EVENING])
            .args(["--trial", public, "--rail", rail.name(), "--out"])
            .arg(folder);
        let simulator = Running::start(&mut command, "Ctrl-C", &folder.join("simulator.log"));
        let list = fs::read_to_string(folder.join("settings.json")).unwrap();
        let list: serde_json::Value = serde_json::from_str(&list).unwrap();
        let config = folder.join("contest.toml");
        let mut text = fs::read_to_string(&config).unwrap();
        text.insert_str(0, &format!("content_dir = {content:?}\n"));
        if let Some(url) = database {
            text.push_str(&format!("\n[database]\nurl = {url:?}\n"));
        }
        fs::write(&config, text).unwrap();
        let keys = program()
            .args(["keys", "new", "--config"])
            .arg(&config)
            .output()
            .unwrap();
        assert!(keys.status.success(), "{keys:?}");
        Self {
            folder: folder.to_owned(),
            _simulator: simulator,
            wechat: list["base"].as_str().unwrap().to_owned(),
        }
    }

    fn command(&self, name: &str) -> Command {
        let mut command = program();
        command
            .arg(name)
            .arg("--config")
            .arg(self.folder.join("contest.toml"))
            .env("CONTEST_LISTEN", "127.0.0.1:0");
        command
    }

    /// Starts an instance; the address it listens on.
    pub(super) fn serve(&self) -> (Running, String) {
        let log = self.folder.join("serve.log");
        let running = Running::start(&mut self.command("serve"), "serving", &log);
        let (_, address) = running.ready.rsplit_once(' ').unwrap();
        let address = format!("http://{address}");
        (running, address)
    }

    /// Runs a command that reads the same configuration, to its end.
    pub(super) fn run(&self, name: &str) -> Output {
        self.command(name).output().unwrap()
    }

    /// What instances wrote to their logs.
    pub(super) fn log(&self) -> String {
        fs::read_to_string(self.folder.join("serve.log")).unwrap()
    }
}
