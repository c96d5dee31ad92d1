//! The uniform law over all divisions within bounds, and the choice of the engine that draws it.

use super::{Split, SplitSpec, bars, tilted::Tilt};
use crate::{Fen, WordStream};

/// The law under which every division within the bounds is equally likely.
///
/// Formally: all vectors of `parts` whole amounts in `min..=max` with the given sum have the same probability.
/// Therefore no place in the deck is better than another: means, variances and every joint law are the same for
/// all places, which none of the popular "random up to twice the average" rules achieves.
///
/// Both engines draw exactly this law with integers only, so a deck can be recomputed bit for bit elsewhere.
/// They work on the reduced problem: the floor is subtracted from every part (`t = total - parts * min`,
/// `k = min(max - min, t)`), and if `2t > parts * k` every part `x` is replaced by `k - x`.
///
/// ```
/// use reward_core::{Fen, PacketBounds, Split, SplitSpec, Uniform, WordStream};
///
/// let bounds = PacketBounds::new(Fen::new(10), Fen::new(10_000))?;
/// let spec = SplitSpec::new(1_000, Fen::new(142_800), bounds).expect("feasible");
/// let deck = Uniform::new(spec).draw(&mut WordStream::new([7; 32]));
/// assert_eq!(Fen::checked_sum(deck), Some(Fen::new(142_800)));
/// # Ok::<(), reward_core::RulesError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Uniform {
    spec: SplitSpec,
    reduced: Reduced,
    tilt: Option<Tilt>,
}

/// A procedure that draws the uniform law exactly; which one is fixed by the problem alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Engine {
    /// Stars and bars on distinct positions, redrawn while a part exceeds the maximum.
    ///
    /// Draws per attempt: the smaller of `parts - 1` and `t`; attempts: the inverse of the acceptance.
    Bars,
    /// Independent parts tilted towards the mean, the last one determined by the sum.
    ///
    /// Serves every problem: about `parts^1.5` draws with a low mean, up to some hundred times more close to the middle.
    Tilted,
}

/// The problem without its floor, turned over if it lies above the middle.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reduced {
    pub(super) parts: u32,
    /// Sum of all parts.
    pub(super) surplus: u32,
    /// Greatest part, at most the surplus.
    pub(super) span: u32,
    /// What a part is subtracted from to turn it back, if the problem was turned over.
    mirror: Option<u32>,
}

impl Reduced {
    fn new(spec: &SplitSpec) -> Self {
        let (parts, surplus, span) = (spec.parts(), spec.surplus(), spec.span());
        let ceiling = u64::from(parts).saturating_mul(u64::from(span));
        let above = ceiling.saturating_sub(u64::from(surplus));
        match u32::try_from(above) {
            Ok(below_ceiling) if below_ceiling < surplus => Self {
                parts,
                surplus: below_ceiling,
                span: span.min(below_ceiling),
                mirror: Some(span),
            },
            Ok(_) | Err(_) => Self {
                parts,
                surplus,
                span,
                mirror: None,
            },
        }
    }

    fn restore(&self, part: u32, min: Fen) -> Fen {
        let above_floor = self.mirror.map_or(part, |span| span.saturating_sub(part));
        Fen::new(min.get().saturating_add(u64::from(above_floor)))
    }
}

impl Uniform {
    /// Prepares the law for one problem and chooses its engine.
    ///
    /// The choice depends on the problem alone, never on the draws: [`Engine::Bars`] if the union bound certifies
    /// an acceptance of at least one tenth, [`Engine::Tilted`] otherwise.
    /// In integers, with `n` parts of the reduced problem: if `k < t`, let `p = 2^64` and for `i` in `1..n` replace `p`
    /// by `p * (t - k - 1 + i) / (t + i)` rounded up; bars are chosen if `10 * n * p <= 9 * 2^64`, or if `k = t`.
    /// At most linear in the parts.
    #[must_use]
    pub fn new(spec: SplitSpec) -> Self {
        let engine = if bars::acceptance_is_certified(&Reduced::new(&spec)) {
            Engine::Bars
        } else {
            Engine::Tilted
        };
        Self::with_engine(spec, engine)
    }

    /// Prepares the law with an engine of the caller's choice, for comparing engines.
    ///
    /// Committed plans use [`new`](Self::new).
    /// [`Engine::Bars`] can take astronomically many attempts where `new` would not choose it.
    #[must_use]
    pub fn with_engine(spec: SplitSpec, engine: Engine) -> Self {
        let reduced = Reduced::new(&spec);
        let tilt = match engine {
            Engine::Bars => None,
            Engine::Tilted => Some(Tilt::new(&reduced)),
        };
        Self {
            spec,
            reduced,
            tilt,
        }
    }

    /// Returns the engine in use.
    #[must_use]
    pub const fn engine(&self) -> Engine {
        if self.tilt.is_some() {
            Engine::Tilted
        } else {
            Engine::Bars
        }
    }
}

impl Split for Uniform {
    fn spec(&self) -> &SplitSpec {
        &self.spec
    }

    fn draw(&self, words: &mut WordStream) -> Vec<Fen> {
        let parts = match &self.tilt {
            None => bars::draw(&self.reduced, words),
            Some(tilt) => tilt.draw(words),
        };
        let min = self.spec.bounds().min();
        parts
            .into_iter()
            .map(|part| self.reduced.restore(part, min))
            .collect()
    }
}
