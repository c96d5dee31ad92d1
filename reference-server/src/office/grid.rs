//! Cells gathered into rows, within limits.

use super::{
    content::Table,
    limits::{MOST_CELL_CHARACTERS, MOST_COLUMNS, MOST_ROWS},
    refusal::Refusal,
};

/// Rows that grow only as far as something stands in them.
#[derive(Debug)]
pub(super) struct Grid {
    name: Option<String>,
    rows: Vec<Vec<String>>,
}

impl Grid {
    pub(super) const fn new(name: Option<String>) -> Self {
        Self {
            name,
            rows: Vec::new(),
        }
    }

    /// Puts text at a 0-based row and column; blank text stands nowhere and costs nothing.
    pub(super) fn put(&mut self, row: usize, column: usize, text: String) -> Result<(), Refusal> {
        if text.trim().is_empty() {
            return Ok(());
        }
        let table = || self.name.clone().unwrap_or_default();
        let (row_number, column_number) = (row.saturating_add(1), column.saturating_add(1));
        if row >= MOST_ROWS {
            return Err(Refusal::TooManyRows {
                table: table(),
                row: row_number,
            });
        }
        if column >= MOST_COLUMNS {
            return Err(Refusal::TooManyColumns {
                table: table(),
                row: row_number,
                column: column_number,
            });
        }
        if text.chars().nth(MOST_CELL_CHARACTERS).is_some() {
            return Err(Refusal::CellTooLong {
                table: table(),
                row: row_number,
                column: column_number,
            });
        }
        if self.rows.len() < row_number {
            self.rows.resize_with(row_number, Vec::new);
        }
        if let Some(cells) = self.rows.get_mut(row) {
            if cells.len() < column_number {
                cells.resize_with(column_number, String::new);
            }
            if let Some(cell) = cells.get_mut(column) {
                *cell = text;
            }
        }
        Ok(())
    }

    pub(super) fn into_table(self) -> Table {
        Table {
            name: self.name,
            rows: self.rows,
        }
    }
}
