//! The statistics: counted behind a mark, equal to the rows, and silent about few people.

use reference_server::contest::{
    audit,
    organiser::Role,
    personal::{self, District, Eraser},
    season,
    statistics::{self, Place, Shown},
};

use super::{send, signed_in_as};
use crate::app::{FIRST_CITY, Person, TestApp, shanghai};

/// The first city's districts in the tests.
async fn declare(test: &TestApp, person: &Person, nth: usize) -> String {
    let cities = test.app.season.province.cities();
    let city = cities
        .iter()
        .find(|city| city.slug().as_str() == FIRST_CITY)
        .unwrap();
    let district = city.districts()[nth].slug().as_str().to_owned();
    let chosen = District::Of {
        city: FIRST_CITY.to_owned(),
        district: district.clone(),
    };
    personal::choose_district(&test.app, &person.id, &chosen)
        .await
        .unwrap();
    district
}

/// Lets the city decide that a later instant has come, as the worker does.
async fn count(test: &TestApp) -> usize {
    test.clock.advance_by(chrono::TimeDelta::seconds(1));
    season::heartbeat(&test.app).await.unwrap();
    statistics::count_all(&test.app).await.unwrap()
}

#[tokio::test]
async fn people_and_answers_are_counted_once_and_are_what_the_rows_add_up_to() {
    let test = TestApp::new().await;
    let people = test.followers(3).await;
    for (person, n_right) in [(0, 3), (0, 6), (1, 9), (1, 10), (2, 0)] {
        test.answer(&people[person], n_right).await;
        test.clock.advance_by(chrono::TimeDelta::seconds(1));
    }
    assert_eq!(count(&test).await, 5);
    assert_eq!(count(&test).await, 0, "nothing is counted twice");
    let found = statistics::of_city(&test.app, FIRST_CITY).await.unwrap();
    let funnel = found.funnel;
    assert_eq!(
        (funnel.n_people, funnel.n_new_people, funnel.n_passed),
        (3, 3, 2)
    );
    assert_eq!((funnel.n_new_followers, funnel.n_new_following), (3, 3));
    assert_eq!(
        test.number("SELECT SUM(n) FROM answer_tally"),
        30,
        "first attempts only"
    );
    let right = "SELECT SUM(n) FROM answer_tally WHERE score = 3";
    assert_eq!(test.number(right), 10);
    // Who passes later, and somebody who comes later.
    test.answer(&people[2], 7).await;
    let late = test.follower("late").await;
    test.answer(&late, 5).await;
    test.claim(&late).await.unwrap();
    assert_eq!(count(&test).await, 2);
    let found = statistics::of_city(&test.app, FIRST_CITY).await.unwrap();
    assert_eq!((found.funnel.n_people, found.funnel.n_passed), (4, 4));
    assert_eq!((found.funnel.n_awarded, found.funnel.n_received), (1, 0));
    assert_eq!((found.n_attempts, found.n_passes), (7, 5));
    let hours: i64 = found.hours.iter().map(|hour| hour.n_attempts).sum();
    assert_eq!(hours, 7);
    assert_eq!(audit::violations(&test.app, None).await.unwrap(), []);
    test.raw()
        .run("UPDATE participant_tally SET n_people = n_people + 1");
    let violations = audit::violations(&test.app, None).await.unwrap();
    assert!(!violations.is_empty(), "the auditor recounts");
    assert!(
        violations
            .iter()
            .all(|one| one.invariant == "M30 statistics"),
        "{violations:?}"
    );
}

#[tokio::test]
async fn two_who_count_at_once_count_once() {
    let test = TestApp::new().await;
    let person = test.follower("person").await;
    for _ in 0..3 {
        test.answer(&person, 5).await;
    }
    test.clock.advance_by(chrono::TimeDelta::seconds(1));
    season::heartbeat(&test.app).await.unwrap();
    let (one, other) = tokio::join!(
        statistics::count_all(&test.app),
        statistics::count_all(&test.app)
    );
    assert_eq!(one.unwrap() + other.unwrap(), 3);
    assert_eq!(
        test.number("SELECT SUM(n_people) FROM participant_tally"),
        1
    );
    assert_eq!(audit::violations(&test.app, None).await.unwrap(), []);
}

#[tokio::test]
async fn a_closed_city_is_counted_to_its_end() {
    let test = TestApp::new().await;
    let person = test.follower("person").await;
    test.answer(&person, 5).await;
    let undecided = statistics::count_all(&test.app).await.unwrap();
    assert_eq!(
        undecided, 0,
        "another submission may still be decided at that instant"
    );
    test.sleep_until(shanghai("2020-04-29 00:00:01"));
    assert_eq!(count(&test).await, 1);
    let found = statistics::of_season(&test.app).await.unwrap();
    assert_eq!(found.cities[0].n_people, 1);
    assert_eq!(found.n_new_followers, 1);
}

#[tokio::test]
async fn whoever_changes_the_district_moves_and_whoever_is_erased_is_nowhere() {
    let test = TestApp::new().await;
    let people = test.followers(7).await;
    for person in &people {
        declare(&test, person, 0).await;
        test.answer(person, 5).await;
    }
    count(&test).await;
    let lines = |found: &statistics::Statistics| -> Vec<(Place, Shown)> {
        let lines = found.districts.iter();
        lines
            .map(|line| (line.place.clone(), line.people_declared))
            .collect()
    };
    let found = statistics::of_city(&test.app, FIRST_CITY).await.unwrap();
    assert_eq!(lines(&found)[0].1, Shown::Exact(7));
    // Two leave for another district: both numbers would tell of few people.
    for person in &people[..2] {
        declare(&test, person, 1).await;
    }
    let found = statistics::of_city(&test.app, FIRST_CITY).await.unwrap();
    assert_eq!(lines(&found)[1].1, Shown::Few);
    assert_eq!(
        lines(&found)[0].1,
        Shown::Withheld,
        "5 of 7 would tell of 2"
    );
    assert_eq!(found.coverage.n_declared, 7);
    for person in &people[..2] {
        personal::erase(&test.app, &person.id, Eraser::Person)
            .await
            .unwrap();
    }
    let found = statistics::of_city(&test.app, FIRST_CITY).await.unwrap();
    assert_eq!(lines(&found)[1].1, Shown::Exact(0));
    assert_eq!(lines(&found).last().unwrap(), &(Place::Unknown, Shown::Few));
    assert_eq!((found.coverage.n_people, found.coverage.n_declared), (7, 5));
    assert_eq!(audit::violations(&test.app, None).await.unwrap(), []);
}

#[tokio::test]
async fn the_pages_and_their_files_show_the_numbers() {
    let test = TestApp::new().await;
    let people = test.followers(6).await;
    for person in &people {
        declare(&test, person, 0).await;
        test.answer(person, 6).await;
    }
    count(&test).await;
    let mut admin = signed_in_as(&test, "admin", Role::ProvinceAdmin).await;
    let path = format!("/console/cities/{FIRST_CITY}/statistics");
    let page = admin.get(&path).await;
    page.assert_page(
        200,
        &[
            "参与与区县",
            "本市净新增关注",
            "目标 7,000",
            "两种来源都没有",
        ],
    );
    admin
        .get(&format!("{path}?day=1"))
        .await
        .assert_page(200, &["第 1 天"]);
    for table in ["steps", "hours", "districts"] {
        let csv = admin.get(&format!("{path}?table={table}&file=csv")).await;
        assert!(csv.header("content-type").starts_with("text/csv"));
        assert!(csv.body.contains("\"6\""), "{}", csv.body);
        let xlsx = admin.get(&format!("{path}?table={table}&file=xlsx")).await;
        assert!(xlsx.header("content-type").contains("spreadsheetml"));
    }
    let items = admin
        .get(&format!("/console/cities/{FIRST_CITY}/items"))
        .await;
    items.assert_page(200, &["题目分析", "省库", "市库"]);
    let flagged = admin
        .get(&format!("/console/cities/{FIRST_CITY}/items?show=flagged"))
        .await;
    flagged.assert_page(200, &["没有需要复核的题目"]);
    admin
        .get("/console/season")
        .await
        .assert_page(200, &["全省进度", "盐城市", "目标 100,000"]);
    let csv = admin.get("/console/season?file=csv").await;
    assert!(csv.body.contains("首次参加人数"), "{}", csv.body);
    let mut editor = signed_in_as(&test, "editor", Role::CityEditor).await;
    let own = editor.get("/console/cities/suzhou/items").await;
    own.assert_page(200, &["市库"]);
    assert!(
        !own.body.contains("省库"),
        "the province's keys are the province's"
    );
}

#[tokio::test]
async fn whoever_follows_by_a_districts_code_is_known_to_come_from_there() {
    let test = TestApp::new().await;
    let mut admin = signed_in_as(&test, "admin", Role::ProvinceAdmin).await;
    let path = format!("/console/cities/{FIRST_CITY}/district-codes");
    admin
        .get(&path)
        .await
        .assert_page(200, &["区县码", "还没有生成", "生成区县码"]);
    send(&mut admin, &path, "").await.assert_leads(&path);
    let page = admin.get(&path).await;
    assert!(!page.body.contains("还没有生成"), "{}", page.body);
    let codes = statistics::district_codes(&test.app, FIRST_CITY)
        .await
        .unwrap();
    let picture = format!("{path}/picture?district={}", codes[0].district);
    assert_eq!(
        admin.get(&picture).await.header("content-type"),
        "image/png"
    );
    let n_codes = test.number("SELECT COUNT(*) FROM district_code");
    assert_eq!(n_codes, i64::try_from(codes.len()).unwrap());
    send(&mut admin, &path, "").await.assert_leads(&path);
    assert_eq!(
        test.number("SELECT COUNT(*) FROM district_code"),
        n_codes,
        "made once"
    );

    let scene = test
        .raw()
        .text("SELECT code FROM district_code ORDER BY district LIMIT 1");
    let people = {
        let mut people = Vec::new();
        for number in 0..6 {
            let person = test.stranger(&format!("guest {number}")).await;
            test.follow(&person, Some(&scene)).await;
            test.answer(&person, 5).await;
            people.push(person);
        }
        people
    };
    count(&test).await;
    declare(&test, &people[0], 0).await;
    let found = statistics::of_city(&test.app, FIRST_CITY).await.unwrap();
    let known = found.coverage;
    assert_eq!(
        (known.n_people, known.n_scanned, known.n_declared),
        (6, 6, 1)
    );
    assert_eq!((known.n_same + known.n_different, known.n_unknown), (1, 0));
    let scanned: Vec<Shown> = found
        .districts
        .iter()
        .map(|line| line.people_scanned)
        .collect();
    assert!(scanned.contains(&Shown::Exact(6)), "{scanned:?}");
    // The first code counts; a later one changes nothing.
    let other = test
        .raw()
        .text("SELECT code FROM district_code ORDER BY district DESC LIMIT 1");
    test.follow(&people[0], Some(&other)).await;
    assert_eq!(
        test.number("SELECT COUNT(DISTINCT code) FROM district_scan"),
        1
    );
    assert_eq!(audit::violations(&test.app, None).await.unwrap(), []);
}
