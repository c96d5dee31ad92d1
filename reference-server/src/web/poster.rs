//! `/poster`: a person's own poster, the sheet that asks whether to remind him, and the signature that lets WeChat show a proper share card.

use std::sync::Arc;

use askama::Template;
use axum::{
    Json, Router,
    extract::{Query, State},
    http::header,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use serde::Deserialize;

use super::{
    error::PageError,
    frame::{self, Frame},
    qr_code::QrCode,
    session::SignedIn,
    share::{self, Profile},
};
use crate::{
    app::{App, NoticeKind},
    contest::{Error, Refusal, poster},
};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/poster", get(page))
        .route("/share-signature", get(share_signature))
}

#[derive(Template)]
#[template(path = "poster.html")]
struct PosterPage {
    frame: Frame,
    province: String,
    city: String,
    call: String,
    title: &'static str,
    hint: &'static str,
    card_title: &'static str,
    card_line: String,
    qr: String,
    qr_url: String,
    modules: String,
    n_invited: usize,
    n_chances: usize,
    /// What a friend earns, where the season grants it.
    promise: Option<String>,
    /// The organiser's sentence while a friend earns nothing for now.
    paused: Option<String>,
    /// The template of the notice that the person may agree to, where there is one.
    notice: Option<String>,
    /// Whether the person has just agreed.
    reminded: bool,
}

#[derive(Deserialize)]
struct Coming {
    #[serde(default)]
    reminded: u8,
}

async fn page(
    State(app): State<Arc<App>>,
    Query(coming): Query<Coming>,
    signed_in: SignedIn,
) -> Result<Response, PageError> {
    let poster = match poster::poster(&app, &signed_in.person).await {
        Err(Error::Refused(Refusal::NotFollowing)) => {
            return Ok(Redirect::to("/follow").into_response());
        }
        poster => poster?,
    };
    let profile = Profile::of(&app.season);
    let account = &app.wechat.account_name;
    let code = QrCode::of(&poster.qr_url).ok_or(Refusal::NotFound)?;
    Ok(frame::personal(&PosterPage {
        frame: Frame::of(&app, &signed_in.visitor),
        province: app.season.province.name().to_owned(),
        city: poster.city_name.map_or_else(
            || "全省接力".to_owned(),
            |name| format!("{name} · 正在竞答"),
        ),
        call: share::poster_call(account, app.season.n_questions()),
        title: profile.poster_title(),
        hint: profile.poster_hint(),
        card_title: share::CARD_TITLE,
        card_line: share::card_line(app.season.n_questions()),
        qr: code.svg("我的二维码"),
        modules: code.modules(),
        qr_url: poster.qr_url,
        n_invited: poster.n_invited,
        n_chances: poster.n_chances,
        promise: match &poster.referral_paused {
            Some(_sentence) => None,
            None => profile.promise(account),
        },
        paused: poster.referral_paused,
        notice: notice(&app, profile),
        reminded: coming.reminded == 1,
    }))
}

/// Only a subscription notice asks for consent, and only where there is something to tell.
fn notice(app: &App, profile: Profile) -> Option<String> {
    app.wechat
        .chance_notice
        .as_ref()
        .filter(|notice| notice.kind == NoticeKind::Subscription && profile.rewards_friends())
        .map(|notice| notice.template_id.clone())
}

#[derive(Deserialize)]
struct Page {
    url: String,
}

/// What `wx.config` needs for one of our own pages.
async fn share_signature(
    State(app): State<Arc<App>>,
    Query(page): Query<Page>,
) -> Result<Response, PageError> {
    let config = poster::share_signature(&app, &page.url).await?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(config)).into_response())
}
