//! `/follow` and `/consent`: what stands before a first attempt, and the way to it.

use std::sync::Arc;

use askama::Template;
use axum::{
    Form, Router,
    extract::{Query, State},
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use serde::Deserialize;

use super::{
    error::PageError,
    frame::{self, Frame},
    landing::{self, FollowSheet},
    personal::{Choice, choices},
    quiz,
    session::{SignedIn, Visitor},
    share::Profile,
};
use crate::{
    app::App,
    contest::{
        follow,
        personal::{self, District},
        records,
    },
};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/follow", get(follow_first))
        // Whoever had to log in before asking comes back with a GET.
        .route(
            "/follow/check",
            post(check).get(|| async { Redirect::to("/quiz") }),
        )
        .route("/consent", get(notice).post(agree))
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    asked: u8,
}

async fn follow_first(
    State(app): State<Arc<App>>,
    Query(asked): Query<Asked>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    let sheet = FollowSheet::open(&app, asked.asked == 1);
    landing::page(&app, &visitor, Some(sheet)).await
}

async fn check(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    if follow::recheck(&app, &signed_in.person).await? {
        quiz::begin(&app, &signed_in.person, &headers).await
    } else {
        Ok(Redirect::to("/follow?asked=1").into_response())
    }
}

#[derive(Template)]
#[template(path = "consent.html")]
struct ConsentPage {
    frame: Frame,
    referral_on: bool,
    asks: bool,
    /// The open city and its districts, while the notice still asks.
    districts: Option<(String, Vec<Choice>)>,
}

async fn notice(State(app): State<Arc<App>>, visitor: Visitor) -> Result<Response, PageError> {
    let asks = match &visitor.person {
        Some(person) => !records::has_consented(&app, person).await?,
        None => false,
    };
    Ok(frame::personal(&ConsentPage {
        frame: Frame::of(&app, &visitor),
        referral_on: Profile::of(&app.season).rewards_friends(),
        asks,
        districts: district_choices(&app).filter(|_choices| asks),
    }))
}

fn district_choices(app: &App) -> Option<(String, Vec<Choice>)> {
    let edition = app.season.edition();
    let round = edition.contest_at(app.now())?;
    let city = app.season.province.city(round.city().slug())?;
    Some((city.name().to_owned(), choices(city, None)))
}

#[derive(Deserialize)]
struct Agreement {
    /// The district, if the person cared to say.
    #[serde(default)]
    district: String,
}

async fn agree(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    headers: HeaderMap,
    Form(agreement): Form<Agreement>,
) -> Result<Response, PageError> {
    records::consent(&app, &signed_in.person).await?;
    if let Some(district) = District::of_word(&app.season, &agreement.district) {
        personal::choose_district(&app, &signed_in.person, &district).await?;
    }
    quiz::begin(&app, &signed_in.person, &headers).await
}
