//! Planning: the bank of every city is frozen and its packets are sealed, once, before it opens.

use std::cell::LazyCell;

use quiz_core::{Halves, Question, QuestionBank};
use reward_core::{PacketPlan, SealedPlan, SeasonSeed, SeedCommitment};
use schedule_core::Round;

use super::{
    Error, Failure, bank, custody, edition, organiser, question_correction,
    sealed::{self, FrozenContent},
    season::fen_column,
};
use crate::{
    app::App,
    content::PROVINCE,
    office,
    store::{
        Tx, audit,
        season::{self as rows, CityRow, DayRow, PacketRow, SeasonRow},
    },
};

/// What became of the cities at start.
#[derive(Debug, Clone, Default)]
pub struct Prepared {
    /// Cities that can be played.
    pub planned: Vec<String>,
    /// Cities that cannot, with the reason in plain words.
    pub missing: Vec<(String, String)>,
    /// Cities that are to be sealed later.
    pub later: Vec<String>,
}

/// Freezes the bank and seals the packets of every city that is due and not planned yet.
///
/// A city's bank is the one that two persons approved in the console, otherwise that of its files.
/// Running it again changes nothing: a planned city keeps its bank and its packets.
///
/// # Errors
/// Fails when the database holds another season or belongs to other keys, or cannot be written.
pub async fn prepare(app: &App) -> Result<Prepared, Error> {
    let season = SeasonRow {
        season: app.season.name.clone(),
        edition: app.season.editions.first().slug().as_str().to_owned(),
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
    custody::expect_keys(app).await?;
    let planned = app
        .store
        .read(|read| Ok::<_, Error>(rows::cities(read)?))
        .await?;
    for city in &planned {
        // With the wrong key nothing of it opens: better said now than at midnight.
        sealed::plan(app, city)?;
        sealed::bank(app, &city.bank).await?;
    }
    seal_due(app).await
}

/// The cities that are to be sealed by now, sealed or not; nothing is asked of the database.
#[must_use]
pub fn due(app: &App) -> Vec<String> {
    let (edition, now) = (app.season.edition(), app.now());
    let rounds = edition.rounds().iter();
    let due = rounds.filter(|round| app.season.is_sealing_due(round, now));
    due.map(|round| round.city().slug().as_str().to_owned())
        .collect()
}

/// Seals the cities that are due by the edition in force; what was sealed before stays.
///
/// # Errors
/// Fails when the database does.
pub async fn seal_due(app: &App) -> Result<Prepared, Error> {
    let in_force = edition::refresh(app).await?;
    let planned = app
        .store
        .read(|read| Ok::<_, Error>(rows::cities(read)?))
        .await?;
    let now = app.now();
    let province = LazyCell::new(|| province_questions(app));
    let mut prepared = Prepared::default();
    for (ordinal, round) in (1..).zip(in_force.edition.rounds()) {
        let slug = round.city().slug().as_str().to_owned();
        if planned.iter().any(|city| city.city == slug) {
            prepared.planned.push(slug);
            continue;
        }
        if !app.season.is_sealing_due(round, now) {
            prepared.later.push(slug);
            continue;
        }
        match chosen(app, &slug, &province).await? {
            Ok(bank) => {
                if plan_city(app, in_force.proposal, (ordinal, round), bank).await? {
                    prepared.planned.push(slug);
                } else {
                    prepared.later.push(slug);
                }
            }
            Err(problem) => prepared.missing.push((slug, problem)),
        }
    }
    // What was wrong with a question of the province is wrong in a bank that is frozen later as well.
    question_correction::inherit(app).await.map_err(failed)?;
    Ok(prepared)
}

/// What failed below a use case of the console.
fn failed(error: organiser::Error) -> Error {
    match error {
        organiser::Error::Failed(failure) => failure.into(),
        organiser::Error::Refused(refused) => Failure::defect(refused.code()).into(),
    }
}

/// Writes the season once; says what differs when the database holds another one.
fn keep_season(tx: &Tx<'_>, season: &SeasonRow, now_ms: i64) -> Result<Option<String>, Error> {
    match rows::season(&tx.read())? {
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

/// The bank a city would be given, not frozen anywhere; or what stands against it.
pub(super) fn filed_bank(
    app: &App,
    slug: &str,
    province: &Result<Vec<Question>, String>,
) -> Result<QuestionBank, String> {
    let halves = halves(app, slug, province)?;
    QuestionBank::freeze(app.season.bank_size, halves).map_err(|error| error.to_string())
}

/// The two halves of a city's bank.
fn halves(
    app: &App,
    slug: &str,
    province: &Result<Vec<Question>, String>,
) -> Result<Halves, String> {
    Ok(Halves {
        province: province.clone()?,
        city: imported(app, slug)?.ok_or_else(|| format!("there is no question file {slug}.*"))?,
    })
}

/// The questions of the province's file, or what is wrong with it.
pub(super) fn province_questions(app: &App) -> Result<Vec<Question>, String> {
    imported(app, PROVINCE)?.ok_or_else(|| format!("there is no question file {PROVINCE}.*"))
}

fn imported(app: &App, slug: &str) -> Result<Option<Vec<Question>>, String> {
    app.content
        .bank(slug)
        .map(|file| {
            office::questions(&app.office, file).map_err(|error| format!("{}: {error}", file.name))
        })
        .transpose()
}

/// The bank a city is to be played with.
enum Chosen {
    /// Two persons have approved it; it is frozen already.
    Approved(String),
    /// It is made of the city's files.
    Filed(FrozenContent),
}

/// The bank a city is to be played with, or what stands against that of its files.
async fn chosen(
    app: &App,
    slug: &str,
    province: &Result<Vec<Question>, String>,
) -> Result<Result<Chosen, String>, Error> {
    let wanted = slug.to_owned();
    let approved = app
        .store
        .read(move |read| Ok::<_, Error>(bank::submission::approved(read, &wanted)?))
        .await?;
    if let Some(digest) = approved {
        return Ok(Ok(Chosen::Approved(digest)));
    }
    let halves = match halves(app, slug, province) {
        Ok(halves) => halves,
        Err(problem) => return Ok(Err(problem)),
    };
    let frozen = sealed::freeze(app, halves)?;
    Ok(frozen
        .map(Chosen::Filed)
        .map_err(|refused| refused.to_string()))
}

/// Seals a city in its place of the edition that `proposal` brought; `false` when another edition is
/// in force by now, or another bank.
async fn plan_city(
    app: &App,
    proposal: i64,
    (ordinal, round): (i64, &Round),
    chosen: Chosen,
) -> Result<bool, Error> {
    let (digest, filed) = match chosen {
        Chosen::Approved(digest) => (digest, None),
        Chosen::Filed(frozen) => {
            app.cache_bank(frozen.digest.clone(), frozen.bank);
            (frozen.digest, Some(frozen.content_sealed))
        }
    };
    let planned = planned(app, ordinal, round, &digest)?;
    let now_ms = app.now().timestamp_millis();
    let season = app.season.name.clone();
    app.store
        .write(move |tx| {
            let (read, city) = (tx.read(), &planned.city.city);
            if edition::number_in_force(&read, &season)? != proposal {
                return Ok(false);
            }
            if rows::city(&read, city)?.is_some() {
                // Another instance that sealed it at the same time was faster.
                return Ok(true);
            }
            let approved = bank::submission::approved(&read, city)?;
            if approved.as_ref() != filed.is_none().then_some(&digest) {
                return Ok(false);
            }
            if let Some(content_sealed) = &filed {
                rows::insert_bank(tx, &digest, city, content_sealed, now_ms)?;
            }
            planned.write(tx, "server", now_ms)?;
            Ok::<_, Error>(true)
        })
        .await
}

/// A city with its days and its sealed packets, not written anywhere yet.
pub(super) struct Planned {
    city: CityRow,
    days: Vec<DayRow>,
    packets: Vec<PacketRow>,
}

impl Planned {
    /// Writes the city, whose bank is there already, and that `by` has planned it.
    pub(super) fn write(&self, tx: &Tx<'_>, by: &str, now_ms: i64) -> Result<(), Error> {
        rows::insert_city(tx, &self.city, &self.days, &self.packets)?;
        let city = &self.city;
        let detail = format!(
            "city={} bank={} plan={} root={}",
            city.city, city.bank, city.plan_commitment, city.plan_root
        );
        Ok(audit::append(tx, now_ms, by, "city.planned", &detail)?)
    }
}

/// Seals the packets of a city that is to be played with the bank of this digest.
pub(super) fn planned(
    app: &App,
    ordinal: i64,
    round: &Round,
    bank: &str,
) -> Result<Planned, Error> {
    let slug = round.city().slug().as_str().to_owned();
    let seed = SeasonSeed::from_bytes(app.keys.season_seed()).city_seed(&slug);
    let plan = SealedPlan::new(PacketPlan::draw(&app.season.rules, &seed), &seed);
    let city = CityRow {
        ordinal,
        opens_ms: round.window().start().timestamp_millis(),
        closes_ms: round.window().end().timestamp_millis(),
        pool_fen: fen_column(app.season.rules.pool()),
        used_fen: 0,
        top_awarded: false,
        last_decision_ms: 0,
        bank: bank.to_owned(),
        plan_commitment: SeedCommitment::new(&seed, &app.season.rules).to_string(),
        plan_root: plan.root().to_string(),
        plan_seed_sealed: app.keys.seal(
            &sealed::seed_place(&slug),
            &seed.reveal(),
            app.entropy.as_ref(),
        )?,
        quiz_paused: None,
        claims_paused: None,
        payouts_paused: None,
        n_corrections: 0,
        city: slug,
    };
    let days = day_rows(app, round);
    let packets = packet_rows(plan.plan(), &days);
    Ok(Planned {
        city,
        days,
        packets,
    })
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
