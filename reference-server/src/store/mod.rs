//! Every SQL statement of the server, behind one writer that commits in groups.
//!
//! A write is a closure over a [`Tx`]. The writer thread takes whatever has queued
//! up during its last commit, runs each closure in a savepoint of one transaction,
//! commits, and only then answers: a caller that has its answer has a durable row.
//! A closure that fails is rolled back alone. Reads run on their own connections.
//!
//! | file | rows |
//! |---|---|
//! | `season` | season, city, `budget_day`, packet, bank |
//! | `people` | person, follow, invite, referral, `callback_seen` |
//! | `attempts` | attempt |
//! | `awards` | award, and the counters it moves |
//! | `payments` | payment, `payment_event`, rail, transfer |
//! | `tokens` | `shared_token` |
//! | `audit` | `audit_event` |
//! | `facts` | whole-database reads for the auditor and reports |
//! | `writer` | none: the thread that commits in groups |
//! | `dialect` | none: all there is to know about the engine |
#![expect(
    clippy::missing_errors_doc,
    reason = "a statement fails with the engine's StoreError and nothing else, as every signature says"
)]

pub mod attempts;
pub mod audit;
pub mod awards;
mod dialect;
pub mod facts;
pub mod payments;
pub mod people;
pub mod season;
pub mod tokens;
mod writer;

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

pub use dialect::Durability;
use writer::{Job, WriteJob};

/// How many writes may wait before the server says that it is busy.
const QUEUE_LENGTH: usize = 4_096;
const N_READERS: usize = 2;

/// What can go wrong below the contest.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The engine failed.
    #[error("the database failed: {0}")]
    Engine(rusqlite::Error),
    /// A row with this key is already there.
    #[error("a row with this key is already there: {0}")]
    Duplicate(rusqlite::Error),
    /// The database refused the row: a constraint or a guard.
    #[error("the database refused the row: {0}")]
    Guard(rusqlite::Error),
    /// The transaction around a finished write could not be committed.
    #[error("the commit failed: {message}")]
    Commit {
        /// The engine's words.
        message: String,
    },
    /// A row cannot be read back into the value it was written from.
    #[error("inconsistent row in {table}: {id}")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// The row's key.
        id: String,
    },
    /// The database was written by a newer server.
    #[error("the database has schema {applied}, this server knows {newest}")]
    SchemaNewer {
        /// Version found.
        applied: i64,
        /// Newest version known.
        newest: i64,
    },
    /// More writes are waiting than can be done in reasonable time.
    #[error("too many writes are waiting")]
    Busy,
    /// The writer has stopped, or a write panicked.
    #[error("the store has stopped")]
    Stopped,
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        if dialect::is_unique_violation(&error) {
            Self::Duplicate(error)
        } else if dialect::is_guard_violation(&error) {
            Self::Guard(error)
        } else {
            Self::Engine(error)
        }
    }
}

/// A write in progress: only the contest and the worker get one.
#[derive(Debug)]
pub struct Tx<'a> {
    connection: &'a Connection,
}

/// A read in progress.
#[derive(Debug)]
pub struct Read<'a> {
    connection: &'a Connection,
}

impl Tx<'_> {
    /// The same transaction for the functions that only read.
    #[must_use]
    pub fn read(&self) -> Read<'_> {
        Read {
            connection: self.connection,
        }
    }
}

type ReadJob = Box<dyn FnOnce(&Connection) + Send>;

/// The contest's database.
pub struct Store {
    writes: mpsc::Sender<Box<dyn Job>>,
    reads: Vec<mpsc::UnboundedSender<ReadJob>>,
    next_reader: AtomicUsize,
}

impl fmt::Debug for Store {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Store").finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the database file, creating or migrating it.
    ///
    /// # Errors
    /// [`StoreError::SchemaNewer`] when a newer server wrote it; [`StoreError::Engine`] otherwise.
    pub fn open(path: &Path, durability: Durability) -> Result<Self, StoreError> {
        let connection = dialect::open_writer(path, durability)?;
        let (writes, queue) = mpsc::channel(QUEUE_LENGTH);
        std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || writer::run(connection, queue))
            .map_err(|error| StoreError::Commit {
                message: error.to_string(),
            })?;
        let mut reads = Vec::with_capacity(N_READERS);
        for _ in 0..N_READERS {
            reads.push(spawn_reader(path)?);
        }
        Ok(Self {
            writes,
            reads,
            next_reader: AtomicUsize::new(0),
        })
    }

    /// Runs one write and answers after its commit is durable.
    ///
    /// # Errors
    /// Whatever the closure refused or failed with, its rows rolled back alone;
    /// [`StoreError::Busy`], [`StoreError::Commit`] or [`StoreError::Stopped`] from the store.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        self.writes
            .try_send(Box::new(WriteJob::new(work, reply)))
            .map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => StoreError::Busy,
                mpsc::error::TrySendError::Closed(_) => StoreError::Stopped,
            })?;
        answer.await.map_err(|_closed| StoreError::Stopped)?
    }

    /// Runs one read on a connection that sees every answered write.
    ///
    /// # Errors
    /// Whatever the closure failed with; [`StoreError::Stopped`] from the store.
    pub async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&Read<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let turn = self.next_reader.fetch_add(1, Ordering::Relaxed);
        let job: ReadJob = Box::new(move |connection| {
            let outcome = in_snapshot(connection, work);
            drop(reply.send(outcome));
        });
        let reader = turn
            .checked_rem(self.reads.len())
            .and_then(|index| self.reads.get(index))
            .ok_or(StoreError::Stopped)?;
        reader.send(job).map_err(|_closed| StoreError::Stopped)?;
        answer.await.map_err(|_closed| StoreError::Stopped)?
    }
}

/// One snapshot for all statements of a read.
fn in_snapshot<T, E, F>(connection: &Connection, work: F) -> Result<T, E>
where
    F: FnOnce(&Read<'_>) -> Result<T, E>,
    E: From<StoreError>,
{
    let snapshot = connection
        .unchecked_transaction()
        .map_err(StoreError::from)?;
    work(&Read {
        connection: &snapshot,
    })
}

fn spawn_reader(path: &Path) -> Result<mpsc::UnboundedSender<ReadJob>, StoreError> {
    let connection = dialect::open_reader(path)?;
    let (sender, mut queue) = mpsc::unbounded_channel::<ReadJob>();
    std::thread::Builder::new()
        .name("store-reader".to_owned())
        .spawn(move || {
            while let Some(job) = queue.blocking_recv() {
                // A panicking read must not take the reader with it; its caller learns from
                // the dropped reply.
                drop(catch_unwind(AssertUnwindSafe(|| job(&connection))));
            }
        })
        .map_err(|error| StoreError::Commit {
            message: error.to_string(),
        })?;
    Ok(sender)
}
