//! The timetable in force as organisers look at it: every city's turn, and what still may move.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike as _, FixedOffset, TimeDelta, TimeZone as _, Utc};
use schedule_core::{Round, Window};

pub use super::bank::desk::Readiness;
use super::{bank::desk, edition, organiser::Error};
use crate::app::App;

/// The timetable in force.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// The edition's slug.
    pub edition: String,
    /// Which of the season's editions it is, from 1.
    pub ordinal: u32,
    /// Since when it is in force; nothing for the configuration's.
    pub since: Option<DateTime<Utc>>,
    /// Its title.
    pub title: String,
    /// The present instant.
    pub now: DateTime<Utc>,
    /// When the first preheat or contest begins.
    pub begins: DateTime<Utc>,
    /// When the last contest ends.
    pub ends: DateTime<Utc>,
    /// The beginnings of the months between.
    pub months: Vec<DateTime<Utc>>,
    /// Every city's turn, in order.
    pub stations: Vec<Station>,
}

/// Where a city's contest stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a page that forgets one would show nothing of it"
)]
pub enum Standing {
    /// It is over.
    Past,
    /// It is open.
    Open,
    /// It opens later.
    Ahead,
}

/// A city's turn.
#[derive(Debug, Clone)]
pub struct Station {
    /// 1-based place in the rotation.
    pub ordinal: u32,
    /// The city's slug.
    pub city: String,
    /// The city's name.
    pub name: String,
    /// Its preheat, half-open, if it has one.
    pub preheat: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// Start of its contest.
    pub opens: DateTime<Utc>,
    /// End of its contest, exclusive.
    pub closes: DateTime<Utc>,
    /// The days of its contest.
    pub n_days: u32,
    /// Where it stands.
    pub standing: Standing,
    /// Whether its packets are sealed, each for one of these days.
    pub is_sealed: bool,
    /// From when it does not move any more.
    pub bound_from: DateTime<Utc>,
    /// How far its bank has come.
    pub bank: Readiness,
}

impl Station {
    /// Whether another edition might still move it: nothing of it has begun, and no packet names its days.
    #[must_use]
    pub fn is_movable(&self) -> bool {
        self.standing == Standing::Ahead && !self.is_sealed
    }
}

/// The timetable in force.
///
/// # Errors
/// Fails when the database does.
pub async fn schedule(app: &App) -> Result<Schedule, Error> {
    let in_force = edition::refresh(app).await?;
    let edition = &in_force.edition;
    let now = app.now();
    let banks = desk::readiness(app).await?;
    let stations: Vec<Station> = edition
        .rounds()
        .iter()
        .map(|round| station(app, round, now, &banks))
        .collect();
    let season = edition.season();
    let preheats = stations.iter().filter_map(|station| station.preheat);
    let begins = preheats
        .map(|(from, _to)| from)
        .chain([season.start()])
        .min();
    let begins = begins.unwrap_or(now);
    Ok(Schedule {
        edition: edition.slug().as_str().to_owned(),
        ordinal: in_force.ordinal,
        since: in_force.since,
        title: edition.title().to_owned(),
        now,
        begins,
        ends: season.end(),
        months: months(begins, season.end()),
        stations,
    })
}

fn station(
    app: &App,
    round: &Round,
    now: DateTime<Utc>,
    banks: &BTreeMap<String, (Readiness, bool)>,
) -> Station {
    let window = round.window();
    let span = |window: Window| (window.start(), window.end());
    let city = round.city().slug().as_str();
    let (bank, is_sealed) = banks
        .get(city)
        .copied()
        .unwrap_or((Readiness::Missing, false));
    Station {
        ordinal: round.index(),
        city: city.to_owned(),
        name: round.city().name().to_owned(),
        preheat: round.preheat().map(span),
        opens: window.start(),
        closes: window.end(),
        n_days: window.n_days(),
        standing: if now >= window.end() {
            Standing::Past
        } else if window.contains(now) {
            Standing::Open
        } else {
            Standing::Ahead
        },
        bound_from: app.season.bound_from(round),
        is_sealed,
        bank,
    }
}

/// The Shanghai beginnings of months within a span.
#[must_use]
pub fn months(begins: DateTime<Utc>, ends: DateTime<Utc>) -> Vec<DateTime<Utc>> {
    let Some(zone) = FixedOffset::east_opt(8 * 3_600) else {
        return Vec::new();
    };
    let mut months = Vec::new();
    let mut day = begins.with_timezone(&zone);
    // A season has few days; each is looked at.
    while day < ends {
        let start = zone
            .with_ymd_and_hms(day.year(), day.month(), 1, 0, 0, 0)
            .single();
        if let Some(start) = start.map(|start| start.with_timezone(&Utc))
            && start >= begins
            && months.last() != Some(&start)
        {
            months.push(start);
        }
        day += TimeDelta::days(1);
    }
    months
}
