//! The duties of a day, looked at once a minute.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;

use crate::{
    app::App,
    contest::{
        bulletin,
        duty::{self, Done},
    },
};

/// How often the clock is looked at.
const BEAT: Duration = Duration::from_secs(60);
/// So many beats pass before something that was not there is tried again.
const BEATS_BETWEEN_TRIES: u32 = 10;

/// Does each duty once a day until told to stop.
pub(super) async fn keep(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    let mut minute = super::beat(BEAT);
    let mut n_beats_to_rest = 0_u32;
    loop {
        tokio::select! {
            _ = minute.tick() => {}
            _ = stop.changed() => return,
        }
        // Stopped in the middle, a duty is done again by the next process.
        tokio::select! {
            () = once(&app, &mut n_beats_to_rest) => {}
            _ = stop.changed() => return,
        }
    }
}

async fn once(app: &App, n_beats_to_rest: &mut u32) {
    if let Err(error) = bulletin::draft_if_due(app).await {
        tracing::error!(%error, "yesterday's bulletin could not be drafted");
    }
    if let Err(error) = duty::audit_if_due(app).await {
        tracing::error!(%error, "the nightly audit could not be made");
    }
    if *n_beats_to_rest > 0 {
        *n_beats_to_rest = n_beats_to_rest.saturating_sub(1);
        return;
    }
    match duty::reconcile_if_due(app).await {
        Ok(Done::Again) => *n_beats_to_rest = BEATS_BETWEEN_TRIES,
        Ok(Done::NotDue | Done::Today(_)) => {}
        Err(error) => tracing::error!(%error, "the bills could not be compared"),
    }
}
