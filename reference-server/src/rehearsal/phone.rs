//! A citizen's phone: a browser with cookies over the real router, and WeChat beside it.

use std::{collections::BTreeMap, sync::Arc};

use axum::body::Body;
use chrono::{DateTime, Utc};
use http::{Method, Request, StatusCode, header};
use serde_json::Value;
use wechat_adapter::simulator::Push;

use super::{Faults, fleet::Fleet, forger::Overheard};
use crate::{
    app::{App, SimulatorHost},
    clock::Clock as _,
};

/// The network between phones, the server and the simulated WeChat, without a socket.
#[derive(Debug)]
pub(super) struct Network {
    fleet: Arc<Fleet>,
    host: SimulatorHost,
    /// Where phones and WeChat reach the server.
    public_url: String,
    notice_template: Option<String>,
    faults: Faults,
    overheard: Overheard,
}

/// What a server answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) location: Option<String>,
    pub(super) body: Vec<u8>,
    /// Whether there was none, or one that asks to come again.
    pub(super) is_lost: bool,
    cookies: Vec<String>,
}

/// What a browser sends along.
#[derive(Debug)]
pub(super) struct Content {
    kind: &'static str,
    text: String,
    idempotency_key: Option<String>,
}

/// The cookies of one citizen.
#[derive(Debug, Clone, Default)]
pub(super) struct Cookies(BTreeMap<String, String>);

/// An API call's end as a citizen understands it.
#[derive(Debug)]
pub(super) enum Reply {
    /// It worked.
    Done(Value),
    /// A refusal with its stable code.
    Refused(String),
    /// No answer, or that there is none at present: whoever asks again is served.
    Lost,
    /// An answer that no citizen should ever see.
    Strange(String),
}

/// What happened to a login.
#[derive(Debug)]
pub(super) enum Login {
    /// The citizen has a session.
    Open,
    /// No session, because an answer was lost on the way.
    Lost,
    /// No session; what stood in the way.
    Strange(String),
}

impl Network {
    /// A network to these instances of this app.
    pub(super) fn new(fleet: Arc<Fleet>, app: &App, host: SimulatorHost, faults: Faults) -> Self {
        let notice = app.wechat.chance_notice.as_ref();
        Self {
            fleet,
            host,
            public_url: app.public_url.clone(),
            notice_template: notice.map(|notice| notice.template_id.clone()),
            faults,
            overheard: Overheard::default(),
        }
    }

    /// True time, whatever an instance believes.
    pub(super) fn now(&self) -> DateTime<Utc> {
        self.host.clock.now()
    }

    pub(super) fn host(&self) -> &SimulatorHost {
        &self.host
    }

    /// Whether answers may get lost.
    pub(super) fn is_hostile(&self) -> bool {
        self.faults == Faults::Hostile
    }

    /// Sends a request of any kind.
    pub(super) async fn send(&self, request: Request<Body>) -> Answer {
        let Some((parts, body)) = self.fleet.answer(request).await else {
            return Answer::lost();
        };
        let text = |name| {
            let values = parts.headers.get_all(name).into_iter();
            values
                .filter_map(|value| value.to_str().ok())
                .map(str::to_owned)
        };
        Answer {
            is_lost: self.is_hostile() && parts.status == StatusCode::SERVICE_UNAVAILABLE,
            status: parts.status,
            location: text(header::LOCATION).next(),
            cookies: text(header::SET_COOKIE).collect(),
            body,
        }
    }

    /// Sends a request of a browser that keeps its cookies.
    pub(super) async fn browse(
        &self,
        cookies: &mut Cookies,
        method: Method,
        target: &str,
        content: Option<Content>,
    ) -> Answer {
        let path = target.strip_prefix(&self.public_url).unwrap_or(target);
        let mut request = Request::builder()
            .method(&method)
            .uri(path)
            .header(header::HOST, self.authority())
            .header(
                header::USER_AGENT,
                "Mozilla/5.0 (rehearsal) MicroMessenger/8.0",
            );
        if method == Method::POST {
            request = request
                .header(header::ORIGIN, &self.public_url)
                .header("sec-fetch-site", "same-origin");
        }
        if let Some(jar) = cookies.header() {
            request = request.header(header::COOKIE, jar);
        }
        let body = match content {
            Some(content) => {
                request = request.header(header::CONTENT_TYPE, content.kind);
                if let Some(key) = content.idempotency_key {
                    request = request.header("idempotency-key", key);
                }
                Body::from(content.text)
            }
            None => Body::empty(),
        };
        let request = request.body(body);
        let Ok(request) = request else {
            return Answer::unsendable();
        };
        let answer = self.send(request).await;
        cookies.take(&answer.cookies);
        answer
    }

    fn authority(&self) -> &str {
        let url = self.public_url.as_str();
        url.split_once("://").map_or(url, |(_, rest)| rest)
    }

    /// Calls the JSON API.
    pub(super) async fn call(&self, cookies: &mut Cookies, path: &str, content: &Value) -> Reply {
        let content = Content::json(content);
        let answer = self
            .browse(cookies, Method::POST, path, Some(content))
            .await;
        answer.understood(path)
    }

    /// Calls the JSON API under the caller's own key, so that the call may be repeated.
    pub(super) async fn call_once(&self, cookies: &mut Cookies, path: &str, key: &str) -> Reply {
        let content = Content {
            idempotency_key: Some(key.to_owned()),
            ..Content::json(&Value::Object(serde_json::Map::new()))
        };
        let answer = self
            .browse(cookies, Method::POST, path, Some(content))
            .await;
        answer.understood(path)
    }

    /// Logs in through WeChat's authorize page as this person.
    pub(super) async fn log_in(&self, cookies: &mut Cookies, openid: &str) -> Login {
        let first = self
            .browse(cookies, Method::GET, "/login?next=/", None)
            .await;
        let Some(authorize) = first.location.clone() else {
            return first.no_login(self, "/login");
        };
        let page = authorize
            .split_once('#')
            .map_or(authorize.as_str(), |(page, _)| page);
        let chosen = format!("{page}&as={openid}");
        // WeChat is another site: it is never sent the contest's cookies.
        let second = self
            .browse(&mut Cookies::default(), Method::GET, &chosen, None)
            .await;
        let Some(back) = second.location.clone() else {
            return second.no_login(self, "authorize page");
        };
        let third = self.browse(cookies, Method::GET, &back, None).await;
        if third.status.is_redirection() {
            Login::Open
        } else {
            third.no_login(self, "/login/return")
        }
    }

    /// The template of the notice about a chance, where the account has one.
    pub(super) fn notice_template(&self) -> Option<&str> {
        self.notice_template.as_deref()
    }

    /// Delivers WeChat Pay's notifications that are due; one that is not taken comes due again.
    pub(super) async fn tell_ends(&self) {
        let now = self.now();
        for notice in self.host.simulator.due_notices(now) {
            self.overheard.notice(&notice.request);
            let answer = self.send(over_the_router(notice.request.clone())).await;
            let status = (!answer.is_lost).then(|| answer.status.as_u16());
            self.host.simulator.record_notice(&notice, status, now);
        }
    }

    /// Tries one of four forgeries: its name, and what is wrong with the answer if anything is.
    pub(super) async fn forge(&self, which: u64) -> Option<(&'static str, Option<String>)> {
        let forgery = self.overheard.forge(which)?;
        let answer = self.send(over_the_router(forgery.request)).await;
        let is_wrong = match forgery.must_be_refused {
            true => answer.status.is_success(),
            false => answer.status.is_server_error(),
        };
        let problem =
            (is_wrong && !answer.is_lost).then(|| format!("{}: {}", forgery.name, answer.status));
        Some((forgery.name, problem))
    }

    /// Delivers WeChat's pushes to the server's callback address, again when it did not answer.
    pub(super) async fn deliver(&self, pushes: Vec<Push>) -> Result<(), String> {
        for push in pushes {
            self.overheard.message(&push.request);
            let mut next = Some(push);
            let mut last = StatusCode::OK;
            while let Some(push) = next {
                let answer = self.send(request_of(&push)).await;
                last = answer.status;
                let (now, simulator) = (self.now(), &self.host.simulator);
                let status = answer.status.as_u16();
                next = match answer.is_lost {
                    true => simulator.record_no_reply(&push, now),
                    false => simulator.record_reply(&push, status, &answer.body, now),
                };
            }
            // What WeChat gave up after three tries is lost, and mended by whoever asks.
            let is_given_up = self.is_hostile() && last.is_server_error();
            if last != StatusCode::OK && !is_given_up {
                return Err(format!("callback: {last}"));
            }
        }
        Ok(())
    }
}

fn request_of(push: &Push) -> Request<Body> {
    over_the_router(push.request.clone())
}

/// A request of WeChat's as the server's own router takes it.
fn over_the_router(request: wechat_adapter::Request) -> Request<Body> {
    let (mut parts, body) = request.into_parts();
    if let Some(path) = parts.uri.path_and_query() {
        parts.uri = path.as_str().parse().unwrap_or_default();
    }
    Request::from_parts(parts, Body::from(body))
}

impl Content {
    fn json(value: &Value) -> Self {
        Self {
            kind: "application/json",
            text: value.to_string(),
            idempotency_key: None,
        }
    }

    /// A form without fields, as a lone button sends it.
    pub(super) fn button() -> Self {
        Self {
            kind: "application/x-www-form-urlencoded",
            text: String::new(),
            idempotency_key: None,
        }
    }
}

impl Answer {
    fn unsendable() -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            location: None,
            body: b"a request that cannot be written".to_vec(),
            is_lost: false,
            cookies: Vec::new(),
        }
    }

    /// No answer at all: the connection broke.
    fn lost() -> Self {
        Self {
            status: StatusCode::BAD_GATEWAY,
            location: None,
            body: Vec::new(),
            is_lost: true,
            cookies: Vec::new(),
        }
    }

    /// Why a page did not lead on to a session; in bad weather WeChat's own trouble is to be expected.
    fn no_login(&self, network: &Network, page: &str) -> Login {
        let is_wechat = network.is_hostile() && self.status == StatusCode::BAD_GATEWAY;
        let is_banned = network.is_hostile() && page == "authorize page";
        if self.is_lost || is_wechat || is_banned {
            return Login::Lost;
        }
        Login::Strange(format!("{page}: {}", self.summary()))
    }

    fn summary(&self) -> String {
        let text = String::from_utf8_lossy(&self.body);
        let start: String = text.chars().take(200).collect();
        format!("{} {start}", self.status)
    }

    fn understood(&self, path: &str) -> Reply {
        if self.is_lost {
            return Reply::Lost;
        }
        let strange = || Reply::Strange(format!("{path}: {}", self.summary()));
        let Ok(value) = serde_json::from_slice::<Value>(&self.body) else {
            return strange();
        };
        if self.status.is_success() {
            return Reply::Done(value);
        }
        let code = value
            .get("type")
            .and_then(Value::as_str)
            .and_then(|kind| kind.rsplit('/').next());
        match code {
            // WeChat's trouble is told as such; whoever wants a poster asks again another day.
            Some(code)
                if self.status.is_client_error() || self.status == StatusCode::BAD_GATEWAY =>
            {
                Reply::Refused(code.to_owned())
            }
            _ => strange(),
        }
    }
}

impl Cookies {
    /// Whether there is any session to speak of.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn header(&self) -> Option<String> {
        let pairs: Vec<String> = self
            .0
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    fn take(&mut self, set: &[String]) {
        for line in set {
            let mut parts = line.split(';').map(str::trim);
            let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else {
                continue;
            };
            let is_removed =
                value.is_empty() || parts.any(|part| part.eq_ignore_ascii_case("max-age=0"));
            if is_removed {
                self.0.remove(name);
            } else {
                self.0.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_that_is_taken_back_is_not_sent_again() {
        let mut cookies = Cookies::default();
        cookies.take(&["a=1; Path=/; HttpOnly".to_owned(), "b=2".to_owned()]);
        assert_eq!(cookies.header().as_deref(), Some("a=1; b=2"));
        cookies.take(&["a=; Max-Age=0".to_owned(), "b=x; max-age=0".to_owned()]);
        assert_eq!(cookies.header(), None);
    }

    #[test]
    fn a_problem_is_a_refusal_and_a_failure_is_strange() {
        let answer = |status, body: &str| Answer {
            status,
            location: None,
            body: body.as_bytes().to_vec(),
            is_lost: false,
            cookies: Vec::new(),
        };
        let problem = r#"{"type":"/problems/not-following","status":409}"#;
        let refused = answer(StatusCode::CONFLICT, problem).understood("/x");
        assert!(matches!(refused, Reply::Refused(code) if code == "not-following"));
        let failed = answer(StatusCode::INTERNAL_SERVER_ERROR, problem).understood("/x");
        assert!(matches!(failed, Reply::Strange(_)));
    }
}
