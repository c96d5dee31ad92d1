//! Rows of WeChat Pay's platform certificates, and of when they were asked for.

use super::{Read, StoreError, Tx, engine::params};

/// A platform certificate as it was downloaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateRow {
    /// Its serial number.
    pub serial: String,
    /// Itself, in PEM, sealed.
    pub pem_sealed: String,
}

/// When a merchant's certificates were asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DownloadRow {
    /// When somebody took the turn of asking last.
    pub asked_ms: i64,
    /// When WeChat last gave them.
    pub answered_ms: Option<i64>,
}

/// Every certificate that was ever downloaded.
pub fn certificates(read: &Read<'_>) -> Result<Vec<CertificateRow>, StoreError> {
    // store::certificates::certificates
    read.connection.rows(
        "SELECT serial, pem_sealed FROM platform_certificate ORDER BY serial",
        params![],
        |row| {
            Ok(CertificateRow {
                serial: row.get(0)?,
                pem_sealed: row.get(1)?,
            })
        },
    )
}

/// Keeps a certificate unless its serial is there; whether it was new.
pub fn insert(
    tx: &Tx<'_>,
    certificate: &CertificateRow,
    added_ms: i64,
) -> Result<bool, StoreError> {
    // store::certificates::insert
    let n_rows = tx.connection.execute(
        "INSERT INTO platform_certificate (serial, pem_sealed, added_ms) VALUES (?1, ?2, ?3)
         ON CONFLICT DO NOTHING",
        params![certificate.serial, certificate.pem_sealed, added_ms],
    )?;
    Ok(n_rows == 1)
}

/// When a merchant's certificates were asked for, if ever.
pub fn download(read: &Read<'_>, merchant_id: &str) -> Result<Option<DownloadRow>, StoreError> {
    // store::certificates::download
    read.connection.row(
        "SELECT asked_ms, answered_ms FROM certificate_download WHERE merchant_id = ?1",
        params![merchant_id],
        |row| {
            Ok(DownloadRow {
                asked_ms: row.get(0)?,
                answered_ms: row.get(1)?,
            })
        },
    )
}

/// Notes when a merchant's certificates were asked for, and when WeChat gave them.
pub fn set_download(
    tx: &Tx<'_>,
    merchant_id: &str,
    download: &DownloadRow,
) -> Result<(), StoreError> {
    // store::certificates::set_download
    tx.connection.execute(
        "INSERT INTO certificate_download (merchant_id, asked_ms, answered_ms) VALUES (?1, ?2, ?3)
         ON CONFLICT (merchant_id) DO UPDATE
         SET asked_ms = excluded.asked_ms, answered_ms = excluded.answered_ms",
        params![merchant_id, download.asked_ms, download.answered_ms],
    )?;
    Ok(())
}
