//! What WeChat posts to the application, signed and sealed, and what it makes of the reply.

use std::fmt::{self, Debug, Formatter};

use ::http::header::{CONTENT_TYPE, HeaderValue};
use ::http::{Method, Uri};
use chrono::{DateTime, Utc};
use serde_json::Value;

use super::config::{PushBody, PushMode, SimulatorConfig};
use super::identifier::{Identifiers, account_id};
use super::push_message::{Incident, PushMessage};
use super::seal::{AesKey, sorted_sha1};
use super::view::MessageContent;
use super::xml::{Leaves, Writer};
use crate::Request;

/// A push is tried this often in all.
const ATTEMPTS: u8 = 3;

/// One signed request to the application's callback address, for the host to deliver.
///
/// Deliver it within five seconds and hand the reply to [`Simulator::record_reply`](super::Simulator::record_reply),
/// or the lack of one to [`Simulator::record_no_reply`](super::Simulator::record_no_reply).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Push {
    /// The person the push is about.
    pub openid: String,
    /// The POST to send, complete with query, signature and body.
    pub request: Request,
    /// Which try this is, 1..=3.
    pub attempt: u8,
    /// The message inside, before any encryption.
    message: String,
}

impl Push {
    /// The message inside, XML or JSON, before any encryption.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Whether WeChat would try again after this try.
    pub(super) const fn may_be_repeated(&self) -> bool {
        self.attempt < ATTEMPTS
    }
}

/// What a reply to a push says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reply {
    Nothing,
    Says(MessageContent),
    Garbled,
}

/// The account's side of the callback: where it is, and with what it is signed.
pub(super) struct Callback {
    address: Uri,
    url: String,
    token: String,
    app_id: String,
    pub(super) account_id: String,
    mode: PushMode,
    body: PushBody,
    key: Option<AesKey>,
}

/// How one try of a push is signed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sealing {
    /// Which try it is.
    pub(super) attempt: u8,
    /// Whether the token is a wrong one.
    pub(super) forged: bool,
    /// The instant of the signature, by the application's clock.
    pub(super) at: DateTime<Utc>,
}

impl Callback {
    pub(super) fn new(config: &SimulatorConfig, key: Option<AesKey>) -> Self {
        Self {
            address: config.callback_url.parse().unwrap_or_default(),
            url: config.callback_url.clone(),
            token: config.callback_token.clone(),
            app_id: config.app_id.clone(),
            account_id: account_id(config.seed, &config.app_id),
            mode: config.push_mode,
            body: config.push_body,
            key: key.filter(|_| config.push_mode != PushMode::Plain),
        }
    }

    /// The push that tells of `incident`, which happened at `now`.
    pub(super) fn push(
        &self,
        openid: &str,
        incident: Incident,
        sealing: Sealing,
        identifiers: &mut Identifiers,
        now: DateTime<Utc>,
    ) -> Push {
        let digits = || {
            let digits = format!("24{}", identifiers.digits("message", 15));
            digits.parse().unwrap_or(0)
        };
        let message = PushMessage::of(&self.account_id, openid, incident, digits, now);
        self.sealed(openid, message.write(self.body), sealing, identifiers)
    }

    /// The next try of a push: the same message under a new nonce.
    pub(super) fn again(
        &self,
        push: &Push,
        identifiers: &mut Identifiers,
        at: DateTime<Utc>,
    ) -> Push {
        let sealing = Sealing {
            attempt: push.attempt.saturating_add(1),
            forged: false,
            at,
        };
        self.sealed(&push.openid, push.message.clone(), sealing, identifiers)
    }

    fn sealed(
        &self,
        openid: &str,
        message: String,
        sealing: Sealing,
        identifiers: &mut Identifiers,
    ) -> Push {
        let token = if sealing.forged {
            "forged"
        } else {
            self.token.as_str()
        };
        let timestamp = sealing.at.timestamp().to_string();
        let nonce = identifiers.digits("callback nonce", 10);
        let mut query = form_urlencoded::Serializer::new(String::new());
        query
            .append_pair("signature", &sorted_sha1(vec![token, &timestamp, &nonce]))
            .append_pair("timestamp", &timestamp)
            .append_pair("nonce", &nonce)
            .append_pair("openid", openid);
        let body = match &self.key {
            None => message.clone(),
            Some(key) => {
                let random = identifiers.bytes("callback random");
                let envelope = key.encrypt(&message, &self.app_id, random);
                query.append_pair("encrypt_type", "aes").append_pair(
                    "msg_signature",
                    &sorted_sha1(vec![token, &timestamp, &nonce, &envelope]),
                );
                self.enclosed(&message, &envelope)
            }
        };
        let joint = if self.url.contains('?') { '&' } else { '?' };
        let url = format!("{}{joint}{}", self.url, query.finish());
        let mut request = Request::new(body.into_bytes());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = url.parse().unwrap_or_else(|_| self.address.clone());
        let content_type = match self.body {
            PushBody::Xml => "text/xml",
            PushBody::Json => "application/json",
        };
        request
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        Push {
            openid: openid.to_owned(),
            request,
            attempt: sealing.attempt,
            message,
        }
    }

    /// The body that carries an envelope, and in the compatible mode the clear message too.
    fn enclosed(&self, message: &str, envelope: &str) -> String {
        match (self.mode, self.body) {
            (PushMode::Compatible, PushBody::Xml) => {
                let clear = message.strip_suffix("</xml>").unwrap_or(message);
                let sealed = Writer::inner().text("Encrypt", envelope).into_inner();
                format!("{clear}{sealed}</xml>")
            }
            (PushMode::Compatible, PushBody::Json) => {
                let clear = message.strip_suffix('}').unwrap_or(message);
                format!("{clear},\"Encrypt\":\"{envelope}\"}}")
            }
            (PushMode::Plain | PushMode::Encrypted, PushBody::Xml) => Writer::new()
                .text("ToUserName", &self.account_id)
                .text("Encrypt", envelope)
                .finish(),
            (PushMode::Plain | PushMode::Encrypted, PushBody::Json) => {
                let account = &self.account_id;
                format!("{{\"ToUserName\":\"{account}\",\"Encrypt\":\"{envelope}\"}}")
            }
        }
    }

    /// Reads the body of a reply with status 200 to a push about `openid`.
    pub(super) fn read_reply(&self, openid: &str, body: &[u8]) -> Reply {
        if body.is_empty() || body == b"success" {
            return Reply::Nothing;
        }
        self.open_reply(body)
            .and_then(|leaves| self.passive_reply(openid, &leaves))
            .map_or(Reply::Garbled, Reply::Says)
    }

    /// The reply's fields; where pushes are encrypted only, a clear reply is none.
    fn open_reply(&self, body: &[u8]) -> Option<Leaves> {
        let outer = leaves(std::str::from_utf8(body).ok()?)?;
        let Some(key) = &self.key else {
            return Some(outer);
        };
        let Some(envelope) = outer.find("Encrypt") else {
            return (self.mode == PushMode::Compatible).then_some(outer);
        };
        let (timestamp, nonce) = (outer.find("TimeStamp")?, outer.find("Nonce")?);
        let signature = sorted_sha1(vec![self.token.as_str(), timestamp, nonce, envelope]);
        if outer.find("MsgSignature") != Some(signature.as_str()) {
            return None;
        }
        leaves(&key.decrypt(envelope, &self.app_id)?)
    }

    fn passive_reply(&self, openid: &str, reply: &Leaves) -> Option<MessageContent> {
        let addressed = reply.find("ToUserName") == Some(openid)
            && reply.find("FromUserName") == Some(self.account_id.as_str())
            && reply.find("CreateTime")?.parse::<u64>().is_ok();
        if !addressed {
            return None;
        }
        Some(match reply.find("MsgType")? {
            "text" => MessageContent::FromAccount {
                text: reply.find("Content")?.to_owned(),
            },
            other => MessageContent::FromAccountOther {
                message_type: other.to_owned(),
            },
        })
    }
}

/// The fields of a reply in either notation.
fn leaves(document: &str) -> Option<Leaves> {
    if !document.trim_start().starts_with('{') {
        return Leaves::parse(document);
    }
    let object: serde_json::Map<String, Value> = serde_json::from_str(document).ok()?;
    let text = |value: Value| match value.as_str() {
        Some(text) => text.to_owned(),
        None => value.to_string(),
    };
    let pairs = object.into_iter();
    Some(Leaves::of(pairs.map(|(name, value)| (name, text(value)))))
}

impl Debug for Callback {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Callback")
            .field("url", &self.url)
            .field("encrypted", &self.key.is_some())
            .finish_non_exhaustive()
    }
}
