//! What each place in the queue got over many decks: mean, spread, luck, with simultaneous bands.

use super::{MetricsError, normal_quantile, real};

/// Sums by place over decks of one length; two tallies over different decks can be joined.
///
/// ```
/// use reward_core::metrics::RankTally;
///
/// let mut tally = RankTally::new(3, 2.0);
/// tally.add(&[1.0, 2.0, 3.0])?;
/// tally.add(&[3.0, 2.0, 1.0])?;
/// let first = tally.line(0).expect("there is a first place");
/// assert!((first.mean - 2.0).abs() < 1e-12 && (first.luckiest - 0.5).abs() < 1e-12);
/// # Ok::<(), reward_core::metrics::MetricsError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct RankTally {
    decks: u64,
    centre: f64,
    places: Vec<Place>,
}

/// Sums of powers of the distance from the centre, and shares of extremes.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Place {
    powers: [f64; 4],
    luckiest: f64,
    poorest: f64,
}

/// One place in the queue over all decks; every estimate with its standard error.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct RankLine {
    /// Mean amount.
    pub mean: f64,
    /// Standard error of the mean: `sqrt(variance / decks)`.
    pub mean_error: f64,
    /// Unbiased sample variance.
    pub variance: f64,
    /// Standard error of the variance: `sqrt((m4 - v^2) / decks)`.
    pub variance_error: f64,
    /// Share of decks in which this place got the most; a tie is shared equally.
    pub luckiest: f64,
    /// Share of decks in which it got the least; a tie is shared equally.
    pub poorest: f64,
    /// Standard error of `luckiest`, as of a proportion.
    pub luckiest_error: f64,
    /// Standard error of `poorest`, as of a proportion.
    pub poorest_error: f64,
}

impl RankTally {
    /// Starts without decks; `centre` is any value near the mean and only keeps the sums small.
    #[must_use]
    pub fn new(places: usize, centre: f64) -> Self {
        Self {
            decks: 0,
            centre,
            places: vec![Place::default(); places],
        }
    }

    /// Counts one deck, in the order of the queue; linear in its packets.
    ///
    /// # Errors
    ///
    /// [`MetricsError::Length`], [`MetricsError::NotAnAmount`] for a value that is not finite; nothing is counted then.
    pub fn add(&mut self, deck: &[f64]) -> Result<(), MetricsError> {
        let (expected, found) = (self.places.len(), deck.len());
        if expected != found {
            return Err(MetricsError::Length { expected, found });
        }
        if let Some(&found) = deck.iter().find(|x| !x.is_finite()) {
            return Err(MetricsError::NotAnAmount { found });
        }
        self.decks = self.decks.saturating_add(1);
        let most = deck.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let least = deck.iter().copied().fold(f64::INFINITY, f64::min);
        let at_most = deck.iter().filter(|x| **x >= most).count();
        let at_least = deck.iter().filter(|x| **x <= least).count();
        let share = |tied: usize| 1.0 / real(u64::try_from(tied).unwrap_or(u64::MAX));
        let (of_most, of_least) = (share(at_most), share(at_least));
        for (place, &x) in self.places.iter_mut().zip(deck) {
            let distance = x - self.centre;
            let mut power = 1.0;
            for sum in &mut place.powers {
                power *= distance;
                *sum += power;
            }
            if x >= most {
                place.luckiest += of_most;
            }
            if x <= least {
                place.poorest += of_least;
            }
        }
        Ok(())
    }

    /// Adds what another tally with the same centre counted over other decks.
    ///
    /// # Errors
    ///
    /// [`MetricsError::Length`]; nothing is counted then.
    pub fn join(&mut self, other: &Self) -> Result<(), MetricsError> {
        let (expected, found) = (self.places.len(), other.places.len());
        if expected != found {
            return Err(MetricsError::Length { expected, found });
        }
        self.decks = self.decks.saturating_add(other.decks);
        for (place, more) in self.places.iter_mut().zip(&other.places) {
            for (sum, addend) in place.powers.iter_mut().zip(more.powers) {
                *sum += addend;
            }
            place.luckiest += more.luckiest;
            place.poorest += more.poorest;
        }
        Ok(())
    }

    /// Returns the number of decks counted.
    #[must_use]
    pub const fn decks(&self) -> u64 {
        self.decks
    }

    /// Returns one place, from 0, or `None` beyond the last or before two decks are counted.
    #[must_use]
    pub fn line(&self, place: usize) -> Option<RankLine> {
        let Place {
            powers: [s1, s2, s3, s4],
            luckiest,
            poorest,
        } = *self.places.get(place)?;
        if self.decks < 2 {
            return None;
        }
        let n = real(self.decks);
        let d = s1 / n;
        let central2 = (s2 / n - d * d).max(0.0);
        let central4 = s4 / n - 4.0 * d * s3 / n + 6.0 * d * d * s2 / n - 3.0 * d.powi(4);
        let variance = central2 * n / (n - 1.0);
        let share = |sum: f64| (sum / n, (sum / n * (1.0 - sum / n) / n).max(0.0).sqrt());
        let (luckiest, luckiest_error) = share(luckiest);
        let (poorest, poorest_error) = share(poorest);
        Some(RankLine {
            mean: self.centre + d,
            mean_error: (variance / n).sqrt(),
            variance,
            variance_error: ((central4 - central2 * central2).max(0.0) / n).sqrt(),
            luckiest,
            poorest,
            luckiest_error,
            poorest_error,
        })
    }

    /// Returns all places in order; empty before two decks are counted.
    #[must_use]
    pub fn lines(&self) -> Vec<RankLine> {
        (0..self.places.len())
            .filter_map(|place| self.line(place))
            .collect()
    }

    /// Returns how many standard errors the bands reach that hold all places at once with at least this confidence.
    ///
    /// Bonferroni: each place with `1 - (1 - confidence) / places`, two-sided and normal.
    #[must_use]
    pub fn band_width(&self, confidence: f64) -> f64 {
        let places = super::count(&self.places).max(1.0);
        normal_quantile(1.0 - (1.0 - confidence) / (2.0 * places))
    }
}
