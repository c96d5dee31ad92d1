//! A half of a bank from a raw file to the opening: who may do what, what is refused, and when it is too late.

use std::{fmt::Write as _, io::Cursor, sync::Arc};

use calamine::{Reader as _, Xlsx};
use chrono::TimeDelta;
use reference_server::{
    app::Sealing,
    clock::SimulatedClock,
    contest::{
        attempt,
        organiser::{
            Role, Roles,
            roster::{self, Newcomer},
        },
        planning, publication,
    },
};
use serde_json::{Value, json};

use super::{Colleague, send, signed_in, signed_in_as};
use crate::{
    app::{FIRST_CITY, SECOND_CITY, Setting, TestApp, shanghai},
    web::browser::Browser,
};

/// A city without question files; it opens on 6 May 2020.
pub(super) const BARE: &str = "nanjing";
const OPENS: &str = "2020-05-06 00:00:00";
/// When the second city opens.
const SECOND_OPENS: &str = "2020-04-29 00:00:00";

pub(super) fn draft(city: &str) -> String {
    format!("/api/v1/console/cities/{city}/bank-draft")
}

pub(super) fn submission(city: &str) -> String {
    format!("/api/v1/console/cities/{city}/bank-submission")
}

fn page(city: &str) -> String {
    format!("/console/cities/{city}/bank/draft")
}

/// A table of so many questions; every stem has the word in it.
pub(super) fn table(word: &str, n: u32) -> String {
    let mut table = "题目,选项A,选项B,选项C,选项D,答案,解析,依据\n".to_owned();
    for number in 1..=n {
        let stem = format!("{word}条例第{number}条规定的期限是多少天？");
        let letter = ["A", "B", "C", "D"][usize::try_from(number % 4).unwrap()];
        let days: Vec<String> = (0..4).map(|more| format!("{}天", number + more)).collect();
        writeln!(
            table,
            "{stem},{},{letter},见条文,{word}条例",
            days.join(",")
        )
        .unwrap();
    }
    table
}

/// Hands a text file in; the draft's new version.
async fn upload(browser: &mut Browser, city: &str, text: &str) -> i64 {
    let seen = browser.get(&draft(city)).await.json()["version"].clone();
    let body = json!({ "version": seen, "name": "题库.csv", "text": text });
    let answer = browser.call(&draft(city), &body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["version"].as_i64().unwrap()
}

/// Hands in a complete half of this word and submits it; the words with which it is decided.
async fn submitted(browser: &mut Browser, city: &str, word: &str) -> Value {
    let version = upload(browser, city, &table(word, 50)).await;
    let body = json!({ "version": version, "reason": "市里写好了" });
    let answer = browser
        .call(&format!("{}/submit", draft(city)), &body)
        .await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let review = browser.get(&submission(city)).await.json();
    json!({
        "proposal": review["submission"]["proposal"],
        "digest": review["submission"]["digest"],
        "verdict": "approve",
        "reason": "看过了",
    })
}

/// Whether a paper drawn there and then has a question with this word.
async fn paper_says(
    app: &reference_server::app::App,
    person: &crate::app::Person,
    word: &str,
) -> bool {
    let paper = attempt::start(app, &person.id).await.unwrap();
    paper.items.iter().any(|item| item.stem.contains(word))
}

#[tokio::test]
async fn a_city_without_a_bank_is_alarmed_about_and_opens_with_the_one_that_two_persons_made() {
    let test = TestApp::new().await;
    let mut maker = signed_in_as(&test, "maker", Role::ProvinceAdmin).await;
    let mut approver = signed_in_as(&test, "approver", Role::ContentApprover).await;
    let overview = format!("/console/cities/{BARE}");
    for (path, said) in [
        (overview.as_str(), "题库未就绪"),
        ("/console/schedule", "题库未就绪"),
        ("/console/cities/nanjing/bank", "题库未就绪"),
        ("/console/cities/nanjing/bank/draft", "草稿还没有开始"),
    ] {
        maker.get(path).await.assert_page(200, &[said]);
    }
    let word = submitted(&mut maker, BARE, "紫金").await;
    maker
        .get("/console/schedule")
        .await
        .assert_page(200, &["题库未就绪，待审核"]);
    let own = maker
        .call(&format!("{}/decide", submission(BARE)), &word)
        .await;
    own.assert_problem(403, "role-forbidden");
    assert_eq!(
        publication::city(&test.app, BARE)
            .await
            .unwrap()
            .map(|_| ()),
        None
    );
    let elsewhere = test.another_instance(41);
    let answer = approver
        .call(&format!("{}/decide", submission(BARE)), &word)
        .await;
    assert_eq!(answer.status, 204, "{answer:?}");
    // The bank is what the public reads, and the audit chain, from the same instant.
    let record = publication::city(&test.app, BARE).await.unwrap().unwrap();
    let stored = test
        .raw()
        .text("SELECT bank FROM city WHERE city = 'nanjing'");
    assert_eq!(record.bank_digest, stored);
    let planned = format!(
        "SELECT COUNT(*) FROM audit_event WHERE action = 'city.planned' AND actor = 'approver'
         AND detail LIKE '%bank={stored}%'"
    );
    assert_eq!(test.number(&planned), 1);
    let schedule = maker.get("/api/v1/console/schedule").await.json();
    let cities = schedule["cities"].as_array().unwrap();
    let bank_of = |city: &str| {
        let found = cities.iter().find(|one| one["city"] == city);
        found.unwrap()["bank"].clone()
    };
    assert_eq!(bank_of(BARE), "in_force");
    assert_eq!(bank_of(FIRST_CITY), "frozen");
    assert_eq!(bank_of("xuzhou"), "missing");
    // A later start finds it planned, and an instance that was there before plays it.
    let prepared = planning::prepare(&elsewhere).await.unwrap();
    assert!(prepared.planned.contains(&BARE.to_owned()));
    let person = test.follower("person").await;
    test.sleep_until(shanghai(OPENS));
    let mut has_own = false;
    for _paper in 0..5 {
        has_own |= paper_says(&elsewhere, &person, "紫金").await;
    }
    assert!(has_own);
    test.assert_sound().await;
}

#[tokio::test]
async fn an_approved_bank_waits_for_the_day_of_sealing_and_takes_the_place_of_the_files() {
    let test = TestApp::with(Setting {
        sealing: Sealing::DaysBefore(3),
        ..Setting::starting("2020-03-25 12:00:00")
    })
    .await;
    let mut maker = signed_in_as(&test, "maker", Role::ProvinceAdmin).await;
    let mut approver = signed_in_as(&test, "approver", Role::ContentApprover).await;
    let bank = format!("/console/cities/{SECOND_CITY}/bank");
    maker
        .get(&bank)
        .await
        .assert_page(200, &["服务器上有题库文件"]);
    for city in [SECOND_CITY, BARE] {
        let word = submitted(&mut maker, city, "吴中").await;
        let answer = approver
            .call(&format!("{}/decide", submission(city)), &word)
            .await;
        assert_eq!(answer.status, 204, "{answer:?}");
    }
    // Neither is bound to its days yet, and another bank may take the place of this one.
    assert_eq!(test.number("SELECT COUNT(*) FROM city"), 0);
    maker
        .get(&bank)
        .await
        .assert_page(200, &["题库已批准", "手机预览"]);
    let overview = maker.get(&format!("/console/cities/{BARE}")).await;
    assert!(!overview.body.contains("题库未就绪"));
    let word = submitted(&mut maker, SECOND_CITY, "姑苏").await;
    let answer = approver
        .call(&format!("{}/decide", submission(SECOND_CITY)), &word)
        .await;
    assert_eq!(answer.status, 204, "{answer:?}");
    test.sleep_until(shanghai(SECOND_OPENS) - TimeDelta::days(1));
    let elsewhere = test.another_instance(44);
    let prepared = planning::seal_due(&elsewhere).await.unwrap();
    assert!(
        prepared.planned.contains(&SECOND_CITY.to_owned()),
        "{prepared:?}"
    );
    let approved = test.raw().text(
        "SELECT substr(content, 6) FROM proposal WHERE kind = 'bank' AND city = 'suzhou'
         ORDER BY proposal DESC LIMIT 1",
    );
    let stored = test
        .raw()
        .text("SELECT bank FROM city WHERE city = 'suzhou'");
    assert_eq!(approved, stored);
    test.assert_sound().await;
}

#[tokio::test]
async fn a_city_without_a_bank_does_not_open_and_opens_late_with_a_late_one() {
    let test = TestApp::new().await;
    test.sleep_until(shanghai("2020-05-07 12:00:00"));
    let person = test.follower("person").await;
    let code = crate::app::code(attempt::start(&test.app, &person.id).await);
    assert_eq!(code, "no-city-open");
    let mut maker = signed_in_as(&test, "maker", Role::ProvinceAdmin).await;
    let mut approver = signed_in_as(&test, "approver", Role::ContentApprover).await;
    let overview = maker.get("/console/cities/nanjing").await;
    overview.assert_page(200, &["开赛时间已到，但没有题库"]);
    let word = submitted(&mut maker, BARE, "紫金").await;
    let answer = approver
        .call(&format!("{}/decide", submission(BARE)), &word)
        .await;
    assert_eq!(answer.status, 204, "{answer:?}");
    assert!(attempt::start(&test.app, &person.id).await.is_ok());
    test.assert_sound().await;
}

#[tokio::test]
async fn nobody_approves_an_own_bank_and_of_two_approvers_one_is_heard() {
    let test = TestApp::new().await;
    let roles = Roles::new([Role::ProvinceAdmin, Role::ContentApprover], None).unwrap();
    let newcomer = Newcomer {
        name: "both".to_owned(),
        display_name: "两样都做".to_owned(),
        roles,
        city: None,
    };
    let password = roster::demonstrate(&test.app, newcomer).await.unwrap();
    let both = Colleague {
        name: "both".to_owned(),
        password: password.as_str().to_owned(),
    };
    let mut maker = signed_in(&test, &both).await;
    let decide = format!("{}/decide", submission(SECOND_CITY));
    let word = submitted(&mut maker, SECOND_CITY, "姑苏").await;
    maker
        .call(&decide, &word)
        .await
        .assert_problem(403, "same-person");
    let page = maker
        .get(&format!("/console/cities/{SECOND_CITY}/bank/review"))
        .await;
    page.assert_page(200, &["撤回"]);
    assert!(!page.body.contains("批准，立即生效"));
    let mut first = signed_in_as(&test, "first", Role::ContentApprover).await;
    let mut second = signed_in_as(&test, "second", Role::ContentApprover).await;
    let (one, other) = tokio::join!(first.call(&decide, &word), second.call(&decide, &word));
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 409], "{one:?} {other:?}");
    let events = "SELECT COUNT(*) FROM audit_event WHERE action = 'bank.in_force'";
    assert_eq!(test.number(events), 1);
    test.assert_sound().await;
}

#[tokio::test]
async fn a_bank_is_exchanged_until_the_very_millisecond_of_the_opening() {
    for (early_ms, code) in [(1, None), (0, Some("bank-frozen"))] {
        let test = TestApp::new().await;
        let mut editor = signed_in_as(&test, "editor", Role::CityEditor).await;
        let word = submitted(&mut editor, SECOND_CITY, "姑苏").await;
        let before = test
            .raw()
            .text("SELECT bank FROM city WHERE city = 'suzhou'");
        let opens = shanghai(SECOND_OPENS);
        test.sleep_until(opens - TimeDelta::minutes(5));
        let mut approver = signed_in_as(&test, "approver", Role::ContentApprover).await;
        test.sleep_until(opens - TimeDelta::milliseconds(early_ms));
        let decide = format!("{}/decide", submission(SECOND_CITY));
        let answer = approver.call(&decide, &word).await;
        let after = test
            .raw()
            .text("SELECT bank FROM city WHERE city = 'suzhou'");
        match code {
            None => {
                assert_eq!(answer.status, 204, "{answer:?}");
                assert_ne!(before, after);
            }
            Some(code) => {
                answer.assert_problem(409, code);
                assert_eq!(before, after);
                // Whatever waits can be ended, and the page says why nothing more can be done.
                let review = format!("/console/cities/{SECOND_CITY}/bank/review");
                let shown = approver.get(&review).await;
                shown.assert_page(200, &["已经开赛，这一份不能再批准", "驳回"]);
                let reject = json!({ "verdict": "reject", "proposal": word["proposal"],
                    "digest": word["digest"], "reason": "晚了" });
                assert_eq!(approver.call(&decide, &reject).await.status, 204);
                let mut admin = signed_in_as(&test, "admin", Role::ProvinceAdmin).await;
                let body = json!({ "version": 1, "name": "a.csv", "text": table("晚", 2) });
                let late = admin.call(&draft(SECOND_CITY), &body).await;
                late.assert_problem(409, "bank-frozen");
                admin
                    .get(&page(SECOND_CITY))
                    .await
                    .assert_page(200, &["题库已经冻结，不能再换"]);
            }
        }
        test.assert_sound().await;
    }
}

#[tokio::test]
async fn an_instance_that_knew_the_bank_before_plays_the_new_one_and_the_first_paper_ends_exchanging()
 {
    let test = TestApp::new().await;
    let mut editor = signed_in_as(&test, "editor", Role::CityEditor).await;
    let mut approver = signed_in_as(&test, "approver", Role::ContentApprover).await;
    // What another instance has looked at is not what it plays.
    let elsewhere = test.another_instance(42);
    let items = format!("/console/cities/{SECOND_CITY}/items");
    let colleague = super::colleague(&test, "watcher", Role::ProvinceAdmin).await;
    let signed = signed_in(&test, &colleague).await;
    let mut watcher = Browser::over(Arc::clone(&elsewhere));
    watcher.cookies = signed.cookies;
    assert_eq!(watcher.get(&items).await.status, 200);
    let word = submitted(&mut editor, SECOND_CITY, "姑苏").await;
    let decide = format!("{}/decide", submission(SECOND_CITY));
    assert_eq!(approver.call(&decide, &word).await.status, 204);
    let next = submitted(&mut editor, SECOND_CITY, "吴中").await;
    let person = test.follower("person").await;
    let opens = shanghai(SECOND_OPENS);
    test.sleep_until(opens);
    let mut has_new = false;
    for _paper in 0..5 {
        has_new |= paper_says(&elsewhere, &person, "姑苏").await;
    }
    assert!(has_new);
    let paper = attempt::start(&elsewhere, &person.id).await.unwrap();
    // Even an instance whose clock is behind exchanges nothing after that.
    let behind = Arc::new(SimulatedClock::standing_at(
        opens - TimeDelta::milliseconds(5),
    ));
    let behind = test.another_instance_at(43, behind);
    let signed = signed_in_as(&test, "late", Role::ContentApprover).await;
    let mut late = Browser::over(behind);
    late.cookies = signed.cookies;
    late.call(&decide, &next)
        .await
        .assert_problem(409, "bank-frozen");
    // The paper is marked by the bank it was drawn from, wherever it is handed in.
    let answers = [("1".to_owned(), "A".to_owned())].into();
    let outcome = attempt::submit(&test.app, &person.id, &paper.attempt, &answers).await;
    let outcome = outcome.unwrap();
    let stems = |one: &attempt::Outcome| -> Vec<String> {
        one.review.iter().map(|item| item.stem.clone()).collect()
    };
    let drawn: Vec<String> = paper.items.iter().map(|item| item.stem.clone()).collect();
    assert_eq!(stems(&outcome), drawn);
    test.assert_sound().await;
}

/// A form with a file, as a browser sends it.
async fn hand_in(browser: &mut Browser, city: &str, name: &str, bytes: &[u8]) -> super::Answer {
    let target = page(city);
    let shown = browser.get(&target).await;
    let value =
        |name: &str| super::between(&shown.body, &format!("name=\"{name}\" value=\""), "\"");
    let mut body = Vec::new();
    for field in ["form_token", "version"] {
        let value = value(field);
        body.extend(
            format!(
                "--line\r\ncontent-disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n"
            )
            .into_bytes(),
        );
    }
    body.extend(
        format!(
            "--line\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             content-type: application/octet-stream\r\n\r\n"
        )
        .into_bytes(),
    );
    body.extend(bytes);
    body.extend(b"\r\n--line--\r\n");
    let request = browser
        .request(http::Method::POST, &target)
        .header("content-type", "multipart/form-data; boundary=line");
    browser.send(request, body).await
}

fn form(fields: &[(&str, &str)]) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    for (name, value) in fields {
        form.append_pair(name, value);
    }
    form.finish()
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story, told in its order")]
async fn what_is_wrong_stands_at_its_row_and_column_until_it_is_mended() {
    let test = TestApp::new().await;
    let mut editor = signed_in_as(&test, "editor", Role::CityEditor).await;
    let mut auditor = signed_in_as(&test, "auditor", Role::Auditor).await;
    let mut rows: Vec<String> = table("姑苏", 50).lines().map(str::to_owned).collect();
    rows[16] = rows[16].replace(",A,见条文", ",E,见条文");
    rows[22] = format!(",{}", rows[22].split_once(',').unwrap().1);
    let file = rows.join("\n");
    let sent = hand_in(&mut editor, SECOND_CITY, "苏州题库.csv", file.as_bytes()).await;
    sent.assert_leads(&page(SECOND_CITY));
    let shown = editor.get(&page(SECOND_CITY)).await;
    shown.assert_page(
        200,
        &[
            "苏州题库.csv",
            "48 / 需 50",
            "第 17 行",
            "F 列（答案）",
            "答案指向不存在的选项",
            "第 23 行",
            "缺少题干",
            "还差 2 题",
            "还有 2 处错误要改",
            "disabled",
            "读成",
        ],
    );
    // Whoever only reads sees the same without a form.
    let read = auditor.get(&page(SECOND_CITY)).await;
    read.assert_page(200, &["第 17 行", "苏州题库.csv"]);
    assert!(!read.body.contains("上传并检查") && !read.body.contains("补写一题"));
    let item = format!("{}/questions/0-17", page(SECOND_CITY));
    let asked = editor.get(&item).await;
    asked.assert_page(
        200,
        &["答案指向不存在的选项", "姑苏条例第16条", "文件里的原文"],
    );
    let stem = "姑苏条例第16条规定的期限是多少天？";
    let typed = |key: &str, version: &str| {
        form(&[
            ("version", version),
            ("stem", stem),
            ("choice_a", "16天"),
            ("choice_b", "17天"),
            ("key", key),
        ])
    };
    let refused = send(&mut editor, &item, &typed("C", "1")).await;
    refused.assert_page(422, &["答案是 C，而只有 2 个选项", "17天"]);
    let lost = send(&mut editor, &item, &typed("A", "7")).await;
    lost.assert_page(409, &["草稿刚刚被别人改过"]);
    send(&mut editor, &item, &typed("A", "1"))
        .await
        .assert_leads(&page(SECOND_CITY));
    let leave = format!("{}/questions/0-23/leave", page(SECOND_CITY));
    send(&mut editor, &leave, "version=2")
        .await
        .assert_leads(&page(SECOND_CITY));
    let shown = editor.get(&page(SECOND_CITY)).await;
    shown.assert_page(200, &["49 / 需 50", "已移出", "改过", "还差 1 题"]);
    assert!(!shown.body.contains("处错误要改"));
    let taken = format!("{}/questions/0-23/take-back", page(SECOND_CITY));
    send(&mut editor, &taken, "version=3")
        .await
        .assert_leads(&page(SECOND_CITY));
    let item = format!("{}/questions/0-23", page(SECOND_CITY));
    let fields = form(&[
        ("version", "4"),
        ("stem", "姑苏条例第22条规定了什么？"),
        ("choice_a", "守信"),
        ("choice_b", "失信"),
        ("key", "A"),
    ]);
    send(&mut editor, &item, &fields)
        .await
        .assert_leads(&page(SECOND_CITY));
    let ready = editor.get(&page(SECOND_CITY)).await;
    ready.assert_page(200, &["50 / 需 50", "提交的是现在这一版"]);
    let without = send(
        &mut editor,
        &format!("{}/submit", page(SECOND_CITY)),
        "version=5",
    )
    .await;
    without.assert_page(422, &["请写明理由"]);
    let fields = form(&[("version", "5"), ("reason", "写好了")]);
    let review = format!("/console/cities/{SECOND_CITY}/bank/review");
    send(
        &mut editor,
        &format!("{}/submit", page(SECOND_CITY)),
        &fields,
    )
    .await
    .assert_leads(&review);
    editor
        .get(&review)
        .await
        .assert_page(200, &["撤回", "删去", "新增", "姑苏条例第22条"]);
    // Nothing of a draft or of what was submitted can be read in the database.
    let stored = test.stored();
    let words = "姑苏条例".as_bytes();
    assert!(!stored.windows(words.len()).any(|window| window == words));
}

#[tokio::test]
async fn the_workbook_says_beside_each_row_what_is_wrong_and_comes_back_mended() {
    let test = TestApp::new().await;
    let mut editor = signed_in_as(&test, "editor", Role::CityEditor).await;
    let file = table("姑苏", 3).replace(",C,见条文", ",H,见条文");
    upload(&mut editor, SECOND_CITY, &file).await;
    let bytes = editor
        .bytes(&format!("{}/workbook", page(SECOND_CITY)))
        .await;
    let mut book = Xlsx::new(Cursor::new(bytes)).unwrap();
    let found = book.worksheet_range("检查结果").unwrap();
    let texts: Vec<String> = found
        .used_cells()
        .map(|(_, _, cell)| cell.to_string())
        .collect();
    assert!(
        texts
            .iter()
            .any(|text| text.contains("答案指向不存在的选项")),
        "{texts:?}"
    );
    let rows = book.worksheet_range("原文").unwrap();
    let beside = rows.get_value((2, 8)).unwrap().to_string();
    assert!(beside.contains("答案指向不存在的选项"), "{beside}");
    // The template reads back without a finding that is an error.
    let path = format!("/console/cities/{SECOND_CITY}/bank/template");
    let template = editor.bytes(&path).await;
    let sent = hand_in(&mut editor, SECOND_CITY, "模板.xlsx", &template).await;
    sent.assert_leads(&page(SECOND_CITY));
    let read = editor.get(&draft(SECOND_CITY)).await.json();
    assert_eq!((&read["n_valid"], &read["version"]), (&json!(1), &json!(2)));
}

#[tokio::test]
async fn a_word_file_is_read_and_a_file_that_is_none_leaves_the_draft_alone() {
    let test = TestApp::new().await;
    let mut editor = signed_in_as(&test, "editor", Role::CityEditor).await;
    let docx = include_bytes!("../../../../content/banks/wuxi.docx");
    let sent = hand_in(&mut editor, SECOND_CITY, "无锡.docx", docx).await;
    sent.assert_leads(&page(SECOND_CITY));
    let read = editor.get(&draft(SECOND_CITY)).await.json();
    assert_eq!(read["n_valid"], 50, "{}", read["findings"]);
    for (name, bytes, said) in [
        ("旧.doc", &b"x"[..], "另存为 .docx"),
        ("图.png", b"x", "只接收"),
        ("坏.docx", b"x", "已损坏"),
        ("空.txt", "今天天气很好。".as_bytes(), "没有识别出任何题目"),
    ] {
        let refused = hand_in(&mut editor, SECOND_CITY, name, bytes).await;
        refused.assert_page(422, &["这个文件没有收下，草稿没有变", said, "无锡.docx"]);
    }
    let nothing = send(&mut editor, &page(SECOND_CITY), "version=1").await;
    nothing.assert_page(422, &["请选择一个文件"]);
    assert_eq!(editor.get(&draft(SECOND_CITY)).await.json()["version"], 1);
}

#[tokio::test]
async fn columns_are_read_as_somebody_chooses_and_the_next_file_too() {
    let test = TestApp::new().await;
    let mut editor = signed_in_as(&test, "editor", Role::CityEditor).await;
    let odd = |word: &str| {
        table(word, 4)
            .replacen("题目,选项A", "考察点,甲", 1)
            .replacen("答案", "正解", 1)
    };
    upload(&mut editor, SECOND_CITY, &odd("姑苏")).await;
    let shown = editor.get(&page(SECOND_CITY)).await;
    shown.assert_page(200, &["没有找到表头行", "按这样重新读"]);
    let read = editor.get(&draft(SECOND_CITY)).await.json();
    assert_eq!(read["n_valid"], 0);
    // A table whose titles say nothing is known by its letters; its first row is no question then.
    let letters = ["题目", "选项A", "选项B", "选项C", "选项D", "答案"];
    let mut fields = vec![("version".to_owned(), "1".to_owned())];
    for (number, role) in (1..).zip(letters) {
        fields.push((format!("c{number}"), role.to_owned()));
    }
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(a, b)| (a.as_str(), b.as_str()))
        .collect();
    let columns = format!("{}/columns", page(SECOND_CITY));
    send(&mut editor, &columns, &form(&fields))
        .await
        .assert_leads(&page(SECOND_CITY));
    let read = editor.get(&draft(SECOND_CITY)).await.json();
    assert_eq!(read["n_valid"], 4, "{}", read["findings"]);
    upload(&mut editor, SECOND_CITY, &odd("吴中")).await;
    assert_eq!(editor.get(&draft(SECOND_CITY)).await.json()["n_valid"], 4);
    let by_title =
        json!({ "version": 3, "columns": { "考察点": "题目", "甲": "选项A", "正解": "答案" } });
    let answer = editor
        .call(&format!("{}/columns", draft(SECOND_CITY)), &by_title)
        .await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let read = editor.get(&draft(SECOND_CITY)).await.json();
    assert_eq!(
        (&read["n_valid"], &read["n_errors"]),
        (&json!(4), &json!(1)),
        "too few is the one"
    );
}

#[tokio::test]
async fn a_preview_is_the_citizens_own_paper_and_a_draft_begins_with_the_bank_in_force() {
    let test = TestApp::new().await;
    let mut editor = signed_in_as(&test, "editor", Role::CityEditor).await;
    let begun = send(&mut editor, &page(SECOND_CITY), "version=0&begin=yes").await;
    begun.assert_leads(&page(SECOND_CITY));
    editor
        .get(&page(SECOND_CITY))
        .await
        .assert_page(200, &["50 / 需 50", "补写"]);
    let same = json!({ "version": 1, "reason": "没有改" });
    let answer = editor
        .call(&format!("{}/submit", draft(SECOND_CITY)), &same)
        .await;
    answer.assert_problem(409, "bank-same");
    for of in ["draft", "in_force"] {
        let path = format!("/console/cities/{SECOND_CITY}/bank/preview?of={of}");
        let shown = editor.get(&path).await;
        shown.assert_page(200, &["和参赛人手机上的一样", "class=\"opt\"", "10. "]);
        assert!(!shown.body.contains("action=\"/quiz"));
    }
    let none = format!("/console/cities/{SECOND_CITY}/bank/preview?of=submitted");
    assert_eq!(editor.get(&none).await.status, 404);
}

#[tokio::test]
async fn a_correction_of_an_exchanged_bank_is_not_approved_and_a_corrected_bank_is_not_exchanged() {
    let test = TestApp::new().await;
    let mut editor = signed_in_as(&test, "editor", Role::CityEditor).await;
    let mut approver = signed_in_as(&test, "approver", Role::ContentApprover).await;
    let corrections = format!("/api/v1/console/cities/{SECOND_CITY}/corrections");
    let wish = json!({ "question": 100, "accepted": [], "reason": "印错了" });
    let made = editor.call(&corrections, &wish).await.json();
    let number = made["proposal"].clone();
    let digest = editor.get(&corrections).await.json()["waiting"][0]["digest"].clone();
    let word = submitted(&mut editor, SECOND_CITY, "姑苏").await;
    let decide = format!("{}/decide", submission(SECOND_CITY));
    assert_eq!(approver.call(&decide, &word).await.status, 204);
    let approve = |number: &Value| format!("{corrections}/{number}/approve");
    let seen = json!({ "digest": digest, "reason": "核对过" });
    let answer = approver.call(&approve(&number), &seen).await;
    answer.assert_problem(409, "other-content");
    let wish = json!({ "question": 99, "accepted": [], "reason": "印错了" });
    let made = editor.call(&corrections, &wish).await.json();
    let waiting = editor.get(&corrections).await.json()["waiting"][1]["digest"].clone();
    let seen = json!({ "digest": waiting, "reason": "核对过" });
    let answer = approver.call(&approve(&made["proposal"]), &seen).await;
    assert_eq!(answer.status, 204, "{answer:?}");
    let version = editor.get(&draft(SECOND_CITY)).await.json()["version"].clone();
    let body = json!({ "version": version, "name": "a.csv", "text": table("吴中", 50) });
    let late = editor.call(&draft(SECOND_CITY), &body).await;
    late.assert_problem(409, "bank-corrected");
    test.assert_sound().await;
}

#[tokio::test]
async fn the_database_refuses_a_bank_that_nobody_approved_and_a_draft_that_leaps() {
    let test = TestApp::new().await;
    let mut editor = signed_in_as(&test, "editor", Role::CityEditor).await;
    submitted(&mut editor, SECOND_CITY, "姑苏").await;
    let mut raw = test.raw();
    for (attack, guard) in [
        (
            "UPDATE city SET bank = (SELECT substr(content, 6) FROM proposal WHERE kind = 'bank')
             WHERE city = 'suzhou'",
            "two persons have made it",
        ),
        (
            "UPDATE bank_draft SET version = version + 2",
            "one version at a time",
        ),
        (
            "UPDATE bank_draft SET changed_by = 'somebody'",
            "one version at a time",
        ),
        ("DELETE FROM bank_draft", "never leaves"),
    ] {
        let refused = raw.attempt(attack).unwrap_err();
        assert!(refused.contains(guard), "{attack}: {refused}");
    }
}
