//! The audit log: searched, checked as far as one has come, taken away and checked elsewhere.

use reference_server::contest::{
    audit_log::{self, Event, Wanted},
    organiser::Role,
    pause::Subject,
};

use super::signed_in_as;
use crate::app::{FIRST_CITY, TestApp};

async fn log_with_events(test: &TestApp) {
    let person = test.follower("person").await;
    test.answer(&person, 5).await;
    test.claim(&person).await.unwrap();
    test.pause(FIRST_CITY, Subject::Claims, "50%_off").await;
}

#[tokio::test]
async fn a_search_finds_by_who_what_and_words_and_takes_words_literally() {
    let test = TestApp::new().await;
    log_with_events(&test).await;
    let found = |wanted: Wanted| {
        let app = test.app.clone();
        async move {
            let found = audit_log::search(&app, wanted, None).await.unwrap();
            let actions = found.events.into_iter().map(|event| event.action);
            actions.collect::<Vec<_>>()
        }
    };
    let people = found(Wanted {
        is_of_people: true,
        ..Wanted::default()
    })
    .await;
    assert_eq!(people, ["city.paused"]);
    assert!(
        found(Wanted::default())
            .await
            .contains(&"award.granted".to_owned())
    );
    for (actor, action, text, is_found) in [
        ("chen", "", "", true),
        ("che", "", "", false),
        ("", "city.", "", true),
        ("", "city_", "", false),
        ("", "", "50%_off", true),
        ("", "", "5%off", false),
        ("", "", "' OR '1'='1", false),
        ("chen", "city.paused", "yancheng", true),
    ] {
        let wanted = Wanted {
            actor: actor.to_owned(),
            action: action.to_owned(),
            text: text.to_owned(),
            ..Wanted::default()
        };
        let found = found(wanted).await.contains(&"city.paused".to_owned());
        assert_eq!(found, is_found, "{actor} {action} {text}");
    }
    let first = audit_log::search(&test.app, Wanted::default(), Some(2))
        .await
        .unwrap();
    let rest = Wanted {
        before: first.before,
        ..Wanted::default()
    };
    let rest = audit_log::search(&test.app, rest, None).await.unwrap();
    let numbers: Vec<i64> = first
        .events
        .iter()
        .chain(&rest.events)
        .map(|event| event.number)
        .collect();
    let newest = test.number("SELECT MAX(number) FROM audit_event");
    assert_eq!(numbers, (1..=newest).rev().collect::<Vec<_>>());
    assert_eq!(rest.before, None);
}

#[tokio::test]
async fn the_file_holds_wherever_it_is_read_and_a_changed_letter_is_found() {
    let test = TestApp::new().await;
    log_with_events(&test).await;
    let mut browser = signed_in_as(&test, "auditor", Role::Auditor).await;
    let file = browser.get("/console/audit-log/whole").await;
    assert_eq!(file.header("content-type"), "application/x-ndjson");
    let newest = test.number("SELECT MAX(number) FROM audit_event");
    let whole = audit_log::verify(file.body.as_bytes()).unwrap();
    assert_eq!((whole.number, &whole.broken), (newest, &None));
    assert_eq!(
        whole.hash,
        test.raw()
            .text("SELECT hash FROM audit_event ORDER BY number DESC LIMIT 1")
    );
    let lines: Vec<Event> = file
        .body
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let text = |events: &[Event]| -> String {
        let lines = events
            .iter()
            .map(|event| serde_json::to_string(event).unwrap() + "\n");
        lines.collect()
    };
    let changed: [fn(&mut Vec<Event>); 6] = [
        |events| events[1].detail.push('x'),
        |events| events[1].actor = "nobody".to_owned(),
        |events| events[1].at_ms += 1,
        |events| events[1].hash = events[0].hash.clone(),
        |events| drop(events.remove(1)),
        |events| events.swap(1, 2),
    ];
    for change in changed {
        let mut events = lines.clone();
        change(&mut events);
        let checked = audit_log::verify(text(&events).as_bytes()).unwrap();
        assert!(checked.broken.is_some_and(|at| at <= 3), "{checked:?}");
    }
    assert!(audit_log::verify("{}\n".as_bytes()).is_err());
    let page = browser.get("/console/audit-log").await;
    page.assert_page(200, &["city.paused", "chen", "全部对得上"]);
}

#[tokio::test]
async fn what_was_done_stands_in_words_with_its_name_behind() {
    let test = TestApp::new().await;
    log_with_events(&test).await;
    test.settle().await;
    let mut browser = signed_in_as(&test, "auditor", Role::Auditor).await;
    let page = browser.get("/console/audit-log?who=all").await;
    let actions = test.raw().rows("SELECT DISTINCT action FROM audit_event");
    assert!(actions.len() >= 6, "{actions:?}");
    for action in actions {
        page.assert_page(200, &[&format!("（{}）", action[0])]);
    }
}

#[tokio::test]
async fn a_broken_chain_is_a_band_across_the_page() {
    let test = TestApp::new().await;
    log_with_events(&test).await;
    let mut browser = signed_in_as(&test, "auditor", Role::Auditor).await;
    let mut raw = test.raw();
    raw.disarm();
    raw.run("UPDATE audit_event SET detail = 'x' WHERE number = 2");
    let page = browser.get("/console/audit-log").await;
    page.assert_page(200, &["第 2 条的指纹对不上"]);
}
