//! Rows of people: who they are, whether they follow, whom they brought.

use super::{
    Read, StoreError, Tx,
    engine::{Given, Header, Kind, Row, params},
};

/// A person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonRow {
    /// Our identifier of the person.
    pub person: String,
    /// The openid, sealed; empty once the person had it erased.
    pub openid_sealed: String,
    /// When the person was first heard of.
    pub created_ms: i64,
    /// When the person agreed to the privacy notice.
    pub consented_ms: Option<i64>,
    /// The district the person declared.
    pub district: Option<String>,
}

/// A person's place among the followers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FollowRow {
    /// When the person first followed.
    pub first_ms: i64,
    /// Whether the person follows now.
    pub following: bool,
    /// When that last changed, by the account's own time.
    pub changed_ms: i64,
}

/// A sharer's personal code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InviteRow {
    /// The code, which is the scene of the personal QR.
    pub code: String,
    /// Whose code it is.
    pub person: String,
    /// What the QR encodes, once it was made.
    pub qr_url: Option<String>,
    /// Until when the QR is valid.
    pub qr_expires_ms: Option<i64>,
}

/// Writes a person unless the person is there; returns whether a row was written.
pub fn ensure_person(
    tx: &Tx<'_>,
    person: &str,
    openid_index: &str,
    openid_sealed: &str,
    now_ms: i64,
) -> Result<bool, StoreError> {
    // store::people::ensure_person
    let n_rows = tx.connection.execute(
        "INSERT INTO person (person, openid_index, openid_sealed, created_ms)
         VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
        params![person, openid_index, openid_sealed, now_ms],
    )?;
    Ok(n_rows == 1)
}

/// The person of a keyed openid index.
pub fn person_of_index(read: &Read<'_>, index: &str) -> Result<Option<String>, StoreError> {
    // store::people::person_of_index
    read.connection.row(
        "SELECT person FROM person WHERE openid_index = ?1",
        params![index],
        |row| row.get(0),
    )
}

/// One person.
pub fn person(read: &Read<'_>, person: &str) -> Result<Option<PersonRow>, StoreError> {
    // store::people::person
    read.connection.row(
        "SELECT person, openid_sealed, created_ms, consented_ms, district FROM person WHERE person = ?1",
        params![person],
        person_row,
    )
}

/// The person an award pays.
pub fn payee(read: &Read<'_>, award: &str) -> Result<PersonRow, StoreError> {
    // store::people::payee
    read.connection.one(
        "SELECT person.person, openid_sealed, created_ms, consented_ms, district
         FROM award JOIN person ON person.person = award.person WHERE award.award = ?1",
        params![award],
        person_row,
    )
}

fn person_row(row: &Row<'_>) -> Result<PersonRow, StoreError> {
    Ok(PersonRow {
        person: row.get(0)?,
        openid_sealed: row.get(1)?,
        created_ms: row.get(2)?,
        consented_ms: row.get(3)?,
        district: row.get(4)?,
    })
}

/// Records that the person agreed to the privacy notice; the first time counts.
pub fn set_consent(tx: &Tx<'_>, person: &str, now_ms: i64) -> Result<(), StoreError> {
    // store::people::set_consent
    tx.connection.execute(
        "UPDATE person SET consented_ms = COALESCE(consented_ms, ?2) WHERE person = ?1",
        params![person, now_ms],
    )?;
    Ok(())
}

/// Keeps the district the person declared, or `None` for no answer.
pub fn set_district(tx: &Tx<'_>, person: &str, district: Option<&str>) -> Result<(), StoreError> {
    // store::people::set_district
    tx.connection.execute(
        "UPDATE person SET district = ?2 WHERE person = ?1",
        params![person, district],
    )?;
    Ok(())
}

/// Removes what tells who a person is: the openid, the consent, the district, the QR.
pub fn erase(tx: &Tx<'_>, person: &str) -> Result<(), StoreError> {
    // store::people::erase
    tx.connection.execute(
        "UPDATE person SET openid_sealed = '', consented_ms = NULL, district = NULL
             WHERE person = ?1",
        params![person],
    )?;
    tx.connection.execute(
        "UPDATE invite SET qr_url = NULL, qr_expires_ms = NULL WHERE person = ?1",
        params![person],
    )?;
    Ok(())
}

/// Gives an erased person who is back the openid again; changes nobody else.
pub fn restore(tx: &Tx<'_>, person: &str, openid_sealed: &str) -> Result<(), StoreError> {
    // store::people::restore
    tx.connection.execute(
        "UPDATE person SET openid_sealed = ?2 WHERE person = ?1 AND openid_sealed = ''",
        params![person, openid_sealed],
    )?;
    Ok(())
}

/// A person's place among the followers, if the person ever followed.
pub fn follow(read: &Read<'_>, person: &str) -> Result<Option<FollowRow>, StoreError> {
    // store::people::follow
    read.connection.row(
        "SELECT first_ms, following, changed_ms FROM follow WHERE person = ?1",
        params![person],
        |row| {
            Ok(FollowRow {
                first_ms: row.get(0)?,
                following: row.get(1)?,
                changed_ms: row.get(2)?,
            })
        },
    )
}

const PEOPLE: Header = &[("person", Kind::Text)];

/// Whether each of these people follows now.
pub fn are_following(read: &Read<'_>, people: &[&str]) -> Result<Vec<bool>, StoreError> {
    // store::people::are_following
    let mut given = Given::new(PEOPLE, people.len());
    for person in people {
        given.add(params![*person]);
    }
    let mut following = vec![false; people.len()];
    read.connection.each_of(
        &given,
        "SELECT given.nth, follow.following FROM given JOIN follow ON follow.person = given.person",
        |row| {
            if let Some(following) = following.get_mut(row.nth()?) {
                *following = row.get(1)?;
            }
            Ok(())
        },
    )?;
    Ok(following)
}

/// Writes the first follow of a person; `false` when the person ever followed before.
pub fn insert_follow(
    tx: &Tx<'_>,
    person: &str,
    at_ms: i64,
    source: &str,
) -> Result<bool, StoreError> {
    // store::people::insert_follow
    let n_rows = tx.connection.execute(
        "INSERT INTO follow (person, first_ms, following, changed_ms, source)
         VALUES (?1, ?2, 1, ?2, ?3) ON CONFLICT (person) DO NOTHING",
        params![person, at_ms, source],
    )?;
    Ok(n_rows == 1)
}

/// Records that a known follower left or came back; an older event changes nothing.
pub fn set_following(
    tx: &Tx<'_>,
    person: &str,
    following: bool,
    at_ms: i64,
) -> Result<bool, StoreError> {
    // store::people::set_following
    let n_rows = tx.connection.execute(
        "UPDATE follow SET following = ?2, changed_ms = ?3
         WHERE person = ?1 AND changed_ms <= ?3",
        params![person, following, at_ms],
    )?;
    Ok(n_rows == 1)
}

/// The personal code of a sharer.
pub fn invite_of(read: &Read<'_>, person: &str) -> Result<Option<InviteRow>, StoreError> {
    // store::people::invite_of
    read.connection.row(
        "SELECT code, person, qr_url, qr_expires_ms FROM invite WHERE person = ?1",
        params![person],
        invite_row,
    )
}

/// The sharer behind a code.
pub fn invite(read: &Read<'_>, code: &str) -> Result<Option<InviteRow>, StoreError> {
    // store::people::invite
    read.connection.row(
        "SELECT code, person, qr_url, qr_expires_ms FROM invite WHERE code = ?1",
        params![code],
        invite_row,
    )
}

/// Writes the personal code of a sharer, unless there is one.
pub fn ensure_invite(tx: &Tx<'_>, code: &str, person: &str, now_ms: i64) -> Result<(), StoreError> {
    // store::people::ensure_invite
    tx.connection.execute(
        "INSERT INTO invite (code, person, created_ms) VALUES (?1, ?2, ?3)
         ON CONFLICT (person) DO NOTHING",
        params![code, person, now_ms],
    )?;
    Ok(())
}

/// Keeps what the personal QR encodes.
pub fn set_invite_qr(
    tx: &Tx<'_>,
    code: &str,
    qr_url: &str,
    expires_ms: i64,
) -> Result<(), StoreError> {
    // store::people::set_invite_qr
    tx.connection.execute(
        "UPDATE invite SET qr_url = ?2, qr_expires_ms = ?3 WHERE code = ?1",
        params![code, qr_url, expires_ms],
    )?;
    Ok(())
}

/// Credits a sharer with a friend; `false` when the friend was ever credited before.
pub fn insert_referral(
    tx: &Tx<'_>,
    friend: &str,
    sharer: &str,
    city: &str,
    now_ms: i64,
) -> Result<bool, StoreError> {
    // store::people::insert_referral
    let n_rows = tx.connection.execute(
        "INSERT INTO referral (friend, sharer, city, credited_ms) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (friend) DO NOTHING",
        params![friend, sharer, city, now_ms],
    )?;
    Ok(n_rows == 1)
}

/// Remembers a callback; `false` when it was handled before.
pub fn insert_callback(tx: &Tx<'_>, callback: &str, now_ms: i64) -> Result<bool, StoreError> {
    // store::people::insert_callback
    let n_rows = tx.connection.execute(
        "INSERT INTO callback_seen (callback, at_ms) VALUES (?1, ?2)
         ON CONFLICT (callback) DO NOTHING",
        params![callback, now_ms],
    )?;
    Ok(n_rows == 1)
}

fn invite_row(row: &Row<'_>) -> Result<InviteRow, StoreError> {
    Ok(InviteRow {
        code: row.get(0)?,
        person: row.get(1)?,
        qr_url: row.get(2)?,
        qr_expires_ms: row.get(3)?,
    })
}
