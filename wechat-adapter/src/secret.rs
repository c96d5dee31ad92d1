//! Secrets that do not print themselves and do not stay in memory.

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// A password, key or token: `Debug` shows no character of it, and dropping it overwrites its memory.
///
/// It can be read from a configuration file, and is never written to one: there is no `Serialize`.
/// A request built from a secret contains it, so requests are not to be logged.
#[derive(Clone, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct Secret(Zeroizing<String>);

/// Why a text was refused as a [`Secret`]; carries the length only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidSecret {
    /// The secret is empty, which is a setting forgotten.
    #[error("secret is empty")]
    Empty,
    /// The secret is longer than any that WeChat issues, a certificate with its key included.
    #[error(
        "secret has {length_bytes} bytes, at most {} are allowed",
        Secret::MAX_BYTES
    )]
    TooLong {
        /// Length of the refused text, in bytes.
        length_bytes: usize,
    },
}

impl Secret {
    /// The longest secret accepted, in bytes.
    pub const MAX_BYTES: usize = 16_384;

    /// Takes `text` as a secret.
    ///
    /// # Errors
    /// [`InvalidSecret`] when `text` is empty or longer than [`Secret::MAX_BYTES`].
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidSecret> {
        let text = Zeroizing::new(text.into());
        match text.len() {
            0 => Err(InvalidSecret::Empty),
            length_bytes if length_bytes > Self::MAX_BYTES => {
                Err(InvalidSecret::TooLong { length_bytes })
            }
            _ => Ok(Self(text)),
        }
    }

    /// The secret itself, for the place that sends, signs or stores it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether both are the same secret, in time that depends on the length only.
    #[must_use]
    pub fn same_as(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(redacted)")
    }
}

impl TryFrom<String> for Secret {
    type Error = InvalidSecret;

    fn try_from(text: String) -> Result<Self, InvalidSecret> {
        Self::new(text)
    }
}
