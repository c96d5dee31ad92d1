//! A city's Markdown as HTML that cannot do anything but be read.

use std::collections::HashSet;

use ammonia::Builder;
use pulldown_cmark::{Options, Parser, html::push_html};

/// Headings, paragraphs, lists, emphasis, quotations and `https` links; everything else is dropped.
pub(super) fn to_html(markdown: &str) -> String {
    let mut html = String::new();
    push_html(&mut html, Parser::new_ext(markdown, Options::empty()));
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
    ]);
    Builder::default()
        .tags(tags)
        .url_schemes(HashSet::from(["https"]))
        .link_rel(Some("noopener nofollow"))
        .clean(&html)
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_keeps_its_text_and_loses_whatever_could_act() {
        let html = to_html(
            "## 城市\n\n**诚** [站点](https://example.com) [坏](javascript:alert(1)) <script>alert(1)</script><img src=x onerror=alert(1)>",
        );
        assert!(
            html.contains("<h2>城市</h2>") && html.contains("<strong>诚</strong>"),
            "{html}"
        );
        assert!(html.contains("https://example.com"), "{html}");
        for word in ["script", "onerror", "img", "alert"] {
            assert!(!html.contains(word), "{word} in {html}");
        }
    }
}
