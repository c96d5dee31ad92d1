//! From a byte of a text to its line and column.

use super::{Column, Place};

/// Walks forward through a text; a walk through all of it costs its length once.
pub(super) struct Cursor<'text> {
    file: &'text str,
    text: &'text str,
    offset: usize,
    line: u32,
    column: u32,
}

impl<'text> Cursor<'text> {
    pub(super) const fn new(file: &'text str, text: &'text str) -> Self {
        Self {
            file,
            text,
            offset: 0,
            line: 1,
            column: 1,
        }
    }

    /// Place of a byte; one before the last asked for has the place of that one.
    pub(super) fn place(&mut self, offset: usize) -> Place {
        let passed = self.text.get(self.offset..offset).unwrap_or_default();
        for character in passed.chars() {
            if character == '\n' {
                self.line = self.line.saturating_add(1);
                self.column = 1;
            } else {
                self.column = self.column.saturating_add(1);
            }
        }
        self.offset = self.offset.saturating_add(passed.len());
        Place {
            file: self.file.to_owned(),
            sheet: None,
            row: self.line,
            column: Some(Column::character(self.column)),
        }
    }
}
