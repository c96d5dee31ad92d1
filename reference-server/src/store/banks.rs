//! Rows of what offices write of their halves of a bank, and the bank that a city is played with.

use super::{Read, StoreError, Tx, engine::params};

/// What an office is writing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftRow {
    /// The city's slug.
    pub city: String,
    /// How often it was changed, from 1.
    pub version: i64,
    /// What is written, sealed.
    pub content_sealed: String,
    /// Who changed it last.
    pub changed_by: String,
    /// When.
    pub changed_ms: i64,
}

/// What the office of a city is writing, if it has begun.
pub fn draft(read: &Read<'_>, city: &str) -> Result<Option<DraftRow>, StoreError> {
    // store::banks::draft
    read.connection.row(
        "SELECT city, version, content_sealed, changed_by, changed_ms FROM bank_draft
         WHERE city = ?1",
        params![city],
        |row| {
            Ok(DraftRow {
                city: row.get(0)?,
                version: row.get(1)?,
                content_sealed: row.get(2)?,
                changed_by: row.get(3)?,
                changed_ms: row.get(4)?,
            })
        },
    )
}

/// The cities whose offices have begun to write.
pub fn begun(read: &Read<'_>) -> Result<Vec<String>, StoreError> {
    // store::banks::begun
    read.connection.rows(
        "SELECT city FROM bank_draft ORDER BY city",
        params![],
        |row| row.get(0),
    )
}

/// Writes the version after the one that was seen; `false` when somebody else was faster.
pub fn write_draft(tx: &Tx<'_>, row: &DraftRow) -> Result<bool, StoreError> {
    if row.version == 1 {
        // store::banks::write_draft
        let n_rows = tx.connection.execute(
            "INSERT INTO bank_draft (city, version, content_sealed, changed_by, changed_ms)
             VALUES (?1, 1, ?2, ?3, ?4) ON CONFLICT (city) DO NOTHING",
            params![row.city, row.content_sealed, row.changed_by, row.changed_ms],
        )?;
        return Ok(n_rows == 1);
    }
    // store::banks::write_draft
    let n_rows = tx.connection.execute(
        "UPDATE bank_draft SET version = ?2, content_sealed = ?3, changed_by = ?4, changed_ms = ?5
         WHERE city = ?1 AND version = ?2 - 1",
        params![
            row.city,
            row.version,
            row.content_sealed,
            row.changed_by,
            row.changed_ms,
        ],
    )?;
    Ok(n_rows == 1)
}

/// Gives a city that has not begun another bank, which is there already.
pub fn put_in_force(tx: &Tx<'_>, city: &str, digest: &str) -> Result<(), StoreError> {
    // store::banks::put_in_force
    tx.connection.execute(
        "UPDATE city SET bank = ?2 WHERE city = ?1",
        params![city, digest],
    )?;
    Ok(())
}
