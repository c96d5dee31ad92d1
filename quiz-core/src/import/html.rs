//! From HTML, however broken, to the plain text it shows.

use super::markup::{Plain, PlainText};

/// Plain text of a fragment of HTML, however broken.
pub(super) fn plain(html: &str) -> Plain {
    let mut out = PlainText::default();
    let mut rest = html;
    let mut may_close = true;
    while let Some(at) = rest.find(['<', '&']) {
        let (before, from) = rest.split_at(at);
        out.text(before);
        if let Some(after) = from.strip_prefix("<!--") {
            rest = after.split_once("-->").map_or("", |(_, behind)| behind);
            continue;
        }
        let tag = may_close.then(|| tag(from));
        if let Some(Tag::Unclosed) = tag {
            may_close = false;
        }
        if let Some(Tag::Whole(name, has_look, length)) = tag {
            rest = from.get(length..).unwrap_or_default();
            out.element(&name, has_look);
            if (name == "script" || name == "style") && !from.starts_with("</") {
                rest = behind_end(rest, &name);
            }
            continue;
        }
        let (length, character) = entity(from).unwrap_or((0, '<'));
        if length > 0 {
            // Written out on purpose: not white space of the layout.
            if character.is_whitespace() {
                out.verbatim(&character.to_string());
            } else {
                out.character(character);
            }
            rest = from.get(length..).unwrap_or_default();
        } else {
            let mut characters = from.chars();
            out.text(
                characters
                    .next()
                    .map_or("", |c| from.get(..c.len_utf8()).unwrap_or("")),
            );
            rest = characters.as_str();
        }
    }
    out.text(rest);
    out.finish()
}

enum Tag {
    /// Name in lower case, whether attributes give it a look, and its length in bytes.
    Whole(String, bool, usize),
    /// Nothing behind it ends a tag.
    Unclosed,
    /// A sign that begins no tag.
    None,
}

fn tag(text: &str) -> Tag {
    let Some(inside) = text.strip_prefix('<') else {
        return Tag::None;
    };
    let named = inside.strip_prefix('/').unwrap_or(inside);
    let name: String = named
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric())
        .take(16)
        .collect::<String>()
        .to_ascii_lowercase();
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return Tag::None;
    }
    match inside.find(['>', '<']) {
        None => Tag::Unclosed,
        Some(end) if inside.get(end..).is_some_and(|rest| rest.starts_with('>')) => {
            let attributes = inside.get(..end).unwrap_or_default();
            let has_look = attributes.contains("style=") || attributes.contains("class=");
            Tag::Whole(name, has_look, end.saturating_add(2))
        }
        Some(_) => Tag::None,
    }
}

/// What follows the end of a script or a style sheet.
fn behind_end<'text>(text: &'text str, name: &str) -> &'text str {
    let end = format!("</{name}");
    let found = text
        .match_indices("</")
        .find(|(at, _)| {
            let closing = text.get(*at..at.saturating_add(end.len()));
            closing.is_some_and(|closing| closing.eq_ignore_ascii_case(&end))
        })
        .and_then(|(at, _)| text.get(at..)?.split_once('>'));
    found.map_or("", |(_, behind)| behind)
}

/// An entity such as `&lt;` at the beginning of a text: its length and its character.
fn entity(text: &str) -> Option<(usize, char)> {
    const LONGEST: usize = 10;
    const NAMED: [(&str, char); 26] = [
        ("amp", '&'),
        ("lt", '<'),
        ("gt", '>'),
        ("quot", '"'),
        ("apos", '\''),
        ("nbsp", ' '),
        ("ensp", ' '),
        ("emsp", ' '),
        ("ldquo", '“'),
        ("rdquo", '”'),
        ("lsquo", '‘'),
        ("rsquo", '’'),
        ("mdash", '—'),
        ("ndash", '–'),
        ("hellip", '…'),
        ("middot", '·'),
        ("bull", '•'),
        ("times", '×'),
        ("divide", '÷'),
        ("plusmn", '±'),
        ("le", '≤'),
        ("ge", '≥'),
        ("ne", '≠'),
        ("deg", '°'),
        ("radic", '√'),
        ("yen", '¥'),
    ];
    let inside = text.strip_prefix('&')?;
    let end = inside.bytes().take(LONGEST).position(|b| b == b';')?;
    let name = inside.get(..end)?;
    let character = match name.strip_prefix('#') {
        Some(number) => {
            let value = match number.strip_prefix(['x', 'X']) {
                Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16),
                None => number.parse(),
            };
            char::from_u32(value.ok()?)?
        }
        None => NAMED.into_iter().find(|(known, _)| *known == name)?.1,
    };
    Some((end.saturating_add(2), character))
}

/// Whether a text that may or may not be HTML has a tag or an entity in it.
pub(super) fn has_markup(text: &str) -> bool {
    const NAMES: [&str; 22] = [
        "p", "br", "b", "i", "u", "em", "strong", "span", "div", "img", "sub", "sup", "a", "ul",
        "ol", "li", "table", "font", "h1", "h2", "h3", "code",
    ];
    let mut may_close = true;
    text.match_indices(['<', '&']).any(|(at, _)| {
        let Some(from) = text.get(at..) else {
            return false;
        };
        if from.starts_with('&') {
            return entity(from).is_some();
        }
        if !may_close {
            return false;
        }
        match tag(from) {
            Tag::Whole(name, _, _) => NAMES.contains(&name.as_str()),
            Tag::Unclosed => {
                may_close = false;
                false
            }
            Tag::None => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lost(html: &str) -> (Vec<String>, Vec<String>) {
        let plain = plain(html);
        (plain.looks().to_vec(), plain.media().to_vec())
    }

    #[test]
    fn html_is_reduced_to_the_text_it_shows() {
        for (html, text) in [
            ("<p>甲</p><p>乙</p>", "甲\n乙"),
            ("甲<br>乙<br/><br />丙", "甲\n乙\n\n丙"),
            ("<p>\n  信用\n  代码</p>\n", "信用代码"),
            ("<p>credit\n code  is</p>", "credit code  is"),
            ("1 &lt; 2 &amp;&nbsp;3 &#65;&#x42;", "1 < 2 & 3 AB"),
            ("a < b, c > d", "a < b, c > d"),
            ("甲<!-- <p>乙</p> -->丙", "甲丙"),
            ("<style>p{}</style>甲<script>if(a<b){}</SCRIPT>乙", "甲乙"),
            ("甲<b", "甲<b"),
            ("&unknown; &", "&unknown; &"),
        ] {
            assert_eq!(plain(html).text, text, "{html}");
        }
    }

    #[test]
    fn lost_looks_and_pictures_are_named() {
        assert_eq!(lost("<p>m<sup>2</sup><sup>3</sup></p>").0, ["sup"]);
        assert_eq!(lost("<img src=x>").1, ["img"]);
        assert_eq!(lost("<p>甲<br></p><span>乙</span>"), (vec![], vec![]));
    }
}
