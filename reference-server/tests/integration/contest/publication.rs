//! What is published of a city: a head each evening, receipts at once, and a file that anybody can audit.

use chrono::TimeDelta;
use reference_server::contest::{Refusal, publication};
use reward_core::{
    AuditFault, CityFile, CityFileFault, DailyHead, Fen, PlanRoot, ReceiptFault, RewardRules,
};

use crate::app::{FIRST_CITY, SECOND_CITY, SMALL, Setting, TestApp, code, refusal, shanghai};

/// A week in which so many claim on each day, all of a day in the same millisecond.
async fn week(claims: [usize; 7]) -> TestApp {
    let test = TestApp::starting("2020-04-22 00:00:00").await;
    for (day, n) in (0..).zip(claims) {
        test.sleep_until(shanghai("2020-04-22 00:00:00") + TimeDelta::days(day));
        for person in test.followers(n).await {
            test.answer(&person, 5).await;
            test.claim(&person).await.unwrap();
        }
    }
    test
}

async fn record(test: &TestApp) -> publication::CityRecord {
    let cities = publication::cities(&test.app).await.unwrap();
    cities
        .into_iter()
        .find(|city| city.slug == FIRST_CITY)
        .unwrap()
}

#[tokio::test]
async fn the_file_of_a_finished_city_fits() {
    let test = week([8, 3, 0, 8, 1, 2, 8]).await;
    let disclosed = shanghai("2020-04-29 00:00:00") + publication::AFTER_END;
    test.sleep_until(disclosed - TimeDelta::milliseconds(1));
    assert_eq!(
        refusal(publication::city_file(&test.app, FIRST_CITY).await),
        Refusal::NotDisclosed { from: disclosed }
    );
    assert!(!record(&test).await.is_disclosed);
    test.sleep_until(disclosed);
    let file = publication::city_file(&test.app, FIRST_CITY).await.unwrap();
    let report = file.audit().unwrap();
    assert_eq!(report.awards, 30);
    let awarded: u64 = report.awarded_by_day.iter().map(|sum| sum.get()).sum();
    assert_eq!(
        i64::try_from(awarded).unwrap(),
        test.number("SELECT SUM(amount_fen) FROM award")
    );
    let record = record(&test).await;
    assert!(record.is_disclosed);
    assert_eq!(
        (record.commitment, record.root),
        (file.commitment, file.root)
    );
    test.assert_sound().await;
}

#[tokio::test]
async fn the_file_is_the_documented_json_and_names_nobody() {
    let test = week([4, 0, 0, 0, 0, 0, 0]).await;
    test.sleep_until(shanghai("2020-04-30 00:00:00"));
    let file = publication::city_file(&test.app, FIRST_CITY).await.unwrap();
    let json = serde_json::to_string(&file).unwrap();
    let read: CityFile = serde_json::from_str(&json).unwrap();
    assert_eq!(read, file);
    let people = test.raw().texts("SELECT person FROM person");
    assert!(people.len() >= 4);
    assert!(people.iter().all(|person| !json.contains(person.as_str())));
}

#[tokio::test]
async fn a_rescued_top_packet_stands_in_the_log_where_it_was_taken() {
    let test = TestApp::starting("2020-04-28 23:59:59.999").await;
    // After the rescue the first claim takes the top packet, wherever it lies; all in one millisecond.
    for person in test.followers(8).await {
        test.answer(&person, 5).await;
        test.claim(&person).await.unwrap();
    }
    test.sleep_until(shanghai("2020-04-29 00:10:00"));
    let file = publication::city_file(&test.app, FIRST_CITY).await.unwrap();
    let report = file.audit().unwrap();
    assert_eq!(report.top_packet, Some(0));
    assert_eq!(report.awarded_by_day[6], Fen::new(20_000));
}

#[tokio::test]
async fn a_head_is_published_ten_minutes_after_its_day_and_never_changes() {
    let test = TestApp::starting("2020-04-22 23:59:59.999").await;
    let (_, _) = test.winner("末班车").await;
    for (at, heads) in [
        ("2020-04-22 23:59:59.999", 0),
        ("2020-04-23 00:09:59.999", 0),
        ("2020-04-23 00:10:00", 1),
        ("2020-04-24 00:09:59.999", 1),
        ("2020-04-24 00:10:00", 2),
        ("2020-04-29 00:09:59.999", 6),
        ("2020-04-29 00:10:00", 7),
        ("2020-05-20 00:00:00", 7),
    ] {
        test.sleep_until(shanghai(at));
        assert_eq!(record(&test).await.heads.len(), heads, "{at}");
    }
    let heads = record(&test).await.heads;
    assert!(heads.iter().all(|head| head.entries == 1));
    // Another process computes the same.
    let other = test.another_instance(5);
    let again = publication::cities(&other).await.unwrap();
    assert_eq!(again[0].heads, heads);
}

#[tokio::test]
async fn what_was_changed_after_a_head_was_noted_is_noticed() {
    let test = week([5, 0, 0, 0, 0, 0, 0]).await;
    test.sleep_until(shanghai("2020-04-23 00:10:00"));
    let noted: DailyHead = record(&test).await.heads[0];
    test.sleep_until(shanghai("2020-04-30 00:00:00"));
    let mut file = publication::city_file(&test.app, FIRST_CITY).await.unwrap();
    assert_eq!(file.heads[0], noted.to_string());
    // An award that vanishes.
    file.log.pop();
    assert!(matches!(
        file.audit(),
        Err(CityFileFault::Audit(AuditFault::Head { day: 1, .. }))
    ));
}

#[tokio::test]
async fn a_receipt_is_valid_at_once_and_for_its_claimant_only() {
    let test = TestApp::new().await;
    let (person, packet) = test.winner("甲").await;
    let (stranger, _) = test.winner("乙").await;
    let found = publication::receipt(&test.app, &person.id, &packet.award)
        .await
        .unwrap();
    let rules = test.app.season.rules;
    let root: PlanRoot = found.root.parse().unwrap();
    assert_eq!(found.root, record(&test).await.root);
    assert_eq!(found.receipt.amount(), packet.amount);
    assert_eq!(found.receipt.verify(&rules, &root), Ok(()));
    let cities = publication::cities(&test.app).await.unwrap();
    let other = cities.iter().find(|city| city.slug == SECOND_CITY).unwrap();
    assert!(matches!(
        found.receipt.verify(&rules, &other.root.parse().unwrap()),
        Err(ReceiptFault::OtherRoot { .. })
    ));
    for award in [packet.award.as_str(), "nothing"] {
        assert_eq!(
            code(publication::receipt(&test.app, &stranger.id, award).await),
            "not-found"
        );
    }
}

#[tokio::test]
async fn an_unknown_city_has_no_file() {
    let test = TestApp::with(Setting::starting("2020-05-30 00:00:00")).await;
    assert_eq!(
        code(publication::city_file(&test.app, "hangzhou").await),
        "unknown-city"
    );
    // A city in which nobody claimed has one, without awards.
    let file = publication::city_file(&test.app, SECOND_CITY)
        .await
        .unwrap();
    let report = file.audit().unwrap();
    assert_eq!((report.awards, report.top_packet), (0, None));
    assert_eq!(
        file.heads.len(),
        usize::from(RewardRules::new(SMALL).unwrap().days())
    );
}
