//! Every fault can be reached, and each does to the ledger what its name says.

use std::time::Duration;

use wechat_adapter::simulator::{Fault, FaultRule, Handled, Operation, Simulator};

use crate::simulator_support::{
    answered, at, body, err_code, field, get, json, query, send, send_fields, simulator,
    stable_token, status,
};

const DAY: i64 = 86_400;

fn with(rule: FaultRule) -> (Simulator, String) {
    let (simulator, openid) = simulator();
    simulator.set_faults(vec![rule]);
    (simulator, openid)
}

fn landed(simulator: &Simulator) -> usize {
    simulator.ledger().bills.len()
}

#[test]
fn a_cut_connection_tells_nothing_and_may_have_paid() {
    for (fault, paid) in [
        (Fault::DropBeforeExecute, false),
        (Fault::ExecuteThenDrop, true),
    ] {
        let (simulator, openid) = with(FaultRule::once(fault));
        let handled = simulator.handle(&send(send_fields(&openid, "b1", 150)), at(0));
        assert!(matches!(handled, Handled::Dropped { executed } if executed == paid));
        assert_eq!(landed(&simulator), usize::from(paid));
        assert_eq!(
            err_code(&simulator, &send(send_fields(&openid, "b1", 150)), at(2)),
            "SUCCESS"
        );
        assert_eq!(simulator.totals().sent_fen, 150);
    }
}

#[test]
fn a_broken_answer_may_have_paid() {
    for (fault, code, paid) in [
        (Fault::Status500, 500, false),
        (Fault::ExecuteThenStatus500, 500, true),
        (Fault::GarbledBody, 200, true),
        (Fault::ScrambledBody, 200, true),
    ] {
        let (simulator, openid) = with(FaultRule::once(fault));
        let answer = answered(simulator.handle(&send(send_fields(&openid, "b1", 150)), at(0)));
        assert_eq!(answer.status(), code);
        assert!(!answer.body().ends_with(b"</xml>"));
        assert_eq!(landed(&simulator), usize::from(paid));
    }
}

#[test]
fn reordered_fields_and_an_unknown_one_say_the_same() {
    let (simulator, openid) = with(FaultRule::always(Fault::ReorderedFields));
    let answer = body(&simulator, &send(send_fields(&openid, "b1", 150)), at(0));
    assert!(answer.starts_with("<xml><simulated_field>"), "{answer}");
    assert_eq!(field(&answer, "result_code").as_deref(), Some("SUCCESS"));
    assert!(answer.find("total_amount") < answer.find("return_code"));
    assert_eq!(status(&simulator, "b1", at(2)), "SENT");
}

#[test]
fn a_shortage_lasts_until_the_balance_is_topped_up() {
    let (simulator, openid) = with(FaultRule::always(Fault::NotEnoughUntilTopUp));
    let request = send(send_fields(&openid, "b1", 150));
    for seconds in [0, 2, 100_000] {
        assert_eq!(err_code(&simulator, &request, at(seconds)), "NOTENOUGH");
    }
    simulator.top_up(1);
    assert!(simulator.faults().is_empty());
    assert_eq!(err_code(&simulator, &request, at(100_002)), "SUCCESS");
}

#[test]
fn a_delayed_answer_is_complete() {
    let (simulator, openid) = with(FaultRule::once(Fault::Delay { milliseconds: 7000 }));
    let handled = simulator.handle(&send(send_fields(&openid, "b1", 150)), at(0));
    let Handled::Late { answer, delay } = handled else {
        panic!("not late: {handled:?}");
    };
    assert_eq!(delay, Duration::from_secs(7));
    assert!(answer.body().ends_with(b"</xml>"));
    assert_eq!(landed(&simulator), 1);
}

#[test]
fn a_refusal_on_demand_moves_nothing() {
    for (fault, expected) in [
        (Fault::UnknownErrCode, "ERR_268458547"),
        (Fault::SystemErrorThenSuccess, "SYSTEMERROR"),
        (Fault::NotEnough, "NOTENOUGH"),
        (Fault::FreqLimit, "FREQ_LIMIT"),
        (Fault::NoAuth, "NO_AUTH"),
        (Fault::SendNumLimit, "SENDNUM_LIMIT"),
        (Fault::CertificateError, "CA_ERROR"),
        (
            Fault::PayError {
                err_code: "MONEY_LIMIT".to_owned(),
            },
            "MONEY_LIMIT",
        ),
    ] {
        let (simulator, openid) = with(FaultRule::once(fault));
        let request = send(send_fields(&openid, "b1", 150));
        assert_eq!(err_code(&simulator, &request, at(0)), expected);
        assert_eq!(landed(&simulator), 0, "{expected}");
        assert_eq!(
            err_code(&simulator, &request, at(0)),
            "FREQ_LIMIT",
            "{expected}"
        );
        assert_eq!(
            err_code(&simulator, &request, at(2)),
            "SUCCESS",
            "{expected}"
        );
    }
}

#[test]
fn a_system_error_meets_each_number_once() {
    let (simulator, openid) = with(FaultRule::always(Fault::SystemErrorThenSuccess));
    for number in ["b1", "b2"] {
        let request = send(send_fields(&openid, number, 150));
        assert_eq!(err_code(&simulator, &request, at(0)), "SYSTEMERROR");
        assert_eq!(err_code(&simulator, &request, at(2)), "SUCCESS");
    }
}

#[test]
fn a_system_error_may_have_paid() {
    let (simulator, openid) = with(FaultRule::once(Fault::SystemErrorExecuted));
    let request = send(send_fields(&openid, "b1", 150));
    assert_eq!(err_code(&simulator, &request, at(0)), "SYSTEMERROR");
    assert_eq!(status(&simulator, "b1", at(1)), "SENT");
    assert_eq!(err_code(&simulator, &request, at(2)), "SUCCESS");
    assert_eq!(simulator.totals().sent_fen, 150);
}

#[test]
fn a_processed_packet_is_delivered_later() {
    let (simulator, openid) = with(FaultRule::once(Fault::Processing { seconds: 60 }));
    let request = send(send_fields(&openid, "b1", 150));
    assert_eq!(err_code(&simulator, &request, at(0)), "PROCESSING");
    assert_eq!(status(&simulator, "b1", at(59)), "SENDING");
    assert_eq!(err_code(&simulator, &request, at(59)), "PROCESSING");
    assert_eq!(status(&simulator, "b1", at(60)), "SENT");
    assert_eq!(status(&simulator, "b1", at(60 + DAY)), "RFUND_ING");
}

#[test]
fn a_packet_can_fail_after_a_day_or_at_once() {
    let (simulator, openid) = with(FaultRule::once(Fault::SendingThenFailed));
    let before = simulator.totals().balance_fen;
    assert_eq!(
        err_code(&simulator, &send(send_fields(&openid, "b1", 150)), at(0)),
        "SUCCESS"
    );
    assert_eq!(status(&simulator, "b1", at(DAY - 1)), "SENDING");
    assert_eq!(status(&simulator, "b1", at(DAY)), "FAILED");
    simulator.set_faults(vec![FaultRule::once(Fault::SendFailed)]);
    let request = send(send_fields(&openid, "b2", 150));
    for seconds in [DAY, DAY + 2] {
        assert_eq!(err_code(&simulator, &request, at(seconds)), "SEND_FAILED");
    }
    assert_eq!(status(&simulator, "b2", at(DAY + 3)), "FAILED");
    assert_eq!(simulator.totals().balance_fen, before);
    assert!(simulator.ledger().is_balanced());
}

#[test]
fn a_number_that_was_accepted_is_never_denied() {
    let (simulator, openid) = simulator();
    let request = send(send_fields(&openid, "b1", 150));
    assert_eq!(err_code(&simulator, &request, at(0)), "SUCCESS");
    simulator.set_faults(vec![
        FaultRule::always(Fault::NotEnough),
        FaultRule::always(Fault::SendNumLimit),
        FaultRule::always(Fault::SendFailed),
    ]);
    assert_eq!(err_code(&simulator, &request, at(2)), "SUCCESS");
    assert_eq!(
        err_code(&simulator, &send(send_fields(&openid, "b2", 150)), at(2)),
        "NOTENOUGH"
    );
}

#[test]
fn an_invalidated_token_is_healed_by_fetching_another() {
    let (simulator, openid) = simulator();
    let token = stable_token(&simulator, at(0));
    simulator.set_faults(vec![FaultRule::once(Fault::InvalidateToken)]);
    let info = |token: &str| {
        let request = get(&format!(
            "/cgi-bin/user/info?access_token={token}&openid={openid}"
        ));
        json(&simulator, &request, at(1))["errcode"].as_i64()
    };
    assert_eq!(info(&token), Some(40001));
    assert_eq!(info(&token), Some(40001));
    let fresh = stable_token(&simulator, at(1));
    assert_ne!(fresh, token);
    assert_eq!(info(&fresh), None);
}

#[test]
fn an_official_call_can_be_refused_on_demand() {
    let (simulator, openid) = simulator();
    let token = stable_token(&simulator, at(0));
    let request = get(&format!(
        "/cgi-bin/user/info?access_token={token}&openid={openid}"
    ));
    let rule = FaultRule::once(Fault::OfficialError { errcode: 45009 });
    simulator.set_faults(vec![
        rule.on(Operation::UserInfo),
        FaultRule::once(Fault::UnknownErrCode),
    ]);
    assert_eq!(json(&simulator, &request, at(0))["errcode"], 45009);
    assert_eq!(json(&simulator, &request, at(0))["errcode"], 99_999);
    assert_eq!(json(&simulator, &request, at(0))["subscribe"], 0);
}

#[test]
fn a_rule_is_limited_to_its_operation_person_number_turn_and_count() {
    let (simulator, openid) = simulator();
    let drop_when = |change: fn(&mut FaultRule)| {
        let mut rule = FaultRule::always(Fault::DropBeforeExecute);
        change(&mut rule);
        simulator.set_faults(vec![rule]);
        ["b1", "b2", "b1", "b2"].map(|number| {
            matches!(
                simulator.handle(&query(number), at(0)),
                Handled::Dropped { .. }
            )
        })
    };
    assert_eq!(drop_when(|_| {}), [true; 4]);
    assert_eq!(
        drop_when(|rule| rule.operation = Some(Operation::Token)),
        [false; 4]
    );
    assert_eq!(
        drop_when(|rule| rule.openid = Some("oX".to_owned())),
        [false; 4]
    );
    assert_eq!(
        drop_when(|rule| rule.bill_number = Some("b2".to_owned())),
        [false, true, false, true]
    );
    assert_eq!(
        drop_when(|rule| rule.nth = Some(3)),
        [false, false, true, false]
    );
    assert_eq!(
        drop_when(|rule| rule.remaining = Some(2)),
        [true, true, false, false]
    );
    assert_eq!(drop_when(|rule| rule.per_mille = 0), [false; 4]);
    assert_eq!(simulator.faults()[0].per_mille, 0);
    let mut mine = FaultRule::always(Fault::DropBeforeExecute);
    mine.openid = Some(openid.clone());
    simulator.set_faults(vec![mine]);
    let handled = simulator.handle(&send(send_fields(&openid, "b9", 150)), at(0));
    assert!(matches!(handled, Handled::Dropped { executed: false }));
}

#[test]
fn a_chance_is_drawn_from_the_seed() {
    let (simulator, _) = simulator();
    let mut rule = FaultRule::always(Fault::DropBeforeExecute);
    rule.per_mille = 300;
    let run = || {
        simulator.set_faults(vec![rule.clone()]);
        (0..1000)
            .map(|_| {
                matches!(
                    simulator.handle(&query("b1"), at(0)),
                    Handled::Dropped { .. }
                )
            })
            .collect::<Vec<bool>>()
    };
    let first = run();
    let dropped = first.iter().filter(|dropped| **dropped).count();
    assert!((250..350).contains(&dropped), "{dropped}");
    assert_eq!(run(), first);
}

#[test]
fn rules_are_read_from_short_json() {
    let rule: FaultRule = serde_json::from_str(
        r#"{"operation":"send_red_packet","fault":{"kind":"processing","seconds":5}}"#,
    )
    .unwrap();
    let expected = FaultRule::always(Fault::Processing { seconds: 5 }).on(Operation::SendRedPacket);
    assert_eq!(rule, expected);
}
