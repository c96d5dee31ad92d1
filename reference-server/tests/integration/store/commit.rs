//! Laws of the one writer: groups, failures, panics, readers, reopening.

use std::sync::mpsc;

use reference_server::store::{
    DecisionClock, Durability, Store, StoreError, Tx, audit,
    tokens::{self, TokenRow},
};
use tempfile::TempDir;

use crate::engine::{TestDatabase, is_server};

/// A folder, and a database that may be in it.
fn database() -> (TempDir, TestDatabase) {
    let dir = TempDir::new().unwrap();
    let database = TestDatabase::new(dir.path());
    (dir, database)
}

fn open(database: &TestDatabase) -> Store {
    Store::open(
        &database.of_server(),
        Durability::None,
        DecisionClock::Caller,
    )
    .unwrap()
}

async fn kept(store: &Store, name: &'static str) -> Option<String> {
    store
        .read(move |read| tokens::token(read, name))
        .await
        .unwrap()
        .map(|token| token.value_sealed)
}

fn keep(tx: &Tx<'_>, name: &str) -> Result<(), StoreError> {
    tokens::set_token(tx, name, &token(1))
}

fn token(expires_ms: i64) -> TokenRow {
    TokenRow {
        value_sealed: "value".to_owned(),
        expires_ms,
        ..TokenRow::default()
    }
}

fn refuse(tx: &Tx<'_>, name: &str) -> Result<(), StoreError> {
    keep(tx, name)?;
    Err(StoreError::Busy)
}

#[tokio::test]
async fn a_failing_write_in_a_group_rolls_back_alone() {
    let (_dir, database) = database();
    let store = open(&database);
    let (release, wait) = mpsc::channel::<()>();
    // The writer is kept busy until the three others have queued up behind it.
    let gate = store.write(move |_tx| {
        wait.recv().unwrap();
        Ok::<_, StoreError>(())
    });
    let before = store.write(|tx| keep(tx, "before"));
    let failing = store.write(|tx| refuse(tx, "failing"));
    let after = store.write(|tx| keep(tx, "after"));
    let open_the_gate = async { release.send(()).unwrap() };
    let (gate, before, failing, after, ()) =
        tokio::join!(gate, before, failing, after, open_the_gate);
    gate.unwrap();
    before.unwrap();
    after.unwrap();
    assert!(matches!(failing, Err(StoreError::Busy)));
    assert_eq!(kept(&store, "before").await.as_deref(), Some("value"));
    assert_eq!(kept(&store, "after").await.as_deref(), Some("value"));
    assert_eq!(kept(&store, "failing").await, None);
}

#[tokio::test]
async fn a_panicking_write_is_rolled_back_and_the_writer_goes_on() {
    let (_dir, database) = database();
    let store = open(&database);
    let outcome: Result<(), StoreError> = store
        .write(|tx| {
            keep(tx, "panicking")?;
            panic!("this panic is part of the test");
        })
        .await;
    assert!(matches!(outcome, Err(StoreError::Stopped)));
    store.write(|tx| keep(tx, "next")).await.unwrap();
    assert_eq!(kept(&store, "panicking").await, None);
    assert_eq!(kept(&store, "next").await.as_deref(), Some("value"));
}

#[tokio::test]
async fn a_panicking_read_does_not_stop_the_reads_after_it() {
    let (_dir, database) = database();
    let store = open(&database);
    // As many as there are readers, and more.
    for _ in 0..4 {
        let outcome: Result<(), StoreError> = store
            .read(|_read| panic!("this panic is part of the test"))
            .await;
        assert!(matches!(outcome, Err(StoreError::Stopped)));
    }
    store.write(|tx| keep(tx, "next")).await.unwrap();
    for _ in 0..4 {
        assert_eq!(kept(&store, "next").await.as_deref(), Some("value"));
    }
}

#[tokio::test]
async fn every_reader_sees_every_answered_write() {
    let (_dir, database) = database();
    let store = open(&database);
    for number in 1..=100_i64 {
        store
            .write(move |tx| tokens::set_token(tx, "counter", &token(number)))
            .await
            .unwrap();
        for _ in 0..2 {
            let seen = store
                .read(|read| tokens::token(read, "counter"))
                .await
                .unwrap()
                .unwrap();
            assert_eq!(seen.expires_ms, number);
        }
    }
}

#[tokio::test]
async fn a_read_sees_one_snapshot() {
    let (_dir, database) = database();
    let store = open(&database);
    store.write(|tx| keep(tx, "first")).await.unwrap();
    let (begun, has_begun) = mpsc::channel::<()>();
    let (release, wait) = mpsc::channel::<()>();
    let reading = store.read(move |read| {
        let before = tokens::token(read, "second")?;
        begun.send(()).unwrap();
        wait.recv().unwrap();
        Ok::<_, StoreError>((before, tokens::token(read, "second")?))
    });
    let writing = async {
        tokio::task::spawn_blocking(move || has_begun.recv().unwrap())
            .await
            .unwrap();
        store.write(|tx| keep(tx, "second")).await.unwrap();
        release.send(()).unwrap();
    };
    let (seen, ()) = tokio::join!(reading, writing);
    assert_eq!(seen.unwrap(), (None, None));
    assert!(kept(&store, "second").await.is_some());
}

#[tokio::test]
async fn a_reopened_database_holds_every_answered_write() {
    let (_dir, database) = database();
    {
        let store = open(&database);
        store
            .write(|tx| {
                keep(tx, "kept")?;
                audit::append(tx, 1, "test", "kept", "")
            })
            .await
            .unwrap();
    }
    let store = open(&database);
    assert_eq!(kept(&store, "kept").await.as_deref(), Some("value"));
    let broken = store.read(audit::first_broken_link).await.unwrap();
    assert_eq!(broken, None);
}

#[test]
fn a_database_of_a_newer_server_is_refused_and_left_alone() {
    let (_dir, database) = database();
    drop(open(&database));
    let (raise, version) = if is_server() {
        (
            "UPDATE schema_version SET version = 1000",
            "SELECT version FROM schema_version",
        )
    } else {
        ("PRAGMA user_version = 1000", "PRAGMA user_version")
    };
    let mut raw = database.raw();
    raw.run(raise);
    let refused = Store::open(
        &database.of_owner(),
        Durability::None,
        DecisionClock::Caller,
    );
    assert!(matches!(
        refused,
        Err(StoreError::SchemaNewer { applied: 1_000, .. })
    ));
    assert_eq!(raw.number(version), 1_000);
}

#[test]
fn a_new_database_opened_by_many_at_once_is_made_once() {
    let (_dir, database) = database();
    let openers: Vec<_> = (0..8)
        .map(|_| {
            let place = database.of_owner();
            std::thread::spawn(move || {
                Store::open(&place, Durability::None, DecisionClock::Caller).map(drop)
            })
        })
        .collect();
    for opener in openers {
        opener.join().unwrap().unwrap();
    }
}
