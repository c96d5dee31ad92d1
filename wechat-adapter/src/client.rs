//! The [`HttpClient`] for the open network, over reqwest.

use std::error::Error;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Identity};

use crate::http::{HttpClient, Request, Response, SendFuture, TransportError};
use crate::secret::Secret;

/// How long a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// How long an exchange may take in all; a download may be silent for so long.
const TOTAL_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a download may take in all.
const DOWNLOAD_TIMEOUT: Duration = Duration::from_secs(300);

/// Sends requests over TLS: 3 seconds to connect, 10 in all, no redirects, no repetitions, no proxy of the environment.
///
/// A download may take 5 minutes as long as something arrives every 10 seconds.
///
/// Needs a running tokio runtime. Cloning shares the connections.
/// Use one with a client certificate for WeChat Pay and another one without for everything else.
#[derive(Debug, Clone)]
pub struct WeChatHttp {
    client: Client,
}

/// Why a client could not be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The PEM text does not hold a certificate and its private key.
    #[error("client certificate and key are not readable as PEM")]
    Identity(#[source] reqwest::Error),
    /// TLS could not be set up.
    #[error("TLS could not be set up")]
    Tls(#[source] reqwest::Error),
}

impl WeChatHttp {
    /// The longest answer that is kept, in bytes; the longest of WeChat's is a page of followers.
    pub const MAX_ANSWER_BYTES: usize = 4_194_304;

    /// A client that shows no certificate.
    ///
    /// # Errors
    /// [`ClientError::Tls`] when the system has no usable root certificates.
    pub fn new() -> Result<Self, ClientError> {
        Self::build(None)
    }

    /// A client that shows the merchant's certificate: `certificate_and_key` is both, in PEM (`apiclient_cert.pem` and `apiclient_key.pem` joined).
    ///
    /// # Errors
    /// [`ClientError::Identity`] when the text is not both; [`ClientError::Tls`] when they do not fit together.
    pub fn with_certificate(certificate_and_key: &Secret) -> Result<Self, ClientError> {
        let identity = Identity::from_pem(certificate_and_key.expose().as_bytes())
            .map_err(ClientError::Identity)?;
        Self::build(Some(identity))
    }

    fn build(identity: Option<Identity>) -> Result<Self, ClientError> {
        let mut builder = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TOTAL_TIMEOUT)
            .read_timeout(TOTAL_TIMEOUT)
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy();
        if let Some(identity) = identity {
            builder = builder.identity(identity);
        }
        let client = builder.build().map_err(ClientError::Tls)?;
        Ok(Self { client })
    }

    async fn exchange(
        &self,
        request: Request,
        limit_bytes: usize,
        timeout: Duration,
    ) -> Result<Response, TransportError> {
        let mut request = reqwest::Request::try_from(request)
            .map_err(|error| TransportError::NotSent(description(error)))?;
        *request.timeout_mut() = Some(timeout);
        let mut answer = self.client.execute(request).await.map_err(sending_error)?;
        let mut response = Response::new(Vec::new());
        *response.status_mut() = answer.status();
        *response.headers_mut() = std::mem::take(answer.headers_mut());
        while let Some(chunk) = answer.chunk().await.map_err(reading_error)? {
            let body = response.body_mut();
            if body.len().saturating_add(chunk.len()) > limit_bytes {
                return Err(TransportError::AnswerTooLarge { limit_bytes });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(response)
    }
}

impl HttpClient for WeChatHttp {
    fn send(&self, request: Request) -> SendFuture<'_> {
        Box::pin(self.exchange(request, Self::MAX_ANSWER_BYTES, TOTAL_TIMEOUT))
    }

    fn download(&self, request: Request, limit_bytes: usize) -> SendFuture<'_> {
        Box::pin(self.exchange(request, limit_bytes, DOWNLOAD_TIMEOUT))
    }
}

/// An error before the head of the answer: certain not to have been sent only while there was no connection.
fn sending_error(error: reqwest::Error) -> TransportError {
    if error.is_connect() || error.is_builder() {
        TransportError::NotSent(description(error))
    } else {
        reading_error(error)
    }
}

/// An error after the connection was made: the peer may have acted.
fn reading_error(error: reqwest::Error) -> TransportError {
    if error.is_timeout() {
        TransportError::TimedOut
    } else {
        TransportError::ConnectionLost(description(error))
    }
}

/// The causes of an error, without the address, which may contain secrets.
fn description(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut description = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        description.push_str(": ");
        description.push_str(&error.to_string());
        cause = error.source();
    }
    description
}
