//! The organisation award as JSON: the same use cases behind the same gate.

use std::sync::Arc;

use axum::{
    Json,
    extract::{State, rejection::JsonRejection},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{error, gate::Signed, honour::verdict};
use crate::{
    app::App,
    contest::{
        honour::{self, Formula, Place, Proposed, Standing},
        organiser::Refused,
    },
    web::{
        api::{problem::Problem, rejected},
        moment,
    },
};

pub(super) const PAGE: &str = "/api/v1/console/award";
pub(super) const FORMULA: &str = "/api/v1/console/award/formula";
pub(super) const RESULT: &str = "/api/v1/console/award/result";
pub(super) const DECIDE: &str = "/api/v1/console/award/decide";

/// A city's line in the ranking.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct PlaceBody {
    city: String,
    /// Nothing without a score.
    rank: Option<i64>,
    /// The best place that chance could give it.
    best: Option<i64>,
    /// The worst.
    worst: Option<i64>,
    /// Nothing before the city is over.
    score: Option<i64>,
    n_people: i64,
    n_new_people: i64,
    n_followers_at_opening: i64,
    n_workdays: u32,
    n_days_off: u32,
    n_unknown_days: u32,
    n_silent_days: i64,
}

fn place(place: Place) -> PlaceBody {
    PlaceBody {
        city: place.city,
        rank: place.rank,
        best: place.best,
        worst: place.worst,
        score: place.score,
        n_people: place.n_people,
        n_new_people: place.n_new_people,
        n_followers_at_opening: place.n_followers_at_opening,
        n_workdays: place.n_workdays,
        n_days_off: place.n_days_off,
        n_unknown_days: place.n_unknown_days,
        n_silent_days: place.n_silent_days,
    }
}

/// What waits for a second person.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct AwardWaitingBody {
    proposal: i64,
    /// `award.formula` or `award.result`.
    kind: String,
    content: String,
    digest: String,
    maker: String,
    reason: String,
}

fn waiting(one: Proposed) -> AwardWaitingBody {
    let row = one.proposal;
    AwardWaitingBody {
        proposal: row.proposal,
        kind: row.kind,
        content: row.content,
        digest: row.digest,
        maker: row.maker,
        reason: row.reason,
    }
}

/// The ranking and what was decided about it.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct AwardBody {
    at: String,
    /// `new-people`, `people` or `new-people-per-follower`.
    formula: String,
    places: Vec<PlaceBody>,
    waiting: Vec<AwardWaitingBody>,
    /// The cities that got the award, once two persons have decided.
    winners: Option<Vec<String>>,
}

impl AwardBody {
    fn of(standing: Standing) -> Self {
        Self {
            at: moment::rfc3339(standing.at),
            formula: standing.formula.name().to_owned(),
            places: standing.places.into_iter().map(place).collect(),
            waiting: standing.waiting.into_iter().map(waiting).collect(),
            winners: standing.result.map(|(outcome, _decided)| outcome.winners),
        }
    }
}

/// The ranking of this instant.
#[utoipa::path(get, path = PAGE, tag = "console",
    responses((status = 200, body = AwardBody), (status = 401, body = Problem),
        (status = 403, body = Problem)))]
pub(in crate::web) async fn award(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
) -> Response {
    match honour::standing(&app).await {
        Ok(standing) => Json(AwardBody::of(standing)).into_response(),
        Err(failed) => error::answer(&app, Some(&organiser), true, failed),
    }
}

/// The number of a proposal.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct AwardProposalBody {
    proposal: i64,
}

/// A formula that is proposed.
#[derive(Deserialize, ToSchema)]
pub(in crate::web) struct AwardFormulaBody {
    /// `new-people`, `people` or `new-people-per-follower`.
    formula: String,
    /// 1 to 500 characters.
    reason: String,
}

/// Proposes a formula, before the first city opens.
#[utoipa::path(post, path = FORMULA, tag = "console", request_body = AwardFormulaBody,
    responses((status = 201, body = AwardProposalBody), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 409, body = Problem), (status = 413, body = Problem)))]
pub(in crate::web) async fn propose_formula(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    body: Result<Json<AwardFormulaBody>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(body) = body.map_err(rejected)?;
    let proposed = match Formula::of_name(&body.formula) {
        Some(formula) => honour::propose_formula(&app, &organiser, formula, &body.reason).await,
        None => Err(Refused::OtherContent.into()),
    };
    Ok(match proposed {
        Ok(proposal) => (StatusCode::CREATED, Json(AwardProposalBody { proposal })).into_response(),
        Err(failed) => error::answer(&app, Some(&organiser), true, failed),
    })
}

/// A result that is proposed.
#[derive(Deserialize, ToSchema)]
pub(in crate::web) struct AwardResultBody {
    /// How many places from the top; cities that share the last one get it too.
    n_winners: u32,
    /// 1 to 500 characters.
    reason: String,
}

/// Proposes who gets the award, once every city is over.
#[utoipa::path(post, path = RESULT, tag = "console", request_body = AwardResultBody,
    responses((status = 201, body = AwardProposalBody), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 409, body = Problem), (status = 413, body = Problem)))]
pub(in crate::web) async fn propose_result(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    body: Result<Json<AwardResultBody>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(body) = body.map_err(rejected)?;
    let n_winners = usize::try_from(body.n_winners).unwrap_or(usize::MAX);
    let proposed = honour::propose_result(&app, &organiser, n_winners, &body.reason).await;
    Ok(match proposed {
        Ok(proposal) => (StatusCode::CREATED, Json(AwardProposalBody { proposal })).into_response(),
        Err(failed) => error::answer(&app, Some(&organiser), true, failed),
    })
}

/// A word about a proposal.
#[derive(Deserialize, ToSchema)]
pub(in crate::web) struct AwardWordBody {
    proposal: i64,
    /// The digest of what was looked at.
    digest: String,
    /// `approve`, `reject` or `withdraw`.
    verdict: String,
    /// 1 to 500 characters.
    reason: String,
}

/// Decides about a proposal; wants the second factor of the last five minutes.
#[utoipa::path(post, path = DECIDE, tag = "console", request_body = AwardWordBody,
    responses((status = 204), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 409, body = Problem), (status = 413, body = Problem)))]
pub(in crate::web) async fn decide(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    body: Result<Json<AwardWordBody>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(body) = body.map_err(rejected)?;
    let decided = match verdict(&body.verdict) {
        Some(verdict) => {
            let (number, digest) = (body.proposal, &body.digest);
            honour::decide(&app, &organiser, number, digest, verdict, &body.reason).await
        }
        None => Err(Refused::NotWaiting.into()),
    };
    Ok(match decided {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(failed) => error::answer(&app, Some(&organiser), true, failed),
    })
}
