//! What an answer can be instead of a result: refused by WeChat, or not understood by us.

use std::fmt::Debug;

use crate::pay::v3::SignatureProblem;

/// Why a call has no result although an answer arrived; `A` is the family's table of actions.
///
/// A code that the table does not know keeps its text and gets the family's action for the unknown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ApiError<A: Debug> {
    /// WeChat understood the request and declined it.
    #[error("refused by WeChat with {code}: {message}")]
    Refused {
        /// WeChat's code, unchanged.
        code: String,
        /// WeChat's sentence, for people; never branch on it.
        message: String,
        /// What a caller does about this code.
        action: A,
    },
    /// The answer is not shown to be WeChat's, so nothing is known about the effect of the call.
    #[error("answer with HTTP status {status} is not shown to be WeChat's: {problem}")]
    NotAuthentic {
        /// HTTP status of the answer.
        status: u16,
        /// What is wrong with its signature.
        problem: SignatureProblem,
    },
    /// The answer is not one that the call can give, so nothing is known about its effect.
    #[error("answer with HTTP status {status} not understood: {problem}")]
    NotUnderstood {
        /// HTTP status of the answer.
        status: u16,
        /// What is wrong with it.
        problem: Unreadable,
    },
}

/// What is wrong with a document that should have been readable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unreadable {
    /// The HTTP status announces a failure and the body says nothing more.
    #[error("status is not a success")]
    Status,
    /// The bytes are not UTF-8.
    #[error("body is not UTF-8")]
    NotUtf8,
    /// The text is not well-formed XML.
    #[error("body is not well-formed XML")]
    NotXml,
    /// The text is not a JSON object.
    #[error("body is not a JSON object")]
    NotJson,
    /// The document declares a type or an entity, which none of WeChat's does.
    #[error("document declares a DOCTYPE or an entity")]
    Doctype,
    /// The document nests deeper than any of WeChat's.
    #[error("document nests deeper than {maximum} levels")]
    TooDeep {
        /// The deepest nesting accepted.
        maximum: usize,
    },
    /// A field that the document must have is absent.
    #[error("field {field} is missing")]
    MissingField {
        /// Name of the field.
        field: &'static str,
    },
    /// A field holds a value outside its range.
    #[error("field {field} has the impossible value {value:?}")]
    InvalidField {
        /// Name of the field.
        field: &'static str,
        /// The refused value, cut at 64 characters.
        value: String,
    },
}

impl Unreadable {
    pub(crate) fn invalid(field: &'static str, value: &str) -> Self {
        Self::InvalidField {
            field,
            value: value.chars().take(64).collect(),
        }
    }
}
