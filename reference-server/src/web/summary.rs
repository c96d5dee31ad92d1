//! `/summary`: what the closed cities came to, the prizes once they are decided, and thanks.

use std::sync::Arc;

use askama::Template;
use axum::{Router, extract::State, response::Response, routing::get};
use reward_core::Fen;

use super::{
    error::PageError,
    frame::{self, Frame},
    moment,
    session::Visitor,
};
use crate::{
    app::App,
    contest::{
        honour,
        summary::{self, CityTotals},
    },
};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/summary", get(page))
}

#[derive(Template)]
#[template(path = "summary.html")]
struct SummaryPage {
    frame: Frame,
    is_over: bool,
    n_people: u64,
    n_attempts: u64,
    n_packets: u64,
    awarded: Fen,
    cities: Vec<CityTotals>,
    honours: Option<HonoursView>,
}

/// The prizes with the names of the cities.
struct HonoursView {
    title: String,
    decided: String,
    cities: Vec<HonourView>,
}

struct HonourView {
    name: String,
    reason: String,
}

/// What two organisers have decided, or what stands among the content; until then nothing is said.
async fn honours(app: &App) -> Result<Option<HonoursView>, PageError> {
    if let Some((winners, decided)) = honour::published(app).await? {
        return Ok(Some(HonoursView {
            title: "优秀组织奖".to_owned(),
            decided: format!("{}公布", moment::date(decided)),
            cities: winners
                .iter()
                .map(|city| HonourView {
                    name: app.season.city_name(city),
                    reason: "按开赛前确定的公式排名".to_owned(),
                })
                .collect(),
        }));
    }
    let Some(decided) = app.content.honours() else {
        return Ok(None);
    };
    Ok(Some(HonoursView {
        title: decided.title.clone(),
        decided: decided.decided.clone(),
        cities: decided
            .cities
            .iter()
            .map(|honour| HonourView {
                name: app.season.city_name(&honour.city),
                reason: honour.reason.clone(),
            })
            .collect(),
    }))
}

async fn page(State(app): State<Arc<App>>, visitor: Visitor) -> Result<Response, PageError> {
    let cities = summary::summary(&app).await?;
    let sum = |of: fn(&CityTotals) -> u64| cities.iter().map(of).fold(0, u64::saturating_add);
    Ok(frame::rendered(
        &SummaryPage {
            frame: Frame::of(&app, &visitor),
            is_over: cities.len() == app.season.edition().rounds().len(),
            n_people: sum(|city| city.n_people),
            n_attempts: sum(|city| city.n_attempts),
            n_packets: sum(|city| city.n_packets),
            awarded: Fen::new(sum(|city| city.awarded.get())),
            honours: honours(&app).await?,
            cities,
        },
        "private, max-age=30",
    ))
}
