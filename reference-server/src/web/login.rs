//! `/login`: to WeChat and back, and out again.

use std::sync::Arc;

use askama::Template;
use axum::{
    Router,
    extract::{Query, State},
    http::HeaderMap,
    response::Response,
    routing::{get, post},
};
use serde::Deserialize;

use super::{
    error::PageError,
    frame::{self, Frame},
    qr_code::QrCode,
    session::{Jar, Name, Visitor, local_path},
};
use crate::{
    app::App,
    contest::{Refusal, login},
};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/login", get(begin))
        .route(login::RETURN_PATH, get(finish))
        .route("/logout", post(leave))
}

#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    next: String,
}

async fn begin(
    State(app): State<Arc<App>>,
    Query(wanted): Query<Wanted>,
    visitor: Visitor,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    if !visitor.in_wechat {
        return outside(&app, &visitor, local_path(&wanted.next));
    }
    let state = app.entropy.alphanumeric(32);
    let url = login::authorize_url(&app, &state)?;
    let jar = Jar::of(&app, &headers).begin_login(&state, local_path(&wanted.next), app.now());
    Ok(jar.redirect(&url))
}

#[derive(Template)]
#[template(path = "outside.html")]
struct OutsidePage {
    frame: Frame,
    qr: String,
    url: String,
}

/// Only WeChat can tell who somebody is: here is the code that opens the page there.
fn outside(app: &App, visitor: &Visitor, next: &str) -> Result<Response, PageError> {
    let url = format!("{}{next}", app.public_url);
    let code = QrCode::of(&url).ok_or(Refusal::NotFound)?;
    Ok(frame::personal(&OutsidePage {
        frame: Frame::of(app, visitor),
        qr: code.svg("本页的二维码"),
        url,
    }))
}

#[derive(Deserialize)]
struct Returned {
    #[serde(default)]
    code: String,
    #[serde(default)]
    state: String,
}

async fn finish(
    State(app): State<Arc<App>>,
    Query(returned): Query<Returned>,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    let jar = Jar::of(&app, &headers);
    let pending = jar
        .pending_login()
        .filter(|pending| pending.state == returned.state && !returned.code.is_empty())
        .ok_or(Refusal::LoginRefused)?;
    let person = login::finish(&app, &returned.code).await?;
    Ok(jar
        .forget(Name::Login)
        .log_in(&person, app.now())
        .redirect(local_path(&pending.next)))
}

async fn leave(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    Jar::of(&app, &headers)
        .forget(Name::Session)
        .forget(Name::Attempt)
        .redirect("/")
}
