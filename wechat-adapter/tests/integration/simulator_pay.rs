//! The simulated red packet channel: what it refuses, what it pays, and what its ledger says.

use chrono::TimeDelta;
use proptest::prelude::*;
use wechat_adapter::simulator::{
    ChannelLimits, PacketState, QuietHours, SimulatorConfig, SimulatorError,
};

use crate::simulator_support::{
    at, body, config, err_code, field, pay_request, query, send, send_fields, set, signed,
    simulator, simulator_with, status,
};

const DAY: i64 = 86_400;

#[test]
fn an_accepted_packet_is_paid_when_it_is_opened() {
    let (simulator, openid) = simulator();
    let answer = body(&simulator, &send(send_fields(&openid, "b1", 150)), at(0));
    assert_eq!(field(&answer, "result_code").as_deref(), Some("SUCCESS"));
    assert_eq!(field(&answer, "total_amount").as_deref(), Some("150"));
    assert_eq!(status(&simulator, "b1", at(1)), "SENT");
    assert_eq!(simulator.totals().received_fen, 0);

    let packet = simulator.open_packet(&openid, "b1", at(2)).unwrap();
    assert_eq!(
        (packet.amount_fen, packet.state),
        (150, PacketState::Received)
    );
    assert_eq!(simulator.totals().received_fen, 150);
    let answer = body(&simulator, &query("b1"), at(3));
    assert_eq!(field(&answer, "status").as_deref(), Some("RECEIVED"));
    assert_eq!(
        field(&answer, "rcv_time").as_deref(),
        Some("2020-05-09 10:00:02")
    );
    assert_eq!(
        field(&answer, "wishing").as_deref(),
        Some("恭喜 <发财> & more")
    );
    assert_eq!(
        simulator.open_packet(&openid, "b1", at(4)),
        Err(SimulatorError::PacketNotOpenable {
            bill_number: "b1".to_owned(),
            state: PacketState::Received,
        })
    );
}

#[test]
fn a_changed_byte_is_a_sign_error() {
    let (simulator, openid) = simulator();
    let mut fields = signed(send_fields(&openid, "b1", 150));
    set(&mut fields, "total_amount", "151");
    let answer = body(&simulator, &pay_request("sendredpack", &fields), at(0));
    assert_eq!(field(&answer, "return_code").as_deref(), Some("FAIL"));
    assert_eq!(field(&answer, "err_code").as_deref(), Some("SIGN_ERROR"));
    let mut fields = send_fields(&openid, "b1", 150);
    fields.push(("sign_type", "MD5".to_owned()));
    assert_eq!(err_code(&simulator, &send(fields), at(0)), "SIGN_ERROR");
    assert!(simulator.ledger().bills.is_empty());
}

#[test]
fn a_malformed_order_names_its_fault_and_moves_nothing() {
    let (simulator, openid) = simulator();
    let cases = [
        ("total_num", "2", "PARAM_ERROR"),
        ("client_ip", "::1", "PARAM_ERROR"),
        ("total_amount", "1.5", "PARAM_ERROR"),
        ("total_amount", "+150", "PARAM_ERROR"),
        ("total_amount", "9", "MONEY_LIMIT"),
        ("total_amount", "20001", "MONEY_LIMIT"),
        ("scene_id", "PRODUCT_9", "PARAM_ERROR"),
        ("mch_billno", "b-1", "PARAM_ERROR"),
        ("mch_billno", "12345678901234567890123456789", "PARAM_ERROR"),
        ("act_name", "一二三四五六七八九十一", "PARAM_ERROR"),
        ("wishing", "", "PARAM_ERROR"),
        ("wxappid", "wx0", "ILLEGAL_APPID"),
        ("mch_id", "1", "PARAM_ERROR"),
        ("re_openid", "oNobody", "OPENID_ERROR"),
    ];
    for (seconds, (name, value, expected)) in (0..).zip(cases) {
        let mut fields = send_fields(&openid, "b1", 150);
        set(&mut fields, name, value);
        let code = err_code(&simulator, &send(fields), at(seconds));
        assert_eq!(code, expected, "{name}={value}");
    }
    assert!(simulator.ledger().bills.is_empty());
}

#[test]
fn a_small_amount_needs_a_scene() {
    let (simulator, openid) = simulator();
    let mut fields = send_fields(&openid, "b1", 99);
    set(&mut fields, "scene_id", "");
    assert_eq!(err_code(&simulator, &send(fields), at(0)), "PARAM_ERROR");
    let mut fields = send_fields(&openid, "b1", 100);
    set(&mut fields, "scene_id", "");
    assert_eq!(err_code(&simulator, &send(fields), at(1)), "SUCCESS");
    assert_eq!(
        err_code(&simulator, &send(send_fields(&openid, "b2", 99)), at(2)),
        "SUCCESS"
    );
}

#[test]
fn the_same_order_again_pays_once_and_another_one_is_fatal() {
    let (simulator, openid) = simulator();
    let first = body(&simulator, &send(send_fields(&openid, "b1", 150)), at(0));
    let mut repeated = send_fields(&openid, "b1", 150);
    set(&mut repeated, "nonce_str", "another");
    let early = at(0) + TimeDelta::milliseconds(999);
    assert_eq!(
        err_code(&simulator, &send(repeated.clone()), early),
        "FREQ_LIMIT"
    );
    let second = body(&simulator, &send(repeated), at(2));
    assert_eq!(field(&first, "send_listid"), field(&second, "send_listid"));
    for (name, value) in [
        ("total_amount", "151"),
        ("remark", "苏州"),
        ("re_openid", "oNobody"),
    ] {
        let mut other = send_fields(&openid, "b1", 150);
        set(&mut other, name, value);
        assert_eq!(
            err_code(&simulator, &send(other), at(9)),
            "FATAL_ERROR",
            "{name}"
        );
    }
    let ledger = simulator.ledger();
    assert_eq!(ledger.totals.sent_fen, 150);
    assert_eq!(ledger.bills["b1"].requests, 3);
}

#[test]
fn an_unopened_packet_returns_after_a_day() {
    let (simulator, openid) = simulator();
    let before = simulator.totals().balance_fen;
    err_code(&simulator, &send(send_fields(&openid, "b1", 150)), at(0));
    assert_eq!(simulator.totals().balance_fen, before - 150);
    assert_eq!(status(&simulator, "b1", at(DAY - 1)), "SENT");
    assert_eq!(status(&simulator, "b1", at(DAY)), "RFUND_ING");
    assert!(simulator.open_packet(&openid, "b1", at(DAY)).is_err());
    simulator.advance(at(2 * DAY));
    assert_eq!(simulator.totals().balance_fen, before);
    let answer = body(&simulator, &query("b1"), at(2 * DAY));
    assert_eq!(field(&answer, "status").as_deref(), Some("REFUND"));
    assert_eq!(field(&answer, "refund_amount").as_deref(), Some("150"));
    assert!(simulator.ledger().is_balanced());
}

#[test]
fn only_the_receiver_can_open_a_packet() {
    let (simulator, openid) = simulator();
    err_code(&simulator, &send(send_fields(&openid, "b1", 150)), at(0));
    assert!(matches!(
        simulator.open_packet("oSomebodyElse", "b1", at(1)),
        Err(SimulatorError::PacketOfAnotherPerson { .. })
    ));
    assert!(matches!(
        simulator.open_packet(&openid, "b2", at(1)),
        Err(SimulatorError::UnknownPacket { .. })
    ));
}

#[test]
fn a_number_is_unknown_before_it_lands_and_after_thirty_days() {
    let (simulator, openid) = simulator();
    assert_eq!(status(&simulator, "b1", at(0)), "NOT_FOUND");
    err_code(&simulator, &send(send_fields(&openid, "b1", 150)), at(0));
    assert_eq!(status(&simulator, "b1", at(30 * DAY - 1)), "REFUND");
    assert_eq!(status(&simulator, "b1", at(30 * DAY)), "NOT_FOUND");
}

fn limited(channel: ChannelLimits) -> SimulatorConfig {
    SimulatorConfig {
        channel,
        ..config()
    }
}

#[test]
fn a_person_gets_no_more_packets_a_day_than_the_limit() {
    let (simulator, openid) = simulator_with(limited(ChannelLimits {
        per_person_per_day: 2,
        ..ChannelLimits::default()
    }));
    let codes: Vec<String> = ["b1", "b2", "b3"]
        .iter()
        .map(|number| err_code(&simulator, &send(send_fields(&openid, number, 150)), at(0)))
        .collect();
    assert_eq!(codes, ["SUCCESS", "SUCCESS", "SENDNUM_LIMIT"]);
    // 14 hours after 10:00 is midnight in Beijing.
    let tomorrow = err_code(
        &simulator,
        &send(send_fields(&openid, "b4", 150)),
        at(14 * 3600),
    );
    assert_eq!(tomorrow, "SUCCESS");
}

#[test]
fn the_channel_limits_hold() {
    let (simulator, openid) = simulator_with(limited(ChannelLimits {
        sends_per_second: Some(1),
        merchant_day_fen: 300,
        quiet_hours: Some(QuietHours {
            from_hour: 23,
            to_hour: 8,
        }),
        ..ChannelLimits::default()
    }));
    let code = |number: &str, seconds| {
        err_code(
            &simulator,
            &send(send_fields(&openid, number, 200)),
            at(seconds),
        )
    };
    assert_eq!(code("b1", 0), "SUCCESS");
    assert_eq!(code("b2", 0), "FREQ_LIMIT");
    assert_eq!(code("b3", 1), "DAY_OVER_LIMITED");
    assert_eq!(code("b4", 13 * 3600), "TIME_LIMITED");
    assert_eq!(code("b5", 22 * 3600 - 1), "TIME_LIMITED");
    assert_eq!(code("b6", 22 * 3600), "SUCCESS");
}

#[test]
fn a_top_up_ends_the_shortage() {
    let (simulator, openid) = simulator_with(SimulatorConfig {
        balance_fen: 149,
        ..config()
    });
    let code = |seconds| {
        err_code(
            &simulator,
            &send(send_fields(&openid, "b1", 150)),
            at(seconds),
        )
    };
    assert_eq!(code(0), "NOTENOUGH");
    assert_eq!(code(0), "FREQ_LIMIT");
    simulator.top_up(1);
    assert_eq!(code(1), "SUCCESS");
    assert_eq!(simulator.totals().balance_fen, 0);
    assert!(simulator.ledger().is_balanced());
}

#[derive(Debug, Clone)]
enum Step {
    Send {
        person: usize,
        bill: u8,
        amount_fen: u64,
    },
    Open {
        person: usize,
        bill: u8,
    },
    Wait {
        hours: i64,
    },
    TopUp {
        fen: u64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..3_usize, 0..12_u8, 5..400_u64)
            .prop_map(|(person, bill, amount_fen)| Step::Send { person, bill, amount_fen }),
        3 => (0..3_usize, 0..12_u8).prop_map(|(person, bill)| Step::Open { person, bill }),
        1 => (0..30_i64).prop_map(|hours| Step::Wait { hours }),
        1 => (0..500_u64).prop_map(|fen| Step::TopUp { fen }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_ledger_is_balanced_after_any_sequence(steps in proptest::collection::vec(step(), 1..60)) {
        use wechat_adapter::simulator::{Fault, FaultRule, NewPerson};
        let (simulator, first) = simulator_with(SimulatorConfig { balance_fen: 1_000, ..config() });
        let mut people = vec![first];
        for name in ["Li Si", "Wang Wu"] {
            people.push(simulator.create_person(NewPerson::named(name), at(0)).unwrap().openid);
        }
        let mut unreliable = FaultRule::always(Fault::ExecuteThenDrop);
        unreliable.per_mille = 200;
        let mut slow = FaultRule::always(Fault::Processing { seconds: 7200 });
        slow.per_mille = 200;
        let mut failing = FaultRule::always(Fault::SendingThenFailed);
        failing.per_mille = 200;
        simulator.set_faults(vec![unreliable, slow, failing]);
        let mut seconds = 0;
        for step in steps {
            seconds += 2;
            match step {
                Step::Send { person, bill, amount_fen } => {
                    let fields = send_fields(&people[person], &format!("b{bill}"), amount_fen);
                    let _handled = simulator.handle(&send(fields), at(seconds));
                }
                Step::Open { person, bill } => {
                    let _opened = simulator.open_packet(&people[person], &format!("b{bill}"), at(seconds));
                }
                Step::Wait { hours } => seconds += hours * 3600,
                Step::TopUp { fen } => simulator.top_up(fen),
            }
            prop_assert!(simulator.ledger().is_balanced());
        }
        simulator.advance(at(seconds + 3 * DAY));
        let ledger = simulator.ledger();
        prop_assert!(ledger.is_balanced());
        prop_assert_eq!(ledger.totals.in_flight_fen, 0);
        prop_assert!(ledger.bills.values().all(|bill| bill.state.is_final()));
    }
}
