//! Questions as rows of cells, and such rows as comma- or tab-separated text.

use super::{ExportError, compare, has_pins, refuse};
use crate::{
    Question,
    import::table::{Sheet, guarded_from_formulas, read},
};

/// What parts the cells of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the two separated-value formats in use; callers choose between them"
)]
pub enum Separator {
    /// CSV (RFC 4180).
    Comma,
    /// TSV, quoted like CSV.
    Tab,
}

/// A header and one row for each question: 题目, 选项A and so on, 答案, 解析, 依据, 法条时点.
///
/// A cell that a spreadsheet would take for a formula (it begins with `=`, `+`, `-`, `@` or their full-width forms) is
/// preceded by an apostrophe, which the reader of tables takes off again
/// (OWASP, "CSV Injection").
///
/// # Errors
///
/// [`ExportError::NoPlace`] for pinned options; [`Misread`](ExportError::Misread) and [`Lost`](ExportError::Lost)
/// where the reader of tables would take words for a tag, a letter or a mark, as in `[多选题]`.
///
/// ```
/// use quiz_core::{Position, Question, QuestionDraft, export::table};
/// let question = Question::new(QuestionDraft {
///     stem: "1 + 1 = （ ）".to_owned(), choices: vec!["2".to_owned(), "3".to_owned()], key: Position::A,
///     explanation: None, source: None, law_as_of: None,
/// })?;
/// assert_eq!(table::rows(&[question])?[1][..4], ["1 + 1 = （ ）", "2", "3", "A"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn rows(questions: &[Question]) -> Result<Vec<Vec<String>>, ExportError> {
    refuse(questions, has_pins)?;
    let counts = questions.iter().map(|q| q.choices().len());
    let n_choices = counts.max().unwrap_or(crate::MIN_CHOICES);
    let letters = crate::Position::ALL.into_iter().take(n_choices);
    let mut header = vec!["题目".to_owned()];
    header.extend(letters.map(|letter| format!("选项{letter}")));
    header.extend(["答案", "解析", "依据", "法条时点"].map(str::to_owned));
    let mut rows = vec![header];
    let guarded = |cells: Vec<String>| cells.into_iter().map(guarded_from_formulas).collect();
    rows.extend(
        questions
            .iter()
            .map(|question| guarded(row(question, n_choices))),
    );
    let sheet = Sheet {
        file: String::new(),
        name: None,
        first_row: 1,
        first_column: 1,
        rows,
    };
    compare(questions, &read(&sheet))?;
    Ok(sheet.rows)
}

fn row(question: &Question, n_choices: usize) -> Vec<String> {
    let mut cells = vec![question.stem().to_owned()];
    cells.extend(question.choices().iter().map(|c| c.text().to_owned()));
    cells.resize(n_choices.saturating_add(1), String::new());
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let day = question.law_as_of();
    cells.extend([
        question.key().to_string(),
        text(question.explanation()),
        text(question.source()),
        day.map_or_else(String::new, |day| day.format("%Y-%m-%d").to_string()),
    ]);
    cells
}

/// The rows as text; every line ends in CR LF, as RFC 4180 asks.
///
/// # Errors
///
/// Those of [`rows`]; and [`ExportError::Character`] for a NUL and for a carriage return, which readers of separated
/// values change.
pub fn print(questions: &[Question], separator: Separator) -> Result<String, ExportError> {
    let rows = rows(questions)?;
    refuse_characters(questions)?;
    let separator = match separator {
        Separator::Comma => ',',
        Separator::Tab => '\t',
    };
    let mut text = String::new();
    for row in &rows {
        for (index, cell) in row.iter().enumerate() {
            if index > 0 {
                text.push(separator);
            }
            push_cell(&mut text, cell);
        }
        text.push_str("\r\n");
    }
    Ok(text)
}

fn refuse_characters(questions: &[Question]) -> Result<(), ExportError> {
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
        if let Some(character) = characters.find(|c| matches!(c, '\0' | '\r')) {
            return Err(ExportError::Character { index, character });
        }
    }
    Ok(())
}

fn push_cell(text: &mut String, cell: &str) {
    if cell.contains(['"', ',', '\t', ';', '\n', '\'']) {
        text.push('"');
        text.push_str(&cell.replace('"', "\"\""));
        text.push('"');
    } else {
        text.push_str(cell);
    }
}
