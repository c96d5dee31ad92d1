//! What a database holds, as a backup's manifest tells it, and what was done about backups.

use std::collections::BTreeMap;

use super::{
    Database, DecisionClock, Read, StoreError, Tx, audit,
    engine::{Connection, Row, params},
};

/// What a database holds, counted in one snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// How many migrations were applied.
    pub schema_version: i64,
    /// Rows of each table.
    pub n_rows: BTreeMap<String, i64>,
    /// Number and hash of the latest audit event.
    pub audit_head: Option<(i64, String)>,
}

/// Something that was done about a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SafekeepingRow {
    /// `taken`, `drilled` or `restored`.
    pub event: String,
    /// The backup's file.
    pub backup: String,
    /// The instant the backup is of.
    pub of_ms: i64,
    /// What did not hold.
    pub n_findings: i64,
    /// How long it took.
    pub took_ms: i64,
    /// When it was done.
    pub at_ms: i64,
}

/// What a database holds, as it lies there: nothing is migrated.
///
/// Cost: a scan of every table.
pub fn contents_of(database: &Database) -> Result<Contents, StoreError> {
    as_it_lies(database, contents)
}

/// The hash of one event of a database's audit chain, if that has come so far; nothing is migrated.
pub fn event_of(database: &Database, number: i64) -> Result<Option<String>, StoreError> {
    as_it_lies(database, |read| hash_of_event(read, number))
}

fn as_it_lies<T>(
    database: &Database,
    look: impl FnOnce(&Read<'_>) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let connection = Connection::open_reader(database, DecisionClock::Caller)?;
    connection.begin_snapshot()?;
    let found = look(&Read {
        connection: &connection,
    });
    connection.roll_back()?;
    found
}

/// What the database holds; cost: a scan of every table.
pub fn contents(read: &Read<'_>) -> Result<Contents, StoreError> {
    // store::safekeeping::contents
    let mut n_rows = BTreeMap::new();
    for table in read.connection.tables()? {
        let n =
            read.connection
                .one(&format!("SELECT COUNT(*) FROM {table}"), params![], |row| {
                    row.get(0)
                })?;
        n_rows.insert(table, n);
    }
    Ok(Contents {
        schema_version: read.connection.schema_version()?,
        audit_head: match n_rows.contains_key("audit_event") {
            true => audit::head(read)?,
            false => None,
        },
        n_rows,
    })
}

fn hash_of_event(read: &Read<'_>, number: i64) -> Result<Option<String>, StoreError> {
    // store::safekeeping::hash_of_event
    read.connection.row(
        "SELECT hash FROM audit_event WHERE number = ?1",
        params![number],
        |row| row.get(0),
    )
}

/// Writes down what was done.
pub fn insert(tx: &Tx<'_>, row: &SafekeepingRow) -> Result<(), StoreError> {
    // store::safekeeping::insert
    let number: i64 = tx.connection.one(
        "SELECT COALESCE(MAX(number), 0) + 1 FROM safekeeping",
        params![],
        |row| row.get(0),
    )?;
    tx.connection.execute(
        "INSERT INTO safekeeping (number, event, backup, of_ms, n_findings, took_ms, at_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            number,
            row.event,
            row.backup,
            row.of_ms,
            row.n_findings,
            row.took_ms,
            row.at_ms
        ],
    )?;
    Ok(())
}

/// What was last done of this kind.
pub fn latest(read: &Read<'_>, event: &str) -> Result<Option<SafekeepingRow>, StoreError> {
    // store::safekeeping::latest
    read.connection.row(
        "SELECT event, backup, of_ms, n_findings, took_ms, at_ms FROM safekeeping
         WHERE event = ?1 ORDER BY number DESC LIMIT 1",
        params![event],
        |row: &Row<'_>| {
            Ok(SafekeepingRow {
                event: row.get(0)?,
                backup: row.get(1)?,
                of_ms: row.get(2)?,
                n_findings: row.get(3)?,
                took_ms: row.get(4)?,
                at_ms: row.get(5)?,
            })
        },
    )
}
