//! Receiving pushes: who may speak, in which mode, within which window, and what was said.

use chrono::{DateTime, TimeDelta, Utc};

use crate::error::Unreadable;
use crate::id::AppId;
use crate::official::envelope::{EncodingAesKey, Envelope, EnvelopeError, InvalidEncodingAesKey};
use crate::official::event::{Fields, Push};
use crate::official::signature::{signature, signature_matches};
use crate::secret::Secret;

/// The message mode chosen in the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the console offers these three")]
pub enum CallbackMode {
    /// Messages arrive in clear text; their signature does not cover the body.
    Plain,
    /// For the time of a change between the two others: encrypted messages are decrypted, clear ones are accepted.
    Compatible,
    /// Messages arrive encrypted and signed; a clear one is refused.
    Encrypted,
}

/// Why a verifier cannot be built from these settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallbackConfigError {
    /// The mode decrypts messages and there is no key.
    #[error("mode {mode:?} needs an EncodingAESKey")]
    KeyMissing {
        /// The mode asked for.
        mode: CallbackMode,
    },
    /// The key is not one.
    #[error(transparent)]
    InvalidKey(#[from] InvalidEncodingAesKey),
}

/// Why a callback was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallbackError {
    /// The body is longer than any push.
    #[error(
        "body has {length_bytes} bytes, at most {} are read",
        CallbackVerifier::MAX_BODY_BYTES
    )]
    BodyTooLarge {
        /// Length of the refused body, in bytes.
        length_bytes: usize,
    },
    /// The query lacks a parameter.
    #[error("query parameter {parameter} is missing")]
    MissingParameter {
        /// Name of the parameter.
        parameter: &'static str,
    },
    /// The timestamp is not a number of seconds.
    #[error("timestamp {timestamp:?} is not a number of seconds")]
    InvalidTimestamp {
        /// The refused value, cut at 32 characters.
        timestamp: String,
    },
    /// The timestamp is too far from now: the push is stale or replayed, or a clock is wrong.
    #[error("timestamp {timestamp} is outside the window around now")]
    OutsideWindow {
        /// The timestamp, in Unix seconds.
        timestamp: i64,
    },
    /// The signature is not WeChat's.
    #[error("signature does not match")]
    SignatureMismatch,
    /// A clear message although only encrypted ones are accepted: a downgrade.
    #[error("message is not encrypted")]
    NotEncrypted,
    /// An encrypted message although the account is configured for clear ones.
    #[error("message is encrypted, but no key is configured")]
    UnexpectedlyEncrypted,
    /// The message could not be decrypted, or is for another account.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// The message is not one that WeChat writes.
    #[error("message not understood: {0}")]
    Unreadable(#[from] Unreadable),
}

impl CallbackError {
    /// The HTTP status that answers the callback: 413 for length, 400 for form, 403 for everything about identity.
    #[must_use]
    pub const fn status(&self) -> http::StatusCode {
        match self {
            Self::BodyTooLarge { .. } => http::StatusCode::PAYLOAD_TOO_LARGE,
            Self::MissingParameter { .. } | Self::InvalidTimestamp { .. } | Self::Unreadable(_) => {
                http::StatusCode::BAD_REQUEST
            }
            Self::OutsideWindow { .. }
            | Self::SignatureMismatch
            | Self::NotEncrypted
            | Self::UnexpectedlyEncrypted
            | Self::Envelope(_) => http::StatusCode::FORBIDDEN,
        }
    }
}

/// Decides whether a callback comes from WeChat, and reads it.
///
/// After a success: store the push under its `dedup_key`, answer `success` within 5 seconds, then act.
/// WeChat delivers at most three times.
///
/// Source: <https://developers.weixin.qq.com/doc/service/guide/dev/push/>, read 2026-08.
#[derive(Debug, Clone)]
pub struct CallbackVerifier {
    token: Secret,
    mode: CallbackMode,
    envelope: Option<Envelope>,
    tolerance: TimeDelta,
}

impl CallbackVerifier {
    /// The longest body that is read, in bytes.
    pub const MAX_BODY_BYTES: usize = 65_536;

    /// The default distance accepted between a push and now, in seconds.
    pub const DEFAULT_TOLERANCE_SECONDS: i64 = 600;

    /// A verifier for one account, by the token, key and mode of its console.
    ///
    /// # Errors
    /// [`CallbackConfigError`] when the key is missing for a mode that decrypts, or is not a key.
    pub fn new(
        app_id: AppId,
        token: Secret,
        encoding_aes_key: Option<&Secret>,
        mode: CallbackMode,
    ) -> Result<Self, CallbackConfigError> {
        let key = encoding_aes_key.map(EncodingAesKey::new).transpose()?;
        if key.is_none() && mode != CallbackMode::Plain {
            return Err(CallbackConfigError::KeyMissing { mode });
        }
        Ok(Self {
            token,
            mode,
            envelope: key.map(|key| Envelope::new(key, app_id)),
            tolerance: TimeDelta::seconds(Self::DEFAULT_TOLERANCE_SECONDS),
        })
    }

    /// The query of an address test as WeChat makes it, so that we can ask our own address what it answers.
    ///
    /// ```
    /// use wechat_adapter::{AppId, Secret};
    /// use wechat_adapter::official::{CallbackMode, CallbackVerifier};
    /// let verifier = CallbackVerifier::new(
    ///     AppId::new("wxba5fad812f8e6fb9")?, Secret::new("AAAAA")?, None, CallbackMode::Plain,
    /// )?;
    /// let query = verifier.address_test(1_714_036_504, "1514711492", "hello");
    /// assert_eq!(verifier.verify_url(&query)?, "hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn address_test(&self, timestamp: i64, nonce: &str, echo: &str) -> String {
        let timestamp = timestamp.to_string();
        let signature = signature(&[self.token.expose(), &timestamp, nonce]);
        form_urlencoded::Serializer::new(String::new())
            .append_pair("signature", &signature)
            .append_pair("timestamp", &timestamp)
            .append_pair("nonce", nonce)
            .append_pair("echostr", echo)
            .finish()
    }

    /// Seals a push with this verifier's own key and token and reads it back: the three fit together.
    ///
    /// `random` is what the envelope begins with, as WeChat draws it anew for each push.
    ///
    /// # Errors
    /// What [`CallbackVerifier::receive`] would say of every push of WeChat's.
    pub fn self_test(&self, now: DateTime<Utc>, random: [u8; 16]) -> Result<(), CallbackError> {
        let envelope = self.envelope.as_ref();
        let Some(envelope) = envelope.filter(|_key| self.mode != CallbackMode::Plain) else {
            return Ok(());
        };
        let timestamp = now.timestamp().to_string();
        let message = format!(
            "<xml><ToUserName>gh_self_test</ToUserName><FromUserName>{}</FromUserName>\
             <CreateTime>{timestamp}</CreateTime><MsgType>event</MsgType><Event>VIEW</Event>\
             <EventKey>self test</EventKey></xml>",
            "o".repeat(28)
        );
        let sealed = envelope.encrypt(&message, random)?;
        let nonce = hex::encode(random);
        let signature = signature(&[self.token.expose(), &timestamp, &nonce, &sealed]);
        let query = format!(
            "encrypt_type=aes&timestamp={timestamp}&nonce={nonce}&msg_signature={signature}"
        );
        let body = format!("<xml><Encrypt>{sealed}</Encrypt></xml>");
        self.receive(&query, body.as_bytes(), now).map(drop)
    }

    /// The same verifier with another distance accepted between a push and now, either way, inclusive.
    #[must_use]
    pub fn with_tolerance(self, tolerance: TimeDelta) -> Self {
        Self { tolerance, ..self }
    }

    /// Answers the console's test of the address: the text to send back verbatim.
    ///
    /// `query` is the raw query of the address, without its question mark.
    ///
    /// # Errors
    /// [`CallbackError::MissingParameter`] or [`CallbackError::SignatureMismatch`].
    ///
    /// ```
    /// use wechat_adapter::{AppId, Secret};
    /// use wechat_adapter::official::{CallbackMode, CallbackVerifier};
    /// let verifier = CallbackVerifier::new(
    ///     AppId::new("wxba5fad812f8e6fb9")?, Secret::new("AAAAA")?, None, CallbackMode::Plain,
    /// )?;
    /// let query = "signature=f464b24fc39322e44b38aa78f5edd27bd1441696\
    ///     &echostr=4375120948345356249&timestamp=1714036504&nonce=1514711492";
    /// assert_eq!(verifier.verify_url(query)?, "4375120948345356249");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn verify_url(&self, query: &str) -> Result<String, CallbackError> {
        let query = Query::parse(query);
        let echo = query.required("echostr", query.echo.as_deref())?;
        self.verify_address(&query)?;
        Ok(echo.to_owned())
    }

    /// Verifies a push and reads it; cost grows linearly with the body.
    ///
    /// `query` is the raw query of the address, without its question mark.
    /// A timestamp exactly at the edge of the window is accepted.
    ///
    /// # Errors
    /// [`CallbackError`]; nothing in `body` is believed before its signature matches.
    pub fn receive(
        &self,
        query: &str,
        body: &[u8],
        now: DateTime<Utc>,
    ) -> Result<Push, CallbackError> {
        let length_bytes = body.len();
        if length_bytes > Self::MAX_BODY_BYTES {
            return Err(CallbackError::BodyTooLarge { length_bytes });
        }
        let query = Query::parse(query);
        self.check_window(&query, now)?;
        let says_encrypted = query.encrypt_type.as_deref() == Some("aes");
        if says_encrypted || self.prefers_ciphertext(&query, body) {
            self.receive_encrypted(&query, body)
        } else if self.mode == CallbackMode::Encrypted {
            Err(CallbackError::NotEncrypted)
        } else {
            self.verify_address(&query)?;
            Ok(Fields::parse(body)?.into_push(false)?)
        }
    }

    /// In compatible mode a body carries the message twice: the encrypted one counts, because it is signed.
    fn prefers_ciphertext(&self, query: &Query, body: &[u8]) -> bool {
        self.mode == CallbackMode::Compatible
            && query.message_signature.is_some()
            && Fields::parse(body).is_ok_and(|fields| fields.get("Encrypt").is_some())
    }

    fn receive_encrypted(&self, query: &Query, body: &[u8]) -> Result<Push, CallbackError> {
        let envelope = match (&self.envelope, self.mode) {
            (Some(envelope), CallbackMode::Compatible | CallbackMode::Encrypted) => envelope,
            (_, CallbackMode::Plain) | (None, _) => {
                return Err(CallbackError::UnexpectedlyEncrypted);
            }
        };
        let outer = Fields::parse(body)?;
        let ciphertext = outer
            .get("Encrypt")
            .ok_or(Unreadable::MissingField { field: "Encrypt" })?;
        let given = query.required("msg_signature", query.message_signature.as_deref())?;
        let (timestamp, nonce) = query.timestamp_and_nonce()?;
        let parts = [self.token.expose(), timestamp, nonce, ciphertext];
        if !signature_matches(&parts, given) {
            return Err(CallbackError::SignatureMismatch);
        }
        let message = envelope.decrypt(ciphertext)?;
        Ok(Fields::parse(message.as_bytes())?.into_push(true)?)
    }

    fn verify_address(&self, query: &Query) -> Result<(), CallbackError> {
        let given = query.required("signature", query.signature.as_deref())?;
        let (timestamp, nonce) = query.timestamp_and_nonce()?;
        if signature_matches(&[self.token.expose(), timestamp, nonce], given) {
            Ok(())
        } else {
            Err(CallbackError::SignatureMismatch)
        }
    }

    fn check_window(&self, query: &Query, now: DateTime<Utc>) -> Result<(), CallbackError> {
        let (text, _) = query.timestamp_and_nonce()?;
        let timestamp: i64 = text.parse().map_err(|_| CallbackError::InvalidTimestamp {
            timestamp: text.chars().take(32).collect(),
        })?;
        let distance = DateTime::from_timestamp(timestamp, 0)
            .map(|at| now.signed_duration_since(at).abs())
            .filter(|distance| *distance <= self.tolerance);
        match distance {
            Some(_) => Ok(()),
            None => Err(CallbackError::OutsideWindow { timestamp }),
        }
    }

    pub(super) const fn token(&self) -> &Secret {
        &self.token
    }

    pub(super) const fn envelope(&self) -> Option<&Envelope> {
        self.envelope.as_ref()
    }
}

/// The query of a callback; the first of equal names counts.
#[derive(Debug, Default)]
struct Query {
    signature: Option<String>,
    timestamp: Option<String>,
    nonce: Option<String>,
    echo: Option<String>,
    encrypt_type: Option<String>,
    message_signature: Option<String>,
}

impl Query {
    fn parse(query: &str) -> Self {
        let mut parsed = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let slot = match &*name {
                "signature" => &mut parsed.signature,
                "timestamp" => &mut parsed.timestamp,
                "nonce" => &mut parsed.nonce,
                "echostr" => &mut parsed.echo,
                "encrypt_type" => &mut parsed.encrypt_type,
                "msg_signature" => &mut parsed.message_signature,
                _ => continue,
            };
            slot.get_or_insert_with(|| value.into_owned());
        }
        parsed
    }

    fn required<'a>(
        &self,
        parameter: &'static str,
        value: Option<&'a str>,
    ) -> Result<&'a str, CallbackError> {
        value.ok_or(CallbackError::MissingParameter { parameter })
    }

    fn timestamp_and_nonce(&self) -> Result<(&str, &str), CallbackError> {
        Ok((
            self.required("timestamp", self.timestamp.as_deref())?,
            self.required("nonce", self.nonce.as_deref())?,
        ))
    }
}
