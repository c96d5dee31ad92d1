//! One attempt to pay one award, as a pure and total state machine.
//!
//! [`Payout::step`] takes what happened and returns the next value, what to do and what to book.
//! It does no I/O and reads neither clock nor generator: instant and jitter are arguments.
//! The table itself is on [`Payout`].
//! The store keeps the value, a worker drives it, an adapter translates a rail's codes into [`Event`]s.

mod ending;
mod event;
mod outcome;
mod policy;
mod querying;
mod schedule;
mod sending;
mod state;
mod step;

use chrono::{DateTime, Utc};

pub use self::{
    event::{Authority, BillFinding, Event, Permit, QueryClass, ReplyClass, Resolution},
    outcome::{Command, PageReason, Refused, Transition},
    policy::{Jitter, PayoutPolicy},
    schedule::NextStep,
    state::{
        DeadReason, DeferReason, EvidenceId, HeldMoney, HoldReason, OperatorId, PayoutState,
        PersonRefusal, RailFault, RefusedReason, Unknown, WorkerId,
    },
};
use crate::{Account, Fen, LedgerError, LedgerTransfer};

/// One attempt to pay one award: one number at the rail, one amount, for ever.
///
/// The number itself is the store's; it is a function of the award and [`Payout::attempt`].
///
/// ```
/// use chrono::{DateTime, TimeDelta, Utc};
/// use reward_core::{
///     ChannelProfile, Command, Event, Fen, Jitter, Payout, PayoutPolicy, Permit, ReplyClass, WorkerId,
/// };
///
/// let now: DateTime<Utc> = "2020-05-06T00:00:00Z".parse()?;
/// let (channel, policy) = (ChannelProfile::red_packet_default(), PayoutPolicy::PUBLISHED);
/// let (payout, _award) = Payout::reserve(Fen::new(1_428), now)?;
///
/// let worker = WorkerId::new(1);
/// let due = Event::Due { worker, permit: Permit::Granted };
/// let sending = payout.step(due, now, &channel, &policy, Jitter::NONE)?;
/// assert_eq!(sending.commands, [Command::Send]);
///
/// // The answer is lost: nobody knows whether the money left, so the next step is a query.
/// let reply = Event::Reply {
///     worker,
///     version: sending.next.version(),
///     class: ReplyClass::NoDefiniteResult,
/// };
/// let unknown = sending.next.step(reply, now + TimeDelta::seconds(10), &channel, &policy, Jitter::NONE)?;
/// assert_eq!(unknown.row, 4);
/// assert_eq!(unknown.next.state().name(), "unknown");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # The table
///
/// Anything not listed is refused with [`Refused`] and changes nothing.
///
/// | row | from | event | to |
/// |---|---|---|---|
/// | 1 | reserved, deferred | due: rail not paused, tokens taken, no quiet hour, number younger than 20 h | in flight, lease 30 s; send after the commit |
/// | 2 | in flight | accepted, echo equal | sent; queries after 20 s, 2 min, 20 min, 1 h, 6 h, 24 h 10 min, 26 h, hourly to 72 h, then daily |
/// | 3 | in flight | accepted, echo differs | held; page |
/// | 4 | in flight | no definite result, unknown code | unknown; query after the back-off (an unknown code also pages) |
/// | 5 | in flight | processing | unknown; query after 20 min |
/// | 6 | in flight | too fast | deferred for 1 to 2 min; slow down |
/// | 7 | in flight | day limit of the person or the merchant | deferred to the next 00:05 and jitter |
/// | 8 | in flight | rail broken | deferred; pause the rail for everybody; page |
/// | 9 | in flight | refused for the person | unknown and refused; query after 15 min |
/// | 10 | in flight | parameters differ | held; page |
/// | 11 | in flight | lease expired | unknown; query first, never send first |
/// | 12 | unknown, sent, refunding, deferred | query: received | received |
/// | 13 | the same | query: refunded | refunded |
/// | 14 | the same | query: refunding | refunding; query after 30 min |
/// | 15 | the same | query: awaiting the recipient | sent; a refunding one stays, since the answer is the older picture |
/// | 16 | unknown | query: processing | unknown; query after 5 min, doubling to 1 h |
/// | 17 | unknown, sent | query: failed | dead |
/// | 18 | unknown, not refused | query: not found, issued 3 min or more after the last sending, number younger than 20 h | deferred: the same number again |
/// | 19 | unknown, refused | query: not found, issued after the quarantine; the third such answer, 15 min apart | dead |
/// | 20 | any that has not ended | query failed | the same; query after the back-off |
/// | 21 | unknown, deferred | number 20 h old | unknown, never sent again; page if it was not refused |
/// | 22 | any that has not ended | 25 days old | held; page |
/// | 23 | dead, refunded | new attempt: policy or two operators, city open, at most 3 attempts | a new attempt, reserved, under a new number |
/// | 24 | held | two operators with evidence | deferred, unknown, dead, received or refunded |
/// | 25 | ended | the bill contradicts | the same; money to suspense, incident, page |
/// | 26 | ended | anything else | the same; counted as a duplicate |
/// | 27 | any that has not ended, but in flight | an operator stops it | held |
///
/// Readings where the table is silent:
///
/// - Age counts from the first sending; a payout never sent ages only for row 22, from its reservation.
/// - A "not found" that rows 18 and 19 do not count, and an answer that is not listed while a query is scheduled,
///   proves nothing: it is treated as a failed query (row 20).
/// - A deferred number that grew too old had been refused, not lost, unless row 18 or an operator deferred it;
///   row 21 keeps that refusal, so that row 19 can end it and row 23 can pay the person under a new number.
/// - Row 23 books from left back to reserved; the award stays counted against its day and city all the time.
/// - A second payment found after row 23 is money beyond the award: suspense goes below zero by it.
///
/// # Sources
///
/// The rail's answers, limits and ages are those of WeChat Pay's pages on cash red packets and on merchant transfers.
/// Two rules carry the safety: an award's number changes only after proof that the old one never pays,
/// and a "not found" is proof only after every packet that could still arrive has arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Payout {
    attempt: u8,
    amount: Fen,
    version: u64,
    reserved_at: DateTime<Utc>,
    first_sent_at: Option<DateTime<Utc>>,
    last_sent_at: Option<DateTime<Utc>>,
    sendings: u32,
    failed_queries: u32,
    standing: Standing,
    #[cfg_attr(feature = "serde", serde(flatten))]
    state: PayoutState,
}

/// What happened to the money of an attempt besides its own course.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "kebab-case")
)]
enum Standing {
    /// Nothing: the state says where the money is.
    Own,
    /// A newer attempt carries it.
    Renewed,
    /// The bill contradicted, and it waits in suspense.
    Disputed,
    /// A newer attempt carries it, and the bill says that this one paid as well.
    PaidTwice,
}

impl Payout {
    /// Makes the first attempt of an award, with the transfer that takes its amount out of the pool.
    ///
    /// # Errors
    ///
    /// [`LedgerError::NothingToMove`] for zero fen, [`LedgerError::TooLarge`] beyond what the books can count.
    pub fn reserve(amount: Fen, now: DateTime<Utc>) -> Result<(Self, LedgerTransfer), LedgerError> {
        let award = LedgerTransfer::new(Account::Pool, Account::Reserved, amount)?;
        Ok((Self::attempt_of(1, amount, now), award))
    }

    const fn attempt_of(attempt: u8, amount: Fen, now: DateTime<Utc>) -> Self {
        Self {
            attempt,
            amount,
            version: 0,
            reserved_at: now,
            first_sent_at: None,
            last_sent_at: None,
            sendings: 0,
            failed_queries: 0,
            standing: Standing::Own,
            state: PayoutState::Reserved,
        }
    }

    /// Returns which attempt of the award this is, from 1.
    #[must_use]
    pub const fn attempt(&self) -> u8 {
        self.attempt
    }

    /// Returns the amount; it never changes.
    #[must_use]
    pub const fn amount(&self) -> Fen {
        self.amount
    }

    /// Returns the number of changes so far.
    ///
    /// A store updates `WHERE version = seen`, and a reply names the version under which it was sent.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// Returns when this attempt was reserved.
    #[must_use]
    pub const fn reserved_at(&self) -> DateTime<Utc> {
        self.reserved_at
    }

    /// Returns when the number was first sent, if it was.
    #[must_use]
    pub const fn first_sent_at(&self) -> Option<DateTime<Utc>> {
        self.first_sent_at
    }

    /// Returns when the number was last sent, if it was.
    #[must_use]
    pub const fn last_sent_at(&self) -> Option<DateTime<Utc>> {
        self.last_sent_at
    }

    /// Returns how often the number was sent.
    #[must_use]
    pub const fn sendings(&self) -> u32 {
        self.sendings
    }

    /// Returns where it stands.
    #[must_use]
    pub const fn state(&self) -> &PayoutState {
        &self.state
    }

    /// Returns whether a newer attempt of the same award exists (row 23).
    #[must_use]
    pub const fn is_renewed(&self) -> bool {
        matches!(self.standing, Standing::Renewed | Standing::PaidTwice)
    }

    /// Returns whether the rail's bill contradicted this attempt (row 25).
    #[must_use]
    pub const fn is_in_dispute(&self) -> bool {
        matches!(self.standing, Standing::Disputed | Standing::PaidTwice)
    }

    /// Returns what this attempt holds of an account, in fen: the image of all its transfers.
    ///
    /// Over all attempts of all awards, plus what was never awarded, these are the balances of the city.
    #[must_use]
    pub fn position_fen(&self, account: Account) -> i128 {
        let amount_fen = i128::from(self.amount.get());
        let holds = match self.standing {
            Standing::Own => account == self.state.account(),
            Standing::Renewed => false,
            Standing::Disputed => account == Account::Suspense,
            Standing::PaidTwice => match account {
                Account::Suspense => return amount_fen.saturating_neg(),
                Account::Received => true,
                Account::Pool | Account::Reserved | Account::Sent | Account::Left => false,
            },
        };
        if holds { amount_fen } else { 0 }
    }
}
