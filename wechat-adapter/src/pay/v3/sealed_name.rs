//! A person's name, encrypted to WeChat once and stored in that form only.

use serde::{Deserialize, Serialize};

/// A name under WeChat's key: what goes into an order, and the key it was encrypted to.
///
/// Encryption is random, so a name is sealed once and the ciphertext is repeated with the order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedName {
    serial: String,
    ciphertext: String,
}

/// Why a name cannot be sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// The name is empty or longer than the field.
    #[error(
        "name has {characters} characters, 1 to {} are allowed",
        SealedName::MAX_CHARACTERS
    )]
    Length {
        /// Length of the refused name, in characters.
        characters: usize,
    },
    /// There is no usable key to encrypt to.
    #[error("there is no key of WeChat to encrypt a name to")]
    NoKey,
}

impl SealedName {
    /// The longest name, in characters; 64 of three bytes still fit one RSA block of 2048 bits.
    pub const MAX_CHARACTERS: usize = 64;

    pub(super) const fn new(serial: String, ciphertext: String) -> Self {
        Self { serial, ciphertext }
    }

    /// The key it was encrypted to, which the request must name.
    #[must_use]
    pub fn serial(&self) -> &str {
        &self.serial
    }

    /// Base64 of the ciphertext.
    #[must_use]
    pub fn ciphertext(&self) -> &str {
        &self.ciphertext
    }
}
