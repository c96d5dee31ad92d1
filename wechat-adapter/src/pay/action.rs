//! What a merchant does about each code of WeChat Pay, version 2 and version 3.

use crate::error::ApiError;

/// Why a WeChat Pay call has no result.
pub type PayError = ApiError<PayAction>;

/// What to do after a refusal; the order number is kept in every case unless the variant says otherwise.
///
/// No variant proves on its own that a number will never pay: that is proved by a later query.
/// The code is the only input, never the sentence beside it.
///
/// Source: the error table of <https://pay.weixin.qq.com/doc/v2/merchant/4011974053>, read 2026-08.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PayAction {
    /// `SYSTEMERROR`: no definite result; repeat the identical order after at least one second, with back-off.
    RepeatSameNumber,
    /// `PROCESSING`: accepted and running; go by a query after about 20 minutes.
    QueryLater,
    /// A code this table does not know, or none: as [`PayAction::RepeatSameNumber`], and tell an operator.
    OutcomeUnknown,
    /// `FREQ_LIMIT`, `SECOND_OVER_LIMITED`: not executed; slow down and repeat the same number later.
    SlowDown,
    /// `SENDNUM_LIMIT`: the person has had today's number of packets; try again on another day.
    PersonDayLimit,
    /// `DAY_OVER_LIMITED`: the merchant's amount of the day is spent; try again on another day.
    MerchantDayLimit,
    /// `NOTENOUGH`: the merchant's balance is too low; pause every payout until topped up, then the same numbers.
    PauseForBalance,
    /// `CA_ERROR`: the client certificate is missing or expired; pause every payout.
    PauseForCertificate,
    /// `SIGN_ERROR`, `XML_ERROR`, `PARAM_ERROR`, `ILLEGAL_APPID`, `MSGAPPID_ERROR`, `ACCEPTMODE_ERROR`: our request is
    /// wrong and was not executed; pause every payout until it is mended.
    PauseForRequest,
    /// `MONEY_LIMIT`, `AMOUNT_LIMIT`: the amount is outside what this merchant may send; pause, never round.
    PauseForAmount,
    /// `SEND_FAILED`: this order has failed; after a query confirms it a new number is allowed.
    OrderFailed,
    /// `NO_AUTH`: risk control declined the person, or the merchant lacks the product if it hits many in a row.
    PersonRefused,
    /// `V2_ACCOUNT_SIMPLE_BAN`: the person's account has no verified name; payable once it has.
    PersonUnverified,
    /// `OPENID_ERROR`: the person is not one of this account's; our data is wrong.
    PersonUnknown,
    /// `FATAL_ERROR`: the number exists with other parameters; freeze the order, query it, tell an operator.
    FreezeOrder,
    /// `NOT_FOUND` of a query: not visible yet or never landed; not a failure.
    NotVisible,
    /// `NO_AUTH`, `RULE_LIMIT` of version 3: product, scene, account or sending address is not enabled; pause every payout.
    PauseForPermission,
    /// `INVALID_REQUEST` of version 3: this order cannot be executed as it stands (amount window, daily limit, label, person);
    /// look, and use a new number only after a query says failed.
    OrderInvalid,
}

impl PayAction {
    /// The action for WeChat's `err_code`; blanks are dropped, as old documents print one inside a code.
    #[must_use]
    pub fn from_err_code(err_code: &str) -> Self {
        let code: String = err_code.chars().filter(|c| !c.is_whitespace()).collect();
        match code.as_str() {
            "SYSTEMERROR" => Self::RepeatSameNumber,
            "PROCESSING" => Self::QueryLater,
            "FREQ_LIMIT" | "SECOND_OVER_LIMITED" => Self::SlowDown,
            "SENDNUM_LIMIT" => Self::PersonDayLimit,
            "DAY_OVER_LIMITED" => Self::MerchantDayLimit,
            "NOTENOUGH" => Self::PauseForBalance,
            "CA_ERROR" => Self::PauseForCertificate,
            "SIGN_ERROR" | "XML_ERROR" | "PARAM_ERROR" | "ILLEGAL_APPID" | "MSGAPPID_ERROR"
            | "ACCEPTMODE_ERROR" => Self::PauseForRequest,
            "MONEY_LIMIT" | "AMOUNT_LIMIT" => Self::PauseForAmount,
            "SEND_FAILED" => Self::OrderFailed,
            "NO_AUTH" => Self::PersonRefused,
            "V2_ACCOUNT_SIMPLE_BAN" => Self::PersonUnverified,
            "OPENID_ERROR" => Self::PersonUnknown,
            "FATAL_ERROR" => Self::FreezeOrder,
            "NOT_FOUND" => Self::NotVisible,
            _ => Self::OutcomeUnknown,
        }
    }

    /// The action for a refusal of version 3: its HTTP status and its `code`.
    ///
    /// Source: the error table of <https://pay.weixin.qq.com/doc/v3/merchant/4012716434>, read 2026-08;
    /// the vendor's list is open, and asks never to change the number because of a code it does not hold.
    #[must_use]
    pub fn from_v3(status: u16, code: &str) -> Self {
        match code {
            _ if status >= 500 => Self::RepeatSameNumber,
            "SYSTEM_ERROR" | "SYSTEMERROR" => Self::RepeatSameNumber,
            "FREQUENCY_LIMITED" | "FREQUENCY_LIMIT_EXCEED" | "RATELIMIT_EXCEEDED" => Self::SlowDown,
            _ if status == 429 => Self::SlowDown,
            "NOT_ENOUGH" => Self::PauseForBalance,
            "NO_AUTH" | "RULE_LIMIT" | "APPID_MCHID_NOT_MATCH" | "MCH_NOT_EXISTS" => {
                Self::PauseForPermission
            }
            "INVALID_REQUEST" => Self::OrderInvalid,
            "PARAM_ERROR" | "SIGN_ERROR" => Self::PauseForRequest,
            "ALREADY_EXISTS" => Self::FreezeOrder,
            "NOT_FOUND" | "RESOURCE_NOT_EXISTS" => Self::NotVisible,
            _ => Self::OutcomeUnknown,
        }
    }

    /// Whether the next order would meet the same refusal, so that all payouts stop until a person has acted.
    #[must_use]
    pub const fn pauses_every_payout(self) -> bool {
        matches!(
            self,
            Self::PauseForBalance
                | Self::PauseForCertificate
                | Self::PauseForRequest
                | Self::PauseForAmount
                | Self::PauseForPermission
        )
    }
}

impl ApiError<PayAction> {
    /// What to do: the refusal's own action, or [`PayAction::OutcomeUnknown`] for an answer not understood.
    #[must_use]
    pub const fn action(&self) -> PayAction {
        match self {
            Self::Refused { action, .. } => *action,
            Self::NotAuthentic { .. } | Self::NotUnderstood { .. } => PayAction::OutcomeUnknown,
        }
    }
}
