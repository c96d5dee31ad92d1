//! What lies in a backup's file: a manifest, and the parts of the copied database that it names.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufReader, BufWriter, Read, Write},
    path::Path,
};

use chrono::{DateTime, Utc};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{BackupError, Source};
use crate::{
    entropy::Entropy,
    privacy::{BackupKey, NotSealed, OpeningReader, SealingWriter},
    store::safekeeping::Contents,
};

/// The first file of the archive.
const MANIFEST: &str = "manifest.json";
/// More than this no manifest has.
const MANIFEST_BYTES: u64 = 1 << 20;
/// The form of the manifest.
const FORMAT: u32 = 1;

/// What is in a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The form of this manifest.
    pub format: u32,
    /// The program that took it.
    pub program: String,
    /// The season's name.
    pub season: String,
    /// The instant it is of.
    pub of: DateTime<Utc>,
    /// The database's engine.
    pub engine: String,
    /// How many migrations were applied.
    pub schema_version: i64,
    /// Number and hash of the latest audit event.
    pub audit_head: Option<(i64, String)>,
    /// Rows of each table.
    pub n_rows: BTreeMap<String, i64>,
    /// Whether there are exactly so many rows, and not at least so many.
    pub is_exact: bool,
    /// The keys without which it cannot be read, by name and fingerprint.
    pub keys: Vec<String>,
    /// The files of the copied database, in their order.
    pub parts: Vec<Part>,
}

/// A file of the copied database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Its name.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
}

impl Manifest {
    pub(super) fn new(
        source: &Source<'_>,
        of: DateTime<Utc>,
        contents: &Contents,
        is_exact: bool,
        parts: Vec<Part>,
    ) -> Self {
        let names = source.keys.iter();
        Self {
            format: FORMAT,
            program: concat!("reference-server ", env!("CARGO_PKG_VERSION")).to_owned(),
            season: source.season.to_owned(),
            of,
            engine: source.database.engine().to_owned(),
            schema_version: contents.schema_version,
            audit_head: contents.audit_head.clone(),
            n_rows: contents.n_rows.clone(),
            is_exact,
            keys: names
                .map(|key| format!("{}-{} {}", key.ring, key.version, key.fingerprint))
                .collect(),
            parts,
        }
    }

    /// What of a database's contents is not as this manifest has it, in words.
    #[must_use]
    pub fn differences(&self, contents: &Contents) -> Vec<String> {
        let mut found = Vec::new();
        if self.schema_version != contents.schema_version {
            let (said, seen) = (self.schema_version, contents.schema_version);
            found.push(format!("schema {seen} in place of {said}"));
        }
        for (table, said) in &self.n_rows {
            let seen = contents.n_rows.get(table).copied().unwrap_or(0);
            if seen < *said || (self.is_exact && seen != *said) {
                found.push(format!("{seen} rows of {table} in place of {said}"));
            }
        }
        if self.is_exact && self.audit_head != contents.audit_head {
            found.push("another end of the audit chain".to_owned());
        }
        found
    }
}

/// The files of a folder as parts; cost: reads all of them.
pub(super) fn parts(folder: &Path) -> Result<Vec<Part>, BackupError> {
    let failed = || BackupError::file(folder);
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed())? {
        names.push(entry.map_err(failed())?.file_name());
    }
    names.sort_unstable();
    let mut parts = Vec::with_capacity(names.len());
    for name in names {
        let path = folder.join(&name);
        let failed = BackupError::file(&path);
        let measured = File::open(&path).and_then(|mut file| digest(&mut file, io::sink()));
        let (bytes, sha256) = measured.map_err(failed)?;
        parts.push(Part {
            name: name.to_string_lossy().into_owned(),
            bytes,
            sha256,
        });
    }
    Ok(parts)
}

/// Copies all there is; its length and its SHA-256.
fn digest(from: &mut impl Read, to: impl Write) -> io::Result<(u64, String)> {
    let mut hashing = Hashing {
        to,
        hasher: Sha256::new(),
    };
    let bytes = io::copy(from, &mut hashing)?;
    hashing.to.flush()?;
    Ok((bytes, hex::encode(hashing.hasher.finalize())))
}

/// Hashes what goes through.
struct Hashing<W> {
    to: W,
    hasher: Sha256,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.to.write(bytes)?;
        self.hasher.update(bytes.get(..n).unwrap_or_default());
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Writes manifest and parts, sealed.
pub(super) fn write(
    to: &mut File,
    manifest: &Manifest,
    folder: &Path,
    key: &BackupKey,
    entropy: &dyn Entropy,
) -> Result<(), BackupError> {
    write_all(to, manifest, folder, key, entropy).map_err(BackupError::file(folder))
}

fn write_all(
    to: &mut File,
    manifest: &Manifest,
    folder: &Path,
    key: &BackupKey,
    entropy: &dyn Entropy,
) -> io::Result<()> {
    let sealing = SealingWriter::new(BufWriter::new(to), key, entropy)?;
    let packed = GzEncoder::new(sealing, Compression::fast());
    let mut archive = tar::Builder::new(packed);
    archive.mode(tar::HeaderMode::Deterministic);
    let text = serde_json::to_vec_pretty(manifest)?;
    let mut header = tar::Header::new_gnu();
    header.set_size(u64::try_from(text.len()).unwrap_or(u64::MAX));
    header.set_mode(0o600);
    header.set_cksum();
    archive.append_data(&mut header, MANIFEST, text.as_slice())?;
    for part in &manifest.parts {
        archive.append_path_with_name(folder.join(&part.name), &part.name)?;
    }
    archive.into_inner()?.finish()?.finish()?.flush()
}

/// The manifest of a backup; the rest of the file is not looked at.
///
/// # Errors
/// [`BackupError::Sealed`], [`BackupError::NoBackup`] and [`BackupError::File`].
pub fn manifest_of(path: &Path, key: &BackupKey) -> Result<Manifest, BackupError> {
    let mut archive = open(path, key)?;
    let mut entries = archive.entries().map_err(|error| unreadable(path, error))?;
    read_manifest(path, &mut entries)
}

/// Lays the parts into a folder, each compared with the manifest; reads the file to its very end.
pub(super) fn unpack(path: &Path, key: &BackupKey, folder: &Path) -> Result<Manifest, BackupError> {
    let mut archive = open(path, key)?;
    let mut entries = archive.entries().map_err(|error| unreadable(path, error))?;
    let manifest = read_manifest(path, &mut entries)?;
    for part in &manifest.parts {
        let damaged = |what: &str| BackupError::Damaged {
            path: path.to_owned(),
            what: format!("{}: {what}", part.name),
        };
        let entry = entries.next().ok_or_else(|| damaged("it is missing"))?;
        let mut entry = entry.map_err(|error| unreadable(path, error))?;
        let name = entry.path().map_err(|error| unreadable(path, error))?;
        // A name with a folder in it could lead anywhere.
        let is_plain = Path::new(&part.name).file_name() == Some(part.name.as_ref());
        if !is_plain || *name != *Path::new(&part.name) {
            return Err(damaged("another file is in its place"));
        }
        let to = folder.join(&part.name);
        let file = File::create_new(&to).map_err(BackupError::file(&to))?;
        let (bytes, sha256) = digest(&mut entry, &file).map_err(|error| unreadable(path, error))?;
        if bytes != part.bytes || sha256 != part.sha256 {
            return Err(damaged("its length or its SHA-256 is another"));
        }
        file.sync_all().map_err(BackupError::file(&to))?;
    }
    if entries.next().is_some() {
        return Err(BackupError::Damaged {
            path: path.to_owned(),
            what: "it has a file too many".to_owned(),
        });
    }
    // The last chunk says that nothing was cut off, so it has to be seen.
    let _rest = io::copy(&mut archive.into_inner(), &mut io::sink())
        .map_err(|error| unreadable(path, error))?;
    Ok(manifest)
}

type Opened = tar::Archive<GzDecoder<OpeningReader<BufReader<File>>>>;

fn open(path: &Path, key: &BackupKey) -> Result<Opened, BackupError> {
    let file = File::open(path).map_err(BackupError::file(path))?;
    let opening =
        OpeningReader::new(BufReader::new(file), key).map_err(|error| unreadable(path, error))?;
    Ok(tar::Archive::new(GzDecoder::new(opening)))
}

fn read_manifest(
    path: &Path,
    entries: &mut tar::Entries<'_, GzDecoder<OpeningReader<BufReader<File>>>>,
) -> Result<Manifest, BackupError> {
    let no_backup = || BackupError::NoBackup {
        path: path.to_owned(),
    };
    let entry = entries.next().ok_or_else(no_backup)?;
    let entry = entry.map_err(|error| unreadable(path, error))?;
    let mut text = Vec::new();
    entry
        .take(MANIFEST_BYTES)
        .read_to_end(&mut text)
        .map_err(|error| unreadable(path, error))?;
    let manifest: Manifest = serde_json::from_slice(&text).map_err(|_error| no_backup())?;
    if manifest.format == FORMAT {
        Ok(manifest)
    } else {
        Err(no_backup())
    }
}

/// What an error while reading means; a failing disk is not an altered file.
fn unreadable(path: &Path, error: io::Error) -> BackupError {
    let mut cause = Some(&error);
    // The readers in between wrap what the innermost one said.
    while let Some(found) = cause {
        match NotSealed::of(found) {
            Some(NotSealed::OtherKind) => {
                return BackupError::NoBackup {
                    path: path.to_owned(),
                };
            }
            Some(_) => {
                return BackupError::Sealed {
                    path: path.to_owned(),
                };
            }
            None => cause = found.get_ref().and_then(|inner| inner.downcast_ref()),
        }
    }
    BackupError::file(path)(error)
}
