//! A chance and a passing attempt become a packet: one transaction, no call to WeChat.
//!
//! Claims that wait together are decided together, in `grant`; here is what surrounds them.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use reward_core::{ChanceKind, ClaimScope, Fen, PacketPlan, Payout, PayoutState};
use wechat_adapter::pay::v3::ConfirmCall;

use super::{
    Error, Failure, PersonId, Refusal,
    grant::{self, Claim, Decision, Means},
    payout, sealed, season,
};
use crate::{
    app::{App, Season},
    rail::Rail,
    store::{
        Read,
        attempts::AttemptRow,
        awards::{self, PacketView},
        season::{self as rows, CityRow},
        standings::{Asked, standings},
    },
};

/// What a claim names; both parts make a repeated claim harmless.
#[derive(Debug, Clone, Default)]
pub struct ClaimRequest {
    /// The passing attempt to use; the oldest unused one when absent.
    pub attempt: Option<String>,
    /// The caller's own key of this request.
    pub request_key: Option<String>,
}

/// Whether a submitted attempt can open a packet now.
#[derive(Debug, Clone)]
pub enum Offer {
    /// It can.
    MayClaim,
    /// It has opened this one.
    Claimed(Packet),
    /// It cannot, for this reason.
    Refused(Refusal),
    /// It did not pass.
    NotPassed,
}

/// A packet as its person sees it.
#[derive(Debug, Clone)]
pub struct Packet {
    /// The award's number.
    pub award: String,
    /// The amount.
    pub amount: Fen,
    /// The city's slug.
    pub city_slug: String,
    /// The city's name.
    pub city_name: String,
    /// Which chance it used.
    pub kind: ChanceKind,
    /// The attempt it used.
    pub attempt: String,
    /// When it was decided.
    pub decided: DateTime<Utc>,
    /// How far its payment has come.
    pub state: PacketState,
    /// The last four letters of the order number.
    pub bill_tail: String,
    /// Until when it can be opened or confirmed in WeChat, once it is there.
    pub collect_until: Option<DateTime<Utc>>,
    /// From when it is sent, while that is some time ahead: the rail's quiet hours, or the person's day is full.
    pub sent_from: Option<DateTime<Utc>>,
    /// The sentence of the pause that keeps it from being sent, if one does.
    pub paused: Option<String>,
    /// What opens WeChat's confirm page, once it is known and while there is something to confirm.
    pub confirmation: Option<Box<ConfirmCall>>,
}

/// How far a packet's payment has come, in a person's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PacketState {
    /// Decided; it is about to be sent.
    Granted,
    /// On its way to WeChat.
    Sending,
    /// In WeChat, waiting to be opened.
    AwaitingCollection,
    /// In WeChat, waiting for the person to confirm it.
    AwaitingConfirmation,
    /// Opened: the person has the money.
    Received,
    /// Not opened in time; on its way back.
    Returning,
    /// Not opened in time; it went back.
    Returned,
    /// A person looks at it.
    OnHold,
    /// WeChat will not pay it.
    Refused,
}

impl PacketState {
    /// Every state, in the order a payment goes through them.
    pub const ALL: [Self; 9] = [
        Self::Granted,
        Self::Sending,
        Self::AwaitingCollection,
        Self::AwaitingConfirmation,
        Self::Received,
        Self::Returning,
        Self::Returned,
        Self::OnHold,
        Self::Refused,
    ];

    /// The state's stable word, as the API carries it.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::Sending => "sending",
            Self::AwaitingCollection => "awaiting-collection",
            Self::AwaitingConfirmation => "awaiting-confirmation",
            Self::Received => "received",
            Self::Returning => "returning",
            Self::Returned => "returned",
            Self::OnHold => "on-hold",
            Self::Refused => "refused",
        }
    }
}

/// Draws the next packet for a person, or says why not.
///
/// The same attempt or the same request key again gives the same packet.
///
/// # Errors
/// Refuses with [`Refusal::Claim`], [`Refusal::Paused`], [`Refusal::NoCityOpen`] or
/// [`Refusal::NotFound`] for an attempt that is not the person's.
pub async fn claim(app: &App, person: &PersonId, request: ClaimRequest) -> Result<Packet, Error> {
    let claim = Claim {
        person: person.clone(),
        request,
        open_city: season::slug_at(&app.season, app.now()),
        means: Means::of(app),
    };
    let view = app.store.write_together(&app.memory.claims, claim).await?;
    packet(app, view)
}

/// Whether this attempt, which passed, can open a packet now.
pub(crate) async fn offer(
    app: &App,
    person: &PersonId,
    attempt: &AttemptRow,
    city: &CityRow,
) -> Result<Offer, Error> {
    let (who, id) = (person.clone(), attempt.attempt.clone());
    let (slug, now) = (city.city.clone(), app.now());
    let terms = Arc::clone(&app.season);
    let plan = sealed::plan(app, city)?;
    let found = app
        .store
        .read(move |read| {
            if let Some(view) = awards::of_attempt(read, who.as_str(), &id)? {
                return Ok::<_, Error>(Err(view));
            }
            Ok(Ok(decide(read, &terms, plan.plan(), &who, &slug, now)?))
        })
        .await?;
    Ok(match found {
        Err(view) => Offer::Claimed(packet(app, view)?),
        Ok(decision) => offered(decision),
    })
}

/// The offer that a decision comes to.
pub(super) fn offered(decision: Decision) -> Offer {
    match decision {
        Ok(_decision) => Offer::MayClaim,
        Err(refusal) => Offer::Refused(refusal),
    }
}

/// Which chance a claim in the open city would use now, or why there would be none;
/// `None` while no city is open.
pub(crate) async fn verdict(
    app: &App,
    person: &PersonId,
) -> Result<Option<Result<ChanceKind, Refusal>>, Error> {
    let now = app.now();
    let city = match season::open_city(app, now).await {
        Ok(city) => city,
        Err(Error::Refused(Refusal::NoCityOpen { .. })) => return Ok(None),
        Err(error) => return Err(error),
    };
    let plan = sealed::plan(app, &city)?;
    let (who, terms) = (person.clone(), Arc::clone(&app.season));
    app.store
        .read(move |read| {
            let decision = decide(read, &terms, plan.plan(), &who, &city.city, now)?;
            Ok(Some(decision.map(|decision| decision.kind)))
        })
        .await
}

/// What a claim of a city would come to now, if it named no attempt.
fn decide(
    read: &Read<'_>,
    terms: &Season,
    plan: &PacketPlan,
    person: &PersonId,
    city: &str,
    now: DateTime<Utc>,
) -> Result<Decision, Error> {
    let row = rows::city(read, city)?.ok_or(Refusal::UnknownCity)?;
    let day = grant::day_of(read, &row, now)?;
    let asked = Asked {
        person: person.as_str(),
        attempt: None,
        city: Some(city),
    };
    let standing = standings(read, &[asked])?.pop().unwrap_or_default();
    let has_pass = standing.unused_pass.is_some();
    let facts = grant::facts(terms, plan, &standing, has_pass, (&row, &day), now)?;
    Ok(grant::decide(&facts, &row))
}

/// A stored award as its person sees it.
pub(crate) fn packet(app: &App, view: PacketView) -> Result<Packet, Error> {
    let unreadable = |what| Failure::Unreadable { what };
    let payout: Payout =
        serde_json::from_str(&view.machine).map_err(|_error| unreadable("payment.machine"))?;
    let rail = Rail::of_name(&view.rail).ok_or_else(|| unreadable("payment.rail"))?;
    let (channel, _policy) = app.season.payout_terms(rail);
    let collect_until = match payout.state() {
        PayoutState::Sent { accepted_at, .. } => {
            Some(*accepted_at + TimeDelta::seconds(i64::from(channel.refund_after_seconds)))
        }
        _ => None,
    };
    let quiet_until = channel.quiet_until(app.now());
    let due = view.due_ms.map(season::instant).max(quiet_until);
    let waits = matches!(
        payout.state(),
        PayoutState::Reserved | PayoutState::Deferred { .. }
    );
    let sent_from = due.filter(|due| waits && *due > app.now() + SOON);
    let state = match packet_state(payout.state(), rail, collect_until, app.now()) {
        PacketState::Sending if sent_from.is_some() => PacketState::Granted,
        state => state,
    };
    let confirmation = match &view.package_sealed {
        Some(sealed) if state == PacketState::AwaitingConfirmation => {
            let call = payout::confirmation(&app.keys, &view.bill_number, sealed)?;
            Some(Box::new(call))
        }
        _ => None,
    };
    let tail = view.bill_number.len().saturating_sub(4);
    Ok(Packet {
        amount: payout.amount(),
        city_name: app.season.city_name(&view.city),
        kind: match view.kind.as_str() {
            "base" => ChanceKind::Base,
            _ => ChanceKind::Referral,
        },
        decided: season::instant(view.decided_ms),
        state,
        bill_tail: view.bill_number.get(tail..).unwrap_or_default().to_owned(),
        collect_until,
        sent_from,
        paused: view.payouts_paused.filter(|_sentence| waits),
        confirmation,
        award: view.award,
        city_slug: view.city,
        attempt: view.attempt,
    })
}

/// What "once" is counted in for a city.
pub(crate) fn scope_of(season: &Season, city: &str) -> String {
    match season.rules.claim_scope() {
        ClaimScope::Season => season.name.clone(),
        ClaimScope::City => format!("{}/{city}", season.name),
    }
}

/// A payment that leaves later than this is told when; one that leaves sooner is about to.
const SOON: TimeDelta = TimeDelta::minutes(10);

/// How far a payment has come, in a person's words.
fn packet_state(
    state: &PayoutState,
    rail: Rail,
    collect_until: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> PacketState {
    match state {
        PayoutState::Reserved => PacketState::Granted,
        PayoutState::InFlight { .. } | PayoutState::Unknown(_) | PayoutState::Deferred { .. } => {
            PacketState::Sending
        }
        PayoutState::Sent { .. } => match rail {
            Rail::RedPacket => PacketState::AwaitingCollection,
            // WeChat closes what nobody confirmed with some delay; its page says no at once.
            Rail::Transfer if collect_until.is_some_and(|until| now >= until) => {
                PacketState::Returning
            }
            Rail::Transfer => PacketState::AwaitingConfirmation,
        },
        PayoutState::Refunding { .. } => PacketState::Returning,
        PayoutState::Held { .. } => PacketState::OnHold,
        PayoutState::Received => PacketState::Received,
        PayoutState::Refunded => PacketState::Returned,
        PayoutState::Dead { .. } => PacketState::Refused,
    }
}
