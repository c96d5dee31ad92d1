//! Pushes on their way from the simulated WeChat to our own callback.

use std::time::Duration;

use axum::body;
use wechat_adapter::simulator::Push;

use super::super::callback;
use crate::app::App;

/// WeChat waits this long for the answer to a push.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest reply that is read.
const REPLY_BYTES: usize = 64 * 1024;

/// Delivers each push to the callback, again as often as WeChat would, and tells the simulator what was answered.
///
/// Does nothing when the app has no simulator.
pub async fn deliver(app: &App, pushes: Vec<Push>) {
    for push in pushes {
        let mut due = Some(push);
        // The simulator gives no next try after the third.
        while let Some(push) = due {
            due = deliver_once(app, &push).await;
        }
    }
}

async fn deliver_once(app: &App, push: &Push) -> Option<Push> {
    let host = app.simulator.as_ref()?;
    let query = push.request.uri().query().unwrap_or_default();
    let answer = callback::answer(app, query, push.request.body());
    let Ok(answer) = tokio::time::timeout(PATIENCE, answer).await else {
        return host.simulator.record_no_reply(push, app.now());
    };
    let status = answer.status().as_u16();
    match body::to_bytes(answer.into_body(), REPLY_BYTES).await {
        Ok(bytes) => host.simulator.record_reply(push, status, &bytes, app.now()),
        Err(_error) => host.simulator.record_no_reply(push, app.now()),
    }
}
