//! WeChat's own keys, public keys and platform certificates side by side, and what they prove.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use aws_lc_rs::rsa::{OAEP_SHA1_MGF1SHA1, OaepPublicEncryptingKey, PublicEncryptingKey};
use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use http::HeaderMap;

use crate::pay::v3::pem;
use crate::pay::v3::sealed_name::{NameError, SealedName};

/// The only kind of signature that WeChat makes with an RSA key.
const SIGNATURE_TYPE: &str = "WECHATPAY2-SHA256-RSA2048";
/// How a signature begins that WeChat sends to see whether merchants check.
const PROBE: &str = "WECHATPAY/SIGNTEST/";
/// The longest header that is looked at, in bytes.
const MAX_HEADER_BYTES: usize = 2_048;

/// Why a message is not taken for WeChat's.
///
/// An answer with such a problem leaves the outcome unknown; it is never a failure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureProblem {
    /// A header is absent, not text, or too long.
    #[error("header {name} is missing or unusable")]
    Header {
        /// Name of the header.
        name: &'static str,
    },
    /// The signature is of a kind that WeChat does not make with these keys.
    #[error("signature type {given:?} is not known")]
    Type {
        /// The given kind, cut at 64 characters.
        given: String,
    },
    /// The timestamp is no number, or too far from now.
    #[error("timestamp {given:?} is outside the window around now")]
    Timestamp {
        /// The given timestamp, cut at 64 characters.
        given: String,
    },
    /// There is no key of this serial number: the ring is old, or the message is forged.
    #[error("there is no key with the serial {serial:?}")]
    UnknownSerial {
        /// The given serial, cut at 64 characters.
        serial: String,
    },
    /// The certificate of the serial is not valid now.
    #[error("certificate {serial} is not valid at this time")]
    KeyNotValid {
        /// The serial of the certificate.
        serial: String,
    },
    /// A test of WeChat's: the signature is false on purpose, and refusing it is the right answer.
    #[error("signature is a probe")]
    Probe,
    /// The signature is not WeChat's.
    #[error("signature does not match")]
    Mismatch,
}

/// Why a text is not one of WeChat's keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidWeChatKey {
    /// The text holds no block of the wanted kind.
    #[error("text is not the PEM of a public key or certificate")]
    NotPem,
    /// The block is not an RSA key of 2048 to 8192 bits, or not a certificate of one.
    #[error("PEM does not hold an RSA key of 2048 to 8192 bits")]
    NotRsa,
    /// The identifier of a public key is empty or longer than 64 visible characters.
    #[error("identifier of the public key is empty, too long or not visible text")]
    Identifier,
}

#[derive(Debug, Clone)]
struct Key {
    verifier: Arc<ParsedPublicKey>,
    encoded: Arc<[u8]>,
    /// Half-open; a public key has no end.
    validity: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// The certificate itself, if it is one.
    pem: Option<Arc<str>>,
}

/// A platform certificate of a ring, as it may be kept and read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct HeldCertificate<'a> {
    /// Its serial number: upper-case hexadecimal without zeros at the front.
    pub serial: &'a str,
    /// Itself, in PEM.
    pub pem: &'a str,
    /// When it begins.
    pub valid_from: DateTime<Utc>,
    /// When it ends, exclusive.
    pub valid_until: DateTime<Utc>,
}

/// The keys by which WeChat signs and to which names are encrypted, chosen by serial number and never by order.
///
/// A merchant that moves from certificates to a public key holds both, because notifications come under either.
/// The one it was made with is the preferred one: it is asked for in every request.
///
/// Source: <https://pay.weixin.qq.com/docs/merchant/development/interface-rules/build-verify-sign-src.html>, read 2026-11.
#[derive(Clone)]
pub struct WeChatKeys {
    preferred: String,
    keys: BTreeMap<String, Key>,
}

impl WeChatKeys {
    /// How far the timestamp of a message may be from now, exclusive, in seconds.
    pub const TOLERANCE_SECONDS: i64 = 300;

    /// A ring with WeChat Pay's public key, as downloaded from the merchant console with its identifier (`PUB_KEY_ID_…`).
    ///
    /// # Errors
    /// [`InvalidWeChatKey`].
    pub fn of_public_key(identifier: &str, pem: &str) -> Result<Self, InvalidWeChatKey> {
        let mut ring = Self::empty();
        ring.preferred = ring.insert_public_key(identifier, pem)?;
        Ok(ring)
    }

    /// A ring with one platform certificate.
    ///
    /// # Errors
    /// [`InvalidWeChatKey`].
    pub fn of_certificate(pem: &str) -> Result<Self, InvalidWeChatKey> {
        let mut ring = Self::empty();
        ring.preferred = ring.insert_certificate(pem)?;
        Ok(ring)
    }

    /// The same ring with another public key beside the keys it has.
    ///
    /// # Errors
    /// [`InvalidWeChatKey`].
    pub fn with_public_key(
        mut self,
        identifier: &str,
        pem: &str,
    ) -> Result<Self, InvalidWeChatKey> {
        self.insert_public_key(identifier, pem)?;
        Ok(self)
    }

    /// The same ring with another platform certificate beside the keys it has.
    ///
    /// # Errors
    /// [`InvalidWeChatKey`].
    pub fn with_certificate(mut self, pem: &str) -> Result<Self, InvalidWeChatKey> {
        self.insert_certificate(pem)?;
        Ok(self)
    }

    /// A ring without keys: it believes nobody, and requests name none.
    ///
    /// It is for a merchant with platform certificates before the first download.
    #[must_use]
    pub const fn empty() -> Self {
        Self {
            preferred: String::new(),
            keys: BTreeMap::new(),
        }
    }

    fn insert_public_key(
        &mut self,
        identifier: &str,
        text: &str,
    ) -> Result<String, InvalidWeChatKey> {
        let visible = identifier.chars().all(|c| c.is_ascii_graphic());
        if identifier.is_empty() || identifier.len() > 64 || !visible {
            return Err(InvalidWeChatKey::Identifier);
        }
        let der = pem::block(text, "PUBLIC KEY").ok_or(InvalidWeChatKey::NotPem)?;
        let serial = pem::normal_serial(identifier);
        self.insert(&serial, &der, None, None)?;
        Ok(serial)
    }

    pub(super) fn insert_certificate(&mut self, text: &str) -> Result<String, InvalidWeChatKey> {
        let der = pem::block(text, "CERTIFICATE").ok_or(InvalidWeChatKey::NotPem)?;
        let fields = pem::certificate(&der).ok_or(InvalidWeChatKey::NotRsa)?;
        let validity = Some((fields.valid_from, fields.valid_until));
        let pem = Some(text.into());
        self.insert(&fields.serial, &fields.public_key, validity, pem)?;
        Ok(fields.serial)
    }

    fn insert(
        &mut self,
        serial: &str,
        spki: &[u8],
        validity: Option<(DateTime<Utc>, DateTime<Utc>)>,
        pem: Option<Arc<str>>,
    ) -> Result<(), InvalidWeChatKey> {
        let verifier = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, spki)
            .map_err(|_| InvalidWeChatKey::NotRsa)?;
        let key = Key {
            verifier: Arc::new(verifier),
            encoded: spki.into(),
            validity,
            pem,
        };
        self.keys.insert(serial.to_owned(), key);
        Ok(())
    }

    /// The serial or identifier that requests name in `Wechatpay-Serial`, so that the answer is signed by its key.
    #[must_use]
    pub fn preferred(&self) -> &str {
        &self.preferred
    }

    /// Every serial or identifier of the ring, and when its certificate ends (exclusive); a public key does not end.
    pub fn serials(&self) -> impl Iterator<Item = (&str, Option<DateTime<Utc>>)> {
        self.keys
            .iter()
            .map(|(serial, key)| (serial.as_str(), key.validity.map(|(_, until)| until)))
    }

    /// Every platform certificate of the ring, by serial.
    pub fn certificates(&self) -> impl Iterator<Item = HeldCertificate<'_>> {
        self.keys.iter().filter_map(|(serial, key)| {
            let (valid_from, valid_until) = key.validity?;
            Some(HeldCertificate {
                serial,
                pem: key.pem.as_deref()?,
                valid_from,
                valid_until,
            })
        })
    }

    /// Whether `body` under `headers` was signed by WeChat within the last 5 minutes; cost is one RSA verification.
    ///
    /// Source: <https://pay.weixin.qq.com/docs/merchant/development/interface-rules/build-verify-sign-src.html>, read 2026-08.
    ///
    /// # Errors
    /// [`SignatureProblem`].
    pub fn verify(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        now: DateTime<Utc>,
    ) -> Result<(), SignatureProblem> {
        let timestamp = header(headers, "Wechatpay-Timestamp")?;
        let nonce = header(headers, "Wechatpay-Nonce")?;
        let signature = header(headers, "Wechatpay-Signature")?;
        let serial = header(headers, "Wechatpay-Serial")?;
        if signature.starts_with(PROBE) {
            return Err(SignatureProblem::Probe);
        }
        // Absent in older answers, and RSA then.
        if let Ok(given) = header(headers, "Wechatpay-Signature-Type")
            && given != SIGNATURE_TYPE
        {
            return Err(SignatureProblem::Type { given: cut(given) });
        }
        if !is_recent(timestamp, now) {
            return Err(SignatureProblem::Timestamp {
                given: cut(timestamp),
            });
        }
        let key = self.key(serial, now)?;
        let signature = STANDARD
            .decode(signature)
            .map_err(|_| SignatureProblem::Mismatch)?;
        let mut message = Vec::with_capacity(body.len().saturating_add(64));
        for line in [timestamp.as_bytes(), nonce.as_bytes(), body] {
            message.extend_from_slice(line);
            message.push(b'\n');
        }
        key.verifier
            .verify_sig(&message, &signature)
            .map_err(|_| SignatureProblem::Mismatch)
    }

    /// Whether `signature` in base64 is one over `message` by the key of `serial`, valid at `now`.
    ///
    /// # Errors
    /// [`SignatureProblem::UnknownSerial`], [`SignatureProblem::KeyNotValid`] or [`SignatureProblem::Mismatch`].
    pub fn verify_text(
        &self,
        serial: &str,
        message: &[u8],
        signature: &str,
        now: DateTime<Utc>,
    ) -> Result<(), SignatureProblem> {
        let key = self.key(serial, now)?;
        let signature = STANDARD
            .decode(signature)
            .map_err(|_| SignatureProblem::Mismatch)?;
        key.verifier
            .verify_sig(message, &signature)
            .map_err(|_| SignatureProblem::Mismatch)
    }

    /// Encrypts a person's name to the preferred key, once: the result is stored with the order.
    ///
    /// RSA with OAEP (SHA-1); the padding is random, drawn by the provider, which has no other way.
    ///
    /// Source: <https://pay.weixin.qq.com/doc/v3/merchant/4012716434>, read 2026-08.
    ///
    /// # Errors
    /// [`NameError`] when the name is empty or longer than 64 characters, or the ring is empty.
    pub fn seal_name(&self, name: &str) -> Result<SealedName, NameError> {
        let characters = name.chars().count();
        if characters == 0 || characters > SealedName::MAX_CHARACTERS {
            return Err(NameError::Length { characters });
        }
        let key = self.keys.get(&self.preferred).ok_or(NameError::NoKey)?;
        let encrypted = PublicEncryptingKey::from_der(&key.encoded)
            .map_err(|_| NameError::NoKey)
            .and_then(|key| OaepPublicEncryptingKey::new(key).map_err(|_| NameError::NoKey))
            .and_then(|key| {
                let mut ciphertext = vec![0; key.ciphertext_size()];
                let length = key
                    .encrypt(&OAEP_SHA1_MGF1SHA1, name.as_bytes(), &mut ciphertext, None)
                    .map_err(|_| NameError::Length { characters })?
                    .len();
                ciphertext.truncate(length);
                Ok(ciphertext)
            })?;
        Ok(SealedName::new(
            self.preferred.clone(),
            STANDARD.encode(encrypted),
        ))
    }

    fn key(&self, serial: &str, now: DateTime<Utc>) -> Result<&Key, SignatureProblem> {
        let unknown = || SignatureProblem::UnknownSerial {
            serial: cut(serial),
        };
        let key = self
            .keys
            .get(&pem::normal_serial(serial))
            .ok_or_else(unknown)?;
        match key.validity {
            Some((from, until)) if now < from || now >= until => {
                Err(SignatureProblem::KeyNotValid {
                    serial: cut(serial),
                })
            }
            Some(_) | None => Ok(key),
        }
    }

    /// The same ring with another preferred key.
    pub(super) fn preferring(mut self, serial: String) -> Self {
        self.preferred = serial;
        self
    }

    /// The keys of both rings; the preferred one stays.
    #[must_use]
    pub fn joined(&self, other: &Self) -> Self {
        let mut joined = self.clone();
        for (serial, key) in &other.keys {
            joined.keys.insert(serial.clone(), key.clone());
        }
        joined
    }

    /// The same ring, naming in requests the certificate that is valid at `now` and ends last.
    ///
    /// A public key that is preferred stays so: it has no end, and the merchant was told to name it.
    /// So does the preferred certificate while no other is valid.
    #[must_use]
    pub fn preferring_valid(self, now: DateTime<Utc>) -> Self {
        let preferred = self.keys.get(&self.preferred);
        if preferred.is_some_and(|key| key.validity.is_none()) {
            return self;
        }
        let valid = self
            .certificates()
            .filter(|held| held.valid_from <= now && now < held.valid_until);
        let latest = valid.max_by_key(|held| held.valid_until);
        match latest.map(|held| held.serial.to_owned()) {
            Some(serial) => self.preferring(serial),
            None => self,
        }
    }
}

impl fmt::Debug for WeChatKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("WeChatKeys")
            .field("preferred", &self.preferred)
            .field("serials", &self.keys.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// Whether a message that failed carries a signature at all.
pub(super) fn is_signed(headers: &HeaderMap) -> bool {
    headers.contains_key("Wechatpay-Signature")
}

fn header<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<&'a str, SignatureProblem> {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .filter(|value| !value.is_empty() && value.len() <= MAX_HEADER_BYTES)
        .ok_or(SignatureProblem::Header { name })
}

fn is_recent(timestamp: &str, now: DateTime<Utc>) -> bool {
    timestamp
        .parse()
        .ok()
        .and_then(|seconds| DateTime::from_timestamp(seconds, 0))
        .is_some_and(|at| {
            now.signed_duration_since(at).abs() < TimeDelta::seconds(WeChatKeys::TOLERANCE_SECONDS)
        })
}

fn cut(text: &str) -> String {
    text.chars().take(64).collect()
}
