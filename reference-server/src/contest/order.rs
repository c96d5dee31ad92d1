//! The request that a payment freezes with its award, and opens again at every sending.

use reward_core::Payout;
use wechat_adapter::{
    OpenId,
    pay::{RedPacketOrder, v3::TransferOrder},
};

use super::{Error, Failure};
use crate::{
    app::{App, Season, WeChat},
    entropy::Entropy,
    privacy::{Field, Keys},
    rail::Rail,
    store::payments::PaymentRow,
};

/// A frozen request: everything that must never change under one number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Order {
    /// A cash red packet.
    RedPacket(RedPacketOrder),
    /// A merchant transfer.
    Transfer(TransferOrder),
}

/// What a frozen request is made with.
pub(super) struct Issuer<'a> {
    pub(super) season: &'a Season,
    pub(super) wechat: &'a WeChat,
    pub(super) keys: &'a Keys,
    pub(super) entropy: &'a dyn Entropy,
}

impl<'a> Issuer<'a> {
    pub(super) fn of(app: &'a App) -> Self {
        Self {
            season: &app.season,
            wechat: &app.wechat,
            keys: &app.keys,
            entropy: app.entropy.as_ref(),
        }
    }

    /// The row of a payment that nobody has sent yet: its number, and its request on the season's rail.
    pub(super) fn payment(
        &self,
        award: &str,
        payout: &Payout,
        openid: OpenId,
    ) -> Result<PaymentRow, Error> {
        let bill_number = bill_number(self.keys, award, payout.attempt());
        let amount_fen = payout.amount().get();
        let order = self.order(&bill_number, openid, amount_fen)?;
        let request_sealed = self.keys.seal(
            &Field::PaymentRequest.of(&bill_number),
            &order.to_json()?,
            self.entropy,
        )?;
        Ok(PaymentRow {
            bill_number,
            award: award.to_owned(),
            attempt_number: i64::from(payout.attempt()),
            amount_fen: i64::try_from(amount_fen).map_err(Failure::defect)?,
            rail: self.season.rail.name().to_owned(),
            request_sealed,
            package_sealed: None,
            state: payout.state().name().to_owned(),
            due_ms: payout.due_at().map(|due| due.timestamp_millis()),
            machine: serde_json::to_string(payout).map_err(Failure::defect)?,
            version: 0,
        })
    }

    fn order(&self, bill_number: &str, openid: OpenId, amount_fen: u64) -> Result<Order, Error> {
        let number = bill_number.parse().map_err(Failure::defect)?;
        let amount_fen = u32::try_from(amount_fen)
            .map_err(|_error| Failure::defect("an amount is beyond WeChat's range"))?;
        let merchant_id = self.wechat.merchant_id.clone();
        let app_id = self.wechat.official.app_id().clone();
        let unset = || Failure::defect("the season's rail is not set up");
        Ok(match self.season.rail {
            Rail::RedPacket => {
                let packets = self.wechat.red_packets.as_ref().ok_or_else(unset)?;
                let wording = &packets.wording;
                Order::RedPacket(wording.order(number, merchant_id, app_id, openid, amount_fen))
            }
            Rail::Transfer => {
                let wording = self.wechat.transfers.as_ref().ok_or_else(unset)?;
                Order::Transfer(wording.order(number, merchant_id, app_id, openid, amount_fen))
            }
        })
    }
}

impl Order {
    /// The request that was sealed with the award; a repeated sending differs in nonce and signature only.
    pub(super) fn open(keys: &Keys, row: &PaymentRow) -> Result<Self, Error> {
        let unreadable = || Failure::Unreadable {
            what: "payment.request",
        };
        let plain = keys
            .open(
                &Field::PaymentRequest.of(&row.bill_number),
                &row.request_sealed,
            )
            .map_err(|_unsealable| unreadable())?;
        let order = match rail_of(row)? {
            Rail::RedPacket => serde_json::from_slice(&plain).map(Self::RedPacket),
            Rail::Transfer => serde_json::from_slice(&plain).map(Self::Transfer),
        };
        Ok(order.map_err(|_error| unreadable())?)
    }

    /// Who is paid.
    pub(super) fn openid(&self) -> &OpenId {
        match self {
            Self::RedPacket(order) => &order.openid,
            Self::Transfer(order) => &order.openid,
        }
    }

    fn to_json(&self) -> Result<Vec<u8>, Failure> {
        match self {
            Self::RedPacket(order) => serde_json::to_vec(order),
            Self::Transfer(order) => serde_json::to_vec(order),
        }
        .map_err(Failure::defect)
    }
}

/// The rail a payment goes over, for ever.
pub(super) fn rail_of(row: &PaymentRow) -> Result<Rail, Failure> {
    Rail::of_name(&row.rail).ok_or(Failure::Unreadable {
        what: "payment.rail",
    })
}

/// The order number of an award's payment: a function of its content, so that even a
/// database restored from an old copy derives the same one.
///
/// The award's number follows from the chance alone, so the same chance used in another
/// city after such a restore meets the number that was paid before.
fn bill_number(keys: &Keys, award: &str, attempt_number: u8) -> String {
    keys.content_number(&["bill", award, &attempt_number.to_string()])
}
