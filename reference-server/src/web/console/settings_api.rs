//! What the season runs with, as calls: a secret goes in and never comes out.

use std::sync::Arc;

use axum::{
    Json,
    extract::{State, rejection::JsonRejection},
    http::StatusCode,
    response::Response,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::{
    gate::Signed,
    money_api::{answered, nothing},
    preflight::PreflightCheckBody,
    wording,
};
use crate::{
    app::App,
    config::Origin,
    contest::{
        organiser::{Error, Refused},
        preflight::{self, Certificate, Part},
        secrets::{self, Slot, Verdict, Waiting},
    },
    settings::SecretName,
    web::{
        api::{problem::Problem, rejected},
        moment,
    },
};

pub(super) const SETTINGS: &str = "/api/v1/console/settings";
pub(super) const TRY: &str = "/api/v1/console/settings/try";
pub(super) const GIVE: &str = "/api/v1/console/settings/secrets";
pub(super) const DECIDE: &str = "/api/v1/console/settings/secrets/decide";

/// A value of the configuration that is no secret.
#[derive(Serialize, ToSchema)]
struct SettingBody {
    /// Such as `season.name`.
    key: String,
    value: String,
    /// `default`, `file` or `environment`.
    origin: &'static str,
}

/// A secret: never its value.
#[derive(Serialize, ToSchema)]
struct SettingSecretBody {
    /// Such as `app-secret`.
    name: &'static str,
    title: &'static str,
    /// Whether it takes two persons.
    is_of_payment: bool,
    is_set: bool,
    /// What tells the value in use from others, 8 hexadecimal digits.
    fingerprint: Option<String>,
    /// Whether the value in use was given at the console.
    is_given: bool,
    /// Who gave the value that the next start takes, and when.
    given_by: Option<String>,
    given_at: Option<String>,
    /// When the file changed.
    file_changed_at: Option<String>,
    /// Whether the instance that answers runs with another value than it would take now.
    wants_restart: bool,
}

impl SettingSecretBody {
    fn of(slot: &Slot) -> Self {
        let kept = slot.kept.as_ref().filter(|kept| kept.counts);
        Self {
            name: slot.slot.name.name(),
            title: wording::secret(slot.slot.name),
            is_of_payment: slot.slot.name.is_of_payment(),
            is_set: slot.slot.in_use.is_some(),
            fingerprint: slot.slot.in_use.clone(),
            is_given: slot.slot.is_given,
            given_by: kept.map(|kept| kept.by.clone()),
            given_at: kept.map(|kept| moment::rfc3339(kept.at)),
            file_changed_at: slot.slot.file_changed.map(moment::rfc3339),
            wants_restart: slot.wants_restart(),
        }
    }
}

/// A secret that waits for another person.
#[derive(Serialize, ToSchema)]
struct SettingWaitingBody {
    name: &'static str,
    proposal: i64,
    digest: String,
    fingerprint: String,
    reason: String,
    maker: String,
    given_at: String,
}

impl SettingWaitingBody {
    fn of(waiting: &Waiting) -> Self {
        Self {
            name: waiting.name.name(),
            proposal: waiting.proposal,
            digest: waiting.digest.clone(),
            fingerprint: waiting.fingerprint.clone(),
            reason: waiting.reason.clone(),
            maker: waiting.maker.clone(),
            given_at: moment::rfc3339(waiting.at),
        }
    }
}

/// A certificate or a public key.
#[derive(Serialize, ToSchema)]
struct SettingCertificateBody {
    /// Nothing for the merchant's own certificate.
    serial: Option<String>,
    /// Nothing for a public key, which does not end.
    ends: Option<String>,
    days_left: Option<i64>,
    /// `ok`, `warn` or `fail`.
    verdict: &'static str,
}

/// What the season runs with.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct SettingsBody {
    values: Vec<SettingBody>,
    secrets: Vec<SettingSecretBody>,
    waiting: Vec<SettingWaitingBody>,
    certificates: Vec<SettingCertificateBody>,
}

/// What the season runs with; of secrets only fingerprints.
#[utoipa::path(get, path = SETTINGS, tag = "console",
    responses((status = 200, body = SettingsBody), (status = 401, body = Problem),
        (status = 403, body = Problem)))]
pub(in crate::web) async fn settings(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
) -> Response {
    let now = app.now();
    let values = app.settings.stated.iter().map(|stated| SettingBody {
        key: stated.key.clone(),
        value: stated.value.clone(),
        origin: match stated.origin {
            Origin::Default => "default",
            Origin::File => "file",
            Origin::Environment => "environment",
        },
    });
    let certificate = |certificate: Certificate| SettingCertificateBody {
        ends: certificate.ends.map(moment::rfc3339),
        days_left: certificate.ends.map(|ends| (ends - now).num_days()),
        verdict: certificate.verdict.name(),
        serial: certificate.serial,
    };
    let certificates = preflight::certificates(&app).into_iter().map(certificate);
    let board = secrets::board(&app).await.map(|board| SettingsBody {
        values: values.collect(),
        secrets: board.slots.iter().map(SettingSecretBody::of).collect(),
        waiting: board.waiting.iter().map(SettingWaitingBody::of).collect(),
        certificates: certificates.collect(),
    });
    answered(&app, &organiser, board)
}

/// What is to be tried.
#[derive(Deserialize, ToSchema)]
pub(in crate::web) struct SettingTryBody {
    /// `token`, `payment`, `callback` or `echo`.
    part: String,
}

/// Tries one part of the way to WeChat with the values in use; nobody is paid.
#[utoipa::path(post, path = TRY, tag = "console", request_body = SettingTryBody,
    responses((status = 200, body = [PreflightCheckBody]), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 413, body = Problem), (status = 422, body = Problem)))]
pub(in crate::web) async fn attempt(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    body: Result<Json<SettingTryBody>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(body) = body.map_err(rejected)?;
    let found = match Part::of_name(&body.part) {
        Some(part) => preflight::try_part(&app, part, &organiser.name)
            .await
            .map_err(Error::from),
        None => Err(Refused::SubjectUnknown.into()),
    };
    let bodies = found.map(|found| {
        let bodies = found.iter().map(PreflightCheckBody::of);
        bodies.collect::<Vec<_>>()
    });
    Ok(answered(&app, &organiser, bodies))
}

/// A secret that somebody gives.
#[derive(Deserialize, ToSchema)]
pub(in crate::web) struct SettingGiveBody {
    /// Such as `app-secret`.
    name: String,
    /// The value; it is sealed and never given out.
    value: String,
    /// 1 to 500 characters; it stands in the audit log.
    reason: String,
}

/// What became of a secret that was given.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct SettingGivenBody {
    /// The proposal that waits for another person; nothing when the next start takes the value.
    proposal: Option<i64>,
}

/// Gives a secret, which the next start takes in place of the file's; a payment's waits for another person.
/// Wants the second factor of the last five minutes.
#[utoipa::path(post, path = GIVE, tag = "console", request_body = SettingGiveBody,
    responses((status = 200, body = SettingGivenBody), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 413, body = Problem), (status = 422, body = Problem)))]
pub(in crate::web) async fn give(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    body: Result<Json<SettingGiveBody>, JsonRejection>,
) -> Result<Response, Problem> {
    // What was sent may hold a secret: nothing of it is said back.
    let Json(body) = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::of_status(StatusCode::PAYLOAD_TOO_LARGE),
        _ => Problem::malformed("`name`, `value` and `reason` are texts"),
    })?;
    let value = Zeroizing::new(body.value);
    let given = match SecretName::of_name(&body.name) {
        Some(name) => secrets::give(&app, name, value, &body.reason, &organiser).await,
        None => Err(Refused::SubjectUnknown.into()),
    };
    let given = given.map(|proposal| SettingGivenBody { proposal });
    Ok(answered(&app, &organiser, given))
}

/// A decision about a secret that waits.
#[derive(Deserialize, ToSchema)]
pub(in crate::web) struct SettingDecisionBody {
    /// The proposal's number.
    proposal: i64,
    /// The digest of what was looked at.
    digest: String,
    /// `approve`, `reject`, or `withdraw` for whoever gave it.
    verdict: String,
    /// 1 to 500 characters; it stands in the audit log.
    reason: String,
}

/// Decides about a secret that somebody else gave, or takes one's own back; wants the second factor of the last
/// five minutes.
#[utoipa::path(post, path = DECIDE, tag = "console", request_body = SettingDecisionBody,
    responses((status = 204), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 409, body = Problem), (status = 413, body = Problem),
        (status = 422, body = Problem)))]
pub(in crate::web) async fn decide(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    body: Result<Json<SettingDecisionBody>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(body) = body.map_err(rejected)?;
    let verdict = Verdict::of_name(&body.verdict)
        .ok_or_else(|| Problem::malformed("a verdict is `approve`, `reject` or `withdraw`"))?;
    let word = (body.proposal, body.digest.as_str(), body.reason.as_str());
    let decided = secrets::decide(&app, word, verdict, &organiser).await;
    Ok(nothing(&app, &organiser, decided))
}
