//! Tokens of a date cell: numbers in any digits, and the signs between them.

use chrono::Weekday;

/// One token and where it begins, in characters from the start of the cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) offset: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A number and how many digits it was written with.
    Number {
        value: u32,
        n_digits: usize,
    },
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Colon,
    Dot,
    Slash,
    /// Parts of a date, or two dates.
    Hyphen,
    /// Two dates and nothing else.
    Range,
    Opening,
    Closing,
    Weekday(Weekday),
    Unknown,
}

/// Cuts a cell into tokens; white space only separates.
pub(super) fn tokens(cell: &str) -> Vec<Token> {
    let letters: Vec<char> = cell.chars().map(half_width).collect();
    let mut tokens: Vec<Token> = Vec::new();
    let mut offset = 0_usize;
    while let Some(rest) = letters.get(offset..)
        && let Some(&letter) = rest.first()
    {
        let (kind, n_letters) = match letter {
            letter if letter.is_whitespace() => (None, 1),
            '周' | '星' | '礼' => weekday(rest),
            letter if letter.is_ascii_digit() => number(rest, |l| l.to_digit(10)),
            letter if chinese_digit(letter).is_some() => chinese_number(rest),
            letter => (Some(sign(letter)), 1),
        };
        if let Some(kind) = kind
            && !is_doubled(tokens.last(), kind)
        {
            tokens.push(Token { kind, offset });
        }
        offset = offset.saturating_add(n_letters.max(1));
    }
    tokens
}

/// The number a label such as `第5周`, `５` or `十二` holds, if it holds exactly one.
pub(super) fn single_number(label: &str) -> Option<u32> {
    let numbers: Vec<u32> = tokens(label)
        .into_iter()
        .filter_map(|token| {
            let Kind::Number { value, .. } = token.kind else {
                return None;
            };
            Some(value)
        })
        .collect();
    match numbers[..] {
        [number] => Some(number),
        _ => None,
    }
}

/// Full-width digits, letters and signs as their narrow equals (the block FF01–FF5E).
pub(super) fn half_width(letter: char) -> char {
    match letter {
        '\u{3000}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => u32::from(letter)
            .checked_sub(0xfee0)
            .and_then(char::from_u32)
            .unwrap_or(letter),
        letter => letter,
    }
}

/// A dash of two characters is one sign.
fn is_doubled(last: Option<&Token>, kind: Kind) -> bool {
    matches!(kind, Kind::Range | Kind::Hyphen) && last.is_some_and(|token| token.kind == kind)
}

fn sign(letter: char) -> Kind {
    match letter {
        '年' => Kind::Year,
        '月' => Kind::Month,
        '日' | '号' => Kind::Day,
        '时' | '点' => Kind::Hour,
        '分' => Kind::Minute,
        ':' | '：' => Kind::Colon,
        '.' | '。' => Kind::Dot,
        '/' => Kind::Slash,
        '-' | '\u{2010}' | '\u{2011}' => Kind::Hyphen,
        // Figure, en, em and two-em dash, horizontal bar, minus, tildes, the words for "to".
        '\u{2012}'..='\u{2015}'
        | '\u{2212}'
        | '\u{2e3a}'
        | '\u{2e3b}'
        | '\u{fe58}'
        | '~'
        | '\u{301c}'
        | '\u{3030}'
        | '\u{223c}'
        | '\u{223d}'
        | '\u{2053}'
        | '\u{ff70}'
        | '\u{30fc}'
        | '\u{2500}'
        | '\u{2501}'
        | '至'
        | '到' => Kind::Range,
        '(' | '[' => Kind::Opening,
        ')' | ']' => Kind::Closing,
        _ => Kind::Unknown,
    }
}

fn number(rest: &[char], digit: impl Fn(char) -> Option<u32>) -> (Option<Kind>, usize) {
    let digits: Vec<u32> = rest.iter().map_while(|&letter| digit(letter)).collect();
    let value = digits.iter().try_fold(0_u32, |value, digit| {
        value.checked_mul(10)?.checked_add(*digit)
    });
    let n_digits = digits.len();
    let kind = value.map_or(Kind::Unknown, |value| Kind::Number { value, n_digits });
    (Some(kind), n_digits)
}

/// `二十八` counts, `二〇二〇` spells.
fn chinese_number(rest: &[char]) -> (Option<Kind>, usize) {
    let n_letters = rest
        .iter()
        .take_while(|&&letter| chinese_digit(letter).is_some())
        .count();
    let spelled = rest.get(..n_letters).unwrap_or(rest);
    let Some(ten) = spelled.iter().position(|&letter| letter == '十') else {
        return number(rest, chinese_digit);
    };
    let digit = |letters: &[char], otherwise: u32| match letters {
        [] => Some(otherwise),
        [letter] => chinese_digit(*letter).filter(|digit| (1..10).contains(digit)),
        _ => None,
    };
    let (before, after) = spelled.split_at(ten);
    let tens = digit(before, 1);
    let ones = digit(after.get(1..).unwrap_or(&[]), 0);
    let value = tens
        .zip(ones)
        .and_then(|(tens, ones)| tens.checked_mul(10).and_then(|tens| tens.checked_add(ones)));
    let n_digits = 2;
    let kind = value.map_or(Kind::Unknown, |value| Kind::Number { value, n_digits });
    (Some(kind), n_letters)
}

fn chinese_digit(letter: char) -> Option<u32> {
    Some(match letter {
        '零' | '〇' | '○' => 0,
        '一' => 1,
        '二' => 2,
        '三' => 3,
        '四' => 4,
        '五' => 5,
        '六' => 6,
        '七' => 7,
        '八' => 8,
        '九' => 9,
        '十' => 10,
        _ => return None,
    })
}

/// `周六`, `星期日`, `礼拜天`; a lone `周` as in `第3周` is only a sign.
fn weekday(rest: &[char]) -> (Option<Kind>, usize) {
    let (day, n_letters) = match *rest {
        ['周', day, ..] => (day, 2),
        ['星', '期', day, ..] | ['礼', '拜', day, ..] => (day, 3),
        _ => return (Some(Kind::Unknown), 1),
    };
    let weekday = match day {
        '一' => Weekday::Mon,
        '二' => Weekday::Tue,
        '三' => Weekday::Wed,
        '四' => Weekday::Thu,
        '五' => Weekday::Fri,
        '六' => Weekday::Sat,
        '日' | '天' => Weekday::Sun,
        _ => return (Some(Kind::Unknown), 1),
    };
    (Some(Kind::Weekday(weekday)), n_letters)
}
