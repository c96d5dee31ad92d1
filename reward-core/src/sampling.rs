//! The documented word stream from which every committed draw is made.

use std::{fmt, num::NonZeroU32};

use rand::{Rng, SeedableRng, rngs::ChaCha12Rng};

/// A deterministic stream of 32-bit words and exactly uniform integers, reproducible in any language.
///
/// The words are the ChaCha12 keystream read as little-endian `u32`, with the 32-byte seed as key, a zero nonce and
/// a 64-bit block counter that starts at 0.
/// Committed draws go only through this type, because the range and shuffle functions of general libraries may
/// change their output between versions.
///
/// ```
/// use std::num::NonZeroU32;
///
/// use reward_core::WordStream;
///
/// let mut words = WordStream::new([0; 32]);
/// assert_eq!(words.next_word(), 0x6a9a_f49b);
/// let die = NonZeroU32::new(6).expect("six sides");
/// assert!(words.below(die) < 6);
/// ```
pub struct WordStream {
    generator: ChaCha12Rng,
}

impl WordStream {
    /// Starts the stream of a seed at its first word.
    #[must_use]
    pub fn new(seed: [u8; 32]) -> Self {
        Self {
            generator: ChaCha12Rng::from_seed(seed),
        }
    }

    /// Returns the next word.
    pub fn next_word(&mut self) -> u32 {
        self.generator.next_u32()
    }

    /// Returns an integer uniform over `0..n`, without bias.
    ///
    /// Lemire's method with rejection (ACM TOMACS 29(1), 2019): take a word `w`; if the low 32 bits of `w * n` are below
    /// `2^32 mod n`, take another; otherwise the result is the high 32 bits.
    /// It consumes one word, and on average less than two; also when `n` is 1.
    pub fn below(&mut self, n: NonZeroU32) -> u32 {
        let threshold = n.get().wrapping_neg().checked_rem(n.get()).unwrap_or(0);
        loop {
            let product = u64::from(self.next_word()).wrapping_mul(u64::from(n.get()));
            let [b0, b1, b2, b3, b4, b5, b6, b7] = product.to_le_bytes();
            if u32::from_le_bytes([b0, b1, b2, b3]) >= threshold {
                return u32::from_le_bytes([b4, b5, b6, b7]);
            }
        }
    }
}

/// Writes no state: whoever knows it knows every later draw.
impl fmt::Debug for WordStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WordStream([redacted])")
    }
}
