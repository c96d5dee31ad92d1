//! What the cities hand in: pages, pictures, and question files.
//!
//! The sample content travels inside the binary, so that a newcomer needs no
//! files; a real season reads its own folder of the same shape:
//! `cities/<slug>/{city.toml,page.md,hero.svg}`, beside them `pictures/` and `video.mp4` where a
//! city has them, `banks/<slug>.<ending>` where a bank does not come by the console, and `honours.toml` once the prizes are decided.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::Deserialize;

use crate::picture::{Picture, PictureError};

/// A link a city shows on its page.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// What the link says.
    pub title: String,
    /// Where it leads; `https` only.
    pub url: String,
}

/// A QR code a city shows on its page, such as its own account's.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Code {
    /// What stands under the code.
    pub caption: String,
    /// What the code says; an `https` address.
    pub url: String,
}

/// Links on one city's page.
const MOST_LINKS: usize = 6;
/// QR codes on one city's page.
const MOST_CODES: usize = 3;
/// Pictures on one city's page.
const MOST_PICTURES: usize = 12;
/// The longest video, in bytes.
const VIDEO_BYTES_MAX: u64 = 50 * 1024 * 1024;
/// The name of the picture that stands at the top of a city's page, without its ending.
const HERO: &str = "hero";

/// A city's page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CityContent {
    /// The city's slug.
    pub slug: String,
    /// The city's name.
    pub name: String,
    /// One short line about the city.
    pub tagline: String,
    /// The page's text, as Markdown.
    pub page_markdown: String,
    /// The drawn illustration, where the city has one.
    pub hero_svg: Option<String>,
    /// Pictures by the names that the page's text calls them.
    pub pictures: BTreeMap<String, Arc<Picture>>,
    /// Uploaded pictures by the names that the text calls them: width and height in pixels.
    pub uploaded: BTreeMap<String, (u32, u32)>,
    /// The city's video, where it has one.
    pub video: Option<PathBuf>,
    /// Up to six links.
    pub links: Vec<Link>,
    /// Up to three QR codes.
    pub codes: Vec<Code>,
    /// Whether this is sample content.
    pub sample: bool,
}

impl CityContent {
    /// The photograph at the top of the page, when there is no drawing.
    #[must_use]
    pub fn hero(&self) -> Option<&Picture> {
        let is_hero = |name: &str| name.split('.').next() == Some(HERO);
        let mut pictures = self.pictures.iter();
        let (_name, picture) = pictures.find(|(name, _picture)| is_hero(name))?;
        Some(picture)
    }

    /// The picture whose content has this digest.
    #[must_use]
    pub fn picture(&self, digest: &str) -> Option<&Picture> {
        let mut pictures = self.pictures.values();
        let found = pictures.find(|picture| picture.digest() == digest)?;
        Some(found)
    }
}

/// A prize of the province's office to a city, such as 优秀组织奖.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Honour {
    /// The city's slug.
    pub city: String,
    /// Why the city gets it; one sentence.
    pub reason: String,
}

/// The prizes, as the province's office has decided them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Honours {
    /// What the prize is called.
    pub title: String,
    /// Who decided, and when.
    pub decided: String,
    /// The cities, in the order of the decision.
    pub cities: Vec<Honour>,
}

/// A question file as an office sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankFile {
    /// The file's name, with its ending.
    pub name: String,
    /// The file's bytes.
    pub bytes: Vec<u8>,
}

impl BankFile {
    /// Reads the file at a path; it keeps its own name and forgets its folders.
    ///
    /// # Errors
    /// As [`fs::read`].
    pub fn open(path: &Path) -> io::Result<Self> {
        let name = path.file_name().unwrap_or_default();
        Ok(Self {
            name: name.display().to_string(),
            bytes: fs::read(path)?,
        })
    }
}

/// The name under which the province's own questions stand among the bank files.
pub const PROVINCE: &str = "province";

/// All content of a season.
#[derive(Debug, Clone, Default)]
pub struct Content {
    cities: BTreeMap<String, CityContent>,
    banks: BTreeMap<String, BankFile>,
    honours: Option<Honours>,
}

/// Content that cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ContentError {
    /// A file or folder cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A `city.toml` is not what it should be.
    #[error("{file}: {source}")]
    Malformed {
        /// Which.
        file: String,
        /// Where in it.
        source: Box<toml::de::Error>,
    },
    /// A picture of a city cannot be shown.
    #[error("{}: {source}", path.display())]
    Picture {
        /// The file.
        path: PathBuf,
        /// Why.
        source: PictureError,
    },
    /// A city's video is no MP4 by its first bytes, or too long.
    #[error("{}: a video is an MP4 file of at most {VIDEO_BYTES_MAX} bytes", path.display())]
    Video {
        /// The file.
        path: PathBuf,
    },
    /// A city shows more of something than its page has room for.
    #[error("{file}: {found} {what}, and a page has room for {most}")]
    TooMany {
        /// The file.
        file: String,
        /// Of what.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there may be.
        most: usize,
    },
    /// A link or a code leads elsewhere than to an `https` address.
    #[error("{file}: the link {url:?} is not an https address")]
    InsecureLink {
        /// The file with the link.
        file: String,
        /// The link.
        url: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CityFile {
    slug: String,
    name: String,
    tagline: String,
    #[serde(default)]
    links: Vec<Link>,
    #[serde(default)]
    codes: Vec<Code>,
    #[serde(default)]
    sample: bool,
}

macro_rules! sample_cities {
    ($($slug:literal),+ $(,)?) => {
        [$((
            concat!("cities/", $slug, "/city.toml"),
            include_str!(concat!("../content/cities/", $slug, "/city.toml")),
            include_str!(concat!("../content/cities/", $slug, "/page.md")),
            include_str!(concat!("../content/cities/", $slug, "/hero.svg")),
        )),+]
    };
}

macro_rules! sample_banks {
    ($($name:literal),+ $(,)?) => {
        [$(($name, &include_bytes!(concat!("../content/banks/", $name))[..])),+]
    };
}

impl Content {
    /// The sample content that travels with the program.
    ///
    /// # Errors
    /// [`ContentError`] when a shipped file is malformed, which a test rules out.
    pub fn sample() -> Result<Self, ContentError> {
        let mut content = Self::default();
        let cities = sample_cities![
            "yancheng",
            "suzhou",
            "nanjing",
            "xuzhou",
            "yangzhou",
            "changzhou",
            "taizhou",
            "zhenjiang",
            "suqian",
            "lianyungang",
            "nantong",
            "huaian",
            "wuxi",
        ];
        for (file, toml, page, hero) in cities {
            let shown = Shown {
                hero_svg: Some(hero.to_owned()),
                ..Shown::default()
            };
            content.add_city(file, toml, page.to_owned(), shown)?;
        }
        for (name, bytes) in sample_banks![
            "province.xlsx",
            "changzhou.csv",
            "huaian.tsv",
            "lianyungang.xls",
            "nanjing.docx",
            "nantong.ods",
            "suqian.xlsx",
            "suzhou.xlsx",
            "taizhou.xml",
            "wuxi.docx",
            "xuzhou.txt",
            "yancheng.csv",
            "yangzhou.docx",
            "zhenjiang.gift",
        ] {
            content.add_bank(name, bytes.to_vec());
        }
        Ok(content)
    }

    /// Content from a folder.
    ///
    /// # Errors
    /// [`ContentError`] naming the file that is missing or malformed.
    pub fn from_dir(dir: &Path) -> Result<Self, ContentError> {
        let mut content = Self::default();
        for path in entries(&dir.join("cities"))? {
            let file = path.join("city.toml");
            content.add_city(
                &file.display().to_string(),
                &text(&file)?,
                text(&path.join("page.md"))?,
                Shown::of(&path)?,
            )?;
        }
        let banks = dir.join("banks");
        // A season whose banks all come by the console has no such folder.
        let banks = if banks.exists() {
            entries(&banks)?
        } else {
            Vec::new()
        };
        for path in banks {
            let bytes = fs::read(&path).map_err(|source| ContentError::Unreadable {
                path: path.clone(),
                source,
            })?;
            if let Some(name) = path.file_name().and_then(|name| name.to_str()) {
                content.add_bank(name, bytes);
            }
        }
        let honours = dir.join("honours.toml");
        if honours.exists() {
            let read = toml::from_str(&text(&honours)?);
            content.honours = Some(read.map_err(|source| ContentError::Malformed {
                file: honours.display().to_string(),
                source: Box::new(source),
            })?);
        }
        Ok(content)
    }

    /// The same content with the prizes decided.
    #[must_use]
    pub fn with_honours(self, honours: Honours) -> Self {
        Self {
            honours: Some(honours),
            ..self
        }
    }

    /// The prizes, once they are decided.
    #[must_use]
    pub fn honours(&self) -> Option<&Honours> {
        self.honours.as_ref()
    }

    /// One city's page.
    #[must_use]
    pub fn city(&self, slug: &str) -> Option<&CityContent> {
        self.cities.get(slug)
    }

    /// The question file of a city, or of the province under [`PROVINCE`].
    #[must_use]
    pub fn bank(&self, slug: &str) -> Option<&BankFile> {
        self.banks.get(slug)
    }

    fn add_city(
        &mut self,
        file: &str,
        toml: &str,
        page_markdown: String,
        shown: Shown,
    ) -> Result<(), ContentError> {
        let city: CityFile = toml::from_str(toml).map_err(|source| ContentError::Malformed {
            file: file.to_owned(),
            source: Box::new(source),
        })?;
        for (what, found, most) in [
            ("links", city.links.len(), MOST_LINKS),
            ("codes", city.codes.len(), MOST_CODES),
            ("pictures", shown.pictures.len(), MOST_PICTURES),
        ] {
            if found > most {
                return Err(ContentError::TooMany {
                    file: file.to_owned(),
                    what,
                    found,
                    most,
                });
            }
        }
        let links = city.links.iter().map(|link| &link.url);
        let codes = city.codes.iter().map(|code| &code.url);
        if let Some(url) = links.chain(codes).find(|url| !url.starts_with("https://")) {
            return Err(ContentError::InsecureLink {
                file: file.to_owned(),
                url: url.clone(),
            });
        }
        self.cities.insert(
            city.slug.clone(),
            CityContent {
                slug: city.slug,
                name: city.name,
                tagline: city.tagline,
                page_markdown,
                hero_svg: shown.hero_svg,
                pictures: shown.pictures,
                uploaded: BTreeMap::new(),
                video: shown.video,
                links: city.links,
                codes: city.codes,
                sample: city.sample,
            },
        );
        Ok(())
    }

    fn add_bank(&mut self, name: &str, bytes: Vec<u8>) {
        let slug = name.split_once('.').map_or(name, |(slug, _ending)| slug);
        self.banks.insert(
            slug.to_owned(),
            BankFile {
                name: name.to_owned(),
                bytes,
            },
        );
    }
}

/// What a city's page shows beside its text.
#[derive(Debug, Default)]
struct Shown {
    hero_svg: Option<String>,
    pictures: BTreeMap<String, Arc<Picture>>,
    video: Option<PathBuf>,
}

impl Shown {
    fn of(city: &Path) -> Result<Self, ContentError> {
        let mut pictures = BTreeMap::new();
        let folder = city.join("pictures");
        if folder.exists() {
            for path in entries(&folder)? {
                let file = fs::read(&path).map_err(|source| ContentError::Unreadable {
                    path: path.clone(),
                    source,
                })?;
                let picture = Picture::read(&file).map_err(|source| ContentError::Picture {
                    path: path.clone(),
                    source,
                })?;
                let name = path.file_name().unwrap_or_default().display().to_string();
                pictures.insert(name, Arc::new(picture));
            }
        }
        let drawn = city.join("hero.svg");
        let has_hero = pictures.keys().any(|name| name.starts_with("hero."));
        Ok(Self {
            hero_svg: if has_hero && !drawn.exists() {
                None
            } else {
                Some(text(&drawn)?)
            },
            pictures,
            video: video(city.join("video.mp4"))?,
        })
    }
}

/// The city's video, if there is one; known as MP4 by its content.
fn video(path: PathBuf) -> Result<Option<PathBuf>, ContentError> {
    if !path.exists() {
        return Ok(None);
    }
    let unreadable = |source| ContentError::Unreadable {
        path: path.clone(),
        source,
    };
    let file = fs::File::open(&path).map_err(unreadable)?;
    let n_bytes = file.metadata().map_err(unreadable)?.len();
    let mut head = Vec::new();
    file.take(12).read_to_end(&mut head).map_err(unreadable)?;
    if n_bytes > VIDEO_BYTES_MAX || head.get(4..8) != Some(b"ftyp") {
        return Err(ContentError::Video { path });
    }
    Ok(Some(path))
}

fn entries(dir: &Path) -> Result<Vec<PathBuf>, ContentError> {
    let unreadable = |source| ContentError::Unreadable {
        path: dir.to_owned(),
        source,
    };
    let mut paths = Vec::new();
    for entry in fs::read_dir(dir).map_err(unreadable)? {
        paths.push(entry.map_err(unreadable)?.path());
    }
    paths.sort();
    Ok(paths)
}

fn text(path: &Path) -> Result<String, ContentError> {
    fs::read_to_string(path).map_err(|source| ContentError::Unreadable {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A city with so many links and codes, all of them leading to this address.
    fn city(n_links: usize, n_codes: usize, url: &str) -> Result<Content, ContentError> {
        let links = format!("{{ title = \"t\", url = \"{url}\" }},").repeat(n_links);
        let codes = format!("{{ caption = \"c\", url = \"{url}\" }},").repeat(n_codes);
        let toml = format!(
            "slug = \"s\"\nname = \"n\"\ntagline = \"t\"\nlinks = [{links}]\ncodes = [{codes}]\n"
        );
        let mut content = Content::default();
        content.add_city("city.toml", &toml, String::new(), Shown::default())?;
        Ok(content)
    }

    #[test]
    fn a_page_has_room_for_six_links_and_three_codes() {
        let content = city(6, 3, "https://example.cn").unwrap();
        let page = content.city("s").unwrap();
        assert_eq!((page.links.len(), page.codes.len()), (6, 3));
        for (n_links, n_codes, crowded) in [(7, 0, "links"), (0, 4, "codes")] {
            let refused = city(n_links, n_codes, "https://example.cn");
            assert!(
                matches!(&refused, Err(ContentError::TooMany { what, .. }) if *what == crowded),
                "{refused:?}"
            );
        }
    }

    #[test]
    fn links_and_codes_lead_to_https_only() {
        for (n_links, n_codes) in [(1, 0), (0, 1)] {
            let refused = city(n_links, n_codes, "http://example.cn");
            assert!(
                matches!(&refused, Err(ContentError::InsecureLink { url, .. }) if url == "http://example.cn"),
                "{refused:?}"
            );
        }
    }
}
