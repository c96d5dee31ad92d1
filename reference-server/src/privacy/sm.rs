//! The Chinese national algorithms, for offices that must use them: SM4 in CCM mode, SM3 as HMAC and HKDF.
//!
//! The modes are generic over their block cipher and hash, so each primitive stands in a crate of its own.

use ccm::{
    Ccm, KeyInit as _, Nonce, Tag,
    aead::AeadInOut as _,
    consts::{U12, U16},
};
use hkdf::Hkdf;
use hmac::{Hmac, Mac as _};
use sm3::Sm3;
use sm4::Sm4;

use super::{Unsealable, suite::Secret};

/// SM4 in CCM mode with the nonce and tag of RFC 8998: 12 and 16 bytes.
pub(super) type Sm4Ccm = Ccm<Sm4, U16, U12>;

/// Bytes of a tag.
const TAG: usize = 16;

/// SM4 takes 16 bytes; they are derived from the secret by HKDF-SM3.
pub(super) fn cipher(secret: &Secret) -> Sm4Ccm {
    let mut key = zeroize::Zeroizing::new([0; 16]);
    Hkdf::<Sm3>::new(Some(b"quiz-contest keys 1"), secret.as_slice())
        .expand(b"sm4-ccm", key.as_mut_slice())
        .expect("16 bytes are half a block of HKDF-SM3");
    Sm4Ccm::new((&*key).into())
}

/// Encrypts in place and appends the tag.
pub(super) fn seal(cipher: &Sm4Ccm, nonce: [u8; 12], aad: &[u8], bytes: &mut Vec<u8>) {
    let tag = cipher
        .encrypt_inout_detached(&Nonce::from(nonce), aad, bytes.as_mut_slice().into())
        .expect("a row is far shorter than the mode's limit of 16 MiB");
    bytes.extend_from_slice(&tag);
}

/// Decrypts what [`seal`] made, and drops the tag.
pub(super) fn open(
    cipher: &Sm4Ccm,
    nonce: [u8; 12],
    aad: &[u8],
    bytes: &mut Vec<u8>,
) -> Result<(), Unsealable> {
    let length = bytes.len().checked_sub(TAG).ok_or(Unsealable)?;
    let tag: [u8; TAG] = bytes
        .split_off(length)
        .try_into()
        .map_err(|_length| Unsealable)?;
    cipher
        .decrypt_inout_detached(
            &Nonce::from(nonce),
            aad,
            bytes.as_mut_slice().into(),
            &Tag::from(tag),
        )
        .map_err(|_error| Unsealable)
}

/// HMAC-SM3.
pub(super) fn hmac(secret: &Secret, text: &[u8]) -> Vec<u8> {
    let mut mac =
        Hmac::<Sm3>::new_from_slice(secret.as_slice()).expect("HMAC takes a key of any length");
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use sm3::Digest as _;
    use sm4::cipher::{BlockCipherDecrypt as _, BlockCipherEncrypt as _};

    use super::*;

    fn bytes(text: &str) -> Vec<u8> {
        hex::decode(text.replace([' ', '\n'], "")).unwrap()
    }

    /// GB/T 32907-2016, appendix A.1: one block.
    #[test]
    fn sm4_is_the_published_cipher() {
        let key: [u8; 16] = bytes("0123456789abcdeffedcba9876543210")
            .try_into()
            .unwrap();
        let cipher = Sm4::new(&key.into());
        let mut block = key.into();
        cipher.encrypt_block(&mut block);
        assert_eq!(block.to_vec(), bytes("681edf34d206965e86b3e94f536e4246"));
        cipher.decrypt_block(&mut block);
        assert_eq!(block.to_vec(), key);
    }

    /// GB/T 32905-2016, appendix A: both examples.
    #[test]
    fn sm3_is_the_published_hash() {
        assert_eq!(
            Sm3::digest(b"abc").to_vec(),
            bytes("66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0")
        );
        assert_eq!(
            Sm3::digest(b"abcd".repeat(16)).to_vec(),
            bytes("debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732")
        );
    }

    /// RFC 8998, appendix A.2.
    #[test]
    fn sm4_ccm_is_the_published_mode() {
        let key: [u8; 16] = bytes("0123456789abcdeffedcba9876543210")
            .try_into()
            .unwrap();
        let cipher = Sm4Ccm::new(&key.into());
        let nonce: [u8; 12] = bytes("00001234567800000000abcd").try_into().unwrap();
        let aad = bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2");
        let plain = bytes(
            "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbb ccccccccccccccccdddddddddddddddd
             eeeeeeeeeeeeeeeeffffffffffffffff eeeeeeeeeeeeeeeeaaaaaaaaaaaaaaaa",
        );
        let mut sealed = plain.clone();
        seal(&cipher, nonce, &aad, &mut sealed);
        assert_eq!(
            sealed,
            bytes(
                "48af93501fa62adbcd414cce6034d895 dda1bf8f132f042098661572e7483094
                 fd12e518ce062c98acee28d95df4416b ed31a2f04476c18bb40c84a74b97dc5b
                 16842d4fa186f56ab33256971fa110f4"
            )
        );
        open(&cipher, nonce, &aad, &mut sealed).unwrap();
        assert_eq!(sealed, plain);
    }
}
