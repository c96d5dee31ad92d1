//! The merchant's side of version 3: who signs, with which key, and the signature itself.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use http::header::{ACCEPT, AUTHORIZATION};
use http::{HeaderValue, Method};

use crate::endpoint::{Endpoints, get, post_json};
use crate::http::Request;
use crate::id::{MerchantId, Nonce};
use crate::pay::v3::pem;
use crate::pay::v3::wechat_keys::WeChatKeys;
use crate::secret::Secret;

/// The scheme of the header `Authorization`.
const SCHEME: &str = "WECHATPAY2-SHA256-RSA2048";

/// The private key of the merchant's certificate (`apiclient_key.pem`).
#[derive(Clone)]
pub struct MerchantKey(Arc<RsaKeyPair>);

/// A text that is not a [`MerchantKey`]; carries nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("text is not the PEM of an RSA private key of 2048 to 8192 bits")]
#[non_exhaustive]
pub struct InvalidMerchantKey;

impl MerchantKey {
    /// Reads the PEM of a private key, PKCS #8 or PKCS #1.
    ///
    /// # Errors
    /// [`InvalidMerchantKey`].
    pub fn new(pem: &Secret) -> Result<Self, InvalidMerchantKey> {
        let pair = match pem::block(pem.expose(), "PRIVATE KEY") {
            Some(der) => RsaKeyPair::from_pkcs8(&der),
            None => RsaKeyPair::from_der(
                &pem::block(pem.expose(), "RSA PRIVATE KEY").ok_or(InvalidMerchantKey)?,
            ),
        };
        pair.map(|pair| Self(Arc::new(pair)))
            .map_err(|_| InvalidMerchantKey)
    }

    /// Base64 of the RSA signature (PKCS #1 v1.5, SHA-256) over `message`; the same message gives the same signature.
    ///
    /// # Errors
    /// [`RequestError::NotSigned`] when the provider fails, which a checked key does not make it do.
    pub fn sign(&self, message: &[u8]) -> Result<String, RequestError> {
        let mut signature = vec![0; self.0.public_modulus_len()];
        // The generator blinds the computation and does not show in the result.
        self.0
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                message,
                &mut signature,
            )
            .map_err(|_| RequestError::NotSigned)?;
        Ok(STANDARD.encode(signature))
    }
}

impl fmt::Debug for MerchantKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MerchantKey(redacted)")
    }
}

/// Why a request of version 3 cannot be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The order is one of another merchant: sending it under these credentials would be another payment.
    #[error("order is of merchant {order}, credentials are of merchant {credentials}")]
    OtherMerchant {
        /// The merchant of the order.
        order: MerchantId,
        /// The merchant who would sign.
        credentials: MerchantId,
    },
    /// The provider could not sign.
    #[error("request could not be signed")]
    NotSigned,
}

/// What makes one sending of a request different from the next: its instant and its nonce.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "the two things the protocol wants fresh"
)]
pub struct Freshness {
    /// The present instant; WeChat refuses one that is more than 5 minutes off.
    pub now: DateTime<Utc>,
    /// A fresh random text.
    pub nonce: Nonce,
}

/// A merchant of version 3: number, certificate serial, private key, and where the calls go.
#[derive(Debug, Clone)]
pub struct Credentials {
    merchant_id: MerchantId,
    serial: String,
    key: MerchantKey,
    endpoints: Endpoints,
}

/// A serial number that is not 1 to 40 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("serial number of the merchant certificate is not 1 to 40 hexadecimal digits")]
#[non_exhaustive]
pub struct InvalidSerial;

impl Credentials {
    /// Credentials by the serial number of the merchant's certificate, in hexadecimal as the console shows it.
    ///
    /// # Errors
    /// [`InvalidSerial`].
    pub fn new(
        merchant_id: MerchantId,
        serial: &str,
        key: MerchantKey,
        endpoints: Endpoints,
    ) -> Result<Self, InvalidSerial> {
        let hexadecimal = serial.bytes().all(|byte| byte.is_ascii_hexdigit());
        if serial.is_empty() || serial.len() > 40 || !hexadecimal {
            return Err(InvalidSerial);
        }
        Ok(Self {
            merchant_id,
            serial: serial.to_ascii_uppercase(),
            key,
            endpoints,
        })
    }

    /// Who pays.
    #[must_use]
    pub const fn merchant_id(&self) -> &MerchantId {
        &self.merchant_id
    }

    /// Where the calls go.
    #[must_use]
    pub const fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// The header `Authorization` for exactly these bytes; `target` is path and query as they are sent.
    ///
    /// Source: <https://pay.weixin.qq.com/wiki/doc/apiv3/wechatpay/wechatpay4_0.shtml>, read 2026-08.
    ///
    /// # Errors
    /// [`RequestError::NotSigned`].
    pub fn authorization(
        &self,
        method: &Method,
        target: &str,
        body: &[u8],
        freshness: &Freshness,
    ) -> Result<String, RequestError> {
        let timestamp = freshness.now.timestamp();
        let nonce = &freshness.nonce;
        let mut message = format!("{method}\n{target}\n{timestamp}\n{nonce}\n").into_bytes();
        message.extend_from_slice(body);
        message.push(b'\n');
        let signature = self.key.sign(&message)?;
        Ok(format!(
            "{SCHEME} mchid=\"{}\",nonce_str=\"{nonce}\",timestamp=\"{timestamp}\",serial_no=\"{}\",signature=\"{signature}\"",
            self.merchant_id, self.serial
        ))
    }

    /// A signed GET of `path` with `query`.
    pub(super) fn get(
        &self,
        path: &str,
        query: &[(&str, &str)],
        keys: &WeChatKeys,
        freshness: &Freshness,
    ) -> Result<Request, RequestError> {
        let request = get(self.endpoints.pay(), path, query);
        self.signed(request, keys.preferred(), freshness)
    }

    /// A signed POST of `body` to `path`; `serial` names WeChat's key.
    pub(super) fn post(
        &self,
        path: &str,
        body: &serde_json::Value,
        serial: &str,
        freshness: &Freshness,
    ) -> Result<Request, RequestError> {
        let mut request = post_json(self.endpoints.pay(), path, &[], body);
        if body.is_null() {
            request.body_mut().clear();
        }
        self.signed(request, serial, freshness)
    }

    /// `request` with the headers that version 3 asks for.
    pub(super) fn signed(
        &self,
        mut request: Request,
        serial: &str,
        freshness: &Freshness,
    ) -> Result<Request, RequestError> {
        let target = request.uri().path_and_query().map_or("/", |t| t.as_str());
        let authorization =
            self.authorization(request.method(), target, request.body(), freshness)?;
        let authorization =
            HeaderValue::try_from(authorization).map_err(|_| RequestError::NotSigned)?;
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, authorization);
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if !serial.is_empty() {
            let serial = HeaderValue::try_from(serial).map_err(|_| RequestError::NotSigned)?;
            headers.insert("Wechatpay-Serial", serial);
        }
        Ok(request)
    }
}
