//! Rows 12 to 20: what a query's answer proves, and what it does not.

use chrono::{DateTime, Utc};

use super::{
    Payout,
    event::{Event, QueryClass},
    outcome::{Command, Refused, Transition},
    schedule::{backoff_millis, in_process_seconds},
    state::{DeadReason, DeferReason, PayoutState, RefusedReason, Unknown},
    step::Step,
};
use crate::{
    instant::{after_millis, after_seconds, aged},
    planted::{self, Bug},
};

impl Step<'_> {
    /// Rows 12 to 19.
    pub(super) fn query_result(
        &self,
        class: QueryClass,
        issued_at: DateTime<Utc>,
    ) -> Result<Transition, Refused> {
        let state = self.payout.state;
        if !matches!(
            state,
            PayoutState::Unknown(_)
                | PayoutState::Sent { .. }
                | PayoutState::Refunding { .. }
                | PayoutState::Deferred { .. }
        ) {
            return Err(self.not_listed(&Event::QueryResult { class, issued_at }));
        }
        match class {
            QueryClass::Received => self.to(12, PayoutState::Received, Vec::new()),
            QueryClass::Refunded => self.to(13, PayoutState::Refunded, Vec::new()),
            QueryClass::Refunding if planted::is(Bug::RefundingIsRefunded) => {
                self.to(14, PayoutState::Refunded, Vec::new())
            }
            QueryClass::Refunding => self.refunding(14),
            QueryClass::AwaitingRecipient => self.awaiting_recipient(),
            QueryClass::Processing => {
                if let PayoutState::Unknown(unknown) = state {
                    self.in_process(unknown)
                } else {
                    self.unexpected(class, issued_at)
                }
            }
            QueryClass::Failed => {
                if matches!(state, PayoutState::Unknown(_) | PayoutState::Sent { .. }) {
                    self.dead(17, DeadReason::Failed)
                } else {
                    self.unexpected(class, issued_at)
                }
            }
            QueryClass::NotFound => {
                if let PayoutState::Unknown(unknown) = state {
                    self.not_found(unknown, issued_at)
                } else {
                    self.unexpected(class, issued_at)
                }
            }
        }
    }

    /// Row 15.
    fn awaiting_recipient(&self) -> Result<Transition, Refused> {
        if let PayoutState::Sent { accepted_at, .. } = self.payout.state {
            self.sent(15, accepted_at)
        } else if matches!(self.payout.state, PayoutState::Refunding { .. }) {
            // An answer from before the refund began: the refund is not undone by it.
            self.refunding(15)
        } else {
            self.sent(15, self.last_packet_at())
        }
    }

    /// Rows 18 and 19.
    fn not_found(&self, unknown: Unknown, issued_at: DateTime<Utc>) -> Result<Transition, Refused> {
        // A clock that runs ahead must not shorten a wait.
        let mut issued_at = issued_at.min(self.now);
        if planted::is(Bug::QuarantineAtAnswer) {
            issued_at = self.now;
        }
        if planted::is(Bug::NotFoundIsFailure) {
            return self.dead(17, DeadReason::Failed);
        }
        match unknown.refused {
            None => self.lost_or_late(unknown, issued_at),
            Some(refused) => self.absent(unknown, refused, issued_at),
        }
    }

    fn refunding(&self, row: u8) -> Result<Transition, Refused> {
        let query_at = after_seconds(self.now, self.policy.refunding_seconds);
        self.to(
            row,
            PayoutState::Refunding { query_at },
            vec![Command::QueryAt(query_at)],
        )
    }

    pub(super) fn dead(&self, row: u8, reason: DeadReason) -> Result<Transition, Refused> {
        self.to(row, PayoutState::Dead { reason }, Vec::new())
    }

    /// Row 16; a number that exists unmakes what spoke for its absence.
    fn in_process(&self, unknown: Unknown) -> Result<Transition, Refused> {
        let wait = in_process_seconds(self.policy, unknown.processing_answers);
        let query_at = after_seconds(self.now, wait);
        let state = PayoutState::Unknown(Unknown {
            absences: 0,
            last_absence_at: None,
            processing_answers: unknown.processing_answers.saturating_add(1),
            query_at,
            ..unknown
        });
        self.to(16, state, vec![Command::QueryAt(query_at)])
    }

    /// Row 18: the same number again, if the packet had time to arrive and the number is young.
    fn lost_or_late(
        &self,
        unknown: Unknown,
        issued_at: DateTime<Utc>,
    ) -> Result<Transition, Refused> {
        let settled_at = after_seconds(self.last_packet_at(), self.policy.settle_seconds);
        let over = unknown.sending_over || self.payout.too_old_to_send(self.channel, self.now);
        if over {
            return self.query_error(None);
        }
        if issued_at < settled_at {
            return self.query_error(Some(settled_at));
        }
        let state = PayoutState::Deferred {
            reason: DeferReason::NotFound,
            until: self.now,
        };
        self.to(18, state, Vec::new())
    }

    /// Row 19: refused, and still absent after every packet must have arrived.
    fn absent(
        &self,
        unknown: Unknown,
        refused: RefusedReason,
        issued_at: DateTime<Utc>,
    ) -> Result<Transition, Refused> {
        let spacing = self.policy.absence_spacing_seconds;
        let last_packet = self.last_packet_at();
        let quarantine = if planted::is(Bug::NoQuarantine) {
            0
        } else {
            self.policy.quarantine_seconds()
        };
        let spaced = unknown
            .last_absence_at
            .is_none_or(|last| aged(last, spacing, issued_at));
        if !aged(last_packet, quarantine, issued_at) || !spaced {
            let quarantine_end = after_seconds(last_packet, quarantine);
            let counts_from = unknown
                .last_absence_at
                .map_or(quarantine_end, |last| after_seconds(last, spacing));
            return self.query_error(Some(counts_from.max(quarantine_end)));
        }
        let absences = unknown.absences.saturating_add(1);
        if absences >= self.policy.absences_needed || planted::is(Bug::OneAbsenceIsProof) {
            return self.dead(19, DeadReason::Refused(refused));
        }
        let query_at = after_seconds(self.now, spacing);
        let state = PayoutState::Unknown(Unknown {
            absences,
            last_absence_at: Some(issued_at),
            query_at,
            ..unknown
        });
        self.to(19, state, vec![Command::QueryAt(query_at)])
    }

    /// When the last packet was committed to the wire; it may have left any time in the lease.
    fn last_packet_at(&self) -> DateTime<Utc> {
        self.payout.last_sent_at.unwrap_or(self.payout.reserved_at)
    }

    /// Row 20: the same state, and the next query after the back-off, not before `earliest`.
    pub(super) fn query_error(
        &self,
        earliest: Option<DateTime<Utc>>,
    ) -> Result<Transition, Refused> {
        if self.payout.failed_queries >= 5 && planted::is(Bug::GiveUpAfterErrors) {
            return self.dead(20, DeadReason::Failed);
        }
        let wait = backoff_millis(self.policy, self.payout.failed_queries, self.jitter);
        let backed_off = after_millis(self.now, wait);
        let later = earliest.map_or(backed_off, |earliest| earliest.max(backed_off));
        let state = match self.payout.state {
            PayoutState::Unknown(unknown) => PayoutState::Unknown(Unknown {
                query_at: later,
                ..unknown
            }),
            PayoutState::Sent { accepted_at, .. } => PayoutState::Sent {
                accepted_at,
                query_at: later,
            },
            PayoutState::Refunding { .. } => PayoutState::Refunding { query_at: later },
            // No query is scheduled here: the one that failed was asked for by a hint or a person.
            PayoutState::Reserved
            | PayoutState::InFlight { .. }
            | PayoutState::Deferred { .. }
            | PayoutState::Held { .. }
            | PayoutState::Received
            | PayoutState::Refunded
            | PayoutState::Dead { .. } => return Ok(self.unchanged(20, Vec::new())),
        };
        let next = Payout {
            state,
            failed_queries: self.payout.failed_queries.saturating_add(1),
            ..*self.payout
        };
        self.becoming(20, next, vec![Command::QueryAt(later)])
    }

    /// An answer that no row lists: where a query is scheduled, nothing but the next one follows.
    fn unexpected(
        &self,
        class: QueryClass,
        issued_at: DateTime<Utc>,
    ) -> Result<Transition, Refused> {
        if matches!(self.payout.state, PayoutState::Deferred { .. }) {
            return Err(self.not_listed(&Event::QueryResult { class, issued_at }));
        }
        let mut step = self.query_error(None)?;
        step.commands.push(Command::CountUnexpected);
        Ok(step)
    }
}
