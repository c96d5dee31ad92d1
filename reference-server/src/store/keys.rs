//! Rows of the keys that ever belonged to the database, and the one sealed column of each table that has one.

use super::{Read, StoreError, Tx, engine::params};
use crate::privacy::Field;

/// A key as the database knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRow {
    /// `season`, `contest`, `people` or `index`.
    pub ring: String,
    /// From 1.
    pub version: i64,
    /// What tells it from every other key.
    pub fingerprint: String,
    /// When it was destroyed.
    pub destroyed_ms: Option<i64>,
}

/// A sealed value and the key of its row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedRow {
    /// The row.
    pub row: String,
    /// The value.
    pub sealed: String,
}

/// The statements of one sealed column.
struct Column {
    after: &'static str,
    count: &'static str,
    replace: &'static str,
}

/// Every key the database knows.
pub fn keys(read: &Read<'_>) -> Result<Vec<KeyRow>, StoreError> {
    // store::keys::keys
    read.connection.rows(
        "SELECT ring, version, fingerprint, destroyed_ms FROM field_key ORDER BY ring, version",
        params![],
        |row| {
            Ok(KeyRow {
                ring: row.get(0)?,
                version: row.get(1)?,
                fingerprint: row.get(2)?,
                destroyed_ms: row.get(3)?,
            })
        },
    )
}

/// Remembers a key.
pub fn insert_key(
    tx: &Tx<'_>,
    ring: &str,
    version: i64,
    fingerprint: &str,
    now_ms: i64,
) -> Result<(), StoreError> {
    // store::keys::insert_key
    tx.connection.execute(
        "INSERT INTO field_key (ring, version, fingerprint, added_ms) VALUES (?1, ?2, ?3, ?4)",
        params![ring, version, fingerprint, now_ms],
    )?;
    Ok(())
}

/// Marks every key of what names persons as destroyed; how many were not yet.
pub fn set_destroyed(tx: &Tx<'_>, now_ms: i64) -> Result<usize, StoreError> {
    // store::keys::set_destroyed
    tx.connection.execute(
        "UPDATE field_key SET destroyed_ms = ?1
         WHERE ring IN ('people', 'index') AND destroyed_ms IS NULL",
        params![now_ms],
    )
}

/// When the books of a city were sealed last.
pub fn last_seal_ms(read: &Read<'_>) -> Result<Option<i64>, StoreError> {
    // store::keys::last_seal_ms
    read.connection
        .one("SELECT MAX(sealed_ms) FROM books_seal", params![], |row| {
            row.get(0)
        })
}

/// Values of a column that do not begin with `tag`, after this row in the order of rows.
pub fn sealed_after(
    read: &Read<'_>,
    field: Field,
    row: &str,
    tag: &str,
    n_max: i64,
) -> Result<Vec<SealedRow>, StoreError> {
    // store::keys::sealed_after
    let begins = format!("{tag}.%");
    read.connection
        .rows(column(field).after, params![row, begins, n_max], |row| {
            Ok(SealedRow {
                row: row.get(0)?,
                sealed: row.get(1)?,
            })
        })
}

/// How many values of a column begin with `tag`; every value for an empty one.
pub fn count_sealed(read: &Read<'_>, field: Field, tag: &str) -> Result<i64, StoreError> {
    // store::keys::count_sealed
    let begins = if tag.is_empty() {
        "_%".to_owned()
    } else {
        format!("{tag}.%")
    };
    read.connection
        .one(column(field).count, params![begins], |row| row.get(0))
}

/// Puts a value sealed anew in the place of the one that was read; `false` when that is gone meanwhile.
pub fn replace_sealed(
    tx: &Tx<'_>,
    field: Field,
    old: &SealedRow,
    sealed: &str,
) -> Result<bool, StoreError> {
    // store::keys::replace_sealed
    let n_rows = tx
        .connection
        .execute(column(field).replace, params![old.row, old.sealed, sealed])?;
    Ok(n_rows == 1)
}

const fn column(field: Field) -> Column {
    match field {
        Field::BankContent => Column {
            after: "SELECT digest, content_sealed FROM bank WHERE digest > ?1 \
                 AND content_sealed <> '' AND content_sealed NOT LIKE ?2 ORDER BY digest LIMIT ?3",
            count: "SELECT COUNT(*) FROM bank WHERE content_sealed LIKE ?1",
            replace: "UPDATE bank SET content_sealed = ?3 WHERE digest = ?1 AND content_sealed = ?2",
        },
        Field::BankDraft => Column {
            after: "SELECT city, content_sealed FROM bank_draft WHERE city > ?1 \
                 AND content_sealed <> '' AND content_sealed NOT LIKE ?2 ORDER BY city LIMIT ?3",
            count: "SELECT COUNT(*) FROM bank_draft WHERE content_sealed LIKE ?1",
            replace: "UPDATE bank_draft SET content_sealed = ?3 WHERE city = ?1 AND content_sealed = ?2",
        },
        Field::PlanSeed => Column {
            after: "SELECT city, plan_seed_sealed FROM city WHERE city > ?1 \
                 AND plan_seed_sealed <> '' AND plan_seed_sealed NOT LIKE ?2 ORDER BY city LIMIT ?3",
            count: "SELECT COUNT(*) FROM city WHERE plan_seed_sealed LIKE ?1",
            replace: "UPDATE city SET plan_seed_sealed = ?3 WHERE city = ?1 AND plan_seed_sealed = ?2",
        },
        Field::SharedToken => Column {
            after: "SELECT name, value_sealed FROM shared_token WHERE name > ?1 \
                 AND value_sealed <> '' AND value_sealed NOT LIKE ?2 ORDER BY name LIMIT ?3",
            count: "SELECT COUNT(*) FROM shared_token WHERE value_sealed LIKE ?1",
            replace: "UPDATE shared_token SET value_sealed = ?3 WHERE name = ?1 AND value_sealed = ?2",
        },
        Field::Openid => Column {
            after: "SELECT person, openid_sealed FROM person WHERE person > ?1 \
                 AND openid_sealed <> '' AND openid_sealed NOT LIKE ?2 ORDER BY person LIMIT ?3",
            count: "SELECT COUNT(*) FROM person WHERE openid_sealed LIKE ?1",
            replace: "UPDATE person SET openid_sealed = ?3 WHERE person = ?1 AND openid_sealed = ?2",
        },
        Field::PaymentRequest => Column {
            after: "SELECT bill_number, request_sealed FROM payment WHERE bill_number > ?1 \
                 AND request_sealed <> '' AND request_sealed NOT LIKE ?2 ORDER BY bill_number LIMIT ?3",
            count: "SELECT COUNT(*) FROM payment WHERE request_sealed LIKE ?1",
            replace: "UPDATE payment SET request_sealed = ?3 WHERE bill_number = ?1 AND request_sealed = ?2",
        },
        Field::PaymentPackage => Column {
            after: "SELECT bill_number, package_sealed FROM payment WHERE bill_number > ?1 \
                 AND package_sealed <> '' AND package_sealed NOT LIKE ?2 ORDER BY bill_number LIMIT ?3",
            count: "SELECT COUNT(*) FROM payment WHERE package_sealed LIKE ?1",
            replace: "UPDATE payment SET package_sealed = ?3 WHERE bill_number = ?1 AND package_sealed = ?2",
        },
        Field::PlatformCertificate => Column {
            after: "SELECT serial, pem_sealed FROM platform_certificate WHERE serial > ?1 \
                 AND pem_sealed <> '' AND pem_sealed NOT LIKE ?2 ORDER BY serial LIMIT ?3",
            count: "SELECT COUNT(*) FROM platform_certificate WHERE pem_sealed LIKE ?1",
            replace: "UPDATE platform_certificate SET pem_sealed = ?3 WHERE serial = ?1 AND pem_sealed = ?2",
        },
        Field::OrganiserTotp => Column {
            after: "SELECT organiser, totp_sealed FROM organiser WHERE organiser > ?1 \
                 AND totp_sealed <> '' AND totp_sealed NOT LIKE ?2 ORDER BY organiser LIMIT ?3",
            count: "SELECT COUNT(*) FROM organiser WHERE totp_sealed LIKE ?1",
            replace: "UPDATE organiser SET totp_sealed = ?3 WHERE organiser = ?1 AND totp_sealed = ?2",
        },
        Field::GivenSecret => Column {
            after: "SELECT secret, value_sealed FROM secret WHERE secret > ?1 \
                 AND value_sealed <> '' AND value_sealed NOT LIKE ?2 ORDER BY secret LIMIT ?3",
            count: "SELECT COUNT(*) FROM secret WHERE value_sealed LIKE ?1",
            replace: "UPDATE secret SET value_sealed = ?3 WHERE secret = ?1 AND value_sealed = ?2",
        },
    }
}
