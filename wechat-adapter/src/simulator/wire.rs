//! Requests taken apart and answers put together, the same way for every endpoint.

use ::http::header::{CONTENT_TYPE, HeaderValue, LOCATION};
use ::http::{HeaderMap, Method, StatusCode};
use serde_json::Value;

use super::config::SimulatorConfig;
use super::operation::Operation;
use super::v3_call;
use super::xml::Leaves;
use crate::{Request, Response};

/// A request after its path, query and body have been read.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) operation: Operation,
    pub(super) method: &'a Method,
    pub(super) raw_query: &'a str,
    pub(super) query: Vec<(String, String)>,
    pub(super) body: &'a [u8],
    /// The body's fields, for the operations of WeChat Pay V2.
    pub(super) fields: Option<Leaves>,
    /// The path without the prefix.
    pub(super) path: &'a str,
    /// Path and query as they came, and without the prefix.
    pub(super) targets: [&'a str; 2],
    pub(super) headers: &'a HeaderMap,
    /// The body, for the operations of version 3 and of the account that have one.
    pub(super) json: Option<Value>,
}

impl<'a> Call<'a> {
    /// Reads `request`; `None` when its path is no endpoint.
    pub(super) fn read(config: &SimulatorConfig, request: &'a Request) -> Option<Self> {
        let path = request
            .uri()
            .path()
            .strip_prefix(config.path_prefix.as_str())?;
        let operation = Operation::of_path(path)?;
        let raw_query = request.uri().query().unwrap_or_default();
        let fields = if operation.is_pay() {
            std::str::from_utf8(request.body())
                .ok()
                .and_then(Leaves::parse)
        } else {
            None
        };
        let whole = request.uri().path_and_query().map_or(path, |t| t.as_str());
        let short = whole
            .strip_prefix(config.path_prefix.as_str())
            .unwrap_or(whole);
        let json = (operation.is_v3() || operation.is_official() && operation.is_post())
            .then(|| serde_json::from_slice(request.body()).ok())
            .flatten();
        Some(Self {
            path,
            targets: [whole, short],
            headers: request.headers(),
            json,
            operation,
            method: request.method(),
            raw_query,
            query: pairs(raw_query),
            body: request.body(),
            fields,
        })
    }

    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        find(&self.query, name)
    }

    /// The person the call is about, when it names one.
    pub(super) fn openid(&self) -> Option<&str> {
        if let Some(json) = &self.json {
            let person = json.get("openid").or_else(|| json.get("touser"))?;
            return person.as_str();
        }
        match &self.fields {
            Some(fields) => fields.find("re_openid"),
            None => self.parameter("openid").or_else(|| self.parameter("as")),
        }
    }

    pub(super) fn bill_number(&self) -> Option<&str> {
        if self.operation.is_v3() {
            return v3_call::bill_number(self.path, self.json.as_ref());
        }
        self.fields.as_ref()?.find("mch_billno")
    }
}

pub(super) fn pairs(query: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect()
}

/// The first value of `name` that is not empty.
pub(super) fn find<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs
        .iter()
        .find(|(key, value)| key == name && !value.is_empty())
        .map(|(_, value)| value.as_str())
}

pub(super) fn answer(status: StatusCode, content_type: &'static str, body: Vec<u8>) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

pub(super) fn json(value: &Value) -> Response {
    answer(
        StatusCode::OK,
        "application/json; encoding=utf-8",
        value.to_string().into_bytes(),
    )
}

pub(super) fn xml(document: String) -> Response {
    answer(
        StatusCode::OK,
        "text/xml; charset=utf-8",
        document.into_bytes(),
    )
}

pub(super) fn text(status: StatusCode, body: &str) -> Response {
    answer(
        status,
        "text/plain; charset=utf-8",
        body.as_bytes().to_vec(),
    )
}

/// A redirect to `url`, or 400 when it cannot be a header.
pub(super) fn redirect(url: &str) -> Response {
    match HeaderValue::from_str(url) {
        Ok(location) => {
            let mut response = text(StatusCode::FOUND, "");
            response.headers_mut().insert(LOCATION, location);
            response
        }
        Err(_) => text(StatusCode::BAD_REQUEST, "redirect_uri cannot be a header"),
    }
}

/// A JSON object with its fields in reverse order and one more that no document lists; anything else unchanged.
pub(super) fn reordered(value: &Value) -> String {
    let Value::Object(fields) = value else {
        return value.to_string();
    };
    let unknown = ("simulated_field".to_owned(), Value::from("nobody knows it"));
    let pairs: Vec<String> = std::iter::once((&unknown.0, &unknown.1))
        .chain(fields.iter().rev())
        .map(|(name, value)| format!("{}:{value}", Value::from(name.as_str())))
        .collect();
    format!("{{{}}}", pairs.join(","))
}
