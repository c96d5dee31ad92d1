//! Any bytes as a version 3 answer, a notification, a resource and a PEM; nothing unsigned is believed.
#![no_main]

use chrono::DateTime;
use libfuzzer_sys::fuzz_target;
use wechat_adapter::Secret;
use wechat_adapter::pay::v3::{ApiV3Key, CreateTransfer, Notification, QueryTransfer, WeChatKeys};

const PUBLIC_KEY: &str = include_str!("../../tests/integration/published_public_key.pem");

fuzz_target!(|input: (u16, &[u8])| {
    let (status, body) = input;
    let now = DateTime::from_timestamp(1_746_460_800, 0).unwrap();
    let keys = WeChatKeys::of_public_key("PUB_KEY_ID_1", PUBLIC_KEY).unwrap();
    let secret = Secret::new("a7cde1ZJB1kG2e7VfTs3jQzaWizur8Gb").unwrap();
    let api_key = ApiV3Key::new(&secret).unwrap();
    let mut answer = http::Response::new(body.to_vec());
    if let Ok(status) = http::StatusCode::from_u16(status) {
        *answer.status_mut() = status;
    }
    assert!(CreateTransfer::parse(&answer, &keys, now).is_err());
    assert!(QueryTransfer::parse(&answer, &keys, now).is_err());
    assert!(Notification::receive(answer.headers(), body, &keys, &api_key, now).is_err());
    let text = String::from_utf8_lossy(body);
    assert!(
        api_key
            .decrypt("fdasflkja484", "mch_payment", &text)
            .is_err()
    );
    drop(WeChatKeys::of_certificate(&text));
    drop(WeChatKeys::of_public_key("P", &text));
});
