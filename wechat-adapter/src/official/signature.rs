//! The signature of callbacks: SHA-1 over the sorted parts.

use sha1::{Digest, Sha1};
use subtle::ConstantTimeEq;

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
    let mut sorted = parts.to_vec();
    sorted.sort_unstable();
    let mut digest = Sha1::new();
    for part in sorted {
        digest.update(part.as_bytes());
    }
    hex::encode(digest.finalize())
}

/// Whether `given` is the signature of `parts`, compared in constant time.
#[must_use]
pub fn signature_matches(parts: &[&str], given: &str) -> bool {
    signature(parts).as_bytes().ct_eq(given.as_bytes()).into()
}
