//! What surrounds every request: a reference number, one line of log, security headers, a limit of parallel work.

use std::{
    sync::{Arc, LazyLock},
    time::Instant,
};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{Html, IntoResponse, Response},
};
use tokio::sync::Semaphore;
use tracing::Instrument as _;

use super::assets::{ASSETS, source};
use crate::app::App;

/// Letters of a reference number; none looks like another.
const ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/// A number a person can read to the hotline, such as `7F3K-2Q`.
#[derive(Debug, Clone)]
pub(super) struct Reference(pub(super) String);

impl Reference {
    fn new(bytes: [u8; 6]) -> Self {
        let letter = |byte: u8| char::from(ALPHABET[usize::from(byte & 31)]);
        let [a, b, c, d, e, f] = bytes.map(letter);
        Self(format!("{a}{b}{c}{d}-{e}{f}"))
    }
}

/// Numbers the request and logs one line about it: never a body, never a person.
pub(super) async fn number_and_log(
    State(app): State<Arc<App>>,
    mut request: Request,
    next: Next,
) -> Response {
    let reference = Reference::new(app.entropy.bytes());
    let method = request.method().clone();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "-".to_owned(), |matched| matched.as_str().to_owned());
    request.extensions_mut().insert(reference.clone());
    let began = Instant::now();
    let span = tracing::info_span!("request", reference = %reference.0, %method, route = %route);
    let mut response = next.run(request).instrument(span.clone()).await;
    let status = response.status().as_u16();
    let took = began.elapsed();
    let elapsed_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let what = (method.as_str(), route.as_str());
    app.memory
        .metrics
        .answered(what, status, took, app.wall.now());
    span.in_scope(|| tracing::info!(status, elapsed_ms, "answered"));
    if let Ok(value) = HeaderValue::from_str(&reference.0) {
        response
            .headers_mut()
            .insert(HeaderName::from_static("x-request-id"), value);
    }
    response
}

/// What a browser may do with any page of ours; the only styles and scripts in a page are ours, by their digests.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let styles = [
        ASSETS.first_css.source(),
        ASSETS.landing_css.source(),
        ASSETS.quiz_css.source(),
        source(QUEUE_STYLE),
    ];
    let script = ASSETS.quiz_js.source();
    let policy = format!(
        "default-src 'none'; script-src 'self' {script} https://res.wx.qq.com; style-src 'self' {}; img-src 'self' data:; media-src 'self'; connect-src 'self'; form-action 'self' https://open.weixin.qq.com; frame-ancestors 'none'; base-uri 'none'",
        styles.join(" ")
    );
    // Digests in base64 are visible ASCII; nothing is allowed if they were not.
    HeaderValue::from_str(&policy)
        .unwrap_or_else(|_error| HeaderValue::from_static("default-src 'none'"))
});

/// Adds the security headers to every answer.
pub(super) async fn secure(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert_with(|| POLICY.clone());
    if app.public_url.starts_with("https://") {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000"),
        );
    }
    response
}

/// How many requests may be worked on at once.
#[derive(Clone)]
pub(super) struct Gate(Arc<Semaphore>);

impl Gate {
    pub(super) fn of_places(n_places: usize) -> Self {
        Self(Arc::new(Semaphore::new(n_places)))
    }
}

/// Refuses at once what could only wait: a short page that tells when to come back.
pub(super) async fn shed(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let Ok(_permit) = gate.0.try_acquire() else {
        return overloaded(request.uri().path());
    };
    next.run(request).await
}

/// The style of the page for whoever has to wait: files would have to wait as well.
const QUEUE_STYLE: &str = "body{margin:0;padding:20vh 24px 0;background:#fbf5ec;color:#231815;font:18px/1.6 sans-serif;text-align:center}h1{font-size:1.3em}@media(prefers-color-scheme:dark){body{background:#15100e;color:#f3e9e0}}";

fn overloaded(path: &str) -> Response {
    if path.starts_with("/api/") {
        return super::api::problem::Problem::of_status(StatusCode::SERVICE_UNAVAILABLE)
            .into_response();
    }
    // No template and no cookie: it must cost next to nothing.
    let page = format!(
        "<!DOCTYPE html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta name=\"color-scheme\" content=\"light dark\"><meta http-equiv=\"refresh\" content=\"20\"><title>正在排队</title><link rel=\"icon\" href=\"data:,\"><style>{QUEUE_STYLE}</style></head><body><main><h1>人太多了，正在排队</h1><p>约 20 秒后自动进入，您的答案没有丢。</p></main></body></html>"
    );
    let headers = [
        (header::RETRY_AFTER, "20"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (StatusCode::SERVICE_UNAVAILABLE, headers, Html(page)).into_response()
}
