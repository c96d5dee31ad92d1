//! Numbers before stems, headings of sections, and debris of pages.

use super::kind::{Kind, read_kind};
use crate::folding::fold;

/// A line that begins with a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Numbered<'line> {
    pub(super) number: u32,
    /// Words after the number.
    pub(super) rest: &'line str,
    /// Whether the number cannot be the beginning of a quantity such as "3.5".
    pub(super) is_clear: bool,
}

/// Reads `1.`, `1、`, `1)`, `（1）`, `第1题` and `1 ` at the beginning of a line, digits of any width.
pub(super) fn numbered(line: &str) -> Option<Numbered<'_>> {
    if let Some(inner) = line.strip_prefix('第') {
        let (number, rest) = digits(inner)?;
        let rest = rest.trim_start().strip_prefix('题')?;
        let rest =
            rest.trim_start_matches(|c: char| ".．、:：)）".contains(c) || c.is_whitespace());
        return Some(Numbered {
            number,
            rest,
            is_clear: true,
        });
    }
    if let Some(inner) = line.strip_prefix(['(', '（']) {
        let (number, rest) = digits(inner.trim_start())?;
        let rest = rest.trim_start().strip_prefix([')', '）'])?;
        return Some(Numbered {
            number,
            rest: rest.trim_start(),
            is_clear: true,
        });
    }
    let (number, rest) = digits(line)?;
    let spaced = rest.trim_start();
    if let Some(rest) = spaced.strip_prefix(['.', '．', '、', ')', '）']) {
        let is_clear =
            !(spaced.starts_with(['.', '．']) && rest.starts_with(|c: char| digit(c).is_some()));
        return Some(Numbered {
            number,
            rest: rest.trim_start(),
            is_clear,
        });
    }
    (spaced.len() < rest.len()).then_some(Numbered {
        number,
        rest: spaced,
        is_clear: false,
    })
}

/// Reads 一、 to 九十九、 at the beginning of a line, with what follows.
pub(super) fn numbered_in_chinese(line: &str) -> Option<(u32, &str)> {
    const DIGITS: &str = "一二三四五六七八九";
    let rest = line.trim_start_matches(|c: char| c == '十' || DIGITS.contains(c));
    let words = rest.strip_prefix(['、', '．', '.'])?;
    let value = |c: char| {
        let index = DIGITS.chars().position(|digit| digit == c)?;
        u32::try_from(index.saturating_add(1)).ok()
    };
    let digits: Vec<char> = line.strip_suffix(rest)?.chars().collect();
    let number = match *digits.as_slice() {
        ['十'] => 10,
        ['十', unit] => value(unit)?.saturating_add(10),
        [unit] => value(unit)?,
        [ten, '十'] => value(ten)?.saturating_mul(10),
        [ten, '十', unit] => value(ten)?.saturating_mul(10).saturating_add(value(unit)?),
        _ => return None,
    };
    Some((number, words.trim_start()))
}

/// A number of at most four digits and what follows it.
fn digits(text: &str) -> Option<(u32, &str)> {
    const MOST_DIGITS: usize = 4;
    let rest = text.trim_start_matches(|c: char| digit(c).is_some());
    let read = text.strip_suffix(rest)?;
    if read.is_empty() || read.chars().count() > MOST_DIGITS {
        return None;
    }
    let number = read
        .chars()
        .filter_map(digit)
        .fold(0_u32, |n, d| n.saturating_mul(10).saturating_add(d));
    Some((number, rest))
}

fn digit(character: char) -> Option<u32> {
    character.to_digit(10).or_else(|| {
        "０１２３４５６７８９"
            .chars()
            .position(|full| full == character)
            .and_then(|value| u32::try_from(value).ok())
    })
}

/// Most bytes of a line that may be a heading or debris.
const LONGEST_HEADING_BYTES: usize = 1024;

/// Reads a heading such as "二、多项选择题（共20题）"; the kind of question it announces.
pub(super) fn heading(line: &str) -> Option<Kind> {
    const LONGEST: usize = 60;
    const KINDS: [&str; 10] = [
        "单选题",
        "单项选择题",
        "选择题",
        "多选题",
        "多项选择题",
        "不定项选择题",
        "判断题",
        "填空题",
        "简答题",
        "问答题",
    ];
    if line.len() > LONGEST_HEADING_BYTES {
        return None;
    }
    let folded = fold(line);
    if folded.chars().count() > LONGEST {
        return None;
    }
    let words = folded.trim_start_matches(|c: char| "第部分一二三四五六七八九十(),.:".contains(c));
    KINDS
        .iter()
        .any(|kind| words.starts_with(kind))
        .then(|| read_kind(words))
}

/// Whether a line is a page number or what is left of a page field.
pub(super) fn is_debris(line: &str) -> bool {
    if line.len() > LONGEST_HEADING_BYTES {
        return false;
    }
    let folded = fold(line);
    let bare = folded.trim_matches(|c: char| "-·.|/ ".contains(c));
    let is_page_of = bare.starts_with('第') && (bare.ends_with('页') && bare.chars().count() <= 16);
    let is_field = folded.starts_with("page")
        && folded
            .chars()
            .skip(4)
            .all(|c| !c.is_alphabetic() || c == 'o' || c == 'f');
    let is_number =
        !bare.is_empty() && bare.chars().count() <= 4 && bare.chars().all(|c| c.is_ascii_digit());
    bare.is_empty()
        || is_page_of
        || is_field
        || is_number
        || folded == "上一页"
        || folded == "下一页"
}
