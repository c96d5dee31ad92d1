//! Whether the process answers, and whether it can serve.

use std::{sync::Arc, time::Duration};

use axum::{Router, extract::State, http::StatusCode, routing::get};

use crate::{app::App, contest::season};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
}

/// The process answers; touches nothing.
async fn livez() -> &'static str {
    "ok"
}

/// The database answers in half a second; WeChat being down does not make us unready.
async fn readyz(State(app): State<Arc<App>>) -> (StatusCode, &'static str) {
    match tokio::time::timeout(Duration::from_millis(500), season::stage(&app)).await {
        Ok(Ok(_stage)) => (StatusCode::OK, "ok"),
        Ok(Err(_)) => (StatusCode::SERVICE_UNAVAILABLE, "the database fails"),
        Err(_elapsed) => (StatusCode::SERVICE_UNAVAILABLE, "the database is slow"),
    }
}
