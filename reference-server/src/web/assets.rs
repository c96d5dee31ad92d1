//! The style sheets, scripts and the icon: in the binary, under names that change with their content.

use std::sync::LazyLock;

use axum::{
    Router,
    extract::Path,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use sha2::{Digest as _, Sha256};

/// One file, and the address it is served at.
pub(super) struct Asset {
    content_type: &'static str,
    body: &'static str,
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
            content_type,
            body,
            name,
        }
    }
}

/// Every file.
pub(super) struct Assets {
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
}

/// The files of this binary.
pub(super) static ASSETS: LazyLock<Assets> = LazyLock::new(|| {
    let (css, js) = ("text/css; charset=utf-8", "text/javascript; charset=utf-8");
    Assets {
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
    (
        caching,
        [(header::CONTENT_TYPE, asset.content_type)],
        asset.body,
    )
        .into_response()
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
            assert!(!ASSETS.css.body.contains(word), "app.css has {word}");
        }
    }

    #[test]
    fn the_script_of_citizens_has_nothing_newer_than_the_baseline() {
        for word in ["=>", "`", "?.", "??", "import ", "let ", "const "] {
            assert!(!ASSETS.js.body.contains(word), "app.js has {word}");
            assert!(
                !ASSETS.verify_js.body.contains(word),
                "verify.js has {word}"
            );
        }
    }

    #[test]
    fn files_stay_within_their_budgets() {
        // Bytes before compression; brotli makes about a third of them.
        assert!(ASSETS.css.body.len() < 24_000, "{}", ASSETS.css.body.len());
        assert!(ASSETS.js.body.len() < 18_000, "{}", ASSETS.js.body.len());
    }
}
