//! Who was served in a day, when, and whether speed was paid for.

use super::{Amounts, MetricsError, real};
use crate::{DayOffset, Fen};

const HOURS: usize = 24;
const HOUR_MS: u32 = 3_600_000;

/// One claim of a day that would have been entitled: what it got, and who came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "an observation; whoever records it states every value"
)]
pub struct Visit {
    /// When it came.
    pub at: DayOffset,
    /// What it got; `None` if it went away with nothing.
    pub amount: Option<Fen>,
    /// Whether it was made by a program that waits for the moment, and not by a person.
    pub automatic: bool,
}

/// Sums over the visits of one or many days.
///
/// ```
/// use reward_core::{DayOffset, Fen, metrics::{DayService, Visit}};
///
/// let at = DayOffset::MIDNIGHT;
/// let mut service = DayService::default();
/// service.add(&Visit { at, amount: Some(Fen::new(90)), automatic: true });
/// service.add(&Visit { at, amount: Some(Fen::new(10)), automatic: false });
/// service.add(&Visit { at, amount: None, automatic: false });
/// assert_eq!(service.served(), 2.0 / 3.0);
/// assert_eq!(service.automatic_money(), 0.9);
/// assert_eq!(service.speed_premium().map(|premium| (10.0 * premium).round()), Some(27.0));
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DayService {
    asked: [u64; HOURS],
    given: [u64; HOURS],
    fen: [u64; HOURS],
    automatic_asked: u64,
    automatic_fen: u64,
}

impl DayService {
    /// Counts one visit.
    pub fn add(&mut self, visit: &Visit) {
        let hour = usize::try_from(visit.at.ms() / HOUR_MS).unwrap_or(0);
        let fen = visit.amount.map_or(0, Fen::get);
        let bump = |slots: &mut [u64; HOURS], by: u64| {
            if let Some(slot) = slots.get_mut(hour) {
                *slot = slot.saturating_add(by);
            }
        };
        bump(&mut self.asked, 1);
        bump(&mut self.given, u64::from(visit.amount.is_some()));
        bump(&mut self.fen, fen);
        if visit.automatic {
            self.automatic_asked = self.automatic_asked.saturating_add(1);
            self.automatic_fen = self.automatic_fen.saturating_add(fen);
        }
    }

    /// Adds what another tally counted.
    pub fn join(&mut self, other: &Self) {
        let pairs = [
            (&mut self.asked, &other.asked),
            (&mut self.given, &other.given),
            (&mut self.fen, &other.fen),
        ];
        for (slots, more) in pairs {
            for (slot, by) in slots.iter_mut().zip(more) {
                *slot = slot.saturating_add(*by);
            }
        }
        self.automatic_asked = self.automatic_asked.saturating_add(other.automatic_asked);
        self.automatic_fen = self.automatic_fen.saturating_add(other.automatic_fen);
    }

    /// Returns the share of visits that got something; 1 without visits.
    #[must_use]
    pub fn served(&self) -> f64 {
        share(total(&self.given), total(&self.asked)).unwrap_or(1.0)
    }

    /// Returns the money given.
    #[must_use]
    pub fn paid(&self) -> Fen {
        Fen::new(total(&self.fen))
    }

    /// Returns the share of the money that was given in an hour of the day, `0..24`.
    #[must_use]
    pub fn money_in_hour(&self, hour: usize) -> f64 {
        let fen = self.fen.get(hour).copied().unwrap_or(0);
        share(fen, total(&self.fen)).unwrap_or(0.0)
    }

    /// Returns the share of visits served, by hour; `None` for an hour without visits.
    #[must_use]
    pub fn service_by_hour(&self) -> [Option<f64>; HOURS] {
        let mut rates = [None; HOURS];
        for ((rate, &given), &asked) in rates.iter_mut().zip(&self.given).zip(&self.asked) {
            *rate = share(given, asked);
        }
        rates
    }

    /// Returns Jain's index over the hours with visits of the share served: 1 if the hour was of no matter.
    ///
    /// # Errors
    ///
    /// [`MetricsError::Empty`] without visits, [`MetricsError::AllZero`] if nobody was served.
    pub fn jain_over_hours(&self) -> Result<f64, MetricsError> {
        Ok(Amounts::new(self.service_by_hour().into_iter().flatten())?.jain())
    }

    /// Returns the envy over hours: the greatest less the least mean amount of a visit, in fen; 0 without visits.
    ///
    /// The expectation of a visit that is turned away counts as nothing, as in Sinclair, Jain, Banerjee and Yu
    /// (Operations Research 71, 2023): envy is what a person would have gained by coming at the best hour.
    #[must_use]
    pub fn envy_over_hours(&self) -> f64 {
        let means = self.fen.iter().zip(&self.asked);
        let means = means.filter_map(|(&fen, &asked)| share(fen, asked));
        let (most, least) = means
            .fold((f64::NEG_INFINITY, f64::INFINITY), |(most, least), mean| {
                (most.max(mean), least.min(mean))
            });
        (most - least).max(0.0)
    }

    /// Returns the share of the money that programs took.
    #[must_use]
    pub fn automatic_money(&self) -> f64 {
        share(self.automatic_fen, total(&self.fen)).unwrap_or(0.0)
    }

    /// Returns what speed was worth: the programs' share of the money over their share of the visits.
    ///
    /// 1 if speed was worth nothing; `None` without visits of programs or without money.
    #[must_use]
    pub fn speed_premium(&self) -> Option<f64> {
        let money = share(self.automatic_fen, total(&self.fen))?;
        let visits = share(self.automatic_asked, total(&self.asked))?;
        (visits > 0.0).then_some(money / visits)
    }

    /// Returns the moment of the last visit served, if every later one was turned away and there was one.
    ///
    /// The visits are those of one day, in any order; linear in their number.
    #[must_use]
    pub fn exhausted_at(visits: &[Visit]) -> Option<DayOffset> {
        let served = |visit: &&Visit| visit.amount.is_some();
        let last_served = visits.iter().filter(served).map(|visit| visit.at).max()?;
        let last = visits.iter().map(|visit| visit.at).max()?;
        (last > last_served).then_some(last_served)
    }
}

fn total(slots: &[u64; HOURS]) -> u64 {
    slots.iter().fold(0, |sum, &slot| sum.saturating_add(slot))
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| real(part) / real(whole))
}
