//! Laws of referrals: a friend who never followed before earns his sharer one more chance, once.

use chrono::TimeDelta;
use reference_server::contest::{Refusal, poster};
use reward_core::{ChanceKind, ReferralPolicy, Refusal as ClaimRefusal, RewardTerms};
use wechat_adapter::simulator::ScanOutcome;

use crate::app::{
    FIRST_CITY, Person, SECOND_CITY, SMALL, Setting, TestApp, code, refusal, shanghai,
};

/// A sharer whose base chance is used, with his code.
async fn sharer(test: &TestApp) -> (Person, String) {
    let (sharer, _packet) = test.winner("sharer").await;
    let code = test.code_of(&sharer).await;
    (sharer, code)
}

fn n_referrals(test: &TestApp) -> i64 {
    test.number("SELECT COUNT(*) FROM referral")
}

#[tokio::test]
async fn a_friend_who_never_followed_earns_one_more_chance_for_another_pass() {
    let test = TestApp::new().await;
    let (sharer, code_text) = sharer(&test).await;
    let friend = test.stranger("friend").await;
    test.follow(&friend, Some(&code_text)).await;
    assert_eq!(n_referrals(&test), 1);
    assert!(matches!(
        refusal(test.claim(&sharer).await),
        Refusal::Claim(ClaimRefusal::AnotherPassNeeded { .. })
    ));
    test.answer(&sharer, 5).await;
    let packet = test.claim(&sharer).await.unwrap();
    assert_eq!(packet.kind, ChanceKind::Referral);
    test.answer(&sharer, 5).await;
    assert_eq!(code(test.claim(&sharer).await), "already-claimed");
    // The friend has a base chance of his own.
    test.answer(&friend, 5).await;
    assert_eq!(test.claim(&friend).await.unwrap().kind, ChanceKind::Base);
    test.assert_sound().await;
}

#[tokio::test]
async fn every_friend_counts_once() {
    let test = TestApp::new().await;
    let (sharer, code_text) = sharer(&test).await;
    for number in 0..3 {
        let friend = test.stranger(&format!("friend {number}")).await;
        test.follow(&friend, Some(&code_text)).await;
        test.sleep(TimeDelta::seconds(1));
        test.unfollow(&friend).await;
        test.sleep(TimeDelta::seconds(1));
        test.follow(&friend, Some(&code_text)).await;
        test.sleep(TimeDelta::seconds(1));
    }
    assert_eq!(n_referrals(&test), 3);
    for _ in 0..3 {
        test.answer(&sharer, 5).await;
        assert_eq!(
            test.claim(&sharer).await.unwrap().kind,
            ChanceKind::Referral
        );
    }
    test.answer(&sharer, 5).await;
    assert_eq!(code(test.claim(&sharer).await), "already-claimed");
    test.assert_sound().await;
}

#[tokio::test]
async fn an_old_follower_earns_nothing_not_even_by_following_again() {
    let test = TestApp::new().await;
    let (_sharer, code_text) = sharer(&test).await;
    let old = test.follower("old follower").await;
    test.follow(&old, Some(&code_text)).await;
    assert_eq!(n_referrals(&test), 0);
    test.sleep(TimeDelta::seconds(1));
    test.unfollow(&old).await;
    test.sleep(TimeDelta::seconds(1));
    test.follow(&old, Some(&code_text)).await;
    assert_eq!(n_referrals(&test), 0);
}

#[tokio::test]
async fn the_own_code_earns_nothing() {
    let test = TestApp::new().await;
    let (sharer, code_text) = sharer(&test).await;
    test.follow(&sharer, Some(&code_text)).await;
    test.sleep(TimeDelta::seconds(1));
    test.unfollow(&sharer).await;
    test.sleep(TimeDelta::seconds(1));
    test.follow(&sharer, Some(&code_text)).await;
    assert_eq!(n_referrals(&test), 0);
}

#[tokio::test]
async fn a_scan_by_somebody_who_follows_earns_nothing() {
    let test = TestApp::new().await;
    let (_sharer, code_text) = sharer(&test).await;
    let friend = test.follower("friend").await;
    let scanned = test
        .simulator
        .scan(&friend.openid, &code_text, test.app.now())
        .unwrap();
    let ScanOutcome::Pushed(pushes) = scanned else {
        panic!("a follower's scan is pushed: {scanned:?}");
    };
    test.deliver_all(&pushes).await;
    assert_eq!(n_referrals(&test), 0);
}

#[tokio::test]
async fn a_code_nobody_owns_and_a_follow_without_a_code_earn_nothing() {
    let test = TestApp::new().await;
    for scene in [None, Some("iNobodysCode1"), Some("poster")] {
        let friend = test.stranger("friend").await;
        test.follow(&friend, scene).await;
    }
    assert_eq!(n_referrals(&test), 0);
}

#[tokio::test]
async fn a_sharer_who_has_left_earns_nothing() {
    let test = TestApp::new().await;
    let (sharer, code_text) = sharer(&test).await;
    test.sleep(TimeDelta::seconds(1));
    test.unfollow(&sharer).await;
    let friend = test.stranger("friend").await;
    test.follow(&friend, Some(&code_text)).await;
    assert_eq!(n_referrals(&test), 0);
}

#[tokio::test]
async fn only_a_follower_gets_a_poster() {
    let test = TestApp::new().await;
    let stranger = test.stranger("stranger").await;
    assert_eq!(
        refusal(poster::poster(&test.app, &stranger.id).await),
        Refusal::NotFollowing
    );
}

#[tokio::test]
async fn a_chance_earned_in_the_preheat_belongs_to_the_next_city() {
    let test = TestApp::starting("2020-04-20 12:00:00").await;
    let sharer = test.follower("sharer").await;
    let code_text = test.code_of(&sharer).await;
    let friend = test.stranger("friend").await;
    test.follow(&friend, Some(&code_text)).await;
    let city = test.raw().text("SELECT city FROM referral");
    assert_eq!(city, FIRST_CITY);
    test.sleep_until(shanghai("2020-04-22 00:00:00"));
    for kind in [ChanceKind::Base, ChanceKind::Referral] {
        test.answer(&sharer, 5).await;
        assert_eq!(test.claim(&sharer).await.unwrap().kind, kind);
    }
    test.assert_sound().await;
}

#[tokio::test]
async fn a_chance_lapses_when_its_city_closes() {
    let test = TestApp::new().await;
    let (sharer, code_text) = sharer(&test).await;
    let friend = test.stranger("friend").await;
    test.follow(&friend, Some(&code_text)).await;
    test.sleep_until(shanghai("2020-04-29 00:00:00"));
    test.answer(&sharer, 5).await;
    assert_eq!(code(test.claim(&sharer).await), "already-claimed");
    // A friend of the second week earns a chance of the second city.
    let friend = test.stranger("second friend").await;
    test.follow(&friend, Some(&code_text)).await;
    let packet = test.claim(&sharer).await.unwrap();
    assert_eq!(
        (packet.kind, packet.city_slug.as_str()),
        (ChanceKind::Referral, SECOND_CITY)
    );
    test.assert_sound().await;
}

#[tokio::test]
async fn a_strict_season_credits_nobody() {
    let test = TestApp::with(Setting {
        terms: RewardTerms {
            referral: ReferralPolicy::Off,
            ..SMALL
        },
        ..Setting::usual()
    })
    .await;
    let (_sharer, code_text) = sharer(&test).await;
    let friend = test.stranger("friend").await;
    test.follow(&friend, Some(&code_text)).await;
    assert_eq!(n_referrals(&test), 0);
}
