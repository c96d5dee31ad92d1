//! A payment's numbers, and the request that it freezes at the first sending and opens again at every other.

use reward_core::Payout;
use wechat_adapter::pay::{RedPacketOrder, v3::TransferOrder};

use super::{Error, Failure, login};
use crate::{
    app::{App, Season},
    privacy::{Field, Keys},
    rail::Rail,
    store::{payments::PaymentRow, people},
};

/// A request: everything that must never change under one number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Order {
    /// A cash red packet.
    RedPacket(RedPacketOrder),
    /// A merchant transfer.
    Transfer(TransferOrder),
}

/// The row of a payment that nobody has sent yet, on the season's rail.
pub(super) fn payment(
    season: &Season,
    award: &str,
    bill_number: String,
    payout: &Payout,
) -> Result<PaymentRow, Failure> {
    Ok(PaymentRow {
        bill_number,
        award: award.to_owned(),
        attempt_number: i64::from(payout.attempt()),
        amount_fen: i64::try_from(payout.amount().get()).map_err(Failure::defect)?,
        rail: season.rail.name().to_owned(),
        request_sealed: String::new(),
        package_sealed: None,
        state: payout.state().name().to_owned(),
        due_ms: payout.due_at().map(|due| due.timestamp_millis()),
        machine: serde_json::to_string(payout).map_err(Failure::defect)?,
        version: 0,
    })
}

impl Order {
    /// The request of a payment: the frozen one, or what it would be if it left now.
    pub(super) async fn of(app: &App, row: &PaymentRow) -> Result<Self, Error> {
        if row.request_sealed.is_empty() {
            Self::new(app, row).await
        } else {
            Self::frozen(&app.keys, row)
        }
    }

    /// A request that nobody has sent yet.
    async fn new(app: &App, row: &PaymentRow) -> Result<Self, Error> {
        let award = row.award.clone();
        let person = app
            .store
            .read(move |read| Ok::<_, Error>(people::payee(read, &award)?))
            .await?;
        // One without an openid is a damage here: nobody is erased while a payment is under way.
        let openid = match login::openid(&app.keys, &person.person, &person.openid_sealed) {
            Err(Error::Refused(_erased)) => {
                return Err(Failure::Unreadable {
                    what: "person.openid",
                }
                .into());
            }
            other => other?,
        };
        let number = row.bill_number.parse().map_err(Failure::defect)?;
        let amount_fen = u32::try_from(row.amount_fen).map_err(Failure::defect)?;
        let merchant_id = app.wechat.merchant_id.clone();
        let app_id = app.wechat.official.app_id().clone();
        let unset = || Failure::defect("the payment's rail is not set up");
        Ok(match rail_of(row)? {
            Rail::RedPacket => {
                let packets = app.wechat.red_packets.as_ref().ok_or_else(unset)?;
                let wording = &packets.wording;
                Self::RedPacket(wording.order(number, merchant_id, app_id, openid, amount_fen))
            }
            Rail::Transfer => {
                let wording = app.wechat.transfers.as_ref().ok_or_else(unset)?;
                Self::Transfer(wording.order(number, merchant_id, app_id, openid, amount_fen))
            }
        })
    }

    /// The request as it is kept from the first sending on.
    pub(super) fn freeze(&self, app: &App, bill_number: &str) -> Result<String, Error> {
        let json = self.to_json()?;
        let place = Field::PaymentRequest.of(bill_number);
        Ok(app.keys.seal(&place, &json, app.entropy.as_ref())?)
    }

    /// The request that was frozen at the first sending; a repeated one differs in nonce and signature only.
    pub(super) fn frozen(keys: &Keys, row: &PaymentRow) -> Result<Self, Error> {
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

    /// Field and value of the request, for people to read: who is paid is masked.
    pub(super) fn masked(&self) -> Result<Vec<(String, String)>, Failure> {
        let json = self.to_json()?;
        let fields: serde_json::Map<String, serde_json::Value> =
            serde_json::from_slice(&json).map_err(Failure::defect)?;
        Ok(fields
            .into_iter()
            .filter(|(_name, value)| !value.is_null())
            .map(|(name, value)| {
                let text = value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned);
                let text = match name.as_str() {
                    "openid" | "name" => mask(&text),
                    _ => text,
                };
                (name, text)
            })
            .collect())
    }

    fn to_json(&self) -> Result<Vec<u8>, Failure> {
        match self {
            Self::RedPacket(order) => serde_json::to_vec(order),
            Self::Transfer(order) => serde_json::to_vec(order),
        }
        .map_err(Failure::defect)
    }
}

/// The first and last two letters of what names a person; nothing of what has few.
fn mask(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    if letters.len() < 12 {
        return "…".to_owned();
    }
    let head: String = letters.iter().take(2).collect();
    let tail: String = letters.iter().rev().take(2).rev().collect();
    format!("{head}…{tail}")
}

/// The rail a payment goes over, for ever.
pub(super) fn rail_of(row: &PaymentRow) -> Result<Rail, Failure> {
    Rail::of_name(&row.rail).ok_or(Failure::Unreadable {
        what: "payment.rail",
    })
}

/// The first order number of an award: a function of the chance alone, so that even a database
/// restored from an old copy derives the same one, and the same chance used in another city or
/// for another packet after that meets the number that was paid before.
pub(super) fn first_number(
    keys: &Keys,
    scope: &str,
    person: &str,
    kind: &str,
    friend: Option<&str>,
) -> String {
    keys.content_number(&["bill", scope, person, kind, friend.unwrap_or_default()])
}

/// The order number after one that has ended without paying; as certain as the first.
pub(super) fn next_number(keys: &Keys, bill_number: &str) -> String {
    keys.content_number(&["bill", "after", bill_number])
}
