//! What the database refuses to do to sealed values and to the record of keys.

use super::attack::{Scene, assert_refused_by, fixed};
use crate::engine::is_server;

/// A value as a newer key would have sealed it, for all the database can tell.
const NEWER: &str = "'2a.newer'";

/// Which rows of a table hold such a value and are held to it.
fn place(table: &str) -> &'static str {
    match table {
        "city" => " WHERE used_fen > 0",
        "payment" => " WHERE request_sealed <> ''",
        _ => "",
    }
}

#[tokio::test]
async fn a_sealed_value_gives_way_to_a_newer_key_only() {
    let scene = Scene::new().await;
    let columns = [
        ("bank", "content_sealed", "a frozen bank never changes"),
        (
            "city",
            "plan_seed_sealed",
            "the terms of a city are frozen once it has awarded",
        ),
        (
            "payment",
            "request_sealed",
            "the number, amount, rail and request of a payment never change",
        ),
    ];
    let mut attacks = Vec::new();
    for (table, column, reason) in columns {
        for value in [
            "''",
            "'other'",
            "'a.2'",
            "'0a.older'",
            "'1a.another'",
            "'1m.suite'",
        ] {
            let place = place(table);
            attacks.push((
                format!("UPDATE {table} SET {column} = {value}{place}"),
                reason,
            ));
        }
    }
    attacks.extend(fixed(&[
        (
            "UPDATE payment SET request_sealed = '2a.newer', machine = '{}' WHERE request_sealed <> ''",
            "one version at a time",
        ),
        (
            "UPDATE payment SET request_sealed = '2a.newer', due_ms = 7 WHERE request_sealed <> ''",
            "one version at a time",
        ),
        (
            "UPDATE payment SET request_sealed = '2a.newer', amount_fen = amount_fen + 1",
            "of a payment never change",
        ),
        (
            "UPDATE bank SET content_sealed = '2a.newer', digest = 'other'",
            "a frozen bank never changes",
        ),
        (
            "UPDATE city SET plan_seed_sealed = '2a.newer', pool_fen = 7 WHERE used_fen > 0",
            "frozen once it has awarded",
        ),
    ]));
    let mut raw = scene.test.raw();
    assert_refused_by(&mut raw, &attacks);
    for (table, column, _reason) in columns {
        let sql = format!("UPDATE {table} SET {column} = {NEWER}{}", place(table));
        assert_eq!(raw.attempt(&sql), Ok(()), "{sql}");
    }
}

#[tokio::test]
async fn a_request_is_emptied_only_when_its_payment_is_over_and_its_person_erased() {
    let scene = Scene::new().await;
    let mut raw = scene.test.raw();
    let empty = "UPDATE payment SET request_sealed = '' WHERE state = 'received'";
    let refused = fixed(&[(empty, "of a payment never change")]);
    assert_refused_by(&mut raw, &refused);
    let erase = "UPDATE person SET openid_sealed = ''";
    assert_eq!(raw.attempt(&format!("{erase}; {empty}")), Ok(()));
    let open = "UPDATE payment SET state = 'in_flight', request_sealed = '1a.frozen', version = version + 1
                WHERE state = 'reserved';
                UPDATE payment SET request_sealed = '' WHERE state = 'in_flight'";
    assert_refused_by(
        &mut raw,
        &[(format!("{erase}; {open}"), "of a payment never change")],
    );
}

#[tokio::test]
async fn the_record_of_a_key_never_changes() {
    let scene = Scene::new().await;
    let mut raw = scene.test.raw();
    assert_eq!(raw.number("SELECT COUNT(*) FROM field_key"), 4);
    let destroy = "UPDATE field_key SET destroyed_ms = 7 WHERE ring IN ('people', 'index')";
    assert_eq!(raw.attempt(destroy), Ok(()));
    let changed = "a key never changes, and a destroyed one never comes back";
    let mut attacks = fixed(&[
        (
            "UPDATE field_key SET fingerprint = ring || version",
            changed,
        ),
        ("UPDATE field_key SET added_ms = 7", changed),
        ("UPDATE field_key SET version = version + 1", changed),
        ("DELETE FROM field_key", "the record of a key never leaves"),
        (
            "INSERT INTO field_key VALUES ('people', 1, 'other', 7, NULL)",
            "UNIQUE constraint failed: field_key.ring, field_key.version",
        ),
        (
            "INSERT INTO field_key SELECT 'people', 2, fingerprint, 7, NULL FROM field_key",
            "UNIQUE constraint failed: field_key.fingerprint",
        ),
        (
            "INSERT INTO field_key VALUES ('others', 1, 'other', 7, NULL)",
            "CHECK constraint failed: ring",
        ),
        (
            "INSERT INTO field_key VALUES ('people', 0, 'other', 7, NULL)",
            "CHECK constraint failed: version",
        ),
        (
            "INSERT INTO field_key VALUES ('contest', 2, 'other', 7, 8)",
            "CHECK constraint failed",
        ),
    ]);
    for later in ["NULL", "8"] {
        let again = format!("UPDATE field_key SET destroyed_ms = {later} WHERE ring = 'people'");
        attacks.push((format!("{destroy}; {again}"), changed));
    }
    assert_refused_by(&mut raw, &attacks);
}

#[tokio::test]
async fn whoever_looks_after_the_keys_may_seal_anew_and_no_more() {
    if !is_server() {
        println!("SKIPPED: a file has no roles");
        return;
    }
    let scene = Scene::new().await;
    let mut raw = scene.test.raw();
    raw.run("SET ROLE contest_custodian");
    for sql in [
        "UPDATE bank SET content_sealed = '2a.newer'",
        "UPDATE city SET plan_seed_sealed = '2a.newer'",
        "UPDATE field_key SET destroyed_ms = 7 WHERE ring = 'people'",
        "UPDATE payment SET request_sealed = '2a.newer' WHERE request_sealed <> ''",
        "UPDATE person SET openid_sealed = '2a.newer'",
    ] {
        assert_eq!(raw.attempt(sql), Ok(()), "{sql}");
    }
    let attacks = fixed(&[
        ("UPDATE bank SET digest = ''", "permission denied"),
        ("UPDATE city SET pool_fen = 1", "permission denied"),
        ("UPDATE field_key SET fingerprint = ''", "permission denied"),
        ("UPDATE award SET amount_fen = 10", "permission denied"),
        ("DELETE FROM field_key", "permission denied"),
        ("UPDATE payment SET amount_fen = 1", "permission denied"),
        (
            "UPDATE payment SET request_sealed = '' WHERE request_sealed <> ''",
            "of a payment never change",
        ),
        (
            "UPDATE payment SET request_sealed = '2a.forged' WHERE request_sealed = ''",
            "of a payment never change",
        ),
    ]);
    assert_refused_by(&mut raw, &attacks);
}
