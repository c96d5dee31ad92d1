//! Downloading WeChat's platform certificates.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::error::{ApiError, Unreadable};
use crate::http::{Request, Response};
use crate::pay::action::PayError;
use crate::pay::v3::answer::{self, Object};
use crate::pay::v3::credentials::{Credentials, Freshness, RequestError};
use crate::pay::v3::pem;
use crate::pay::v3::resource::ApiV3Key;
use crate::pay::v3::wechat_keys::WeChatKeys;

/// The call that downloads the platform certificates: at start, and then at most every 12 hours.
///
/// Merchants that were given a public key instead do not need it; those who move from one to the other hold both.
///
/// Source: <https://pay.weixin.qq.com/wiki/doc/apiv3/wechatpay/wechatpay5_0.shtml>, read 2026-08.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct DownloadCertificates;

impl DownloadCertificates {
    /// The call.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }

    /// The signed request; before the first download there are no keys, and none is named.
    ///
    /// # Errors
    /// [`RequestError::NotSigned`].
    pub fn request(
        &self,
        credentials: &Credentials,
        keys: Option<&WeChatKeys>,
        freshness: &Freshness,
    ) -> Result<Request, RequestError> {
        let empty = WeChatKeys::empty();
        credentials.get("/v3/certificates", &[], keys.unwrap_or(&empty), freshness)
    }

    /// Reads the answer: a ring with every downloaded certificate beside the keys there were.
    ///
    /// What decrypts under the `APIv3` key comes from WeChat; the answer as a whole must then be signed by one of the keys.
    /// Without a ring before, the certificate that lives longest is the preferred one.
    ///
    /// # Errors
    /// [`PayError`]; a certificate that does not decrypt or is none makes the answer not understood.
    pub fn parse(
        response: &Response,
        keys: Option<&WeChatKeys>,
        api_key: &ApiV3Key,
        now: DateTime<Utc>,
    ) -> Result<WeChatKeys, PayError> {
        let not_understood = |problem| ApiError::NotUnderstood {
            status: response.status().as_u16(),
            problem,
        };
        let before = keys.cloned().unwrap_or_else(WeChatKeys::empty);
        let joined = if response.status().is_success() {
            let downloaded = certificates(response.body(), api_key).map_err(not_understood)?;
            match keys {
                Some(keys) => keys.joined(&downloaded),
                None => downloaded,
            }
        } else {
            before
        };
        answer::read(response, &joined, now, |_| Ok(()))?;
        Ok(joined)
    }
}

fn certificates(body: &[u8], api_key: &ApiV3Key) -> Result<WeChatKeys, Unreadable> {
    let invalid = |value: &str| Unreadable::invalid("data", value);
    let fields = Object::parse(body)?;
    let listed = fields
        .value("data")
        .and_then(Value::as_array)
        .ok_or(Unreadable::MissingField { field: "data" })?;
    let mut longest: Option<(DateTime<Utc>, String)> = None;
    let mut ring = WeChatKeys::empty();
    for entry in listed {
        let serial = entry
            .get("serial_no")
            .and_then(Value::as_str)
            .ok_or(Unreadable::MissingField { field: "serial_no" })?;
        let sealed = entry
            .get("encrypt_certificate")
            .ok_or(Unreadable::MissingField {
                field: "encrypt_certificate",
            })?;
        let plain = api_key.open(sealed).map_err(|_| invalid(serial))?;
        let text = String::from_utf8(plain).map_err(|_| invalid(serial))?;
        let found = ring
            .insert_certificate(&text)
            .map_err(|_| invalid(serial))?;
        if found != pem::normal_serial(serial) {
            return Err(invalid(serial));
        }
        let until = ring
            .serials()
            .find_map(|(serial, until)| (serial == found).then_some(until)?);
        if let Some(until) = until
            && longest.as_ref().is_none_or(|(longest, _)| until > *longest)
        {
            longest = Some((until, found));
        }
    }
    match longest {
        Some((_, serial)) => Ok(ring.preferring(serial)),
        None => Err(Unreadable::MissingField { field: "data" }),
    }
}
