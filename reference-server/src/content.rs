//! What the cities hand in: pages, pictures, and question files.
//!
//! The sample content travels inside the binary, so that a newcomer needs no
//! files; a real season reads its own folder of the same shape:
//! `cities/<slug>/{city.toml,page.md,hero.svg}` and `banks/<slug>.<ending>`.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use serde::Deserialize;

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
    /// The illustration.
    pub hero_svg: String,
    /// Up to six links.
    pub links: Vec<Link>,
    /// Up to three QR codes.
    pub codes: Vec<Code>,
    /// Whether this is sample content.
    pub sample: bool,
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
            content.add_city(file, toml, page.to_owned(), hero.to_owned())?;
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
                text(&path.join("hero.svg"))?,
            )?;
        }
        for path in entries(&dir.join("banks"))? {
            let bytes = fs::read(&path).map_err(|source| ContentError::Unreadable {
                path: path.clone(),
                source,
            })?;
            if let Some(name) = path.file_name().and_then(|name| name.to_str()) {
                content.add_bank(name, bytes);
            }
        }
        Ok(content)
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
        hero_svg: String,
    ) -> Result<(), ContentError> {
        let city: CityFile = toml::from_str(toml).map_err(|source| ContentError::Malformed {
            file: file.to_owned(),
            source: Box::new(source),
        })?;
        for (what, found, most) in [
            ("links", city.links.len(), MOST_LINKS),
            ("codes", city.codes.len(), MOST_CODES),
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
                hero_svg,
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
        content.add_city("city.toml", &toml, String::new(), String::new())?;
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
