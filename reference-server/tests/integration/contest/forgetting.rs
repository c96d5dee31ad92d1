//! Laws of forgetting: one person at once, everybody when the season is long over; the books stay.

use std::{path::PathBuf, sync::Arc};

use chrono::TimeDelta;
use reference_server::{
    app::App,
    contest::{
        Error, Failure, PersonId, Refusal, audit,
        custody::{self, Decision, NotYet},
        personal::{self, Eraser},
        publication,
    },
    entropy::SeededEntropy,
    privacy::{self, Field, KeyFile, Keys, RingName, SeasonSecret, Unsealable},
    rail::Rail,
    web,
};

use crate::app::{FIRST_CITY, Person, Setting, TestApp, refusal};

/// The keys of the contest under test, as files.
struct Files {
    season: SeasonSecret,
    contest: PathBuf,
    people: PathBuf,
    index: PathBuf,
    _dir: tempfile::TempDir,
}

impl Files {
    fn of(test: &TestApp) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let season = test.season_secret();
        let entropy = SeededEntropy::new(3);
        let write = |ring: RingName| {
            let path = dir.path().join(format!("{ring}-1.key"));
            let key = KeyFile::derived(&season, ring);
            key.write(&path, &season, &entropy).unwrap();
            path
        };
        Self {
            contest: write(RingName::Contest),
            people: write(RingName::People),
            index: write(RingName::Index),
            season: test.season_secret(),
            _dir: dir,
        }
    }

    fn keys(&self) -> Keys {
        let read = |path| KeyFile::read(path, &self.season).unwrap();
        Keys::new(
            &self.season,
            vec![read(&self.contest)],
            vec![read(&self.people)],
            read(&self.index),
        )
        .unwrap()
    }
}

/// Every value that is sealed by the people's keys, as a backup has it.
fn backup(test: &TestApp) -> Vec<(Field, String, String)> {
    let mut raw = test.raw();
    let mut values = Vec::new();
    for (field, sql) in [
        (Field::Openid, "SELECT person, openid_sealed FROM person"),
        (
            Field::PaymentRequest,
            "SELECT bill_number, request_sealed FROM payment WHERE request_sealed <> ''",
        ),
        (
            Field::PaymentPackage,
            "SELECT bill_number, package_sealed FROM payment WHERE package_sealed IS NOT NULL",
        ),
    ] {
        let rows = raw.rows(sql);
        values.extend(
            rows.into_iter()
                .map(|row| (field, row[0].clone(), row[1].clone())),
        );
    }
    values
}

fn n_opened(keys: &Keys, values: &[(Field, String, String)]) -> usize {
    let opens = |(field, row, sealed): &&(Field, String, String)| {
        keys.open(&field.of(row), sealed) != Err(Unsealable)
    };
    values.iter().filter(opens).count()
}

async fn decide(app: &Arc<App>, by: &str, and: &str) -> Decision {
    custody::decide_to_destroy(app, by, and).await.unwrap()
}

async fn paid(test: &TestApp, name: &str) -> Person {
    let (person, _packet) = test.winner(name).await;
    test.settle().await;
    assert_eq!(test.open_packets(&person), 1);
    test.settle_for(TimeDelta::minutes(30)).await;
    person
}

/// Every reason not to destroy the keys yet; afterwards it is the first instant at which they may be.
async fn refused_until_it_is_time(test: &TestApp) {
    let refused = |reason| Decision::Refused(reason);
    for (by, and) in [("Zhang", ""), (" ", "Li"), ("Zhang", " zhang ")] {
        assert_eq!(
            decide(&test.app, by, and).await,
            refused(NotYet::TwoPersons)
        );
    }
    let open = refused(NotYet::PaymentsOpen { n: 1 });
    assert_eq!(decide(&test.app, "Zhang", "Li").await, open);
    test.settle_for(TimeDelta::days(3)).await;
    let end = test
        .app
        .season
        .edition()
        .rounds()
        .last()
        .unwrap()
        .window()
        .end();
    let from = end + custody::RETENTION;
    test.sleep_until(from - TimeDelta::milliseconds(1));
    let early = refused(NotYet::TooEarly { from });
    assert_eq!(decide(&test.app, "Zhang", "Li").await, early);
    assert_eq!(
        test.number("SELECT COUNT(*) FROM audit_event WHERE action LIKE 'keys.d%'"),
        0
    );
    test.sleep_until(from);
}

#[tokio::test]
async fn long_after_the_season_two_persons_destroy_the_keys_and_nobody_is_found_again() {
    let mut test = TestApp::new().await;
    let files = Files::of(&test);
    let people = [paid(&test, "one").await, paid(&test, "two").await];
    test.winner("open").await;
    let old_copy = backup(&test);
    assert_eq!(n_opened(&files.keys(), &old_copy), old_copy.len());
    refused_until_it_is_time(&test).await;
    let before = publication::city_file(&test.app, FIRST_CITY).await.unwrap();
    assert_eq!(decide(&test.app, "Zhang", "Li").await, Decision::Taken);
    let copy = Files::of(&test);
    privacy::destroy(&files.people).unwrap();
    privacy::destroy(&files.index).unwrap();
    custody::note_destroyed(&test.custodian(21, files.keys()))
        .await
        .unwrap();
    assert_eq!(
        test.raw()
            .text("SELECT actor FROM audit_event WHERE action = 'keys.destruction_decided'"),
        "Zhang, Li"
    );
    // Whatever is left of the keys opens nothing, neither in the database nor in the old copy.
    let left = files.keys();
    assert!(left.people_are_forgotten());
    assert_eq!(
        n_opened(&left, &backup(&test)) + n_opened(&left, &old_copy),
        0
    );
    for person in &people {
        assert!(left.openid_index(&person.openid).is_err());
    }
    // The books still hold, and the published file is the same.
    test.app = test.instance_with_keys(22, files.keys());
    custody::expect_keys(&test.app).await.unwrap();
    test.assert_sound().await;
    assert_eq!(audit::violations(&test.app, None).await.unwrap().len(), 0);
    let after = publication::city_file(&test.app, FIRST_CITY).await.unwrap();
    assert_eq!(
        serde_json::to_string(&after).unwrap(),
        serde_json::to_string(&before).unwrap()
    );
    after.audit().unwrap();
    // A copy of the keys that turns up again is refused.
    let found = test.instance_with_keys(23, copy.keys());
    let error = custody::expect_keys(&found).await.unwrap_err();
    assert!(
        matches!(&error, Error::Failed(Failure::Key { problem, .. }) if problem.contains("was destroyed")),
        "{error}"
    );
    // Nobody can be known again, not even by coming back.
    let known = personal::of_openid(&test.app, &people[0].openid).await;
    assert_eq!(refusal(known), Refusal::RecordsDestroyed);
}

#[tokio::test]
async fn without_the_keys_an_old_copy_opens_no_confirm_page() {
    let test = TestApp::with(Setting {
        rail: Rail::Transfer,
        ..Setting::usual()
    })
    .await;
    let files = Files::of(&test);
    test.winner("waiting").await;
    test.settle().await;
    let copy = backup(&test);
    let is_package = |(field, ..): &&(Field, String, String)| *field == Field::PaymentPackage;
    assert_eq!(copy.iter().filter(is_package).count(), 1);
    assert_eq!(n_opened(&files.keys(), &copy), copy.len());
    privacy::destroy(&files.people).unwrap();
    privacy::destroy(&files.index).unwrap();
    assert_eq!(n_opened(&files.keys(), &copy), 0);
}

#[tokio::test]
async fn the_time_counts_from_the_last_seal_when_that_comes_last() {
    let test = TestApp::new().await;
    let edition = test.app.season.edition();
    let rounds = edition.rounds();
    let sealed = rounds.last().unwrap().window().end() + TimeDelta::days(40);
    test.sleep_until(sealed);
    test.raw().run(&format!(
        "INSERT INTO books_seal (city, opens_ms, closes_ms, pool_fen, undrawn_fen, received_fen,
             left_fen, suspense_fen, n_awards, n_transfers, ledger_sha256, audit_number, audit_hash,
             sealed_by, sealed_ms)
         SELECT city, opens_ms, closes_ms, pool_fen, pool_fen, 0, 0, 0, 0, 0, 'digest', 1, 'hash',
             'Zhang', {} FROM city WHERE city = '{FIRST_CITY}'",
        sealed.timestamp_millis()
    ));
    let from = sealed + custody::RETENTION;
    test.sleep_until(from - TimeDelta::milliseconds(1));
    let early = Decision::Refused(NotYet::TooEarly { from });
    assert_eq!(decide(&test.app, "Zhang", "Li").await, early);
    test.sleep_until(from);
    assert_eq!(decide(&test.app, "Zhang", "Li").await, Decision::Taken);
}

#[tokio::test]
async fn erasing_one_person_leaves_nothing_that_opens_to_the_openid() {
    let test = TestApp::new().await;
    let (leaver, other) = (paid(&test, "leaver").await, paid(&test, "other").await);
    assert_eq!(
        personal::of_openid(&test.app, &leaver.openid)
            .await
            .unwrap(),
        Some(leaver.id.clone())
    );
    personal::erase(&test.app, &leaver.id, Eraser::Operator)
        .await
        .unwrap();
    let values = backup(&test);
    let opened: Vec<String> = values
        .iter()
        .filter_map(|(field, row, sealed)| test.app.keys.open(&field.of(row), sealed).ok())
        .map(|plain| String::from_utf8(plain).unwrap())
        .collect();
    assert_eq!(opened.len(), 2, "one openid and one request are left");
    assert!(opened.iter().all(|plain| plain.contains(&other.openid)));
    assert_eq!(
        test.raw()
            .text("SELECT actor FROM audit_event WHERE action = 'person.erased'"),
        "operator"
    );
    test.assert_sound().await;
    let nobody = PersonId::new("NOBODY".to_owned());
    let refused = personal::erase(&test.app, &nobody, Eraser::Operator).await;
    assert_eq!(refusal(refused), Refusal::NotFound);
}

#[tokio::test]
async fn an_export_holds_everything_of_its_person_and_nothing_of_another() {
    let test = TestApp::new().await;
    let (person, packet) = test.winner("curious").await;
    let (other, others) = test.winner("other").await;
    let code = test.code_of(&person).await;
    let export = web::export_of(&test.app, &person.id).await.unwrap();
    assert_eq!(export["openid"], person.openid);
    assert_eq!(export["invite_code"], code);
    assert_eq!(export["packets"][0]["award"], packet.award);
    assert_eq!(export["n_attempts"], 1);
    let attempt = export["attempts"][0]["attempt_id"].as_str().unwrap();
    let answers = export["answers"][attempt].as_str().unwrap();
    assert_eq!(answers.split(',').count(), 10);
    for instant in ["known_since", "first_followed_at"] {
        assert!(
            export[instant]
                .as_str()
                .unwrap()
                .starts_with("2020-04-22T12:00"),
            "{instant}"
        );
    }
    let text = export.to_string();
    for foreign in [
        other.openid.as_str(),
        other.id.as_str(),
        others.award.as_str(),
    ] {
        assert!(!text.contains(foreign), "{foreign} in {text}");
    }
    let nobody = PersonId::new("NOBODY".to_owned());
    assert_eq!(
        refusal(web::export_of(&test.app, &nobody).await),
        Refusal::NotFound
    );
}
