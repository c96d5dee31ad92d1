//! The simulator's own double-entry record of who was really paid.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::calendar::{rfc3339, rfc3339_option};
use super::transfer_bill::{TransferBill, TransferStage};
use super::view::PacketState;

/// Where money can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Account {
    /// The bank the merchant tops up from.
    Bank,
    /// The merchant's balance.
    Merchant,
    /// Packets accepted and neither opened nor returned.
    InFlight,
    /// The people who opened their packets.
    People,
}

/// One movement of money: `fen` leaves `from` and arrives at `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Posting {
    /// When it happened.
    #[serde(serialize_with = "rfc3339")]
    pub at: DateTime<Utc>,
    /// The account that is credited.
    pub from: Account,
    /// The account that is debited.
    pub to: Account,
    /// How much, in fen.
    pub fen: u64,
    /// The serial number of the packet, [`BillRecord::serial`]; `None` for a top-up.
    pub packet: Option<u64>,
}

/// What became of one bill number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct BillRecord {
    /// The order of landing, from 0.
    pub serial: u64,
    /// Who the packet was sent to.
    pub openid: String,
    /// The amount in fen.
    pub amount_fen: u64,
    /// Where it is.
    pub state: PacketState,
    /// The activity it was sent for.
    pub act_name: String,
    /// The merchant's remark.
    pub remark: String,
    /// When the order was first accepted.
    #[serde(serialize_with = "rfc3339")]
    pub landed_at: DateTime<Utc>,
    /// When the person opened it.
    #[serde(serialize_with = "rfc3339_option")]
    pub received_at: Option<DateTime<Utc>>,
    /// When the money was back at the merchant, after a failure or a refund.
    #[serde(serialize_with = "rfc3339_option")]
    pub returned_at: Option<DateTime<Utc>>,
    /// How many requests named this number and agreed with the first, the first included.
    pub requests: u32,
}

/// Sums over the whole record, in fen; each is counted apart from the application under test.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LedgerTotals {
    /// Everything that was ever put in, the first balance included.
    pub funded_fen: u64,
    /// What the merchant has now.
    pub balance_fen: u64,
    /// Everything ever accepted for sending.
    pub sent_fen: u64,
    /// Accepted, neither opened nor returned.
    pub in_flight_fen: u64,
    /// Opened by people.
    pub received_fen: u64,
    /// Returned to the merchant after a failure or a refund.
    pub returned_fen: u64,
    /// How many packets were accepted.
    pub packets: u64,
}

/// The whole independent record at one instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct OracleLedger {
    /// The sums.
    pub totals: LedgerTotals,
    /// What became of every number that landed.
    pub bills: BTreeMap<String, BillRecord>,
    /// What became of every transfer.
    pub transfers: BTreeMap<String, TransferBill>,
    /// Every movement in order.
    pub postings: Vec<Posting>,
}

impl OracleLedger {
    /// Whether postings, bills and sums tell the same story; linear in postings and bills.
    #[must_use]
    pub fn is_balanced(&self) -> bool {
        self.sums_of_postings() == Some(self.totals) && self.sums_of_bills()
    }

    fn sums_of_postings(&self) -> Option<LedgerTotals> {
        let mut sums = LedgerTotals::default();
        for posting in &self.postings {
            let fen = posting.fen;
            match (posting.from, posting.to) {
                (Account::Bank, Account::Merchant) => {
                    sums.funded_fen = sums.funded_fen.checked_add(fen)?;
                    sums.balance_fen = sums.balance_fen.checked_add(fen)?;
                }
                (Account::Merchant, Account::InFlight) => {
                    sums.balance_fen = sums.balance_fen.checked_sub(fen)?;
                    sums.sent_fen = sums.sent_fen.checked_add(fen)?;
                    sums.in_flight_fen = sums.in_flight_fen.checked_add(fen)?;
                    sums.packets = sums.packets.checked_add(1)?;
                }
                (Account::InFlight, Account::People) => {
                    sums.in_flight_fen = sums.in_flight_fen.checked_sub(fen)?;
                    sums.received_fen = sums.received_fen.checked_add(fen)?;
                }
                (Account::InFlight, Account::Merchant) => {
                    sums.in_flight_fen = sums.in_flight_fen.checked_sub(fen)?;
                    sums.returned_fen = sums.returned_fen.checked_add(fen)?;
                    sums.balance_fen = sums.balance_fen.checked_add(fen)?;
                }
                (
                    Account::Bank | Account::Merchant | Account::InFlight | Account::People,
                    Account::Bank | Account::Merchant | Account::InFlight | Account::People,
                ) => return None,
            }
        }
        Some(sums)
    }

    fn sums_of_bills(&self) -> bool {
        let moved = |stages: &[TransferStage]| -> u128 {
            self.transfers
                .values()
                .filter(|bill| stages.contains(&bill.stage))
                .map(|bill| u128::from(bill.amount_fen))
                .sum()
        };
        let sum = |states: &[PacketState], stages: &[TransferStage]| -> u128 {
            let packets: u128 = self
                .bills
                .values()
                .filter(|bill| states.contains(&bill.state))
                .map(|bill| u128::from(bill.amount_fen))
                .sum();
            packets.saturating_add(moved(stages))
        };
        let waiting = [
            TransferStage::Processing,
            TransferStage::WaitUserConfirm,
            TransferStage::Transferring,
            TransferStage::Cancelling,
        ];
        let ended = [TransferStage::Failed, TransferStage::Cancelled];
        let in_flight = [
            PacketState::Sending,
            PacketState::Sent,
            PacketState::Refunding,
        ];
        let returned = [PacketState::Failed, PacketState::Refunded];
        sum(&[PacketState::Received], &[TransferStage::Success])
            == u128::from(self.totals.received_fen)
            && sum(&in_flight, &waiting) == u128::from(self.totals.in_flight_fen)
            && sum(&returned, &ended) == u128::from(self.totals.returned_fen)
    }
}

/// The record while it is written.
#[derive(Debug, Default)]
pub(super) struct Book {
    postings: Vec<Posting>,
    totals: LedgerTotals,
}

impl Book {
    pub(super) const fn totals(&self) -> LedgerTotals {
        self.totals
    }

    pub(super) fn postings(&self) -> &[Posting] {
        &self.postings
    }

    /// Adds `fen` to the balance, as far as the sums can hold it.
    pub(super) fn fund(&mut self, fen: u64, at: DateTime<Utc>) {
        let fen = fen.min(u64::MAX.saturating_sub(self.totals.funded_fen));
        self.totals.funded_fen = self.totals.funded_fen.saturating_add(fen);
        self.totals.balance_fen = self.totals.balance_fen.saturating_add(fen);
        self.post(Account::Bank, Account::Merchant, fen, None, at);
    }

    /// Reserves `fen` for a packet; false, and nothing changed, when the balance is too small.
    pub(super) fn reserve(&mut self, fen: u64, packet: u64, at: DateTime<Utc>) -> bool {
        let (Some(balance), Some(sent)) = (
            self.totals.balance_fen.checked_sub(fen),
            self.totals.sent_fen.checked_add(fen),
        ) else {
            return false;
        };
        self.totals.balance_fen = balance;
        self.totals.sent_fen = sent;
        self.totals.in_flight_fen = self.totals.in_flight_fen.saturating_add(fen);
        self.totals.packets = self.totals.packets.saturating_add(1);
        self.post(Account::Merchant, Account::InFlight, fen, Some(packet), at);
        true
    }

    pub(super) fn receive(&mut self, fen: u64, packet: u64, at: DateTime<Utc>) {
        self.totals.in_flight_fen = self.totals.in_flight_fen.saturating_sub(fen);
        self.totals.received_fen = self.totals.received_fen.saturating_add(fen);
        self.post(Account::InFlight, Account::People, fen, Some(packet), at);
    }

    pub(super) fn give_back(&mut self, fen: u64, packet: u64, at: DateTime<Utc>) {
        self.totals.in_flight_fen = self.totals.in_flight_fen.saturating_sub(fen);
        self.totals.returned_fen = self.totals.returned_fen.saturating_add(fen);
        self.totals.balance_fen = self.totals.balance_fen.saturating_add(fen);
        self.post(Account::InFlight, Account::Merchant, fen, Some(packet), at);
    }

    fn post(
        &mut self,
        from: Account,
        to: Account,
        fen: u64,
        packet: Option<u64>,
        at: DateTime<Utc>,
    ) {
        self.postings.push(Posting {
            at,
            from,
            to,
            fen,
            packet,
        });
    }
}
