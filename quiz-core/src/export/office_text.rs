//! Questions as numbered paragraphs, the way papers are printed.

use super::{ExportError, compare, has_pins, refuse};
use crate::{
    Position, Question,
    import::office_text::{Document, read},
};

/// Paragraphs: number and stem, one option a line, 答案, 解析, 依据, 法条时点; a blank line between questions.
///
/// # Errors
///
/// [`ExportError::NoPlace`] for pinned options; [`Misread`](ExportError::Misread) and [`Lost`](ExportError::Lost) where
/// words would be read as something else: line feeds, 答案： within an option, a number at the beginning of a line.
///
/// ```
/// use quiz_core::{Position, Question, QuestionDraft, export::office_text};
/// let question = Question::new(QuestionDraft {
///     stem: "1 + 1 = （ ）".to_owned(), choices: vec!["2".to_owned(), "3".to_owned()], key: Position::A,
///     explanation: None, source: None, law_as_of: None,
/// })?;
/// assert_eq!(office_text::print(&[question])?, "1. 1 + 1 = （ ）\nA. 2\nB. 3\n答案：A\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn print(questions: &[Question]) -> Result<String, ExportError> {
    refuse(questions, has_pins)?;
    let mut text = String::new();
    for (number, question) in (1_usize..).zip(questions) {
        if number > 1 {
            text.push('\n');
        }
        text.push_str(&format!("{number}. {}\n", question.stem()));
        for (position, choice) in Position::ALL.iter().zip(question.choices()) {
            text.push_str(&format!("{position}. {}\n", choice.text()));
        }
        text.push_str(&format!("答案：{}\n", question.key()));
        for (name, words) in [
            ("解析", question.explanation()),
            ("依据", question.source()),
        ] {
            if let Some(words) = words {
                text.push_str(&format!("{name}：{words}\n"));
            }
        }
        if let Some(day) = question.law_as_of() {
            text.push_str(&format!("法条时点：{}\n", day.format("%Y-%m-%d")));
        }
    }
    let document = Document {
        file: String::new(),
        paragraphs: text.split('\n').map(str::to_owned).collect(),
    };
    compare(questions, &read(&document))?;
    Ok(text)
}
