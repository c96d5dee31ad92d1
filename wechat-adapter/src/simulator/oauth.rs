//! Web OAuth: the authorize page, single-use codes, and their exchange.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::calendar::later;
use super::config::SimulatorConfig;
use super::identifier::{Identifiers, snapshot_openid};
use super::wire::{Call, answer, errcode, find, pairs};
use super::world::World;
use crate::Response;

/// A code can be exchanged this long.
const CODE_LIFETIME: TimeDelta = TimeDelta::minutes(5);
/// A spent or expired code is remembered this long, to be named as such.
const CODE_MEMORY: TimeDelta = TimeDelta::hours(1);
/// The parameters of the authorize address in the only order WeChat takes.
const AUTHORIZE_ORDER: [&str; 5] = ["appid", "redirect_uri", "response_type", "scope", "state"];

/// What the authorize page does.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuthorizeOutcome {
    /// The browser goes back to the application, with a code or, when the person declined, without one.
    Redirect(String),
    /// Nobody has been chosen yet: show the people, and come back with `as=<openid>` or `deny=1` added.
    ChoosePerson {
        /// The parameters to repeat, exactly as they came.
        query: String,
        /// `snsapi_base` or `snsapi_userinfo`.
        scope: String,
    },
    /// WeChat would show an error page.
    BadRequest(String),
}

#[derive(Debug)]
struct Code {
    openid: String,
    scope: String,
    issued_at: DateTime<Utc>,
    used: bool,
}

/// The codes that can still be spoken of.
#[derive(Debug, Default)]
pub(super) struct Codes {
    by_text: BTreeMap<String, Code>,
    in_order: VecDeque<String>,
}

impl Codes {
    fn issue(
        &mut self,
        openid: &str,
        scope: &str,
        identifiers: &mut Identifiers,
        now: DateTime<Utc>,
    ) -> String {
        let text = identifiers.text("code", 32);
        self.in_order.push_back(text.clone());
        let code = Code {
            openid: openid.to_owned(),
            scope: scope.to_owned(),
            issued_at: now,
            used: false,
        };
        self.by_text.insert(text.clone(), code);
        text
    }

    pub(super) fn forget(&mut self, now: DateTime<Utc>) {
        while let Some(oldest) = self.in_order.front() {
            let stale = self
                .by_text
                .get(oldest)
                .is_none_or(|code| later(code.issued_at, CODE_MEMORY) <= now);
            if !stale {
                break;
            }
            self.by_text.remove(oldest);
            self.in_order.pop_front();
        }
    }

    /// Spends a code; the error is the `errcode` to answer.
    fn spend(&mut self, text: &str, now: DateTime<Utc>) -> Result<&Code, (i64, &'static str)> {
        let code = self.by_text.get_mut(text).ok_or((40029, "invalid code"))?;
        if code.used {
            return Err((40163, "code been used"));
        }
        if later(code.issued_at, CODE_LIFETIME) <= now {
            return Err((42003, "oauth_code expired"));
        }
        code.used = true;
        Ok(code)
    }
}

/// Reads the authorize address' query and acts for `chosen` or, with `denied`, for somebody who declines.
pub(super) fn authorize(
    config: &SimulatorConfig,
    world: &mut World,
    query: &str,
    chosen: Option<&str>,
    denied: bool,
    now: DateTime<Utc>,
) -> AuthorizeOutcome {
    let parameters = pairs(query);
    let names: Vec<&str> = parameters
        .iter()
        .map(|(name, _)| name.as_str())
        .filter(|name| AUTHORIZE_ORDER.contains(name))
        .collect();
    if names != AUTHORIZE_ORDER {
        return bad(
            "parameters must be appid, redirect_uri, response_type, scope, state in this order",
        );
    }
    let value = |name| find(&parameters, name).unwrap_or_default();
    let (scope, state, redirect_uri) = (value("scope"), value("state"), value("redirect_uri"));
    if value("appid") != config.app_id {
        return bad("appid is not this account");
    }
    if value("response_type") != "code" {
        return bad("response_type must be code");
    }
    if !["snsapi_base", "snsapi_userinfo"].contains(&scope) {
        return bad("scope must be snsapi_base or snsapi_userinfo");
    }
    if state.len() > 128 || !state.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return bad("state must be at most 128 letters and digits");
    }
    if let Err(reason) = check_redirect(config, redirect_uri) {
        return bad(reason);
    }
    if denied {
        return AuthorizeOutcome::Redirect(with_parameters(redirect_uri, &[("state", state)]));
    }
    let Some(openid) = chosen else {
        return AuthorizeOutcome::ChoosePerson {
            query: query.to_owned(),
            scope: scope.to_owned(),
        };
    };
    if world.people.get(openid).is_none() {
        return bad("nobody has this openid");
    }
    let code = world
        .codes
        .issue(openid, scope, &mut world.identifiers, now);
    let parameters = [("code", code.as_str()), ("state", state)];
    AuthorizeOutcome::Redirect(with_parameters(redirect_uri, &parameters))
}

fn bad(reason: &str) -> AuthorizeOutcome {
    AuthorizeOutcome::BadRequest(reason.to_owned())
}

fn check_redirect(config: &SimulatorConfig, redirect_uri: &str) -> Result<(), &'static str> {
    let uri: ::http::Uri = redirect_uri
        .parse()
        .map_err(|_| "redirect_uri is no address")?;
    let (Some("http" | "https"), Some(host)) = (uri.scheme_str(), uri.host()) else {
        return Err("redirect_uri is no absolute address");
    };
    match &config.web_auth_domain {
        Some(domain) if domain != host => {
            Err("redirect_uri is outside the web authorization domain")
        }
        _ => Ok(()),
    }
}

fn with_parameters(redirect_uri: &str, parameters: &[(&str, &str)]) -> String {
    let (address, fragment) = match redirect_uri.split_once('#') {
        Some((address, fragment)) => (address, Some(fragment)),
        None => (redirect_uri, None),
    };
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in parameters.iter().filter(|(_, value)| !value.is_empty()) {
        query.append_pair(name, value);
    }
    let joint = if address.contains('?') { '&' } else { '?' };
    let mut url = format!("{address}{joint}{}", query.finish());
    if let Some(fragment) = fragment {
        url.push('#');
        url.push_str(fragment);
    }
    url
}

/// Answers `sns/oauth2/access_token`.
pub(super) fn exchange(
    config: &SimulatorConfig,
    world: &mut World,
    call: &Call<'_>,
    now: DateTime<Utc>,
) -> Response {
    match exchanged(config, world, call, now) {
        Ok(body) => answer(
            ::http::StatusCode::OK,
            "text/plain",
            body.to_string().into_bytes(),
        ),
        Err((code, message)) => errcode(code, message),
    }
}

fn exchanged(
    config: &SimulatorConfig,
    world: &mut World,
    call: &Call<'_>,
    now: DateTime<Utc>,
) -> Result<serde_json::Value, (i64, &'static str)> {
    if call.parameter("appid") != Some(config.app_id.as_str()) {
        return Err((40013, "invalid appid"));
    }
    if call.parameter("secret") != Some(config.app_secret.as_str()) {
        return Err((40125, "invalid appsecret"));
    }
    if call.parameter("grant_type") != Some("authorization_code") {
        return Err((40002, "invalid grant_type"));
    }
    let text = call.parameter("code").ok_or((41008, "missing code"))?;
    let code = world.codes.spend(text, now)?;
    let snapshot = world
        .people
        .get(&code.openid)
        .is_some_and(|person| person.snapshot_user);
    let openid = if snapshot {
        snapshot_openid(config.seed, &code.openid)
    } else {
        code.openid.clone()
    };
    let mut body = json!({
        "access_token": world.identifiers.text("web access_token", 88),
        "expires_in": 7200,
        "refresh_token": world.identifiers.text("web refresh_token", 88),
        "openid": openid,
        "scope": code.scope,
    });
    if snapshot && let Some(object) = body.as_object_mut() {
        object.insert("is_snapshotuser".to_owned(), json!(1));
    }
    Ok(body)
}
