//! The addresses that WeChat's pushes come from.

use std::net::IpAddr;

use serde_json::Value;

use crate::endpoint::get;
use crate::error::Unreadable;
use crate::http::{Request, Response};
use crate::official::Official;
use crate::official::action::OfficialError;
use crate::official::answer::Answer;
use crate::secret::Secret;

/// The call that lists the addresses pushes come from; ask once a day.
///
/// A second lock for hosts that see the real address: the signature is the first. Useless behind a proxy that hides it.
///
/// Source: <https://developers.weixin.qq.com/doc/service/api/base/api_getcallbackip.html>, read 2026-08.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct FetchCallbackAddresses;

impl FetchCallbackAddresses {
    /// The call.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }

    /// The request; its address contains the token and is not to be logged.
    #[must_use]
    pub fn request(&self, official: &Official, access_token: &Secret) -> Request {
        get(
            official.endpoints().official(),
            "/cgi-bin/getcallbackip",
            &[("access_token", access_token.expose())],
        )
    }

    /// Reads the answer.
    ///
    /// # Errors
    /// [`OfficialError`]; an entry that is no address makes the list not understood, as a list with a gap refuses WeChat.
    pub fn parse(response: &Response) -> Result<CallbackAddresses, OfficialError> {
        Answer::read(response, |answer| {
            let listed = answer
                .value("ip_list")
                .and_then(Value::as_array)
                .ok_or(Unreadable::MissingField { field: "ip_list" })?;
            let ranges = listed
                .iter()
                .map(|entry| {
                    entry
                        .as_str()
                        .and_then(range)
                        .ok_or_else(|| Unreadable::invalid("ip_list", &entry.to_string()))
                })
                .collect::<Result<_, _>>()?;
            Ok(CallbackAddresses { ranges })
        })
    }
}

/// Addresses and ranges of addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallbackAddresses {
    /// Address and length of the prefix, in bits.
    ranges: Vec<(IpAddr, u32)>,
}

impl CallbackAddresses {
    /// Whether `address` is one of them; linear in the number of ranges.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.ranges
            .iter()
            .any(|&(range, prefix)| match (range, address) {
                (IpAddr::V4(range), IpAddr::V4(address)) => {
                    let differing = range.to_bits() ^ address.to_bits();
                    differing.leading_zeros() >= prefix
                }
                (IpAddr::V6(range), IpAddr::V6(address)) => {
                    let differing = range.to_bits() ^ address.to_bits();
                    differing.leading_zeros() >= prefix
                }
                (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
            })
    }
}

/// `a.b.c.d` or `a.b.c.d/25`.
fn range(text: &str) -> Option<(IpAddr, u32)> {
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (text, None),
    };
    let address: IpAddr = address.trim().parse().ok()?;
    let longest = if address.is_ipv4() { 32 } else { 128 };
    let prefix = match prefix {
        Some(prefix) => prefix.trim().parse().ok().filter(|&p| p <= longest)?,
        None => longest,
    };
    Some((address, prefix))
}
