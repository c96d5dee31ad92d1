//! Asking for the day's fund-flow bill, downloading it, and checking its digest.

use aws_lc_rs::digest;
use chrono::{DateTime, NaiveDate, Utc};
use subtle::ConstantTimeEq;

use crate::endpoint::get;
use crate::error::Unreadable;
use crate::http::{Request, Response};
use crate::pay::action::PayError;
use crate::pay::v3::answer;
use crate::pay::v3::credentials::{Credentials, Freshness, RequestError};
use crate::pay::v3::fund_flow_file::{FundFlowBill, InvalidBill};
use crate::pay::v3::wechat_keys::WeChatKeys;

/// Which of the merchant's accounts a bill is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FundAccount {
    /// `BASIC`.
    Basic,
    /// `OPERATION`: the one that red packets and transfers are paid from.
    Operation,
    /// `FEES`.
    Fees,
}

impl FundAccount {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Basic => "BASIC",
            Self::Operation => "OPERATION",
            Self::Fees => "FEES",
        }
    }
}

/// The call that asks for the bill of one Beijing day; three months back, three calls a second.
///
/// A day's bill is made from 09:00 on the next day; ask after 10:00.
///
/// Source: <https://pay.weixin.qq.com/doc/v3/partner/4012760535>, dated 2025-04-07, read 2026-11.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestFundFlow {
    day: NaiveDate,
    account: FundAccount,
    zipped: bool,
}

impl RequestFundFlow {
    /// A request for the bill of `day` in Beijing, as plain text.
    #[must_use]
    pub const fn new(day: NaiveDate, account: FundAccount) -> Self {
        Self {
            day,
            account,
            zipped: false,
        }
    }

    /// The same, delivered as GZIP; the digest is of the unzipped file.
    #[cfg(feature = "gzip")]
    #[must_use]
    pub const fn zipped(self) -> Self {
        Self {
            zipped: true,
            ..self
        }
    }

    /// The signed request.
    ///
    /// # Errors
    /// [`RequestError::NotSigned`].
    pub fn request(
        &self,
        credentials: &Credentials,
        keys: &WeChatKeys,
        freshness: &Freshness,
    ) -> Result<Request, RequestError> {
        let day = self.day.format("%Y-%m-%d").to_string();
        let mut query = vec![
            ("bill_date", day.as_str()),
            ("account_type", self.account.as_str()),
        ];
        if self.zipped {
            query.push(("tar_type", "GZIP"));
        }
        credentials.get("/v3/bill/fundflowbill", &query, keys, freshness)
    }

    /// Reads the answer: where the file is, and its digest.
    ///
    /// # Errors
    /// [`PayError`]; the code `NO_STATEMENT_EXIST` says that the day has no bill.
    pub fn parse(
        &self,
        response: &Response,
        keys: &WeChatKeys,
        now: DateTime<Utc>,
    ) -> Result<FundFlowTicket, PayError> {
        answer::read(response, keys, now, |fields| {
            let kind = fields.required_text("hash_type")?;
            if kind != "SHA1" {
                return Err(Unreadable::invalid("hash_type", kind));
            }
            let url = fields.required_text("download_url")?;
            let uri: http::Uri = url
                .parse()
                .map_err(|_| Unreadable::invalid("download_url", url))?;
            let target = uri
                .path_and_query()
                .filter(|target| target.path().starts_with('/'))
                .ok_or_else(|| Unreadable::invalid("download_url", url))?;
            Ok(FundFlowTicket {
                target: target.as_str().to_owned(),
                sha1: fields.required_text("hash_value")?.to_ascii_lowercase(),
                zipped: self.zipped,
            })
        })
    }
}

/// Where a bill is, and what its digest must be; good for 5 minutes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FundFlowTicket {
    target: String,
    sha1: String,
    zipped: bool,
}

/// Why a downloaded file is not the bill.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BillError {
    /// The HTTP status is not a success.
    #[error("download was answered with HTTP status {status}")]
    Status {
        /// The status.
        status: u16,
    },
    /// The file does not unzip, or unzips to more than [`FundFlowBill::MAX_BYTES`].
    #[error("file does not unzip")]
    NotZipped,
    /// The file is not the one that the ticket describes: cut short, or another.
    #[error("file does not have the announced digest")]
    Digest,
    /// The file is not a bill.
    #[error(transparent)]
    Invalid(#[from] InvalidBill),
}

impl FundFlowTicket {
    /// The signed request for the file.
    ///
    /// It goes to the configured host of WeChat Pay whatever host the answer named: nobody else is shown a signature.
    /// The file itself carries no signature; its digest came in a signed answer.
    ///
    /// # Errors
    /// [`RequestError::NotSigned`].
    pub fn request(
        &self,
        credentials: &Credentials,
        freshness: &Freshness,
    ) -> Result<Request, RequestError> {
        let base = credentials.endpoints().pay();
        // A host that serves everything below a path names that path too.
        let base_uri: Option<http::Uri> = base.as_str().parse().ok();
        let base_path = base_uri.as_ref().map_or("/", http::Uri::path);
        let target = self
            .target
            .strip_prefix(base_path.trim_end_matches('/'))
            .filter(|target| target.starts_with('/'))
            .unwrap_or(&self.target);
        let request = get(base, target, &[]);
        credentials.signed(request, "", freshness)
    }

    /// Reads the file; cost grows linearly with its length.
    ///
    /// # Errors
    /// [`BillError`].
    pub fn parse(&self, response: &Response) -> Result<FundFlowBill, BillError> {
        if !response.status().is_success() {
            return Err(BillError::Status {
                status: response.status().as_u16(),
            });
        }
        let unzipped;
        let file: &[u8] = if self.zipped {
            unzipped = unzip(response.body())?;
            &unzipped
        } else {
            response.body()
        };
        let found = hex::encode(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, file));
        if !bool::from(found.as_bytes().ct_eq(self.sha1.as_bytes())) {
            return Err(BillError::Digest);
        }
        Ok(FundFlowBill::parse(file)?)
    }
}

#[cfg(feature = "gzip")]
fn unzip(file: &[u8]) -> Result<Vec<u8>, BillError> {
    use std::io::Read;
    let limit = u64::try_from(FundFlowBill::MAX_BYTES).map_err(|_| BillError::NotZipped)?;
    let mut unzipped = Vec::new();
    flate2::read::MultiGzDecoder::new(file)
        .take(limit.saturating_add(1))
        .read_to_end(&mut unzipped)
        .map_err(|_| BillError::NotZipped)?;
    if unzipped.len() > FundFlowBill::MAX_BYTES {
        return Err(BillError::NotZipped);
    }
    Ok(unzipped)
}

/// Without the feature no ticket is zipped.
#[cfg(not(feature = "gzip"))]
const fn unzip(_file: &[u8]) -> Result<Vec<u8>, BillError> {
    Err(BillError::NotZipped)
}
