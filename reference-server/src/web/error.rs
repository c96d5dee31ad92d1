//! What a request gets that gets no result: a page with a sentence, a problem document, a reference.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{
    api::problem::Problem,
    frame::{self, Frame},
    observe::Reference,
    session::Visitor,
    wording::{self, Sentence, Step},
};
use crate::{
    app::App,
    contest::{Error, Failure, Refusal},
};

/// A use case's error on its way to a page; [`explain`] makes the page.
#[derive(Debug)]
pub(super) struct PageError(Error);

impl From<Error> for PageError {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl From<Refusal> for PageError {
    fn from(refusal: Refusal) -> Self {
        Self(refusal.into())
    }
}

/// What [`explain`] needs to know of an error.
#[derive(Debug, Clone)]
pub(super) enum Explained {
    /// An expected no.
    Refused(Refusal),
    /// Something below failed and was logged.
    Failed,
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let (status, explained) = match self.0 {
            Error::Refused(refusal) => (status(&refusal), Explained::Refused(refusal)),
            Error::Failed(failure) => (failed(&failure), Explained::Failed),
        };
        let mut response = status.into_response();
        response.extensions_mut().insert(explained);
        response
    }
}

/// The status of an expected no.
pub(super) fn status(refusal: &Refusal) -> StatusCode {
    match refusal {
        Refusal::NotFollowing
        | Refusal::Claim(reward_core::Refusal::NotFollowing)
        | Refusal::SnapshotUser => StatusCode::FORBIDDEN,
        Refusal::Claim(_)
        | Refusal::NoCityOpen { .. }
        | Refusal::CityClosed { .. }
        | Refusal::Paused { .. }
        | Refusal::NotDisclosed { .. }
        | Refusal::DistrictFixed
        | Refusal::PacketUnderway => StatusCode::CONFLICT,
        Refusal::RecordsDestroyed => StatusCode::GONE,
        Refusal::LoginRefused => StatusCode::UNAUTHORIZED,
        Refusal::UnknownAnswer { .. } | Refusal::KeyReused => StatusCode::UNPROCESSABLE_ENTITY,
        Refusal::TooFast { .. } => StatusCode::TOO_MANY_REQUESTS,
        Refusal::UnknownAttempt | Refusal::UnknownCity | Refusal::NotFound => StatusCode::NOT_FOUND,
    }
}

/// Reports a failure once, and gives its status.
pub(super) fn failed(failure: &Failure) -> StatusCode {
    if failure.is_busy() {
        tracing::warn!(error = %failure, "busy");
        StatusCode::SERVICE_UNAVAILABLE
    } else if failure.is_wechat() {
        tracing::warn!(error = %failure, "WeChat gave no usable answer");
        StatusCode::BAD_GATEWAY
    } else {
        tracing::error!(error = %failure, "failed");
        StatusCode::INTERNAL_SERVER_ERROR
    }
}

#[derive(Template)]
#[template(path = "message.html")]
struct Message {
    frame: Frame,
    good: bool,
    title: String,
    detail: String,
    reference: Option<String>,
    next_href: &'static str,
    next_label: &'static str,
}

/// A page with one sentence.
pub(super) fn message(
    frame: Frame,
    good: bool,
    said: Sentence,
    reference: Option<String>,
) -> Response {
    frame::personal(&Message {
        frame,
        good,
        title: said.title,
        detail: said.detail,
        reference,
        next_href: said.step.href(),
        next_label: said.step.label(),
    })
}

/// Gives every bare error response its page, or its problem document under `/api/`.
pub(super) async fn explain(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let headers = request.headers().clone();
    let reference = request.extensions().get::<Reference>().cloned();
    let response = next.run(request).await;
    let status = response.status();
    let is_written = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| {
            [
                &b"text/html"[..],
                b"application/problem+json",
                b"application/json",
            ]
            .iter()
            .any(|written| kind.as_bytes().starts_with(written))
        });
    if is_written || !(status.is_client_error() || status.is_server_error()) || is_machine(&path) {
        return response;
    }
    let explained = response.extensions().get::<Explained>().cloned();
    if path.starts_with("/api/") || path.starts_with("/simulator/api/") {
        return Problem::of_status(status).into_response();
    }
    let said = match &explained {
        Some(Explained::Refused(refusal)) => wording::refusal(refusal),
        Some(Explained::Failed) | None => of_status(status),
    };
    let reference = status
        .is_server_error()
        .then(|| reference.map(|reference| reference.0))
        .flatten();
    let visitor = Visitor::of(&app, &headers, &path);
    let mut page = message(Frame::of(&app, &visitor), false, said, reference);
    *page.status_mut() = status;
    if let Some((name, value)) = retry_after(status, explained.as_ref()) {
        page.headers_mut().insert(name, value);
    }
    page
}

/// Addresses that only programs ask for.
fn is_machine(path: &str) -> bool {
    ["/wechat/", "/simulator/wechat/", "/s/", "/livez", "/readyz"]
        .iter()
        .any(|machine| path.starts_with(machine))
}

fn retry_after(
    status: StatusCode,
    explained: Option<&Explained>,
) -> Option<(HeaderName, HeaderValue)> {
    let seconds = match explained {
        Some(Explained::Refused(Refusal::TooFast { retry_after_s })) => *retry_after_s,
        _ if status == StatusCode::SERVICE_UNAVAILABLE => 20,
        _ if status == StatusCode::BAD_GATEWAY => 5,
        _ => return None,
    };
    Some((header::RETRY_AFTER, HeaderValue::from(seconds)))
}

/// The sentence of a response that no use case has made.
pub(super) fn of_status(status: StatusCode) -> Sentence {
    let (title, detail) = match status {
        StatusCode::NOT_FOUND => ("没有找到这一页", "地址可能抄错了。"),
        StatusCode::FORBIDDEN => (
            "这次操作没有从本站发出",
            "请回到首页，从页面上的按钮重新操作。",
        ),
        StatusCode::PAYLOAD_TOO_LARGE => ("发来的内容太长了", "请回到上一页重新操作。"),
        StatusCode::SERVICE_UNAVAILABLE => {
            ("人太多了，正在排队", "约 20 秒后再试，您的答案没有丢。")
        }
        StatusCode::BAD_GATEWAY => (
            "微信那边暂时没有回应",
            "请稍后再试，您的答案和机会都没有丢。",
        ),
        status if status.is_server_error() => ("服务器开小差了，您的答案没有丢", "请稍后再试。"),
        _ => ("这次操作没有看懂", "请回到上一页重新操作。"),
    };
    Sentence {
        title: title.to_owned(),
        detail: detail.to_owned(),
        step: Step::Home,
    }
}
