//! A later public value that is mixed into the seed, so that no seed can be chosen for its outcome.

use std::fmt;

/// Longest text of a source or a value, in bytes.
const MAX_BYTES: usize = 1_024;

/// Which public value will be mixed in, named before anybody can know it.
///
/// For example a numbered lottery draw, a round of drand or a pulse of a randomness beacon (NISTIR 8213), with the
/// exact field that counts, as RFC 3797 asks for its sources.
/// The text becomes the last line of the canonical specification, so the commitment covers it.
///
/// ```
/// use reward_core::BeaconSource;
///
/// let source: BeaconSource = "drand quicknet round 12345678, randomness in hexadecimal".parse()?;
/// assert!("".parse::<BeaconSource>().is_err());
/// assert!("two\nlines".parse::<BeaconSource>().is_err());
/// # Ok::<(), reward_core::BeaconError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BeaconSource(String);

/// The value that its source published, character by character.
///
/// 1 to 1,024 printable ASCII characters; what is written is what is hashed, nothing is normalised.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BeaconValue(String);

/// Why a text names no source or is no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BeaconError {
    /// Empty, or longer than 1,024 bytes.
    #[error("{bytes} bytes, where 1 to {limit} are allowed", limit = MAX_BYTES)]
    Length {
        /// Bytes found.
        bytes: usize,
    },
    /// A character outside space to tilde.
    #[error("{found:?} is not a printable ASCII character")]
    NotPrintable {
        /// The first such character.
        found: char,
    },
}

macro_rules! beacon_text {
    ($name:ident) => {
        impl $name {
            /// Returns the text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = BeaconError;

            fn from_str(text: &str) -> Result<Self, BeaconError> {
                checked(text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

beacon_text!(BeaconSource);
beacon_text!(BeaconValue);

fn checked(text: &str) -> Result<String, BeaconError> {
    let bytes = text.len();
    if bytes == 0 || bytes > MAX_BYTES {
        return Err(BeaconError::Length { bytes });
    }
    match text.chars().find(|found| !(' '..='~').contains(found)) {
        Some(found) => Err(BeaconError::NotPrintable { found }),
        None => Ok(text.to_owned()),
    }
}
