//! The console as JSON: the same use cases behind the same gate.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State, rejection::JsonRejection},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{error, gate::Signed};
use crate::{
    app::App,
    contest::organiser::{
        Organiser, Refused, Role, Roles,
        roster::{self, AccountState, LinkToken, Newcomer},
    },
    web::api::problem::Problem,
};

pub(super) const ME: &str = "/api/v1/console/me";
pub(super) const ACCOUNTS: &str = "/api/v1/console/accounts";
pub(super) const DISABLE: &str = "/api/v1/console/accounts/{name}/disable";
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
    reason: String,
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
        state: match account.state {
            AccountState::Invited => "invited",
            AccountState::Active => "active",
            AccountState::Disabled => "disabled",
        }
        .to_owned(),
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
        (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
pub(in crate::web) async fn make_account(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    body: Result<Json<NewAccountBody>, JsonRejection>,
) -> Response {
    let body = match body {
        Ok(Json(body)) => body,
        Err(rejection) => return Problem::malformed(&rejection.body_text()).into_response(),
    };
    match make(&app, &organiser, body).await {
        Ok(made) => (StatusCode::CREATED, link(&app, &made)).into_response(),
        Err(failed) => error::answer(&app, Some(&organiser), true, failed),
    }
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
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem)))]
pub(in crate::web) async fn disable_account(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(name): Path<String>,
    body: Result<Json<ReasonBody>, JsonRejection>,
) -> Response {
    let body = match body {
        Ok(Json(body)) => body,
        Err(rejection) => return Problem::malformed(&rejection.body_text()).into_response(),
    };
    match roster::disable(&app, &name, &body.reason, &organiser.name).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(failed) => error::answer(&app, Some(&organiser), true, failed),
    }
}

/// Takes an account's password and second factor away and gives a new link; wants the second
/// factor of the last five minutes.
#[utoipa::path(post, path = RESET, tag = "console", request_body = ReasonBody,
    params(("name" = String, Path, description = "The account")),
    responses((status = 200, body = LinkBody), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(in crate::web) async fn reset_account(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(name): Path<String>,
    body: Result<Json<ReasonBody>, JsonRejection>,
) -> Response {
    let body = match body {
        Ok(Json(body)) => body,
        Err(rejection) => return Problem::malformed(&rejection.body_text()).into_response(),
    };
    match roster::reset(&app, &name, &body.reason, &organiser.name).await {
        Ok(made) => link(&app, &made).into_response(),
        Err(failed) => error::answer(&app, Some(&organiser), true, failed),
    }
}
