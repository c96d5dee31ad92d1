//! Probabilistic divide and conquer: draw some of the parts freely, keep them if the rest can be left with what lacks.
//!
//! Independent parts of weight `w(x) * lambda^x` that happen to have the wanted sum have probability proportional to the
//! product of their `w(x)`, whatever `lambda` is: it only decides how often they happen to.
//! Waiting for the whole sum to fit would take long.
//! So a share of the parts is drawn, accepted with a probability proportional to that of the rest having the remaining
//! sum, and then the rest is the same problem again, with fewer parts (Arratia and DeSalvo, "Probabilistic
//! divide-and-conquer", Combinatorics, Probability and Computing 25, 2016).

use super::{
    bars,
    fixed::log_2,
    proposal::{Proposal, Weights},
    reduced::Reduced,
    remainder::{Remainder, Tools, compare_lazily},
    table::{RUN, Table},
    wide::Wide,
};
use crate::WordStream;

/// Up to so many uniform parts are drawn with bars.
const BARS_ALWAYS: u32 = 12;
/// Up to so many, if the mean part is at most a sixteenth of the span.
const BARS_IF_LOW: u32 = 1_024;
/// A problem of fewer parts is cut into halves, a longer one into a quarter and three quarters.
const HALVES_BELOW: u32 = 1_024;
/// Fewest parts that a cut leaves over: the fewer, the more points a decision needs.
const LEAST_REST: u32 = 12;
/// Up to so many parts with a table of weights, all but one are drawn freely.
const LAST_BY_SUM: u32 = 16;
/// Preparing another tilt takes about the time of so many draws.
const DRAWS_OF_PREPARING: u64 = 400_000;

/// How much of the engine is used: a draw is the same real comparison in every case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(
    not(feature = "exact-reference"),
    expect(dead_code, reason = "only the reference asks for more than the least")
)]
pub(super) enum Effort {
    /// What is quickest.
    Least,
    /// Cut down to single parts, so that no other engine takes part.
    Cuts,
    /// The same, and every comparison is decided by the most exact evaluation.
    Deepest,
    /// The same as for cuts, and every rest gets a tilt of its own.
    Anew,
}

/// The engine prepared for one problem; any law whose weights are a table, or uniform.
#[derive(Debug, Clone)]
pub(super) struct Tilted {
    problem: Reduced,
    effort: Effort,
    proposal: Proposal,
    table: Table,
    cuts: Vec<Cut>,
    last: Option<LastPart>,
}

/// One step: draw so many parts, then ask whether the rest may have what lacks.
#[derive(Debug, Clone)]
struct Cut {
    drawn: u32,
    rest: Remainder,
    /// The rest gets a tilt of its own if the square of what it lacks beyond its mean is greater.
    strayed: u128,
}

impl Tilted {
    /// Prepares the engine; the weights are those of the reduced problem, in its direction.
    pub(super) fn new(problem: Reduced, weights: Weights, effort: Effort) -> Self {
        let flat = matches!(weights, Weights::Flat);
        let Reduced {
            parts,
            surplus,
            span,
            ..
        } = problem;
        let deepest = effort == Effort::Deepest;
        let proposal = Proposal::new(weights, span, parts, surplus);
        let table = Table::new(&proposal, deepest);
        let tools = Tools::new(&proposal);
        let mut cuts = Vec::new();
        let mut left = parts;
        let low = u64::from(surplus).saturating_mul(16)
            <= u64::from(parts).saturating_mul(u64::from(span));
        let base = match (flat, low) {
            _ if effort != Effort::Least => 1,
            (true, true) => BARS_IF_LOW,
            (true, false) => BARS_ALWAYS,
            (false, _) => LAST_BY_SUM,
        };
        while left > base {
            let rest = if left >= HALVES_BELOW {
                left.saturating_sub(left >> 2)
            } else {
                (left >> 1).max(LEAST_REST.min(base))
            };
            cuts.push(Cut {
                drawn: left.saturating_sub(rest),
                rest: Remainder::new(&proposal, &tools, rest, deepest),
                strayed: strayed(rest, tools.variance()),
            });
            left = rest;
        }
        let last = (!flat).then(|| LastPart::new(&proposal));
        Self {
            problem,
            effort,
            proposal,
            table,
            cuts,
            last,
        }
    }

    /// Draws one division of the problem as it was given, each part turned into what the caller wants.
    pub(super) fn draw<T>(&self, words: &mut WordStream, finish: impl Fn(u32) -> T) -> Vec<T> {
        let mut parts = Vec::with_capacity(usize::try_from(self.problem.parts).unwrap_or(0));
        let mut strayed = self.draw_until_strayed(&mut parts, words, &finish);
        while let Some(rest) = strayed {
            let renewed = Self::new(rest, Weights::Flat, self.effort);
            strayed = renewed.draw_until_strayed(&mut parts, words, &finish);
        }
        parts
    }

    /// Draws all parts, or those before a rest for which another tilt is worth its preparation; returns that rest.
    fn draw_until_strayed<T>(
        &self,
        parts: &mut Vec<T>,
        words: &mut WordStream,
        finish: &impl Fn(u32) -> T,
    ) -> Option<Reduced> {
        let whole = &self.problem;
        let finish = |part| finish(whole.restore(part));
        let (mut left, mut lacking) = (whole.parts, whole.surplus);
        for cut in &self.cuts {
            lacking = self.take(cut.drawn, lacking, parts, &finish, words, |rest, words| {
                cut.rest.accepts(rest, &self.proposal, words)
            });
            left = left.saturating_sub(cut.drawn);
            let strayed =
                self.effort == Effort::Anew || self.square_beyond_mean(left, lacking) > cut.strayed;
            if strayed && self.last.is_none() {
                return Some(Reduced::new(left, lacking, whole.span).within(whole));
            }
        }
        match &self.last {
            None => {
                let rest = Reduced::new(left, lacking, whole.span);
                parts.append(&mut bars::draw(&rest, words, finish));
            }
            Some(last) => {
                let drawn = left.saturating_sub(1);
                if drawn == 0 {
                    parts.push(finish(lacking));
                    return None;
                }
                let rest = self.take(drawn, lacking, parts, &finish, words, |rest, words| {
                    last.accepts(rest, &self.proposal, words)
                });
                parts.push(finish(rest));
            }
        }
        None
    }

    /// The square of what so many parts lack beyond their share, rounded down.
    fn square_beyond_mean(&self, left: u32, lacking: u32) -> u128 {
        let share = u64::from(self.problem.surplus)
            .saturating_mul(u64::from(left))
            .checked_div(u64::from(self.problem.parts))
            .unwrap_or(0);
        let beyond = u128::from(share.abs_diff(u64::from(lacking)));
        beyond.saturating_mul(beyond)
    }

    /// Draws so many parts until their remainder is accepted; returns it.
    #[inline]
    fn take<T>(
        &self,
        count: u32,
        lacking: u32,
        parts: &mut Vec<T>,
        finish: &impl Fn(u32) -> T,
        words: &mut WordStream,
        accepts: impl Fn(u32, &mut WordStream) -> bool,
    ) -> u32 {
        let start = parts.len();
        let mut run = [0; RUN];
        loop {
            let mut sum = 0_u64;
            let mut left = usize::try_from(count).unwrap_or(usize::MAX);
            while left > 0 {
                let drawn = left.min(RUN);
                self.table.draw(&mut run, drawn, &self.proposal, words);
                let drawn = run.get(..drawn).unwrap_or_default();
                // At most 2^6 parts of at most 2^24.
                let of_run = drawn
                    .iter()
                    .fold(0_u32, |sum, &part| sum.wrapping_add(part));
                sum = sum.wrapping_add(u64::from(of_run));
                parts.extend(drawn.iter().map(|&part| finish(part)));
                left = left.saturating_sub(RUN);
            }
            if let Ok(sum) = u32::try_from(sum)
                && let Some(rest) = lacking.checked_sub(sum)
                && accepts(rest, words)
            {
                return rest;
            }
            parts.truncate(start);
        }
    }
}

/// The square of a deviation beyond which another tilt is worth its preparation for so many parts.
///
/// If they lack `z` standard deviations more or less than their share, cuts ever finer would take `2 parts e^(z^2 / 2)`
/// draws in the mean: the law of what is still lacking, as the parts grow fewer, is that of a Brownian bridge.
/// Another tilt makes that `2 parts`, so it pays from `z^2 = 2 ln(1 + preparation / (2 parts))` on.
fn strayed(parts: u32, variance: u128) -> u128 {
    let draws = u64::from(parts).saturating_mul(2);
    let worth = log_2(draws.saturating_add(DRAWS_OF_PREPARING)).saturating_sub(log_2(draws));
    // `2 ln 2` times the logarithm, in `2^-32`; the variance is in `2^-32` too.
    let square = (u128::from(worth.unsigned_abs()) >> 16).saturating_mul(90_852) >> 16;
    (variance >> 16)
        .saturating_mul(u128::from(parts))
        .saturating_mul(square)
        >> 48
}

/// The acceptance of the last part, which is whatever lacks: its weight relative to the greatest.
#[derive(Debug, Clone)]
struct LastPart {
    greatest: Wide,
}

impl LastPart {
    fn new(proposal: &Proposal) -> Self {
        let greatest = proposal
            .walk()
            .map(|(_, weight, _)| weight)
            .max()
            .unwrap_or(Wide::ONE);
        Self { greatest }
    }

    fn accepts(&self, part: u32, proposal: &Proposal, words: &mut WordStream) -> bool {
        if part > proposal.span() {
            return false;
        }
        let weight = proposal.weight(part);
        let chance = weight.over(self.greatest, 96);
        if chance >> 96 == 1 {
            return true;
        }
        let first = words.next_word();
        compare_lazily(chance, first, words)
    }
}

#[cfg(test)]
mod tests {
    use super::{Effort, Reduced, Tilted, Weights};
    use crate::WordStream;

    /// Some long decks stray and are tilted anew, most are not; all have the sum, whichever way up the problem lies.
    #[test]
    fn a_deck_that_strays_is_tilted_anew_and_keeps_its_sum() {
        let (parts, span) = (250_000_u32, 300_u32);
        // Recorded: which decks stray, and with how many parts left, is the same on every machine.
        let low = [(9, 44_496), (11, 4_455), (19, 59_327)];
        let high = [
            (1, 18_772),
            (2, 79_102),
            (4, 140_625),
            (5, 25_029),
            (18, 140_625),
            (19, 79_102),
        ];
        for (surplus, expected) in [(parts * 100, &low[..]), (parts * 250, &high[..])] {
            let problem = Reduced::new(parts, surplus, span);
            let law = Tilted::new(problem, Weights::Flat, Effort::Least);
            let mut strays = Vec::new();
            for seed in 1..=20 {
                let words = || WordStream::new([seed; 32]);
                let strayed = law.draw_until_strayed(&mut Vec::new(), &mut words(), &|part| part);
                strays.extend(strayed.map(|rest| (seed, rest.parts)));
                let deck = law.draw(&mut words(), |part| part);
                assert_eq!(deck.len(), usize::try_from(parts).unwrap());
                assert_eq!(deck.iter().sum::<u32>(), surplus);
                assert!(deck.iter().all(|&part| part <= span));
            }
            assert_eq!(strays, expected);
        }
    }
}
