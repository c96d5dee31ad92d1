//! The letters before options, several of which may stand on one line.
//!
//! Every search costs the length of the line, up to a logarithm: a line may be hostile.

use std::collections::BTreeMap;

use crate::{MAX_CHOICES, Position, folding::fold};

/// What follows the letter of an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Style {
    /// A full stop, comma, colon or closing bracket.
    Separated(char),
    /// Letter within brackets.
    Bracketed,
    /// A small letter before a full stop, comma, colon or closing bracket.
    Small,
    Spaced,
    /// The words follow at once, as in "A2013年".
    Glued,
}

impl Style {
    /// Whether the label stands out by itself.
    const fn is_clear(self) -> bool {
        match self {
            Self::Separated(_) | Self::Bracketed | Self::Small => true,
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
    follows_pause: bool,
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
    /// Whether marks between the options were taken off, as in "A.甲；B.乙。".
    is_trimmed: bool,
}

impl Split {
    /// Whether nothing but letters and the marks after them was taken off.
    pub(super) const fn is_literal(&self) -> bool {
        self.is_clear && !self.is_trimmed
    }
}

/// Options of a line that begins with the letter of one.
pub(super) fn split_line(line: &str) -> Option<Split> {
    let labels = Labels::of(line, false);
    let first = labels.first_at_start()?;
    let split = labels.cut(&labels.follow(first));
    if split.options.len() > 1 || first.index > 0 {
        return Some(split);
    }
    // "A15B16C18D20": digits on both sides of the letters.
    let glued = Labels::of(line, true);
    let wider = glued
        .first_at_start()
        .map(|first| glued.cut(&glued.follow(first)));
    wider
        .filter(|wider| wider.options.len() >= LEAST_UNCLEAR && !wider.is_ambiguous)
        .or(Some(split))
}

/// Most bytes of a line that is searched for letters or keys; no office writes a longer one.
pub(super) const LONGEST_LINE: usize = 16 * 1024;

/// Fewest options in a row that are believed where the letters do not stand out.
const LEAST_UNCLEAR: usize = 3;

/// Options that begin within a line, after the stem; at least A and B, and C where the letters do not stand out.
pub(super) fn split_stem(line: &str) -> Option<Split> {
    let labels = Labels::of(line, false);
    let mut firsts = labels.all.iter().filter(|label| {
        label.index == 0 && label.start > 0 && label.style != Style::Small && label.follows_pause
    });
    firsts.find_map(|first| {
        let chain = labels.follow(*first);
        let needed = if first.style.is_clear() {
            2
        } else {
            LEAST_UNCLEAR
        };
        (chain.labels.len() >= needed && !chain.is_ambiguous).then(|| labels.cut(&chain))
    })
}

/// Labels in the order A, B, C and so on.
struct Chain {
    labels: Vec<Label>,
    is_ambiguous: bool,
}

/// Labels of one letter and look, in the order of the line.
#[derive(Default)]
struct Group {
    all: Vec<Label>,
    after_space: Vec<Label>,
}

/// Every letter of a line that may begin an option.
struct Labels<'line> {
    line: &'line str,
    all: Vec<Label>,
    /// By index and style; without a style, all that stand out by themselves.
    groups: BTreeMap<(usize, Option<Style>), Group>,
}

impl<'line> Labels<'line> {
    /// Reads a line; letters between digits count only if `within_digits`.
    fn of(line: &'line str, within_digits: bool) -> Self {
        let all = labels(line, within_digits);
        let mut groups: BTreeMap<_, Group> = BTreeMap::new();
        for label in &all {
            let clear = label.style.is_clear() && label.style != Style::Small;
            for style in [Some(Some(label.style)), clear.then_some(None)]
                .into_iter()
                .flatten()
            {
                let group = groups.entry((label.index, style)).or_default();
                group.all.push(*label);
                if label.after_space {
                    group.after_space.push(*label);
                }
            }
        }
        Self { line, all, groups }
    }

    fn first_at_start(&self) -> Option<Label> {
        self.all.iter().copied().find(|label| label.start == 0)
    }

    /// Follows the letters in order from a first one; other letters are words of the options.
    fn follow(&self, first: Label) -> Chain {
        let mut chain = Chain {
            labels: vec![first],
            is_ambiguous: false,
        };
        let mut last = first;
        for index in first.index.saturating_add(1)..MAX_CHOICES {
            let later = |style: Option<Style>| {
                let group = self.groups.get(&(index, style))?;
                let from = |list: &'_ [Label]| {
                    let begin = list.partition_point(|label| label.start < last.words);
                    list.get(begin..)
                        .and_then(|rest| Some((*rest.first()?, rest.len())))
                };
                Some((from(&group.all)?, from(&group.after_space)))
            };
            let alike = later(Some(first.style));
            let may_differ = first.style.is_clear() && first.style != Style::Small;
            let next = match alike.or_else(|| may_differ.then(|| later(None))?) {
                Some(((only, 1), _)) | Some((_, Some((only, 1)))) => only,
                None => break,
                Some(_) => {
                    chain.is_ambiguous = true;
                    break;
                }
            };
            chain.labels.push(next);
            last = next;
        }
        chain
    }

    /// Cuts the line at the labels of a chain.
    fn cut(&self, chain: &Chain) -> Split {
        let part = |from: usize, to: usize| self.line.get(from..to).unwrap_or_default().trim();
        let first = chain.labels.first();
        let ends = chain
            .labels
            .iter()
            .skip(1)
            .map(|label| label.start)
            .chain([self.line.len()]);
        let mut options: Vec<&str> = chain
            .labels
            .iter()
            .zip(ends)
            .map(|(label, end)| part(label.words, end))
            .collect();
        let is_trimmed = trim_separators(&mut options);
        Split {
            first: first.map_or(0, |label| label.index),
            before: part(0, first.map_or(0, |label| label.start)).to_owned(),
            options: options.into_iter().map(str::to_owned).collect(),
            is_clear: first.is_some_and(|label| label.style.is_clear()),
            is_ambiguous: chain.is_ambiguous,
            is_trimmed,
        }
    }
}

/// Takes off the mark that stands between options, if it is the same after all but the last.
fn trim_separators(options: &mut [&str]) -> bool {
    const SEPARATORS: [char; 6] = [';', '；', ',', '，', '、', '|'];
    let Some((last, earlier)) = options.split_last_mut() else {
        return false;
    };
    let Some(separator) = earlier
        .first()
        .and_then(|option| option.chars().next_back())
        .filter(|c| SEPARATORS.contains(c))
    else {
        return false;
    };
    let is_between = earlier
        .iter()
        .all(|option| option.ends_with(separator) && option.chars().nth(1).is_some());
    if !is_between {
        return false;
    }
    for option in earlier.iter_mut() {
        *option = option.trim_end_matches(separator).trim_end();
    }
    if last.chars().nth(1).is_some() {
        *last = last.trim_end_matches([separator, '。', '.']).trim_end();
    }
    true
}

/// Every letter that may begin an option, in order.
fn labels(line: &str, within_digits: bool) -> Vec<Label> {
    if line.len() > LONGEST_LINE {
        return Vec::new();
    }
    let characters: Vec<(usize, char)> = line.char_indices().collect();
    let at = |index: usize| characters.get(index).map(|(_, c)| *c);
    let byte = |index: usize| characters.get(index).map_or(line.len(), |(byte, _)| *byte);
    let mut found = Vec::new();
    for (index, &(start, character)) in characters.iter().enumerate() {
        let is_small = character.is_ascii_lowercase();
        let Some(letter) = option_letter(character.to_ascii_uppercase()) else {
            continue;
        };
        let before = index.checked_sub(1).and_then(at);
        let opening = before.filter(|c| "(（[【".contains(*c));
        let next = at(index.saturating_add(1));
        let after_next = index.saturating_add(2);
        let (style, start, words) = match (opening, next) {
            (None, Some(c)) if is_small && ".．、)）".contains(c) => {
                (Style::Small, start, byte(after_next))
            }
            _ if is_small => continue,
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
        let may_follow = |c: char| {
            let is_digit = within_digits
                && matches!(style, Style::Glued | Style::Separated(_) | Style::Bracketed)
                && c.is_ascii_digit();
            is_digit || (!c.is_ascii_alphanumeric() && !joins(c))
        };
        if boundary.is_none_or(may_follow) {
            found.push(Label {
                index: letter.index(),
                start,
                words,
                style,
                after_space: boundary.is_none_or(char::is_whitespace),
                follows_pause: boundary.is_some_and(is_pause),
            });
        }
    }
    found
}

/// White space and the marks after which options may begin on the line of their stem.
fn is_pause(character: char) -> bool {
    character.is_whitespace() || "()（）[]【】?？。.:：_＿，,；;、".contains(character)
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
