//! Text within XML.

use super::ExportError;
use crate::Question;

/// Refuses what XML 1.0 cannot hold, even by reference.
pub(super) fn refuse_characters(questions: &[Question]) -> Result<(), ExportError> {
    for (index, question) in questions.iter().enumerate() {
        let choices = question.choices().iter().map(|choice| choice.text());
        let others = [
            Some(question.stem()),
            question.explanation(),
            question.source(),
        ];
        let mut characters = choices
            .chain(others.into_iter().flatten())
            .flat_map(str::chars);
        let is_refused = |c: &char| {
            (c.is_control() && u32::from(*c) < 0x20 && !matches!(c, '\t' | '\n' | '\r'))
                || matches!(c, '\u{FFFE}' | '\u{FFFF}')
        };
        if let Some(character) = characters.find(is_refused) {
            return Err(ExportError::Character { index, character });
        }
    }
    Ok(())
}

/// Adds text, signs of XML and carriage returns by reference.
pub(super) fn push_text(out: &mut String, text: &str, line_feed: &str) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\r' => out.push_str("&#13;"),
            '\n' => out.push_str(line_feed),
            other => out.push(other),
        }
    }
}
