//! Whether one order may leave now: the rail's pause and second, the person's day and second.

use chrono::{DateTime, TimeDelta, Utc};
use schedule_core::ShanghaiDay;

use super::step::Driven;
use crate::{
    app::App,
    contest::Error,
    store::payments::{self, PaymentRow},
};

/// Whether an order may leave.
pub(super) enum Leave {
    /// It may.
    Now,
    /// Something that soon passes stands against it.
    Later,
    /// The person's packets of the day are used up until then.
    NotBefore(DateTime<Utc>),
}

/// The order in which payments are sent: some that left before, then those that never left, then the rest.
///
/// Those that left before go first, so that a broken rail is probed with the same few numbers
/// and no other grows old meanwhile; but they take at most a tenth of a second's sendings
/// from people who wait for their first.
pub(super) fn in_turn(
    again: Vec<PaymentRow>,
    first: Vec<PaymentRow>,
    per_second: u32,
) -> Vec<PaymentRow> {
    let budget = usize::try_from(per_second / 10)
        .unwrap_or(usize::MAX)
        .max(1);
    let mut again = again.into_iter();
    let mut rows: Vec<_> = again.by_ref().take(budget).collect();
    rows.extend(first);
    rows.extend(again);
    rows
}

/// Whether this order may leave now.
///
/// A pause lapses by itself, and the first order after it is the probe: while the rail is
/// still broken, it pauses again. The person's day is asked before the first sending, so that
/// a number does not begin to age while it could only be refused.
pub(super) async fn leave(app: &App, driven: &Driven) -> Result<Leave, Error> {
    let now = app.now();
    let (channel, policy) = app.season.payout_terms(driven.rail);
    let today = ShanghaiDay::from_instant(now);
    let (day_ms, now_ms) = (today.start().timestamp_millis(), now.timestamp_millis());
    let (award, bill_number) = (driven.row.award.clone(), driven.row.bill_number.clone());
    let rail = driven.rail.name();
    let (rail, (n_today, n_this_second)) = app
        .store
        .read(move |read| {
            let (person, _city) = payments::person_of_award(read, &award)?;
            let second_ms = now_ms.saturating_sub(now_ms.rem_euclid(1_000));
            Ok::<_, Error>((
                payments::rail(read, rail)?,
                payments::n_others_sent(read, &person, &bill_number, day_ms, second_ms)?,
            ))
        })
        .await?;
    let is_paused = rail.paused_reason.is_some()
        && rail
            .paused_until_ms
            .is_none_or(|until_ms| now_ms < until_ms);
    let is_full = rail.sending_second == now.timestamp()
        && rail.n_in_second >= i64::from(channel.sends_per_second);
    if is_paused || is_full {
        return Ok(Leave::Later);
    }
    if n_today >= i64::from(channel.packets_per_person_per_day) {
        let after_midnight = TimeDelta::seconds(i64::from(policy.next_day_second));
        return Ok(Leave::NotBefore(today.end() + after_midnight));
    }
    Ok(if n_this_second > 0 {
        Leave::Later
    } else {
        Leave::Now
    })
}
