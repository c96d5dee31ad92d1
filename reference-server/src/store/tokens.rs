//! Rows of WeChat tokens that every instance shares.

use rusqlite::{OptionalExtension, params};

use super::{Read, StoreError, Tx};

/// A shared token, sealed, with the end of its life.
pub fn token(read: &Read<'_>, name: &str) -> Result<Option<(String, i64)>, StoreError> {
    // store::tokens::token
    Ok(read
        .connection
        .prepare_cached("SELECT value_sealed, expires_ms FROM shared_token WHERE name = ?1")?
        .query_row([name], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?)
}

/// Keeps a token, or replaces it.
pub fn set_token(
    tx: &Tx<'_>,
    name: &str,
    value_sealed: &str,
    expires_ms: i64,
) -> Result<(), StoreError> {
    // store::tokens::set_token
    tx.connection
        .prepare_cached(
            "INSERT INTO shared_token (name, value_sealed, expires_ms) VALUES (?1, ?2, ?3)
             ON CONFLICT (name) DO UPDATE
             SET value_sealed = excluded.value_sealed, expires_ms = excluded.expires_ms",
        )?
        .execute(params![name, value_sealed, expires_ms])?;
    Ok(())
}
