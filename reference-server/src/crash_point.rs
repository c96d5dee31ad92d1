//! Named instants at which a build for crash tests ends its own process, as `kill -9` would there.
//!
//! They exist with the feature `crash-points` alone, which no optimised build without assertions compiles;
//! everywhere else reaching one costs nothing and does nothing.
//! Which one ends the process, and when, is in the environment: `CONTEST_CRASH_AT=sending:3` ends it when the
//! instant before a sending is reached for the third time.
//! `benches/src/bin/crash` goes through all of them.

#[cfg(all(feature = "crash-points", not(debug_assertions)))]
compile_error!("crash-points is for tests only: a build without debug assertions must not have it");

/// An instant at which a crash is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Point {
    /// Between two migrations, in their transaction.
    Migrating,
    /// After the last migration, before its commit.
    Migrated,
    /// Between a city's row and its packets.
    Sealing,
    /// Between the rows of a follow and of its credit.
    Following,
    /// Between the rows of attempts and what is counted of them.
    Submitting,
    /// Between the rows of awards and of their payments.
    Granting,
    /// After an event was appended to the audit chain.
    Auditing,
    /// After the writes of a group, before its commit.
    Committing,
    /// After the commit of a group, before anybody is told.
    Committed,
    /// Between a payment's new state and its movement in the books.
    Booking,
    /// After the intent to call WeChat Pay is committed, before the call.
    Sending,
    /// After WeChat Pay's answer, before anything is made of it.
    Answered,
    /// After a token was fetched, before it is kept.
    TokenFetched,
    /// After a message was sent to a person, before that is written down.
    Spoken,
    /// After a bill was downloaded, before it is stored.
    BillFetched,
    /// Between a bill and the event about it, in their transaction.
    BillStoring,
}

impl Point {
    /// Every point, with its name.
    #[cfg(feature = "crash-points")]
    pub(crate) const ALL: [(Self, &'static str); 16] = [
        (Self::Migrating, "migrating"),
        (Self::Migrated, "migrated"),
        (Self::Sealing, "sealing"),
        (Self::Following, "following"),
        (Self::Submitting, "submitting"),
        (Self::Granting, "granting"),
        (Self::Auditing, "auditing"),
        (Self::Committing, "committing"),
        (Self::Committed, "committed"),
        (Self::Booking, "booking"),
        (Self::Sending, "sending"),
        (Self::Answered, "answered"),
        (Self::TokenFetched, "token-fetched"),
        (Self::Spoken, "spoken"),
        (Self::BillFetched, "bill-fetched"),
        (Self::BillStoring, "bill-storing"),
    ];
}

/// Ends the process if this is the instant that was asked for.
#[cfg(not(feature = "crash-points"))]
pub(crate) const fn reach(_point: Point) {}

/// Ends the process if this is the instant that was asked for.
#[cfg(feature = "crash-points")]
pub(crate) fn reach(point: Point) {
    use std::sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    };
    static ASKED: OnceLock<Option<(Point, AtomicU64)>> = OnceLock::new();
    let asked = ASKED.get_or_init(|| {
        let asked = std::env::var("CONTEST_CRASH_AT").ok()?;
        let (name, n_times) = asked.split_once(':')?;
        let (point, _) = Point::ALL.into_iter().find(|(_, known)| *known == name)?;
        Some((point, AtomicU64::new(n_times.parse().ok()?)))
    });
    if let Some((_, n_left)) = asked.as_ref().filter(|(asked, _)| *asked == point)
        && n_left.fetch_sub(1, Ordering::Relaxed) == 1
    {
        use rustix::process::{Signal, getpid, kill_process};
        // Nothing runs after it: no destructor, no buffer, no other thread.
        while kill_process(getpid(), Signal::KILL).is_ok() {
            std::thread::park();
        }
        std::process::abort();
    }
}
