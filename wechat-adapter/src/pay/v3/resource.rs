//! The encrypted part of notifications and certificate downloads: AES-256-GCM under the `APIv3` key.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::secret::Secret;

/// The `APIv3` key of the merchant console: 32 ASCII characters that are the 32 bytes of an AES key.
#[derive(Clone)]
pub struct ApiV3Key(Arc<LessSafeKey>);

/// A text that is not an [`ApiV3Key`]; carries the length only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("APIv3 key is not 32 ASCII characters ({length_bytes} bytes given)")]
#[non_exhaustive]
pub struct InvalidApiV3Key {
    /// Length of the refused text, in bytes.
    pub length_bytes: usize,
}

/// The ciphertext is damaged, of another key, or of another purpose; deliberately one error for every cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("resource does not decrypt")]
#[non_exhaustive]
pub struct UndecryptableResource;

impl ApiV3Key {
    /// Takes the key as the console holds it.
    ///
    /// # Errors
    /// [`InvalidApiV3Key`] when `text` is not 32 ASCII characters.
    pub fn new(text: &Secret) -> Result<Self, InvalidApiV3Key> {
        let text = text.expose();
        let length_bytes = text.len();
        let invalid = InvalidApiV3Key { length_bytes };
        if length_bytes != 32 || !text.is_ascii() {
            return Err(invalid);
        }
        let key = UnboundKey::new(&AES_256_GCM, text.as_bytes()).map_err(|_| invalid)?;
        Ok(Self(Arc::new(LessSafeKey::new(key))))
    }

    /// Decrypts base64 of ciphertext and tag; cost grows linearly with its length.
    ///
    /// Source: <https://pay.wechatpay.cn/docs/partner/development/interface-rules/certificate-callback-decryption.html>, read 2026-08.
    ///
    /// # Errors
    /// [`UndecryptableResource`].
    ///
    /// ```
    /// use wechat_adapter::Secret;
    /// use wechat_adapter::pay::v3::ApiV3Key;
    /// let key = ApiV3Key::new(&Secret::new("a7cde1ZJB1kG2e7VfTs3jQzaWizur8Gb")?)?;
    /// let plain = key.decrypt("uluk4a9R25RW", "associatedData", "ulwSiIajGClcvcOYvOQ7+l+0PAbzzwI=")?;
    /// assert_eq!(plain, b"message");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn decrypt(
        &self,
        nonce: &str,
        associated_data: &str,
        ciphertext: &str,
    ) -> Result<Vec<u8>, UndecryptableResource> {
        let mut bytes = STANDARD
            .decode(ciphertext)
            .map_err(|_| UndecryptableResource)?;
        let length = self
            .open_in_place(nonce, associated_data, &mut bytes)?
            .len();
        bytes.truncate(length);
        Ok(bytes)
    }

    /// Decrypts ciphertext and tag where they are, without a copy; what is left of `bytes` means nothing.
    ///
    /// # Errors
    /// [`UndecryptableResource`].
    pub fn open_in_place<'b>(
        &self,
        nonce: &str,
        associated_data: &str,
        bytes: &'b mut [u8],
    ) -> Result<&'b [u8], UndecryptableResource> {
        let nonce = Nonce::try_assume_unique_for_key(nonce.as_bytes())
            .map_err(|_| UndecryptableResource)?;
        self.0
            .open_in_place(nonce, Aad::from(associated_data.as_bytes()), bytes)
            .map(|plain| &*plain)
            .map_err(|_| UndecryptableResource)
    }

    /// Encrypts to base64 of ciphertext and tag, as WeChat does; a nonce is never used twice with one key.
    ///
    /// # Errors
    /// [`UndecryptableResource`] when the nonce is not 12 bytes long.
    pub fn encrypt(
        &self,
        nonce: &str,
        associated_data: &str,
        plain: &[u8],
    ) -> Result<String, UndecryptableResource> {
        let nonce = Nonce::try_assume_unique_for_key(nonce.as_bytes())
            .map_err(|_| UndecryptableResource)?;
        let mut bytes = plain.to_vec();
        self.0
            .seal_in_place_append_tag(nonce, Aad::from(associated_data.as_bytes()), &mut bytes)
            .map_err(|_| UndecryptableResource)?;
        Ok(STANDARD.encode(bytes))
    }

    /// Decrypts an object with `algorithm`, `nonce`, `ciphertext` and perhaps `associated_data`.
    pub(super) fn open(&self, resource: &Value) -> Result<Vec<u8>, UndecryptableResource> {
        let text = |name| resource.get(name).and_then(Value::as_str);
        if text("algorithm") != Some("AEAD_AES_256_GCM") {
            return Err(UndecryptableResource);
        }
        self.decrypt(
            text("nonce").ok_or(UndecryptableResource)?,
            text("associated_data").unwrap_or_default(),
            text("ciphertext").ok_or(UndecryptableResource)?,
        )
    }
}

impl fmt::Debug for ApiV3Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ApiV3Key(redacted)")
    }
}
