//! The bank of a city as JSON: what is wrong with it, and who gains by that.

use std::{collections::BTreeSet, sync::Arc};

use axum::{
    Json,
    extract::{Path, Query, State, rejection::JsonRejection},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use quiz_core::Position;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{bank::Asked, error, gate::Signed, money_api::nothing};
use crate::{
    app::App,
    contest::{
        organiser::{Error, Organiser, Refused, proposal::Word},
        question_correction::{self as correction, CityBank, Fault},
        rescore::{self, GAINS_SHOWN, Gains},
    },
    web::{
        api::{problem::Problem, rejected},
        moment,
    },
};

pub(super) const CORRECTIONS: &str = "/api/v1/console/cities/{city}/corrections";
pub(super) const APPROVE: &str = "/api/v1/console/cities/{city}/corrections/{proposal}/approve";
pub(super) const REJECT: &str = "/api/v1/console/cities/{city}/corrections/{proposal}/reject";
pub(super) const WITHDRAW: &str = "/api/v1/console/cities/{city}/corrections/{proposal}/withdraw";
pub(super) const GAINS: &str = "/api/v1/console/cities/{city}/gains";

/// A correction in force.
#[derive(Serialize, ToSchema)]
struct BankCorrectionBody {
    /// Its number in the city, from 1.
    version: i64,
    /// The question's number in the bank, from 1.
    question: u16,
    /// Letters of the options that count beside the key, as in the bank; none for a void question.
    accepted: Vec<String>,
    reason: String,
    /// RFC 3339.
    since: String,
}

/// A correction that waits for a second person.
#[derive(Serialize, ToSchema)]
struct BankWaitingBody {
    proposal: i64,
    /// What a decision names.
    digest: String,
    question: u16,
    accepted: Vec<String>,
    reason: String,
    maker: String,
    /// RFC 3339.
    proposed: String,
}

/// What is wrong with the bank of a city.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct CorrectionsBody {
    /// Digest of the frozen bank; nothing before.
    bank: Option<String>,
    in_force: Vec<BankCorrectionBody>,
    waiting: Vec<BankWaitingBody>,
}

fn letters(fault: &Fault) -> Vec<String> {
    let places = fault.accepted.iter();
    places.map(|place| place.letter().to_string()).collect()
}

impl CorrectionsBody {
    fn of(known: Option<&CityBank>) -> Self {
        Self {
            bank: known.map(|known| known.bank.digest().to_string()),
            in_force: known.map_or_else(Vec::new, |known| {
                let corrections = known.corrections.iter();
                corrections
                    .map(|correction| BankCorrectionBody {
                        version: correction.version,
                        question: correction.fault.number,
                        accepted: letters(&correction.fault),
                        reason: correction.reason.clone(),
                        since: moment::rfc3339(correction.since),
                    })
                    .collect()
            }),
            waiting: known.map_or_else(Vec::new, |known| {
                let waiting = known.waiting.iter();
                waiting
                    .map(|waiting| BankWaitingBody {
                        proposal: waiting.proposal,
                        digest: waiting.digest.clone(),
                        question: waiting.fault.number,
                        accepted: letters(&waiting.fault),
                        reason: waiting.reason.clone(),
                        maker: waiting.maker.clone(),
                        proposed: moment::rfc3339(waiting.proposed),
                    })
                    .collect()
            }),
        }
    }
}

/// What is wrong with the bank of a city, in force and waiting.
#[utoipa::path(get, path = CORRECTIONS, tag = "console",
    params(("city" = String, Path, description = "The city's slug")),
    responses((status = 200, body = CorrectionsBody), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(in crate::web) async fn corrections(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
) -> Response {
    match correction::city_bank(&app, &city).await {
        Ok(known) => Json(CorrectionsBody::of(known.as_ref())).into_response(),
        Err(failed) => error::answer(&app, Some(&organiser), true, failed),
    }
}

/// What somebody wants corrected.
#[derive(Deserialize, ToSchema)]
pub(in crate::web) struct NewCorrectionBody {
    /// The question's number in the bank, from 1.
    question: u16,
    /// Letters of the options that count beside the key, as in the bank; none makes the question void.
    accepted: Vec<String>,
    /// 1 to 500 characters, for everybody to read.
    reason: String,
}

/// A proposal that was made.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct BankProposedBody {
    proposal: i64,
}

/// Proposes a correction.
#[utoipa::path(post, path = CORRECTIONS, tag = "console", request_body = NewCorrectionBody,
    params(("city" = String, Path, description = "The city's slug")),
    responses((status = 201, body = BankProposedBody), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
pub(in crate::web) async fn propose(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
    body: Result<Json<NewCorrectionBody>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(body) = body.map_err(rejected)?;
    Ok(match make(&app, &organiser, &city, &body).await {
        Ok(proposal) => (StatusCode::CREATED, Json(BankProposedBody { proposal })).into_response(),
        Err(failed) => error::answer(&app, Some(&organiser), true, failed),
    })
}

async fn make(
    app: &App,
    organiser: &Organiser,
    city: &str,
    body: &NewCorrectionBody,
) -> Result<i64, Error> {
    let places: Result<BTreeSet<Position>, _> =
        body.accepted.iter().map(|letter| letter.parse()).collect();
    let fault = Fault {
        number: body.question,
        accepted: places.map_err(|_unknown| Refused::NotFound)?,
    };
    correction::propose(app, organiser, city, &fault, &body.reason).await
}

/// What somebody decides.
#[derive(Deserialize, ToSchema)]
pub(in crate::web) struct BankWordBody {
    /// The digest of what was looked at.
    digest: String,
    /// 1 to 500 characters; it stands in the audit log.
    reason: String,
}

impl BankWordBody {
    fn word(&self, proposal: i64) -> Word<'_> {
        Word {
            proposal,
            digest: &self.digest,
            reason: &self.reason,
        }
    }
}

/// Approves a correction of somebody else, which is in force at once.
#[utoipa::path(post, path = APPROVE, tag = "console", request_body = BankWordBody,
    params(("city" = String, Path, description = "The city's slug"),
        ("proposal" = i64, Path, description = "The proposal")),
    responses((status = 204), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(in crate::web) async fn approve(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path((city, proposal)): Path<(String, i64)>,
    body: Result<Json<BankWordBody>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(body) = body.map_err(rejected)?;
    let done = correction::approve(&app, &organiser, &city, body.word(proposal)).await;
    Ok(nothing(&app, &organiser, done))
}

/// Rejects a correction of somebody else.
#[utoipa::path(post, path = REJECT, tag = "console", request_body = BankWordBody,
    params(("city" = String, Path, description = "The city's slug"),
        ("proposal" = i64, Path, description = "The proposal")),
    responses((status = 204), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(in crate::web) async fn reject(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path((city, proposal)): Path<(String, i64)>,
    body: Result<Json<BankWordBody>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(body) = body.map_err(rejected)?;
    let done = correction::reject(&app, &organiser, &city, body.word(proposal)).await;
    Ok(nothing(&app, &organiser, done))
}

/// Takes one's own correction back.
#[utoipa::path(post, path = WITHDRAW, tag = "console", request_body = BankWordBody,
    params(("city" = String, Path, description = "The city's slug"),
        ("proposal" = i64, Path, description = "The proposal")),
    responses((status = 204), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(in crate::web) async fn withdraw(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path((city, proposal)): Path<(String, i64)>,
    body: Result<Json<BankWordBody>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(body) = body.map_err(rejected)?;
    let done = correction::withdraw(&app, &organiser, &city, body.word(proposal)).await;
    Ok(nothing(&app, &organiser, done))
}

/// An attempt that passes only by a correction.
#[derive(Serialize, ToSchema)]
struct GainBody {
    attempt: String,
    /// Our identifier of the person; it leads to no account of WeChat.
    person: String,
    /// RFC 3339.
    submitted: String,
    /// Right answers by the keys.
    score_by_keys: i64,
    /// Right answers with the corrections.
    score: i64,
    /// Which correction gave the pass, by its number.
    version: i64,
    /// Whether it has opened a packet.
    used: bool,
}

/// Who gains by the corrections of a city.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct GainsBody {
    /// Whether every attempt has been scored again; nothing when nothing was corrected.
    done: Option<bool>,
    /// Attempts looked at since the latest correction.
    n_attempts: i64,
    n_gained: i64,
    gains: Vec<GainBody>,
    /// Ask again with these for further ones, if there may be any.
    after_ms: Option<i64>,
    after: Option<String>,
}

impl GainsBody {
    fn of(found: Gains) -> Self {
        let is_full = i64::try_from(found.gains.len()).unwrap_or(i64::MAX) == GAINS_SHOWN;
        let last = found.gains.last().filter(|_last| is_full);
        Self {
            done: found.is_done,
            n_attempts: found.n_attempts,
            n_gained: found.n_gained,
            after_ms: last.map(|last| last.submitted.timestamp_millis()),
            after: last.map(|last| last.attempt.clone()),
            gains: found
                .gains
                .into_iter()
                .map(|gain| GainBody {
                    submitted: moment::rfc3339(gain.submitted),
                    attempt: gain.attempt,
                    person: gain.person,
                    score_by_keys: gain.score_by_keys,
                    score: gain.score,
                    version: gain.version,
                    used: gain.is_used,
                })
                .collect(),
        }
    }
}

/// Who gains by the corrections of a city, the earliest attempt first.
#[utoipa::path(get, path = GAINS, tag = "console",
    params(("city" = String, Path, description = "The city's slug"),
        ("after_ms" = Option<i64>, Query, description = "From the answer before: behind which attempt"),
        ("after" = Option<String>, Query, description = "From the answer before: behind which attempt")),
    responses((status = 200, body = GainsBody), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(in crate::web) async fn gains(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    match rescore::gains(&app, &city, asked.place(), GAINS_SHOWN).await {
        Ok(found) => Json(GainsBody::of(found)).into_response(),
        Err(failed) => error::answer(&app, Some(&organiser), true, failed.into()),
    }
}
