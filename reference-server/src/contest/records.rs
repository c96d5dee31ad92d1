//! What a person has done, and what he may still do.

use chrono::{DateTime, Utc};
use reward_core::{ChanceKind, ClaimScope, Fen};

use super::{
    Error, PersonId, Refusal,
    claim::{self, Packet},
    payout,
    personal::District,
    rescore, season,
};
use crate::{
    app::App,
    store::{
        Read,
        attempts::{self, AttemptCounts, AttemptRow},
        awards::{self, PacketView, ReferralChance},
        people,
        rescores::{self, RescoreRow},
    },
};

/// Attempts shown; the numbers count all of them.
const N_ATTEMPTS_SHOWN: i64 = 50;

/// Everything the page "my records" shows.
#[derive(Debug, Clone)]
pub struct Records {
    /// Submitted attempts.
    pub n_attempts: u32,
    /// The best score of them.
    pub best_score: u16,
    /// Friends who followed for the first time by this person's code.
    pub n_invited: usize,
    /// Chances that can still become a packet.
    pub n_chances_open: usize,
    /// The latest attempts, newest first.
    pub attempts: Vec<AttemptLine>,
    /// Every chance, the base one first.
    pub chances: Vec<ChanceLine>,
    /// Every packet, newest first.
    pub packets: Vec<Packet>,
    /// Whether the person follows the account.
    pub following: bool,
    /// Whether the person agreed to the privacy notice.
    pub consented: bool,
    /// The district the person declared.
    pub district: Option<District>,
}

/// One submitted attempt.
#[derive(Debug, Clone)]
pub struct AttemptLine {
    /// The attempt's public identifier.
    pub id: String,
    /// The city's slug.
    pub city_slug: String,
    /// The city's name.
    pub city_name: String,
    /// Right answers.
    pub score: u16,
    /// Questions.
    pub of: u16,
    /// Whether it passed.
    pub passed: bool,
    /// When it was submitted.
    pub submitted: DateTime<Utc>,
}

/// One chance to open a packet.
#[derive(Debug, Clone)]
pub struct ChanceLine {
    /// Where it comes from.
    pub kind: ChanceKind,
    /// The city in which it can be used; `None` for a chance of the whole season.
    pub city_name: Option<String>,
    /// Until when it can be used, exclusive.
    pub usable_until: Option<DateTime<Utc>>,
    /// What became of it.
    pub state: ChanceState,
}

/// What became of a chance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChanceState {
    /// It can become a packet now.
    Open,
    /// It waits for a passing attempt.
    NeedsPass,
    /// It is good, but this stands against it for now.
    Waiting(Refusal),
    /// It became a packet.
    Used {
        /// The packet's amount.
        amount: Fen,
    },
    /// Its city has closed.
    Lapsed,
}

/// The rows behind a person's records.
struct Rows {
    counts: AttemptCounts,
    attempts: Vec<AttemptRow>,
    rescores: Vec<RescoreRow>,
    packets: Vec<PacketView>,
    referrals: Vec<ReferralChance>,
    following: bool,
    consented: bool,
    district: Option<String>,
}

/// A person's records, with the latest fifty attempts.
///
/// # Errors
/// Fails when the database does.
pub async fn records(app: &App, person: &PersonId) -> Result<Records, Error> {
    gathered(app, person, N_ATTEMPTS_SHOWN).await
}

/// A person's records, with every attempt.
///
/// # Errors
/// Fails when the database does.
pub async fn all_records(app: &App, person: &PersonId) -> Result<Records, Error> {
    gathered(app, person, i64::MAX).await
}

async fn gathered(app: &App, person: &PersonId, n_attempts_max: i64) -> Result<Records, Error> {
    payout::refresh(app, person).await?;
    let who = person.clone();
    let rows = app
        .store
        .read(move |read| rows_of(read, &who, n_attempts_max))
        .await?;
    let verdict = claim::verdict(app, person).await?;
    let chances = chances(app, &rows, verdict);
    let n_chances_open = chances
        .iter()
        .filter(|line| {
            matches!(
                line.state,
                ChanceState::Open | ChanceState::NeedsPass | ChanceState::Waiting(_)
            )
        })
        .count();
    Ok(Records {
        n_attempts: u32::try_from(rows.counts.n_attempts).unwrap_or(u32::MAX),
        best_score: small(
            rows.rescores
                .iter()
                .map(|row| row.score)
                .fold(rows.counts.best_score, i64::max),
        ),
        n_invited: rows.referrals.len(),
        n_chances_open,
        attempts: rows
            .attempts
            .iter()
            .map(|row| line(app, row, &rows.rescores))
            .collect(),
        chances,
        packets: rows
            .packets
            .into_iter()
            .map(|view| claim::packet(app, view))
            .collect::<Result<_, _>>()?,
        following: rows.following,
        consented: rows.consented,
        district: rows
            .district
            .and_then(|word| District::of_word(&app.season, &word)),
    })
}

/// One packet of the person.
///
/// # Errors
/// Refuses with [`Refusal::NotFound`] when there is none, or it is somebody else's.
pub async fn packet(app: &App, person: &PersonId, award: &str) -> Result<Packet, Error> {
    payout::refresh(app, person).await?;
    let (who, award) = (person.clone(), award.to_owned());
    let view = app
        .store
        .read(move |read| Ok::<_, Error>(awards::award(read, who.as_str(), &award)?))
        .await?
        .ok_or(Refusal::NotFound)?;
    claim::packet(app, view)
}

/// Whether the person agreed to the privacy notice.
///
/// # Errors
/// Fails when the database does.
pub async fn has_consented(app: &App, person: &PersonId) -> Result<bool, Error> {
    let who = person.clone();
    app.store
        .read(move |read| {
            Ok(people::person(read, who.as_str())?.is_some_and(|row| row.consented_ms.is_some()))
        })
        .await
}

/// Records that the person agreed to the privacy notice.
///
/// # Errors
/// Fails when the database does.
pub async fn consent(app: &App, person: &PersonId) -> Result<(), Error> {
    let (who, now_ms) = (person.clone(), app.now().timestamp_millis());
    app.store
        .write(move |tx| Ok(people::set_consent(tx, who.as_str(), now_ms)?))
        .await
}

fn rows_of(read: &Read<'_>, person: &PersonId, n_attempts_max: i64) -> Result<Rows, Error> {
    let id = person.as_str();
    let row = people::person(read, id)?;
    Ok(Rows {
        counts: attempts::counts(read, id)?,
        attempts: attempts::latest(read, id, n_attempts_max)?,
        rescores: rescores::of_person(read, id)?,
        packets: awards::of_person(read, id)?,
        referrals: awards::referral_chances(read, id)?,
        following: people::follow(read, id)?.is_some_and(|follow| follow.following),
        consented: row.as_ref().is_some_and(|row| row.consented_ms.is_some()),
        district: row.and_then(|row| row.district),
    })
}

/// The base chance, then every referral chance, each with what became of it.
fn chances(
    app: &App,
    rows: &Rows,
    verdict: Option<Result<ChanceKind, Refusal>>,
) -> Vec<ChanceLine> {
    let season = &app.season;
    let now = app.now();
    let edition = season.edition();
    let open_city = edition.contest_at(now);
    let in_season = season.rules.claim_scope() == ClaimScope::Season;
    let base_packet = rows.packets.iter().find(|packet| {
        packet.kind == "base"
            && (in_season
                || open_city.is_some_and(|round| round.city().slug().as_str() == packet.city))
    });
    let base_state = match base_packet {
        Some(packet) => ChanceState::Used {
            amount: amount(packet),
        },
        None => state_now(verdict.as_ref()),
    };
    let mut lines = vec![ChanceLine {
        kind: ChanceKind::Base,
        city_name: (!in_season)
            .then(|| open_city.map(|round| round.city().name().to_owned()))
            .flatten(),
        usable_until: if in_season {
            season
                .edition()
                .rounds()
                .last()
                .map(|round| round.window().end())
        } else {
            open_city.map(|round| round.window().end())
        },
        state: base_state,
    }];
    let mut base_is_open = base_packet.is_none();
    for chance in &rows.referrals {
        lines.push(referral_line(
            app,
            rows,
            chance,
            verdict.as_ref(),
            base_is_open,
        ));
        base_is_open |= !chance.used;
    }
    lines
}

fn referral_line(
    app: &App,
    rows: &Rows,
    chance: &ReferralChance,
    verdict: Option<&Result<ChanceKind, Refusal>>,
    another_goes_first: bool,
) -> ChanceLine {
    let now = app.now();
    let edition = app.season.edition();
    let round = edition
        .rounds()
        .iter()
        .find(|round| round.city().slug().as_str() == chance.city);
    let window = round.map(schedule_core::Round::window);
    let state = if chance.used {
        let packet = rows.packets.iter().find(|packet| {
            packet.kind == "referral" && packet.friend.as_deref() == Some(chance.friend.as_str())
        });
        ChanceState::Used {
            amount: packet.map_or(Fen::ZERO, amount),
        }
    } else {
        match window {
            Some(window) if now >= window.end() => ChanceState::Lapsed,
            Some(window) if now < window.start() => {
                ChanceState::Waiting(Refusal::Claim(reward_core::Refusal::NotOpenYet {
                    opens: window.start(),
                }))
            }
            // Chances are used one after the other, each with a pass of its own.
            Some(_) if another_goes_first => ChanceState::NeedsPass,
            Some(_) => state_now(verdict),
            None => ChanceState::Lapsed,
        }
    };
    ChanceLine {
        kind: ChanceKind::Referral,
        city_name: Some(app.season.city_name(&chance.city)),
        usable_until: window.map(|window| window.end()),
        state,
    }
}

fn state_now(verdict: Option<&Result<ChanceKind, Refusal>>) -> ChanceState {
    match verdict {
        Some(Ok(_kind)) => ChanceState::Open,
        Some(Err(Refusal::Claim(
            reward_core::Refusal::NotPassed | reward_core::Refusal::AnotherPassNeeded { .. },
        )))
        | None => ChanceState::NeedsPass,
        Some(Err(refusal)) => ChanceState::Waiting(refusal.clone()),
    }
}

fn line(app: &App, row: &AttemptRow, rescores: &[RescoreRow]) -> AttemptLine {
    let (score, passed) = rescore::counted(row, rescores);
    AttemptLine {
        id: row.attempt.clone(),
        city_slug: row.city.clone(),
        city_name: app.season.city_name(&row.city),
        score: small(score),
        of: small(row.n_questions),
        passed,
        submitted: season::instant(row.submitted_ms),
    }
}

fn amount(packet: &PacketView) -> Fen {
    Fen::new(u64::try_from(packet.amount_fen).unwrap_or(0))
}

fn small(number: i64) -> u16 {
    u16::try_from(number).unwrap_or_default()
}
