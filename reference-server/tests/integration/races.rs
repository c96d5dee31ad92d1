//! Laws under concurrency: one chance gives one packet, and no cap is passed, whoever comes first.

use std::sync::Arc;

use reference_server::{
    app::App,
    contest::{
        Error, PersonId, attempt,
        claim::{self, ClaimRequest, Packet},
    },
    worker,
};
use tokio::task::JoinSet;

use crate::app::{Person, TestApp};

/// How often a client that was told to come back does so before it gives up.
const TRIES: u32 = 20;

/// Claims as a client does: told that the store is busy, it comes back.
///
/// On a loaded machine a group may wait longer for the other instance's than the store allows;
/// that wait is the pause between two tries.
async fn claim_and_come_back(
    app: &App,
    person: &PersonId,
    request: ClaimRequest,
) -> Result<Packet, Error> {
    let mut outcome = claim::claim(app, person, request.clone()).await;
    for _ in 1..TRIES {
        match &outcome {
            Err(Error::Failed(failure)) if failure.is_busy() => {}
            _ => break,
        }
        outcome = claim::claim(app, person, request.clone()).await;
    }
    outcome
}

fn spawn_claim(set: &mut JoinSet<Result<Packet, Error>>, app: &Arc<App>, person: &Person) {
    let (app, id) = (Arc::clone(app), person.id.clone());
    set.spawn(async move { claim_and_come_back(&app, &id, ClaimRequest::default()).await });
}

async fn passers(test: &TestApp, n: usize) -> Vec<Person> {
    let people = test.followers(n).await;
    for person in &people {
        test.answer(person, 5).await;
    }
    people
}

/// Every sequence from 0 was given once, and the day's cap was kept.
fn assert_dense_and_capped(test: &TestApp, n_awards: i64) {
    assert_eq!(test.number("SELECT COUNT(*) FROM award"), n_awards);
    assert_eq!(
        test.number("SELECT COUNT(DISTINCT sequence) FROM award"),
        n_awards
    );
    assert_eq!(test.number("SELECT MAX(sequence) FROM award"), n_awards - 1);
    assert!(test.number("SELECT SUM(amount_fen) FROM award") <= 20_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_claims_of_one_person_at_once_give_one_packet() {
    let test = TestApp::new().await;
    let person = test.follower("hasty").await;
    for _ in 0..3 {
        test.answer(&person, 5).await;
    }
    let mut claims = JoinSet::new();
    for _ in 0..64 {
        spawn_claim(&mut claims, &test.app, &person);
    }
    let outcomes = claims.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert_eq!(test.number("SELECT COUNT(*) FROM award"), 1);
    test.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_claims_with_one_attempt_at_once_give_the_same_packet() {
    let test = TestApp::new().await;
    let person = test.follower("hasty").await;
    let outcome = test.answer(&person, 5).await;
    let other = test.another_instance(77);
    let mut claims = JoinSet::new();
    for number in 0..64 {
        let app = Arc::clone(if number % 2 == 0 { &test.app } else { &other });
        let (id, attempt) = (person.id.clone(), outcome.id.clone());
        claims.spawn(async move {
            let request = ClaimRequest {
                attempt: Some(attempt),
                request_key: None,
            };
            let packet = claim_and_come_back(&app, &id, request).await;
            packet.unwrap().award
        });
    }
    let mut awards = claims.join_all().await;
    awards.dedup();
    assert_eq!(awards.len(), 1);
    assert_eq!(test.number("SELECT COUNT(*) FROM award"), 1);
    test.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_people_at_once_never_pass_the_cap() {
    let test = TestApp::new().await;
    let people = passers(&test, 24).await;
    let mut claims = JoinSet::new();
    for person in &people {
        for _ in 0..2 {
            spawn_claim(&mut claims, &test.app, person);
        }
    }
    let outcomes = claims.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 8);
    for refused in outcomes.into_iter().filter_map(Result::err) {
        assert!(matches!(refused, Error::Refused(_)), "{refused}");
    }
    assert_dense_and_capped(&test, 8);
    test.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_instances_on_one_database_keep_the_cap_and_give_each_person_one_packet() {
    let test = TestApp::new().await;
    let other = test.another_instance(77);
    let people = passers(&test, 24).await;
    let mut claims = JoinSet::new();
    for person in &people {
        for app in [&test.app, &other] {
            spawn_claim(&mut claims, app, person);
        }
    }
    let outcomes = claims.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 8);
    for refused in outcomes.into_iter().filter_map(Result::err) {
        assert!(matches!(refused, Error::Refused(_)), "{refused}");
    }
    assert_dense_and_capped(&test, 8);
    test.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_claims_of_one_chance_over_two_instances_give_one_award() {
    let test = TestApp::new().await;
    let other = test.another_instance(77);
    let person = test.follower("hasty").await;
    for _ in 0..2 {
        test.answer(&person, 5).await;
    }
    let mut claims = JoinSet::new();
    for number in 0..1_000 {
        let app = if number % 2 == 0 { &test.app } else { &other };
        spawn_claim(&mut claims, app, &person);
    }
    let outcomes = claims.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    for refused in outcomes.into_iter().filter_map(Result::err) {
        assert!(matches!(refused, Error::Refused(_)), "{refused}");
    }
    assert_eq!(test.number("SELECT COUNT(*) FROM award"), 1);
    test.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_last_money_of_a_day_under_eight_instances_is_given_to_the_fen_and_no_further() {
    let test = TestApp::new().await;
    let instances: Vec<Arc<App>> = (0..8).map(|seed| test.another_instance(seed)).collect();
    let people = passers(&test, 40).await;
    let mut claims = JoinSet::new();
    for person in &people {
        for app in &instances {
            spawn_claim(&mut claims, app, person);
        }
    }
    let outcomes = claims.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 8);
    assert_dense_and_capped(&test, 8);
    assert_eq!(test.number("SELECT SUM(amount_fen) FROM award"), 20_000);
    test.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_paper_submitted_many_times_at_once_is_marked_once() {
    let test = TestApp::new().await;
    let person = test.follower("hasty").await;
    let paper = test.start(&person).await;
    let other = test.another_instance(77);
    let mut submissions = JoinSet::new();
    for number in 0..32_usize {
        let app = Arc::clone(if number.is_multiple_of(2) {
            &test.app
        } else {
            &other
        });
        let (id, token) = (person.id.clone(), paper.attempt.clone());
        let answers = test.answers(&paper, number % 11);
        submissions.spawn(async move {
            attempt::submit(&app, &id, &token, &answers)
                .await
                .unwrap()
                .score
        });
    }
    let mut scores = submissions.join_all().await;
    scores.dedup();
    assert_eq!(scores.len(), 1, "{scores:?}");
    assert_eq!(test.number("SELECT COUNT(*) FROM attempt"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_workers_on_one_database_send_every_order_once() {
    let test = TestApp::new().await;
    for number in 0..8 {
        test.winner(&format!("winner {number}")).await;
    }
    let other = test.another_instance(77);
    let mut workers = JoinSet::new();
    for app in [&test.app, &other, &test.app, &other] {
        let app = Arc::clone(app);
        workers.spawn(async move { worker::settle_due(&app, 64).await.unwrap().n_sent });
    }
    let n_sent: u32 = workers.join_all().await.into_iter().sum();
    assert_eq!(n_sent, 8);
    let ledger = test.simulator.ledger();
    assert_eq!(ledger.bills.len(), 8);
    assert!(ledger.bills.values().all(|bill| bill.requests == 1));
    test.assert_sound().await;
}
