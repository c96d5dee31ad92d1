//! One try at a quiz: open for answers, then submitted once.

use crate::{Marking, Ordinal, Position, QuestionBank, Quiz, QuizError, Score};

/// Options chosen so far, by item; every one exists in its quiz.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Answers(
    /// By 0-based index of the item; the last one is never `None`.
    Vec<Option<Position>>,
);

/// Why an answer is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerError {
    /// The quiz has no item of that number.
    #[error("there is no item {ordinal} among {n_items}")]
    NoSuchItem {
        /// Number answered.
        ordinal: Ordinal,
        /// Number of items.
        n_items: u16,
    },
    /// The item has no option at that place.
    #[error("item {ordinal} has {n_options} options and no {position}")]
    NoSuchOption {
        /// Number answered.
        ordinal: Ordinal,
        /// Option chosen.
        position: Position,
        /// Number of options of the item.
        n_options: usize,
    },
}

impl Answers {
    /// No answers.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Option chosen for an item, if any.
    #[must_use]
    pub fn get(&self, ordinal: Ordinal) -> Option<Position> {
        self.0.get(ordinal.index()).copied().flatten()
    }

    /// Number of items answered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.iter().flatten().count()
    }

    /// Whether no item is answered.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Every answer, by item.
    pub fn iter(&self) -> impl Iterator<Item = (Ordinal, Position)> {
        Ordinal::up_to(u16::MAX)
            .zip(&self.0)
            .filter_map(|(ordinal, position)| Some((ordinal, (*position)?)))
    }

    /// Option chosen for each item from the first to the last answered.
    pub(crate) fn by_item(&self) -> &[Option<Position>] {
        &self.0
    }

    /// Notes an answer if the quiz has the item and the item has the option.
    fn insert(
        &mut self,
        quiz: &Quiz,
        ordinal: Ordinal,
        position: Position,
    ) -> Result<(), AnswerError> {
        let n_items = quiz.n_items();
        let n_options = quiz
            .n_options(ordinal)
            .map_err(|_| AnswerError::NoSuchItem { ordinal, n_items })?;
        if position.index() >= n_options {
            return Err(AnswerError::NoSuchOption {
                ordinal,
                position,
                n_options,
            });
        }
        let n_needed = ordinal.index().saturating_add(1);
        if self.0.len() < n_needed {
            self.0.resize(n_needed, None);
        }
        if let Some(answer) = self.0.get_mut(ordinal.index()) {
            *answer = Some(position);
        }
        Ok(())
    }
}

/// An open attempt: a quiz and the answers so far.
///
/// It knows no time and no person: "before closing" is a question for the caller.
/// A wrong answer ends nothing, since nothing is marked before submission
/// ("答错了可以继续答题，答题不限时长", founding document, "公众答题").
/// After [`submit`](Self::submit) there is no attempt left to answer:
///
/// ```compile_fail,E0382
/// # fn late(mut attempt: quiz_core::Attempt, bank: &quiz_core::QuestionBank) {
/// # let (ordinal, position) = (quiz_core::Ordinal::new(1).unwrap(), quiz_core::Position::A);
/// let submitted = attempt.submit(bank);
/// attempt.answer(ordinal, position); // the attempt was moved
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    quiz: Quiz,
    answers: Answers,
}

impl Attempt {
    /// Opens an attempt with no answers.
    #[must_use]
    pub const fn new(quiz: Quiz) -> Self {
        Self {
            quiz,
            answers: Answers::new(),
        }
    }

    /// The quiz.
    #[must_use]
    pub const fn quiz(&self) -> &Quiz {
        &self.quiz
    }

    /// Answers so far.
    #[must_use]
    pub const fn answers(&self) -> &Answers {
        &self.answers
    }

    /// First item without an answer, if any.
    #[must_use]
    pub fn next_unanswered(&self) -> Option<Ordinal> {
        self.quiz
            .ordinals()
            .find(|ordinal| self.answers.get(*ordinal).is_none())
    }

    /// Chooses an option of an item, in place of an earlier choice.
    ///
    /// The same answer twice leaves the same attempt.
    ///
    /// # Errors
    ///
    /// [`AnswerError::NoSuchItem`], [`AnswerError::NoSuchOption`]; the attempt is unchanged then.
    pub fn answer(&mut self, ordinal: Ordinal, position: Position) -> Result<(), AnswerError> {
        self.answers.insert(&self.quiz, ordinal, position)
    }

    /// Ends the attempt and marks it; items left unanswered are wrong.
    ///
    /// # Errors
    ///
    /// [`QuizError::OtherBank`] if the bank is not the one the quiz was drawn from.
    pub fn submit(self, bank: &QuestionBank) -> Result<Submitted, QuizError> {
        let marking = self.quiz.mark(bank, &self.answers)?;
        Ok(Submitted {
            quiz: self.quiz,
            answers: self.answers,
            marking,
        })
    }
}

/// An attempt that has been submitted and marked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submitted {
    quiz: Quiz,
    answers: Answers,
    marking: Marking,
}

impl Submitted {
    /// The quiz.
    #[must_use]
    pub const fn quiz(&self) -> &Quiz {
        &self.quiz
    }

    /// Answers as submitted.
    #[must_use]
    pub const fn answers(&self) -> &Answers {
        &self.answers
    }

    /// The marking, with keys.
    #[must_use]
    pub const fn marking(&self) -> &Marking {
        &self.marking
    }

    /// The score.
    #[must_use]
    pub const fn score(&self) -> Score {
        self.marking.score
    }
}
