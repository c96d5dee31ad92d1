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

/// The text with some bytes replaced; unchanged if the range is not one of its parts.
pub(super) fn replaced(text: &str, range: &Range<usize>, by: &str) -> String {
    match (text.get(..range.start), text.get(range.end..)) {
        (Some(before), Some(after)) => format!("{before}{by}{after}"),
        (Some(_) | None, _) => text.to_owned(),
    }
}
