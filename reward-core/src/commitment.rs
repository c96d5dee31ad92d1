//! Seeds, what is published about them before the contest, and what lets anybody check it afterwards.

use std::fmt;

use sha2::{Digest as _, Sha256};

use crate::{
    BeaconSource, BeaconValue, ClaimScope, Deck, DeckKind, Fen, ReferralPolicy, Release, Residual,
    RewardRules,
    digest::{digest_text, sha256},
};

/// Version line of the canonical specification; it changes with every change of a drawn value.
const SPEC_VERSION: &str = "reward-plan-spec 1";
// Every digest starts with its own tag and a zero byte, so that no digest can be passed off as another.
const CITY_SEED_TAG: &[u8] = b"reward-core/city-seed/1\0";
const COMMITMENT_TAG: &[u8] = b"reward-core/commitment/1\0";
const SCHEDULE_TAG: &[u8] = b"reward-core/schedule/1\0";
const DECK_TAG: &[u8] = b"reward-core/deck/1\0";
const DECK_DIGEST_TAG: &[u8] = b"reward-core/deck-digest/1\0";
const EFFECTIVE_TAG: &[u8] = b"reward-core/effective-seed/1\0";

/// The secret of a whole season, from which every city's plan follows.
///
/// Secret until the season is over: `Debug` shows nothing and there is no serialisation.
#[derive(Clone, PartialEq, Eq)]
pub struct SeasonSeed([u8; 32]);

impl SeasonSeed {
    /// Takes 32 bytes from a cryptographic generator.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Gives the bytes up, for storage or for the final publication.
    #[must_use]
    pub const fn reveal(&self) -> [u8; 32] {
        self.0
    }

    /// Derives the seed of one city: `SHA-256("reward-core/city-seed/1\0" || season seed || slug)`.
    ///
    /// The slug is the city's permanent ASCII name, for example `nanjing`; cities can be revealed one by one.
    #[must_use]
    pub fn city_seed(&self, slug: &str) -> PlanSeed {
        PlanSeed(sha256(&[CITY_SEED_TAG, &self.0, slug.as_bytes()]))
    }
}

impl fmt::Debug for SeasonSeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SeasonSeed([redacted])")
    }
}

/// The secret of one city's plan.
///
/// Secret until the city has closed: `Debug` shows nothing and there is no serialisation.
#[derive(Clone, PartialEq, Eq)]
pub struct PlanSeed([u8; 32]);

impl PlanSeed {
    /// Takes 32 bytes from a cryptographic generator, or those that were revealed.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Gives the bytes up, for storage or for publication after the city has closed.
    #[must_use]
    pub const fn reveal(&self) -> [u8; 32] {
        self.0
    }

    /// Mixes in the public value that was announced, and returns the effective seed from which the plan is drawn.
    ///
    /// `SHA-256("reward-core/effective-seed/1\0" || seed || L || spec || value)`, with the bytes of
    /// [`canonical_spec_with_beacon`] and their number `L` as big-endian `u32`, and the value as it was published.
    /// An organiser who commits before the value exists can try as many seeds as he likes: each gives him a plan only
    /// when it is too late to choose another.
    ///
    /// ```
    /// use reward_core::{PlanSeed, RewardRules, SeedCommitment};
    ///
    /// let (seed, rules) = (PlanSeed::from_bytes([7; 32]), RewardRules::JIANGSU_2020);
    /// let source = "Welfare Lottery 3D, draw 2020090, three digits".parse()?;
    /// let commitment = SeedCommitment::with_beacon(&seed, &rules, &source); // published at once
    /// let effective = seed.mixed_with(&rules, &source, &"407".parse()?); // on the evening of that draw
    /// assert_ne!(effective, seed);
    /// # Ok::<(), reward_core::BeaconError>(())
    /// ```
    #[must_use]
    pub fn mixed_with(
        &self,
        rules: &RewardRules,
        source: &BeaconSource,
        value: &BeaconValue,
    ) -> Self {
        let spec = canonical_spec_with_beacon(rules, source);
        let length = u32::try_from(spec.len()).unwrap_or(u32::MAX);
        Self(sha256(&[
            EFFECTIVE_TAG,
            &self.0,
            &length.to_be_bytes(),
            spec.as_bytes(),
            value.as_str().as_bytes(),
        ]))
    }

    /// Seed of the word stream for the top packet's day and the rescue: `SHA-256(tag || seed)`.
    pub(crate) fn schedule_stream_seed(&self) -> [u8; 32] {
        sha256(&[SCHEDULE_TAG, &self.0])
    }

    /// Seed of the word stream of one deck: `SHA-256(tag || seed || day || kind)`.
    pub(crate) fn deck_stream_seed(&self, day: u8, kind: DeckKind) -> [u8; 32] {
        sha256(&[DECK_TAG, &self.0, &[day, kind_byte(kind)]])
    }
}

impl fmt::Debug for PlanSeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlanSeed([redacted])")
    }
}

/// Returns the canonical text of the rules, the published half of a commitment.
///
/// ASCII, one `name value` per line in this order, every line ended by one line feed, amounts in whole fen.
///
/// ```
/// use reward_core::{RewardRules, canonical_spec};
///
/// assert_eq!(canonical_spec(&RewardRules::JIANGSU_2020), "\
/// reward-plan-spec 1
/// pool_fen 1000000
/// daily_cap_fen 142800
/// days 7
/// packet_min_fen 10
/// packet_max_fen 10000
/// top_packet_fen 10000
/// packets_per_day 1000
/// release curve 100 72000000
/// claim_scope season
/// referral one_per_new_follower
/// residual unspendable
/// ");
/// ```
#[must_use]
pub fn canonical_spec(rules: &RewardRules) -> String {
    let release = match rules.release() {
        Release::Immediate => "immediate".to_owned(),
        Release::Linear => "linear".to_owned(),
        Release::Curve {
            head_permille,
            full_at_ms,
        } => format!("curve {head_permille} {full_at_ms}"),
    };
    let claim_scope = match rules.claim_scope() {
        ClaimScope::Season => "season",
        ClaimScope::City => "city",
    };
    let referral = match rules.referral() {
        ReferralPolicy::Off => "off",
        ReferralPolicy::OnePerNewFollower => "one_per_new_follower",
    };
    let residual = match rules.residual_policy() {
        Residual::Unspendable => "unspendable",
    };
    let (pool, cap, days) = (rules.pool().get(), rules.daily_cap().get(), rules.days());
    let (min, max) = (rules.bounds().min().get(), rules.bounds().max().get());
    let (top, packets) = (rules.top_packet().get(), rules.packets_per_day());
    format!(
        "{SPEC_VERSION}\npool_fen {pool}\ndaily_cap_fen {cap}\ndays {days}\npacket_min_fen {min}\n\
         packet_max_fen {max}\ntop_packet_fen {top}\npackets_per_day {packets}\nrelease {release}\n\
         claim_scope {claim_scope}\nreferral {referral}\nresidual {residual}\n"
    )
}

/// Returns the canonical text of the rules and of the public value that will be mixed in.
///
/// The text of [`canonical_spec`] with one more line, `beacon ` and the source.
#[must_use]
pub fn canonical_spec_with_beacon(rules: &RewardRules, source: &BeaconSource) -> String {
    let mut spec = canonical_spec(rules);
    spec.extend(["beacon ", source.as_str(), "\n"]);
    spec
}

/// What is published before a city opens: the seed and the rules can no longer be changed unnoticed.
///
/// `SHA-256("reward-core/commitment/1\0" || plan seed || canonical spec)`.
/// It binds the organiser but does not stop him from trying seeds before he commits; that takes a later public value,
/// announced with [`with_beacon`](Self::with_beacon) and mixed in by [`PlanSeed::mixed_with`].
///
/// ```
/// use reward_core::{PlanSeed, RewardRules, SeedCommitment};
///
/// let (seed, rules) = (PlanSeed::from_bytes([7; 32]), RewardRules::JIANGSU_2020);
/// let published = SeedCommitment::new(&seed, &rules).to_string();
/// // After the city has closed and the seed has been revealed, anybody checks:
/// let commitment: SeedCommitment = published.parse()?;
/// assert!(commitment.verify(&seed, &rules));
/// assert!(!commitment.verify(&PlanSeed::from_bytes([8; 32]), &rules));
/// # Ok::<(), reward_core::ParseDigestError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeedCommitment([u8; 32]);

impl SeedCommitment {
    /// Commits to a seed and the rules it is used with.
    #[must_use]
    pub fn new(seed: &PlanSeed, rules: &RewardRules) -> Self {
        Self::over(seed, &canonical_spec(rules))
    }

    /// Commits to a seed, the rules, and the public value that will be mixed in.
    #[must_use]
    pub fn with_beacon(seed: &PlanSeed, rules: &RewardRules, source: &BeaconSource) -> Self {
        Self::over(seed, &canonical_spec_with_beacon(rules, source))
    }

    fn over(seed: &PlanSeed, spec: &str) -> Self {
        Self(sha256(&[COMMITMENT_TAG, &seed.0, spec.as_bytes()]))
    }

    /// Returns whether a revealed seed and the rules are those committed to.
    #[must_use]
    pub fn verify(&self, seed: &PlanSeed, rules: &RewardRules) -> bool {
        *self == Self::new(seed, rules)
    }
}

/// The fingerprint of one deck: `SHA-256(tag || deck stream seed || n || amounts)`.
///
/// The tag is `"reward-core/deck-digest/1\0"`, `n` the number of packets as big-endian `u32`, each amount a big-endian
/// `u64` in fen, in deck order.
/// The deck's stream seed keeps small decks from being guessed before the reveal, and fixes day and kind.
/// A database that holds the plan can be checked against the digest, packet by packet, once the seed is known.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeckDigest([u8; 32]);

impl DeckDigest {
    /// Computes the fingerprint of a drawn deck; linear in its packets.
    #[must_use]
    pub fn new(seed: &PlanSeed, deck: &Deck) -> Self {
        Self::of_amounts(seed, deck.day(), deck.kind(), deck.amounts())
    }

    /// Computes the fingerprint of amounts read back from storage, in sequence order; linear in their number.
    #[must_use]
    pub fn of_amounts(seed: &PlanSeed, day: u8, kind: DeckKind, amounts: &[Fen]) -> Self {
        let packets = u32::try_from(amounts.len()).unwrap_or(u32::MAX);
        let mut hasher = Sha256::new();
        hasher.update(DECK_DIGEST_TAG);
        hasher.update(seed.deck_stream_seed(day, kind));
        hasher.update(packets.to_be_bytes());
        for amount in amounts {
            hasher.update(amount.get().to_be_bytes());
        }
        Self(hasher.finalize().into())
    }
}

digest_text!(SeedCommitment);
digest_text!(DeckDigest);

/// The byte that stands for a kind of deck in a digest.
pub(crate) const fn kind_byte(kind: DeckKind) -> u8 {
    match kind {
        DeckKind::Plain => 0,
        DeckKind::Top => 1,
    }
}
