//! Any bytes as a push, in clear, under a true signature.
#![no_main]

use chrono::DateTime;
use libfuzzer_sys::fuzz_target;
use wechat_adapter::official::{CallbackMode, CallbackVerifier, signature};
use wechat_adapter::{AppId, Secret};

fuzz_target!(|body: &[u8]| {
    let key = Secret::new("A".repeat(43)).unwrap();
    let now = DateTime::from_timestamp(1_600_000_000, 0).unwrap();
    let address = signature(&["t", "1600000000", "n"]);
    let query = format!("signature={address}&timestamp=1600000000&nonce=n&msg_signature=0");
    for mode in [
        CallbackMode::Plain,
        CallbackMode::Compatible,
        CallbackMode::Encrypted,
    ] {
        let app = AppId::new("wx1").unwrap();
        let token = Secret::new("t").unwrap();
        let verifier = CallbackVerifier::new(app, token, Some(&key), mode).unwrap();
        let received = verifier.receive(&query, body, now);
        if let Ok(push) = received {
            assert_ne!(mode, CallbackMode::Encrypted);
            assert_eq!(push.dedup_key.len(), 64);
            assert!(!push.encrypted);
        }
    }
});
