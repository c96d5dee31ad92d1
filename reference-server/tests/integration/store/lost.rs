//! Laws of a database that is a network away: lost sessions, lost commits, lost answers.
//!
//! A file is never lost, so these run on a server only.

use reference_server::store::{
    Database, DecisionClock, Durability, Store, StoreError, season,
    tokens::{self, TokenRow},
};
use tempfile::TempDir;

use super::line::{Cut, Line};
use crate::{
    app::{FIRST_CITY, TestApp},
    engine::{TestDatabase, is_server},
};

/// A store behind a line that can be cut; `None` where the database is a file.
struct Scene {
    store: Store,
    line: Line,
    database: TestDatabase,
    _dir: TempDir,
}

impl Scene {
    fn new() -> Option<Self> {
        if !is_server() {
            return None;
        }
        let dir = TempDir::new().unwrap();
        let database = TestDatabase::new(dir.path());
        drop(database.of_server());
        let (line, address) = database.behind_a_line();
        let place = Database::server(&address, None).unwrap();
        let store = Store::open(&place, Durability::None, DecisionClock::Caller).unwrap();
        Some(Self {
            store,
            line,
            database,
            _dir: dir,
        })
    }

    async fn keep(&self, name: &'static str) -> Result<(), StoreError> {
        self.store
            .write(move |tx| tokens::set_token(tx, name, &TokenRow::default()))
            .await
    }

    async fn is_kept(&self, name: &'static str) -> bool {
        self.store
            .read(move |read| tokens::token(read, name))
            .await
            .unwrap()
            .is_some()
    }
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_found_to_be_kept() {
    let Some(scene) = Scene::new() else {
        println!("SKIPPED: a file has no line to it");
        return;
    };
    scene.keep("before").await.unwrap();
    scene.line.cut(Cut::Answer);
    scene.keep("answer lost").await.unwrap();
    assert!(scene.is_kept("answer lost").await);
    scene.keep("after").await.unwrap();
    assert!(scene.is_kept("after").await);
}

#[tokio::test]
async fn a_commit_that_is_lost_is_told_as_lost_and_may_be_repeated() {
    let Some(scene) = Scene::new() else {
        println!("SKIPPED: a file has no line to it");
        return;
    };
    scene.keep("before").await.unwrap();
    scene.line.cut(Cut::Commit);
    let lost = scene.keep("lost").await;
    assert!(matches!(lost, Err(StoreError::Commit { .. })), "{lost:?}");
    assert!(!scene.is_kept("lost").await);
    scene.keep("lost").await.unwrap();
    assert!(scene.is_kept("lost").await);
}

#[tokio::test]
async fn sessions_that_were_ended_by_a_hand_are_made_again_without_a_failed_request() {
    let Some(scene) = Scene::new() else {
        println!("SKIPPED: a file has no line to it");
        return;
    };
    for name in ["first", "second", "third"] {
        scene.keep(name).await.unwrap();
        let ended = scene.database.raw().number(
            "SELECT COUNT(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity
             WHERE application_name = 'behind-a-line'",
        );
        assert!(ended >= 1, "nothing was ended");
        scene.keep(name).await.unwrap();
        // Each of the readers notices for itself.
        for _ in 0..4 {
            assert!(scene.is_kept(name).await);
        }
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unreachable_at_once() {
    let place = Database::server("postgres://nobody@127.0.0.1:1/nothing", None).unwrap();
    let opened = Store::open(&place, Durability::None, DecisionClock::Caller);
    assert!(matches!(opened, Err(StoreError::Unreachable(_))));
}

#[tokio::test]
async fn a_user_who_may_not_migrate_is_told_so() {
    let dir = TempDir::new().unwrap();
    let database = TestDatabase::new(dir.path());
    if !is_server() {
        println!("SKIPPED: a file has no users");
        return;
    }
    let mut raw = database.raw();
    let schema = raw.text("SELECT current_schema()");
    raw.run(&format!("GRANT USAGE ON SCHEMA {schema} TO contest_app"));
    let place = database.of_server_unmigrated();
    let opened = Store::open(&place, Durability::None, DecisionClock::Caller);
    assert!(
        matches!(opened, Err(StoreError::SchemaOlder { applied: 0, .. })),
        "{opened:?}"
    );
}

#[tokio::test]
async fn the_database_decides_the_instant_and_refuses_a_caller_who_is_far_off() {
    let test = TestApp::new().await;
    let store = test.another_store(DecisionClock::Database);
    let latch = async |now_ms: i64| {
        store
            .write(move |tx| season::latch(tx, FIRST_CITY, now_ms))
            .await
            .map(|city| city.unwrap().last_decision_ms)
    };
    let latched = || test.number("SELECT last_decision_ms FROM city WHERE city = 'yancheng'");
    if !is_server() {
        let later = test.app.now().timestamp_millis() + 1;
        assert_eq!(latch(later).await.unwrap(), later);
        return;
    }
    let servers_clock = || {
        test.number("SELECT CAST(FLOOR(EXTRACT(EPOCH FROM clock_timestamp()) * 1000) AS BIGINT)")
    };
    let before = latched();
    for off_ms in [-300_000, 300_000] {
        let refused = latch(servers_clock() + off_ms).await;
        assert!(
            matches!(refused, Err(StoreError::ClocksDiffer { .. })),
            "{off_ms}: {refused:?}"
        );
        let now_ms = servers_clock() + off_ms;
        let n_raised = store
            .write(move |tx| season::heartbeat(tx, now_ms))
            .await
            .unwrap();
        assert_eq!(n_raised, 0, "{off_ms}");
        assert_eq!(latched(), before, "{off_ms}");
    }
    let asked = servers_clock();
    let decided = latch(asked - 1_000).await.unwrap();
    let answered = servers_clock();
    assert!((asked..=answered).contains(&decided));
    assert_eq!(latched(), decided);
}
