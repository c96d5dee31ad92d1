//! Payments: those that stopped for a person, those of a city, one with its timeline; what is done about them.

use std::sync::Arc;

use axum::{
    extract::{Form as Sent, Path, Query, State},
    response::{IntoResponse as _, Redirect, Response},
};
use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::{
    budget::{self, day_of, posting_list, posting_row},
    decisions, error,
    form::{Field, Form, Kind as FieldKind},
    frame::Frame,
    gate::Signed,
    list::{Cell, File, Filter, Kind, List, columns},
    overview::yuan,
    sections::{Part, Section, Sections},
    wording,
};
use crate::{
    app::App,
    contest::{
        dead_letter::{self, Act, DeadLetter},
        organiser::{Error, Organiser, Refused, Role, reason},
        payment_list::{self, BillLine, Detail, Happened, Listed, Place, Wanted},
        rail_pause::{self, Paused},
    },
    web::{frame, moment},
};

/// The payments of a city.
pub(super) const PAGE: &str = "/console/cities/{city}/payments";
/// Payments of every city that stopped for a person, and the switch of the rail.
pub(super) const STOPPED: &str = "/console/payments";
/// One payment.
pub(super) const ONE: &str = "/console/payments/{payment}";
/// WeChat is asked now.
pub(super) const QUERY: &str = "/console/payments/{payment}/query";
/// Nothing more is sent or asked.
pub(super) const HOLD: &str = "/console/payments/{payment}/hold";
/// A held one goes out again, proposed.
pub(super) const RESEND: &str = "/console/payments/{payment}/resend";
/// A dead one's award gets a new number, proposed.
pub(super) const RENEW: &str = "/console/payments/{payment}/renew";
/// All sending stops.
pub(super) const PAUSE: &str = "/console/rail/pause";
/// Sending goes on, proposed.
pub(super) const RESUME: &str = "/console/rail/resume";

/// Where a payment is shown.
pub(super) fn path(bill_number: &str) -> String {
    ONE.replace("{payment}", bill_number)
}

/// An order number that leads to its payment.
pub(super) fn link(bill_number: &str) -> Cell {
    Cell::link(bill_number, path(bill_number))
}

/// Whether somebody may do what one person of finance does.
fn is_finance(organiser: &Organiser) -> bool {
    let roles = [Role::FinanceOperator, Role::FinanceApprover];
    organiser.roles.has_any(&roles)
}

fn state_chip(state: &str) -> Cell {
    let (words, tone) = wording::payment_state(state);
    Cell::chip(words, tone)
}

fn rail_words(paused: Option<&Paused>) -> (&'static str, String) {
    match paused {
        None => ("good", "付款通道正常。".to_owned()),
        Some(Paused {
            reason,
            until: None,
        }) => (
            "bad",
            format!("付款通道已暂停（{reason}）。红包照常发放并保留，恢复前一笔也不会发出。"),
        ),
        Some(Paused {
            reason,
            until: Some(until),
        }) => (
            "warn",
            format!(
                "付款通道因故障暂停（{reason}），{} 自动再试。",
                moment::second(*until)
            ),
        ),
    }
}

#[derive(Deserialize, Default)]
pub(super) struct AskedStopped {
    #[serde(default)]
    number: String,
    file: Option<File>,
}

pub(super) async fn stopped(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Query(asked): Query<AskedStopped>,
) -> Response {
    let number = asked.number.trim();
    if !number.is_empty() {
        let to = form_urlencoded::byte_serialize(number.as_bytes()).collect::<String>();
        return Redirect::to(&path(&to)).into_response();
    }
    match stopped_page(&app, &organiser, asked.file).await {
        Ok(page) => page,
        Err(failed) => error::answer(&app, Some(&organiser), false, failed),
    }
}

async fn stopped_page(
    app: &App,
    organiser: &Organiser,
    file: Option<File>,
) -> Result<Response, Error> {
    let (letters, _waiting) = dead_letter::list(app).await?;
    let sum_fen = letters
        .iter()
        .fold(0_i64, |sum, letter| sum.saturating_add(letter.amount_fen));
    let list = List {
        filters: vec![Filter {
            name: "number",
            label: "按单号查任何一笔",
            value: String::new(),
            options: Vec::new(),
        }],
        files: Some(format!("{STOPPED}?")),
        ..stopped_list(app, &letters)
    };
    if let Some(file) = file {
        return Ok(list.file(file));
    }
    let paused = rail_pause::state(app).await?;
    let (tone, words) = rail_words(paused.as_ref());
    let frame = Frame::of(app, Some(organiser), STOPPED);
    let mut forms = Vec::new();
    let may_pause = is_finance(organiser) || organiser.roles.has_any(&[Role::ProvinceAdmin]);
    let is_paused_by_person = paused.as_ref().is_some_and(|paused| paused.until.is_none());
    if may_pause && !is_paused_by_person {
        let form = Form::new(&frame, PAUSE, "立即暂停全部付款", vec![Field::reason()]);
        forms.push(Section::new(
            "暂停全部付款",
            "一人即可暂停，立刻生效；恢复要两人。已经发出的红包不受影响，照常查单。",
            vec![Part::Form(form.danger())],
        ));
    }
    if organiser.roles.has_any(&[Role::FinanceOperator]) && is_paused_by_person {
        let form = Form::new(&frame, RESUME, "提出恢复付款", vec![Field::reason()]);
        forms.push(Section::new(
            "恢复付款",
            "提出后由财务复核在“待复核”里批准，批准即恢复。",
            vec![Part::Form(form)],
        ));
    }
    let mut sections = vec![Section::new(
        "停下来等人处理的付款",
        format!("{} 笔，共 {} 元。", letters.len(), yuan(sum_fen)),
        vec![Part::List(list)],
    )];
    sections.extend(forms);
    Ok(frame::personal(&Sections {
        frame,
        title: "付款".to_owned(),
        lead: "每个获奖的红包都会付清或有人负责；这里是自己走不下去的。".to_owned(),
        tools: vec![("各市预算", budget::SEASON.to_owned())],
        alarms: vec![(tone, words)],
        sections,
    }))
}

fn stopped_list(app: &App, letters: &[DeadLetter]) -> List {
    let rows = letters.iter().map(|letter| {
        vec![
            link(&letter.bill_number),
            Cell::text(app.season.city_name(&letter.city)),
            Cell::text(yuan(letter.amount_fen)),
            state_chip(&letter.state),
            Cell::text(moment::minute(letter.since)),
            Cell::text(letter.reason),
            Cell::text(letter.next_step),
        ]
    });
    List::plain(
        "停下的付款",
        columns([
            ("单号", Kind::Id),
            ("城市", Kind::Text),
            ("金额（元）", Kind::Number),
            ("状态", Kind::Chip),
            ("起于", Kind::Text),
            ("原因", Kind::Text),
            ("下一步", Kind::Text),
        ]),
        rows.collect(),
        "没有停下的付款。",
    )
}

/// Which payments of a city are looked for, as it stands in the address.
#[derive(Deserialize, Default)]
pub(in crate::web) struct AskedPayments {
    #[serde(default)]
    state: String,
    #[serde(default)]
    rail: String,
    #[serde(default)]
    day: String,
    #[serde(default)]
    after: String,
    file: Option<File>,
}

/// Every state in the order in which a payment passes them.
const STATES: [&str; 10] = [
    "held",
    "dead",
    "unknown",
    "reserved",
    "in_flight",
    "deferred",
    "sent",
    "received",
    "refunding",
    "refunded",
];

impl AskedPayments {
    pub(super) fn wanted(&self) -> Result<Wanted, Refused> {
        let is_known = self.state.is_empty() || STATES.contains(&self.state.as_str());
        if !is_known {
            return Err(Refused::NotFound);
        }
        Ok(Wanted {
            state: self.state.clone(),
            rail: self.rail.clone(),
            day: day_of(&self.day)?,
            after: Place::of_text(&self.after),
        })
    }

    fn address(&self, path: &str) -> String {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("state", &self.state)
            .append_pair("rail", &self.rail)
            .append_pair("day", &self.day)
            .finish();
        format!("{path}?{query}&")
    }

    fn filters(&self) -> Vec<Filter> {
        let all = [(String::new(), "全部".to_owned())];
        let states =
            STATES.map(|state| (state.to_owned(), wording::payment_state(state).0.to_owned()));
        let rails = ["red-packet", "transfer"]
            .map(|rail| (rail.to_owned(), wording::rail(rail).to_owned()));
        vec![
            Filter {
                name: "state",
                label: "状态",
                value: self.state.clone(),
                options: all.iter().cloned().chain(states).collect(),
            },
            Filter {
                name: "rail",
                label: "通道",
                value: self.rail.clone(),
                options: all.into_iter().chain(rails).collect(),
            },
            Filter {
                name: "day",
                label: "获奖日期（如 2020-05-09）",
                value: self.day.clone(),
                options: Vec::new(),
            },
        ]
    }
}

pub(super) async fn page(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
    Query(asked): Query<AskedPayments>,
) -> Response {
    let n_max = asked.file.map(|_file| payment_list::FILE);
    let found = match asked.wanted() {
        Ok(wanted) => payment_list::search(&app, &city, wanted, n_max).await,
        Err(refused) => Err(refused.into()),
    };
    let (found, further) = match found {
        Ok(found) => found,
        Err(failed) => return error::answer(&app, Some(&organiser), false, failed),
    };
    let address = asked.address(&PAGE.replace("{city}", &city));
    let list = List {
        filters: asked.filters(),
        more: further.map(|place| format!("{address}after={}", place.text())),
        files: Some(address),
        ..List::plain(
            "付款",
            columns(COLUMNS),
            found.iter().map(payment_row).collect(),
            "没有符合的付款。放宽条件，或换一个城市。",
        )
    };
    if let Some(file) = asked.file {
        return list.file(file);
    }
    frame::personal(&Sections {
        frame: Frame::of_city(&app, Some(&organiser), PAGE, Some(&city)),
        title: format!("付款 · {}", app.season.city_name(&city)),
        lead: "最近获奖的在前；点单号看每一步。".to_owned(),
        tools: vec![
            ("停下的付款", STOPPED.to_owned()),
            ("平衡表", budget::PAGE.replace("{city}", &city)),
        ],
        alarms: Vec::new(),
        sections: vec![Section::new("", "", vec![Part::List(list)])],
    })
}

fn instant_or_none(at: Option<DateTime<Utc>>) -> String {
    at.map_or_else(|| "—".to_owned(), moment::second)
}

const COLUMNS: [(&str, Kind); 9] = [
    ("单号", Kind::Id),
    ("获奖时间", Kind::Text),
    ("参赛人", Kind::Id),
    ("金额（元）", Kind::Number),
    ("状态", Kind::Chip),
    ("状态起于", Kind::Text),
    ("下次处理", Kind::Text),
    ("第几个单号", Kind::Number),
    ("通道", Kind::Text),
];

fn payment_row(payment: &Listed) -> Vec<Cell> {
    vec![
        link(&payment.bill_number),
        Cell::text(moment::second(payment.decided)),
        Cell::text(payment.person.as_str()),
        Cell::text(yuan(payment.amount_fen)),
        state_chip(&payment.state),
        Cell::text(moment::second(payment.changed)),
        Cell::text(instant_or_none(payment.due)),
        Cell::text(payment.attempt_number.to_string()),
        Cell::text(wording::rail(&payment.rail)),
    ]
}

pub(super) async fn one(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(number): Path<String>,
) -> Response {
    match payment_list::detail(&app, &number).await {
        Ok(detail) => detail_page(&app, &organiser, &detail),
        Err(failed) => error::answer(&app, Some(&organiser), false, failed),
    }
}

/// What will happen next, and when.
fn next_words(payment: &Listed) -> String {
    let what = match payment.state.as_str() {
        "reserved" | "deferred" => "发往微信",
        "in_flight" => "等微信答复",
        "unknown" | "sent" | "refunding" => "自动查单",
        "held" => return "等人处理，不会自动发出或查单".to_owned(),
        _ => return "没有了，这个单号已经走完".to_owned(),
    };
    match payment.due {
        Some(due) => format!("{}，{what}", moment::second(due)),
        None => what.to_owned(),
    }
}

fn facts(app: &App, detail: &Detail) -> Vec<(&'static str, String, &'static str)> {
    let payment = &detail.payment;
    let (state, tone) = wording::payment_state(&payment.state);
    let mut facts = vec![
        ("单号", payment.bill_number.clone(), "digest"),
        ("金额", format!("{} 元", yuan(payment.amount_fen)), ""),
        (
            "状态",
            format!("{state}，{} 起", moment::second(payment.changed)),
            tone,
        ),
        ("接下来", next_words(payment), ""),
        ("城市", app.season.city_name(&payment.city), ""),
        ("参赛人", payment.person.clone(), "digest"),
        (
            "获奖",
            format!(
                "{}，红包 {}",
                moment::second(payment.decided),
                payment.award
            ),
            "digest",
        ),
        ("通道", wording::rail(&payment.rail).to_owned(), ""),
    ];
    if let Some(reason) = detail.look.reason {
        facts.push(("为什么停下", reason.to_owned(), "bad"));
    }
    if let Some(next) = detail.look.next_step {
        facts.push(("建议", next.to_owned(), ""));
    }
    facts
}

fn detail_page(app: &App, organiser: &Organiser, detail: &Detail) -> Response {
    let frame = Frame::of(app, Some(organiser), STOPPED);
    let payment = &detail.payment;
    let mut sections = vec![
        Section::new("这笔付款", "", vec![Part::Facts(facts(app, detail))]),
        Section::new(
            "经过",
            "依据是微信的原始答复，或经手人写下的话。",
            vec![Part::List(timeline(payment, &detail.events))],
        ),
    ];
    if detail.numbers.len() > 1 {
        let rows = detail.numbers.iter().map(payment_row).collect();
        let list = List::plain("同一个红包的单号", columns(COLUMNS), rows, "");
        let lead = "旧单号确定不会再付款以后，才会有新单号。";
        sections.push(Section::new(
            "同一个红包的单号",
            lead,
            vec![Part::List(list)],
        ));
    }
    sections.push(Section::new(
        "三方核对",
        three_way(detail),
        vec![Part::List(bill_lines(&detail.lines))],
    ));
    let postings = detail
        .postings
        .iter()
        .map(|posting| posting_row(posting, false));
    let postings = posting_list(postings, "没有流水。");
    sections.push(Section::new("流水", "", vec![Part::List(postings)]));
    sections.push(Section::new(
        "送往微信的内容",
        "第一次发出时封存，重发时一字不改；收款人只显示首尾。",
        vec![Part::List(request_list(detail))],
    ));
    sections.extend(act_sections(&frame, organiser, detail));
    frame::personal(&Sections {
        frame,
        title: format!("付款 {} 元", yuan(payment.amount_fen)),
        lead: String::new(),
        tools: vec![("本市付款", PAGE.replace("{city}", &payment.city))],
        alarms: detail
            .incidents
            .iter()
            .filter(|incident| incident.ended.is_none())
            .map(|incident| {
                let words = format!(
                    "这笔付款有一件未了结的差异（第 {} 号，{}）。",
                    incident.incident,
                    wording::class(&incident.class)
                );
                ("bad", words)
            })
            .collect(),
        sections,
    })
}

fn timeline(payment: &Listed, events: &[Happened]) -> List {
    let begun = vec![
        Cell::text(moment::second(payment.decided)),
        Cell::text("获奖，记入待发"),
        state_chip("reserved"),
        Cell::text(""),
    ];
    let rows = events.iter().map(|event| {
        vec![
            Cell::text(moment::second(event.at)),
            Cell::text(wording::payment_event(&event.event)),
            state_chip(&event.after),
            Cell::text(event.evidence.as_deref().unwrap_or_default()),
        ]
    });
    List::plain(
        "经过",
        columns([
            ("时间", Kind::Text),
            ("发生了什么", Kind::Text),
            ("之后的状态", Kind::Chip),
            ("依据", Kind::Text),
        ]),
        std::iter::once(begun).chain(rows).collect(),
        "",
    )
}

/// What our books, WeChat's last answer and the bills say, in one sentence.
fn three_way(detail: &Detail) -> String {
    let ours = wording::payment_state(&detail.payment.state).0;
    let mut events = detail.events.iter().rev();
    let answer = events.find(|event| event.event == "query_result" || event.event == "reply");
    let answer = answer.and_then(|event| Some((event.at, event.evidence.as_deref()?)));
    let answer = answer.map_or_else(
        || "没有答复".to_owned(),
        |(at, evidence)| format!("{evidence}（{}）", moment::second(at)),
    );
    let net_fen = detail.lines.iter().fold(0_i64, |sum, line| {
        if line.is_income {
            sum.saturating_sub(line.amount_fen)
        } else {
            sum.saturating_add(line.amount_fen)
        }
    });
    let bill = if detail.lines.is_empty() {
        "没有这个单号".to_owned()
    } else {
        format!("净支出 {} 元", yuan(net_fen))
    };
    format!("我方账：{ours}。微信最近的答复：{answer}。微信账单：{bill}。")
}

/// Lines of WeChat's bills about one number.
pub(super) fn bill_lines(lines: &[BillLine]) -> List {
    let rows = lines.iter().map(|line| {
        vec![
            Cell::text(line.day.to_string()),
            Cell::text(moment::second(line.booked)),
            Cell::text(line.business.as_str()),
            Cell::text(if line.is_income { "收入" } else { "支出" }),
            Cell::text(yuan(line.amount_fen)),
            Cell::text(line.flow_number.as_str()),
        ]
    });
    List::plain(
        "微信账单里的这个单号",
        columns([
            ("账单日", Kind::Text),
            ("记账时间", Kind::Text),
            ("业务", Kind::Text),
            ("方向", Kind::Text),
            ("金额（元）", Kind::Number),
            ("资金流水号", Kind::Id),
        ]),
        rows.collect(),
        "已收入的账单里还没有这个单号。账单次日上午到。",
    )
}

fn request_list(detail: &Detail) -> List {
    let rows = detail
        .request
        .iter()
        .map(|(field, value)| vec![Cell::text(field.as_str()), Cell::text(value.as_str())]);
    List::plain(
        "送往微信的内容",
        columns([("字段", Kind::Text), ("内容", Kind::Text)]),
        rows.collect(),
        "还没有发出，或本人已要求删除个人信息，内容已清空。",
    )
}

fn evidence() -> Field {
    Field::new("evidence", "依据", FieldKind::Text).hint("工单号、商户平台的截图编号、账单的行号等")
}

fn act_sections(frame: &Frame, organiser: &Organiser, detail: &Detail) -> Vec<Section> {
    let number = detail.payment.bill_number.as_str();
    let is_operator = organiser.roles.has_any(&[Role::FinanceOperator]);
    let mut sections = Vec::new();
    for act in &detail.look.acts {
        let (template, lead, fields) = match act {
            Act::Ask => (QUERY, "微信的答复照常入账，不会重复付款。", Vec::new()),
            Act::Hold => (
                HOLD,
                "一人即可：不再发出、不再查单，直到两人决定。",
                vec![Field::reason()],
            ),
            Act::SendAgain => (
                RESEND,
                "同一单号，微信不会付两次；提出后由财务复核批准。",
                vec![Field::reason(), evidence()],
            ),
            Act::Renew => (
                RENEW,
                "旧单号已确定不会付款；提出后由财务复核批准，批准即发出。",
                vec![Field::reason(), evidence()],
            ),
        };
        let may = if act.takes_two() {
            is_operator
        } else {
            is_finance(organiser)
        };
        if may {
            let to = template.replace("{payment}", number);
            let form = Form::new(frame, to, wording::act(*act), fields);
            let form = if *act == Act::Hold {
                form.danger()
            } else {
                form
            };
            sections.push(Section::new(
                wording::act(*act),
                lead,
                vec![Part::Form(form)],
            ));
        }
    }
    sections
}

/// Why something is done, and what it rests on.
#[derive(Deserialize, Default)]
pub(super) struct Said {
    #[serde(default)]
    reason: String,
    #[serde(default)]
    evidence: String,
}

/// Leads back to the payment, or says why nothing was done.
fn done(app: &App, organiser: &Organiser, number: &str, done: Result<(), Error>) -> Response {
    match done {
        Ok(()) => Redirect::to(&path(number)).into_response(),
        Err(failed) => error::answer(app, Some(organiser), false, failed),
    }
}

pub(super) async fn query(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(number): Path<String>,
) -> Response {
    let asked = dead_letter::ask(&app, &number, &organiser.name).await;
    let asked = asked.map(drop).map_err(Error::from);
    done(&app, &organiser, &number, asked)
}

pub(super) async fn hold(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(number): Path<String>,
    Sent(said): Sent<Said>,
) -> Response {
    let held = held(&app, &organiser, &number, &said.reason).await;
    done(&app, &organiser, &number, held)
}

/// Stops a payment.
pub(super) async fn held(
    app: &App,
    organiser: &Organiser,
    number: &str,
    why: &str,
) -> Result<(), Error> {
    let why = reason(why)?;
    Ok(dead_letter::hold(app, number, &why, &organiser.name).await?)
}

/// Proposes that a held payment goes out again, or that a dead one's award gets a new number.
pub(super) async fn proposed(
    app: &App,
    organiser: &Organiser,
    (act, number): (Act, &str),
    why: &str,
    evidence: &str,
) -> Result<crate::contest::decision::Id, Error> {
    use crate::contest::decision::Id;
    let (why, evidence, by) = (reason(why)?, reason(evidence)?, organiser.name.as_str());
    Ok(match act {
        Act::Renew => {
            Id::Renewal(dead_letter::propose_renewal(app, number, &why, &evidence, by).await?)
        }
        Act::Ask | Act::Hold | Act::SendAgain => Id::Correction(
            dead_letter::propose_sending_again(app, number, &why, &evidence, by).await?,
        ),
    })
}

async fn propose(
    app: &App,
    organiser: &Organiser,
    (act, number): (Act, &str),
    said: Said,
) -> Response {
    match proposed(app, organiser, (act, number), &said.reason, &said.evidence).await {
        Ok(_id) => Redirect::to(decisions::PAGE).into_response(),
        Err(failed) => error::answer(app, Some(organiser), false, failed),
    }
}

pub(super) async fn resend(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(number): Path<String>,
    Sent(said): Sent<Said>,
) -> Response {
    propose(&app, &organiser, (Act::SendAgain, &number), said).await
}

pub(super) async fn renew(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(number): Path<String>,
    Sent(said): Sent<Said>,
) -> Response {
    propose(&app, &organiser, (Act::Renew, &number), said).await
}

pub(super) async fn pause(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Sent(said): Sent<Said>,
) -> Response {
    match rail_pause::pause(&app, &organiser, &said.reason).await {
        Ok(()) => Redirect::to(STOPPED).into_response(),
        Err(failed) => error::answer(&app, Some(&organiser), false, failed),
    }
}

pub(super) async fn resume(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Sent(said): Sent<Said>,
) -> Response {
    match rail_pause::propose_resuming(&app, &organiser, &said.reason).await {
        Ok(_number) => Redirect::to(decisions::PAGE).into_response(),
        Err(failed) => error::answer(&app, Some(&organiser), false, failed),
    }
}
