//! Who asks: encrypted cookies for the session and the login, plain ones for the text size.

use std::{collections::BTreeMap, convert::Infallible, sync::Arc};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use axum_extra::extract::cookie::{Cookie, Key, PrivateCookieJar};
use chrono::{DateTime, TimeDelta, Utc};

use super::{api::problem::Problem, frame::TextSize};
use crate::{app::App, contest::PersonId};

/// A session ends one week and a day after its login: a city's week, and the day after.
const SESSION_DAYS: i64 = 8;
/// Time for the way to WeChat and back.
const LOGIN_MINUTES: i64 = 10;
/// A text size is remembered for a year.
const YEAR_SECONDS: i64 = 365 * 86_400;
/// More questions than any paper has.
const N_ANSWERS_KEPT: usize = 100;

/// The cookies by their plain names.
#[derive(Debug, Clone, Copy)]
pub(super) enum Name {
    /// Who is logged in.
    Session,
    /// A login that is under way.
    Login,
    /// The paper that was drawn last.
    Attempt,
    /// Answers that were handed in without a session, until their person has logged in.
    Answers,
    /// Who holds the simulated phone.
    Holder,
    /// How large the text is.
    TextSize,
}

impl Name {
    /// The name on the wire; over TLS it is bound to this host.
    fn on(self, app: &App) -> String {
        let plain = match self {
            Self::Session => "contest-session",
            Self::Login => "contest-login",
            Self::Attempt => "contest-attempt",
            Self::Answers => "contest-answers",
            Self::Holder => "contest-phone",
            Self::TextSize => "contest-text-size",
        };
        if is_secure(app) {
            format!("__Host-{plain}")
        } else {
            plain.to_owned()
        }
    }
}

/// A login on its way to WeChat and back.
pub(super) struct PendingLogin {
    /// The state WeChat brings back.
    pub(super) state: String,
    /// The local path the person wanted.
    pub(super) next: String,
}

/// The encrypted cookies of a request.
pub(super) struct Jar<'a> {
    app: &'a App,
    jar: PrivateCookieJar,
}

impl<'a> Jar<'a> {
    pub(super) fn of(app: &'a App, headers: &HeaderMap) -> Self {
        let key = Key::from(app.keys.session_key());
        Self {
            app,
            jar: PrivateCookieJar::from_headers(headers, key),
        }
    }

    fn get(&self, name: Name) -> Option<String> {
        self.jar
            .get(&name.on(self.app))
            .map(|cookie| cookie.value().to_owned())
    }

    /// Sets a cookie for so many seconds.
    pub(super) fn set(self, name: Name, value: &str, seconds: i64) -> Self {
        let cookie = cookie(self.app, name, value, seconds);
        Self {
            jar: self.jar.add(cookie),
            ..self
        }
    }

    /// Makes the browser forget a cookie.
    pub(super) fn forget(self, name: Name) -> Self {
        let cookie = cookie(self.app, name, "", 0);
        Self {
            jar: self.jar.remove(cookie),
            ..self
        }
    }

    /// Logs a person in.
    pub(super) fn log_in(self, person: &PersonId, now: DateTime<Utc>) -> Self {
        let value = format!("{}.{}", now.timestamp_millis(), person.as_str());
        self.set(Name::Session, &value, SESSION_DAYS * 86_400)
    }

    /// Remembers a login on its way.
    pub(super) fn begin_login(self, state: &str, next: &str, now: DateTime<Utc>) -> Self {
        let value = format!("{}.{state}.{next}", now.timestamp_millis());
        self.set(Name::Login, &value, LOGIN_MINUTES * 60)
    }

    /// The login on its way, if it has not taken too long.
    pub(super) fn pending_login(&self) -> Option<PendingLogin> {
        let value = self.get(Name::Login)?;
        let (issued, rest) = value.split_once('.')?;
        let (state, next) = rest.split_once('.')?;
        self.is_fresh(issued, TimeDelta::minutes(LOGIN_MINUTES))
            .then(|| PendingLogin {
                state: state.to_owned(),
                next: next.to_owned(),
            })
    }

    /// Keeps the answers to a paper while their person logs in again.
    pub(super) fn keep_answers(self, token: &str, answers: &BTreeMap<String, String>) -> Self {
        let pairs: Vec<String> = answers
            .iter()
            .filter(|(number, letter)| number.len() <= 3 && letter.len() == 1)
            .take(N_ANSWERS_KEPT)
            .map(|(number, letter)| format!("{number}={letter}"))
            .collect();
        let value = format!("{token}.{}", pairs.join(","));
        self.set(Name::Answers, &value, LOGIN_MINUTES * 60)
    }

    /// The answers that were kept for this paper: letters by number.
    pub(super) fn kept_answers(&self, token: &str) -> BTreeMap<String, char> {
        let value = self.get(Name::Answers).unwrap_or_default();
        let pairs = match value.split_once('.') {
            Some((kept_for, pairs)) if kept_for == token => pairs,
            _ => "",
        };
        pairs
            .split(',')
            .filter_map(|pair| pair.split_once('='))
            .filter_map(|(number, letter)| Some((number.to_owned(), letter.chars().next()?)))
            .collect()
    }

    fn person(&self) -> Option<PersonId> {
        let value = self.get(Name::Session)?;
        let (issued, person) = value.split_once('.')?;
        self.is_fresh(issued, TimeDelta::days(SESSION_DAYS))
            .then(|| PersonId::new(person.to_owned()))
    }

    fn is_fresh(&self, issued_ms: &str, lifetime: TimeDelta) -> bool {
        let issued = issued_ms
            .parse()
            .ok()
            .and_then(DateTime::from_timestamp_millis);
        issued.is_some_and(|issued| self.app.now().signed_duration_since(issued) < lifetime)
    }
}

impl Jar<'_> {
    /// A response that carries the changed cookies.
    pub(super) fn with(self, response: Response) -> Response {
        (self.jar, response).into_response()
    }

    /// A redirect that carries the changed cookies.
    pub(super) fn redirect(self, to: &str) -> Response {
        (self.jar, Redirect::to(to)).into_response()
    }
}

/// Who asks, as far as cookies tell.
pub(super) struct Visitor {
    /// Who is logged in.
    pub(super) person: Option<PersonId>,
    /// How large the text is.
    pub(super) size: TextSize,
    /// The path asked for.
    pub(super) path: String,
    /// The token of the paper that was drawn last.
    pub(super) attempt: Option<String>,
    /// The openid of whoever holds the simulated phone.
    pub(super) holder: Option<String>,
    /// Whether a login can succeed here: within WeChat, or beside a simulated one.
    pub(super) in_wechat: bool,
}

impl Visitor {
    /// Reads the cookies of a request.
    pub(super) fn of(app: &App, headers: &HeaderMap, path: &str) -> Self {
        let jar = Jar::of(app, headers);
        Self {
            person: jar.person(),
            size: jar
                .get(Name::TextSize)
                .map_or_else(TextSize::default, |word| TextSize::of_word(&word)),
            path: path.to_owned(),
            attempt: jar.get(Name::Attempt),
            holder: app
                .simulator
                .as_ref()
                .and_then(|_host| jar.get(Name::Holder)),
            in_wechat: app.wechat.is_simulated || is_wechat(headers),
        }
    }
}

impl FromRequestParts<Arc<App>> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Infallible> {
        Ok(Self::of(app, &parts.headers, parts.uri.path()))
    }
}

/// Somebody who is logged in; others are sent to log in and come back.
pub(super) struct SignedIn {
    /// Who.
    pub(super) person: PersonId,
    /// The rest of what cookies tell.
    pub(super) visitor: Visitor,
}

impl FromRequestParts<Arc<App>> for SignedIn {
    type Rejection = Redirect;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Redirect> {
        let visitor = Visitor::of(app, &parts.headers, parts.uri.path());
        match visitor.person.clone() {
            Some(person) => Ok(Self { person, visitor }),
            None => Err(Redirect::to(&login_first(&visitor.path))),
        }
    }
}

/// Somebody who is logged in and speaks JSON.
pub(super) struct Caller(pub(super) PersonId);

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        Jar::of(app, &parts.headers)
            .person()
            .map(Self)
            .ok_or_else(Problem::login_required)
    }
}

/// The address of the login that comes back to this path.
pub(super) fn login_first(path: &str) -> String {
    format!("/login?next={}", local_path(path))
}

/// A path of this server, or the landing page: nobody is sent elsewhere by a crafted link.
pub(super) fn local_path(path: &str) -> &str {
    let plain = path
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"/-_.".contains(&byte));
    if plain && path.starts_with('/') && !path.starts_with("//") && path.len() <= 512 {
        path
    } else {
        "/"
    }
}

/// Remembers a text size and goes back.
pub(super) fn remember_size(
    app: &App,
    headers: &HeaderMap,
    size: TextSize,
    back: &str,
) -> Response {
    Jar::of(app, headers)
        .set(Name::TextSize, size.word(), YEAR_SECONDS)
        .redirect(local_path(back))
}

/// Whether the browser says that it is WeChat's.
fn is_wechat(headers: &HeaderMap) -> bool {
    headers
        .get(header::USER_AGENT)
        .and_then(|agent| agent.to_str().ok())
        .is_some_and(|agent| agent.contains("MicroMessenger"))
}

fn is_secure(app: &App) -> bool {
    app.public_url.starts_with("https://")
}

/// A cookie of the whole site that scripts cannot read; values have no semicolon.
fn cookie(app: &App, name: Name, value: &str, seconds: i64) -> Cookie<'static> {
    let name = name.on(app);
    let secure = if is_secure(app) { "; Secure" } else { "" };
    Cookie::parse(format!(
        "{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}"
    ))
    .unwrap_or_else(|_error| Cookie::new(name, String::new()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_to_another_site_after_login() {
        for path in [
            "//evil.example",
            "https://evil.example",
            "/\\evil",
            "evil",
            "",
            "/a?b=//c",
            "/a\r\nb",
        ] {
            assert_eq!(local_path(path), "/", "{path:?}");
        }
        assert_eq!(local_path("/result/0171f0"), "/result/0171f0");
    }
}
