//! What can be done to the simulated WeChat and the contest's clock.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use schedule_core::ShanghaiDay;
use serde::Deserialize;
use wechat_adapter::simulator::{NewPerson, PersonView, ScanOutcome, SimulatorError};

use super::delivery::deliver;
use crate::app::{App, SimulatorHost};

/// The phone's first people, made when somebody looks and there is nobody.
const FIRST_PEOPLE: [&str; 4] = ["张三", "李四", "王奶奶", "赵小明"];
/// How long before an opening one arrives to see the door open.
const EVE: TimeDelta = TimeDelta::seconds(10);

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub(super) enum ActError {
    /// The simulator declined.
    #[error(transparent)]
    Simulator(#[from] SimulatorError),
    /// The clock only goes forward, and there is nothing of the kind ahead.
    #[error("the clock only goes forward")]
    NotAhead,
    /// There is no simulator.
    #[error("there is no simulator")]
    NoSimulator,
}

/// The simulator of an app that has one.
pub(super) fn host(app: &App) -> Result<&SimulatorHost, ActError> {
    app.simulator.as_ref().ok_or(ActError::NoSimulator)
}

/// Everybody; the first people are made when there is nobody yet.
pub(super) fn people(app: &App) -> Result<Vec<PersonView>, ActError> {
    let host = host(app)?;
    if host.simulator.people_count() == 0 {
        for name in FIRST_PEOPLE {
            host.simulator
                .create_person(NewPerson::named(name), app.now())?;
        }
    }
    Ok(host.simulator.people_page(0, 200))
}

pub(super) async fn follow(app: &App, openid: &str, scene: Option<&str>) -> Result<(), ActError> {
    let pushes = host(app)?.simulator.follow(openid, scene, app.now())?;
    deliver(app, pushes).await;
    Ok(())
}

pub(super) async fn unfollow(app: &App, openid: &str) -> Result<(), ActError> {
    let pushes = host(app)?.simulator.unfollow(openid, app.now())?;
    deliver(app, pushes).await;
    Ok(())
}

/// Scans a code; gives its scene when the person lands on the follow page.
pub(super) async fn scan(
    app: &App,
    openid: &str,
    scanned: &str,
) -> Result<Option<String>, ActError> {
    match host(app)?.simulator.scan(openid, scanned, app.now())? {
        ScanOutcome::FollowPage { scene } => Ok(Some(scene)),
        ScanOutcome::Pushed(pushes) => {
            deliver(app, pushes).await;
            Ok(None)
        }
        _ => Ok(None),
    }
}

pub(super) async fn say(app: &App, openid: &str, text: &str) -> Result<(), ActError> {
    let pushes = host(app)?.simulator.say(openid, text, app.now())?;
    deliver(app, pushes).await;
    Ok(())
}

/// Where the clock can be moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Jump {
    /// Ten seconds before the next opening.
    Eve,
    /// The next opening.
    Opening,
    /// The next midnight.
    NextDay,
    /// The opening of the city after this one.
    NextCity,
    /// The end of the last city.
    End,
}

/// Moves the clock forward and lets the simulator do what has come due.
pub(super) fn move_clock(app: &App, to: DateTime<Utc>) -> Result<(), ActError> {
    let host = host(app)?;
    if !host.clock.advance_to(to) {
        return Err(ActError::NotAhead);
    }
    host.simulator.advance(app.now());
    Ok(())
}

/// The instant a jump leads to.
pub(super) fn destination(app: &Arc<App>, jump: Jump) -> Result<DateTime<Utc>, ActError> {
    let now = app.now();
    let edition = &app.season.edition;
    let opening = edition
        .next_opening(now)
        .map(|round| round.window().start());
    match jump {
        Jump::Eve => opening.map(|opening| opening - EVE),
        Jump::Opening | Jump::NextCity => opening,
        Jump::NextDay => Some(ShanghaiDay::from_instant(now).end()),
        Jump::End => edition.rounds().last().map(|round| round.window().end()),
    }
    .ok_or(ActError::NotAhead)
}
