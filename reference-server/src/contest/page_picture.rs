//! Pictures that an office uploads for its city's page: decoded, written anew, kept under a name made of their content.
//!
//! What is stored is never what was uploaded, so nothing that hides in a file is kept.
//! A picture is public from when a version that shows it is.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    Failure,
    city_page::{KIND, known_city},
    organiser::{Error, Organiser, Refused},
    season,
};
use crate::{
    app::App,
    picture::{Picture, PictureError},
    store::{
        audit,
        pages::{self as rows, PictureRow},
    },
};

/// The largest file that may be uploaded.
pub const FILE_BYTES_MAX: usize = 2 * 1024 * 1024;
/// The most pictures of a city.
const N_PICTURES: usize = 60;

/// Why a picture is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PictureProblem {
    /// The file is too large.
    TooLarge {
        /// Its length, in bytes.
        n_bytes: usize,
    },
    /// It is no picture that can be shown.
    File(PictureError),
    /// The city has too many pictures already.
    TooMany,
}

/// A picture that a page may show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uploaded {
    /// What a text calls it: 16 hexadecimal digits of its content.
    pub name: String,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Who uploaded it.
    pub by: String,
    /// When.
    pub at: chrono::DateTime<chrono::Utc>,
}

impl Uploaded {
    pub(super) fn of(row: PictureRow) -> Self {
        let side = |length: i64| u32::try_from(length).unwrap_or(1);
        Self {
            width: side(row.width),
            height: side(row.height),
            name: row.digest,
            by: row.uploaded_by,
            at: season::instant(row.uploaded_ms),
        }
    }
}

/// Keeps a picture for a city's page.
///
/// # Errors
/// Refuses with [`Refused::PictureUnfit`], and with [`Refused::NotFound`] for a city that the
/// province does not have.
pub async fn upload(
    app: &App,
    city: &str,
    file: Vec<u8>,
    by: &Organiser,
) -> Result<Uploaded, Error> {
    known_city(app, city)?;
    let unfit = |problem| Refused::PictureUnfit { problem };
    if file.len() > FILE_BYTES_MAX {
        let n_bytes = file.len();
        return Err(unfit(PictureProblem::TooLarge { n_bytes }).into());
    }
    let picture = tokio::task::spawn_blocking(move || Picture::read(&file))
        .await
        .map_err(Failure::defect)?
        .map_err(|error| unfit(PictureProblem::File(error)))?;
    let now_ms = app.now().timestamp_millis();
    let row = PictureRow {
        digest: picture.digest().to_owned(),
        width: i64::from(picture.width()),
        height: i64::from(picture.height()),
        uploaded_by: by.name.clone(),
        uploaded_ms: now_ms,
    };
    let (city, by) = (city.to_owned(), by.name.clone());
    app.store
        .write(move |tx| {
            let known = rows::pictures(&tx.read(), &city)?;
            if let Some(same) = known.iter().find(|known| known.digest == row.digest) {
                return Ok(Uploaded::of(same.clone()));
            }
            if known.len() >= N_PICTURES {
                return Err(unfit(PictureProblem::TooMany).into());
            }
            rows::insert_picture(tx, &city, &row, &STANDARD.encode(picture.jpeg()))?;
            let detail = format!(
                "city={city} picture={} width={} height={}",
                row.digest, row.width, row.height
            );
            audit::append(tx, now_ms, &by, "page.picture", &detail)?;
            Ok(Uploaded::of(row))
        })
        .await
}

/// A city's picture as JPEG, for organisers; `None` when there is none of this name.
///
/// # Errors
/// Fails when the database does.
pub async fn jpeg(app: &App, city: &str, name: &str) -> Result<Option<Vec<u8>>, Error> {
    if let Some(picture) = app.content.city(city).and_then(|city| city.picture(name)) {
        return Ok(Some(picture.jpeg().to_vec()));
    }
    let (slug, digest) = (city.to_owned(), name.to_owned());
    let stored = app
        .store
        .read(move |read| Ok::<_, Error>(rows::jpeg(read, &slug, &digest)?))
        .await?;
    Ok(stored.map(decoded).transpose()?)
}

/// The same for everybody: only what a page shows or has shown.
///
/// # Errors
/// Fails when the database does.
pub async fn public_jpeg(
    app: &App,
    city: &str,
    name: &str,
) -> Result<Option<Vec<u8>>, super::Error> {
    if let Some(picture) = app.content.city(city).and_then(|city| city.picture(name)) {
        return Ok(Some(picture.jpeg().to_vec()));
    }
    let is_name = name.len() == 16 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_name {
        return Ok(None);
    }
    let now_ms = app.now().timestamp_millis();
    let (slug, digest) = (city.to_owned(), name.to_owned());
    let stored = app
        .store
        .read(move |read| {
            if !rows::is_public(read, (KIND, &slug), &digest, now_ms)? {
                return Ok::<_, super::Error>(None);
            }
            Ok(rows::jpeg(read, &slug, &digest)?)
        })
        .await?;
    Ok(stored.map(decoded).transpose()?)
}

fn decoded(stored: String) -> Result<Vec<u8>, Failure> {
    STANDARD
        .decode(stored)
        .map_err(|_error| Failure::Unreadable {
            what: "page_picture.jpeg",
        })
}
