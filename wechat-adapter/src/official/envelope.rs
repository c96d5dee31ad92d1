//! The encryption of callback messages: AES-256-CBC with a padding block of 32, addressed to one account.

use std::fmt;

use aes::cipher::block_padding::NoPadding;
use aes::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use zeroize::Zeroizing;

use crate::id::AppId;
use crate::secret::Secret;

/// WeChat pads to 32 bytes, twice the block of AES.
const PADDING_BLOCK: usize = 32;
const RANDOM_BYTES: usize = 16;
const LENGTH_BYTES: usize = 4;

/// Three of four keys that the console draws have non-zero bits after their last byte, which a strict decoder refuses.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The message key of the console, 43 characters for 32 bytes.
#[derive(Clone)]
pub struct EncodingAesKey {
    key: Zeroizing<[u8; 32]>,
    initial_vector: Zeroizing<[u8; 16]>,
}

/// A text that is not an [`EncodingAesKey`]; carries the length only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("EncodingAESKey is not 43 characters of base64 ({length_bytes} bytes given)")]
#[non_exhaustive]
pub struct InvalidEncodingAesKey {
    /// Length of the refused text, in bytes.
    pub length_bytes: usize,
}

impl EncodingAesKey {
    /// Decodes the key as the console shows it.
    ///
    /// # Errors
    /// [`InvalidEncodingAesKey`] when `text` is not 43 characters of base64.
    pub fn new(text: &Secret) -> Result<Self, InvalidEncodingAesKey> {
        let length_bytes = text.expose().len();
        let invalid = InvalidEncodingAesKey { length_bytes };
        if length_bytes != 43 {
            return Err(invalid);
        }
        let decoded = Zeroizing::new(LENIENT.decode(text.expose()).map_err(|_| invalid)?);
        let key = decoded.first_chunk::<32>().ok_or(invalid)?;
        let initial_vector = decoded.first_chunk::<16>().ok_or(invalid)?;
        Ok(Self {
            key: Zeroizing::new(*key),
            initial_vector: Zeroizing::new(*initial_vector),
        })
    }
}

impl fmt::Debug for EncodingAesKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("EncodingAesKey(redacted)")
    }
}

/// Why a message could not be put into an envelope or taken out of one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// The ciphertext does not decrypt to a message; deliberately one error for every cause.
    #[error("ciphertext does not decrypt to a message")]
    Undecryptable,
    /// The message is addressed to another account.
    #[error("message is addressed to {receiver:?}, not to this account")]
    OtherReceiver {
        /// The account named in the envelope.
        receiver: String,
    },
    /// The message is longer than an answer to a callback can be.
    #[error(
        "message has {length_bytes} bytes, at most {} are allowed",
        Envelope::MAX_MESSAGE_BYTES
    )]
    MessageTooLong {
        /// Length of the refused message, in bytes.
        length_bytes: usize,
    },
}

/// Encrypts and decrypts the messages of one account.
///
/// Confidentiality only: whether a ciphertext is genuine is decided by its signature, before it is decrypted.
#[derive(Debug, Clone)]
pub struct Envelope {
    key: EncodingAesKey,
    receiver: AppId,
}

impl Envelope {
    /// The longest message that is encrypted, in bytes.
    pub const MAX_MESSAGE_BYTES: usize = 65_536;

    /// An envelope for messages to and from `receiver`.
    #[must_use]
    pub const fn new(key: EncodingAesKey, receiver: AppId) -> Self {
        Self { key, receiver }
    }

    /// Encrypts `message` to base64; `random` is fresh for every message.
    ///
    /// # Errors
    /// [`EnvelopeError::MessageTooLong`] above [`Envelope::MAX_MESSAGE_BYTES`].
    pub fn encrypt(&self, message: &str, random: [u8; 16]) -> Result<String, EnvelopeError> {
        let length_bytes = message.len();
        let too_long = EnvelopeError::MessageTooLong { length_bytes };
        if length_bytes > Self::MAX_MESSAGE_BYTES {
            return Err(too_long);
        }
        let length = u32::try_from(length_bytes).map_err(|_| too_long)?;
        let mut plain = Zeroizing::new(Vec::new());
        plain.extend_from_slice(&random);
        plain.extend_from_slice(&length.to_be_bytes());
        plain.extend_from_slice(message.as_bytes());
        plain.extend_from_slice(self.receiver.as_str().as_bytes());
        pad(&mut plain);
        let cipher = cbc::Encryptor::<aes::Aes256>::new(
            (&*self.key.key).into(),
            (&*self.key.initial_vector).into(),
        );
        Ok(STANDARD.encode(cipher.encrypt_padded_vec::<NoPadding>(&plain)))
    }

    /// Decrypts base64 to the message inside.
    ///
    /// # Errors
    /// [`EnvelopeError::Undecryptable`] for every damage; [`EnvelopeError::OtherReceiver`] when the message is for another account.
    pub fn decrypt(&self, ciphertext: &str) -> Result<String, EnvelopeError> {
        let (message, receiver) = self.open(ciphertext).ok_or(EnvelopeError::Undecryptable)?;
        if receiver == self.receiver.as_str() {
            Ok(message)
        } else {
            Err(EnvelopeError::OtherReceiver { receiver })
        }
    }

    /// The message and the account it is for, or nothing.
    fn open(&self, ciphertext: &str) -> Option<(String, String)> {
        let bytes = LENIENT.decode(ciphertext.trim()).ok()?;
        let cipher = cbc::Decryptor::<aes::Aes256>::new(
            (&*self.key.key).into(),
            (&*self.key.initial_vector).into(),
        );
        let plain = Zeroizing::new(cipher.decrypt_padded_vec::<NoPadding>(&bytes).ok()?);
        let content = unpadded(&plain)?;
        let (_random, rest) = content.split_at_checked(RANDOM_BYTES)?;
        let (length, rest) = rest.split_first_chunk::<LENGTH_BYTES>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (message, receiver) = rest.split_at_checked(length)?;
        Some((
            String::from_utf8(message.to_vec()).ok()?,
            String::from_utf8(receiver.to_vec()).ok()?,
        ))
    }
}

/// Appends 1 to 32 bytes, each saying how many they are.
fn pad(plain: &mut Vec<u8>) {
    let target = plain
        .len()
        .saturating_add(1)
        .next_multiple_of(PADDING_BLOCK);
    let count = target.saturating_sub(plain.len());
    plain.resize(target, u8::try_from(count).unwrap_or(u8::MAX));
}

/// `plain` without its padding, which must be 1 to 32 equal bytes.
fn unpadded(plain: &[u8]) -> Option<&[u8]> {
    let last = *plain.last()?;
    let count = usize::from(last);
    if count == 0 || count > PADDING_BLOCK {
        return None;
    }
    let (content, padding) = plain.split_at_checked(plain.len().checked_sub(count)?)?;
    padding.iter().all(|&byte| byte == last).then_some(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(receiver: &str) -> Envelope {
        let key = EncodingAesKey::new(&Secret::new("A".repeat(43)).unwrap()).unwrap();
        Envelope::new(key, AppId::new(receiver).unwrap())
    }

    /// Encrypts bytes as they are, to reach what `encrypt` never produces.
    fn sealed(plain: &[u8]) -> String {
        let envelope = envelope("wx1");
        let cipher = cbc::Encryptor::<aes::Aes256>::new(
            (&*envelope.key.key).into(),
            (&*envelope.key.initial_vector).into(),
        );
        STANDARD.encode(cipher.encrypt_padded_vec::<NoPadding>(plain))
    }

    /// 48 bytes: 16 random, the stated length, a message of 2, the receiver, filled up with `pad`.
    fn plain(stated_length: u32, pad: u8) -> Vec<u8> {
        let mut plain = vec![7; 16];
        plain.extend_from_slice(&stated_length.to_be_bytes());
        plain.extend_from_slice(b"hiwx1");
        plain.resize(48, pad);
        plain
    }

    #[test]
    fn a_padding_of_zero_or_more_than_a_block_is_refused() {
        assert_eq!(
            envelope("wx1").decrypt(&sealed(&plain(2, 23))).unwrap(),
            "hi"
        );
        for pad in [0, 33, 255] {
            assert_eq!(
                envelope("wx1").decrypt(&sealed(&plain(2, pad))),
                Err(EnvelopeError::Undecryptable),
                "{pad}"
            );
        }
    }

    #[test]
    fn a_padding_of_unequal_bytes_is_refused() {
        let mut unequal = plain(2, 23);
        unequal[30] = 22;
        assert_eq!(
            envelope("wx1").decrypt(&sealed(&unequal)),
            Err(EnvelopeError::Undecryptable)
        );
    }

    #[test]
    fn a_length_beyond_the_end_is_refused() {
        for length in [6, 1_000, u32::MAX] {
            assert_eq!(
                envelope("wx1").decrypt(&sealed(&plain(length, 23))),
                Err(EnvelopeError::Undecryptable),
                "{length}"
            );
        }
    }

    #[test]
    fn an_aligned_message_gets_a_whole_block_of_padding() {
        let mut aligned = vec![0; 64];
        pad(&mut aligned);
        assert_eq!(aligned.len(), 96);
        assert_eq!(aligned[95], 32);
    }
}
