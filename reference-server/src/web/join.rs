//! `/follow` and `/consent`: what stands before a first attempt, and the way to it.

use std::sync::Arc;

use askama::Template;
use axum::{
    Router,
    extract::{Query, State},
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use reward_core::ReferralPolicy;
use serde::Deserialize;

use super::{
    error::PageError,
    frame::{self, Frame},
    qr_code::QrCode,
    quiz,
    session::{SignedIn, Visitor},
};
use crate::{
    app::App,
    contest::{follow, records},
};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/follow", get(follow_first))
        .route("/follow/check", post(check))
        .route("/consent", get(notice).post(agree))
}

#[derive(Template)]
#[template(path = "follow.html")]
struct FollowPage {
    frame: Frame,
    asked: bool,
    qr: Option<String>,
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
) -> Response {
    let code = app.wechat.follow_url.as_deref().and_then(QrCode::of);
    frame::personal(&FollowPage {
        frame: Frame::of(&app, &visitor),
        asked: asked.asked == 1,
        qr: code.map(|code| code.svg("公众号二维码")),
    })
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
}

async fn notice(State(app): State<Arc<App>>, visitor: Visitor) -> Result<Response, PageError> {
    let asks = match &visitor.person {
        Some(person) => !records::has_consented(&app, person).await?,
        None => false,
    };
    Ok(frame::personal(&ConsentPage {
        frame: Frame::of(&app, &visitor),
        referral_on: app.season.rules.referral() != ReferralPolicy::Off,
        asks,
    }))
}

async fn agree(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    records::consent(&app, &signed_in.person).await?;
    quiz::begin(&app, &signed_in.person, &headers).await
}
