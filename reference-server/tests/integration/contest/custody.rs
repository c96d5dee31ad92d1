//! Laws of the keys of a season: known again, moved to newer ones beside running servers, destroyed when it is time.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Instant,
};

use chrono::TimeDelta;
use reference_server::{
    app::App,
    contest::{
        Error, Failure,
        claim::{self, ClaimRequest},
        custody,
    },
    entropy::SeededEntropy,
    privacy::{Field, KeyFile, Keys, RingName, SeasonSecret, Suite},
    rail::Rail,
    worker,
};
use reward_core::{Fen, RewardTerms};

use super::transfers;
use crate::app::{SMALL, Setting, TestApp};

/// A key of a ring: the first one as the contest under test has it, a later one made anew.
fn key(season: &SeasonSecret, ring: RingName, version: u32) -> Option<KeyFile> {
    if version == 1 {
        return Some(KeyFile::derived(season, ring));
    }
    let name = format!("{ring}-{version}.key");
    let seed = u64::from(version) * 10 + u64::from(ring == RingName::People);
    let entropy = SeededEntropy::new(seed);
    let suite = Suite::of_name("sm4-sm3")
        .filter(|_suite| ring == RingName::People)
        .unwrap_or(Suite::AesSha2);
    Some(KeyFile::generate(name.as_ref(), suite, &entropy).unwrap())
}

/// The keys of the contest under test with these versions in both rings, the sealing one first.
fn keys(test: &TestApp, versions: &[u32]) -> Keys {
    let season = test.season_secret();
    let ring = |name| {
        let versions = versions.iter();
        versions
            .map(|version| key(&season, name, *version))
            .collect()
    };
    Keys::new(
        &season,
        ring(RingName::Contest),
        ring(RingName::People),
        key(&season, RingName::Index, 1),
    )
    .unwrap()
}

/// How many values each version sealed, over all columns.
async fn sealed_by(app: &App, version: u32) -> i64 {
    let columns = custody::columns(app).await.unwrap();
    assert!(columns.iter().all(|column| column.n_unreadable == 0));
    let versions = columns.iter().flat_map(|column| &column.by_version);
    versions
        .filter(|(sealed_by, _n)| *sealed_by == version)
        .map(|(_version, n)| n)
        .sum()
}

#[tokio::test]
async fn values_move_to_a_newer_key_while_the_contest_runs() {
    let mut test = TestApp::with(Setting {
        terms: RewardTerms {
            pool: Fen::new(420_400),
            daily_cap: Fen::new(60_000),
            packets_per_day: 40,
            ..SMALL
        },
        ..Setting::usual()
    })
    .await;
    for number in 0..12 {
        test.winner(&format!("winner {number}")).await;
    }
    let code = test.code_of(&test.follower("sharer").await).await;
    assert!(!code.is_empty());
    // First everybody can read the newer key, then everybody seals with it.
    let reading = test.instance_with_keys(11, keys(&test, &[1, 2]));
    let sealing = test.instance_with_keys(12, keys(&test, &[2, 1]));
    let custodian = test.custodian(13, keys(&test, &[2, 1]));
    let before = sealed_by(&custodian, 1).await;
    assert!(before > 12, "{before}");
    let people = test.followers(8).await;
    let play = async {
        for (person, app) in people.iter().zip([&reading, &sealing].into_iter().cycle()) {
            test.answer(person, 7).await;
            claim::claim(app, &person.id, ClaimRequest::default())
                .await
                .unwrap();
        }
    };
    let rotate = async {
        let mut moved = 0;
        for _ in 0..3 {
            let done = custody::rotate(&custodian, 5).await.unwrap();
            assert_eq!(done.n_unreadable, 0);
            moved += done.n_moved;
        }
        moved
    };
    let ((), moved) = tokio::join!(play, rotate);
    assert!(moved > 0);
    // Whatever an instance still sealed with the older key, another run finds.
    custody::rotate(&custodian, 200).await.unwrap();
    assert_eq!(sealed_by(&custodian, 1).await, 0);
    assert_eq!(custody::rotate(&custodian, 200).await.unwrap().n_moved, 0);
    // Then the older key can go: the next instance pays and plays without it.
    let newest = test.instance_with_keys(14, keys(&test, &[2]));
    custody::expect_keys(&newest).await.unwrap();
    worker::settle_due(&newest, 64).await.unwrap();
    assert_eq!(
        test.number("SELECT COUNT(*) FROM payment WHERE state <> 'sent'"),
        0
    );
    let person = test.follower("late").await;
    assert_eq!(custody::columns(&newest).await.unwrap()[3].n_unreadable, 1);
    custody::rotate(&custodian, 200).await.unwrap();
    test.answer(&person, 5).await;
    claim::claim(&newest, &person.id, ClaimRequest::default())
        .await
        .unwrap();
    test.app = newest;
    test.assert_sound().await;
}

#[tokio::test]
async fn what_opens_a_confirm_page_moves_to_a_newer_key_and_still_opens_it() {
    let mut test = TestApp::with(Setting {
        rail: Rail::Transfer,
        ..Setting::usual()
    })
    .await;
    let winners = [test.winner("one").await, test.winner("two").await];
    test.settle().await;
    let packages = async |app: &App| {
        let columns = custody::columns(app).await.unwrap();
        let name = Field::PaymentPackage.name();
        let column = columns.into_iter().find(|column| column.column == name);
        column.unwrap()
    };
    let custodian = test.custodian(13, keys(&test, &[2, 1]));
    let before = packages(&custodian).await;
    assert_eq!(before.by_version, [(2, 0), (1, 2)]);
    custody::rotate(&custodian, 200).await.unwrap();
    let after = packages(&custodian).await;
    assert_eq!(
        (after.by_version, after.n_unreadable),
        (vec![(2, 2), (1, 0)], 0)
    );
    // Whoever has only the newer key shows the page, and WeChat takes what stands on it.
    test.app = test.instance_with_keys(14, keys(&test, &[2]));
    for (person, packet) in &winners {
        transfers::confirm(&test, person, &packet.award).await;
    }
    test.settle_for(TimeDelta::minutes(1)).await;
    for (_person, packet) in &winners {
        assert_eq!(test.payment_state(&packet.award), "received");
    }
    test.assert_sound().await;
}

/// 3,000 rows, or as many as `ROTATION_ROWS` says; it prints how long they took.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_rows_move_and_no_read_fails_meanwhile() {
    let n_rows: u64 = std::env::var("ROTATION_ROWS").map_or(3_000, |text| text.parse().unwrap());
    let test = TestApp::new().await;
    let entropy = SeededEntropy::new(1);
    let old = keys(&test, &[1]);
    let mut raw = test.raw();
    let numbers: Vec<u64> = (0..n_rows).collect();
    for chunk in numbers.chunks(1_000) {
        let values: Vec<String> = chunk
            .iter()
            .map(|number| {
                let person = format!("P{number:07}");
                let openid = format!("oCANARY{number:021}");
                let place = Field::Openid.of(&person);
                let sealed = old.seal(&place, openid.as_bytes(), &entropy).unwrap();
                format!("('{person}', '{person}', '{sealed}', 0)")
            })
            .collect();
        raw.run(&format!(
            "INSERT INTO person (person, openid_index, openid_sealed, created_ms) VALUES {}",
            values.join(", ")
        ));
    }
    let both = Arc::new(keys(&test, &[1, 2]));
    let custodian = test.custodian(13, keys(&test, &[2, 1]));
    let (over, n_reads) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicU64::new(0)),
    );
    let reader = {
        let (over, n_reads, app) = (
            Arc::clone(&over),
            Arc::clone(&n_reads),
            test.another_instance(15),
        );
        tokio::spawn(async move {
            let mut number = 0;
            while !over.load(Ordering::Relaxed) {
                number = (number + 7_919) % n_rows;
                let person = format!("P{number:07}");
                let who = person.clone();
                let row = app
                    .store
                    .read(move |read| reference_server::store::people::person(read, &who))
                    .await
                    .unwrap()
                    .unwrap();
                let plain = both.open(&Field::Openid.of(&person), &row.openid_sealed);
                assert_eq!(plain.unwrap(), format!("oCANARY{number:021}").into_bytes());
                n_reads.fetch_add(1, Ordering::Relaxed);
            }
        })
    };
    let begun = Instant::now();
    let done = custody::rotate(&custodian, 500).await.unwrap();
    let took = begun.elapsed();
    over.store(true, Ordering::Relaxed);
    reader.await.unwrap();
    // Two banks and two plan seeds stand beside the persons.
    assert_eq!(
        (done.n_moved, done.n_overtaken, done.n_unreadable),
        (n_rows + 4, 0, 0)
    );
    assert_eq!(sealed_by(&custodian, 1).await, 0);
    println!(
        "{} values moved in {took:.1?} beside {} reads, 0 of them failed",
        done.n_moved,
        n_reads.load(Ordering::Relaxed)
    );
}

#[tokio::test]
async fn another_key_under_a_known_name_is_refused() {
    let test = TestApp::new().await;
    let season = test.season_secret();
    let first = |ring| Some(KeyFile::derived(&season, ring));
    let stranger = SeasonSecret::new(&[9; 32]);
    let strange = |ring| Some(KeyFile::derived(&stranger, ring));
    let cases = [
        (
            "season-1",
            Keys::new(
                &stranger,
                vec![first(RingName::Contest)],
                vec![first(RingName::People)],
                first(RingName::Index),
            ),
        ),
        (
            "contest-1",
            Keys::new(
                &season,
                vec![strange(RingName::Contest)],
                vec![first(RingName::People)],
                first(RingName::Index),
            ),
        ),
        (
            "people-1",
            Keys::new(
                &season,
                vec![first(RingName::Contest)],
                vec![strange(RingName::People)],
                first(RingName::Index),
            ),
        ),
        (
            "index-1",
            Keys::new(
                &season,
                vec![first(RingName::Contest)],
                vec![first(RingName::People)],
                strange(RingName::Index),
            ),
        ),
    ];
    for (name, keys) in cases {
        let app = test.instance_with_keys(11, keys.unwrap());
        let error = custody::expect_keys(&app).await.unwrap_err();
        let Error::Failed(Failure::Key { key, problem }) = error else {
            panic!("{name}: {error}");
        };
        assert_eq!(key, name);
        assert!(problem.contains("another one"), "{problem}");
    }
    assert_eq!(test.number("SELECT COUNT(*) FROM field_key"), 4);
    // A new version is welcome, and known from then on.
    custody::expect_keys(&test.instance_with_keys(12, keys(&test, &[1, 2])))
        .await
        .unwrap();
    let known: BTreeSet<String> = test
        .raw()
        .texts("SELECT ring || '-' || version FROM field_key")
        .into_iter()
        .collect();
    let wanted = [
        "contest-1",
        "contest-2",
        "index-1",
        "people-1",
        "people-2",
        "season-1",
    ];
    assert_eq!(known, wanted.map(str::to_owned).into());
}
