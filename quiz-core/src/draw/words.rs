//! Uniform integers and partial shuffles from a generator's 32-bit words.

use std::num::NonZeroU32;

use rand::Rng;

/// Returns a uniform integer in `0..n` from the words of a generator, without bias.
///
/// For `n` = 1 the answer is 0 and no word is taken.
/// Otherwise take a word `x` and let `m = x * n` (64 bits), `low = m mod 2^32`;
/// if `low < 2^32 mod n`, take another word and repeat; else the answer is `m / 2^32`
/// (Lemire, "Fast Random Integer Generation in an Interval", ACM TOMACS 29(1), 2019).
/// The expected number of words is below 2 for every `n`.
#[inline]
pub fn below(rng: &mut impl Rng, n: NonZeroU32) -> u32 {
    if n.get() == 1 {
        return 0;
    }
    loop {
        // The product of two 32-bit numbers fits in 64 bits: nothing wraps.
        let product = u64::from(rng.next_u32()).wrapping_mul(u64::from(n.get()));
        let [h0, h1, h2, h3, l0, l1, l2, l3] = product.to_be_bytes();
        let low = u32::from_be_bytes([l0, l1, l2, l3]);
        // (2^32 - n) mod n = 2^32 mod n, and it is below n: the division is skipped when it cannot matter.
        if low >= n.get() || low >= n.get().wrapping_neg().checked_rem(n.get()).unwrap_or(0) {
            return u32::from_be_bytes([h0, h1, h2, h3]);
        }
    }
}

/// Moves a uniform choice of `n` entries, in uniform order, to the front; step 2 of [`draw`](super).
pub(crate) fn partial_shuffle<T>(list: &mut [T], n: usize, rng: &mut impl Rng) {
    let len = list.len();
    for i in 0..n.min(len) {
        let left = u32::try_from(len.saturating_sub(i))
            .ok()
            .and_then(NonZeroU32::new);
        let Some(left) = left else { return };
        let step = usize::try_from(below(rng, left)).unwrap_or(0);
        list.swap(i, i.saturating_add(step));
    }
}
