//! The configuration file of `serve`: typed, unknown keys refused, secrets only from files.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use serde::Deserialize;

/// Everything `serve` needs to know.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where to listen, such as `127.0.0.1:8080`.
    pub listen: SocketAddr,
    /// The address people reach the server at, such as `https://contest.example.cn`.
    pub public_url: String,
    /// Folder of the database and the master key.
    pub data_dir: PathBuf,
    /// Folder of the cities' pages and question files.
    pub content_dir: PathBuf,
    /// The season.
    pub season: SeasonConfig,
    /// The Official Account.
    pub official: OfficialConfig,
    /// The merchant.
    pub merchant: MerchantConfig,
}

/// The season's name and timetable.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeasonConfig {
    /// The season's name, such as `jiangsu-2020`.
    pub name: String,
    /// Which published timetable is in force.
    pub edition: EditionName,
    /// What "once" is counted in; the season unless stated.
    #[serde(default)]
    pub claim_scope: ScopeName,
    /// Whether the platform-safe profile is on: no credit for bringing friends.
    #[serde(default)]
    pub strict: bool,
}

/// The published timetables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum EditionName {
    /// The timetable of 13 December 2019, from 22 February 2020.
    Original,
    /// The timetable in force after the postponement, from 22 April 2020.
    Postponed,
}

/// What "once" is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum ScopeName {
    /// One base packet per person in the season.
    #[default]
    Season,
    /// One base packet per person in each city.
    City,
}

/// The Official Account's credentials.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfficialConfig {
    /// The account's name, as people see it.
    pub account_name: String,
    /// What the account's own QR code encodes; without it people are asked to search for the name.
    pub follow_url: Option<String>,
    /// The account's appid.
    pub app_id: String,
    /// File with the app secret.
    pub app_secret_file: PathBuf,
    /// File with the callback token.
    pub callback_token_file: PathBuf,
    /// File with the callback's `EncodingAESKey`; only encrypted callbacks are taken.
    pub encoding_aes_key_file: PathBuf,
}

/// The merchant's credentials and what is printed on a packet.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MerchantConfig {
    /// The merchant number.
    pub merchant_id: String,
    /// File with the V2 key.
    pub key_file: PathBuf,
    /// File with the client certificate and its key, both as PEM.
    pub identity_file: PathBuf,
    /// Who sends the packet; at most 10 Han characters.
    pub send_name: String,
    /// The wish on it.
    pub wishing: String,
    /// The activity's name; at most 10 Han characters.
    pub act_name: String,
    /// The scene that allows packets below 1.00 yuan, such as `PRODUCT_2`.
    pub scene_id: Option<String>,
    /// The server's IPv4 address, as the merchant's allow-list has it.
    pub client_ip: String,
}

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not what it should be.
    #[error("{}: {source}", path.display())]
    Malformed {
        /// Which.
        path: PathBuf,
        /// Where in it.
        source: Box<toml::de::Error>,
    },
    /// A value is not usable.
    #[error("{field}: {problem}")]
    Value {
        /// The key in the file.
        field: &'static str,
        /// What is wrong with it.
        problem: String,
    },
}

impl Config {
    /// Reads a configuration file; relative paths in it start at the file's folder.
    ///
    /// # Errors
    /// [`ConfigError::Unreadable`] or [`ConfigError::Malformed`], which names line and key.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = fs::read_to_string(path).map_err(|source| ConfigError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        let mut config: Self = toml::from_str(&text).map_err(|source| ConfigError::Malformed {
            path: path.to_owned(),
            source: Box::new(source),
        })?;
        let base = path.parent().unwrap_or_else(|| Path::new("."));
        for file in [
            &mut config.data_dir,
            &mut config.content_dir,
            &mut config.official.app_secret_file,
            &mut config.official.callback_token_file,
            &mut config.official.encoding_aes_key_file,
            &mut config.merchant.key_file,
            &mut config.merchant.identity_file,
        ] {
            *file = base.join(&*file);
        }
        Ok(config)
    }
}

/// The one line of a secret file.
///
/// # Errors
/// [`ConfigError::Unreadable`] when there is no such file.
pub fn secret(path: &Path) -> Result<String, ConfigError> {
    let text = fs::read_to_string(path).map_err(|source| ConfigError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    Ok(text.trim().to_owned())
}
