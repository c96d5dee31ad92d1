//! Rows of secrets that were given at the console: sealed, and read by a server at its start only.

use super::{
    Read, StoreError, Tx,
    engine::{Row, params},
};

/// A secret that was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretRow {
    /// Its own name, such as `app-secret-1`.
    pub secret: String,
    /// Which secret it is.
    pub name: String,
    /// The value, sealed; empty once it is over.
    pub value_sealed: String,
    /// What tells the value from others without telling anything of it.
    pub fingerprint: String,
    /// The same of the file's value when it was given; empty for none.
    pub replaces: String,
    /// `waiting`, `kept` or `over`.
    pub state: String,
    /// The proposal to take it, where that takes two persons.
    pub proposal: Option<i64>,
    /// Who gave it.
    pub given_by: String,
    /// When.
    pub given_ms: i64,
}

const COLUMNS: &str = "SELECT secret, name, value_sealed, fingerprint, replaces, state, proposal,
     given_by, given_ms FROM secret";

/// Every secret that is kept or waits, by name.
pub fn in_hand(read: &Read<'_>) -> Result<Vec<SecretRow>, StoreError> {
    // store::secrets::in_hand
    read.connection.rows(
        &format!("{COLUMNS} WHERE state <> 'over' ORDER BY name, state"),
        params![],
        secret_row,
    )
}

/// The secret that this proposal is about.
pub fn of_proposal(read: &Read<'_>, proposal: i64) -> Result<Option<SecretRow>, StoreError> {
    // store::secrets::of_proposal
    read.connection.row(
        &format!("{COLUMNS} WHERE proposal = ?1"),
        params![proposal],
        secret_row,
    )
}

/// How often a secret was given.
pub fn n_given(read: &Read<'_>, name: &str) -> Result<i64, StoreError> {
    // store::secrets::n_given
    read.connection.one(
        "SELECT COUNT(*) FROM secret WHERE name = ?1",
        params![name],
        |row| row.get(0),
    )
}

/// Writes a secret; a second one that is kept or waits under the same name is a duplicate.
pub fn insert(tx: &Tx<'_>, row: &SecretRow) -> Result<(), StoreError> {
    // store::secrets::insert
    tx.connection.execute(
        "INSERT INTO secret (secret, name, value_sealed, fingerprint, replaces, state, proposal,
             given_by, given_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            row.secret,
            row.name,
            row.value_sealed,
            row.fingerprint,
            row.replaces,
            row.state,
            row.proposal,
            row.given_by,
            row.given_ms,
        ],
    )?;
    Ok(())
}

/// Takes a secret that waits.
pub fn keep(tx: &Tx<'_>, secret: &str) -> Result<(), StoreError> {
    // store::secrets::keep
    tx.connection.execute(
        "UPDATE secret SET state = 'kept' WHERE secret = ?1 AND state = 'waiting'",
        params![secret],
    )?;
    Ok(())
}

/// Ends a secret and forgets its value.
pub fn end(tx: &Tx<'_>, secret: &str) -> Result<(), StoreError> {
    // store::secrets::end
    tx.connection.execute(
        "UPDATE secret SET state = 'over', value_sealed = '' WHERE secret = ?1 AND state <> 'over'",
        params![secret],
    )?;
    Ok(())
}

/// Ends whatever was kept of a secret, and forgets its value.
pub fn end_kept(tx: &Tx<'_>, name: &str) -> Result<(), StoreError> {
    // store::secrets::end_kept
    tx.connection.execute(
        "UPDATE secret SET state = 'over', value_sealed = '' WHERE name = ?1 AND state = 'kept'",
        params![name],
    )?;
    Ok(())
}

fn secret_row(row: &Row<'_>) -> Result<SecretRow, StoreError> {
    Ok(SecretRow {
        secret: row.get(0)?,
        name: row.get(1)?,
        value_sealed: row.get(2)?,
        fingerprint: row.get(3)?,
        replaces: row.get(4)?,
        state: row.get(5)?,
        proposal: row.get(6)?,
        given_by: row.get(7)?,
        given_ms: row.get(8)?,
    })
}
