//! The timetable in force: a chart of all cities, a table under it, and a calendar file.

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
    error,
    frame::Frame,
    gate::Signed,
    list::{Cell, Kind, List, columns},
};
use crate::{
    app::App,
    contest::{
        Failure,
        schedule::{self, Schedule, Standing, Station},
    },
    web::{api::problem::Problem, city, frame, moment},
};

/// The page.
pub(super) const PAGE: &str = "/console/schedule";
/// The calendar file.
pub(super) const CALENDAR: &str = "/console/schedule/calendar";
/// The same as a call.
pub(super) const API: &str = "/api/v1/console/schedule";

/// Where bars begin, and how wide the field is in which they are drawn.
const LEFT: i64 = 96;
const WIDTH: i64 = 880;
/// The height of a city's line, and of what stands above the first.
const LINE: i64 = 28;
const TOP: i64 = 30;

/// A bar of a city.
struct Bar {
    x: i64,
    width: i64,
    class: &'static str,
    /// What a pointer that rests on it reads.
    title: String,
}

/// A city's line.
struct Lane {
    name: String,
    y: i64,
    bars: Vec<Bar>,
}

/// A month's beginning.
struct Month {
    x: i64,
    label: String,
}

#[derive(Template)]
#[template(path = "console/schedule.html")]
struct SchedulePage {
    frame: Frame,
    title: String,
    height: i64,
    lanes: Vec<Lane>,
    months: Vec<Month>,
    /// Where today stands, within the season and its preheats.
    today: Option<i64>,
    table: List,
    n_movable: usize,
}

impl SchedulePage {
    fn of(frame: Frame, schedule: &Schedule) -> Self {
        let x = |at: chrono::DateTime<chrono::Utc>| {
            let whole = (schedule.ends - schedule.begins).num_minutes().max(1);
            let part = (at - schedule.begins).num_minutes();
            LEFT.saturating_add(part.saturating_mul(WIDTH).div_euclid(whole))
        };
        let bar = |window: &(chrono::DateTime<chrono::Utc>, chrono::DateTime<chrono::Utc>),
                   class,
                   word: &str| Bar {
            x: x(window.0),
            width: x(window.1).saturating_sub(x(window.0)).max(1),
            class,
            title: format!("{word} {}", moment::days(window.0, window.1)),
        };
        let lanes = (0_i64..).zip(&schedule.stations).map(|(nth, station)| {
            let contest = match station.standing {
                Standing::Past => "past",
                Standing::Open => "open",
                Standing::Ahead => "ahead",
            };
            let preheat = station.preheat.as_ref();
            let preheat = preheat.map(|window| bar(window, "preheat", "预热"));
            let contest = bar(&(station.opens, station.closes), contest, "竞赛");
            Lane {
                name: station.name.clone(),
                y: TOP.saturating_add(nth.saturating_mul(LINE)),
                bars: preheat.into_iter().chain([contest]).collect(),
            }
        });
        let n_lines = i64::try_from(schedule.stations.len()).unwrap_or(0);
        let is_shown = (schedule.begins..schedule.ends).contains(&schedule.now);
        Self {
            frame,
            title: schedule.title.clone(),
            height: TOP
                .saturating_add(n_lines.saturating_mul(LINE))
                .saturating_add(8),
            lanes: lanes.collect(),
            months: schedule
                .months
                .iter()
                .map(|month| Month {
                    x: x(*month),
                    label: moment::date(*month),
                })
                .collect(),
            today: is_shown.then(|| x(schedule.now)),
            table: table(schedule),
            n_movable: schedule
                .stations
                .iter()
                .filter(|station| station.is_movable())
                .count(),
        }
    }
}

fn table(schedule: &Schedule) -> List {
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
            ("还能不能改期", Kind::Text),
        ]),
        rows.collect(),
        "赛程里还没有城市。",
    )
}

/// What keeps a city's days where they are.
fn bound_by(station: &Station) -> &'static str {
    match (station.standing, station.is_sealed) {
        (Standing::Past, _) => "不能：已经结束",
        (Standing::Open, _) => "不能：正在竞赛",
        (Standing::Ahead, true) => "不能：红包已按这几天封存并公布承诺",
        (Standing::Ahead, false) => "可以：红包还没有封存",
    }
}

pub(super) async fn page(State(app): State<Arc<App>>, Signed(organiser): Signed) -> Response {
    match schedule::schedule(&app).await {
        Ok(schedule) => {
            let frame = Frame::of(&app, Some(&organiser), PAGE);
            frame::personal(&SchedulePage::of(frame, &schedule))
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
}

/// The timetable in force.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct ScheduleBody {
    /// The edition's slug.
    edition: String,
    title: String,
    cities: Vec<StationBody>,
}

/// The timetable in force, with what still may move.
#[utoipa::path(get, path = API, tag = "console",
    responses((status = 200, body = ScheduleBody), (status = 401, body = Problem)))]
pub(in crate::web) async fn call(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
) -> Response {
    let schedule = match schedule::schedule(&app).await {
        Ok(schedule) => schedule,
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
        city: station.city,
        name: station.name,
    });
    Json(ScheduleBody {
        edition: schedule.edition,
        title: schedule.title,
        cities: cities.collect(),
    })
    .into_response()
}
