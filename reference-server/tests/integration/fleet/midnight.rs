//! Bursts over midnight and over the end of a week, on two instances whose clocks disagree.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use reference_server::{
    app::App,
    clock::{Clock, ShiftedClock, SystemClock},
    contest::{
        Error,
        claim::{self, ClaimRequest},
    },
    store::DecisionClock,
};
use tokio::task::JoinSet;

use crate::{
    app::{Setting, TestApp, shanghai},
    engine::is_server,
};

/// How long before the boundary the instances are started.
const BEFORE: TimeDelta = TimeDelta::milliseconds(2_500);
/// How long after it the burst ends.
const AFTER: TimeDelta = TimeDelta::milliseconds(1_500);
/// Clocks that differ by more than two seconds decide nothing.
const FAR_OFF: TimeDelta = TimeDelta::minutes(5);

/// The answers of a burst.
#[derive(Debug, Default)]
struct Answers {
    /// When each award was decided.
    awards: BTreeMap<String, DateTime<Utc>>,
    /// How often each refusal was given.
    refused: BTreeMap<String, u32>,
    /// Claims that a clock too far off kept from being decided.
    n_undecided: u32,
}

/// One burst: everybody claims once, each on the next instance in turn.
async fn burst(instances: &[Arc<App>], claims: Vec<Claim>, ends: DateTime<Utc>) -> Answers {
    let answers = Arc::new(Mutex::new(Answers::default()));
    // As many on each side as the time allows, however long the instances took to start.
    let left = (ends - instances[0].now()).to_std().unwrap_or_default();
    let between = left / u32::try_from(claims.len()).unwrap();
    let mut ticks = tokio::time::interval(between.max(Duration::from_millis(1)));
    let mut running = JoinSet::new();
    for (number, claim) in claims.into_iter().enumerate() {
        ticks.tick().await;
        // Whoever is told to come back asks the other instance.
        let apps = [
            Arc::clone(&instances[number % instances.len()]),
            Arc::clone(&instances[(number + 1) % instances.len()]),
        ];
        let answers = Arc::clone(&answers);
        running.spawn(async move {
            for app in apps.iter().cycle().take(20) {
                let outcome = claim::claim(app, &claim.person, claim.request.clone()).await;
                let mut answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
                match outcome {
                    Ok(packet) => {
                        answers.awards.insert(packet.award, packet.decided);
                        return;
                    }
                    Err(Error::Refused(refusal)) => {
                        let code = refusal.code().to_owned();
                        *answers.refused.entry(code).or_default() += 1;
                        return;
                    }
                    // The other failures are those of a machine with too much to do.
                    Err(error) if error.to_string().contains("nothing is decided") => {
                        answers.n_undecided += 1;
                    }
                    Err(_) => {}
                }
            }
        });
    }
    running.join_all().await;
    let mut answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
    std::mem::take(&mut *answers)
}

/// What one person asks for.
#[derive(Debug)]
struct Claim {
    person: reference_server::contest::PersonId,
    request: ClaimRequest,
}

/// People who passed before the boundary, each with his claim.
async fn passers(test: &TestApp, n_people: usize) -> Vec<Claim> {
    let mut claims = Vec::new();
    for person in test.followers(n_people).await {
        let outcome = test.answer(&person, 5).await;
        claims.push(Claim {
            person: person.id,
            request: ClaimRequest {
                attempt: Some(outcome.id),
                request_key: None,
            },
        });
    }
    claims
}

/// Two instances whose time runs from `starts`; the second one's clock is off by `skew`.
fn instances(test: &TestApp, starts: DateTime<Utc>, skew: TimeDelta) -> Vec<Arc<App>> {
    let ahead = starts - SystemClock::new().now();
    let ahead_ms = ahead.num_milliseconds();
    [TimeDelta::zero(), skew]
        .into_iter()
        .zip(31..)
        .map(|(off, seed)| {
            let store = test.another_store(DecisionClock::Shifted { ahead_ms });
            let clock = ShiftedClock::new(SystemClock::new(), ahead + off);
            test.instance(seed, store, Arc::new(clock))
        })
        .collect()
}

/// Skews of the second clock, in milliseconds.
fn skews() -> Vec<i64> {
    let far_off_ms = FAR_OFF.num_milliseconds();
    match is_server() {
        true => vec![1_500, -1_500, far_off_ms, -far_off_ms],
        // A file has no clock of its own, and one instance: what is near may still differ.
        false => vec![1_000, -1_000],
    }
}

async fn played(boundary: &str, seed: u64, skew: TimeDelta, n_people: usize) -> (TestApp, Answers) {
    let boundary = shanghai(boundary);
    let test = TestApp::with(Setting {
        start: boundary - TimeDelta::minutes(10),
        seed,
        ..Setting::usual()
    })
    .await;
    let claims = passers(&test, n_people).await;
    let instances = instances(&test, boundary - BEFORE, skew);
    let answers = burst(&instances, claims, boundary + AFTER).await;
    test.sleep_until(boundary + AFTER);
    // Every award is one that somebody was told of, and the other way round.
    let stored = test.raw().texts("SELECT award FROM award ORDER BY award");
    assert_eq!(Vec::from_iter(answers.awards.keys().cloned()), stored);
    assert_eq!(
        test.number(
            "SELECT COUNT(*) FROM award WHERE decided_ms < opens_ms OR decided_ms >= closes_ms"
        ),
        0
    );
    test.assert_sound().await;
    if is_server() {
        let is_far_off = skew.abs() == FAR_OFF;
        assert_eq!(answers.n_undecided > 0, is_far_off, "{skew}: {answers:?}");
    }
    (test, answers)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_burst_over_midnight_keeps_both_days_within_their_caps() {
    for (seed, skew_ms) in (11..).zip(skews()) {
        let skew = TimeDelta::milliseconds(skew_ms);
        let (test, answers) = played("2020-04-24 00:00:00", seed, skew, 70).await;
        let midnight = shanghai("2020-04-24 00:00:00");
        let n_before = answers.awards.values().filter(|at| **at < midnight).count();
        let n_after = answers.awards.len() - n_before;
        // Eight packets a day, and more people than that on either side.
        assert!((1..=8).contains(&n_before), "{answers:?}");
        assert!((1..=8).contains(&n_after), "{answers:?}");
        assert!(answers.refused.contains_key("day-exhausted"), "{answers:?}");
        let days = test
            .raw()
            .texts("SELECT taken FROM budget_day WHERE used_fen > 0 ORDER BY day");
        assert_eq!(days, [n_before.to_string(), n_after.to_string()]);
        assert_eq!(
            test.number("SELECT COUNT(*) FROM budget_day WHERE used_fen > 20000"),
            0
        );
        // Nobody won on both sides, and whoever was refused has lost nothing.
        let n_people = test.number("SELECT COUNT(DISTINCT person) FROM award");
        assert_eq!(usize::try_from(n_people).unwrap(), answers.awards.len());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_burst_over_the_end_of_a_week_awards_nothing_after_it() {
    for (seed, skew_ms) in (21..).zip(skews()) {
        let skew = TimeDelta::milliseconds(skew_ms);
        let (test, answers) = played("2020-04-29 00:00:00", seed, skew, 70).await;
        let closing = shanghai("2020-04-29 00:00:00");
        assert!(answers.awards.values().all(|at| *at < closing));
        assert!((1..=8).contains(&answers.awards.len()), "{answers:?}");
        assert!(answers.refused.contains_key("closed"), "{answers:?}");
        assert!(test.number("SELECT SUM(amount_fen) FROM award") <= 20_000);
    }
}
