//! The database refuses counts that go back, and people who are counted twice.

use super::attack::{assert_refused_by, fixed};
use crate::app::TestApp;

#[tokio::test]
async fn what_is_counted_stays_counted() {
    let test = TestApp::new().await;
    let person = test.follower("person").await;
    let mut raw = test.raw();
    let id = person.id.as_str();
    raw.run(&format!(
        "INSERT INTO statistics_mark VALUES ('yancheng', 10);
         INSERT INTO participant VALUES ('{id}', 'yancheng', 1, 1, '', '');
         INSERT INTO participant_tally VALUES ('yancheng', '', '', 1, 1, 1);
         INSERT INTO answer_tally VALUES ('yancheng', 0, 'A', 5, 3);
         INSERT INTO district_code VALUES ('d1', 'yancheng', 'tinghu', 'http://q', 'wang', 1)"
    ));
    assert_refused_by(
        &mut raw,
        &fixed(&[
            ("UPDATE statistics_mark SET until_ms = 9", "never goes back"),
            (
                "UPDATE statistics_mark SET city = 'suzhou'",
                "never goes back",
            ),
            ("DELETE FROM statistics_mark", "never leaves"),
            ("UPDATE participant SET has_passed = 0", "stays one"),
            ("UPDATE participant SET is_new = 0", "stays one"),
            ("UPDATE participant SET city = 'suzhou'", "stays one"),
            ("DELETE FROM participant", "never leaves"),
            (
                "UPDATE participant_tally SET n_passed = 2",
                "CHECK constraint failed",
            ),
            (
                "UPDATE participant_tally SET n_people = -1",
                "CHECK constraint failed",
            ),
            ("UPDATE answer_tally SET n = 2", "never goes back"),
            ("UPDATE answer_tally SET choice = 'B'", "never goes back"),
            ("DELETE FROM answer_tally", "never leaves"),
            (
                "INSERT INTO district_code VALUES ('d2', 'yancheng', 'tinghu', 'http://r', 'li', 2)",
                "UNIQUE constraint failed",
            ),
        ]),
    );
}
