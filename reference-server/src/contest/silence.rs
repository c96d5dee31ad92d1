//! Whether WeChat Pay gives answers at all; while it does not, a question about nothing now and then asks, and payments wait.
//!
//! Without this each payment would find out for itself, again and again; its number would
//! begin to age, and its waits would have grown to half an hour when WeChat is back.

use chrono::{DateTime, TimeDelta, Utc};
use wechat_adapter::{Request, Response, TransportError};

use super::{Error, payout};
use crate::{
    app::App,
    crash_point::{Point, reach},
};

/// So many calls in a row without an answer are a silence.
const UNHEARD_MAX: u32 = 5;
/// The first wait between two questions; doubled each time.
const FIRST_WAIT_MS: i64 = 30_000;
/// The longest wait between two questions.
const LONGEST_WAIT_MS: i64 = 300_000;

/// Makes a call of WeChat Pay, and notes whether it gives answers.
pub(super) async fn exchange(app: &App, request: Request) -> Result<Response, TransportError> {
    reach(Point::Sending);
    let answer = app.wechat.pay_http.send(request).await;
    reach(Point::Answered);
    let is_heard = answer
        .as_ref()
        .is_ok_and(|answer| !answer.status().is_server_error());
    if is_heard {
        if app.silence().heard() {
            tracing::info!("WeChat Pay gives answers again");
        }
    } else {
        let jitter_permille = payout::jitter(app).permille();
        if app.silence().unheard(app.now(), jitter_permille) {
            tracing::error!("WeChat Pay gives no answers; payments wait until it does");
        }
    }
    answer
}

/// Whether payments may go on; during a silence WeChat is asked about nothing when it is time to.
///
/// # Errors
/// Fails when no question can be made.
pub(super) async fn is_over(app: &App) -> Result<bool, Error> {
    if !app.silence().is_on() {
        return Ok(true);
    }
    if app.silence().is_time_to_ask(app.now()) {
        let question = payout::question_about_nothing(app, app.season.rail)?;
        drop(exchange(app, question).await);
    }
    Ok(!app.silence().is_on())
}

/// What this process knows about WeChat Pay's answers.
#[derive(Debug, Default)]
pub(crate) struct Silence {
    n_unheard: u32,
    /// When WeChat is asked next; `None` while calls are answered.
    ask_at: Option<DateTime<Utc>>,
}

impl Silence {
    /// Whether WeChat Pay gives no answers.
    pub(crate) fn is_on(&self) -> bool {
        self.ask_at.is_some()
    }

    fn is_time_to_ask(&self, now: DateTime<Utc>) -> bool {
        self.ask_at.is_some_and(|ask_at| now >= ask_at)
    }

    /// A call was answered. Returns whether that ends a silence.
    fn heard(&mut self) -> bool {
        std::mem::take(self).is_on()
    }

    /// A call was not. Returns whether a silence begins with it.
    ///
    /// `jitter_permille` in `0..=1000` spreads the questions of several processes.
    fn unheard(&mut self, now: DateTime<Utc>, jitter_permille: u16) -> bool {
        // What was under way when the silence began tells nothing new.
        if self.ask_at.is_some_and(|ask_at| now < ask_at) {
            return false;
        }
        self.n_unheard = self.n_unheard.saturating_add(1);
        let was_on = self.is_on();
        if self.n_unheard >= UNHEARD_MAX {
            self.ask_at = Some(now + self.wait(jitter_permille));
        }
        !was_on && self.is_on()
    }

    /// From three quarters of the wait to the whole of it.
    fn wait(&self, jitter_permille: u16) -> TimeDelta {
        let n_asked = self.n_unheard.saturating_sub(UNHEARD_MAX).min(16);
        let longest = FIRST_WAIT_MS
            .saturating_mul(1_i64 << n_asked)
            .min(LONGEST_WAIT_MS);
        let quarter = longest / 4;
        let jitter = quarter * i64::from(jitter_permille.min(1_000)) / 1_000;
        TimeDelta::milliseconds(longest - quarter + jitter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_588_700_000 + second, 0).expect("in range")
    }

    #[test]
    fn four_calls_without_an_answer_are_no_silence_and_the_fifth_begins_one() {
        let mut silence = Silence::default();
        for _ in 0..4 {
            assert!(!silence.unheard(at(0), 1_000));
        }
        assert!(!silence.heard(), "there was none");
        for _ in 0..4 {
            assert!(!silence.unheard(at(0), 1_000));
        }
        assert!(silence.unheard(at(0), 1_000));
        assert!(silence.is_on());
        assert!(!silence.is_time_to_ask(at(29)));
        assert!(silence.is_time_to_ask(at(30)));
        assert!(!silence.unheard(at(30), 1_000), "it goes on");
        assert!(!silence.is_time_to_ask(at(89)));
        assert!(silence.is_time_to_ask(at(90)));
        assert!(silence.heard());
        assert!(!silence.is_on());
    }

    #[test]
    fn six_hours_of_silence_cost_few_questions_and_the_next_comes_within_five_minutes() {
        for jitter_permille in [0, 500, 1_000] {
            let mut silence = Silence::default();
            for _ in 0..5 {
                silence.unheard(at(0), jitter_permille);
            }
            let (mut n_asked, mut latest) = (0, 0);
            for second in 0..6 * 3_600 {
                if silence.is_time_to_ask(at(second)) {
                    n_asked += 1;
                    latest = second;
                    silence.unheard(at(second), jitter_permille);
                }
            }
            assert!(n_asked <= 100, "{n_asked} questions with {jitter_permille}");
            assert!(silence.is_time_to_ask(at(latest + 300)));
        }
    }
}
