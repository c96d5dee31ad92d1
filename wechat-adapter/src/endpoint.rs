//! Where the four families of WeChat's addresses are, and how a request to one is put together.

use std::borrow::Cow;
use std::fmt;

use http::header::{ACCEPT, CONTENT_TYPE, USER_AGENT};
use http::{HeaderValue, Method, Uri};

use crate::http::Request;

/// An absolute `http` or `https` address without query, to which paths are appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl(Cow<'static, str>);

/// Why a text is not a [`BaseUrl`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidBaseUrl {
    /// The text is longer than 2,048 bytes.
    #[error("base address has {length_bytes} bytes, at most 2048 are allowed")]
    TooLong {
        /// Length of the refused text, in bytes.
        length_bytes: usize,
    },
    /// The text is not an absolute `http` or `https` address of a host.
    #[error("base address {address:?} is not an absolute http or https address")]
    NotAbsolute {
        /// The refused text.
        address: String,
    },
    /// The text holds a query, a fragment or a user name.
    #[error("base address {address:?} holds a query, a fragment or a user name")]
    NotBare {
        /// The refused text.
        address: String,
    },
}

impl BaseUrl {
    /// Checks `address` and drops slashes at its end.
    ///
    /// # Errors
    /// [`InvalidBaseUrl`] when `address` is too long, relative, of another scheme, or more than a scheme, a host and a path.
    pub fn new(address: &str) -> Result<Self, InvalidBaseUrl> {
        if address.len() > 2_048 {
            return Err(InvalidBaseUrl::TooLong {
                length_bytes: address.len(),
            });
        }
        if address.contains(['?', '#', '@']) {
            return Err(InvalidBaseUrl::NotBare {
                address: address.to_owned(),
            });
        }
        let trimmed = address.trim_end_matches('/');
        let uri: Option<Uri> = trimmed.parse().ok();
        let absolute = uri.as_ref().is_some_and(|uri| {
            matches!(uri.scheme_str(), Some("http" | "https"))
                && uri.host().is_some_and(|host| !host.is_empty())
        });
        if absolute {
            Ok(Self(Cow::Owned(trimmed.to_owned())))
        } else {
            Err(InvalidBaseUrl::NotAbsolute {
                address: address.to_owned(),
            })
        }
    }

    /// The address without a slash at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The base addresses of the four families; another host (a simulator, a regional host) is a setting.
///
/// ```
/// use wechat_adapter::{BaseUrl, Endpoints};
/// let simulated = Endpoints::all_at(&BaseUrl::new("http://127.0.0.1:8080/simulator/wechat")?);
/// assert_eq!(Endpoints::wechat().pay().as_str(), "https://api.mch.weixin.qq.com");
/// assert_eq!(simulated.pay(), simulated.official());
/// # Ok::<(), wechat_adapter::InvalidBaseUrl>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    official: BaseUrl,
    open: BaseUrl,
    mp: BaseUrl,
    pay: BaseUrl,
}

impl Endpoints {
    /// WeChat's own hosts.
    #[must_use]
    pub const fn wechat() -> Self {
        Self {
            official: BaseUrl(Cow::Borrowed("https://api.weixin.qq.com")),
            open: BaseUrl(Cow::Borrowed("https://open.weixin.qq.com")),
            mp: BaseUrl(Cow::Borrowed("https://mp.weixin.qq.com")),
            pay: BaseUrl(Cow::Borrowed("https://api.mch.weixin.qq.com")),
        }
    }

    /// All four families below one address, as a simulator serves them.
    #[must_use]
    pub fn all_at(base: &BaseUrl) -> Self {
        Self {
            official: base.clone(),
            open: base.clone(),
            mp: base.clone(),
            pay: base.clone(),
        }
    }

    /// The same addresses with another one for the Official Account API.
    #[must_use]
    pub fn with_official(self, official: BaseUrl) -> Self {
        Self { official, ..self }
    }

    /// The same addresses with another one for the login page.
    #[must_use]
    pub fn with_open(self, open: BaseUrl) -> Self {
        Self { open, ..self }
    }

    /// The same addresses with another one for the pictures of QR codes.
    #[must_use]
    pub fn with_mp(self, mp: BaseUrl) -> Self {
        Self { mp, ..self }
    }

    /// The same addresses with another one for WeChat Pay.
    #[must_use]
    pub fn with_pay(self, pay: BaseUrl) -> Self {
        Self { pay, ..self }
    }

    /// The Official Account API (`api.weixin.qq.com`).
    #[must_use]
    pub const fn official(&self) -> &BaseUrl {
        &self.official
    }

    /// The login page that the person's browser opens (`open.weixin.qq.com`).
    #[must_use]
    pub const fn open(&self) -> &BaseUrl {
        &self.open
    }

    /// The pictures of QR codes (`mp.weixin.qq.com`).
    #[must_use]
    pub const fn mp(&self) -> &BaseUrl {
        &self.mp
    }

    /// WeChat Pay (`api.mch.weixin.qq.com`).
    #[must_use]
    pub const fn pay(&self) -> &BaseUrl {
        &self.pay
    }
}

/// `text` percent-encoded for a query, with `%20` for a blank.
pub(crate) fn percent_encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes())
        .collect::<String>()
        .replace('+', "%20")
}

/// `base`, `path` and the pairs of a query in the given order, values percent-encoded.
pub(crate) fn address(base: &BaseUrl, path: &str, query: &[(&str, &str)]) -> String {
    let mut address = format!("{base}{path}");
    for (index, (name, value)) in query.iter().enumerate() {
        address.push(if index == 0 { '?' } else { '&' });
        address.push_str(name);
        address.push('=');
        address.push_str(&percent_encoded(value));
    }
    address
}

/// A request to `address`; every part of it is bounded and percent-encoded, so it always parses.
///
/// Were it not to, the address would be `/`, without a host, which no client can send.
fn request(method: Method, address: &str, body: Vec<u8>) -> Request {
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = address.parse().unwrap_or_default();
    let headers = request.headers_mut();
    headers.insert(
        USER_AGENT,
        HeaderValue::from_static(concat!("wechat-adapter/", env!("CARGO_PKG_VERSION"))),
    );
    headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
    request
}

pub(crate) fn get(base: &BaseUrl, path: &str, query: &[(&str, &str)]) -> Request {
    request(Method::GET, &address(base, path, query), Vec::new())
}

pub(crate) fn post_json(
    base: &BaseUrl,
    path: &str,
    query: &[(&str, &str)],
    body: &serde_json::Value,
) -> Request {
    let address = address(base, path, query);
    let mut request = request(Method::POST, &address, body.to_string().into_bytes());
    request.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/json; charset=utf-8"),
    );
    request
}

pub(crate) fn post_xml(base: &BaseUrl, path: &str, body: String) -> Request {
    let address = address(base, path, &[]);
    let mut request = request(Method::POST, &address, body.into_bytes());
    request.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/xml; charset=utf-8"),
    );
    request
}
