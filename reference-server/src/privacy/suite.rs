//! The suites: which cipher seals a value and which hash keys an index.

use std::fmt;

use aws_lc_rs::{
    aead::{AES_256_GCM_SIV, Aad, LessSafeKey, Nonce, UnboundKey},
    hmac,
};
use zeroize::Zeroizing;

use super::Unsealable;
#[cfg(feature = "sm")]
use super::sm;
use crate::entropy::Entropy;

/// The secret of one key: 32 bytes that are overwritten when they are dropped.
pub(super) type Secret = Zeroizing<[u8; 32]>;

/// Bytes of a nonce, in both suites.
const NONCE: usize = 12;

/// A cipher and a keyed hash that belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, clap::ValueEnum)]
#[non_exhaustive]
pub enum Suite {
    /// AES-256-GCM-SIV (RFC 8452) and HMAC-SHA-256: a nonce drawn twice, as after a copied
    /// virtual machine, shows at most that two values are equal.
    #[value(name = "aes-sha2")]
    AesSha2,
    /// SM4-CCM (GB/T 32907, GB/T 36624, RFC 8998) and HMAC-SM3 (GB/T 32905).
    #[cfg(feature = "sm")]
    #[value(name = "sm4-sm3")]
    Sm4Sm3,
}

impl Suite {
    /// The word for it in key files, such as `aes-sha2`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AesSha2 => "aes-sha2",
            #[cfg(feature = "sm")]
            Self::Sm4Sm3 => "sm4-sm3",
        }
    }

    /// The suite of a word; `None` for one that this program was not built with.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        match name {
            "aes-sha2" => Some(Self::AesSha2),
            #[cfg(feature = "sm")]
            "sm4-sm3" => Some(Self::Sm4Sm3),
            _ => None,
        }
    }

    /// The letter for it in front of a sealed value.
    pub(super) const fn letter(self) -> char {
        match self {
            Self::AesSha2 => 'a',
            #[cfg(feature = "sm")]
            Self::Sm4Sm3 => 'm',
        }
    }
}

impl fmt::Display for Suite {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A key that encrypts and authenticates.
pub(super) enum Cipher {
    Aes(LessSafeKey),
    #[cfg(feature = "sm")]
    Sm4(Box<sm::Sm4Ccm>),
}

impl Cipher {
    pub(super) fn new(suite: Suite, secret: &Secret) -> Self {
        match suite {
            Suite::AesSha2 => Self::Aes(LessSafeKey::new(
                UnboundKey::new(&AES_256_GCM_SIV, secret.as_slice())
                    .expect("AES-256 takes a key of 32 bytes"),
            )),
            #[cfg(feature = "sm")]
            Suite::Sm4Sm3 => Self::Sm4(Box::new(sm::cipher(secret))),
        }
    }

    /// Nonce, ciphertext and tag of a value under a fresh nonce.
    pub(super) fn seal(&self, aad: &[u8], plain: &[u8], entropy: &dyn Entropy) -> Vec<u8> {
        let nonce: [u8; NONCE] = entropy.bytes();
        let mut sealed = plain.to_vec();
        match self {
            Self::Aes(key) => key
                .seal_in_place_append_tag(
                    Nonce::assume_unique_for_key(nonce),
                    Aad::from(aad),
                    &mut sealed,
                )
                .expect("a row is far shorter than the cipher's limit"),
            #[cfg(feature = "sm")]
            Self::Sm4(key) => sm::seal(key, nonce, aad, &mut sealed),
        }
        let mut bytes = nonce.to_vec();
        bytes.append(&mut sealed);
        bytes
    }

    /// The value that [`Cipher::seal`] sealed with the same data beside it.
    pub(super) fn open(&self, aad: &[u8], bytes: &[u8]) -> Result<Vec<u8>, Unsealable> {
        let (nonce, rest) = bytes.split_first_chunk::<NONCE>().ok_or(Unsealable)?;
        let mut rest = rest.to_vec();
        match self {
            Self::Aes(key) => {
                let nonce = Nonce::assume_unique_for_key(*nonce);
                let length = key
                    .open_in_place(nonce, Aad::from(aad), &mut rest)
                    .map_err(|_error| Unsealable)?
                    .len();
                rest.truncate(length);
            }
            #[cfg(feature = "sm")]
            Self::Sm4(key) => sm::open(key, *nonce, aad, &mut rest)?,
        }
        Ok(rest)
    }
}

/// A key under which equal texts have equal digests, and nobody else can compute them.
pub(super) enum Hash {
    Sha2(Box<hmac::Key>),
    #[cfg(feature = "sm")]
    Sm3(Secret),
}

impl Hash {
    pub(super) fn new(suite: Suite, secret: &Secret) -> Self {
        match suite {
            Suite::AesSha2 => Self::Sha2(Box::new(hmac::Key::new(
                hmac::HMAC_SHA256,
                secret.as_slice(),
            ))),
            #[cfg(feature = "sm")]
            Suite::Sm4Sm3 => Self::Sm3(secret.clone()),
        }
    }

    /// 32 bytes of a text.
    pub(super) fn digest(&self, text: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha2(key) => hmac::sign(key, text).as_ref().to_vec(),
            #[cfg(feature = "sm")]
            Self::Sm3(secret) => sm::hmac(secret, text),
        }
    }
}
