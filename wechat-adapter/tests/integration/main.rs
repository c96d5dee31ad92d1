//! One integration binary: each module states the laws of one part of `src`.

mod callback;
#[cfg(feature = "client")]
mod client;
mod credentials;
mod message_vectors;
mod noise;
mod oauth;
mod official_calls;
mod red_packet;
mod signature_vectors;
