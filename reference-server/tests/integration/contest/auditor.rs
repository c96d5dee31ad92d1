//! Laws of the auditor: damage that got past every guard is found and named.

use chrono::TimeDelta;
use reference_server::contest::audit;
use wechat_adapter::simulator::PacketState;

use crate::app::{Behaviour, TestApp, shanghai};

/// A contest with three awards: one received, one sent, one reserved.
async fn scene() -> TestApp {
    let test = TestApp::new().await;
    let (first, _packet) = test.winner("first").await;
    test.settle().await;
    test.open_packets(&first);
    test.settle_for(TimeDelta::minutes(1)).await;
    test.winner("second").await;
    test.settle().await;
    test.winner("third").await;
    test.assert_sound().await;
    test
}

/// Takes every guard away and does the damage.
pub(super) fn damage(test: &TestApp, sql: &str) {
    let mut raw = test.raw();
    raw.disarm();
    raw.run("DROP INDEX award_once; DROP INDEX award_referral_once; DROP INDEX payment_live_once");
    raw.run(sql);
}

/// The damage is found, under each of these names.
async fn assert_found(sql: &str, invariants: &[&str]) {
    let test = scene().await;
    damage(&test, sql);
    let found = test.violations().await;
    for invariant in invariants {
        assert!(
            found
                .iter()
                .any(|violation| violation.starts_with(invariant)),
            "{sql}\n  wanted {invariant}\n  got {found:#?}"
        );
    }
}

#[tokio::test]
async fn a_sound_contest_has_no_violations() {
    let test = scene().await;
    test.sleep_until(shanghai("2020-05-30 12:00:00"));
    test.settle_for(TimeDelta::hours(1)).await;
    test.assert_sound().await;
}

#[tokio::test]
async fn m31_an_award_within_a_pause_of_claims_is_found() {
    assert_found(
        "INSERT INTO pause (pause, city, subject, sentence, reason, begun_by, begun_ms)
         SELECT 1, city, 'claims', 's', 'r', 'chen', decided_ms - 1 FROM award LIMIT 1",
        &["M31 awarded while claims were paused"],
    )
    .await;
}

#[tokio::test]
async fn m1_a_city_that_gave_more_than_its_pool_is_found() {
    assert_found("UPDATE city SET pool_fen = 10", &["M1 pool"]).await;
}

#[tokio::test]
async fn m1_a_city_that_counts_wrongly_is_found() {
    assert_found(
        "UPDATE city SET used_fen = used_fen - 1 WHERE used_fen > 0",
        &["M1 counter"],
    )
    .await;
}

#[tokio::test]
async fn m2_a_day_that_gave_more_than_its_cap_is_found() {
    assert_found("UPDATE budget_day SET cap_fen = 10", &["M2 cap"]).await;
}

#[tokio::test]
async fn m2_a_day_that_counts_wrongly_is_found() {
    assert_found(
        "UPDATE budget_day SET used_fen = used_fen + 1 WHERE used_fen > 0",
        &["M2 counter"],
    )
    .await;
}

#[tokio::test]
async fn m3_an_amount_out_of_bounds_or_off_the_plan_is_found() {
    assert_found(
        "UPDATE award SET amount_fen = 9 WHERE sequence = 0",
        &[
            "M1 counter",
            "M2 counter",
            "M3 amount out of bounds",
            "M3 not the planned amount",
        ],
    )
    .await;
}

#[tokio::test]
async fn m3_packets_swapped_after_they_were_sealed_are_found() {
    // The sums stay right: only the order of the plan is bent, award and packet alike.
    assert_found(
        "UPDATE packet SET amount_fen = (SELECT other.amount_fen FROM packet AS other
             WHERE other.city = packet.city AND other.day = packet.day + 1
               AND other.deck = packet.deck AND other.sequence = packet.sequence)
         WHERE city = 'yancheng' AND day < (SELECT MAX(day) FROM budget_day WHERE city = 'yancheng')",
        &["M3 not the sealed plan"],
    )
    .await;
}

#[tokio::test]
async fn m4_a_top_packet_given_twice_is_found() {
    assert_found("UPDATE award SET amount_fen = 10000", &["M4 top packet"]).await;
}

#[tokio::test]
async fn m5_a_base_chance_used_twice_is_found() {
    assert_found(
        "UPDATE award SET person = (SELECT person FROM award WHERE sequence = 0)",
        &["M5 base chance used twice"],
    )
    .await;
}

#[tokio::test]
async fn m6_an_award_without_a_passing_attempt_is_found() {
    assert_found(
        "UPDATE attempt SET score = 4",
        &["M6 not a passing attempt of this person and city"],
    )
    .await;
}

#[tokio::test]
async fn m8_an_award_for_a_friend_of_nobody_is_found() {
    assert_found(
        "UPDATE award SET kind = 'referral', friend = 'nobody' WHERE sequence = 0",
        &["M8 not a friend of this sharer"],
    )
    .await;
}

#[tokio::test]
async fn m9_an_award_outside_the_window_is_found() {
    assert_found(
        "UPDATE award SET decided_ms = closes_ms WHERE sequence = 1",
        &["M9 outside the window"],
    )
    .await;
}

#[tokio::test]
async fn m11_an_award_without_a_payment_is_found() {
    assert_found(
        "DELETE FROM payment WHERE state = 'reserved'",
        &["M11 no live or settled payment", "M18 ledger"],
    )
    .await;
}

#[tokio::test]
async fn m11_two_live_payments_of_an_award_are_found() {
    assert_found(
        "INSERT INTO payment SELECT 'TWIN', award, 2, amount_fen, request_sealed, state, due_ms,
             machine, version, changed_ms, rail, NULL FROM payment WHERE state = 'reserved'",
        &["M11 two live payments"],
    )
    .await;
}

#[tokio::test]
async fn m12_an_amount_that_differs_from_wechats_is_found() {
    assert_found(
        "UPDATE payment SET amount_fen = amount_fen + 1 WHERE state = 'received'",
        &["M12 amount differs", "M18 ledger"],
    )
    .await;
}

#[tokio::test]
async fn m18_a_missing_transfer_is_found() {
    assert_found(
        "DELETE FROM transfer WHERE number = 1 AND city = 'yancheng'",
        &["M18 ledger"],
    )
    .await;
}

#[tokio::test]
async fn m18_a_forged_transfer_is_found() {
    assert_found(
        "INSERT INTO transfer VALUES ('suzhou', 1, 'pool', 'received', 100, 'FORGED', 1)",
        &["M18 ledger"],
    )
    .await;
}

#[tokio::test]
async fn m18_damage_beside_a_held_payment_is_found() {
    let test = scene().await;
    let (_person, packet) = test.winner("held").await;
    test.pay.behave(Behaviour::OtherAmount);
    test.settle_for(TimeDelta::seconds(10)).await;
    assert_eq!(test.payment_state(&packet.award), "held");
    test.assert_sound().await;
    damage(
        &test,
        "DELETE FROM transfer WHERE number = 1 AND city = 'yancheng'",
    );
    let found = test.violations().await;
    assert!(
        found
            .iter()
            .any(|violation| violation.starts_with("M18 ledger")),
        "{found:?}"
    );
}

#[tokio::test]
async fn m20_an_edited_deleted_or_inserted_audit_event_is_found() {
    for sql in [
        "UPDATE audit_event SET detail = detail || '.' WHERE number = 3",
        "UPDATE audit_event SET at_ms = at_ms + 1 WHERE number = 3",
        "DELETE FROM audit_event WHERE number = 3",
        "DELETE FROM audit_event WHERE number = 1",
        "INSERT INTO audit_event VALUES (1000, 1, 'a', 'b', 'c', 'd', 'e')",
    ] {
        assert_found(sql, &["M20 audit chain"]).await;
    }
}

#[tokio::test]
async fn m22_a_payment_wechat_knows_nothing_of_is_found() {
    assert_found(
        "UPDATE payment SET state = 'received' WHERE state = 'reserved'",
        &["M22 not at WeChat", "M15 machine"],
    )
    .await;
}

#[tokio::test]
async fn m22_a_packet_wechat_paid_without_an_award_is_found() {
    assert_found(
        "DELETE FROM payment WHERE state = 'received'",
        &["M22 paid without an award"],
    )
    .await;
}

#[tokio::test]
async fn m22_a_payment_called_dead_that_landed_is_found() {
    assert_found(
        "UPDATE payment SET state = 'dead' WHERE state = 'sent'",
        &["M22 state differs"],
    )
    .await;
}

#[tokio::test]
async fn without_wechats_record_our_own_books_are_still_checked() {
    let test = scene().await;
    assert_eq!(audit::violations(&test.app, None).await.unwrap(), []);
    damage(
        &test,
        "UPDATE city SET used_fen = used_fen - 1 WHERE used_fen > 0",
    );
    let found = audit::violations(&test.app, None).await.unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].invariant, "M1 counter");
    let ledger = test.simulator.ledger();
    assert!(
        ledger
            .bills
            .values()
            .any(|bill| bill.state == PacketState::Received)
    );
}

#[tokio::test]
async fn the_checker_in_sql_alone_finds_damage_by_the_same_names() {
    for (sql, invariant) in [
        ("UPDATE city SET pool_fen = 10", "M1 pool"),
        ("UPDATE city SET used_fen = used_fen - 1 WHERE used_fen > 0", "M1 counter"),
        ("UPDATE budget_day SET cap_fen = 10", "M2 cap"),
        ("UPDATE budget_day SET used_fen = used_fen + 1 WHERE used_fen > 0", "M2 counter"),
        ("UPDATE budget_day SET taken = taken + 1 WHERE used_fen > 0", "M2 counter"),
        ("UPDATE award SET amount_fen = 9 WHERE sequence = 0", "M3 bounds"),
        ("UPDATE award SET amount_fen = amount_fen + 1 WHERE sequence = 0", "M3 planned packet"),
        ("UPDATE packet SET amount_fen = amount_fen + 1 WHERE sequence = 7", "M3 deck"),
        ("DELETE FROM packet WHERE sequence = 5", "M3 deck"),
        ("UPDATE city SET top_awarded = 1 - top_awarded WHERE used_fen > 0", "M4 top packet"),
        ("UPDATE award SET amount_fen = 10000", "M4 top packet"),
        (
            "UPDATE city SET closes_ms = (SELECT MAX(decided_ms) FROM award) + 1, top_awarded = 0",
            "M4 not rescued",
        ),
        ("UPDATE award SET person = (SELECT person FROM award WHERE sequence = 0)", "M5 chance"),
        (
            "UPDATE award SET kind = 'referral', friend = 'one and the same'",
            "M5 chance",
        ),
        ("UPDATE attempt SET score = 4", "M6 attempt"),
        ("UPDATE attempt SET submitted_ms = submitted_ms + 86400000", "M6 attempt"),
        (
            "UPDATE award SET kind = 'referral', friend = 'nobody' WHERE sequence = 0",
            "M8 friend",
        ),
        ("UPDATE award SET decided_ms = closes_ms WHERE sequence = 1", "M9 window"),
        ("UPDATE award SET decided_ms = decided_ms + 86400000 WHERE sequence = 1", "M9 window"),
        ("DELETE FROM payment WHERE state = 'reserved'", "M11 payment"),
        (
            "INSERT INTO payment SELECT 'TWIN', award, 2, amount_fen, request_sealed, state, due_ms,
                 machine, version, changed_ms, rail, NULL FROM payment WHERE state = 'reserved'",
            "M11 payment",
        ),
        ("UPDATE payment SET attempt_number = 2 WHERE state = 'reserved'", "M11 payment"),
        (
            "UPDATE payment SET amount_fen = amount_fen + 1 WHERE state = 'received'",
            "M12 amount",
        ),
        ("UPDATE payment SET state = 'received' WHERE state = 'reserved'", "M15 events"),
        ("UPDATE payment SET version = version + 1 WHERE state = 'sent'", "M15 events"),
        ("DELETE FROM payment_event WHERE version = 2", "M15 events"),
        ("DELETE FROM transfer WHERE number = 1 AND city = 'yancheng'", "M18 ledger"),
        (
            "INSERT INTO transfer VALUES ('suzhou', 1, 'pool', 'received', 100, 'FORGED', 1)",
            "M18 ledger",
        ),
        (
            "UPDATE transfer SET amount_fen = amount_fen + 1 WHERE credit = 'received'",
            "M18 ledger",
        ),
        ("DELETE FROM audit_event WHERE number = 3", "M20 audit chain"),
        ("DELETE FROM audit_event WHERE number = 1", "M20 audit chain"),
        ("UPDATE audit_event SET hash = 'other' WHERE number = 3", "M20 audit chain"),
    ] {
        let test = scene().await;
        damage(&test, sql);
        let found = test.found_by_sql().await;
        assert!(found.iter().any(|name| name == invariant), "{sql}: {found:?}");
    }
}
