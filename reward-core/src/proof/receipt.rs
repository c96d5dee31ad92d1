//! What a claimant is handed with his award: proof that this packet was sealed before the city opened.

use std::{fmt, str::FromStr};

use super::{
    merkle::{self, Hash},
    sealed::{PlanRoot, leaf, leaf_count, leaf_index},
};
use crate::{
    DeckKind, Fen, RewardRules,
    digest::{hexadecimal, parse_hexadecimal},
};

/// First line of a receipt's text.
const VERSION: &str = "reward-receipt 1";
/// A tree of `u32::MAX` leaves has 32 levels above them.
const MAX_PATH: usize = 32;

/// Secret bytes beside the amount in a leaf.
pub(super) type Salt = [u8; 16];

/// Proof that a packet with this place and amount stands under a published root; anybody can check it at once.
///
/// `Display` and `FromStr` are the text that is handed out, ASCII, every line ended by one line feed; a text is read
/// back only if it is exactly what would be written.
///
/// ```text
/// reward-receipt 1
/// day 1
/// deck plain
/// sequence 0
/// amount_fen 88
/// salt 32 hexadecimal digits
/// path 64 hexadecimal digits for each neighbour, from the leaf up, without separators
/// ```
///
/// Under the preset a receipt proves membership among 14,000 packets with 10 to 14 neighbours.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Receipt {
    day: u8,
    deck: DeckKind,
    sequence: u32,
    amount: Fen,
    salt: Salt,
    path: Vec<Hash>,
}

impl Receipt {
    pub(super) const fn assembled(
        day: u8,
        deck: DeckKind,
        sequence: u32,
        amount: Fen,
        salt: Salt,
        path: Vec<Hash>,
    ) -> Self {
        Self {
            day,
            deck,
            sequence,
            amount,
            salt,
            path,
        }
    }

    /// Returns the day of the city, from 1.
    #[must_use]
    pub const fn day(&self) -> u8 {
        self.day
    }

    /// Returns which of the day's decks.
    #[must_use]
    pub const fn deck(&self) -> DeckKind {
        self.deck
    }

    /// Returns the place in the deck, from 0.
    #[must_use]
    pub const fn sequence(&self) -> u32 {
        self.sequence
    }

    /// Returns the amount.
    #[must_use]
    pub const fn amount(&self) -> Fen {
        self.amount
    }

    /// Checks the receipt against the published rules and root; at most 33 hashes.
    ///
    /// # Errors
    ///
    /// [`ReceiptFault`] says what does not fit.
    pub fn verify(&self, rules: &RewardRules, root: &PlanRoot) -> Result<(), ReceiptFault> {
        let (day, deck, sequence) = (self.day, self.deck, self.sequence);
        let (index, leaves) = leaf_index(rules, day, deck, sequence)
            .zip(leaf_count(rules))
            .ok_or(ReceiptFault::NoSuchPacket { day, sequence })?;
        let own = leaf(day, deck, sequence, self.amount, &self.salt);
        let tree_root = merkle::root_from_path(own, index, leaves, &self.path).ok_or(
            ReceiptFault::PathLength {
                neighbours: self.path.len(),
            },
        )?;
        let found = PlanRoot::of_tree(leaves, &tree_root);
        if found == *root {
            Ok(())
        } else {
            Err(ReceiptFault::OtherRoot { found })
        }
    }
}

/// Why a receipt proves nothing under a root.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiptFault {
    /// The rules know no such day or place.
    #[error("the rules know no packet {sequence} of day {day}")]
    NoSuchPacket {
        /// Day named.
        day: u8,
        /// Place named.
        sequence: u32,
    },
    /// A place has exactly one length of path.
    #[error("a path of {neighbours} neighbours does not lead from this place to the root")]
    PathLength {
        /// Neighbours in the receipt.
        neighbours: usize,
    },
    /// Place, amount, salt or path lead to another root.
    #[error("the receipt leads to the root {found} and not to the published one")]
    OtherRoot {
        /// Where it leads.
        found: PlanRoot,
    },
}

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (day, deck, sequence, fen) = (self.day, self.deck, self.sequence, self.amount.get());
        let (salt, path) = (hexadecimal(&self.salt), hexadecimal(&self.path.concat()));
        write!(
            f,
            "{VERSION}\nday {day}\ndeck {deck}\nsequence {sequence}\namount_fen {fen}\nsalt {salt}\npath {path}\n"
        )
    }
}

impl FromStr for Receipt {
    type Err = ParseReceiptError;

    fn from_str(text: &str) -> Result<Self, ParseReceiptError> {
        let mut lines = text.lines();
        if lines.next() != Some(VERSION) {
            return Err(ParseReceiptError::Version);
        }
        let mut value = |name: &'static str| {
            lines
                .next()
                .and_then(|line| line.strip_prefix(name)?.strip_prefix(' '))
                .ok_or(ParseReceiptError::Line { name })
        };
        let receipt = Self {
            day: number("day", value("day")?)?,
            deck: DeckKind::from_name(value("deck")?)
                .ok_or(ParseReceiptError::Value { name: "deck" })?,
            sequence: number("sequence", value("sequence")?)?,
            amount: Fen::new(number("amount_fen", value("amount_fen")?)?),
            salt: parse_hexadecimal(value("salt")?)
                .map_err(|_| ParseReceiptError::Value { name: "salt" })?,
            path: path(value("path")?).ok_or(ParseReceiptError::Value { name: "path" })?,
        };
        if receipt.to_string() == text {
            Ok(receipt)
        } else {
            Err(ParseReceiptError::NotCanonical)
        }
    }
}

fn number<T: FromStr>(name: &'static str, text: &str) -> Result<T, ParseReceiptError> {
    text.parse().map_err(|_| ParseReceiptError::Value { name })
}

fn path(text: &str) -> Option<Vec<Hash>> {
    let digits = text.as_bytes();
    if digits.len() > MAX_PATH.saturating_mul(64) {
        return None;
    }
    digits
        .chunks(64)
        .map(|hash| parse_hexadecimal(std::str::from_utf8(hash).ok()?).ok())
        .collect()
}

/// Why a text is no receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseReceiptError {
    /// The first line is another.
    #[error("a receipt begins with the line {VERSION:?}")]
    Version,
    /// A line is missing or out of order.
    #[error("the line {name:?} is not where it belongs")]
    Line {
        /// Name of the line expected.
        name: &'static str,
    },
    /// A value cannot be read.
    #[error("the value of {name:?} cannot be read")]
    Value {
        /// Name of the line.
        name: &'static str,
    },
    /// The values can be read, but are written otherwise: leading zeros, signs, further lines.
    #[error("the receipt is not in its canonical form")]
    NotCanonical,
}
