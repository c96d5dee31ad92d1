//! Choosing questions without replacement and ordering options, from a documented word stream.
//!
//! Everything here is defined over the sequence of 32-bit words a generator gives by [`Rng::next_u32`],
//! and over nothing else of the `rand` crate, so that the same words give the same quiz for ever
//! and anybody can recompute a draw in another language.
//!
//! 1. [`below`] turns words into a uniform integer.
//! 2. *Partial shuffle*: to take `n` of a list, for `i` from 0 to `n - 1`, let `j = i + below(len - i)`
//!    and swap entries `i` and `j`; the first `n` entries are the result, in order.
//! 3. *Simple draw* of `n`: partial shuffle of the identifiers `0..len` of the bank.
//!    *Stratified draw*: partial shuffle of the province half, then of the city half, the two results
//!    joined in this order and the joined list shuffled whole by the same step 2.
//! 4. Options: for each drawn question in order, the list of options that may move is shuffled whole by step 2,
//!    and those pinned to the end follow in their own order.
//!    Where options keep their places by statement, the others are shuffled whole and fill the free places in order.
//!    A question whose options name each other by letter takes no word.
//! 5. *Balanced draw* over [`Bands`]: see there. *Fresh draw* for one person: see [`Shown`].

mod balanced;
mod fresh;
mod words;

use rand::Rng;

pub use self::{
    balanced::{Bands, BandsError},
    fresh::Shown,
    words::below,
};
pub(crate) use self::{
    balanced::{check as check_balanced, counts_by_band, questions as balanced_questions},
    fresh::questions as fresh_questions,
    words::partial_shuffle,
};
use crate::{BankDigest, Origin, QuestionBank, QuestionId};

/// How the questions of a quiz are taken from a bank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum DrawRule {
    /// `n` questions of the whole bank, every set of `n` equally likely.
    Simple {
        /// Number of questions.
        n: u16,
    },
    /// A fixed number from each half, every such set equally likely, mixed.
    Stratified {
        /// Number of questions of the province.
        province: u16,
        /// Number of questions of the city.
        city: u16,
    },
}

impl DrawRule {
    /// 10 questions of the whole bank ("系统每次随机从题库中抽取10题", founding document, "公众答题").
    pub const JIANGSU_2020: Self = Self::Simple { n: 10 };
}

/// Why a quiz cannot be drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DrawError {
    /// The rule asks for no question at all.
    #[error("a quiz of no questions was asked for")]
    NoQuestions,
    /// The bank is smaller than the number asked for.
    #[error("{asked} questions were asked for and the bank has {available}")]
    BankTooSmall {
        /// Number asked for.
        asked: u32,
        /// Number in the bank.
        available: usize,
    },
    /// A half of the bank is smaller than the number asked of it.
    #[error("{asked} questions of the {origin} were asked for and the bank has {available}")]
    HalfTooSmall {
        /// The half.
        origin: Origin,
        /// Number asked for.
        asked: u16,
        /// Number in the half.
        available: u16,
    },
    /// Bands or a history of another bank were given.
    #[error("bank {given} was given with what belongs to bank {expected}")]
    OtherBank {
        /// Bank of the bands or of the history.
        expected: BankDigest,
        /// Bank given.
        given: BankDigest,
    },
}

/// Draws the identifiers of a quiz, in order; step 3 of the [module](self).
pub(crate) fn questions(
    bank: &QuestionBank,
    rule: DrawRule,
    rng: &mut impl Rng,
) -> Result<Vec<QuestionId>, DrawError> {
    check(bank, rule)?;
    let size = bank.size();
    let end = size.province.saturating_add(size.city);
    Ok(match rule {
        DrawRule::Simple { n } => take(0..end, n, rng),
        DrawRule::Stratified { province, city } => {
            let mut drawn = take(0..size.province, province, rng);
            drawn.extend(take(size.province..end, city, rng));
            let n = drawn.len();
            partial_shuffle(&mut drawn, n, rng);
            drawn
        }
    })
}

/// Whether a rule can be followed on a bank.
pub(crate) fn check(bank: &QuestionBank, rule: DrawRule) -> Result<(), DrawError> {
    let available = bank.len();
    let asked = match rule {
        DrawRule::Simple { n } => u32::from(n),
        DrawRule::Stratified { province, city } => {
            for (origin, asked) in [(Origin::Province, province), (Origin::City, city)] {
                let available = bank.size().of(origin);
                if asked > available {
                    return Err(DrawError::HalfTooSmall {
                        origin,
                        asked,
                        available,
                    });
                }
            }
            u32::from(province).saturating_add(u32::from(city))
        }
    };
    if asked == 0 {
        return Err(DrawError::NoQuestions);
    }
    if usize::try_from(asked).is_ok_and(|asked| asked <= available) {
        Ok(())
    } else {
        Err(DrawError::BankTooSmall { asked, available })
    }
}

fn take(ids: std::ops::Range<u16>, n: u16, rng: &mut impl Rng) -> Vec<QuestionId> {
    let mut pool: Vec<QuestionId> = ids.map(QuestionId::new).collect();
    partial_shuffle(&mut pool, usize::from(n), rng);
    pool.truncate(usize::from(n));
    pool
}
