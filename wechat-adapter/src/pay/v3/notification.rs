//! Notifications of version 3: verified, decrypted, and read.

use chrono::{DateTime, Utc};
use http::{HeaderMap, StatusCode};

use crate::error::Unreadable;
use crate::http::Response;
use crate::pay::v3::answer::Object;
use crate::pay::v3::query::TransferRecord;
use crate::pay::v3::resource::{ApiV3Key, UndecryptableResource};
use crate::pay::v3::wechat_keys::{SignatureProblem, WeChatKeys};

/// One notification, verified and decrypted.
///
/// It may come several times, late, out of order, or never: store it under its `id`, answer within 5 seconds,
/// and let a query decide.
/// Without an answer of 200 or 204 it is repeated 10 times after 15 seconds, 10 times after 5 minutes and 44 times after
/// 30 minutes, says the vendor's page dated 2024-12-27.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Notification {
    /// The same for every delivery of this notification, at most 64 characters.
    pub id: String,
    /// What happened, as WeChat writes it.
    pub event_type: String,
    /// When WeChat made it.
    pub created_at: Option<DateTime<Utc>>,
    /// What it says.
    pub content: NotificationContent,
}

/// What a notification says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotificationContent {
    /// `MCHTRANSFER.BILL.FINISHED`: a transfer ended, well or not. Compare it with the order before anything else.
    Transfer(TransferRecord),
    /// Anything else, as the decrypted JSON text.
    Other(String),
}

/// Why a notification was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotificationError {
    /// The body is longer than any notification.
    #[error(
        "body has {length_bytes} bytes, at most {} are read",
        Notification::MAX_BODY_BYTES
    )]
    BodyTooLarge {
        /// Length of the refused body, in bytes.
        length_bytes: usize,
    },
    /// It is not shown to be WeChat's; [`SignatureProblem::Probe`] is no reason for alarm.
    #[error(transparent)]
    NotAuthentic(#[from] SignatureProblem),
    /// It was signed, and its resource does not decrypt: the `APIv3` key is not the one of the console.
    #[error(transparent)]
    Resource(#[from] UndecryptableResource),
    /// It is not one that WeChat writes.
    #[error("notification not understood: {0}")]
    Unreadable(#[from] Unreadable),
}

impl Notification {
    /// The longest body that is read, in bytes.
    pub const MAX_BODY_BYTES: usize = 65_536;

    /// Verifies a notification and reads it; cost is one RSA verification and grows linearly with the body.
    ///
    /// Source: <https://pay.weixin.qq.com/docs/merchant/apis/batch-transfer-to-balance/callback-notice.html>, read 2026-08.
    ///
    /// # Errors
    /// [`NotificationError`]; nothing in `body` is believed before its signature matches.
    pub fn receive(
        headers: &HeaderMap,
        body: &[u8],
        keys: &WeChatKeys,
        api_key: &ApiV3Key,
        now: DateTime<Utc>,
    ) -> Result<Self, NotificationError> {
        let length_bytes = body.len();
        if length_bytes > Self::MAX_BODY_BYTES {
            return Err(NotificationError::BodyTooLarge { length_bytes });
        }
        keys.verify(headers, body, now)?;
        let fields = Object::parse(body)?;
        let id = fields.required_text("id")?;
        if id.len() > 64 {
            return Err(Unreadable::invalid("id", id).into());
        }
        let event_type = fields.required_text("event_type")?;
        let resource = fields
            .value("resource")
            .ok_or(Unreadable::MissingField { field: "resource" })?;
        let plain = api_key.open(resource)?;
        let content = if event_type == "MCHTRANSFER.BILL.FINISHED" {
            NotificationContent::Transfer(TransferRecord::read(&Object::parse(&plain)?)?)
        } else {
            NotificationContent::Other(String::from_utf8(plain).map_err(|_| Unreadable::NotUtf8)?)
        };
        Ok(Self {
            id: id.to_owned(),
            event_type: event_type.to_owned(),
            created_at: fields.instant("create_time")?,
            content,
        })
    }

    /// The answer that ends the delivery.
    #[must_use]
    pub fn taken() -> Response {
        let mut response = Response::new(Vec::new());
        *response.status_mut() = StatusCode::NO_CONTENT;
        response
    }
}

impl NotificationError {
    /// The answer that asks for another delivery, or refuses a stranger: 401 for whoever is not WeChat, 413 for length,
    /// 500 for a key of ours that is wrong, 400 for form.
    #[must_use]
    pub fn response(&self) -> Response {
        let status = match self {
            Self::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NotAuthentic(_) => StatusCode::UNAUTHORIZED,
            Self::Resource(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unreadable(_) => StatusCode::BAD_REQUEST,
        };
        let body = serde_json::json!({"code": "FAIL", "message": "not accepted"});
        let mut response = Response::new(body.to_string().into_bytes());
        *response.status_mut() = status;
        response.headers_mut().insert(
            http::header::CONTENT_TYPE,
            http::HeaderValue::from_static("application/json"),
        );
        response
    }
}
