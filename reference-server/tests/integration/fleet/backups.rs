//! Laws of backups of a database server: copied while it serves, brought to an instant by its archived log.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    thread,
    time::Duration,
};

use tempfile::TempDir;

use super::cluster::Cluster;
use crate::{contest::commands, engine::Raw};

/// Looks at the archive before a test gives up.
const N_LOOKS_MAX: u32 = 3_000;

/// A season on a server of its own, whose log is archived.
struct Archived {
    cluster: Cluster,
    dir: TempDir,
}

impl Archived {
    /// `None` where the server's programs are not installed.
    fn start() -> Option<Self> {
        let dir = commands::season();
        let path = |name: &str| dir.path().join(name).display().to_string();
        fs::create_dir(dir.path().join("log")).unwrap();
        let program = env!("CARGO_BIN_EXE_reference-server");
        let cluster = Cluster::start_with(&format!(
            "archive_mode = on\narchive_command = '\"{program}\" database-log store --key-file {} --dir {} %p'\n",
            path("backup.key"),
            path("log"),
        ))?;
        let config = dir.path().join("contest.toml");
        let settings = fs::read_to_string(&config).unwrap();
        let tables = format!(
            "[database]\nurl = {:?}\n\n[backup]\ndir = \"shelf\"\nkey_file = \"backup.key\"\nlog_dir = \"log\"\n\n[season]",
            cluster.address()
        );
        fs::write(&config, settings.replacen("[season]", &tables, 1)).unwrap();
        let archived = Self { cluster, dir };
        // The server's own account runs every command, and owns every file.
        archived.cluster.give(archived.dir.path());
        for word in [&["keys", "new"][..], &["migrate"]] {
            let made = archived.run(word);
            assert!(made.status.success(), "{made:?}");
        }
        Some(archived)
    }

    fn run(&self, words: &[&str]) -> Output {
        let (first, others) =
            words.split_at(words.len().min(if words[0] == "keys" { 2 } else { 1 }));
        let mut command = self
            .cluster
            .as_owner(Path::new(env!("CARGO_BIN_EXE_reference-server")));
        command
            .args(first)
            .arg("--config")
            .arg(self.dir.path().join("contest.toml"))
            .args(others)
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    fn assert_ends(&self, words: &[&str], code: i32, told: &[&str]) {
        let output = self.run(words);
        assert_eq!(output.status.code(), Some(code), "{words:?}: {output:?}");
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        for word in told {
            assert!(said.contains(word), "no {word:?} in {said}");
        }
    }

    fn raw(&self) -> Raw {
        Raw::server(&self.cluster.address())
    }

    /// A row that is easily told from others.
    fn mark(&self, name: &str) {
        self.raw().run(&format!(
            "INSERT INTO safekeeping SELECT COALESCE(MAX(number), 0) + 1, 'taken', '{name}', 1, 0, 1, 1 FROM safekeeping"
        ));
    }

    /// The server's clock, between what was written before and what will be.
    fn now(&self) -> String {
        let format = "YYYY-MM-DD\"T\"HH24:MI:SS.US\"+00:00\"";
        self.raw().text(&format!(
            "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', '{format}')"
        ))
    }

    /// Waits until everything that was written is archived.
    fn archive(&self) {
        let mut raw = self.raw();
        let last = raw.text("SELECT pg_walfile_name(pg_switch_wal())");
        let archived =
            format!("SELECT COUNT(*) FROM pg_stat_archiver WHERE last_archived_wal >= '{last}'");
        let mut looks = 0..N_LOOKS_MAX;
        while raw.number(&archived) == 0 {
            assert!(looks.next().is_some(), "the log was never archived");
            thread::park_timeout(Duration::from_millis(10));
        }
    }

    fn place(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The marks of a server out of a backup.
    fn marks_in(&self, data: &Path) -> Vec<String> {
        let restored = self.cluster.beside(data);
        let mut raw = Raw::server(&restored.address());
        assert_eq!(
            raw.texts("SELECT rail FROM rail WHERE paused_reason IS NOT NULL ORDER BY rail"),
            ["red-packet", "transfer"]
        );
        let extensions = "SELECT COUNT(*) FROM pg_extension WHERE extname = 'amcheck'";
        assert_eq!(raw.number(extensions), 0);
        raw.texts("SELECT backup FROM safekeeping WHERE backup LIKE 'mark%' ORDER BY number")
    }
}

fn newest(folder: &Path, ending: &str) -> PathBuf {
    let found = fs::read_dir(folder).unwrap();
    let found = found.map(|entry| entry.unwrap().path());
    let found = found.filter(|path| path.to_string_lossy().ends_with(ending));
    found.max().unwrap()
}

#[test]
fn a_server_is_brought_back_to_an_instant_to_the_end_of_its_log_or_not_at_all() {
    let Some(season) = Archived::start() else {
        println!("SKIPPED: there is no PostgreSQL on this machine");
        return;
    };
    season.mark("mark 1");
    season.assert_ends(
        &["backup"],
        0,
        &["backup ", "audit events", "sealed by key"],
    );
    season.mark("mark 2");
    let between = season.now();
    season.mark("mark 3");
    season.archive();
    season.assert_ends(
        &["drill"],
        0,
        &["0 violations", "0 differences", "the backup is good"],
    );

    let to = season.place("restored");
    let to_text = to.display().to_string();
    season.assert_ends(&["restore"], 1, &["--to is missing"]);
    season.assert_ends(
        &["restore", "--to", &to_text, "--until", &between],
        0,
        &["audit: 0 violations", "restored to", "two persons"],
    );
    season.assert_ends(
        &["restore", "--to", &to_text],
        1,
        &["there is a database already"],
    );
    assert_eq!(season.marks_in(&to), ["mark 1", "mark 2"]);
    let whole = season.place("whole").display().to_string();
    season.assert_ends(&["restore", "--to", &whole], 0, &["restored to"]);
    assert_eq!(
        season.marks_in(Path::new(&whole)),
        ["mark 1", "mark 2", "mark 3"]
    );

    // Nobody wrote so late, and a log that was altered is not a log that ended.
    let never = season.place("never");
    let never_text = never.display().to_string();
    season.assert_ends(
        &[
            "restore",
            "--to",
            &never_text,
            "--until",
            "2126-01-01T00:00:00+08:00",
        ],
        1,
        &["recovery"],
    );
    let log = newest(&season.place("log"), ".log");
    let mut bytes = fs::read(&log).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&log, bytes).unwrap();
    season.assert_ends(&["restore", "--to", &never_text], 1, &["error: "]);
    assert!(!never.exists());
    for entry in fs::read_dir(season.dir.path()).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        assert!(!name.starts_with("restoring"), "{name} was left");
    }
}

#[test]
fn a_file_of_the_log_is_archived_once_and_given_back_whole() {
    let dir = TempDir::new().unwrap();
    let path = |name: &str| dir.path().join(name);
    let log = |words: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_reference-server"))
            .arg("database-log")
            .arg(words[0])
            .args(["--key-file", "key", "--dir", "archive"])
            .args(&words[1..])
            .current_dir(dir.path())
            .output()
            .unwrap()
            .status
            .code()
    };
    let key = [b"0123456789abcdef".as_slice(); 4].concat();
    fs::write(path("key"), key).unwrap();
    commands::keep_private(&path("key"));
    let name = "000000010000000000000007";
    fs::write(path(name), vec![7; 200_000]).unwrap();
    assert_eq!(log(&["store", name]), Some(0));
    assert_eq!(log(&["store", name]), Some(0), "the same again");
    assert_eq!(log(&["fetch", name, "back"]), Some(0));
    assert_eq!(fs::read(path("back")).unwrap(), vec![7; 200_000]);
    fs::write(path(name), vec![8; 200_000]).unwrap();
    assert_eq!(log(&["store", name]), Some(1), "another file of the name");
    assert_eq!(log(&["fetch", "00000002.history", "none"]), Some(1));
    assert!(!path("none").exists());
    assert_eq!(log(&["fetch", "../key", "none"]), Some(200));
    let file = newest(&path("archive"), ".log");
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, &bytes[..bytes.len() - 1]).unwrap();
    assert_eq!(log(&["fetch", name, "none"]), Some(200));
    assert!(!path("none").exists());
}
