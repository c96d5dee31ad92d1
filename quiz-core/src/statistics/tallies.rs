//! The report on every question from counts of answers, when no attempt is kept for it.

use super::{
    Analysis, ItemMoments, LeastCounts,
    analysis::{Ranked, items},
    marks::Sums,
    real,
};
use crate::{Position, QuestionBank};

/// How many first attempts of one score answered a question so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a plain count with its labels; callers write it as a literal"
)]
pub struct AnswerTally {
    /// 0-based place of the question in the bank.
    pub item: u16,
    /// Option chosen, by its place in the bank; none when it was left open.
    pub chosen: Option<Position>,
    /// Right answers of the whole attempt.
    pub score: u16,
    /// Number of attempts.
    pub n: usize,
}

/// Statistics of every question of a bank from counts of the answers in first attempts.
///
/// The rest score is the attempt's score without the item: the luck of the draw stays in it, which makes a
/// discrimination a little smaller than that of [`FirstAttempts`](super::FirstAttempts). Counts can be added up as
/// attempts come, in any order. There is no alpha. Counts of items beyond the bank are passed over.
///
/// Costs sorting the counts of each question.
#[must_use]
pub fn analyse_tallies(
    bank: &QuestionBank,
    n_attempts: usize,
    tallies: &[AnswerTally],
    least: LeastCounts,
) -> Analysis {
    let mut ranked: Vec<Vec<(Ranked, bool)>> = vec![Vec::new(); bank.len()];
    let keys: Vec<Position> = bank
        .questions()
        .map(|(_id, question)| question.key())
        .collect();
    for tally in tallies.iter().filter(|tally| tally.n > 0) {
        let item = usize::from(tally.item);
        let (Some(ranked), Some(key)) = (ranked.get_mut(item), keys.get(item)) else {
            continue;
        };
        let is_right = tally.chosen == Some(*key);
        let rest = tally.score.saturating_sub(u16::from(is_right));
        let one = Ranked {
            rest: f64::from(rest),
            chosen: tally.chosen,
            n: tally.n,
        };
        ranked.push((one, is_right));
    }
    let moments = ranked.iter().map(|ranked| moments(ranked)).collect();
    let ranked = ranked
        .into_iter()
        .map(|ranked| ranked.into_iter().map(|(one, _is_right)| one).collect())
        .collect();
    Analysis {
        n_attempts,
        items: items(bank, n_attempts, moments, ranked, least),
        alpha: None,
    }
}

fn moments(ranked: &[(Ranked, bool)]) -> Option<ItemMoments> {
    let count = |only_right: bool| {
        let counted = ranked
            .iter()
            .filter(|(_one, is_right)| *is_right || !only_right);
        counted.fold(0_usize, |sum, (one, _is_right)| sum.saturating_add(one.n))
    };
    let (n, n_right) = (count(false), count(true));
    if n == 0 {
        return None;
    }
    let mean = real(n_right) / real(n);
    let mut sums = Sums::default();
    for (one, is_right) in ranked {
        sums.add(one.n, f64::from(u8::from(*is_right)) - mean, one.rest);
    }
    Some(sums.moments(mean))
}
