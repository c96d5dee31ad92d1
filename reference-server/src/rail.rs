//! The ways a season can pay, and what each allows.

use reward_core::{ChannelProfile, PayoutPolicy};
use serde::{Deserialize, Serialize};

/// A way to pay.
///
/// ```
/// use reference_server::rail::Rail;
///
/// assert_eq!(Rail::of_name("transfer"), Some(Rail::Transfer));
/// assert_eq!(Rail::RedPacket.name(), "red-packet");
/// ```
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Deserialize, Serialize, clap::ValueEnum,
)]
#[serde(rename_all = "kebab-case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "a rail without its own calls and words is a packet that nobody pays"
)]
pub enum Rail {
    /// Cash red packets of WeChat Pay version 2, which lie in the account's dialogue.
    #[default]
    RedPacket,
    /// Merchant transfers of version 3, which the person confirms.
    Transfer,
}

impl Rail {
    /// Every rail.
    pub const ALL: [Self; 2] = [Self::RedPacket, Self::Transfer];

    /// The stable name, as settings, rows and metrics carry it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RedPacket => "red-packet",
            Self::Transfer => "transfer",
        }
    }

    /// The rail of this name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rail| rail.name() == name)
    }

    /// What the rail allows with every switch of the merchant's on.
    #[must_use]
    pub const fn channel(self) -> ChannelProfile {
        match self {
            Self::RedPacket => ChannelProfile::red_packet_with_scene(),
            Self::Transfer => ChannelProfile::merchant_transfer(),
        }
    }

    /// The waits and ages of payments on the rail.
    ///
    /// What was awarded before the close is paid after it, whatever the rail does meanwhile.
    #[must_use]
    pub const fn policy(self) -> PayoutPolicy {
        let published = match self {
            Self::RedPacket => PayoutPolicy::PUBLISHED,
            Self::Transfer => PayoutPolicy::CONFIRMED_BY_PERSON,
        };
        PayoutPolicy {
            attempts_by_policy: published.attempts_max,
            renew_after_close: true,
            ..published
        }
    }
}
