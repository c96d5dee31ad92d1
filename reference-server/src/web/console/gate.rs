//! The gate before every route of the console: who asks, whether they may, and whether a form is ours.
//!
//! Nobody without a session gets further than the sign-in. Whoever lacks the role is told so (403);
//! another city is as if it were not there (404), and so is what does not exist.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use axum::{
    body::{Body, to_bytes},
    extract::{
        ConnectInfo, DefaultBodyLimit, FromRequest as _, FromRequestParts, Multipart,
        RawPathParams, Request, State,
    },
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse as _, Redirect, Response},
};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};

use super::{
    error, frame,
    table::{Access, Entry, Scope, Verb},
};
use crate::{
    app::App,
    contest::{
        decision,
        organiser::{
            Error, Organiser, Refused,
            sign_in::{self, SessionToken},
        },
    },
};

/// The longest body of a form or a call: the longest page of a city, every character in twelve bytes.
const BODY_BYTES: usize = 160 * 1024;
/// The longest body of a form or a call with a file.
const FILE_BODY_BYTES: usize = 32 * 1024 * 1024;
/// What every form of the console carries.
pub(super) const FORM_TOKEN: &str = "form_token";

/// A route and its gate.
#[derive(Clone)]
pub(super) struct Gate {
    pub(super) app: Arc<App>,
    pub(super) entry: &'static Entry,
}

/// Whoever was let through.
#[derive(Debug, Clone)]
pub(in crate::web) struct Signed(pub(super) Organiser);

impl FromRequestParts<Arc<App>> for Signed {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _app: &Arc<App>) -> Result<Self, StatusCode> {
        // A handler of a route that anybody may use asks for nobody.
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

/// Lets a request through to its handler, or answers it.
pub(super) async fn guard(
    State(gate): State<Gate>,
    params: RawPathParams,
    request: Request,
    next: Next,
) -> Response {
    let (app, entry) = (&gate.app, gate.entry);
    if entry.access == Access::Anybody {
        return next.run(request).await;
    }
    let organiser = match organiser_of(app, request.headers()).await {
        Ok(Some(organiser)) => organiser,
        Ok(None) => return sign_in_first(&request, entry),
        Err(error) => return error::answer(app, None, entry.is_api(), error),
    };
    match admit(&gate, &params, organiser.clone(), request).await {
        Ok(request) => {
            count_open_work(app, entry, &organiser).await;
            next.run(request).await
        }
        Err(Stopped::Answer(response)) => response,
        Err(Stopped::Refused(error)) => error::answer(app, Some(&organiser), entry.is_api(), error),
    }
}

/// Counts what the navigation of a page is about to say; without it the page says what it said before.
async fn count_open_work(app: &App, entry: &Entry, organiser: &Organiser) {
    let is_page = entry.verb == Verb::Get && !entry.is_api();
    if !is_page || !frame::shows_open_work(organiser) {
        return;
    }
    match decision::open_work(app).await {
        Ok(open) => app.keep_open_work(open),
        Err(error) => tracing::warn!(%error, "what is open could not be counted"),
    }
}

enum Stopped {
    Answer(Response),
    Refused(Error),
}

async fn admit(
    gate: &Gate,
    params: &RawPathParams,
    organiser: Organiser,
    request: Request,
) -> Result<Request, Stopped> {
    let (app, entry) = (&gate.app, gate.entry);
    if !entry.allows(&organiser.roles) {
        let answer = error::forbidden(app, &organiser, entry.is_api());
        return Err(Stopped::Answer(answer));
    }
    let is_in_sight = match entry.scope {
        Scope::Own => true,
        Scope::Province => organiser.city.is_none(),
        Scope::City => params.iter().any(|(name, city)| {
            let mut cities = app.season.province.cities().iter();
            name == "city"
                && organiser.sees(city)
                && cities.any(|known| known.slug().as_str() == city)
        }),
    };
    if !is_in_sight {
        return Err(Stopped::Refused(Refused::NotFound.into()));
    }
    let (mut parts, body) = request.into_parts();
    let body = match (entry.verb, entry.is_api()) {
        (Verb::Get, _) => body,
        (Verb::Post, true) => {
            // A browser asks before it sends this kind to another site, and is told no.
            let kind = parts.headers.get(header::CONTENT_TYPE);
            let is_json = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
            if !is_json {
                return Err(Stopped::Answer(error::not_json()));
            }
            body
        }
        (Verb::Post, false) if entry.takes_file && is_in_parts(&parts.headers) => {
            ours_with_file(app, &organiser, &parts, body).await?
        }
        (Verb::Post, false) => ours(app, &organiser, body).await?,
    };
    if entry.wants_step_up && !organiser.is_stepped_up {
        return Err(if entry.is_api() {
            Stopped::Refused(Refused::StepUpRequired.into())
        } else {
            Stopped::Answer(step_up_first(&parts.headers, &parts.uri.to_string(), entry))
        });
    }
    parts.extensions.insert(Signed(organiser));
    let mut request = Request::from_parts(parts, body);
    let n_bytes = if entry.takes_file {
        FILE_BODY_BYTES
    } else {
        BODY_BYTES
    };
    DefaultBodyLimit::max(n_bytes).apply(&mut request);
    Ok(request)
}

/// Whether a form comes in parts, as one with a file does.
fn is_in_parts(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"multipart/form-data"))
}

/// The same of a form with a file, whose parts are read one after the other.
async fn ours_with_file(
    app: &App,
    organiser: &Organiser,
    parts: &Parts,
    body: Body,
) -> Result<Body, Stopped> {
    let too_long = |_error| Stopped::Answer(StatusCode::PAYLOAD_TOO_LARGE.into_response());
    let bytes = to_bytes(body, FILE_BODY_BYTES).await.map_err(too_long)?;
    let foreign = || Stopped::Answer(error::foreign_form(app, organiser));
    let mut copy = Request::new(Body::from(bytes.clone()));
    copy.headers_mut().clone_from(&parts.headers);
    DefaultBodyLimit::disable().apply(&mut copy);
    let sent = Multipart::from_request(copy, &()).await;
    let mut sent = sent.map_err(|_no_parts| foreign())?;
    while let Ok(Some(field)) = sent.next_field().await {
        if field.name() != Some(FORM_TOKEN) {
            continue;
        }
        let value = field.text().await.map_err(|_cut| foreign())?;
        return if is_token(app, organiser, &value) {
            Ok(Body::from(bytes))
        } else {
            Err(foreign())
        };
    }
    Err(foreign())
}

/// Whether this is the token of the session's forms.
fn is_token(app: &App, organiser: &Organiser, value: &str) -> bool {
    let expected = sign_in::form_token(app, &organiser.session);
    aws_lc_rs::constant_time::verify_slices_are_equal(value.as_bytes(), expected.as_bytes()).is_ok()
}

/// The body of a form that carries the token of its session.
async fn ours(app: &App, organiser: &Organiser, body: Body) -> Result<Body, Stopped> {
    let too_long = |_error| Stopped::Answer(StatusCode::PAYLOAD_TOO_LARGE.into_response());
    let bytes = to_bytes(body, BODY_BYTES).await.map_err(too_long)?;
    let is_ours = form_urlencoded::parse(&bytes)
        .find(|(name, _value)| name == FORM_TOKEN)
        .is_some_and(|(_name, value)| is_token(app, organiser, &value));
    if is_ours {
        Ok(Body::from(bytes))
    } else {
        let answer = error::foreign_form(app, organiser);
        Err(Stopped::Answer(answer))
    }
}

/// Whoever holds the session of these cookies.
pub(super) async fn organiser_of(
    app: &App,
    headers: &HeaderMap,
) -> Result<Option<Organiser>, Error> {
    let jar = CookieJar::from_headers(headers);
    match jar.get(cookie_name(app)) {
        Some(cookie) => sign_in::session(app, cookie.value(), true).await,
        None => Ok(None),
    }
}

fn sign_in_first(request: &Request, entry: &Entry) -> Response {
    if entry.is_api() {
        return error::sign_in_required();
    }
    let next = match entry.verb {
        Verb::Get => request
            .uri()
            .path_and_query()
            .map_or("/console", |path| path.as_str()),
        Verb::Post => "/console",
    };
    Redirect::to(&with_next("/console/sign-in", next)).into_response()
}

/// Asks for the second factor, and leads back to the page with the form.
fn step_up_first(headers: &HeaderMap, uri: &str, entry: &Entry) -> Response {
    let referrer = headers
        .get(header::REFERER)
        .and_then(|referrer| referrer.to_str().ok())
        .and_then(|referrer| referrer.split_once("://"))
        .and_then(|(_scheme, rest)| rest.find('/').and_then(|at| rest.get(at..)));
    let next = match entry.verb {
        Verb::Get => uri,
        Verb::Post => referrer.unwrap_or("/console"),
    };
    Redirect::to(&with_next("/console/step-up", next)).into_response()
}

fn with_next(to: &str, next: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("next", next)
        .finish();
    format!("{to}?{query}")
}

/// A path of the console, or its front page for any other.
pub(super) fn local(next: &str) -> &str {
    let is_plain = next
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if is_plain && (next == "/console" || next.starts_with("/console/")) {
        next
    } else {
        "/console"
    }
}

/// Where a request comes from: the other end of the connection, or what our own proxies say of it.
pub(super) fn address_of(
    app: &App,
    connection: Option<&ConnectInfo<SocketAddr>>,
    headers: &HeaderMap,
) -> Option<IpAddr> {
    let peer = connection?.0.ip();
    if !app.proxies.contains(&peer) {
        return Some(peer);
    }
    let said = headers.get_all("x-forwarded-for").iter();
    let said: Vec<&str> = said
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    said.into_iter()
        .rev()
        .map(|address| address.trim().parse().ok())
        .take_while(Option::is_some)
        .flatten()
        .find(|address| !app.proxies.contains(address))
        .or(Some(peer))
}

fn cookie_name(app: &App) -> &'static str {
    if app.public_url.starts_with("https://") {
        "__Host-contest-organiser"
    } else {
        "contest-organiser"
    }
}

/// A cookie that no other site ever makes a browser send.
fn cookie(app: &App, value: String) -> Cookie<'static> {
    let mut cookie = Cookie::new(cookie_name(app), value);
    cookie.set_path("/");
    cookie.set_http_only(true);
    cookie.set_same_site(SameSite::Strict);
    cookie.set_secure(app.public_url.starts_with("https://"));
    cookie
}

/// A response that keeps a session in the browser.
pub(super) fn keep(app: &App, token: &SessionToken, mut response: Response) -> Response {
    set(&mut response, &cookie(app, token.as_str().to_owned()));
    response
}

/// A response that makes the browser forget its session.
pub(super) fn forget(app: &App, mut response: Response) -> Response {
    let mut cookie = cookie(app, String::new());
    cookie.make_removal();
    set(&mut response, &cookie);
    response
}

fn set(response: &mut Response, cookie: &Cookie<'_>) {
    if let Ok(value) = HeaderValue::from_str(&cookie.to_string()) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_never_leaves_the_console() {
        for next in [
            "/console",
            "/console/accounts",
            "/console/journal?q=%E5%8D%97",
        ] {
            assert_eq!(local(next), next);
        }
        for next in [
            "",
            "/",
            "//evil.example",
            "https://evil.example/console",
            "/consolex",
            "/console/\\evil",
            "/console/a b",
            "/console/\r\nset-cookie: a=b",
            "\\/console",
        ] {
            assert_eq!(local(next), "/console", "{next}");
        }
    }
}
