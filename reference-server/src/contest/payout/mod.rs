//! A packet is paid, step by step: commit the intention, call WeChat, commit the answer.
//!
//! reward-core's table decides every step; this folder feeds it and translates WeChat's
//! answers into its words. A crash anywhere leaves a row whose next step is a query or
//! the same order number again, never a new one.
//!
//! | file | what happens there |
//! |---|---|
//! | `limits` | whether one order may leave now: pauses, the rail's second, the person's day |
//! | `call` | what goes to WeChat and what its answer says, whichever the rail |
//! | `red_packet`, `transfer` | the two rails' calls in the table's words |
//! | `step` | one event through the table and into the database |
//! | `renewal` | a new number for an award whose old one is dead |
//! | `package` | what opens WeChat's confirm page |
//! | `notification` | what WeChat Pay tells unasked |

mod call;
mod limits;
mod notification;
mod package;
mod red_packet;
mod renewal;
mod step;
mod transfer;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use reward_core::{AnswerFacts, Event, NextStep, Payout, PayoutState, Permit};
use wechat_adapter::{Nonce, Request};

use self::{
    call::Finding,
    limits::Leave,
    step::{Driven, advance, reschedule},
};
pub use self::{
    notification::{NOTIFICATION_PATH, NotificationRefusal, receive as receive_notification},
    step::Applied,
};
use super::{Error, Failure, PersonId, order::Order, silence};
use crate::{
    app::App,
    store::payments::{self, PaymentRow},
};

pub(super) use self::step::jitter;
pub(crate) use self::{
    call::{knows_nothing, question_about_nothing},
    package::confirmation,
};

/// Payments of each kind looked at in one round.
const ROUND_SIZE: i64 = 256;
/// Calls under way at once. Sending begins with one and doubles while WeChat accepts, so that a
/// broken rail is met by one number and not by many.
const CALLS_MAX: usize = 16;
/// How long a payment rests that cannot be driven.
const STUCK: TimeDelta = TimeDelta::minutes(10);

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

/// A request ready to go, with what it is about.
enum Outgoing {
    /// The row says that it may have left.
    Sending(Driven, Order, Request),
    /// A question, and when it was made.
    Question(Driven, Order, Request, DateTime<Utc>),
}

impl Outgoing {
    fn request(&self) -> Request {
        match self {
            Self::Sending(_, _, request) | Self::Question(_, _, request, _) => request.clone(),
        }
    }

    fn row(&self) -> &PaymentRow {
        match self {
            Self::Sending(driven, ..) | Self::Question(driven, ..) => &driven.row,
        }
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
    let (questions, again, first) = app
        .store
        .read(move |read| {
            Ok::<_, Error>((
                payments::due_questions(read, now_ms, ROUND_SIZE)?,
                payments::due_sendings(read, "deferred", now_ms, ROUND_SIZE)?,
                payments::due_sendings(read, "reserved", now_ms, ROUND_SIZE)?,
            ))
        })
        .await?;
    let mut round = Round::default();
    drive(app, questions, CALLS_MAX, &mut round).await?;
    let sendings = limits::in_turn(again, first, app.season.channel.sends_per_second);
    drive(app, sendings, 1, &mut round).await?;
    Ok(round)
}

/// Takes these payments one step further, with so many calls at once at first.
async fn drive(
    app: &App,
    rows: Vec<PaymentRow>,
    n_calls: usize,
    round: &mut Round,
) -> Result<(), Error> {
    let mut n_calls = n_calls;
    let mut rows = rows.into_iter();
    loop {
        let mut calls = Vec::with_capacity(n_calls);
        for row in rows.by_ref() {
            let bill_number = row.bill_number.clone();
            let prepared = prepare(app, row.clone(), round).await;
            if let Some(Some(call)) = spared(app, &bill_number, prepared, Some(row)).await? {
                calls.push(call);
            }
            if calls.len() == n_calls {
                break;
            }
        }
        if calls.is_empty() {
            return Ok(());
        }
        let answers = calls
            .iter()
            .map(|call| silence::exchange(app, call.request()));
        let answers = join_all(answers).await;
        let (mut all_accepted, mut any_answered) = (true, false);
        for (call, answer) in calls.into_iter().zip(answers) {
            any_answered |= answer.is_ok();
            let bill_number = call.row().bill_number.clone();
            let recorded = record(app, call, answer).await;
            let accepted = spared(app, &bill_number, recorded, None).await?;
            all_accepted &= accepted.unwrap_or(false);
        }
        if !any_answered {
            // WeChat is away: each further call would be waited for as long.
            return Ok(());
        }
        if all_accepted {
            n_calls = n_calls.saturating_mul(2).min(CALLS_MAX);
        }
    }
}

/// The value, or nothing for a payment that cannot be driven; a database that fails stops all.
///
/// Such a payment is logged once by each process, counted, and looked at again after a while:
/// one row that cannot be read must neither stop the others nor fill the log.
async fn spared<T>(
    app: &App,
    bill_number: &str,
    outcome: Result<T, Error>,
    row: Option<PaymentRow>,
) -> Result<Option<T>, Error> {
    match outcome {
        Err(Error::Failed(failure)) if !matches!(failure, Failure::Store(_)) => {
            if app.note_stuck(bill_number) {
                let bill_tail = tail(bill_number);
                tracing::error!(bill.tail = bill_tail, %failure, "a payment cannot be driven");
            }
            if let Some(row) = row {
                let rest_ms = Some((app.now() + STUCK).timestamp_millis());
                reschedule(app, row, rest_ms, "stuck").await?;
            }
            Ok(None)
        }
        Err(error) => Err(error),
        Ok(value) => {
            app.note_driven(bill_number);
            Ok(Some(value))
        }
    }
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
        for row in waiting {
            if app.silence().is_on() {
                break;
            }
            let driven = Driven::of(row)?;
            let due_ms = driven.row.due_ms;
            // Noted before it is asked: an answer that changes nothing, or never comes, counts too.
            if let Some(row) = reschedule(app, driven.row, due_ms, "person-looks").await? {
                ask(app, Driven { row, ..driven }).await?;
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

/// Feeds one event that comes from a person or a bill, with the evidence it rests on:
/// rows 23 to 25, or a query's answer that somebody else obtained.
///
/// # Errors
/// [`Failure::Unreadable`] for a damaged row; fails when the database does.
pub async fn apply(
    app: &App,
    bill_number: &str,
    event: Event,
    evidence: String,
) -> Result<Applied, Error> {
    let number = bill_number.to_owned();
    let row = app
        .store
        .read(move |read| Ok::<_, Error>(payments::payment(read, &number)?))
        .await?;
    match row {
        Some(row) => step::apply(app, Driven::of(row)?, event, Some(evidence)).await,
        None => Ok(Applied::UnknownNumber),
    }
}

/// Asks WeChat about one order now, whatever its schedule says; `None` without an answer or such an order.
///
/// What the answer proves is committed as after any question.
///
/// # Errors
/// Fails when the database does; WeChat's failures are answers, not errors.
pub(super) async fn ask_about(app: &App, bill_number: &str) -> Result<Option<AnswerFacts>, Error> {
    let number = bill_number.to_owned();
    let row = app
        .store
        .read(move |read| Ok::<_, Error>(payments::payment(read, &number)?))
        .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let Outgoing::Question(driven, order, request, issued_at) =
        question(app, Driven::of(row)?).await?
    else {
        return Ok(None);
    };
    let heard = silence::exchange(app, request).await;
    let finding = call::finding(app, &order, heard)?;
    let answer = finding.facts();
    learn(app, driven, &order, issued_at, finding).await?;
    Ok(answer)
}

/// Does what the payment's next step is on our side, and gives the call to make if there is one.
async fn prepare(app: &App, row: PaymentRow, round: &mut Round) -> Result<Option<Outgoing>, Error> {
    let driven = Driven::of(row)?;
    let (channel, policy) = app.season.payout_terms(driven.rail);
    match driven.payout.next_step(app.now(), &channel, &policy) {
        NextStep::Send | NextStep::Query | NextStep::Wait(_) if app.silence().is_on() => Ok(None),
        NextStep::Send => prepare_sending(app, driven, round).await,
        NextStep::Query => {
            round.n_queried = round.n_queried.saturating_add(1);
            question(app, driven).await.map(Some)
        }
        NextStep::ExpireLease => move_on(app, driven, Event::LeaseExpired, round).await,
        NextStep::Tick => move_on(app, driven, Event::Tick, round).await,
        NextStep::Wait(until) => wait(app, driven, until, round).await,
        NextStep::Nothing => Ok(None),
    }
}

/// A payment that is due before its own time: somebody told of news, or its rail is quiet.
async fn wait(
    app: &App,
    driven: Driven,
    until: DateTime<Utc>,
    round: &mut Round,
) -> Result<Option<Outgoing>, Error> {
    let until_ms = Some(until.timestamp_millis());
    let was_told = driven.row.due_ms < driven.payout.due_at().map(|due| due.timestamp_millis());
    round.n_moved = round.n_moved.saturating_add(1);
    // Noted before it is asked: news is asked about once.
    let event = if was_told { "news" } else { "quiet" };
    let Some(row) = reschedule(app, driven.row, until_ms, event).await? else {
        return Ok(None);
    };
    if !was_told {
        return Ok(None);
    }
    round.n_queried = round.n_queried.saturating_add(1);
    question(app, Driven { row, ..driven }).await.map(Some)
}

async fn move_on(
    app: &App,
    driven: Driven,
    event: Event,
    round: &mut Round,
) -> Result<Option<Outgoing>, Error> {
    if advance(app, driven, event, None, None).await?.is_some() {
        round.n_moved = round.n_moved.saturating_add(1);
    }
    Ok(None)
}

async fn prepare_sending(
    app: &App,
    driven: Driven,
    round: &mut Round,
) -> Result<Option<Outgoing>, Error> {
    match limits::leave(app, &driven).await? {
        Leave::Now => {}
        Leave::Later => {
            round.n_waiting = round.n_waiting.saturating_add(1);
            return Ok(None);
        }
        Leave::NotBefore(tomorrow) => {
            round.n_moved = round.n_moved.saturating_add(1);
            let due_ms = Some(tomorrow.timestamp_millis());
            reschedule(app, driven.row, due_ms, "person-quota").await?;
            return Ok(None);
        }
    }
    // Whatever is wrong with the request shows before the row says that it may have left.
    let order = Order::of(app, &driven.row).await?;
    let request = call::sending(app, &order)?;
    let mut driven = driven;
    if driven.row.request_sealed.is_empty() {
        driven.row.request_sealed = order.freeze(app, &driven.row.bill_number)?;
    }
    let due = Event::Due {
        worker: app.worker,
        permit: Permit::Granted,
    };
    // The intention is durable before anything leaves.
    let Some(driven) = advance(app, driven, due, None, None).await? else {
        round.n_waiting = round.n_waiting.saturating_add(1);
        return Ok(None);
    };
    if !matches!(driven.payout.state(), PayoutState::InFlight { .. }) {
        round.n_moved = round.n_moved.saturating_add(1);
        return Ok(None);
    }
    round.n_sent = round.n_sent.saturating_add(1);
    Ok(Some(Outgoing::Sending(driven, order, request)))
}

async fn question(app: &App, driven: Driven) -> Result<Outgoing, Error> {
    let order = Order::of(app, &driven.row).await?;
    let request = call::question(app, &order)?;
    Ok(Outgoing::Question(driven, order, request, app.now()))
}

/// Asks about one payment now, and commits what the answer says.
async fn ask(app: &App, driven: Driven) -> Result<(), Error> {
    let call = question(app, driven).await?;
    let answer = silence::exchange(app, call.request()).await;
    record(app, call, answer).await.map(drop)
}

/// Commits what WeChat answered; whether it did not stand against further calls.
async fn record(app: &App, call: Outgoing, answer: call::Heard) -> Result<bool, Error> {
    match call {
        Outgoing::Sending(driven, order, _request) => {
            let answer = call::reply(app, &order, answer)?;
            let reply = Event::Reply {
                worker: app.worker,
                version: driven.payout.version(),
                class: answer.class,
            };
            if let Some(reason) = &answer.page {
                step::page(app, &driven.row, reason).await?;
            }
            let package = package::seal(app, &driven.row, answer.confirm.as_ref())?;
            let evidence = Some(answer.evidence);
            let driven = advance(app, driven, reply, evidence, package).await?;
            Ok(driven.is_some_and(|now| matches!(now.payout.state(), PayoutState::Sent { .. })))
        }
        Outgoing::Question(driven, order, _request, issued_at) => {
            let finding = call::finding(app, &order, answer)?;
            learn(app, driven, &order, issued_at, finding).await?;
            Ok(true)
        }
    }
}

/// Commits what the answer to a question says.
async fn learn(
    app: &App,
    driven: Driven,
    order: &Order,
    issued_at: DateTime<Utc>,
    finding: Finding,
) -> Result<(), Error> {
    if let Some(reason) = finding.page {
        step::page(app, &driven.row, &reason).await?;
    }
    let event = finding
        .class
        .map_or(Event::QueryError, |class| Event::QueryResult {
            class,
            issued_at,
        });
    if let Some(driven) = advance(app, driven, event, Some(finding.evidence), None).await? {
        package::fetch(app, driven, order).await?;
    }
    Ok(())
}

pub(super) fn nonce(app: &App) -> Result<Nonce, Error> {
    Ok(Nonce::new(app.entropy.alphanumeric(32)).map_err(Failure::defect)?)
}

/// The last four letters: enough to find an order, too few to know it.
pub(super) fn tail(bill_number: &str) -> &str {
    bill_number
        .get(bill_number.len().saturating_sub(4)..)
        .unwrap_or_default()
}

pub(super) fn payout_of(row: &PaymentRow) -> Result<Payout, Failure> {
    serde_json::from_str(&row.machine).map_err(|_error| Failure::Unreadable {
        what: "payment.machine",
    })
}
