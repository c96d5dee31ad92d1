//! What happens without a request: payments, the latch, the simulated WeChat's own time.
//!
//! Each duty is a function that does what is due now and returns; the loop only calls
//! them. A rehearsal and the tests call the same functions on their own clock.

use std::{sync::Arc, time::Duration};

use tokio::{sync::watch, task::JoinHandle};

use crate::{
    app::App,
    contest::{Error, payout},
    store::season,
};

/// How often the loop looks.
const BEAT: Duration = Duration::from_millis(250);
/// Rounds of payments in one beat, so that other duties get their turn.
const ROUNDS_PER_BEAT: u32 = 8;

/// Raises the latch of the open city, so that a clock that falls back cannot reopen it.
///
/// # Errors
/// Fails when the database does.
pub async fn heartbeat(app: &App) -> Result<(), Error> {
    let now_ms = app.now().timestamp_millis();
    app.store
        .write(move |tx| {
            season::heartbeat(tx, now_ms)?;
            Ok(())
        })
        .await
}

/// Drives every payment that is due until nothing more moves at this instant.
///
/// # Errors
/// Fails when the database does.
pub async fn settle_due(app: &App, rounds_max: u32) -> Result<payout::Round, Error> {
    let mut sum = payout::Round::default();
    for _ in 0..rounds_max {
        let round = payout::drive_due(app).await?;
        sum.n_sent = sum.n_sent.saturating_add(round.n_sent);
        sum.n_queried = sum.n_queried.saturating_add(round.n_queried);
        sum.n_moved = sum.n_moved.saturating_add(round.n_moved);
        sum.n_waiting = round.n_waiting;
        if !round.made_progress() {
            break;
        }
    }
    Ok(sum)
}

/// Runs every duty until told to stop.
#[must_use]
pub fn spawn(app: Arc<App>, mut stop: watch::Receiver<bool>) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut beat = tokio::time::interval(BEAT);
        beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut n_beats = 0_u64;
        loop {
            tokio::select! {
                _ = beat.tick() => {}
                _ = stop.changed() => break,
            }
            if let Some(host) = &app.simulator {
                host.simulator.advance(app.now());
            }
            // The latch once a second, payments at every beat.
            if n_beats.is_multiple_of(4)
                && let Err(error) = heartbeat(&app).await
            {
                tracing::error!(%error, "the latch was not raised");
            }
            n_beats = n_beats.wrapping_add(1);
            if let Err(error) = settle_due(&app, ROUNDS_PER_BEAT).await {
                tracing::error!(%error, "payments could not be driven");
            }
        }
    })
}
