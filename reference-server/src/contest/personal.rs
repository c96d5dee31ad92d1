//! What a person says of himself, and takes back: the district, and everything that names him.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use reward_core::Payout;
use schedule_core::{City, CitySlug};

use super::{Error, Failure, PersonId, Refusal, login, season, statistics};
use crate::{
    app::{App, Season},
    store::{Read, attempts, audit, awards, payments, people},
};

/// What a person answered to the question for his district.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum District {
    /// One of a city's districts.
    Of {
        /// The city's slug.
        city: String,
        /// The district's slug.
        district: String,
    },
    /// Somewhere else.
    Elsewhere,
    /// No answer wanted.
    Undisclosed,
}

impl District {
    /// The answer as it is stored and as forms send it: `nanjing/xuanwu`, `elsewhere` or `undisclosed`.
    #[must_use]
    pub fn word(&self) -> String {
        match self {
            Self::Of { city, district } => format!("{city}/{district}"),
            Self::Elsewhere => "elsewhere".to_owned(),
            Self::Undisclosed => "undisclosed".to_owned(),
        }
    }

    /// Reads an answer; `None` for a district that the season does not have.
    #[must_use]
    pub fn of_word(season: &Season, word: &str) -> Option<Self> {
        match word {
            "elsewhere" => Some(Self::Elsewhere),
            "undisclosed" => Some(Self::Undisclosed),
            _ => {
                let (city, district) = word.split_once('/')?;
                name(season, city, district).map(|_name| Self::Of {
                    city: city.to_owned(),
                    district: district.to_owned(),
                })
            }
        }
    }

    /// The answer in words, such as `南京市玄武区`.
    #[must_use]
    pub fn name(&self, season: &Season) -> String {
        match self {
            Self::Of { city, district } => format!(
                "{}{}",
                season.city_name(city),
                name(season, city, district).unwrap_or_default()
            ),
            Self::Elsewhere => "外地".to_owned(),
            Self::Undisclosed => "不愿透露".to_owned(),
        }
    }
}

/// The question for the district, as it stands for one person.
#[derive(Debug, Clone)]
pub struct DistrictQuestion {
    /// The open city whose districts are asked for; `None` while none is open.
    pub city: Option<City>,
    /// What the person answered before.
    pub chosen: Option<District>,
    /// Whether the answer stands: the person has a packet of the open city.
    pub fixed: bool,
}

/// The question for the district, as it stands for one person.
///
/// # Errors
/// Fails when the database does.
pub async fn district(app: &App, person: &PersonId) -> Result<DistrictQuestion, Error> {
    let city = open_city(app);
    let (who, slug) = (person.clone(), city.as_ref().map(City::slug).cloned());
    let (word, fixed) = app
        .store
        .read(move |read| {
            let word = people::person(read, who.as_str())?.and_then(|row| row.district);
            Ok::<_, Error>((word, is_fixed(read, &who, slug.as_ref())?))
        })
        .await?;
    Ok(DistrictQuestion {
        city,
        chosen: word.and_then(|word| District::of_word(&app.season, &word)),
        fixed,
    })
}

/// Keeps a person's district.
///
/// # Errors
/// Refuses with [`Refusal::DistrictFixed`] once the person has a packet of the open city.
pub async fn choose_district(app: &App, person: &PersonId, chosen: &District) -> Result<(), Error> {
    let (who, word) = (person.clone(), chosen.word());
    let slug = open_city(app).map(|city| city.slug().clone());
    app.store
        .write(move |tx| {
            if is_fixed(&tx.read(), &who, slug.as_ref())? {
                return Err(Refusal::DistrictFixed.into());
            }
            people::set_district(tx, who.as_str(), Some(&word))?;
            statistics::recount(tx, who.as_str())
        })
        .await
}

/// What is kept of a person beside attempts, chances and packets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Particulars {
    /// The openid; `None` once it is erased.
    pub openid: Option<String>,
    /// When the person was first heard of.
    pub known_since: DateTime<Utc>,
    /// When the privacy notice was agreed to.
    pub consented: Option<DateTime<Utc>>,
    /// When the person followed for the first time ever.
    pub first_followed: Option<DateTime<Utc>>,
    /// The person's own code, which stands in his QR.
    pub invite_code: Option<String>,
    /// Every attempt's answers, as `1=A,2=C,…`.
    pub answers: BTreeMap<String, String>,
}

/// Somebody who looks after the data, or the person himself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "nobody else erases anything")]
pub enum Eraser {
    /// The person, on the page for it.
    Person,
    /// An operator, because the person asked for it.
    Operator,
}

impl Eraser {
    const fn actor(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Operator => "operator",
        }
    }
}

/// The person of an openid, if there is one.
///
/// # Errors
/// Refuses with [`Refusal::RecordsDestroyed`] long after the season; fails when the database does.
pub async fn of_openid(app: &App, openid: &str) -> Result<Option<PersonId>, Error> {
    let index = app.keys.openid_index(openid)?;
    let found = app
        .store
        .read(move |read| Ok::<_, Error>(people::person_of_index(read, &index)?))
        .await?;
    Ok(found.map(PersonId::new))
}

/// What is kept of a person beside attempts, chances and packets.
///
/// # Errors
/// Refuses with [`Refusal::NotFound`] when there is no such person.
pub async fn particulars(app: &App, person: &PersonId) -> Result<Particulars, Error> {
    let who = person.clone();
    let (row, follow, invite, attempts) = app
        .store
        .read(move |read| {
            let id = who.as_str();
            Ok::<_, Error>((
                people::person(read, id)?,
                people::follow(read, id)?,
                people::invite_of(read, id)?,
                attempts::latest(read, id, i64::MAX)?,
            ))
        })
        .await?;
    let row = row.ok_or(Refusal::NotFound)?;
    let openid = match login::openid(&app.keys, &row.person, &row.openid_sealed) {
        Ok(openid) => Some(openid.as_str().to_owned()),
        Err(Error::Refused(_erased)) => None,
        Err(failed) => return Err(failed),
    };
    Ok(Particulars {
        openid,
        known_since: season::instant(row.created_ms),
        consented: row.consented_ms.map(season::instant),
        first_followed: follow.map(|follow| season::instant(follow.first_ms)),
        invite_code: invite.map(|invite| invite.code),
        answers: attempts
            .into_iter()
            .map(|row| (row.attempt, row.answers))
            .collect(),
    })
}

/// Removes what tells who a person is.
///
/// Attempts, packets and the accounts stay under the keyed index of the openid, which is
/// what keeps a chance from being used twice; the openid itself, the consent, the
/// district, the QR and the requests of settled payments go.
///
/// # Errors
/// Refuses with [`Refusal::PacketUnderway`] while a packet is neither received nor returned,
/// and with [`Refusal::NotFound`] when there is no such person.
pub async fn erase(app: &App, person: &PersonId, by: Eraser) -> Result<(), Error> {
    let (who, now_ms) = (person.clone(), app.now().timestamp_millis());
    app.store
        .write(move |tx| {
            if people::person(&tx.read(), who.as_str())?.is_none() {
                return Err(Refusal::NotFound.into());
            }
            for view in awards::of_person(&tx.read(), who.as_str())? {
                let payout: Payout =
                    serde_json::from_str(&view.machine).map_err(|_error| Failure::Unreadable {
                        what: "payment.machine",
                    })?;
                if !payout.state().is_terminal() {
                    return Err(Refusal::PacketUnderway.into());
                }
            }
            people::erase(tx, who.as_str())?;
            statistics::forget(tx, who.as_str())?;
            payments::empty_requests(tx, who.as_str())?;
            Ok(audit::append(tx, now_ms, by.actor(), "person.erased", "-")?)
        })
        .await
}

fn open_city(app: &App) -> Option<City> {
    let season = &app.season;
    let edition = season.edition();
    let round = edition.contest_at(app.now())?;
    season.province.city(round.city().slug()).cloned()
}

fn is_fixed(read: &Read<'_>, person: &PersonId, city: Option<&CitySlug>) -> Result<bool, Error> {
    let Some(city) = city else {
        return Ok(false);
    };
    Ok(awards::of_person(read, person.as_str())?
        .iter()
        .any(|view| view.city == city.as_str()))
}

fn name<'a>(season: &'a Season, city: &str, district: &str) -> Option<&'a str> {
    season
        .province
        .cities()
        .iter()
        .find(|known| known.slug().as_str() == city)?
        .districts()
        .iter()
        .find(|known| known.slug().as_str() == district)
        .map(schedule_core::District::name)
}
