//! Laws of the tokens that instances share: one of them fetches, and none kills another's.

use std::sync::Arc;

use chrono::TimeDelta;
use reference_server::{app::App, contest::follow};
use wechat_adapter::{
    official::FetchAccessToken,
    simulator::{Fault, FaultRule, Operation},
};

use crate::app::{Person, TestApp};

fn n_fetched(test: &TestApp) -> u64 {
    let calls = test.simulator.calls();
    calls.get(&Operation::StableToken).copied().unwrap_or(0)
}

/// Everybody asks at once, by two instances in turn; how many got an answer.
async fn ask(apps: [&Arc<App>; 2], people: &[Person]) -> usize {
    let mut asking = Vec::new();
    for (person, app) in people.iter().zip(apps.into_iter().cycle()) {
        let (app, person) = (Arc::clone(app), person.id.clone());
        asking.push(tokio::spawn(async move {
            follow::recheck(&app, &person).await.is_ok()
        }));
    }
    let mut n_answered = 0;
    for answer in asking {
        n_answered += usize::from(answer.await.unwrap());
    }
    n_answered
}

async fn strangers(test: &TestApp, n: usize) -> Vec<Person> {
    let mut people = Vec::new();
    for number in 0..n {
        people.push(test.stranger(&format!("person {number}")).await);
    }
    people
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_instances_under_load_fetch_one_token_whenever_it_dies() {
    let test = TestApp::new().await;
    let other = test.another_instance(11);
    let people = strangers(&test, 40).await;
    let apps = [&test.app, &other];
    assert_eq!(ask(apps, &people).await, 40);
    assert_eq!(n_fetched(&test), 1);
    // It dies of age.
    for round in 2..=4 {
        test.sleep(TimeDelta::minutes(121));
        assert_eq!(ask(apps, &people).await, 40);
        assert_eq!(n_fetched(&test), round);
    }
    // It ages: it is used still, and one renews it.
    test.sleep(TimeDelta::seconds(2 * 60 * 60 - 30));
    assert_eq!(ask(apps, &people).await, 40);
    assert_eq!(n_fetched(&test), 5);
    // Somebody else kills it by force; we take what there is then, and kill nothing.
    test.sleep(TimeDelta::minutes(5));
    let forced = FetchAccessToken::forced().request(&test.app.wechat.official);
    test.app.wechat.http.send(forced).await.unwrap();
    assert_eq!(ask(apps, &people).await, 40);
    assert_eq!(n_fetched(&test), 7);
    assert_eq!(ask(apps, &people).await, 40);
    assert_eq!(n_fetched(&test), 7);
}

#[tokio::test]
async fn after_a_failed_fetch_nobody_asks_for_a_moment() {
    let test = TestApp::new().await;
    let people = strangers(&test, 3).await;
    let fault = FaultRule {
        operation: Some(Operation::StableToken),
        ..FaultRule::always(Fault::DropBeforeExecute)
    };
    test.simulator.set_faults(vec![fault]);
    assert_eq!(ask([&test.app; 2], &people).await, 0);
    assert_eq!(n_fetched(&test), 1);
    test.simulator.set_faults(Vec::new());
    assert_eq!(ask([&test.app; 2], &people).await, 0);
    assert_eq!(n_fetched(&test), 1);
    test.sleep(TimeDelta::seconds(6));
    assert_eq!(ask([&test.app; 2], &people).await, 3);
    assert_eq!(n_fetched(&test), 2);
}

#[tokio::test]
async fn an_instance_that_died_while_it_fetched_holds_the_others_for_seconds_only() {
    let test = TestApp::new().await;
    let people = strangers(&test, 2).await;
    let until = (test.app.now() + TimeDelta::seconds(15)).timestamp_millis();
    test.raw().run(&format!(
        "INSERT INTO shared_token (name, value_sealed, expires_ms, fetching_until_ms)
         VALUES ('access_token', '', 0, {until})"
    ));
    test.sleep(TimeDelta::seconds(15));
    assert_eq!(ask([&test.app; 2], &people).await, 2);
    assert_eq!(n_fetched(&test), 1);
}
