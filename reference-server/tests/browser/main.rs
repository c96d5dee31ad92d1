//! The pages in a real browser: Debian's Chromium, without a screen.
//!
//! Nothing is checked, and this is said, on a machine without a browser; where `CI` is
//! set there must be one. Pictures of the screens are kept in `tmp/screens` of the
//! build's folder, for a person to look at.
#![expect(
    clippy::unwrap_used,
    reason = "what a test builds on must be there; the lint only spares the test functions themselves"
)]

mod axe;
mod bank;
mod bank_draft;
mod chromium;
mod contest;
mod desk;
mod errors;
mod finance;
mod injection;
mod journeys;
mod network;
mod newcomer;
mod pages;
mod phases;
mod phone;
mod publishing;
mod quiz;
mod settings;
mod transfers;
mod weak_network;
