//! The envelope of every Official Account answer: a JSON object, perhaps with an `errcode`.

use serde_json::{Map, Value};

use crate::error::{ApiError, Unreadable};
use crate::http::Response;
use crate::official::action::{OfficialAction, OfficialError};
use crate::secret::Secret;

/// The fields of an answer without an error.
#[derive(Debug)]
pub(super) struct Answer {
    fields: Map<String, Value>,
}

impl Answer {
    /// Reads an answer through `read`.
    ///
    /// # Errors
    /// [`ApiError::Refused`] when `errcode` is there and not zero; [`ApiError::NotUnderstood`] when the answer is no JSON object,
    /// or `read` misses a field.
    pub(super) fn read<T>(
        response: &Response,
        read: impl FnOnce(&Self) -> Result<T, Unreadable>,
    ) -> Result<T, OfficialError> {
        let not_understood = |problem| ApiError::NotUnderstood {
            status: response.status().as_u16(),
            problem,
        };
        if !response.status().is_success() {
            return Err(not_understood(Unreadable::Status));
        }
        let fields: Map<String, Value> = serde_json::from_slice(response.body())
            .map_err(|_| not_understood(Unreadable::NotJson))?;
        let answer = Self { fields };
        match answer.integer("errcode").map_err(not_understood)? {
            None | Some(0) => read(&answer).map_err(not_understood),
            Some(errcode) => Err(ApiError::Refused {
                code: errcode.to_string(),
                message: answer.text("errmsg").unwrap_or_default().to_owned(),
                action: OfficialAction::from_errcode(errcode),
            }),
        }
    }

    /// The fields of an object within an answer.
    pub(super) fn of(value: &Value, field: &'static str) -> Result<Self, Unreadable> {
        match value {
            Value::Object(fields) => Ok(Self {
                fields: fields.clone(),
            }),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_) => Err(Unreadable::invalid(field, &value.to_string())),
        }
    }

    /// The text `name`, if it is there, a text, and not empty.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.fields
            .get(name)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    }

    /// The text `name`, which must be there and not empty.
    pub(super) fn required_text(&self, field: &'static str) -> Result<&str, Unreadable> {
        self.text(field).ok_or(Unreadable::MissingField { field })
    }

    /// The secret `name`, which must be there; an error carries no character of it.
    pub(super) fn required_secret(&self, field: &'static str) -> Result<Secret, Unreadable> {
        Secret::new(self.required_text(field)?).map_err(|error| Unreadable::InvalidField {
            field,
            value: error.to_string(),
        })
    }

    /// The whole number `name`, if it is there; WeChat writes some as texts.
    pub(super) fn integer(&self, field: &'static str) -> Result<Option<i64>, Unreadable> {
        let Some(value) = self.fields.get(field) else {
            return Ok(None);
        };
        let number = value
            .as_i64()
            .or_else(|| value.as_str().and_then(|text| text.trim().parse().ok()));
        match number {
            Some(number) => Ok(Some(number)),
            None => Err(Unreadable::invalid(field, &value.to_string())),
        }
    }

    /// The whole number `name`, which must be there.
    pub(super) fn required_integer(&self, field: &'static str) -> Result<i64, Unreadable> {
        self.integer(field)?
            .ok_or(Unreadable::MissingField { field })
    }

    /// The value `name` as it is.
    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        self.fields.get(name)
    }
}
