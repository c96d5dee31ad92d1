//! What was found in imported rows or in a bank: code, place, original words, reading and suggestion.

mod code;

use std::fmt;

pub use self::code::FindingCode;
use crate::import::Place;

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[expect(
    clippy::exhaustive_enums,
    reason = "three weights, each with one consequence; callers decide by them"
)]
pub enum Severity {
    /// Listed for the approver; nothing to decide.
    Note,
    /// The question stands, and somebody must decide whether it should.
    Warning,
    /// The row is refused, or the bank cannot be frozen.
    Error,
}

impl Severity {
    /// The word shown to organisers.
    #[must_use]
    pub const fn to_zh(self) -> &'static str {
        match self {
            Self::Note => "提示",
            Self::Warning => "需确认",
            Self::Error => "错误",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// One finding.
///
/// `Display` is English, for those who use the interface; [`message_zh`](Self::message_zh) and
/// [`suggestion_zh`](Self::suggestion_zh) are Chinese, for organisers.
/// The original words may contain keys: findings are for those who prepare a bank.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Finding {
    /// What was found.
    pub code: FindingCode,
    /// Where.
    pub place: Place,
    /// The other place, when two are compared; the earlier one.
    pub related: Option<Place>,
    /// Words as they stand in the file.
    pub original: String,
    /// How they were read, when not to the letter.
    pub reading: Option<String>,
    /// How alike the two places are, in whole per cent, when they are nearly the same.
    pub similarity_percent: Option<u8>,
}

impl Finding {
    /// Finding at a place about the words there.
    #[must_use]
    pub fn new(code: FindingCode, place: Place, original: impl Into<String>) -> Self {
        Self {
            code,
            place,
            related: None,
            original: original.into(),
            reading: None,
            similarity_percent: None,
        }
    }

    /// The same finding with the reading chosen.
    #[must_use]
    pub fn read_as(self, reading: impl Into<String>) -> Self {
        Self {
            reading: Some(reading.into()),
            ..self
        }
    }

    /// The same finding with the other place compared.
    #[must_use]
    pub fn related_to(self, place: Place) -> Self {
        Self {
            related: Some(place),
            ..self
        }
    }

    /// The same finding with how alike the two places are, in per cent.
    #[must_use]
    pub fn with_similarity(self, percent: u8) -> Self {
        Self {
            similarity_percent: Some(percent),
            ..self
        }
    }

    /// How much it weighs.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        self.code.severity()
    }

    /// What to do about it, in English.
    #[must_use]
    pub const fn suggestion(&self) -> &'static str {
        self.code.suggestion()
    }

    /// What was found, in Chinese, with the words and the reading, without the place.
    #[must_use]
    pub fn message_zh(&self) -> String {
        let mut message = self.code.message_zh().to_owned();
        if !self.original.is_empty() {
            message.push_str(&format!("：“{}”", excerpt(&self.original)));
        }
        if let Some(reading) = &self.reading {
            message.push_str(&format!("，读作“{}”", excerpt(reading)));
        }
        if let Some(related) = &self.related {
            message.push_str(&format!("，另见{}", related.to_zh()));
        }
        if let Some(percent) = self.similarity_percent {
            message.push_str(&format!("，相似度{percent}%"));
        }
        message.push('。');
        message
    }

    /// What to do about it, in Chinese.
    #[must_use]
    pub const fn suggestion_zh(&self) -> &'static str {
        self.code.suggestion_zh()
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.place, self.severity(), self.code)?;
        if !self.original.is_empty() {
            write!(f, ": {:?}", excerpt(&self.original))?;
        }
        if let Some(reading) = &self.reading {
            write!(f, ", read as {:?}", excerpt(reading))?;
        }
        if let Some(related) = &self.related {
            write!(f, ", see {related}")?;
        }
        if let Some(percent) = self.similarity_percent {
            write!(f, ", {percent} % alike")?;
        }
        Ok(())
    }
}

/// The first 60 characters, so that one cell cannot fill a page.
fn excerpt(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut shown: String = text.chars().take(LONGEST).collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown
}
