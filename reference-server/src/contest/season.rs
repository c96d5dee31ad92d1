//! A season: cities are planned and frozen once; what is on is computed at each request.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use quiz_core::{Halves, Position, Question, QuestionBank, QuestionDraft};
use reward_core::{
    DayOffset, DayProgress, DeckKind, MoneyState, Next, PacketPlan, PlanSeed, SeasonSeed,
    SeedCommitment, next_packet,
};
use schedule_core::{Round, ShanghaiDay};
use serde::{Deserialize, Serialize};

use super::{Error, Failure, Refusal};
use crate::{
    app::App,
    content::PROVINCE,
    generated, office,
    store::{
        Read, Tx, audit,
        season::{self as rows, CityRow, DayRow, PacketRow, SeasonRow},
    },
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
    /// The organiser's sentence while the city is paused.
    pub paused: Option<String>,
    /// What can still be won.
    pub money: Money,
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

/// What became of the cities at start.
#[derive(Debug, Clone, Default)]
pub struct Prepared {
    /// Cities that can be played.
    pub planned: Vec<String>,
    /// Cities that cannot, with the reason in plain words.
    pub missing: Vec<(String, String)>,
    /// Those of the planned that play with generated sample questions.
    pub generated: Vec<String>,
}

/// Freezes the bank and seals the packets of every city that is not planned yet.
///
/// Running it again changes nothing: a planned city keeps its bank and its packets.
///
/// # Errors
/// Fails when the database holds another season, or cannot be written.
pub async fn prepare(app: &App) -> Result<Prepared, Error> {
    let season = SeasonRow {
        season: app.season.name.clone(),
        edition: app.season.edition.slug().as_str().to_owned(),
        rules: reward_core::canonical_spec(&app.season.rules),
    };
    let now_ms = app.now().timestamp_millis();
    let stored = app
        .store
        .write(move |tx| keep_season(tx, &season, now_ms))
        .await?;
    if let Some(difference) = stored {
        return Err(Failure::Defect { what: difference }.into());
    }
    let planned = app
        .store
        .read(|read| Ok::<_, Error>(rows::cities(read)?))
        .await?;
    let mut prepared = Prepared::default();
    for (ordinal, round) in (1..).zip(app.season.edition.rounds()) {
        let slug = round.city().slug().as_str().to_owned();
        if planned.contains(&slug) {
            // With the wrong key nothing of it opens: better said now than at midnight.
            open_sealed(app, &slug).await?;
            prepared.planned.push(slug);
            continue;
        }
        match halves(app, &slug) {
            Ok((halves, is_generated)) => {
                plan_city(app, ordinal, round, halves).await?;
                if is_generated {
                    prepared.generated.push(slug.clone());
                }
                prepared.planned.push(slug);
            }
            Err(problem) => prepared.missing.push((slug, problem)),
        }
    }
    Ok(prepared)
}

/// What is on at this instant.
///
/// # Errors
/// Fails when the database does.
pub async fn stage(app: &App) -> Result<Stage, Error> {
    let now = app.now();
    let edition = &app.season.edition;
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

/// What a city has published before it opens: nothing of it can change unnoticed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The city's slug.
    pub slug: String,
    /// The city's name.
    pub name: String,
    /// Digest of the frozen bank.
    pub bank_digest: String,
    /// Commitment to the sealed packets of the week.
    pub plan_commitment: String,
}

/// What every planned city has published, in the order of play.
///
/// # Errors
/// Fails when the database does.
pub async fn sealed(app: &App) -> Result<Vec<Sealed>, Error> {
    let cities = app
        .store
        .read(|read| {
            rows::cities(read)?
                .iter()
                .map(|slug| Ok(rows::city(read, slug)?))
                .collect::<Result<Vec<_>, Error>>()
        })
        .await?;
    Ok(cities
        .into_iter()
        .flatten()
        .map(|city| Sealed {
            name: app.season.city_name(&city.city),
            slug: city.city,
            bank_digest: city.bank,
            plan_commitment: city.plan_commitment,
        })
        .collect())
}

/// Pauses a city with a sentence that people will read, or lifts the pause.
///
/// A paused city draws no papers and grants no packets; submissions and payments go on.
///
/// # Errors
/// Refuses with [`Refusal::UnknownCity`].
pub async fn pause(
    app: &App,
    slug: &str,
    sentence: Option<String>,
    actor: &str,
) -> Result<(), Error> {
    let (slug, actor) = (slug.to_owned(), actor.to_owned());
    let now_ms = app.now().timestamp_millis();
    app.store
        .write(move |tx| {
            if rows::set_pause(tx, &slug, sentence.as_deref())? == 0 {
                return Err(Refusal::UnknownCity.into());
            }
            let detail = format!(
                "city={slug} sentence={}",
                sentence.as_deref().unwrap_or("-")
            );
            let action = if sentence.is_some() {
                "city.paused"
            } else {
                "city.resumed"
            };
            Ok(audit::append(tx, now_ms, &actor, action, &detail)?)
        })
        .await
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

/// The row of the city whose contest is open at `now`.
///
/// # Errors
/// Refuses with [`Refusal::NoCityOpen`].
pub(crate) async fn open_city(app: &App, now: DateTime<Utc>) -> Result<CityRow, Error> {
    let none_open = || Refusal::NoCityOpen {
        next_opens: app
            .season
            .edition
            .next_opening(now)
            .map(|round| round.window().start()),
    };
    let slug = app
        .season
        .edition
        .contest_at(now)
        .map(|round| round.city().slug().as_str().to_owned())
        .ok_or_else(none_open)?;
    let city = app
        .store
        .read(move |read| Ok::<_, Error>(rows::city(read, &slug)?))
        .await?
        .ok_or_else(none_open)?;
    // The latch: a clock that fell back does not reopen a city.
    if city.last_decision_ms >= city.closes_ms {
        return Err(none_open().into());
    }
    Ok(city)
}

/// A frozen bank, from memory or from the database.
pub(crate) async fn bank(app: &App, digest: &str) -> Result<Arc<QuestionBank>, Error> {
    if let Some(bank) = app.cached_bank(digest) {
        return Ok(bank);
    }
    let wanted = digest.to_owned();
    let sealed = app
        .store
        .read(move |read| Ok::<_, Error>(rows::bank_content(read, &wanted)?))
        .await?
        .ok_or(Failure::Unreadable { what: "bank" })?;
    let unreadable = || Failure::Unreadable {
        what: "bank.content",
    };
    let plain = app
        .keys
        .open(&bank_place(digest), &sealed)
        .map_err(|_unsealable| unreadable())?;
    let stored: StoredBank = serde_json::from_slice(&plain).map_err(|_error| unreadable())?;
    let bank = stored.freeze(app).ok_or_else(unreadable)?;
    if bank.digest().to_string() != digest {
        return Err(unreadable().into());
    }
    let bank = Arc::new(bank);
    app.cache_bank(digest.to_owned(), Arc::clone(&bank));
    Ok(bank)
}

/// A city's sealed plan, drawn again from its seed or from memory.
pub(crate) fn plan(app: &App, city: &CityRow) -> Result<Arc<PacketPlan>, Error> {
    if let Some(plan) = app.cached_plan(&city.city) {
        return Ok(plan);
    }
    let unreadable = || Failure::Unreadable { what: "city.plan" };
    let bytes = app
        .keys
        .open(&seed_place(&city.city), &city.plan_seed_sealed)
        .map_err(|_unsealable| unreadable())?;
    let seed = PlanSeed::from_bytes(bytes.try_into().map_err(|_length| unreadable())?);
    if SeedCommitment::new(&seed, &app.season.rules).to_string() != city.plan_commitment {
        return Err(unreadable().into());
    }
    let plan = Arc::new(PacketPlan::draw(&app.season.rules, &seed));
    app.cache_plan(city.city.clone(), Arc::clone(&plan));
    Ok(plan)
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
    let defect = |what: String| Failure::Defect { what };
    let day = contest_day(city, day_row.day)
        .ok_or_else(|| defect(format!("{} has no day {}", city.city, day_row.day)))?;
    let deck = match day_row.deck.as_deref() {
        Some("top") => DeckKind::Top,
        Some(_) => DeckKind::Plain,
        None => plan.deck_for(day, city.top_awarded),
    };
    let rule = plan
        .day_rule(day, deck)
        .ok_or_else(|| defect(format!("no {deck} deck for day {day}")))?;
    let progress = DayProgress {
        taken: u32::try_from(day_row.taken).map_err(|_range| defect("taken".to_owned()))?,
        top_taken: day_row.top_taken,
    };
    let next = next_packet(&rule, progress, DayOffset::of(decided))
        .map_err(|error| defect(error.to_string()))?;
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
            today.start() + chrono::TimeDelta::milliseconds(i64::from(offset.ms())),
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

fn contest_day(city: &CityRow, day: i64) -> Option<u8> {
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
            Ok::<_, Error>((rows::city(read, &slug)?, rows::day(read, &slug, today)?))
        })
        .await?;
    let (Some(city), Some(day)) = found else {
        return Ok(None);
    };
    let plan = plan(app, &city)?;
    Ok(Some(CityStage {
        name: app.season.city_name(&city.city),
        ordinal: u16::try_from(city.ordinal).unwrap_or_default(),
        opens: instant(city.opens_ms),
        closes: instant(city.closes_ms),
        day: round
            .window()
            .contest_day(now)
            .map_or(1, schedule_core::ContestDay::ordinal),
        money: money(money_state(&plan, &city, &day, now)?, &city, &day),
        paused: city.paused_sentence,
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

/// Writes the season once; says what differs when the database holds another one.
fn keep_season(tx: &Tx<'_>, season: &SeasonRow, now_ms: i64) -> Result<Option<String>, Error> {
    match stored_season(&tx.read())? {
        None => {
            rows::insert_season(tx, season, now_ms)?;
            let detail = format!("season={} edition={}", season.season, season.edition);
            audit::append(tx, now_ms, "server", "season.opened", &detail)?;
            Ok(None)
        }
        Some(stored) if stored == *season => Ok(None),
        Some(stored) => Ok(Some(format!(
            "the database holds season {} on edition {} with other terms than season {} on edition {}",
            stored.season, stored.edition, season.season, season.edition
        ))),
    }
}

/// Opens everything of a planned city that is sealed.
async fn open_sealed(app: &App, slug: &str) -> Result<(), Error> {
    let wanted = slug.to_owned();
    let city = app
        .store
        .read(move |read| Ok::<_, Error>(rows::city(read, &wanted)?))
        .await?
        .ok_or(Refusal::UnknownCity)?;
    plan(app, &city)?;
    bank(app, &city.bank).await?;
    Ok(())
}

fn stored_season(read: &Read<'_>) -> Result<Option<SeasonRow>, Error> {
    Ok(rows::season(read)?)
}

/// The two halves of a city's bank, and whether the city's own is generated.
fn halves(app: &App, slug: &str) -> Result<(Halves, bool), String> {
    let province = imported(app, PROVINCE)?
        .ok_or_else(|| format!("there is no question file {PROVINCE}.*"))?;
    let (city, is_generated) = match imported(app, slug)? {
        Some(questions) => (questions, false),
        None if app.season.generated_banks => (
            generated::city_questions(&app.season, slug)
                .map_err(|error| format!("generated questions: {error}"))?,
            true,
        ),
        None => return Err(format!("there is no question file {slug}.*")),
    };
    Ok((Halves { province, city }, is_generated))
}

fn imported(app: &App, slug: &str) -> Result<Option<Vec<Question>>, String> {
    app.content
        .bank(slug)
        .map(|file| {
            office::questions(&app.office, file).map_err(|error| format!("{}: {error}", file.name))
        })
        .transpose()
}

async fn plan_city(app: &App, ordinal: i64, round: &Round, halves: Halves) -> Result<(), Error> {
    let slug = round.city().slug().as_str().to_owned();
    let content = StoredBank::of(&halves);
    let bank =
        QuestionBank::freeze(app.season.bank_size, halves).map_err(|error| Failure::Defect {
            what: format!("the bank of {slug} cannot be frozen: {error}"),
        })?;
    let digest = bank.digest().to_string();
    let content = serde_json::to_vec(&content).map_err(|error| Failure::Defect {
        what: error.to_string(),
    })?;
    let content_sealed = app
        .keys
        .seal(&bank_place(&digest), &content, app.entropy.as_ref());
    let seed = SeasonSeed::from_bytes(app.keys.season_seed()).city_seed(&slug);
    let plan = PacketPlan::draw(&app.season.rules, &seed);
    let now_ms = app.now().timestamp_millis();
    let city = CityRow {
        ordinal,
        opens_ms: round.window().start().timestamp_millis(),
        closes_ms: round.window().end().timestamp_millis(),
        pool_fen: fen_column(app.season.rules.pool()),
        used_fen: 0,
        top_awarded: false,
        last_decision_ms: 0,
        bank: digest.clone(),
        plan_commitment: SeedCommitment::new(&seed, &app.season.rules).to_string(),
        plan_seed_sealed: app
            .keys
            .seal(&seed_place(&slug), &seed.reveal(), app.entropy.as_ref()),
        paused_sentence: None,
        city: slug,
    };
    let days = day_rows(app, round);
    let packets = packet_rows(&plan, &days);
    let detail = format!(
        "city={} bank={digest} plan={}",
        city.city, city.plan_commitment
    );
    app.cache_bank(digest.clone(), Arc::new(bank));
    app.store
        .write(move |tx| {
            if rows::city(&tx.read(), &city.city)?.is_some() {
                // Another instance that started at the same time was faster.
                return Ok(());
            }
            rows::insert_bank(tx, &digest, &city.city, &content_sealed, now_ms)?;
            rows::insert_city(tx, &city, &days, &packets)?;
            Ok::<_, Error>(audit::append(
                tx,
                now_ms,
                "server",
                "city.planned",
                &detail,
            )?)
        })
        .await
}

fn day_rows(app: &App, round: &Round) -> Vec<DayRow> {
    let window = round.window();
    window
        .contest_days()
        .filter_map(|day| window.civil_day(day))
        .map(|day| DayRow {
            day: i64::from(day.number()),
            cap_fen: fen_column(app.season.rules.daily_cap()),
            used_fen: 0,
            deck: None,
            taken: 0,
            top_taken: false,
        })
        .collect()
}

/// The packets of a plan as rows; `days` are the city's days in order.
pub(crate) fn packet_rows(plan: &PacketPlan, days: &[DayRow]) -> Vec<PacketRow> {
    plan.packets()
        .filter_map(|packet| {
            let index = usize::from(packet.day).checked_sub(1)?;
            Some(PacketRow {
                day: days.get(index)?.day,
                deck: packet.deck.name(),
                sequence: i64::from(packet.sequence),
                amount_fen: fen_column(packet.amount),
            })
        })
        .collect()
}

/// An amount as a column; every amount of a season is far below the column's range.
pub(crate) fn fen_column(amount: reward_core::Fen) -> i64 {
    i64::try_from(amount.get()).unwrap_or(i64::MAX)
}

fn bank_place(digest: &str) -> String {
    format!("bank.content/{digest}")
}

fn seed_place(slug: &str) -> String {
    format!("city.plan_seed/{slug}")
}

/// The stored form of a frozen bank, sealed in the database and never sent anywhere.
#[derive(Serialize, Deserialize)]
struct StoredBank {
    province: Vec<StoredQuestion>,
    city: Vec<StoredQuestion>,
}

#[derive(Serialize, Deserialize)]
struct StoredQuestion {
    stem: String,
    choices: Vec<String>,
    key: char,
    explanation: Option<String>,
    source: Option<String>,
    law_as_of: Option<NaiveDate>,
}

impl StoredBank {
    fn of(halves: &Halves) -> Self {
        let stored = |questions: &[Question]| {
            questions
                .iter()
                .map(|question| {
                    let draft = question.to_draft();
                    StoredQuestion {
                        stem: draft.stem,
                        choices: draft.choices,
                        key: draft.key.letter(),
                        explanation: draft.explanation,
                        source: draft.source,
                        law_as_of: draft.law_as_of,
                    }
                })
                .collect()
        };
        Self {
            province: stored(&halves.province),
            city: stored(&halves.city),
        }
    }

    fn freeze(self, app: &App) -> Option<QuestionBank> {
        let questions = |stored: Vec<StoredQuestion>| {
            stored
                .into_iter()
                .map(|question| {
                    Question::new(QuestionDraft {
                        stem: question.stem,
                        choices: question.choices,
                        key: Position::from_letter(question.key)?,
                        explanation: question.explanation,
                        source: question.source,
                        law_as_of: question.law_as_of,
                    })
                    .ok()
                })
                .collect::<Option<Vec<_>>>()
        };
        let halves = Halves {
            province: questions(self.province)?,
            city: questions(self.city)?,
        };
        QuestionBank::freeze(app.season.bank_size, halves).ok()
    }
}
