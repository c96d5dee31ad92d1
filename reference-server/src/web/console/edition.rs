//! Another edition of the timetable: drafted in a table of dates, looked at beside the one in force, decided by two.

use std::{collections::BTreeMap, sync::Arc};

use askama::Template;
use axum::{
    extract::{Form as Sent, Multipart, State, multipart::MultipartRejection},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use schedule_core::{
    Alteration, CivilDay, EditionChange, ExposureReport, Round, holidays::Holidays,
};
use serde::Deserialize;

use super::{
    error,
    form::{Field, Form, Kind as FieldKind},
    frame::Frame,
    gantt::Gantt,
    gate::Signed,
    list::{Cell, Kind, List, columns},
    schedule::{self, PAGE},
    table, wording,
};
use crate::{
    app::App,
    content::BankFile,
    contest::{
        edition::{self, Board, Days, Look, Problem, Turn, Verdict, Version, turns_of},
        organiser::{Error, Organiser, Refused},
        schedule::Schedule,
        season,
    },
    web::{frame, moment},
};

/// The table of dates.
pub(super) const EDIT: &str = "/console/schedule/edit";
/// Where it is sent for a look at what it would change.
pub(super) const PREVIEW: &str = "/console/schedule/preview";
/// Where an office's table is sent, to fill it.
pub(super) const UPLOAD: &str = "/console/schedule/upload";
/// Where an edition is handed in.
pub(super) const PROPOSE: &str = "/console/schedule/propose";
/// Where somebody decides about it.
pub(super) const DECIDE: &str = "/console/schedule/decide";

/// What an edition is called.
pub(super) fn name(ordinal: u32) -> String {
    format!("第 {ordinal} 版")
}

/// What an edition would change.
pub(super) struct LookView {
    pub(super) problems: Vec<String>,
    pub(super) notes: Vec<String>,
    pub(super) gantt: String,
    pub(super) table: String,
}

impl LookView {
    pub(super) fn of(app: &App, look: &Look) -> Self {
        let (mut gantt, mut table) = (String::new(), String::new());
        if let (Some(after), Some(change)) = (&look.after, &look.change) {
            let pair = (look.before.edition.as_ref(), after);
            let chart = Gantt::change(pair, change, app.now());
            let report = ExposureReport::new(after, &Holidays::china_2020());
            gantt = chart.render().unwrap_or_default();
            table = changes(change, &report).render().unwrap_or_default();
        }
        Self {
            problems: look.problems.iter().map(wording::problem).collect(),
            notes: look.notes.iter().map(wording::note).collect(),
            gantt,
            table,
        }
    }
}

/// What becomes of a city's turn, in words.
pub(super) fn alteration(alteration: Alteration) -> (String, &'static str) {
    match alteration {
        Alteration::Unchanged => ("不变".to_owned(), ""),
        Alteration::PreheatOnly => ("只改预热".to_owned(), "warn"),
        Alteration::Moved { by } if by.num_days() < 0 => (
            format!("提前 {} 天", by.num_days().saturating_abs()),
            "warn",
        ),
        Alteration::Moved { by } => (format!("推迟 {} 天", by.num_days()), "warn"),
        Alteration::New => ("新增".to_owned(), "good"),
        Alteration::Cancelled => ("取消".to_owned(), "bad"),
        _ => ("天数改变".to_owned(), "bad"),
    }
}

fn changes(change: &EditionChange, report: &ExposureReport) -> List {
    let days =
        |round: Option<&Round>| round.map_or_else(|| "—".to_owned(), |round| span(round.window()));
    let preheat = |round: Option<&Round>| {
        let window = round.and_then(Round::preheat);
        window.map_or_else(|| "—".to_owned(), span)
    };
    let rows = change.rounds().iter().map(|round| {
        let (before, after) = (round.before(), round.after());
        let (word, tone) = alteration(round.alteration());
        let place = after.map_or_else(|| "—".to_owned(), |round| round.index().to_string());
        let mut exposures = report.cities().iter();
        let exposure = exposures.find(|exposure| &exposure.city == round.city().slug());
        let days_off = exposure.filter(|_exposure| after.is_some());
        vec![
            Cell::text(place),
            Cell::text(round.city().name()),
            Cell::text(days(before)),
            Cell::text(days(after)),
            Cell::chip(word, tone),
            Cell::text(preheat(before)),
            Cell::text(preheat(after)),
            Cell::text(days_off.map_or_else(
                || "—".to_owned(),
                |exposure| match exposure.unknown_days {
                    0 => exposure.days_off().to_string(),
                    _ => "不在日历内".to_owned(),
                },
            )),
        ]
    });
    List::plain(
        "逐市变化",
        columns([
            ("站", Kind::Number),
            ("城市", Kind::Text),
            ("现行竞赛", Kind::Text),
            ("新的竞赛", Kind::Text),
            ("变化", Kind::Chip),
            ("现行预热", Kind::Text),
            ("新的预热", Kind::Text),
            ("休息日", Kind::Number),
        ]),
        rows.collect(),
        "没有城市。",
    )
}

fn span(window: schedule_core::Window) -> String {
    moment::days(window.start(), window.end())
}

/// Every edition that was proposed, the newest first.
pub(super) fn history(board: &Board) -> List {
    let rows = board.history.iter().map(|version| {
        let (state, tone, by) = match &version.decision {
            None => ("等批准", "warn", String::new()),
            Some(decision) => {
                let (word, tone) = match decision.verdict.as_str() {
                    "approved" if version.proposal == board.in_force.proposal => ("现行", "good"),
                    "approved" => ("曾经生效", ""),
                    "withdrawn" => ("撤回", ""),
                    _ => ("驳回", "bad"),
                };
                let at = moment::minute(season::instant(decision.decided_ms));
                let by = format!("{}，{at}：{}", decision.checker, decision.reason);
                (word, tone, by)
            }
        };
        vec![
            Cell::text(name(version.ordinal)),
            Cell::chip(state, tone),
            Cell::text(format!("{}，{}", version.maker, moment::minute(version.at))),
            Cell::text(version.reason.as_str()),
            Cell::text(by),
        ]
    });
    List::plain(
        "历次改期",
        columns([
            ("版本", Kind::Text),
            ("状态", Kind::Chip),
            ("提出", Kind::Text),
            ("理由", Kind::Text),
            ("决定", Kind::Text),
        ]),
        rows.collect(),
        "还没有改过期。",
    )
}

/// What this organiser may say about an edition that waits.
pub(super) fn decision_forms(frame: &Frame, organiser: &Organiser, version: &Version) -> Vec<Form> {
    if !table::may_send(DECIDE, &organiser.roles) {
        return Vec::new();
    }
    let form = |verdict: &str, submit: &'static str| {
        let fields = vec![
            Field::hidden("proposal", &version.proposal.to_string()),
            Field::hidden("digest", &version.digest),
            Field::hidden("verdict", verdict),
            Field::reason(),
        ];
        Form::new(frame, DECIDE, submit, fields).named(&format!("{verdict}-"))
    };
    if version.maker == organiser.name {
        return vec![form("withdraw", "撤回")];
    }
    vec![
        form("approve", "批准，立即生效"),
        form("reject", "驳回").danger(),
    ]
}

/// A city's line in the table of dates.
struct DateRow {
    slug: String,
    name: String,
    /// The dates as a form sends them; empty for none.
    first: String,
    preheat_first: String,
    preheat_last: String,
    /// The same in words.
    contest: String,
    preheat: String,
    /// Why they stay; nothing when they may change.
    bound: Option<String>,
}

#[derive(Template)]
#[template(path = "console/schedule_edit.html")]
struct EditPage {
    frame: Frame,
    title: String,
    token: String,
    based_on: i64,
    n_days: u8,
    rows: Vec<DateRow>,
    reason: String,
    /// Why it was not taken.
    refusal: String,
    problems: Vec<String>,
    look: Option<LookView>,
    upload: Form,
}

impl EditPage {
    /// Whether any city's dates can still change.
    fn can_move(&self) -> bool {
        self.rows.iter().any(|row| row.bound.is_none())
    }
}

/// What stands in the table when it is shown.
#[derive(Default)]
struct Shown {
    turns: Option<Vec<Turn>>,
    based_on: Option<i64>,
    reason: String,
    refusal: String,
    problems: Vec<String>,
    /// What somebody should confirm about a file.
    notes: Vec<String>,
}

async fn shown(app: &App, organiser: &Organiser, shown: Shown) -> Response {
    match screen(app, organiser, shown).await {
        Ok(page) => frame::personal(&page),
        Err(failed) => error::answer(app, Some(organiser), false, failed),
    }
}

async fn screen(app: &App, organiser: &Organiser, shown: Shown) -> Result<EditPage, Error> {
    let schedule = crate::contest::schedule::schedule(app).await?;
    let in_force = app.season.editions.in_force();
    let frame = Frame::of(app, Some(organiser), PAGE);
    let (mut problems, mut refusal) = (shown.problems, shown.refusal);
    let look = match &shown.turns {
        Some(turns) => Some(edition::look(app, turns).await?),
        None => None,
    };
    if let Some(look) = &look
        && problems.is_empty()
        && !look.problems.is_empty()
    {
        problems = look.problems.iter().map(wording::problem).collect();
        refusal = "这一版还不能用".to_owned();
    }
    let look = look.filter(|look| look.after.is_some()).map(|look| {
        let mut view = LookView::of(app, &look);
        view.notes.extend(shown.notes);
        view
    });
    let turns = shown.turns.unwrap_or_else(|| turns_of(&in_force.edition));
    let upload = vec![
        Field::new(
            "file",
            "赛程表",
            FieldKind::File(".docx,.xlsx,.xls,.ods,.csv,.tsv,.txt"),
        )
        .hint("Word、表格或文本，读法和命令 timetable check 一样"),
    ];
    Ok(EditPage {
        title: name(in_force.ordinal.saturating_add(1)),
        token: frame
            .who
            .as_ref()
            .map_or_else(String::new, |who| who.form_token.clone()),
        based_on: shown.based_on.unwrap_or(in_force.proposal),
        n_days: app.season.rules.days(),
        rows: rows(app, &schedule, &turns),
        reason: shown.reason,
        refusal,
        problems,
        look,
        upload: Form::new(&frame, UPLOAD, "读这张表", upload),
        frame,
    })
}

/// The cities by their turns, those without one last.
fn rows(app: &App, schedule: &Schedule, turns: &[Turn]) -> Vec<DateRow> {
    let mut cities: Vec<_> = app.season.province.cities().iter().collect();
    let turn = |slug: &str| turns.iter().find(|turn| turn.city == slug);
    cities.sort_by_key(|city| {
        let turn = turn(city.slug().as_str());
        (turn.is_none(), turn.map(|turn| turn.contest.first))
    });
    let written = |days: Option<Days>| match days {
        Some(days) if days.n() > 0 => format!("{} 至 {}", days.first, days.last),
        _ => "—".to_owned(),
    };
    let rows = cities.into_iter().map(|city| {
        let slug = city.slug().as_str();
        let turn = turn(slug);
        let mut stations = schedule.stations.iter();
        let station = stations.find(|station| station.city == slug);
        let preheat = turn.and_then(|turn| turn.preheat);
        let text = |day: Option<CivilDay>| day.map_or_else(String::new, |day| day.to_string());
        DateRow {
            slug: slug.to_owned(),
            name: city.name().to_owned(),
            first: text(turn.map(|turn| turn.contest.first)),
            preheat_first: text(preheat.map(|days| days.first)),
            preheat_last: text(preheat.map(|days| days.last)),
            contest: written(turn.map(|turn| turn.contest)),
            preheat: written(preheat),
            bound: station.and_then(schedule::bound),
        }
    });
    rows.collect()
}

/// The table of dates of the edition in force.
pub(super) async fn edit(State(app): State<Arc<App>>, Signed(organiser): Signed) -> Response {
    shown(&app, &organiser, Shown::default()).await
}

/// The dates as a form sends them, with what cannot be read.
struct Dates {
    turns: Vec<Turn>,
    based_on: i64,
    reason: String,
    problems: Vec<String>,
}

impl Dates {
    /// Cities that are bound keep what the edition in force says; whatever a form says of them is not asked.
    async fn of(app: &App, fields: Vec<(String, String)>) -> Result<Self, Error> {
        let schedule = crate::contest::schedule::schedule(app).await?;
        let in_force = app.season.editions.in_force();
        let fields: BTreeMap<String, String> = fields.into_iter().collect();
        let mut dates = Self {
            turns: Vec::new(),
            based_on: field(&fields, "based_on").parse().unwrap_or_default(),
            reason: field(&fields, "reason").to_owned(),
            problems: Vec::new(),
        };
        let kept = turns_of(&in_force.edition);
        for city in app.season.province.cities() {
            let slug = city.slug().as_str();
            let mut stations = schedule.stations.iter();
            let station = stations.find(|station| station.city == slug);
            if station.and_then(schedule::bound).is_some() {
                let mut kept = kept.iter();
                dates
                    .turns
                    .extend(kept.find(|turn| turn.city == slug).cloned());
                continue;
            }
            match turn(&fields, slug, app.season.rules.days()) {
                Ok(turn) => dates.turns.extend(turn),
                Err(what) => dates.problems.push(format!(
                    "{}的{what}不是日期，请写成 2020-05-06 的样子。",
                    city.name()
                )),
            }
        }
        Ok(dates)
    }
}

fn field<'a>(fields: &'a BTreeMap<String, String>, name: &str) -> &'a str {
    fields.get(name).map_or("", |value| value.trim())
}

/// A city's turn as a form says it; nothing when the city is not to play.
fn turn(
    fields: &BTreeMap<String, String>,
    slug: &str,
    n_days: u8,
) -> Result<Option<Turn>, &'static str> {
    let day = |kind: &str, what: &'static str| {
        let text = field(fields, &format!("{kind}.{slug}"));
        if text.is_empty() {
            return Ok(None);
        }
        text.parse::<CivilDay>().map(Some).map_err(|_no_day| what)
    };
    let Some(first) = day("contest", "竞赛第一天")? else {
        return Ok(None);
    };
    let last = first.checked_add_days(u32::from(n_days.saturating_sub(1)));
    let preheat_last = day("preheat_last", "预热最后一天")?;
    let preheat = day("preheat", "预热第一天")?.map(|from| {
        let eve = first.previous().unwrap_or(first);
        Days {
            first: from,
            last: preheat_last.unwrap_or(eve),
        }
    });
    Ok(Some(Turn {
        city: slug.to_owned(),
        contest: Days {
            first,
            last: last.ok_or("竞赛第一天")?,
        },
        preheat,
    }))
}

/// What of a form can be looked at; nothing when its dates cannot be read.
fn looked_at(dates: Dates) -> Shown {
    let is_readable = dates.problems.is_empty();
    Shown {
        refusal: "有的日期读不懂".to_owned(),
        problems: dates.problems,
        based_on: Some(dates.based_on),
        reason: dates.reason,
        turns: is_readable.then_some(dates.turns),
        notes: Vec::new(),
    }
}

pub(super) async fn preview(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Sent(fields): Sent<Vec<(String, String)>>,
) -> Response {
    let dates = match Dates::of(&app, fields).await {
        Ok(dates) => dates,
        Err(failed) => return error::answer(&app, Some(&organiser), false, failed),
    };
    let is_readable = dates.problems.is_empty();
    let page = shown(&app, &organiser, looked_at(dates)).await;
    if is_readable {
        return page;
    }
    error::with_status(StatusCode::UNPROCESSABLE_ENTITY, page)
}

pub(super) async fn propose(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Sent(fields): Sent<Vec<(String, String)>>,
) -> Response {
    let dates = match Dates::of(&app, fields).await {
        Ok(dates) => dates,
        Err(failed) => return error::answer(&app, Some(&organiser), false, failed),
    };
    let refused = if dates.problems.is_empty() {
        let (turns, based_on) = (dates.turns.clone(), dates.based_on);
        match edition::propose(&app, turns, based_on, &dates.reason, &organiser).await {
            Ok(_number) => return Redirect::to(PAGE).into_response(),
            Err(Error::Refused(
                refused @ (Refused::ScheduleUnfit { .. } | Refused::ReasonMissing),
            )) => Some(refused),
            Err(failed) => return error::answer(&app, Some(&organiser), false, failed),
        }
    } else {
        None
    };
    let mut again = looked_at(dates);
    if let Some(Refused::ReasonMissing) = &refused {
        let (title, detail) = wording::refused(&Refused::ReasonMissing);
        (again.refusal, again.problems) = (title, vec![detail]);
    }
    let page = shown(&app, &organiser, again).await;
    error::with_status(StatusCode::UNPROCESSABLE_ENTITY, page)
}

pub(super) async fn upload(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    sent: Result<Multipart, MultipartRejection>,
) -> Response {
    let Some(file) = file_of(sent).await else {
        let shown_again = Shown {
            refusal: "没有收到文件".to_owned(),
            problems: vec!["请重新选择文件再上传。".to_owned()],
            ..Shown::default()
        };
        let page = shown(&app, &organiser, shown_again).await;
        return error::with_status(StatusCode::BAD_REQUEST, page);
    };
    let read = match edition::read_file(&app, file).await {
        Ok(read) => read,
        Err(failed) => return error::answer(&app, Some(&organiser), false, failed),
    };
    let is_readable = read.turns.is_some();
    let read = Shown {
        refusal: "这张表还读不成赛程".to_owned(),
        problems: read.problems,
        notes: read.notes,
        turns: read.turns,
        ..Shown::default()
    };
    let page = shown(&app, &organiser, read).await;
    if is_readable {
        return page;
    }
    error::with_status(StatusCode::UNPROCESSABLE_ENTITY, page)
}

async fn file_of(sent: Result<Multipart, MultipartRejection>) -> Option<BankFile> {
    let mut sent = sent.ok()?;
    while let Some(field) = sent.next_field().await.ok()? {
        if field.name() == Some("file") {
            let name = field.file_name().unwrap_or_default().to_owned();
            let bytes = field.bytes().await.ok()?.to_vec();
            return (!bytes.is_empty()).then_some(BankFile { name, bytes });
        }
    }
    None
}

/// A word about an edition that waits.
#[derive(Deserialize)]
pub(super) struct WordFields {
    #[serde(default)]
    proposal: String,
    #[serde(default)]
    digest: String,
    #[serde(default)]
    verdict: String,
    #[serde(default)]
    reason: String,
}

/// The verdict of a word.
pub(super) fn verdict(word: &str) -> Option<Verdict> {
    match word {
        "approve" => Some(Verdict::Approve),
        "reject" => Some(Verdict::Reject),
        "withdraw" => Some(Verdict::Withdraw),
        _ => None,
    }
}

pub(super) async fn decide(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Sent(said): Sent<WordFields>,
) -> Response {
    let decided = match (verdict(&said.verdict), said.proposal.parse::<i64>()) {
        (Some(verdict), Ok(number)) => {
            let bound = (number, said.digest.as_str());
            edition::decide(&app, verdict, bound, &said.reason, &organiser).await
        }
        _ => Err(Refused::NotWaiting.into()),
    };
    match decided {
        Ok(()) => Redirect::to(PAGE).into_response(),
        Err(failed) => error::answer(&app, Some(&organiser), false, failed),
    }
}

/// What stands against an edition, as a call says it.
pub(super) fn sentences(problems: &[Problem]) -> Vec<String> {
    problems.iter().map(wording::problem).collect()
}
