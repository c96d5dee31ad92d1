//! Red packets: what is sent, what is frozen, and what every answer means.

use std::net::Ipv4Addr;

use chrono::DateTime;
use wechat_adapter::pay::{
    InvalidRedPacket, Merchant, PayAction, QueryRedPacket, RedPacketOrder, RedPacketState,
    SendRedPacket,
};
use wechat_adapter::{ApiError, Endpoints, Nonce, Response, Secret, Unreadable};

fn order() -> RedPacketOrder {
    RedPacketOrder {
        bill_number: "0010010404201411170000046545".parse().unwrap(),
        merchant_id: "10000098".parse().unwrap(),
        app_id: "wxcbda96de0b165486".parse().unwrap(),
        openid: "onqOjjmM1tad-3ROpncN-yUfa6uI".parse().unwrap(),
        amount_fen: 200,
        send_name: "send_name".to_owned(),
        wishing: "恭喜发财".to_owned(),
        act_name: "新年红包".to_owned(),
        remark: "新年红包".to_owned(),
        scene_id: Some("PRODUCT_2".to_owned()),
        client_ip: Ipv4Addr::LOCALHOST,
    }
}

fn merchant() -> Merchant {
    let key = Secret::new("192006250b4c09247ec02edce69f6a2d").unwrap();
    Merchant::new(key, Endpoints::wechat())
}

fn nonce() -> Nonce {
    Nonce::new("50780e0cca98c8c8e814883e5caa672e").unwrap()
}

fn sent(order: RedPacketOrder, nonce: &Nonce) -> String {
    let request = SendRedPacket::new(order)
        .unwrap()
        .request(&merchant(), nonce);
    String::from_utf8(request.into_body()).unwrap()
}

fn answer(fields: &str) -> Response {
    http::Response::new(format!("<xml>\n{fields}\n</xml>").into_bytes())
}

fn refusal(err_code: &str) -> Response {
    answer(&format!(
        "<return_code><![CDATA[SUCCESS]]></return_code><result_code><![CDATA[FAIL]]></result_code>\
         <err_code><![CDATA[{err_code}]]></err_code><err_code_des><![CDATA[说明]]></err_code_des>"
    ))
}

const ACCEPTED: &str = "<return_code><![CDATA[SUCCESS]]></return_code><return_msg><![CDATA[发放成功.]]></return_msg>\
    <result_code><![CDATA[SUCCESS]]></result_code><err_code><![CDATA[0]]></err_code>\
    <mch_billno><![CDATA[0010010404201411170000046545]]></mch_billno><mch_id>10000098</mch_id>\
    <wxappid><![CDATA[wxcbda96de0b165486]]></wxappid><re_openid><![CDATA[onqOjjmM1tad-3ROpncN-yUfa6uI]]></re_openid>\
    <total_amount>200</total_amount><send_listid>100000000020150520314766074200</send_listid><tomorrow>1</tomorrow>";

const RECORD: &str = "<return_code>SUCCESS</return_code><result_code>SUCCESS</result_code>\
    <mch_billno>0010010404201411170000046545</mch_billno><mch_id>10000098</mch_id><detail_id>1000</detail_id>\
    <status>RECEIVED</status><send_type>API</send_type><hb_type>NORMAL</hb_type><total_num>1</total_num>\
    <total_amount>200</total_amount><send_time>2020-09-28 00:00:01</send_time>\
    <hblist>\n<hbinfo><openid>onqOjjmM1tad-3ROpncN-yUfa6uI</openid><amount>200</amount>\
    <rcv_time>2020-09-28 09:30:00</rcv_time></hbinfo>\n</hblist>";

#[test]
fn value_stability_a_sending() {
    let request = SendRedPacket::new(order())
        .unwrap()
        .request(&merchant(), &nonce());
    assert_eq!(request.method(), "POST");
    assert_eq!(
        request.uri(),
        "https://api.mch.weixin.qq.com/mmpaymkttransfers/sendredpack"
    );
    assert_eq!(
        String::from_utf8(request.into_body()).unwrap(),
        "<xml><nonce_str><![CDATA[50780e0cca98c8c8e814883e5caa672e]]></nonce_str>\
         <mch_billno><![CDATA[0010010404201411170000046545]]></mch_billno><mch_id><![CDATA[10000098]]></mch_id>\
         <wxappid><![CDATA[wxcbda96de0b165486]]></wxappid><send_name><![CDATA[send_name]]></send_name>\
         <re_openid><![CDATA[onqOjjmM1tad-3ROpncN-yUfa6uI]]></re_openid><total_amount><![CDATA[200]]></total_amount>\
         <total_num><![CDATA[1]]></total_num><wishing><![CDATA[恭喜发财]]></wishing>\
         <client_ip><![CDATA[127.0.0.1]]></client_ip><act_name><![CDATA[新年红包]]></act_name>\
         <remark><![CDATA[新年红包]]></remark><scene_id><![CDATA[PRODUCT_2]]></scene_id>\
         <sign><![CDATA[696B5724DDFF42E49805481817DD1FB9]]></sign></xml>"
    );
}

#[test]
fn value_stability_a_query_is_signed_as_independent_clients_sign_it() {
    let request = QueryRedPacket::of(&order()).request(&merchant(), &nonce());
    assert_eq!(
        request.uri(),
        "https://api.mch.weixin.qq.com/mmpaymkttransfers/gethbinfo"
    );
    assert_eq!(
        String::from_utf8(request.into_body()).unwrap(),
        "<xml><nonce_str><![CDATA[50780e0cca98c8c8e814883e5caa672e]]></nonce_str>\
         <mch_billno><![CDATA[0010010404201411170000046545]]></mch_billno><mch_id><![CDATA[10000098]]></mch_id>\
         <appid><![CDATA[wxcbda96de0b165486]]></appid><bill_type><![CDATA[MCHT]]></bill_type>\
         <sign><![CDATA[585D5B8A3E1DF85812CECA34E25A4217]]></sign></xml>"
    );
}

#[test]
fn a_repetition_differs_in_nonce_and_signature_only() {
    let stored = serde_json::to_string(&order()).unwrap();
    let restored: RedPacketOrder = serde_json::from_str(&stored).unwrap();
    assert_eq!(restored, order());
    let frozen = |body: &str| {
        let (_, after_nonce) = body.split_once("</nonce_str>").unwrap();
        after_nonce.split_once("<sign>").unwrap().0.to_owned()
    };
    let first = sent(order(), &nonce());
    let second = sent(restored, &Nonce::new("another").unwrap());
    assert_ne!(first, second);
    assert_eq!(frozen(&first), frozen(&second));
}

#[test]
fn an_order_without_a_scene_sends_none_and_never_a_sign_type() {
    let body = sent(
        RedPacketOrder {
            scene_id: None,
            ..order()
        },
        &nonce(),
    );
    assert!(!body.contains("scene_id"), "{body}");
    assert!(!body.contains("sign_type"), "{body}");
}

#[test]
fn an_amount_outside_1_to_200_yuan_needs_a_scene() {
    for (amount_fen, needed) in [
        (10, true),
        (99, true),
        (100, false),
        (20_000, false),
        (20_001, true),
    ] {
        assert_eq!(
            RedPacketOrder::needs_scene(amount_fen),
            needed,
            "{amount_fen}"
        );
    }
}

#[test]
fn an_order_that_does_not_fit_its_fields_is_refused() {
    let refused = |order| SendRedPacket::new(order).unwrap_err();
    assert_eq!(
        refused(RedPacketOrder {
            amount_fen: 0,
            ..order()
        }),
        InvalidRedPacket::ZeroAmount
    );
    assert_eq!(
        refused(RedPacketOrder {
            openid: "o".repeat(33).parse().unwrap(),
            ..order()
        }),
        InvalidRedPacket::OpenIdTooLong { length: 33 }
    );
    assert_eq!(
        refused(RedPacketOrder {
            act_name: "字".repeat(11),
            ..order()
        }),
        InvalidRedPacket::TextLength {
            field: "act_name",
            length_bytes: 33,
            maximum: 32
        }
    );
    assert_eq!(
        refused(RedPacketOrder {
            remark: String::new(),
            ..order()
        }),
        InvalidRedPacket::TextLength {
            field: "remark",
            length_bytes: 0,
            maximum: 256
        }
    );
    for character in ['\n', '\u{0}', '\u{fffe}'] {
        assert_eq!(
            refused(RedPacketOrder {
                wishing: format!("a{character}"),
                ..order()
            }),
            InvalidRedPacket::TextCharacter {
                field: "wishing",
                character
            }
        );
    }
}

#[test]
fn an_acceptance_is_compared_with_its_order() {
    let accepted = SendRedPacket::parse(&answer(ACCEPTED)).unwrap();
    assert_eq!(
        accepted.wechat_number.as_deref(),
        Some("100000000020150520314766074200")
    );
    assert!(accepted.echoes(&order()));
    for other in [
        RedPacketOrder {
            amount_fen: 201,
            ..order()
        },
        RedPacketOrder {
            bill_number: "1".parse().unwrap(),
            ..order()
        },
        RedPacketOrder {
            merchant_id: "1".parse().unwrap(),
            ..order()
        },
        RedPacketOrder {
            openid: "o2".parse().unwrap(),
            ..order()
        },
    ] {
        assert!(!accepted.echoes(&other), "{other:?}");
    }
}

#[test]
fn an_acceptance_of_nothing_in_particular_is_not_understood() {
    let nameless = ACCEPTED.replace("mch_billno", "billno");
    assert_eq!(
        SendRedPacket::parse(&answer(&nameless)).unwrap_err(),
        ApiError::NotUnderstood {
            status: 200,
            problem: Unreadable::MissingField {
                field: "mch_billno"
            },
        }
    );
}

#[test]
fn every_listed_code_has_its_action() {
    let table = [
        ("SYSTEMERROR", PayAction::RepeatSameNumber),
        ("PROCESSING", PayAction::QueryLater),
        ("FREQ_LIMIT", PayAction::SlowDown),
        ("SECOND_OVER_LIMITED", PayAction::SlowDown),
        ("DAY_OVER_LIMITED", PayAction::MerchantDayLimit),
        ("DAY_ OVER_LIMITED", PayAction::MerchantDayLimit),
        ("SENDNUM_LIMIT", PayAction::PersonDayLimit),
        ("NOTENOUGH", PayAction::PauseForBalance),
        ("CA_ERROR", PayAction::PauseForCertificate),
        ("SIGN_ERROR", PayAction::PauseForRequest),
        ("XML_ERROR", PayAction::PauseForRequest),
        ("PARAM_ERROR", PayAction::PauseForRequest),
        ("ILLEGAL_APPID", PayAction::PauseForRequest),
        ("MSGAPPID_ERROR", PayAction::PauseForRequest),
        ("ACCEPTMODE_ERROR", PayAction::PauseForRequest),
        ("MONEY_LIMIT", PayAction::PauseForAmount),
        ("SEND_FAILED", PayAction::OrderFailed),
        ("NO_AUTH", PayAction::PersonRefused),
        ("V2_ACCOUNT_SIMPLE_BAN", PayAction::PersonUnverified),
        ("OPENID_ERROR", PayAction::PersonUnknown),
        ("FATAL_ERROR", PayAction::FreezeOrder),
        ("NOT_FOUND", PayAction::NotVisible),
    ];
    for (code, action) in table {
        assert_eq!(
            SendRedPacket::parse(&refusal(code)).unwrap_err(),
            ApiError::Refused {
                code: code.to_owned(),
                message: "说明".to_owned(),
                action
            },
        );
        let pauses = format!("{action:?}").starts_with("Pause");
        assert_eq!(action.pauses_every_payout(), pauses, "{code}");
    }
}

#[test]
fn a_code_that_nobody_has_seen_is_kept_and_decides_nothing() {
    for code in ["NEW_CODE", "systemerror", "", "SUCCESS"] {
        let error = SendRedPacket::parse(&refusal(code)).unwrap_err();
        assert_eq!(error.action(), PayAction::OutcomeUnknown, "{code}");
        let ApiError::Refused { code: kept, .. } = error else {
            panic!("the answer was understood");
        };
        assert_eq!(kept, code);
    }
}

#[test]
fn a_refusal_of_the_transport_level_goes_by_its_code_and_never_by_its_sentence() {
    let with_code = answer(
        "<return_code>FAIL</return_code><return_msg>签名错误</return_msg><result_code>FAIL</result_code><err_code>SIGN_ERROR</err_code>",
    );
    let error = SendRedPacket::parse(&with_code).unwrap_err();
    assert_eq!(error.action(), PayAction::PauseForRequest);
    let without_code = answer("<return_code>FAIL</return_code><return_msg>签名错误</return_msg>");
    let error = SendRedPacket::parse(&without_code).unwrap_err();
    assert_eq!(error.action(), PayAction::OutcomeUnknown);
}

#[test]
fn a_broken_answer_leaves_the_outcome_unknown() {
    let mut unavailable = answer(ACCEPTED);
    *unavailable.status_mut() = http::StatusCode::BAD_GATEWAY;
    let cut = answer(ACCEPTED).into_body();
    let half = http::Response::new(cut[..cut.len() / 2].to_vec());
    let no_result = answer("<return_code>SUCCESS</return_code>");
    for response in [
        unavailable,
        half,
        no_result,
        http::Response::new(Vec::new()),
    ] {
        let error = SendRedPacket::parse(&response).unwrap_err();
        assert_eq!(error.action(), PayAction::OutcomeUnknown);
        assert!(matches!(error, ApiError::NotUnderstood { .. }), "{error:?}");
    }
}

#[test]
fn a_record_tells_who_opened_the_packet_and_when() {
    let record = QueryRedPacket::parse(&answer(RECORD)).unwrap();
    assert_eq!(record.state, RedPacketState::Received);
    assert_eq!(record.amount_fen, 200);
    let midnight = DateTime::parse_from_rfc3339("2020-09-27T16:00:01Z").unwrap();
    assert_eq!(record.sent_at.unwrap(), midnight);
    assert_eq!(record.receipts.len(), 1);
    let opened = DateTime::parse_from_rfc3339("2020-09-28T01:30:00Z").unwrap();
    assert_eq!(record.receipts[0].received_at.unwrap(), opened);
    assert!(record.echoes(&order()));
    assert!(!record.echoes(&RedPacketOrder {
        amount_fen: 199,
        ..order()
    }));
    assert!(!record.echoes(&RedPacketOrder {
        openid: "o2".parse().unwrap(),
        ..order()
    }));
}

#[test]
fn a_received_packet_may_lack_its_receipt() {
    let (before, rest) = RECORD.split_once("<hblist>").unwrap();
    let after = rest.split_once("</hblist>").unwrap().1;
    let record = QueryRedPacket::parse(&answer(&format!("{before}{after}"))).unwrap();
    assert_eq!(record.state, RedPacketState::Received);
    assert!(record.receipts.is_empty());
    let empty = RECORD.replace("2020-09-28 09:30:00", "");
    let record = QueryRedPacket::parse(&answer(&empty)).unwrap();
    assert_eq!(record.receipts[0].received_at, None);
}

#[test]
fn every_state_is_read_and_an_unknown_one_is_kept_and_not_final() {
    let states = [
        ("SENDING", RedPacketState::Sending, false),
        ("SENT", RedPacketState::Sent, false),
        ("RECEIVED", RedPacketState::Received, true),
        ("FAILED", RedPacketState::Failed, true),
        ("RFUND_ING", RedPacketState::Refunding, false),
        ("REFUND", RedPacketState::Refunded, true),
        (
            "TELEPORTED",
            RedPacketState::Other("TELEPORTED".to_owned()),
            false,
        ),
    ];
    for (status, state, is_final) in states {
        let record = QueryRedPacket::parse(&answer(&RECORD.replace("RECEIVED", status))).unwrap();
        assert_eq!(record.state, state);
        assert_eq!(record.state.is_final(), is_final, "{status}");
    }
}

#[test]
fn a_record_with_an_impossible_time_or_amount_is_not_understood() {
    for (true_value, false_value) in [
        ("2020-09-28 00:00:01", "2020-02-30 00:00:01"),
        ("<total_amount>200<", "<total_amount>-200<"),
        ("<total_amount>200<", "<total_amount>2.00<"),
    ] {
        let error =
            QueryRedPacket::parse(&answer(&RECORD.replace(true_value, false_value))).unwrap_err();
        assert_eq!(error.action(), PayAction::OutcomeUnknown, "{false_value}");
    }
}
