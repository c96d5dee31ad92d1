//! Rows 21 to 27: ages, persons, the bill, and what comes after the end.

use super::{
    Payout, Standing,
    event::{Authority, BillFinding, Event, QueryClass, Resolution},
    outcome::{Command, PageReason, Refused, Transition},
    state::{
        DeadReason, DeferReason, EvidenceId, HeldMoney, HoldReason, OperatorId, PayoutState,
        Unknown,
    },
    step::Step,
};
use crate::{
    Account,
    instant::after_seconds,
    planted::{self, Bug},
};

impl Step<'_> {
    /// Rows 21 and 22.
    pub(super) fn tick(&self) -> Result<Transition, Refused> {
        let state = self.payout.state;
        if matches!(state, PayoutState::Held { .. }) {
            return Err(self.not_listed(&Event::Tick));
        }
        let hold_age = self.policy.hold_age_seconds;
        if self.payout.is_of_age_to_hold(self.policy, self.now) {
            return self.hold(22, HoldReason::QueryWindowEnding, self.where_money_waits());
        }
        let over = match state {
            PayoutState::Unknown(unknown) if !unknown.sending_over => Some(Unknown {
                sending_over: true,
                ..unknown
            }),
            PayoutState::Deferred { reason, .. } => Some(Unknown {
                sending_over: true,
                ..Unknown::query_at(self.now, reason.refusal())
            }),
            PayoutState::Unknown(_)
            | PayoutState::Reserved
            | PayoutState::InFlight { .. }
            | PayoutState::Sent { .. }
            | PayoutState::Refunding { .. }
            | PayoutState::Held { .. }
            | PayoutState::Received
            | PayoutState::Refunded
            | PayoutState::Dead { .. } => None,
        };
        match (over, self.payout.first_sent_at) {
            (Some(unknown), Some(_)) if self.payout.too_old_to_send(self.channel, self.now) => {
                self.sending_over(unknown)
            }
            (Some(_), Some(first)) => Err(Refused::TooEarly {
                until: after_seconds(first, self.channel.number_reuse_seconds),
            }),
            (Some(_), None) | (None, _) => Err(Refused::TooEarly {
                until: after_seconds(self.payout.age_start(), hold_age),
            }),
        }
    }

    fn sending_over(&self, unknown: Unknown) -> Result<Transition, Refused> {
        let mut commands = vec![Command::QueryAt(unknown.query_at)];
        if unknown.refused.is_none() {
            commands.push(Command::Page(PageReason::OutcomeOverdue));
        }
        self.to(21, PayoutState::Unknown(unknown), commands)
    }

    fn where_money_waits(&self) -> HeldMoney {
        if self.payout.state.account() == Account::Sent {
            HeldMoney::Sent
        } else {
            HeldMoney::Reserved
        }
    }

    /// Row 27: not in flight, because its answer comes within the lease and says where the money is.
    pub(super) fn held_by(&self, operator: OperatorId) -> Result<Transition, Refused> {
        let is_out_of_hand = matches!(
            self.payout.state,
            PayoutState::InFlight { .. } | PayoutState::Held { .. }
        );
        if is_out_of_hand {
            return Err(self.not_listed(&Event::Hold { operator }));
        }
        let state = PayoutState::Held {
            reason: HoldReason::Operator(operator),
            money: self.where_money_waits(),
        };
        self.to(27, state, Vec::new())
    }

    /// Row 24.
    pub(super) fn operator(
        &self,
        maker: OperatorId,
        checker: OperatorId,
        evidence: EvidenceId,
        resolution: Resolution,
    ) -> Result<Transition, Refused> {
        if !matches!(self.payout.state, PayoutState::Held { .. }) {
            return Err(self.not_listed(&Event::Operator {
                maker,
                checker,
                evidence,
                resolution,
            }));
        }
        two_persons(maker, checker)?;
        let state = match resolution {
            Resolution::Deferred => PayoutState::Deferred {
                reason: DeferReason::Operator,
                until: self.now,
            },
            Resolution::Unknown => PayoutState::Unknown(Unknown::query_at(self.now, None)),
            Resolution::Dead => PayoutState::Dead {
                reason: DeadReason::Operator(evidence),
            },
            Resolution::Received => PayoutState::Received,
            Resolution::Refunded => PayoutState::Refunded,
        };
        let audit = Command::Audit {
            maker,
            checker,
            evidence: Some(evidence),
        };
        let mut commands = vec![audit];
        if resolution == Resolution::Unknown {
            commands.push(Command::QueryAt(self.now));
        }
        self.to(24, state, commands)
    }

    /// Rows 23, 25 and 26.
    pub(super) fn after_the_end(&self, event: Event) -> Result<Transition, Refused> {
        match event {
            Event::NewAttempt {
                authority,
                city_open,
            } if self.payout.state != PayoutState::Received
                || planted::is(Bug::ReceivedIsRenewed) =>
            {
                self.renew(authority, city_open)
            }
            Event::BillContradicts { finding }
                if self.contradicts(finding) && !planted::is(Bug::BillNotBelieved) =>
            {
                self.contradicted(finding)
            }
            Event::QueryResult {
                class: QueryClass::Refunded,
                ..
            } if planted::is(Bug::EndIsLeft) => self.to(13, PayoutState::Refunded, Vec::new()),
            Event::QueryResult { class, .. } if self.is_moved_by(class) => Ok(self.unchanged(
                26,
                vec![
                    Command::CountDuplicate,
                    Command::Page(PageReason::TerminalContradicted),
                ],
            )),
            Event::Due { .. }
            | Event::LeaseExpired
            | Event::Reply { .. }
            | Event::QueryResult { .. }
            | Event::QueryError
            | Event::Tick
            | Event::NewAttempt { .. }
            | Event::Operator { .. }
            | Event::Hold { .. }
            | Event::BillContradicts { .. } => {
                Ok(self.unchanged(26, vec![Command::CountDuplicate]))
            }
        }
    }

    /// Row 23.
    fn renew(&self, authority: Authority, city_open: bool) -> Result<Transition, Refused> {
        let attempt = self.payout.attempt;
        match self.payout.standing {
            Standing::Own => {}
            Standing::Renewed if planted::is(Bug::RenewedTwice) => {}
            Standing::Renewed | Standing::PaidTwice => {
                return Err(Refused::AlreadyRenewed { attempt });
            }
            Standing::Disputed => return Err(Refused::InDispute { attempt }),
        }
        let (limit, commands) = match authority {
            Authority::Policy => (self.policy.attempts_by_policy, Vec::new()),
            Authority::DualControl { maker, checker } => {
                two_persons(maker, checker)?;
                let audit = Command::Audit {
                    maker,
                    checker,
                    evidence: None,
                };
                (self.policy.attempts_max, vec![audit])
            }
        };
        if !city_open && !self.policy.renew_after_close {
            return Err(Refused::CityNotOpen);
        }
        let mut limit = limit.min(self.policy.attempts_max);
        if planted::is(Bug::AttemptsWithoutEnd) {
            limit = u8::MAX;
        }
        let Some(newer) = attempt.checked_add(1).filter(|&newer| newer <= limit) else {
            return Err(Refused::NoAttemptLeft { attempt, limit });
        };
        let from = if planted::is(Bug::ReceivedIsRenewed) {
            self.payout.state.account()
        } else {
            Account::Left
        };
        let transfer = self.transfer(from, Account::Reserved)?;
        let older = Payout {
            standing: Standing::Renewed,
            ..*self.payout
        };
        let mut step = self.transition(23, older, commands, vec![transfer]);
        step.successor = Some(Payout::attempt_of(newer, self.payout.amount, self.now));
        Ok(step)
    }

    /// Whether the bill says something else than this terminal state, and has not said so before.
    fn contradicts(&self, finding: BillFinding) -> bool {
        match self.payout.standing {
            Standing::Own => match self.payout.state {
                PayoutState::Received => finding != BillFinding::Paid,
                PayoutState::Refunded => finding != BillFinding::Refunded,
                PayoutState::Dead { .. } => finding != BillFinding::Absent,
                PayoutState::Reserved
                | PayoutState::InFlight { .. }
                | PayoutState::Unknown(_)
                | PayoutState::Deferred { .. }
                | PayoutState::Sent { .. }
                | PayoutState::Refunding { .. }
                | PayoutState::Held { .. } => false,
            },
            Standing::Renewed => {
                matches!(finding, BillFinding::Paid | BillFinding::ParametersDiffer)
            }
            Standing::Disputed | Standing::PaidTwice => false,
        }
    }

    /// Row 25.
    fn contradicted(&self, finding: BillFinding) -> Result<Transition, Refused> {
        let (standing, transfer) = if self.payout.standing == Standing::Renewed {
            let beyond_the_award = self.transfer(Account::Suspense, Account::Received)?;
            (Standing::PaidTwice, beyond_the_award)
        } else {
            let from = self.payout.state.account();
            (Standing::Disputed, self.transfer(from, Account::Suspense)?)
        };
        let next = Payout {
            standing,
            ..*self.payout
        };
        let commands = vec![
            Command::RecordIncident(finding),
            Command::Page(PageReason::BillContradicts(finding)),
        ];
        Ok(self.transition(25, next, commands, vec![transfer]))
    }

    /// Whether a late query answer shows money where this end says there is none.
    ///
    /// The state stays (row 26), but silence would hide a broken rail or a wrong proof.
    fn is_moved_by(&self, class: QueryClass) -> bool {
        match self.payout.state {
            PayoutState::Received => {
                matches!(class, QueryClass::Refunded | QueryClass::Refunding)
            }
            PayoutState::Refunded => class == QueryClass::Received,
            PayoutState::Dead {
                reason: DeadReason::Failed,
            } => matches!(
                class,
                QueryClass::Received | QueryClass::Refunded | QueryClass::Refunding
            ),
            PayoutState::Dead { .. } => !matches!(class, QueryClass::NotFound | QueryClass::Failed),
            PayoutState::Reserved
            | PayoutState::InFlight { .. }
            | PayoutState::Unknown(_)
            | PayoutState::Deferred { .. }
            | PayoutState::Sent { .. }
            | PayoutState::Refunding { .. }
            | PayoutState::Held { .. } => false,
        }
    }
}

/// Checks that two different operators act.
fn two_persons(maker: OperatorId, checker: OperatorId) -> Result<(), Refused> {
    if maker == checker && !planted::is(Bug::OnePersonDecides) {
        return Err(Refused::MakerIsChecker { operator: maker });
    }
    Ok(())
}
