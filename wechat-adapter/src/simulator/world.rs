//! Everything the simulator remembers, and how it looks from outside.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::calendar::later;
use super::diagnostics::{Quotas, Refusals};
use super::fault::{Fault, Faults, Target};
use super::identifier::Identifiers;
use super::ledger::{Book, OracleLedger};
use super::notice::Notices;
use super::oauth::{Codes, Grants};
use super::official::JsTicket;
use super::official_messages::Sent;
use super::operation::Operation;
use super::outbox::Outbox;
use super::packet::{Packet, Packets};
use super::pay::Counters;
use super::people::{People, Person};
use super::push::{Callback, Push, Sealing};
use super::push_message::Incident;
use super::qr_code::QrCodes;
use super::token::TokenSpace;
use super::transfer_bill::Transfers;
use super::view::PersonView;

/// A push that a fault holds back goes out after this long when none overtakes it.
const HELD_BACK: TimeDelta = TimeDelta::seconds(10);

#[derive(Debug)]
pub(super) struct World {
    pub(super) people: People,
    pub(super) packets: Packets,
    pub(super) transfers: Transfers,
    pub(super) notices: Notices,
    /// What the callers call themselves that have downloaded certificates.
    pub(super) certificate_holders: BTreeSet<String>,
    pub(super) book: Book,
    pub(super) counters: Counters,
    pub(super) identifiers: Identifiers,
    pub(super) stable_tokens: TokenSpace,
    pub(super) tokens: TokenSpace,
    pub(super) js_ticket: Option<JsTicket>,
    pub(super) quotas: Quotas,
    pub(super) refusals: Refusals,
    pub(super) menu: Option<Value>,
    pub(super) sent: Sent,
    pub(super) outbox: Outbox,
    pub(super) codes: Codes,
    pub(super) grants: Grants,
    pub(super) qr_codes: QrCodes,
    pub(super) faults: Faults,
    pub(super) calls: BTreeMap<Operation, u64>,
    /// The latest instant the host has told.
    pub(super) latest: DateTime<Utc>,
    /// How far the clock of whoever calls is ahead of this world's.
    pub(super) callers_ahead: TimeDelta,
}

impl World {
    pub(super) fn new(seed: u64, balance_fen: u64, qr_base: String) -> Self {
        let latest = DateTime::UNIX_EPOCH;
        let mut book = Book::default();
        book.fund(balance_fen, latest);
        Self {
            people: People::default(),
            packets: Packets::default(),
            transfers: Transfers::default(),
            notices: Notices::default(),
            certificate_holders: BTreeSet::new(),
            book,
            counters: Counters::default(),
            identifiers: Identifiers::new(seed),
            stable_tokens: TokenSpace::default(),
            tokens: TokenSpace::default(),
            js_ticket: None,
            quotas: Quotas::default(),
            refusals: Refusals::new(seed),
            menu: None,
            sent: Sent::default(),
            outbox: Outbox::default(),
            codes: Codes::default(),
            grants: Grants::default(),
            qr_codes: QrCodes::new(qr_base),
            faults: Faults::new(seed),
            calls: BTreeMap::new(),
            latest,
            callers_ahead: TimeDelta::zero(),
        }
    }

    /// The instant `now` on the clock of whoever calls and is called: what signatures are made and checked by.
    pub(super) fn callers_time(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        later(now, self.callers_ahead)
    }

    /// Does what was due by `now`: deliveries, refunds, and forgetting.
    pub(super) fn settle(&mut self, now: DateTime<Utc>) {
        self.latest = self.latest.max(now);
        self.packets.settle(&mut self.book, &mut self.people, now);
        self.transfers.settle(&mut self.book, now);
        self.codes.forget(now);
        self.grants.forget(now);
        self.qr_codes.forget(now);
    }

    pub(super) fn count(&mut self, operation: Operation) {
        let calls = self.calls.entry(operation).or_default();
        *calls = calls.saturating_add(1);
    }

    /// The pushes that tell of `incident`: one, and by a fault none, two, or one that was held back before.
    pub(super) fn pushes(
        &mut self,
        callback: &Callback,
        openid: &str,
        incident: Incident,
        now: DateTime<Utc>,
    ) -> Vec<Push> {
        self.count(Operation::Callback);
        let fault = self.faults.draw(Target {
            operation: Operation::Callback,
            path: None,
            openid: Some(openid),
            bill_number: None,
            landed: false,
        });
        if fault == Some(Fault::LoseCallback) {
            return Vec::new();
        }
        let sealing = Sealing {
            attempt: 1,
            forged: fault == Some(Fault::WrongCallbackSignature),
            at: self.callers_time(now),
        };
        let push = callback.push(openid, incident, sealing, &mut self.identifiers, now);
        if fault == Some(Fault::ReorderCallbacks) {
            self.outbox.hold(push, later(now, HELD_BACK));
            return Vec::new();
        }
        let mut pushes = vec![push];
        if fault == Some(Fault::DuplicateCallbacks) {
            pushes.extend(pushes.first().cloned());
        }
        pushes.extend(self.outbox.take_held());
        pushes
    }

    pub(super) fn view(&self, person: &Person) -> PersonView {
        let follow = person.follow.as_ref();
        PersonView {
            openid: person.openid.clone(),
            name: person.name.clone(),
            following: follow.is_some(),
            followed_at: follow.map(|follow| follow.at),
            follow_scene: follow.and_then(|follow| follow.scene.clone()),
            snapshot_user: person.snapshot_user,
            packets: person
                .packets
                .iter()
                .filter_map(|serial| self.packets.at(*serial))
                .map(Packet::view)
                .collect(),
            dialogue: person.dialogue.iter().cloned().collect(),
        }
    }

    pub(super) fn ledger(&self) -> OracleLedger {
        OracleLedger {
            totals: self.book.totals(),
            bills: self
                .packets
                .iter()
                .map(|packet| (packet.bill_number.clone(), packet.record()))
                .collect(),
            transfers: self
                .transfers
                .iter()
                .map(|bill| (bill.bill_number.clone(), bill.clone()))
                .collect(),
            postings: self.book.postings().to_vec(),
        }
    }
}
