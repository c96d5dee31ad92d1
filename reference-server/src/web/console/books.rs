//! Reconciliation: a bill is handed in, days are compared and closed, a city is sealed, lists for the tax office.

use std::sync::Arc;

use axum::{
    extract::{Form as Sent, Multipart, Path, Query, State, multipart::MultipartRejection},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use schedule_core::{CivilDay, ShanghaiDay};
use serde::Deserialize;

use super::{
    decisions, error,
    form::{Field, Form, Kind as FieldKind},
    frame::Frame,
    gate::Signed,
    incidents,
    list::{Cell, File, Kind, List, columns},
    overview::{grouped, yuan},
    payments,
    sections::{Part, Section, Sections},
    wording,
};
use crate::{
    app::App,
    contest::{
        bills::{Day, ImportError, Imported, News},
        books_seal::{self, SealedBooks},
        organiser::{Error, Organiser, Refused, Role},
        reconciliation::{self, ComparedDay, ComparedOrder, Counts, Latest},
        season,
        tax::{self, TaxList},
    },
    web::{frame, moment},
};

/// Every day of the newest comparison.
pub(super) const PAGE: &str = "/console/books";
/// One of its days.
pub(super) const DAY: &str = "/console/books/{day}";
/// A day is closed.
pub(super) const CLOSE: &str = "/console/books/{day}/close";
/// A bill is handed in.
pub(super) const BILLS: &str = "/console/bills";
/// Everything is compared again.
pub(super) const RECONCILE: &str = "/console/reconcile";
/// The seal of a city.
pub(super) const SEAL: &str = "/console/cities/{city}/seal";
/// Who received how much.
pub(super) const TAX: &str = "/console/tax";

fn is_operator(organiser: &Organiser) -> bool {
    organiser.roles.has_any(&[Role::FinanceOperator])
}

fn is_finance(organiser: &Organiser) -> bool {
    let roles = [Role::FinanceOperator, Role::FinanceApprover];
    organiser.roles.has_any(&roles)
}

fn day_chip(latest: &Latest, day: &ComparedDay) -> Cell {
    if latest.closed.contains_key(&day.day) {
        Cell::chip("已关账", "good")
    } else if day.is_clean() {
        Cell::chip("可以关账", "")
    } else if day.counts.difference_fen > 0 {
        Cell::chip("有差异", "bad")
    } else if day.bill.is_none() {
        Cell::chip("缺账单", "warn")
    } else {
        Cell::chip("等账单", "warn")
    }
}

fn count_cells(counts: &Counts) -> Vec<Cell> {
    let [agrees, behind, recovered, others @ ..] = counts.n_by_class;
    let number = |n: usize| Cell::text(n.to_string());
    let mut cells = vec![number(agrees), number(behind.saturating_add(recovered))];
    cells.extend(others.map(number));
    cells.extend([
        number(counts.n_waiting),
        number(counts.n_explained),
        Cell::text(yuan(counts.difference_fen)),
    ]);
    cells
}

const COUNT_COLUMNS: [(&str, Kind); 10] = [
    ("相符", Kind::Number),
    ("补记", Kind::Number),
    ("缺失", Kind::Number),
    ("矛盾", Kind::Number),
    ("无主", Kind::Number),
    ("不符", Kind::Number),
    ("重复", Kind::Number),
    ("等账单", Kind::Number),
    ("已说明", Kind::Number),
    ("差额（元）", Kind::Number),
];

fn days_list(latest: &Latest) -> List {
    let mut heads = columns([
        ("日期", Kind::Text),
        ("状态", Kind::Chip),
        ("账单", Kind::Text),
        ("支付（元）", Kind::Number),
        ("退回（元）", Kind::Number),
        ("充值提现（元）", Kind::Number),
    ]);
    heads.extend(columns(COUNT_COLUMNS));
    let rows = latest.days.iter().rev().map(|day| {
        let label = Day::of_column(day.day).to_string();
        let bill = day.bill.map_or_else(
            || "无".to_owned(),
            |(version, n_lines)| format!("第 {version} 版，{n_lines} 笔"),
        );
        let mut row = vec![
            Cell::link(label.as_str(), DAY.replace("{day}", &label)),
            day_chip(latest, day),
            Cell::text(bill),
            Cell::text(yuan(day.paid_fen)),
            Cell::text(yuan(day.returned_fen)),
            Cell::text(yuan(day.own_fen)),
        ];
        row.extend(count_cells(&day.counts));
        row
    });
    List {
        files: Some(format!("{PAGE}?")),
        ..List::plain("对账", heads, rows.collect(), "还没有一天有账单或付款。")
    }
}

/// Which form a list is asked in.
#[derive(Deserialize)]
pub(super) struct AskedFile {
    file: Option<File>,
}

pub(super) async fn page(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Query(asked): Query<AskedFile>,
) -> Response {
    let latest = match reconciliation::latest(&app).await {
        Ok(latest) => latest,
        Err(failed) => return error::answer(&app, Some(&organiser), false, failed),
    };
    if let (Some(file), Some(latest)) = (asked.file, &latest) {
        return days_list(latest).file(file);
    }
    let frame = Frame::of(&app, Some(&organiser), PAGE);
    let mut sections = Vec::new();
    let mut alarms = Vec::new();
    let lead = match &latest {
        None => "还没有对过账。上传账单，或点“立即对账”。".to_owned(),
        Some(latest) => {
            alarms.push(alarm(latest));
            let lead = format!(
                "第 {} 次对账，{}。每天 10:05 自动取账单并对账。",
                latest.number,
                moment::second(latest.at)
            );
            let list = Part::List(days_list(latest));
            let legend = "相符 R0；补记 R1、R2（查单后自动补上）；缺失 R3；矛盾 R4；无主 R5；不符 R6；重复 R7。差异逐单计算，不互相抵消。";
            sections.push(Section::new("各日", legend, vec![list]));
            lead
        }
    };
    sections.extend(forms(&frame, &organiser));
    frame::personal(&Sections {
        frame,
        title: "对账".to_owned(),
        lead,
        tools: tools(&organiser),
        alarms,
        sections,
    })
}

fn alarm(latest: &Latest) -> (&'static str, String) {
    let account = match latest.account_difference_fen {
        None | Some(0) => String::new(),
        Some(fen) => format!("商户账户余额与账面相差 {} 元。", yuan(fen)),
    };
    if latest.difference_fen == 0 && latest.n_findings == 0 && account.is_empty() {
        return ("good", "0 差异：我方账与微信账单一分不差。".to_owned());
    }
    let missing: Vec<String> = latest
        .unbilled_days
        .iter()
        .map(|day| Day::of_column(*day).to_string())
        .collect();
    let missing = if missing.is_empty() {
        String::new()
    } else {
        format!("缺 {} 的账单。", missing.join("、"))
    };
    let words = format!(
        "未说明的差额 {} 元，{} 处待查。{account}{missing}",
        yuan(latest.difference_fen),
        latest.n_findings
    );
    ("bad", words)
}

fn tools(organiser: &Organiser) -> Vec<(&'static str, String)> {
    let mut tools = vec![("差异事项", incidents::PAGE.to_owned())];
    if is_finance(organiser) {
        tools.push(("报税清单", TAX.to_owned()));
    }
    tools
}

fn forms(frame: &Frame, organiser: &Organiser) -> Vec<Section> {
    let mut sections = Vec::new();
    if is_operator(organiser) {
        let form = Form::new(
            frame,
            BILLS,
            "上传并对账",
            vec![
                Field::new("bill", "资金账单文件", FieldKind::File(".csv,.txt"))
                    .hint("商户平台 → 交易中心 → 资金账单，基本账户，原样上传"),
                Field::new("day", "日期（如 2020-05-09）", FieldKind::Text)
                    .hint("只有一笔流水也没有的账单才要填")
                    .optional(),
            ],
        );
        let lead = "同一份文件再传一次不会改变任何东西；同一天的另一份作为新版本保留。";
        sections.push(Section::new("上传微信账单", lead, vec![Part::Form(form)]));
    }
    if is_finance(organiser) {
        let form = Form::new(frame, RECONCILE, "立即对账", Vec::new());
        let lead = "能从微信取账单时先取账单，再全部比对，差异自动立项。";
        sections.push(Section::new("立即对账", lead, vec![Part::Form(form)]));
    }
    sections
}

fn order_row(app: &App, order: &ComparedOrder) -> Vec<Cell> {
    let (number, city, state) = match &order.ours {
        Some((city, state)) => (
            payments::link(&order.bill_number),
            app.season.city_name(city),
            wording::payment_state(state).0,
        ),
        None => (
            Cell::text(order.bill_number.as_str()),
            "—".to_owned(),
            "不是我方的单号",
        ),
    };
    let class = order.class.as_deref();
    let class = match (class, order.is_explained) {
        (None, _) => Cell::chip("等账单", "warn"),
        (Some(class), true) => Cell::chip(format!("{} 已说明", wording::class(class)), ""),
        (Some(class), false) => Cell::chip(wording::class(class), "bad"),
    };
    vec![
        number,
        class,
        Cell::text(city),
        Cell::text(state),
        Cell::text(yuan(order.ours_fen)),
        Cell::text(yuan(order.bill_fen)),
        Cell::text(yuan(order.ours_fen.saturating_sub(order.bill_fen))),
    ]
}

fn orders_list<'a>(app: &App, orders: impl Iterator<Item = &'a ComparedOrder>) -> List {
    List::plain(
        "与账单不同的单号",
        columns([
            ("单号", Kind::Id),
            ("类别", Kind::Chip),
            ("城市", Kind::Text),
            ("我方状态", Kind::Text),
            ("我方（元）", Kind::Number),
            ("账单（元）", Kind::Number),
            ("相差（元）", Kind::Number),
        ]),
        orders.map(|order| order_row(app, order)).collect(),
        "没有：这一天的单号都与账单相符。",
    )
}

fn day_of(text: &str) -> Result<ShanghaiDay, Refused> {
    let day: CivilDay = text.parse().map_err(|_no_day| Refused::NotFound)?;
    Ok(ShanghaiDay::from(day))
}

/// The newest comparison and the day of it that an address names.
pub(super) async fn compared_day(app: &App, text: &str) -> Result<(Latest, ComparedDay), Error> {
    let number = i64::from(day_of(text)?.number());
    let latest = reconciliation::latest(app)
        .await?
        .ok_or(Refused::NotFound)?;
    let day = latest.days.iter().find(|row| row.day == number).cloned();
    Ok((latest, day.ok_or(Refused::NotFound)?))
}

pub(super) async fn day(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(text): Path<String>,
) -> Response {
    match compared_day(&app, &text).await {
        Ok((latest, day)) => day_page(&app, &organiser, &latest, &day),
        Err(failed) => error::answer(&app, Some(&organiser), false, failed),
    }
}

fn day_page(app: &App, organiser: &Organiser, latest: &Latest, day: &ComparedDay) -> Response {
    let label = Day::of_column(day.day).to_string();
    let frame = Frame::of(app, Some(organiser), PAGE);
    let mut heads = columns([
        ("城市", Kind::Text),
        ("我方（元）", Kind::Number),
        ("账单（元）", Kind::Number),
    ]);
    heads.extend(columns(COUNT_COLUMNS));
    let rows = day.cities.iter().map(|(city, counts)| {
        let name = city.as_deref();
        let name = name.map_or_else(
            || "不是我方的单号".to_owned(),
            |city| app.season.city_name(city),
        );
        let mut row = vec![
            Cell::text(name),
            Cell::text(yuan(counts.ours_fen)),
            Cell::text(yuan(counts.bill_fen)),
        ];
        row.extend(count_cells(counts));
        row
    });
    let cities = List::plain("各市", heads, rows.collect(), "这一天没有单号。");
    let orders = latest.orders.iter().filter(|order| order.day == day.day);
    let mut sections = vec![
        Section::new("各市", "", vec![Part::List(cities)]),
        Section::new(
            "与账单不同的单号",
            "",
            vec![Part::List(orders_list(app, orders))],
        ),
    ];
    let closed = latest.closed.get(&day.day);
    let (tone, words) = match closed {
        Some((by, at)) => ("good", format!("已关账：{by}，{}。", moment::second(*at))),
        None if day.is_clean() => ("good", "0 差异，可以关账。".to_owned()),
        None => (
            "warn",
            format!(
                "还不能关账：未说明的差额 {} 元，{} 个单号等账单{}。",
                yuan(day.counts.difference_fen),
                day.counts.n_waiting,
                if day.bill.is_none() {
                    "，缺当日账单"
                } else {
                    ""
                }
            ),
        ),
    };
    if closed.is_none() && is_operator(organiser) {
        let form = Form::new(&frame, CLOSE.replace("{day}", &label), "关账", Vec::new());
        let lead = "关账前再全部比对一次；有未了结的差异就关不上。";
        sections.push(Section::new("关账", lead, vec![Part::Form(form)]));
    }
    frame::personal(&Sections {
        frame,
        title: format!("对账 · {label}"),
        lead: format!(
            "第 {} 次对账，{}。",
            latest.number,
            moment::second(latest.at)
        ),
        tools: vec![
            ("各日", PAGE.to_owned()),
            ("差异事项", incidents::PAGE.to_owned()),
        ],
        alarms: vec![(tone, words)],
        sections,
    })
}

pub(super) async fn close(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(text): Path<String>,
) -> Response {
    match closed(&app, &organiser, &text).await {
        Ok(()) => Redirect::to(&DAY.replace("{day}", &text)).into_response(),
        Err(failed) => error::answer(&app, Some(&organiser), false, failed),
    }
}

/// Closes the day that an address names.
pub(super) async fn closed(app: &App, organiser: &Organiser, text: &str) -> Result<(), Error> {
    reconciliation::close_day(app, day_of(text)?, organiser).await
}

pub(super) async fn reconcile(State(app): State<Arc<App>>, Signed(organiser): Signed) -> Response {
    match reconciliation::run(&app, &organiser).await {
        Ok(_reconciled) => Redirect::to(PAGE).into_response(),
        Err(failed) => error::answer(&app, Some(&organiser), false, failed),
    }
}

/// A bill as a form brings it.
#[derive(Default)]
struct Handed {
    name: String,
    content: Vec<u8>,
    day: String,
}

impl Handed {
    async fn of(sent: Result<Multipart, MultipartRejection>) -> Option<Self> {
        let mut sent = sent.ok()?;
        let mut handed = Self::default();
        while let Some(field) = sent.next_field().await.ok()? {
            match field.name() {
                Some("bill") => {
                    handed.name = field.file_name().unwrap_or("账单").to_owned();
                    handed.content = field.bytes().await.ok()?.to_vec();
                }
                Some("day") => handed.day = field.text().await.ok()?,
                _ => {}
            }
        }
        Some(handed)
    }
}

/// Takes a bill in; an empty day is read from its movements.
pub(super) async fn imported(
    app: &App,
    organiser: &Organiser,
    bill: (&str, &[u8]),
    day: &str,
) -> Result<Imported, ImportError> {
    let day = day.trim();
    let day = match day.parse::<CivilDay>() {
        Ok(day) => Some(ShanghaiDay::from(day)),
        Err(_) if day.is_empty() => None,
        Err(_no_day) => {
            let file = bill.0.to_owned();
            return Err(ImportError::DayUnknown { file });
        }
    };
    reconciliation::import(app, organiser, bill, day).await
}

pub(super) async fn hand_in(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    sent: Result<Multipart, MultipartRejection>,
) -> Response {
    let Some(handed) = Handed::of(sent).await else {
        let (title, detail) = (
            "没有收到文件".to_owned(),
            "请重新选择文件再上传。".to_owned(),
        );
        let page = error::page(&app, Some(&organiser), title, detail);
        return error::with_status(StatusCode::BAD_REQUEST, page);
    };
    let bill = (handed.name.as_str(), handed.content.as_slice());
    match imported(&app, &organiser, bill, &handed.day).await {
        Ok(done) => {
            let news = match done.news {
                News::First => "新账单",
                News::Known => "已有，无变化",
                News::Changed => "微信更改了账单，旧版保留",
            };
            let title = format!("已收入 {} 的账单", done.day);
            let detail = format!(
                "第 {} 版，{} 笔：{news}。已重新对账。",
                done.version,
                grouped(i64::try_from(done.n_lines).unwrap_or(i64::MAX))
            );
            let to = DAY.replace("{day}", &done.day.to_string());
            frame::personal(&Sections {
                frame: Frame::of(&app, Some(&organiser), PAGE),
                title,
                lead: detail,
                tools: vec![("看这一天", to), ("各日", PAGE.to_owned())],
                alarms: Vec::new(),
                sections: Vec::new(),
            })
        }
        Err(ImportError::Failed(failed)) => {
            error::answer(&app, Some(&organiser), false, failed.into())
        }
        Err(refused) => {
            let detail = wording::bill(&refused).unwrap_or_default();
            let title = "这个文件没有收下，账没有变".to_owned();
            let page = error::page(&app, Some(&organiser), title, format!("{detail}。"));
            error::with_status(StatusCode::UNPROCESSABLE_ENTITY, page)
        }
    }
}

pub(super) async fn seal(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
) -> Response {
    let sealed = match books_seal::sealed(&app, &city).await {
        Ok(sealed) => sealed,
        Err(failed) => return error::answer(&app, Some(&organiser), false, failed.into()),
    };
    let frame = Frame::of_city(&app, Some(&organiser), SEAL, Some(&city));
    let mut sections = Vec::new();
    let mut lead = String::new();
    match &sealed {
        Some(sealed) => sections.push(Section::new(
            "封账时的数字",
            "",
            vec![Part::Facts(seal_facts(sealed))],
        )),
        None => {
            lead = "一城结束三天后，钱都有了着落、账单都相符，才能封账；数据库从此只接受两人核定的更正。".to_owned();
            if is_operator(&organiser) {
                let to = SEAL.replace("{city}", &city);
                let form = Form::new(&frame, to, "提出封账", vec![Field::reason()]);
                let hint = "提交时检查一遍；有未了结的会逐项列出。由财务复核批准后封账。";
                sections.push(Section::new("封账", hint, vec![Part::Form(form)]));
            } else {
                sections.push(Section::new(
                    "未封账",
                    "由财务经办提出，财务复核批准。",
                    Vec::new(),
                ));
            }
        }
    }
    frame::personal(&Sections {
        frame,
        title: format!("封账 · {}", app.season.city_name(&city)),
        lead,
        tools: vec![("平衡表", super::budget::PAGE.replace("{city}", &city))],
        alarms: Vec::new(),
        sections,
    })
}

fn seal_facts(sealed: &SealedBooks) -> Vec<(&'static str, String, &'static str)> {
    let seal = &sealed.seal;
    let amount = |fen| format!("{} 元", yuan(fen));
    let checker = seal.checked_by.as_deref().unwrap_or("—");
    vec![
        (
            "封账",
            moment::second(season::instant(seal.sealed_ms)),
            "good",
        ),
        ("提出", seal.sealed_by.clone(), ""),
        ("批准", checker.to_owned(), ""),
        ("资金池", amount(seal.pool_fen), ""),
        ("未发放", amount(seal.undrawn_fen), ""),
        ("已到账", amount(seal.received_fen), ""),
        ("退回与作废", amount(seal.left_fen), ""),
        ("存疑", amount(seal.suspense_fen), ""),
        ("红包", format!("{} 个", grouped(seal.n_awards)), ""),
        ("流水", format!("{} 笔", grouped(seal.n_transfers)), ""),
        ("封账后更正", format!("{} 笔", sealed.n_later), ""),
        ("账簿摘要", seal.ledger_sha256.clone(), "digest"),
        (
            "审计链",
            format!("第 {} 条 {}", seal.audit_number, seal.audit_hash),
            "digest",
        ),
    ]
}

/// Why something is done.
#[derive(Deserialize, Default)]
pub(super) struct Said {
    #[serde(default)]
    reason: String,
}

pub(super) async fn propose_seal(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
    Sent(said): Sent<Said>,
) -> Response {
    match books_seal::propose(&app, &city, &organiser, &said.reason).await {
        Ok(_number) => Redirect::to(decisions::PAGE).into_response(),
        Err(failed) => error::answer(&app, Some(&organiser), false, failed),
    }
}

/// Which list for the tax office.
#[derive(Deserialize, Default)]
pub(super) struct AskedTax {
    #[serde(default)]
    city: String,
    #[serde(default)]
    list: String,
    file: Option<File>,
}

impl AskedTax {
    /// Who received how much, in the city asked for or in all.
    async fn found(&self, app: &App) -> Result<TaxList, Error> {
        Ok(tax::list(app, self.city(), None).await?)
    }

    /// The same as a page shows it.
    async fn shown(&self, app: &App) -> Result<Arc<TaxList>, Error> {
        Ok(tax::shown(app, self.city()).await?)
    }

    fn city(&self) -> Option<&str> {
        (!self.city.is_empty()).then_some(self.city.as_str())
    }
}

pub(super) async fn tax(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Query(asked): Query<AskedTax>,
) -> Response {
    // What leaves as a file is counted for it.
    let found = if asked.file.is_some() {
        asked.found(&app).await.map(Arc::new)
    } else {
        asked.shown(&app).await
    };
    let found = match found {
        Ok(found) => found,
        Err(failed) => return error::answer(&app, Some(&organiser), false, failed),
    };
    let (cities, people) = (sums_list(&app, &found), recipients_list(&found));
    if let Some(file) = asked.file {
        let list = if asked.list == "people" {
            people
        } else {
            cities
        };
        return list.file(file);
    }
    let city = form_urlencoded::byte_serialize(asked.city.as_bytes()).collect::<String>();
    let files = |list: &str| Some(format!("{TAX}?city={city}&list={list}&"));
    let n = found.recipients.len();
    let cities = List {
        files: files("cities"),
        ..cities
    };
    // The whole list is in the file; a page is not for reading thousands of lines.
    let mut people = List {
        files: files("people"),
        ..people
    };
    people.rows.truncate(50);
    frame::personal(&Sections {
        frame: Frame::of(&app, Some(&organiser), PAGE),
        title: "报税清单".to_owned(),
        lead: format!(
            "{n} 人，共 {} 元。只列已到账的；人用编号，不含微信号。页面每半分钟更新，文件是下载时的数字。",
            yuan(found.received_fen())
        ),
        tools: vec![("对账", PAGE.to_owned())],
        alarms: Vec::new(),
        sections: vec![
            Section::new("各市汇总", "", vec![Part::List(cities)]),
            Section::new(
                "每位领取人",
                "页面只列前 50 位，全部在文件里。需要实名时由两人在服务器上导出，写进审计日志。",
                vec![Part::List(people)],
            ),
        ],
    })
}

/// Yuan as a spreadsheet adds them up.
fn plain(fen: i64) -> Cell {
    Cell::text(yuan(fen).replace(',', ""))
}

fn sums_list(app: &App, list: &TaxList) -> List {
    let mut rows: Vec<Vec<Cell>> = list
        .cities
        .iter()
        .map(|row| {
            vec![
                Cell::text(app.season.city_name(&row.city)),
                Cell::text(row.n_recipients.to_string()),
                Cell::text(row.n_packets.to_string()),
                plain(row.received_fen),
            ]
        })
        .collect();
    let n_packets = list
        .cities
        .iter()
        .fold(0_usize, |sum, row| sum.saturating_add(row.n_packets));
    if !rows.is_empty() {
        rows.push(vec![
            Cell::text("合计"),
            Cell::text(list.recipients.len().to_string()),
            Cell::text(n_packets.to_string()),
            plain(list.received_fen()),
        ]);
    }
    List::plain(
        "报税汇总",
        columns([
            ("城市", Kind::Text),
            ("人数", Kind::Number),
            ("红包个数", Kind::Number),
            ("金额（元）", Kind::Number),
        ]),
        rows,
        "还没有人领到红包。",
    )
}

fn recipients_list(list: &TaxList) -> List {
    let rows = list.recipients.iter().map(|row| {
        vec![
            Cell::text(row.person.as_str()),
            Cell::text(row.n_packets.to_string()),
            plain(row.received_fen),
            Cell::text(row.first.to_string()),
            Cell::text(row.last.to_string()),
        ]
    });
    List::plain(
        "领取人清单",
        columns([
            ("编号", Kind::Id),
            ("红包个数", Kind::Number),
            ("金额（元）", Kind::Number),
            ("首次领取", Kind::Text),
            ("末次领取", Kind::Text),
        ]),
        rows.collect(),
        "还没有人领到红包。",
    )
}
