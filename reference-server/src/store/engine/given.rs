//! Many rows of values for one statement: sent at once where the engine is a network away, one
//! after the other to a prepared statement where it is not.

use super::Value;

/// What a column of given rows holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Kind {
    Integer,
    Text,
}

/// The columns of given rows, by name.
pub(in crate::store) type Header = &'static [(&'static str, Kind)];

/// Rows of values under one header.
pub(in crate::store) struct Given<'a> {
    header: Header,
    values: Vec<Value<'a>>,
}

impl<'a> Given<'a> {
    /// No rows yet, with room for so many.
    pub(in crate::store) fn new(header: Header, n_rows: usize) -> Self {
        Self {
            header,
            values: Vec::with_capacity(header.len().saturating_mul(n_rows)),
        }
    }

    /// Adds a row: one value for each column of the header.
    pub(in crate::store) fn add(&mut self, row: &[Value<'a>]) {
        debug_assert_eq!(row.len(), self.header.len(), "{:?}", self.header);
        self.values.extend_from_slice(row);
    }

    pub(in crate::store) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    pub(super) fn header(&self) -> Header {
        self.header
    }

    /// The names of the columns, as a list.
    pub(super) fn names(&self) -> String {
        let names: Vec<&str> = self.header.iter().map(|(name, _kind)| *name).collect();
        names.join(", ")
    }

    pub(super) fn rows(&self) -> impl ExactSizeIterator<Item = &[Value<'a>]> {
        self.values.chunks_exact(self.header.len().max(1))
    }

    /// The values column by column.
    pub(super) fn columns(&self) -> Vec<Vec<Value<'a>>> {
        (0..self.header.len())
            .map(|index| {
                self.rows()
                    .filter_map(|row| row.get(index).copied())
                    .collect()
            })
            .collect()
    }
}
