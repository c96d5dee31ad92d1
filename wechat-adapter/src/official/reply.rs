//! The passive reply: a text given back in the answer to a push.

use chrono::{DateTime, Utc};

use crate::id::Nonce;
use crate::official::callback::CallbackVerifier;
use crate::official::envelope::EnvelopeError;
use crate::official::event::{Push, PushFormat};
use crate::official::signature::signature;
use crate::xml;

/// The body that answers a push, and its `Content-Type`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reply {
    /// Value of the header `Content-Type`.
    pub content_type: &'static str,
    /// Bytes of the body.
    pub body: Vec<u8>,
}

/// Why a text cannot be given back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplyError {
    /// The text is empty or longer than WeChat shows.
    #[error(
        "reply has {length_bytes} bytes, 1 to {} are allowed",
        Reply::MAX_TEXT_BYTES
    )]
    TextLength {
        /// Length of the refused text, in bytes.
        length_bytes: usize,
    },
    /// The push was encrypted and this verifier has no key.
    #[error("push was encrypted, but no key is configured")]
    KeyMissing,
    /// The text could not be encrypted.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
}

impl Reply {
    /// The longest text accepted, in bytes.
    pub const MAX_TEXT_BYTES: usize = 2_048;

    /// The answer that ends the delivery and shows nothing to the person: never encrypted.
    #[must_use]
    pub fn success() -> Self {
        Self {
            content_type: "text/plain; charset=utf-8",
            body: b"success".to_vec(),
        }
    }
}

impl CallbackVerifier {
    /// A text shown to the person of `push`, in the notation and the mode that the push came in.
    ///
    /// `random` and `nonce` are fresh for every reply; they are used only when the push was encrypted.
    ///
    /// Source: <https://developers.weixin.qq.com/doc/service/guide/product/message/Passive_user_reply_message.html>, read 2026-08.
    ///
    /// # Errors
    /// [`ReplyError`] when the text is empty or too long, or cannot be encrypted.
    pub fn text_reply(
        &self,
        push: &Push,
        text: &str,
        now: DateTime<Utc>,
        nonce: &Nonce,
        random: [u8; 16],
    ) -> Result<Reply, ReplyError> {
        let length_bytes = text.len();
        if length_bytes == 0 || length_bytes > Reply::MAX_TEXT_BYTES {
            return Err(ReplyError::TextLength { length_bytes });
        }
        let timestamp = now.timestamp();
        let message = message(push, text, timestamp);
        let body = if push.encrypted {
            let envelope = self.envelope().ok_or(ReplyError::KeyMissing)?;
            let ciphertext = envelope.encrypt(&message, random)?;
            self.sealed(push.format, &ciphertext, timestamp, nonce)
        } else {
            message
        };
        Ok(Reply {
            content_type: match push.format {
                PushFormat::Xml => "text/xml; charset=utf-8",
                PushFormat::Json => "application/json; charset=utf-8",
            },
            body: body.into_bytes(),
        })
    }

    /// The signed document around a ciphertext.
    fn sealed(
        &self,
        format: PushFormat,
        ciphertext: &str,
        timestamp: i64,
        nonce: &Nonce,
    ) -> String {
        let seconds = timestamp.to_string();
        let parts = [self.token().expose(), &seconds, nonce.as_str(), ciphertext];
        let message_signature = signature(&parts);
        match format {
            PushFormat::Xml => xml::document([
                ("Encrypt", ciphertext),
                ("MsgSignature", &message_signature),
                ("TimeStamp", &seconds),
                ("Nonce", nonce.as_str()),
            ]),
            PushFormat::Json => serde_json::json!({
                "Encrypt": ciphertext,
                "MsgSignature": message_signature,
                "TimeStamp": timestamp,
                "Nonce": nonce.as_str(),
            })
            .to_string(),
        }
    }
}

/// The message in clear: sender and receiver of the push exchanged.
fn message(push: &Push, text: &str, timestamp: i64) -> String {
    match push.format {
        PushFormat::Xml => xml::document([
            ("ToUserName", push.openid.as_str()),
            ("FromUserName", &push.account),
            ("CreateTime", &timestamp.to_string()),
            ("MsgType", "text"),
            ("Content", text),
        ]),
        PushFormat::Json => serde_json::json!({
            "ToUserName": push.openid.as_str(),
            "FromUserName": push.account,
            "CreateTime": timestamp,
            "MsgType": "text",
            "Content": text,
        })
        .to_string(),
    }
}
