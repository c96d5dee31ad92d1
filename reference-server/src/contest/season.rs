//! What is on: computed from the edition and the clock at each request, never switched.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use reward_core::{DayOffset, DayProgress, DeckKind, MoneyState, Next, PacketPlan, next_packet};
use schedule_core::{Round, ShanghaiDay};
use serde::{Deserialize, Serialize};

use super::{
    Error, Failure, Refusal,
    pause::{self, Paused, Subject},
    sealed,
};
use crate::{
    app::{App, Season},
    store::season::{self as rows, CityRow, DayRow},
};

/// What is on at an instant, for the landing page and the API.
#[derive(Debug, Clone)]
pub struct Stage {
    /// The present instant.
    pub now: DateTime<Utc>,
    /// The city whose contest is open.
    pub current: Option<CityStage>,
    /// The city that opens next.
    pub next: Option<NextCity>,
    /// Whether no city has opened yet.
    pub before_first: bool,
    /// Whether the last city has closed.
    pub after_last: bool,
    /// Every city of the rotation, in order.
    pub stations: Vec<Station>,
}

/// The open city.
#[derive(Debug, Clone)]
pub struct CityStage {
    /// The city's slug.
    pub slug: String,
    /// The city's name.
    pub name: String,
    /// 1-based place in the rotation.
    pub ordinal: u16,
    /// Start of its window.
    pub opens: DateTime<Utc>,
    /// End of its window, exclusive.
    pub closes: DateTime<Utc>,
    /// 1-based day of its week.
    pub day: u32,
    /// What the organiser has paused, with his sentences.
    pub pauses: Vec<Paused>,
    /// What can still be won.
    pub money: Money,
}

impl CityStage {
    /// The organiser's sentence while this is paused.
    #[must_use]
    pub fn paused(&self, subject: Subject) -> Option<&str> {
        let mut pauses = self.pauses.iter();
        let paused = pauses.find(|paused| paused.subject == subject)?;
        Some(&paused.sentence)
    }
}

/// What a city can still give.
#[derive(Debug, Clone, Copy)]
pub struct Money {
    /// What is left of today's cap.
    pub today_left_fen: u64,
    /// Today's cap.
    pub today_cap_fen: u64,
    /// What is left of the pool.
    pub city_left_fen: u64,
    /// Whether a claim would be paid now.
    pub state: MoneyState,
    /// What is left of today in words instead of numbers.
    pub band: MoneyBand,
}

/// What is left of a day, rough on purpose: an exact number invites a rush.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoneyBand {
    /// More than two thirds.
    Plenty,
    /// More than a third.
    OverHalf,
    /// Something.
    Little,
    /// Nothing.
    None,
}

/// How much is told of what is left of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MoneyShown {
    /// A rough word.
    #[default]
    Band,
    /// The sum in fen.
    Exact,
    /// Only when there is nothing left.
    Hidden,
}

/// What is told of what is left of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoneyTold {
    /// A rough word.
    Band(MoneyBand),
    /// The sum, and the day's cap.
    Exact {
        /// What is left of today's cap.
        left_fen: u64,
        /// Today's cap.
        cap_fen: u64,
    },
    /// Nothing.
    Nothing,
}

impl Money {
    /// What is told of it; that there is nothing left, nobody is kept from knowing.
    #[must_use]
    pub fn told(&self, shown: MoneyShown) -> MoneyTold {
        match shown {
            _ if self.band == MoneyBand::None => MoneyTold::Band(MoneyBand::None),
            MoneyShown::Band => MoneyTold::Band(self.band),
            MoneyShown::Exact => MoneyTold::Exact {
                left_fen: self.today_left_fen,
                cap_fen: self.today_cap_fen,
            },
            MoneyShown::Hidden => MoneyTold::Nothing,
        }
    }
}

/// The city that opens next.
#[derive(Debug, Clone)]
pub struct NextCity {
    /// The city's slug.
    pub slug: String,
    /// The city's name.
    pub name: String,
    /// Start of its window.
    pub opens: DateTime<Utc>,
    /// Whether its preheat has begun.
    pub preheat: bool,
}

/// One city of the rotation.
#[derive(Debug, Clone)]
pub struct Station {
    /// 1-based place in the rotation.
    pub ordinal: u16,
    /// The city's slug.
    pub slug: String,
    /// The city's name.
    pub name: String,
    /// Start of its window.
    pub opens: DateTime<Utc>,
    /// End of its window, exclusive.
    pub closes: DateTime<Utc>,
    /// Where it stands now.
    pub state: StationState,
}

/// Where a city of the rotation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StationState {
    /// It has closed.
    Past,
    /// It is open.
    Current,
    /// It opens next.
    Next,
    /// It opens later.
    Later,
}

/// What is on at this instant.
///
/// # Errors
/// Fails when the database does.
pub async fn stage(app: &App) -> Result<Stage, Error> {
    let now = app.now();
    let edition = app.season.edition();
    let current_round = edition.contest_at(now);
    let next_round = edition.next_opening(now);
    let current = match current_round {
        Some(round) => city_stage(app, round, now).await?,
        None => None,
    };
    let next = next_round.map(|round| NextCity {
        slug: round.city().slug().as_str().to_owned(),
        name: app.season.city_name(round.city().slug().as_str()),
        opens: round.window().start(),
        preheat: edition
            .preheat_at(now)
            .is_some_and(|preheat| preheat.city() == round.city()),
    });
    let stations = (1..)
        .zip(edition.rounds())
        .map(|(ordinal, round)| station(app, ordinal, round, now, next_round))
        .collect();
    Ok(Stage {
        now,
        before_first: edition
            .rounds()
            .first()
            .is_some_and(|round| now < round.window().start()),
        after_last: edition
            .rounds()
            .last()
            .is_some_and(|round| now >= round.window().end()),
        current,
        next,
        stations,
    })
}

/// How far the clock that decides is ahead of this process's, when that is too far to decide anything here.
///
/// # Errors
/// Fails when the database does.
pub async fn clock_far_off(app: &App) -> Result<Option<TimeDelta>, Error> {
    let now_ms = app.now().timestamp_millis();
    let by_ms = app
        .store
        .read(move |read| Ok::<_, Error>(rows::clock_far_off_ms(read, now_ms)?))
        .await?;
    Ok(by_ms.map(TimeDelta::milliseconds))
}

/// Raises the latch of the open city, so that a clock that falls back cannot reopen it.
///
/// # Errors
/// Fails when the database does.
pub async fn heartbeat(app: &App) -> Result<(), Error> {
    let clock = Arc::clone(&app.clock);
    app.store
        .write(move |tx| {
            rows::heartbeat(tx, clock.now().timestamp_millis())?;
            Ok(())
        })
        .await
}

/// The latest instant at which any city decided anything.
///
/// # Errors
/// Fails when the database does.
pub async fn latest_decision(app: &App) -> Result<Option<DateTime<Utc>>, Error> {
    let latest_ms = app
        .store
        .read(|read| Ok::<_, Error>(rows::latest_decision_ms(read)?))
        .await?;
    Ok(latest_ms.filter(|&ms| ms > 0).map(instant))
}

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// Shanghai is ahead of UTC.
const AHEAD_MS: i64 = 8 * HOUR_MS;

/// The Shanghai hour number of an instant.
#[must_use]
pub(crate) fn hour_of(at_ms: i64) -> i64 {
    at_ms.saturating_add(AHEAD_MS).div_euclid(HOUR_MS)
}

/// When the Shanghai day of an instant begins.
#[must_use]
pub(crate) fn start_of_day_ms(at_ms: i64) -> i64 {
    at_ms.saturating_sub(at_ms.saturating_add(AHEAD_MS).rem_euclid(DAY_MS))
}

/// The slug of the city whose contest is open now.
#[must_use]
pub fn open_slug(app: &App) -> Option<String> {
    let edition = app.season.edition();
    let round = edition.contest_at(app.now())?;
    Some(round.city().slug().as_str().to_owned())
}

/// That no city is open, and when the next one opens.
pub(crate) fn none_open(season: &Season, now: DateTime<Utc>) -> Refusal {
    Refusal::NoCityOpen {
        next_opens: season
            .edition()
            .next_opening(now)
            .map(|round| round.window().start()),
    }
}

/// The city whose contest is open at `now` by the timetable.
///
/// # Errors
/// Refuses with [`Refusal::NoCityOpen`].
pub(crate) fn slug_at(season: &Season, now: DateTime<Utc>) -> Result<String, Refusal> {
    season
        .edition()
        .contest_at(now)
        .map(|round| round.city().slug().as_str().to_owned())
        .ok_or_else(|| none_open(season, now))
}

/// The row of the city whose contest is open at `now`.
///
/// # Errors
/// Refuses with [`Refusal::NoCityOpen`].
pub(crate) async fn open_city(app: &App, now: DateTime<Utc>) -> Result<CityRow, Error> {
    let slug = slug_at(&app.season, now)?;
    let city = app
        .store
        .read(move |read| Ok::<_, Error>(rows::city(read, &slug)?))
        .await?;
    city.filter(is_open)
        .ok_or_else(|| none_open(&app.season, now).into())
}

/// Whether a city that is open by the timetable has not decided anything at or after its end.
pub(super) fn is_open(city: &CityRow) -> bool {
    // The latch: a clock that fell back does not reopen a city.
    city.last_decision_ms < city.closes_ms
}

/// What the next claim of a city's day meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NextClaim {
    /// Which deck it takes from.
    pub deck: DeckKind,
    /// Whether and which packet.
    pub next: Next,
}

/// Which packet the next claim takes, by reward-core's one rule.
pub(crate) fn next_claim(
    plan: &PacketPlan,
    city: &CityRow,
    day_row: &DayRow,
    decided: DateTime<Utc>,
) -> Result<NextClaim, Failure> {
    let day = contest_day(city, day_row.day)
        .ok_or_else(|| Failure::defect(format!("{} has no day {}", city.city, day_row.day)))?;
    let deck = match day_row.deck.as_deref() {
        Some("top") => DeckKind::Top,
        Some(_) => DeckKind::Plain,
        None => plan.deck_for(day, city.top_awarded),
    };
    let rule = plan
        .day_rule(day, deck)
        .ok_or_else(|| Failure::defect(format!("no {deck} deck for day {day}")))?;
    let progress = DayProgress {
        taken: u32::try_from(day_row.taken).map_err(|_range| Failure::defect("taken"))?,
        top_taken: day_row.top_taken,
    };
    let next = next_packet(&rule, progress, DayOffset::of(decided)).map_err(Failure::defect)?;
    Ok(NextClaim { deck, next })
}

/// Whether a claim at `decided` would be paid, in reward-core's words.
pub(crate) fn money_state(
    plan: &PacketPlan,
    city: &CityRow,
    day_row: &DayRow,
    decided: DateTime<Utc>,
) -> Result<MoneyState, Failure> {
    let today = ShanghaiDay::from_instant(decided);
    let next_day = (today.end().timestamp_millis() < city.closes_ms).then(|| today.end());
    Ok(match next_claim(plan, city, day_row, decided)?.next {
        Next::Take { .. } => MoneyState::Available,
        Next::NotReleasedUntil { offset } => MoneyState::NotReleasedUntil(
            today.start() + TimeDelta::milliseconds(i64::from(offset.ms())),
        ),
        Next::DayExhausted => match next_day {
            Some(_) => MoneyState::DayExhausted { next_day },
            None => MoneyState::CityExhausted,
        },
    })
}

/// An instant from the database.
#[must_use]
pub fn instant(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(ms).unwrap_or(DateTime::UNIX_EPOCH)
}

/// Which of a city's days a Shanghai day is, from 1; `None` before the first.
pub(super) fn contest_day(city: &CityRow, day: i64) -> Option<u8> {
    let first = ShanghaiDay::from_instant(instant(city.opens_ms)).number();
    u8::try_from(day.checked_sub(i64::from(first))?.checked_add(1)?).ok()
}

async fn city_stage(
    app: &App,
    round: &Round,
    now: DateTime<Utc>,
) -> Result<Option<CityStage>, Error> {
    let slug = round.city().slug().as_str().to_owned();
    let today = i64::from(ShanghaiDay::from_instant(now).number());
    let found = app
        .store
        .read(move |read| {
            let pauses = pause::paused(read, &slug)?;
            let city = rows::city(read, &slug)?;
            Ok::<_, Error>((city, rows::day(read, &slug, today)?, pauses))
        })
        .await?;
    let (Some(city), Some(day), pauses) = found else {
        return Ok(None);
    };
    let plan = sealed::plan(app, &city)?;
    Ok(Some(CityStage {
        name: app.season.city_name(&city.city),
        ordinal: u16::try_from(city.ordinal).unwrap_or_default(),
        opens: instant(city.opens_ms),
        closes: instant(city.closes_ms),
        day: round
            .window()
            .contest_day(now)
            .map_or(1, schedule_core::ContestDay::ordinal),
        money: money(money_state(plan.plan(), &city, &day, now)?, &city, &day),
        pauses,
        slug: city.city,
    }))
}

fn money(state: MoneyState, city: &CityRow, day: &DayRow) -> Money {
    let left = |whole: i64, used: i64| u64::try_from(whole.saturating_sub(used)).unwrap_or(0);
    let today_cap_fen = u64::try_from(day.cap_fen).unwrap_or(0);
    let today_left_fen = left(day.cap_fen, day.used_fen);
    let thirds = today_left_fen.saturating_mul(3);
    let band = match state {
        MoneyState::DayExhausted { .. } | MoneyState::CityExhausted => MoneyBand::None,
        MoneyState::Available | MoneyState::NotReleasedUntil(_) => {
            if thirds > today_cap_fen.saturating_mul(2) {
                MoneyBand::Plenty
            } else if thirds > today_cap_fen {
                MoneyBand::OverHalf
            } else {
                MoneyBand::Little
            }
        }
    };
    Money {
        today_left_fen,
        today_cap_fen,
        city_left_fen: left(city.pool_fen, city.used_fen),
        state,
        band,
    }
}

fn station(
    app: &App,
    ordinal: u16,
    round: &Round,
    now: DateTime<Utc>,
    next: Option<&Round>,
) -> Station {
    let window = round.window();
    let state = if window.contains(now) {
        StationState::Current
    } else if now >= window.end() {
        StationState::Past
    } else if next.is_some_and(|next| next.city() == round.city()) {
        StationState::Next
    } else {
        StationState::Later
    };
    Station {
        ordinal,
        slug: round.city().slug().as_str().to_owned(),
        name: app.season.city_name(round.city().slug().as_str()),
        opens: window.start(),
        closes: window.end(),
        state,
    }
}

/// An amount as a column; every amount of a season is far below the column's range.
pub(crate) fn fen_column(amount: reward_core::Fen) -> i64 {
    i64::try_from(amount.get()).unwrap_or(i64::MAX)
}
