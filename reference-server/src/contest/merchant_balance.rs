//! What the merchant's account can still pay, against what the next days can cost.
//!
//! WeChat tells a live balance to service providers only, so what is known comes from the bills:
//! the newest one says what was left at its end, and everything awarded since has to be paid from
//! that. Money that was put in or came back after that bill is not in it yet, so the account
//! may hold more than is said here, and never less unless somebody has taken money out.

use chrono::{DateTime, Utc};
use reward_core::Fen;
use schedule_core::ShanghaiDay;

use super::{Error, season::fen_column};
use crate::{
    app::App,
    store::{Read, bills, season as rows},
};

/// How many days from today the account is to last, today included.
const N_DAYS: i64 = 2;
/// What a city's pool is multiplied by before it opens, in hundredths: fees, and what is sent twice a day apart.
const BEFORE_OPENING_PERCENT: i64 = 110;
/// How long before a city opens its money is looked for.
const OPENS_SOON_DAYS: i64 = 7;

/// What was left on the account at the end of a bill, which never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastLine {
    /// The bill's Shanghai day number.
    pub day: i64,
    /// The bill's version.
    version: i64,
    /// What was left.
    balance_fen: i64,
}

/// What is left on the account, and what it has to pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Balance {
    /// The end of the newest bill, if there is one.
    pub last: Option<LastLine>,
    /// What was awarded since, or awarded before and not sent.
    spent_fen: i64,
    /// What today and tomorrow can cost.
    pub next_days_fen: i64,
}

impl Balance {
    /// What is left by now, as far as anybody here can know.
    #[must_use]
    pub fn left_fen(&self) -> Option<i64> {
        let last = self.last?;
        Some(last.balance_fen.saturating_sub(self.spent_fen))
    }

    /// Whether what is known to be left does not last for the next days.
    #[must_use]
    pub fn is_short(&self) -> bool {
        self.left_fen()
            .is_some_and(|left_fen| left_fen < self.next_days_fen)
    }
}

/// What is left, as of this instant; `known` is the end of a bill that was read before.
///
/// Cost: a few rows, and the lines of one bill when that is not the known one.
///
/// # Errors
/// Fails when the database does.
pub(super) fn balance(
    read: &Read<'_>,
    now: DateTime<Utc>,
    known: Option<LastLine>,
) -> Result<Balance, Error> {
    let today = i64::from(ShanghaiDay::from_instant(now).number());
    let until = today.saturating_add(N_DAYS - 1);
    let last = match (bills::newest(read)?, known) {
        (None, _) => None,
        (Some(newest), Some(known)) if newest == (known.day, known.version) => Some(known),
        (Some((day, version)), _) => Some(LastLine {
            day,
            version,
            balance_fen: bills::last_balance_fen(read, day, version)?,
        }),
    };
    let spent_fen = match last {
        None => 0,
        Some(LastLine { day, .. }) => {
            let since = rows::used_after_fen(read, day)?;
            since.saturating_add(bills::not_sent_fen(read, day)?)
        }
    };
    Ok(Balance {
        last,
        spent_fen,
        next_days_fen: rows::left_of_days_fen(read, today, until)?,
    })
}

/// The same with what a city that opens within a week wants to find there: its pool and a tenth more.
///
/// # Errors
/// Fails when the database does.
pub async fn before_opening(app: &App) -> Result<(Balance, i64), Error> {
    let now = app.now();
    let balance = app.store.read(move |read| balance(read, now, None)).await?;
    let opens_soon = app
        .season
        .edition()
        .next_opening(now)
        .is_some_and(|round| (round.window().start() - now).num_days() < OPENS_SOON_DAYS);
    let pool_fen = if opens_soon {
        fen_column(app.season.rules.pool())
            .saturating_mul(BEFORE_OPENING_PERCENT)
            .div_euclid(100)
    } else {
        0
    };
    Ok((balance, balance.next_days_fen.max(pool_fen)))
}

/// The day of a bill as `2020-05-08`.
#[must_use]
pub fn day(number: i64) -> String {
    let day = i32::try_from(number).ok();
    let day = day.and_then(|number| ShanghaiDay::from_number(number).ok());
    day.map_or_else(|| number.to_string(), |day| day.to_string())
}

/// An amount in yuan, as people read it.
#[must_use]
pub fn yuan(fen: i64) -> String {
    let amount = Fen::new(fen.unsigned_abs());
    let sign = if fen < 0 { "-" } else { "" };
    format!("{sign}{amount}")
}
