//! Rows of what the account does of its own accord: its menu, messages about chances, announcements.

use super::{
    Read, StoreError, Tx,
    engine::{Row, params},
};

/// The digest of the menu that was set last, if one was.
pub fn menu_digest(read: &Read<'_>, app_id: &str) -> Result<Option<String>, StoreError> {
    // store::outreach::menu_digest
    read.connection.row(
        "SELECT digest FROM account_menu WHERE app_id = ?1",
        params![app_id],
        |row| row.get(0),
    )
}

/// Takes the setting of another menu upon oneself until `until_ms`; `false` while somebody else has it, or it has to wait.
pub fn take_menu(
    tx: &Tx<'_>,
    app_id: &str,
    wanted: &str,
    now_ms: i64,
    until_ms: i64,
) -> Result<bool, StoreError> {
    // store::outreach::take_menu
    let n_rows = tx.connection.execute(
        "INSERT INTO account_menu (app_id, digest, due_ms, changed_ms)
         VALUES (?1, '', ?4, ?3)
         ON CONFLICT (app_id) DO UPDATE SET due_ms = excluded.due_ms
         WHERE account_menu.digest <> ?2 AND account_menu.due_ms <= ?3",
        params![app_id, wanted, now_ms, until_ms],
    )?;
    Ok(n_rows == 1)
}

/// Records the menu that was set.
pub fn set_menu(tx: &Tx<'_>, app_id: &str, digest: &str, now_ms: i64) -> Result<(), StoreError> {
    // store::outreach::set_menu
    tx.connection.execute(
        "UPDATE account_menu SET digest = ?2, due_ms = ?3, changed_ms = ?3
         WHERE app_id = ?1",
        params![app_id, digest, now_ms],
    )?;
    Ok(())
}

/// Records that the menu could not be set, and when it may be tried again.
pub fn postpone_menu(
    tx: &Tx<'_>,
    app_id: &str,
    now_ms: i64,
    due_ms: i64,
) -> Result<(), StoreError> {
    // store::outreach::postpone_menu
    tx.connection.execute(
        "UPDATE account_menu SET due_ms = ?3, changed_ms = ?2
         WHERE app_id = ?1",
        params![app_id, now_ms, due_ms],
    )?;
    Ok(())
}

/// A message about a chance, on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChanceMessageRow {
    /// The friend who brought the chance.
    pub friend: String,
    /// Who is told.
    pub person: String,
    /// Where the chance is good.
    pub city: String,
    /// When that city closes, exclusive.
    pub closes_ms: i64,
    /// How often it was tried.
    pub n_tries: i64,
    /// Whether the chance is used already.
    pub used: bool,
}

/// Writes down that a person is to be told of a chance; once for each friend.
pub fn insert_chance_message(
    tx: &Tx<'_>,
    friend: &str,
    person: &str,
    city: &str,
    now_ms: i64,
    due_ms: i64,
) -> Result<(), StoreError> {
    // store::outreach::insert_chance_message
    tx.connection.execute(
        "INSERT INTO chance_message (friend, person, city, state, due_ms, n_tries, changed_ms)
         VALUES (?1, ?2, ?3, 'waiting', ?5, 0, ?4)",
        params![friend, person, city, now_ms, due_ms],
    )?;
    Ok(())
}

/// Whether any message about a chance is due.
pub fn chance_message_is_due(read: &Read<'_>, now_ms: i64) -> Result<bool, StoreError> {
    // store::outreach::chance_message_is_due
    read.connection.one(
        "SELECT CASE WHEN EXISTS (SELECT 1 FROM chance_message
             WHERE state = 'waiting' AND due_ms <= ?1) THEN 1 ELSE 0 END",
        params![now_ms],
        |row| row.get(0),
    )
}

/// The messages of the person who has waited longest, as far as they are due in that city.
pub fn next_chance_messages(
    read: &Read<'_>,
    now_ms: i64,
) -> Result<Vec<ChanceMessageRow>, StoreError> {
    // store::outreach::next_chance_messages
    let first: Option<(String, String)> = read.connection.row(
        "SELECT person, city FROM chance_message WHERE state = 'waiting' AND due_ms <= ?1
         ORDER BY due_ms, friend LIMIT 1",
        params![now_ms],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let Some((person, city)) = first else {
        return Ok(Vec::new());
    };
    read.connection.rows(
        "SELECT chance_message.friend, chance_message.person, chance_message.city, city.closes_ms,
                chance_message.n_tries, CASE WHEN award.award IS NULL THEN 0 ELSE 1 END
         FROM chance_message
         JOIN city ON city.city = chance_message.city
         LEFT JOIN award ON award.friend = chance_message.friend AND award.kind = 'referral'
         WHERE chance_message.state = 'waiting' AND chance_message.due_ms <= ?1
           AND chance_message.person = ?2 AND chance_message.city = ?3
         ORDER BY chance_message.friend",
        params![now_ms, person, city],
        |row| {
            Ok(ChanceMessageRow {
                friend: row.get(0)?,
                person: row.get(1)?,
                city: row.get(2)?,
                closes_ms: row.get(3)?,
                n_tries: row.get(4)?,
                used: row.get(5)?,
            })
        },
    )
}

/// Counts a try, and hides the message from everybody else until `due_ms`.
pub fn try_chance_message(
    tx: &Tx<'_>,
    friend: &str,
    now_ms: i64,
    due_ms: i64,
) -> Result<(), StoreError> {
    // store::outreach::try_chance_message
    tx.connection.execute(
        "UPDATE chance_message SET n_tries = n_tries + 1, due_ms = ?3, changed_ms = ?2
         WHERE friend = ?1 AND state = 'waiting'",
        params![friend, now_ms, due_ms],
    )?;
    Ok(())
}

/// Lets a message wait until another instant.
pub fn postpone_chance_message(
    tx: &Tx<'_>,
    friend: &str,
    now_ms: i64,
    due_ms: i64,
) -> Result<(), StoreError> {
    // store::outreach::postpone_chance_message
    tx.connection.execute(
        "UPDATE chance_message SET due_ms = ?3, changed_ms = ?2
         WHERE friend = ?1 AND state = 'waiting'",
        params![friend, now_ms, due_ms],
    )?;
    Ok(())
}

/// Ends a message: it was `sent`, or it was `dropped`; `outcome` says how or why.
pub fn end_chance_message(
    tx: &Tx<'_>,
    friend: &str,
    state: &str,
    outcome: &str,
    now_ms: i64,
) -> Result<(), StoreError> {
    // store::outreach::end_chance_message
    tx.connection.execute(
        "UPDATE chance_message SET state = ?2, outcome = ?3, due_ms = NULL, changed_ms = ?4
         WHERE friend = ?1 AND state = 'waiting'",
        params![friend, state, outcome, now_ms],
    )?;
    Ok(())
}

/// An announcement of a city's opening.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnnouncementRow {
    /// The city that opens.
    pub city: String,
    /// What is to be sent.
    pub content: String,
    /// When it was drafted.
    pub drafted_ms: i64,
    /// `draft`, `released`, `sent` or `refused`.
    pub state: String,
    /// Who released it.
    pub released_by: Option<String>,
    /// How often it was tried.
    pub n_tries: i64,
    /// What WeChat said in the end.
    pub outcome: Option<String>,
}

const ANNOUNCEMENT: &str = "SELECT city, content, drafted_ms, state, released_by, n_tries, outcome
     FROM announcement";

/// Writes the draft of a city's announcement, unless there is one; returns whether it was written.
pub fn draft_announcement(
    tx: &Tx<'_>,
    city: &str,
    content: &str,
    now_ms: i64,
) -> Result<bool, StoreError> {
    // store::outreach::draft_announcement
    let n_rows = tx.connection.execute(
        "INSERT INTO announcement (city, content, drafted_ms, state, n_tries, changed_ms)
         VALUES (?1, ?2, ?3, 'draft', 0, ?3) ON CONFLICT (city) DO NOTHING",
        params![city, content, now_ms],
    )?;
    Ok(n_rows == 1)
}

/// The announcement of a city.
pub fn announcement(read: &Read<'_>, city: &str) -> Result<Option<AnnouncementRow>, StoreError> {
    // store::outreach::announcement
    read.connection.row(
        &format!("{ANNOUNCEMENT} WHERE city = ?1"),
        params![city],
        announcement_row,
    )
}

/// Releases a draft in a person's name; `false` when there is no draft.
pub fn release_announcement(
    tx: &Tx<'_>,
    city: &str,
    by: &str,
    now_ms: i64,
    due_ms: i64,
) -> Result<bool, StoreError> {
    // store::outreach::release_announcement
    let n_rows = tx.connection.execute(
        "UPDATE announcement SET state = 'released', released_by = ?2, released_ms = ?3,
             due_ms = ?4, changed_ms = ?3
         WHERE city = ?1 AND state = 'draft'",
        params![city, by, now_ms, due_ms],
    )?;
    Ok(n_rows == 1)
}

/// The released announcement that is due, if there is one.
pub fn due_announcement(
    read: &Read<'_>,
    now_ms: i64,
) -> Result<Option<AnnouncementRow>, StoreError> {
    // store::outreach::due_announcement
    read.connection.row(
        &format!(
            "{ANNOUNCEMENT} WHERE state = 'released' AND due_ms <= ?1 ORDER BY due_ms, city LIMIT 1"
        ),
        params![now_ms],
        announcement_row,
    )
}

/// Counts a try, and hides the announcement from everybody else until `due_ms`; `false` when somebody was faster.
pub fn try_announcement(
    tx: &Tx<'_>,
    city: &str,
    n_tries_seen: i64,
    now_ms: i64,
    due_ms: i64,
) -> Result<bool, StoreError> {
    // store::outreach::try_announcement
    let n_rows = tx.connection.execute(
        "UPDATE announcement SET n_tries = n_tries + 1, due_ms = ?4, changed_ms = ?3
         WHERE city = ?1 AND state = 'released' AND n_tries = ?2",
        params![city, n_tries_seen, now_ms, due_ms],
    )?;
    Ok(n_rows == 1)
}

/// Lets a released announcement wait until another instant.
pub fn postpone_announcement(
    tx: &Tx<'_>,
    city: &str,
    now_ms: i64,
    due_ms: i64,
) -> Result<(), StoreError> {
    // store::outreach::postpone_announcement
    tx.connection.execute(
        "UPDATE announcement SET due_ms = ?3, changed_ms = ?2
         WHERE city = ?1 AND state = 'released'",
        params![city, now_ms, due_ms],
    )?;
    Ok(())
}

/// Ends an announcement: it was `sent`, or WeChat `refused` it; `outcome` says what WeChat said.
pub fn end_announcement(
    tx: &Tx<'_>,
    city: &str,
    state: &str,
    outcome: &str,
    now_ms: i64,
) -> Result<(), StoreError> {
    // store::outreach::end_announcement
    tx.connection.execute(
        "UPDATE announcement SET state = ?2, outcome = ?3, due_ms = NULL, changed_ms = ?4
         WHERE city = ?1 AND state = 'released'",
        params![city, state, outcome, now_ms],
    )?;
    Ok(())
}

/// Messages about chances by state and outcome, such as `sent notice`; reads them all.
pub fn count_chance_messages(read: &Read<'_>) -> Result<Vec<(String, u64)>, StoreError> {
    // store::outreach::count_chance_messages
    read.connection.rows(
        "SELECT state, COALESCE(outcome, '-'), COUNT(*) FROM chance_message
         GROUP BY state, COALESCE(outcome, '-')",
        params![],
        |row| {
            let (state, outcome): (String, String) = (row.get(0)?, row.get(1)?);
            Ok((format!("{state} {outcome}"), count(row.get(2)?)))
        },
    )
}

/// Announcements by state.
pub fn count_announcements(read: &Read<'_>) -> Result<Vec<(String, u64)>, StoreError> {
    // store::outreach::count_announcements
    read.connection.rows(
        "SELECT state, COUNT(*) FROM announcement GROUP BY state",
        params![],
        |row| Ok((row.get(0)?, count(row.get(1)?))),
    )
}

fn count(n_rows: i64) -> u64 {
    u64::try_from(n_rows).unwrap_or(0)
}

fn announcement_row(row: &Row<'_>) -> Result<AnnouncementRow, StoreError> {
    Ok(AnnouncementRow {
        city: row.get(0)?,
        content: row.get(1)?,
        drafted_ms: row.get(2)?,
        state: row.get(3)?,
        released_by: row.get(4)?,
        n_tries: row.get(5)?,
        outcome: row.get(6)?,
    })
}
