//! Signing in, staying signed in, showing the second factor again, signing out.
//!
//! A try is counted before it is looked at, in one transaction with the look at the counter, so
//! that a thousand tries at once are as slow as one after the other, on however many servers.

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::{Error, Organiser, Refused, roster, second_factor::recovery_hash};
use crate::{
    app::App,
    contest::Failure,
    store::{
        Tx, audit,
        organisers::{self as rows, OrganiserRow, SessionRow},
    },
};

/// Tries in vain before there is a wait.
const FREE_TRIES: i64 = 5;
/// The first wait; each further try in vain doubles it.
const FIRST_WAIT: TimeDelta = TimeDelta::minutes(1);
/// The longest wait.
const LONGEST_WAIT: TimeDelta = TimeDelta::minutes(15);
/// After so long the tries are forgotten.
const FORGOTTEN: TimeDelta = TimeDelta::hours(24);
/// A session that is not used for so long ends.
const IDLE: TimeDelta = TimeDelta::minutes(30);
/// A session ends after so long, used or not: a working day.
const LONGEST_SESSION: TimeDelta = TimeDelta::hours(8);
/// For so long the second factor counts as just shown.
const STEP_UP: TimeDelta = TimeDelta::minutes(5);
/// How exactly it is noted when a session was used last.
const SEEN_EVERY: TimeDelta = TimeDelta::minutes(1);

/// What somebody types.
#[derive(Clone, Copy)]
pub struct Credentials<'a> {
    /// The name.
    pub name: &'a str,
    /// The password.
    pub password: &'a str,
    /// A code of the authenticator, or a recovery code.
    pub code: &'a str,
    /// Where the request comes from, if that is known.
    pub address: Option<IpAddr>,
}

impl std::fmt::Debug for Credentials<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Credentials([redacted])")
    }
}

/// The token of a new session: only the browser keeps it.
pub struct SessionToken(Zeroizing<String>);

impl std::fmt::Debug for SessionToken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SessionToken([redacted])")
    }
}

impl SessionToken {
    /// The token's text, for a cookie.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Signs somebody in.
///
/// # Errors
/// Refuses with [`Refused::Wait`] after five tries in vain under this name or from this
/// address, and with [`Refused::SignIn`], whatever of the three was wrong.
pub async fn sign_in(app: &App, credentials: Credentials<'_>) -> Result<SessionToken, Error> {
    let name = credentials.name.trim().to_lowercase();
    let mut subjects = vec![subject_of_name(app, &name)];
    subjects.extend(
        credentials
            .address
            .map(|address| subject(app, "address", &address.to_string())),
    );
    take_try(app, &subjects).await?;
    let row = organiser(app, &name).await?;
    let digest = row.as_ref().and_then(|row| row.password.clone());
    let password = Zeroizing::new(credentials.password.to_owned());
    let is_right = app.passwords.is_right(password, digest).await;
    let row = match (row, is_right.map_err(Failure::defect)?) {
        (Some(row), true) if row.disabled_ms.is_none() => row,
        _ => {
            tracing::warn!("a sign-in to the console was refused");
            return Err(Refused::SignIn.into());
        }
    };
    let factor = Factor::of(app, &row, credentials.code)?;
    let token = SessionToken(Zeroizing::new(app.entropy.alphanumeric(43)));
    let hash = session_hash(token.as_str());
    let (at_ms, now_ms) = (
        app.now().timestamp_millis(),
        app.wall.now().timestamp_millis(),
    );
    app.store
        .write(move |tx| {
            let Some(how) = factor.use_up(tx, &row.organiser, now_ms)? else {
                return Err(Refused::SignIn.into());
            };
            for subject in &subjects {
                rows::set_pace(tx, subject, 0, now_ms)?;
            }
            rows::insert_session(tx, &hash, &row.organiser, now_ms)?;
            let detail = format!("by={how}");
            Ok::<_, Error>(audit::append(
                tx,
                at_ms,
                &row.organiser,
                "organiser.signed_in",
                &detail,
            )?)
        })
        .await?;
    Ok(token)
}

/// Who holds this token, if its session lasts; using it makes it last longer when `is_use` says so.
///
/// # Errors
/// Fails when the database does.
pub async fn session(app: &App, token: &str, is_use: bool) -> Result<Option<Organiser>, Error> {
    session_of_hash(app, session_hash(token), is_use).await
}

/// The same for whoever knows the session by its digest, as an open stream does.
///
/// # Errors
/// Fails when the database does.
pub async fn session_of_hash(
    app: &App,
    hash: String,
    is_use: bool,
) -> Result<Option<Organiser>, Error> {
    let now = app.wall.now();
    let key = hash.clone();
    let row = app
        .store
        .read(move |read| Ok::<_, Error>(rows::session(read, &key)?))
        .await?;
    let Some(row) = row.filter(|row| lasts(row, now)) else {
        return Ok(None);
    };
    if is_use && since(row.seen_ms, now) >= SEEN_EVERY {
        let (key, now_ms) = (hash.clone(), now.timestamp_millis());
        app.store
            .write(move |tx| Ok::<_, Error>(rows::touch_session(tx, &key, now_ms)?))
            .await?;
    }
    Ok(Some(Organiser {
        roles: roster::roles_of(&row.organiser)?,
        is_stepped_up: row
            .stepped_up_ms
            .is_some_and(|stepped_up_ms| since(stepped_up_ms, now) < STEP_UP),
        name: row.organiser.organiser,
        display_name: row.organiser.display_name,
        city: row.organiser.city,
        session: hash,
    }))
}

/// Shows the second factor again, as actions about money want it.
///
/// # Errors
/// Refuses with [`Refused::Wait`] and [`Refused::WrongCode`].
pub async fn step_up(app: &App, organiser: &Organiser, code: &str) -> Result<(), Error> {
    let subject = subject_of_name(app, &organiser.name);
    take_try(app, std::slice::from_ref(&subject)).await?;
    let row = self::organiser(app, &organiser.name)
        .await?
        .ok_or(Refused::WrongCode)?;
    let factor = Factor::of(app, &row, code)?;
    let (hash, name) = (organiser.session.clone(), organiser.name.clone());
    let (at_ms, now_ms) = (
        app.now().timestamp_millis(),
        app.wall.now().timestamp_millis(),
    );
    app.store
        .write(move |tx| {
            let Some(how) = factor.use_up(tx, &name, now_ms)? else {
                return Err(Refused::WrongCode.into());
            };
            rows::set_pace(tx, &subject, 0, now_ms)?;
            rows::step_session_up(tx, &hash, now_ms)?;
            let detail = format!("by={how}");
            Ok(audit::append(
                tx,
                at_ms,
                &name,
                "organiser.stepped_up",
                &detail,
            )?)
        })
        .await
}

/// Ends the session.
///
/// # Errors
/// Fails when the database does.
pub async fn sign_out(app: &App, organiser: &Organiser) -> Result<(), Error> {
    let (hash, name) = (organiser.session.clone(), organiser.name.clone());
    let (at_ms, now_ms) = (
        app.now().timestamp_millis(),
        app.wall.now().timestamp_millis(),
    );
    app.store
        .write(move |tx| {
            rows::end_session(tx, &hash, now_ms)?;
            Ok(audit::append(
                tx,
                at_ms,
                &name,
                "organiser.signed_out",
                "-",
            )?)
        })
        .await
}

/// What a form carries to show that it is a page's own: it follows from the session.
#[must_use]
pub fn form_token(app: &App, session: &str) -> String {
    let tag = app.keys.organiser_tag(&["form", session]);
    hex::encode(tag.get(..16).unwrap_or_default())
}

/// The subject under which tries of a name are counted.
pub(super) fn subject_of_name(app: &App, name: &str) -> String {
    subject(app, "name", name)
}

/// Names and addresses are counted by a keyed digest: the table tells nobody who tried.
fn subject(app: &App, kind: &str, value: &str) -> String {
    let tag = app.keys.organiser_tag(&["pace", kind, value]);
    hex::encode(tag.get(..16).unwrap_or_default())
}

/// Counts a try, or tells how long to wait for one.
async fn take_try(app: &App, subjects: &[String]) -> Result<(), Error> {
    let (subjects, now) = (subjects.to_vec(), app.wall.now());
    app.store
        .write(move |tx| {
            let mut tries = Vec::with_capacity(subjects.len());
            for subject in &subjects {
                let (n_tries, last_ms) = rows::pace(&tx.read(), subject)?;
                let passed = since(last_ms, now);
                let n_tries = if passed >= FORGOTTEN { 0 } else { n_tries };
                let left = wait(n_tries) - passed;
                if left > TimeDelta::zero() {
                    let seconds = left.num_seconds().saturating_add(1);
                    return Err(Refused::Wait { seconds }.into());
                }
                tries.push(n_tries);
            }
            for (subject, n_tries) in subjects.iter().zip(tries) {
                let n_tries = n_tries.saturating_add(1);
                rows::set_pace(tx, subject, n_tries, now.timestamp_millis())?;
            }
            Ok(())
        })
        .await
}

/// How long to wait after so many tries in vain.
fn wait(n_tries: i64) -> TimeDelta {
    let Ok(n_doublings) = u32::try_from(n_tries.saturating_sub(FREE_TRIES).min(8)) else {
        return TimeDelta::zero();
    };
    let factor = 1_i32.checked_shl(n_doublings).unwrap_or(1);
    FIRST_WAIT
        .checked_mul(factor)
        .map_or(LONGEST_WAIT, |wait| wait.min(LONGEST_WAIT))
}

/// The span since an instant; an instant ahead of this server's clock is now.
fn since(past_ms: i64, now: DateTime<Utc>) -> TimeDelta {
    TimeDelta::milliseconds(now.timestamp_millis().saturating_sub(past_ms)).max(TimeDelta::zero())
}

fn lasts(row: &SessionRow, now: DateTime<Utc>) -> bool {
    since(row.seen_ms, now) < IDLE && since(row.created_ms, now) < LONGEST_SESSION
}

async fn organiser(app: &App, name: &str) -> Result<Option<OrganiserRow>, Error> {
    let name = name.to_owned();
    app.store
        .read(move |read| Ok(rows::organiser(read, &name)?))
        .await
}

/// What was shown as the second factor.
struct Factor {
    step: Option<i64>,
    recovery_hash: String,
}

impl Factor {
    fn of(app: &App, row: &OrganiserRow, code: &str) -> Result<Self, Error> {
        let step = match row.password {
            Some(_) => roster::authenticator(app, row)?.step_of(code, app.wall.now()),
            None => None,
        };
        Ok(Self {
            step,
            recovery_hash: recovery_hash(&row.organiser, code),
        })
    }

    /// Uses it up; `None` when it is nothing, or was used before.
    fn use_up(
        &self,
        tx: &Tx<'_>,
        organiser: &str,
        now_ms: i64,
    ) -> Result<Option<&'static str>, Error> {
        if let Some(step) = self.step {
            return Ok(rows::use_step(tx, organiser, step)?.then_some("authenticator"));
        }
        let is_used = rows::use_recovery_code(tx, organiser, &self.recovery_hash, now_ms)?;
        Ok(is_used.then_some("recovery-code"))
    }
}

/// What is kept of a session's token: its 43 random letters need no slow digest.
fn session_hash(token: &str) -> String {
    let mut hasher = Sha256::new();
    hasher.update(b"organiser session\0");
    hasher.update(token.as_bytes());
    hex::encode(hasher.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_begins_with_the_sixth_try_and_doubles() {
        let minutes: Vec<i64> = (0..=12).map(|n| wait(n).num_minutes()).collect();
        assert_eq!(minutes, [0, 0, 0, 0, 0, 1, 2, 4, 8, 15, 15, 15, 15]);
        assert_eq!(wait(i64::MAX), LONGEST_WAIT);
    }
}
