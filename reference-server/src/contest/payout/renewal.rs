//! A new number for an award whose old one is dead or came back.
//!
//! The published policy renews what died through no fault of its person: it grew too old while
//! the rail was broken or a day's limit was reached. Everything else takes two operators.

use chrono::{DateTime, Utc};
use reward_core::{
    Authority, DeadReason, Event, Jitter, Payout, PayoutState, RefusedReason, Transition,
};

use super::{step::book, tail};
use crate::{
    app::App,
    contest::{
        Error, Failure,
        order::{self, rail_of},
    },
    store::{
        Tx, audit,
        payments::{self, PaymentRow, PaymentStep},
    },
};

/// A new number on its way into the database.
pub(super) struct Renewal {
    /// The step of the dead number that policy takes beside the one that killed it.
    marking: Option<Transition>,
    newer: PaymentRow,
}

impl Renewal {
    /// The renewal that a step makes, or that the published policy makes of it.
    pub(super) fn of(
        app: &App,
        row: &PaymentRow,
        step: &Transition,
        now: DateTime<Utc>,
    ) -> Result<Option<Self>, Error> {
        if let Some(newer) = &step.successor {
            return Ok(Some(Self {
                marking: None,
                newer: issue(app, row, newer)?,
            }));
        }
        let PayoutState::Dead {
            reason: DeadReason::Refused(reason),
        } = step.next.state()
        else {
            return Ok(None);
        };
        if matches!(reason, RefusedReason::Person(_)) {
            return Ok(None);
        }
        let event = Event::NewAttempt {
            authority: Authority::Policy,
            city_open: false,
        };
        let rail = rail_of(row)?;
        let (channel, policy) = app.season.payout_terms(rail);
        let Ok(marking) = step.next.step(event, now, &channel, &policy, Jitter::NONE) else {
            return Ok(None);
        };
        let Some(newer) = &marking.successor else {
            return Ok(None);
        };
        app.memory.metrics.stepped(rail, marking.row);
        Ok(Some(Self {
            newer: issue(app, row, newer)?,
            marking: Some(marking),
        }))
    }

    /// Marks the old row as renewed, if its own step has not, and writes the new one beside it.
    pub(super) fn run(
        &self,
        tx: &Tx<'_>,
        row: &PaymentRow,
        city: &str,
        at_ms: i64,
    ) -> Result<(), Error> {
        let newer = &self.newer;
        if let Some(marking) = &self.marking {
            let dead = marking.next.state().name();
            let machine = serde_json::to_string(&marking.next).map_err(Failure::defect)?;
            let moved = payments::advance(
                tx,
                &PaymentStep {
                    bill_number: &row.bill_number,
                    version_seen: row.version,
                    machine_seen: &row.machine,
                    state_before: dead,
                    state_after: dead,
                    due_ms: None,
                    machine: &machine,
                    request_sealed: &row.request_sealed,
                    package_sealed: None,
                    event: "new-attempt",
                    evidence: None,
                    at_ms,
                },
            )?;
            if !moved {
                let what = "a number changed under the step that renews it";
                return Err(Failure::defect(what).into());
            }
            book(tx, marking, city, row.amount_fen, &newer.bill_number, at_ms)?;
        }
        payments::insert(tx, newer, at_ms)?;
        let detail = format!(
            "bill=…{} to …{}",
            tail(&row.bill_number),
            tail(&newer.bill_number)
        );
        Ok(audit::append(
            tx,
            at_ms,
            "worker",
            "payment.renewed",
            &detail,
        )?)
    }
}

/// The new number's row, on the rail the season pays by now.
fn issue(app: &App, row: &PaymentRow, newer: &Payout) -> Result<PaymentRow, Failure> {
    let bill_number = order::next_number(&app.keys, &row.bill_number);
    order::payment(&app.season, &row.award, bill_number, newer)
}
