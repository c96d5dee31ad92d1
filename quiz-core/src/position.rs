//! The letter of an option and the number of an item.

use std::{fmt, num::NonZeroU16, str::FromStr};

/// Place of an option in a list of options, shown as a letter from A to F.
///
/// In a [`Question`](crate::Question) it is the place as written in the bank;
/// in everything drawn from a bank it is the place as displayed, which differs from attempt to attempt.
///
/// ```
/// use quiz_core::Position;
/// assert_eq!("C".parse(), Ok(Position::C));
/// assert_eq!(Position::C.to_string(), "C");
/// assert_eq!(Position::C.index(), 2);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(
    clippy::exhaustive_enums,
    reason = "a question has at most six options; the letters are a closed set"
)]
pub enum Position {
    /// First option.
    A,
    /// Second option.
    B,
    /// Third option.
    C,
    /// Fourth option.
    D,
    /// Fifth option.
    E,
    /// Sixth option.
    F,
}

impl Position {
    /// Every position in order.
    pub const ALL: [Self; 6] = [Self::A, Self::B, Self::C, Self::D, Self::E, Self::F];

    /// Position with the given 0-based index, if there is one.
    #[must_use]
    pub fn from_index(index: usize) -> Option<Self> {
        Self::ALL.get(index).copied()
    }

    /// Position of a half-width capital letter from `A` to `F`.
    #[must_use]
    pub fn from_letter(letter: char) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.letter() == letter)
    }

    /// 0-based index, below 6.
    #[must_use]
    pub const fn index(self) -> usize {
        match self {
            Self::A => 0,
            Self::B => 1,
            Self::C => 2,
            Self::D => 3,
            Self::E => 4,
            Self::F => 5,
        }
    }

    /// Letter as displayed.
    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            Self::A => 'A',
            Self::B => 'B',
            Self::C => 'C',
            Self::D => 'D',
            Self::E => 'E',
            Self::F => 'F',
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Write::write_char(f, self.letter())
    }
}

/// Text that is not one half-width letter from `A` to `F`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a letter from A to F")]
#[non_exhaustive]
pub struct ParsePositionError {
    /// The text given.
    pub text: String,
}

impl FromStr for Position {
    type Err = ParsePositionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut letters = text.chars();
        match (letters.next().and_then(Self::from_letter), letters.next()) {
            (Some(position), None) => Ok(position),
            (Some(_) | None, _) => Err(ParsePositionError {
                text: text.to_owned(),
            }),
        }
    }
}

/// Number of an item within a quiz, starting at 1.
///
/// ```
/// use quiz_core::Ordinal;
/// assert!(Ordinal::new(0).is_none());
/// assert_eq!(Ordinal::new(10).map(|o| o.to_string()), Some("10".to_owned()));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Ordinal(NonZeroU16);

impl Ordinal {
    /// Ordinal of a 1-based number; `None` for 0.
    #[must_use]
    pub fn new(number: u16) -> Option<Self> {
        NonZeroU16::new(number).map(Self)
    }

    /// Every ordinal from 1 to `last`, in order; none if `last` is 0.
    pub fn up_to(last: u16) -> impl Iterator<Item = Self> + Clone {
        (1..=last).filter_map(Self::new)
    }

    /// 1-based number.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0.get()
    }

    /// 0-based index of the item.
    #[must_use]
    pub fn index(self) -> usize {
        usize::from(self.0.get()).saturating_sub(1)
    }
}

impl fmt::Display for Ordinal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Text that is not a number from 1 to 65535.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not an item number from 1 to 65535")]
#[non_exhaustive]
pub struct ParseOrdinalError {
    /// The text given.
    pub text: String,
}

impl FromStr for Ordinal {
    type Err = ParseOrdinalError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self).map_err(|_| ParseOrdinalError {
            text: text.to_owned(),
        })
    }
}
