//! A packet is paid, step by step: commit the intention, call WeChat, commit the answer.
//!
//! reward-core's table decides every step; this file feeds it and translates WeChat's
//! answers into its words. A crash anywhere leaves a row whose next step is a query or
//! the same order number again, never a new one.

use chrono::{DateTime, TimeDelta, Utc};
use reward_core::{
    Command, Event, Jitter, NextStep, Payout, Permit, PersonRefusal, QueryClass, RailFault,
    ReplyClass, Transition,
};
use wechat_adapter::{
    Nonce, TransportError,
    pay::{PayAction, PayError, QueryRedPacket, RedPacketOrder, RedPacketState, SendRedPacket},
};

use super::{Error, Failure, claim};
use crate::{
    app::App,
    store::{
        Tx, audit,
        payments::{self, PaymentRow, PaymentStep, TransferRow},
    },
};

/// The one rail of this season.
const RAIL: &str = "red-packet";
/// Payments looked at in one round.
const ROUND_SIZE: i64 = 256;

/// What one round did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Round {
    /// Orders handed to WeChat.
    pub n_sent: u32,
    /// Orders asked about.
    pub n_queried: u32,
    /// Steps that only moved our own rows.
    pub n_moved: u32,
    /// Payments that are due and had to wait: the rail is paused, or this second's sendings are used up.
    pub n_waiting: u32,
}

impl Round {
    /// Whether another round at the same instant may find more to do.
    #[must_use]
    pub fn made_progress(&self) -> bool {
        self.n_sent > 0 || self.n_queried > 0 || self.n_moved > 0
    }
}

/// Takes every due payment one step further.
///
/// # Errors
/// Fails when the database does; WeChat's failures are answers, not errors.
pub async fn drive_due(app: &App) -> Result<Round, Error> {
    let now_ms = app.now().timestamp_millis();
    let due = app
        .store
        .read(move |read| {
            let mut rows = payments::due_questions(read, now_ms, ROUND_SIZE)?;
            rows.extend(payments::due_sendings(read, now_ms, ROUND_SIZE)?);
            Ok::<_, Error>(rows)
        })
        .await?;
    let mut round = Round::default();
    for row in due {
        step_row(app, row, &mut round).await?;
    }
    Ok(round)
}

/// When the next payment is due, if any is.
///
/// # Errors
/// Fails when the database does.
pub async fn next_due(app: &App) -> Result<Option<DateTime<Utc>>, Error> {
    let next_ms = app
        .store
        .read(|read| Ok::<_, Error>(payments::next_due_ms(read)?))
        .await?;
    Ok(next_ms.map(super::season::instant))
}

/// Lets payments out again after the rail was paused.
///
/// # Errors
/// Fails when the database does.
pub async fn resume_rail(app: &App, actor: &str) -> Result<(), Error> {
    let (now_ms, actor) = (app.now().timestamp_millis(), actor.to_owned());
    app.store
        .write(move |tx| {
            payments::set_rail_pause(tx, RAIL, None, None, now_ms)?;
            Ok::<_, Error>(audit::append(tx, now_ms, &actor, "rail.resumed", RAIL)?)
        })
        .await
}

/// A payment being driven: its row and the value of its state machine.
struct Driven {
    row: PaymentRow,
    payout: Payout,
}

async fn step_row(app: &App, row: PaymentRow, round: &mut Round) -> Result<(), Error> {
    let payout: Payout =
        serde_json::from_str(&row.machine).map_err(|_error| Failure::Unreadable {
            what: "payment.machine",
        })?;
    let season = &app.season;
    let next = payout.next_step(app.now(), &season.channel, &season.payout);
    let driven = Driven { row, payout };
    match next {
        NextStep::Send => send(app, driven, round).await,
        NextStep::Query => query(app, driven, round).await,
        NextStep::ExpireLease => move_on(app, driven, Event::LeaseExpired, round).await,
        NextStep::Tick => move_on(app, driven, Event::Tick, round).await,
        NextStep::Wait(_) | NextStep::Nothing => Ok(()),
    }
}

async fn move_on(app: &App, driven: Driven, event: Event, round: &mut Round) -> Result<(), Error> {
    if advance(app, driven, event, None).await?.is_some() {
        round.n_moved = round.n_moved.saturating_add(1);
    }
    Ok(())
}

async fn send(app: &App, driven: Driven, round: &mut Round) -> Result<(), Error> {
    let permit = permit(app).await?;
    if permit != Permit::Granted {
        round.n_waiting = round.n_waiting.saturating_add(1);
        return Ok(());
    }
    let order = frozen_order(app, &driven.row)?;
    let due = Event::Due {
        worker: app.worker,
        permit,
    };
    // The intention is durable before anything leaves.
    let Some(driven) = advance(app, driven, due, None).await? else {
        return Ok(());
    };
    if !matches!(
        driven.payout.state(),
        reward_core::PayoutState::InFlight { .. }
    ) {
        round.n_moved = round.n_moved.saturating_add(1);
        return Ok(());
    }
    round.n_sent = round.n_sent.saturating_add(1);
    let (class, evidence) = send_order(app, order).await?;
    let reply = Event::Reply {
        worker: app.worker,
        version: driven.payout.version(),
        class,
    };
    advance(app, driven, reply, Some(evidence)).await?;
    Ok(())
}

async fn query(app: &App, driven: Driven, round: &mut Round) -> Result<(), Error> {
    round.n_queried = round.n_queried.saturating_add(1);
    let order = frozen_order(app, &driven.row)?;
    let issued_at = app.now();
    let request = QueryRedPacket::of(&order).request(&app.wechat.merchant, &nonce(app)?);
    let (event, evidence) = match app.wechat.pay_http.send(request).await {
        Ok(response) => match QueryRedPacket::parse(&response) {
            Ok(record) if u64::from(record.amount_fen) != driven.payout.amount().get() => {
                let bill_tail = tail(&driven.row.bill_number);
                tracing::error!(bill.tail = bill_tail, "WeChat names another amount");
                (
                    Event::QueryError,
                    format!("amount differs: {} fen at WeChat", record.amount_fen),
                )
            }
            Ok(record) => (
                query_class(&record.state).map_or(Event::QueryError, |class| Event::QueryResult {
                    class,
                    issued_at,
                }),
                format!("{:?}", record.state),
            ),
            Err(error) if error.action() == PayAction::NotVisible => (
                Event::QueryResult {
                    class: QueryClass::NotFound,
                    issued_at,
                },
                error.to_string(),
            ),
            Err(error) => (Event::QueryError, error.to_string()),
        },
        Err(error) => (Event::QueryError, error.to_string()),
    };
    advance(app, driven, event, Some(evidence)).await?;
    Ok(())
}

/// Feeds one event and commits what follows; `None` when the table refuses the event
/// or another instance was faster.
async fn advance(
    app: &App,
    driven: Driven,
    event: Event,
    evidence: Option<String>,
) -> Result<Option<Driven>, Error> {
    let now = app.now();
    let season = &app.season;
    let stepped = driven
        .payout
        .step(event, now, &season.channel, &season.payout, jitter(app));
    let transition = match stepped {
        Ok(transition) => transition,
        Err(refused) => {
            tracing::debug!(bill.tail = tail(&driven.row.bill_number), %refused, "step refused");
            return Ok(None);
        }
    };
    if transition.next == driven.payout {
        return Ok(Some(driven));
    }
    let commit = Commit {
        row: driven.row,
        state_before: driven.payout.state().name(),
        machine: serde_json::to_string(&transition.next).map_err(|error| Failure::Defect {
            what: error.to_string(),
        })?,
        transition,
        event: event.name(),
        evidence,
        now,
    };
    app.store.write(move |tx| commit.run(tx)).await
}

/// One accepted step on its way into the database.
struct Commit {
    row: PaymentRow,
    state_before: &'static str,
    machine: String,
    transition: Transition,
    event: &'static str,
    evidence: Option<String>,
    now: DateTime<Utc>,
}

impl Commit {
    fn run(self, tx: &Tx<'_>) -> Result<Option<Driven>, Error> {
        let at_ms = self.now.timestamp_millis();
        let next = self.transition.next;
        let due_ms = next.due_at().map(|due| due.timestamp_millis());
        let moved = payments::advance(
            tx,
            &PaymentStep {
                bill_number: &self.row.bill_number,
                version_seen: self.row.version,
                state_before: self.state_before,
                state_after: next.state().name(),
                due_ms,
                machine: &self.machine,
                event: self.event,
                evidence: self.evidence.as_deref(),
                at_ms,
            },
        )?;
        if !moved {
            return Ok(None);
        }
        let (_person, city) = payments::person_of_award(&tx.read(), &self.row.award)?;
        for transfer in &self.transition.transfers {
            payments::insert_transfer(
                tx,
                &TransferRow {
                    city: &city,
                    debit: transfer.debit().name(),
                    credit: transfer.credit().name(),
                    amount_fen: self.row.amount_fen,
                    bill_number: &self.row.bill_number,
                    at_ms,
                },
            )?;
        }
        for command in &self.transition.commands {
            self.obey(tx, command, at_ms)?;
        }
        let detail = format!(
            "bill={} row={} {} -> {}",
            self.row.bill_number,
            self.transition.row,
            self.state_before,
            next.state().name()
        );
        audit::append(tx, at_ms, "worker", "payment.step", &detail)?;
        let row = PaymentRow {
            state: next.state().name().to_owned(),
            due_ms,
            machine: self.machine,
            version: self.row.version.saturating_add(1),
            ..self.row
        };
        Ok(Some(Driven { row, payout: next }))
    }

    /// Sending and querying follow from the state; the rest is done here, with the step.
    fn obey(&self, tx: &Tx<'_>, command: &Command, at_ms: i64) -> Result<(), Error> {
        match command {
            Command::PauseRail(fault) => {
                let until = self.now + TimeDelta::minutes(5);
                payments::set_rail_pause(
                    tx,
                    RAIL,
                    Some(&format!("{fault:?}")),
                    Some(until.timestamp_millis()),
                    at_ms,
                )?;
                audit::append(tx, at_ms, "worker", "rail.paused", &format!("{fault:?}"))?;
            }
            Command::Page(reason) => {
                tracing::error!(
                    bill.tail = tail(&self.row.bill_number),
                    ?reason,
                    "a person is needed"
                );
                let detail = format!("bill={} {reason:?}", self.row.bill_number);
                audit::append(tx, at_ms, "worker", "page", &detail)?;
            }
            Command::RecordIncident(finding) => {
                let detail = format!("bill={} {finding:?}", self.row.bill_number);
                audit::append(tx, at_ms, "worker", "incident", &detail)?;
            }
            Command::Send
            | Command::QueryAt(_)
            | Command::SlowDown
            | Command::CountDuplicate
            | Command::CountUnexpected
            | Command::Audit { .. } => {}
        }
        Ok(())
    }
}

/// Whether one order may leave now. A pause lapses by itself, and the first order after
/// it is the probe: while the rail is still broken, it pauses again.
async fn permit(app: &App) -> Result<Permit, Error> {
    let now = app.now();
    let pause = app
        .store
        .read(|read| Ok::<_, Error>(payments::rail_pause(read, RAIL)?))
        .await?;
    let paused = pause.is_some_and(|(_reason, until_ms)| {
        until_ms.is_none_or(|until_ms| now.timestamp_millis() < until_ms)
    });
    Ok(if paused {
        Permit::RailPaused
    } else if app.take_send(now, app.season.channel.sends_per_second) {
        Permit::Granted
    } else {
        Permit::Throttled
    })
}

/// The request that was sealed with the award; a repeated sending differs in nonce and signature only.
fn frozen_order(app: &App, row: &PaymentRow) -> Result<RedPacketOrder, Error> {
    let unreadable = || Failure::Unreadable {
        what: "payment.request",
    };
    let plain = app
        .keys
        .open(&claim::request_place(&row.bill_number), &row.request_sealed)
        .map_err(|_unsealable| unreadable())?;
    Ok(serde_json::from_slice(&plain).map_err(|_error| unreadable())?)
}

async fn send_order(app: &App, order: RedPacketOrder) -> Result<(ReplyClass, String), Error> {
    let call = SendRedPacket::new(order.clone()).map_err(|error| Failure::Defect {
        what: error.to_string(),
    })?;
    let request = call.request(&app.wechat.merchant, &nonce(app)?);
    Ok(match app.wechat.pay_http.send(request).await {
        Ok(response) => match SendRedPacket::parse(&response) {
            Ok(accepted) => (
                ReplyClass::Accepted {
                    echo_equal: accepted.echoes(&order),
                },
                format!(
                    "SUCCESS {}",
                    accepted.wechat_number.as_deref().unwrap_or("-")
                ),
            ),
            Err(error) => (reply_class(&error), error.to_string()),
        },
        // Nothing left this machine, but only the table may draw conclusions from that.
        Err(TransportError::NotSent(text)) => (ReplyClass::NoDefiniteResult, text),
        Err(error) => (ReplyClass::NoDefiniteResult, error.to_string()),
    })
}

/// WeChat's answer to a sending, in the table's words.
fn reply_class(error: &PayError) -> ReplyClass {
    match error.action() {
        PayAction::RepeatSameNumber => ReplyClass::NoDefiniteResult,
        PayAction::QueryLater => ReplyClass::Processing,
        PayAction::SlowDown => ReplyClass::TooFast,
        PayAction::PersonDayLimit => ReplyClass::PersonDayLimit,
        PayAction::MerchantDayLimit => ReplyClass::MerchantDayLimit,
        PayAction::PauseForBalance => ReplyClass::RailBroken(RailFault::BalanceTooLow),
        PayAction::PauseForCertificate => ReplyClass::RailBroken(RailFault::Certificate),
        PayAction::PauseForRequest => ReplyClass::RailBroken(RailFault::Request),
        PayAction::PauseForAmount => ReplyClass::RailBroken(RailFault::AmountNotAllowed),
        PayAction::OrderFailed => ReplyClass::RefusedForPerson(PersonRefusal::FinallyFailed),
        PayAction::PersonRefused => ReplyClass::RefusedForPerson(PersonRefusal::NotAuthorised),
        PayAction::PersonUnverified => ReplyClass::RefusedForPerson(PersonRefusal::NoRealName),
        PayAction::PersonUnknown => ReplyClass::RefusedForPerson(PersonRefusal::UnknownRecipient),
        PayAction::FreezeOrder => ReplyClass::ParametersDiffer,
        // An answer that could not be read is no code at all; a code nobody knows is.
        PayAction::OutcomeUnknown if matches!(error, PayError::NotUnderstood { .. }) => {
            ReplyClass::NoDefiniteResult
        }
        _ => ReplyClass::UnknownCode,
    }
}

fn query_class(state: &RedPacketState) -> Option<QueryClass> {
    Some(match state {
        RedPacketState::Sending => QueryClass::Processing,
        RedPacketState::Sent => QueryClass::AwaitingRecipient,
        RedPacketState::Received => QueryClass::Received,
        RedPacketState::Failed => QueryClass::Failed,
        RedPacketState::Refunding => QueryClass::Refunding,
        RedPacketState::Refunded => QueryClass::Refunded,
        _ => return None,
    })
}

fn nonce(app: &App) -> Result<Nonce, Error> {
    Ok(
        Nonce::new(app.entropy.alphanumeric(32)).map_err(|error| Failure::Defect {
            what: error.to_string(),
        })?,
    )
}

fn jitter(app: &App) -> Jitter {
    let bytes: [u8; 2] = app.entropy.bytes();
    Jitter::from_permille(u16::from_le_bytes(bytes) % 1_001)
}

/// The last four letters: enough to find an order, too few to know it.
fn tail(bill_number: &str) -> &str {
    bill_number
        .get(bill_number.len().saturating_sub(4)..)
        .unwrap_or_default()
}
