//! What the database knows about money and payments at an instant, for whoever watches the season.

use chrono::{DateTime, Utc};
use schedule_core::ShanghaiDay;

use super::{
    Error,
    merchant_balance::{self, Balance},
    platform_keys,
    season::fen_column,
};
use crate::{
    app::App,
    store::{Read, books, facts, incidents, safekeeping, season as rows},
};

/// Money of one city.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CityFigures {
    /// The city's slug.
    pub city: String,
    /// Packets awarded.
    pub n_awards: i64,
    /// Money awarded, gross.
    pub awarded_fen: i64,
    /// Money not awarded yet; the residual that no day can pay is part of it.
    pub left_fen: i64,
    /// Money of today not awarded yet, if today is one of the city's days.
    pub today_left_fen: Option<i64>,
}

/// Money and payments at an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures {
    /// Every planned city, in the order of play.
    pub cities: Vec<CityFigures>,
    /// Payments by the name of their state.
    pub payments: Vec<(String, i64)>,
    /// Milliseconds since the latch was last raised, if it ever was.
    pub latch_age_ms: Option<i64>,
    /// Open incidents by class.
    pub incidents: Vec<(String, i64)>,
    /// The latest outcome of each daily duty: its name, what was found, and how long ago in milliseconds; a backup
    /// counts from the instant it is of.
    pub duties: Vec<(String, i64, i64)>,
    /// How far the deciding clock is ahead of this process's in milliseconds, when that is too far; otherwise 0.
    pub clock_off_ms: i64,
    /// What the merchant's account can still pay.
    pub balance: Balance,
    /// Until when WeChat's signatures can be believed, where certificates play a part.
    pub certificates: Option<CertificateFigures>,
}

/// WeChat's platform certificates at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CertificateFigures {
    /// How many are valid.
    pub n_valid: i64,
    /// Milliseconds until the last of them ends; zero when there is none.
    pub left_ms: i64,
    /// Milliseconds since WeChat last gave them, if it ever did.
    pub age_ms: Option<i64>,
}

/// Counts everything anew; cost: a scan of awards and payments.
///
/// # Errors
/// Fails when the database does.
pub async fn figures(app: &App) -> Result<Figures, Error> {
    let now = app.now();
    let today = i64::from(ShanghaiDay::from_instant(now).number());
    let top_fen = fen_column(app.season.rules.top_packet());
    let (cities, days, payments, latch_ms, incidents, duties, (clock_off_ms, balance)) = app
        .store
        .read(move |read| {
            Ok::<_, Error>((
                facts::cities(read, top_fen)?,
                facts::days(read)?,
                facts::payments_by_state(read)?,
                rows::latest_decision_ms(read)?,
                incidents::open_by_class(read)?,
                duties(read)?,
                (
                    rows::clock_far_off_ms(read, now.timestamp_millis())?.unwrap_or(0),
                    merchant_balance::balance(read, now, None)?,
                ),
            ))
        })
        .await?;
    let certificates = platform_keys::outlook(app).await?;
    let since_ms = |instant: DateTime<Utc>| (now - instant).num_milliseconds();
    let certificates = certificates.map(|outlook| CertificateFigures {
        n_valid: i64::try_from(outlook.n_valid).unwrap_or(i64::MAX),
        left_ms: outlook.ends.map_or(0, |ends| -since_ms(ends)),
        age_ms: outlook.downloaded.map(since_ms),
    });
    let today_left_fen = |city: &str| {
        let mut days = days.iter();
        let day = days.find(|day| day.day == today && day.city == city)?;
        Some(day.cap_fen.saturating_sub(day.awarded_fen))
    };
    Ok(Figures {
        cities: cities
            .into_iter()
            .map(|facts| CityFigures {
                n_awards: facts.n_awards,
                awarded_fen: facts.awarded_fen,
                left_fen: facts.pool_fen.saturating_sub(facts.awarded_fen),
                today_left_fen: today_left_fen(&facts.city),
                city: facts.city,
            })
            .collect(),
        payments,
        latch_age_ms: latch_ms.map(|latch_ms| now.timestamp_millis().saturating_sub(latch_ms)),
        incidents,
        duties: duties
            .into_iter()
            .map(|(duty, n_findings, at_ms)| {
                let age_ms = now.timestamp_millis().saturating_sub(at_ms);
                (duty.to_owned(), n_findings, age_ms)
            })
            .collect(),
        clock_off_ms,
        balance,
        certificates,
    })
}

/// What every duty last came to, and the instant that counts.
fn duties(read: &Read<'_>) -> Result<Vec<(&'static str, i64, i64)>, Error> {
    let mut found = Vec::new();
    for duty in ["audit", "reconcile"] {
        let latest = books::latest_duty(read, duty)?;
        found.extend(latest.map(|row| (duty, row.n_findings, row.done_ms)));
    }
    if let Some(row) = safekeeping::latest(read, "taken")? {
        found.push(("backup", row.n_findings, row.of_ms));
    }
    if let Some(row) = safekeeping::latest(read, "drilled")? {
        found.push(("drill", row.n_findings, row.at_ms));
    }
    Ok(found)
}
