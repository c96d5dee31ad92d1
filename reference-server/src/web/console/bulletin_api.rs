//! Daily bulletins as JSON: the same use cases behind the same gate.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, Query, State, rejection::JsonRejection},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{bulletin::Asked, error, gate::Signed};
use crate::{
    app::App,
    contest::{
        bulletin::{self, Bulletin, BulletinRow, DayState, Signing, date_of, day_of},
        organiser::Refused,
        season,
    },
    web::{
        api::{problem::Problem, rejected},
        moment,
    },
};

pub(super) const LIST: &str = "/api/v1/console/cities/{city}/bulletins";
pub(super) const ONE: &str = "/api/v1/console/cities/{city}/bulletin";
pub(super) const COUNT: &str = "/api/v1/console/cities/{city}/bulletin/count";
pub(super) const SIGN: &str = "/api/v1/console/cities/{city}/bulletin/sign";

/// What was signed.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct SignedBody {
    version: i64,
    /// The count that it tells.
    draft: i64,
    situation: String,
    outlook: String,
    /// What it corrects; empty for the first version.
    correction: String,
    /// SHA-256 over all of it, in hexadecimal.
    digest: String,
    signed_by: String,
    signed_name: String,
    signed_at: String,
}

fn signed(row: BulletinRow) -> SignedBody {
    SignedBody {
        version: row.version,
        draft: row.draft,
        situation: row.situation,
        outlook: row.outlook,
        correction: row.correction,
        digest: row.digest,
        signed_by: row.signed_by,
        signed_name: row.signed_name,
        signed_at: moment::rfc3339(season::instant(row.signed_ms)),
    }
}

/// A day and its bulletins.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct BulletinDayBody {
    /// As `2020-04-22`.
    day: String,
    /// Its place in the city's window, from 1.
    nth_day: i64,
    /// The number of its newest count.
    draft: Option<i64>,
    versions: Vec<SignedBody>,
}

fn day(state: DayState) -> BulletinDayBody {
    BulletinDayBody {
        day: date_of(state.day),
        nth_day: state.nth_day,
        draft: state.draft,
        versions: state.versions.into_iter().map(signed).collect(),
    }
}

/// A bulletin: what was counted, and what was signed.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct BulletinBody {
    day: String,
    /// Which count of that day it tells.
    draft: i64,
    counted_at: String,
    counted_by: String,
    /// Number and hash of the audit chain's newest event at that moment.
    audit_number: i64,
    audit_hash: String,
    /// The numbers as they were counted, amounts in fen: a JSON text, letter by letter what the digest is over.
    figures: String,
    /// Nothing of a draft.
    signed: Option<SignedBody>,
}

fn body(found: Bulletin) -> BulletinBody {
    let row = found.draft.row;
    BulletinBody {
        day: date_of(row.day),
        draft: row.draft,
        counted_at: moment::rfc3339(season::instant(row.counted_ms)),
        counted_by: row.counted_by,
        audit_number: row.audit_number,
        audit_hash: row.audit_hash,
        figures: row.figures,
        signed: found.signed.map(signed),
    }
}

/// The days of a city that have begun, the newest first, with their bulletins.
#[utoipa::path(get, path = LIST, tag = "console",
    params(("city" = String, Path, description = "The city's slug")),
    responses((status = 200, body = [BulletinDayBody]), (status = 401, body = Problem),
        (status = 404, body = Problem)))]
pub(in crate::web) async fn list(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
) -> Response {
    match bulletin::days(&app, &city).await {
        Ok(days) => Json(days.into_iter().map(day).collect::<Vec<_>>()).into_response(),
        Err(failed) => error::answer(&app, Some(&organiser), true, failed),
    }
}

/// A day's bulletin: a version, or what was counted last; `null` while nothing is.
#[utoipa::path(get, path = ONE, tag = "console",
    params(("city" = String, Path, description = "The city's slug"),
        ("day" = Option<String>, Query, description = "The date; the newest day that has begun without one"),
        ("version" = Option<i64>, Query, description = "A signed version; the newest count without one")),
    responses((status = 200, body = Option<BulletinBody>), (status = 401, body = Problem),
        (status = 404, body = Problem)))]
pub(in crate::web) async fn one(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    let found = match super::bulletin::wanted(&app, &city, &asked).await {
        Ok(found) => Ok(found.and_then(|(_day, found)| found).map(body)),
        Err(failed) => Err(failed),
    };
    match found {
        Ok(body) => Json(body).into_response(),
        Err(failed) => error::answer(&app, Some(&organiser), true, failed),
    }
}

/// Which day is to be counted.
#[derive(Deserialize, ToSchema)]
pub(in crate::web) struct CountBody {
    /// As `2020-04-22`.
    day: String,
}

/// The number of a count or of a version.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct NumberBody {
    number: i64,
}

/// Counts a day again; the number of the count.
#[utoipa::path(post, path = COUNT, tag = "console", request_body = CountBody,
    params(("city" = String, Path, description = "The city's slug")),
    responses((status = 201, body = NumberBody), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 413, body = Problem)))]
pub(in crate::web) async fn count(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
    body: Result<Json<CountBody>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(body) = body.map_err(rejected)?;
    let counted = match day_of(&body.day) {
        Some(day) => bulletin::count(&app, &city, day, &organiser.name).await,
        None => Err(Refused::NotFound.into()),
    };
    Ok(match counted {
        Ok(number) => (StatusCode::CREATED, Json(NumberBody { number })).into_response(),
        Err(failed) => error::answer(&app, Some(&organiser), true, failed),
    })
}

/// What somebody signs.
#[derive(Deserialize, ToSchema)]
pub(in crate::web) struct SigningBody {
    /// As `2020-04-22`.
    day: String,
    /// The newest count of that day, as it was looked at.
    draft: i64,
    /// At most 2,000 characters.
    #[serde(default)]
    situation: String,
    /// At most 2,000 characters.
    #[serde(default)]
    outlook: String,
    /// What it corrects, 1 to 500 characters, if another version stands.
    #[serde(default)]
    correction: String,
}

/// Signs a count, which makes it the next version; wants the second factor of the last five minutes.
#[utoipa::path(post, path = SIGN, tag = "console", request_body = SigningBody,
    params(("city" = String, Path, description = "The city's slug")),
    responses((status = 201, body = NumberBody), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 413, body = Problem), (status = 422, body = Problem)))]
pub(in crate::web) async fn sign(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
    body: Result<Json<SigningBody>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(body) = body.map_err(rejected)?;
    let signing = Signing {
        day: day_of(&body.day).unwrap_or(-1),
        draft: body.draft,
        situation: body.situation,
        outlook: body.outlook,
        correction: body.correction,
    };
    Ok(
        match bulletin::sign(&app, &organiser, &city, signing).await {
            Ok(number) => (StatusCode::CREATED, Json(NumberBody { number })).into_response(),
            Err(failed) => error::answer(&app, Some(&organiser), true, failed),
        },
    )
}
