//! `/claims` and `/packet/{award}`: a chance becomes a packet, and the packet's way to the person.

use std::sync::Arc;

use askama::Template;
use axum::{
    Form, Router,
    extract::{Path, Query, State},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use serde::Deserialize;
use wechat_adapter::pay::v3::ConfirmCall;

use super::{
    assets::ASSETS,
    error::PageError,
    frame::{self, Frame},
    moment,
    session::SignedIn,
    share::Profile,
    wording,
};
use crate::{
    app::App,
    contest::{
        claim::{self, ClaimRequest, PacketState},
        records,
    },
};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        // Whoever had to log in before claiming comes back with a GET.
        .route("/claims", post(claim).get(|| async { Redirect::to("/me") }))
        .route("/packet/{award}", get(packet))
}

#[derive(Deserialize)]
struct ClaimForm {
    #[serde(default)]
    attempt: Option<String>,
}

async fn claim(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Form(form): Form<ClaimForm>,
) -> Result<Response, PageError> {
    let request = ClaimRequest {
        attempt: form.attempt.filter(|attempt| !attempt.is_empty()),
        request_key: None,
    };
    let packet = claim::claim(&app, &signed_in.person, request).await?;
    Ok(Redirect::to(&format!("/packet/{}?open=1", packet.award)).into_response())
}

#[derive(Template)]
#[template(path = "packet.html")]
struct PacketPage {
    frame: Frame,
    award: String,
    amount: String,
    city_name: String,
    kind: &'static str,
    decided: String,
    bill_tail: String,
    /// What the page's script waits to see changed.
    progress: &'static str,
    confirmation: Option<Box<ConfirmCall>>,
    confirm_js: &'static str,
    bridge_js: &'static str,
    state_title: &'static str,
    state_detail: String,
    state_chip: &'static str,
    in_progress: bool,
    fresh: bool,
    referral_on: bool,
}

#[derive(Deserialize)]
struct Opening {
    #[serde(default)]
    open: u8,
}

async fn packet(
    State(app): State<Arc<App>>,
    Path(award): Path<String>,
    Query(opening): Query<Opening>,
    signed_in: SignedIn,
) -> Result<Response, PageError> {
    let packet = records::packet(&app, &signed_in.person, &award).await?;
    let account = &app.wechat.account_name;
    let (state_title, state_detail, state_chip) = wording::packet(&packet, account);
    Ok(frame::personal(&PacketPage {
        frame: Frame::of(&app, &signed_in.visitor),
        amount: packet.amount.to_string(),
        city_name: packet.city_name,
        kind: wording::chance_kind(packet.kind),
        decided: moment::minute(packet.decided),
        bill_tail: packet.bill_tail,
        progress: match (packet.state, &packet.confirmation) {
            (PacketState::AwaitingConfirmation, None) => "awaiting-confirm-page",
            (state, _) => state.code(),
        },
        confirmation: packet.confirmation,
        confirm_js: &ASSETS.confirm_js.href,
        bridge_js: &ASSETS.bridge_js.href,
        state_title,
        state_detail,
        state_chip,
        in_progress: matches!(
            packet.state,
            PacketState::Granted
                | PacketState::Sending
                | PacketState::AwaitingCollection
                | PacketState::AwaitingConfirmation
        ),
        fresh: opening.open == 1,
        referral_on: Profile::of(&app.season).rewards_friends(),
        award: packet.award,
    }))
}
