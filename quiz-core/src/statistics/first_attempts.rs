//! The first submitted attempt of each person, as the statistics need it.

use std::collections::BTreeSet;

use super::{Analysis, LeastCounts, Mark, analysis};
use crate::{Answers, BankDigest, Position, QuestionBank, Quiz, QuizError};

/// What one person answered to one question, in places of the bank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Response {
    /// 0-based place of the question in the bank.
    pub(super) item: usize,
    /// Option chosen, by its place in the bank.
    pub(super) chosen: Option<Position>,
    /// Right option, by its place in the bank.
    pub(super) key: Position,
}

impl Response {
    pub(super) fn mark(self) -> Mark {
        Mark {
            item: self.item,
            mark: f64::from(u8::from(self.chosen == Some(self.key))),
        }
    }
}

/// Attempts at one bank, one for each person: the first that is recorded.
///
/// Record attempts in the order of their submission; a person is whatever the caller tells people apart by, and is
/// kept for nothing else.
#[derive(Clone, Debug)]
pub struct FirstAttempts<Person> {
    bank: BankDigest,
    people: BTreeSet<Person>,
    attempts: Vec<Vec<Response>>,
}

impl<Person: Ord> FirstAttempts<Person> {
    /// No attempts at a bank.
    #[must_use]
    pub const fn new(bank: &QuestionBank) -> Self {
        Self {
            bank: bank.digest(),
            people: BTreeSet::new(),
            attempts: Vec::new(),
        }
    }

    /// Takes an attempt if it is the person's first; tells whether it was.
    ///
    /// # Errors
    ///
    /// [`QuizError::OtherBank`]; nothing is recorded then.
    pub fn record(
        &mut self,
        person: Person,
        bank: &QuestionBank,
        quiz: &Quiz,
        answers: &Answers,
    ) -> Result<bool, QuizError> {
        for given in [quiz.bank(), bank.digest()] {
            if given != self.bank {
                return Err(QuizError::OtherBank {
                    drawn_from: self.bank,
                    given,
                });
            }
        }
        if !self.people.insert(person) {
            return Ok(false);
        }
        let items = quiz.ordinals().zip(quiz.items());
        let responses = items.filter_map(|(ordinal, item)| {
            let shown = answers.get(ordinal);
            Some(Response {
                item: usize::from(item.question.get()),
                chosen: shown.and_then(|shown| item.option_order.written(shown)),
                key: bank.question(item.question)?.key(),
            })
        });
        self.attempts.push(responses.collect());
        Ok(true)
    }

    /// Number of attempts, which is the number of people.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.attempts.len()
    }

    /// Whether nothing was recorded.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.attempts.is_empty()
    }

    /// Statistics of every question of the bank.
    ///
    /// Costs sorting the attempts once for each question they hold.
    ///
    /// # Errors
    ///
    /// [`QuizError::OtherBank`].
    pub fn analyse(&self, bank: &QuestionBank, least: LeastCounts) -> Result<Analysis, QuizError> {
        if bank.digest() == self.bank {
            Ok(analysis::analyse(bank, &self.attempts, least))
        } else {
            Err(QuizError::OtherBank {
                drawn_from: self.bank,
                given: bank.digest(),
            })
        }
    }
}
