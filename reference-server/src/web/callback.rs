//! `/wechat/callback`: the account's address is verified, and its events are taken.

use std::sync::Arc;

use axum::{
    Router,
    body::Bytes,
    extract::{RawQuery, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};

use crate::{
    app::App,
    contest::follow::{self, CallbackRefusal},
};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/wechat/callback", get(verify).post(receive))
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
