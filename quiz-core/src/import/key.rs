//! Reading a key as offices write it: letter, number, mark or the words of the option.

use crate::{FindingCode, Position, folding::fold_width};

/// A key read, and what has to be said about the reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct KeyReading {
    pub(super) position: Position,
    pub(super) remark: Option<FindingCode>,
}

/// Reads the text of a key against the options of its question.
///
/// A letter stands for its place; a number for its 1-based place, unless it is also the text of another option;
/// a mark for the affirmative or negative one of two options; other text for the option it equals.
pub(super) fn read_key(text: &str, options: &[String]) -> Result<KeyReading, FindingCode> {
    let folded = fold_width(text);
    let bare =
        folded.trim_matches(|c: char| "()[]{}<>【】〔〕.,;:!\"'".contains(c) || c.is_whitespace());
    let bare = announced(bare);
    let upper = bare.to_uppercase();
    if upper.is_empty() {
        return Err(FindingCode::MissingKey);
    }
    let same_text = option_with_text(&folded, options).or_else(|| option_with_text(bare, options));
    if options.len() == 2
        && same_text.is_none()
        && let Some(position) = marked_option(&upper, options)
    {
        return Ok(KeyReading {
            position,
            remark: Some(FindingCode::KeyReadFromMark),
        });
    }
    if let Some(letter) = single(&upper).filter(char::is_ascii_uppercase) {
        return letter_key(letter, same_text, options.len());
    }
    if let Ok(number) = upper.parse::<usize>()
        && let Some(position) = number.checked_sub(1).and_then(Position::from_index)
        && position.index() < options.len()
    {
        return match same_text {
            Some(other) if other != position => Err(FindingCode::AmbiguousKey),
            Some(_) | None => Ok(KeyReading {
                position,
                remark: Some(FindingCode::KeyReadFromNumber),
            }),
        };
    }
    if let Some(position) = same_text {
        let remark = Some(FindingCode::KeyReadFromText);
        return if names_several(&upper) && !repeats(&upper) {
            Err(FindingCode::AmbiguousKey)
        } else {
            Ok(KeyReading { position, remark })
        };
    }
    if names_several(&upper) {
        return Err(FindingCode::SeveralKeys);
    }
    if upper.chars().all(|c| c.is_ascii_digit()) {
        return Err(FindingCode::KeyOutsideOptions);
    }
    labelled_text(bare, options).ok_or(FindingCode::KeyNotUnderstood)
}

/// A letter without the words that announce it, as in 答案：B, 选B and B选项.
fn announced(bare: &str) -> &str {
    let after = ["正确答案", "参考答案", "答案", "应选", "选"]
        .iter()
        .find_map(|word| bare.strip_prefix(word))
        .unwrap_or(bare)
        .trim_start_matches(|c: char| c == ':' || c.is_whitespace());
    let letters = ["选项", "项"]
        .iter()
        .find_map(|word| after.strip_suffix(word))
        .unwrap_or(after)
        .trim_end();
    let is_letters = !letters.is_empty()
        && letters
            .to_uppercase()
            .chars()
            .all(|c| Position::from_letter(c).is_some() || ",;+和与及".contains(c));
    if is_letters { letters } else { bare }
}

fn letter_key(
    letter: char,
    same_text: Option<Position>,
    n_options: usize,
) -> Result<KeyReading, FindingCode> {
    let position = Position::from_letter(letter).filter(|p| p.index() < n_options);
    match (position, same_text) {
        (Some(position), Some(other)) if other != position => Ok(KeyReading {
            position,
            remark: Some(FindingCode::KeyAlsoOptionText),
        }),
        (Some(position), _) => Ok(KeyReading {
            position,
            remark: None,
        }),
        (None, Some(position)) => Ok(KeyReading {
            position,
            remark: Some(FindingCode::KeyReadFromText),
        }),
        (None, None) => Err(FindingCode::KeyOutsideOptions),
    }
}

fn single(text: &str) -> Option<char> {
    let mut characters = text.chars();
    characters.next().filter(|_| characters.next().is_none())
}

/// The only option whose text equals a folded text.
fn option_with_text(folded: &str, options: &[String]) -> Option<Position> {
    let mut same = Position::ALL
        .into_iter()
        .zip(options)
        .filter(|(_, option)| fold_width(option) == folded);
    same.next()
        .filter(|_| same.next().is_none())
        .map(|(position, _)| position)
}

/// Whether a text lists letters or numbers, as in `AB`, `A,C` or `1、3`.
fn names_several(upper: &str) -> bool {
    let labels: Vec<char> = upper
        .chars()
        .filter(|c| !",;/+&和与及或. |".contains(*c))
        .collect();
    let letters = labels.iter().all(|c| Position::from_letter(*c).is_some());
    let is_list = labels.len() < upper.chars().count();
    let digits = is_list && labels.iter().all(|c| matches!(c, '1'..='6'));
    labels.len() > 1 && (letters || digits)
}

/// Whether a letter stands twice in a text, as in the grade `AA`.
fn repeats(upper: &str) -> bool {
    let mut seen = std::collections::BTreeSet::new();
    upper.chars().any(|c| !seen.insert(c))
}

/// The one of two options a mark such as √ or 错 stands for.
fn marked_option(upper: &str, options: &[String]) -> Option<Position> {
    const YES: [&str; 12] = [
        "√", "✓", "✔", "对", "正确", "是", "TRUE", "T", "YES", "Y", "RIGHT", "CORRECT",
    ];
    const NO: [&str; 18] = [
        "×",
        "✗",
        "✘",
        "✕",
        "X",
        "错",
        "错误",
        "不对",
        "不正确",
        "否",
        "不是",
        "FALSE",
        "F",
        "NO",
        "N",
        "WRONG",
        "╳",
        "INCORRECT",
    ];
    let meaning = |word: &str| {
        if YES.contains(&word) {
            Some(true)
        } else {
            NO.contains(&word).then_some(false)
        }
    };
    let wanted = meaning(upper)?;
    let meanings: Vec<Option<bool>> = options
        .iter()
        .map(|option| meaning(&fold_width(option).to_uppercase()))
        .collect();
    if meanings.iter().filter(|m| **m == Some(true)).count() != 1 || meanings.contains(&None) {
        return None;
    }
    meanings
        .iter()
        .position(|m| *m == Some(wanted))
        .and_then(Position::from_index)
}

/// A letter followed by the words of the option it names, as in "B.信用承诺".
fn labelled_text(bare: &str, options: &[String]) -> Option<KeyReading> {
    let mut rest = bare.chars();
    let position = Position::from_letter(rest.next()?.to_ascii_uppercase())?;
    let words = rest
        .as_str()
        .trim_start_matches(|c: char| ".,:;)-".contains(c) || c.is_whitespace());
    (option_with_text(words, options) == Some(position)).then_some(KeyReading {
        position,
        remark: Some(FindingCode::KeyReadFromText),
    })
}
