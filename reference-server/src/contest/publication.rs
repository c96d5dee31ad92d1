//! What anybody may check of a city: commitment and root before it opens, a head each evening, everything after its end.
//!
//! The format of every text is that of `reward-core/VERIFYING.md`; the command `verify` checks a city's file.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};
use reward_core::{
    AwardEntry, AwardLog, CityFile, Claimant, DailyHead, DayOffset, DayProgress, DeckKind, Fen,
    Next, Receipt, SealedPlan, canonical_spec, next_packet,
};
use schedule_core::ShanghaiDay;

use super::{
    Error, Failure, PersonId, Refusal,
    question_correction::{self, PublicCorrection},
    sealed,
    season::{contest_day, instant},
};
use crate::{
    app::App,
    store::{
        awards::{self, LogRow},
        season::{self as rows, CityRow},
    },
};

/// How long after the end of a day its head is published, and after the end of a city its file.
///
/// A decision is committed some moments after its instant; by then every one of the day is.
pub const AFTER_END: TimeDelta = TimeDelta::minutes(10);

/// What is public about one city.
#[derive(Debug, Clone)]
pub struct CityRecord {
    /// The city's slug.
    pub slug: String,
    /// The city's name.
    pub name: String,
    /// Digest of the frozen bank.
    pub bank_digest: String,
    /// Commitment to the seed and the rules.
    pub commitment: String,
    /// Root over all packets.
    pub root: String,
    /// What was wrong with the bank, once the city has opened.
    pub corrections: Vec<PublicCorrection>,
    /// The heads of the days that have ended, in order.
    pub heads: Arc<[DailyHead]>,
    /// From when the seed and the awards are public.
    pub disclosed_from: DateTime<Utc>,
    /// Whether they are.
    pub is_disclosed: bool,
}

/// What is public about every planned city, in the order of play.
///
/// The heads of a day are computed once in a process and remembered; that costs a pass over the city's awards.
///
/// # Errors
/// Fails when the database does, or holds what its keys do not open.
pub async fn cities(app: &App) -> Result<Vec<CityRecord>, Error> {
    let now = app.now();
    let planned = app
        .store
        .read(|read| Ok::<_, Error>(rows::cities(read)?))
        .await?;
    let mut records = Vec::with_capacity(planned.len());
    for city in planned {
        records.push(record(app, city, now).await?);
    }
    Ok(records)
}

/// What is public about one city; `None` until it is planned.
///
/// # Errors
/// As [`cities`].
pub async fn city(app: &App, slug: &str) -> Result<Option<CityRecord>, Error> {
    let wanted = slug.to_owned();
    let planned = app
        .store
        .read(move |read| Ok::<_, Error>(rows::city(read, &wanted)?))
        .await?;
    match planned {
        Some(city) => Ok(Some(record(app, city, app.now()).await?)),
        None => Ok(None),
    }
}

async fn record(app: &App, city: CityRow, now: DateTime<Utc>) -> Result<CityRecord, Error> {
    let disclosed_from = disclosed_from(&city);
    Ok(CityRecord {
        corrections: question_correction::public(app, &city, now).await?,
        heads: heads(app, &city, now).await?,
        name: app.season.city_name(&city.city),
        slug: city.city,
        bank_digest: city.bank,
        commitment: city.plan_commitment,
        root: city.plan_root,
        disclosed_from,
        is_disclosed: now >= disclosed_from,
    })
}

/// The file of a city that has ended: seed, heads and every award; `CityFile::audit` checks it.
///
/// # Errors
/// Refused for an unknown city, and before its end; fails when the database does.
pub async fn city_file(app: &App, slug: &str) -> Result<CityFile, Error> {
    let now = app.now();
    let wanted = slug.to_owned();
    let city = app
        .store
        .read(move |read| Ok::<_, Error>(rows::city(read, &wanted)?))
        .await?
        .ok_or(Refusal::UnknownCity)?;
    let from = disclosed_from(&city);
    if now < from {
        return Err(Refusal::NotDisclosed { from }.into());
    }
    let seed = sealed::seed(&app.keys, &app.season, &city)?;
    let log = entries(app, &city, city.closes_ms).await?;
    let heads = heads(app, &city, now).await?;
    Ok(CityFile {
        spec: canonical_spec(&app.season.rules),
        commitment: city.plan_commitment,
        beacon_value: None,
        root: city.plan_root,
        opens_ms: city.opens_ms,
        heads: heads.iter().map(ToString::to_string).collect(),
        // A receipt belongs to its claimant.
        receipts: Vec::new(),
        log: log.iter().map(ToString::to_string).collect(),
        seed: hex::encode(seed.reveal()),
        city: city.city,
    })
}

/// A person's proof that his packet was sealed before the city opened; valid at once.
#[derive(Debug, Clone)]
pub struct PacketReceipt {
    /// The receipt.
    pub receipt: Receipt,
    /// The root that was published before the city opened.
    pub root: String,
    /// The city's name.
    pub city_name: String,
}

/// The receipt of one of a person's packets.
///
/// # Errors
/// Refused for a packet that is not his; fails when the database does.
pub async fn receipt(app: &App, person: &PersonId, award: &str) -> Result<PacketReceipt, Error> {
    let (who, award) = (person.clone(), award.to_owned());
    let (place, city) = app
        .store
        .read(move |read| {
            let place = awards::place(read, who.as_str(), &award)?.ok_or(Refusal::NotFound)?;
            let city = rows::city(read, &place.city)?.ok_or(Refusal::UnknownCity)?;
            Ok::<_, Error>((place, city))
        })
        .await?;
    let plan = sealed::plan(app, &city)?;
    let receipt = (|| {
        let day = contest_day(&city, place.day)?;
        let deck = DeckKind::from_name(&place.deck)?;
        plan.receipt(day, deck, u32::try_from(place.sequence).ok()?)
    })();
    Ok(PacketReceipt {
        receipt: receipt
            .ok_or_else(|| Failure::defect("an award takes a packet that was not planned"))?,
        city_name: app.season.city_name(&city.city),
        root: city.plan_root,
    })
}

fn disclosed_from(city: &CityRow) -> DateTime<Utc> {
    instant(city.closes_ms) + AFTER_END
}

/// The heads of the days that have ended, from memory or computed.
async fn heads(app: &App, city: &CityRow, now: DateTime<Utc>) -> Result<Arc<[DailyHead]>, Error> {
    let ended = ended_days(city, now);
    if let Some(known) = app.cached_heads(&city.city)
        && known.len() == usize::from(ended)
    {
        return Ok(known);
    }
    let plan = sealed::plan(app, city)?;
    let entries = entries(app, city, end_of(city, ended)).await?;
    let mut log = AwardLog::open(plan.root());
    let mut entries = entries.iter().peekable();
    let mut heads = Vec::with_capacity(usize::from(ended));
    for day in 1..=ended {
        while let Some(entry) = entries.next_if(|entry| entry.day == day) {
            log.append(entry).map_err(Failure::defect)?;
        }
        heads.push(log.daily_head(day));
    }
    let heads: Arc<[DailyHead]> = heads.into();
    app.cache_heads(city.city.clone(), Arc::clone(&heads));
    Ok(heads)
}

/// How many days of the city have ended and been given their time to settle.
fn ended_days(city: &CityRow, now: DateTime<Utc>) -> u8 {
    let settled = now - AFTER_END;
    if settled.timestamp_millis() >= city.closes_ms {
        return contest_day(city, last_day(city)).unwrap_or(0);
    }
    let today = i64::from(ShanghaiDay::from_instant(settled).number());
    contest_day(city, today).map_or(0, |day| day.saturating_sub(1))
}

fn last_day(city: &CityRow) -> i64 {
    let last = instant(city.closes_ms) - TimeDelta::milliseconds(1);
    i64::from(ShanghaiDay::from_instant(last).number())
}

/// The end of the n-th day of a city; its opening for 0.
fn end_of(city: &CityRow, days: u8) -> i64 {
    let span_ms = i64::from(days).saturating_mul(i64::from(reward_core::DAY_MS));
    city.opens_ms.saturating_add(span_ms)
}

/// The awards that a city decided before an instant, as the public log tells them.
async fn entries(app: &App, city: &CityRow, before_ms: i64) -> Result<Vec<AwardEntry>, Error> {
    let slug = city.city.clone();
    let rows = app
        .store
        .read(move |read| Ok::<_, Error>(awards::log(read, &slug, before_ms)?))
        .await?;
    let plan = sealed::plan(app, city)?;
    let mut entries = Vec::with_capacity(rows.len());
    for (number, (day, row)) in (0..).zip(in_order(&plan, city, rows)?) {
        let fen = |fen: i64| u64::try_from(fen).ok().map(Fen::new);
        let entry = || {
            Some(AwardEntry {
                number,
                decided_ms: row.decided_ms,
                day,
                deck: DeckKind::from_name(&row.deck)?,
                sequence: u32::try_from(row.sequence).ok()?,
                amount: fen(row.amount_fen)?,
                claimant: Claimant::from_bytes(app.keys.claimant(&city.city, &row.person)),
            })
        };
        entries.push(entry().ok_or_else(|| Failure::defect("an award that no plan can hold"))?);
    }
    Ok(entries)
}

/// Puts awards into the order in which they were decided; those of one millisecond by the rule of taking.
fn in_order(
    plan: &SealedPlan,
    city: &CityRow,
    rows: Vec<LogRow>,
) -> Result<Vec<(u8, LogRow)>, Failure> {
    let mut by_instant: BTreeMap<i64, BTreeMap<u32, LogRow>> = BTreeMap::new();
    let n_rows = rows.len();
    for row in rows {
        let sequence = u32::try_from(row.sequence)
            .map_err(|_range| Failure::defect("the place of an award"))?;
        by_instant
            .entry(row.decided_ms)
            .or_default()
            .insert(sequence, row);
    }
    let mut ordered = Vec::with_capacity(n_rows);
    let mut day = 0;
    let mut progress = DayProgress {
        taken: 0,
        top_taken: false,
    };
    for (decided_ms, mut rows) in by_instant {
        let decided = instant(decided_ms);
        let today = contest_day(city, i64::from(ShanghaiDay::from_instant(decided).number()))
            .ok_or_else(|| Failure::defect("an award outside its city's days"))?;
        if today != day {
            day = today;
            progress.taken = 0;
            progress.top_taken = false;
        }
        while let Some(first) = rows.values().next() {
            let deck =
                DeckKind::from_name(&first.deck).ok_or_else(|| Failure::defect("a deck's name"))?;
            let rule = plan
                .plan()
                .day_rule(day, deck)
                .ok_or_else(|| Failure::defect("an award of a deck that was not planned"))?;
            let next =
                next_packet(&rule, progress, DayOffset::of(decided)).map_err(Failure::defect)?;
            let Next::Take { sequence } = next else {
                return Err(Failure::defect("an award when no packet could be taken"));
            };
            let row = rows
                .remove(&sequence)
                .ok_or_else(|| Failure::defect("an award out of turn"))?;
            progress.taken = progress.taken.saturating_add(1);
            progress.top_taken |= rule.top_sequence == Some(sequence);
            ordered.push((day, row));
        }
    }
    Ok(ordered)
}
