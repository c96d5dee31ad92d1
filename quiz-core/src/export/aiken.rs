//! Questions in the Aiken format.

use super::{ExportError, Part, compare, has_pins, refuse};
use crate::{Position, Question, import::aiken::read};

/// Stem, options by letter, `ANSWER:`; a blank line between questions.
///
/// # Errors
///
/// [`ExportError::NoPlace`] for an explanation, a source, a day or pinned options;
/// [`Misread`](ExportError::Misread) and [`Lost`](ExportError::Lost) for words that would be read as something else,
/// such as line feeds.
pub fn print(questions: &[Question]) -> Result<String, ExportError> {
    refuse(questions, |question| {
        let explanation = question.explanation().map(|_| Part::Explanation);
        explanation
            .or(question.source().map(|_| Part::Source))
            .or(question.law_as_of().map(|_| Part::LawAsOf))
            .or_else(|| has_pins(question))
            // Moodle takes one line for the stem.
            .or_else(|| question.stem().contains('\n').then_some(Part::Stem))
    })?;
    let mut text = String::new();
    for (index, question) in questions.iter().enumerate() {
        if index > 0 {
            text.push('\n');
        }
        text.push_str(&format!("{}\n", question.stem()));
        for (position, choice) in Position::ALL.iter().zip(question.choices()) {
            text.push_str(&format!("{position}. {}\n", choice.text()));
        }
        text.push_str(&format!("ANSWER: {}\n", question.key()));
    }
    compare(questions, &read("", &text))?;
    Ok(text)
}
