//! What a rehearsal ends with: a table for people, JSON for programs.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use comfy_table::{CellAlignment, ContentArrangement, Table, presets::UTF8_FULL_CONDENSED};
use reward_core::BillClass;
use schedule_core::{CHINA_STANDARD_TIME, ShanghaiDay};
use serde::Serialize;
use wechat_adapter::simulator::{OracleLedger, PacketState, Simulator, TransferStage};

use super::{
    auditor,
    books::Books,
    coverage::Coverage,
    faults,
    line::PayLine,
    outreach::OutreachReport,
    settled::{self, CallsReport, OutageReport},
};
use crate::{
    app::App,
    contest::{
        Error,
        audit::{self, Violation},
        reconcile::{Answers, Comparison, compare},
        season,
    },
    store::{
        audit as chain,
        facts::{self, AwardFacts, CityActivity, CityFacts, DayFacts, PaymentFacts},
    },
};

/// The end of a rehearsal; the same options give the same report, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The seed everything follows from.
    pub seed: u64,
    /// Citizens in each city.
    pub people: u32,
    /// Instances of the server.
    pub n_instances: u16,
    /// The slug of the timetable that was played.
    pub edition: String,
    /// Every city that was played, in order.
    pub cities: Vec<CityReport>,
    /// How often each refusal was seen, by its code.
    pub refusals: BTreeMap<String, u64>,
    /// Payments by the state they ended in.
    pub payouts: BTreeMap<String, u64>,
    /// WeChat's own record beside ours.
    pub wechat: WeChatReport,
    /// Calls of WeChat Pay.
    pub calls: CallsReport,
    /// What each outage of WeChat Pay cost; empty without one.
    pub outages: Vec<OutageReport>,
    /// WeChat's bills of every day beside our books.
    pub bills: BillsReport,
    /// What the account said of its own accord.
    pub outreach: OutreachReport,
    /// How many calls of each kind went wrong on purpose.
    pub faults: BTreeMap<String, u64>,
    /// What a hostile season has met.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coverage: Option<Coverage>,
    /// Events in the audit chain, and whether it holds.
    pub audit_chain: AuditChain,
    /// Everything that does not hold; empty for a good season.
    pub violations: Vec<Violation>,
}

/// One city's week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CityReport {
    /// The city's slug.
    pub city: String,
    /// People who handed in at least one paper.
    pub n_people: i64,
    /// Papers handed in.
    pub n_attempts: i64,
    /// Papers that passed.
    pub n_passed: i64,
    /// Packets awarded.
    pub n_awards: i64,
    /// What they sum to.
    pub awarded_fen: i64,
    /// The city's pool.
    pub pool_fen: i64,
    /// Friends credited to sharers.
    pub n_referrals_credited: i64,
    /// Packets awarded for friends.
    pub n_referrals_used: i64,
    /// What became of the top packet.
    pub top: TopPacket,
    /// The days, in order.
    pub days: Vec<DayReport>,
}

/// One day of a city.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DayReport {
    /// The civil date in Shanghai.
    pub date: String,
    /// What was awarded.
    pub awarded_fen: i64,
    /// The day's cap.
    pub cap_fen: i64,
    /// Packets awarded.
    pub n_awards: i64,
}

/// What became of a city's top packet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum TopPacket {
    /// Somebody won it.
    Won {
        /// When, in Shanghai.
        at: String,
        /// On which day of the week, from 1.
        day: i64,
    },
    /// Nobody won anything after the instant from which the next packet would have been it.
    NobodyCameAfterItWasDue,
}

/// WeChat's own record beside ours.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct WeChatReport {
    /// Packets WeChat accepted.
    pub n_packets: u64,
    /// What they sum to.
    pub sent_fen: u64,
    /// What people opened.
    pub received_fen: u64,
    /// What went back.
    pub returned_fen: u64,
    /// What is neither opened nor back.
    pub in_flight_fen: u64,
    /// What our payments say people received.
    pub our_received_fen: u64,
    /// What our payments say went back.
    pub our_returned_fen: u64,
    /// Ours less WeChat's, received and returned together.
    pub difference_fen: i128,
}

/// WeChat's bills beside our books.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BillsReport {
    /// Days that have a bill.
    pub n_days: usize,
    /// Bill numbers by the class of their comparison, and `open` for those of which nothing can be said.
    pub classes: BTreeMap<String, usize>,
    /// What differs without an explanation.
    pub difference_fen: i64,
    /// What the merchant's account holds beyond what our books say.
    pub account_difference_fen: i64,
}

impl BillsReport {
    fn of(compared: &Comparison) -> Self {
        let mut classes = BTreeMap::new();
        for order in &compared.orders {
            let class = order.class.map_or("open", BillClass::code);
            let n_orders: &mut usize = classes.entry(class.to_owned()).or_default();
            *n_orders = n_orders.saturating_add(1);
        }
        let account = compared.account;
        let days = compared.days.iter();
        Self {
            n_days: days.filter(|day| day.bill.is_some()).count(),
            classes,
            difference_fen: compared.difference_fen(),
            account_difference_fen: account.map_or(0, |account| account.difference_fen()),
        }
    }

    fn table(&self) -> Table {
        let mut table = table(&["", ""]);
        table.add_row(["days".to_owned(), self.n_days.to_string()]);
        for (class, n_orders) in &self.classes {
            table.add_row([class.clone(), n_orders.to_string()]);
        }
        let (bills, account) = (self.difference_fen, self.account_difference_fen);
        table.add_row(["difference, fen".to_owned(), bills.to_string()]);
        table.add_row(["account, fen".to_owned(), account.to_string()]);
        align_numbers(&mut table, 1..2);
        table
    }
}

/// The audit chain at the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditChain {
    /// Whether every link holds.
    pub holds: bool,
    /// The first event whose link does not.
    pub broken_at: Option<i64>,
}

/// Everything the report reads from the database, in one snapshot.
struct Stored {
    cities: Vec<CityFacts>,
    days: Vec<DayFacts>,
    activity: Vec<CityActivity>,
    awards: Vec<AwardFacts>,
    payments: Vec<PaymentFacts>,
    broken_link: Option<i64>,
}

/// What identifies a rehearsal.
pub(super) struct Title {
    pub(super) seed: u64,
    pub(super) people: u32,
    pub(super) n_instances: u16,
    pub(super) cities: Vec<String>,
    pub(super) coverage: Option<Coverage>,
}

impl Report {
    /// Audits and counts.
    pub(super) async fn of(
        app: &App,
        simulator: &Simulator,
        books: &Books,
        line: &PayLine,
        title: Title,
    ) -> Result<Self, Error> {
        let compared = compare(app, Answers::new()).await?;
        let ledger = simulator.ledger();
        let mut violations = auditor::violations(app, books, &ledger, true).await?;
        violations.extend(audit::found_by_sql(app).await?);
        let top_fen = season::fen_column(app.season.rules.top_packet());
        let stored = app
            .store
            .read(move |read| {
                Ok::<_, Error>(Stored {
                    cities: facts::cities(read, top_fen)?,
                    days: facts::days(read)?,
                    activity: facts::activity(read)?,
                    awards: facts::awards(read)?,
                    payments: facts::payments(read)?,
                    broken_link: chain::first_broken_link(read)?,
                })
            })
            .await?;
        let outages = settled::outages(line, &stored.awards, &stored.payments, &ledger);
        violations.extend(settled::too_slow(&outages));
        let mut payouts = BTreeMap::new();
        for payment in &stored.payments {
            let n_payments: &mut u64 = payouts.entry(payment.state.clone()).or_default();
            *n_payments = n_payments.saturating_add(1);
        }
        Ok(Self {
            seed: title.seed,
            people: title.people,
            n_instances: title.n_instances,
            edition: app.season.edition().slug().as_str().to_owned(),
            cities: stored
                .cities
                .iter()
                .filter(|city| title.cities.contains(&city.city))
                .map(|city| city_report(app, &stored, city))
                .collect(),
            refusals: books.refused().clone(),
            payouts,
            wechat: wechat_report(&stored.payments, &ledger),
            calls: CallsReport::of(line),
            outages,
            bills: BillsReport::of(&compared),
            outreach: OutreachReport::of(app, simulator).await?,
            faults: faults::hits(simulator),
            coverage: met(title.coverage, &stored.payments),
            audit_chain: AuditChain {
                holds: stored.broken_link.is_none(),
                broken_at: stored.broken_link,
            },
            violations,
        })
    }

    /// Whether everything holds.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.violations.is_empty()
    }

    /// The report as JSON, with a line feed at its end.
    ///
    /// # Errors
    /// Never in practice: every part of a report is JSON.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|text| text + "\n")
    }

    /// The report for people.
    #[must_use]
    pub fn to_table(&self) -> String {
        let instances = match self.n_instances {
            1 => String::new(),
            n_instances => format!(" · {n_instances} instances"),
        };
        let mut text = format!(
            "{} · {} citizens a city · seed {}{instances}\n\n",
            self.edition, self.people, self.seed
        );
        let mut section = |title: &str, table: &Table| {
            text += &format!("{title}\n{table}\n\n");
        };
        section("Cities", &self.city_table());
        section("Yuan awarded by day, of the day's cap", &self.day_table());
        section("Refusals", &counts("reason", &self.refusals));
        section("Payments", &counts("state", &self.payouts));
        section(
            "Said by the account of its own accord",
            &counts("what", &self.outreach.counts()),
        );
        section(
            "Faults WeChat was told to make",
            &counts("fault", &self.faults),
        );
        if let Some(coverage) = &self.coverage {
            let all = coverage.all();
            let named = all.map(|(group, name, n)| (format!("{group}: {name}"), n));
            section("Met on purpose", &counts("what", &named.collect()));
        }
        section("WeChat's own record", &self.wechat.table());
        section("WeChat's bills against our books", &self.bills.table());
        text += &self.calls.line();
        for outage in &self.outages {
            text += &outage.line();
        }
        let chain = match self.audit_chain.broken_at {
            None => "holds".to_owned(),
            Some(number) => format!("broken at event {number}"),
        };
        text += &format!(
            "audit chain: {chain}\nviolations: {}\n",
            self.violations.len()
        );
        for violation in &self.violations {
            text += &format!("  {}: {}\n", violation.invariant, violation.detail);
        }
        text
    }

    fn city_table(&self) -> Table {
        let mut table = table(&[
            "city",
            "people",
            "attempts",
            "passed",
            "packets",
            "yuan",
            "of pool",
            "friends",
            "used",
            "top packet",
        ]);
        for city in &self.cities {
            table.add_row([
                city.city.clone(),
                city.n_people.to_string(),
                city.n_attempts.to_string(),
                city.n_passed.to_string(),
                city.n_awards.to_string(),
                yuan(city.awarded_fen),
                yuan(city.pool_fen),
                city.n_referrals_credited.to_string(),
                city.n_referrals_used.to_string(),
                match &city.top {
                    TopPacket::Won { at, day } => format!("day {day}, {at}"),
                    TopPacket::NobodyCameAfterItWasDue => "nobody came after it was due".to_owned(),
                },
            ]);
        }
        align_numbers(&mut table, 1..9);
        table
    }

    fn day_table(&self) -> Table {
        let n_days = self
            .cities
            .iter()
            .map(|city| city.days.len())
            .max()
            .unwrap_or(0);
        let mut header = vec!["city".to_owned()];
        header.extend((1..=n_days).map(|day| format!("day {day}")));
        header.push("cap".to_owned());
        let mut table = table(&header);
        for city in &self.cities {
            let cap_fen = city.days.iter().map(|day| day.cap_fen).max().unwrap_or(0);
            let mut row = vec![city.city.clone()];
            row.extend(city.days.iter().map(|day| yuan(day.awarded_fen)));
            row.push(yuan(cap_fen));
            table.add_row(row);
        }
        align_numbers(&mut table, 1..n_days.saturating_add(2));
        table
    }
}

impl WeChatReport {
    fn table(&self) -> Table {
        let mut table = table(&["", "WeChat", "ours"]);
        let unsigned = |fen: u64| yuan(i64::try_from(fen).unwrap_or(i64::MAX));
        let dash = || "–".to_owned();
        for (name, theirs, ours) in [
            ("packets", self.n_packets.to_string(), dash()),
            ("sent", unsigned(self.sent_fen), dash()),
            (
                "received",
                unsigned(self.received_fen),
                unsigned(self.our_received_fen),
            ),
            (
                "returned",
                unsigned(self.returned_fen),
                unsigned(self.our_returned_fen),
            ),
            ("in flight", unsigned(self.in_flight_fen), dash()),
            ("difference, fen", dash(), self.difference_fen.to_string()),
        ] {
            table.add_row([name.to_owned(), theirs, ours]);
        }
        align_numbers(&mut table, 1..3);
        table
    }
}

/// What a season has met, with what only its end shows.
fn met(coverage: Option<Coverage>, payments: &[PaymentFacts]) -> Option<Coverage> {
    let mut coverage = coverage?;
    if payments.iter().any(|payment| payment.state == "refunded") {
        coverage.failure("F24");
    }
    Some(coverage)
}

fn city_report(app: &App, stored: &Stored, city: &CityFacts) -> CityReport {
    let activity = stored.activity.iter().find(|row| row.city == city.city);
    let first_day = stored
        .days
        .iter()
        .filter(|day| day.city == city.city)
        .map(|day| day.day)
        .min();
    let used = stored
        .awards
        .iter()
        .filter(|award| award.city == city.city && award.kind == "referral");
    let top = match auditor::top_won(app, &stored.awards, &city.city) {
        Some(at) => {
            let day = i64::from(ShanghaiDay::from_instant(at).number());
            TopPacket::Won {
                at: shanghai(at),
                day: day
                    .saturating_sub(first_day.unwrap_or(day))
                    .saturating_add(1),
            }
        }
        None => TopPacket::NobodyCameAfterItWasDue,
    };
    CityReport {
        city: city.city.clone(),
        n_people: activity.map_or(0, |row| row.n_people),
        n_attempts: activity.map_or(0, |row| row.n_attempts),
        n_passed: activity.map_or(0, |row| row.n_passed),
        n_awards: city.n_awards,
        awarded_fen: city.awarded_fen,
        pool_fen: city.pool_fen,
        n_referrals_credited: activity.map_or(0, |row| row.n_referrals),
        n_referrals_used: i64::try_from(used.count()).unwrap_or(i64::MAX),
        top,
        days: stored
            .days
            .iter()
            .filter(|day| day.city == city.city)
            .map(day_report)
            .collect(),
    }
}

fn day_report(day: &DayFacts) -> DayReport {
    let date = i32::try_from(day.day)
        .ok()
        .and_then(|number| ShanghaiDay::from_number(number).ok())
        .map_or_else(|| day.day.to_string(), |day| day.to_string());
    DayReport {
        date,
        awarded_fen: day.awarded_fen,
        cap_fen: day.cap_fen,
        n_awards: day.n_awards,
    }
}

fn wechat_report(payments: &[PaymentFacts], ledger: &OracleLedger) -> WeChatReport {
    let ours = |state: &str| -> u64 {
        payments
            .iter()
            .filter(|payment| payment.state == state)
            .filter_map(|payment| u64::try_from(payment.amount_fen).ok())
            .sum()
    };
    let returned_packets = ledger
        .bills
        .values()
        .filter(|bill| bill.state == PacketState::Refunded);
    let overdue = ledger.transfers.values().filter(|bill| {
        bill.stage == TransferStage::Failed && bill.fail_reason.as_deref() == Some("OVERDUE_CLOSE")
    });
    // What came back because nobody took it; the rest of what came back never was anybody's.
    let untaken_fen: u64 = returned_packets
        .map(|bill| bill.amount_fen)
        .chain(overdue.map(|bill| bill.amount_fen))
        .sum();
    let totals = ledger.totals;
    let (our_received_fen, our_returned_fen) = (ours("received"), ours("refunded"));
    let theirs = i128::from(totals.received_fen) + i128::from(untaken_fen);
    WeChatReport {
        n_packets: totals.packets,
        sent_fen: totals.sent_fen,
        received_fen: totals.received_fen,
        returned_fen: totals.returned_fen,
        in_flight_fen: totals.in_flight_fen,
        our_received_fen,
        our_returned_fen,
        difference_fen: i128::from(our_received_fen) + i128::from(our_returned_fen) - theirs,
    }
}

pub(super) fn shanghai(at: DateTime<Utc>) -> String {
    at.with_timezone(&CHINA_STANDARD_TIME)
        .format("%Y-%m-%d %H:%M:%S")
        .to_string()
}

/// Fen as yuan with two decimals.
fn yuan(fen: i64) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    let fen = fen.unsigned_abs();
    format!("{sign}{}.{:02}", fen / 100, fen % 100)
}

fn table(header: &[impl ToString]) -> Table {
    let mut table = Table::new();
    table
        .load_style(UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(header.iter().map(ToString::to_string));
    table
}

fn counts(what: &str, counts: &BTreeMap<String, u64>) -> Table {
    let mut table = table(&[what, "times"]);
    for (name, count) in counts {
        table.add_row([name.clone(), count.to_string()]);
    }
    align_numbers(&mut table, 1..2);
    table
}

fn align_numbers(table: &mut Table, columns: std::ops::Range<usize>) {
    for index in columns {
        if let Some(column) = table.column_mut(index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fen_are_written_as_yuan_without_rounding() {
        for (fen, text) in [
            (0, "0.00"),
            (5, "0.05"),
            (142_800, "1428.00"),
            (-1, "-0.01"),
        ] {
            assert_eq!(yuan(fen), text);
        }
    }
}
