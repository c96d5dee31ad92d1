//! Money in the console: what is shown to whom, and what one person does and what two.

use chrono::TimeDelta;
use http::{Method, StatusCode};
use reference_server::contest::{
    books, dead_letter, decision,
    organiser::{Organiser, Role, Roles},
    rail_pause,
};
use wechat_adapter::simulator::{Fault, FaultRule, Operation};

use super::{colleague, send, signed_in, signed_in_as, step_up};
use crate::{
    app::{FIRST_CITY, TestApp},
    bill::{Bill, day},
    web::browser::{Answer, Browser, between},
};

/// A payment that is dead because WeChat refuses its person; its number.
pub(super) async fn dead_payment(test: &TestApp) -> String {
    let (_person, packet) = test.winner("nameless").await;
    let rule = FaultRule::always(Fault::NoAuth).on(Operation::SendRedPacket);
    test.simulator.set_faults(vec![rule]);
    test.settle().await;
    test.settle_for(TimeDelta::hours(2)).await;
    test.no_faults();
    assert_eq!(test.payment_state(&packet.award), "dead");
    let sql = format!(
        "SELECT bill_number FROM payment WHERE award = '{}'",
        packet.award
    );
    test.raw().text(&sql)
}

/// A payment, and the proposal `proposal-1`, which two persons have decided; the payment's number.
pub(super) async fn decided(test: &TestApp) -> String {
    let (_person, _packet) = test.winner("winner").await;
    let somebody = |name: &str, role| Organiser {
        name: name.to_owned(),
        display_name: name.to_owned(),
        roles: Roles::new([role], None).unwrap(),
        city: None,
        session: String::new(),
        is_stepped_up: true,
    };
    let maker = somebody("maker", Role::FinanceOperator);
    rail_pause::pause(&test.app, &maker, "a look")
        .await
        .unwrap();
    rail_pause::propose_resuming(&test.app, &maker, "looked")
        .await
        .unwrap();
    let checker = somebody("checker", Role::FinanceApprover);
    let one = decision::waiting(&test.app).await.unwrap().remove(0);
    assert_eq!(one.id.to_string(), "proposal-1");
    decision::approve(&test.app, &checker, one.id, &one.digest, "yes")
        .await
        .unwrap();
    let number = test.raw().text("SELECT bill_number FROM payment");
    // An incident, and a day that was compared.
    dead_letter::hold(&test.app, &number, "a look", "maker")
        .await
        .unwrap();
    books::reconcile(&test.app).await.unwrap();
    assert_eq!(test.number("SELECT COUNT(*) FROM incident"), 1);
    number
}

#[tokio::test]
async fn a_finance_pair_gives_a_dead_payment_its_next_number_in_the_console() {
    let test = TestApp::new().await;
    let number = dead_payment(&test).await;
    let mut operator = signed_in_as(&test, "wang", Role::FinanceOperator).await;
    let pair = colleague(&test, "li", Role::FinanceApprover).await;
    let mut approver = signed_in(&test, &pair).await;
    let mut auditor = signed_in_as(&test, "auditor", Role::Auditor).await;
    let page = operator.get("/console/payments").await;
    page.assert_page(
        200,
        &["停下来等人处理的付款", "微信风控限制了此人的账户", &number],
    );
    let path = format!("/console/payments/{number}");
    let page = operator.get(&path).await;
    page.assert_page(
        200,
        &[
            "此单号已作废",
            "获奖，记入待发",
            "微信答复（reply）",
            "三方核对",
            "换新单号",
        ],
    );
    let page = auditor.get(&path).await;
    page.assert_page(200, &["此单号已作废"]);
    assert!(
        !page.body.contains(&format!("{path}/renew")),
        "an auditor has no form"
    );
    let renew = format!("{path}/renew");
    let missing = send(&mut operator, &renew, "reason=named+now").await;
    missing.assert_page(422, &["请写明理由"]);
    let proposed = send(&mut operator, &renew, "reason=named+now&evidence=ticket+1").await;
    proposed.assert_leads("/console/decisions");
    let own = operator.get("/console/decisions").await;
    own.assert_page(200, &["换新单号再发", "named now", "ticket 1", "撤回"]);
    assert!(
        !own.body.contains("/approve\""),
        "the maker approves nothing"
    );
    let asked = approver.get("/console/decisions").await;
    asked.assert_page(200, &["换新单号再发", "批准并执行", "驳回"]);
    let digest = between(&asked.body, "name=\"digest\" value=\"", "\"");
    let approve = "/console/decisions/renewal-1/approve";
    let said = format!("digest={digest}&reason=agreed");
    let first = send(&mut approver, approve, &said).await;
    assert!(
        first.location().starts_with("/console/step-up"),
        "{first:?}"
    );
    step_up(&test, &mut approver, "li").await;
    send(&mut approver, approve, &said)
        .await
        .assert_leads("/console/decisions");
    let again = send(&mut approver, approve, &said).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "{again:?}");
    let numbers = operator.get(&path).await;
    numbers.assert_page(200, &["同一个红包的单号", "换了新单号"]);
    test.settle().await;
    assert_eq!(
        test.raw()
            .texts("SELECT state FROM payment ORDER BY attempt_number"),
        ["dead", "sent"]
    );
    test.assert_sound().await;
}

#[tokio::test]
async fn one_person_pauses_every_payment_in_one_click_and_the_page_says_so() {
    let test = TestApp::new().await;
    let mut admin = signed_in_as(&test, "admin", Role::ProvinceAdmin).await;
    let mut operator = signed_in_as(&test, "wang", Role::FinanceOperator).await;
    let paused = send(&mut admin, "/console/rail/pause", "reason=a+rumour").await;
    paused.assert_leads("/console/payments");
    let page = operator.get("/console/payments").await;
    page.assert_page(200, &["付款通道已暂停", "a rumour", "提出恢复付款"]);
    assert!(!page.body.contains("立即暂停全部付款"));
    // Whoever runs the province stops sending and does not let it go again.
    let alone = send(&mut admin, "/console/rail/resume", "reason=fine").await;
    assert_eq!(alone.status, StatusCode::FORBIDDEN);
    let proposed = send(&mut operator, "/console/rail/resume", "reason=fine").await;
    proposed.assert_leads("/console/decisions");
}

#[tokio::test]
async fn a_balance_sheet_leads_to_its_postings_and_they_to_the_payment() {
    let test = TestApp::new().await;
    let number = dead_payment(&test).await;
    let mut operator = signed_in_as(&test, "wang", Role::FinanceOperator).await;
    let sheet = operator
        .get(&format!("/console/cities/{FIRST_CITY}/budget"))
        .await;
    sheet.assert_page(200, &["平衡表", "退回与作废", "计划承诺", "未封账"]);
    let postings = format!("/console/cities/{FIRST_CITY}/postings?account=left");
    assert!(sheet.body.contains(&postings), "{}", sheet.body);
    let page = operator.get(&postings).await;
    page.assert_page(200, &["待发", "退回与作废"]);
    assert!(page.body.contains(&format!("/console/payments/{number}")));
    let csv = operator.get(&format!("{postings}&file=csv")).await;
    assert_eq!(csv.body.lines().count(), 2, "{}", csv.body);
    operator
        .get("/console/budget")
        .await
        .assert_page(200, &["合计"]);
    for bad in ["account=purse", "day=tomorrow"] {
        let path = format!("/console/cities/{FIRST_CITY}/postings?{bad}");
        operator.get(&path).await.assert_page(404, &["没有找到"]);
    }
    let search = operator
        .get(&format!("/console/payments?number={number}"))
        .await;
    search.assert_leads(&format!("/console/payments/{number}"));
}

/// Sends a form with a file, as a browser does.
async fn hand_in(browser: &mut Browser, content: &str, token: &str) -> Answer {
    let part = |head: &str, value: &str| {
        format!("--line\r\nContent-Disposition: form-data; {head}\r\n\r\n{value}\r\n")
    };
    let body = format!(
        "{}{}{}--line--\r\n",
        part("name=\"form_token\"", token),
        part("name=\"bill\"; filename=\"fundflow.csv\"", content),
        part("name=\"day\"", "")
    );
    let request = browser
        .request(Method::POST, "/console/bills")
        .header("content-type", "multipart/form-data; boundary=line")
        .header("sec-fetch-site", "same-origin");
    browser.send(request, body).await
}

/// Three bills come in, the first with a movement of somebody else's; files that are none do not.
async fn take_bills_in(test: &TestApp, operator: &mut Browser) {
    let page = operator.get("/console/books").await;
    page.assert_page(
        200,
        &["还没有对过账", "上传微信账单", "multipart/form-data"],
    );
    let token = between(&page.body, "name=\"form_token\" value=\"", "\"");
    let mut bill = Bill::of(test, day("2020-04-22"));
    bill.add("SOMEBODYELSES", false, 120);
    let foreign = hand_in(operator, &bill.text(), "another").await;
    foreign.assert_page(403, &["这张表不是从本次登录的页面交来的"]);
    let torn: String = bill.text().chars().take(300).collect();
    let torn = hand_in(operator, &torn, &token).await;
    torn.assert_page(422, &["这个文件没有收下，账没有变"]);
    assert_eq!(test.number("SELECT COUNT(*) FROM fund_flow_bill"), 0);
    let taken = hand_in(operator, &bill.text(), &token).await;
    taken.assert_page(200, &["已收入 2020-04-22 的账单", "新账单"]);
    for text in ["2020-04-23", "2020-04-24"] {
        let bill = Bill::of(test, day(text));
        let body = serde_json::json!({ "name": "b", "content": bill.text(), "day": text });
        let answer = operator.call("/api/v1/console/bills", &body).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    }
}

#[tokio::test]
async fn a_bill_with_a_difference_is_handed_in_and_a_finance_pair_resolves_it() {
    let test = TestApp::new().await;
    let (person, _packet) = test.winner("winner").await;
    test.settle().await;
    test.open_packets(&person);
    test.settle_for(TimeDelta::hours(60)).await;
    let mut operator = signed_in_as(&test, "wang", Role::FinanceOperator).await;
    let mut approver = signed_in_as(&test, "li", Role::FinanceApprover).await;
    step_up(&test, &mut approver, "li").await;
    take_bills_in(&test, &mut operator).await;
    let page = operator.get("/console/books").await;
    page.assert_page(200, &["未说明的差额 1.20 元", "有差异"]);
    let close = "/console/books/2020-04-22/close";
    let early = send(&mut operator, close, "").await;
    early.assert_page(409, &["这一天还不能关账"]);
    let page = operator.get("/console/incidents/1").await;
    page.assert_page(
        200,
        &[
            "无主 R5",
            "1.20 元",
            "说明原因",
            "提出更正分录",
            "无人负责",
            "对账",
        ],
    );
    assert!(
        page.body.contains("<span class=\"todo\">1<"),
        "the navigation counts it"
    );
    send(&mut operator, "/console/incidents/1/take", "")
        .await
        .assert_leads("/console/incidents/1");
    let wrong =
        "action=transfer&city=yancheng&debit=suspense&credit=received&amount=x&reason=r&evidence=e";
    let wrong = send(&mut operator, "/console/incidents/1/propose", wrong).await;
    wrong.assert_page(409, &["这样处理不适合这件事"]);
    let said = "action=explained&reason=another+office&evidence=letter";
    send(&mut operator, "/console/incidents/1/propose", said)
        .await
        .assert_leads("/console/decisions");
    let page = approver.get("/console/decisions").await;
    page.assert_page(
        200,
        &["说明原因，照此了结，不动钱", "another office", "批准并执行"],
    );
    let said = "digest=correction-1&reason=the+letter+says+so";
    send(
        &mut approver,
        "/console/decisions/correction-1/approve",
        said,
    )
    .await
    .assert_leads("/console/decisions");
    let page = operator.get("/console/incidents/1").await;
    page.assert_page(200, &["两人核定，已了结", "another office"]);
    assert!(!page.body.contains("class=\"todo\""), "nothing is open");
    send(&mut operator, close, "")
        .await
        .assert_leads("/console/books/2020-04-22");
    let page = operator.get("/console/books/2020-04-22").await;
    page.assert_page(200, &["已关账：wang"]);
    let again = send(&mut operator, close, "").await;
    again.assert_page(409, &["这一天已经关账"]);
    test.assert_sound().await;
}

#[tokio::test]
async fn a_city_is_sealed_by_two_and_says_before_what_is_open() {
    let test = TestApp::new().await;
    let (person, _packet) = test.winner("winner").await;
    test.settle().await;
    test.open_packets(&person);
    let seal = format!("/console/cities/{FIRST_CITY}/seal");
    let mut operator = signed_in_as(&test, "wang", Role::FinanceOperator).await;
    let early = send(&mut operator, &seal, "reason=done").await;
    early.assert_page(409, &["现在还不能封账", "以前账还没有走完"]);
    let end = crate::app::shanghai("2020-05-03 12:00:00");
    test.settle_for(end - test.app.now()).await;
    let mut operator = signed_in_as(&test, "zhao", Role::FinanceOperator).await;
    let unbilled = send(&mut operator, &seal, "reason=done").await;
    unbilled.assert_page(409, &["没有 2020-04-22 的账单"]);
    let reconciled = send(&mut operator, "/console/reconcile", "").await;
    reconciled.assert_leads("/console/books");
    send(&mut operator, &seal, "reason=done")
        .await
        .assert_leads("/console/decisions");
    let mut approver = signed_in_as(&test, "li", Role::FinanceApprover).await;
    step_up(&test, &mut approver, "li").await;
    let page = approver.get("/console/decisions").await;
    page.assert_page(200, &["封账，以后只接受两人核定的更正"]);
    let digest = between(&page.body, "name=\"digest\" value=\"", "\"");
    let said = format!("digest={digest}&reason=agreed");
    send(
        &mut approver,
        "/console/decisions/proposal-1/approve",
        &said,
    )
    .await
    .assert_leads("/console/decisions");
    let page = operator.get(&seal).await;
    page.assert_page(200, &["封账时的数字", "zhao", "li", "账簿摘要"]);
    let again = send(&mut operator, &seal, "reason=again").await;
    again.assert_page(409, &["这个城市已经封账"]);
    let taxed = operator.get("/console/tax").await;
    assert!(
        taxed.location().starts_with("/console/step-up"),
        "{taxed:?}"
    );
    step_up(&test, &mut operator, "zhao").await;
    let page = operator.get("/console/tax").await;
    page.assert_page(200, &["报税清单", "1 人", "合计"]);
    for list in ["cities", "people"] {
        for file in ["csv", "xlsx"] {
            let path = format!("/console/tax?list={list}&file={file}");
            assert_eq!(operator.get(&path).await.status, StatusCode::OK, "{path}");
        }
    }
    test.assert_sound().await;
}

#[tokio::test]
async fn an_auditor_reads_every_page_of_the_console_and_changes_nothing() {
    let test = TestApp::new().await;
    let number = decided(&test).await;
    let mut auditor = signed_in_as(&test, "auditor", Role::Auditor).await;
    step_up(&test, &mut auditor, "auditor").await;
    let matrix = reference_server::web::console_matrix();
    let column = Role::ALL
        .iter()
        .position(|role| *role == Role::Auditor)
        .unwrap();
    let stored = || {
        test.raw().texts(
            "SELECT (SELECT COUNT(*) FROM audit_event) || ' ' || (SELECT COUNT(*) FROM payment_event)
                 || ' ' || (SELECT COUNT(*) FROM proposal) || ' ' || (SELECT COUNT(*) FROM organiser)
                 || ' ' || (SELECT COUNT(*) FROM incident) || ' ' || (SELECT COUNT(*) FROM correction)
                 || ' ' || (SELECT COALESCE(SUM(version), 0) FROM payment)
                 || ' ' || (SELECT COUNT(*) FROM closed_day) || ' ' || (SELECT COUNT(*) FROM reconciliation)",
        )
    };
    let before = stored();
    let (mut n_read, mut n_refused) = (0, 0);
    for line in matrix.lines().skip(2) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let path = cells[1]
            .trim_matches('`')
            .replace("{city}", FIRST_CITY)
            .replace("{payment}", &number)
            .replace("{incident}", "1")
            .replace("{decision}", "proposal-1")
            .replace("{day}", "2020-04-22")
            .replace("{name}", "auditor")
            .replace("{token}", "nothing");
        let is_own = [
            "sign-in",
            "sign-out",
            "step-up",
            "setup/nothing",
            "live",
            "switch",
        ]
        .iter()
        .any(|own| path.ends_with(own));
        if is_own {
            continue;
        }
        let is_allowed = !cells[4 + column].is_empty();
        if cells[0] == "GET" && is_allowed {
            let answer = auditor.get(&path.replace("{number}", "1")).await;
            let refused = [StatusCode::FORBIDDEN, StatusCode::UNAUTHORIZED];
            assert!(
                !refused.contains(&answer.status) && !answer.status.is_server_error(),
                "{path}: {answer:?}"
            );
            n_read += 1;
        } else if cells[0] == "POST" {
            assert!(!is_allowed, "an auditor may {path}");
            let answer = if path.starts_with("/api/") {
                auditor
                    .call(&path, &serde_json::json!({ "reason": "x" }))
                    .await
            } else {
                send(&mut auditor, &path, "reason=x").await
            };
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}: {answer:?}");
            n_refused += 1;
        }
    }
    assert!(n_read >= 25 && n_refused >= 30, "{n_read} {n_refused}");
    assert_eq!(stored(), before);
}

#[tokio::test]
async fn the_navigation_counts_what_is_open_and_only_what_waits_for_somebody_else() {
    let test = TestApp::new().await;
    let number = dead_payment(&test).await;
    let mut operator = signed_in_as(&test, "wang", Role::FinanceOperator).await;
    let mut approver = signed_in_as(&test, "li", Role::FinanceApprover).await;
    let mut content = signed_in_as(&test, "reader", Role::ContentApprover).await;
    let counts = |page: &Answer| {
        let parts = page.body.split("<span class=\"todo\">").skip(1);
        parts
            .map(|part| part.split('<').next().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(counts(&approver.get("/console/account").await), [""; 0]);
    let propose = format!("/console/payments/{number}/renew");
    send(&mut operator, &propose, "reason=a&evidence=b").await;
    test.winner("other").await;
    let held = test
        .raw()
        .text("SELECT bill_number FROM payment WHERE state = 'reserved'");
    send(
        &mut operator,
        &format!("/console/payments/{held}/hold"),
        "reason=a",
    )
    .await;
    books::reconcile(&test.app).await.unwrap();
    assert_eq!(
        counts(&approver.get("/console/account").await),
        ["1", "1", "1"]
    );
    // Somebody without the role is told nothing about money.
    assert_eq!(counts(&content.get("/console/account").await), [""; 0]);
    step_up(&test, &mut approver, "li").await;
    let said = "digest=renewal-1&reason=no";
    send(&mut approver, "/console/decisions/renewal-1/reject", said).await;
    assert_eq!(counts(&approver.get("/console/account").await), ["1", "1"]);
}
