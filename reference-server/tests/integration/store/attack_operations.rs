//! The database refuses certificates that change, and a new number that one person decides.

use super::attack::{Scene, assert_refused_by, fixed};

#[tokio::test]
async fn a_certificate_and_what_two_persons_decided_never_change() {
    let scene = Scene::new().await;
    let mut raw = scene.test.raw();
    raw.run(
        "INSERT INTO platform_certificate (serial, pem_sealed, added_ms) VALUES ('3A01', '1a.x', 1);
         INSERT INTO renewal_proposal (proposal, bill_number, reason, evidence, maker, proposed_ms)
         SELECT 1, MIN(bill_number), 'why', 'ticket', 'Wang', 1 FROM payment;
         INSERT INTO renewal_proposal (proposal, bill_number, reason, evidence, maker, proposed_ms)
         SELECT 2, MIN(bill_number), 'why', 'ticket', 'Zhao', 1 FROM payment;
         INSERT INTO renewal_approval (proposal, bill_number, maker, checker, approved_ms)
         SELECT 1, MIN(bill_number), 'Wang', 'Li', 1 FROM payment",
    );
    assert_refused_by(
        &mut raw,
        &fixed(&[
            (
                "UPDATE platform_certificate SET pem_sealed = '1a.other'",
                "a certificate never changes",
            ),
            (
                "UPDATE platform_certificate SET serial = '3A02'",
                "a certificate never changes",
            ),
            ("DELETE FROM platform_certificate", "never leaves"),
            (
                "INSERT INTO platform_certificate (serial, pem_sealed, added_ms) VALUES ('', 'x', 1)",
                "CHECK constraint failed",
            ),
            (
                "UPDATE renewal_proposal SET maker = 'Li'",
                "a proposal never changes",
            ),
            ("DELETE FROM renewal_proposal", "a proposal never leaves"),
            (
                "UPDATE renewal_approval SET checker = 'Zhou'",
                "an approval never changes",
            ),
            ("DELETE FROM renewal_approval", "an approval never leaves"),
            (
                "INSERT INTO renewal_approval (proposal, bill_number, maker, checker, approved_ms)
                 SELECT 2, bill_number, maker, 'Li', 2 FROM renewal_proposal WHERE proposal = 2",
                "UNIQUE constraint failed: renewal_approval",
            ),
            (
                "INSERT INTO renewal_approval (proposal, bill_number, maker, checker, approved_ms)
                 SELECT 2, MAX(bill_number), 'Zhao', 'Li', 2 FROM payment",
                "FOREIGN KEY",
            ),
            (
                "INSERT INTO renewal_approval (proposal, bill_number, maker, checker, approved_ms)
                 SELECT 2, MAX(bill_number), 'Zhao', ' ZHAO ', 2 FROM payment",
                "CHECK constraint failed",
            ),
            (
                "INSERT INTO renewal_proposal (proposal, bill_number, reason, evidence, maker, proposed_ms)
                 SELECT 3, MIN(bill_number), 'why', '', 'Wang', 1 FROM payment",
                "CHECK constraint failed",
            ),
            (
                "INSERT INTO renewal_proposal (proposal, bill_number, reason, evidence, maker, proposed_ms)
                 VALUES (3, 'NOBODYS', 'why', 'ticket', 'Wang', 1)",
                "FOREIGN KEY",
            ),
        ]),
    );
    let newer = "UPDATE platform_certificate SET pem_sealed = '2a.newer'";
    assert_eq!(raw.attempt(newer), Ok(()));
}

#[tokio::test]
async fn a_refused_proposal_is_not_approved_and_its_refusal_stands() {
    let scene = Scene::new().await;
    let mut raw = scene.test.raw();
    raw.run(
        "INSERT INTO incident (incident, class, bill_number, occurrence, day, ours_fen, bill_fen, evidence, opened_ms)
         VALUES (1, 'R5', 'stranger', 1, 18374, 0, 100, 'seen', 1);
         INSERT INTO correction (correction, incident, action, reason, evidence, maker, proposed_ms)
         VALUES (1, 1, 'explained', 'why', 'ticket', 'Wang', 1);
         INSERT INTO correction_refusal (correction, incident, maker, refused_by, reason, refused_ms)
         VALUES (1, 1, 'Wang', 'Li', 'no', 2);
         INSERT INTO renewal_proposal (proposal, bill_number, reason, evidence, maker, proposed_ms)
         SELECT 1, MIN(bill_number), 'why', 'ticket', 'Wang', 1 FROM payment;
         INSERT INTO renewal_refusal (proposal, bill_number, maker, refused_by, reason, refused_ms)
         SELECT 1, MIN(bill_number), 'Wang', 'Li', 'no', 2 FROM payment",
    );
    assert_refused_by(
        &mut raw,
        &fixed(&[
            (
                "UPDATE correction_refusal SET reason = 'yes'",
                "a refusal never changes",
            ),
            ("DELETE FROM correction_refusal", "a refusal never leaves"),
            (
                "UPDATE renewal_refusal SET refused_by = 'Zhou'",
                "a refusal never changes",
            ),
            ("DELETE FROM renewal_refusal", "a refusal never leaves"),
            (
                "INSERT INTO correction_approval (correction, incident, maker, checker, approved_ms)
                 VALUES (1, 1, 'Wang', 'Li', 3)",
                "a refused proposal is not approved",
            ),
            (
                "INSERT INTO renewal_approval (proposal, bill_number, maker, checker, approved_ms)
                 SELECT 1, MIN(bill_number), 'Wang', 'Li', 3 FROM payment",
                "a refused proposal is not approved",
            ),
        ]),
    );
}
