//! The database refuses messages nobody earned, repetitions, and words changed behind a person's back.

use super::attack::{Scene, assert_refused_by, fixed};

#[tokio::test]
async fn a_message_belongs_to_its_referral_and_ends_once() {
    let scene = Scene::new().await;
    let mut raw = scene.test.raw();
    raw.run(
        "UPDATE chance_message SET state = 'sent', outcome = 'notice', due_ms = NULL
         WHERE friend = (SELECT MIN(friend) FROM referral)",
    );
    assert_refused_by(
        &mut raw,
        &fixed(&[
            (
                "INSERT INTO chance_message SELECT friend, sharer, city, 'waiting', 1, 0, NULL, 1 FROM referral",
                "UNIQUE constraint failed: chance_message",
            ),
            (
                "INSERT INTO chance_message SELECT person, person, 'yancheng', 'waiting', 1, 0, NULL, 1
                 FROM person WHERE person NOT IN (SELECT friend FROM referral)",
                "FOREIGN KEY",
            ),
            (
                "UPDATE chance_message SET state = 'waiting', outcome = NULL, due_ms = 1 WHERE state = 'sent'",
                "ends once",
            ),
            (
                "UPDATE chance_message SET state = 'sent' WHERE state = 'waiting'",
                "CHECK constraint failed",
            ),
            (
                "UPDATE chance_message SET n_tries = 6 WHERE state = 'waiting'",
                "CHECK constraint failed",
            ),
            (
                "UPDATE chance_message SET due_ms = NULL WHERE state = 'waiting'",
                "CHECK constraint failed",
            ),
            ("DELETE FROM chance_message", "never leaves"),
        ]),
    );
}

#[tokio::test]
async fn an_announcement_is_released_by_somebody_and_keeps_its_words() {
    let scene = Scene::new().await;
    let mut raw = scene.test.raw();
    raw.run(
        "INSERT INTO announcement (city, content, drafted_ms, state, n_tries, changed_ms)
         VALUES ('yancheng', 'words', 1, 'draft', 0, 1)",
    );
    raw.run(
        "INSERT INTO announcement (city, content, drafted_ms, state, released_by, released_ms, n_tries, outcome, changed_ms)
         VALUES ('suzhou', 'words', 1, 'sent', 'somebody', 1, 1, '7', 1)",
    );
    assert_refused_by(
        &mut raw,
        &fixed(&[
            (
                "UPDATE announcement SET content = 'others' WHERE city = 'yancheng'",
                "keeps its words",
            ),
            (
                "UPDATE announcement SET state = 'sent', outcome = '7' WHERE city = 'yancheng'",
                "keeps its words",
            ),
            (
                "UPDATE announcement SET state = 'released', due_ms = 1 WHERE city = 'yancheng'",
                "CHECK constraint failed",
            ),
            (
                "UPDATE announcement SET state = 'released', released_by = '', released_ms = 1, due_ms = 1
                 WHERE city = 'yancheng'",
                "CHECK constraint failed",
            ),
            (
                "UPDATE announcement SET state = 'released', due_ms = 1, outcome = NULL WHERE city = 'suzhou'",
                "keeps its words",
            ),
            (
                "UPDATE announcement SET released_by = 'another' WHERE city = 'suzhou'",
                "keeps its words",
            ),
            (
                "INSERT INTO announcement (city, content, drafted_ms, state, n_tries, changed_ms)
                 VALUES ('atlantis', 'words', 1, 'draft', 0, 1)",
                "FOREIGN KEY",
            ),
            ("DELETE FROM announcement", "never leaves"),
        ]),
    );
}
