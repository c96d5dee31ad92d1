//! A city's balance sheet, every number with the postings behind it; the season's, a line for each city.

use std::sync::Arc;

use axum::{
    extract::{Path, Query, State},
    response::Response,
};
use schedule_core::{CivilDay, ShanghaiDay};
use serde::Deserialize;

use super::{
    error,
    frame::Frame,
    gate::Signed,
    list::{Cell, File, Filter, Kind, List, columns},
    overview::{grouped, yuan},
    sections::{Part, Section, Sections},
    wording,
};
use crate::{
    app::App,
    contest::{
        budget::{self, Posting, Sheet, Wanted},
        merchant_balance::{self, Balance},
        organiser::{Organiser, Refused, Role},
    },
    web::{frame, moment},
};

/// The balance sheet of a city.
pub(super) const PAGE: &str = "/console/cities/{city}/budget";
/// The postings of a city.
pub(super) const POSTINGS: &str = "/console/cities/{city}/postings";
/// The balance sheets of the season.
pub(super) const SEASON: &str = "/console/budget";

/// A number that a balance sheet has: what it is called, how much, and the account behind it.
struct Entry {
    label: &'static str,
    fen: i64,
    account: &'static str,
    note: &'static str,
}

fn entries(sheet: &Sheet) -> [Entry; 8] {
    let entry = |label, fen, account, note| Entry {
        label,
        fen,
        account,
        note,
    };
    [
        entry(
            "未发放",
            sheet.undrawn_fen,
            "pool",
            "资金池里还没有成为红包的钱",
        ),
        entry(
            "待发",
            sheet.reserved_fen,
            "reserved",
            "已成为红包，还没有发出",
        ),
        entry("在途", sheet.sent_fen, "sent", "已经发出，等本人领取"),
        entry("已到账", sheet.received_fen, "received", "本人已经领取"),
        entry(
            "退回与作废",
            sheet.left_fen,
            "left",
            "24 小时未领退回，或此单号不会再付款；不再发给别人",
        ),
        entry(
            "存疑",
            sheet.suspense_fen,
            "suspense",
            "与账单不符，等两人核定",
        ),
        entry(
            "合计",
            sheet.pool_fen.saturating_add(sheet.imbalance_fen()),
            "",
            "以上六项之和",
        ),
        entry("资金池", sheet.pool_fen, "", "合计必须等于它，一分不差"),
    ]
}

fn sheet_list(sheet: &Sheet, postings: &str) -> List {
    let rows = entries(sheet).into_iter().map(|entry| {
        let amount = yuan(entry.fen);
        let amount = if entry.account.is_empty() {
            Cell::text(amount)
        } else {
            Cell::link(amount, format!("{postings}?account={}", entry.account))
        };
        vec![Cell::text(entry.label), amount, Cell::text(entry.note)]
    });
    List::plain(
        "资金平衡表",
        columns([
            ("项目", Kind::Text),
            ("金额（元）", Kind::Number),
            ("说明", Kind::Text),
        ]),
        rows.collect(),
        "",
    )
}

fn days_list(sheet: &Sheet, postings: &str, payments: Option<&str>) -> List {
    let rows = sheet.days.iter().map(|line| {
        let packets = grouped(line.n_awards);
        let packets = match payments {
            Some(payments) => Cell::link(packets, format!("{payments}?day={}", line.day)),
            None => Cell::text(packets),
        };
        let used = format!("{postings}?account=pool&day={}", line.day);
        let left_fen = line.cap_fen.saturating_sub(line.used_fen);
        vec![
            Cell::text(moment::day(line.day.start())),
            Cell::text(yuan(line.cap_fen)),
            Cell::link(yuan(line.used_fen), used),
            Cell::text(yuan(left_fen)),
            packets,
        ]
    });
    List::plain(
        "每日发放与上限",
        columns([
            ("日期", Kind::Text),
            ("当日上限（元）", Kind::Number),
            ("已成为红包（元）", Kind::Number),
            ("当日还可发（元）", Kind::Number),
            ("红包（个）", Kind::Number),
        ]),
        rows.collect(),
        "这个城市还没有封存红包。",
    )
}

/// Whether somebody may look at single payments.
pub(super) fn sees_payments(organiser: &Organiser) -> bool {
    organiser.roles.has_any(&[
        Role::ProvinceAdmin,
        Role::FinanceOperator,
        Role::FinanceApprover,
        Role::Auditor,
    ])
}

fn plan_facts(sheet: &Sheet) -> Vec<(&'static str, String, &'static str)> {
    let sealed = sheet.sealed.as_ref().map_or_else(
        || "未封账".to_owned(),
        |(by, at)| format!("已封账，{by}，{}", moment::minute(*at)),
    );
    let planned = format!("{} 元", yuan(sheet.planned_fen));
    vec![
        ("计划可发（各日上限之和）", planned, ""),
        ("已成为红包", format!("{} 元", yuan(sheet.awarded_fen)), ""),
        ("流水", format!("{} 笔", grouped(sheet.n_transfers)), ""),
        ("计划承诺（开赛前公布）", sheet.commitment.clone(), "digest"),
        ("红包清单根（开赛前公布）", sheet.root.clone(), "digest"),
        ("账簿", sealed, ""),
    ]
}

pub(super) async fn page(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
) -> Response {
    let sheet = match budget::sheet(&app, &city).await {
        Ok(sheet) => sheet,
        Err(failed) => return error::answer(&app, Some(&organiser), false, failed),
    };
    let name = app.season.city_name(&city);
    let mut page = Sections {
        frame: Frame::of_city(&app, Some(&organiser), PAGE, Some(&city)),
        title: format!("预算与账目 · {name}"),
        lead: format!(
            "{} 的数字；金额点开就是背后的每一笔流水。",
            moment::second(app.now())
        ),
        tools: Vec::new(),
        alarms: Vec::new(),
        sections: Vec::new(),
    };
    let sees_payments = sees_payments(&organiser);
    let payments = super::payments::PAGE.replace("{city}", &city);
    if sees_payments {
        page.tools.push(("付款", payments.clone()));
        page.tools.push(("全省", SEASON.to_owned()));
    }
    let Some(sheet) = sheet else {
        let missing = "这个城市还没有封存红包。题库批准后，到了封存的日子即封存。";
        page.alarms.push(("warn", missing.to_owned()));
        return frame::personal(&page);
    };
    if sheet.imbalance_fen() != 0 {
        let words = format!(
            "账目不平：各项之和与资金池相差 {} 元，请立即停发并联系技术人员。",
            yuan(sheet.imbalance_fen())
        );
        page.alarms.push(("bad", words));
    }
    let postings = POSTINGS.replace("{city}", &city);
    let payments = sees_payments.then_some(payments.as_str());
    page.sections = vec![
        Section::new(
            "平衡表",
            "",
            vec![Part::List(sheet_list(&sheet, &postings))],
        ),
        Section::new(
            "每天",
            "",
            vec![Part::List(days_list(&sheet, &postings, payments))],
        ),
        Section::new("计划与封账", "", vec![Part::Facts(plan_facts(&sheet))]),
    ];
    frame::personal(&page)
}

/// Which form a list is asked in.
#[derive(Deserialize)]
pub(super) struct AskedFile {
    file: Option<File>,
}

pub(super) async fn season(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Query(asked): Query<AskedFile>,
) -> Response {
    let sheets = match budget::all(&app).await {
        Ok(sheets) => sheets,
        Err(failed) => return error::answer(&app, Some(&organiser), false, failed),
    };
    let list = season_list(&app, &sheets, asked.file.is_some());
    if let Some(file) = asked.file {
        return list.file(file);
    }
    let account = match merchant_balance::before_opening(&app).await {
        Ok((balance, needed_fen)) => account_facts(&balance, needed_fen),
        Err(failed) => return error::answer(&app, Some(&organiser), false, failed.into()),
    };
    let mut page = Sections {
        frame: Frame::of(&app, Some(&organiser), SEASON),
        title: "预算与账目 · 全省".to_owned(),
        lead: format!(
            "{} 的数字；点城市看平衡表和流水。",
            moment::second(app.now())
        ),
        tools: Vec::new(),
        alarms: Vec::new(),
        sections: vec![
            Section::new("", "", vec![Part::List(list)]),
            Section::new(
                "商户号余额",
                "按最近一份有流水的资金账单，减去之后发出的；账单之后充的钱，下一份账单收入后才算进来。",
                vec![Part::Facts(account)],
            ),
        ],
    };
    if sheets.iter().any(|sheet| sheet.imbalance_fen() != 0) {
        let words = "有城市账目不平，请立即停发并联系技术人员。";
        page.alarms.push(("bad", words.to_owned()));
    }
    frame::personal(&page)
}

/// What the merchant's account holds, as far as anybody here can know, and what it has to pay.
fn account_facts(balance: &Balance, needed_fen: i64) -> Vec<(&'static str, String, &'static str)> {
    let left = balance.last.zip(balance.left_fen());
    let (value, tone) = match left {
        None => ("无数据，还没有收入过资金账单".to_owned(), "warn"),
        Some((last, left_fen)) => {
            let tone = if left_fen < needed_fen { "bad" } else { "good" };
            let day = merchant_balance::day(last.day);
            (format!("约 {} 元（{day} 的账单）", yuan(left_fen)), tone)
        }
    };
    vec![
        ("还有", value, tone),
        (
            "今明两天最多要发",
            format!("{} 元", yuan(balance.next_days_fen)),
            "",
        ),
        ("最近要备", format!("{} 元", yuan(needed_fen)), ""),
    ]
}

fn season_list(app: &App, sheets: &[Sheet], is_file: bool) -> List {
    // A file has plain numbers, which a spreadsheet adds up.
    let amount = |fen: i64| {
        let text = yuan(fen);
        Cell::text(if is_file { text.replace(',', "") } else { text })
    };
    let numbers = |sheet: &Sheet| {
        [
            sheet.pool_fen,
            sheet.awarded_fen,
            sheet.undrawn_fen,
            sheet.reserved_fen,
            sheet.sent_fen,
            sheet.received_fen,
            sheet.left_fen,
            sheet.suspense_fen,
        ]
    };
    let mut sums = [0_i64; 8];
    let mut rows = Vec::new();
    for sheet in sheets {
        let href = PAGE.replace("{city}", &sheet.city);
        let mut row = vec![Cell::link(app.season.city_name(&sheet.city), href)];
        for (sum, fen) in sums.iter_mut().zip(numbers(sheet)) {
            *sum = sum.saturating_add(fen);
            row.push(amount(fen));
        }
        row.push(match sheet.sealed {
            Some(_) => Cell::chip("已封账", "good"),
            None => Cell::chip("未封账", ""),
        });
        rows.push(row);
    }
    if !rows.is_empty() {
        let mut row = vec![Cell::text("合计")];
        row.extend(sums.map(amount));
        row.push(Cell::text(""));
        rows.push(row);
    }
    List {
        files: Some(format!("{SEASON}?")),
        ..List::plain(
            "各市预算与账目",
            columns([
                ("城市", Kind::Text),
                ("资金池（元）", Kind::Number),
                ("已成为红包", Kind::Number),
                ("未发放", Kind::Number),
                ("待发", Kind::Number),
                ("在途", Kind::Number),
                ("已到账", Kind::Number),
                ("退回与作废", Kind::Number),
                ("存疑", Kind::Number),
                ("账簿", Kind::Chip),
            ]),
            rows,
            "还没有城市封存红包。",
        )
    }
}

/// Which postings are looked for, as it stands in the address.
#[derive(Deserialize, Default)]
pub(in crate::web) struct AskedPostings {
    #[serde(default)]
    account: String,
    #[serde(default)]
    day: String,
    #[serde(default)]
    number: String,
    before: Option<i64>,
    file: Option<File>,
}

/// A day as an address carries it; nothing for none, a refusal for what is no day.
pub(super) fn day_of(text: &str) -> Result<Option<ShanghaiDay>, Refused> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let day: CivilDay = text.parse().map_err(|_no_day| Refused::NotFound)?;
    Ok(Some(ShanghaiDay::from(day)))
}

impl AskedPostings {
    pub(super) fn wanted(&self) -> Result<Wanted, Refused> {
        Ok(Wanted {
            account: self.account.clone(),
            bill_number: self.number.trim().to_owned(),
            day: day_of(&self.day)?,
            before: self.before,
        })
    }

    fn address(&self, path: &str) -> String {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("account", &self.account)
            .append_pair("day", &self.day)
            .append_pair("number", &self.number)
            .finish();
        format!("{path}?{query}&")
    }

    fn filters(&self) -> Vec<Filter> {
        let accounts = [
            "", "pool", "reserved", "sent", "received", "left", "suspense",
        ];
        let label = |name: &str| match name {
            "" => "全部账户".to_owned(),
            name => wording::account(name).to_owned(),
        };
        let line = |name, label, value: &str| Filter {
            name,
            label,
            value: value.to_owned(),
            options: Vec::new(),
        };
        vec![
            Filter {
                name: "account",
                label: "账户",
                value: self.account.clone(),
                options: accounts.map(|name| (name.to_owned(), label(name))).to_vec(),
            },
            line("day", "日期（如 2020-05-09）", &self.day),
            line("number", "单号", &self.number),
        ]
    }
}

pub(super) async fn postings(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
    Query(asked): Query<AskedPostings>,
) -> Response {
    let n_max = asked.file.map(|_file| budget::FILE);
    let found = match asked.wanted() {
        Ok(wanted) => budget::postings(&app, &city, wanted, n_max).await,
        Err(refused) => Err(refused.into()),
    };
    let (found, before) = match found {
        Ok(found) => found,
        Err(failed) => return error::answer(&app, Some(&organiser), false, failed),
    };
    let address = asked.address(&POSTINGS.replace("{city}", &city));
    let sees_payments = sees_payments(&organiser);
    let list = List {
        filters: asked.filters(),
        more: before.map(|before| format!("{address}before={before}")),
        files: Some(address),
        ..posting_list(
            found
                .iter()
                .map(|posting| posting_row(posting, sees_payments)),
            "没有符合的流水。放宽条件再看。",
        )
    };
    if let Some(file) = asked.file {
        return list.file(file);
    }
    frame::personal(&Sections {
        frame: Frame::of_city(&app, Some(&organiser), POSTINGS, Some(&city)),
        title: format!("流水 · {}", app.season.city_name(&city)),
        lead: "每一笔都从一个账户转到另一个账户；只增不改。".to_owned(),
        tools: vec![("平衡表", PAGE.replace("{city}", &city))],
        alarms: Vec::new(),
        sections: vec![Section::new("", "", vec![Part::List(list)])],
    })
}

/// Postings as a table.
pub(super) fn posting_list(rows: impl Iterator<Item = Vec<Cell>>, empty: &'static str) -> List {
    List::plain(
        "流水",
        columns([
            ("序号", Kind::Number),
            ("时间", Kind::Text),
            ("转出", Kind::Text),
            ("转入", Kind::Text),
            ("金额（元）", Kind::Number),
            ("单号", Kind::Id),
        ]),
        rows.collect(),
        empty,
    )
}

/// A posting as a row; its number leads to the payment for whoever may see it.
pub(super) fn posting_row(posting: &Posting, sees_payments: bool) -> Vec<Cell> {
    let number = posting.bill_number.as_str();
    vec![
        Cell::text(posting.number.to_string()),
        Cell::text(moment::second(posting.at)),
        Cell::text(wording::account(&posting.debit)),
        Cell::text(wording::account(&posting.credit)),
        Cell::text(yuan(posting.amount_fen)),
        if sees_payments {
            super::payments::link(number)
        } else {
            Cell::text(number)
        },
    ]
}
