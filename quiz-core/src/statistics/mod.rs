//! Statistics of questions that hold although everybody draws another quiz.
//!
//! Classical item analysis assumes that everybody answers the same items. Under random draws that is false, and the
//! usual figures mislead: a raw rest score mixes ability with the luck of the draw, and Cronbach's alpha has no
//! complete row to be computed from. Here
//!
//! - only the **first attempt** of a person counts: later ones show what repetition taught ([`FirstAttempts`]);
//! - the **rest score** of an attempt is the sum of its other marks, each less the mean mark of its item
//!   ([`item_moments`]): an item that most people know adds little when it is known;
//! - **alpha** is put together from the covariances of pairs of items that met often enough ([`pairwise_alpha`]).
//!
//! On complete rows all of them are the classical figures.
//!
//! Whoever keeps counts instead of attempts gets the same report from them ([`analyse_tallies`]), with the plain sum of
//! the other marks as the rest score and without alpha.
//!
//! | Figure | Formula |
//! |---|---|
//! | facility | `p = mean of x`, with `x` = 1 for right and 0 for wrong or unanswered |
//! | standard error of it | `s / sqrt(n)`, `s^2 = sum (x - p)^2 / (n - 1)` |
//! | rest score of attempt `a` without item `i` | `r = sum over the other items j of a of (x_j - p_j)` |
//! | discrimination | Pearson's correlation of `x_i` and `r` over the attempts with `i` |
//! | covariance of two items | `c = sum (x_i - m_i)(x_j - m_j) / (n - 1)` over the attempts with both, `m` their means there |
//! | alpha of a quiz of `k` items | `k C / (V + (k - 1) C)`, `C` and `V` the mean covariance and variance |
//!
//! Sources: Lord and Novick, "Statistical Theories of Mental Test Scores", 1968, chapter 15 (item-rest correlation);
//! Cronbach, "Coefficient Alpha and the Internal Structure of Tests", Psychometrika 16, 1951;
//! Moodle's documentation "Quiz statistics calculations" (facility index, discrimination index);
//! Haladyna, "Developing and Validating Multiple-Choice Test Items", 2004 (distractors that nobody chooses).
//!
//! Floating point is used here and nowhere near draws or money.
#![expect(
    clippy::float_arithmetic,
    reason = "figures to be read; no draw, no mark and no money depends on them"
)]

mod alpha;
mod analysis;
mod first_attempts;
mod marks;
mod tallies;

pub use self::{
    alpha::{Alpha, pairwise_alpha},
    analysis::{Analysis, ItemFlag, ItemStatistics, LeastCounts, OptionCounts},
    first_attempts::FirstAttempts,
    marks::{ItemMoments, Mark, item_moments, rest_score},
    tallies::{AnswerTally, analyse_tallies},
};

fn real(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
