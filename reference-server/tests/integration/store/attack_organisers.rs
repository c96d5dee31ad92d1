//! The database refuses names given twice, things used twice, and decisions by one person.

use super::attack::{assert_refused_by, fixed};
use crate::app::TestApp;

#[tokio::test]
async fn an_organiser_keeps_its_name_and_what_was_used_up_stays_so() {
    let test = TestApp::new().await;
    let mut raw = test.raw();
    raw.run(
        "INSERT INTO organiser VALUES
             ('wang', 'W', 'auditor', NULL, 'digest', '1.sealed', 7, NULL, 'server', 1, 1);
         INSERT INTO setup_link VALUES ('open', 'wang', 1, 2, NULL);
         INSERT INTO setup_link VALUES ('used', 'wang', 1, 2, 1);
         INSERT INTO recovery_code VALUES ('used', 'wang', 1, 1);
         INSERT INTO organiser_session VALUES ('ended', 'wang', 1, 1, NULL, 1)",
    );
    assert_refused_by(
        &mut raw,
        &fixed(&[
            ("UPDATE organiser SET organiser = 'li'", "keeps its name"),
            ("UPDATE organiser SET created_by = 'li'", "keeps its name"),
            ("UPDATE organiser SET totp_step = 6", "used once"),
            (
                "UPDATE organiser SET password = NULL",
                "CHECK constraint failed",
            ),
            (
                "UPDATE organiser SET totp_sealed = ''",
                "CHECK constraint failed",
            ),
            (
                "UPDATE organiser SET city = 'suzhou'",
                "CHECK constraint failed",
            ),
            (
                "UPDATE organiser SET roles = 'city_editor'",
                "CHECK constraint failed",
            ),
            (
                "UPDATE organiser SET roles = 'auditor,city_editor', city = 'suzhou'",
                "CHECK constraint failed",
            ),
            ("DELETE FROM organiser", "never leaves"),
            (
                "UPDATE setup_link SET ended_ms = NULL WHERE link_hash = 'used'",
                "ends once",
            ),
            (
                "UPDATE setup_link SET expires_ms = 9 WHERE link_hash = 'open'",
                "ends once",
            ),
            (
                "UPDATE setup_link SET link_hash = 'x' WHERE link_hash = 'open'",
                "ends once",
            ),
            (
                "INSERT INTO setup_link VALUES ('late', 'wang', 2, 2, NULL)",
                "CHECK constraint failed",
            ),
            ("DELETE FROM setup_link", "never leaves"),
            ("UPDATE recovery_code SET ended_ms = NULL", "ends once"),
            ("DELETE FROM recovery_code", "never leaves"),
            ("UPDATE organiser_session SET ended_ms = NULL", "ends once"),
            ("UPDATE organiser_session SET seen_ms = 9", "ends once"),
            ("DELETE FROM organiser_session", "never leaves"),
            (
                "INSERT INTO organiser_session VALUES ('new', 'nobody', 1, 1, NULL, NULL)",
                "FOREIGN KEY",
            ),
        ]),
    );
}

#[tokio::test]
async fn nobody_decides_about_his_own_proposal_or_about_another_content() {
    let test = TestApp::new().await;
    let mut raw = test.raw();
    raw.run(
        "INSERT INTO proposal VALUES (1, 'k', 's', NULL, 'c', 'digest', 'why', 'wang', 1);
         INSERT INTO proposal VALUES (2, 'k', 's', NULL, 'c', 'digest', 'why', 'wang', 1);
         INSERT INTO proposal_decision VALUES (2, 'digest', 'wang', 'li', 'rejected', 'why', 1)",
    );
    let decision = |values: &str| format!("INSERT INTO proposal_decision VALUES ({values})");
    let check = "CHECK constraint failed";
    let mut attacks = fixed(&[
        ("UPDATE proposal SET content = 'x'", "never changes"),
        ("DELETE FROM proposal", "never leaves"),
        (
            "UPDATE proposal_decision SET verdict = 'approved'",
            "never changes",
        ),
        ("DELETE FROM proposal_decision", "never leaves"),
    ]);
    for (values, reason) in [
        ("1, 'digest', 'wang', 'wang', 'approved', 'why', 1", check),
        ("1, 'digest', 'wang', 'wang', 'rejected', 'why', 1", check),
        ("1, 'digest', 'wang', 'li', 'withdrawn', 'why', 1", check),
        ("1, 'digest', 'wang', 'li', 'approved', '', 1", check),
        ("1, 'digest', 'wang', 'li', 'perhaps', 'why', 1", check),
        (
            "1, 'other', 'wang', 'li', 'approved', 'why', 1",
            "FOREIGN KEY",
        ),
        (
            "1, 'digest', 'li', 'wang', 'approved', 'why', 1",
            "FOREIGN KEY",
        ),
        (
            "3, 'digest', 'wang', 'li', 'approved', 'why', 1",
            "FOREIGN KEY",
        ),
        (
            "2, 'digest', 'wang', 'li', 'approved', 'why', 1",
            "UNIQUE constraint failed: proposal_decision",
        ),
    ] {
        attacks.push((decision(values), reason));
    }
    assert_refused_by(&mut raw, &attacks);
}

#[tokio::test]
async fn a_pause_ends_once_and_money_goes_on_by_two_persons() {
    let test = TestApp::new().await;
    let mut raw = test.raw();
    raw.run(
        "INSERT INTO pause VALUES
             (1, 'suzhou', 'payouts', 's', 'why', 'wang', 5, NULL, NULL, NULL, NULL, NULL);
         INSERT INTO pause VALUES
             (2, 'suzhou', 'quiz', 's', 'why', 'wang', 5, 'lifted', 'wang', NULL, 'why', 6)",
    );
    let check = "CHECK constraint failed";
    let end = |ended: &str, by: &str, proposed_by: &str| {
        format!(
            "UPDATE pause SET ended = '{ended}', ended_by = {by}, ended_proposed_by = {proposed_by},
                 ended_reason = 'why', ended_ms = 7 WHERE pause = 1"
        )
    };
    let mut attacks = fixed(&[
        (
            "UPDATE pause SET sentence = 'x' WHERE pause = 1",
            "ends once",
        ),
        ("UPDATE pause SET begun_ms = 1 WHERE pause = 1", "ends once"),
        (
            "UPDATE pause SET ended_ms = NULL WHERE pause = 2",
            "ends once",
        ),
        (
            "UPDATE pause SET ended_by = 'li' WHERE pause = 2",
            "ends once",
        ),
        ("UPDATE pause SET ended_ms = 7 WHERE pause = 1", check),
        ("DELETE FROM pause", "never leaves"),
        (
            "INSERT INTO pause VALUES
                 (3, 'suzhou', 'payouts', 's', 'why', 'li', 9, NULL, NULL, NULL, NULL, NULL)",
            "UNIQUE constraint failed",
        ),
        (
            "INSERT INTO pause VALUES
                 (3, 'suzhou', 'weather', 's', 'why', 'li', 9, NULL, NULL, NULL, NULL, NULL)",
            check,
        ),
        (
            "INSERT INTO pause VALUES
                 (3, 'suzhou', 'claims', '', 'why', 'li', 9, NULL, NULL, NULL, NULL, NULL)",
            check,
        ),
    ]);
    for (by, proposed_by) in [("'li'", "NULL"), ("'li'", "'li'"), ("NULL", "'wang'")] {
        attacks.push((end("lifted", by, proposed_by), check));
    }
    attacks.push((end("forgotten", "'li'", "'wang'"), check));
    assert_refused_by(&mut raw, &attacks);
    raw.run(&end("lifted", "'li'", "'wang'"));
}
