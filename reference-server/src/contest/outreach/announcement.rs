//! A city's opening is announced to every follower: drafted by the server, released by a named person, sent once.
//!
//! The switch of cities does not wait for it: menu, replies and pages change by
//! themselves. WeChat counts four messages to everyone in a month, so a person decides.

use chrono::{DateTime, TimeDelta, Utc};
use wechat_adapter::official::{MassReceipt, SendToEveryone};

use super::{LEASE, Then, after_failure, waking};
use crate::{
    app::App,
    contest::{Error, Failure, Refusal, season, token},
    store::{
        audit,
        outreach::{self as rows, AnnouncementRow},
        season as season_rows,
    },
};

/// The draft is there so long after the opening.
const DRAFTED_AFTER: TimeDelta = TimeDelta::minutes(10);

/// Where an announcement stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AnnouncementState {
    /// Nobody has released it.
    Draft,
    /// It waits for its turn, or for the morning.
    Released,
    /// WeChat took it.
    Sent,
    /// WeChat refused it for good.
    Refused,
}

/// The announcement of a city's opening.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Announcement {
    /// The city's slug.
    pub city: String,
    /// What is sent.
    pub content: String,
    /// When it was drafted.
    pub drafted: DateTime<Utc>,
    /// Where it stands.
    pub state: AnnouncementState,
    /// Who released it.
    pub released_by: Option<String>,
    /// What WeChat said in the end.
    pub outcome: Option<String>,
}

/// What an announcement says, of how many questions and how many right ones; no amount, and nobody is pressed.
#[must_use]
pub fn content(
    [n_questions, pass_mark]: [u16; 2],
    account: &str,
    city_name: &str,
    public_url: &str,
) -> String {
    format!(
        "信用知识有奖竞答 · {city_name}站开赛\n与信用同行，筑梦新时代。\n每次 {n_questions} 题，不限时、不限次数，交卷后看解析；答对 {pass_mark} 题及以上可拆红包。\n点此参加：{public_url}/\n—— {account}"
    )
}

/// Drafts the announcement of the open city, ten minutes after its opening; returns whether one was written.
///
/// # Errors
/// Fails when the database does.
pub async fn draft_due(app: &App) -> Result<bool, Error> {
    let now = app.now();
    let edition = app.season.edition();
    let Some(round) = edition.contest_at(now) else {
        return Ok(false);
    };
    if now < round.window().start() + DRAFTED_AFTER {
        return Ok(false);
    }
    let slug = round.city().slug().as_str().to_owned();
    let city = slug.clone();
    let is_there = app
        .store
        .read(move |read| {
            // A city without a bank is not played, and nobody is called to it.
            Ok::<_, Error>(
                season_rows::city(read, &city)?.is_none()
                    || rows::announcement(read, &city)?.is_some(),
            )
        })
        .await?;
    if is_there {
        return Ok(false);
    }
    let (account, url) = (&app.wechat.account_name, &app.public_url);
    let terms = [app.season.n_questions(), app.season.pass_mark.right()];
    let text = content(terms, account, &app.season.city_name(&slug), url);
    let now_ms = now.timestamp_millis();
    app.store
        .write(move |tx| {
            let is_new = rows::draft_announcement(tx, &slug, &text, now_ms)?;
            if is_new {
                let detail = format!("city={slug}");
                audit::append(tx, now_ms, "server", "announcement.drafted", &detail)?;
            }
            Ok(is_new)
        })
        .await
}

/// The announcement of a city, if it was drafted.
///
/// # Errors
/// Fails when the database does.
pub async fn of_city(app: &App, slug: &str) -> Result<Option<Announcement>, Error> {
    let city = slug.to_owned();
    let row = app
        .store
        .read(move |read| Ok::<_, Error>(rows::announcement(read, &city)?))
        .await?;
    row.map(announcement).transpose()
}

/// Releases the draft of the open city in a person's name; at night it waits for the morning.
///
/// # Errors
/// Refuses with [`Refusal::NotFound`] when there is no draft, or it was released before, and with
/// [`Refusal::NoCityOpen`] when the city is not open: nobody is called to a closed door.
pub async fn release(app: &App, slug: &str, by: &str) -> Result<(), Error> {
    let now = app.now();
    let open = season::open_city(app, now).await?;
    if open.city != slug {
        return Err(Refusal::NoCityOpen { next_opens: None }.into());
    }
    let (city, by) = (slug.to_owned(), by.to_owned());
    let (now_ms, due_ms) = (now.timestamp_millis(), waking(now).timestamp_millis());
    app.store
        .write(move |tx| {
            if !rows::release_announcement(tx, &city, &by, now_ms, due_ms)? {
                return Err(Refusal::NotFound.into());
            }
            let detail = format!("city={city}");
            Ok(audit::append(
                tx,
                now_ms,
                &by,
                "announcement.released",
                &detail,
            )?)
        })
        .await
}

/// Sends the released announcement that is due, if there is one.
///
/// # Errors
/// Fails when the database does.
pub async fn send_due(app: &App) -> Result<(), Error> {
    let now = app.now();
    let now_ms = now.timestamp_millis();
    let due = app
        .store
        .read(move |read| Ok::<_, Error>(rows::due_announcement(read, now_ms)?))
        .await?;
    let Some(due) = due else {
        return Ok(());
    };
    if waking(now) > now {
        let (city, due_ms) = (due.city, waking(now).timestamp_millis());
        return app
            .store
            .write(move |tx| Ok(rows::postpone_announcement(tx, &city, now_ms, due_ms)?))
            .await;
    }
    let (city, seen) = (due.city.clone(), due.n_tries);
    let lease_ms = (now + LEASE).timestamp_millis();
    let is_ours = app
        .store
        .write(move |tx| Ok::<_, Error>(rows::try_announcement(tx, &city, seen, now_ms, lease_ms)?))
        .await?;
    if !is_ours {
        return Ok(());
    }
    let is_open = app
        .season
        .edition()
        .contest_at(now)
        .is_some_and(|round| round.city().slug().as_str() == due.city);
    let outcome = if is_open {
        send(app, &due).await
    } else {
        Ok(Ended::Refused("the city has closed".to_owned()))
    };
    conclude(app, due, outcome).await
}

/// How an announcement ended.
enum Ended {
    Sent(String),
    Refused(String),
}

async fn send(app: &App, due: &AnnouncementRow) -> Result<Ended, Error> {
    // The same for every try: WeChat sends it once.
    let key = format!("opening-{}-{}", app.season.name, due.city);
    let key: String = key.chars().filter(char::is_ascii).take(64).collect();
    let call = SendToEveryone::new(due.content.as_str(), key).map_err(Failure::defect)?;
    let official = &app.wechat.official;
    let receipt = token::with_access_token(
        app,
        |token| call.request(official, token),
        SendToEveryone::parse,
    )
    .await?;
    Ok(Ended::Sent(match receipt {
        MassReceipt::Taken { message_number } => message_number,
        _ => "taken before".to_owned(),
    }))
}

async fn conclude(
    app: &App,
    due: AnnouncementRow,
    outcome: Result<Ended, Error>,
) -> Result<(), Error> {
    let now = app.now();
    let now_ms = now.timestamp_millis();
    let ended = match outcome {
        Ok(ended) => ended,
        Err(error) => {
            tracing::error!(%error, city = %due.city, "an announcement was not taken");
            let said = error.to_string();
            match after_failure(error, due.n_tries.saturating_add(1), now)? {
                Then::End => Ended::Refused(said),
                Then::Again(at) => {
                    let due_ms = waking(at).timestamp_millis();
                    return app
                        .store
                        .write(move |tx| {
                            Ok(rows::postpone_announcement(tx, &due.city, now_ms, due_ms)?)
                        })
                        .await;
                }
            }
        }
    };
    let (state, said) = match ended {
        Ended::Sent(number) => ("sent", number),
        Ended::Refused(reason) => ("refused", reason),
    };
    app.store
        .write(move |tx| {
            rows::end_announcement(tx, &due.city, state, &said, now_ms)?;
            let detail = format!("city={} {said}", due.city);
            let action = format!("announcement.{state}");
            Ok(audit::append(tx, now_ms, "server", &action, &detail)?)
        })
        .await
}

fn announcement(row: AnnouncementRow) -> Result<Announcement, Error> {
    let state = match row.state.as_str() {
        "draft" => AnnouncementState::Draft,
        "released" => AnnouncementState::Released,
        "sent" => AnnouncementState::Sent,
        "refused" => AnnouncementState::Refused,
        _ => {
            return Err(Failure::Unreadable {
                what: "announcement.state",
            }
            .into());
        }
    };
    Ok(Announcement {
        city: row.city,
        content: row.content,
        drafted: season::instant(row.drafted_ms),
        state,
        released_by: row.released_by,
        outcome: row.outcome,
    })
}
