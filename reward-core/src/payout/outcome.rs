//! What a step returns: the next payout, what to do and what to book, or why nothing changed.

use chrono::{DateTime, Utc};

use super::{
    Payout,
    event::BillFinding,
    state::{EvidenceId, HoldReason, OperatorId, RailFault, WorkerId},
};
use crate::{ChannelError, LedgerError, LedgerTransfer};

/// An accepted step.
///
/// Store `next` (and `successor`) and the transfers in one transaction, commit, then run the commands.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Transition {
    /// Number of the table's row, `1..=27`.
    pub row: u8,
    /// The payout afterwards; equal to the one before if the row changes nothing.
    pub next: Payout,
    /// The new attempt that row 23 makes.
    pub successor: Option<Payout>,
    /// What to do after the commit.
    pub commands: Vec<Command>,
    /// What to book with the commit.
    pub transfers: Vec<LedgerTransfer>,
}

/// Something to do once the step is committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a command that nobody runs is a lost one; a new one must break the worker"
)]
pub enum Command {
    /// Send the frozen request under this attempt's number, once, before the lease ends.
    Send,
    /// Query the number at this instant.
    QueryAt(DateTime<Utc>),
    /// Take the merchant's bucket down.
    SlowDown,
    /// Let nothing out until somebody resumes the rail.
    PauseRail(RailFault),
    /// Wake a person.
    Page(PageReason),
    /// Count a repeated or late event; it changed nothing.
    CountDuplicate,
    /// Count an answer that the table does not list here; it changed nothing but the next query.
    CountUnexpected,
    /// Write who decided what on which evidence.
    Audit {
        /// The one who proposed.
        maker: OperatorId,
        /// The one who agreed.
        checker: OperatorId,
        /// What both looked at, if the action rests on evidence.
        evidence: Option<EvidenceId>,
    },
    /// Open an incident.
    RecordIncident(BillFinding),
}

/// Why a person is woken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum PageReason {
    /// The payout is held.
    Held(HoldReason),
    /// The rail refuses everybody.
    RailBroken(RailFault),
    /// The rail answered with a code nobody knows.
    UnknownCode,
    /// The number is too old to be sent, and its outcome is still not known.
    OutcomeOverdue,
    /// A terminal payout meets evidence that moves money the other way.
    TerminalContradicted,
    /// The rail's bill contradicts a terminal payout; the highest priority.
    BillContradicts(BillFinding),
}

/// Why a step was refused; nothing changes, and the caller logs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// The table has no row for this event in this state.
    #[error("no row of the table takes a payout from {state} by {event}")]
    NotListed {
        /// The state's name.
        state: &'static str,
        /// The event's name.
        event: &'static str,
    },
    /// The rail is paused (row 1).
    #[error("the rail is paused")]
    RailPaused,
    /// A token bucket is empty (row 1).
    #[error("no token is left for this merchant or person")]
    Throttled,
    /// The rail does not pay at this hour (row 1).
    #[error("the channel pays again from {until}")]
    QuietHours {
        /// The end of the quiet hours.
        until: DateTime<Utc>,
    },
    /// Its time has not come (rows 1, 11, 21 and 22).
    #[error("nothing is due before {until}")]
    TooEarly {
        /// The instant from which it is due.
        until: DateTime<Utc>,
    },
    /// The number was first sent too long ago to be sent again (row 1).
    #[error("the number was first sent at {first_sent_at}, too long ago to send it again")]
    TooOldToSend {
        /// The first sending.
        first_sent_at: DateTime<Utc>,
    },
    /// The rail cannot pay the amount (row 1).
    #[error("the channel cannot pay this amount: {0}")]
    NotPayable(ChannelError),
    /// The reply belongs to a worker that no longer holds the lease (rows 2 to 10).
    #[error("worker {sender} does not hold the lease", sender = .worker.get())]
    NotTheOwner {
        /// The worker that replied.
        worker: WorkerId,
    },
    /// The reply belongs to an earlier version (rows 2 to 10).
    #[error("the reply belongs to version {seen}, but the payout is at {current}")]
    StaleVersion {
        /// The version under which it was sent.
        seen: u64,
        /// The payout's version.
        current: u64,
    },
    /// One person cannot be both (rows 23 and 24).
    #[error("operator {one} is both maker and checker", one = .operator.get())]
    MakerIsChecker {
        /// The person.
        operator: OperatorId,
    },
    /// The award has had all its attempts (row 23).
    #[error("attempt {attempt} is the last of {limit} allowed")]
    NoAttemptLeft {
        /// The present attempt.
        attempt: u8,
        /// How many this authority allows.
        limit: u8,
    },
    /// The award's city is not open (row 23).
    #[error("the city of the award is not open")]
    CityNotOpen,
    /// A newer attempt exists (row 23).
    #[error("attempt {attempt} already has a successor")]
    AlreadyRenewed {
        /// The present attempt.
        attempt: u8,
    },
    /// The bill already contradicted this attempt, and its money is in suspense (row 23).
    #[error("attempt {attempt} is in dispute with the bill")]
    InDispute {
        /// The present attempt.
        attempt: u8,
    },
    /// The amount cannot be booked; only a damaged payout has one.
    #[error("the amount cannot be booked: {0}")]
    NotBookable(LedgerError),
}
