//! A frozen bank: a province half and a city half, named by a digest.

use std::{collections::BTreeMap, fmt};

use crate::{
    BankDigest, Position, Question, arrangement::Arrangement, digest::canonical_form, folding::fold,
};

/// Who wrote a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[expect(
    clippy::exhaustive_enums,
    reason = "a bank has exactly two halves by the founding document"
)]
pub enum Origin {
    /// The province's office; the same questions in every city.
    Province,
    /// The city's office.
    City,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Province => "province",
            Self::City => "city",
        })
    }
}

/// 0-based position of a question in its frozen bank; the province half comes first.
///
/// It means something only together with the [`BankDigest`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QuestionId(u16);

impl QuestionId {
    /// Identifier of the question at a 0-based position; whether it exists is the bank's answer.
    #[must_use]
    pub const fn new(index: u16) -> Self {
        Self(index)
    }

    /// 0-based position in the bank.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }

    fn index(self) -> usize {
        usize::from(self.0)
    }
}

impl fmt::Display for QuestionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How many questions each half of a bank has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(
    clippy::exhaustive_structs,
    reason = "two published numbers; callers write them as a literal"
)]
pub struct BankSize {
    /// Number of questions written by the province.
    pub province: u16,
    /// Number of questions written by the city.
    pub city: u16,
}

impl BankSize {
    /// 50 questions of the province and 50 of the city (founding document, "建立题库").
    pub const JIANGSU_2020: Self = Self {
        province: 50,
        city: 50,
    };

    /// Number of questions of one half.
    #[must_use]
    pub const fn of(self, origin: Origin) -> u16 {
        match origin {
            Origin::Province => self.province,
            Origin::City => self.city,
        }
    }

    /// Number of questions of both halves; `None` above 65535.
    #[must_use]
    pub const fn total(self) -> Option<u16> {
        self.province.checked_add(self.city)
    }
}

/// The questions a bank is frozen from, in the order they keep.
#[derive(Clone, Debug)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a plain pair with names; callers write it as a literal"
)]
pub struct Halves {
    /// Questions written by the province.
    pub province: Vec<Question>,
    /// Questions written by the city.
    pub city: Vec<Question>,
}

/// Why questions cannot be frozen into a bank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BankError {
    /// A half has more or fewer questions than it must have.
    #[error("the {origin} half has {found} questions where {expected} are required")]
    WrongSize {
        /// The half.
        origin: Origin,
        /// Number required.
        expected: u16,
        /// Number given.
        found: usize,
    },
    /// Both halves together have more questions than can be numbered.
    #[error("a bank of {province} and {city} questions is larger than 65535")]
    TooLarge {
        /// Number of the province.
        province: u16,
        /// Number of the city.
        city: u16,
    },
    /// Two questions have the same stem and the same options, once width, case, spaces and the order of options are evened out.
    #[error("questions {first} and {second} are the same")]
    Duplicate {
        /// The earlier question.
        first: QuestionId,
        /// The later question.
        second: QuestionId,
    },
}

/// A frozen bank: nothing can be added, removed or reworded.
///
/// Changing a question means freezing a new bank, which has another [`BankDigest`].
/// `Debug` names it and leaves its questions and keys out.
#[derive(Clone)]
pub struct QuestionBank {
    questions: Vec<Question>,
    arrangements: Vec<Arrangement>,
    keys: Vec<Position>,
    size: BankSize,
    digest: BankDigest,
}

impl fmt::Debug for QuestionBank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QuestionBank")
            .field("digest", &self.digest)
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

impl QuestionBank {
    /// Freezes two halves of exactly the given size.
    ///
    /// Costs one pass over the text and a sorted map of it.
    ///
    /// # Errors
    ///
    /// [`BankError::TooLarge`], [`BankError::WrongSize`] (province first), [`BankError::Duplicate`] (the earliest second).
    pub fn freeze(size: BankSize, halves: Halves) -> Result<Self, BankError> {
        let BankSize { province, city } = size;
        if size.total().is_none() {
            return Err(BankError::TooLarge { province, city });
        }
        for (origin, half) in [
            (Origin::Province, &halves.province),
            (Origin::City, &halves.city),
        ] {
            let expected = size.of(origin);
            if half.len() != usize::from(expected) {
                return Err(BankError::WrongSize {
                    origin,
                    expected,
                    found: half.len(),
                });
            }
        }
        let questions: Vec<Question> = halves.province.into_iter().chain(halves.city).collect();
        refuse_duplicates(&questions)?;
        let arrangements = questions.iter().map(Arrangement::of).collect();
        let keys = questions.iter().map(Question::key).collect();
        let digest = BankDigest::of(size, &questions);
        Ok(Self {
            questions,
            arrangements,
            keys,
            size,
            digest,
        })
    }

    /// The bytes whose SHA-256 is the [`digest`](Self::digest); they hold the keys.
    ///
    /// Keep them with a published digest: whoever gets them can check it with any tool for SHA-256.
    #[must_use]
    pub fn canonical_form(&self) -> String {
        canonical_form(self.size, &self.questions)
    }

    /// Digest that names this bank.
    #[must_use]
    pub const fn digest(&self) -> BankDigest {
        self.digest
    }

    /// Size of each half.
    #[must_use]
    pub const fn size(&self) -> BankSize {
        self.size
    }

    /// Number of questions of both halves.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.questions.len()
    }

    /// Whether both halves are empty.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.questions.is_empty()
    }

    /// Question with an identifier, if the bank has it.
    #[must_use]
    pub fn question(&self, id: QuestionId) -> Option<&Question> {
        self.questions.get(id.index())
    }

    /// Half a question belongs to, if the bank has it.
    #[must_use]
    pub fn origin(&self, id: QuestionId) -> Option<Origin> {
        let origin = if id.0 < self.size.province {
            Origin::Province
        } else {
            Origin::City
        };
        (id.index() < self.questions.len()).then_some(origin)
    }

    /// Every question with its identifier, in order.
    pub fn questions(&self) -> impl Iterator<Item = (QuestionId, &Question)> {
        (0..=u16::MAX).map(QuestionId).zip(&self.questions)
    }

    /// Key of a question, without touching its texts.
    pub(crate) fn key(&self, id: QuestionId) -> Option<Position> {
        self.keys.get(id.index()).copied()
    }

    pub(crate) fn arrangement(&self, id: QuestionId) -> Option<Arrangement> {
        self.arrangements.get(id.index()).copied()
    }
}

/// Stem and options as compared for sameness; the order of the options does not count.
pub(crate) fn sameness(question: &Question) -> (String, Vec<String>) {
    let mut choices: Vec<String> = question.choices().iter().map(|c| fold(c.text())).collect();
    choices.sort_unstable();
    (fold(question.stem()), choices)
}

pub(crate) fn refuse_duplicates(questions: &[Question]) -> Result<(), BankError> {
    let mut seen = BTreeMap::new();
    for (second, question) in (0..=u16::MAX).map(QuestionId).zip(questions) {
        if let Some(first) = seen.insert(sameness(question), second) {
            return Err(BankError::Duplicate { first, second });
        }
    }
    Ok(())
}
