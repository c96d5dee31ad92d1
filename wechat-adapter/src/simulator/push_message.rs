//! What a push says: its fields, written as XML or as JSON.

use chrono::{DateTime, Utc};

use super::config::PushBody;
use super::xml::Writer;

/// What happened between a person and the account.
#[derive(Debug, Clone)]
pub(super) enum Incident {
    /// Followed; through the scene and ticket of a QR code, if one was scanned.
    Subscribe(Option<(String, String)>),
    Unsubscribe,
    /// Scanned the scene of a ticket while following.
    Scan(String, String),
    Text(String),
    /// Pressed a menu item with a key.
    Click(String),
    /// Pressed a menu item with an address.
    View(String),
    /// The template message of this number came to this end.
    TemplateSent(u64, &'static str),
    /// Answered the window that asks for notices of a template.
    NoticeAnswered {
        template_id: String,
        accepted: bool,
    },
    /// The subscription notice of this number was delivered.
    NoticeSent {
        template_id: String,
        number: u64,
    },
}

#[derive(Debug)]
enum Value {
    Text(String),
    Number(u64),
    /// One entry, which XML wraps in an element of this name and both call `List`.
    List(&'static str, Vec<(&'static str, Self)>),
}

/// The fields of a push in their order.
#[derive(Debug)]
pub(super) struct PushMessage(Vec<(&'static str, Value)>);

impl PushMessage {
    /// The message that tells `account_id` of `incident`; `digits` makes the number of a text message.
    pub(super) fn of(
        account_id: &str,
        openid: &str,
        incident: Incident,
        digits: impl FnOnce() -> u64,
        now: DateTime<Utc>,
    ) -> Self {
        let text = |text: &str| Value::Text(text.to_owned());
        let created = u64::try_from(now.timestamp()).unwrap_or(0);
        let mut fields = vec![
            ("ToUserName", text(account_id)),
            ("FromUserName", text(openid)),
            ("CreateTime", Value::Number(created)),
        ];
        let event = |name: &str| vec![("MsgType", text("event")), ("Event", text(name))];
        let keyed = |name: &str, key: String| {
            let mut fields = event(name);
            fields.push(("EventKey", Value::Text(key)));
            fields
        };
        fields.extend(match incident {
            Incident::Subscribe(None) => keyed("subscribe", String::new()),
            Incident::Subscribe(Some((scene, ticket))) => {
                let mut fields = keyed("subscribe", format!("qrscene_{scene}"));
                fields.push(("Ticket", Value::Text(ticket)));
                fields
            }
            Incident::Unsubscribe => keyed("unsubscribe", String::new()),
            Incident::Scan(scene, ticket) => {
                let mut fields = keyed("SCAN", scene);
                fields.push(("Ticket", Value::Text(ticket)));
                fields
            }
            Incident::Text(content) => vec![
                ("MsgType", text("text")),
                ("Content", Value::Text(content)),
                ("MsgId", Value::Number(digits())),
            ],
            Incident::Click(key) => keyed("CLICK", key),
            Incident::View(url) => keyed("VIEW", url),
            Incident::TemplateSent(number, status) => {
                let mut fields = event("TEMPLATESENDJOBFINISH");
                fields.push(("MsgID", Value::Number(number)));
                fields.push(("Status", text(status)));
                fields
            }
            Incident::NoticeAnswered {
                template_id,
                accepted,
            } => {
                let answer = if accepted { "accept" } else { "reject" };
                let entry = vec![
                    ("TemplateId", Value::Text(template_id)),
                    ("SubscribeStatusString", text(answer)),
                    ("PopupScene", text("2")),
                ];
                let mut fields = event("subscribe_msg_popup_event");
                fields.push(("List", Value::List("SubscribeMsgPopupEvent", entry)));
                fields
            }
            Incident::NoticeSent {
                template_id,
                number,
            } => {
                let entry = vec![
                    ("TemplateId", Value::Text(template_id)),
                    ("MsgID", Value::Number(number)),
                    ("ErrorCode", text("0")),
                    ("ErrorStatus", text("success")),
                ];
                let mut fields = event("subscribe_msg_sent_event");
                fields.push(("List", Value::List("SubscribeMsgSentEvent", entry)));
                fields
            }
        });
        Self(fields)
    }

    /// The document in the notation of the console's setting.
    pub(super) fn write(&self, body: PushBody) -> String {
        match body {
            PushBody::Xml => xml(Writer::new(), &self.0).finish(),
            PushBody::Json => json(&self.0),
        }
    }
}

fn xml(writer: Writer, fields: &[(&'static str, Value)]) -> Writer {
    fields
        .iter()
        .fold(writer, |writer, (name, value)| match value {
            Value::Text(text) => writer.text(name, text),
            Value::Number(number) => writer.bare(name, &number.to_string()),
            Value::List(container, entry) => {
                let list = xml(Writer::inner(), entry).into_inner();
                writer.bare(container, &format!("<{name}>{list}</{name}>"))
            }
        })
}

/// Written by hand because the order of the fields is kept.
fn json(fields: &[(&'static str, Value)]) -> String {
    let pairs: Vec<String> = fields
        .iter()
        .map(|(name, value)| {
            let value = match value {
                Value::Text(text) => serde_json::Value::from(text.as_str()).to_string(),
                Value::Number(number) => number.to_string(),
                Value::List(_, entry) => json(entry),
            };
            format!("\"{name}\":{value}")
        })
        .collect();
    format!("{{{}}}", pairs.join(","))
}
