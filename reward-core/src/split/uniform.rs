//! The uniform law over all divisions within bounds, and the choice of the engine that draws it.

use super::{
    Exchangeable, Split, SplitSpec, bars,
    proposal::Weights,
    reduced::Reduced,
    sealed::Sealed,
    tilted::{Effort, Tilted},
};
use crate::{Fen, WordStream};

/// Longer decks are tilted even if bars would serve, because a map of their places outgrows the nearest memory.
const BARS_PARTS: u32 = 4_096;

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
    tilted: Option<Tilted>,
}

/// A procedure that draws the uniform law exactly; which one is fixed by the problem alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Engine {
    /// Stars and bars on distinct positions, redrawn while a part exceeds the maximum.
    ///
    /// Draws per attempt: the smaller of `parts - 1` and `t`; attempts: the inverse of the acceptance.
    Bars,
    /// Independent parts tilted towards the mean, drawn and accepted share by share until few are left.
    ///
    /// Serves every problem with some two draws for each part in the mean, most of them of half a word, and some
    /// hundred acceptance tests; a long deck whose rest strays is tilted anew, so that its cost hardly varies.
    Tilted,
}

impl Uniform {
    /// Prepares the law for one problem and chooses its engine.
    ///
    /// The choice depends on the problem alone, never on the draws: [`Engine::Bars`] up to 4,096 parts if the union
    /// bound certifies an acceptance of at least one tenth, [`Engine::Tilted`] otherwise.
    /// In integers, with `n` parts of the reduced problem: if `k < t`, let `p = 2^64` and for `i` in `1..n` replace `p`
    /// by `p * (t - k - 1 + i) / (t + i)` rounded up; bars are chosen if `10 * n * p <= 9 * 2^64`, or if `k = t`.
    /// At most linear in the parts.
    #[must_use]
    pub fn new(spec: SplitSpec) -> Self {
        let reduced = reduce(&spec);
        let engine = if reduced.parts <= BARS_PARTS && bars::acceptance_is_certified(&reduced) {
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
        Self::with_effort(spec, engine, Effort::Least)
    }

    fn with_effort(spec: SplitSpec, engine: Engine, effort: Effort) -> Self {
        let reduced = reduce(&spec);
        let tilted = match engine {
            Engine::Bars => None,
            Engine::Tilted => Some(Tilted::new(reduced, Weights::Flat, effort)),
        };
        Self {
            spec,
            reduced,
            tilted,
        }
    }

    /// Prepares [`Engine::Tilted`] without its short cuts, to be compared with counting.
    ///
    /// It cuts down to single parts and leaves nothing to bars; with `deepest`, moreover, every comparison is made by
    /// the evaluation that otherwise only decides what the first leaves open, so that both must give the same decks.
    /// Costs with `deepest` are quadratic in the span for every packet.
    #[cfg(feature = "exact-reference")]
    #[must_use]
    pub fn tilted_throughout(spec: SplitSpec, deepest: bool) -> Self {
        let effort = if deepest {
            Effort::Deepest
        } else {
            Effort::Cuts
        };
        Self::with_effort(spec, Engine::Tilted, effort)
    }

    /// Prepares [`Engine::Tilted`] with another tilt for every rest that a share leaves over, down to single parts.
    ///
    /// Otherwise only a rest that strayed far gets one, which never happens in decks short enough to be counted.
    #[cfg(feature = "exact-reference")]
    #[must_use]
    pub fn tilted_anew(spec: SplitSpec) -> Self {
        Self::with_effort(spec, Engine::Tilted, Effort::Anew)
    }

    /// Returns the engine in use.
    #[must_use]
    pub const fn engine(&self) -> Engine {
        if self.tilted.is_some() {
            Engine::Tilted
        } else {
            Engine::Bars
        }
    }
}

fn reduce(spec: &SplitSpec) -> Reduced {
    Reduced::new(spec.parts(), spec.surplus(), spec.span())
}

impl Split for Uniform {
    fn spec(&self) -> &SplitSpec {
        &self.spec
    }

    fn draw(&self, words: &mut WordStream) -> Vec<Fen> {
        let min = self.spec.bounds().min().get();
        let amount = |above_floor| Fen::new(min.wrapping_add(u64::from(above_floor)));
        match &self.tilted {
            None => bars::draw(&self.reduced, words, amount),
            Some(tilted) => tilted.draw(words, amount),
        }
    }
}

impl Sealed for Uniform {}

/// The set of divisions is the same in every order, and all its members are equally likely.
impl Exchangeable for Uniform {}
