//! `/city/{slug}`: what a city shows of itself, its pictures and video, and a calendar file of its contest.

use std::sync::Arc;

use askama::Template;
use axum::{
    Router,
    extract::{Path, Request, State},
    http::{HeaderValue, Uri, header},
    response::{IntoResponse, Response},
    routing::get,
};

use chrono::TimeDelta;
use schedule_core::{
    CitySlug, EditionSlug,
    ics::{Feed, Revision},
};
use tower::ServiceExt as _;
use tower_http::services::ServeFile;

use super::{
    error::PageError,
    frame::{self, Frame},
    markdown, moment,
    qr_code::QrCode,
    session::Visitor,
};
use crate::{
    app::App,
    content::{CityContent, Code, Link},
    contest::{
        Refusal, city_page, page_picture,
        season::{self, Station, StationState},
    },
};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/city/{slug}", get(city))
        .route("/city/{slug}/hero.svg", get(hero))
        .route("/city/{slug}/picture/{name}", get(picture))
        .route("/city/{slug}/video.mp4", get(video))
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
    hero: Hero,
    has_video: bool,
    links: Vec<Link>,
    codes: Vec<DrawnCode>,
    districts: String,
}

/// The picture at the top of a city's page.
pub(super) struct Hero {
    pub(super) href: String,
    pub(super) width: u32,
    pub(super) height: u32,
}

impl Hero {
    /// The city's photograph, or else its drawing.
    pub(super) fn of(slug: &str, content: Option<&CityContent>) -> Self {
        match content.and_then(CityContent::hero) {
            Some(picture) => Self {
                href: format!("{}{}.jpg", markdown::pictures_of(slug), picture.digest()),
                width: picture.width(),
                height: picture.height(),
            },
            None => Self {
                href: format!("/city/{slug}/hero.svg"),
                width: 750,
                height: 360,
            },
        }
    }
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
    let shown = city_page::content(&app, &slug).await?;
    let kept = kept_for(shown.until.map(|until| until - app.now()));
    let content = shown.content.as_ref();
    let page = CityPage {
        frame: Frame::of(&app, &visitor),
        when: when(&station),
        is_open: station.state == StationState::Current,
        is_ahead: matches!(station.state, StationState::Next | StationState::Later),
        tagline: content.map(|content| content.tagline.clone()),
        page: content.map(markdown::to_html),
        hero: Hero::of(&slug, content),
        has_video: content.is_some_and(|content| content.video.is_some()),
        links: content.map_or_else(Vec::new, |content| content.links.clone()),
        codes: content.map_or_else(Vec::new, |content| codes(&content.codes)),
        districts: districts(&app, &slug),
        name: station.name,
        slug,
    };
    Ok(frame::rendered(&page, kept))
}

/// How a browser keeps a page that another one takes the place of after this span.
fn kept_for(span: Option<TimeDelta>) -> &'static str {
    match span {
        Some(span) if span <= TimeDelta::seconds(30) => "private, no-cache",
        _ => "private, max-age=30",
    }
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

/// What stands for a city that has handed nothing in yet.
const SKYLINE: &str = include_str!("../../static/skyline.svg");

/// A city's illustration, as a picture that can run nothing.
async fn hero(
    State(app): State<Arc<App>>,
    Path(slug): Path<String>,
) -> Result<Response, PageError> {
    let drawing = match app.content.city(&slug) {
        Some(content) => content.hero_svg.clone().ok_or(Refusal::NotFound)?,
        None => {
            let mut cities = app.season.province.cities().iter();
            let city = cities.find(|city| city.slug().as_str() == slug);
            city.ok_or(Refusal::UnknownCity)?;
            SKYLINE.to_owned()
        }
    };
    let headers = [
        (header::CONTENT_TYPE, "image/svg+xml"),
        (header::CACHE_CONTROL, "public, max-age=3600"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        ),
    ];
    Ok((headers, drawing).into_response())
}

/// A picture of a city, under a name that changes with its content.
async fn picture(
    State(app): State<Arc<App>>,
    Path((slug, name)): Path<(String, String)>,
) -> Result<Response, PageError> {
    let digest = name.strip_suffix(".jpg").ok_or(Refusal::NotFound)?;
    let jpeg = page_picture::public_jpeg(&app, &slug, digest).await?;
    let headers = [
        (header::CONTENT_TYPE, "image/jpeg"),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    Ok((headers, jpeg.ok_or(Refusal::NotFound)?).into_response())
}

/// A city's video; phones ask for it piece by piece.
async fn video(
    State(app): State<Arc<App>>,
    Path(slug): Path<String>,
    request: Request,
) -> Result<Response, PageError> {
    let content = app.content.city(&slug).ok_or(Refusal::UnknownCity)?;
    let path = content.video.as_ref().ok_or(Refusal::NotFound)?;
    let Ok(answer) = ServeFile::new(path).oneshot(request).await;
    let mut answer = answer.into_response();
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("video/mp4"));
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=3600"),
    );
    Ok(answer)
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
    let (feed, revision) = feed(app)?;
    let city = CitySlug::new(slug).ok()?;
    feed.reminder(&app.season.edition(), &city, REMINDER, revision)
        .ok()
}

/// Every phase of the edition in force as a calendar file; its events are those of the reminders.
pub(super) fn calendar(app: &App) -> Option<String> {
    let (feed, revision) = feed(app)?;
    let editions = &app.season.editions;
    let in_force = editions.in_force();
    // What the first edition had and this one has not is cancelled in everybody's calendar.
    let file = if in_force.ordinal > 1 {
        feed.replacing(editions.first(), &in_force.edition, revision)
    } else {
        feed.file(&in_force.edition, revision)
    };
    file.ok()
}

fn feed(app: &App) -> Option<(Feed, Revision)> {
    let season = &app.season;
    let in_force = season.editions.in_force();
    let series = EditionSlug::new(season.name.as_str()).ok()?;
    let address: Uri = app.public_url.parse().ok()?;
    let feed = Feed::new(series, address.host()?.to_ascii_lowercase()).ok()?;
    let revision = Revision {
        number: in_force.ordinal.saturating_sub(1),
        stamped: app.now(),
        modified: in_force
            .since
            .unwrap_or_else(|| in_force.edition.season().start()),
    };
    Some((feed, revision))
}
