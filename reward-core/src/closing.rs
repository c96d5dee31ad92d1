//! The end of the line for the top packet: a draw among the week's awards after the city has closed.

use std::num::NonZeroU32;

use sha2::{Digest, Sha256};

use crate::{
    Fen, PlanSeed, RewardRules, WordStream,
    planted::{self, Bug},
};

// Ends in a zero byte, so that no other digest of the seed can be passed off as this one.
const CLOSING_TAG: &[u8] = b"reward-core/closing/1\0";

/// What a city has awarded when it closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "plain facts, read back from storage"
)]
pub struct ClosingFacts<'a> {
    /// Every amount awarded in the week, in the order of the awards.
    pub awards: &'a [Fen],
    /// What the last day awarded in all.
    pub awarded_on_last_day: Fen,
}

/// What became of the top packet of a closed city.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the packet was taken, is drawn, or nobody came; a fourth must not compile"
)]
pub enum JackpotOutcome {
    /// A claim took it while the city was open, in turn or by rescue.
    Taken {
        /// Place of that award in the week, from 0.
        award: u32,
    },
    /// It was still sealed, and the closing draw gives it to one of the week's awards.
    ToppedUp(ClosingTopUp),
    /// Nobody was awarded anything, so there is nobody to give it to.
    NoClaimant,
}

/// The raise of one award to the top packet, charged to the last day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ClosingTopUp {
    /// Place of the award in the week, from 0.
    pub award: u32,
    /// What the award had brought.
    pub awarded: Fen,
    /// What is paid on top, so that both together are the top packet.
    pub top_up: Fen,
}

/// Decides who gets a top packet that nobody took: one of the week's awards, each with the same probability.
///
/// The draw needs one award only, cannot be timed by anybody, and keeps every cap: while the top packet is sealed, the
/// last day plays the deck that holds it, so the others of that day sum to at most the cap less the top packet.
/// Together with carry and rescue it makes the top packet certain in every city with a claimant.
///
/// `public_value` is a number that becomes known after closing only, for example a lottery result that was named
/// beforehand; with it the organiser cannot know the winner while awards are still being made.
///
/// How it is drawn: `below(awards)` on the [`WordStream`] of `SHA-256("reward-core/closing/1\0" || seed || value)`,
/// where `value` is one byte 0 without a public value, and one byte 1 before its bytes otherwise.
/// Linear in the awards.
///
/// # Errors
///
/// [`ClosingError`] if the facts break the rules; nothing may be paid on such facts.
///
/// ```
/// use reward_core::{ClosingFacts, Fen, JackpotOutcome, PlanSeed, RewardRules, closing_draw};
///
/// let (rules, seed) = (RewardRules::JIANGSU_2020, PlanSeed::from_bytes([7; 32]));
/// let facts = ClosingFacts { awards: &[Fen::new(150)], awarded_on_last_day: Fen::ZERO };
/// let outcome = closing_draw(&rules, &seed, Some(b"lottery 2020-04-29: 03 11 17"), &facts)?;
/// let JackpotOutcome::ToppedUp(top_up) = outcome else { panic!("the only claimant wins") };
/// assert_eq!(top_up.top_up, Fen::new(9_850));
/// # Ok::<(), reward_core::ClosingError>(())
/// ```
pub fn closing_draw(
    rules: &RewardRules,
    seed: &PlanSeed,
    public_value: Option<&[u8]>,
    facts: &ClosingFacts<'_>,
) -> Result<JackpotOutcome, ClosingError> {
    let top = rules.top_packet();
    let mut taken = None;
    for (award, &amount) in (0_u32..).zip(facts.awards) {
        if amount > top {
            return Err(ClosingError::AwardAboveTopPacket { award, amount, top });
        }
        if amount == top && taken.is_none() {
            taken = Some(award);
        }
    }
    if let Some(award) = taken {
        return Ok(JackpotOutcome::Taken { award });
    }
    let awards = u32::try_from(facts.awards.len()).unwrap_or(u32::MAX);
    let Some(places) = NonZeroU32::new(awards) else {
        return Ok(JackpotOutcome::NoClaimant);
    };
    let mut words = WordStream::new(stream_seed(seed, public_value));
    let award = words.below(places);
    let awarded = usize::try_from(award)
        .ok()
        .and_then(|index| facts.awards.get(index).copied())
        .unwrap_or(Fen::ZERO);
    let top_up = if planted::is(Bug::TopUpInFull) {
        top
    } else {
        top.checked_sub(awarded).unwrap_or(Fen::ZERO)
    };
    let cap = rules.daily_cap();
    let on_last_day = facts.awarded_on_last_day;
    match on_last_day.checked_add(top_up) {
        Some(day) if day <= cap => Ok(JackpotOutcome::ToppedUp(ClosingTopUp {
            award,
            awarded,
            top_up,
        })),
        Some(_) | None => Err(ClosingError::LastDayHasNoRoom {
            on_last_day,
            top_up,
            cap,
        }),
    }
}

fn stream_seed(seed: &PlanSeed, public_value: Option<&[u8]>) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(CLOSING_TAG);
    hasher.update(seed.reveal());
    match public_value {
        None => hasher.update([0]),
        Some(value) => {
            hasher.update([1]);
            hasher.update(value);
        }
    }
    hasher.finalize().into()
}

/// Which facts about a closed city break its rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClosingError {
    /// `amount <= top` fails.
    #[error("award {award} of {amount} exceeds the top packet {top}")]
    AwardAboveTopPacket {
        /// Place of the award in the week, from 0.
        award: u32,
        /// Its amount.
        amount: Fen,
        /// The top packet.
        top: Fen,
    },
    /// `on_last_day + top_up <= cap` fails, although the last day kept room for a sealed top packet.
    #[error("the last day awarded {on_last_day} and has no room for {top_up} under its cap {cap}")]
    LastDayHasNoRoom {
        /// What the last day awarded.
        on_last_day: Fen,
        /// What the draw would add.
        top_up: Fen,
        /// The cap of one day.
        cap: Fen,
    },
}
