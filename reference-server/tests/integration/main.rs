//! One integration binary: each module states the laws of one file of `src`.
#![expect(
    clippy::unwrap_used,
    reason = "what a test builds on must be there; the lint only spares the test functions themselves"
)]

mod app;
mod bill;
mod contest;
mod crash;
mod engine;
mod fleet;
mod office;
mod races;
mod season;
mod store;
mod tidy;
mod timetable;
mod verify;
mod web;
