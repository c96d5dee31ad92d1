//! Folding of text for comparison only: width, compatibility forms, radicals, spaces and a few marks.

use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfkc_quick};

/// Returns the form under which two texts count as the same.
///
/// NFKC first (full width to half width, `⽂` U+2F42 to `文`), then radicals NFKC leaves apart (`⻓` to `长`),
/// then letters to lower case, then the marks NFKC leaves apart (ideographic full stop and comma, curly quotes),
/// then every space that does not part two words.
/// The original text is always what is stored and shown.
pub(crate) fn fold(text: &str) -> String {
    let mark = |character: char| fold_mark(fold_radical(character));
    if is_nfkc_quick(text.chars()) == IsNormalized::Yes {
        join_words(
            text.chars().flat_map(char::to_lowercase).map(mark),
            text.len(),
        )
    } else {
        join_words(
            text.nfkc().flat_map(char::to_lowercase).map(mark),
            text.len(),
        )
    }
}

/// Like [`fold`], but keeps upper and lower case apart.
pub(crate) fn fold_width(text: &str) -> String {
    join_words(text.nfkc().map(fold_radical).map(fold_mark), text.len())
}

/// Ideographs that look like the radicals from U+2E80 on, in their order; `〓` where there is none.
///
/// Unicode Character Database, `EquivalentUnifiedIdeograph.txt`, version 18.0, lines U+2E81 to U+2EF3.
/// NFKC maps the Kangxi radicals (U+2F00 to U+2FD5) and leaves all but two of these alone.
const RADICALS_SUPPLEMENT: &str = "〓厂乛乚乙亻冂𠘨刀刂卜㔾小小兀尣尢𡯂巳幺彑𫜹忄心扌攵〓旡日\
     月歺母民氵氺灬爫爫丬牛犭王𤴔目示礻𥫗糹纟罓罒㓁冗𦉫羊𦍌𦍋耂\
     肀聿肉𦥑艹艹艹虎衤覀西见角𧢲讠贝𧾷车辶辶辶邑钅長镸长门𨸏阝\
     雨青韦页风飞食𩙿飠饣𩠐马骨鬼鱼鸟卤麦黄黾斉齐歯齿竜龙龜亀龟";

/// The ideograph that looks like a radical; any other character unchanged.
pub(crate) fn fold_radical(character: char) -> char {
    const FIRST: u32 = 0x2E80;
    const LAST: u32 = 0x2EF3;
    let code = u32::from(character);
    if !(FIRST..=LAST).contains(&code) {
        return character;
    }
    usize::try_from(code.saturating_sub(FIRST))
        .ok()
        .and_then(|index| RADICALS_SUPPLEMENT.chars().nth(index))
        .filter(|ideograph| *ideograph != '〓')
        .unwrap_or(character)
}

/// Whether nothing of a text would be seen; costs no more than the blanks before the first visible character.
pub(crate) fn is_blank(text: &str) -> bool {
    text.nfkc().all(|c| c.is_whitespace() || is_invisible(c))
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
fn join_words(characters: impl Iterator<Item = char>, n_bytes: usize) -> String {
    let mut folded = String::with_capacity(n_bytes);
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
    fn radicals_fold_to_the_ideographs_they_look_like() {
        assert_eq!(fold("\u{2F42}\u{4EF6}"), fold("文件"));
        assert_eq!(fold("\u{2ED3}\u{2EE2}\u{2E81}\u{2EF3}"), fold("长马厂龟"));
        assert_eq!(fold("\u{2E80}"), "\u{2E80}");
        assert_eq!(RADICALS_SUPPLEMENT.chars().count(), 0x2EF3 - 0x2E80 + 1);
    }

    #[test]
    fn blank_is_what_folds_to_nothing() {
        for text in [
            "",
            " \n\u{3000}",
            "\u{200B}\u{FEFF}",
            "\u{0}",
            "a",
            "。",
            " 0",
        ] {
            assert_eq!(is_blank(text), fold(text).is_empty(), "{text:?}");
        }
    }

    #[test]
    fn words_and_numbers_stay_apart() {
        assert_ne!(fold("1 4"), fold("14"));
        assert_ne!(fold("14,7"), fold("14.7"));
        assert_ne!(fold_width("AAA"), fold_width("aaa"));
    }
}
