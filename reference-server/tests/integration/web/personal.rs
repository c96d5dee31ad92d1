//! Laws of what a person sees and says of himself: mistakes, district, erasure, certificate.

use chrono::TimeDelta;
use http::StatusCode;
use serde_json::json;

use super::browser::{Browser, filled_in};
use crate::app::{FIRST_CITY, TestApp};

#[tokio::test]
async fn the_book_of_mistakes_holds_what_was_wrong_and_nothing_of_others() {
    let test = TestApp::new().await;
    let (_person, mut browser) = Browser::of_follower(&test, "pupil").await;
    let empty = browser.get("/me/mistakes").await;
    empty.assert_page(200, &["还没有答错的题"]);
    browser.answer(&test, 7).await;
    let book = browser.get("/me/mistakes").await;
    book.assert_page(
        200,
        &[
            "错题本",
            "正确答案",
            "还没掌握",
            "答错 1 次",
            "因为这条解析",
        ],
    );
    assert_eq!(book.body.matches("<details").count(), 3);
    let (_other, mut other) = Browser::of_follower(&test, "other").await;
    let others = other.get("/me/mistakes").await;
    assert!(!others.body.contains("<details"), "{}", others.body);
    // Whatever comes up again and is answered right counts as mastered, and stays in the book.
    for _ in 0..19 {
        browser.answer(&test, 10).await;
    }
    test.sleep(TimeDelta::minutes(2));
    for _ in 0..19 {
        browser.answer(&test, 10).await;
    }
    let book = browser.get("/me/mistakes").await;
    assert_eq!(book.body.matches("<details").count(), 3);
    assert!(book.body.contains("最近一次答对了</p>"), "{}", book.body);
}

#[tokio::test]
async fn the_certificate_counts_what_was_answered() {
    let test = TestApp::new().await;
    let (_person, mut browser) = Browser::of_follower(&test, "pupil").await;
    let before = browser.get("/me/certificate").await;
    before.assert_page(200, &["答完一次题，这里就有您的证书"]);
    browser.answer(&test, 3).await;
    browser.answer(&test, 9).await;
    let after = browser.get("/me/certificate").await;
    after.assert_page(
        200,
        &[
            "我学习了 20 道信用知识题",
            "最好成绩 9 / 10",
            "2020年4月22日",
        ],
    );
}

#[tokio::test]
async fn the_district_may_change_until_the_first_packet_of_the_city() {
    let test = TestApp::new().await;
    let person = test.follower("citizen").await;
    let mut browser = Browser::of(&test, &person).await;
    let asked = browser.get("/consent").await;
    asked.assert_page(200, &["亭湖区", "外地", "不愿透露"]);
    let tinghu = format!("district={FIRST_CITY}%2Ftinghu");
    let agreed = browser.form("/consent", &tinghu).await;
    agreed.assert_leads("/quiz/");
    browser.get("/me").await.assert_page(200, &["盐城市亭湖区"]);
    let elsewhere = browser.form("/me/district", "district=elsewhere").await;
    elsewhere.assert_leads("/me");
    let skipped = browser.form("/me/district", "").await;
    skipped.assert_leads("/me");
    assert_eq!(
        browser.get("/api/v1/me").await.json()["district"],
        "elsewhere"
    );
    let invented = browser
        .form("/me/district", "district=atlantis%2Fwest")
        .await;
    assert_eq!(invented.status, StatusCode::NOT_FOUND);
    let pass = browser.answer(&test, 5).await;
    assert_eq!(browser.claim(&pass, "k").await.status, StatusCode::OK);
    let late = browser.form("/me/district", &tinghu).await;
    late.assert_page(409, &["所在的区不能再改了"]);
    browser
        .get("/me/district")
        .await
        .assert_page(200, &["您选的是", "外地", "不能再改了"]);
}

#[tokio::test]
async fn erasing_waits_for_packets_and_leaves_no_openid_and_no_second_chance() {
    let test = TestApp::new().await;
    let (person, mut browser) = Browser::of_follower(&test, "leaver").await;
    browser.form("/me/district", "district=elsewhere").await;
    let pass = browser.answer(&test, 5).await;
    browser.claim(&pass, "k").await;
    test.settle().await;
    let early = browser.form("/me/erase", "").await;
    early.assert_page(409, &["还有红包在路上"]);
    test.open_packets(&person);
    test.settle_for(TimeDelta::hours(30)).await;
    browser.get("/me").await.assert_page(200, &["已到账"]);
    let warned = browser.get("/me/erase").await;
    warned.assert_page(200, &["会删除", "会保留", "确认删除"]);
    let erased = browser.form("/me/erase", "").await;
    erased.assert_page(200, &["您的信息已经删除"]);
    assert_eq!(
        test.number("SELECT COUNT(*) FROM person WHERE openid_sealed <> '' OR consented_ms IS NOT NULL OR district IS NOT NULL"),
        0
    );
    // The session went with the data.
    browser.get("/me").await.assert_leads("/login?next=/me");
    test.assert_sound().await;
    // Whoever comes back is asked again, and is not somebody new.
    let mut back = Browser::of(&test, &person).await;
    back.form("/quiz", "").await.assert_leads("/consent");
    back.form("/consent", "").await.assert_leads("/quiz/");
    let again = back.answer(&test, 10).await;
    let refused = back.claim(&again, "k2").await;
    refused.assert_problem(409, "already-claimed");
    assert_eq!(
        test.number("SELECT COUNT(*) FROM person WHERE openid_sealed <> ''"),
        1
    );
}

#[tokio::test]
async fn an_erased_person_with_an_old_session_has_to_log_in_again() {
    let test = TestApp::new().await;
    let (_person, mut browser) = Browser::of_follower(&test, "two phones").await;
    let pass = browser.answer(&test, 5).await;
    let old = browser.cookies.clone();
    browser.form("/me/erase", "").await.assert_page(200, &[]);
    browser.cookies = old;
    let refused = browser.claim(&pass, "k").await;
    refused.assert_problem(401, "login-refused");
    assert_eq!(test.number("SELECT COUNT(*) FROM award"), 0);
}

#[tokio::test]
async fn answers_handed_in_without_a_session_wait_for_the_login() {
    let test = TestApp::new().await;
    let (person, mut browser) = Browser::of_follower(&test, "late").await;
    let paper = browser
        .form("/quiz", "fresh=1")
        .await
        .assert_leads("/quiz/");
    let page = browser.get(&paper).await;
    let filled = filled_in(&test, &page.body, 6);
    browser.cookies.remove("contest-session");
    let away = browser.form(&paper, &filled).await;
    let login = away.assert_leads("/login?next=/quiz/");
    assert_eq!(login, format!("/login?next={paper}"));
    assert_eq!(test.number("SELECT COUNT(*) FROM attempt"), 0);
    let back = browser.authorized(&paper, &person.openid).await;
    browser.get(&back).await.assert_leads(&paper);
    let page = browser.get(&paper).await;
    assert_eq!(page.body.matches(" checked").count(), 10);
    for pair in filled.split('&') {
        let (number, letter) = pair.split_once('=').unwrap();
        let field = format!("name=\"{number}\" value=\"{letter}\" checked");
        assert!(page.body.contains(&field), "{field}");
    }
    let marked = browser.form(&paper, &filled).await;
    let result = marked.assert_leads("/result/");
    browser.get(&result).await.assert_page(200, &["答对 6 题"]);
    // Another paper has nothing filled in.
    let other = browser
        .form("/quiz", "fresh=1")
        .await
        .assert_leads("/quiz/");
    assert!(!browser.get(&other).await.body.contains(" checked"));
}

#[tokio::test]
async fn whoever_has_to_log_in_before_a_form_comes_back_to_a_page() {
    let test = TestApp::new().await;
    let (_person, mut browser) = Browser::of_follower(&test, "late").await;
    browser.get("/claims").await.assert_leads("/me");
    browser.get("/follow/check").await.assert_leads("/quiz");
    assert_eq!(
        browser.call("/api/v1/claims", &json!({})).await.status,
        StatusCode::CONFLICT
    );
}
