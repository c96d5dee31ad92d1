//! One single-choice question with its key, and what makes it well formed.

use std::fmt;

use chrono::NaiveDate;

use crate::{Position, folding::fold_width};

/// Fewest options a question may have.
pub const MIN_CHOICES: usize = 2;

/// Most options a question may have.
pub const MAX_CHOICES: usize = 6;

/// What an author writes down; becomes a [`Question`] by [`Question::new`].
///
/// `Debug` leaves the key out, so that a log line cannot leak it.
#[derive(Clone, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a plain record that callers write as a literal; every field is what it says"
)]
pub struct QuestionDraft {
    /// Stem.
    pub stem: String,
    /// Texts of the options in order, without their letters.
    pub choices: Vec<String>,
    /// Place of the right option in `choices`.
    pub key: Position,
    /// Why the key is right, shown after submission.
    pub explanation: Option<String>,
    /// Law, standard or page the question rests on.
    pub source: Option<String>,
    /// Day on which the law stood as the question states it.
    pub law_as_of: Option<NaiveDate>,
}

impl fmt::Debug for QuestionDraft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QuestionDraft")
            .field("stem", &self.stem)
            .field("choices", &self.choices)
            .finish_non_exhaustive()
    }
}

/// Why a draft is not a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QuestionError {
    /// The stem is empty or blank.
    #[error("the stem is empty")]
    EmptyStem,
    /// There are fewer than two or more than six options.
    #[error("{found} options where 2 to 6 are allowed")]
    ChoiceCount {
        /// Number of options given.
        found: usize,
    },
    /// An option is empty or blank.
    #[error("option {position} is empty")]
    EmptyChoice {
        /// Place of the option.
        position: Position,
    },
    /// Two options read the same once width and spaces are evened out.
    #[error("options {first} and {second} are the same")]
    SameChoice {
        /// The earlier option.
        first: Position,
        /// The later option.
        second: Position,
    },
    /// The key names an option that is not there.
    #[error("the key {key} is outside the {n_choices} options")]
    KeyOutsideChoices {
        /// Key given.
        key: Position,
        /// Number of options given.
        n_choices: usize,
    },
    /// An option that is to keep its place is not there.
    #[error("option {pinned} is to keep its place but is outside the {n_choices} options")]
    PinOutsideChoices {
        /// Place given.
        pinned: Position,
        /// Number of options of the question.
        n_choices: usize,
    },
}

/// Text of one option, not blank, without its letter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Choice(String);

impl Choice {
    /// Text as written, without leading or trailing white space.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }
}

/// One well-formed single-choice question with its key.
///
/// It cannot be serialised, and `Debug` leaves the key out: what may reach a phone is a
/// [`PresentedItem`](crate::PresentedItem).
/// Single choice is the only type of the contest (founding document, "建立题库": 竞赛题型为单项选择题).
///
/// ```
/// use quiz_core::{Position, Question, QuestionDraft};
/// let question = Question::new(QuestionDraft {
///     stem: "统一社会信用代码共有（ ）位。".to_owned(),
///     choices: vec!["15".to_owned(), "16".to_owned(), "18".to_owned()],
///     key: Position::C,
///     explanation: None,
///     source: Some("GB 32100-2015".to_owned()),
///     law_as_of: None,
/// })?;
/// assert_eq!(question.choices().len(), 3);
/// # Ok::<(), quiz_core::QuestionError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Question {
    stem: String,
    choices: Vec<Choice>,
    key: Position,
    explanation: Option<String>,
    source: Option<String>,
    law_as_of: Option<NaiveDate>,
    pinned: Vec<Position>,
}

impl Question {
    /// Checks a draft.
    ///
    /// Outer white space of every text is dropped; a blank explanation or source becomes `None`.
    ///
    /// # Errors
    ///
    /// [`QuestionError::EmptyStem`], [`ChoiceCount`](QuestionError::ChoiceCount),
    /// [`EmptyChoice`](QuestionError::EmptyChoice), [`SameChoice`](QuestionError::SameChoice)
    /// (compared after NFKC) and [`KeyOutsideChoices`](QuestionError::KeyOutsideChoices), in this order.
    pub fn new(draft: QuestionDraft) -> Result<Self, QuestionError> {
        let stem = draft.stem.trim().to_owned();
        if stem.is_empty() {
            return Err(QuestionError::EmptyStem);
        }
        let n_choices = draft.choices.len();
        if !(MIN_CHOICES..=MAX_CHOICES).contains(&n_choices) {
            return Err(QuestionError::ChoiceCount { found: n_choices });
        }
        let choices = checked_choices(&draft.choices)?;
        if draft.key.index() >= n_choices {
            return Err(QuestionError::KeyOutsideChoices {
                key: draft.key,
                n_choices,
            });
        }
        Ok(Self {
            stem,
            choices,
            key: draft.key,
            explanation: not_blank(draft.explanation),
            source: not_blank(draft.source),
            law_as_of: draft.law_as_of,
            pinned: Vec::new(),
        })
    }

    /// The same question with options that keep their places when it is drawn; none is the usual.
    ///
    /// Places are sorted and named once.
    /// "All of the above" and options that name each other by letter need no such statement, see
    /// [`Quiz`](crate::Quiz); it is for what a file states itself, such as `fixed` of IMS QTI.
    ///
    /// # Errors
    ///
    /// [`QuestionError::PinOutsideChoices`].
    ///
    /// ```
    /// use quiz_core::{Position, Question, QuestionDraft};
    /// let draft = QuestionDraft {
    ///     stem: "1 + 1 = （ ）".to_owned(), choices: vec!["2".to_owned(), "3".to_owned()], key: Position::A,
    ///     explanation: None, source: None, law_as_of: None,
    /// };
    /// let question = Question::new(draft)?.with_pinned(&[Position::B])?;
    /// assert_eq!(question.pinned(), [Position::B]);
    /// # Ok::<(), quiz_core::QuestionError>(())
    /// ```
    pub fn with_pinned(self, places: &[Position]) -> Result<Self, QuestionError> {
        let n_choices = self.choices.len();
        if let Some(outside) = places.iter().find(|p| p.index() >= n_choices) {
            return Err(QuestionError::PinOutsideChoices {
                pinned: *outside,
                n_choices,
            });
        }
        let mut pinned = places.to_vec();
        pinned.sort_unstable();
        pinned.dedup();
        Ok(Self { pinned, ..self })
    }

    /// Places of the options that keep them by statement, in order; see [`with_pinned`](Self::with_pinned).
    #[must_use]
    pub fn pinned(&self) -> &[Position] {
        &self.pinned
    }

    /// Stem.
    #[must_use]
    pub fn stem(&self) -> &str {
        &self.stem
    }

    /// Options in the order of the bank; 2 to 6 of them.
    #[must_use]
    pub fn choices(&self) -> &[Choice] {
        &self.choices
    }

    /// Option at a place, if there is one.
    #[must_use]
    pub fn choice(&self, position: Position) -> Option<&Choice> {
        self.choices.get(position.index())
    }

    /// Place of the right option in [`choices`](Self::choices).
    #[must_use]
    pub const fn key(&self) -> Position {
        self.key
    }

    /// Why the key is right.
    #[must_use]
    pub fn explanation(&self) -> Option<&str> {
        self.explanation.as_deref()
    }

    /// Law, standard or page the question rests on.
    #[must_use]
    pub fn source(&self) -> Option<&str> {
        self.source.as_deref()
    }

    /// Day on which the law stood as the question states it.
    #[must_use]
    pub const fn law_as_of(&self) -> Option<NaiveDate> {
        self.law_as_of
    }

    /// Copy of the content as an author may edit it; [`pinned`](Self::pinned) is no part of it, since places
    /// mean nothing once options are edited.
    #[must_use]
    pub fn to_draft(&self) -> QuestionDraft {
        QuestionDraft {
            stem: self.stem.clone(),
            choices: self.choices.iter().map(|choice| choice.0.clone()).collect(),
            key: self.key,
            explanation: self.explanation.clone(),
            source: self.source.clone(),
            law_as_of: self.law_as_of,
        }
    }
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Question")
            .field("stem", &self.stem)
            .field("choices", &self.choices)
            .finish_non_exhaustive()
    }
}

fn checked_choices(texts: &[String]) -> Result<Vec<Choice>, QuestionError> {
    let mut folded: Vec<(Position, String)> = Vec::with_capacity(texts.len());
    let mut choices = Vec::with_capacity(texts.len());
    for (position, text) in Position::ALL.into_iter().zip(texts) {
        let text = text.trim();
        if text.is_empty() {
            return Err(QuestionError::EmptyChoice { position });
        }
        let form = fold_width(text);
        if let Some((first, _)) = folded.iter().find(|(_, earlier)| *earlier == form) {
            return Err(QuestionError::SameChoice {
                first: *first,
                second: position,
            });
        }
        folded.push((position, form));
        choices.push(Choice(text.to_owned()));
    }
    Ok(choices)
}

fn not_blank(text: Option<String>) -> Option<String> {
    text.map(|t| t.trim().to_owned()).filter(|t| !t.is_empty())
}
