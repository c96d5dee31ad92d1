//! WeChat's bill of a day as a test writes it: from the simulator's own ledger, or with a lie in it.

use std::{collections::BTreeMap, fmt::Write as _};

use chrono::{DateTime, TimeDelta, Utc};
use reference_server::contest::bills::{self, ImportError, Imported};
use schedule_core::{CHINA_STANDARD_TIME, ShanghaiDay};
use wechat_adapter::simulator::Account;

use crate::app::TestApp;

const HEADING: &str = "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),资金变更提交申请人,备注,业务凭证号";
const SUMS: &str = "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额";

/// A bill that is still to be written.
#[derive(Debug, Clone)]
pub(crate) struct Bill {
    pub(crate) day: ShanghaiDay,
    pub(crate) opening_fen: i64,
    pub(crate) lines: Vec<Line>,
}

/// One movement.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) at: DateTime<Utc>,
    pub(crate) flow_number: String,
    pub(crate) bill_number: String,
    pub(crate) business: &'static str,
    pub(crate) is_income: bool,
    pub(crate) fen: i64,
}

/// A day as `2020-04-22`.
pub(crate) fn day(text: &str) -> ShanghaiDay {
    ShanghaiDay::from_instant(crate::app::shanghai(&format!("{text} 12:00:00")))
}

/// Two winners of the first day, one of whom opens his packet, so many hours later.
pub(crate) async fn two_winners(hours: i64) -> TestApp {
    let test = TestApp::new().await;
    let (first, _packet) = test.winner("first").await;
    test.winner("second").await;
    test.settle().await;
    test.open_packets(&first);
    test.settle_for(TimeDelta::hours(hours)).await;
    test
}

/// Imports a bill as somebody who downloaded it.
pub(crate) async fn import(test: &TestApp, bill: &Bill) -> Result<Imported, ImportError> {
    bills::import(
        &test.app,
        "bill.csv",
        bill.text().as_bytes(),
        Some(bill.day),
    )
    .await
}

/// Imports what the simulated WeChat would write about so many days from the first one on.
pub(crate) async fn import_all(test: &TestApp, n_days: i32) {
    for number in 0..n_days {
        let day = ShanghaiDay::from_number(day("2020-04-22").number() + number);
        import(test, &Bill::of(test, day.unwrap())).await.unwrap();
    }
}

impl Bill {
    /// What the simulated WeChat would write about a day.
    pub(crate) fn of(test: &TestApp, day: ShanghaiDay) -> Self {
        let ledger = test.simulator.ledger();
        let packets = ledger.bills.iter();
        let numbers: BTreeMap<u64, &str> = packets
            .map(|(number, packet)| (packet.serial, number.as_str()))
            .collect();
        let mut bill = Self {
            day,
            opening_fen: 0,
            lines: Vec::new(),
        };
        for (index, posting) in ledger.postings.iter().enumerate() {
            let is_income = posting.to == Account::Merchant;
            if !is_income && posting.from != Account::Merchant {
                continue;
            }
            let fen = i64::try_from(posting.fen).unwrap();
            if posting.at < day.start() {
                bill.opening_fen += if is_income { fen } else { -fen };
            }
            if ShanghaiDay::from_instant(posting.at) == day {
                let number = posting.packet.and_then(|serial| numbers.get(&serial));
                let business = if number.is_some() {
                    "现金红包"
                } else {
                    "充值"
                };
                let bill_number = number.copied().unwrap_or("");
                bill.lines.push(Line {
                    at: posting.at,
                    flow_number: format!("F{index}"),
                    bill_number: bill_number.to_owned(),
                    business,
                    is_income,
                    fen,
                });
            }
        }
        bill
    }

    /// Adds a movement of somebody's at the end.
    pub(crate) fn add(&mut self, bill_number: &str, is_income: bool, fen: i64) {
        self.lines.push(Line {
            at: self.day.end() - TimeDelta::seconds(1),
            flow_number: format!("X{}-{}", self.day.number(), self.lines.len()),
            bill_number: bill_number.to_owned(),
            business: "现金红包",
            is_income,
            fen,
        });
    }

    /// Takes every movement of a number away.
    pub(crate) fn forget(&mut self, bill_number: &str) {
        self.lines.retain(|line| line.bill_number != bill_number);
    }

    /// The movements of a number.
    pub(crate) fn lines_of(&mut self, bill_number: &str) -> impl Iterator<Item = &mut Line> {
        let lines = self.lines.iter_mut();
        lines.filter(move |line| line.bill_number == bill_number)
    }

    /// The file, with balances and sums that fit its lines.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("\u{feff}{HEADING}\r\n");
        let mut balance_fen = self.opening_fen;
        let (mut n_in, mut in_fen, mut n_out, mut out_fen) = (0, 0, 0, 0);
        for line in &self.lines {
            let direction = if line.is_income {
                (n_in, in_fen) = (n_in + 1, in_fen + line.fen);
                balance_fen += line.fen;
                "收入"
            } else {
                (n_out, out_fen) = (n_out + 1, out_fen + line.fen);
                balance_fen -= line.fen;
                "支出"
            };
            let at = line.at.with_timezone(&CHINA_STANDARD_TIME);
            writeln!(
                text,
                "`{},`{number},`{},`{business},`{business},`{direction},`{},`{},`1900000109API,`,`{number}\r",
                at.format("%Y-%m-%d %H:%M:%S"),
                line.flow_number,
                yuan(line.fen),
                yuan(balance_fen),
                number = line.bill_number,
                business = line.business,
            )
            .unwrap();
        }
        let n_all = n_in + n_out;
        let (in_yuan, out_yuan) = (yuan(in_fen), yuan(out_fen));
        writeln!(
            text,
            "{SUMS}\r\n`{n_all},`{n_in},`{in_yuan},`{n_out},`{out_yuan}\r"
        )
        .unwrap();
        text
    }
}

fn yuan(fen: i64) -> String {
    format!("{}.{:02}", fen / 100, fen % 100)
}
