//! What a push says: who did what, when, and the key by which a repetition is known.

use std::collections::BTreeMap;

use aws_lc_rs::digest;
use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::error::Unreadable;
use crate::id::{OpenId, SceneStr};
use crate::xml;

/// One push, verified.
///
/// Pushes arrive repeatedly and out of order: store [`Push::dedup_key`] uniquely for at least a day,
/// and order the pushes of one person by [`Push::at`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Push {
    /// The same for every delivery of this push and different for every other one: 64 hexadecimal digits.
    ///
    /// A digest of account, person and message number for a message; of account, person, second, event, key, ticket and
    /// task number for an event, because the vendor's advice (person and second) collides in practice.
    pub dedup_key: String,
    /// The person who acted.
    pub openid: OpenId,
    /// The account's own name (`gh_…`), the sender of a passive reply.
    pub account: String,
    /// When the person acted, to the second.
    pub at: DateTime<Utc>,
    /// What the person did.
    pub event: Event,
    /// How the push was written, which a reply repeats.
    pub format: PushFormat,
    /// Whether the push was encrypted, which a reply repeats.
    pub encrypted: bool,
}

/// The notation of a push, chosen in the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub enum PushFormat {
    /// XML, the default.
    Xml,
    /// JSON with the same names.
    Json,
}

/// What a person did.
///
/// Source: <https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_event_pushes.html>, read 2026-08.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub enum Event {
    /// Followed the account, perhaps not for the first time: WeChat does not say.
    Subscribe {
        /// The parameter of the QR code that was scanned, without WeChat's prefix; absent for every other way to follow.
        scene: Option<SceneStr>,
    },
    /// Stopped following; may arrive several times. The vendor asks for the person's data to be deleted.
    Unsubscribe,
    /// Scanned a parametric QR code while already following: never a new follower.
    Scan {
        /// The parameter of the QR code; absent when it is not a valid one.
        scene: Option<SceneStr>,
    },
    /// Chose a menu item that has a key.
    Click {
        /// The key of the item.
        key: String,
    },
    /// Chose a menu item that opens a page.
    View {
        /// The address of the page.
        url: String,
    },
    /// Wrote to the account.
    Text {
        /// What was written.
        content: String,
    },
    /// Anything else, with every field unchanged.
    Other {
        /// WeChat's `MsgType`.
        message_type: String,
        /// WeChat's `Event`, if the message is one.
        name: Option<String>,
        /// Every field of the message.
        fields: BTreeMap<String, String>,
    },
}

/// The fields of a push, whichever notation it came in.
#[derive(Debug)]
pub(super) struct Fields {
    pub(super) format: PushFormat,
    values: BTreeMap<String, String>,
}

impl Fields {
    /// Reads a body as JSON if it starts with a brace, as XML otherwise.
    pub(super) fn parse(body: &[u8]) -> Result<Self, Unreadable> {
        let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
        if first == Some(&b'{') {
            Ok(Self {
                format: PushFormat::Json,
                values: json_values(body)?,
            })
        } else {
            let root = xml::parse(body)?;
            let mut values = BTreeMap::new();
            for (name, text) in root.leaves() {
                values
                    .entry(name.to_owned())
                    .or_insert_with(|| text.to_owned());
            }
            Ok(Self {
                format: PushFormat::Xml,
                values,
            })
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    fn required(&self, field: &'static str) -> Result<&str, Unreadable> {
        self.get(field).ok_or(Unreadable::MissingField { field })
    }

    /// The push that the fields state.
    pub(super) fn into_push(self, encrypted: bool) -> Result<Push, Unreadable> {
        let from = self.required("FromUserName")?;
        let openid = OpenId::new(from).map_err(|_| Unreadable::invalid("FromUserName", from))?;
        let account = self.required("ToUserName")?.to_owned();
        let at = instant(self.required("CreateTime")?)?;
        let message_type = self.required("MsgType")?;
        Ok(Push {
            dedup_key: self.dedup_key(message_type),
            openid,
            account,
            at,
            event: self.event(message_type)?,
            format: self.format,
            encrypted,
        })
    }

    fn event(&self, message_type: &str) -> Result<Event, Unreadable> {
        match message_type {
            "text" => Ok(Event::Text {
                content: self.required("Content")?.to_owned(),
            }),
            "event" => self.event_named(self.required("Event")?),
            _ => Ok(self.other(message_type, None)),
        }
    }

    fn event_named(&self, name: &str) -> Result<Event, Unreadable> {
        let key = self.get("EventKey").unwrap_or_default();
        Ok(match name.to_ascii_lowercase().as_str() {
            "subscribe" => Event::Subscribe {
                scene: key
                    .strip_prefix("qrscene_")
                    .and_then(|scene| SceneStr::new(scene).ok()),
            },
            "unsubscribe" => Event::Unsubscribe,
            "scan" => Event::Scan {
                scene: SceneStr::new(key).ok(),
            },
            "click" => Event::Click {
                key: key.to_owned(),
            },
            "view" => Event::View {
                url: key.to_owned(),
            },
            _ => self.other("event", Some(name.to_owned())),
        })
    }

    fn other(&self, message_type: &str, name: Option<String>) -> Event {
        Event::Other {
            message_type: message_type.to_owned(),
            name,
            fields: self.values.clone(),
        }
    }

    /// A digest over the fields that tell one push from another, each with its length so that no two lists look alike.
    fn dedup_key(&self, message_type: &str) -> String {
        let message = ["ToUserName", "FromUserName", "MsgId"];
        let event = [
            "ToUserName",
            "FromUserName",
            "CreateTime",
            "Event",
            "EventKey",
            "Ticket",
            "MsgID",
        ];
        let names: &[&str] = if message_type != "event" && self.get("MsgId").is_some() {
            &message
        } else {
            &event
        };
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(if message_type == "event" { b"e" } else { b"m" });
        for name in names {
            match self.get(name) {
                Some(value) => {
                    context.update(format!("{}:", value.len()).as_bytes());
                    context.update(value.as_bytes());
                }
                None => context.update(b"-"),
            }
        }
        hex::encode(context.finish())
    }
}

fn json_values(body: &[u8]) -> Result<BTreeMap<String, String>, Unreadable> {
    let object: serde_json::Map<String, serde_json::Value> =
        serde_json::from_slice(body).map_err(|_| Unreadable::NotJson)?;
    Ok(object
        .into_iter()
        .map(|(name, value)| match value {
            serde_json::Value::String(text) => (name, text),
            serde_json::Value::Null
            | serde_json::Value::Bool(_)
            | serde_json::Value::Number(_)
            | serde_json::Value::Array(_)
            | serde_json::Value::Object(_) => {
                let text = value.to_string();
                (name, text)
            }
        })
        .collect())
}

fn instant(text: &str) -> Result<DateTime<Utc>, Unreadable> {
    text.trim()
        .parse()
        .ok()
        .and_then(|seconds| DateTime::from_timestamp(seconds, 0))
        .ok_or_else(|| Unreadable::invalid("CreateTime", text))
}
