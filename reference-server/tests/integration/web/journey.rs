//! Laws of a citizen's way over HTTP: who may answer, what five right answers bring, and how often.

use chrono::TimeDelta;
use http::StatusCode;
use serde_json::{Value, json};

use super::browser::{Browser, filled_in};
use crate::app::{FIRST_CITY, SECOND_CITY, TestApp, shanghai};

#[tokio::test]
async fn who_never_followed_is_refused_with_the_type_not_following() {
    let test = TestApp::new().await;
    let person = test.stranger("never followed").await;
    let mut browser = Browser::of(&test, &person).await;
    let refused = browser.call("/api/v1/attempts", &json!({})).await;
    refused.assert_problem(403, "not-following");
    let refused = browser.call("/api/v1/claims", &json!({})).await;
    refused.assert_problem(403, "not-following");
    let refused = browser.call("/api/v1/poster", &json!({})).await;
    refused.assert_problem(403, "not-following");
    browser.form("/consent", "").await.assert_leads("/follow");
    browser.form("/quiz", "").await.assert_leads("/follow");
    let asked = browser.form("/follow/check", "").await;
    asked.assert_leads("/follow?asked=1");
    let page = browser.get("/follow?asked=1").await;
    page.assert_page(200, &["还没有查到您的关注", "我已关注，继续"]);
    assert_eq!(test.number("SELECT COUNT(*) FROM attempt"), 0);
}

#[tokio::test]
async fn who_leaves_after_passing_is_refused_until_he_follows_again() {
    let test = TestApp::new().await;
    let (person, mut browser) = Browser::of_follower(&test, "leaver").await;
    let attempt = browser.answer(&test, 5).await;
    test.sleep(TimeDelta::seconds(5));
    test.unfollow(&person).await;
    let refused = browser.claim(&attempt, "k").await;
    refused.assert_problem(403, "not-following");
    test.sleep(TimeDelta::seconds(5));
    test.follow(&person, None).await;
    assert_eq!(browser.claim(&attempt, "k").await.status, StatusCode::OK);
}

#[tokio::test]
async fn four_right_answers_bring_nothing_and_forbid_nothing() {
    let test = TestApp::new().await;
    let (_person, mut browser) = Browser::of_follower(&test, "four").await;
    let paper = browser.draw().await;
    let marked = browser.hand_in(&test, &paper, 4).await.json();
    assert_eq!(marked["passed"], false);
    assert_eq!(marked["offer"]["state"], "not-passed");
    let id = marked["attempt_id"].as_str().unwrap();
    let refused = browser.claim(id, "k").await;
    refused.assert_problem(409, "not-passed");
    let page = browser.get(&format!("/result/{id}")).await;
    page.assert_page(200, &["再答对 1 题就能通过"]);
    assert_eq!(test.number("SELECT COUNT(*) FROM award"), 0);
    let again = browser.answer(&test, 5).await;
    assert_eq!(browser.claim(&again, "k").await.status, StatusCode::OK);
}

#[tokio::test]
async fn five_right_answers_bring_exactly_one_packet() {
    let test = TestApp::new().await;
    let (_person, mut browser) = Browser::of_follower(&test, "five").await;
    let first = browser.answer(&test, 5).await;
    let packet = browser.claim(&first, "first").await;
    assert_eq!(packet.status, StatusCode::OK, "{packet:?}");
    assert!(packet.json()["amount_fen"].as_u64().unwrap() >= 10);
    let second = browser.answer(&test, 10).await;
    let refused = browser.claim(&second, "second").await;
    refused.assert_problem(409, "already-claimed");
    let any = browser.call("/api/v1/claims", &json!({})).await;
    any.assert_problem(409, "already-claimed");
    let page = browser.form("/claims", &format!("attempt={second}")).await;
    page.assert_page(409, &["您已经拆过红包了", "每人在整个活动中可拆 1 次"]);
    assert_eq!(test.number("SELECT COUNT(*) FROM award"), 1);
    test.assert_sound().await;
}

#[tokio::test]
async fn the_same_request_key_gives_the_same_packet_and_no_other_attempt() {
    let test = TestApp::new().await;
    let (_person, mut browser) = Browser::of_follower(&test, "impatient").await;
    let first = browser.answer(&test, 5).await;
    let second = browser.answer(&test, 5).await;
    let packet = browser.claim(&first, "key").await.json();
    for _ in 0..3 {
        let again = browser.claim(&first, "key").await;
        assert_eq!(again.status, StatusCode::OK);
        assert_eq!(again.json()["award"], packet["award"]);
    }
    let reused = browser.claim(&second, "key").await;
    reused.assert_problem(422, "key-reused");
    for bad in ["", &"x".repeat(65)] {
        let refused = browser.claim(&first, bad).await;
        refused.assert_problem(400, "malformed-request");
    }
    assert_eq!(test.number("SELECT COUNT(*) FROM award"), 1);
}

#[tokio::test]
async fn a_paper_is_marked_once_and_belongs_to_one_person() {
    let test = TestApp::new().await;
    let (_one, mut one) = Browser::of_follower(&test, "one").await;
    let (_other, mut other) = Browser::of_follower(&test, "other").await;
    let paper = one.draw().await;
    let stolen = other.hand_in(&test, &paper, 10).await;
    stolen.assert_problem(404, "unknown-attempt");
    let first = one.hand_in(&test, &paper, 4).await.json();
    let again = one.hand_in(&test, &paper, 10).await.json();
    assert_eq!((&first["score"], &again["score"]), (&json!(4), &json!(4)));
    let id = first["attempt_id"].as_str().unwrap();
    let page = other.get(&format!("/result/{id}")).await;
    page.assert_page(404, &["没有找到这一页"]);
    let refused = other.claim(id, "k").await;
    refused.assert_problem(404, "not-found");
}

#[tokio::test]
async fn a_friend_who_follows_first_by_the_poster_brings_one_more_chance_and_no_second() {
    let test = TestApp::new().await;
    let (_sharer, mut browser) = Browser::of_follower(&test, "sharer").await;
    let base = browser.answer(&test, 5).await;
    browser.claim(&base, "base").await;
    let poster = browser.call("/api/v1/poster", &json!({})).await;
    assert_eq!(poster.status, StatusCode::OK, "{poster:?}");
    let code = test.raw().text("SELECT code FROM invite");
    let friend = test.stranger("friend").await;
    test.follow(&friend, Some(&code)).await;
    let pass = browser.answer(&test, 5).await;
    let packet = browser.claim(&pass, "referral").await;
    assert_eq!(packet.json()["kind"], "referral", "{packet:?}");
    // The friend leaves and follows again by the same poster.
    test.sleep(TimeDelta::seconds(5));
    test.unfollow(&friend).await;
    test.sleep(TimeDelta::seconds(5));
    test.follow(&friend, Some(&code)).await;
    let pass = browser.answer(&test, 5).await;
    let refused = browser.claim(&pass, "third").await;
    refused.assert_problem(409, "already-claimed");
    let me = browser.get("/api/v1/me").await.json();
    assert_eq!(
        (&me["n_invited"], &me["n_chances_open"]),
        (&json!(1), &json!(0))
    );
    assert_eq!(test.number("SELECT COUNT(*) FROM award"), 2);
    test.assert_sound().await;
}

#[tokio::test]
async fn the_last_millisecond_of_the_seventh_day_counts_and_midnight_does_not() {
    let test = TestApp::starting("2020-04-28 23:59:59.999").await;
    let (_person, mut browser) = Browser::of_follower(&test, "late").await;
    let contest = browser.get("/api/v1/contest").await.json();
    assert_eq!(
        (&contest["city"]["slug"], &contest["city"]["day"]),
        (&json!(FIRST_CITY), &json!(7))
    );
    let open = browser.draw().await;
    let spare = browser.answer(&test, 5).await;
    let pass = browser.answer(&test, 5).await;
    let packet = browser.claim(&pass, "k").await;
    assert_eq!(packet.status, StatusCode::OK, "{packet:?}");
    test.sleep_until(shanghai("2020-04-29 00:00:00"));
    let refused = browser.hand_in(&test, &open, 5).await;
    refused.assert_problem(409, "city-closed");
    let title = refused.json()["title"].as_str().unwrap().to_owned();
    assert!(title.contains("4月28日 24:00"), "{title}");
    let refused = browser.claim(&spare, "spare").await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    let token = open["attempt_id"].as_str().unwrap();
    let page = browser.get(&format!("/quiz/{token}")).await;
    page.assert_page(409, &["本市竞赛已于 4月28日 24:00结束"]);
    let contest = browser.get("/api/v1/contest").await.json();
    assert_eq!(contest["phase"], "contest");
    assert_eq!(
        (&contest["city"]["slug"], &contest["city"]["day"]),
        (&json!(SECOND_CITY), &json!(1))
    );
    assert_eq!(test.number("SELECT COUNT(*) FROM award"), 1);
    test.assert_sound().await;
}

#[tokio::test]
async fn without_script_forms_alone_lead_from_the_door_to_the_packet() {
    let test = TestApp::new().await;
    let person = test.follower("no script").await;
    let mut browser = Browser::new(&test);
    let door = browser.get("/").await;
    door.assert_page(
        200,
        &["<form method=\"post\" action=\"/quiz\">", "开始答题"],
    );
    let login = browser.form("/quiz", "").await;
    login.assert_leads("/login?next=/quiz");
    let back = browser.authorized("/quiz", &person.openid).await;
    browser.get(&back).await.assert_leads("/quiz");
    browser.get("/quiz").await.assert_leads("/consent");
    let notice = browser.get("/consent").await;
    notice.assert_page(200, &["<form method=\"post\" action=\"/consent\">"]);
    let paper = browser.form("/consent", "").await.assert_leads("/quiz/");
    let page = browser.get(&paper).await;
    page.assert_page(200, &[&format!("method=\"post\" action=\"{paper}\"")]);
    let marked = browser.form(&paper, &filled_in(&test, &page.body, 5)).await;
    let result = marked.assert_leads("/result/");
    let page = browser.get(&result).await;
    page.assert_page(200, &["您获得 1 次拆红包机会", "action=\"/claims\""]);
    let id = result.trim_start_matches("/result/");
    let opened = browser.form("/claims", &format!("attempt={id}")).await;
    let packet = opened.assert_leads("/packet/");
    browser.get(&packet).await.assert_page(200, &["已获得"]);
    test.settle().await;
    let packet = packet.trim_end_matches("?open=1");
    browser.get(packet).await.assert_page(200, &["待领取"]);
    assert_eq!(test.open_packets(&person), 1);
    test.settle_for(TimeDelta::hours(1)).await;
    browser.get(packet).await.assert_page(200, &["已到账"]);
    let again = browser.form("/claims", &format!("attempt={id}")).await;
    again.assert_leads(packet);
    test.assert_sound().await;
}

#[tokio::test]
async fn an_open_paper_is_offered_again_and_can_be_given_up() {
    let test = TestApp::new().await;
    let (_person, mut browser) = Browser::of_follower(&test, "interrupted").await;
    let offered = browser.form("/quiz", "").await;
    offered.assert_page(200, &["您有一次未完成的答题", "继续答题", "重新抽题"]);
    let fresh = browser.form("/quiz", "fresh=1").await;
    let fresh = fresh.assert_leads("/quiz/");
    assert!(!offered.body.contains(&fresh));
    assert_eq!(test.number("SELECT COUNT(*) FROM attempt"), 0);
}

#[tokio::test]
async fn what_a_person_takes_away_is_what_is_kept_about_him() {
    let test = TestApp::new().await;
    let (person, mut browser) = Browser::of_follower(&test, "curious").await;
    let attempt = browser.answer(&test, 5).await;
    let packet = browser.claim(&attempt, "k").await.json();
    let export = browser.get("/me/export").await;
    assert!(
        export
            .header("content-disposition")
            .starts_with("attachment")
    );
    let export = export.json();
    assert_eq!(export["attempts"][0]["attempt_id"], Value::String(attempt));
    assert_eq!(export["packets"][0]["award"], packet["award"]);
    // All that the API tells, and what else is kept: above all, which WeChat account it is.
    let told = browser.get("/api/v1/me").await.json();
    for (name, value) in told.as_object().unwrap() {
        assert_eq!(&export[name], value, "{name}");
    }
    assert_eq!(export["openid"], person.openid);
    assert!(!told.to_string().contains(&person.openid));
}
