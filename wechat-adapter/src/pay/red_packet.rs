//! Sending one cash red packet (`sendredpack`).

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use crate::endpoint::post_xml;
use crate::error::Unreadable;
use crate::http::{Request, Response};
use crate::id::{AppId, BillNumber, MerchantId, Nonce, OpenId};
use crate::pay::action::PayError;
use crate::pay::{Merchant, SignType, answer, sign};
use crate::xml;

/// Everything of a red packet that must never change under one order number, ready to be stored before the first sending.
///
/// A repetition differs from the first sending in its nonce and signature only;
/// the same number with another value is answered `FATAL_ERROR`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    clippy::exhaustive_structs,
    reason = "callers write it as a literal, so that a new field cannot be forgotten in a stored order"
)]
pub struct RedPacketOrder {
    /// The merchant's order number, unique for ever: the idempotency key (`mch_billno`).
    pub bill_number: BillNumber,
    /// The merchant who pays (`mch_id`).
    pub merchant_id: MerchantId,
    /// The Official Account under which `openid` is known (`wxappid`).
    pub app_id: AppId,
    /// Who is paid (`re_openid`), at most 32 characters here.
    pub openid: OpenId,
    /// How much, in fen, at least 1 (`total_amount`).
    pub amount_fen: u32,
    /// Shown as the sender, 1 to 32 bytes.
    pub send_name: String,
    /// Shown as the wish, 1 to 128 bytes.
    pub wishing: String,
    /// Name of the activity, 1 to 32 bytes (10 Han characters).
    pub act_name: String,
    /// Note, 1 to 256 bytes.
    pub remark: String,
    /// Use scene such as `PRODUCT_2` (lottery); see [`RedPacketOrder::needs_scene`].
    pub scene_id: Option<String>,
    /// IPv4 address of the sending server, listed in the merchant console.
    pub client_ip: Ipv4Addr,
}

impl RedPacketOrder {
    /// Whether an amount needs a `scene_id`, and so a permission of the merchant: below 1.00 yuan or above 200.00 yuan.
    ///
    /// Source: <https://pay.weixin.qq.com/doc/v2/merchant/4011974053>, read 2026-08.
    #[must_use]
    pub const fn needs_scene(amount_fen: u32) -> bool {
        amount_fen < 100 || amount_fen > 20_000
    }
}

/// Why an order cannot be sent to anybody.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidRedPacket {
    /// The amount is zero.
    #[error("red packet amount is 0 fen")]
    ZeroAmount,
    /// The person's identifier does not fit `re_openid`.
    #[error("openid has {length} characters, re_openid holds at most 32")]
    OpenIdTooLong {
        /// Length of the refused identifier, in characters.
        length: usize,
    },
    /// A text is empty or does not fit its field.
    #[error("{field} has {length_bytes} bytes, 1 to {maximum} are allowed")]
    TextLength {
        /// Name of the field.
        field: &'static str,
        /// Length of the refused text, in bytes.
        length_bytes: usize,
        /// Longest length allowed, in bytes.
        maximum: usize,
    },
    /// A text holds a character that the signature and the XML would carry differently.
    #[error("{field} cannot hold the character {character:?}")]
    TextCharacter {
        /// Name of the field.
        field: &'static str,
        /// The first refused character.
        character: char,
    },
}

/// The call that sends one red packet.
///
/// Sending the same order again is safe: WeChat pays an order number once.
/// Leave at least one second between two sendings of one number, and at most 24 hours before the first.
/// An accepted packet is not yet paid: it is paid when the query says received, and comes back after 24 hours otherwise.
///
/// Source: <https://pay.weixin.qq.com/doc/v2/merchant/4011974053>, read 2026-08.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendRedPacket {
    order: RedPacketOrder,
}

impl SendRedPacket {
    /// Checks that `order` fits WeChat's fields.
    ///
    /// Lengths are counted in bytes, the stricter of the two readings of WeChat's document.
    ///
    /// # Errors
    /// [`InvalidRedPacket`], by the first field that does not fit.
    pub fn new(order: RedPacketOrder) -> Result<Self, InvalidRedPacket> {
        if order.amount_fen == 0 {
            return Err(InvalidRedPacket::ZeroAmount);
        }
        let length = order.openid.as_str().len();
        if length > 32 {
            return Err(InvalidRedPacket::OpenIdTooLong { length });
        }
        check_text("send_name", &order.send_name, 32)?;
        check_text("wishing", &order.wishing, 128)?;
        check_text("act_name", &order.act_name, 32)?;
        check_text("remark", &order.remark, 256)?;
        if let Some(scene_id) = &order.scene_id {
            check_text("scene_id", scene_id, 32)?;
        }
        Ok(Self { order })
    }

    /// The order to be sent.
    #[must_use]
    pub const fn order(&self) -> &RedPacketOrder {
        &self.order
    }

    /// The signed request; `nonce` is fresh for every sending.
    #[must_use]
    pub fn request(&self, merchant: &Merchant, nonce: &Nonce) -> Request {
        let order = &self.order;
        let amount_fen = order.amount_fen.to_string();
        let client_ip = order.client_ip.to_string();
        let mut parameters = vec![
            ("nonce_str", nonce.as_str()),
            ("mch_billno", order.bill_number.as_str()),
            ("mch_id", order.merchant_id.as_str()),
            ("wxappid", order.app_id.as_str()),
            ("send_name", &order.send_name),
            ("re_openid", order.openid.as_str()),
            ("total_amount", &amount_fen),
            ("total_num", "1"),
            ("wishing", &order.wishing),
            ("client_ip", &client_ip),
            ("act_name", &order.act_name),
            ("remark", &order.remark),
        ];
        if let Some(scene_id) = &order.scene_id {
            parameters.push(("scene_id", scene_id));
        }
        let signature = sign(&parameters, merchant.key(), SignType::Md5);
        parameters.push(("sign", &signature));
        post_xml(
            merchant.endpoints().pay(),
            "/mmpaymkttransfers/sendredpack",
            xml::document(parameters),
        )
    }

    /// Reads the answer: accepted, refused, or not understood.
    ///
    /// The answer carries no signature; that it came from WeChat is known from TLS.
    ///
    /// # Errors
    /// [`PayError`]; its `action` says what to do. An answer not understood leaves the outcome unknown.
    pub fn parse(response: &Response) -> Result<AcceptedRedPacket, PayError> {
        let fields = answer::fields(response)?;
        let read = || -> Result<AcceptedRedPacket, Unreadable> {
            Ok(AcceptedRedPacket {
                bill_number: answer::required(&fields, "mch_billno")?,
                merchant_id: answer::optional(&fields, "mch_id")?,
                openid: answer::optional(&fields, "re_openid")?,
                amount_fen: answer::optional(&fields, "total_amount")?,
                wechat_number: answer::optional(&fields, "send_listid")?,
            })
        };
        read().map_err(|problem| answer::not_understood(response, problem))
    }
}

fn check_text(field: &'static str, text: &str, maximum: usize) -> Result<(), InvalidRedPacket> {
    let length_bytes = text.len();
    if length_bytes == 0 || length_bytes > maximum {
        return Err(InvalidRedPacket::TextLength {
            field,
            length_bytes,
            maximum,
        });
    }
    match text
        .chars()
        .find(|&c| c.is_control() || !xml::is_xml_character(c))
    {
        Some(character) => Err(InvalidRedPacket::TextCharacter { field, character }),
        None => Ok(()),
    }
}

/// A red packet that WeChat has taken on: not yet paid, and no longer to be sent under another number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AcceptedRedPacket {
    /// The order number that was accepted.
    pub bill_number: BillNumber,
    /// The merchant, as WeChat repeats it.
    pub merchant_id: Option<MerchantId>,
    /// Who is paid, as WeChat repeats it.
    pub openid: Option<OpenId>,
    /// How much, in fen, as WeChat repeats it.
    pub amount_fen: Option<u32>,
    /// WeChat's own number of the packet (`send_listid`).
    pub wechat_number: Option<String>,
}

impl AcceptedRedPacket {
    /// Whether everything that WeChat repeats is what `order` says.
    ///
    /// If not, the answer is evidence about some other payment and a person has to look.
    #[must_use]
    pub fn echoes(&self, order: &RedPacketOrder) -> bool {
        self.bill_number == order.bill_number
            && self
                .merchant_id
                .as_ref()
                .is_none_or(|merchant_id| *merchant_id == order.merchant_id)
            && self
                .openid
                .as_ref()
                .is_none_or(|openid| *openid == order.openid)
            && self
                .amount_fen
                .is_none_or(|amount_fen| amount_fen == order.amount_fen)
    }
}
