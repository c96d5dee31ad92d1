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

mod channel;
mod commitment;
mod entitlement;
mod fen;
mod instant;
mod ledger;
mod pacing;
mod payout;
mod plan;
mod rules;
mod sampling;
mod split;
mod taking;

pub use crate::channel::{ChannelError, ChannelProfile, QuietHours};
pub use crate::commitment::{
    DeckDigest, ParseDigestError, PlanSeed, SeasonSeed, SeedCommitment, canonical_spec,
};
pub use crate::entitlement::{
    BaseUse, ChanceKind, ClaimDecision, ClaimFacts, ClaimPhase, Credit, FollowFacts, FollowMoment,
    MoneyState, NoCredit, Refusal,
};
pub use crate::fen::{Fen, ParseFenError};
pub use crate::ledger::{Account, Ledger, LedgerError, LedgerTransfer};
pub use crate::pacing::{DAY_MS, DayOffset, NotWithinADay, Release};
pub use crate::payout::{
    Authority, BillFinding, Command, DeadReason, DeferReason, Event, EvidenceId, HeldMoney,
    HoldReason, Jitter, NextStep, OperatorId, PageReason, Payout, PayoutPolicy, PayoutState,
    Permit, PersonRefusal, QueryClass, RailFault, Refused, RefusedReason, ReplyClass, Resolution,
    Transition, Unknown, WorkerId,
};
pub use crate::plan::{Deck, DeckKind, PacketPlan, PlannedPacket};
pub use crate::rules::{
    ClaimScope, PacketBounds, ReferralPolicy, Residual, RewardRules, RewardTerms, RulesError,
};
pub use crate::sampling::WordStream;
pub use crate::split::{Engine, Infeasible, Split, SplitSpec, Uniform};
pub use crate::taking::{DayProgress, DayRule, InconsistentDay, Next, next_packet};
