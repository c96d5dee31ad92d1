//! What a server was configured with, as people may look at it: values with where they come from, and of
//! secrets where their files lie, when they changed, and a fingerprint.

use std::{
    collections::BTreeMap,
    fmt, fs,
    path::{Path, PathBuf},
};

use chrono::{DateTime, NaiveDate, Utc};
use wechat_adapter::{
    Secret, WeChatHttp,
    official::EncodingAesKey,
    pay::v3::{ApiV3Key, MerchantKey, certificate_term},
};
use zeroize::Zeroizing;

use crate::{
    config::{self, Config, Stated},
    privacy::Keys,
};

/// The secrets that somebody may give at the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever reads secrets at the start reads each of them"
)]
pub enum SecretName {
    /// The account's `AppSecret`.
    AppSecret,
    /// The token that signs callbacks.
    CallbackToken,
    /// The key that callbacks are encrypted with.
    EncodingAesKey,
    /// The key of version 2, which signs red packets.
    RedPacketKey,
    /// The merchant's certificate and its private key, both as PEM.
    RedPacketIdentity,
    /// The private key of version 3, as PEM.
    V3PrivateKey,
    /// The `APIv3` key.
    ApiV3Key,
}

impl SecretName {
    /// Every secret, in the order in which it is shown.
    pub const ALL: [Self; 7] = [
        Self::AppSecret,
        Self::CallbackToken,
        Self::EncodingAesKey,
        Self::RedPacketKey,
        Self::RedPacketIdentity,
        Self::V3PrivateKey,
        Self::ApiV3Key,
    ];

    /// The stable word in rows and in the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AppSecret => "app-secret",
            Self::CallbackToken => "callback-token",
            Self::EncodingAesKey => "encoding-aes-key",
            Self::RedPacketKey => "red-packet-key",
            Self::RedPacketIdentity => "red-packet-identity",
            Self::V3PrivateKey => "v3-private-key",
            Self::ApiV3Key => "api-v3-key",
        }
    }

    /// The secret of this word.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|secret| secret.name() == name)
    }

    /// The key of the configuration that names its file.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::AppSecret => "official.app_secret_file",
            Self::CallbackToken => "official.callback_token_file",
            Self::EncodingAesKey => "official.encoding_aes_key_file",
            Self::RedPacketKey => "merchant.red_packet.key_file",
            Self::RedPacketIdentity => "merchant.red_packet.identity_file",
            Self::V3PrivateKey => "merchant.v3.key_file",
            Self::ApiV3Key => "merchant.v3.api_key_file",
        }
    }

    /// Whether money moves by it, so that it takes two persons.
    #[must_use]
    pub const fn is_of_payment(self) -> bool {
        match self {
            Self::AppSecret | Self::CallbackToken | Self::EncodingAesKey => false,
            Self::RedPacketKey | Self::RedPacketIdentity | Self::V3PrivateKey | Self::ApiV3Key => {
                true
            }
        }
    }

    /// Whether it is a text of many lines.
    #[must_use]
    pub const fn is_pem(self) -> bool {
        matches!(self, Self::RedPacketIdentity | Self::V3PrivateKey)
    }

    /// Whether a value has the form of this secret; asks nobody.
    #[must_use]
    pub fn fits(self, value: &str) -> bool {
        let is_of = |lengths: std::ops::RangeInclusive<usize>| {
            lengths.contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        let Ok(secret) = Secret::new(value) else {
            return false;
        };
        match self {
            Self::AppSecret | Self::RedPacketKey => is_of(32..=32),
            Self::CallbackToken => is_of(3..=32),
            Self::EncodingAesKey => EncodingAesKey::new(&secret).is_ok(),
            Self::RedPacketIdentity => {
                certificate_term(value).is_some() && WeChatHttp::with_certificate(&secret).is_ok()
            }
            Self::V3PrivateKey => MerchantKey::new(&secret).is_ok(),
            Self::ApiV3Key => ApiV3Key::new(&secret).is_ok(),
        }
    }

    /// Its file, where the configuration has one.
    fn file(self, config: &Config) -> Option<&Path> {
        let official = &config.official;
        let packets = config.merchant.red_packet.as_ref();
        let v3 = config.merchant.v3.as_ref();
        Some(match self {
            Self::AppSecret => &official.app_secret_file,
            Self::CallbackToken => &official.callback_token_file,
            Self::EncodingAesKey => &official.encoding_aes_key_file,
            Self::RedPacketKey => &packets?.key_file,
            Self::RedPacketIdentity => &packets?.identity_file,
            Self::V3PrivateKey => &v3?.key_file,
            Self::ApiV3Key => &v3?.api_key_file,
        })
    }
}

/// A secret that was given at the console and is taken in place of a file's value.
#[derive(Clone)]
pub struct GivenSecret {
    /// The fingerprint of the file's value in whose place it was given; empty for none.
    pub replaces: String,
    /// Itself.
    pub value: Zeroizing<String>,
}

impl fmt::Debug for GivenSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("GivenSecret([redacted])")
    }
}

/// Secrets that were given at the console.
pub type Given = BTreeMap<SecretName, GivenSecret>;

/// One secret of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretSlot {
    /// Which.
    pub name: SecretName,
    /// The fingerprint of the file's value, where the file can be read.
    pub of_file: Option<String>,
    /// When the file changed last.
    pub file_changed: Option<DateTime<Utc>>,
    /// The fingerprint of the value that this process runs with.
    pub in_use: Option<String>,
    /// Whether that is one that was given at the console.
    pub is_given: bool,
}

/// What a server was configured with.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Every value that is no secret; none where a program has made them up.
    pub stated: Vec<Stated>,
    /// When the merchant number was opened, as far as somebody has said so.
    pub merchant_opened: Option<NaiveDate>,
    /// When the merchant's own certificate ends, where red packets show one.
    pub certificate_ends: Option<DateTime<Utc>>,
    /// The secrets it wants; none where a program has made them up.
    pub secrets: Vec<SecretSlot>,
    /// Files that only their owner may read: keys and secrets.
    pub private_files: Vec<PathBuf>,
}

impl Settings {
    /// What a configuration states; `master` is the file of the master key.
    #[must_use]
    pub fn of(config: &Config, master: PathBuf, keys: &Keys, given: &Given) -> Self {
        let mut private_files = vec![master];
        private_files.extend(config.key_files().files().cloned());
        let files = config.secret_files().into_iter();
        private_files.extend(files.map(ToOwned::to_owned));
        let names = SecretName::ALL.into_iter();
        let secrets = names.filter_map(|name| Some(slot(name, name.file(config)?, keys, given)));
        let identity = SecretName::RedPacketIdentity;
        let pem = identity
            .file(config)
            .and_then(|path| in_force(identity, path, keys, given).ok());
        let term = pem.and_then(|pem| certificate_term(&pem));
        Self {
            secrets: secrets.collect(),
            certificate_ends: term.map(|(_from, until)| until),
            stated: config.stated(),
            merchant_opened: config.merchant.opened_on,
            private_files,
        }
    }

    /// A secret of the configuration.
    #[must_use]
    pub fn secret(&self, name: SecretName) -> Option<&SecretSlot> {
        self.secrets.iter().find(|slot| slot.name == name)
    }
}

/// The value of a secret that is in force: what was given in place of the file's very value, or the file's.
///
/// # Errors
/// As [`config::secret`], where nothing was given in its place.
pub fn in_force(
    name: SecretName,
    path: &Path,
    keys: &Keys,
    given: &Given,
) -> Result<Zeroizing<String>, config::ConfigError> {
    let of_file = config::secret(path).map(Zeroizing::new);
    let print = of_file.as_ref().ok();
    let print = print.map(|value| keys.secret_fingerprint(name.name(), value));
    let instead = given.get(&name);
    match instead.filter(|given| given.replaces == print.unwrap_or_default()) {
        Some(given) => Ok(given.value.clone()),
        None => of_file,
    }
}

fn slot(name: SecretName, path: &Path, keys: &Keys, given: &Given) -> SecretSlot {
    let print = |value: &str| keys.secret_fingerprint(name.name(), value);
    let of_file = config::secret(path).map(Zeroizing::new).ok();
    let of_file = of_file.map(|value| print(&value));
    let in_use = in_force(name, path, keys, given).ok();
    let in_use = in_use.map(|value| print(&value));
    let changed = fs::metadata(path).and_then(|file| file.modified()).ok();
    SecretSlot {
        name,
        is_given: in_use != of_file,
        of_file,
        file_changed: changed.map(DateTime::from),
        in_use,
    }
}
