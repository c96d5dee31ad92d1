//! What WeChat posts to the application, signed and sealed, and what it makes of the reply.

use std::fmt::{self, Debug, Formatter};

use ::http::header::{CONTENT_TYPE, HeaderValue};
use ::http::{Method, Uri};
use chrono::{DateTime, Utc};

use super::config::SimulatorConfig;
use super::identifier::{Identifiers, account_id};
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
    /// The XML message inside, before any encryption.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Whether WeChat would try again after this try.
    pub(super) const fn may_be_repeated(&self) -> bool {
        self.attempt < ATTEMPTS
    }
}

/// What happened between a person and the account.
#[derive(Debug, Clone, Copy)]
pub(super) enum Incident<'a> {
    Subscribe(Option<(&'a str, &'a str)>),
    Unsubscribe,
    Scan(&'a str, &'a str),
    Text(&'a str),
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
    key: Option<AesKey>,
}

impl Callback {
    pub(super) fn new(config: &SimulatorConfig, key: Option<AesKey>) -> Self {
        Self {
            address: config.callback_url.parse().unwrap_or_default(),
            url: config.callback_url.clone(),
            token: config.callback_token.clone(),
            app_id: config.app_id.clone(),
            account_id: account_id(config.seed, &config.app_id),
            key,
        }
    }

    /// The push that tells of `incident`.
    pub(super) fn push(
        &self,
        openid: &str,
        incident: Incident<'_>,
        forged: bool,
        identifiers: &mut Identifiers,
        now: DateTime<Utc>,
    ) -> Push {
        let head = Writer::new()
            .text("ToUserName", &self.account_id)
            .text("FromUserName", openid)
            .bare("CreateTime", &now.timestamp().to_string());
        let event = |name: &str, key: &str| {
            head.clone()
                .text("MsgType", "event")
                .text("Event", name)
                .text("EventKey", key)
        };
        let message = match incident {
            Incident::Subscribe(None) => event("subscribe", ""),
            Incident::Subscribe(Some((scene, ticket))) => {
                event("subscribe", &format!("qrscene_{scene}")).text("Ticket", ticket)
            }
            Incident::Unsubscribe => event("unsubscribe", ""),
            Incident::Scan(scene, ticket) => event("SCAN", scene).text("Ticket", ticket),
            Incident::Text(text) => head
                .clone()
                .text("MsgType", "text")
                .text("Content", text)
                .bare("MsgId", &format!("24{}", identifiers.digits("message", 15))),
        };
        self.sealed(openid, message.finish(), 1, forged, identifiers, now)
    }

    /// The next try of a push: the same message under a new nonce.
    pub(super) fn again(
        &self,
        push: &Push,
        identifiers: &mut Identifiers,
        now: DateTime<Utc>,
    ) -> Push {
        let attempt = push.attempt.saturating_add(1);
        self.sealed(
            &push.openid,
            push.message.clone(),
            attempt,
            false,
            identifiers,
            now,
        )
    }

    fn sealed(
        &self,
        openid: &str,
        message: String,
        attempt: u8,
        forged: bool,
        identifiers: &mut Identifiers,
        now: DateTime<Utc>,
    ) -> Push {
        let token = if forged {
            "forged"
        } else {
            self.token.as_str()
        };
        let timestamp = now.timestamp().to_string();
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
                Writer::new()
                    .text("ToUserName", &self.account_id)
                    .text("Encrypt", &envelope)
                    .finish()
            }
        };
        let joint = if self.url.contains('?') { '&' } else { '?' };
        let url = format!("{}{joint}{}", self.url, query.finish());
        let mut request = Request::new(body.into_bytes());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = url.parse().unwrap_or_else(|_| self.address.clone());
        request
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static("text/xml"));
        Push {
            openid: openid.to_owned(),
            request,
            attempt,
            message,
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

    fn open_reply(&self, body: &[u8]) -> Option<Leaves> {
        let outer = Leaves::parse(std::str::from_utf8(body).ok()?)?;
        let Some(key) = &self.key else {
            return Some(outer);
        };
        let envelope = outer.find("Encrypt")?;
        let (timestamp, nonce) = (outer.find("TimeStamp")?, outer.find("Nonce")?);
        let signature = sorted_sha1(vec![self.token.as_str(), timestamp, nonce, envelope]);
        if outer.find("MsgSignature") != Some(signature.as_str()) {
            return None;
        }
        Leaves::parse(&key.decrypt(envelope, &self.app_id)?)
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

impl Debug for Callback {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Callback")
            .field("url", &self.url)
            .field("encrypted", &self.key.is_some())
            .finish_non_exhaustive()
    }
}
