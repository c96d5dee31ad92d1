//! What is on in a city: its days and their money.

use std::sync::Arc;

use axum::{
    extract::{Path, Query, State},
    response::{IntoResponse as _, Redirect, Response},
};
use serde::Deserialize;

use super::{
    error,
    frame::{Frame, Page, city_or_own},
    gate::Signed,
    list::{Cell, Kind, List, columns},
    table::{self, Scope},
};
use crate::{
    app::App,
    contest::{organiser::Refused, overview},
    web::{frame, moment},
};

/// The page of a city.
pub(super) const PAGE: &str = "/console/cities/{city}";

/// The front page: the organiser's city, or the one that is open.
pub(super) async fn home(State(app): State<Arc<App>>, Signed(organiser): Signed) -> Redirect {
    Redirect::to(&PAGE.replace("{city}", &city_or_own(&app, &organiser, None)))
}

/// What the city switch sends.
#[derive(Deserialize)]
pub(super) struct Switched {
    #[serde(default)]
    page: String,
    #[serde(default)]
    city: String,
}

/// Leads to the same page of another city.
pub(super) async fn switch(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Query(switched): Query<Switched>,
) -> Response {
    let known = table::page(&switched.page).filter(|entry| entry.scope == Scope::City);
    let mut cities = app.season.province.cities().iter();
    let is_city = cities.any(|city| city.slug().as_str() == switched.city);
    match known {
        Some(entry) if is_city => {
            Redirect::to(&entry.path.replace("{city}", &switched.city)).into_response()
        }
        _ => error::answer(&app, Some(&organiser), false, Refused::NotFound.into()),
    }
}

/// A city's page.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
) -> Response {
    let view = match overview::city(&app, &city).await {
        Ok(view) => view,
        Err(failed) => return error::answer(&app, Some(&organiser), false, failed),
    };
    let rows = view.money.as_ref().map_or_else(Vec::new, |money| {
        let days = money.days.iter();
        days.map(|day| {
            vec![
                Cell::text(moment::day(overview::start_of_day(day.day))),
                Cell::text(yuan(day.cap_fen)),
                Cell::text(yuan(day.used_fen)),
                Cell::text(day.n_packets.to_string()),
            ]
        })
        .collect()
    });
    let list = List::plain(
        "每天的红包",
        columns([
            ("日期", Kind::Text),
            ("上限（元）", Kind::Number),
            ("已发（元）", Kind::Number),
            ("个数", Kind::Number),
        ]),
        rows,
        "这个城市还没有封存红包：题库齐了以后重新启动服务器。",
    );
    frame::personal(&Page {
        frame: Frame::of_city(&app, Some(&organiser), PAGE, Some(&city)),
        title: "总览".to_owned(),
        lead: format!(
            "{} · 第 {} 站 · {}",
            app.season.city_name(&city),
            view.ordinal,
            moment::days(view.opens, view.closes)
        ),
        action: None,
        list: Some(list),
        forms: Vec::new(),
    })
}

/// Whole fen as yuan with two decimals.
pub(super) fn yuan(fen: i64) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    let fen = fen.unsigned_abs();
    format!("{sign}{}.{:02}", fen / 100, fen % 100)
}
