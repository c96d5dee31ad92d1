//! What the database refuses to do to secrets that were given at the console.

use super::attack::{assert_refused_by, fixed};
use crate::app::TestApp;

#[tokio::test]
#[expect(
    clippy::too_many_lines,
    reason = "a list of attacks, one after the other"
)]
async fn a_secret_is_replaced_and_never_altered_and_a_payments_takes_two() {
    let test = TestApp::new().await;
    let mut raw = test.raw();
    let given = "INSERT INTO secret (secret, name, value_sealed, fingerprint, replaces, state,
                     proposal, given_by, given_ms) VALUES";
    raw.run(&format!(
        "INSERT INTO proposal VALUES (1, 'secret.change', 'api-v3-key', NULL, 'c', 'd', 'why', 'wang', 1);
         INSERT INTO proposal VALUES (2, 'secret.change', 'red-packet-key', NULL, 'c', 'e', 'why', 'wang', 1);
         INSERT INTO proposal_decision VALUES (2, 'e', 'wang', 'li', 'rejected', 'no', 2);
         {given} ('app-secret-1', 'app-secret', '1a.x', 'f', 'g', 'kept', NULL, 'wang', 1);
         {given} ('app-secret-0', 'app-secret', '', 'f', 'g', 'over', NULL, 'wang', 1);
         {given} ('api-v3-key-1', 'api-v3-key', '1a.x', 'f', 'g', 'waiting', 1, 'wang', 1);
         {given} ('red-packet-key-1', 'red-packet-key', '1a.x', 'f', 'g', 'waiting', 2, 'wang', 1)"
    ));
    let insert = |values: &str| format!("{given} ({values}, 'f', 'g', 'kept', NULL, 'li', 1)");
    let mut attacks = fixed(&[
        (
            "UPDATE secret SET value_sealed = '1a.other' WHERE state = 'kept'",
            "a secret never changes",
        ),
        (
            "UPDATE secret SET fingerprint = 'h' WHERE state = 'kept'",
            "a secret never changes",
        ),
        (
            "UPDATE secret SET replaces = 'h' WHERE state = 'kept'",
            "a secret never changes",
        ),
        (
            "UPDATE secret SET given_by = 'li' WHERE state = 'kept'",
            "a secret never changes",
        ),
        (
            "UPDATE secret SET name = 'callback-token' WHERE state = 'kept'",
            "a secret never changes",
        ),
        (
            "UPDATE secret SET proposal = 2 WHERE secret = 'api-v3-key-1'",
            "a secret never changes",
        ),
        (
            "UPDATE secret SET state = 'waiting', value_sealed = '1a.x' WHERE state = 'over'",
            "a secret never changes",
        ),
        ("DELETE FROM secret", "a secret never leaves"),
        (
            "UPDATE secret SET state = 'kept' WHERE secret = 'api-v3-key-1'",
            "kept by two persons",
        ),
        (
            "UPDATE secret SET state = 'kept' WHERE secret = 'red-packet-key-1'",
            "kept by two persons",
        ),
        (
            "UPDATE secret SET state = 'over' WHERE secret = 'app-secret-1'",
            "CHECK constraint failed",
        ),
    ]);
    attacks.push((
        insert("'a', 'app-secret', '1a.y'"),
        "UNIQUE constraint failed",
    ));
    attacks.push((
        insert("'b', 'api-v3-key', '1a.y'"),
        "CHECK constraint failed",
    ));
    attacks.push((insert("'c', 'other', '1a.y'"), "CHECK constraint failed"));
    attacks.push((
        format!("{given} ('d', 'api-v3-key', '1a.y', 'f', 'g', 'kept', 1, 'wang', 1)"),
        "kept by two persons",
    ));
    assert_refused_by(&mut raw, &attacks);
    raw.run("INSERT INTO proposal_decision VALUES (1, 'd', 'wang', 'li', 'approved', 'yes', 2)");
    for allowed in [
        "UPDATE secret SET state = 'kept' WHERE secret = 'api-v3-key-1'",
        "UPDATE secret SET value_sealed = '2a.newer' WHERE secret = 'api-v3-key-1'",
        "UPDATE secret SET state = 'over', value_sealed = '' WHERE secret = 'red-packet-key-1'",
    ] {
        assert_eq!(raw.attempt(allowed), Ok(()), "{allowed}");
    }
}
