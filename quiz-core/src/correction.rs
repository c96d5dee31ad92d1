//! Corrections of questions that are already being answered; they only ever raise a score.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    Answers, BankDigest, Ordinal, Position, QuestionBank, QuestionId, Quiz, QuizError, Score,
};

/// What is wrong with questions of a bank that is in use: void ones, and options that count beside the key.
///
/// A frozen bank is never changed; corrections stand beside it, and an attempt is scored again from its quiz and its
/// answers. A void question counts as right for everybody it was shown to, answered or not, and the number of items
/// stays; an accepted option counts like the key, which still counts too. Nobody loses a point:
/// every right answer stays right, so a pass stays a pass.
///
/// ```
/// # use quiz_core::{BankSize, Halves, Question, QuestionDraft};
/// use quiz_core::{Answers, Corrections, DrawRule, Position, QuestionBank, QuestionId, Quiz};
/// # let question = |number: u32| Question::new(QuestionDraft {
/// #     stem: format!("{number} ="), choices: vec!["1".to_owned(), "2".to_owned()], key: Position::A,
/// #     explanation: None, source: None, law_as_of: None,
/// # });
/// # let halves = Halves { province: (0..3).map(question).collect::<Result<_, _>>()?, city: Vec::new() };
/// # let bank = QuestionBank::freeze(BankSize { province: 3, city: 0 }, halves)?;
/// # let mut rng = <rand::rngs::ChaCha12Rng as rand::SeedableRng>::from_seed([7; 32]);
/// # let quiz = Quiz::draw(&bank, DrawRule::Simple { n: 3 }, &mut rng)?;
/// let mut corrections = Corrections::none(&bank);
/// corrections.void(QuestionId::new(1))?;
/// let rescored = corrections.rescore(&bank, &quiz, &Answers::new())?;
/// assert_eq!((rescored.before.right(), rescored.after.right()), (0, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Corrections {
    bank: BankDigest,
    /// Number of options of each question of the bank.
    n_options: Vec<u8>,
    void: BTreeSet<QuestionId>,
    accepted: BTreeMap<QuestionId, BTreeSet<Position>>,
}

/// Why a correction is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CorrectionError {
    /// The bank has no such question.
    #[error("the bank has no question {question}")]
    NoSuchQuestion {
        /// The question named.
        question: QuestionId,
    },
    /// The question has no such option.
    #[error("question {question} has {n_options} options and no {option}")]
    NoSuchOption {
        /// The question named.
        question: QuestionId,
        /// Place of the option in the bank.
        option: Position,
        /// Number of options of the question.
        n_options: usize,
    },
}

/// An attempt scored with and without corrections.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Rescored {
    /// Score by the keys of the bank.
    pub before: Score,
    /// Score with the corrections; never below `before`, of as many items.
    pub after: Score,
    /// Items that count as right only by a correction.
    pub raised: Vec<Ordinal>,
}

impl Corrections {
    /// No corrections of a bank.
    #[must_use]
    pub fn none(bank: &QuestionBank) -> Self {
        let n_options =
            |question: &crate::Question| u8::try_from(question.choices().len()).unwrap_or(0);
        Self {
            bank: bank.digest(),
            n_options: bank.questions().map(|(_, q)| n_options(q)).collect(),
            void: BTreeSet::new(),
            accepted: BTreeMap::new(),
        }
    }

    /// Digest of the bank that is corrected.
    #[must_use]
    pub const fn bank(&self) -> BankDigest {
        self.bank
    }

    /// Voids a question; voiding it twice changes nothing.
    ///
    /// # Errors
    ///
    /// [`CorrectionError::NoSuchQuestion`].
    pub fn void(&mut self, question: QuestionId) -> Result<(), CorrectionError> {
        self.n_options_of(question)?;
        self.void.insert(question);
        Ok(())
    }

    /// Counts an option, by its place in the bank, as right beside the key.
    ///
    /// This is how a wrong key is put right during a contest: those who followed it keep their point.
    ///
    /// # Errors
    ///
    /// [`CorrectionError::NoSuchQuestion`], [`CorrectionError::NoSuchOption`].
    pub fn accept(
        &mut self,
        question: QuestionId,
        option: Position,
    ) -> Result<(), CorrectionError> {
        let n_options = self.n_options_of(question)?;
        if option.index() >= n_options {
            return Err(CorrectionError::NoSuchOption {
                question,
                option,
                n_options,
            });
        }
        self.accepted.entry(question).or_default().insert(option);
        Ok(())
    }

    /// Whether a question is void.
    #[must_use]
    pub fn is_void(&self, question: QuestionId) -> bool {
        self.void.contains(&question)
    }

    /// Options that count beside the key, by their places in the bank.
    pub fn accepted(&self, question: QuestionId) -> impl Iterator<Item = Position> {
        self.accepted.get(&question).into_iter().flatten().copied()
    }

    /// Scores an attempt again.
    ///
    /// # Errors
    ///
    /// [`QuizError::OtherBank`] unless bank, quiz and corrections belong together.
    pub fn rescore(
        &self,
        bank: &QuestionBank,
        quiz: &Quiz,
        answers: &Answers,
    ) -> Result<Rescored, QuizError> {
        if bank.digest() != self.bank {
            return Err(QuizError::OtherBank {
                drawn_from: self.bank,
                given: bank.digest(),
            });
        }
        let marking = quiz.mark(bank, answers)?;
        let marked = marking.items.iter().zip(quiz.items());
        let raised: Vec<Ordinal> = marked
            .filter(|(marked, _)| !marked.right)
            .filter(|(marked, item)| {
                let chosen = marked
                    .chosen
                    .and_then(|shown| item.option_order.written(shown));
                self.is_void(item.question)
                    || self
                        .accepted(item.question)
                        .any(|option| chosen == Some(option))
            })
            .map(|(marked, _)| marked.ordinal)
            .collect();
        let before = marking.score;
        let right = before
            .right()
            .saturating_add(u16::try_from(raised.len()).unwrap_or(u16::MAX));
        let n_items = quiz.items().len();
        let after = Score::new(right, before.of()).map_err(|_| QuizError::ItemCount { n_items })?;
        Ok(Rescored {
            before,
            after,
            raised,
        })
    }

    fn n_options_of(&self, question: QuestionId) -> Result<usize, CorrectionError> {
        self.n_options
            .get(usize::from(question.get()))
            .map(|n| usize::from(*n))
            .ok_or(CorrectionError::NoSuchQuestion { question })
    }
}
