//! A city's week under the crate's own rules of plan, release and taking, with simulated claims.

use std::error::Error;

use reward_core::{
    DAY_MS, DayOffset, DayProgress, DeckKind, Fen, Next, PacketPlan, PlanSeed, Release,
    RewardRules, WordStream, metrics::Visit, next_packet,
};

use crate::sampling::unit;

/// Share of a day's claims by hour, in thousandths: little at night, most in the evening; our assumption.
const BY_HOUR: [f64; 24] = [
    18.0, 9.0, 5.0, 4.0, 5.0, 10.0, 24.0, 42.0, 52.0, 52.0, 48.0, 50.0, 66.0, 54.0, 44.0, 42.0,
    44.0, 50.0, 62.0, 74.0, 82.0, 76.0, 56.0, 31.0,
];
/// The rush lasts five minutes after 00:00.
const RUSH_MS: f64 = 300_000.0;
/// Of the rush, so many are scripts.
const SCRIPTS_IN_RUSH: f64 = 0.8;

/// Preset rules with another release.
pub(crate) fn rules_with(release: Release) -> Result<RewardRules, Box<dyn Error>> {
    let mut terms = RewardRules::JIANGSU_2020.terms();
    terms.release = release;
    Ok(RewardRules::new(terms)?)
}

/// A seed from the study's stream.
pub(crate) fn seed(words: &mut WordStream) -> PlanSeed {
    let mut bytes = [0; 32];
    for chunk in bytes.chunks_mut(4) {
        chunk.copy_from_slice(&words.next_word().to_le_bytes());
    }
    PlanSeed::from_bytes(bytes)
}

/// A moment of the day by the usual curve.
pub(crate) fn usual_moment(words: &mut WordStream) -> DayOffset {
    let total: f64 = BY_HOUR.iter().sum();
    let mut rest = unit(words) * total;
    for (hour, weight) in (0_u32..).zip(BY_HOUR) {
        if rest < weight {
            return moment(f64::from(hour) * 3_600_000.0 + rest / weight * 3_600_000.0);
        }
        rest -= weight;
    }
    moment(f64::from(DAY_MS))
}

/// The moment so many milliseconds after 00:00, within the day.
pub(crate) fn moment(ms: f64) -> DayOffset {
    let whole = format!("{:.0}", ms.clamp(0.0, f64::from(DAY_MS) - 1.0).floor());
    whole
        .parse()
        .ok()
        .and_then(DayOffset::from_ms)
        .unwrap_or(DayOffset::MIDNIGHT)
}

/// Claims of one day in their order: the moment, and whether a script makes it.
pub(crate) fn arrivals(claims: u32, rush: f64, words: &mut WordStream) -> Vec<(DayOffset, bool)> {
    let mut all: Vec<(DayOffset, bool)> = (0..claims)
        .map(|_| {
            if unit(words) < rush {
                (moment(unit(words) * RUSH_MS), unit(words) < SCRIPTS_IN_RUSH)
            } else {
                (usual_moment(words), false)
            }
        })
        .collect();
    all.sort_unstable();
    all
}

/// How the top packet was awarded while the city was open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TopPacket {
    Sealed,
    InTurn,
    Rescued,
}

/// A city that is being played.
pub(crate) struct City<'a> {
    plan: &'a PacketPlan,
    with_rescue: bool,
    /// The day of the next call.
    pub(crate) day: u8,
    pub(crate) top: TopPacket,
    /// Every amount awarded, in order.
    pub(crate) awards: Vec<Fen>,
    /// What the last day played has awarded.
    pub(crate) on_last_day: Fen,
}

impl<'a> City<'a> {
    pub(crate) fn open(plan: &'a PacketPlan, with_rescue: bool) -> Self {
        Self {
            plan,
            with_rescue,
            day: 1,
            top: TopPacket::Sealed,
            awards: Vec::new(),
            on_last_day: Fen::ZERO,
        }
    }

    /// Plays one day; each claim takes what the rule gives it or goes away with nothing.
    pub(crate) fn play(
        &mut self,
        claims: &[(DayOffset, bool)],
    ) -> Result<Vec<Visit>, Box<dyn Error>> {
        let kind = self.plan.deck_for(self.day, self.top != TopPacket::Sealed);
        let mut rule = self.plan.day_rule(self.day, kind).ok_or("no such day")?;
        if !self.with_rescue {
            rule.rescue_at = None;
        }
        let deck = self.plan.deck(self.day, kind).ok_or("no such deck")?;
        let mut progress = DayProgress {
            taken: 0,
            top_taken: false,
        };
        let mut visits = Vec::with_capacity(claims.len());
        self.on_last_day = Fen::ZERO;
        for &(at, automatic) in claims {
            let mut amount = None;
            if let Next::Take { sequence } = next_packet(&rule, progress, at)? {
                amount = deck.amount(sequence);
                if kind == DeckKind::Top && rule.top_sequence == Some(sequence) {
                    let in_turn = sequence == progress.taken;
                    self.top = if in_turn {
                        TopPacket::InTurn
                    } else {
                        TopPacket::Rescued
                    };
                    progress.top_taken = true;
                }
                progress.taken += 1;
                self.awards.extend(amount);
                let sum = self.on_last_day.checked_add(amount.unwrap_or(Fen::ZERO));
                self.on_last_day = sum.ok_or("the sum of a day exceeds what can be counted")?;
            }
            visits.push(Visit {
                at,
                amount,
                automatic,
            });
        }
        if self.on_last_day > self.plan.rules().daily_cap() {
            return Err(format!(
                "day {} awarded {} and broke its cap",
                self.day, self.on_last_day
            )
            .into());
        }
        self.day += 1;
        Ok(visits)
    }
}
