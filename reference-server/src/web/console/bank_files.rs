//! What a draft gives away: the office's rows with a column of problems, a workbook to begin with,
//! and a paper as on a phone.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, Query, State},
    http::{HeaderMap, header},
    response::{IntoResponse as _, Response},
};
use serde::Deserialize;

use super::{
    bank,
    bank_draft::{DESK, PREVIEW},
    bank_review, error,
    gate::Signed,
    list::{XLSX, attached},
};
use crate::{
    app::App,
    contest::bank::desk::{self, Looked},
    web::{
        assets::ASSETS,
        frame::{self, Frame},
        quiz::{ItemView, origin_label},
        session::Visitor,
    },
};

pub(super) async fn workbook(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
) -> Response {
    match desk::annotated(&app, &city).await {
        Ok((file, bytes)) => {
            let name = file
                .rsplit_once('.')
                .map_or(file.as_str(), |(name, _)| name);
            book(&format!("{name}（检查结果）"), bytes)
        }
        Err(failed) => error::answer(&app, Some(&organiser), false, failed),
    }
}

pub(super) async fn template(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
) -> Response {
    match desk::template() {
        Ok(bytes) => book(&format!("{}题库模板", app.season.city_name(&city)), bytes),
        Err(failed) => error::answer(&app, Some(&organiser), false, failed),
    }
}

fn book(name: &str, bytes: Vec<u8>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, XLSX.to_owned()),
        (header::CONTENT_DISPOSITION, attached(name, "xlsx")),
    ];
    (headers, bytes).into_response()
}

/// What is to be looked at.
#[derive(Deserialize)]
pub(in crate::web) struct AskedPaper {
    #[serde(default)]
    pub(super) of: String,
}

/// What this word names; the draft by any other.
pub(super) fn looked(word: &str) -> Looked {
    match word {
        "submitted" => Looked::Submitted,
        "in_force" => Looked::InForce,
        _ => Looked::Draft,
    }
}

#[derive(Template)]
#[template(path = "bank_preview.html")]
struct PreviewPage {
    frame: Frame,
    quiz_css: &'static str,
    city_name: String,
    what: &'static str,
    again: String,
    back: String,
    items: Vec<ItemView>,
}

pub(super) async fn preview(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
    Query(asked): Query<AskedPaper>,
    headers: HeaderMap,
) -> Response {
    let looked = looked(&asked.of);
    let items = match desk::preview(&app, &city, looked).await {
        Ok(items) => items,
        Err(failed) => return error::answer(&app, Some(&organiser), false, failed),
    };
    let (what, word, back) = match looked {
        Looked::Draft => ("草稿", "draft", DESK),
        Looked::Submitted => ("待审的题库", "submitted", bank_review::PAGE),
        Looked::InForce => ("现行题库", "in_force", bank::PAGE),
    };
    let path = PREVIEW.replace("{city}", &city);
    let items = items.into_iter().map(|item| ItemView {
        number: item.ordinal.number(),
        origin: origin_label(item.origin),
        stem: item.stem,
        options: item
            .options
            .into_iter()
            .map(|(place, text)| (place.letter(), text, false))
            .collect(),
        note: None,
    });
    frame::personal(&PreviewPage {
        frame: Frame::of(&app, &Visitor::of(&app, &headers, &path)),
        quiz_css: &ASSETS.quiz_css.text,
        city_name: app.season.city_name(&city),
        what,
        again: format!("{path}?of={word}"),
        back: back.replace("{city}", &city),
        items: items.collect(),
    })
}
