//! The folder in which the generations of backups lie.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use chrono::{DateTime, NaiveDateTime, Utc};
use tempfile::TempDir;

use super::BackupError;

/// How a backup's name ends.
const ENDING: &str = ".backup";
/// How the name of one begins that is not whole yet.
const PARTIAL: &str = ".partial-";
/// The file whose lock says that a backup is being written.
const LOCK: &str = ".lock";
/// How the name of a folder for the unsealed copy begins.
const SCRATCH: &str = "unsealed-copy-";
/// The instant in a name, in UTC; the letters sort as the instants do.
const INSTANT: &str = "%Y%m%dT%H%M%S%.3fZ";

/// A folder of backups, and how many of a season it keeps.
#[derive(Debug, Clone)]
pub struct Shelf {
    folder: PathBuf,
    keep: usize,
}

/// One backup on a shelf.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Generation {
    /// The instant it is of.
    pub of: DateTime<Utc>,
    /// Its file.
    pub path: PathBuf,
}

impl Generation {
    /// The file's name.
    #[must_use]
    pub fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }
}

/// The right to write to a shelf; one process has it at a time.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    shelf: &'a Shelf,
    // Locked until it is dropped.
    _lock: File,
}

impl Shelf {
    /// A folder that keeps so many backups of a season, at least one.
    #[must_use]
    pub fn new(folder: &Path, keep: usize) -> Self {
        Self {
            folder: folder.to_owned(),
            keep: keep.max(1),
        }
    }

    /// The whole backups of a season, the newest first.
    ///
    /// # Errors
    /// [`BackupError::File`].
    pub fn generations(&self, season: &str) -> Result<Vec<Generation>, BackupError> {
        let failed = || BackupError::file(&self.folder);
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(failed())? {
            let path = entry.map_err(failed())?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if let Some(of) = instant_of(&name, season) {
                found.push(Generation { of, path });
            }
        }
        found.sort_unstable();
        found.reverse();
        Ok(found)
    }

    /// The newest backup of a season.
    ///
    /// # Errors
    /// [`BackupError::Empty`] and [`BackupError::File`].
    pub fn newest(&self, season: &str) -> Result<Generation, BackupError> {
        let newest = self.generations(season)?.into_iter().next();
        newest.ok_or_else(|| BackupError::Empty {
            folder: self.folder.clone(),
        })
    }

    /// Makes the folder if need be, takes the turn, and removes what a killed process left half written.
    pub(super) fn turn(&self) -> Result<Turn<'_>, BackupError> {
        fs::create_dir_all(&self.folder).map_err(BackupError::file(&self.folder))?;
        let path = self.folder.join(LOCK);
        let lock = File::options()
            .create(true)
            .append(true)
            .open(&path)
            .map_err(BackupError::file(&path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(BackupError::Busy {
                    folder: self.folder.clone(),
                });
            }
            Err(TryLockError::Error(source)) => return Err(BackupError::file(&path)(source)),
        }
        remove_left(&self.folder, PARTIAL)?;
        Ok(Turn {
            shelf: self,
            _lock: lock,
        })
    }
}

impl Turn<'_> {
    /// Writes a backup under another name, and gives it its own once it is on the disk; its length.
    pub(super) fn put(
        &self,
        season: &str,
        of: DateTime<Utc>,
        write: impl FnOnce(&mut File) -> Result<(), BackupError>,
    ) -> Result<(Generation, u64), BackupError> {
        let path = self.shelf.folder.join(name_of(season, of));
        let failed = || BackupError::file(&path);
        // Such a file is made with mode 0600.
        let mut file = tempfile::Builder::new()
            .prefix(PARTIAL)
            .tempfile_in(&self.shelf.folder)
            .map_err(failed())?;
        write(file.as_file_mut())?;
        file.as_file().sync_all().map_err(failed())?;
        let bytes = file.as_file().metadata().map_err(failed())?.len();
        file.persist_noclobber(&path)
            .map_err(|error| BackupError::file(&path)(error.error))?;
        sync_folder(&self.shelf.folder).map_err(failed())?;
        Ok((Generation { of, path }, bytes))
    }

    /// Removes the oldest generations until as many are left as are kept.
    pub(super) fn remove_excess(&self, season: &str) -> Result<Vec<PathBuf>, BackupError> {
        let generations = self.shelf.generations(season)?;
        let mut removed = Vec::new();
        for old in generations.into_iter().skip(self.shelf.keep) {
            fs::remove_file(&old.path).map_err(BackupError::file(&old.path))?;
            removed.push(old.path);
        }
        Ok(removed)
    }
}

/// A folder for the unsealed copy, readable by its owner alone; what a killed process left there goes.
pub(super) fn scratch(within: &Path) -> Result<TempDir, BackupError> {
    remove_left(within, SCRATCH)?;
    tempfile::Builder::new()
        .prefix(SCRATCH)
        .tempdir_in(within)
        .map_err(BackupError::file(within))
}

fn remove_left(folder: &Path, beginning: &str) -> Result<(), BackupError> {
    for entry in fs::read_dir(folder).map_err(BackupError::file(folder))? {
        let path = entry.map_err(BackupError::file(folder))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with(beginning) {
            let removed = match path.is_dir() {
                true => fs::remove_dir_all(&path),
                false => fs::remove_file(&path),
            };
            removed.map_err(BackupError::file(&path))?;
        }
    }
    Ok(())
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn name_of(season: &str, of: DateTime<Utc>) -> String {
    format!("{}-{}{ENDING}", plain(season), of.format(INSTANT))
}

/// The instant of a whole backup of a season, by its name.
fn instant_of(name: &str, season: &str) -> Option<DateTime<Utc>> {
    let rest = name
        .strip_prefix(plain(season).as_str())?
        .strip_prefix('-')?;
    let instant = rest.strip_suffix(ENDING)?;
    let of = NaiveDateTime::parse_from_str(instant, INSTANT).ok()?;
    Some(of.and_utc())
}

/// A season's name as it may stand in a file's.
fn plain(season: &str) -> String {
    let letters = season.chars().map(|letter| match letter {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '-' => letter,
        _ => '_',
    });
    letters.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_season_and_instant_and_a_partial_one_is_no_backup() {
        let of = DateTime::from_timestamp_millis(1_589_000_000_123).unwrap();
        let name = name_of("jiangsu 2020", of);
        assert_eq!(name, "jiangsu_2020-20200509T045320.123Z.backup");
        assert_eq!(instant_of(&name, "jiangsu 2020"), Some(of));
        assert_eq!(instant_of(&name, "jiangsu"), None);
        assert_eq!(instant_of(".partial-x3f", "jiangsu 2020"), None);
        assert_eq!(instant_of(&format!("{name}.1"), "jiangsu 2020"), None);
    }
}
