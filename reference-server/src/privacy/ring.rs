//! A ring: the field keys of one kind. The first seals, all of them open.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{
    Destroyed, Place, Unsealable,
    file::{KeyFile, KeyFileError, RingName},
    suite::{Cipher, Suite},
};
use crate::entropy::Entropy;

/// One field key.
pub(super) struct FieldKey {
    pub(super) version: u32,
    suite: Suite,
    pub(super) fingerprint: String,
    cipher: Cipher,
}

/// The field keys of one kind; empty once they are destroyed.
pub(super) struct Ring(Vec<FieldKey>);

impl FieldKey {
    fn of(file: &KeyFile) -> Self {
        Self {
            version: file.version(),
            suite: file.suite(),
            fingerprint: file.fingerprint(),
            cipher: Cipher::new(file.suite(), file.secret()),
        }
    }

    /// What stands in front of every value this key sealed, without the dot.
    pub(super) fn tag(&self) -> String {
        format!("{}{}", self.version, self.suite.letter())
    }
}

impl Ring {
    /// The ring of these keys, the sealing one first.
    pub(super) fn new(name: RingName, files: &[KeyFile]) -> Result<Self, KeyFileError> {
        let mut keys: Vec<FieldKey> = Vec::with_capacity(files.len());
        for file in files {
            if file.ring() != name {
                return Err(KeyFileError::OtherRing {
                    expected: name,
                    found: file.ring(),
                });
            }
            if keys.iter().any(|key| key.version == file.version()) {
                return Err(KeyFileError::TwiceTheSame {
                    ring: name,
                    version: file.version(),
                });
            }
            keys.push(FieldKey::of(file));
        }
        Ok(Self(keys))
    }

    pub(super) const fn destroyed() -> Self {
        Self(Vec::new())
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &FieldKey> {
        self.0.iter()
    }

    pub(super) fn seal(
        &self,
        place: &Place,
        plain: &[u8],
        entropy: &dyn Entropy,
    ) -> Result<String, Destroyed> {
        let key = self.0.first().ok_or(Destroyed)?;
        let tag = key.tag();
        let bytes = key.cipher.seal(&place.bound_to(&tag), plain, entropy);
        Ok(format!("{tag}.{}", URL_SAFE_NO_PAD.encode(bytes)))
    }

    pub(super) fn open(&self, place: &Place, sealed: &str) -> Result<Vec<u8>, Unsealable> {
        let (tag, body) = sealed.split_once('.').ok_or(Unsealable)?;
        let key = self.0.iter().find(|key| key.tag() == tag);
        let bytes = URL_SAFE_NO_PAD.decode(body).map_err(|_error| Unsealable)?;
        key.ok_or(Unsealable)?
            .cipher
            .open(&place.bound_to(tag), &bytes)
    }
}

/// The version of the key that sealed a value, if it is a sealed value at all.
#[must_use]
pub fn version_of(sealed: &str) -> Option<u32> {
    let (tag, _body) = sealed.split_once('.')?;
    tag.get(..tag.len().checked_sub(1)?)?.parse().ok()
}
