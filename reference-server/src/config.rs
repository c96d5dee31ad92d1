//! The configuration of `serve`: a file and the environment over it, typed, unknown keys refused, secrets only from files.

use std::{
    collections::BTreeMap,
    fs,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::{contest::season::MoneyShown, rail::Rail};

/// Everything `serve` needs to know.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where to listen, such as `127.0.0.1:8080`.
    pub listen: SocketAddr,
    /// Where operators' programs ask for health and metrics, such as `127.0.0.1:9090`; nowhere unless stated.
    pub private_listen: Option<SocketAddr>,
    /// How the log is written; text unless stated.
    #[serde(default)]
    pub log: LogFormat,
    /// The address people reach the server at, such as `https://contest.example.cn`.
    pub public_url: String,
    /// Addresses of the proxies in front, whose word is taken about where a request comes from; none unless stated.
    #[serde(default)]
    pub proxies: Vec<IpAddr>,
    /// Folder of the database and the master key.
    pub data_dir: PathBuf,
    /// Folder of the cities' pages and question files; only a trial may do without and has the samples.
    pub content_dir: Option<PathBuf>,
    /// The database server; a file in the data folder unless stated.
    pub database: Option<DatabaseConfig>,
    /// A trial in place of a season.
    pub trial: Option<TrialConfig>,
    /// The key files; one of each kind in the data folder unless stated.
    pub keys: Option<KeysConfig>,
    /// Where backups lie; none are taken unless stated.
    pub backup: Option<BackupConfig>,
    /// The season.
    pub season: SeasonConfig,
    /// The Official Account.
    pub official: OfficialConfig,
    /// The merchant.
    pub merchant: MerchantConfig,
    /// Where each key that is stated was stated.
    #[serde(skip)]
    pub origins: BTreeMap<String, Origin>,
}

/// Where a value in force comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever shows a value says where it comes from"
)]
pub enum Origin {
    /// Nobody has stated it.
    Default,
    /// The configuration file.
    File,
    /// A variable of the environment, over the file.
    Environment,
}

/// A key that holds no secret and names no secret's file, with its value in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stated {
    /// Such as `season.name`.
    pub key: String,
    /// The value as the file would have it, without quotes.
    pub value: String,
    /// Where it comes from.
    pub origin: Origin,
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Lines for people, on standard error.
    #[default]
    Text,
    /// A JSON object a line, on standard error.
    Json,
}

/// A database server, which several instances may share.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseConfig {
    /// Its address, without a password.
    pub url: String,
    /// File with the password, when the server wants one.
    pub password_file: Option<PathBuf>,
    /// File with the certificates (PEM) that prove the server; with it the line is TLS to its proven name, or there is none.
    pub ca_file: Option<PathBuf>,
    /// Whether a line to another machine may go without encryption, because something else protects it.
    #[serde(default)]
    pub unprotected: bool,
}

/// A trial: WeChat is simulated by another process, and nobody is paid.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TrialConfig {
    /// The simulated WeChat, such as `http://127.0.0.1:9000`; the contest goes by its clock as it stands at the start.
    pub wechat_url: String,
}

/// The key files besides the master key, each named by its ring and version.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct KeysConfig {
    /// Keys of what the contest keeps secret; the first one seals, all of them open.
    pub contest: Vec<PathBuf>,
    /// Keys of what names a person; the first one seals, all of them open.
    pub people: Vec<PathBuf>,
    /// The key of the index of openids; it stays for the season.
    pub index: PathBuf,
}

impl KeysConfig {
    /// Every file it names.
    pub fn files(&self) -> impl Iterator<Item = &PathBuf> {
        let rings = self.contest.iter().chain(&self.people);
        rings.chain([&self.index])
    }
}

/// Where backups lie, and what seals them.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct BackupConfig {
    /// Folder of the backups, on another disk than the database.
    pub dir: PathBuf,
    /// File with the key that seals them, and nothing else; `keys new` makes it.
    pub key_file: PathBuf,
    /// How many backups are kept; three unless stated.
    #[serde(default = "generations")]
    pub keep: u16,
    /// Who copies a database server: a role that may replicate; the database's own user unless stated.
    pub user: Option<String>,
    /// File with that role's password, when the server wants one.
    pub password_file: Option<PathBuf>,
    /// Folder into which a database server archives its log; only the backups themselves are there without it.
    pub log_dir: Option<PathBuf>,
}

/// Last night's, the one before, and one more.
const fn generations() -> u16 {
    3
}

/// The season's name and timetable.
#[derive(Debug, Clone, Deserialize, Serialize)]
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
    /// Into how many packets a day's money is split; 4,000 unless stated, or 1,000 where nothing below 1.00 yuan can be paid.
    pub packets_per_day: Option<u32>,
    /// How many days before a city's preheat its bank is frozen and its packets are sealed; three unless stated.
    ///
    /// Until then its weeks may still be moved at the console.
    #[serde(default = "sealed_days_before")]
    pub sealed_days_before: u16,
    /// The hosts that links of a city's page may lead to, their subdomains included; empty for any.
    #[serde(default = "link_hosts")]
    pub link_hosts: Vec<String>,
    /// How much is told of a day's money: `band`, `exact` or `hidden`; a rough word unless stated.
    #[serde(default)]
    pub money_shown: MoneyShown,
}

/// Time to publish the commitments and to look at them before anybody is called to the city.
const fn sealed_days_before() -> u16 {
    3
}

/// The offices' own sites, and articles of Official Accounts.
pub(crate) fn link_hosts() -> Vec<String> {
    ["gov.cn", "mp.weixin.qq.com"].map(str::to_owned).to_vec()
}

/// The published timetables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum EditionName {
    /// The timetable of 13 December 2019, from 22 February 2020.
    Original,
    /// The timetable in force after the postponement, from 22 April 2020.
    Postponed,
}

/// What "once" is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum ScopeName {
    /// One base packet per person in the season.
    #[default]
    Season,
    /// One base packet per person in each city.
    City,
}

/// The Official Account's credentials.
#[derive(Debug, Clone, Deserialize, Serialize)]
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
    /// Whether the server sets the account's menu, and thereby replaces the one it has; off unless stated.
    #[serde(default)]
    pub sets_menu: bool,
    /// The template by which whoever brought a friend is told of the chance; only the dialogue is used without it.
    pub chance_notice: Option<NoticeConfig>,
}

/// A template of the account, with the names that its fields have there.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct NoticeConfig {
    /// Which of WeChat's kinds of templates it is.
    pub kind: NoticeKindName,
    /// The template's identifier.
    pub template_id: String,
    /// Its field for what happened, such as `thing1`.
    pub what_field: String,
    /// Its field for the last day, such as `date2`.
    pub until_field: String,
}

/// WeChat's kinds of templates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum NoticeKindName {
    /// A template message, which any follower gets.
    Template,
    /// A subscription notice, to which the person agrees on a page.
    Subscription,
}

/// The merchant, and what each way to pay needs.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct MerchantConfig {
    /// The merchant number.
    pub merchant_id: String,
    /// When the merchant number was opened, such as `2019-06-01`; WeChat Pay wants it 90 days old.
    pub opened_on: Option<NaiveDate>,
    /// How awards are paid from now on; red packets unless stated.
    #[serde(default)]
    pub rail: Rail,
    /// What cash red packets need.
    pub red_packet: Option<RedPacketConfig>,
    /// The credentials of WeChat Pay version 3.
    pub v3: Option<V3Config>,
    /// What is said on a transfer, which also needs `v3`.
    pub transfer: Option<TransferConfig>,
}

/// What cash red packets need: credentials of version 2, and what is printed on a packet.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RedPacketConfig {
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

/// The credentials of WeChat Pay version 3: the merchant's own, and the keys by which WeChat signs.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct V3Config {
    /// The serial number of the merchant's certificate, in hexadecimal.
    pub serial: String,
    /// File with the private key of that certificate, as PEM.
    pub key_file: PathBuf,
    /// File with the `APIv3` key, 32 characters.
    pub api_key_file: PathBuf,
    /// The identifier of WeChat Pay's public key, `PUB_KEY_ID_…`, when the merchant has one.
    pub public_key_id: Option<String>,
    /// File with that public key, as PEM.
    pub public_key_file: Option<PathBuf>,
    /// Files with platform certificates, as PEM, when the merchant has them; the first is preferred without a public key.
    #[serde(default)]
    pub certificate_files: Vec<PathBuf>,
}

/// What is said on a transfer.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TransferConfig {
    /// The activity's name, as WeChat asks for it; at most 32 characters.
    pub activity: String,
    /// What the reward is for, as WeChat asks for it; at most 32 characters.
    pub reward: String,
    /// What the person reads; at most 32 characters.
    pub remark: String,
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
    /// An environment variable names no key, or a key that holds others.
    #[error("the environment variable {variable} names no key of the configuration")]
    Variable {
        /// The variable.
        variable: String,
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

/// What environment variables that set keys begin with.
const PREFIX: &str = "CONTEST_";

impl Config {
    /// Reads a configuration file and the environment over it; relative paths start at the file's folder.
    ///
    /// `CONTEST_SEASON__NAME` sets `season.name`: two underscores go one table deeper.
    ///
    /// # Errors
    /// [`ConfigError::Unreadable`]; [`ConfigError::Malformed`], which names line and key; [`ConfigError::Variable`].
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        Self::read_with(path, std::env::vars())
    }

    /// Reads a configuration file and these variables over it.
    ///
    /// # Errors
    /// As [`Config::read`].
    pub fn read_with(
        path: &Path,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let malformed = |source| ConfigError::Malformed {
            path: path.to_owned(),
            source: Box::new(source),
        };
        let text = fs::read_to_string(path).map_err(|source| ConfigError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        let mut overlay: Vec<(String, String)> = variables
            .into_iter()
            .filter_map(|(name, value)| Some((name.strip_prefix(PREFIX)?.to_owned(), value)))
            .collect();
        overlay.sort_unstable();
        let mut origins = BTreeMap::new();
        let stated: toml::Table = toml::from_str(&text).map_err(malformed)?;
        for (key, _value) in pairs(&stated) {
            origins.insert(key, Origin::File);
        }
        for (name, _value) in &overlay {
            origins.insert(name.to_lowercase().replace("__", "."), Origin::Environment);
        }
        let mut config: Self = if overlay.is_empty() {
            // From the text itself, so that an error shows its line.
            toml::from_str(&text).map_err(malformed)?
        } else {
            let mut table = stated;
            for (name, value) in overlay {
                set(&mut table, &name, value)?;
            }
            table.try_into().map_err(malformed)?
        };
        config.origins = origins;
        let base = path.parent().unwrap_or_else(|| Path::new("."));
        for file in config.files() {
            *file = base.join(&*file);
        }
        Ok(config)
    }

    /// The key files: those that are stated, or the first of each kind in the data folder.
    #[must_use]
    pub fn key_files(&self) -> KeysConfig {
        self.keys.clone().unwrap_or_else(|| KeysConfig {
            contest: vec![self.data_dir.join("contest-1.key")],
            people: vec![self.data_dir.join("people-1.key")],
            index: self.data_dir.join("index-1.key"),
        })
    }

    /// Every path of the configuration.
    fn files(&mut self) -> Vec<&mut PathBuf> {
        let mut files = vec![
            &mut self.data_dir,
            &mut self.official.app_secret_file,
            &mut self.official.callback_token_file,
            &mut self.official.encoding_aes_key_file,
        ];
        if let Some(server) = &mut self.database {
            files.extend(&mut server.password_file);
            files.extend(&mut server.ca_file);
        }
        files.extend(&mut self.content_dir);
        if let Some(keys) = &mut self.keys {
            files.extend(keys.contest.iter_mut().chain(&mut keys.people));
            files.push(&mut keys.index);
        }
        if let Some(backup) = &mut self.backup {
            files.extend([&mut backup.dir, &mut backup.key_file]);
            files.extend(&mut backup.password_file);
            files.extend(&mut backup.log_dir);
        }
        if let Some(packets) = &mut self.merchant.red_packet {
            files.extend([&mut packets.key_file, &mut packets.identity_file]);
        }
        if let Some(v3) = &mut self.merchant.v3 {
            files.extend([&mut v3.key_file, &mut v3.api_key_file]);
            files.extend(&mut v3.public_key_file);
            files.extend(&mut v3.certificate_files);
        }
        files
    }

    /// Every file that only its owner may read, but the keys.
    #[must_use]
    pub fn secret_files(&self) -> Vec<&Path> {
        let official = &self.official;
        let mut files = vec![
            &official.app_secret_file,
            &official.callback_token_file,
            &official.encoding_aes_key_file,
        ];
        if let Some(packets) = &self.merchant.red_packet {
            files.extend([&packets.key_file, &packets.identity_file]);
        }
        if let Some(v3) = &self.merchant.v3 {
            files.extend([&v3.key_file, &v3.api_key_file]);
        }
        let backup = self.backup.as_ref();
        files.extend(backup.map(|backup| &backup.key_file));
        files.extend(backup.and_then(|backup| backup.password_file.as_ref()));
        let server = self.database.as_ref();
        files.extend(server.and_then(|server| server.password_file.as_ref()));
        files.into_iter().map(PathBuf::as_path).collect()
    }

    /// Every key with its value in force, as `season.name = "jiangsu-2020"`; of a secret only its length is told.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let lines = self.in_force().into_iter().map(|(key, value)| {
            let line = format!("{key} = {value}");
            if !key.ends_with("_file") {
                return line;
            }
            let path = value.as_str().unwrap_or_default();
            match secret(Path::new(path)) {
                Ok(text) => format!("{line}  # ***, {} characters", text.chars().count()),
                Err(_unreadable) => format!("{line}  # cannot be read"),
            }
        });
        lines.collect()
    }

    /// Every key that names no file of a secret or a key, with its value in force and where that comes from.
    #[must_use]
    pub fn stated(&self) -> Vec<Stated> {
        let open = self.in_force().into_iter().filter(|(key, _value)| {
            !key.ends_with("_file") && !key.ends_with("_files") && !key.starts_with("keys.")
        });
        open.map(|(key, value)| Stated {
            value: value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned),
            origin: self.origins.get(&key).copied().unwrap_or(Origin::Default),
            key,
        })
        .collect()
    }

    /// Every key with its value in force.
    ///
    /// # Panics
    /// Never: every value of a configuration is a TOML value.
    fn in_force(&self) -> Vec<(String, toml::Value)> {
        pairs(&toml::Table::try_from(self).expect("every value is a TOML value"))
    }
}

/// Sets one key, named in capitals with two underscores between tables; it keeps the kind of value it had.
fn set(table: &mut toml::Table, name: &str, value: String) -> Result<(), ConfigError> {
    let unknown = || ConfigError::Variable {
        variable: format!("{PREFIX}{name}"),
    };
    let lower = name.to_lowercase();
    let mut keys: Vec<&str> = lower.split("__").collect();
    let last = keys
        .pop()
        .filter(|key| !key.is_empty())
        .ok_or_else(unknown)?;
    let mut inner = table;
    for key in keys {
        inner = inner
            .get_mut(key)
            .and_then(toml::Value::as_table_mut)
            .ok_or_else(unknown)?;
    }
    let value = match (inner.get(last), value.as_str()) {
        (Some(toml::Value::Table(_)), _) => return Err(unknown()),
        (None | Some(toml::Value::Boolean(_)), "true") => toml::Value::Boolean(true),
        (None | Some(toml::Value::Boolean(_)), "false") => toml::Value::Boolean(false),
        _ => toml::Value::String(value),
    };
    inner.insert(last.to_owned(), value);
    Ok(())
}

/// Every key of a table with its value, those of a table within it as `season.name`; its own keys first.
fn pairs(table: &toml::Table) -> Vec<(String, toml::Value)> {
    let (tables, values): (Vec<_>, Vec<_>) = table.iter().partition(|(_, value)| value.is_table());
    let mut pairs: Vec<_> = values
        .into_iter()
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    for (key, value) in tables {
        let within = value.as_table().map(self::pairs).unwrap_or_default();
        let named = within.into_iter();
        pairs.extend(named.map(|(inner, value)| (format!("{key}.{inner}"), value)));
    }
    pairs
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
