//! Why the simulator refuses what its host asks for.

use super::transfer_bill::TransferStage;
use super::view::PacketState;

/// A precondition of a simulator call that did not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SimulatorError {
    /// The merchant key must be 32 ASCII characters.
    #[error("merchant key must be 32 ASCII characters, not {bytes} bytes")]
    MerchantKeyLength {
        /// The length found, in bytes.
        bytes: usize,
    },
    /// The callback address must be absolute and without a fragment.
    #[error("callback address is not an absolute URL: {url:?}")]
    InvalidCallbackUrl {
        /// The address found.
        url: String,
    },
    /// The `EncodingAESKey` must be 43 base64 characters.
    #[error("EncodingAESKey must be 43 base64 characters, not these {characters}")]
    InvalidEncodingAesKey {
        /// The number of characters found.
        characters: usize,
    },
    /// A key of version 3 cannot be used.
    #[error("{key} of the transfer setup is not usable")]
    InvalidTransferKey {
        /// Which key.
        key: &'static str,
    },
    /// No transfer has this `package_info`: it was altered on its way, or made up.
    #[error("no transfer has this package")]
    UnknownPackage,
    /// Only a transfer that waits for the person can be confirmed, and only within 24 hours.
    #[error("transfer {bill_number:?} cannot be confirmed: it is {stage:?}")]
    TransferNotConfirmable {
        /// The transfer's bill number.
        bill_number: String,
        /// The stage it is in.
        stage: TransferStage,
    },
    /// Nobody has this openid.
    #[error("nobody has the openid {openid:?}")]
    UnknownPerson {
        /// The openid asked for.
        openid: String,
    },
    /// The openid belongs to somebody already.
    #[error("the openid {openid:?} is taken")]
    OpenidTaken {
        /// The openid asked for.
        openid: String,
    },
    /// An openid is 1..=32 characters of `[0-9A-Za-z_-]`.
    #[error("not an openid: {openid:?}")]
    InvalidOpenid {
        /// The text found.
        openid: String,
    },
    /// Only a follower can write to the account.
    #[error("{openid:?} does not follow the account")]
    NotFollowing {
        /// The person's openid.
        openid: String,
    },
    /// The QR code's ticket has expired.
    #[error("the QR code of scene {scene:?} has expired")]
    ExpiredQrCode {
        /// The scene the ticket was made for.
        scene: String,
    },
    /// The account's menu has no such item.
    #[error("the menu has no item {item:?}")]
    UnknownMenuItem {
        /// The key, address or name that was pressed.
        item: String,
    },
    /// What was scanned is no ticket, no address and no scene.
    #[error("nothing to scan in {scanned:?}")]
    UnknownQrCode {
        /// The text that was scanned.
        scanned: String,
    },
    /// No packet has this number.
    #[error("no packet has the bill number {bill_number:?}")]
    UnknownPacket {
        /// The bill number asked for.
        bill_number: String,
    },
    /// The packet was sent to another person.
    #[error("packet {bill_number:?} was not sent to {openid:?}")]
    PacketOfAnotherPerson {
        /// The packet's bill number.
        bill_number: String,
        /// Who tried to open it.
        openid: String,
    },
    /// Only a packet that lies unopened in the dialogue can be opened.
    #[error("packet {bill_number:?} cannot be opened: it is {state:?}")]
    PacketNotOpenable {
        /// The packet's bill number.
        bill_number: String,
        /// The state it is in.
        state: PacketState,
    },
}
