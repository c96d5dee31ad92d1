//! The contest's use cases: the rules applied to facts, between the web and the store.
//!
//! No HTTP and no SQL here. Each function gathers facts, asks a core for the
//! decision, and writes the consequence in one transaction.
//!
//! | file | what happens there |
//! |---|---|
//! | `planning` | the banks are frozen and the packets sealed, before a city opens |
//! | `sealed` | what was sealed, opened again |
//! | `publication` | what anybody may check: commitment, root, daily heads, receipts, the city's file |
//! | `season` | what is on at an instant; money left |
//! | `bank` | a bank as its office writes it and somebody else approves it, from a file to the opening |
//! | `city_page` | a city's page as its office writes it and somebody else approves it |
//! | `page_check` | what such a page may say: its links, its pictures' words |
//! | `page_picture` | pictures uploaded for it |
//! | `edition` | which edition of the timetable is in force, and how two persons put another in its place |
//! | `schedule` | the timetable in force, and what of it may still move |
//! | `pause` | what of a city stands still, and who lets it go on |
//! | `login` | an openid becomes a person |
//! | `follow` | a callback from the Official Account; who follows; who is credited |
//! | `attempt` | ten questions are drawn, answered, marked |
//! | `submission` | marked papers are stored, many at once |
//! | `question_correction` | what is wrong with a bank in use, by two persons |
//! | `rescore` | attempts scored again by corrections, upwards only |
//! | `mistakes` | the questions a person got wrong, over all attempts |
//! | `claim` | a chance and a passing attempt become a packet |
//! | `grant` | claims become awards, many at once, decided one by one |
//! | `order` | the request a payment freezes, on its rail |
//! | `payout` | a packet is paid, step by step |
//! | `silence` | whether WeChat Pay gives answers; who asks while it does not |
//! | `records` | what a person has done and may still do |
//! | `preflight` | what must be in order before a season opens |
//! | `secrets` | secrets given at the console: sealed, taken at the next start, never shown |
//! | `merchant_balance` | what the merchant's account can still pay, by the newest bill |
//! | `figures` | money and payments at an instant, for whoever watches |
//! | `personal` | the district a person declares; erasing what names him |
//! | `poster` | a person's code and QR |
//! | `summary` | what the closed cities came to |
//! | `token` | WeChat's tokens, shared and refreshed |
//! | `platform_keys` | the keys by which WeChat Pay signs; its certificates downloaded in time |
//! | `bills` | WeChat's bill of a day comes in |
//! | `reconcile` | our payments against the bills, number by number |
//! | `reconciliation` | what the newest comparison came to, by day and city; closing a day |
//! | `custody` | the keys of the season: known, rotated, destroyed |
//! | `organiser` | the people of the offices: accounts, sign-in, what takes two of them |
//! | `overview` | what is on in a city, for organisers |
//! | `statistics` | who takes part and how the questions are answered, for organisers |
//! | `bulletin` | a day is counted, signed and published |
//! | `honour` | cities ranked for the organisation award, and who gets it |
//! | `outreach` | what the account does of its own accord: menu, messages to sharers, announcements |
//! | `incident` | what a person has to explain |
//! | `correction` | how two persons end an incident |
//! | `budget` | a city's money as a balance sheet, and the postings behind it |
//! | `payment_list` | payments as people look at them; one with its timeline |
//! | `rail_pause` | all sending stopped by one person, let go again by two |
//! | `decision` | what waits for a second person, whatever it is about |
//! | `dead_letter` | payments that stopped for a person, and what may be done about them |
//! | `dual_control` | who acts, and that the second is another person |
//! | `books` | a morning: bills fetched, compared, followed up |
//! | `safekeeping` | what a restored database does before it pays again, and what is known of backups |
//! | `duty` | what is done once a day, and what came out |
//! | `books_seal` | a city's books are closed |
//! | `tax` | who received how much |
//! | `audit_log` | the chain of events as organisers read, check and take it away |
//! | `audit` | the predicates that must hold, over the whole database |

pub mod attempt;
pub mod audit;
pub mod audit_log;
pub mod bank;
pub mod bills;
pub mod books;
pub mod books_seal;
pub mod budget;
pub mod bulletin;
pub mod city_page;
pub mod claim;
pub mod correction;
pub mod custody;
pub mod dead_letter;
pub mod decision;
pub mod dual_control;
pub mod duty;
pub mod edition;
pub mod figures;
pub mod follow;
pub(crate) mod grant;
pub mod honour;
pub mod incident;
pub mod login;
pub mod merchant_balance;
pub mod mistakes;
mod order;
pub mod organiser;
pub mod outreach;
pub mod overview;
pub mod page_check;
pub mod page_picture;
pub mod pause;
pub mod payment_list;
pub mod payout;
pub mod personal;
pub mod planning;
pub mod platform_keys;
pub mod poster;
pub mod preflight;
pub mod publication;
pub mod question_correction;
pub mod rail_pause;
pub mod reconcile;
pub mod reconciliation;
pub mod records;
pub mod rescore;
pub mod safekeeping;
pub mod schedule;
pub mod sealed;
pub mod season;
pub mod secrets;
pub(crate) mod silence;
pub mod statistics;
pub(crate) mod submission;
pub mod summary;
pub mod tax;
pub mod token;

use std::fmt;

use chrono::{DateTime, Utc};
use wechat_adapter::TransportError;

use crate::{privacy::Destroyed, store::StoreError};

/// Why a use case gave no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An expected no; the web has a sentence for the person.
    #[error("refused: {}", .0.code())]
    Refused(Refusal),
    /// Something below failed; reported once, at the edge.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Destroyed> for Error {
    fn from(_destroyed: Destroyed) -> Self {
        Self::Refused(Refusal::RecordsDestroyed)
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Self::Failed(Failure::Store(error))
    }
}

/// Every expected no of the contest.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// A claim is refused, for one of reward-core's reasons.
    Claim(reward_core::Refusal),
    /// The person does not follow the account.
    NotFollowing,
    /// No city's contest is open.
    NoCityOpen {
        /// When the next one opens, if one does.
        next_opens: Option<DateTime<Utc>>,
    },
    /// The attempt's city has closed since the questions were drawn.
    CityClosed {
        /// When it closed.
        closed: DateTime<Utc>,
    },
    /// The organiser has paused this in the city.
    Paused {
        /// What.
        subject: pause::Subject,
        /// The organiser's own sentence.
        sentence: String,
    },
    /// The token is not one of ours, or belongs to somebody else.
    UnknownAttempt,
    /// An answer names a question or an option that the attempt does not have.
    UnknownAnswer {
        /// The question's number as it was sent.
        ordinal: String,
    },
    /// Two submissions of one person came too close together.
    TooFast {
        /// Seconds to wait.
        retry_after_s: u32,
    },
    /// The request key belongs to a claim with another attempt.
    KeyReused,
    /// WeChat did not confirm who the person is; he may try again.
    LoginRefused,
    /// The visitor came through a snapshot page, which has no real account.
    SnapshotUser,
    /// The city's seed and its awards are not public yet.
    NotDisclosed {
        /// From when they are.
        from: DateTime<Utc>,
    },
    /// The person has a packet of the open city, so the declared district stands.
    DistrictFixed,
    /// A packet of the person is neither received nor returned, so his data are still needed.
    PacketUnderway,
    /// The season is long over, and the keys of what names persons are destroyed.
    RecordsDestroyed,
    /// There is no such city in this season.
    UnknownCity,
    /// There is no such thing, or it belongs to somebody else.
    NotFound,
}

impl Refusal {
    /// The stable word for this refusal, as the API's problem type carries it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Claim(refusal) => refusal.code(),
            Self::NotFollowing => "not-following",
            Self::NoCityOpen { .. } => "no-city-open",
            Self::CityClosed { .. } => "city-closed",
            Self::Paused { .. } => "paused",
            Self::UnknownAttempt => "unknown-attempt",
            Self::UnknownAnswer { .. } => "unknown-answer",
            Self::TooFast { .. } => "too-fast",
            Self::KeyReused => "key-reused",
            Self::LoginRefused => "login-refused",
            Self::SnapshotUser => "snapshot-user",
            Self::NotDisclosed { .. } => "not-disclosed",
            Self::DistrictFixed => "district-fixed",
            Self::PacketUnderway => "packet-underway",
            Self::RecordsDestroyed => "records-destroyed",
            Self::UnknownCity => "unknown-city",
            Self::NotFound => "not-found",
        }
    }
}

/// What can fail below a use case.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// WeChat gave no usable answer.
    #[error("WeChat: {0}")]
    WeChat(#[from] wechat_adapter::official::OfficialError),
    /// WeChat could not be reached, or its answer was lost.
    #[error("WeChat: {0}")]
    Transport(#[from] TransportError),
    /// There is no token for the call: its last fetch failed a moment ago, or takes too long.
    #[error("WeChat: there is no token for this call at the moment")]
    NoToken,
    /// A stored value does not open or parse; the database and the keys do not belong together.
    #[error("unreadable stored value: {what}")]
    Unreadable {
        /// Which value.
        what: &'static str,
    },
    /// A key file is not the one that belongs to this database.
    #[error("the key {key} {problem}")]
    Key {
        /// Ring and version.
        key: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A core refused values that were checked before: a defect of ours.
    #[error("defect: {what}")]
    Defect {
        /// What was impossible.
        what: String,
    },
}

impl Failure {
    /// A defect of ours, in words or by the error of the core that found it.
    pub(crate) fn defect(what: impl fmt::Display) -> Self {
        Self::Defect {
            what: what.to_string(),
        }
    }

    /// Whether the same request may succeed in a moment: the store is busy or was lost.
    ///
    /// Repeating is harmless also when nobody knows whether the first time was kept.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        matches!(
            self,
            Self::Store(
                StoreError::Busy
                    | StoreError::Commit { .. }
                    | StoreError::Unknown { .. }
                    | StoreError::Unreachable(_)
                    | StoreError::ClocksDiffer { .. }
            )
        )
    }

    /// Whether WeChat is to blame, so that the same call may succeed in a moment.
    #[must_use]
    pub fn is_wechat(&self) -> bool {
        matches!(self, Self::WeChat(_) | Self::Transport(_) | Self::NoToken)
    }
}

/// Our identifier of a person; never an openid.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PersonId(String);

impl PersonId {
    /// An identifier read from our own session or database.
    #[must_use]
    pub fn new(id: String) -> Self {
        Self(id)
    }

    /// The identifier's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
