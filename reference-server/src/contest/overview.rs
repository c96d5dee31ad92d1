//! What is on in a city, in the numbers an organiser looks at.

use chrono::{DateTime, Utc};

use super::{
    organiser::{Error, Refused},
    season,
};
use crate::{app::App, store::season as rows};

/// A city as the console shows it; without money and days when it is not planned yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CityView {
    /// The city's slug.
    pub city: String,
    /// Its place in the rotation, from 1.
    pub ordinal: u16,
    /// Start of its window.
    pub opens: DateTime<Utc>,
    /// End of its window, exclusive.
    pub closes: DateTime<Utc>,
    /// Its money, once its packets are sealed.
    pub money: Option<CityMoney>,
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
    /// Its days, in order.
    pub days: Vec<DayMoney>,
}

/// The money of one day of a city.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayMoney {
    /// Shanghai day number.
    pub day: i64,
    /// The most it can award.
    pub cap_fen: i64,
    /// What it has awarded.
    pub used_fen: i64,
    /// Packets awarded.
    pub n_packets: i64,
}

/// A city, counted by its own counters.
///
/// # Errors
/// Refuses with [`Refused::NotFound`] for a city that the timetable does not have.
pub async fn city(app: &App, slug: &str) -> Result<CityView, Error> {
    let rounds = (1..).zip(app.season.edition.rounds());
    let (ordinal, round) = rounds
        .into_iter()
        .find(|(_ordinal, round)| round.city().slug().as_str() == slug)
        .ok_or(Refused::NotFound)?;
    let (opens, closes) = (round.window().start(), round.window().end());
    let key = slug.to_owned();
    let money = app
        .store
        .read(move |read| {
            let Some(city) = rows::city(read, &key)? else {
                return Ok::<_, Error>(None);
            };
            let days = rows::days(read, &key)?.into_iter();
            Ok(Some(CityMoney {
                pool_fen: city.pool_fen,
                used_fen: city.used_fen,
                top_awarded: city.top_awarded,
                days: days
                    .map(|day| DayMoney {
                        day: day.day,
                        cap_fen: day.cap_fen,
                        used_fen: day.used_fen,
                        n_packets: day.taken,
                    })
                    .collect(),
            }))
        })
        .await?;
    Ok(CityView {
        city: slug.to_owned(),
        ordinal,
        opens,
        closes,
        money,
    })
}

/// The instant at which a Shanghai day begins.
#[must_use]
pub fn start_of_day(day: i64) -> DateTime<Utc> {
    season::instant(day.saturating_mul(86_400_000).saturating_sub(28_800_000))
}
