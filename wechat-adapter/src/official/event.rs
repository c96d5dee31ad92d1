//! What a push says: who did what, when, and the key by which a repetition is known.

use std::collections::BTreeMap;

use aws_lc_rs::digest;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

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
    /// Sent a picture, a voice or a video.
    Media {
        /// WeChat's `MsgType`: `image`, `voice`, `video`, `shortvideo`.
        kind: String,
        /// The number under which it can be fetched for three days.
        media_id: String,
    },
    /// Sent a place, or is at one; degrees as WeChat writes them, because nothing here calculates with them.
    Place {
        /// Latitude.
        latitude: String,
        /// Longitude.
        longitude: String,
    },
    /// A template message was delivered, or not.
    TemplateSent {
        /// The number that the sending gave.
        message_number: String,
        /// What became of it.
        outcome: TemplateOutcome,
    },
    /// Chose in a window, or in the settings, whether to get subscription notices; or a notice was delivered.
    Notices {
        /// Which of the three.
        occasion: NoticeOccasion,
        /// One entry for each template.
        entries: Vec<NoticeEntry>,
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

/// What became of a template message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub enum TemplateOutcome {
    /// `success`.
    Delivered,
    /// `failed:user block`: the person refuses the account's messages.
    Blocked,
    /// `failed: system failed`, with or without the blank.
    Failed,
    /// A text this version does not know, unchanged.
    Other(String),
}

/// What a push about subscription notices is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[expect(clippy::exhaustive_enums, reason = "the vendor has these three")]
pub enum NoticeOccasion {
    /// The person answered the window of a page.
    Asked,
    /// The person changed the settings.
    Changed,
    /// A notice was sent.
    Sent,
}

/// One template in a push about subscription notices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct NoticeEntry {
    /// The template.
    pub template_id: String,
    /// `accept`, `reject`, or the code of a delivery, as WeChat writes it.
    pub status: String,
}

/// The fields of a push, whichever notation it came in.
#[derive(Debug)]
pub(super) struct Fields {
    pub(super) format: PushFormat,
    values: BTreeMap<String, String>,
    /// The entries of `List`, which pushes about subscription notices have.
    entries: Vec<BTreeMap<String, String>>,
}

/// What the XML notation wraps the entries in.
const NOTICE_CONTAINERS: [&str; 3] = [
    "SubscribeMsgPopupEvent",
    "SubscribeMsgChangeEvent",
    "SubscribeMsgSentEvent",
];

impl Fields {
    /// Reads a body as JSON if it starts with a brace, as XML otherwise.
    pub(super) fn parse(body: &[u8]) -> Result<Self, Unreadable> {
        let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
        if first == Some(&b'{') {
            json_fields(body)
        } else {
            let root = xml::parse(body)?;
            let mut values = BTreeMap::new();
            for (name, text) in root.leaves() {
                values
                    .entry(name.to_owned())
                    .or_insert_with(|| text.to_owned());
            }
            let entries = NOTICE_CONTAINERS
                .iter()
                .filter_map(|name| root.child(name))
                .flat_map(|container| container.children_named("List"))
                .map(|entry| entry.leaves().map(owned_pair).collect())
                .collect();
            Ok(Self {
                format: PushFormat::Xml,
                values,
                entries,
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
            "image" | "voice" | "video" | "shortvideo" => Ok(Event::Media {
                kind: message_type.to_owned(),
                media_id: self.required("MediaId")?.to_owned(),
            }),
            "location" => Ok(Event::Place {
                latitude: self.required("Location_X")?.to_owned(),
                longitude: self.required("Location_Y")?.to_owned(),
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
            "location" => Event::Place {
                latitude: self.required("Latitude")?.to_owned(),
                longitude: self.required("Longitude")?.to_owned(),
            },
            "templatesendjobfinish" => Event::TemplateSent {
                message_number: self.required("MsgID")?.to_owned(),
                outcome: template_outcome(self.required("Status")?),
            },
            "subscribe_msg_popup_event" => self.notices(NoticeOccasion::Asked),
            "subscribe_msg_change_event" => self.notices(NoticeOccasion::Changed),
            "subscribe_msg_sent_event" => self.notices(NoticeOccasion::Sent),
            _ => self.other("event", Some(name.to_owned())),
        })
    }

    fn notices(&self, occasion: NoticeOccasion) -> Event {
        let text = |entry: &BTreeMap<String, String>, name| entry.get(name).cloned();
        let entries = self
            .entries
            .iter()
            .map(|entry| NoticeEntry {
                template_id: text(entry, "TemplateId").unwrap_or_default(),
                status: text(entry, "SubscribeStatusString")
                    .or_else(|| text(entry, "ErrorCode"))
                    .unwrap_or_default(),
            })
            .collect();
        Event::Notices { occasion, entries }
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

fn owned_pair((name, value): (&str, &str)) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

fn template_outcome(status: &str) -> TemplateOutcome {
    let squeezed: String = status.chars().filter(|c| !c.is_whitespace()).collect();
    match squeezed.to_ascii_lowercase().as_str() {
        "success" => TemplateOutcome::Delivered,
        "failed:userblock" => TemplateOutcome::Blocked,
        "failed:systemfailed" => TemplateOutcome::Failed,
        _ => TemplateOutcome::Other(status.to_owned()),
    }
}

fn json_fields(body: &[u8]) -> Result<Fields, Unreadable> {
    let object: serde_json::Map<String, Value> =
        serde_json::from_slice(body).map_err(|_| Unreadable::NotJson)?;
    let entries = match object.get("List") {
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_object).collect(),
        Some(Value::Object(entry)) => vec![entry],
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) | None => {
            Vec::new()
        }
    };
    Ok(Fields {
        format: PushFormat::Json,
        entries: entries.into_iter().map(json_values).collect(),
        values: json_values(&object),
    })
}

/// Texts as they are, everything else as JSON writes it.
fn json_values(object: &serde_json::Map<String, Value>) -> BTreeMap<String, String> {
    object
        .iter()
        .map(|(name, value)| match value {
            Value::String(text) => (name.clone(), text.clone()),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Array(_)
            | Value::Object(_) => (name.clone(), value.to_string()),
        })
        .collect()
}

fn instant(text: &str) -> Result<DateTime<Utc>, Unreadable> {
    text.trim()
        .parse()
        .ok()
        .and_then(|seconds| DateTime::from_timestamp(seconds, 0))
        .ok_or_else(|| Unreadable::invalid("CreateTime", text))
}
