//! The envelope of every version 3 answer: signed JSON, or a code with a sentence.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use crate::error::{ApiError, Unreadable};
use crate::http::Response;
use crate::pay::action::{PayAction, PayError};
use crate::pay::v3::wechat_keys::{WeChatKeys, is_signed};

/// The fields of a JSON object, read one by one.
#[derive(Debug)]
pub(super) struct Object(pub(super) Map<String, Value>);

/// Reads an answer whose signature is right through `read`.
///
/// A refusal may come without a signature, when WeChat did not get as far as knowing the merchant;
/// one with a wrong signature is not believed.
///
/// # Errors
/// [`ApiError::Refused`] for a code; [`ApiError::NotAuthentic`] for a signature that is missing or wrong;
/// [`ApiError::NotUnderstood`] when the answer is no JSON object or `read` misses a field.
pub(super) fn read<T>(
    response: &Response,
    keys: &WeChatKeys,
    now: DateTime<Utc>,
    read: impl FnOnce(&Object) -> Result<T, Unreadable>,
) -> Result<T, PayError> {
    let status = response.status();
    let not_understood = |problem| ApiError::NotUnderstood {
        status: status.as_u16(),
        problem,
    };
    if status.is_success() || is_signed(response.headers()) {
        keys.verify(response.headers(), response.body(), now)
            .map_err(|problem| ApiError::NotAuthentic {
                status: status.as_u16(),
                problem,
            })?;
    }
    let object = Object::parse(response.body());
    if status.is_success() {
        return object
            .and_then(|object| read(&object))
            .map_err(not_understood);
    }
    let object = object.map_err(|_| not_understood(Unreadable::Status))?;
    let code = object
        .text("code")
        .ok_or_else(|| not_understood(Unreadable::Status))?;
    Err(ApiError::Refused {
        code: code.to_owned(),
        message: object.text("message").unwrap_or_default().to_owned(),
        action: PayAction::from_v3(status.as_u16(), code),
    })
}

impl Object {
    pub(super) fn parse(body: &[u8]) -> Result<Self, Unreadable> {
        serde_json::from_slice(body)
            .map(Self)
            .map_err(|_| Unreadable::NotJson)
    }

    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// The text `name`, if it is there, a text, and not empty.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    }

    pub(super) fn required_text(&self, field: &'static str) -> Result<&str, Unreadable> {
        self.text(field).ok_or(Unreadable::MissingField { field })
    }

    /// The field `name` readable as `T`, if it is there and not empty.
    pub(super) fn parsed<T: std::str::FromStr>(
        &self,
        field: &'static str,
    ) -> Result<Option<T>, Unreadable> {
        self.text(field)
            .map(|text| text.parse().map_err(|_| Unreadable::invalid(field, text)))
            .transpose()
    }

    pub(super) fn required<T: std::str::FromStr>(
        &self,
        field: &'static str,
    ) -> Result<T, Unreadable> {
        self.parsed(field)?
            .ok_or(Unreadable::MissingField { field })
    }

    /// The amount `name` in fen, if it is there.
    pub(super) fn fen(&self, field: &'static str) -> Result<Option<u32>, Unreadable> {
        let Some(value) = self.0.get(field) else {
            return Ok(None);
        };
        value
            .as_u64()
            .or_else(|| value.as_str().and_then(|text| text.parse().ok()))
            .and_then(|fen| u32::try_from(fen).ok())
            .map(Some)
            .ok_or_else(|| Unreadable::invalid(field, &value.to_string()))
    }

    /// The instant `name` (RFC 3339), if it is there.
    pub(super) fn instant(&self, field: &'static str) -> Result<Option<DateTime<Utc>>, Unreadable> {
        self.text(field)
            .map(|text| {
                DateTime::parse_from_rfc3339(text)
                    .map(|at| at.to_utc())
                    .map_err(|_| Unreadable::invalid(field, text))
            })
            .transpose()
    }
}
