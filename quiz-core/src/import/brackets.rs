//! Brackets in a line of text, of any width.

use std::ops::Range;

/// One pair of brackets without another inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bracket<'text> {
    /// Bytes from the opening to the closing bracket, both included.
    pub(super) range: Range<usize>,
    /// Text between them.
    pub(super) content: &'text str,
}

/// Every innermost pair of brackets, in order.
pub(super) fn brackets(text: &str) -> Vec<Bracket<'_>> {
    let mut found = Vec::new();
    let mut open = None::<(usize, usize)>;
    for (index, character) in text.char_indices() {
        let after = index.saturating_add(character.len_utf8());
        if "(（[［【〔{".contains(character) {
            open = Some((index, after));
        } else if ")）]］】〕}".contains(character)
            && let Some((start, inside)) = open.take()
            && let Some(content) = text.get(inside..index)
        {
            found.push(Bracket {
                range: start..after,
                content,
            });
        }
    }
    found
}

/// The one letter that stands on a blank of low lines, as in `__B__`; `None` if there are several.
pub(super) fn underlined_letter(text: &str) -> Option<Bracket<'_>> {
    let is_line = |c: char| c == '_' || c == '＿';
    let mut found = None;
    let mut index = 0_usize;
    while let Some(start) = text
        .get(index..)
        .and_then(|rest| rest.find(is_line))
        .map(|at| at.saturating_add(index))
    {
        let rest = text.get(start..)?;
        let inside = rest.trim_start_matches(is_line);
        let content = inside.split(is_line).next()?;
        let after = inside.get(content.len()..)?;
        let lines = after
            .len()
            .saturating_sub(after.trim_start_matches(is_line).len());
        let begin = text.len().saturating_sub(inside.len());
        let end = begin.saturating_add(content.len()).saturating_add(lines);
        let is_letter = lines > 0 && content.trim().chars().count() == 1;
        if is_letter && found.is_some() {
            return None;
        }
        if is_letter {
            found = Some(Bracket {
                range: start..end,
                content,
            });
            index = end;
        } else {
            index = begin;
        }
    }
    found
}

/// The text with some bytes replaced; unchanged if the range is not one of its parts.
pub(super) fn replaced(text: &str, range: &Range<usize>, by: &str) -> String {
    match (text.get(..range.start), text.get(range.end..)) {
        (Some(before), Some(after)) => format!("{before}{by}{after}"),
        (Some(_) | None, _) => text.to_owned(),
    }
}
