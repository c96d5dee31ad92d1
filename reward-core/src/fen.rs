//! Whole fen, the only unit in which this crate counts money.

use std::{fmt, iter, str::FromStr};

/// An amount of money in whole fen (1 yuan = 100 fen).
///
/// Never negative, never fractional.
/// Arithmetic is checked and returns [`None`] outside `0..=u64::MAX`; there is deliberately no `+`,
/// no conversion from a bare integer by `From`, and no way to or from a float.
///
/// ```
/// use reward_core::Fen;
///
/// let cap: Fen = "1428".parse()?;
/// assert_eq!(cap, Fen::new(142_800));
/// assert_eq!(cap.checked_mul(7).map(|week| week.to_string()).as_deref(), Some("9996.00"));
/// assert_eq!(Fen::ZERO.checked_sub(cap), None);
/// # Ok::<(), reward_core::ParseFenError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(transparent)
)]
pub struct Fen(u64);

impl Fen {
    /// No money.
    pub const ZERO: Self = Self(0);

    /// Makes an amount of so many whole fen.
    #[must_use]
    pub const fn new(amount_fen: u64) -> Self {
        Self(amount_fen)
    }

    /// Returns the number of whole fen.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Returns the sum, or `None` beyond `u64::MAX` fen.
    #[must_use]
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }

    /// Returns the difference, or `None` if `other` is the larger amount.
    #[must_use]
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(difference) => Some(Self(difference)),
            None => None,
        }
    }

    /// Returns `factor` times the amount, or `None` beyond `u64::MAX` fen.
    #[must_use]
    pub const fn checked_mul(self, factor: u64) -> Option<Self> {
        match self.0.checked_mul(factor) {
            Some(product) => Some(Self(product)),
            None => None,
        }
    }

    /// Returns the sum of all amounts, or `None` beyond `u64::MAX` fen; linear in their number.
    #[must_use]
    pub fn checked_sum(amounts: impl IntoIterator<Item = Self>) -> Option<Self> {
        amounts.into_iter().try_fold(Self::ZERO, Self::checked_add)
    }
}

/// Writes yuan with exactly two decimals and no unit: 1428 fen is `14.28`.
impl fmt::Display for Fen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}.{:02}", self.0 / 100, self.0 % 100))
    }
}

/// Reads yuan: digits, then optionally a point and one or two digits (`14.28`, `0.1`, `100`).
///
/// # Errors
///
/// [`ParseFenError`]; signs, spaces, separators and a third decimal are refused, nothing is rounded.
impl FromStr for Fen {
    type Err = ParseFenError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (yuan, fraction) = match text.split_once('.') {
            Some((yuan, fraction)) => (yuan, Some(fraction)),
            None => (text, None),
        };
        let fraction_digits = fraction.map_or(0, |digits| digits.chars().count());
        if yuan.is_empty() || fraction.is_some_and(str::is_empty) {
            return Err(ParseFenError::MissingDigits);
        }
        let digits = yuan.chars().chain(fraction.unwrap_or_default().chars());
        if let Some(found) = digits.clone().find(|c| !c.is_ascii_digit()) {
            return Err(ParseFenError::NotADigit { found });
        }
        if fraction_digits > 2 {
            return Err(ParseFenError::FractionOfAFen {
                decimals: fraction_digits,
            });
        }
        let padding = iter::repeat_n('0', 2_usize.saturating_sub(fraction_digits));
        digits
            .chain(padding)
            .filter_map(|digit| digit.to_digit(10))
            .try_fold(0_u64, |amount_fen, digit| {
                amount_fen.checked_mul(10)?.checked_add(u64::from(digit))
            })
            .map(Self)
            .ok_or(ParseFenError::TooLarge)
    }
}

/// Why a text is not an amount in yuan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseFenError {
    /// No digit before the point, or none after it.
    #[error("an amount needs digits before the point, and after it if there is one")]
    MissingDigits,
    /// A character other than `0` to `9` and one point.
    #[error("{found:?} is not a digit of an amount in yuan")]
    NotADigit {
        /// The first such character.
        found: char,
    },
    /// More than two decimals: less than one fen cannot be paid.
    #[error("{decimals} decimals, but one fen is two decimals of a yuan")]
    FractionOfAFen {
        /// Number of decimals found.
        decimals: usize,
    },
    /// More than `u64::MAX` fen.
    #[error("the amount exceeds {max} fen", max = u64::MAX)]
    TooLarge,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expect: Result<u64, ParseFenError>) {
        assert_eq!(text.parse::<Fen>(), expect.map(Fen::new), "{text:?}");
    }

    #[test]
    fn yuan_with_up_to_two_decimals_are_read_exactly() {
        check("14.28", Ok(1_428));
        check("0.1", Ok(10));
        check("0.01", Ok(1));
        check("100", Ok(10_000));
        check("007.50", Ok(750));
        check("184467440737095516.15", Ok(u64::MAX));
    }

    #[test]
    fn anything_but_plain_yuan_is_refused() {
        check("", Err(ParseFenError::MissingDigits));
        check(".5", Err(ParseFenError::MissingDigits));
        check("5.", Err(ParseFenError::MissingDigits));
        check("-1", Err(ParseFenError::NotADigit { found: '-' }));
        check("+1", Err(ParseFenError::NotADigit { found: '+' }));
        check("1,000", Err(ParseFenError::NotADigit { found: ',' }));
        check("1.2.3", Err(ParseFenError::NotADigit { found: '.' }));
        check("1٣", Err(ParseFenError::NotADigit { found: '٣' }));
        check("1.005", Err(ParseFenError::FractionOfAFen { decimals: 3 }));
        check("1.000", Err(ParseFenError::FractionOfAFen { decimals: 3 }));
        check("184467440737095516.16", Err(ParseFenError::TooLarge));
    }

    #[test]
    fn arithmetic_stops_at_both_ends() {
        assert_eq!(Fen::new(u64::MAX).checked_add(Fen::new(1)), None);
        assert_eq!(Fen::ZERO.checked_sub(Fen::new(1)), None);
        assert_eq!(Fen::new(u64::MAX).checked_mul(2), None);
        assert_eq!(Fen::checked_sum([Fen::new(u64::MAX), Fen::new(1)]), None);
        assert_eq!(
            Fen::checked_sum([Fen::new(2), Fen::new(3)]),
            Some(Fen::new(5))
        );
    }

    #[test]
    fn display_honours_width_so_tables_align() {
        assert_eq!(format!("{:>8}", Fen::new(5)), "    0.05");
    }

    proptest! {
        /// What is written is read back as the same amount.
        #[test]
        fn display_and_parse_are_inverse(amount_fen in any::<u64>()) {
            let fen = Fen::new(amount_fen);
            prop_assert_eq!(fen.to_string().parse::<Fen>(), Ok(fen));
        }

        /// No text makes parsing panic.
        #[test]
        fn parsing_never_panics(text in "\\PC{0,24}") {
            let _ = text.parse::<Fen>();
        }
    }
}
