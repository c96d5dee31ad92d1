//! A backup made a database again: checked whole before anything is made of it, and only where there is none.

use std::{
    fs,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use super::{BackupError, Manifest, archive};
use crate::{
    privacy::BackupKey,
    store::{
        Copied, Database, Replay,
        safekeeping::{self, Contents},
    },
};

/// A database out of a backup that is not in its place yet; it goes with this value unless it is placed.
#[derive(Debug)]
pub struct Restoring {
    copied: Copied,
    /// What the backup says of itself.
    pub manifest: Manifest,
    /// What is in it, before anything is migrated.
    pub contents: Contents,
    // After the database: it closes before its folder goes.
    scratch: TempDir,
}

/// Unpacks a backup beside the place it is to have, in the folder `to`, and checks it there.
///
/// `like` is the database that the configuration names. The whole file is read and compared with its manifest,
/// the archived log is applied to a server, the engine looks through the copy, and its rows and the end of its audit chain are compared with the manifest.
///
/// # Errors
/// [`BackupError::Copy`] when there is a database already or it is of another engine; [`BackupError::Sealed`],
/// [`BackupError::NoBackup`], [`BackupError::Damaged`], [`BackupError::OtherSeason`], [`BackupError::Newer`] or
/// [`BackupError::Unsound`] about the backup; [`BackupError::File`].
pub fn begin(
    from: &Path,
    key: &BackupKey,
    season: &str,
    like: &Database,
    to: &Path,
    replay: Option<&Replay<'_>>,
) -> Result<Restoring, BackupError> {
    let workplace = like.workplace(to);
    fs::create_dir_all(&workplace).map_err(BackupError::file(to))?;
    like.expect_free(to)?;
    let scratch = tempfile::Builder::new()
        .prefix("restoring-")
        .tempdir_in(&workplace)
        .map_err(BackupError::file(to))?;
    let manifest = archive::unpack(from, key, scratch.path())?;
    if manifest.season != season {
        return Err(BackupError::OtherSeason {
            found: manifest.season,
            asked: season.to_owned(),
        });
    }
    let known = Database::newest_schema();
    if manifest.schema_version > known {
        return Err(BackupError::Newer {
            found: manifest.schema_version,
            known,
        });
    }
    let copied = Copied::lying_in(scratch.path(), &manifest.engine, like, replay)?;
    let mut faults = copied.faults()?;
    let contents = safekeeping::contents_of(&copied.database()?)?;
    faults.extend(manifest.differences(&contents));
    if let Some(first) = faults.first() {
        return Err(BackupError::Unsound {
            first: first.clone(),
            n: faults.len(),
        });
    }
    Ok(Restoring {
        copied,
        manifest,
        contents,
        scratch,
    })
}

impl Restoring {
    /// The database, to be opened and looked at; every store on it is closed before it is placed.
    ///
    /// # Errors
    /// [`BackupError::Copy`] when a server out of the backup has no such database.
    pub fn database(&self) -> Result<Database, BackupError> {
        Ok(self.copied.database()?)
    }

    /// Puts the database where it is served from; the place.
    ///
    /// # Errors
    /// [`BackupError::Copy`] when something is there by now.
    pub fn place(self, to: &Path) -> Result<PathBuf, BackupError> {
        let place = self.copied.place(to)?;
        drop(self.scratch);
        Ok(place)
    }
}
