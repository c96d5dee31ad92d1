//! Stars and bars: a uniform set of distinct positions, read as a division of the surplus.

use std::num::NonZeroU32;

use super::reduced::Reduced;
use crate::{WordStream, sampling::Range};

/// Up to so many places for each bar, a map of all places is quicker than sorting the bars.
const MAP_PLACES_PER_BAR: u32 = 1_024;

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

/// Draws divisions without regard to the greatest part until one keeps to it; turns each part into what is wanted.
///
/// Of `surplus + parts - 1` places, `parts - 1` are bars and the others stars; whichever are fewer are drawn.
pub(super) fn draw<T>(
    problem: &Reduced,
    words: &mut WordStream,
    finish: impl Fn(u32) -> T,
) -> Vec<T> {
    let bars = problem.parts.saturating_sub(1);
    let places = problem.surplus.saturating_add(bars);
    let finish = |part| finish(problem.restore(part));
    loop {
        let (parts, greatest) = if bars <= problem.surplus {
            between_bars(&distinct_places(bars, places, words), places, &finish)
        } else {
            let stars = distinct_places(problem.surplus, places, words);
            stars_per_part(&stars, problem.parts, &finish)
        };
        if greatest <= problem.span {
            return parts;
        }
    }
}

/// Draws places until `count` different ones have come up; returns them in ascending order.
pub(super) fn distinct_places(count: u32, places: u32, words: &mut WordStream) -> Vec<u32> {
    let Some(places) = NonZeroU32::new(places) else {
        return Vec::new();
    };
    if places.get().checked_div(count).unwrap_or(u32::MAX) < MAP_PLACES_PER_BAR {
        marked_places(count, places, words)
    } else {
        sorted_places(count, places, words)
    }
}

/// By a map of one bit for each place, and one of the map's words that are not zero.
fn marked_places(count: u32, places: NonZeroU32, words: &mut WordStream) -> Vec<u32> {
    let zeros = |places: u32| {
        let length = usize::try_from(places >> 6).unwrap_or(0);
        vec![0_u64; length.saturating_add(1)]
    };
    let (mut map, mut used) = (zeros(places.get()), zeros(places.get() >> 6));
    // As many words as places are missing never reach past the last new place.
    let range = Range::new(places);
    let mut left = usize::try_from(count).unwrap_or(usize::MAX);
    let mut drawn = [0; 64];
    while left > 0 {
        let drawn = drawn.get_mut(..left.min(64)).unwrap_or_default();
        words.fill(drawn);
        let mut found = 0_usize;
        for &word in &*drawn {
            let Some(place) = range.of(word) else {
                continue;
            };
            let index = |shift: u32| usize::try_from(place >> shift).unwrap_or(usize::MAX);
            if let (Some(marks), Some(used)) = (map.get_mut(index(6)), used.get_mut(index(12))) {
                let mark = 1 << (place & 63);
                found = found.wrapping_add(usize::from(*marks & mark == 0));
                *marks |= mark;
                *used |= 1 << ((place >> 6) & 63);
            }
        }
        left = left.saturating_sub(found);
    }
    // Two places are written for every word in use, whether it has them or not; what is too much is overwritten.
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let mut drawn = vec![0_u32; count.saturating_add(2)];
    let mut found = 0_usize;
    for ((&used, map), block) in used
        .iter()
        .zip(map.chunks(64))
        .zip((0_u32..).step_by(1 << 12))
    {
        let mut used = used;
        while used != 0 {
            let word = used.trailing_zeros();
            used &= used.wrapping_sub(1);
            let index = usize::try_from(word).unwrap_or(usize::MAX);
            let marks = map.get(index).copied().unwrap_or(0);
            let base = block.wrapping_add(word << 6);
            let second = marks & marks.wrapping_sub(1);
            let mut others = second & second.wrapping_sub(1);
            if let Some([a, b]) = drawn.get_mut(found..found.wrapping_add(2)) {
                *a = base.wrapping_add(marks.trailing_zeros());
                *b = base.wrapping_add(second.trailing_zeros());
            }
            found = found.wrapping_add(1).wrapping_add(usize::from(second != 0));
            while others != 0 {
                if let Some(place) = drawn.get_mut(found) {
                    *place = base.wrapping_add(others.trailing_zeros());
                }
                found = found.wrapping_add(1);
                others &= others.wrapping_sub(1);
            }
        }
    }
    drawn.truncate(count);
    drawn
}

/// By sorting, where the map would be mostly empty.
///
/// Missing places are drawn in batches: a batch as large as the shortfall never draws past the last new place, so the
/// words consumed are those of drawing one at a time.
fn sorted_places(count: u32, places: NonZeroU32, words: &mut WordStream) -> Vec<u32> {
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let mut drawn: Vec<u32> = Vec::with_capacity(count);
    let range = Range::new(places);
    while drawn.len() < count {
        for _ in drawn.len()..count {
            drawn.push(range.draw(words));
        }
        drawn.sort_unstable();
        drawn.dedup();
    }
    drawn
}

/// Number of stars before the first bar, between neighbours, and after the last; and the greatest of them.
fn between_bars<T>(bars: &[u32], places: u32, finish: &impl Fn(u32) -> T) -> (Vec<T>, u32) {
    let (Some(&first), Some(&last)) = (bars.first(), bars.last()) else {
        return (vec![finish(places)], places);
    };
    let end = places.wrapping_sub(last).wrapping_sub(1);
    let between = || {
        let later = bars.iter().skip(1);
        bars.iter()
            .zip(later)
            .map(|(&bar, &next)| next.wrapping_sub(bar).wrapping_sub(1))
    };
    let greatest = between().fold(first.max(end), u32::max);
    let mut parts = Vec::with_capacity(bars.len().saturating_add(1));
    parts.push(finish(first));
    parts.extend(between().map(finish));
    parts.push(finish(end));
    (parts, greatest)
}

/// Number of stars in each part, and the greatest: the `i`-th star at place `p` has `p - i` bars before it.
fn stars_per_part<T>(stars: &[u32], parts: u32, finish: &impl Fn(u32) -> T) -> (Vec<T>, u32) {
    let mut counts = vec![0_u32; usize::try_from(parts).unwrap_or(usize::MAX)];
    for (stars_before, &place) in (0_u32..).zip(stars) {
        let part = usize::try_from(place.saturating_sub(stars_before)).unwrap_or(usize::MAX);
        if let Some(count) = counts.get_mut(part) {
            *count = count.saturating_add(1);
        }
    }
    let greatest = counts.iter().copied().max().unwrap_or(0);
    (counts.into_iter().map(finish).collect(), greatest)
}
