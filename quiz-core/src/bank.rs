//! A frozen bank: a province half and a city half, named by a digest.

use std::{collections::BTreeMap, fmt, fmt::Write as _, str::FromStr};

use sha2::{Digest as _, Sha256};

use crate::{Question, arrangement::Arrangement, folding::fold};

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
#[derive(Clone, Debug)]
pub struct QuestionBank {
    questions: Vec<Question>,
    arrangements: Vec<Arrangement>,
    size: BankSize,
    digest: BankDigest,
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
        let digest = BankDigest::of(size, &questions);
        Ok(Self {
            questions,
            arrangements,
            size,
            digest,
        })
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

fn refuse_duplicates(questions: &[Question]) -> Result<(), BankError> {
    let mut seen = BTreeMap::new();
    for (second, question) in (0..=u16::MAX).map(QuestionId).zip(questions) {
        if let Some(first) = seen.insert(sameness(question), second) {
            return Err(BankError::Duplicate { first, second });
        }
    }
    Ok(())
}

/// Name of a frozen bank: SHA-256 of its canonical form, printed as 64 lower-case hexadecimal digits.
///
/// # Canonical form, version 1
///
/// UTF-8 lines, each ended by one line feed. A *text* is written as the number of its UTF-8 bytes in decimal,
/// a colon, and the bytes themselves (which may hold line feeds); an absent text is a single `-`.
///
/// ```text
/// quiz-bank 1
/// province <number of questions>
/// city <number of questions>
/// ```
///
/// then for every question, province half first, in the order of the bank:
///
/// ```text
/// stem <text>
/// choice <text>            one line for each option, in the order of the bank
/// key <letter>
/// explanation <text or ->
/// source <text or ->
/// law_as_of <YYYY-MM-DD or ->
/// ```
///
/// Texts are as stored: outer white space dropped, nothing else changed.
/// The key is part of it, so a digest published before the opening binds the keys too.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BankDigest([u8; 32]);

impl BankDigest {
    /// Digest with the given bytes, as kept in a database.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    fn of(size: BankSize, questions: &[Question]) -> Self {
        Self(Sha256::digest(canonical_form(size, questions)).into())
    }
}

impl fmt::Display for BankDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for BankDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BankDigest({self})")
    }
}

/// Text that is not 64 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a digest of 64 hexadecimal digits")]
#[non_exhaustive]
pub struct ParseBankDigestError {
    /// The text given.
    pub text: String,
}

impl FromStr for BankDigest {
    type Err = ParseBankDigestError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = || ParseBankDigestError {
            text: text.to_owned(),
        };
        if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(refused());
        }
        let mut bytes = [0_u8; 32];
        for (index, byte) in bytes.iter_mut().enumerate() {
            let start = index.saturating_mul(2);
            let digits = text
                .get(start..start.saturating_add(2))
                .ok_or_else(refused)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| refused())?;
        }
        Ok(Self(bytes))
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for BankDigest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for BankDigest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

fn canonical_form(size: BankSize, questions: &[Question]) -> String {
    let mut form = format!(
        "quiz-bank 1\nprovince {}\ncity {}\n",
        size.province, size.city
    );
    for question in questions {
        write_text(&mut form, "stem", Some(question.stem()));
        for choice in question.choices() {
            write_text(&mut form, "choice", Some(choice.text()));
        }
        write_line(&mut form, "key", &question.key());
        write_text(&mut form, "explanation", question.explanation());
        write_text(&mut form, "source", question.source());
        match question.law_as_of() {
            Some(day) => write_line(&mut form, "law_as_of", &day.format("%Y-%m-%d")),
            None => write_line(&mut form, "law_as_of", &'-'),
        }
    }
    form
}

fn write_text(form: &mut String, label: &str, text: Option<&str>) {
    match text {
        Some(text) => write_line(form, label, &format_args!("{}:{text}", text.len())),
        None => write_line(form, label, &'-'),
    }
}

fn write_line(form: &mut String, label: &str, value: &dyn fmt::Display) {
    // Writing to a `String` cannot fail; the result carries nothing.
    let _: fmt::Result = writeln!(form, "{label} {value}");
}
