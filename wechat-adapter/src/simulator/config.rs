//! What the host decides about the simulated WeChat: the account, the merchant, the channel's limits, the seed.

use std::fmt::{self, Debug, Formatter};

use serde::{Deserialize, Serialize};

use super::error::SimulatorError;
use super::seal::AesKey;
use super::v3_setup::TransferSetup;

/// Everything that defines one simulated WeChat.
///
/// The secrets are those the application under test is configured with; the simulator checks against them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    clippy::exhaustive_structs,
    reason = "the host writes it field by field; a new field must be decided by every host"
)]
pub struct SimulatorConfig {
    /// The Official Account's appid.
    pub app_id: String,
    /// The Official Account's secret.
    pub app_secret: String,
    /// The token that signs callbacks.
    pub callback_token: String,
    /// The 43 characters of the `EncodingAESKey`, which every mode but the plain one needs.
    pub encoding_aes_key: Option<String>,
    /// Whether pushes are encrypted.
    pub push_mode: PushMode,
    /// The notation of pushes.
    pub push_body: PushBody,
    /// The absolute address callbacks are posted to.
    pub callback_url: String,
    /// The merchant's number.
    pub merchant_id: String,
    /// The merchant's V2 API key, 32 characters.
    pub merchant_key: String,
    /// The path before every endpoint, for example `/simulator/wechat`, or empty.
    pub path_prefix: String,
    /// Scheme and authority citizens reach the simulator at, without a slash at the end; used in QR addresses.
    pub public_base: String,
    /// The only host that may receive OAuth codes; `None` accepts every host.
    pub web_auth_domain: Option<String>,
    /// The merchant's money at the start, in fen.
    pub balance_fen: u64,
    /// What the red packet channel allows.
    pub channel: ChannelLimits,
    /// Keys and limits of version 3; without them its endpoints do not exist.
    pub transfers: Option<TransferSetup>,
    /// Decides every generated identifier and every fault drawn by chance.
    pub seed: u64,
}

impl SimulatorConfig {
    /// An `EncodingAESKey` for rehearsals, one of those whose last character carries bits that mean nothing.
    pub const REHEARSAL_AES_KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";

    /// A complete configuration for a simulator at `public_base` whose callbacks go to `callback_url`.
    ///
    /// Plain callbacks, 1,000,000 yuan of balance, the default limits, path prefix `/simulator/wechat`, seed 1.
    /// The secrets are published here and protect nothing: they are for rehearsals on one machine.
    #[must_use]
    pub fn rehearsal(public_base: &str, callback_url: &str) -> Self {
        Self {
            app_id: "wx5a1f0c3d7e9b2468".to_owned(),
            app_secret: "5f1e2d3c4b5a69788796a5b4c3d2e1f0".to_owned(),
            callback_token: "rehearsal".to_owned(),
            encoding_aes_key: None,
            push_mode: PushMode::Plain,
            push_body: PushBody::Xml,
            callback_url: callback_url.to_owned(),
            merchant_id: "1900000109".to_owned(),
            merchant_key: "0123456789abcdef0123456789abcdef".to_owned(),
            path_prefix: "/simulator/wechat".to_owned(),
            public_base: public_base.to_owned(),
            web_auth_domain: None,
            balance_fen: 100_000_000,
            channel: ChannelLimits::default(),
            transfers: Some(TransferSetup::rehearsal()),
            seed: 1,
        }
    }

    pub(super) fn check(&self) -> Result<Option<AesKey>, SimulatorError> {
        if self.merchant_key.len() != 32 || !self.merchant_key.is_ascii() {
            return Err(SimulatorError::MerchantKeyLength {
                bytes: self.merchant_key.len(),
            });
        }
        let absolute = self
            .callback_url
            .parse::<::http::Uri>()
            .is_ok_and(|uri| uri.scheme().is_some() && uri.authority().is_some());
        if !absolute || self.callback_url.contains('#') {
            return Err(SimulatorError::InvalidCallbackUrl {
                url: self.callback_url.clone(),
            });
        }
        match &self.encoding_aes_key {
            None if self.push_mode == PushMode::Plain => Ok(None),
            None => Err(SimulatorError::InvalidEncodingAesKey { characters: 0 }),
            Some(text) => {
                AesKey::decode(text)
                    .map(Some)
                    .ok_or(SimulatorError::InvalidEncodingAesKey {
                        characters: text.chars().count(),
                    })
            }
        }
    }
}

impl Debug for SimulatorConfig {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SimulatorConfig")
            .field("app_id", &self.app_id)
            .field("merchant_id", &self.merchant_id)
            .field("callback_url", &self.callback_url)
            .field("push_mode", &self.push_mode)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

/// The three settings of the console for the body of a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "the console has these three")]
pub enum PushMode {
    /// Clear fields only.
    Plain,
    /// Clear fields, and the same encrypted beside them.
    Compatible,
    /// Encrypted only.
    Encrypted,
}

/// The two settings of the console for the notation of a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "the console has these two")]
pub enum PushBody {
    /// XML, the setting of every older account.
    Xml,
    /// JSON.
    Json,
}

/// What the merchant's red packet product allows.
///
/// Source: WeChat Pay's page on cash red packets (send limits), values adjustable in the merchant console.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "the host writes it field by field, with `..ChannelLimits::default()` for the rest"
)]
pub struct ChannelLimits {
    /// The smallest amount this merchant may send, in fen.
    pub min_fen: u64,
    /// The largest amount this merchant may send, in fen.
    pub max_fen: u64,
    /// Below this amount, in fen, a scene must be named.
    pub min_fen_without_scene: u64,
    /// Above this amount, in fen, a scene must be named.
    pub max_fen_without_scene: u64,
    /// How many packets one person may be sent in one Beijing day.
    pub per_person_per_day: u32,
    /// How many sends are accepted in one second; `None` for no limit.
    pub sends_per_second: Option<u32>,
    /// How much the merchant may send in one Beijing day, in fen.
    pub merchant_day_fen: u64,
    /// The hours of the Beijing day in which nothing is sent.
    pub quiet_hours: Option<QuietHours>,
}

impl Default for ChannelLimits {
    fn default() -> Self {
        Self {
            min_fen: 10,
            max_fen: 20_000,
            min_fen_without_scene: 100,
            max_fen_without_scene: 20_000,
            per_person_per_day: 10,
            sends_per_second: Some(30),
            merchant_day_fen: 100_000_000,
            quiet_hours: None,
        }
    }
}

/// Hours of the Beijing day, half-open: `from_hour` is quiet, `to_hour` is not; it may pass midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "two hours are the whole of it")]
pub struct QuietHours {
    /// The first quiet hour, 0..=23.
    pub from_hour: u32,
    /// The first hour that is not quiet any more, 0..=24.
    pub to_hour: u32,
}

impl QuietHours {
    pub(super) const fn covers(self, hour: u32) -> bool {
        if self.from_hour <= self.to_hour {
            hour >= self.from_hour && hour < self.to_hour
        } else {
            hour >= self.from_hour || hour < self.to_hour
        }
    }
}
