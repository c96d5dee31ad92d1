//! Drawing by counting: how many divisions there are with each next part, in whole numbers throughout.

use std::num::NonZeroU32;

use super::{Exchangeable, Split, SplitSpec, sealed::Sealed};
use crate::{Fen, WordStream};

/// The uniform law drawn part by part from exact counts, as a reference for small problems.
///
/// Shares nothing with the engines of [`Uniform`](super::Uniform) but the word stream.
/// A next part `x` is drawn with probability `C(m - 1, t - x) / C(m, t)`, where `C(m, t)` is the number of divisions of
/// `t` into `m` parts of `0..=k`.
/// Memory grows with `parts * surplus`.
#[derive(Debug, Clone)]
pub struct Counting {
    spec: SplitSpec,
    /// `counts[m][t] = C(m, t)`.
    counts: Vec<Vec<u128>>,
}

impl Counting {
    /// Counts all divisions, or `None` if there are `2^127` or more of a problem that occurs on the way.
    #[must_use]
    pub fn new(spec: SplitSpec) -> Option<Self> {
        let surplus = usize::try_from(spec.surplus()).ok()?;
        let span = usize::try_from(spec.span()).ok()?;
        let mut row = vec![0_u128; surplus.checked_add(1)?];
        *row.first_mut()? = 1;
        let mut counts = vec![row.clone()];
        for _ in 0..spec.parts() {
            // A sliding sum over the last `span + 1` entries.
            let mut window = 0_u128;
            let next: Option<Vec<u128>> = (0..row.len())
                .map(|t| {
                    window = window.checked_add(*row.get(t)?)?;
                    if let Some(gone) = t.checked_sub(span.checked_add(1)?) {
                        window = window.checked_sub(*row.get(gone)?)?;
                    }
                    Some(window).filter(|count| count >> 127 == 0)
                })
                .collect();
            row = next?;
            counts.push(row.clone());
        }
        Some(Self { spec, counts })
    }

    /// Returns the number of divisions.
    #[must_use]
    pub fn divisions(&self) -> u128 {
        self.count(self.spec.parts(), self.spec.surplus())
    }

    fn count(&self, parts: u32, surplus: u32) -> u128 {
        let (parts, surplus) = (usize::try_from(parts), usize::try_from(surplus));
        let row = parts.ok().and_then(|parts| self.counts.get(parts));
        row.zip(surplus.ok())
            .and_then(|(row, surplus)| row.get(surplus).copied())
            .unwrap_or(0)
    }
}

impl Split for Counting {
    fn spec(&self) -> &SplitSpec {
        &self.spec
    }

    fn draw(&self, words: &mut WordStream) -> Vec<Fen> {
        let min = self.spec.bounds().min().get();
        let mut left = self.spec.surplus();
        (0..self.spec.parts())
            .rev()
            .map(|parts_after| {
                let mut rank = below_wide(self.count(parts_after.saturating_add(1), left), words);
                let mut part = 0_u32;
                loop {
                    let rest = left.saturating_sub(part);
                    let divisions = self.count(parts_after, rest);
                    match rank.checked_sub(divisions) {
                        Some(beyond) if part < self.spec.span().min(left) => {
                            rank = beyond;
                            part = part.saturating_add(1);
                        }
                        Some(_) | None => {
                            left = rest;
                            return Fen::new(min.saturating_add(u64::from(part)));
                        }
                    }
                }
            })
            .collect()
    }
}

impl Sealed for Counting {}

/// Every division has the same count, one.
impl Exchangeable for Counting {}

/// Uniform below a limit of any size: as many words as it has, taken again while they spell too much.
fn below_wide(limit: u128, words: &mut WordStream) -> u128 {
    if let Some(limit) = u32::try_from(limit).ok().and_then(NonZeroU32::new) {
        return u128::from(words.below(limit));
    }
    let bits = 128_u32.saturating_sub(limit.leading_zeros());
    loop {
        let spelt = (0..4).fold(0_u128, |spelt, _| {
            (spelt << 32) | u128::from(words.next_word())
        });
        let candidate = spelt >> 128_u32.saturating_sub(bits).min(127);
        if candidate < limit || limit == 0 {
            return candidate;
        }
    }
}
