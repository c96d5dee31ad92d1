//! Scores, the pass mark, and the marking of a submitted quiz.

use std::fmt;

use crate::{Ordinal, Position};

/// Number of right answers out of the number of items.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Score {
    right: u16,
    of: u16,
}

/// Why numbers are not a score or a pass mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScoreError {
    /// More answers are right than there are items.
    #[error("{right} right answers of {of} items")]
    MoreRightThanItems {
        /// Number of right answers.
        right: u16,
        /// Number of items.
        of: u16,
    },
    /// A pass mark of 0 would let a blank quiz pass.
    #[error("a pass mark of 0 lets a blank quiz pass")]
    PassMarkIsZero,
}

impl Score {
    /// Score of `right` answers out of `of` items.
    ///
    /// # Errors
    ///
    /// [`ScoreError::MoreRightThanItems`].
    pub const fn new(right: u16, of: u16) -> Result<Self, ScoreError> {
        if right > of {
            Err(ScoreError::MoreRightThanItems { right, of })
        } else {
            Ok(Self { right, of })
        }
    }

    /// Number of right answers.
    #[must_use]
    pub const fn right(self) -> u16 {
        self.right
    }

    /// Number of items.
    #[must_use]
    pub const fn of(self) -> u16 {
        self.of
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.right, self.of)
    }
}

/// Fewest right answers that pass, at least 1.
///
/// ```
/// use quiz_core::{PassMark, Score};
/// let pass_mark = PassMark::new(5)?;
/// assert!(pass_mark.passed(Score::new(5, 10)?));
/// assert!(!pass_mark.passed(Score::new(4, 10)?));
/// # Ok::<(), quiz_core::ScoreError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct PassMark(u16);

impl PassMark {
    /// 5 right answers ("答对5题以上（含5题）", founding document, "公众答题").
    pub const JIANGSU_2020: Self = Self(5);

    /// Pass mark of `right` answers.
    ///
    /// # Errors
    ///
    /// [`ScoreError::PassMarkIsZero`].
    pub const fn new(right: u16) -> Result<Self, ScoreError> {
        if right == 0 {
            Err(ScoreError::PassMarkIsZero)
        } else {
            Ok(Self(right))
        }
    }

    /// Fewest right answers that pass.
    #[must_use]
    pub const fn right(self) -> u16 {
        self.0
    }

    /// Whether a score passes.
    #[must_use]
    pub const fn passed(self, score: Score) -> bool {
        score.right >= self.0
    }
}

/// A quiz marked: the score and every item.
///
/// It holds keys, by displayed place; show it only after submission.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Marking {
    /// Number of right answers out of the number of items.
    pub score: Score,
    /// Every item in order.
    pub items: Vec<MarkedItem>,
}

/// One item marked; places are as displayed in that attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct MarkedItem {
    /// Number of the item.
    pub ordinal: Ordinal,
    /// Option chosen; `None` if left unanswered, which counts as wrong.
    pub chosen: Option<Position>,
    /// Right option.
    pub key: Position,
    /// Whether the option chosen is the right one.
    pub right: bool,
}
