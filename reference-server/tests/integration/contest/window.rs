//! Laws of the week: half-open windows, one clock that never goes back.

use std::sync::Arc;

use chrono::TimeDelta;
use reference_server::{
    clock::SimulatedClock,
    contest::{
        Refusal, attempt,
        claim::{self, ClaimRequest},
        season,
    },
};

use crate::app::{FIRST_CITY, SECOND_CITY, TestApp, code, refusal, shanghai};

const CLOSING: &str = "2020-04-29 00:00:00";

#[tokio::test]
async fn before_the_first_city_nothing_is_open() {
    let test = TestApp::starting("2020-04-21 23:59:59.999").await;
    let person = test.follower("early").await;
    let refused = refusal(attempt::start(&test.app, &person.id).await);
    let opens = shanghai("2020-04-22 00:00:00");
    assert_eq!(
        refused,
        Refusal::NoCityOpen {
            next_opens: Some(opens)
        }
    );
    assert_eq!(code(test.claim(&person).await), "no-city-open");
    test.sleep_until(opens);
    assert_eq!(test.start(&person).await.city_slug, FIRST_CITY);
}

#[tokio::test]
async fn the_last_millisecond_of_the_week_counts() {
    let test = TestApp::starting("2020-04-28 12:00:00").await;
    let person = test.follower("late").await;
    let paper = test.start(&person).await;
    test.sleep_until(shanghai(CLOSING) - TimeDelta::milliseconds(1));
    let outcome = test.submit(&person, &paper, 5).await.unwrap();
    assert!(outcome.passed);
    let packet = test.claim(&person).await.unwrap();
    assert_eq!(packet.decided, shanghai("2020-04-28 23:59:59.999"));
    test.assert_sound().await;
}

#[tokio::test]
async fn from_midnight_on_the_city_is_closed_and_the_next_is_open() {
    let test = TestApp::starting("2020-04-28 23:59:59.999").await;
    let person = test.follower("too late").await;
    let open_paper = test.start(&person).await;
    let passed = test.answer(&person, 5).await;
    test.sleep_until(shanghai(CLOSING));
    let closed = shanghai(CLOSING);
    assert_eq!(
        refusal(test.submit(&person, &open_paper, 5).await),
        Refusal::CityClosed { closed }
    );
    assert_eq!(
        refusal(test.claim_with(&person, &passed.id).await),
        Refusal::Claim(reward_core::Refusal::Closed { closed })
    );
    assert_eq!(test.number("SELECT COUNT(*) FROM award"), 0);
    assert_eq!(test.start(&person).await.city_slug, SECOND_CITY);
    test.answer(&person, 5).await;
    assert_eq!(test.claim(&person).await.unwrap().city_slug, SECOND_CITY);
    test.assert_sound().await;
}

#[tokio::test]
async fn after_the_last_planned_city_nothing_is_open() {
    let test = TestApp::starting("2020-05-05 23:59:59.999").await;
    let person = test.follower("person").await;
    test.start(&person).await;
    // The third city has no question file and was not planned.
    test.sleep_until(shanghai("2020-05-06 00:00:00"));
    assert_eq!(
        code(attempt::start(&test.app, &person.id).await),
        "no-city-open"
    );
    test.sleep_until(shanghai("2020-07-22 00:00:00"));
    assert_eq!(
        refusal(attempt::start(&test.app, &person.id).await),
        Refusal::NoCityOpen { next_opens: None }
    );
}

#[tokio::test]
async fn a_clock_that_falls_back_after_the_heartbeat_does_not_reopen_a_city() {
    let test = TestApp::starting("2020-04-28 23:59:59").await;
    let person = test.follower("person").await;
    let open_paper = test.start(&person).await;
    let passed = test.answer(&person, 5).await;
    test.sleep_until(shanghai(CLOSING));
    season::heartbeat(&test.app).await.unwrap();
    let earlier = Arc::new(SimulatedClock::standing_at(shanghai("2020-04-28 23:59:55")));
    let behind = test.another_instance_at(5, earlier);
    let answers = test.answers(&open_paper, 5);
    assert_eq!(
        code(attempt::start(&behind, &person.id).await),
        "no-city-open"
    );
    assert_eq!(
        code(attempt::submit(&behind, &person.id, &open_paper.attempt, &answers).await),
        "city-closed"
    );
    let request = ClaimRequest {
        attempt: Some(passed.id),
        request_key: None,
    };
    assert_eq!(
        code(claim::claim(&behind, &person.id, request).await),
        "closed"
    );
    let request = ClaimRequest::default();
    assert_eq!(
        code(claim::claim(&behind, &person.id, request).await),
        "no-city-open"
    );
    assert_eq!(test.number("SELECT COUNT(*) FROM award"), 0);
}

#[tokio::test]
async fn decisions_of_a_city_never_go_back_in_time() {
    let test = TestApp::starting("2020-04-23 12:00:00").await;
    let (_first, packet) = test.winner("first").await;
    let person = test.follower("second").await;
    let outcome = test.answer(&person, 5).await;
    let earlier = Arc::new(SimulatedClock::standing_at(shanghai("2020-04-22 12:00:00")));
    let behind = test.another_instance_at(5, earlier);
    let request = ClaimRequest {
        attempt: Some(outcome.id),
        request_key: None,
    };
    let second = claim::claim(&behind, &person.id, request).await.unwrap();
    assert_eq!(second.decided, packet.decided);
    test.assert_sound().await;
}

#[tokio::test]
async fn a_heartbeat_before_the_opening_raises_no_latch() {
    let test = TestApp::starting("2020-04-21 12:00:00").await;
    season::heartbeat(&test.app).await.unwrap();
    assert_eq!(test.number("SELECT MAX(last_decision_ms) FROM city"), 0);
}
