//! Mean, spread and discrimination of each item, from the marks of attempts that hold some items each.

use super::real;

/// The mark of one item in one attempt; 0 or 1 for single choice, any number elsewhere.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a plain pair with names; callers write it as a literal"
)]
pub struct Mark {
    /// 0-based number of the item.
    pub item: usize,
    /// What the answer was worth.
    pub mark: f64,
}

/// Figures of one item over the attempts that hold it.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ItemMoments {
    /// Number of attempts that hold it.
    pub n: usize,
    /// Mean mark; for single choice the facility.
    pub mean: f64,
    /// Standard deviation of the mark, with `n - 1`; `None` for a single attempt.
    pub standard_deviation: Option<f64>,
    /// Standard error of the mean; `None` for a single attempt.
    pub standard_error: Option<f64>,
    /// Correlation of the mark with the rest score, -1 to 1; `None` where either never varies.
    pub discrimination: Option<f64>,
}

/// Figures of each of `n_items` items; `None` for one that no attempt holds.
///
/// Marks of items beyond `n_items` are passed over.
/// Costs two passes over the marks.
///
/// ```
/// use quiz_core::statistics::{Mark, item_moments};
/// let attempt = |marks: [f64; 3]| marks.into_iter().enumerate().map(|(item, mark)| Mark { item, mark }).collect();
/// let attempts: Vec<Vec<Mark>> = [[1., 1., 1.], [1., 0., 1.], [0., 0., 1.], [0., 0., 0.]].map(attempt).to_vec();
/// let first = item_moments(&attempts, 3)[0].ok_or("held by all")?;
/// assert_eq!(first.mean, 0.5);
/// assert!((first.discrimination.ok_or("it varies")? - 0.5_f64.sqrt()).abs() < 1e-12);
/// # Ok::<(), &str>(())
/// ```
#[must_use]
pub fn item_moments(attempts: &[Vec<Mark>], n_items: usize) -> Vec<Option<ItemMoments>> {
    let means = means(attempts, n_items);
    let mut sums = vec![Sums::default(); n_items];
    for attempt in attempts {
        for Mark { item, mark } in attempt {
            if let (Some(sums), Some(Some(mean))) = (sums.get_mut(*item), means.get(*item)) {
                sums.add(1, mark - mean, rest_score(attempt, *item, &means));
            }
        }
    }
    means
        .iter()
        .zip(&sums)
        .map(|(mean, sums)| mean.map(|mean| sums.moments(mean)))
        .collect()
}

/// Mean mark of each item, if any attempt holds it.
pub(super) fn means(attempts: &[Vec<Mark>], n_items: usize) -> Vec<Option<f64>> {
    let mut totals = vec![(0_usize, 0.0_f64); n_items];
    for Mark { item, mark } in attempts.iter().flatten() {
        if let Some((n, total)) = totals.get_mut(*item) {
            *n = n.saturating_add(1);
            *total += mark;
        }
    }
    totals
        .into_iter()
        .map(|(n, total)| (n > 0).then(|| total / real(n)))
        .collect()
}

/// Sum of the other marks of an attempt, each less the mean of its item; `means` goes by item.
#[must_use]
pub fn rest_score(attempt: &[Mark], without: usize, means: &[Option<f64>]) -> f64 {
    attempt
        .iter()
        .filter(|other| other.item != without)
        .filter_map(|other| Some(other.mark - (*means.get(other.item)?)?))
        .sum()
}

/// Sums over the attempts that hold one item; the deviations of its mark add up to nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sums {
    n: usize,
    mark_squared: f64,
    rest: f64,
    rest_squared: f64,
    product: f64,
}

impl Sums {
    pub(super) fn add(&mut self, n: usize, deviation: f64, rest: f64) {
        self.n = self.n.saturating_add(n);
        let n = real(n);
        self.mark_squared += n * deviation * deviation;
        self.rest += n * rest;
        self.rest_squared += n * rest * rest;
        self.product += n * deviation * rest;
    }

    pub(super) fn moments(&self, mean: f64) -> ItemMoments {
        const NOTHING: f64 = 1e-12;
        let n = real(self.n);
        let standard_deviation = (self.n > 1).then(|| (self.mark_squared / (n - 1.0)).sqrt());
        let rest_squared = self.rest_squared - self.rest * self.rest / n;
        let varies = self.mark_squared > NOTHING && rest_squared > NOTHING;
        ItemMoments {
            n: self.n,
            mean,
            standard_deviation,
            standard_error: standard_deviation.map(|s| s / n.sqrt()),
            discrimination: varies.then(|| {
                (self.product / (self.mark_squared * rest_squared).sqrt()).clamp(-1.0, 1.0)
            }),
        }
    }
}
