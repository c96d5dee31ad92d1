//! The style sheets, scripts and the icon: in the binary, under names that change with their content; what a first screen waits for stands in the pages.

use std::sync::LazyLock;

use axum::{
    Router,
    body::Bytes,
    extract::Path,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use brotli::enc::BrotliEncoderParams;
use sha2::{Digest as _, Sha256};

/// One file, and the address it is served at.
pub(super) struct Asset {
    content_type: &'static str,
    body: &'static str,
    /// The body compressed by brotli.
    compressed: Bytes,
    name: String,
    /// The address, with the content's digest in it.
    pub(super) href: String,
}

impl Asset {
    fn new(stem: &str, ending: &str, content_type: &'static str, body: &'static str) -> Self {
        let digest = hex::encode(Sha256::digest(body.as_bytes()));
        let name = format!("{stem}.{}.{ending}", digest.get(..12).unwrap_or_default());
        Self {
            href: format!("/s/{name}"),
            compressed: compressed(body.as_bytes()),
            content_type,
            body,
            name,
        }
    }
}

/// As small as brotli gets it: done once, fetched by every phone.
fn compressed(body: &[u8]) -> Bytes {
    let parameters = BrotliEncoderParams::default();
    let mut small = Vec::new();
    match brotli::BrotliCompress(&mut &*body, &mut small, &parameters) {
        Ok(_n_bytes) => small.into(),
        // Writing to memory does not fail; an empty body is never served.
        Err(_error) => Bytes::new(),
    }
}

/// Whether a browser takes brotli.
fn takes_brotli(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|accepted| accepted.to_str().ok())
        .is_some_and(|accepted| accepted.split(',').any(|coding| coding.trim() == "br"))
}

/// What stands in a page itself, because its first screen would wait for a file.
pub(super) struct Inline {
    /// The text between the tags.
    pub(super) text: String,
}

impl Inline {
    /// A style sheet without what only its authors need: comments, and all but one of several blanks.
    fn style(css: &str) -> Self {
        let words = without_comments(css);
        Self {
            text: words.split_whitespace().collect::<Vec<_>>().join(" "),
        }
    }

    /// A script without comments and indentation; its lines stay, as script may end a statement by one.
    fn script(js: &str) -> Self {
        let lines = without_comments(js);
        let lines = lines.lines().map(str::trim).filter(|line| !line.is_empty());
        Self {
            text: lines.collect::<Vec<_>>().join("\n"),
        }
    }

    /// What a content security policy calls it: its digest.
    pub(super) fn source(&self) -> String {
        source(&self.text)
    }
}

/// What a content security policy calls a style or script that stands in a page.
pub(super) fn source(text: &str) -> String {
    format!(
        "'sha256-{}'",
        STANDARD.encode(Sha256::digest(text.as_bytes()))
    )
}

fn without_comments(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, comment)) = rest.split_once("/*") {
        kept.push_str(before);
        rest = comment.split_once("*/").map_or("", |(_, after)| after);
    }
    kept.push_str(rest);
    kept
}

/// Every file.
pub(super) struct Assets {
    /// Style of the first screen, which stands in every page.
    pub(super) first_css: Inline,
    /// What the landing page's first screen needs besides.
    pub(super) landing_css: Inline,
    /// What a paper needs besides.
    pub(super) quiz_css: Inline,
    /// The script of a paper.
    pub(super) quiz_js: Inline,
    /// Style of the pages for citizens.
    pub(super) css: Asset,
    /// Script of the pages for citizens.
    pub(super) js: Asset,
    /// The icon.
    pub(super) icon: Asset,
    /// Style of the simulated phone.
    pub(super) phone_css: Asset,
    /// Script of the simulated phone.
    pub(super) phone_js: Asset,
    /// Script that checks a receipt.
    pub(super) verify_js: Asset,
    /// Script that opens WeChat's confirm page.
    pub(super) confirm_js: Asset,
    /// What WeChat's browser puts into a page, in a demo.
    pub(super) bridge_js: Asset,
    /// Style of the console.
    pub(super) console_css: Asset,
    /// Script of the console.
    pub(super) console_js: Asset,
}

/// The files of this binary.
pub(super) static ASSETS: LazyLock<Assets> = LazyLock::new(|| {
    let (css, js) = ("text/css; charset=utf-8", "text/javascript; charset=utf-8");
    Assets {
        first_css: Inline::style(include_str!("../../static/first.css")),
        landing_css: Inline::style(include_str!("../../static/landing.css")),
        quiz_css: Inline::style(include_str!("../../static/quiz.css")),
        quiz_js: Inline::script(concat!(
            include_str!("../../static/page.js"),
            include_str!("../../static/quiz.js")
        )),
        css: Asset::new(
            "app",
            "css",
            css,
            concat!(
                include_str!("../../static/quiz.css"),
                include_str!("../../static/app.css")
            ),
        ),
        js: Asset::new(
            "app",
            "js",
            js,
            concat!(
                include_str!("../../static/page.js"),
                include_str!("../../static/app.js")
            ),
        ),
        icon: Asset::new(
            "icon",
            "svg",
            "image/svg+xml",
            include_str!("../../static/icon.svg"),
        ),
        phone_css: Asset::new("phone", "css", css, include_str!("../../static/phone.css")),
        phone_js: Asset::new("phone", "js", js, include_str!("../../static/phone.js")),
        verify_js: Asset::new("verify", "js", js, include_str!("../../static/verify.js")),
        confirm_js: Asset::new("confirm", "js", js, include_str!("../../static/confirm.js")),
        bridge_js: Asset::new("bridge", "js", js, include_str!("../../static/bridge.js")),
        console_css: Asset::new(
            "console",
            "css",
            css,
            include_str!("../../static/console.css"),
        ),
        console_js: Asset::new("console", "js", js, include_str!("../../static/console.js")),
    }
});

pub(super) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/s/{name}", get(serve))
}

async fn serve(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let assets = &*ASSETS;
    let all = [
        &assets.css,
        &assets.js,
        &assets.icon,
        &assets.phone_css,
        &assets.phone_js,
        &assets.verify_js,
        &assets.confirm_js,
        &assets.bridge_js,
        &assets.console_css,
        &assets.console_js,
    ];
    let Some(asset) = all.into_iter().find(|asset| asset.name == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let etag = format!("\"{}\"", asset.name);
    let caching = [
        (
            header::CACHE_CONTROL,
            "public, max-age=31536000, immutable".to_owned(),
        ),
        (header::ETAG, etag.clone()),
    ];
    let known = headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|known| known.as_bytes() == etag.as_bytes());
    if known {
        return (StatusCode::NOT_MODIFIED, caching).into_response();
    }
    let content_type = [
        (header::CONTENT_TYPE, asset.content_type),
        (header::VARY, "accept-encoding"),
    ];
    if takes_brotli(&headers) && !asset.compressed.is_empty() {
        let encoding = [(header::CONTENT_ENCODING, "br")];
        let body = asset.compressed.clone();
        return (caching, content_type, encoding, body).into_response();
    }
    (caching, content_type, asset.body).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What engines of 2018 do not know; the baseline is Chrome 66 and Safari 11.
    const TOO_NEW: [&str; 8] = [
        "gap:",
        "aspect-ratio",
        "inset:",
        ":is(",
        ":has(",
        "dvh",
        "color-mix",
        "@layer",
    ];

    #[test]
    fn the_style_sheets_of_citizens_have_nothing_newer_than_the_baseline() {
        let inline = [&ASSETS.first_css, &ASSETS.landing_css, &ASSETS.quiz_css];
        let inline = inline.into_iter().map(|style| style.text.as_str());
        for css in inline.chain([ASSETS.css.body]) {
            for word in TOO_NEW {
                assert!(!css.contains(word), "{word} in {}", &css[..60]);
            }
        }
    }

    #[test]
    fn the_scripts_of_citizens_have_nothing_newer_than_the_baseline() {
        let files = [&ASSETS.js, &ASSETS.verify_js, &ASSETS.confirm_js];
        let files = files.into_iter().map(|script| script.body);
        for script in files.chain([ASSETS.quiz_js.text.as_str()]) {
            for word in ["=>", "`", "?.", "??", "import ", "let ", "const "] {
                assert!(!script.contains(word), "{word} in {}", &script[..60]);
            }
        }
    }

    #[test]
    fn what_stands_in_a_page_keeps_its_meaning_and_loses_its_comments() {
        assert_eq!(
            Inline::style("/* a */\n.a { b: c;\n  d: e f; }\n/* z */ .g { h: i }").text,
            ".a { b: c; d: e f; } .g { h: i }"
        );
        assert_eq!(
            Inline::script("/* a */\nvar a = 'b  c';\n\n  f(a); /* d */\n").text,
            "var a = 'b  c';\nf(a);"
        );
        for inline in [&ASSETS.first_css, &ASSETS.quiz_css, &ASSETS.quiz_js] {
            assert!(!inline.text.contains("*/") && !inline.text.contains("</"));
        }
        assert!(ASSETS.first_css.text.contains(".btn-gold {"));
        assert!(ASSETS.quiz_js.text.contains("DOMContentLoaded"));
    }

    #[test]
    fn files_stay_within_their_budgets() {
        for (asset, kilobytes) in [(&ASSETS.css, 8), (&ASSETS.js, 6), (&ASSETS.confirm_js, 2)] {
            let n_bytes = asset.compressed.len();
            assert!(n_bytes > 700, "{} is not compressed", asset.name);
            assert!(n_bytes <= kilobytes * 1_024, "{} has {n_bytes}", asset.name);
        }
    }
}
