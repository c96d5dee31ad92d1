//! `/me/certificate`: what a person has achieved, drawn on the phone to keep or to show.

use std::sync::Arc;

use askama::Template;
use axum::{Router, extract::State, response::Response, routing::get};

use super::{
    error::PageError,
    frame::{self, Frame},
    moment,
    session::SignedIn,
};
use crate::{app::App, contest::records};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/me/certificate", get(certificate))
}

#[derive(Template)]
#[template(path = "certificate.html")]
struct CertificatePage {
    frame: Frame,
    province: String,
    /// `None` before the first attempt: there is nothing to certify.
    achieved: Option<Achieved>,
    day: String,
}

struct Achieved {
    n_answered: u32,
    best: u16,
    of: u16,
}

async fn certificate(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
) -> Result<Response, PageError> {
    let records = records::records(&app, &signed_in.person).await?;
    let of = app.season.n_questions();
    let achieved = (records.n_attempts > 0).then(|| Achieved {
        n_answered: records.n_attempts.saturating_mul(u32::from(of)),
        best: records.best_score,
        of,
    });
    Ok(frame::personal(&CertificatePage {
        frame: Frame::of(&app, &signed_in.visitor),
        province: app.season.province.name().to_owned(),
        achieved,
        day: moment::date(app.now()),
    }))
}
