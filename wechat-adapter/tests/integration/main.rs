//! One integration binary: each module states the laws of one part of `src`.
#![expect(
    clippy::unwrap_used,
    reason = "what a test needs before its first assertion fails the test"
)]

mod account_calls;
mod callback;
#[cfg(feature = "client")]
mod client;
mod credentials;
mod fund_flow;
mod message_vectors;
mod noise;
mod notification;
mod oauth;
mod official_calls;
mod push_events;
mod red_packet;
mod signature_vectors;
#[cfg(feature = "simulator")]
mod simulator_account;
#[cfg(feature = "simulator")]
mod simulator_agrees;
#[cfg(feature = "simulator")]
mod simulator_faults;
#[cfg(feature = "simulator")]
mod simulator_official;
#[cfg(feature = "simulator")]
mod simulator_pay;
#[cfg(feature = "simulator")]
mod simulator_push;
#[cfg(feature = "simulator")]
mod simulator_support;
#[cfg(feature = "simulator")]
mod simulator_transfer;
mod token_keeper;
mod transfer;
mod v3_support;
mod v3_vectors;
