//! The endpoints of WeChat that servers and browsers call.

use askama::Template;
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{RawQuery, Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::{any, get},
};
use http_body_util::{Full, Limited};
use tokio::time as timer;
use wechat_adapter::simulator::{AuthorizeOutcome, Handled};

use super::{act, buttons::HOLDER_SECONDS, host::SimulatedWeChat};
use crate::web::{
    FORM_BYTES,
    assets::ASSETS,
    frame,
    qr_code::QrCode,
    session::{Jar, Name, Visitor},
};

/// The endpoints below `prefix`.
pub(super) fn routes(prefix: &str) -> Router<SimulatedWeChat> {
    let at = |path: &str| format!("{prefix}{path}");
    Router::new()
        .route(&at("/connect/oauth2/authorize"), get(authorize))
        .route(&at("/cgi-bin/showqrcode"), get(show_qr_code))
        .route(&at("/q/{code}"), get(scanned))
        .route(&at("/{*path}"), any(endpoint))
}

/// Passes a call to the simulator, and does to its answer what the network does.
async fn endpoint(State(host): State<SimulatedWeChat>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, FORM_BYTES).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let call = http::Request::from_parts(parts, body.to_vec());
    match host.simulator.handle(&call, host.now()) {
        Handled::Answer(answer) => answer.map(Body::from),
        Handled::Late { answer, delay } => {
            timer::sleep(delay).await;
            answer.map(Body::from)
        }
        Handled::Dropped { .. } => cut(),
    }
}

/// An answer whose body breaks off: the connection is cut before it is complete.
fn cut() -> Response {
    let body = Full::new(Bytes::from_static(b"cut off"));
    Body::new(Limited::new(body, 1)).into_response()
}

/// One who may be chosen on the authorize page.
struct Choice {
    openid: String,
    name: String,
    /// Whether the person only ever sees a snapshot of the page.
    is_preview: bool,
}

#[derive(Template)]
#[template(path = "choose_person.html")]
struct ChoosePerson {
    first_css: &'static str,
    css: &'static str,
    icon: &'static str,
    account: String,
    query: String,
    /// Whether nickname and picture are asked for too.
    asks_profile: bool,
    /// Whether there is a drawn phone to go to.
    has_phone: bool,
    people: Vec<Choice>,
}

/// The authorize page: whoever is named by `as=`, or else holds the phone, goes back at once.
async fn authorize(
    State(host): State<SimulatedWeChat>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let query = query.unwrap_or_default();
    let given = |name: &str| {
        query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .find_map(|(key, value)| (key == name).then(|| value.to_owned()))
    };
    if given("deny").is_some() {
        let declined = host.simulator.decline(&query, host.now());
        return outcome(&host, declined, None, &headers);
    }
    let holder = host
        .contest
        .as_ref()
        .and_then(|app| Visitor::of(app, &headers, "").holder);
    let chosen = given("as")
        .or(holder)
        .filter(|openid| host.simulator.person(openid).is_some());
    let authorized = host
        .simulator
        .authorize(&query, chosen.as_deref(), host.now());
    outcome(&host, authorized, chosen.as_deref(), &headers)
}

fn outcome(
    host: &SimulatedWeChat,
    outcome: AuthorizeOutcome,
    chosen: Option<&str>,
    headers: &HeaderMap,
) -> Response {
    match outcome {
        AuthorizeOutcome::Redirect(url) => {
            let Some(app) = &host.contest else {
                return (StatusCode::FOUND, [(header::LOCATION, url)]).into_response();
            };
            let jar = Jar::of(app, headers);
            match chosen {
                Some(openid) => jar.set(Name::Holder, openid, HOLDER_SECONDS),
                None => jar,
            }
            .redirect(&url)
        }
        AuthorizeOutcome::ChoosePerson { query, scope } => choose(host, query, &scope),
        AuthorizeOutcome::BadRequest(reason) => (StatusCode::BAD_REQUEST, reason).into_response(),
        AuthorizeOutcome::Banned => (StatusCode::FORBIDDEN, "已停止访问该网页").into_response(),
        _ => StatusCode::BAD_REQUEST.into_response(),
    }
}

fn choose(host: &SimulatedWeChat, query: String, scope: &str) -> Response {
    let people = act::people(host).unwrap_or_default();
    let account = host.contest.as_ref().map_or_else(
        || "模拟公众号".to_owned(),
        |app| app.wechat.account_name.clone(),
    );
    frame::personal(&ChoosePerson {
        first_css: &ASSETS.first_css.text,
        css: &ASSETS.css.href,
        icon: &ASSETS.icon.href,
        account,
        query,
        asks_profile: scope == "snsapi_userinfo",
        has_phone: host.contest.is_some(),
        people: people
            .into_iter()
            .map(|person| Choice {
                openid: person.openid,
                name: person.name,
                is_preview: person.snapshot_user,
            })
            .collect(),
    })
}

/// The picture of a QR code.
async fn show_qr_code(State(host): State<SimulatedWeChat>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let ticket = form_urlencoded::parse(query.as_bytes())
        .find_map(|(name, value)| (name == "ticket").then(|| value.into_owned()));
    let drawn = ticket
        .and_then(|ticket| host.simulator.qr_url(&ticket))
        .and_then(|url| QrCode::of(&url)?.png());
    match drawn {
        Some(picture) => ([(header::CONTENT_TYPE, "image/png")], picture).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// A browser that opens the address in a QR code comes to the phone, which scans it.
async fn scanned(State(host): State<SimulatedWeChat>, request: Request) -> Response {
    let url = format!("{}{}", host.base_url, request.uri().path());
    if host.contest.is_some() {
        return Redirect::to(&format!("/simulator?scan={url}")).into_response();
    }
    format!(
        "a QR code of the simulated WeChat; somebody scans it by\n\
         POST {}/simulator/api/people/{{openid}}/scan {{\"url\": \"{url}\"}}\n",
        host.base_url
    )
    .into_response()
}
