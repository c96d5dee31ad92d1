//! What is on in a city, in the numbers an organiser looks at; computed once for all who look.
//!
//! Attempts are counted where they are stored; awards of a day, followers of a window and
//! payments under way are short ranges of an index. Nothing adds up a season.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use schedule_core::ShanghaiDay;
use tokio::sync::watch;

use super::{
    bank::desk::{self, Readiness},
    merchant_balance::{self, Balance},
    organiser::{Error, Refused},
    pause::{self, Paused},
    season,
};
use crate::{
    app::App,
    metrics::Recent,
    store::{
        Read, audit, books, incidents,
        overview::{self as rows, DistrictFollowers, LatestAward, TallyRow},
        payments, season as cities,
    },
};

/// New followers that a city is to win.
pub const FOLLOWERS_OF_CITY: i64 = 7_000;
/// New followers that a district is to win.
pub const FOLLOWERS_OF_DISTRICT: i64 = 1_000;
/// Awards of the short list.
const N_LATEST: i64 = 10;
/// How often the numbers are made anew while somebody looks.
const BEAT: Duration = Duration::from_secs(2);

/// A city's numbers at an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The city's slug.
    pub city: String,
    /// When they were made.
    pub at: DateTime<Utc>,
    /// The city's place in the rotation, from 1.
    pub ordinal: u16,
    /// Start of its window.
    pub opens: DateTime<Utc>,
    /// End of its window, exclusive.
    pub closes: DateTime<Utc>,
    /// The day shown: today within the window, otherwise its first or last; from 1.
    pub day: i64,
    /// When the day shown begins.
    pub day_begins: DateTime<Utc>,
    /// People who submitted on that day.
    pub n_people_of_day: i64,
    /// People who had submitted by the same hour of the day before; nothing on the first day.
    pub n_people_of_day_before: Option<i64>,
    /// People who submitted in this city.
    pub n_people: i64,
    /// Attempts submitted in this city.
    pub n_attempts: i64,
    /// Passing ones of them.
    pub n_passes: i64,
    /// Who first followed in the window.
    pub n_new_followers: i64,
    /// Who of them follows still.
    pub n_new_following: i64,
    /// The same by district: its name, new ones, those who follow still.
    pub districts: Vec<(String, i64, i64)>,
    /// New followers who declared no district of this city.
    pub n_without_district: i64,
    /// What is paused in the city.
    pub pauses: Vec<Paused>,
    /// The city's money, once its packets are sealed.
    pub money: Option<CityMoney>,
    /// How far its bank has come.
    pub bank: Readiness,
    /// Attempts and packets of each hour of the day shown that has begun: hour, attempts, packets.
    pub hours: Vec<(i64, i64, i64)>,
    /// The latest packets.
    pub latest: Vec<Latest>,
    /// What is in order and what is not.
    pub health: Health,
}

/// The money of a city.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CityMoney {
    /// The most it can award.
    pub pool_fen: i64,
    /// What it has awarded.
    pub used_fen: i64,
    /// Whether its top packet is out.
    pub top_awarded: bool,
    /// The most the day shown can award.
    pub cap_fen: i64,
    /// What that day has awarded.
    pub used_of_day_fen: i64,
}

/// A packet of the short list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Latest {
    /// The person, by our identifier.
    pub person: String,
    /// The amount.
    pub amount_fen: i64,
    /// When it was awarded.
    pub at: DateTime<Utc>,
    /// The order number of its latest payment.
    pub bill_number: String,
    /// Where that payment stands, as the payout machine calls it.
    pub state: String,
}

/// What is in order and what is not, for the whole season.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Health {
    /// Payments under way by the name of their state.
    pub payments: Vec<(String, i64)>,
    /// Why the rail is paused, if it is.
    pub rail_paused: Option<String>,
    /// Open incidents.
    pub n_incidents: i64,
    /// What the latest comparison with WeChat's bills found: when, and how many differences.
    pub reconciled: Option<(DateTime<Utc>, i64)>,
    /// What the latest recount found: when, and how many violations.
    pub audited: Option<(DateTime<Utc>, i64)>,
    /// Events of the audit chain.
    pub n_events: i64,
    /// How far the deciding clock is ahead of this process's in milliseconds, when that is too far.
    pub clock_off_ms: Option<i64>,
    /// What the merchant's account can still pay.
    pub balance: Balance,
    /// How this process has answered of late.
    pub recent: Recent,
    /// The city that opens next, and when.
    pub next: Option<(String, DateTime<Utc>)>,
}

/// What is read of a city in one snapshot of the database.
struct Found {
    pauses: Vec<Paused>,
    city: Option<cities::CityRow>,
    day: Option<cities::DayRow>,
    tally: Vec<TallyRow>,
    awards: Vec<(i64, i64)>,
    followers: Vec<DistrictFollowers>,
    latest: Vec<LatestAward>,
    health: Health,
}

/// The instants of a city that its numbers hang on.
#[derive(Debug, Clone, Copy)]
struct Frame {
    ordinal: u16,
    opens: DateTime<Utc>,
    closes: DateTime<Utc>,
    /// The day shown.
    day: i64,
    day_begins_ms: i64,
}

/// The numbers of a city at this instant.
///
/// # Errors
/// Refuses with [`Refused::NotFound`] for a city that the timetable does not have.
pub async fn snapshot(app: &App, slug: &str) -> Result<Snapshot, Error> {
    let now = app.now();
    let frame = frame(app, slug, now)?;
    let rail = app.season.rail.name();
    let key = slug.to_owned();
    let known = app.last_balance();
    let (mut found, clock_off_ms, balance) = app
        .store
        .read(move |read| {
            let clock_off_ms = cities::clock_far_off_ms(read, now.timestamp_millis())?;
            let balance = merchant_balance::balance(read, now, known)?;
            Ok::<_, Error>((found(read, &key, frame, rail)?, clock_off_ms, balance))
        })
        .await?;
    app.keep_last_balance(balance.last);
    found.health = Health {
        clock_off_ms,
        balance,
        recent: app.memory.metrics.recent(app.wall.now()),
        ..found.health
    };
    let edition = app.season.edition();
    let bank = desk::readiness_of(app, slug).await?;
    let next = edition.next_opening(now);
    let next = next.map(|round| {
        let city = round.city().slug().as_str();
        (app.season.city_name(city), round.window().start())
    });
    Ok(assembled(app, slug, now, frame, (found, bank), next))
}

fn frame(app: &App, slug: &str, now: DateTime<Utc>) -> Result<Frame, Error> {
    let edition = app.season.edition();
    let rounds = (1..).zip(edition.rounds());
    let (ordinal, round) = rounds
        .into_iter()
        .find(|(_ordinal, round)| round.city().slug().as_str() == slug)
        .ok_or(Refused::NotFound)?;
    let (opens, closes) = (round.window().start(), round.window().end());
    let last = closes - chrono::TimeDelta::milliseconds(1);
    let shown = now.clamp(opens, last);
    Ok(Frame {
        ordinal,
        opens,
        closes,
        day: i64::from(ShanghaiDay::from_instant(shown).number()),
        day_begins_ms: season::start_of_day_ms(shown.timestamp_millis()),
    })
}

fn found(read: &Read<'_>, slug: &str, frame: Frame, rail: &'static str) -> Result<Found, Error> {
    let duty = |duty: &str| {
        let latest = books::latest_duty(read, duty)?;
        Ok::<_, Error>(latest.map(|row| (season::instant(row.done_ms), row.n_findings)))
    };
    let incidents = incidents::open_by_class(read)?;
    let (opens_ms, closes_ms) = (
        frame.opens.timestamp_millis(),
        frame.closes.timestamp_millis(),
    );
    Ok(Found {
        pauses: pause::paused(read, slug)?,
        city: cities::city(read, slug)?,
        day: cities::day(read, slug, frame.day)?,
        tally: rows::tally(read, slug)?,
        awards: rows::awards_by_hour(read, slug, frame.day)?,
        followers: rows::new_followers(read, opens_ms, closes_ms)?,
        latest: rows::latest_awards(read, slug, N_LATEST)?,
        health: Health {
            payments: rows::payments_under_way(read)?,
            rail_paused: payments::rail(read, rail)?.paused_reason,
            n_incidents: incidents.iter().map(|(_class, n)| n).sum(),
            reconciled: duty("reconcile")?,
            audited: duty("audit")?,
            n_events: audit::head(read)?.map_or(0, |(number, _hash)| number),
            ..Health::default()
        },
    })
}

fn assembled(
    app: &App,
    slug: &str,
    now: DateTime<Utc>,
    frame: Frame,
    (found, bank): (Found, Readiness),
    next: Option<(String, DateTime<Utc>)>,
) -> Snapshot {
    let first_hour = season::hour_of(frame.day_begins_ms);
    let until = now.timestamp_millis();
    let sum = |what: fn(&TallyRow) -> i64| found.tally.iter().map(what).sum();
    let last_hour = first_hour.saturating_add(23);
    let hour_now = season::hour_of(until).min(last_hour);
    let of = |from: i64, to: i64| -> i64 {
        let rows = found.tally.iter();
        rows.filter(|row| (from..=to).contains(&row.hour))
            .map(|row| row.n_of_day)
            .sum()
    };
    let (districts, n_without_district) = districts(app, slug, &found.followers);
    let hours = hours(&found, frame, until);
    let money = found.city.map(|city| CityMoney {
        pool_fen: city.pool_fen,
        used_fen: city.used_fen,
        top_awarded: city.top_awarded,
        cap_fen: found.day.as_ref().map_or(0, |day| day.cap_fen),
        used_of_day_fen: found.day.as_ref().map_or(0, |day| day.used_fen),
    });
    let begins = season::instant(frame.day_begins_ms);
    let has_day_before = begins > frame.opens;
    Snapshot {
        city: slug.to_owned(),
        at: now,
        ordinal: frame.ordinal,
        opens: frame.opens,
        closes: frame.closes,
        day: (begins - frame.opens).num_days().max(0).saturating_add(1),
        day_begins: begins,
        n_people_of_day: of(first_hour, last_hour),
        n_people_of_day_before: has_day_before
            .then(|| of(first_hour.saturating_sub(24), hour_now.saturating_sub(24))),
        n_people: sum(|row| row.n_of_city),
        n_attempts: sum(|row| row.n_attempts),
        n_passes: sum(|row| row.n_passes),
        n_new_followers: found.followers.iter().map(|row| row.n_new).sum(),
        n_new_following: found.followers.iter().map(|row| row.n_following).sum(),
        districts,
        n_without_district,
        pauses: found.pauses,
        money,
        bank,
        hours,
        latest: found
            .latest
            .into_iter()
            .map(|row| Latest {
                person: row.person,
                amount_fen: row.amount_fen,
                at: season::instant(row.decided_ms),
                bill_number: row.bill_number,
                state: row.state,
            })
            .collect(),
        health: Health {
            next,
            ..found.health
        },
    }
}

/// Attempts and packets of each hour of the day shown that has begun by `until_ms`.
fn hours(found: &Found, frame: Frame, until_ms: i64) -> Vec<(i64, i64, i64)> {
    let first_hour = season::hour_of(frame.day_begins_ms);
    let last_hour = season::hour_of(until_ms).min(first_hour.saturating_add(23));
    (first_hour..=last_hour)
        .map(|hour| {
            let attempts = found.tally.iter().find(|row| row.hour == hour);
            let awards = found.awards.iter().find(|(at, _n)| *at == hour);
            (
                hour.saturating_sub(first_hour),
                attempts.map_or(0, |row| row.n_attempts),
                awards.map_or(0, |(_at, n)| *n),
            )
        })
        .collect()
}

/// Every district of the city with its new followers, and how many declared none of them.
fn districts(
    app: &App,
    slug: &str,
    followers: &[DistrictFollowers],
) -> (Vec<(String, i64, i64)>, i64) {
    let mut cities = app.season.province.cities().iter();
    let city = cities.find(|city| city.slug().as_str() == slug);
    let mut n_within = 0_i64;
    let counted = city.map_or_else(Vec::new, |city| {
        let districts = city.districts().iter();
        districts
            .map(|district| {
                let word = format!("{slug}/{}", district.slug().as_str());
                let row = followers
                    .iter()
                    .find(|row| row.district.as_deref() == Some(word.as_str()));
                let (n_new, n_following) = row.map_or((0, 0), |row| (row.n_new, row.n_following));
                n_within = n_within.saturating_add(n_new);
                (district.name().to_owned(), n_new, n_following)
            })
            .collect()
    });
    let n_new: i64 = followers.iter().map(|row| row.n_new).sum();
    (counted, n_new.saturating_sub(n_within))
}

/// The latest numbers of a city: none before the first are made.
pub type Numbers = watch::Receiver<Option<Arc<Snapshot>>>;

type Senders = BTreeMap<String, watch::Sender<Option<Arc<Snapshot>>>>;

/// The numbers of each city that somebody of this process looks at.
#[derive(Debug, Default)]
pub(crate) struct Live(Mutex<Senders>);

impl Live {
    fn senders(&self) -> MutexGuard<'_, Senders> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Follows a city's numbers: made anew every two seconds, once for everybody who looks, and not
/// at all when nobody does.
pub fn follow(app: &Arc<App>, city: &str) -> Numbers {
    let mut senders = app.memory.live.senders();
    if let Some(sender) = senders.get(city) {
        let mut numbers = sender.subscribe();
        // Whoever comes later sees the present numbers at once.
        numbers.mark_changed();
        return numbers;
    }
    let (sender, numbers) = watch::channel(None);
    senders.insert(city.to_owned(), sender);
    drop(senders);
    tokio::spawn(keep_counting(Arc::clone(app), city.to_owned()));
    numbers
}

/// The numbers that somebody follows, if somebody does; otherwise made for the caller.
///
/// # Errors
/// As [`snapshot`].
pub async fn latest(app: &App, city: &str) -> Result<Arc<Snapshot>, Error> {
    let known = {
        let senders = app.memory.live.senders();
        senders.get(city).and_then(|sender| sender.borrow().clone())
    };
    match known {
        Some(known) => Ok(known),
        None => snapshot(app, city).await.map(Arc::new),
    }
}

async fn keep_counting(app: Arc<App>, city: String) {
    loop {
        let made = snapshot(&app, &city).await;
        {
            let mut senders = app.memory.live.senders();
            let is_wanted = senders
                .get(&city)
                .is_some_and(|sender| sender.receiver_count() > 0);
            if !is_wanted || app.is_draining() {
                // Whoever follows gets the end of the stream, and comes back elsewhere.
                senders.remove(&city);
                return;
            }
            match made {
                Ok(made) => {
                    if let Some(sender) = senders.get(&city) {
                        sender.send_replace(Some(Arc::new(made)));
                    }
                }
                // The page keeps its numbers and their time stamp.
                Err(error) => tracing::warn!(%error, "the overview could not be counted"),
            }
        }
        tokio::time::sleep(BEAT).await;
    }
}
