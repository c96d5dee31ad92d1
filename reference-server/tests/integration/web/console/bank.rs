//! The bank's page: a question is corrected by two persons, and everybody it concerns reads it.

use reference_server::contest::{attempt::Paper, organiser::Role, rescore};

use super::{send, signed_in_as};
use crate::{
    app::{FIRST_CITY, Person, SECOND_CITY, TestApp},
    web::browser::{Browser, between},
};

const BANK: &str = "/console/cities/yancheng/bank";

#[tokio::test]
async fn a_correction_goes_from_one_person_to_another_and_then_to_everybody() {
    let test = TestApp::new().await;
    let person = test.follower("person").await;
    let paper = test.start(&person).await;
    test.submit(&person, &paper, 4).await.unwrap();
    let stem = &paper.items[4].stem;
    let mut admin = signed_in_as(&test, "admin", Role::ProvinceAdmin).await;
    let mut approver = signed_in_as(&test, "approver", Role::ContentApprover).await;
    let mut auditor = signed_in_as(&test, "auditor", Role::Auditor).await;
    let page = admin.get(BANK).await;
    page.assert_page(200, &["题库", "已冻结，正在使用", "没有更正", stem]);
    let before = page.body.split_once(stem.as_str()).unwrap().0;
    let question = before.rsplit_once("href=\"").unwrap().1;
    let question = question.trim_end_matches("\">").to_owned();
    admin
        .get(&question)
        .await
        .assert_page(200, &["提出更正", "公开的原因", stem]);
    for browser in [&mut approver, &mut auditor] {
        let page = browser.get(&question).await;
        page.assert_page(200, &["由城市编辑或省级管理员提出"]);
        assert!(!page.body.contains("提交审核"));
    }
    let correct = format!("{question}/correct");
    for (fields, said) in [
        ("kind=void&reason=", "请写明理由"),
        ("kind=accept&reason=why", "这道题不需要这样更正"),
    ] {
        let refused = send(&mut admin, &correct, fields).await;
        refused.assert_page(422, &[said, "提出更正"]);
    }
    let sent = send(
        &mut admin,
        &correct,
        "kind=void&reason=%E6%BC%8F%E5%8D%B0%E4%B8%80%E8%A1%8C",
    )
    .await;
    sent.assert_leads(BANK);
    let own = admin.get(BANK).await;
    own.assert_page(200, &["待审的更正", "漏印一行", "撤回"]);
    assert!(!own.body.contains("批准，立即生效"), "not by its maker");
    let waiting = approver.get(BANK).await;
    waiting.assert_page(200, &["批准，立即生效", "驳回", "作废，全员按答对计"]);
    let digest = between(&waiting.body, "name=\"digest\" value=\"", "\"");
    let fields = format!("digest={digest}&reason=%E6%A0%B8%E5%AF%B9%E8%BF%87");
    let approve = format!("{BANK}/corrections/1/approve");
    send(&mut approver, &approve, &fields)
        .await
        .assert_leads(BANK);
    let again = send(&mut approver, &approve, &fields).await;
    again.assert_page(409, &["这一项已经处理过了"]);

    read_by_everybody(&test, &person, &paper, &mut auditor).await;
}

/// What stands on the pages of whoever answered, of auditors and of the public.
async fn read_by_everybody(test: &TestApp, person: &Person, paper: &Paper, auditor: &mut Browser) {
    let stem = &paper.items[4].stem;
    let mut phone = Browser::of(test, person).await;
    let result = format!("/result/{}", paper.id);
    phone
        .get(&result)
        .await
        .assert_page(200, &["此题已作废，全员按答对计。原因：漏印一行。"]);
    auditor.get(BANK).await.assert_page(200, &["正在重新计分"]);
    rescore::do_due(&test.app).await.unwrap();
    auditor
        .get(BANK)
        .await
        .assert_page(200, &["已重新计分 1 份答卷，1 份因更正而通过", "已作废"]);
    phone.get(&result).await.assert_page(
        200,
        &["您获得 1 次拆红包机会", "已为您多计 1 题答对", "原定答案"],
    );
    phone
        .get("/me/mistakes")
        .await
        .assert_page(200, &["此题已作废"]);
    phone
        .get("/verify")
        .await
        .assert_page(200, &["题目更正", "作废，全员按答对计", stem, "漏印一行"]);
    let gains = format!("{BANK}/gains");
    auditor
        .get(&gains)
        .await
        .assert_page(200, &["因更正而通过", person.id.as_str(), "未拆"]);
    let file = auditor.get(&format!("{gains}?file=csv")).await;
    assert!(file.body.contains(person.id.as_str()) && file.body.contains("\"4\",\"5\""));
}

#[tokio::test]
async fn a_paper_drawn_after_a_correction_says_which_question_is_void() {
    let test = TestApp::new().await;
    let person = test.follower("person").await;
    let mut admin = signed_in_as(&test, "admin", Role::ProvinceAdmin).await;
    let mut approver = signed_in_as(&test, "approver", Role::ContentApprover).await;
    let correct = format!("{BANK}/questions/1/correct");
    send(&mut admin, &correct, "kind=void&reason=because")
        .await
        .assert_leads(BANK);
    let waiting = approver.get(BANK).await;
    let digest = between(&waiting.body, "name=\"digest\" value=\"", "\"");
    let fields = format!("digest={digest}&reason=seen");
    let approve = format!("{BANK}/corrections/1/approve");
    send(&mut approver, &approve, &fields)
        .await
        .assert_leads(BANK);
    let mut paper = test.start(&person).await;
    while paper.void.is_empty() {
        paper = test.start(&person).await;
    }
    let mut phone = Browser::of(&test, &person).await;
    let page = phone.get(&format!("/quiz/{}", paper.attempt)).await;
    page.assert_page(200, &["此题已作废，答不答都按答对计。原因：because。"]);
}

#[tokio::test]
async fn an_editor_corrects_the_own_citys_half_and_sees_no_other_city() {
    let test = TestApp::new().await;
    let mut editor = signed_in_as(&test, "editor", Role::CityEditor).await;
    let bank = BANK.replace(FIRST_CITY, SECOND_CITY);
    editor
        .get(&format!("{bank}/questions/1"))
        .await
        .assert_page(200, &["由省级管理员提出更正"]);
    let correct = |number: u16| format!("{bank}/questions/{number}/correct");
    let refused = send(&mut editor, &correct(1), "kind=void&reason=why").await;
    refused.assert_page(403, &["省库的题由省级管理员提出更正"]);
    send(&mut editor, &correct(100), "kind=void&reason=why")
        .await
        .assert_leads(&bank);
    for path in [
        BANK.to_owned(),
        format!("{BANK}/questions/100"),
        format!("{BANK}/gains"),
    ] {
        assert_eq!(editor.get(&path).await.status, 404, "{path}");
    }
    let missing = editor.get(&format!("{bank}/questions/101")).await;
    assert_eq!(missing.status, 404);
}
