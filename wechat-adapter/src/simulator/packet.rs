//! Red packets from landing to the last coin: states, timers and the money they move.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::calendar::{beijing_date, later};
use super::error::SimulatorError;
use super::ledger::{BillRecord, Book};
use super::people::People;
use super::view::{MessageContent, PacketState, PacketView};

/// An unopened packet goes back after this time.
const CLAIM_TIME: TimeDelta = TimeDelta::hours(24);
/// A refund is under way for this time.
const REFUND_TIME: TimeDelta = TimeDelta::minutes(10);

/// The texts of an order; most orders share them, so they are kept once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Texts {
    pub(super) send_name: String,
    pub(super) wishing: String,
    pub(super) act_name: String,
    pub(super) remark: String,
}

/// An order that passed every check of form.
#[derive(Debug, Clone)]
pub(super) struct Order {
    pub(super) bill_number: String,
    pub(super) openid: String,
    pub(super) amount_fen: u64,
    pub(super) texts: Texts,
    /// Stands for every signed field except the nonce.
    pub(super) digest: [u8; 20],
}

/// How an accepted packet goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Course {
    /// Delivered at once.
    Sent,
    /// Delivered after this time.
    SentAfter(TimeDelta),
    /// Not delivered; the money is back after 24 hours.
    FailsAfterADay,
    /// Not delivered; the money is back at once.
    FailsAtOnce,
}

#[derive(Debug)]
pub(super) struct Packet {
    pub(super) serial: u64,
    pub(super) bill_number: String,
    pub(super) list_id: String,
    pub(super) openid: String,
    pub(super) amount_fen: u64,
    pub(super) texts: Arc<Texts>,
    pub(super) digest: [u8; 20],
    pub(super) state: PacketState,
    pub(super) landed_at: DateTime<Utc>,
    pub(super) sent_at: Option<DateTime<Utc>>,
    pub(super) received_at: Option<DateTime<Utc>>,
    pub(super) returned_at: Option<DateTime<Utc>>,
    pub(super) last_request_at: DateTime<Utc>,
    pub(super) requests: u32,
    /// Whether the packet fails instead of being delivered.
    pub(super) doomed: bool,
    due: Option<DateTime<Utc>>,
}

impl Packet {
    pub(super) fn view(&self) -> PacketView {
        PacketView {
            bill_number: self.bill_number.clone(),
            openid: self.openid.clone(),
            amount_fen: self.amount_fen,
            state: self.state,
            send_name: self.texts.send_name.clone(),
            wishing: self.texts.wishing.clone(),
            sent_at: self.sent_at,
            opened_at: self.received_at,
        }
    }

    pub(super) fn record(&self) -> BillRecord {
        BillRecord {
            serial: self.serial,
            openid: self.openid.clone(),
            amount_fen: self.amount_fen,
            state: self.state,
            act_name: self.texts.act_name.clone(),
            remark: self.texts.remark.clone(),
            landed_at: self.landed_at,
            received_at: self.received_at,
            returned_at: self.returned_at,
            requests: self.requests,
        }
    }
}

/// Every packet that ever landed, with the timers that move it.
#[derive(Debug, Default)]
pub(super) struct Packets {
    by_serial: Vec<Packet>,
    by_number: BTreeMap<String, u64>,
    timers: BTreeSet<(DateTime<Utc>, u64)>,
    texts: BTreeSet<Arc<Texts>>,
}

impl Packets {
    pub(super) fn get(&self, bill_number: &str) -> Option<&Packet> {
        self.at(*self.by_number.get(bill_number)?)
    }

    pub(super) fn get_mut(&mut self, bill_number: &str) -> Option<&mut Packet> {
        let serial = *self.by_number.get(bill_number)?;
        self.by_serial.get_mut(usize::try_from(serial).ok()?)
    }

    pub(super) fn at(&self, serial: u64) -> Option<&Packet> {
        self.by_serial.get(usize::try_from(serial).ok()?)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Packet> {
        self.by_serial.iter()
    }

    /// Accepts `order` and reserves its money; `None`, and nothing changed, when the balance is too small.
    pub(super) fn land(
        &mut self,
        order: Order,
        course: Course,
        book: &mut Book,
        people: &mut People,
        now: DateTime<Utc>,
    ) -> Option<&Packet> {
        let serial = u64::try_from(self.by_serial.len()).ok()?;
        if !book.reserve(order.amount_fen, serial, now) {
            return None;
        }
        if let Some(person) = people.get_mut(&order.openid) {
            person.count_packet(serial, beijing_date(now));
        }
        let texts = self.intern(order.texts);
        let due = match course {
            Course::Sent | Course::FailsAtOnce => now,
            Course::SentAfter(time) => later(now, time),
            Course::FailsAfterADay => later(now, CLAIM_TIME),
        };
        self.by_number.insert(order.bill_number.clone(), serial);
        self.by_serial.push(Packet {
            serial,
            list_id: format!("100004{serial:022}"),
            bill_number: order.bill_number,
            openid: order.openid,
            amount_fen: order.amount_fen,
            texts,
            digest: order.digest,
            state: PacketState::Sending,
            landed_at: now,
            sent_at: None,
            received_at: None,
            returned_at: None,
            last_request_at: now,
            requests: 1,
            doomed: matches!(course, Course::FailsAfterADay | Course::FailsAtOnce),
            due: Some(due),
        });
        self.timers.insert((due, serial));
        if due <= now {
            self.timers.remove(&(due, serial));
            self.fire(serial, due, book, people);
        }
        self.at(serial)
    }

    fn intern(&mut self, texts: Texts) -> Arc<Texts> {
        if let Some(known) = self.texts.get(&texts) {
            return Arc::clone(known);
        }
        let texts = Arc::new(texts);
        self.texts.insert(Arc::clone(&texts));
        texts
    }

    /// Lets every timer fire that is due at `now`, in order of time.
    pub(super) fn settle(&mut self, book: &mut Book, people: &mut People, now: DateTime<Utc>) {
        while let Some(&(due, serial)) = self.timers.first() {
            if due > now {
                break;
            }
            self.timers.pop_first();
            self.fire(serial, due, book, people);
        }
    }

    fn fire(&mut self, serial: u64, at: DateTime<Utc>, book: &mut Book, people: &mut People) {
        let Some(packet) = usize::try_from(serial)
            .ok()
            .and_then(|index| self.by_serial.get_mut(index))
        else {
            return;
        };
        packet.due = match packet.state {
            PacketState::Sending if packet.doomed => {
                packet.state = PacketState::Failed;
                packet.returned_at = Some(at);
                book.give_back(packet.amount_fen, serial, at);
                None
            }
            PacketState::Sending => {
                packet.state = PacketState::Sent;
                packet.sent_at = Some(at);
                if let Some(person) = people.get_mut(&packet.openid) {
                    person.hear(announcement(packet), at);
                }
                Some(later(at, CLAIM_TIME))
            }
            PacketState::Sent => {
                packet.state = PacketState::Refunding;
                Some(later(at, REFUND_TIME))
            }
            PacketState::Refunding => {
                packet.state = PacketState::Refunded;
                packet.returned_at = Some(at);
                book.give_back(packet.amount_fen, serial, at);
                None
            }
            PacketState::Received | PacketState::Failed | PacketState::Refunded => None,
        };
        if let Some(due) = packet.due {
            self.timers.insert((due, serial));
        }
    }

    /// The person takes the money out of the packet.
    pub(super) fn open(
        &mut self,
        openid: &str,
        bill_number: &str,
        book: &mut Book,
        now: DateTime<Utc>,
    ) -> Result<PacketView, SimulatorError> {
        let Some(packet) = self.get_mut(bill_number) else {
            return Err(SimulatorError::UnknownPacket {
                bill_number: bill_number.to_owned(),
            });
        };
        if packet.openid != openid {
            return Err(SimulatorError::PacketOfAnotherPerson {
                bill_number: bill_number.to_owned(),
                openid: openid.to_owned(),
            });
        }
        if packet.state != PacketState::Sent {
            return Err(SimulatorError::PacketNotOpenable {
                bill_number: bill_number.to_owned(),
                state: packet.state,
            });
        }
        packet.state = PacketState::Received;
        packet.received_at = Some(now);
        book.receive(packet.amount_fen, packet.serial, now);
        let view = packet.view();
        let timer = packet.due.take().map(|due| (due, packet.serial));
        if let Some(timer) = timer {
            self.timers.remove(&timer);
        }
        Ok(view)
    }
}

fn announcement(packet: &Packet) -> MessageContent {
    MessageContent::RedPacket {
        bill_number: packet.bill_number.clone(),
        send_name: packet.texts.send_name.clone(),
        wishing: packet.texts.wishing.clone(),
    }
}
