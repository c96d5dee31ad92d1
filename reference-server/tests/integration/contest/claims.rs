//! Laws of claims: one chance and one pass become one packet, once.

use std::sync::{Arc, mpsc};

use reference_server::contest::{
    Error, PersonId, Refusal,
    claim::{self, ClaimRequest, Offer, Packet},
    records,
};
use reward_core::{ChanceKind, ClaimScope, Refusal as ClaimRefusal, RewardTerms};
use tokio::{sync::oneshot, task::yield_now};

use crate::app::{
    FIRST_CITY, Person, SECOND_CITY, SMALL, Setting, TestApp, code, refusal, shanghai,
};

#[tokio::test]
async fn four_right_answers_earn_no_packet_and_may_be_bettered() {
    let test = TestApp::new().await;
    let person = test.follower("person").await;
    let outcome = test.answer(&person, 4).await;
    assert!(matches!(outcome.offer, Offer::NotPassed));
    assert_eq!(
        refusal(test.claim(&person).await),
        Refusal::Claim(ClaimRefusal::NotPassed)
    );
    assert_eq!(
        code(test.claim_with(&person, &outcome.id).await),
        "not-passed"
    );
    let outcome = test.answer(&person, 5).await;
    assert!(matches!(outcome.offer, Offer::MayClaim));
    test.claim(&person).await.unwrap();
    test.assert_sound().await;
}

#[tokio::test]
async fn five_right_answers_earn_exactly_one_packet() {
    let test = TestApp::new().await;
    let (person, packet) = test.winner("winner").await;
    assert_eq!(packet.kind, ChanceKind::Base);
    assert_eq!(packet.city_slug, FIRST_CITY);
    let records = records::records(&test.app, &person.id).await.unwrap();
    assert_eq!(records.packets.len(), 1);
    assert_eq!(records.packets[0].award, packet.award);
    let stored = test.number("SELECT SUM(amount_fen) FROM award");
    assert_eq!(u64::try_from(stored).unwrap(), packet.amount.get());
    test.assert_sound().await;
}

#[tokio::test]
async fn a_second_claim_is_refused_and_changes_nothing() {
    let test = TestApp::new().await;
    let (person, _packet) = test.winner("winner").await;
    test.answer(&person, 10).await;
    let picture = |test: &TestApp| {
        [
            "SELECT COUNT(*) FROM award",
            "SELECT COUNT(*) FROM payment",
            "SELECT COUNT(*) FROM transfer",
            "SELECT COUNT(*) FROM audit_event",
            "SELECT SUM(used_fen) FROM city",
            "SELECT SUM(used_fen) FROM budget_day",
            "SELECT SUM(taken) FROM budget_day",
        ]
        .map(|sql| test.number(sql))
    };
    let before = picture(&test);
    let refused = refusal(test.claim(&person).await);
    assert!(
        matches!(refused, Refusal::Claim(ClaimRefusal::AlreadyClaimed { .. })),
        "{refused:?}"
    );
    assert_eq!(picture(&test), before);
}

#[tokio::test]
async fn the_same_attempt_gives_the_same_packet() {
    let test = TestApp::new().await;
    let person = test.follower("person").await;
    let outcome = test.answer(&person, 5).await;
    let first = test.claim_with(&person, &outcome.id).await.unwrap();
    let second = test.claim_with(&person, &outcome.id).await.unwrap();
    assert_eq!((first.award, first.amount), (second.award, second.amount));
    assert_eq!(test.number("SELECT COUNT(*) FROM award"), 1);
}

#[tokio::test]
async fn the_same_request_key_gives_the_same_packet_even_after_the_season() {
    let test = TestApp::new().await;
    let person = test.follower("person").await;
    test.answer(&person, 5).await;
    test.answer(&person, 6).await;
    let request = ClaimRequest {
        attempt: None,
        request_key: Some("key 1".to_owned()),
    };
    let first = claim::claim(&test.app, &person.id, request.clone())
        .await
        .unwrap();
    for later in [
        "2020-04-22 12:00:01",
        "2020-04-30 12:00:00",
        "2020-12-01 12:00:00",
    ] {
        test.sleep_until(shanghai(later));
        let again = claim::claim(&test.app, &person.id, request.clone())
            .await
            .unwrap();
        assert_eq!(again.award, first.award, "{later}");
    }
    let stranger = test.follower("stranger").await;
    assert!(
        claim::claim(&test.app, &stranger.id, request)
            .await
            .is_err()
    );
    assert_eq!(test.number("SELECT COUNT(*) FROM award"), 1);
}

#[tokio::test]
async fn the_attempt_of_somebody_else_is_refused() {
    let test = TestApp::new().await;
    let owner = test.follower("owner").await;
    let thief = test.follower("thief").await;
    let outcome = test.answer(&owner, 5).await;
    assert_eq!(
        refusal(test.claim_with(&thief, &outcome.id).await),
        Refusal::NotFound
    );
    test.claim_with(&owner, &outcome.id).await.unwrap();
    assert_eq!(
        refusal(test.claim_with(&thief, &outcome.id).await),
        Refusal::NotFound
    );
    assert_eq!(
        refusal(test.claim_with(&thief, "no such attempt").await),
        Refusal::NotFound
    );
}

#[tokio::test]
async fn somebody_who_left_after_passing_gets_no_packet_until_he_is_back() {
    let test = TestApp::new().await;
    let person = test.follower("leaver").await;
    test.answer(&person, 5).await;
    test.sleep(chrono::TimeDelta::seconds(1));
    test.unfollow(&person).await;
    assert_eq!(
        refusal(test.claim(&person).await),
        Refusal::Claim(ClaimRefusal::NotFollowing)
    );
    test.sleep(chrono::TimeDelta::seconds(1));
    test.follow(&person, None).await;
    test.claim(&person).await.unwrap();
}

#[tokio::test]
async fn the_base_chance_of_a_season_is_used_in_one_city_only() {
    let test = TestApp::new().await;
    let (person, _packet) = test.winner("traveller").await;
    test.sleep_until(shanghai("2020-04-29 12:00:00"));
    let outcome = test.answer(&person, 5).await;
    assert_eq!(outcome.city_slug, SECOND_CITY);
    assert!(matches!(
        refusal(test.claim(&person).await),
        Refusal::Claim(ClaimRefusal::AlreadyClaimed {
            scope: ClaimScope::Season,
            ..
        })
    ));
    test.assert_sound().await;
}

#[tokio::test]
async fn the_base_chance_of_a_city_comes_again_in_the_next() {
    let test = TestApp::with(Setting {
        terms: RewardTerms {
            claim_scope: ClaimScope::City,
            ..SMALL
        },
        ..Setting::usual()
    })
    .await;
    let (person, first) = test.winner("traveller").await;
    test.sleep_until(shanghai("2020-04-29 12:00:00"));
    test.answer(&person, 5).await;
    let second = test.claim(&person).await.unwrap();
    assert_eq!(second.kind, ChanceKind::Base);
    assert_ne!(second.award, first.award);
    test.answer(&person, 5).await;
    assert_eq!(code(test.claim(&person).await), "already-claimed");
    test.assert_sound().await;
}

#[tokio::test]
async fn a_pass_of_an_earlier_city_is_worth_nothing_in_the_next() {
    let test = TestApp::new().await;
    let person = test.follower("late").await;
    let outcome = test.answer(&person, 5).await;
    test.sleep_until(shanghai("2020-04-29 00:00:00"));
    assert_eq!(code(test.claim(&person).await), "not-passed");
    assert_eq!(code(test.claim_with(&person, &outcome.id).await), "closed");
}

/// Claims under a request key, with one attempt or with the oldest.
async fn claim_under(
    test: &TestApp,
    person: &Person,
    key: &str,
    attempt: Option<&str>,
) -> Result<Packet, Error> {
    let request = ClaimRequest {
        attempt: attempt.map(str::to_owned),
        request_key: Some(key.to_owned()),
    };
    claim::claim(&test.app, &person.id, request).await
}

#[tokio::test]
async fn a_request_key_with_another_attempt_is_refused() {
    let test = TestApp::new().await;
    let person = test.follower("person").await;
    let first = test.answer(&person, 5).await.id;
    let second = test.answer(&person, 5).await.id;
    let packet = claim_under(&test, &person, "key 1", Some(&first))
        .await
        .unwrap();
    for later in ["2020-04-22 12:00:01", "2020-05-10 12:00:00"] {
        test.sleep_until(shanghai(later));
        for other in [second.as_str(), "no such attempt"] {
            let reused = claim_under(&test, &person, "key 1", Some(other)).await;
            assert_eq!(refusal(reused), Refusal::KeyReused, "{later} {other}");
        }
        for same in [Some(first.as_str()), None] {
            let again = claim_under(&test, &person, "key 1", same).await.unwrap();
            assert_eq!(again.award, packet.award, "{later}");
        }
        // An attempt that has its packet gives it under any key.
        let again = claim_under(&test, &person, "key 2", Some(&first)).await;
        assert_eq!(again.unwrap().award, packet.award, "{later}");
    }
    assert_eq!(test.number("SELECT COUNT(*) FROM award"), 1);
    test.assert_sound().await;
}

/// Keeps the writer busy while a claim queues up behind it and the clock goes on.
async fn claim_that_waits(test: &TestApp, person: &Person, until: &str) -> Result<Packet, Error> {
    let attempt = test.answer(person, 5).await.id;
    let (begun, has_begun) = oneshot::channel();
    let (release, is_released) = mpsc::channel::<()>();
    let app = Arc::clone(&test.app);
    let holding = tokio::spawn(async move {
        app.store
            .write(move |_tx| {
                begun.send(()).unwrap();
                is_released.recv().unwrap();
                Ok::<_, Error>(())
            })
            .await
    });
    has_begun.await.unwrap();
    let (app, id) = (Arc::clone(&test.app), person.id.clone());
    let claiming = tokio::spawn(async move { claim_attempt(app, id, attempt).await });
    // What a claim reads before it queues up is read when every reader has answered after it.
    yield_now().await;
    for _ in 0..4 {
        test.app
            .store
            .read(|_read| Ok::<_, Error>(()))
            .await
            .unwrap();
        yield_now().await;
    }
    assert!(!claiming.is_finished());
    test.sleep_until(shanghai(until));
    release.send(()).unwrap();
    holding.await.unwrap().unwrap();
    claiming.await.unwrap()
}

async fn claim_attempt(
    app: Arc<reference_server::app::App>,
    person: PersonId,
    attempt: String,
) -> Result<Packet, Error> {
    let request = ClaimRequest {
        attempt: Some(attempt),
        request_key: None,
    };
    claim::claim(&app, &person, request).await
}

#[tokio::test]
async fn a_claim_that_waits_in_the_queue_across_the_close_is_refused() {
    let test = TestApp::starting("2020-04-28 23:59:59.999").await;
    let person = test.follower("last minute").await;
    let waited = claim_that_waits(&test, &person, "2020-04-29 00:00:00").await;
    assert_eq!(code(waited), "closed");
    assert_eq!(test.number("SELECT COUNT(*) FROM award"), 0);
    test.assert_sound().await;
}

#[tokio::test]
async fn a_claim_that_waits_in_the_queue_across_midnight_takes_from_the_new_day() {
    let test = TestApp::starting("2020-04-22 23:59:59.999").await;
    let person = test.follower("night owl").await;
    let packet = claim_that_waits(&test, &person, "2020-04-23 00:00:00")
        .await
        .unwrap();
    assert_eq!(packet.decided, shanghai("2020-04-23 00:00:00"));
    let first_day = "SELECT day.used_fen FROM budget_day AS day JOIN city USING (city)
         WHERE ordinal = 1 ORDER BY day LIMIT 1";
    assert_eq!(test.number(first_day), 0);
    test.assert_sound().await;
}

#[tokio::test]
async fn a_claim_that_waits_in_the_queue_until_just_before_the_close_is_granted() {
    let test = TestApp::starting("2020-04-28 23:59:00").await;
    let person = test.follower("in time").await;
    let packet = claim_that_waits(&test, &person, "2020-04-28 23:59:59.999")
        .await
        .unwrap();
    assert_eq!(packet.decided, shanghai("2020-04-28 23:59:59.999"));
    test.assert_sound().await;
}
