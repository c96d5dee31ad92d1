//! What of a city stands still, as calls.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State, rejection::JsonRejection},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    api::ReasonBody,
    error,
    gate::Signed,
    pause::{lift, of_one_person},
};
use crate::{
    app::App,
    contest::{
        organiser::{Error, Organiser},
        pause::{self, Pause, Paused, Stop, Subject, Verdict},
    },
    web::{
        api::{problem::Problem, rejected},
        moment,
    },
};

pub(super) const BOARD: &str = "/api/v1/console/cities/{city}/pauses";
pub(super) const PAYOUTS: &str = "/api/v1/console/cities/{city}/pauses/payouts";
pub(super) const RESUME: &str = "/api/v1/console/cities/{city}/pauses/resume";
pub(super) const PROPOSE: &str = "/api/v1/console/cities/{city}/pauses/payouts/propose";
pub(super) const DECIDE: &str = "/api/v1/console/cities/{city}/pauses/payouts/decide";

/// What is paused.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct PausedBody {
    /// `quiz`, `claims`, `payouts` or `referral`.
    subject: &'static str,
    /// What people read.
    sentence: String,
}

impl PausedBody {
    pub(super) fn of(paused: &Paused) -> Self {
        Self {
            subject: paused.subject.name(),
            sentence: paused.sentence.clone(),
        }
    }
}

/// A pause from its beginning to its end.
#[derive(Serialize, ToSchema)]
struct PauseBody {
    number: i64,
    /// `quiz`, `claims`, `payouts` or `referral`.
    subject: &'static str,
    sentence: String,
    reason: String,
    by: String,
    begun: String,
    /// Nothing while it runs.
    end: Option<EndBody>,
}

/// How a pause ended.
#[derive(Serialize, ToSchema)]
struct EndBody {
    /// `lifted`, or `reworded` when another sentence took its place.
    how: &'static str,
    by: String,
    /// Who proposed it, where it took two persons.
    proposed_by: Option<String>,
    reason: String,
    at: String,
}

impl From<Pause> for PauseBody {
    fn from(pause: Pause) -> Self {
        Self {
            number: pause.number,
            subject: pause.subject.name(),
            sentence: pause.sentence,
            reason: pause.reason,
            by: pause.by,
            begun: moment::rfc3339(pause.begun),
            end: pause.end.map(|end| EndBody {
                how: if end.is_reworded {
                    "reworded"
                } else {
                    "lifted"
                },
                by: end.by,
                proposed_by: end.proposed_by,
                reason: end.reason,
                at: moment::rfc3339(end.at),
            }),
        }
    }
}

/// A proposal that waits for somebody.
#[derive(Serialize, ToSchema)]
struct WaitingBody {
    number: i64,
    digest: String,
    reason: String,
    maker: String,
    proposed: String,
}

/// A city's pauses.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct BoardBody {
    /// The newest first; those that run have no end.
    pauses: Vec<PauseBody>,
    /// The proposal to let payouts go on.
    proposal: Option<WaitingBody>,
}

/// What somebody wants to stop.
#[derive(Deserialize, ToSchema)]
pub(in crate::web) struct StopBody {
    /// `quiz`, `claims` or `referral`.
    subject: String,
    /// One line of 4 to 100 characters, for people.
    sentence: String,
    /// 1 to 500 characters; it stands in the audit log.
    reason: String,
}

/// That payouts are to be stopped.
#[derive(Deserialize, ToSchema)]
pub(in crate::web) struct StopPayoutsBody {
    /// One line of 4 to 100 characters, for people.
    sentence: String,
    /// 1 to 500 characters; it stands in the audit log.
    reason: String,
    /// In every city where they are not stopped yet.
    #[serde(default)]
    everywhere: bool,
}

/// What is to go on.
#[derive(Deserialize, ToSchema)]
pub(in crate::web) struct ResumeBody {
    /// `quiz`, `claims` or `referral`.
    subject: String,
    /// 1 to 500 characters; it stands in the audit log.
    reason: String,
}

/// A city's pauses, and the proposal that waits.
#[utoipa::path(get, path = BOARD, tag = "console",
    params(("city" = String, Path, description = "The city's slug")),
    responses((status = 200, body = BoardBody), (status = 401, body = Problem),
        (status = 404, body = Problem)))]
pub(in crate::web) async fn board(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
) -> Response {
    match pause::board(&app, &city).await {
        Ok(board) => Json(BoardBody {
            pauses: board.pauses.into_iter().map(Into::into).collect(),
            proposal: board.waiting.map(|waiting| WaitingBody {
                number: waiting.proposal,
                digest: waiting.digest,
                reason: waiting.reason,
                maker: waiting.maker,
                proposed: moment::rfc3339(waiting.at),
            }),
        })
        .into_response(),
        Err(failed) => error::answer(&app, Some(&organiser), true, failed),
    }
}

fn told(app: &App, organiser: &Organiser, done: Result<(), Error>) -> Response {
    match done {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(failed) => error::answer(app, Some(organiser), true, failed),
    }
}

/// Stops a city's quiz, claims or referral at once.
#[utoipa::path(post, path = BOARD, tag = "console", request_body = StopBody,
    params(("city" = String, Path, description = "The city's slug")),
    responses((status = 204), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 413, body = Problem), (status = 422, body = Problem)))]
pub(in crate::web) async fn begin(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
    body: Result<Json<StopBody>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(body) = body.map_err(rejected)?;
    let begun = match of_one_person(&body.subject) {
        Ok(subject) => {
            let stop = Stop {
                subject,
                sentence: body.sentence,
                reason: body.reason,
                everywhere: false,
            };
            pause::begin(&app, &city, stop, &organiser.name).await
        }
        Err(failed) => Err(failed),
    };
    Ok(told(&app, &organiser, begun))
}

/// Stops a city's payouts at once, or those of every city.
#[utoipa::path(post, path = PAYOUTS, tag = "console", request_body = StopPayoutsBody,
    params(("city" = String, Path, description = "The city's slug")),
    responses((status = 204), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 413, body = Problem), (status = 422, body = Problem)))]
pub(in crate::web) async fn begin_payouts(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
    body: Result<Json<StopPayoutsBody>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(body) = body.map_err(rejected)?;
    let stop = Stop {
        subject: Subject::Payouts,
        sentence: body.sentence,
        reason: body.reason,
        everywhere: body.everywhere,
    };
    let begun = pause::begin(&app, &city, stop, &organiser.name).await;
    Ok(told(&app, &organiser, begun))
}

/// Lets a city's quiz, claims or referral go on.
#[utoipa::path(post, path = RESUME, tag = "console", request_body = ResumeBody,
    params(("city" = String, Path, description = "The city's slug")),
    responses((status = 204), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 413, body = Problem), (status = 422, body = Problem)))]
pub(in crate::web) async fn resume(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
    body: Result<Json<ResumeBody>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(body) = body.map_err(rejected)?;
    let lifted = lift(&app, &organiser, &city, &body.subject, &body.reason).await;
    Ok(told(&app, &organiser, lifted))
}

/// A decision about a proposal.
#[derive(Deserialize, ToSchema)]
pub(in crate::web) struct DecisionBody {
    /// The proposal's number.
    proposal: i64,
    /// The digest of what was looked at.
    digest: String,
    /// `approve` or `reject`.
    verdict: String,
    /// 1 to 500 characters; it stands in the audit log.
    reason: String,
}

/// The number of a proposal.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct ProposedBody {
    proposal: i64,
}

/// Proposes to let a city's payouts go on; somebody else decides.
#[utoipa::path(post, path = PROPOSE, tag = "console", request_body = ReasonBody,
    params(("city" = String, Path, description = "The city's slug")),
    responses((status = 201, body = ProposedBody), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 413, body = Problem), (status = 422, body = Problem)))]
pub(in crate::web) async fn propose(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
    body: Result<Json<ReasonBody>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(body) = body.map_err(rejected)?;
    let proposed = pause::propose_payouts(&app, &city, &body.reason, &organiser).await;
    Ok(match proposed {
        Ok(proposal) => (StatusCode::CREATED, Json(ProposedBody { proposal })).into_response(),
        Err(failed) => error::answer(&app, Some(&organiser), true, failed),
    })
}

/// Decides about a proposal of somebody else to let a city's payouts go on; wants the second
/// factor of the last five minutes.
#[utoipa::path(post, path = DECIDE, tag = "console", request_body = DecisionBody,
    params(("city" = String, Path, description = "The city's slug")),
    responses((status = 204), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 413, body = Problem), (status = 422, body = Problem)))]
pub(in crate::web) async fn decide(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
    body: Result<Json<DecisionBody>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(body) = body.map_err(rejected)?;
    let approves = match body.verdict.as_str() {
        "approve" => true,
        "reject" => false,
        _ => return Err(Problem::malformed("a verdict is `approve` or `reject`")),
    };
    let verdict = Verdict {
        proposal: body.proposal,
        digest: body.digest,
        approves,
        reason: body.reason,
    };
    let decided = pause::decide_payouts(&app, &city, verdict, &organiser).await;
    Ok(told(&app, &organiser, decided))
}
