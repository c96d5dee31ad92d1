//! Numbers of a spreadsheet as its screen shows them.

/// A number under a format code; codes this module does not know show it as typed.
///
/// Known are the general format, decimals, thousands, percent and fixed words around the
/// number, by section for negative numbers and zero (ECMA-376, 18.8.31).
pub(super) fn shown(value: f64, code: Option<&str>) -> String {
    let Some(section) = code.and_then(|code| section(value, code)) else {
        return as_typed(value);
    };
    let Some(format) = Format::parse(section.code) else {
        return as_typed(value);
    };
    let sign = if section.keeps_sign && value < 0.0 {
        "-"
    } else {
        ""
    };
    format!("{sign}{}", format.apply(value.abs()))
}

/// A number as somebody would type it: at most 15 significant digits, no exponent.
pub(super) fn as_typed(value: f64) -> String {
    let rounded: f64 = format!("{value:.14e}").parse().unwrap_or(value);
    // Adding zero makes the negative zero positive.
    format!("{}", rounded + 0.0)
}

struct Section<'code> {
    code: &'code str,
    /// Whether the section shows the sign of a negative number, and does not imply it.
    keeps_sign: bool,
}

/// The section of a code for positive numbers, negative numbers or zero.
fn section(value: f64, code: &str) -> Option<Section<'_>> {
    let sections = split_sections(code);
    let first = *sections.first()?;
    let (code, keeps_sign) = match (sections.get(1), sections.get(2)) {
        (Some(negative), _) if value < 0.0 => (*negative, false),
        (_, Some(zero)) if value == 0.0 => (*zero, true),
        _ => (first, true),
    };
    Some(Section { code, keeps_sign })
}

/// Parts a code at semicolons outside of quotation marks.
fn split_sections(code: &str) -> Vec<&str> {
    let mut sections = Vec::new();
    let (mut begin, mut is_quoted, mut is_escaped) = (0, false, false);
    for (index, character) in code.char_indices() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' if !is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            ';' if !is_quoted => {
                sections.push(code.get(begin..index).unwrap_or_default());
                begin = index.saturating_add(1);
            }
            _ => {}
        }
    }
    sections.push(code.get(begin..).unwrap_or_default());
    sections
}

/// A section that is digits between fixed words.
#[derive(Debug, Default, PartialEq, Eq)]
struct Format {
    before: String,
    after: String,
    least_whole: usize,
    least_decimals: usize,
    most_decimals: usize,
    has_thousands: bool,
    n_percent: usize,
}

impl Format {
    /// Reads a section; `None` if it is anything but digits between fixed words.
    fn parse(code: &str) -> Option<Self> {
        let mut format = Self::default();
        let (mut has_digits, mut is_closed, mut in_decimals) = (false, false, false);
        let mut characters = code.chars();
        while let Some(character) = characters.next() {
            let words = if has_digits {
                &mut format.after
            } else {
                &mut format.before
            };
            match character {
                '0' | '#' | '?' => {
                    if is_closed {
                        return None;
                    }
                    has_digits = true;
                    format.place(character, in_decimals);
                }
                '.' if has_digits && !is_closed && !in_decimals => in_decimals = true,
                ',' if has_digits && !is_closed && !in_decimals => format.has_thousands = true,
                '%' => {
                    is_closed = has_digits;
                    format.n_percent = format.n_percent.saturating_add(1);
                    words.push('%');
                }
                '"' => {
                    is_closed = has_digits;
                    words.extend(characters.by_ref().take_while(|c| *c != '"'));
                }
                '\\' => {
                    is_closed = has_digits;
                    words.extend(characters.next());
                }
                // The width of a character, and a character repeated to fill the cell.
                '_' | '*' => {
                    is_closed = has_digits;
                    characters.next()?;
                }
                '[' => {
                    is_closed = has_digits;
                    let bracket: String = characters.by_ref().take_while(|c| *c != ']').collect();
                    words.push_str(currency(&bracket)?);
                }
                other if is_fixed(other) => {
                    is_closed = has_digits;
                    words.push(other);
                }
                _ => return None,
            }
        }
        has_digits.then_some(format)
    }

    fn place(&mut self, placeholder: char, in_decimals: bool) {
        let is_shown_always = placeholder == '0';
        if in_decimals {
            self.most_decimals = self.most_decimals.saturating_add(1);
            if is_shown_always {
                self.least_decimals = self.most_decimals;
            }
        } else if is_shown_always {
            self.least_whole = self.least_whole.saturating_add(1);
        }
    }

    /// Writes a number that is not negative.
    fn apply(&self, value: f64) -> String {
        let hundreds = (0..self.n_percent).fold(value, |scaled, _| scaled * 100.0);
        // Half a unit of the last place is shown upwards, as screens do.
        let nudged = hundreds * (1.0 + 2.0 * f64::EPSILON);
        let digits = format!("{nudged:.*}", self.most_decimals.min(15));
        let (whole, decimals) = digits.split_once('.').unwrap_or((&digits, ""));
        let whole = if whole == "0" && self.least_whole == 0 {
            ""
        } else {
            whole
        };
        let whole = format!("{whole:0>width$}", width = self.least_whole);
        let whole = if self.has_thousands {
            with_thousands(&whole)
        } else {
            whole
        };
        let mut decimals = decimals.to_owned();
        while decimals.len() > self.least_decimals && decimals.ends_with('0') {
            decimals.pop();
        }
        let point = if decimals.is_empty() { "" } else { "." };
        format!("{}{whole}{point}{decimals}{}", self.before, self.after)
    }
}

/// The sign in a bracket such as `[$¥-804]`; nothing for a colour or a locale.
fn currency(bracket: &str) -> Option<&str> {
    if let Some(sign) = bracket.strip_prefix('$') {
        return Some(sign.split('-').next().unwrap_or_default());
    }
    // A condition such as [>=100] would choose the section in a way not known here.
    (!bracket.starts_with(['<', '>', '='])).then_some("")
}

/// Characters that stand for themselves without quotation marks, and all beyond ASCII.
fn is_fixed(character: char) -> bool {
    !character.is_ascii() || " $-+()/:!^&'~{}<>=".contains(character)
}

fn with_thousands(whole: &str) -> String {
    let n_digits = whole.len();
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && n_digits.saturating_sub(index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn value_stability_of_numbers_as_shown() {
        let cases = [
            (5.0, None, "5"),
            (5.0, Some("General"), "5"),
            (5.0, Some("@"), "5"),
            (-0.0, Some("General"), "0"),
            (0.1 + 0.2, Some("General"), "0.3"),
            (91_320_100_123_456.0, Some("General"), "91320100123456"),
            (0.05, Some("0%"), "5%"),
            (0.055, Some("0.0%"), "5.5%"),
            (0.28, Some("0%"), "28%"),
            (2.0, Some("0.00"), "2.00"),
            (0.125, Some("0.00"), "0.13"),
            (1.005, Some("0.00"), "1.01"),
            (20_000_000.0, Some("#,##0"), "20,000,000"),
            (0.5, Some("#.##"), ".5"),
            (3.0, Some("000"), "003"),
            (15.0, Some("0\"年\""), "15年"),
            (15.0, Some("0年"), "15年"),
            (500.0, Some("\"¥\"#,##0.00"), "¥500.00"),
            (500.0, Some("[$¥-804]#,##0"), "¥500"),
            (-3.0, Some("0_);(0)"), "(3)"),
            (-3.0, Some("0.0"), "-3.0"),
            (-3.0, Some("0;[Red]-0"), "-3"),
            (0.0, Some("0;-0;\"无\""), "0"),
            (0.5, Some("# ?/?"), "0.5"),
            (1234.0, Some("0.00E+00"), "1234"),
            (150.0, Some("[>=100]0\"高\";0"), "150"),
        ];
        for (value, code, expected) in cases {
            assert_eq!(shown(value, code), expected, "{value} under {code:?}");
        }
    }
}
