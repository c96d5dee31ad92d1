//! Payments that stopped for a person: which, why in plain words, what comes next, and what may be done about them.
//!
//! | act | who | what it does |
//! |---|---|---|
//! | ask | one person | WeChat is asked now; its answer is committed as after any question |
//! | hold | one person | nothing more is sent or asked until two persons decide |
//! | send again | two persons | a held payment goes out again, under the same number |
//! | renew | two persons | the award of a dead payment gets its next number |
//!
//! A held payment ends through its incident, which `correction` looks after; a new number is
//! proposed and approved here. Nothing marks a payment as paid without evidence.

use chrono::{DateTime, Utc};
use reward_core::{
    Authority, DeadReason, Event, HoldReason, Jitter, Payout, PayoutState, PersonRefusal,
    RefusedReason, Resolution, Unknown,
};

use super::{
    Error, Failure,
    correction::{self, Action, Proposal},
    dual_control::{Missing, given, operator, same_person},
    incident::{self, IncidentRefusal},
    order::rail_of,
    payout::{self, Applied, payout_of, tail},
    platform_keys, season,
};
use crate::{
    app::App,
    store::{
        StoreError, audit,
        payments::{self, PaymentRow, StoppedRow},
        renewals::{self as rows, RenewalRow},
    },
};

/// What may be done about a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever shows a payment shows each way to go on"
)]
pub enum Act {
    /// Ask WeChat now.
    Ask,
    /// Stop it.
    Hold,
    /// Send the same number again.
    SendAgain,
    /// Give its award a new number.
    Renew,
}

impl Act {
    /// The stable name, as the command line and programs use it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ask => "query",
            Self::Hold => "hold",
            Self::SendAgain => "resend",
            Self::Renew => "renew",
        }
    }

    /// Whether a second person must approve.
    #[must_use]
    pub const fn takes_two(self) -> bool {
        matches!(self, Self::SendAgain | Self::Renew)
    }
}

/// A payment that stopped for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// The order number.
    pub bill_number: String,
    /// The award it was to pay.
    pub award: String,
    /// The award's city.
    pub city: String,
    /// The amount in fen.
    pub amount_fen: i64,
    /// Which number of the award it is, from 1.
    pub attempt_number: i64,
    /// The rail's name.
    pub rail: String,
    /// The state's name.
    pub state: String,
    /// When it was awarded.
    pub decided: DateTime<Utc>,
    /// When it last moved.
    pub since: DateTime<Utc>,
    /// Why it stopped, for people.
    pub reason: &'static str,
    /// What comes next, for people.
    pub next_step: &'static str,
    /// What may be done.
    pub acts: Vec<Act>,
}

/// Why nothing is done about a payment.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeadLetterRefusal {
    /// There is no such payment.
    #[error("there is no payment {bill_number}")]
    NoPayment {
        /// The number given.
        bill_number: String,
    },
    /// There is no such proposal.
    #[error("there is no proposal {proposal}")]
    NoProposal {
        /// The number given.
        proposal: i64,
    },
    /// A name, a reason or evidence is missing.
    #[error(transparent)]
    Missing(#[from] Missing),
    /// The one who proposed cannot approve.
    #[error("{name} proposed it; another person has to approve")]
    SamePerson {
        /// The person.
        name: String,
    },
    /// The payment's state does not allow it.
    #[error("the payment is {state}: {problem}")]
    NotNow {
        /// The state's name.
        state: String,
        /// What stands against it.
        problem: String,
    },
    /// What incidents have to say about it.
    #[error(transparent)]
    Incident(#[from] IncidentRefusal),
    /// Something below failed.
    #[error(transparent)]
    Failed(#[from] Error),
}

impl From<StoreError> for DeadLetterRefusal {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

/// Every payment that stopped, the oldest award first, and every proposed renewal that waits for a second person.
///
/// # Errors
/// Fails when the database does, or with [`Failure::Unreadable`] for a damaged row.
pub async fn list(app: &App) -> Result<(Vec<DeadLetter>, Vec<RenewalRow>), Error> {
    let (stopped, waiting) = app
        .store
        .read(|read| Ok::<_, Error>((payments::stopped(read)?, rows::waiting(read)?)))
        .await?;
    let mut letters = Vec::new();
    for row in stopped {
        letters.extend(letter(app, row)?);
    }
    Ok((letters, waiting))
}

/// The payment as a dead letter; nothing while it finds its end by itself, or somebody else carries the award.
fn letter(app: &App, row: StoppedRow) -> Result<Option<DeadLetter>, Error> {
    let payout = payout_of(&row.payment)?;
    if payout.is_renewed() || payout.is_in_dispute() {
        return Ok(None);
    }
    let is_overdue = is_overdue(app, &row.payment, &payout)?;
    let Some((reason, next_step)) = explained(&payout, is_overdue) else {
        return Ok(None);
    };
    let acts = acts(app, &row.payment, &payout)?;
    let StoppedRow {
        payment,
        city,
        decided_ms,
        changed_ms,
    } = row;
    Ok(Some(DeadLetter {
        bill_number: payment.bill_number,
        award: payment.award,
        city,
        amount_fen: payment.amount_fen,
        attempt_number: payment.attempt_number,
        rail: payment.rail,
        state: payment.state,
        decided: season::instant(decided_ms),
        since: season::instant(changed_ms),
        reason,
        next_step,
        acts,
    }))
}

/// Why a payment stopped if it did, what comes next, and what may be done about it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Look {
    /// Why it stopped, for people.
    pub reason: Option<&'static str>,
    /// What comes next, for people, if it stopped.
    pub next_step: Option<&'static str>,
    /// What may be done.
    pub acts: Vec<Act>,
}

/// Looks at one payment, of a city whose books are sealed or not.
///
/// # Errors
/// Fails with [`Failure::Unreadable`] for a damaged row.
pub(super) fn look(app: &App, row: &PaymentRow, is_sealed: bool) -> Result<Look, Error> {
    let payout = payout_of(row)?;
    if is_sealed || payout.is_renewed() || payout.is_in_dispute() {
        return Ok(Look::default());
    }
    let explained = explained(&payout, is_overdue(app, row, &payout)?);
    Ok(Look {
        reason: explained.map(|(reason, _next)| reason),
        next_step: explained.map(|(_reason, next)| next),
        acts: acts(app, row, &payout)?,
    })
}

/// What may be done about a payment in its state.
fn acts(app: &App, row: &PaymentRow, payout: &Payout) -> Result<Vec<Act>, Error> {
    let mut acts = vec![Act::Ask];
    match payout.state() {
        PayoutState::Held { .. } => acts.push(Act::SendAgain),
        PayoutState::Reserved
        | PayoutState::Unknown(_)
        | PayoutState::Deferred { .. }
        | PayoutState::Sent { .. }
        | PayoutState::Refunding { .. } => acts.push(Act::Hold),
        PayoutState::InFlight { .. } | PayoutState::Received => {}
        PayoutState::Refunded | PayoutState::Dead { .. } => {
            if may_be_renewed(app, row, payout)?.is_ok() {
                acts.push(Act::Renew);
            }
        }
    }
    Ok(acts)
}

/// Whether its outcome is not known, and its number too old to be sent again.
///
/// By its age and not by row 21, which waits with everything else while WeChat gives no answers.
fn is_overdue(app: &App, row: &PaymentRow, payout: &Payout) -> Result<bool, Failure> {
    let (channel, _policy) = app.season.payout_terms(rail_of(row)?);
    let is_open = |unknown: &Unknown| unknown.refused.is_none();
    let is_unknown = matches!(payout.state(), PayoutState::Unknown(unknown) if is_open(unknown));
    let is_old = payout.first_sent_at().is_some_and(|first| {
        let age = app.now().signed_duration_since(first);
        age.num_seconds() >= i64::from(channel.number_reuse_seconds)
    });
    Ok(is_unknown && is_old)
}

/// Why a payment stopped and what comes next; `None` for one that did not.
fn explained(payout: &Payout, is_overdue: bool) -> Option<(&'static str, &'static str)> {
    const TWO_DECIDE: &str =
        "先查询并核对商户平台；再由两人决定去向（重发同一单号、继续查询或终结）";
    const RENEW: &str = "与本人联系，障碍解除后由两人批准换新单号；未解除则不再发放";
    Some(match payout.state() {
        PayoutState::Held { reason, .. } => (held(*reason), TWO_DECIDE),
        PayoutState::Unknown(_) if is_overdue => (
            "发出已满二十小时，微信仍未说明结果；同一单号不再重发，只继续查询",
            "等待查询，次日账单载有此单即自动补记；两日后仍无结果，暂停后由两人决定",
        ),
        PayoutState::Dead { reason } => match reason {
            DeadReason::Refused(RefusedReason::Person(refusal)) => (refused(*refusal), RENEW),
            DeadReason::Refused(_) => (
                "限额或通道故障期间单号过期，且已用完自动换号的次数",
                "故障排除后由两人批准换新单号",
            ),
            DeadReason::Failed => ("微信答复此单失败或已撤销", RENEW),
            DeadReason::Operator(_) => ("两人凭证据终结", "如仍应发放，由两人批准换新单号"),
            _ => ("此单号不会再付款", RENEW),
        },
        _ => return None,
    })
}

const fn held(reason: HoldReason) -> &'static str {
    match reason {
        HoldReason::EchoDiffers => "微信受理的单号、收款人或金额与我方不一致",
        HoldReason::ParametersDiffer => "微信处同一单号另有内容，拒绝再次受理",
        HoldReason::QueryWindowEnding => "已近三十天，微信即将不再答复查询",
        HoldReason::Operator(_) => "由经办人暂停",
        _ => "须由人决定",
    }
}

const fn refused(refusal: PersonRefusal) -> &'static str {
    match refusal {
        PersonRefusal::NotAuthorised => "微信风控限制了此人的账户",
        PersonRefusal::UnknownRecipient => "收款人不属于本公众号",
        PersonRefusal::NoRealName => "此人尚未在微信支付实名",
        PersonRefusal::FinallyFailed => "微信判定此单最终失败",
        _ => "微信拒绝付给此人",
    }
}

/// Asks WeChat about a payment now; the name of the state it is in afterwards, and whether WeChat answered.
///
/// # Errors
/// [`DeadLetterRefusal`] when there is no such payment, or no name.
pub async fn ask(
    app: &App,
    bill_number: &str,
    by: &str,
) -> Result<(String, bool), DeadLetterRefusal> {
    let by = given("who asks", by)?;
    let payment = payment(app, bill_number).await?;
    let detail = format!("bill=…{} state={}", tail(bill_number), payment.state);
    note(app, by, "payment.asked", detail).await?;
    platform_keys::refresh(app).await?;
    let answer = payout::ask_about(app, bill_number).await?;
    let after = self::payment(app, bill_number).await?;
    Ok((after.state, answer.is_some()))
}

/// Stops a payment that is not in flight: row 27 of the payout table.
///
/// # Errors
/// [`DeadLetterRefusal`] when there is no such payment, nothing is given, or it cannot be stopped in its state.
pub async fn hold(
    app: &App,
    bill_number: &str,
    reason: &str,
    by: &str,
) -> Result<(), DeadLetterRefusal> {
    let (reason, by) = (given("the reason", reason)?, given("who stops it", by)?);
    let payment = payment(app, bill_number).await?;
    let event = Event::Hold {
        operator: operator(&by),
    };
    let evidence = format!("{by}: {reason}");
    let problem = match payout::apply(app, bill_number, event, evidence).await? {
        Applied::ByRow(27) => None,
        Applied::ByRow(_) => Some("it has ended".to_owned()),
        Applied::Refused(_) => Some("it is under way, or stopped already".to_owned()),
        Applied::Overtaken | Applied::UnknownNumber => {
            Some("it has just moved; look again".to_owned())
        }
    };
    if let Some(problem) = problem {
        let state = payment.state;
        return Err(DeadLetterRefusal::NotNow { state, problem });
    }
    let detail = format!("bill=…{} {reason}", tail(bill_number));
    note(app, by, "payment.stopped", detail).await?;
    Ok(())
}

/// Proposes that a held payment goes out again under the same number; the number of the proposal about its incident.
///
/// # Errors
/// [`DeadLetterRefusal`] when there is no such payment, it is not held, or something is not given.
pub async fn propose_sending_again(
    app: &App,
    bill_number: &str,
    reason: &str,
    evidence: &str,
    by: &str,
) -> Result<i64, DeadLetterRefusal> {
    let payment = payment(app, bill_number).await?;
    if payment.state != incident::HELD {
        let problem = "only a held payment waits for somebody to send it".to_owned();
        let state = payment.state;
        return Err(DeadLetterRefusal::NotNow { state, problem });
    }
    let proposal = Proposal {
        incident: incident::of_held(app, &payment).await?,
        action: Action::Held(Resolution::Deferred),
        reason: reason.to_owned(),
        evidence: evidence.to_owned(),
        maker: by.to_owned(),
    };
    Ok(correction::propose(app, proposal).await?)
}

/// Proposes a new number for the award of a payment that has ended without paying; the proposal's number.
///
/// # Errors
/// [`DeadLetterRefusal`] when there is no such payment, the payout table would not renew it, or something is not given.
pub async fn propose_renewal(
    app: &App,
    bill_number: &str,
    reason: &str,
    evidence: &str,
    by: &str,
) -> Result<i64, DeadLetterRefusal> {
    let row = RenewalRow {
        proposal: 0,
        bill_number: bill_number.to_owned(),
        reason: given("the reason", reason)?,
        evidence: given("the evidence", evidence)?,
        maker: given("who proposes", by)?,
        proposed_ms: app.now().timestamp_millis(),
    };
    let payment = payment(app, bill_number).await?;
    expect_renewable(app, &payment).await?;
    Ok(app
        .store
        .write(move |tx| {
            let proposal = rows::propose(tx, &row)?;
            let bill_tail = tail(&row.bill_number);
            let detail = format!("bill=…{bill_tail} proposal={proposal}");
            audit::append(tx, row.proposed_ms, &row.maker, "renewal.proposed", &detail)?;
            Ok::<_, Error>(proposal)
        })
        .await?)
}

/// Gives the award its next number, because another person agrees.
///
/// The approval is durable before the number is made; a crash between is mended by approving again.
///
/// # Errors
/// [`DeadLetterRefusal`] when the approver is the proposer, or the payout table would not renew it any more.
pub async fn approve_renewal(
    app: &App,
    proposal: i64,
    checker: &str,
) -> Result<(), DeadLetterRefusal> {
    let checker = given("who approves", checker)?;
    let row = app
        .store
        .read(move |read| Ok::<_, Error>(rows::proposal(read, proposal)?))
        .await?
        .ok_or(DeadLetterRefusal::NoProposal { proposal })?;
    if same_person(&row.maker, &checker) {
        return Err(DeadLetterRefusal::SamePerson { name: checker });
    }
    let is_refused = app
        .store
        .read(move |read| Ok::<_, Error>(rows::is_refused(read, proposal)?))
        .await?;
    if is_refused {
        return Err(DeadLetterRefusal::NoProposal { proposal });
    }
    let payment = payment(app, &row.bill_number).await?;
    expect_renewable(app, &payment).await?;
    let event = renewal_by(&row.maker, &checker);
    let evidence = format!(
        "renewal {proposal}: {}; {}, {checker}",
        row.evidence, row.maker
    );
    let (bill_number, now_ms) = (row.bill_number.clone(), app.now().timestamp_millis());
    app.store
        .write(move |tx| {
            if rows::is_approved(&tx.read(), row.proposal)? {
                return Ok(());
            }
            rows::approve(tx, &row, &checker, now_ms)?;
            let bill_tail = tail(&row.bill_number);
            let detail = format!(
                "bill=…{bill_tail} proposal={} maker={}",
                row.proposal, row.maker
            );
            Ok::<_, Error>(audit::append(
                tx,
                now_ms,
                &checker,
                "renewal.approved",
                &detail,
            )?)
        })
        .await?;
    match payout::apply(app, &bill_number, event, evidence).await? {
        Applied::ByRow(23) => Ok(()),
        other => Err(DeadLetterRefusal::NotNow {
            state: payment.state,
            problem: format!("it was not renewed: {other:?}"),
        }),
    }
}

/// Ends a proposed new number that is not approved: its maker takes it back, or another person rejects it.
///
/// # Errors
/// [`DeadLetterRefusal`] when nothing of this number waits, or no name or reason is given.
pub async fn refuse_renewal(
    app: &App,
    proposal: i64,
    by: &str,
    reason: &str,
) -> Result<(), DeadLetterRefusal> {
    let (by, reason) = (given("who refuses", by)?, given("the reason", reason)?);
    let now_ms = app.now().timestamp_millis();
    app.store
        .write(move |tx| {
            let waiting = rows::waiting(&tx.read())?;
            let row = waiting.into_iter().find(|row| row.proposal == proposal);
            let row = row.ok_or(DeadLetterRefusal::NoProposal { proposal })?;
            rows::refuse(tx, &row, &by, &reason, now_ms)?;
            let action = if same_person(&row.maker, &by) {
                "renewal.withdrawn"
            } else {
                "renewal.rejected"
            };
            let detail = format!("proposal={proposal} maker={} reason={reason}", row.maker);
            Ok(audit::append(tx, now_ms, &by, action, &detail)?)
        })
        .await
}

async fn payment(app: &App, bill_number: &str) -> Result<PaymentRow, DeadLetterRefusal> {
    let number = bill_number.to_owned();
    app.store
        .read(move |read| Ok::<_, Error>(payments::payment(read, &number)?))
        .await?
        .ok_or_else(|| DeadLetterRefusal::NoPayment {
            bill_number: bill_number.to_owned(),
        })
}

async fn note(app: &App, actor: String, action: &'static str, detail: String) -> Result<(), Error> {
    let now_ms = app.now().timestamp_millis();
    app.store
        .write(move |tx| Ok(audit::append(tx, now_ms, &actor, action, &detail)?))
        .await
}

/// A new number by two persons; it may be made after the city has closed, since its award was decided before.
fn renewal_by(maker: &str, checker: &str) -> Event {
    Event::NewAttempt {
        authority: Authority::DualControl {
            maker: operator(maker),
            checker: operator(checker),
        },
        city_open: false,
    }
}

/// Whether the payout table would give the award its next number if two persons asked; why not otherwise.
fn may_be_renewed(
    app: &App,
    row: &PaymentRow,
    payout: &Payout,
) -> Result<Result<(), String>, Failure> {
    if row.request_sealed.is_empty() {
        return Ok(Err("its person has been erased".to_owned()));
    }
    let (channel, policy) = app.season.payout_terms(rail_of(row)?);
    let event = renewal_by("one", "another");
    let step = payout.step(event, app.now(), &channel, &policy, Jitter::NONE);
    Ok(match step {
        Ok(transition) if transition.successor.is_some() => Ok(()),
        Ok(_) => Err("it has paid".to_owned()),
        Err(refused) => Err(refused.to_string()),
    })
}

async fn expect_renewable(app: &App, row: &PaymentRow) -> Result<(), DeadLetterRefusal> {
    let payout = payout_of(row).map_err(Error::from)?;
    let outcome = may_be_renewed(app, row, &payout).map_err(Error::from)?;
    let award = row.award.clone();
    let is_sealed = app
        .store
        .read(move |read| {
            let (_person, city) = payments::person_of_award(read, &award)?;
            Ok::<_, Error>(crate::store::books::seal(read, &city)?.is_some())
        })
        .await?;
    let outcome = if is_sealed {
        Err("the books of its city are sealed".to_owned())
    } else {
        outcome
    };
    outcome.map_err(|problem| DeadLetterRefusal::NotNow {
        state: row.state.clone(),
        problem,
    })
}
