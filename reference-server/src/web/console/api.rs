//! The console as JSON: the same use cases behind the same gate.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, Query, State, rejection::JsonRejection},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{audit_log::Asked, error, gate::Signed, pause_api::PausedBody};
use crate::{
    app::App,
    contest::{
        audit_log,
        organiser::{
            Organiser, Refused, Role, Roles,
            roster::{self, LinkToken, Newcomer},
        },
        overview::{self, Snapshot},
    },
    web::{
        api::{problem::Problem, rejected},
        moment,
    },
};

pub(super) const ME: &str = "/api/v1/console/me";
pub(super) const ACCOUNTS: &str = "/api/v1/console/accounts";
pub(super) const DISABLE: &str = "/api/v1/console/accounts/{name}/disable";
pub(super) const OVERVIEW: &str = "/api/v1/console/cities/{city}/overview";
pub(super) const AUDIT_LOG: &str = "/api/v1/console/audit-log";
pub(super) const RESET: &str = "/api/v1/console/accounts/{name}/reset";

/// Who is signed in.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct OrganiserBody {
    name: String,
    display_name: String,
    /// `province_admin`, `city_editor`, `content_approver`, `finance_operator`,
    /// `finance_approver`, `auditor`, `security_admin`.
    roles: Vec<String>,
    /// The one city of a city editor.
    city: Option<String>,
    /// Whether the second factor was shown in the last five minutes, as some calls want it.
    stepped_up: bool,
}

/// An account.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct AccountBody {
    name: String,
    display_name: String,
    roles: Vec<String>,
    city: Option<String>,
    /// `invited`, `active` or `disabled`.
    state: String,
}

/// A new account.
#[derive(Deserialize, ToSchema)]
pub(in crate::web) struct NewAccountBody {
    /// 2 to 32 small letters, digits, dots and hyphens, beginning with a letter.
    name: String,
    /// 1 to 40 characters.
    display_name: String,
    roles: Vec<String>,
    /// Only for a city editor.
    city: Option<String>,
}

/// Why something is done.
#[derive(Deserialize, ToSchema)]
pub(in crate::web) struct ReasonBody {
    /// 1 to 500 characters; it stands in the audit log.
    pub(super) reason: String,
}

/// The link that sets an account up, once, within 24 hours.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct LinkBody {
    address: String,
}

fn names(roles: &Roles) -> Vec<String> {
    roles.iter().map(|role| role.name().to_owned()).collect()
}

fn link(app: &App, link: &LinkToken) -> Json<LinkBody> {
    Json(LinkBody {
        address: link.address(&app.public_url),
    })
}

/// Who is signed in to the console.
#[utoipa::path(get, path = ME, tag = "console",
    responses((status = 200, body = OrganiserBody), (status = 401, body = Problem)))]
pub(in crate::web) async fn me(Signed(organiser): Signed) -> Json<OrganiserBody> {
    Json(OrganiserBody {
        roles: names(&organiser.roles),
        name: organiser.name,
        display_name: organiser.display_name,
        city: organiser.city,
        stepped_up: organiser.is_stepped_up,
    })
}

/// Every account of the console.
#[utoipa::path(get, path = ACCOUNTS, tag = "console",
    responses((status = 200, body = [AccountBody]), (status = 401, body = Problem),
        (status = 403, body = Problem)))]
pub(in crate::web) async fn accounts(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
) -> Response {
    let accounts = match roster::accounts(&app).await {
        Ok(accounts) => accounts,
        Err(failed) => return error::answer(&app, Some(&organiser), true, failed),
    };
    let bodies = accounts.into_iter().map(|account| AccountBody {
        roles: names(&account.roles),
        state: account.state.name().to_owned(),
        name: account.name,
        display_name: account.display_name,
        city: account.city,
    });
    Json(bodies.collect::<Vec<_>>()).into_response()
}

/// Makes an account; wants the second factor of the last five minutes.
#[utoipa::path(post, path = ACCOUNTS, tag = "console", request_body = NewAccountBody,
    responses((status = 201, body = LinkBody), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 413, body = Problem),
        (status = 422, body = Problem)))]
pub(in crate::web) async fn make_account(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    body: Result<Json<NewAccountBody>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(body) = body.map_err(rejected)?;
    Ok(match make(&app, &organiser, body).await {
        Ok(made) => (StatusCode::CREATED, link(&app, &made)).into_response(),
        Err(failed) => error::answer(&app, Some(&organiser), true, failed),
    })
}

async fn make(
    app: &App,
    organiser: &Organiser,
    body: NewAccountBody,
) -> Result<LinkToken, crate::contest::organiser::Error> {
    let roles: Option<Vec<Role>> = body.roles.iter().map(|name| Role::of_name(name)).collect();
    let newcomer = Newcomer {
        roles: Roles::new(roles.ok_or(Refused::RolesClash)?, body.city.as_deref())?,
        name: body.name,
        display_name: body.display_name,
        city: body.city,
    };
    roster::create(app, newcomer, &organiser.name).await
}

/// Switches an account off; wants the second factor of the last five minutes.
#[utoipa::path(post, path = DISABLE, tag = "console", request_body = ReasonBody,
    params(("name" = String, Path, description = "The account")),
    responses((status = 204), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 413, body = Problem),
        (status = 422, body = Problem)))]
pub(in crate::web) async fn disable_account(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(name): Path<String>,
    body: Result<Json<ReasonBody>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(body) = body.map_err(rejected)?;
    let done = roster::disable(&app, &name, &body.reason, &organiser.name).await;
    Ok(match done {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(failed) => error::answer(&app, Some(&organiser), true, failed),
    })
}

/// Takes an account's password and second factor away and gives a new link; wants the second
/// factor of the last five minutes.
#[utoipa::path(post, path = RESET, tag = "console", request_body = ReasonBody,
    params(("name" = String, Path, description = "The account")),
    responses((status = 200, body = LinkBody), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 413, body = Problem), (status = 422, body = Problem)))]
pub(in crate::web) async fn reset_account(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(name): Path<String>,
    body: Result<Json<ReasonBody>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(body) = body.map_err(rejected)?;
    let done = roster::reset(&app, &name, &body.reason, &organiser.name).await;
    Ok(match done {
        Ok(made) => link(&app, &made).into_response(),
        Err(failed) => error::answer(&app, Some(&organiser), true, failed),
    })
}

/// Attempts and packets of one hour of the day.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct HourBody {
    /// 0 to 23.
    hour: i64,
    n_attempts: i64,
    n_packets: i64,
}

/// New followers of one district.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct DistrictBody {
    name: String,
    n_new_followers: i64,
    n_following: i64,
}

/// A city's numbers at an instant.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct OverviewBody {
    city: String,
    at: String,
    /// The day of the city's week that is shown, from 1.
    day: i64,
    n_people_of_day: i64,
    /// By the same hour of the day before.
    n_people_of_day_before: Option<i64>,
    n_people: i64,
    n_attempts: i64,
    n_passes: i64,
    n_new_followers: i64,
    n_new_following: i64,
    districts: Vec<DistrictBody>,
    n_without_district: i64,
    hours: Vec<HourBody>,
    /// Nothing before the packets are sealed.
    pool_fen: Option<i64>,
    used_fen: Option<i64>,
    day_cap_fen: Option<i64>,
    day_used_fen: Option<i64>,
    top_awarded: Option<bool>,
    /// What is paused in the city.
    pauses: Vec<PausedBody>,
    rail_paused: Option<String>,
    n_incidents: i64,
    /// How far the deciding clock is ahead of the answering instance's, when that is too far.
    clock_off_ms: Option<i64>,
    /// Whether the merchant's account may not last for today and tomorrow; nothing while no bill tells.
    merchant_balance_is_short: Option<bool>,
    /// What today and tomorrow may still award.
    next_days_cost_fen: i64,
    /// Of the answering instance and the last five minutes: answers to people, papers drawn, and within how many
    /// milliseconds 99 of 100 were answered.
    recent_requests: u64,
    recent_papers: u64,
    recent_p99_ms: Option<u64>,
}

impl OverviewBody {
    fn of(now: &Snapshot) -> Self {
        let money = now.money.as_ref();
        Self {
            city: now.city.clone(),
            at: moment::rfc3339(now.at),
            day: now.day,
            n_people_of_day: now.n_people_of_day,
            n_people_of_day_before: now.n_people_of_day_before,
            n_people: now.n_people,
            n_attempts: now.n_attempts,
            n_passes: now.n_passes,
            n_new_followers: now.n_new_followers,
            n_new_following: now.n_new_following,
            districts: now
                .districts
                .iter()
                .map(|(name, n_new_followers, n_following)| DistrictBody {
                    name: name.clone(),
                    n_new_followers: *n_new_followers,
                    n_following: *n_following,
                })
                .collect(),
            n_without_district: now.n_without_district,
            hours: now
                .hours
                .iter()
                .map(|(hour, n_attempts, n_packets)| HourBody {
                    hour: *hour,
                    n_attempts: *n_attempts,
                    n_packets: *n_packets,
                })
                .collect(),
            pool_fen: money.map(|money| money.pool_fen),
            used_fen: money.map(|money| money.used_fen),
            day_cap_fen: money.map(|money| money.cap_fen),
            day_used_fen: money.map(|money| money.used_of_day_fen),
            top_awarded: money.map(|money| money.top_awarded),
            pauses: now.pauses.iter().map(PausedBody::of).collect(),
            rail_paused: now.health.rail_paused.clone(),
            n_incidents: now.health.n_incidents,
            clock_off_ms: now.health.clock_off_ms,
            merchant_balance_is_short: now
                .health
                .balance
                .last
                .map(|_bill| now.health.balance.is_short()),
            next_days_cost_fen: now.health.balance.next_days_fen,
            recent_requests: now.health.recent.n_answered,
            recent_papers: now.health.recent.n_papers,
            recent_p99_ms: now.health.recent.p99_ms,
        }
    }
}

/// A city's numbers, as its page shows them.
#[utoipa::path(get, path = OVERVIEW, tag = "console",
    params(("city" = String, Path, description = "The city's slug")),
    responses((status = 200, body = OverviewBody), (status = 401, body = Problem),
        (status = 404, body = Problem)))]
pub(in crate::web) async fn overview(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
) -> Response {
    match overview::latest(&app, &city).await {
        Ok(now) => Json(OverviewBody::of(&now)).into_response(),
        Err(failed) => error::answer(&app, Some(&organiser), true, failed),
    }
}

/// An event of the audit chain.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct EventBody {
    number: i64,
    at: String,
    actor: String,
    action: String,
    detail: String,
    previous_hash: String,
    hash: String,
}

/// Events that were found, the newest first.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct EventsBody {
    events: Vec<EventBody>,
    /// Ask again with `before` for further ones, if there may be any.
    before: Option<i64>,
}

/// Searches the audit log.
#[utoipa::path(get, path = AUDIT_LOG, tag = "console",
    params(("who" = Option<String>, Query, description = "`people`, or `all` with the server's own events"),
        ("actor" = Option<String>, Query, description = "Exactly this actor"),
        ("action" = Option<String>, Query, description = "Actions that begin so"),
        ("text" = Option<String>, Query, description = "Details in which this stands"),
        ("before" = Option<i64>, Query, description = "Only events before this number")),
    responses((status = 200, body = EventsBody), (status = 401, body = Problem),
        (status = 403, body = Problem)))]
pub(in crate::web) async fn audit_log(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Query(asked): Query<Asked>,
) -> Response {
    match audit_log::search(&app, asked.wanted(), None).await {
        Ok(found) => Json(EventsBody {
            events: found
                .events
                .into_iter()
                .map(|event| EventBody {
                    number: event.number,
                    at: moment::rfc3339(event.at()),
                    actor: event.actor,
                    action: event.action,
                    detail: event.detail,
                    previous_hash: event.previous_hash,
                    hash: event.hash,
                })
                .collect(),
            before: found.before,
        })
        .into_response(),
        Err(failed) => error::answer(&app, Some(&organiser), true, failed),
    }
}
