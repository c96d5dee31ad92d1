//! What the Official Account does of its own accord: its menu, messages to sharers, announcements.
//!
//! Whatever leaves is written down first and committed; the worker calls WeChat
//! afterwards and writes down what became of it. A process that dies in between leaves
//! a row whose lease runs out.
//!
//! | file | what happens there |
//! |---|---|
//! | `menu` | the menu follows the season |
//! | `chance` | whoever brought a friend hears that a chance has come |
//! | `announcement` | the next city's announcement: drafted by the server, released by a named person |

pub mod announcement;
pub mod chance;
pub mod menu;

use chrono::{DateTime, TimeDelta, Timelike as _, Utc};
use schedule_core::{CHINA_STANDARD_TIME, ShanghaiDay};
use wechat_adapter::official::OfficialAction;

use super::{Error, Failure};
use crate::app::App;

/// Nobody is woken: from ten in the evening until eight in the morning nothing is sent.
const EVENING_HOUR: u32 = 22;
const MORNING: TimeDelta = TimeDelta::hours(8);
/// By then a call to WeChat has ended, one way or the other.
const LEASE: TimeDelta = TimeDelta::minutes(1);

/// Does everything of this kind that is due now.
///
/// # Errors
/// Fails when the database does; WeChat's refusals are written down and logged.
pub async fn do_due(app: &App) -> Result<(), Error> {
    if app.wechat.keeps_menu {
        menu::keep(app).await?;
    }
    chance::send_due(app).await?;
    announcement::draft_due(app).await?;
    announcement::send_due(app).await
}

/// The first instant from `at` on at which people may be written to.
fn waking(at: DateTime<Utc>) -> DateTime<Utc> {
    let today = ShanghaiDay::from_instant(at);
    let morning = today.start() + MORNING;
    if at < morning {
        morning
    } else if at.with_timezone(&CHINA_STANDARD_TIME).hour() >= EVENING_HOUR {
        today.end() + MORNING
    } else {
        at
    }
}

/// What to do after WeChat did not take something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    /// Try again from this instant on.
    Again(DateTime<Utc>),
    /// Trying again would not help.
    End,
}

/// What a failed call means for the next one; `n_tries` counts from 1.
///
/// Whatever only an operator can mend is tried again after half an hour, so that nobody
/// has to press a button afterwards.
///
/// # Errors
/// Hands on what is not WeChat's doing.
fn after_failure(error: Error, n_tries: i64, now: DateTime<Utc>) -> Result<Then, Error> {
    let action = match &error {
        Error::Failed(Failure::WeChat(refused)) => refused.action(),
        Error::Failed(Failure::Transport(_)) => OfficialAction::Retry,
        Error::Refused(_) | Error::Failed(_) => return Err(error),
    };
    let doubled = u32::try_from(n_tries.clamp(1, 5)).unwrap_or(1);
    let soon = TimeDelta::minutes(2_i64.saturating_pow(doubled));
    Ok(match action {
        OfficialAction::PersonUnreachable | OfficialAction::MendRequest => Then::End,
        OfficialAction::QuotaSpent => Then::Again(ShanghaiDay::from_instant(now).end()),
        OfficialAction::StopAndAlarm | OfficialAction::Unknown => {
            Then::Again(now + TimeDelta::minutes(30))
        }
        _ => Then::Again(now + soon),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("an instant")
    }

    #[test]
    fn nobody_is_woken_between_ten_in_the_evening_and_eight_in_the_morning() {
        for (written, sent) in [
            ("2020-05-09T07:59:59+08:00", "2020-05-09T08:00:00+08:00"),
            ("2020-05-09T08:00:00+08:00", "2020-05-09T08:00:00+08:00"),
            ("2020-05-09T21:59:59+08:00", "2020-05-09T21:59:59+08:00"),
            ("2020-05-09T22:00:00+08:00", "2020-05-10T08:00:00+08:00"),
            ("2020-05-10T00:00:00+08:00", "2020-05-10T08:00:00+08:00"),
        ] {
            assert_eq!(waking(at(written)), at(sent), "{written}");
        }
    }
}
