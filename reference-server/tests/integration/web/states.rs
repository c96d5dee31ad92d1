//! Every page stands in every state of the contest, and says what is on.

use std::sync::Arc;

use reference_server::{
    app::{App, Season},
    contest::{pause::Subject, season::MoneyShown},
};
use reward_core::Fen;
use serde_json::json;

use super::browser::{Answer, Browser};
use crate::app::{FIRST_CITY, TestApp, shanghai};

/// Pages that everybody may look at, in every state.
const PUBLIC: [&str; 7] = [
    "/",
    "/rules",
    "/verify",
    "/city/yancheng",
    "/city/xuzhou",
    "/follow",
    "/consent",
];

/// A browser of somebody who has answered, claimed and looked at everything.
async fn assert_all_stand(test: &TestApp, browser: &mut Browser) {
    for path in PUBLIC {
        Browser::new(test)
            .get(path)
            .await
            .assert_page(200, &["<main", "首页"]);
    }
    let me = browser.get("/api/v1/me").await.json();
    let named = |list: &str, field: &str| -> Vec<String> {
        let list = me[list].as_array().unwrap();
        list.iter()
            .map(|line| line[field].as_str().unwrap().to_owned())
            .collect()
    };
    let results = named("attempts", "attempt_id")
        .into_iter()
        .map(|id| format!("/result/{id}"));
    let packets = named("packets", "award")
        .into_iter()
        .flat_map(|id| [format!("/packet/{id}"), format!("/packet/{id}/receipt")]);
    let fixed = PUBLIC
        .into_iter()
        .chain(["/me", "/poster"])
        .map(str::to_owned);
    for path in fixed.chain(results).chain(packets) {
        browser.get(&path).await.assert_page(200, &["<main"]);
    }
}

async fn phase(test: &TestApp) -> String {
    let contest = Browser::new(test).get("/api/v1/contest").await.json();
    contest["phase"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn before_the_first_city_the_pages_tell_when_it_opens() {
    for (start, phase_word, words) in [
        (
            "2020-04-01 12:00:00",
            "before",
            ["即将开始", "距首站开赛", "查看赛程"],
        ),
        (
            "2020-04-21 23:59:59.999",
            "preheat",
            ["预热中", "距开赛", "看城市风采"],
        ),
    ] {
        let test = TestApp::starting(start).await;
        let person = test.follower("early").await;
        let mut browser = Browser::of(&test, &person).await;
        assert_eq!(phase(&test).await, phase_word);
        let door = browser.get("/").await;
        door.assert_page(
            200,
            &["盐城", "4月22日 00:00 开赛", words[0], words[1], words[2]],
        );
        assert!(!door.body.contains("看成绩单"));
        assert!(!door.body.contains("开始答题</button>"));
        let refused = browser.call("/api/v1/attempts", &json!({})).await;
        refused.assert_problem(409, "no-city-open");
        let refused = browser.form("/quiz", "").await;
        refused.assert_page(409, &["现在没有城市在竞赛", "4月22日 00:00 开赛"]);
        assert_all_stand(&test, &mut browser).await;
    }
}

#[tokio::test]
async fn while_a_city_is_open_the_pages_invite() {
    let test = TestApp::starting("2020-04-22 00:00:00").await;
    let (_person, mut browser) = Browser::of_follower(&test, "person").await;
    assert_eq!(phase(&test).await, "contest");
    let door = browser.get("/").await;
    door.assert_page(
        200,
        &[
            "竞赛进行中",
            "距结束",
            "今日红包",
            "充足",
            "开始答题</button>",
        ],
    );
    browser.answer(&test, 4).await;
    let pass = browser.answer(&test, 5).await;
    browser.claim(&pass, "k").await;
    assert_all_stand(&test, &mut browser).await;
    browser
        .get("/city/yancheng")
        .await
        .assert_page(200, &["正在竞赛"]);
}

#[tokio::test]
async fn when_the_day_is_used_up_the_pages_say_until_when() {
    let test = TestApp::new().await;
    for number in 0..8 {
        test.winner(&format!("winner {number}")).await;
    }
    let (_person, mut browser) = Browser::of_follower(&test, "ninth").await;
    let pass = browser.answer(&test, 5).await;
    let refused = browser.claim(&pass, "k").await;
    refused.assert_problem(409, "day-exhausted");
    let door = browser.get("/").await;
    door.assert_page(
        200,
        &["今日红包已发完，明日 00:00 继续", "开始答题</button>"],
    );
    assert!(!door.body.contains("充足"));
    let result = browser.get(&format!("/result/{pass}")).await;
    result.assert_page(
        200,
        &[
            "今日红包已发完，资格为您保留",
            "4月23日 00:00 继续发放，明日再来。资格保留到 4月28日 24:00。",
        ],
    );
    browser.get("/me").await.assert_page(200, &["保留中"]);
    let contest = browser.get("/api/v1/contest").await.json();
    assert_eq!(contest["city"]["money"]["state"], "day-exhausted");
    assert_eq!(
        contest["city"]["money"]["available_from"],
        "2020-04-23T00:00:00+08:00"
    );
    assert_all_stand(&test, &mut browser).await;
    test.sleep_until(shanghai("2020-04-23 00:00:00"));
    browser.claim(&pass, "k").await.json()["amount_fen"]
        .as_u64()
        .unwrap();
}

#[tokio::test]
async fn what_is_left_of_a_day_is_told_as_the_season_tells_it() {
    let mut test = TestApp::new().await;
    let (_person, spent) = test.winner("first").await;
    let left = Fen::new(20_000 - spent.amount.get());
    let sum = format!("今日红包还剩</span><strong>{left} 元");
    for (shown, words, tells_band, left_fen) in [
        (MoneyShown::Band, "今日红包</span><strong>", true, None),
        (MoneyShown::Exact, sum.as_str(), false, Some(left.get())),
        (MoneyShown::Hidden, "", false, None),
    ] {
        let app = Arc::try_unwrap(test.another_instance(11)).unwrap();
        let season = Season {
            money_shown: shown,
            ..Season::clone(&app.season)
        };
        test.app = Arc::new(App {
            season: Arc::new(season),
            ..app
        });
        let door = Browser::new(&test).get("/").await;
        door.assert_page(200, &["开始答题</button>", words]);
        let tells = door.body.contains("<progress");
        assert_eq!(tells, shown != MoneyShown::Hidden, "{shown:?}");
        let money = Browser::new(&test).get("/api/v1/contest").await.json();
        let money = &money["city"]["money"];
        assert_eq!(money["band"].is_string(), tells_band, "{money}");
        assert_eq!(money["left_fen"].as_u64(), left_fen, "{money}");
    }
    // That there is nothing left, nobody is kept from knowing.
    for number in 1..8 {
        test.winner(&format!("winner {number}")).await;
    }
    let door = Browser::new(&test).get("/").await;
    door.assert_page(200, &["今日红包已发完，明日 00:00 继续"]);
}

#[tokio::test]
async fn between_two_cities_the_page_tells_of_both() {
    // The third city has no bank here, so its week stays empty.
    let test = TestApp::starting("2020-05-07 12:00:00").await;
    let door = Browser::new(&test).get("/").await;
    door.assert_page(
        200,
        &["预热中", "距开赛", "上一站苏州市已经结束", "看成绩单"],
    );
}

#[tokio::test]
async fn who_does_not_follow_yet_finds_the_sheet_on_the_page() {
    let test = TestApp::new().await;
    let person = test.stranger("new").await;
    let mut browser = Browser::of(&test, &person).await;
    let offered = |door: &Answer| door.body.contains("data-opens=\"follow\"");
    // The notice about personal data comes first.
    assert!(!offered(&browser.get("/").await));
    browser.form("/consent", "").await.assert_leads("/follow");
    let door = browser.get("/").await;
    door.assert_page(
        200,
        &["关注“苏信服”后即可答题", "我已关注，继续", "hidden><div>"],
    );
    assert!(offered(&door));
    let opened = browser.get("/follow").await;
    opened.assert_page(200, &["关注“苏信服”后即可答题", "开始答题</button>"]);
    assert!(!opened.body.contains("hidden><div>"), "{}", opened.body);
    test.follow(&person, None).await;
    assert!(!offered(&browser.get("/").await));
}

#[tokio::test]
async fn a_city_that_has_handed_nothing_in_shows_a_skyline() {
    let test = TestApp::new().await;
    let mut browser = Browser::new(&test);
    let page = browser.get("/city/xuzhou").await;
    page.assert_page(200, &["城市风采正在准备中", "/city/xuzhou/hero.svg"]);
    let drawing = browser.get("/city/xuzhou/hero.svg").await;
    assert_eq!(drawing.status, 200);
    assert!(drawing.body.starts_with("<svg "), "{}", drawing.body);
    assert_eq!(browser.get("/city/atlantis/hero.svg").await.status, 404);
}

#[tokio::test]
async fn the_rules_page_prints_what_was_published_of_the_open_city() {
    let test = TestApp::new().await;
    let rules = Browser::new(&test).get("/rules").await;
    let commitment = "SELECT plan_commitment FROM city WHERE city = 'yancheng'";
    let commitment = test.raw().text(commitment);
    assert_eq!(commitment.len(), 64);
    rules.assert_page(
        200,
        &["盐城市的承诺值", &commitment, "自 4月22日 00:00 起执行"],
    );
    let n_questions = rules.body.matches("<details><summary>").count();
    assert_eq!(n_questions, 13);
}

#[tokio::test]
async fn while_a_city_is_paused_the_pages_repeat_the_organisers_sentence() {
    let test = TestApp::new().await;
    let (_person, mut browser) = Browser::of_follower(&test, "person").await;
    let paper = browser.draw().await;
    let sentence = "系统维护，今天十点恢复。<b>";
    for subject in [Subject::Quiz, Subject::Claims] {
        test.pause(FIRST_CITY, subject, sentence).await;
    }
    assert_eq!(phase(&test).await, "paused");
    let door = browser.get("/").await;
    door.assert_page(200, &["暂停", "系统维护，今天十点恢复。"]);
    assert!(!door.body.contains("<b>。") && !door.body.contains("恢复。<b>"));
    let refused = browser.call("/api/v1/attempts", &json!({})).await;
    refused.assert_problem(409, "paused");
    // What was drawn before the pause is still marked; its packet waits.
    let marked = browser.hand_in(&test, &paper, 5).await.json();
    assert_eq!(marked["passed"], true);
    let refused = browser
        .claim(marked["attempt_id"].as_str().unwrap(), "k")
        .await;
    refused.assert_problem(409, "paused");
    assert_all_stand(&test, &mut browser).await;
}

#[tokio::test]
async fn after_the_last_city_the_pages_thank_and_keep_every_record() {
    let test = TestApp::starting("2020-05-05 12:00:00").await;
    let (person, mut browser) = Browser::of_follower(&test, "person").await;
    let pass = browser.answer(&test, 5).await;
    browser.claim(&pass, "k").await;
    test.settle().await;
    test.sleep_until(shanghai("2020-07-22 00:00:00"));
    browser = Browser::of(&test, &person).await;
    assert_eq!(phase(&test).await, "after");
    let door = browser.get("/").await;
    door.assert_page(200, &["全省接力圆满结束", "看成绩单"]);
    let summary = browser.get("/summary").await;
    summary.assert_page(200, &["我的证书", "答案与解析", "公开核验"]);
    let refused = browser.call("/api/v1/attempts", &json!({})).await;
    refused.assert_problem(409, "no-city-open");
    let refused = browser.form("/quiz", "").await;
    refused.assert_page(409, &["全省竞赛已经结束"]);
    assert_all_stand(&test, &mut browser).await;
}

#[tokio::test]
async fn the_text_size_is_kept_without_script() {
    let test = TestApp::new().await;
    let mut browser = Browser::new(&test);
    for (word, class) in [
        ("large", "class=\"large\""),
        ("largest", "class=\"largest\""),
    ] {
        let answer = browser.get(&format!("/text-size/{word}?back=/rules")).await;
        answer.assert_leads("/rules");
        browser.get("/rules").await.assert_page(200, &[class]);
    }
    browser.get("/text-size/huge").await.assert_leads("/");
    assert!(!browser.get("/").await.body.contains("class=\"large"));
}
