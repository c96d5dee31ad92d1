//! Marked papers that wait together are stored together, each decided by itself in the order
//! of arrival.
//!
//! In the transaction: papers that were handed in before are left alone; the decision instant
//! under each city's latch; window and pace; the rows; what the corrections of the bank raise;
//! what a claim with a pass would meet.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use chrono::{DateTime, TimeDelta, Utc};
use quiz_core::{QuestionBank, Submitted};

use super::{
    Error, Refusal,
    grant::{self, Decision, Means},
    question_correction::InForce,
    rescore, season,
};
use crate::{
    crash_point::{Point, reach},
    store::{
        Outcomes, Read, Together, Tx, WriteTogether,
        attempts::{self, AttemptRow, Before, Earlier},
        overview::{self, TallyRow},
        rescores::{self, RescoreRow},
        season::{self as rows, CityRow, DayRow},
        standings::{Asked, Standing, standings},
    },
};

/// Submissions of one person in one minute; far above what reading ten questions allows.
const PER_MINUTE: i64 = 20;

/// A marked paper on its way to the writer.
pub(crate) struct Submission {
    /// The attempt, but for the window and the instant, which the writer fills in.
    pub(crate) row: AttemptRow,
    /// The paper, in case that its bank is corrected.
    pub(crate) submitted: Arc<Submitted>,
    /// Its bank.
    pub(crate) bank: Arc<QuestionBank>,
    /// What it is decided with.
    pub(crate) means: Means,
}

/// A submission that was stored now.
pub(crate) struct Recorded {
    /// The row.
    pub(crate) row: AttemptRow,
    /// What a claim would come to, if the attempt passed.
    pub(crate) offer: Option<Decision>,
    /// How corrections raise it, if they do.
    pub(crate) rescore: Option<RescoreRow>,
    /// The corrections of its bank, if there are any.
    pub(crate) in_force: Option<Arc<InForce>>,
}

impl Together for Submission {
    /// `None` when the paper had been handed in before.
    type Answer = Option<Recorded>;
    type Error = Error;
}

impl WriteTogether for Submission {
    fn write(tx: &Tx<'_>, group: &[Self]) -> Result<Outcomes<Self>, Error> {
        let ids: Vec<&str> = group.iter().map(|one| one.row.attempt.as_str()).collect();
        let before = attempts::are_submitted(&tx.read(), &ids)?;
        let fresh = group.iter().zip(&before).filter(|(_one, before)| !**before);
        let cities = latched(tx, fresh.map(|(one, _before)| one))?;
        let earlier = earlier(&tx.read(), group, &cities)?;
        let mut table = Table::default();
        let mut decided = Vec::with_capacity(group.len());
        for ((one, before), earlier) in group.iter().zip(before).zip(earlier) {
            decided.push(
                if before || table.stored.contains(one.row.attempt.as_str()) {
                    Ok(None)
                } else {
                    table
                        .decide(tx, one, cities.get(one.row.city.as_str()), earlier)
                        .map(Some)
                },
            );
        }
        attempts::insert_all(tx, &table.rows)?;
        rescores::insert_all(tx, &table.rescores)?;
        reach(Point::Submitting);
        for (city, more) in &table.tallies {
            overview::count_attempts(tx, city, more)?;
        }
        let mut offers = offers(&tx.read(), group, &table, &cities)?.into_iter();
        let mut stored = table.rows.into_iter().zip(table.in_force);
        let mut raised = table.rescores.into_iter().peekable();
        Ok(decided
            .into_iter()
            .map(|outcome| {
                let recorded = outcome?.and_then(|()| stored.next().zip(offers.next()));
                Ok(recorded.map(|((row, in_force), offer)| Recorded {
                    rescore: raised.next_if(|raised| raised.attempt == row.attempt),
                    row,
                    offer,
                    in_force,
                }))
            })
            .collect())
    }
}

/// The cities of submissions that are decided now, each with its decision instant as the latest.
fn latched<'a>(
    tx: &Tx<'_>,
    fresh: impl Iterator<Item = &'a Submission>,
) -> Result<BTreeMap<&'a str, CityRow>, Error> {
    let mut cities = BTreeMap::new();
    for one in fresh {
        let slug = one.row.city.as_str();
        if cities.contains_key(slug) {
            continue;
        }
        // Read here and not before: a submission that waited is decided when it is its turn.
        let now_ms = one.means.now().timestamp_millis();
        if let Some(city) = rows::latch(tx, slug, now_ms)? {
            cities.insert(slug, city);
        }
    }
    Ok(cities)
}

/// What each person submitted before his city's decision: within the last minute, on that day, ever.
fn earlier(
    read: &Read<'_>,
    group: &[Submission],
    cities: &BTreeMap<&str, CityRow>,
) -> Result<Vec<Before>, Error> {
    let minute_ms = TimeDelta::minutes(1).num_milliseconds();
    let asked: Vec<Earlier<'_>> = group
        .iter()
        .map(|one| {
            let decided_ms = cities
                .get(one.row.city.as_str())
                .map_or(i64::MAX, |city| city.last_decision_ms);
            Earlier {
                person: &one.row.person,
                city: &one.row.city,
                since_ms: decided_ms.saturating_sub(minute_ms),
                day_ms: season::start_of_day_ms(decided_ms),
            }
        })
        .collect();
    Ok(attempts::before(read, &asked)?)
}

/// What a group of submissions has decided and not yet written.
#[derive(Default)]
struct Table<'a> {
    rows: Vec<AttemptRow>,
    /// The corrections that each of them was scored by.
    in_force: Vec<Option<Arc<InForce>>>,
    /// Those that corrections raise, in the same order.
    rescores: Vec<RescoreRow>,
    stored: HashSet<&'a str>,
    n_of_person: HashMap<&'a str, i64>,
    /// Whom this group has counted in a city.
    counted: HashSet<(&'a str, &'a str)>,
    tallies: BTreeMap<&'a str, TallyRow>,
}

impl<'a> Table<'a> {
    fn decide(
        &mut self,
        tx: &Tx<'_>,
        one: &'a Submission,
        city: Option<&CityRow>,
        before: Before,
    ) -> Result<(), Error> {
        let city = city.ok_or(Refusal::UnknownAttempt)?;
        let decided_ms = city.last_decision_ms;
        if decided_ms >= city.closes_ms {
            return Err(Refusal::CityClosed {
                closed: season::instant(city.closes_ms),
            }
            .into());
        }
        let n_now = self.n_of_person.entry(&one.row.person).or_default();
        if before.n_since.saturating_add(*n_now) >= PER_MINUTE {
            return Err(Refusal::TooFast { retry_after_s: 60 }.into());
        }
        if decided_ms < city.opens_ms {
            // The instance that drew the paper was ahead of the clock that decides.
            return Err(Refusal::TooFast { retry_after_s: 2 }.into());
        }
        *n_now = n_now.saturating_add(1);
        let row = AttemptRow {
            opens_ms: city.opens_ms,
            closes_ms: city.closes_ms,
            started_ms: one.row.started_ms.min(decided_ms),
            submitted_ms: decided_ms,
            ..one.row.clone()
        };
        let in_force = one.means.corrections.of(&tx.read(), city, &one.bank)?;
        if let Some(in_force) = in_force.as_deref() {
            let again = rescore::rescored(in_force, &one.bank, &one.submitted)?;
            let score = (in_force.version, again.after.right());
            let raised = rescore::row_of(&row, score, &[], season::instant(decided_ms));
            self.rescores.extend(raised);
        }
        self.stored.insert(&one.row.attempt);
        self.count(one, decided_ms, before);
        self.rows.push(row);
        self.in_force.push(in_force);
        Ok(())
    }
}

impl<'a> Table<'a> {
    /// Counts one stored attempt in its city's hour; a city has one decision instant in a group.
    fn count(&mut self, one: &'a Submission, decided_ms: i64, before: Before) {
        let (person, city) = (one.row.person.as_str(), one.row.city.as_str());
        let is_first = self.counted.insert((person, city));
        let tally = self.tallies.entry(city).or_insert_with(|| TallyRow {
            hour: season::hour_of(decided_ms),
            ..TallyRow::default()
        });
        let add = |number: &mut i64, more: bool| *number = number.saturating_add(more.into());
        add(&mut tally.n_attempts, true);
        add(&mut tally.n_passes, one.row.passed);
        add(&mut tally.n_of_day, is_first && !before.on_day);
        add(&mut tally.n_of_city, is_first && !before.in_city);
    }
}

/// What a claim of each stored attempt's person would come to, if the attempt passed.
fn offers(
    read: &Read<'_>,
    group: &[Submission],
    table: &Table<'_>,
    cities: &BTreeMap<&str, CityRow>,
) -> Result<Vec<Option<Decision>>, Error> {
    let Some(means) = group.first().map(|one| &one.means) else {
        return Ok(Vec::new());
    };
    let gained: HashSet<&str> = table
        .rescores
        .iter()
        .filter(|raised| raised.gained)
        .map(|raised| raised.attempt.as_str())
        .collect();
    let stored = &table.rows;
    let has_passed = |row: &AttemptRow| row.passed || gained.contains(row.attempt.as_str());
    let passed: Vec<&AttemptRow> = stored.iter().filter(|row| has_passed(row)).collect();
    let asked: Vec<Asked<'_>> = passed
        .iter()
        .map(|row| Asked {
            person: &row.person,
            attempt: None,
            city: Some(&row.city),
        })
        .collect();
    let mut standings = standings(read, &asked)?.into_iter();
    let mut days: BTreeMap<&str, DayRow> = BTreeMap::new();
    let mut offers = Vec::with_capacity(stored.len());
    for row in stored {
        let standing = if has_passed(row) {
            standings.next()
        } else {
            None
        };
        let (Some(standing), Some(city)) = (standing, cities.get(row.city.as_str())) else {
            offers.push(None);
            continue;
        };
        let decided = season::instant(city.last_decision_ms);
        if !days.contains_key(row.city.as_str()) {
            days.insert(&row.city, grant::day_of(read, city, decided)?);
        }
        let offer = days
            .get(row.city.as_str())
            .map(|day| offer(means, &standing, (city, day), decided))
            .transpose()?;
        offers.push(offer);
    }
    Ok(offers)
}

fn offer(
    means: &Means,
    standing: &Standing,
    place: (&CityRow, &DayRow),
    decided: DateTime<Utc>,
) -> Result<Decision, Error> {
    let plan = means.plan(place.0)?;
    let has_pass = standing.unused_pass.is_some();
    let facts = grant::facts(
        &means.season,
        plan.plan(),
        standing,
        has_pass,
        place,
        decided,
    )?;
    Ok(grant::decide(&facts, place.0))
}
