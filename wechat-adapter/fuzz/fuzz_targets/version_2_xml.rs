//! Any bytes as the answer to a red packet or its query: noise is never a payment and never proves a failure.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wechat_adapter::pay::{PayAction, PayError, QueryRedPacket, SendRedPacket};

fuzz_target!(|body: &[u8]| {
    let answer = http::Response::new(body.to_vec());
    if let Err(error @ PayError::NotUnderstood { .. }) = SendRedPacket::parse(&answer) {
        assert_eq!(error.action(), PayAction::OutcomeUnknown);
    }
    drop(QueryRedPacket::parse(&answer));
});
