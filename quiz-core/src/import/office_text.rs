//! Questions in running text, as Chinese offices write them: paragraphs of documents and plain text.
//!
//! A question is a numbered stem (`1.`, `1、`, `（1）`, `第1题`), or any line followed by an option A;
//! then options by letter, one or several on a line; then, in any order, lines that begin with 答案, 解析, 依据, 来源 or 时点.
//! The key may instead stand in the bracket of the stem, as "(正确答案)" after an option, alone on a line,
//! or in a list of all keys behind the last question.
//! Options without letters are read where a tag such as `[单选题]` ends the stem, as survey sites print them.
//! A line is never parted at letters unless they follow each other from the expected one at places where an option can begin.

use std::collections::{BTreeMap, VecDeque};

use super::{
    Import, ImportedRow, MOST_FINDINGS, Place, Positioned,
    gathering::{Gathering, Open, tagged_stem},
    key_list::{announces_keys, key_list},
    kind::Kind,
    labels::{Split, split_line, split_stem},
    markers::{Field, Segment, segments},
    numbering::{Numbered, heading, is_debris, numbered, numbered_in_chinese},
};
use crate::{
    Finding, FindingCode, MIN_CHOICES,
    folding::{fold, is_blank},
};

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
/// A line of more than 16 KiB is words: neither options nor keys are looked for in it.
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
        .filter(|line| !is_blank(&line.text))
        .collect();
    let first = lines.front().cloned();
    let mut reader = Reader {
        file: &document.file,
        lines,
        entries: Vec::new(),
        current: None,
        section: None,
        last_number: None,
        unkeyed: BTreeMap::new(),
        key_list: None,
        is_starred: false,
        is_after_heading: false,
    };
    while let Some(line) = reader.lines.pop_front() {
        if reader.entries.len() >= MOST_FINDINGS {
            reader.report(FindingCode::TooManyFindings, &line);
            break;
        }
        reader.line(&line);
    }
    reader.finish();
    let mut import = reader.judged();
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

#[derive(Clone)]
struct Line {
    row: u32,
    text: String,
}

/// What was read, in the order of the file.
enum Entry {
    Finding(Box<Finding>),
    /// Judged at the end, when a list of keys behind it has been read.
    Question(Box<Gathering>),
}

struct Reader<'document> {
    file: &'document str,
    /// Lines still to be read.
    lines: VecDeque<Line>,
    entries: Vec<Entry>,
    current: Option<Gathering>,
    /// Heading of a section whose questions are not single choice.
    section: Option<Positioned<String>>,
    last_number: Option<u32>,
    /// Entries of the questions without a key, by their number.
    unkeyed: BTreeMap<u32, VecDeque<usize>>,
    /// Within a list of keys: whether they are those of single-choice questions.
    key_list: Option<bool>,
    /// Whether stems begin with a star: one stood behind a heading.
    is_starred: bool,
    is_after_heading: bool,
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
        self.note(finding);
    }

    fn note(&mut self, finding: Finding) {
        self.entries.push(Entry::Finding(Box::new(finding)));
    }

    fn line(&mut self, line: &Line) {
        let is_after_heading = std::mem::take(&mut self.is_after_heading);
        if self.keys(line) {
            return;
        }
        let takes_unlettered = self.takes_unlettered();
        if is_debris(&line.text) && !(takes_unlettered && fold(&line.text).len() < 5) {
            self.report(FindingCode::SkippedLine, line);
            return;
        }
        if let Some(kind) = heading(&line.text) {
            self.finish();
            self.section = (kind == Kind::Other).then(|| self.words(line.row, &line.text));
            self.is_after_heading = true;
            return;
        }
        if let Some(stem) = line.text.strip_prefix(['*', '＊'])
            && (is_after_heading || self.is_starred)
        {
            self.finish();
            self.is_starred = true;
            self.begin(line.row, None, stem.trim());
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

    /// Takes a line of a list of keys; false if it is another line.
    fn keys(&mut self, line: &Line) -> bool {
        let begins = announces_keys(&line.text)
            && self
                .lines
                .iter()
                .take(2)
                .any(|next| key_list(&next.text).is_some());
        if begins {
            self.finish();
            self.key_list = Some(true);
            return true;
        }
        let Some(is_single) = self.key_list else {
            return false;
        };
        if let Some(kind) = heading(&line.text) {
            self.key_list = Some(kind != Kind::Other);
            return true;
        }
        let Some(keys) = key_list(&line.text) else {
            self.key_list = None;
            return false;
        };
        if is_single {
            self.give_keys(line, keys);
        }
        true
    }

    /// Gives keys to the questions of their numbers.
    fn give_keys(&mut self, line: &Line, keys: Vec<(u32, String)>) {
        let mut is_unread = false;
        for (number, key) in keys {
            let words = self.words(line.row, &key);
            let waiting = self.unkeyed.get_mut(&number).and_then(VecDeque::pop_front);
            match waiting.and_then(|index| self.entries.get_mut(index)) {
                Some(Entry::Question(question)) => question.row.key = Some(words),
                Some(Entry::Finding(_)) | None => is_unread = true,
            }
        }
        if is_unread {
            self.report(FindingCode::UnreadLine, line);
        }
    }

    fn takes_unlettered(&self) -> bool {
        self.current
            .as_ref()
            .is_some_and(Gathering::takes_unlettered)
    }

    /// Words without a marker: a stem, options, or more of what is open.
    fn bare(&mut self, line: &Line) {
        if let Some(numbered) = numbered(&line.text) {
            if self.is_stray(&numbered) {
                self.report(FindingCode::SkippedLine, line);
                return;
            }
            if self.begins_question(&numbered) {
                let expected = self
                    .last_number
                    .map_or(numbered.number, |last| last.saturating_add(1));
                self.finish();
                if numbered.number != expected && numbered.number != 1 {
                    self.report(FindingCode::NumberingGap, line);
                }
                self.last_number = Some(numbered.number);
                self.begin(line.row, Some(numbered.number), numbered.rest);
                return;
            }
        }
        if self
            .current
            .as_ref()
            .is_some_and(|c| c.lone_key(&line.text))
        {
            self.field(Field::Key, line);
            return;
        }
        if let Some(split) = split_line(&line.text)
            && self.options(line, &split)
        {
            return;
        }
        let words = self.words(line.row, &line.text);
        if let Some(current) = self.current.as_mut().filter(|c| c.takes_unlettered()) {
            current.unlettered(words);
            return;
        }
        if self.begins_unnumbered(&line.text) {
            self.finish();
            let (number, stem) = match numbered_in_chinese(&line.text) {
                Some((number, stem)) => (Some(number), stem),
                None => (None, line.text.as_str()),
            };
            self.begin(line.row, number, stem);
            return;
        }
        self.continuation(line);
    }

    /// Whether a number stands alone within an open stem, as page breaks leave it.
    fn is_stray(&self, numbered: &Numbered<'_>) -> bool {
        let is_open = |c: &Gathering| c.open == Open::Stem && !c.row.stem.value.is_empty();
        numbered.rest.is_empty() && self.current.as_ref().is_some_and(is_open)
    }

    /// Whether a line without a number begins a question: its options follow, or stand on it.
    fn begins_unnumbered(&self, text: &str) -> bool {
        let is_open_stem = self.current.as_ref().is_some_and(|c| c.open == Open::Stem);
        if is_open_stem {
            return false;
        }
        let may_begin = self.current.as_ref().is_none_or(Gathering::is_complete);
        self.next_begins_options(0)
            || (may_begin && (split_stem(text).is_some() || piped(text).is_some()))
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

    fn begin(&mut self, row: u32, number: Option<u32>, text: &str) {
        let tagged = tagged_stem(text);
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
            number,
            open: Open::Stem,
            next_in_list: None,
            is_broken: false,
            is_unlettered: tagged.is_some(),
        };
        self.current = Some(gathering);
        self.stem(&Line {
            row,
            text: tagged.unwrap_or(text).to_owned(),
        });
    }

    /// Adds words to the stem, with options that may follow on the same line.
    fn stem(&mut self, line: &Line) {
        let split = split_stem(&line.text);
        let piped = piped(&line.text);
        let words = match (&split, &piped) {
            (Some(split), _) => split.before.as_str(),
            (None, Some((stem, _))) => stem,
            (None, None) => line.text.as_str(),
        };
        if let Some(current) = self.current.as_mut() {
            join(&mut current.row.stem.value, words);
        }
        if let Some(split) = split {
            self.options(line, &split);
        } else if let Some((_, options)) = piped {
            let place = self.place(line.row);
            let finding =
                Finding::new(FindingCode::SplitOptions, place.clone(), line.text.as_str())
                    .read_as(options.join(" | "));
            if let Some(current) = self.current.as_mut() {
                current
                    .row
                    .options
                    .extend(options.into_iter().map(|text| Positioned {
                        place: place.clone(),
                        value: text.to_owned(),
                    }));
                current.open = Open::Options;
            }
            self.note(finding);
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
        current.is_unlettered = false;
        let trailing = current.trailing_key();
        let is_broken = !is_expected || split.is_ambiguous;
        let was_broken = current.is_broken;
        current.is_broken |= is_broken;
        if is_broken && !was_broken {
            self.report(FindingCode::OptionOutOfOrder, line);
        } else if !split.is_literal() {
            let code = match split.options.len() {
                1 => FindingCode::LabelRemoved,
                _ => FindingCode::SplitOptions,
            };
            let finding = Finding::new(code, place, line.text.as_str());
            self.note(finding.read_as(split.options.join(" | ")));
        }
        if let Some(finding) = trailing {
            self.note(finding);
        }
        true
    }

    /// Words after a marker.
    fn field(&mut self, field: Field, line: &Line) {
        if field == Field::Key
            && let Some(keys) = key_list(&line.text).filter(|keys| keys.len() > 1)
        {
            self.finish();
            self.key_list = Some(true);
            self.give_keys(line, keys);
            return;
        }
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
                // [分值:5] behind a stem is no end of it.
                if !row.options.is_empty() || current.open != Open::Stem {
                    current.open = Open::Closed;
                }
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
        self.note(finding.read_as(format!("{key} | {rest}")));
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
            Open::Key => row.key.as_mut().filter(|key| is_blank(&key.value)),
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

    /// Puts the question gathered aside, to be judged at the end.
    fn finish(&mut self) {
        let Some(gathering) = self.current.take() else {
            return;
        };
        let is_single = gathering.row.kind.is_none();
        if let Some(number) = gathering.number
            && is_single
            && gathering.row.key.is_none()
        {
            let waiting = self.unkeyed.entry(number).or_default();
            waiting.push_back(self.entries.len());
        }
        self.entries.push(Entry::Question(Box::new(gathering)));
    }

    /// Judges every question.
    fn judged(self) -> Import {
        let mut import = Import::default();
        for entry in self.entries {
            match entry {
                Entry::Finding(finding) => import.findings.push(*finding),
                Entry::Question(gathering) => {
                    let diagnosed = gathering.row.diagnose();
                    import.extend(if gathering.is_broken {
                        diagnosed.without_questions()
                    } else {
                        diagnosed
                    });
                }
            }
        }
        import
    }
}

/// Stem and options between upright strokes; at least two options.
fn piped(text: &str) -> Option<(&str, Vec<&str>)> {
    let mut parts = text
        .split(['|', '｜'])
        .map(str::trim)
        .filter(|part| !part.is_empty());
    let stem = parts.next()?;
    let options: Vec<&str> = parts.collect();
    (options.len() >= MIN_CHOICES).then_some((stem, options))
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
