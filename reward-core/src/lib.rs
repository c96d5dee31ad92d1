#![doc = include_str!("../README.md")]
#![warn(
    clippy::arithmetic_side_effects,
    clippy::exhaustive_enums,
    clippy::exhaustive_structs,
    clippy::expect_used,
    clippy::float_arithmetic,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::wildcard_enum_match_arm
)]

mod adaptive;
mod channel;
mod closing;
mod commitment;
mod digest;
mod entitlement;
mod fen;
mod instant;
mod ledger;
mod lottery;
#[cfg(feature = "metrics")]
pub mod metrics;
mod pacing;
mod payout;
mod plan;
#[cfg(feature = "planted")]
pub mod planted;
#[cfg(not(feature = "planted"))]
mod planted;
mod proof;
mod reconcile;
mod rules;
mod sampling;
mod split;
mod taking;

pub use crate::adaptive::AdaptiveDay;
pub use crate::channel::{ChannelError, ChannelProfile, QuietHours};
pub use crate::closing::{ClosingError, ClosingFacts, ClosingTopUp, JackpotOutcome, closing_draw};
pub use crate::commitment::{
    DeckDigest, PlanSeed, SeasonSeed, SeedCommitment, canonical_spec, canonical_spec_with_beacon,
};
pub use crate::digest::ParseDigestError;
pub use crate::entitlement::{
    BaseUse, ChanceKind, ClaimDecision, ClaimFacts, ClaimPhase, Credit, FollowFacts, FollowMoment,
    MoneyState, NoCredit, Refusal,
};
pub use crate::fen::{Fen, ParseFenError};
pub use crate::ledger::{Account, Ledger, LedgerError, LedgerTransfer};
pub use crate::lottery::slot_lottery;
pub use crate::pacing::{DAY_MS, DayOffset, NotWithinADay, Release};
pub use crate::payout::{
    Authority, BillFinding, Command, DeadReason, DeferReason, Event, EvidenceId, HeldMoney,
    HoldReason, Jitter, NextStep, OperatorId, PageReason, Payout, PayoutPolicy, PayoutState,
    Permit, PersonRefusal, QueryClass, RailFault, Refused, RefusedReason, ReplyClass, Resolution,
    Transition, Unknown, WorkerId,
};
pub use crate::plan::{Deck, DeckKind, PacketPlan, PlannedPacket};
pub use crate::proof::{
    Assurance, AuditFault, AuditReport, AwardEntry, AwardLog, BeaconError, BeaconSource,
    BeaconValue, CityFile, CityFileFault, Claimant, DailyHead, Disclosed, EntryFault, LogError,
    LogHead, ParseLogError, ParseReceiptError, ParseSpecError, PlanRoot, Published, Receipt,
    ReceiptFault, SealedPlan, audit, parse_canonical_spec,
};
pub use crate::reconcile::{AnswerFacts, BillClass, BillFacts, OrderFacts};
pub use crate::rules::{
    ClaimScope, PacketBounds, ReferralPolicy, Residual, RewardRules, RewardTerms, RulesError,
};
pub use crate::sampling::WordStream;
#[cfg(feature = "exact-reference")]
pub use crate::split::Counting;
#[cfg(feature = "folk-laws")]
pub use crate::split::FolkLaw;
pub use crate::split::{
    Engine, Exchangeable, Infeasible, Jackpot, Online, Split, SplitSpec, Uniform, WeightTable,
    Weighted, WeightsError,
};
pub use crate::taking::{DayProgress, DayRule, InconsistentDay, Next, next_packet};
