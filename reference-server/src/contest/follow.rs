//! Who follows the account, and who is credited for a new follower.
//!
//! The truth is the account's own events; a person whose event was lost is asked
//! about by `user/info` when he says that he follows.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use reward_core::{Credit, FollowFacts, FollowMoment};
use wechat_adapter::{
    Nonce, SceneStr,
    official::{CallbackError, Event, FetchUser, Push, Reply},
};

use super::{
    Error, PersonId, Refusal, login, login::Newcomer, outreach::chance, pause::Subject, statistics,
    token,
};
use crate::{
    app::{App, Season},
    crash_point::{Point, reach},
    store::{Tx, audit, pauses, people, season as rows},
};

/// Why a callback was not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallbackRefusal {
    /// It is not WeChat's, or not readable: nothing is stored.
    #[error(transparent)]
    NotAccepted(#[from] CallbackError),
    /// It could not be stored; WeChat will send it again.
    #[error(transparent)]
    Failed(#[from] Error),
}

/// Answers WeChat's question whether this address is ours.
///
/// # Errors
/// [`CallbackRefusal::NotAccepted`] when the signature is not WeChat's.
pub fn verify_url(app: &App, query: &str) -> Result<String, CallbackRefusal> {
    Ok(app.wechat.callback.verify_url(query)?)
}

/// Takes one pushed event, once.
///
/// # Errors
/// [`CallbackRefusal::NotAccepted`] for a wrong signature, a stale time stamp, an
/// unencrypted message where encryption is required, or an unreadable body.
pub async fn receive(app: &App, query: &str, body: &[u8]) -> Result<Reply, CallbackRefusal> {
    let now = app.now();
    let push = app.wechat.callback.receive(query, body, now)?;
    let newcomer = Newcomer::of(app, &push.openid).map_err(Error::from)?;
    let (season, event) = (Arc::clone(&app.season), push.event.clone());
    // A plain digest over an openid could be tried with every openid somebody has.
    let dedup_key = app
        .keys
        .openid_index(&push.dedup_key)
        .map_err(Error::from)?;
    let at = push.at.min(now);
    let taken = app
        .store
        .write(move |tx| {
            if !people::insert_callback(tx, &dedup_key, now.timestamp_millis())? {
                return Ok::<_, Error>(None);
            }
            let person = newcomer.ensure(tx, now.timestamp_millis())?;
            apply(tx, &season, &person, &event, at, now)?;
            let edition = season.edition();
            let Some(round) = edition.contest_at(now) else {
                return Ok(Some(None));
            };
            let city = round.city().slug().as_str();
            Ok(Some(pauses::sentence(
                &tx.read(),
                city,
                Subject::Quiz.name(),
            )?))
        })
        .await?;
    match taken {
        Some(paused) => Ok(answer(app, &push, paused.as_deref(), now)),
        None => Ok(Reply::success()),
    }
}

/// Whether the person follows the account, as far as events have told.
///
/// # Errors
/// Fails when the database does.
pub async fn is_following(app: &App, person: &PersonId) -> Result<bool, Error> {
    let person = person.clone();
    app.store
        .read(move |read| {
            Ok(people::follow(read, person.as_str())?.is_some_and(|follow| follow.following))
        })
        .await
}

/// Asks WeChat whether the person follows, and mends a lost event.
///
/// # Errors
/// Fails when WeChat gives no usable answer.
pub async fn recheck(app: &App, person: &PersonId) -> Result<bool, Error> {
    if is_following(app, person).await? {
        return Ok(true);
    }
    let who = person.clone();
    let row = app
        .store
        .read(move |read| Ok::<_, Error>(people::person(read, who.as_str())?))
        .await?
        .ok_or(Refusal::NotFound)?;
    let fetch = FetchUser::new(login::openid(&app.keys, &row.person, &row.openid_sealed)?);
    let user = token::with_access_token(
        app,
        |token| fetch.request(&app.wechat.official, token),
        FetchUser::parse,
    )
    .await?;
    if !user.following {
        return Ok(false);
    }
    let (season, who, now) = (Arc::clone(&app.season), person.clone(), app.now());
    let at = user.last_followed_at.unwrap_or(now).min(now);
    app.store
        .write(move |tx| follow(tx, &season, &who, user.scene.as_ref(), at, now, "query"))
        .await?;
    Ok(true)
}

fn apply(
    tx: &Tx<'_>,
    season: &Season,
    person: &PersonId,
    event: &Event,
    at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    match event {
        Event::Subscribe { scene } => follow(tx, season, person, scene.as_ref(), at, now, "event"),
        // Only a follower can scan or write: his own event may have been lost.
        Event::Scan { scene } => {
            statistics::came_by(tx, person, scene.as_ref(), at)?;
            follow(tx, season, person, None, at, now, "event")
        }
        Event::Text { .. } | Event::Click { .. } => {
            follow(tx, season, person, None, at, now, "event")
        }
        // Whoever leaves has followed, though his follow may lie before the contest or arrive later.
        Event::Unsubscribe => {
            let at_ms = at.timestamp_millis();
            people::insert_follow(tx, person.as_str(), at_ms, "event")?;
            people::set_following(tx, person.as_str(), false, at_ms)?;
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Records a follow and credits whoever brought the person, if anybody did.
fn follow(
    tx: &Tx<'_>,
    season: &Season,
    person: &PersonId,
    scene: Option<&SceneStr>,
    at: DateTime<Utc>,
    now: DateTime<Utc>,
    source: &str,
) -> Result<(), Error> {
    statistics::came_by(tx, person, scene, at)?;
    let read = tx.read();
    let sharer = match scene {
        Some(scene) => people::invite(&read, scene.as_str())?.map(|invite| invite.person),
        None => None,
    };
    let sharer_following = match &sharer {
        Some(sharer) => people::follow(&read, sharer)?.is_some_and(|follow| follow.following),
        None => false,
    };
    let at_ms = at.timestamp_millis();
    let known_since = people::follow(&read, person.as_str())?.map(|follow| follow.first_ms);
    // Events overtake each other: a follow older than everything known of the person came first.
    let is_first = known_since.is_none_or(|known_ms| at_ms < known_ms);
    if !people::insert_follow(tx, person.as_str(), at_ms, source)? {
        people::set_following(tx, person.as_str(), true, at_ms)?;
    }
    let facts = FollowFacts {
        policy: season.rules.referral(),
        through_sharers_code: sharer.is_some(),
        friend_is_sharer: sharer.as_deref() == Some(person.as_str()),
        friend_ever_followed: !is_first,
        // Whoever was credited stands in the referrals, whose key is the friend.
        friend_already_credited: false,
        sharer_following,
        moment: moment(season, now),
    };
    reach(Point::Following);
    let (Ok(credit), Some(sharer)) = (facts.decide(), sharer) else {
        return Ok(());
    };
    let Some(city) = credited_city(season, credit, now) else {
        return Ok(());
    };
    if rows::city(&read, &city)?.is_none() {
        return Ok(());
    }
    let now_ms = now.timestamp_millis();
    if pauses::sentence(&read, &city, Subject::Referral.name())?.is_some() {
        // The follow was the friend's first for ever, so it will credit nobody later either;
        // how often that happened, the chain tells.
        let detail = format!("city={city}");
        return Ok(audit::append(
            tx,
            now_ms,
            "server",
            "referral.withheld",
            &detail,
        )?);
    }
    if people::insert_referral(tx, person.as_str(), &sharer, &city, now_ms)? {
        // Who brought whom stands in the referral, which can be erased; the chain cannot.
        let detail = format!("city={city}");
        audit::append(tx, now_ms, "server", "referral.credited", &detail)?;
        chance::write_down(tx, person, &sharer, &city, now)?;
    }
    Ok(())
}

fn moment(season: &Season, now: DateTime<Utc>) -> FollowMoment {
    if season.edition().contest_at(now).is_some() {
        FollowMoment::CityOpen
    } else if season.edition().preheat_at(now).is_some() {
        FollowMoment::Preheat
    } else {
        FollowMoment::NoCity
    }
}

fn credited_city(season: &Season, credit: Credit, now: DateTime<Utc>) -> Option<String> {
    let edition = season.edition();
    let round = match credit {
        Credit::OpenCity => edition.contest_at(now),
        Credit::NextCity => edition.next_opening(now),
    };
    round.map(|round| round.city().slug().as_str().to_owned())
}

/// What the account says back. A person who hears nothing has lost nothing, so a reply
/// that cannot be made is logged and the push is still taken.
fn answer(app: &App, push: &Push, paused: Option<&str>, now: DateTime<Utc>) -> Reply {
    let text = match &push.event {
        Event::Subscribe { .. } => format!(
            "欢迎关注“{}”！与信用同行，筑梦新时代。\n{}",
            app.wechat.account_name,
            what_is_on(app, paused, now)
        ),
        Event::Text { content, .. } => keyword(app, content.trim(), paused, now),
        Event::Click { key, .. } => keyword(app, key, paused, now),
        Event::Scan { .. } => what_is_on(app, paused, now),
        _ => return Reply::success(),
    };
    let nonce = Nonce::new(app.entropy.alphanumeric(16));
    let Ok(nonce) = nonce else {
        return Reply::success();
    };
    app.wechat
        .callback
        .text_reply(push, &text, now, &nonce, app.entropy.bytes())
        .unwrap_or_else(|error| {
            tracing::warn!(%error, "a reply could not be made");
            Reply::success()
        })
}

/// One sentence about the season, and the way in; while the quiz is paused, the organiser's.
fn what_is_on(app: &App, paused: Option<&str>, now: DateTime<Utc>) -> String {
    let (season, url) = (&app.season, &app.public_url);
    if let Some(round) = season.edition().contest_at(now) {
        if let Some(sentence) = paused {
            return format!(
                "{}竞答暂停：{sentence}\n您的成绩和红包：{url}/me",
                round.city().name()
            );
        }
        return format!(
            "{}正在竞答：每次 {} 题，答对 {} 题即可拆红包。\n点此参加：{url}/",
            round.city().name(),
            season.n_questions(),
            season.pass_mark.right()
        );
    }
    match season.edition().next_opening(now) {
        Some(round) => format!("下一站是{}。\n赛程和城市风采：{url}/", round.city().name()),
        None => format!("全省接力已经结束，感谢参与。\n成绩单：{url}/summary"),
    }
}

/// What a person gets who writes a word, or taps the menu item with this key.
fn keyword(app: &App, word: &str, paused: Option<&str>, now: DateTime<Utc>) -> String {
    let url = &app.public_url;
    match word {
        "规则" => format!("活动规则和常见问题：{url}/rules"),
        "我的红包" | "红包" => format!("您的红包、机会和答题记录：{url}/me"),
        "排名" | "成绩单" => format!("各站成绩单：{url}/summary"),
        "错题" | "错题本" => format!("您的错题本：{url}/me/mistakes"),
        _ => format!(
            "{}\n回复“规则”“我的红包”“排名”“错题本”可以直接查看。",
            what_is_on(app, paused, now)
        ),
    }
}
