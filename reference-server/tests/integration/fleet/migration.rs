//! The next version's migration while this version serves: what is added disturbs nobody.

use std::sync::Arc;

use chrono::TimeDelta;
use reference_server::contest::claim::{self, ClaimRequest};
use tokio::{sync::watch, task::JoinSet};

use crate::{
    app::{Setting, TestApp},
    engine::{Raw, is_server},
};

/// What migrations may do while a city is live: add tables, columns that may be empty or have
/// a default, and indexes.
const NEXT: &str = "
    CREATE TABLE later (id TEXT PRIMARY KEY, award TEXT NOT NULL REFERENCES award (award));
    ALTER TABLE award ADD COLUMN note TEXT;
    ALTER TABLE attempt ADD COLUMN weight BIGINT NOT NULL DEFAULT 1;
    ALTER TABLE payment ADD COLUMN remark TEXT;
    ALTER TABLE city ADD COLUMN motto TEXT;
    CREATE INDEX award_by_note ON award (note);
";

fn raise_version(raw: &mut Raw) {
    if is_server() {
        raw.run("UPDATE schema_version SET version = version + 1");
    } else {
        let version = raw.number("PRAGMA user_version") + 1;
        raw.run(&format!("PRAGMA user_version = {version}"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_next_migration_while_two_instances_serve_fails_nobody() {
    let test = TestApp::with(Setting {
        terms: reward_core::RewardTerms {
            release: reward_core::Release::Immediate,
            ..reward_core::RewardRules::JIANGSU_2020.terms()
        },
        ..Setting::usual()
    })
    .await;
    let people = test.followers(60).await;
    for person in &people {
        test.answer(person, 5).await;
    }
    let instances = [Arc::clone(&test.app), test.another_instance(31)];
    let (count, mut n_claimed) = watch::channel(0);
    let count = Arc::new(count);
    let mut claims = JoinSet::new();
    for (number, share) in people.chunks(15).map(<[_]>::to_vec).enumerate() {
        let (app, count) = (Arc::clone(&instances[number % 2]), Arc::clone(&count));
        claims.spawn(async move {
            for person in share {
                let claimed = claim::claim(&app, &person.id, ClaimRequest::default()).await;
                claimed.unwrap();
                count.send_modify(|n_claimed| *n_claimed += 1);
            }
        });
    }
    n_claimed
        .wait_for(|n_claimed| *n_claimed >= 15)
        .await
        .unwrap();
    let mut raw = test.raw();
    for statement in NEXT.split_inclusive(';').filter(|text| text.contains(';')) {
        raw.run(statement);
    }
    raise_version(&mut raw);
    claims.join_all().await;
    // After it everything goes on: papers, payments, both audits.
    let (_, packet) = test.winner("after the migration").await;
    // Thirty orders leave in a second, and which ones first is up to their numbers.
    test.settle_for(TimeDelta::seconds(5)).await;
    assert_eq!(test.payment_state(&packet.award), "sent");
    assert_eq!(test.number("SELECT COUNT(*) FROM award"), 61);
    test.assert_sound().await;
}
