//! The published file of one city, and its audit from nothing else.

use chrono::DateTime;

use super::{
    audit::{AuditFault, AuditReport, Disclosed, Published, audit},
    award_log::ParseLogError,
    beacon::BeaconError,
    receipt::{ParseReceiptError, Receipt, ReceiptFault},
    spec::{ParseSpecError, parse_canonical_spec},
};
use crate::{ParseDigestError, PlanSeed, digest::parse_hexadecimal};

/// Everything that becomes public about one city, each value in its published text.
///
/// With the feature `serde` this is the JSON file that `VERIFYING.md` describes; fields that another program added are
/// passed over.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(
    clippy::exhaustive_structs,
    reason = "a published format: whoever writes it states every value"
)]
pub struct CityFile {
    /// The city, as it is called in the derivation of its seed; said for the reader, not checked.
    #[cfg_attr(feature = "serde", serde(default))]
    pub city: String,
    /// The canonical specification.
    pub spec: String,
    /// The commitment, 64 hexadecimal digits.
    pub commitment: String,
    /// What the announced source published, if one was announced.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub beacon_value: Option<String>,
    /// The root over all packets, 64 hexadecimal digits.
    pub root: String,
    /// 00:00 of the first day, milliseconds since 1970-01-01 00:00 UTC.
    pub opens_ms: i64,
    /// The daily heads, a line each.
    pub heads: Vec<String>,
    /// Receipts that claimants published, if any.
    #[cfg_attr(feature = "serde", serde(default))]
    pub receipts: Vec<String>,
    /// The award log, a line each.
    pub log: Vec<String>,
    /// The city's seed, 64 hexadecimal digits.
    pub seed: String,
}

/// Why a published file does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CityFileFault {
    /// The specification cannot be read.
    #[error("spec: {0}")]
    Spec(#[from] ParseSpecError),
    /// A value is not 64 hexadecimal digits.
    #[error("{field}: {source}")]
    Digest {
        /// Name of the field.
        field: &'static str,
        /// What is wrong with it.
        source: ParseDigestError,
    },
    /// The value of the announced source cannot be one.
    #[error("beacon_value: {0}")]
    BeaconValue(#[from] BeaconError),
    /// The opening lies beyond the calendar.
    #[error("opens_ms lies beyond the calendar")]
    Opening,
    /// A line of the heads or of the log cannot be read.
    #[error("{field}, line {line}: {source}")]
    Line {
        /// Name of the field.
        field: &'static str,
        /// Number of the line, from 1.
        line: usize,
        /// What is wrong with it.
        source: ParseLogError,
    },
    /// A receipt cannot be read.
    #[error("receipt {number}: {source}")]
    UnreadableReceipt {
        /// Number of the receipt, from 1.
        number: usize,
        /// What is wrong with it.
        source: ParseReceiptError,
    },
    /// A receipt does not belong to the root.
    #[error("receipt {number}: {source}")]
    Receipt {
        /// Number of the receipt, from 1.
        number: usize,
        /// What is wrong with it.
        source: ReceiptFault,
    },
    /// Everything can be read and something does not fit.
    #[error(transparent)]
    Audit(#[from] AuditFault),
}

impl CityFile {
    /// Reads every value and audits the city; linear in packets, awards and receipts.
    ///
    /// See [`audit`] for what it shows and what it cannot see.
    /// Compare the commitment, the root and the heads with those you noted when they were published: a file that is
    /// wrong throughout fits itself.
    ///
    /// # Errors
    ///
    /// [`CityFileFault`] names the first field and line that cannot be read, or the first thing that does not fit.
    pub fn audit(&self) -> Result<AuditReport, CityFileFault> {
        let (rules, beacon) = parse_canonical_spec(&self.spec)?;
        let commitment = digest("commitment", self.commitment.parse())?;
        let root = digest("root", self.root.parse())?;
        let seed = digest("seed", parse_hexadecimal(&self.seed))?;
        let value = self.beacon_value.as_deref().map(str::parse).transpose()?;
        let opens = DateTime::from_timestamp_millis(self.opens_ms).ok_or(CityFileFault::Opening)?;
        let heads = lines("heads", &self.heads)?;
        let log = lines("log", &self.log)?;
        let report = audit(
            &Published {
                rules,
                beacon,
                commitment,
                root,
                opens,
                heads: &heads,
            },
            &Disclosed {
                seed: PlanSeed::from_bytes(seed),
                beacon: value,
                log: &log,
            },
        )?;
        for (number, text) in (1..).zip(&self.receipts) {
            let receipt: Receipt = text
                .parse()
                .map_err(|source| CityFileFault::UnreadableReceipt { number, source })?;
            receipt
                .verify(&rules, &root)
                .map_err(|source| CityFileFault::Receipt { number, source })?;
        }
        Ok(report)
    }
}

fn digest<T>(field: &'static str, read: Result<T, ParseDigestError>) -> Result<T, CityFileFault> {
    read.map_err(|source| CityFileFault::Digest { field, source })
}

fn lines<T: std::str::FromStr<Err = ParseLogError>>(
    field: &'static str,
    texts: &[String],
) -> Result<Vec<T>, CityFileFault> {
    let lines = (1..).zip(texts);
    let lines = lines.map(|(line, text)| {
        text.parse().map_err(|source| CityFileFault::Line {
            field,
            line,
            source,
        })
    });
    lines.collect()
}
