//! Asking what became of one transfer, and withdrawing one that nobody has confirmed.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::endpoint::percent_encoded;
use crate::error::Unreadable;
use crate::http::{Request, Response};
use crate::id::{AppId, BillNumber, MerchantId, OpenId};
use crate::pay::action::PayError;
use crate::pay::v3::answer::{self, Object};
use crate::pay::v3::credentials::{Credentials, Freshness, RequestError};
use crate::pay::v3::order::TransferOrder;
use crate::pay::v3::state::{FailReason, TransferState};
use crate::pay::v3::transfer::check_merchant;
use crate::pay::v3::wechat_keys::WeChatKeys;

const BY_OUR_NUMBER: &str = "/v3/fund-app/mch-transfer/transfer-bills/out-bill-no/";
const BY_THEIR_NUMBER: &str = "/v3/fund-app/mch-transfer/transfer-bills/transfer-bill-no/";

/// The call that asks for one transfer; it reaches back 30 days, 100 a second for a merchant.
///
/// A `NOT_FOUND` proves nothing: send the same order again.
///
/// Sources: <https://pay.weixin.qq.com/doc/v3/partner/4015469131> (our number),
/// <https://pay.weixin.qq.com/doc/v3/merchant/4012716457> (WeChat's), read 2026-08.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryTransfer {
    path: String,
    merchant_id: MerchantId,
}

impl QueryTransfer {
    /// A question by our order number.
    #[must_use]
    pub fn by_bill_number(bill_number: &BillNumber, merchant_id: MerchantId) -> Self {
        Self {
            path: format!("{BY_OUR_NUMBER}{bill_number}"),
            merchant_id,
        }
    }

    /// A question by WeChat's number, cut at 64 characters.
    #[must_use]
    pub fn by_transfer_number(transfer_number: &str, merchant_id: MerchantId) -> Self {
        let number: String = transfer_number.chars().take(64).collect();
        Self {
            path: format!("{BY_THEIR_NUMBER}{}", percent_encoded(&number)),
            merchant_id,
        }
    }

    /// A question for the number and merchant of `order`.
    #[must_use]
    pub fn of(order: &TransferOrder) -> Self {
        Self::by_bill_number(&order.bill_number, order.merchant_id.clone())
    }

    /// The signed request.
    ///
    /// # Errors
    /// [`RequestError::OtherMerchant`] under credentials of another merchant; [`RequestError::NotSigned`].
    pub fn request(
        &self,
        credentials: &Credentials,
        keys: &WeChatKeys,
        freshness: &Freshness,
    ) -> Result<Request, RequestError> {
        check_merchant(&self.merchant_id, credentials)?;
        credentials.get(&self.path, &[], keys, freshness)
    }

    /// Reads the answer.
    ///
    /// # Errors
    /// [`PayError`].
    pub fn parse(
        response: &Response,
        keys: &WeChatKeys,
        now: DateTime<Utc>,
    ) -> Result<TransferRecord, PayError> {
        answer::read(response, keys, now, TransferRecord::read)
    }
}

/// What WeChat says about one transfer, asked or unasked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TransferRecord {
    /// The order number.
    pub bill_number: BillNumber,
    /// WeChat's own number.
    pub transfer_number: Option<String>,
    /// The merchant.
    pub merchant_id: Option<MerchantId>,
    /// The account; notifications leave it out.
    pub app_id: Option<AppId>,
    /// Where the transfer stands.
    pub state: TransferState,
    /// How much, in fen.
    pub amount_fen: u32,
    /// Who is paid.
    pub openid: Option<OpenId>,
    /// Why it failed, if it has.
    pub fail_reason: Option<FailReason>,
    /// When it was created.
    pub created_at: Option<DateTime<Utc>>,
    /// When it last changed.
    pub updated_at: Option<DateTime<Utc>>,
}

impl TransferRecord {
    pub(super) fn read(fields: &Object) -> Result<Self, Unreadable> {
        let amount_fen = fields
            .fen("transfer_amount")?
            .ok_or(Unreadable::MissingField {
                field: "transfer_amount",
            })?;
        // The query writes `mch_id`; other pages of the same vendor write `mchid`.
        let merchant_id = match fields.parsed("mch_id")? {
            Some(merchant_id) => Some(merchant_id),
            None => fields.parsed("mchid")?,
        };
        Ok(Self {
            bill_number: fields.required("out_bill_no")?,
            transfer_number: fields.text("transfer_bill_no").map(str::to_owned),
            merchant_id,
            app_id: fields.parsed("appid")?,
            state: TransferState::from_text(fields.required_text("state")?),
            amount_fen,
            openid: fields.parsed("openid")?,
            fail_reason: fields.text("fail_reason").map(FailReason::new),
            created_at: fields.instant("create_time")?,
            updated_at: fields.instant("update_time")?,
        })
    }

    /// Whether everything that WeChat repeats is what `order` says.
    ///
    /// If not, the record is evidence about some other payment and a person has to look.
    #[must_use]
    pub fn echoes(&self, order: &TransferOrder) -> bool {
        self.bill_number == order.bill_number
            && self.amount_fen == order.amount_fen
            && self
                .merchant_id
                .as_ref()
                .is_none_or(|merchant_id| *merchant_id == order.merchant_id)
            && self
                .app_id
                .as_ref()
                .is_none_or(|app_id| *app_id == order.app_id)
            && self
                .openid
                .as_ref()
                .is_none_or(|openid| *openid == order.openid)
    }
}

/// The call that withdraws a transfer before the person has confirmed it.
///
/// It works in the background: `CANCELING` is not yet final, and a person who confirms meanwhile is paid. Query after it.
///
/// Source: <https://pay.weixin.qq.com/doc/v3/merchant/4012716458>, read 2026-08.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelTransfer {
    bill_number: BillNumber,
    merchant_id: MerchantId,
}

impl CancelTransfer {
    /// A withdrawal of the number of `order`.
    #[must_use]
    pub fn of(order: &TransferOrder) -> Self {
        Self {
            bill_number: order.bill_number.clone(),
            merchant_id: order.merchant_id.clone(),
        }
    }

    /// The signed request; its body is empty.
    ///
    /// # Errors
    /// [`RequestError::OtherMerchant`] under credentials of another merchant; [`RequestError::NotSigned`].
    pub fn request(
        &self,
        credentials: &Credentials,
        keys: &WeChatKeys,
        freshness: &Freshness,
    ) -> Result<Request, RequestError> {
        check_merchant(&self.merchant_id, credentials)?;
        credentials.post(
            &format!("{BY_OUR_NUMBER}{}/cancel", self.bill_number),
            &serde_json::Value::Null,
            keys.preferred(),
            freshness,
        )
    }

    /// Reads the answer.
    ///
    /// # Errors
    /// [`PayError`].
    pub fn parse(
        response: &Response,
        keys: &WeChatKeys,
        now: DateTime<Utc>,
    ) -> Result<Cancellation, PayError> {
        answer::read(response, keys, now, |fields| {
            Ok(Cancellation {
                bill_number: fields.required("out_bill_no")?,
                transfer_number: fields.text("transfer_bill_no").map(str::to_owned),
                state: TransferState::from_text(fields.required_text("state")?),
                updated_at: fields.instant("update_time")?,
            })
        })
    }
}

/// What a withdrawal has come to so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Cancellation {
    /// The order number.
    pub bill_number: BillNumber,
    /// WeChat's own number.
    pub transfer_number: Option<String>,
    /// `CANCELING` or `CANCELLED`.
    pub state: TransferState,
    /// When it last changed.
    pub updated_at: Option<DateTime<Utc>>,
}
