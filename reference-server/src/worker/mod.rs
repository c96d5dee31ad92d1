//! What happens without a request: payments, the latch, the timetable, the statistics, the books, WeChat's certificates,
//! what the account says, attempts scored again, the simulated WeChat's own time.
//!
//! Each duty is a function that does what is due now and returns; the loop only calls
//! them. A rehearsal and the tests call the same functions on their own clock.

mod books;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use tokio::{sync::watch, task::JoinHandle};

use crate::{
    app::App,
    contest::{
        Error, edition, outreach, payout, planning, platform_keys, rescore, season, statistics,
    },
};

/// How often payments are looked at.
const PAYMENT_BEAT: Duration = Duration::from_millis(250);
/// How often the latch is raised.
const LATCH_BEAT: Duration = Duration::from_secs(1);
/// How often somebody looks whether WeChat's certificates are to be downloaded, or were by another instance.
const KEYS_BEAT: Duration = Duration::from_secs(60);
/// How often menu, messages and announcements are looked at.
const OUTREACH_BEAT: Duration = Duration::from_secs(2);
/// How often somebody looks whether another edition of the timetable is in force, and whether a city is to be sealed.
const EDITION_BEAT: Duration = Duration::from_secs(1);
/// Beats until a city that could not be sealed is tried again.
const SEALING_AGAIN: u32 = 30;
/// How often new attempts are counted.
const COUNT_BEAT: Duration = Duration::from_secs(2);
/// How often somebody looks whether a correction has attempts scored again.
const RESCORE_BEAT: Duration = Duration::from_secs(1);
/// Rounds of payments in one beat, so that other duties get their turn.
const ROUNDS_PER_BEAT: u32 = 8;

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
///
/// The latch has a task of its own: payments and messages may wait ten seconds for WeChat, it may not.
#[must_use]
pub fn spawn(app: Arc<App>, stop: watch::Receiver<bool>) -> JoinHandle<()> {
    tokio::spawn(async move {
        tokio::join!(
            keep_latch(Arc::clone(&app), stop.clone()),
            keep_edition(Arc::clone(&app), stop.clone()),
            keep_counting(Arc::clone(&app), stop.clone()),
            keep_reaching_out(Arc::clone(&app), stop.clone()),
            books::keep(Arc::clone(&app), stop.clone()),
            keep_platform_keys(Arc::clone(&app), stop.clone()),
            keep_rescoring(Arc::clone(&app), stop.clone()),
            keep_paying(app, stop)
        );
    })
}

async fn keep_latch(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    let mut second = beat(LATCH_BEAT);
    loop {
        tokio::select! {
            _ = second.tick() => {}
            _ = stop.changed() => return,
        }
        if let Err(error) = season::heartbeat(&app).await {
            tracing::error!(%error, "the latch was not raised");
        }
    }
}

async fn keep_edition(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    let mut second = beat(EDITION_BEAT);
    let (mut done, mut said, mut n_beats) = (BTreeSet::new(), BTreeSet::new(), 0_u32);
    loop {
        tokio::select! {
            _ = second.tick() => {}
            _ = stop.changed() => return,
        }
        if let Err(error) = edition::refresh(&app).await {
            tracing::error!(%error, "the timetable could not be looked at");
            continue;
        }
        let due = planning::due(&app);
        let is_new = due.iter().any(|city| !done.contains(city));
        n_beats = n_beats.wrapping_add(1);
        if !is_new && n_beats.checked_rem(SEALING_AGAIN) != Some(0) {
            continue;
        }
        match planning::seal_due(&app).await {
            Ok(prepared) => {
                done.extend(prepared.planned);
                for (city, problem) in prepared.missing {
                    if said.insert((city.clone(), problem.clone())) {
                        tracing::warn!(city, problem, "a city cannot be sealed");
                    }
                    done.insert(city);
                }
            }
            Err(error) => tracing::error!(%error, "a city could not be sealed"),
        }
    }
}

async fn keep_counting(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    let mut beat = beat(COUNT_BEAT);
    loop {
        tokio::select! {
            _ = beat.tick() => {}
            _ = stop.changed() => return,
        }
        tokio::select! {
            counted = statistics::count_all(&app) => {
                if let Err(error) = counted {
                    tracing::error!(%error, "the statistics could not be counted");
                }
            }
            _ = stop.changed() => return,
        }
    }
}

async fn keep_paying(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    let mut quarter = beat(PAYMENT_BEAT);
    loop {
        tokio::select! {
            _ = quarter.tick() => {}
            _ = stop.changed() => return,
        }
        if let Some(host) = &app.simulator {
            host.simulator.advance(app.now());
        }
        // Stopping in the middle of a sending is a crash like any other: the intention
        // is durable, and the next step is a query.
        tokio::select! {
            settled = settle_due(&app, ROUNDS_PER_BEAT) => {
                if let Err(error) = settled {
                    tracing::error!(%error, "payments could not be driven");
                }
            }
            _ = stop.changed() => return,
        }
    }
}

async fn keep_platform_keys(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    let mut minute = beat(KEYS_BEAT);
    loop {
        tokio::select! {
            _ = minute.tick() => {}
            _ = stop.changed() => return,
        }
        // Stopped in the middle, the turn lapses and another instance takes it.
        tokio::select! {
            kept = platform_keys::refresh(&app) => {
                if let Err(error) = kept {
                    tracing::error!(%error, "WeChat's certificates could not be looked after");
                }
            }
            _ = stop.changed() => return,
        }
    }
}

async fn keep_reaching_out(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    let mut beat = beat(OUTREACH_BEAT);
    loop {
        tokio::select! {
            _ = beat.tick() => {}
            _ = stop.changed() => return,
        }
        tokio::select! {
            done = outreach::do_due(&app) => {
                if let Err(error) = done {
                    tracing::error!(%error, "the account could not be spoken for");
                }
            }
            _ = stop.changed() => return,
        }
    }
}

async fn keep_rescoring(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    let mut beat = beat(RESCORE_BEAT);
    loop {
        tokio::select! {
            _ = beat.tick() => {}
            _ = stop.changed() => return,
        }
        // Stopped in the middle, the next one goes on behind the mark.
        tokio::select! {
            done = rescore::do_due(&app) => {
                if let Err(error) = done {
                    tracing::error!(%error, "attempts could not be scored again");
                }
            }
            _ = stop.changed() => return,
        }
    }
}

fn beat(length: Duration) -> tokio::time::Interval {
    let mut beat = tokio::time::interval(length);
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    beat
}
