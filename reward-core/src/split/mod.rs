//! Exact division of a total into packets within bounds, and the laws it may follow.

mod bars;
mod spec;
mod tilted;
mod uniform;

pub use self::{
    spec::{Infeasible, SplitSpec},
    uniform::{Engine, Uniform},
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
