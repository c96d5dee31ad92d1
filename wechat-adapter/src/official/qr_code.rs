//! QR codes with a parameter, which tell where a follower came from.

use std::num::NonZeroU32;

use serde_json::json;

use crate::endpoint::{Endpoints, address, post_json};
use crate::error::Unreadable;
use crate::http::{Request, Response};
use crate::id::SceneStr;
use crate::official::Official;
use crate::official::action::OfficialError;
use crate::official::answer::Answer;
use crate::secret::Secret;

/// The call that makes a QR code with a text or a number in it; 100,000 a day.
///
/// Source: <https://developers.weixin.qq.com/doc/service/api/qrcode/qrcodes/api_createqrcode.html>, read 2026-08.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a code lives for a time or for ever"
)]
pub enum CreateQrCode {
    /// A code that dies: one per inviter.
    Temporary {
        /// The parameter.
        scene: SceneStr,
        /// How long it lives, in seconds; sent as 1 to 2,592,000 (30 days), the nearest that WeChat allows.
        lifetime_seconds: u32,
    },
    /// A code for ever, of which an account has 100,000 in all: one per district.
    Permanent {
        /// The parameter.
        scene: SceneStr,
    },
    /// A code that dies, with a number.
    TemporaryNumber {
        /// The parameter; not zero.
        scene: NonZeroU32,
        /// How long it lives, in seconds; sent as 1 to 2,592,000 (30 days), the nearest that WeChat allows.
        lifetime_seconds: u32,
    },
    /// A code for ever, with a number.
    PermanentNumber {
        /// The parameter.
        scene: PermanentScene,
    },
}

/// The number of a permanent QR code, 1 to 100,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PermanentScene(u32);

/// A number that is not a [`PermanentScene`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{scene} is not a number of a permanent code, 1 to 100000")]
#[non_exhaustive]
pub struct InvalidPermanentScene {
    /// The refused number.
    pub scene: u32,
}

impl PermanentScene {
    /// Checks `scene`.
    ///
    /// # Errors
    /// [`InvalidPermanentScene`] outside 1 to 100,000.
    pub const fn new(scene: u32) -> Result<Self, InvalidPermanentScene> {
        if scene == 0 || scene > 100_000 {
            return Err(InvalidPermanentScene { scene });
        }
        Ok(Self(scene))
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl CreateQrCode {
    /// The longest life of a temporary code, in seconds: 30 days.
    pub const MAX_LIFETIME_SECONDS: u32 = 2_592_000;

    /// The request; its address contains the token and is not to be logged.
    #[must_use]
    pub fn request(&self, official: &Official, access_token: &Secret) -> Request {
        let body = match self {
            Self::Temporary {
                scene,
                lifetime_seconds,
            } => json!({
                "expire_seconds": (*lifetime_seconds).clamp(1, Self::MAX_LIFETIME_SECONDS),
                "action_name": "QR_STR_SCENE",
                "action_info": {"scene": {"scene_str": scene.as_str()}},
            }),
            Self::Permanent { scene } => json!({
                "action_name": "QR_LIMIT_STR_SCENE",
                "action_info": {"scene": {"scene_str": scene.as_str()}},
            }),
            Self::TemporaryNumber {
                scene,
                lifetime_seconds,
            } => json!({
                "expire_seconds": (*lifetime_seconds).clamp(1, Self::MAX_LIFETIME_SECONDS),
                "action_name": "QR_SCENE",
                "action_info": {"scene": {"scene_id": scene.get()}},
            }),
            Self::PermanentNumber { scene } => json!({
                "action_name": "QR_LIMIT_SCENE",
                "action_info": {"scene": {"scene_id": scene.get()}},
            }),
        };
        post_json(
            official.endpoints().official(),
            "/cgi-bin/qrcode/create",
            &[("access_token", access_token.expose())],
            &body,
        )
    }

    /// Reads the answer.
    ///
    /// # Errors
    /// [`OfficialError`].
    pub fn parse(response: &Response) -> Result<QrTicket, OfficialError> {
        Answer::read(response, |answer| {
            let lifetime_seconds = match answer.integer("expire_seconds")? {
                None | Some(0) => None,
                Some(seconds) => Some(
                    u32::try_from(seconds)
                        .map_err(|_| Unreadable::invalid("expire_seconds", &seconds.to_string()))?,
                ),
            };
            let ticket = answer.required_text("ticket")?;
            if ticket.len() > QrTicket::MAX_TICKET_BYTES {
                return Err(Unreadable::invalid("ticket", ticket));
            }
            Ok(QrTicket {
                ticket: ticket.to_owned(),
                lifetime_seconds,
                url: answer.required_text("url")?.to_owned(),
            })
        })
    }
}

/// A QR code that WeChat made.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct QrTicket {
    /// The ticket, by which WeChat's picture is found.
    pub ticket: String,
    /// How long the code lives, in seconds; absent for a permanent one.
    pub lifetime_seconds: Option<u32>,
    /// What the code says: draw the picture from this, without another call.
    pub url: String,
}

impl QrTicket {
    /// The longest ticket accepted, in bytes.
    pub const MAX_TICKET_BYTES: usize = 1_024;

    /// The address of WeChat's picture of the code, which needs no token.
    #[must_use]
    pub fn image_url(&self, endpoints: &Endpoints) -> String {
        address(
            endpoints.mp(),
            "/cgi-bin/showqrcode",
            &[("ticket", &self.ticket)],
        )
    }
}
