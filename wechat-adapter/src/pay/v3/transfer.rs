//! Creating one transfer, which the person then confirms.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::http::{Request, Response};
use crate::id::{AppId, BillNumber, MerchantId};
use crate::pay::action::PayError;
use crate::pay::v3::answer;
use crate::pay::v3::credentials::{Credentials, Freshness, RequestError};
use crate::pay::v3::order::{InvalidTransfer, TransferOrder};
use crate::pay::v3::state::{FailReason, TransferState};
use crate::pay::v3::wechat_keys::WeChatKeys;

/// The call that creates a transfer; 100 a second for a merchant.
///
/// Sending the same order again is safe: WeChat makes one bill of a number, and answers with its present state.
/// Nothing is paid until the person confirms, within 24 hours.
/// The `package_info` of the answer is not given by any query: store it, or send the same order again to get it again.
///
/// Source: <https://pay.weixin.qq.com/doc/v3/merchant/4012716434>, read 2026-08.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateTransfer {
    order: TransferOrder,
}

impl CreateTransfer {
    /// Checks that `order` fits WeChat's fields; the amount window of the merchant is not known here.
    ///
    /// # Errors
    /// [`InvalidTransfer`], by the first field that does not fit.
    pub fn new(order: TransferOrder) -> Result<Self, InvalidTransfer> {
        order.check()?;
        Ok(Self { order })
    }

    /// The order to be sent.
    #[must_use]
    pub const fn order(&self) -> &TransferOrder {
        &self.order
    }

    /// The signed request; the body is the same to the byte at every sending.
    ///
    /// # Errors
    /// [`RequestError::OtherMerchant`] when the order is of another merchant; [`RequestError::NotSigned`].
    pub fn request(
        &self,
        credentials: &Credentials,
        keys: &WeChatKeys,
        freshness: &Freshness,
    ) -> Result<Request, RequestError> {
        check_merchant(&self.order.merchant_id, credentials)?;
        let serial = match &self.order.name {
            Some(name) => name.serial(),
            None => keys.preferred(),
        };
        credentials.post(
            "/v3/fund-app/mch-transfer/transfer-bills",
            &self.order.body(),
            serial,
            freshness,
        )
    }

    /// Reads the answer.
    ///
    /// # Errors
    /// [`PayError`]; its `action` says what to do. None of them proves that the transfer will not be paid.
    pub fn parse(
        response: &Response,
        keys: &WeChatKeys,
        now: DateTime<Utc>,
    ) -> Result<CreatedTransfer, PayError> {
        answer::read(response, keys, now, |fields| {
            Ok(CreatedTransfer {
                bill_number: fields.required("out_bill_no")?,
                transfer_number: fields.required_text("transfer_bill_no")?.to_owned(),
                state: TransferState::from_text(fields.required_text("state")?),
                created_at: fields.instant("create_time")?,
                fail_reason: fields.text("fail_reason").map(FailReason::new),
                package_info: fields.text("package_info").map(str::to_owned),
            })
        })
    }
}

pub(super) fn check_merchant(
    order: &MerchantId,
    credentials: &Credentials,
) -> Result<(), RequestError> {
    if order == credentials.merchant_id() {
        Ok(())
    } else {
        Err(RequestError::OtherMerchant {
            order: order.clone(),
            credentials: credentials.merchant_id().clone(),
        })
    }
}

/// A transfer that WeChat has taken on: not yet paid, and no longer to be sent under another number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CreatedTransfer {
    /// The order number.
    pub bill_number: BillNumber,
    /// WeChat's own number (`transfer_bill_no`).
    pub transfer_number: String,
    /// Where it stands.
    pub state: TransferState,
    /// When it was created.
    pub created_at: Option<DateTime<Utc>>,
    /// Why it failed, if it has.
    pub fail_reason: Option<FailReason>,
    /// What the confirm page needs; only while the person has to confirm. Never decode or re-encode it.
    pub package_info: Option<String>,
}

impl CreatedTransfer {
    /// What the person's page gives to `requestMerchantTransfer`, while there is something to confirm.
    #[must_use]
    pub fn confirm_call(&self, order: &TransferOrder) -> Option<ConfirmCall> {
        let package = self.package_info.clone()?;
        Some(ConfirmCall::new(order, package))
    }
}

/// The arguments of the script call that opens the confirm page, in the names that it expects.
///
/// In a page inside WeChat: `WeixinJSBridge.invoke('requestMerchantTransfer', call, …)`, after
/// `wx.checkJsApi({jsApiList: ['requestMerchantTransfer']})`; in a mini program `wx.requestMerchantTransfer(call)`.
/// `ok` means that the page was shown, not that anything was paid.
/// It must be the person of the order who opens it, within 24 hours.
///
/// Source: <https://pay.weixin.qq.com/doc/v3/merchant/4012716434>, read 2026-08.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ConfirmCall {
    /// The merchant.
    pub mch_id: MerchantId,
    /// The account of the order.
    pub app_id: AppId,
    /// `package_info` as it came.
    pub package: String,
}

impl ConfirmCall {
    /// The call for an order, with the stored `package_info`.
    #[must_use]
    pub fn new(order: &TransferOrder, package_info: String) -> Self {
        Self {
            mch_id: order.merchant_id.clone(),
            app_id: order.app_id.clone(),
            package: package_info,
        }
    }
}
