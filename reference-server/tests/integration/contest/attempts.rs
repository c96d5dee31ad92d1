//! Laws of papers and submissions.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use reference_server::contest::{
    Refusal,
    attempt::{self, Opened},
    claim::Offer,
};

use crate::app::{Person, TestApp, code, refusal};

async fn submit_raw(
    test: &TestApp,
    person: &Person,
    token: &str,
    answers: &[(&str, &str)],
) -> Refusal {
    let answers: BTreeMap<String, String> = answers
        .iter()
        .map(|(ordinal, letter)| ((*ordinal).to_owned(), (*letter).to_owned()))
        .collect();
    refusal(attempt::submit(&test.app, &person.id, token, &answers).await)
}

#[tokio::test]
async fn somebody_who_never_followed_gets_no_paper() {
    let test = TestApp::new().await;
    let stranger = test.stranger("stranger").await;
    let refused = refusal(attempt::start(&test.app, &stranger.id).await);
    assert_eq!(refused, Refusal::NotFollowing);
}

#[tokio::test]
async fn somebody_who_left_gets_no_paper_until_he_is_back() {
    let test = TestApp::new().await;
    let person = test.follower("leaver").await;
    test.sleep(TimeDelta::seconds(1));
    test.unfollow(&person).await;
    let refused = refusal(attempt::start(&test.app, &person.id).await);
    assert_eq!(refused, Refusal::NotFollowing);
    test.sleep(TimeDelta::seconds(1));
    test.follow(&person, None).await;
    assert_eq!(test.start(&person).await.items.len(), 10);
}

#[tokio::test]
async fn a_score_is_the_number_of_right_answers() {
    let test = TestApp::new().await;
    let person = test.follower("person").await;
    for n_right in 0..=10_u16 {
        let outcome = test.answer(&person, n_right.into()).await;
        assert_eq!((outcome.score, outcome.of), (n_right, 10));
        assert_eq!(outcome.passed, n_right >= 5, "{n_right} right");
        let n_marked_right = outcome.review.iter().filter(|item| item.right).count();
        assert_eq!(n_marked_right, usize::from(n_right));
    }
}

#[tokio::test]
async fn a_paper_asks_ten_different_questions_and_shows_no_key() {
    let test = TestApp::new().await;
    let person = test.follower("person").await;
    let first = test.start(&person).await;
    let stems: std::collections::BTreeSet<_> =
        first.items.iter().map(|item| item.stem.as_str()).collect();
    assert_eq!(stems.len(), 10);
    let second = test.start(&person).await;
    assert_ne!(first.id, second.id);
    assert_ne!(
        first
            .items
            .iter()
            .map(|item| &item.stem)
            .collect::<Vec<_>>(),
        second
            .items
            .iter()
            .map(|item| &item.stem)
            .collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn a_token_opens_the_same_paper_again_on_every_instance() {
    let test = TestApp::new().await;
    let person = test.follower("person").await;
    let paper = test.start(&person).await;
    let other = test.another_instance(99);
    for app in [&test.app, &other] {
        let Opened::Paper(again) = attempt::paper(app, &person.id, &paper.attempt)
            .await
            .unwrap()
        else {
            panic!("it was not submitted");
        };
        assert_eq!(again.items, paper.items);
    }
}

#[tokio::test]
async fn a_second_submission_gets_the_first_result() {
    let test = TestApp::new().await;
    let person = test.follower("person").await;
    let paper = test.start(&person).await;
    let first = test.submit(&person, &paper, 4).await.unwrap();
    test.sleep(TimeDelta::minutes(5));
    let second = test.submit(&person, &paper, 10).await.unwrap();
    assert_eq!(
        (second.score, second.submitted),
        (first.score, first.submitted)
    );
    assert_eq!(test.number("SELECT COUNT(*) FROM attempt"), 1);
    let opened = attempt::paper(&test.app, &person.id, &paper.attempt)
        .await
        .unwrap();
    assert!(matches!(opened, Opened::Submitted(id) if id == paper.id));
}

#[tokio::test]
async fn the_token_of_somebody_else_is_refused() {
    let test = TestApp::new().await;
    let owner = test.follower("owner").await;
    let thief = test.follower("thief").await;
    let paper = test.start(&owner).await;
    assert_eq!(
        refusal(test.submit(&thief, &paper, 10).await),
        Refusal::UnknownAttempt
    );
    assert_eq!(
        refusal(attempt::paper(&test.app, &thief.id, &paper.attempt).await),
        Refusal::UnknownAttempt
    );
    test.submit(&owner, &paper, 10).await.unwrap();
    assert_eq!(
        refusal(attempt::outcome(&test.app, &thief.id, &paper.id).await),
        Refusal::NotFound
    );
}

#[tokio::test]
async fn a_token_with_any_bit_changed_is_refused() {
    let test = TestApp::new().await;
    let person = test.follower("person").await;
    let paper = test.start(&person).await;
    let bytes = URL_SAFE_NO_PAD.decode(&paper.attempt).unwrap();
    for bit in 0..bytes.len() * 8 {
        let mut altered = bytes.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        let token = URL_SAFE_NO_PAD.encode(altered);
        let refused = attempt::paper(&test.app, &person.id, &token).await;
        assert_eq!(refusal(refused), Refusal::UnknownAttempt, "bit {bit}");
    }
    for length in 0..bytes.len() {
        let token = URL_SAFE_NO_PAD.encode(&bytes[..length]);
        let refused = attempt::paper(&test.app, &person.id, &token).await;
        assert_eq!(refusal(refused), Refusal::UnknownAttempt, "length {length}");
    }
    for token in ["", "not a token", "😀", &"A".repeat(100_000)] {
        let refused = submit_raw(&test, &person, token, &[]).await;
        assert_eq!(refused, Refusal::UnknownAttempt);
    }
}

#[tokio::test]
async fn an_answer_to_what_was_not_asked_is_refused_and_nothing_is_stored() {
    let test = TestApp::new().await;
    let person = test.follower("person").await;
    let paper = test.start(&person).await;
    let wrong = [
        ("0", "A"),
        ("11", "A"),
        ("-1", "A"),
        ("one", "A"),
        ("1", "E"),
        ("1", "Z"),
        ("1", ""),
        ("1", "AB"),
        ("99999999999999999999", "A"),
    ];
    for (ordinal, letter) in wrong {
        let refused = submit_raw(&test, &person, &paper.attempt, &[(ordinal, letter)]).await;
        assert!(
            matches!(refused, Refusal::UnknownAnswer { .. }),
            "{ordinal}={letter}: {refused:?}"
        );
    }
    assert_eq!(test.number("SELECT COUNT(*) FROM attempt"), 0);
    assert_eq!(test.submit(&person, &paper, 5).await.unwrap().score, 5);
}

#[tokio::test]
async fn an_open_question_counts_as_wrong() {
    let test = TestApp::new().await;
    let person = test.follower("person").await;
    let paper = test.start(&person).await;
    let mut answers = test.answers(&paper, 10);
    for ordinal in ["1", "2", "3", "4", "5", "6"] {
        answers.remove(ordinal);
    }
    let outcome = attempt::submit(&test.app, &person.id, &paper.attempt, &answers)
        .await
        .unwrap();
    assert_eq!((outcome.score, outcome.passed), (4, false));
    assert!(matches!(outcome.offer, Offer::NotPassed));
}

#[tokio::test]
async fn a_storm_of_submissions_is_slowed_down_and_calms_after_a_minute() {
    let test = TestApp::new().await;
    let person = test.follower("storm").await;
    for _ in 0..20 {
        test.answer(&person, 0).await;
    }
    let paper = test.start(&person).await;
    assert_eq!(code(test.submit(&person, &paper, 0).await), "too-fast");
    let other = test.follower("bystander").await;
    test.answer(&other, 0).await;
    test.sleep(TimeDelta::seconds(61));
    test.submit(&person, &paper, 0).await.unwrap();
}

#[tokio::test]
async fn nothing_is_stored_before_a_submission() {
    let test = TestApp::new().await;
    let person = test.follower("reader").await;
    let before = test.number("SELECT COUNT(*) FROM audit_event");
    for _ in 0..5 {
        test.start(&person).await;
    }
    assert_eq!(test.number("SELECT COUNT(*) FROM attempt"), 0);
    assert_eq!(test.number("SELECT COUNT(*) FROM audit_event"), before);
}
