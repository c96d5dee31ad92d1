//! Exact division of a total into packets within bounds, and the laws it may follow.

mod bars;
#[cfg(feature = "exact-reference")]
mod counting;
mod fixed;
#[cfg(feature = "folk-laws")]
mod folk;
mod jackpot;
mod online;
mod proposal;
mod reduced;
mod remainder;
mod spec;
mod table;
mod tilted;
mod uniform;
mod weighted;
mod wide;

#[cfg(feature = "exact-reference")]
pub use self::counting::Counting;
#[cfg(feature = "folk-laws")]
pub use self::folk::FolkLaw;
pub use self::{
    jackpot::Jackpot,
    online::Online,
    spec::{Infeasible, SplitSpec},
    uniform::{Engine, Uniform},
    weighted::{WeightTable, Weighted, WeightsError},
};
use crate::{Fen, WordStream};

/// A law by which a total is divided into packets.
///
/// A law is prepared once for one [`SplitSpec`] and then draws as many decks as wanted.
pub trait Split {
    /// Returns the problem every deck of this law solves.
    fn spec(&self) -> &SplitSpec;

    /// Draws one deck, in the order in which its packets are handed out.
    ///
    /// The deck has exactly `spec().parts()` packets, each within `spec().bounds()`, and sums to `spec().total()`.
    fn draw(&self, words: &mut WordStream) -> Vec<Fen>;
}

/// A law under which every order of the same packets is equally likely.
///
/// Then nobody's place in the queue matters: all means, variances and joint laws are the same for all places, however
/// many packets are taken in the end.
/// Sealed: a law joins by a proof in this crate, and plans are drawn with such laws only.
/// The popular laws of the feature `folk-laws` are not among them.
pub trait Exchangeable: Split + sealed::Sealed {}

mod sealed {
    /// Keeps [`Exchangeable`](super::Exchangeable) to the laws of this crate.
    #[expect(
        unnameable_types,
        reason = "what cannot be named cannot be implemented"
    )]
    pub trait Sealed {}
}
