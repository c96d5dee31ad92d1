//! The one place that makes randomness.

use std::{
    fmt::{self, Debug},
    sync::Mutex,
};

use rand::{Rng, SeedableRng, rngs::ChaCha12Rng};

/// Where the server gets nonces, seeds and identifiers from.
pub trait Entropy: Debug + Send + Sync {
    /// Fills the buffer with unpredictable bytes.
    fn fill(&self, buffer: &mut [u8]);
}

impl dyn Entropy + '_ {
    /// An array of unpredictable bytes.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// An unpredictable alphanumeric string of `length` characters, as WeChat's nonces and states are.
    #[must_use]
    pub fn alphanumeric(&self, length: usize) -> String {
        const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        let mut text = String::with_capacity(length);
        while text.len() < length {
            // 62 of 64 values are used, the other two are drawn again: no bias.
            for byte in self.bytes::<32>() {
                if let Some(&letter) = ALPHABET.get(usize::from(byte & 63))
                    && text.len() < length
                {
                    text.push(char::from(letter));
                }
            }
        }
        text
    }
}

/// The operating system's generator.
#[derive(Debug, Clone, Copy)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        aws_lc_rs::rand::fill(buffer).expect("the operating system gives random bytes");
    }
}

/// A seeded generator: the same seed gives the same contest.
pub struct SeededEntropy(Mutex<ChaCha12Rng>);

impl SeededEntropy {
    /// A generator that always gives the bytes of this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(ChaCha12Rng::seed_from_u64(seed)))
    }

    /// The generator of one start of a program that keeps its data: no start repeats the
    /// bytes of another, so that no nonce is used twice under the same keys.
    #[must_use]
    pub fn of_start(seed: u64, start: u64) -> Self {
        let mut generator = ChaCha12Rng::seed_from_u64(seed);
        generator.set_stream(start);
        Self(Mutex::new(generator))
    }
}

impl Debug for SeededEntropy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SeededEntropy")
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        self.0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .fill_bytes(buffer);
    }
}
