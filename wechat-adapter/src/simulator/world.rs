//! Everything the simulator remembers, and how it looks from outside.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::fault::{Fault, Faults, Target};
use super::identifier::Identifiers;
use super::ledger::{Book, OracleLedger};
use super::notice::Notices;
use super::oauth::Codes;
use super::official::{JsTicket, Quotas};
use super::operation::Operation;
use super::packet::{Packet, Packets};
use super::pay::Counters;
use super::people::{People, Person};
use super::push::{Callback, Incident, Push};
use super::qr_code::QrCodes;
use super::token::TokenSpace;
use super::transfer_bill::Transfers;
use super::view::PersonView;

#[derive(Debug)]
pub(super) struct World {
    pub(super) people: People,
    pub(super) packets: Packets,
    pub(super) transfers: Transfers,
    pub(super) notices: Notices,
    pub(super) book: Book,
    pub(super) counters: Counters,
    pub(super) identifiers: Identifiers,
    pub(super) stable_tokens: TokenSpace,
    pub(super) tokens: TokenSpace,
    pub(super) js_ticket: Option<JsTicket>,
    pub(super) quotas: Quotas,
    pub(super) codes: Codes,
    pub(super) qr_codes: QrCodes,
    pub(super) faults: Faults,
    pub(super) calls: BTreeMap<Operation, u64>,
    /// The latest instant the host has told.
    pub(super) latest: DateTime<Utc>,
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
            book,
            counters: Counters::default(),
            identifiers: Identifiers::new(seed),
            stable_tokens: TokenSpace::default(),
            tokens: TokenSpace::default(),
            js_ticket: None,
            quotas: Quotas::default(),
            codes: Codes::default(),
            qr_codes: QrCodes::new(qr_base),
            faults: Faults::new(seed),
            calls: BTreeMap::new(),
            latest,
        }
    }

    /// Does what was due by `now`: deliveries, refunds, and forgetting.
    pub(super) fn settle(&mut self, now: DateTime<Utc>) {
        self.latest = self.latest.max(now);
        self.packets.settle(&mut self.book, &mut self.people, now);
        self.transfers.settle(&mut self.book, now);
        self.codes.forget(now);
        self.qr_codes.forget(now);
    }

    pub(super) fn count(&mut self, operation: Operation) {
        let calls = self.calls.entry(operation).or_default();
        *calls = calls.saturating_add(1);
    }

    /// The pushes that tell of `incident`: one, or none or two by a fault.
    pub(super) fn pushes(
        &mut self,
        callback: &Callback,
        openid: &str,
        incident: Incident<'_>,
        now: DateTime<Utc>,
    ) -> Vec<Push> {
        self.count(Operation::Callback);
        let fault = self.faults.draw(Target {
            operation: Operation::Callback,
            openid: Some(openid),
            bill_number: None,
            landed: false,
        });
        if fault == Some(Fault::LoseCallback) {
            return Vec::new();
        }
        let forged = fault == Some(Fault::WrongCallbackSignature);
        let push = callback.push(openid, incident, forged, &mut self.identifiers, now);
        if fault == Some(Fault::DuplicateCallbacks) {
            return vec![push.clone(), push];
        }
        vec![push]
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
