//! What only a server has: roles, emptied tables, switched-off guards, tables put in front of others.

use super::attack::{Scene, assert_refused_by, fixed};
use crate::{app::TestApp, engine::is_server};

/// Tables of which nobody takes a row back.
const KEPT: [(&str, &str); 29] = [
    ("packet", "a sealed packet never leaves"),
    ("bank", "a frozen bank never leaves"),
    ("award", "an award never leaves"),
    ("attempt", "a submitted attempt never leaves"),
    ("referral", "a referral never leaves"),
    ("follow", "the ever-followed record never leaves"),
    ("transfer", "a transfer never leaves"),
    ("payment_event", "a payment event never leaves"),
    ("audit_event", "an audit event never leaves"),
    ("payment", "a payment never leaves"),
    ("fund_flow_bill", "an imported bill never leaves"),
    ("fund_flow", "a line of a bill never leaves"),
    ("incident", "an incident never leaves"),
    ("incident_settled", "what settled an incident never leaves"),
    ("correction", "a correction never leaves"),
    ("correction_approval", "an approval never leaves"),
    ("books_seal", "a seal never leaves"),
    ("duty", "the outcome of a duty never leaves"),
    ("field_key", "the record of a key never leaves"),
    ("chance_message", "a message about a chance never leaves"),
    ("announcement", "an announcement never leaves"),
    ("organiser", "an organiser never leaves"),
    ("setup_link", "a setup link never leaves"),
    ("recovery_code", "a recovery code never leaves"),
    ("organiser_session", "a session never leaves"),
    ("proposal", "a proposal never leaves"),
    ("proposal_decision", "a decision never leaves"),
    ("attempt_tally", "a tally never leaves"),
    ("pause", "a pause never leaves"),
];

#[tokio::test]
async fn no_hand_empties_a_table() {
    if !is_server() {
        println!("SKIPPED: a file knows no TRUNCATE");
        return;
    }
    let test = TestApp::new().await;
    let alone: Vec<(String, &str)> = KEPT
        .iter()
        .filter(|(table, _reason)| {
            ["transfer", "payment_event", "duty", "field_key"].contains(table)
        })
        .map(|(table, reason)| (format!("TRUNCATE {table}"), *reason))
        .collect();
    let cascading: Vec<(String, &str)> = KEPT
        .iter()
        // Which of the emptied tables refuses first is not told.
        .map(|(table, _reason)| (format!("TRUNCATE {table} CASCADE"), "never leaves"))
        .collect();
    assert_refused_by(&mut test.raw(), &[alone, cascading].concat());
}

#[tokio::test]
async fn the_servers_own_role_can_neither_change_nor_delete_what_is_kept() {
    if !is_server() {
        println!("SKIPPED: a file has no roles");
        return;
    }
    let test = TestApp::new().await;
    let mut attacks = Vec::new();
    for (table, _reason) in KEPT {
        for sql in [
            format!("DELETE FROM {table}"),
            format!("TRUNCATE {table} CASCADE"),
        ] {
            attacks.push((sql, "permission denied"));
        }
        for sql in [
            format!("DROP TABLE {table} CASCADE"),
            format!("ALTER TABLE {table} DISABLE TRIGGER ALL"),
            format!("ALTER TABLE {table} ADD COLUMN more BIGINT"),
        ] {
            attacks.push((sql, "must be owner"));
        }
    }
    attacks.extend(fixed(&[
        ("UPDATE packet SET amount_fen = 10", "permission denied"),
        ("UPDATE bank SET content_sealed = ''", "permission denied"),
        (
            "UPDATE award SET amount_fen = amount_fen + 1",
            "permission denied",
        ),
        ("UPDATE attempt SET score = 10", "permission denied"),
        ("UPDATE referral SET sharer = friend", "permission denied"),
        ("UPDATE follow SET first_ms = 0", "permission denied"),
        ("UPDATE transfer SET amount_fen = 1", "permission denied"),
        (
            "UPDATE payment_event SET evidence = ''",
            "permission denied",
        ),
        ("UPDATE audit_event SET detail = ''", "permission denied"),
        ("UPDATE payment SET amount_fen = 1", "permission denied"),
        ("UPDATE field_key SET destroyed_ms = 1", "permission denied"),
        ("UPDATE field_key SET fingerprint = ''", "permission denied"),
        ("UPDATE city SET pool_fen = 1", "permission denied"),
        ("UPDATE city SET closes_ms = 1", "permission denied"),
        ("UPDATE city SET plan_seed_sealed = ''", "permission denied"),
        ("UPDATE budget_day SET cap_fen = 1", "permission denied"),
        ("UPDATE season SET rules = ''", "permission denied"),
        ("UPDATE announcement SET content = ''", "permission denied"),
        ("UPDATE chance_message SET person = ''", "permission denied"),
        (
            "UPDATE person SET openid_index = 'other'",
            "permission denied",
        ),
        ("UPDATE schema_version SET version = 0", "permission denied"),
        (
            "INSERT INTO schema_version VALUES (1, '')",
            "permission denied",
        ),
        ("DELETE FROM commit_mark", "permission denied"),
        ("CREATE TABLE mine (number BIGINT)", "permission denied"),
        (
            "CREATE OR REPLACE FUNCTION award_is_counted() RETURNS trigger LANGUAGE plpgsql
             AS $$ BEGIN RETURN NEW; END $$",
            "permission denied",
        ),
        ("DROP TRIGGER award_never_changes ON award", "must be owner"),
        ("DROP INDEX award_once", "must be owner"),
    ]));
    assert_refused_by(&mut test.raw_of_server(), &attacks);
}

#[tokio::test]
async fn the_servers_own_role_takes_back_no_name_and_no_decision() {
    if !is_server() {
        println!("SKIPPED: a file has no roles");
        return;
    }
    let test = TestApp::new().await;
    let attacks = fixed(&[
        ("UPDATE organiser SET organiser = 'x'", "permission denied"),
        ("UPDATE proposal SET content = ''", "permission denied"),
        (
            "UPDATE proposal_decision SET checker = maker",
            "permission denied",
        ),
        ("UPDATE setup_link SET expires_ms = 1", "permission denied"),
    ]);
    assert_refused_by(&mut test.raw_of_server(), &attacks);
}

#[tokio::test]
async fn the_readers_role_sees_counts_and_nothing_sealed() {
    if !is_server() {
        println!("SKIPPED: a file has no roles");
        return;
    }
    let test = TestApp::new().await;
    let mut raw = test.raw();
    raw.run("SET ROLE contest_reader");
    assert_eq!(raw.attempt("SELECT SUM(amount_fen) FROM award"), Ok(()));
    assert_eq!(raw.attempt("SELECT state FROM payment"), Ok(()));
    let attacks = fixed(&[
        ("SELECT openid_sealed FROM person", "permission denied"),
        ("SELECT plan_seed_sealed FROM city", "permission denied"),
        ("SELECT request_sealed FROM payment", "permission denied"),
        ("SELECT evidence FROM payment_event", "permission denied"),
        ("SELECT content_sealed FROM bank", "permission denied"),
        ("SELECT value_sealed FROM shared_token", "permission denied"),
        ("SELECT value_sealed FROM secret", "permission denied"),
        ("SELECT password FROM organiser", "permission denied"),
        ("SELECT * FROM organiser_session", "permission denied"),
        (
            "INSERT INTO callback_seen VALUES ('a', 1)",
            "permission denied",
        ),
        ("UPDATE rail SET paused_reason = 'a'", "permission denied"),
    ]);
    assert_refused_by(&mut raw, &attacks);
}

#[tokio::test]
async fn a_table_put_in_front_of_another_deceives_no_guard() {
    if !is_server() {
        println!("SKIPPED: a file's guards look at its own tables only");
        return;
    }
    let scene = Scene::new().await;
    let forged = scene
        .uncounted_award(&[])
        .replace("INSERT INTO award", "CREATE TEMP TABLE forged")
        .replace(") VALUES (", ") AS VALUES (");
    let attacks = [(
        format!(
            "{forged}; CREATE TEMP TABLE budget_day (city TEXT, day BIGINT, used_fen BIGINT);
             INSERT INTO award SELECT * FROM forged"
        ),
        "is counted in its day",
    )];
    assert_refused_by(&mut scene.test.raw_of_server(), &attacks);
}
