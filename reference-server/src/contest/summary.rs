//! What a closed city came to: people, papers, packets and money.

use std::collections::HashMap;

use chrono::TimeDelta;
use reward_core::Fen;

use super::Error;
use crate::{
    app::App,
    store::{attempts, awards},
};

/// By then a decision that was made just before the close has been committed.
const SETTLING: TimeDelta = TimeDelta::minutes(1);

/// The sums of one closed city; nothing of them changes any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CityTotals {
    /// The city's slug.
    pub slug: String,
    /// The city's name.
    pub name: String,
    /// People who handed in at least one paper.
    pub n_people: u64,
    /// Papers handed in.
    pub n_attempts: u64,
    /// Papers that passed.
    pub n_passes: u64,
    /// Packets awarded.
    pub n_packets: u64,
    /// What they add up to.
    pub awarded: Fen,
}

/// The sums of every city that has closed, in the order of play.
///
/// Costs one pass over the attempts and awards when a city has closed since the last
/// question, and nothing after that.
///
/// # Errors
/// Fails when the database does.
pub async fn summary(app: &App) -> Result<Vec<CityTotals>, Error> {
    let now = app.now();
    let edition = app.season.edition();
    let closed: Vec<&str> = edition
        .rounds()
        .iter()
        .filter(|round| now >= round.window().end() + SETTLING)
        .map(|round| round.city().slug().as_str())
        .collect();
    if let Some(known) = app.cached_totals(closed.len()) {
        return Ok(known);
    }
    let (played, paid) = app
        .store
        .read(|read| Ok::<_, Error>((attempts::sums_by_city(read)?, awards::sums_by_city(read)?)))
        .await?;
    let played: HashMap<_, _> = played
        .into_iter()
        .map(|sum| (sum.city.clone(), sum))
        .collect();
    let paid: HashMap<_, _> = paid
        .into_iter()
        .map(|sum| (sum.city.clone(), sum))
        .collect();
    let count = |number: i64| u64::try_from(number).unwrap_or_default();
    let totals: Vec<CityTotals> = closed
        .into_iter()
        .map(|slug| {
            let (played, paid) = (played.get(slug), paid.get(slug));
            CityTotals {
                slug: slug.to_owned(),
                name: app.season.city_name(slug),
                n_people: played.map_or(0, |sum| count(sum.n_people)),
                n_attempts: played.map_or(0, |sum| count(sum.n_attempts)),
                n_passes: played.map_or(0, |sum| count(sum.n_passes)),
                n_packets: paid.map_or(0, |sum| count(sum.n_awards)),
                awarded: Fen::new(paid.map_or(0, |sum| count(sum.amount_fen))),
            }
        })
        .collect();
    app.cache_totals(totals.clone());
    Ok(totals)
}
