//! Tables whose rows tell in their first cell what they hold: module, subject, question or answer.
//!
//! This is the tab-separated form of `TCExam`: `Q`, enabled, description, explanation, type (`S` single, `M` multiple,
//! `T` text, `O` ordering); then `A`, enabled, description, explanation, whether it is right.

use super::{
    Column, Import, ImportedRow, Positioned,
    table::{Sheet, is_blank_row, place},
};
use crate::{Finding, FindingCode, Position};

/// Reads such a table; `None` if it is another one.
pub(super) fn read(sheet: &Sheet) -> Option<Import> {
    let filled = || sheet.rows.iter().filter(|row| !is_blank_row(row));
    let is_known = filled().all(|row| kind(row).is_some());
    let has = |wanted: char| filled().any(|row| kind(row) == Some(wanted));
    if !(is_known && has('Q') && has('A')) {
        return None;
    }
    let mut import = Import::default();
    let mut current = None::<Gathering>;
    for (index, row) in sheet.rows.iter().enumerate() {
        let words = Words { sheet, index, row };
        let is_title = row.first().is_some_and(|cell| cell.contains('='));
        match kind(row).filter(|_| !is_title) {
            Some('A') => match current.as_mut() {
                Some(question) => question.answer(&words, &mut import),
                None => import.findings.push(words.finding(FindingCode::UnreadLine)),
            },
            Some('Q') => {
                finish(current.take(), &mut import);
                current = Some(Gathering::new(&words));
            }
            Some(_) => finish(current.take(), &mut import),
            None => {}
        }
    }
    finish(current, &mut import);
    Some(import)
}

/// Letter of a row, as in `Q` or in the title `Q=QUESTION`; `None` for another first cell.
fn kind(row: &[String]) -> Option<char> {
    let cell = row.first()?.trim();
    let letter = cell.chars().next().filter(|c| "MSQA".contains(*c))?;
    let rest = cell.strip_prefix(letter)?;
    (rest.is_empty() || rest.starts_with('=')).then_some(letter)
}

/// Cells of one row.
struct Words<'sheet> {
    sheet: &'sheet Sheet,
    index: usize,
    row: &'sheet [String],
}

impl Words<'_> {
    fn cell(&self, at: usize) -> &str {
        self.row.get(at).map_or("", |cell| cell.trim())
    }

    fn words(&self, at: usize, title: &str) -> Positioned<String> {
        let offset = u32::try_from(at).unwrap_or(u32::MAX);
        let column = Column::new(self.sheet.first_column.saturating_add(offset), title);
        Positioned {
            place: place(self.sheet, self.index, Some(column)),
            value: self.cell(at).to_owned(),
        }
    }

    fn finding(&self, code: FindingCode) -> Finding {
        Finding::new(code, place(self.sheet, self.index, None), self.cell(2))
    }

    fn is_enabled(&self) -> bool {
        self.cell(1) != "0"
    }
}

struct Gathering {
    row: ImportedRow,
    right: Vec<Position>,
    is_enabled: bool,
}

impl Gathering {
    fn new(words: &Words<'_>) -> Self {
        let kind = words.words(4, "question_type");
        let name = match kind.value.as_str() {
            "S" => "单选题",
            "M" => "多选题",
            "T" => "简答题",
            "O" => "排序题",
            other => other,
        };
        let kind = Positioned {
            value: name.to_owned(),
            ..kind
        };
        let row = ImportedRow {
            place: place(words.sheet, words.index, None),
            kind: Some(kind),
            stem: words.words(2, "question_description"),
            options: Vec::new(),
            key: None,
            explanation: Some(words.words(3, "question_explanation")),
            source: None,
            law_as_of: None,
        };
        Self {
            row,
            right: Vec::new(),
            is_enabled: words.is_enabled(),
        }
    }

    fn answer(&mut self, words: &Words<'_>, import: &mut Import) {
        if !words.is_enabled() {
            import
                .findings
                .push(words.finding(FindingCode::SkippedLine));
            return;
        }
        if words.cell(4) == "1" {
            let position = Position::from_index(self.row.options.len());
            self.right.extend(position);
            let letters: Vec<String> = self.right.iter().map(Position::to_string).collect();
            self.row.key = Some(Positioned {
                value: letters.join(","),
                ..words.words(4, "answer_isright")
            });
        }
        self.row.options.push(words.words(2, "answer_description"));
    }
}

fn finish(gathering: Option<Gathering>, import: &mut Import) {
    let Some(Gathering {
        row, is_enabled, ..
    }) = gathering
    else {
        return;
    };
    if is_enabled {
        import.extend(row.diagnose());
    } else {
        let finding = Finding::new(FindingCode::SkippedLine, row.place, row.stem.value);
        import.findings.push(finding);
    }
}
