//! What a person says of himself, and takes back: the district, and everything that names him.

use reward_core::Payout;
use schedule_core::{City, CitySlug};

use super::{Error, Failure, PersonId, Refusal, claim};
use crate::{
    app::{App, Season},
    store::{Read, audit, awards, people},
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
            Ok(people::set_district(tx, who.as_str(), Some(&word))?)
        })
        .await
}

/// Removes what tells who a person is.
///
/// Attempts, packets and the accounts stay under the keyed index of the openid, which is
/// what keeps a chance from being used twice; the openid itself, the consent, the
/// district and the QR go. A payment's own sealed request stays with the accounts.
///
/// # Errors
/// Refuses with [`Refusal::PacketUnderway`] while a packet is neither received nor returned.
pub async fn erase(app: &App, person: &PersonId) -> Result<(), Error> {
    let (who, now_ms) = (person.clone(), app.now().timestamp_millis());
    app.store
        .write(move |tx| {
            for view in awards::of_person(&tx.read(), who.as_str())? {
                let payout: Payout =
                    serde_json::from_str(&view.machine).map_err(|_error| Failure::Unreadable {
                        what: "payment.machine",
                    })?;
                if !claim::packet_state(payout.state()).is_final() {
                    return Err(Refusal::PacketUnderway.into());
                }
            }
            people::erase(tx, who.as_str())?;
            Ok(audit::append(tx, now_ms, "person", "person.erased", "-")?)
        })
        .await
}

fn open_city(app: &App) -> Option<City> {
    let season = &app.season;
    let round = season.edition.contest_at(app.now())?;
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
