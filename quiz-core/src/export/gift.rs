//! Questions in the GIFT format.

use super::{ExportError, compare, feedback, has_pins, refuse};
use crate::{Position, Question, import::gift::read};

/// Titles by number, answers in braces, explanation with source and day as general feedback.
///
/// Text that may be taken for HTML or for a format is marked `[plain]`.
///
/// # Errors
///
/// [`ExportError::NoPlace`] for pinned options; [`Misread`](ExportError::Misread) for an explanation whose last lines
/// begin like those of source and day.
///
/// ```
/// use quiz_core::{Position, Question, QuestionDraft, export::gift};
/// let question = Question::new(QuestionDraft {
///     stem: "1 + 1 = （ ）".to_owned(), choices: vec!["2".to_owned(), "3".to_owned()], key: Position::A,
///     explanation: Some("数".to_owned()), source: None, law_as_of: None,
/// })?;
/// assert_eq!(gift::print(&[question])?, "::1::1 + 1 \\= （ ） {\n\t=2\n\t~3\n\t####数\n}\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn print(questions: &[Question]) -> Result<String, ExportError> {
    refuse(questions, has_pins)?;
    let mut text = String::new();
    for (number, question) in (1_usize..).zip(questions) {
        if number > 1 {
            text.push('\n');
        }
        text.push_str(&format!("::{number}::{} {{\n", shown(question.stem())));
        for (position, choice) in Position::ALL.into_iter().zip(question.choices()) {
            let mark = if position == question.key() { '=' } else { '~' };
            text.push_str(&format!("\t{mark}{}\n", shown(choice.text())));
        }
        if let Some(feedback) = feedback(question) {
            text.push_str(&format!("\t####{}\n", shown(&feedback)));
        }
        text.push_str("}\n");
    }
    compare(questions, &read("", &text))?;
    Ok(text)
}

/// Text with its signs escaped; options and feedback would otherwise take the format of the stem.
fn shown(text: &str) -> String {
    let mut shown = String::new();
    if text.contains(['<', '&']) || text.starts_with(['[', '%']) {
        shown.push_str("[plain]");
    }
    for character in text.chars() {
        match character {
            '~' | '=' | '#' | '{' | '}' | ':' | '\\' => {
                shown.push('\\');
                shown.push(character);
            }
            '\n' => shown.push_str("\\n"),
            other => shown.push(other),
        }
    }
    shown
}
