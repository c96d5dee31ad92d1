//! Key files: one key a file, wrapped by the season's secret, named by its ring and version.
//!
//! `people-2.key` holds one line, `contest-key people 2 aes-sha2 …`; once the key is
//! destroyed it holds `contest-key people 2 destroyed`.

use std::{
    fmt, fs,
    io::{self, Seek as _, Write as _},
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use super::{
    SeasonSecret,
    suite::{Cipher, Secret, Suite},
};
use crate::entropy::Entropy;

/// The first word of every key file.
const MAGIC: &str = "contest-key";

/// The kinds of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever rotates or destroys keys decides about each kind"
)]
pub enum RingName {
    /// What the contest itself keeps secret: banks, plan seeds, tokens. It can be rotated.
    Contest,
    /// What names a person: openids, payment requests. It can be rotated, and is destroyed after the season.
    People,
    /// The keyed index of openids: it names persons, so it stays for the season, and is destroyed with the people's keys.
    Index,
}

impl RingName {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Contest, Self::People, Self::Index];

    /// The word for it in file names and rows.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Contest => "contest",
            Self::People => "people",
            Self::Index => "index",
        }
    }

    fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ring| ring.name() == name)
    }
}

impl fmt::Display for RingName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A key file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// It cannot be read or written.
    #[error("the key file {}: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Others than its owner may read it.
    #[error("the key file {} has mode {mode:04o}: only its owner may read it, chmod 0400", path.display())]
    OpenToOthers {
        /// Which.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// Its name does not say which key it holds.
    #[error("the key file {} is not named by its key, such as people-1.key", path.display())]
    Name {
        /// Which.
        path: PathBuf,
    },
    /// It does not hold what its name says.
    #[error("the key file {} does not hold the key that its name says", path.display())]
    Malformed {
        /// Which.
        path: PathBuf,
    },
    /// It is of a suite that this program does not have.
    #[error("the key file {} is of the suite {suite}, which this program was not built with", path.display())]
    OtherSuite {
        /// Which.
        path: PathBuf,
        /// The suite's word.
        suite: String,
    },
    /// Another master key wrapped it.
    #[error("the key file {} was not made under this master key", path.display())]
    OtherMaster {
        /// Which.
        path: PathBuf,
    },
    /// It stands in the list of another ring.
    #[error("a key of the ring {found} stands in the list of the ring {expected}")]
    OtherRing {
        /// The list's ring.
        expected: RingName,
        /// The key's.
        found: RingName,
    },
    /// A version stands twice in its list.
    #[error("version {version} of the ring {ring} is listed twice")]
    TwiceTheSame {
        /// The ring.
        ring: RingName,
        /// The version.
        version: u32,
    },
}

/// One key, as it stands in a file of its own.
pub struct KeyFile {
    ring: RingName,
    version: u32,
    suite: Suite,
    secret: Secret,
}

impl fmt::Debug for KeyFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "KeyFile({}-{}, [redacted])",
            self.ring, self.version
        )
    }
}

impl KeyFile {
    /// A new key for the place its name says.
    ///
    /// # Errors
    /// [`KeyFileError::Name`] when the name says none.
    pub fn generate(
        path: &Path,
        suite: Suite,
        entropy: &dyn Entropy,
    ) -> Result<Self, KeyFileError> {
        let (ring, version) = place_of(path)?;
        Ok(Self {
            ring,
            version,
            suite,
            secret: Zeroizing::new(entropy.bytes()),
        })
    }

    /// The first key of a ring as it follows from the season's secret, for worlds that are thrown away.
    #[must_use]
    pub fn derived(season: &SeasonSecret, ring: RingName) -> Self {
        let purpose: &[u8] = match ring {
            RingName::Contest => b"field contest",
            RingName::People => b"field people",
            RingName::Index => b"openid index",
        };
        Self {
            ring,
            version: 1,
            suite: Suite::AesSha2,
            secret: season.key(purpose),
        }
    }

    /// Reads a key; `None` once it is destroyed.
    ///
    /// # Errors
    /// [`KeyFileError`] naming the file.
    pub fn read(path: &Path, season: &SeasonSecret) -> Result<Option<Self>, KeyFileError> {
        expect_private(path)?;
        let text =
            Zeroizing::new(fs::read_to_string(path).map_err(|source| io_error(path, source))?);
        let malformed = || KeyFileError::Malformed {
            path: path.to_owned(),
        };
        let (ring, version) = place_of(path)?;
        let number = version.to_string();
        let words: Vec<&str> = text.split_whitespace().collect();
        let (suite, wrapped) = match words[..] {
            [MAGIC, kind, n, "destroyed"] if kind == ring.name() && n == number => return Ok(None),
            [MAGIC, kind, n, suite, wrapped] if kind == ring.name() && n == number => {
                (suite, wrapped)
            }
            _ => return Err(malformed()),
        };
        let suite = Suite::of_name(suite).ok_or_else(|| KeyFileError::OtherSuite {
            path: path.to_owned(),
            suite: suite.to_owned(),
        })?;
        let wrapped = URL_SAFE_NO_PAD
            .decode(wrapped)
            .map_err(|_error| malformed())?;
        let secret = Cipher::new(suite, &season.key(b"wrap"))
            .open(head(ring, version, suite).as_bytes(), &wrapped)
            .map(Zeroizing::new)
            .map_err(|_unsealable| KeyFileError::OtherMaster {
                path: path.to_owned(),
            })?;
        let secret = <[u8; 32]>::try_from(secret.as_slice()).map_err(|_length| malformed())?;
        Ok(Some(Self {
            ring,
            version,
            suite,
            secret: Zeroizing::new(secret),
        }))
    }

    /// Writes the key, wrapped, where no file is yet; only its owner can read it.
    ///
    /// # Errors
    /// [`KeyFileError::Io`], also when there is a file already.
    pub fn write(
        &self,
        path: &Path,
        season: &SeasonSecret,
        entropy: &dyn Entropy,
    ) -> Result<(), KeyFileError> {
        let head = head(self.ring, self.version, self.suite);
        let wrapped = Cipher::new(self.suite, &season.key(b"wrap")).seal(
            head.as_bytes(),
            self.secret.as_slice(),
            entropy,
        );
        let line = format!("{head} {}\n", URL_SAFE_NO_PAD.encode(wrapped));
        put(path, line.as_bytes(), false).map_err(|source| io_error(path, source))
    }

    /// Its ring.
    #[must_use]
    pub const fn ring(&self) -> RingName {
        self.ring
    }

    /// Its version, from 1.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// Its suite.
    #[must_use]
    pub const fn suite(&self) -> Suite {
        self.suite
    }

    pub(super) const fn secret(&self) -> &Secret {
        &self.secret
    }

    /// What tells this key from every other without telling anything of it: 16 hexadecimal digits.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        super::fingerprint(&self.secret)
    }
}

/// Overwrites a key file and leaves a mark in its place; a key that is destroyed already stays so.
///
/// What an earlier copy of the file or a spare block of the disk still holds is wrapped by the master key.
///
/// # Errors
/// [`KeyFileError`] naming the file.
pub fn destroy(path: &Path) -> Result<(), KeyFileError> {
    let (ring, version) = place_of(path)?;
    let failed = |source| io_error(path, source);
    let length = fs::metadata(path).map_err(failed)?.len();
    let zeros = vec![b'0'; usize::try_from(length).unwrap_or_default()];
    make_writable(path).map_err(failed)?;
    let mut file = fs::OpenOptions::new()
        .write(true)
        .open(path)
        .map_err(failed)?;
    file.rewind()
        .and_then(|()| file.write_all(&zeros))
        .and_then(|()| file.sync_all())
        .map_err(failed)?;
    let mark = format!("{MAGIC} {ring} {version} destroyed\n");
    put(path, mark.as_bytes(), true).map_err(failed)
}

/// Fails when anybody but the owner may read a file of a key.
///
/// # Errors
/// [`KeyFileError::OpenToOthers`], or [`KeyFileError::Io`] when there is no such file.
pub fn expect_private(path: &Path) -> Result<(), KeyFileError> {
    let metadata = fs::metadata(path).map_err(|source| io_error(path, source))?;
    match mode(&metadata) {
        Some(mode) if mode & 0o077 != 0 => Err(KeyFileError::OpenToOthers {
            path: path.to_owned(),
            mode,
        }),
        _ => Ok(()),
    }
}

/// Writes a file whole beside its place and then puts it there, so that no crash leaves half of it.
///
/// # Errors
/// The system's, also when there is a file already and it is not to be replaced.
pub fn put(path: &Path, bytes: &[u8], replace: bool) -> io::Result<()> {
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    fs::create_dir_all(folder)?;
    // Such a file is made with mode 0600.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    if replace {
        file.persist(path)?;
    } else {
        file.persist_noclobber(path)?;
    }
    make_read_only(path)?;
    #[cfg(unix)]
    fs::File::open(folder)?.sync_all()?;
    Ok(())
}

fn head(ring: RingName, version: u32, suite: Suite) -> String {
    format!("{MAGIC} {ring} {version} {suite}")
}

/// The ring and version that a file's name says.
fn place_of(path: &Path) -> Result<(RingName, u32), KeyFileError> {
    path.file_name()
        .and_then(|name| name.to_str())
        .and_then(|name| name.strip_suffix(".key"))
        .and_then(|name| name.rsplit_once('-'))
        .and_then(|(ring, version)| {
            let number: u32 = version.parse().ok()?;
            let is_plain = number >= 1 && number.to_string() == version;
            Some((RingName::of_name(ring)?, number)).filter(|_place| is_plain)
        })
        .ok_or_else(|| KeyFileError::Name {
            path: path.to_owned(),
        })
}

fn io_error(path: &Path, source: io::Error) -> KeyFileError {
    KeyFileError::Io {
        path: path.to_owned(),
        source,
    }
}

#[cfg(unix)]
fn mode(metadata: &fs::Metadata) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt as _;
    Some(metadata.permissions().mode() & 0o777)
}

#[cfg(not(unix))]
fn mode(_metadata: &fs::Metadata) -> Option<u32> {
    None
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn set_mode(_path: &Path, _mode: u32) -> io::Result<()> {
    Ok(())
}

fn make_read_only(path: &Path) -> io::Result<()> {
    set_mode(path, 0o400)
}

fn make_writable(path: &Path) -> io::Result<()> {
    set_mode(path, 0o600)
}
