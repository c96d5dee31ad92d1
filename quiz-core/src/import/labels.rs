//! The letters before options, several of which may stand on one line.

use crate::{MAX_CHOICES, Position, folding::fold};

/// What follows the letter of an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    /// A full stop, comma, colon or closing bracket.
    Separated(char),
    /// Letter within brackets.
    Bracketed,
    Spaced,
    /// The words follow at once, as in "A2013年".
    Glued,
}

impl Style {
    /// Whether the label stands out by itself.
    const fn is_clear(self) -> bool {
        match self {
            Self::Separated(_) | Self::Bracketed => true,
            Self::Spaced | Self::Glued => false,
        }
    }
}

/// One letter that may begin an option.
#[derive(Clone, Copy, Debug)]
struct Label {
    index: usize,
    /// Byte where the label begins.
    start: usize,
    /// Byte where the words begin.
    words: usize,
    style: Style,
    after_space: bool,
}

/// Options found on one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Split {
    /// 0-based index of the first option.
    pub(super) first: usize,
    /// Words before the first option.
    pub(super) before: String,
    /// Texts of the options in order; blank where nothing follows the letter.
    pub(super) options: Vec<String>,
    /// Whether letters are set off by marks, so that the reading is literal.
    pub(super) is_clear: bool,
    /// Whether a letter could begin an option at more than one place.
    pub(super) is_ambiguous: bool,
}

/// Options of a line that begins with the letter of one.
pub(super) fn split_line(line: &str) -> Option<Split> {
    let labels = labels(line);
    let first = *labels.iter().find(|label| label.start == 0)?;
    Some(follow(line, &labels, first))
}

/// Options that begin within a line, after the stem; at least A and B, and C where the letters do not stand out.
pub(super) fn split_stem(line: &str) -> Option<Split> {
    let labels = labels(line);
    labels
        .iter()
        .filter(|label| label.index == 0 && label.start > 0)
        .find_map(|first| {
            let before = line.get(..first.start)?;
            let follows_pause = before.ends_with(|c: char| {
                c.is_whitespace() || "()（）[]【】?？。.:：_＿，,；;、".contains(c)
            });
            let split = follow(line, &labels, *first);
            let needed = if first.style.is_clear() { 2 } else { 3 };
            (follows_pause && split.options.len() >= needed && !split.is_ambiguous).then_some(split)
        })
}

/// Follows the letters in order from a first one; other letters are words of the options.
fn follow(line: &str, labels: &[Label], first: Label) -> Split {
    let mut chosen = vec![first];
    let mut is_ambiguous = false;
    let mut last = first;
    for index in first.index.saturating_add(1)..MAX_CHOICES {
        let later = |label: &&Label| label.index == index && label.start >= last.words;
        let alike = labels
            .iter()
            .filter(later)
            .filter(|label| label.style == first.style);
        let mut candidates: Vec<&Label> = alike.collect();
        if candidates.is_empty() && first.style.is_clear() {
            candidates = labels
                .iter()
                .filter(later)
                .filter(|label| label.style.is_clear())
                .collect();
        }
        let spaced: Vec<&Label> = candidates
            .iter()
            .copied()
            .filter(|label| label.after_space)
            .collect();
        let next = match (candidates.as_slice(), spaced.as_slice()) {
            ([only], _) | (_, [only]) => **only,
            ([], _) => break,
            (_, _) => {
                is_ambiguous = true;
                break;
            }
        };
        chosen.push(next);
        last = next;
    }
    let ends = chosen
        .iter()
        .skip(1)
        .map(|label| label.start)
        .chain([line.len()]);
    let text = |(label, end): (&Label, usize)| {
        line.get(label.words..end)
            .unwrap_or_default()
            .trim()
            .to_owned()
    };
    Split {
        first: first.index,
        before: line
            .get(..first.start)
            .unwrap_or_default()
            .trim()
            .to_owned(),
        options: chosen.iter().zip(ends).map(text).collect(),
        is_clear: first.style.is_clear(),
        is_ambiguous,
    }
}

/// Every letter that may begin an option, in order.
fn labels(line: &str) -> Vec<Label> {
    let characters: Vec<(usize, char)> = line.char_indices().collect();
    let at = |index: usize| characters.get(index).map(|(_, c)| *c);
    let byte = |index: usize| characters.get(index).map_or(line.len(), |(byte, _)| *byte);
    let mut found = Vec::new();
    for (index, &(start, character)) in characters.iter().enumerate() {
        let Some(letter) = option_letter(character) else {
            continue;
        };
        let before = index.checked_sub(1).and_then(at);
        let opening = before.filter(|c| "(（[【".contains(*c));
        let next = at(index.saturating_add(1));
        let after_next = index.saturating_add(2);
        let (style, start, words) = match (opening, next) {
            (Some(_), Some(c)) if ")）]】".contains(c) => (
                Style::Bracketed,
                index.checked_sub(1).map_or(start, byte),
                byte(after_next),
            ),
            (Some(_), _) => continue,
            (None, Some(c)) if ".．、:：)）".contains(c) => {
                (Style::Separated(fold_separator(c)), start, byte(after_next))
            }
            (None, Some(c)) if c.is_whitespace() => (Style::Spaced, start, byte(after_next)),
            (None, Some(c)) if !joins(c) && !c.is_ascii_alphabetic() => {
                (Style::Glued, start, byte(index.saturating_add(1)))
            }
            (None, _) => continue,
        };
        let boundary = if style == Style::Bracketed {
            index.checked_sub(2).and_then(at)
        } else {
            before
        };
        if boundary.is_none_or(|c| !c.is_ascii_alphanumeric() && !joins(c)) {
            let after_space = boundary.is_none_or(char::is_whitespace);
            found.push(Label {
                index: letter.index(),
                start,
                words,
                style,
                after_space,
            });
        }
    }
    found
}

/// Position of a half- or full-width capital letter.
fn option_letter(character: char) -> Option<Position> {
    let folded = if ('Ａ'..='Ｆ').contains(&character) {
        fold(&character.to_string()).to_uppercase()
    } else {
        character.to_string()
    };
    folded.parse().ok()
}

/// Marks and words that join letters into a list, as in "A、B和C".
fn joins(character: char) -> bool {
    "、,，和与及或跟/+&-—－~～至到“”\"'‘’《》".contains(character)
}

fn fold_separator(separator: char) -> char {
    match separator {
        '．' => '.',
        '：' => ':',
        '）' => ')',
        other => other,
    }
}
