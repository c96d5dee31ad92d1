//! When a payout is due next: back-off, the queries of a sent packet, and the worker's next step.

use chrono::{DateTime, Utc};

use super::{
    Payout,
    policy::{Jitter, PayoutPolicy},
    state::PayoutState,
};
use crate::{
    ChannelProfile,
    instant::{after_seconds, aged},
    planted::{self, Bug},
};

/// What a worker does with a payout now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a step that a worker does not know is a payout that nobody moves"
)]
pub enum NextStep {
    /// Take the tokens and feed [`Event::Due`](super::Event::Due).
    Send,
    /// Query the number and feed the answer.
    Query,
    /// Feed [`Event::LeaseExpired`](super::Event::LeaseExpired).
    ExpireLease,
    /// Feed [`Event::Tick`](super::Event::Tick).
    Tick,
    /// Nothing before this instant.
    Wait(DateTime<Utc>),
    /// Nothing any more, or nothing until a person acts.
    Nothing,
}

impl Payout {
    /// Returns what a worker does with this payout now.
    ///
    /// Following it from any state leads to the end, or to a person, once the rail answers.
    #[must_use]
    pub fn next_step(
        &self,
        now: DateTime<Utc>,
        channel: &ChannelProfile,
        policy: &PayoutPolicy,
    ) -> NextStep {
        let movable = !self.state.is_terminal() && !matches!(self.state, PayoutState::Held { .. });
        if movable && self.is_of_age_to_hold(policy, now) {
            return NextStep::Tick;
        }
        match self.state {
            PayoutState::Reserved => send_or_wait(now, now, channel),
            PayoutState::InFlight { lease_until, .. } => {
                when(lease_until, now, NextStep::ExpireLease)
            }
            PayoutState::Deferred { until, .. } => {
                if self.too_old_to_send(channel, now) {
                    NextStep::Tick
                } else {
                    send_or_wait(until.max(self.resend_from(channel)), now, channel)
                }
            }
            PayoutState::Unknown(unknown) => {
                if !unknown.sending_over && self.too_old_to_send(channel, now) {
                    NextStep::Tick
                } else {
                    when(unknown.query_at, now, NextStep::Query)
                }
            }
            PayoutState::Sent { query_at, .. } | PayoutState::Refunding { query_at } => {
                when(query_at, now, NextStep::Query)
            }
            PayoutState::Held { .. }
            | PayoutState::Received
            | PayoutState::Refunded
            | PayoutState::Dead { .. } => NextStep::Nothing,
        }
    }

    /// Returns from when a worker should look at this payout, for a store's index.
    ///
    /// `None` if only a person, or nobody, moves it.
    #[must_use]
    pub const fn due_at(&self) -> Option<DateTime<Utc>> {
        match self.state {
            PayoutState::Reserved => Some(self.reserved_at),
            PayoutState::InFlight { lease_until, .. } => Some(lease_until),
            PayoutState::Deferred { until, .. } => Some(until),
            PayoutState::Unknown(unknown) => Some(unknown.query_at),
            PayoutState::Sent { query_at, .. } | PayoutState::Refunding { query_at } => {
                Some(query_at)
            }
            PayoutState::Held { .. }
            | PayoutState::Received
            | PayoutState::Refunded
            | PayoutState::Dead { .. } => None,
        }
    }

    /// Returns whether a person should look: it is held, or its outcome is overdue.
    ///
    /// Overdue is an unknown outcome of a number too old to be sent again, unless row 19 is about to end it.
    #[must_use]
    pub const fn needs_person(&self) -> bool {
        match self.state {
            PayoutState::Held { .. } => true,
            PayoutState::Unknown(unknown) => unknown.sending_over && unknown.refused.is_none(),
            PayoutState::Reserved
            | PayoutState::InFlight { .. }
            | PayoutState::Deferred { .. }
            | PayoutState::Sent { .. }
            | PayoutState::Refunding { .. }
            | PayoutState::Received
            | PayoutState::Refunded
            | PayoutState::Dead { .. } => false,
        }
    }

    /// Age counts from the first sending, or from the reservation of what was never sent.
    pub(super) fn age_start(&self) -> DateTime<Utc> {
        self.first_sent_at.unwrap_or(self.reserved_at)
    }

    /// Whether a person must look because of its age (row 22).
    pub(super) fn is_of_age_to_hold(&self, policy: &PayoutPolicy, now: DateTime<Utc>) -> bool {
        aged(self.age_start(), policy.hold_age_seconds, now) && !planted::is(Bug::AgeIsNoReason)
    }

    pub(super) fn too_old_to_send(&self, channel: &ChannelProfile, now: DateTime<Utc>) -> bool {
        self.first_sent_at
            .is_some_and(|first| aged(first, channel.number_reuse_seconds, now))
            && !planted::is(Bug::OldNumbersAreSent)
    }

    /// Returns the earliest instant at which the rail allows the number again.
    pub(super) fn resend_from(&self, channel: &ChannelProfile) -> DateTime<Utc> {
        self.last_sent_at.map_or(self.reserved_at, |last| {
            after_seconds(last, channel.resend_interval_seconds)
        })
    }
}

fn when(at: DateTime<Utc>, now: DateTime<Utc>, step: NextStep) -> NextStep {
    if now >= at { step } else { NextStep::Wait(at) }
}

fn send_or_wait(from: DateTime<Utc>, now: DateTime<Utc>, channel: &ChannelProfile) -> NextStep {
    if now < from {
        return NextStep::Wait(from);
    }
    channel
        .quiet_until(now)
        .filter(|_| !planted::is(Bug::QuietHoursIgnored))
        .map_or(NextStep::Send, NextStep::Wait)
}

/// Returns `min(cap, base · 2^n) · (½ + ½ jitter)` in milliseconds.
pub(super) fn backoff_millis(policy: &PayoutPolicy, n: u32, jitter: Jitter) -> u32 {
    let cap = policy.backoff_cap_millis;
    let n = if planted::is(Bug::NoBackOff) { 0 } else { n };
    let longest = policy
        .backoff_base_millis
        .saturating_mul(2_u32.saturating_pow(n))
        .min(cap);
    let half = longest.checked_div(2).unwrap_or_default();
    half.saturating_add(jitter.of(half))
}

/// Returns `min(cap, base · 2^n)` in seconds, for numbers in processing (row 16).
pub(super) fn in_process_seconds(policy: &PayoutPolicy, n: u8) -> u32 {
    policy
        .in_process_base_seconds
        .saturating_mul(2_u32.saturating_pow(u32::from(n)))
        .min(policy.in_process_cap_seconds)
}

/// Returns the next query of a packet accepted at `accepted_at` (row 2).
///
/// The two queries after a day follow the rail's refund, so that it is seen soon after it happened.
pub(super) fn next_sent_query(
    accepted_at: DateTime<Utc>,
    now: DateTime<Utc>,
    channel: &ChannelProfile,
) -> DateTime<Utc> {
    const HOUR: u32 = 3_600;
    let refund = channel.refund_after_seconds;
    [
        20,
        120,
        1_200,
        HOUR,
        6 * HOUR,
        refund.saturating_add(600),
        refund.saturating_add(2 * HOUR),
    ]
    .into_iter()
    .map(|offset| after_seconds(accepted_at, offset))
    .filter(|&at| at > now)
    .min()
    .unwrap_or_else(|| {
        let hourly = !aged(accepted_at, 72 * HOUR, now);
        after_seconds(now, if hourly { HOUR } else { 24 * HOUR })
    })
}
