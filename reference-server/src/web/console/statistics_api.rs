//! The statistics as JSON: the same use cases behind the same gate.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    response::{IntoResponse as _, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{error, gate::Signed};
use crate::{
    app::App,
    contest::{
        organiser::Organiser,
        statistics::{
            self, CityLine, DistrictLine, Hour, ItemFigures, Place, SeasonStatistics, Statistics,
        },
    },
    web::{api::problem::Problem, moment},
};

pub(super) const CITY: &str = "/api/v1/console/cities/{city}/statistics";
pub(super) const ITEMS: &str = "/api/v1/console/cities/{city}/items";
pub(super) const CODES: &str = "/api/v1/console/cities/{city}/district-codes";
pub(super) const SEASON: &str = "/api/v1/console/season";

/// Attempts and packets of an hour.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct StatisticsHourBody {
    /// The day of the city's window, from 1.
    day: i64,
    /// 0 to 23.
    hour: i64,
    n_attempts: i64,
    n_passes: i64,
    /// People who submitted for the first time on that day.
    n_people_of_day: i64,
    n_packets: i64,
}

/// People of a district; a number of 1 to 4 is not told, nor one that would give it away.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct DistrictPeopleBody {
    /// `district`, `other-city`, `elsewhere`, `undisclosed` or `unknown`.
    place: String,
    /// The district's slug.
    district: Option<String>,
    new_followers_declared: Option<i64>,
    new_followers_scanned: Option<i64>,
    people_declared: Option<i64>,
    people_scanned: Option<i64>,
    passed_declared: Option<i64>,
    awarded_declared: Option<i64>,
    received_declared: Option<i64>,
}

/// A city's people, hours and districts.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct StatisticsBody {
    city: String,
    at: String,
    n_attempts: i64,
    n_passes: i64,
    n_new_followers: i64,
    n_new_following: i64,
    n_people: i64,
    /// Who of them had submitted in no city before.
    n_new_people: i64,
    n_passed: i64,
    n_awarded: i64,
    n_received: i64,
    hours: Vec<StatisticsHourBody>,
    districts: Vec<DistrictPeopleBody>,
}

impl StatisticsBody {
    fn of(found: &Statistics) -> Self {
        let funnel = &found.funnel;
        Self {
            city: found.city.clone(),
            at: moment::rfc3339(found.at),
            n_attempts: found.n_attempts,
            n_passes: found.n_passes,
            n_new_followers: funnel.n_new_followers,
            n_new_following: funnel.n_new_following,
            n_people: funnel.n_people,
            n_new_people: funnel.n_new_people,
            n_passed: funnel.n_passed,
            n_awarded: funnel.n_awarded,
            n_received: funnel.n_received,
            hours: found.hours.iter().map(hour).collect(),
            districts: found.districts.iter().map(district).collect(),
        }
    }
}

fn hour(hour: &Hour) -> StatisticsHourBody {
    StatisticsHourBody {
        day: hour.day,
        hour: hour.hour,
        n_attempts: hour.n_attempts,
        n_passes: hour.n_passes,
        n_people_of_day: hour.n_of_day,
        n_packets: hour.n_awards,
    }
}

fn district(line: &DistrictLine) -> DistrictPeopleBody {
    let (place, district) = match &line.place {
        Place::District(slug, _name) => ("district", Some(slug.clone())),
        Place::OtherCity => ("other-city", None),
        Place::Elsewhere => ("elsewhere", None),
        Place::Undisclosed => ("undisclosed", None),
        Place::Unknown => ("unknown", None),
    };
    DistrictPeopleBody {
        place: place.to_owned(),
        district,
        new_followers_declared: line.followers_declared.exact(),
        new_followers_scanned: line.followers_scanned.exact(),
        people_declared: line.people_declared.exact(),
        people_scanned: line.people_scanned.exact(),
        passed_declared: line.passed_declared.exact(),
        awarded_declared: line.awarded_declared.exact(),
        received_declared: line.received_declared.exact(),
    }
}

/// A city's people from following to the packet that has arrived, its hours and its districts.
#[utoipa::path(get, path = CITY, tag = "console",
    params(("city" = String, Path, description = "The city's slug")),
    responses((status = 200, body = StatisticsBody), (status = 401, body = Problem),
        (status = 404, body = Problem)))]
pub(in crate::web) async fn of_city(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
) -> Response {
    match statistics::of_city(&app, &city).await {
        Ok(found) => Json(StatisticsBody::of(&found)).into_response(),
        Err(failed) => error::answer(&app, Some(&organiser), true, failed),
    }
}

/// An option and how many chose it.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct ItemOptionBody {
    letter: String,
    is_key: bool,
    /// In a thousand of those who were shown the question.
    chosen_permille: Option<i64>,
}

/// What is known of a question; nothing where fewer than five were shown it.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct ItemFiguresBody {
    /// Its number in the bank, from 1.
    number: i64,
    /// `province` or `city`.
    origin: String,
    stem: String,
    n_shown: Option<i64>,
    facility_permille: Option<i64>,
    error_permille: Option<i64>,
    /// -1000 to 1000.
    discrimination_permille: Option<i64>,
    options: Vec<ItemOptionBody>,
    unanswered_permille: Option<i64>,
    /// `probable-wrong-key`, `negative-discrimination`, `too-easy`, `too-hard`, `idle-distractor`.
    flags: Vec<String>,
}

fn item(item: ItemFigures) -> ItemFiguresBody {
    let key = item.key;
    let mut flags: Vec<String> = item
        .flags
        .iter()
        .map(|flag| super::wording::item_flag_word(flag).to_owned())
        .collect();
    flags.dedup();
    ItemFiguresBody {
        number: item.number,
        origin: if item.is_province { "province" } else { "city" }.to_owned(),
        stem: item.stem,
        n_shown: item.n_shown.exact(),
        facility_permille: item.facility_permille,
        error_permille: item.error_permille,
        discrimination_permille: item.discrimination_permille,
        options: item
            .options
            .into_iter()
            .map(|(letter, chosen_permille)| ItemOptionBody {
                letter: letter.to_string(),
                is_key: letter == key,
                chosen_permille,
            })
            .collect(),
        unanswered_permille: item.unanswered_permille,
        flags,
    }
}

/// How the questions of a city are answered at the first attempt; a city editor gets the city's own.
#[utoipa::path(get, path = ITEMS, tag = "console",
    params(("city" = String, Path, description = "The city's slug")),
    responses((status = 200, body = [ItemFiguresBody]), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(in crate::web) async fn items(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
) -> Response {
    match statistics::items(&app, &organiser, &city).await {
        Ok(found) => {
            let bodies: Vec<ItemFiguresBody> = found.items.into_iter().map(item).collect();
            Json(bodies).into_response()
        }
        Err(failed) => error::answer(&app, Some(&organiser), true, failed),
    }
}

/// A district's code.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct DistrictCodeBody {
    district: String,
    name: String,
    /// What the QR encodes; nothing before it is made.
    qr_url: Option<String>,
}

async fn codes_of(app: &App, organiser: &Organiser, city: &str) -> Response {
    match statistics::district_codes(app, city).await {
        Ok(codes) => {
            let bodies = codes.into_iter().map(|code| DistrictCodeBody {
                district: code.district,
                name: code.name,
                qr_url: code.qr_url,
            });
            Json(bodies.collect::<Vec<_>>()).into_response()
        }
        Err(failed) => error::answer(app, Some(organiser), true, failed),
    }
}

/// The codes for the posters of a city's districts.
#[utoipa::path(get, path = CODES, tag = "console",
    params(("city" = String, Path, description = "The city's slug")),
    responses((status = 200, body = [DistrictCodeBody]), (status = 401, body = Problem),
        (status = 404, body = Problem)))]
pub(in crate::web) async fn codes(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
) -> Response {
    codes_of(&app, &organiser, &city).await
}

/// Has WeChat make the codes that are missing; the body is an empty object.
#[utoipa::path(post, path = CODES, tag = "console",
    params(("city" = String, Path, description = "The city's slug")),
    responses((status = 200, body = [DistrictCodeBody]), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(in crate::web) async fn make_codes(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
) -> Response {
    match statistics::make_district_codes(&app, &organiser, &city).await {
        Ok(_n_made) => codes_of(&app, &organiser, &city).await,
        Err(failed) => error::answer(&app, Some(&organiser), true, failed),
    }
}

/// A city's line in the table of the season.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct CityLineBody {
    city: String,
    opens: String,
    n_new_followers: i64,
    n_new_following: i64,
    n_people: i64,
    n_new_people: i64,
    n_passed: i64,
    n_attempts: i64,
    n_packets: i64,
    awarded_fen: i64,
}

/// The cities beside each other, and the season's followers.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct SeasonBody {
    at: String,
    n_new_followers: i64,
    n_new_following: i64,
    cities: Vec<CityLineBody>,
}

fn line(line: &CityLine) -> CityLineBody {
    CityLineBody {
        city: line.city.clone(),
        opens: moment::rfc3339(line.opens),
        n_new_followers: line.n_new_followers,
        n_new_following: line.n_new_following,
        n_people: line.n_people,
        n_new_people: line.n_new_people,
        n_passed: line.n_passed,
        n_attempts: line.n_attempts,
        n_packets: line.n_awards,
        awarded_fen: line.awarded_fen,
    }
}

impl SeasonBody {
    fn of(found: &SeasonStatistics) -> Self {
        Self {
            at: moment::rfc3339(found.at),
            n_new_followers: found.n_new_followers,
            n_new_following: found.n_new_following,
            cities: found.cities.iter().map(line).collect(),
        }
    }
}

/// The cities beside each other, at most half a minute old.
#[utoipa::path(get, path = SEASON, tag = "console",
    responses((status = 200, body = SeasonBody), (status = 401, body = Problem),
        (status = 403, body = Problem)))]
pub(in crate::web) async fn of_season(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
) -> Response {
    match statistics::of_season(&app).await {
        Ok(found) => Json(SeasonBody::of(&found)).into_response(),
        Err(failed) => error::answer(&app, Some(&organiser), true, failed),
    }
}
