//! A code for each district's posters: whoever follows by it is known to have come from there.

use schedule_core::City;
use wechat_adapter::{SceneStr, official::CreateQrCode};

use super::round_of;
use crate::{
    app::App,
    contest::{
        Failure,
        organiser::{Error, Organiser, Refused},
        token,
    },
    store::{
        audit,
        statistics::{self as rows, DistrictCode},
    },
};

/// A district and its code, if one was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeOfDistrict {
    /// The district's slug.
    pub district: String,
    /// Its name.
    pub name: String,
    /// What the QR encodes.
    pub qr_url: Option<String>,
}

fn city_of<'a>(app: &'a App, slug: &str) -> Result<&'a City, Error> {
    round_of(app, slug)?;
    let mut cities = app.season.province.cities().iter();
    let found = cities.find(|city| city.slug().as_str() == slug);
    found.ok_or_else(|| Refused::NotFound.into())
}

/// The districts of a city with their codes, in the province's order.
///
/// # Errors
/// Refuses with [`Refused::NotFound`] for a city that the timetable does not have.
pub async fn district_codes(app: &App, slug: &str) -> Result<Vec<CodeOfDistrict>, Error> {
    let city = city_of(app, slug)?;
    let key = slug.to_owned();
    let made = app
        .store
        .read(move |read| Ok::<_, Error>(rows::district_codes(read, &key)?))
        .await?;
    let districts = city.districts().iter();
    Ok(districts
        .map(|district| {
            let slug = district.slug().as_str();
            let code = made.iter().find(|row| row.district == slug);
            CodeOfDistrict {
                district: slug.to_owned(),
                name: district.name().to_owned(),
                qr_url: code.map(|row| row.qr_url.clone()),
            }
        })
        .collect())
}

/// Has WeChat make the codes that are missing; how many were made.
///
/// A code lives for ever. Stopped in the middle, the rest is made the next time.
///
/// # Errors
/// As [`district_codes`]; fails when WeChat makes none.
pub async fn make_district_codes(
    app: &App,
    organiser: &Organiser,
    slug: &str,
) -> Result<usize, Error> {
    let known = district_codes(app, slug).await?;
    let mut n_made = 0_usize;
    for missing in known.into_iter().filter(|code| code.qr_url.is_none()) {
        let code = format!("d{}", app.entropy.alphanumeric(12));
        let scene = SceneStr::new(&code).map_err(Failure::defect)?;
        let create = CreateQrCode::Permanent { scene };
        let ticket = token::with_access_token(
            app,
            |token| create.request(&app.wechat.official, token),
            CreateQrCode::parse,
        )
        .await?;
        let row = DistrictCode {
            code,
            city: slug.to_owned(),
            district: missing.district,
            qr_url: ticket.url,
            created_by: organiser.name.clone(),
            created_ms: app.now().timestamp_millis(),
        };
        let is_new = app
            .store
            .write(move |tx| {
                if !rows::insert_district_code(tx, &row)? {
                    return Ok(false);
                }
                let detail = format!("district={}/{} code={}", row.city, row.district, row.code);
                let (at_ms, by) = (row.created_ms, &row.created_by);
                audit::append(tx, at_ms, by, "district.code_made", &detail)?;
                Ok::<_, Error>(true)
            })
            .await?;
        n_made = n_made.saturating_add(usize::from(is_new));
    }
    Ok(n_made)
}
