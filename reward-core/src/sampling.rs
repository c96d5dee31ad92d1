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
    /// Words of the stream in order; those before `used` have been handed out.
    buffer: [u32; BUFFER_WORDS],
    used: usize,
}

/// Words taken from the generator at a time: four blocks, as many as it makes at once.
const BUFFER_WORDS: usize = 64;

/// An integer range prepared for many draws; each consumes the words that [`WordStream::below`] would.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Range {
    limit: u32,
    /// `2^32 mod limit`.
    threshold: u32,
}

impl Range {
    pub(crate) fn new(limit: NonZeroU32) -> Self {
        let limit = limit.get();
        Self {
            limit,
            threshold: threshold::<32>(limit),
        }
    }

    #[inline]
    pub(crate) fn draw(self, words: &mut WordStream) -> u32 {
        loop {
            if let Some(drawn) = self.of(words.next_word()) {
                return drawn;
            }
        }
    }

    /// The integer that a word stands for, or `None` if the word is refused.
    #[inline]
    pub(crate) fn of(self, word: u32) -> Option<u32> {
        scaled::<32>(word, self.limit, self.threshold)
    }
}

/// `2^BITS mod limit`: so many words are refused.
fn threshold<const BITS: u32>(limit: u32) -> u32 {
    let words = 1_u64 << BITS;
    let rest = words.checked_rem(u64::from(limit)).unwrap_or(0);
    u32::try_from(rest).unwrap_or(0)
}

/// The integer below `limit` that a word of `BITS` bits stands for, or `None` if the word is refused.
#[inline]
fn scaled<const BITS: u32>(word: u32, limit: u32, threshold: u32) -> Option<u32> {
    let product = u64::from(word).wrapping_mul(u64::from(limit));
    let low = product & (1_u64 << BITS).wrapping_sub(1);
    if low < u64::from(threshold) {
        return None;
    }
    u32::try_from(product >> BITS).ok()
}

impl WordStream {
    /// Starts the stream of a seed at its first word.
    #[must_use]
    pub fn new(seed: [u8; 32]) -> Self {
        Self {
            generator: ChaCha12Rng::from_seed(seed),
            buffer: [0; BUFFER_WORDS],
            used: BUFFER_WORDS,
        }
    }

    /// Returns the next word.
    #[inline]
    pub fn next_word(&mut self) -> u32 {
        if let Some(&word) = self.buffer.get(self.used) {
            self.used = self.used.wrapping_add(1);
            return word;
        }
        self.refill()
    }

    /// Takes as many words as there is room for.
    #[inline]
    pub(crate) fn fill(&mut self, mut words: &mut [u32]) {
        loop {
            let buffered = self.buffer.get(self.used..).unwrap_or_default();
            let taken = buffered.len().min(words.len());
            if let (Some(to), Some(from)) = (words.split_off_mut(..taken), buffered.get(..taken)) {
                to.copy_from_slice(from);
            }
            self.used = self.used.wrapping_add(taken);
            if words.is_empty() {
                return;
            }
            self.refill();
            self.used = 0;
        }
    }

    #[inline(never)]
    fn refill(&mut self) -> u32 {
        let mut bytes = [0; BUFFER_WORDS * 4];
        self.generator.fill_bytes(&mut bytes);
        let (words, _) = bytes.as_chunks::<4>();
        for (word, &bytes) in self.buffer.iter_mut().zip(words) {
            *word = u32::from_le_bytes(bytes);
        }
        self.used = 1;
        let [first, ..] = self.buffer;
        first
    }

    /// Returns an integer uniform over `0..n`, without bias.
    ///
    /// Lemire's method with rejection (ACM TOMACS 29(1), 2019): take a word `w`; if the low 32 bits of `w * n` are below
    /// `2^32 mod n`, take another; otherwise the result is the high 32 bits.
    /// It consumes one word, and on average less than two; also when `n` is 1.
    pub fn below(&mut self, n: NonZeroU32) -> u32 {
        Range::new(n).draw(self)
    }
}

/// Writes no state: whoever knows it knows every later draw.
impl fmt::Debug for WordStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WordStream([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::{scaled, threshold};

    /// The arithmetic of `below` with words of 16 bits instead of 32, for all words: no value is favoured.
    #[test]
    fn every_integer_below_a_limit_has_the_same_number_of_words() {
        let limits = (1..=64)
            .chain((1_000..30_000).step_by(499))
            .chain(65_500..65_536);
        for limit in limits {
            let mut words = vec![0_u32; usize::try_from(limit).expect("small")];
            let refused_below = threshold::<16>(limit);
            for word in 0..1 << 16 {
                if let Some(value) = scaled::<16>(word, limit, refused_below) {
                    words[usize::try_from(value).expect("small")] += 1;
                }
            }
            assert_eq!(words, vec![(1 << 16) / limit; words.len()], "below {limit}");
        }
    }
}
