//! What a developer does about each `errcode` of the Official Account.

use crate::error::ApiError;

/// Why an Official Account call has no result.
pub type OfficialError = ApiError<OfficialAction>;

/// What to do after a refusal.
///
/// Source: <https://developers.weixin.qq.com/doc/oplatform/developers/errCode/errCode.html>, read 2026-08.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OfficialAction {
    /// WeChat is busy or called too often: repeat later, with back-off.
    Retry,
    /// The access token is no longer valid: drop it if it is still the one that failed, fetch, repeat once.
    RefreshToken,
    /// The web login's code or token is used up: send the person through the login again.
    RestartLogin,
    /// Final for this person: not a follower, not of this account, blocked, or not reachable now.
    PersonUnreachable,
    /// The account or its settings are wrong: stop the feature and tell an operator.
    StopAndAlarm,
    /// The day's quota is spent: stop until midnight in Beijing and tell an operator.
    QuotaSpent,
    /// Our request is wrong: a bug, repeating does not help.
    MendRequest,
    /// There is no menu (`46003`), which is an answer and no failure.
    NoMenu,
    /// A code this table does not know: repeat nothing, tell an operator.
    Unknown,
}

impl OfficialAction {
    /// The action for WeChat's `errcode`.
    #[must_use]
    pub const fn from_errcode(errcode: i64) -> Self {
        match errcode {
            -1 | 45_011 => Self::Retry,
            40_001 | 40_014 | 42_001 => Self::RefreshToken,
            40_029 | 40_030 | 40_163 | 41_008 | 42_002 | 42_003 | 42_007 => Self::RestartLogin,
            40_003 | 43_004 | 43_019 | 43_101 | 45_015 | 45_047 | 50_005 => Self::PersonUnreachable,
            40_013 | 40_125 | 40_164 | 40_243 | 41_004 | 48_001 | 48_004 | 50_001 | 50_002
            | 50_004 | 50_007 | 89_501 | 89_503 | 89_506 | 89_507 => Self::StopAndAlarm,
            45_009 | 45_028 | 48_006 => Self::QuotaSpent,
            46_003 => Self::NoMenu,
            40_007 | 40_033 | 40_035 | 40_037 | 43_001 | 43_002 | 43_003 | 44_002 | 45_008
            | 47_001 | 47_003 => Self::MendRequest,
            _ => Self::Unknown,
        }
    }
}

impl ApiError<OfficialAction> {
    /// What to do: the refusal's own action, or [`OfficialAction::Retry`] for an answer not understood.
    #[must_use]
    pub const fn action(&self) -> OfficialAction {
        match self {
            Self::Refused { action, .. } => *action,
            Self::NotAuthentic { .. } | Self::NotUnderstood { .. } => OfficialAction::Retry,
        }
    }
}
