//! Incidents: what a person has to explain, who looks after it, and what is proposed about it.

use std::sync::Arc;

use axum::{
    extract::{Form as Sent, Path, Query, State},
    response::{IntoResponse as _, Redirect, Response},
};
use serde::Deserialize;

use super::{
    decisions, error,
    form::{Field, Form, Kind as FieldKind},
    frame::Frame,
    gate::Signed,
    list::{Cell, File, Filter, Kind, List, columns},
    overview::yuan,
    payments,
    sections::{Part, Section, Sections},
    wording,
};
use crate::{
    app::App,
    contest::{
        bills::Day,
        correction::{self, Action, Proposal},
        decision::{Asked, Id},
        incident::{self, Detail, Ending, Incident},
        organiser::{Error, Organiser, Refused, Role, reason},
        season,
    },
    web::{frame, moment},
};

/// Every incident.
pub(super) const PAGE: &str = "/console/incidents";
/// One incident.
pub(super) const ONE: &str = "/console/incidents/{incident}";
/// Somebody looks after it.
pub(super) const TAKE: &str = "/console/incidents/{incident}/take";
/// Somebody proposes how it ends.
pub(super) const PROPOSE: &str = "/console/incidents/{incident}/propose";

/// Where an incident is shown.
fn path(incident: i64) -> String {
    ONE.replace("{incident}", &incident.to_string())
}

fn ended_chip(ended: Option<Ending>) -> Cell {
    match ended {
        None => Cell::chip("未了结", "bad"),
        Some(Ending::Settled) => Cell::chip("自行了结", "good"),
        Some(Ending::Explained) => Cell::chip("两人核定", "good"),
    }
}

/// Which incidents, as it stands in the address.
#[derive(Deserialize, Default)]
pub(super) struct AskedIncidents {
    #[serde(default)]
    state: String,
    file: Option<File>,
}

pub(super) async fn page(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Query(asked): Query<AskedIncidents>,
) -> Response {
    let all = match incident::list(&app).await {
        Ok((all, _waiting)) => all,
        Err(failed) => return error::answer(&app, Some(&organiser), false, failed.into()),
    };
    let wants_all = asked.state == "all";
    let rows = all
        .iter()
        .rev()
        .filter(|row| wants_all || row.ended.is_none());
    let rows = rows.map(|row| {
        let city = row.city.as_deref();
        vec![
            Cell::link(row.incident.to_string(), path(row.incident)),
            Cell::text(wording::class(&row.class)),
            Cell::text(Day::of_column(row.day).to_string()),
            Cell::text(city.map_or_else(|| "—".to_owned(), |city| app.season.city_name(city))),
            Cell::text(row.bill_number.as_str()),
            Cell::text(yuan(row.ours_fen)),
            Cell::text(yuan(row.bill_fen)),
            Cell::text(row.owner.as_deref().unwrap_or("无人负责")),
            ended_chip(row.ended.map(Ending::from)),
        ]
    });
    let list = List {
        filters: vec![Filter {
            name: "state",
            label: "范围",
            value: asked.state.clone(),
            options: [("", "未了结"), ("all", "全部")]
                .map(|(value, label)| (value.to_owned(), label.to_owned()))
                .to_vec(),
        }],
        files: Some(format!(
            "{PAGE}?state={}&",
            if wants_all { "all" } else { "" }
        )),
        ..List::plain(
            "差异事项",
            columns([
                ("编号", Kind::Number),
                ("类别", Kind::Text),
                ("日期", Kind::Text),
                ("城市", Kind::Text),
                ("单号", Kind::Id),
                ("我方（元）", Kind::Number),
                ("账单（元）", Kind::Number),
                ("负责人", Kind::Text),
                ("状态", Kind::Chip),
            ]),
            rows.collect(),
            "没有未了结的事项。",
        )
    };
    if let Some(file) = asked.file {
        return list.file(file);
    }
    frame::personal(&Sections {
        frame: Frame::of(&app, Some(&organiser), PAGE),
        title: "差异事项".to_owned(),
        lead: "与账单不符的单号，和被扣住的付款；一人提出处理，另一人批准。R4 至 R7 未了结时，不再给当事人发款。".to_owned(),
        tools: vec![("对账", super::books::PAGE.to_owned())],
        alarms: Vec::new(),
        sections: vec![Section::new("", "", vec![Part::List(list)])],
    })
}

/// The incident that an address names.
pub(super) async fn found(app: &App, text: &str) -> Result<Detail, Error> {
    let number: i64 = text.parse().map_err(|_no_number| Refused::NotFound)?;
    let detail = incident::detail(app, number).await?;
    Ok(detail.ok_or(Refused::NotFound)?)
}

pub(super) async fn one(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(text): Path<String>,
) -> Response {
    match found(&app, &text).await {
        Ok(detail) => detail_page(&app, &organiser, &detail),
        Err(failed) => error::answer(&app, Some(&organiser), false, failed),
    }
}

fn facts(app: &App, detail: &Detail) -> Vec<(&'static str, String, &'static str)> {
    let row = &detail.incident;
    let city = row.city.as_deref();
    let state = detail.payment.as_deref();
    let state = state.map_or("不是我方的单号", |state| {
        wording::payment_state(state).0
    });
    vec![
        (
            "类别",
            format!("{}，第 {} 次", wording::class(&row.class), row.occurrence),
            "",
        ),
        ("单号", row.bill_number.clone(), "digest"),
        ("账单日", Day::of_column(row.day).to_string(), ""),
        (
            "城市",
            city.map_or_else(|| "—".to_owned(), |city| app.season.city_name(city)),
            "",
        ),
        ("我方账", format!("{} 元，{state}", yuan(row.ours_fen)), ""),
        ("微信账单", format!("{} 元", yuan(row.bill_fen)), ""),
        ("发现", moment::second(season::instant(row.opened_ms)), ""),
        (
            "负责人",
            row.owner.clone().unwrap_or_else(|| "无人负责".to_owned()),
            if row.owner.is_none() { "warn" } else { "" },
        ),
    ]
}

fn detail_page(app: &App, organiser: &Organiser, detail: &Detail) -> Response {
    let frame = Frame::of(app, Some(organiser), PAGE);
    let row = &detail.incident;
    let mut sections = vec![Section::new(
        "事项",
        "",
        vec![Part::Facts(facts(app, detail))],
    )];
    let lines = payments::bill_lines(&detail.lines);
    sections.push(Section::new(
        "账单里的这个单号",
        "",
        vec![Part::List(lines)],
    ));
    sections.extend(corrections(app, detail));
    if row.ended.is_none() {
        sections.extend(forms(app, &frame, organiser, row));
    }
    let mut tools = vec![
        ("差异事项", PAGE.to_owned()),
        ("待复核", decisions::PAGE.to_owned()),
    ];
    if detail.payment.is_some() {
        tools.push(("这笔付款", payments::path(&row.bill_number)));
    }
    let (tone, words) = match row.ended.map(Ending::from) {
        None => ("bad", "未了结。"),
        Some(Ending::Settled) => ("good", "后来的账单或付款的结果与我方相符，自行了结。"),
        Some(Ending::Explained) => ("good", "两人核定，已了结。"),
    };
    frame::personal(&Sections {
        frame,
        title: format!("第 {} 号差异", row.incident),
        lead: String::new(),
        tools,
        alarms: vec![(tone, words.to_owned())],
        sections,
    })
}

/// How two persons ended it, and what waits for a second person.
fn corrections(app: &App, detail: &Detail) -> Vec<Section> {
    let mut sections = Vec::new();
    if let Some((correction, checker, at)) = &detail.approved {
        let asked = asked(detail, correction);
        let mut facts = vec![
            ("提出", correction.maker.clone(), ""),
            ("批准", format!("{checker}，{}", moment::second(*at)), ""),
            ("理由", correction.reason.clone(), ""),
            ("依据", correction.evidence.clone(), ""),
        ];
        if let Some(asked) = asked {
            facts.insert(0, ("处理", decisions::asked_words(app, &asked), ""));
        }
        sections.push(Section::new("两人核定", "", vec![Part::Facts(facts)]));
    }
    for correction in &detail.waiting {
        if let Some(asked) = asked(detail, correction) {
            let facts = vec![
                ("提出", correction.maker.clone(), ""),
                ("处理", decisions::asked_words(app, &asked), ""),
                ("理由", correction.reason.clone(), ""),
                ("依据", correction.evidence.clone(), ""),
            ];
            sections.push(Section::new("等待复核", "", vec![Part::Facts(facts)]));
        }
    }
    sections
}

fn asked(detail: &Detail, correction: &incident::Correction) -> Option<Asked> {
    Some(Asked::Correction {
        incident: detail.incident.incident,
        class: detail.incident.class.clone(),
        bill_number: detail.incident.bill_number.clone(),
        action: correction::action_of(correction)?,
    })
}

fn evidence() -> Field {
    Field::new("evidence", "依据", FieldKind::Text).hint("工单号、商户平台的截图编号、账单的行号等")
}

fn forms(app: &App, frame: &Frame, organiser: &Organiser, row: &Incident) -> Vec<Section> {
    let mut sections = Vec::new();
    let fill = |template: &str| template.replace("{incident}", &row.incident.to_string());
    let finance = [Role::FinanceOperator, Role::FinanceApprover];
    if organiser.roles.has_any(&finance) && row.owner.as_ref() != Some(&organiser.name) {
        let form = Form::new(frame, fill(TAKE), "由我负责", Vec::new());
        sections.push(Section::new("负责人", "", vec![Part::Form(form)]));
    }
    if !organiser.roles.has_any(&[Role::FinanceOperator]) {
        return sections;
    }
    let propose = |label, fields| Part::Form(Form::new(frame, fill(PROPOSE), label, fields));
    if row.class == "held" {
        let ways = ["deferred", "unknown", "dead", "received", "refunded"];
        let ways = ways.into_iter().filter_map(|name| match name.parse() {
            Ok(Action::Held(way)) => {
                Some((name.to_owned(), decisions::resolution_words(way).to_owned()))
            }
            _ => None,
        });
        let fields = vec![
            Field::new("action", "去向", FieldKind::Choice(ways.collect())),
            Field::reason(),
            evidence(),
        ];
        sections.push(Section::new(
            "提出处理",
            "",
            vec![propose("提交复核", fields)],
        ));
        return sections;
    }
    let explained = vec![
        Field::hidden("action", "explained"),
        Field::reason(),
        evidence(),
    ];
    let lead = "原因说清楚了，账不用动：照现在的差额了结。";
    sections.push(Section::new(
        "说明原因",
        lead,
        vec![propose("提交说明", explained)],
    ));
    sections.push(transfer_section(app, row, propose));
    sections
}

/// A transfer between two accounts of a city, proposed.
fn transfer_section(
    app: &App,
    row: &Incident,
    propose: impl Fn(&'static str, Vec<Field>) -> Part,
) -> Section {
    let accounts = || {
        let names = ["suspense", "received", "left", "sent", "reserved"];
        names
            .map(|name| (name.to_owned(), wording::account(name).to_owned()))
            .to_vec()
    };
    let city = match &row.city {
        Some(city) => Field::hidden("city", city),
        None => {
            let edition = app.season.edition();
            let rounds = edition.rounds().iter().map(|round| round.city());
            let cities =
                rounds.map(|city| (city.slug().as_str().to_owned(), city.name().to_owned()));
            Field::new("city", "城市", FieldKind::Choice(cities.collect()))
        }
    };
    let fields = vec![
        Field::hidden("action", "transfer"),
        city,
        Field::new("debit", "从", FieldKind::Choice(accounts())),
        Field::new("credit", "到", FieldKind::Choice(accounts())).value("received"),
        Field::new("amount", "金额（元）", FieldKind::Text).hint("如 1.20"),
        Field::reason(),
        evidence(),
    ];
    let lead = "账要动：在两个账户之间补一笔，批准后入账；存疑的钱本人收到了就转到“已到账”，退回来了就转到“退回与作废”。";
    Section::new("提出更正分录", lead, vec![propose("提交更正", fields)])
}

/// What somebody proposes, as the forms send it.
#[derive(Deserialize, Default)]
pub(super) struct Said {
    #[serde(default)]
    action: String,
    #[serde(default)]
    city: String,
    #[serde(default)]
    debit: String,
    #[serde(default)]
    credit: String,
    #[serde(default)]
    amount: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    evidence: String,
}

/// Yuan with at most two decimals as fen.
fn fen_of(text: &str) -> Option<i64> {
    let (whole, cents) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole) || !is_digits(cents) || cents.len() > 2 {
        return None;
    }
    let cents: i64 = format!("{cents:0<2}").parse().ok()?;
    whole
        .parse::<i64>()
        .ok()?
        .checked_mul(100)?
        .checked_add(cents)
}

impl Said {
    /// The action in the words of the commands.
    fn action(&self) -> Option<String> {
        if self.action != "transfer" {
            return Some(self.action.clone());
        }
        let fen = fen_of(&self.amount)?;
        Some(format!(
            "{}:{}:{}:{fen}",
            self.city, self.debit, self.credit
        ))
    }
}

/// Proposes how an incident ends.
pub(super) async fn proposed(
    app: &App,
    organiser: &Organiser,
    (incident, action): (&str, Option<&str>),
    why: &str,
    evidence: &str,
) -> Result<Id, Error> {
    let incident = incident.parse().map_err(|_no_number| Refused::NotFound)?;
    let proposal = Proposal {
        incident,
        reason: reason(why)?,
        evidence: reason(evidence)?,
        action: action
            .and_then(|action| action.parse().ok())
            .ok_or(Refused::ActionUnfit)?,
        maker: organiser.name.clone(),
    };
    Ok(Id::Correction(correction::propose(app, proposal).await?))
}

pub(super) async fn propose(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(text): Path<String>,
    Sent(said): Sent<Said>,
) -> Response {
    let action = said.action();
    let about = (text.as_str(), action.as_deref());
    match proposed(&app, &organiser, about, &said.reason, &said.evidence).await {
        Ok(_id) => Redirect::to(decisions::PAGE).into_response(),
        Err(failed) => error::answer(&app, Some(&organiser), false, failed),
    }
}

/// Makes the caller the owner of an incident.
pub(super) async fn taken(app: &App, organiser: &Organiser, text: &str) -> Result<(), Error> {
    let number: i64 = text.parse().map_err(|_no_number| Refused::NotFound)?;
    Ok(incident::take(app, number, &organiser.name).await?)
}

pub(super) async fn take(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(text): Path<String>,
) -> Response {
    match taken(&app, &organiser, &text).await {
        Ok(()) => Redirect::to(&ONE.replace("{incident}", &text)).into_response(),
        Err(failed) => error::answer(&app, Some(&organiser), false, failed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_in_yuan_is_whole_fen_or_nothing() {
        for (text, fen) in [
            ("1.20", 120),
            ("1.2", 120),
            ("3", 300),
            (" 0.01 ", 1),
            ("100.", 10_000),
        ] {
            assert_eq!(fen_of(text), Some(fen), "{text}");
        }
        for bad in [
            "",
            ".5",
            "1.234",
            "-1",
            "1,000",
            "１",
            "1e3",
            "99999999999999999999",
        ] {
            assert_eq!(fen_of(bad), None, "{bad}");
        }
    }
}
