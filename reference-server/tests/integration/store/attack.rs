//! The database refuses wrong money by itself: every constraint and guard, attacked by hand.
#![expect(
    clippy::too_many_lines,
    reason = "a list of attacks on one kind of row is read as one table"
)]

use std::fmt::Write as _;

use chrono::TimeDelta;
use reward_core::{Fen, RewardTerms};

use crate::{
    app::{FIRST_CITY, Person, SECOND_CITY, SMALL, Setting, TestApp},
    engine::{Raw, is_server},
};

/// A contest with one of everything that can be attacked.
pub(super) struct Scene {
    pub(super) test: TestApp,
    winner: Person,
    passer: Person,
    stranger: Person,
    used_friend: Person,
    open_friend: Person,
}

impl Scene {
    pub(super) async fn new() -> Self {
        // Caps so wide that no attack is refused by them before its own reason.
        let test = TestApp::with(Setting {
            terms: RewardTerms {
                pool: Fen::new(420_400),
                daily_cap: Fen::new(60_000),
                packets_per_day: 20,
                ..SMALL
            },
            ..Setting::usual()
        })
        .await;
        // A settled payment, then a city that has awarded, a used and an open referral chance.
        let (settled, _packet) = test.winner("settled").await;
        test.settle().await;
        test.open_packets(&settled);
        test.settle_for(TimeDelta::minutes(30)).await;
        let (winner, _packet) = test.winner("winner").await;
        let code = test.code_of(&winner).await;
        let used_friend = test.stranger("used friend").await;
        test.follow(&used_friend, Some(&code)).await;
        test.answer(&winner, 5).await;
        test.claim(&winner).await.unwrap();
        test.sleep(TimeDelta::minutes(1));
        let open_friend = test.stranger("open friend").await;
        test.follow(&open_friend, Some(&code)).await;
        test.answer(&winner, 6).await;
        let passer = test.follower("passer").await;
        test.answer(&passer, 4).await;
        test.answer(&passer, 5).await;
        let stranger = test.stranger("stranger").await;
        Self {
            test,
            winner,
            passer,
            stranger,
            used_friend,
            open_friend,
        }
    }

    /// The statements that count and write one more award, with some columns different.
    fn award(&self, different: &[(&str, &str)]) -> String {
        format!(
            "{};{}",
            self.counting(different),
            self.inserted_award(different)
        )
    }

    fn column(&self, name: &str, different: &[(&str, &str)]) -> String {
        let (_name, value) = different
            .iter()
            .find(|(column, _value)| *column == name)
            .copied()
            .unwrap_or((name, ""));
        if !value.is_empty() {
            return value.to_owned();
        }
        let city = FIRST_CITY;
        let passer = self.passer.id.as_str();
        let day = format!("(SELECT MIN(day) FROM budget_day WHERE city = '{city}')");
        match name {
            "award" => "'FORGED'".to_owned(),
            "person" => format!("'{passer}'"),
            "city" => format!("'{city}'"),
            "opens_ms" | "closes_ms" => format!("(SELECT {name} FROM city WHERE city = '{city}')"),
            "kind" => "'base'".to_owned(),
            "scope" => "'jiangsu-2020'".to_owned(),
            "friend" | "request_key" => "NULL".to_owned(),
            "attempt" => {
                format!("(SELECT attempt FROM attempt WHERE person = '{passer}' AND passed = 1)")
            }
            "passed" => "1".to_owned(),
            "gained" => "CAST(NULL AS BIGINT)".to_owned(),
            "day" => day,
            "deck" => {
                format!("(SELECT deck FROM budget_day WHERE city = '{city}' AND day = {day})")
            }
            // The next sealed packet.
            "sequence" => format!(
                "(SELECT MAX(sequence) + 1 FROM award WHERE city = '{city}' AND day = {day})"
            ),
            "amount_fen" => format!(
                "(SELECT amount_fen FROM packet WHERE city = '{city}' AND day = {day}
                  AND deck = {} AND sequence = {})",
                self.column("deck", different),
                self.column("sequence", different)
            ),
            "day_total_fen" => {
                format!("(SELECT used_fen FROM budget_day WHERE city = '{city}' AND day = {day})")
            }
            "decided_ms" => format!("(SELECT MAX(decided_ms) FROM award WHERE city = '{city}')"),
            _ => panic!("no column {name}"),
        }
    }

    fn counting(&self, different: &[(&str, &str)]) -> String {
        let amount = self.column("amount_fen", different);
        format!(
            "UPDATE city SET used_fen = used_fen + {amount} WHERE city = '{FIRST_CITY}';
             UPDATE budget_day SET used_fen = used_fen + {amount}, taken = taken + 1
             WHERE city = '{FIRST_CITY}' AND day = (SELECT MIN(day) FROM budget_day WHERE city = '{FIRST_CITY}')"
        )
    }

    /// An award as it would follow on the last one, without its counters.
    pub(super) fn uncounted_award(&self, different: &[(&str, &str)]) -> String {
        let total = format!(
            "(SELECT MAX(day_total_fen) + {} FROM award WHERE city = '{FIRST_CITY}')",
            self.column("amount_fen", different)
        );
        self.inserted_award(&[different, &[("day_total_fen", &total)]].concat())
    }

    fn inserted_award(&self, different: &[(&str, &str)]) -> String {
        const COLUMNS: [&str; 18] = [
            "award",
            "person",
            "city",
            "opens_ms",
            "closes_ms",
            "kind",
            "scope",
            "friend",
            "attempt",
            "passed",
            "gained",
            "day",
            "deck",
            "sequence",
            "amount_fen",
            "decided_ms",
            "request_key",
            "day_total_fen",
        ];
        let values: Vec<String> = COLUMNS
            .iter()
            .map(|name| self.column(name, different))
            .collect();
        format!(
            "INSERT INTO award ({}) VALUES ({})",
            COLUMNS.join(", "),
            values.join(", ")
        )
    }

    /// A payment of the winner's base award, with some columns different.
    fn payment(&self, different: &[(&str, &str)]) -> String {
        let award = format!(
            "(SELECT award FROM award WHERE person = '{}' AND kind = 'base')",
            self.winner.id.as_str()
        );
        let amount = format!("(SELECT amount_fen FROM award WHERE award = {award})");
        let defaults = [
            ("bill_number", "'FORGED'"),
            ("award", award.as_str()),
            ("attempt_number", "2"),
            ("amount_fen", amount.as_str()),
            ("rail", "'red-packet'"),
            ("request_sealed", "''"),
            ("state", "'dead'"),
            ("due_ms", "NULL"),
            ("machine", "'{}'"),
            ("version", "0"),
            ("changed_ms", "0"),
        ];
        insert("payment", &defaults, different)
    }

    /// A submitted attempt of the passer, with some columns different.
    fn attempt(&self, different: &[(&str, &str)]) -> String {
        let passer = format!("'{}'", self.passer.id.as_str());
        let city = format!("'{FIRST_CITY}'");
        let opens = format!("(SELECT opens_ms FROM city WHERE city = '{FIRST_CITY}')");
        let closes = format!("(SELECT closes_ms FROM city WHERE city = '{FIRST_CITY}')");
        let defaults = [
            ("attempt", "'FORGED'"),
            ("person", passer.as_str()),
            ("city", city.as_str()),
            ("opens_ms", opens.as_str()),
            ("closes_ms", closes.as_str()),
            ("started_ms", opens.as_str()),
            ("submitted_ms", opens.as_str()),
            ("answers", "''"),
            ("score", "5"),
            ("n_questions", "10"),
            ("pass_mark", "5"),
            ("passed", "1"),
        ];
        insert("attempt", &defaults, different)
    }
}

fn insert(table: &str, defaults: &[(&str, &str)], different: &[(&str, &str)]) -> String {
    let columns: Vec<&str> = defaults.iter().map(|(column, _value)| *column).collect();
    let values: Vec<&str> = defaults
        .iter()
        .map(|(column, value)| {
            different
                .iter()
                .find(|(name, _value)| name == column)
                .map_or(*value, |(_name, value)| *value)
        })
        .collect();
    format!(
        "INSERT INTO {table} ({}) VALUES ({})",
        columns.join(", "),
        values.join(", ")
    )
}

/// Every attack is refused, each for its own reason, even by a hand with every right.
pub(super) fn assert_refused(scene: &Scene, attacks: &[(String, &str)]) {
    assert_refused_by(&mut scene.test.raw(), attacks);
}

/// Every attack is refused over this connection, each for its own reason.
pub(super) fn assert_refused_by(raw: &mut Raw, attacks: &[(String, &str)]) {
    let mut holes = String::new();
    for (sql, reason) in attacks {
        let (sql, reason) = in_the_engines_words(sql, reason);
        match raw.attempt(&sql) {
            Err(words) if words.contains(reason) => {}
            outcome => writeln!(holes, "{sql}\n  wanted: {reason}\n  got: {outcome:?}").unwrap(),
        }
    }
    assert!(holes.is_empty(), "{holes}");
}

/// A server knows no `INSERT OR REPLACE`; there the row is overwritten where it stands.
fn in_the_engines_words<'a>(sql: &str, reason: &'a str) -> (String, &'a str) {
    const REPLACED: [(&str, &str, &str, &str); 5] = [
        (
            "packet",
            "city, day, deck, sequence",
            "amount_fen",
            "a sealed packet never changes",
        ),
        (
            "attempt",
            "attempt",
            "score",
            "a submitted attempt never changes",
        ),
        ("referral", "friend", "sharer", "a referral never changes"),
        (
            "follow",
            "person",
            "first_ms",
            "the first follow never changes",
        ),
        (
            "payment",
            "bill_number",
            "request_sealed",
            "of a payment never change",
        ),
    ];
    let replaced = REPLACED.iter().find(|(table, ..)| {
        is_server() && sql.starts_with(&format!("INSERT OR REPLACE INTO {table} "))
    });
    let Some((_table, key, column, reason)) = replaced else {
        return (sql.to_owned(), reason);
    };
    let insert = sql.replace("INSERT OR REPLACE", "INSERT");
    let sql = format!("{insert} ON CONFLICT ({key}) DO UPDATE SET {column} = excluded.{column}");
    (sql, reason)
}

pub(super) fn fixed(attacks: &[(&str, &'static str)]) -> Vec<(String, &'static str)> {
    attacks
        .iter()
        .map(|(sql, reason)| ((*sql).to_owned(), *reason))
        .collect()
}

#[tokio::test]
async fn a_right_award_and_its_payment_are_accepted() {
    let scene = Scene::new().await;
    let legal = [
        scene.award(&[]),
        scene.attempt(&[]),
        format!(
            "{}; INSERT INTO payment (bill_number, award, attempt_number, amount_fen,
             request_sealed, state, machine, version, changed_ms)
             SELECT 'P', 'FORGED', 1, amount_fen, '', 'reserved', '{{}}', 0, 0
             FROM award WHERE award = 'FORGED'",
            scene.award(&[])
        ),
        format!(
            "INSERT INTO referral SELECT '{}', '{}', '{FIRST_CITY}', 1",
            scene.stranger.id.as_str(),
            scene.passer.id.as_str()
        ),
        "UPDATE payment SET state = 'in_flight', request_sealed = '1a.frozen', version = version + 1
         WHERE state = 'reserved'"
            .to_owned(),
    ];
    let mut raw = scene.test.raw_of_server();
    for sql in legal {
        assert_eq!(raw.attempt(&sql), Ok(()), "{sql}");
    }
}

#[tokio::test]
async fn a_wrong_award_is_refused() {
    let scene = Scene::new().await;
    let winner = format!("'{}'", scene.winner.id.as_str());
    let spare_pass = format!(
        "(SELECT attempt FROM attempt WHERE person = {winner} AND passed = 1
          AND attempt NOT IN (SELECT attempt FROM award))"
    );
    let used_pass =
        format!("(SELECT attempt FROM award WHERE person = {winner} AND kind = 'base')");
    let failed = format!(
        "(SELECT attempt FROM attempt WHERE person = '{}' AND passed = 0)",
        scene.passer.id.as_str()
    );
    let open_friend = format!("'{}'", scene.open_friend.id.as_str());
    let used_friend = format!("'{}'", scene.used_friend.id.as_str());
    let opens = format!("(SELECT opens_ms - 1 FROM city WHERE city = '{FIRST_CITY}')");
    let closes = format!("(SELECT closes_ms FROM city WHERE city = '{FIRST_CITY}')");
    let wider = format!("(SELECT closes_ms + 1 FROM city WHERE city = '{FIRST_CITY}')");
    let tomorrow = format!("(SELECT MIN(day) + 1 FROM budget_day WHERE city = '{FIRST_CITY}')");
    // A server asks its guards after all constraints, a file before.
    let other_day = if is_server() {
        "CHECK constraint failed: day"
    } else {
        "is counted in its day"
    };
    // A file names an index over an expression, a server what is in it.
    let used_chance = if is_server() {
        "UNIQUE constraint failed: award.person, award.scope"
    } else {
        "UNIQUE constraint failed: index 'award_once'"
    };
    let planned = scene.column("amount_fen", &[]);
    let another_amount = format!("{planned} + CASE WHEN {planned} < 10000 THEN 1 ELSE -1 END");
    let second_city = format!("'{SECOND_CITY}'");
    let cases: Vec<(Vec<(&str, &str)>, &str)> = vec![
        (
            vec![("person", &winner), ("attempt", &spare_pass)],
            used_chance,
        ),
        (
            vec![
                ("person", &winner),
                ("attempt", &used_pass),
                ("scope", "'other'"),
            ],
            "UNIQUE constraint failed: award.attempt",
        ),
        (vec![("attempt", &failed)], "FOREIGN KEY"),
        (vec![("attempt", &spare_pass)], "FOREIGN KEY"),
        (vec![("attempt", "'NONE'")], "FOREIGN KEY"),
        (vec![("passed", "0")], "CHECK constraint failed: passed = 1"),
        (vec![("passed", "NULL"), ("gained", "1")], "FOREIGN KEY"),
        (
            vec![("attempt", &failed), ("passed", "NULL"), ("gained", "1")],
            "FOREIGN KEY",
        ),
        (vec![("gained", "1")], "CHECK constraint failed"),
        (vec![("passed", "NULL")], "CHECK constraint failed"),
        (
            vec![("amount_fen", "9")],
            "CHECK constraint failed: amount_fen",
        ),
        (
            vec![("amount_fen", "10001")],
            "CHECK constraint failed: amount_fen",
        ),
        (vec![("amount_fen", &another_amount)], "FOREIGN KEY"),
        (
            vec![("sequence", "0")],
            "UNIQUE constraint failed: award.city, award.day, award.sequence",
        ),
        (
            vec![("sequence", "1000"), ("amount_fen", "10")],
            "FOREIGN KEY",
        ),
        (
            vec![("decided_ms", &opens)],
            "CHECK constraint failed: decided_ms",
        ),
        (
            vec![("decided_ms", &closes)],
            "CHECK constraint failed: decided_ms",
        ),
        (vec![("closes_ms", &wider)], "FOREIGN KEY"),
        (vec![("kind", "'gift'")], "CHECK constraint failed"),
        (vec![("friend", &open_friend)], "CHECK constraint failed"),
        (vec![("kind", "'referral'")], "CHECK constraint failed"),
        (
            vec![("kind", "'referral'"), ("friend", &open_friend)],
            "FOREIGN KEY",
        ),
        (
            vec![
                ("person", &winner),
                ("attempt", &spare_pass),
                ("kind", "'referral'"),
                ("friend", &used_friend),
                ("scope", "'other'"),
            ],
            "UNIQUE constraint failed: award.friend",
        ),
        (
            vec![("award", "(SELECT MIN(award) FROM award)")],
            "UNIQUE constraint failed: award.award",
        ),
        (vec![("person", "'NOBODY'")], "FOREIGN KEY"),
        (vec![("day", &tomorrow)], other_day),
        (vec![("city", &second_city)], "FOREIGN KEY"),
    ];
    let mut attacks: Vec<(String, &str)> = cases
        .iter()
        .map(|(different, reason)| (scene.award(different), *reason))
        .collect();
    attacks.push((scene.uncounted_award(&[]), "is counted in its day"));
    attacks.push((
        format!(
            "UPDATE city SET used_fen = used_fen + 1 WHERE city = '{FIRST_CITY}'; {}",
            scene.award(&[])
        ),
        "city counts what its days count",
    ));
    attacks.push((
        format!("{}; {}", scene.counting(&[]), scene.award(&[])),
        "is counted in its day",
    ));
    assert_refused(&scene, &attacks);
}

#[tokio::test]
async fn a_wrong_counter_is_refused() {
    let scene = Scene::new().await;
    assert_refused(
        &scene,
        &fixed(&[
            (
                "UPDATE budget_day SET used_fen = cap_fen + 1",
                "city counts what its days count",
            ),
            (
                "UPDATE city SET used_fen = used_fen + 1 + (
                     SELECT MAX(cap_fen - used_fen) FROM budget_day WHERE city = 'yancheng' AND used_fen > 0
                 ) WHERE city = 'yancheng';
                 UPDATE budget_day SET used_fen = cap_fen + 1 WHERE city = 'yancheng' AND used_fen > 0",
                "CHECK constraint failed: used_fen",
            ),
            (
                "UPDATE budget_day SET used_fen = -1",
                "a day never takes back money",
            ),
            (
                "UPDATE budget_day SET used_fen = used_fen - 1 WHERE used_fen > 0",
                "a day never takes back money",
            ),
            (
                "UPDATE budget_day SET taken = taken - 1 WHERE taken > 0",
                "a day never takes back money",
            ),
            (
                "UPDATE budget_day SET cap_fen = cap_fen + 1",
                "a day never takes back money",
            ),
            (
                "UPDATE budget_day SET top_taken = 2",
                "CHECK constraint failed: top_taken",
            ),
            (
                "UPDATE budget_day SET deck = CASE deck WHEN 'top' THEN 'plain' ELSE 'top' END WHERE deck IS NOT NULL",
                "its deck never changes",
            ),
            (
                "UPDATE budget_day SET deck = NULL WHERE deck IS NOT NULL",
                "its deck never changes",
            ),
            (
                "UPDATE budget_day SET deck = 'third' WHERE deck IS NULL",
                "CHECK constraint failed: deck",
            ),
            ("DELETE FROM budget_day", "a day never leaves"),
            (
                "UPDATE city SET used_fen = pool_fen + 1",
                "CHECK constraint failed: used_fen",
            ),
            (
                "UPDATE city SET used_fen = used_fen - 1 WHERE used_fen > 0",
                "never takes back",
            ),
            (
                "UPDATE city SET last_decision_ms = last_decision_ms - 1",
                "never takes back",
            ),
            (
                "UPDATE city SET top_awarded = 1; UPDATE city SET top_awarded = 0",
                "never takes back",
            ),
            (
                "UPDATE city SET pool_fen = pool_fen + 1 WHERE used_fen > 0",
                "frozen once it has awarded",
            ),
            (
                "UPDATE city SET closes_ms = closes_ms + 1 WHERE used_fen > 0",
                "frozen once it has awarded",
            ),
            (
                "UPDATE city SET opens_ms = opens_ms - 1 WHERE used_fen > 0",
                "frozen once it has awarded",
            ),
            (
                "UPDATE city SET plan_commitment = '' WHERE used_fen > 0",
                "frozen once it has awarded",
            ),
            (
                "UPDATE city SET plan_root = '' WHERE used_fen > 0",
                "frozen once it has awarded",
            ),
            (
                "UPDATE city SET plan_seed_sealed = '' WHERE used_fen > 0",
                "frozen once it has awarded",
            ),
            (
                "UPDATE city SET bank = (SELECT MAX(digest) FROM bank WHERE digest <> city.bank) WHERE used_fen > 0",
                "frozen once it has awarded",
            ),
            (
                "UPDATE city SET opens_ms = closes_ms WHERE used_fen = 0",
                "CHECK constraint failed",
            ),
            ("DELETE FROM city", "FOREIGN KEY"),
            (
                "UPDATE packet SET amount_fen = amount_fen + 1",
                "a sealed packet never changes",
            ),
            ("DELETE FROM packet", "a sealed packet never leaves"),
            (
                "INSERT OR REPLACE INTO packet SELECT city, day, deck, sequence, 10 FROM packet",
                "a sealed packet never leaves",
            ),
            (
                "INSERT INTO packet SELECT city, day, deck, sequence, 10 FROM packet",
                "UNIQUE constraint failed: packet",
            ),
            (
                "UPDATE bank SET content_sealed = ''",
                "a frozen bank never changes",
            ),
            ("DELETE FROM bank", "a frozen bank never leaves"),
            (
                "UPDATE season SET rules = ''",
                "the terms of a season never change",
            ),
            (
                "INSERT INTO season VALUES ('another', '', '', 0)",
                "a database holds one season",
            ),
        ]),
    );
}

#[tokio::test]
async fn a_wrong_attempt_is_refused() {
    let scene = Scene::new().await;
    let closes = format!("(SELECT closes_ms FROM city WHERE city = '{FIRST_CITY}')");
    let early = format!("(SELECT opens_ms - 1 FROM city WHERE city = '{FIRST_CITY}')");
    let second_city = format!("'{SECOND_CITY}'");
    let cases: [(&[(&str, &str)], &str); 10] = [
        (&[("score", "11")], "CHECK constraint failed"),
        (&[("score", "-1")], "CHECK constraint failed"),
        (&[("score", "4")], "CHECK constraint failed: passed"),
        (
            &[("score", "5"), ("passed", "0")],
            "CHECK constraint failed: passed",
        ),
        (
            &[("submitted_ms", &closes)],
            "CHECK constraint failed: started_ms",
        ),
        (
            &[("started_ms", &early)],
            "CHECK constraint failed: started_ms",
        ),
        (
            &[("started_ms", &closes)],
            "CHECK constraint failed: started_ms",
        ),
        (&[("city", &second_city)], "FOREIGN KEY"),
        (&[("person", "'NOBODY'")], "FOREIGN KEY"),
        (
            &[("attempt", "(SELECT MIN(attempt) FROM attempt)")],
            "UNIQUE constraint failed: attempt.attempt",
        ),
    ];
    let mut attacks: Vec<(String, &str)> = cases
        .iter()
        .map(|(different, reason)| (scene.attempt(different), *reason))
        .collect();
    attacks.extend(fixed(&[
        ("UPDATE attempt SET score = 10, passed = 1", "a submitted attempt never changes"),
        ("UPDATE attempt SET person = (SELECT MIN(person) FROM person)", "a submitted attempt never changes"),
        ("DELETE FROM attempt", "a submitted attempt never leaves"),
        ("INSERT OR REPLACE INTO attempt SELECT attempt, person, city, opens_ms, closes_ms, started_ms, submitted_ms, answers, 10, 10, 5, 1 FROM attempt WHERE passed = 0", "a submitted attempt never leaves"),
    ]));
    assert_refused(&scene, &attacks);
}

#[tokio::test]
async fn a_wrong_person_follow_or_referral_is_refused() {
    let scene = Scene::new().await;
    let [winner, stranger, friend] =
        [&scene.winner, &scene.stranger, &scene.used_friend].map(|person| person.id.as_str());
    let referral = |friend: &str, sharer: &str, city: &str| {
        format!("INSERT INTO referral VALUES ('{friend}', '{sharer}', '{city}', 1)")
    };
    let mut attacks = vec![
        (
            referral(friend, stranger, FIRST_CITY),
            "UNIQUE constraint failed: referral.friend",
        ),
        (
            referral(stranger, stranger, FIRST_CITY),
            "CHECK constraint failed: friend <> sharer",
        ),
        (referral(stranger, winner, "atlantis"), "FOREIGN KEY"),
        (referral("NOBODY", winner, FIRST_CITY), "FOREIGN KEY"),
        (referral(stranger, "NOBODY", FIRST_CITY), "FOREIGN KEY"),
        (
            format!(
                "INSERT OR REPLACE INTO referral VALUES ('{friend}', '{stranger}', '{FIRST_CITY}', 1)"
            ),
            "a referral never leaves",
        ),
        (
            format!("INSERT INTO invite VALUES ('SECOND', '{winner}', 1, NULL, NULL)"),
            "UNIQUE constraint failed: invite.person",
        ),
        (
            format!("UPDATE invite SET person = '{stranger}'"),
            "a code never changes its owner",
        ),
        (
            format!(
                "INSERT INTO person SELECT 'TWIN', openid_index, '', 1, NULL, NULL FROM person WHERE person = '{winner}'"
            ),
            "UNIQUE constraint failed: person.openid_index",
        ),
        (
            format!("DELETE FROM person WHERE person = '{winner}'"),
            "FOREIGN KEY",
        ),
        (
            format!("INSERT OR REPLACE INTO follow VALUES ('{winner}', 1, 1, 1, 'event')"),
            "the ever-followed record never leaves",
        ),
        (
            format!("INSERT INTO follow VALUES ('{stranger}', 1, 1, 1, 'rumour')"),
            "CHECK constraint failed: source",
        ),
    ];
    attacks.extend(fixed(&[
        (
            "UPDATE referral SET sharer = friend",
            "a referral never changes",
        ),
        (
            "UPDATE referral SET city = 'suzhou'",
            "a referral never changes",
        ),
        ("DELETE FROM referral", "a referral never leaves"),
        (
            "UPDATE follow SET first_ms = first_ms + 1",
            "the first follow never changes",
        ),
        (
            "UPDATE follow SET following = 2",
            "CHECK constraint failed: following",
        ),
        (
            "DELETE FROM follow",
            "the ever-followed record never leaves",
        ),
    ]));
    assert_refused(&scene, &attacks);
}

#[tokio::test]
async fn a_wrong_payment_is_refused() {
    let scene = Scene::new().await;
    let cases: [(&[(&str, &str)], &str); 9] = [
        (&[("rail", "'cash'")], "CHECK constraint failed"),
        (
            &[("state", "'reserved'")],
            "UNIQUE constraint failed: payment.award",
        ),
        (
            &[("attempt_number", "1")],
            "UNIQUE constraint failed: payment.award, payment.attempt_number",
        ),
        (
            &[("attempt_number", "4")],
            "CHECK constraint failed: attempt_number",
        ),
        (
            &[("attempt_number", "0")],
            "CHECK constraint failed: attempt_number",
        ),
        (&[("amount_fen", "11")], "FOREIGN KEY"),
        (&[("award", "'NONE'")], "FOREIGN KEY"),
        (&[("state", "'lost'")], "CHECK constraint failed: state"),
        (
            &[("bill_number", "(SELECT MIN(bill_number) FROM payment)")],
            "UNIQUE constraint failed: payment.bill_number",
        ),
    ];
    let mut attacks: Vec<(String, &str)> = cases
        .iter()
        .map(|(different, reason)| (scene.payment(different), *reason))
        .collect();
    attacks.extend(fixed(&[
        ("UPDATE payment SET bill_number = 'OTHER' || bill_number, version = version + 1", "of a payment never change"),
        ("UPDATE payment SET amount_fen = amount_fen + 1, version = version + 1", "of a payment never change"),
        ("UPDATE payment SET request_sealed = '', version = version + 1 WHERE state = 'received'", "of a payment never change"),
        ("UPDATE payment SET request_sealed = '1a.early' WHERE state = 'reserved'", "of a payment never change"),
        ("UPDATE payment SET state = 'in_flight', version = version + 1 WHERE state = 'reserved'", "CHECK constraint failed: request_sealed"),
        ("UPDATE payment SET attempt_number = 3, version = version + 1", "of a payment never change"),
        ("UPDATE payment SET rail = 'transfer', version = version + 1", "of a payment never change"),
        ("UPDATE payment SET package_sealed = 'x', version = version + 1", "CHECK constraint failed"),
        ("UPDATE rail SET n_in_second = -1", "CHECK constraint failed"),
        ("UPDATE payment SET state = 'deferred', version = version + 1 WHERE state = 'received'", "never leaves its state"),
        ("UPDATE payment SET state = 'received', version = version + 1 WHERE state = 'reserved'", "a payment that never left"),
        ("UPDATE payment SET state = 'dead', version = version + 1 WHERE state = 'reserved'", "a payment that never left"),
        ("UPDATE payment SET due_ms = 0", "one version at a time"),
        ("UPDATE payment SET version = version + 2", "one version at a time"),
        ("UPDATE payment SET version = version - 1", "one version at a time"),
        ("DELETE FROM payment", "a payment never leaves"),
        ("INSERT OR REPLACE INTO payment SELECT bill_number, award, attempt_number, amount_fen, 'other', 'reserved', due_ms, machine, 0, 0, rail, NULL FROM payment WHERE state = 'received'", "a payment never leaves"),
        ("UPDATE payment_event SET evidence = 'SUCCESS'", "a payment event never changes"),
        ("DELETE FROM payment_event", "a payment event never leaves"),
        ("INSERT INTO payment_event SELECT bill_number, version, 0, 'reply', NULL, 'a', 'b' FROM payment_event", "UNIQUE constraint failed: payment_event"),
        ("INSERT INTO payment_event VALUES ('NONE', 1, 0, 'reply', NULL, 'a', 'b')", "FOREIGN KEY"),
    ]));
    assert_refused(&scene, &attacks);
}
