//! Transfers: what an order may hold, the bytes that are sent, and what each answer means.

use wechat_adapter::pay::v3::{
    CancelTransfer, CreateTransfer, DownloadCertificates, FailClass, InvalidTransfer,
    QueryTransfer, ReceiveStyle, RequestError, SceneReport, SecurityEcho, SignatureProblem,
    TransferOrder, TransferScene, TransferState,
};
use wechat_adapter::pay::{PayAction, PayError};
use wechat_adapter::{BillNumber, MerchantId, Response, Secret};

use crate::v3_support::{
    CERTIFICATE, NOW_SECONDS, PUBLIC_KEY_ID, SERIAL, answered, credentials, freshness, keys, now,
    signed,
};

fn order() -> TransferOrder {
    TransferOrder {
        bill_number: BillNumber::new("plfk2020042013").unwrap(),
        merchant_id: MerchantId::new("1900001109").unwrap(),
        app_id: "wxf636efh567hg4356".parse().unwrap(),
        openid: "o-MYE42l80oelYMDE34nYD456Xoy".parse().unwrap(),
        amount_fen: 10,
        remark: "知识竞赛".to_owned(),
        scene: TransferScene::cash_marketing("知识竞赛", "五题全对"),
        name: None,
        notify_url: Some("https://contest.example/notify".to_owned()),
        style: Some(ReceiveStyle::RedPacket),
    }
}

fn refused(change: impl FnOnce(&mut TransferOrder)) -> InvalidTransfer {
    let mut order = order();
    change(&mut order);
    CreateTransfer::new(order).unwrap_err()
}

#[test]
fn value_stability_the_body_of_a_transfer() {
    let request = CreateTransfer::new(order())
        .unwrap()
        .request(&credentials(), &keys(), &freshness())
        .unwrap();
    assert_eq!(request.method(), http::Method::POST);
    assert_eq!(
        request.uri().to_string(),
        "https://pay.example/v3/fund-app/mch-transfer/transfer-bills"
    );
    assert_eq!(request.headers()["Wechatpay-Serial"], PUBLIC_KEY_ID);
    assert_eq!(request.headers()["Accept"], "application/json");
    assert_eq!(
        std::str::from_utf8(request.body()).unwrap(),
        r#"{"appid":"wxf636efh567hg4356","notify_url":"https://contest.example/notify","openid":"o-MYE42l80oelYMDE34nYD456Xoy","out_bill_no":"plfk2020042013","transfer_amount":10,"transfer_remark":"知识竞赛","transfer_scene_id":"1000","transfer_scene_report_infos":[{"info_content":"知识竞赛","info_type":"活动名称"},{"info_content":"五题全对","info_type":"奖励说明"}],"user_recv_style":{"type":"RED_PACKET"}}"#
    );
}

#[test]
fn the_signature_covers_the_bytes_that_are_sent() {
    let request = CreateTransfer::new(order())
        .unwrap()
        .request(&credentials(), &keys(), &freshness())
        .unwrap();
    let authorization = request.headers()["Authorization"].to_str().unwrap();
    let (_, signature) = authorization.split_once(",signature=").unwrap();
    let message = format!(
        "POST\n/v3/fund-app/mch-transfer/transfer-bills\n{NOW_SECONDS}\nA1B2C3D4E5F6G7\n{}\n",
        std::str::from_utf8(request.body()).unwrap()
    );
    keys()
        .verify_text(
            PUBLIC_KEY_ID,
            message.as_bytes(),
            signature.trim_matches('"'),
            now(),
        )
        .unwrap();
}

#[test]
fn an_order_read_back_from_a_store_is_sent_with_the_same_bytes() {
    let mut order = order();
    order.name = Some(keys().seal_name("张三").unwrap());
    let stored = serde_json::to_string(&order).unwrap();
    let body = |order| {
        let call = CreateTransfer::new(order).unwrap();
        let request = call.request(&credentials(), &keys(), &freshness()).unwrap();
        request.into_body()
    };
    assert_eq!(body(serde_json::from_str(&stored).unwrap()), body(order));
}

#[test]
fn an_order_of_another_merchant_is_not_sent() {
    let mut order = order();
    order.merchant_id = MerchantId::new("1900001110").unwrap();
    let call = CreateTransfer::new(order.clone()).unwrap();
    let other = |result: Result<wechat_adapter::Request, RequestError>| {
        matches!(result, Err(RequestError::OtherMerchant { .. }))
    };
    assert!(other(call.request(&credentials(), &keys(), &freshness())));
    assert!(other(QueryTransfer::of(&order).request(
        &credentials(),
        &keys(),
        &freshness()
    )));
    assert!(other(CancelTransfer::of(&order).request(
        &credentials(),
        &keys(),
        &freshness()
    )));
}

#[test]
fn an_order_that_does_not_fit_is_refused_by_its_field() {
    assert_eq!(refused(|o| o.amount_fen = 0), InvalidTransfer::ZeroAmount);
    assert_eq!(
        refused(|o| o.amount_fen = 20_001),
        InvalidTransfer::TooLargeForRedPacket { amount_fen: 20_001 }
    );
    assert_eq!(
        refused(|o| {
            o.style = None;
            o.amount_fen = 200_000;
        }),
        InvalidTransfer::NameMissing {
            amount_fen: 200_000
        }
    );
    assert_eq!(
        refused(|o| o.remark = "长".repeat(33)),
        InvalidTransfer::TextLength {
            field: "transfer_remark",
            characters: 33,
            maximum: 32
        }
    );
    assert_eq!(
        refused(|o| o.remark = "好😀".to_owned()),
        InvalidTransfer::TextCharacter {
            field: "transfer_remark",
            character: '😀'
        }
    );
    for url in [
        "http://contest.example/notify",
        "https://contest.example/notify?a=1",
        "https://contest.example/notify#a",
    ] {
        assert_eq!(
            refused(|o| o.notify_url = Some(url.to_owned())),
            InvalidTransfer::NotifyUrl
        );
    }
}

#[test]
fn cash_marketing_wants_its_two_reports_and_its_own_words() {
    assert_eq!(
        refused(|o| {
            o.scene.reports.pop();
        }),
        InvalidTransfer::Reports
    );
    assert_eq!(
        refused(|o| o.scene.reports.push(SceneReport {
            info_type: "活动名称".to_owned(),
            info_content: "again".to_owned(),
        })),
        InvalidTransfer::Reports
    );
    assert_eq!(
        refused(|o| o.scene.perception = Some("工资".to_owned())),
        InvalidTransfer::Perception {
            perception: "工资".to_owned()
        }
    );
    let mut fine = order();
    fine.scene.reports.reverse();
    fine.scene.perception = Some("现金奖励".to_owned());
    assert!(CreateTransfer::new(fine).is_ok());
}

#[test]
fn the_largest_texts_and_amounts_fit() {
    let mut order = order();
    order.amount_fen = 20_000;
    order.remark = "长".repeat(32);
    assert!(CreateTransfer::new(order.clone()).is_ok());
    order.style = None;
    order.amount_fen = 199_999;
    assert!(CreateTransfer::new(order).is_ok());
}

#[test]
fn a_created_transfer_waits_for_the_person() {
    let body = r#"{"out_bill_no":"plfk2020042013","transfer_bill_no":"1330000071100999991182020050700019480001","create_time":"2025-05-06T00:00:01+08:00","state":"WAIT_USER_CONFIRM","package_info":"affffddafdfafddffda==","new_field":{}}"#;
    let created = CreateTransfer::parse(&answered(200, body), &keys(), now()).unwrap();
    assert_eq!(created.state, TransferState::WaitUserConfirm);
    assert!(!created.state.is_final());
    assert_eq!(
        created.created_at,
        Some("2025-05-05T16:00:01Z".parse().unwrap())
    );
    let call = created.confirm_call(&order()).unwrap();
    assert_eq!(
        serde_json::to_string(&call).unwrap(),
        r#"{"mchId":"1900001109","appId":"wxf636efh567hg4356","package":"affffddafdfafddffda=="}"#
    );
}

#[test]
fn an_answer_that_wechat_did_not_sign_leaves_the_outcome_unknown() {
    let body = r#"{"out_bill_no":"plfk2020042013","transfer_bill_no":"1","state":"SUCCESS"}"#;
    let unsigned: Response = http::Response::new(body.as_bytes().to_vec());
    let stale = signed(200, body.as_bytes(), PUBLIC_KEY_ID, NOW_SECONDS - 300);
    let stranger = signed(200, body.as_bytes(), "PUB_KEY_ID_0", NOW_SECONDS);
    let mut forged = answered(200, body);
    forged.body_mut().extend_from_slice(b" ");
    for answer in [unsigned, stale, stranger, forged] {
        let error = CreateTransfer::parse(&answer, &keys(), now()).unwrap_err();
        assert!(matches!(error, PayError::NotAuthentic { .. }), "{error}");
        assert_eq!(error.action(), PayAction::OutcomeUnknown);
    }
}

#[test]
fn a_probe_instead_of_an_answer_is_told_apart() {
    let mut probe = answered(200, "{}");
    probe.headers_mut().insert(
        "Wechatpay-Signature",
        http::HeaderValue::from_static("WECHATPAY/SIGNTEST/x"),
    );
    assert_eq!(
        QueryTransfer::parse(&probe, &keys(), now()).unwrap_err(),
        PayError::NotAuthentic {
            status: 200,
            problem: SignatureProblem::Probe
        }
    );
}

#[test]
fn every_documented_code_has_its_action() {
    for (status, code, action) in [
        (500, "SYSTEM_ERROR", PayAction::RepeatSameNumber),
        (502, "ANYTHING", PayAction::RepeatSameNumber),
        (429, "FREQUENCY_LIMITED", PayAction::SlowDown),
        (429, "ANYTHING", PayAction::SlowDown),
        (403, "NOT_ENOUGH", PayAction::PauseForBalance),
        (403, "NO_AUTH", PayAction::PauseForPermission),
        (403, "RULE_LIMIT", PayAction::PauseForPermission),
        (400, "INVALID_REQUEST", PayAction::OrderInvalid),
        (400, "PARAM_ERROR", PayAction::PauseForRequest),
        (400, "ALREADY_EXISTS", PayAction::FreezeOrder),
        (401, "SIGN_ERROR", PayAction::PauseForRequest),
        (404, "NOT_FOUND", PayAction::NotVisible),
        (404, "RESOURCE_NOT_EXISTS", PayAction::NotVisible),
        (400, "A_NEW_CODE", PayAction::OutcomeUnknown),
        (400, "", PayAction::OutcomeUnknown),
    ] {
        assert_eq!(PayAction::from_v3(status, code), action, "{status} {code}");
    }
}

#[test]
fn a_refusal_is_read_with_and_without_a_signature_and_keeps_its_code() {
    let body = r#"{"code":"A_NEW_CODE","message":"说明"}"#;
    let mut unsigned: Response = http::Response::new(body.as_bytes().to_vec());
    *unsigned.status_mut() = http::StatusCode::BAD_REQUEST;
    for answer in [unsigned, answered(400, body)] {
        assert_eq!(
            CreateTransfer::parse(&answer, &keys(), now()).unwrap_err(),
            PayError::Refused {
                code: "A_NEW_CODE".to_owned(),
                message: "说明".to_owned(),
                action: PayAction::OutcomeUnknown,
            }
        );
    }
    let mut forged = answered(403, r#"{"code":"NOT_ENOUGH","message":""}"#);
    forged.body_mut().push(b' ');
    let error = CreateTransfer::parse(&forged, &keys(), now()).unwrap_err();
    assert_eq!(error.action(), PayAction::OutcomeUnknown);
}

#[test]
fn a_query_is_by_either_number() {
    let by_ours = QueryTransfer::of(&order());
    let request = by_ours
        .request(&credentials(), &keys(), &freshness())
        .unwrap();
    assert_eq!(
        request.uri().path(),
        "/v3/fund-app/mch-transfer/transfer-bills/out-bill-no/plfk2020042013"
    );
    let merchant_id = MerchantId::new("1900001109").unwrap();
    let request = QueryTransfer::by_transfer_number("133/00?", merchant_id)
        .request(&credentials(), &keys(), &freshness())
        .unwrap();
    assert_eq!(
        request.uri().path(),
        "/v3/fund-app/mch-transfer/transfer-bills/transfer-bill-no/133%2F00%3F"
    );
    assert_eq!(request.uri().query(), None);
}

#[test]
fn a_record_is_compared_with_its_order() {
    let body = |amount: u32, openid: &str| {
        format!(
            r#"{{"mch_id":"1900001109","out_bill_no":"plfk2020042013","transfer_bill_no":"1","appid":"wxf636efh567hg4356","state":"FAIL","transfer_amount":{amount},"transfer_remark":"x","fail_reason":"ACCOUNT_FROZEN","openid":"{openid}","create_time":"2025-05-06T00:00:01+08:00","update_time":"2025-05-06T00:00:05+08:00"}}"#
        )
    };
    let read = |text: String| QueryTransfer::parse(&answered(200, &text), &keys(), now()).unwrap();
    let record = read(body(10, "o-MYE42l80oelYMDE34nYD456Xoy"));
    assert!(record.echoes(&order()));
    assert!(record.state.is_final());
    assert_eq!(record.fail_reason.unwrap().class(), FailClass::Person);
    assert!(!read(body(11, "o-MYE42l80oelYMDE34nYD456Xoy")).echoes(&order()));
    assert!(!read(body(10, "o-other")).echoes(&order()));
}

#[test]
fn every_state_is_known_and_three_are_final() {
    let states = [
        ("ACCEPTED", false),
        ("PROCESSING", false),
        ("WAIT_USER_CONFIRM", false),
        ("TRANSFERING", false),
        ("SUCCESS", true),
        ("FAIL", true),
        ("CANCELING", false),
        ("CANCELLED", true),
    ];
    for (text, is_final) in states {
        let state = TransferState::from_text(text);
        assert!(!matches!(state, TransferState::Other(_)), "{text}");
        assert_eq!(state.is_final(), is_final, "{text}");
    }
    assert_eq!(
        TransferState::from_text("NEW"),
        TransferState::Other("NEW".to_owned())
    );
    assert!(!TransferState::from_text("NEW").is_final());
}

#[test]
fn a_withdrawal_has_an_empty_body_and_is_not_final_while_it_runs() {
    let request = CancelTransfer::of(&order())
        .request(&credentials(), &keys(), &freshness())
        .unwrap();
    assert!(request.body().is_empty());
    assert!(request.uri().path().ends_with("/plfk2020042013/cancel"));
    let body = r#"{"out_bill_no":"plfk2020042013","transfer_bill_no":"1","state":"CANCELING","update_time":"2025-05-06T00:00:05+08:00"}"#;
    let cancelled = CancelTransfer::parse(&answered(200, body), &keys(), now()).unwrap();
    assert_eq!(cancelled.state, TransferState::Cancelling);
}

#[test]
fn an_echo_comes_back_signed() {
    let request = SecurityEcho::new("hello")
        .with_sealed(keys().seal_name("x").unwrap())
        .with_notification("https://contest.example/notify")
        .request(&credentials(), &keys(), &freshness())
        .unwrap();
    assert_eq!(request.uri().path(), "/v3/security/echo");
    let body: serde_json::Value = serde_json::from_slice(request.body()).unwrap();
    assert_eq!(body["echo_message"], "hello");
    assert_eq!(body["notify_url"], "https://contest.example/notify");
    assert!(body["encrypted_echo_message"].is_string());
    let answer = answered(200, r#"{"echo_message":"hello"}"#);
    assert_eq!(
        SecurityEcho::parse(&answer, &keys(), now()).unwrap(),
        "hello"
    );
}

#[test]
fn downloaded_certificates_join_the_public_key() {
    let api_key = wechat_adapter::pay::v3::ApiV3Key::new(
        &Secret::new("a7cde1ZJB1kG2e7VfTs3jQzaWizur8Gb").unwrap(),
    )
    .unwrap();
    let body = |serial: &str| {
        let ciphertext = api_key
            .encrypt("uluk4a9R25RW", "certificate", CERTIFICATE.as_bytes())
            .unwrap();
        serde_json::json!({"data": [{
            "serial_no": serial,
            "effective_time": "2021-04-27T16:40:32+08:00",
            "expire_time": "2031-04-25T16:40:32+08:00",
            "encrypt_certificate": {
                "algorithm": "AEAD_AES_256_GCM", "nonce": "uluk4a9R25RW",
                "associated_data": "certificate", "ciphertext": ciphertext,
            },
        }]})
        .to_string()
    };
    let first = signed(200, body(SERIAL).as_bytes(), SERIAL, NOW_SECONDS);
    let ring = DownloadCertificates::parse(&first, None, &api_key, now()).unwrap();
    assert_eq!(ring.preferred(), SERIAL);
    let joined = DownloadCertificates::parse(&first, Some(&keys()), &api_key, now()).unwrap();
    assert_eq!(joined.preferred(), PUBLIC_KEY_ID);
    assert_eq!(joined.serials().count(), 2);

    let misnamed = answered(200, &body("77"));
    assert!(DownloadCertificates::parse(&misnamed, Some(&keys()), &api_key, now()).is_err());
    let mut forged = first;
    forged.body_mut().push(b' ');
    assert!(matches!(
        DownloadCertificates::parse(&forged, None, &api_key, now()),
        Err(PayError::NotAuthentic { .. })
    ));
}
