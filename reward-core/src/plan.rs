//! One city's sealed plan: every packet of every day, drawn from the seed before the city opens.

use std::{fmt, num::NonZeroU32};

use crate::{
    DAY_MS, DayOffset, DayRule, Exchangeable, Fen, PlanSeed, RewardRules, Uniform, WordStream,
};

/// 18:00, the earliest rescue.
const RESCUE_FROM_MS: u32 = 64_800_000;
/// From 18:00 until 23:30, which leaves the last half hour for the next claim to arrive.
const RESCUE_WINDOW_MS: NonZeroU32 = NonZeroU32::new(19_800_000).expect("not zero");
const _: () = assert!(
    RESCUE_FROM_MS + RESCUE_WINDOW_MS.get() < DAY_MS,
    "the rescue falls within its day"
);

/// Which of a day's two sealed decks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[expect(
    clippy::exhaustive_enums,
    reason = "a day is played with the top packet or without it"
)]
pub enum DeckKind {
    /// Without the top packet; every packet is smaller.
    Plain,
    /// With the top packet, exactly once, at a uniformly random place.
    Top,
}

impl DeckKind {
    /// Both kinds, in the order of the plan.
    pub const ALL: [Self; 2] = [Self::Plain, Self::Top];

    /// Returns the permanent name, `plain` or `top`, for storage and publication.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Top => "top",
        }
    }

    /// Returns the kind with a permanent name, or `None` for any other text.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for DeckKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// One packet of the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a row of the plan; storage names every column"
)]
pub struct PlannedPacket {
    /// Day of the city, from 1.
    pub day: u8,
    /// Deck of that day.
    pub deck: DeckKind,
    /// Place in the deck, from 0.
    pub sequence: u32,
    /// Amount.
    pub amount: Fen,
}

/// One day's sealed deck: amounts in the order in which they are handed out, with the sum of the daily cap.
///
/// Every prefix sums to at most the cap, because amounts are positive and the whole deck sums to it.
/// `Debug` shows no amount.
#[derive(Clone, PartialEq, Eq)]
pub struct Deck {
    day: u8,
    kind: DeckKind,
    amounts: Vec<Fen>,
    top_sequence: Option<u32>,
}

impl Deck {
    /// Draws a deck without the top packet: the uniform law below it.
    fn draw_plain(law: &impl Exchangeable, day: u8, seed: &PlanSeed) -> Self {
        let kind = DeckKind::Plain;
        let mut words = WordStream::new(seed.deck_stream_seed(day, kind));
        Self {
            day,
            kind,
            amounts: law.draw(&mut words),
            top_sequence: None,
        }
    }

    /// Draws a deck with the top packet: first its place, then the uniform law for the others.
    fn draw_top(law: &impl Exchangeable, top: Fen, day: u8, seed: &PlanSeed) -> Self {
        let kind = DeckKind::Top;
        let mut words = WordStream::new(seed.deck_stream_seed(day, kind));
        let top_sequence = words.below(NonZeroU32::MIN.saturating_add(law.spec().parts()));
        let mut amounts = law.draw(&mut words);
        let index = usize::try_from(top_sequence)
            .unwrap_or(usize::MAX)
            .min(amounts.len());
        amounts.insert(index, top);
        Self {
            day,
            kind,
            amounts,
            top_sequence: Some(top_sequence),
        }
    }

    /// Returns the day, from 1.
    #[must_use]
    pub const fn day(&self) -> u8 {
        self.day
    }

    /// Returns which of the day's two decks this is.
    #[must_use]
    pub const fn kind(&self) -> DeckKind {
        self.kind
    }

    /// Returns the amounts in the order of their sequence.
    #[must_use]
    pub fn amounts(&self) -> &[Fen] {
        &self.amounts
    }

    /// Returns the amount at a sequence, or `None` beyond the deck.
    #[must_use]
    pub fn amount(&self, sequence: u32) -> Option<Fen> {
        self.amounts.get(usize::try_from(sequence).ok()?).copied()
    }

    /// Returns the number of packets.
    #[must_use]
    pub fn packets(&self) -> u32 {
        u32::try_from(self.amounts.len()).unwrap_or(u32::MAX)
    }

    /// Returns the place of the top packet, or `None` in a plain deck.
    #[must_use]
    pub const fn top_sequence(&self) -> Option<u32> {
        self.top_sequence
    }

    fn planned(&self) -> impl Iterator<Item = PlannedPacket> {
        (0..)
            .zip(&self.amounts)
            .map(|(sequence, &amount)| PlannedPacket {
                day: self.day,
                deck: self.kind,
                sequence,
                amount,
            })
    }
}

impl fmt::Debug for Deck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (day, kind, packets) = (self.day, self.kind, self.amounts.len());
        write!(
            f,
            "Deck {{ day: {day}, kind: {kind:?}, packets: {packets}, amounts: [redacted] }}"
        )
    }
}

/// The sealed plan of one city, a function of the rules and the seed alone.
///
/// Each day has two decks with the same sum, one without and one with the top packet.
/// From a sealed day on the deck with the top packet is played, day after day, until the top packet has been awarded,
/// so a day with few claims merely carries it over and the cap is never touched.
/// If it is still sealed late on the last day, a sealed moment between 18:00 and 23:30 gives it to the next claim.
///
/// How it is drawn, so that a stranger can repeat it (`||` joins bytes, `words(s)` is [`WordStream::new`]):
///
/// 1. `words(SHA-256("reward-core/schedule/1\0" || seed))`: the top packet's day is `1 + below(days)`, then the rescue
///    is `64_800_000 + below(19_800_000)` milliseconds after the last day's 00:00.
/// 2. For each day and deck, `words(SHA-256("reward-core/deck/1\0" || seed || day || kind))`, where `day` is one byte
///    from 1 and `kind` one byte, 0 plain and 1 top.
/// 3. Plain: [`Uniform`] over `packets_per_day` amounts from the least packet to one fen below the top packet, with the
///    sum of the daily cap.
/// 4. Top: the place is `below(packets_per_day)`, then [`Uniform`] over the other amounts as in 3.
///
/// `Debug` shows nothing that is sealed.
///
/// ```
/// use reward_core::{DeckKind, PacketPlan, PlanSeed, RewardRules};
///
/// let plan = PacketPlan::draw(&RewardRules::JIANGSU_2020, &PlanSeed::from_bytes([7; 32]));
/// assert_eq!(plan.packets().count(), 7 * 2 * 1_000);
/// assert_eq!(plan.deck_for(7, true), DeckKind::Plain);
/// assert_eq!(plan.deck_for(7, false), DeckKind::Top);
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct PacketPlan {
    rules: RewardRules,
    top_day: u8,
    rescue_offset: DayOffset,
    /// Day 1 plain, day 1 top, day 2 plain, ...
    decks: Vec<Deck>,
}

impl PacketPlan {
    /// Draws the plan; linear in the packets of all days, for the preset rules about a millisecond.
    #[must_use]
    pub fn draw(rules: &RewardRules, seed: &PlanSeed) -> Self {
        let mut schedule = WordStream::new(seed.schedule_stream_seed());
        let days = NonZeroU32::new(u32::from(rules.days())).unwrap_or(NonZeroU32::MIN);
        let top_day = u8::try_from(schedule.below(days))
            .unwrap_or(0)
            .saturating_add(1);
        let rescue_ms = RESCUE_FROM_MS.saturating_add(schedule.below(RESCUE_WINDOW_MS));
        let plain = Uniform::new(rules.plain_split());
        let beside_top = Uniform::new(rules.split_beside_top());
        let top = rules.top_packet();
        let decks = (1..=rules.days())
            .flat_map(|day| {
                [
                    Deck::draw_plain(&plain, day, seed),
                    Deck::draw_top(&beside_top, top, day, seed),
                ]
            })
            .collect();
        Self {
            rules: *rules,
            top_day,
            rescue_offset: DayOffset::from_ms(rescue_ms).unwrap_or(DayOffset::MIDNIGHT),
            decks,
        }
    }

    /// Returns the rules the plan was drawn under.
    #[must_use]
    pub const fn rules(&self) -> &RewardRules {
        &self.rules
    }

    /// Returns the first day on which the deck with the top packet is played, uniform over the days.
    #[must_use]
    pub const fn top_day(&self) -> u8 {
        self.top_day
    }

    /// Returns the moment of the last day from which the next claim takes a top packet still sealed.
    ///
    /// Uniform over the milliseconds of `[18:00, 23:30)`.
    #[must_use]
    pub const fn rescue_offset(&self) -> DayOffset {
        self.rescue_offset
    }

    /// Returns which deck a day plays, to be asked once, when the day opens.
    ///
    /// `top_awarded_before` says whether the top packet was awarded on an earlier day of this city.
    /// The answer holds for the whole day: a day on which the top packet is awarded keeps its deck.
    #[must_use]
    pub const fn deck_for(&self, day: u8, top_awarded_before: bool) -> DeckKind {
        if day >= self.top_day && !top_awarded_before {
            DeckKind::Top
        } else {
            DeckKind::Plain
        }
    }

    /// Returns one of a day's decks, or `None` for a day the city is not open; days count from 1.
    #[must_use]
    pub fn deck(&self, day: u8, kind: DeckKind) -> Option<&Deck> {
        self.decks
            .iter()
            .find(|deck| deck.day == day && deck.kind == kind)
    }

    /// Returns all decks, by day, the plain one first.
    #[must_use]
    pub fn decks(&self) -> &[Deck] {
        &self.decks
    }

    /// Returns every packet of every deck for storage, by day, deck and sequence.
    pub fn packets(&self) -> impl Iterator<Item = PlannedPacket> {
        self.decks.iter().flat_map(Deck::planned)
    }

    /// Returns what decides which packet a claim of a day takes, or `None` for a day the city is not open.
    #[must_use]
    pub fn day_rule(&self, day: u8, kind: DeckKind) -> Option<DayRule> {
        let deck = self.deck(day, kind)?;
        let last_day = day == self.rules.days();
        Some(DayRule {
            packets: deck.packets(),
            release: self.rules.release(),
            top_sequence: deck.top_sequence,
            rescue_at: (last_day && kind == DeckKind::Top).then_some(self.rescue_offset),
        })
    }
}

impl fmt::Debug for PacketPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PacketPlan")
            .field("rules", &self.rules)
            .field("decks", &self.decks)
            .finish_non_exhaustive()
    }
}
