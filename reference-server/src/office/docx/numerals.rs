//! Numbers of list items in the ways Word writes them.

/// A way to write the number of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Numerals {
    Decimal,
    FullWidthDecimal,
    TwoDigits,
    Circled,
    UpperLetter,
    LowerLetter,
    UpperRoman,
    LowerRoman,
    Chinese,
    /// A bullet, or nothing.
    Silent,
}

impl Numerals {
    /// Reads a `numFmt` (ECMA-376, 17.18.59); ways not known here are written as decimals.
    pub(super) fn parse(format: &str) -> Self {
        match format {
            "bullet" | "none" => Self::Silent,
            "upperLetter" => Self::UpperLetter,
            "lowerLetter" => Self::LowerLetter,
            "upperRoman" => Self::UpperRoman,
            "lowerRoman" => Self::LowerRoman,
            "decimalZero" => Self::TwoDigits,
            "decimalFullWidth" | "decimalFullWidth2" => Self::FullWidthDecimal,
            "decimalEnclosedCircle" | "decimalEnclosedCircleChinese" => Self::Circled,
            "chineseCounting"
            | "chineseCountingThousand"
            | "ideographDigital"
            | "japaneseCounting"
            | "taiwaneseCounting"
            | "taiwaneseCountingThousand" => Self::Chinese,
            _ => Self::Decimal,
        }
    }

    /// Writes a number; beyond what a way can write, as a decimal.
    pub(super) fn write(self, number: usize) -> String {
        let written = match self {
            Self::Decimal => None,
            Self::FullWidthDecimal => Some(full_width(number)),
            Self::TwoDigits => Some(format!("{number:02}")),
            Self::Circled => nth("①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳", number),
            Self::UpperLetter => letters(number),
            Self::LowerLetter => letters(number).map(|text| text.to_lowercase()),
            Self::UpperRoman => roman(number),
            Self::LowerRoman => roman(number).map(|text| text.to_lowercase()),
            Self::Chinese => chinese(number),
            Self::Silent => Some(String::new()),
        };
        written.unwrap_or_else(|| number.to_string())
    }
}

/// The character with a 1-based number.
fn nth(characters: &str, number: usize) -> Option<String> {
    let index = number.checked_sub(1)?;
    characters.chars().nth(index).map(String::from)
}

fn full_width(number: usize) -> String {
    let digits = number.to_string();
    digits
        .chars()
        .filter_map(|digit| {
            "０１２３４５６７８９"
                .chars()
                .nth(digit.to_digit(10)?.try_into().ok()?)
        })
        .collect()
}

/// A to Z, then AA to ZZ, as Word goes on.
fn letters(number: usize) -> Option<String> {
    const MOST_REPEATED: usize = 5;
    let index = number.checked_sub(1)?;
    let n_repeated = (index / 26).saturating_add(1);
    let letter = nth("ABCDEFGHIJKLMNOPQRSTUVWXYZ", (index % 26).saturating_add(1))?;
    (n_repeated <= MOST_REPEATED).then(|| letter.repeat(n_repeated))
}

fn roman(number: usize) -> Option<String> {
    const SIGNS: [(usize, &str); 9] = [
        (100, "C"),
        (90, "XC"),
        (50, "L"),
        (40, "XL"),
        (10, "X"),
        (9, "IX"),
        (5, "V"),
        (4, "IV"),
        (1, "I"),
    ];
    const MOST: usize = 399;
    if number == 0 || number > MOST {
        return None;
    }
    let mut left = number;
    let mut written = String::new();
    for (value, sign) in SIGNS {
        while let Some(rest) = left.checked_sub(value) {
            written.push_str(sign);
            left = rest;
        }
    }
    Some(written)
}

/// 一 to 九十九.
fn chinese(number: usize) -> Option<String> {
    const DIGITS: &str = "一二三四五六七八九";
    let (tens, ones) = (number / 10, number % 10);
    if number == 0 || tens > 9 {
        return None;
    }
    let mut written = String::new();
    if tens > 1 {
        written.push_str(&nth(DIGITS, tens)?);
    }
    if tens > 0 {
        written.push('十');
    }
    if ones > 0 {
        written.push_str(&nth(DIGITS, ones)?);
    }
    Some(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn value_stability_of_numerals() {
        let cases = [
            ("decimal", 12, "12"),
            ("decimalZero", 3, "03"),
            ("decimalFullWidth", 12, "１２"),
            ("decimalEnclosedCircle", 4, "④"),
            ("decimalEnclosedCircle", 21, "21"),
            ("upperLetter", 1, "A"),
            ("upperLetter", 26, "Z"),
            ("upperLetter", 28, "BB"),
            ("lowerLetter", 4, "d"),
            ("upperRoman", 49, "XLIX"),
            ("lowerRoman", 4, "iv"),
            ("chineseCounting", 10, "十"),
            ("chineseCountingThousand", 12, "十二"),
            ("japaneseCounting", 50, "五十"),
            ("ideographDigital", 99, "九十九"),
            ("chineseCounting", 100, "100"),
            ("bullet", 1, ""),
            ("somethingNew", 7, "7"),
        ];
        for (format, number, expected) in cases {
            assert_eq!(
                Numerals::parse(format).write(number),
                expected,
                "{format} {number}"
            );
        }
    }
}
