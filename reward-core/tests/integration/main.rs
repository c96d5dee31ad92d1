//! Laws of reward-core, one module per source file.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod channel;
mod commitment;
mod entitlement_table;
mod ledger;
mod pacing;
mod payout_laws;
mod payout_states;
mod payout_table;
mod payout_world;
mod plan;
mod rules;
mod sampling;
mod split;
mod taking;
