//! The drawn items, as an attempt holds them and as a phone may see them.

use rand::Rng;

use crate::{
    Answers, BankDigest, DrawError, DrawRule, MarkedItem, Marking, Ordinal, Origin, Position,
    Question, QuestionBank, QuestionId, Score, draw,
};

/// Questions drawn from one frozen bank, each with the order in which its options are shown.
///
/// It holds no text and no key; both stay in the bank, which is asked for wherever they are needed.
/// The same bank, rule and generator words give the same quiz for ever; see [`draw`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Quiz {
    bank: BankDigest,
    items: Vec<Item>,
}

/// One drawn question and the order of its options.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a plain record; a store that keeps a quiz writes it as a literal"
)]
pub struct Item {
    /// The question.
    pub question: QuestionId,
    /// Places in the bank of the options, in the order shown.
    pub option_order: Vec<Position>,
}

/// One item as a phone may see it: no key, no identifier, no explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct PresentedItem {
    /// Number of the item.
    pub ordinal: Ordinal,
    /// Who wrote the question.
    pub origin: Origin,
    /// Stem.
    pub stem: String,
    /// Options in the order shown.
    pub options: Vec<(Position, String)>,
}

/// Why a quiz and a bank do not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QuizError {
    /// The quiz was drawn from another bank.
    #[error("the quiz was drawn from bank {drawn_from}, not from {given}")]
    OtherBank {
        /// Bank of the quiz.
        drawn_from: BankDigest,
        /// Bank given.
        given: BankDigest,
    },
    /// The quiz has no item of that number.
    #[error("there is no item {ordinal} among {n_items}")]
    NoSuchItem {
        /// Number asked for.
        ordinal: Ordinal,
        /// Number of items.
        n_items: u16,
    },
    /// An item names a question the bank does not have.
    #[error("the bank has no question {question}")]
    NoSuchQuestion {
        /// The question named.
        question: QuestionId,
    },
    /// A question is named by two items.
    #[error("question {question} is drawn twice")]
    RepeatedQuestion {
        /// The question named.
        question: QuestionId,
    },
    /// The order of the options does not name each option once.
    #[error("the order of the options of question {question} does not name each once")]
    OptionOrder {
        /// The question named.
        question: QuestionId,
    },
    /// The quiz has no item, or more than 65535.
    #[error("a quiz of {n_items} items")]
    ItemCount {
        /// Number of items.
        n_items: usize,
    },
}

impl Quiz {
    /// Draws a quiz from a bank; the exact procedure is stated in [`draw`].
    ///
    /// Costs the size of the bank in memory and one word per drawn question plus at most five per item,
    /// a few more when [`draw::below`] rejects one.
    ///
    /// # Errors
    ///
    /// [`DrawError`] if the bank cannot give what the rule asks for; no word is taken then.
    pub fn draw(
        bank: &QuestionBank,
        rule: DrawRule,
        rng: &mut impl Rng,
    ) -> Result<Self, DrawError> {
        let drawn = draw::questions(bank, rule, rng)?;
        let items = drawn
            .into_iter()
            .filter_map(|id| {
                let n_choices = bank.question(id)?.choices().len();
                let option_order = draw::option_order(bank.arrangement(id)?, n_choices, rng);
                Some(Item {
                    question: id,
                    option_order,
                })
            })
            .collect();
        Ok(Self {
            bank: bank.digest(),
            items,
        })
    }

    /// Quiz of kept items, checked against the bank.
    ///
    /// # Errors
    ///
    /// [`QuizError::ItemCount`], [`NoSuchQuestion`](QuizError::NoSuchQuestion),
    /// [`RepeatedQuestion`](QuizError::RepeatedQuestion), [`OptionOrder`](QuizError::OptionOrder).
    pub fn restore(bank: &QuestionBank, items: Vec<Item>) -> Result<Self, QuizError> {
        if items.is_empty() || u16::try_from(items.len()).is_err() {
            return Err(QuizError::ItemCount {
                n_items: items.len(),
            });
        }
        let mut seen = std::collections::BTreeSet::new();
        for Item {
            question,
            option_order,
        } in &items
        {
            let question = *question;
            let found = bank
                .question(question)
                .ok_or(QuizError::NoSuchQuestion { question })?;
            if !seen.insert(question) {
                return Err(QuizError::RepeatedQuestion { question });
            }
            let mut sorted = option_order.clone();
            sorted.sort_unstable();
            if !sorted
                .into_iter()
                .eq(Position::ALL.into_iter().take(found.choices().len()))
            {
                return Err(QuizError::OptionOrder { question });
            }
        }
        Ok(Self {
            bank: bank.digest(),
            items,
        })
    }

    /// Digest of the bank the quiz was drawn from.
    #[must_use]
    pub const fn bank(&self) -> BankDigest {
        self.bank
    }

    /// Number of items, at least 1.
    #[must_use]
    pub fn n_items(&self) -> u16 {
        u16::try_from(self.items.len()).unwrap_or(u16::MAX)
    }

    /// Every item in order, for keeping; not for a phone.
    #[must_use]
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// Number of every item, in order.
    pub fn ordinals(&self) -> impl Iterator<Item = Ordinal> + Clone {
        Ordinal::up_to(self.n_items())
    }

    /// One item as a phone may see it.
    ///
    /// # Errors
    ///
    /// [`QuizError::OtherBank`], [`QuizError::NoSuchItem`].
    pub fn present(
        &self,
        bank: &QuestionBank,
        ordinal: Ordinal,
    ) -> Result<PresentedItem, QuizError> {
        self.check_bank(bank)?;
        let item = self.item(ordinal)?;
        let (question, origin) = resolve(bank, item.question)?;
        let options = Position::ALL
            .into_iter()
            .zip(&item.option_order)
            .filter_map(|(shown, written)| {
                Some((shown, question.choice(*written)?.text().to_owned()))
            })
            .collect();
        Ok(PresentedItem {
            ordinal,
            origin,
            stem: question.stem().to_owned(),
            options,
        })
    }

    /// The question behind an item, for showing its explanation after submission.
    ///
    /// # Errors
    ///
    /// [`QuizError::OtherBank`], [`QuizError::NoSuchItem`].
    pub fn question<'bank>(
        &self,
        bank: &'bank QuestionBank,
        ordinal: Ordinal,
    ) -> Result<&'bank Question, QuizError> {
        self.check_bank(bank)?;
        Ok(resolve(bank, self.item(ordinal)?.question)?.0)
    }

    /// Marks answers; an unanswered item is wrong.
    ///
    /// # Errors
    ///
    /// [`QuizError::OtherBank`].
    pub fn mark(&self, bank: &QuestionBank, answers: &Answers) -> Result<Marking, QuizError> {
        self.check_bank(bank)?;
        let mut right = 0_u16;
        let mut items = Vec::with_capacity(self.items.len());
        for (ordinal, item) in self.ordinals().zip(&self.items) {
            let (question, _) = resolve(bank, item.question)?;
            let key = item
                .option_order
                .iter()
                .position(|written| *written == question.key())
                .and_then(Position::from_index)
                .ok_or(QuizError::OptionOrder {
                    question: item.question,
                })?;
            let chosen = answers.get(ordinal);
            let is_right = chosen == Some(key);
            right = right.saturating_add(u16::from(is_right));
            items.push(MarkedItem {
                ordinal,
                chosen,
                key,
                right: is_right,
            });
        }
        let n_items = items.len();
        let score =
            Score::new(right, self.n_items()).map_err(|_| QuizError::ItemCount { n_items })?;
        Ok(Marking { score, items })
    }

    /// Number of options of an item.
    ///
    /// # Errors
    ///
    /// [`QuizError::NoSuchItem`].
    pub fn n_options(&self, ordinal: Ordinal) -> Result<usize, QuizError> {
        Ok(self.item(ordinal)?.option_order.len())
    }

    fn item(&self, ordinal: Ordinal) -> Result<&Item, QuizError> {
        let n_items = self.n_items();
        self.items
            .get(ordinal.index())
            .ok_or(QuizError::NoSuchItem { ordinal, n_items })
    }

    fn check_bank(&self, bank: &QuestionBank) -> Result<(), QuizError> {
        let (drawn_from, given) = (self.bank, bank.digest());
        if drawn_from == given {
            Ok(())
        } else {
            Err(QuizError::OtherBank { drawn_from, given })
        }
    }
}

fn resolve(bank: &QuestionBank, question: QuestionId) -> Result<(&Question, Origin), QuizError> {
    bank.question(question)
        .zip(bank.origin(question))
        .ok_or(QuizError::NoSuchQuestion { question })
}
