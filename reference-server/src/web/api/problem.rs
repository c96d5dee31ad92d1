//! RFC 9457 problem documents: a stable type, a Chinese title, never a code in prose.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    contest::{Error, Refusal},
    web::{error, wording},
};

/// Why a call has no result (RFC 9457).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(in crate::web) struct Problem {
    /// Stable for programs: `/problems/` and a word.
    #[serde(rename = "type")]
    kind: String,
    /// One sentence in Chinese, for people.
    title: String,
    /// What to do now.
    detail: String,
    /// The HTTP status.
    status: u16,
    /// Seconds after which the same call may succeed.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_s: Option<u32>,
}

impl Problem {
    fn new(code: &str, status: StatusCode, said: wording::Sentence) -> Self {
        Self {
            kind: format!("/problems/{code}"),
            title: said.title,
            detail: said.detail,
            status: status.as_u16(),
            retry_after_s: (status == StatusCode::SERVICE_UNAVAILABLE).then_some(20),
        }
    }

    /// The caller has no session.
    pub(in crate::web) fn login_required() -> Self {
        Self {
            kind: "/problems/login-required".to_owned(),
            title: "请先登录".to_owned(),
            detail: "打开 /login 完成微信授权后再试。".to_owned(),
            status: StatusCode::UNAUTHORIZED.as_u16(),
            retry_after_s: None,
        }
    }

    /// The body or a header is not what the document says.
    pub(in crate::web) fn malformed(detail: &str) -> Self {
        Self {
            kind: "/problems/malformed-request".to_owned(),
            title: "这次请求没有看懂".to_owned(),
            detail: detail.to_owned(),
            status: StatusCode::BAD_REQUEST.as_u16(),
            retry_after_s: None,
        }
    }

    /// A response that no use case has made.
    pub(in crate::web) fn of_status(status: StatusCode) -> Self {
        let code = match status {
            StatusCode::NOT_FOUND => "not-found",
            StatusCode::METHOD_NOT_ALLOWED => "method-not-allowed",
            StatusCode::PAYLOAD_TOO_LARGE => "body-too-large",
            StatusCode::FORBIDDEN => "cross-site-request",
            StatusCode::SERVICE_UNAVAILABLE => "busy",
            StatusCode::BAD_GATEWAY => "wechat-unavailable",
            status if status.is_server_error() => "internal",
            _ => "malformed-request",
        };
        Self::new(code, status, error::of_status(status))
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let said = wording::refusal(&refusal);
        let mut problem = Self::new(refusal.code(), error::status(&refusal), said);
        if let Refusal::TooFast { retry_after_s } = refusal {
            problem.retry_after_s = Some(retry_after_s);
        }
        problem
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(refusal) => refusal.into(),
            Error::Failed(failure) => Self::of_status(error::failed(&failure)),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry_after_s = self.retry_after_s;
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_keeps_its_code_and_tells_when_to_come_back() {
        let problem = Problem::from(Refusal::TooFast { retry_after_s: 60 });
        assert_eq!(problem.kind, "/problems/too-fast");
        let response = problem.into_response();
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(response.headers()[header::RETRY_AFTER], "60");
        assert_eq!(
            response.headers()[header::CONTENT_TYPE],
            "application/problem+json"
        );
    }
}
