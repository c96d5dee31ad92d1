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

#[cfg(feature = "client")]
mod client;
mod endpoint;
mod error;
mod http;
mod id;
pub mod official;
pub mod pay;
mod secret;
mod xml;

#[cfg(feature = "simulator")]
pub mod simulator;

#[cfg(feature = "client")]
pub use crate::client::{ClientError, WeChatHttp};
pub use crate::endpoint::{BaseUrl, Endpoints, InvalidBaseUrl};
pub use crate::error::{ApiError, Unreadable};
pub use crate::http::{HttpClient, Request, Response, SendFuture, TransportError};
pub use crate::id::{
    AppId, AuthorizationCode, BillNumber, InvalidId, MerchantId, Nonce, OpenId, SceneStr,
};
pub use crate::secret::{InvalidSecret, Secret};
