//! A city's page as its office writes it, and as somebody else has approved it.
//!
//! What is shown is the newest approved proposal whose hour has come; without one, the text of
//! the content folder. A newer version takes the place of an older one that still waits for its
//! hour from its approval on, even if its own hour is later. So every version, who wrote it and who approved it stand in rows that are never changed.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    organiser::{
        Error, Organiser, Refused,
        proposal::{self, Draft, Word},
    },
    page_check::{self, Flaw, Known},
    page_picture::Uploaded,
    season,
};
use crate::{
    app::App,
    content::{CityContent, Link},
    store::{
        Read,
        pages::{self, PictureRow},
        proposals::{self as rows, ProposalRow},
    },
};

/// The kind of a proposal about a city's page.
pub const KIND: &str = "city.page";

/// What an office writes of its city.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// Markdown.
    pub markdown: String,
    /// Up to six links.
    pub links: Vec<WrittenLink>,
    /// From when it is shown, in milliseconds; from its approval unless stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publish_ms: Option<i64>,
}

/// A link as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrittenLink {
    /// What stands there.
    pub title: String,
    /// Where it leads; `https` only.
    pub url: String,
}

/// A version that somebody has proposed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// The proposal's number.
    pub proposal: i64,
    /// The digest that a decision names.
    pub digest: String,
    /// What it says.
    pub text: Text,
    /// Why.
    pub reason: String,
    /// Who wrote it.
    pub maker: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// A city's page as its screen shows it.
#[derive(Debug)]
pub struct Board {
    /// What people read now.
    pub shown: Text,
    /// The version it is, unless it is the content folder's.
    pub version: Option<Version>,
    /// The version that is approved and waits for its hour.
    pub coming: Option<Version>,
    /// The version that waits for somebody.
    pub waiting: Option<Version>,
    /// The content folder's pictures, which a text may show: the name and what names its content.
    pub pictures: Vec<(String, String)>,
    /// The pictures that were uploaded, the newest first.
    pub uploaded: Vec<Uploaded>,
    /// The hosts that links may lead to; any without one.
    pub hosts: Vec<String>,
}

/// A city's page.
///
/// # Errors
/// Refuses with [`Refused::NotFound`] for a city that the province does not have.
pub async fn board(app: &App, city: &str) -> Result<Board, Error> {
    let base = base(app, city)?;
    let slug = city.to_owned();
    let now_ms = app.now().timestamp_millis();
    let (version, coming, waiting, uploaded) = app
        .store
        .read(move |read| {
            let (shown, hour) = rows::shown(read, KIND, &slug, now_ms)?;
            let coming = match hour {
                Some(_hour) => rows::approved(read, KIND, &slug)?,
                None => None,
            };
            Ok::<_, Error>((
                shown.map(version_of).transpose()?,
                coming.map(version_of).transpose()?,
                waiting(read, &slug)?,
                pages::pictures(read, &slug)?,
            ))
        })
        .await?;
    let shown = match &version {
        Some(version) => version.text.clone(),
        None => text_of(&base),
    };
    Ok(Board {
        shown,
        version,
        coming,
        waiting,
        pictures: base
            .pictures
            .into_iter()
            .map(|(name, picture)| (name, picture.digest().to_owned()))
            .collect(),
        uploaded: uploaded.into_iter().map(Uploaded::of).collect(),
        hosts: app.season.link_hosts.clone(),
    })
}

/// What a city's page shows to everybody.
#[derive(Debug)]
pub struct Shown {
    /// The page; nothing while its office has handed nothing in.
    pub content: Option<CityContent>,
    /// When another version takes its place, if one is approved for an hour to come.
    pub until: Option<DateTime<Utc>>,
}

/// What a city's page shows to everybody at this instant, by the clock that decides.
///
/// # Errors
/// Fails when the database does.
pub async fn content(app: &App, city: &str) -> Result<Shown, super::Error> {
    let slug = city.to_owned();
    let now_ms = app.now().timestamp_millis();
    let (shown, hour, uploaded) = app
        .store
        .read(move |read| {
            let (shown, hour) = rows::shown(read, KIND, &slug, now_ms)?;
            Ok::<_, super::Error>((shown, hour, pages::pictures(read, &slug)?))
        })
        .await?;
    let until = hour.map(season::instant);
    let Some(approved) = shown else {
        let content = app.content.city(city).cloned();
        return Ok(Shown { content, until });
    };
    let text: Text = serde_json::from_str(&approved.content).map_err(|_error| unreadable())?;
    let base = base(app, city).ok();
    Ok(Shown {
        content: base.map(|base| with_text(base, text, uploaded)),
        until,
    })
}

/// The city's page if it said this, and what stands against it, for a look before it is proposed.
///
/// # Errors
/// Refuses with [`Refused::NotFound`] for a city that the province does not have.
pub async fn look(app: &App, city: &str, text: Text) -> Result<(CityContent, Vec<Flaw>), Error> {
    let base = base(app, city)?;
    let slug = city.to_owned();
    let uploaded = app
        .store
        .read(move |read| Ok::<_, Error>(pages::pictures(read, &slug)?))
        .await?;
    let text = page_check::tidied(text);
    let flaws = flaws(app, &base, &uploaded, &text);
    Ok((with_text(base, text, uploaded), flaws))
}

fn flaws(app: &App, base: &CityContent, uploaded: &[PictureRow], text: &Text) -> Vec<Flaw> {
    let own = base.pictures.keys().cloned();
    let uploaded = uploaded.iter().map(|row| row.digest.clone());
    let pictures: BTreeSet<String> = own.chain(uploaded).collect();
    let known = Known {
        pictures: &pictures,
        hosts: &app.season.link_hosts,
        now: app.now(),
    };
    page_check::flaws(text, known)
}

/// Proposes a version; its number.
///
/// # Errors
/// Refuses with [`Refused::PageUnfit`], [`Refused::AlreadyProposed`], [`Refused::ReasonMissing`]
/// and [`Refused::NotFound`].
pub async fn propose(
    app: &App,
    city: &str,
    text: Text,
    why: &str,
    maker: &Organiser,
) -> Result<i64, Error> {
    let text = page_check::tidied(text);
    let (_content, flaws) = look(app, city, text.clone()).await?;
    if !flaws.is_empty() {
        return Err(Refused::PageUnfit { flaws }.into());
    }
    let content = serde_json::to_string(&text).map_err(super::Failure::defect)?;
    let (city, why, maker, now) = (city.to_owned(), why.to_owned(), maker.clone(), app.now());
    app.store
        .write(move |tx| {
            if waiting(&tx.read(), &city)?.is_some() {
                return Err(Refused::AlreadyProposed.into());
            }
            let draft = Draft {
                kind: KIND,
                subject: &city,
                city: Some(&city),
                content: &content,
                reason: &why,
            };
            let number = proposal::propose(tx, &maker, &draft, now)?;
            if let Some(publish_ms) = text.publish_ms {
                pages::insert_hour(tx, number, publish_ms)?;
            }
            Ok(number)
        })
        .await
}

/// What becomes of a version that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever decides does one of these and nothing else"
)]
pub enum Verdict {
    /// It is shown from now on, or from its hour.
    Approve,
    /// It is not.
    Reject,
    /// Its maker takes it back.
    Withdraw,
}

/// Decides about the version that waits: approved, it is shown at once, or from its hour.
///
/// # Errors
/// Refuses with [`Refused::SamePerson`], [`Refused::NotTheMaker`], [`Refused::NotWaiting`],
/// [`Refused::OtherContent`], [`Refused::ReasonMissing`] and [`Refused::NotFound`].
pub async fn decide(
    app: &App,
    city: &str,
    verdict: Verdict,
    (number, digest): (i64, &str),
    why: &str,
    by: &Organiser,
) -> Result<(), Error> {
    base(app, city)?;
    let (digest, why) = (digest.to_owned(), why.to_owned());
    let (city, by, now) = (city.to_owned(), by.clone(), app.now());
    app.store
        .write(move |tx| {
            let waiting = waiting(&tx.read(), &city)?.ok_or(Refused::NotWaiting)?;
            if waiting.proposal != number {
                return Err(Refused::NotWaiting.into());
            }
            let word = Word {
                proposal: number,
                digest: &digest,
                reason: &why,
            };
            match verdict {
                Verdict::Approve => proposal::approve(tx, &by, word, now),
                Verdict::Reject => proposal::reject(tx, &by, word, now),
                Verdict::Withdraw => proposal::withdraw(tx, &by, word, now),
            }
            .map(drop)
        })
        .await
}

/// That the province has a city.
///
/// # Errors
/// Refuses with [`Refused::NotFound`].
pub(super) fn known_city(app: &App, city: &str) -> Result<(), Refused> {
    base(app, city).map(drop)
}

/// What the content folder has of a city, or a page without a word.
fn base(app: &App, city: &str) -> Result<CityContent, Refused> {
    if let Some(content) = app.content.city(city) {
        return Ok(content.clone());
    }
    let mut cities = app.season.province.cities().iter();
    let known = cities.find(|known| known.slug().as_str() == city);
    let known = known.ok_or(Refused::NotFound)?;
    Ok(CityContent {
        slug: city.to_owned(),
        name: known.name().to_owned(),
        tagline: String::new(),
        page_markdown: String::new(),
        hero_svg: None,
        pictures: BTreeMap::new(),
        uploaded: BTreeMap::new(),
        video: None,
        links: Vec::new(),
        codes: Vec::new(),
        sample: false,
    })
}

fn text_of(content: &CityContent) -> Text {
    let links = content.links.iter();
    Text {
        markdown: content.page_markdown.clone(),
        links: links
            .map(|link| WrittenLink {
                title: link.title.clone(),
                url: link.url.clone(),
            })
            .collect(),
        publish_ms: None,
    }
}

fn with_text(content: CityContent, text: Text, uploaded: Vec<PictureRow>) -> CityContent {
    let links = text.links.into_iter();
    let uploaded = uploaded.into_iter().map(Uploaded::of);
    CityContent {
        page_markdown: text.markdown,
        uploaded: uploaded
            .map(|picture| (picture.name, (picture.width, picture.height)))
            .collect(),
        links: links
            .map(|link| Link {
                title: link.title,
                url: link.url,
            })
            .collect(),
        ..content
    }
}

fn waiting(read: &Read<'_>, city: &str) -> Result<Option<Version>, Error> {
    let waiting = rows::waiting(read, Some(city))?;
    let row = waiting.into_iter().find(|row| row.kind == KIND);
    row.map(version_of).transpose()
}

fn version_of(row: ProposalRow) -> Result<Version, Error> {
    Ok(Version {
        text: serde_json::from_str(&row.content).map_err(|_error| unreadable())?,
        proposal: row.proposal,
        digest: row.digest,
        reason: row.reason,
        maker: row.maker,
        at: season::instant(row.proposed_ms),
    })
}

fn unreadable() -> super::Failure {
    super::Failure::Unreadable {
        what: "proposal.content",
    }
}
