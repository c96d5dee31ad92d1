//! What a city's page may say: its length, where its links lead, that its pictures have words.
//!
//! Nothing is asked of another server: a link is looked at as it is written.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::{
    city_page::{Text, WrittenLink},
    season,
};

/// The longest text, in characters.
const TEXT_CHARACTERS: usize = 10_000;
/// The most links beside the text, and the longest words of one.
const N_LINKS: usize = 6;
const LINK_CHARACTERS: usize = 30;
/// The longest words of a picture.
const ALT_CHARACTERS: usize = 100;
/// The longest address of a link.
const URL_BYTES: usize = 300;

/// What stands against a version of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Flaw {
    /// There is no text.
    Empty,
    /// The text has too many characters.
    TooLong {
        /// How many it has.
        n_characters: usize,
    },
    /// There are too many links beside the text.
    TooManyLinks {
        /// How many.
        n_links: usize,
    },
    /// A link has no words, or too many.
    LinkWords {
        /// Where it leads.
        url: String,
    },
    /// A link is no address of `https`.
    LinkForm {
        /// As it is written.
        url: String,
    },
    /// A link leads to a host that is not on the list.
    LinkHost {
        /// The host.
        host: String,
    },
    /// A link is written as HTML.
    LinkAsHtml,
    /// A picture has no words for whoever does not see it, or too many.
    PictureWords {
        /// The picture's name.
        name: String,
    },
    /// The city has no picture of this name.
    PictureUnknown {
        /// The name.
        name: String,
    },
    /// The hour at which it is to be shown has passed.
    HourPassed {
        /// The hour.
        at: DateTime<Utc>,
    },
}

/// What a text is looked at with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known<'a> {
    /// The names of the pictures that it may show.
    pub(super) pictures: &'a BTreeSet<String>,
    /// The hosts that links may lead to, their subdomains included; any without one.
    pub(super) hosts: &'a [String],
    /// The present instant.
    pub(super) now: DateTime<Utc>,
}

/// A text in the form in which it is kept.
pub(super) fn tidied(text: Text) -> Text {
    let links = text.links.into_iter().map(|link| WrittenLink {
        title: link.title.trim().to_owned(),
        url: link.url.trim().to_owned(),
    });
    Text {
        markdown: text.markdown.replace("\r\n", "\n").trim().to_owned(),
        links: links.collect(),
        publish_ms: text.publish_ms,
    }
}

/// Everything that stands against a tidied text, each thing once.
pub(super) fn flaws(text: &Text, known: Known<'_>) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    let n_characters = text.markdown.chars().count();
    if n_characters == 0 {
        flaws.push(Flaw::Empty);
    } else if n_characters > TEXT_CHARACTERS {
        flaws.push(Flaw::TooLong { n_characters });
    }
    if text.links.len() > N_LINKS {
        let n_links = text.links.len();
        flaws.push(Flaw::TooManyLinks { n_links });
    }
    for link in &text.links {
        let n_words = link.title.chars().count();
        let is_word =
            (1..=LINK_CHARACTERS).contains(&n_words) && !link.title.chars().any(char::is_control);
        if !is_word {
            flaws.push(Flaw::LinkWords {
                url: link.url.clone(),
            });
        }
        flaws.extend(link_flaw(&link.url, known.hosts));
    }
    within(&text.markdown, known, &mut flaws);
    if let Some(at) = text.publish_ms.map(season::instant)
        && at <= known.now
    {
        flaws.push(Flaw::HourPassed { at });
    }
    let mut seen = Vec::new();
    for flaw in flaws {
        if !seen.contains(&flaw) {
            seen.push(flaw);
        }
    }
    seen
}

/// What stands against the links and pictures of a text.
fn within(markdown: &str, known: Known<'_>, flaws: &mut Vec<Flaw>) {
    // The picture whose words are being read, and those words.
    let mut picture: Option<(String, String)> = None;
    for event in Parser::new_ext(markdown, Options::empty()) {
        match event {
            Event::Start(Tag::Image { dest_url, .. }) if picture.is_none() => {
                picture = Some((dest_url.into_string(), String::new()));
            }
            Event::Text(words) => {
                if let Some((_name, said)) = &mut picture {
                    said.push_str(&words);
                }
            }
            Event::End(TagEnd::Image) => {
                if let Some((name, words)) = picture.take() {
                    let n_words = words.trim().chars().count();
                    if !known.pictures.contains(&name) {
                        flaws.push(Flaw::PictureUnknown { name });
                    } else if !(1..=ALT_CHARACTERS).contains(&n_words) {
                        flaws.push(Flaw::PictureWords { name });
                    }
                }
            }
            Event::Start(Tag::Link { dest_url, .. }) => {
                // A place of our own site, or of this page.
                let is_own = dest_url.starts_with('#')
                    || (dest_url.starts_with('/') && !dest_url.starts_with("//"));
                if !is_own {
                    flaws.extend(link_flaw(&dest_url, known.hosts));
                }
            }
            Event::Html(html) | Event::InlineHtml(html) if is_anchor(&html) => {
                flaws.push(Flaw::LinkAsHtml);
            }
            _ => {}
        }
    }
}

/// Whether a piece of HTML begins a link.
fn is_anchor(html: &str) -> bool {
    let html = html.to_ascii_lowercase();
    html.split("<a")
        .skip(1)
        .any(|rest| !rest.starts_with(|next: char| next.is_ascii_alphanumeric()))
}

fn link_flaw(url: &str, hosts: &[String]) -> Option<Flaw> {
    let Some(host) = host_of(url) else {
        let url = url.to_owned();
        return Some(Flaw::LinkForm { url });
    };
    let is_of = |allowed: &String| {
        host == *allowed
            || host
                .strip_suffix(allowed.as_str())
                .is_some_and(|sub| sub.ends_with('.'))
    };
    let is_allowed = hosts.is_empty() || hosts.iter().any(is_of);
    (!is_allowed).then_some(Flaw::LinkHost { host })
}

/// The host of an address of `https` that a page may carry.
fn host_of(url: &str) -> Option<String> {
    let rest = url.strip_prefix("https://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let is_plain = url
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && !b"\"'<>\\`".contains(&byte));
    let host = match authority.split_once(':') {
        Some((host, port)) => port.parse::<u16>().ok().map(|_port| host)?,
        None => authority,
    };
    let is_label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let is_host = host.contains('.') && host.split('.').all(is_label);
    (is_plain && is_host && url.len() <= URL_BYTES).then(|| host.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &Text) -> Vec<Flaw> {
        let pictures = BTreeSet::from(["bridge.png".to_owned()]);
        let hosts = ["gov.cn".to_owned()];
        let known = Known {
            pictures: &pictures,
            hosts: &hosts,
            now: season::instant(1_000),
        };
        flaws(&tidied(text.clone()), known)
    }

    fn of(markdown: &str) -> Vec<Flaw> {
        found(&Text {
            markdown: markdown.to_owned(),
            ..Text::default()
        })
    }

    #[test]
    fn a_link_leads_to_a_host_of_the_list_by_https_and_nowhere_else() {
        for good in [
            "https://gov.cn",
            "https://www.nanjing.gov.cn/a?b=c#d",
            "https://WWW.nanjing.gov.cn:8443/",
        ] {
            assert_eq!(of(&format!("[站]({good})")), [], "{good}");
        }
        for bad in [
            "http://a.gov.cn",
            "javascript:alert(1)",
            "https:a.gov.cn",
            "https://",
            "https://localhost",
            "https://good.gov.cn@evil.cn",
            "https://a..gov.cn",
            "https://a.gov.cn:port/",
            "//a.gov.cn",
            "mailto:a@gov.cn",
        ] {
            let url = bad.to_owned();
            assert_eq!(
                of(&format!("[站]({bad})")),
                [Flaw::LinkForm { url }],
                "{bad}"
            );
        }
        for (bad, host) in [
            ("https://evil.cn/gov.cn", "evil.cn"),
            ("https://evilgov.cn", "evilgov.cn"),
            ("https://gov.cn.evil.cn", "gov.cn.evil.cn"),
        ] {
            let host = host.to_owned();
            assert_eq!(of(&format!("<{bad}>")), [Flaw::LinkHost { host }], "{bad}");
        }
        assert_eq!(of("[规则](/rules) [下面](#below)"), []);
        assert_eq!(of("<a href=\"https://gov.cn\">站</a>"), [Flaw::LinkAsHtml]);
        assert_eq!(of("<article>字</article>"), []);
    }

    #[test]
    fn a_picture_is_the_citys_own_and_has_words() {
        assert_eq!(of("![宝带桥](bridge.png)"), []);
        let name = || "bridge.png".to_owned();
        assert_eq!(
            of("![ ](bridge.png)"),
            [Flaw::PictureWords { name: name() }]
        );
        let long = "字".repeat(ALT_CHARACTERS + 1);
        assert_eq!(
            of(&format!("![{long}](bridge.png)")),
            [Flaw::PictureWords { name: name() }]
        );
        let name = "https://evil.cn/a.png".to_owned();
        assert_eq!(
            of("![图](https://evil.cn/a.png)"),
            [Flaw::PictureUnknown { name }]
        );
    }

    #[test]
    fn a_text_is_neither_empty_nor_endless_and_its_hour_lies_ahead() {
        assert_eq!(of(" \r\n "), [Flaw::Empty]);
        assert_eq!(of(&"字".repeat(TEXT_CHARACTERS)), []);
        let n_characters = TEXT_CHARACTERS + 1;
        assert_eq!(
            of(&"字".repeat(n_characters)),
            [Flaw::TooLong { n_characters }]
        );
        let link = WrittenLink {
            title: "市政府".to_owned(),
            url: "https://a.gov.cn".to_owned(),
        };
        let many = Text {
            markdown: "字".to_owned(),
            links: vec![link.clone(); N_LINKS + 1],
            publish_ms: Some(1_000),
        };
        let at = season::instant(1_000);
        assert_eq!(
            found(&many),
            [Flaw::TooManyLinks { n_links: 7 }, Flaw::HourPassed { at }]
        );
        let ahead = Text {
            links: vec![link],
            publish_ms: Some(1_001),
            ..many
        };
        assert_eq!(found(&ahead), []);
    }
}
