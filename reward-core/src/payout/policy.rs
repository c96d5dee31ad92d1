//! The waits, ages and counts of the payout machine, as data.

/// Every figure of the transition table that is no property of the rail.
///
/// [`PayoutPolicy::PUBLISHED`] holds the figures of the table; tests and drills may use shorter ones.
/// The quarantine must outlast everything a packet can do on the wire, or a number called dead may still pay;
/// the other figures can make payments slow, never double.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(
    clippy::exhaustive_structs,
    reason = "a policy is written out in full; a new figure must be answered by each"
)]
pub struct PayoutPolicy {
    /// Length of a worker's lease on one sending, in seconds.
    pub lease_seconds: u32,
    /// Longest time one request may take on the wire, in seconds.
    pub request_limit_seconds: u32,
    /// What the quarantine adds to the lease and the request limit, in seconds (row 19).
    pub quarantine_margin_seconds: u32,
    /// Queries after the quarantine that must not find a refused number (row 19).
    pub absences_needed: u8,
    /// Shortest time between two such queries, in seconds.
    pub absence_spacing_seconds: u32,
    /// Time after a sending before "not found" may lead to the next, in seconds (row 18).
    pub settle_seconds: u32,
    /// First back-off, in milliseconds; doubled each time.
    pub backoff_base_millis: u32,
    /// Longest back-off, in milliseconds.
    pub backoff_cap_millis: u32,
    /// Wait before the query of a sending that the rail calls running, in seconds (row 5).
    pub processing_seconds: u32,
    /// Wait after "too fast", in seconds; up to twice as long by jitter (row 6).
    pub too_fast_seconds: u32,
    /// Second of the Shanghai day on which a full day is over (row 7): 300 is 00:05.
    pub next_day_second: u32,
    /// Longest jitter added to that, in seconds.
    pub next_day_spread_seconds: u32,
    /// Wait before a sending that met a broken rail is tried again, in seconds (row 8).
    pub rail_retry_seconds: u32,
    /// Wait before the query of a refused sending, in seconds (row 9).
    pub refused_seconds: u32,
    /// Wait between queries of a refund, in seconds (row 14).
    pub refunding_seconds: u32,
    /// First wait between queries of a number in processing, in seconds; doubled each time (row 16).
    pub in_process_base_seconds: u32,
    /// Longest such wait, in seconds.
    pub in_process_cap_seconds: u32,
    /// Age at which a payout goes to a person, in seconds (row 22); below the rail's query window.
    pub hold_age_seconds: u32,
    /// Most attempts of one award (row 23).
    pub attempts_max: u8,
    /// Most attempts of one award without two operators (row 23); 1 forbids every renewal by policy.
    pub attempts_by_policy: u8,
    /// Whether an award may be renewed after its city closed (row 23).
    pub renew_after_close: bool,
}

impl PayoutPolicy {
    /// The figures of the published table.
    pub const PUBLISHED: Self = Self {
        lease_seconds: 30,
        request_limit_seconds: 10,
        quarantine_margin_seconds: 600,
        absences_needed: 3,
        absence_spacing_seconds: 900,
        settle_seconds: 180,
        backoff_base_millis: 2_000,
        backoff_cap_millis: 1_800_000,
        processing_seconds: 1_200,
        too_fast_seconds: 60,
        next_day_second: 300,
        next_day_spread_seconds: 1_800,
        rail_retry_seconds: 300,
        refused_seconds: 900,
        refunding_seconds: 1_800,
        in_process_base_seconds: 300,
        in_process_cap_seconds: 3_600,
        hold_age_seconds: 25 * 86_400,
        attempts_max: 3,
        attempts_by_policy: 2,
        renew_after_close: false,
    };

    /// The published figures for a rail on which the person waits to confirm: what is still running is asked about
    /// after 20 seconds, and then after one minute, doubling.
    pub const CONFIRMED_BY_PERSON: Self = Self {
        processing_seconds: 20,
        in_process_base_seconds: 60,
        ..Self::PUBLISHED
    };

    /// Returns how long after a sending was committed its packet may still arrive, in seconds.
    #[must_use]
    pub const fn quarantine_seconds(&self) -> u32 {
        self.lease_seconds
            .saturating_add(self.request_limit_seconds)
            .saturating_add(self.quarantine_margin_seconds)
    }
}

impl Default for PayoutPolicy {
    fn default() -> Self {
        Self::PUBLISHED
    }
}

/// A random share in permille, `0..=1000`, that spreads waits; the caller draws it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Jitter(u16);

impl Jitter {
    /// No jitter: the shortest wait.
    pub const NONE: Self = Self(0);

    /// Makes the share; more than 1000 counts as 1000.
    #[must_use]
    pub const fn from_permille(permille: u16) -> Self {
        Self(if permille > 1_000 { 1_000 } else { permille })
    }

    /// Returns the share in permille.
    #[must_use]
    pub const fn permille(self) -> u16 {
        self.0
    }

    /// Returns this share of `whole`, rounded down.
    pub(super) fn of(self, whole: u32) -> u32 {
        let share = u64::from(whole)
            .saturating_mul(u64::from(self.0))
            .checked_div(1_000)
            .unwrap_or_default();
        u32::try_from(share).unwrap_or(whole)
    }
}
