//! Where a transfer stands, and why it failed.

use serde::{Deserialize, Serialize};

/// Where a transfer stands.
///
/// Source: <https://pay.weixin.qq.com/doc/v3/merchant/4012716434>, read 2026-08.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum TransferState {
    /// `ACCEPTED`: taken on.
    Accepted,
    /// `PROCESSING`: the merchant's money is being locked; if it stays so, look at the balance.
    Processing,
    /// `WAIT_USER_CONFIRM`: the person has to press confirm.
    WaitUserConfirm,
    /// `TRANSFERING` (the vendor's spelling): confirmed and under way.
    Transferring,
    /// `SUCCESS`: paid; final.
    Success,
    /// `FAIL`: not paid; final. Also what 24 hours without confirmation end in, perhaps an hour late.
    Failed,
    /// `CANCELING` (the vendor's spelling): being withdrawn.
    Cancelling,
    /// `CANCELLED`: withdrawn; final.
    Cancelled,
    /// A state this version does not know, unchanged; nothing follows from it.
    Other(String),
}

impl TransferState {
    /// The state for WeChat's `state`.
    #[must_use]
    pub fn from_text(state: &str) -> Self {
        match state {
            "ACCEPTED" => Self::Accepted,
            "PROCESSING" => Self::Processing,
            "WAIT_USER_CONFIRM" => Self::WaitUserConfirm,
            "TRANSFERING" => Self::Transferring,
            "SUCCESS" => Self::Success,
            "FAIL" => Self::Failed,
            "CANCELING" => Self::Cancelling,
            "CANCELLED" => Self::Cancelled,
            other => Self::Other(other.to_owned()),
        }
    }

    /// Whether no later answer can say anything else; only then may a new number be used, and never after success.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::Success | Self::Failed | Self::Cancelled)
    }
}

/// Whose affair a failed transfer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FailClass {
    /// The person's account cannot receive: frozen, without a verified name, unknown, or under risk control.
    Person,
    /// A limit of amount or number was reached; `TRANSFER_QUOTA_EXCEED` also stands for an amount too small.
    Limit,
    /// The merchant's account, product or scene is wrong: every next transfer would fail the same way.
    Merchant,
    /// Nobody confirmed in time.
    Overdue,
    /// A reason that this table does not know.
    Unknown,
}

/// Why a transfer failed: WeChat's word, unchanged, and its class.
///
/// The vendor's list is open; the words are those of the transfer pages and of the batch interface before it.
/// Source: <https://pay.weixin.qq.com/doc/v3/merchant/4013774588>, read 2026-08.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FailReason(String);

impl FailReason {
    pub(super) fn new(text: &str) -> Self {
        Self(text.chars().take(128).collect())
    }

    /// WeChat's word, cut at 128 characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whose affair it is.
    #[must_use]
    pub fn class(&self) -> FailClass {
        match self.0.as_str() {
            "ACCOUNT_FROZEN"
            | "REAL_NAME_CHECK_FAIL"
            | "NAME_NOT_CORRECT"
            | "OPENID_INVALID"
            | "ACCOUNT_NOT_EXIST"
            | "ID_CARD_NOT_CORRECT"
            | "PAYEE_ACCOUNT_ABNORMAL"
            | "RECEIVE_ACCOUNT_NOT_PERMMIT"
            | "TRANSFER_RISK" => FailClass::Person,
            "TRANSFER_QUOTA_EXCEED"
            | "DAY_RECEIVED_QUOTA_EXCEED"
            | "MONTH_RECEIVED_QUOTA_EXCEED"
            | "DAY_RECEIVED_COUNT_EXCEED"
            | "REALNAME_ACCOUNT_RECEIVED_QUOTA_EXCEED"
            | "BLOCK_B2C_USERLIMITAMOUNT_MONTH"
            | "BLOCK_B2C_USERLIMITAMOUNT_BSRULE_MONTH" => FailClass::Limit,
            "PAYER_ACCOUNT_ABNORMAL"
            | "PRODUCT_AUTH_CHECK_FAIL"
            | "TRANSFER_SCENE_UNAVAILABLE"
            | "TRANSFER_SCENE_INVALID"
            | "TRANSFER_REMARK_SET_FAIL"
            | "RECEIVE_ACCOUNT_NOT_CONFIGURE"
            | "MERCHANT_REJECT"
            | "MERCHANT_NOT_CONFIRM" => FailClass::Merchant,
            "OVERDUE_CLOSE" => FailClass::Overdue,
            _ => FailClass::Unknown,
        }
    }
}
