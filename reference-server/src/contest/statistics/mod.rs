//! Who takes part and how the questions are answered, as organisers look at it.
//!
//! Nothing here adds up attempts: people and answers are counted behind a mark, followers and
//! winners are short ranges of an index. No number of 1 to 4 people of a district leaves.
//!
//! | file | what happens there |
//! |---|---|
//! | `counting` | attempts are counted once, after they were stored |
//! | `codes` | a code for each district's posters |
//! | `items` | what is known of each question |
//! | `shown` | numbers of few people are not told |

mod codes;
mod counting;
mod items;
mod shown;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use schedule_core::{City, Round};
use wechat_adapter::SceneStr;

pub use self::{
    codes::{CodeOfDistrict, district_codes, make_district_codes},
    counting::{count_all, count_some},
    items::{ItemFigures, ItemSet, items},
    shown::{LEAST_GROUP, Shown},
};
use super::{
    Error as ContestError, PersonId,
    organiser::{Error, Refused},
    season,
};
use crate::{
    app::App,
    store::{
        Read, Tx, overview as tallies,
        overview::TallyRow,
        statistics::{self as rows, PairRow, PeopleTally},
    },
};

pub(crate) use self::counting::recount;

/// New followers that the whole season is to win.
pub const FOLLOWERS_OF_SEASON: i64 = 100_000;

/// A city's people from following to the packet that has arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Funnel {
    /// Who first followed in the window.
    pub n_new_followers: i64,
    /// Who of them follows still.
    pub n_new_following: i64,
    /// Who submitted.
    pub n_people: i64,
    /// Who of them had submitted in no city before.
    pub n_new_people: i64,
    /// Who passed.
    pub n_passed: i64,
    /// Who was awarded a packet.
    pub n_awarded: i64,
    /// To whom a packet has arrived.
    pub n_received: i64,
}

/// Attempts and packets of an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hour {
    /// The day of the city's window, from 1.
    pub day: i64,
    /// The hour of that day, 0 to 23.
    pub hour: i64,
    /// Submitted attempts.
    pub n_attempts: i64,
    /// Passing ones.
    pub n_passes: i64,
    /// People who submitted for the first time on that day.
    pub n_of_day: i64,
    /// Packets awarded.
    pub n_awards: i64,
}

/// Whose district a line is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// One of the city's districts: its slug and its name.
    District(String, String),
    /// A district of another city.
    OtherCity,
    /// From outside the province's cities.
    Elsewhere,
    /// Asked, and not told.
    Undisclosed,
    /// Nothing is known.
    Unknown,
}

/// A line of the table of districts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DistrictLine {
    /// Which one.
    pub place: Place,
    /// New followers who declared it.
    pub followers_declared: Shown,
    /// New followers who came by its code.
    pub followers_scanned: Shown,
    /// People who submitted and declared it.
    pub people_declared: Shown,
    /// People who submitted and came by its code.
    pub people_scanned: Shown,
    /// People who passed and declared it.
    pub passed_declared: Shown,
    /// People who were awarded a packet and declared it.
    pub awarded_declared: Shown,
    /// People to whom a packet arrived and who declared it.
    pub received_declared: Shown,
}

/// How much is known of where people belong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Coverage {
    /// People who submitted.
    pub n_people: i64,
    /// Who declared a district of this city.
    pub n_declared: i64,
    /// Who came by the code of a district of this city.
    pub n_scanned: i64,
    /// Both, and the same district.
    pub n_same: i64,
    /// Both, and different districts.
    pub n_different: i64,
    /// Neither.
    pub n_unknown: i64,
}

/// A city's statistics at an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statistics {
    /// The city's slug.
    pub city: String,
    /// When they were made.
    pub at: DateTime<Utc>,
    /// Start of its window.
    pub opens: DateTime<Utc>,
    /// End of its window, exclusive.
    pub closes: DateTime<Utc>,
    /// Submitted attempts.
    pub n_attempts: i64,
    /// Passing ones.
    pub n_passes: i64,
    /// People from step to step.
    pub funnel: Funnel,
    /// Every hour of the window that has begun, in order.
    pub hours: Vec<Hour>,
    /// The districts in the province's order, then the other places.
    pub districts: Vec<DistrictLine>,
    /// How much is known of where people belong.
    pub coverage: Coverage,
}

/// What is read of a city in one snapshot of the database.
struct Found {
    tally: Vec<TallyRow>,
    awards: Vec<Vec<(i64, i64)>>,
    people: Vec<PeopleTally>,
    followers: Vec<PairRow>,
    winners: Vec<PairRow>,
}

/// A city's round.
///
/// # Errors
/// Refuses with [`Refused::NotFound`] when the timetable does not have it.
pub(crate) fn round_of(app: &App, slug: &str) -> Result<Round, Error> {
    let edition = app.season.edition();
    let mut rounds = edition.rounds().iter();
    let found = rounds.find(|round| round.city().slug().as_str() == slug);
    found.cloned().ok_or_else(|| Refused::NotFound.into())
}

/// The statistics of a city at this instant.
///
/// Cost: its counters, its new followers and its awards.
///
/// # Errors
/// Refuses with [`Refused::NotFound`] for a city that the timetable does not have.
pub async fn of_city(app: &App, slug: &str) -> Result<Statistics, Error> {
    let now = app.now();
    let window = round_of(app, slug)?.window();
    let (opens, closes) = (window.start(), window.end());
    let key = slug.to_owned();
    let found = app
        .store
        .read(move |read| found(read, &key, opens, closes))
        .await?;
    let mut cities = app.season.province.cities().iter();
    let city = cities.find(|city| city.slug().as_str() == slug);
    let sum = |what: fn(&TallyRow) -> i64| found.tally.iter().map(what).sum();
    Ok(Statistics {
        city: slug.to_owned(),
        at: now,
        opens,
        closes,
        n_attempts: sum(|row| row.n_attempts),
        n_passes: sum(|row| row.n_passes),
        funnel: funnel(&found),
        hours: hours(&found, opens, now.min(closes)),
        districts: city.map_or_else(Vec::new, |city| districts(city, &found)),
        coverage: coverage(slug, &found.people),
    })
}

fn found(
    read: &Read<'_>,
    slug: &str,
    opens: DateTime<Utc>,
    closes: DateTime<Utc>,
) -> Result<Found, Error> {
    let (opens_ms, closes_ms) = (opens.timestamp_millis(), closes.timestamp_millis());
    let first_day = season::hour_of(opens_ms).div_euclid(24);
    let n_days = (closes - opens).num_days();
    let awards = (0..n_days).map(|nth| {
        let day = first_day.saturating_add(nth);
        Ok::<_, Error>(tallies::awards_by_hour(read, slug, day)?)
    });
    Ok(Found {
        tally: tallies::tally(read, slug)?,
        awards: awards.collect::<Result<_, _>>()?,
        people: rows::people(read, slug)?,
        followers: rows::followers(read, opens_ms, closes_ms)?,
        winners: rows::winners(read, slug)?,
    })
}

fn funnel(found: &Found) -> Funnel {
    let people = |what: fn(&PeopleTally) -> i64| found.people.iter().map(what).sum();
    Funnel {
        n_new_followers: found.followers.iter().map(|row| row.n_all).sum(),
        n_new_following: found.followers.iter().map(|row| row.n_more).sum(),
        n_people: people(|row| row.n_people),
        n_new_people: people(|row| row.n_new),
        n_passed: people(|row| row.n_passed),
        n_awarded: found.winners.iter().map(|row| row.n_all).sum(),
        n_received: found.winners.iter().map(|row| row.n_more).sum(),
    }
}

fn hours(found: &Found, opens: DateTime<Utc>, until: DateTime<Utc>) -> Vec<Hour> {
    if until <= opens {
        return Vec::new();
    }
    let first = season::hour_of(opens.timestamp_millis());
    let last = season::hour_of((until - TimeDelta::milliseconds(1)).timestamp_millis());
    (first..=last)
        .map(|at| {
            let nth = at.saturating_sub(first);
            let day = nth.div_euclid(24);
            let row = found.tally.iter().find(|row| row.hour == at).copied();
            let row = row.unwrap_or_default();
            let awards = usize::try_from(day)
                .ok()
                .and_then(|day| found.awards.get(day));
            let n_awards = awards.and_then(|awards| awards.iter().find(|(hour, _n)| *hour == at));
            Hour {
                day: day.saturating_add(1),
                hour: nth.rem_euclid(24),
                n_attempts: row.n_attempts,
                n_passes: row.n_passes,
                n_of_day: row.n_of_day,
                n_awards: n_awards.map_or(0, |(_hour, n)| *n),
            }
        })
        .collect()
}

/// Which line of the table a word belongs to; `None` for a word of none of them.
fn place_of(word: &str, city: &City) -> Place {
    match word {
        "" => Place::Unknown,
        "elsewhere" => Place::Elsewhere,
        "undisclosed" => Place::Undisclosed,
        _ => {
            let own = word
                .split_once('/')
                .filter(|(of, _district)| *of == city.slug().as_str());
            let mut districts = city.districts().iter();
            let found = own.and_then(|(_of, slug)| {
                districts.find(|district| district.slug().as_str() == slug)
            });
            found.map_or(Place::OtherCity, |district| {
                Place::District(
                    district.slug().as_str().to_owned(),
                    district.name().to_owned(),
                )
            })
        }
    }
}

fn districts(city: &City, found: &Found) -> Vec<DistrictLine> {
    let districts = city.districts().iter().map(|district| {
        Place::District(
            district.slug().as_str().to_owned(),
            district.name().to_owned(),
        )
    });
    let others = [
        Place::OtherCity,
        Place::Elsewhere,
        Place::Undisclosed,
        Place::Unknown,
    ];
    let places: Vec<Place> = districts.chain(others).collect();
    // One column: for each line the sum over the words that belong to it.
    let column = |counted: Vec<(&str, i64)>| {
        let sums: Vec<i64> = places
            .iter()
            .map(|place| {
                let own = counted
                    .iter()
                    .filter(|(word, _n)| place_of(word, city) == *place);
                own.map(|(_word, n)| n).sum()
            })
            .collect();
        Shown::column(&sums)
    };
    let pairs = |rows: &[PairRow], is_declared: bool, what: fn(&PairRow) -> i64| {
        let word = |row: &PairRow| {
            if is_declared {
                row.declared.clone()
            } else {
                row.scanned.clone()
            }
        };
        let counted: Vec<(String, i64)> = rows.iter().map(|row| (word(row), what(row))).collect();
        column(
            counted
                .iter()
                .map(|(word, n)| (word.as_str(), *n))
                .collect(),
        )
    };
    let people =
        |what: fn(&PeopleTally) -> (&str, i64)| column(found.people.iter().map(what).collect());
    let columns = [
        pairs(&found.followers, true, |row| row.n_all),
        pairs(&found.followers, false, |row| row.n_all),
        people(|row| (&row.declared, row.n_people)),
        people(|row| (&row.scanned, row.n_people)),
        people(|row| (&row.declared, row.n_passed)),
        pairs(&found.winners, true, |row| row.n_all),
        pairs(&found.winners, true, |row| row.n_more),
    ];
    let at = |column: usize, line: usize| {
        let shown = columns.get(column).and_then(|column| column.get(line));
        shown.copied().unwrap_or(Shown::Exact(0))
    };
    (0..)
        .zip(&places)
        .map(|(line, place)| DistrictLine {
            place: place.clone(),
            followers_declared: at(0, line),
            followers_scanned: at(1, line),
            people_declared: at(2, line),
            people_scanned: at(3, line),
            passed_declared: at(4, line),
            awarded_declared: at(5, line),
            received_declared: at(6, line),
        })
        .collect()
}

fn coverage(slug: &str, people: &[PeopleTally]) -> Coverage {
    let mut coverage = Coverage::default();
    let is_own = |word: &str| {
        word.split_once('/')
            .is_some_and(|(city, _district)| city == slug)
    };
    for row in people {
        let (declared, scanned) = (is_own(&row.declared), is_own(&row.scanned));
        let mut add = |number: fn(&mut Coverage) -> &mut i64, counts: bool| {
            if counts {
                let number = number(&mut coverage);
                *number = number.saturating_add(row.n_people);
            }
        };
        let is_same = row.declared == row.scanned;
        add(|sums| &mut sums.n_people, true);
        add(|sums| &mut sums.n_declared, declared);
        add(|sums| &mut sums.n_scanned, scanned);
        add(|sums| &mut sums.n_same, declared && scanned && is_same);
        add(
            |sums| &mut sums.n_different,
            declared && scanned && !is_same,
        );
        add(|sums| &mut sums.n_unknown, !declared && !scanned);
    }
    coverage
}

/// A city's line in the table of the season.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CityLine {
    /// The city's slug.
    pub city: String,
    /// Start of its window.
    pub opens: DateTime<Utc>,
    /// Who first followed in its window.
    pub n_new_followers: i64,
    /// Who of them follows still.
    pub n_new_following: i64,
    /// Who submitted.
    pub n_people: i64,
    /// Who of them had submitted in no city before.
    pub n_new_people: i64,
    /// Who passed.
    pub n_passed: i64,
    /// Submitted attempts.
    pub n_attempts: i64,
    /// Packets awarded.
    pub n_awards: i64,
    /// What they add up to.
    pub awarded_fen: i64,
}

/// The table of the season.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeasonStatistics {
    /// When it was made.
    pub at: DateTime<Utc>,
    /// Every city in the order of play.
    pub cities: Vec<CityLine>,
    /// Who first followed between the first opening and the last closing.
    pub n_new_followers: i64,
    /// Who of them follows still.
    pub n_new_following: i64,
}

/// The table of the season; made anew every half minute at most.
///
/// Cost: the counters of every city and the followers of the season, by index.
///
/// # Errors
/// Fails when the database does.
pub async fn of_season(app: &App) -> Result<Arc<SeasonStatistics>, Error> {
    let now = app.now();
    if let Some(known) = app.memory.season_statistics.known(&(), now) {
        return Ok(known);
    }
    let windows: Vec<(String, DateTime<Utc>, DateTime<Utc>)> = app
        .season
        .edition()
        .rounds()
        .iter()
        .map(|round| {
            let window = round.window();
            let slug = round.city().slug().as_str().to_owned();
            (slug, window.start(), window.end())
        })
        .collect();
    let first = windows.iter().map(|(_city, opens, _closes)| *opens).min();
    let last = windows.iter().map(|(_city, _opens, closes)| *closes).max();
    let (first, last) = (first.unwrap_or(now), last.unwrap_or(now));
    let table = app
        .store
        .read(move |read| {
            let span = (first.timestamp_millis(), last.timestamp_millis());
            let (n_new_followers, n_new_following) = rows::n_followers(read, span.0, span.1)?;
            let cities = windows.into_iter();
            Ok::<_, Error>(SeasonStatistics {
                at: now,
                cities: cities
                    .map(|(city, opens, closes)| city_line(read, city, opens, closes))
                    .collect::<Result<_, _>>()?,
                n_new_followers,
                n_new_following,
            })
        })
        .await?;
    Ok(app.memory.season_statistics.keep((), now, table))
}

fn city_line(
    read: &Read<'_>,
    city: String,
    opens: DateTime<Utc>,
    closes: DateTime<Utc>,
) -> Result<CityLine, Error> {
    let (opens_ms, closes_ms) = (opens.timestamp_millis(), closes.timestamp_millis());
    let (n_new_followers, n_new_following) = rows::n_followers(read, opens_ms, closes_ms)?;
    let people = rows::people(read, &city)?;
    let days = crate::store::season::days(read, &city)?;
    let tally = tallies::tally(read, &city)?;
    let sum = |what: fn(&PeopleTally) -> i64| people.iter().map(what).sum();
    Ok(CityLine {
        opens,
        n_new_followers,
        n_new_following,
        n_people: sum(|row| row.n_people),
        n_new_people: sum(|row| row.n_new),
        n_passed: sum(|row| row.n_passed),
        n_attempts: tally.iter().map(|row| row.n_attempts).sum(),
        n_awards: days.iter().map(|day| day.taken).sum(),
        awarded_fen: days.iter().map(|day| day.used_fen).sum(),
        city,
    })
}

/// Remembers by which district's code a person came, if the scene is one and it is the first.
///
/// # Errors
/// Fails when the database does.
pub(crate) fn came_by(
    tx: &Tx<'_>,
    person: &PersonId,
    scene: Option<&SceneStr>,
    at: DateTime<Utc>,
) -> Result<(), ContestError> {
    let Some(scene) = scene else {
        return Ok(());
    };
    if rows::insert_scan(tx, person.as_str(), scene.as_str(), at.timestamp_millis())? {
        recount(tx, person.as_str())?;
    }
    Ok(())
}

/// Forgets where a person belongs; the counts of people stay what they are.
///
/// # Errors
/// Fails when the database does.
pub(crate) fn forget(tx: &Tx<'_>, person: &str) -> Result<(), ContestError> {
    rows::erase_scan(tx, person)?;
    recount(tx, person)
}
