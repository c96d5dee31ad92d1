//! What lets anybody check a city: beacon, sealed tree, receipts, award log, audit.

mod audit;
mod award_log;
mod beacon;
mod city_file;
mod merkle;
mod receipt;
mod sealed;
mod spec;

pub use self::{
    audit::{Assurance, AuditFault, AuditReport, Disclosed, EntryFault, Published, audit},
    award_log::{AwardEntry, AwardLog, Claimant, DailyHead, LogError, LogHead, ParseLogError},
    beacon::{BeaconError, BeaconSource, BeaconValue},
    city_file::{CityFile, CityFileFault},
    receipt::{ParseReceiptError, Receipt, ReceiptFault},
    sealed::{PlanRoot, SealedPlan},
    spec::{ParseSpecError, parse_canonical_spec},
};
