//! The keys of a season, and everything that is encrypted or keyed with them.
//!
//! One master secret of 32 bytes; each use has a key of its own derived from it
//! (HKDF-SHA-256, RFC 5869), so that no key serves two purposes.

use std::fmt;

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    hkdf, hmac,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::entropy::Entropy;

/// The version letter in front of a sealed value; a rotated key gets the next one.
const KEY_VERSION: &str = "1";
/// Base 32 without letters that are mistaken for each other (Crockford's alphabet).
const BASE32: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A sealed value that cannot be opened: another key, another place, or altered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sealed value cannot be opened with this key in this place")]
pub struct Unsealable;

/// The keys of one season.
pub struct Keys {
    field: LessSafeKey,
    index: hmac::Key,
    bill: hmac::Key,
    attempt: hmac::Key,
    claimant: hmac::Key,
    paper: hmac::Key,
    season_seed: [u8; 32],
    session: [u8; 64],
}

impl fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Keys([redacted])")
    }
}

impl Keys {
    /// Derives every key from the master secret.
    ///
    /// # Panics
    /// Never: the lengths of the keys are those the primitives take.
    #[must_use]
    pub fn derive(master: &[u8; 32]) -> Self {
        let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, b"quiz-contest keys 1");
        let prk = salt.extract(master);
        let key = |purpose: &[u8]| expand::<32>(&prk, purpose);
        let tag = |purpose: &[u8]| hmac::Key::new(hmac::HMAC_SHA256, &key(purpose));
        Self {
            field: LessSafeKey::new(
                UnboundKey::new(&AES_256_GCM, &key(b"field"))
                    .expect("AES-256 takes a key of 32 bytes"),
            ),
            index: tag(b"openid index"),
            bill: tag(b"bill number"),
            attempt: tag(b"attempt token"),
            claimant: tag(b"claimant"),
            paper: tag(b"paper"),
            season_seed: key(b"packet plan"),
            session: expand::<64>(&prk, b"session cookie"),
        }
    }

    /// Encrypts a value for one place (`table.column/row`); opening it elsewhere fails.
    ///
    /// # Panics
    /// Never for values of less than 64 GiB, the cipher's limit.
    #[must_use]
    pub fn seal(&self, place: &str, plain: &[u8], entropy: &dyn Entropy) -> String {
        let nonce: [u8; 12] = entropy.bytes();
        let mut sealed = plain.to_vec();
        self.field
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(place.as_bytes()),
                &mut sealed,
            )
            .expect("a row is far shorter than the cipher's limit");
        let mut bytes = nonce.to_vec();
        bytes.append(&mut sealed);
        format!("{KEY_VERSION}.{}", URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Decrypts what [`Keys::seal`] made for the same place.
    ///
    /// # Errors
    /// [`Unsealable`] when the key, the place or a bit differs.
    pub fn open(&self, place: &str, sealed: &str) -> Result<Vec<u8>, Unsealable> {
        let (version, body) = sealed.split_once('.').ok_or(Unsealable)?;
        if version != KEY_VERSION {
            return Err(Unsealable);
        }
        let bytes = URL_SAFE_NO_PAD.decode(body).map_err(|_error| Unsealable)?;
        let (nonce, rest) = bytes.split_at_checked(12).ok_or(Unsealable)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_error| Unsealable)?;
        let mut rest = rest.to_vec();
        let plain = self
            .field
            .open_in_place(nonce, Aad::from(place.as_bytes()), &mut rest)
            .map_err(|_error| Unsealable)?;
        Ok(plain.to_vec())
    }

    /// The keyed index of an openid: equality without the openid, 26 base-32 letters (130 bits).
    #[must_use]
    pub fn openid_index(&self, openid: &str) -> String {
        base32_letters(hmac::sign(&self.index, openid.as_bytes()).as_ref(), 26)
    }

    /// A number derived from content: the same parts give the same number for ever.
    ///
    /// 28 base-32 letters (140 bits), which is what WeChat Pay takes as an order number.
    #[must_use]
    pub fn content_number(&self, parts: &[&str]) -> String {
        base32_letters(&tag_parts(&self.bill, parts), 28)
    }

    /// The authentication tag of an attempt token, 16 bytes.
    #[must_use]
    pub fn attempt_tag(&self, payload: &[u8]) -> [u8; 16] {
        let mut tag = [0; 16];
        let full = hmac::sign(&self.attempt, payload);
        for (to, from) in tag.iter_mut().zip(full.as_ref()) {
            *to = *from;
        }
        tag
    }

    /// Whether the tag belongs to the payload, in constant time.
    #[must_use]
    pub fn is_attempt_tag(&self, payload: &[u8], tag: &[u8]) -> bool {
        aws_lc_rs::constant_time::verify_slices_are_equal(&self.attempt_tag(payload), tag).is_ok()
    }

    /// Who got a packet, as the public log of a city names him: 16 bytes that link no two cities.
    #[must_use]
    pub fn claimant(&self, city: &str, person: &str) -> [u8; 16] {
        let mut claimant = [0; 16];
        for (to, from) in claimant
            .iter_mut()
            .zip(tag_parts(&self.claimant, &[city, person]))
        {
            *to = from;
        }
        claimant
    }

    /// The seed from which the paper of one attempt is drawn.
    #[must_use]
    pub fn paper_seed(&self, parts: &[&str]) -> [u8; 32] {
        let mut seed = [0; 32];
        for (to, from) in seed.iter_mut().zip(tag_parts(&self.paper, parts)) {
            *to = from;
        }
        seed
    }

    /// The seed from which every city's packet plan is derived.
    #[must_use]
    pub fn season_seed(&self) -> [u8; 32] {
        self.season_seed
    }

    /// Key material for the encrypted session cookie.
    #[must_use]
    pub fn session_key(&self) -> &[u8; 64] {
        &self.session
    }
}

struct Length(usize);

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

fn expand<const N: usize>(prk: &hkdf::Prk, purpose: &[u8]) -> [u8; N] {
    let mut key = [0; N];
    prk.expand(&[purpose], Length(N))
        .and_then(|okm| okm.fill(&mut key))
        .expect("HKDF gives at most 255 blocks, these keys are one or two");
    key
}

/// HMAC over parts, each with its length in front, so that no two lists collide.
fn tag_parts(key: &hmac::Key, parts: &[&str]) -> Vec<u8> {
    let mut context = hmac::Context::with_key(key);
    for part in parts {
        let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
        context.update(&length.to_be_bytes());
        context.update(part.as_bytes());
    }
    context.sign().as_ref().to_vec()
}

fn base32_letters(bytes: &[u8], length: usize) -> String {
    let mut text = String::with_capacity(length);
    let (mut bits, mut n_bits) = (0_u32, 0_u32);
    for &byte in bytes {
        bits = (bits << 8) | u32::from(byte);
        n_bits += 8;
        while n_bits >= 5 && text.len() < length {
            n_bits -= 5;
            let digit = usize::try_from((bits >> n_bits) & 31).unwrap_or(0);
            text.push(char::from(BASE32[digit]));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SeededEntropy;

    fn keys() -> Keys {
        Keys::derive(&[7; 32])
    }

    #[test]
    fn a_sealed_value_opens_in_its_own_place_only() {
        let entropy = SeededEntropy::new(1);
        let sealed = keys().seal("person.openid/1", b"oABC", &entropy);
        assert_eq!(
            keys().open("person.openid/1", &sealed).as_deref(),
            Ok(&b"oABC"[..])
        );
        assert_eq!(keys().open("person.openid/2", &sealed), Err(Unsealable));
        assert_eq!(
            Keys::derive(&[8; 32]).open("person.openid/1", &sealed),
            Err(Unsealable)
        );
        for index in 0..sealed.len() {
            let mut bytes = sealed.clone().into_bytes();
            bytes[index] = if bytes[index] == b'A' { b'B' } else { b'A' };
            if let Ok(altered) = String::from_utf8(bytes)
                && altered != sealed
            {
                assert_eq!(
                    keys().open("person.openid/1", &altered),
                    Err(Unsealable),
                    "{index}"
                );
            }
        }
    }

    #[test]
    fn value_stability_content_number() {
        let number = keys().content_number(&["nanjing", "P", "base", "", "1"]);
        assert_eq!(number.len(), 28);
        assert_eq!(
            number,
            keys().content_number(&["nanjing", "P", "base", "", "1"])
        );
        assert_ne!(
            number,
            keys().content_number(&["nanjing", "P", "base", "1", ""])
        );
        assert_ne!(
            number,
            keys().content_number(&["nanjingP", "", "base", "", "1"])
        );
    }
}
