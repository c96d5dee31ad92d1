//! The self-test of signing, verifying and encrypting that moves no money.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use crate::http::{Request, Response};
use crate::pay::action::PayError;
use crate::pay::v3::answer;
use crate::pay::v3::credentials::{Credentials, Freshness, RequestError};
use crate::pay::v3::sealed_name::SealedName;
use crate::pay::v3::wechat_keys::WeChatKeys;

/// The call that says something to WeChat and hears it back, to prove keys and clock before money moves.
///
/// With an address it also causes a notification of the type `SECURITY_ECHO.SUCCESS`.
/// One call uses either the public key or the certificate, never both.
///
/// Source: <https://pay.weixin.qq.com/doc/v3/partner/4015139289>, dated 2026-04-08, read 2026-08.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecurityEcho {
    message: String,
    sealed: Option<SealedName>,
    notify_url: Option<String>,
}

impl SecurityEcho {
    /// An echo of `message`.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            sealed: None,
            notify_url: None,
        }
    }

    /// The same with a text encrypted to WeChat's key ([`WeChatKeys::seal_name`]).
    #[must_use]
    pub fn with_sealed(self, sealed: SealedName) -> Self {
        Self {
            sealed: Some(sealed),
            ..self
        }
    }

    /// The same with a notification to `url`.
    #[must_use]
    pub fn with_notification(self, url: impl Into<String>) -> Self {
        Self {
            notify_url: Some(url.into()),
            ..self
        }
    }

    /// The signed request.
    ///
    /// # Errors
    /// [`RequestError::NotSigned`].
    pub fn request(
        &self,
        credentials: &Credentials,
        keys: &WeChatKeys,
        freshness: &Freshness,
    ) -> Result<Request, RequestError> {
        let mut body = Map::new();
        body.insert("echo_message".to_owned(), self.message.as_str().into());
        let mut serial = keys.preferred();
        if let Some(sealed) = &self.sealed {
            serial = sealed.serial();
            let ciphertext = sealed.ciphertext().into();
            body.insert("encrypted_echo_message".to_owned(), ciphertext);
        }
        if let Some(url) = &self.notify_url {
            body.insert("notify_url".to_owned(), url.as_str().into());
        }
        credentials.post("/v3/security/echo", &Value::Object(body), serial, freshness)
    }

    /// Reads the answer: what WeChat heard, under a signature that matches.
    ///
    /// # Errors
    /// [`PayError`]; `SIGN_ERROR` says that key, serial number or clock of the merchant is wrong,
    /// [`ApiError::NotAuthentic`](crate::ApiError::NotAuthentic) that our keys of WeChat are.
    pub fn parse(
        response: &Response,
        keys: &WeChatKeys,
        now: DateTime<Utc>,
    ) -> Result<String, PayError> {
        answer::read(response, keys, now, |fields| {
            fields.required_text("echo_message").map(str::to_owned)
        })
    }
}
