//! The payout table through the server: every row, on every rail where it applies, is taken by the worker,
//! by somebody's looking, or by an event that people or the bill feed.

use chrono::TimeDelta;
use reference_server::{
    contest::payout::{self, Applied},
    metrics,
    rail::Rail,
};
use reward_core::{BillFinding, Event, EvidenceId, OperatorId, Resolution};
use wechat_adapter::{
    Nonce,
    pay::v3::{CancelTransfer, Freshness},
    simulator::{Fault, FaultRule, Operation},
};

use super::transfers::confirm;
use crate::app::{Behaviour, Person, Setting, TestApp};

/// A contest with one winner, whose payment has not left.
struct Case {
    test: TestApp,
    rail: Rail,
    person: Person,
    award: String,
}

impl Case {
    async fn new(rail: Rail) -> Self {
        let test = TestApp::with(Setting {
            rail,
            ..Setting::usual()
        })
        .await;
        let (person, packet) = test.winner("winner").await;
        Self {
            test,
            rail,
            person,
            award: packet.award,
        }
    }

    fn send(&self) -> Operation {
        match self.rail {
            Rail::RedPacket => Operation::SendRedPacket,
            Rail::Transfer => Operation::CreateTransfer,
        }
    }

    fn query(&self) -> Operation {
        match self.rail {
            Rail::RedPacket => Operation::QueryRedPacket,
            Rail::Transfer => Operation::QueryTransfer,
        }
    }

    fn faults(&self, faults: &[(Operation, Fault)]) {
        let rules = faults.iter();
        self.test.simulator.set_faults(
            rules
                .map(|(operation, fault)| FaultRule::always(fault.clone()).on(*operation))
                .collect(),
        );
    }

    /// The only sending goes wrong like this.
    async fn send_with(&self, fault: Fault) {
        self.faults(&[(self.send(), fault)]);
        self.test.settle().await;
        self.test.no_faults();
    }

    /// A refusal by code, in the rail's own words.
    fn refusal(&self, v2: &str, status: u16, v3: &str) -> Fault {
        match self.rail {
            Rail::RedPacket => Fault::PayError {
                err_code: v2.to_owned(),
            },
            Rail::Transfer => Fault::V3Error {
                status,
                code: v3.to_owned(),
            },
        }
    }

    async fn take(&self) {
        match self.rail {
            Rail::RedPacket => assert_eq!(self.test.open_packets(&self.person), 1),
            Rail::Transfer => confirm(&self.test, &self.person, &self.award).await,
        }
    }

    fn bill_number(&self) -> String {
        self.test.raw().text("SELECT MIN(bill_number) FROM payment")
    }

    async fn apply(&self, event: Event) -> Applied {
        let evidence = "a person looked".to_owned();
        payout::apply(&self.test.app, &self.bill_number(), event, evidence)
            .await
            .unwrap()
    }

    async fn received(&self) {
        self.test.settle().await;
        self.take().await;
        self.test.settle_for(TimeDelta::minutes(1)).await;
        assert_eq!(self.test.payment_state(&self.award), "received");
    }

    /// The merchant withdraws the transfer at WeChat, past the server.
    async fn withdraw(&self) {
        let wechat = &self.test.app.wechat;
        let bill = self
            .test
            .simulator
            .transfers_to(&self.person.openid)
            .remove(0);
        let order = wechat.transfers.as_ref().unwrap().order(
            bill.bill_number.parse().unwrap(),
            wechat.merchant_id.clone(),
            wechat.official.app_id().clone(),
            bill.openid.parse().unwrap(),
            u32::try_from(bill.amount_fen).unwrap(),
        );
        let v3 = wechat.pay_v3.as_ref().unwrap();
        let fresh = Freshness {
            now: self.test.app.now(),
            nonce: Nonce::new("0123456789abcdef").unwrap(),
        };
        let call = CancelTransfer::of(&order);
        let request = call.request(&v3.credentials, &v3.keys, &fresh).unwrap();
        wechat.pay_http.send(request).await.unwrap();
        self.test.sleep(TimeDelta::minutes(1));
    }

    /// How often a row was taken.
    async fn n_taken(&self, row: u8) -> u64 {
        let text = metrics::text(&self.test.app).await.unwrap();
        let rail = self.rail.name();
        let name = format!("contest_payout_steps_total{{rail=\"{rail}\",row=\"{row}\"}}");
        let line = text.lines().find_map(|line| line.strip_prefix(&name));
        line.map_or(0, |count| count.trim().parse().unwrap())
    }
}

impl Case {
    /// Lets one of the rows of sending happen.
    async fn send_by(&mut self, row: u8) {
        match row {
            1 | 2 => {
                self.test.settle().await;
            }
            3 => {
                self.test.pay.behave(Behaviour::OtherAmount);
                self.test.settle().await;
            }
            11 => {
                self.test.pay.behave(Behaviour::KeepAnswer(0));
                let (app, pay) = (self.test.app.clone(), self.test.pay.clone());
                tokio::select! {
                    round = payout::drive_due(&app) => panic!("an answer came: {round:?}"),
                    () = pay.has_kept() => {}
                }
                self.test.crash(31);
                self.test.sleep(TimeDelta::seconds(30));
                self.test.settle().await;
            }
            9 if self.rail == Rail::Transfer => {
                // Version 3 refuses nobody by code; a repetition may meet a transfer that has ended.
                self.send_with(Fault::ExecuteThenDrop).await;
                self.withdraw().await;
                let not_found = self.refusal("", 404, "NOT_FOUND");
                self.faults(&[(self.query(), not_found)]);
                self.test.settle_for(TimeDelta::minutes(10)).await;
            }
            _ => {
                let fault = match row {
                    4 => Fault::ExecuteThenDrop,
                    5 => Fault::Processing { seconds: 60 },
                    6 => Fault::FreqLimit,
                    7 => self.refusal("SENDNUM_LIMIT", 400, "INVALID_REQUEST"),
                    8 => Fault::NotEnough,
                    9 => Fault::NoAuth,
                    _ => self.refusal("FATAL_ERROR", 400, "ALREADY_EXISTS"),
                };
                self.send_with(fault).await;
            }
        }
    }

    /// Lets one of the rows of a query's answer happen.
    async fn ask_by(&self, row: u8) {
        match (row, self.rail) {
            (12, _) => self.received().await,
            (13, _) => self.test.settle_for(TimeDelta::hours(30)).await,
            (14, _) => {
                self.test.settle_for(TimeDelta::minutes(5)).await;
                self.test
                    .sleep(TimeDelta::hours(24) - TimeDelta::minutes(4));
                let looked = payout::refresh(&self.test.app, &self.person.id);
                looked.await.unwrap();
            }
            (15, _) => self.test.settle_for(TimeDelta::minutes(1)).await,
            (16, _) => {
                self.send_with(Fault::Processing { seconds: 3_600 }).await;
                self.test.settle_for(TimeDelta::minutes(30)).await;
            }
            (17, Rail::RedPacket) => {
                self.send_with(Fault::SendingThenFailed).await;
                self.test.settle_for(TimeDelta::hours(30)).await;
            }
            (17, Rail::Transfer) => {
                let fail_reason = "ACCOUNT_FROZEN".to_owned();
                self.send_with(Fault::TransferFails { fail_reason }).await;
                self.take().await;
                self.test.settle_for(TimeDelta::minutes(1)).await;
            }
            (18, _) => {
                self.send_with(Fault::DropBeforeExecute).await;
                self.test.settle_for(TimeDelta::minutes(10)).await;
            }
            (20, _) => {
                self.test.settle().await;
                self.faults(&[(self.query(), Fault::Status500)]);
                self.test.settle_for(TimeDelta::minutes(1)).await;
            }
            _ => self.grow_old().await,
        }
    }

    /// The number grows too old on a broken rail, is proved dead, and is replaced.
    async fn grow_old(&self) {
        self.faults(&[(self.send(), Fault::NotEnough)]);
        self.test.settle().await;
        self.test.sleep(TimeDelta::hours(20));
        self.test.settle_for(TimeDelta::hours(1)).await;
    }

    /// Lets one of the rows of ages, persons, the bill and the end happen.
    async fn end_by(&self, row: u8) {
        let taken = match row {
            22 => {
                self.send_with(Fault::ExecuteThenDrop).await;
                self.test.sleep(TimeDelta::days(25));
                self.test.settle().await;
                return;
            }
            24 => {
                let fault = self.refusal("FATAL_ERROR", 400, "ALREADY_EXISTS");
                self.send_with(fault).await;
                self.apply(decision(1, 2, Resolution::Deferred)).await
            }
            25 => {
                self.received().await;
                let finding = BillFinding::Absent;
                self.apply(Event::BillContradicts { finding }).await
            }
            26 => {
                self.received().await;
                self.apply(Event::QueryError).await
            }
            27 => {
                let operator = OperatorId::new(1);
                self.apply(Event::Hold { operator }).await
            }
            _ => return self.grow_old().await,
        };
        assert_eq!(taken, Applied::ByRow(row));
    }
}

/// What two operators decide.
fn decision(maker: u64, checker: u64, resolution: Resolution) -> Event {
    Event::Operator {
        maker: OperatorId::new(maker),
        checker: OperatorId::new(checker),
        evidence: EvidenceId::new(7),
        resolution,
    }
}

/// A transfer's answer repeats nothing but its number, under a signature (row 3), and what nobody
/// confirmed is closed in one step (row 14).
const NOT_OF_TRANSFERS: [u8; 2] = [3, 14];

async fn every_row_happens(rail: Rail, without: &[u8]) {
    for row in (1..=27_u8).filter(|row| !without.contains(row)) {
        let mut case = Case::new(rail).await;
        match row {
            1..=11 => case.send_by(row).await,
            12..=20 => case.ask_by(row).await,
            _ => case.end_by(row).await,
        }
        assert!(case.n_taken(row).await > 0, "row {row} was not taken");
        let found = case.test.violations().await;
        assert_eq!(found, Vec::<String>::new(), "row {row}");
    }
}

#[tokio::test]
async fn every_row_of_the_table_happens_to_red_packets() {
    every_row_happens(Rail::RedPacket, &[]).await;
}

#[tokio::test]
async fn every_row_of_the_table_but_two_happens_to_transfers() {
    every_row_happens(Rail::Transfer, &NOT_OF_TRANSFERS).await;
}

#[tokio::test]
async fn no_one_decides_alone_and_no_ended_payment_is_decided_again() {
    let case = Case::new(Rail::RedPacket).await;
    let fault = case.refusal("FATAL_ERROR", 400, "ALREADY_EXISTS");
    case.send_with(fault).await;
    let decide = |maker, checker| decision(maker, checker, Resolution::Dead);
    let alone = case.apply(decide(1, 1)).await;
    assert!(matches!(alone, Applied::Refused(_)), "{alone:?}");
    assert_eq!(case.test.payment_state(&case.award), "held");
    assert_eq!(case.apply(decide(1, 2)).await, Applied::ByRow(24));
    assert_eq!(case.test.payment_state(&case.award), "dead");
    assert_eq!(case.apply(decide(1, 2)).await, Applied::ByRow(26));
    let decided = "SELECT COUNT(*) FROM audit_event WHERE action = 'payment.decided'";
    assert_eq!(case.test.number(decided), 1);
    let unknown = payout::apply(&case.test.app, "NONE", decide(1, 2), String::new()).await;
    assert_eq!(unknown.unwrap(), Applied::UnknownNumber);
    case.test.assert_sound().await;
}
