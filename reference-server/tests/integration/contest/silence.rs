//! Laws of an outage of WeChat Pay: awards go on, few calls are lost on it, and whoever waited is paid soon after.

use chrono::{DateTime, TimeDelta, Utc};
use reference_server::worker;
use reward_core::{Release, RewardRules, RewardTerms};
use wechat_adapter::simulator::{Fault, FaultRule, Operation};

use crate::app::{Person, Setting, TestApp};

const N_PEOPLE: usize = 200;
const OUTAGE: TimeDelta = TimeDelta::hours(6);
/// Between two looks of the worker.
const STEP: TimeDelta = TimeDelta::seconds(30);

/// A day on which one person after the other wins and opens his packet within five minutes.
struct Day {
    test: TestApp,
    people: Vec<Person>,
    n_awarded: usize,
}

impl Day {
    async fn new() -> Self {
        let test = TestApp::with(Setting {
            terms: RewardTerms {
                release: Release::Immediate,
                ..RewardRules::JIANGSU_2020.terms()
            },
            ..Setting::usual()
        })
        .await;
        let people = test.followers(N_PEOPLE).await;
        for person in &people {
            test.answer(person, 5).await;
        }
        Self {
            test,
            people,
            n_awarded: 0,
        }
    }

    /// Lets a span pass, in which so many people win.
    async fn pass(&mut self, span: TimeDelta, n_winners: usize) {
        let n_steps = usize::try_from(span.num_seconds() / STEP.num_seconds()).unwrap();
        let already = self.n_awarded;
        for step in 1..=n_steps {
            while self.n_awarded < already + n_winners * step / n_steps {
                self.test.claim(&self.people[self.n_awarded]).await.unwrap();
                self.n_awarded += 1;
            }
            self.test.sleep(STEP);
            worker::settle_due(&self.test.app, 64).await.unwrap();
            if step % 10 == 0 {
                for person in &self.people[..self.n_awarded] {
                    self.test.open_packets(person);
                }
            }
        }
    }

    fn n_calls(&self) -> u64 {
        let calls = self.test.simulator.calls();
        [Operation::SendRedPacket, Operation::QueryRedPacket]
            .into_iter()
            .filter_map(|operation| calls.get(&operation))
            .sum()
    }

    fn last_landed(&self) -> DateTime<Utc> {
        let ledger = self.test.simulator.ledger();
        assert_eq!(ledger.bills.len(), self.n_awarded, "somebody still waits");
        let landed = ledger.bills.values().map(|bill| bill.landed_at);
        landed.max().unwrap()
    }
}

/// The day with or without six hours of outage; how many calls it took.
async fn calls_of_a_day(is_away: bool) -> u64 {
    let mut day = Day::new().await;
    day.pass(TimeDelta::minutes(30), 10).await;
    if is_away {
        let pay = [Operation::SendRedPacket, Operation::QueryRedPacket];
        let rules = pay.map(|operation| FaultRule::always(Fault::DropBeforeExecute).on(operation));
        day.test.simulator.set_faults(rules.to_vec());
    }
    day.pass(OUTAGE, N_PEOPLE - 10).await;
    assert_eq!(day.n_awarded, N_PEOPLE);
    let back = day.test.app.now();
    day.test.no_faults();
    day.pass(TimeDelta::minutes(10), 0).await;
    assert!(day.last_landed() <= back + TimeDelta::minutes(10));
    day.pass(TimeDelta::hours(3), 0).await;
    let states = day.test.raw().texts("SELECT DISTINCT state FROM payment");
    assert_eq!(states, ["received"]);
    let ledger = day.test.simulator.ledger();
    assert_eq!(ledger.totals.packets, u64::try_from(N_PEOPLE).unwrap());
    day.test.assert_sound().await;
    day.n_calls()
}

#[tokio::test]
async fn six_hours_without_wechat_pay_cost_a_fifth_more_calls_at_most() {
    let needed = calls_of_a_day(false).await;
    let made = calls_of_a_day(true).await;
    println!("{needed} calls were needed, {made} were made with six hours of outage");
    assert!(made * 10 <= needed * 12, "{made} calls, {needed} needed");
}
