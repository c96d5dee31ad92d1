//! Who received how much: the list an office declares taxes from, and its sums by city.
//!
//! Persons are numbers; their openids are added only for two named persons, and that is recorded.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use schedule_core::ShanghaiDay;

use super::{
    Error, login,
    organiser::{self, Refused},
    season,
};
use crate::{
    app::App,
    store::{
        audit,
        books::{self, ReceivedRow},
    },
};

/// A person who received something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// Our number of the person.
    pub person: String,
    /// The openid, if it was asked for and is not erased.
    pub openid: Option<String>,
    /// Packets received.
    pub n_packets: usize,
    /// What they sum to.
    pub received_fen: i64,
    /// The day of the first one.
    pub first: ShanghaiDay,
    /// The day of the last one.
    pub last: ShanghaiDay,
}

/// What a city's people received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CitySum {
    /// The city's slug.
    pub city: String,
    /// People.
    pub n_recipients: usize,
    /// Packets.
    pub n_packets: usize,
    /// What they sum to.
    pub received_fen: i64,
}

/// Every recipient, and the sums.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxList {
    /// In the order of their numbers.
    pub recipients: Vec<Recipient>,
    /// In the order of play.
    pub cities: Vec<CitySum>,
}

/// Two persons who answer for an export that names people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TwoPersons {
    /// Who asks for it.
    pub maker: String,
    /// Who agrees.
    pub checker: String,
}

/// Why there is no list.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TaxRefusal {
    /// One person cannot be both.
    #[error("two different persons must answer for openids, not {maker:?} and {checker:?}")]
    SamePerson {
        /// Who asks.
        maker: String,
        /// Who should agree.
        checker: String,
    },
    /// There is no such city.
    #[error("there is no city {city:?}")]
    UnknownCity {
        /// The slug given.
        city: String,
    },
    /// Something below failed.
    #[error(transparent)]
    Failed(#[from] Error),
}

impl From<TaxRefusal> for organiser::Error {
    fn from(refusal: TaxRefusal) -> Self {
        match refusal {
            TaxRefusal::Failed(failed) => failed.into(),
            _ => Refused::NotFound.into(),
        }
    }
}

impl TaxList {
    /// What everybody received, in fen.
    #[must_use]
    pub fn received_fen(&self) -> i64 {
        self.recipients
            .iter()
            .fold(0, |sum, row| sum.saturating_add(row.received_fen))
    }
}

/// The list of a screen, without openids; counted anew every half minute at most.
///
/// # Errors
/// [`TaxRefusal`].
pub async fn shown(app: &App, city: Option<&str>) -> Result<Arc<TaxList>, TaxRefusal> {
    let (key, now) = (city.map(str::to_owned), app.now());
    if let Some(known) = app.memory.tax_lists.known(&key, now) {
        return Ok(known);
    }
    let counted = list(app, city, None).await?;
    Ok(app.memory.tax_lists.keep(key, now, counted))
}

/// Lists who received what, in one city or in all; `named` adds openids and is recorded.
///
/// Only received packets count: what came back was nobody's income.
/// Cost: a scan of the payments.
///
/// # Errors
/// [`TaxRefusal`].
pub async fn list(
    app: &App,
    city: Option<&str>,
    named: Option<TwoPersons>,
) -> Result<TaxList, TaxRefusal> {
    let slugs: Vec<String> = app
        .season
        .edition()
        .rounds()
        .iter()
        .map(|round| round.city().slug().as_str().to_owned())
        .collect();
    if let Some(city) = city
        && !slugs.iter().any(|slug| slug == city)
    {
        return Err(TaxRefusal::UnknownCity {
            city: city.to_owned(),
        });
    }
    if let Some(TwoPersons { maker, checker }) = &named {
        record(app, maker, checker, city).await?;
    }
    let only = city.map(str::to_owned);
    let rows = app
        .store
        .read(move |read| Ok::<_, Error>(books::received(read, only.as_deref())?))
        .await
        .map_err(TaxRefusal::Failed)?;
    let mut recipients = BTreeMap::new();
    let mut cities: BTreeMap<&str, (BTreeSet<&str>, usize, i64)> = BTreeMap::new();
    for row in &rows {
        let day = ShanghaiDay::from_instant(season::instant(row.received_ms));
        if !recipients.contains_key(row.person.as_str()) {
            let openid = named.as_ref().and_then(|_| openid(app, row));
            recipients.insert(row.person.as_str(), new_recipient(row, openid, day));
        }
        if let Some(recipient) = recipients.get_mut(row.person.as_str()) {
            recipient.n_packets = recipient.n_packets.saturating_add(1);
            recipient.received_fen = recipient.received_fen.saturating_add(row.amount_fen);
            recipient.first = recipient.first.min(day);
            recipient.last = recipient.last.max(day);
        }
        let (people, n_packets, sum_fen) = cities.entry(row.city.as_str()).or_default();
        people.insert(row.person.as_str());
        *n_packets = n_packets.saturating_add(1);
        *sum_fen = sum_fen.saturating_add(row.amount_fen);
    }
    let sums = slugs.into_iter().filter_map(|city| {
        let (people, n_packets, received_fen) = cities.get(city.as_str())?;
        Some(CitySum {
            n_recipients: people.len(),
            n_packets: *n_packets,
            received_fen: *received_fen,
            city,
        })
    });
    Ok(TaxList {
        cities: sums.collect(),
        recipients: recipients.into_values().collect(),
    })
}

fn new_recipient(row: &ReceivedRow, openid: Option<String>, day: ShanghaiDay) -> Recipient {
    Recipient {
        person: row.person.clone(),
        openid,
        n_packets: 0,
        received_fen: 0,
        first: day,
        last: day,
    }
}

/// An openid that was erased, or cannot be opened any more, is left out.
fn openid(app: &App, row: &ReceivedRow) -> Option<String> {
    let openid = login::openid(&app.keys, &row.person, &row.openid_sealed).ok()?;
    Some(openid.as_str().to_owned())
}

/// Who let the openids out, and for what, before anything is read.
async fn record(
    app: &App,
    maker: &str,
    checker: &str,
    city: Option<&str>,
) -> Result<(), TaxRefusal> {
    let plain = |name: &str| name.trim().to_lowercase();
    if plain(maker).is_empty() || plain(checker).is_empty() || plain(maker) == plain(checker) {
        return Err(TaxRefusal::SamePerson {
            maker: maker.to_owned(),
            checker: checker.to_owned(),
        });
    }
    let detail = format!("city={} checker={checker}", city.unwrap_or("all"));
    let (actor, now_ms) = (maker.to_owned(), app.now().timestamp_millis());
    app.store
        .write(move |tx| {
            Ok::<_, Error>(audit::append(
                tx,
                now_ms,
                &actor,
                "tax.exported-openids",
                &detail,
            )?)
        })
        .await
        .map_err(TaxRefusal::Failed)
}
