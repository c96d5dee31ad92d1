//! Laws of the throttle: what leaves in a second, for a person, in quiet hours, and how soon a day is paid out.

use std::{collections::BTreeMap, sync::Arc};

use chrono::TimeDelta;
use reference_server::{
    app::Season,
    contest::{claim::PacketState, payout, records},
    rail::Rail,
    worker,
};
use reward_core::{ChannelProfile, Fen, QuietHours, RewardTerms};
use wechat_adapter::simulator::{Fault, FaultRule, Operation};

use crate::app::{SMALL, Setting, TestApp, shanghai};

/// A contest whose day pays 1,428.00 yuan in so many packets.
async fn full_day(packets_per_day: u32) -> TestApp {
    TestApp::with(Setting {
        terms: RewardTerms {
            pool: Fen::new(1_000_000),
            daily_cap: Fen::new(142_800),
            packets_per_day,
            ..SMALL
        },
        ..Setting::usual()
    })
    .await
}

/// How many orders landed at WeChat in each second.
fn landed_by_second(test: &TestApp) -> BTreeMap<i64, u32> {
    let mut seconds = BTreeMap::new();
    for bill in test.simulator.ledger().bills.values() {
        *seconds.entry(bill.landed_at.timestamp()).or_insert(0) += 1;
    }
    seconds
}

#[tokio::test]
async fn a_whole_day_of_money_is_paid_out_at_the_rails_speed_and_no_faster() {
    let n_packets = 200_u32;
    let test = full_day(n_packets).await;
    for number in 0..n_packets {
        test.winner(&format!("winner {number}")).await;
        // Rows are made through the day, not all in one instant.
        test.sleep(TimeDelta::milliseconds(5));
    }
    let began = test.app.now();
    let all_landed = |test: &TestApp| test.simulator.totals().packets == u64::from(n_packets);
    while !all_landed(&test) {
        assert!(test.app.now() - began < TimeDelta::seconds(60), "too slow");
        // The worker's own beat, and as many rounds as it makes in one.
        worker::settle_due(&test.app, 8).await.unwrap();
        test.sleep(TimeDelta::milliseconds(250));
    }
    let seconds = landed_by_second(&test);
    assert!(seconds.values().all(|n| *n <= 25), "{seconds:?}");
    let needed = i64::from(n_packets.div_ceil(25));
    let took = (test.app.now() - began).num_seconds();
    assert!(took <= needed + 1, "{took} s for {needed} s of sendings");
    assert_eq!(test.simulator.totals().sent_fen, 142_800);
    test.assert_sound().await;
}

#[tokio::test]
async fn two_instances_share_the_sendings_of_a_second() {
    let test = full_day(40).await;
    for number in 0..40 {
        test.winner(&format!("winner {number}")).await;
    }
    let other = test.another_instance(77);
    let (one, two) = tokio::join!(payout::drive_due(&test.app), payout::drive_due(&other));
    let n_sent = one.unwrap().n_sent + two.unwrap().n_sent;
    assert_eq!(n_sent, 25);
    assert_eq!(test.simulator.ledger().bills.len(), 25);
    test.settle_for(TimeDelta::seconds(2)).await;
    assert_eq!(test.simulator.ledger().bills.len(), 40);
    test.assert_sound().await;
}

#[tokio::test]
async fn those_who_wait_for_their_first_sending_lose_a_tenth_of_a_second_to_repetitions_at_most() {
    let test = full_day(60).await;
    for number in 0..30 {
        test.winner(&format!("winner {number}")).await;
    }
    let too_fast = FaultRule::always(Fault::FreqLimit).on(Operation::SendRedPacket);
    test.simulator.set_faults(vec![too_fast]);
    for _ in 0..2 {
        test.settle().await;
        test.sleep(TimeDelta::seconds(1));
    }
    test.no_faults();
    assert_eq!(
        test.number("SELECT COUNT(*) FROM payment WHERE state = 'deferred'"),
        30
    );
    test.sleep(TimeDelta::minutes(3));
    for number in 30..60 {
        test.winner(&format!("winner {number}")).await;
    }
    test.settle().await;
    let first = "SELECT COUNT(*) FROM payment WHERE state = 'reserved'";
    let again = "SELECT COUNT(*) FROM payment WHERE state = 'deferred'";
    assert_eq!((test.number(again), test.number(first)), (28, 7));
    test.settle_for(TimeDelta::seconds(2)).await;
    assert_eq!((test.number(again), test.number(first)), (0, 0));
    test.assert_sound().await;
}

#[tokio::test]
async fn in_quiet_hours_nothing_leaves_and_afterwards_everything_does() {
    let mut test = TestApp::new().await;
    let app = Arc::get_mut(&mut test.app).unwrap();
    app.season = Arc::new(Season {
        channel: ChannelProfile {
            quiet_hours: Some(QuietHours::new(22 * 60, 8 * 60).unwrap()),
            ..app.season.channel
        },
        ..Season::clone(&app.season)
    });
    test.sleep_until(shanghai("2020-04-22 23:30:00"));
    let (person, packet) = test.winner("night owl").await;
    let mine = records::packet(&test.app, &person.id, &packet.award);
    let (state, sent_from) = mine.await.map(|it| (it.state, it.sent_from)).unwrap();
    let morning = shanghai("2020-04-23 08:00:00");
    assert_eq!((state, sent_from), (PacketState::Granted, Some(morning)));
    test.settle_for(TimeDelta::hours(8)).await;
    assert_eq!(test.payment_state(&packet.award), "reserved");
    // Looked at once, and then not before morning.
    let looked = "SELECT COUNT(*) FROM payment_event WHERE event = 'quiet'";
    assert_eq!(test.number(looked), 1);
    assert_eq!(payout::next_due(&test.app).await.unwrap(), Some(morning));
    test.sleep_until(morning);
    test.settle().await;
    assert_eq!(test.payment_state(&packet.award), "sent");
    let mine = records::packet(&test.app, &person.id, &packet.award).await;
    assert_eq!(mine.unwrap().sent_from, None);
    test.assert_sound().await;
}

#[tokio::test]
async fn once_faults_stop_every_payment_ends_on_either_rail() {
    for rail in Rail::ALL {
        let test = TestApp::with(Setting {
            rail,
            ..Setting::usual()
        })
        .await;
        let operations = match rail {
            Rail::RedPacket => [Operation::SendRedPacket, Operation::QueryRedPacket],
            Rail::Transfer => [Operation::CreateTransfer, Operation::QueryTransfer],
        };
        let mix = [
            Fault::ExecuteThenDrop,
            Fault::DropBeforeExecute,
            Fault::GarbledBody,
            Fault::Status500,
            Fault::UnknownErrCode,
            Fault::FreqLimit,
        ];
        let rules = mix.into_iter().flat_map(|fault| {
            operations.map(|operation| FaultRule {
                per_mille: 150,
                ..FaultRule::always(fault.clone()).on(operation)
            })
        });
        test.simulator.set_faults(rules.collect());
        for number in 0..8 {
            test.winner(&format!("winner {number}")).await;
            test.settle_for(TimeDelta::seconds(30)).await;
        }
        test.settle_for(TimeDelta::hours(6)).await;
        test.no_faults();
        // Nobody takes anything: what was sent comes back within a day and the lag of the queries.
        test.settle_for(TimeDelta::hours(26 + 24)).await;
        let open = "SELECT COUNT(*) FROM payment WHERE state NOT IN ('refunded', 'dead')";
        assert_eq!(test.number(open), 0, "{rail:?}");
        test.assert_sound().await;
    }
}
