//! What the simulated WeChat posts to the application: pushes, and notifications of WeChat Pay.

use std::time::Duration;

use tokio::{sync::watch, task::JoinSet, time::MissedTickBehavior};
use wechat_adapter::simulator::{Notice, Push};

use super::host::SimulatedWeChat;

/// How often it is looked for what has come due.
const BEAT: Duration = Duration::from_millis(200);

/// Delivers each push to the callback, again as often as WeChat would, and tells the simulator what was answered.
pub(super) async fn deliver(host: &SimulatedWeChat, pushes: Vec<Push>) {
    if !host.pushes {
        return;
    }
    for push in pushes {
        let mut due = Some(push);
        // The simulator gives no next try after the third.
        while let Some(push) = due {
            due = match host.tell(push.request.clone()).await {
                Some(answer) => {
                    let status = answer.status().as_u16();
                    host.simulator
                        .record_reply(&push, status, answer.body(), host.now())
                }
                None => host.simulator.record_no_reply(&push, host.now()),
            };
        }
    }
}

/// Delivers one notification; one that is not taken comes due again later.
async fn notify(host: &SimulatedWeChat, notice: &Notice) {
    let answer = host.tell(notice.request.clone()).await;
    let status = answer.map(|answer| answer.status().as_u16());
    host.simulator.record_notice(notice, status, host.now());
}

/// Lets the simulation's time pass and delivers whatever comes due, until told to stop.
pub async fn keep_delivering(host: SimulatedWeChat, mut stop: watch::Receiver<bool>) {
    let mut beat = tokio::time::interval(BEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // Dropping the set ends what is still on its way.
    let mut under_way = JoinSet::new();
    loop {
        tokio::select! {
            _ = beat.tick() => {}
            _ = stop.changed() => return,
        }
        host.agree_on_time();
        let now = host.now();
        host.simulator.advance(now);
        let pushes = host.simulator.due_pushes(now);
        if !pushes.is_empty() {
            let host = host.clone();
            under_way.spawn(async move { deliver(&host, pushes).await });
        }
        for notice in host.simulator.due_notices(now) {
            let host = host.clone();
            under_way.spawn(async move { notify(&host, &notice).await });
        }
        while under_way.try_join_next().is_some() {}
    }
}
