//! One event through the table and into the database: the row, its evidence, its transfers, the audit.

use chrono::{DateTime, TimeDelta, Utc};
use reward_core::{Command, Event, Jitter, Payout, PayoutState, Refused, Transition};

use super::{payout_of, renewal::Renewal, tail};
use crate::{
    app::App,
    contest::{Error, Failure, order},
    crash_point::{Point, reach},
    rail::Rail,
    store::{
        Tx, audit, pauses,
        payments::{self, PaymentRow, PaymentStep, TransferRow},
    },
};

/// A payment being driven: its row, and what the row says.
pub(super) struct Driven {
    pub(super) row: PaymentRow,
    pub(super) rail: Rail,
    pub(super) payout: Payout,
}

impl Driven {
    pub(super) fn of(row: PaymentRow) -> Result<Self, Error> {
        Ok(Self {
            rail: order::rail_of(&row)?,
            payout: payout_of(&row)?,
            row,
        })
    }
}

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever feeds an event answers each of its ends"
)]
pub enum Applied {
    /// The row of the table that took it; the payment may have stayed as it was.
    ByRow(u8),
    /// The table does not take it, for this reason.
    Refused(Refused),
    /// Another instance moved the payment meanwhile; look again.
    Overtaken,
    /// There is no payment of this number.
    UnknownNumber,
}

/// Feeds one event and commits what follows; `None` when the table refuses the event
/// or another instance was faster.
///
/// `package` is what opens the confirm page from now on; without one the row keeps what it
/// has, for as long as the person has to confirm.
pub(super) async fn advance(
    app: &App,
    driven: Driven,
    event: Event,
    evidence: Option<String>,
    package: Option<String>,
) -> Result<Option<Driven>, Error> {
    match take(app, driven, event, evidence, package).await? {
        Taken::Moved(driven, _row) | Taken::Unchanged(driven, _row) => Ok(Some(driven)),
        Taken::Refused(_) | Taken::Overtaken => Ok(None),
    }
}

/// Feeds one event and says what became of it.
pub(super) async fn apply(
    app: &App,
    driven: Driven,
    event: Event,
    evidence: Option<String>,
) -> Result<Applied, Error> {
    Ok(match take(app, driven, event, evidence, None).await? {
        Taken::Moved(_, row) | Taken::Unchanged(_, row) => Applied::ByRow(row),
        Taken::Refused(refused) => Applied::Refused(refused),
        Taken::Overtaken => Applied::Overtaken,
    })
}

enum Taken {
    Moved(Driven, u8),
    Unchanged(Driven, u8),
    Refused(Refused),
    Overtaken,
}

async fn take(
    app: &App,
    driven: Driven,
    event: Event,
    evidence: Option<String>,
    package: Option<String>,
) -> Result<Taken, Error> {
    let now = app.now();
    let (channel, policy) = app.season.payout_terms(driven.rail);
    let stepped = driven
        .payout
        .step(event, now, &channel, &policy, jitter(app));
    let transition = match stepped {
        Ok(transition) => transition,
        Err(refused) => {
            tracing::debug!(bill.tail = tail(&driven.row.bill_number), %refused, "step refused");
            return Ok(Taken::Refused(refused));
        }
    };
    let (rail, table_row) = (driven.rail, transition.row);
    app.memory.metrics.stepped(rail, table_row);
    if transition.next == driven.payout {
        // Nothing changed, but what it showed may call for a person.
        for command in &transition.commands {
            if let Command::Page(reason) = command {
                page(app, &driven.row, &format!("{reason:?}")).await?;
            }
        }
        return Ok(Taken::Unchanged(driven, table_row));
    }
    let is_sent = matches!(transition.next.state(), PayoutState::Sent { .. });
    let package_sealed = package
        .or_else(|| driven.row.package_sealed.clone())
        .filter(|_| is_sent);
    let sendings = matches!(event, Event::Due { .. }).then_some(channel.sends_per_second);
    let commit = Commit {
        rail,
        sendings,
        renewal: Renewal::of(app, &driven.row, &transition, now)?,
        row: driven.row,
        state_before: driven.payout.state().name(),
        machine: serde_json::to_string(&transition.next).map_err(Failure::defect)?,
        package_sealed,
        transition,
        event: event.name(),
        evidence,
        now,
    };
    let moved = app.store.write(move |tx| commit.run(tx)).await?;
    Ok(moved.map_or(Taken::Overtaken, |driven| Taken::Moved(driven, table_row)))
}

/// One accepted step on its way into the database.
struct Commit {
    row: PaymentRow,
    rail: Rail,
    /// The rail's sendings of a second, when this step is one of them.
    sendings: Option<u32>,
    state_before: &'static str,
    machine: String,
    package_sealed: Option<String>,
    transition: Transition,
    renewal: Option<Renewal>,
    event: &'static str,
    evidence: Option<String>,
    now: DateTime<Utc>,
}

/// Writes what a step moves between the city's accounts.
pub(super) fn book(
    tx: &Tx<'_>,
    transition: &Transition,
    city: &str,
    amount_fen: i64,
    bill_number: &str,
    at_ms: i64,
) -> Result<(), Error> {
    for transfer in &transition.transfers {
        payments::insert_transfer(
            tx,
            &TransferRow {
                city,
                debit: transfer.debit().name(),
                credit: transfer.credit().name(),
                amount_fen,
                bill_number,
                at_ms,
            },
        )?;
    }
    Ok(())
}

impl Commit {
    fn run(self, tx: &Tx<'_>) -> Result<Option<Driven>, Error> {
        let at_ms = self.now.timestamp_millis();
        let next = self.transition.next;
        let due_ms = next.due_at().map(|due| due.timestamp_millis());
        if let Some(n_max) = self.sendings {
            // Whoever comes second takes none of the second's sendings with him.
            let stored = payments::payment(&tx.read(), &self.row.bill_number)?;
            if stored.is_none_or(|stored| {
                stored.version != self.row.version || stored.machine != self.row.machine
            }) {
                return Ok(None);
            }
            // Asked here as well: nothing leaves after a pause was committed.
            if pauses::holds_back(&tx.read(), &self.row.award)? {
                return Ok(None);
            }
            let second = self.now.timestamp();
            if !payments::take_sending(tx, self.rail.name(), second, n_max, at_ms)? {
                return Ok(None);
            }
        }
        let moved = payments::advance(
            tx,
            &PaymentStep {
                bill_number: &self.row.bill_number,
                version_seen: self.row.version,
                machine_seen: &self.row.machine,
                state_before: self.state_before,
                state_after: next.state().name(),
                due_ms,
                machine: &self.machine,
                request_sealed: &self.row.request_sealed,
                package_sealed: self.package_sealed.as_deref(),
                event: self.event,
                evidence: self.evidence.as_deref(),
                at_ms,
            },
        )?;
        if !moved {
            return Ok(None);
        }
        reach(Point::Booking);
        let (_person, city) = payments::person_of_award(&tx.read(), &self.row.award)?;
        let (bill_number, amount_fen) = (&self.row.bill_number, self.row.amount_fen);
        book(tx, &self.transition, &city, amount_fen, bill_number, at_ms)?;
        for command in &self.transition.commands {
            self.obey(tx, command, at_ms)?;
        }
        let detail = format!(
            "bill=…{} row={} {} -> {}",
            tail(&self.row.bill_number),
            self.transition.row,
            self.state_before,
            next.state().name()
        );
        audit::append(tx, at_ms, "worker", "payment.step", &detail)?;
        let row = PaymentRow {
            state: next.state().name().to_owned(),
            due_ms,
            machine: self.machine,
            package_sealed: self.package_sealed,
            version: self.row.version.saturating_add(1),
            ..self.row
        };
        if let Some(renewal) = &self.renewal {
            renewal.run(tx, &row, &city, at_ms)?;
        }
        Ok(Some(Driven {
            row,
            rail: self.rail,
            payout: next,
        }))
    }

    /// Sending and querying follow from the state; the rest is done here, with the step.
    fn obey(&self, tx: &Tx<'_>, command: &Command, at_ms: i64) -> Result<(), Error> {
        let bill_tail = tail(&self.row.bill_number);
        match command {
            Command::PauseRail(fault) => {
                let until = self.now + TimeDelta::minutes(5);
                let (rail, reason) = (self.rail.name(), format!("{fault:?}"));
                let until_ms = until.timestamp_millis();
                payments::pause_rail_for_fault(tx, rail, &reason, until_ms, at_ms)?;
                audit::append(tx, at_ms, "worker", "rail.paused", &reason)?;
            }
            Command::Page(reason) => {
                tracing::error!(bill.tail = bill_tail, ?reason, "a person is needed");
                let detail = format!("bill=…{bill_tail} {reason:?}");
                audit::append(tx, at_ms, "worker", "page", &detail)?;
            }
            Command::RecordIncident(finding) => {
                let detail = format!("bill=…{bill_tail} {finding:?}");
                audit::append(tx, at_ms, "worker", "incident", &detail)?;
            }
            Command::Audit {
                maker,
                checker,
                evidence,
            } => {
                let evidence = evidence.map_or_else(|| "-".to_owned(), |id| id.get().to_string());
                let detail = format!(
                    "bill=…{bill_tail} maker={} checker={} evidence={evidence}",
                    maker.get(),
                    checker.get()
                );
                audit::append(tx, at_ms, "operator", "payment.decided", &detail)?;
            }
            Command::Send
            | Command::QueryAt(_)
            | Command::SlowDown
            | Command::CountDuplicate
            | Command::CountUnexpected => {}
        }
        Ok(())
    }
}

/// Records that a person is needed.
pub(super) async fn page(app: &App, row: &PaymentRow, reason: &str) -> Result<(), Error> {
    let bill_tail = tail(&row.bill_number);
    tracing::error!(bill.tail = bill_tail, reason, "a person is needed");
    let (at_ms, detail) = (
        app.now().timestamp_millis(),
        format!("bill=…{bill_tail} {reason}"),
    );
    app.store
        .write(move |tx| Ok(audit::append(tx, at_ms, "worker", "page", &detail)?))
        .await
}

/// Notes when a payment is looked at again, and why; its state does not change.
///
/// `None` when another instance was faster.
pub(super) async fn reschedule(
    app: &App,
    row: PaymentRow,
    due_ms: Option<i64>,
    event: &'static str,
) -> Result<Option<PaymentRow>, Error> {
    let row = PaymentRow { due_ms, ..row };
    note(app, row, event, None).await
}

/// Keeps what opens the confirm page.
pub(super) async fn keep_package(
    app: &App,
    row: PaymentRow,
    package: String,
    evidence: String,
) -> Result<(), Error> {
    let row = PaymentRow {
        package_sealed: Some(package),
        ..row
    };
    note(app, row, "package", Some(evidence)).await.map(drop)
}

/// Writes a row whose state stays, and why it was touched; `None` when another instance was faster.
async fn note(
    app: &App,
    row: PaymentRow,
    event: &'static str,
    evidence: Option<String>,
) -> Result<Option<PaymentRow>, Error> {
    let at_ms = app.now().timestamp_millis();
    app.store
        .write(move |tx| {
            let moved = payments::advance(
                tx,
                &PaymentStep {
                    bill_number: &row.bill_number,
                    version_seen: row.version,
                    machine_seen: &row.machine,
                    state_before: &row.state,
                    state_after: &row.state,
                    due_ms: row.due_ms,
                    machine: &row.machine,
                    request_sealed: &row.request_sealed,
                    package_sealed: row.package_sealed.as_deref(),
                    event,
                    evidence: evidence.as_deref(),
                    at_ms,
                },
            )?;
            let version = row.version.saturating_add(1);
            Ok::<_, Error>(moved.then_some(PaymentRow { version, ..row }))
        })
        .await
}

pub(crate) fn jitter(app: &App) -> Jitter {
    let bytes: [u8; 2] = app.entropy.bytes();
    Jitter::from_permille(u16::from_le_bytes(bytes) % 1_001)
}
