//! The envelope of every version 2 answer: two levels of success, then the fields.

use std::str::FromStr;

use crate::error::{ApiError, Unreadable};
use crate::http::Response;
use crate::pay::action::{PayAction, PayError};
use crate::xml::{self, Element};

/// The fields of an answer in which both levels say `SUCCESS`.
///
/// # Errors
/// [`ApiError::NotUnderstood`] when the HTTP status or the body is not that of an answer;
/// [`ApiError::Refused`] when either level says anything but `SUCCESS`.
pub(super) fn fields(response: &Response) -> Result<Element, PayError> {
    let not_understood = |problem| not_understood(response, problem);
    if !response.status().is_success() {
        return Err(not_understood(Unreadable::Status));
    }
    let answer = xml::parse(response.body()).map_err(not_understood)?;
    let transport = answer.text_of("return_code").ok_or_else(|| {
        not_understood(Unreadable::MissingField {
            field: "return_code",
        })
    })?;
    let business = answer.text_of("result_code");
    if transport == "SUCCESS" && business == Some("SUCCESS") {
        return Ok(answer);
    }
    if transport == "SUCCESS" && business.is_none() {
        return Err(not_understood(Unreadable::MissingField {
            field: "result_code",
        }));
    }
    let code = answer.text_of("err_code").unwrap_or_default();
    let message = answer
        .text_of("err_code_des")
        .or_else(|| answer.text_of("return_msg"))
        .unwrap_or_default();
    Err(ApiError::Refused {
        code: code.to_owned(),
        message: message.to_owned(),
        action: PayAction::from_err_code(code),
    })
}

pub(super) fn not_understood(response: &Response, problem: Unreadable) -> PayError {
    ApiError::NotUnderstood {
        status: response.status().as_u16(),
        problem,
    }
}

/// The field `name`, which must be there and readable as `T`.
pub(super) fn required<T: FromStr>(fields: &Element, name: &'static str) -> Result<T, Unreadable> {
    optional(fields, name)?.ok_or(Unreadable::MissingField { field: name })
}

/// The field `name` if it is there and not empty, readable as `T`.
pub(super) fn optional<T: FromStr>(
    fields: &Element,
    name: &'static str,
) -> Result<Option<T>, Unreadable> {
    match fields.text_of(name).map(str::trim) {
        None | Some("") => Ok(None),
        Some(text) => text
            .parse()
            .map(Some)
            .map_err(|_| Unreadable::invalid(name, text)),
    }
}
