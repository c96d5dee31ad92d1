//! Whoever brought a friend hears that a chance has come: once for each friend, never at night.
//!
//! Several friends of one day become one message. It goes as the notice that the account
//! has a template for, and where that does not reach the person, as a customer-service
//! message, which WeChat allows for a while after the person did something.
//! After a lost answer it is sent again: a template message carries a key by which
//! WeChat drops the repetition, the other two may arrive twice.

use chrono::{DateTime, TimeDelta, Utc};
use schedule_core::CHINA_STANDARD_TIME;
use sha2::{Digest as _, Sha256};
use wechat_adapter::{
    OpenId,
    official::{
        CustomerContent, NoticeTarget, OfficialAction, SendCustomerMessage, SendNotice,
        SendTemplate,
    },
};

use super::{LEASE, Then, after_failure, waking};
use crate::{
    app::{App, ChanceNotice, NoticeKind},
    contest::{Error, Failure, PersonId, login, season, token},
    crash_point::{Point, reach},
    store::{Tx, outreach as rows, outreach::ChanceMessageRow, people},
};

/// A message that could not be delivered so often is given up.
const TRIES_MAX: i64 = 5;
/// Messages in one beat of the worker.
const AT_ONCE: u32 = 20;
/// How it went out.
const AS_NOTICE: &str = "notice";
const AS_CUSTOMER_SERVICE: &str = "customer_service";

/// What a sharer is told, in the words of a dialogue.
#[must_use]
pub fn sentence(n_chances: usize, city_name: &str, public_url: &str) -> String {
    format!(
        "您邀请的新朋友已经关注，您增加了 {n_chances} 次答题拆红包的机会，{city_name}站结束前有效。\n再答一次并通过就可以用：{public_url}/quiz"
    )
}

/// What a sharer is told in one field of a notice; at most 20 characters.
#[must_use]
pub fn short_sentence(n_chances: usize) -> String {
    format!("新朋友已关注，答题机会 +{n_chances}")
}

/// Writes down that a sharer is to be told, in the transaction that credits him.
pub(in crate::contest) fn write_down(
    tx: &Tx<'_>,
    friend: &PersonId,
    sharer: &str,
    city: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let (now_ms, due_ms) = (now.timestamp_millis(), waking(now).timestamp_millis());
    Ok(rows::insert_chance_message(
        tx,
        friend.as_str(),
        sharer,
        city,
        now_ms,
        due_ms,
    )?)
}

/// Whether any message is due.
///
/// # Errors
/// Fails when the database does.
pub async fn is_due(app: &App) -> Result<bool, Error> {
    let now_ms = app.now().timestamp_millis();
    app.store
        .read(move |read| Ok(rows::chance_message_is_due(read, now_ms)?))
        .await
}

/// Sends the messages that are due.
///
/// # Errors
/// Fails when the database does.
pub async fn send_due(app: &App) -> Result<(), Error> {
    for _ in 0..AT_ONCE {
        let now = app.now();
        if !is_due(app).await? {
            return Ok(());
        }
        if let Some(message) = app.store.write(move |tx| take(tx, now)).await? {
            let outcome = send(app, &message).await;
            reach(Point::Spoken);
            conclude(app, message, outcome).await?;
        }
    }
    Ok(())
}

/// One message to one person, on its way.
struct Message {
    /// The friends behind it, at least one.
    friends: Vec<String>,
    receiver: people::PersonRow,
    city: String,
    closes: DateTime<Utc>,
    n_tries: i64,
}

/// Takes the next message, and ends those that have nothing left to say.
fn take(tx: &Tx<'_>, now: DateTime<Utc>) -> Result<Option<Message>, Error> {
    let now_ms = now.timestamp_millis();
    let due = rows::next_chance_messages(&tx.read(), now_ms)?;
    let Some(first) = due.first().cloned() else {
        return Ok(None);
    };
    let waking_ms = waking(now).timestamp_millis();
    let receiver = people::person(&tx.read(), &first.person)?;
    let receiver = receiver.filter(|row| !row.openid_sealed.is_empty());
    let mut friends = Vec::new();
    let lease_ms = (now + LEASE).timestamp_millis();
    for row in due {
        if waking_ms > now_ms {
            rows::postpone_chance_message(tx, &row.friend, now_ms, waking_ms)?;
        } else if let Some(reason) = idle(&row, receiver.is_some(), now_ms) {
            rows::end_chance_message(tx, &row.friend, "dropped", reason, now_ms)?;
        } else {
            rows::try_chance_message(tx, &row.friend, now_ms, lease_ms)?;
            friends.push(row.friend);
        }
    }
    Ok(receiver
        .filter(|_receiver| !friends.is_empty())
        .map(|receiver| Message {
            friends,
            receiver,
            closes: season::instant(first.closes_ms),
            city: first.city,
            n_tries: first.n_tries.saturating_add(1),
        }))
}

/// Why a message is not worth sending any more.
fn idle(row: &ChanceMessageRow, has_receiver: bool, now_ms: i64) -> Option<&'static str> {
    if row.used {
        Some("used")
    } else if now_ms >= row.closes_ms {
        Some("lapsed")
    } else if !has_receiver {
        Some("erased")
    } else if row.n_tries >= TRIES_MAX {
        Some("given_up")
    } else {
        None
    }
}

/// Sends a message by the first way that reaches the person; tells which.
async fn send(app: &App, message: &Message) -> Result<&'static str, Error> {
    let openid = login::openid(
        &app.keys,
        &message.receiver.person,
        &message.receiver.openid_sealed,
    )?;
    if let Some(notice) = &app.wechat.chance_notice {
        match send_notice(app, notice, openid.clone(), message).await {
            Err(Error::Failed(Failure::WeChat(refused)))
                if refused.action() == OfficialAction::PersonUnreachable => {}
            outcome => return outcome.map(|()| AS_NOTICE),
        }
    }
    let city_name = app.season.city_name(&message.city);
    let text = sentence(message.friends.len(), &city_name, &app.public_url);
    let call = SendCustomerMessage::new(openid, CustomerContent::Text(text));
    let official = &app.wechat.official;
    token::with_access_token(
        app,
        |token| call.request(official, token),
        SendCustomerMessage::parse,
    )
    .await?;
    Ok(AS_CUSTOMER_SERVICE)
}

async fn send_notice(
    app: &App,
    notice: &ChanceNotice,
    openid: OpenId,
    message: &Message,
) -> Result<(), Error> {
    // The last day on which the chance is good.
    let last = message.closes.with_timezone(&CHINA_STANDARD_TIME) - TimeDelta::seconds(1);
    let fields = vec![
        (
            notice.what_field.clone(),
            short_sentence(message.friends.len()),
        ),
        (
            notice.until_field.clone(),
            last.format("%Y年%-m月%-d日").to_string(),
        ),
    ];
    let target = NoticeTarget::Page(format!("{}/quiz", app.public_url));
    let official = &app.wechat.official;
    match notice.kind {
        NoticeKind::Template => {
            // The friends of a repetition are the same, or there is more to say.
            let key = hex::encode(Sha256::digest(message.friends.concat().as_bytes()));
            let call = SendTemplate::new(openid, notice.template_id.as_str(), fields)
                .with_target(target)
                .once(key.chars().take(32).collect::<String>());
            token::with_access_token(
                app,
                |token| call.request(official, token),
                SendTemplate::parse,
            )
            .await
            .map(drop)
        }
        NoticeKind::Subscription => {
            let call =
                SendNotice::new(openid, notice.template_id.as_str(), fields).with_target(target);
            token::with_access_token(
                app,
                |token| call.request(official, token),
                SendNotice::parse,
            )
            .await
        }
    }
}

/// Writes down what became of a message.
async fn conclude(
    app: &App,
    message: Message,
    outcome: Result<&'static str, Error>,
) -> Result<(), Error> {
    let now = app.now();
    let now_ms = now.timestamp_millis();
    let end = match outcome {
        Ok(way) => Ok(("sent", way)),
        Err(error) => {
            tracing::warn!(%error, "a message about a chance was not taken");
            match after_failure(error, message.n_tries, now)? {
                Then::Again(at) => Err(waking(at).timestamp_millis()),
                Then::End => Ok(("dropped", "unreachable")),
            }
        }
    };
    app.store
        .write(move |tx| {
            for friend in &message.friends {
                match end {
                    Ok((state, outcome)) => {
                        rows::end_chance_message(tx, friend, state, outcome, now_ms)?;
                    }
                    Err(due_ms) => rows::postpone_chance_message(tx, friend, now_ms, due_ms)?,
                }
            }
            Ok::<_, Error>(())
        })
        .await
}
