//! A draw whose difficulty hardly varies: the same share of every band of difficulty.

use std::num::NonZeroU32;

use rand::Rng;

use super::{DrawError, below, partial_shuffle};
use crate::{BankDigest, QuestionBank, QuestionId};

/// A bank parted into bands of like difficulty, easiest first.
///
/// A *balanced draw* of `n` from a bank of `N` is systematic sampling through the bands, each in random order
/// (Madow and Madow, "On the Theory of Systematic Sampling", Annals of Mathematical Statistics 15, 1944):
///
/// 1. Let `start = below(N)`. Line the bands up and mark the places `floor((start + i * N) / n)` for `i` from 0 to
///    `n - 1`; they are different, since `n <= N`.
/// 2. From each band, easiest first, take by partial shuffle as many questions as there are marks in it.
/// 3. Shuffle the joined list whole.
///
/// Every question is drawn with probability exactly `n / N`, whatever the sizes of the bands,
/// and a band of `m` questions gives `n * m / N` of them, rounded down or up.
/// Where that is a whole number for every band, every such set is equally likely.
///
/// ```
/// # use quiz_core::{BankSize, Halves, Position, Question, QuestionBank, QuestionDraft};
/// use quiz_core::{Quiz, draw::Bands};
/// # let question = |number: u32| Question::new(QuestionDraft {
/// #     stem: format!("{number} ="), choices: vec!["1".to_owned(), "2".to_owned()], key: Position::A,
/// #     explanation: None, source: None, law_as_of: None,
/// # });
/// # let halves = Halves { province: (0..6).map(question).collect::<Result<_, _>>()?, city: Vec::new() };
/// # let bank = QuestionBank::freeze(BankSize { province: 6, city: 0 }, halves)?;
/// // Three questions that the author calls easy, three that he calls hard.
/// let bands = Bands::by_level(&bank, &[1, 1, 1, 2, 2, 2])?;
/// # let mut rng = <rand::rngs::ChaCha12Rng as rand::SeedableRng>::from_seed([7; 32]);
/// let quiz = Quiz::draw_balanced(&bank, &bands, 2, &mut rng)?;
/// assert_eq!(quiz.items().iter().filter(|item| item.question.get() < 3).count(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bands {
    bank: BankDigest,
    bands: Vec<Vec<QuestionId>>,
}

/// Why a bank cannot be parted into bands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BandsError {
    /// Not every question has one difficulty.
    #[error("{given} difficulties were given for {n_questions} questions")]
    Count {
        /// Number of difficulties.
        given: usize,
        /// Number of questions.
        n_questions: usize,
    },
    /// A facility is above 1000 per mille.
    #[error("the facility of question {question} is {permille} per mille")]
    Facility {
        /// The question.
        question: QuestionId,
        /// Facility given.
        permille: u16,
    },
    /// There are to be no bands, or more than there are questions.
    #[error("{n_bands} bands of {n_questions} questions")]
    BandCount {
        /// Number of bands asked for.
        n_bands: usize,
        /// Number of questions.
        n_questions: usize,
    },
}

impl Bands {
    /// One band for each level that occurs, lowest level first; `levels` goes with the bank's order.
    ///
    /// # Errors
    ///
    /// [`BandsError::Count`].
    pub fn by_level(bank: &QuestionBank, levels: &[u8]) -> Result<Self, BandsError> {
        check_count(bank, levels.len())?;
        let mut bands = std::collections::BTreeMap::<u8, Vec<QuestionId>>::new();
        for ((id, _), level) in bank.questions().zip(levels) {
            bands.entry(*level).or_default().push(id);
        }
        Ok(Self {
            bank: bank.digest(),
            bands: bands.into_values().collect(),
        })
    }

    /// Bands of equal size, or sizes one apart, by measured facility; `facilities` goes with the bank's order.
    ///
    /// A facility is the share of first attempts that were right, in per mille, 0 to 1000; the easiest come first,
    /// equal ones in the order of the bank.
    ///
    /// # Errors
    ///
    /// [`BandsError::Count`], [`Facility`](BandsError::Facility), [`BandCount`](BandsError::BandCount).
    pub fn by_facility(
        bank: &QuestionBank,
        facilities: &[u16],
        n_bands: usize,
    ) -> Result<Self, BandsError> {
        check_count(bank, facilities.len())?;
        let n_questions = bank.len();
        let mut sorted: Vec<(u16, QuestionId)> = Vec::with_capacity(n_questions);
        for ((question, _), &permille) in bank.questions().zip(facilities) {
            if permille > 1000 {
                return Err(BandsError::Facility { question, permille });
            }
            sorted.push((permille, question));
        }
        sorted.sort_by_key(|(permille, id)| (std::cmp::Reverse(*permille), *id));
        if n_bands == 0 || n_bands > n_questions {
            return Err(BandsError::BandCount {
                n_bands,
                n_questions,
            });
        }
        let mut left = sorted.into_iter().map(|(_, id)| id);
        let bands = (0..n_bands)
            .map(|index| {
                let bands_left = n_bands.saturating_sub(index);
                let size = left.len().checked_div(bands_left).unwrap_or(0);
                left.by_ref().take(size).collect()
            })
            .collect();
        Ok(Self {
            bank: bank.digest(),
            bands,
        })
    }

    /// The questions of each band, easiest band first.
    #[must_use]
    pub fn bands(&self) -> &[Vec<QuestionId>] {
        &self.bands
    }

    /// Digest of the bank that was parted.
    #[must_use]
    pub const fn bank(&self) -> BankDigest {
        self.bank
    }
}

fn check_count(bank: &QuestionBank, given: usize) -> Result<(), BandsError> {
    let n_questions = bank.len();
    if given == n_questions {
        Ok(())
    } else {
        Err(BandsError::Count { given, n_questions })
    }
}

/// Whether a balanced draw of `n` can be made.
pub(crate) fn check(bank: &QuestionBank, bands: &Bands, n: u16) -> Result<(), DrawError> {
    if bands.bank != bank.digest() {
        return Err(DrawError::OtherBank {
            expected: bands.bank,
            given: bank.digest(),
        });
    }
    super::check(bank, super::DrawRule::Simple { n })
}

/// Number of marks in each band for a start, given the sizes of the bands; step 1.
pub(crate) fn counts_by_band(sizes: &[usize], n: u16, start: u32) -> Vec<usize> {
    let total: usize = sizes.iter().sum();
    let mut counts = vec![0_usize; sizes.len()];
    let mut band = 0_usize;
    let mut end = sizes.first().copied().unwrap_or(0);
    for i in 0..usize::from(n) {
        let marked = usize::try_from(start)
            .unwrap_or(usize::MAX)
            .saturating_add(i.saturating_mul(total))
            .checked_div(usize::from(n))
            .unwrap_or(0);
        while marked >= end && band.saturating_add(1) < sizes.len() {
            band = band.saturating_add(1);
            end = end.saturating_add(sizes.get(band).copied().unwrap_or(0));
        }
        if let Some(count) = counts.get_mut(band) {
            *count = count.saturating_add(1);
        }
    }
    counts
}

/// Draws the identifiers of a balanced quiz, in order.
pub(crate) fn questions(
    bank: &QuestionBank,
    bands: &Bands,
    n: u16,
    rng: &mut impl Rng,
) -> Result<Vec<QuestionId>, DrawError> {
    check(bank, bands, n)?;
    let sizes: Vec<usize> = bands.bands.iter().map(Vec::len).collect();
    let total = u32::try_from(bank.len()).unwrap_or(u32::MAX);
    let start = NonZeroU32::new(total).map_or(0, |total| below(rng, total));
    let mut drawn = Vec::with_capacity(usize::from(n));
    for (band, count) in bands.bands.iter().zip(counts_by_band(&sizes, n, start)) {
        let mut pool = band.clone();
        partial_shuffle(&mut pool, count, rng);
        drawn.extend(pool.into_iter().take(count));
    }
    let n = drawn.len();
    partial_shuffle(&mut drawn, n, rng);
    Ok(drawn)
}
