//! Web OAuth: the authorize page, single-use codes, their exchange, and what a grant is good for.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::calendar::later;
use super::config::SimulatorConfig;
use super::identifier::{Identifiers, snapshot_openid};
use super::official::Answer;
use super::wire::{Call, find, pairs};
use super::world::World;

/// A code can be exchanged this long.
const CODE_LIFETIME: TimeDelta = TimeDelta::minutes(5);
/// A spent or expired code is remembered this long, to be named as such.
const CODE_MEMORY: TimeDelta = TimeDelta::hours(1);
/// A person's access token lives this long, and can be renewed this long.
const ACCESS_LIFETIME: TimeDelta = TimeDelta::seconds(7_200);
const RENEWAL_LIFETIME: TimeDelta = TimeDelta::days(30);
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
    /// WeChat has banned the application's link and shows its page about that.
    Banned,
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

/// What a person granted, under one access token.
#[derive(Debug, Clone)]
pub(super) struct Grant {
    openid: String,
    /// Who it really is, when the openid is a virtual one.
    person: String,
    scope: String,
    snapshot: bool,
    ends_at: DateTime<Utc>,
    renewable_until: DateTime<Utc>,
}

/// Every grant that can still be used or spoken of.
#[derive(Debug, Default)]
pub(super) struct Grants {
    by_access_token: BTreeMap<String, Grant>,
    by_refresh_token: BTreeMap<String, Grant>,
    by_end: BTreeSet<(DateTime<Utc>, String)>,
}

impl Grants {
    fn add(&mut self, access_token: String, refresh_token: String, grant: Grant) {
        self.by_end.insert((grant.ends_at, access_token.clone()));
        self.by_end
            .insert((grant.renewable_until, refresh_token.clone()));
        self.by_access_token.insert(access_token, grant.clone());
        self.by_refresh_token.insert(refresh_token, grant);
    }

    fn by_access_token(&self, token: &str) -> Option<Grant> {
        self.by_access_token.get(token).cloned()
    }

    fn by_refresh_token(&self, token: &str) -> Option<Grant> {
        self.by_refresh_token.get(token).cloned()
    }

    /// Forgets what ended an hour ago.
    pub(super) fn forget(&mut self, now: DateTime<Utc>) {
        while let Some((end, _)) = self.by_end.first()
            && later(*end, CODE_MEMORY) <= now
            && let Some((_, token)) = self.by_end.pop_first()
        {
            self.by_access_token.remove(&token);
            self.by_refresh_token.remove(&token);
        }
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
) -> Answer {
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
    let grant = Grant {
        openid,
        person: code.openid.clone(),
        scope: code.scope.clone(),
        snapshot,
        ends_at: later(now, ACCESS_LIFETIME),
        renewable_until: later(now, RENEWAL_LIFETIME),
    };
    let access_token = world.identifiers.text("web access_token", 88);
    let refresh_token = world.identifiers.text("web refresh_token", 88);
    let body = granted(&grant, &access_token, &refresh_token);
    world.grants.add(access_token, refresh_token, grant);
    Ok(body)
}

fn granted(grant: &Grant, access_token: &str, refresh_token: &str) -> Value {
    let mut body = json!({
        "access_token": access_token,
        "expires_in": ACCESS_LIFETIME.num_seconds(),
        "refresh_token": refresh_token,
        "openid": grant.openid,
        "scope": grant.scope,
    });
    if grant.snapshot
        && let Some(object) = body.as_object_mut()
    {
        object.insert("is_snapshotuser".to_owned(), json!(1));
    }
    body
}

/// Answers `sns/oauth2/refresh_token`: the same refresh token with a new access token.
pub(super) fn renew(
    config: &SimulatorConfig,
    world: &mut World,
    call: &Call<'_>,
    now: DateTime<Utc>,
) -> Answer {
    if call.parameter("appid") != Some(config.app_id.as_str()) {
        return Err((40013, "invalid appid"));
    }
    if call.parameter("grant_type") != Some("refresh_token") {
        return Err((40002, "invalid grant_type"));
    }
    let refresh_token = call
        .parameter("refresh_token")
        .ok_or((41003, "refresh_token missing"))?;
    let mut grant = world
        .grants
        .by_refresh_token(refresh_token)
        .ok_or((40030, "invalid refresh_token"))?;
    if grant.renewable_until <= now {
        return Err((42002, "refresh_token expired"));
    }
    grant.ends_at = later(now, ACCESS_LIFETIME);
    let access_token = world.identifiers.text("web access_token", 88);
    let body = granted(&grant, &access_token, refresh_token);
    world
        .grants
        .add(access_token, refresh_token.to_owned(), grant);
    Ok(body)
}

/// The grant that a call of a person's token is made under.
fn grant_of(
    world: &World,
    call: &Call<'_>,
    now: DateTime<Utc>,
) -> Result<Grant, (i64, &'static str)> {
    let token = call
        .parameter("access_token")
        .ok_or((41001, "access_token missing"))?;
    let grant = world
        .grants
        .by_access_token(token)
        .ok_or((40001, "invalid credential"))?;
    if grant.ends_at <= now {
        return Err((42001, "access_token expired"));
    }
    if call.parameter("openid") != Some(grant.openid.as_str()) {
        return Err((40003, "invalid openid"));
    }
    Ok(grant)
}

/// Answers `sns/auth`.
pub(super) fn check(world: &World, call: &Call<'_>, now: DateTime<Utc>) -> Answer {
    grant_of(world, call, now).map(|_| json!({"errcode": 0, "errmsg": "ok"}))
}

/// Answers `sns/userinfo`, which wants the scope that asks the person.
pub(super) fn profile(world: &World, call: &Call<'_>, now: DateTime<Utc>) -> Answer {
    let grant = grant_of(world, call, now)?;
    if grant.scope != "snsapi_userinfo" {
        return Err((48001, "api unauthorized"));
    }
    let name = world
        .people
        .get(&grant.person)
        .map_or("", |person| person.name.as_str());
    Ok(json!({
        "openid": grant.openid,
        "nickname": if grant.snapshot { "微信用户" } else { name },
        "sex": 0, "language": "", "city": "", "province": "", "country": "",
        "headimgurl": "",
        "privilege": [],
    }))
}
