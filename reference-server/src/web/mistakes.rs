//! `/me/mistakes`: the questions a person got wrong, to read again.

use std::sync::Arc;

use askama::Template;
use axum::{Router, extract::State, response::Response, routing::get};

use super::{
    error::PageError,
    frame::{self, Frame},
    result::{self, ReviewView},
    session::SignedIn,
};
use crate::{
    app::App,
    contest::mistakes::{self, Mistake},
};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/me/mistakes", get(page))
}

struct MistakeView {
    city_name: String,
    n_wrong: u32,
    mastered: bool,
    review: ReviewView,
}

#[derive(Template)]
#[template(path = "mistakes.html")]
struct MistakesPage {
    frame: Frame,
    n_open: usize,
    n_mastered: usize,
    is_open: bool,
    mistakes: Vec<MistakeView>,
}

async fn page(State(app): State<Arc<App>>, signed_in: SignedIn) -> Result<Response, PageError> {
    let mistakes = mistakes::mistakes(&app, &signed_in.person).await?;
    let n_mastered = mistakes.iter().filter(|mistake| mistake.mastered).count();
    Ok(frame::personal(&MistakesPage {
        frame: Frame::of(&app, &signed_in.visitor),
        n_open: mistakes.len().saturating_sub(n_mastered),
        n_mastered,
        is_open: app.season.edition().contest_at(app.now()).is_some(),
        mistakes: mistakes.into_iter().map(view).collect(),
    }))
}

fn view(mistake: Mistake) -> MistakeView {
    MistakeView {
        city_name: mistake.city_name,
        n_wrong: mistake.n_wrong,
        mastered: mistake.mastered,
        review: result::review(mistake.item),
    }
}
