//! Notifications that a transfer ended, signed, encrypted, and repeated until they are taken.

use ::http::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use ::http::{Method, Uri};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::calendar::later;
use super::config::SimulatorConfig;
use super::fault::{Fault, Target};
use super::operation::Operation;
use super::v3_call::{V3, record};
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
    /// The transfer it is about.
    pub bill_number: String,
    /// Which try this is, from 1.
    pub attempt: u32,
    pub(super) id: String,
    pub(super) transfer: usize,
}

/// Notifications that are not taken yet.
#[derive(Debug, Default)]
pub(super) struct Notices {
    waiting: Vec<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    id: String,
    transfer: usize,
    attempt: u32,
    due: DateTime<Utc>,
}

impl Notices {
    pub(super) fn add(&mut self, id: String, transfer: usize, due: DateTime<Utc>) {
        self.waiting.push(Waiting {
            id,
            transfer,
            attempt: 1,
            due,
        });
    }

    /// Plans the next try of one that was not taken, while there is one.
    pub(super) fn again(&mut self, notice: &Notice, now: DateTime<Utc>) {
        let mut tries = 0_u32;
        for (times, seconds) in PLAN {
            tries = tries.saturating_add(times);
            if notice.attempt <= tries {
                self.waiting.push(Waiting {
                    id: notice.id.clone(),
                    transfer: notice.transfer,
                    attempt: notice.attempt.saturating_add(1),
                    due: later(now, TimeDelta::seconds(seconds)),
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
        let id = format!("EV-{}", world.identifiers.digits("notice", 19));
        world.notices.add(id, transfer, now);
    }
    let mut notices = Vec::new();
    for waiting in world.notices.take_due(now) {
        let Some(bill) = world.transfers.at(waiting.transfer).cloned() else {
            continue;
        };
        let Some(url) = &bill.notify_url else {
            continue;
        };
        world.count(Operation::TransferNotice);
        let fault = world.faults.draw(Target {
            operation: Operation::TransferNotice,
            openid: Some(&bill.openid),
            bill_number: Some(&bill.bill_number),
            landed: true,
        });
        if fault == Some(Fault::LoseCallback) {
            continue;
        }
        let nonce = world.identifiers.text("resource nonce", 12);
        let plain = record(config, &bill).to_string();
        let ciphertext = v3.keys.encrypt(&nonce, "mch_payment", &plain);
        let body = json!({
            "id": waiting.id,
            "create_time": bill.updated_at.to_rfc3339(),
            "resource_type": "encrypt-resource",
            "event_type": "MCHTRANSFER.BILL.FINISHED",
            "summary": "商家转账单据终态通知",
            "resource": {
                "original_type": "mch_payment", "algorithm": "AEAD_AES_256_GCM",
                "ciphertext": ciphertext.unwrap_or_default(),
                "associated_data": "mch_payment", "nonce": nonce,
            },
        })
        .to_string()
        .into_bytes();
        let serial = if v3.setup.signs_by_certificate {
            &v3.setup.certificate.serial
        } else {
            &v3.setup.wechat_public_key_id
        };
        let flaw = fault.as_ref().map_or_else(Flaw::default, Fault::flaw);
        let nonce = hex::encode(world.identifiers.bytes("notice nonce"));
        let headers = v3.keys.sign(serial, &body, &nonce, flaw, now);
        let mut request = Request::new(body);
        *request.method_mut() = Method::POST;
        *request.uri_mut() = url.parse::<Uri>().unwrap_or_default();
        request.headers_mut().extend(headers);
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(CONTENT_TYPE, json.clone());
        request.headers_mut().insert(ACCEPT, json);
        let notice = Notice {
            request,
            bill_number: bill.bill_number.clone(),
            attempt: waiting.attempt,
            id: waiting.id,
            transfer: waiting.transfer,
        };
        if fault == Some(Fault::DuplicateCallbacks) {
            notices.push(notice.clone());
        }
        notices.push(notice);
    }
    notices
}
