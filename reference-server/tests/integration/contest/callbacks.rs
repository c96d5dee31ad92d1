//! Laws of callbacks: only what WeChat signed counts, and it counts once.

use chrono::TimeDelta;
use reference_server::contest::follow::{self, CallbackRefusal};
use wechat_adapter::{
    official::{CallbackError, CallbackVerifier},
    simulator::{Fault, FaultRule, Operation, Push},
};

use crate::app::{Person, TestApp};

async fn follow_push(test: &TestApp) -> (Person, Push) {
    let person = test.stranger("friend").await;
    let pushes = test
        .simulator
        .follow(&person.openid, None, test.app.now())
        .unwrap();
    (person, pushes.into_iter().next().unwrap())
}

/// The callback is refused for this reason, and nobody follows.
async fn assert_refused(
    test: &TestApp,
    query: &str,
    body: &[u8],
    is_reason: impl Fn(&CallbackError) -> bool,
) {
    let outcome = follow::receive(&test.app, query, body).await;
    match outcome {
        Err(CallbackRefusal::NotAccepted(error)) => assert!(is_reason(&error), "{error}"),
        other => panic!("not refused: {other:?}"),
    }
    assert_eq!(test.number("SELECT COUNT(*) FROM follow"), 0);
    assert_eq!(test.number("SELECT COUNT(*) FROM callback_seen"), 0);
}

#[tokio::test]
async fn a_push_makes_a_follower() {
    let test = TestApp::new().await;
    let (person, push) = follow_push(&test).await;
    assert!(!follow::is_following(&test.app, &person.id).await.unwrap());
    test.deliver(&push).await.unwrap();
    assert!(follow::is_following(&test.app, &person.id).await.unwrap());
}

#[tokio::test]
async fn a_wrong_signature_is_refused_and_nothing_is_stored() {
    let test = TestApp::new().await;
    let rule = FaultRule::always(Fault::WrongCallbackSignature).on(Operation::Callback);
    test.simulator.set_faults(vec![rule]);
    let (_person, push) = follow_push(&test).await;
    let query = push.request.uri().query().unwrap();
    assert_refused(&test, query, push.request.body(), |error| {
        *error == CallbackError::SignatureMismatch
    })
    .await;
}

#[tokio::test]
async fn a_changed_body_is_refused() {
    let test = TestApp::new().await;
    let (_person, push) = follow_push(&test).await;
    let query = push.request.uri().query().unwrap();
    let body = String::from_utf8(push.request.body().clone()).unwrap();
    let (head, tail) = body.split_at(body.len() / 2);
    let first = tail.chars().next().unwrap();
    let other = if first == 'A' { 'B' } else { 'A' };
    let body = format!("{head}{other}{}", &tail[1..]);
    assert_refused(&test, query, body.as_bytes(), |error| {
        matches!(
            error,
            CallbackError::SignatureMismatch
                | CallbackError::Envelope(_)
                | CallbackError::Unreadable(_)
        )
    })
    .await;
}

#[tokio::test]
async fn a_push_of_the_past_or_of_the_future_is_refused() {
    let test = TestApp::new().await;
    let (_person, push) = follow_push(&test).await;
    let query = push.request.uri().query().unwrap();
    let early = test.another_instance_at(
        9,
        std::sync::Arc::new(reference_server::clock::SimulatedClock::standing_at(
            test.app.now() - TimeDelta::seconds(601),
        )),
    );
    let outcome = follow::receive(&early, query, push.request.body()).await;
    assert!(matches!(
        outcome,
        Err(CallbackRefusal::NotAccepted(
            CallbackError::OutsideWindow { .. }
        ))
    ));
    test.sleep(TimeDelta::seconds(
        CallbackVerifier::DEFAULT_TOLERANCE_SECONDS + 1,
    ));
    assert_refused(&test, query, push.request.body(), |error| {
        matches!(error, CallbackError::OutsideWindow { .. })
    })
    .await;
}

#[tokio::test]
async fn a_clear_message_is_refused_where_encryption_is_required() {
    let test = TestApp::new().await;
    let (_person, push) = follow_push(&test).await;
    // The signature of the query alone is right: WeChat signs it in every mode.
    let query = push.request.uri().query().unwrap();
    let query: Vec<&str> = query
        .split('&')
        .filter(|pair| !pair.starts_with("encrypt_type=") && !pair.starts_with("msg_signature="))
        .collect();
    assert_refused(
        &test,
        &query.join("&"),
        push.message().as_bytes(),
        |error| *error == CallbackError::NotEncrypted,
    )
    .await;
}

#[tokio::test]
async fn a_body_longer_than_any_push_is_refused_unread() {
    let test = TestApp::new().await;
    let (_person, push) = follow_push(&test).await;
    let query = push.request.uri().query().unwrap();
    let body = vec![b' '; CallbackVerifier::MAX_BODY_BYTES + 1];
    assert_refused(&test, query, &body, |error| {
        matches!(error, CallbackError::BodyTooLarge { .. })
    })
    .await;
}

#[tokio::test]
async fn a_push_that_comes_twice_counts_once() {
    let test = TestApp::new().await;
    let (sharer, _packet) = test.winner("sharer").await;
    let code = test.code_of(&sharer).await;
    let rule = FaultRule::always(Fault::DuplicateCallbacks).on(Operation::Callback);
    test.simulator.set_faults(vec![rule]);
    let friend = test.stranger("friend").await;
    let pushes = test
        .simulator
        .follow(&friend.openid, Some(&code), test.app.now())
        .unwrap();
    assert_eq!(pushes.len(), 2);
    let before = test.number("SELECT COUNT(*) FROM callback_seen");
    test.deliver_all(&pushes).await;
    test.deliver_all(&pushes).await;
    assert_eq!(
        test.number("SELECT COUNT(*) FROM callback_seen"),
        before + 1
    );
    assert_eq!(test.number("SELECT COUNT(*) FROM referral"), 1);
}

#[tokio::test]
async fn an_old_follow_replayed_after_leaving_does_not_bring_anybody_back() {
    let test = TestApp::new().await;
    let (person, push) = follow_push(&test).await;
    test.deliver(&push).await.unwrap();
    test.sleep(TimeDelta::seconds(60));
    test.unfollow(&person).await;
    test.deliver(&push).await.unwrap();
    assert!(!follow::is_following(&test.app, &person.id).await.unwrap());
}

#[tokio::test]
async fn events_that_arrive_in_the_wrong_order_end_in_the_right_state() {
    let test = TestApp::new().await;
    let (person, follow_push) = follow_push(&test).await;
    test.sleep(TimeDelta::seconds(60));
    let left = test
        .simulator
        .unfollow(&person.openid, test.app.now())
        .unwrap();
    test.deliver_all(&left).await;
    test.deliver(&follow_push).await.unwrap();
    assert!(!follow::is_following(&test.app, &person.id).await.unwrap());
    // He did follow once: nobody can be credited with him any more.
    assert_eq!(test.number("SELECT COUNT(*) FROM follow"), 1);
}

#[tokio::test]
async fn a_follow_overtaken_by_a_message_still_credits_the_sharer() {
    let test = TestApp::new().await;
    let (sharer, _packet) = test.winner("sharer").await;
    let code = test.code_of(&sharer).await;
    let friend = test.stranger("friend").await;
    let follow = test
        .simulator
        .follow(&friend.openid, Some(&code), test.app.now())
        .unwrap();
    test.sleep(TimeDelta::seconds(5));
    let said = test
        .simulator
        .say(&friend.openid, "hello", test.app.now())
        .unwrap();
    test.deliver_all(&said).await;
    assert_eq!(test.number("SELECT COUNT(*) FROM referral"), 0);
    test.deliver_all(&follow).await;
    assert_eq!(test.number("SELECT COUNT(*) FROM referral"), 1);
}

#[tokio::test]
async fn somebody_who_followed_before_the_contest_is_no_new_friend_after_leaving() {
    let test = TestApp::new().await;
    let (sharer, _packet) = test.winner("sharer").await;
    let code = test.code_of(&sharer).await;
    let old = test.stranger("old follower").await;
    // The account heard of this follow, the contest did not exist yet.
    test.simulator
        .follow(&old.openid, None, test.app.now())
        .unwrap();
    test.sleep(TimeDelta::seconds(5));
    test.unfollow(&old).await;
    test.sleep(TimeDelta::seconds(5));
    test.follow(&old, Some(&code)).await;
    assert_eq!(test.number("SELECT COUNT(*) FROM referral"), 0);
}

#[tokio::test]
async fn a_lost_follow_is_mended_by_asking_wechat() {
    let test = TestApp::new().await;
    let (sharer, _packet) = test.winner("sharer").await;
    let code = test.code_of(&sharer).await;
    let person = test.stranger("friend").await;
    let lost = test
        .simulator
        .follow(&person.openid, Some(&code), test.app.now())
        .unwrap();
    assert!(follow::recheck(&test.app, &person.id).await.unwrap());
    assert_eq!(test.number("SELECT COUNT(*) FROM referral"), 1);
    test.deliver_all(&lost).await;
    assert_eq!(test.number("SELECT COUNT(*) FROM referral"), 1);
    let stranger = test.stranger("stranger").await;
    assert!(!follow::recheck(&test.app, &stranger.id).await.unwrap());
}
