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
}

/// The engine prepared for one problem; any law whose weights are a table, or uniform.
#[derive(Debug, Clone)]
pub(super) struct Tilted {
    problem: Reduced,
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
            });
            left = rest;
        }
        let last = (!flat).then(|| LastPart::new(&proposal));
        Self {
            problem,
            proposal,
            table,
            cuts,
            last,
        }
    }

    /// Draws one division of the problem as it was given, each part turned into what the caller wants.
    pub(super) fn draw<T>(&self, words: &mut WordStream, finish: impl Fn(u32) -> T) -> Vec<T> {
        let mut parts = Vec::with_capacity(usize::try_from(self.problem.parts).unwrap_or(0));
        let finish = |part| finish(self.problem.restore(part));
        let (mut left, mut lacking) = (self.problem.parts, self.problem.surplus);
        for cut in &self.cuts {
            lacking = self.take(
                cut.drawn,
                lacking,
                &mut parts,
                &finish,
                words,
                |rest, words| cut.rest.accepts(rest, &self.proposal, words),
            );
            left = left.saturating_sub(cut.drawn);
        }
        match &self.last {
            None => {
                let rest = Reduced::new(left, lacking, self.problem.span);
                parts.append(&mut bars::draw(&rest, words, finish));
            }
            Some(last) => {
                let drawn = left.saturating_sub(1);
                if drawn == 0 {
                    parts.push(finish(lacking));
                    return parts;
                }
                let rest = self.take(drawn, lacking, &mut parts, &finish, words, |rest, words| {
                    last.accepts(rest, &self.proposal, words)
                });
                parts.push(finish(rest));
            }
        }
        parts
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
