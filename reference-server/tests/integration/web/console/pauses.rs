//! Pauses at the console: stopped by one person, let go on by whom the page names, and told to everybody.

use http::StatusCode;
use reference_server::contest::organiser::Role;
use serde_json::{Value, json};

use super::{send, signed_in_as, step_up};
use crate::{
    app::{FIRST_CITY, SECOND_CITY, TestApp},
    web::{
        browser::{Answer, Browser, between},
        document::Document,
    },
};

const BOARD: &str = "/api/v1/console/cities/{city}/pauses";
const PAYOUTS: &str = "/api/v1/console/cities/{city}/pauses/payouts";
const RESUME: &str = "/api/v1/console/cities/{city}/pauses/resume";
const PROPOSE: &str = "/api/v1/console/cities/{city}/pauses/payouts/propose";
const DECIDE: &str = "/api/v1/console/cities/{city}/pauses/payouts/decide";
const PAGE: &str = "/console/cities/yancheng/pauses";

fn form(fields: &[(&str, &str)]) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    for (name, value) in fields {
        form.append_pair(name, value);
    }
    form.finish()
}

fn stop(subject: &str, sentence: &str, reason: &str) -> Value {
    json!({ "subject": subject, "sentence": sentence, "reason": reason })
}

/// What is sent to which call, and by whom: the province's, the maker, the checker.
fn sendings() -> [(usize, &'static str, Vec<Value>); 5] {
    let sentence = "核对余额，稍后发放";
    let reason = json!({ "reason": "why" });
    let decision = |proposal: i64, verdict: &str, reason: &str| json!({ "proposal": proposal, "digest": "0", "verdict": verdict, "reason": reason });
    [
        (
            0,
            BOARD,
            vec![
                stop("quiz", "系统维护中", "why"),
                stop("quiz", "x", "why"),
                stop("payouts", "系统维护中", "why"),
            ],
        ),
        (
            0,
            RESUME,
            vec![
                json!({ "subject": "quiz", "reason": "" }),
                json!({ "subject": "quiz", "reason": "why" }),
                json!({ "subject": "quiz", "reason": "why" }),
            ],
        ),
        (
            1,
            PAYOUTS,
            vec![
                json!({ "sentence": sentence, "reason": "why" }),
                json!({ "sentence": sentence, "reason": "" }),
            ],
        ),
        (
            1,
            PROPOSE,
            vec![json!({ "reason": "" }), reason.clone(), reason],
        ),
        (2, DECIDE, vec![decision(99, "approve", "why")]),
    ]
}

/// Asks every call of the pauses for every answer that it documents.
pub(super) async fn describe(test: &TestApp, document: &mut Document) {
    let mut nobody = Browser::new(test);
    let mut chief = signed_in_as(test, "chief", Role::ProvinceAdmin).await;
    let mut editor = signed_in_as(test, "pen", Role::CityEditor).await;
    let maker = signed_in_as(test, "maker", Role::FinanceOperator).await;
    let mut checker = signed_in_as(test, "checker", Role::FinanceApprover).await;
    step_up(test, &mut checker, "checker").await;
    let at = |call: &str, city: &str| call.replace("{city}", city);
    for (browser, city) in [
        (&mut nobody, FIRST_CITY),
        (&mut chief, FIRST_CITY),
        (&mut editor, FIRST_CITY),
    ] {
        document.assert_describes("get", BOARD, &browser.get(&at(BOARD, city)).await);
    }
    let too_long = json!("x".repeat(170_000));
    let mut people = [chief, maker, checker];
    for (who, call, bodies) in sendings() {
        let browser: &mut Browser = &mut people[who];
        let target = at(call, FIRST_CITY);
        let unknown = at(call, "atlantis");
        document.assert_describes("post", call, &nobody.call(&target, &json!({})).await);
        document.assert_describes("post", call, &editor.call(&target, &json!({})).await);
        document.assert_describes("post", call, &browser.call(&unknown, &json!({})).await);
        for body in bodies.iter().chain([&json!(7), &too_long]) {
            document.assert_describes("post", call, &browser.call(&target, body).await);
        }
    }
    let [mut chief, _maker, mut checker] = people;
    let board = chief.get(&at(BOARD, FIRST_CITY)).await.json();
    let waiting = &board["proposal"];
    let word = |reason: &str| {
        json!({ "proposal": waiting["number"], "digest": waiting["digest"],
            "verdict": "approve", "reason": reason })
    };
    for body in [word(""), word("the balance is there")] {
        let answer = checker.call(&at(DECIDE, FIRST_CITY), &body).await;
        document.assert_describes("post", DECIDE, &answer);
    }
    let board = chief.get(&at(BOARD, FIRST_CITY)).await;
    document.assert_describes("get", BOARD, &board);
    assert_eq!(board.json()["pauses"][0]["end"]["proposed_by"], "maker");
}

async fn paused(browser: &mut Browser, path: &str, fields: &[(&str, &str)]) {
    send(browser, path, &form(fields)).await.assert_leads(PAGE);
}

fn has_form(page: &Answer, path: &str) -> bool {
    page.body.contains(&format!("action=\"{PAGE}{path}\""))
}

#[tokio::test]
async fn whoever_may_stop_something_finds_the_form_and_nobody_else() {
    let test = TestApp::new().await;
    for (nth, (role, forms)) in [
        (Role::ProvinceAdmin, ["\"", "/payouts\""].as_slice()),
        (Role::FinanceOperator, &["/payouts\""]),
        (Role::FinanceApprover, &["/payouts\""]),
        (Role::Auditor, &[]),
        (Role::ContentApprover, &[]),
    ]
    .into_iter()
    .enumerate()
    {
        let mut browser = signed_in_as(&test, &format!("person-{nth}"), role).await;
        let page = browser.get(PAGE).await;
        page.assert_page(200, &["暂停与恢复", "盐城市", "本市还没有暂停过"]);
        for path in ["\"", "/payouts\"", "/resume\"", "/payouts/decide\""] {
            let action = format!("action=\"{PAGE}{path}");
            assert_eq!(
                page.body.contains(&action),
                forms.contains(&path),
                "{role:?} {path}"
            );
        }
    }
}

#[tokio::test]
async fn one_person_stops_the_payouts_and_two_let_them_go_on() {
    let test = TestApp::new().await;
    let (_person, mut phone) = Browser::of_follower(&test, "person").await;
    let mut maker = signed_in_as(&test, "maker", Role::FinanceOperator).await;
    let mut checker = signed_in_as(&test, "checker", Role::FinanceApprover).await;
    let sentence = "核对余额，<b>稍后</b>发放";
    let payouts = format!("{PAGE}/payouts");
    let refused = send(
        &mut maker,
        &payouts,
        &form(&[("sentence", "停"), ("reason", "why")]),
    )
    .await;
    refused.assert_page(422, &["给参赛人的一句话写得不对", "value=\"停\""]);
    let fields = [("sentence", sentence), ("reason", "the balance")];
    paused(&mut maker, &payouts, &fields).await;
    let page = maker.get(PAGE).await;
    page.assert_page(
        200,
        &["已暂停", "核对余额", "maker", "the balance", "财务复核批准"],
    );
    assert!(!page.body.contains("<b>稍后"));
    // Everybody who looks is told: on the first page, at the packet, and by the calls.
    let pass = phone.answer(&test, 5).await;
    let packet = phone.claim(&pass, "k").await.json();
    assert_eq!(packet["paused"], sentence);
    let award = packet["award"].as_str().unwrap();
    phone
        .get(&format!("/packet/{award}"))
        .await
        .assert_page(200, &["暂停发放", "核对余额"]);
    phone
        .get("/")
        .await
        .assert_page(200, &["红包发放暂停中：核对余额", "开始答题"]);
    let contest = phone.get("/api/v1/contest").await.json();
    assert_eq!(contest["phase"], "contest");
    assert_eq!(contest["city"]["payouts_paused"], sentence);
    assert_eq!(contest["city"]["paused"], Value::Null);

    paused(
        &mut maker,
        &format!("{PAGE}/payouts/propose"),
        &[("reason", "it is there")],
    )
    .await;
    let own = maker.get(PAGE).await;
    own.assert_page(200, &["maker 提出恢复红包发放", "提出的人不能自己批准"]);
    assert!(!has_form(&own, "/payouts/decide"));
    step_up(&test, &mut checker, "checker").await;
    let asked = checker.get(PAGE).await;
    let value = |name: &str| between(&asked.body, &format!("name=\"{name}\" value=\""), "\"");
    let decide = format!("{PAGE}/payouts/decide");
    let word = |verdict: &str| {
        form(&[
            ("proposal", &value("proposal")),
            ("digest", &value("digest")),
            ("verdict", verdict),
            ("reason", "seen"),
        ])
    };
    let nothing = send(&mut checker, &decide, &word("perhaps")).await;
    assert_eq!(nothing.status, StatusCode::CONFLICT);
    send(&mut checker, &decide, &word("approve"))
        .await
        .assert_leads(PAGE);
    test.settle().await;
    assert_eq!(test.payment_state(award), "sent");
    let page = checker.get(PAGE).await;
    page.assert_page(200, &["maker 提出，checker 批准"]);
    phone.get("/").await.assert_page(200, &["开始答题"]);
    assert!(!phone.get("/").await.body.contains("红包发放暂停中"));
}

#[tokio::test]
async fn a_pause_of_the_quiz_is_lifted_by_the_province_and_seen_by_the_citys_editor() {
    let test = TestApp::starting("2020-04-30 12:00:00").await;
    let page = PAGE.replace(FIRST_CITY, SECOND_CITY);
    let mut chief = signed_in_as(&test, "chief", Role::ProvinceAdmin).await;
    let mut editor = signed_in_as(&test, "pen", Role::CityEditor).await;
    for (subject, title) in [
        ("quiz", "答题"),
        ("claims", "拆红包"),
        ("referral", "邀请机会"),
    ] {
        let fields = [
            ("subject", subject),
            ("sentence", "系统维护，八点恢复"),
            ("reason", "why"),
        ];
        send(&mut chief, &page, &form(&fields))
            .await
            .assert_leads(&page);
        editor
            .get(&page)
            .await
            .assert_page(200, &["系统维护，八点恢复", title]);
        let over = editor.get(&format!("/console/cities/{SECOND_CITY}")).await;
        over.assert_page(
            200,
            &[&format!("{title}已暂停，参赛人看到：“系统维护，八点恢复”")],
        );
        let fields = [("subject", subject), ("reason", "it is well")];
        let resume = format!("{page}/resume");
        send(&mut chief, &resume, &form(&fields))
            .await
            .assert_leads(&page);
        editor
            .get(&page)
            .await
            .assert_page(200, &["it is well", "已恢复"]);
    }
    let money = [
        ("subject", "payouts"),
        ("sentence", "系统维护，八点恢复"),
        ("reason", "why"),
    ];
    let other = send(&mut chief, &page, &form(&money)).await;
    other.assert_page(403, &["恢复发放要两个人"]);
}

#[tokio::test]
async fn paused_payouts_wait_among_all_that_waits_for_finance() {
    let test = TestApp::new().await;
    let mut maker = signed_in_as(&test, "maker", Role::FinanceOperator).await;
    let mut checker = signed_in_as(&test, "checker", Role::FinanceApprover).await;
    let (payouts, propose) = (format!("{PAGE}/payouts"), format!("{PAGE}/payouts/propose"));
    let sentence = |sentence| [("sentence", sentence), ("reason", "the balance")];
    paused(&mut maker, &payouts, &sentence("核对余额，稍后发放")).await;
    paused(&mut maker, &propose, &[("reason", "it is there")]).await;
    let waiting = checker.get("/api/v1/console/decisions").await.json();
    assert_eq!(waiting[0]["kind"], "payouts.resume");
    assert_eq!(waiting[0]["city"], FIRST_CITY);
    let page = checker.get("/console/decisions").await;
    page.assert_page(
        200,
        &["恢复盐城市的红包发放", "核对余额，稍后发放", "it is there"],
    );
    assert!(
        page.body.contains("待复核 <span class=\"todo\">1<"),
        "{}",
        page.body
    );
    // With another sentence it is another pause, and nothing waits about that one yet.
    paused(&mut maker, &payouts, &sentence("核对余额，明天发放")).await;
    let page = checker.get("/console/decisions").await;
    page.assert_page(200, &["没有等待复核的事项"]);
    paused(&mut maker, &propose, &[("reason", "it is there")]).await;
    let waiting = checker.get("/api/v1/console/decisions").await.json();
    let word = json!({ "digest": waiting[0]["digest"], "reason": "seen" });
    let of = |act: &str| {
        let id = waiting[0]["decision"].as_str().unwrap();
        format!("/api/v1/console/decisions/{id}/{act}")
    };
    step_up(&test, &mut checker, "checker").await;
    let own = maker.call(&of("approve"), &word).await;
    own.assert_problem(403, "role-forbidden");
    let approved = checker.call(&of("approve"), &word).await;
    assert_eq!(approved.status, StatusCode::NO_CONTENT);
    let again = checker.call(&of("approve"), &word).await;
    again.assert_problem(409, "not-waiting");
    let page = checker.get(PAGE).await;
    page.assert_page(200, &["maker 提出，checker 批准"]);
    let board = checker.get("/api/v1/console/decisions").await.json();
    assert_eq!(board, json!([]));
}
