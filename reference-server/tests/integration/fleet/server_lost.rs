//! The database server dies, or a hand ends its sessions, while people claim.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use reference_server::{
    app::App,
    contest::{
        Error,
        claim::{self, ClaimRequest},
    },
    store::{DecisionClock, Durability, Store},
};
use reward_core::{Release, RewardRules, RewardTerms};
use tempfile::TempDir;
use tokio::{sync::watch, task::JoinSet, task::spawn_blocking};

use super::cluster::Cluster;
use crate::{
    app::{Person, Setting, TestApp},
    engine::{TestDatabase, is_server},
};

/// How long requests may fail after the server is back.
const ERRORS_AT_MOST: Duration = Duration::from_secs(3);
/// More crashes and more ended sessions than every run has: a number in these variables.
const N_CRASHES: &str = "TEST_SERVER_CRASHES";
const N_ENDED_SESSIONS: &str = "TEST_ENDED_SESSIONS";
/// Between two attempts of one person.
const BETWEEN: Duration = Duration::from_millis(20);

/// One day has packets for so many, and for some more.
const PEOPLE_AT_MOST: usize = 900;

/// The number in a variable, or the usual one.
fn times(variable: &str, usual: usize) -> usize {
    std::env::var(variable).map_or(usual, |text| text.parse().unwrap())
}

/// A thousand packets a day, all of them at once.
fn setting() -> Setting {
    Setting {
        terms: RewardTerms {
            release: Release::Immediate,
            ..RewardRules::JIANGSU_2020.terms()
        },
        ..Setting::usual()
    }
}

/// What claims met, over all people.
#[derive(Debug, Default)]
struct Met {
    /// The award that each person was told of first.
    told: BTreeMap<String, String>,
    /// When attempts failed.
    failed: Vec<Instant>,
}

/// People who claim, some at a time, and repeat what failed until they are told of a packet.
struct Claims {
    met: Arc<Mutex<Met>>,
    n_told: watch::Receiver<u64>,
    running: JoinSet<()>,
}

impl Claims {
    fn begin(instances: &[Arc<App>], people: Vec<Person>, n_at_a_time: usize) -> Self {
        let met = Arc::new(Mutex::new(Met::default()));
        let (counter, n_told) = watch::channel(0);
        let (people, counter) = (Arc::new(Mutex::new(people)), Arc::new(counter));
        let turn = Arc::new(AtomicU64::new(0));
        let mut running = JoinSet::new();
        for _ in 0..n_at_a_time {
            let (people, met) = (Arc::clone(&people), Arc::clone(&met));
            let (counter, turn) = (Arc::clone(&counter), Arc::clone(&turn));
            let instances = instances.to_vec();
            running.spawn(async move {
                let next = || people.lock().unwrap_or_else(PoisonError::into_inner).pop();
                while let Some(person) = next() {
                    let award = insist(&instances, &person, &met, &turn).await;
                    let mut met = met.lock().unwrap_or_else(PoisonError::into_inner);
                    met.told.insert(person.id.as_str().to_owned(), award);
                    counter.send_modify(|n_told| *n_told += 1);
                }
            });
        }
        Self {
            met,
            n_told,
            running,
        }
    }

    /// Waits until so many people were told of a packet.
    async fn reach(&mut self, n_people: u64) {
        let reached = self.n_told.wait_for(|n_told| *n_told >= n_people).await;
        assert!(reached.is_ok(), "the people ended before {n_people}");
    }

    async fn end(self) -> Met {
        self.running.join_all().await;
        std::mem::take(&mut *self.met.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Claims with the same key until there is an answer, each time on the next instance.
async fn insist(
    instances: &[Arc<App>],
    person: &Person,
    met: &Mutex<Met>,
    turn: &AtomicU64,
) -> String {
    let mut ticks = tokio::time::interval(BETWEEN);
    loop {
        ticks.tick().await;
        let turn = usize::try_from(turn.fetch_add(1, Ordering::Relaxed)).unwrap();
        let request = ClaimRequest {
            attempt: None,
            request_key: Some("once".to_owned()),
        };
        match claim::claim(&instances[turn % instances.len()], &person.id, request).await {
            Ok(packet) => return packet.award,
            Err(Error::Refused(refused)) => panic!("refused: {refused:?}"),
            Err(_) => {
                let mut met = met.lock().unwrap_or_else(PoisonError::into_inner);
                met.failed.push(Instant::now());
            }
        }
    }
}

/// Everybody has the one award he was told of, and there is no other.
async fn assert_kept(test: &TestApp, told: BTreeMap<String, String>) {
    let rows = test.raw().rows("SELECT person, award FROM award");
    let stored: BTreeMap<String, String> = rows
        .iter()
        .map(|row| (row[0].clone(), row[1].clone()))
        .collect();
    assert_eq!(stored.len(), rows.len(), "somebody has two awards");
    assert_eq!(told, stored);
    test.assert_sound().await;
}

async fn passers(test: &TestApp, n_people: usize) -> Vec<Person> {
    let people = test.followers(n_people).await;
    for person in &people {
        test.answer(person, 5).await;
    }
    people
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_that_crashes_under_load_loses_no_award_that_was_told() {
    if !is_server() {
        println!("SKIPPED: a file has no server");
        return;
    }
    let Some(cluster) = spawn_blocking(Cluster::start).await.unwrap() else {
        println!("SKIPPED: the server's programs are not on this machine");
        return;
    };
    let cluster = Arc::new(cluster);
    let database = TestDatabase::on_server(&cluster.address());
    let place = database.of_server();
    let test = TestApp::on(database, TempDir::new().unwrap(), setting()).await;
    let n_crashes = times(N_CRASHES, 3);
    let n_between = (PEOPLE_AT_MOST - 60).div_euclid(n_crashes).clamp(1, 60);
    let n_people = 60 + n_crashes * n_between;
    let people = passers(&test, n_people).await;
    // Acknowledged is durable: these two wait for the disk, as in production.
    let instances: Vec<Arc<App>> = (31..33)
        .map(|seed| {
            let store = Store::open(&place, Durability::Full, DecisionClock::Caller).unwrap();
            test.instance(seed, store, Arc::clone(&test.app.clock))
        })
        .collect();
    let mut claims = Claims::begin(&instances, people, 8);
    let mut outages = Vec::new();
    for crash in 0..n_crashes {
        let n_told = u64::try_from(40 + crash * n_between).unwrap();
        claims.reach(n_told).await;
        let (server, began) = (Arc::clone(&cluster), Instant::now());
        spawn_blocking(move || server.crash_and_recover())
            .await
            .unwrap();
        outages.push((began, Instant::now()));
    }
    let met = claims.end().await;
    assert!(!met.failed.is_empty(), "nobody noticed");
    for failed in &met.failed {
        let near = outages
            .iter()
            .any(|(began, back)| began <= failed && *failed <= *back + ERRORS_AT_MOST);
        assert!(near, "a claim failed apart from the crashes");
    }
    println!(
        "{} claims failed around {n_crashes} crashes",
        met.failed.len()
    );
    assert_eq!(met.told.len(), n_people);
    assert_kept(&test, met.told).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sessions_ended_during_their_commit_lose_and_double_nothing() {
    if !is_server() {
        println!("SKIPPED: a file has no sessions");
        return;
    }
    let most_killed = times(N_ENDED_SESSIONS, 20);
    let n_people = (most_killed * 6).min(PEOPLE_AT_MOST);
    let most_killed = i64::try_from(most_killed).unwrap();
    let test = TestApp::with(setting()).await;
    let people = passers(&test, n_people).await;
    let schema = test.raw().text("SELECT current_schema()");
    // Makes a commit last, so that it can be met in the middle.
    test.raw().run(
        "CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN PERFORM pg_sleep(0.02); RETURN NULL; END $$;
         CREATE CONSTRAINT TRIGGER linger AFTER INSERT ON award DEFERRABLE INITIALLY DEFERRED
             FOR EACH ROW EXECUTE FUNCTION linger()",
    );
    let instances = [test.another_instance(31), test.another_instance(32)];
    let claims = Claims::begin(&instances, people, 6);
    let (done, mut is_done) = watch::channel(false);
    let mut raw = test.raw();
    let kills = tokio::spawn(async move {
        let sql = format!(
            "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity
             WHERE state = 'active' AND query LIKE '%commit_mark%COMMIT' AND pid <> pg_backend_pid()
               AND EXISTS (SELECT FROM pg_locks JOIN pg_class ON pg_class.oid = pg_locks.relation
                   WHERE pg_locks.pid = pg_stat_activity.pid
                     AND relnamespace = '{schema}'::regnamespace)"
        );
        let mut n_killed = 0;
        let mut ticks = tokio::time::interval(BETWEEN);
        while n_killed < most_killed && !*is_done.borrow_and_update() {
            ticks.tick().await;
            n_killed += raw.number(&sql);
        }
        n_killed
    });
    let met = claims.end().await;
    done.send_replace(true);
    let n_killed = kills.await.unwrap();
    assert!(n_killed >= most_killed / 2, "only {n_killed} were met");
    println!(
        "{n_killed} commits were ended by a hand, {} claims failed",
        met.failed.len()
    );
    assert_eq!(met.told.len(), n_people);
    assert_kept(&test, met.told).await;
}
