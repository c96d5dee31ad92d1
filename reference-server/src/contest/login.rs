//! An openid becomes a person.

use wechat_adapter::{
    AuthorizationCode, OpenId,
    official::{AuthorizeUrl, ExchangeCode, OAuthScope, OAuthState, OfficialAction},
};

use super::{Error, Failure, PersonId, Refusal};
use crate::{
    app::App,
    privacy::{Destroyed, Field, Keys, Place},
    store::{Tx, people},
};

/// The path to which WeChat returns a person; registered as the web-auth domain's.
pub const RETURN_PATH: &str = "/login/return";

/// Where a browser is sent to prove who it is; only the openid is asked for.
///
/// # Errors
/// Fails when the state is not 1 to 128 alphanumeric characters.
pub fn authorize_url(app: &App, state: &str) -> Result<String, Error> {
    let state = OAuthState::new(state).map_err(Failure::defect)?;
    let back = format!("{}{RETURN_PATH}", app.public_url);
    Ok(AuthorizeUrl::new(back, OAuthScope::Base, state).url(&app.wechat.official))
}

/// Exchanges the code WeChat gave for the person behind it.
///
/// # Errors
/// Refuses with [`Refusal::LoginRefused`] for a code that is used up, expired or unknown,
/// with [`Refusal::SnapshotUser`] for a visitor without a real account, and with
/// [`Refusal::RecordsDestroyed`] long after the season.
pub async fn finish(app: &App, code: &str) -> Result<PersonId, Error> {
    let code = AuthorizationCode::new(code).map_err(|_error| Refusal::LoginRefused)?;
    let request = ExchangeCode::new(code).request(&app.wechat.official);
    let response = app.wechat.http.send(request).await.map_err(Failure::from)?;
    let grant = ExchangeCode::parse(&response).map_err(|error| match error.action() {
        OfficialAction::RestartLogin => Error::Refused(Refusal::LoginRefused),
        _ => Failure::from(error).into(),
    })?;
    if grant.is_snapshot_user {
        return Err(Refusal::SnapshotUser.into());
    }
    let newcomer = Newcomer::of(app, &grant.openid)?;
    let now_ms = app.now().timestamp_millis();
    app.store
        .write(move |tx| {
            let person = newcomer.ensure(tx, now_ms)?;
            // Whoever had the data erased and comes back of his own will is known again.
            people::restore(tx, person.as_str(), &newcomer.sealed)?;
            Ok(person)
        })
        .await
}

/// An openid on its way to becoming a row: sealed before the transaction begins.
pub(crate) struct Newcomer {
    index: String,
    sealed: String,
}

impl Newcomer {
    pub(crate) fn of(app: &App, openid: &OpenId) -> Result<Self, Destroyed> {
        let index = app.keys.openid_index(openid.as_str())?;
        let sealed = app.keys.seal(
            &openid_place(&index),
            openid.as_str().as_bytes(),
            app.entropy.as_ref(),
        )?;
        Ok(Self { index, sealed })
    }

    /// The person of this openid, made now if need be.
    ///
    /// A new person is named by the openid's keyed index, so that a database restored
    /// from an old copy names him alike and derives the same order numbers.
    pub(crate) fn ensure(&self, tx: &Tx<'_>, now_ms: i64) -> Result<PersonId, Error> {
        if let Some(person) = people::person_of_index(&tx.read(), &self.index)? {
            return Ok(PersonId::new(person));
        }
        people::ensure_person(tx, &self.index, &self.index, &self.sealed, now_ms)?;
        Ok(PersonId::new(self.index.clone()))
    }
}

/// The openid of a stored person.
///
/// # Errors
/// Refuses with [`Refusal::LoginRefused`] when the person had it erased: the next login brings it back;
/// with [`Refusal::RecordsDestroyed`] when the season's keys are gone.
pub(crate) fn openid(keys: &Keys, person: &str, sealed: &str) -> Result<OpenId, Error> {
    is_payable(keys, sealed)?;
    let unreadable = || Failure::Unreadable {
        what: "person.openid",
    };
    let plain = keys
        .open(&openid_place(person), sealed)
        .map_err(|_unsealable| unreadable())?;
    let text = String::from_utf8(plain).map_err(|_error| unreadable())?;
    Ok(OpenId::new(text).map_err(|_error| unreadable())?)
}

/// Whether there is an openid to pay to.
///
/// # Errors
/// As [`openid`], but for a damaged one, which shows when it is opened.
pub(crate) fn is_payable(keys: &Keys, openid_sealed: &str) -> Result<(), Refusal> {
    if keys.people_are_forgotten() {
        Err(Refusal::RecordsDestroyed)
    } else if openid_sealed.is_empty() {
        Err(Refusal::LoginRefused)
    } else {
        Ok(())
    }
}

fn openid_place(person: &str) -> Place {
    Field::Openid.of(person)
}
