//! Another edition of the timetable: drafted, compared, handed in by one, approved by another, in force everywhere.

use http::Method;
use reference_server::{
    app::Sealing,
    contest::{edition, organiser::Role, planning, season},
};
use schedule_core::CitySlug;
use serde_json::{Value, json};

use super::{send, signed_in_as, step_up};
use crate::{
    app::{FIRST_CITY, SECOND_CITY, Setting, TestApp, shanghai},
    web::{
        browser::{Answer, Browser, between},
        document::Document,
    },
};

const SCHEDULE: &str = "/console/schedule";
const EDIT: &str = "/console/schedule/edit";
const CALL: &str = "/api/v1/console/schedule";
const READ: &str = "/api/v1/console/schedule/read";
const PREVIEW: &str = "/api/v1/console/schedule/preview";
const PROPOSE: &str = "/api/v1/console/schedule/editions";
const DECIDE: &str = "/api/v1/console/schedule/decide";

/// The first city is open, the second sealed and in preheat; the third plays from 6 May.
const NOON: &str = "2020-04-22 12:00:00";
const THIRD_CITY: &str = "nanjing";

async fn contest(start: &str) -> TestApp {
    TestApp::with(Setting {
        sealing: Sealing::DaysBefore(3),
        ..Setting::starting(start)
    })
    .await
}

/// The turns of the edition in force, as a call says them.
fn turns(test: &TestApp) -> Vec<Value> {
    let edition = test.app.season.edition();
    let rounds = edition.rounds().iter();
    rounds
        .map(|round| {
            let preheat = round.preheat();
            json!({
                "city": round.city().slug().as_str(),
                "contest_from": round.window().first_day().to_string(),
                "contest_to": round.window().last_day().to_string(),
                "preheat_from": preheat.map(|window| window.first_day().to_string()),
                "preheat_to": preheat.map(|window| window.last_day().to_string()),
            })
        })
        .collect()
}

/// The same with one city's turn exchanged.
fn with(turns: &[Value], city: &str, contest: [&str; 2], preheat: Option<[&str; 2]>) -> Vec<Value> {
    let mut turns = turns.to_vec();
    for turn in turns.iter_mut().filter(|turn| turn["city"] == city) {
        *turn = json!({ "city": city, "contest_from": contest[0], "contest_to": contest[1],
            "preheat_from": preheat.map(|days| days[0]), "preheat_to": preheat.map(|days| days[1]) });
    }
    turns
}

/// The last city a week later, which leaves a gap.
fn later_end(test: &TestApp) -> Vec<Value> {
    let preheat = Some(["2020-07-15", "2020-07-21"]);
    with(&turns(test), "wuxi", ["2020-07-22", "2020-07-28"], preheat)
}

fn opens(test: &TestApp, city: &str) -> Option<String> {
    let edition = test.app.season.edition();
    let round = edition.round_of(&CitySlug::new(city).unwrap());
    round.map(|round| round.window().first_day().to_string())
}

/// Two who draft and approve; the second has shown the second factor again.
async fn two(test: &TestApp) -> (Browser, Browser) {
    let maker = signed_in_as(test, "maker", Role::ProvinceAdmin).await;
    let mut checker = signed_in_as(test, "checker", Role::ContentApprover).await;
    step_up(test, &mut checker, "checker").await;
    (maker, checker)
}

async fn hand_in(browser: &mut Browser, turns: &[Value], based_on: i64) -> Answer {
    let body = json!({ "turns": turns, "based_on": based_on, "reason": "场馆临时不能用" });
    browser.call(PROPOSE, &body).await
}

/// Says a word about the edition that waits.
async fn say(browser: &mut Browser, verdict: &str) -> Answer {
    let waiting = browser.get(CALL).await.json()["waiting"].clone();
    let word = json!({ "proposal": waiting["proposal"].as_i64().unwrap_or(0),
        "digest": waiting["digest"].as_str().unwrap_or("none"), "verdict": verdict, "reason": "同意" });
    browser.call(DECIDE, &word).await
}

/// Asks every call for every answer that it documents.
pub(super) async fn describe(document: &mut Document) {
    let test = contest(NOON).await;
    let mut nobody = Browser::new(&test);
    let mut editor = signed_in_as(&test, "editor", Role::CityEditor).await;
    let (mut maker, mut checker) = two(&test).await;
    let good = json!({ "turns": later_end(&test), "based_on": 0, "reason": "why" });
    let unfit = json!({ "turns": turns(&test), "based_on": 0, "reason": "why" });
    let stale = json!({ "turns": later_end(&test), "based_on": 77, "reason": "why" });
    let too_long = json!("x".repeat(170_000));
    for body in [json!(7), too_long.clone(), good.clone()] {
        document.assert_describes("post", PREVIEW, &maker.call(PREVIEW, &body).await);
    }
    for body in [json!(7), too_long.clone(), unfit, stale, good.clone()] {
        document.assert_describes("post", PROPOSE, &maker.call(PROPOSE, &body).await);
    }
    let (file, none) = (
        json!({ "name": "赛程.csv", "text": "日期,竞赛,预热\n" }),
        json!({ "name": "赛程.csv" }),
    );
    let huge = json!("x".repeat(33 * 1024 * 1024));
    for body in [json!(7), none, huge, file] {
        document.assert_describes("post", READ, &maker.call(READ, &body).await);
    }
    for call in [READ, PREVIEW, PROPOSE, DECIDE] {
        for browser in [&mut nobody, &mut editor] {
            document.assert_describes("post", call, &browser.call(call, &good).await);
        }
    }
    let waiting = maker.get(CALL).await.json()["waiting"].clone();
    let word = |verdict: &str, reason: &str| {
        json!({ "proposal": waiting["proposal"], "digest": waiting["digest"],
            "verdict": verdict, "reason": reason })
    };
    for body in [
        json!(7),
        too_long,
        word("perhaps", "why"),
        word("approve", ""),
        word("approve", "why"),
        word("approve", "again"),
    ] {
        document.assert_describes("post", DECIDE, &checker.call(DECIDE, &body).await);
    }
}

#[tokio::test]
async fn an_approved_edition_is_in_force_on_every_instance_without_a_restart() {
    let test = contest(NOON).await;
    let beside = test.another_instance(9);
    let (mut maker, mut checker) = two(&test).await;
    assert_eq!(opens(&test, "wuxi").as_deref(), Some("2020-07-15"));
    hand_in(&mut maker, &later_end(&test), 0)
        .await
        .assert_status(201);
    // Waiting, it changes nothing; and its maker does not approve it.
    assert_eq!(opens(&test, "wuxi").as_deref(), Some("2020-07-15"));
    step_up(&test, &mut maker, "maker").await;
    say(&mut maker, "approve").await.assert_status(403);
    let page = checker.get(SCHEDULE).await;
    page.assert_page(
        200,
        &[
            "等第二个人批准：第 2 版",
            "推迟 7 天",
            "淮安市和无锡市之间",
            "批准，立即生效",
        ],
    );
    say(&mut checker, "approve").await.assert_status(204);
    assert_eq!(opens(&test, "wuxi").as_deref(), Some("2020-07-22"));
    // Another process learns of it when it looks.
    edition::refresh(&beside).await.unwrap();
    assert_eq!(beside.season.edition(), test.app.season.edition());
    // Pages, rules, calendars and calls follow.
    let mut anybody = Browser::new(&test);
    anybody
        .get("/city/wuxi")
        .await
        .assert_page(200, &["7月22日—7月28日"]);
    anybody
        .get("/rules")
        .await
        .assert_page(200, &["4月22日—7月28日", "现行的是第 2 版"]);
    let calendar = maker.get("/console/schedule/calendar").await.body;
    assert!(calendar.contains("DTSTART:20200721T160000Z") && calendar.contains("SEQUENCE:1"));
    let call = maker.get(CALL).await.json();
    assert_eq!(
        (&call["ordinal"], &call["waiting"]),
        (&2.into(), &Value::Null)
    );
    assert_eq!(call["history"][0]["checker"], "checker");
    let page = maker.get(SCHEDULE).await;
    page.assert_page(200, &["第 2 版，", "历次改期", "场馆临时不能用", "现行"]);
    test.assert_sound().await;
}

#[tokio::test]
async fn no_open_and_no_sealed_city_is_moved() {
    let test = contest(NOON).await;
    let (mut maker, _checker) = two(&test).await;
    let all = turns(&test);
    let free = ["2020-08-05", "2020-08-11"];
    let cases = [
        (with(&all, FIRST_CITY, free, None), "盐城市正在竞赛"),
        (with(&all, SECOND_CITY, free, None), "苏州市的题库已冻结"),
        // The third could still move, but not to a week for which it would be sealed already.
        (
            with(
                &all,
                THIRD_CITY,
                ["2020-05-06", "2020-05-12"],
                Some(["2020-04-25", "2020-05-05"]),
            ),
            "南京市太近了",
        ),
        (
            with(&all, THIRD_CITY, ["2020-05-07", "2020-05-13"], None),
            "南京市和徐州市的竞赛日期重叠",
        ),
        (
            with(&all, "wuxi", ["2020-07-15", "2020-07-20"], None),
            "无锡市的竞赛是 6 天，要正好 7 天",
        ),
        (
            with(
                &all,
                "wuxi",
                ["2020-07-15", "2020-07-21"],
                Some(["2020-07-10", "2020-07-15"]),
            ),
            "无锡市的预热要在开赛以前结束",
        ),
        (
            with(&all, "wuxi", ["2020-07-21", "2020-07-15"], None),
            "无锡市的结束日期早于开始日期",
        ),
        (all[1..].to_vec(), "盐城市正在竞赛"),
        (all.clone(), "完全一样"),
        (Vec::new(), "一个城市也没有"),
        (
            vec![json!({ "city": "atlantis", "contest_from": free[0], "contest_to": free[1] })],
            "没有“atlantis”",
        ),
    ];
    for (turns, sentence) in cases {
        let look = maker.call(PREVIEW, &json!({ "turns": turns })).await.json();
        let said = look["problems"].to_string();
        assert!(said.contains(sentence), "{sentence}: {said}");
        let refused = hand_in(&mut maker, &turns, 0).await;
        refused.assert_status(422);
        assert!(
            refused.body.contains(sentence),
            "{sentence}: {}",
            refused.body
        );
    }
    assert_eq!(test.number("SELECT COUNT(*) FROM proposal"), 0);
}

#[tokio::test]
async fn a_city_that_was_sealed_meanwhile_is_not_moved_by_an_approval() {
    let test = contest("2020-04-18 23:58:00").await;
    let (mut maker, mut checker) = two(&test).await;
    // The second city: preheat from 22 April, so it is sealed on the 19th.
    let all = turns(&test);
    let later = with(
        &all,
        SECOND_CITY,
        ["2020-08-05", "2020-08-11"],
        Some(["2020-07-29", "2020-08-04"]),
    );
    assert!(
        test.app.now() < shanghai("2020-04-19 00:00:00"),
        "signing in took too long"
    );
    hand_in(&mut maker, &later, 0).await.assert_status(201);
    test.sleep_until(shanghai("2020-04-19 00:00:00"));
    planning::seal_due(&test.app).await.unwrap();
    assert_eq!(
        test.number("SELECT COUNT(*) FROM city WHERE city = 'suzhou'"),
        1
    );
    let refused = say(&mut checker, "approve").await;
    refused.assert_status(422);
    assert!(
        refused.body.contains("苏州市的题库已冻结"),
        "{}",
        refused.body
    );
    checker
        .get(SCHEDULE)
        .await
        .assert_page(200, &["现在批准不了"]);
    assert_eq!(opens(&test, SECOND_CITY).as_deref(), Some("2020-04-29"));
    say(&mut checker, "reject").await.assert_status(204);
    maker.get(SCHEDULE).await.assert_page(200, &["驳回"]);
}

#[tokio::test]
async fn a_city_moved_before_it_is_sealed_is_sealed_for_its_new_days() {
    let test = contest("2020-04-16 10:00:00").await;
    let (mut maker, mut checker) = two(&test).await;
    let later = with(
        &turns(&test),
        SECOND_CITY,
        ["2020-08-05", "2020-08-11"],
        Some(["2020-07-29", "2020-08-04"]),
    );
    hand_in(&mut maker, &later, 0).await.assert_status(201);
    say(&mut checker, "approve").await.assert_status(204);
    // An instance that has not looked yet would seal it for its old days; it does not.
    let beside = test.another_instance(9);
    test.sleep_until(shanghai("2020-04-19 00:00:00"));
    planning::seal_due(&beside).await.unwrap();
    assert_eq!(
        test.number("SELECT COUNT(*) FROM city WHERE city = 'suzhou'"),
        0
    );
    test.sleep_until(shanghai("2020-07-26 00:00:00"));
    planning::seal_due(&beside).await.unwrap();
    let opens_ms = test.number("SELECT opens_ms FROM city WHERE city = 'suzhou'");
    assert_eq!(season::instant(opens_ms), shanghai("2020-08-05 00:00:00"));
    test.sleep_until(shanghai("2020-08-05 00:00:00"));
    assert_eq!(season::open_slug(&test.app).as_deref(), Some(SECOND_CITY));
    test.assert_sound().await;
}

#[tokio::test]
async fn of_two_editions_over_the_same_one_a_single_one_comes_into_force() {
    let test = contest(NOON).await;
    let (mut maker, mut checker) = two(&test).await;
    hand_in(&mut maker, &later_end(&test), 0)
        .await
        .assert_status(201);
    let second = hand_in(&mut maker, &later_end(&test), 0).await;
    second.assert_status(409);
    let mut third = signed_in_as(&test, "third", Role::ProvinceAdmin).await;
    step_up(&test, &mut third, "third").await;
    step_up(&test, &mut checker, "checker").await;
    let waiting = checker.get(CALL).await.json()["waiting"].clone();
    let word = json!({ "proposal": waiting["proposal"], "digest": waiting["digest"],
        "verdict": "approve", "reason": "同意" });
    let (one, other) = tokio::join!(checker.call(DECIDE, &word), third.call(DECIDE, &word));
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 409]);
    // What was written over the first edition comes too late.
    let stale = hand_in(&mut maker, &turns(&test), 0).await;
    stale.assert_status(409);
    assert!(stale.body.contains("superseded"), "{}", stale.body);
    let number = waiting["proposal"].as_i64().unwrap();
    let back = with(&turns(&test), "wuxi", ["2020-07-15", "2020-07-21"], None);
    hand_in(&mut maker, &back, number).await.assert_status(201);
    say(&mut maker, "withdraw").await.assert_status(403);
    step_up(&test, &mut maker, "maker").await;
    say(&mut maker, "withdraw").await.assert_status(204);
    assert_eq!(opens(&test, "wuxi").as_deref(), Some("2020-07-22"));
}

#[tokio::test]
async fn an_attempt_begun_before_an_approval_keeps_its_window() {
    let test = contest(NOON).await;
    let (mut maker, mut checker) = two(&test).await;
    let person = test.follower("早到的人").await;
    let paper = test.start(&person).await;
    // The cities behind exchange their weeks while the paper is on the phone.
    let all = turns(&test);
    let days = |city: &str| {
        let turn = all.iter().find(|turn| turn["city"] == city).unwrap();
        ["contest_from", "contest_to", "preheat_from", "preheat_to"]
            .map(|key| turn[key].as_str().unwrap().to_owned())
    };
    let (third, fourth) = (days(THIRD_CITY), days("xuzhou"));
    let swap = |turns: &[Value], city: &str, days: &[String; 4]| {
        with(
            turns,
            city,
            [&days[0], &days[1]],
            Some([&days[2], &days[3]]),
        )
    };
    let mut swapped = swap(&swap(&all, THIRD_CITY, &fourth), "xuzhou", &third);
    swapped.swap(2, 3);
    hand_in(&mut maker, &swapped, 0).await.assert_status(201);
    say(&mut checker, "approve").await.assert_status(204);
    assert_eq!(opens(&test, "xuzhou").as_deref(), Some("2020-05-06"));
    test.sleep_until(shanghai("2020-04-28 23:59:59"));
    test.submit(&person, &paper, 5).await.unwrap();
    let closes_ms = test.number("SELECT MIN(closes_ms) FROM attempt");
    assert_eq!(season::instant(closes_ms), shanghai("2020-04-29 00:00:00"));
    test.assert_sound().await;
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story, told in its order")]
async fn an_edition_is_drafted_in_a_table_of_dates_and_from_an_offices_file() {
    let test = contest(NOON).await;
    let (mut maker, mut checker) = two(&test).await;
    let page = maker.get(EDIT).await;
    page.assert_page(
        200,
        &["改期：起草第 2 版", "不能：正在竞赛", "红包已按这几天封存"],
    );
    assert!(!page.body.contains("name=\"contest.yancheng\""));
    assert!(
        page.body
            .contains("name=\"contest.nanjing\" value=\"2020-05-06\"")
    );
    let field =
        |name: &str| between(&page.body, &format!("name=\"{name}\" value=\""), "\"").to_owned();
    let form = |changes: &[(&str, &str)]| {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("based_on", &field("based_on"));
        for city in test.app.season.province.cities() {
            for kind in ["contest", "preheat", "preheat_last"] {
                let name = format!("{kind}.{}", city.slug().as_str());
                if page.body.contains(&format!("name=\"{name}\"")) {
                    let changed = changes.iter().find(|(changed, _value)| *changed == name);
                    let value =
                        changed.map_or_else(|| field(&name), |(_name, value)| (*value).to_owned());
                    form.append_pair(&name, &value);
                }
            }
        }
        for (name, value) in changes.iter().filter(|(name, _value)| *name == "reason") {
            form.append_pair(name, value);
        }
        form.finish()
    };
    let cancelled = form(&[("contest.wuxi", "")]);
    let look = send(&mut maker, "/console/schedule/preview", &cancelled).await;
    look.assert_page(200, &["会变成这样", "取消", "class=\"was\"", "不举办"]);
    let bad = form(&[("contest.wuxi", "七月")]);
    let refused = send(&mut maker, "/console/schedule/preview", &bad).await;
    refused.assert_page(422, &["无锡市的竞赛第一天不是日期"]);
    let without_reason = form(&[("contest.wuxi", "")]);
    let refused = send(&mut maker, "/console/schedule/propose", &without_reason).await;
    refused.assert_page(422, &["理由"]);
    let holiday = form(&[
        ("contest.wuxi", "2020-09-28"),
        ("preheat.wuxi", ""),
        ("preheat_last.wuxi", ""),
    ]);
    let look = send(&mut maker, "/console/schedule/preview", &holiday).await;
    look.assert_page(
        200,
        &["无锡市没有预热", "无锡市的竞赛遇到", "天没有城市开赛"],
    );
    let good = form(&[("contest.wuxi", ""), ("reason", "经费调整")]);
    send(&mut maker, "/console/schedule/propose", &good)
        .await
        .assert_leads(SCHEDULE);
    let asked = checker.get(SCHEDULE).await;
    let value =
        |name: &str| between(&asked.body, &format!("name=\"{name}\" value=\""), "\"").to_owned();
    let word = format!(
        "proposal={}&digest={}&verdict=approve&reason=ok",
        value("proposal"),
        value("digest")
    );
    send(&mut checker, "/console/schedule/decide", &word)
        .await
        .assert_leads(SCHEDULE);
    assert_eq!(opens(&test, "wuxi"), None);
    Browser::new(&test)
        .get("/city/wuxi")
        .await
        .assert_status(404);
    let calendar = maker.get("/console/schedule/calendar").await.body;
    assert!(calendar.contains("STATUS:CANCELLED"));
    // The office's table of the original plan, as text: its first cities are bound, which is said.
    let table = "序号,时间,竞赛,预热\n1,7月15日—7月21日,无锡市,\n";
    let read = upload(&mut maker, "table.csv", table).await;
    read.assert_page(
        200,
        &[
            "这一版还不能用",
            "盐城市正在竞赛",
            "name=\"contest.wuxi\" value=\"2020-07-15\"",
        ],
    );
    let odd = upload(&mut maker, "table.csv", "序号,时间,竞赛\n1,昨天,无锡市\n").await;
    odd.assert_page(422, &["这张表还读不成赛程", "第2行"]);
    let none = upload(&mut maker, "table.exe", "x").await;
    none.assert_page(422, &["table.exe"]);
    let call = json!({ "name": "table.csv", "text": table });
    let read = maker.call(READ, &call).await.json();
    let of_wuxi = read["turns"].as_array().unwrap().iter();
    let of_wuxi: Vec<_> = of_wuxi.filter(|turn| turn["city"] == "wuxi").collect();
    assert_eq!(of_wuxi.len(), 1, "{read}");
    assert_eq!(of_wuxi[0]["contest_from"], "2020-07-15");
    let call = json!({ "name": "table.exe", "content_base64": "eA==" });
    let none = maker.call(READ, &call).await.json();
    assert_eq!(none["turns"], Value::Null);
    assert!(none["problems"].to_string().contains("table.exe"), "{none}");
}

async fn upload(browser: &mut Browser, name: &str, content: &str) -> Answer {
    let page = browser.get(EDIT).await;
    let token = between(&page.body, "name=\"form_token\" value=\"", "\"");
    let part = |head: &str, text: &str| {
        format!("--line\r\nContent-Disposition: form-data; {head}\r\n\r\n{text}\r\n")
    };
    let body = format!(
        "{}{}--line--\r\n",
        part("name=\"form_token\"", &token),
        part(&format!("name=\"file\"; filename=\"{name}\""), content)
    );
    let request = browser
        .request(Method::POST, "/console/schedule/upload")
        .header("content-type", "multipart/form-data; boundary=line")
        .header("sec-fetch-site", "same-origin");
    browser.send(request, body).await
}

#[tokio::test]
async fn a_season_in_which_nothing_can_move_has_no_form_for_dates() {
    let test = contest(NOON).await;
    let (mut maker, _checker) = two(&test).await;
    maker.get(EDIT).await.assert_page(200, &["name=\"reason\""]);
    let test = contest("2020-08-20 12:00:00").await;
    let (mut maker, _checker) = two(&test).await;
    let page = maker.get(EDIT).await;
    page.assert_page(200, &["没有能改的日期"]);
    assert!(!page.body.contains("name=\"reason\""));
    assert!(!page.body.contains("type=\"file\""));
}
