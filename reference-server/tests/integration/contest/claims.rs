//! Laws of claims: one chance and one pass become one packet, once.

use reference_server::contest::{
    Refusal,
    claim::{self, ClaimRequest, Offer},
    records,
};
use reward_core::{ChanceKind, ClaimScope, Refusal as ClaimRefusal, RewardTerms};

use crate::app::{FIRST_CITY, SECOND_CITY, SMALL, Setting, TestApp, code, refusal, shanghai};

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
