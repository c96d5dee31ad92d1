//! A city's Markdown as HTML that cannot do anything but be read.

use std::{collections::HashSet, fmt::Write as _};

use ammonia::Builder;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd, html::push_html};

use crate::content::CityContent;

/// Headings, paragraphs, lists, emphasis, quotations, `https` links and the city's own pictures; everything else is dropped.
pub(super) fn to_html(city: &CityContent) -> String {
    to_html_from(city, &pictures_of(&city.slug))
}

/// The same with the pictures' addresses beginning so, with a slash at the end.
pub(super) fn to_html_from(city: &CityContent, own: &str) -> String {
    let events = with_pictures(
        (city, own),
        Parser::new_ext(&city.page_markdown, Options::empty()),
    );
    let mut html = String::new();
    push_html(&mut html, events.into_iter());
    let tags = HashSet::from([
        "h2",
        "h3",
        "p",
        "ul",
        "ol",
        "li",
        "em",
        "strong",
        "blockquote",
        "a",
        "br",
        "hr",
        "img",
    ]);
    let own = own.to_owned();
    Builder::default()
        .tags(tags)
        .add_tag_attributes("img", ["src", "alt", "width", "height", "loading"])
        .attribute_filter(move |tag, attribute, value| {
            let is_strange = tag == "img" && attribute == "src" && !value.starts_with(&own);
            (!is_strange).then(|| value.into())
        })
        .url_schemes(HashSet::from(["https"]))
        .link_rel(Some("noopener nofollow"))
        .clean(&html)
        .to_string()
}

/// Where a city's pictures are, with a slash at its end.
pub(super) fn pictures_of(slug: &str) -> String {
    format!("/city/{slug}/picture/")
}

/// The same text with each picture of the city in its place, and no other picture.
fn with_pictures<'a>(
    place: (&CityContent, &str),
    events: impl Iterator<Item = Event<'a>>,
) -> Vec<Event<'a>> {
    let mut kept = Vec::new();
    // The picture whose words are being read, and those words.
    let mut within: Option<(String, String)> = None;
    for event in events {
        match (event, &mut within) {
            (Event::Start(Tag::Image { dest_url, .. }), None) => {
                within = Some((dest_url.into_string(), String::new()));
            }
            (Event::End(TagEnd::Image), Some((name, words))) => {
                if let Some(tag) = picture(place, name, words) {
                    kept.push(Event::InlineHtml(tag.into()));
                }
                within = None;
            }
            (Event::Text(text), Some((_name, words))) => words.push_str(&text),
            (_event, Some(_)) => {}
            (event, None) => kept.push(event),
        }
    }
    kept
}

/// A picture that is fetched when somebody comes near it, with its place kept free.
fn picture((city, own): (&CityContent, &str), name: &str, words: &str) -> Option<String> {
    let (digest, (width, height)) = match city.pictures.get(name) {
        Some(picture) => (picture.digest(), (picture.width(), picture.height())),
        None => {
            let (name, size) = city.uploaded.get_key_value(name)?;
            (name.as_str(), *size)
        }
    };
    let mut tag = String::new();
    write!(
        tag,
        "<img src=\"{own}{digest}.jpg\" alt=\"{}\" width=\"{width}\" height=\"{height}\" loading=\"lazy\">",
        ammonia::clean_text(words),
    )
    .ok()?;
    Some(tag)
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, io::Cursor, sync::Arc};

    use super::*;
    use crate::picture::Picture;

    fn city(text: &str) -> CityContent {
        let mut file = Cursor::new(Vec::new());
        image::DynamicImage::new_rgb8(8, 4)
            .write_to(&mut file, image::ImageFormat::Png)
            .expect("a picture can be written");
        let picture = Picture::read(file.get_ref()).expect("readable");
        CityContent {
            slug: "suzhou".to_owned(),
            name: "苏州市".to_owned(),
            tagline: String::new(),
            page_markdown: text.to_owned(),
            hero_svg: None,
            pictures: BTreeMap::from([("bridge.png".to_owned(), Arc::new(picture))]),
            uploaded: BTreeMap::new(),
            video: None,
            links: Vec::new(),
            codes: Vec::new(),
            sample: false,
        }
    }

    #[test]
    fn a_page_keeps_its_text_and_loses_whatever_could_act() {
        let html = to_html(&city(
            "## 城市\n\n**诚** [站点](https://example.com) [坏](javascript:alert(1)) <script>alert(1)</script><img src=x onerror=alert(1)>",
        ));
        assert!(
            html.contains("<h2>城市</h2>") && html.contains("<strong>诚</strong>"),
            "{html}"
        );
        assert!(html.contains("https://example.com"), "{html}");
        for word in ["script", "onerror", "src", "alert"] {
            assert!(!html.contains(word), "{word} in {html}");
        }
    }

    #[test]
    fn a_page_shows_its_own_pictures_and_no_others() {
        let html = to_html(&city(
            "![宝带桥 <b>\"](bridge.png)\n\n![别处](https://evil.example/a.png) ![没有](none.png) <img src=\"https://evil.example/b.png\">",
        ));
        assert!(
            html.contains("<img src=\"/city/suzhou/picture/") && html.contains("loading=\"lazy\""),
            "{html}"
        );
        assert!(html.contains("width=\"8\" height=\"4\""), "{html}");
        // A tag among the words of a picture is none of its words.
        assert!(html.contains("alt=\"宝带桥 &quot;\""), "{html}");
        assert_eq!(html.matches("src=").count(), 1, "{html}");
        assert!(!html.contains("evil"), "{html}");
    }
}
