//! The one rule that says which packet the next claim takes.

use crate::{
    DayOffset, Release,
    planted::{self, Bug},
};

/// What is fixed about a day before it opens.
///
/// Made by [`PacketPlan::day_rule`](crate::PacketPlan::day_rule), or from a stored plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_structs,
    reason = "plain facts, read back from storage column by column"
)]
pub struct DayRule {
    /// Packets in the day's deck.
    pub packets: u32,
    /// When they become available.
    pub release: Release,
    /// Place of the top packet in the deck, from 0; `None` in a plain deck.
    pub top_sequence: Option<u32>,
    /// Moment from which the next claim takes a top packet still sealed; `None` except on the last day.
    pub rescue_at: Option<DayOffset>,
}

/// How far a day has come.
///
/// Packets are taken in the order of their sequence; only the rescue takes the top packet ahead of its turn, and then
/// it is passed over later.
/// So the number taken and the fate of the top packet together determine exactly which packets are gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_structs,
    reason = "plain facts, read back from storage column by column"
)]
pub struct DayProgress {
    /// Packets of the day's deck taken so far, in turn or by rescue.
    pub taken: u32,
    /// Whether the top packet of this deck is among them.
    pub top_taken: bool,
}

/// What the next claim meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a claim takes a packet, waits, or comes too late; a fourth must not compile"
)]
pub enum Next {
    /// It takes this packet.
    Take {
        /// Place in the deck, from 0.
        sequence: u32,
    },
    /// The next packet is not released yet.
    NotReleasedUntil {
        /// First moment of the same day at which it is.
        offset: DayOffset,
    },
    /// Every packet of the day has been taken.
    DayExhausted,
}

/// Returns which packet the next claim of a day takes; constant cost.
///
/// In this order: an exhausted deck gives nothing; from the rescue moment on a top packet still sealed is taken, whatever
/// is released; if as many packets are taken as are released, the claim waits; otherwise it takes the first packet
/// still there.
///
/// The caller must serialise claims of a city and pass a `now` that never runs backwards.
///
/// # Errors
///
/// [`InconsistentDay`] if the facts contradict each other; nothing may be paid on such facts.
///
/// ```
/// use reward_core::{DayOffset, DayProgress, DayRule, Next, Release, next_packet};
///
/// let rule = DayRule {
///     packets: 4,
///     release: Release::Immediate,
///     top_sequence: Some(2),
///     rescue_at: DayOffset::from_ms(70_000_000),
/// };
/// let late = DayOffset::from_ms(70_000_000).expect("within the day");
/// let sealed = DayProgress { taken: 1, top_taken: false };
/// assert_eq!(next_packet(&rule, sealed, DayOffset::MIDNIGHT)?, Next::Take { sequence: 1 });
/// assert_eq!(next_packet(&rule, sealed, late)?, Next::Take { sequence: 2 });
/// let rescued = DayProgress { taken: 3, top_taken: true }; // packets 0, 2 and 1
/// assert_eq!(next_packet(&rule, rescued, late)?, Next::Take { sequence: 3 });
/// # Ok::<(), reward_core::InconsistentDay>(())
/// ```
pub fn next_packet(
    rule: &DayRule,
    progress: DayProgress,
    now: DayOffset,
) -> Result<Next, InconsistentDay> {
    check(rule, progress)?;
    let DayProgress { taken, top_taken } = progress;
    if taken == rule.packets {
        return Ok(Next::DayExhausted);
    }
    let rescue_due = rule.rescue_at.is_some_and(|rescue_at| rescue_at <= now)
        && !planted::is(Bug::RescueForgotten);
    if let Some(sequence) = rule.top_sequence.filter(|_| rescue_due && !top_taken) {
        return Ok(Next::Take { sequence });
    }
    if taken >= rule.release.released(rule.packets, now) && !planted::is(Bug::ReleaseIgnored) {
        let next_release = rule.release.next_release_at(rule.packets, taken);
        return Ok(
            next_release.map_or(Next::DayExhausted, |offset| Next::NotReleasedUntil {
                offset,
            }),
        );
    }
    let sequence = match rule.top_sequence {
        // All before the top packet are gone, or it was rescued and `taken` counts it.
        Some(top) if planted::is(Bug::PacketGivenTwice) && top_taken && taken <= top => {
            taken.saturating_sub(2)
        }
        Some(top) if top_taken && taken <= top => taken.saturating_sub(1),
        Some(_) | None => taken,
    };
    Ok(Next::Take { sequence })
}

fn check(rule: &DayRule, progress: DayProgress) -> Result<(), InconsistentDay> {
    let DayProgress { taken, top_taken } = progress;
    let packets = rule.packets;
    if taken > packets {
        return Err(InconsistentDay::MoreTakenThanPackets { taken, packets });
    }
    match rule.top_sequence {
        None if top_taken => Err(InconsistentDay::NoTopPacketToTake),
        Some(top_sequence) if top_sequence >= packets => {
            Err(InconsistentDay::TopPacketBeyondDeck {
                top_sequence,
                packets,
            })
        }
        Some(_) if top_taken && taken == 0 => Err(InconsistentDay::TopPacketNotCounted),
        Some(top_sequence) if !top_taken && taken > top_sequence => {
            Err(InconsistentDay::TopPacketPassedOver {
                taken,
                top_sequence,
            })
        }
        Some(_) | None => Ok(()),
    }
}

/// Which facts about a day contradict each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InconsistentDay {
    /// `taken <= packets` fails.
    #[error("{taken} packets taken from a deck of {packets}")]
    MoreTakenThanPackets {
        /// Packets taken.
        taken: u32,
        /// Packets in the deck.
        packets: u32,
    },
    /// `top_sequence < packets` fails.
    #[error("the top packet at {top_sequence} lies beyond a deck of {packets}")]
    TopPacketBeyondDeck {
        /// Place of the top packet.
        top_sequence: u32,
        /// Packets in the deck.
        packets: u32,
    },
    /// The top packet is said to be taken from a plain deck.
    #[error("the top packet was taken from a deck without one")]
    NoTopPacketToTake,
    /// The top packet is said to be taken, but no packet is.
    #[error("the top packet was taken although no packet was")]
    TopPacketNotCounted,
    /// More packets were taken than lie before the top packet, but not the top packet.
    #[error("{taken} packets taken although the top packet at {top_sequence} is still sealed")]
    TopPacketPassedOver {
        /// Packets taken.
        taken: u32,
        /// Place of the top packet.
        top_sequence: u32,
    },
}
