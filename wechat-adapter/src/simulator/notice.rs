//! Notifications that a transfer ended or an echo was heard, signed, encrypted, and repeated until they are taken.

use ::http::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use ::http::{Method, Uri};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::calendar::later;
use super::config::SimulatorConfig;
use super::fault::{Fault, Target};
use super::identifier::Identifiers;
use super::operation::Operation;
use super::v3_call::{V3, beijing, record};
use super::v3_seal::Flaw;
use super::world::World;
use crate::Request;

/// How long WeChat waits before each repetition: ten times 15 seconds, ten times 5 minutes, 44 times 30 minutes.
const PLAN: [(u32, i64); 3] = [(10, 15), (10, 300), (44, 1_800)];

/// One signed notification, for the host to deliver.
///
/// Deliver it within five seconds and tell the outcome to
/// [`Simulator::record_notice`](super::Simulator::record_notice), or it is never repeated.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Notice {
    /// The POST to send, complete with signature and body.
    pub request: Request,
    /// The transfer it is about; `None` for an echo.
    pub bill_number: Option<String>,
    /// Which try this is, from 1.
    pub attempt: u32,
    waiting: Waiting,
}

/// Notifications that are not taken yet.
#[derive(Debug, Default)]
pub(super) struct Notices {
    waiting: Vec<Waiting>,
}

/// What a notification tells.
#[derive(Debug, Clone)]
enum Subject {
    /// A transfer ended, by its place.
    Transfer(usize),
    /// An echo was asked for.
    Echo(Echo),
}

/// An echo to be told of: where, what was said, and under which key.
#[derive(Debug, Clone)]
pub(super) struct Echo {
    pub(super) url: String,
    pub(super) message: String,
    pub(super) by_certificate: bool,
}

#[derive(Debug, Clone)]
struct Waiting {
    id: String,
    subject: Subject,
    /// When it happened.
    at: DateTime<Utc>,
    attempt: u32,
    due: DateTime<Utc>,
}

/// One notification before it is encrypted and signed.
struct Content {
    url: String,
    event_type: &'static str,
    summary: &'static str,
    kind: &'static str,
    plain: String,
    by_certificate: bool,
    openid: Option<String>,
    bill_number: Option<String>,
}

impl Notices {
    /// Tells at once what was heard.
    pub(super) fn echo(&mut self, echo: Echo, identifiers: &mut Identifiers, now: DateTime<Utc>) {
        self.add(Subject::Echo(echo), identifiers, now);
    }

    fn add(&mut self, subject: Subject, identifiers: &mut Identifiers, now: DateTime<Utc>) {
        self.waiting.push(Waiting {
            id: format!("EV-{}", identifiers.digits("notice", 19)),
            subject,
            at: now,
            attempt: 1,
            due: now,
        });
    }

    /// Plans the next try of one that was not taken, while there is one.
    pub(super) fn again(&mut self, notice: &Notice, now: DateTime<Utc>) {
        let mut tries = 0_u32;
        for (times, seconds) in PLAN {
            tries = tries.saturating_add(times);
            if notice.attempt <= tries {
                self.waiting.push(Waiting {
                    attempt: notice.attempt.saturating_add(1),
                    due: later(now, TimeDelta::seconds(seconds)),
                    ..notice.waiting.clone()
                });
                return;
            }
        }
    }

    fn take_due(&mut self, now: DateTime<Utc>) -> Vec<Waiting> {
        let (due, waiting) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition(|waiting| waiting.due <= now);
        self.waiting = waiting;
        due
    }
}

/// Every notification due at `now`; faults lose, double and forge them.
pub(super) fn due(
    v3: V3<'_>,
    config: &SimulatorConfig,
    world: &mut World,
    now: DateTime<Utc>,
) -> Vec<Notice> {
    for transfer in world.transfers.take_ended() {
        let subject = Subject::Transfer(transfer);
        world.notices.add(subject, &mut world.identifiers, now);
    }
    let mut notices = Vec::new();
    for waiting in world.notices.take_due(now) {
        let Some(content) = content(config, world, &waiting) else {
            continue;
        };
        world.count(Operation::TransferNotice);
        let fault = world.faults.draw(Target {
            operation: Operation::TransferNotice,
            path: None,
            openid: content.openid.as_deref(),
            bill_number: content.bill_number.as_deref(),
            landed: true,
        });
        if fault == Some(Fault::LoseCallback) {
            continue;
        }
        let flaw = fault.as_ref().map_or_else(Flaw::default, Fault::flaw);
        let notice = signed(v3, world, waiting, content, flaw, now);
        if fault == Some(Fault::DuplicateCallbacks) {
            notices.push(notice.clone());
        }
        notices.push(notice);
    }
    notices
}

/// What there is to tell; nothing when nobody is to be told.
fn content(config: &SimulatorConfig, world: &World, waiting: &Waiting) -> Option<Content> {
    match &waiting.subject {
        Subject::Transfer(transfer) => {
            let bill = world.transfers.at(*transfer)?;
            Some(Content {
                url: bill.notify_url.clone()?,
                event_type: "MCHTRANSFER.BILL.FINISHED",
                summary: "商家转账单据终态通知",
                kind: "mch_payment",
                plain: record(config, bill).to_string(),
                by_certificate: bill.by_certificate,
                openid: Some(bill.openid.clone()),
                bill_number: Some(bill.bill_number.clone()),
            })
        }
        Subject::Echo(echo) => Some(Content {
            url: echo.url.clone(),
            event_type: "SECURITY_ECHO.SUCCESS",
            summary: "安全回声通知",
            kind: "security_echo",
            plain: json!({"mchid": config.merchant_id, "echo_message": echo.message}).to_string(),
            by_certificate: echo.by_certificate,
            openid: None,
            bill_number: None,
        }),
    }
}

fn signed(
    v3: V3<'_>,
    world: &mut World,
    waiting: Waiting,
    content: Content,
    flaw: Flaw,
    now: DateTime<Utc>,
) -> Notice {
    let nonce = world.identifiers.text("resource nonce", 12);
    let ciphertext = v3.keys.encrypt(&nonce, content.kind, &content.plain);
    let body = json!({
        "id": waiting.id,
        "create_time": beijing(waiting.at),
        "resource_type": "encrypt-resource",
        "event_type": content.event_type,
        "summary": content.summary,
        "resource": {
            "original_type": content.kind, "algorithm": "AEAD_AES_256_GCM",
            "ciphertext": ciphertext.unwrap_or_default(),
            "associated_data": content.kind, "nonce": nonce,
        },
    })
    .to_string()
    .into_bytes();
    let serial = if content.by_certificate {
        &v3.setup.signing(now).serial
    } else {
        &v3.setup.wechat_public_key_id
    };
    let nonce = hex::encode(world.identifiers.bytes("notice nonce"));
    let signed_at = world.callers_time(now);
    let headers = v3.keys.sign(serial, &body, &nonce, flaw, signed_at);
    let mut request = Request::new(body);
    *request.method_mut() = Method::POST;
    *request.uri_mut() = content.url.parse::<Uri>().unwrap_or_default();
    request.headers_mut().extend(headers);
    let json = HeaderValue::from_static("application/json");
    request.headers_mut().insert(CONTENT_TYPE, json.clone());
    request.headers_mut().insert(ACCEPT, json);
    Notice {
        request,
        bill_number: content.bill_number,
        attempt: waiting.attempt,
        waiting,
    }
}
