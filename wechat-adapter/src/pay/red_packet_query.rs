//! Asking what became of one cash red packet (`gethbinfo`).

use chrono::{DateTime, FixedOffset, NaiveDateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::endpoint::post_xml;
use crate::error::Unreadable;
use crate::http::{Request, Response};
use crate::id::{AppId, BillNumber, MerchantId, Nonce, OpenId};
use crate::pay::action::PayError;
use crate::pay::{Merchant, RedPacketOrder, SignType, answer, sign};
use crate::xml::{self, Element};

/// Asia/Shanghai, which has had no summer time since 1991.
const CHINA_STANDARD_TIME_SECONDS: i32 = 8 * 3_600;

/// The call that asks for the state of one order number; it reaches back 30 days.
///
/// There is no notification for red packets: this query is the only evidence of payment.
///
/// Source: <https://pay.weixin.qq.com/doc/v2/partner/4011983160>, read 2026-08.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryRedPacket {
    bill_number: BillNumber,
    merchant_id: MerchantId,
    app_id: AppId,
}

impl QueryRedPacket {
    /// A query for one order number of one merchant.
    #[must_use]
    pub const fn new(bill_number: BillNumber, merchant_id: MerchantId, app_id: AppId) -> Self {
        Self {
            bill_number,
            merchant_id,
            app_id,
        }
    }

    /// A query for the number, merchant and account of `order`.
    #[must_use]
    pub fn of(order: &RedPacketOrder) -> Self {
        Self::new(
            order.bill_number.clone(),
            order.merchant_id.clone(),
            order.app_id.clone(),
        )
    }

    /// The signed request; `nonce` is fresh for every sending.
    #[must_use]
    pub fn request(&self, merchant: &Merchant, nonce: &Nonce) -> Request {
        let mut parameters = vec![
            ("nonce_str", nonce.as_str()),
            ("mch_billno", self.bill_number.as_str()),
            ("mch_id", self.merchant_id.as_str()),
            ("appid", self.app_id.as_str()),
            ("bill_type", "MCHT"),
        ];
        let signature = sign(&parameters, merchant.key(), SignType::Md5);
        parameters.push(("sign", &signature));
        post_xml(
            merchant.endpoints().pay(),
            "/mmpaymkttransfers/gethbinfo",
            xml::document(parameters),
        )
    }

    /// Reads the answer.
    ///
    /// # Errors
    /// [`PayError`]; a `NOT_FOUND` is a refusal with [`PayAction::NotVisible`](crate::pay::PayAction::NotVisible)
    /// and proves nothing on its own.
    pub fn parse(response: &Response) -> Result<RedPacketRecord, PayError> {
        let fields = answer::fields(response)?;
        record(&fields).map_err(|problem| answer::not_understood(response, problem))
    }
}

fn record(fields: &Element) -> Result<RedPacketRecord, Unreadable> {
    let status = answer::required::<String>(fields, "status")?;
    let receipts = fields
        .child("hblist")
        .map(|list| list.children_named("hbinfo").map(receipt).collect())
        .transpose()?
        .unwrap_or_default();
    Ok(RedPacketRecord {
        bill_number: answer::required(fields, "mch_billno")?,
        merchant_id: answer::optional(fields, "mch_id")?,
        wechat_number: answer::optional(fields, "detail_id")?,
        state: RedPacketState::from_status(&status),
        amount_fen: answer::required(fields, "total_amount")?,
        reason: answer::optional(fields, "reason")?,
        sent_at: instant(fields, "send_time")?,
        refunded_at: instant(fields, "refund_time")?,
        refunded_fen: answer::optional(fields, "refund_amount")?,
        receipts,
    })
}

fn receipt(fields: &Element) -> Result<RedPacketReceipt, Unreadable> {
    Ok(RedPacketReceipt {
        openid: answer::required(fields, "openid")?,
        amount_fen: answer::required(fields, "amount")?,
        received_at: instant(fields, "rcv_time")?,
    })
}

/// Beijing wall-clock time as `yyyy-MM-dd HH:mm:ss`, if the field is there and not empty.
fn instant(fields: &Element, name: &'static str) -> Result<Option<DateTime<Utc>>, Unreadable> {
    let Some(text) = fields
        .text_of(name)
        .map(str::trim)
        .filter(|t| !t.is_empty())
    else {
        return Ok(None);
    };
    let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S")
        .map_err(|_| Unreadable::invalid(name, text))?;
    let zone = FixedOffset::east_opt(CHINA_STANDARD_TIME_SECONDS);
    zone.and_then(|zone| local.and_local_timezone(zone).single())
        .map(|instant| Some(instant.to_utc()))
        .ok_or_else(|| Unreadable::invalid(name, text))
}

/// Where a red packet stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum RedPacketState {
    /// `SENDING`: on its way, up to about a day; keep the money reserved.
    Sending,
    /// `SENT`: delivered and not yet opened.
    Sent,
    /// `RECEIVED`: opened; final.
    Received,
    /// `FAILED`: never delivered; final.
    Failed,
    /// `RFUND_ING` (the vendor's spelling): on its way back.
    Refunding,
    /// `REFUND`: came back; final.
    Refunded,
    /// A state this version does not know, unchanged; nothing follows from it.
    Other(String),
}

impl RedPacketState {
    /// The state for WeChat's `status`.
    #[must_use]
    pub fn from_status(status: &str) -> Self {
        match status {
            "SENDING" => Self::Sending,
            "SENT" => Self::Sent,
            "RECEIVED" => Self::Received,
            "FAILED" => Self::Failed,
            "RFUND_ING" => Self::Refunding,
            "REFUND" => Self::Refunded,
            other => Self::Other(other.to_owned()),
        }
    }

    /// Whether no later query can say anything else.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::Received | Self::Failed | Self::Refunded)
    }
}

/// What WeChat knows about one order number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RedPacketRecord {
    /// The order number asked for.
    pub bill_number: BillNumber,
    /// The merchant, as WeChat repeats it.
    pub merchant_id: Option<MerchantId>,
    /// WeChat's own number of the packet (`detail_id`).
    pub wechat_number: Option<String>,
    /// Where the packet stands.
    pub state: RedPacketState,
    /// How much was sent, in fen.
    pub amount_fen: u32,
    /// Why it failed or waits, for people.
    pub reason: Option<String>,
    /// When it was sent.
    pub sent_at: Option<DateTime<Utc>>,
    /// When it came back.
    pub refunded_at: Option<DateTime<Utc>>,
    /// How much came back, in fen.
    pub refunded_fen: Option<u32>,
    /// Who opened it; may be empty although the packet was received.
    pub receipts: Vec<RedPacketReceipt>,
}

impl RedPacketRecord {
    /// Whether everything that WeChat repeats is what `order` says.
    #[must_use]
    pub fn echoes(&self, order: &RedPacketOrder) -> bool {
        self.bill_number == order.bill_number
            && self.amount_fen == order.amount_fen
            && self
                .merchant_id
                .as_ref()
                .is_none_or(|merchant_id| *merchant_id == order.merchant_id)
            && self
                .receipts
                .iter()
                .all(|receipt| receipt.openid == order.openid)
    }
}

/// One opening of a packet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RedPacketReceipt {
    /// Who opened it.
    pub openid: OpenId,
    /// How much they got, in fen.
    pub amount_fen: u32,
    /// When; WeChat sometimes leaves it out.
    pub received_at: Option<DateTime<Utc>>,
}
