//! The states of a payout and the reasons they carry.

use chrono::{DateTime, Utc};

use crate::Account;

/// Who holds the lease on a sending: one number per worker process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(transparent)
)]
pub struct WorkerId(u64);

impl WorkerId {
    /// Makes the identity of a worker; it must be unique among the workers alive.
    #[must_use]
    pub const fn new(id: u64) -> Self {
        Self(id)
    }

    /// Returns the number given.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

/// Where a payout stands, with exactly what exists there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(tag = "state", rename_all = "snake_case")
)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the states are a closed set: whoever shows or stores them must answer each"
)]
pub enum PayoutState {
    /// Decided with the award; nothing has left.
    Reserved,
    /// Written before the wire; the request may have left.
    InFlight {
        /// The worker that may send until the lease ends.
        owner: WorkerId,
        /// End of the lease; from then on the outcome is unknown.
        lease_until: DateTime<Utc>,
    },
    /// The outcome is not known; only queries may find it.
    Unknown(Unknown),
    /// Definitely not executed now; the same number goes again later.
    Deferred {
        /// Why it was not executed.
        reason: DeferReason,
        /// The earliest instant of the next sending.
        until: DateTime<Utc>,
    },
    /// Accepted by the rail, not yet taken by the person.
    Sent {
        /// Where the schedule of queries starts.
        accepted_at: DateTime<Utc>,
        /// The next query.
        query_at: DateTime<Utc>,
    },
    /// The rail is returning it.
    Refunding {
        /// The next query.
        query_at: DateTime<Utc>,
    },
    /// Only a person moves it.
    Held {
        /// Why a person must look.
        reason: HoldReason,
        /// Where the money waits meanwhile.
        money: HeldMoney,
    },
    /// Terminal: the person has it.
    Received,
    /// Terminal: it came back.
    Refunded,
    /// Terminal: proved that this number will never pay.
    Dead {
        /// What proved it.
        reason: DeadReason,
    },
}

/// What is known about a sending whose outcome is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(
    clippy::exhaustive_structs,
    reason = "a closed record of the state, like the fields of the other states"
)]
pub struct Unknown {
    /// The definite refusal of the last sending, if there was one; such a number is never sent again.
    pub refused: Option<RefusedReason>,
    /// Queries after the quarantine that did not find the number (row 19).
    pub absences: u8,
    /// When the last of them was issued.
    pub last_absence_at: Option<DateTime<Utc>>,
    /// Queries that found it still being processed (row 16).
    pub processing_answers: u8,
    /// Whether the number has grown too old to be sent (row 21).
    pub sending_over: bool,
    /// The next query.
    pub query_at: DateTime<Utc>,
}

impl Unknown {
    /// Returns the fresh state with its first query.
    pub(super) const fn query_at(query_at: DateTime<Utc>, refused: Option<RefusedReason>) -> Self {
        Self {
            refused,
            absences: 0,
            last_absence_at: None,
            processing_answers: 0,
            sending_over: false,
            query_at,
        }
    }
}

impl PayoutState {
    /// The names of all states, in the order of the table.
    pub const NAMES: [&'static str; 10] = [
        "reserved",
        "in_flight",
        "unknown",
        "deferred",
        "sent",
        "refunding",
        "held",
        "received",
        "refunded",
        "dead",
    ];

    /// Returns the stable name of the state, as a store indexes it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Reserved => "reserved",
            Self::InFlight { .. } => "in_flight",
            Self::Unknown(_) => "unknown",
            Self::Deferred { .. } => "deferred",
            Self::Sent { .. } => "sent",
            Self::Refunding { .. } => "refunding",
            Self::Held { .. } => "held",
            Self::Received => "received",
            Self::Refunded => "refunded",
            Self::Dead { .. } => "dead",
        }
    }

    /// Returns whether the state is never left again.
    #[must_use]
    pub const fn is_terminal(&self) -> bool {
        matches!(self, Self::Received | Self::Refunded | Self::Dead { .. })
    }

    /// Returns the account that holds the money in this state.
    #[must_use]
    pub const fn account(&self) -> Account {
        match self {
            Self::Reserved | Self::InFlight { .. } | Self::Unknown(_) | Self::Deferred { .. } => {
                Account::Reserved
            }
            Self::Sent { .. } | Self::Refunding { .. } => Account::Sent,
            Self::Held { money, .. } => money.account(),
            Self::Received => Account::Received,
            Self::Refunded | Self::Dead { .. } => Account::Left,
        }
    }
}

/// Where the money of a held payout waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
#[expect(
    clippy::exhaustive_enums,
    reason = "only these two accounts hold money that has not ended"
)]
pub enum HeldMoney {
    /// The rail is not known to have accepted it.
    Reserved,
    /// The rail has accepted it.
    Sent,
}

impl HeldMoney {
    /// Returns the account of the same name.
    #[must_use]
    pub const fn account(self) -> Account {
        match self {
            Self::Reserved => Account::Reserved,
            Self::Sent => Account::Sent,
        }
    }
}

/// Why a sending was definitely not executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum DeferReason {
    /// Too many requests in a short time.
    TooFast,
    /// The person's packets of the day are used up.
    PersonDayLimit,
    /// The merchant's amount of the day is used up.
    MerchantDayLimit,
    /// Something that would refuse everybody; the rail is paused.
    RailBroken(RailFault),
    /// The rail does not know the number; it goes again (row 18).
    NotFound,
    /// Two operators decided that the same number goes again (row 24).
    Operator,
}

impl DeferReason {
    /// Returns the refusal to prove once the number is too old to go again, if it was one.
    pub(super) const fn refusal(self) -> Option<RefusedReason> {
        match self {
            Self::TooFast => Some(RefusedReason::TooFast),
            Self::PersonDayLimit => Some(RefusedReason::PersonDayLimit),
            Self::MerchantDayLimit => Some(RefusedReason::MerchantDayLimit),
            Self::RailBroken(fault) => Some(RefusedReason::RailBroken(fault)),
            Self::NotFound | Self::Operator => None,
        }
    }
}

/// What is wrong with the rail for everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum RailFault {
    /// The merchant's balance does not cover the amount.
    BalanceTooLow,
    /// The client certificate is missing or expired.
    Certificate,
    /// The request's signature is refused.
    Signature,
    /// The request is malformed.
    Request,
    /// The merchant is not set up for this amount.
    AmountNotAllowed,
    /// The merchant and the account do not belong together, or the product is not open.
    Account,
}

/// Why the rail will not pay this person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum PersonRefusal {
    /// The person's account is held back by the rail's risk control.
    NotAuthorised,
    /// The recipient does not belong to this account.
    UnknownRecipient,
    /// The person has not given the rail a real name.
    NoRealName,
    /// The rail calls this number finally failed.
    FinallyFailed,
}

/// A refusal that ends this number once its absence is proved (row 19).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum RefusedReason {
    /// The rail will not pay this person.
    Person(PersonRefusal),
    /// The number grew too old while requests were too fast.
    TooFast,
    /// The number grew too old while the person's day was full.
    PersonDayLimit,
    /// The number grew too old while the merchant's day was full.
    MerchantDayLimit,
    /// The number grew too old while the rail was broken.
    RailBroken(RailFault),
}

/// Why only a person moves the payout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum HoldReason {
    /// The rail accepted something else than we sent (row 3).
    EchoDiffers,
    /// The rail knows the number with other parameters (row 10).
    ParametersDiffer,
    /// The rail will soon stop answering queries about the number (row 22).
    QueryWindowEnding,
    /// An operator stopped it (row 27).
    Operator(OperatorId),
}

/// What proved that a number will never pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum DeadReason {
    /// A query answered that it failed (row 17).
    Failed,
    /// It was refused, and after the quarantine queries did not find it (row 19).
    Refused(RefusedReason),
    /// Two operators with evidence (row 24).
    Operator(EvidenceId),
}

/// The record that holds an operator's evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(transparent)
)]
pub struct EvidenceId(u64);

impl EvidenceId {
    /// Names the record of the evidence.
    #[must_use]
    pub const fn new(id: u64) -> Self {
        Self(id)
    }

    /// Returns the number given.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

/// An organiser's account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(transparent)
)]
pub struct OperatorId(u64);

impl OperatorId {
    /// Names an organiser's account.
    #[must_use]
    pub const fn new(id: u64) -> Self {
        Self(id)
    }

    /// Returns the number given.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}
