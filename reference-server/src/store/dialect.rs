//! All there is to know about the database engine: how a connection is made,
//! how a migration is applied, what an engine's error means.

use std::path::Path;

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior, config::DbConfig, ffi};

use super::StoreError;

/// How much a commit promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// A commit survives a power cut (`synchronous=FULL`).
    Full,
    /// A commit survives nothing but the process: for databases that are thrown away.
    None,
}

/// The migrations in order; the number is the schema's version.
const MIGRATIONS: [&str; 1] = [include_str!("../../migrations/0001_contest.sql")];
const GUARDS: &str = include_str!("../../migrations/guards.sqlite.sql");

/// Opens the one writing connection and brings the schema up to date.
pub(super) fn open_writer(path: &Path, durability: Durability) -> Result<Connection, StoreError> {
    let mut connection = Connection::open(path).map_err(StoreError::from)?;
    // First of all: with the busy time-out set, instances that start together wait for each other.
    configure(&connection)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(
        None,
        "synchronous",
        match durability {
            Durability::Full => "FULL",
            Durability::None => "OFF",
        },
    )?;
    migrate(&mut connection)?;
    Ok(connection)
}

/// Opens a connection that can only read.
pub(super) fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    configure(&connection)?;
    Ok(connection)
}

fn configure(connection: &Connection) -> Result<(), StoreError> {
    connection.pragma_update(None, "busy_timeout", 5_000)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // The guards against deletion also stand in the way of INSERT OR REPLACE.
    connection.pragma_update(None, "recursive_triggers", true)?;
    connection.pragma_update(None, "cache_size", -65_536)?;
    // A plan does not depend on the values bound to it, or each new value is planned anew.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(())
}

fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let newest = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    // The version is read under the write lock: of instances that start together, one migrates.
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let applied: i64 = tx.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if applied > newest {
        return Err(StoreError::SchemaNewer { applied, newest });
    }
    for (version, text) in (1_i64..).zip(MIGRATIONS) {
        if version > applied {
            tx.execute_batch(text)?;
        }
    }
    renew_guards(&tx)?;
    tx.pragma_update(None, "user_version", newest)?;
    tx.commit()?;
    Ok(())
}

/// Guards may change without a migration, so each start replaces them all.
fn renew_guards(tx: &Connection) -> Result<(), StoreError> {
    let mut statement = tx.prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'")?;
    let names: Vec<String> = statement
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for name in names {
        tx.execute_batch(&format!("DROP TRIGGER \"{name}\""))?;
    }
    Ok(tx.execute_batch(GUARDS)?)
}

/// Whether the error says that a row with this key is already there.
pub(super) fn is_unique_violation(error: &rusqlite::Error) -> bool {
    matches!(
        error,
        rusqlite::Error::SqliteFailure(failure, _)
            if failure.extended_code == ffi::SQLITE_CONSTRAINT_UNIQUE
                || failure.extended_code == ffi::SQLITE_CONSTRAINT_PRIMARYKEY
    )
}

/// The error of a transaction that the engine has rolled back by itself.
pub(super) fn transaction_gone() -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(
        ffi::Error::new(ffi::SQLITE_ABORT),
        Some("the transaction of the group is gone".to_owned()),
    )
}

/// Whether the database itself refused the row (CHECK, foreign key or guard).
pub(super) fn is_guard_violation(error: &rusqlite::Error) -> bool {
    matches!(error, rusqlite::Error::SqliteFailure(failure, _)
        if failure.code == ErrorCode::ConstraintViolation)
}
