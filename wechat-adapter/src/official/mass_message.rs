//! One message to every follower.

use serde_json::{Map, Value, json};

use crate::endpoint::post_json;
use crate::error::ApiError;
use crate::http::{Request, Response};
use crate::official::Official;
use crate::official::action::OfficialError;
use crate::official::answer::Answer;
use crate::secret::Secret;

/// A message with the same key was taken before: what was wanted has happened.
const TAKEN_BEFORE: &str = "45065";

/// The call that writes one text to everybody who follows the account.
///
/// A service account reaches each follower four times a calendar month; beyond it `45028` answers
/// ([`OfficialAction::QuotaSpent`](crate::official::OfficialAction::QuotaSpent)). WeChat delivers over minutes and reports the end by the push `MASSSENDJOBFINISH`.
///
/// Source: <https://developers.weixin.qq.com/doc/service/api/notify/message/api_sendall.html>, read 2026-08.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendToEveryone {
    text: String,
    once_key: String,
}

/// A text or a key that WeChat would refuse.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} of a message to everyone has {length_bytes} bytes, 1 to {maximum} are allowed")]
#[non_exhaustive]
pub struct InvalidMassMessage {
    /// Which of the two.
    pub field: &'static str,
    /// Its length, in bytes.
    pub length_bytes: usize,
    /// The longest length allowed, in bytes.
    pub maximum: usize,
}

/// What WeChat said to a message to everyone.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum MassReceipt {
    /// It was taken, under this number.
    Taken {
        /// The number under which the end of the delivery is reported.
        message_number: String,
    },
    /// One with the same key was taken before; nothing more is sent.
    TakenBefore,
}

impl SendToEveryone {
    /// A text of 1 to 2,048 bytes; `once_key`, of 1 to 64 bytes, makes repeating it safe (`clientmsgid`).
    ///
    /// # Errors
    /// [`InvalidMassMessage`] when either is empty or too long.
    pub fn new(
        text: impl Into<String>,
        once_key: impl Into<String>,
    ) -> Result<Self, InvalidMassMessage> {
        let (text, once_key) = (text.into(), once_key.into());
        check("the text", &text, 2_048)?;
        check("the key", &once_key, 64)?;
        Ok(Self { text, once_key })
    }

    /// The request; its address contains the token and is not to be logged.
    #[must_use]
    pub fn request(&self, official: &Official, access_token: &Secret) -> Request {
        let mut body = Map::new();
        body.insert("filter".to_owned(), json!({"is_to_all": true}));
        body.insert("msgtype".to_owned(), Value::from("text"));
        body.insert("text".to_owned(), json!({"content": self.text}));
        body.insert(
            "clientmsgid".to_owned(),
            Value::from(self.once_key.as_str()),
        );
        post_json(
            official.endpoints().official(),
            "/cgi-bin/message/mass/sendall",
            &[("access_token", access_token.expose())],
            &Value::Object(body),
        )
    }

    /// Reads the answer; `45065`, taken before under the same key, is an answer too.
    ///
    /// # Errors
    /// [`OfficialError`]; [`OfficialAction::QuotaSpent`](crate::official::OfficialAction::QuotaSpent) when the month's messages are used up.
    pub fn parse(response: &Response) -> Result<MassReceipt, OfficialError> {
        let read = Answer::read(response, |answer| {
            let message_number = answer.required_integer("msg_id")?.to_string();
            Ok(MassReceipt::Taken { message_number })
        });
        match read {
            Err(ApiError::Refused { code, .. }) if code == TAKEN_BEFORE => {
                Ok(MassReceipt::TakenBefore)
            }
            other => other,
        }
    }
}

fn check(field: &'static str, text: &str, maximum: usize) -> Result<(), InvalidMassMessage> {
    let length_bytes = text.len();
    if (1..=maximum).contains(&length_bytes) {
        Ok(())
    } else {
        Err(InvalidMassMessage {
            field,
            length_bytes,
            maximum,
        })
    }
}
