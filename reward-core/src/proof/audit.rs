//! Replays a finished city from what was published and what was disclosed, and names the first thing that does not fit.

use chrono::{DateTime, Utc};

use super::{
    award_log::{AwardEntry, AwardLog, DailyHead, LogError},
    beacon::{BeaconSource, BeaconValue},
    sealed::{PlanRoot, SealedPlan},
};
use crate::{
    DAY_MS, DayOffset, DayProgress, DeckKind, Fen, InconsistentDay, Next, PacketPlan, PlanSeed,
    RewardRules, SeedCommitment, next_packet,
};

/// What the public had in hand before and during a city's week.
#[derive(Debug, Clone)]
#[expect(
    clippy::exhaustive_structs,
    reason = "an auditor states every published fact; a new one must not slip in by default"
)]
pub struct Published<'a> {
    /// The rules.
    pub rules: RewardRules,
    /// The public value announced beforehand, if one was.
    pub beacon: Option<BeaconSource>,
    /// The commitment.
    pub commitment: SeedCommitment,
    /// The root over all packets.
    pub root: PlanRoot,
    /// 00:00 of the city's first day.
    pub opens: DateTime<Utc>,
    /// The heads published with the daily bulletins, by day; the last one closes the city.
    pub heads: &'a [DailyHead],
}

/// What the organiser discloses when the city has closed.
#[derive(Debug, Clone)]
#[expect(
    clippy::exhaustive_structs,
    reason = "an auditor states every disclosed fact; a new one must not slip in by default"
)]
pub struct Disclosed<'a> {
    /// The city's seed.
    pub seed: PlanSeed,
    /// What the announced source published.
    pub beacon: Option<BeaconValue>,
    /// Every award.
    pub log: &'a [AwardEntry],
}

/// What an audit that found no fault shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "with a public value or without; a reader must say which he accepts"
)]
pub enum Assurance {
    /// The draw was not changed after the commitment.
    /// Seeds may have been tried out before it.
    Committed,
    /// Moreover nobody could choose the draw: a public value, announced before and known only later, is part of it.
    ///
    /// This rests on the reader having seen the announcement before the value existed, which no program can check.
    Mixed,
}

/// Sums of a city without fault.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuditReport {
    /// What was shown.
    pub assurance: Assurance,
    /// Awards in the log.
    pub awards: u64,
    /// Money awarded, by day.
    pub awarded_by_day: Vec<Fen>,
    /// Number of the entry that awarded the top packet, if one did.
    pub top_packet: Option<u64>,
}

/// The first thing that does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuditFault {
    /// A source was announced but no value disclosed, or the reverse.
    #[error("a public value was announced or disclosed, but not both")]
    BeaconMissing,
    /// The seed, the rules or the announced source are not those committed to.
    #[error("seed, rules or announced source differ from what was committed to: {found}")]
    Commitment {
        /// The commitment recomputed.
        found: SeedCommitment,
    },
    /// The packets drawn from the seed are not those that were sealed.
    #[error("the plan drawn from the seed has the root {found}, which was not published")]
    Root {
        /// The root recomputed.
        found: PlanRoot,
    },
    /// An entry of the log does not follow the ones before it.
    #[error(transparent)]
    Log(#[from] LogError),
    /// An entry awards what it should not.
    #[error("entry {number}: {fault}")]
    Entry {
        /// The entry.
        number: u64,
        /// What is wrong with it.
        fault: EntryFault,
    },
    /// The published heads are not in the order of their days, or name a day the city has not.
    #[error("the published head of day {day} is out of order")]
    HeadOrder {
        /// The day.
        day: u8,
    },
    /// The log at the end of a day is not the one whose head was published.
    #[error("the log of day {day} differs from its published head; recomputed: {found}")]
    Head {
        /// The day.
        day: u8,
        /// The head recomputed.
        found: DailyHead,
    },
    /// Entries follow after the last published head, which therefore protects them not.
    #[error("{entries} entries are covered by no published head")]
    Uncovered {
        /// Their number.
        entries: u64,
    },
}

/// What is wrong with one award.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EntryFault {
    /// It was decided on another day than it says, or outside the city's days.
    #[error("it was not decided on its day")]
    Day,
    /// Another deck was to be played on that day.
    #[error("the day played the {expected} deck")]
    Deck {
        /// The deck of the day.
        expected: DeckKind,
    },
    /// Another packet was next, or none.
    #[error("not this packet was next, but {expected:?}")]
    Packet {
        /// What the rule of taking gives at that instant.
        expected: Next,
    },
    /// The packet has another amount.
    #[error("the packet holds {expected} yuan")]
    Amount {
        /// Amount in the plan.
        expected: Fen,
    },
    /// The plan contradicts itself; never with rules that were checked.
    #[error(transparent)]
    Inconsistent(#[from] InconsistentDay),
}

/// Checks the reveal, the root and the log of a city against each other; linear in packets and awards.
///
/// In this order: the commitment covers seed, rules and announced source; the plan drawn from the (effective) seed has
/// the published root; every entry follows the chain, was decided on its day, and took the very packet that
/// [`next_packet`] gives at its instant, with its amount; every published head is the head of the log at the end of its
/// day, and the last one covers all.
/// So no packet can have been kept back, handed out of turn, changed, or given twice.
///
/// What it cannot see: whether the person behind an entry was entitled, and whether someone who knew the plan chose
/// his moment.
///
/// # Errors
///
/// The first [`AuditFault`].
pub fn audit(
    published: &Published<'_>,
    disclosed: &Disclosed<'_>,
) -> Result<AuditReport, AuditFault> {
    let (effective, assurance) = effective_seed(published, disclosed)?;
    let rules = &published.rules;
    let sealed = SealedPlan::new(PacketPlan::draw(rules, &effective), &effective);
    let found = sealed.root();
    if found != published.root {
        return Err(AuditFault::Root { found });
    }
    let mut replay = Replay::new(sealed.plan(), published);
    let mut heads = published.heads.iter().peekable();
    let mut last_day = 0;
    for entry in disclosed.log {
        while let Some(head) = heads.next_if(|head| head.day < entry.day) {
            replay.check_head(head, &mut last_day)?;
        }
        replay.take(entry)?;
    }
    let mut covered = replay.covered;
    for head in heads {
        replay.check_head(head, &mut last_day)?;
        covered = replay.covered;
    }
    match replay.log.entries().saturating_sub(covered) {
        0 => Ok(AuditReport {
            assurance,
            awards: replay.log.entries(),
            awarded_by_day: replay.awarded_by_day,
            top_packet: replay.top_packet,
        }),
        entries => Err(AuditFault::Uncovered { entries }),
    }
}

fn effective_seed(
    published: &Published<'_>,
    disclosed: &Disclosed<'_>,
) -> Result<(PlanSeed, Assurance), AuditFault> {
    let (seed, rules) = (&disclosed.seed, &published.rules);
    let (found, effective, assurance) = match (&published.beacon, &disclosed.beacon) {
        (None, None) => (
            SeedCommitment::new(seed, rules),
            seed.clone(),
            Assurance::Committed,
        ),
        (Some(source), Some(value)) => (
            SeedCommitment::with_beacon(seed, rules, source),
            seed.mixed_with(rules, source, value),
            Assurance::Mixed,
        ),
        (Some(_), None) | (None, Some(_)) => return Err(AuditFault::BeaconMissing),
    };
    if found == published.commitment {
        Ok((effective, assurance))
    } else {
        Err(AuditFault::Commitment { found })
    }
}

/// The city played again, entry by entry.
struct Replay<'a> {
    plan: &'a PacketPlan,
    opens: DateTime<Utc>,
    log: AwardLog,
    /// Entries up to the last published head.
    covered: u64,
    day: u8,
    deck: DeckKind,
    progress: DayProgress,
    awarded_by_day: Vec<Fen>,
    top_packet: Option<u64>,
}

impl<'a> Replay<'a> {
    fn new(plan: &'a PacketPlan, published: &Published<'_>) -> Self {
        Self {
            plan,
            opens: published.opens,
            log: AwardLog::open(published.root),
            covered: 0,
            day: 0,
            deck: DeckKind::Plain,
            progress: UNTOUCHED,
            awarded_by_day: vec![Fen::ZERO; usize::from(plan.rules().days())],
            top_packet: None,
        }
    }

    fn take(&mut self, entry: &AwardEntry) -> Result<(), AuditFault> {
        self.log.append(entry)?;
        let number = entry.number;
        self.award(entry)
            .map_err(|fault| AuditFault::Entry { number, fault })
    }

    fn award(&mut self, entry: &AwardEntry) -> Result<(), EntryFault> {
        let now = self.moment(entry).ok_or(EntryFault::Day)?;
        if entry.day != self.day {
            self.day = entry.day;
            self.deck = self.plan.deck_for(entry.day, self.top_packet.is_some());
            self.progress = UNTOUCHED;
        }
        let (day, expected) = (self.day, self.deck);
        if entry.deck != expected {
            return Err(EntryFault::Deck { expected });
        }
        let rule = self.plan.day_rule(day, expected).ok_or(EntryFault::Day)?;
        let next = next_packet(&rule, self.progress, now)?;
        let sequence = entry.sequence;
        if next != (Next::Take { sequence }) {
            return Err(EntryFault::Packet { expected: next });
        }
        let deck = self.plan.deck(day, expected).ok_or(EntryFault::Day)?;
        let amount = deck.amount(sequence).ok_or(EntryFault::Day)?;
        if amount != entry.amount {
            return Err(EntryFault::Amount { expected: amount });
        }
        self.progress.taken = self.progress.taken.saturating_add(1);
        if rule.top_sequence == Some(sequence) {
            self.progress.top_taken = true;
            self.top_packet = Some(entry.number);
        }
        let slot = usize::from(day).saturating_sub(1);
        if let Some(sum) = self.awarded_by_day.get_mut(slot) {
            *sum = sum.checked_add(amount).unwrap_or(*sum);
        }
        Ok(())
    }

    /// The moment of its day at which an entry was decided, if it is the day it says.
    fn moment(&self, entry: &AwardEntry) -> Option<DayOffset> {
        let day_before = i64::from(entry.day.checked_sub(1)?);
        let begins_ms = self
            .opens
            .timestamp_millis()
            .checked_add(day_before.checked_mul(i64::from(DAY_MS))?)?;
        let offset_ms = entry.decided_ms.checked_sub(begins_ms)?;
        DayOffset::from_ms(u32::try_from(offset_ms).ok()?)
    }

    fn check_head(&mut self, head: &DailyHead, last_day: &mut u8) -> Result<(), AuditFault> {
        let day = head.day;
        if day <= *last_day || day > self.plan.rules().days() {
            return Err(AuditFault::HeadOrder { day });
        }
        *last_day = day;
        let found = self.log.daily_head(day);
        if found != *head {
            return Err(AuditFault::Head { day, found });
        }
        self.covered = head.entries;
        Ok(())
    }
}

const UNTOUCHED: DayProgress = DayProgress {
    taken: 0,
    top_taken: false,
};
