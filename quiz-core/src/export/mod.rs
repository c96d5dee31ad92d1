//! Questions written in the formats that [`import`](crate::import) reads.
//!
//! What is written reads back as the same questions, to the letter; every printer reads its own text again and
//! compares before it gives it away.
//! What a format cannot say is refused with the question and the part that has no place in it.

#[cfg(feature = "aiken")]
pub mod aiken;
#[cfg(feature = "gift")]
pub mod gift;
#[cfg(feature = "moodle-xml")]
pub mod moodle_xml;
pub mod office_text;
#[cfg(feature = "qti")]
pub mod qti;
pub mod table;
#[cfg(feature = "xml")]
mod xml;

use std::fmt;

use crate::{Question, import::Import};

/// A part of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Part {
    /// Stem.
    Stem,
    /// Options.
    Choices,
    /// Key.
    Key,
    /// Explanation.
    Explanation,
    /// Source.
    Source,
    /// Day of the law.
    LawAsOf,
    /// Options that keep their places by statement.
    Pinned,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stem => "stem",
            Self::Choices => "options",
            Self::Key => "key",
            Self::Explanation => "explanation",
            Self::Source => "source",
            Self::LawAsOf => "day of the law",
            Self::Pinned => "places of the options",
        })
    }
}

/// Why a question cannot be said in a format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The format has no place for a part.
    #[error("the format has no place for the {part} of question {index}")]
    NoPlace {
        /// 0-based index of the question.
        index: usize,
        /// The part.
        part: Part,
    },
    /// The format cannot hold a character, whatever is written around it.
    #[error("the format cannot hold the character {character:?} in question {index}")]
    Character {
        /// 0-based index of the question.
        index: usize,
        /// The character.
        character: char,
    },
    /// The words would read as something else, such as a stem that looks like an option.
    #[error("the {part} of question {index} would be read as something else")]
    Misread {
        /// 0-based index of the question.
        index: usize,
        /// The part.
        part: Part,
    },
    /// The words would make the question read as another type, or as none.
    #[error("question {index} would not be read as a question")]
    Lost {
        /// 0-based index of the question.
        index: usize,
    },
}

/// Compares what was to be written with what is read back; the first difference is the refusal.
fn compare(written: &[Question], read: &Import) -> Result<(), ExportError> {
    for (index, question) in written.iter().enumerate() {
        let Some(back) = read.questions.get(index) else {
            return Err(ExportError::Lost { index });
        };
        let back = &back.value;
        let parts = [
            (Part::Stem, question.stem() == back.stem()),
            (Part::Choices, question.choices() == back.choices()),
            (Part::Key, question.key() == back.key()),
            (
                Part::Explanation,
                question.explanation() == back.explanation(),
            ),
            (Part::Source, question.source() == back.source()),
            (Part::LawAsOf, question.law_as_of() == back.law_as_of()),
            (Part::Pinned, question.pinned() == back.pinned()),
        ];
        if let Some((part, _)) = parts.into_iter().find(|(_, is_same)| !is_same) {
            return Err(ExportError::Misread { index, part });
        }
    }
    if read.questions.len() > written.len() {
        let index = written.len().saturating_sub(1);
        return Err(ExportError::Lost { index });
    }
    Ok(())
}

/// Refuses parts a format has no place for.
fn refuse(
    questions: &[Question],
    has: impl Fn(&Question) -> Option<Part>,
) -> Result<(), ExportError> {
    let mut parts = questions.iter().map(has).enumerate();
    let found = parts.find_map(|(index, part)| part.map(|part| (index, part)));
    found.map_or(Ok(()), |(index, part)| {
        Err(ExportError::NoPlace { index, part })
    })
}

/// Whether options keep their places by statement.
fn has_pins(question: &Question) -> Option<Part> {
    (!question.pinned().is_empty()).then_some(Part::Pinned)
}

/// Explanation with the lines of source and day behind it; `None` if there is none of them.
#[cfg(feature = "rich")]
fn feedback(question: &Question) -> Option<String> {
    use crate::import::{LAW_AS_OF_LINE, SOURCE_LINE};
    let source = question.source().map(|s| format!("{SOURCE_LINE}{s}"));
    let law_as_of = question
        .law_as_of()
        .map(|day| format!("{LAW_AS_OF_LINE}{}", day.format("%Y-%m-%d")));
    let lines: Vec<String> = [question.explanation().map(str::to_owned), source, law_as_of]
        .into_iter()
        .flatten()
        .collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}
