//! What the account writes to people: customer-service messages, template messages, subscription notices, messages to everyone.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike as _, TimeDelta, Utc};
use serde_json::{Value, json};

use super::calendar::{beijing_date, later};
use super::official::Answer;
use super::people::{NoAllowance, Person};
use super::push_message::Incident;
use super::view::MessageContent;
use super::wire::Call;
use super::world::World;

/// A message with the same `client_msg_id` is dropped this long.
const ONCE_TIME: TimeDelta = TimeDelta::minutes(10);
/// The end of a delivery is reported after this long.
const REPORT_TIME: TimeDelta = TimeDelta::seconds(1);
/// The kinds of customer-service messages.
const KINDS: [&str; 13] = [
    "text",
    "image",
    "voice",
    "video",
    "music",
    "news",
    "mpnews",
    "mpnewsarticle",
    "msgmenu",
    "wxcard",
    "miniprogrampage",
    "tipslink",
    "markdown",
];
/// The kinds whose content is read by its text.
const TEXT: &str = "text";

/// A service account reaches each of its followers so often in a calendar month.
const TO_EVERYONE_PER_MONTH: u32 = 4;

/// Numbers of template messages, and those that must not be sent twice.
#[derive(Debug, Default)]
pub(super) struct Sent {
    issued: u64,
    once: BTreeMap<(String, String), (DateTime<Utc>, u64)>,
    /// The keys of the messages to everyone.
    to_everyone: BTreeMap<String, u64>,
    /// Year, month, and how many messages to everyone were sent in it.
    month: (i32, u32, u32),
}

impl Sent {
    fn next(&mut self) -> u64 {
        self.issued = self.issued.saturating_add(1);
        // WeChat's numbers are this long and rise.
        2_500_000_000_000_000_000_u64.saturating_add(self.issued)
    }

    /// The number of the message that was sent lately under the same key.
    fn earlier(&mut self, key: &(String, String), now: DateTime<Utc>) -> Option<u64> {
        self.once
            .retain(|_, (sent_at, _)| now < later(*sent_at, ONCE_TIME));
        self.once.get(key).map(|(_, number)| *number)
    }
}

fn text<'a>(body: &'a Value, name: &str) -> Option<&'a str> {
    body.get(name)?.as_str().filter(|text| !text.is_empty())
}

fn read<'a>(call: &'a Call<'_>) -> Result<&'a Value, (i64, &'static str)> {
    if call.body.is_empty() {
        return Err((44_002, "empty post data"));
    }
    if call.body.windows(2).any(|pair| pair == b"\\u") {
        return Err((40_033, "invalid charset, do not use \\uxxxx"));
    }
    call.json.as_ref().ok_or((47_001, "data format error"))
}

fn receiver<'a>(world: &'a mut World, body: &Value) -> Result<&'a mut Person, (i64, &'static str)> {
    let openid = text(body, "touser").ok_or((40_003, "invalid openid"))?;
    world
        .people
        .get_mut(openid)
        .ok_or((40_003, "invalid openid"))
}

/// Answers `message/custom/send`.
pub(super) fn customer(world: &mut World, call: &Call<'_>, now: DateTime<Utc>) -> Answer {
    let body = read(call)?;
    let kind = text(body, "msgtype")
        .filter(|kind| KINDS.contains(kind))
        .ok_or((40_008, "invalid message type"))?;
    let content = body
        .get(kind)
        .filter(|content| content.is_object())
        .ok_or((44_004, "empty content"))?;
    let said = if kind == TEXT {
        MessageContent::FromAccount {
            text: text(content, "content")
                .ok_or((44_004, "empty content"))?
                .to_owned(),
        }
    } else {
        MessageContent::FromAccountOther {
            message_type: kind.to_owned(),
        }
    };
    let articles = content.get("articles").and_then(Value::as_array);
    if kind == "news" && articles.is_none_or(|articles| articles.len() != 1) {
        return Err((45_008, "article size out of limit"));
    }
    let person = receiver(world, body)?;
    person.use_allowance(now).map_err(|problem| match problem {
        NoAllowance::OutOfTime => (
            45_015,
            "response out of time limit or subscription is canceled",
        ),
        NoAllowance::UsedUp => (45_047, "out of response count limit"),
    })?;
    person.hear(said, now);
    Ok(json!({"errcode": 0, "errmsg": "ok"}))
}

/// The values of a template's fields.
fn fields(body: &Value) -> Result<BTreeMap<String, String>, (i64, &'static str)> {
    const WRONG: (i64, &str) = (47_003, "argument invalid! data");
    let data = body.get("data").and_then(Value::as_object).ok_or(WRONG)?;
    data.iter()
        .map(|(name, field)| match field.get("value") {
            Some(Value::String(value)) => Ok((name.clone(), value.clone())),
            Some(Value::Number(value)) => Ok((name.clone(), value.to_string())),
            _ => Err(WRONG),
        })
        .collect()
}

/// Template identifiers are letters, digits, `_` and `-`; which exist is not modelled.
fn template(body: &Value) -> Result<&str, (i64, &'static str)> {
    text(body, "template_id")
        .filter(|id| {
            id.len() <= 64
                && id
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
        })
        .ok_or((40_037, "invalid template_id"))
}

/// Answers `message/template/send`; the end of the delivery is pushed a second later.
pub(super) fn template_message(world: &mut World, call: &Call<'_>, now: DateTime<Utc>) -> Answer {
    let body = read(call)?;
    let template_id = template(body)?.to_owned();
    let fields = fields(body)?;
    let person = receiver(world, body)?;
    let openid = person.openid.clone();
    if person.follow.is_none() {
        return Err((43_004, "require subscribe"));
    }
    let key = text(body, "client_msg_id").map(|key| (openid.clone(), key.to_owned()));
    if let Some(number) = key.as_ref().and_then(|key| world.sent.earlier(key, now)) {
        return Ok(json!({"errcode": 0, "errmsg": "ok", "msgid": number}));
    }
    let number = world.sent.next();
    if let Some(key) = key {
        world.sent.once.insert(key, (now, number));
    }
    let notice = MessageContent::Notice {
        template_id,
        fields,
    };
    receiver(world, body)?.hear(notice, now);
    let report = Incident::TemplateSent(number, "success");
    world.outbox.report(openid, report, later(now, REPORT_TIME));
    Ok(json!({"errcode": 0, "errmsg": "ok", "msgid": number}))
}

/// Answers `message/subscribe/bizsend`; each consent is good for one notice.
pub(super) fn notice(world: &mut World, call: &Call<'_>, now: DateTime<Utc>) -> Answer {
    let body = read(call)?;
    let template_id = template(body)?.to_owned();
    let fields = fields(body)?;
    let number = world.sent.next();
    let person = receiver(world, body)?;
    if !person.use_consent(&template_id) {
        return Err((43_101, "user refuse to accept the msg"));
    }
    let openid = person.openid.clone();
    let notice = MessageContent::Notice {
        template_id: template_id.clone(),
        fields,
    };
    person.hear(notice, now);
    let report = Incident::NoticeSent {
        template_id,
        number,
    };
    world.outbox.report(openid, report, later(now, REPORT_TIME));
    Ok(json!({"errcode": 0, "errmsg": "ok"}))
}

/// Answers `message/mass/sendall`, for a text to every follower; who follows later does not get it.
pub(super) fn everyone(world: &mut World, call: &Call<'_>, now: DateTime<Utc>) -> Answer {
    let body = read(call)?;
    let to_all = body
        .get("filter")
        .and_then(|filter| filter.get("is_to_all"));
    if to_all.and_then(Value::as_bool) != Some(true) {
        return Err((40_130, "invalid openid list size, at least two openid"));
    }
    if text(body, "msgtype") != Some(TEXT) {
        return Err((40_008, "invalid message type"));
    }
    let said = body
        .get(TEXT)
        .and_then(|content| text(content, "content"))
        .ok_or((44_004, "empty content"))?
        .to_owned();
    let key = text(body, "clientmsgid").map(str::to_owned);
    if key.as_ref().is_some_and(|key| key.len() > 64) {
        return Err((45_067, "clientmsgid size out of limit"));
    }
    let before = key.as_ref().and_then(|key| world.sent.to_everyone.get(key));
    if before.is_some() {
        return Err((45_065, "clientmsgid exist"));
    }
    let today = beijing_date(now);
    let n_sent = match world.sent.month {
        (year, month, count) if (year, month) == (today.year(), today.month()) => count,
        _ => 0,
    };
    if n_sent >= TO_EVERYONE_PER_MONTH {
        return Err((45_028, "has no masssend quota"));
    }
    world.sent.month = (today.year(), today.month(), n_sent.saturating_add(1));
    let number = world.sent.next();
    if let Some(key) = key {
        world.sent.to_everyone.insert(key, number);
    }
    let content = MessageContent::FromAccount { text: said };
    world.people.tell_followers(&content, now);
    Ok(json!({"errcode": 0, "errmsg": "send job submission success", "msg_id": number}))
}
