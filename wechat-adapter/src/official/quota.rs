//! Quotas and diagnosis: how much of a day is left, what a request's number was about, and the reset.

use serde_json::{Value, json};

use crate::endpoint::post_json;
use crate::error::Unreadable;
use crate::http::{Request, Response};
use crate::official::Official;
use crate::official::action::OfficialError;
use crate::official::answer::Answer;
use crate::secret::Secret;

/// The call that asks how much of one call's day is left.
///
/// Source: <https://developers.weixin.qq.com/doc/service/api/apimanage/api_getapiquota.html>, read 2026-08.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryQuota {
    path: String,
}

/// One call's day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Quota {
    /// Calls allowed on a Beijing day.
    pub daily_limit: u64,
    /// Calls made.
    pub used: u64,
    /// Calls left.
    pub left: u64,
}

impl QueryQuota {
    /// A question about a path such as `/cgi-bin/qrcode/create`.
    #[must_use]
    pub fn of(path: impl Into<String>) -> Self {
        Self { path: path.into() }
    }

    /// The request; its address contains the token and is not to be logged.
    #[must_use]
    pub fn request(&self, official: &Official, access_token: &Secret) -> Request {
        post_json(
            official.endpoints().official(),
            "/cgi-bin/openapi/quota/get",
            &[("access_token", access_token.expose())],
            &json!({"cgi_path": self.path}),
        )
    }

    /// Reads the answer.
    ///
    /// # Errors
    /// [`OfficialError`].
    pub fn parse(response: &Response) -> Result<Quota, OfficialError> {
        Answer::read(response, |answer| {
            let quota = answer
                .value("quota")
                .ok_or(Unreadable::MissingField { field: "quota" })?;
            let number = |field: &'static str| {
                quota
                    .get(field)
                    .and_then(Value::as_u64)
                    .ok_or(Unreadable::MissingField { field })
            };
            Ok(Quota {
                daily_limit: number("daily_limit")?,
                used: number("used")?,
                left: number("remain")?,
            })
        })
    }
}

impl Quota {
    /// Whether at least four fifths of the day are used: the time to tell an operator.
    #[must_use]
    pub const fn is_nearly_spent(&self) -> bool {
        self.used.saturating_mul(5) >= self.daily_limit.saturating_mul(4)
    }
}

/// The call that explains a request by the `rid` of its `errmsg`, for seven days.
///
/// Source: <https://developers.weixin.qq.com/doc/service/api/apimanage/api_getridinfo.html>, read 2026-08.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainRequest {
    rid: String,
}

impl ExplainRequest {
    /// A question about one `rid`.
    #[must_use]
    pub fn of(rid: impl Into<String>) -> Self {
        Self { rid: rid.into() }
    }

    /// The `rid` in WeChat's sentence, if it names one.
    ///
    /// ```
    /// use wechat_adapter::official::ExplainRequest;
    /// let sentence = "invalid credential rid: 5f1e2d3c-0a1b2c3d-4e5f6071";
    /// assert_eq!(ExplainRequest::rid_in(sentence), Some("5f1e2d3c-0a1b2c3d-4e5f6071"));
    /// assert_eq!(ExplainRequest::rid_in("ok"), None);
    /// ```
    #[must_use]
    pub fn rid_in(message: &str) -> Option<&str> {
        let (_, after) = message.split_once("rid: ")?;
        after
            .split_whitespace()
            .next()
            .map(|rid| rid.trim_end_matches([']', ',']))
    }

    /// The request; its address contains the token and is not to be logged.
    #[must_use]
    pub fn request(&self, official: &Official, access_token: &Secret) -> Request {
        post_json(
            official.endpoints().official(),
            "/cgi-bin/openapi/rid/get",
            &[("access_token", access_token.expose())],
            &json!({"rid": self.rid}),
        )
    }

    /// Reads the answer: what WeChat recorded, as JSON text, for people.
    ///
    /// # Errors
    /// [`OfficialError`].
    pub fn parse(response: &Response) -> Result<String, OfficialError> {
        Answer::read(response, |answer| {
            answer
                .value("request")
                .map(Value::to_string)
                .ok_or(Unreadable::MissingField { field: "request" })
        })
    }
}

/// The call that clears the day's counts, by hand: 10 a month in all, then `48006` answers.
///
/// Source: <https://developers.weixin.qq.com/doc/service/api/apimanage/api_clearquota.html>, read 2026-08.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ClearQuota;

impl ClearQuota {
    /// The call.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }

    /// The request by token.
    #[must_use]
    pub fn request(&self, official: &Official, access_token: &Secret) -> Request {
        post_json(
            official.endpoints().official(),
            "/cgi-bin/clear_quota",
            &[("access_token", access_token.expose())],
            &json!({"appid": official.app_id().as_str()}),
        )
    }

    /// The request by the account's secret, for the day on which no token can be fetched any more.
    #[must_use]
    pub fn request_by_secret(&self, official: &Official) -> Request {
        post_json(
            official.endpoints().official(),
            "/cgi-bin/clear_quota/v2",
            &[],
            &json!({
                "appid": official.app_id().as_str(),
                "appsecret": official.secret().expose(),
            }),
        )
    }

    /// Reads the answer.
    ///
    /// # Errors
    /// [`OfficialError`].
    pub fn parse(response: &Response) -> Result<(), OfficialError> {
        Answer::read(response, |_| Ok(()))
    }
}
