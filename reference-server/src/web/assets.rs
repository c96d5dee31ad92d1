//! The style sheets, scripts and the icon: in the binary, under names that change with their content; the first screen's style stands in the pages.

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

/// A style sheet without what only its authors need: comments, and all but one of several blanks.
fn squeezed(css: &str) -> String {
    let mut words = String::with_capacity(css.len());
    let mut rest = css;
    while let Some((before, comment)) = rest.split_once("/*") {
        words.push_str(before);
        rest = comment.split_once("*/").map_or("", |(_, after)| after);
    }
    words.push_str(rest);
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What a content security policy calls a style that stands in a page.
pub(super) fn style_source(css: &str) -> String {
    format!(
        "'sha256-{}'",
        STANDARD.encode(Sha256::digest(css.as_bytes()))
    )
}

/// Every file.
pub(super) struct Assets {
    /// Style of the first screen, which stands in every page.
    pub(super) first_css: String,
    /// What the landing page's first screen needs besides, which stands in that page.
    pub(super) landing_css: String,
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
}

/// The files of this binary.
pub(super) static ASSETS: LazyLock<Assets> = LazyLock::new(|| {
    let (css, js) = ("text/css; charset=utf-8", "text/javascript; charset=utf-8");
    Assets {
        first_css: squeezed(include_str!("../../static/first.css")),
        landing_css: squeezed(include_str!("../../static/landing.css")),
        css: Asset::new("app", "css", css, include_str!("../../static/app.css")),
        js: Asset::new("app", "js", js, include_str!("../../static/app.js")),
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
    fn the_style_sheet_of_citizens_has_nothing_newer_than_the_baseline() {
        for word in TOO_NEW {
            for css in [ASSETS.css.body, &ASSETS.first_css, &ASSETS.landing_css] {
                assert!(!css.contains(word), "{word} in {}", &css[..60]);
            }
        }
    }

    #[test]
    fn the_script_of_citizens_has_nothing_newer_than_the_baseline() {
        for word in ["=>", "`", "?.", "??", "import ", "let ", "const "] {
            for script in [&ASSETS.js, &ASSETS.verify_js, &ASSETS.confirm_js] {
                assert!(!script.body.contains(word), "{} has {word}", script.name);
            }
        }
    }

    #[test]
    fn a_squeezed_sheet_keeps_its_rules_and_loses_its_comments() {
        assert_eq!(
            squeezed("/* a */\n.a { b: c;\n  d: e f; }\n/* z */ .g { h: i }"),
            ".a { b: c; d: e f; } .g { h: i }"
        );
        assert!(!ASSETS.first_css.contains("*/"));
        assert!(ASSETS.first_css.contains(".btn-gold {"));
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
