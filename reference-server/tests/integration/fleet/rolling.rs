//! Instances that are stopped and started again under load, one after the other.

use std::{sync::atomic::Ordering, time::Duration};

use reference_server::rail::Rail;
use tempfile::TempDir;
use tokio::{task::spawn_blocking, time::timeout};

use super::{
    load::{Load, World},
    processes::{Running, Trial},
    proxy::Proxy,
};
use crate::{
    app::write_content,
    engine::{TestDatabase, is_server},
};

/// Longer than any of it takes on a slow machine.
const PATIENCE: Duration = Duration::from_secs(180);

/// A simulator, a configuration and a database, for instances of the program.
pub(super) struct Stage {
    world: World,
    pub(super) trial: Trial,
    pub(super) database: TestDatabase,
    _dir: TempDir,
}

impl Stage {
    /// A simulator and a migrated database for a contest at this address that pays by this rail.
    pub(super) async fn new(public: &str, rail: Rail) -> Self {
        let dir = TempDir::new().unwrap();
        let content = dir.path().join("content");
        let right = write_content(&content);
        let database = TestDatabase::new(&dir.path().join("contest"));
        drop(database.of_server());
        let (folder, to) = (dir.path().to_owned(), public.to_owned());
        let address = database.server_address();
        let begun =
            spawn_blocking(move || Trial::begin(&folder, &to, &content, address.as_deref(), rail));
        let trial = begun.await.unwrap();
        Self {
            world: World {
                contest: public.to_owned(),
                wechat: trial.wechat.clone(),
                right: right.into(),
            },
            trial,
            database,
            _dir: dir,
        }
    }

    fn stored(&self) -> Vec<(String, i64)> {
        let rows = self
            .database
            .raw()
            .rows("SELECT award, amount_fen FROM award ORDER BY award");
        rows.into_iter()
            .map(|row| (row[0].clone(), row[1].parse().unwrap()))
            .collect()
    }

    /// Both auditors, by the operators' own command.
    pub(super) fn assert_audit_is_clean(&self) {
        let audit = self.trial.run("audit");
        let said = String::from_utf8_lossy(&audit.stdout);
        assert_eq!(audit.status.code(), Some(0), "{said}{}", self.trial.log());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_trial_plays_the_whole_contest_beside_a_simulator_of_another_process() {
    assert_a_trial_plays(Rail::RedPacket).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_trial_may_pay_by_transfers() {
    assert_a_trial_plays(Rail::Transfer).await;
}

async fn assert_a_trial_plays(rail: Rail) {
    let (proxy, public) = Proxy::listen().await;
    let stage = Stage::new(&public, rail).await;
    let (_instance, address) = stage.trial.serve();
    proxy.put(0, &address);
    let played = async {
        let mut load = Load::begin(&stage.world, 2);
        load.more(4).await;
        load.end().await
    };
    let told = timeout(PATIENCE, played).await.unwrap();
    assert_eq!(told.failures, Vec::<String>::new(), "{}", stage.trial.log());
    assert_eq!(Vec::from_iter(told.awards), stage.stored());
    let rails = stage
        .database
        .raw()
        .texts("SELECT DISTINCT rail FROM payment");
    assert_eq!(rails, [rail.name()]);
    stage.assert_audit_is_clean();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_rolling_restart_under_load_fails_no_request_and_loses_no_award() {
    if !is_server() {
        println!("SKIPPED: a file serves one instance");
        return;
    }
    let (proxy, public) = Proxy::listen().await;
    let stage = Stage::new(&public, Rail::RedPacket).await;
    let mut instances: Vec<Running> = Vec::new();
    for place in 0..2 {
        let (instance, address) = stage.trial.serve();
        proxy.put(place, &address);
        instances.push(instance);
    }
    let mut load = Load::begin(&stage.world, 4);
    let restarts = async {
        load.more(10).await;
        for place in 0..2 {
            let mut instance = instances.remove(0);
            instance.terminate();
            let ended = spawn_blocking(move || instance.ended()).await.unwrap();
            assert!(ended.success(), "{ended}");
            load.more(10).await;
            let (instance, address) = stage.trial.serve();
            proxy.put(place, &address);
            instances.push(instance);
            load.more(10).await;
        }
        load.end().await
    };
    let told = timeout(PATIENCE, restarts).await.unwrap();
    assert_eq!(told.failures, Vec::<String>::new(), "{}", stage.trial.log());
    assert_eq!(proxy.n_failed.load(Ordering::Relaxed), 0);
    println!(
        "{} requests, {} awards over two restarts, 0 failed",
        proxy.n_passed.load(Ordering::Relaxed),
        told.awards.len()
    );
    assert!(told.awards.len() >= 50);
    assert_eq!(Vec::from_iter(told.awards), stage.stored());
    stage.assert_audit_is_clean();
}
