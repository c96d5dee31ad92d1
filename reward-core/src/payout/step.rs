//! The one entry to the table, and how a row becomes a transition.

use chrono::{DateTime, Utc};

use super::{
    Payout,
    event::Event,
    outcome::{Command, Refused, Transition},
    policy::{Jitter, PayoutPolicy},
    state::PayoutState,
};
use crate::{
    Account, ChannelProfile, LedgerTransfer,
    planted::{self, Bug},
};

impl Payout {
    /// Applies one event by the table of [`Payout`].
    ///
    /// Pure and total: any event in any state gives a transition or a refusal, never a panic.
    /// Constant time.
    ///
    /// # Errors
    ///
    /// [`Refused`] for an event that the table does not list here, or whose guard fails; nothing changes.
    pub fn step(
        &self,
        event: Event,
        now: DateTime<Utc>,
        channel: &ChannelProfile,
        policy: &PayoutPolicy,
        jitter: Jitter,
    ) -> Result<Transition, Refused> {
        let step = Step {
            payout: self,
            now,
            channel,
            policy,
            jitter,
        };
        if self.state.is_terminal() {
            return step.after_the_end(event);
        }
        match event {
            Event::Due { worker, permit } => step.due(worker, permit),
            Event::LeaseExpired => step.lease_expired(),
            Event::Reply {
                worker,
                version,
                class,
            } => step.reply(worker, version, class),
            Event::QueryResult { class, issued_at } => step.query_result(class, issued_at),
            Event::QueryError => step.query_error(None),
            Event::Tick => step.tick(),
            Event::Operator {
                maker,
                checker,
                evidence,
                resolution,
            } => step.operator(maker, checker, evidence, resolution),
            Event::Hold { operator } => step.held_by(operator),
            Event::NewAttempt { .. } | Event::BillContradicts { .. } => {
                Err(step.not_listed(&event))
            }
        }
    }
}

/// One event being applied: the payout before, and everything the rows may look at.
pub(super) struct Step<'a> {
    pub(super) payout: &'a Payout,
    pub(super) now: DateTime<Utc>,
    pub(super) channel: &'a ChannelProfile,
    pub(super) policy: &'a PayoutPolicy,
    pub(super) jitter: Jitter,
}

impl Step<'_> {
    /// Goes to `state` by `row`, booking the move between the accounts of both states.
    pub(super) fn to(
        &self,
        row: u8,
        state: PayoutState,
        commands: Vec<Command>,
    ) -> Result<Transition, Refused> {
        let next = Payout {
            state,
            failed_queries: 0,
            ..*self.payout
        };
        self.becoming(row, next, commands)
    }

    /// Goes to the value `next` by `row`, booking the move between the accounts of both states.
    pub(super) fn becoming(
        &self,
        row: u8,
        next: Payout,
        commands: Vec<Command>,
    ) -> Result<Transition, Refused> {
        let (from, to) = (self.payout.state.account(), next.state.account());
        let is_unbooked = row == 13 && planted::is(Bug::RefundNotBooked);
        let transfers = if from == to || is_unbooked {
            Vec::new()
        } else {
            vec![self.transfer(from, to)?]
        };
        Ok(self.transition(row, next, commands, transfers))
    }

    /// Stays by `row`.
    pub(super) fn unchanged(&self, row: u8, commands: Vec<Command>) -> Transition {
        self.transition(row, *self.payout, commands, Vec::new())
    }

    /// Builds the transition; the version counts every change.
    pub(super) fn transition(
        &self,
        row: u8,
        mut next: Payout,
        commands: Vec<Command>,
        transfers: Vec<LedgerTransfer>,
    ) -> Transition {
        if next != *self.payout {
            next.version = self.payout.version.saturating_add(1);
        }
        Transition {
            row,
            next,
            successor: None,
            commands,
            transfers,
        }
    }

    pub(super) fn transfer(&self, from: Account, to: Account) -> Result<LedgerTransfer, Refused> {
        LedgerTransfer::new(from, to, self.payout.amount).map_err(Refused::NotBookable)
    }

    pub(super) const fn not_listed(&self, event: &Event) -> Refused {
        Refused::NotListed {
            state: self.payout.state.name(),
            event: event.name(),
        }
    }
}
