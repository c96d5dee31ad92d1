//! SQLite: how a connection is made, how a schema is brought up to date, what an error means.

use std::{cell::Cell, path::Path, time::Duration};

use rusqlite::{
    CachedStatement, Connection as Engine, ErrorCode, OpenFlags, TransactionBehavior,
    backup::{Backup, StepResult},
    config::DbConfig,
    ffi, params_from_iter,
    types::{ToSqlOutput, ValueRef},
};

use super::{Durability, EngineError, Given, MIGRATIONS, Value, engine_error};
use crate::{
    crash_point::{Point, reach},
    store::StoreError,
};

const GUARDS: &str = include_str!("../../../migrations/guards.sqlite.sql");
/// The most rows of one statement, a power of two: a guard makes the engine remember every page
/// that a statement is the first to touch, which costs more than the row does.
const ROWS_AT_ONCE: usize = 256;
/// Pages of the write-ahead log, 4 KiB each, after which they go to their places. A group of
/// claims changes up to a thousand pages, most of them again and again.
///
/// A build for crash tests brings them there more often than any season would.
const PAGES_OF_LOG: u32 = if cfg!(feature = "crash-points") {
    64
} else {
    16_384
};
/// The names of every table.
pub(super) const TABLES: &str = "SELECT name FROM sqlite_master WHERE type = 'table'
     AND name NOT LIKE 'sqlite_%' ORDER BY name";
/// How many migrations were applied.
pub(super) const SCHEMA_VERSION: &str = "SELECT user_version FROM pragma_user_version";
/// How often the write-ahead log is asked for; with the pause as long as the busy time-out.
const WAL_TRIES: u32 = 1_000;
/// How long a refused switch waits.
const WAL_PAUSE: Duration = Duration::from_millis(5);

/// A connection to the database.
#[derive(Debug)]
pub(in crate::store) struct Connection {
    engine: Engine,
    /// Whether nothing is kept yet of the group under way: then taking a write back is taking
    /// the transaction back, and a savepoint, which copies every page before it changes, is not needed.
    is_fresh: Cell<bool>,
}

/// A row while its statement stands on it.
pub(super) type Row<'a> = rusqlite::Row<'a>;

pub(super) fn value<'a>(row: &'a Row<'_>, index: usize) -> Result<Value<'a>, StoreError> {
    Ok(match row.get_ref(index)? {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Text(bytes) => Value::Text(std::str::from_utf8(bytes).map_err(engine_error)?),
        ValueRef::Real(_) | ValueRef::Blob(_) => {
            return Err(engine_error(format_args!(
                "column {index} holds a value the schema does not know"
            )));
        }
    })
}

impl rusqlite::ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Integer(number) => ValueRef::Integer(*number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
        }))
    }
}

impl Connection {
    /// The one writing connection; brings the schema up to date.
    pub(super) fn open_writer(path: &Path, durability: Durability) -> Result<Self, StoreError> {
        let mut connection = Engine::open(path)?;
        // First of all: with the busy time-out set, instances that start together wait for each other.
        configure(&connection)?;
        write_ahead(&connection)?;
        connection.pragma_update(
            None,
            "synchronous",
            match durability {
                Durability::Full => "FULL",
                Durability::None => "OFF",
            },
        )?;
        connection.pragma_update(None, "wal_autocheckpoint", PAGES_OF_LOG)?;
        migrate(&mut connection)?;
        Ok(Self::over(connection))
    }

    /// A connection that can only read.
    pub(super) fn open_reader(path: &Path) -> Result<Self, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Engine::open_with_flags(path, flags)?;
        configure(&connection)?;
        Ok(Self::over(connection))
    }

    fn over(engine: Engine) -> Self {
        Self {
            engine,
            is_fresh: Cell::new(false),
        }
    }

    /// A statement, from those kept ready.
    fn prepared(&self, sql: &str) -> Result<CachedStatement<'_>, StoreError> {
        #[cfg(test)]
        plans::note(&self.engine, sql)?;
        Ok(self.engine.prepare_cached(sql)?)
    }

    pub(super) fn execute(&self, sql: &str, params: &[Value<'_>]) -> Result<usize, StoreError> {
        let mut statement = self.prepared(sql)?;
        Ok(statement.execute(params_from_iter(params))?)
    }

    pub(super) fn each(
        &self,
        sql: &str,
        params: &[Value<'_>],
        mut read: impl FnMut(&Row<'_>) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError> {
        let mut statement = self.prepared(sql)?;
        let mut rows = statement.query(params_from_iter(params))?;
        while let Some(row) = rows.next()? {
            if !read(row)? {
                break;
            }
        }
        Ok(())
    }

    pub(super) fn insert(&self, table: &str, given: &Given<'_>) -> Result<(), StoreError> {
        let row = format!("({})", vec!["?"; given.header().len()].join(", "));
        let head = format!("INSERT INTO {table} ({}) VALUES ", given.names());
        let mut rows = given.rows();
        // In powers of two, so that a few prepared statements do for every number of rows.
        while rows.len() > 0 {
            let n_rows = 1 << rows.len().min(ROWS_AT_ONCE).ilog2();
            let sql = format!("{head}{}", vec![row.as_str(); n_rows].join(", "));
            let values = rows.by_ref().take(n_rows).flatten();
            self.engine
                .prepare_cached(&sql)?
                .execute(params_from_iter(values))?;
        }
        Ok(())
    }

    pub(super) fn each_of(
        &self,
        given: &Given<'_>,
        sql: &str,
        mut read: impl FnMut(&Row<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let sql = format!(
            "WITH given ({}, nth) AS (SELECT {}) {sql}",
            given.names(),
            placeholders(given.header().len().saturating_add(1))
        );
        let mut statement = self.prepared(&sql)?;
        for (nth, row) in (1..).zip(given.rows()) {
            let nth = Value::Integer(nth);
            let mut found = statement.query(params_from_iter(row.iter().chain([&nth])))?;
            while let Some(row) = found.next()? {
                read(row)?;
            }
        }
        Ok(())
    }

    pub(super) fn begin_group(&self) -> Result<(), StoreError> {
        self.engine.execute_batch("BEGIN IMMEDIATE")?;
        self.is_fresh.set(true);
        Ok(())
    }

    pub(super) fn begin_write(&self) -> Result<(), StoreError> {
        if self.is_fresh.get() {
            return Ok(());
        }
        Ok(self.engine.execute_batch("SAVEPOINT one_write")?)
    }

    pub(super) fn keep_write(&self) -> Result<(), StoreError> {
        if self.is_fresh.take() {
            return Ok(());
        }
        Ok(self.engine.execute_batch("RELEASE one_write")?)
    }

    pub(super) fn undo_write(&self) -> Result<(), StoreError> {
        if self.is_fresh.get() {
            self.engine.execute_batch("ROLLBACK")?;
            return self.begin_group();
        }
        Ok(self
            .engine
            .execute_batch("ROLLBACK TO one_write; RELEASE one_write")?)
    }

    pub(super) fn commit_group(&self) -> Result<(), StoreError> {
        Ok(self.engine.execute_batch("COMMIT")?)
    }

    pub(super) fn begin_snapshot(&self) -> Result<(), StoreError> {
        Ok(self.engine.execute_batch("BEGIN")?)
    }

    pub(super) fn roll_back(&self) -> Result<(), StoreError> {
        if self.engine.is_autocommit() {
            return Ok(());
        }
        Ok(self.engine.execute_batch("ROLLBACK")?)
    }
}

/// Copies a database as it stands at one instant into a new file; whoever writes is not kept waiting.
///
/// With the write-ahead log a reader holds nobody up: the log only grows while it reads.
pub(super) fn copy(from: &Path, to: &Path) -> Result<(), StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let source = Engine::open_with_flags(from, flags)?;
    configure(&source)?;
    let mut copy = Engine::open(to)?;
    let backup = Backup::new(&source, &mut copy)?;
    for _ in 0..WAL_TRIES {
        // All pages in one step are pages of one snapshot.
        match backup.step(-1)? {
            StepResult::Done => {
                drop(backup);
                // One file, without a log beside it.
                copy.pragma_update(None, "journal_mode", "DELETE")?;
                return Ok(());
            }
            _ => std::thread::sleep(WAL_PAUSE),
        }
    }
    Err(StoreError::Busy)
}

/// Makes a database one file, without a log beside it; fails while anybody has it open.
pub(super) fn settle(path: &Path) -> Result<(), StoreError> {
    let connection = Engine::open(path)?;
    Ok(connection.pragma_update(None, "journal_mode", "DELETE")?)
}

/// What the engine itself finds wrong in a file that nobody has open.
pub(super) fn faults(path: &Path) -> Result<Vec<String>, StoreError> {
    let connection = Engine::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut found = Vec::new();
    let mut statement = connection.prepare("SELECT integrity_check FROM pragma_integrity_check")?;
    for words in statement.query_map([], |row| row.get::<_, String>(0))? {
        found.extend(Some(words?).filter(|words| words != "ok"));
    }
    let mut statement =
        connection.prepare("SELECT \"table\", parent FROM pragma_foreign_key_check")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (table, parent): (String, String) = (row.get(0)?, row.get(1)?);
        found.push(format!("a row of {table} points to no row of {parent}"));
    }
    Ok(found)
}

fn placeholders(n: usize) -> String {
    let places: Vec<String> = (1..=n).map(|place| format!("?{place}")).collect();
    places.join(", ")
}

fn configure(connection: &Engine) -> Result<(), StoreError> {
    connection.pragma_update(None, "busy_timeout", 5_000)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // The guards against deletion also stand in the way of INSERT OR REPLACE.
    connection.pragma_update(None, "recursive_triggers", true)?;
    connection.pragma_update(None, "cache_size", -65_536)?;
    // What a savepoint or a refused statement may take back is remembered there, not in a file.
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    // A plan does not depend on the values bound to it, or each new value is planned anew.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(256);
    Ok(())
}

/// Switches the file to the write-ahead log, which stays so.
///
/// While another connection does the same this is refused at once, whatever the busy time-out says; so it is asked again.
fn write_ahead(connection: &Engine) -> Result<(), StoreError> {
    for _ in 0..WAL_TRIES {
        match connection.pragma_update(None, "journal_mode", "WAL") {
            Err(rusqlite::Error::SqliteFailure(failure, _))
                if failure.code == ErrorCode::DatabaseBusy =>
            {
                std::thread::sleep(WAL_PAUSE);
            }
            switched => return Ok(switched?),
        }
    }
    Ok(connection.pragma_update(None, "journal_mode", "WAL")?)
}

fn migrate(connection: &mut Engine) -> Result<(), StoreError> {
    let newest = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    // The version is read under the write lock: of instances that start together, one migrates.
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let applied: i64 = tx.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if applied > newest {
        return Err(StoreError::SchemaNewer { applied, newest });
    }
    for (version, text) in (1_i64..).zip(MIGRATIONS) {
        if version > applied {
            reach(Point::Migrating);
            tx.execute_batch(text)?;
        }
    }
    renew_guards(&tx)?;
    tx.pragma_update(None, "user_version", newest)?;
    reach(Point::Migrated);
    tx.commit()?;
    Ok(())
}

/// Guards may change without a migration, so each start replaces them all.
fn renew_guards(tx: &Engine) -> Result<(), StoreError> {
    let mut statement = tx.prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'")?;
    let names: Vec<String> = statement
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for name in names {
        tx.execute_batch(&format!("DROP TRIGGER \"{name}\""))?;
    }
    Ok(tx.execute_batch(GUARDS)?)
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        let words = EngineError::new(&error);
        match error {
            rusqlite::Error::SqliteFailure(failure, _) => match failure.extended_code {
                ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY => {
                    Self::Duplicate(words)
                }
                // A CHECK, a foreign key or a guard.
                _ if failure.code == ErrorCode::ConstraintViolation => Self::Guard(words),
                _ => Self::Engine(words),
            },
            _ => Self::Engine(words),
        }
    }
}

/// How the engine means to run each statement of a test's thread.
#[cfg(test)]
mod plans {
    use std::cell::RefCell;

    use super::*;
    use crate::store::{Read, Tx, attempts, attempts::Earlier, rescores, statistics};

    thread_local! {
        static NOTED: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    }

    pub(super) fn note(engine: &Engine, sql: &str) -> Result<(), StoreError> {
        let mut statement = engine.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
        let steps = statement.raw_query().mapped(|row| row.get("detail"));
        let steps = steps.collect::<Result<Vec<String>, _>>()?;
        NOTED.with_borrow_mut(|noted| noted.push(steps.join("; ")));
        Ok(())
    }

    /// The plans of what is read.
    fn plans<T>(read: impl FnOnce(&Read<'_>) -> Result<T, StoreError>) -> String {
        let dir = tempfile::tempdir().expect("a folder");
        let connection = Connection::open_writer(&dir.path().join("plans"), Durability::None)
            .map(|file| super::super::Connection::File(file, crate::store::DecisionClock::Caller))
            .expect("a database");
        NOTED.with_borrow_mut(Vec::clear);
        let tx = Tx {
            connection: &connection,
        };
        assert!(read(&tx.read()).is_ok());
        NOTED.take().join("; ")
    }

    #[test]
    fn a_persons_attempts_are_looked_through_and_not_a_citys() {
        let asked = Earlier {
            person: "somebody",
            city: "nanjing",
            since_ms: 0,
            day_ms: 0,
        };
        let plan = plans(|read| attempts::before(read, &[asked]));
        assert_eq!(plan.matches("SEARCH attempt").count(), 3, "{plan}");
        assert!(plan.contains("(person=?"), "{plan}");
        assert!(!plan.contains("attempt_by_city"), "{plan}");
    }

    #[test]
    fn attempts_to_score_again_come_in_the_order_of_their_key() {
        let plan = plans(|read| rescores::next_attempts(read, "nanjing", ("", "~"), 10));
        assert!(plan.contains("(attempt>? AND attempt<?)"), "{plan}");
        assert!(!plan.contains("TEMP B-TREE"), "{plan}");
    }

    #[test]
    fn attempts_to_count_come_by_their_city_and_instant() {
        let plan = plans(|read| statistics::uncounted(read, "nanjing", 0, 1, 10));
        assert!(plan.contains("INDEX attempt_by_city"), "{plan}");
    }

    #[test]
    fn the_auditor_looks_for_an_earlier_attempt_among_a_persons() {
        let plan = plans(statistics::wrong_counts);
        assert!(
            plan.contains("SEARCH earlier USING INDEX attempt_by_person"),
            "{plan}"
        );
    }
}
