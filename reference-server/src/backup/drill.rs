//! What a restored copy and the live database say of each other.

use crate::store::{
    Database, StoreError,
    safekeeping::{self, Contents},
};

/// What comparing a backup with the live database came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// What the live database does not have although the backup does: nothing ever leaves it.
    pub findings: Vec<String>,
    /// Audit events of the live database that a restore from this backup would lose.
    pub n_events_since: i64,
}

/// Compares a restored copy with the live database: that must have every row and every audit event of it.
///
/// Cost: a scan of every table of the live database.
///
/// # Errors
/// [`StoreError`] of the live database.
pub fn compared(copy: &Contents, live: &Database) -> Result<Compared, StoreError> {
    let contents = safekeeping::contents_of(live)?;
    let mut findings = Vec::new();
    for (table, n_then) in &copy.n_rows {
        let n_now = contents.n_rows.get(table).copied().unwrap_or(0);
        if n_now < *n_then {
            findings.push(format!("{table} had {n_then} rows and has {n_now} now"));
        }
    }
    if let Some((number, hash)) = &copy.audit_head
        && safekeeping::event_of(live, *number)?.as_ref() != Some(hash)
    {
        findings.push(format!("audit event {number} is another one now"));
    }
    Ok(Compared {
        findings,
        n_events_since: head(&contents).saturating_sub(head(copy)),
    })
}

fn head(contents: &Contents) -> i64 {
    contents
        .audit_head
        .as_ref()
        .map_or(0, |(number, _)| *number)
}
