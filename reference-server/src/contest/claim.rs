//! A chance and a passing attempt become a packet: one transaction, no call to WeChat.
//!
//! In the transaction, in this order: the first answer to the same request, if there
//! was one; the decision instant under the city's latch; the facts; reward-core's
//! decision; the packet that reward-core's rule names; both counters under their
//! ceilings; the award; its payment with the frozen request; the ledger's transfer;
//! the audit event.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use reward_core::{
    BaseUse, ChanceKind, ClaimFacts, ClaimPhase, ClaimScope, DeckKind, Fen, MoneyState, Next,
    PacketPlan, Payout, PayoutState, SealedPlan,
};
use schedule_core::ShanghaiDay;
use wechat_adapter::pay::v3::ConfirmCall;

use super::{Error, Failure, PersonId, Refusal, login, order::Issuer, payout, sealed, season};
use crate::{
    app::{App, Season, WeChat},
    clock::Clock,
    entropy::Entropy,
    privacy::Keys,
    rail::Rail,
    store::{
        Read, Tx,
        attempts::{self, AttemptRow},
        audit,
        awards::{self, AwardRow, DayMove, PacketView, ReferralChance},
        payments::{self, TransferRow},
        people,
        season::{self as rows, CityRow, DayRow},
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
    Refused(reward_core::Refusal),
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

/// What every claim of one city works with.
struct Work {
    person: PersonId,
    request: ClaimRequest,
    clock: Arc<dyn Clock>,
    city: String,
    plan: Arc<SealedPlan>,
    season: Arc<Season>,
    keys: Arc<Keys>,
    wechat: Arc<WeChat>,
    entropy: Arc<dyn Entropy>,
}

/// The facts of one person at one instant, with the rows they came from.
struct Gathered {
    facts: ClaimFacts,
    city: CityRow,
    day: DayRow,
    unused_pass: Option<String>,
    referral_open: Option<ReferralChance>,
}

/// Draws the next packet for a person, or says why not.
///
/// The same attempt or the same request key again gives the same packet.
///
/// # Errors
/// Refuses with [`Refusal::Claim`], [`Refusal::Paused`], [`Refusal::NoCityOpen`] or
/// [`Refusal::NotFound`] for an attempt that is not the person's.
pub async fn claim(app: &App, person: &PersonId, request: ClaimRequest) -> Result<Packet, Error> {
    let city = match city_of(app, person, &request).await {
        Ok(city) => city,
        // A repeated request finds its packet even after its city has closed.
        Err(refused) => return packet(app, answered(app, person, &request).await?.ok_or(refused)?),
    };
    let work = Work {
        person: person.clone(),
        request,
        clock: Arc::clone(&app.clock),
        plan: sealed::plan(app, &city)?,
        city: city.city,
        season: Arc::clone(&app.season),
        keys: Arc::clone(&app.keys),
        wechat: Arc::clone(&app.wechat),
        entropy: Arc::clone(&app.entropy),
    };
    let view = app.store.write(move |tx| work.run(tx)).await?;
    packet(app, view)
}

/// Whether this submitted attempt can open a packet now.
pub(crate) async fn offer(
    app: &App,
    person: &PersonId,
    attempt: &AttemptRow,
    city: &CityRow,
) -> Result<Offer, Error> {
    if !attempt.passed {
        return Ok(Offer::NotPassed);
    }
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
            let gathered = gather(read, &terms, plan.plan(), &who, &slug, None, now)?;
            Ok(Ok(gathered.facts.decide()))
        })
        .await?;
    Ok(match found {
        Err(view) => Offer::Claimed(packet(app, view)?),
        Ok(Ok(_decision)) => Offer::MayClaim,
        Ok(Err(refusal)) => Offer::Refused(refusal),
    })
}

/// Which chance a claim in the open city would use now, or why there would be none;
/// `None` while no city is open.
pub(crate) async fn verdict(
    app: &App,
    person: &PersonId,
) -> Result<Option<Result<ChanceKind, reward_core::Refusal>>, Error> {
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
            let gathered = gather(read, &terms, plan.plan(), &who, &city.city, None, now)?;
            Ok(Some(gathered.facts.decide().map(|decision| decision.kind)))
        })
        .await
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
    let state = packet_state(payout.state(), rail, collect_until, app.now());
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

/// Reads everything reward-core's decision looks at.
fn gather(
    read: &Read<'_>,
    terms: &Season,
    plan: &PacketPlan,
    person: &PersonId,
    city: &str,
    wanted: Option<&str>,
    decided: DateTime<Utc>,
) -> Result<Gathered, Error> {
    let city = rows::city(read, city)?.ok_or(Refusal::UnknownCity)?;
    let opens = season::instant(city.opens_ms);
    let closes = season::instant(city.closes_ms);
    let phase = if decided < opens {
        ClaimPhase::NotYet { opens }
    } else if decided >= closes {
        ClaimPhase::Closed { closed: closes }
    } else if city.paused_sentence.is_some() {
        ClaimPhase::Paused
    } else {
        ClaimPhase::Open
    };
    let unused_pass = attempts::unused_pass(read, person.as_str(), &city.city, wanted)?;
    // A pass that is not there leaves the refusal to the facts of all the others.
    let has_unused = match wanted {
        Some(_) if unused_pass.is_none() => {
            attempts::unused_pass(read, person.as_str(), &city.city, None)?.is_some()
        }
        _ => unused_pass.is_some(),
    };
    let awarded = awards::of_person(read, person.as_str())?;
    let n_awarded_here = awarded.iter().filter(|view| view.city == city.city).count();
    let chances: Vec<ReferralChance> = awards::referral_chances(read, person.as_str())?
        .into_iter()
        .filter(|chance| !chance.used && chance.city == city.city)
        .collect();
    let today = i64::from(ShanghaiDay::from_instant(decided).number());
    let day = rows::day(read, &city.city, today)?.unwrap_or(DayRow {
        day: today,
        cap_fen: 0,
        used_fen: 0,
        deck: None,
        taken: 0,
        top_taken: false,
    });
    let money = match phase {
        ClaimPhase::Open | ClaimPhase::Paused => season::money_state(plan, &city, &day, decided)?,
        ClaimPhase::NotYet { .. } | ClaimPhase::Closed { .. } => MoneyState::CityExhausted,
    };
    let facts = ClaimFacts {
        phase,
        following: people::follow(read, person.as_str())?.is_some_and(|follow| follow.following),
        // Whether there is one is all that the decision asks; counting a week of attempts
        // at every claim would be a lever against everybody else's.
        passes_here: count(n_awarded_here.saturating_add(usize::from(has_unused))),
        passes_unused_here: u32::from(has_unused),
        base_used: base_use(&awarded, &city.city),
        referral_chances_open_here: count(chances.len()),
        scope: terms.rules.claim_scope(),
        referral: terms.rules.referral(),
        money,
    };
    Ok(Gathered {
        facts,
        city,
        day,
        unused_pass,
        referral_open: chances.into_iter().next(),
    })
}

/// Where the base chance was used; here, if it was used here at all.
fn base_use(awarded: &[PacketView], city: &str) -> Option<BaseUse> {
    let mut base = awarded.iter().filter(|view| view.kind == "base");
    let here = base.clone().find(|view| view.city == city);
    match here {
        Some(view) => Some(BaseUse::Here {
            at: season::instant(view.decided_ms),
        }),
        None => base.next().map(|view| BaseUse::Elsewhere {
            at: season::instant(view.decided_ms),
        }),
    }
}

impl Work {
    fn run(self, tx: &Tx<'_>) -> Result<PacketView, Error> {
        if let Some(view) = self.answered_before(tx)? {
            return Ok(view);
        }
        // Read here and not before: a claim that waited in the queue is decided when it is its turn.
        let decided_ms = rows::latch(tx, &self.city, self.clock.now().timestamp_millis())?;
        let decided = season::instant(decided_ms);
        let gathered = gather(
            &tx.read(),
            &self.season,
            self.plan.plan(),
            &self.person,
            &self.city,
            self.request.attempt.as_deref(),
            decided,
        )?;
        let decision = gathered.facts.decide().map_err(|refusal| {
            match (&gathered.city.paused_sentence, refusal) {
                (Some(sentence), reward_core::Refusal::Paused) => Refusal::Paused {
                    sentence: sentence.clone(),
                },
                _ => Refusal::Claim(refusal),
            }
        })?;
        let attempt = gathered
            .unused_pass
            .clone()
            .ok_or(Refusal::Claim(reward_core::Refusal::NotPassed))?;
        let award = self.award(&tx.read(), &gathered, decision.kind, attempt, decided)?;
        self.take(tx, &gathered, &award)?;
        self.queue_payment(tx, &award, decided)?;
        let detail = format!(
            "award={} city={} day={} deck={} sequence={} amount_fen={}",
            award.award, award.city, award.day, award.deck, award.sequence, award.amount_fen
        );
        audit::append(tx, decided_ms, "server", "award.granted", &detail)?;
        awards::award(&tx.read(), self.person.as_str(), &award.award)?
            .ok_or_else(|| Failure::defect("an award that was just written is not there").into())
    }

    fn answered_before(&self, tx: &Tx<'_>) -> Result<Option<PacketView>, Error> {
        let person = self.person.as_str();
        if let Some(key) = &self.request.request_key
            && let Some(view) = awards::of_request(&tx.read(), person, key)?
        {
            return same_claim(&self.request, view).map(Some);
        }
        match &self.request.attempt {
            Some(attempt) => Ok(awards::of_attempt(&tx.read(), person, attempt)?),
            None => Ok(None),
        }
    }

    fn award(
        &self,
        read: &Read<'_>,
        gathered: &Gathered,
        kind: ChanceKind,
        attempt: String,
        decided: DateTime<Utc>,
    ) -> Result<AwardRow, Error> {
        let (city, day) = (&gathered.city, &gathered.day);
        let next = season::next_claim(self.plan.plan(), city, day, decided)?;
        let Next::Take { sequence } = next.next else {
            return Err(Failure::defect("a decided claim has no packet to take").into());
        };
        let (deck, sequence) = (next.deck.name(), i64::from(sequence));
        let amount_fen = rows::packet_amount_fen(read, &city.city, day.day, deck, sequence)?
            .ok_or_else(|| Failure::defect("a planned packet is not in the database"))?;
        let friend = match kind {
            ChanceKind::Base => None,
            ChanceKind::Referral => gathered
                .referral_open
                .as_ref()
                .map(|chance| chance.friend.clone()),
        };
        let scope = scope_of(&self.season, &city.city);
        let kind = kind_name(kind);
        Ok(AwardRow {
            award: self.keys.content_number(&[
                "award",
                &scope,
                self.person.as_str(),
                kind,
                friend.as_deref().unwrap_or_default(),
            ]),
            person: self.person.as_str().to_owned(),
            city: city.city.clone(),
            opens_ms: city.opens_ms,
            closes_ms: city.closes_ms,
            kind,
            scope,
            friend,
            attempt,
            day: day.day,
            deck: deck.to_owned(),
            sequence,
            amount_fen,
            decided_ms: decided.timestamp_millis(),
            request_key: self.request.request_key.clone(),
        })
    }

    /// Moves both counters under their ceilings, then writes the award.
    fn take(&self, tx: &Tx<'_>, gathered: &Gathered, award: &AwardRow) -> Result<(), Error> {
        let is_top = award.deck == DeckKind::Top.name()
            && award.amount_fen == season::fen_column(self.season.rules.top_packet());
        let fits = awards::raise_counters(
            tx,
            &DayMove {
                city: &award.city,
                day: award.day,
                deck: &award.deck,
                amount_fen: award.amount_fen,
                is_top,
                taken_before: gathered.day.taken,
            },
        )?;
        if !fits {
            return Err(Failure::defect("a planned packet does not fit under its ceilings").into());
        }
        Ok(awards::insert(tx, award)?)
    }

    /// Writes the payment: its number, its frozen request, and what the ledger moves.
    fn queue_payment(
        &self,
        tx: &Tx<'_>,
        award: &AwardRow,
        decided: DateTime<Utc>,
    ) -> Result<(), Error> {
        let amount_fen = u64::try_from(award.amount_fen).map_err(Failure::defect)?;
        let (payout, transfer) =
            Payout::reserve(Fen::new(amount_fen), decided).map_err(Failure::defect)?;
        let person = people::person(&tx.read(), self.person.as_str())?
            .ok_or_else(|| Failure::defect("an award's person is not there"))?;
        let issuer = Issuer {
            season: &self.season,
            wechat: &self.wechat,
            keys: &self.keys,
            entropy: self.entropy.as_ref(),
        };
        let openid = login::openid(&self.keys, &person)?;
        let payment = issuer.payment(&award.award, &payout, openid)?;
        let decided_ms = decided.timestamp_millis();
        payments::insert(tx, &payment, "reserve", decided_ms)?;
        payments::insert_transfer(
            tx,
            &TransferRow {
                city: &award.city,
                debit: transfer.debit().name(),
                credit: transfer.credit().name(),
                amount_fen: award.amount_fen,
                bill_number: &payment.bill_number,
                at_ms: decided_ms,
            },
        )?;
        Ok(())
    }
}

/// The packet of a repeated request; the same key with another attempt is not a repetition.
fn same_claim(request: &ClaimRequest, view: PacketView) -> Result<PacketView, Error> {
    match &request.attempt {
        Some(attempt) if *attempt != view.attempt => Err(Refusal::KeyReused.into()),
        _ => Ok(view),
    }
}

/// The packet that was granted under the same request key, if one was.
async fn answered(
    app: &App,
    person: &PersonId,
    request: &ClaimRequest,
) -> Result<Option<PacketView>, Error> {
    let (who, key) = (person.clone(), request.request_key.clone());
    let Some(key) = key else {
        return Ok(None);
    };
    let view = app
        .store
        .read(move |read| Ok::<_, Error>(awards::of_request(read, who.as_str(), &key)?))
        .await?;
    view.map(|view| same_claim(request, view)).transpose()
}

/// The city a claim is about: its attempt's, or the one that is open.
async fn city_of(app: &App, person: &PersonId, request: &ClaimRequest) -> Result<CityRow, Error> {
    let Some(id) = request.attempt.clone() else {
        return season::open_city(app, app.now()).await;
    };
    let who = person.clone();
    let found = app
        .store
        .read(move |read| {
            let attempt =
                attempts::attempt(read, &id)?.filter(|attempt| attempt.person == who.as_str());
            match attempt {
                Some(attempt) => Ok::<_, Error>(rows::city(read, &attempt.city)?),
                None => Ok(None),
            }
        })
        .await?;
    found.ok_or_else(|| Refusal::NotFound.into())
}

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

fn kind_name(kind: ChanceKind) -> &'static str {
    match kind {
        ChanceKind::Base => "base",
        ChanceKind::Referral => "referral",
    }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
