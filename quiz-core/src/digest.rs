//! The name of a bank: the SHA-256 of its canonical form, byte for byte.

use std::{fmt, fmt::Write as _, str::FromStr};

use sha2::{Digest as _, Sha256};

use crate::{BankSize, Question};

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
/// pinned <letters>         only if options keep their places by statement, in order, as in "AD"
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

    pub(crate) fn of(size: BankSize, questions: &[Question]) -> Self {
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

pub(crate) fn canonical_form(size: BankSize, questions: &[Question]) -> String {
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
        if !question.pinned().is_empty() {
            let letters: String = question.pinned().iter().map(|p| p.letter()).collect();
            write_line(&mut form, "pinned", &letters);
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
