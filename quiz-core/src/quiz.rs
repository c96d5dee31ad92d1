//! The drawn items, as an attempt holds them and as a phone may see them.

use std::fmt;

use rand::Rng;

use crate::{
    Answers, BankDigest, DrawError, DrawRule, MarkedItem, Marking, OptionOrder, Ordinal, Origin,
    Position, Question, QuestionBank, QuestionId, Score,
    draw::{self, Bands, Shown},
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a plain record; a store that keeps a quiz writes it as a literal"
)]
pub struct Item {
    /// The question.
    pub question: QuestionId,
    /// Places in the bank of the options, in the order shown.
    pub option_order: OptionOrder,
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

/// One item as a phone may see it, read out of the bank without copying: no key, no identifier, no explanation.
///
/// `Debug` leaves everything but the number out, so that a log line cannot leak the key.
#[derive(Clone, Copy)]
pub struct ShownItem<'bank> {
    ordinal: Ordinal,
    origin: Origin,
    question: &'bank Question,
    option_order: OptionOrder,
}

impl<'bank> ShownItem<'bank> {
    /// Number of the item.
    #[must_use]
    pub const fn ordinal(&self) -> Ordinal {
        self.ordinal
    }

    /// Who wrote the question.
    #[must_use]
    pub const fn origin(&self) -> Origin {
        self.origin
    }

    /// Stem.
    #[must_use]
    pub fn stem(&self) -> &'bank str {
        self.question.stem()
    }

    /// Options in the order shown.
    pub fn options(&self) -> impl Iterator<Item = (Position, &'bank str)> + use<'bank> {
        let (choices, order) = (self.question.choices(), self.option_order);
        let shown = Position::ALL.into_iter().zip(order.indices());
        shown.filter_map(|(shown, written)| Some((shown, choices.get(written)?.text())))
    }

    /// A copy that outlives the bank.
    #[must_use]
    pub fn to_presented(&self) -> PresentedItem {
        PresentedItem {
            ordinal: self.ordinal,
            origin: self.origin,
            stem: self.stem().to_owned(),
            options: self
                .options()
                .map(|(shown, text)| (shown, text.to_owned()))
                .collect(),
        }
    }
}

impl fmt::Debug for ShownItem<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShownItem")
            .field("ordinal", &self.ordinal)
            .finish_non_exhaustive()
    }
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
    /// The order of the options has more or fewer options than the question.
    #[error("the order of the options of question {question} is of another length")]
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
        Ok(Self::arranged(bank, drawn, rng))
    }

    /// Draws `n` questions with the same share of every band of difficulty; the procedure is stated at [`Bands`].
    ///
    /// Costs the size of the bank in memory and time, and about `2 * n` words more than [`draw`](Self::draw).
    ///
    /// # Errors
    ///
    /// [`DrawError::OtherBank`], [`NoQuestions`](DrawError::NoQuestions), [`BankTooSmall`](DrawError::BankTooSmall);
    /// no word is taken then.
    pub fn draw_balanced(
        bank: &QuestionBank,
        bands: &Bands,
        n: u16,
        rng: &mut impl Rng,
    ) -> Result<Self, DrawError> {
        let drawn = draw::balanced_questions(bank, bands, n, rng)?;
        Ok(Self::arranged(bank, drawn, rng))
    }

    /// Draws for one person, questions shown least often first; the procedure is stated at [`Shown`].
    ///
    /// The caller adds the quiz to the history by [`Shown::record`] when it counts as shown.
    /// Costs sorting the bank by the history.
    ///
    /// # Errors
    ///
    /// [`DrawError`], with [`OtherBank`](DrawError::OtherBank) for a history of another bank; no word is taken then.
    pub fn draw_fresh(
        bank: &QuestionBank,
        rule: DrawRule,
        shown: &Shown,
        rng: &mut impl Rng,
    ) -> Result<Self, DrawError> {
        let drawn = draw::fresh_questions(bank, rule, shown, rng)?;
        Ok(Self::arranged(bank, drawn, rng))
    }

    /// Orders the options of drawn questions.
    fn arranged(bank: &QuestionBank, drawn: Vec<QuestionId>, rng: &mut impl Rng) -> Self {
        let mut items = Vec::with_capacity(drawn.len());
        for question in drawn {
            if let Some(arrangement) = bank.arrangement(question) {
                let option_order = arrangement.order(rng);
                items.push(Item {
                    question,
                    option_order,
                });
            }
        }
        Self {
            bank: bank.digest(),
            items,
        }
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
            if option_order.n_options() != found.choices().len() {
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
        Ok(self.show(bank, ordinal)?.to_presented())
    }

    /// One item as a phone may see it, without copying its texts.
    ///
    /// # Errors
    ///
    /// [`QuizError::OtherBank`], [`QuizError::NoSuchItem`].
    pub fn show<'bank>(
        &self,
        bank: &'bank QuestionBank,
        ordinal: Ordinal,
    ) -> Result<ShownItem<'bank>, QuizError> {
        self.check_bank(bank)?;
        shown(bank, ordinal, self.item(ordinal)?)
    }

    /// Every item as a phone may see it, in order, without copying its texts; the bank is compared once.
    ///
    /// # Errors
    ///
    /// [`QuizError::OtherBank`].
    pub fn paper<'bank>(
        &self,
        bank: &'bank QuestionBank,
    ) -> Result<impl Iterator<Item = ShownItem<'bank>>, QuizError> {
        self.check_bank(bank)?;
        let items = self.ordinals().zip(&self.items);
        Ok(items.filter_map(move |(ordinal, item)| shown(bank, ordinal, item).ok()))
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
                .shown(question.key())
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

    /// Counts right answers, without the marking of each item; the score of [`mark`](Self::mark).
    ///
    /// # Errors
    ///
    /// [`QuizError::OtherBank`].
    pub fn score(&self, bank: &QuestionBank, answers: &Answers) -> Result<Score, QuizError> {
        self.check_bank(bank)?;
        let mut right = 0_u16;
        for (item, chosen) in self.items.iter().zip(answers.by_item()) {
            let Some(chosen) = *chosen else { continue };
            let is_right = item.option_order.written(chosen) == bank.key(item.question);
            right = right.saturating_add(u16::from(is_right));
        }
        let n_items = self.items.len();
        Score::new(right, self.n_items()).map_err(|_| QuizError::ItemCount { n_items })
    }

    /// Number of options of an item.
    ///
    /// # Errors
    ///
    /// [`QuizError::NoSuchItem`].
    pub fn n_options(&self, ordinal: Ordinal) -> Result<usize, QuizError> {
        Ok(self.item(ordinal)?.option_order.n_options())
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

fn shown<'bank>(
    bank: &'bank QuestionBank,
    ordinal: Ordinal,
    item: &Item,
) -> Result<ShownItem<'bank>, QuizError> {
    let (question, origin) = resolve(bank, item.question)?;
    Ok(ShownItem {
        ordinal,
        origin,
        question,
        option_order: item.option_order,
    })
}
