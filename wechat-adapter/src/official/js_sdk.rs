//! The script interface of pages: its ticket, and the signature a page needs to set its share card.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use http::Uri;
use serde::Serialize;
use sha1::{Digest, Sha1};

use crate::endpoint::get;
use crate::http::{Request, Response};
use crate::id::{AppId, Nonce};
use crate::official::Official;
use crate::official::access_token::IssuedToken;
use crate::official::action::OfficialError;
use crate::official::answer::Answer;
use crate::secret::Secret;

/// The call that fetches the ticket of pages; keep it as an access token is kept, the quota is very low.
///
/// Source: <https://developers.weixin.qq.com/doc/service/guide/h5/jssdk.html>, read 2026-08.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct FetchJsTicket;

impl FetchJsTicket {
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
            "/cgi-bin/ticket/getticket",
            &[("access_token", access_token.expose()), ("type", "jsapi")],
        )
    }

    /// Reads the answer.
    ///
    /// # Errors
    /// [`OfficialError`].
    pub fn parse(response: &Response) -> Result<IssuedToken, OfficialError> {
        Answer::read(response, |answer| IssuedToken::read(answer, "ticket"))
    }
}

/// What a page gives to `wx.config`, in the names that it expects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct JsConfig {
    /// The account.
    pub app_id: AppId,
    /// When it was signed, in Unix seconds.
    pub timestamp: i64,
    /// The nonce that was signed.
    pub nonce_str: Nonce,
    /// Lower-case hexadecimal SHA-1.
    pub signature: String,
}

/// Why a page's address is not signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidPageUrl {
    /// The text is not an absolute `http` or `https` address of at most 2,048 bytes without a user name.
    #[error("page address is not an absolute http or https address")]
    NotAnAddress,
    /// The page is not one of ours.
    #[error("host {host:?} is not allowed to be signed for")]
    HostNotAllowed {
        /// The refused host.
        host: String,
    },
}

/// Signs addresses of our own pages, and of no others: the address comes from the browser.
#[derive(Debug, Clone)]
pub struct JsSigner {
    app_id: AppId,
    allowed_hosts: BTreeSet<String>,
}

impl JsSigner {
    /// A signer for the pages of `allowed_hosts` (names without port, in any case).
    pub fn new(app_id: AppId, allowed_hosts: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let allowed_hosts = allowed_hosts
            .into_iter()
            .map(|host| host.into().to_ascii_lowercase())
            .collect();
        Self {
            app_id,
            allowed_hosts,
        }
    }

    /// Signs the address of a page as the browser shows it; what follows `#` does not take part.
    ///
    /// # Errors
    /// [`InvalidPageUrl`] when `page_url` is not an address, or not on an allowed host.
    pub fn sign(
        &self,
        ticket: &Secret,
        page_url: &str,
        nonce: &Nonce,
        now: DateTime<Utc>,
    ) -> Result<JsConfig, InvalidPageUrl> {
        let signed_url = page_url.split('#').next().unwrap_or_default();
        let host = host(signed_url).ok_or(InvalidPageUrl::NotAnAddress)?;
        if !self.allowed_hosts.contains(&host) {
            return Err(InvalidPageUrl::HostNotAllowed { host });
        }
        let timestamp = now.timestamp();
        let source = format!(
            "jsapi_ticket={}&noncestr={nonce}&timestamp={timestamp}&url={signed_url}",
            ticket.expose()
        );
        Ok(JsConfig {
            app_id: self.app_id.clone(),
            timestamp,
            nonce_str: nonce.clone(),
            signature: hex::encode(Sha1::digest(source.as_bytes())),
        })
    }
}

/// The lower-case host of an absolute address, or nothing if a browser might read the address in another way.
fn host(address: &str) -> Option<String> {
    if address.len() > 2_048 || address.contains('\\') {
        return None;
    }
    let uri: Uri = address.parse().ok()?;
    let authority = uri.authority()?;
    let plain =
        matches!(uri.scheme_str(), Some("http" | "https")) && !authority.as_str().contains('@');
    plain.then(|| authority.host().to_ascii_lowercase())
}
