//! A stranger who forges what WeChat tells the server, and plays again what it has told.

use std::sync::{Mutex, PoisonError};

use http::HeaderValue;
use wechat_adapter::Request;

/// What was told last, as a stranger might have seen it.
#[derive(Debug, Default)]
pub(super) struct Overheard {
    message: Mutex<Option<Request>>,
    notice: Mutex<Option<Request>>,
}

/// Something that is not WeChat's, or not its first time.
#[derive(Debug)]
pub(super) struct Forgery {
    pub(super) name: &'static str,
    pub(super) request: Request,
    /// Whether the server must refuse it; a repetition may be taken and change nothing.
    pub(super) must_be_refused: bool,
}

impl Overheard {
    pub(super) fn message(&self, request: &Request) {
        *self.message.lock().unwrap_or_else(PoisonError::into_inner) = Some(request.clone());
    }

    pub(super) fn notice(&self, request: &Request) {
        *self.notice.lock().unwrap_or_else(PoisonError::into_inner) = Some(request.clone());
    }

    /// One of four forgeries, as far as there is something to forge.
    pub(super) fn forge(&self, which: u64) -> Option<Forgery> {
        let of = |heard: &Mutex<Option<Request>>| {
            heard.lock().unwrap_or_else(PoisonError::into_inner).clone()
        };
        let (name, request) = match which {
            0 => (
                "message with a wrong signature",
                forged(of(&self.message)?)?,
            ),
            1 => ("message played again", of(&self.message)?),
            2 => ("notice with a wrong signature", altered(of(&self.notice)?)),
            _ => ("notice played again", of(&self.notice)?),
        };
        Some(Forgery {
            name,
            request,
            must_be_refused: which.is_multiple_of(2),
        })
    }
}

/// The same message under another signature.
fn forged(mut request: Request) -> Option<Request> {
    let uri = request.uri().to_string();
    let wrong = "msg_signature=0000000000000000000000000000000000000000";
    let (head, tail) = uri.split_once("msg_signature=")?;
    let rest = tail.split_once('&').map(|(_signature, rest)| rest);
    let rest = rest.map_or_else(String::new, |rest| format!("&{rest}"));
    *request.uri_mut() = format!("{head}{wrong}{rest}").parse().ok()?;
    Some(request)
}

/// Another notice under the same signature.
fn altered(mut request: Request) -> Request {
    let name = "wechatpay-nonce";
    if request.headers().contains_key(name) {
        let nonce = HeaderValue::from_static("nobodysnonce");
        request.headers_mut().insert(name, nonce);
    }
    request.body_mut().push(b' ');
    request
}
