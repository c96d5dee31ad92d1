//! Claims that wait together become awards: the facts of all are read at once, each is decided
//! by itself in the order of arrival, and all awards are written at once.
//!
//! In the transaction, in this order: the first answers to the same requests, if there were
//! any; the decision instant under each city's latch; the facts; reward-core's decision; the
//! packet that reward-core's rule names; then the counters under their ceilings, the awards,
//! their payments, the ledger's transfers, the audit event.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use reward_core::{
    BaseUse, ChanceKind, ClaimDecision, ClaimFacts, ClaimPhase, DeckKind, Fen, MoneyState, Next,
    PacketPlan, Payout, SealedPlan,
};
use schedule_core::ShanghaiDay;

use super::{
    Error, Failure, PersonId, Refusal,
    claim::{self, ClaimRequest},
    login, order, pause,
    question_correction::Known,
    sealed, season,
};
use crate::{
    app::{App, Season},
    clock::Clock,
    crash_point::{Point, reach},
    privacy::Keys,
    store::{
        Outcomes, Read, Together, Tx, WriteTogether, attempts, audit,
        awards::{self, AwardRow, DayMove, PacketView},
        payments::{self, PaymentRow, TransferRow},
        season::{self as rows, CityRow, DayRow},
        standings::{Asked, PastAward, Standing, standings},
    },
};

/// What a claim comes to: a chance to use, or one reason why not.
pub(super) type Decision = Result<ClaimDecision, Refusal>;

/// What decisions are made with, beside the database.
#[derive(Clone)]
pub(crate) struct Means {
    clock: Arc<dyn Clock>,
    pub(super) season: Arc<Season>,
    keys: Arc<Keys>,
    plans: Arc<sealed::Plans>,
    pub(super) corrections: Arc<Known>,
}

impl Means {
    pub(crate) fn of(app: &App) -> Self {
        Self {
            clock: Arc::clone(&app.clock),
            season: Arc::clone(&app.season),
            keys: Arc::clone(&app.keys),
            plans: Arc::clone(&app.memory.plans),
            corrections: Arc::clone(&app.memory.corrections),
        }
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub(super) fn plan(&self, city: &CityRow) -> Result<Arc<SealedPlan>, Failure> {
        self.plans.of(&self.keys, &self.season, city)
    }
}

/// A claim on its way to the writer.
pub(crate) struct Claim {
    /// Who claims.
    pub(crate) person: PersonId,
    /// What the claim names.
    pub(crate) request: ClaimRequest,
    /// The city that was open when the claim was made, or that none was.
    pub(crate) open_city: Result<String, Refusal>,
    /// What it is decided with.
    pub(crate) means: Means,
}

impl Together for Claim {
    type Answer = PacketView;
    type Error = Error;
}

impl WriteTogether for Claim {
    fn write(tx: &Tx<'_>, group: &[Self]) -> Result<Outcomes<Self>, Error> {
        let mut outcomes = Vec::with_capacity(group.len());
        while let Some(rest) = group.get(outcomes.len()..)
            && !rest.is_empty()
        {
            outcomes.append(&mut round(tx, rest)?);
        }
        Ok(outcomes)
    }
}

impl Claim {
    fn asked(&self) -> Asked<'_> {
        Asked {
            person: self.person.as_str(),
            attempt: self.request.attempt.as_deref(),
            city: self.open_city.as_deref().ok(),
        }
    }

    /// Whether this is the request that was granted under that key with that attempt.
    fn repeats(&self, attempt: &str, request_key: Option<&str>) -> Result<bool, Refusal> {
        let key = self.request.request_key.as_deref();
        let wanted = self.request.attempt.as_deref();
        if key.is_none() || key != request_key {
            Ok(false)
        } else if wanted.is_none_or(|wanted| wanted == attempt) {
            Ok(true)
        } else {
            Err(Refusal::KeyReused)
        }
    }
}

/// Decides claims in their order, up to one that must see the rows of an earlier one.
fn round(tx: &Tx<'_>, claims: &[Claim]) -> Result<Outcomes<Claim>, Error> {
    let asked: Vec<Asked<'_>> = claims.iter().map(Claim::asked).collect();
    let standings = standings(&tx.read(), &asked)?;
    let mut table = Table::default();
    let mut granted: HashMap<&str, usize> = HashMap::new();
    let mut outcomes = Vec::with_capacity(claims.len());
    for (claim, standing) in claims.iter().zip(&standings) {
        let earlier = granted
            .get(claim.person.as_str())
            .and_then(|&index| table.views.get(index).zip(table.awards.get(index)));
        let outcome = match repeated(&tx.read(), claim, standing, earlier) {
            Ok(Some(view)) => Ok(view),
            Err(error) => Err(error),
            // A person's second packet is decided when the first one's rows are there.
            Ok(None) if earlier.is_some() => break,
            Ok(None) => table.grant(tx, claim, standing).inspect(|_view| {
                granted.insert(claim.person.as_str(), table.awards.len().saturating_sub(1));
            }),
        };
        outcomes.push(outcome);
    }
    table.write(tx)?;
    Ok(outcomes)
}

/// The packet of a request that was granted before; the same key with another attempt is no repetition.
fn repeated(
    read: &Read<'_>,
    claim: &Claim,
    standing: &Standing,
    earlier: Option<(&PacketView, &AwardRow)>,
) -> Result<Option<PacketView>, Error> {
    let stored = |past: &PastAward| {
        awards::award(read, claim.person.as_str(), &past.award)?
            .ok_or_else(|| Error::from(Failure::defect("an award of a person is not there")))
            .map(Some)
    };
    for past in &standing.awards {
        if claim.repeats(&past.attempt, past.request_key.as_deref())? {
            return stored(past);
        }
    }
    if let Some((view, award)) = earlier
        && claim.repeats(&award.attempt, award.request_key.as_deref())?
    {
        return Ok(Some(view.clone()));
    }
    let Some(wanted) = &claim.request.attempt else {
        return Ok(None);
    };
    if let Some(past) = standing.awards.iter().find(|past| past.attempt == *wanted) {
        return stored(past);
    }
    Ok(earlier
        .filter(|(_view, award)| award.attempt == *wanted)
        .map(|(view, _award)| view.clone()))
}

/// A city while claims of it are decided.
struct Board {
    city: CityRow,
    day: DayRow,
    decided: DateTime<Utc>,
    /// The day's packets taken before.
    taken_before: i64,
    /// What this round takes.
    amount_fen: i64,
    takes_top: bool,
}

/// What a round of claims has decided and not yet written.
#[derive(Default)]
struct Table {
    boards: BTreeMap<String, Board>,
    awards: Vec<AwardRow>,
    payments: Vec<PaymentRow>,
    /// Debit and credit of each payment.
    accounts: Vec<(&'static str, &'static str)>,
    views: Vec<PacketView>,
}

impl Table {
    /// The city as this round has left it; `None` when there is no such city.
    fn board(
        &mut self,
        tx: &Tx<'_>,
        slug: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<&mut Board>, Error> {
        if !self.boards.contains_key(slug) {
            let Some(city) = rows::latch(tx, slug, now.timestamp_millis())? else {
                return Ok(None);
            };
            let decided = season::instant(city.last_decision_ms);
            let day = day_of(&tx.read(), &city, decided)?;
            let board = Board {
                taken_before: day.taken,
                amount_fen: 0,
                takes_top: false,
                city,
                day,
                decided,
            };
            self.boards.insert(slug.to_owned(), board);
        }
        Ok(self.boards.get_mut(slug))
    }

    /// Decides one claim and notes what it takes.
    fn grant(
        &mut self,
        tx: &Tx<'_>,
        claim: &Claim,
        standing: &Standing,
    ) -> Result<PacketView, Error> {
        let means = &claim.means;
        let is_named = claim.request.attempt.is_some();
        let slug = match &claim.open_city {
            _ if is_named => standing.attempt_city.as_deref().ok_or(Refusal::NotFound)?,
            Ok(slug) => slug,
            Err(refusal) => return Err(refusal.clone().into()),
        };
        // Read here and not before: a claim that waited in the queue is decided when it is its turn.
        let now = means.now();
        let none_open = || season::none_open(&means.season, now);
        let board = match self.board(tx, slug, now)? {
            Some(board) => board,
            None if is_named => return Err(Refusal::UnknownCity.into()),
            None => return Err(none_open().into()),
        };
        let closes = season::instant(board.city.closes_ms);
        if !is_named && now < closes && closes <= board.decided {
            // The latch: a clock that fell back does not reopen a city.
            return Err(none_open().into());
        }
        let plan = means.plan(&board.city)?;
        let has_pass = standing.unused_pass.is_some()
            || (is_named && attempts::has_unused_pass(&tx.read(), claim.person.as_str(), slug)?);
        let facts = facts(
            &means.season,
            plan.plan(),
            standing,
            has_pass,
            (&board.city, &board.day),
            board.decided,
        )?;
        let decision = decide(&facts, &board.city)?;
        let award = award(claim, standing, plan.plan(), board, decision.kind)?;
        let (payment, accounts) = payment(means, standing, &award, board.decided)?;
        let view = view(&award, &payment, &board.city);
        board.take(&means.season, &award);
        self.awards.push(award);
        self.payments.push(payment);
        self.accounts.push(accounts);
        self.views.push(view.clone());
        Ok(view)
    }

    /// Moves the counters under their ceilings, then writes everything.
    fn write(self, tx: &Tx<'_>) -> Result<(), Error> {
        if self.awards.is_empty() {
            return Ok(());
        }
        for board in self.boards.values().filter(|board| board.amount_fen > 0) {
            let fits = awards::raise_counters(
                tx,
                &DayMove {
                    city: &board.city.city,
                    day: board.day.day,
                    deck: board.day.deck.as_deref().unwrap_or_default(),
                    n_packets: board.day.taken.saturating_sub(board.taken_before),
                    amount_fen: board.amount_fen,
                    takes_top: board.takes_top,
                    taken_before: board.taken_before,
                },
            )?;
            if !fits {
                return Err(
                    Failure::defect("planned packets do not fit under their ceilings").into(),
                );
            }
        }
        awards::insert_all(tx, &self.awards)?;
        reach(Point::Granting);
        let at_ms: Vec<i64> = self.awards.iter().map(|award| award.decided_ms).collect();
        payments::insert_all(tx, &self.payments, &at_ms)?;
        let transfers: Vec<TransferRow<'_>> = self
            .awards
            .iter()
            .zip(&self.payments)
            .zip(&self.accounts)
            .map(|((award, payment), &(debit, credit))| TransferRow {
                city: &award.city,
                debit,
                credit,
                amount_fen: award.amount_fen,
                bill_number: &payment.bill_number,
                at_ms: award.decided_ms,
            })
            .collect();
        payments::insert_transfers(tx, &transfers)?;
        // One link of the chain for what was decided together, a line for each award.
        let lines: Vec<String> = self
            .awards
            .iter()
            .map(|award| {
                format!(
                    "award={} city={} day={} deck={} sequence={} amount_fen={} decided_ms={}",
                    award.award,
                    award.city,
                    award.day,
                    award.deck,
                    award.sequence,
                    award.amount_fen,
                    award.decided_ms
                )
            })
            .collect();
        let at_ms = at_ms.into_iter().max().unwrap_or_default();
        Ok(audit::append(
            tx,
            at_ms,
            "server",
            "award.granted",
            &lines.join("\n"),
        )?)
    }
}

impl Board {
    /// Takes an award's packet away.
    fn take(&mut self, season: &Season, award: &AwardRow) {
        let is_top = award.deck == DeckKind::Top.name()
            && award.amount_fen == season::fen_column(season.rules.top_packet());
        self.day.taken = self.day.taken.saturating_add(1);
        self.day.used_fen = award.day_total_fen;
        self.day.deck = Some(award.deck.clone());
        self.day.top_taken |= is_top;
        self.city.top_awarded |= is_top;
        self.takes_top |= is_top;
        self.amount_fen = self.amount_fen.saturating_add(award.amount_fen);
    }
}

/// The day of a city at an instant; a day that the city does not have gives nothing.
pub(super) fn day_of(
    read: &Read<'_>,
    city: &CityRow,
    decided: DateTime<Utc>,
) -> Result<DayRow, Error> {
    let today = i64::from(ShanghaiDay::from_instant(decided).number());
    Ok(rows::day(read, &city.city, today)?.unwrap_or(DayRow {
        day: today,
        cap_fen: 0,
        used_fen: 0,
        deck: None,
        taken: 0,
        top_taken: false,
    }))
}

/// Everything that reward-core's decision looks at: one person's claim in a city on a day, at an instant.
pub(super) fn facts(
    season: &Season,
    plan: &PacketPlan,
    standing: &Standing,
    has_unused_pass: bool,
    (city, day): (&CityRow, &DayRow),
    decided: DateTime<Utc>,
) -> Result<ClaimFacts, Failure> {
    let opens = season::instant(city.opens_ms);
    let closes = season::instant(city.closes_ms);
    let phase = if decided < opens {
        ClaimPhase::NotYet { opens }
    } else if decided >= closes {
        ClaimPhase::Closed { closed: closes }
    } else if city.claims_paused.is_some() {
        ClaimPhase::Paused
    } else {
        ClaimPhase::Open
    };
    let money = match phase {
        ClaimPhase::Open | ClaimPhase::Paused => season::money_state(plan, city, day, decided)?,
        ClaimPhase::NotYet { .. } | ClaimPhase::Closed { .. } => MoneyState::CityExhausted,
    };
    let n_awarded_here = standing
        .awards
        .iter()
        .filter(|award| award.city == city.city)
        .count();
    Ok(ClaimFacts {
        phase,
        following: standing.following,
        // Whether there is one is all that the decision asks; counting a week of attempts
        // at every claim would be a lever against everybody else's. So it is with chances.
        passes_here: count(n_awarded_here.saturating_add(usize::from(has_unused_pass))),
        passes_unused_here: u32::from(has_unused_pass),
        base_used: base_use(&standing.awards, &city.city),
        referral_chances_open_here: u32::from(standing.open_friend.is_some()),
        scope: season.rules.claim_scope(),
        referral: season.rules.referral(),
        money,
    })
}

/// What reward-core decides, in the words people are told.
pub(super) fn decide(facts: &ClaimFacts, city: &CityRow) -> Decision {
    facts.decide().map_err(|refusal| pause::told(city, refusal))
}

/// Where the base chance was used; here, if it was used here at all.
fn base_use(awarded: &[PastAward], city: &str) -> Option<BaseUse> {
    let mut base = awarded.iter().filter(|award| award.kind == "base");
    let here = base.clone().find(|award| award.city == city);
    match here {
        Some(award) => Some(BaseUse::Here {
            at: season::instant(award.decided_ms),
        }),
        None => base.next().map(|award| BaseUse::Elsewhere {
            at: season::instant(award.decided_ms),
        }),
    }
}

fn award(
    claim: &Claim,
    standing: &Standing,
    plan: &PacketPlan,
    board: &Board,
    kind: ChanceKind,
) -> Result<AwardRow, Error> {
    let (city, day, means) = (&board.city, &board.day, &claim.means);
    let attempt = standing
        .unused_pass
        .clone()
        .ok_or(Refusal::Claim(reward_core::Refusal::NotPassed))?;
    let next = season::next_claim(plan, city, day, board.decided)?;
    let Next::Take { sequence } = next.next else {
        return Err(Failure::defect("a decided claim has no packet to take").into());
    };
    let amount = season::contest_day(city, day.day)
        .and_then(|number| plan.deck(number, next.deck)?.amount(sequence))
        .ok_or_else(|| Failure::defect("a planned packet is not in its deck"))?;
    let amount_fen = season::fen_column(amount);
    let friend = match kind {
        ChanceKind::Base => None,
        ChanceKind::Referral => standing.open_friend.clone(),
    };
    let scope = claim::scope_of(&means.season, &city.city);
    let kind = kind_name(kind);
    Ok(AwardRow {
        award: format!("{}-{}-{sequence}", city.city, day.day),
        person: claim.person.as_str().to_owned(),
        city: city.city.clone(),
        opens_ms: city.opens_ms,
        closes_ms: city.closes_ms,
        kind,
        scope,
        friend,
        attempt,
        gained: standing.is_gained,
        day: day.day,
        deck: next.deck.name().to_owned(),
        sequence: i64::from(sequence),
        amount_fen,
        day_total_fen: day.used_fen.saturating_add(amount_fen),
        decided_ms: board.decided.timestamp_millis(),
        request_key: claim.request.request_key.clone(),
    })
}

/// The payment of an award, and between which accounts it moves.
fn payment(
    means: &Means,
    standing: &Standing,
    award: &AwardRow,
    decided: DateTime<Utc>,
) -> Result<(PaymentRow, (&'static str, &'static str)), Error> {
    login::is_payable(&means.keys, &standing.openid_sealed)?;
    let amount_fen = u64::try_from(award.amount_fen).map_err(Failure::defect)?;
    let (payout, transfer) =
        Payout::reserve(Fen::new(amount_fen), decided).map_err(Failure::defect)?;
    let bill_number = order::first_number(
        &means.keys,
        &award.scope,
        &award.person,
        award.kind,
        award.friend.as_deref(),
    );
    let payment = order::payment(&means.season, &award.award, bill_number, &payout)?;
    let accounts = (transfer.debit().name(), transfer.credit().name());
    Ok((payment, accounts))
}

/// A new award as its person sees it.
fn view(award: &AwardRow, payment: &PaymentRow, city: &CityRow) -> PacketView {
    PacketView {
        award: award.award.clone(),
        city: award.city.clone(),
        kind: award.kind.to_owned(),
        friend: award.friend.clone(),
        attempt: award.attempt.clone(),
        amount_fen: award.amount_fen,
        decided_ms: award.decided_ms,
        bill_number: payment.bill_number.clone(),
        state: payment.state.clone(),
        machine: payment.machine.clone(),
        rail: payment.rail.clone(),
        package_sealed: None,
        due_ms: payment.due_ms,
        payouts_paused: city.payouts_paused.clone(),
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
