//! Rows of WeChat tokens that every instance shares.

use super::{Read, StoreError, Tx, engine::params};

/// A shared token, sealed, with the end of its life.
pub fn token(read: &Read<'_>, name: &str) -> Result<Option<(String, i64)>, StoreError> {
    // store::tokens::token
    read.connection.row(
        "SELECT value_sealed, expires_ms FROM shared_token WHERE name = ?1",
        params![name],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// Keeps a token, or replaces it.
pub fn set_token(
    tx: &Tx<'_>,
    name: &str,
    value_sealed: &str,
    expires_ms: i64,
) -> Result<(), StoreError> {
    // store::tokens::set_token
    tx.connection.execute(
        "INSERT INTO shared_token (name, value_sealed, expires_ms) VALUES (?1, ?2, ?3)
         ON CONFLICT (name) DO UPDATE
         SET value_sealed = excluded.value_sealed, expires_ms = excluded.expires_ms",
        params![name, value_sealed, expires_ms],
    )?;
    Ok(())
}
