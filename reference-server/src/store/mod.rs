//! Every SQL statement of the server, behind one writer that commits in groups.
//!
//! A write is a closure over a [`Tx`]. The writer thread takes whatever has queued
//! up during its last commit, runs each closure in a savepoint of one transaction,
//! commits, and only then answers: a caller that has its answer has a durable row.
//! A closure that fails is rolled back alone. Reads run on their own connections.
//! What comes in crowds waits in a [`Lane`] and is done together, a few statements for all.
//!
//! | file | rows |
//! |---|---|
//! | `season` | season, city, `budget_day`, packet, bank |
//! | `banks` | `bank_draft`; the bank that a city is to be played with |
//! | `people` | person, follow, invite, referral, `callback_seen` |
//! | `attempts` | attempt |
//! | `rescores` | `question_correction`, rescore, rescoring |
//! | `awards` | award, and the counters it moves |
//! | `standings` | none: what a claim looks at, of many people at once |
//! | `payments` | payment, `payment_event`, rail, transfer |
//! | `payment_list` | none of its own: payments as people look at them |
//! | `bills` | `fund_flow_bill`, `fund_flow` |
//! | `incidents` | incident, `incident_settled`, correction, `correction_approval`, `correction_refusal` |
//! | `reconciliations` | reconciliation, `closed_day` |
//! | `books` | `books_seal`, duty, what a seal and a tax list read |
//! | `outreach` | `account_menu`, `chance_message`, announcement |
//! | `organisers` | organiser, `setup_link`, `recovery_code`, `organiser_session`, `sign_in_pace` |
//! | `overview` | `attempt_tally`; short ranges of others |
//! | `statistics` | `statistics_mark`, participant, `participant_tally`, `answer_tally`, `district_code`, `district_scan` |
//! | `pauses` | pause |
//! | `bulletins` | `bulletin_draft`, bulletin |
//! | `pages` | `page_picture`, `page_hour` |
//! | `proposals` | proposal, `proposal_decision` |
//! | `tokens` | `shared_token` |
//! | `certificates` | `platform_certificate`, `certificate_download` |
//! | `renewals` | `renewal_proposal`, `renewal_approval`, `renewal_refusal` |
//! | `safekeeping` | safekeeping; how many rows every table has |
//! | `secrets` | secret |
//! | `keys` | `field_key`; the sealed column of every table |
//! | `audit` | `audit_event` |
//! | `facts` | whole-database reads for the auditor and reports |
//! | `writer` | none: the thread that commits in groups |
//! | `lane` | none: requests of one kind, done together |
//! | `turnstile` | none: where a rehearsal holds requests up |
//! | `engine` | none: all there is to know about the database engine |
#![expect(
    clippy::missing_errors_doc,
    reason = "a statement fails with the engine's StoreError and nothing else, as every signature says"
)]

pub mod attempts;
pub mod audit;
pub mod awards;
pub mod banks;
pub mod bills;
pub mod books;
pub mod bulletins;
pub mod certificates;
mod engine;
pub mod facts;
pub mod incidents;
pub mod keys;
mod lane;
pub mod organisers;
pub mod outreach;
pub mod overview;
pub mod pages;
pub mod pauses;
pub mod payment_list;
pub mod payments;
pub mod people;
pub mod proposals;
pub mod reconciliations;
pub mod renewals;
pub mod rescores;
pub mod safekeeping;
pub mod season;
pub mod secrets;
pub mod standings;
pub mod statistics;
pub mod tokens;
mod turnstile;
mod writer;

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread::JoinHandle,
};

use tokio::sync::{mpsc, oneshot};

use engine::Connection;
pub use engine::{
    Copied, Database, DecisionClock, Durability, EngineError, Line, NotCopied, Replay, Schema,
};
use lane::GroupWrite;
pub use lane::{Lane, Outcome, Outcomes, ReadTogether, Together, WriteTogether};
pub use turnstile::{Place, Turnstile};
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
    Engine(EngineError),
    /// A row with this key is already there.
    #[error("a row with this key is already there: {0}")]
    Duplicate(EngineError),
    /// The database refused the row: a constraint or a guard.
    #[error("the database refused the row: {0}")]
    Guard(EngineError),
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
    /// The database cannot be reached, or was lost; nothing of the write is kept.
    #[error("the database cannot be reached: {0}")]
    Unreachable(EngineError),
    /// The database was lost during a commit, and nobody could tell since whether it is kept.
    ///
    /// The same request again is harmless: it finds its first answer, or is done now.
    #[error("whether the commit was kept is not known: {message}")]
    Unknown {
        /// The engine's words.
        message: String,
    },
    /// The caller's clock and the database's are too far apart to decide anything.
    #[error("the database's clock is {by_ms} ms ahead of this machine's: nothing is decided here")]
    ClocksDiffer {
        /// The difference; negative when the machine is ahead.
        by_ms: i64,
    },
    /// The schema is older than this server, and this user may not change it.
    #[error(
        "the database has schema {applied}, this server needs {newest}: migrate as its owner first"
    )]
    SchemaOlder {
        /// Version found.
        applied: i64,
        /// Version needed.
        newest: i64,
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
    turnstile: Option<Arc<dyn Turnstile>>,
    writer: JoinHandle<()>,
    readers: Vec<JoinHandle<()>>,
}

impl fmt::Debug for Store {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Store").finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the database, creating or migrating it.
    ///
    /// `clock` says whose clock decides where the database has one of its own.
    ///
    /// # Errors
    /// [`StoreError::SchemaNewer`] when a newer server wrote it; [`StoreError::SchemaOlder`]
    /// when it needs a migration that this user may not do; [`StoreError::Unreachable`] or
    /// [`StoreError::Engine`] otherwise.
    pub fn open(
        database: &Database,
        durability: Durability,
        clock: DecisionClock,
    ) -> Result<Self, StoreError> {
        let (writes, queue) = mpsc::channel(QUEUE_LENGTH);
        let (place, decides) = (database.clone(), clock.clone());
        let open = move || Connection::open_writer(&place, durability, decides);
        let writer = spawn("store-writer", open, move |connection| {
            writer::run(&connection, queue);
        })?;
        let mut readers = Vec::with_capacity(N_READERS);
        let mut reads = Vec::with_capacity(N_READERS);
        for _ in 0..N_READERS {
            let (sender, mut queue) = mpsc::unbounded_channel::<ReadJob>();
            let (place, decides) = (database.clone(), clock.clone());
            let open = move || Connection::open_reader(&place, decides);
            readers.push(spawn("store-reader", open, move |connection| {
                while let Some(job) = queue.blocking_recv() {
                    job(&connection);
                }
            })?);
            reads.push(sender);
        }
        Ok(Self {
            writes,
            reads,
            next_reader: AtomicUsize::new(0),
            turnstile: None,
            writer,
            readers,
        })
    }

    /// Does what still waits, and closes every connection; waits for it by itself, so not within a task.
    ///
    /// # Errors
    /// [`StoreError::Stopped`] when one of its threads had panicked.
    pub fn close(self) -> Result<(), StoreError> {
        let Self {
            writes,
            reads,
            writer,
            readers,
            ..
        } = self;
        // The writer goes last: only it can bring what is in a log to its place.
        drop(reads);
        for reader in readers {
            reader.join().map_err(|_panic| StoreError::Stopped)?;
        }
        drop(writes);
        writer.join().map_err(|_panic| StoreError::Stopped)
    }

    /// The same store, with somebody at its door who decides when each operation begins and ends.
    #[must_use]
    pub fn behind(self, turnstile: Arc<dyn Turnstile>) -> Self {
        Self {
            turnstile: Some(turnstile),
            ..self
        }
    }

    async fn pass(&self, place: Place) {
        if let Some(turnstile) = &self.turnstile {
            turnstile.pass(place).await;
        }
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
        self.pass(Place::BeforeWrite).await;
        let (reply, answer) = oneshot::channel();
        self.queue(Box::new(WriteJob::new(work, reply)))?;
        let outcome = answer.await;
        self.pass(Place::AfterWrite).await;
        outcome.map_err(|_closed| StoreError::Stopped)?
    }

    /// Runs one write together with all others that wait in its lane, and answers after their
    /// commit is durable.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn write_together<W: WriteTogether>(
        &self,
        lane: &Lane<W>,
        work: W,
    ) -> Result<W::Answer, W::Error> {
        self.pass(Place::BeforeWrite).await;
        let answer = lane.join(work, |call| self.queue(Box::new(GroupWrite::new(call))))?;
        let outcome = answer.await;
        self.pass(Place::AfterWrite).await;
        outcome.map_err(|_closed| StoreError::Stopped)?
    }

    fn queue(&self, job: Box<dyn Job>) -> Result<(), StoreError> {
        self.writes.try_send(job).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => StoreError::Busy,
            mpsc::error::TrySendError::Closed(_) => StoreError::Stopped,
        })
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
        self.pass(Place::BeforeRead).await;
        let (reply, answer) = oneshot::channel();
        self.hand_to_reader(Box::new(move |connection| {
            let outcome = in_snapshot(connection, work);
            drop(reply.send(outcome));
        }))?;
        let outcome = answer.await;
        self.pass(Place::AfterRead).await;
        outcome.map_err(|_closed| StoreError::Stopped)?
    }

    /// Runs one read together with all others that wait in its lane.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub async fn read_together<W: ReadTogether>(
        &self,
        lane: &Lane<W>,
        work: W,
    ) -> Result<W::Answer, W::Error> {
        self.pass(Place::BeforeRead).await;
        let answer = lane.join(work, |call| {
            self.hand_to_reader(Box::new(move |connection| {
                lane::serve_reads(connection, call);
            }))
        })?;
        let outcome = answer.await;
        self.pass(Place::AfterRead).await;
        outcome.map_err(|_closed| StoreError::Stopped)?
    }

    fn hand_to_reader(&self, job: ReadJob) -> Result<(), StoreError> {
        let turn = self.next_reader.fetch_add(1, Ordering::Relaxed);
        let reader = turn
            .checked_rem(self.reads.len())
            .and_then(|index| self.reads.get(index))
            .ok_or(StoreError::Stopped)?;
        reader.send(job).map_err(|_closed| StoreError::Stopped)
    }
}

/// One snapshot for all statements of a read.
fn in_snapshot<T, E, F>(connection: &Connection, work: F) -> Result<T, E>
where
    F: FnOnce(&Read<'_>) -> Result<T, E>,
    E: From<StoreError>,
{
    connection.begin_snapshot()?;
    // A panicking read must not leave its snapshot to the next one.
    let outcome = catch_unwind(AssertUnwindSafe(|| work(&Read { connection })));
    connection.roll_back()?;
    outcome.unwrap_or_else(|_panic| Err(StoreError::Stopped.into()))
}

/// Starts a thread that opens its own connection, and waits until that is open.
fn spawn(
    name: &str,
    open: impl FnOnce() -> Result<Connection, StoreError> + Send + 'static,
    serve: impl FnOnce(Connection) + Send + 'static,
) -> Result<JoinHandle<()>, StoreError> {
    let (opened, is_open) = std::sync::mpsc::channel();
    let thread = std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || match open() {
            Ok(connection) => {
                // Whoever waits is told before the first job.
                drop(opened.send(Ok(())));
                serve(connection);
            }
            Err(error) => drop(opened.send(Err(error))),
        })
        .map_err(|error| StoreError::Commit {
            message: error.to_string(),
        })?;
    is_open.recv().unwrap_or(Err(StoreError::Stopped))?;
    Ok(thread)
}
