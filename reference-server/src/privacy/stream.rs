//! A file sealed as it is written: the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015)
//! over XChaCha20-Poly1305, in chunks of 64 KiB.
//!
//! The file begins with [`MAGIC`] and a nonce that is new for each; both are bound to every chunk. A chunk that is
//! altered, missing, out of its place or cut off is noticed, and so is whatever follows the last one.

use std::{
    fmt, fs,
    io::{self, Read, Write},
    path::Path,
};

use aead_stream::{DecryptorBE32, EncryptorBE32};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305};
use zeroize::Zeroizing;

use super::{KeyFileError, expect_private, fingerprint, put, suite::Secret};
use crate::entropy::Entropy;

/// What every sealed file begins with.
const MAGIC: &[u8; 16] = b"contest-sealed-1";
/// Five bytes of the cipher's nonce are the chunk's number and whether it is the last.
const NONCE_BYTES: usize = 19;
/// Bytes of a whole chunk before it is sealed.
const CHUNK_BYTES: usize = 65_536;
/// Bytes that sealing adds to a chunk.
const TAG_BYTES: usize = 16;

/// The key of backups: one for all of them, in a file of its own.
pub struct BackupKey(Secret);

impl fmt::Debug for BackupKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("BackupKey([redacted])")
    }
}

impl BackupKey {
    /// A key of these bytes.
    #[must_use]
    pub fn new(secret: [u8; 32]) -> Self {
        Self(Zeroizing::new(secret))
    }

    /// Makes a key in a file that only its owner can read.
    ///
    /// # Errors
    /// [`KeyFileError::Io`], also when there is a file already.
    pub fn generate(path: &Path, entropy: &dyn Entropy) -> Result<(), KeyFileError> {
        let secret: Zeroizing<[u8; 32]> = Zeroizing::new(entropy.bytes());
        let line = Zeroizing::new(format!("{}\n", hex::encode(*secret)));
        put(path, line.as_bytes(), false).map_err(|source| KeyFileError::Io {
            path: path.to_owned(),
            source,
        })
    }

    /// Reads a key of 64 hexadecimal digits.
    ///
    /// # Errors
    /// [`KeyFileError::OpenToOthers`], [`KeyFileError::Malformed`] and [`KeyFileError::Io`].
    pub fn read(path: &Path) -> Result<Self, KeyFileError> {
        expect_private(path)?;
        let text = fs::read_to_string(path).map_err(|source| KeyFileError::Io {
            path: path.to_owned(),
            source,
        })?;
        let text = Zeroizing::new(text);
        let mut secret = Zeroizing::new([0; 32]);
        hex::decode_to_slice(text.trim(), secret.as_mut_slice()).map_err(|_malformed| {
            KeyFileError::Malformed {
                path: path.to_owned(),
            }
        })?;
        Ok(Self(secret))
    }

    /// What tells this key from every other without telling anything of it: 16 hexadecimal digits.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        fingerprint(&self.0)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.0).into())
    }
}

/// Seals whatever is written to it; nothing is whole before [`SealingWriter::finish`].
pub struct SealingWriter<W> {
    inner: W,
    stream: EncryptorBE32<XChaCha20Poly1305>,
    head: Vec<u8>,
    chunk: Vec<u8>,
}

impl<W> fmt::Debug for SealingWriter<W> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SealingWriter")
            .finish_non_exhaustive()
    }
}

impl<W: Write> SealingWriter<W> {
    /// Writes the head.
    ///
    /// # Errors
    /// The system's.
    pub fn new(mut inner: W, key: &BackupKey, entropy: &dyn Entropy) -> io::Result<Self> {
        let nonce: [u8; NONCE_BYTES] = entropy.bytes();
        let head = [MAGIC.as_slice(), &nonce].concat();
        inner.write_all(&head)?;
        Ok(Self {
            inner,
            stream: EncryptorBE32::from_aead(key.cipher(), (&nonce).into()),
            head,
            chunk: Vec::with_capacity(CHUNK_BYTES + TAG_BYTES),
        })
    }

    /// Seals the last chunk and gives the file back.
    ///
    /// # Errors
    /// The system's.
    pub fn finish(mut self) -> io::Result<W> {
        self.stream
            .encrypt_last_in_place(&self.head, &mut self.chunk)
            .map_err(|_too_long| too_long())?;
        self.inner.write_all(&self.chunk)?;
        Ok(self.inner)
    }
}

impl<W: Write> Write for SealingWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A whole chunk is kept back until more comes: it may be the last.
        if self.chunk.len() == CHUNK_BYTES && !bytes.is_empty() {
            self.stream
                .encrypt_next_in_place(&self.head, &mut self.chunk)
                .map_err(|_too_long| too_long())?;
            self.inner.write_all(&self.chunk)?;
            self.chunk.clear();
        }
        let n = bytes
            .len()
            .min(CHUNK_BYTES.saturating_sub(self.chunk.len()));
        self.chunk.extend(bytes.iter().take(n));
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Opens what a [`SealingWriter`] has sealed; gives no byte of a chunk that was altered.
///
/// A file is known to be whole only once it was read to its end.
pub struct OpeningReader<R> {
    inner: R,
    stream: Option<DecryptorBE32<XChaCha20Poly1305>>,
    head: Vec<u8>,
    /// The chunk after the one that is given out, still sealed.
    next: Vec<u8>,
    chunk: Vec<u8>,
    given: usize,
}

impl<R> fmt::Debug for OpeningReader<R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("OpeningReader")
            .finish_non_exhaustive()
    }
}

impl<R: Read> OpeningReader<R> {
    /// Reads the head.
    ///
    /// # Errors
    /// [`NotSealed`] within an [`io::Error`] for a file of another kind, and the system's.
    pub fn new(mut inner: R, key: &BackupKey) -> io::Result<Self> {
        let head = read_up_to(&mut inner, MAGIC.len() + NONCE_BYTES)?;
        let nonce = head.get(MAGIC.len()..).unwrap_or_default();
        let nonce =
            <[u8; NONCE_BYTES]>::try_from(nonce).map_err(|_short| invalid(NotSealed::OtherKind))?;
        if !head.starts_with(MAGIC) {
            return Err(invalid(NotSealed::OtherKind));
        }
        let next = read_up_to(&mut inner, CHUNK_BYTES + TAG_BYTES)?;
        Ok(Self {
            inner,
            stream: Some(DecryptorBE32::from_aead(key.cipher(), (&nonce).into())),
            head,
            next,
            chunk: Vec::new(),
            given: 0,
        })
    }

    /// Opens the next chunk; `false` after the last.
    fn advance(&mut self) -> io::Result<bool> {
        let Some(mut stream) = self.stream.take() else {
            return Ok(false);
        };
        let after = read_up_to(&mut self.inner, CHUNK_BYTES + TAG_BYTES)?;
        self.chunk = std::mem::replace(&mut self.next, after);
        self.given = 0;
        let opened = if self.next.is_empty() {
            stream.decrypt_last_in_place(&self.head, &mut self.chunk)
        } else {
            let opened = stream.decrypt_next_in_place(&self.head, &mut self.chunk);
            self.stream = Some(stream);
            opened
        };
        if opened.is_err() {
            self.stream = None;
            self.chunk.clear();
            return Err(invalid(NotSealed::Altered));
        }
        Ok(true)
    }
}

impl<R: Read> Read for OpeningReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.chunk.len() {
            if !self.advance()? {
                return Ok(0);
            }
        }
        let left = self.chunk.get(self.given..).unwrap_or_default();
        let n = left.len().min(buffer.len());
        for (to, from) in buffer.iter_mut().zip(left) {
            *to = *from;
        }
        self.given = self.given.saturating_add(n);
        Ok(n)
    }
}

/// Why a file cannot be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotSealed {
    /// It does not begin as a sealed file does.
    #[error("this is no sealed file")]
    OtherKind,
    /// The key is another, or a byte of it was altered, or its end is missing.
    #[error("another key sealed it, or it was altered or cut off since")]
    Altered,
}

impl NotSealed {
    /// What an [`OpeningReader`] had against a file; nothing when the system failed.
    #[must_use]
    pub fn of(error: &io::Error) -> Option<Self> {
        error.get_ref()?.downcast_ref().copied()
    }
}

fn invalid(why: NotSealed) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

fn too_long() -> io::Error {
    io::Error::new(
        io::ErrorKind::FileTooLarge,
        "more than 256 TiB cannot be sealed",
    )
}

fn read_up_to(inner: &mut impl Read, n: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(n);
    let n = u64::try_from(n).unwrap_or(u64::MAX);
    inner.take(n).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SeededEntropy;

    fn sealed(plain: &[u8]) -> Vec<u8> {
        let entropy = SeededEntropy::new(1);
        let mut writer =
            SealingWriter::new(Vec::new(), &BackupKey::new([7; 32]), &entropy).unwrap();
        writer.write_all(plain).unwrap();
        writer.finish().unwrap()
    }

    fn opened(sealed: &[u8], key: [u8; 32]) -> io::Result<Vec<u8>> {
        let mut plain = Vec::new();
        OpeningReader::new(sealed, &BackupKey::new(key))?.read_to_end(&mut plain)?;
        Ok(plain)
    }

    fn text(length: usize) -> Vec<u8> {
        (0_u8..=250).cycle().take(length).collect()
    }

    #[test]
    fn what_was_sealed_opens_at_every_length_around_a_chunk() {
        for length in [
            0,
            1,
            CHUNK_BYTES - 1,
            CHUNK_BYTES,
            CHUNK_BYTES + 1,
            3 * CHUNK_BYTES,
        ] {
            let plain = text(length);
            assert_eq!(opened(&sealed(&plain), [7; 32]).unwrap(), plain, "{length}");
        }
    }

    #[test]
    fn no_flipped_byte_opens() {
        let whole = sealed(&text(CHUNK_BYTES + 200));
        let step = 977;
        let edges = [0, 15, 16, 34, 35, whole.len() - 1];
        for place in (0..whole.len()).step_by(step).chain(edges) {
            let mut altered = whole.clone();
            altered[place] ^= 1;
            assert!(opened(&altered, [7; 32]).is_err(), "byte {place}");
        }
    }

    #[test]
    fn nothing_cut_off_appended_or_exchanged_opens() {
        let whole = sealed(&text(2 * CHUNK_BYTES));
        let head = MAGIC.len() + NONCE_BYTES;
        let chunk = CHUNK_BYTES + TAG_BYTES;
        for end in [
            0,
            5,
            head,
            head + 1,
            head + chunk,
            head + chunk + 1,
            whole.len() - 1,
        ] {
            let cut = opened(&whole[..end], [7; 32]);
            assert!(cut.is_err(), "{end} bytes");
        }
        let appended = [whole.as_slice(), b"x"].concat();
        assert!(opened(&appended, [7; 32]).is_err());
        let exchanged = [
            &whole[..head],
            &whole[head + chunk..],
            &whole[head..head + chunk],
        ]
        .concat();
        assert!(opened(&exchanged, [7; 32]).is_err());
    }

    #[test]
    fn another_key_and_another_kind_are_told_apart() {
        let other = opened(&sealed(b"text"), [8; 32]).unwrap_err();
        assert_eq!(NotSealed::of(&other), Some(NotSealed::Altered));
        let other = opened(&text(500), [7; 32]).unwrap_err();
        assert_eq!(NotSealed::of(&other), Some(NotSealed::OtherKind));
    }
}
