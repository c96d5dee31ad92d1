//! No input panics, and noise is never taken for a success.

use chrono::DateTime;
use proptest::prelude::*;
use wechat_adapter::official::{
    CallbackMode, CallbackVerifier, CreateQrCode, ExchangeCode, FetchAccessToken, FetchJsTicket,
    FetchUser, ListFollowers, OAuthReturn, signature,
};
use wechat_adapter::pay::{PayAction, QueryRedPacket, SendRedPacket};
use wechat_adapter::{AppId, Response, Secret};

fn verifier(mode: CallbackMode) -> CallbackVerifier {
    let key = Secret::new("A".repeat(43)).unwrap();
    CallbackVerifier::new(
        AppId::new("wx1").unwrap(),
        Secret::new("t").unwrap(),
        Some(&key),
        mode,
    )
    .unwrap()
}

/// Noise that looks like what is expected, so that it gets past the first check.
fn document() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        "<xml>",
        "</xml>",
        "<a>",
        "</a>",
        "<a/>",
        "<![CDATA[",
        "]]>",
        "&lt;",
        "&#0;",
        "&#x110000;",
        "&",
        "<Encrypt>",
        "</Encrypt>",
        "<return_code>SUCCESS</return_code>",
        "<result_code>SUCCESS</result_code>",
        "<MsgType>event</MsgType>",
        "<FromUserName>o1</FromUserName>",
        "<CreateTime>9e9</CreateTime>",
        "<!--",
        "-->",
        "<?xml",
        "?>",
        "<!DOCTYPE",
        "{",
        "}",
        "[",
        "]",
        "\"openid\"",
        "\"errcode\"",
        ":",
        ",",
        "1",
        "-1",
        "null",
        "\u{feff}",
        "é",
        "\0",
        " ",
        "AAAAAAAAAAAAAAAAAAAAAA==",
    ]);
    let pieces =
        prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat().into_bytes());
    prop_oneof![pieces, prop::collection::vec(any::<u8>(), 0..400)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// A callback of noise under true signatures is read or refused, never a panic.
    #[test]
    fn no_body_panics_the_verifier(body in document(), query in "\\PC{0,60}") {
        let now = DateTime::from_timestamp(1_600_000_000, 0).unwrap();
        let address = signature(&["t", "1600000000", "n"]);
        let text = String::from_utf8_lossy(&body);
        let message = signature(&["t", "1600000000", "n", &text]);
        let plain = format!("signature={address}&timestamp=1600000000&nonce=n");
        let encrypted = format!("{plain}&encrypt_type=aes&msg_signature={message}");
        let quoted = serde_json::json!({"Encrypt": text}).to_string();
        for mode in [CallbackMode::Plain, CallbackMode::Compatible, CallbackMode::Encrypted] {
            let verifier = verifier(mode);
            drop(verifier.receive(&plain, &body, now));
            prop_assert!(verifier.receive(&encrypted, quoted.as_bytes(), now).is_err());
            prop_assert!(verifier.receive(&query, &body, now).is_err());
            prop_assert!(verifier.verify_url(&query).is_err());
        }
    }

    /// An answer of noise is never an accepted payment, and never proves a failure.
    #[test]
    fn no_answer_of_noise_is_a_payment(body in document(), status in 100_u16..600) {
        let mut response: Response = http::Response::new(body);
        *response.status_mut() = http::StatusCode::from_u16(status).unwrap();
        let send = SendRedPacket::parse(&response).unwrap_err();
        prop_assert_eq!(send.action(), PayAction::OutcomeUnknown);
        let query = QueryRedPacket::parse(&response).unwrap_err();
        prop_assert_eq!(query.action(), PayAction::OutcomeUnknown);
    }

    /// An answer of noise is never a login, a token, a follower or a code.
    #[test]
    fn no_answer_of_noise_is_a_result(body in document()) {
        let response: Response = http::Response::new(body);
        prop_assert!(ExchangeCode::parse(&response).is_err());
        prop_assert!(FetchAccessToken::parse(&response).is_err());
        prop_assert!(FetchJsTicket::parse(&response).is_err());
        prop_assert!(FetchUser::parse(&response).is_err());
        prop_assert!(ListFollowers::parse(&response).is_err());
        prop_assert!(CreateQrCode::parse(&response).is_err());
    }

    /// A return from the login page never panics.
    #[test]
    fn no_query_panics_the_login(query in "\\PC{0,200}") {
        drop(OAuthReturn::parse(&query));
    }
}
