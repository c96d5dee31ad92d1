//! Rows of organisers: who they are, their links, recovery codes, sessions, and how often they tried.

use super::{
    Read, StoreError, Tx,
    engine::{Row, params},
};

/// A person of an office who may use the console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrganiserRow {
    /// The name, which is never given to anybody else.
    pub organiser: String,
    /// What people call them.
    pub display_name: String,
    /// Names of roles, separated by commas.
    pub roles: String,
    /// The one city a city editor works for.
    pub city: Option<String>,
    /// The password's digest in PHC format; nobody can sign in without one.
    pub password: Option<String>,
    /// The secret of the second factor, sealed; empty without a password.
    pub totp_sealed: String,
    /// The latest step of which a code was used.
    pub totp_step: i64,
    /// When the account was switched off, if it is.
    pub disabled_ms: Option<i64>,
    /// Who made the account.
    pub created_by: String,
    /// When.
    pub created_ms: i64,
}

/// A session and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// The organiser.
    pub organiser: OrganiserRow,
    /// When it began.
    pub created_ms: i64,
    /// When it was used last.
    pub seen_ms: i64,
    /// When the second factor was last shown again.
    pub stepped_up_ms: Option<i64>,
}

const COLUMNS: &str =
    "organiser.organiser, organiser.display_name, organiser.roles, organiser.city,
     organiser.password, organiser.totp_sealed, organiser.totp_step, organiser.disabled_ms,
     organiser.created_by, organiser.created_ms";

/// Every organiser, by name.
pub fn organisers(read: &Read<'_>) -> Result<Vec<OrganiserRow>, StoreError> {
    // store::organisers::organisers
    read.connection.rows(
        &format!("SELECT {COLUMNS} FROM organiser ORDER BY organiser"),
        params![],
        organiser_row,
    )
}

/// One organiser.
pub fn organiser(read: &Read<'_>, organiser: &str) -> Result<Option<OrganiserRow>, StoreError> {
    // store::organisers::organiser
    read.connection.row(
        &format!("SELECT {COLUMNS} FROM organiser WHERE organiser = ?1"),
        params![organiser],
        organiser_row,
    )
}

/// Adds an organiser who cannot sign in yet; `false` when the name is taken.
pub fn insert(tx: &Tx<'_>, row: &OrganiserRow) -> Result<bool, StoreError> {
    // store::organisers::insert
    let n_rows = tx.connection.execute(
        "INSERT INTO organiser (organiser, display_name, roles, city, password, totp_sealed,
             totp_step, created_by, created_ms, changed_ms)
         VALUES (?1, ?2, ?3, ?4, NULL, '', 0, ?5, ?6, ?6)
         ON CONFLICT (organiser) DO NOTHING",
        params![
            row.organiser,
            row.display_name,
            row.roles,
            row.city,
            row.created_by,
            row.created_ms,
        ],
    )?;
    Ok(n_rows == 1)
}

/// Gives an organiser password and second factor, and lets him in again if he was kept out.
pub fn set_credentials(
    tx: &Tx<'_>,
    organiser: &str,
    password: &str,
    totp_sealed: &str,
    totp_step: i64,
    now_ms: i64,
) -> Result<usize, StoreError> {
    // store::organisers::set_credentials
    tx.connection.execute(
        "UPDATE organiser SET password = ?2, totp_sealed = ?3, changed_ms = ?5,
             totp_step = CASE WHEN totp_step < ?4 THEN ?4 ELSE totp_step END
         WHERE organiser = ?1 AND disabled_ms IS NULL",
        params![organiser, password, totp_sealed, totp_step, now_ms],
    )
}

/// Takes password and second factor away: only a new link leads in again.
pub fn clear_credentials(tx: &Tx<'_>, organiser: &str, now_ms: i64) -> Result<usize, StoreError> {
    // store::organisers::clear_credentials
    tx.connection.execute(
        "UPDATE organiser SET password = NULL, totp_sealed = '', disabled_ms = NULL, changed_ms = ?2
         WHERE organiser = ?1",
        params![organiser, now_ms],
    )
}

/// Switches an account off; how many were on.
pub fn disable(tx: &Tx<'_>, organiser: &str, now_ms: i64) -> Result<usize, StoreError> {
    // store::organisers::disable
    tx.connection.execute(
        "UPDATE organiser SET disabled_ms = ?2, changed_ms = ?2
         WHERE organiser = ?1 AND disabled_ms IS NULL",
        params![organiser, now_ms],
    )
}

/// Uses up the code of a step; `false` when it, or a later one, was used before.
pub fn use_step(tx: &Tx<'_>, organiser: &str, step: i64) -> Result<bool, StoreError> {
    // store::organisers::use_step
    let n_rows = tx.connection.execute(
        "UPDATE organiser SET totp_step = ?2
         WHERE organiser = ?1 AND totp_step < ?2 AND disabled_ms IS NULL",
        params![organiser, step],
    )?;
    Ok(n_rows == 1)
}

/// Whether anybody could sign in, or has a link that still leads in.
pub fn is_anybody_invited(read: &Read<'_>, now_ms: i64) -> Result<bool, StoreError> {
    // store::organisers::is_anybody_invited
    read.connection.one(
        "SELECT CASE WHEN EXISTS (SELECT 1 FROM organiser
                     WHERE password IS NOT NULL AND disabled_ms IS NULL)
                  OR EXISTS (SELECT 1 FROM setup_link WHERE ended_ms IS NULL AND expires_ms > ?1)
             THEN 1 ELSE 0 END",
        params![now_ms],
        |row| row.get(0),
    )
}

/// Adds a link, which takes the place of the organiser's others.
pub fn insert_link(
    tx: &Tx<'_>,
    link_hash: &str,
    organiser: &str,
    now_ms: i64,
    expires_ms: i64,
) -> Result<(), StoreError> {
    // store::organisers::insert_link
    end_links(tx, organiser, now_ms)?;
    tx.connection.execute(
        "INSERT INTO setup_link (link_hash, organiser, created_ms, expires_ms)
         VALUES (?1, ?2, ?3, ?4)",
        params![link_hash, organiser, now_ms, expires_ms],
    )?;
    Ok(())
}

/// Whose link this is, while it leads anywhere.
pub fn owner_of_link(
    read: &Read<'_>,
    link_hash: &str,
    now_ms: i64,
) -> Result<Option<OrganiserRow>, StoreError> {
    // store::organisers::owner_of_link
    read.connection.row(
        &format!(
            "SELECT {COLUMNS} FROM setup_link
             JOIN organiser ON organiser.organiser = setup_link.organiser
             WHERE setup_link.link_hash = ?1 AND setup_link.ended_ms IS NULL
               AND setup_link.expires_ms > ?2 AND organiser.disabled_ms IS NULL"
        ),
        params![link_hash, now_ms],
        organiser_row,
    )
}

/// Ends every link of an organiser.
pub fn end_links(tx: &Tx<'_>, organiser: &str, now_ms: i64) -> Result<usize, StoreError> {
    // store::organisers::end_links
    tx.connection.execute(
        "UPDATE setup_link SET ended_ms = ?2 WHERE organiser = ?1 AND ended_ms IS NULL",
        params![organiser, now_ms],
    )
}

/// Gives an organiser new recovery codes; the old ones end.
pub fn replace_recovery_codes(
    tx: &Tx<'_>,
    organiser: &str,
    code_hashes: &[String],
    now_ms: i64,
) -> Result<(), StoreError> {
    // store::organisers::replace_recovery_codes
    tx.connection.execute(
        "UPDATE recovery_code SET ended_ms = ?2 WHERE organiser = ?1 AND ended_ms IS NULL",
        params![organiser, now_ms],
    )?;
    for code_hash in code_hashes {
        tx.connection.execute(
            "INSERT INTO recovery_code (code_hash, organiser, created_ms) VALUES (?1, ?2, ?3)",
            params![code_hash, organiser, now_ms],
        )?;
    }
    Ok(())
}

/// Uses up a recovery code; `false` when it is none of this organiser's, or was used before.
pub fn use_recovery_code(
    tx: &Tx<'_>,
    organiser: &str,
    code_hash: &str,
    now_ms: i64,
) -> Result<bool, StoreError> {
    // store::organisers::use_recovery_code
    let n_rows = tx.connection.execute(
        "UPDATE recovery_code SET ended_ms = ?3
         WHERE organiser = ?1 AND code_hash = ?2 AND ended_ms IS NULL",
        params![organiser, code_hash, now_ms],
    )?;
    Ok(n_rows == 1)
}

/// How many recovery codes an organiser has left.
pub fn n_recovery_codes(read: &Read<'_>, organiser: &str) -> Result<i64, StoreError> {
    // store::organisers::n_recovery_codes
    read.connection.one(
        "SELECT COUNT(*) FROM recovery_code WHERE organiser = ?1 AND ended_ms IS NULL",
        params![organiser],
        |row| row.get(0),
    )
}

/// Begins a session.
pub fn insert_session(
    tx: &Tx<'_>,
    session_hash: &str,
    organiser: &str,
    now_ms: i64,
) -> Result<(), StoreError> {
    // store::organisers::insert_session
    tx.connection.execute(
        "INSERT INTO organiser_session (session_hash, organiser, created_ms, seen_ms)
         VALUES (?1, ?2, ?3, ?3)",
        params![session_hash, organiser, now_ms],
    )?;
    Ok(())
}

/// A session that has not ended, of somebody who is not switched off.
pub fn session(read: &Read<'_>, session_hash: &str) -> Result<Option<SessionRow>, StoreError> {
    // store::organisers::session
    read.connection.row(
        &format!(
            "SELECT {COLUMNS}, organiser_session.created_ms, organiser_session.seen_ms,
                    organiser_session.stepped_up_ms
             FROM organiser_session
             JOIN organiser ON organiser.organiser = organiser_session.organiser
             WHERE organiser_session.session_hash = ?1 AND organiser_session.ended_ms IS NULL
               AND organiser.disabled_ms IS NULL"
        ),
        params![session_hash],
        |row| {
            Ok(SessionRow {
                organiser: organiser_row(row)?,
                created_ms: row.get(10)?,
                seen_ms: row.get(11)?,
                stepped_up_ms: row.get(12)?,
            })
        },
    )
}

/// Notes that a session is in use.
pub fn touch_session(tx: &Tx<'_>, session_hash: &str, now_ms: i64) -> Result<(), StoreError> {
    // store::organisers::touch_session
    tx.connection.execute(
        "UPDATE organiser_session SET seen_ms = ?2
         WHERE session_hash = ?1 AND ended_ms IS NULL AND seen_ms < ?2",
        params![session_hash, now_ms],
    )?;
    Ok(())
}

/// Notes that the second factor was shown again.
pub fn step_session_up(tx: &Tx<'_>, session_hash: &str, now_ms: i64) -> Result<usize, StoreError> {
    // store::organisers::step_session_up
    tx.connection.execute(
        "UPDATE organiser_session SET stepped_up_ms = ?2
         WHERE session_hash = ?1 AND ended_ms IS NULL",
        params![session_hash, now_ms],
    )
}

/// Ends one session.
pub fn end_session(tx: &Tx<'_>, session_hash: &str, now_ms: i64) -> Result<usize, StoreError> {
    // store::organisers::end_session
    tx.connection.execute(
        "UPDATE organiser_session SET ended_ms = ?2 WHERE session_hash = ?1 AND ended_ms IS NULL",
        params![session_hash, now_ms],
    )
}

/// Ends every session of an organiser.
pub fn end_sessions(tx: &Tx<'_>, organiser: &str, now_ms: i64) -> Result<usize, StoreError> {
    // store::organisers::end_sessions
    tx.connection.execute(
        "UPDATE organiser_session SET ended_ms = ?2 WHERE organiser = ?1 AND ended_ms IS NULL",
        params![organiser, now_ms],
    )
}

/// How often this subject has tried in vain, and when last.
pub fn pace(read: &Read<'_>, subject: &str) -> Result<(i64, i64), StoreError> {
    // store::organisers::pace
    let found = read.connection.row(
        "SELECT n_tries, last_ms FROM sign_in_pace WHERE subject = ?1",
        params![subject],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    Ok(found.unwrap_or_default())
}

/// Notes how often this subject has tried.
pub fn set_pace(tx: &Tx<'_>, subject: &str, n_tries: i64, now_ms: i64) -> Result<(), StoreError> {
    // store::organisers::set_pace
    tx.connection.execute(
        "INSERT INTO sign_in_pace (subject, n_tries, last_ms) VALUES (?1, ?2, ?3)
         ON CONFLICT (subject) DO UPDATE SET n_tries = excluded.n_tries,
             last_ms = excluded.last_ms",
        params![subject, n_tries, now_ms],
    )?;
    Ok(())
}

fn organiser_row(row: &Row<'_>) -> Result<OrganiserRow, StoreError> {
    Ok(OrganiserRow {
        organiser: row.get(0)?,
        display_name: row.get(1)?,
        roles: row.get(2)?,
        city: row.get(3)?,
        password: row.get(4)?,
        totp_sealed: row.get(5)?,
        totp_step: row.get(6)?,
        disabled_ms: row.get(7)?,
        created_by: row.get(8)?,
        created_ms: row.get(9)?,
    })
}
