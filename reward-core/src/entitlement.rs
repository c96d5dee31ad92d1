//! Who may draw a packet now, and which referral earns a chance: decisions over plain facts.
//!
//! An award consumes two things of one person: one chance (the base chance, else the oldest referral chance)
//! and one passing attempt in this city that no award has used.
//! A refusal consumes nothing.

use chrono::{DateTime, Utc};

use crate::{ClaimScope, ReferralPolicy};

/// Everything that the decision on one claim looks at, as of one instant.
///
/// The founding document says "each user once" and, for every new friend, "one more chance", unlimited.
/// Readings: "once" bounds the base chance, per season or per city as [`ClaimScope`] says;
/// the further chances are the sharer's, are usable in the city where they were earned, and end when it closes;
/// a failed attempt uses up no chance, and each award uses up one chance and one passing attempt.
///
/// ```
/// use reward_core::{
///     ChanceKind, ClaimFacts, ClaimPhase, ClaimScope, MoneyState, ReferralPolicy, Refusal,
/// };
///
/// let facts = ClaimFacts {
///     phase: ClaimPhase::Open,
///     following: true,
///     passes_here: 1,
///     passes_unused_here: 1,
///     base_used: None,
///     referral_chances_open_here: 0,
///     scope: ClaimScope::Season,
///     referral: ReferralPolicy::OnePerNewFollower,
///     money: MoneyState::Available,
/// };
/// assert_eq!(facts.decide().map(|claim| claim.kind), Ok(ChanceKind::Base));
/// assert_eq!(
///     ClaimFacts { following: false, ..facts }.decide(),
///     Err(Refusal::NotFollowing)
/// );
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(
    clippy::exhaustive_structs,
    reason = "a fact that nobody gathered must not be decided on: a new one breaks every gatherer"
)]
pub struct ClaimFacts {
    /// Where the city's window stands.
    pub phase: ClaimPhase,
    /// Whether the person follows the account now.
    pub following: bool,
    /// The person's passing attempts in this city.
    pub passes_here: u32,
    /// Those of them that no award has used.
    pub passes_unused_here: u32,
    /// The person's award on the base chance, if there was one; [`BaseUse::Here`] if there were several.
    pub base_used: Option<BaseUse>,
    /// The person's referral chances that were earned for this city and no award has used.
    pub referral_chances_open_here: u32,
    /// What "once" counts.
    pub scope: ClaimScope,
    /// Whether referrals count.
    pub referral: ReferralPolicy,
    /// What the city can pay now.
    pub money: MoneyState,
}

/// Where the window of a city's claims stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
#[expect(
    clippy::exhaustive_enums,
    reason = "before, inside, after, or switched off: whoever computes it must choose one"
)]
pub enum ClaimPhase {
    /// Before the window.
    NotYet {
        /// The first instant of the window.
        opens: DateTime<Utc>,
    },
    /// In the half-open window.
    Open,
    /// After the window; there is no grace.
    Closed {
        /// The first instant after the window.
        closed: DateTime<Utc>,
    },
    /// In the window, but an organiser has paused awards.
    Paused,
}

/// Where and when the base chance was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the scope needs to know this city from all others, and nothing more"
)]
pub enum BaseUse {
    /// In this city.
    Here {
        /// The decision on that award.
        at: DateTime<Utc>,
    },
    /// In another city of the season.
    Elsewhere {
        /// The decision on that award.
        at: DateTime<Utc>,
    },
}

/// What a city can pay now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the release, the day's cap and the pool are the only three limits"
)]
pub enum MoneyState {
    /// The next packet is released.
    Available,
    /// The day has packets, but the next is released later.
    NotReleasedUntil(DateTime<Utc>),
    /// The day's packets are given out.
    DayExhausted {
        /// When the next day's packets begin; `None` on the city's last day.
        next_day: Option<DateTime<Utc>>,
    },
    /// The city's packets are given out.
    CityExhausted,
}

/// Which chance an award consumes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the founding document knows these two chances"
)]
pub enum ChanceKind {
    /// The one that everybody has.
    Base,
    /// The oldest unused one earned by a new follower.
    Referral,
}

/// A claim that is granted: one packet of the city, against this chance and one unused passing attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ClaimDecision {
    /// The chance to consume.
    pub kind: ChanceKind,
}

impl ClaimFacts {
    /// Decides whether this person may draw a packet now, and on which chance.
    ///
    /// The first reason in this order is given: the window (not yet, closed, paused), following,
    /// no pass, no chance, no unused pass, the money (city, day, release).
    /// A reason that no action of the person can change comes before one that it can.
    ///
    /// # Errors
    ///
    /// One [`Refusal`] per reason; nothing is consumed.
    pub const fn decide(&self) -> Result<ClaimDecision, Refusal> {
        match self.phase {
            ClaimPhase::NotYet { opens } => return Err(Refusal::NotOpenYet { opens }),
            ClaimPhase::Closed { closed } => return Err(Refusal::Closed { closed }),
            ClaimPhase::Paused => return Err(Refusal::Paused),
            ClaimPhase::Open => {}
        }
        if !self.following {
            return Err(Refusal::NotFollowing);
        }
        if self.passes_here == 0 {
            return Err(Refusal::NotPassed);
        }
        let kind = match self.chance() {
            Ok(kind) => kind,
            Err(refusal) => return Err(refusal),
        };
        if self.passes_unused_here == 0 {
            return Err(Refusal::AnotherPassNeeded { chance: kind });
        }
        match self.money {
            MoneyState::Available => Ok(ClaimDecision { kind }),
            MoneyState::NotReleasedUntil(at) => Err(Refusal::NotReleasedUntil { at }),
            MoneyState::DayExhausted { next_day } => Err(Refusal::DayExhausted { next_day }),
            MoneyState::CityExhausted => Err(Refusal::CityExhausted),
        }
    }

    /// Finds the chance that a claim would consume: the base one while it is unused, else a referral's.
    const fn chance(&self) -> Result<ChanceKind, Refusal> {
        let used = match (self.base_used, self.scope) {
            (None, _) | (Some(BaseUse::Elsewhere { .. }), ClaimScope::City) => {
                return Ok(ChanceKind::Base);
            }
            (Some(used @ BaseUse::Here { .. }), _)
            | (Some(used @ BaseUse::Elsewhere { .. }), ClaimScope::Season) => used,
        };
        match self.referral {
            ReferralPolicy::OnePerNewFollower if self.referral_chances_open_here > 0 => {
                Ok(ChanceKind::Referral)
            }
            ReferralPolicy::OnePerNewFollower | ReferralPolicy::Off => {
                Err(Refusal::AlreadyClaimed {
                    used,
                    scope: self.scope,
                })
            }
        }
    }
}

/// Why a person gets no packet now; a citizen is told each in a sentence of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "kebab-case", tag = "code")
)]
#[non_exhaustive]
pub enum Refusal {
    /// The city's window has not begun.
    #[error("the city opens at {opens}")]
    NotOpenYet {
        /// The first instant of the window.
        opens: DateTime<Utc>,
    },
    /// The city's window is over, and chances earned for it with it.
    #[error("the city closed at {closed}")]
    Closed {
        /// The first instant after the window.
        closed: DateTime<Utc>,
    },
    /// An organiser has paused awards; chances are kept.
    #[error("awards are paused")]
    Paused,
    /// The person does not follow the account.
    #[error("the person does not follow the account")]
    NotFollowing,
    /// The person has passed no attempt in this city.
    #[error("no attempt in this city has passed")]
    NotPassed,
    /// Every chance is used.
    #[error("the base chance is used, and no referral chance is open")]
    AlreadyClaimed {
        /// Where and when the base chance was used.
        used: BaseUse,
        /// What "once" counts.
        scope: ClaimScope,
    },
    /// A chance is open, but every passing attempt has served an award already.
    #[error("a chance is open, but it needs another passing attempt")]
    AnotherPassNeeded {
        /// The chance that is open.
        chance: ChanceKind,
    },
    /// The day has packets left, but the next is released later.
    #[error("the next packet is released at {at}")]
    NotReleasedUntil {
        /// The release.
        at: DateTime<Utc>,
    },
    /// The day's packets are given out; the chance is kept.
    #[error("the packets of the day are given out")]
    DayExhausted {
        /// When the next day's packets begin; `None` on the city's last day.
        next_day: Option<DateTime<Utc>>,
    },
    /// The city's packets are given out.
    #[error("the packets of the city are given out")]
    CityExhausted,
}

impl Refusal {
    /// The codes of all refusals, in the order of the checks.
    pub const CODES: [&'static str; 10] = [
        "not-open-yet",
        "closed",
        "paused",
        "not-following",
        "not-passed",
        "already-claimed",
        "another-pass-needed",
        "not-released-until",
        "day-exhausted",
        "city-exhausted",
    ];

    /// Returns the stable code of the refusal.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotOpenYet { .. } => "not-open-yet",
            Self::Closed { .. } => "closed",
            Self::Paused => "paused",
            Self::NotFollowing => "not-following",
            Self::NotPassed => "not-passed",
            Self::AlreadyClaimed { .. } => "already-claimed",
            Self::AnotherPassNeeded { .. } => "another-pass-needed",
            Self::NotReleasedUntil { .. } => "not-released-until",
            Self::DayExhausted { .. } => "day-exhausted",
            Self::CityExhausted => "city-exhausted",
        }
    }

    /// Returns one refusal of every kind, in the order of [`Refusal::CODES`], with `at` for every instant.
    ///
    /// For whoever must have a sentence for each.
    #[must_use]
    pub const fn one_of_each(at: DateTime<Utc>) -> [Self; 10] {
        [
            Self::NotOpenYet { opens: at },
            Self::Closed { closed: at },
            Self::Paused,
            Self::NotFollowing,
            Self::NotPassed,
            Self::AlreadyClaimed {
                used: BaseUse::Here { at },
                scope: ClaimScope::Season,
            },
            Self::AnotherPassNeeded {
                chance: ChanceKind::Referral,
            },
            Self::NotReleasedUntil { at },
            Self::DayExhausted { next_day: Some(at) },
            Self::CityExhausted,
        ]
    }

    /// Returns the instant from which the same claim may succeed, if time alone can change the answer.
    #[must_use]
    pub const fn try_again_at(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::NotOpenYet { opens: at } | Self::NotReleasedUntil { at } => Some(*at),
            Self::DayExhausted { next_day } => *next_day,
            Self::Closed { .. }
            | Self::Paused
            | Self::NotFollowing
            | Self::NotPassed
            | Self::AlreadyClaimed { .. }
            | Self::AnotherPassNeeded { .. }
            | Self::CityExhausted => None,
        }
    }
}

/// Everything that the decision on one referral looks at, when a friend starts to follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(
    clippy::exhaustive_structs,
    reason = "a fact that nobody gathered must not be decided on: a new one breaks every gatherer"
)]
pub struct FollowFacts {
    /// Whether referrals count.
    pub policy: ReferralPolicy,
    /// Whether the friend came by the sharer's own code.
    pub through_sharers_code: bool,
    /// Whether the friend is the sharer, under whatever account.
    pub friend_is_sharer: bool,
    /// Whether the friend had ever followed before, the time before the contest included.
    pub friend_ever_followed: bool,
    /// Whether the friend has earned anybody a chance in this season.
    pub friend_already_credited: bool,
    /// Whether the sharer follows the account now.
    pub sharer_following: bool,
    /// Which city would take the chance.
    pub moment: FollowMoment,
}

/// What the calendar says when a friend starts to follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a city is open, is announced, or there is none"
)]
pub enum FollowMoment {
    /// A city is open.
    CityOpen,
    /// No city is open, and the next one is in its preheat.
    Preheat,
    /// Neither: before the season, between editions or after the last city.
    NoCity,
}

/// A chance earned by the sharer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the chance belongs to the open city or to the announced one"
)]
pub enum Credit {
    /// Usable at once, in the open city, until it closes.
    OpenCity,
    /// Usable in the announced city, from its opening until it closes.
    NextCity,
}

impl FollowFacts {
    /// Decides whether this follow earns the sharer a chance.
    ///
    /// Only a person who never followed before and came by the sharer's code counts, once in the season;
    /// following again after leaving earns nothing.
    ///
    /// # Errors
    ///
    /// The first [`NoCredit`] in the order of its variants.
    pub const fn decide(&self) -> Result<Credit, NoCredit> {
        if matches!(self.policy, ReferralPolicy::Off) {
            return Err(NoCredit::PolicyOff);
        }
        if !self.through_sharers_code {
            return Err(NoCredit::NotByCode);
        }
        if self.friend_is_sharer {
            return Err(NoCredit::OwnCode);
        }
        if self.friend_ever_followed {
            return Err(NoCredit::FollowedBefore);
        }
        if self.friend_already_credited {
            return Err(NoCredit::AlreadyCredited);
        }
        if !self.sharer_following {
            return Err(NoCredit::SharerNotFollowing);
        }
        match self.moment {
            FollowMoment::CityOpen => Ok(Credit::OpenCity),
            FollowMoment::Preheat => Ok(Credit::NextCity),
            FollowMoment::NoCity => Err(NoCredit::NoCity),
        }
    }
}

/// Why a follow earns nobody a chance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "kebab-case")
)]
#[non_exhaustive]
pub enum NoCredit {
    /// Referrals do not count in this season.
    #[error("referrals are switched off")]
    PolicyOff,
    /// The friend did not come by a sharer's code.
    #[error("the follower did not come by a sharer's code")]
    NotByCode,
    /// The friend is the sharer.
    #[error("the code is the follower's own")]
    OwnCode,
    /// The friend had followed before.
    #[error("the follower had followed before")]
    FollowedBefore,
    /// The friend has earned a chance already.
    #[error("the follower has earned somebody a chance in this season")]
    AlreadyCredited,
    /// The sharer does not follow.
    #[error("the sharer does not follow the account")]
    SharerNotFollowing,
    /// There is no city in which the chance could be used.
    #[error("no city is open or announced")]
    NoCity,
}

impl NoCredit {
    /// Every reason, in the order of the checks.
    pub const ALL: [Self; 7] = [
        Self::PolicyOff,
        Self::NotByCode,
        Self::OwnCode,
        Self::FollowedBefore,
        Self::AlreadyCredited,
        Self::SharerNotFollowing,
        Self::NoCity,
    ];

    /// Returns the stable code of the reason.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::PolicyOff => "policy-off",
            Self::NotByCode => "not-by-code",
            Self::OwnCode => "own-code",
            Self::FollowedBefore => "followed-before",
            Self::AlreadyCredited => "already-credited",
            Self::SharerNotFollowing => "sharer-not-following",
            Self::NoCity => "no-city",
        }
    }
}
