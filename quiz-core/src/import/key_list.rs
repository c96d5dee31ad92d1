//! Keys of many questions on one line, as papers print them behind the last question.

use super::labels::LONGEST_LINE;
use crate::{Position, folding::fold_width};

/// Numbers and their keys on a line such as "1.A 2.B", "1、A  2、√" or "1-5 ABCDA"; `None` if anything else is there.
pub(super) fn key_list(line: &str) -> Option<Vec<(u32, String)>> {
    if line.len() > LONGEST_LINE {
        return None;
    }
    let folded: Vec<char> = line.chars().map(folded).collect();
    let mut rest = Rest {
        characters: &folded,
    };
    let mut keys = Vec::new();
    loop {
        rest.skip(|c| c.is_whitespace() || ",;|/.、。".contains(c));
        if rest.characters.is_empty() {
            break;
        }
        let first = rest.number()?;
        let before = rest.characters;
        rest.skip(char::is_whitespace);
        let last = if rest.take(|c| "-~至到".contains(c)).is_some() {
            rest.skip(char::is_whitespace);
            Some(rest.number()?)
        } else {
            rest.characters = before;
            None
        };
        rest.skip(|c| c.is_whitespace() || ".、:)(".contains(c));
        match last {
            Some(last) => {
                for number in first..=last {
                    rest.skip(|c| c.is_whitespace() || ",、".contains(c));
                    keys.push((number, rest.take(is_key)?.to_string()));
                }
            }
            None => {
                let mut key = rest.take(is_key)?.to_string();
                while let Some(more) = rest.take(is_key) {
                    key.push(more);
                }
                rest.skip(|c| c == ')');
                keys.push((first, key));
            }
        }
        // Letters go on into a word: this is no list.
        if rest.characters.first().is_some_and(|c| c.is_alphabetic()) {
            return None;
        }
    }
    (!keys.is_empty()).then_some(keys)
}

/// Whether a line announces such a list and holds nothing else.
pub(super) fn announces_keys(line: &str) -> bool {
    const LONGEST: usize = 256;
    if line.len() > LONGEST {
        return false;
    }
    let folded = fold_width(line);
    let bare = folded
        .trim_matches(|c: char| "[]【】:()".contains(c) || c.is_whitespace())
        .trim_start_matches(['附', ':']);
    [
        "答案",
        "参考答案",
        "标准答案",
        "正确答案",
        "试题答案",
        "题目答案",
        "答案部分",
        "答案汇总",
    ]
    .contains(&bare)
}

struct Rest<'line> {
    characters: &'line [char],
}

impl Rest<'_> {
    fn take(&mut self, wanted: impl Fn(char) -> bool) -> Option<char> {
        let (first, rest) = self.characters.split_first()?;
        wanted(*first).then(|| {
            self.characters = rest;
            *first
        })
    }

    fn skip(&mut self, unwanted: impl Fn(char) -> bool) {
        while self.take(&unwanted).is_some() {}
    }

    /// A number of at most four digits.
    fn number(&mut self) -> Option<u32> {
        let mut number = self.take(|c| c.is_ascii_digit())?.to_digit(10)?;
        for _ in 1..4 {
            let Some(digit) = self.take(|c| c.is_ascii_digit()) else {
                break;
            };
            number = number
                .saturating_mul(10)
                .saturating_add(digit.to_digit(10)?);
        }
        (!self.characters.first().is_some_and(char::is_ascii_digit)).then_some(number)
    }
}

fn is_key(character: char) -> bool {
    Position::from_letter(character).is_some() || "√×✓✗对错".contains(character)
}

/// Full-width letters, digits and marks in half width; dashes alike.
fn folded(character: char) -> char {
    match character {
        '．' => '.',
        '—' | '–' | '－' | '―' | '～' => '-',
        '\u{FF01}'..='\u{FF5E}' => u32::from(character)
            .checked_sub(0xFEE0)
            .and_then(char::from_u32)
            .unwrap_or(character),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_in_the_usual_layouts() {
        let expected = |keys: &[(u32, &str)]| {
            Some(
                keys.iter()
                    .map(|(n, key)| (*n, (*key).to_owned()))
                    .collect(),
            )
        };
        for line in [
            "1.A 2.B 3.AC",
            "1、A；2、B；3、AC。",
            "１．Ａ　２．Ｂ　３．ＡＣ",
            "1A2B3AC",
        ] {
            assert_eq!(
                key_list(line),
                expected(&[(1, "A"), (2, "B"), (3, "AC")]),
                "{line}"
            );
        }
        for line in ["1-3 ABA", "1—3：A B A", "1~3 A、B、A"] {
            assert_eq!(
                key_list(line),
                expected(&[(1, "A"), (2, "B"), (3, "A")]),
                "{line}"
            );
        }
        for line in [
            "", "A", "1.信用", "2020年", "1-3 AB", "1.Abc", "3.5", "12345A",
        ] {
            assert_eq!(key_list(line), None, "{line}");
        }
    }
}
