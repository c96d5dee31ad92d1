//! The port through which every request leaves: one trait, one method, and what can go wrong on the way.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;

/// An HTTP request whose body is bytes already in memory.
pub type Request = http::Request<Vec<u8>>;

/// An HTTP response whose body is bytes already in memory.
pub type Response = http::Response<Vec<u8>>;

/// The future returned by [`HttpClient::send`], boxed so that the trait can be used behind `dyn`.
pub type SendFuture<'a> =
    Pin<Box<dyn Future<Output = Result<Response, TransportError>> + Send + 'a>>;

/// Sends one request and waits for its answer.
///
/// An implementation bounds the time of the whole exchange, never follows a redirect (requests carry secrets),
/// and never repeats a request by itself: whether a repetition is safe is known only by the caller.
pub trait HttpClient: Debug + Send + Sync {
    /// Sends `request` once.
    ///
    /// # Errors
    /// [`TransportError::NotSent`] when it is certain that the peer has not acted on the request;
    /// every other variant means that the outcome is unknown.
    fn send(&self, request: Request) -> SendFuture<'_>;

    /// Asks once for a file of at most `limit_bytes`, which may be longer and take longer than an answer.
    ///
    /// An implementation over a network reads it piece by piece and stops at the first byte too many.
    ///
    /// # Errors
    /// [`TransportError::AnswerTooLarge`] for a longer file; otherwise as [`HttpClient::send`].
    fn download(&self, request: Request, limit_bytes: usize) -> SendFuture<'_> {
        let sent = self.send(request);
        Box::pin(async move {
            let response = sent.await?;
            if response.body().len() > limit_bytes {
                return Err(TransportError::AnswerTooLarge { limit_bytes });
            }
            Ok(response)
        })
    }
}

/// Why no answer came back.
///
/// Only [`TransportError::NotSent`] proves that nothing happened at the other side.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// The connection was never made, so the peer has not seen the request.
    #[error("request was not sent: {0}")]
    NotSent(String),
    /// No complete answer arrived in time; the peer may have acted.
    #[error("no answer in time: outcome unknown")]
    TimedOut,
    /// The connection broke after the request may have left; the peer may have acted.
    #[error("connection lost, outcome unknown: {0}")]
    ConnectionLost(String),
    /// The answer was longer than the client is willing to keep; the peer has probably acted.
    #[error("answer longer than {limit_bytes} bytes, outcome unknown")]
    AnswerTooLarge {
        /// The limit that was passed, in bytes.
        limit_bytes: usize,
    },
}

impl TransportError {
    /// Whether the peer may have acted on the request: true for everything except [`TransportError::NotSent`].
    #[must_use]
    pub const fn outcome_unknown(&self) -> bool {
        !matches!(self, Self::NotSent(_))
    }
}
