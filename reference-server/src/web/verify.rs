//! `/verify`: what anybody may check; `/packet/{award}/receipt`: one packet, checked on the phone.

use std::sync::Arc;

use askama::Template;
use axum::{
    Json, Router,
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
    routing::get,
};
use reward_core::canonical_spec;

use super::{
    assets::ASSETS,
    error::PageError,
    frame::{self, Frame},
    moment,
    session::{SignedIn, Visitor},
};
use crate::{
    app::App,
    contest::{Refusal, publication},
};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/verify", get(verify))
        .route("/verify/{file}", get(city_file))
        .route("/packet/{award}/receipt", get(receipt))
        .route("/packet/{award}/receipt.txt", get(receipt_text))
}

struct CityLine {
    slug: String,
    name: String,
    commitment: String,
    root: String,
    bank: String,
    corrections: Vec<CorrectionLine>,
    heads: Vec<String>,
    disclosed_from: String,
    is_disclosed: bool,
}

struct CorrectionLine {
    since: String,
    stem: String,
    what: &'static str,
    reason: String,
}

#[derive(Template)]
#[template(path = "verify.html")]
struct VerifyPage {
    frame: Frame,
    cities: Vec<CityLine>,
    canonical: String,
}

async fn verify(State(app): State<Arc<App>>, visitor: Visitor) -> Result<Response, PageError> {
    let cities = publication::cities(&app).await?.into_iter();
    let page = VerifyPage {
        frame: Frame::of(&app, &visitor),
        canonical: canonical_spec(&app.season.rules),
        cities: cities
            .map(|city| CityLine {
                slug: city.slug,
                name: city.name,
                commitment: city.commitment,
                root: city.root,
                bank: city.bank_digest,
                corrections: city
                    .corrections
                    .into_iter()
                    .map(|correction| CorrectionLine {
                        since: moment::minute(correction.since),
                        stem: correction.stem,
                        what: if correction.is_void {
                            "作废，全员按答对计"
                        } else {
                            "另有选项也按答对计"
                        },
                        reason: correction.reason,
                    })
                    .collect(),
                heads: city.heads.iter().map(ToString::to_string).collect(),
                disclosed_from: moment::minute(city.disclosed_from),
                is_disclosed: city.is_disclosed,
            })
            .collect(),
    };
    Ok(frame::rendered(&page, "private, max-age=30"))
}

async fn city_file(
    State(app): State<Arc<App>>,
    Path(file): Path<String>,
) -> Result<Response, PageError> {
    let slug = file.strip_suffix(".json").ok_or(Refusal::NotFound)?;
    let city = publication::city_file(&app, slug).await?;
    let name = format!("attachment; filename=\"{}.json\"", city.city);
    let headers = [
        (header::CONTENT_DISPOSITION, name),
        (header::CACHE_CONTROL, "public, max-age=3600".to_owned()),
    ];
    Ok((headers, Json(city)).into_response())
}

#[derive(Template)]
#[template(path = "receipt.html")]
struct ReceiptPage {
    frame: Frame,
    script: &'static str,
    award: String,
    city_name: String,
    amount: String,
    receipt: String,
    root: String,
    days: u8,
    packets_per_day: u32,
}

async fn receipt(
    State(app): State<Arc<App>>,
    Path(award): Path<String>,
    signed_in: SignedIn,
) -> Result<Response, PageError> {
    let found = publication::receipt(&app, &signed_in.person, &award).await?;
    Ok(frame::personal(&ReceiptPage {
        frame: Frame::of(&app, &signed_in.visitor),
        script: &ASSETS.verify_js.href,
        award,
        city_name: found.city_name,
        amount: found.receipt.amount().to_string(),
        receipt: found.receipt.to_string(),
        root: found.root,
        days: app.season.rules.days(),
        packets_per_day: app.season.rules.packets_per_day(),
    }))
}

async fn receipt_text(
    State(app): State<Arc<App>>,
    Path(award): Path<String>,
    signed_in: SignedIn,
) -> Result<Response, PageError> {
    let found = publication::receipt(&app, &signed_in.person, &award).await?;
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"receipt.txt\"",
        ),
        (header::CACHE_CONTROL, "private, no-store"),
    ];
    Ok((headers, found.receipt.to_string()).into_response())
}
