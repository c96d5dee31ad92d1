//! `/me/district` and `/me/erase`: what a person says of himself, and takes back.

use std::sync::Arc;

use askama::Template;
use axum::{
    Form, Router,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use schedule_core::City;
use serde::Deserialize;

use super::{
    error::PageError,
    frame::{self, Frame},
    session::{Jar, Name, SignedIn},
};
use crate::{
    app::App,
    contest::{
        Refusal,
        personal::{self, District, DistrictQuestion, Eraser},
    },
};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/me/district", get(question).post(choose))
        .route("/me/erase", get(warning).post(erase))
}

/// One answer to the question for the district.
pub(super) struct Choice {
    /// What a form sends.
    pub(super) word: String,
    pub(super) label: String,
    pub(super) chosen: bool,
}

/// The answers that can be given while this city is open.
pub(super) fn choices(city: &City, chosen: Option<&District>) -> Vec<Choice> {
    let choice = |district: District, label: &str| Choice {
        chosen: chosen == Some(&district),
        word: district.word(),
        label: label.to_owned(),
    };
    let slug = city.slug().as_str();
    city.districts()
        .iter()
        .map(|district| {
            let of = District::Of {
                city: slug.to_owned(),
                district: district.slug().as_str().to_owned(),
            };
            choice(of, district.name())
        })
        .chain([
            choice(District::Elsewhere, "外地"),
            choice(District::Undisclosed, "不愿透露"),
        ])
        .collect()
}

#[derive(Template)]
#[template(path = "district.html")]
struct DistrictPage {
    frame: Frame,
    city_name: Option<String>,
    chosen: Option<String>,
    fixed: bool,
    choices: Vec<Choice>,
}

async fn question(State(app): State<Arc<App>>, signed_in: SignedIn) -> Result<Response, PageError> {
    let DistrictQuestion {
        city,
        chosen,
        fixed,
    } = personal::district(&app, &signed_in.person).await?;
    Ok(frame::personal(&DistrictPage {
        frame: Frame::of(&app, &signed_in.visitor),
        city_name: city.as_ref().map(|city| city.name().to_owned()),
        choices: city
            .as_ref()
            .map(|city| choices(city, chosen.as_ref()))
            .unwrap_or_default(),
        chosen: chosen.map(|district| district.name(&app.season)),
        fixed,
    }))
}

#[derive(Deserialize)]
struct Chosen {
    #[serde(default)]
    district: String,
}

async fn choose(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Form(form): Form<Chosen>,
) -> Result<Response, PageError> {
    // Nothing chosen is an answer too: the question can be skipped.
    if !form.district.is_empty() {
        let chosen = District::of_word(&app.season, &form.district).ok_or(Refusal::UnknownCity)?;
        personal::choose_district(&app, &signed_in.person, &chosen).await?;
    }
    Ok(Redirect::to("/me").into_response())
}

#[derive(Template)]
#[template(path = "erase.html")]
struct ErasePage {
    frame: Frame,
    done: bool,
}

async fn warning(State(app): State<Arc<App>>, signed_in: SignedIn) -> Response {
    frame::personal(&ErasePage {
        frame: Frame::of(&app, &signed_in.visitor),
        done: false,
    })
}

async fn erase(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    personal::erase(&app, &signed_in.person, Eraser::Person).await?;
    let page = frame::personal(&ErasePage {
        frame: Frame::of(&app, &signed_in.visitor),
        done: true,
    });
    Ok(Jar::of(&app, &headers)
        .forget(Name::Session)
        .forget(Name::Attempt)
        .forget(Name::Answers)
        .with(page))
}
