//! The text of a document: paragraphs and tables as they are shown.

use quick_xml::events::BytesStart;

use super::{
    super::{
        content::Block,
        flow::Flow,
        grid::Grid,
        refusal::Refusal,
        xml::{Visitor, attribute, number},
    },
    numbering::{ListPlace, Numbering},
    styles::Styles,
};

/// What stands in the text for a picture, so that a lost one is noticed.
const PICTURE: &str = "［图］";

/// A paragraph being read.
#[derive(Debug, Default)]
struct Paragraph {
    text: String,
    style: Option<String>,
    list: Option<usize>,
    level: Option<usize>,
}

/// A table being read.
#[derive(Debug)]
struct OpenTable {
    grid: Grid,
    row: usize,
    column: usize,
    cell: Option<Cell>,
}

/// A cell being read.
#[derive(Debug)]
struct Cell {
    n_columns: usize,
    /// Whether it is the lower part of a cell above.
    is_continued: bool,
    paragraphs: Vec<String>,
}

/// Walks through the body.
#[derive(Debug)]
pub(super) struct Body {
    numbering: Numbering,
    styles: Styles,
    flow: Flow,
    /// Paragraphs within each other, as a text box stands within one.
    paragraphs: Vec<Paragraph>,
    /// Tables within each other.
    tables: Vec<OpenTable>,
    n_tables: usize,
    n_runs_open: usize,
    is_hidden_run: bool,
    is_text: bool,
    /// Depth within something that is not shown, such as a deletion.
    n_skipped: usize,
}

impl Body {
    pub(super) fn new(numbering: Numbering, styles: Styles) -> Self {
        Self {
            numbering,
            styles,
            flow: Flow::default(),
            paragraphs: Vec::new(),
            tables: Vec::new(),
            n_tables: 0,
            n_runs_open: 0,
            is_hidden_run: false,
            is_text: false,
            n_skipped: 0,
        }
    }

    pub(super) fn into_blocks(self) -> Vec<Block> {
        self.flow.into_blocks()
    }
}

impl Visitor for Body {
    fn start(&mut self, element: &BytesStart<'_>) -> Result<(), Refusal> {
        let local_name = element.local_name();
        let name = local_name.as_ref();
        if self.n_skipped > 0 || is_unseen(name) {
            self.n_skipped = self.n_skipped.saturating_add(1);
            return Ok(());
        }
        match name {
            "p" => self.paragraphs.push(Paragraph::default()),
            "pStyle" | "numId" | "ilvl" => self.paragraph_property(name, element),
            "tbl" | "tr" | "tc" | "gridSpan" | "vMerge" => self.start_table(name, element),
            "r" => {
                self.n_runs_open = self.n_runs_open.saturating_add(1);
                self.is_hidden_run = false;
            }
            "vanish" if self.n_runs_open > 0 => self.is_hidden_run = is_on(element),
            "t" => self.is_text = true,
            "tab" if self.n_runs_open > 0 => self.push("\t"),
            "br" | "cr" if self.n_runs_open > 0 => self.push("\n"),
            "noBreakHyphen" => self.push("-"),
            "sym" => self.push(&symbol(element).to_string()),
            "blip" | "imagedata" => self.push(PICTURE),
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, name: &str) -> Result<(), Refusal> {
        if self.n_skipped > 0 {
            self.n_skipped = self.n_skipped.saturating_sub(1);
            return Ok(());
        }
        match name {
            "p" => self.close_paragraph()?,
            "t" => self.is_text = false,
            "r" => {
                self.n_runs_open = self.n_runs_open.saturating_sub(1);
                self.is_hidden_run = false;
            }
            "tc" => self.close_cell()?,
            "tr" => {
                if let Some(table) = self.tables.last_mut() {
                    table.row = table.row.saturating_add(1);
                }
            }
            "tbl" => self.close_table(),
            _ => {}
        }
        Ok(())
    }

    fn characters(&mut self, text: &str) {
        if self.is_text && self.n_skipped == 0 {
            self.push(text);
        }
    }
}

impl Body {
    fn push(&mut self, text: &str) {
        if self.is_hidden_run {
            return;
        }
        if let Some(paragraph) = self.paragraphs.last_mut() {
            paragraph.text.push_str(text);
        }
    }

    fn paragraph_property(&mut self, name: &str, element: &BytesStart<'_>) {
        let Some(paragraph) = self.paragraphs.last_mut() else {
            return;
        };
        match name {
            "pStyle" => paragraph.style = attribute(element, "val"),
            "numId" => paragraph.list = number(element, "val"),
            _ => paragraph.level = number(element, "val"),
        }
    }

    fn close_paragraph(&mut self) -> Result<(), Refusal> {
        let Some(paragraph) = self.paragraphs.pop() else {
            return Ok(());
        };
        let by_style = paragraph
            .style
            .as_ref()
            .and_then(|style| self.styles.list_place(style));
        // List 0 takes a paragraph out of the list of its style.
        let place = match paragraph.list {
            Some(list) => Some(ListPlace {
                list,
                level: paragraph.level.unwrap_or(0),
            }),
            None => by_style.map(|place| ListPlace {
                level: paragraph.level.unwrap_or(place.level),
                ..place
            }),
        };
        let label = place.map(|place| self.numbering.label(place));
        let text = labelled(&label.unwrap_or_default(), paragraph.text);
        match self.tables.last_mut().and_then(|table| table.cell.as_mut()) {
            Some(cell) => cell.paragraphs.push(text),
            None => self.flow.paragraph(text)?,
        }
        Ok(())
    }

    fn start_table(&mut self, name: &str, element: &BytesStart<'_>) {
        if name == "tbl" {
            self.n_tables = self.n_tables.saturating_add(1);
            self.tables.push(OpenTable {
                grid: Grid::new(Some(format!("表格{}", self.n_tables))),
                row: 0,
                column: 0,
                cell: None,
            });
            return;
        }
        let Some(table) = self.tables.last_mut() else {
            return;
        };
        match (name, &mut table.cell) {
            ("tr", _) => table.column = 0,
            ("tc", cell) => {
                *cell = Some(Cell {
                    n_columns: 1,
                    is_continued: false,
                    paragraphs: Vec::new(),
                });
            }
            ("gridSpan", Some(cell)) => cell.n_columns = number(element, "val").unwrap_or(1),
            ("vMerge", Some(cell)) => {
                cell.is_continued = attribute(element, "val").as_deref() != Some("restart");
            }
            _ => {}
        }
    }

    fn close_cell(&mut self) -> Result<(), Refusal> {
        let Some(table) = self.tables.last_mut() else {
            return Ok(());
        };
        let Some(cell) = table.cell.take() else {
            return Ok(());
        };
        if !cell.is_continued {
            let text = cell.paragraphs.join("\n");
            table.grid.put(table.row, table.column, text)?;
        }
        table.column = table.column.saturating_add(cell.n_columns.max(1));
        Ok(())
    }

    /// A table within a cell is text of that cell.
    fn close_table(&mut self) {
        let Some(table) = self.tables.pop() else {
            return;
        };
        let table = table.grid.into_table();
        match self.tables.last_mut().and_then(|outer| outer.cell.as_mut()) {
            Some(cell) => {
                let rows = table.rows.iter().filter(|row| !row.is_empty());
                cell.paragraphs.extend(rows.map(|row| row.join("\t")));
            }
            None => self.flow.table(table),
        }
    }
}

/// The text of a paragraph with its number, which a blank paragraph does not show here.
fn labelled(label: &str, text: String) -> String {
    if label.is_empty() || text.trim().is_empty() {
        return text;
    }
    let is_set_off = label.ends_with(|character: char| !character.is_alphanumeric());
    let space = if is_set_off { "" } else { " " };
    format!("{label}{space}{text}")
}

/// What a reader does not see: deletions, instructions of fields, phonetic guides, former
/// properties, and what stands in for a drawing that is read itself.
fn is_unseen(name: &str) -> bool {
    ["del", "moveFrom", "instrText", "rt", "Fallback"].contains(&name) || name.ends_with("Change")
}

/// Whether a property that may be switched is on.
fn is_on(element: &BytesStart<'_>) -> bool {
    attribute(element, "val").is_none_or(|value| !["0", "false", "off"].contains(&value.as_str()))
}

/// The character of a symbol; a mark for one that only its own font knows.
fn symbol(element: &BytesStart<'_>) -> char {
    const PRIVATE: std::ops::RangeInclusive<u32> = 0xE000..=0xF8FF;
    attribute(element, "char")
        .and_then(|code| u32::from_str_radix(&code, 16).ok())
        .filter(|code| !PRIVATE.contains(code))
        .and_then(char::from_u32)
        .unwrap_or('\u{FFFD}')
}
