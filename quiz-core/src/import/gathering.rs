//! A question of running text while its lines are still being gathered.

use super::{
    ImportedRow, Positioned,
    brackets::brackets,
    kind::{Kind, read_tag},
};
use crate::{Finding, FindingCode, MIN_CHOICES, Position, folding::fold};

/// The question being gathered.
pub(super) struct Gathering {
    pub(super) row: ImportedRow,
    /// Number before the stem.
    pub(super) number: Option<u32>,
    /// What a line without a marker continues.
    pub(super) open: Open,
    /// Next number of a list within the stem.
    pub(super) next_in_list: Option<u32>,
    /// Whether the options cannot be trusted, so that no question may come of it.
    pub(super) is_broken: bool,
    /// Whether every line after the stem is an option of its own, as survey sites print them.
    pub(super) is_unlettered: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Open {
    Stem,
    Options,
    Key,
    Explanation,
    Source,
    Closed,
}

impl Gathering {
    pub(super) fn is_complete(&self) -> bool {
        self.row.options.len() >= MIN_CHOICES
    }

    /// Whether a line may be an option without a letter.
    pub(super) fn takes_unlettered(&self) -> bool {
        self.is_unlettered && matches!(self.open, Open::Stem | Open::Options)
    }

    /// Adds an option without a letter, its bullet taken off.
    pub(super) fn unlettered(&mut self, words: Positioned<String>) {
        const BULLETS: [char; 11] = ['○', '◯', '●', '□', '☐', '▢', '◎', '•', '◇', '〇', '☑'];
        let text = words.value.trim_start_matches(BULLETS).trim().to_owned();
        self.row.options.push(Positioned {
            place: words.place,
            value: text,
        });
        self.open = Open::Options;
    }

    /// The key that stands alone on a line behind the options, as in "B" or "（B）".
    pub(super) fn lone_key(&self, text: &str) -> bool {
        if !self.is_complete() || self.row.key.is_some() || self.open != Open::Options {
            return false;
        }
        let folded = fold(text).to_uppercase();
        let bare = folded.trim_matches(|c: char| "()[]【】.".contains(c));
        bare.parse::<Position>()
            .is_ok_and(|key| key.index() < self.row.options.len())
    }

    /// Takes the key from square brackets behind the last option, as in "D级 【A】".
    pub(super) fn trailing_key(&mut self) -> Option<Finding> {
        if !self.is_complete() || self.row.key.is_some() {
            return None;
        }
        let n_options = self.row.options.len();
        let last = self.row.options.last_mut()?;
        let bracket = brackets(&last.value).into_iter().next_back()?;
        let is_last = bracket.range.end == last.value.len();
        let is_square = last
            .value
            .get(bracket.range.clone())
            .is_some_and(|text| text.starts_with(['【', '[', '［']));
        let key: Position = fold(bracket.content).to_uppercase().parse().ok()?;
        let words = last.value.get(..bracket.range.start)?.trim().to_owned();
        if !is_last || !is_square || key.index() >= n_options || words.is_empty() {
            return None;
        }
        let finding = Finding::new(
            FindingCode::KeyReadFromOption,
            last.place.clone(),
            last.value.as_str(),
        );
        self.row.key = Some(Positioned {
            place: last.place.clone(),
            value: key.to_string(),
        });
        last.value = words;
        Some(finding.read_as(key.to_string()))
    }
}

/// A stem without the star of a survey site, if a tag such as [单选题] stands at its end.
pub(super) fn tagged_stem(text: &str) -> Option<&str> {
    let bare = text.trim_end_matches(|c: char| c == '*' || c == '＊' || c.is_whitespace());
    let last = brackets(bare).into_iter().next_back()?;
    let is_tag = last.range.end == bare.len() && read_tag(last.content) != Kind::Unknown;
    is_tag.then_some(bare)
}
