//! Transfers from creation to the person's pocket or back: states, timers and the money they move.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::calendar::{later, rfc3339, rfc3339_option};
use super::error::SimulatorError;
use super::ledger::Book;

/// The person has this long to confirm.
const CONFIRM_TIME: TimeDelta = TimeDelta::hours(24);
/// Closing lags behind, as it does in practice: a bill may wait on though the page says it expired.
const CLOSING_LAG: TimeDelta = TimeDelta::minutes(51);
/// A confirmed transfer takes this long.
const TRANSFER_TIME: TimeDelta = TimeDelta::seconds(2);
/// A withdrawal takes this long.
const CANCEL_TIME: TimeDelta = TimeDelta::seconds(30);
/// Serial numbers of transfers in the ledger begin here, so that they never meet those of packets.
const FIRST_SERIAL: u64 = 1 << 62;

/// Where a transfer is; the serialised names are those of the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[non_exhaustive]
pub enum TransferStage {
    /// Locking the money takes its time.
    #[serde(rename = "PROCESSING")]
    Processing,
    /// The person has to confirm.
    #[serde(rename = "WAIT_USER_CONFIRM")]
    WaitUserConfirm,
    /// Confirmed, under way.
    #[serde(rename = "TRANSFERING")]
    Transferring,
    /// The person has the money. Final.
    #[serde(rename = "SUCCESS")]
    Success,
    /// The merchant has the money back. Final.
    #[serde(rename = "FAIL")]
    Failed,
    /// Being withdrawn.
    #[serde(rename = "CANCELING")]
    Cancelling,
    /// Withdrawn. Final.
    #[serde(rename = "CANCELLED")]
    Cancelled,
}

impl TransferStage {
    /// The name on the wire.
    #[must_use]
    pub const fn as_wire(self) -> &'static str {
        match self {
            Self::Processing => "PROCESSING",
            Self::WaitUserConfirm => "WAIT_USER_CONFIRM",
            Self::Transferring => "TRANSFERING",
            Self::Success => "SUCCESS",
            Self::Failed => "FAIL",
            Self::Cancelling => "CANCELING",
            Self::Cancelled => "CANCELLED",
        }
    }

    /// Whether the stage never changes again.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Success | Self::Failed | Self::Cancelled)
    }
}

/// One transfer as the host and the ledger see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TransferBill {
    /// The merchant's number.
    pub bill_number: String,
    /// WeChat's number.
    pub transfer_number: String,
    /// Who is paid.
    pub openid: String,
    /// The amount in fen.
    pub amount_fen: u64,
    /// What the person reads.
    pub remark: String,
    /// Where it is.
    pub stage: TransferStage,
    /// Why it failed.
    pub fail_reason: Option<String>,
    /// What opens the confirm page.
    pub package_info: String,
    /// When it was created.
    #[serde(serialize_with = "rfc3339")]
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    #[serde(serialize_with = "rfc3339")]
    pub updated_at: DateTime<Utc>,
    /// When the person had the money.
    #[serde(serialize_with = "rfc3339_option")]
    pub received_at: Option<DateTime<Utc>>,
    /// How many requests named this number and agreed with the first, the first included.
    pub requests: u32,
    /// Where the end is notified to.
    pub notify_url: Option<String>,
    #[serde(skip)]
    serial: u64,
    /// Whether its end is notified under the certificate.
    #[serde(skip)]
    pub(super) by_certificate: bool,
    /// Every field of the request, canonical.
    #[serde(skip)]
    pub(super) parameters: String,
    /// What happens once the person confirms, if not success.
    #[serde(skip)]
    doom: Option<String>,
    #[serde(skip)]
    due: Option<DateTime<Utc>>,
}

/// A request for a transfer that passed every check of form.
#[derive(Debug)]
pub(super) struct NewTransfer {
    pub(super) bill_number: String,
    pub(super) openid: String,
    pub(super) amount_fen: u64,
    pub(super) remark: String,
    pub(super) notify_url: Option<String>,
    pub(super) parameters: String,
    pub(super) package_info: String,
    pub(super) by_certificate: bool,
    /// How long it stays in `PROCESSING`.
    pub(super) processing: Option<TimeDelta>,
    /// Why it will fail once it is confirmed.
    pub(super) doom: Option<String>,
}

/// Every transfer there is, with the timers that move it.
#[derive(Debug, Default)]
pub(super) struct Transfers {
    bills: Vec<TransferBill>,
    by_number: BTreeMap<String, usize>,
    by_person: BTreeMap<String, Vec<usize>>,
    by_package: BTreeMap<String, usize>,
    timers: BTreeSet<(DateTime<Utc>, usize)>,
    /// Transfers that ended and whose end nobody was told yet.
    ended: Vec<usize>,
}

impl Transfers {
    pub(super) fn get(&self, bill_number: &str) -> Option<&TransferBill> {
        self.at(*self.by_number.get(bill_number)?)
    }

    pub(super) fn get_mut(&mut self, bill_number: &str) -> Option<&mut TransferBill> {
        let index = *self.by_number.get(bill_number)?;
        self.bills.get_mut(index)
    }

    pub(super) fn at(&self, index: usize) -> Option<&TransferBill> {
        self.bills.get(index)
    }

    pub(super) fn by_transfer_number(&self, number: &str) -> Option<&TransferBill> {
        self.bills
            .iter()
            .find(|bill| bill.transfer_number == number)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &TransferBill> {
        self.bills.iter()
    }

    /// The transfers to a person, oldest first.
    pub(super) fn to_person(&self, openid: &str) -> impl Iterator<Item = &TransferBill> {
        let theirs = self.by_person.get(openid).into_iter().flatten();
        theirs.filter_map(|&index| self.at(index))
    }

    /// The bill of a serial number of the ledger.
    pub(super) fn of_serial(&self, serial: u64) -> Option<&TransferBill> {
        self.at(usize::try_from(serial.checked_sub(FIRST_SERIAL)?).ok()?)
    }

    /// Transfers that ended since the last call.
    pub(super) fn take_ended(&mut self) -> Vec<usize> {
        std::mem::take(&mut self.ended)
    }

    /// Creates a transfer and locks its money; false, and nothing changed, when the balance is too small.
    pub(super) fn create(&mut self, new: NewTransfer, book: &mut Book, now: DateTime<Utc>) -> bool {
        let index = self.bills.len();
        let serial = FIRST_SERIAL.saturating_add(u64::try_from(index).unwrap_or(0));
        if !book.reserve(new.amount_fen, serial, now) {
            return false;
        }
        let (stage, due) = match new.processing {
            Some(time) => (TransferStage::Processing, later(now, time)),
            None => (TransferStage::WaitUserConfirm, closing(now)),
        };
        self.by_number.insert(new.bill_number.clone(), index);
        self.by_package.insert(new.package_info.clone(), index);
        let theirs = self.by_person.entry(new.openid.clone()).or_default();
        theirs.push(index);
        self.timers.insert((due, index));
        self.bills.push(TransferBill {
            transfer_number: format!("133000007110099999118202{index:017}"),
            bill_number: new.bill_number,
            openid: new.openid,
            amount_fen: new.amount_fen,
            remark: new.remark,
            stage,
            fail_reason: None,
            package_info: new.package_info,
            created_at: now,
            updated_at: now,
            received_at: None,
            requests: 1,
            notify_url: new.notify_url,
            serial,
            by_certificate: new.by_certificate,
            parameters: new.parameters,
            doom: new.doom,
            due: Some(due),
        });
        true
    }

    /// Lets every timer fire that is due at `now`, in order of time.
    pub(super) fn settle(&mut self, book: &mut Book, now: DateTime<Utc>) {
        while let Some(&(due, index)) = self.timers.first() {
            if due > now {
                break;
            }
            self.timers.pop_first();
            self.fire(index, due, book);
        }
    }

    fn fire(&mut self, index: usize, at: DateTime<Utc>, book: &mut Book) {
        let Some(bill) = self.bills.get_mut(index) else {
            return;
        };
        bill.due = None;
        match bill.stage {
            TransferStage::Processing => {
                bill.stage = TransferStage::WaitUserConfirm;
                bill.due = Some(closing(at));
            }
            TransferStage::WaitUserConfirm => {
                bill.stage = TransferStage::Failed;
                bill.fail_reason = Some("OVERDUE_CLOSE".to_owned());
                book.give_back(bill.amount_fen, bill.serial, at);
            }
            TransferStage::Transferring => match bill.doom.take() {
                Some(reason) => {
                    bill.stage = TransferStage::Failed;
                    bill.fail_reason = Some(reason);
                    book.give_back(bill.amount_fen, bill.serial, at);
                }
                None => {
                    bill.stage = TransferStage::Success;
                    bill.received_at = Some(at);
                    book.receive(bill.amount_fen, bill.serial, at);
                }
            },
            TransferStage::Cancelling => {
                bill.stage = TransferStage::Cancelled;
                book.give_back(bill.amount_fen, bill.serial, at);
            }
            TransferStage::Success | TransferStage::Failed | TransferStage::Cancelled => return,
        }
        bill.updated_at = at;
        if let Some(due) = bill.due {
            self.timers.insert((due, index));
        }
        if bill.stage.is_final() {
            self.ended.push(index);
        }
    }

    /// Moves a waiting transfer on, when the person confirms or the merchant withdraws.
    fn leave_waiting(&mut self, bill_number: &str, stage: TransferStage, now: DateTime<Utc>) {
        let Some(&index) = self.by_number.get(bill_number) else {
            return;
        };
        let Some(bill) = self.bills.get_mut(index) else {
            return;
        };
        if let Some(due) = bill.due.take() {
            self.timers.remove(&(due, index));
        }
        let time = if stage == TransferStage::Cancelling {
            CANCEL_TIME
        } else {
            TRANSFER_TIME
        };
        bill.stage = stage;
        bill.updated_at = now;
        let due = later(now, time);
        bill.due = Some(due);
        self.timers.insert((due, index));
    }

    /// The merchant withdraws a transfer; false when it is too late.
    pub(super) fn cancel(&mut self, bill_number: &str, now: DateTime<Utc>) -> bool {
        match self.get(bill_number).map(|bill| bill.stage) {
            Some(TransferStage::Processing | TransferStage::WaitUserConfirm) => {
                self.leave_waiting(bill_number, TransferStage::Cancelling, now);
                true
            }
            Some(TransferStage::Cancelling | TransferStage::Cancelled) => true,
            Some(TransferStage::Transferring | TransferStage::Success | TransferStage::Failed)
            | None => false,
        }
    }

    /// The person presses confirm on the page that `package_info` opened.
    pub(super) fn confirm(
        &mut self,
        openid: &str,
        package_info: &str,
        now: DateTime<Utc>,
    ) -> Result<TransferBill, SimulatorError> {
        let found = self.by_package.get(package_info);
        let bill = found.and_then(|&index| self.at(index));
        let bill = bill.ok_or(SimulatorError::UnknownPackage)?;
        let bill_number = bill.bill_number.clone();
        if bill.openid != openid {
            return Err(SimulatorError::PacketOfAnotherPerson {
                bill_number,
                openid: openid.to_owned(),
            });
        }
        let in_time = now < later(bill.created_at, CONFIRM_TIME);
        if bill.stage != TransferStage::WaitUserConfirm || !in_time {
            return Err(SimulatorError::TransferNotConfirmable {
                bill_number,
                stage: bill.stage,
            });
        }
        self.leave_waiting(&bill_number, TransferStage::Transferring, now);
        self.get(&bill_number)
            .cloned()
            .ok_or(SimulatorError::UnknownPackage)
    }
}

fn closing(from: DateTime<Utc>) -> DateTime<Utc> {
    later(later(from, CONFIRM_TIME), CLOSING_LAG)
}
