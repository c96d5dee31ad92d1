//! Folding of text for comparison only: width, compatibility forms, spaces and a few marks.

use unicode_normalization::UnicodeNormalization as _;

/// Returns the form under which two texts count as the same.
///
/// NFKC first (full width to half width), then letters to lower case, then the marks NFKC leaves apart
/// (ideographic full stop and comma, curly quotes), then every space that does not part two words.
/// The original text is always what is stored and shown.
pub(crate) fn fold(text: &str) -> String {
    join_words(text.nfkc().flat_map(char::to_lowercase).map(fold_mark))
}

/// Like [`fold`], but keeps upper and lower case apart.
pub(crate) fn fold_width(text: &str) -> String {
    join_words(text.nfkc().map(fold_mark))
}

fn fold_mark(mark: char) -> char {
    match mark {
        '。' => '.',
        '、' => ',',
        '“' | '”' | '„' | '「' | '」' => '"',
        '‘' | '’' => '\'',
        '—' | '–' | '―' | '~' | '〜' => '-',
        other => other,
    }
}

/// Drops invisible characters, and spaces except one between two ASCII letters or digits.
fn join_words(characters: impl Iterator<Item = char>) -> String {
    let mut folded = String::new();
    let mut space_pending = false;
    let mut last = None::<char>;
    for character in characters {
        if character.is_whitespace() {
            space_pending = true;
            continue;
        }
        if is_invisible(character) {
            continue;
        }
        let parts_words =
            character.is_ascii_alphanumeric() && last.is_some_and(|l| l.is_ascii_alphanumeric());
        if space_pending && parts_words {
            folded.push(' ');
        }
        space_pending = false;
        folded.push(character);
        last = Some(character);
    }
    folded
}

fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}' | '\u{202A}'..='\u{202E}' | '\u{AD}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn width_spaces_and_marks_fold_together() {
        assert_eq!(fold("Ａ、１０ 日。"), fold("A,10日."));
        assert_eq!(fold("（ ）"), "()");
        assert_eq!(fold("a\u{200B}b"), "ab");
    }

    #[test]
    fn words_and_numbers_stay_apart() {
        assert_ne!(fold("1 4"), fold("14"));
        assert_ne!(fold("14,7"), fold("14.7"));
        assert_ne!(fold_width("AAA"), fold_width("aaa"));
    }
}
