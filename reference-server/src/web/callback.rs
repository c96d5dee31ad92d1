//! `/wechat/callback`: the account's address is verified, and its events are taken;
//! beside it WeChat Pay's notifications.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};

use crate::{
    app::App,
    contest::{
        follow::{self, CallbackRefusal},
        payout::{self, NOTIFICATION_PATH, NotificationRefusal},
    },
};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/wechat/callback", get(verify).post(receive))
        .route(NOTIFICATION_PATH, post(notified))
}

async fn verify(State(app): State<Arc<App>>, RawQuery(query): RawQuery) -> Response {
    follow::verify_url(&app, &query.unwrap_or_default())
        .map_or_else(|refusal| refused(&refusal), IntoResponse::into_response)
}

async fn receive(State(app): State<Arc<App>>, RawQuery(query): RawQuery, body: Bytes) -> Response {
    answer(&app, &query.unwrap_or_default(), &body).await
}

/// What WeChat gets for one push.
pub(super) async fn answer(app: &App, query: &str, body: &[u8]) -> Response {
    match follow::receive(app, query, body).await {
        Ok(reply) => ([(header::CONTENT_TYPE, reply.content_type)], reply.body).into_response(),
        Err(refusal) => refused(&refusal),
    }
}

async fn notified(State(app): State<Arc<App>>, headers: HeaderMap, body: Bytes) -> Response {
    answer_notification(&app, &headers, &body).await
}

/// What WeChat Pay gets for one notification.
pub(super) async fn answer_notification(app: &App, headers: &HeaderMap, body: &[u8]) -> Response {
    let refusal = match payout::receive_notification(app, headers, body).await {
        Ok(()) => return StatusCode::NO_CONTENT.into_response(),
        Err(refusal) => refusal,
    };
    if refusal.is_probe() {
        tracing::debug!("a probe of WeChat Pay's was refused, as it should be");
    } else if let NotificationRefusal::NotSetUp = refusal {
        return StatusCode::NOT_FOUND.into_response();
    } else if let NotificationRefusal::NotAccepted(error) = &refusal {
        tracing::warn!(%error, "a notification was not accepted");
    } else {
        tracing::error!(error = %refusal, "a notification could not be taken");
    }
    match refusal.response() {
        Some(response) => response.map(Body::from).into_response(),
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// WeChat repeats what was answered 500; what is not WeChat's own is told nothing.
fn refused(refusal: &CallbackRefusal) -> Response {
    match refusal {
        CallbackRefusal::NotAccepted(error) => {
            tracing::warn!(%error, "a callback was not accepted");
            StatusCode::FORBIDDEN.into_response()
        }
        _ => {
            tracing::error!(error = %refusal, "a callback could not be taken");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
