//! A database copied for a backup, and one that was put back from a backup before anybody serves it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use chrono::{DateTime, Utc};

use super::{Database, MIGRATIONS, Place, postgres, postgres::physical::Cluster, sqlite};
use crate::store::StoreError;

/// The file of a database in a folder of its own.
const FILE: &str = "contest.db";
/// What an engine leaves beside that file while it is open.
const BESIDE: [&str; 2] = ["contest.db-wal", "contest.db-shm"];

/// Why a database could not be copied or put back.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotCopied {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file failed.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is a database already, and none is ever written over.
    #[error("there is a database already: {}; nothing is written over it", path.display())]
    Occupied {
        /// Where.
        path: PathBuf,
    },
    /// It is of another engine than this configuration's.
    #[error("the backup is of {found}, and this configuration's database is of {asked}")]
    OtherEngine {
        /// The backup's.
        found: String,
        /// The configuration's.
        asked: &'static str,
    },
    /// A program of the engine failed.
    #[error("{name}: {words}")]
    Program {
        /// Which.
        name: String,
        /// The end of what it said.
        words: String,
    },
    /// A server keeps some of its files elsewhere.
    #[error("the server has tablespaces of its own; a backup of this program cannot hold them")]
    Tablespace,
    /// A file has no log that could be applied.
    #[error("only a database server has an archived log that could be applied")]
    NoLog,
}

/// The archived log that is applied to a copy of a server.
#[derive(Debug, Clone)]
pub struct Replay<'a> {
    /// The command line by which the server gets a file of the log: `%f` is its name, `%p` where it belongs.
    pub command: &'a str,
    /// The instant up to which it is applied; to its end unless stated.
    pub until: Option<DateTime<Utc>>,
}

impl NotCopied {
    pub(super) fn file(path: &Path, source: io::Error) -> Self {
        Self::File {
            path: path.to_owned(),
            source,
        }
    }
}

impl Database {
    /// The same database asked with this password; a file asks for none.
    #[must_use]
    pub fn with_password(mut self, password: &str) -> Self {
        if let Place::Server(target) = &mut self.0 {
            target.set_password(password);
        }
        self
    }

    /// The word for its engine in manifests.
    #[must_use]
    pub const fn engine(&self) -> &'static str {
        match self.0 {
            Place::File(_) => "sqlite",
            Place::Server(_) => "postgresql",
        }
    }

    /// How many migrations this program knows.
    #[must_use]
    pub fn newest_schema() -> i64 {
        i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
    }

    /// Copies the database as it stands into an empty folder, beside whoever serves it.
    ///
    /// The copy itself is given back where it can be opened as it lies there.
    ///
    /// # Errors
    /// [`NotCopied::Store`].
    pub fn copy_into(&self, folder: &Path) -> Result<Option<Self>, NotCopied> {
        match &self.0 {
            Place::File(path) => {
                let copy = folder.join(FILE);
                sqlite::copy(path, &copy)?;
                Ok(Some(Self::file(&copy)))
            }
            Place::Server(target) => {
                postgres::physical::copy(target, folder)?;
                Ok(None)
            }
        }
    }

    /// Where a copy is made that is to be put into `folder`: on the same disk, and not in the way.
    #[must_use]
    pub fn workplace(&self, folder: &Path) -> PathBuf {
        match &self.0 {
            Place::File(_) => folder.to_owned(),
            Place::Server(_) => folder.parent().map_or_else(PathBuf::new, Path::to_owned),
        }
    }

    /// Fails when something is in the way of a database of this engine in a folder.
    ///
    /// # Errors
    /// [`NotCopied::Occupied`].
    pub fn expect_free(&self, folder: &Path) -> Result<(), NotCopied> {
        if let Place::Server(_) = self.0 {
            // Its folder is the server's own, and nothing else is in it.
            let is_free = match fs::read_dir(folder) {
                Ok(mut found) => found.next().is_none(),
                Err(error) => error.kind() == io::ErrorKind::NotFound,
            };
            let path = folder.to_owned();
            return is_free.then_some(()).ok_or(NotCopied::Occupied { path });
        }
        let mut places = [FILE].iter().chain(&BESIDE).map(|name| folder.join(name));
        match places.find(|path| path.exists()) {
            Some(path) => Err(NotCopied::Occupied { path }),
            None => Ok(()),
        }
    }
}

/// A database out of a backup, where nobody serves it.
#[derive(Debug)]
pub struct Copied(Kind);

#[derive(Debug)]
enum Kind {
    File(PathBuf),
    /// A server of its own, and how the configuration names the database in it.
    Server(Box<Cluster>, Box<postgres::Target>),
}

impl Copied {
    /// The database whose copy by [`Database::copy_into`] lies in a folder; `like` is the one it is to replace.
    ///
    /// A server is started, and has applied the log, when this is done.
    ///
    /// # Errors
    /// [`NotCopied::OtherEngine`], [`NotCopied::NoLog`]; [`NotCopied::Program`] when the engine finds its files
    /// damaged or the log does not reach the instant; [`NotCopied::File`].
    pub fn lying_in(
        folder: &Path,
        engine: &str,
        like: &Database,
        replay: Option<&Replay<'_>>,
    ) -> Result<Self, NotCopied> {
        if engine != like.engine() {
            return Err(NotCopied::OtherEngine {
                found: engine.to_owned(),
                asked: like.engine(),
            });
        }
        Ok(Self(match &like.0 {
            Place::File(_) if replay.is_some() => return Err(NotCopied::NoLog),
            Place::File(_) => Kind::File(folder.join(FILE)),
            Place::Server(target) => {
                let cluster = Cluster::start(folder, replay)?;
                Kind::Server(Box::new(cluster), target.clone())
            }
        }))
    }

    /// Itself, to be opened.
    ///
    /// # Errors
    /// [`NotCopied::Store`] when the server out of the copy has no such database.
    pub fn database(&self) -> Result<Database, NotCopied> {
        Ok(match &self.0 {
            Kind::File(path) => Database::file(path),
            Kind::Server(cluster, like) => Database(Place::Server(Box::new(cluster.target(like)?))),
        })
    }

    /// What the engine's own check finds wrong in it; cost: a scan of everything.
    ///
    /// # Errors
    /// [`NotCopied::Store`] and [`NotCopied::Program`].
    pub fn faults(&self) -> Result<Vec<String>, NotCopied> {
        match &self.0 {
            Kind::File(path) => Ok(sqlite::faults(path)?),
            Kind::Server(cluster, like) => cluster.faults(like),
        }
    }

    /// Puts it where it is to be served from, once every store on it is closed; the place.
    ///
    /// # Errors
    /// [`NotCopied::Occupied`] and [`NotCopied::File`].
    pub fn place(self, folder: &Path) -> Result<PathBuf, NotCopied> {
        match self.0 {
            Kind::File(path) => place_file(&path, folder),
            Kind::Server(cluster, like) => {
                Database(Place::Server(like)).expect_free(folder)?;
                cluster.place(folder)?;
                Ok(folder.to_owned())
            }
        }
    }
}

fn place_file(path: &Path, folder: &Path) -> Result<PathBuf, NotCopied> {
    let place = folder.join(FILE);
    Database::file(path).expect_free(folder)?;
    sqlite::settle(path)?;
    let sync = |path: &Path| fs::File::open(path)?.sync_all();
    sync(path)
        // Unlike a renaming, a link never takes another file's place.
        .and_then(|()| fs::hard_link(path, &place))
        .and_then(|()| fs::remove_file(path))
        .and_then(|()| sync(folder))
        .map_err(|source| NotCopied::file(&place, source))?;
    Ok(place)
}
