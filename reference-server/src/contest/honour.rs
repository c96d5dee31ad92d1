//! The organisation award (优秀组织奖): cities ranked by a formula that was fixed before the first of them opened.
//!
//! What the ranking leaves open is said beside it: which working days and days off a city had,
//! how many followed when it opened, and which places chance could exchange. One person
//! proposes a formula or a result, another approves it.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use chrono::{DateTime, TimeDelta, Utc};
use schedule_core::{Exposure, ExposureReport, holidays::Holidays};
use serde::{Deserialize, Serialize};

use super::{
    Failure,
    organiser::{
        Error, Organiser, Refused,
        proposal::{self, Draft, Word},
    },
    season, statistics,
};
use crate::{
    app::App,
    store::{
        Read, audit, overview,
        proposals::{self as rows, DecisionRow, ProposalRow},
        statistics as people,
    },
};

/// What a proposal of a formula is called.
pub const FORMULA: &str = "award.formula";
/// What a proposal of a result is called.
pub const RESULT: &str = "award.result";
/// By then a decision that was made just before the last close has been counted.
const SETTLING: TimeDelta = TimeDelta::minutes(1);

/// What cities are ranked by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Formula {
    /// People who took part in the season for the first time in the city's own window: the
    /// growth of participants, as the plan of the season has it.
    #[default]
    NewPeople,
    /// People who submitted in the city's window.
    People,
    /// The first of these in a thousand of those who followed when the city opened.
    NewPeoplePerFollower,
}

impl Formula {
    /// Every formula.
    pub const ALL: [Self; 3] = [Self::NewPeople, Self::People, Self::NewPeoplePerFollower];

    /// The stable word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NewPeople => "new-people",
            Self::People => "people",
            Self::NewPeoplePerFollower => "new-people-per-follower",
        }
    }

    /// The formula of a word.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|formula| formula.name() == name)
    }

    /// What a city is ranked by; nothing when nobody followed before it opened.
    fn score(self, city: &CityCounts) -> Option<i64> {
        match self {
            Self::NewPeople => Some(city.n_new_people),
            Self::People => Some(city.n_people),
            Self::NewPeoplePerFollower => {
                let scaled = city.n_new_people.saturating_mul(1_000);
                (city.n_followers_at_opening > 0)
                    .then(|| scaled.div_euclid(city.n_followers_at_opening))
            }
        }
    }

    /// The square of the score's standard deviation, were people to come by chance.
    fn variance(self, city: &CityCounts) -> i64 {
        match self {
            Self::NewPeople => city.n_new_people,
            Self::People => city.n_people,
            Self::NewPeoplePerFollower => {
                let of = city.n_followers_at_opening.max(1);
                let scaled = city.n_new_people.saturating_mul(1_000_000);
                scaled.div_euclid(of.saturating_mul(of).max(1))
            }
        }
    }
}

/// What a city's place hangs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
struct CityCounts {
    n_people: i64,
    n_new_people: i64,
    n_followers_at_opening: i64,
}

/// A city's line in the ranking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The city's slug.
    pub city: String,
    /// Its place, from 1; cities of one score share it. Nothing without a score.
    pub rank: Option<i64>,
    /// The best place that chance could give it.
    pub best: Option<i64>,
    /// The worst.
    pub worst: Option<i64>,
    /// What it is ranked by.
    pub score: Option<i64>,
    /// People who submitted.
    pub n_people: i64,
    /// Who of them took part for the first time.
    pub n_new_people: i64,
    /// Who followed when it opened.
    pub n_followers_at_opening: i64,
    /// Working days of its window, make-up days among them.
    pub n_workdays: u32,
    /// Days off.
    pub n_days_off: u32,
    /// Days that the holiday calendar does not know.
    pub n_unknown_days: u32,
    /// Days on which nobody submitted.
    pub n_silent_days: i64,
    /// Whether its window is over.
    pub is_over: bool,
}

/// A proposal about the award, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposed {
    /// What was proposed.
    pub proposal: ProposalRow,
    /// What became of it; nothing while it waits.
    pub decision: Option<DecisionRow>,
}

/// A result as it was proposed, and is published once approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// What cities were ranked by.
    pub formula: Formula,
    /// The ranking.
    pub places: Vec<Place>,
    /// The slugs of the cities that get the award, in the order of their places.
    pub winners: Vec<String>,
    /// Hash of the audit chain's newest event when it was proposed.
    pub audit_hash: String,
}

/// The ranking at an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// When it was made.
    pub at: DateTime<Utc>,
    /// What cities are ranked by.
    pub formula: Formula,
    /// Who approved it, before the first opening; nothing when the plan's own holds.
    pub fixed: Option<Proposed>,
    /// Whether a formula can still be chosen: no city has opened.
    pub can_choose: bool,
    /// Whether every city is over, so that a result can be proposed.
    pub is_over: bool,
    /// The cities, the best first; those without a score last.
    pub places: Vec<Place>,
    /// Where the holiday calendar is published.
    pub holidays: String,
    /// What waits for a second person.
    pub waiting: Vec<Proposed>,
    /// The result, once approved.
    pub result: Option<(Outcome, Proposed)>,
}

/// The season's first opening and its last closing.
fn span(app: &App) -> Result<(DateTime<Utc>, DateTime<Utc>), Error> {
    let edition = app.season.edition();
    let rounds = edition.rounds().iter();
    let windows: Vec<_> = rounds.map(schedule_core::Round::window).collect();
    let opens = windows.iter().map(schedule_core::Window::start).min();
    let closes = windows.iter().map(schedule_core::Window::end).max();
    let span = opens.zip(closes);
    span.ok_or_else(|| Failure::defect("a season without a city").into())
}

fn newest(read: &Read<'_>, kind: &str) -> Result<(Option<Proposed>, Vec<Proposed>), Error> {
    let mut approved = None;
    let mut waiting = Vec::new();
    for proposal in rows::of_kind(read, kind)? {
        let decision = rows::decision(read, proposal.proposal)?;
        let one = Proposed { proposal, decision };
        match one.decision.as_ref().map(|row| row.verdict.as_str()) {
            None => waiting.push(one),
            Some("approved") => approved = Some(one),
            Some(_) => {}
        }
    }
    Ok((approved, waiting))
}

/// The ranking of this instant, and what was decided about it.
///
/// Cost: the counters of every city, and the followers of the season by index.
///
/// # Errors
/// Fails when the database does.
pub async fn standing(app: &App) -> Result<Standing, Error> {
    let now = app.now();
    let (opens, closes) = span(app)?;
    let slugs: Vec<(String, i64)> = app
        .season
        .edition()
        .rounds()
        .iter()
        .map(|round| {
            let opens_ms = round.window().start().timestamp_millis();
            (round.city().slug().as_str().to_owned(), opens_ms)
        })
        .collect();
    let openings = slugs.iter().map(|(_slug, opens_ms)| *opens_ms).collect();
    let followers = followers_at(app, openings, now).await?;
    let (formula, result, counts) = app
        .store
        .read(move |read| {
            let counts = slugs.into_iter().map(|(slug, opens_ms)| {
                let tally = overview::tally(read, &slug)?;
                let n_followers = followers.get(&opens_ms).copied().unwrap_or_default();
                Ok::<_, Error>((counts(read, &slug, n_followers)?, tally))
            });
            let counts: Vec<_> = counts.collect::<Result<_, _>>()?;
            Ok::<_, Error>((newest(read, FORMULA)?, newest(read, RESULT)?, counts))
        })
        .await?;
    let fixed = formula.0;
    let chosen = match &fixed {
        Some(fixed) => Formula::of_name(&fixed.proposal.content).ok_or(Failure::Unreadable {
            what: "proposal.content",
        })?,
        None => Formula::default(),
    };
    let report = ExposureReport::new(&app.season.edition(), &Holidays::china_2020());
    let cities = report.cities().iter().zip(&counts);
    let lines: Vec<(Place, CityCounts)> = cities
        .map(|(exposure, (counts, tally))| {
            let days: BTreeSet<i64> = tally.iter().map(|row| row.hour.div_euclid(24)).collect();
            (line(exposure, *counts, days.len(), now), *counts)
        })
        .collect();
    let waiting = formula.1.into_iter().chain(result.1).collect();
    let result = match result.0 {
        Some(approved) => {
            let outcome = serde_json::from_str(&approved.proposal.content);
            let unreadable = |_error| Failure::Unreadable {
                what: "proposal.content",
            };
            Some((outcome.map_err(unreadable)?, approved))
        }
        None => None,
    };
    Ok(Standing {
        at: now,
        formula: chosen,
        fixed,
        can_choose: now < opens,
        is_over: now >= closes + SETTLING,
        places: ranked(chosen, lines),
        holidays: report.source().to_owned(),
        waiting,
        result,
    })
}

/// How many had followed before each of these instants; counted anew every half minute at most.
///
/// A result waits longer than that after the last opening, so it rests on whole counts.
/// Cost: every follower once, by index.
async fn followers_at(
    app: &App,
    instants: BTreeSet<i64>,
    now: DateTime<Utc>,
) -> Result<Arc<BTreeMap<i64, i64>>, Error> {
    let recent = &app.memory.followers_at_openings;
    if let Some(known) = recent.known(&instants, now) {
        return Ok(known);
    }
    let key = instants.clone();
    let counted: Result<_, Error> = app
        .store
        .read(move |read| {
            let (mut from_ms, mut n_before) = (0, 0_i64);
            let mut found = BTreeMap::new();
            for until_ms in instants {
                n_before = n_before.saturating_add(people::n_followers(read, from_ms, until_ms)?.0);
                found.insert(until_ms, n_before);
                from_ms = until_ms;
            }
            Ok(found)
        })
        .await;
    Ok(recent.keep(key, now, counted?))
}

fn counts(read: &Read<'_>, slug: &str, n_followers: i64) -> Result<CityCounts, Error> {
    let tallies = people::people(read, slug)?;
    Ok(CityCounts {
        n_people: tallies.iter().map(|row| row.n_people).sum(),
        n_new_people: tallies.iter().map(|row| row.n_new).sum(),
        n_followers_at_opening: n_followers,
    })
}

fn line(exposure: &Exposure, counts: CityCounts, n_days: usize, now: DateTime<Utc>) -> Place {
    let window = &exposure.window;
    let n_begun = (now.min(window.end()) - window.start()).num_days().max(0);
    let n_days = i64::try_from(n_days).unwrap_or(i64::MAX);
    Place {
        city: exposure.city.as_str().to_owned(),
        rank: None,
        best: None,
        worst: None,
        score: None,
        n_people: counts.n_people,
        n_new_people: counts.n_new_people,
        n_followers_at_opening: counts.n_followers_at_opening,
        n_workdays: exposure.workdays.saturating_add(exposure.make_up_workdays),
        n_days_off: exposure.days_off(),
        n_unknown_days: exposure.unknown_days,
        n_silent_days: n_begun.saturating_sub(n_days).max(0),
        is_over: now >= window.end() + SETTLING,
    }
}

/// Whether one score is so far above another that chance hardly explains it: more than twice the
/// standard deviation of their difference.
fn is_above(one: (i64, i64), other: (i64, i64)) -> bool {
    let gap = i128::from(one.0) - i128::from(other.0);
    let variance = i128::from(one.1) + i128::from(other.1);
    gap > 0 && gap.saturating_mul(gap) > variance.saturating_mul(4)
}

/// The cities by their scores; whoever is not over yet has none.
fn ranked(formula: Formula, lines: Vec<(Place, CityCounts)>) -> Vec<Place> {
    let scored = |(place, counts): &(Place, CityCounts)| {
        let score = formula.score(counts).filter(|_score| place.is_over)?;
        Some((score, formula.variance(counts)))
    };
    let scores: Vec<(i64, i64)> = lines.iter().filter_map(scored).collect();
    let place_after = |n: usize| i64::try_from(n).unwrap_or(i64::MAX).saturating_add(1);
    let mut places: Vec<Place> = lines
        .iter()
        .map(|line| {
            let Some(own) = scored(line) else {
                return line.0.clone();
            };
            let n_higher = scores.iter().filter(|other| other.0 > own.0).count();
            let n_above = scores.iter().filter(|other| is_above(**other, own)).count();
            let n_below = scores.iter().filter(|other| is_above(own, **other)).count();
            let n_not_below = scores.len().saturating_sub(n_below);
            Place {
                rank: Some(place_after(n_higher)),
                best: Some(place_after(n_above)),
                worst: Some(i64::try_from(n_not_below).unwrap_or(i64::MAX)),
                score: Some(own.0),
                ..line.0.clone()
            }
        })
        .collect();
    // Stable: cities of one score stay in the order of play.
    places.sort_by_key(|place| (place.score.is_none(), Reverse(place.score)));
    places
}

/// Proposes a formula; its number.
///
/// # Errors
/// Refuses with [`Refused::TooLate`] once a city has opened, and with [`Refused::ReasonMissing`].
pub async fn propose_formula(
    app: &App,
    maker: &Organiser,
    formula: Formula,
    why: &str,
) -> Result<i64, Error> {
    let now = app.now();
    if now >= span(app)?.0 {
        return Err(Refused::TooLate.into());
    }
    propose(app, maker, FORMULA, formula.name().to_owned(), why).await
}

/// Proposes who gets the award: so many cities from the top; its number.
///
/// # Errors
/// Refuses with [`Refused::TooEarly`] before every city is over, with [`Refused::NotWaiting`]
/// when a result stands, and with [`Refused::ReasonMissing`].
pub async fn propose_result(
    app: &App,
    maker: &Organiser,
    n_winners: usize,
    why: &str,
) -> Result<i64, Error> {
    statistics::count_all(app).await?;
    let standing = standing(app).await?;
    if !standing.is_over || n_winners == 0 {
        return Err(Refused::TooEarly.into());
    }
    if standing.result.is_some() {
        return Err(Refused::NotWaiting.into());
    }
    let head = app
        .store
        .read(|read| Ok::<_, Error>(audit::head(read)?))
        .await?;
    let n_last = i64::try_from(n_winners).unwrap_or(i64::MAX);
    let winners = standing
        .places
        .iter()
        .filter(|place| place.rank.is_some_and(|rank| rank <= n_last));
    let outcome = Outcome {
        formula: standing.formula,
        winners: winners.map(|place| place.city.clone()).collect(),
        places: standing.places,
        audit_hash: head.map_or_else(|| "genesis".to_owned(), |(_number, hash)| hash),
    };
    let content = serde_json::to_string(&outcome).map_err(Failure::defect)?;
    propose(app, maker, RESULT, content, why).await
}

async fn propose(
    app: &App,
    maker: &Organiser,
    kind: &'static str,
    content: String,
    why: &str,
) -> Result<i64, Error> {
    let (maker, why, now) = (maker.clone(), why.to_owned(), app.now());
    let subject = app.season.name.clone();
    app.store
        .write(move |tx| {
            let draft = Draft {
                kind,
                subject: &subject,
                city: None,
                content: &content,
                reason: &why,
            };
            proposal::propose(tx, &maker, &draft, now)
        })
        .await
}

/// What somebody says about a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Yes.
    Approve,
    /// No.
    Reject,
    /// The maker takes it back.
    Withdraw,
}

/// Decides about a proposal of a formula or a result; a result that is approved is published by it.
///
/// # Errors
/// As [`proposal::approve`]; refuses with [`Refused::TooLate`] a formula that comes after the first opening.
pub async fn decide(
    app: &App,
    by: &Organiser,
    number: i64,
    digest: &str,
    verdict: Verdict,
    why: &str,
) -> Result<(), Error> {
    let (by, digest, why, now) = (by.clone(), digest.to_owned(), why.to_owned(), app.now());
    let opens = span(app)?.0;
    app.store
        .write(move |tx| {
            let read = tx.read();
            let found = rows::proposal(&read, number)?.ok_or(Refused::NotWaiting)?;
            let is_approval = verdict == Verdict::Approve;
            match found.kind.as_str() {
                FORMULA if is_approval && now >= opens => return Err(Refused::TooLate.into()),
                RESULT if is_approval && newest(&read, RESULT)?.0.is_some() => {
                    return Err(Refused::NotWaiting.into());
                }
                FORMULA | RESULT => {}
                _ => return Err(Refused::NotWaiting.into()),
            }
            let word = Word {
                proposal: number,
                digest: &digest,
                reason: &why,
            };
            match verdict {
                Verdict::Approve => proposal::approve(tx, &by, word, now)?,
                Verdict::Reject => proposal::reject(tx, &by, word, now)?,
                Verdict::Withdraw => proposal::withdraw(tx, &by, word, now)?,
            };
            Ok(())
        })
        .await
}

/// The approved result, for whoever asks: the cities in order, and when it was decided.
///
/// # Errors
/// Fails when the database does.
pub async fn published(app: &App) -> Result<Option<(Vec<String>, DateTime<Utc>)>, super::Error> {
    let subject = app.season.name.clone();
    let found = app
        .store
        .read(move |read| {
            let approved = rows::approved(read, RESULT, &subject)?;
            let decided = approved.map(|row| {
                let decision = rows::decision(read, row.proposal)?;
                Ok::<_, super::Error>(decision.map(|decision| (row, decision)))
            });
            Ok::<_, super::Error>(decided.transpose()?.flatten())
        })
        .await?;
    let Some((proposal, decision)) = found else {
        return Ok(None);
    };
    let outcome: Outcome =
        serde_json::from_str(&proposal.content).map_err(|_error| Failure::Unreadable {
            what: "proposal.content",
        })?;
    Ok(Some((
        outcome.winners,
        season::instant(decision.decided_ms),
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(city: &str, n_new_people: i64, n_followers: i64) -> (Place, CityCounts) {
        let counts = CityCounts {
            n_people: n_new_people + 10,
            n_new_people,
            n_followers_at_opening: n_followers,
        };
        let place = Place {
            city: city.to_owned(),
            rank: None,
            best: None,
            worst: None,
            score: None,
            n_people: counts.n_people,
            n_new_people,
            n_followers_at_opening: n_followers,
            n_workdays: 5,
            n_days_off: 2,
            n_unknown_days: 0,
            n_silent_days: 0,
            is_over: true,
        };
        (place, counts)
    }

    #[test]
    fn cities_of_one_score_share_a_place_and_the_next_place_is_left_out() {
        let lines = vec![
            place("a", 100, 1),
            place("b", 400, 1),
            place("c", 100, 1),
            place("d", 4, 1),
        ];
        let places = ranked(Formula::NewPeople, lines);
        let found: Vec<(&str, Option<i64>)> = places
            .iter()
            .map(|place| (place.city.as_str(), place.rank))
            .collect();
        assert_eq!(
            found,
            [
                ("b", Some(1)),
                ("a", Some(2)),
                ("c", Some(2)),
                ("d", Some(4))
            ]
        );
    }

    #[test]
    fn places_that_chance_could_exchange_are_told() {
        // 100 and 121: the gap of 21 is less than twice the root of 221, which is 29.7; 200 is beyond.
        let lines = vec![place("a", 100, 1), place("b", 121, 1), place("c", 200, 1)];
        let places = ranked(Formula::NewPeople, lines);
        let spans: Vec<(Option<i64>, Option<i64>)> = places
            .iter()
            .map(|place| (place.best, place.worst))
            .collect();
        assert_eq!(
            spans,
            [(Some(1), Some(1)), (Some(2), Some(3)), (Some(2), Some(3))]
        );
        assert!(!is_above((30, 0), (30, 0)), "equal is not above");
        assert!(is_above((130, 100), (100, 100)) && !is_above((128, 100), (100, 100)));
    }

    #[test]
    fn a_city_that_is_not_over_or_cannot_be_measured_has_no_place() {
        let (mut open, counts) = place("open", 900, 5);
        open.is_over = false;
        let lines = vec![(open, counts), place("a", 5, 0), place("b", 5, 1_000)];
        let places = ranked(Formula::NewPeoplePerFollower, lines);
        let found: Vec<(&str, Option<i64>)> = places
            .iter()
            .map(|place| (place.city.as_str(), place.score))
            .collect();
        assert_eq!(found, [("b", Some(5)), ("open", None), ("a", None)]);
    }

    #[test]
    fn a_formula_is_known_by_its_word() {
        for formula in Formula::ALL {
            assert_eq!(Formula::of_name(formula.name()), Some(formula));
        }
        assert_eq!(Formula::of_name("luck"), None);
    }
}
