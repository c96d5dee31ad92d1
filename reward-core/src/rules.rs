//! The rules of one city's money: pool, daily cap, packet bounds, and the readings chosen where the text is silent.

use crate::{Fen, Infeasible, Release, SplitSpec, pacing::DAY_MS};

/// Least and greatest amount of one packet, both allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(try_from = "PacketBoundsFormat", into = "PacketBoundsFormat")
)]
pub struct PacketBounds {
    min: Fen,
    max: Fen,
}

impl PacketBounds {
    /// Checks `1 fen <= min <= max`.
    ///
    /// # Errors
    ///
    /// [`RulesError::EmptyPacket`] or [`RulesError::BoundsReversed`].
    pub const fn new(min: Fen, max: Fen) -> Result<Self, RulesError> {
        if min.get() == 0 {
            return Err(RulesError::EmptyPacket);
        }
        if min.get() > max.get() {
            return Err(RulesError::BoundsReversed { min, max });
        }
        Ok(Self { min, max })
    }

    /// Returns the least amount, at least 1 fen.
    #[must_use]
    pub const fn min(&self) -> Fen {
        self.min
    }

    /// Returns the greatest amount, at least [`min`](Self::min).
    #[must_use]
    pub const fn max(&self) -> Fen {
        self.max
    }

    /// Returns whether an amount lies within the bounds.
    #[must_use]
    pub const fn contains(&self, amount: Fen) -> bool {
        self.min.get() <= amount.get() && amount.get() <= self.max.get()
    }
}

/// The shape of [`PacketBounds`] in a file.
#[cfg(feature = "serde")]
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct PacketBoundsFormat {
    min: Fen,
    max: Fen,
}

#[cfg(feature = "serde")]
impl TryFrom<PacketBoundsFormat> for PacketBounds {
    type Error = RulesError;

    fn try_from(format: PacketBoundsFormat) -> Result<Self, RulesError> {
        Self::new(format.min, format.max)
    }
}

#[cfg(feature = "serde")]
impl From<PacketBounds> for PacketBoundsFormat {
    fn from(bounds: PacketBounds) -> Self {
        Self {
            min: bounds.min,
            max: bounds.max,
        }
    }
}

/// What "each user once" counts: packets of the season, or of each city.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[expect(
    clippy::exhaustive_enums,
    reason = "a third scope must make every reader of the rule decide anew"
)]
pub enum ClaimScope {
    /// One base packet per person in the whole season, the literal text.
    Season,
    /// One base packet per person in each city.
    City,
}

/// Whether bringing a new follower earns another packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[expect(
    clippy::exhaustive_enums,
    reason = "another policy must make every reader of the rule decide anew"
)]
pub enum ReferralPolicy {
    /// No packet for referrals.
    Off,
    /// One further chance for every friend who had never followed before.
    OnePerNewFollower,
}

/// What becomes of money that the daily caps leave in the pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Residual {
    /// It is never paid, and reported as such from the first day.
    Unspendable,
}

/// The terms of one city as somebody wrote them, before [`RewardRules::new`] has checked them.
///
/// Every value is stated; there is no default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[expect(
    clippy::exhaustive_structs,
    reason = "the caller states every value; a new rule must not slip in by default"
)]
pub struct RewardTerms {
    /// All the money of the city.
    pub pool: Fen,
    /// Most that one Asia/Shanghai calendar day may award.
    pub daily_cap: Fen,
    /// Days the city is open, at least 1.
    pub days: u8,
    /// Bounds of every packet.
    pub bounds: PacketBounds,
    /// Amount of the packet that each city awards once; every other packet is smaller.
    pub top_packet: Fen,
    /// Packets in one day's deck: the published parameter that fixes the mean packet.
    pub packets_per_day: u32,
    /// When the packets of a day become available.
    pub release: Release,
    /// What "once" counts.
    pub claim_scope: ClaimScope,
    /// Whether referrals earn packets.
    pub referral: ReferralPolicy,
    /// What becomes of the money no day can pay.
    pub residual: Residual,
}

/// The checked rules of one city; a value that exists can be planned and paid.
///
/// ```
/// use reward_core::{Fen, RewardRules};
///
/// let rules = RewardRules::JIANGSU_2020;
/// assert_eq!(rules.daily_cap().to_string(), "1428.00");
/// assert_eq!(rules.residual(), Fen::new(400)); // 10,000 - 7 * 1,428 yuan can never be paid
///
/// // A channel that pays nothing under one yuan raises the least packet.
/// let payable = rules.effective_for(Fen::new(100))?;
/// assert_eq!(payable.bounds().min(), Fen::new(100));
/// # Ok::<(), reward_core::RulesError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(try_from = "RewardTerms", into = "RewardTerms")
)]
pub struct RewardRules {
    terms: RewardTerms,
    /// A day's deck without the top packet.
    plain: SplitSpec,
    /// A day's deck with the top packet taken out.
    beside_top: SplitSpec,
}

impl RewardRules {
    /// The commissioned rules: Jiangsu, 2020, each of the 13 cities.
    ///
    /// Source: founding document, reward rules: 10,000 yuan a city, at most 1,428 yuan a day for seven days,
    /// packets of 0.10 to 100 yuan, at least one of 100 yuan.
    /// The deck of 1,000 packets and the release curve are ours, and published.
    pub const JIANGSU_2020: Self = match Self::new(RewardTerms {
        pool: Fen::new(1_000_000),
        daily_cap: Fen::new(142_800),
        days: 7,
        bounds: PacketBounds {
            min: Fen::new(10),
            max: Fen::new(10_000),
        },
        top_packet: Fen::new(10_000),
        packets_per_day: 1_000,
        release: Release::Curve {
            head_permille: 100,
            full_at_ms: 72_000_000,
        },
        claim_scope: ClaimScope::Season,
        referral: ReferralPolicy::OnePerNewFollower,
        residual: Residual::Unspendable,
    }) {
        Ok(rules) => rules,
        // Evaluated by the compiler: preset rules that fail do not build.
        Err(_) => panic!("the preset rules are infeasible"),
    };

    /// Checks terms; constant cost.
    ///
    /// # Errors
    ///
    /// [`RulesError`] names the first inequality that fails.
    pub const fn new(terms: RewardTerms) -> Result<Self, RulesError> {
        if terms.days == 0 {
            return Err(RulesError::NoDays);
        }
        if let Err(error) = check_release(terms.release) {
            return Err(error);
        }
        if let Err(error) = check_budget(&terms) {
            return Err(error);
        }
        let (min, max, top) = (terms.bounds.min, terms.bounds.max, terms.top_packet);
        if top.get() > max.get() {
            return Err(RulesError::TopPacketAboveMaximum { top, max });
        }
        if top.get() <= min.get() {
            return Err(RulesError::TopPacketNotAboveMinimum { top, min });
        }
        let below_top = Fen::new(top.get().saturating_sub(1));
        let ordinary = PacketBounds {
            min,
            max: below_top,
        };
        let plain = match SplitSpec::new(terms.packets_per_day, terms.daily_cap, ordinary) {
            Ok(spec) => spec,
            Err(source) => return Err(RulesError::PlainDeck { source }),
        };
        let Some(rest) = terms.daily_cap.checked_sub(top) else {
            return Err(RulesError::TopPacketAboveDailyCap {
                top,
                daily_cap: terms.daily_cap,
            });
        };
        let others = terms.packets_per_day.saturating_sub(1);
        let beside_top = match SplitSpec::new(others, rest, ordinary) {
            Ok(spec) => spec,
            Err(source) => return Err(RulesError::TopDeck { source }),
        };
        Ok(Self {
            terms,
            plain,
            beside_top,
        })
    }

    /// Returns the rules that a payment channel with a least amount can honour: `min` becomes `max(min, floor)`.
    ///
    /// # Errors
    ///
    /// [`RulesError::BoundsReversed`] if the floor exceeds the greatest packet, and every inequality that the
    /// raised minimum breaks, as in [`new`](Self::new).
    pub const fn effective_for(&self, floor: Fen) -> Result<Self, RulesError> {
        let mut terms = self.terms;
        if floor.get() > terms.bounds.min.get() {
            terms.bounds = match PacketBounds::new(floor, terms.bounds.max) {
                Ok(bounds) => bounds,
                Err(error) => return Err(error),
            };
        }
        Self::new(terms)
    }

    /// Returns the money that no day can pay under its cap: `pool - days * daily_cap`, at least zero.
    #[must_use]
    pub const fn residual(&self) -> Fen {
        Fen::new(self.terms.pool.get().saturating_sub(self.spendable().get()))
    }

    /// Returns the most that all days together can pay: `days * daily_cap`, at most the pool.
    #[must_use]
    pub const fn spendable(&self) -> Fen {
        match days_times_cap(&self.terms) {
            Some(spendable) => spendable,
            None => self.terms.pool,
        }
    }

    /// Returns the terms as they were written.
    #[must_use]
    pub const fn terms(&self) -> RewardTerms {
        self.terms
    }

    /// Returns all the money of the city.
    #[must_use]
    pub const fn pool(&self) -> Fen {
        self.terms.pool
    }

    /// Returns the most that one day may award; every deck sums to it.
    #[must_use]
    pub const fn daily_cap(&self) -> Fen {
        self.terms.daily_cap
    }

    /// Returns the number of days the city is open, at least 1.
    #[must_use]
    pub const fn days(&self) -> u8 {
        self.terms.days
    }

    /// Returns the bounds of every packet.
    #[must_use]
    pub const fn bounds(&self) -> PacketBounds {
        self.terms.bounds
    }

    /// Returns the amount awarded once in each city.
    #[must_use]
    pub const fn top_packet(&self) -> Fen {
        self.terms.top_packet
    }

    /// Returns the number of packets in one day's deck, at least 1.
    #[must_use]
    pub const fn packets_per_day(&self) -> u32 {
        self.terms.packets_per_day
    }

    /// Returns when the packets of a day become available.
    #[must_use]
    pub const fn release(&self) -> Release {
        self.terms.release
    }

    /// Returns what "once" counts.
    #[must_use]
    pub const fn claim_scope(&self) -> ClaimScope {
        self.terms.claim_scope
    }

    /// Returns whether referrals earn packets.
    #[must_use]
    pub const fn referral(&self) -> ReferralPolicy {
        self.terms.referral
    }

    /// Returns what becomes of the [`residual`](Self::residual).
    #[must_use]
    pub const fn residual_policy(&self) -> Residual {
        self.terms.residual
    }

    /// Returns the split of a day's deck without the top packet; every part is below the top packet.
    #[must_use]
    pub const fn plain_split(&self) -> SplitSpec {
        self.plain
    }

    /// Returns the split of what surrounds the top packet in a day's deck; every part is below the top packet.
    #[must_use]
    pub const fn split_beside_top(&self) -> SplitSpec {
        self.beside_top
    }
}

impl TryFrom<RewardTerms> for RewardRules {
    type Error = RulesError;

    fn try_from(terms: RewardTerms) -> Result<Self, RulesError> {
        Self::new(terms)
    }
}

impl From<RewardRules> for RewardTerms {
    fn from(rules: RewardRules) -> Self {
        rules.terms
    }
}

const fn check_release(release: Release) -> Result<(), RulesError> {
    match release {
        Release::Immediate | Release::Linear => Ok(()),
        Release::Curve {
            head_permille,
            full_at_ms,
        } => {
            if head_permille > 1_000 {
                Err(RulesError::HeadAboveWholeDeck { head_permille })
            } else if full_at_ms == 0 || full_at_ms >= DAY_MS {
                Err(RulesError::FullReleaseOutsideDay { full_at_ms })
            } else {
                Ok(())
            }
        }
    }
}

const fn check_budget(terms: &RewardTerms) -> Result<(), RulesError> {
    let (pool, daily_cap, days) = (terms.pool, terms.daily_cap, terms.days);
    match days_times_cap(terms) {
        Some(all_days) if all_days.get() <= pool.get() => Ok(()),
        Some(_) | None => Err(RulesError::PoolBelowDailyCaps {
            pool,
            daily_cap,
            days,
        }),
    }
}

const fn days_times_cap(terms: &RewardTerms) -> Option<Fen> {
    #[expect(
        clippy::as_conversions,
        reason = "u64::from is not const; u8 to u64 loses nothing"
    )]
    terms.daily_cap.checked_mul(terms.days as u64)
}

/// Which inequality a set of terms breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RulesError {
    /// `min >= 1 fen` fails.
    #[error("a packet of nothing is no packet")]
    EmptyPacket,
    /// `min <= max` fails.
    #[error("the least packet {min} exceeds the greatest {max}")]
    BoundsReversed {
        /// Least packet.
        min: Fen,
        /// Greatest packet.
        max: Fen,
    },
    /// `days >= 1` fails.
    #[error("a city must be open for at least one day")]
    NoDays,
    /// `days * daily_cap <= pool` fails.
    #[error("{days} days of {daily_cap} exceed the pool of {pool}")]
    PoolBelowDailyCaps {
        /// Money of the city.
        pool: Fen,
        /// Cap of each day.
        daily_cap: Fen,
        /// Days the city is open.
        days: u8,
    },
    /// `top_packet <= max` fails.
    #[error("the top packet {top} exceeds the greatest packet {max}")]
    TopPacketAboveMaximum {
        /// Top packet.
        top: Fen,
        /// Greatest packet.
        max: Fen,
    },
    /// `top_packet > min` fails, so no packet could be smaller.
    #[error("the top packet {top} does not exceed the least packet {min}")]
    TopPacketNotAboveMinimum {
        /// Top packet.
        top: Fen,
        /// Least packet.
        min: Fen,
    },
    /// `top_packet <= daily_cap` fails.
    #[error("the top packet {top} exceeds the daily cap {daily_cap}")]
    TopPacketAboveDailyCap {
        /// Top packet.
        top: Fen,
        /// Cap of each day.
        daily_cap: Fen,
    },
    /// The daily cap cannot be divided into a deck of packets below the top packet.
    #[error("the deck without the top packet cannot be drawn")]
    PlainDeck {
        /// The inequality of the split.
        source: Infeasible,
    },
    /// The daily cap less the top packet cannot be divided into the remaining packets.
    #[error("the deck with the top packet cannot be drawn")]
    TopDeck {
        /// The inequality of the split.
        source: Infeasible,
    },
    /// `head_permille <= 1000` fails.
    #[error("a head start of {head_permille} thousandths exceeds the whole deck")]
    HeadAboveWholeDeck {
        /// Thousandths asked for.
        head_permille: u16,
    },
    /// `0 < full_at_ms < 86_400_000` fails.
    #[error("the last release at {full_at_ms} ms is not within the day")]
    FullReleaseOutsideDay {
        /// Milliseconds since 00:00.
        full_at_ms: u32,
    },
}
