//! The signature of callbacks: SHA-1 over the sorted parts.

use sha1::{Digest, Sha1};
use subtle::ConstantTimeEq;

/// How many hexadecimal digits a SHA-1 has.
const DIGITS: usize = 40;

/// The lower-case hexadecimal SHA-1 of `parts` sorted by byte and joined.
///
/// For the address of a callback the parts are token, timestamp and nonce; for an encrypted message the ciphertext is a fourth.
///
/// Source: <https://developers.weixin.qq.com/doc/service/guide/dev/push/encryption.html>, read 2026-08.
///
/// ```
/// use wechat_adapter::official::signature;
/// assert_eq!(
///     signature(&["AAAAA", "1714036504", "1514711492"]),
///     "f464b24fc39322e44b38aa78f5edd27bd1441696",
/// );
/// ```
#[must_use]
pub fn signature(parts: &[&str]) -> String {
    String::from_utf8_lossy(&digits(parts)).into_owned()
}

/// The digits of the signature; up to four parts, as many as WeChat ever signs, are sorted in place.
fn digits(parts: &[&str]) -> [u8; DIGITS] {
    let mut few = [""; 4];
    let mut many = Vec::new();
    let sorted = if let Some(few) = few.get_mut(..parts.len()) {
        few.copy_from_slice(parts);
        few
    } else {
        many.extend_from_slice(parts);
        many.as_mut_slice()
    };
    sorted.sort_unstable();
    let mut digest = Sha1::new();
    for part in sorted {
        digest.update(part.as_bytes());
    }
    let mut digits = [0; DIGITS];
    // Twenty bytes are forty digits: it cannot fail.
    let _ = hex::encode_to_slice(digest.finalize(), &mut digits);
    digits
}

/// Whether `given` is the signature of `parts`, compared in constant time.
#[must_use]
pub fn signature_matches(parts: &[&str], given: &str) -> bool {
    digits(parts).ct_eq(given.as_bytes()).into()
}
