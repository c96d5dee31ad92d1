//! Where in a file something was read.

use std::fmt;

/// A column as a spreadsheet names it, or a character within a line of text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Column {
    /// Letters of the column, such as `C` or `AA`; in a text, the 1-based number of the character.
    pub letter: String,
    /// Header as written above the column; blank in a text.
    pub header: String,
}

impl Column {
    /// Column with a 1-based number and its header.
    #[must_use]
    pub fn new(number: u32, header: impl Into<String>) -> Self {
        Self {
            letter: column_letters(number),
            header: header.into(),
        }
    }

    /// The character of a line of text with a 1-based number.
    #[must_use]
    pub fn character(number: u32) -> Self {
        Self {
            letter: number.to_string(),
            header: String::new(),
        }
    }
}

/// Place in a file: what an organiser needs to find the words again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[expect(
    clippy::exhaustive_structs,
    reason = "a plain record; callers that read their own formats write it as a literal"
)]
pub struct Place {
    /// Name of the file.
    pub file: String,
    /// Name of the sheet, in a spreadsheet.
    pub sheet: Option<String>,
    /// 1-based row of a table, line of a text or paragraph of a document.
    pub row: u32,
    /// Column, in a table.
    pub column: Option<Column>,
}

impl Place {
    /// A 1-based line of a text.
    #[must_use]
    pub fn line(file: impl Into<String>, row: u32) -> Self {
        Self {
            file: file.into(),
            sheet: None,
            row,
            column: None,
        }
    }

    /// The same place in Chinese, for organisers.
    #[must_use]
    pub fn to_zh(&self) -> String {
        let sheet = self
            .sheet
            .as_ref()
            .map_or_else(String::new, |sheet| format!("工作表“{sheet}”"));
        let column = match &self.column {
            None => String::new(),
            Some(c) if c.header.is_empty() => format!("第{}字", c.letter),
            Some(c) => format!("{}列（{}）", c.letter, c.header),
        };
        format!("{}{sheet}第{}行{column}", self.file, self.row)
    }

    /// The same place without its column.
    #[must_use]
    pub fn whole_row(&self) -> Self {
        Self {
            column: None,
            ..self.clone()
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if let Some(sheet) = &self.sheet {
            write!(f, ", sheet {sheet}")?;
        }
        write!(f, ", row {}", self.row)?;
        match &self.column {
            None => Ok(()),
            Some(Column { letter, header }) if header.is_empty() => {
                write!(f, ", column {letter}")
            }
            Some(Column { letter, header }) => write!(f, ", column {letter} ({header})"),
        }
    }
}

/// A value and the place it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a plain pair with names; callers write it as a literal"
)]
pub struct Positioned<T> {
    /// Where it was read.
    pub place: Place,
    /// What was read.
    pub value: T,
}

/// Letters of a 1-based column number: 1 is A, 26 is Z, 27 is AA; empty for 0.
fn column_letters(number: u32) -> String {
    let mut letters = Vec::new();
    let mut left = number;
    while left > 0 {
        left = left.saturating_sub(1);
        let letter = u8::try_from(left % 26).unwrap_or(0).saturating_add(b'A');
        letters.push(char::from(letter));
        left /= 26;
    }
    letters.into_iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_lettered_as_spreadsheets_letter_them() {
        for (number, letters) in [(1, "A"), (26, "Z"), (27, "AA"), (52, "AZ"), (703, "AAA")] {
            assert_eq!(column_letters(number), letters);
        }
    }
}
