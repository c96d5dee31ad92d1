//! SHA-256 over joined pieces, and the text of digests and other fixed bytes.

use sha2::{Digest as _, Sha256};

/// Gives a newtype over 32 bytes its bytes and its text of 64 lower-case hexadecimal digits.
macro_rules! digest_text {
    ($digest:ident) => {
        impl $digest {
            /// Returns the 32 bytes.
            #[must_use]
            pub const fn to_bytes(self) -> [u8; 32] {
                self.0
            }

            /// Takes the 32 bytes of a digest computed earlier.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }
        }

        /// Writes 64 lower-case hexadecimal digits.
        impl std::fmt::Display for $digest {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&$crate::digest::hexadecimal(&self.0))
            }
        }

        impl std::fmt::Debug for $digest {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({self})", stringify!($digest))
            }
        }

        /// Reads 64 lower-case hexadecimal digits.
        impl std::str::FromStr for $digest {
            type Err = $crate::ParseDigestError;

            fn from_str(text: &str) -> Result<Self, $crate::ParseDigestError> {
                $crate::digest::parse_hexadecimal(text).map(Self)
            }
        }
    };
}

pub(crate) use digest_text;

/// Why a text is not a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseDigestError {
    /// Not two characters for each byte.
    #[error("{characters} characters are not the hexadecimal digits of a digest")]
    Length {
        /// Characters found.
        characters: usize,
    },
    /// A character that is no lower-case hexadecimal digit.
    #[error("{found:?} is not a lower-case hexadecimal digit")]
    NotHexadecimal {
        /// The first such character.
        found: char,
    },
}

/// Returns the digest of the pieces joined.
pub(crate) fn sha256(pieces: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for piece in pieces {
        hasher.update(piece);
    }
    hasher.finalize().into()
}

/// Writes two lower-case hexadecimal digits for each byte.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or('0');
    bytes
        .iter()
        .flat_map(|&byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

/// Reads exactly `2 * N` lower-case hexadecimal digits.
pub(crate) fn parse_hexadecimal<const N: usize>(text: &str) -> Result<[u8; N], ParseDigestError> {
    let characters = text.chars().count();
    if characters != N.saturating_mul(2) {
        return Err(ParseDigestError::Length { characters });
    }
    let mut bytes = [0_u8; N];
    let mut digits = text.chars();
    for byte in &mut bytes {
        for found in digits.by_ref().take(2) {
            let digit = found
                .to_digit(16)
                .filter(|_| !found.is_ascii_uppercase())
                .and_then(|digit| u8::try_from(digit).ok())
                .ok_or(ParseDigestError::NotHexadecimal { found })?;
            *byte = (*byte << 4) | digit;
        }
    }
    Ok(bytes)
}
