//! Cronbach's alpha of a randomly drawn quiz, from pairs of items.

use std::collections::{BTreeMap, BTreeSet};

use super::{Mark, real};

/// Reliability of a quiz as the pairs of items that met often enough tell it.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Alpha {
    /// Alpha; at most 1, and below 0 when items contradict each other.
    pub value: f64,
    /// Number of items of a quiz it stands for: the mean over the attempts.
    pub n_items: f64,
    /// Number of pairs of items that were used.
    pub n_pairs: usize,
    /// Number of pairs that met, but in too few attempts to be used.
    pub n_pairs_left_out: usize,
}

/// Alpha from the pairs of items that are together in at least `least_pairs` attempts (2 at least).
///
/// `None` when no pair is, or no item varies.
/// With 10 items drawn of 100, two given items meet in one attempt of 110; the commission's seven thousand winners
/// of a city give some sixty.
/// Costs the number of marks times the number of items of an attempt.
#[must_use]
pub fn pairwise_alpha(attempts: &[Vec<Mark>], least_pairs: usize) -> Option<Alpha> {
    let mut pairs = BTreeMap::<(usize, usize), PairSums>::new();
    let mut items = BTreeMap::<usize, PairSums>::new();
    for attempt in attempts {
        for (place, first) in attempt.iter().enumerate() {
            items
                .entry(first.item)
                .or_default()
                .add(first.mark, first.mark);
            for second in attempt.iter().skip(place.saturating_add(1)) {
                let (low, high) = if first.item <= second.item {
                    (first, second)
                } else {
                    (second, first)
                };
                let sums = pairs.entry((low.item, high.item)).or_default();
                sums.add(low.mark, high.mark);
            }
        }
    }
    let n_met = pairs.len();
    pairs.retain(|_, sums| sums.n >= least_pairs.max(2));
    let used: BTreeSet<usize> = pairs.keys().flat_map(|(low, high)| [*low, *high]).collect();
    let covariance = mean(pairs.values().map(PairSums::covariance))?;
    let variance = mean(
        items
            .iter()
            .filter(|(item, _)| used.contains(item))
            .map(|(_, sums)| sums.covariance()),
    )?;
    let n_items = mean(attempts.iter().map(|attempt| real(attempt.len())))?;
    let of_quiz = variance + (n_items - 1.0) * covariance;
    (of_quiz > 0.0).then(|| Alpha {
        value: n_items * covariance / of_quiz,
        n_items,
        n_pairs: pairs.len(),
        n_pairs_left_out: n_met.saturating_sub(pairs.len()),
    })
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (n, sum) = values.fold((0_usize, 0.0), |(n, sum), value| {
        (n.saturating_add(1), sum + value)
    });
    (n > 0).then(|| sum / real(n))
}

#[derive(Clone, Copy, Debug, Default)]
struct PairSums {
    n: usize,
    first: f64,
    second: f64,
    product: f64,
}

impl PairSums {
    fn add(&mut self, first: f64, second: f64) {
        self.n = self.n.saturating_add(1);
        self.first += first;
        self.second += second;
        self.product += first * second;
    }

    /// With `n - 1`; 0 for a single attempt.
    fn covariance(&self) -> f64 {
        if self.n < 2 {
            return 0.0;
        }
        let n = real(self.n);
        (self.product - self.first * self.second / n) / (n - 1.0)
    }
}
