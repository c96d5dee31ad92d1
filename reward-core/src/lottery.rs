//! A draw among the claims of a stretch of time, so that being quick within it gains nothing.

use std::num::NonZeroU32;

use crate::WordStream;

/// Returns which of a slot's claims take its packets, in the order of the packets.
///
/// Claims are numbered from 0 in any order; every ordered choice of them is equally likely.
/// With more packets than claims every claim is chosen, in random order.
/// How it is drawn: the list `0, 1, ..., claims - 1`; for `i = 0, 1, ...` entry `i` changes places with entry
/// `i + below(claims - i)` (Fisher and Yates).
/// Linear in the claims.
///
/// ```
/// use reward_core::{WordStream, slot_lottery};
///
/// let chosen = slot_lottery(10, 3, &mut WordStream::new([7; 32]));
/// assert_eq!(chosen.len(), 3);
/// ```
#[must_use]
pub fn slot_lottery(claims: u32, packets: u32, words: &mut WordStream) -> Vec<u32> {
    let mut order: Vec<u32> = (0..claims).collect();
    let chosen = usize::try_from(packets.min(claims)).unwrap_or(usize::MAX);
    for (place, left) in (0..chosen).zip((1..=claims).rev()) {
        let Some(left) = NonZeroU32::new(left) else {
            break;
        };
        let ahead = usize::try_from(words.below(left)).unwrap_or(0);
        order.swap(place, place.saturating_add(ahead));
    }
    order.truncate(chosen);
    order
}
