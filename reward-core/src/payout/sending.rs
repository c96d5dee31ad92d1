//! Rows 1 to 11: from the decision to send to what the answer tells.

use chrono::{DateTime, Utc};

use super::{
    Payout,
    event::{Event, Permit, ReplyClass},
    outcome::{Command, PageReason, Refused, Transition},
    schedule::{backoff_millis, next_sent_query},
    state::{
        DeadReason, DeferReason, HeldMoney, HoldReason, PayoutState, PersonRefusal, RailFault,
        RefusedReason, Unknown, WorkerId,
    },
    step::Step,
};
use crate::{
    instant::{after_millis, after_seconds, next_shanghai_second},
    planted::{self, Bug},
};

impl Step<'_> {
    /// Row 1.
    pub(super) fn due(&self, worker: WorkerId, permit: Permit) -> Result<Transition, Refused> {
        self.may_send(worker, permit)?;
        let next = Payout {
            first_sent_at: Some(self.payout.first_sent_at.unwrap_or(self.now)),
            last_sent_at: Some(self.now),
            sendings: self.payout.sendings.saturating_add(1),
            failed_queries: 0,
            state: PayoutState::InFlight {
                owner: worker,
                lease_until: after_seconds(self.now, self.policy.lease_seconds),
            },
            ..*self.payout
        };
        self.becoming(1, next, vec![Command::Send])
    }

    fn may_send(&self, worker: WorkerId, permit: Permit) -> Result<(), Refused> {
        let from = match self.payout.state {
            PayoutState::Reserved => self.payout.resend_from(self.channel),
            PayoutState::Deferred { until, .. } => until.max(self.payout.resend_from(self.channel)),
            PayoutState::InFlight { .. }
            | PayoutState::Unknown(_)
            | PayoutState::Sent { .. }
            | PayoutState::Refunding { .. }
            | PayoutState::Held { .. }
            | PayoutState::Received
            | PayoutState::Refunded
            | PayoutState::Dead { .. } => {
                return Err(self.not_listed(&Event::Due { worker, permit }));
            }
        };
        if let Some(first_sent_at) = self.payout.first_sent_at
            && self.payout.too_old_to_send(self.channel, self.now)
        {
            return Err(Refused::TooOldToSend { first_sent_at });
        }
        if self.now < from {
            return Err(Refused::TooEarly { until: from });
        }
        if let Some(until) = self.channel.quiet_until(self.now)
            && !planted::is(Bug::QuietHoursIgnored)
        {
            return Err(Refused::QuietHours { until });
        }
        self.channel
            .pays(self.payout.amount)
            .map_err(Refused::NotPayable)?;
        match permit {
            Permit::Granted => Ok(()),
            Permit::RailPaused => Err(Refused::RailPaused),
            Permit::Throttled => Err(Refused::Throttled),
        }
    }

    /// Rows 2 to 10.
    pub(super) fn reply(
        &self,
        worker: WorkerId,
        version: u64,
        class: ReplyClass,
    ) -> Result<Transition, Refused> {
        let PayoutState::InFlight { owner, .. } = self.payout.state else {
            return Err(self.not_listed(&Event::Reply {
                worker,
                version,
                class,
            }));
        };
        if owner != worker {
            return Err(Refused::NotTheOwner { worker });
        }
        if version != self.payout.version && !planted::is(Bug::AnyVersionReplies) {
            return Err(Refused::StaleVersion {
                seen: version,
                current: self.payout.version,
            });
        }
        match class {
            ReplyClass::NoDefiniteResult if planted::is(Bug::TimeoutIsFailure) => {
                self.dead(4, DeadReason::Failed)
            }
            ReplyClass::UnknownCode if planted::is(Bug::UnknownCodeIsFailure) => {
                self.dead(4, DeadReason::Failed)
            }
            ReplyClass::Accepted { .. } if planted::is(Bug::EchoNotCompared) => {
                self.sent(2, self.now)
            }
            ReplyClass::Accepted { echo_equal: true } => self.sent(2, self.now),
            ReplyClass::Accepted { echo_equal: false } => {
                self.hold(3, HoldReason::EchoDiffers, HeldMoney::Reserved)
            }
            ReplyClass::NoDefiniteResult => self.outcome_unknown(4, self.backed_off(), None),
            ReplyClass::UnknownCode => {
                let mut step = self.outcome_unknown(4, self.backed_off(), None)?;
                step.commands.push(Command::Page(PageReason::UnknownCode));
                Ok(step)
            }
            ReplyClass::Processing => {
                let query_at = after_seconds(self.now, self.policy.processing_seconds);
                self.outcome_unknown(5, query_at, None)
            }
            ReplyClass::TooFast => self.too_fast(),
            ReplyClass::PersonDayLimit => self.day_is_full(DeferReason::PersonDayLimit),
            ReplyClass::MerchantDayLimit => self.day_is_full(DeferReason::MerchantDayLimit),
            ReplyClass::RailBroken(fault) => self.rail_broken(fault),
            ReplyClass::RefusedForPerson(refusal) => self.refused_for_person(refusal),
            ReplyClass::ParametersDiffer => {
                self.hold(10, HoldReason::ParametersDiffer, HeldMoney::Reserved)
            }
        }
    }

    /// Row 11.
    pub(super) fn lease_expired(&self) -> Result<Transition, Refused> {
        let PayoutState::InFlight { lease_until, .. } = self.payout.state else {
            return Err(self.not_listed(&Event::LeaseExpired));
        };
        if self.now < lease_until {
            return Err(Refused::TooEarly { until: lease_until });
        }
        if planted::is(Bug::LeaseEndSendsAgain) {
            let (reason, until) = (DeferReason::TooFast, self.now);
            return self.to(11, PayoutState::Deferred { reason, until }, Vec::new());
        }
        self.outcome_unknown(11, self.now, None)
    }

    /// Rows 2 and 15: accepted, with the first query of the schedule after now.
    pub(super) fn sent(&self, row: u8, accepted_at: DateTime<Utc>) -> Result<Transition, Refused> {
        let mut query_at = next_sent_query(accepted_at, self.now, self.channel);
        if planted::is(Bug::AcceptedIsForgotten) {
            query_at = DateTime::<Utc>::MAX_UTC;
        }
        let state = PayoutState::Sent {
            accepted_at,
            query_at,
        };
        self.to(row, state, vec![Command::QueryAt(query_at)])
    }

    /// Rows 3, 10 and 22.
    pub(super) fn hold(
        &self,
        row: u8,
        reason: HoldReason,
        money: HeldMoney,
    ) -> Result<Transition, Refused> {
        let state = PayoutState::Held { reason, money };
        self.to(row, state, vec![Command::Page(PageReason::Held(reason))])
    }

    fn outcome_unknown(
        &self,
        row: u8,
        query_at: DateTime<Utc>,
        refused: Option<RefusedReason>,
    ) -> Result<Transition, Refused> {
        let state = PayoutState::Unknown(Unknown::query_at(query_at, refused));
        self.to(row, state, vec![Command::QueryAt(query_at)])
    }

    /// The back-off grows with the sendings of this number.
    fn backed_off(&self) -> DateTime<Utc> {
        let n = self.payout.sendings.saturating_sub(1);
        after_millis(self.now, backoff_millis(self.policy, n, self.jitter))
    }

    /// Row 6.
    fn too_fast(&self) -> Result<Transition, Refused> {
        let wait = self.policy.too_fast_seconds;
        let until = after_seconds(self.now, wait.saturating_add(self.jitter.of(wait)));
        let reason = DeferReason::TooFast;
        self.to(
            6,
            PayoutState::Deferred { reason, until },
            vec![Command::SlowDown],
        )
    }

    /// Row 7.
    fn day_is_full(&self, reason: DeferReason) -> Result<Transition, Refused> {
        let reopening = next_shanghai_second(self.now, self.policy.next_day_second);
        let spread = self.jitter.of(self.policy.next_day_spread_seconds);
        let mut until = after_seconds(reopening, spread);
        if planted::is(Bug::FullDayTriesOn) {
            until = after_seconds(self.now, 60);
        }
        self.to(7, PayoutState::Deferred { reason, until }, Vec::new())
    }

    /// Row 8.
    fn rail_broken(&self, fault: RailFault) -> Result<Transition, Refused> {
        if fault == RailFault::BalanceTooLow && planted::is(Bug::ShortageIsFinal) {
            let reason = RefusedReason::RailBroken(fault);
            return self.dead(8, DeadReason::Refused(reason));
        }
        let reason = DeferReason::RailBroken(fault);
        let until = after_seconds(self.now, self.policy.rail_retry_seconds);
        self.to(
            8,
            PayoutState::Deferred { reason, until },
            if planted::is(Bug::RailNeverPauses) {
                Vec::new()
            } else {
                vec![
                    Command::PauseRail(fault),
                    Command::Page(PageReason::RailBroken(fault)),
                ]
            },
        )
    }

    /// Row 9.
    fn refused_for_person(&self, refusal: PersonRefusal) -> Result<Transition, Refused> {
        let query_at = after_seconds(self.now, self.policy.refused_seconds);
        self.outcome_unknown(9, query_at, Some(RefusedReason::Person(refusal)))
    }
}
