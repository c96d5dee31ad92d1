//! What can be done to the simulated WeChat and its clock.

use chrono::{DateTime, TimeDelta, Utc};
use schedule_core::ShanghaiDay;
use serde::Deserialize;
use wechat_adapter::simulator::{NewPerson, PersonView, ScanOutcome, SimulatorError};

use super::{delivery::deliver, host::SimulatedWeChat};

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

/// Everybody; the first people are made when there is nobody yet.
pub(super) fn people(host: &SimulatedWeChat) -> Result<Vec<PersonView>, ActError> {
    if host.simulator.people_count() == 0 {
        for name in FIRST_PEOPLE {
            host.simulator
                .create_person(NewPerson::named(name), host.now())?;
        }
    }
    Ok(host.simulator.people_page(0, 200))
}

pub(super) async fn follow(
    host: &SimulatedWeChat,
    openid: &str,
    scene: Option<&str>,
) -> Result<(), ActError> {
    let pushes = host.simulator.follow(openid, scene, host.now())?;
    deliver(host, pushes).await;
    Ok(())
}

pub(super) async fn unfollow(host: &SimulatedWeChat, openid: &str) -> Result<(), ActError> {
    let pushes = host.simulator.unfollow(openid, host.now())?;
    deliver(host, pushes).await;
    Ok(())
}

/// Scans a code; gives its scene when the person lands on the follow page.
pub(super) async fn scan(
    host: &SimulatedWeChat,
    openid: &str,
    scanned: &str,
) -> Result<Option<String>, ActError> {
    match host.simulator.scan(openid, scanned, host.now())? {
        ScanOutcome::FollowPage { scene } => Ok(Some(scene)),
        ScanOutcome::Pushed(pushes) => {
            deliver(host, pushes).await;
            Ok(None)
        }
        _ => Ok(None),
    }
}

pub(super) async fn press(
    host: &SimulatedWeChat,
    openid: &str,
    item: &str,
) -> Result<(), ActError> {
    let pushes = host.simulator.press_menu(openid, item, host.now())?;
    deliver(host, pushes).await;
    Ok(())
}

/// Answers the window that asks for notices of a template.
pub(super) async fn answer_notices(
    host: &SimulatedWeChat,
    openid: &str,
    template_id: &str,
    accepted: bool,
) -> Result<(), ActError> {
    let pushes = host
        .simulator
        .answer_notice_window(openid, template_id, accepted, host.now())?;
    deliver(host, pushes).await;
    Ok(())
}

pub(super) async fn say(host: &SimulatedWeChat, openid: &str, text: &str) -> Result<(), ActError> {
    let pushes = host.simulator.say(openid, text, host.now())?;
    deliver(host, pushes).await;
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
pub(super) fn move_clock(host: &SimulatedWeChat, to: DateTime<Utc>) -> Result<(), ActError> {
    if !host.clock.advance_to(to) {
        return Err(ActError::NotAhead);
    }
    host.agree_on_time();
    host.simulator.advance(host.now());
    Ok(())
}

/// The instant a jump leads to.
pub(super) fn destination(host: &SimulatedWeChat, jump: Jump) -> Result<DateTime<Utc>, ActError> {
    let now = host.now();
    let edition = host.contest.as_ref().map(|app| app.season.edition());
    let opening = edition
        .as_ref()
        .and_then(|edition| edition.next_opening(now))
        .map(|round| round.window().start());
    match jump {
        Jump::Eve => opening.map(|opening| opening - EVE),
        Jump::Opening | Jump::NextCity => opening,
        Jump::NextDay => Some(ShanghaiDay::from_instant(now).end()),
        Jump::End => edition
            .as_ref()
            .and_then(|edition| edition.rounds().last())
            .map(|round| round.window().end()),
    }
    .ok_or(ActError::NotAhead)
}
