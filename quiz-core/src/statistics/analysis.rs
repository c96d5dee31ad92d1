//! The report on every question: figures, distractors by thirds, exposure, flags.

use super::{
    Alpha, ItemMoments, Mark, first_attempts::Response, item_moments, marks::means, pairwise_alpha,
    real, rest_score,
};
use crate::{Position, QuestionBank, QuestionId};

/// Numbers of attempts below which something is not said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "two plain numbers; callers write them as a literal"
)]
pub struct LeastCounts {
    /// Attempts that hold a question, for a flag on it.
    pub for_flags: usize,
    /// Attempts that hold both of a pair, for the pair to count in alpha.
    pub for_pairs: usize,
}

impl LeastCounts {
    /// 50 answers for a flag (standard error of a facility at most 0.07), 30 for a pair.
    pub const USUAL: Self = Self {
        for_flags: 50,
        for_pairs: 30,
    };
}

/// Statistics of a bank.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Analysis {
    /// Number of first attempts.
    pub n_attempts: usize,
    /// Every question in the order of the bank.
    pub items: Vec<ItemStatistics>,
    /// Reliability of a quiz, if pairs met often enough.
    pub alpha: Option<Alpha>,
}

/// Statistics of one question; they show its key.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ItemStatistics {
    /// 0-based place in the bank.
    pub item: u16,
    /// Exposure: number of first attempts it was shown in.
    pub n_shown: usize,
    /// Exposure as a share of the first attempts, 0 to 1.
    pub exposure: f64,
    /// Facility (as the mean), its standard error, discrimination; `None` if it was never shown.
    pub moments: Option<ItemMoments>,
    /// Number of times each option was chosen, in the order of the bank.
    pub options: Vec<OptionCounts>,
    /// Number of times none was chosen.
    pub n_unanswered: usize,
    /// What should be looked at.
    pub flags: Vec<ItemFlag>,
}

impl ItemStatistics {
    /// The question.
    #[must_use]
    pub const fn question(&self) -> QuestionId {
        QuestionId::new(self.item)
    }
}

/// How often an option was chosen, by thirds of the attempts in order of their rest score.
///
/// The thirds are cut at the rest scores of rank `ceil(n / 3)` from below and from above; equal rest scores stay
/// together, in the lower third at the lower cut and in the upper third at the upper one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct OptionCounts {
    /// Place of the option in the bank.
    pub option: Position,
    /// Whether it is the key.
    pub is_key: bool,
    /// Number of attempts of the lower third that chose it.
    pub lower: usize,
    /// Number of attempts of the middle third that chose it.
    pub middle: usize,
    /// Number of attempts of the upper third that chose it.
    pub upper: usize,
}

impl OptionCounts {
    /// Number of attempts that chose it.
    #[must_use]
    pub const fn total(&self) -> usize {
        self.lower
            .saturating_add(self.middle)
            .saturating_add(self.upper)
    }
}

/// Something about a question that a person should look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum ItemFlag {
    /// The upper third chose this option more often than the key: the key is probably wrong.
    ProbableWrongKey {
        /// The option.
        option: Position,
    },
    /// Those who know more answer it less well.
    NegativeDiscrimination,
    /// Facility above 0.95.
    TooEasy,
    /// Facility below 0.2, less than guessing one of five.
    TooHard,
    /// Fewer than one in twenty chose this option.
    IdleDistractor {
        /// The option.
        option: Position,
    },
}

const EASY: f64 = 0.95;
const HARD: f64 = 0.2;
const IDLE: f64 = 0.05;

pub(super) fn analyse(
    bank: &QuestionBank,
    attempts: &[Vec<Response>],
    least: LeastCounts,
) -> Analysis {
    let marks: Vec<Vec<Mark>> = attempts
        .iter()
        .map(|attempt| attempt.iter().map(|response| response.mark()).collect())
        .collect();
    let moments = item_moments(&marks, bank.len());
    let means = means(&marks, bank.len());
    // Rest score and response of each attempt, by item.
    let mut ranked: Vec<Vec<Ranked>> = vec![Vec::new(); bank.len()];
    for (attempt, marks) in attempts.iter().zip(&marks) {
        for response in attempt {
            if let Some(ranked) = ranked.get_mut(response.item) {
                ranked.push(Ranked {
                    rest: rest_score(marks, response.item, &means),
                    chosen: response.chosen,
                    n: 1,
                });
            }
        }
    }
    Analysis {
        n_attempts: attempts.len(),
        items: items(bank, attempts.len(), moments, ranked, least),
        alpha: pairwise_alpha(&marks, least.for_pairs),
    }
}

/// So many attempts that chose the same and have the same rest score.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ranked {
    pub(super) rest: f64,
    pub(super) chosen: Option<Position>,
    pub(super) n: usize,
}

/// The figures of each question of the bank, of which moments and answers are known.
pub(super) fn items(
    bank: &QuestionBank,
    n_attempts: usize,
    moments: Vec<Option<ItemMoments>>,
    ranked: Vec<Vec<Ranked>>,
    least: LeastCounts,
) -> Vec<ItemStatistics> {
    bank.questions()
        .zip(moments)
        .zip(ranked)
        .map(|(((id, question), moments), mut ranked)| {
            let n_shown = total(&ranked);
            let (options, n_unanswered) =
                by_thirds(question.choices().len(), question.key(), &mut ranked);
            ItemStatistics {
                item: id.get(),
                n_shown,
                exposure: real(n_shown) / real(n_attempts.max(1)),
                flags: flags(moments, &options, least),
                moments,
                options,
                n_unanswered,
            }
        })
        .collect()
}

fn total(ranked: &[Ranked]) -> usize {
    ranked.iter().fold(0, |sum, one| sum.saturating_add(one.n))
}

/// The rest score of the attempt at this 0-based place, the lowest first.
fn rest_at(ranked: &[Ranked], place: usize) -> Option<f64> {
    let mut n_before = 0_usize;
    let found = ranked.iter().find(|one| {
        n_before = n_before.saturating_add(one.n);
        n_before > place
    });
    found.map(|one| one.rest)
}

/// Choices by third, and the number of attempts without one.
fn by_thirds(n_choices: usize, key: Position, ranked: &mut [Ranked]) -> (Vec<OptionCounts>, usize) {
    ranked.sort_by(|a, b| a.rest.total_cmp(&b.rest));
    let n = total(ranked);
    let third = n.div_ceil(3);
    let cut = |place: Option<usize>| place.and_then(|place| rest_at(ranked, place));
    let lower_cut = cut(third.checked_sub(1)).unwrap_or(f64::NEG_INFINITY);
    let upper_cut = cut(n.checked_sub(third)).unwrap_or(f64::INFINITY);
    let mut options: Vec<OptionCounts> = Position::ALL
        .into_iter()
        .take(n_choices)
        .map(|option| OptionCounts {
            option,
            is_key: option == key,
            lower: 0,
            middle: 0,
            upper: 0,
        })
        .collect();
    let mut n_unanswered = 0_usize;
    for Ranked { rest, chosen, n } in ranked.iter() {
        let Some(chosen) = chosen else {
            n_unanswered = n_unanswered.saturating_add(*n);
            continue;
        };
        let Some(counts) = options.get_mut(chosen.index()) else {
            continue;
        };
        let count = if *rest <= lower_cut {
            &mut counts.lower
        } else if *rest >= upper_cut {
            &mut counts.upper
        } else {
            &mut counts.middle
        };
        *count = count.saturating_add(*n);
    }
    (options, n_unanswered)
}

fn flags(
    moments: Option<ItemMoments>,
    options: &[OptionCounts],
    least: LeastCounts,
) -> Vec<ItemFlag> {
    let mut flags = Vec::new();
    let Some(moments) = moments.filter(|moments| moments.n >= least.for_flags) else {
        return flags;
    };
    let key_upper = options.iter().find(|o| o.is_key).map_or(0, |key| key.upper);
    let others = || options.iter().filter(|option| !option.is_key);
    let rival = others()
        .filter(|option| option.upper > key_upper)
        .max_by_key(|option| (option.upper, std::cmp::Reverse(option.option)));
    flags.extend(rival.map(|rival| ItemFlag::ProbableWrongKey {
        option: rival.option,
    }));
    if moments.discrimination.is_some_and(|d| d < 0.0) {
        flags.push(ItemFlag::NegativeDiscrimination);
    }
    if moments.mean > EASY {
        flags.push(ItemFlag::TooEasy);
    }
    if moments.mean < HARD {
        flags.push(ItemFlag::TooHard);
    }
    let idle = others().filter(|option| real(option.total()) < IDLE * real(moments.n));
    flags.extend(idle.map(|option| ItemFlag::IdleDistractor {
        option: option.option,
    }));
    flags
}
