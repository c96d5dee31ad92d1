//! Bugs on purpose, by which the proving ground is examined; without the feature `planted` no seam of them is left.
//!
//! Each was seen in public code, in review, or is one slip away from the rule that it breaks.
//! At most one is planted at a time, for the whole process.

#[cfg(all(feature = "planted", not(debug_assertions)))]
compile_error!(
    "the feature `planted` belongs to a build with debug assertions (`--profile proving`), never to a release"
);

macro_rules! bugs {
    ($($(#[doc = $what:literal])+ $variant:ident $name:literal;)+) => {
        /// One bug that can be planted into this crate.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        #[cfg_attr(
            not(feature = "planted"),
            expect(unreachable_pub, reason = "the seams alone name them then")
        )]
        pub enum Bug {
            $($(#[doc = $what])+ $variant,)+
        }

        #[cfg(feature = "planted")]
        impl Bug {
            /// Every bug, in the order of the machine's rows and then of the rules.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Returns the stable name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            /// Returns what is wrong with it, in a sentence.
            #[must_use]
            pub const fn what(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!($($what,)+),)+
                }
            }
        }
    };
}

bugs! {
    /// A sending without a definite result is taken for a failure.
    TimeoutIsFailure "timeout-is-failure";
    /// A code that nobody knows is taken for a failure.
    UnknownCodeIsFailure "unknown-code-is-failure";
    /// The echo of an accepted sending is not compared.
    EchoNotCompared "echo-not-compared";
    /// A reply counts under any version, whichever sending it answers.
    AnyVersionReplies "any-version-replies";
    /// Too little money ends a payout instead of pausing the rail.
    ShortageIsFinal "shortage-is-final";
    /// A broken rail is not paused.
    RailNeverPauses "rail-never-pauses";
    /// A full day is tried again after a minute instead of on the next day.
    FullDayTriesOn "full-day-tries-on";
    /// An expired lease leads to the next sending instead of to a query.
    LeaseEndSendsAgain "lease-end-sends-again";
    /// Nothing asks about a packet once it was accepted.
    AcceptedIsForgotten "accepted-is-forgotten";
    /// A number that the rail does not know is taken for failed.
    NotFoundIsFailure "not-found-is-failure";
    /// A refused number is called dead without the quarantine.
    NoQuarantine "no-quarantine";
    /// The quarantine is counted to the answer of a query instead of to the query.
    QuarantineAtAnswer "quarantine-at-answer";
    /// One answer is proof enough of absence.
    OneAbsenceIsProof "one-absence-is-proof";
    /// A refund on its way is booked as arrived.
    RefundingIsRefunded "refunding-is-refunded";
    /// A refund moves no money in the books.
    RefundNotBooked "refund-not-booked";
    /// Five failed queries in a row end a payout.
    GiveUpAfterErrors "give-up-after-errors";
    /// Waits after failures do not grow.
    NoBackOff "no-back-off";
    /// Old numbers are sent like young ones.
    OldNumbersAreSent "old-numbers-are-sent";
    /// Quiet hours are no reason to wait.
    QuietHoursIgnored "quiet-hours-ignored";
    /// No age brings a payout to a person.
    AgeIsNoReason "age-is-no-reason";
    /// An answer after the end moves the payout once more.
    EndIsLeft "end-is-left";
    /// The bill is not believed against an end.
    BillNotBelieved "bill-not-believed";
    /// The number of attempts has no limit.
    AttemptsWithoutEnd "attempts-without-end";
    /// What was received gets a new number like what came back.
    ReceivedIsRenewed "received-is-renewed";
    /// An attempt with a successor gets another one.
    RenewedTwice "renewed-twice";
    /// One operator is maker and checker.
    OnePersonDecides "one-person-decides";
    /// The rescue of the last evening is forgotten.
    RescueForgotten "rescue-forgotten";
    /// After a rescue the same packet is given again.
    PacketGivenTwice "packet-given-twice";
    /// The release of the day is no reason to wait.
    ReleaseIgnored "release-ignored";
    /// The moment of the day is that of another time zone.
    DayOfAnotherZone "day-of-another-zone";
    /// The closing draw adds the whole top packet to what was awarded.
    TopUpInFull "top-up-in-full";
}

#[cfg(feature = "planted")]
mod soil {
    use std::sync::atomic::{AtomicU8, Ordering};

    use super::Bug;

    /// Place of the planted bug in [`Bug::ALL`], from 1; 0 for none.
    static PLANTED: AtomicU8 = AtomicU8::new(0);

    /// Plants one bug for the whole process, or takes the planted one out.
    pub fn plant(bug: Option<Bug>) {
        let place = bug
            .and_then(|bug| Bug::ALL.iter().position(|&other| other == bug))
            .and_then(|index| u8::try_from(index.saturating_add(1)).ok());
        PLANTED.store(place.unwrap_or(0), Ordering::SeqCst);
    }

    /// Returns whether this bug is planted.
    #[must_use]
    pub fn is(bug: Bug) -> bool {
        let place = usize::from(PLANTED.load(Ordering::Relaxed));
        place
            .checked_sub(1)
            .is_some_and(|index| Bug::ALL.get(index) == Some(&bug))
    }
}

#[cfg(feature = "planted")]
pub use soil::{is, plant};

/// Nothing is planted in a build without the feature.
#[cfg(not(feature = "planted"))]
pub(crate) const fn is(_bug: Bug) -> bool {
    false
}
