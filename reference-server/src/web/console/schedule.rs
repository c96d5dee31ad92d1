//! The timetable in force: a chart of all cities, a table under it, a calendar file, and the editions it came from.

use std::sync::Arc;

use askama::Template;
use axum::{
    Json,
    extract::State,
    http::header,
    response::{IntoResponse as _, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    edition::{self, LookView},
    edition_api::EditionVersionBody,
    error,
    form::Form,
    frame::Frame,
    gantt::Gantt,
    gate::Signed,
    list::{Cell, Kind, List, columns},
    table,
};
use crate::{
    app::{App, Sealing},
    contest::{
        self, Failure,
        edition::Board,
        organiser::Organiser,
        schedule::{self, Readiness, Schedule, Standing, Station},
    },
    web::{api::problem::Problem, city, frame, moment},
};

/// The page.
pub(super) const PAGE: &str = "/console/schedule";
/// The calendar file.
pub(super) const CALENDAR: &str = "/console/schedule/calendar";
/// The same as a call.
pub(super) const API: &str = "/api/v1/console/schedule";

/// An edition that waits for a second person.
struct WaitingView {
    title: String,
    maker: String,
    at: String,
    reason: String,
    digest: String,
    look: LookView,
    forms: Vec<Form>,
}

#[derive(Template)]
#[template(path = "console/schedule.html")]
struct SchedulePage {
    frame: Frame,
    title: String,
    /// Which edition it is, since when, by whom.
    edition: String,
    may_edit: bool,
    waiting: Option<WaitingView>,
    gantt: Gantt,
    table: List,
    n_movable: usize,
    /// When cities are sealed.
    sealing: String,
    history: List,
}

impl SchedulePage {
    fn of(app: &App, organiser: &Organiser, schedule: &Schedule, board: &Board) -> Self {
        let frame = Frame::of(app, Some(organiser), PAGE);
        let waiting = board.waiting.as_ref();
        let waiting = waiting.map(|(version, look)| WaitingView {
            title: edition::name(version.ordinal),
            maker: version.maker.clone(),
            at: moment::minute(version.at),
            reason: version.reason.clone(),
            digest: version.digest.clone(),
            look: LookView::of(app, look),
            forms: edition::decision_forms(&frame, organiser, version),
        });
        let movable = schedule.stations.iter();
        Self {
            title: schedule.title.clone(),
            edition: in_force(schedule),
            may_edit: table::may_send(edition::PROPOSE, &organiser.roles) && waiting.is_none(),
            waiting,
            gantt: Gantt::in_force(schedule),
            table: stations(schedule),
            n_movable: movable.filter(|station| station.is_movable()).count(),
            sealing: match app.season.sealing {
                Sealing::AtStart => "题库一到就封存。".to_owned(),
                Sealing::DaysBefore(n_days) => format!("各市在预热前 {n_days} 天封存。"),
            },
            history: edition::history(board),
            frame,
        }
    }
}

/// Which edition is in force, and since when.
fn in_force(schedule: &Schedule) -> String {
    let name = edition::name(schedule.ordinal);
    match schedule.since {
        Some(since) => format!("{name}，{} 起生效", moment::minute(since)),
        None => format!("{name}（配置里的）"),
    }
}

fn stations(schedule: &Schedule) -> List {
    let rows = schedule.stations.iter().map(|station| {
        let (state, tone) = match station.standing {
            Standing::Past => ("已结束", ""),
            Standing::Open => ("进行中", "good"),
            Standing::Ahead => ("未开赛", ""),
        };
        let preheat = station.preheat.as_ref();
        vec![
            Cell::text(station.ordinal.to_string()),
            Cell::text(station.name.as_str()),
            Cell::text(preheat.map_or_else(
                || "没有预热".to_owned(),
                |(from, to)| moment::days(*from, *to),
            )),
            Cell::text(moment::days(station.opens, station.closes)),
            Cell::text(station.n_days.to_string()),
            Cell::chip(state, tone),
            bank_chip(station),
            Cell::text(bound_by(station)),
        ]
    });
    List::plain(
        "赛程",
        columns([
            ("站", Kind::Number),
            ("城市", Kind::Text),
            ("预热", Kind::Text),
            ("竞赛", Kind::Text),
            ("天数", Kind::Number),
            ("状态", Kind::Chip),
            ("题库", Kind::Chip),
            ("还能不能改期", Kind::Text),
        ]),
        rows.collect(),
        "赛程里还没有城市。",
    )
}

/// How far a city's bank has come.
fn bank_chip(station: &Station) -> Cell {
    let is_due = station.standing != Standing::Past;
    match station.bank {
        Readiness::Missing if is_due => Cell::chip("题库未就绪", "bad"),
        Readiness::Missing => Cell::chip("没有题库", ""),
        Readiness::Drafted => Cell::chip("题库未就绪，草稿中", "bad"),
        Readiness::Submitted => Cell::chip("题库未就绪，待审核", "warn"),
        Readiness::Filed => Cell::chip("文件已齐，封存时冻结", ""),
        Readiness::InForce => Cell::chip("已就绪", "good"),
        Readiness::Frozen => Cell::chip("已冻结", ""),
    }
}

/// What keeps a city's days where they are.
fn bound_by(station: &Station) -> String {
    match (station.standing, station.is_sealed) {
        (Standing::Past, _) => "不能：已经结束".to_owned(),
        (Standing::Open, _) => "不能：正在竞赛".to_owned(),
        (Standing::Ahead, true) => "不能：红包已按这几天封存并公布承诺".to_owned(),
        (Standing::Ahead, false) => {
            let until = moment::minute(station.bound_from);
            format!("可以：红包还没有封存，{until} 以前可改")
        }
    }
}

/// Why a city's days stay where they are, for whoever drafts another edition; nothing when they need not.
pub(super) fn bound(station: &Station) -> Option<String> {
    (!station.is_movable()).then(|| bound_by(station))
}

pub(super) async fn page(State(app): State<Arc<App>>, Signed(organiser): Signed) -> Response {
    let found = async {
        let schedule = schedule::schedule(&app).await?;
        Ok((schedule, contest::edition::board(&app).await?))
    };
    match found.await {
        Ok((schedule, board)) => {
            frame::personal(&SchedulePage::of(&app, &organiser, &schedule, &board))
        }
        Err(failed) => error::answer(&app, Some(&organiser), false, failed),
    }
}

/// Every phase as a calendar file, for the offices' calendars.
pub(super) async fn calendar(State(app): State<Arc<App>>, Signed(organiser): Signed) -> Response {
    let Some(file) = city::calendar(&app) else {
        let failed = Failure::defect("the timetable cannot be written as a calendar");
        return error::answer(&app, Some(&organiser), false, failed.into());
    };
    let headers = [
        (header::CONTENT_TYPE, "text/calendar; charset=utf-8"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"schedule.ics\"",
        ),
    ];
    (headers, file).into_response()
}

/// A city's turn.
#[derive(Serialize, ToSchema)]
struct StationBody {
    /// 1-based place in the rotation.
    ordinal: u32,
    city: String,
    name: String,
    /// RFC 3339, inclusive; nothing without a preheat.
    preheat_from: Option<String>,
    opens: String,
    /// RFC 3339, exclusive.
    closes: String,
    n_days: u32,
    /// `past`, `open` or `ahead`.
    standing: &'static str,
    /// Whether its packets are sealed for exactly these days.
    sealed: bool,
    /// RFC 3339; until then its turn may move, unless it is sealed.
    movable_until: String,
    /// `missing`, `drafted`, `submitted`, `filed`, `in_force` or `frozen`: without a bank it does not open.
    bank: &'static str,
}

/// The timetable in force.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct ScheduleBody {
    /// The edition's slug.
    edition: String,
    title: String,
    /// Which of the season's editions it is, from 1.
    ordinal: u32,
    /// The proposal by which it was approved; 0 for the configuration's.
    proposal: i64,
    /// RFC 3339; nothing for the configuration's.
    since: Option<String>,
    cities: Vec<StationBody>,
    /// The edition that waits for a second person.
    waiting: Option<EditionVersionBody>,
    /// Every edition that was proposed, the newest first.
    history: Vec<EditionVersionBody>,
}

/// The timetable in force, with what still may move.
#[utoipa::path(get, path = API, tag = "console",
    responses((status = 200, body = ScheduleBody), (status = 401, body = Problem)))]
pub(in crate::web) async fn call(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
) -> Response {
    let found = async {
        let schedule = schedule::schedule(&app).await?;
        Ok((schedule, contest::edition::board(&app).await?))
    };
    let (schedule, board) = match found.await {
        Ok(found) => found,
        Err(failed) => return error::answer(&app, Some(&organiser), true, failed),
    };
    let cities = schedule.stations.into_iter().map(|station| StationBody {
        ordinal: station.ordinal,
        preheat_from: station.preheat.map(|(from, _to)| moment::rfc3339(from)),
        opens: moment::rfc3339(station.opens),
        closes: moment::rfc3339(station.closes),
        n_days: station.n_days,
        standing: match station.standing {
            Standing::Past => "past",
            Standing::Open => "open",
            Standing::Ahead => "ahead",
        },
        sealed: station.is_sealed,
        movable_until: moment::rfc3339(station.bound_from),
        bank: match station.bank {
            Readiness::Missing => "missing",
            Readiness::Drafted => "drafted",
            Readiness::Submitted => "submitted",
            Readiness::Filed => "filed",
            Readiness::InForce => "in_force",
            Readiness::Frozen => "frozen",
        },
        city: station.city,
        name: station.name,
    });
    Json(ScheduleBody {
        edition: schedule.edition,
        title: schedule.title,
        ordinal: schedule.ordinal,
        proposal: board.in_force.proposal,
        since: schedule.since.map(moment::rfc3339),
        cities: cities.collect(),
        waiting: board
            .waiting
            .map(|(version, _look)| EditionVersionBody::of(version)),
        history: board
            .history
            .into_iter()
            .map(EditionVersionBody::of)
            .collect(),
    })
    .into_response()
}
