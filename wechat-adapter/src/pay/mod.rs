//! WeChat Pay as a merchant uses it: the cash red packet (version 2), the merchant transfer (version 3), what each rail can pay,
//! and what each refusal asks for.

mod action;
mod answer;
mod capability;
mod red_packet;
mod red_packet_query;
mod signature;
pub mod v3;

use crate::endpoint::Endpoints;
use crate::secret::Secret;

pub use action::{PayAction, PayError};
pub use capability::PayoutCapability;
pub use red_packet::{AcceptedRedPacket, InvalidRedPacket, RedPacketOrder, SendRedPacket};
pub use red_packet_query::{QueryRedPacket, RedPacketReceipt, RedPacketRecord, RedPacketState};
pub use signature::{SignType, sign};

/// What a merchant needs to sign and address a call; the client certificate belongs to the [`HttpClient`](crate::HttpClient).
///
/// Who pays (merchant number and account) is part of each order, so that an order repeated after a change of
/// configuration is the same order or is refused for its signature, never a second payment.
#[derive(Debug, Clone)]
pub struct Merchant {
    key: Secret,
    endpoints: Endpoints,
}

impl Merchant {
    /// A merchant with its key of version 2 (32 characters, set in the merchant console).
    #[must_use]
    pub const fn new(key: Secret, endpoints: Endpoints) -> Self {
        Self { key, endpoints }
    }

    /// The key of version 2.
    #[must_use]
    pub const fn key(&self) -> &Secret {
        &self.key
    }

    /// Where the calls go.
    #[must_use]
    pub const fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }
}
