//! A rehearsed season: nothing is violated, the seed decides everything, and the auditor sees damage.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use chrono::{DateTime, Utc};
use reference_server::{
    config::EditionName,
    contest::audit::Violation,
    rail::Rail,
    rehearsal::{Faults, Options, Rehearsal, Report, TopPacket, Watcher},
};
use tempfile::TempDir;

use crate::engine::{TestDatabase, is_server};

/// Counts steps, and sees that the clock never goes back.
#[derive(Debug, Default)]
struct Steps {
    n_done: u64,
    latest: DateTime<Utc>,
}

impl Watcher for Steps {
    fn progress(&mut self, n_done: u64, _n_left: u64, now: DateTime<Utc>) {
        assert!(now >= self.latest, "the clock went back to {now}");
        (self.n_done, self.latest) = (n_done, now);
    }

    fn resumed(&mut self, n_acknowledged: usize, violations: &[Violation]) {
        panic!("a new rehearsal went on after {n_acknowledged} awards: {violations:?}");
    }
}

/// A rehearsal in a folder that is deleted with it.
struct Played {
    rehearsal: Rehearsal,
    report: Report,
    steps: Steps,
    database: TestDatabase,
    _dir: TempDir,
}

async fn play(seed: u64, people: u32, city: Option<&str>) -> Played {
    play_with(seed, people, city, |_usual| ()).await
}

async fn play_with(
    seed: u64,
    people: u32,
    city: Option<&str>,
    change: impl FnOnce(&mut Options),
) -> Played {
    let dir = tempfile::tempdir().unwrap();
    let database = TestDatabase::new(dir.path());
    let mut options = Options {
        seed,
        people,
        city: city.map(str::to_owned),
        edition: EditionName::Postponed,
        rail: Rail::RedPacket,
        data_dir: dir.path().to_owned(),
        database: Some(database.of_server()),
        n_instances: 1,
        faults: Faults::Mild,
        outage: false,
        lasting: false,
        stops_at_failure: false,
        office_program: PathBuf::from(env!("CARGO_BIN_EXE_reference-server")),
    };
    change(&mut options);
    // Both are large: a test that holds them holds a pointer.
    let mut rehearsal = Box::pin(Rehearsal::prepare(options)).await.unwrap();
    let mut steps = Steps::default();
    let report = Box::pin(rehearsal.play(&mut steps)).await.unwrap();
    Played {
        rehearsal,
        report,
        steps,
        database,
        _dir: dir,
    }
}

#[tokio::test]
async fn thirteen_cities_are_played_without_a_violation() {
    let Played { report, steps, .. } = play(7, 20, None).await;
    assert_eq!(report.violations, []);
    assert_eq!(report.cities.len(), 13);
    assert!(steps.n_done > 13 * 20);
    assert!(report.audit_chain.holds);
    assert_eq!(report.wechat.difference_fen, 0);
    assert_eq!(report.wechat.in_flight_fen, 0);
    let classes: Vec<&str> = report.bills.classes.keys().map(String::as_str).collect();
    assert_eq!(classes, ["R0"]);
    assert!(report.bills.n_days >= 13 * 7);
    assert_eq!(
        (
            report.bills.difference_fen,
            report.bills.account_difference_fen
        ),
        (0, 0)
    );
    let states: BTreeSet<&str> = report.payouts.keys().map(String::as_str).collect();
    assert_eq!(states, BTreeSet::from(["received", "refunded"]));
    // Whoever brought a friend was told, or need not be told any more.
    let credited: i64 = report
        .cities
        .iter()
        .map(|city| city.n_referrals_credited)
        .sum();
    let messages = &report.outreach.messages;
    assert_eq!(
        messages.values().sum::<u64>(),
        u64::try_from(credited).unwrap()
    );
    assert!(
        messages.keys().any(|what| what.starts_with("sent ")),
        "{messages:?}"
    );
    assert!(
        messages.keys().all(|what| !what.starts_with("waiting")),
        "{messages:?}"
    );
    let sent = BTreeMap::from([("sent".to_owned(), 13)]);
    assert_eq!(report.outreach.announcements, sent);
    assert!(report.outreach.n_menus >= 13, "{:?}", report.outreach);
    for city in &report.cities {
        assert!(city.n_awards > 0, "{}: nobody won", city.city);
        assert!(city.awarded_fen <= 1_000_000);
        assert_eq!(city.days.len(), 7);
        assert!(city.days.iter().all(|day| day.awarded_fen <= 142_800));
        assert!(city.n_referrals_used <= city.n_referrals_credited);
    }
    for reason in ["already-claimed", "city-closed", "not-following"] {
        assert!(
            report.refusals.contains_key(reason),
            "no {reason} in {:?}",
            report.refusals
        );
    }
}

#[tokio::test]
async fn thirteen_cities_are_paid_by_transfers_without_a_violation() {
    let Played { report, .. } = play_with(7, 20, None, |options| {
        (options.rail, options.n_instances) = (Rail::Transfer, 2);
    })
    .await;
    assert_eq!(report.violations, []);
    assert!(report.audit_chain.holds);
    assert_eq!(report.wechat.difference_fen, 0);
    assert_eq!(report.wechat.in_flight_fen, 0);
    let states: BTreeSet<&str> = report.payouts.keys().map(String::as_str).collect();
    assert_eq!(states, BTreeSet::from(["received", "refunded"]));
    let text = async || {
        let by_transfers = |options: &mut Options| options.rail = Rail::Transfer;
        let played = play_with(7, 30, Some("nanjing"), by_transfers).await;
        played.report.to_json().unwrap()
    };
    assert_eq!(text().await, text().await);
}

#[tokio::test]
async fn the_same_seed_gives_the_same_report_to_the_byte_and_another_seed_another() {
    let text = async |seed| {
        let played = play(seed, 40, Some("nanjing")).await;
        (played.report.to_table(), played.report.to_json().unwrap())
    };
    let first = text(7).await;
    assert_eq!(first, text(7).await);
    assert_ne!(first, text(8).await);
}

#[tokio::test]
async fn two_instances_side_by_side_violate_nothing_and_play_the_same_again() {
    let text = async || {
        let two = |options: &mut Options| options.n_instances = 2;
        let played = play_with(7, 40, Some("nanjing"), two).await;
        assert_eq!(played.report.violations, []);
        assert_eq!(played.report.n_instances, 2);
        assert!(played.report.cities[0].n_awards > 10);
        // Both had their share: each group of writes is marked by its writer.
        if is_server() {
            let n_writers = played
                .database
                .raw()
                .number("SELECT COUNT(*) FROM commit_mark WHERE number > 50");
            assert_eq!(n_writers, 2);
        }
        played.report.to_json().unwrap()
    };
    assert_eq!(text().await, text().await);
}

/// The same week with and without six hours in which WeChat Pay is away.
async fn assert_an_outage_costs_little(rail: Rail) {
    let report = async |outage| {
        let with = |options: &mut Options| (options.rail, options.outage) = (rail, outage);
        let played = play_with(7, 120, Some("nanjing"), with).await;
        assert_eq!(played.report.violations, []);
        played.report
    };
    let (without, with) = (report(false).await, report(true).await);
    assert_eq!((without.outages.len(), without.calls.n_lost), (0, 0));
    assert_eq!(with.outages.len(), 1);
    let outage = &with.outages[0];
    assert!(outage.n_awarded > 0, "nobody won meanwhile");
    assert!(outage.n_waited >= outage.n_awarded, "{outage:?}");
    assert!(outage.drained_seconds <= 600, "{outage:?}");
    assert!(with.calls.n_lost > 0);
    let (needed, made) = (without.calls.n_made, with.calls.n_made);
    assert!(made * 5 <= needed * 6, "{made} calls, {needed} needed");
}

#[tokio::test]
async fn six_hours_without_wechat_pay_violate_nothing_and_hold_nobody_up_for_long() {
    assert_an_outage_costs_little(Rail::RedPacket).await;
}

#[tokio::test]
async fn six_hours_without_transfers_violate_nothing_and_hold_nobody_up_for_long() {
    assert_an_outage_costs_little(Rail::Transfer).await;
}

#[tokio::test]
async fn hostile_seasons_violate_nothing_and_play_the_same_again() {
    let report = async |seed| {
        let hostile = |options: &mut Options| options.faults = Faults::Hostile;
        play_with(seed, 0, None, hostile).await.report
    };
    let (mut n_awards, mut n_crashes) = (0, 0);
    for seed in [2, 3, 7] {
        let first = report(seed).await;
        assert_eq!(first.violations, [], "seed {seed}");
        assert_eq!(first, report(seed).await, "seed {seed}");
        n_awards += first.cities.iter().map(|city| city.n_awards).sum::<i64>();
        let coverage = first.coverage.unwrap();
        let crashes = coverage.all().filter(|(group, ..)| *group == "crash");
        n_crashes += crashes.map(|(_group, _name, n)| n).sum::<u64>();
    }
    assert!(n_awards > 30, "{n_awards} awards");
    assert!(n_crashes > 0, "nobody died");
}

#[tokio::test]
async fn a_city_nobody_comes_to_awards_nothing_and_violates_nothing() {
    let Played { report, steps, .. } = play(7, 0, Some("yancheng")).await;
    assert_eq!(report.violations, []);
    assert_eq!(steps.n_done, 0);
    assert_eq!(report.cities[0].n_awards, 0);
    assert_eq!(report.cities[0].top, TopPacket::NobodyCameAfterItWasDue);
}

/// Damage that got past every guard, how it is undone, and what the auditor calls it.
const DAMAGE: [(&str, &str, &str); 7] = [
    (
        "UPDATE payment_event SET event = 'reply' WHERE state_after = 'received' AND event = 'query_result'",
        "UPDATE payment_event SET event = 'query_result' WHERE state_after = 'received' AND event = 'reply'",
        "M15 an end without an answer",
    ),
    (
        "UPDATE award SET amount_fen = amount_fen + 1 WHERE kind = 'base'",
        "UPDATE award SET amount_fen = amount_fen - 1 WHERE kind = 'base'",
        "citizens: an award is not what was told",
    ),
    (
        "UPDATE award SET award = 'X' || award",
        "UPDATE award SET award = substr(award, 2)",
        "citizens: an acknowledged award is lost",
    ),
    (
        "UPDATE award SET award = 'X' || award",
        "UPDATE award SET award = substr(award, 2)",
        "citizens: an award nobody was told of",
    ),
    (
        "UPDATE award SET person = 'X' || person",
        "UPDATE award SET person = substr(person, 2)",
        "citizens: an award is not what was told",
    ),
    (
        "UPDATE payment SET state = 'sent' WHERE state = 'received'",
        "UPDATE payment SET state = 'received' WHERE state = 'sent'",
        "M21 a payment has not ended",
    ),
    (
        "UPDATE payment SET state = 'received' WHERE state = 'refunded'",
        "",
        "M22 sums differ",
    ),
];

#[tokio::test]
async fn the_auditor_names_planted_damage() {
    let played = play(7, 40, Some("nanjing")).await;
    assert_eq!(played.report.violations, []);
    let mut raw = played.database.raw();
    raw.disarm();
    for (damage, undo, invariant) in DAMAGE {
        raw.run(damage);
        let found = played.rehearsal.report().await.unwrap().violations;
        assert!(
            found
                .iter()
                .any(|violation| violation.invariant == invariant),
            "{damage}\n  wanted {invariant}\n  got {found:#?}"
        );
        raw.run(undo);
    }
}
