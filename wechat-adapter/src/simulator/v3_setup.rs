//! What the host decides about version 3: keys, amounts, and how WeChat signs.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// WeChat signs by a new certificate only when merchants have had it for so long.
const HAD_FOR: TimeDelta = TimeDelta::hours(24);

/// Keys and limits of merchant transfers.
///
/// The keys are those the application under test is configured with; the simulator holds the other half of each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    clippy::exhaustive_structs,
    reason = "the host writes it field by field, with `..TransferSetup::rehearsal()` for the rest"
)]
pub struct TransferSetup {
    /// The merchant's `APIv3` key, 32 ASCII characters.
    pub api_key: String,
    /// The serial number of the merchant's certificate, in hexadecimal.
    pub merchant_serial: String,
    /// The public half of the merchant's key, in PEM.
    pub merchant_public_key: String,
    /// WeChat's private key, PKCS #8 in PEM.
    pub wechat_private_key: String,
    /// The identifier of WeChat's public key.
    pub wechat_public_key_id: String,
    /// WeChat's certificate of the same key, for merchants of the older kind.
    pub certificate: PlatformCertificate,
    /// The certificate after it: downloaded beside it once it is effective, and signed by 24 hours later.
    pub next_certificate: Option<PlatformCertificate>,
    /// Whether WeChat signs under the certificate's serial every notification, and what it answers a caller that names no key.
    ///
    /// Without it, only a caller that has downloaded certificates is told so; callers are known by `User-Agent`.
    pub signs_by_certificate: bool,
    /// The smallest amount of a transfer, in fen.
    pub min_fen: u64,
    /// The largest amount of a transfer, in fen.
    pub max_fen: u64,
}

/// A platform certificate as `/v3/certificates` describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "the four things of the answer")]
pub struct PlatformCertificate {
    /// Its serial number, in hexadecimal.
    pub serial: String,
    /// Itself, in PEM.
    pub pem: String,
    /// When it begins, RFC 3339.
    pub effective_time: String,
    /// When it ends, RFC 3339.
    pub expire_time: String,
}

impl PlatformCertificate {
    /// When it begins, if its time can be read.
    fn effective_from(&self) -> Option<DateTime<Utc>> {
        let time = DateTime::parse_from_rfc3339(&self.effective_time).ok()?;
        Some(time.to_utc())
    }
}

impl TransferSetup {
    /// The certificates that a download gives at `now`.
    pub(super) fn listed(&self, now: DateTime<Utc>) -> impl Iterator<Item = &PlatformCertificate> {
        let is_listed = move |next: &&PlatformCertificate| {
            next.effective_from().is_some_and(|from| from <= now)
        };
        let next = self.next_certificate.as_ref().filter(is_listed);
        std::iter::once(&self.certificate).chain(next)
    }

    /// The certificate whose serial signatures carry at `now`.
    pub(super) fn signing(&self, now: DateTime<Utc>) -> &PlatformCertificate {
        let next = self.next_certificate.as_ref();
        next.filter(|next| {
            next.effective_from()
                .is_some_and(|from| now.signed_duration_since(from) >= HAD_FOR)
        })
        .unwrap_or(&self.certificate)
    }

    /// Whether a request names one of the certificates.
    pub(super) fn is_certificate(&self, serial: &str) -> bool {
        let next = self.next_certificate.iter();
        std::iter::once(&self.certificate)
            .chain(next)
            .any(|certificate| certificate.serial.eq_ignore_ascii_case(serial))
    }

    /// The merchant's private key of a rehearsal, for the application: published, and worth nothing.
    pub const REHEARSAL_MERCHANT_KEY: &str = include_str!("keys/merchant_private.pem");
    /// The merchant's certificate of a rehearsal, for clients that read one: it belongs to that key.
    pub const REHEARSAL_MERCHANT_CERTIFICATE: &str = include_str!("keys/merchant_certificate.pem");
    /// WeChat's public key of a rehearsal, for the application.
    pub const REHEARSAL_WECHAT_PUBLIC_KEY: &str = include_str!("keys/wechat_public.pem");

    /// The keys of a rehearsal on one machine, and amounts from 0.10 to 200.00 yuan.
    #[must_use]
    pub fn rehearsal() -> Self {
        Self {
            api_key: "rehearsalrehearsalrehearsal12345".to_owned(),
            merchant_serial: "1DDE55AD98ED71D6EDD4A4A16996DE7B47773A8C".to_owned(),
            merchant_public_key: include_str!("keys/merchant_public.pem").to_owned(),
            wechat_private_key: include_str!("keys/wechat_private.pem").to_owned(),
            wechat_public_key_id: "PUB_KEY_ID_0119000001092026000000000000000001".to_owned(),
            certificate: PlatformCertificate {
                serial: "5157F09EFDC096DE15EBE81A47057A7232F1B8E1".to_owned(),
                pem: include_str!("keys/wechat_certificate.pem").to_owned(),
                effective_time: "2020-01-01T08:00:00+08:00".to_owned(),
                expire_time: "2050-01-01T00:00:00+08:00".to_owned(),
            },
            next_certificate: None,
            signs_by_certificate: false,
            min_fen: 10,
            max_fen: 20_000,
        }
    }
}
