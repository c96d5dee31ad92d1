//! The fund-flow bill of one Beijing day, written from the ledger.

use std::io::{self, Write as _};

use ::http::StatusCode;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;
use sha1::{Digest, Sha1};

use super::calendar::{beijing_date, beijing_hour, beijing_text};
use super::config::SimulatorConfig;
use super::ledger::Account;
use super::v3_call::Outcome;
use super::wire::{Call, answer, text};
use super::world::World;
use crate::Response;

/// The hour of the next day from which a day's bill is there.
const READY_HOUR: u32 = 9;

const HEADING: &str = "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),资金变更提交申请人,备注,业务凭证号";
const SUMS: &str = "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额";

/// Answers the request for a day's bill with its address and digest.
pub(super) fn ticket(
    config: &SimulatorConfig,
    world: &World,
    call: &Call<'_>,
    now: DateTime<Utc>,
) -> Outcome {
    let Some(day) = call.parameter("bill_date").and_then(|day| day.parse().ok()) else {
        return Outcome::refused(400, "PARAM_ERROR", "bill_date");
    };
    let packed = match call.parameter("tar_type") {
        None => "",
        Some("GZIP") => "&tar_type=GZIP",
        Some(_) => return Outcome::refused(400, "PARAM_ERROR", "tar_type"),
    };
    let bill = is_ready(day, now)
        .then(|| write(config, world, day))
        .flatten();
    let Some(bill) = bill else {
        return Outcome::refused(400, "NO_STATEMENT_EXIST", "there is no bill of this day");
    };
    Outcome::done_with(json!({
        "hash_type": "SHA1",
        "hash_value": hex::encode(Sha1::digest(bill.as_bytes())),
        "download_url": format!(
            "{}{}/v3/billdownload/file?token={day}{packed}", config.public_base, config.path_prefix
        ),
    }))
}

/// The file itself, which carries no signature.
pub(super) fn download(config: &SimulatorConfig, world: &World, call: &Call<'_>) -> Response {
    let day = call.parameter("token").and_then(|day| day.parse().ok());
    match day.and_then(|day| write(config, world, day)) {
        Some(bill) if call.parameter("tar_type") == Some("GZIP") => match pack(&bill) {
            Ok(packed) => answer(StatusCode::OK, "application/x-gzip", packed),
            Err(_) => text(StatusCode::INTERNAL_SERVER_ERROR, "cannot be packed"),
        },
        Some(bill) => text(StatusCode::OK, &bill),
        None => text(StatusCode::NOT_FOUND, "no such bill"),
    }
}

/// The bill as GZIP; its digest stays that of the clear text.
fn pack(bill: &str) -> io::Result<Vec<u8>> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    packer.write_all(bill.as_bytes())?;
    packer.finish()
}

fn is_ready(day: NaiveDate, now: DateTime<Utc>) -> bool {
    let today = beijing_date(now);
    let age = today.signed_duration_since(day);
    age > TimeDelta::days(1) || (age == TimeDelta::days(1) && beijing_hour(now) >= READY_HOUR)
}

/// The bill of a day, or nothing when no money moved.
fn write(config: &SimulatorConfig, world: &World, day: NaiveDate) -> Option<String> {
    let mut rows = String::new();
    let mut balance: u64 = 0;
    let (mut incomes, mut income, mut expenses, mut expense) = (0_u64, 0_u64, 0_u64, 0_u64);
    for (index, posting) in world.book.postings().iter().enumerate() {
        let is_income = match (posting.from, posting.to) {
            (_, Account::Merchant) => true,
            (Account::Merchant, _) => false,
            _ => continue,
        };
        balance = if is_income {
            balance.saturating_add(posting.fen)
        } else {
            balance.saturating_sub(posting.fen)
        };
        if beijing_date(posting.at) != day {
            continue;
        }
        let (count, sum, direction) = if is_income {
            (&mut incomes, &mut income, "收入")
        } else {
            (&mut expenses, &mut expense, "支出")
        };
        *count = count.saturating_add(1);
        *sum = sum.saturating_add(posting.fen);
        let (name, number) = business(world, posting.packet);
        rows.push_str(&format!(
            "`{},`{number},`42000{index:023},`{name},`{name},`{direction},`{},`{},`{}API,`,`{number}\r\n",
            beijing_text(posting.at),
            yuan(posting.fen),
            yuan(balance),
            config.merchant_id,
        ));
    }
    let all = incomes.saturating_add(expenses);
    (all > 0).then(|| {
        format!(
            "\u{feff}{HEADING}\r\n{rows}{SUMS}\r\n`{all},`{incomes},`{},`{expenses},`{}\r\n",
            yuan(income),
            yuan(expense)
        )
    })
}

/// Name and number of what moved money.
fn business(world: &World, serial: Option<u64>) -> (&'static str, &str) {
    let Some(serial) = serial else {
        return ("充值", "");
    };
    if let Some(bill) = world.transfers.of_serial(serial) {
        return ("商家转账", &bill.bill_number);
    }
    match world.packets.at(serial) {
        Some(packet) => ("现金红包", &packet.bill_number),
        None => ("其他", ""),
    }
}

fn yuan(fen: u64) -> String {
    let whole = fen.checked_div(100).unwrap_or(0);
    let rest = fen.checked_rem(100).unwrap_or(0);
    format!("{whole}.{rest:02}")
}
