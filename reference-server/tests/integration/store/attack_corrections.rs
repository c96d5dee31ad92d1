//! The database refuses corrections by one person, scores that fall, and awards for a pass nobody gained.

use super::attack::{Scene, assert_refused_by, fixed};

const RESCORE: &str = "INSERT INTO rescore (attempt, version, person, city, opens_ms, closes_ms, submitted_ms,
         score_by_keys, passed, score, pass_mark, gained, rescored_ms)
     SELECT attempt, {version}, person, city, opens_ms, closes_ms, submitted_ms, score, passed, {score},
         pass_mark, {gained}, 1 FROM attempt WHERE passed = 0";

fn rescore(version: i64, score: &str, gained: &str) -> String {
    RESCORE
        .replace("{version}", &version.to_string())
        .replace("{score}", score)
        .replace("{gained}", gained)
}

#[tokio::test]
async fn a_correction_takes_two_persons_and_a_score_never_falls() {
    let scene = Scene::new().await;
    let mut raw = scene.test.raw();
    raw.run(
        "INSERT INTO proposal VALUES (1, 'question.correct', 'yancheng', 'yancheng', 'x', 'd', 'why', 'Wang', 1);
         INSERT INTO proposal VALUES (2, 'question.correct', 'yancheng', 'yancheng', 'y', 'e', 'why', 'Wang', 1);
         INSERT INTO proposal VALUES (3, 'question.correct', 'yancheng', 'yancheng', 'z', 'f', 'why', 'Wang', 1);
         INSERT INTO proposal_decision VALUES (1, 'd', 'Wang', 'Li', 'approved', 'ok', 1);
         INSERT INTO proposal_decision VALUES (2, 'e', 'Wang', 'Li', 'rejected', 'no', 1);
         INSERT INTO question_correction
             SELECT city, 1, bank, 3, '', 'why', 1, 1 FROM city WHERE city = 'yancheng';
         UPDATE city SET n_corrections = 1 WHERE city = 'yancheng'",
    );
    raw.run(&rescore(1, "5", "1"));
    let correction = |version: i64, question: i64, proposal: i64| {
        format!(
            "INSERT INTO question_correction SELECT city, {version}, bank, {question}, '', 'why', {proposal}, 1
             FROM city WHERE city = 'yancheng'"
        )
    };
    let next = "a correction is the next of its bank";
    let attacks = [
        (correction(2, 4, 2), next),
        (correction(3, 4, 1), next),
        (correction(2, 4, 3), next),
        (correction(2, 3, 1), "UNIQUE constraint failed"),
        (rescore(2, "score", "NULL"), "scoring again only raises"),
        (rescore(2, "3", "NULL"), "scoring again only raises"),
        (rescore(2, "5", "NULL"), "scoring again only raises"),
        (rescore(1, "6", "NULL"), "scoring again only raises"),
        (rescore(2, "11", "NULL"), "scoring again only raises"),
        (rescore(2, "6", "1"), "UNIQUE constraint failed"),
        (rescore(2, "6", "0"), "CHECK constraint failed"),
    ];
    for (sql, refusal) in &attacks {
        assert_refused_by(&mut raw, &fixed(&[(sql.as_str(), *refusal)]));
    }
    assert_refused_by(
        &mut raw,
        &fixed(&[
            (
                "UPDATE question_correction SET reason = 'x'",
                "a correction of a question never changes",
            ),
            (
                "DELETE FROM question_correction",
                "a correction of a question never leaves",
            ),
            (
                "UPDATE city SET n_corrections = 0 WHERE city = 'yancheng'",
                "counts its corrections one by one",
            ),
            (
                "UPDATE city SET n_corrections = 2 WHERE city = 'yancheng'",
                "counts its corrections one by one",
            ),
            (
                "UPDATE rescore SET score = 10",
                "an attempt scored again never changes",
            ),
            (
                "DELETE FROM rescore",
                "an attempt scored again never leaves",
            ),
        ]),
    );
    assert_eq!(raw.attempt(&rescore(2, "6", "NULL")), Ok(()));
}
