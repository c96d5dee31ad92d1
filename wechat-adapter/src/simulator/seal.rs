//! The simulator's own signatures and envelopes, written apart from the adapter's so that each checks the other.

use aes::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use aes::{Aes256, Block};
use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use md5::{Digest as _, Md5};
use sha1::Sha1;

/// Decodes base64 whose last character carries bits that mean nothing, as most keys from the console do.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

const BLOCK_BYTES: usize = 16;
/// The envelope is padded to a multiple of this many bytes.
const PAD_BYTES: usize = 32;

/// The 32 bytes behind an `EncodingAESKey`.
#[derive(Clone)]
pub(super) struct AesKey([u8; 32]);

impl AesKey {
    pub(super) fn decode(encoding_aes_key: &str) -> Option<Self> {
        if encoding_aes_key.len() != 43 {
            return None;
        }
        let bytes = LENIENT.decode(encoding_aes_key).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }

    fn initial_vector(&self) -> [u8; BLOCK_BYTES] {
        let [low, _high] = halves(&self.0);
        low
    }

    /// The base64 envelope of `message` for `receiver`, starting with 16 bytes that ought to be unpredictable.
    pub(super) fn encrypt(&self, message: &str, receiver: &str, random: [u8; 16]) -> String {
        let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
        let mut plain = Vec::with_capacity(message.len().saturating_add(96));
        plain.extend_from_slice(&random);
        plain.extend_from_slice(&length.to_be_bytes());
        plain.extend_from_slice(message.as_bytes());
        plain.extend_from_slice(receiver.as_bytes());
        let surplus = plain.len().checked_rem(PAD_BYTES).unwrap_or(0);
        let pad = PAD_BYTES.saturating_sub(surplus);
        let padded = plain.len().saturating_add(pad);
        plain.resize(padded, u8::try_from(pad).unwrap_or(0));
        let cipher = Aes256::new(&self.0.into());
        let mut previous = self.initial_vector();
        let (blocks, _rest) = plain.as_chunks_mut::<BLOCK_BYTES>();
        for block in blocks {
            let mut mixed = Block::from(xor(*block, previous));
            cipher.encrypt_block(&mut mixed);
            *block = mixed.into();
            previous = *block;
        }
        STANDARD.encode(&plain)
    }

    /// The message in a base64 envelope addressed to `receiver`; `None` for anything else.
    pub(super) fn decrypt(&self, envelope: &str, receiver: &str) -> Option<String> {
        let mut bytes = LENIENT.decode(envelope).ok()?;
        let cipher = Aes256::new(&self.0.into());
        let mut previous = self.initial_vector();
        let (blocks, rest) = bytes.as_chunks_mut::<BLOCK_BYTES>();
        if !rest.is_empty() {
            return None;
        }
        for block in blocks {
            let sealed = *block;
            let mut opened = Block::from(sealed);
            cipher.decrypt_block(&mut opened);
            *block = xor(opened.into(), previous);
            previous = sealed;
        }
        let pad = usize::from(*bytes.last()?);
        if !(1..=PAD_BYTES).contains(&pad) {
            return None;
        }
        let content = bytes.get(..bytes.len().checked_sub(pad)?)?;
        let (length, rest) = content.get(16..)?.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (message, tail) = rest.split_at_checked(length)?;
        if tail != receiver.as_bytes() {
            return None;
        }
        String::from_utf8(message.to_vec()).ok()
    }
}

fn halves(key: &[u8; 32]) -> [[u8; BLOCK_BYTES]; 2] {
    let mut parts = [[0; BLOCK_BYTES]; 2];
    for (part, source) in parts.iter_mut().zip(key.as_chunks::<BLOCK_BYTES>().0) {
        *part = *source;
    }
    parts
}

fn xor(mut left: [u8; BLOCK_BYTES], right: [u8; BLOCK_BYTES]) -> [u8; BLOCK_BYTES] {
    for (byte, other) in left.iter_mut().zip(right) {
        *byte ^= other;
    }
    left
}

/// The V2 sign of `fields`: MD5 over the non-empty fields in byte order and the key, in upper-case hex.
pub(super) fn pay_sign<'a>(
    fields: impl IntoIterator<Item = (&'a str, &'a str)>,
    merchant_key: &str,
) -> String {
    let mut signed: Vec<(&str, &str)> = fields
        .into_iter()
        .filter(|(name, value)| *name != "sign" && !value.is_empty())
        .collect();
    signed.sort_unstable_by_key(|(name, _)| name.as_bytes());
    let mut digest = Md5::new();
    for (name, value) in signed {
        for part in [name, "=", value, "&"] {
            digest.update(part.as_bytes());
        }
    }
    digest.update(b"key=");
    digest.update(merchant_key.as_bytes());
    hex::encode_upper(digest.finalize())
}

/// The SHA-1 of the parts, sorted bytewise and joined, in lower-case hex.
pub(super) fn sorted_sha1(mut parts: Vec<&str>) -> String {
    parts.sort_unstable_by_key(|part| part.as_bytes());
    let mut digest = Sha1::new();
    for part in parts {
        digest.update(part.as_bytes());
    }
    hex::encode(digest.finalize())
}

/// 20 bytes that depend on everything in `parts` and on their boundaries.
pub(super) fn derive(parts: &[&[u8]]) -> [u8; 20] {
    let mut digest = Sha1::new();
    for part in parts {
        let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
        digest.update(length.to_be_bytes());
        digest.update(part);
    }
    digest.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::{AesKey, pay_sign, sorted_sha1};

    #[test]
    fn value_stability_url_signature() {
        assert_eq!(
            sorted_sha1(vec!["AAAAA", "1714036504", "1514711492"]),
            "f464b24fc39322e44b38aa78f5edd27bd1441696"
        );
    }

    #[test]
    fn value_stability_pay_sign() {
        let fields = [
            ("mch_id", "10000100"),
            ("appid", "wxd930ea5d5a258f4f"),
            ("device_info", "1000"),
            ("body", "test"),
            ("nonce_str", "ibuaiVcKdpRxkhJA"),
            ("attach", ""),
        ];
        assert_eq!(
            pay_sign(fields, "192006250b4c09247ec02edce69f6a2d"),
            "9A0A8659F005D6984697E2CA0A9CF3B7"
        );
    }

    #[test]
    fn value_stability_envelope_of_the_vendor_sample() {
        let key = AesKey::decode("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG").unwrap();
        let envelope = key.encrypt(
            "我是中文abcd123",
            "wxb11529c136998cb6",
            *b"aaaabbbbccccdddd",
        );
        assert_eq!(
            envelope,
            "jn1L23DB+6ELqJ+6bruv21Y6MD7KeIfP82D6gU39rmkgczbWwt5+3bnyg5K55bgVtVzd832WzZGMhkP72vVOfg=="
        );
        assert_eq!(
            key.decrypt(&envelope, "wxb11529c136998cb6").as_deref(),
            Some("我是中文abcd123")
        );
        assert_eq!(key.decrypt(&envelope, "wxb11529c136998cb7"), None);
        assert_eq!(key.decrypt("AAAA", "wxb11529c136998cb6"), None);
    }
}
