//! Rows of the cities' pages: uploaded pictures, and from when versions are shown. Written once, never changed.

use super::{
    Read, StoreError, Tx,
    engine::{Row, params},
    proposals::NOT_REPLACED,
};

/// An uploaded picture, without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PictureRow {
    /// Names its content.
    pub digest: String,
    /// Width in pixels.
    pub width: i64,
    /// Height in pixels.
    pub height: i64,
    /// Who uploaded it.
    pub uploaded_by: String,
    /// When.
    pub uploaded_ms: i64,
}

/// Writes a picture of a city; the same picture again changes nothing. Returns whether it is new.
pub fn insert_picture(
    tx: &Tx<'_>,
    city: &str,
    row: &PictureRow,
    jpeg: &str,
) -> Result<bool, StoreError> {
    // store::pages::insert_picture
    let n_rows = tx.connection.execute(
        "INSERT INTO page_picture (city, digest, jpeg, width, height, uploaded_by, uploaded_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (city, digest) DO NOTHING",
        params![
            city,
            row.digest,
            jpeg,
            row.width,
            row.height,
            row.uploaded_by,
            row.uploaded_ms,
        ],
    )?;
    Ok(n_rows > 0)
}

/// A city's pictures, the newest first.
pub fn pictures(read: &Read<'_>, city: &str) -> Result<Vec<PictureRow>, StoreError> {
    // store::pages::pictures
    read.connection.rows(
        "SELECT digest, width, height, uploaded_by, uploaded_ms FROM page_picture
         WHERE city = ?1 ORDER BY uploaded_ms DESC, digest",
        params![city],
        picture_row,
    )
}

/// A picture of a city in Base64.
pub fn jpeg(read: &Read<'_>, city: &str, digest: &str) -> Result<Option<String>, StoreError> {
    // store::pages::jpeg
    read.connection.row(
        "SELECT jpeg FROM page_picture WHERE city = ?1 AND digest = ?2",
        params![city, digest],
        |row| row.get(0),
    )
}

/// Whether a version of a city's page with this picture is or was shown, by the clock that decides.
pub fn is_public(
    read: &Read<'_>,
    (kind, city): (&str, &str),
    digest: &str,
    now_ms: i64,
) -> Result<bool, StoreError> {
    // store::pages::is_public
    let instant = read.connection.instant("?4");
    read.connection.one(
        &format!(
            "SELECT COUNT(*) FROM proposal
             JOIN proposal_decision ON proposal_decision.proposal = proposal.proposal
              AND proposal_decision.verdict = 'approved'
             LEFT JOIN page_hour ON page_hour.proposal = proposal.proposal
             WHERE proposal.kind = ?1 AND proposal.subject = ?2
               AND proposal.content LIKE '%' || CAST(?3 AS TEXT) || '%'
               AND COALESCE(page_hour.publish_ms, 0) <= {instant} + 0 * CAST(?4 AS BIGINT)
               AND {NOT_REPLACED}"
        ),
        params![kind, city, digest, now_ms],
        |row| row.get::<i64>(0).map(|n| n > 0),
    )
}

/// Writes from when a version is shown.
pub fn insert_hour(tx: &Tx<'_>, proposal: i64, publish_ms: i64) -> Result<(), StoreError> {
    // store::pages::insert_hour
    tx.connection.execute(
        "INSERT INTO page_hour (proposal, publish_ms) VALUES (?1, ?2)",
        params![proposal, publish_ms],
    )?;
    Ok(())
}

fn picture_row(row: &Row<'_>) -> Result<PictureRow, StoreError> {
    Ok(PictureRow {
        digest: row.get(0)?,
        width: row.get(1)?,
        height: row.get(2)?,
        uploaded_by: row.get(3)?,
        uploaded_ms: row.get(4)?,
    })
}
