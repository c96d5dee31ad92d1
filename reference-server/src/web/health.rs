//! Whether the process answers, whether it can serve, and its metrics.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};

use crate::{app::App, contest::season, metrics};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
}

/// What the private listener answers: health, and the metrics that are nobody else's business.
pub fn private_router(app: Arc<App>) -> Router {
    routes().route("/metrics", get(scrape)).with_state(app)
}

async fn scrape(State(app): State<Arc<App>>) -> Response {
    match metrics::text(&app).await {
        Ok(text) => {
            let open_metrics = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(header::CONTENT_TYPE, open_metrics)], text).into_response()
        }
        Err(error) => {
            tracing::warn!(%error, "the metrics could not be read");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

/// The process answers; touches nothing.
async fn livez() -> &'static str {
    "ok"
}

/// The database answers in half a second, its clock agrees with ours, and the process is not about to stop.
///
/// An instance whose clock is off decides nothing, so a proxy had better turn to another.
///
/// WeChat being down does not make us unready.
async fn readyz(State(app): State<Arc<App>>) -> (StatusCode, &'static str) {
    if app.is_draining() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping");
    }
    let asked = async {
        season::stage(&app).await?;
        season::clock_far_off(&app).await
    };
    match tokio::time::timeout(Duration::from_millis(500), asked).await {
        Ok(Ok(None)) => (StatusCode::OK, "ok"),
        Ok(Ok(Some(_))) => (StatusCode::SERVICE_UNAVAILABLE, "the clock is off"),
        Ok(Err(_)) => (StatusCode::SERVICE_UNAVAILABLE, "the database fails"),
        Err(_elapsed) => (StatusCode::SERVICE_UNAVAILABLE, "the database is slow"),
    }
}
