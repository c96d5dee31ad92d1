//! The endpoints the simulator answers, by name and path.

use serde::{Deserialize, Serialize};

/// What a request asks for; also what a fault rule can be limited to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Operation {
    /// `POST /cgi-bin/stable_token`.
    StableToken,
    /// `GET /cgi-bin/token`.
    Token,
    /// `GET /cgi-bin/ticket/getticket`.
    JsTicket,
    /// `GET /cgi-bin/user/info`.
    UserInfo,
    /// `GET /cgi-bin/user/get`.
    UserList,
    /// `POST /cgi-bin/user/info/batchget`.
    UserBatch,
    /// `POST /cgi-bin/message/custom/send`.
    SendCustomerMessage,
    /// `POST /cgi-bin/message/template/send`.
    SendTemplate,
    /// `POST /cgi-bin/message/subscribe/bizsend`.
    SendNotice,
    /// `POST /cgi-bin/message/mass/sendall`.
    SendToEveryone,
    /// `POST /cgi-bin/menu/create`.
    CreateMenu,
    /// `GET /cgi-bin/menu/get`.
    FetchMenu,
    /// `GET /cgi-bin/menu/delete`.
    DeleteMenu,
    /// `GET /cgi-bin/getcallbackip`.
    CallbackAddresses,
    /// `POST /cgi-bin/openapi/quota/get`.
    QueryQuota,
    /// `POST /cgi-bin/openapi/rid/get`.
    ExplainRequest,
    /// `POST /cgi-bin/clear_quota`.
    ClearQuota,
    /// `POST /cgi-bin/clear_quota/v2`.
    ClearQuotaBySecret,
    /// `POST /cgi-bin/qrcode/create`.
    CreateQrCode,
    /// `GET /cgi-bin/showqrcode`.
    ShowQrCode,
    /// `GET /connect/oauth2/authorize`.
    Authorize,
    /// `GET /sns/oauth2/access_token`.
    ExchangeCode,
    /// `GET /sns/oauth2/refresh_token`.
    RenewGrant,
    /// `GET /sns/auth`.
    CheckGrant,
    /// `GET /sns/userinfo`.
    Profile,
    /// `POST /mmpaymkttransfers/sendredpack`.
    SendRedPacket,
    /// `POST /mmpaymkttransfers/gethbinfo`.
    QueryRedPacket,
    /// `POST /v3/fund-app/mch-transfer/transfer-bills`.
    CreateTransfer,
    /// `GET /v3/fund-app/mch-transfer/transfer-bills/…`, by either number.
    QueryTransfer,
    /// `POST /v3/fund-app/mch-transfer/transfer-bills/out-bill-no/{out_bill_no}/cancel`.
    CancelTransfer,
    /// `GET /v3/certificates`.
    Certificates,
    /// `POST /v3/security/echo`.
    SecurityEcho,
    /// `GET /v3/bill/fundflowbill`.
    FundFlowBill,
    /// `GET /v3/billdownload/file`.
    DownloadBill,
    /// A notification from WeChat Pay that a transfer ended.
    TransferNotice,
    /// A push from WeChat to the application.
    Callback,
}

impl Operation {
    pub(super) fn of_path(path: &str) -> Option<Self> {
        Some(match path {
            "/cgi-bin/stable_token" => Self::StableToken,
            "/cgi-bin/token" => Self::Token,
            "/cgi-bin/ticket/getticket" => Self::JsTicket,
            "/cgi-bin/user/info" => Self::UserInfo,
            "/cgi-bin/user/get" => Self::UserList,
            "/cgi-bin/user/info/batchget" => Self::UserBatch,
            "/cgi-bin/message/custom/send" => Self::SendCustomerMessage,
            "/cgi-bin/message/template/send" => Self::SendTemplate,
            "/cgi-bin/message/subscribe/bizsend" => Self::SendNotice,
            "/cgi-bin/message/mass/sendall" => Self::SendToEveryone,
            "/cgi-bin/menu/create" => Self::CreateMenu,
            "/cgi-bin/menu/get" => Self::FetchMenu,
            "/cgi-bin/menu/delete" => Self::DeleteMenu,
            "/cgi-bin/getcallbackip" => Self::CallbackAddresses,
            "/cgi-bin/openapi/quota/get" => Self::QueryQuota,
            "/cgi-bin/openapi/rid/get" => Self::ExplainRequest,
            "/cgi-bin/clear_quota" => Self::ClearQuota,
            "/cgi-bin/clear_quota/v2" => Self::ClearQuotaBySecret,
            "/cgi-bin/qrcode/create" => Self::CreateQrCode,
            "/cgi-bin/showqrcode" => Self::ShowQrCode,
            "/connect/oauth2/authorize" => Self::Authorize,
            "/sns/oauth2/access_token" => Self::ExchangeCode,
            "/sns/oauth2/refresh_token" => Self::RenewGrant,
            "/sns/auth" => Self::CheckGrant,
            "/sns/userinfo" => Self::Profile,
            "/mmpaymkttransfers/sendredpack" => Self::SendRedPacket,
            "/mmpaymkttransfers/gethbinfo" => Self::QueryRedPacket,
            "/v3/certificates" => Self::Certificates,
            "/v3/security/echo" => Self::SecurityEcho,
            "/v3/bill/fundflowbill" => Self::FundFlowBill,
            "/v3/billdownload/file" => Self::DownloadBill,
            _ => {
                return Self::of_transfer(
                    path.strip_prefix("/v3/fund-app/mch-transfer/transfer-bills")?,
                );
            }
        })
    }

    fn of_transfer(rest: &str) -> Option<Self> {
        let parts: Vec<&str> = rest.split('/').collect();
        match parts.as_slice() {
            [""] => Some(Self::CreateTransfer),
            ["", "out-bill-no" | "transfer-bill-no", _] => Some(Self::QueryTransfer),
            ["", "out-bill-no", _, "cancel"] => Some(Self::CancelTransfer),
            _ => None,
        }
    }

    /// Whether the operation is signed as version 3 of WeChat Pay asks.
    #[must_use]
    pub const fn is_v3(self) -> bool {
        matches!(
            self,
            Self::CreateTransfer
                | Self::QueryTransfer
                | Self::CancelTransfer
                | Self::Certificates
                | Self::SecurityEcho
                | Self::FundFlowBill
                | Self::DownloadBill
        )
    }

    /// Whether the operation belongs to WeChat Pay V2.
    #[must_use]
    pub const fn is_pay(self) -> bool {
        matches!(self, Self::SendRedPacket | Self::QueryRedPacket)
    }

    /// Whether the application calls the operation from its server and reads an `errcode`.
    #[must_use]
    pub const fn is_official(self) -> bool {
        self.needs_access_token()
            || matches!(
                self,
                Self::StableToken
                    | Self::Token
                    | Self::ClearQuotaBySecret
                    | Self::ExchangeCode
                    | Self::RenewGrant
                    | Self::CheckGrant
                    | Self::Profile
            )
    }

    /// Whether the operation needs an access token of the account.
    pub(super) const fn needs_access_token(self) -> bool {
        matches!(
            self,
            Self::JsTicket
                | Self::UserInfo
                | Self::UserList
                | Self::UserBatch
                | Self::CreateQrCode
                | Self::SendCustomerMessage
                | Self::SendTemplate
                | Self::SendNotice
                | Self::SendToEveryone
                | Self::CreateMenu
                | Self::FetchMenu
                | Self::DeleteMenu
                | Self::CallbackAddresses
                | Self::QueryQuota
                | Self::ExplainRequest
                | Self::ClearQuota
        )
    }

    pub(super) const fn is_post(self) -> bool {
        matches!(
            self,
            Self::StableToken
                | Self::UserBatch
                | Self::CreateQrCode
                | Self::SendCustomerMessage
                | Self::SendTemplate
                | Self::SendNotice
                | Self::SendToEveryone
                | Self::CreateMenu
                | Self::QueryQuota
                | Self::ExplainRequest
                | Self::ClearQuota
                | Self::ClearQuotaBySecret
                | Self::SendRedPacket
                | Self::QueryRedPacket
                | Self::CreateTransfer
                | Self::CancelTransfer
                | Self::SecurityEcho
        )
    }

    /// How often a day the operation may be called; source: the platform's table of call limits.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the table lists the limited ones"
    )]
    pub(super) const fn calls_per_day(self) -> Option<u32> {
        match self {
            Self::Token => Some(2_000),
            Self::UserInfo => Some(5_000_000),
            Self::UserList => Some(500),
            Self::CreateQrCode | Self::SendTemplate => Some(100_000),
            Self::SendCustomerMessage => Some(500_000),
            Self::CreateMenu | Self::DeleteMenu => Some(1_000),
            Self::FetchMenu => Some(10_000),
            Self::SendToEveryone => Some(100),
            _ => None,
        }
    }
}
