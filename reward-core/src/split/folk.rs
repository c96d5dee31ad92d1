//! The divisions that circulate on the web, kept to be measured; none may draw a plan.

use std::num::NonZeroU32;

use super::SplitSpec;
use crate::{Fen, WordStream};

/// A popular way to divide a total, for research only.
///
/// None of these is [`Exchangeable`](super::Exchangeable): who comes first and who comes last meet different laws.
/// They do not implement [`Split`](super::Split) either, because none keeps its promise: the sum and the least packet
/// hold, but the greatest packet of the specification is broken by whichever part happens to exceed it.
/// In what follows `t` is the surplus still to be divided and `m` the parts still to be filled, this one included;
/// the last part takes what is left, and the floor is added to every part.
///
/// ```
/// use reward_core::{Fen, FolkLaw, PacketBounds, SplitSpec, WordStream};
///
/// let bounds = PacketBounds::new(Fen::new(10), Fen::new(10_000))?;
/// let spec = SplitSpec::new(1_000, Fen::new(142_800), bounds).expect("feasible");
/// let deck = FolkLaw::RemainingRandom.draw(&spec, &mut WordStream::new([7; 32]));
/// assert_eq!(Fen::checked_sum(deck.iter().copied()), Some(Fen::new(142_800)));
/// assert!(deck.iter().any(|&amount| amount > bounds.max())); // the flaw
/// # Ok::<(), reward_core::RulesError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FolkLaw {
    /// Uniform up to twice the mean of the rest (二倍均值): each part is uniform over `0..=2t/m`.
    ///
    /// Equal means, but the variance grows with the rank.
    DoubleMean,
    /// Uniform up to all that is left (剩余随机): each part is uniform over `0..=t`, so the means halve.
    RemainingRandom,
    /// Uniform up to what leaves the others their least packet on average: each part is uniform over `0..=t/(m-1)`.
    ///
    /// The last part is about `sqrt(n/pi)` times the mean.
    SafeTotal,
    /// Cut a line at `n - 1` independent uniform points of `0..=t` and take the pieces.
    ///
    /// Points that coincide make divisions with an empty inner part too rare.
    BrokenStick,
    /// The whole quotient for everybody, and one fen more for the first `t mod n`.
    Equal,
    /// Proportional to independent gamma variates, rounded by their running sum.
    ///
    /// Drawn in floating point, so its values may differ between platforms.
    Dirichlet {
        /// Shape of the gamma law in thousandths: 1000 is the flat law, larger is more equal.
        shape_permille: NonZeroU32,
    },
}

impl FolkLaw {
    /// One of each, the Dirichlet law with shape 1.
    pub const ALL: [Self; 6] = [
        Self::DoubleMean,
        Self::RemainingRandom,
        Self::SafeTotal,
        Self::BrokenStick,
        Self::Equal,
        Self::Dirichlet {
            shape_permille: NonZeroU32::new(1_000).expect("not zero"),
        },
    ];

    /// Returns the permanent name for tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DoubleMean => "double_mean",
            Self::RemainingRandom => "remaining_random",
            Self::SafeTotal => "safe_total",
            Self::BrokenStick => "broken_stick",
            Self::Equal => "equal",
            Self::Dirichlet { .. } => "dirichlet",
        }
    }

    /// Draws one deck; linear in the parts, but for the sort of the broken stick.
    ///
    /// The deck has `spec.parts()` packets of at least the least packet and sums to `spec.total()`.
    #[must_use]
    pub fn draw(self, spec: &SplitSpec, words: &mut WordStream) -> Vec<Fen> {
        let (parts, surplus) = (spec.parts(), spec.surplus());
        let above_floor = match self {
            Self::DoubleMean => in_turn(parts, surplus, words, |t, m| {
                u64::from(t)
                    .saturating_mul(2)
                    .checked_div(u64::from(m))
                    .unwrap_or(0)
            }),
            Self::RemainingRandom => in_turn(parts, surplus, words, |t, _| u64::from(t)),
            Self::SafeTotal => in_turn(parts, surplus, words, |t, m| {
                u64::from(t)
                    .checked_div(u64::from(m).saturating_sub(1))
                    .unwrap_or(0)
            }),
            Self::BrokenStick => broken_stick(parts, surplus, words),
            Self::Equal => equal(parts, surplus),
            Self::Dirichlet { shape_permille } => dirichlet(parts, surplus, shape_permille, words),
        };
        let min = spec.bounds().min().get();
        above_floor
            .into_iter()
            .map(|part| Fen::new(min.saturating_add(u64::from(part))))
            .collect()
    }
}

/// Each part but the last is uniform over `0..=limit(left, parts left)`.
#[inline]
fn in_turn(
    parts: u32,
    surplus: u32,
    words: &mut WordStream,
    limit: impl Fn(u32, u32) -> u64,
) -> Vec<u32> {
    let mut left = surplus;
    let mut drawn: Vec<u32> = (2..=parts)
        .rev()
        .map(|parts_left| {
            let limit = u32::try_from(limit(left, parts_left)).unwrap_or(left);
            let part = words.below(NonZeroU32::MIN.saturating_add(limit.min(left)));
            left = left.saturating_sub(part);
            part
        })
        .collect();
    drawn.push(left);
    drawn
}

fn broken_stick(parts: u32, surplus: u32, words: &mut WordStream) -> Vec<u32> {
    let places = NonZeroU32::MIN.saturating_add(surplus);
    let mut cuts: Vec<u32> = (1..parts).map(|_| words.below(places)).collect();
    cuts.sort_unstable();
    cuts.push(surplus);
    let mut before = 0;
    for cut in &mut cuts {
        let piece = cut.saturating_sub(before);
        before = *cut;
        *cut = piece;
    }
    cuts
}

fn equal(parts: u32, surplus: u32) -> Vec<u32> {
    let quotient = surplus.checked_div(parts).unwrap_or(0);
    let remainder = surplus.checked_rem(parts).unwrap_or(0);
    (0..parts)
        .map(|place| quotient.saturating_add(u32::from(place < remainder)))
        .collect()
}

#[expect(
    clippy::float_arithmetic,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a law of floating-point folklore, measured and never paid"
)]
fn dirichlet(
    parts: u32,
    surplus: u32,
    shape_permille: NonZeroU32,
    words: &mut WordStream,
) -> Vec<u32> {
    let shape = f64::from(shape_permille.get()) / 1_000.0;
    let mut running = 0.0;
    let sums: Vec<f64> = (0..parts)
        .map(|_| {
            running += gamma(shape, words);
            running
        })
        .collect();
    let mut before = 0_u32;
    let mut drawn: Vec<u32> = sums
        .iter()
        .map(|sum| {
            let rounded = (sum / running * f64::from(surplus)).floor() as u32;
            let piece = rounded.saturating_sub(before);
            before = before.max(rounded);
            piece
        })
        .collect();
    // Rounding may leave the running sum one fen short at its end.
    if let Some(last) = drawn.last_mut() {
        *last = last.saturating_add(surplus.saturating_sub(before));
    }
    drawn
}

/// Marsaglia and Tsang, "A simple method for generating gamma variables", ACM TOMS 26(3), 2000.
#[expect(
    clippy::float_arithmetic,
    reason = "a law of floating-point folklore, measured and never paid"
)]
fn gamma(shape: f64, words: &mut WordStream) -> f64 {
    if shape < 1.0 {
        return gamma(shape + 1.0, words) * unit(words).powf(shape.recip());
    }
    let d = shape - 1.0 / 3.0;
    let c = (9.0 * d).sqrt().recip();
    loop {
        let normal = (-2.0 * unit(words).ln()).sqrt() * (std::f64::consts::TAU * unit(words)).cos();
        let v = (1.0 + c * normal).powi(3);
        if v > 0.0 && unit(words).ln() < 0.5 * normal * normal + d - d * v + d * v.ln() {
            return d * v;
        }
    }
}

/// Uniform over the open unit interval, 32 bits.
#[expect(
    clippy::float_arithmetic,
    reason = "a law of floating-point folklore, measured and never paid"
)]
fn unit(words: &mut WordStream) -> f64 {
    (f64::from(words.next_word()) + 0.5) / 4_294_967_296.0
}
