//! `/city/{slug}`: what a city shows of itself, and a calendar file of its contest.

use std::sync::Arc;

use askama::Template;
use axum::{
    Router,
    extract::{Path, State},
    http::{Uri, header},
    response::{IntoResponse, Response},
    routing::get,
};

use chrono::TimeDelta;
use schedule_core::{
    CitySlug, EditionSlug,
    ics::{Feed, Revision},
};

use super::{
    error::PageError,
    frame::{self, Frame},
    markdown, moment,
    qr_code::QrCode,
    session::Visitor,
};
use crate::{
    app::App,
    content::{Code, Link},
    contest::{
        Refusal,
        season::{self, Station, StationState},
    },
};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/city/{slug}", get(city))
        .route("/city/{slug}/hero.svg", get(hero))
        .route("/city/{slug}/reminder.ics", get(reminder))
}

#[derive(Template)]
#[template(path = "city.html")]
struct CityPage {
    frame: Frame,
    slug: String,
    name: String,
    tagline: Option<String>,
    when: String,
    is_open: bool,
    is_ahead: bool,
    page: Option<String>,
    links: Vec<Link>,
    codes: Vec<DrawnCode>,
    districts: String,
}

/// A code and what stands under it.
struct DrawnCode {
    svg: String,
    caption: String,
}

async fn city(
    State(app): State<Arc<App>>,
    Path(slug): Path<String>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    let stage = season::stage(&app).await?;
    let station = stage
        .stations
        .into_iter()
        .find(|station| station.slug == slug)
        .ok_or(Refusal::UnknownCity)?;
    let content = app.content.city(&slug);
    let page = CityPage {
        frame: Frame::of(&app, &visitor),
        when: when(&station),
        is_open: station.state == StationState::Current,
        is_ahead: matches!(station.state, StationState::Next | StationState::Later),
        tagline: content.map(|content| content.tagline.clone()),
        page: content.map(|content| markdown::to_html(&content.page_markdown)),
        links: content.map_or_else(Vec::new, |content| content.links.clone()),
        codes: content.map_or_else(Vec::new, |content| codes(&content.codes)),
        districts: districts(&app, &slug),
        name: station.name,
        slug,
    };
    Ok(frame::rendered(&page, "private, max-age=30"))
}

/// A text that is too long for a code is left out.
fn codes(codes: &[Code]) -> Vec<DrawnCode> {
    codes
        .iter()
        .filter_map(|code| {
            Some(DrawnCode {
                svg: QrCode::of(&code.url)?.svg("二维码"),
                caption: code.caption.clone(),
            })
        })
        .collect()
}

fn when(station: &Station) -> String {
    let dates = moment::days(station.opens, station.closes);
    let state = match station.state {
        StationState::Past => "已结束",
        StationState::Current => "正在竞赛",
        StationState::Next => "下一站",
        StationState::Later => "待开赛",
    };
    format!("第 {} 站 · {dates} · {state}", station.ordinal)
}

fn districts(app: &App, slug: &str) -> String {
    app.season
        .province
        .cities()
        .iter()
        .find(|city| city.slug().as_str() == slug)
        .map(|city| {
            let names: Vec<&str> = city
                .districts()
                .iter()
                .map(|district| district.name())
                .collect();
            names.join("、")
        })
        .unwrap_or_default()
}

/// A city's illustration, as a picture that can run nothing.
async fn hero(
    State(app): State<Arc<App>>,
    Path(slug): Path<String>,
) -> Result<Response, PageError> {
    let content = app.content.city(&slug).ok_or(Refusal::UnknownCity)?;
    let headers = [
        (header::CONTENT_TYPE, "image/svg+xml"),
        (header::CACHE_CONTROL, "public, max-age=3600"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        ),
    ];
    Ok((headers, content.hero_svg.clone()).into_response())
}

/// Cities open at midnight; a calendar speaks at nine in the morning of that day.
const REMINDER: TimeDelta = TimeDelta::hours(9);

/// A calendar file with the contest of one city.
async fn reminder(
    State(app): State<Arc<App>>,
    Path(slug): Path<String>,
) -> Result<Response, PageError> {
    let file = reminder_file(&app, &slug).ok_or(Refusal::UnknownCity)?;
    let headers = [
        (header::CONTENT_TYPE, "text/calendar; charset=utf-8"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"contest.ics\"",
        ),
        (header::CACHE_CONTROL, "public, max-age=3600"),
    ];
    Ok((headers, file).into_response())
}

fn reminder_file(app: &App, slug: &str) -> Option<String> {
    let season = &app.season;
    let series = EditionSlug::new(season.name.as_str()).ok()?;
    let address: Uri = app.public_url.parse().ok()?;
    let feed = Feed::new(series, address.host()?.to_ascii_lowercase()).ok()?;
    let revision = Revision {
        number: 0,
        stamped: app.now(),
        modified: season.edition.season().start(),
    };
    let city = CitySlug::new(slug).ok()?;
    feed.reminder(&season.edition, &city, REMINDER, revision)
        .ok()
}
