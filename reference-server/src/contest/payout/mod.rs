//! A packet is paid, step by step: commit the intention, call WeChat, commit the answer.
//!
//! reward-core's table decides every step; this file feeds it and translates WeChat's
//! answers into its words. A crash anywhere leaves a row whose next step is a query or
//! the same order number again, never a new one.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use reward_core::{
    Authority, Command, DeadReason, Event, Jitter, NextStep, Payout, PayoutState, Permit,
    PersonRefusal, QueryClass, RailFault, RefusedReason, ReplyClass, Transition,
};
use schedule_core::ShanghaiDay;
use wechat_adapter::{
    Nonce, Request, TransportError,
    pay::{PayAction, PayError, QueryRedPacket, RedPacketOrder, RedPacketState, SendRedPacket},
};

use super::{Error, Failure, PersonId, claim, silence};
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
    if !silence::is_over(app).await? {
        return Ok(Round::default());
    }
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
        let bill_tail = tail(&row.bill_number).to_owned();
        match step_row(app, row, &mut round).await {
            // One row that cannot be read must not stop the others; a database that fails stops all.
            Err(Error::Failed(failure)) if !matches!(failure, Failure::Store(_)) => {
                tracing::error!(bill.tail = bill_tail, %failure, "a payment could not be driven");
            }
            outcome => outcome?,
        }
    }
    Ok(round)
}

/// Asks WeChat about the packets a person has waiting there, because he is looking at them.
///
/// Without this a packet that was opened a minute ago would show as waiting until its next
/// scheduled query. Each payment is asked about once in five seconds at most, three at a
/// time, and whoever looks waits a second and a half at most.
///
/// # Errors
/// Fails when the database does; WeChat's failures are answers, not errors.
pub async fn refresh(app: &App, person: &PersonId) -> Result<(), Error> {
    let who = person.clone();
    let since_ms = (app.now() - TimeDelta::seconds(5)).timestamp_millis();
    let waiting = app
        .store
        .read(move |read| {
            Ok::<_, Error>(payments::awaiting_person(read, who.as_str(), since_ms, 3)?)
        })
        .await?;
    let asked = async {
        let mut round = Round::default();
        for row in waiting {
            if app.silence().is_on() {
                break;
            }
            let payout = payout_of(&row)?;
            let due_ms = row.due_ms;
            // Noted before it is asked: an answer that changes nothing, or never comes, counts too.
            if let Some(row) = reschedule(app, row, due_ms, "person-looks").await? {
                query(app, Driven { row, payout }, &mut round).await?;
            }
        }
        Ok::<_, Error>(())
    };
    // Too slow an answer is no answer: the worker asks again by its schedule.
    tokio::time::timeout(Duration::from_millis(1_500), asked)
        .await
        .unwrap_or(Ok(()))
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
    let payout = payout_of(&row)?;
    let season = &app.season;
    let next = payout.next_step(app.now(), &season.channel, &season.payout);
    let driven = Driven { row, payout };
    match next {
        NextStep::Send | NextStep::Query if app.silence().is_on() => Ok(()),
        NextStep::Send => send(app, driven, round).await,
        NextStep::Query => query(app, driven, round).await,
        NextStep::ExpireLease => move_on(app, driven, Event::LeaseExpired, round).await,
        NextStep::Tick => move_on(app, driven, Event::Tick, round).await,
        NextStep::Wait(_) | NextStep::Nothing => Ok(()),
    }
}

fn payout_of(row: &PaymentRow) -> Result<Payout, Error> {
    Ok(
        serde_json::from_str(&row.machine).map_err(|_error| Failure::Unreadable {
            what: "payment.machine",
        })?,
    )
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
    if let Some(tomorrow) = person_quota_until(app, &driven.row).await? {
        round.n_moved = round.n_moved.saturating_add(1);
        let due_ms = Some(tomorrow.timestamp_millis());
        reschedule(app, driven.row, due_ms, "person-quota").await?;
        return Ok(());
    }
    // Whatever is wrong with the request shows before the row says that it may have left.
    let order = frozen_order(app, &driven.row)?;
    let call = SendRedPacket::new(order.clone()).map_err(Failure::defect)?;
    let due = Event::Due {
        worker: app.worker,
        permit,
    };
    // The intention is durable before anything leaves.
    let Some(driven) = advance(app, driven, due, None).await? else {
        return Ok(());
    };
    if !matches!(driven.payout.state(), PayoutState::InFlight { .. }) {
        round.n_moved = round.n_moved.saturating_add(1);
        return Ok(());
    }
    round.n_sent = round.n_sent.saturating_add(1);
    let (class, evidence) = send_order(app, &call, &order).await?;
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
    let (event, evidence) = match silence::exchange(app, request).await {
        Ok(response) => match QueryRedPacket::parse(&response) {
            Ok(record) if u64::from(record.amount_fen) != driven.payout.amount().get() => {
                let bill_tail = tail(&driven.row.bill_number);
                tracing::error!(bill.tail = bill_tail, "WeChat names another amount");
                page(app, format!("bill=…{bill_tail} another amount at WeChat")).await?;
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
        renewal: renewal(app, &driven.row, &transition.next, now)?,
        row: driven.row,
        state_before: driven.payout.state().name(),
        machine: serde_json::to_string(&transition.next).map_err(Failure::defect)?,
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
    renewal: Option<Renewal>,
    event: &'static str,
    evidence: Option<String>,
    now: DateTime<Utc>,
}

/// A new number for an award whose old number is proved dead through no fault of its
/// person: it grew too old while the rail was broken or a day's limit was reached.
struct Renewal {
    transition: Transition,
    older_machine: String,
    newer_machine: String,
    newer: Payout,
    bill_number: String,
    request_sealed: String,
}

/// The renewal that follows from a step, if the published policy grants one.
fn renewal(
    app: &App,
    row: &PaymentRow,
    next: &Payout,
    now: DateTime<Utc>,
) -> Result<Option<Renewal>, Error> {
    let PayoutState::Dead {
        reason: DeadReason::Refused(reason),
    } = next.state()
    else {
        return Ok(None);
    };
    if matches!(reason, RefusedReason::Person(_)) {
        return Ok(None);
    }
    let season = &app.season;
    let event = Event::NewAttempt {
        authority: Authority::Policy,
        city_open: false,
    };
    let Ok(transition) = next.step(event, now, &season.channel, &season.payout, Jitter::NONE)
    else {
        return Ok(None);
    };
    let Some(newer) = transition.successor else {
        return Ok(None);
    };
    let bill_number = claim::bill_number(&app.keys, &row.award, newer.attempt());
    let mut order = frozen_order(app, row)?;
    order.bill_number = bill_number.parse().map_err(Failure::defect)?;
    let request_sealed = app.keys.seal(
        &claim::request_place(&bill_number),
        &serde_json::to_vec(&order).map_err(Failure::defect)?,
        app.entropy.as_ref(),
    )?;
    Ok(Some(Renewal {
        older_machine: serde_json::to_string(&transition.next).map_err(Failure::defect)?,
        newer_machine: serde_json::to_string(&newer).map_err(Failure::defect)?,
        transition,
        newer,
        bill_number,
        request_sealed,
    }))
}

impl Renewal {
    /// Marks the dead row as renewed and writes the new one beside it.
    fn run(&self, tx: &Tx<'_>, row: &PaymentRow, city: &str, at_ms: i64) -> Result<(), Error> {
        let dead = self.transition.next.state().name();
        payments::advance(
            tx,
            &PaymentStep {
                bill_number: &row.bill_number,
                version_seen: row.version.saturating_add(1),
                state_before: dead,
                state_after: dead,
                due_ms: None,
                machine: &self.older_machine,
                event: "new-attempt",
                evidence: None,
                at_ms,
            },
        )?;
        payments::insert(
            tx,
            &PaymentRow {
                bill_number: self.bill_number.clone(),
                award: row.award.clone(),
                attempt_number: i64::from(self.newer.attempt()),
                amount_fen: row.amount_fen,
                request_sealed: self.request_sealed.clone(),
                state: self.newer.state().name().to_owned(),
                due_ms: self.newer.due_at().map(|due| due.timestamp_millis()),
                machine: self.newer_machine.clone(),
                version: 0,
            },
            "new-attempt",
            at_ms,
        )?;
        book(
            tx,
            &self.transition,
            city,
            row.amount_fen,
            &self.bill_number,
            at_ms,
        )?;
        let detail = format!(
            "bill=…{} to …{}",
            tail(&row.bill_number),
            tail(&self.bill_number)
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

/// Writes what a step moves between the city's accounts.
fn book(
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
        let (bill_number, amount_fen) = (&self.row.bill_number, self.row.amount_fen);
        book(tx, &self.transition, &city, amount_fen, bill_number, at_ms)?;
        for command in &self.transition.commands {
            self.obey(tx, command, at_ms)?;
        }
        if let Some(renewal) = &self.renewal {
            renewal.run(tx, &self.row, &city, at_ms)?;
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
                let detail = format!("bill=…{} {reason:?}", tail(&self.row.bill_number));
                audit::append(tx, at_ms, "worker", "page", &detail)?;
            }
            Command::RecordIncident(finding) => {
                let detail = format!("bill=…{} {finding:?}", tail(&self.row.bill_number));
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

/// Records that a person is needed.
async fn page(app: &App, detail: String) -> Result<(), Error> {
    let at_ms = app.now().timestamp_millis();
    app.store
        .write(move |tx| Ok(audit::append(tx, at_ms, "worker", "page", &detail)?))
        .await
}

/// Until when the person's packets of the day are used up, if they are.
///
/// Asked before the first sending, so that a number does not begin to age while it could
/// only be refused.
async fn person_quota_until(app: &App, row: &PaymentRow) -> Result<Option<DateTime<Utc>>, Error> {
    let today = ShanghaiDay::from_instant(app.now());
    let since_ms = today.start().timestamp_millis();
    let (award, bill_number) = (row.award.clone(), row.bill_number.clone());
    let n_others = app
        .store
        .read(move |read| {
            let (person, _city) = payments::person_of_award(read, &award)?;
            Ok::<_, Error>(payments::n_others_sent_since(
                read,
                &person,
                &bill_number,
                since_ms,
            )?)
        })
        .await?;
    let is_full = n_others >= i64::from(app.season.channel.packets_per_person_per_day);
    let after_midnight = i64::from(app.season.payout.next_day_second);
    Ok(is_full.then(|| today.end() + TimeDelta::seconds(after_midnight)))
}

/// Notes when a payment is looked at again, and why; its state does not change.
///
/// `None` when another instance was faster.
async fn reschedule(
    app: &App,
    row: PaymentRow,
    due_ms: Option<i64>,
    event: &'static str,
) -> Result<Option<PaymentRow>, Error> {
    let at_ms = app.now().timestamp_millis();
    app.store
        .write(move |tx| {
            let moved = payments::advance(
                tx,
                &PaymentStep {
                    bill_number: &row.bill_number,
                    version_seen: row.version,
                    state_before: &row.state,
                    state_after: &row.state,
                    due_ms,
                    machine: &row.machine,
                    event,
                    evidence: None,
                    at_ms,
                },
            )?;
            let version = row.version.saturating_add(1);
            Ok::<_, Error>(moved.then_some(PaymentRow {
                version,
                due_ms,
                ..row
            }))
        })
        .await
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

async fn send_order(
    app: &App,
    call: &SendRedPacket,
    order: &RedPacketOrder,
) -> Result<(ReplyClass, String), Error> {
    let request = call.request(&app.wechat.merchant, &nonce(app)?);
    Ok(match silence::exchange(app, request).await {
        Ok(response) => match SendRedPacket::parse(&response) {
            Ok(accepted) => (
                ReplyClass::Accepted {
                    echo_equal: accepted.echoes(order),
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

/// The request that asks about an order that never was: WeChat must not know it.
pub(super) fn question_about_nothing(app: &App) -> Result<Request, Error> {
    let never = app.keys.content_number(&["preflight", "never sent"]);
    let query = QueryRedPacket::new(
        never.parse().map_err(Failure::defect)?,
        app.wechat.merchant_id.clone(),
        app.wechat.official.app_id().clone(),
    );
    Ok(query.request(&app.wechat.merchant, &nonce(app)?))
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

pub(super) fn nonce(app: &App) -> Result<Nonce, Error> {
    Ok(Nonce::new(app.entropy.alphanumeric(32)).map_err(Failure::defect)?)
}

pub(super) fn jitter(app: &App) -> Jitter {
    let bytes: [u8; 2] = app.entropy.bytes();
    Jitter::from_permille(u16::from_le_bytes(bytes) % 1_001)
}

/// The last four letters: enough to find an order, too few to know it.
fn tail(bill_number: &str) -> &str {
    bill_number
        .get(bill_number.len().saturating_sub(4)..)
        .unwrap_or_default()
}
