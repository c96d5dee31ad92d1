//! `/simulator/wechat`: the endpoints of WeChat that our server and browsers call.

use std::sync::Arc;

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

use super::{act, buttons::HOLDER_SECONDS};
use crate::{
    app::App,
    web::{
        FORM_BYTES,
        assets::ASSETS,
        frame,
        qr_code::QrCode,
        session::{Jar, Name, Visitor},
    },
};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/simulator/wechat/connect/oauth2/authorize", get(authorize))
        .route("/simulator/wechat/cgi-bin/showqrcode", get(show_qr_code))
        .route("/simulator/wechat/q/{code}", get(scanned))
        .route("/simulator/wechat/{*path}", any(endpoint))
}

/// Passes a call to the simulator, and does to its answer what the network does.
async fn endpoint(State(app): State<Arc<App>>, request: Request) -> Response {
    let Ok(host) = act::host(&app) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, FORM_BYTES).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let call = http::Request::from_parts(parts, body.to_vec());
    match host.simulator.handle(&call, app.now()) {
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

#[derive(Template)]
#[template(path = "choose_person.html")]
struct ChoosePerson {
    css: &'static str,
    icon: &'static str,
    account: String,
    query: String,
    people: Vec<(String, String)>,
}

/// The authorize page: whoever is named by `as=`, or else holds the phone, goes back at once.
async fn authorize(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let Ok(host) = act::host(&app) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let query = query.unwrap_or_default();
    let given = |name: &str| {
        query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .find_map(|(key, value)| (key == name).then(|| value.to_owned()))
    };
    if given("deny").is_some() {
        return outcome(
            &app,
            host.simulator.decline(&query, app.now()),
            None,
            &headers,
        );
    }
    let holder = Visitor::of(&app, &headers, "").holder;
    let chosen = given("as")
        .or(holder)
        .filter(|openid| host.simulator.person(openid).is_some());
    let authorized = host
        .simulator
        .authorize(&query, chosen.as_deref(), app.now());
    outcome(&app, authorized, chosen.as_deref(), &headers)
}

fn outcome(
    app: &App,
    outcome: AuthorizeOutcome,
    chosen: Option<&str>,
    headers: &HeaderMap,
) -> Response {
    match outcome {
        AuthorizeOutcome::Redirect(url) => {
            let jar = Jar::of(app, headers);
            match chosen {
                Some(openid) => jar.set(Name::Holder, openid, HOLDER_SECONDS),
                None => jar,
            }
            .redirect(&url)
        }
        AuthorizeOutcome::ChoosePerson { query, .. } => choose(app, query),
        AuthorizeOutcome::BadRequest(reason) => (StatusCode::BAD_REQUEST, reason).into_response(),
        _ => StatusCode::BAD_REQUEST.into_response(),
    }
}

fn choose(app: &App, query: String) -> Response {
    let people = act::people(app).unwrap_or_default();
    frame::personal(&ChoosePerson {
        css: &ASSETS.css.href,
        icon: &ASSETS.icon.href,
        account: app.wechat.account_name.clone(),
        query,
        people: people
            .into_iter()
            .map(|person| (person.openid, person.name))
            .collect(),
    })
}

/// The picture of a QR code.
async fn show_qr_code(State(app): State<Arc<App>>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let ticket = query.strip_prefix("ticket=").unwrap_or_default();
    let drawn = act::host(&app)
        .ok()
        .and_then(|host| host.simulator.qr_url(ticket))
        .and_then(|url| QrCode::of(&url));
    match drawn {
        Some(code) => (
            [(header::CONTENT_TYPE, "image/svg+xml")],
            code.svg("QR code"),
        )
            .into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// A browser that opens the address in a QR code comes to the phone, which scans it.
async fn scanned(State(app): State<Arc<App>>, request: Request) -> Response {
    let url = format!("{}{}", app.public_url, request.uri().path());
    Redirect::to(&format!("/simulator?scan={url}")).into_response()
}
