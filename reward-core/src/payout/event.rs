//! What can happen to a payout, in words that belong to no rail.

use chrono::{DateTime, Utc};

use super::state::{EvidenceId, OperatorId, PersonRefusal, RailFault, WorkerId};

/// One thing that happened, or one thing asked for.
///
/// A callback is a hint and therefore no event: it makes a worker query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(tag = "event", rename_all = "snake_case")
)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the events are the columns of a closed table"
)]
pub enum Event {
    /// A worker wants to send (row 1).
    Due {
        /// The worker that takes the lease.
        worker: WorkerId,
        /// What the rail's pause switch and its token buckets say.
        permit: Permit,
    },
    /// Somebody found the lease expired (row 11).
    LeaseExpired,
    /// The rail answered a sending (rows 2 to 10).
    Reply {
        /// The worker that sent.
        worker: WorkerId,
        /// [`Payout::version`](super::Payout::version) under which it sent.
        version: u64,
        /// The answer.
        class: ReplyClass,
    },
    /// The rail answered a query (rows 12 to 19).
    QueryResult {
        /// The answer.
        class: QueryClass,
        /// When the query left; the quarantine of row 19 counts from here, not from the answer.
        issued_at: DateTime<Utc>,
    },
    /// A query brought no usable answer (row 20).
    QueryError,
    /// The clock moved; ages may have been reached (rows 21 and 22).
    Tick,
    /// A new number is asked for (row 23).
    NewAttempt {
        /// Who asks.
        authority: Authority,
        /// Whether the award's city is open now.
        city_open: bool,
    },
    /// Two operators resolve a held payout (row 24).
    Operator {
        /// The one who proposes.
        maker: OperatorId,
        /// The one who agrees; another person.
        checker: OperatorId,
        /// What both looked at.
        evidence: EvidenceId,
        /// What follows from it.
        resolution: Resolution,
    },
    /// One operator stops what is not out of our hands; two let it go on (row 27).
    Hold {
        /// Who stops it.
        operator: OperatorId,
    },
    /// The rail's bill says something else than we do (row 25).
    BillContradicts {
        /// What it says.
        finding: BillFinding,
    },
}

impl Event {
    /// Returns the stable name of the kind of event.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Due { .. } => "due",
            Self::LeaseExpired => "lease_expired",
            Self::Reply { .. } => "reply",
            Self::QueryResult { .. } => "query_result",
            Self::QueryError => "query_error",
            Self::Tick => "tick",
            Self::NewAttempt { .. } => "new_attempt",
            Self::Operator { .. } => "operator",
            Self::Hold { .. } => "hold",
            Self::BillContradicts { .. } => "bill_contradicts",
        }
    }
}

/// Whether the rail may be used for one sending now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
#[expect(
    clippy::exhaustive_enums,
    reason = "go, or one of the two outside reasons not to"
)]
pub enum Permit {
    /// The rail is not paused, and both the merchant's and the person's token were taken.
    Granted,
    /// The rail is paused.
    RailPaused,
    /// A token bucket is empty.
    Throttled,
}

/// What the rail answered to a sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
#[expect(
    clippy::exhaustive_enums,
    reason = "rows 2 to 10; whatever fits none of them is `UnknownCode`"
)]
pub enum ReplyClass {
    /// Accepted (rows 2 and 3).
    Accepted {
        /// Whether number, recipient and amount in the answer equal what was sent.
        echo_equal: bool,
    },
    /// A system error, a time-out, a broken connection or an answer that cannot be read (row 4).
    NoDefiniteResult,
    /// A code that nobody knows (row 4, and somebody should).
    UnknownCode,
    /// Taken, still running (row 5).
    Processing,
    /// Too many requests in a short time (row 6).
    TooFast,
    /// The person's packets of the day are used up (row 7).
    PersonDayLimit,
    /// The merchant's amount of the day is used up (row 7).
    MerchantDayLimit,
    /// Not executed, and nobody else's would be (row 8).
    RailBroken(RailFault),
    /// Refused for this person (row 9).
    RefusedForPerson(PersonRefusal),
    /// The number exists with other parameters (row 10).
    ParametersDiffer,
}

/// What the rail answered to a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
#[expect(
    clippy::exhaustive_enums,
    reason = "rows 12 to 19; a status that fits none of them is a `QueryError`"
)]
pub enum QueryClass {
    /// The person has it (row 12).
    Received,
    /// It came back (row 13).
    Refunded,
    /// It is coming back (row 14).
    Refunding,
    /// It waits for the person (row 15).
    AwaitingRecipient,
    /// Still being processed (row 16).
    Processing,
    /// Finally failed or cancelled (row 17).
    Failed,
    /// The rail does not know the number (rows 18 and 19); never proof by itself.
    NotFound,
}

/// Who asks for a new number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a published policy or two persons; there is no third authority"
)]
pub enum Authority {
    /// The published policy, within [`PayoutPolicy::attempts_by_policy`](super::PayoutPolicy::attempts_by_policy).
    Policy,
    /// Two operators.
    DualControl {
        /// The one who proposes.
        maker: OperatorId,
        /// The one who agrees; another person.
        checker: OperatorId,
    },
}

/// What two operators decide about a held payout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
#[expect(
    clippy::exhaustive_enums,
    reason = "row 24 lists exactly these five ends"
)]
pub enum Resolution {
    /// Send the same number again.
    Deferred,
    /// Query on.
    Unknown,
    /// It will never pay.
    Dead,
    /// The person has it.
    Received,
    /// It came back.
    Refunded,
}

/// What the rail's bill says about the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a bill line says paid, returned or something else, or there is no line"
)]
pub enum BillFinding {
    /// Paid and not returned.
    Paid,
    /// Paid and returned.
    Refunded,
    /// Not on the bill of its day nor of the days beside it.
    Absent,
    /// Another amount or another recipient.
    ParametersDiffer,
}
