//! The organisation award and the reports: fixed before the contest, decided by two, and told to everybody.

use chrono::TimeDelta;
use reference_server::contest::{
    honour::{self, Formula},
    organiser::Role,
    season, statistics,
};

use super::{send, signed_in_as, step_up};
use crate::{
    app::{FIRST_CITY, TestApp, shanghai},
    web::browser::{Browser, between},
};

/// What a page's form to decide about the one waiting proposal carries.
async fn waiting(browser: &mut Browser) -> (String, String) {
    let page = browser.get("/console/award").await;
    let number = between(&page.body, "name=\"proposal\" value=\"", "\"");
    let digest = between(&page.body, "name=\"digest\" value=\"", "\"");
    (number.to_owned(), digest.to_owned())
}

#[tokio::test]
async fn a_formula_is_fixed_by_two_before_the_first_opening_and_never_after_it() {
    let test = TestApp::starting("2020-04-21 09:00:00").await;
    let mut admin = signed_in_as(&test, "admin", Role::ProvinceAdmin).await;
    let mut second = signed_in_as(&test, "second", Role::ContentApprover).await;
    let page = admin.get("/console/award").await;
    page.assert_page(
        200,
        &[
            "优秀组织奖",
            "按活动方案的公式",
            "还没有结束，不排名",
            "国办发明电",
        ],
    );
    let wanted = "formula=people&reason=%E6%8C%89%E4%BA%BA%E6%95%B0";
    send(&mut admin, "/console/award/formula", wanted)
        .await
        .assert_leads("/console/award");
    let (number, digest) = waiting(&mut admin).await;
    let word = format!("proposal={number}&digest={digest}&verdict=approve&reason=ok");
    step_up(&test, &mut admin, "admin").await;
    let own = send(&mut admin, "/console/award/decide", &word).await;
    own.assert_page(403, &["提出的人不能自己批准"]);
    step_up(&test, &mut second, "second").await;
    send(&mut second, "/console/award/decide", &word)
        .await
        .assert_leads("/console/award");
    let standing = honour::standing(&test.app).await.unwrap();
    assert_eq!(standing.formula, Formula::People);
    // Another one waits while the first city opens: it comes too late.
    let other = "formula=new-people&reason=x";
    send(&mut admin, "/console/award/formula", other)
        .await
        .assert_leads("/console/award");
    let (number, digest) = waiting(&mut admin).await;
    test.sleep_until(shanghai("2020-04-22 00:00:00"));
    let mut admin = signed_in_as(&test, "admin-2", Role::ProvinceAdmin).await;
    let late = send(&mut admin, "/console/award/formula", other).await;
    late.assert_page(409, &["公式不能再改"]);
    let mut second = signed_in_as(&test, "third", Role::ContentApprover).await;
    step_up(&test, &mut second, "third").await;
    let word = format!("proposal={number}&digest={digest}&verdict=approve&reason=ok");
    let late = send(&mut second, "/console/award/decide", &word).await;
    late.assert_page(409, &["公式不能再改"]);
    let standing = honour::standing(&test.app).await.unwrap();
    assert_eq!(standing.formula, Formula::People);
}

#[tokio::test]
async fn a_result_is_published_by_a_second_person_once_every_city_is_over() {
    let test = TestApp::new().await;
    for number in 0..3 {
        let person = test.follower(&format!("person {number}")).await;
        test.answer(&person, 5).await;
    }
    let mut admin = signed_in_as(&test, "admin", Role::ProvinceAdmin).await;
    let early = send(&mut admin, "/console/award/result", "winners=1&reason=x").await;
    early.assert_page(409, &["现在还不能提出获奖城市"]);
    let last = test
        .app
        .season
        .edition()
        .rounds()
        .last()
        .unwrap()
        .window()
        .end();
    test.sleep_until(last + TimeDelta::minutes(2));
    season::heartbeat(&test.app).await.unwrap();
    statistics::count_all(&test.app).await.unwrap();
    let standing = honour::standing(&test.app).await.unwrap();
    assert!(standing.is_over);
    assert_eq!(standing.places[0].city, FIRST_CITY);
    assert_eq!(
        (standing.places[0].rank, standing.places[0].score),
        (Some(1), Some(3))
    );
    let mut admin = signed_in_as(&test, "admin-2", Role::ProvinceAdmin).await;
    let none = send(&mut admin, "/console/award/result", "winners=&reason=x").await;
    none.assert_page(409, &["写明取前几名"]);
    send(&mut admin, "/console/award/result", "winners=1&reason=x")
        .await
        .assert_leads("/console/award");
    let mut reader = Browser::new(&test);
    assert!(
        !reader.get("/summary").await.body.contains("优秀组织奖"),
        "nothing is decided yet"
    );
    let (number, digest) = waiting(&mut admin).await;
    let mut second = signed_in_as(&test, "second", Role::ContentApprover).await;
    step_up(&test, &mut second, "second").await;
    let word = format!("proposal={number}&digest={digest}&verdict=approve&reason=ok");
    send(&mut second, "/console/award/decide", &word)
        .await
        .assert_leads("/console/award");
    let page = second.get("/console/award").await;
    page.assert_page(200, &["已公布：盐城市", "admin-2 提出，second 批准"]);
    reader
        .get("/summary")
        .await
        .assert_page(200, &["优秀组织奖", "盐城市"]);
    let again = send(&mut admin, "/console/award/result", "winners=1&reason=x").await;
    again.assert_page(409, &["已经处理过了"]);
}

#[tokio::test]
async fn reports_put_the_numbers_together_and_go_out_as_workbooks() {
    let test = TestApp::new().await;
    let people = test.followers(6).await;
    for person in &people {
        test.answer(person, 6).await;
        test.clock.advance_by(TimeDelta::seconds(1));
    }
    test.claim(&people[0]).await.unwrap();
    season::heartbeat(&test.app).await.unwrap();
    statistics::count_all(&test.app).await.unwrap();
    let mut admin = signed_in_as(&test, "admin", Role::ProvinceAdmin).await;
    let path = format!("/console/cities/{FIRST_CITY}/report");
    let page = admin.get(&path).await;
    page.assert_page(
        200,
        &[
            "盐城市竞赛总结",
            "还没有结束",
            "6 人交卷 6 次",
            "0 差异",
            "逐日",
        ],
    );
    let book = admin.get(&format!("{path}/workbook")).await;
    assert!(book.header("content-type").contains("spreadsheetml"));
    let page = admin.get("/console/report").await;
    page.assert_page(200, &["全省竞赛总结", "优秀组织奖排名", "目标 100,000 人"]);
    let book = admin.get("/console/report/workbook").await;
    assert!(book.header("content-type").contains("spreadsheetml"));
}
