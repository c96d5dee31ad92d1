//! Backups: taken beside a running server, sealed, kept in generations, put back, tried every night.
//!
//! A backup is one file: a manifest and the copied database, packed by `tar` and `gzip`, sealed by a key of its own.
//! It is written under another name, and gets its own only when it is whole and on the disk.
//!
//! | file | what |
//! |---|---|
//! | `archive` | what lies in the file, and how it is checked before anything is made of it |
//! | `shelf` | the folder of the generations |
//! | `restore` | a backup made a database again, where there is none |
//! | `log` | the archived log of a server, file by file |
//! | `drill` | the same in a scratch place, compared with the live database |
//!
//! Nothing in here decides about money: what a restored database does before it pays again is in
//! `contest::safekeeping`.

mod archive;
mod drill;
mod log;
mod restore;
mod shelf;

use std::{
    io,
    path::{Path, PathBuf},
};

use chrono::{DateTime, Utc};

pub use archive::{Manifest, Part, manifest_of};
pub use drill::{Compared, compared};
pub use log::{fetch, newest, remove_old, store};
pub use restore::{Restoring, begin};
pub use shelf::{Generation, Shelf};

use crate::{
    entropy::Entropy,
    privacy::{BackupKey, KeyFileError, KeyName},
    store::{Database, NotCopied, StoreError, safekeeping},
};

/// Why a backup was not taken, not read or not put back.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// A file or folder failed.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file cannot be opened with this key.
    #[error(
        "{} cannot be opened with this key: either another key sealed it, or it was altered or cut off since; \
         nothing was restored",
        path.display()
    )]
    Sealed {
        /// Which.
        path: PathBuf,
    },
    /// The file is no backup.
    #[error("{} is no backup of this program", path.display())]
    NoBackup {
        /// Which.
        path: PathBuf,
    },
    /// What is in the file is not what its manifest says.
    #[error("{} does not hold what its manifest says: {what}; nothing was restored", path.display())]
    Damaged {
        /// Which.
        path: PathBuf,
        /// What differs.
        what: String,
    },
    /// It is of another season.
    #[error("the backup is of the season {found:?}, and this configuration's is {asked:?}")]
    OtherSeason {
        /// The backup's.
        found: String,
        /// The configuration's.
        asked: String,
    },
    /// A newer program took it.
    #[error(
        "the backup has schema {found}, this program knows {known}: restore it with the newer program"
    )]
    Newer {
        /// Its schema.
        found: i64,
        /// The newest one known.
        known: i64,
    },
    /// Another process is taking one.
    #[error("another backup is being written to {}", folder.display())]
    Busy {
        /// The folder.
        folder: PathBuf,
    },
    /// The archive has another file of the log under this name.
    #[error("{} is archived with other contents already", path.display())]
    OtherLog {
        /// The file.
        path: PathBuf,
    },
    /// No file of the log has such a name.
    #[error("{name:?} is no name of a file of the log")]
    LogName {
        /// The name.
        name: String,
    },
    /// There is none.
    #[error("there is no backup of this season in {}", folder.display())]
    Empty {
        /// The folder.
        folder: PathBuf,
    },
    /// The copied database itself is damaged.
    #[error("the restored database is damaged: {first} ({n} in all); it was not put in place")]
    Unsound {
        /// The first thing that is wrong.
        first: String,
        /// How many.
        n: usize,
    },
    /// The database could not be copied or put back.
    #[error(transparent)]
    Copy(#[from] NotCopied),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The key's file.
    #[error(transparent)]
    Key(#[from] KeyFileError),
}

impl BackupError {
    fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::File {
            path: path.to_owned(),
            source,
        }
    }
}

/// What a backup is taken of.
#[derive(Debug)]
pub struct Source<'a> {
    /// The database; it may be in use.
    pub database: &'a Database,
    /// The same, as whoever may copy a whole server sees it.
    pub copied_as: &'a Database,
    /// The season's name.
    pub season: &'a str,
    /// The keys that its values are sealed with; a backup holds their names, never themselves.
    pub keys: Vec<KeyName>,
    /// A folder, on a disk with room, as private as the database itself: the copy lies there until it is sealed.
    pub scratch: &'a Path,
}

/// A backup that was taken.
#[derive(Debug)]
pub struct Taken {
    /// The backup.
    pub generation: Generation,
    /// What is in it.
    pub manifest: Manifest,
    /// Its length.
    pub bytes: u64,
    /// Older ones that were removed.
    pub removed: Vec<PathBuf>,
}

/// Takes a backup beside whoever serves the database, and removes the generations that are too many.
///
/// It waits for disks by itself, so not within a task.
///
/// # Errors
/// [`BackupError::Busy`]; [`BackupError::Copy`], [`BackupError::Store`] or [`BackupError::File`]. Older generations
/// stay as they were.
pub fn take(
    source: &Source<'_>,
    shelf: &Shelf,
    key: &BackupKey,
    at: DateTime<Utc>,
    entropy: &dyn Entropy,
) -> Result<Taken, BackupError> {
    let turn = shelf.turn()?;
    let scratch = shelf::scratch(source.scratch)?;
    // Where the copy cannot be opened as it lies, it has at least what was there before.
    let before = safekeeping::contents_of(source.database)?;
    let copy = source.copied_as.copy_into(scratch.path())?;
    let contents = match &copy {
        Some(copy) => safekeeping::contents_of(copy)?,
        None => before,
    };
    let parts = archive::parts(scratch.path())?;
    let manifest = Manifest::new(source, at, &contents, copy.is_some(), parts);
    let (generation, bytes) = turn.put(source.season, at, |file| {
        archive::write(file, &manifest, scratch.path(), key, entropy)
    })?;
    let removed = turn.remove_excess(source.season)?;
    Ok(Taken {
        generation,
        manifest,
        bytes,
        removed,
    })
}
