//! A city's page as its office writes it, and as somebody else has approved it.
//!
//! What is shown is the newest approved proposal; without one, the text of the content folder.
//! So every version, who wrote it and who approved it stand in rows that are never changed.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    organiser::{
        Error, Organiser, Refused,
        proposal::{self, Draft, Word},
    },
    season,
};
use crate::{
    app::App,
    content::{CityContent, Link},
    store::{
        Read,
        proposals::{self as rows, ProposalRow},
    },
};

/// The kind of a proposal about a city's page.
pub const KIND: &str = "city.page";
/// The longest text, in characters.
const TEXT_CHARACTERS: usize = 10_000;
/// The most links, and the longest words of one.
const N_LINKS: usize = 6;
const LINK_CHARACTERS: usize = 30;

/// What an office writes of its city.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// Markdown.
    pub markdown: String,
    /// Up to six links.
    pub links: Vec<WrittenLink>,
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
    /// The version that waits for somebody.
    pub waiting: Option<Version>,
    /// The names of the pictures that a text may show.
    pub pictures: Vec<String>,
}

/// A city's page.
///
/// # Errors
/// Refuses with [`Refused::NotFound`] for a city that the province does not have.
pub async fn board(app: &App, city: &str) -> Result<Board, Error> {
    let base = base(app, city)?;
    let slug = city.to_owned();
    let (version, waiting) = app
        .store
        .read(move |read| {
            let approved = rows::approved(read, KIND, &slug)?;
            let approved = approved.map(version_of).transpose()?;
            Ok::<_, Error>((approved, waiting(read, &slug)?))
        })
        .await?;
    let shown = match &version {
        Some(version) => version.text.clone(),
        None => text_of(&base),
    };
    Ok(Board {
        shown,
        version,
        waiting,
        pictures: base.pictures.into_keys().collect(),
    })
}

/// What a city's page shows to everybody; nothing while its office has handed nothing in.
///
/// # Errors
/// Fails when the database does.
pub async fn content(app: &App, city: &str) -> Result<Option<CityContent>, super::Error> {
    let slug = city.to_owned();
    let approved = app
        .store
        .read(move |read| Ok::<_, super::Error>(rows::approved(read, KIND, &slug)?))
        .await?;
    let Some(approved) = approved else {
        return Ok(app.content.city(city).cloned());
    };
    let text: Text = serde_json::from_str(&approved.content).map_err(|_error| unreadable())?;
    Ok(base(app, city).ok().map(|base| with_text(base, text)))
}

/// The city's page if it said this, for a look before it is proposed.
///
/// # Errors
/// Refuses with [`Refused::PageForm`] and [`Refused::NotFound`].
pub fn preview(app: &App, city: &str, text: Text) -> Result<CityContent, Error> {
    Ok(with_text(base(app, city)?, checked(text)?))
}

/// Proposes a version; its number.
///
/// # Errors
/// Refuses with [`Refused::PageForm`], [`Refused::AlreadyProposed`], [`Refused::ReasonMissing`]
/// and [`Refused::NotFound`].
pub async fn propose(
    app: &App,
    city: &str,
    text: Text,
    why: &str,
    maker: &Organiser,
) -> Result<i64, Error> {
    base(app, city)?;
    let content = serde_json::to_string(&checked(text)?).map_err(super::Failure::defect)?;
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
            proposal::propose(tx, &maker, &draft, now)
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
    /// It is shown from now on.
    Approve,
    /// It is not.
    Reject,
    /// Its maker takes it back.
    Withdraw,
}

/// Decides about the version that waits: approved, it is shown at once.
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
        pictures: std::collections::BTreeMap::new(),
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
    }
}

fn with_text(content: CityContent, text: Text) -> CityContent {
    let links = text.links.into_iter();
    CityContent {
        page_markdown: text.markdown,
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

/// A text that a page can show: not empty, not endless, and links that lead somewhere safe.
fn checked(text: Text) -> Result<Text, Refused> {
    let markdown = text.markdown.replace("\r\n", "\n").trim().to_owned();
    let n_characters = markdown.chars().count();
    let is_fit = (1..=TEXT_CHARACTERS).contains(&n_characters) && text.links.len() <= N_LINKS;
    let links: Option<Vec<WrittenLink>> = text.links.into_iter().map(checked_link).collect();
    match links {
        Some(links) if is_fit => Ok(Text { markdown, links }),
        _ => Err(Refused::PageForm),
    }
}

fn checked_link(link: WrittenLink) -> Option<WrittenLink> {
    let (title, url) = (link.title.trim().to_owned(), link.url.trim().to_owned());
    let host = url.strip_prefix("https://")?;
    let host = host.split(['/', '?', '#']).next()?;
    let is_plain = url
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && !b"\"'<>\\`".contains(&byte));
    let is_host = host.contains('.') && !host.contains('@');
    let is_word = (1..=LINK_CHARACTERS).contains(&title.chars().count())
        && !title.chars().any(char::is_control);
    (is_plain && is_host && is_word && url.len() <= 300).then_some(WrittenLink { title, url })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(title: &str, url: &str) -> WrittenLink {
        WrittenLink {
            title: title.to_owned(),
            url: url.to_owned(),
        }
    }

    #[test]
    fn a_link_leads_to_a_host_by_https_and_nowhere_else() {
        for good in ["https://a.cn", "https://www.nanjing.gov.cn/a?b=c#d"] {
            assert!(checked_link(link("市政府", good)).is_some(), "{good}");
        }
        for bad in [
            "http://a.cn",
            "javascript:alert(1)",
            "https:a.cn",
            "https://",
            "https://localhost",
            "https://a.cn\" onclick=\"x",
            "https://a.cn/<script>",
            "https://good.cn@evil.cn",
            "https://a.cn/\u{4e2d}",
        ] {
            assert_eq!(checked_link(link("市政府", bad)), None, "{bad}");
        }
        assert_eq!(checked_link(link(" ", "https://a.cn")), None);
        assert_eq!(checked_link(link(&"字".repeat(31), "https://a.cn")), None);
    }

    #[test]
    fn a_text_is_neither_empty_nor_endless() {
        let text = |markdown: &str| Text {
            markdown: markdown.to_owned(),
            links: Vec::new(),
        };
        assert_eq!(checked(text(" \r\n ")), Err(Refused::PageForm));
        assert!(checked(text(&"字".repeat(TEXT_CHARACTERS))).is_ok());
        let long = "字".repeat(TEXT_CHARACTERS.saturating_add(1));
        assert_eq!(checked(text(&long)), Err(Refused::PageForm));
        let many = Text {
            links: vec![link("市政府", "https://a.cn"); N_LINKS.saturating_add(1)],
            ..text("字")
        };
        assert_eq!(checked(many), Err(Refused::PageForm));
    }
}
