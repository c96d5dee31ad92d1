//! Laws of reward-core, one module per source file.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod channel;
mod city_file;
mod closing;
mod commitment;
mod divisions;
mod entitlement_table;
#[cfg(feature = "exact-reference")]
mod exactness;
#[cfg(feature = "folk-laws")]
mod folk;
mod ledger;
#[cfg(feature = "metrics")]
mod metrics;
mod online;
mod other_language;
mod pacing;
mod payout_laws;
mod payout_states;
mod payout_table;
mod payout_world;
mod plan;
mod proof;
mod reconcile_table;
mod rules;
mod sampling;
mod split;
mod taking;
