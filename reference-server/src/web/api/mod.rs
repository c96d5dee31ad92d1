//! `/api/v1`: the same contest as JSON, for mini programs and scripts.
//!
//! Money is whole fen, instants are RFC 3339 with `+08:00`, a refusal is an RFC 9457
//! problem document. A caller is known by the session cookie of `/login`.
//!
//! | file | what it is |
//! |---|---|
//! | `body`, `records_body` | what is sent and answered |
//! | `document` | the OpenAPI description |
//! | `problem` | refusals and failures |

mod body;
mod document;
pub(super) mod problem;
pub(super) mod records_body;

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State, rejection::JsonRejection},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware,
    response::Response,
    routing::{MethodRouter, get, post},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use body::{ClaimBody, ContestBody, OutcomeBody, PacketBody, PaperBody, SubmissionBody};
use problem::Problem;
use records_body::{MeBody, PosterBody};

use super::session::Caller;
use crate::{
    app::App,
    contest::{
        PersonId, Refusal,
        attempt::{self, Opened},
        claim::{self, ClaimRequest},
        poster, records, season,
    },
};

/// Longest `Idempotency-Key`.
const KEY_CHARACTERS: usize = 64;
/// Length of a marked attempt's identifier; a paper's is longer.
const ID_CHARACTERS: usize = 32;

/// Every call: its path as the document writes it, and who answers.
fn calls() -> Vec<(&'static str, MethodRouter<Arc<App>>)> {
    vec![
        ("/api/v1/contest", get(contest)),
        ("/api/v1/attempts", post(start)),
        ("/api/v1/attempts/{id}/submission", post(submit)),
        ("/api/v1/claims", post(claim)),
        ("/api/v1/me", get(me)),
        ("/api/v1/poster", post(poster)),
    ]
}

pub(super) fn routes() -> Router<Arc<App>> {
    calls()
        .into_iter()
        .fold(Router::new(), |router, (path, answer)| {
            router.route(path, answer)
        })
        .route("/api/v1/openapi.json", get(document::serve))
        .layer(middleware::map_response(kept_nowhere))
}

/// What a call answers belongs to one caller and one instant.
async fn kept_nowhere(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// What is on: the phase, the open city and what it can still give, the next city.
#[utoipa::path(get, path = "/api/v1/contest", tag = "contest",
    responses((status = 200, body = ContestBody)))]
async fn contest(State(app): State<Arc<App>>) -> Result<Json<ContestBody>, Problem> {
    let stage = season::stage(&app).await?;
    Ok(Json(ContestBody::of(stage, app.season.money_shown)))
}

/// Draws a paper of the open city. Nothing is stored until it is handed in.
#[utoipa::path(post, path = "/api/v1/attempts", tag = "attempt",
    responses((status = 201, body = PaperBody), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 409, body = Problem)))]
async fn start(
    State(app): State<Arc<App>>,
    Caller(person): Caller,
) -> Result<(StatusCode, Json<PaperBody>), Problem> {
    let paper = attempt::start(&app, &person).await?;
    Ok((StatusCode::CREATED, Json(paper.into())))
}

/// Hands a paper in and gets it marked. The same paper again gives the first result.
#[utoipa::path(post, path = "/api/v1/attempts/{id}/submission", tag = "attempt",
    params(("id" = String, Path, description = "The paper's `attempt_id`")),
    request_body = SubmissionBody,
    responses((status = 200, body = OutcomeBody), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 413, body = Problem),
        (status = 422, body = Problem), (status = 429, body = Problem)))]
async fn submit(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Caller(person): Caller,
    submission: Result<Json<SubmissionBody>, JsonRejection>,
) -> Result<Json<OutcomeBody>, Problem> {
    let Json(submission) = submission.map_err(rejected)?;
    let outcome = attempt::submit(&app, &person, &id, &submission.answers).await?;
    Ok(Json(OutcomeBody::of(&app, outcome)))
}

/// Opens a red packet. The same attempt or `Idempotency-Key` again gives the same packet.
#[utoipa::path(post, path = "/api/v1/claims", tag = "packet",
    params(("Idempotency-Key" = Option<String>, Header, description = "At most 64 characters")),
    request_body = Option<ClaimBody>,
    responses((status = 200, body = PacketBody), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 413, body = Problem), (status = 422, body = Problem)))]
async fn claim(
    State(app): State<Arc<App>>,
    Caller(person): Caller,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<PacketBody>, Problem> {
    let request = ClaimRequest {
        attempt: submitted(&app, &person, claim_body(&body)?.attempt_id).await?,
        request_key: request_key(&headers)?,
    };
    let packet = claim::claim(&app, &person, request).await?;
    Ok(Json(PacketBody::of(&app, packet)))
}

/// The caller's attempts, chances and packets; a chance that waits says for what.
#[utoipa::path(get, path = "/api/v1/me", tag = "me",
    responses((status = 200, body = MeBody), (status = 401, body = Problem)))]
async fn me(State(app): State<Arc<App>>, Caller(person): Caller) -> Result<Json<MeBody>, Problem> {
    let records = records::records(&app, &person).await?;
    Ok(Json(MeBody::of(&app, records)))
}

/// The caller's poster: the text of its QR code, and what it has brought.
#[utoipa::path(post, path = "/api/v1/poster", tag = "me",
    responses((status = 200, body = PosterBody), (status = 401, body = Problem),
        (status = 403, body = Problem)))]
async fn poster(
    State(app): State<Arc<App>>,
    Caller(person): Caller,
) -> Result<Json<PosterBody>, Problem> {
    Ok(Json(poster::poster(&app, &person).await?.into()))
}

/// The identifier of a marked attempt; a caller may also name the paper it handed in.
async fn submitted(
    app: &App,
    person: &PersonId,
    named: Option<String>,
) -> Result<Option<String>, Problem> {
    let Some(paper) = named.as_deref().filter(|named| named.len() > ID_CHARACTERS) else {
        return Ok(named);
    };
    match attempt::paper(app, person, paper).await? {
        Opened::Submitted(id) => Ok(Some(id)),
        Opened::Paper(_) => Err(Refusal::Claim(reward_core::Refusal::NotPassed).into()),
    }
}

fn claim_body(body: &Bytes) -> Result<ClaimBody, Problem> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(ClaimBody::default());
    }
    serde_json::from_slice(body).map_err(|error| Problem::malformed(&error.to_string()))
}

fn request_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    match value.to_str() {
        Ok(key) if !key.is_empty() && key.len() <= KEY_CHARACTERS => Ok(Some(key.to_owned())),
        _ => Err(Problem::malformed(
            "Idempotency-Key has 1 to 64 visible ASCII characters",
        )),
    }
}

/// The bytes of a file that a body carries, in base64 or as its text.
pub(super) fn file_bytes(base64: Option<String>, text: Option<String>) -> Result<Vec<u8>, Problem> {
    match (base64, text) {
        (Some(content), None) => STANDARD
            .decode(content)
            .map_err(|_error| Problem::malformed("`content_base64` is no base64")),
        (None, Some(text)) => Ok(text.into_bytes()),
        _ => Err(Problem::malformed(
            "one of `content_base64` and `text` is given",
        )),
    }
}

/// A body that cannot be read, as a problem.
pub(super) fn rejected(rejection: JsonRejection) -> Problem {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::of_status(StatusCode::PAYLOAD_TOO_LARGE),
        _ => Problem::malformed(&rejection.body_text()),
    }
}
