//! Patterns by which a key can be guessed, and how likely chance alone makes them.

use crate::{MAX_CHOICES, Position, Question, folding::fold};

/// How often something was the key, and how likely it is at least so often by chance.
///
/// Under chance every option of an item is the key with the same probability, items apart from each other:
/// the number is the sum of independent trials of unlike probability (Poisson's binomial distribution),
/// whose tail is summed exactly, but for rounding and for weights below 10^-18 that are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Coincidence {
    /// Number of items in which it could have been the key.
    pub n_items: usize,
    /// Number of items in which it is.
    pub n_keys: usize,
    /// Probability of at least so many by chance, in millionths, rounded to the nearest.
    pub chance_millionths: u32,
}

/// How often the longest option is the key, among items whose longest option is longer than all others.
///
/// Length is the number of characters after folding.
/// Authors tend to word the right option with more care (Haladyna, Downing, Rodriguez, "A Review of
/// Multiple-Choice Item-Writing Guidelines for Classroom Assessment", Applied Measurement in Education 15, 2002).
#[must_use]
pub fn longest_option_is_key<'a>(questions: impl Iterator<Item = &'a Question>) -> Coincidence {
    coincidence(questions.filter_map(|question| {
        let lengths = question
            .choices()
            .iter()
            .map(|c| fold(c.text()).chars().count());
        let longest = unique_longest(lengths)?;
        Some((question.choices().len(), question.key().index() == longest))
    }))
}

/// How often the key stands at a place in the bank, among items that have this place.
///
/// It matters where options are not shuffled: in print, and in questions whose options name each other by letter.
#[must_use]
pub fn key_stands_at<'a>(
    questions: impl Iterator<Item = &'a Question>,
    position: Position,
) -> Coincidence {
    coincidence(questions.filter_map(|question| {
        question.choice(position)?;
        Some((question.choices().len(), question.key() == position))
    }))
}

/// Index of the longest, if no other is as long.
pub(super) fn unique_longest(lengths: impl Iterator<Item = usize> + Clone) -> Option<usize> {
    let longest = lengths.clone().max()?;
    let mut all = lengths.enumerate().filter(|(_, length)| *length == longest);
    let (index, _) = all.next()?;
    all.next().is_none().then_some(index)
}

/// Of pairs of the number of options and whether the key was hit.
pub(super) fn coincidence(items: impl Iterator<Item = (usize, bool)>) -> Coincidence {
    let mut n_keys = 0_usize;
    let n_options: Vec<usize> = items
        .map(|(n_options, is_key)| {
            n_keys = n_keys.saturating_add(usize::from(is_key));
            n_options
        })
        .collect();
    Coincidence {
        n_items: n_options.len(),
        n_keys,
        chance_millionths: tail_millionths(&n_options, n_keys),
    }
}

#[expect(
    clippy::float_arithmetic,
    clippy::as_conversions,
    reason = "a probability to be shown, rounded and clamped; no draw and no money depends on it"
)]
fn tail_millionths(n_options: &[usize], at_least: usize) -> u32 {
    const NEGLIGIBLE: f64 = 1e-18;
    // weights[i] is the probability of `first + i` hits.
    let mut first = 0_usize;
    let mut weights = vec![1.0_f64];
    for n in n_options {
        let hit = 1.0 / f64::from(u32::try_from((*n).clamp(1, MAX_CHOICES)).unwrap_or(1));
        let mut before = 0.0;
        for weight in &mut weights {
            let here = *weight;
            *weight = here * (1.0 - hit) + before * hit;
            before = here;
        }
        weights.push(before * hit);
        while weights.len() > 1 && weights.last().is_some_and(|w| *w < NEGLIGIBLE) {
            weights.pop();
        }
        let negligible = weights.iter().take_while(|w| **w < NEGLIGIBLE).count();
        if negligible > 0 && negligible < weights.len() {
            weights.drain(..negligible);
            first = first.saturating_add(negligible);
        }
    }
    let tail: f64 = weights.iter().skip(at_least.saturating_sub(first)).sum();
    (tail * 1_000_000.0).round().clamp(0.0, 1_000_000.0) as u32
}
