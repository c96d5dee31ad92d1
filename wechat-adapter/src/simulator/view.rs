//! What the host sees of the simulated people and their packets.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::calendar::{rfc3339, rfc3339_option};

/// A person to create.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "the host writes it field by field, with `..NewPerson::default()` for the rest"
)]
pub struct NewPerson {
    /// What the host calls the person; WeChat itself never tells it.
    pub name: String,
    /// The openid under this account; generated (`o` and 27 characters) when `None`.
    pub openid: Option<String>,
    /// Whether the person only ever looks at the snapshot of a page: OAuth then answers `is_snapshotuser`.
    pub snapshot_user: bool,
}

impl NewPerson {
    /// An ordinary person called `name` with a generated openid.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..Self::default()
        }
    }
}

/// A person as WeChat knows them, with what they see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PersonView {
    /// The openid under this account.
    pub openid: String,
    /// What the host calls the person.
    pub name: String,
    /// Whether the person follows the account now.
    pub following: bool,
    /// When the person last followed.
    #[serde(serialize_with = "rfc3339_option")]
    pub followed_at: Option<DateTime<Utc>>,
    /// The scene of the QR code the person last followed through.
    pub follow_scene: Option<String>,
    /// Whether OAuth answers `is_snapshotuser` for the person.
    pub snapshot_user: bool,
    /// Every red packet ever sent to the person, oldest first.
    pub packets: Vec<PacketView>,
    /// The last messages between the person and the account, oldest first; at most 50.
    pub dialogue: Vec<Message>,
}

/// An item of the account's menu as a phone draws it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MenuButton {
    /// What it says.
    pub name: String,
    /// The page it opens.
    pub url: Option<String>,
    /// The key it pushes.
    pub key: Option<String>,
    /// The items it opens up; at most five.
    pub below: Vec<Self>,
}

/// A red packet as its receiver sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PacketView {
    /// The merchant's number of the packet.
    pub bill_number: String,
    /// Who it was sent to.
    pub openid: String,
    /// The amount in fen.
    pub amount_fen: u64,
    /// Where it is.
    pub state: PacketState,
    /// Who it comes from, as shown.
    pub send_name: String,
    /// The wish on the envelope.
    pub wishing: String,
    /// When it reached the person.
    #[serde(serialize_with = "rfc3339_option")]
    pub sent_at: Option<DateTime<Utc>>,
    /// When the person opened it.
    #[serde(serialize_with = "rfc3339_option")]
    pub opened_at: Option<DateTime<Utc>>,
}

/// Where a red packet is; the serialised names are those `gethbinfo` answers with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub enum PacketState {
    /// Accepted, not delivered yet; the money is reserved.
    #[serde(rename = "SENDING")]
    Sending,
    /// Delivered, not opened.
    #[serde(rename = "SENT")]
    Sent,
    /// Opened: the person has the money. Final.
    #[serde(rename = "RECEIVED")]
    Received,
    /// Not delivered; the merchant has the money back. Final.
    #[serde(rename = "FAILED")]
    Failed,
    /// Not opened within 24 hours; the money is on its way back.
    #[serde(rename = "RFUND_ING")]
    Refunding,
    /// The merchant has the money back. Final.
    #[serde(rename = "REFUND")]
    Refunded,
}

impl PacketState {
    /// The name on the wire.
    #[must_use]
    pub const fn as_wire(self) -> &'static str {
        match self {
            Self::Sending => "SENDING",
            Self::Sent => "SENT",
            Self::Received => "RECEIVED",
            Self::Failed => "FAILED",
            Self::Refunding => "RFUND_ING",
            Self::Refunded => "REFUND",
        }
    }

    /// Whether the state never changes again.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Received | Self::Failed | Self::Refunded)
    }
}

/// One line of the dialogue between a person and the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Message {
    /// When it appeared.
    #[serde(serialize_with = "rfc3339")]
    pub at: DateTime<Utc>,
    /// What it is.
    #[serde(flatten)]
    pub content: MessageContent,
}

/// What a line of the dialogue says and who says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum MessageContent {
    /// The person wrote to the account.
    FromPerson {
        /// What was written.
        text: String,
    },
    /// The account answered with text.
    FromAccount {
        /// What was answered.
        text: String,
    },
    /// The account answered with something that is not text.
    FromAccountOther {
        /// The `MsgType` of the answer.
        message_type: String,
    },
    /// A template message or a subscription notice.
    Notice {
        /// The template.
        template_id: String,
        /// The value of each of its fields.
        fields: BTreeMap<String, String>,
    },
    /// A red packet lies in the dialogue.
    RedPacket {
        /// The packet's number, to open it with.
        bill_number: String,
        /// Who it comes from, as shown.
        send_name: String,
        /// The wish on the envelope.
        wishing: String,
    },
    /// WeChat's own notice that the account did not answer properly.
    ServiceUnavailable,
}
