//! What lets anybody check a city: beacon, sealed tree, receipts, award log, audit.

mod audit;
mod award_log;
mod beacon;
mod merkle;
mod receipt;
mod sealed;

pub use self::{
    audit::{Assurance, AuditFault, AuditReport, Disclosed, EntryFault, Published, audit},
    award_log::{AwardEntry, AwardLog, Claimant, DailyHead, LogError, LogHead, ParseLogError},
    beacon::{BeaconError, BeaconSource, BeaconValue},
    receipt::{ParseReceiptError, Receipt, ReceiptFault},
    sealed::{PlanRoot, SealedPlan},
};
