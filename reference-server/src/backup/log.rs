//! The archived log of a database server, sealed file by file: with it a backup is brought to any later instant.
//!
//! The server calls the two commands itself, `archive_command` and `restore_command`, and believes their exit codes.

use std::{
    fs::{self, File},
    io::{self, BufReader, BufWriter, Read as _, Write as _},
    path::{Path, PathBuf},
};

use chrono::{DateTime, TimeDelta, Utc};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use sha2::{Digest as _, Sha256};

use super::{BackupError, Generation};
use crate::{
    entropy::Entropy,
    privacy::{BackupKey, NotSealed, OpeningReader, SealingWriter},
};

/// How the name of an archived file ends, after the name of the log's file and a digest of its contents.
const ENDING: &str = ".log";
const DIGEST_LETTERS: usize = 16;
/// The clocks of two machines may differ by this.
const MARGIN: TimeDelta = TimeDelta::hours(1);
/// How the names of timelines end; they are small and always kept.
const TIMELINE: &str = ".history";

/// Archives one file of the log; one that is there already, byte for byte, is no error.
///
/// # Errors
/// [`BackupError::OtherLog`] when another of that name is there, [`BackupError::LogName`], [`BackupError::File`].
pub fn store(
    file: &Path,
    folder: &Path,
    key: &BackupKey,
    entropy: &dyn Entropy,
) -> Result<(), BackupError> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    expect_name(&name)?;
    let contents = fs::read(file).map_err(BackupError::file(file))?;
    let digest = hex::encode(Sha256::digest(&contents));
    let digest = digest.get(..DIGEST_LETTERS).unwrap_or_default();
    let to = folder.join(format!("{name}-{digest}{ENDING}"));
    fs::create_dir_all(folder).map_err(BackupError::file(folder))?;
    match archived(&name, folder)? {
        Some(there) if there == to => return Ok(()),
        Some(path) => return Err(BackupError::OtherLog { path }),
        None => {}
    }
    let sealed = || -> io::Result<()> {
        let mut partial = tempfile::NamedTempFile::new_in(folder)?;
        let sealing = SealingWriter::new(BufWriter::new(partial.as_file_mut()), key, entropy)?;
        let mut packed = GzEncoder::new(sealing, Compression::fast());
        packed.write_all(&contents)?;
        packed.finish()?.finish()?.flush()?;
        partial.as_file().sync_all()?;
        partial.persist_noclobber(&to)?;
        File::open(folder)?.sync_all()
    };
    sealed().map_err(BackupError::file(&to))
}

/// Lays one archived file where the server wants it; `false` when the archive does not have it.
///
/// # Errors
/// [`BackupError::Sealed`] when it cannot be opened; [`BackupError::LogName`] and [`BackupError::File`].
pub fn fetch(name: &str, folder: &Path, key: &BackupKey, to: &Path) -> Result<bool, BackupError> {
    expect_name(name)?;
    let Some(path) = archived(name, folder)? else {
        return Ok(false);
    };
    let mut contents = Vec::new();
    let opened = File::open(&path)
        .and_then(|file| OpeningReader::new(BufReader::new(file), key))
        .and_then(|opening| {
            let mut packed = GzDecoder::new(opening);
            packed.read_to_end(&mut contents)?;
            // Whether its end is there.
            io::copy(&mut packed.into_inner(), &mut io::sink())
        });
    match opened {
        Ok(_bytes) => {}
        Err(error) if NotSealed::of(&error).is_some() => return Err(BackupError::Sealed { path }),
        Err(error) => return Err(BackupError::file(&path)(error)),
    }
    fs::write(to, contents).map_err(BackupError::file(to))?;
    Ok(true)
}

/// When the newest file was archived.
///
/// # Errors
/// [`BackupError::File`].
pub fn newest(folder: &Path) -> Result<Option<DateTime<Utc>>, BackupError> {
    let files = files(folder)?.into_iter();
    Ok(files.map(|(_path, at)| at).max())
}

/// Removes what no backup needs any more: whatever was archived before the oldest began; how many files.
///
/// # Errors
/// [`BackupError::File`].
pub fn remove_old(folder: &Path, oldest: &Generation) -> Result<usize, BackupError> {
    let before = oldest.of - MARGIN;
    let mut n_removed = 0_usize;
    for (path, at) in files(folder)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if at < before && !name.contains(TIMELINE) {
            fs::remove_file(&path).map_err(BackupError::file(&path))?;
            n_removed = n_removed.saturating_add(1);
        }
    }
    Ok(n_removed)
}

/// Every archived file with the instant it was written.
fn files(folder: &Path) -> Result<Vec<(PathBuf, DateTime<Utc>)>, BackupError> {
    let failed = || BackupError::file(folder);
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed())? {
        let entry = entry.map_err(failed())?;
        let path = entry.path();
        if path.to_string_lossy().ends_with(ENDING) {
            let written = entry.metadata().and_then(|file| file.modified());
            found.push((path, DateTime::from(written.map_err(failed())?)));
        }
    }
    Ok(found)
}

/// The archived file of this name.
fn archived(name: &str, folder: &Path) -> Result<Option<PathBuf>, BackupError> {
    let failed = || BackupError::file(folder);
    for entry in fs::read_dir(folder).map_err(failed())? {
        let path = entry.map_err(failed())?.path();
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        let digest = file
            .strip_prefix(name)
            .and_then(|rest| rest.strip_prefix('-'))
            .and_then(|rest| rest.strip_suffix(ENDING));
        if digest.is_some_and(|digest| digest.len() == DIGEST_LETTERS) {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

/// The server's names are of letters, digits and dots: none leads out of the folder.
fn expect_name(name: &str) -> Result<(), BackupError> {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '.';
    if !name.is_empty() && !name.starts_with('.') && name.chars().all(is_plain) {
        Ok(())
    } else {
        Err(BackupError::LogName {
            name: name.to_owned(),
        })
    }
}
