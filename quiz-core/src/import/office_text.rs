//! Questions in running text, as Chinese offices write them: paragraphs of documents and plain text.
//!
//! A question is a numbered stem (`1.`, `1、`, `（1）`, `第1题`), or any line followed by an option A;
//! then options by letter, one or several on a line; then, in any order, lines that begin with 答案, 解析, 依据, 来源 or 时点.
//! The key may instead stand in the bracket of the stem, or as "(正确答案)" after an option.
//! A line is never parted at letters unless they follow each other from the expected one at places where an option can begin.

use std::collections::VecDeque;

use super::{
    Import, ImportedRow, Place, Positioned,
    kind::Kind,
    labels::{Split, split_line, split_stem},
    markers::{Field, Segment, segments},
    numbering::{Numbered, heading, is_debris, numbered},
};
use crate::{Finding, FindingCode, MIN_CHOICES, folding::fold};

/// Text of one file, paragraph by paragraph.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a plain record; readers of file formats write it as a literal"
)]
pub struct Document {
    /// Name of the file.
    pub file: String,
    /// Paragraphs or lines, blank ones included, so that their numbers are those of the file.
    pub paragraphs: Vec<String>,
}

/// Reads every question of a document.
///
/// Words before the first question are titles and are passed over.
/// A blank document is an empty import; one without a question is one finding.
///
/// ```
/// use quiz_core::import::office_text::{Document, read};
/// let import = read(&Document {
///     file: "无锡.docx".to_owned(),
///     paragraphs: ["1、信用代码共（ ）位。", "A.16  B.17  C.18", "答案：C"].map(str::to_owned).to_vec(),
/// });
/// assert_eq!(import.questions.len(), 1);
/// assert_eq!(import.questions[0].value.choices().len(), 3);
/// ```
#[must_use]
pub fn read(document: &Document) -> Import {
    let lines: VecDeque<Line> = (1_u32..)
        .zip(&document.paragraphs)
        .flat_map(|(row, paragraph)| {
            paragraph.lines().map(move |text| Line {
                row,
                text: text.trim().to_owned(),
            })
        })
        .filter(|line| !fold(&line.text).is_empty())
        .collect();
    let first = lines.front().cloned();
    let mut reader = Reader {
        file: &document.file,
        lines,
        import: Import::default(),
        current: None,
        section: None,
        last_number: None,
    };
    while let Some(line) = reader.lines.pop_front() {
        reader.line(&line);
    }
    reader.finish();
    let mut import = reader.import;
    if let Some(first) = first
        && import.questions.is_empty()
        && import.findings.is_empty()
    {
        let place = Place {
            file: document.file.clone(),
            sheet: None,
            row: first.row,
            column: None,
        };
        import
            .findings
            .push(Finding::new(FindingCode::NoQuestions, place, first.text));
    }
    import
}

/// Options written in one cell of a table: a line each, between upright strokes, or after their letters.
pub(super) fn split_cell(cell: &Positioned<String>) -> Vec<Positioned<String>> {
    let part = |text: &str| Positioned {
        place: cell.place.clone(),
        value: text.trim().to_owned(),
    };
    let parts: Vec<_> = cell
        .value
        .split(['\n', '|', '｜'])
        .filter(|text| !text.trim().is_empty())
        .map(part)
        .collect();
    if parts.len() >= MIN_CHOICES {
        return parts;
    }
    match split_line(cell.value.trim()).filter(|split| split.first == 0 && !split.is_ambiguous) {
        Some(split) => split.options.iter().map(|text| part(text)).collect(),
        None => parts,
    }
}

#[derive(Clone)]
struct Line {
    row: u32,
    text: String,
}

/// The question being gathered.
struct Gathering {
    row: ImportedRow,
    /// What a line without a marker continues.
    open: Open,
    /// Next number of a list within the stem.
    next_in_list: Option<u32>,
    /// Whether the options cannot be trusted, so that no question may come of it.
    is_broken: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    Stem,
    Options,
    Key,
    Explanation,
    Source,
    Closed,
}

impl Gathering {
    fn is_complete(&self) -> bool {
        self.row.options.len() >= MIN_CHOICES
    }
}

struct Reader<'document> {
    file: &'document str,
    /// Lines still to be read.
    lines: VecDeque<Line>,
    import: Import,
    current: Option<Gathering>,
    /// Heading of a section whose questions are not single choice.
    section: Option<Positioned<String>>,
    last_number: Option<u32>,
}

impl Reader<'_> {
    fn place(&self, row: u32) -> Place {
        Place {
            file: self.file.to_owned(),
            sheet: None,
            row,
            column: None,
        }
    }

    fn words(&self, row: u32, text: &str) -> Positioned<String> {
        Positioned {
            place: self.place(row),
            value: text.to_owned(),
        }
    }

    fn report(&mut self, code: FindingCode, line: &Line) {
        let finding = Finding::new(code, self.place(line.row), line.text.as_str());
        self.import.findings.push(finding);
    }

    fn line(&mut self, line: &Line) {
        if is_debris(&line.text) {
            self.report(FindingCode::SkippedLine, line);
            return;
        }
        if let Some(kind) = heading(&line.text) {
            self.finish();
            self.section = (kind == Kind::Other).then(|| self.words(line.row, &line.text));
            return;
        }
        for Segment { field, words } in segments(&line.text) {
            let part = Line {
                row: line.row,
                text: words,
            };
            match field {
                Some(field) => self.field(field, &part),
                None => self.bare(&part),
            }
        }
    }

    /// Words without a marker: a stem, options, or more of what is open.
    fn bare(&mut self, line: &Line) {
        if let Some(numbered) = numbered(&line.text)
            && self.begins_question(&numbered)
        {
            let expected = self
                .last_number
                .map_or(numbered.number, |last| last.saturating_add(1));
            self.finish();
            if numbered.number != expected && numbered.number != 1 {
                self.report(FindingCode::NumberingGap, line);
            }
            self.last_number = Some(numbered.number);
            self.begin(line.row, numbered.rest);
            return;
        }
        if let Some(split) = split_line(&line.text)
            && self.options(line, &split)
        {
            return;
        }
        let is_open_stem = self.current.as_ref().is_some_and(|c| c.open == Open::Stem);
        if !is_open_stem && self.next_begins_options(0) {
            self.finish();
            self.begin(line.row, &line.text);
            return;
        }
        self.continuation(line);
    }

    /// Whether a number begins a question, and not a list, a quantity or a date.
    fn begins_question(&mut self, numbered: &Numbered<'_>) -> bool {
        let Numbered {
            number,
            rest,
            is_clear,
        } = *numbered;
        let is_next = self
            .last_number
            .map_or(number == 1, |last| number == last.saturating_add(1));
        let has_options = self.next_begins_options(0) || split_stem(rest).is_some();
        let last_number = self.last_number;
        let Some(current) = self.current.as_mut() else {
            return is_next || is_clear;
        };
        if !current.is_complete() && current.row.key.is_none() {
            let is_in_list = current
                .next_in_list
                .map_or(number == 1, |next| number == next);
            if is_in_list && !(is_next && has_options) {
                current.next_in_list = Some(number.saturating_add(1));
                return false;
            }
            return is_next;
        }
        is_next
            || (number == 1 && has_options)
            || (is_clear && last_number.is_some_and(|last| number > last) && has_options)
    }

    /// Whether the next line begins with the option of a 0-based index.
    fn next_begins_options(&self, index: usize) -> bool {
        self.lines
            .front()
            .and_then(|next| split_line(&next.text))
            .is_some_and(|split| split.first == index)
    }

    fn begin(&mut self, row: u32, text: &str) {
        let gathering = Gathering {
            row: ImportedRow {
                place: self.place(row),
                kind: self.section.clone(),
                stem: self.words(row, ""),
                options: Vec::new(),
                key: None,
                explanation: None,
                source: None,
                law_as_of: None,
            },
            open: Open::Stem,
            next_in_list: None,
            is_broken: false,
        };
        self.current = Some(gathering);
        self.stem(&Line {
            row,
            text: text.to_owned(),
        });
    }

    /// Adds words to the stem, with options that may follow on the same line.
    fn stem(&mut self, line: &Line) {
        let split = split_stem(&line.text);
        let words = split
            .as_ref()
            .map_or(line.text.as_str(), |split| split.before.as_str());
        if let Some(current) = self.current.as_mut() {
            join(&mut current.row.stem.value, words);
        }
        if let Some(split) = split {
            self.options(line, &split);
        }
    }

    /// Takes the options of a line; false if they are words after all.
    fn options(&mut self, line: &Line, split: &Split) -> bool {
        let place = self.place(line.row);
        let follows = self.next_begins_options(split.first.saturating_add(split.options.len()));
        let Some(current) = self.current.as_mut() else {
            if split.is_clear {
                self.report(FindingCode::UnreadLine, line);
            }
            return split.is_clear;
        };
        let is_expected = split.first == current.row.options.len();
        let is_option = split.is_clear
            || (is_expected
                && (split.options.len() > 1
                    || follows
                    || (split.first > 0 && current.open == Open::Options)));
        if !is_option {
            return false;
        }
        let texts = split.options.iter();
        current.row.options.extend(texts.map(|text| Positioned {
            place: place.clone(),
            value: text.clone(),
        }));
        current.open = Open::Options;
        let is_broken = !is_expected || split.is_ambiguous;
        let was_broken = current.is_broken;
        current.is_broken |= is_broken;
        if is_broken && !was_broken {
            self.report(FindingCode::OptionOutOfOrder, line);
        } else if !split.is_clear {
            let finding = Finding::new(FindingCode::SplitOptions, place, line.text.as_str());
            self.import
                .findings
                .push(finding.read_as(split.options.join(" | ")));
        }
        true
    }

    /// Words after a marker.
    fn field(&mut self, field: Field, line: &Line) {
        if self.current.is_none() {
            self.report(FindingCode::UnreadLine, line);
            return;
        }
        let text = if field == Field::Key {
            self.part_glued(line)
        } else {
            line.text.clone()
        };
        let words = self.words(line.row, &text);
        let Some(current) = self.current.as_mut() else {
            return;
        };
        let row = &mut current.row;
        let (slot, open) = match field {
            Field::Key => (&mut row.key, Open::Key),
            Field::Explanation => (&mut row.explanation, Open::Explanation),
            Field::Source => (&mut row.source, Open::Source),
            Field::LawAsOf => (&mut row.law_as_of, Open::Closed),
            Field::Kind => (&mut row.kind, Open::Closed),
            Field::Ignored => {
                current.open = Open::Closed;
                return;
            }
        };
        let is_repeated = slot
            .as_ref()
            .is_some_and(|earlier| fold(&earlier.value) != fold(&words.value));
        if slot.is_none() || field == Field::Kind {
            *slot = Some(words);
            current.open = open;
        } else if is_repeated {
            current.open = Open::Closed;
            let is_key = field == Field::Key;
            current.is_broken |= is_key;
            self.report(
                if is_key {
                    FindingCode::ConflictingKeys
                } else {
                    FindingCode::RepeatedField
                },
                line,
            );
        }
    }

    /// The words of a key, with a question glued to it put back to be read next, as in "C2. …".
    fn part_glued(&mut self, line: &Line) -> String {
        let rest = line.text.trim_start_matches(|c: char| {
            ('A'..='F').contains(&c)
                || ('Ａ'..='Ｆ').contains(&c)
                || c.is_whitespace()
                || "。.．；;√×对错".contains(c)
        });
        let is_glued = numbered(rest)
            .is_some_and(|n| Some(n.number) == self.last_number.map(|last| last.saturating_add(1)));
        let Some(key) = line
            .text
            .strip_suffix(rest)
            .map(str::trim)
            .filter(|key| is_glued && !key.is_empty())
        else {
            return line.text.clone();
        };
        let finding = Finding::new(
            FindingCode::SplitGlued,
            self.place(line.row),
            line.text.as_str(),
        );
        self.import
            .findings
            .push(finding.read_as(format!("{key} | {rest}")));
        self.lines.push_front(Line {
            row: line.row,
            text: rest.to_owned(),
        });
        key.to_owned()
    }

    /// Words that belong to what is open.
    fn continuation(&mut self, line: &Line) {
        let Some(current) = self.current.as_mut() else {
            return;
        };
        let row = &mut current.row;
        let target = match current.open {
            Open::Stem => {
                self.stem(line);
                self.report(FindingCode::JoinedLine, line);
                return;
            }
            Open::Options => row.options.last_mut(),
            Open::Key => row.key.as_mut().filter(|key| fold(&key.value).is_empty()),
            Open::Explanation => row.explanation.as_mut(),
            Open::Source => row.source.as_mut(),
            Open::Closed => None,
        };
        let code = match target {
            Some(words) => {
                join(&mut words.value, &line.text);
                FindingCode::JoinedLine
            }
            None => FindingCode::UnreadLine,
        };
        self.report(code, line);
    }

    /// Judges the question gathered.
    fn finish(&mut self) {
        let Some(Gathering { row, is_broken, .. }) = self.current.take() else {
            return;
        };
        let mut diagnosed = row.diagnose();
        if is_broken {
            diagnosed.questions.clear();
        }
        self.import.extend(diagnosed);
    }
}

/// Joins words, with a space only between two ASCII letters or digits.
fn join(words: &mut String, more: &str) {
    let parts_words = words.ends_with(|c: char| c.is_ascii_alphanumeric())
        && more.starts_with(|c: char| c.is_ascii_alphanumeric());
    if parts_words {
        words.push(' ');
    }
    words.push_str(more);
}
