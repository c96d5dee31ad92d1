//! A draw for one person that repeats no question before it must.

use rand::Rng;

use super::{DrawError, DrawRule, partial_shuffle};
use crate::{BankDigest, QuestionBank, QuestionId, Quiz, QuizError};

/// How often each question of a bank has been shown to one person.
///
/// A *fresh draw* follows a [`DrawRule`] and takes, where the rule says "a partial shuffle of a list", the questions
/// shown least often first: a partial shuffle of those with the lowest number, then of those with the next, and so on,
/// until enough are taken. The joined list is then shuffled whole.
///
/// So nobody meets a question again before all others of the bank (of the half, in a stratified draw) have been met;
/// when fewer unseen ones are left than are asked for, all of them are drawn and the rest comes from those seen once.
/// The numbers of a person's history then never differ by more than one.
/// Over all histories each question is still drawn with probability `n / N` in every quiz of the row.
///
/// A learner sees the whole bank soonest this way, and so does a harvester: 10 quizzes of 10 show a bank of 100.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    bank: BankDigest,
    times: Vec<u32>,
}

impl Shown {
    /// History of a person to whom nothing has been shown.
    #[must_use]
    pub fn nothing(bank: &QuestionBank) -> Self {
        Self {
            bank: bank.digest(),
            times: vec![0; bank.len()],
        }
    }

    /// Adds the questions of a quiz.
    ///
    /// # Errors
    ///
    /// [`QuizError::OtherBank`]; the history is unchanged then.
    pub fn record(&mut self, quiz: &Quiz) -> Result<(), QuizError> {
        if quiz.bank() != self.bank {
            return Err(QuizError::OtherBank {
                drawn_from: quiz.bank(),
                given: self.bank,
            });
        }
        for item in quiz.items() {
            if let Some(times) = self.times.get_mut(usize::from(item.question.get())) {
                *times = times.saturating_add(1);
            }
        }
        Ok(())
    }

    /// How often a question has been shown; 0 for one the bank does not have.
    #[must_use]
    pub fn times(&self, question: QuestionId) -> u32 {
        self.times
            .get(usize::from(question.get()))
            .copied()
            .unwrap_or(0)
    }
}

/// Draws the identifiers of a fresh quiz, in order.
pub(crate) fn questions(
    bank: &QuestionBank,
    rule: DrawRule,
    shown: &Shown,
    rng: &mut impl Rng,
) -> Result<Vec<QuestionId>, DrawError> {
    if shown.bank != bank.digest() {
        return Err(DrawError::OtherBank {
            expected: shown.bank,
            given: bank.digest(),
        });
    }
    super::check(bank, rule)?;
    let size = bank.size();
    let end = size.province.saturating_add(size.city);
    let mut drawn = match rule {
        DrawRule::Simple { n } => least_shown(0..end, n, shown, rng),
        DrawRule::Stratified { province, city } => {
            let mut drawn = least_shown(0..size.province, province, shown, rng);
            drawn.extend(least_shown(size.province..end, city, shown, rng));
            drawn
        }
    };
    let n = drawn.len();
    partial_shuffle(&mut drawn, n, rng);
    Ok(drawn)
}

fn least_shown(
    ids: std::ops::Range<u16>,
    n: u16,
    shown: &Shown,
    rng: &mut impl Rng,
) -> Vec<QuestionId> {
    let mut pool: Vec<QuestionId> = ids.map(QuestionId::new).collect();
    pool.sort_by_key(|id| shown.times(*id));
    let mut drawn = Vec::with_capacity(usize::from(n));
    for group in pool.chunk_by_mut(|a, b| shown.times(*a) == shown.times(*b)) {
        let wanted = usize::from(n).saturating_sub(drawn.len()).min(group.len());
        partial_shuffle(group, wanted, rng);
        drawn.extend(group.iter().take(wanted));
    }
    drawn
}
