//! Rows of WeChat tokens that every instance shares, and whose turn it is to fetch one.

use super::{Read, StoreError, Tx, engine::params};

/// A shared token as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TokenRow {
    /// The token, sealed; empty when there is none.
    pub value_sealed: String,
    /// When it was obtained.
    pub obtained_ms: Option<i64>,
    /// When it dies.
    pub expires_ms: i64,
    /// Until when somebody's fetch keeps others from fetching.
    pub fetching_until_ms: Option<i64>,
    /// Whether that fetch has failed.
    pub fetch_failed: bool,
}

/// A shared token, if there was ever one.
pub fn token(read: &Read<'_>, name: &str) -> Result<Option<TokenRow>, StoreError> {
    // store::tokens::token
    read.connection.row(
        "SELECT value_sealed, obtained_ms, expires_ms, fetching_until_ms, fetch_failed
         FROM shared_token WHERE name = ?1",
        params![name],
        |row| {
            Ok(TokenRow {
                value_sealed: row.get(0)?,
                obtained_ms: row.get(1)?,
                expires_ms: row.get(2)?,
                fetching_until_ms: row.get(3)?,
                fetch_failed: row.get(4)?,
            })
        },
    )
}

/// Keeps a token's row, or replaces it.
pub fn set_token(tx: &Tx<'_>, name: &str, token: &TokenRow) -> Result<(), StoreError> {
    // store::tokens::set_token
    tx.connection.execute(
        "INSERT INTO shared_token (name, value_sealed, obtained_ms, expires_ms, fetching_until_ms,
             fetch_failed)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (name) DO UPDATE
         SET value_sealed = excluded.value_sealed, obtained_ms = excluded.obtained_ms,
             expires_ms = excluded.expires_ms, fetching_until_ms = excluded.fetching_until_ms,
             fetch_failed = excluded.fetch_failed",
        params![
            name,
            token.value_sealed,
            token.obtained_ms,
            token.expires_ms,
            token.fetching_until_ms,
            token.fetch_failed,
        ],
    )?;
    Ok(())
}
