//! Notifications of version 3: who is believed, and what each refusal answers.

use http::StatusCode;
use proptest::prelude::*;
use wechat_adapter::pay::v3::{
    ApiV3Key, Notification, NotificationContent, NotificationError, SignatureProblem,
    TransferState, WeChatKeys,
};
use wechat_adapter::{Response, Secret};

use crate::v3_support::{CERTIFICATE, NOW_SECONDS, PUBLIC_KEY_ID, SERIAL, keys, now, signed};

const BILL: &str = r#"{"mch_id":"1900001109","out_bill_no":"plfk2020042013","transfer_bill_no":"1330000071100999991182020050700019480001","transfer_amount":30,"state":"SUCCESS","openid":"o-MYE42l80oelYMDE34nYD456Xoy","create_time":"2025-05-06T00:00:01+08:00","update_time":"2025-05-06T00:00:05+08:00"}"#;

fn api_key() -> ApiV3Key {
    ApiV3Key::new(&Secret::new("a7cde1ZJB1kG2e7VfTs3jQzaWizur8Gb").unwrap()).unwrap()
}

fn body(event_type: &str, plain: &str) -> String {
    let ciphertext = api_key()
        .encrypt("fdasflkja484", "mch_payment", plain.as_bytes())
        .unwrap();
    serde_json::json!({
        "id": "EV-2018022511223320873", "create_time": "2025-05-06T00:00:05+08:00",
        "resource_type": "encrypt-resource", "event_type": event_type, "summary": "x",
        "resource": {
            "original_type": "mch_payment", "algorithm": "AEAD_AES_256_GCM",
            "ciphertext": ciphertext, "associated_data": "mch_payment", "nonce": "fdasflkja484",
        },
    })
    .to_string()
}

fn receive(message: &Response) -> Result<Notification, NotificationError> {
    Notification::receive(
        message.headers(),
        message.body(),
        &keys(),
        &api_key(),
        now(),
    )
}

fn signed_now(body: &str) -> Response {
    signed(200, body.as_bytes(), PUBLIC_KEY_ID, NOW_SECONDS)
}

#[test]
fn a_finished_transfer_is_read() {
    let notification = receive(&signed_now(&body("MCHTRANSFER.BILL.FINISHED", BILL))).unwrap();
    assert_eq!(notification.id, "EV-2018022511223320873");
    let NotificationContent::Transfer(record) = notification.content else {
        panic!("{notification:?}");
    };
    assert_eq!(record.state, TransferState::Success);
    assert_eq!(record.amount_fen, 30);
    assert_eq!(record.bill_number.as_str(), "plfk2020042013");
}

#[test]
fn another_event_is_kept_as_it_is() {
    let notification = receive(&signed_now(&body("SECURITY_ECHO.SUCCESS", "{}"))).unwrap();
    assert_eq!(notification.event_type, "SECURITY_ECHO.SUCCESS");
    assert_eq!(
        notification.content,
        NotificationContent::Other("{}".to_owned())
    );
}

#[test]
fn either_key_of_the_ring_signs() {
    let ring = keys().with_certificate(CERTIFICATE).unwrap();
    let text = body("MCHTRANSFER.BILL.FINISHED", BILL);
    for serial in [PUBLIC_KEY_ID, SERIAL] {
        let message = signed(200, text.as_bytes(), serial, NOW_SECONDS);
        assert!(
            Notification::receive(message.headers(), message.body(), &ring, &api_key(), now())
                .is_ok(),
            "{serial}"
        );
    }
    let only_certificate = WeChatKeys::of_certificate(CERTIFICATE).unwrap();
    let message = signed_now(&text);
    assert!(matches!(
        Notification::receive(
            message.headers(),
            message.body(),
            &only_certificate,
            &api_key(),
            now()
        ),
        Err(NotificationError::NotAuthentic(
            SignatureProblem::UnknownSerial { .. }
        ))
    ));
}

#[test]
fn a_probe_is_refused_with_401_and_known_as_one() {
    let mut message = signed_now(&body("MCHTRANSFER.BILL.FINISHED", BILL));
    message.headers_mut().insert(
        "Wechatpay-Signature",
        http::HeaderValue::from_static("WECHATPAY/SIGNTEST/abc"),
    );
    let error = receive(&message).unwrap_err();
    assert_eq!(
        error,
        NotificationError::NotAuthentic(SignatureProblem::Probe)
    );
    assert_eq!(error.response().status(), StatusCode::UNAUTHORIZED);
}

#[test]
fn each_refusal_answers_with_its_status() {
    let answer = |message: &Response| receive(message).unwrap_err().response().status();
    let long = "x".repeat(Notification::MAX_BODY_BYTES + 1);
    assert_eq!(answer(&signed_now(&long)), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(answer(&signed_now("{}")), StatusCode::BAD_REQUEST);
    assert_eq!(answer(&signed_now("no json")), StatusCode::BAD_REQUEST);
    let foreign = body("MCHTRANSFER.BILL.FINISHED", BILL).replace("mch_payment", "mch_other");
    assert_eq!(
        answer(&signed_now(&foreign)),
        StatusCode::INTERNAL_SERVER_ERROR
    );
    assert_eq!(
        answer(&http::Response::new(Vec::new())),
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(Notification::taken().status(), StatusCode::NO_CONTENT);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Noise under a true signature is read or refused, never a panic, and never a transfer.
    #[test]
    fn no_noise_is_a_transfer(noise in "\\PC{0,200}", field in "[a-z_]{1,12}") {
        prop_assert!(receive(&signed_now(&noise)).is_err());
        let json = serde_json::json!({"id": noise, "event_type": "MCHTRANSFER.BILL.FINISHED", "resource": {field: noise}});
        prop_assert!(receive(&signed_now(&json.to_string())).is_err());
        let sealed = body("MCHTRANSFER.BILL.FINISHED", &noise);
        prop_assert!(receive(&signed_now(&sealed)).is_err());
    }
}
