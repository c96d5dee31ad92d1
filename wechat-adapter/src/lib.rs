#![doc = include_str!("../README.md")]
#![warn(
    clippy::arithmetic_side_effects,
    clippy::exhaustive_enums,
    clippy::exhaustive_structs,
    clippy::expect_used,
    clippy::float_arithmetic,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::wildcard_enum_match_arm
)]

mod http;

#[cfg(feature = "simulator")]
pub mod simulator;

pub use crate::http::{HttpClient, Request, Response, SendFuture, TransportError};
