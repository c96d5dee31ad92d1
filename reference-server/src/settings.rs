//! What a server was configured with, as people may look at it: values with where they come from, and of
//! secrets the places of their files.

use std::path::PathBuf;

use chrono::{DateTime, NaiveDate, Utc};
use wechat_adapter::pay::v3::certificate_term;

use crate::config::{self, Config, Stated};

/// What a server was configured with.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Every value that is no secret; none where a program has made them up.
    pub stated: Vec<Stated>,
    /// When the merchant number was opened, as far as somebody has said so.
    pub merchant_opened: Option<NaiveDate>,
    /// When the merchant's own certificate ends, where red packets show one.
    pub certificate_ends: Option<DateTime<Utc>>,
    /// Files that only their owner may read: keys and secrets.
    pub private_files: Vec<PathBuf>,
}

impl Settings {
    /// What a configuration states; `master` is the file of the master key.
    #[must_use]
    pub fn of(config: &Config, master: PathBuf) -> Self {
        let mut private_files = vec![master];
        private_files.extend(config.key_files().files().cloned());
        let secrets = config.secret_files().into_iter();
        private_files.extend(secrets.map(ToOwned::to_owned));
        let packets = config.merchant.red_packet.as_ref();
        let identity = packets.and_then(|packets| config::secret(&packets.identity_file).ok());
        let term = identity.and_then(|pem| certificate_term(&pem));
        Self {
            certificate_ends: term.map(|(_from, until)| until),
            stated: config.stated(),
            merchant_opened: config.merchant.opened_on,
            private_files,
        }
    }
}
