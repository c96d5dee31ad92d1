//! Web login: the page that the browser opens, its return, and the exchange of the code.

use std::fmt;

use subtle::ConstantTimeEq;

use crate::endpoint::{address, get};
use crate::error::Unreadable;
use crate::http::{Request, Response};
use crate::id::{AuthorizationCode, OpenId};
use crate::official::Official;
use crate::official::action::OfficialError;
use crate::official::answer::Answer;
use crate::secret::Secret;

/// How much the person is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the vendor defines these two")]
pub enum OAuthScope {
    /// Silent: the `openid` only. Enough for a contest.
    Base,
    /// With a consent page: nickname and picture too.
    UserInfo,
}

impl OAuthScope {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Base => "snsapi_base",
            Self::UserInfo => "snsapi_userinfo",
        }
    }
}

/// The `state` of one login, 1 to 128 of `[0-9A-Za-z]`: random, bound to the browser, used once.
#[derive(Clone, PartialEq, Eq)]
pub struct OAuthState(String);

/// Why a text is not an [`OAuthState`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidState {
    /// The text is empty or longer than 128 bytes.
    #[error("state has {length_bytes} bytes, 1 to 128 are allowed")]
    Length {
        /// Length of the refused text, in bytes.
        length_bytes: usize,
    },
    /// The text holds a character outside `[0-9A-Za-z]`.
    #[error("state cannot hold the character {character:?}")]
    Character {
        /// The first refused character.
        character: char,
    },
}

impl OAuthState {
    /// Checks `text` and keeps it unchanged.
    ///
    /// # Errors
    /// [`InvalidState`] when the length or a character is not allowed.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidState> {
        let text = text.into();
        let length_bytes = text.len();
        if length_bytes == 0 || length_bytes > 128 {
            return Err(InvalidState::Length { length_bytes });
        }
        match text.chars().find(|c| !c.is_ascii_alphanumeric()) {
            Some(character) => Err(InvalidState::Character { character }),
            None => Ok(Self(text)),
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `expected` (kept in the browser's cookie) is this state, in time that depends on the length only.
    #[must_use]
    pub fn matches(&self, expected: &Self) -> bool {
        self.0.as_bytes().ct_eq(expected.0.as_bytes()).into()
    }
}

impl fmt::Debug for OAuthState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("OAuthState(redacted)")
    }
}

/// The address at which a browser starts a login.
///
/// Source: <https://developers.weixin.qq.com/doc/service/guide/h5/auth.html>, read 2026-08.
#[derive(Debug, Clone)]
pub struct AuthorizeUrl {
    redirect_uri: String,
    scope: OAuthScope,
    state: OAuthState,
    forced: bool,
}

impl AuthorizeUrl {
    /// A login that returns to `redirect_uri`, whose host must be the one in the console.
    #[must_use]
    pub fn new(redirect_uri: impl Into<String>, scope: OAuthScope, state: OAuthState) -> Self {
        Self {
            redirect_uri: redirect_uri.into(),
            scope,
            state,
            forced: false,
        }
    }

    /// The same asking for consent again, though it was given before (`forcePopup`).
    #[must_use]
    pub fn asking_again(self) -> Self {
        Self {
            forced: true,
            ..self
        }
    }

    /// The address; WeChat checks the order of its parameters.
    ///
    /// ```
    /// use wechat_adapter::{AppId, Endpoints, Secret};
    /// use wechat_adapter::official::{AuthorizeUrl, OAuthScope, OAuthState, Official};
    /// let official = Official::new(AppId::new("wx520c15f417810387")?, Secret::new("secret")?, Endpoints::wechat());
    /// let login = AuthorizeUrl::new("https://example.com/a?b=1", OAuthScope::Base, OAuthState::new("s1")?);
    /// assert_eq!(
    ///     login.url(&official),
    ///     "https://open.weixin.qq.com/connect/oauth2/authorize?appid=wx520c15f417810387\
    ///      &redirect_uri=https%3A%2F%2Fexample.com%2Fa%3Fb%3D1&response_type=code\
    ///      &scope=snsapi_base&state=s1#wechat_redirect",
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn url(&self, official: &Official) -> String {
        let mut query = vec![
            ("appid", official.app_id().as_str()),
            ("redirect_uri", self.redirect_uri.as_str()),
            ("response_type", "code"),
            ("scope", self.scope.as_str()),
            ("state", self.state.as_str()),
        ];
        if self.forced {
            query.push(("forcePopup", "true"));
        }
        let mut url = address(
            official.endpoints().open(),
            "/connect/oauth2/authorize",
            &query,
        );
        url.push_str("#wechat_redirect");
        url
    }
}

/// How the browser came back from the login page.
///
/// In both cases `state` is to be compared with the browser's cookie before anything else.
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_enums, reason = "the person agrees or does not")]
pub enum OAuthReturn {
    /// The person agreed, or was not asked.
    Granted {
        /// The code to exchange: once, within 5 minutes.
        code: AuthorizationCode,
        /// The state that was sent.
        state: OAuthState,
    },
    /// The person declined.
    Denied {
        /// The state that was sent.
        state: OAuthState,
    },
}

/// Why a query is not a return from the login page.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OAuthReturnError {
    /// There is no `state`.
    #[error("state is missing")]
    StateMissing,
    /// The `state` is none of ours.
    #[error(transparent)]
    InvalidState(#[from] InvalidState),
    /// The `code` is not one that WeChat issues.
    #[error(transparent)]
    InvalidCode(#[from] crate::id::InvalidId),
}

impl OAuthReturn {
    /// Reads the raw query with which the browser came back.
    ///
    /// # Errors
    /// [`OAuthReturnError`] when the state is missing or impossible, or the code is impossible.
    pub fn parse(query: &str) -> Result<Self, OAuthReturnError> {
        let mut code = None;
        let mut state = None;
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "code" => code = code.or(Some(value)),
                "state" => state = state.or(Some(value)),
                _ => {}
            }
        }
        let state = OAuthState::new(state.ok_or(OAuthReturnError::StateMissing)?)?;
        match code.filter(|code| !code.is_empty()) {
            Some(code) => Ok(Self::Granted {
                code: AuthorizationCode::new(code)?,
                state,
            }),
            None => Ok(Self::Denied { state }),
        }
    }

    /// The state that came back.
    #[must_use]
    pub const fn state(&self) -> &OAuthState {
        match self {
            Self::Granted { state, .. } | Self::Denied { state } => state,
        }
    }
}

/// The call that exchanges a code for the person's identity.
///
/// Source: <https://developers.weixin.qq.com/doc/service/guide/h5/auth.html>, read 2026-08.
#[derive(Debug, Clone)]
pub struct ExchangeCode {
    code: AuthorizationCode,
}

impl ExchangeCode {
    /// An exchange of `code`.
    #[must_use]
    pub const fn new(code: AuthorizationCode) -> Self {
        Self { code }
    }

    /// The request; its address contains the account's secret and is not to be logged.
    #[must_use]
    pub fn request(&self, official: &Official) -> Request {
        get(
            official.endpoints().official(),
            "/sns/oauth2/access_token",
            &[
                ("appid", official.app_id().as_str()),
                ("secret", official.secret().expose()),
                ("code", self.code.as_str()),
                ("grant_type", "authorization_code"),
            ],
        )
    }

    /// Reads the answer.
    ///
    /// # Errors
    /// [`OfficialError`]; a used code is [`OfficialAction::RestartLogin`](crate::official::OfficialAction::RestartLogin).
    pub fn parse(response: &Response) -> Result<OAuthGrant, OfficialError> {
        Answer::read(response, OAuthGrant::read)
    }
}

/// The call that renews a person's token, within 30 days; for logins with [`OAuthScope::UserInfo`].
///
/// Source: <https://developers.weixin.qq.com/doc/service/guide/h5/auth.html>, read 2026-08.
#[derive(Debug, Clone)]
pub struct RenewGrant {
    refresh_token: Secret,
}

impl RenewGrant {
    /// A renewal by the grant's `refresh_token`.
    #[must_use]
    pub const fn new(refresh_token: Secret) -> Self {
        Self { refresh_token }
    }

    /// The request; its address contains the token and is not to be logged.
    #[must_use]
    pub fn request(&self, official: &Official) -> Request {
        get(
            official.endpoints().official(),
            "/sns/oauth2/refresh_token",
            &[
                ("appid", official.app_id().as_str()),
                ("grant_type", "refresh_token"),
                ("refresh_token", self.refresh_token.expose()),
            ],
        )
    }

    /// Reads the answer.
    ///
    /// # Errors
    /// [`OfficialError`]; a token used up is [`OfficialAction::RestartLogin`](crate::official::OfficialAction::RestartLogin).
    pub fn parse(response: &Response) -> Result<OAuthGrant, OfficialError> {
        Answer::read(response, OAuthGrant::read)
    }
}

/// The call that asks whether a person's token is still good.
///
/// Source: <https://developers.weixin.qq.com/doc/service/guide/h5/auth.html>, read 2026-08.
#[derive(Debug, Clone, Copy)]
pub struct CheckGrant<'a> {
    grant: &'a OAuthGrant,
}

impl<'a> CheckGrant<'a> {
    /// A question about one grant.
    #[must_use]
    pub const fn new(grant: &'a OAuthGrant) -> Self {
        Self { grant }
    }

    /// The request; its address contains the token and is not to be logged.
    #[must_use]
    pub fn request(&self, official: &Official) -> Request {
        person_call(official, "/sns/auth", self.grant, &[])
    }

    /// Reads the answer: good, or an error.
    ///
    /// # Errors
    /// [`OfficialError`].
    pub fn parse(response: &Response) -> Result<(), OfficialError> {
        Answer::read(response, |_| Ok(()))
    }
}

/// The call that reads a person's nickname and picture, after a login with [`OAuthScope::UserInfo`].
///
/// Sex and region have been empty since 2021-10-20.
///
/// Source: <https://developers.weixin.qq.com/doc/service/guide/h5/auth.html>, read 2026-08.
#[derive(Debug, Clone, Copy)]
pub struct FetchProfile<'a> {
    grant: &'a OAuthGrant,
}

/// What a person shows of themself.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Profile {
    /// The person.
    pub openid: OpenId,
    /// The nickname, as the person writes it: escape it wherever it is shown.
    pub nickname: Option<String>,
    /// The address of the picture.
    pub picture_url: Option<String>,
    /// The person across the accounts of one open platform, if there is one.
    pub union_id: Option<String>,
}

impl<'a> FetchProfile<'a> {
    /// A question by one grant.
    #[must_use]
    pub const fn new(grant: &'a OAuthGrant) -> Self {
        Self { grant }
    }

    /// The request; its address contains the token and is not to be logged.
    #[must_use]
    pub fn request(&self, official: &Official) -> Request {
        person_call(official, "/sns/userinfo", self.grant, &[("lang", "zh_CN")])
    }

    /// Reads the answer.
    ///
    /// # Errors
    /// [`OfficialError`].
    pub fn parse(response: &Response) -> Result<Profile, OfficialError> {
        Answer::read(response, |answer| {
            let openid = answer.required_text("openid")?;
            Ok(Profile {
                openid: OpenId::new(openid).map_err(|_| Unreadable::invalid("openid", openid))?,
                nickname: answer.text("nickname").map(str::to_owned),
                picture_url: answer.text("headimgurl").map(str::to_owned),
                union_id: answer.text("unionid").map(str::to_owned),
            })
        })
    }
}

fn person_call(
    official: &Official,
    path: &str,
    grant: &OAuthGrant,
    more: &[(&str, &str)],
) -> Request {
    let mut query = vec![
        ("access_token", grant.access_token.expose()),
        ("openid", grant.openid.as_str()),
    ];
    query.extend_from_slice(more);
    get(official.endpoints().official(), path, &query)
}

/// Who logged in.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct OAuthGrant {
    /// The person; the same identifier that a follower has.
    pub openid: OpenId,
    /// A token for this person's data, unrelated to the account's own.
    pub access_token: Secret,
    /// What was granted, as WeChat writes it.
    pub scope: String,
    /// The person across the accounts of one open platform, if there is one.
    pub union_id: Option<String>,
    /// A made-up person of WeChat's page preview: show the page, never log in, never pay.
    pub is_snapshot_user: bool,
    /// Renews `access_token` for 30 days.
    pub refresh_token: Option<Secret>,
    /// How long `access_token` lives from now, in seconds.
    pub lifetime_seconds: Option<u32>,
}

/// A login by a made-up person of WeChat's page preview.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("login is by a made-up person of a page preview")]
#[non_exhaustive]
pub struct SnapshotPerson;

impl OAuthGrant {
    fn read(answer: &Answer) -> Result<Self, Unreadable> {
        let openid = answer.required_text("openid")?;
        let refresh_token = match answer.text("refresh_token") {
            Some(_) => Some(answer.required_secret("refresh_token")?),
            None => None,
        };
        Ok(Self {
            openid: OpenId::new(openid).map_err(|_| Unreadable::invalid("openid", openid))?,
            access_token: answer.required_secret("access_token")?,
            scope: answer.text("scope").unwrap_or_default().to_owned(),
            union_id: answer.text("unionid").map(str::to_owned),
            is_snapshot_user: answer.integer("is_snapshotuser")? == Some(1),
            refresh_token,
            lifetime_seconds: answer
                .integer("expires_in")?
                .and_then(|seconds| u32::try_from(seconds).ok()),
        })
    }

    /// Who logged in, if it is a person: the only way to a login that cannot forget the preview.
    ///
    /// # Errors
    /// [`SnapshotPerson`] for a made-up one: show the page, never log in, never pay.
    pub const fn person(&self) -> Result<&OpenId, SnapshotPerson> {
        if self.is_snapshot_user {
            Err(SnapshotPerson)
        } else {
            Ok(&self.openid)
        }
    }
}
