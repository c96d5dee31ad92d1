//! What an office file shows: cells and paragraphs, without any meaning yet.

use serde::{Deserialize, Serialize};

use super::foreign::ForeignFile;

/// Everything a file shows that may hold questions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum OfficeContent {
    /// The visible sheets of a workbook, or the one table of a text file.
    Sheets(Vec<Table>),
    /// A document's paragraphs and tables, in order.
    Text(Vec<Block>),
    /// Files in the formats of other question banks.
    Foreign(Vec<ForeignFile>),
}

/// A part of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Block {
    /// A paragraph or line, blank ones included.
    Paragraph(String),
    /// A table between paragraphs.
    Table(Table),
}

/// Cells as shown on screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Name of the sheet, or "表格" and a number for a table of a document.
    pub name: Option<String>,
    /// Rows from the first of the sheet on, blank ones included; a row ends at its last filled cell.
    pub rows: Vec<Vec<String>>,
}
