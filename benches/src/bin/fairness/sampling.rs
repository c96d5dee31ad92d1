//! Seeded streams for every task of a study, sums with standard errors, and work on all cores with a fixed result.

use std::{
    num::NonZeroU32,
    sync::atomic::{AtomicU32, Ordering},
    thread,
};

use reward_core::{Fen, WordStream};

/// The stream of one task: seed, name of the study and number of the task make its key.
pub(crate) fn stream(seed: u64, study: &str, task: u32) -> WordStream {
    let mut key = [0; 32];
    let bytes = seed.to_le_bytes().into_iter().chain(task.to_le_bytes());
    for (slot, byte) in key.iter_mut().zip(bytes.chain(study.bytes())) {
        *slot = byte;
    }
    WordStream::new(key)
}

/// Does tasks `0..tasks` on all cores and returns their results in order, whatever core did which.
pub(crate) fn tasks<T: Send>(tasks: u32, work: impl Fn(u32) -> T + Sync) -> Vec<T> {
    let next = AtomicU32::new(0);
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let mut done: Vec<(u32, T)> = thread::scope(|scope| {
        let workers: Vec<_> = (0..cores)
            .map(|_| {
                scope.spawn(|| {
                    let mut own = Vec::new();
                    loop {
                        let task = next.fetch_add(1, Ordering::Relaxed);
                        if task >= tasks {
                            return own;
                        }
                        own.push((task, work(task)));
                    }
                })
            })
            .collect();
        let results = workers.into_iter().map(|worker| {
            worker
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        results.flatten().collect()
    });
    done.sort_by_key(|(task, _)| *task);
    done.into_iter().map(|(_, result)| result).collect()
}

/// A number uniform over `[0, 1)` with 53 bits.
pub(crate) fn unit(words: &mut WordStream) -> f64 {
    let high = f64::from(words.next_word() >> 5);
    let low = f64::from(words.next_word() >> 6);
    (high * 67_108_864.0 + low) / 9_007_199_254_740_992.0
}

/// A number of a list, uniformly; 0 for an empty list.
pub(crate) fn below(words: &mut WordStream, limit: usize) -> usize {
    let limit = u32::try_from(limit).ok().and_then(NonZeroU32::new);
    limit.map_or(0, |limit| usize::try_from(words.below(limit)).unwrap_or(0))
}

/// A standard exponential variate.
pub(crate) fn exponential(words: &mut WordStream) -> f64 {
    -(1.0 - unit(words)).ln()
}

/// A count as a floating-point number.
pub(crate) fn real(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// An amount in fen as a floating-point number; amounts here are far below 2^32.
pub(crate) fn fen(amount: Fen) -> f64 {
    f64::from(u32::try_from(amount.get()).unwrap_or(u32::MAX))
}

/// Mean and standard error of independent values.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Mean {
    n: f64,
    sum: f64,
    squares: f64,
}

impl Mean {
    pub(crate) fn add(&mut self, value: f64) {
        self.n += 1.0;
        self.sum += value;
        self.squares += value * value;
    }

    pub(crate) fn join(&mut self, other: &Self) {
        self.n += other.n;
        self.sum += other.sum;
        self.squares += other.squares;
    }

    pub(crate) fn mean(&self) -> f64 {
        self.sum / self.n.max(1.0)
    }

    /// `sqrt(variance / n)`; 0 for fewer than two values.
    pub(crate) fn error(&self) -> f64 {
        if self.n < 2.0 {
            return 0.0;
        }
        let mean = self.mean();
        let variance = (self.squares / self.n - mean * mean).max(0.0) * self.n / (self.n - 1.0);
        (variance / self.n).sqrt()
    }

    /// Standard error of a share that theory puts at `p`; for comparing 0 of n or n of n.
    pub(crate) fn error_of_share(&self, p: f64) -> f64 {
        (p * (1.0 - p) / self.n.max(1.0)).sqrt()
    }
}

impl FromIterator<f64> for Mean {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        let mut mean = Self::default();
        values.into_iter().for_each(|value| mean.add(value));
        mean
    }
}

/// Joins the means of tasks, place by place.
pub(crate) fn joined(parts: &[Vec<Mean>]) -> Vec<Mean> {
    let mut all = parts.first().cloned().unwrap_or_default();
    for part in parts.iter().skip(1) {
        for (mean, more) in all.iter_mut().zip(part) {
            mean.join(more);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_stand_in_the_order_of_their_tasks() {
        let results = tasks(200, |task| (task, stream(1, "order", task).next_word()));
        let alone: Vec<_> = (0..200)
            .map(|task| (task, stream(1, "order", task).next_word()))
            .collect();
        assert_eq!(results, alone);
    }

    #[test]
    fn streams_differ_by_seed_study_and_task() {
        let words = [(1, "a", 0), (2, "a", 0), (1, "b", 0), (1, "a", 1)]
            .map(|(seed, study, task)| stream(seed, study, task).next_word());
        let distinct: std::collections::BTreeSet<u32> = words.into_iter().collect();
        assert_eq!(distinct.len(), 4);
    }

    #[test]
    fn a_mean_knows_its_standard_error() {
        let mean: Mean = [1.0, 2.0, 3.0, 4.0].into_iter().collect();
        assert!((mean.mean() - 2.5).abs() < 1e-12);
        assert!((mean.error() - (5.0_f64 / 12.0).sqrt()).abs() < 1e-12);
        let (mut left, right): (Mean, Mean) = (
            [1.0, 2.0].into_iter().collect(),
            [3.0, 4.0].into_iter().collect(),
        );
        left.join(&right);
        assert!((left.error() - mean.error()).abs() < 1e-12);
    }
}
