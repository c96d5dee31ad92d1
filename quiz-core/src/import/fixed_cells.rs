//! Tables without a header whose cells have fixed meanings.
//!
//! This is the workbook of `ClassQuiz`: title in C5, description in C6, questions in rows 14 to 100 with the stem in B,
//! four options in C to F, seconds in G, and the digits of the right options in H.

use std::ops::RangeInclusive;

use super::{
    Column, Import, ImportedRow, Positioned,
    table::{Sheet, place},
};
use crate::{
    Position,
    folding::{fold, is_blank},
};

const ROWS: RangeInclusive<u32> = 14..=100;
const STEM: u32 = 2;
const OPTIONS: [u32; 4] = [3, 4, 5, 6];
const SECONDS: u32 = 7;
const KEY: u32 = 8;

/// Reads such a table; `None` if it is another one.
pub(super) fn read(sheet: &Sheet) -> Option<Import> {
    let cells = Cells { sheet };
    if is_blank(cells.text(5, 3)) {
        return None;
    }
    let rows: Vec<u32> = ROWS
        .filter(|row| !is_blank(cells.text(*row, STEM)))
        .collect();
    let is_known = |row: &u32| {
        let digits = |column| fold(cells.text(*row, column));
        let key = digits(KEY);
        digits(SECONDS).starts_with(|c: char| c.is_ascii_digit())
            && !key.is_empty()
            && key.chars().all(|c| matches!(c, '1'..='4' | ',' | ' '))
    };
    if rows.is_empty() || !rows.iter().all(is_known) {
        return None;
    }
    let mut import = Import::default();
    for row in rows {
        import.extend(cells.row(row).diagnose());
    }
    Some(import)
}

struct Cells<'sheet> {
    sheet: &'sheet Sheet,
}

impl Cells<'_> {
    /// Text of a cell by its 1-based row and column in the file.
    fn text(&self, row: u32, column: u32) -> &str {
        let index = |number: u32, first: u32| usize::try_from(number.checked_sub(first)?).ok();
        let cell = || {
            let row = index(row, self.sheet.first_row)?;
            let column = index(column, self.sheet.first_column)?;
            self.sheet.rows.get(row)?.get(column)
        };
        cell().map_or("", |cell| cell.trim())
    }

    fn words(&self, row: u32, column: u32, title: &str) -> Positioned<String> {
        Positioned {
            place: super::Place {
                row,
                ..place(self.sheet, 0, Some(Column::new(column, title)))
            },
            value: self.text(row, column).to_owned(),
        }
    }

    fn row(&self, row: u32) -> ImportedRow {
        let key = self.words(row, KEY, "Correct");
        let letters: Vec<String> = key
            .value
            .chars()
            .filter_map(|c| c.to_digit(10)?.checked_sub(1))
            .filter_map(|index| Position::from_index(usize::try_from(index).ok()?))
            .map(|position| position.to_string())
            .collect();
        let stem = self.words(row, STEM, "Question");
        ImportedRow {
            place: stem.place.whole_row(),
            kind: None,
            stem,
            options: OPTIONS
                .iter()
                .map(|column| self.words(row, *column, "Answer"))
                .collect(),
            key: Some(Positioned {
                value: letters.join(","),
                ..key
            }),
            explanation: None,
            source: None,
            law_as_of: None,
        }
    }
}
