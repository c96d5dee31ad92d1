//! What an outage of WeChat Pay cost: who had to wait, for how long, and how many calls were lost on it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use wechat_adapter::simulator::OracleLedger;

use super::{
    line::{Outage, PayLine},
    report::shanghai,
};
use crate::{
    contest::{audit::Violation, season},
    store::facts::{AwardFacts, PaymentFacts},
};

/// After an outage every packet that waited must have landed within this time.
const DRAINED_WITHIN_SECONDS: i64 = 600;

/// Calls of WeChat Pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct CallsReport {
    /// All that were made.
    pub n_made: u64,
    /// Those of them that were made while WeChat Pay was away.
    pub n_lost: u64,
}

/// What one outage cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OutageReport {
    /// When it began, in Shanghai.
    pub from: String,
    /// When it ended.
    pub until: String,
    /// Packets awarded meanwhile.
    pub n_awarded: usize,
    /// Packets that had been awarded and had not landed at WeChat when it ended.
    pub n_waited: usize,
    /// Seconds from its end until the last packet awarded before it had landed at WeChat.
    pub drained_seconds: i64,
}

impl CallsReport {
    pub(super) fn of(line: &PayLine) -> Self {
        Self {
            n_made: line.n_calls(),
            n_lost: line.n_lost(),
        }
    }

    /// In words for the table.
    pub(super) fn line(&self) -> String {
        let Self { n_made, n_lost } = self;
        format!("calls of WeChat Pay: {n_made}, of them {n_lost} while it was away\n")
    }
}

impl OutageReport {
    /// In words for the table.
    pub(super) fn line(&self) -> String {
        format!(
            "away from {} to {}: {} packets awarded meanwhile, {} waited at its end, the last of them landed {} s after\n",
            self.from, self.until, self.n_awarded, self.n_waited, self.drained_seconds
        )
    }
}

/// What each outage of the line cost, by WeChat's own record.
pub(super) fn outages(
    line: &PayLine,
    awards: &[AwardFacts],
    payments: &[PaymentFacts],
    wechat: &OracleLedger,
) -> Vec<OutageReport> {
    let landed = landed(payments, wechat);
    let outages = line.outages().iter();
    outages
        .map(|outage| report(*outage, awards, &landed))
        .collect()
}

/// When the first packet of each award landed, or its first transfer was taken.
fn landed<'a>(
    payments: &'a [PaymentFacts],
    wechat: &OracleLedger,
) -> BTreeMap<&'a str, DateTime<Utc>> {
    let mut landed = BTreeMap::new();
    for payment in payments {
        let packet = wechat.bills.get(&payment.bill_number);
        let transfer = wechat.transfers.get(&payment.bill_number);
        let at = packet
            .map(|bill| bill.landed_at)
            .or_else(|| transfer.map(|bill| bill.created_at));
        if let Some(at) = at {
            let first = landed.entry(payment.award.as_str()).or_insert(at);
            *first = at.min(*first);
        }
    }
    landed
}

fn report(
    outage: Outage,
    awards: &[AwardFacts],
    landed: &BTreeMap<&str, DateTime<Utc>>,
) -> OutageReport {
    let owed_at_its_end = awards
        .iter()
        .filter(|award| season::instant(award.decided_ms) < outage.until)
        .filter_map(|award| landed.get(award.award.as_str()).copied())
        .filter(|landed_at| *landed_at >= outage.until);
    let (n_waited, last) = owed_at_its_end.fold((0_usize, outage.until), |(n, last), landed_at| {
        (n.saturating_add(1), last.max(landed_at))
    });
    let n_awarded = awards
        .iter()
        .filter(|award| outage.contains(season::instant(award.decided_ms)))
        .count();
    OutageReport {
        from: shanghai(outage.from),
        until: shanghai(outage.until),
        n_awarded,
        n_waited,
        drained_seconds: (last - outage.until).num_seconds(),
    }
}

/// Outages after which somebody waited too long.
pub(super) fn too_slow(outages: &[OutageReport]) -> Vec<Violation> {
    let slow = outages
        .iter()
        .filter(|outage| outage.drained_seconds > DRAINED_WITHIN_SECONDS);
    slow.map(|outage| Violation {
        invariant: "outage: not drained within ten minutes".to_owned(),
        detail: format!("{}: {} s", outage.until, outage.drained_seconds),
    })
    .collect()
}
