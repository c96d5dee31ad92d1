//! Workbooks of the Open Document Format: the text each cell shows; repeated cells are built within limits only.

use std::collections::HashSet;

use quick_xml::events::BytesStart;

use super::{
    archive::MeasuredArchive,
    content::Table,
    grid::Grid,
    limits::{MOST_CELL_CHARACTERS, MOST_COLUMNS, MOST_ROWS},
    refusal::Refusal,
    spreadsheet::iso_date,
    xml::{Visitor, attribute, decode, number, walk},
};

const PART: &str = "content.xml";

/// Reads the visible sheets of a workbook.
pub(super) fn read(archive: &mut MeasuredArchive<'_>) -> Result<Vec<Table>, Refusal> {
    let xml = decode(PART, &archive.required_part(PART)?)?;
    let mut walker = Walker::default();
    walk(PART, &xml, &mut walker)?;
    Ok(walker.tables)
}

/// A cell being read.
#[derive(Debug)]
struct Cell {
    n_columns: usize,
    /// What it shows whatever its text, such as a date in the one form wanted here.
    fixed: Option<String>,
    text: String,
    has_paragraph: bool,
}

#[derive(Debug)]
struct OpenSheet {
    grid: Grid,
    is_hidden: bool,
    row: usize,
    /// How often the row being read stands here.
    n_rows: usize,
    /// Cells of the row being read that hold something, by column.
    cells: Vec<(usize, String)>,
    column: usize,
}

#[derive(Debug, Default)]
struct Walker {
    tables: Vec<Table>,
    /// Style being defined, and the styles of hidden sheets.
    style: Option<String>,
    hidden_styles: HashSet<String>,
    sheet: Option<OpenSheet>,
    cell: Option<Cell>,
    n_paragraphs_open: usize,
    /// Depth within something that is not shown in a cell, such as a remark.
    n_skipped: usize,
}

impl Visitor for Walker {
    fn start(&mut self, element: &BytesStart<'_>) -> Result<(), Refusal> {
        let local_name = element.local_name();
        let name = local_name.as_ref();
        if self.n_skipped > 0 || is_apart(name) || (name == "table" && self.sheet.is_some()) {
            self.n_skipped = self.n_skipped.saturating_add(1);
            return Ok(());
        }
        match name {
            "style" => self.style = attribute(element, "name"),
            "table-properties" if attribute(element, "display").as_deref() == Some("false") => {
                self.hidden_styles.extend(self.style.take());
            }
            "table" => self.open_sheet(element),
            "table-row" => {
                if let Some(sheet) = &mut self.sheet {
                    sheet.n_rows = number(element, "number-rows-repeated").unwrap_or(1);
                    sheet.column = 0;
                }
            }
            "table-cell" | "covered-table-cell" => self.cell = Some(open_cell(element)),
            _ => self.start_text(name, element),
        }
        Ok(())
    }

    fn end(&mut self, name: &str) -> Result<(), Refusal> {
        if self.n_skipped > 0 {
            self.n_skipped = self.n_skipped.saturating_sub(1);
            return Ok(());
        }
        match name {
            "p" => self.n_paragraphs_open = self.n_paragraphs_open.saturating_sub(1),
            "table-cell" | "covered-table-cell" => {
                if let (Some(sheet), Some(cell)) = (&mut self.sheet, self.cell.take()) {
                    sheet.close_cell(cell);
                }
            }
            "table-row" => {
                if let Some(sheet) = &mut self.sheet {
                    sheet.close_row()?;
                }
            }
            "table" => {
                let sheet = self.sheet.take().filter(|sheet| !sheet.is_hidden);
                self.tables
                    .extend(sheet.map(|sheet| sheet.grid.into_table()));
            }
            _ => {}
        }
        Ok(())
    }

    fn characters(&mut self, text: &str) {
        if self.n_skipped == 0 && self.n_paragraphs_open > 0 {
            self.push(text);
        }
    }
}

impl Walker {
    fn open_sheet(&mut self, element: &BytesStart<'_>) {
        let style = attribute(element, "style-name");
        self.sheet = Some(OpenSheet {
            grid: Grid::new(attribute(element, "name")),
            is_hidden: style.is_some_and(|style| self.hidden_styles.contains(&style)),
            row: 0,
            n_rows: 1,
            cells: Vec::new(),
            column: 0,
        });
    }

    fn start_text(&mut self, name: &str, element: &BytesStart<'_>) {
        match name {
            "p" => {
                self.n_paragraphs_open = self.n_paragraphs_open.saturating_add(1);
                if let Some(cell) = &mut self.cell {
                    if cell.has_paragraph {
                        cell.text.push('\n');
                    }
                    cell.has_paragraph = true;
                }
            }
            "s" => {
                let n_spaces = number(element, "c").unwrap_or(1).min(MOST_CELL_CHARACTERS);
                self.push(&" ".repeat(n_spaces));
            }
            "tab" => self.push("\t"),
            "line-break" => self.push("\n"),
            _ => {}
        }
    }

    fn push(&mut self, text: &str) {
        if let Some(cell) = &mut self.cell {
            cell.text.push_str(text);
        }
    }
}

impl OpenSheet {
    fn close_cell(&mut self, cell: Cell) {
        let text = match cell.fixed {
            Some(fixed) => fixed,
            None => cell.text,
        };
        if !text.trim().is_empty() {
            // One column too many is enough to be refused.
            let most = MOST_COLUMNS.saturating_add(1);
            for offset in 0..cell.n_columns.min(most) {
                let column = self.column.saturating_add(offset);
                self.cells.push((column, text.clone()));
            }
        }
        self.column = self.column.saturating_add(cell.n_columns);
    }

    fn close_row(&mut self) -> Result<(), Refusal> {
        let cells = std::mem::take(&mut self.cells);
        if !cells.is_empty() {
            for offset in 0..self.n_rows.min(MOST_ROWS.saturating_add(1)) {
                for (column, text) in &cells {
                    let row = self.row.saturating_add(offset);
                    self.grid.put(row, *column, text.clone())?;
                }
            }
        }
        self.row = self.row.saturating_add(self.n_rows);
        Ok(())
    }
}

fn open_cell(element: &BytesStart<'_>) -> Cell {
    let value_type = attribute(element, "value-type");
    let fixed = (value_type.as_deref() == Some("date"))
        .then(|| attribute(element, "date-value"))
        .flatten();
    Cell {
        n_columns: number(element, "number-columns-repeated").unwrap_or(1),
        fixed: fixed.map(|date| iso_date(&date)),
        text: String::new(),
        has_paragraph: false,
    }
}

/// Elements whose text is not shown within a cell.
fn is_apart(name: &str) -> bool {
    ["annotation", "shapes", "frame", "tracked-changes", "forms"].contains(&name)
}
