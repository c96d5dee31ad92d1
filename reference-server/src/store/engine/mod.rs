//! The one place that knows database engines: connections, portable values, what an error means.
//!
//! Above this folder a statement is one text for every engine, with `?1`, `?2`, … as
//! placeholders, and a value is an integer, a text or nothing.
//!
//! | file | what |
//! |---|---|
//! | `sqlite` | a file on this machine |
//! | `postgres` | a server, for one instance or several |
//! | `copied` | a database copied for a backup, and put back from one |
//! | `schema` | a schema of its own on a server, for what is thrown away |
//! | `value` | what goes into a statement and what comes out of it |
//! | `given` | many rows of values for one statement |

mod copied;
mod given;
mod postgres;
mod schema;
mod sqlite;
mod value;

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

pub use copied::{Copied, NotCopied, Replay};
pub(super) use given::{Given, Header, Kind};
pub use schema::Schema;
pub(super) use value::{Bind, Column, Value, params};

use super::StoreError;
use crate::clock::Clock;

/// The migrations in the order in which they came, which is not always that of their numbers; how many
/// there are is the schema's version.
const MIGRATIONS: [&str; 20] = [
    include_str!("../../../migrations/0001_contest.sql"),
    include_str!("../../../migrations/0002_commit_mark.sql"),
    include_str!("../../../migrations/0003_rail.sql"),
    include_str!("../../../migrations/0004_books.sql"),
    include_str!("../../../migrations/0005_keys.sql"),
    include_str!("../../../migrations/0006_day_total.sql"),
    include_str!("../../../migrations/0007_outreach.sql"),
    include_str!("../../../migrations/0008_operations.sql"),
    include_str!("../../../migrations/0009_organiser.sql"),
    include_str!("../../../migrations/0010_overview.sql"),
    include_str!("../../../migrations/0011_question_correction.sql"),
    include_str!("../../../migrations/0013_pause.sql"),
    include_str!("../../../migrations/0016_payment_work.sql"),
    include_str!("../../../migrations/0017_closed_day.sql"),
    include_str!("../../../migrations/0018_statistics.sql"),
    include_str!("../../../migrations/0019_bulletin.sql"),
    include_str!("../../../migrations/0012_secret.sql"),
    include_str!("../../../migrations/0020_bank.sql"),
    include_str!("../../../migrations/0021_page.sql"),
    include_str!("../../../migrations/0022_safekeeping.sql"),
];

/// How much a commit promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// A commit survives a power cut.
    Full,
    /// A commit may be lost with the machine: for databases that are thrown away.
    None,
}

/// Whose clock says at which instant something is decided.
#[derive(Debug, Clone)]
pub enum DecisionClock {
    /// The caller's: there is one process, or its clock is simulated.
    Caller,
    /// The database server's, one for all instances; a caller far off it is refused.
    ///
    /// A file has no clock of its own: there the caller's counts.
    Database,
    /// The same, with a fixed span added: for a contest that is tried out at another time than its own.
    Shifted {
        /// The span in milliseconds; negative for the past.
        ahead_ms: i64,
    },
    /// A clock that stands for the server's, whatever the engine: rehearsed instances have others.
    Simulated(Arc<dyn Clock>),
}

/// How the line to a database server is protected.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever opens a line says which of these it is"
)]
pub enum Line {
    /// It never leaves this machine: a socket, or a loopback address.
    Local,
    /// It is not encrypted, and whoever says so has protected it by other means.
    Unprotected,
    /// TLS 1.2 or later; the server proves its name by a certificate under one of these
    /// authorities (PEM), and by no other.
    Verified {
        /// The authorities' certificates.
        authorities: String,
    },
}

/// Which database, and on which engine.
#[derive(Debug, Clone)]
pub struct Database(Place);

#[derive(Debug, Clone)]
enum Place {
    File(PathBuf),
    Server(Box<postgres::Target>),
}

impl Database {
    /// A database in a file of this machine (SQLite).
    #[must_use]
    pub fn file(path: &Path) -> Self {
        Self(Place::File(path.to_owned()))
    }

    /// A database on a server of this machine, by its address `postgres://…` (PostgreSQL 15 or later).
    ///
    /// The search path may be given in the address: `?options=-csearch_path%3Dseason`.
    ///
    /// # Errors
    /// [`StoreError::Engine`] when the address cannot be read, or leads elsewhere than to a
    /// socket or a loopback address.
    pub fn server(address: &str, password: Option<&str>) -> Result<Self, StoreError> {
        Self::server_over(address, password, &Line::Local)
    }

    /// A database on a server, over a line of this kind.
    ///
    /// What the address itself says about encryption decides nothing: an opportunistic mode
    /// would give way to whoever answers in the server's place.
    ///
    /// # Errors
    /// [`StoreError::Engine`] when the address or the certificates cannot be read, or contradict the line.
    pub fn server_over(
        address: &str,
        password: Option<&str>,
        line: &Line,
    ) -> Result<Self, StoreError> {
        let target = postgres::Target::new(address, password, line)?;
        Ok(Self(Place::Server(Box::new(target))))
    }
}

impl Database {
    /// The same database opened by another user; a file has no users.
    #[must_use]
    pub fn as_user(mut self, name: &str) -> Self {
        if let Place::Server(target) = &mut self.0 {
            target.set_user(name);
        }
        self
    }
}

/// What an engine said, without any value of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineError(String);

impl fmt::Display for EngineError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for EngineError {}

impl EngineError {
    fn new(words: impl fmt::Display) -> Self {
        Self(words.to_string())
    }
}

/// A connection to the database of one of the engines.
#[derive(Debug)]
pub(super) enum Connection {
    File(sqlite::Connection, DecisionClock),
    Server(Box<postgres::Connection>, DecisionClock),
}

/// A row while its statement stands on it.
pub(super) enum Row<'a> {
    File(&'a sqlite::Row<'a>),
    Server(&'a postgres::Row),
}

impl Row<'_> {
    /// One column, counted from 0.
    pub(super) fn get<T: Column>(&self, index: usize) -> Result<T, StoreError> {
        let value = match self {
            Self::File(row) => sqlite::value(row, index)?,
            Self::Server(row) => postgres::value(row, index)?,
        };
        T::read(value)
            .ok_or_else(|| engine_error(format_args!("column {index} holds another kind of value")))
    }
}

impl Row<'_> {
    /// Which of the given rows an answer is about, counted from 0; the text has `given.nth` as
    /// its first column.
    pub(super) fn nth(&self) -> Result<usize, StoreError> {
        let nth: i64 = self.get(0)?;
        usize::try_from(nth)
            .ok()
            .and_then(|nth| nth.checked_sub(1))
            .ok_or_else(|| engine_error(format_args!("no given row has the number {nth}")))
    }
}

/// Does the same on whichever engine the connection is of.
macro_rules! on_either {
    ($self:ident, $connection:ident => $work:expr) => {
        match $self {
            Self::File($connection, _) => $work,
            Self::Server($connection, _) => $work,
        }
    };
}

impl Connection {
    /// Opens the one writing connection and brings the schema up to date.
    pub(super) fn open_writer(
        database: &Database,
        durability: Durability,
        clock: DecisionClock,
    ) -> Result<Self, StoreError> {
        Ok(match &database.0 {
            Place::File(path) => {
                Self::File(sqlite::Connection::open_writer(path, durability)?, clock)
            }
            Place::Server(target) => Self::Server(
                Box::new(postgres::Connection::open_writer(target, durability)?),
                clock,
            ),
        })
    }

    /// Opens a connection that can only read.
    pub(super) fn open_reader(
        database: &Database,
        clock: DecisionClock,
    ) -> Result<Self, StoreError> {
        Ok(match &database.0 {
            Place::File(path) => Self::File(sqlite::Connection::open_reader(path)?, clock),
            Place::Server(target) => {
                Self::Server(Box::new(postgres::Connection::open_reader(target)?), clock)
            }
        })
    }

    /// The present instant in milliseconds as an expression, where the caller's clock is `placeholder`.
    ///
    /// It is read when the statement runs, and so after the locks that its transaction waited for.
    pub(super) fn instant(&self, placeholder: &str) -> String {
        match self {
            Self::Server(_, DecisionClock::Database) => postgres::INSTANT.to_owned(),
            Self::Server(_, DecisionClock::Shifted { ahead_ms }) => {
                format!("({} + {ahead_ms})", postgres::INSTANT)
            }
            Self::File(_, DecisionClock::Simulated(clock))
            | Self::Server(_, DecisionClock::Simulated(clock)) => {
                format!("CAST({} AS BIGINT)", clock.now().timestamp_millis())
            }
            Self::File(..) | Self::Server(_, DecisionClock::Caller) => {
                format!("CAST({placeholder} AS BIGINT)")
            }
        }
    }

    /// The names of every table, in their order.
    pub(super) fn tables(&self) -> Result<Vec<String>, StoreError> {
        let sql = match self {
            Self::File(..) => sqlite::TABLES,
            Self::Server(..) => postgres::TABLES,
        };
        self.rows(sql, &[], |row| row.get(0))
    }

    /// How many migrations were applied.
    pub(super) fn schema_version(&self) -> Result<i64, StoreError> {
        let sql = match self {
            Self::File(..) => sqlite::SCHEMA_VERSION,
            Self::Server(..) => postgres::SCHEMA_VERSION,
        };
        self.one(sql, &[], |row| row.get(0))
    }

    /// Runs a statement without rows; how many rows it touched.
    pub(super) fn execute(&self, sql: &str, params: &[Value<'_>]) -> Result<usize, StoreError> {
        on_either!(self, connection => connection.execute(sql, params))
    }

    /// Hands each row to `read` until that says `false`.
    pub(super) fn each(
        &self,
        sql: &str,
        params: &[Value<'_>],
        mut read: impl FnMut(&Row<'_>) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError> {
        match self {
            Self::File(connection, _) => connection.each(sql, params, |row| read(&Row::File(row))),
            Self::Server(connection, _) => {
                connection.each(sql, params, |row| read(&Row::Server(row)))
            }
        }
    }

    /// Writes rows into a table, all or none.
    pub(super) fn insert(&self, table: &str, given: &Given<'_>) -> Result<(), StoreError> {
        if given.is_empty() {
            return Ok(());
        }
        on_either!(self, connection => connection.insert(table, given))
    }

    /// Asks the same question about every given row.
    ///
    /// The text reads the rows as the table `given`, which has a column `nth` besides, from 1;
    /// in what order the answers come is the engine's affair.
    pub(super) fn each_of(
        &self,
        given: &Given<'_>,
        sql: &str,
        mut read: impl FnMut(&Row<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        if given.is_empty() {
            return Ok(());
        }
        match self {
            Self::File(connection, _) => {
                connection.each_of(given, sql, |row| read(&Row::File(row)))
            }
            Self::Server(connection, _) => {
                connection.each_of(given, sql, |row| read(&Row::Server(row)))
            }
        }
    }

    /// Begins the transaction of a group, as the only writer of the database.
    pub(super) fn begin_group(&self) -> Result<(), StoreError> {
        on_either!(self, connection => connection.begin_group())
    }

    /// Begins one write within the group.
    pub(super) fn begin_write(&self) -> Result<(), StoreError> {
        on_either!(self, connection => connection.begin_write())
    }

    /// Keeps the rows of the write that was begun last, for the group's commit.
    pub(super) fn keep_write(&self) -> Result<(), StoreError> {
        on_either!(self, connection => connection.keep_write())
    }

    /// Takes back the rows of the write that was begun last.
    ///
    /// Fails when the engine has taken back the whole group by itself, as on a full disk.
    pub(super) fn undo_write(&self) -> Result<(), StoreError> {
        on_either!(self, connection => connection.undo_write())
    }

    /// Makes the group durable.
    ///
    /// Fails with [`StoreError::Unknown`] when it cannot be told whether it is; after any
    /// other error nothing of it was kept.
    pub(super) fn commit_group(&self) -> Result<(), StoreError> {
        on_either!(self, connection => connection.commit_group())
    }

    /// Begins a read: all its statements see one snapshot.
    pub(super) fn begin_snapshot(&self) -> Result<(), StoreError> {
        on_either!(self, connection => connection.begin_snapshot())
    }

    /// Ends whatever was begun and keeps nothing of it; nothing to end is no error.
    pub(super) fn roll_back(&self) -> Result<(), StoreError> {
        on_either!(self, connection => connection.roll_back())
    }

    /// The row of a statement that may have none; further rows are ignored.
    pub(super) fn row<T>(
        &self,
        sql: &str,
        params: &[Value<'_>],
        mut read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let mut found = None;
        self.each(sql, params, |row| {
            found = Some(read(row)?);
            Ok(false)
        })?;
        Ok(found)
    }

    /// The row of a statement that always has one.
    pub(super) fn one<T>(
        &self,
        sql: &str,
        params: &[Value<'_>],
        read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.row(sql, params, read)?
            .ok_or_else(|| engine_error("a statement that always has a row had none"))
    }

    /// Every row of a statement.
    pub(super) fn rows<T>(
        &self,
        sql: &str,
        params: &[Value<'_>],
        mut read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let mut found = Vec::new();
        self.each(sql, params, |row| {
            found.push(read(row)?);
            Ok(true)
        })?;
        Ok(found)
    }
}

fn engine_error(words: impl fmt::Display) -> StoreError {
    StoreError::Engine(EngineError::new(words))
}
