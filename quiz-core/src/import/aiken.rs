//! Questions in the Aiken format: a stem, options by letter, and a line `ANSWER: X`.
//!
//! Source: Moodle's documentation of the format, "Aiken format" (docs.moodle.org).

use super::{
    Import, MOST_FINDINGS, Place, Positioned, close,
    cursor::Cursor,
    literal::{LiteralItem, LiteralOption},
};
use crate::{Finding, FindingCode, Position};

/// Reads every question of a text.
///
/// An option is a line of one capital letter, `.` or `)`, and a space or tab; blank lines mean nothing.
/// Several lines before the first option are one stem.
/// The format knows neither explanation nor source.
///
/// ```
/// let import = quiz_core::import::aiken::read("aiken.txt", "1 + 1 = ( )\nA. 1\nB) 2\nANSWER: B\n");
/// assert_eq!(import.questions[0].value.choices().len(), 2);
/// ```
#[must_use]
pub fn read(file: &str, text: &str) -> Import {
    let mut reader = Reader {
        cursor: Cursor::new(file, text),
        import: Import::default(),
        current: None,
    };
    let mut offset = 0_usize;
    for line in text.split('\n') {
        let indent = line.len().saturating_sub(line.trim_start().len());
        if !line.trim().is_empty() && reader.import.findings.len() < MOST_FINDINGS {
            reader.line(offset.saturating_add(indent), line.trim());
        }
        offset = offset.saturating_add(line.len()).saturating_add(1);
    }
    reader.finish(None);
    let mut import = reader.import;
    close(&mut import, Place::line(file, 1), None);
    import
}

struct Reader<'text> {
    cursor: Cursor<'text>,
    import: Import,
    current: Option<Gathering>,
}

struct Gathering {
    stem: Positioned<String>,
    options: Vec<Positioned<String>>,
    /// A letter was not the next one.
    is_broken: bool,
}

impl Reader<'_> {
    fn line(&mut self, offset: usize, line: &str) {
        if let Some(key) = line.strip_prefix("ANSWER:") {
            let words = self.positioned(offset, key.trim().to_owned());
            self.finish(Some(words));
        } else if let Some((letter, option)) = option(line) {
            let words = self.positioned(offset, option.to_owned());
            let Some(current) = self.current.as_mut() else {
                self.note(FindingCode::UnreadLine, words);
                return;
            };
            let is_next = Position::from_index(current.options.len())
                .is_none_or(|next| next.letter() == letter);
            let was_broken = current.is_broken;
            current.is_broken |= !is_next;
            current.options.push(words.clone());
            if !is_next && !was_broken {
                self.note(FindingCode::OptionOutOfOrder, words);
            }
        } else {
            self.words(offset, line);
        }
    }

    /// A line of a stem; one behind options begins the next question.
    fn words(&mut self, offset: usize, line: &str) {
        if self.current.as_ref().is_some_and(|c| !c.options.is_empty()) {
            self.finish(None);
        }
        match self.current.as_mut() {
            Some(current) => {
                current.stem.value.push('\n');
                current.stem.value.push_str(line);
            }
            None => {
                let stem = self.positioned(offset, line.to_owned());
                self.current = Some(Gathering {
                    stem,
                    options: Vec::new(),
                    is_broken: false,
                });
            }
        }
    }

    fn positioned(&mut self, offset: usize, value: String) -> Positioned<String> {
        Positioned {
            place: self.cursor.place(offset),
            value,
        }
    }

    fn note(&mut self, code: FindingCode, words: Positioned<String>) {
        let finding = Finding::new(code, words.place, words.value);
        self.import.findings.push(finding);
    }

    fn finish(&mut self, key: Option<Positioned<String>>) {
        let Some(current) = self.current.take() else {
            if let Some(key) = key {
                self.note(FindingCode::UnreadLine, key);
            }
            return;
        };
        let mut findings = Vec::new();
        let place = current.stem.place.whole_row();
        let position =
            key.as_ref()
                .and_then(|key| match read_key(&key.value, current.options.len()) {
                    Ok(position) => Some(position),
                    Err(code) => {
                        findings.push(Finding::new(code, key.place.clone(), key.value.as_str()));
                        None
                    }
                });
        // A key that could not be read is one finding, not two.
        let is_key_told = key.is_some() && position.is_none();
        let options = Position::ALL
            .into_iter()
            .map(Some)
            .chain(std::iter::repeat(None))
            .zip(current.options)
            .map(|(place, words)| LiteralOption {
                words,
                is_key: place.is_some() && place == position,
                is_pinned: false,
            });
        let item = LiteralItem {
            place,
            stem: current.stem,
            options: options.collect(),
            explanation: None,
            findings,
        };
        let mut judged = item.judge();
        if is_key_told {
            let told = |f: &Finding| f.code != FindingCode::MissingKey;
            let findings = judged.findings.into_iter().filter(told).collect();
            judged = Import::of_item(None, findings);
        }
        self.import.extend(if current.is_broken {
            judged.without_questions()
        } else {
            judged
        });
    }
}

/// The letter and the words of a line that is an option.
fn option(line: &str) -> Option<(char, &str)> {
    let mut characters = line.chars();
    let letter = characters.next().filter(char::is_ascii_uppercase)?;
    characters.next().filter(|c| matches!(c, '.' | ')'))?;
    let rest = characters.as_str();
    (rest.is_empty() || rest.starts_with([' ', '\t'])).then(|| (letter, rest.trim()))
}

fn read_key(key: &str, n_options: usize) -> Result<Position, FindingCode> {
    let letters: Vec<char> = key.chars().filter(char::is_ascii_uppercase).collect();
    match *letters.as_slice() {
        [letter] if key.len() <= 2 => Position::from_letter(letter)
            .filter(|position| position.index() < n_options)
            .ok_or(FindingCode::KeyOutsideOptions),
        [] | [_] => Err(FindingCode::KeyNotUnderstood),
        _ => Err(FindingCode::SeveralKeys),
    }
}
