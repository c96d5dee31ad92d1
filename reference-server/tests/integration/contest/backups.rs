//! Laws of backups of a file: taken while it is written to, whole or refused, put back only where nothing is.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::Arc,
    thread,
    time::Duration,
};

use chrono::TimeDelta;
use reference_server::{
    app::App,
    backup::{self, BackupError, Shelf, Source, Taken},
    contest::{
        audit, decision,
        organiser::Role,
        rail_pause,
        safekeeping::{self, Event, Note},
    },
    entropy::SeededEntropy,
    privacy::BackupKey,
    store::{Database, DecisionClock, Durability, NotCopied, Store},
};
use tempfile::TempDir;

use super::{
    commands::{assert_ends, season},
    rail_pauses::finance,
};
use crate::{
    app::{Setting, TestApp},
    engine::{Raw, TestDatabase},
};

/// Looks before a test gives up.
const N_LOOKS_MAX: u32 = 20_000;

/// A contest in a file, with a shelf beside it.
pub(super) struct Kept {
    pub(super) test: TestApp,
    database: Database,
    path: PathBuf,
    pub(super) dir: TempDir,
}

impl Kept {
    pub(super) async fn new(setting: Setting) -> Self {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("contest.db");
        let own = TempDir::new().unwrap();
        let test = TestApp::on(TestDatabase::File(path.clone()), own, setting).await;
        Self {
            test,
            database: Database::file(&path),
            path,
            dir,
        }
    }

    fn shelf(&self) -> Shelf {
        Shelf::new(&self.dir.path().join("shelf"), 3)
    }

    fn season(&self) -> String {
        self.test.app.season.name.clone()
    }

    pub(super) fn take(&self) -> Result<Taken, BackupError> {
        let season = self.season();
        let source = Source {
            database: &self.database,
            copied_as: &self.database,
            season: &season,
            keys: self.test.app.keys.names(),
            scratch: self.dir.path(),
        };
        let (at, entropy) = (self.test.app.now(), SeededEntropy::new(5));
        backup::take(&source, &self.shelf(), &key(), at, &entropy)
    }

    /// The backup restored into a folder that is empty.
    pub(super) fn restore(&self, from: &Path, to: &Path) -> Result<PathBuf, BackupError> {
        let restoring = backup::begin(from, &key(), &self.season(), &self.database, to, None)?;
        restoring.place(to)
    }

    /// The contest goes on with another file, as if its own had never been.
    pub(super) fn lose_to(&mut self, path: &Path) {
        self.test.app = self.app_on(path);
        self.test.move_to(TestDatabase::File(path.to_owned()));
        self.path = path.to_owned();
    }

    /// The same contest on another file.
    pub(super) fn app_on(&self, path: &Path) -> Arc<App> {
        let database = Database::file(path);
        let store = Store::open(&database, Durability::None, DecisionClock::Caller).unwrap();
        let clock = Arc::<reference_server::clock::SimulatedClock>::clone(&self.test.clock);
        self.test.instance(91, store, clock)
    }
}

fn key() -> BackupKey {
    BackupKey::new([42; 32])
}

/// Every row of every table.
fn dump(path: &Path) -> BTreeMap<String, Vec<Vec<String>>> {
    let mut raw = Raw::file(path);
    let tables = raw.texts("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name");
    let rows = |table: String| {
        let rows = raw.rows(&format!("SELECT * FROM {table} ORDER BY rowid"));
        (table, rows)
    };
    tables.into_iter().map(rows).collect()
}

#[tokio::test]
async fn a_restored_database_equals_the_one_that_was_copied() {
    let kept = Kept::new(Setting::usual()).await;
    for name in ["first", "second"] {
        let (person, _packet) = kept.test.winner(name).await;
        kept.test.settle().await;
        kept.test.open_packets(&person);
    }
    let then = dump(&kept.path);
    let taken = kept.take().unwrap();
    assert!(taken.manifest.is_exact);
    assert_eq!(taken.manifest.n_rows["award"], 2);
    assert!(!taken.manifest.keys.is_empty());
    kept.test.winner("third").await;
    let to = kept.dir.path().join("restored");
    let place = kept.restore(&taken.generation.path, &to).unwrap();
    assert_eq!(dump(&place), then);
    assert_ne!(dump(&kept.path), then);
    let left: Vec<_> = fs::read_dir(&to).unwrap().collect();
    assert_eq!(left.len(), 1, "something was left beside it: {left:?}");
}

#[tokio::test]
async fn a_backup_taken_while_people_win_is_one_instant_and_disturbs_nobody() {
    let kept = Kept::new(Setting::usual()).await;
    let to = kept.dir.path().join("restored");
    let (database, folder) = (kept.database.clone(), kept.dir.path().to_owned());
    let (season, keys) = (kept.season(), kept.test.app.keys.names());
    let at = kept.test.app.now();
    let copying = tokio::task::spawn_blocking(move || {
        let shelf = Shelf::new(&folder.join("shelf"), 30);
        let mut taken = Vec::new();
        for number in 0..6_i64 {
            let source = Source {
                database: &database,
                copied_as: &database,
                season: &season,
                keys: keys.clone(),
                scratch: &folder,
            };
            let at = at + TimeDelta::milliseconds(number);
            taken.push(backup::take(&source, &shelf, &key(), at, &SeededEntropy::new(1)).unwrap());
        }
        taken
    });
    for number in 0..8 {
        kept.test.winner(&format!("winner {number}")).await;
        kept.test.settle().await;
    }
    let mut n_awards = Vec::new();
    for taken in copying.await.unwrap() {
        let place = kept.restore(&taken.generation.path, &to).unwrap();
        let app = kept.app_on(&place);
        assert_eq!(safekeeping::examine(&app).await.unwrap(), []);
        Arc::into_inner(app).unwrap().store.close().unwrap();
        n_awards.push(taken.manifest.n_rows["award"]);
        fs::remove_file(place).unwrap();
    }
    assert!(n_awards.is_sorted(), "{n_awards:?}");
    kept.test.assert_sound().await;
}

#[tokio::test]
async fn nothing_is_made_of_a_file_with_a_flipped_byte_or_without_its_end() {
    let kept = Kept::new(Setting::usual()).await;
    kept.test.winner("winner").await;
    let taken = kept.take().unwrap();
    let whole = fs::read(&taken.generation.path).unwrap();
    let to = kept.dir.path().join("restored");
    let damaged = kept.dir.path().join("damaged");
    let refused = |bytes: &[u8]| {
        fs::write(&damaged, bytes).unwrap();
        let error = kept.restore(&damaged, &to).unwrap_err();
        assert_eq!(fs::read_dir(&to).unwrap().count(), 0, "{error}");
        error
    };
    let step = (whole.len() / 40).max(1);
    for place in (0..whole.len()).step_by(step).chain([whole.len() - 1]) {
        let mut bytes = whole.clone();
        bytes[place] ^= 0x10;
        let error = refused(&bytes);
        let is_told = match place {
            0..16 => matches!(error, BackupError::NoBackup { .. }),
            _ => matches!(error, BackupError::Sealed { .. }),
        };
        assert!(is_told, "byte {place}: {error}");
    }
    for end in [0, 10, 40, whole.len() / 2, whole.len() - 1] {
        let error = refused(&whole[..end]);
        let is_told = matches!(
            error,
            BackupError::NoBackup { .. } | BackupError::Sealed { .. }
        );
        assert!(is_told, "{end} bytes: {error}");
    }
    assert!(matches!(
        refused(b"no backup at all"),
        BackupError::NoBackup { .. }
    ));
}

#[tokio::test]
async fn another_key_another_season_and_an_occupied_place_are_refused_in_words() {
    let kept = Kept::new(Setting::usual()).await;
    let from = kept.take().unwrap().generation.path;
    let to = kept.dir.path().join("restored");
    let begin = |key: [u8; 32], season: &str, to: &Path| {
        let key = BackupKey::new(key);
        backup::begin(&from, &key, season, &kept.database, to, None).unwrap_err()
    };
    let season = kept.season();
    let error = begin([43; 32], &season, &to);
    assert!(
        error.to_string().contains("another key sealed it"),
        "{error}"
    );
    let error = begin([42; 32], "another", &to);
    assert!(matches!(error, BackupError::OtherSeason { .. }), "{error}");
    let before = dump(&kept.path);
    for name in ["contest.db", "contest.db-wal"] {
        let occupied = kept.dir.path().join("occupied");
        fs::create_dir_all(&occupied).unwrap();
        fs::write(occupied.join(name), "somebody's").unwrap();
        let error = begin([42; 32], &season, &occupied);
        let is_told = matches!(error, BackupError::Copy(NotCopied::Occupied { .. }));
        assert!(is_told, "{error}");
        assert_eq!(fs::read(occupied.join(name)).unwrap(), b"somebody's");
        fs::remove_dir_all(occupied).unwrap();
    }
    let error = begin([42; 32], &season, kept.dir.path());
    assert!(
        error.to_string().contains("there is a database already"),
        "{error}"
    );
    assert_eq!(dump(&kept.path), before);
    // Somebody else makes one while the backup is looked at.
    let restoring = backup::begin(&from, &key(), &season, &kept.database, &to, None).unwrap();
    fs::write(to.join("contest.db"), "faster").unwrap();
    let error = restoring.place(&to).unwrap_err();
    assert!(
        matches!(error, BackupError::Copy(NotCopied::Occupied { .. })),
        "{error}"
    );
    assert_eq!(fs::read(to.join("contest.db")).unwrap(), b"faster");
}

#[tokio::test]
async fn three_generations_are_kept_and_half_written_ones_go() {
    let kept = Kept::new(Setting::usual()).await;
    let mut names = Vec::new();
    for _ in 0..5 {
        kept.test.sleep(TimeDelta::hours(1));
        names.push(kept.take().unwrap().generation.path);
        // As a process that was killed leaves them.
        fs::write(kept.dir.path().join("shelf/.partial-abc"), "half").unwrap();
        fs::create_dir(kept.dir.path().join("unsealed-copy-abc")).unwrap();
    }
    let generations = kept.shelf().generations(&kept.season()).unwrap();
    let kept_paths: Vec<_> = generations.into_iter().map(|kept| kept.path).collect();
    names.reverse();
    assert_eq!(kept_paths, names[..3]);
    assert!(!names[4].exists());
    kept.test.sleep(TimeDelta::milliseconds(1));
    kept.take().unwrap();
    assert!(!kept.dir.path().join("shelf/.partial-abc").exists());
    assert!(!kept.dir.path().join("unsealed-copy-abc").exists());
}

#[tokio::test]
async fn after_a_restore_nothing_is_paid_until_two_persons_let_it() {
    let kept = Kept::new(Setting::usual()).await;
    let (person, packet) = kept.test.winner("winner").await;
    let taken = kept.take().unwrap();
    let to = kept.dir.path().join("restored");
    let place = kept.restore(&taken.generation.path, &to).unwrap();
    let app = kept.app_on(&place);
    assert_eq!(safekeeping::examine(&app).await.unwrap(), []);
    let note = Note {
        event: Event::Restored,
        backup: taken.generation.name(),
        of: taken.manifest.of,
        n_findings: 0,
        took: TimeDelta::seconds(2),
    };
    safekeeping::hold_payouts(&app, note).await.unwrap();
    let mut raw = Raw::file(&place);
    let rails = "SELECT rail FROM rail WHERE paused_reason IS NOT NULL ORDER BY rail";
    assert_eq!(raw.texts(rails), ["red-packet", "transfer"]);
    let last = safekeeping::last(&app, Event::Restored)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(last.of, taken.manifest.of);
    reference_server::worker::settle_due(&app, 64)
        .await
        .unwrap();
    assert!(kept.test.simulator.ledger().bills.is_empty());
    // The reason tells what to do first.
    let paused = rail_pause::state(&app).await.unwrap().unwrap();
    assert!(paused.reason.contains("先与微信账单核对"), "{paused:?}");
    assert_eq!(paused.until, None);
    let operator = finance("wang", Role::FinanceOperator);
    rail_pause::propose_resuming(&app, &operator, "compared")
        .await
        .unwrap();
    let waiting = decision::waiting(&app).await.unwrap();
    let approver = finance("li", Role::FinanceApprover);
    decision::approve(&app, &approver, waiting[0].id, &waiting[0].digest, "agreed")
        .await
        .unwrap();
    assert_eq!(raw.texts(rails), Vec::<String>::new());
    reference_server::worker::settle_due(&app, 64)
        .await
        .unwrap();
    assert_eq!(kept.test.open_packets(&person), 1);
    let state = format!("SELECT state FROM payment WHERE award = '{}'", packet.award);
    assert_eq!(raw.text(&state), "sent");
    assert_eq!(audit::violations(&app, None).await.unwrap(), []);
    let told = "SELECT COUNT(*) FROM audit_event WHERE action = 'database.restored'";
    assert_eq!(raw.number(told), 1);
}

/// A whole configuration with a `[backup]`.
fn backed_up_season() -> TempDir {
    let dir = season();
    let path = dir.path().join("contest.toml");
    let settings = fs::read_to_string(&path).unwrap();
    let backup = "[backup]\ndir = \"shelf\"\nkey_file = \"backup.key\"\n\n[season]";
    fs::write(&path, settings.replacen("[season]", backup, 1)).unwrap();
    assert_ends(
        &run(&dir, &["keys", "new"]),
        0,
        &["backup.key", "master.key"],
    );
    dir
}

fn command(dir: &TempDir, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reference-server"));
    command
        .args(words)
        .arg("--config")
        .arg(dir.path().join("contest.toml"))
        .stdin(Stdio::null())
        .current_dir(dir.path());
    command
}

fn run(dir: &TempDir, words: &[&str]) -> Output {
    command(dir, words).output().unwrap()
}

fn complaint(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn backups(dir: &TempDir) -> Vec<PathBuf> {
    let found = fs::read_dir(dir.path().join("shelf")).unwrap();
    let mut found: Vec<_> = found.map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| path.extension().is_some_and(|ending| ending == "backup"));
    found.sort();
    found
}

#[test]
fn an_operator_takes_tries_and_restores_a_backup_by_commands() {
    let dir = backed_up_season();
    let complaints = complaint(&run(&dir, &["drill"]));
    assert!(complaints.contains("shelf"), "{complaints}");
    assert_ends(
        &run(&dir, &["backup"]),
        0,
        &["backup ", "schema ", "sealed by key"],
    );
    assert_ends(
        &run(&dir, &["drill"]),
        0,
        &[
            "0 violations",
            "0 differences",
            "(RTO)",
            "(RPO)",
            "the backup is good",
        ],
    );
    let complaints = complaint(&run(&dir, &["restore"]));
    assert!(
        complaints.contains("there is a database already"),
        "{complaints}"
    );
    let data = dir.path().join("data");
    for name in ["contest.db", "contest.db-wal", "contest.db-shm"] {
        drop(fs::remove_file(data.join(name)));
    }
    // Without a key no other is made in its place.
    let (lost, aside) = (data.join("people-1.key"), data.join("aside"));
    fs::rename(&lost, &aside).unwrap();
    let complaints = complaint(&run(&dir, &["restore"]));
    assert!(complaints.contains("people-1.key"), "{complaints}");
    assert!(!data.join("contest.db").exists() && !lost.exists());
    fs::rename(&aside, &lost).unwrap();
    assert_ends(
        &run(&dir, &["restore"]),
        0,
        &[
            "audit: 0 violations",
            "restored to",
            "two persons",
            "reconcile",
        ],
    );
    assert_ends(&run(&dir, &["audit"]), 0, &["0 violations"]);
    let mut raw = Raw::file(&data.join("contest.db"));
    assert_eq!(
        raw.texts("SELECT event FROM safekeeping ORDER BY number"),
        ["restored"]
    );
    // A live database that has lost a row of what was copied is not what the backup is of.
    assert_ends(&run(&dir, &["backup"]), 0, &["backup "]);
    raw.run("DROP TRIGGER audit_event_never_leaves; DELETE FROM audit_event");
    assert_ends(
        &run(&dir, &["drill"]),
        3,
        &["audit_event had", "THE BACKUP IS NOT GOOD"],
    );
}

#[test]
fn a_backup_that_is_killed_leaves_the_older_ones_and_nothing_that_looks_like_one() {
    let dir = backed_up_season();
    assert_ends(&run(&dir, &["backup"]), 0, &["backup "]);
    let first = backups(&dir);
    // Enough that nothing can shrink, so that writing it takes a while.
    let mut raw = Raw::file(&dir.path().join("data/contest.db"));
    raw.run(
        "CREATE TABLE ballast (bytes TEXT);
         WITH RECURSIVE n (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM n WHERE n < 300)
         INSERT INTO ballast SELECT hex(randomblob(50000)) FROM n",
    );
    let is_writing = || {
        let mut found = fs::read_dir(dir.path().join("shelf")).unwrap();
        found.any(|entry| {
            let entry = entry.unwrap();
            let name = entry.file_name().to_string_lossy().into_owned();
            name.starts_with(".partial-") && entry.metadata().is_ok_and(|file| file.len() > 100_000)
        })
    };
    let mut n_killed = 0;
    for _ in 0..3 {
        let mut child = command(&dir, &["backup"])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut looks = 0..N_LOOKS_MAX;
        while !is_writing() && child.try_wait().unwrap().is_none() {
            assert!(looks.next().is_some(), "it never wrote");
            thread::park_timeout(Duration::from_millis(1));
        }
        child.kill().unwrap();
        n_killed += u32::from(!child.wait().unwrap().success());
        assert!(backups(&dir).starts_with(&first));
    }
    assert!(n_killed > 0, "none was killed in the middle");
    assert_ends(
        &run(&dir, &["drill", "--fresh"]),
        0,
        &["the backup is good"],
    );
    assert!(!is_writing());
    let left = fs::read_dir(dir.path().join("data")).unwrap();
    for entry in left {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        assert!(!name.starts_with("unsealed-copy"), "{name} was left");
        assert!(!name.starts_with("drill"), "{name} was left");
    }
}
