//! The published test key of the vendor's Go library, playing WeChat and the merchant.

use chrono::{DateTime, Utc};
use wechat_adapter::pay::v3::{Credentials, Freshness, MerchantKey, WeChatKeys};
use wechat_adapter::{BaseUrl, Endpoints, MerchantId, Nonce, Response, Secret};

/// Published in `core/auth/signers` of wechatpay-go; protects nothing.
pub(crate) const PRIVATE_KEY: &str = include_str!("published_key.pem");

/// The public key of [`PRIVATE_KEY`], published in `core/auth/verifiers` of wechatpay-go.
pub(crate) const PUBLIC_KEY: &str = include_str!("published_public_key.pem");

/// The certificate of [`PRIVATE_KEY`], published beside it; valid from 2021-04-27 to 2031-04-25.
pub(crate) const CERTIFICATE: &str = include_str!("published_certificate.pem");

pub(crate) const SERIAL: &str = "F5765756002FDD77";
pub(crate) const PUBLIC_KEY_ID: &str = "PUB_KEY_ID_0116000000012024101500000000000001";

/// 2025-05-06 00:00:00 in Beijing.
pub(crate) const NOW_SECONDS: i64 = 1_746_460_800;

pub(crate) fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(NOW_SECONDS, 0).unwrap()
}

pub(crate) fn key() -> MerchantKey {
    MerchantKey::new(&Secret::new(PRIVATE_KEY).unwrap()).unwrap()
}

pub(crate) fn keys() -> WeChatKeys {
    WeChatKeys::of_public_key(PUBLIC_KEY_ID, PUBLIC_KEY).unwrap()
}

pub(crate) fn credentials() -> Credentials {
    let base = BaseUrl::new("https://pay.example").unwrap();
    Credentials::new(
        MerchantId::new("1900001109").unwrap(),
        SERIAL,
        key(),
        Endpoints::all_at(&base),
    )
    .unwrap()
}

pub(crate) fn freshness() -> Freshness {
    Freshness {
        now: now(),
        nonce: Nonce::new("A1B2C3D4E5F6G7").unwrap(),
    }
}

/// `body` as WeChat would send it: signed at `seconds` with the key named `serial`.
pub(crate) fn signed(status: u16, body: &[u8], serial: &str, seconds: i64) -> Response {
    let mut message = format!("{seconds}\nwechatnonce\n").into_bytes();
    message.extend_from_slice(body);
    message.push(b'\n');
    let signature = key().sign(&message).unwrap();
    http::Response::builder()
        .status(status)
        .header("Wechatpay-Timestamp", seconds)
        .header("Wechatpay-Nonce", "wechatnonce")
        .header("Wechatpay-Signature", signature)
        .header("Wechatpay-Signature-Type", "WECHATPAY2-SHA256-RSA2048")
        .header("Wechatpay-Serial", serial)
        .body(body.to_vec())
        .unwrap()
}

/// A right answer of now.
pub(crate) fn answered(status: u16, body: &str) -> Response {
    signed(status, body.as_bytes(), PUBLIC_KEY_ID, NOW_SECONDS)
}
