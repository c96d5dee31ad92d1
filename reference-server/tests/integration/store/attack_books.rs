//! Evidence is added and never changed, two names are two persons, and a sealed city takes corrections only.
#![expect(
    clippy::too_many_lines,
    reason = "a list of attacks on one kind of row is read as one table"
)]

use chrono::TimeDelta;

use super::attack::{Scene, assert_refused, assert_refused_by, fixed};
use crate::{
    app::{FIRST_CITY, TestApp},
    engine::is_server,
};

/// A city that has ended with one packet received, a bill, an open incident and a proposal about it.
async fn scene() -> TestApp {
    let test = TestApp::new().await;
    let (winner, _packet) = test.winner("winner").await;
    test.settle().await;
    test.open_packets(&winner);
    test.settle_for(TimeDelta::minutes(30)).await;
    test.sleep(TimeDelta::days(14));
    test.raw().run(&format!(
        "INSERT INTO fund_flow_bill VALUES (18374, 1, 'a', 'file', 1, 0, 10, 1);
         INSERT INTO fund_flow VALUES (18374, 1, 1, 1, 'F1', 'B', '现金红包', 'payout', 'expense', 10, 90, 1);
         INSERT INTO incident VALUES (1, 'R4', 'B', 1, '{FIRST_CITY}', (SELECT MIN(person) FROM award), 18374,
             0, 10, 'seen', 1, NULL);
         INSERT INTO incident VALUES (2, 'R3', 'C', 1, NULL, NULL, 18374, 10, 0, 'seen', 1, NULL);
         INSERT INTO incident_settled VALUES (2, 'a later bill', 1);
         INSERT INTO correction VALUES (1, 1, 'transfer', '{FIRST_CITY}', 'suspense', 'received', 10,
             'paid late', 'bill', 'Wang', 1);
         INSERT INTO duty VALUES ('audit', 18374, 0, '', 1)"
    ));
    test
}

/// What seals the city, with one column different.
fn seal(column: &str, value: &str) -> String {
    let received = format!("(SELECT SUM(amount_fen) FROM award WHERE city = '{FIRST_CITY}')");
    let pool = format!("(SELECT pool_fen FROM city WHERE city = '{FIRST_CITY}')");
    let undrawn = format!("{pool} - {received}");
    let window = |name: &str| format!("(SELECT {name} FROM city WHERE city = '{FIRST_CITY}')");
    let sealed = format!("{} + 259200000", window("closes_ms"));
    let columns = [
        ("city", format!("'{FIRST_CITY}'")),
        ("opens_ms", window("opens_ms")),
        ("closes_ms", window("closes_ms")),
        ("pool_fen", pool),
        ("undrawn_fen", undrawn),
        ("received_fen", received),
        ("left_fen", "0".to_owned()),
        ("suspense_fen", "0".to_owned()),
        ("n_awards", "1".to_owned()),
        ("n_transfers", "3".to_owned()),
        ("ledger_sha256", "'a'".to_owned()),
        ("audit_number", "1".to_owned()),
        ("audit_hash", "'a'".to_owned()),
        ("sealed_by", "'Wang'".to_owned()),
        ("sealed_ms", sealed),
    ];
    let values: Vec<&str> = columns
        .iter()
        .map(|(name, usual)| {
            if *name == column {
                value
            } else {
                usual.as_str()
            }
        })
        .collect();
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    format!(
        "INSERT INTO books_seal ({}) VALUES ({})",
        names.join(", "),
        values.join(", ")
    )
}

#[tokio::test]
async fn evidence_is_neither_changed_nor_taken_away() {
    let test = scene().await;
    let approve = "INSERT INTO correction_approval VALUES (1, 1, 'Wang', 'Li', NULL, NULL, 1)";
    test.raw().run(approve);
    test.raw().run(&seal("", ""));
    let mut attacks = fixed(&[
        (
            "UPDATE fund_flow_bill SET sha256 = 'b'",
            "an imported bill never changes",
        ),
        (
            "DELETE FROM fund_flow_bill",
            "an imported bill never leaves",
        ),
        (
            "UPDATE fund_flow SET amount_fen = 11",
            "a line of a bill never changes",
        ),
        ("DELETE FROM fund_flow", "a line of a bill never leaves"),
        (
            "UPDATE incident SET bill_fen = 0",
            "of an incident only its owner changes",
        ),
        (
            "UPDATE incident SET person = NULL",
            "of an incident only its owner changes",
        ),
        (
            "UPDATE incident SET class = 'R3' WHERE incident = 1",
            "of an incident only its owner changes",
        ),
        ("DELETE FROM incident", "an incident never leaves"),
        (
            "UPDATE incident_settled SET evidence = 'b'",
            "what settled an incident never changes",
        ),
        (
            "DELETE FROM incident_settled",
            "what settled an incident never leaves",
        ),
        (
            "UPDATE correction SET amount_fen = 11",
            "a correction never changes",
        ),
        (
            "UPDATE correction SET maker = 'Li'",
            "a correction never changes",
        ),
        ("DELETE FROM correction", "a correction never leaves"),
        (
            "UPDATE correction_approval SET checker = 'Zhao'",
            "an approval never changes",
        ),
        (
            "DELETE FROM correction_approval",
            "an approval never leaves",
        ),
        ("UPDATE books_seal SET left_fen = 1", "a seal never changes"),
        ("DELETE FROM books_seal", "a seal never leaves"),
        (
            "UPDATE duty SET n_findings = 0",
            "the outcome of a duty never changes",
        ),
        ("DELETE FROM duty", "the outcome of a duty never leaves"),
    ]);
    assert_refused_by(&mut test.raw(), &attacks);
    // The rows themselves are what they say.
    attacks = fixed(&[
        (
            "INSERT INTO fund_flow_bill VALUES (18374, 2, 'a', 'file', 0, 0, 0, 1)",
            "UNIQUE constraint failed: fund_flow_bill.day, fund_flow_bill.sha256",
        ),
        (
            "INSERT INTO fund_flow_bill VALUES (18374, 1, 'b', 'file', 0, 0, 0, 1)",
            "UNIQUE constraint failed: fund_flow_bill.day, fund_flow_bill.version",
        ),
        (
            "INSERT INTO fund_flow_bill VALUES (18374, 0, 'b', 'file', 0, 0, 0, 1)",
            "CHECK constraint failed: version",
        ),
        (
            "INSERT INTO fund_flow_bill VALUES (18374, 2, 'b', 'rumour', 0, 0, 0, 1)",
            "CHECK constraint failed: source",
        ),
        // A line beyond those that the bill has, or of a bill that says another number of them.
        (
            "INSERT INTO fund_flow VALUES (18374, 1, 1, 2, 'F2', 'B', '', 'payout', 'expense', 1, 1, 1)",
            "CHECK constraint failed: line",
        ),
        (
            "INSERT INTO fund_flow VALUES (18374, 1, 2, 2, 'F2', 'B', '', 'payout', 'expense', 1, 1, 1)",
            "FOREIGN KEY",
        ),
        (
            "INSERT INTO fund_flow VALUES (18375, 1, 1, 1, 'F2', 'B', '', 'payout', 'expense', 1, 1, 1)",
            "FOREIGN KEY",
        ),
        (
            "INSERT INTO incident VALUES (3, 'R2', 'D', 1, NULL, NULL, 1, 0, 1, '', 1, NULL)",
            "CHECK constraint failed: class",
        ),
        (
            "INSERT INTO incident VALUES (3, 'R4', 'B', 1, NULL, NULL, 1, 0, 1, '', 1, NULL)",
            "UNIQUE constraint failed: incident.class, incident.bill_number",
        ),
        (
            "INSERT INTO incident VALUES (3, 'R4', 'D', 1, NULL, 'NOBODY', 1, 0, 1, '', 1, NULL)",
            "FOREIGN KEY",
        ),
        (
            "INSERT INTO incident_settled VALUES (3, 'seen', 1)",
            "FOREIGN KEY",
        ),
    ]);
    assert_refused_by(&mut test.raw(), &attacks);
}

#[tokio::test]
async fn the_servers_own_role_adds_evidence_and_changes_none() {
    if !is_server() {
        println!("SKIPPED: a file has no roles");
        return;
    }
    let test = scene().await;
    let attacks = fixed(&[
        ("UPDATE fund_flow SET amount_fen = 1", "permission denied"),
        ("UPDATE incident SET class = 'R3'", "permission denied"),
        ("UPDATE correction SET maker = 'other'", "permission denied"),
        ("UPDATE books_seal SET left_fen = 0", "permission denied"),
    ]);
    assert_refused_by(&mut test.raw_of_server(), &attacks);
    let take = "UPDATE incident SET owner = 'Wang'";
    assert_eq!(test.raw_of_server().attempt(take), Ok(()));
}

#[tokio::test]
async fn nobody_approves_what_he_proposed_and_a_proposal_is_whole() {
    let test = scene().await;
    let approval = |checker: &str| {
        format!("INSERT INTO correction_approval VALUES (1, 1, 'Wang', '{checker}', NULL, NULL, 1)")
    };
    let correction = |values: &str| format!("INSERT INTO correction VALUES (2, 1, {values}, 1)");
    let mut attacks = vec![
        (approval("Wang"), "CHECK constraint failed"),
        (approval("wang"), "CHECK constraint failed"),
        (approval(" WANG "), "CHECK constraint failed"),
        (approval(""), "CHECK constraint failed: checker"),
        (
            correction("'transfer', NULL, NULL, NULL, NULL, 'why', 'bill', 'Wang'"),
            "CHECK constraint failed",
        ),
        (
            correction("'transfer', 'yancheng', 'left', 'left', 5, 'why', 'bill', 'Wang'"),
            "CHECK constraint failed",
        ),
        (
            correction("'transfer', 'yancheng', 'pool', 'left', 5, 'why', 'bill', 'Wang'"),
            "CHECK constraint failed: debit",
        ),
        (
            correction("'transfer', 'yancheng', 'left', 'received', 0, 'why', 'bill', 'Wang'"),
            "CHECK constraint failed: amount_fen",
        ),
        (
            correction("'explained', NULL, NULL, NULL, 5, 'why', 'bill', 'Wang'"),
            "CHECK constraint failed",
        ),
        (
            correction("'explained', NULL, NULL, NULL, NULL, '', 'bill', 'Wang'"),
            "CHECK constraint failed: reason",
        ),
        (
            correction("'explained', NULL, NULL, NULL, NULL, 'why', '', 'Wang'"),
            "CHECK constraint failed: evidence",
        ),
        (
            correction("'explained', NULL, NULL, NULL, NULL, 'why', 'bill', ''"),
            "CHECK constraint failed: maker",
        ),
        (
            correction("'paid', NULL, NULL, NULL, NULL, 'why', 'bill', 'Wang'"),
            "CHECK constraint failed: action",
        ),
    ];
    attacks.extend(fixed(&[
        // In another's name, of another incident, of no proposal, or with half a transfer.
        ("INSERT INTO correction_approval VALUES (1, 1, 'Zhao', 'Li', NULL, NULL, 1)", "FOREIGN KEY"),
        ("INSERT INTO correction_approval VALUES (1, 2, 'Wang', 'Li', NULL, NULL, 1)", "FOREIGN KEY"),
        ("INSERT INTO correction_approval VALUES (7, 1, 'Wang', 'Li', NULL, NULL, 1)", "FOREIGN KEY"),
        ("INSERT INTO correction_approval VALUES (1, 1, 'Wang', 'Li', 'yancheng', NULL, 1)", "CHECK constraint failed"),
        ("INSERT INTO correction VALUES (2, 7, 'explained', NULL, NULL, NULL, NULL, 'why', 'bill', 'Wang', 1)", "FOREIGN KEY"),
    ]));
    assert_refused_by(&mut test.raw(), &attacks);
    test.raw().run(&approval("Li"));
    let again = fixed(&[(
        "INSERT INTO correction VALUES (2, 1, 'explained', NULL, NULL, NULL, NULL, 'why', 'bill', 'Wang', 1);
         INSERT INTO correction_approval VALUES (2, 1, 'Wang', 'Li', NULL, NULL, 1)",
        "UNIQUE constraint failed: correction_approval.incident",
    )]);
    assert_refused_by(&mut test.raw(), &again);
}

#[tokio::test]
async fn a_city_is_sealed_once_late_and_with_sums_that_fit() {
    let test = scene().await;
    let early = format!("(SELECT closes_ms + 259199999 FROM city WHERE city = '{FIRST_CITY}')");
    let attacks = vec![
        (
            seal("sealed_ms", &early),
            "CHECK constraint failed: sealed_ms",
        ),
        (
            seal("left_fen", "1"),
            "CHECK constraint failed: undrawn_fen",
        ),
        (
            seal("pool_fen", "1"),
            "CHECK constraint failed: undrawn_fen",
        ),
        (seal("closes_ms", "1"), "FOREIGN KEY"),
        (seal("city", "'atlantis'"), "FOREIGN KEY"),
        (seal("audit_number", "1000000"), "FOREIGN KEY"),
        (
            seal("sealed_by", "''"),
            "CHECK constraint failed: sealed_by",
        ),
        (
            format!("{}; {}", seal("", ""), seal("", "")),
            "UNIQUE constraint failed: books_seal.city",
        ),
    ];
    assert_refused_by(&mut test.raw(), &attacks);
    assert_eq!(test.raw_of_server().attempt(&seal("", "")), Ok(()));
    let open = TestApp::new().await;
    open.winner("winner").await;
    open.settle().await;
    let attacks = [(
        seal("", ""),
        "books are sealed when every payment has ended",
    )];
    assert_refused_by(&mut open.raw(), &attacks);
}

#[tokio::test]
async fn a_sealed_city_takes_nothing_but_an_approved_correction() {
    let test = scene().await;
    test.raw().run(&seal("", ""));
    let words = "the books of this city are sealed";
    let any = |table: &str| {
        format!("INSERT INTO {table} SELECT * FROM {table} WHERE city = '{FIRST_CITY}'")
    };
    let transfer = |number: i64, from: &str, to: &str, fen: i64| {
        format!(
            "INSERT INTO transfer VALUES ('{FIRST_CITY}', {number}, '{from}', '{to}', {fen}, 'B', 1)"
        )
    };
    // No award either: its days count no more, and an award is counted before it is written.
    let mut attacks = vec![
        (any("packet"), words),
        (any("budget_day"), words),
        (
            (any("attempt") + " LIMIT 1").replace(
                "SELECT *",
                "SELECT 'FORGED', person, city, opens_ms, closes_ms, \
                 started_ms, submitted_ms, answers, score, n_questions, pass_mark, passed",
            ),
            words,
        ),
        (
            format!(
                "INSERT INTO referral SELECT MIN(person), MAX(person), '{FIRST_CITY}', 1 FROM person"
            ),
            words,
        ),
        (transfer(100, "left", "received", 10), words),
        (transfer(100, "suspense", "received", 10), words),
    ];
    attacks.extend(fixed(&[
        ("UPDATE budget_day SET taken = taken + 1 WHERE city = 'yancheng'", words),
        ("UPDATE city SET used_fen = used_fen + 1 WHERE city = 'yancheng'", words),
        ("UPDATE payment SET due_ms = 1, version = version + 1", words),
        ("UPDATE payment SET machine = '', version = version + 1", words),
        (
            "INSERT INTO payment SELECT 'TWIN', award, 2, amount_fen, request_sealed, state, due_ms,
                 machine, version, changed_ms, rail, NULL FROM payment LIMIT 1",
            words,
        ),
        ("INSERT INTO payment_event SELECT bill_number, 1000, 1, 'reply', NULL, 'a', 'b' FROM payment", words),
    ]));
    assert_refused_by(&mut test.raw(), &attacks);
    let approve = |number: i64| {
        format!(
            "INSERT INTO correction_approval VALUES (1, 1, 'Wang', 'Li', '{FIRST_CITY}', {number}, 1)"
        )
    };
    // Approved, but another number, account or amount than was approved.
    let other = [
        format!(
            "{}; {}",
            approve(100),
            transfer(101, "suspense", "received", 10)
        ),
        format!(
            "{}; {}",
            approve(100),
            transfer(100, "left", "received", 10)
        ),
        format!(
            "{}; {}",
            approve(100),
            transfer(100, "suspense", "left", 10)
        ),
        format!(
            "{}; {}",
            approve(100),
            transfer(100, "suspense", "received", 11)
        ),
    ];
    assert_refused_by(&mut test.raw(), &other.map(|sql| (sql, words)));
    let right = format!(
        "{}; {}",
        approve(100),
        transfer(100, "suspense", "received", 10)
    );
    assert_eq!(test.raw_of_server().attempt(&right), Ok(()));
    // Another city goes on, and so does the latch.
    let legal = format!(
        "UPDATE city SET last_decision_ms = last_decision_ms + 1 WHERE city = '{FIRST_CITY}';
         UPDATE city SET last_decision_ms = last_decision_ms WHERE city <> '{FIRST_CITY}'"
    );
    assert_eq!(test.raw_of_server().attempt(&legal), Ok(()));
}

#[tokio::test]
async fn a_wrong_entry_of_the_books_is_refused() {
    let scene = Scene::new().await;
    assert_refused(
        &scene,
        &fixed(&[
            ("UPDATE award SET amount_fen = 10", "an award never changes"),
            (
                "UPDATE award SET person = (SELECT MIN(person) FROM person)",
                "an award never changes",
            ),
            ("DELETE FROM award", "an award never leaves"),
            (
                "UPDATE transfer SET amount_fen = amount_fen + 1",
                "a transfer never changes",
            ),
            ("DELETE FROM transfer", "a transfer never leaves"),
            (
                "INSERT INTO transfer VALUES ('yancheng', 1000, 'pool', 'reserved', 0, 'B', 1)",
                "CHECK constraint failed: amount_fen",
            ),
            (
                "INSERT INTO transfer VALUES ('yancheng', 1000, 'pool', 'reserved', -5, 'B', 1)",
                "CHECK constraint failed: amount_fen",
            ),
            (
                "INSERT INTO transfer VALUES ('yancheng', 1000, 'pool', 'pool', 5, 'B', 1)",
                "CHECK constraint failed: debit <> credit",
            ),
            (
                "INSERT INTO transfer VALUES ('yancheng', 1, 'pool', 'reserved', 5, 'B', 1)",
                "UNIQUE constraint failed: transfer",
            ),
            (
                "INSERT INTO transfer VALUES ('atlantis', 1, 'pool', 'reserved', 5, 'B', 1)",
                "FOREIGN KEY",
            ),
            (
                "UPDATE audit_event SET detail = ''",
                "an audit event never changes",
            ),
            ("DELETE FROM audit_event", "an audit event never leaves"),
            (
                "DELETE FROM audit_event WHERE number = (SELECT MAX(number) FROM audit_event)",
                "an audit event never leaves",
            ),
            (
                "INSERT INTO audit_event SELECT MAX(number) + 2, 1, 'a', 'b', 'c', 'd', 'e' FROM audit_event",
                "dense and never forks",
            ),
            (
                "INSERT INTO audit_event SELECT MAX(number) + 1, 1, 'a', 'b', 'c', 'not the head', 'e' FROM audit_event",
                "dense and never forks",
            ),
            (
                "INSERT INTO audit_event SELECT MAX(number), 1, 'a', 'b', 'c', 'd', 'e' FROM audit_event",
                "dense and never forks",
            ),
            (
                "INSERT INTO callback_seen SELECT callback, 1 FROM callback_seen",
                "UNIQUE constraint failed: callback_seen",
            ),
        ]),
    );
}

#[tokio::test]
async fn a_day_with_an_open_incident_is_not_closed_and_a_closed_one_stays() {
    let scene = Scene::new().await;
    let mut raw = scene.test.raw();
    raw.run(
        "INSERT INTO fund_flow_bill (day, version, sha256, source, n_lines, income_fen, expense_fen, imported_ms)
         VALUES (18374, 1, 'a', 'file', 0, 0, 0, 1);
         INSERT INTO fund_flow_bill (day, version, sha256, source, n_lines, income_fen, expense_fen, imported_ms)
         VALUES (18375, 1, 'b', 'file', 0, 0, 0, 1);
         INSERT INTO reconciliation (reconciliation, done_ms, n_findings, difference_fen, content)
         VALUES (1, 1, 0, 0, '{}');
         INSERT INTO incident (incident, class, bill_number, occurrence, day, ours_fen, bill_fen, evidence, opened_ms)
         VALUES (1, 'R5', 'stranger', 1, 18375, 0, 100, 'seen', 1);
         INSERT INTO closed_day (day, bill_version, reconciliation, paid_fen, returned_fen, n_orders, closed_by, closed_ms)
         VALUES (18374, 1, 1, 0, 0, 0, 'Wang', 2)",
    );
    assert_refused_by(
        &mut raw,
        &fixed(&[
            (
                "INSERT INTO closed_day (day, bill_version, reconciliation, paid_fen, returned_fen, n_orders, closed_by, closed_ms)
                 VALUES (18375, 1, 1, 0, 0, 0, 'Wang', 2)",
                "a day with an open incident is not closed",
            ),
            (
                "UPDATE closed_day SET closed_by = 'Li'",
                "a closed day never changes",
            ),
            ("DELETE FROM closed_day", "a closed day never leaves"),
            (
                "UPDATE reconciliation SET difference_fen = 1",
                "a comparison never changes",
            ),
            ("DELETE FROM reconciliation", "a comparison never leaves"),
        ]),
    );
}
