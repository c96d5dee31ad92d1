//! Accounts: made, listed, switched off; and set up by whoever holds a link.

use chrono::TimeDelta;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::{
    super::Failure,
    Error, Refused, Role, Roles, reason,
    second_factor::{Authenticator, SECRET_BYTES, recovery_codes, recovery_hash},
};
use crate::{
    app::App,
    privacy::Field,
    store::{
        Tx, audit,
        organisers::{self as rows, OrganiserRow},
    },
};

/// The first organiser of a season.
pub const FIRST: &str = "admin";
/// Who makes accounts that no organiser has made.
const SERVER: &str = "server";
/// The longest name, in letters.
const NAME_LETTERS: usize = 32;
/// A display name has 1 to 40 characters.
const DISPLAY_CHARACTERS: usize = 40;
/// A password has 12 to 128 characters.
const PASSWORD_CHARACTERS: std::ops::RangeInclusive<usize> = 12..=128;
/// How long a link leads anywhere.
const LINK_LIFETIME: TimeDelta = TimeDelta::hours(24);

/// A new account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Newcomer {
    /// The name: 2 to 32 small letters, digits, dots and hyphens, beginning with a letter.
    pub name: String,
    /// What people call them: 1 to 40 characters.
    pub display_name: String,
    /// What they may do.
    pub roles: Roles,
    /// The one city of a city editor.
    pub city: Option<String>,
}

/// An account as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The name.
    pub name: String,
    /// What people call them.
    pub display_name: String,
    /// What they may do.
    pub roles: Roles,
    /// The one city of a city editor.
    pub city: Option<String>,
    /// Where it stands.
    pub state: AccountState,
}

/// Where an account stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever lists accounts has a word for each"
)]
pub enum AccountState {
    /// Nobody has used its link yet.
    Invited,
    /// It is in use.
    Active,
    /// It is switched off.
    Disabled,
}

impl AccountState {
    /// The stable name, as the command line and programs use it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Active => "active",
            Self::Disabled => "disabled",
        }
    }
}

/// The part of a link that only its holder knows.
pub struct LinkToken(Zeroizing<String>);

impl std::fmt::Debug for LinkToken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("LinkToken([redacted])")
    }
}

impl LinkToken {
    /// The address somebody opens.
    #[must_use]
    pub fn address(&self, public_url: &str) -> String {
        format!("{public_url}/console/setup/{}", self.0.as_str())
    }
}

/// What whoever opens a link is shown.
pub struct Invitation {
    /// Whose account it is.
    pub name: String,
    /// What people call them.
    pub display_name: String,
    /// What an authenticator reads from a QR code.
    pub authenticator_url: String,
    /// The same secret to be typed.
    pub typed_secret: String,
}

impl std::fmt::Debug for Invitation {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Invitation")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Makes an account and the link that sets it up.
///
/// # Errors
/// Refuses with [`Refused::NameForm`], [`Refused::NameTaken`] and, for a city that the season
/// does not have, [`Refused::NotFound`].
pub async fn create(app: &App, newcomer: Newcomer, by: &str) -> Result<LinkToken, Error> {
    check_name(&newcomer.name)?;
    let display_name = newcomer.display_name.trim().to_owned();
    if display_name.is_empty() || display_name.chars().count() > DISPLAY_CHARACTERS {
        return Err(Refused::NameForm.into());
    }
    let mut cities = app.season.province.cities().iter();
    if let Some(city) = &newcomer.city
        && !cities.any(|known| known.slug().as_str() == city)
    {
        return Err(Refused::NotFound.into());
    }
    let link = Link::new(app);
    let (token, by) = (LinkToken(link.token.clone()), by.to_owned());
    let at_ms = app.now().timestamp_millis();
    app.store
        .write(move |tx| {
            let row = OrganiserRow {
                organiser: newcomer.name,
                display_name,
                roles: newcomer.roles.to_string(),
                city: newcomer.city,
                password: None,
                totp_sealed: String::new(),
                totp_step: 0,
                disabled_ms: None,
                created_by: by,
                created_ms: at_ms,
            };
            if !rows::insert(tx, &row)? {
                return Err(Refused::NameTaken.into());
            }
            let detail = format!(
                "organiser={} roles={} city={}",
                row.organiser,
                row.roles,
                row.city.as_deref().unwrap_or("-")
            );
            audit::append(tx, at_ms, &row.created_by, "organiser.made", &detail)?;
            link.write(tx, &row.organiser)
        })
        .await?;
    Ok(token)
}

/// Makes the first account, unless somebody can sign in already or holds a link that still leads in.
///
/// Of several servers that start at once, one makes it.
///
/// # Errors
/// Fails when the database does.
pub async fn first_link(app: &App) -> Result<Option<LinkToken>, Error> {
    let roles = Roles::new([Role::ProvinceAdmin, Role::SecurityAdmin], None)?.to_string();
    let link = Link::new(app);
    let token = LinkToken(link.token.clone());
    let (at_ms, now_ms) = (app.now().timestamp_millis(), link.now_ms);
    let is_made = app
        .store
        .write(move |tx| {
            if rows::is_anybody_invited(&tx.read(), now_ms)? {
                return Ok::<_, Error>(false);
            }
            let row = OrganiserRow {
                organiser: FIRST.to_owned(),
                display_name: "省级管理员".to_owned(),
                roles,
                city: None,
                password: None,
                totp_sealed: String::new(),
                totp_step: 0,
                disabled_ms: None,
                created_by: SERVER.to_owned(),
                created_ms: at_ms,
            };
            if rows::insert(tx, &row)? {
                let detail = format!("organiser={FIRST} roles={} city=-", row.roles);
                audit::append(tx, at_ms, SERVER, "organiser.made", &detail)?;
            } else if rows::organiser(&tx.read(), FIRST)?
                .is_none_or(|first| first.password.is_some() || first.disabled_ms.is_some())
            {
                // Everybody is switched off: that is for the command line to undo.
                return Ok(false);
            }
            link.write(tx, FIRST)?;
            Ok(true)
        })
        .await?;
    Ok(is_made.then_some(token))
}

/// Every account, by name.
///
/// # Errors
/// Fails when the database does.
pub async fn accounts(app: &App) -> Result<Vec<Account>, Error> {
    let rows = app
        .store
        .read(|read| Ok::<_, Error>(rows::organisers(read)?))
        .await?;
    rows.into_iter().map(account).collect()
}

/// How many recovery codes an account has left.
///
/// # Errors
/// Fails when the database does.
pub async fn n_recovery_codes(app: &App, name: &str) -> Result<i64, Error> {
    let name = name.to_owned();
    app.store
        .read(move |read| Ok(rows::n_recovery_codes(read, &name)?))
        .await
}

/// Switches an account off and ends its sessions and links.
///
/// # Errors
/// Refuses with [`Refused::NotFound`] when there is none, or it is off already, and with
/// [`Refused::ReasonMissing`].
pub async fn disable(app: &App, name: &str, why: &str, by: &str) -> Result<(), Error> {
    let (name, why, by) = (name.to_owned(), reason(why)?, by.to_owned());
    let (at_ms, now_ms) = (
        app.now().timestamp_millis(),
        app.wall.now().timestamp_millis(),
    );
    app.store
        .write(move |tx| {
            if rows::disable(tx, &name, at_ms)? == 0 {
                return Err(Refused::NotFound.into());
            }
            rows::end_sessions(tx, &name, now_ms)?;
            rows::end_links(tx, &name, now_ms)?;
            let detail = format!("organiser={name} reason={why}");
            Ok(audit::append(
                tx,
                at_ms,
                &by,
                "organiser.disabled",
                &detail,
            )?)
        })
        .await
}

/// Takes password, second factor and sessions away and gives a new link; an account that was off is on again.
///
/// # Errors
/// Refuses with [`Refused::NotFound`] and [`Refused::ReasonMissing`].
pub async fn reset(app: &App, name: &str, why: &str, by: &str) -> Result<LinkToken, Error> {
    let link = Link::new(app);
    let token = LinkToken(link.token.clone());
    let (name, why, by) = (name.to_owned(), reason(why)?, by.to_owned());
    let subject = super::sign_in::subject_of_name(app, &name);
    let at_ms = app.now().timestamp_millis();
    app.store
        .write(move |tx| {
            if rows::clear_credentials(tx, &name, at_ms)? == 0 {
                return Err(Refused::NotFound.into());
            }
            rows::end_sessions(tx, &name, link.now_ms)?;
            rows::replace_recovery_codes(tx, &name, &[], link.now_ms)?;
            rows::set_pace(tx, &subject, 0, link.now_ms)?;
            let detail = format!("organiser={name} reason={why}");
            audit::append(tx, at_ms, &by, "organiser.reset", &detail)?;
            link.write(tx, &name)
        })
        .await?;
    Ok(token)
}

/// What whoever holds this link is shown.
///
/// # Errors
/// Refuses with [`Refused::LinkEnded`].
pub async fn invitation(app: &App, token: &str) -> Result<Invitation, Error> {
    let (hash, now_ms) = (link_hash(token), app.wall.now().timestamp_millis());
    let owner = app
        .store
        .read(move |read| Ok::<_, Error>(rows::owner_of_link(read, &hash, now_ms)?))
        .await?
        .ok_or(Refused::LinkEnded)?;
    let authenticator = Authenticator::new(&secret_of(app, token), issuer(app), &owner.organiser)?;
    Ok(Invitation {
        authenticator_url: authenticator.url()?,
        typed_secret: authenticator.typed(),
        name: owner.organiser,
        display_name: owner.display_name,
    })
}

/// Uses a link: sets the password and the second factor that the invitation showed; the recovery codes.
///
/// Every session of the account ends.
///
/// # Errors
/// Refuses with [`Refused::LinkEnded`], [`Refused::PasswordLength`], [`Refused::PasswordPlain`],
/// and with [`Refused::WrongCode`] when the authenticator shows another code.
pub async fn set_up(
    app: &App,
    token: &str,
    password: &str,
    code: &str,
) -> Result<Vec<Zeroizing<String>>, Error> {
    let name = invitation(app, token).await?.name;
    check_password(password, &name)?;
    let secret = secret_of(app, token);
    let wall = app.wall.now();
    let step = Authenticator::new(&secret, issuer(app), &name)?
        .step_of(code, wall)
        .ok_or(Refused::WrongCode)?;
    let digest = digest_of(app, password).await?;
    let sealed = app
        .keys
        .seal(
            &Field::OrganiserTotp.of(&name),
            &secret,
            app.entropy.as_ref(),
        )
        .map_err(Failure::defect)?;
    let codes = recovery_codes(app.entropy.as_ref());
    let hashes: Vec<String> = codes
        .iter()
        .map(|code| recovery_hash(&name, code))
        .collect();
    let (hash, now_ms) = (link_hash(token), wall.timestamp_millis());
    let at_ms = app.now().timestamp_millis();
    app.store
        .write(move |tx| {
            // Looked at again: of two who use it at once, one does.
            if rows::owner_of_link(&tx.read(), &hash, now_ms)?.is_none()
                || rows::set_credentials(tx, &name, &digest, &sealed, step, at_ms)? == 0
            {
                return Err(Refused::LinkEnded.into());
            }
            rows::end_links(tx, &name, now_ms)?;
            rows::end_sessions(tx, &name, now_ms)?;
            rows::replace_recovery_codes(tx, &name, &hashes, now_ms)?;
            let detail = format!("organiser={name}");
            Ok::<_, Error>(audit::append(
                tx,
                at_ms,
                &name,
                "organiser.set_up",
                &detail,
            )?)
        })
        .await?;
    Ok(codes)
}

/// Gives an account of a demo a password of its own at every start; makes it when it is not there.
///
/// # Errors
/// [`Failure::Defect`] where WeChat is not simulated in this process: a season's passwords are set by links only.
pub async fn demonstrate(app: &App, newcomer: Newcomer) -> Result<Zeroizing<String>, Error> {
    if app.simulator.is_none() {
        return Err(Failure::defect("accounts for show are a demo's only").into());
    }
    let name = newcomer.name.clone();
    let link = match create(app, newcomer, SERVER).await {
        Err(Error::Refused(Refused::NameTaken)) => reset(app, &name, "demo", SERVER).await?,
        link => link?,
    };
    let password = Zeroizing::new(app.entropy.alphanumeric(16));
    let code = Authenticator::new(&secret_of(app, &link.0), issuer(app), &name)?
        // An earlier step: whoever signs in at once finds the present code unused.
        .code_at(app.wall.now() - TimeDelta::seconds(30));
    set_up(app, &link.0, &password, &code).await?;
    Ok(password)
}

/// The present codes of every account of a demo, so that it needs no telephone; none in a season.
///
/// # Errors
/// Fails when the database does.
pub async fn codes_for_show(app: &App) -> Result<Vec<(String, String)>, Error> {
    if app.simulator.is_none() {
        return Ok(Vec::new());
    }
    let rows = app
        .store
        .read(|read| Ok::<_, Error>(rows::organisers(read)?))
        .await?;
    let mut codes = Vec::with_capacity(rows.len());
    for row in rows.iter().filter(|row| row.password.is_some()) {
        let code = authenticator(app, row)?.code_at(app.wall.now());
        codes.push((row.organiser.clone(), code));
    }
    Ok(codes)
}

/// The authenticator of an account that has one.
pub(super) fn authenticator(app: &App, row: &OrganiserRow) -> Result<Authenticator, Error> {
    let place = Field::OrganiserTotp.of(&row.organiser);
    let secret = app
        .keys
        .open(&place, &row.totp_sealed)
        .map_err(|_unsealable| Failure::Unreadable {
            what: "the secret of a second factor",
        })?;
    Ok(Authenticator::new(
        &Zeroizing::new(secret),
        issuer(app),
        &row.organiser,
    )?)
}

/// The roles of a row.
pub(super) fn roles_of(row: &OrganiserRow) -> Result<Roles, Error> {
    Roles::of_row(&row.roles, row.city.as_deref()).ok_or_else(|| {
        Failure::Unreadable {
            what: "the roles of an organiser",
        }
        .into()
    })
}

/// The digest of a password, with a salt of its own.
async fn digest_of(app: &App, password: &str) -> Result<String, Error> {
    let password = Zeroizing::new(password.to_owned());
    let digest = app.passwords.digest(password, app.entropy.bytes()).await;
    Ok(digest.map_err(Failure::defect)?)
}

fn account(row: OrganiserRow) -> Result<Account, Error> {
    Ok(Account {
        roles: roles_of(&row)?,
        state: match (&row.disabled_ms, &row.password) {
            (Some(_), _) => AccountState::Disabled,
            (None, None) => AccountState::Invited,
            (None, Some(_)) => AccountState::Active,
        },
        name: row.organiser,
        display_name: row.display_name,
        city: row.city,
    })
}

fn check_name(name: &str) -> Result<(), Refused> {
    let is_plain = |letter: char| matches!(letter, 'a'..='z' | '0'..='9' | '.' | '-');
    let is_named = (2..=NAME_LETTERS).contains(&name.len())
        && name.starts_with(|letter: char| letter.is_ascii_lowercase())
        && name.chars().all(is_plain)
        && !RESERVED.contains(&name);
    is_named.then_some(()).ok_or(Refused::NameForm)
}

/// Names under which the server itself stands in the audit chain.
const RESERVED: [&str; 5] = [SERVER, "worker", "books", "operator", "command-line"];

fn check_password(password: &str, name: &str) -> Result<(), Refused> {
    if !PASSWORD_CHARACTERS.contains(&password.chars().count()) {
        return Err(Refused::PasswordLength);
    }
    let mut letters = password.chars();
    let first = letters.next();
    let is_one_letter = letters.all(|letter| Some(letter) == first);
    if is_one_letter || password.to_lowercase().contains(name) {
        return Err(Refused::PasswordPlain);
    }
    Ok(())
}

/// A link before it is written.
struct Link {
    token: Zeroizing<String>,
    now_ms: i64,
}

impl Link {
    fn new(app: &App) -> Self {
        Self {
            token: Zeroizing::new(app.entropy.alphanumeric(40)),
            now_ms: app.wall.now().timestamp_millis(),
        }
    }

    fn write(&self, tx: &Tx<'_>, organiser: &str) -> Result<(), Error> {
        let expires_ms = self.now_ms.saturating_add(LINK_LIFETIME.num_milliseconds());
        let hash = link_hash(&self.token);
        Ok(rows::insert_link(
            tx,
            &hash,
            organiser,
            self.now_ms,
            expires_ms,
        )?)
    }
}

/// What is kept of a link: its 40 random letters need no slow digest.
fn link_hash(token: &str) -> String {
    let mut hasher = Sha256::new();
    hasher.update(b"setup link\0");
    hasher.update(token.as_bytes());
    hex::encode(hasher.finalize())
}

/// The secret that a link offers: it follows from the link and the season's key, and is kept nowhere.
fn secret_of(app: &App, token: &str) -> Zeroizing<Vec<u8>> {
    let tag = app.keys.organiser_tag(&["second factor", token]);
    Zeroizing::new(tag.into_iter().take(SECRET_BYTES).collect())
}

/// Under which name an authenticator lists the account; a colon would end it.
fn issuer(app: &App) -> &str {
    let name = app.wechat.account_name.as_str();
    name.split(':').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_passwords_have_their_form() {
        for name in ["ab", "wang.fang", "nanjing-2", &"a".repeat(32)] {
            assert_eq!(check_name(name), Ok(()), "{name}");
        }
        for name in [
            "",
            "a",
            "1a",
            "Wang",
            "王芳",
            "a b",
            "a_b",
            "worker",
            "server",
            &"a".repeat(33),
        ] {
            assert_eq!(check_name(name), Err(Refused::NameForm), "{name}");
        }
        let plain = Err(Refused::PasswordPlain);
        let length = Err(Refused::PasswordLength);
        for (password, expected) in [
            ("twelve chars", Ok(())),
            ("十二个汉字也可以当作密码用", Ok(())),
            ("eleven char", length.clone()),
            (&"a".repeat(12), plain.clone()),
            ("Wang.Fang-2020", plain),
            (&"ab".repeat(65), length),
        ] {
            assert_eq!(
                check_password(password, "wang.fang"),
                expected,
                "{password}"
            );
        }
    }
}
