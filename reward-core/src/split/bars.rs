//! Stars and bars: a uniform set of distinct positions, read as a division of the surplus.

use std::num::NonZeroU32;

use super::uniform::Reduced;
use crate::WordStream;

/// Whether an attempt is accepted with probability at least 1/10, by a bound that never flatters.
///
/// `P(some part > k) <= n * C(t - k + n - 2, n - 1) / C(t + n - 1, n - 1)`, the quotient evaluated factor by factor in
/// units of `2^-64`, rounded up.
pub(super) fn acceptance_is_certified(problem: &Reduced) -> bool {
    let Some(beyond) = problem
        .surplus
        .checked_sub(problem.span)
        .filter(|&beyond| beyond > 0)
    else {
        return true;
    };
    let tenfold_parts = u128::from(problem.parts).saturating_mul(10);
    let mut excess: u128 = 1 << 64;
    let certified = |excess: u128| excess.saturating_mul(tenfold_parts) <= 9 << 64;
    for i in 1..problem.parts {
        let numerator = u128::from(beyond)
            .saturating_add(u128::from(i))
            .saturating_sub(1);
        let denominator = u128::from(problem.surplus).saturating_add(u128::from(i));
        excess = excess.saturating_mul(numerator).div_ceil(denominator);
        // The factors are below 1, so what is certified here stays certified.
        if certified(excess) {
            return true;
        }
    }
    certified(excess)
}

/// Draws divisions without regard to the greatest part until one keeps to it.
pub(super) fn draw(problem: &Reduced, words: &mut WordStream) -> Vec<u32> {
    loop {
        let parts = attempt(problem, words);
        if parts.iter().all(|&part| part <= problem.span) {
            return parts;
        }
    }
}

/// One division of the surplus, uniform among all without a greatest part.
///
/// Of `surplus + parts - 1` places, `parts - 1` are bars and the others stars; whichever are fewer are drawn.
fn attempt(problem: &Reduced, words: &mut WordStream) -> Vec<u32> {
    let bars = problem.parts.saturating_sub(1);
    let places = problem.surplus.saturating_add(bars);
    if bars <= problem.surplus {
        between_bars(&distinct_places(bars, places, words), places)
    } else {
        stars_per_part(
            &distinct_places(problem.surplus, places, words),
            problem.parts,
        )
    }
}

/// Draws places until `count` different ones have come up; returns them in ascending order.
///
/// Missing places are drawn in batches: a batch as large as the shortfall never draws past the last new place, so the
/// words consumed are those of drawing one at a time.
fn distinct_places(count: u32, places: u32, words: &mut WordStream) -> Vec<u32> {
    let Some(places) = NonZeroU32::new(places) else {
        return Vec::new();
    };
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let mut drawn: Vec<u32> = Vec::with_capacity(count);
    while drawn.len() < count {
        for _ in drawn.len()..count {
            drawn.push(words.below(places));
        }
        drawn.sort_unstable();
        drawn.dedup();
    }
    drawn
}

/// Number of stars before the first bar, between neighbours, and after the last.
fn between_bars(bars: &[u32], places: u32) -> Vec<u32> {
    let mut parts = Vec::with_capacity(bars.len().saturating_add(1));
    let mut next_place = 0;
    for &bar in bars {
        parts.push(bar.saturating_sub(next_place));
        next_place = bar.saturating_add(1);
    }
    parts.push(places.saturating_sub(next_place));
    parts
}

/// Number of stars in each part: the `i`-th star at place `p` has `p - i` bars before it.
fn stars_per_part(stars: &[u32], parts: u32) -> Vec<u32> {
    let mut counts = vec![0_u32; usize::try_from(parts).unwrap_or(usize::MAX)];
    for (stars_before, &place) in (0_u32..).zip(stars) {
        let part = usize::try_from(place.saturating_sub(stars_before)).unwrap_or(usize::MAX);
        if let Some(count) = counts.get_mut(part) {
            *count = count.saturating_add(1);
        }
    }
    counts
}
