//! An hours-old backup takes the database's place while WeChat remembers everything: nobody is paid twice, and
//! every payment without an award on record is reported.
//!
//! `AMNESIA_ROUNDS` says how many rounds are played, from seed 0; the figures are printed.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use reference_server::{
    clock::Clock as _,
    contest::{
        books, decision, follow,
        organiser::Role,
        rail_pause,
        safekeeping::{self, Event, Note},
    },
    entropy::{Entropy, SeededEntropy},
};
use reward_core::BillClass;
use wechat_adapter::simulator::{Fault, PacketState};

use super::{backups::Kept, rail_pauses::finance};
use crate::app::{Person, Setting, TestApp, shanghai};

/// Rounds unless the environment says otherwise.
const ROUNDS: u64 = 3;

/// Chances that follow from the seed.
struct Dice(SeededEntropy);

impl Dice {
    /// From 0 to below `n`.
    fn below(&self, n: u8) -> u8 {
        let entropy: &dyn Entropy = &self.0;
        entropy.bytes::<1>()[0] % n
    }

    fn is(&self, in_hundred: u8) -> bool {
        self.below(100) < in_hundred
    }
}

/// What happened in the rounds.
#[derive(Debug, Default)]
struct Figures {
    kept: usize,
    lost: usize,
    /// Numbers of lost awards that WeChat had.
    lost_sent: usize,
    claimed_again: usize,
    paid_twice: usize,
    orphans: usize,
    reported: usize,
    held: i64,
    minutes_lost: i64,
}

/// Somebody wins; the line to WeChat may fail, and the packet may be opened.
async fn win(test: &TestApp, dice: &Dice, name: &str) -> Person {
    let (person, _packet) = test.winner(name).await;
    if dice.is(30) {
        let faults = [
            Fault::ExecuteThenDrop,
            Fault::DropBeforeExecute,
            Fault::SystemErrorExecuted,
        ];
        test.fault_once(faults[usize::from(dice.below(3))].clone());
    }
    if dice.is(70) {
        test.settle_for(TimeDelta::minutes(i64::from(dice.below(20))))
            .await;
    }
    test.no_faults();
    if dice.is(50) {
        test.open_packets(&person);
    }
    person
}

/// Two persons let payments go again.
async fn resume(test: &TestApp) {
    let operator = finance("wang", Role::FinanceOperator);
    let approver = finance("li", Role::FinanceApprover);
    rail_pause::propose_resuming(&test.app, &operator, "compared with the bills")
        .await
        .unwrap();
    let waiting = decision::waiting(&test.app).await.unwrap();
    decision::approve(
        &test.app,
        &approver,
        waiting[0].id,
        &waiting[0].digest,
        "agreed",
    )
    .await
    .unwrap();
}

/// The numbers that WeChat has, with how often each was asked for.
fn at_wechat(test: &TestApp) -> BTreeMap<String, u32> {
    let bills = test.simulator.ledger().bills.into_iter();
    bills
        .map(|(number, bill)| (number, bill.requests))
        .collect()
}

/// The numbers that the server itself knows.
fn numbers(test: &TestApp) -> BTreeSet<String> {
    let numbers = test.raw().texts("SELECT bill_number FROM payment");
    numbers.into_iter().collect()
}

async fn play(seed: u64, figures: &mut Figures) {
    let dice = Dice(SeededEntropy::new(seed));
    let setting = Setting {
        seed,
        ..Setting::usual()
    };
    let mut kept = Kept::new(setting).await;
    let n_before = 2 + dice.below(4);
    for number in 0..n_before {
        win(&kept.test, &dice, &format!("before {number}")).await;
    }
    let taken = kept.take().unwrap();
    let mut lost = Vec::new();
    for number in 0..8 - n_before {
        lost.push(win(&kept.test, &dice, &format!("that evening {number}")).await);
        let while_ = TimeDelta::minutes(i64::from(dice.below(90)));
        kept.test.settle_for(while_).await;
    }
    let morning = shanghai("2020-04-23 09:00:00");
    kept.test.settle_for(morning - kept.test.app.now()).await;
    for number in 0..1 + dice.below(4) {
        lost.push(win(&kept.test, &dice, &format!("next morning {number}")).await);
    }
    let all = numbers(&kept.test);

    // The machine is lost, and comes back as it was.
    let place = kept
        .restore(&taken.generation.path, &kept.dir.path().join("restored"))
        .unwrap();
    kept.lose_to(&place);
    let test = &kept.test;
    assert_eq!(safekeeping::examine(&test.app).await.unwrap(), []);
    let restored = Note {
        event: Event::Restored,
        backup: taken.generation.name(),
        of: taken.manifest.of,
        n_findings: 0,
        took: TimeDelta::seconds(1),
    };
    safekeeping::hold_payouts(&test.app, restored)
        .await
        .unwrap();
    let known = numbers(test);
    let before = at_wechat(test);
    let forgotten = all.difference(&known);
    figures.kept += known.len();
    figures.lost += lost.len();
    figures.lost_sent += forgotten
        .filter(|number| before.contains_key(*number))
        .count();
    figures.minutes_lost += (test.clock.now() - taken.manifest.of).num_minutes();

    // Some come back, log in, follow as WeChat tells, and win what they had won.
    for person in &lost {
        if dice.is(60) {
            let person = test.login(&person.openid).await;
            assert!(follow::recheck(&test.app, &person.id).await.unwrap());
            test.answer(&person, 5).await;
            test.claim(&person).await.unwrap();
            figures.claimed_again += 1;
        }
    }
    test.settle_for(TimeDelta::minutes(40)).await;
    assert_eq!(at_wechat(test), before, "seed {seed}: something was sent");

    resume(test).await;
    for day in 24..=28 {
        let at = shanghai(&format!("2020-04-{day} 10:05:00"));
        test.settle_for(at - test.app.now()).await;
        books::morning(&test.app).await.unwrap();
    }
    judge(test, seed, figures).await;
}

/// Counts whoever got money twice, and compares the orphans with what is reported.
async fn judge(test: &TestApp, seed: u64, figures: &mut Figures) {
    let ledger = test.simulator.ledger();
    assert!(ledger.is_balanced());
    let mut out: BTreeMap<&str, usize> = BTreeMap::new();
    for bill in ledger.bills.values() {
        let is_out = matches!(bill.state, PacketState::Sent | PacketState::Received);
        *out.entry(bill.openid.as_str()).or_default() += usize::from(is_out);
    }
    // One chance each, so one packet each.
    let twice: Vec<_> = out.iter().filter(|(_openid, n)| **n > 1).collect();
    assert_eq!(twice, Vec::<(&&str, &usize)>::new(), "seed {seed}");
    figures.paid_twice += twice.len();
    let ours: BTreeSet<String> = {
        let numbers = test.raw().texts("SELECT bill_number FROM payment");
        numbers.into_iter().collect()
    };
    let orphans: BTreeSet<&String> = ledger
        .bills
        .keys()
        .filter(|number| !ours.contains(*number))
        .collect();
    let morning = books::morning(&test.app).await.unwrap();
    let orders = morning.comparison.orders.iter();
    let reported: BTreeSet<&String> = orders
        .filter(|order| order.class == Some(BillClass::Orphan) && order.has_incident)
        .map(|order| &order.bill_number)
        .collect();
    assert_eq!(reported, orphans, "seed {seed}");
    figures.orphans += orphans.len();
    figures.reported += reported.len();
    figures.held += test.number("SELECT COUNT(*) FROM payment WHERE state = 'held'");
    let found = test.violations().await;
    // What WeChat paid and nobody here knows is exactly what the incidents say.
    let others: Vec<_> = found
        .iter()
        .filter(|found| !found.starts_with("M22 paid without an award"))
        .filter(|found| !found.starts_with("M12 amount differs"))
        .collect();
    assert_eq!(others, Vec::<&String>::new(), "seed {seed}");
    assert_eq!(test.found_by_sql().await, Vec::<String>::new());
}

#[tokio::test]
async fn an_old_backup_pays_nobody_twice_and_every_orphan_is_reported() {
    let rounds = std::env::var("AMNESIA_ROUNDS").ok();
    let rounds = rounds.map_or(ROUNDS, |rounds| rounds.parse().unwrap());
    let mut figures = Figures::default();
    for seed in 0..rounds {
        Box::pin(play(seed, &mut figures)).await;
    }
    println!("{rounds} rounds from seed 0: {figures:#?}");
    assert!(
        figures.lost_sent > 0 && figures.claimed_again > 0,
        "{figures:?}"
    );
    assert!(figures.orphans > 0, "{figures:?}");
    assert_eq!(figures.paid_twice, 0);
}
