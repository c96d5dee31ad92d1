//! Everything of a transfer that must never change under one number.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::id::{AppId, BillNumber, MerchantId, OpenId};
use crate::pay::v3::sealed_name::SealedName;

/// How the person meets the money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ReceiveStyle {
    /// `CONFIRM_PAGE`: a page with a button; what WeChat does when nothing is said.
    ConfirmPage,
    /// `RED_PACKET`: the same step in the dress of a red packet, up to 200.00 yuan.
    RedPacket,
}

/// One pair that tells WeChat what a transfer is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    clippy::exhaustive_structs,
    reason = "the two fields are the whole pair"
)]
pub struct SceneReport {
    /// What is reported, 1 to 15 characters (`info_type`).
    pub info_type: String,
    /// The report, 1 to 32 characters (`info_content`).
    pub info_content: String,
}

/// The scene of a transfer, applied for with WeChat, and its reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    clippy::exhaustive_structs,
    reason = "callers write it as a literal, as part of a stored order"
)]
pub struct TransferScene {
    /// The number of the scene, 1 to 36 digits; 1000 is cash marketing (`transfer_scene_id`).
    pub id: String,
    /// What the person sees it called (`user_recv_perception`); scene 1000 allows `活动奖励` and `现金奖励`.
    pub perception: Option<String>,
    /// The reports; scene 1000 wants exactly `活动名称` and `奖励说明`, each once.
    pub reports: Vec<SceneReport>,
}

impl TransferScene {
    /// The number of the scene of cash marketing.
    pub const CASH_MARKETING: &'static str = "1000";

    /// The scene of cash marketing with its two reports: the activity's name, and what the reward is for.
    #[must_use]
    pub fn cash_marketing(activity: impl Into<String>, reward: impl Into<String>) -> Self {
        let report = |info_type: &str, info_content: String| SceneReport {
            info_type: info_type.to_owned(),
            info_content,
        };
        Self {
            id: Self::CASH_MARKETING.to_owned(),
            perception: None,
            reports: vec![
                report("活动名称", activity.into()),
                report("奖励说明", reward.into()),
            ],
        }
    }
}

/// Everything of a transfer that must never change under one order number, ready to be stored before the first sending.
///
/// A repetition differs from the first sending in its headers only; the body is the same to the byte.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    clippy::exhaustive_structs,
    reason = "callers write it as a literal, so that a new field cannot be forgotten in a stored order"
)]
pub struct TransferOrder {
    /// The merchant's order number, unique for ever: the idempotency key (`out_bill_no`).
    pub bill_number: BillNumber,
    /// The merchant who pays; not in the body, but in the signature.
    pub merchant_id: MerchantId,
    /// The account under which `openid` is known, bound to the merchant (`appid`).
    pub app_id: AppId,
    /// Who is paid (`openid`).
    pub openid: OpenId,
    /// How much, in fen, at least 1 (`transfer_amount`).
    pub amount_fen: u32,
    /// Shown to the person, 1 to 32 characters (`transfer_remark`).
    pub remark: String,
    /// What it is for.
    pub scene: TransferScene,
    /// The person's name, which WeChat demands from 2,000.00 yuan on (`user_name`).
    pub name: Option<SealedName>,
    /// Where the result is sent: `https`, at most 256 characters, no query (`notify_url`).
    pub notify_url: Option<String>,
    /// How the person meets the money; nothing leaves it to WeChat (`user_recv_style`).
    pub style: Option<ReceiveStyle>,
}

/// Why an order cannot be sent to anybody.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidTransfer {
    /// The amount is zero.
    #[error("transfer amount is 0 fen")]
    ZeroAmount,
    /// The amount is one for which WeChat demands the person's name.
    #[error("transfer of {amount_fen} fen needs the name of the person")]
    NameMissing {
        /// The amount, in fen.
        amount_fen: u32,
    },
    /// The amount is too large for the dress of a red packet.
    #[error("transfer of {amount_fen} fen is too large to look like a red packet")]
    TooLargeForRedPacket {
        /// The amount, in fen.
        amount_fen: u32,
    },
    /// A text is empty or does not fit its field.
    #[error("{field} has {characters} characters, 1 to {maximum} are allowed")]
    TextLength {
        /// Name of the field.
        field: &'static str,
        /// Length of the refused text, in characters.
        characters: usize,
        /// Longest length allowed, in characters.
        maximum: usize,
    },
    /// A text holds a control character, or one beyond the three bytes that version 3 carries.
    #[error("{field} cannot hold the character {character:?}")]
    TextCharacter {
        /// Name of the field.
        field: &'static str,
        /// The first refused character.
        character: char,
    },
    /// The address of notifications is not `https`, or has a query or a fragment.
    #[error("notify_url is not an https address without query")]
    NotifyUrl,
    /// The reports are not the two that cash marketing wants.
    #[error("scene 1000 wants the reports 活动名称 and 奖励说明, each once")]
    Reports,
    /// The perception is none of the two that cash marketing allows.
    #[error("scene 1000 does not know the perception {perception:?}")]
    Perception {
        /// The refused text.
        perception: String,
    },
}

impl TransferOrder {
    /// From this amount on, in fen, the person's name must be given.
    pub const NAME_REQUIRED_FROM_FEN: u32 = 200_000;
    /// The largest amount, in fen, that may look like a red packet.
    pub const RED_PACKET_MAX_FEN: u32 = 20_000;

    pub(super) fn check(&self) -> Result<(), InvalidTransfer> {
        let amount_fen = self.amount_fen;
        if amount_fen == 0 {
            return Err(InvalidTransfer::ZeroAmount);
        }
        if amount_fen >= Self::NAME_REQUIRED_FROM_FEN && self.name.is_none() {
            return Err(InvalidTransfer::NameMissing { amount_fen });
        }
        if self.style == Some(ReceiveStyle::RedPacket) && amount_fen > Self::RED_PACKET_MAX_FEN {
            return Err(InvalidTransfer::TooLargeForRedPacket { amount_fen });
        }
        check_text("transfer_remark", &self.remark, 32)?;
        if let Some(url) = &self.notify_url {
            check_text("notify_url", url, 256)?;
            let bare = url.starts_with("https://") && !url.contains(['?', '#']);
            if !bare || url.parse::<http::Uri>().is_err() {
                return Err(InvalidTransfer::NotifyUrl);
            }
        }
        self.scene.check()
    }

    /// The body, in an order of fields that never changes.
    pub(super) fn body(&self) -> Value {
        let reports: Vec<Value> = self
            .scene
            .reports
            .iter()
            .map(|report| json!({"info_type": report.info_type, "info_content": report.info_content}))
            .collect();
        let mut body = Map::new();
        let mut put = |name: &str, value: Value| drop(body.insert(name.to_owned(), value));
        put("appid", self.app_id.as_str().into());
        put("out_bill_no", self.bill_number.as_str().into());
        put("transfer_scene_id", self.scene.id.as_str().into());
        put("openid", self.openid.as_str().into());
        put("transfer_amount", self.amount_fen.into());
        put("transfer_remark", self.remark.as_str().into());
        put("transfer_scene_report_infos", reports.into());
        if let Some(name) = &self.name {
            put("user_name", name.ciphertext().into());
        }
        if let Some(url) = &self.notify_url {
            put("notify_url", url.as_str().into());
        }
        if let Some(perception) = &self.scene.perception {
            put("user_recv_perception", perception.as_str().into());
        }
        if let Some(style) = self.style {
            let kind = match style {
                ReceiveStyle::ConfirmPage => "CONFIRM_PAGE",
                ReceiveStyle::RedPacket => "RED_PACKET",
            };
            put("user_recv_style", json!({"type": kind}));
        }
        Value::Object(body)
    }
}

impl TransferScene {
    fn check(&self) -> Result<(), InvalidTransfer> {
        check_text("transfer_scene_id", &self.id, 36)?;
        for report in &self.reports {
            check_text("info_type", &report.info_type, 15)?;
            check_text("info_content", &report.info_content, 32)?;
        }
        if let Some(perception) = &self.perception {
            check_text("user_recv_perception", perception, 32)?;
        }
        if self.id != Self::CASH_MARKETING {
            return Ok(());
        }
        let mut types: Vec<&str> = self.reports.iter().map(|r| r.info_type.as_str()).collect();
        types.sort_unstable();
        if types != ["奖励说明", "活动名称"] {
            return Err(InvalidTransfer::Reports);
        }
        match self.perception.as_deref() {
            None | Some("活动奖励" | "现金奖励") => Ok(()),
            Some(perception) => Err(InvalidTransfer::Perception {
                perception: perception.to_owned(),
            }),
        }
    }
}

/// Version 3 carries characters of one to three bytes of UTF-8 only.
///
/// Source: <https://pay.weixin.qq.com/wiki/doc/api_external/en/wechatpay/wechatpay2_0.shtml>, "character set", read 2026-08.
fn check_text(field: &'static str, text: &str, maximum: usize) -> Result<(), InvalidTransfer> {
    let characters = text.chars().count();
    if characters == 0 || characters > maximum {
        return Err(InvalidTransfer::TextLength {
            field,
            characters,
            maximum,
        });
    }
    match text.chars().find(|&c| c.is_control() || c.len_utf8() > 3) {
        Some(character) => Err(InvalidTransfer::TextCharacter { field, character }),
        None => Ok(()),
    }
}
